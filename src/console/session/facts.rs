//! Facts to one console: after they were stored, in the order of the stream, only those that it may see.

use super::{End, Session, concerns_access};
use crate::{
    app::actor::Permission,
    console::wire::ServerMessage,
    domain::{
        event::{Event, EventRecord},
        ticket::{TicketEventKind, TicketLine},
    },
};

/// Facts read at a time by a console that catches up.
const PAGE: i64 = 200;
/// A console further behind starts anew instead: its `hello` and its lists say the rest.
const PAGES_MAX: usize = 5;

impl Session {
    pub(super) async fn fact(&mut self, record: &EventRecord) -> Result<(), End> {
        if self.cursor.has_read(record) {
            return Ok(());
        }
        self.cursor.advance(record);
        if concerns_access(record, self.eyes.actor()) {
            self.recheck().await?;
        }
        if !self.eyes.may_see(record) {
            return Ok(());
        }
        let ticket = self.state.desk.ticket_of(record).await;
        // A breach is its owner's business, and that of who watches over the floor.
        let is_breach =
            matches!(&record.event, Event::Ticket(event) if matches!(event.kind, TicketEventKind::SlaBreached { .. }));
        let actor = self.eyes.actor();
        let is_owner = ticket.as_ref().is_some_and(|ticket| ticket.owner.as_ref() == Some(&actor.user));
        let is_noticed = is_breach && (is_owner || actor.may(Permission::Supervise));
        let ticket = ticket.map(|line| Box::new(TicketLine::clone(&line)));
        let message = ServerMessage::Fact {
            cursor: self.cursor.to_string(),
            record: Box::new(self.eyes.fact(record)),
            ticket: ticket.clone(),
        };
        self.outbox.send(message)?;
        if is_noticed {
            self.outbox.send(ServerMessage::Notice { key: "sla_breached".into(), ticket })?;
        }
        Ok(())
    }

    /// Reads on from the cursor until the end, or starts anew when that is too far.
    pub(super) async fn catch_up(&mut self) -> Result<(), End> {
        for _ in 0..PAGES_MAX {
            let page = match self.state.desk.facts_after(&self.cursor, PAGE).await {
                Ok(page) => page,
                Err(fault) => {
                    tracing::warn!(%fault, "a console cannot catch up");
                    return Err(End::TooSlow);
                }
            };
            if page.records.is_empty() {
                return Ok(());
            }
            for record in &page.records {
                self.fact(record).await?;
            }
            self.cursor = page.next;
        }
        Box::pin(self.greet(None)).await
    }
}
