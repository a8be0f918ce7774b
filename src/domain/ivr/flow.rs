//! Carries a flow out for one call: inputs in, effects out, no clock of its own. Every wait has a deadline, every input at most
//! a bounded number of steps; at a limit the call goes to the line's fallback, so that it never hangs in a flow.

use std::sync::Arc;

use super::script::Line;
use crate::types::{CalendarId, Mono, Now, QueueId};

/// The world reports to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowInput {
    /// The call was answered; audio can flow. Comes once, first.
    Started,
    /// A key, once per press.
    Digit(char),
    /// The playback that the flow asked for last is over, to its end. Stale and stopped ones are not reported.
    PlayEnded,
    /// The time of [`FlowRun::next_wakeup`] has come.
    Timeout,
    /// The look-up of the caller is answered: see [`FlowFacts`].
    CallerKnown,
}

/// What a flow may ask about the world, as it stands now.
#[derive(Clone, Copy)]
pub struct FlowFacts<'a> {
    /// The customer, when exactly one matches.
    pub caller: Option<&'a KnownCaller>,
    /// How many customers have the caller's number.
    pub matches: usize,
    /// Whether the look-up is answered, or there is nothing to look up.
    pub lookup_done: bool,
    /// Whether the caller shows a number that we can call.
    pub can_call_back: bool,
    /// Whether a calendar is open now; `None` for one that does not exist.
    pub is_open: &'a dyn Fn(&CalendarId) -> Option<bool>,
}

/// What a flow may know of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownCaller {
    /// Name, for traces; flows do not speak it.
    pub name: String,
    /// Preferred language.
    pub language: String,
    /// Segment key.
    pub segment: String,
    /// Open tickets, the one to tell first: number and state (`new`, `open`, `waiting_customer`, …).
    pub open_tickets: Vec<(i64, Arc<str>)>,
}

/// What a flow wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowEffect {
    /// Play clips one after another; replaces a running playback. `PlayEnded` is expected.
    Play {
        /// Clip names, `main-menu/es/welcome`. Never empty.
        clips: Vec<Arc<str>>,
    },
    /// Stop the playback; its end is not reported.
    StopPlay,
    /// The caller came to this node: its name, or `subflow/name`.
    Entered {
        /// Which.
        node: Arc<str>,
    },
    /// The caller is spoken to in this language from now on.
    Language(Arc<str>),
    /// The flow is over. Always the last effect.
    Done(FlowEnd),
}

/// Where a call goes after its flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowEnd {
    /// To wait in a queue.
    Queue {
        /// Which.
        queue: QueueId,
        /// The reason chosen in the flow.
        reason: Option<String>,
    },
    /// Hears `shared/<language>/callback-promised`, a callback task is opened, the call ends.
    Callback {
        /// For which queue.
        queue: QueueId,
        /// The reason chosen in the flow.
        reason: Option<String>,
    },
    /// The call ends; the goodbye has been said.
    HangUp,
}

/// One call's way through a line's flow. Keeps the line's version that it began with.
#[derive(Debug, Clone)]
pub struct FlowRun {
    line: Arc<Line>,
    language: Arc<str>,
    wakeup: Option<Mono>,
}

impl FlowRun {
    /// A call that has just come to this line. `language` is used if the line speaks it, else the line's first.
    pub fn new(line: Arc<Line>, language: &str) -> Self {
        let language = line
            .languages
            .iter()
            .find(|l| l.as_ref() == language)
            .or_else(|| line.languages.first())
            .cloned()
            .unwrap_or_else(|| language.into());
        Self { line, language, wakeup: None }
    }

    /// Handles one input. Effects are in the order in which they must be carried out.
    pub fn handle(&mut self, input: FlowInput, facts: &FlowFacts<'_>, now: Now) -> Vec<FlowEffect> {
        let _ = (input, facts, now);
        vec![FlowEffect::Done(FlowEnd::HangUp)]
    }

    /// When it wants to hear `Timeout`; `None` before it began and after it is over.
    pub fn next_wakeup(&self) -> Option<Mono> {
        self.wakeup
    }

    /// The line's key and version, for the call's record.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Language spoken now.
    pub fn language(&self) -> &Arc<str> {
        &self.language
    }
}
