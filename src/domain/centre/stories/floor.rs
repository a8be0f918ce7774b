//! A floor to tell stories on: a small directory, a hand to turn the clock, and a memory of what came out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::super::*;
use crate::{
    domain::{
        agent::{AgentEventKind, Presence},
        call::{CallEventKind, CallSummary, EndCause, Supervision},
        directory::{
            AgentProfile, Answering, Device, Directory, Number, NumberTarget, PauseReason, Phone, Queue, QueueExit, SkillNeed,
            StillUnanswered::{Answer, Refuse},
            Trunk, WrapUp,
        },
        event::Event,
        ivr::{LineFolder, Surroundings, check_line},
    },
    types::{LineId, PhoneNumber, Timestamp},
};

/// A key or id from text.
pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// What the supervisor of the stories asks.
pub fn supervise(mode: Supervision, call: CallId) -> CentreCommand {
    CentreCommand::Supervise { supervisor: id("boss"), call, mode }
}

/// A queue as in the sample centre, all exits set to wait.
pub fn queue(key: &str) -> Queue {
    Queue {
        skills: vec![SkillNeed { skill: id(key), level: 1 }],
        wrap_up: WrapUp::Timed { secs: 30 },
        position_every_secs: 30,
        on_max_wait: QueueExit::Message { prompt: "long-wait".into() },
        on_full: QueueExit::Message { prompt: "queue-full".into() },
        on_closed: QueueExit::Message { prompt: "queue-closed".into() },
        ..Queue::new(id(key), key)
    }
}

/// An agent with a browser and these queues' skills.
pub fn agent(key: &str, queues: &[&str]) -> AgentProfile {
    AgentProfile {
        id: id(key),
        name: key.into(),
        skills: queues.iter().map(|queue| (id(queue), 5)).collect(),
        device: Device::Browser,
        phone: None,
        is_active: true,
        work_items_max: None,
    }
}

fn number(number: &str, target: NumberTarget) -> (Arc<str>, Number) {
    let answering = Answering::AtOnce;
    (number.into(), Number { number: number.into(), name: number.into(), target, is_on_web_phone: true, answering })
}

/// A number whose callers are not answered at once.
fn unanswered(called: &str, target: NumberTarget, answering: Answering) -> (Arc<str>, Number) {
    let (key, number) = number(called, target);
    (key, Number { answering, ..number })
}

/// Two queues, three agents (`ana`, `bea` in the browser, `carl` on SIP phone 103), a trunk, the sample centre's numbers,
/// and 1003 to 1006, whose callers are not answered at once.
pub fn sample() -> Directory {
    let mut directory = Directory { version: 1, ..Directory::default() };
    for key in ["support", "sales"] {
        directory.queues.insert(id(key), queue(key));
    }
    let carl = AgentProfile { device: Device::Sip, phone: Some("103".into()), ..agent("carl", &["support"]) };
    for profile in [agent("ana", &["support"]), agent("bea", &["support", "sales"]), carl] {
        directory.agents.insert(profile.id.clone(), profile);
    }
    directory.numbers = BTreeMap::from([
        number("1000", NumberTarget::Line { line: id("main-menu") }),
        number("1001", NumberTarget::Queue { queue: id("support") }),
        number("1002", NumberTarget::Queue { queue: id("sales") }),
        number("1009", NumberTarget::Echo),
        unanswered("1003", NumberTarget::Queue { queue: id("support") }, Answering::EarlyMedia { secs_max: 60, then: Answer }),
        unanswered("1004", NumberTarget::Queue { queue: id("support") }, Answering::Ringing { secs_max: 60, then: Refuse }),
        unanswered("1005", NumberTarget::Line { line: id("main-menu") }, Answering::EarlyMedia { secs_max: 60, then: Refuse }),
        unanswered("1006", NumberTarget::Line { line: id("main-menu") }, Answering::Ringing { secs_max: 60, then: Answer }),
    ]);
    let phone = Phone {
        account: "103".into(),
        name: "103".into(),
        secret: None,
        is_active: true,
        media_encryption: Default::default(),
    };
    directory.phones.insert("103".into(), phone);
    directory.trunks.insert(
        id("carrier"),
        Trunk { peer: Some("192.0.2.1:5060".into()), calls_max: 100, ..Trunk::new(id("carrier"), "Carrier") },
    );
    for reason in ["lunch", "training"] {
        directory.pause_reasons.push(PauseReason { id: reason.into(), names: BTreeMap::new() });
    }
    directory.dispositions.insert(
        id("billing"),
        crate::domain::directory::Disposition {
            id: id("billing"),
            parent: None,
            names: BTreeMap::new(),
            position: 1,
            is_active: true,
        },
    );
    directory
}

/// The line `main-menu`: a greeting, a menu (1 support, 2 sales, 3 a callback), support for who presses nothing.
pub fn sample_line() -> ScriptBook {
    sample_line_of(SAMPLE_FLOW)
}

pub const SAMPLE_FLOW: &str = r#"
flow = "main-menu"
schema = 1
lang = { default = "es", also = ["en"] }
start = "welcome"
fallback = "support"

[node.welcome]
type = "say"
prompt = "welcome"
next = "menu"

[node.menu]
type = "menu"
prompt = "menu"
timeout = "6s"
max_tries = 2
on_exhausted = "support"
keys = { "1" = { next = "support", reason = "incident" }, "2" = "sales", "3" = "later" }

[node.support]
type = "queue"
queue = "support"

[node.sales]
type = "queue"
queue = "sales"

[node.later]
type = "callback"
queue = "sales"
no_number = "support"
"#;

/// The same line with another flow.
pub fn sample_line_of(flow: &str) -> ScriptBook {
    let line: LineId = id("main-menu");
    let files = BTreeMap::from([("flow.toml".to_owned(), flow.to_owned())]);
    let mut clips = BTreeMap::new();
    for language in ["es", "en"] {
        for clip in ["main-menu/{}/welcome", "main-menu/{}/menu", "shared/{}/callback-promised"] {
            clips.insert(Arc::from(clip.replace("{}", language)), 1_000);
        }
    }
    let checked =
        check_line(LineFolder { id: &line, files: &files }, Surroundings { clips: &clips, queues: None, calendars: None });
    let flow = checked.line.unwrap_or_else(|| panic!("{:?}", checked.mistakes));
    ScriptBook { lines: BTreeMap::from([(line, Arc::new(flow))]) }
}

/// A floor, its clock, and everything that came out of it.
pub struct Floor {
    pub centre: Centre,
    pub now: Now,
    pub rng: Rng,
    pub phone: Vec<PhoneEffect>,
    pub events: Vec<Fact>,
    pub notices: Vec<(String, &'static str)>,
    pub hears: BTreeMap<LegId, Vec<Heard>>,
    pub open: BTreeSet<LegId>,
    pub calls: BTreeMap<CallId, Arc<CallView>>,
    pub summaries: BTreeMap<CallId, CallSummary>,
    pub web_ended: Vec<(SessionId, EndCause)>,
    pub gone: Vec<AgentId>,
    pub drifts: Vec<Drift>,
}

impl Floor {
    /// A floor with this directory and nobody signed in.
    pub fn with(directory: Directory) -> Self {
        let mut floor = Self {
            centre: Centre::new(1_000),
            now: Now { wall: Timestamp::from_millis(1_766_000_000_000), mono: Mono::from_millis(5_000) },
            rng: Rng::seeded(7),
            phone: vec![],
            events: vec![],
            notices: vec![],
            hears: BTreeMap::new(),
            open: BTreeSet::new(),
            calls: BTreeMap::new(),
            summaries: BTreeMap::new(),
            web_ended: vec![],
            gone: vec![],
            drifts: vec![],
        };
        floor.set_directory(directory);
        floor
    }

    pub fn set_directory(&mut self, directory: Directory) {
        self.centre.set_directory(Arc::new(directory), self.now, &mut self.rng);
        self.collect();
    }

    /// The sample floor with these agents ready in their browsers (carl on the phone).
    pub fn ready(agents: &[&str]) -> Self {
        let mut floor = Self::with(sample());
        for agent in agents {
            floor.sign_in(agent);
            floor.sleep(1_000);
        }
        floor
    }

    fn collect(&mut self) {
        while let Some(output) = self.centre.poll() {
            match output {
                CentreOutput::Phone(effect) => {
                    match &effect {
                        PhoneEffect::Hear { leg, heard } => {
                            self.hears.insert(*leg, heard.clone());
                        }
                        PhoneEffect::HangUp { leg }
                        | PhoneEffect::Cancel { leg, .. }
                        | PhoneEffect::Reject { leg, .. }
                        | PhoneEffect::NotReached { leg, .. } => {
                            self.open.remove(leg);
                        }
                        PhoneEffect::Answer { leg }
                        | PhoneEffect::CallPhone { leg, .. }
                        | PhoneEffect::CallOut { leg, .. }
                        | PhoneEffect::OpenConsole { leg, .. }
                        | PhoneEffect::OpenWebPhone { leg, .. } => {
                            self.open.insert(*leg);
                        }
                        _ => {}
                    }
                    self.phone.push(effect);
                }
                CentreOutput::Fact(fact) | CentreOutput::DiallingRefused { fact, .. } => {
                    if let Some(summary) = &fact.call {
                        self.summaries.insert(summary.id, (**summary).clone());
                    }
                    self.events.push(fact);
                }
                CentreOutput::Call(view) => {
                    if let Some(old) = self.calls.get(&view.id) {
                        assert!(view.version > old.version, "versions grow");
                    }
                    self.calls.insert(view.id, view);
                }
                CentreOutput::Notice { user, key } => self.notices.push((user.to_string(), key)),
                CentreOutput::WebPhoneEnded { session, cause } => self.web_ended.push((session, cause)),
                CentreOutput::AgentGone { agent } => self.gone.push(agent),
                CentreOutput::Drift(drift) => self.drifts.push(drift),
                CentreOutput::Agent(_)
                | CentreOutput::Queue(_)
                | CentreOutput::LookUp { .. }
                | CentreOutput::WebPhoneConnected { .. } => {}
            }
        }
    }

    pub fn input(&mut self, input: CentreInput) {
        if let CentreInput::LegFailed { leg, .. } = &input {
            self.open.remove(leg);
        }
        self.centre.handle(input, self.now, &mut self.rng);
        self.collect();
    }

    /// Takes up what an earlier floor wrote down.
    pub fn recover(&mut self, calls: Vec<KeptCall>, agents: Vec<crate::domain::agent::Agent>) {
        self.centre.recover(calls, agents, self.now, &mut self.rng);
        self.collect();
    }

    pub fn ask_as(&mut self, user: &str, command: CentreCommand) -> Result<(), Refusal> {
        let result = self.centre.command(&Actor::User { user: id(user) }, command, self.now, &mut self.rng);
        self.collect();
        result
    }

    /// An agent asks for something concerning the own call.
    pub fn ask(&mut self, agent: &str, make: impl FnOnce(AgentId, CallId) -> CentreCommand) -> Result<(), Refusal> {
        let call = self.agent(agent).call.expect("the agent has a call");
        self.ask_as(agent, make(id(agent), call))
    }

    pub fn set_presence(&mut self, agent: &str, wanted: WantedPresence) -> Result<(), Refusal> {
        self.ask_as(agent, CentreCommand::SetPresence { agent: id(agent), wanted })
    }

    /// Time passes; deadlines are met on the way.
    pub fn sleep(&mut self, ms: u64) {
        let end = self.now.mono + ms;
        while let Some(at) = self.centre.next_wakeup().filter(|at| *at <= end) {
            self.now = self.now.plus_millis(at.millis_since(self.now.mono));
            self.centre.timeout(self.now, &mut self.rng);
            self.collect();
        }
        self.now = self.now.plus_millis(end.millis_since(self.now.mono));
    }

    /// Opens the console of an agent with working audio.
    pub fn open_console(&mut self, agent: &str) -> (SessionId, LegId) {
        let session = SessionId::mint(self.now.wall, &mut self.rng);
        self.input(CentreInput::ConsoleSession { agent: id(agent), session, is_up: true });
        self.ask_as(agent, CentreCommand::MediaOffer { agent: id(agent), session, offer: "v=0".into() }).unwrap();
        let leg = self.console_leg(agent);
        self.input(CentreInput::LegAudio { leg, is_up: true });
        (session, leg)
    }

    pub fn sign_in(&mut self, agent: &str) {
        if agent == "carl" {
            self.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: true });
        } else {
            self.open_console(agent);
        }
        self.set_presence(agent, WantedPresence::Ready).unwrap();
    }

    /// A call arrives at a number and is answered by us.
    pub fn call(&mut self, called: &str) -> (LegId, CallId) {
        let leg = LegId::mint(self.now.wall, &mut self.rng);
        let caller = CallerLine {
            number: Some(PhoneNumber::parse("+34911000001", "34").unwrap()),
            trunk: Some(id("carrier")),
            ..CallerLine::default()
        };
        self.input(CentreInput::Arrived { leg, caller, called: called.into(), language: None });
        self.input(CentreInput::LegAnswered { leg });
        let arrived = |fact: &Fact| match &fact.event {
            Event::Call(event) if matches!(event.kind, CallEventKind::Arrived { .. }) => Some(event.call),
            _ => None,
        };
        let call = self.events.iter().rev().find_map(arrived).unwrap();
        (leg, call)
    }

    pub fn hang_up(&mut self, leg: LegId) {
        self.open.remove(&leg);
        self.input(CentreInput::LegEnded { leg, is_lost: false });
    }

    pub fn answer(&mut self, agent: &str) {
        self.ask(agent, |agent, call| CentreCommand::Answer { agent, call }).unwrap();
    }

    pub fn agent(&self, agent: &str) -> Arc<AgentView> {
        self.centre.snapshot().agents.into_iter().find(|view| view.id.as_str() == agent).unwrap()
    }

    pub fn presence(&self, agent: &str) -> Presence {
        self.agent(agent).presence.clone()
    }

    pub fn view(&self, call: CallId) -> Arc<CallView> {
        self.calls.get(&call).unwrap().clone()
    }

    pub fn console_leg(&self, agent: &str) -> LegId {
        let opened = |effect: &PhoneEffect| match effect {
            PhoneEffect::OpenConsole { leg, agent: whose, .. } if whose.as_str() == agent => Some(*leg),
            _ => None,
        };
        self.phone.iter().rev().find_map(opened).unwrap()
    }

    /// The phone leg rung last.
    pub fn phone_leg(&self) -> LegId {
        let called = |effect: &PhoneEffect| match effect {
            PhoneEffect::CallPhone { leg, .. } | PhoneEffect::CallOut { leg, .. } => Some(*leg),
            _ => None,
        };
        self.phone.iter().rev().find_map(called).unwrap()
    }

    /// Kinds of what happened to calls, in order: `arrived`, `queued`, …
    pub fn story(&self) -> Vec<&'static str> {
        let kind = |fact: &Fact| match &fact.event {
            Event::Call(event) => Some(event.kind().trim_start_matches("call.")),
            _ => None,
        };
        self.events.iter().filter_map(kind).collect()
    }

    pub fn call_events(&self) -> impl Iterator<Item = &CallEventKind> {
        self.events.iter().filter_map(|fact| match &fact.event {
            Event::Call(event) => Some(&event.kind),
            _ => None,
        })
    }

    pub fn agent_events<'a>(&'a self, agent: &str) -> Vec<&'a AgentEventKind> {
        let kind = |fact: &'a Fact| match &fact.event {
            Event::Agent(event) if event.agent.as_str() == agent => Some(&event.kind),
            _ => None,
        };
        self.events.iter().filter_map(kind).collect()
    }

    pub fn played(&self) -> Vec<String> {
        let clips = |effect: &PhoneEffect| match effect {
            PhoneEffect::Play { clips, .. } => Some(clips.iter().map(|clip| clip.to_string()).collect::<Vec<_>>().join("+")),
            _ => None,
        };
        self.phone.iter().filter_map(clips).collect()
    }
}

pub fn paused(reason: &str) -> Presence {
    Presence::Paused { reason: reason.into() }
}

/// Our ringing tone.
pub fn ringback() -> Vec<Heard> {
    vec![Heard::Music("music/ringback".into())]
}
