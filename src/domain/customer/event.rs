//! What happens to a customer's record. Only ids: who reads the stream looks the record up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::CustomerId;

/// Something happened to a customer's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerEvent {
    /// Whose.
    pub customer: CustomerId,
    /// What.
    #[serde(flatten)]
    pub kind: CustomerEventKind,
}

/// What happened to a customer's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CustomerEventKind {
    /// New.
    Made,
    /// Facts, numbers or addresses changed.
    Changed,
    /// Something was noted on the timeline.
    Noted,
}

impl CustomerEvent {
    /// `customer.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            CustomerEventKind::Made => "customer.made",
            CustomerEventKind::Changed => "customer.changed",
            CustomerEventKind::Noted => "customer.noted",
        }
    }
}
