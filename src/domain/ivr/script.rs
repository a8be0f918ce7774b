//! What a line's flow is: named nodes, each with one step, in files that people write. `read` makes it from text, `check` says
//! whether it makes sense, `flow` carries it out. The serialised form is the canonical one; its hash is the line's version.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::types::{CalendarId, LineId, QueueId};

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
    /// Languages in which every prompt exists; the first is for callers of whom nothing is known.
    pub languages: Vec<Arc<str>>,
    /// The flow that answers.
    pub main: Flow,
    /// Flows that a `subflow` node of this line enters, by file name without `.toml`.
    pub subflows: BTreeMap<Arc<str>, Flow>,
    /// Longest time that a call may spend in the flow, in milliseconds; then it goes to `fallback`.
    pub duration_ms_max: u64,
    /// Node of the main flow, a `queue`, `callback` or `hangup`, for calls that come to a limit.
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
