//! What happened, as one typed stream: a variant per area. Stored events are forever: variants and fields are only added,
//! with defaults. No personal data beyond ids.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    access::AccessEvent, agent::AgentEvent, alert::AlertEvent, call::CallEvent, callback::CallbackEvent,
    customer::CustomerEvent, directory::DirectoryEvent, ticket::TicketEvent, trunk::TrunkEvent, work::WorkEvent,
};
use crate::types::{NodeId, Timestamp, UserId};

/// An event of any area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "area", content = "event", rename_all = "snake_case")]
pub enum Event {
    /// A call and its legs.
    Call(CallEvent),
    /// An agent's presence.
    Agent(AgentEvent),
    /// A ticket.
    Ticket(TicketEvent),
    /// A customer's record.
    Customer(CustomerEvent),
    /// Sign-ins, users, tokens.
    Access(AccessEvent),
    /// What supervisors and administrators set up.
    Directory(DirectoryEvent),
    /// A trunk at work.
    Trunk(TrunkEvent),
    /// A promise to call somebody back.
    Callback(CallbackEvent),
    /// A threshold that was passed.
    Alert(AlertEvent),
    /// Something that agents do beside calls.
    Work(WorkEvent),
}

/// Who or what made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Actor {
    /// A person, or a program with that person's token.
    User {
        /// Who.
        user: UserId,
    },
    /// The customer at the other end.
    Customer,
    /// A timer, a rule, or the exchange itself.
    System,
}

/// An event in its place in the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventRecord {
    /// The node whose writer numbered it.
    pub node: NodeId,
    /// Gapless within the node, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who made it happen.
    pub actor: Actor,
    /// The event or command that led to it, as an opaque reference.
    pub cause: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Event {
    /// Area and kind, for example `call.arrived`: the stored column and the webhook filter.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Call(event) => event.kind(),
            Self::Agent(event) => event.kind(),
            Self::Ticket(event) => event.kind(),
            Self::Customer(event) => event.kind(),
            Self::Access(event) => event.kind(),
            Self::Directory(event) => event.kind(),
            Self::Trunk(event) => event.kind(),
            Self::Callback(event) => event.kind(),
            Self::Alert(event) => event.kind(),
            Self::Work(event) => event.kind(),
        }
    }

    /// What it happened to: the kind of thing and its id.
    pub fn entity(&self) -> (&'static str, String) {
        match self {
            Self::Call(event) => ("call", event.call.to_string()),
            Self::Agent(event) => ("agent", event.agent.to_string()),
            Self::Ticket(event) => ("ticket", event.ticket.to_string()),
            Self::Customer(event) => ("customer", event.customer.to_string()),
            Self::Access(event) => ("user", event.user.to_string()),
            Self::Directory(event) => (event.thing.word(), event.key.clone()),
            Self::Trunk(event) => ("trunk", event.trunk.to_string()),
            Self::Callback(event) => ("callback", event.callback.to_string()),
            Self::Alert(event) => ("alert", event.alert.to_string()),
            Self::Work(event) => ("work_item", event.item.to_string()),
        }
    }
}
