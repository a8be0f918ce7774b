//! The board that supervisors watch, built once for all of them and at most four times a second.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{ToSpan, tz::TimeZone};
use tokio::sync::watch;

use super::wire::{Board, BoardQueue};
use crate::{
    app::{desk::Desk, switch_handle::SwitchHandle},
    domain::{
        centre::FloorSnapshot,
        directory::Directory,
        report::{QueueCounts, ServiceLevel},
    },
    types::{Clock, QueueId, Timestamp},
};

/// Four times a second.
const EVERY_MS: u64 = 250;
/// Counts are read anew this often.
const COUNTS_EVERY_MS: u64 = 1_000;
/// An unchanged board is sent this often, so that everyone sees that it is not stale.
const UNCHANGED_EVERY_MS: i64 = 2_000;
/// Calls on the board.
const CALLS_MAX: usize = 200;
/// Length of the current interval in minutes.
const INTERVAL_MINUTES: i8 = 30;

/// Where watchers find the newest board.
pub struct BoardRoom(watch::Sender<Option<Arc<Board>>>);

impl Default for BoardRoom {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

#[derive(Default)]
struct Counts {
    read_at_ms: Option<u64>,
    today: BTreeMap<QueueId, QueueCounts>,
    interval: BTreeMap<QueueId, QueueCounts>,
}

impl BoardRoom {
    /// A watcher from now on.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<Board>>> {
        let mut board = self.0.subscribe();
        board.mark_changed();
        board
    }

    /// Builds boards while somebody watches. Ends with the switch.
    pub async fn build(
        &self,
        clock: &dyn Clock,
        switch: &SwitchHandle,
        desk: &Desk,
        directory: &watch::Receiver<Arc<Directory>>,
    ) {
        let mut counts = Counts::default();
        loop {
            clock.sleep_until(clock.now().mono + EVERY_MS).await;
            if self.0.receiver_count() == 0 {
                continue;
            }
            let Some(floor) = switch.snapshot().await else { return };
            let directory = directory.borrow().clone();
            let now = clock.now();
            if counts.read_at_ms.is_none_or(|at| now.mono.as_millis().saturating_sub(at) >= COUNTS_EVERY_MS) {
                counts.read_at_ms = Some(now.mono.as_millis());
                read_counts(&mut counts, desk, &directory.centre.time_zone, now.wall).await;
            }
            let board = compose(&floor, &directory, &counts, now.wall);
            self.0.send_if_modified(|last| {
                let is_old = |last: &Board| {
                    let is_same = last.queues == board.queues
                        && last.agents == board.agents
                        && last.calls == board.calls
                        && last.trunks == board.trunks;
                    !is_same || now.wall.millis_since(last.at) >= UNCHANGED_EVERY_MS
                };
                let is_new = last.as_deref().is_none_or(is_old);
                if is_new {
                    *last = Some(Arc::new(board));
                }
                is_new
            });
        }
    }
}

async fn read_counts(counts: &mut Counts, desk: &Desk, time_zone: &str, now: Timestamp) {
    let (day, interval) = spans(time_zone, now);
    let end = now.plus_millis(1);
    match (desk.counts(day, end).await, desk.counts(interval, end).await) {
        (Ok(today), Ok(of_interval)) => {
            counts.today = today.into_iter().collect();
            counts.interval = of_interval.into_iter().collect();
        }
        (Err(fault), _) | (_, Err(fault)) => {
            tracing::warn!(%fault, "today's counts cannot be read; the board shows the last ones")
        }
    }
}

/// When today began in the centre's zone, and when the current interval began.
fn spans(time_zone: &str, now: Timestamp) -> (Timestamp, Timestamp) {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let Ok(instant) = jiff::Timestamp::from_millisecond(now.as_millis()) else { return (now, now) };
    let local = instant.to_zoned(zone);
    let millis = |zoned: &jiff::Zoned| Timestamp::from_millis(zoned.timestamp().as_millisecond());
    let day = local.start_of_day().map_or(now, |begin| millis(&begin));
    let past_minutes = local.minute() % INTERVAL_MINUTES;
    let into =
        i64::from(past_minutes).minutes().seconds(i64::from(local.second())).milliseconds(i64::from(local.millisecond()));
    let interval = local.checked_sub(into).map_or(now, |begin| millis(&begin));
    (day, interval)
}

fn compose(floor: &FloorSnapshot, directory: &Directory, counts: &Counts, at: Timestamp) -> Board {
    let queues = floor.queues.iter().filter_map(|live| {
        let queue = directory.queues.get(&live.id)?;
        let of = |counts: &BTreeMap<QueueId, QueueCounts>| counts.get(&live.id).copied().unwrap_or_default();
        let (today, interval) = (of(&counts.today), of(&counts.interval));
        Some(BoardQueue {
            name: queue.name.clone(),
            level_today: ServiceLevel::of_board(&today, queue.service_level_variant),
            level_interval: ServiceLevel::of_board(&interval, queue.service_level_variant),
            today,
            interval,
            service_level_secs: queue.service_level_secs,
            service_level_percent: queue.service_level_percent,
            live: live.as_ref().clone(),
        })
    });
    Board {
        at,
        queues: queues.collect(),
        agents: floor.agents.iter().map(|agent| agent.as_ref().clone()).collect(),
        calls: floor.calls.iter().take(CALLS_MAX).map(|call| call.as_ref().clone()).collect(),
        trunks: floor.trunks.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_and_the_half_hour_begin_in_the_zone_of_the_centre() {
        let now: Timestamp = "2026-07-01T22:47:31.250Z".parse().expect("an instant");
        let (day, interval) = spans("Europe/Madrid", now);
        assert_eq!(
            (day.to_string(), interval.to_string()),
            ("2026-07-01T22:00:00.000Z".into(), "2026-07-01T22:30:00.000Z".into())
        );
        // A zone with a quarter of an hour.
        let (_, interval) = spans("Asia/Kathmandu", now);
        assert_eq!(interval.to_string(), "2026-07-01T22:45:00.000Z");
        assert_eq!(spans("Nowhere/Land", now).0.to_string(), "2026-07-01T00:00:00.000Z");
    }
}
