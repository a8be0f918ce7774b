//! Whether agents are told that a supervisor hears their call, as administrators set it up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether an agent is told that a supervisor listens. One who whispers or speaks to all is heard, and shown, in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonitoringNotice {
    /// Nothing is said.
    #[default]
    Hidden,
    /// The agent's console says who listens, for as long as it lasts.
    Shown,
}
