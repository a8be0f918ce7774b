//! What people and timers ask of a ticket, and why it may say no.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Hold, Metric, MoveOption, Priority, TicketType};
use crate::types::{CallId, CustomerId, DispositionId, FieldKey, QueueId, StatusKey, UserId};

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
        /// The key of the state that is to follow.
        to: StatusKey,
        /// Why, at most 500 characters; some moves need it.
        #[serde(default)]
        reason: String,
        /// Who works on it then, where the move asks for somebody.
        #[serde(default)]
        owner: Option<UserId>,
        /// What it is about, where the move asks for it.
        #[serde(default)]
        disposition: Option<DispositionId>,
        /// Fields of the workflow that the move asks for.
        #[serde(default)]
        fields: BTreeMap<FieldKey, Option<String>>,
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
    /// Sets fields that the workflow gives to tickets of the type.
    SetFields {
        /// Values as text; `null` empties a field.
        fields: BTreeMap<FieldKey, Option<String>>,
    },
    /// The customer said something, by whatever way: reopens what was solved, and what was closed of late.
    CustomerWrote {
        /// Plain text, 1 to 20,000 characters.
        text: String,
    },
    /// The time in a state that ends by itself is over.
    StateTimerDue,
    /// A clock's deadline has come.
    TimerDue {
        /// Which.
        metric: Metric,
        /// Which cycle of it.
        cycle: i64,
    },
}

/// Facts that come with a move.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MoveFacts {
    pub(super) owner: Option<UserId>,
    pub(super) disposition: Option<DispositionId>,
    pub(super) fields: BTreeMap<FieldKey, Option<String>>,
}

impl TicketCommand {
    /// To another state, with no facts beside the reason.
    pub fn go(to: impl Into<StatusKey>, reason: impl Into<String>) -> Self {
        Self::Move { to: to.into(), reason: reason.into(), owner: None, disposition: None, fields: BTreeMap::new() }
    }
}

fn targets(legal: &[MoveOption]) -> String {
    let targets: Vec<String> = legal.iter().map(|option| option.to.to_string()).collect();
    if targets.is_empty() { "nothing".into() } else { targets.join(", ") }
}

fn held(holds: &[Hold]) -> String {
    let words = holds.iter().map(|hold| match hold {
        Hold::Role { needs } => format!("it needs the role {}", needs.word()),
        Hold::Missing { what } => format!("{} is missing", what.word()),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Why a ticket says no. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefusal {
    /// The table of moves does not hold it.
    #[error("a {} ticket in state {from} cannot go to {to}; possible: {}", .kind.word(), targets(.legal))]
    IllegalMove {
        /// Type.
        kind: TicketType,
        /// Where it is.
        from: StatusKey,
        /// Where it was to go.
        to: StatusKey,
        /// Where it can go, and what holds that back.
        legal: Vec<MoveOption>,
    },
    /// The table holds the move, and guards hold it back.
    #[error("the move to {to} is held back: {}", held(.held_by))]
    HeldBack {
        /// Where it was to go.
        to: StatusKey,
        /// By what.
        held_by: Vec<Hold>,
        /// Where it can go, and what holds that back.
        legal: Vec<MoveOption>,
    },
    /// The type has no such field.
    #[error("tickets of this type have no field {0}")]
    NoSuchField(FieldKey),
    /// The field does not take the value.
    #[error("the field {0} does not take this value")]
    FieldValue(FieldKey),
    /// It was closed too long ago to go on with: a new ticket does.
    #[error("this ticket was closed too long ago; a new one goes on with it")]
    FollowUp,
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
