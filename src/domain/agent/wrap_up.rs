//! The time after a call. One timer per agent, whatever the queue: it belongs to the call just ended and nothing else resets it.

use serde::{Deserialize, Serialize};

use crate::types::{CallId, Mono, Now, Timestamp};

/// Milliseconds of one extension.
const EXTENSION_MS: u64 = 30_000;
/// Extensions per wrap-up.
const EXTENSIONS_MAX: u8 = 3;
/// A wrap-up that waits for a disposition ends at this many times its length all the same.
const HARD_FACTOR: u64 = 4;

/// What a wrap-up asks of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrapUpRule {
    /// Length.
    pub ms: u64,
    /// Whether it ends only with a disposition.
    pub needs_disposition: bool,
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
    extensions: u8,
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
            extensions: 0,
        }
    }

    /// Thirty more seconds. False when there are none left.
    pub(super) fn extend(&mut self) -> bool {
        if self.extensions >= EXTENSIONS_MAX || self.is_overdue {
            return false;
        }
        self.extensions += 1;
        self.until = self.until + EXTENSION_MS;
        self.until_at = self.until_at.plus_millis(i64::try_from(EXTENSION_MS).unwrap_or(0));
        self.ends = self.ends.max(self.until);
        true
    }

    /// When it has to be looked at next.
    pub(super) fn deadline(&self) -> Mono {
        if self.is_overdue { self.ends } else { self.until }
    }
}
