//! "When this happens, ask for that": the one place where lasting areas learn of each other. Reads events, answers with wishes;
//! the loop above looks up what they need and carries them out once each.

use super::{
    call::CallEventKind,
    event::{Event, EventRecord},
};
use crate::types::{CallId, QueueId};

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
}

/// What follows from an event.
pub fn react(record: &EventRecord) -> Option<Reaction> {
    match &record.event {
        Event::Call(call) => match &call.kind {
            CallEventKind::Abandoned { queue, .. } => {
                Some(Reaction::OpenCallback { call: call.call, queue: queue.clone(), why: CallbackCause::Abandoned })
            }
            CallEventKind::CallbackRequested { queue } => {
                Some(Reaction::OpenCallback { call: call.call, queue: queue.clone(), why: CallbackCause::Promised })
            }
            CallEventKind::NotRecovered { queue: Some(queue) } => {
                Some(Reaction::OpenCallback { call: call.call, queue: queue.clone(), why: CallbackCause::CutOff })
            }
            _ => None,
        },
        _ => None,
    }
}
