//! Customers of a segment who wait in another queue than the others who call the same number.

use super::{Centre, Timer, Turn};
use crate::types::{CallId, QueueId};

impl Centre {
    /// A caller comes to a queue by its number, or by a flow: or to the one that the queue names for the caller's segment.
    pub(super) fn enter_queue_of_segment(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId) {
        let queue = self.queue_of_segment(id, queue);
        self.enter_queue(turn, id, queue);
    }

    fn queue_of_segment(&self, id: CallId, queue: QueueId) -> QueueId {
        let known = self.calls.get(&id).and_then(|call| call.party.known());
        let rules = known.and_then(|known| self.directory.queues.get(&queue)?.segments.get(&*known.segment));
        let other = rules.and_then(|rules| rules.queue.as_ref()).filter(|other| self.directory.queues.contains_key(*other));
        other.cloned().unwrap_or(queue)
    }

    /// Whether it is still being looked up who the caller is, and the queue, or whom it prefers, depends on it. The look-up has its own
    /// deadline.
    pub(super) fn awaits_segment(&self, id: CallId, queue: &QueueId) -> bool {
        let asks = |queue: &QueueId| {
            self.directory.queues.get(queue).is_some_and(|queue| {
                let prefers_somebody = queue.routing.prefers_owner.is_some() || queue.routing.prefers_last.is_some();
                prefers_somebody || queue.segments.values().any(|rules| rules.queue.is_some())
            })
        };
        self.timers.is_set(&Timer::LookUp(id)) && asks(queue)
    }

    /// The look-up is over: who waited for it comes to the queue.
    pub(super) fn serve_after_look_up(&mut self, turn: &mut Turn<'_>, id: CallId) {
        if self.on_call(turn, id, |call, _| std::mem::take(&mut call.awaits_segment)) == Some(true) {
            self.begin_service(turn, id);
        }
    }
}
