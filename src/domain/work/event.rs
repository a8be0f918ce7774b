//! What happens to a work item.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{AgentId, CallId, DispositionId, QueueId, RoutingDecision, Timestamp, WorkItemId};

/// Something happened to a work item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkEvent {
    /// Which.
    pub item: WorkItemId,
    /// Whose it is.
    pub queue: QueueId,
    /// What.
    #[serde(flatten)]
    pub kind: WorkEventKind,
}

/// What happened to a work item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkEventKind {
    /// It is to be done.
    Added {
        /// The call on which it came.
        call: CallId,
        /// Its place in line.
        queued_at: Timestamp,
    },
    /// It is offered to an agent.
    Offered {
        /// Who.
        agent: AgentId,
        /// 1 for the first.
        attempt: i64,
        /// Why this one.
        decision: Option<Box<RoutingDecision>>,
    },
    /// The offer came to nothing; the place in line stays.
    OfferMissed {
        /// By whom.
        agent: AgentId,
        /// Why.
        cause: OfferMiss,
    },
    /// An agent has taken it.
    Accepted {
        /// Who.
        agent: AgentId,
        /// Milliseconds since it waited.
        waited_ms: i64,
    },
    /// It is at its place in line again, not done.
    Returned {
        /// Who had it.
        agent: AgentId,
        /// Why.
        cause: WorkReturn,
        /// For how long, in milliseconds.
        open_ms: i64,
    },
    /// It is done.
    Done {
        /// By whom.
        agent: AgentId,
        /// For how long it was open there, in milliseconds.
        open_ms: i64,
        /// What it was about.
        disposition: Option<DispositionId>,
    },
    /// It is not offered to anybody any more, without having been done: a supervisor closed it, or its queue is gone.
    Closed,
}

/// Why an offer of a work item came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferMiss {
    /// The agent did nothing.
    NoAnswer,
    /// The agent said no.
    Declined,
    /// Through no fault of the agent: a call came, the agent is not ready any more, or the process ended.
    Withdrawn,
}

/// Why a work item went back to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkReturn {
    /// The agent gave it back.
    GivenBack,
    /// It was open for as long as the queue allows.
    TimeUp,
    /// The agent signed out, or the console is gone.
    AgentGone,
}

impl WorkEvent {
    /// `work.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            WorkEventKind::Added { .. } => "work.added",
            WorkEventKind::Offered { .. } => "work.offered",
            WorkEventKind::OfferMissed { .. } => "work.offer_missed",
            WorkEventKind::Accepted { .. } => "work.accepted",
            WorkEventKind::Returned { .. } => "work.returned",
            WorkEventKind::Done { .. } => "work.done",
            WorkEventKind::Closed => "work.closed",
        }
    }
}
