//! Waiting calls find free agents: the floor as the matcher sees it, and what follows from its decisions.

use std::collections::BTreeSet;

use super::{Centre, Timer, Turn, staffing::Staff};
use crate::{
    domain::{
        agent::{Agent, Workload},
        call::Stage,
        directory::{Queue, Strategy},
        queue::{Choice, FreeAgent, OpenQueue, Pick, QueueLine, WorkRecord},
    },
    types::{AgentId, CallId, Mono, QueueId, RoutingDecision},
};

impl Centre {
    /// Gives waiting calls to free agents until no pair is left.
    pub(super) fn match_calls(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.is_match_due) {
            return;
        }
        let mut wakes_at = self.passed_over.first().copied();
        // Each round takes one agent out of the free ones,
        // or of those who could be given a work item before all calls.
        for _ in 0..=2 * self.agents.len() {
            if self.offer_promoted_work(turn) {
                continue;
            }
            let (open, ringing) = (self.open_queues(), self.ringing_queues());
            let is_idle = open.is_empty() && ringing.is_empty();
            let free = if is_idle { Vec::new() } else { self.free_agents(turn.now.mono) };
            if free.is_empty() {
                break;
            }
            let choice = Choice {
                open: &open,
                ringing: &ringing,
                free: &free,
                may_ring_at_more: &self.may_ring_at_more,
                now: turn.now.mono,
            };
            let (rng, mut draws) = (&mut *turn.rng, Vec::new());
            let mut draw = |below| {
                let drawn = rng.below(below);
                draws.push(drawn);
                drawn
            };
            let Some(picked) = choice.decide(&mut draw) else {
                wakes_at = wakes_at.into_iter().chain(choice.next_step()).min();
                break;
            };
            let sight = self.sight(&choice, draws, picked.decision.rings_beside > 0);
            self.note_sight(sight, &picked);
            self.offer_call(turn, picked);
        }
        let work_at = self.match_work(turn);
        self.timers.set(Timer::Match, wakes_at.into_iter().chain(work_at).min());
    }

    /// From then on somebody is no longer passed over. A step that comes earlier keeps its time.
    pub(super) fn match_by(&mut self, at: Mono) {
        self.passed_over.insert(at);
        let set = self.timers.at(&Timer::Match);
        self.timers.set(Timer::Match, set.into_iter().chain([at]).min());
    }

    /// Somebody is no longer passed over, or the next step of a queue has come.
    pub(super) fn match_again(&mut self, turn: &Turn<'_>) {
        self.passed_over = self.passed_over.split_off(&(turn.now.mono + 1));
        self.is_match_due = true;
    }

    /// The queues whose own skills an agent has. Others may be served at a later step, but are not the agent's: neither their number is
    /// shown for the agent's calls, nor do they count the agent among theirs.
    pub(super) fn own_queues(&self, agent: &AgentId) -> impl Iterator<Item = &QueueId> {
        let reaches = self.serves.get(agent).into_iter().flatten();
        reaches.filter(|(_, reach)| reach.step == 0).map(|(queue, _)| queue)
    }

    pub(super) fn free_agents(&self, now: Mono) -> Vec<FreeAgent<'_>> {
        let free = self.agents.values().filter(|agent| agent.is_free() && !self.is_occupied(&agent.id));
        let free = free.filter(|agent| !self.work.is_kept_for_item(&agent.id));
        free.filter_map(|agent| self.free_agent(agent, self.work.has_open(&agent.id), now)).collect()
    }

    /// An agent as the matcher sees one. Whoever works on an item is not idle.
    pub(super) fn free_agent<'a>(&'a self, agent: &'a Agent, works_on_item: bool, now: Mono) -> Option<FreeAgent<'a>> {
        let reaches = self.serves.get(&agent.id)?;
        let record = record_of(&agent.workload(now));
        let idle_since = self.work.idle_since(&agent.id, agent.idle_since(), now);
        let idle = Some(agent.idle_times());
        Some(FreeAgent { agent: &agent.id, idle_since, idle, record, reaches, works_on_item })
    }

    /// The queues that somebody waits in for whom no telephone rings, and that may have one more conversation.
    pub(super) fn open_queues(&self) -> Vec<OpenQueue<'_>> {
        let lines = self.lines.iter().filter(|(_, line)| line.iter().any(|(_, waiting)| !waiting.is_offered));
        let known = lines.filter_map(|(id, line)| Some((self.directory.queues.get(id)?, line)));
        known.filter(|(queue, line)| self.has_room(queue, line)).map(|(queue, line)| self.open_queue(queue, line)).collect()
    }

    /// The queues of calls that ring and may ring at one more agent.
    pub(super) fn ringing_queues(&self) -> Vec<OpenQueue<'_>> {
        let of = |call: &CallId| match self.calls.get(call)?.stage() {
            Stage::Waiting { queue, .. } => Some(queue),
            _ => None,
        };
        let ids: BTreeSet<&QueueId> = self.may_ring_at_more.keys().filter_map(of).collect();
        let known = ids.into_iter().filter_map(|id| Some((self.directory.queues.get(id)?, self.lines.get(id)?)));
        known.map(|(queue, line)| self.open_queue(queue, line)).collect()
    }

    pub(super) fn open_queue<'a>(&'a self, queue: &'a Queue, line: &'a QueueLine) -> OpenQueue<'a> {
        let (least_step, last_offered) = (self.least_step(queue), self.last_offered(queue));
        OpenQueue { queue, line, least_step, last_offered, teams: &self.teams }
    }

    /// A call has changed: whether it may ring at one more agent.
    pub(super) fn note_rings(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let queue = match call.stage() {
            Stage::Waiting { queue, offer: Some(_) } => self.directory.queues.get(queue),
            _ => None,
        };
        if queue.is_some_and(|queue| call.may_ring_at_more(queue.routing.rings)) {
            let rings = i64::try_from(call.offers().count()).unwrap_or(i64::MAX);
            self.may_ring_at_more.insert(id, rings);
        } else {
            self.may_ring_at_more.remove(&id);
        }
    }

    fn has_room(&self, queue: &Queue, line: &QueueLine) -> bool {
        queue.routing.talking_max.is_none_or(|talking_max| {
            let ringing = line.iter().filter(|(_, waiting)| waiting.is_offered).count();
            self.standing.talking(&queue.id).saturating_add(i64::try_from(ringing).unwrap_or(i64::MAX)) < talking_max
        })
    }

    /// The earliest step of a queue at which somebody who is signed in comes into question.
    fn least_step(&self, queue: &Queue) -> usize {
        self.staffing.of(&queue.id).map_or(0, Staff::least_step)
    }

    /// Whom the queue's last call was offered to, where that matters.
    fn last_offered(&self, queue: &Queue) -> Option<&AgentId> {
        if queue.routing.strategy != Strategy::RoundRobin {
            return None;
        }
        let offered = self.agents.values().filter_map(|agent| Some((agent.last_offer(&queue.id)?, &agent.id)));
        offered.max().map(|(_, agent)| agent)
    }

    fn offer_call(&mut self, turn: &mut Turn<'_>, picked: Pick) {
        let Pick { call, decision } = picked;
        let (queue, agent) = (decision.queue.clone(), decision.agent.clone());
        let decision = self.with_others(decision);
        if self.is_consult_in(call, &queue) {
            return self.offer_consult(turn, call, &agent, decision);
        }
        self.offer_to(turn, call, &queue, &agent, Some(decision));
        self.launch_callback(turn, call, &agent);
    }

    /// Rings a waiting call at an agent: by a decision, or by somebody's hand.
    pub(super) fn offer_to(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallId,
        queue: &QueueId,
        agent: &AgentId,
        decision: Option<RoutingDecision>,
    ) {
        self.begin_callback(turn, id, agent);
        let ring_secs = self.directory.queues.get(queue).map_or(0, |queue| queue.ring_secs);
        if let Some(waiting) = self.lines.get_mut(queue).and_then(|line| line.get_mut(id)) {
            waiting.is_offered = true;
        }
        let offer = self.ring(turn, id, agent, ring_secs);
        self.on_call(turn, id, |call, cx| call.offer(offer, decision, cx));
        self.offers += 1;
        let number = self.offers;
        self.on_agent(turn, agent, |agent, cx| {
            agent.offer_of(queue.clone(), number, id, cx);
        });
    }

    /// Who signs in begins with what the colleagues in the same queues have done in the middle.
    pub(super) fn begin_workload(&mut self, turn: &Turn<'_>, id: &AgentId) {
        let now = turn.now.mono;
        let Some(own) = self.serves.get(id) else { return };
        let shares_queue =
            |other: &AgentId| self.serves.get(other).is_some_and(|queues| queues.keys().any(|queue| own.contains_key(queue)));
        let colleagues =
            self.agents.values().filter(|agent| agent.id != *id && agent.is_signed_in() && shares_queue(&agent.id));
        let colleagues: Vec<Workload> = colleagues.map(|agent| agent.workload(now)).collect();
        let workload = Workload::like(&colleagues, now);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.begin_workload(workload);
        }
    }
}

pub(super) fn record_of(load: &Workload) -> WorkRecord {
    let occupied_ms = load.on_calls_ms + load.wrapping_up_ms;
    WorkRecord {
        answered_thousandths: load.answered_thousandths,
        on_calls_ms: load.on_calls_ms,
        occupied_ms,
        routable_ms: occupied_ms + load.ready_ms,
    }
}
