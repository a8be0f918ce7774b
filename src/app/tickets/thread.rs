//! What was said and done on a ticket, from its end backwards in parts: words, events and contacts of one stretch of time
//! together, so that a part has no holes and the parts laid behind each other are the whole.

use super::{Actor, Permission, StoreFault, TicketFault, Tickets, rows};
use crate::{
    domain::{customer::Interaction, event::EventRecord},
    store::{customers, journal, tickets::Entry},
    types::{TicketId, Timestamp},
};

/// Items of each kind in the part that a ticket's page shows first.
pub(super) const FIRST_PART: i64 = 200;
/// Items of each kind that one instant may hold: a step of a ticket makes a handful.
const AT_ONE_INSTANT_MAX: i64 = 1_000;

/// A stretch of a ticket's thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThreadPart {
    /// What was said, oldest first.
    pub entries: Vec<Entry>,
    /// What happened, oldest first.
    pub events: Vec<EventRecord>,
    /// Contacts, oldest first.
    pub interactions: Vec<Interaction>,
    /// Ask for what was before this instant to get the part before; `None` at the beginning.
    pub earlier: Option<Timestamp>,
}

impl Tickets {
    /// The part of a ticket's thread that ends before an instant, at most `limit` items of each kind.
    pub async fn thread(
        &self,
        actor: &Actor,
        id: TicketId,
        before: Option<Timestamp>,
        limit: i64,
    ) -> Result<ThreadPart, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        rows::find(&self.shared.db, id).await?.ok_or(TicketFault::NotFound)?;
        Ok(self.part(id, before, limit).await?)
    }

    pub(super) async fn part(&self, id: TicketId, before: Option<Timestamp>, limit: i64) -> Result<ThreadPart, StoreFault> {
        let found = self.latest(id, before.unwrap_or(Timestamp::from_millis(i64::MAX)), limit + 1).await?;
        let Some(left_out) = found.first_left_out(usize::try_from(limit).unwrap_or(0)) else { return Ok(found.oldest_first()) };
        if found.has_any_after(left_out) {
            // What happened at one instant stays together: it is all in the next part.
            let from = left_out.plus_millis(1);
            return Ok(found.since(from).oldest_first());
        }
        // More than a part at one instant, as when a ticket is opened: that instant is a part of its own.
        let instant = self.latest(id, left_out.plus_millis(1), AT_ONE_INSTANT_MAX).await?;
        Ok(instant.since(left_out).oldest_first())
    }

    async fn latest(&self, id: TicketId, before: Timestamp, limit: i64) -> Result<ThreadPart, StoreFault> {
        let db = &self.shared.db;
        Ok(ThreadPart {
            entries: rows::latest_entries(db, id, before, limit).await?,
            events: journal::latest_events_of(db, "ticket", &id.to_string(), before, limit).await?,
            interactions: customers::interactions_of_ticket(db, id, before, limit).await?,
            earlier: None,
        })
    }
}

impl ThreadPart {
    /// Of lists that are newest first: the instant from which back at least one of them holds more than `limit` items.
    fn first_left_out(&self, limit: usize) -> Option<Timestamp> {
        let entry = self.entries.get(limit).map(|entry| entry.at);
        let event = self.events.get(limit).map(|record| record.at);
        let interaction = self.interactions.get(limit).map(|interaction| interaction.at);
        entry.max(event).max(interaction)
    }

    fn has_any_after(&self, at: Timestamp) -> bool {
        self.entries.iter().any(|entry| entry.at > at)
            || self.events.iter().any(|record| record.at > at)
            || self.interactions.iter().any(|interaction| interaction.at > at)
    }

    fn since(mut self, from: Timestamp) -> Self {
        self.entries.retain(|entry| entry.at >= from);
        self.events.retain(|record| record.at >= from);
        self.interactions.retain(|interaction| interaction.at >= from);
        Self { earlier: Some(from), ..self }
    }

    fn oldest_first(mut self) -> Self {
        self.entries.reverse();
        self.events.reverse();
        self.interactions.reverse();
        self
    }
}
