//! One day on the live floor (`domain::centre`), the one that routes calls in production, with a clock that is turned by hand. This
//! file is only the world around it: callers who come, talk and lose patience, and agents' telephones that ring and are answered. Who
//! gets which call, and what happened to it, is the floor's word.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    figures::{DayFigures, QueueDay},
    plan::{AgentGroup, Plan, PlannedQueue},
};
use crate::{
    domain::{
        agent::{AgentEvent, AgentEventKind, Presence},
        call::{CallEvent, CallEventKind},
        centre::{CallerLine, Centre, CentreCommand, CentreInput, CentreOutput, PhoneEffect, WantedPresence},
        directory::{
            AgentProfile, Answering, Device, Directory, Number, NumberTarget, Queue, QueueExit, RecordingPolicy, SkillNeed,
            WrapUp,
        },
        event::{Actor, Event},
    },
    types::{AgentId, CallId, LegId, Mono, Now, Rng, Timestamp, UserId},
};

const HOUR_MS: u64 = 3_600_000;
/// After the last hour nobody calls any more, and agents stay so long at most until nobody waits.
const OVERTIME_MS_MAX: u64 = HOUR_MS;
/// Calls at a time; the next one is turned away.
const CALLS_MAX: usize = 20_000;
/// Callers who may wait in a queue for each agent who serves it, and in all; the next one is turned away. Only a line that nobody leaves
/// gets so long.
const WAITING_PER_AGENT_MAX: i64 = 10;
const WAITING_MIN: i64 = 50;
const WAITING_MAX: i64 = 2_000;
/// A queue rings a telephone for so long, which is longer than any answer takes.
const RING_SECS: i64 = 60;
/// Longer than a day: nobody leaves a queue for having waited.
const WAIT_SECS_MAX: i64 = 48 * 3_600;
/// A wrap-up that an agent does not end by itself before.
const WRAP_UP_SECS_MAX: i64 = 24 * 3_600;
/// The words to a caller who is turned away.
const LAST_WORDS_MS: u64 = 3_000;
/// The day begins on 2026-01-05 at 8:00 UTC; nothing depends on it.
const BEGINS_AT_MS: i64 = 1_767_600_000_000;

/// Simulates one day. The same plan and seed always give the same day, and the callers are the same whatever the agents are.
pub fn simulate_day(plan: &Plan, seed: u64) -> DayFigures {
    let mut world = World::new(plan, seed);
    world.run();
    world.close()
}

/// What the world does later.
#[derive(Debug)]
enum Later {
    /// The next caller of this queue calls.
    Call(usize),
    /// A leg is answered: the caller hears us, or an agent takes the call.
    Answer(LegId),
    /// A caller who still waits hangs up.
    LosePatience(LegId),
    /// The conversation is over; the caller hangs up.
    EndTalk(LegId),
    /// The wrap-up is done.
    EndWrapUp(AgentId, CallId),
    /// Words to a caller are said.
    EndWords { leg: LegId, play: u64 },
    /// The agents of this group sign in.
    SignIn(usize),
    /// They sign out.
    SignOut(usize),
}

/// Somebody who calls.
#[derive(Debug)]
struct Caller {
    queue: usize,
    talk_ms: u64,
    wrap_up_ms: u64,
    queued: Option<Mono>,
    is_offered: bool,
    is_connected: bool,
}

/// An agent's time so far.
#[derive(Debug)]
struct Shift {
    group: usize,
    presence: Presence,
    since: Mono,
    work_ms: u64,
    ready_ms: u64,
}

struct World<'p> {
    plan: &'p Plan,
    centre: Centre,
    now: Now,
    begins: Mono,
    closes: Mono,
    /// The floor's chance.
    rng: Rng,
    /// Each queue's callers: when they come, how long they talk, how patient they are.
    chances: Vec<Rng>,
    later: BTreeMap<(Mono, u64), Later>,
    count: u64,
    callers: BTreeMap<LegId, Caller>,
    legs: BTreeMap<CallId, LegId>,
    wrap_ups: BTreeMap<CallId, u64>,
    shifts: BTreeMap<AgentId, Shift>,
    queues: Vec<QueueDay>,
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, seed: u64) -> Self {
        let mut dice = Rng::seeded(seed);
        let now = Now { wall: Timestamp::from_millis(BEGINS_AT_MS), mono: Mono::from_millis(1_000) };
        let directory = Arc::new(directory(plan));
        let mut world = Self {
            plan,
            centre: Centre::new(CALLS_MAX),
            now,
            begins: now.mono,
            closes: now.mono + u64::from(plan.hours) * HOUR_MS,
            rng: dice.part(),
            chances: plan.queues.iter().map(|_| dice.part()).collect(),
            later: BTreeMap::new(),
            count: 0,
            callers: BTreeMap::new(),
            legs: BTreeMap::new(),
            wrap_ups: BTreeMap::new(),
            shifts: BTreeMap::new(),
            queues: vec![QueueDay::default(); plan.queues.len()],
        };
        for (number, group) in plan.agents.iter().enumerate() {
            for agent in agents_of(plan, number) {
                let shift = Shift { group: number, presence: Presence::Offline, since: now.mono, work_ms: 0, ready_ms: 0 };
                world.shifts.insert(agent, shift);
            }
            let hour = |hour: u32| now.mono + u64::from(hour) * HOUR_MS;
            world.at(hour(group.from_hour), Later::SignIn(number));
            // Who has the last hour stays until nobody waits.
            if group.to_hour < plan.hours {
                world.at(hour(group.to_hour), Later::SignOut(number));
            }
        }
        world.centre.set_directory(directory.clone(), now, &mut world.rng);
        for account in directory.agents.values().filter_map(|agent| agent.phone.as_deref()) {
            let input = CentreInput::PhoneReachable { account: account.into(), is_reachable: true };
            world.centre.handle(input, now, &mut world.rng);
        }
        world.collect();
        for queue in 0..plan.queues.len() {
            world.next_call(queue);
        }
        world
    }

    /// The world's plans and the floor's deadlines come due in order.
    fn run(&mut self) {
        let ends = self.closes + OVERTIME_MS_MAX;
        loop {
            let floor = self.centre.next_wakeup();
            let world = self.later.keys().next().map(|(at, _)| *at);
            let Some(at) = floor.into_iter().chain(world).min().filter(|at| *at <= ends) else { return };
            if at >= self.closes && self.queues.iter().all(|queue| queue.waiting() == 0) {
                return;
            }
            self.now = self.now.plus_millis(at.millis_since(self.now.mono));
            if floor.is_some_and(|floor| floor <= self.now.mono) {
                self.centre.timeout(self.now, &mut self.rng);
            } else if let Some((_, what)) = self.later.pop_first() {
                self.happen(what);
            }
            self.collect();
        }
    }

    /// The day's figures. What agents did in overtime counts for callers, not for the agents' time.
    fn close(mut self) -> DayFigures {
        let closes = self.closes;
        for shift in self.shifts.values_mut() {
            shift.turn(Presence::Offline, closes, closes);
        }
        for (number, (queue, planned)) in self.queues.iter_mut().zip(&self.plan.queues).enumerate() {
            let serving: Vec<bool> = self.plan.agents.iter().map(|group| group.can_serve(planned)).collect();
            for shift in self.shifts.values().filter(|shift| serving.get(shift.group) == Some(&true)) {
                queue.work_ms += shift.work_ms;
                queue.ready_ms += shift.ready_ms;
            }
            // Who waits now has waited as long as anybody.
            let waiting = self.callers.values().filter(|caller| caller.queue == number && !caller.is_connected);
            for queued in waiting.filter_map(|caller| caller.queued) {
                queue.wait_ms_max = queue.wait_ms_max.max(self.now.mono.millis_since(queued));
            }
        }
        let work_ms = self.shifts.values().map(|shift| shift.work_ms).sum();
        let ready_ms = self.shifts.values().map(|shift| shift.ready_ms).sum();
        DayFigures { queues: self.queues, work_ms, ready_ms }
    }

    fn at(&mut self, at: Mono, what: Later) {
        self.count += 1;
        self.later.insert((at, self.count), what);
    }

    fn later(&mut self, ms: u64, what: Later) {
        self.at(self.now.mono + ms, what);
    }

    fn input(&mut self, input: CentreInput) {
        self.centre.handle(input, self.now, &mut self.rng);
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Call(queue) => self.call(queue),
            Later::Answer(leg) => self.input(CentreInput::LegAnswered { leg }),
            Later::LosePatience(leg) => {
                if self.callers.get(&leg).is_some_and(|caller| !caller.is_connected) {
                    self.input(CentreInput::LegEnded { leg, is_lost: false });
                }
            }
            Later::EndTalk(leg) => self.input(CentreInput::LegEnded { leg, is_lost: false }),
            Later::EndWrapUp(agent, call) => self.ask(agent.clone(), CentreCommand::WrapUpDone { agent, call }),
            Later::EndWords { leg, play } => self.input(CentreInput::PlayEnded { leg, play, was_stopped: false }),
            Later::SignIn(group) => self.sign(group, &WantedPresence::Ready),
            Later::SignOut(group) => self.sign(group, &WantedPresence::Offline),
        }
    }

    fn sign(&mut self, group: usize, wanted: &WantedPresence) {
        for agent in agents_of(self.plan, group) {
            self.ask(agent.clone(), CentreCommand::SetPresence { agent, wanted: wanted.clone() });
        }
    }

    /// An agent asks for something. The floor refuses what has no sense any more; that changes nothing here either.
    fn ask(&mut self, agent: AgentId, command: CentreCommand) {
        let actor = Actor::User { user: UserId::from(agent) };
        let _ = self.centre.command(&actor, command, self.now, &mut self.rng);
    }

    fn call(&mut self, number: usize) {
        self.next_call(number);
        let (Some(queue), Some(chance)) = (self.plan.queues.get(number), self.chances.get_mut(number)) else { return };
        // Talk and wrap-up of a call are in proportion, so that each, and both together, are exponential.
        let handle = exponential(chance);
        let talk_ms = millis(handle * (queue.handle_secs - queue.wrap_up_secs));
        let wrap_up_ms = millis(handle * queue.wrap_up_secs);
        let patience = exponential(chance);
        let leg = LegId::mint(self.now.wall, &mut self.rng);
        let caller = Caller { queue: number, talk_ms, wrap_up_ms, queued: None, is_offered: false, is_connected: false };
        self.callers.insert(leg, caller);
        if let Some(patience_secs) = queue.patience_secs {
            self.later(millis(patience * patience_secs), Later::LosePatience(leg));
        }
        let caller = CallerLine { is_withheld: true, ..CallerLine::default() };
        self.input(CentreInput::Arrived { leg, caller, called: called(number).into(), language: None });
        if let Some(call) = self.centre.call_of(leg) {
            self.legs.insert(call, leg);
        }
    }

    /// Callers come at random, at the rate of the hour: where none comes before the hour is over, the next hour begins anew.
    fn next_call(&mut self, number: usize) {
        let (Some(queue), Some(chance)) = (self.plan.queues.get(number), self.chances.get_mut(number)) else { return };
        let mut at = self.now.mono.millis_since(self.begins);
        while let Some(rate) = usize::try_from(at / HOUR_MS).ok().and_then(|hour| queue.calls_per_hour.get(hour)) {
            let hour_ends = (at / HOUR_MS + 1) * HOUR_MS;
            let gap = millis(exponential(chance) * 3_600.0 / rate.max(f64::MIN_POSITIVE));
            if at.saturating_add(gap) < hour_ends {
                let when = self.begins + at + gap;
                return self.at(when, Later::Call(number));
            }
            at = hour_ends;
        }
    }

    /// The world reacts to what the floor wants, and counts what it says.
    fn collect(&mut self) {
        while let Some(output) = self.centre.poll() {
            match output {
                CentreOutput::Phone(effect) => self.react(effect),
                CentreOutput::Fact(fact) | CentreOutput::DiallingRefused { fact, .. } => match fact.event {
                    Event::Call(event) => self.see_call(event),
                    Event::Agent(event) => self.see_agent(event),
                    Event::Ticket(_)
                    | Event::Customer(_)
                    | Event::Access(_)
                    | Event::Directory(_)
                    | Event::Trunk(_)
                    | Event::Callback(_)
                    | Event::Work(_)
                    | Event::Alert(_) => {}
                },
                CentreOutput::LookUp { .. }
                | CentreOutput::Drift(_)
                | CentreOutput::Call(_)
                | CentreOutput::Agent(_)
                | CentreOutput::AgentGone { .. }
                | CentreOutput::Queue(_)
                | CentreOutput::WebPhoneConnected { .. }
                | CentreOutput::WebPhoneEnded { .. }
                | CentreOutput::Notice { .. } => {}
            }
        }
    }

    fn react(&mut self, effect: PhoneEffect) {
        match effect {
            PhoneEffect::Answer { leg } => self.later(0, Later::Answer(leg)),
            PhoneEffect::CallPhone { leg, .. } => self.later(self.plan.answer_ms, Later::Answer(leg)),
            PhoneEffect::Play { leg, play, .. } => self.later(LAST_WORDS_MS, Later::EndWords { leg, play }),
            PhoneEffect::Reject { leg, .. } => {
                if let Some(caller) = self.callers.remove(&leg)
                    && let Some(queue) = self.queues.get_mut(caller.queue)
                {
                    queue.offered += 1;
                    queue.turned_away += 1;
                }
            }
            // The rest is sound, lamps and legs that are over; nothing comes back of it.
            _ => {}
        }
    }

    fn see_call(&mut self, CallEvent { call, kind }: CallEvent) {
        let Some(leg) = self.legs.get(&call).copied() else { return };
        let Some(caller) = self.callers.get_mut(&leg) else { return };
        let Some(queue) = self.queues.get_mut(caller.queue) else { return };
        let wait_ms = |waited_ms: i64| u64::try_from(waited_ms).unwrap_or(0);
        match kind {
            CallEventKind::Queued { .. } => {
                caller.queued = Some(self.now.mono);
                queue.offered += 1;
            }
            CallEventKind::Offered { .. } => {
                let is_first = !std::mem::replace(&mut caller.is_offered, true);
                queue.at_once += u64::from(is_first && caller.queued == Some(self.now.mono));
            }
            CallEventKind::Connected { waited_ms, .. } => {
                caller.is_connected = true;
                let talk_ms = caller.talk_ms;
                queue.connect(wait_ms(waited_ms), self.plan.goal);
                self.wrap_ups.insert(call, caller.wrap_up_ms);
                self.later(talk_ms, Later::EndTalk(leg));
            }
            CallEventKind::Abandoned { waited_ms, .. } => queue.abandon(wait_ms(waited_ms)),
            CallEventKind::FlowedOut { waited_ms, .. } => {
                caller.queued = None;
                queue.turn_away(wait_ms(waited_ms));
            }
            CallEventKind::Ended { .. } => {
                self.legs.remove(&call);
                self.callers.remove(&leg);
            }
            _ => {}
        }
    }

    fn see_agent(&mut self, AgentEvent { agent, kind }: AgentEvent) {
        match kind {
            AgentEventKind::PresenceChanged { to, .. } => {
                let (now, closes) = (self.now.mono, self.closes);
                if let Some(shift) = self.shifts.get_mut(&agent) {
                    shift.turn(to, now, closes);
                }
            }
            AgentEventKind::WrapUpStarted { call, .. } => {
                let ms = self.wrap_ups.remove(&call).unwrap_or(0);
                self.later(ms, Later::EndWrapUp(agent, call));
            }
            AgentEventKind::NextStateChosen { .. }
            | AgentEventKind::WrapUpOverdue { .. }
            | AgentEventKind::WrapUpEnded { .. } => {}
        }
    }
}

impl Shift {
    fn turn(&mut self, to: Presence, now: Mono, closes: Mono) {
        let now = now.min(closes);
        let spent_ms = now.millis_since(self.since);
        match std::mem::replace(&mut self.presence, to) {
            Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. } => self.work_ms += spent_ms,
            Presence::Ready => self.ready_ms += spent_ms,
            Presence::Offline | Presence::Paused { .. } => {}
        }
        self.since = now;
    }
}

/// The directory of a centre that has no more than the plan.
fn directory(plan: &Plan) -> Directory {
    let mut directory = Directory { version: 1, ..Directory::default() };
    for (index, planned) in plan.queues.iter().enumerate() {
        let queue = queue(plan, planned);
        let called = called(index);
        let number = Number {
            number: called.clone(),
            name: called.clone(),
            target: NumberTarget::Queue { queue: queue.id.clone() },
            is_on_web_phone: false,
            answering: Answering::AtOnce,
        };
        directory.numbers.insert(called.into(), number);
        directory.queues.insert(queue.id.clone(), queue);
    }
    for (number, group) in plan.agents.iter().enumerate() {
        for agent in agents_of(plan, number) {
            directory.agents.insert(agent.clone(), profile(agent, group));
        }
    }
    directory
}

/// Callers wait as long as they have patience; agents wrap up as long as they like.
fn queue(plan: &Plan, planned: &PlannedQueue) -> Queue {
    let serving: u32 = plan.agents.iter().filter(|group| group.can_serve(planned)).map(|group| group.count).sum();
    Queue {
        skills: planned.skills.iter().map(|skill| SkillNeed { skill: skill.clone(), level: 1 }).collect(),
        priority: planned.priority,
        ring_secs: RING_SECS,
        waiting_max: (i64::from(serving) * WAITING_PER_AGENT_MAX).clamp(WAITING_MIN, WAITING_MAX),
        wait_secs_max: WAIT_SECS_MAX,
        wrap_up: if planned.wrap_up_secs > 0.0 { WrapUp::Timed { secs: WRAP_UP_SECS_MAX } } else { WrapUp::None },
        service_level_secs: i64::from(plan.goal.within_secs),
        service_level_percent: i64::from(plan.goal.percent),
        short_abandon_secs: 0,
        on_full: QueueExit::Message { prompt: "queue-full".into() },
        ticket_type: String::new(),
        recording: Some(RecordingPolicy::Never),
        ..Queue::new(planned.key.clone(), planned.key.as_str())
    }
}

/// An agent with a telephone.
fn profile(id: AgentId, group: &AgentGroup) -> AgentProfile {
    AgentProfile {
        name: id.to_string(),
        phone: Some(id.to_string()),
        id,
        skills: group.skills.iter().map(|skill| (skill.clone(), 1)).collect(),
        device: Device::Sip,
        is_active: true,
        work_items_max: None,
    }
}

/// The agents of a group: `agent-0001` and on, over all groups.
fn agents_of(plan: &Plan, group: usize) -> BTreeSet<AgentId> {
    let before: u32 = plan.agents.iter().take(group).map(|group| group.count).sum();
    let count = plan.agents.get(group).map_or(0, |group| group.count);
    (before + 1..=before + count).filter_map(|number| format!("agent-{number:04}").parse().ok()).collect()
}

/// The number that leads to a queue.
fn called(queue: usize) -> String {
    (1_000 + queue).to_string()
}

/// An exponential number of mean 1, by inversion of 53 even bits.
fn exponential(rng: &mut Rng) -> f64 {
    let even = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    -(-even).ln_1p()
}

/// Whole milliseconds; what is beyond any day is cut.
fn millis(secs: f64) -> u64 {
    (secs * 1_000.0).round().clamp(0.0, 1e12) as u64
}
