//! What happens to a callback.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{AgentId, CallId, CallbackId, QueueId, Timestamp};

/// Something happened to a callback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallbackEvent {
    /// Which.
    pub callback: CallbackId,
    /// Whose it is.
    pub queue: QueueId,
    /// What.
    #[serde(flatten)]
    pub kind: CallbackEventKind,
}

/// What happened to a callback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallbackEventKind {
    /// Somebody is to be called back.
    Requested {
        /// On which call it was promised; `None` where a person set it up.
        call: Option<CallId>,
        /// Since when the customer waits: the place in line.
        queued_at: Timestamp,
        /// Not before.
        due_at: Timestamp,
        /// For whom, if for a certain agent.
        agent: Option<AgentId>,
    },
    /// It has another time or number, or is for another agent.
    Rescheduled {
        /// Not before.
        due_at: Timestamp,
        /// For whom, if for a certain agent.
        agent: Option<AgentId>,
    },
    /// A person put it before all others in line.
    PutFirst,
    /// The customer is dialled.
    AttemptBegan {
        /// By which call.
        call: CallId,
        /// By whom.
        agent: AgentId,
        /// 1 for the first.
        attempt: i64,
    },
    /// Nobody was reached.
    AttemptFailed {
        /// By which call.
        call: CallId,
        /// When it is tried again; `None` when it is given up.
        next_at: Option<Timestamp>,
    },
    /// The customer was dialled, but the agent was lost before the answer. It does not count, and the place in line stays.
    AttemptWithdrawn {
        /// By which call.
        call: CallId,
    },
    /// It could not be dialled, because no line to the outside was free. It does not count, and the place in line stays.
    NotDialled {
        /// By which call.
        call: CallId,
        /// When it is tried again.
        next_at: Timestamp,
    },
    /// Agent and customer talk.
    Reached {
        /// By which call.
        call: CallId,
        /// By whom.
        agent: AgentId,
        /// Milliseconds from the promised time; below 0 if it was earlier.
        late_ms: i64,
        /// Whether that is within what the queue allows.
        is_promise_kept: bool,
    },
    /// The customer called again and has the place now.
    Merged {
        /// By which call.
        into: CallId,
    },
    /// Nobody was reached as often as it was to be tried, or the number cannot be called.
    Failed,
    /// Its time was over before anybody was reached.
    Expired,
    /// A person called it off.
    Cancelled,
}

impl CallbackEvent {
    /// `callback.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            CallbackEventKind::Requested { .. } => "callback.requested",
            CallbackEventKind::Rescheduled { .. } => "callback.rescheduled",
            CallbackEventKind::PutFirst => "callback.put_first",
            CallbackEventKind::AttemptBegan { .. } => "callback.attempt_began",
            CallbackEventKind::AttemptFailed { .. } => "callback.attempt_failed",
            CallbackEventKind::AttemptWithdrawn { .. } => "callback.attempt_withdrawn",
            CallbackEventKind::NotDialled { .. } => "callback.not_dialled",
            CallbackEventKind::Reached { .. } => "callback.reached",
            CallbackEventKind::Merged { .. } => "callback.merged",
            CallbackEventKind::Failed => "callback.failed",
            CallbackEventKind::Expired => "callback.expired",
            CallbackEventKind::Cancelled => "callback.cancelled",
        }
    }
}
