//! A callback is made: the call by which it is offered to an agent, dialling the customer, and what follows from the outcome.

use super::{Centre, CentreOutput, Timer, Turn, inbound::LONGEST_MS, playback::Purpose, session::session_of_ours};
use crate::{
    domain::{
        call::{Call, CallbackRef, DialStep, Direction, EndCause, NewCall, OtherParty, Partner, Party, Stage},
        callback::CallbackState,
        directory::CallbackMode,
    },
    types::{AgentId, CallId},
};

/// What the history shows as our number of a call that showed none.
const WITHHELD: &str = "anonymous";

impl Centre {
    /// Before a callback rings at an agent there must be a call of it.
    pub(super) fn begin_callback(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        if self.calls.contains_key(&id) {
            return;
        }
        let Some(callback) = self.callbacks.of_call(id).cloned() else { return };
        let rules = self.directory.queues.get(&callback.queue).map(|queue| &queue.callback);
        let of = CallbackRef {
            id: callback.id,
            attempt: callback.attempts + 1,
            requested_at: callback.requested_at,
            scheduled_at: callback.scheduled_at,
            note: callback.note.clone(),
            is_customer_first: rules.is_some_and(|rules| rules.mode == CallbackMode::CustomerFirst),
        };
        let party = OtherParty { number: Some(callback.number.clone()), customer: callback.customer, ..OtherParty::default() };
        let shown = self.callback_number_shown(&callback.queue).or_else(|| self.number_shown(agent));
        let new = NewCall {
            id,
            direction: Direction::Outbound,
            party,
            our_number: shown.unwrap_or_else(|| WITHHELD.into()),
            session: session_of_ours(turn.rng),
            customer_leg: None,
            language: callback.language.as_str().into(),
            stage: Stage::Waiting { queue: callback.queue.clone(), offer: None },
        };
        self.begin_call(turn, id, |cx| Call::call_back(new, of, callback.queue, callback.queued_at, cx));
        self.timers.set(Timer::Longest(id), Some(turn.now.mono + LONGEST_MS));
        self.out.push_back(CentreOutput::LookUp { call: id, number: callback.number });
    }

    /// The number that customers see who are called back.
    fn callback_number_shown(&self, queue: &crate::types::QueueId) -> Option<std::sync::Arc<str>> {
        let own = self.directory.queues.get(queue).and_then(|queue| queue.caller_number.as_deref());
        own.or(self.directory.centre.caller_number.as_deref()).map(Into::into)
    }

    /// The number that the other party of a call out sees.
    pub(super) fn number_shown_on(&self, id: CallId, agent: &AgentId) -> Option<std::sync::Arc<str>> {
        let call = self.calls.get(&id).filter(|call| call.callback.is_some());
        let of_queue = call.and_then(|call| self.callback_number_shown(call.queue.as_ref()?));
        of_queue.or_else(|| self.number_shown(agent))
    }

    /// Whether a call is made for somebody who is to be called back and has not answered yet.
    pub(super) fn is_calling_back(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| !call.is_over() && call.is_calling_back())
    }

    /// A callback was given to an agent. Where the customer comes first, an agent at the console, who is heard at once, is not asked.
    pub(super) fn launch_callback(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let Some(number) = self.callbacks.of_call(id).map(|callback| callback.number.clone()) else { return };
        self.review_lease(&number);
        let Some(call) = self.calls.get(&id).filter(|call| call.is_calling_back()) else { return };
        let is_customer_first = call.callback.as_ref().is_some_and(|of| of.is_customer_first);
        let is_at_console = call.stage().offer().is_some_and(|offer| offer.phone.is_none());
        if is_customer_first && is_at_console && self.has_console_audio(agent) {
            self.dial_callback(turn, id, agent);
        }
    }

    /// The agent whom a callback rang at did not take it: it stands at its place again.
    pub(super) fn callback_missed(&mut self, id: CallId) {
        let of = self.callbacks.of_call(id).map(|callback| (callback.id, callback.number.clone()));
        if let Some((callback, number)) = of {
            self.callbacks.touch(callback);
            self.review_lease(&number);
        }
    }

    /// The agent takes the callback: the customer is dialled.
    pub(super) fn dial_callback(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let Some(offer) = self.calls.get(&id).and_then(|call| call.stage().offer().cloned()) else { return };
        let Some(callback) = self.callbacks.of_call(id) else { return };
        let (callback, number) = (callback.id, callback.number.clone());
        let plan = match self.plan_dial(turn, agent, number.as_str(), None) {
            Ok(plan) => plan,
            Err(refusal) => {
                self.notify(agent, "callback_not_dialled");
                if let Some(leg) = offer.phone {
                    self.close_leg(leg);
                }
                self.withdraw_offer(turn, id);
                self.callback_refused(turn, id, agent, refusal);
                return self.review_lease(&number);
            }
        };
        self.leave_line(id);
        self.on_callback(turn, callback, |callback, _, cx| callback.begin_attempt(id, agent.clone(), cx));
        self.dial_plans.insert(id, plan);
        let with = Partner { agent: agent.clone(), phone: offer.phone };
        self.on_call(turn, id, |call, cx| {
            call.last_agent = Some(agent.clone());
            call.dial_on(with.clone(), DialStep::OwnPhone, offer.until, cx);
        });
        self.on_agent(turn, agent, |agent, cx| agent.take(id, cx));
        self.call_out(turn, id, with);
    }

    /// The number could not be dialled. It counts as an attempt, so that it comes to an end, unless only our own lines are taken.
    fn callback_refused(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, refusal: super::Refusal) {
        let Some(callback) = self.callbacks.of_call(id).map(|callback| callback.id) else { return };
        if refusal == super::Refusal::TooManyCalls {
            self.leave_line(id);
            self.callbacks.unbind(callback);
            self.on_callback(turn, callback, |callback, _, cx| callback.put_off(id, cx));
            return self.end_call(turn, id, EndCause::Overload, Party::System);
        }
        let is_for_good = matches!(refusal, super::Refusal::NotDialable | super::Refusal::NumberNotAllowed);
        self.leave_line(id);
        self.callbacks.unbind(callback);
        self.on_callback(turn, callback, |callback, rules, cx| {
            callback.begin_attempt(id, agent.clone(), cx);
            if is_for_good { callback.give_up(cx) } else { callback.fail_attempt(rules, cx) }
        });
        self.end_call(turn, id, EndCause::Refused, Party::System);
    }

    /// Somebody has answered at the customer's. False when the agent who was kept for the call is not heard: then the customer waits
    /// before all others.
    pub(super) fn callback_answered(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner) -> bool {
        let Some(callback) = self.callbacks.of_call(id) else { return true };
        let (callback, queue, number) = (callback.id, callback.queue.clone(), callback.number.clone());
        let is_customer_first =
            self.calls.get(&id).and_then(|call| call.callback.as_ref()).is_some_and(|of| of.is_customer_first);
        let is_agent_gone = is_customer_first && with.phone.is_none() && !self.has_console_audio(&with.agent);
        if !is_agent_gone {
            return true;
        }
        self.on_callback(turn, callback, |callback, rules, cx| callback.reach(with.agent.clone(), rules, cx));
        self.review_lease(&number);
        self.on_agent(turn, &with.agent, |agent, cx| agent.lose_call(id, cx));
        self.notify(&with.agent, "device_lost");
        self.let_go(with);
        self.requeue_at_head(turn, id, queue);
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.customer_leg) {
            let clip = self.shared_clip(id, "connecting");
            self.play(turn, leg, vec![clip], Purpose::Announcement);
        }
        self.tidy_console(turn, &with.agent);
        false
    }

    /// The customer has been reached, unless a machine has answered or it is still being found out.
    pub(super) fn judge_callback(&mut self, turn: &mut Turn<'_>, id: CallId) {
        if self.calls.get(&id).is_some_and(|call| call.has_reached_somebody()) {
            self.callback_reached(turn, id);
        }
    }

    /// The customer who was called back has been reached, whoever has answered: the call goes on as that customer's.
    pub(super) fn callback_reached(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(callback) = self.callbacks.of_call(id) else { return };
        let (callback, number, state) = (callback.id, callback.number.clone(), callback.state);
        let Some(agent) = self.calls.get(&id).and_then(|call| call.last_agent.clone()) else { return };
        if state != CallbackState::Calling {
            return;
        }
        self.on_callback(turn, callback, |callback, rules, cx| callback.reach(agent, rules, cx));
        self.review_lease(&number);
    }

    /// The call of a callback is over, and it is not known that the customer was reached.
    pub(super) fn callback_call_over(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(callback) = self.callbacks.of_call(id) else { return };
        let (callback, number, state) = (callback.id, callback.number.clone(), callback.state);
        self.callbacks.unbind(callback);
        let call = self.calls.get(&id);
        let has_no_line = call.is_some_and(|call| call.end_cause == Some(EndCause::Overload));
        // Whoever hung up before it was told who it was has answered.
        let by =
            call.filter(|call| call.connected_at.is_some() && !call.is_with_machine()).and_then(|call| call.last_agent.clone());
        if state == CallbackState::Calling && !(self.is_draining && by.is_none()) {
            self.on_callback(turn, callback, |callback, rules, cx| match by {
                Some(agent) => callback.reach(agent, rules, cx),
                None if has_no_line => callback.put_off(id, cx),
                None => callback.fail_attempt(rules, cx),
            });
        }
        self.review_lease(&number);
    }
}
