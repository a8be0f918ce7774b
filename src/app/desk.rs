//! What a console needs of the things that last: the customer's record, notes, the ticket behind a fact, the stream of facts,
//! today's counts. Reads and the saving of notes only; everything else goes through the areas' own use cases.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::sync::broadcast;

use super::{actor::Actor, customers::Customers, tickets::Tickets};
use crate::{
    domain::{
        centre::CallerRecordRef,
        customer::CustomerSnapshot,
        event::{Event, EventRecord},
        report::QueueCounts,
        ticket::TicketLine,
    },
    store::{
        Db, Lane, StoreFault, calls, for_a_caller,
        journal::{self, Cursor, Page},
        segments,
    },
    types::{CallId, Clock, CustomerId, NodeId, QueueId, TicketId, Timestamp},
};

/// Facts whose tickets are remembered: consoles hear of a fact within moments of each other.
const TICKETS_TOLD_MAX: usize = 64;
/// Customers painted for one call.
const MATCHES_MAX: usize = 5;

/// Lasting things as a console needs them. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    db: Db,
    clock: Arc<dyn Clock>,
    customers: Customers,
    tickets: Tickets,
    tickets_told: Arc<Mutex<TicketsTold>>,
}

/// Tickets of the last facts, by the fact's place in the stream.
type TicketsTold = VecDeque<((NodeId, i64), Shared<BoxFuture<'static, Option<Arc<TicketLine>>>>)>;

impl Desk {
    /// Over these use cases.
    pub fn new(db: Db, clock: Arc<dyn Clock>, customers: Customers, tickets: Tickets) -> Self {
        Self { db, clock, customers, tickets, tickets_told: Arc::default() }
    }

    /// Every fact from now on, after it was stored. A receiver that lags reads on with [`Desk::facts_after`].
    pub fn facts(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.db.facts()
    }

    /// The facts behind a cursor.
    pub async fn facts_after(&self, cursor: &Cursor, limit: i64) -> Result<Page, StoreFault> {
        journal::events_after(&self.db, cursor, limit).await
    }

    /// Whether a cursor is a place in this stream, and not one of before a restore.
    pub async fn holds(&self, cursor: &Cursor) -> Result<bool, StoreFault> {
        journal::holds(&self.db, cursor).await
    }

    /// The end of the stream.
    pub async fn end_of_facts(&self) -> Result<Cursor, StoreFault> {
        journal::end(&self.db).await
    }

    /// The records to paint for a call, in the order of the matches. One that is gone is left out.
    pub async fn records(&self, matches: &[CustomerId]) -> Result<Vec<CustomerSnapshot>, StoreFault> {
        let mut found = Vec::new();
        for id in matches.iter().take(MATCHES_MAX) {
            found.extend(for_a_caller(self.customers.pop(*id)).await?);
        }
        Ok(found)
    }

    /// What the floor needs of a customer; `None` when there is no such one.
    pub async fn caller(&self, id: CustomerId) -> Result<Option<CallerRecordRef>, StoreFault> {
        for_a_caller(self.customers.caller(id)).await
    }

    /// The ticket of a fact as it was soon after, read once for all consoles that hear of the fact; `None` for other facts.
    pub async fn ticket_of(&self, record: &EventRecord) -> Option<Arc<TicketLine>> {
        let Event::Ticket(event) = &record.event else { return None };
        let place = (record.node.clone(), record.seq);
        let line = {
            let mut told = self.tickets_told.lock().unwrap_or_else(PoisonError::into_inner);
            match told.iter().find(|(known, _)| *known == place) {
                Some((_, line)) => line.clone(),
                None => {
                    let line = self.read_ticket(event.ticket);
                    if told.len() >= TICKETS_TOLD_MAX {
                        told.pop_front();
                    }
                    told.push_back((place, line.clone()));
                    line
                }
            }
        };
        line.await
    }

    fn read_ticket(&self, id: TicketId) -> Shared<BoxFuture<'static, Option<Arc<TicketLine>>>> {
        let tickets = self.tickets.clone();
        let read = async move {
            tickets.find_line(id).await.map(|line| line.map(Arc::new)).unwrap_or_else(|fault| {
                tracing::warn!(%fault, "the ticket of a fact cannot be read; consoles ask for it themselves");
                None
            })
        };
        read.boxed().shared()
    }

    /// Notes as last saved.
    pub async fn notes(&self, call: CallId) -> Result<Option<String>, StoreFault> {
        calls::notes(&self.db, call).await
    }

    /// Saves notes as typed. Whose call it is has been checked by who calls.
    pub async fn save_notes(&self, actor: &Actor, call: CallId, notes: String) -> Result<(), StoreFault> {
        let (agent, now) = (actor.agent(), self.clock.now().wall);
        self.db
            .write(Lane::People, move |tx| Box::pin(async move { calls::save_notes(tx, call, &agent, &notes, now).await }))
            .await
    }

    /// Counts of the visits that began in a span, per queue.
    pub async fn counts(&self, from: Timestamp, to: Timestamp) -> Result<Vec<(QueueId, QueueCounts)>, StoreFault> {
        segments::counts(&self.db, from, to).await
    }
}
