//! An alert as lists show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::directory::AlertMetric,
    types::{AlertId, AlertRuleId, QueueId, Timestamp, UserId},
};

/// A threshold that was passed, from there until all was well again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Which.
    pub id: AlertId,
    /// By which rule.
    pub rule: AlertRuleId,
    /// What the rule was called then.
    pub name: String,
    /// Which figure, and so its unit.
    pub metric: AlertMetric,
    /// Of which queue; `None` for all of them together.
    pub queue: Option<QueueId>,
    /// What the figure was when it was raised, in the metric's unit.
    pub value: i64,
    /// The threshold, in the same unit.
    pub threshold: i64,
    /// Since when.
    pub raised_at: Timestamp,
    /// When somebody saw it.
    pub acknowledged_at: Option<Timestamp>,
    /// Who.
    pub acknowledged_by: Option<UserId>,
    /// Until when; `None` while it stands.
    pub cleared_at: Option<Timestamp>,
    /// What the figure was then, if there was one.
    pub cleared_value: Option<i64>,
}
