//! How a queue's work items, such as messages of callers, are given to its agents, as supervisors set it up. Decided by it on the
//! floor.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Timestamp;

/// Most work items that an agent may have open at a time.
pub const WORK_ITEMS_EACH_MAX: i64 = 20;

/// How a queue's work items are given to its agents, and what its calls may interrupt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WorkRules {
    /// Whether messages of callers are offered to agents like calls. Each is a ticket of the queue in any case.
    pub routes_voicemail: bool,
    /// Whether the queue's calls are offered to agents who work on an item. The item stays open meanwhile. Where not, such agents do not
    /// come into question for its calls.
    pub interrupts: bool,
    /// Minutes of waiting after which an item is offered before calls, 1 to 10080. Before that it is offered when no call waits that the
    /// agent could take.
    pub promote_mins: i64,
    /// Minutes that an agent may have an item open; then it goes back to its place in line, 1 to 1440.
    pub open_mins_max: i64,
}

impl Default for WorkRules {
    fn default() -> Self {
        Self { routes_voicemail: true, interrupts: true, promote_mins: 60, open_mins_max: 30 }
    }
}

impl WorkRules {
    /// From when on an item that waits since then goes before calls.
    pub fn promoted_at(&self, queued_at: Timestamp) -> Timestamp {
        queued_at.plus_millis(minutes(self.promote_mins))
    }

    /// When an item that is taken now goes back to its place.
    pub fn open_until(&self, taken_at: Timestamp) -> Timestamp {
        taken_at.plus_millis(minutes(self.open_mins_max.max(1)))
    }
}

const fn minutes(count: i64) -> i64 {
    count.saturating_mul(60_000)
}
