//! Carries out what events ask of other areas. Reads the stream behind a stored cursor, so that nothing is missed by a restart;
//! what it does twice after a crash changes nothing the second time.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::tickets::{TicketFault, Tickets};
use crate::{
    domain::{
        event::EventRecord,
        reactions::{Reaction, react},
    },
    store::{
        Db, StoreFault,
        journal::{self, Cursor},
        positions,
    },
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
    let mut place = None;
    while !*stopping.borrow() {
        let wait_ms = match catch_up(&db, &tickets, &clock, &mut place).await {
            Ok(()) => LOOK_MS,
            Err(fault) => {
                tracing::warn!(%fault, "reactions wait for the database");
                RETRY_MS
            }
        };
        let look_at = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(look_at) => {}
            () = something_to_do(&mut facts, place.as_mut()) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// How far this reader has come, and how far it has stored that it has.
struct Place {
    reached: Cursor,
    stored: Cursor,
}

/// Ends when a fact has come that asks for something; steps over those that ask for nothing, as most do, so that they are not
/// read again. A listener that fell behind is a hint too; a closed stream waits for the end.
async fn something_to_do(facts: &mut broadcast::Receiver<Arc<EventRecord>>, mut place: Option<&mut Place>) {
    loop {
        match facts.recv().await {
            Ok(record) if react(&record).is_none() => {
                if let Some(place) = &mut place
                    && place.reached.is_just_before(&record)
                {
                    place.reached.advance(&record);
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Reads on to the end of the stream. There is no place before the first look.
async fn catch_up(db: &Db, tickets: &Tickets, clock: &Arc<dyn Clock>, place: &mut Option<Place>) -> Result<(), StoreFault> {
    let place = match place {
        Some(place) => place,
        None => {
            let stored = positions::read(db, READER).await?;
            place.insert(Place { reached: stored.clone(), stored })
        }
    };
    loop {
        let page = journal::events_after(db, &place.reached, PAGE).await?;
        for record in &page.records {
            if let Some(reaction) = react(record) {
                carry_out(tickets, reaction).await?;
            }
        }
        place.reached = page.next;
        if place.reached != place.stored {
            positions::save(db, READER, &place.reached, clock.now().wall).await?;
            place.stored = place.reached.clone();
        }
        if page.records.is_empty() {
            return Ok(());
        }
    }
}

async fn carry_out(tickets: &Tickets, reaction: Reaction) -> Result<(), StoreFault> {
    let (opened, of) = match reaction {
        Reaction::OpenCallback { call, queue, why } => (tickets.owe_callback(call, queue, why).await, call.to_string()),
        Reaction::OpenTaskOfCallback { callback, queue, why } => {
            (tickets.owe_task_of_callback(callback, queue, why).await, callback.to_string())
        }
        Reaction::Missed { call, queue, waited_ms } => (tickets.missed(call, queue, waited_ms).await, call.to_string()),
        Reaction::OpenVoicemail { call, queue, length_ms } => {
            (tickets.open_voicemail(call, queue, length_ms).await, call.to_string())
        }
    };
    match opened {
        Ok(()) => Ok(()),
        Err(TicketFault::Store(fault)) => Err(fault),
        Err(refusal) => {
            tracing::warn!(%refusal, of, "what was left behind could not be made a ticket");
            Ok(())
        }
    }
}
