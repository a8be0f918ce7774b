//! Callers whose wait is expected to be too long for their queue are sent on: at entry by what is expected, and while they wait only when
//! it has become more likely than not that it is too long. An expectation moves with every second of the calls in talk; whoever was let in
//! is not sent away because it went a little over the border, least of all where it is known from a few calls only.

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
/// Callers of one line who are sent on at one look; the next look comes soon when there are more.
const SENT_ON_MAX: usize = 50;
/// How soon.
const NEXT_LOOK_MS: u64 = 1_000;

impl Centre {
    /// Whether a caller who comes now and is expected to wait for so long takes the branch for that. Where nothing is known, nobody does.
    pub(super) fn is_too_long(queue: &Queue, expected: Option<ExpectedWait>) -> bool {
        longest_ms(queue).zip(expected).is_some_and(|(most_ms, wait)| wait.mean_ms > most_ms)
    }

    /// The same of a caller in line: half of such callers would wait longer than the queue allows from now on.
    fn is_surely_too_long(queue: &Queue, expected: Option<ExpectedWait>) -> bool {
        longest_ms(queue).zip(expected).is_some_and(|(most_ms, wait)| wait.p50_ms > most_ms)
    }

    /// Somebody waits in a queue that may send callers on.
    pub(super) fn look_later(&mut self, queue: &Queue, now: Mono) {
        if longest_ms(queue).is_some() && !self.timers.is_set(&Timer::Overflow) {
            self.timers.set(Timer::Overflow, Some(now + LOOK_MS));
        }
    }

    /// The queues may have other rules now.
    pub(super) fn look_at_all_later(&mut self, now: Mono) {
        let directory = self.directory.clone();
        for id in self.queues_with_callers() {
            if let Some(queue) = directory.queues.get(&id) {
                self.look_later(queue, now);
            }
        }
    }

    /// Looks through the lines.
    pub(super) fn overflow(&mut self, turn: &mut Turn<'_>) {
        let directory = self.directory.clone();
        for id in self.queues_with_callers() {
            let Some(queue) = directory.queues.get(&id) else { continue };
            self.look_later(queue, turn.now.mono);
            if self.send_on(turn, queue) == SENT_ON_MAX {
                self.timers.set(Timer::Overflow, Some(turn.now.mono + NEXT_LOOK_MS));
            }
        }
    }

    /// Sends on whoever stands where the wait is too long: the last in line first, and each is judged by the line as it is then. The wait
    /// grows along the line, so the first one who may stay is the border. How many were sent on.
    fn send_on(&mut self, turn: &mut Turn<'_>, queue: &Queue) -> usize {
        if longest_ms(queue).is_none() {
            return 0;
        }
        for sent in 0..SENT_ON_MAX {
            let Some((call, ahead)) = self.last_caller(&queue.id) else { return sent };
            let expected = self.wait_behind_waiting(&queue.id, ahead, turn.now.mono);
            if !Self::is_surely_too_long(queue, expected) {
                return sent;
            }
            self.take_exit(turn, call, FlowOutCause::ExpectedWait);
            if self.last_caller(&queue.id).is_some_and(|(last, _)| last == call) {
                // The branch led back to where it began.
                return sent;
            }
        }
        SENT_ON_MAX
    }

    /// The last in line who is on the line and rings at nobody, and how many stand ahead who do not ring either.
    fn last_caller(&self, queue: &QueueId) -> Option<(CallId, usize)> {
        let line = self.lines.get(queue)?;
        let mut waiting = line.iter().rev().map(|(_, waiting)| waiting).filter(|waiting| !waiting.is_offered);
        let last = waiting.by_ref().find(|waiting| waiting.is_caller())?.call;
        Some((last, waiting.count()))
    }

    pub(super) fn queues_with_callers(&self) -> Vec<QueueId> {
        self.lines.iter().filter(|(_, line)| !line.is_empty()).map(|(id, _)| id.clone()).collect()
    }
}

/// The longest expected wait that a queue allows before it sends callers on, milliseconds; `None` where it never does.
fn longest_ms(queue: &Queue) -> Option<i64> {
    let most = queue.waiting.expected_wait_secs_max.filter(|_| queue.waiting.on_expected_wait != QueueExit::Wait);
    most.map(|secs| secs.saturating_mul(1_000))
}
