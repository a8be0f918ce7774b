//! What reports count. Additive parts only: percentages and averages are computed by who shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{QueueId, Timestamp};

/// Counts of one queue over one span. Percentages are computed by who shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// Entered the queue.
    pub offered: i64,
    /// Reached an agent.
    pub answered: i64,
    /// Of those, within the threshold.
    pub answered_in_time: i64,
    /// Hung up while waiting.
    pub abandoned: i64,
    /// Of those, sooner than a short abandon.
    pub abandoned_short: i64,
    /// Left otherwise.
    pub flowed_out: i64,
    /// Waits of the answered.
    pub wait_ms_answered: i64,
    /// Longest wait of all.
    pub wait_ms_max: i64,
}

/// Counts of one queue in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueInterval {
    /// Which.
    pub queue: QueueId,
    /// Begin.
    pub begins_at: Timestamp,
    /// End; belongs to the next.
    pub ends_at: Timestamp,
    /// The visits that began in it.
    #[serde(flatten)]
    pub counts: QueueCounts,
}
