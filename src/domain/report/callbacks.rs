//! What became of promises to call back. A callback belongs to the interval in which it was promised: what becomes of it later changes
//! that interval's figures until it is over.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ratio;
use crate::types::{QueueId, Timestamp};

/// How a promise ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseEnd {
    /// It has not: somebody is still to be called.
    Open,
    /// Agent and customer talked.
    Reached {
        /// So long after the customer's wait began, or after the agreed time.
        waited_ms: i64,
        /// Whether that was within what the queue allows.
        is_kept: bool,
    },
    /// Nobody was reached.
    Failed,
    /// Its time was over.
    Expired,
    /// The customer called again and took the place.
    Merged,
    /// A person called it off.
    Cancelled,
}

/// One promise, as far as reports count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// How long the customer had waited on the line when it was made; `None` where nobody did: an agreed time, or set up by a person.
    pub on_line_ms: Option<i64>,
    /// How often the customer was dialled.
    pub attempts: i64,
    /// How it ended.
    pub end: PromiseEnd,
}

/// A figure of the report of callbacks, behind which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackFigure {
    /// Promised.
    Requested,
    /// Not over yet.
    Open,
    /// Agent and customer talked.
    Reached,
    /// Of those, within the time that the queue allows.
    Kept,
    /// Nobody was reached.
    Failed,
    /// Their time was over.
    Expired,
    /// The customer called again and took the place.
    Merged,
    /// Called off by a person.
    Cancelled,
    /// Dialled at least once: each stands there once, however often it was dialled.
    Attempts,
    /// Dialled more than once.
    Retries,
    /// Promised to callers who waited on the line.
    FromLine,
}

impl Promise {
    /// Whether it stands behind this figure.
    pub fn is_behind(&self, figure: CallbackFigure) -> bool {
        match figure {
            CallbackFigure::Requested => true,
            CallbackFigure::Open => self.end == PromiseEnd::Open,
            CallbackFigure::Reached => matches!(self.end, PromiseEnd::Reached { .. }),
            CallbackFigure::Kept => matches!(self.end, PromiseEnd::Reached { is_kept: true, .. }),
            CallbackFigure::Failed => self.end == PromiseEnd::Failed,
            CallbackFigure::Expired => self.end == PromiseEnd::Expired,
            CallbackFigure::Merged => self.end == PromiseEnd::Merged,
            CallbackFigure::Cancelled => self.end == PromiseEnd::Cancelled,
            CallbackFigure::Attempts => self.attempts > 0,
            CallbackFigure::Retries => self.attempts > 1,
            CallbackFigure::FromLine => self.on_line_ms.is_some(),
        }
    }
}

/// The promises of one interval, as counts and milliseconds. `requested` is the sum of the ends and of those that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct PromiseCounts {
    /// Promised: taken by a caller, or set up by a person.
    pub requested: i64,
    /// Not over yet.
    pub open: i64,
    /// Agent and customer talked.
    pub reached: i64,
    /// Of those, within so many minutes of the promised time as the queue allows.
    pub kept: i64,
    /// Nobody was reached.
    pub failed: i64,
    /// Their time was over before anybody was reached.
    pub expired: i64,
    /// The customer called again and took the place.
    pub merged: i64,
    /// Called off by a person.
    pub cancelled: i64,
    /// Customers dialled.
    pub attempts: i64,
    /// Of those, the second time and later ones.
    pub retries: i64,
    /// Waits of the reached, from the beginning of the wait in line (of an agreed time from that time) to the talk.
    pub wait_ms_to_answer: i64,
    /// Promises to callers who waited on the line.
    pub from_line: i64,
    /// Their waits on the line, from the beginning of the wait to the promise.
    pub wait_ms_on_line: i64,
}

impl PromiseCounts {
    /// Takes one more in.
    pub fn add(&mut self, promise: &Promise) {
        self.requested += 1;
        self.attempts += promise.attempts;
        self.retries += (promise.attempts - 1).max(0);
        if let Some(waited_ms) = promise.on_line_ms {
            self.from_line += 1;
            self.wait_ms_on_line += waited_ms.max(0);
        }
        match promise.end {
            PromiseEnd::Open => self.open += 1,
            PromiseEnd::Reached { waited_ms, is_kept } => {
                self.reached += 1;
                self.kept += i64::from(is_kept);
                self.wait_ms_to_answer += waited_ms.max(0);
            }
            PromiseEnd::Failed => self.failed += 1,
            PromiseEnd::Expired => self.expired += 1,
            PromiseEnd::Merged => self.merged += 1,
            PromiseEnd::Cancelled => self.cancelled += 1,
        }
    }

    /// Kept promises, of those that are over and were not called off or taken over by the customer.
    pub fn kept_rate(&self) -> Ratio {
        Ratio::new(self.kept, self.reached + self.failed + self.expired)
    }

    /// Mean wait to the talk, in milliseconds; `None` when nobody was reached.
    pub fn mean_wait_to_answer_ms(&self) -> Option<i64> {
        super::visits::mean(self.wait_ms_to_answer, self.reached)
    }

    /// Mean wait on the line before the promise, in milliseconds; `None` when nobody waited there.
    pub fn mean_wait_on_line_ms(&self) -> Option<i64> {
        super::visits::mean(self.wait_ms_on_line, self.from_line)
    }
}

/// The callbacks of one queue that were promised in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallbackInterval {
    /// Which queue.
    pub queue: QueueId,
    /// Begin.
    pub begins_at: Timestamp,
    /// End; belongs to the next.
    pub ends_at: Timestamp,
    /// What became of them.
    #[serde(flatten)]
    pub counts: PromiseCounts,
    /// Kept promises, of the reached, the failed and those whose time was over.
    pub kept_rate: Ratio,
    /// Mean wait from the place in line to the talk, in milliseconds.
    pub mean_wait_to_answer_ms: Option<i64>,
    /// Mean wait on the line before the promise, in milliseconds.
    pub mean_wait_on_line_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_come_to_exactly_these_counts_and_the_ends_add_up() {
        let promise = |on_line_ms, attempts, end| Promise { on_line_ms, attempts, end };
        let all = [
            promise(Some(60_000), 1, PromiseEnd::Reached { waited_ms: 600_000, is_kept: true }),
            promise(Some(30_001), 3, PromiseEnd::Reached { waited_ms: 4_000_001, is_kept: false }),
            promise(None, 3, PromiseEnd::Failed),
            promise(None, 0, PromiseEnd::Expired),
            promise(Some(0), 0, PromiseEnd::Merged),
            promise(None, 0, PromiseEnd::Cancelled),
            promise(None, 1, PromiseEnd::Open),
        ];
        let mut counts = PromiseCounts::default();
        all.iter().for_each(|promise| counts.add(promise));
        assert_eq!(
            counts,
            PromiseCounts {
                requested: 7,
                open: 1,
                reached: 2,
                kept: 1,
                failed: 1,
                expired: 1,
                merged: 1,
                cancelled: 1,
                attempts: 8,
                retries: 4,
                wait_ms_to_answer: 4_600_001,
                from_line: 3,
                wait_ms_on_line: 90_001,
            }
        );
        let behind = |figure| i64::try_from(all.iter().filter(|promise| promise.is_behind(figure)).count()).unwrap();
        for (figure, count) in [
            (CallbackFigure::Requested, counts.requested),
            (CallbackFigure::Open, counts.open),
            (CallbackFigure::Reached, counts.reached),
            (CallbackFigure::Kept, counts.kept),
            (CallbackFigure::Failed, counts.failed),
            (CallbackFigure::Expired, counts.expired),
            (CallbackFigure::Merged, counts.merged),
            (CallbackFigure::Cancelled, counts.cancelled),
            (CallbackFigure::FromLine, counts.from_line),
            (CallbackFigure::Attempts, 4),
            (CallbackFigure::Retries, 2),
        ] {
            assert_eq!(behind(figure), count, "{figure:?}");
        }
        assert_eq!(counts.kept_rate(), Ratio::new(1, 4));
        assert_eq!((counts.mean_wait_to_answer_ms(), counts.mean_wait_on_line_ms()), (Some(2_300_001), Some(30_000)));
        assert_eq!(PromiseCounts::default().mean_wait_to_answer_ms(), None);
    }
}
