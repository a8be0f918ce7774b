//! One value of a flow file at a time: a prompt, a duration, a key of a telephone, each with what is wrong with it.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use toml::de::DeValue;

use super::{Fields, Reader, Value, listed};
use crate::domain::{
    directory::LANGUAGES,
    ivr::{
        script::{Fragment, Labels, Prompt, Recording},
        shape::{Holds, KeyShape, LABEL_CHARS_MAX},
    },
};

/// Fragments of one prompt.
const FRAGMENTS_MAX: usize = 20;

impl Reader<'_, '_> {
    pub(super) fn phone_keys<T>(
        &mut self,
        f: &Fields<'_, '_>,
        mut read: impl FnMut(&mut Self, &str, &Value<'_>) -> Option<T>,
    ) -> Option<BTreeMap<char, T>> {
        let value = f.get("keys")?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "keys", "a table: { \"1\" = \"…\" }");
            return None;
        };
        if table.is_empty() {
            self.notes.error(&value.span(), "no key leads anywhere", "add at least one, for example \"1\" = \"…\"");
        }
        let mut keys = BTreeMap::new();
        for (written, value) in table {
            let Some(key) = phone_key(written.get_ref()) else {
                let what = format!("`{}` is no key of a telephone", written.get_ref());
                self.notes.error(&written.span(), what, "use \"0\" to \"9\", \"*\" or \"#\", one at a time");
                continue;
            };
            self.mark(&format!("keys.{key}"), value.span());
            if let Some(target) = read(self, written.get_ref(), value) {
                keys.insert(key, target);
            }
        }
        Some(keys)
    }

    pub(super) fn returns(&mut self, f: &Fields<'_, '_>) -> Option<BTreeMap<Arc<str>, Arc<str>>> {
        let Some(value) = f.get("returns") else { return Some(BTreeMap::new()) };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "returns", "a table: { done = \"…\" }");
            return None;
        };
        let mut returns = BTreeMap::new();
        for (name, value) in table {
            self.mark(&format!("returns.{}", name.get_ref()), value.span());
            if let Some(node) = self.text(value, name.get_ref()) {
                returns.insert(name.get_ref().as_ref().into(), node.into());
            }
        }
        Some(returns)
    }

    /// What people read, by language; empty when the key is not there.
    pub(super) fn labels(&mut self, f: &Fields<'_, '_>, key: &str) -> Labels {
        f.get(key).map(|value| self.labels_of(value, key)).unwrap_or_default()
    }

    pub(super) fn reasons(&mut self, f: &Fields<'_, '_>) -> BTreeMap<Arc<str>, Labels> {
        let Some(value) = f.get("reasons") else { return BTreeMap::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "reasons", "a table: [reasons] with NAME = { en = \"…\" }");
            return BTreeMap::new();
        };
        let mut reasons = BTreeMap::new();
        for (name, value) in table {
            let key = format!("reasons.{}", name.get_ref());
            self.mark(&key, name.span());
            let labels = self.labels_of(value, &key);
            if !is_word(name.get_ref()) {
                let what = format!("`{}` is no name", name.get_ref());
                self.notes.error(&name.span(), what, "use up to 60 letters, digits, - and _");
            }
            reasons.insert(name.get_ref().as_ref().into(), labels);
        }
        reasons
    }

    fn labels_of(&mut self, value: &Value<'_>, key: &str) -> Labels {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, key, "a table: { en = \"…\", es = \"…\" }");
            return Labels::new();
        };
        let mut labels = Labels::new();
        for (language, value) in table {
            if !LANGUAGES.contains(&language.get_ref().as_ref()) {
                let what = format!("`{}` is no language of the console", language.get_ref());
                self.notes.error(&language.span(), what, format!("use one of {}", listed(LANGUAGES)));
                continue;
            }
            let Some(text) = self.text(value, language.get_ref()) else { continue };
            let is_line = (1..=LABEL_CHARS_MAX).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
            if !is_line {
                let mend = format!("write 1 to {LABEL_CHARS_MAX} characters on one line");
                self.notes.error(&value.span(), "this is no label", mend);
            }
            labels.insert(language.get_ref().as_ref().into(), text.into());
        }
        labels
    }

    pub(super) fn prompt(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<Prompt> {
        let value = f.get(key)?;
        let items: Vec<&Value<'_>> = match value.get_ref() {
            DeValue::String(_) => vec![value],
            DeValue::Array(items) if (1..=FRAGMENTS_MAX).contains(&items.len()) => items.iter().collect(),
            DeValue::Array(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => {
                self.wrong(value, key, &format!("a recording's name in quotes, or a list of 1 to {FRAGMENTS_MAX} of them"));
                return None;
            }
        };
        let fragments = items.into_iter().map(|item| self.fragment(item, key)).collect::<Vec<_>>();
        fragments.into_iter().collect::<Option<Vec<_>>>().map(Prompt)
    }

    pub(super) fn fragment(&mut self, value: &Value<'_>, key: &str) -> Option<Fragment> {
        let text = self.text(value, key)?;
        if text.starts_with('{') {
            return match text {
                "{ticket.number}" => Some(Fragment::TicketNumber),
                "{ticket.state}" => Some(Fragment::TicketState),
                _ => {
                    let what = format!("`{text}` cannot be said");
                    self.notes.error(&value.span(), what, "use \"{ticket.number}\" or \"{ticket.state}\"");
                    None
                }
            };
        }
        let (folder, name) = match text.split_once('/') {
            Some(("shared", name)) => ("shared".into(), name),
            Some(_) => {
                let what = format!("`{text}` is no recording of this line");
                self.notes.error(
                    &value.span(),
                    what,
                    "write a recording of this line by its name alone, a shared one as \"shared/…\"",
                );
                return None;
            }
            None => (self.folder.clone(), text),
        };
        if !is_word(name) {
            let what = format!("`{text}` is no name of a recording");
            self.notes.error(&value.span(), what, "use the file's name without .wav: letters, digits, - and _");
            return None;
        }
        Some(Fragment::Recording(Recording { folder, name: name.into() }))
    }

    pub(super) fn languages(&mut self, f: &Fields<'_, '_>) -> Option<Vec<Arc<str>>> {
        const LANGUAGES: &[KeyShape] = &[
            KeyShape { name: "default", holds: Holds::Word, is_required: true, doc: "The language of unknown callers." },
            KeyShape { name: "also", holds: Holds::Word, is_required: false, doc: "Other languages." },
        ];
        let value = f.get("lang")?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "lang", "{ default = \"es\", also = [\"en\"] }");
            return None;
        };
        let fields = self.fields(table, LANGUAGES, &[], &value.span(), "lang");
        let mut written: Vec<&Value<'_>> = fields.get("default").into_iter().collect();
        match fields.get("also").map(|also| (also, also.get_ref().as_array())) {
            Some((_, Some(also))) => written.extend(also.iter()),
            Some((also, None)) => self.wrong(also, "also", "a list: [\"en\"]"),
            None => {}
        }
        let mut languages: Vec<Arc<str>> = Vec::new();
        for value in written {
            let Some(text) = self.text(value, "lang") else { continue };
            if !((2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase())) {
                self.notes.error(&value.span(), format!("`{text}` is no language"), "use its short name: \"es\", \"en\"");
            } else if languages.iter().any(|l| l.as_ref() == text) {
                self.notes.error(&value.span(), format!("`{text}` is named twice"), "name each language once");
            } else {
                languages.push(text.into());
            }
        }
        (!languages.is_empty()).then_some(languages)
    }

    pub(super) fn schema_version(&mut self, f: &Fields<'_, '_>) {
        let Some(value) = f.get("schema") else { return };
        if value.get_ref().as_integer().is_none_or(|number| number.as_str() != "1") {
            self.notes.error(
                &value.span(),
                "this is not a version of the flow language that is known here",
                "write schema = 1",
            );
        }
    }

    pub(super) fn identify_by(&mut self, f: &Fields<'_, '_>) {
        let Some(value) = f.get("by") else { return };
        let is_ani = |item: &Value<'_>| item.get_ref().as_str() == Some("ani");
        if !value.get_ref().as_array().is_some_and(|items| items.len() == 1 && items.iter().all(is_ani)) {
            self.notes.error(&value.span(), "callers are known by their number only", "write by = [\"ani\"]");
        }
    }

    pub(super) fn node_name(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<Arc<str>> {
        let value = f.get(key)?;
        self.text(value, key).map(Into::into)
    }

    pub(super) fn word(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<Arc<str>> {
        let value = f.get(key)?;
        let text = self.text(value, key)?;
        if !is_word(text) {
            self.notes.error(&value.span(), format!("`{text}` is no name"), "use up to 60 letters, digits, - and _");
            return None;
        }
        Some(text.into())
    }

    pub(super) fn key<K: std::str::FromStr>(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<K> {
        let value = f.get(key)?;
        let text = self.text(value, key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let what = format!("`{text}` is not the key of a {key}");
            self.notes.error(&value.span(), what, "use 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit");
        }
        parsed
    }

    pub(super) fn duration(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<u64> {
        let value = f.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value, key, "a duration in quotes with its unit: \"8s\", \"200ms\", \"2m\"");
            return None;
        };
        let Some(ms) = duration_ms(text) else {
            self.notes.error(&value.span(), format!("`{text}` is no duration"), "write a number and ms, s, m or h: \"8s\"");
            return None;
        };
        if let Some(Holds::Duration(least, most)) = f.holds(key)
            && !(least..=most).contains(&ms)
        {
            let mend = format!("choose {} to {}", duration_text(least), duration_text(most));
            self.notes.error(&value.span(), format!("`{key}` of {text} is out of bounds"), mend);
        }
        Some(ms)
    }

    pub(super) fn count(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<u32> {
        let value = f.get(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong(value, key, "a whole number without quotes");
            return None;
        };
        let (least, most) = match f.holds(key) {
            Some(Holds::Count(least, most)) => (least, most),
            Some(_) | None => (0, u32::MAX),
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| (least..=most).contains(n));
        if number.is_none() {
            self.notes.error(&value.span(), format!("`{key}` is out of bounds"), format!("choose {least} to {most}"));
        }
        number
    }

    pub(super) fn flag(&mut self, f: &Fields<'_, '_>, key: &str) -> Option<bool> {
        let value = f.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value, key, "true or false without quotes");
        }
        flag
    }

    pub(super) fn text<'v>(&mut self, value: &'v Value<'_>, key: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value, key, "text in quotes");
        }
        text
    }

    pub(super) fn wrong(&mut self, value: &Value<'_>, key: &str, wanted: &str) {
        let what = format!("`{key}` is {}", article(value.get_ref().type_str()));
        self.notes.error(&value.span(), what, format!("write {wanted}"));
    }
}

/// `8s`, `200ms`, `2m`, `1h` in milliseconds.
fn duration_ms(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// A duration as one writes it in a flow.
fn duration_text(ms: u64) -> String {
    match ms {
        ms if ms % 60_000 == 0 && ms > 0 => format!("{}m", ms / 60_000),
        ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

/// A name of a node, recording, reason or return.
pub(super) fn is_word(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// A key of a telephone.
fn phone_key(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let key = chars.next().filter(|c| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D'))?;
    chars.next().is_none().then_some(key)
}

fn article(kind: &str) -> Cow<'_, str> {
    match kind {
        "array" => "a list".into(),
        "integer" | "float" => "a number".into(),
        "boolean" => "true or false".into(),
        "string" => "text".into(),
        "datetime" => "a date".into(),
        other => format!("a {other}").into(),
    }
}
