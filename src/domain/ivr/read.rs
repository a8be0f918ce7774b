//! TOML text → the model, with every mistake of form at its place: unknown and missing keys, values of the wrong kind.
//! Whether the nodes make sense together is `check`'s.

mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::values::is_word;
use super::{
    mistake::{Notes, did_you_mean},
    script::{Flow, Input, KeyTarget, Labels, LanguageStep, Node, Step},
    shape::{self, Holds, KeyShape, NodeShape},
};

type Value<'i> = Spanned<DeValue<'i>>;

/// A flow as read, with the places that `check` needs for its own messages.
pub(super) struct ReadFlow {
    /// The nodes that could be read.
    pub(super) flow: Flow,
    /// What only `flow.toml` says.
    pub(super) head: Option<Head>,
    /// Every node's name, also of those that could not be read.
    pub(super) names: BTreeSet<Arc<str>>,
    /// Where each key of each node stands; head keys under the empty name.
    pub(super) spans: BTreeMap<(Arc<str>, String), Range<usize>>,
    /// Whether everything could be read.
    pub(super) is_whole: bool,
}

/// What only `flow.toml` says.
pub(super) struct Head {
    pub(super) label: Labels,
    pub(super) reasons: BTreeMap<Arc<str>, Labels>,
    pub(super) languages: Vec<Arc<str>>,
    pub(super) fallback: Arc<str>,
    pub(super) duration_ms_max: u64,
}

impl ReadFlow {
    /// Where a key of a node stands, or the node.
    pub(super) fn span(&self, node: &str, key: &str) -> Range<usize> {
        let find = |key: &str| self.spans.get(&(Arc::from(node), key.to_owned())).cloned();
        find(key).or_else(|| find("")).unwrap_or(0..0)
    }
}

/// Reads a file. `folder` is the line's key, `name` the flow's expected name; `None` when nothing in it can be used.
pub(super) fn read_flow(text: &str, folder: &str, name: &str, is_main: bool, notes: &mut Notes<'_>) -> Option<ReadFlow> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut is_readable = true;
    for error in &errors {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let is_duplicate = message.contains("duplicate key");
        is_readable &= is_duplicate;
        let mend =
            if is_duplicate { "keep one of the two" } else { "write it as TOML: text in quotes, `key = value`, lists in [ ]" };
        notes.error(&error.span().unwrap_or(0..0), message, mend);
    }
    if !is_readable {
        return None;
    }
    let before = notes.mistakes.len();
    let mut reader = Reader { folder: folder.into(), node: "".into(), spans: BTreeMap::new(), notes };
    let shapes = if is_main { shape::MAIN } else { shape::SUBFLOW };
    let fields = reader.fields(document.get_ref(), shapes, &[], &(0..0), "the file");
    reader.mark_all(&fields);

    if let Some(written) = reader.word(&fields, "flow")
        && written.as_ref() != name
    {
        let what = if is_main { "folder" } else { "file" };
        let span = reader.span("flow");
        reader.notes.error(
            &span,
            format!("the flow is called `{written}`, its {what} `{name}`"),
            format!("write flow = \"{name}\""),
        );
    }
    reader.schema_version(&fields);
    let start = reader.node_name(&fields, "start");
    let head = if is_main {
        let (label, reasons) = (reader.labels(&fields, "label"), reader.reasons(&fields));
        let languages = reader.languages(&fields);
        let fallback = reader.node_name(&fields, "fallback");
        let duration = reader.duration(&fields, "max_duration").unwrap_or(shape::DURATION_MS_MAX);
        languages.zip(fallback).map(|(languages, fallback)| Head {
            label,
            reasons,
            languages,
            fallback,
            duration_ms_max: duration,
        })
    } else {
        None
    };
    let (names, nodes) = reader.nodes(&fields);
    let spans = std::mem::take(&mut reader.spans);
    let is_whole = errors.is_empty() && notes.mistakes.len() == before;
    Some(ReadFlow { flow: Flow { name: name.into(), start: start.unwrap_or_default(), nodes }, head, names, spans, is_whole })
}

/// A table's values by key, after unknown and missing keys have been noted.
struct Fields<'t, 'i> {
    shapes: &'static [KeyShape],
    values: BTreeMap<&'static str, &'t Value<'i>>,
}

impl<'t, 'i> Fields<'t, 'i> {
    fn get(&self, key: &str) -> Option<&'t Value<'i>> {
        self.values.get(key).copied()
    }

    fn holds(&self, key: &str) -> Option<Holds> {
        self.shapes.iter().find(|shape| shape.name == key).map(|shape| shape.holds)
    }
}

struct Reader<'n, 'a> {
    folder: Arc<str>,
    node: Arc<str>,
    spans: BTreeMap<(Arc<str>, String), Range<usize>>,
    notes: &'n mut Notes<'a>,
}

impl Reader<'_, '_> {
    fn fields<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        shapes: &'static [KeyShape],
        also: &[&str],
        place: &Range<usize>,
        whose: &str,
    ) -> Fields<'t, 'i> {
        let mut fields = Fields { shapes, values: BTreeMap::new() };
        for (key, value) in table {
            match shapes.iter().find(|shape| shape.name == key.get_ref().as_ref()) {
                Some(shape) => {
                    fields.values.insert(shape.name, value);
                }
                None if also.contains(&key.get_ref().as_ref()) => {}
                None => {
                    let names = shapes.iter().map(|shape| shape.name);
                    let mend = match did_you_mean(key.get_ref(), names.clone()) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => format!("delete it; here belong {}", listed(names)),
                    };
                    self.notes.error(&key.span(), format!("{whose} has no key `{}`", key.get_ref()), mend);
                }
            }
        }
        for shape in shapes.iter().filter(|shape| shape.is_required && fields.get(shape.name).is_none()) {
            self.notes.error(place, format!("{whose} has no `{}`", shape.name), format!("add it. {}", shape.doc));
        }
        fields
    }

    fn mark_all(&mut self, fields: &Fields<'_, '_>) {
        for (key, value) in &fields.values {
            self.mark(key, value.span());
        }
    }

    fn nodes(&mut self, fields: &Fields<'_, '_>) -> (BTreeSet<Arc<str>>, BTreeMap<Arc<str>, Node>) {
        let (mut names, mut nodes) = (BTreeSet::new(), BTreeMap::new());
        let Some(value) = fields.get("node") else { return (names, nodes) };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, "node", "tables, [node.NAME]");
            return (names, nodes);
        };
        for (name, value) in table {
            let text: Arc<str> = name.get_ref().as_ref().into();
            self.node = text.clone();
            self.mark("", name.span());
            names.insert(text.clone());
            if !is_word(&text) {
                self.notes.error(&name.span(), format!("`{text}` is no name for a node"), "use letters, digits, - and _");
            } else if let Some(table) = value.get_ref().as_table() {
                if let Some(node) = self.node(table, &name.span()) {
                    nodes.insert(text, node);
                }
            } else {
                self.wrong(value, &text, "a table: [node.NAME] with a type");
            }
        }
        self.node = "".into();
        (names, nodes)
    }

    fn node(&mut self, table: &DeTable<'_>, place: &Range<usize>) -> Option<Node> {
        let kinds = || shape::NODES.iter().map(|shape| shape.kind);
        let whose = format!("node `{}`", self.node);
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "type") else {
            self.notes.error(place, format!("{whose} has no `type`"), format!("add one of {}", listed(kinds())));
            return None;
        };
        let Some(kind) = value.get_ref().as_str() else {
            self.wrong(value, "type", "the kind of node in quotes");
            return None;
        };
        let Some(shape) = shape::node_shape(kind) else {
            let mend = match did_you_mean(kind, kinds()) {
                Some(kind) => format!("did you mean `{kind}`?"),
                None => format!("use one of {}", listed(kinds())),
            };
            self.notes.error(&value.span(), format!("there is no kind of node `{kind}`"), mend);
            return None;
        };
        let before = self.notes.mistakes.len();
        let fields = self.fields(table, shape.keys, &["type"], place, &format!("{whose} ({kind})"));
        self.mark_all(&fields);
        let (label, step) = (self.labels(&fields, "label"), self.step(shape, &fields, place));
        step.filter(|_| self.notes.mistakes.len() == before).map(|step| Node { label, step })
    }

    /// Reads every field before it gives up on one, so that all mistakes of a node are seen together.
    fn step(&mut self, shape: &NodeShape, f: &Fields<'_, '_>, place: &Range<usize>) -> Option<Step> {
        match shape.kind {
            "say" => {
                let (prompt, next) = (self.prompt(f, "prompt"), self.node_name(f, "next"));
                let is_barge_in = self.flag(f, "barge_in").unwrap_or(true);
                Some(Step::Say { prompt: prompt?, is_barge_in, next: next? })
            }
            "menu" => {
                let (ask, keys, on_exhausted) = (self.input(f), self.node_keys(f), self.node_name(f, "on_exhausted"));
                Some(Step::Menu { ask: ask?, keys: keys?, on_exhausted: on_exhausted? })
            }
            "hours" => {
                let calendar = self.key(f, "calendar");
                let (open, closed) = (self.node_name(f, "open"), self.node_name(f, "closed"));
                Some(Step::Hours { calendar: calendar?, open: open?, closed: closed? })
            }
            "identify" => {
                self.identify_by(f);
                let timeout_ms = self.duration(f, "timeout").unwrap_or(shape::LOOK_UP_MS);
                let (known, unknown) = (self.node_name(f, "known"), self.node_name(f, "unknown"));
                let several = self.node_name(f, "several").or_else(|| unknown.clone());
                Some(Step::Identify { timeout_ms, known: known?, unknown: unknown?, several: several? })
            }
            "ticket_lookup" => {
                let timeout_ms = self.duration(f, "timeout").unwrap_or(shape::LOOK_UP_MS);
                let (found, none) = (self.node_name(f, "found"), self.node_name(f, "none"));
                let on_error = self.node_name(f, "on_error").or_else(|| none.clone());
                Some(Step::TicketLookup { timeout_ms, found: found?, none: none?, on_error: on_error? })
            }
            "language" => {
                let next = self.node_name(f, "next");
                let how = self.language_step(f, place);
                Some(Step::Language { how: how?, next: next? })
            }
            "subflow" => {
                let (flow, returns) = (self.word(f, "flow"), self.returns(f));
                Some(Step::Subflow { flow: flow?, returns: returns? })
            }
            "return" => Some(Step::Return { outcome: self.word(f, "as")? }),
            "queue" => {
                let (queue, reason, prompt) = (self.key(f, "queue"), self.word(f, "reason"), self.prompt(f, "prompt"));
                Some(Step::Queue { queue: queue?, reason, prompt })
            }
            "callback" => {
                let (queue, reason, no_number) = (self.key(f, "queue"), self.word(f, "reason"), self.node_name(f, "no_number"));
                Some(Step::Callback { queue: queue?, reason, no_number: no_number? })
            }
            "hangup" => Some(Step::Hangup { prompt: self.prompt(f, "prompt") }),
            _ => None,
        }
    }

    fn input(&mut self, f: &Fields<'_, '_>) -> Option<Input> {
        let prompt = self.prompt(f, "prompt");
        let timeout_ms = self.duration(f, "timeout").unwrap_or(shape::TIMEOUT_MS);
        let (no_input, no_match) = (self.prompt(f, "no_input"), self.prompt(f, "no_match"));
        let tries_max = self.count(f, "max_tries").unwrap_or(shape::TRIES_MAX);
        let is_barge_in = self.flag(f, "barge_in").unwrap_or(true);
        let is_secret = self.flag(f, "secret").unwrap_or(false);
        Some(Input { prompt: prompt?, timeout_ms, no_input, no_match, tries_max, is_barge_in, is_secret })
    }

    fn language_step(&mut self, f: &Fields<'_, '_>, place: &Range<usize>) -> Option<LanguageStep> {
        let asking = ["prompt", "keys", "timeout", "no_input", "no_match", "max_tries", "barge_in"];
        if let Some(set) = f.get("set") {
            for key in asking.iter().filter_map(|key| f.get(key)) {
                self.notes.error(&key.span(), "a language node either sets or asks", "delete this key, or `set`");
            }
            return match self.text(set, "set")? {
                "caller" => Some(LanguageStep::Caller),
                "next" => Some(LanguageStep::Next),
                language => Some(LanguageStep::Fixed { language: language.into() }),
            };
        }
        if f.get("prompt").is_none() || f.get("keys").is_none() {
            let mend = "write `set = \"en\"`, `set = \"caller\"`, `set = \"next\"`, or `prompt` and `keys`";
            self.notes.error(place, format!("node `{}` (language) says neither which nor how to ask", self.node), mend);
            return None;
        }
        let (ask, keys) = (self.input(f), self.language_keys(f));
        Some(LanguageStep::Ask { ask: ask?, keys: keys? })
    }

    fn node_keys(&mut self, f: &Fields<'_, '_>) -> Option<BTreeMap<char, KeyTarget>> {
        self.phone_keys(f, |reader, written, value| match value.get_ref() {
            DeValue::String(next) => Some(KeyTarget { next: next.as_ref().into(), reason: None }),
            DeValue::Table(table) => {
                const TARGET: &[KeyShape] = &[
                    KeyShape { name: "next", holds: Holds::Node, is_required: true, doc: "Where the key leads." },
                    KeyShape { name: "reason", holds: Holds::Word, is_required: false, doc: "Why the caller calls." },
                ];
                let fields = reader.fields(table, TARGET, &[], &value.span(), &format!("key `{written}`"));
                let (next, reason) = (reader.node_name(&fields, "next"), reader.word(&fields, "reason"));
                Some(KeyTarget { next: next?, reason })
            }
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
                reader.wrong(value, written, "a node's name in quotes, or { next = \"…\", reason = \"…\" }");
                None
            }
        })
    }

    fn language_keys(&mut self, f: &Fields<'_, '_>) -> Option<BTreeMap<char, Arc<str>>> {
        self.phone_keys(f, |reader, written, value| reader.text(value, written).map(Into::into))
    }

    fn mark(&mut self, key: &str, span: Range<usize>) {
        self.spans.insert((self.node.clone(), key.to_owned()), span);
    }

    fn span(&self, key: &str) -> Range<usize> {
        self.spans.get(&(self.node.clone(), key.to_owned())).cloned().unwrap_or(0..0)
    }
}

/// `a, b and c`, each in back quotes.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".into(),
    }
}
