//! Opening hours on the floor: the directory's calendars, resolved once per directory.

use std::collections::BTreeMap;

use super::{Centre, Timer, Turn};
use crate::{
    domain::{
        calendar::Calendar,
        call::FlowOutCause,
        directory::{Directory, Queue},
    },
    types::{CalendarId, Mono, Now, Timestamp},
};

/// Hours are looked at again at least this often, so that a wall clock that was set does not matter for long.
const CHECK_MS_MAX: u64 = 60_000;

/// Every calendar that could be resolved.
#[derive(Default)]
pub(super) struct Hours(BTreeMap<CalendarId, Calendar>);

impl Hours {
    /// Resolves the directory's calendars. One with mistakes is left out; whoever saved it has been told.
    pub(super) fn of(directory: &Directory) -> Self {
        let resolve = |(id, source)| Some((CalendarId::clone(id), Calendar::resolve(source).ok()?));
        Self(directory.calendars.iter().filter_map(resolve).collect())
    }

    /// Whether a calendar is open; `None` for one that does not exist.
    pub(super) fn is_open(&self, calendar: &CalendarId, at: Timestamp) -> Option<bool> {
        Some(self.0.get(calendar)?.is_open(at))
    }

    /// A calendar, if it exists.
    pub(super) fn calendar(&self, calendar: &CalendarId) -> Option<&Calendar> {
        self.0.get(calendar)
    }

    /// Whether a queue serves. A queue whose calendar is missing serves: turning callers away is the greater harm.
    pub(super) fn is_serving(&self, queue: &Queue, at: Timestamp) -> bool {
        queue.calendar.as_ref().and_then(|calendar| self.is_open(calendar, at)).unwrap_or(true)
    }

    /// Whether those who wait in a queue take its branch for closing time: it does not serve, and has not for its grace.
    pub(super) fn is_swept(&self, queue: &Queue, at: Timestamp) -> bool {
        !self.is_serving(queue, at) && !self.is_serving(queue, at.plus_millis(-grace_ms(queue)))
    }

    /// When the hours should be looked at again.
    pub(super) fn next_check(&self, directory: &Directory, now: Now) -> Option<Mono> {
        let changes = self.0.values().filter_map(|calendar| calendar.next_change(now.wall));
        let sweeps = directory.queues.values().filter(|queue| grace_ms(queue) > 0).filter_map(|queue| {
            let grace = grace_ms(queue);
            let change = self.0.get(queue.calendar.as_ref()?)?.next_change(now.wall.plus_millis(-grace))?;
            Some(change.plus_millis(grace))
        });
        let next = changes.chain(sweeps).min()?;
        let ms = u64::try_from(next.millis_since(now.wall)).unwrap_or(0);
        Some(now.mono + ms.clamp(1, CHECK_MS_MAX))
    }
}

/// For how long those who wait at closing time may still be answered.
fn grace_ms(queue: &Queue) -> i64 {
    queue.waiting.closing_grace_secs.max(0).saturating_mul(1_000)
}

impl Centre {
    /// Callers in queues that have closed take their queue's branch; who rings at an agent is left to it.
    pub(super) fn check_hours(&mut self, turn: &mut Turn<'_>) {
        self.timers.set(Timer::Hours, self.hours.next_check(&self.directory, turn.now));
        self.callbacks.is_review_due = true;
        // Work items of a queue that has opened.
        self.is_match_due |= self.work.has_any();
        let directory = self.directory.clone();
        for queue in directory.queues.values() {
            if !self.hours.is_swept(queue, turn.now.wall) {
                continue;
            }
            for call in self.unoffered(&queue.id) {
                self.take_exit(turn, call, FlowOutCause::Closed);
            }
        }
    }
}
