//! Tasks to call somebody back: for those who were not served, and for callbacks that were not kept.

use super::{TicketFault, Tickets, left_behind::Birth};
use crate::{
    domain::{
        event::Actor as EventActor,
        reactions::CallbackCause,
        ticket::{OpenTicket, Priority, TicketType},
    },
    store::{callbacks, calls},
    types::{CallId, CallbackId, QueueId},
};

impl Tickets {
    /// Opens the callback that a queue owes for a call, unless it already owes one to the same customer or number, or calls back from the
    /// line.
    pub async fn owe_callback(&self, call: CallId, queue: QueueId, why: CallbackCause) -> Result<(), TicketFault> {
        // A call that was cut off during its last words has the promise already.
        let is_of_call = matches!(why, CallbackCause::Abandoned | CallbackCause::Promised | CallbackCause::CutOff);
        if is_of_call && !callbacks::of_call(&self.shared.db, call).await?.is_empty() {
            return Ok(());
        }
        // A withheld number, or the web phone: nobody could be called.
        let line = calls::find(&self.shared.db, call).await?;
        if line.is_some_and(|line| line.call.customer.is_none() && line.call.customer_number.is_none()) {
            return Ok(());
        }
        let task = self.task(why, queue.clone());
        self.open_as(EventActor::System, OpenTicket { call: Some(call), ..task }, Birth::Owed(queue)).await.map(|_| ())
    }

    /// Opens the task for a callback that was not kept, on the call by which it was promised or tried, if there is one.
    pub async fn owe_task_of_callback(
        &self,
        callback: CallbackId,
        queue: QueueId,
        why: CallbackCause,
    ) -> Result<(), TicketFault> {
        let Some(callback) = callbacks::find(&self.shared.db, callback).await? else { return Ok(()) };
        for call in [callback.call, callback.attempt].into_iter().flatten() {
            if calls::find(&self.shared.db, call).await?.is_some() {
                return self.owe_callback(call, queue, why).await;
            }
        }
        let words = [Some(callback.number.to_string()), callback.note];
        let description = words.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let task = OpenTicket { description, customer: callback.customer, ..self.task(why, queue) };
        self.open_as(EventActor::System, task, Birth::ByHand).await.map(|_| ())
    }

    fn task(&self, why: CallbackCause, queue: QueueId) -> OpenTicket {
        let is_spanish = self.is_spanish();
        let subject = match (why, is_spanish) {
            (CallbackCause::Abandoned, false) => "Call back: hung up while waiting",
            (CallbackCause::Promised, false) => "Call back: promised",
            (CallbackCause::CutOff, false) => "Call back: the call was cut off",
            (CallbackCause::NotReached, false) => "Call back: not reached",
            (CallbackCause::Expired, false) => "Call back: not done in time",
            (CallbackCause::Abandoned, true) => "Devolver la llamada: colgó mientras esperaba",
            (CallbackCause::Promised, true) => "Devolver la llamada: prometido",
            (CallbackCause::CutOff, true) => "Devolver la llamada: se cortó",
            (CallbackCause::NotReached, true) => "Devolver la llamada: no se le ha localizado",
            (CallbackCause::Expired, true) => "Devolver la llamada: no se hizo a tiempo",
        };
        OpenTicket {
            kind: TicketType::Callback,
            subject: subject.into(),
            description: String::new(),
            priority: Priority::Normal,
            customer: None,
            queue: Some(queue),
            owner: None,
            disposition: None,
            call: None,
            is_internal: false,
        }
    }
}
