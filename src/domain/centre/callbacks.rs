//! Callbacks on the floor: which are promised, which of them stand in line now, and which must wait for their time, for open hours, or
//! for another call to the same number. In line each stands at the place that the customer had; the one matcher serves it like a caller.

use std::collections::{BTreeMap, BTreeSet};

use super::{Centre, CentreOutput, Fact, Timer, Turn};
use crate::{
    domain::{
        Cx, Outbox,
        call::{EndCause, Party},
        callback::{Callback, CallbackEvent, CallbackState},
        directory::{CallbackRules, Queue},
        event::Event,
        queue::{CalledBack, Waiting},
    },
    types::{CallId, CallbackId, Mono, Now, PhoneNumber, QueueId, Timestamp},
};

/// Promises at a time, in all; what is promised past that becomes a task.
pub(super) const CALLBACKS_MAX: usize = 10_000;
/// They are looked at again at least this often, so that a wall clock that was set does not matter for long.
const REVIEW_MS_MAX: u64 = 60_000;
/// Rounds of standing in line and being given to agents within one turn; what is left comes with the next one.
const ROUNDS_MAX: usize = 20;
/// Openings that are tried to find a time at which both the queue serves and customers may be called.
const OPENINGS_MAX: usize = 50;

/// The promises that are not kept yet.
#[derive(Default)]
pub(super) struct Callbacks {
    pub(super) all: BTreeMap<CallbackId, Callback>,
    /// One for each number and queue.
    by_number: BTreeMap<(PhoneNumber, QueueId), CallbackId>,
    /// The call by which each stands in line or is made. It begins when an agent is first offered it.
    calls: BTreeMap<CallbackId, CallId>,
    of_calls: BTreeMap<CallId, CallbackId>,
    /// Those of an earlier process, with whether the call that kept them goes on, until there is a directory.
    pub(super) restored: Vec<(Callback, bool)>,
    pub(super) is_review_due: bool,
}

/// Where a callback stands on the floor at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackPlace {
    /// Which.
    pub callback: CallbackId,
    /// The call by which it stands in line or is made.
    pub call: CallId,
    /// 1 for the first in line; `None` while the customer is dialled.
    pub position: Option<usize>,
    /// Whether it rings at an agent.
    pub is_offered: bool,
}

impl Callbacks {
    /// The promise of a number in a queue.
    pub(super) fn of_number(&self, number: &PhoneNumber, queue: &QueueId) -> Option<CallbackId> {
        self.by_number.get(&(number.clone(), queue.clone())).copied()
    }

    /// What a call is made for that has not come to its end.
    pub(super) fn of_call(&self, call: CallId) -> Option<&Callback> {
        self.all.get(self.of_calls.get(&call)?)
    }

    /// The call by which it stands in line or is made.
    pub(super) fn call_of(&self, id: CallbackId) -> Option<CallId> {
        self.calls.get(&id).copied()
    }

    pub(super) fn insert(&mut self, callback: Callback) {
        self.by_number.insert((callback.number.clone(), callback.queue.clone()), callback.id);
        self.all.insert(callback.id, callback);
        self.is_review_due = true;
    }

    pub(super) fn bind(&mut self, id: CallbackId, call: CallId) {
        self.calls.insert(id, call);
        self.of_calls.insert(call, id);
    }

    /// The call by which it stood in line or was made is none of its any more.
    pub(super) fn unbind(&mut self, id: CallbackId) -> Option<CallId> {
        let call = self.calls.remove(&id)?;
        self.of_calls.remove(&call);
        self.is_review_due = true;
        Some(call)
    }

    fn remove(&mut self, id: CallbackId) {
        self.unbind(id);
        if let Some(callback) = self.all.remove(&id) {
            self.by_number.remove(&(callback.number, callback.queue));
        }
    }

    /// All promises of a number, of any queue.
    fn of_any_queue(&self, number: &PhoneNumber) -> Vec<CallbackId> {
        let of_number = self.by_number.iter().skip_while(|((other, _), _)| other < number);
        of_number.take_while(|((other, _), _)| other == number).map(|(_, id)| *id).collect()
    }
}

impl Centre {
    /// Moves a callback by the rules of its queue. `None` when there is no such callback any more.
    pub(super) fn on_callback<R>(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallbackId,
        change: impl FnOnce(&mut Callback, &CallbackRules, &mut Cx<'_, CallbackEvent>) -> R,
    ) -> Option<R> {
        let mut events = Outbox::default();
        let callback = self.callbacks.all.get_mut(&id)?;
        let rules = self.directory.queues.get(&callback.queue).map(|queue| queue.callback.clone()).unwrap_or_default();
        let result = change(callback, &rules, &mut Cx { now: turn.now, rng: turn.rng, out: &mut events });
        self.tell_callback(turn, id, events);
        Some(result)
    }

    /// What happened to a callback goes to the journal with how it stands now.
    pub(super) fn tell_callback(&mut self, turn: &Turn<'_>, id: CallbackId, mut events: Outbox<CallbackEvent>) {
        let Some(callback) = self.callbacks.all.get(&id).cloned() else { return };
        for event in events.drain() {
            self.out.push_back(CentreOutput::Fact(Fact {
                callback: Some(Box::new(callback.clone())),
                ..Fact::of(turn.now.wall, turn.actor.clone(), Event::Callback(event))
            }));
        }
        self.callbacks.is_review_due = true;
        if !callback.state.is_active() {
            self.callbacks.remove(id);
        }
    }

    /// Where each stands that is in line or made.
    pub fn callback_places(&self) -> Vec<CallbackPlace> {
        let bound = self.callbacks.calls.iter();
        let place = |(id, call): (&CallbackId, &CallId)| {
            let callback = self.callbacks.all.get(id)?;
            let line = self.lines.get(&callback.queue);
            Some(CallbackPlace {
                callback: *id,
                call: *call,
                position: line.and_then(|line| line.position(*call)),
                is_offered: line.and_then(|line| line.get(*call)).is_some_and(|waiting| waiting.is_offered),
            })
        };
        bound.filter_map(place).collect()
    }

    /// Whoever's turn it is stands in line, and those in line find agents. What comes of that may be somebody else's turn.
    pub(super) fn match_with_callbacks(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..ROUNDS_MAX {
            self.review_callbacks(turn);
            self.review_work(turn);
            self.match_calls(turn);
            if !self.callbacks.is_review_due && !self.is_match_due && !self.work.is_review_due {
                return;
            }
        }
        self.timers.set(Timer::Callbacks, Some(turn.now.mono + 1));
    }

    /// Whoever's turn it is stands in line, and whoever's time is over is given up.
    pub(super) fn review_callbacks(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.callbacks.is_review_due) {
            return;
        }
        self.take_up_callbacks(turn);
        let now = turn.now.wall;
        let mut slots = BTreeMap::new();
        let mut wakes_at: Option<Timestamp> = None;
        let ids: Vec<CallbackId> = self.callbacks.all.keys().copied().collect();
        for id in ids {
            let next = self.review_callback(turn, id, &mut slots);
            wakes_at = [wakes_at, next].into_iter().flatten().min();
        }
        // What the review itself has changed is as it should be.
        self.callbacks.is_review_due = false;
        let wake = wakes_at.map(|at| {
            let ms = u64::try_from(at.millis_since(now)).unwrap_or(0);
            turn.now.mono + ms.clamp(1, REVIEW_MS_MAX)
        });
        self.timers.set(Timer::Callbacks, wake);
    }

    /// Puts one where it belongs; when it is to be looked at again.
    fn review_callback(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallbackId,
        slots: &mut BTreeMap<QueueId, Option<Timestamp>>,
    ) -> Option<Timestamp> {
        let now = turn.now.wall;
        let callback = self.callbacks.all.get(&id).filter(|callback| callback.state == CallbackState::Waiting)?;
        let (key, due_at, expires_at) = (callback.queue.clone(), callback.due_at, callback.expires_at);
        let agent_until = callback.agent_until.filter(|until| now < *until);
        let only = callback.only_for(now).cloned();
        let is_ringing = self.line_entry(id).is_some_and(|waiting| waiting.is_offered);
        if is_ringing {
            // The agent gets the chance; it is looked at again when the offer is over.
            return None;
        }
        if self.is_draining {
            // The next process takes it up.
            self.take_out_callback(turn, id);
            return None;
        }
        let directory = self.directory.clone();
        let Some(queue) = directory.queues.get(&key) else {
            self.take_out_callback(turn, id);
            self.on_callback(turn, id, |callback, _, cx| callback.give_up(cx));
            return None;
        };
        if now >= expires_at {
            self.take_out_callback(turn, id);
            self.on_callback(turn, id, |callback, _, cx| callback.expire(cx));
            return None;
        }
        let opens_at = *slots.entry(key).or_insert_with(|| self.callback_opening(queue, now));
        let is_due = now >= due_at && opens_at.is_some_and(|at| at <= now);
        if !is_due {
            self.take_out_callback(turn, id);
            let next = if now < due_at { Some(due_at) } else { opens_at };
            return next.into_iter().chain([expires_at]).min();
        }
        self.put_callback_in_line(turn, id, queue, only);
        agent_until.into_iter().chain([expires_at]).min()
    }

    /// The first time from now on at which the queue serves and its customers may be called; `None` if that is never.
    fn callback_opening(&self, queue: &Queue, now: Timestamp) -> Option<Timestamp> {
        let calendars: BTreeSet<_> = [&queue.calendar, &queue.callback.calendar].into_iter().flatten().collect();
        let mut at = now;
        for _ in 0..OPENINGS_MAX {
            // A calendar that is missing closes nothing.
            let openings = calendars.iter().map(|calendar| self.hours.next_open(calendar, at).unwrap_or(Some(at)));
            let latest = openings.collect::<Option<Vec<_>>>()?.into_iter().max().unwrap_or(at);
            if latest <= at {
                return Some(at);
            }
            at = latest;
        }
        None
    }

    fn line_entry(&self, id: CallbackId) -> Option<&Waiting> {
        let (callback, call) = (self.callbacks.all.get(&id)?, self.callbacks.call_of(id)?);
        self.lines.get(&callback.queue)?.get(call)
    }

    fn put_callback_in_line(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallbackId,
        queue: &Queue,
        only: Option<crate::types::AgentId>,
    ) {
        let called_back = Some(CalledBack { only });
        if let Some(call) = self.callbacks.call_of(id) {
            let waiting = self.lines.get_mut(&queue.id).and_then(|line| line.get_mut(call));
            if let Some(waiting) = waiting.filter(|waiting| waiting.called_back != called_back) {
                waiting.called_back = called_back;
                self.is_match_due = true;
            }
            return;
        }
        let Some(callback) = self.callbacks.all.get(&id) else { return };
        let (number, since) = (callback.number.clone(), mono_of(callback.queued_at, turn.now));
        let head_start = callback.segment.as_ref().and_then(|segment| queue.routing.head_start_secs.get(segment));
        let head_start_ms = head_start.map_or(0, |secs| super::waiting::millis(*secs));
        let call = CallId::mint(turn.now.wall, turn.rng);
        self.callbacks.bind(id, call);
        let waiting = Waiting { called_back, ..Waiting::new(call) };
        self.lines.entry(queue.id.clone()).or_default().join(waiting, false, head_start_ms, since);
        self.published.touch_queue(queue.id.clone());
        self.is_match_due = true;
        self.review_lease(&number);
    }

    /// It stands in no line any more, and rings nowhere; a customer who is being dialled is called no longer.
    pub(super) fn take_out_callback(&mut self, turn: &mut Turn<'_>, id: CallbackId) {
        let Some(callback) = self.callbacks.all.get(&id) else { return };
        let (queue, number) = (callback.queue.clone(), callback.number.clone());
        let Some(call) = self.callbacks.unbind(id) else { return };
        if self.calls.get(&call).is_some_and(|call| !call.is_over()) {
            self.end_call(turn, call, EndCause::Finished, Party::System);
        } else if let Some(line) = self.lines.get_mut(&queue) {
            line.leave(call);
            self.published.touch_queue(queue);
        }
        self.review_lease(&number);
    }

    /// A number is called once at a time: while one queue's callback of it rings at an agent or at the customer, those of other queues
    /// keep their places and are not offered.
    pub(super) fn review_lease(&mut self, number: &PhoneNumber) {
        let ids = self.callbacks.of_any_queue(number);
        let is_taken = |centre: &Self, id: CallbackId| {
            let is_calling = centre.callbacks.all.get(&id).is_some_and(|callback| callback.state == CallbackState::Calling);
            is_calling || centre.line_entry(id).is_some_and(|waiting| waiting.is_offered)
        };
        let is_leased = ids.iter().any(|id| is_taken(self, *id));
        for id in ids {
            let Some(call) = self.callbacks.call_of(id) else { continue };
            let Some(queue) = self.callbacks.all.get(&id).map(|callback| callback.queue.clone()) else { continue };
            let waiting = self.lines.get_mut(&queue).and_then(|line| line.get_mut(call));
            if let Some(waiting) = waiting.filter(|waiting| !waiting.is_offered && waiting.is_dead != is_leased) {
                waiting.is_dead = is_leased;
                self.is_match_due |= !is_leased;
            }
        }
    }
}

/// A time on the wall by the clock of deadlines; what was before that began is its beginning.
pub(super) fn mono_of(at: Timestamp, now: Now) -> Mono {
    let ago = u64::try_from(now.wall.millis_since(at)).unwrap_or(0);
    Mono::from_millis(now.mono.as_millis().saturating_sub(ago))
}
