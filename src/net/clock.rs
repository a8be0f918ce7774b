//! The only file that asks the machine for the time. Every loop and worker is handed this clock, or a test's.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::types::{Clock, Mono, Now, Sleep, Timestamp};

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    began: Instant,
}

impl SystemClock {
    /// Monotonic time counts from here.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Now {
        let mono = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        // A machine whose date lies before 1970 counts as being at 1970.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Now { wall: Timestamp::from_millis(i64::try_from(wall).unwrap_or(i64::MAX)), mono: Mono::from_millis(mono) }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn wall_us(&self) -> i64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        i64::try_from(wall).unwrap_or(i64::MAX)
    }

    fn sleep_until(&self, at: Mono) -> Sleep {
        let instant = self.began.checked_add(Duration::from_millis(at.as_millis()));
        Box::pin(async move {
            match instant {
                Some(instant) => tokio::time::sleep_until(instant.into()).await,
                None => std::future::pending().await,
            }
        })
    }
}
