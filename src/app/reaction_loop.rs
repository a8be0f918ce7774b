//! Carries out what events ask of other areas. Reads the stream behind a stored cursor, so that nothing is missed by a restart;
//! what it does twice after a crash changes nothing the second time.

use std::sync::Arc;

use tokio::sync::watch;

use super::tickets::{TicketFault, Tickets};
use crate::{
    domain::reactions::{Reaction, react},
    store::{Db, StoreFault, journal, positions},
    types::Clock,
};

/// The name of this reader of the stream.
const READER: &str = "reactions";
/// Events read at a time.
const PAGE: i64 = 200;
/// Looks at least this often, should a hint be lost.
const LOOK_MS: u64 = 2_000;
/// After a fault of the database.
const RETRY_MS: u64 = 1_000;

/// Runs until `stopping` turns true.
pub async fn run(db: Db, tickets: Tickets, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    let mut facts = db.facts();
    while !*stopping.borrow() {
        let wait_ms = match catch_up(&db, &tickets, &clock).await {
            Ok(()) => LOOK_MS,
            Err(fault) => {
                tracing::warn!(%fault, "reactions wait for the database");
                RETRY_MS
            }
        };
        let wake = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake) => {}
            // Only a hint; a receiver that fell behind is a hint too. A closed stream waits for the end.
            hint = facts.recv() => {
                if matches!(hint, Err(tokio::sync::broadcast::error::RecvError::Closed)) {
                    clock.sleep_until(wake).await;
                }
            }
            _ = stopping.changed() => {}
        }
    }
}

async fn catch_up(db: &Db, tickets: &Tickets, clock: &Arc<dyn Clock>) -> Result<(), StoreFault> {
    let mut cursor = positions::read(db, READER).await?;
    loop {
        let page = journal::events_after(db, &cursor, PAGE).await?;
        if page.records.is_empty() {
            return Ok(());
        }
        for record in &page.records {
            if let Some(reaction) = react(record) {
                carry_out(tickets, reaction).await?;
            }
        }
        cursor = page.next;
        positions::save(db, READER, &cursor, clock.now().wall).await?;
    }
}

async fn carry_out(tickets: &Tickets, reaction: Reaction) -> Result<(), StoreFault> {
    match reaction {
        Reaction::OpenCallback { call, queue, why } => match tickets.owe_callback(call, queue, why).await {
            Ok(()) => Ok(()),
            Err(TicketFault::Store(fault)) => Err(fault),
            Err(refusal) => {
                tracing::warn!(%refusal, %call, "a callback could not be opened");
                Ok(())
            }
        },
    }
}
