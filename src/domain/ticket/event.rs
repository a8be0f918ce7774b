//! What happens to a ticket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Metric, Priority, TicketState, TicketType};
use crate::types::{CallId, CustomerId, DispositionId, FieldKey, QueueId, SlaPolicyId, StatusKey, TicketId, Timestamp, UserId};

/// Something happened to a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TicketEvent {
    /// Which.
    pub ticket: TicketId,
    /// What people say.
    pub number: i64,
    /// What.
    #[serde(flatten)]
    pub kind: TicketEventKind,
}

/// What happened to a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TicketEventKind {
    /// It came to be.
    Opened {
        /// Type.
        #[serde(rename = "type")]
        ticket_type: TicketType,
        /// Priority.
        priority: Priority,
        /// Queue.
        queue: Option<QueueId>,
        /// Owner.
        owner: Option<UserId>,
        /// Customer.
        customer: Option<CustomerId>,
        /// The call that it came of.
        call: Option<CallId>,
        /// The closed ticket that it goes on with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follows: Option<TicketId>,
    },
    /// Its state changed.
    Moved {
        /// Before.
        from: TicketState,
        /// Now.
        to: TicketState,
        /// Why.
        reason: String,
        /// The state before by its name, where that is not the category's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_status: Option<StatusKey>,
        /// The state now by its name, where that is not the category's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_status: Option<StatusKey>,
    },
    /// Its owner changed.
    Assigned {
        /// Before.
        from: Option<UserId>,
        /// Now.
        to: Option<UserId>,
    },
    /// Other facts changed; only those that did are set.
    Changed {
        /// Type.
        #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
        ticket_type: Option<TicketType>,
        /// Priority.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// Queue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
        /// Customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<CustomerId>,
        /// Disposition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disposition: Option<DispositionId>,
        /// Whether the subject changed.
        #[serde(default)]
        is_subject: bool,
        /// What stood there before. Missing in events of before this was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<FactsBefore>,
        /// The workflow's fields that changed; their values stand on the ticket.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<FieldKey>,
    },
    /// Something was said; the text stands in the ticket's entries.
    Commented {
        /// Whether the customer was told.
        is_public: bool,
    },
    /// The customer said something; the text stands in the ticket's entries.
    CustomerWrote,
    /// A further call belongs to it.
    CallAdded {
        /// Which.
        call: CallId,
    },
    /// A clock was set, or set again by a change.
    SlaSet {
        /// What it measures.
        metric: Metric,
        /// Cycle.
        cycle: i64,
        /// The policy that set it.
        policy: SlaPolicyId,
        /// Budget in seconds of open time.
        target_secs: i64,
        /// When it is due; `None` while it waits.
        due_at: Option<Timestamp>,
    },
    /// A clock was met, in time or late.
    SlaMet {
        /// What it measures.
        metric: Metric,
        /// Cycle.
        cycle: i64,
        /// Whether it was late.
        was_late: bool,
    },
    /// A deadline passed. A fact, never undone.
    SlaBreached {
        /// What it measures.
        metric: Metric,
        /// Cycle.
        cycle: i64,
        /// When it was due.
        due_at: Timestamp,
        /// Whether a change moved the deadline into the past.
        #[serde(default)]
        is_by_change: bool,
    },
}

/// The facts that a change replaced; what was not set, or did not change, is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactsBefore {
    /// Type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<TicketType>,
    /// Priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// Customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Disposition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<DispositionId>,
}

impl TicketEvent {
    /// `ticket.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            TicketEventKind::Opened { .. } => "ticket.opened",
            TicketEventKind::Moved { .. } => "ticket.moved",
            TicketEventKind::Assigned { .. } => "ticket.assigned",
            TicketEventKind::Changed { .. } => "ticket.changed",
            TicketEventKind::Commented { .. } => "ticket.commented",
            TicketEventKind::CustomerWrote => "ticket.customer_wrote",
            TicketEventKind::CallAdded { .. } => "ticket.call_added",
            TicketEventKind::SlaSet { .. } => "ticket.sla_set",
            TicketEventKind::SlaMet { .. } => "ticket.sla_met",
            TicketEventKind::SlaBreached { .. } => "ticket.sla_breached",
        }
    }

    /// Fires at most once: the key under which the journal keeps a second one out.
    pub fn dedup(&self) -> Option<String> {
        match &self.kind {
            TicketEventKind::SlaBreached { metric, cycle, .. } => Some(format!("{}:{metric:?}:{cycle}:breach", self.ticket)),
            TicketEventKind::Opened { .. }
            | TicketEventKind::Moved { .. }
            | TicketEventKind::Assigned { .. }
            | TicketEventKind::Changed { .. }
            | TicketEventKind::Commented { .. }
            | TicketEventKind::CustomerWrote
            | TicketEventKind::CallAdded { .. }
            | TicketEventKind::SlaSet { .. }
            | TicketEventKind::SlaMet { .. } => None,
        }
    }
}
