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

    /// Whether a queue serves. A queue whose calendar is missing serves: turning callers away is the greater harm.
    pub(super) fn is_serving(&self, queue: &Queue, at: Timestamp) -> bool {
        queue.calendar.as_ref().and_then(|calendar| self.is_open(calendar, at)).unwrap_or(true)
    }

    /// When the hours should be looked at again.
    pub(super) fn next_check(&self, now: Now) -> Option<Mono> {
        let change = self.0.values().filter_map(|calendar| calendar.next_change(now.wall)).min()?;
        let ms = u64::try_from(change.millis_since(now.wall)).unwrap_or(0);
        Some(now.mono + ms.clamp(1, CHECK_MS_MAX))
    }
}

impl Centre {
    /// Callers in queues that have closed take their queue's branch; who rings at an agent is left to it.
    pub(super) fn check_hours(&mut self, turn: &mut Turn<'_>) {
        self.timers.set(Timer::Hours, self.hours.next_check(turn.now));
        let directory = self.directory.clone();
        for queue in directory.queues.values() {
            if self.hours.is_serving(queue, turn.now.wall) {
                continue;
            }
            for call in self.unoffered(&queue.id) {
                self.take_exit(turn, call, FlowOutCause::Closed);
            }
        }
    }
}
