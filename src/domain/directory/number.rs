//! Numbers of ours: what answers them, and when the caller is charged for it.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{LineId, QueueId};

/// How long a caller may go unanswered, in seconds. Carriers give a call up after three minutes (RFC 3261 16.6: timer C).
pub const UNANSWERED_SECS: RangeInclusive<i64> = 10..=170;

/// A number that can be dialled from outside, and what answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Number {
    /// As it arrives in the Request-URI, digits with an optional `+`.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// What answers.
    pub target: NumberTarget,
    /// Whether the public web phone lists it.
    pub is_on_web_phone: bool,
    /// When its callers are answered, from which on they are charged.
    #[serde(default)]
    pub answering: Answering,
}

/// What answers a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum NumberTarget {
    /// The flow of an IVR line.
    Line {
        /// Which line.
        line: LineId,
    },
    /// Straight into a queue, without a greeting.
    Queue {
        /// Which queue.
        queue: QueueId,
    },
    /// The caller hears what the caller says: a test of the line.
    Echo,
}

/// When callers of a number are answered (200, RFC 3261 13.3.1.4). An IVR node that asks for a key answers before it asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Answering {
    /// Before anything else.
    #[default]
    AtOnce,
    /// When an agent takes the call. Until then they hear announcements and music all the same (183, RFC 3960).
    EarlyMedia {
        /// For at most so many seconds, 10 to 170: carriers give a call up that nobody answers for three minutes.
        secs_max: i64,
        /// Then.
        then: StillUnanswered,
    },
    /// When an agent takes the call. Until then they hear that it rings (180); announcements are heard as with `early_media`.
    Ringing {
        /// For at most so many seconds, 10 to 170: carriers give a call up that nobody answers for three minutes.
        secs_max: i64,
        /// Then.
        then: StillUnanswered,
    },
}

/// What happens to a caller who has gone unanswered for the most that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StillUnanswered {
    /// Is answered, and waits on with music.
    Answer,
    /// Is refused (480), which counts as the queue's maximum wait: where the queue calls back after that, a callback is owed.
    Refuse,
}

impl Number {
    /// When its callers are answered. An echo needs both directions.
    pub fn answering(&self) -> Answering {
        match self.target {
            NumberTarget::Echo => Answering::AtOnce,
            NumberTarget::Line { .. } | NumberTarget::Queue { .. } => self.answering,
        }
    }
}

impl Answering {
    /// How long a caller may go unanswered and what follows; `None` when callers are answered at once.
    pub fn limit(self) -> Option<(i64, StillUnanswered)> {
        match self {
            Self::AtOnce => None,
            Self::EarlyMedia { secs_max, then } | Self::Ringing { secs_max, then } => Some((secs_max, then)),
        }
    }
}
