//! Gives open tickets their deadlines anew after a policy or a calendar has changed, in the background, and once at the start,
//! should an earlier process have ended in the middle of it.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::tickets::Tickets;
use crate::{
    domain::directory::{CalendarSource, Directory},
    store::StoreFault,
    types::{CalendarId, Clock},
};

/// After a fault of the database.
const RETRY_MS: u64 = 1_000;

/// Runs until `stopping` turns true.
pub async fn run(
    tickets: Tickets,
    mut directory: watch::Receiver<Arc<Directory>>,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut calendars = directory.borrow_and_update().calendars.clone();
    while !*stopping.borrow() {
        let review = async {
            while let Err(fault) = review(&tickets).await {
                tracing::warn!(%fault, "open tickets wait for their new deadlines");
                clock.sleep_until(clock.now().mono + RETRY_MS).await;
            }
        };
        tokio::select! {
            () = review => {}
            _ = stopping.changed() => return,
        }
        tokio::select! {
            () = tickets.policies_changed() => {}
            () = calendars_changed(&mut directory, &mut calendars) => {}
            _ = stopping.changed() => {}
        }
    }
}

async fn review(tickets: &Tickets) -> Result<(), StoreFault> {
    tickets.reload_book().await?;
    let count = tickets.review_all().await?;
    tracing::debug!(count, "open tickets have their deadlines by the policies and calendars of now");
    Ok(())
}

/// Ends when the directory has other calendars than those seen last; never when the directory is gone.
async fn calendars_changed(directory: &mut watch::Receiver<Arc<Directory>>, seen: &mut BTreeMap<CalendarId, CalendarSource>) {
    while directory.changed().await.is_ok() {
        let now = &directory.borrow_and_update().calendars;
        if now != seen {
            seen.clone_from(now);
            return;
        }
    }
    std::future::pending().await
}
