//! Calls and callbacks: the call on which one is promised, and the call by which it is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Call, CallCx, CallEventKind, NewCall, Outcome, Stage};
use crate::types::{Answer, CallbackId, QueueId, Timestamp};

/// The callback that a call is made for, as the agent sees it who is offered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackRef {
    /// Which.
    pub id: CallbackId,
    /// 1 for the first time that it is tried.
    pub attempt: i64,
    /// When it was promised.
    pub requested_at: Timestamp,
    /// The agreed time, if one was.
    pub scheduled_at: Option<Timestamp>,
    /// What it is about: as typed, or the reason chosen in a flow.
    pub note: Option<String>,
    /// Whether the customer is dialled without the agent's leave.
    pub is_customer_first: bool,
}

impl Call {
    /// We call somebody back; it is offered to agents before anybody is dialled. It waits at the callback's place, which is no wait on the
    /// line: nobody hears it.
    pub fn call_back(new: NewCall, callback: CallbackRef, queue: QueueId, queued_at: Timestamp, cx: &mut CallCx<'_>) -> Self {
        let mut call = Self::begin(new, cx);
        let (id, attempt) = (callback.id, callback.attempt);
        call.callback = Some(callback);
        call.queue = Some(queue.clone());
        call.queued_at = Some(queued_at);
        call.say(cx, CallEventKind::CallbackBegan { callback: id, queue, attempt });
        call
    }

    /// Whether it calls somebody back who has not answered yet.
    pub fn is_calling_back(&self) -> bool {
        self.callback.is_some() && self.connected_at.is_none() && self.wait_since.is_none()
    }

    /// Whether the customer is dialled for a callback: an agent of the queue is taken up by it.
    pub fn is_dialled_back(&self) -> bool {
        self.is_calling_back() && matches!(self.stage, Stage::Dialling { .. })
    }

    /// Whether it waits in a queue and somebody is on the line.
    pub fn wait_is_open(&self) -> bool {
        self.wait_since.is_some()
    }

    /// Whether a machine has answered.
    pub fn is_with_machine(&self) -> bool {
        self.answered_by().is_some_and(|known| matches!(known.answer, Some(Answer::Machine | Answer::Fax)))
    }

    /// Whether somebody has answered who is no machine, as far as that is found out.
    pub fn has_reached_somebody(&self) -> bool {
        let is_open = self.answered_by().is_some_and(|known| known.is_listening);
        self.connected_at.is_some() && !is_open && !self.is_with_machine()
    }

    /// We promised to call back: by this callback, or by a task.
    pub fn promise_callback(&mut self, queue: QueueId, callback: Option<CallbackId>, cx: &mut CallCx<'_>) {
        self.outcome = Outcome::FlowedOut;
        self.say(cx, CallEventKind::CallbackRequested { queue, callback });
    }

    /// Since when the caller's place in a queue is: that of a callback, the own one, or none there.
    pub fn place_in(&self, queue: &QueueId) -> Option<Timestamp> {
        let taken_over = self.place_at.as_ref().filter(|(of, _)| of == queue).map(|(_, at)| *at);
        let own = self.queued_at.filter(|_| self.queue.as_ref() == Some(queue));
        // Who has called before stands where that call stood.
        let regained_ms = i64::try_from(self.regained_ms).unwrap_or(0);
        taken_over.or(own.map(|at| at.plus_millis(-regained_ms)))
    }
}
