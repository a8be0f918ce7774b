//! The customer record as people see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{call::Direction, ticket::TicketLine},
    types::{AgentId, CallId, CustomerId, DispositionId, InteractionId, PhoneNumber, QueueId, TicketId, Timestamp},
};

/// A customer: a person or an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// Which.
    pub id: CustomerId,
    /// Grows with every change; a save names the version that it saw.
    pub version: i64,
    /// Name as spoken.
    pub name: String,
    /// Company, for a person who calls for one.
    pub organisation: Option<String>,
    /// Identity document, for example a NIF.
    pub document: Option<String>,
    /// Segment key: `standard`, `silver`, `gold`.
    pub segment: String,
    /// Preferred language, `es` or `en`.
    pub language: String,
    /// Numbers, first is preferred.
    pub phones: Vec<CustomerPhone>,
    /// Mail addresses, first is preferred.
    pub emails: Vec<CustomerEmail>,
    /// What they have from us.
    pub products: Vec<Product>,
    /// Remarks, plain text.
    pub notes: String,
    /// Whose customer it is: routing asks this agent first where a queue wants that.
    #[serde(default)]
    pub owner: Option<AgentId>,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// A telephone number of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerPhone {
    /// E.164.
    pub number: PhoneNumber,
    /// `mobile`, `home`, `work`, or free text.
    pub label: String,
}

/// A mail address of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerEmail {
    /// Address, stored in lower case.
    pub address: String,
    /// Free text.
    pub label: String,
}

/// Something that a customer has from us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// What.
    pub name: String,
    /// `active`, `cancelled`, or free text.
    pub status: String,
    /// Since when, a date.
    pub since: Option<String>,
}

/// How a contact took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By telephone.
    Call,
    /// By the web phone.
    Web,
    /// A note of ours.
    Note,
    /// By mail.
    Email,
    /// In person.
    Visit,
}

/// One contact on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interaction {
    /// Which.
    pub id: InteractionId,
    /// Whose; `None` while the caller is unknown.
    pub customer: Option<CustomerId>,
    /// How.
    pub channel: Channel,
    /// Which way.
    pub direction: Direction,
    /// When it began.
    pub at: Timestamp,
    /// Who served it.
    pub agent: Option<AgentId>,
    /// The call.
    pub call: Option<CallId>,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The reason chosen in the flow.
    pub reason: Option<String>,
    /// What it was about.
    pub disposition: Option<DispositionId>,
    /// As typed, plain text.
    pub notes: String,
    /// Talk and hold.
    pub duration_ms: i64,
    /// The ticket that came of it.
    pub ticket: Option<TicketId>,
    /// Its number.
    pub ticket_number: Option<i64>,
}

/// What the screen pop paints: the record with what is open and what came last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerSnapshot {
    /// The record.
    pub customer: Customer,
    /// Open tickets, next deadline first, at most 20.
    pub open_tickets: Vec<TicketLine>,
    /// Last contacts, newest first, at most 20.
    pub interactions: Vec<Interaction>,
}
