//! "When this happens, ask for that": the one place where lasting areas learn of each other. Reads events, answers with wishes;
//! the loop above looks up what they need and carries them out once each.

use super::{
    call::CallEventKind,
    callback::{CallbackEvent, CallbackEventKind},
    event::{Event, EventRecord},
};
use crate::types::{CallId, CallbackId, QueueId};

/// A wish to another area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Somebody could not be served: a task to call them back.
    OpenCallback {
        /// The call.
        call: CallId,
        /// The queue that owes it.
        queue: QueueId,
        /// Why.
        why: CallbackCause,
    },
    /// A callback was not kept: a task for somebody to see to it.
    OpenTaskOfCallback {
        /// Which.
        callback: CallbackId,
        /// The queue that owes it.
        queue: QueueId,
        /// Why.
        why: CallbackCause,
    },
    /// A caller gave up, or left no message: what becomes of it is the queue's rule.
    Missed {
        /// The call.
        call: CallId,
        /// The queue that missed it.
        queue: QueueId,
        /// How long it waited; `None` where the wait does not matter.
        waited_ms: Option<i64>,
    },
    /// A caller left a message: a ticket of the queue.
    OpenVoicemail {
        /// The call, with whose recording it is.
        call: CallId,
        /// The queue that got it.
        queue: QueueId,
        /// Its length.
        length_ms: i64,
    },
}

/// Why a callback is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackCause {
    /// The caller hung up while waiting.
    Abandoned,
    /// We promised it.
    Promised,
    /// A restart of the exchange cost the call.
    CutOff,
    /// The customer was called back and not reached.
    NotReached,
    /// The time for calling back was over.
    Expired,
}

/// What follows from an event.
pub fn react(record: &EventRecord) -> Option<Reaction> {
    match &record.event {
        Event::Call(call) => match &call.kind {
            CallEventKind::Abandoned { queue, waited_ms } => {
                Some(Reaction::Missed { call: call.call, queue: queue.clone(), waited_ms: Some(*waited_ms) })
            }
            CallEventKind::VoicemailNotLeft { queue } => {
                Some(Reaction::Missed { call: call.call, queue: queue.clone(), waited_ms: None })
            }
            CallEventKind::VoicemailLeft { queue, length_ms, .. } => {
                Some(Reaction::OpenVoicemail { call: call.call, queue: queue.clone(), length_ms: *length_ms })
            }
            // What is promised as a callback is called back from the line; a task is what else is promised.
            CallEventKind::CallbackRequested { queue, callback: None } => {
                Some(Reaction::OpenCallback { call: call.call, queue: queue.clone(), why: CallbackCause::Promised })
            }
            CallEventKind::NotRecovered { queue: Some(queue) } => {
                Some(Reaction::OpenCallback { call: call.call, queue: queue.clone(), why: CallbackCause::CutOff })
            }
            _ => None,
        },
        Event::Callback(CallbackEvent { callback, queue, kind }) => {
            let why = match kind {
                CallbackEventKind::Failed => CallbackCause::NotReached,
                CallbackEventKind::Expired => CallbackCause::Expired,
                CallbackEventKind::Requested { .. }
                | CallbackEventKind::Rescheduled { .. }
                | CallbackEventKind::PutFirst
                | CallbackEventKind::AttemptBegan { .. }
                | CallbackEventKind::AttemptFailed { .. }
                | CallbackEventKind::AttemptWithdrawn { .. }
                | CallbackEventKind::NotDialled { .. }
                | CallbackEventKind::Reached { .. }
                | CallbackEventKind::Merged { .. }
                | CallbackEventKind::Cancelled => return None,
            };
            Some(Reaction::OpenTaskOfCallback { callback: *callback, queue: queue.clone(), why })
        }
        _ => None,
    }
}
