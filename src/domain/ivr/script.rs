//! What a line's flow is: named nodes, each with one step, in files that people write. `read` makes it from text, `check` says
//! whether it makes sense, `flow` carries it out. The serialised form is the canonical one; its hash is the line's version.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::types::{CalendarId, LineId, QueueId};

/// What people read on a screen, by language of the console.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// Every published line, by key.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct ScriptBook {
    /// The lines; a call keeps the one that it began with.
    pub lines: BTreeMap<LineId, Arc<Line>>,
}

impl ScriptBook {
    /// The published flow of a line.
    pub fn line(&self, id: &LineId) -> Option<&Arc<Line>> {
        self.lines.get(id)
    }
}

/// A published service: its main flow, the subflows of its folder, its languages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Key, the folder's name.
    pub id: LineId,
    /// What people call it; empty where the key must do.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label: Labels,
    /// What people read for the reasons that its nodes and keys give.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<Arc<str>, Labels>,
    /// Languages in which every prompt exists; the first is for callers of whom nothing is known.
    pub languages: Vec<Arc<str>>,
    /// The flow that answers.
    pub main: Flow,
    /// Flows that a `subflow` node of this line enters, by file name without `.toml`.
    pub subflows: BTreeMap<Arc<str>, Flow>,
    /// Longest time that a call may spend in the flow, in milliseconds; then it goes to `fallback`.
    pub duration_ms_max: u64,
    /// Node of the main flow, a `queue` or `hangup`, for calls that come to a limit.
    pub fallback: Arc<str>,
    /// SHA-256 of the canonical form of everything above, lower-case hexadecimal.
    #[serde(skip)]
    pub version: Arc<str>,
}

/// One file: named nodes and where to begin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flow {
    /// The flow's name: the line's key for the main flow, else the file's name.
    pub name: Arc<str>,
    /// First node.
    pub start: Arc<str>,
    /// The nodes by name.
    pub nodes: BTreeMap<Arc<str>, Node>,
}

/// A named place in a flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// What people read on the way that a caller took; empty for a node that is not worth telling.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label: Labels,
    /// What happens here.
    #[serde(flatten)]
    pub step: Step,
}

/// What happens at a node, and where it goes from there. Names of nodes are within the same flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Step {
    /// Says something.
    Say {
        /// What.
        prompt: Prompt,
        /// Whether a key ends it; the key then counts for the menu that follows.
        is_barge_in: bool,
        /// Then.
        next: Arc<str>,
    },
    /// Asks for a key.
    Menu {
        /// What it says first.
        ask: Input,
        /// Where each key leads.
        keys: BTreeMap<char, KeyTarget>,
        /// After the last try without a key that leads anywhere.
        on_exhausted: Arc<str>,
    },
    /// Is it open now?
    Hours {
        /// By which calendar.
        calendar: CalendarId,
        /// Inside the hours, and when the calendar is gone: nobody is turned away by a missing row.
        open: Arc<str>,
        /// Outside.
        closed: Arc<str>,
    },
    /// Who calls? By the number shown.
    Identify {
        /// How long to wait for the answer.
        timeout_ms: u64,
        /// One customer has this number.
        known: Arc<str>,
        /// None has, the number is withheld, or no answer came in time.
        unknown: Arc<str>,
        /// Several have.
        several: Arc<str>,
    },
    /// Has the caller an open ticket? The latest one is kept for `{ticket.number}` and `{ticket.state}`.
    TicketLookup {
        /// How long to wait for the answer.
        timeout_ms: u64,
        /// One or more.
        found: Arc<str>,
        /// None, or the caller is not known.
        none: Arc<str>,
        /// No answer came in time.
        on_error: Arc<str>,
    },
    /// Sets the language of what follows.
    Language {
        /// How.
        how: LanguageStep,
        /// Then.
        next: Arc<str>,
    },
    /// Enters another flow of the line.
    Subflow {
        /// Which.
        flow: Arc<str>,
        /// Where each of its `return` nodes leads.
        returns: BTreeMap<Arc<str>, Arc<str>>,
    },
    /// Leaves a subflow.
    Return {
        /// By this name in the caller's `returns`.
        outcome: Arc<str>,
    },
    /// To a queue. The flow is over.
    Queue {
        /// Which.
        queue: QueueId,
        /// Why, if no key said so before.
        reason: Option<Arc<str>>,
        /// Said first.
        prompt: Option<Prompt>,
    },
    /// We promise to call back. The flow is over; the floor says so and opens the task.
    Callback {
        /// For which queue.
        queue: QueueId,
        /// Why, if no key said so before.
        reason: Option<Arc<str>>,
        /// The caller's number is not one that can be called.
        no_number: Arc<str>,
    },
    /// Says goodbye. The flow is over.
    Hangup {
        /// Said first.
        prompt: Option<Prompt>,
    },
}

/// How a `language` node chooses.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum LanguageStep {
    /// This one.
    Fixed {
        /// Which.
        language: Arc<str>,
    },
    /// The known caller's, if the line speaks it; else it stays as it is.
    Caller,
    /// The one that the line names after the one spoken now; after the last, the first.
    Next,
    /// Asks: the prompt is said in every language of the line, one after another.
    Ask {
        /// What it says.
        ask: Input,
        /// Which key means which.
        keys: BTreeMap<char, Arc<str>>,
    },
}

/// How a node asks for a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// The question.
    pub prompt: Prompt,
    /// Silence after the question that counts as no input.
    pub timeout_ms: u64,
    /// Said before the question is repeated after silence.
    pub no_input: Option<Prompt>,
    /// Said before the question is repeated after a key that leads nowhere.
    pub no_match: Option<Prompt>,
    /// Questions in all.
    pub tries_max: u32,
    /// Whether a key ends the question; otherwise keys count only after it.
    pub is_barge_in: bool,
    /// Whether what is typed must not be recorded. Left out where it does not hold: a line's version is as it was.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_secret: bool,
}

/// Where a key leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyTarget {
    /// The node.
    pub next: Arc<str>,
    /// Why the caller calls, for the agent and the history.
    pub reason: Option<Arc<str>>,
}

/// What is said: fragments, one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Prompt(pub Vec<Fragment>);

/// A piece of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fragment {
    /// A recording.
    Recording(Recording),
    /// The found ticket's number, digit by digit.
    TicketNumber,
    /// The found ticket's state.
    TicketState,
}

/// A recorded prompt, without its language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Recording {
    /// Folder: the line's key, or `shared`.
    pub folder: Arc<str>,
    /// File name without `.wav`.
    pub name: Arc<str>,
}

impl Recording {
    /// Its name in the clip library, `main-menu/es/welcome`.
    pub fn clip(&self, language: &str) -> Arc<str> {
        format!("{}/{language}/{}", self.folder, self.name).into()
    }
}

impl Line {
    /// A flow of this line: a subflow by name, or the main flow for `None`.
    pub fn flow(&self, subflow: Option<&str>) -> Option<&Flow> {
        match subflow {
            Some(name) => self.subflows.get(name),
            None => Some(&self.main),
        }
    }

    /// Whether its prompts exist in this language.
    pub fn speaks(&self, language: &str) -> bool {
        self.languages.iter().any(|l| l.as_ref() == language)
    }
}

impl Line {
    /// The stored form: JSON without spaces, keys in alphabetical order.
    pub fn canonical_json(&self) -> String {
        let mut out = String::new();
        write_canonical(&serde_json::to_value(self).unwrap_or_default(), &mut out);
        out
    }

    /// This line with the version that its content has.
    pub(super) fn with_version(mut self) -> Self {
        let hash = Sha256::digest(self.canonical_json());
        self.version = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        self
    }

    /// The first figures of the version, as people compare them.
    pub fn short_version(&self) -> &str {
        self.version.get(..12).unwrap_or(&self.version)
    }
}

/// A way out of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit<'a> {
    /// Where it is written: `next`, `keys.1`, `returns.done`.
    pub key: String,
    /// What takes it, for a diagram: empty for the only way on.
    pub label: String,
    /// The node.
    pub to: &'a Arc<str>,
    /// Taken without a key being pressed.
    pub is_silent: bool,
}

impl Step {
    /// The `type` as written.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::Menu { .. } => "menu",
            Self::Hours { .. } => "hours",
            Self::Identify { .. } => "identify",
            Self::TicketLookup { .. } => "ticket_lookup",
            Self::Language { .. } => "language",
            Self::Subflow { .. } => "subflow",
            Self::Return { .. } => "return",
            Self::Queue { .. } => "queue",
            Self::Callback { .. } => "callback",
            Self::Hangup { .. } => "hangup",
        }
    }

    /// Every way out, within the same flow.
    pub fn exits(&self) -> Vec<Exit<'_>> {
        let silent = |key: &str, label: &str, to| Exit { key: key.into(), label: label.into(), to, is_silent: true };
        match self {
            Self::Say { next, .. } | Self::Language { next, .. } => vec![silent("next", "", next)],
            Self::Menu { keys, on_exhausted, .. } => {
                let by_key = keys.iter().map(|(key, target)| {
                    let label = match &target.reason {
                        Some(reason) => format!("{key} · {reason}"),
                        None => key.to_string(),
                    };
                    Exit { key: format!("keys.{key}"), label, to: &target.next, is_silent: false }
                });
                by_key.chain([silent("on_exhausted", "no answer", on_exhausted)]).collect()
            }
            Self::Hours { open, closed, .. } => vec![silent("open", "open", open), silent("closed", "closed", closed)],
            Self::Identify { known, unknown, several, .. } => {
                let mut exits = vec![silent("known", "known", known), silent("unknown", "unknown", unknown)];
                if several != unknown {
                    exits.push(silent("several", "several", several));
                }
                exits
            }
            Self::TicketLookup { found, none, on_error, .. } => {
                let mut exits = vec![silent("found", "found", found), silent("none", "none", none)];
                if on_error != none {
                    exits.push(silent("on_error", "no answer", on_error));
                }
                exits
            }
            Self::Subflow { returns, .. } => {
                returns.iter().map(|(name, to)| silent(&format!("returns.{name}"), name, to)).collect()
            }
            Self::Callback { no_number, .. } => vec![silent("no_number", "no number", no_number)],
            Self::Return { .. } | Self::Queue { .. } | Self::Hangup { .. } => vec![],
        }
    }

    /// The reasons that it may give a call, with the key where each is written.
    pub fn reasons(&self) -> Vec<(String, &Arc<str>)> {
        match self {
            Self::Menu { keys, .. } => {
                keys.iter().filter_map(|(key, target)| Some((format!("keys.{key}"), target.reason.as_ref()?))).collect()
            }
            Self::Queue { reason, .. } | Self::Callback { reason, .. } => {
                reason.iter().map(|reason| ("reason".to_owned(), reason)).collect()
            }
            Self::Say { .. }
            | Self::Hours { .. }
            | Self::Identify { .. }
            | Self::TicketLookup { .. }
            | Self::Language { .. }
            | Self::Subflow { .. }
            | Self::Return { .. }
            | Self::Hangup { .. } => vec![],
        }
    }

    /// Everything that it says, with the key where it is written.
    pub fn prompts(&self) -> Vec<(&'static str, &Prompt)> {
        match self {
            Self::Say { prompt, .. } => vec![("prompt", prompt)],
            Self::Menu { ask, .. } | Self::Language { how: LanguageStep::Ask { ask, .. }, .. } => {
                let remarks = [("no_input", &ask.no_input), ("no_match", &ask.no_match)];
                let remarks = remarks.into_iter().filter_map(|(key, prompt)| Some((key, prompt.as_ref()?)));
                [("prompt", &ask.prompt)].into_iter().chain(remarks).collect()
            }
            Self::Queue { prompt, .. } | Self::Hangup { prompt } => prompt.iter().map(|prompt| ("prompt", prompt)).collect(),
            Self::Language { how: LanguageStep::Fixed { .. } | LanguageStep::Caller | LanguageStep::Next, .. }
            | Self::Hours { .. }
            | Self::Identify { .. }
            | Self::TicketLookup { .. }
            | Self::Subflow { .. }
            | Self::Return { .. }
            | Self::Callback { .. } => vec![],
        }
    }
}

/// Alphabetical keys whatever map the JSON library was built with.
fn write_canonical(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(object) => {
            let sorted: BTreeMap<&String, &serde_json::Value> = object.iter().collect();
            out.push('{');
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::String(key.clone()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)) => out.push_str(&scalar.to_string()),
    }
}
