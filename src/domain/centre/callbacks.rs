//! Callbacks on the floor: which are promised, which of them stand in line now, and which must wait for their time, for open hours, or
//! for another call to the same number. In line each stands at the place that the customer had; the one matcher serves it like a caller.

use std::collections::BTreeMap;

use super::{
    Centre, CentreOutput, Fact, Timer, Turn,
    promised::{CallingHours, Opening},
};
use crate::{
    domain::{
        Cx, Outbox,
        calendar::Calendar,
        call::{EndCause, Party},
        callback::{Callback, CallbackEvent, CallbackState},
        directory::{CallbackRules, Queue},
        event::Event,
        queue::{CalledBack, Waiting},
    },
    types::{CallId, CallbackId, Mono, Now, PhoneNumber, Timestamp},
};

/// Promises at a time, in all; what is promised past that becomes a task.
pub(super) const CALLBACKS_MAX: usize = 10_000;
/// They are looked at again at least this often, so that a wall clock that was set does not matter for long.
const REVIEW_MS_MAX: u64 = 60_000;
/// Rounds of standing in line and being given to agents within one turn; what is left comes with the next one.
const ROUNDS_MAX: usize = 20;
/// Openings that are tried to find a time at which both the queue serves and customers may be called.
const OPENINGS_MAX: usize = 50;

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
        self.callbacks.touch(id);
        if !callback.state.is_active() {
            self.callbacks.remove(id);
        }
    }

    /// Where each stands that is in line or made, by one walk through the lines.
    pub fn callback_places(&self) -> Vec<CallbackPlace> {
        let lines = self.lines.values().filter(|line| line.called_back() > 0);
        let in_line = lines.flat_map(|line| (1..).zip(line.iter()));
        let standing: BTreeMap<CallId, (usize, bool)> =
            in_line.map(|(position, (_, waiting))| (waiting.call, (position, waiting.is_offered))).collect();
        let place = |(id, call): (&CallbackId, &CallId)| {
            let (position, is_offered) = standing.get(call).copied().unzip();
            CallbackPlace { callback: *id, call: *call, position, is_offered: is_offered.unwrap_or(false) }
        };
        self.callbacks.calls.iter().map(place).collect()
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

    /// Whoever's turn it is stands in line, and whoever's time is over is given up. Only those are looked at that have changed or whose time
    /// has come.
    pub(super) fn review_callbacks(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.callbacks.is_review_due) {
            return;
        }
        self.take_up_callbacks(turn);
        self.review_calling_hours(turn.now.wall);
        for id in self.callbacks.take_touched(turn.now) {
            let next = self.review_callback(turn, id);
            self.callbacks.note_look(id, next);
        }
        self.callbacks.is_review_due = false;
        let has_any = !self.callbacks.all.is_empty() && !self.is_draining;
        let wake_ms = match self.callbacks.next_wake() {
            _ if self.callbacks.has_touched() => 1,
            Some(at) => u64::try_from(at.millis_since(turn.now.wall)).unwrap_or(0).clamp(1, REVIEW_MS_MAX),
            None => REVIEW_MS_MAX,
        };
        self.timers.set(Timer::Callbacks, has_any.then(|| turn.now.mono + wake_ms));
    }

    /// Where customers may be called now who might not before, or the other way round, all who are owed a call there are looked at.
    fn review_calling_hours(&mut self, now: Timestamp) {
        let is_old = |opening: &&Opening| opening.until.is_some_and(|until| until <= now);
        let old: Vec<CallingHours> =
            self.callbacks.hours.iter().filter(|(_, opening)| is_old(opening)).map(|(hours, _)| hours.clone()).collect();
        for hours in old {
            let was_open = self.callbacks.hours.remove(&hours).is_some_and(|opening| opening.is_open);
            if self.calling_hours(&hours, now).is_none_or(|opening| opening.is_open != was_open) {
                self.callbacks.touch_those_of(&hours);
            }
        }
    }

    /// Puts one where it belongs; when it is to be looked at again.
    fn review_callback(&mut self, turn: &mut Turn<'_>, id: CallbackId) -> Option<Timestamp> {
        let now = turn.now.wall;
        let callback = self.callbacks.all.get(&id).filter(|callback| callback.state == CallbackState::Waiting)?;
        let (hours, due_at, expires_at) =
            ((callback.queue.clone(), callback.zone.clone()), callback.due_at, callback.expires_at);
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
        let Some(queue) = directory.queues.get(&hours.0) else {
            self.take_out_callback(turn, id);
            self.on_callback(turn, id, |callback, _, cx| callback.give_up(cx));
            return None;
        };
        if now >= expires_at {
            self.take_out_callback(turn, id);
            self.on_callback(turn, id, |callback, _, cx| callback.expire(cx));
            return None;
        }
        let opening = self.calling_hours(&hours, now)?;
        if now < due_at || !opening.is_open {
            self.take_out_callback(turn, id);
            let next = if now < due_at { Some(due_at) } else { opening.opens_at };
            return next.into_iter().chain([expires_at]).min();
        }
        self.put_callback_in_line(turn, id, queue, only);
        agent_until.into_iter().chain([expires_at]).min()
    }

    /// When the customers of a queue who live in this zone may be called; `None` when there is no such queue.
    fn calling_hours(&mut self, hours: &CallingHours, now: Timestamp) -> Option<Opening> {
        if let Some(known) = self.callbacks.hours.get(hours) {
            return Some(*known);
        }
        let (queue, zone) = hours;
        let opening = self.callback_opening(self.directory.queues.get(queue)?, zone.as_deref(), now);
        self.callbacks.hours.insert(hours.clone(), opening);
        Some(opening)
    }

    /// The first time from now on at which the queue serves, and its customers may be called by the clocks of where they live.
    pub(super) fn callback_opening(&self, queue: &Queue, zone: Option<&str>, now: Timestamp) -> Opening {
        // A calendar that is missing closes nothing.
        let serves = queue.calendar.as_ref().and_then(|id| self.hours.calendar(id)).cloned();
        let may_be_called = queue.callback.calendar.as_ref().and_then(|id| self.hours.calendar(id));
        let may_be_called = may_be_called.map(|calendar| match zone.and_then(|zone| calendar.in_zone(zone)) {
            Some(at_home) => at_home,
            None => calendar.clone(),
        });
        let calendars: Vec<Calendar> = serves.into_iter().chain(may_be_called).collect();
        let mut at = now;
        for _ in 0..OPENINGS_MAX {
            let openings: Option<Vec<Timestamp>> = calendars.iter().map(|calendar| calendar.next_open(at)).collect();
            let Some(openings) = openings else { break };
            let latest = openings.into_iter().max().unwrap_or(at);
            if latest <= at {
                let is_open = at <= now;
                let closes_at = || calendars.iter().filter_map(|calendar| calendar.next_change(now)).min();
                return Opening { opens_at: Some(at), is_open, until: if is_open { closes_at() } else { Some(at) } };
            }
            at = latest;
        }
        Opening { opens_at: None, is_open: false, until: None }
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
        let (number, since, is_first) = (callback.number.clone(), mono_of(callback.queued_at, turn.now), callback.is_first);
        let head_start_ms = super::waiting::head_start_of(callback, queue);
        let call = CallId::mint(turn.now.wall, turn.rng);
        self.callbacks.bind(id, call);
        let waiting = Waiting { called_back, ..Waiting::new(call) };
        self.lines.entry(queue.id.clone()).or_default().join(waiting, is_first, head_start_ms, since);
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
