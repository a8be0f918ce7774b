//! Whole days from a seed: callers, agents, phones and losses act at random, and after every step the floor is held against what
//! must be true of any floor at any time. A failing seed is printed; `DAY_SEED=n cargo test days` runs it alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::{legs::LegUse, timers::Timer, *},
    floor::{agent, id, queue, sample, sample_line},
};
use crate::{
    domain::{
        agent::{AgentEventKind, Presence},
        call::{CallEventKind, EndCause, Stage, TransferTarget},
        directory::{AgentProfile, Device, Directory, QueueExit, WrapUp},
        event::Event,
    },
    types::{CustomerId, PhoneNumber, Timestamp},
};

const SEEDS: u64 = 200;
/// Wrong days after which no more are looked at.
const WRONG_MAX: usize = 8;
/// Steps of one day; the rest of the day the floor empties itself.
const STEPS: usize = 260;

#[test]
fn whole_days_keep_every_promise_of_the_floor() {
    let alone = std::env::var("DAY_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = alone.map_or(1..=SEEDS, |seed: u64| seed..=seed);
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for seed in seeds {
        let day = std::panic::catch_unwind(|| {
            let mut day = Day::new(seed);
            for _ in 0..STEPS {
                day.step();
            }
            day.close();
            day.kinds
        });
        match day {
            Ok(kinds) => seen.extend(kinds),
            Err(_) => wrong.push(seed),
        }
        if wrong.len() >= WRONG_MAX {
            break;
        }
    }
    assert!(wrong.is_empty(), "days went wrong; run one alone with DAY_SEED=n cargo test --lib days: {wrong:?}");
    if alone.is_none() {
        // The days are only worth something if everything happens in them.
        for kind in EVERYTHING {
            assert!(seen.contains(kind), "no day had {kind}");
        }
    }
}

const EVERYTHING: [&str; 21] = [
    "call.arrived",
    "call.dialled",
    "call.identified",
    "call.ivr_entered",
    "call.queued",
    "call.offered",
    "call.offer_missed",
    "call.connected",
    "call.held",
    "call.resumed",
    "call.transferred",
    "call.listen_started",
    "call.listen_ended",
    "call.abandoned",
    "call.flowed_out",
    "call.callback_requested",
    "call.media_lost",
    "call.media_back",
    "call.ended",
    "call.disposed",
    "agent.wrap_up_overdue",
];

/// What the world does on its own, later.
#[derive(Debug, Clone)]
enum Later {
    Input(CentreInput),
    HangUp(LegId),
    Ask(&'static str, CentreCommand),
}

struct Day {
    centre: Centre,
    now: Now,
    /// The floor's generator, and the world's.
    rng: Rng,
    dice: Rng,
    later: BTreeMap<(Mono, u64), Later>,
    count: u64,
    legs: BTreeSet<LegId>,
    inbound: BTreeSet<LegId>,
    hears: BTreeMap<LegId, Vec<Heard>>,
    sessions: BTreeMap<&'static str, SessionId>,
    web: BTreeSet<SessionId>,
    customer: CustomerId,
    directory: Directory,
    /// What was told of each call, agent and queue.
    calls: BTreeMap<CallId, Arc<CallView>>,
    over: BTreeMap<CallId, usize>,
    histories: BTreeMap<CallId, Vec<CallEventKind>>,
    presences: BTreeMap<AgentId, (Presence, Timestamp)>,
    spent: BTreeMap<AgentId, i64>,
    began: Timestamp,
    tallies: BTreeMap<QueueId, Tally>,
    kinds: BTreeSet<&'static str>,
}

/// Contacts of one queue.
#[derive(Debug, Default)]
struct Tally {
    offered: usize,
    answered: usize,
    abandoned: usize,
    flowed_out: usize,
}

const AGENTS: [&str; 5] = ["ana", "bea", "carl", "dora", "eva"];

fn directory(dice: &mut Rng) -> Directory {
    let mut directory = sample();
    directory.agents.insert(id("dora"), agent("dora", &["sales", "support"]));
    let eva = AgentProfile { device: Device::Sip, phone: Some("105".into()), ..agent("eva", &["sales"]) };
    directory.agents.insert(id("eva"), eva);
    for (number, mut queue) in [queue("support"), queue("sales")].into_iter().enumerate() {
        queue.priority = i64::try_from(dice.below(2)).unwrap();
        queue.wait_secs_max = 40 + i64::try_from(dice.below(200)).unwrap();
        queue.waiting_max = 2 + i64::try_from(dice.below(8)).unwrap();
        queue.wrap_up = match dice.below(3) {
            0 => WrapUp::None,
            1 => WrapUp::Timed { secs: 20 },
            _ => WrapUp::UntilDisposition { secs: 15 },
        };
        let other: QueueId = id(["sales", "support"][number]);
        let mut exit = || match dice.below(4) {
            0 => QueueExit::Wait,
            1 => QueueExit::Message { prompt: "goodbye".into() },
            2 => QueueExit::Queue { queue: other.clone() },
            _ => QueueExit::Callback,
        };
        (queue.on_no_agents, queue.on_max_wait, queue.on_full, queue.on_closed) = (exit(), exit(), exit(), exit());
        directory.queues.insert(queue.id.clone(), queue);
    }
    directory
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut dice = Rng::seeded(seed);
        let now = Now { wall: Timestamp::from_millis(1_766_000_000_000), mono: Mono::from_millis(1_000) };
        let directory = directory(&mut dice);
        let customer = CustomerId::mint(now.wall, &mut dice);
        let mut day = Self {
            centre: Centre::new(5_000),
            now,
            rng: Rng::seeded(seed ^ 0xA5A5),
            dice,
            later: BTreeMap::new(),
            count: 0,
            legs: BTreeSet::new(),
            inbound: BTreeSet::new(),
            hears: BTreeMap::new(),
            sessions: BTreeMap::new(),
            web: BTreeSet::new(),
            customer,
            directory: directory.clone(),
            calls: BTreeMap::new(),
            over: BTreeMap::new(),
            histories: BTreeMap::new(),
            presences: BTreeMap::new(),
            spent: BTreeMap::new(),
            began: now.wall,
            tallies: BTreeMap::new(),
            kinds: BTreeSet::new(),
        };
        day.centre.set_scripts(Arc::new(sample_line()));
        day.centre.set_directory(Arc::new(directory), now, &mut day.rng);
        day.collect();
        for who in AGENTS {
            if day.chance(85) {
                day.open_console(who);
            }
        }
        for account in ["103", "105"] {
            day.input(CentreInput::PhoneReachable { account: account.into(), is_reachable: true });
        }
        day
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let index = usize::try_from(self.below(of.len() as u64)).ok()?;
        of.get(index).cloned()
    }

    fn later(&mut self, ms: u64, what: Later) {
        self.count += 1;
        self.later.insert((self.now.mono + ms, self.count), what);
    }

    /// Something happens at random; then some time passes.
    fn step(&mut self) {
        match self.below(30) {
            0..=8 => self.arrive(),
            9 => self.web_call(),
            10..=12 => self.change_presence(),
            13 => self.lose_something(),
            14 => self.dial(),
            15 => self.listen(),
            16..=17 => self.nonsense(),
            18 => self.reload(),
            19 if self.chance(20) => self.redirect(),
            _ => {}
        }
        let ms = 200 + self.below(6_000);
        self.pass(ms);
    }

    /// Time passes: the world's plans and the floor's deadlines come due in order.
    fn pass(&mut self, ms: u64) {
        let end = self.now.mono + ms;
        loop {
            let floor = self.centre.next_wakeup();
            let world = self.later.keys().next().map(|(at, _)| *at);
            let Some(at) = floor.into_iter().chain(world).min().filter(|at| *at <= end) else { break };
            self.now = self.now.plus_millis(at.millis_since(self.now.mono));
            if floor.is_some_and(|floor| floor <= self.now.mono) {
                self.centre.timeout(self.now, &mut self.rng);
                assert!(self.centre.next_wakeup().is_none_or(|next| next > self.now.mono), "a deadline stays due");
                self.collect();
            } else if let Some((_, what)) = self.later.pop_first() {
                self.happen(what);
            }
        }
        self.now = self.now.plus_millis(end.millis_since(self.now.mono));
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Input(input) => {
                if let CentreInput::LegFailed { leg, .. } | CentreInput::LegEnded { leg, .. } = &input {
                    // A peer cannot end what we have ended.
                    if !self.legs.remove(leg) {
                        return;
                    }
                }
                self.input(input);
            }
            Later::HangUp(leg) => {
                if self.legs.remove(&leg) {
                    let is_lost = self.chance(10);
                    self.input(CentreInput::LegEnded { leg, is_lost });
                }
            }
            Later::Ask(who, command) => {
                let _ = self.ask(who, command);
            }
        }
    }

    fn input(&mut self, input: CentreInput) {
        self.centre.handle(input, self.now, &mut self.rng);
        self.collect();
    }

    fn ask(&mut self, who: &str, command: CentreCommand) -> Result<(), Refusal> {
        let actor = Actor::User { user: id(who) };
        let is_offer = matches!(command, CentreCommand::MediaOffer { .. });
        let result = self.centre.command(&actor, command, self.now, &mut self.rng);
        if result.is_err() && !is_offer {
            assert!(self.centre.out.is_empty(), "a refusal changes nothing: {result:?} {:?}", self.centre.out);
        }
        self.collect();
        result
    }

    fn arrive(&mut self) {
        let called = self.pick(&["1000", "1000", "1001", "1001", "1002", "1009", "999"]).unwrap();
        let leg = LegId::mint(self.now.wall, &mut self.dice);
        let number = self.chance(80).then(|| PhoneNumber::parse("+34911000001", "34").unwrap());
        let trunk = Some(id("carrier"));
        let caller = CallerLine { is_withheld: number.is_none(), number, trunk, ..CallerLine::default() };
        self.legs.insert(leg);
        self.inbound.insert(leg);
        self.input(CentreInput::Arrived { leg, caller, called: called.into(), language: Some("en-GB".into()) });
        let patience = 500 + self.below(120_000);
        self.later(patience, Later::HangUp(leg));
        for _ in 0..3 {
            let (ms, digit) = (self.below(20_000), self.pick(&['1', '2', '3', '7', '*']).unwrap());
            self.later(ms, Later::Input(CentreInput::Digit { leg, digit }));
        }
        if self.chance(5) {
            let ms = self.below(40_000);
            self.later(ms, Later::Input(CentreInput::LegAudio { leg, is_up: false }));
            if self.chance(50) {
                self.later(ms + 3_000, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
            }
        }
    }

    fn web_call(&mut self) {
        let session = SessionId::mint(self.now.wall, &mut self.dice);
        let number = self.pick(&["1000", "1001", "999"]).unwrap().to_owned();
        let call = WebCall { session, number, offer: "v=0".into(), language: Some("es".into()) };
        if self.ask("web", CentreCommand::WebCall(call)).is_ok() {
            self.web.insert(session);
            let (ms, digit) = (self.below(20_000), self.pick(&['1', '2']).unwrap());
            self.later(ms, Later::Ask("web", CentreCommand::WebDigit { session, digit }));
            let ms = self.below(60_000);
            let end = if self.chance(50) {
                Later::Input(CentreInput::WebPhoneGone { session })
            } else {
                Later::Ask("web", CentreCommand::WebHangUp { session })
            };
            self.later(ms, end);
        }
    }

    fn open_console(&mut self, who: &'static str) {
        let session = SessionId::mint(self.now.wall, &mut self.dice);
        self.sessions.insert(who, session);
        self.input(CentreInput::ConsoleSession { agent: id(who), session, is_up: true });
        self.ask(who, CentreCommand::MediaOffer { agent: id(who), session, offer: "v=0".into() }).unwrap();
        let ready = CentreCommand::SetPresence { agent: id(who), wanted: WantedPresence::Ready };
        self.later(1_500, Later::Ask(who, ready));
    }

    fn reload(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        self.open_console(who);
    }

    fn change_presence(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let by = if self.chance(30) { "boss" } else { who };
        let wanted = match self.below(8) {
            0 => WantedPresence::Offline,
            1 => WantedPresence::Paused { reason: "lunch".into() },
            2 => WantedPresence::Paused { reason: "no such reason".into() },
            _ => WantedPresence::Ready,
        };
        let _ = self.ask(by, CentreCommand::SetPresence { agent: id(who), wanted });
    }

    fn lose_something(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        match self.below(4) {
            0 => {
                if let Some(session) = self.sessions.remove(who) {
                    self.input(CentreInput::ConsoleSession { agent: id(who), session, is_up: false });
                }
            }
            1 => {
                if let Some(leg) = self.centre.consoles.get(&id::<AgentId>(who)).and_then(|console| console.leg) {
                    self.input(CentreInput::LegAudio { leg, is_up: false });
                    let back = self.below(60_000);
                    self.later(back, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
                }
            }
            2 => {
                let account = self.pick(&["103", "105"]).unwrap();
                self.input(CentreInput::PhoneReachable { account: account.into(), is_reachable: false });
                let back = self.below(30_000);
                self.later(back, Later::Input(CentreInput::PhoneReachable { account: account.into(), is_reachable: true }));
            }
            _ => {
                let legs: Vec<LegId> = self.legs.iter().copied().collect();
                if let Some(leg) = self.pick(&legs) {
                    let input = if self.chance(50) {
                        CentreInput::LegFailed { leg, cause: EndCause::Fault }
                    } else {
                        CentreInput::LegEnded { leg, is_lost: true }
                    };
                    self.later(1, Later::Input(input));
                }
            }
        }
    }

    fn dial(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let number = self.pick(&["+34911222333", "911222333", "103", "1001", "112", "nonsense"]).unwrap().to_owned();
        let customer = self.chance(50).then_some(self.customer);
        let _ = self.ask(who, CentreCommand::Dial { agent: id(who), number, customer });
    }

    fn listen(&mut self) {
        let who = self.pick(&["ana", "bea", "boss"]).unwrap();
        if who == "boss" && !self.sessions.contains_key("boss") {
            self.open_console("boss");
            self.pass(500);
        }
        let calls: Vec<CallId> = self.centre.calls.keys().copied().collect();
        let Some(call) = self.pick(&calls) else { return };
        let _ = self.ask(who, CentreCommand::Listen { supervisor: id(who), call });
        let ms = self.below(30_000);
        self.later(ms, Later::Ask(who, CentreCommand::StopListening { supervisor: id(who) }));
    }

    /// Commands that make no sense, for any agent and any call.
    fn nonsense(&mut self) {
        let who = self.pick(&AGENTS).unwrap();
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        let Some(call) = self.pick(&calls) else { return };
        let command = self.some_command(who, call);
        let _ = self.ask(who, command);
    }

    fn some_command(&mut self, who: &'static str, call: CallId) -> CentreCommand {
        let agent: AgentId = id(who);
        match self.below(14) {
            0 => CentreCommand::Answer { agent, call },
            1 => CentreCommand::Decline { agent, call },
            2 => CentreCommand::HangUp { agent, call },
            3 => CentreCommand::Hold { agent, call },
            4 => CentreCommand::Resume { agent, call },
            5 => CentreCommand::Mute { agent, is_muted: self.chance(50) },
            6 => CentreCommand::SendDigits { agent, call, digits: self.pick(&["12#", "x"]).unwrap().into() },
            7 => {
                let to = self.pick(&AGENTS).unwrap();
                CentreCommand::Transfer { agent, call, target: TransferTarget::Agent { agent: id(to) } }
            }
            8 => {
                let to = self.pick(&["sales", "support", "nowhere"]).unwrap();
                CentreCommand::Transfer { agent, call, target: TransferTarget::Queue { queue: id(to) } }
            }
            9 => CentreCommand::Dispose { agent, call, disposition: id(self.pick(&["billing", "nothing"]).unwrap()) },
            10 => CentreCommand::WrapUpDone { agent, call },
            11 => CentreCommand::WrapUpExtend { agent, call },
            12 => CentreCommand::ChooseCustomer { agent, call, customer: Box::new(self.customer()) },
            _ => CentreCommand::StopListening { supervisor: agent },
        }
    }

    /// Supervisors change the directory while calls run.
    fn redirect(&mut self) {
        let mut directory = self.directory.clone();
        directory.version += 1;
        match self.below(4) {
            0 => {
                directory.queues.remove(&id::<QueueId>("sales"));
            }
            1 => {
                let who = self.pick(&AGENTS).unwrap();
                directory.agents.get_mut(&id::<AgentId>(who)).unwrap().is_active = false;
            }
            2 => {
                let who = self.pick(&AGENTS).unwrap();
                directory.agents.get_mut(&id::<AgentId>(who)).unwrap().skills.clear();
            }
            _ => {}
        }
        self.directory.version += 1;
        self.centre.set_directory(Arc::new(directory), self.now, &mut self.rng);
        self.collect();
    }

    /// The world reacts to what the floor wants; then everything is checked.
    fn collect(&mut self) {
        let mut offered = Vec::new();
        while let Some(output) = self.centre.poll() {
            match output {
                CentreOutput::Phone(effect) => self.react(effect),
                CentreOutput::LookUp { call, .. } => {
                    if self.chance(90) {
                        let found = self.matches();
                        let ms = 5 + self.below(500);
                        self.later(ms, Later::Input(CentreInput::CallerKnown { call, found }));
                    }
                }
                CentreOutput::Fact(fact) => {
                    if let Event::Call(event) = &fact.event
                        && let CallEventKind::Offered { queue: Some(_), agent, .. } = &event.kind
                    {
                        offered.push((event.call, agent.clone()));
                    }
                    self.record(&fact);
                }
                CentreOutput::Call(view) => self.see_call(view),
                CentreOutput::WebPhoneEnded { session, .. } => assert!(self.web.remove(&session), "a web phone ends once"),
                CentreOutput::AgentGone { agent } => {
                    assert!(!self.centre.agents.contains_key(&agent), "who is gone is off the floor");
                }
                CentreOutput::Agent(_)
                | CentreOutput::Queue(_)
                | CentreOutput::WebPhoneConnected { .. }
                | CentreOutput::Notice { .. } => {}
            }
        }
        self.check(&offered);
    }

    fn customer(&self) -> CallerRecordRef {
        CallerRecordRef {
            customer: self.customer,
            name: "Ana Gil".into(),
            segment: "gold".into(),
            language: Some("es".into()),
            open_tickets: vec![(1042, "open".into())],
        }
    }

    fn matches(&mut self) -> CallerMatch {
        let record = self.customer();
        let count = usize::try_from(self.below(3)).unwrap();
        CallerMatch { customers: vec![record; count] }
    }

    fn react(&mut self, effect: PhoneEffect) {
        match effect {
            PhoneEffect::Answer { leg } => {
                if self.chance(95) {
                    let ms = self.below(200);
                    self.later(ms, Later::Input(CentreInput::LegAnswered { leg }));
                }
            }
            PhoneEffect::CallPhone { leg, ring_secs, .. } | PhoneEffect::CallOut { leg, ring_secs, .. } => {
                assert!(self.legs.insert(leg), "a leg is opened once");
                self.ring(leg, ring_secs);
            }
            PhoneEffect::OpenConsole { leg, .. } => {
                self.legs.insert(leg);
                if self.chance(90) {
                    self.later(300, Later::Input(CentreInput::LegAudio { leg, is_up: true }));
                }
            }
            PhoneEffect::OpenWebPhone { leg, .. } => {
                assert!(self.legs.insert(leg));
                self.inbound.insert(leg);
                let (ms, is_up) = (self.below(3_000), self.chance(85));
                let input = if is_up {
                    CentreInput::LegAnswered { leg }
                } else {
                    CentreInput::LegFailed { leg, cause: EndCause::Fault }
                };
                self.later(ms, Later::Input(input));
            }
            PhoneEffect::HangUp { leg } | PhoneEffect::Cancel { leg, .. } | PhoneEffect::Reject { leg, .. } => {
                self.legs.remove(&leg);
                self.hears.remove(&leg);
            }
            PhoneEffect::Play { leg, play, clips } => {
                assert!(!clips.is_empty() && self.legs.contains(&leg), "plays to a leg that is there");
                let ms = 300 + self.below(4_000);
                self.later(ms, Later::Input(CentreInput::PlayEnded { leg, play, was_stopped: false }));
            }
            PhoneEffect::Hear { leg, heard } => {
                assert!(self.legs.contains(&leg), "only a leg that is there hears");
                self.hears.insert(leg, heard);
            }
            PhoneEffect::Mute { leg, .. } | PhoneEffect::SendDigits { leg, .. } => assert!(self.legs.contains(&leg)),
            PhoneEffect::StopPlay { .. } | PhoneEffect::Candidate { .. } | PhoneEffect::Ring { .. } => {}
        }
    }

    fn ring(&mut self, leg: LegId, ring_secs: u32) {
        self.later(100, Later::Input(CentreInput::LegRinging { leg }));
        let ms = 500 + self.below(u64::from(ring_secs) * 1_000);
        let cause = self.pick(&[EndCause::Busy, EndCause::Refused, EndCause::Lost]).unwrap();
        match self.below(10) {
            0..=6 => {
                self.later(ms, Later::Input(CentreInput::LegAnswered { leg }));
                let talk = ms + self.below(60_000);
                self.later(talk, Later::HangUp(leg));
            }
            7 => self.later(ms, Later::Input(CentreInput::LegFailed { leg, cause })),
            8 => {
                let end = u64::from(ring_secs) * 1_000;
                self.later(end, Later::Input(CentreInput::LegFailed { leg, cause: EndCause::NoAnswer }));
            }
            _ => {}
        }
    }

    /// Agents do something about the calls on their screens.
    fn see_call(&mut self, view: Arc<CallView>) {
        let old = self.calls.insert(view.id, view.clone());
        assert!(old.is_none_or(|old| old.version < view.version && !matches!(old.state, CallState::Over { .. })));
        if matches!(view.state, CallState::Over { .. }) {
            *self.over.entry(view.id).or_insert(0) += 1;
        }
        let Some(agent) = view.agent.as_ref().and_then(|agent| AGENTS.iter().find(|who| **who == agent.as_str())) else {
            return;
        };
        let who: &'static str = agent;
        let call = view.id;
        match view.state {
            CallState::Offered { .. } if self.chance(75) => {
                let ms = self.below(14_000);
                let command = if self.chance(85) {
                    CentreCommand::Answer { agent: id(who), call }
                } else {
                    CentreCommand::Decline { agent: id(who), call }
                };
                self.later(ms, Later::Ask(who, command));
            }
            CallState::Talking | CallState::Held | CallState::Dialling => {
                for _ in 0..2 {
                    let ms = self.below(30_000);
                    let command = self.some_command(who, call);
                    self.later(ms, Later::Ask(who, command));
                }
                let ms = self.below(60_000);
                self.later(ms, Later::Ask(who, CentreCommand::HangUp { agent: id(who), call }));
            }
            CallState::WrappingUp { .. } if self.chance(60) => {
                let ms = self.below(20_000);
                self.later(ms, Later::Ask(who, CentreCommand::Dispose { agent: id(who), call, disposition: id("billing") }));
                self.later(ms + 500, Later::Ask(who, CentreCommand::WrapUpDone { agent: id(who), call }));
            }
            _ => {}
        }
    }

    /// Facts add up: every story is well told, every contact counted once, every agent's second somewhere.
    fn record(&mut self, fact: &Fact) {
        self.kinds.insert(fact.event.kind());
        match &fact.event {
            Event::Call(event) => {
                let history = self.histories.entry(event.call).or_default();
                let is_first = matches!(event.kind, CallEventKind::Arrived { .. } | CallEventKind::Dialled { .. });
                assert_eq!(history.is_empty(), is_first, "{:?} after {history:?}", event.kind);
                if history.iter().any(|kind| matches!(kind, CallEventKind::Ended { .. })) {
                    let is_afterwards = matches!(event.kind, CallEventKind::Disposed { .. } | CallEventKind::Identified { .. });
                    assert!(is_afterwards, "{:?} after the end", event.kind);
                }
                history.push(event.kind.clone());
                match &event.kind {
                    CallEventKind::Queued { queue, .. } => self.tallies.entry(queue.clone()).or_default().offered += 1,
                    CallEventKind::Connected { queue: Some(queue), .. } => {
                        self.tallies.entry(queue.clone()).or_default().answered += 1;
                    }
                    CallEventKind::Abandoned { queue, .. } => self.tallies.entry(queue.clone()).or_default().abandoned += 1,
                    CallEventKind::FlowedOut { queue, .. } => self.tallies.entry(queue.clone()).or_default().flowed_out += 1,
                    _ => {}
                }
                if let Some(summary) = &fact.call {
                    let longest = summary.ended_at.unwrap_or(fact.at).millis_since(summary.started_at);
                    assert!(summary.wait_ms + summary.talk_ms + summary.hold_ms <= longest, "{summary:?}");
                }
            }
            Event::Agent(event) => {
                if let AgentEventKind::PresenceChanged { from, to, .. } = &event.kind {
                    let (was, since) = self.presences.get(&event.agent).cloned().unwrap_or((Presence::Offline, self.began));
                    assert_eq!(kind_of(&was), kind_of(from), "an agent's changes are a chain");
                    *self.spent.entry(event.agent.clone()).or_insert(0) += fact.at.millis_since(since);
                    self.presences.insert(event.agent.clone(), (to.clone(), fact.at));
                }
            }
            other => panic!("the floor told of {other:?}"),
        }
    }

    /// What must be true of any floor at any time.
    fn check(&self, offered: &[(CallId, AgentId)]) {
        let centre = &self.centre;
        for (id, call) in &centre.calls {
            let line_has = centre.lines.iter().find(|(_, line)| line.get(*id).is_some()).map(|(queue, _)| queue);
            let waits_in = match call.stage() {
                Stage::Waiting { queue, .. } => Some(queue),
                _ => None,
            };
            assert_eq!(line_has, waits_in, "in line if and only if waiting");
            assert!(call.is_over() || centre.timers.is_set(&Timer::Longest(*id)), "every call has a longest time");
            assert_eq!(call.stage().deadline().is_some(), centre.timers.is_set(&Timer::Stage(*id)), "{:?}", call.stage());
            if let Some(offer) = call.stage().offer() {
                assert_eq!(centre.agents[&offer.agent].presence(), Presence::Offered { call: *id }, "an offer reserves");
            }
            if let Some(with) = call.stage().partner() {
                assert_eq!(centre.agents[&with.agent].presence(), Presence::Busy { call: *id });
                assert!(with.phone.is_none_or(|leg| self.legs.contains(&leg)), "the agent's phone is there");
            }
            for agent in &call.wrapping {
                assert!(matches!(centre.agents[agent].presence(), Presence::WrappingUp { call, .. } if call == *id));
            }
            for agent in &call.listeners {
                assert_eq!(centre.listening.get(agent), Some(id));
            }
            if let Stage::Waiting { queue, .. } = call.stage() {
                assert!(centre.timers.is_set(&Timer::MaxWait(*id)) || centre.timers.is_set(&Timer::Longest(*id)));
                assert_eq!(centre.lines[queue].get(*id).unwrap().is_offered, call.stage().offer().is_some());
            }
            assert_eq!(centre.flows.contains_key(id), matches!(call.stage(), Stage::InFlow { .. }));
        }
        for agent in centre.agents.values() {
            match agent.presence() {
                Presence::Offered { call } => assert_eq!(centre.calls[&call].stage().offer().unwrap().agent, agent.id),
                Presence::Busy { call } => assert_eq!(centre.calls[&call].stage().partner().unwrap().agent, agent.id),
                Presence::WrappingUp { call, .. } => {
                    assert!(centre.calls[&call].wrapping.contains(&agent.id));
                    assert!(centre.timers.is_set(&Timer::Agent(agent.id.clone())), "a wrap-up ends");
                }
                Presence::Ready => assert!(agent.is_device_up(), "who is ready can ring"),
                Presence::Offline | Presence::Paused { .. } => {}
            }
            if let Some((told, _)) = self.presences.get(&agent.id) {
                assert_eq!(kind_of(told), kind_of(&agent.presence()), "events tell the presence");
            }
        }
        self.check_lines(offered);
        self.check_legs();
        self.check_views();
        for (queue, tally) in &self.tallies {
            let waiting = centre.lines.get(queue).map_or(0, |line| line.len());
            assert_eq!(tally.offered, tally.answered + tally.abandoned + tally.flowed_out + waiting, "{queue}: {tally:?}");
        }
    }

    /// Nobody is served before someone ahead who could have been served; nobody waits while an agent idles who could help. A
    /// dead line cannot be served.
    fn check_lines(&self, offered: &[(CallId, AgentId)]) {
        let centre = &self.centre;
        let now = self.now.mono;
        for (queue, line) in &centre.lines {
            for (place, waiting) in line.iter().filter(|(_, waiting)| !waiting.is_offered && !waiting.is_dead) {
                for (ahead, agent) in offered {
                    let Some(other) = line.iter().find(|(_, w)| w.call == *ahead && w.is_offered).map(|(place, _)| place)
                    else {
                        continue;
                    };
                    assert!(place > other || waiting.excludes(agent, now), "{} was overtaken by {ahead}", waiting.call);
                }
                for agent in centre.agents.values().filter(|agent| agent.is_free()) {
                    let could = centre.serves[&agent.id].contains(queue)
                        && !waiting.excludes(&agent.id, now)
                        && !centre.listening.contains_key(&agent.id);
                    assert!(!could, "{} idles while {} waits", agent.id, waiting.call);
                }
            }
        }
    }

    /// Every leg of the world is someone's, and hears what it should.
    fn check_legs(&self) {
        let centre = &self.centre;
        let known: BTreeSet<LegId> = centre.legs.keys().copied().collect();
        assert_eq!(known, self.legs, "no leg leaks");
        let mut expected: BTreeMap<LegId, Vec<Heard>> = BTreeMap::new();
        for call in centre.calls.values() {
            expected.extend(centre.hearing_of(call));
        }
        for (leg, used) in &centre.legs {
            match used {
                LegUse::Customer(call) => assert_eq!(centre.calls[call].customer_leg, Some(*leg)),
                LegUse::AgentPhone { call, .. } => assert!(!centre.calls[call].is_over()),
                LegUse::Console(agent) => assert_eq!(centre.consoles[agent].leg, Some(*leg)),
                LegUse::WebPhone(session) => assert_eq!(centre.web_phones[session].leg, *leg),
            }
            let hears = self.hears.get(leg).cloned().unwrap_or_default();
            assert_eq!(hears, expected.get(leg).cloned().unwrap_or_default(), "{used:?}");
        }
    }

    /// What consoles were told is what is.
    fn check_views(&self) {
        let centre = &self.centre;
        let told = |id| self.calls.get(id).filter(|view| !matches!(view.state, CallState::Over { .. }));
        for (id, call) in &centre.calls {
            let view = told(id).expect("a call on the floor is on screens");
            assert_eq!(**view, centre.call_view(call, None, view.version));
        }
        let open = self.calls.iter().filter(|(_, view)| !matches!(view.state, CallState::Over { .. })).count();
        assert_eq!(open, centre.calls.len(), "calls that are gone were told to be over");
        let snapshot = centre.snapshot();
        assert_eq!((snapshot.calls.len(), snapshot.agents.len()), (centre.calls.len(), centre.agents.len()));
        for view in snapshot.agents {
            assert_eq!(*view, centre.agent_view(&centre.agents[&view.id], view.version));
        }
        for view in snapshot.queues {
            assert_eq!(*view, centre.queue_view(&view.id, &centre.talking_by_queue(), view.version).unwrap());
        }
    }

    /// The day ends: nobody calls any more, and the floor comes to rest by itself.
    fn close(&mut self) {
        let callers: Vec<LegId> = self.inbound.iter().copied().filter(|leg| self.legs.contains(leg)).collect();
        if self.chance(30) {
            self.centre.end_all(self.now, &mut self.rng);
            self.collect();
        } else {
            for leg in callers {
                let ms = self.below(1_000_000);
                self.later(ms, Later::HangUp(leg));
            }
        }
        self.pass(13 * 3_600_000);
        assert!(self.centre.calls.is_empty(), "{:?}", self.centre.calls);
        assert!(self.centre.legs.values().all(|used| matches!(used, LegUse::Console(_))), "{:?}", self.centre.legs);
        assert!(self.web.is_empty() && self.centre.web_phones.is_empty());
        for (call, history) in &self.histories {
            assert!(history.iter().any(|kind| matches!(kind, CallEventKind::Ended { .. })), "{call} never ended: {history:?}");
            assert_eq!(self.over.get(call), Some(&1), "{call} is told to be over once");
        }
        for agent in self.centre.agents.values() {
            let work =
                matches!(agent.presence(), Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. });
            assert!(!work, "{} is stuck", agent.id);
            if let Some((_, since)) = self.presences.get(&agent.id) {
                let spent = self.spent[&agent.id] + self.now.wall.millis_since(*since);
                assert_eq!(spent, self.now.wall.millis_since(self.began), "an agent's time adds up");
            }
        }
    }
}

/// A presence without its particulars that may change without an event.
fn kind_of(presence: &Presence) -> Presence {
    match presence {
        Presence::WrappingUp { call, .. } => Presence::WrappingUp { call: *call, until: None },
        other => other.clone(),
    }
}
