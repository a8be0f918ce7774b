//! The time after a call. One timer per agent, whatever the queue: it belongs to the call just ended and nothing else resets it.

use serde::{Deserialize, Serialize};

use crate::types::{CallId, Mono, Now, Timestamp};

/// A wrap-up that waits for a disposition ends at this many times its length all the same.
const HARD_FACTOR: u64 = 4;

/// What a wrap-up asks of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrapUpRule {
    /// Length.
    pub ms: u64,
    /// Whether it ends only with a disposition.
    pub needs_disposition: bool,
    /// Whether the agent may end it before the time.
    pub may_end_early: bool,
    /// How often the agent may extend it.
    pub extensions_max: u8,
    /// By how many milliseconds each time.
    pub extension_ms: u64,
}

/// A running wrap-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUpRun {
    /// Of which call.
    pub call: CallId,
    /// When it ends by itself, or is overdue.
    pub until: Mono,
    /// The same on the wall.
    pub until_at: Timestamp,
    /// When it ends in any case.
    pub ends: Mono,
    /// Whether it ends only with a disposition.
    pub needs_disposition: bool,
    /// Whether the agent has chosen one.
    pub has_disposition: bool,
    /// Whether `until` has passed.
    pub is_overdue: bool,
    /// Whether the agent may end it before the time.
    #[serde(default = "yes")]
    pub may_end_early: bool,
    extensions: u8,
    #[serde(default = "usual_extensions_max")]
    extensions_max: u8,
    #[serde(default = "usual_extension_ms")]
    extension_ms: u64,
}

impl WrapUpRun {
    pub(super) fn begin(call: CallId, rule: WrapUpRule, has_disposition: bool, now: Now) -> Self {
        let ms = rule.ms.max(1_000);
        let until = now.mono + ms;
        Self {
            call,
            until,
            until_at: now.plus_millis(ms).wall,
            ends: if rule.needs_disposition { now.mono + ms.saturating_mul(HARD_FACTOR) } else { until },
            needs_disposition: rule.needs_disposition,
            has_disposition,
            is_overdue: false,
            may_end_early: rule.may_end_early,
            extensions: 0,
            extensions_max: rule.extensions_max,
            extension_ms: rule.extension_ms,
        }
    }

    /// How often it may still be extended.
    pub fn extensions_left(&self) -> u8 {
        if self.is_overdue { 0 } else { self.extensions_max.saturating_sub(self.extensions) }
    }

    /// By how many milliseconds each time.
    pub fn extension_ms(&self) -> u64 {
        self.extension_ms
    }

    /// Goes on for longer. False when no extension is left.
    pub(super) fn extend(&mut self) -> bool {
        if self.extensions_left() == 0 {
            return false;
        }
        self.extensions += 1;
        self.until = self.until + self.extension_ms;
        self.until_at = self.until_at.plus_millis(i64::try_from(self.extension_ms).unwrap_or(0));
        self.ends = self.ends.max(self.until);
        true
    }

    /// When it has to be looked at next.
    pub(super) fn deadline(&self) -> Mono {
        if self.is_overdue { self.ends } else { self.until }
    }
}

// What held for every wrap-up before queues said it.

fn yes() -> bool {
    true
}

fn usual_extensions_max() -> u8 {
    3
}

fn usual_extension_ms() -> u64 {
    30_000
}
