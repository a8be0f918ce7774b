//! The settings file: TOML with one table per section. Decides only where each value stands; its meaning is decided elsewhere.

use toml::de::{DeTable, DeValue};

use super::Mistake;
use crate::types::settings::Raw;

/// Section, key, value and `file:line` of a setting.
pub type Found = (String, String, Raw, String);

/// Every setting, and what cannot be read at all.
pub fn read(name: &str, text: &str) -> (Vec<Found>, Vec<Mistake>) {
    let place = |offset: usize| format!("{name}:{}", line_of(text, offset));
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut mistakes: Vec<Mistake> = errors
        .into_iter()
        .map(|error| Mistake {
            place: place(error.span().map_or(0, |span| span.start)),
            message: error.message().trim().replace('\n', "; "),
            mend: "Write TOML; `centralita config print` shows a sample".into(),
        })
        .collect();
    let mut settings = Vec::new();
    for (section, value) in document.into_inner() {
        let Some(table) = value.get_ref().as_table() else {
            mistakes.push(Mistake {
                place: place(section.span().start),
                message: format!("{} stands outside of a section", section.get_ref()),
                mend: "Put it below a line such as [http]".into(),
            });
            continue;
        };
        for (key, value) in table.iter() {
            let raw = raw(value.get_ref());
            settings.push((section.get_ref().to_string(), key.get_ref().to_string(), raw, place(key.span().start)));
        }
    }
    (settings, mistakes)
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other("a number out of range"), Raw::Integer)
        }
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Float(_) => Raw::Other("a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// The line, from 1, that holds this byte.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
