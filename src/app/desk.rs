//! What a console needs of the things that last: the customer's record, notes, the ticket behind a fact, the stream of facts,
//! today's counts. Reads and the saving of notes only; everything else goes through the areas' own use cases.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::{actor::Actor, customers::Customers, tickets::Tickets};
use crate::{
    domain::{customer::CustomerSnapshot, event::EventRecord, report::QueueCounts, ticket::TicketLine},
    store::{
        Db, Lane, StoreFault, calls,
        journal::{self, Cursor, Page},
        segments,
    },
    types::{CallId, Clock, CustomerId, QueueId, TicketId, Timestamp},
};

/// Customers painted for one call.
const MATCHES_MAX: usize = 5;

/// Lasting things as a console needs them. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    db: Db,
    clock: Arc<dyn Clock>,
    customers: Customers,
    tickets: Tickets,
}

impl Desk {
    /// Over these use cases.
    pub fn new(db: Db, clock: Arc<dyn Clock>, customers: Customers, tickets: Tickets) -> Self {
        Self { db, clock, customers, tickets }
    }

    /// Every fact from now on, after it was stored. A receiver that lags reads on with [`Desk::facts_after`].
    pub fn facts(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.db.facts()
    }

    /// The facts behind a cursor.
    pub async fn facts_after(&self, cursor: &Cursor, limit: i64) -> Result<Page, StoreFault> {
        journal::events_after(&self.db, cursor, limit).await
    }

    /// The end of the stream.
    pub async fn end_of_facts(&self) -> Result<Cursor, StoreFault> {
        journal::end(&self.db).await
    }

    /// The records to paint for a call, in the order of the matches. One that is gone is left out.
    pub async fn records(&self, matches: &[CustomerId]) -> Result<Vec<CustomerSnapshot>, StoreFault> {
        let mut found = Vec::new();
        for id in matches.iter().take(MATCHES_MAX) {
            found.extend(self.customers.pop(*id).await?);
        }
        Ok(found)
    }

    /// A ticket as it is now.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<TicketLine>, StoreFault> {
        self.tickets.find_line(id).await
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
