//! Deadlines that come due: the same road as a person's click.

use super::{TicketFault, Tickets, rows};
use crate::{
    domain::{
        event::Actor as EventActor,
        ticket::{By, TicketCommand},
    },
    store::{Lane, StoreFault, Tx, tickets::DueTimer},
    types::{TicketId, Timestamp},
};

/// Deadlines handled in one turn of the timer loop.
pub const TIMERS_PER_TURN: i64 = 100;

impl Tickets {
    /// Handles deadlines that have passed, oldest first; returns how many, and when to look again.
    pub async fn fire_due(&self) -> Result<(usize, Option<Timestamp>), StoreFault> {
        let now = self.shared.clock.now().wall;
        let due = rows::due(&self.shared.db, now, TIMERS_PER_TURN).await?;
        let moves = rows::due_moves(&self.shared.db, now, TIMERS_PER_TURN).await?;
        let count = due.len().max(moves.len());
        let mut fired = Vec::new();
        for timer in due {
            fired.push(self.fire(timer).await);
        }
        for ticket in moves {
            fired.push(self.end_state(ticket).await);
        }
        for result in fired {
            match result {
                Ok(()) | Err(TicketFault::NotFound) => {}
                Err(TicketFault::Store(fault)) => return Err(fault),
                Err(refusal) => tracing::warn!(%refusal, "a deadline could not be handled"),
            }
        }
        Ok((count, rows::next_deadline(&self.shared.db).await?))
    }

    /// Resolves when a deadline may have come nearer.
    pub async fn timers_changed(&self) {
        self.shared.timers_changed.notified().await;
    }

    /// How many deadlines are watched, and the earliest.
    pub async fn timers_watched(&self) -> Result<(i64, Option<Timestamp>), StoreFault> {
        rows::timers_watched(&self.shared.db).await
    }

    /// A state ended by itself, unless the ticket has left it meanwhile.
    async fn end_state(&self, id: TicketId) -> Result<(), TicketFault> {
        let desk = self.clone();
        let command = TicketCommand::StateTimerDue;
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move { desk.step(tx, EventActor::System, &By::default(), id, None, command).await })
            })
            .await
    }

    async fn fire(&self, timer: DueTimer) -> Result<(), TicketFault> {
        let desk = self.clone();
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(stored) = rows::load(tx, timer.ticket).await? else { return Err(TicketFault::NotFound) };
                    let holds = stored.ticket.timers().iter().any(|t| t.metric == timer.metric && t.cycle == timer.cycle);
                    if !holds {
                        // Somebody answered meanwhile: the derived clocks no longer hold it, and nothing happens.
                        rows::drop_timer(tx, &timer).await?;
                        return Ok(());
                    }
                    let command = TicketCommand::TimerDue { metric: timer.metric, cycle: timer.cycle };
                    desk.step(tx, EventActor::System, &By::default(), timer.ticket, None, command).await
                })
            })
            .await
    }
}
