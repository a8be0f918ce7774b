//! The simulator: one caller in a line, without telephone, clock or customers. Playbacks end and silence passes when the walker
//! says so. Dialogues, `ivr walk` and the tests use it; the live floor does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    flow::{FlowEffect, FlowEnd, FlowFacts, FlowInput, FlowRun, KnownCaller},
    script::Line,
};
use crate::types::{CalendarId, Mono, Now, Rng};

/// How long a simulated playback of one clip takes.
const CLIP_MS: u64 = 1_500;
/// How long a simulated caller takes to press a key.
const KEY_MS: u64 = 500;
/// Inputs of one random walk; more would mean that the limit of the flow does not hold.
const INPUTS_MAX: usize = 20_000;

/// What is so in the simulated world.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The caller, when one customer matches.
    pub caller: Option<KnownCaller>,
    /// How many customers match; with a caller it counts as 1.
    pub matches: usize,
    /// Whether the look-up is answered from the start.
    pub lookup_done: bool,
    /// Whether the caller's number can be called.
    pub can_call_back: bool,
    /// The calendars that are closed; all others are open.
    pub closed: BTreeSet<CalendarId>,
}

impl Default for World {
    fn default() -> Self {
        Self { caller: None, matches: 0, lookup_done: true, can_call_back: true, closed: BTreeSet::new() }
    }
}

/// A caller's way through a line.
#[derive(Debug, Clone)]
pub struct Walk {
    run: FlowRun,
    world: World,
    now: Now,
    /// When the playback will be over.
    playing_until: Option<Mono>,
    /// What was done, in order, and not yet looked at.
    pub news: Vec<FlowEffect>,
    /// The nodes passed, `subflow/name` within subflows.
    pub path: Vec<Arc<str>>,
    /// How it ended.
    pub end: Option<FlowEnd>,
}

impl Walk {
    /// The call is answered.
    pub fn begin(line: &Arc<Line>, language: &str, world: World) -> Self {
        let run = FlowRun::new(Arc::clone(line), language);
        let now = Now::default().plus_millis(1_000);
        let mut walk = Self { run, world, now, playing_until: None, news: vec![], path: vec![], end: None };
        walk.input(FlowInput::Started);
        walk
    }

    /// Presses a key, half a second later.
    pub fn press(&mut self, key: char) {
        self.wait(KEY_MS);
        self.input(FlowInput::Digit(key));
    }

    /// Hears the playback to its end. Whether there was one.
    pub fn listen(&mut self) -> bool {
        let Some(until) = self.playing_until else { return false };
        self.wait(until.millis_since(self.now.mono));
        true
    }

    /// Does nothing until the flow gives up waiting: hears a playback to its end, then is silent. Whether anything was waited for.
    pub fn stay_silent(&mut self) -> bool {
        self.listen();
        if self.playing_until.is_some() {
            return true;
        }
        let Some(wakeup) = self.run.next_wakeup() else { return false };
        self.wait(wakeup.millis_since(self.now.mono));
        true
    }

    /// Lets time pass; playbacks end and alarms ring when they are due.
    fn wait(&mut self, ms: u64) {
        let until = self.now.mono + ms;
        for _ in 0..INPUTS_MAX {
            let (ended, alarm) = (self.playing_until, self.run.next_wakeup());
            let Some(due) = ended.into_iter().chain(alarm).min().filter(|due| *due <= until) else { break };
            self.now = self.now.plus_millis(due.millis_since(self.now.mono));
            if ended == Some(due) {
                self.playing_until = None;
                self.input(FlowInput::PlayEnded);
            } else {
                self.input(FlowInput::Timeout);
            }
        }
        self.now = self.now.plus_millis(until.millis_since(self.now.mono));
    }

    /// The look-up is answered.
    pub fn look_up_answered(&mut self) {
        self.world.lookup_done = true;
        self.input(FlowInput::CallerKnown);
    }

    /// Whether words are being said.
    pub fn is_playing(&self) -> bool {
        self.playing_until.is_some()
    }

    /// Language spoken now.
    pub fn language(&self) -> &Arc<str> {
        self.run.language()
    }

    /// Simulated milliseconds since the call was answered.
    pub fn elapsed_ms(&self) -> u64 {
        self.now.mono.as_millis().saturating_sub(1_000)
    }

    fn input(&mut self, input: FlowInput) {
        // Before a look-up is answered nobody is known.
        let (caller, matches) = if self.world.lookup_done {
            (self.world.caller.as_ref(), self.world.matches.max(usize::from(self.world.caller.is_some())))
        } else {
            (None, 0)
        };
        let closed = &self.world.closed;
        let is_open = |calendar: &CalendarId| Some(!closed.contains(calendar));
        let facts = FlowFacts {
            caller,
            matches,
            lookup_done: self.world.lookup_done,
            can_call_back: self.world.can_call_back,
            is_open: &is_open,
        };
        for effect in self.run.handle(input, &facts, self.now) {
            match &effect {
                FlowEffect::Play { clips } => self.playing_until = Some(self.now.mono + clips.len() as u64 * CLIP_MS),
                FlowEffect::StopPlay => self.playing_until = None,
                FlowEffect::Entered { node } => self.path.push(node.clone()),
                FlowEffect::Language(_) => {}
                FlowEffect::Done(end) => {
                    self.playing_until = None;
                    self.end = Some(end.clone());
                }
            }
            self.news.push(effect);
        }
    }
}

/// What a random caller came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wandering {
    /// How it ended; `None` would be a flow in which a caller gets stuck.
    pub end: Option<FlowEnd>,
    /// Simulated time.
    pub elapsed_ms: u64,
    /// Nodes passed.
    pub path: Vec<Arc<str>>,
}

/// A caller who presses what chance says, in a world as chance makes it. The same `rng` gives the same walk.
pub fn wander(line: &Arc<Line>, rng: &mut Rng) -> Wandering {
    const KEYS: [char; 12] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];
    let mut world = World { lookup_done: rng.below(3) > 0, can_call_back: rng.below(2) == 0, ..World::default() };
    match rng.below(4) {
        0 => world.matches = 2,
        1 => world.caller = Some(some_caller(rng)),
        _ => {}
    }
    for node in line.subflows.values().chain([&line.main]).flat_map(|flow| flow.nodes.values()) {
        if let super::script::Step::Hours { calendar, .. } = &node.step
            && rng.below(2) == 0
        {
            world.closed.insert(calendar.clone());
        }
    }
    let languages = &line.languages;
    let start = languages.get(usize::try_from(rng.below(languages.len() as u64 + 1)).unwrap_or(0));
    let mut walk = Walk::begin(line, start.map_or("xx", AsRef::as_ref), world);
    // Some never keep silent, some press seldom.
    let haste = 1 + rng.below(12);
    for _ in 0..INPUTS_MAX {
        if walk.end.is_some() {
            break;
        }
        match rng.below(12) {
            n if n < haste => walk.press(KEYS[usize::try_from(rng.below(12)).unwrap_or(0)]),
            11 => walk.look_up_answered(),
            10 => {
                walk.listen();
            }
            _ => {
                walk.stay_silent();
            }
        }
        walk.news.clear();
    }
    Wandering { elapsed_ms: walk.elapsed_ms(), end: walk.end, path: walk.path }
}

fn some_caller(rng: &mut Rng) -> KnownCaller {
    let states = ["new", "open", "waiting_customer", "solved", "closed"];
    let state = states[usize::try_from(rng.below(5)).unwrap_or(0)];
    let tickets = (0..rng.below(3)).map(|_| (i64::try_from(rng.below(1_000_000)).unwrap_or(0), Arc::from(state))).collect();
    let language = ["es", "en", "de"][usize::try_from(rng.below(3)).unwrap_or(0)];
    KnownCaller { name: "Ana".into(), language: language.into(), segment: "gold".into(), open_tickets: tickets }
}

/// Which nodes and ways of a line a set of walks has used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Nodes, `subflow/name` within subflows.
    pub nodes: BTreeSet<Arc<str>>,
    /// From one node to the next.
    pub ways: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Coverage {
    /// Adds the nodes that a walk passed.
    pub fn add(&mut self, path: &[Arc<str>]) {
        self.nodes.extend(path.iter().cloned());
        self.ways.extend(path.iter().cloned().zip(path.iter().skip(1).cloned()));
    }

    /// The nodes that no walk came to.
    pub fn untouched(&self, line: &Line) -> Vec<String> {
        node_names(line).into_keys().filter(|name| !self.nodes.contains(name.as_str())).collect()
    }
}

/// Every node of a line by its full name.
pub(super) fn node_names(line: &Line) -> BTreeMap<String, &super::script::Node> {
    let main = line.main.nodes.iter().map(|(name, node)| (name.to_string(), node));
    let subflows = line.subflows.iter();
    let sub = subflows.flat_map(|(flow, f)| f.nodes.iter().map(move |(name, node)| (format!("{flow}/{name}"), node)));
    main.chain(sub).collect()
}
