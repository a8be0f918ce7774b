//! The deadlines of lasting things: sleeps until the earliest, handles what is due, and looks again when a nearer one is set.
//! Rows are the truth, so a restart loses none; what came due meanwhile is handled at the start, oldest first.

use std::sync::Arc;

use tokio::sync::watch;

use super::tickets::{TIMERS_PER_TURN, Tickets};
use crate::types::Clock;

/// Looks at the rows at least this often, whatever it was told: another node may have written them.
const LOOK_MS_MAX: u64 = 1_000;
/// Looks again no sooner than this, so that a deadline that cannot be handled does not keep the node busy.
const LOOK_MS_MIN: u64 = 10;
/// After a fault of the database.
const RETRY_MS: u64 = 500;

/// Runs until `stopping` turns true.
pub async fn run(tickets: Tickets, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let wait_ms = match tickets.fire_due().await {
            Ok((count, _)) if i64::try_from(count).is_ok_and(|count| count >= TIMERS_PER_TURN) => LOOK_MS_MIN,
            Ok((_, next)) => next.map_or(LOOK_MS_MAX, |due| {
                // Past the due instant by one millisecond: at the instant itself is in time.
                let until = due.millis_since(clock.now().wall).saturating_add(1).max(0);
                u64::try_from(until).unwrap_or(0).clamp(LOOK_MS_MIN, LOOK_MS_MAX)
            }),
            Err(fault) => {
                tracing::warn!(%fault, "deadlines cannot be read; they are handled when the database is back");
                RETRY_MS
            }
        };
        let wake = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake) => {}
            () = tickets.timers_changed() => {}
            _ = stopping.changed() => {}
        }
    }
}
