//! TOML text → the workflow, or every mistake at its line with what would be right. Whether states and moves make sense together is
//! `check`'s.

use std::{collections::BTreeMap, fmt, ops::Range, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use utoipa::ToSchema;

use super::{
    Effects, FieldKind, FieldRule, Guards, MoveRule, Names, NewOwner, Rank, Requirement, StateRule, StateTimer, TypeRules,
    Workflow, WorkflowFlaw, WorkflowPart, check,
};
use crate::{
    domain::{
        directory::LANGUAGES,
        ticket::{Priority, TicketState, TicketType},
    },
    types::{FieldKey, StatusKey},
};

/// Octets of the text at most.
pub const WORKFLOW_BYTES_MAX: usize = 128 * 1024;
/// States of one workflow.
const STATES_MAX: usize = 60;
/// Moves of one workflow, each pair of states counted.
const MOVES_MAX: usize = 1_000;
/// Mistakes that are told at once.
const MISTAKES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 80;
/// Hours in a state that ends by itself: up to a year.
const HOURS_MAX: i64 = 8_760;
const DAYS_MAX: i64 = 365;
/// Days after closing within which a word of the customer opens a ticket again, where the text says none.
const FOLLOW_UP_DAYS: i64 = 14;

type Value<'i> = Spanned<DeValue<'i>>;

/// What is wrong with a workflow's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowMistake {
    /// From 1.
    pub line: usize,
    /// What is wrong, as a code with its parameters.
    #[serde(flatten)]
    pub flaw: WorkflowFlaw,
    /// The same in English.
    pub message: String,
    /// What would be right, in English.
    pub mend: String,
}

impl fmt::Display for WorkflowMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}. {}", self.line, self.message, self.mend)
    }
}

/// Where things stand in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(pub(super) Range<usize>);

/// States and moves that types share, with where they stand.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) states: Vec<(StateRule, Place)>,
    pub(super) moves: Vec<(MoveRule, Place)>,
}

/// Reads a workflow, or tells everything that is wrong with its text, in order of lines.
pub fn read_workflow(text: &str) -> Result<Workflow, Vec<WorkflowMistake>> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    if text.len() > WORKFLOW_BYTES_MAX {
        reader.wrong(&(0..0), WorkflowFlaw::TooLong { octets: text.len(), most: WORKFLOW_BYTES_MAX });
        return Err(reader.mistakes);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let detail = error.message().lines().collect::<Vec<_>>().join(", ");
        reader.wrong(&error.span().unwrap_or(0..0), WorkflowFlaw::NotToml { detail });
    }
    let workflow = if errors.is_empty() { reader.file(document.get_ref()) } else { Workflow::default() };
    let mut mistakes = reader.mistakes;
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.dedup();
    mistakes.truncate(MISTAKES_MAX);
    if mistakes.is_empty() { Ok(workflow) } else { Err(mistakes) }
}

pub(super) struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<WorkflowMistake>,
}

impl Reader<'_> {
    pub(super) fn wrong(&mut self, span: &Range<usize>, flaw: WorkflowFlaw) {
        let line = self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
        let (message, mend) = flaw.sentences();
        self.mistakes.push(WorkflowMistake { line, flaw, message, mend });
    }

    fn file(&mut self, file: &DeTable<'_>) -> Workflow {
        self.known_keys(file, &["fields", "workflows", "types"], WorkflowPart::Text);
        let fields = self.entries(file, "fields", Self::field);
        let fields: BTreeMap<FieldKey, FieldRule> = fields.into_iter().map(|(key, _, rule)| (key, rule)).collect();
        let mut shared = BTreeMap::new();
        for (key, place, read) in self.entries::<StatusKey, _>(file, "workflows", Self::shared) {
            check::workflow(self, &key, &place, &read, &fields);
            shared.insert(key, read);
        }
        let mut types = BTreeMap::new();
        let written = self.entries::<StatusKey, _>(file, "types", |reader, table, place| reader.of_type(table, place, &shared));
        for (key, place, rules) in written {
            let Ok(kind) = serde_json::from_value::<TicketType>(key.as_str().into()) else {
                let choices = TicketType::ALL.map(|kind| kind.word().to_owned()).to_vec();
                self.wrong(&place.0, WorkflowFlaw::UnknownType { key: key.to_string(), choices });
                continue;
            };
            for field in rules.fields.iter().filter(|field| !fields.contains_key(*field)) {
                self.wrong(&place.0, WorkflowFlaw::UnknownField { key: field.to_string() });
            }
            check::fields_of_type(self, kind, &place, &rules);
            types.insert(kind, rules);
        }
        let named = table_of(file, "types");
        for kind in TicketType::ALL {
            if named.is_none_or(|types| get(types, kind.word()).is_none()) {
                let key = kind.word().to_owned();
                self.wrong(&(self.text.len()..self.text.len()), WorkflowFlaw::TypeMissing { key });
            }
        }
        Workflow { fields, types }
    }

    fn field(&mut self, table: &DeTable<'_>, place: &Place) -> Option<FieldRule> {
        self.known_keys(table, &["names", "kind", "choices"], WorkflowPart::Field);
        let names = self.names(table);
        if names.is_empty() {
            self.wrong(&place.0, WorkflowFlaw::FieldWithoutName);
        }
        let kind =
            self.word::<FieldKind>(table, "kind", &["text", "number", "date", "choice", "yes_no"]).unwrap_or(FieldKind::Text);
        let choices = self.texts(table, "choices").into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        if (kind == FieldKind::Choice) == choices.is_empty() {
            self.wrong(&place.0, WorkflowFlaw::ChoicesMisfit);
        }
        Some(FieldRule { names, kind, choices })
    }

    fn shared(&mut self, table: &DeTable<'_>, place: &Place) -> Option<Shared> {
        self.known_keys(table, &["states", "moves"], WorkflowPart::Workflow);
        if get(table, "states").is_none() {
            self.wrong(&place.0, WorkflowFlaw::NoStates);
        }
        let mut states: Vec<_> = self.entries(table, "states", Self::state);
        states.sort_by_key(|(_, place, _): &(StatusKey, Place, _)| place.0.start);
        let states = states.into_iter().map(|(key, place, state)| (StateRule { key, ..state }, place)).collect::<Vec<_>>();
        if states.len() > STATES_MAX {
            self.wrong(&place.0, WorkflowFlaw::TooManyStates { count: states.len(), most: STATES_MAX });
        }
        let mut moves = Vec::new();
        match get(table, "moves").map(|value| (value.span(), value.get_ref().as_array())) {
            None => self.wrong(&place.0, WorkflowFlaw::NoMoves),
            Some((span, None)) => self.wrong(&span, WorkflowFlaw::MovesNoList),
            Some((_, Some(items))) => {
                for item in items.iter() {
                    match item.get_ref().as_table() {
                        Some(table) => self.moves(table, &Place(item.span()), &mut moves),
                        None => self.wrong(&item.span(), WorkflowFlaw::MovesNoList),
                    }
                }
            }
        }
        if moves.len() > MOVES_MAX {
            self.wrong(&place.0, WorkflowFlaw::TooManyMoves { count: moves.len(), most: MOVES_MAX });
            moves.truncate(MOVES_MAX);
        }
        // In a menu the states that can follow stand in the order of the states.
        let rank = |key: &StatusKey| states.iter().position(|(state, _)| state.key == *key);
        moves.sort_by_key(|(rule, _): &(MoveRule, Place)| (rank(&rule.from), rank(&rule.to)));
        Some(Shared { states, moves })
    }

    fn state(&mut self, table: &DeTable<'_>, place: &Place) -> Option<StateRule> {
        self.known_keys(table, &["category", "names", "after_hours", "then"], WorkflowPart::State);
        let words = [
            "new",
            "open",
            "waiting_customer",
            "waiting_internal",
            "waiting_supplier",
            "solved",
            "closed",
            "merged",
            "cancelled",
        ];
        let category = self.word::<TicketState>(table, "category", &words);
        if get(table, "category").is_none() {
            self.wrong(&place.0, WorkflowFlaw::NoCategory { choices: words.map(str::to_owned).to_vec() });
        }
        let hours = self.whole(table, "after_hours", 1, HOURS_MAX);
        let then = self.text(table, "then").and_then(|(text, span)| self.key::<StatusKey>(&text, &span));
        if get(table, "after_hours").is_some() != get(table, "then").is_some() {
            self.wrong(&place.0, WorkflowFlaw::HalfTimer);
        }
        let timer = hours.zip(then).map(|(after_hours, to)| StateTimer { after_hours, to });
        let key = StatusKey::of_category(TicketState::New);
        Some(StateRule { key, category: category?, names: self.names(table), timer })
    }

    fn moves(&mut self, table: &DeTable<'_>, place: &Place, moves: &mut Vec<(MoveRule, Place)>) {
        const KEYS: [&str; 8] = ["from", "to", "names", "reason", "role", "requires", "owner", "priority"];
        self.known_keys(table, &KEYS, WorkflowPart::Move);
        let (from, to) = (self.keys(table, "from", place), self.keys(table, "to", place));
        let mut requires = Vec::new();
        for (word, span) in self.texts(table, "requires") {
            match Requirement::try_from(word.clone()) {
                Ok(requirement) => requires.push(requirement),
                Err(_) => self.wrong(&span, WorkflowFlaw::NotARequirement { word }),
            }
        }
        let guards = Guards {
            needs_reason: self.truth(table, "reason"),
            role: self.word::<Rank>(table, "role", &["agent", "supervisor", "administrator"]),
            requires,
        };
        let effects = Effects {
            owner: self.word::<NewOwner>(table, "owner", &["mover", "nobody"]),
            priority: self.word::<Priority>(table, "priority", &["low", "normal", "high", "urgent"]),
        };
        let names = self.names(table);
        for from in &from {
            for to in to.iter().filter(|to| *to != from) {
                let rule = MoveRule {
                    from: from.clone(),
                    to: to.clone(),
                    names: names.clone(),
                    guards: guards.clone(),
                    effects: effects.clone(),
                };
                if moves.len() <= MOVES_MAX {
                    moves.push((rule, place.clone()));
                }
            }
        }
    }

    fn of_type(&mut self, table: &DeTable<'_>, place: &Place, shared: &BTreeMap<StatusKey, Shared>) -> Option<TypeRules> {
        self.known_keys(table, &["workflow", "names", "fields", "offered", "follow_up_after_days"], WorkflowPart::Type);
        let Some((name, span)) = self.text(table, "workflow") else {
            if get(table, "workflow").is_none() {
                self.wrong(&place.0, WorkflowFlaw::NoWorkflow);
            }
            return None;
        };
        let found = shared.iter().find(|(key, _)| key.as_str() == name).map(|(_, shared)| shared);
        if found.is_none() {
            let choices = shared.keys().map(ToString::to_string).collect();
            self.wrong(&span, WorkflowFlaw::UnknownWorkflow { key: name.clone(), choices });
        }
        let fields = self.texts(table, "fields").into_iter();
        let fields = fields.filter_map(|(text, span)| self.key::<FieldKey>(&text, &span)).collect();
        let is_offered = get(table, "offered").is_none() || self.truth(table, "offered");
        let days = self.whole(table, "follow_up_after_days", 0, DAYS_MAX).unwrap_or(FOLLOW_UP_DAYS);
        let names = self.names(table);
        let found = found?;
        Some(TypeRules {
            names,
            is_offered,
            fields,
            follow_up_after_days: days,
            states: found.states.iter().map(|(state, _)| state.clone()).collect(),
            moves: found.moves.iter().map(|(rule, _)| rule.clone()).collect(),
        })
    }

    /// Every `[name.<key>]`, read; what could not be read has left its mistakes.
    fn entries<K: FromStr + Ord, T>(
        &mut self,
        file: &DeTable<'_>,
        name: &str,
        mut read: impl FnMut(&mut Self, &DeTable<'_>, &Place) -> Option<T>,
    ) -> Vec<(K, Place, T)> {
        let Some(value) = get(file, name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(&value.span(), WorkflowFlaw::NotATable { key: name.to_owned() });
            return Vec::new();
        };
        let mut found = Vec::new();
        for (key, value) in table.iter() {
            let place = Place(key.span());
            let id = self.key::<K>(key.get_ref(), &place.0);
            match value.get_ref().as_table() {
                Some(inner) => {
                    let read = read(self, inner, &place);
                    found.extend(id.zip(read).map(|(id, read)| (id, place, read)));
                }
                None => self.wrong(&place.0, WorkflowFlaw::NotAnEntry { key: key.get_ref().to_string() }),
            }
        }
        found
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str], part: WorkflowPart) {
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let choices = known.iter().map(ToString::to_string).collect();
            self.wrong(&key.span(), WorkflowFlaw::UnknownKey { part, key: key.get_ref().to_string(), choices });
        }
    }

    fn names(&mut self, table: &DeTable<'_>) -> Names {
        let Some(value) = get(table, "names") else { return Names::new() };
        let Some(inner) = value.get_ref().as_table() else {
            self.wrong(&value.span(), WorkflowFlaw::NamesNoTable);
            return Names::new();
        };
        let mut names = Names::new();
        for (language, value) in inner.iter() {
            let is_language = LANGUAGES.contains(&language.get_ref().as_ref());
            let text = value.get_ref().as_str().map(str::trim).filter(|t| (1..=NAME_CHARS_MAX).contains(&t.chars().count()));
            match text.filter(|_| is_language) {
                Some(text) => _ = names.insert(language.get_ref().to_string(), text.to_owned()),
                None => {
                    let key = language.get_ref().to_string();
                    self.wrong(&language.span(), WorkflowFlaw::NotAName { key, most: NAME_CHARS_MAX });
                }
            }
        }
        names
    }

    fn keys(&mut self, table: &DeTable<'_>, name: &str, place: &Place) -> Vec<StatusKey> {
        if get(table, name).is_none() {
            self.wrong(&place.0, WorkflowFlaw::NoEnd { key: name.to_owned() });
        }
        let texts = self.texts(table, name);
        texts.into_iter().filter_map(|(text, span)| self.key::<StatusKey>(&text, &span)).collect()
    }

    fn key<K: FromStr>(&mut self, text: &str, span: &Range<usize>) -> Option<K> {
        let key = text.parse().ok();
        if key.is_none() {
            self.wrong(span, WorkflowFlaw::NotAKey { text: text.to_owned() });
        }
        key
    }

    /// A text, or a list of texts.
    fn texts(&mut self, table: &DeTable<'_>, name: &str) -> Vec<(String, Range<usize>)> {
        let Some(value) = get(table, name) else { return Vec::new() };
        let one = std::slice::from_ref(value);
        let items: Vec<&Value<'_>> = match value.get_ref().as_array() {
            Some(items) => items.iter().collect(),
            None => one.iter().collect(),
        };
        let mut found = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => found.push((text.to_owned(), item.span())),
                None => self.wrong(&item.span(), WorkflowFlaw::NotTexts { key: name.to_owned() }),
            }
        }
        found
    }

    fn text(&mut self, table: &DeTable<'_>, name: &str) -> Option<(String, Range<usize>)> {
        let value = get(table, name)?;
        let text = value.get_ref().as_str().map(|text| (text.to_owned(), value.span()));
        if text.is_none() {
            self.wrong(&value.span(), WorkflowFlaw::NotAText { key: name.to_owned() });
        }
        text
    }

    fn word<T: DeserializeOwned>(&mut self, table: &DeTable<'_>, name: &str, words: &[&str]) -> Option<T> {
        let (text, span) = self.text(table, name)?;
        let word = serde_json::from_value(text.as_str().into()).ok();
        if word.is_none() {
            let choices = words.iter().map(ToString::to_string).collect();
            self.wrong(&span, WorkflowFlaw::NotAChoice { key: name.to_owned(), text, choices });
        }
        word
    }

    fn truth(&mut self, table: &DeTable<'_>, name: &str) -> bool {
        let Some(value) = get(table, name) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(&value.span(), WorkflowFlaw::NotTrueOrFalse { key: name.to_owned() });
            false
        })
    }

    fn whole(&mut self, table: &DeTable<'_>, name: &str, least: i64, most: i64) -> Option<i64> {
        let value = get(table, name)?;
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().replace('_', "").parse::<i64>().ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(&value.span(), WorkflowFlaw::NotAWholeNumber { key: name.to_owned(), least, most });
        }
        number
    }
}

fn get<'v, 'i>(table: &'v DeTable<'i>, key: &str) -> Option<&'v Value<'i>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

fn table_of<'v, 'i>(table: &'v DeTable<'i>, key: &str) -> Option<&'v DeTable<'i>> {
    get(table, key)?.get_ref().as_table()
}
