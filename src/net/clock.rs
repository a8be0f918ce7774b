//! The only file that asks the machine for the time. Every loop and worker is handed this clock, or a test's.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::types::{Clock, Mono, Now, Sleep, Timestamp};

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    began: Instant,
    /// What monotonic time stood at when it began.
    origin_ms: u64,
}

impl SystemClock {
    /// Monotonic time counts on from the wall's time of this moment, see [`Mono`].
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self { began: Instant::now(), origin_ms: wall_ms() }
    }
}

/// A machine whose date lies before 1970 counts as being at 1970.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn wall_ms() -> u64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(wall).unwrap_or(u64::MAX)
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            wall: Timestamp::from_millis(i64::try_from(wall_ms()).unwrap_or(i64::MAX)),
            mono: Mono::from_millis(self.origin_ms.saturating_add(elapsed)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn wall_us(&self) -> i64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        i64::try_from(wall).unwrap_or(i64::MAX)
    }

    fn sleep_until(&self, at: Mono) -> Sleep {
        let instant = self.began.checked_add(Duration::from_millis(at.as_millis().saturating_sub(self.origin_ms)));
        Box::pin(async move {
            match instant {
                Some(instant) => tokio::time::sleep_until(instant.into()).await,
                None => std::future::pending().await,
            }
        })
    }
}
