//! What happens to an alert.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::directory::AlertMetric,
    types::{AlertId, AlertRuleId, QueueId, WebhookId},
};

/// Something happened to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertEvent {
    /// Which.
    pub alert: AlertId,
    /// By which rule.
    pub rule: AlertRuleId,
    /// Of which queue; `None` for all of them together.
    pub queue: Option<QueueId>,
    /// What.
    #[serde(flatten)]
    pub kind: AlertEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlertEventKind {
    /// The figure was beyond the threshold for long enough.
    Raised {
        /// Which figure.
        metric: AlertMetric,
        /// What it was, in the metric's unit.
        value: i64,
        /// The threshold, in the same unit.
        threshold: i64,
    },
    /// Somebody has seen it and looks after it: the actor.
    Acknowledged,
    /// It is over.
    Cleared {
        /// What the figure was; `None` when there was none.
        value: Option<i64>,
        /// How long it was raised, in milliseconds.
        raised_ms: i64,
        /// Why.
        why: AlertEnd,
    },
    /// An outside system could not be told, and is not tried again.
    NotDelivered {
        /// Which.
        webhook: WebhookId,
        /// How often it was tried.
        attempts: i64,
        /// What was wrong the last time.
        fault: DeliveryFault,
    },
}

/// Why an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertEnd {
    /// The figure has come back.
    Back,
    /// Its rule was changed, switched off or removed.
    RuleChanged,
}

/// Why an outside system did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum DeliveryFault {
    /// Its address is none that may be asked.
    NotAllowed,
    /// Nothing answers there, or the connection could not be opened or encrypted.
    Unreachable,
    /// No answer within the time.
    TooSlow,
    /// It answered with something else than a success (2xx).
    Refused {
        /// The status.
        status: u16,
    },
    /// It was switched off or removed meanwhile.
    SwitchedOff,
}

impl AlertEvent {
    /// `alert.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            AlertEventKind::Raised { .. } => "alert.raised",
            AlertEventKind::Acknowledged => "alert.acknowledged",
            AlertEventKind::Cleared { .. } => "alert.cleared",
            AlertEventKind::NotDelivered { .. } => "alert.not_delivered",
        }
    }
}
