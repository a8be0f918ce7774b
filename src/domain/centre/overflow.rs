//! Callers whose wait is expected to be too long for their queue are sent on: at entry, and when it becomes so while they wait.

use super::{Centre, Timer, Turn};
use crate::{
    domain::{
        call::FlowOutCause,
        directory::{Queue, QueueExit},
    },
    types::{CallId, ExpectedWait, Mono, QueueId},
};

/// Lines are looked through once in this time.
const LOOK_MS: u64 = 15_000;

impl Centre {
    /// Whether a caller who is expected to wait for so long takes the branch for that.
    pub(super) fn is_too_long(queue: &Queue, expected: Option<ExpectedWait>) -> bool {
        let most = queue.waiting.expected_wait_secs_max.filter(|_| queue.waiting.on_expected_wait != QueueExit::Wait);
        most.zip(expected).is_some_and(|(secs, wait)| wait.mean_ms > secs.saturating_mul(1_000))
    }

    /// A caller has joined the line of a queue that may send callers on.
    pub(super) fn look_later(&mut self, queue: &Queue, now: Mono) {
        let may_send_on = queue.waiting.expected_wait_secs_max.is_some() && queue.waiting.on_expected_wait != QueueExit::Wait;
        if may_send_on && !self.timers.is_set(&Timer::Overflow) {
            self.timers.set(Timer::Overflow, Some(now + LOOK_MS));
        }
    }

    /// Looks through the lines.
    pub(super) fn overflow(&mut self, turn: &mut Turn<'_>) {
        let directory = self.directory.clone();
        let queues: Vec<QueueId> = self.lines.iter().filter(|(_, line)| !line.is_empty()).map(|(id, _)| id.clone()).collect();
        for id in queues {
            let Some(queue) = directory.queues.get(&id) else { continue };
            self.look_later(queue, turn.now.mono);
            for call in self.too_far_back(queue, turn.now.mono) {
                self.take_exit(turn, call, FlowOutCause::ExpectedWait);
            }
        }
    }

    /// Who stands where the expected wait is too long. It grows along the line, so the border is found by halving.
    fn too_far_back(&mut self, queue: &Queue, now: Mono) -> Vec<CallId> {
        let (mut near, mut far) = (0, self.lines.get(&queue.id).map_or(0, |line| line.len()));
        while near < far {
            let middle = near + (far - near) / 2;
            let expected = self.wait_behind(&queue.id, middle, now);
            if Self::is_too_long(queue, expected) {
                far = middle;
            } else {
                near = middle + 1;
            }
        }
        let line = self.lines.get(&queue.id);
        let behind = line.into_iter().flat_map(|line| line.iter().skip(near));
        behind.filter(|(_, waiting)| !waiting.is_offered).map(|(_, waiting)| waiting.call).collect()
    }
}
