//! How long callers of a queue are expected to wait: what agents and callers do is noted as it happens, and the formula of
//! `domain/queue/expected_wait.rs` is asked with it. Nothing here changes what becomes of a call.

use std::collections::BTreeMap;

use super::{Centre, Timer, staffing::Staff};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::{CallEventKind, Stage},
        directory::{Directory, Queue},
        queue::{PauseTimes, QueueLine, Reach, ServicePace, WorkHistory, WorkNorms, WorkShares, expected_wait},
    },
    types::{AgentId, CallId, ExpectedWait, Mono, QueueId},
};

/// What the pace of a queue follows from is gathered anew after this time.
const PACE_MS: u64 = 1_000;
/// What is shown of the queues in which somebody waits is renewed after this time.
const RENEW_MS: u64 = 5_000;

/// What forecasts are made of: bounded by the queues and agents there are.
#[derive(Default)]
pub(super) struct Forecasts {
    histories: BTreeMap<QueueId, WorkHistory>,
    shares: BTreeMap<AgentId, WorkShares>,
    /// The calls that agents have, ringing or in talk or wrapped up.
    calls: BTreeMap<AgentId, AgentCall>,
    /// Since when agents are away.
    away: BTreeMap<AgentId, Mono>,
    pauses: PauseTimes,
    /// As gathered last; `None` while a queue has no history.
    paces: BTreeMap<QueueId, (Mono, Option<ServicePace>)>,
    /// How many queues are an agent's own, as of the present directory.
    own_queues: BTreeMap<AgentId, usize>,
    /// What consoles are shown.
    shown: BTreeMap<QueueId, ExpectedWait>,
}

/// A call that keeps an agent from others.
struct AgentCall {
    call: CallId,
    /// Out of which queue; `None` for calls out and those handed over by colleagues.
    queue: Option<QueueId>,
    since: Mono,
    is_answered: bool,
}

impl Forecasts {
    /// Forgets queues and agents that are no more, and counts whose own queues are how many.
    pub(super) fn keep(&mut self, directory: &Directory, serves: &BTreeMap<AgentId, BTreeMap<QueueId, Reach>>) {
        let own = |reaches: &BTreeMap<QueueId, Reach>| reaches.values().filter(|reach| reach.step == 0).count();
        self.own_queues = serves.iter().map(|(agent, reaches)| (agent.clone(), own(reaches))).collect();
        self.histories.retain(|queue, _| directory.queues.contains_key(queue));
        self.shares.retain(|agent, _| directory.agents.contains_key(agent));
        self.calls.retain(|agent, _| directory.agents.contains_key(agent));
        self.away.retain(|agent, _| directory.agents.contains_key(agent));
        self.shown.retain(|queue, _| directory.queues.contains_key(queue));
        self.paces.clear();
    }

    /// An agent's call is over for the agent.
    fn close(&mut self, agent: &AgentId, now: Mono) {
        let Some(done) = self.calls.remove(agent).filter(|done| done.is_answered) else { return };
        let ms = now.millis_since(done.since);
        if let Some(queue) = &done.queue {
            self.history(queue, now).note_handled(ms, now);
        }
        self.shares.entry(agent.clone()).or_default().note(done.queue.as_ref(), ms, now);
    }

    fn history(&mut self, queue: &QueueId, now: Mono) -> &mut WorkHistory {
        self.histories.entry(queue.clone()).or_insert_with(|| WorkHistory::beginning(now))
    }

    /// What consoles are shown of a queue.
    pub(super) fn shown(&self, queue: &QueueId) -> Option<ExpectedWait> {
        self.shown.get(queue).copied()
    }

    /// Callers of a queue who ring at an agent now.
    fn ringing(&self, queue: &QueueId) -> usize {
        self.calls.values().filter(|call| !call.is_answered && call.queue.as_ref() == Some(queue)).count()
    }

    /// The rate per millisecond at which an agent becomes free of the present call; 0 for one who has none.
    fn becomes_free(&self, agent: &AgentId, history: &WorkHistory, now: Mono) -> f64 {
        let Some(call) = self.calls.get(agent) else { return 0.0 };
        let own = call.queue.as_ref().and_then(|queue| self.histories.get(queue));
        let elapsed = now.millis_since(call.since);
        own.and_then(|own| own.residual_ms(elapsed)).or_else(|| history.residual_ms(elapsed)).map_or(0.0, |ms| 1.0 / ms)
    }
}

impl Centre {
    /// What is usual at this time of the week, by queue; of queues that are not named nothing is known.
    pub fn set_work_norms(&mut self, norms: &WorkNorms, now: Mono) {
        let directory = self.directory.clone();
        for queue in directory.queues.keys() {
            self.forecasts.history(queue, now).set_norm(norms.get(queue).copied().unwrap_or_default());
        }
        self.forecasts.paces.clear();
    }

    /// An agent's presence has changed.
    pub(super) fn note_work(&mut self, agent: &AgentId, from: &Presence, to: &Presence, now: Mono) {
        if let Presence::Paused { reason } = from
            && let Some(since) = self.forecasts.away.remove(agent)
        {
            self.forecasts.pauses.note(reason, now.millis_since(since));
        }
        match to {
            Presence::Offered { call } | Presence::Busy { call } => self.note_agent_call(agent, *call, to, now),
            Presence::WrappingUp { .. } => {}
            Presence::Ready | Presence::Offline => self.forecasts.close(agent, now),
            Presence::Paused { .. } => {
                self.forecasts.close(agent, now);
                self.forecasts.away.insert(agent.clone(), now);
            }
        }
    }

    fn note_agent_call(&mut self, agent: &AgentId, id: CallId, to: &Presence, now: Mono) {
        let is_answered = matches!(to, Presence::Busy { .. });
        if let Some(known) = self.forecasts.calls.get_mut(agent).filter(|known| known.call == id) {
            let is_news = is_answered && !known.is_answered;
            known.is_answered |= is_answered;
            if let (true, Some(queue)) = (is_news, known.queue.clone()) {
                let rung_ms = now.millis_since(known.since);
                self.forecasts.history(&queue, now).note_answered(rung_ms, now);
            }
            return;
        }
        self.forecasts.close(agent, now);
        let queue = match self.calls.get(&id).map(|call| call.stage()) {
            Some(Stage::Waiting { queue, .. }) => Some(queue.clone()),
            _ => None,
        };
        self.forecasts.calls.insert(agent.clone(), AgentCall { call: id, queue, since: now, is_answered });
    }

    /// A wait may have ended.
    pub(super) fn note_wait(&mut self, kind: &CallEventKind, now: Mono) {
        let (queue, waited_ms, gave_up) = match kind {
            CallEventKind::Connected { queue: Some(queue), waited_ms, .. }
            | CallEventKind::FlowedOut { queue, waited_ms, .. } => (queue, *waited_ms, false),
            CallEventKind::Abandoned { queue, waited_ms } => (queue, *waited_ms, true),
            _ => return,
        };
        self.forecasts.history(queue, now).note_wait(u64::try_from(waited_ms).unwrap_or(0), gave_up, now);
    }

    /// How long a caller who comes to a queue now is expected to wait, with so great a head start.
    pub(super) fn wait_at_entry(&mut self, queue: &QueueId, head_start_ms: u64, now: Mono) -> Option<ExpectedWait> {
        let ahead = self.lines.get(queue).map_or(0, |line| line.ahead_at_entry(head_start_ms, now));
        self.wait_behind(queue, ahead, now)
    }

    /// How long whoever has so many callers of the line ahead, those that ring included, is expected to wait from now on.
    pub(super) fn wait_behind(&mut self, queue: &QueueId, ahead: usize, now: Mono) -> Option<ExpectedWait> {
        let asked = self.lines.get(queue).map_or(0, QueueLine::consults_offered);
        let ahead = ahead.saturating_sub(self.forecasts.ringing(queue) + asked);
        self.wait_behind_waiting(queue, ahead, now)
    }

    /// The same by how many are ahead who do not ring.
    pub(super) fn wait_behind_waiting(&mut self, queue: &QueueId, ahead: usize, now: Mono) -> Option<ExpectedWait> {
        let pace = self.pace(queue, now)?;
        let definition = self.directory.queues.get(queue)?;
        // Whoever is free while others wait cannot take them.
        let has_free = ahead == 0 && self.has_free_agent(definition);
        expected_wait(&pace, ahead, usize::from(has_free))
    }

    /// What is shown of a queue from now on.
    pub(super) fn renew_forecast(&mut self, queue: &QueueId, now: Mono) -> Option<ExpectedWait> {
        let wait = self.wait_at_entry(queue, 0, now).map(ExpectedWait::rounded);
        match wait {
            Some(wait) => self.forecasts.shown.insert(queue.clone(), wait),
            None => self.forecasts.shown.remove(queue),
        };
        wait
    }

    /// A forecast changes with every second: where somebody waits, what consoles are shown is renewed at least this often.
    pub(super) fn renew_later(&mut self, now: Mono) {
        if !self.timers.is_set(&Timer::Forecasts) && self.lines.values().any(|line| !line.is_empty()) {
            self.timers.set(Timer::Forecasts, Some(now + RENEW_MS));
        }
    }

    /// What is shown of the queues in which somebody waits, if that is something else now.
    pub(super) fn renew_forecasts(&mut self, now: Mono) {
        for queue in self.queues_with_callers() {
            let shown = self.forecasts.shown(&queue);
            if self.renew_forecast(&queue, now) != shown {
                self.published.touch_queue(queue);
            }
        }
        self.renew_later(now);
    }

    /// Whether an agent is free who comes into question at once, and the queue may have one more conversation.
    fn has_free_agent(&self, queue: &Queue) -> bool {
        let has_room = queue.routing.talking_max.is_none_or(|talking_max| {
            let ringing = i64::try_from(self.forecasts.ringing(&queue.id)).unwrap_or(i64::MAX);
            self.standing.talking(&queue.id).saturating_add(ringing) < talking_max
        });
        has_room && self.staffing.of(&queue.id).is_some_and(|staff| staff.ready > 0)
    }

    pub(super) fn pace(&mut self, queue: &QueueId, now: Mono) -> Option<ServicePace> {
        if let Some((at, pace)) = self.forecasts.paces.get(queue)
            && now.millis_since(*at) < PACE_MS
        {
            return *pace;
        }
        let pace = self.gather_pace(queue, now);
        self.forecasts.paces.insert(queue.clone(), (now, pace));
        pace
    }

    fn gather_pace(&mut self, id: &QueueId, now: Mono) -> Option<ServicePace> {
        self.forecasts.histories.get_mut(id)?.pass(now);
        let history = self.forecasts.histories.get(id)?;
        let queue = self.directory.queues.get(id)?;
        let (handle_ms, calls_known) = history.handle_ms()?;
        let (mut agents, mut next_free) = (0.0, 0.0);
        // The earliest step that somebody who is signed in comes into question at.
        let step = self.staffing.of(id).map_or(0, Staff::least_step);
        for agent in self.agents.values().filter(|agent| agent.is_signed_in()) {
            let Some(reaches) = self.serves.get(&agent.id) else { continue };
            if reaches.get(id).is_none_or(|reach| reach.step > step) {
                continue;
            }
            let own = self.forecasts.own_queues.get(&agent.id).copied().unwrap_or(0);
            let shares = self.forecasts.shares.get(&agent.id);
            let share = shares.map_or_else(|| WorkShares::default().share(id, own), |shares| shares.share(id, own));
            let weight = share * self.presence_weight(agent, handle_ms);
            agents += weight;
            next_free += weight * self.forecasts.becomes_free(&agent.id, history, now);
        }
        if let Some(talking_max) = queue.routing.talking_max {
            agents = f64::min(agents, talking_max.max(0) as f64);
        }
        let (gives_up, ring_ms) = (history.gives_up(), history.ring_ms());
        Some(ServicePace { agents, handle_ms, calls_known, gives_up, next_free, ring_ms })
    }

    /// 1 for an agent at work; for one who is away the probability to be back by the time one call takes.
    fn presence_weight(&self, agent: &Agent, handle_ms: f64) -> f64 {
        match agent.presence() {
            Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. } => match agent.next() {
                Some(Presence::Paused { reason }) => self.forecasts.pauses.returns_within(&reason, handle_ms),
                Some(Presence::Offline) => 0.0,
                _ => 1.0,
            },
            Presence::Ready if agent.is_device_up() => 1.0,
            Presence::Ready => self.forecasts.pauses.returns_within("device", handle_ms),
            Presence::Paused { reason } => self.forecasts.pauses.returns_within(&reason, handle_ms),
            Presence::Offline => 0.0,
        }
    }
}
