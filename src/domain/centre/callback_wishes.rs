//! How callbacks come to be and end without being made: promised to a caller, set up by a person, taken over by the customer who calls
//! again, put off or called off, and taken up from an earlier process.

use std::collections::BTreeSet;

use super::{Centre, Refusal, Turn, callbacks::CALLBACKS_MAX, callbacks::mono_of};
use crate::{
    domain::{
        Cx, Outbox,
        call::{Call, Direction, Stage},
        callback::{Callback, CallbackState, NewCallback},
        directory::CallbackMode,
    },
    types::{AgentId, CallId, CallbackId, CustomerId, PhoneNumber, QueueId, Timestamp},
};

/// A callback that a person sets up.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackWish {
    /// Its id, made by whoever asks.
    pub id: CallbackId,
    /// Whom to call.
    pub number: PhoneNumber,
    /// Who that is, if known.
    pub customer: Option<CustomerId>,
    /// The customer's segment.
    pub segment: Option<String>,
    /// Whose agents call.
    pub queue: QueueId,
    /// Language; `None` for the centre's.
    pub language: Option<String>,
    /// What it is about.
    pub note: Option<String>,
    /// The call in which it was agreed.
    pub call: Option<CallId>,
    /// The agreed time; `None` for as soon as its turn comes.
    pub scheduled_at: Option<Timestamp>,
    /// The zone in which that was agreed.
    pub zone: Option<String>,
    /// The agent who is to call.
    pub agent: Option<AgentId>,
}

/// Another time, agent or number for a callback.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackChange {
    /// Which.
    pub callback: CallbackId,
    /// The agreed time; `None` leaves it.
    pub scheduled_at: Option<Timestamp>,
    /// The zone in which that was agreed.
    pub zone: Option<String>,
    /// The agent who is to call; `None` for whoever of the queue.
    pub agent: Option<AgentId>,
    /// Whom to call; `None` leaves it.
    pub number: Option<PhoneNumber>,
}

impl Centre {
    /// Callbacks that an earlier process has promised and not kept. `is_kept` says of a call whether it goes on: then its customer had
    /// been reached. To be said before the first directory.
    pub fn restore_callbacks(&mut self, callbacks: Vec<Callback>, is_kept: impl Fn(CallId) -> bool) {
        let with_fate = |callback: Callback| {
            let has_reached = callback.attempt.is_some_and(&is_kept);
            (callback, has_reached)
        };
        self.callbacks.restored = callbacks.into_iter().map(with_fate).collect();
        self.callbacks.is_review_due = true;
    }

    /// Puts back what an earlier process has left. An attempt that was under way when it died has reached nobody, unless its call goes on;
    /// that call comes back only after the first directory.
    pub(super) fn take_up_callbacks(&mut self, turn: &mut Turn<'_>) {
        let awaits_call = |(callback, is_kept): &(Callback, bool)| *is_kept && callback.state == CallbackState::Calling;
        let is_early = !self.recovery.is_done;
        let (later, now): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.callbacks.restored).into_iter().partition(|one| is_early && awaits_call(one));
        self.callbacks.restored = later;
        for (callback, is_kept) in now {
            let (id, attempt) = (callback.id, callback.attempt);
            if self.callbacks.of_number(&callback.number, &callback.queue).is_some() {
                continue;
            }
            let was_calling = callback.state == CallbackState::Calling;
            self.callbacks.insert(callback);
            if !was_calling {
                continue;
            }
            let kept = attempt.filter(|_| is_kept).and_then(|call| self.calls.get(&call));
            if let Some(call) = kept.filter(|call| call.is_with_machine()).map(|call| call.id) {
                // Its end says that nobody was reached.
                self.callbacks.bind(id, call);
                continue;
            }
            let agent = kept.and_then(|call| call.last_agent.clone());
            self.on_callback(turn, id, |callback, rules, cx| match agent {
                Some(agent) => callback.reach(agent, rules, cx),
                None => callback.fail_attempt(rules, cx),
            });
        }
    }

    /// The callback that is promised to a caller, who keeps the place in line; `None` where the queue makes a task of it.
    pub(super) fn promise_place(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &QueueId) -> Option<CallbackId> {
        let rules = &self.directory.queues.get(queue)?.callback;
        let call = self.calls.get(&id)?;
        let number = call.party.number.clone()?;
        if rules.mode == CallbackMode::Task {
            return None;
        }
        if let Some(existing) = self.callbacks.of_number(&number, queue) {
            return Some(existing);
        }
        if self.callbacks.all.len() >= CALLBACKS_MAX {
            return None;
        }
        let new = NewCallback {
            id: CallbackId::mint(turn.now.wall, turn.rng),
            number,
            customer: call.party.customer,
            segment: call.party.known().map(|known| known.segment.to_string()),
            queue: queue.clone(),
            language: call.language.clone(),
            note: call.reason.clone(),
            call: Some(id),
            queued_at: call.place_in(queue).unwrap_or(turn.now.wall),
            ahead_secs: call.ahead_secs.filter(|_| call.queue.as_ref() == Some(queue)),
            scheduled_at: None,
            zone: None,
            agent: None,
        };
        Some(self.begin_promise(turn, new))
    }

    fn begin_promise(&mut self, turn: &mut Turn<'_>, new: NewCallback) -> CallbackId {
        let id = new.id;
        let rules = self.directory.queues.get(&new.queue).map(|queue| queue.callback.clone()).unwrap_or_default();
        let mut events = Outbox::default();
        let callback = Callback::request(new, &rules, &mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        self.callbacks.insert(callback);
        self.tell_callback(turn, id, events);
        id
    }

    /// Who hangs up while waiting is called back at the place in line, where the queue wants it.
    pub(super) fn promise_to_abandoned(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { queue, .. } = call.stage() else { return };
        let queue = queue.clone();
        let is_wanted = self.directory.queues.get(&queue).is_some_and(|queue| queue.callback.calls_back_abandoned);
        if is_wanted && call.wait_is_open() {
            self.promise_place(turn, id, &queue);
        }
    }

    /// The customer calls again, from whatever number, while a callback of the same queue is promised: the call has its place, and the
    /// callback is over.
    pub(super) fn merge_callback(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &QueueId) {
        let Some(call) = self.calls.get(&id).filter(|call| call.callback.is_none()) else { return };
        let of_number = call.party.number.as_ref().and_then(|number| self.callbacks.of_number(number, queue));
        let of_customer = call.party.customer.map(|customer| self.callbacks.of_customer(customer, queue));
        let owed: BTreeSet<CallbackId> = of_number.into_iter().chain(of_customer.into_iter().flatten()).collect();
        for callback in owed {
            self.take_over_callback(turn, id, callback);
        }
    }

    /// It has turned out who a caller is, or it was looked up: what is owed to that customer by the queue in which the call waits, or out of
    /// which an agent has taken it, is not owed any more.
    pub(super) fn merge_callback_of_known(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id).filter(|call| call.direction == Direction::Inbound) else { return };
        let queue = match call.stage() {
            Stage::Waiting { queue, .. } => Some(queue.clone()),
            stage if stage.is_conversation() => call.queue.clone(),
            _ => None,
        };
        if let Some(queue) = queue {
            self.merge_callback(turn, id, &queue);
        }
    }

    fn take_over_callback(&mut self, turn: &mut Turn<'_>, id: CallId, callback: CallbackId) {
        let Some(promised) = self.callbacks.all.get(&callback) else { return };
        let queue = promised.queue.clone();
        // One that was agreed for later gives no place before those who are here.
        let queued_at = promised.queued_at.min(turn.now.wall);
        self.take_out_callback(turn, callback);
        self.on_callback(turn, callback, |callback, _, cx| callback.merge(id, cx));
        let since = mono_of(queued_at, turn.now);
        let own = self.lines.get(&queue).and_then(|line| line.place(id));
        if own.is_none_or(|place| place.since() <= since) {
            // Whoever stands at a better place already keeps it, and whoever is served needs none.
            return;
        }
        self.on_call(turn, id, |call: &mut Call, _| call.place_at = Some((queue.clone(), queued_at)));
        if self.lines.get_mut(&queue).is_some_and(|line| line.take_place(id, since)) {
            // Whoever has waited for so long may be at a step at which others are asked.
            self.is_match_due = true;
            self.published.touch_queue(queue);
        }
    }

    /// A person sets a callback up.
    pub(super) fn request_callback(&mut self, turn: &mut Turn<'_>, wish: CallbackWish) -> Result<(), Refusal> {
        let queue = self.directory.queues.get(&wish.queue).ok_or(Refusal::NoSuchQueue)?;
        if queue.callback.mode == CallbackMode::Task {
            return Err(Refusal::CallbacksOff);
        }
        self.check_callback_agent(&wish.queue, wish.agent.as_ref())?;
        if self.callbacks.of_number(&wish.number, &wish.queue).is_some() {
            return Err(Refusal::CallbackExists);
        }
        if self.callbacks.all.len() >= CALLBACKS_MAX {
            return Err(Refusal::TooManyCallbacks);
        }
        let CallbackWish { id, number, customer, segment, queue, language, note, call, scheduled_at, zone, agent } = wish;
        let language = language.unwrap_or_else(|| self.directory.centre.language.to_string()).into();
        let queued_at = turn.now.wall;
        let new = NewCallback {
            id,
            number,
            customer,
            segment,
            queue,
            language,
            note,
            call,
            queued_at,
            ahead_secs: None,
            scheduled_at,
            zone,
            agent,
        };
        self.begin_promise(turn, new);
        Ok(())
    }

    /// A callback has another time, agent or number. Not while the customer is dialled, or it rings at an agent.
    pub(super) fn change_callback(&mut self, turn: &mut Turn<'_>, change: CallbackChange) -> Result<(), Refusal> {
        let promised = self.idle_callback(change.callback)?;
        let queue = promised.queue.clone();
        let number = change.number.filter(|number| *number != promised.number);
        self.check_callback_agent(&queue, change.agent.as_ref())?;
        if number.as_ref().is_some_and(|number| self.callbacks.of_number(number, &queue).is_some()) {
            return Err(Refusal::CallbackExists);
        }
        let CallbackChange { callback, scheduled_at, zone, agent, number: _ } = change;
        self.take_out_callback(turn, callback);
        if let Some(number) = number {
            self.callbacks.renumber(callback, number);
        }
        self.on_callback(turn, callback, |callback, rules, cx| {
            callback.reschedule((scheduled_at, zone), agent, rules, cx);
        });
        Ok(())
    }

    /// A callback is called off.
    pub(super) fn cancel_callback(&mut self, turn: &mut Turn<'_>, id: CallbackId) -> Result<(), Refusal> {
        self.idle_callback(id)?;
        self.take_out_callback(turn, id);
        self.on_callback(turn, id, |callback, _, cx| callback.cancel(cx));
        Ok(())
    }

    /// A promise that nobody is at work on.
    fn idle_callback(&self, id: CallbackId) -> Result<&Callback, Refusal> {
        let callback = self.callbacks.all.get(&id).ok_or(Refusal::NoSuchCallback)?;
        let call = self.callbacks.call_of(id).and_then(|call| self.calls.get(&call));
        let is_ringing = call.is_some_and(|call| call.stage().offer().is_some());
        if is_ringing || callback.state == CallbackState::Calling {
            return Err(Refusal::CallbackUnderWay);
        }
        Ok(callback)
    }

    /// Only who can serve the queue can be asked to call its customers.
    fn check_callback_agent(&self, queue: &QueueId, agent: Option<&AgentId>) -> Result<(), Refusal> {
        let Some(agent) = agent else { return Ok(()) };
        let is_active = self.directory.agents.get(agent).is_some_and(|profile| profile.is_active);
        let serves = self.serves.get(agent).is_some_and(|queues| queues.contains_key(queue));
        match (is_active, serves) {
            (false, _) => Err(Refusal::NoSuchAgent),
            (true, false) => Err(Refusal::AgentNotOfQueue),
            (true, true) => Ok(()),
        }
    }
}
