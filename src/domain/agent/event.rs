//! What happens to an agent's presence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{AgentId, CallId, Timestamp, UserId};

/// Something happened to an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentEvent {
    /// Whom.
    pub agent: AgentId,
    /// What.
    #[serde(flatten)]
    pub kind: AgentEventKind,
}

/// What happened to an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentEventKind {
    /// The presence changed.
    PresenceChanged {
        /// Before.
        from: Presence,
        /// Now.
        to: Presence,
        /// Why.
        cause: PresenceCause,
    },
    /// A request that takes effect after the call.
    NextStateChosen {
        /// What will follow; `None` takes the request back.
        next: Option<Presence>,
    },
    /// The time after a call began.
    WrapUpStarted {
        /// Which call.
        call: CallId,
        /// When it ends by itself or is overdue; `None` without a limit.
        until: Option<Timestamp>,
    },
    /// A wrap-up that waits for a disposition has passed its time.
    WrapUpOverdue {
        /// Which call.
        call: CallId,
    },
    /// The time after a call ended.
    WrapUpEnded {
        /// Which call.
        call: CallId,
        /// Whether the time ran out before the agent was done.
        timed_out: bool,
    },
}

/// An agent's presence as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Presence {
    /// Not signed in for calls.
    Offline,
    /// Waiting for a call.
    Ready,
    /// Not taking calls.
    Paused {
        /// A pause reason's key; `missed` after an unanswered offer, `device` while phone or socket is unreachable.
        reason: String,
    },
    /// A call rings.
    Offered {
        /// Which.
        call: CallId,
    },
    /// On a call, or dialling one.
    Busy {
        /// Which.
        call: CallId,
    },
    /// After a call.
    WrappingUp {
        /// Which.
        call: CallId,
        /// When it ends by itself or is overdue.
        until: Option<Timestamp>,
    },
}

/// Why a presence changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PresenceCause {
    /// The agent asked.
    Asked,
    /// A supervisor did it.
    Supervisor {
        /// Who.
        user: UserId,
    },
    /// A call was offered, answered, ended.
    Call,
    /// Did not answer an offer.
    MissedOffer,
    /// The phone or the console is unreachable.
    Device,
    /// The wrap-up ended.
    WrapUp,
    /// A time limit.
    Deadline,
}

impl AgentEvent {
    /// `agent.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            AgentEventKind::PresenceChanged { .. } => "agent.presence_changed",
            AgentEventKind::NextStateChosen { .. } => "agent.next_state_chosen",
            AgentEventKind::WrapUpStarted { .. } => "agent.wrap_up_started",
            AgentEventKind::WrapUpOverdue { .. } => "agent.wrap_up_overdue",
            AgentEventKind::WrapUpEnded { .. } => "agent.wrap_up_ended",
        }
    }
}
