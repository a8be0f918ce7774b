//! A ticket as lists and the screen pop show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{CustomerId, QueueId, StatusKey, TicketId, Timestamp, UserId};

/// A ticket as a line in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TicketLine {
    /// Which.
    pub id: TicketId,
    /// What people say: `1042`.
    pub number: i64,
    /// Grows with every change; a save names the version that it saw.
    pub version: i64,
    /// Kind of matter.
    #[serde(rename = "type")]
    pub kind: TicketType,
    /// One line.
    pub subject: String,
    /// What its state counts as.
    pub state: TicketState,
    /// Its state by its name in the workflow of its type.
    pub status: StatusKey,
    /// How urgent.
    pub priority: Priority,
    /// Whose.
    pub customer: Option<CustomerId>,
    /// Name of the customer.
    pub customer_name: Option<String>,
    /// Who works on it.
    pub owner: Option<UserId>,
    /// The queue (department) that it lies in.
    pub queue: Option<QueueId>,
    /// Opened.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Its clocks.
    pub clocks: Vec<ClockView>,
}

/// Kinds of matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketType {
    /// A service request.
    Request,
    /// A complaint.
    Complaint,
    /// A return.
    Return,
    /// An enquiry.
    Enquiry,
    /// Something is broken.
    Incident,
    /// A suggestion.
    Suggestion,
    /// A promise to call back.
    Callback,
}

/// State categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Nobody has worked on it.
    New,
    /// In work.
    Open,
    /// Waits for the customer.
    WaitingCustomer,
    /// Waits for a colleague.
    WaitingInternal,
    /// Waits for a supplier.
    WaitingSupplier,
    /// Done, can be reopened.
    Solved,
    /// Over.
    Closed,
    /// Went into another ticket.
    Merged,
    /// Was a mistake.
    Cancelled,
}

/// How urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// Usual.
    Normal,
    /// Soon.
    High,
    /// Now.
    Urgent,
}

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From the customer's first contact to our first answer by a person.
    FirstResponse,
    /// From the customer's oldest unanswered message, after a first response, to our answer.
    NextResponse,
    /// From our last word to the customer to the next one.
    Update,
    /// From opening to solved.
    Resolution,
}

/// A clock as shown: the server computes the deadline, the client only ticks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// What it measures.
    pub metric: Metric,
    /// Where it stands.
    pub state: ClockState,
    /// When it began.
    pub started_at: Timestamp,
    /// Budget in seconds of open time.
    pub target_secs: i64,
    /// When it is due; `None` while paused or over.
    pub due_at: Option<Timestamp>,
    /// Open seconds left while paused.
    pub left_secs: Option<i64>,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// When it was breached; never undone.
    pub breached_at: Option<Timestamp>,
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Ticks.
    Running,
    /// Waits.
    Paused,
    /// Met in time.
    Met,
    /// Late and not yet met.
    BreachedOpen,
    /// Late, then met.
    BreachedMet,
    /// No longer counts.
    Cancelled,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::FirstResponse, Self::NextResponse, Self::Update, Self::Resolution];
}

impl ClockState {
    /// Whether it counts or has come to its end, in time or late; a cancelled one never counted.
    pub const fn has_counted(self) -> bool {
        match self {
            Self::Running | Self::Paused | Self::Met | Self::BreachedOpen | Self::BreachedMet => true,
            Self::Cancelled => false,
        }
    }
}

impl Priority {
    /// The word that JSON and columns use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl TicketType {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Request, Self::Complaint, Self::Return, Self::Enquiry, Self::Incident, Self::Suggestion, Self::Callback];

    /// The word that JSON and columns use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Complaint => "complaint",
            Self::Return => "return",
            Self::Enquiry => "enquiry",
            Self::Incident => "incident",
            Self::Suggestion => "suggestion",
            Self::Callback => "callback",
        }
    }
}

impl TicketState {
    /// Whether nothing follows any more.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Closed | Self::Merged | Self::Cancelled => true,
            Self::New | Self::Open | Self::WaitingCustomer | Self::WaitingInternal | Self::WaitingSupplier | Self::Solved => {
                false
            }
        }
    }

    /// The word that JSON, columns and spoken clips use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::WaitingCustomer => "waiting_customer",
            Self::WaitingInternal => "waiting_internal",
            Self::WaitingSupplier => "waiting_supplier",
            Self::Solved => "solved",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Cancelled => "cancelled",
        }
    }
}
