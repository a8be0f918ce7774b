//! The world around a replay on the live floor (`domain::centre`): recorded callers come, talk and lose patience, agents come and go by
//! their shifts. Who gets which call is the floor's word.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Figures, Floor,
    day::{Caller, Day, Shift},
};
use crate::{
    domain::{
        agent::{AgentEvent, AgentEventKind, Presence},
        call::{CallEvent, CallEventKind},
        centre::{CallerLine, Centre, CentreCommand, CentreInput, CentreOutput, PhoneEffect, WantedPresence},
        directory::{
            AgentProfile, Answering, Device, Directory, Number, NumberTarget, PauseReason, Queue, QueueExit, RecordingPolicy,
            WaitingRules, WrapUp,
        },
        event::{Actor, Event},
    },
    types::{AgentId, CallId, LegId, Mono, Now, QueueId, Rng, Timestamp, UserId},
};

/// Calls at a time; more are turned away.
const CALLS_MAX: usize = 20_000;
const WAITING_MAX: i64 = 20_000;
/// Longer than a day: nobody leaves a queue for having waited, and agents end their wrap-ups themselves.
const FOREVER_SECS: i64 = 48 * 3_600;
/// A telephone rings for longer than any answer takes.
const RING_SECS_SPARE: u64 = 30;
/// After the time nobody calls any more; who waits may still be served for so long.
const OVERTIME_MS: u64 = 3_600_000;
const BEGINS_AT_MS: i64 = 1_767_600_000_000;
/// Why an agent is away.
const AWAY: &str = "away";

/// Goes through a recorded time with these queues and agents. The same day, floor and seed always give the same figures.
pub fn go_through(day: &Day, floor: &Floor, seed: u64) -> Figures {
    let mut world = World::new(day, floor, seed);
    world.run();
    world.close()
}

#[derive(Debug)]
enum Later {
    Call(usize),
    Answer(LegId),
    LosePatience(LegId),
    EndTalk(LegId),
    EndWrapUp(AgentId, CallId),
    EndWords { leg: LegId, play: u64 },
    Turn(AgentId, Shift),
}

struct OnLine<'d> {
    caller: &'d Caller,
    is_connected: bool,
}

struct World<'d> {
    day: &'d Day,
    centre: Centre,
    now: Now,
    begins: Mono,
    rng: Rng,
    later: BTreeMap<(Mono, u64), Later>,
    count: u64,
    callers: BTreeMap<LegId, OnLine<'d>>,
    legs: BTreeMap<CallId, LegId>,
    wrap_ups: BTreeMap<CallId, u64>,
    goals: BTreeMap<QueueId, u64>,
    presences: BTreeMap<AgentId, (Presence, Mono)>,
    figures: Figures,
}

impl<'d> World<'d> {
    fn new(day: &'d Day, floor: &Floor, seed: u64) -> Self {
        let now = Now { wall: Timestamp::from_millis(BEGINS_AT_MS), mono: Mono::from_millis(1_000) };
        let directory = Arc::new(directory(floor, day.ring_ms));
        let mut world = Self {
            day,
            centre: Centre::new(CALLS_MAX),
            now,
            begins: now.mono,
            rng: Rng::seeded(seed),
            later: BTreeMap::new(),
            count: 0,
            callers: BTreeMap::new(),
            legs: BTreeMap::new(),
            wrap_ups: BTreeMap::new(),
            goals: goals(floor),
            presences: BTreeMap::new(),
            figures: Figures::default(),
        };
        world.centre.set_directory(directory.clone(), now, &mut world.rng);
        for agent in directory.agents.values().filter(|agent| agent.is_active) {
            if let Some(account) = &agent.phone {
                let input = CentreInput::PhoneReachable { account: account.as_str().into(), is_reachable: true };
                world.input(input);
            }
            let shifts = day.shifts.get(floor.like.get(&agent.id).unwrap_or(&agent.id)).into_iter().flatten();
            for (at, shift) in shifts {
                world.at(world.begins + *at, Later::Turn(agent.id.clone(), *shift));
            }
        }
        for (index, caller) in day.callers.iter().enumerate() {
            world.at(world.begins + caller.at_ms, Later::Call(index));
        }
        world.collect();
        world
    }

    /// The world's plans and the floor's deadlines come due in order.
    fn run(&mut self) {
        let ends = self.begins + self.day.length_ms + OVERTIME_MS;
        loop {
            let floor = self.centre.next_wakeup();
            let world = self.later.keys().next().map(|(at, _)| *at);
            let Some(at) = floor.into_iter().chain(world).min().filter(|at| *at <= ends) else { return };
            if at > self.begins + self.day.length_ms && self.callers.is_empty() {
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

    fn close(mut self) -> Figures {
        let closes = self.begins + self.day.length_ms;
        for (presence, since) in std::mem::take(&mut self.presences).into_values() {
            self.spend(&presence, since, closes);
        }
        for queue in self.figures.queues.values_mut() {
            queue.left = queue.offered.saturating_sub(queue.answered + queue.abandoned);
        }
        self.figures.settled()
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
            Later::Call(index) => self.call(index),
            Later::Answer(leg) => self.input(CentreInput::LegAnswered { leg }),
            Later::LosePatience(leg) => {
                if self.callers.get(&leg).is_some_and(|on_line| !on_line.is_connected) {
                    self.input(CentreInput::LegEnded { leg, is_lost: false });
                }
            }
            Later::EndTalk(leg) => self.input(CentreInput::LegEnded { leg, is_lost: false }),
            Later::EndWrapUp(agent, call) => self.ask(agent.clone(), CentreCommand::WrapUpDone { agent, call }),
            Later::EndWords { leg, play } => self.input(CentreInput::PlayEnded { leg, play, was_stopped: false }),
            Later::Turn(agent, shift) => {
                let wanted = match shift {
                    Shift::There => WantedPresence::Ready,
                    Shift::Away => WantedPresence::Paused { reason: AWAY.into() },
                    Shift::Off => WantedPresence::Offline,
                };
                self.ask(agent.clone(), CentreCommand::SetPresence { agent, wanted });
            }
        }
    }

    /// An agent asks for something. The floor refuses what has no sense any more; that changes nothing here either.
    fn ask(&mut self, agent: AgentId, command: CentreCommand) {
        let actor = Actor::User { user: UserId::from(agent) };
        let _ = self.centre.command(&actor, command, self.now, &mut self.rng);
    }

    fn call(&mut self, index: usize) {
        let Some(caller) = self.day.callers.get(index) else { return };
        self.figures.queues.entry(caller.queue.clone()).or_default().offered += 1;
        let leg = LegId::mint(self.now.wall, &mut self.rng);
        self.callers.insert(leg, OnLine { caller, is_connected: false });
        let line = CallerLine { is_withheld: true, ..CallerLine::default() };
        self.input(CentreInput::Arrived { leg, caller: line, called: caller.queue.as_str().into(), language: None });
        if let Some(call) = self.centre.call_of(leg) {
            self.legs.insert(call, leg);
        }
        if let Some(patience_ms) = caller.patience_ms {
            self.later(patience_ms, Later::LosePatience(leg));
        }
    }

    /// The world reacts to what the floor wants, and counts what it says.
    fn collect(&mut self) {
        while let Some(output) = self.centre.poll() {
            match output {
                CentreOutput::Phone(PhoneEffect::Answer { leg }) => self.later(0, Later::Answer(leg)),
                CentreOutput::Phone(PhoneEffect::CallPhone { leg, .. }) => self.later(self.day.ring_ms, Later::Answer(leg)),
                CentreOutput::Phone(PhoneEffect::Play { leg, play, .. }) => self.later(3_000, Later::EndWords { leg, play }),
                CentreOutput::Phone(PhoneEffect::Reject { leg, .. }) => {
                    self.callers.remove(&leg);
                }
                CentreOutput::Fact(fact) | CentreOutput::DiallingRefused { fact, .. } => match fact.event {
                    Event::Call(event) => self.see_call(event),
                    Event::Agent(event) => self.see_agent(event),
                    _ => {}
                },
                // The rest is sound, lamps and screens.
                _ => {}
            }
        }
    }

    fn see_call(&mut self, CallEvent { call, kind }: CallEvent) {
        let Some(leg) = self.legs.get(&call).copied() else { return };
        let Some(on_line) = self.callers.get_mut(&leg) else { return };
        let caller = on_line.caller;
        let figures = self.figures.queues.entry(caller.queue.clone()).or_default();
        match kind {
            CallEventKind::Connected { waited_ms, .. } => {
                on_line.is_connected = true;
                let goal_ms = self.goals.get(&caller.queue).copied().unwrap_or(0);
                figures.answer(u64::try_from(waited_ms).unwrap_or(0), goal_ms);
                self.wrap_ups.insert(call, caller.wrap_up_ms);
                self.later(caller.talk_ms, Later::EndTalk(leg));
            }
            CallEventKind::Abandoned { .. } => figures.abandoned += u64::from(!caller.leaves),
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
                if let Some((presence, since)) = self.presences.insert(agent, (to, self.now.mono)) {
                    let now = self.now.mono;
                    self.spend(&presence, since, now);
                }
            }
            AgentEventKind::WrapUpStarted { call, .. } => {
                let ms = self.wrap_ups.remove(&call).unwrap_or(0);
                self.later(ms, Later::EndWrapUp(agent, call));
            }
            _ => {}
        }
    }

    /// What agents do in overtime counts for callers, not for their time.
    fn spend(&mut self, presence: &Presence, since: Mono, until: Mono) {
        let spent_ms = until.min(self.begins + self.day.length_ms).millis_since(since);
        match presence {
            Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. } => self.figures.work_ms += spent_ms,
            Presence::Ready => self.figures.ready_ms += spent_ms,
            Presence::Offline | Presence::Paused { .. } => {}
        }
    }
}

/// Within how many milliseconds each queue's callers are to be answered.
pub(super) fn goals(floor: &Floor) -> BTreeMap<QueueId, u64> {
    let goal_ms = |queue: &Queue| u64::try_from(queue.service_level_secs).unwrap_or(0) * 1_000;
    floor.setup.queues.iter().map(|queue| (queue.id.clone(), goal_ms(queue))).collect()
}

/// The directory of a centre whose queues are dialled by their keys and whose agents have a telephone each.
fn directory(floor: &Floor, ring_ms: u64) -> Directory {
    let mut directory = Directory { version: 1, ..Directory::default() };
    directory.pause_reasons.push(PauseReason { id: AWAY.into(), names: BTreeMap::new() });
    let ring_secs = i64::try_from(ring_ms / 1_000 + RING_SECS_SPARE).unwrap_or(i64::MAX);
    for queue in &floor.setup.queues {
        let number = Number {
            number: queue.id.to_string(),
            name: queue.name.clone(),
            target: NumberTarget::Queue { queue: queue.id.clone() },
            is_on_web_phone: false,
            answering: Answering::AtOnce,
        };
        directory.numbers.insert(queue.id.as_str().into(), number);
        let queue = Queue {
            ring_secs,
            waiting_max: WAITING_MAX,
            wait_secs_max: FOREVER_SECS,
            calendar: None,
            wrap_up: WrapUp::Timed { secs: FOREVER_SECS },
            position_every_secs: 0,
            on_no_agents: QueueExit::Wait,
            on_max_wait: QueueExit::Wait,
            on_full: QueueExit::Wait,
            on_closed: QueueExit::Wait,
            recording: Some(RecordingPolicy::Never),
            forks: None,
            waiting: WaitingRules::default(),
            ..queue.clone()
        };
        directory.queues.insert(queue.id.clone(), queue);
    }
    for agent in &floor.setup.agents {
        let profile = AgentProfile { device: Device::Sip, phone: Some(agent.id.to_string()), ..agent.clone() };
        directory.agents.insert(agent.id.clone(), profile);
    }
    directory
}
