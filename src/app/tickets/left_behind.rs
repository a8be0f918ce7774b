//! What calls leave behind for the desk: messages, and callers whom nobody served.

use super::{OpenTicket, TicketFault, Tickets};
use crate::{
    domain::{
        directory::{MissedBecomes, Queue},
        event::Actor as EventActor,
        reactions::CallbackCause,
        ticket::{Priority, TicketType},
    },
    store::callbacks,
    types::{CallId, QueueId, TicketId},
};

/// How a ticket comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Birth {
    /// Somebody, or a program, opens it.
    ByHand,
    /// A queue owes a callback: one for each customer or number.
    Owed(QueueId),
    /// A call left something behind: one for each call and kind.
    OncePerCall,
    /// The customer came back to a ticket that was closed too long ago.
    Following(TicketId),
}

impl Tickets {
    /// A caller gave up, or left no message when asked for one: what the queue's rule makes of it. `waited_ms` is `None` where the wait
    /// does not matter.
    pub async fn missed(&self, call: CallId, queue: QueueId, waited_ms: Option<i64>) -> Result<(), TicketFault> {
        let rule = self.queue(&queue).map(|queue| queue.missed).unwrap_or_default();
        if waited_ms.is_some_and(|waited_ms| waited_ms < rule.wait_secs_min.saturating_mul(1_000)) {
            return Ok(());
        }
        // Who is called back at the place in line is not missed.
        if !callbacks::of_call(&self.shared.db, call).await?.is_empty() {
            return Ok(());
        }
        match rule.becomes {
            MissedBecomes::Nothing => Ok(()),
            MissedBecomes::Callback => self.owe_callback(call, queue, CallbackCause::Abandoned).await,
            MissedBecomes::Task => {
                let subject = if self.is_spanish() { "Llamada perdida" } else { "Missed call" };
                self.open_left_behind(call, queue, subject, String::new()).await
            }
        }
    }

    /// A caller left a message: a ticket of the queue's type, linked with the call and so with its recording.
    pub async fn open_voicemail(&self, call: CallId, queue: QueueId, length_ms: i64) -> Result<(), TicketFault> {
        let subject = if self.is_spanish() { "Mensaje de voz" } else { "Voice message" };
        let secs = length_ms / 1_000;
        self.open_left_behind(call, queue, subject, format!("{}:{:02}", secs / 60, secs % 60)).await
    }

    async fn open_left_behind(
        &self,
        call: CallId,
        queue: QueueId,
        subject: &str,
        description: String,
    ) -> Result<(), TicketFault> {
        let word = self.queue(&queue).map(|queue| serde_json::Value::String(queue.ticket_type));
        let kind = word.and_then(|word| serde_json::from_value(word).ok()).unwrap_or(TicketType::Request);
        let wanted = OpenTicket {
            kind,
            subject: subject.into(),
            description,
            priority: Priority::Normal,
            customer: None,
            queue: Some(queue),
            owner: None,
            disposition: None,
            call: Some(call),
            is_internal: false,
        };
        self.open_as(EventActor::System, wanted, Birth::OncePerCall).await.map(|_| ())
    }

    fn queue(&self, id: &QueueId) -> Option<Queue> {
        self.shared.directory.borrow().queues.get(id).cloned()
    }

    pub(super) fn is_spanish(&self) -> bool {
        self.shared.directory.borrow().centre.language.starts_with("es")
    }
}
