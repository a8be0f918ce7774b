//! What callers of a queue are told and may choose while they wait, and when they are sent on, as supervisors set it up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::QueueExit;
use crate::types::{LineId, QueueId};

/// What callers of a queue are told and may choose while they wait, and when they are sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WaitingRules {
    /// Whether announcements tell the position, when it has improved.
    pub says_position: bool,
    /// Positions behind this one are not told; 1 to 99.
    pub position_max: i64,
    /// Whether announcements tell how long the wait is expected to be, rounded, once enough is known. What was told does not rise unless
    /// agents have left or others were put ahead.
    pub says_wait: bool,
    /// An expected wait below this is not told. Seconds.
    pub wait_told_secs_min: i64,
    /// What a caller's keys do, by key: `0` to `9`, `*`, `#`. They are told with the announcements, and count while one is spoken.
    pub keys: BTreeMap<String, WaitingKey>,
    /// From an expected wait of so many seconds on, callers take `on_expected_wait`: at entry, and when theirs becomes so long while they
    /// wait. `None` is never.
    pub expected_wait_secs_max: Option<i64>,
    /// What happens then.
    pub on_expected_wait: QueueExit,
    /// Who waits at closing time may still be answered for so long before the `closed` branch. Seconds.
    pub closing_grace_secs: i64,
    /// Who hangs up or is cut off and calls the queue again within so many seconds, from the same number, stands where they stood. 0 is
    /// never. Withheld numbers have no place kept.
    pub redial_secs: i64,
    /// What is played to those who wait and to its customers on hold: a recording of the scripts' folder `music`, by its name. `None` is
    /// the one of the centre, `on-hold`.
    pub music: Option<String>,
    /// What callers are told besides: a greeting, a legal notice, a word of comfort. At most 10. No offer waits for one.
    pub messages: Vec<WaitingMessage>,
}

/// A message of a queue to those who wait, whether they advance or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingMessage {
    /// The shared prompt.
    pub prompt: String,
    /// When it comes first, in seconds from queue entry; 0 greets.
    #[serde(default)]
    pub after_secs: i64,
    /// How often it comes from then on, in seconds; 0 is once.
    #[serde(default)]
    pub every_secs: i64,
}

impl Default for WaitingRules {
    fn default() -> Self {
        Self {
            says_position: true,
            position_max: 99,
            says_wait: false,
            wait_told_secs_min: 0,
            keys: BTreeMap::new(),
            expected_wait_secs_max: None,
            on_expected_wait: QueueExit::Wait,
            closing_grace_secs: 0,
            redial_secs: 0,
            music: None,
            messages: Vec::new(),
        }
    }
}

/// What a key does for a caller who waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum WaitingKey {
    /// Promises a call back; the caller need not wait on the line.
    Callback,
    /// Goes to another queue, to its end.
    Queue {
        /// Which.
        queue: QueueId,
    },
    /// Goes to a line, to its beginning.
    Line {
        /// Which.
        line: LineId,
    },
    /// Tells the position, and the expected wait where announcements tell it.
    Position,
    /// Says goodbye.
    Leave,
}
