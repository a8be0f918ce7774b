//! How long a customer may be left on hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a customer may be left on hold. What is 0 never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HoldLimits {
    /// After so many seconds the agent is told.
    pub notice_secs: i64,
    /// After so many seconds the call rings at the agent; who does not take it then loses it to the queue.
    pub recall_secs: i64,
}

impl Default for HoldLimits {
    fn default() -> Self {
        Self { notice_secs: 120, recall_secs: 300 }
    }
}
