//! The callbacks that are promised and not kept yet, by whatever they are looked for: number, customer, call, and the time at which each
//! is to be looked at again. A turn of the floor looks only at those that have changed or whose time has come.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::callback::Callback,
    types::{CallId, CallbackId, CustomerId, Now, PhoneNumber, QueueId, Timestamp},
};

/// Those looked at in one turn; the others have their turn a millisecond later, so that no call waits for an opening hour.
const LOOKS_MAX: usize = 1_000;
/// The wall clock was set if it has gone on by so much more or less than the clock of deadlines, milliseconds.
const STEP_MS: i64 = 1_000;

/// Whose customers may be called: a queue's, in one zone, `None` for that of the queue's calendar.
pub(super) type CallingHours = (QueueId, Option<String>);

/// When customers may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// From when on; the present if that is now, `None` for never.
    pub(super) opens_at: Option<Timestamp>,
    /// Whether that is now.
    pub(super) is_open: bool,
    /// Holds until then; `None` for ever.
    pub(super) until: Option<Timestamp>,
}

/// The promises that are not kept yet.
#[derive(Default)]
pub(super) struct Callbacks {
    pub(super) all: BTreeMap<CallbackId, Callback>,
    /// One for each number and queue.
    by_number: BTreeMap<PhoneNumber, BTreeMap<QueueId, CallbackId>>,
    by_customer: BTreeMap<CustomerId, BTreeSet<CallbackId>>,
    /// The call by which each stands in line or is made. It begins when an agent is first offered it.
    pub(super) calls: BTreeMap<CallbackId, CallId>,
    of_calls: BTreeMap<CallId, CallbackId>,
    /// Those of an earlier process, with whether the call that kept them goes on, until there is a directory.
    pub(super) restored: Vec<(Callback, bool)>,
    /// Those that are to be looked at.
    touched: BTreeSet<CallbackId>,
    /// When the others are to be looked at, if nothing changes before.
    wakes: BTreeSet<(Timestamp, CallbackId)>,
    wakes_at: BTreeMap<CallbackId, Timestamp>,
    pub(super) hours: BTreeMap<CallingHours, Opening>,
    looked_at: Option<Now>,
    /// How often one was looked at, since the start.
    pub(super) looks: u64,
    pub(super) is_review_due: bool,
}

impl Callbacks {
    /// The promise of a number in a queue.
    pub(super) fn of_number(&self, number: &PhoneNumber, queue: &QueueId) -> Option<CallbackId> {
        self.by_number.get(number)?.get(queue).copied()
    }

    /// All promises of a number, of any queue.
    pub(super) fn of_any_queue(&self, number: &PhoneNumber) -> Vec<CallbackId> {
        self.by_number.get(number).into_iter().flat_map(BTreeMap::values).copied().collect()
    }

    /// The promises of a customer in a queue, whatever the number.
    pub(super) fn of_customer(&self, customer: CustomerId, queue: &QueueId) -> Vec<CallbackId> {
        let ids = self.by_customer.get(&customer).into_iter().flatten();
        ids.filter(|id| self.all.get(*id).is_some_and(|callback| callback.queue == *queue)).copied().collect()
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
        let id = callback.id;
        self.by_number.entry(callback.number.clone()).or_default().insert(callback.queue.clone(), id);
        if let Some(customer) = callback.customer {
            self.by_customer.entry(customer).or_default().insert(id);
        }
        self.all.insert(id, callback);
        self.touch(id);
    }

    /// One is to be made to another number, which has none in its queue.
    pub(super) fn renumber(&mut self, id: CallbackId, number: PhoneNumber) {
        let Some(mut callback) = self.all.remove(&id) else { return };
        self.forget_number(&callback);
        callback.number = number;
        self.insert(callback);
    }

    fn forget_number(&mut self, callback: &Callback) {
        if let Some(queues) = self.by_number.get_mut(&callback.number) {
            queues.remove(&callback.queue);
            if queues.is_empty() {
                self.by_number.remove(&callback.number);
            }
        }
    }

    pub(super) fn bind(&mut self, id: CallbackId, call: CallId) {
        self.calls.insert(id, call);
        self.of_calls.insert(call, id);
    }

    /// The call by which it stood in line or was made is none of its any more.
    pub(super) fn unbind(&mut self, id: CallbackId) -> Option<CallId> {
        let call = self.calls.remove(&id)?;
        self.of_calls.remove(&call);
        self.touch(id);
        Some(call)
    }

    pub(super) fn remove(&mut self, id: CallbackId) {
        self.unbind(id);
        self.wake_at(id, None);
        self.touched.remove(&id);
        let Some(callback) = self.all.remove(&id) else { return };
        self.forget_number(&callback);
        if let Some(customer) = callback.customer
            && let Some(ids) = self.by_customer.get_mut(&customer)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_customer.remove(&customer);
            }
        }
    }

    /// One has changed: it is to be looked at.
    pub(super) fn touch(&mut self, id: CallbackId) {
        self.touched.insert(id);
        self.is_review_due = true;
    }

    /// Anything may be different for all of them.
    pub(super) fn touch_all(&mut self) {
        self.hours.clear();
        self.touched.extend(self.all.keys());
        self.is_review_due = true;
    }

    /// The hours of some customers have begun or are over.
    pub(super) fn touch_those_of(&mut self, (queue, zone): &CallingHours) {
        let of_hours = self.all.values().filter(|callback| callback.queue == *queue && callback.zone == *zone);
        self.touched.extend(of_hours.map(|callback| callback.id));
    }

    /// Those to be looked at now, no more than fit into one turn.
    pub(super) fn take_touched(&mut self, now: Now) -> Vec<CallbackId> {
        let was_set = self.looked_at.replace(now).is_some_and(|last| {
            let gone_on = i64::try_from(now.mono.millis_since(last.mono)).unwrap_or(i64::MAX);
            now.wall.millis_since(last.wall).saturating_sub(gone_on).abs() > STEP_MS
        });
        if was_set {
            self.touch_all();
        }
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now.wall) {
            self.wakes.remove(&(at, id));
            self.wakes_at.remove(&id);
            self.touched.insert(id);
        }
        let taken: Vec<CallbackId> = self.touched.iter().take(LOOKS_MAX).copied().collect();
        self.looks += u64::try_from(taken.len()).unwrap_or(0);
        taken
    }

    /// One has been looked at; what the look itself has changed is as it should be.
    pub(super) fn note_look(&mut self, id: CallbackId, next: Option<Timestamp>) {
        self.touched.remove(&id);
        self.wake_at(id, next.filter(|_| self.all.contains_key(&id)));
    }

    fn wake_at(&mut self, id: CallbackId, at: Option<Timestamp>) {
        if let Some(old) = self.wakes_at.remove(&id) {
            self.wakes.remove(&(old, id));
        }
        if let Some(at) = at {
            self.wakes_at.insert(id, at);
            self.wakes.insert((at, id));
        }
    }

    /// Whether some could not be looked at in this turn.
    pub(super) fn has_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// When the next one is to be looked at, or the hours.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        let hours = self.hours.values().filter_map(|opening| opening.until);
        self.wakes.first().map(|(at, _)| *at).into_iter().chain(hours).min()
    }
}
