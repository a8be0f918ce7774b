//! Work items on the floor: each stands in a line of its queue beside the callers' line and is given to the queue's agents by the one
//! matcher, by the same rules. Calls go first: an item is offered when nobody waits whom one of the free agents could serve, or when it
//! has waited for as long as its queue says, and then before all calls. Only agents who are ready with a console are asked, and none
//! for more items than they may have open; a call takes the place of an offer that has not waited so long. An item that is open leaves
//! the agent free for calls of queues that interrupt.

use std::collections::{BTreeMap, BTreeSet};

use super::{Centre, CentreOutput, Fact, Timer, Turn, WorkView, callbacks::mono_of, offer, waiting::millis};
use crate::{
    domain::{
        Cx, Outbox,
        agent::Agent,
        call::Message,
        directory::Strategy,
        event::Event,
        queue::{FreeAgent, OpenQueue, Pick, QueueLine, Waiting, next_step, pick, pick_among},
        work::{NewWorkItem, OfferMiss, WorkEvent, WorkItem, WorkKind, WorkReturn, WorkState},
    },
    types::{AgentId, CallId, Mono, Now, QueueId, RoutingDecision, Timestamp, WorkItemId},
};

/// Items at a time, in all; what comes past that is a ticket and nothing more.
const WORK_ITEMS_MAX: usize = 10_000;
/// They are looked at again at least this often, so that a wall clock that was set does not matter for long.
const REVIEW_MS_MAX: u64 = 60_000;

/// The items that are not done yet.
#[derive(Default)]
pub(super) struct WorkItems {
    pub(super) all: BTreeMap<WorkItemId, WorkItem>,
    of_calls: BTreeMap<CallId, WorkItemId>,
    /// Who waits, those that are offered included.
    pub(super) lines: BTreeMap<QueueId, QueueLine>,
    /// To whom one is offered.
    ringing: BTreeMap<AgentId, WorkItemId>,
    /// Those of them that go before calls: the agent is kept for them.
    kept: BTreeSet<AgentId>,
    /// Who has which open.
    open: BTreeMap<AgentId, BTreeSet<WorkItemId>>,
    /// When agents were done with an item last.
    rested: BTreeMap<AgentId, Mono>,
    /// Calls whose items have waited long enough to go before calls, as of the last look.
    pub(super) promoted: BTreeSet<CallId>,
    /// When agents stop being passed over for items that they missed or gave back.
    passed_over: BTreeSet<Mono>,
    /// Open items of an earlier process whose agents may still come back.
    pub(super) awaited: BTreeSet<WorkItemId>,
    /// Those of an earlier process, until there is a directory.
    pub(super) restored: Vec<WorkItem>,
    pub(super) is_review_due: bool,
}

impl WorkItems {
    /// Whether there is anything to do.
    pub(super) fn has_any(&self) -> bool {
        !self.all.is_empty()
    }

    /// How many wait in a queue, those that are offered included.
    pub(super) fn waiting_in(&self, queue: &QueueId) -> usize {
        self.lines.get(queue).map_or(0, QueueLine::len)
    }

    /// Whether an agent has items open.
    pub(super) fn has_open(&self, agent: &AgentId) -> bool {
        self.open.contains_key(agent)
    }

    /// Whether an item that goes before calls is offered to an agent.
    pub(super) fn is_kept_for_item(&self, agent: &AgentId) -> bool {
        self.kept.contains(agent)
    }

    /// Since when an agent is without calls and items.
    pub(super) fn idle_since(&self, agent: &AgentId, without_calls_since: Mono, now: Mono) -> Mono {
        if self.has_open(agent) {
            return now;
        }
        self.rested.get(agent).map_or(without_calls_since, |rested| without_calls_since.max(*rested))
    }

    /// The items at an agent, as they are shown.
    pub(super) fn views_of(&self, agent: &AgentId) -> Vec<WorkView> {
        let ids = self.ringing.get(agent).into_iter().chain(self.open.get(agent).into_iter().flatten());
        let view = |id: &WorkItemId| {
            let item = self.all.get(id)?;
            let is_offered = matches!(item.state, WorkState::Offered { .. });
            Some(WorkView { item: *id, queue: item.queue.clone(), is_offered, until: item.state.until()? })
        };
        ids.filter_map(view).collect()
    }

    /// The items at agents.
    pub(super) fn at_agents(&self) -> Vec<WorkItem> {
        let ids = self.ringing.values().chain(self.open.values().flatten());
        ids.filter_map(|id| self.all.get(id).cloned()).collect()
    }

    fn open_at(&self, agent: &AgentId) -> usize {
        self.open.get(agent).map_or(0, BTreeSet::len)
    }

    /// Items of an agent are none of the agent's any more.
    fn take_from(&mut self, agent: &AgentId, id: WorkItemId, now: Mono) {
        if self.ringing.get(agent) == Some(&id) {
            self.ringing.remove(agent);
            self.kept.remove(agent);
        }
        if let Some(open) = self.open.get_mut(agent)
            && open.remove(&id)
        {
            self.rested.insert(agent.clone(), now);
            if open.is_empty() {
                self.open.remove(agent);
            }
        }
    }
}

impl Centre {
    /// A caller has left a message: whoever serves the queue is to see to it.
    pub(super) fn add_message(&mut self, turn: &mut Turn<'_>, call: CallId, message: Message) {
        let Message { queue, recording, length_ms } = message;
        let is_routed = self.directory.queues.get(&queue).is_some_and(|queue| queue.work.routes_voicemail);
        if !is_routed || self.work.all.len() >= WORK_ITEMS_MAX {
            return;
        }
        let Some(left) = self.calls.get(&call) else { return };
        let new = NewWorkItem {
            id: WorkItemId::mint(turn.now.wall, turn.rng),
            kind: WorkKind::Voicemail { recording, length_ms },
            number: left.party.number.clone(),
            customer: left.party.customer,
            segment: left.party.known().map(|known| known.segment.to_string()),
            language: left.language.clone(),
            queued_at: left.place_in(&queue).unwrap_or(turn.now.wall),
            queue,
            call,
        };
        let mut events = Outbox::default();
        let item = WorkItem::add(new, &mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        let id = item.id;
        self.put_work_item(item);
        self.tell_work_item(turn, id, None, events);
    }

    pub(super) fn put_work_item(&mut self, item: WorkItem) {
        self.work.of_calls.insert(item.call, item.id);
        self.work.all.insert(item.id, item);
        self.work.is_review_due = true;
    }

    /// Moves an item. `None` when there is no such item any more.
    pub(super) fn on_work_item<R>(
        &mut self,
        turn: &mut Turn<'_>,
        id: WorkItemId,
        change: impl FnOnce(&mut WorkItem, &mut Cx<'_, WorkEvent>) -> R,
    ) -> Option<R> {
        let mut events = Outbox::default();
        let item = self.work.all.get_mut(&id)?;
        let before = item.state.agent().cloned();
        let result = change(item, &mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        self.tell_work_item(turn, id, before, events);
        Some(result)
    }

    /// What happened to an item goes to the journal with how it stands now, and the floor stands by it. `before`: at whom it was.
    fn tell_work_item(&mut self, turn: &Turn<'_>, id: WorkItemId, before: Option<AgentId>, mut events: Outbox<WorkEvent>) {
        let Some(item) = self.work.all.get(&id).cloned() else { return };
        for event in events.drain() {
            self.out.push_back(CentreOutput::Fact(Fact {
                work: Some(Box::new(item.clone())),
                ..Fact::of(turn.now.wall, turn.actor.clone(), Event::Work(event))
            }));
        }
        self.file_work_item(turn.now, &item, before.as_ref());
    }

    /// Lines, agents and deadlines follow an item's state.
    pub(super) fn file_work_item(&mut self, now: Now, item: &WorkItem, before: Option<&AgentId>) {
        let until = item.state.until().map(|until| mono_at(until, now));
        self.timers.set(Timer::WorkItem(item.id), until);
        if let Some(agent) = before {
            self.work.take_from(agent, item.id, now.mono);
            self.published.touch_agent(agent.clone());
        }
        if !matches!(item.state, WorkState::Accepted { .. }) {
            self.work.awaited.remove(&item.id);
        }
        match &item.state {
            WorkState::Waiting => self.put_work_in_line(now, item),
            WorkState::Offered { agent, .. } => {
                self.work.ringing.insert(agent.clone(), item.id);
            }
            WorkState::Accepted { agent, .. } => {
                self.work.open.entry(agent.clone()).or_default().insert(item.id);
                self.take_work_out_of_line(item);
            }
            WorkState::Done { .. } | WorkState::Closed => {
                self.take_work_out_of_line(item);
                self.work.of_calls.remove(&item.call);
                self.work.all.remove(&item.id);
            }
        }
        if let Some(agent) = item.state.agent() {
            self.published.touch_agent(agent.clone());
        }
        self.published.touch_queue(item.queue.clone());
        self.work.is_review_due = true;
        self.is_match_due = true;
    }

    /// At the place that it always had.
    fn put_work_in_line(&mut self, now: Now, item: &WorkItem) {
        let line = self.work.lines.entry(item.queue.clone()).or_default();
        if let Some(waiting) = line.get_mut(item.call) {
            waiting.is_offered = false;
            return;
        }
        let queue = self.directory.queues.get(&item.queue);
        let head_start_ms = queue.map_or(0, |queue| queue.routing.head_start_ms(item.segment.as_deref()));
        line.join(Waiting::new(item.call), false, head_start_ms, mono_of(item.queued_at, now));
    }

    /// How segments stand in the queues has changed: what waits stands where that puts it now.
    pub(super) fn review_work_head_starts(&mut self) {
        for item in self.work.all.values() {
            let Some(queue) = self.directory.queues.get(&item.queue) else { continue };
            let head_start_ms = queue.routing.head_start_ms(item.segment.as_deref());
            if let Some(line) = self.work.lines.get_mut(&item.queue) {
                line.set_head_start(item.call, head_start_ms);
            }
        }
    }

    fn take_work_out_of_line(&mut self, item: &WorkItem) {
        if let Some(line) = self.work.lines.get_mut(&item.queue) {
            line.leave(item.call);
        }
        self.work.promoted.remove(&item.call);
    }

    /// Who is not ready any more is asked no longer; what is at agents who have signed out goes back; who waits long enough goes first.
    pub(super) fn review_work(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.work.is_review_due) || (self.work.all.is_empty() && self.work.restored.is_empty()) {
            return;
        }
        self.take_up_work(turn);
        let asked: Vec<(AgentId, WorkItemId)> = self.work.ringing.iter().map(|(agent, item)| (agent.clone(), *item)).collect();
        for (agent, item) in asked {
            let is_ready = self.agents.get(&agent).is_some_and(|agent| self.takes_work(agent));
            if !is_ready || self.is_draining {
                self.on_work_item(turn, item, |item, cx| item.miss(OfferMiss::Withdrawn, cx));
            }
        }
        let signed_out = |agent: &&AgentId| !self.agents.get(*agent).is_some_and(Agent::is_signed_in);
        let signed_out: Vec<AgentId> = self.work.open.keys().filter(signed_out).cloned().collect();
        for agent in signed_out {
            self.return_work_of(turn, &agent);
        }
        let without_queue = |item: &&WorkItem| !self.directory.queues.contains_key(&item.queue);
        let without_queue: Vec<WorkItemId> = self.work.all.values().filter(without_queue).map(|item| item.id).collect();
        for item in without_queue {
            self.on_work_item(turn, item, |item, cx| item.close(cx));
        }
        self.work.rested.retain(|agent, _| self.agents.contains_key(agent));
        self.work.lines.retain(|queue, line| !line.is_empty() || self.directory.queues.contains_key(queue));
        self.promote_work(turn);
        // What the review itself has changed is as it should be.
        self.work.is_review_due = false;
    }

    /// Finds the items that have waited long enough to go before calls.
    fn promote_work(&mut self, turn: &Turn<'_>) {
        let now = turn.now;
        let mut wakes_at: Option<Timestamp> = None;
        let mut promoted = BTreeSet::new();
        for item in self.work.all.values().filter(|item| item.state == WorkState::Waiting) {
            let Some(queue) = self.directory.queues.get(&item.queue) else { continue };
            let at = queue.work.promoted_at(item.queued_at);
            if at <= now.wall {
                promoted.insert(item.call);
            } else {
                wakes_at = wakes_at.into_iter().chain([at]).min();
            }
        }
        self.is_match_due |= !promoted.is_subset(&self.work.promoted);
        self.work.promoted = promoted;
        let wake = wakes_at.map(|at| {
            let ms = u64::try_from(at.millis_since(now.wall)).unwrap_or(0);
            now.mono + ms.clamp(1, REVIEW_MS_MAX)
        });
        self.timers.set(Timer::Work, wake);
    }

    /// What an agent has open goes back, because nobody is there to do it.
    pub(super) fn return_work_of(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        let open: Vec<WorkItemId> = self.work.open.get(agent).into_iter().flatten().copied().collect();
        for item in open {
            if !self.work.awaited.contains(&item) {
                self.on_work_item(turn, item, |item, cx| item.give_back(WorkReturn::AgentGone, cx));
            }
        }
    }

    /// Whether an agent could be offered an item: ready, with nobody in the ear and a console to show it.
    pub(super) fn takes_work(&self, agent: &Agent) -> bool {
        let has_console = self.consoles.get(&agent.id).is_some_and(|console| console.is_session_up);
        agent.is_free() && !self.is_occupied(&agent.id) && has_console
    }

    fn has_room_for_work(&self, agent: &AgentId) -> bool {
        let own = self.directory.agents.get(agent).and_then(|profile| profile.work_items_max);
        let most = own.unwrap_or(self.directory.centre.work_items_max);
        usize::try_from(most).is_ok_and(|most| self.work.open_at(agent) < most)
    }

    /// Who could be offered an item now.
    pub(super) fn agents_for_work(&self, now: Mono) -> Vec<FreeAgent<'_>> {
        let ready = self.agents.values().filter(|agent| self.takes_work(agent) && !self.work.ringing.contains_key(&agent.id));
        // What the agent works on already does not keep an item away: how many it may be is another question.
        ready.filter(|agent| self.has_room_for_work(&agent.id)).filter_map(|agent| self.free_agent(agent, false, now)).collect()
    }

    /// The queues that serve now and whose items wait.
    pub(super) fn queues_with_work(&self, at: Timestamp) -> Vec<OpenQueue<'_>> {
        let lines = self.work.lines.iter().filter(|(_, line)| line.iter().any(|(_, waiting)| !waiting.is_offered));
        let known = lines.filter_map(|(id, line)| Some((self.directory.queues.get(id)?, line)));
        let serving = known.filter(|(queue, _)| self.hours.is_serving(queue, at));
        serving.map(|(queue, line)| self.open_queue(queue, line)).collect()
    }

    /// Offers one item that goes before calls. Whether there was one.
    pub(super) fn offer_promoted_work(&mut self, turn: &mut Turn<'_>) -> bool {
        if self.work.promoted.is_empty() || self.is_draining {
            return false;
        }
        let now = turn.now.mono;
        let rng = &mut *turn.rng;
        let free = self.agents_for_work(now);
        let queues = if free.is_empty() { Vec::new() } else { self.queues_with_work(turn.now.wall) };
        let is_promoted = |waiting: &Waiting| self.work.promoted.contains(&waiting.call);
        let picked = pick_among(&queues, &free, &is_promoted, &mut |below| rng.below(below), now);
        let Some(picked) = picked else { return false };
        let decision = RoutingDecision { was_promoted: true, ..picked.decision };
        self.work.kept.insert(decision.agent.clone());
        self.offer_work_item(turn, Pick { decision, ..picked });
        true
    }

    /// Gives items to whoever is free when all calls have been given away; when there may be more to give.
    pub(super) fn match_work(&mut self, turn: &mut Turn<'_>) -> Option<Mono> {
        let now = turn.now.mono;
        self.work.passed_over = self.work.passed_over.split_off(&(now + 1));
        if self.work.lines.values().all(QueueLine::is_empty) || self.is_draining {
            return None;
        }
        // Each round takes one agent.
        for _ in 0..=self.agents.len() {
            let free = self.agents_for_work(now);
            if free.is_empty() {
                break;
            }
            let queues = self.queues_with_work(turn.now.wall);
            let rng = &mut *turn.rng;
            let Some(picked) = pick(&queues, &free, &mut |below| rng.below(below), now) else {
                let step = next_step(&queues, &free, now);
                return step.into_iter().chain(self.work.passed_over.first().copied()).min();
            };
            self.offer_work_item(turn, picked);
        }
        self.work.passed_over.first().copied()
    }

    fn offer_work_item(&mut self, turn: &mut Turn<'_>, picked: Pick) {
        let Pick { call, decision } = picked;
        let Some(item) = self.work.of_calls.get(&call).and_then(|id| self.work.all.get(id)) else { return };
        let (id, queue, agent) = (item.id, item.queue.clone(), decision.agent.clone());
        let ring_secs = self.directory.queues.get(&queue).map_or(0, |queue| queue.ring_secs);
        let until = turn.now.plus_millis(millis(offer::ring_secs(ring_secs)));
        let decision = self.with_others(decision);
        if let Some(waiting) = self.work.lines.get_mut(&queue).and_then(|line| line.get_mut(call)) {
            waiting.is_offered = true;
        }
        self.work.promoted.remove(&call);
        self.offers += 1;
        let number = self.offers;
        self.on_agent(turn, &agent, |agent, _| agent.note_offer(queue, number));
        self.on_work_item(turn, id, |item, cx| item.offer(agent, until.wall, Some(Box::new(decision)), cx));
    }

    /// An agent to whom an item was offered does not take it. The item keeps its place, the agent is treated as for a call.
    pub(super) fn work_offer_missed(&mut self, turn: &mut Turn<'_>, id: WorkItemId, agent: &AgentId, cause: OfferMiss) {
        let Some(item) = self.work.all.get(&id) else { return };
        let (call, queue) = (item.call, item.queue.clone());
        self.on_work_item(turn, id, |item, cx| item.miss(cause, cx));
        self.pass_over_for_work(turn, &queue, call, agent);
        let strikes_max = self.directory.queues.get(&queue).map_or(1, |queue| queue.routing.strikes_max.max(1));
        let strikes_max = u32::try_from(strikes_max).unwrap_or(1);
        if self.on_agent(turn, agent, |agent, cx| agent.strike_beside_calls(strikes_max, cx)) == Some(true) {
            self.notify(agent, "missed_offer");
        }
    }

    /// For a while this item is not offered to this agent.
    pub(super) fn pass_over_for_work(&mut self, turn: &Turn<'_>, queue: &QueueId, call: CallId, agent: &AgentId) {
        let until = turn.now.mono + self.excluded_ms(queue);
        let Some(waiting) = self.work.lines.get_mut(queue).and_then(|line| line.get_mut(call)) else { return };
        waiting.pass_over(agent.clone(), until, turn.now.mono);
        self.work.passed_over.insert(until);
        self.is_match_due = true;
    }

    /// An item of a queue that gives each agent a share has gone to this one.
    pub(super) fn note_work_taken(&mut self, turn: &Turn<'_>, queue: &QueueId, agent: &AgentId) {
        let strategy = self.directory.queues.get(queue).map(|queue| &queue.routing.strategy);
        if let (Some(Strategy::Percent { shares }), Some(line)) = (strategy, self.work.lines.get_mut(queue)) {
            line.taken.note(agent, shares, turn.now.mono);
        }
    }

    /// The time of an offer, or the time that an agent may have an item open, is over.
    pub(super) fn work_item_elapsed(&mut self, turn: &mut Turn<'_>, id: WorkItemId) {
        let Some(item) = self.work.all.get(&id).cloned() else { return };
        match &item.state {
            WorkState::Offered { agent, .. } => self.work_offer_missed(turn, id, agent, OfferMiss::NoAnswer),
            WorkState::Accepted { agent, .. } if self.work.awaited.remove(&id) => {
                let has_console = self.consoles.get(agent).is_some_and(|console| console.is_session_up);
                if has_console && self.agents.get(agent).is_some_and(Agent::is_signed_in) {
                    return self.file_work_item(turn.now, &item, None);
                }
                self.on_work_item(turn, id, |item, cx| item.give_back(WorkReturn::AgentGone, cx));
            }
            WorkState::Accepted { agent, .. } => {
                self.on_work_item(turn, id, |item, cx| item.give_back(WorkReturn::TimeUp, cx));
                self.pass_over_for_work(turn, &item.queue, item.call, agent);
                self.notify(agent, "work_item_returned");
            }
            WorkState::Waiting | WorkState::Done { .. } | WorkState::Closed => {}
        }
    }
}

/// A time on the wall to come, by the clock of deadlines; one that has passed is now.
fn mono_at(at: Timestamp, now: Now) -> Mono {
    now.mono + u64::try_from(at.millis_since(now.wall)).unwrap_or(0)
}
