//! Carries a flow out for one call: inputs in, effects out, no clock of its own. Every wait has a deadline, every input at most
//! a bounded number of steps; at a limit the call goes to the line's fallback, so that it never hangs in a flow.

mod question;
mod step;
mod words;

use std::{collections::VecDeque, sync::Arc};

use self::question::Miss;
use super::script::{Line, Prompt, Step};
use crate::types::{CalendarId, Mono, Now, QueueId};

/// Nodes that one input may pass. A checked flow has no cycle without a wait; this holds for every other one too.
const STEPS_MAX: usize = 64;
/// Subflows within subflows.
pub(super) const DEPTH_MAX: usize = 8;
/// Keys kept for the next menu.
const TYPED_MAX: usize = 16;

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
    /// When the flow must be over.
    limit: Mono,
    place: Place,
    /// The `subflow` nodes that we are in, outermost first.
    entered: Vec<Place>,
    state: State,
    /// Keys pressed before their menu.
    typed: VecDeque<char>,
    reason: Option<Arc<str>>,
    ticket: Option<(i64, Arc<str>)>,
}

/// A node in one of the line's flows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// `None` for the main flow.
    subflow: Option<Arc<str>>,
    node: Arc<str>,
}

/// What the flow waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The call to be answered.
    Fresh,
    /// The end of a `say`.
    Saying { until: Mono, is_barge_in: bool, next: Arc<str> },
    /// The end of a question, or a key.
    Asking { until: Mono, is_barge_in: bool, tries: u32 },
    /// A key.
    Listening { until: Mono, tries: u32 },
    /// The look-up of the caller.
    LookingUp { until: Mono, on_timeout: Arc<str> },
    /// The last words.
    Ending { until: Mono, end: FlowEnd },
    /// Nothing.
    Over,
}

/// What a node asks for after its step.
enum Next {
    Go(Arc<str>),
    Wait,
}

impl FlowRun {
    /// A call that has just come to this line. `language` is used if the line speaks it, else the line's first.
    pub fn new(line: Arc<Line>, language: &str) -> Self {
        let spoken = line.languages.iter().find(|l| l.as_ref() == language).or_else(|| line.languages.first()).cloned();
        Self {
            language: spoken.unwrap_or_else(|| language.into()),
            limit: Mono::default(),
            place: Place { subflow: None, node: line.main.start.clone() },
            entered: Vec::new(),
            state: State::Fresh,
            typed: VecDeque::new(),
            reason: None,
            ticket: None,
            line,
        }
    }

    /// Handles one input. Effects are in the order in which they must be carried out.
    pub fn handle(&mut self, input: FlowInput, facts: &FlowFacts<'_>, now: Now) -> Vec<FlowEffect> {
        let mut turn = Turn { facts, now: now.mono, out: Vec::new() };
        let is_past_limit = match self.state {
            State::Fresh | State::Ending { .. } | State::Over => false,
            State::Saying { .. } | State::Asking { .. } | State::Listening { .. } | State::LookingUp { .. } => {
                now.mono >= self.limit
            }
        };
        if is_past_limit {
            self.stop_playback(&mut turn);
            self.fall_back(&mut turn);
            return turn.out;
        }
        let next = match input {
            FlowInput::Started => self.start(&mut turn),
            FlowInput::Digit(key) => self.digit(key, &mut turn),
            FlowInput::PlayEnded => self.play_ended(&mut turn),
            FlowInput::Timeout => self.timeout(&mut turn),
            FlowInput::CallerKnown => self.caller_known(&mut turn),
        };
        if let Next::Go(node) = next {
            self.go(node, &mut turn);
        }
        turn.out
    }

    /// When it wants to hear `Timeout`; `None` before it began and after it is over.
    pub fn next_wakeup(&self) -> Option<Mono> {
        match &self.state {
            State::Fresh | State::Over => None,
            State::Ending { until, .. } => Some(*until),
            State::Saying { until, .. }
            | State::Asking { until, .. }
            | State::Listening { until, .. }
            | State::LookingUp { until, .. } => Some((*until).min(self.limit)),
        }
    }

    /// The line with the version that this call keeps.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Language spoken now.
    pub fn language(&self) -> &Arc<str> {
        &self.language
    }

    /// Whether it asks for a key, or waits for one.
    pub fn wants_keys(&self) -> bool {
        matches!(self.state, State::Asking { .. } | State::Listening { .. })
    }

    /// Whether it asks for something that must not be recorded.
    pub fn asks_for_secret(&self) -> bool {
        self.wants_keys() && self.question().is_some_and(|question| question.is_secret())
    }

    /// Whether `Done` has been said.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    fn start(&mut self, turn: &mut Turn<'_>) -> Next {
        if self.state != State::Fresh {
            return Next::Wait;
        }
        self.limit = turn.now + self.line.duration_ms_max;
        Next::Go(self.line.main.start.clone())
    }

    fn digit(&mut self, key: char, turn: &mut Turn<'_>) -> Next {
        match &self.state {
            State::Saying { is_barge_in: true, next, .. } => {
                let next = next.clone();
                turn.out.push(FlowEffect::StopPlay);
                self.keep_for_menu(key);
                Next::Go(next)
            }
            State::Asking { is_barge_in: true, tries, .. } => {
                let tries = *tries;
                turn.out.push(FlowEffect::StopPlay);
                self.key(key, tries, turn)
            }
            State::Listening { tries, .. } => self.key(key, *tries, turn),
            State::LookingUp { .. } => {
                self.keep_for_menu(key);
                Next::Wait
            }
            // Words that must be heard out, and last words: keys are not for them.
            State::Saying { is_barge_in: false, .. } | State::Asking { is_barge_in: false, .. } => Next::Wait,
            State::Fresh | State::Ending { .. } | State::Over => Next::Wait,
        }
    }

    fn play_ended(&mut self, turn: &mut Turn<'_>) -> Next {
        match &self.state {
            State::Saying { next, .. } => Next::Go(next.clone()),
            State::Asking { tries, .. } => {
                let tries = *tries;
                self.listen(tries, turn)
            }
            State::Ending { end, .. } => {
                let end = end.clone();
                self.finish(end, turn)
            }
            State::Fresh | State::Listening { .. } | State::LookingUp { .. } | State::Over => Next::Wait,
        }
    }

    fn timeout(&mut self, turn: &mut Turn<'_>) -> Next {
        match &self.state {
            State::Saying { until, .. } | State::Asking { until, .. } | State::Ending { until, .. } if turn.now >= *until => {
                self.play_ended(turn)
            }
            State::Listening { until, tries } if turn.now >= *until => {
                let tries = *tries;
                self.miss(Miss::NoInput, tries, turn)
            }
            State::LookingUp { until, on_timeout } if turn.now >= *until => Next::Go(on_timeout.clone()),
            // An alarm that was set for a state already left.
            State::Saying { .. }
            | State::Asking { .. }
            | State::Ending { .. }
            | State::Listening { .. }
            | State::LookingUp { .. }
            | State::Fresh
            | State::Over => Next::Wait,
        }
    }

    fn caller_known(&mut self, turn: &mut Turn<'_>) -> Next {
        match &self.state {
            State::LookingUp { .. } if turn.facts.lookup_done => self.step(turn),
            State::LookingUp { .. }
            | State::Fresh
            | State::Saying { .. }
            | State::Asking { .. }
            | State::Listening { .. }
            | State::Ending { .. }
            | State::Over => Next::Wait,
        }
    }

    /// Walks from node to node until one waits.
    fn go(&mut self, first: Arc<str>, turn: &mut Turn<'_>) {
        let mut node = first;
        for _ in 0..STEPS_MAX {
            self.place.node = node;
            turn.out.push(FlowEffect::Entered { node: self.place_name() });
            match self.step(turn) {
                Next::Go(next) => node = next,
                Next::Wait => return,
            }
        }
        self.fall_back(turn);
    }

    /// Says the last words, if any, and is over after them.
    fn end(&mut self, end: FlowEnd, words: Option<&Prompt>, turn: &mut Turn<'_>) -> Next {
        match words.and_then(|prompt| self.play(&[prompt], turn)) {
            Some(until) => {
                self.state = State::Ending { until, end };
                Next::Wait
            }
            None => self.finish(end, turn),
        }
    }

    fn finish(&mut self, end: FlowEnd, turn: &mut Turn<'_>) -> Next {
        self.state = State::Over;
        turn.out.push(FlowEffect::Done(end));
        Next::Wait
    }

    /// A limit was reached: to the line's fallback, which ends the flow at once or after its last words.
    fn fall_back(&mut self, turn: &mut Turn<'_>) {
        self.entered.clear();
        self.place = Place { subflow: None, node: self.line.fallback.clone() };
        turn.out.push(FlowEffect::Entered { node: self.place_name() });
        let line = Arc::clone(&self.line);
        match line.main.nodes.get(&self.place.node).map(|node| &node.step) {
            Some(Step::Queue { queue, reason, prompt }) => {
                let end = FlowEnd::Queue { queue: queue.clone(), reason: self.reason_or(reason.as_ref()) };
                self.end(end, prompt.as_ref(), turn);
            }
            Some(Step::Hangup { prompt }) => {
                self.end(FlowEnd::HangUp, prompt.as_ref(), turn);
            }
            // `check` lets only the two above be the fallback.
            Some(
                Step::Say { .. }
                | Step::Menu { .. }
                | Step::Hours { .. }
                | Step::Identify { .. }
                | Step::TicketLookup { .. }
                | Step::Language { .. }
                | Step::Subflow { .. }
                | Step::Return { .. }
                | Step::Callback { .. },
            )
            | None => {
                self.finish(FlowEnd::HangUp, turn);
            }
        }
    }

    fn stop_playback(&self, turn: &mut Turn<'_>) {
        if matches!(self.state, State::Saying { .. } | State::Asking { .. }) {
            turn.out.push(FlowEffect::StopPlay);
        }
    }

    fn keep_for_menu(&mut self, key: char) {
        if self.typed.len() < TYPED_MAX {
            self.typed.push_back(key);
        }
    }

    fn reason_or(&self, usual: Option<&Arc<str>>) -> Option<String> {
        self.reason.as_ref().or(usual).map(|reason| reason.as_ref().to_owned())
    }

    fn place_name(&self) -> Arc<str> {
        match &self.place.subflow {
            Some(flow) => format!("{flow}/{}", self.place.node).into(),
            None => self.place.node.clone(),
        }
    }
}

/// One call of `handle`.
struct Turn<'a> {
    facts: &'a FlowFacts<'a>,
    now: Mono,
    out: Vec<FlowEffect>,
}
