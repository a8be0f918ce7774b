//! What people and timers ask of a ticket, and why it may say no.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Metric, Priority, TicketState, TicketType};
use crate::types::{CallId, CustomerId, DispositionId, QueueId, UserId};

/// How a ticket comes to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenTicket {
    /// Kind of matter.
    #[serde(rename = "type")]
    pub kind: TicketType,
    /// One line, 1 to 200 characters.
    pub subject: String,
    /// As told, plain text, at most 20,000 characters.
    #[serde(default)]
    pub description: String,
    /// How urgent.
    #[serde(default = "default_priority")]
    pub priority: Priority,
    /// Whose.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// The queue (department) that it lies in.
    #[serde(default)]
    pub queue: Option<QueueId>,
    /// Who works on it.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// What it is about.
    #[serde(default)]
    pub disposition: Option<DispositionId>,
    /// The call that it came of.
    #[serde(default)]
    pub call: Option<CallId>,
    /// Whether it is our own matter: no customer waits, so no response clock runs.
    #[serde(default)]
    pub is_internal: bool,
}

fn default_priority() -> Priority {
    Priority::Normal
}

/// What is asked of an open ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum TicketCommand {
    /// Another state.
    Move {
        /// Which.
        to: TicketState,
        /// Why, at most 500 characters; required for `waiting_…` and `cancelled`.
        #[serde(default)]
        reason: String,
    },
    /// Another owner, or none.
    Assign {
        /// Who.
        owner: Option<UserId>,
    },
    /// Other facts; what is absent stays.
    Change {
        /// One line.
        #[serde(default)]
        subject: Option<String>,
        /// Kind of matter.
        #[serde(default, rename = "type")]
        kind: Option<TicketType>,
        /// How urgent.
        #[serde(default)]
        priority: Option<Priority>,
        /// Queue.
        #[serde(default)]
        queue: Option<QueueId>,
        /// Whose.
        #[serde(default)]
        customer: Option<CustomerId>,
        /// What it is about.
        #[serde(default)]
        disposition: Option<DispositionId>,
    },
    /// A word to the customer (counts as a response) or a note among colleagues.
    Comment {
        /// Plain text, 1 to 20,000 characters.
        text: String,
        /// Whether the customer is told.
        is_public: bool,
    },
    /// A further call belongs to it.
    AddCall {
        /// Which.
        call: CallId,
        /// Whether an agent talked with the customer in it: counts as a response.
        was_answered: bool,
    },
    /// A clock's deadline has come.
    TimerDue {
        /// Which.
        metric: Metric,
        /// Which cycle of it.
        cycle: i64,
    },
}

/// Why a ticket says no. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefusal {
    /// The table of moves does not hold it.
    #[error("a {kind:?} ticket in state {from:?} cannot go to {to:?}; possible: {legal:?}")]
    IllegalMove {
        /// Type.
        kind: TicketType,
        /// Where it is.
        from: TicketState,
        /// Where it was to go.
        to: TicketState,
        /// Where it can go.
        legal: Vec<TicketState>,
    },
    /// The move needs a reason.
    #[error("this move needs a reason")]
    ReasonMissing,
    /// A text is empty or too long.
    #[error("{field} must have {least} to {most} characters")]
    Length {
        /// Which.
        field: &'static str,
        /// Least.
        least: usize,
        /// Most.
        most: usize,
    },
    /// Closed and cancelled tickets do not change any more.
    #[error("this ticket is over; open a new one")]
    Over,
}
