//! How long a caller has waited, talked and been on hold, over all queues and agents of one call.

use serde::{Deserialize, Serialize};

use crate::types::Mono;

/// What the time of a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Span {
    /// Waits for an agent.
    Wait,
    /// Talks with an agent, or with the conference that an agent has brought together.
    Talk,
    /// On hold, or the agent's audio is lost, and nobody else is there.
    Hold,
}

/// Three sums, of which at most one grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CallClock {
    wait_ms: u64,
    talk_ms: u64,
    hold_ms: u64,
    running: Option<(Span, Mono)>,
}

impl CallClock {
    /// From now on time counts as this; `None` stops the clock.
    pub fn count(&mut self, span: Option<Span>, now: Mono) {
        if let Some((running, since)) = self.running {
            let ms = now.millis_since(since);
            match running {
                Span::Wait => self.wait_ms += ms,
                Span::Talk => self.talk_ms += ms,
                Span::Hold => self.hold_ms += ms,
            }
        }
        self.running = span.map(|span| (span, now));
    }

    /// Milliseconds of waiting, talk and hold, as of the last change.
    pub fn sums(&self) -> (i64, i64, i64) {
        let whole = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        (whole(self.wait_ms), whole(self.talk_ms), whole(self.hold_ms))
    }
}
