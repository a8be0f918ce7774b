//! Every move of a machine goes through here: its events become facts with their actor, its deadline a timer, its change
//! something to publish.

use super::{Centre, CentreOutput, Fact, OnCall, PhoneEffect, Timer, Turn};
use crate::{
    domain::{
        Cx, Outbox,
        agent::{Agent, AgentCx, AgentEvent, AgentEventKind, Presence},
        call::{Call, CallCx, CallEventKind},
        event::{Actor, Event},
    },
    types::{AgentId, CallId, LegId, QueueId, UserId},
};

impl Turn<'_> {
    /// From here on the customer is the doer.
    pub(super) fn by_customer(&mut self) {
        self.actor = Actor::Customer;
    }

    /// From here on this agent is the doer.
    pub(super) fn by_agent(&mut self, agent: &AgentId) {
        self.actor = Actor::User { user: UserId::from(agent.clone()) };
    }

    /// A new leg.
    pub(super) fn mint_leg(&mut self) -> LegId {
        LegId::mint(self.now.wall, self.rng)
    }
}

impl Centre {
    /// Orders something on the telephone.
    pub(super) fn phone(&mut self, effect: PhoneEffect) {
        self.out.push_back(CentreOutput::Phone(effect));
    }

    /// A sentence for an agent's user.
    pub(super) fn notify(&mut self, agent: &AgentId, key: &'static str) {
        self.out.push_back(CentreOutput::Notice { user: UserId::from(agent.clone()), key });
    }

    /// Begins a call with the machine's first move.
    pub(super) fn begin_call(&mut self, turn: &mut Turn<'_>, id: CallId, begin: impl FnOnce(&mut CallCx<'_>) -> Call) {
        let mut events = Outbox::default();
        let call = begin(&mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        self.calls.insert(id, Box::new(call));
        self.state_facts(turn, id, events);
    }

    /// Moves a call. `None` when there is no such call.
    pub(super) fn on_call<R>(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallId,
        change: impl FnOnce(&mut Call, &mut CallCx<'_>) -> R,
    ) -> Option<R> {
        let mut events = Outbox::default();
        let call = self.calls.get_mut(&id)?;
        let mut cx = Cx { now: turn.now, rng: turn.rng, out: &mut events };
        let result = change(call, &mut cx);
        call.judge_silence(&mut cx);
        self.state_facts(turn, id, events);
        Some(result)
    }

    fn state_facts(&mut self, turn: &Turn<'_>, id: CallId, mut events: Outbox<crate::domain::call::CallEvent>) {
        let Some(call) = self.calls.get(&id) else { return };
        if let Some(queue) = self.standing.note(call)
            && self.directory.queues.get(&queue).is_some_and(|queue| queue.routing.talking_max.is_some())
        {
            // One conversation less: the next caller of a queue that may not have more.
            self.is_match_due = true;
        }
        self.timers.set(Timer::Stage(id), call.stage().deadline());
        self.timers.set(Timer::Consult(id), call.consult().and_then(|consult| consult.until));
        self.timers.set(Timer::RecordingPause(id), call.recording_deadline());
        self.timers.set(Timer::Forks(id), call.forks_deadline());
        if let Some(queue) = &call.queue {
            self.published.touch_queue(queue.clone());
        }
        self.published.touch_call(id);
        self.note_hold(id, turn.now.mono);
        self.note_rings(id);
        let Some(call) = self.calls.get(&id) else { return };
        let events: Vec<_> = events.drain().collect();
        // A change without an event of its own travels with the call's next one.
        let mut summary = if events.is_empty() { None } else { self.published.changed_summary(call.summary()) };
        let doing = call.stage().partner().zip(call.activity());
        let doing = doing.map(|(with, activity)| OnCall { agent: with.agent.clone(), call: id, activity });
        let count = events.len();
        for (index, event) in events.into_iter().enumerate() {
            self.note_wait(&event.kind, turn.now.mono);
            let is_decided = event.kind.decision().is_some();
            // A further visit ends the one before, also amid other events.
            let begins_visit = matches!(event.kind, CallEventKind::Queued { .. });
            let doing = doing.clone().filter(|_| event.kind.may_change_activity());
            self.out.push_back(CentreOutput::Fact(Fact {
                call: if index + 1 == count { summary.take() } else { summary.clone().filter(|_| begins_visit) },
                sight: if is_decided { self.sights.take_due() } else { None },
                on_call: doing.map(Box::new),
                ..Fact::of(turn.now.wall, turn.actor.clone(), Event::Call(event))
            }));
        }
    }

    /// What is said of the queues that an agent serves may be different now.
    pub(super) fn touch_queues_of(&mut self, agent: &AgentId) {
        self.recount(agent);
        let queues: Vec<QueueId> = self.own_queues(agent).cloned().collect();
        for queue in queues {
            self.published.touch_queue(queue);
        }
    }

    /// Moves an agent. `None` when there is no such agent.
    pub(super) fn on_agent<R>(
        &mut self,
        turn: &mut Turn<'_>,
        id: &AgentId,
        change: impl FnOnce(&mut Agent, &mut AgentCx<'_>) -> R,
    ) -> Option<R> {
        let mut events = Outbox::default();
        let agent = self.agents.get_mut(id)?;
        let result = change(agent, &mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        self.timers.set(Timer::Agent(id.clone()), agent.deadline());
        self.published.touch_agent(id.clone());
        self.touch_queues_of(id);
        let (mut has_signed_in, mut is_away) = (false, false);
        for event in events.drain() {
            if let AgentEventKind::PresenceChanged { from, to, .. } = &event.kind {
                has_signed_in |= *from == Presence::Offline;
                self.note_work(id, from, to, turn.now.mono);
                self.work.is_review_due = true;
                match to {
                    Presence::Ready => self.is_match_due = true,
                    Presence::Offline => {
                        self.is_staff_check_due = true;
                        // A step that nobody is left for is skipped.
                        self.is_match_due = true;
                        is_away = true;
                    }
                    Presence::Paused { .. } => is_away = true,
                    Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. } => {}
                }
            }
            let on_call = self.doing_of(&event);
            let fact = Fact::of(turn.now.wall, turn.actor.clone(), Event::Agent(event));
            self.out.push_back(CentreOutput::Fact(Fact { on_call, ..fact }));
        }
        if is_away {
            self.keep_for_nobody(turn, id);
        }
        if has_signed_in {
            self.begin_workload(turn, id);
        }
        Some(result)
    }

    /// What an agent does who is on a call from here on.
    fn doing_of(&self, event: &AgentEvent) -> Option<Box<OnCall>> {
        let AgentEventKind::PresenceChanged { to: Presence::Busy { call }, .. } = event.kind else { return None };
        let activity = self.calls.get(&call)?.activity_of(&event.agent);
        Some(Box::new(OnCall { agent: event.agent.clone(), call, activity }))
    }
}
