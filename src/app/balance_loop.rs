//! Checks after each quarter of an hour whether the figures add up, so that facts that are missing or contradict each other are noticed
//! before somebody reads a report: told in the log once, and as a metric for as long as they are in the last day.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::watch;

use super::reports::{CHECKED_MS, Checked, Reports, Whose};
use crate::types::{Clock, Timestamp};

/// After the end of an interval, for facts that are on their way.
const SETTLE_MS: i64 = 60_000;
/// After a fault of the database.
const RETRY_MS: u64 = 60_000;

/// Where the newest check stands.
pub type BalanceFigures = watch::Receiver<Arc<Checked>>;

/// Runs until `stopping` turns true.
pub async fn run(
    reports: Reports,
    figures: Arc<watch::Sender<Arc<Checked>>>,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut told: BTreeSet<(Timestamp, Whose)> = BTreeSet::new();
    while !*stopping.borrow() {
        let now = clock.now();
        let wait_ms = match reports.check_balances(now.wall.plus_millis(-SETTLE_MS)).await {
            Ok(checked) => {
                for ((begins_at, whose), difference) in &checked.differences {
                    if told.insert((*begins_at, whose.clone())) {
                        tell(*begins_at, whose, *difference);
                    }
                }
                // What is older than a day is checked no more.
                told.retain(|place| checked.differences.contains_key(place));
                figures.send_replace(Arc::new(checked));
                until_next_check_ms(now.wall)
            }
            Err(fault) => {
                tracing::warn!(%fault, "whether the figures add up was not checked");
                RETRY_MS
            }
        };
        let wake_at = now.mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake_at) => {}
            _ = stopping.changed() => {}
        }
    }
}

fn tell(begins_at: Timestamp, whose: &Whose, difference: i64) {
    match whose {
        Whose::Queue(queue) => {
            tracing::error!(%queue, %begins_at, difference, "callers of a queue do not add up in this quarter of an hour");
        }
        Whose::Agent(agent) => {
            tracing::error!(%agent, %begins_at, difference_ms = difference, "an agent's times do not add up in this quarter of an hour");
        }
    }
}

/// From now to a little after the end of the quarter-hour that runs.
fn until_next_check_ms(now: Timestamp) -> u64 {
    let into_ms = now.plus_millis(-SETTLE_MS).as_millis().rem_euclid(CHECKED_MS);
    u64::try_from(CHECKED_MS - into_ms).unwrap_or(RETRY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_check_is_a_minute_after_the_end_of_a_quarter_hour() {
        let wait = |text: &str| until_next_check_ms(text.parse().unwrap()) / 1_000;
        assert_eq!(wait("2026-01-15T10:00:00Z"), 60, "facts of the quarter that just ended are on their way");
        assert_eq!(wait("2026-01-15T10:01:00Z"), 15 * 60);
        assert_eq!(wait("2026-01-15T10:14:30Z"), 90);
    }
}
