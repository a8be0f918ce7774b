//! Whole days from a seed: callers, agents, phones and losses act at random, and after every step the floor is held against what
//! must be true of any floor at any time. A failing seed is printed; `DAY_SEED=n cargo test --lib days` runs it alone.

mod fate;
mod promises;
mod work;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::{
    super::{legs::LegUse, timers::Timer, *},
    floor::{agent, id, queue, sample, sample_line},
};
use crate::{
    domain::{
        agent::{AgentEventKind, Presence},
        call::{
            CallEvent, CallEventKind, ConsultStep, EndCause, LastAgent, PartEnd, PauseCause, Stage, Supervision, TransferTarget,
        },
        directory::{
            AgentProfile, BetweenEquals, CallbackMode, CallbackRules, Department, Device, Directory, ForkRule, ForkTarget,
            HoldLimits, MediaFork, PreferLast, PreferOwner, QueueExit, QueueRouting, RecordingPolicy, RoutingStep, Strategy,
            WaitingKey, WaitingRules, WrapUp,
        },
        event::Event,
        queue::{OpenQueue, Place, pick, pick_beside},
        work::WorkItem,
    },
    types::{
        Answer, AnswerCause, CallbackId, CustomerId, ForkEnd, ForkFailure, ForkId, IdleRules, PhoneNumber, RecordingId,
        Timestamp, WorkItemId,
    },
};

/// Days of a usual run; `SIMULATION_SEEDS` asks for another number of them, `DAY_SEED` for one of them alone.
const SEEDS: u64 = 100;
/// Wrong days after which no more are looked at.
const WRONG_MAX: usize = 8;
/// Steps of one day; the rest of the day the floor empties itself.
const STEPS: usize = 260;

#[test]
fn whole_days_keep_every_promise_of_the_floor() {
    let alone = std::env::var("DAY_SEED").ok().and_then(|seed| seed.parse().ok());
    let count = std::env::var("SIMULATION_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(SEEDS);
    let seeds = alone.map_or(1..=count, |seed: u64| seed..=seed);
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for seed in seeds {
        let day = std::panic::catch_unwind(|| {
            let mut day = Day::new(seed);
            for _ in 0..STEPS {
                day.step();
            }
            day.close();
            std::mem::take(&mut day.kinds)
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

const EVERYTHING: [&str; 57] = [
    "a crash",
    "the clock set",
    "call.recovered",
    "call.arrived",
    "call.answered",
    "call.dialled",
    "call.identified",
    "call.ivr_entered",
    "call.queued",
    "call.offered",
    "call.place_regained",
    "call.offer_missed",
    "call.connected",
    "call.held",
    "call.resumed",
    "call.transferred",
    "call.consult_began",
    "call.consult_offered",
    "call.consult_missed",
    "call.consult_answered",
    "call.consult_ended",
    "call.conferenced",
    "call.party_left",
    "call.parked",
    "call.park_returned",
    "call.hold_recalled",
    "call.listen_started",
    "call.listen_ended",
    "call.supervision_changed",
    "call.taken_over",
    "call.answer_detected",
    "call.beeped",
    "call.message_chosen",
    "call.message_left",
    "call.abandoned",
    "call.flowed_out",
    "call.callback_requested",
    "call.media_lost",
    "call.media_back",
    "call.ended",
    "call.disposed",
    "agent.wrap_up_overdue",
    "call.callback_began",
    "callback.requested",
    "callback.attempt_began",
    "callback.attempt_failed",
    "callback.reached",
    "callback.merged",
    "callback.failed",
    "callback.expired",
    "work.added",
    "work.offered",
    "work.offer_missed",
    "work.accepted",
    "work.returned",
    "work.done",
    "work.closed",
];

/// What the world does on its own, later.
#[derive(Debug, Clone)]
enum Later {
    Input(CentreInput),
    HangUp(LegId),
    Ask(&'static str, CentreCommand),
    OpenConsole(&'static str),
}

struct Day {
    seed: u64,
    centre: Centre,
    now: Now,
    /// The floor's generator, and the world's.
    rng: Rng,
    dice: Rng,
    /// Of copies of calls' audio, so that days without them are as ever.
    fork_dice: Rng,
    /// Of who answers calls out, for the same reason.
    answer_dice: Rng,
    /// Of callbacks.
    callback_dice: Rng,
    /// Of work items.
    work_dice: Rng,
    later: BTreeMap<(Mono, u64), Later>,
    count: u64,
    legs: BTreeSet<LegId>,
    inbound: BTreeSet<LegId>,
    hears: BTreeMap<LegId, Vec<Heard>>,
    /// Parts of recordings that run, by leg.
    recorded: BTreeMap<LegId, (RecordingId, u32)>,
    forked: BTreeMap<ForkId, (LegId, u32)>,
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
    /// Work items as they were told last.
    items: BTreeMap<WorkItemId, WorkItem>,
    /// The decisions made again, from what was written down.
    replayed: Replayed,
    /// Of what befalls the machine, so that days without that are as ever.
    fate_dice: Rng,
    /// By how much the wall's clock has been set, forth and back added up.
    stepped_ms: i64,
    /// What happened last, for when it goes wrong.
    lately: VecDeque<String>,
}

/// So much of what happened last is told.
const LATELY_MAX: usize = 30;

impl Drop for Day {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("day {} went wrong at {:?}, lately:", self.seed, self.now.mono);
            self.lately.iter().for_each(|what| eprintln!("  {what}"));
        }
    }
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

fn routing(dice: &mut Rng) -> QueueRouting {
    let strategies = [
        Strategy::LongestIdle,
        Strategy::LeastOccupied,
        Strategy::FewestCalls,
        Strategy::LeastTalk,
        Strategy::RoundRobin,
        Strategy::Linear { order: vec![id("dora"), id("carl")] },
        Strategy::Random { weights: BTreeMap::from([(id("ana"), 30)]) },
        Strategy::BestFit { weights: [(id("support"), 3)].into(), then: BetweenEquals::FewestCalls },
        Strategy::Percent { shares: BTreeMap::from([(id("ana"), 70), (id("dora"), 30)]) },
    ];
    QueueRouting {
        strategy: strategies[usize::try_from(dice.below(9)).unwrap()].clone(),
        promote_secs: (dice.below(2) == 0).then(|| 1 + i64::try_from(dice.below(90)).unwrap()),
        strikes_max: 1 + i64::try_from(dice.below(3)).unwrap(),
        steps: if dice.below(3) == 0 {
            vec![RoutingStep { after_secs: 15, skills: vec![], ..RoutingStep::default() }]
        } else {
            vec![]
        },
        skips_empty_steps: dice.below(2) == 0,
        prefers_last: (dice.below(2) == 0).then_some(PreferLast { secs: 20, days: 1 }),
        rings: 1 + i64::try_from(dice.below(3)).unwrap(),
        talking_max: (dice.below(3) == 0).then(|| 1 + i64::try_from(dice.below(3)).unwrap()),
        ..QueueRouting::default()
    }
}

/// What callers of a queue may choose and are told, of another queue.
fn waiting(dice: &mut Rng, other: &QueueId) -> WaitingRules {
    let keys = [
        ("1", WaitingKey::Callback),
        ("2", WaitingKey::Queue { queue: other.clone() }),
        ("3", WaitingKey::Line { line: id("main-menu") }),
        ("4", WaitingKey::Position),
        ("5", WaitingKey::Leave),
    ];
    let exit = match dice.below(3) {
        0 => QueueExit::Line { line: id("main-menu") },
        1 => QueueExit::Queue { queue: other.clone() },
        _ => QueueExit::Callback,
    };
    WaitingRules {
        says_wait: dice.below(2) == 0,
        keys: keys.into_iter().filter(|_| dice.below(2) == 0).map(|(key, does)| (key.to_owned(), does)).collect(),
        expected_wait_secs_max: (dice.below(2) == 0).then(|| 10 + i64::try_from(dice.below(120)).unwrap()),
        on_expected_wait: exit,
        redial_secs: if dice.below(2) == 0 { 120 } else { 0 },
        ..WaitingRules::default()
    }
}

fn directory(
    dice: &mut Rng,
    fork_dice: &mut Rng,
    answer_dice: &mut Rng,
    routing_dice: &mut Rng,
    waiting_dice: &mut Rng,
) -> Directory {
    let mut directory = sample();
    // Sooner than talks end.
    directory.centre.hold = HoldLimits { notice_secs: 1, recall_secs: 2 };
    let target = ForkTarget::Websocket { url: "wss://words.example".into(), is_plain_allowed: false };
    let words = MediaFork { id: id("words"), name: "Words".into(), target, is_active: true, token: None };
    directory.media_forks.insert(words.id.clone(), words);
    directory.centre.answer_detection.is_usual = answer_dice.below(2) == 0;
    directory.centre.answer_detection.messages = vec!["callback-promised".into()];
    directory.agents.insert(id("dora"), agent("dora", &["sales", "support"]));
    let eva = AgentProfile { device: Device::Sip, phone: Some("105".into()), ..agent("eva", &["sales"]) };
    directory.agents.insert(id("eva"), eva);
    for (number, mut queue) in [queue("support"), queue("sales")].into_iter().enumerate() {
        queue.priority = i64::try_from(dice.below(2)).unwrap();
        queue.routing = routing(routing_dice);
        queue.wait_secs_max = 40 + i64::try_from(dice.below(200)).unwrap();
        queue.waiting_max = 2 + i64::try_from(dice.below(8)).unwrap();
        queue.wrap_up = match dice.below(3) {
            0 => WrapUp::None,
            1 => WrapUp::Timed { secs: 20 },
            _ => WrapUp::UntilDisposition { secs: 15 },
        };
        queue.recording = match dice.below(4) {
            0 => None,
            1 => Some(RecordingPolicy::Never),
            2 => Some(RecordingPolicy::OnDemand),
            _ => Some(RecordingPolicy::Percent { percent: 50 }),
        };
        queue.forks = (fork_dice.below(2) == 0).then(|| vec![ForkRule { fork: id("words"), percent: 70 }]);
        let other: QueueId = id(["sales", "support"][number]);
        queue.waiting = waiting(waiting_dice, &other);
        let mut exit = || match dice.below(4) {
            0 => QueueExit::Wait,
            1 => QueueExit::Message { prompt: "goodbye".into() },
            2 => QueueExit::Queue { queue: other.clone() },
            _ => QueueExit::Callback,
        };
        (queue.on_no_agents, queue.on_max_wait, queue.on_full, queue.on_closed) = (exit(), exit(), exit(), exit());
        directory.queues.insert(queue.id.clone(), queue);
    }
    for (key, manager, members) in [("desk", "bea", ["ana", "carl"]), ("field", "dora", ["carl", "eva"])] {
        let department = Department {
            id: id(key),
            parent: None,
            names: BTreeMap::new(),
            position: 0,
            manager: Some(id(manager)),
            deputy: None,
            members: members.map(id).to_vec(),
            calendar: None,
            accept_secs: None,
            answer_secs: None,
            is_active: true,
        };
        directory.departments.insert(department.id.clone(), department);
    }
    directory
}

/// Most queues call back, each in its own way.
fn with_callbacks(mut directory: Directory, dice: &mut Rng) -> Directory {
    for queue in directory.queues.values_mut() {
        let mode = [CallbackMode::Task, CallbackMode::AgentFirst, CallbackMode::CustomerFirst, CallbackMode::CustomerFirst];
        queue.callback = CallbackRules {
            mode: mode[usize::try_from(dice.below(4)).unwrap()],
            attempts_max: 1 + i64::try_from(dice.below(3)).unwrap(),
            retry_mins: 1 + i64::try_from(dice.below(3)).unwrap(),
            expire_mins: 5 + i64::try_from(dice.below(300)).unwrap(),
            calls_back_abandoned: dice.below(3) == 0,
            ..CallbackRules::default()
        };
    }
    directory
}

/// What idle time is, how long agents are passed over, and the rarer kinds of wrap-up, by dice of their own: days without them are as ever.
fn with_more_rules(mut directory: Directory, dice: &mut Rng) -> Directory {
    for queue in directory.queues.values_mut() {
        queue.routing.excluded_secs = 10 + 10 * i64::try_from(dice.below(3)).unwrap();
        queue.routing.idle = IdleRules {
            is_per_queue: dice.below(4) == 0,
            is_reset_by_other_calls: dice.below(2) == 0,
            is_reset_by_pauses: dice.below(2) == 0,
        };
        queue.wrap_up = match (queue.wrap_up, dice.below(6)) {
            (WrapUp::Timed { secs }, 0) => WrapUp::Forced { secs },
            (WrapUp::Timed { secs }, 1) => WrapUp::Optional { secs },
            (as_ever, _) => as_ever,
        };
        queue.routing.prefers_owner = (dice.below(2) == 0).then_some(PreferOwner { secs: 15 });
        queue.routing.prefers_team_secs = (dice.below(2) == 0).then_some(25);
    }
    directory
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut dice = Rng::seeded(seed);
        let mut fork_dice = Rng::seeded(!seed);
        let mut answer_dice = Rng::seeded(!seed ^ 0xA5A5);
        let now = Now { wall: Timestamp::from_millis(1_766_000_000_000), mono: Mono::from_millis(1_000) };
        let directory = directory(
            &mut dice,
            &mut fork_dice,
            &mut answer_dice,
            &mut Rng::seeded(!seed ^ 0x5A5A),
            &mut Rng::seeded(!seed ^ 0x3C3C),
        );
        let directory = with_more_rules(directory, &mut Rng::seeded(!seed ^ 0x1E1E));
        let directory = with_callbacks(directory, &mut Rng::seeded(!seed ^ 0xC3C3));
        let directory = work::with_messages(directory, &mut Rng::seeded(!seed ^ 0x9696));
        let customer = CustomerId::mint(now.wall, &mut dice);
        let mut day = Self {
            seed,
            centre: Centre::new(5_000),
            now,
            rng: Rng::seeded(seed ^ 0xA5A5),
            dice,
            fork_dice,
            answer_dice,
            callback_dice: Rng::seeded(!seed ^ 0x3C3C),
            work_dice: Rng::seeded(!seed ^ 0x6969),
            later: BTreeMap::new(),
            count: 0,
            legs: BTreeSet::new(),
            inbound: BTreeSet::new(),
            hears: BTreeMap::new(),
            recorded: BTreeMap::new(),
            forked: BTreeMap::new(),
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
            items: BTreeMap::new(),
            replayed: Replayed::default(),
            fate_dice: Rng::seeded(seed ^ 0xC3C3),
            stepped_ms: 0,
            lately: VecDeque::new(),
        };
        // Sooner than callers lose patience.
        day.centre.set_park(ParkSettings { return_after: std::time::Duration::from_secs(20), ..ParkSettings::default() });
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
            15 => self.supervise(),
            16..=17 => self.nonsense(),
            18 => self.reload(),
            19 if self.chance(20) => self.redirect(),
            20..=21 => self.use_phone(),
            22 => self.consult(),
            _ => {}
        }
        self.set_up_callback();
        self.use_work();
        let ms = 200 + self.below(6_000);
        self.pass(ms);
        self.befall();
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
                let is_look = self.centre.timers.at(&Timer::Reconcile) == Some(self.now.mono);
                if !is_look {
                    self.note(|| "a deadline".to_owned());
                }
                self.centre.timeout(self.now, &mut self.rng);
                assert!(self.centre.next_wakeup().is_none_or(|next| next > self.now.mono), "a deadline stays due");
                // A look that finds nothing changes nothing.
                if !is_look || !self.centre.out.is_empty() {
                    self.collect();
                }
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
                // Nor does it ask for anything.
                if matches!(&input, CentreInput::TransferAsked { leg, .. } | CentreInput::LegReturned { leg } if !self.legs.contains(leg))
                {
                    return;
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
            Later::OpenConsole(who) => self.open_console(who),
        }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.lately.len() == LATELY_MAX {
            self.lately.pop_front();
        }
        let at = self.now.mono;
        self.lately.push_back(format!("{at:?} {}", what()));
    }

    fn input(&mut self, input: CentreInput) {
        self.note(|| format!("{input:?}"));
        self.centre.handle(input, self.now, &mut self.rng);
        self.collect();
    }

    fn ask(&mut self, who: &str, command: CentreCommand) -> Result<(), Refusal> {
        let actor = Actor::User { user: id(who) };
        let is_offer = matches!(command, CentreCommand::MediaOffer { .. });
        self.note(|| format!("{who} asks {command:?}"));
        let result = self.centre.command(&actor, command, self.now, &mut self.rng);
        if result.is_err() && !is_offer {
            assert!(self.centre.out.is_empty(), "a refusal changes nothing: {result:?} {:?}", self.centre.out);
        }
        self.collect();
        result
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
                CentreOutput::Fact(fact) | CentreOutput::DiallingRefused { fact, .. } => {
                    if let Event::Call(event) = &fact.event
                        && let CallEventKind::Offered { queue: Some(_), agent, decision: Some(decision), .. } = &event.kind
                    {
                        offered.push((event.call, agent.clone(), decision.rings_beside > 0));
                    }
                    self.note(|| format!("  told: {:?}", fact.event));
                    self.decide_again(&fact);
                    self.record(&fact);
                }
                CentreOutput::Call(view) => self.see_call(view),
                CentreOutput::WebPhoneEnded { session, .. } => assert!(self.web.remove(&session), "a web phone ends once"),
                CentreOutput::AgentGone { agent } => {
                    assert!(!self.centre.agents.contains_key(&agent), "who is gone is off the floor");
                }
                CentreOutput::Drift(drift) => panic!("the floor keeps itself right: {drift:?}"),
                CentreOutput::Agent(_)
                | CentreOutput::Queue(_)
                | CentreOutput::WebPhoneConnected { .. }
                | CentreOutput::Notice { .. } => {}
            }
        }
        self.check(&offered);
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
        assert!(self.forked.is_empty() && self.centre.forks.is_idle(), "copies outlast their calls: {:?}", self.forked);
        let is_left = !self.centre.callbacks.all.is_empty();
        assert!(!is_left || self.centre.is_draining, "{:?}", self.centre.callbacks.all);
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
