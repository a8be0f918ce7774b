//! Which calls are recorded, as administrators set it up. When a recording begins and pauses is decided in
//! `domain/centre/recording.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which calls are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum RecordingPolicy {
    /// None, and nobody may begin one. A recording that runs stops when the call comes to an agent under this rule.
    Never,
    /// Every call.
    Always,
    /// So many of a hundred, drawn once per call; agents may record the others on demand.
    Percent {
        /// 1 to 99.
        percent: i64,
    },
    /// Those that an agent or a supervisor asks for.
    OnDemand,
}

impl RecordingPolicy {
    /// Whether a call that drew this number, 0 to 99, is recorded without anybody's asking.
    pub fn takes(self, draw: u8) -> bool {
        match self {
            Self::Never | Self::OnDemand => false,
            Self::Always => true,
            Self::Percent { percent } => i64::from(draw) < percent,
        }
    }
}

/// From when a call is recorded that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingBegins {
    /// From the answer: flows and waiting are part of it.
    Answered,
    /// From when agent and customer first hear each other.
    Connected,
}

/// Which calls the centre records, and what becomes of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingRules {
    /// Calls to us whose queue says nothing of its own.
    pub inbound: RecordingPolicy,
    /// Calls that agents make.
    pub outbound: RecordingPolicy,
    /// From when.
    pub begins: RecordingBegins,
    /// A pause that nobody ends is over after so many seconds, 10 to 3600.
    pub pause_secs_max: i64,
    /// Days until a recording is deleted, 1 to 3650, unless it is on legal hold.
    pub keep_days: i64,
    /// Whether agents may listen to the recordings of their own calls.
    pub is_own_heard_by_agents: bool,
}

impl Default for RecordingRules {
    fn default() -> Self {
        Self {
            inbound: RecordingPolicy::Never,
            outbound: RecordingPolicy::Never,
            begins: RecordingBegins::Connected,
            pause_secs_max: 300,
            keep_days: 90,
            is_own_heard_by_agents: false,
        }
    }
}
