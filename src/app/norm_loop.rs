//! Tells the floor what is usual at this time of the week, so that forecasts of waits are right from the first caller after a start and do
//! not follow every whim of the last half hour.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::switch_handle::{Input, SwitchHandle};
use crate::{
    domain::{
        directory::Directory,
        queue::{WorkNorms, last_day, norm_stretches, norms_of},
    },
    store::{Db, StoreFault, work_norms::work_norms},
    types::{Clock, Timestamp},
};

/// The time of the week has moved on so far that it is asked for anew.
const EVERY_MS: u64 = 15 * 60_000;
/// For so long after a start the day before it counts.
const DAY_MS: u64 = 24 * 60 * 60_000;
/// After a fault of the database.
const RETRY_MS: u64 = 60_000;

/// Runs until `stopping` turns true.
pub async fn run(
    db: Db,
    switch: SwitchHandle,
    directory: watch::Receiver<Arc<Directory>>,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let began = clock.now().mono;
    let mut day_before = None;
    while !*stopping.borrow() {
        let zone = TimeZone::get(&directory.borrow().centre.time_zone).unwrap_or(TimeZone::UTC);
        // After that the floor knows by itself what the last day was like.
        let is_first_day = clock.now().mono.millis_since(began) < DAY_MS;
        let wait_ms = match norms(&db, clock.now().wall, &zone, &mut day_before).await {
            Ok((weeks, day)) => {
                let nothing = WorkNorms::new();
                let norms = norms_of(weeks, if is_first_day { day } else { &nothing });
                switch.input(Input::WorkNorms(Arc::new(norms))).await;
                EVERY_MS
            }
            Err(fault) => {
                tracing::warn!(%fault, "forecasts of waits do without what is usual at this time");
                RETRY_MS
            }
        };
        let wake_at = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake_at) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// The weeks before as they are now, and the day before the start, which is read once.
async fn norms<'a>(
    db: &Db,
    now: Timestamp,
    zone: &TimeZone,
    day_before: &'a mut Option<WorkNorms>,
) -> Result<(Vec<WorkNorms>, &'a WorkNorms), StoreFault> {
    let mut weeks = Vec::new();
    for stretch in norm_stretches(now, zone) {
        weeks.push(work_norms(db, stretch).await?);
    }
    let day = match day_before {
        Some(day) => day,
        None => day_before.insert(work_norms(db, last_day(now)).await?),
    };
    Ok((weeks, day))
}
