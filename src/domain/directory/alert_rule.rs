//! When supervisors are alerted, as administrators set it up. How a rule is judged over time stands in `domain/alert`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{AlertRuleId, QueueId, WebhookId};

/// Rules of one centre.
pub const ALERT_RULES_MAX: usize = 100;
/// Queues that one rule watches one by one.
pub const ALERT_QUEUES_MAX: usize = 50;

/// A figure with two thresholds: one that raises an alert and, further back, one that clears it, so that a figure that sways about
/// one of them does not raise and clear again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertRule {
    /// Key.
    pub id: AlertRuleId,
    /// What people call it.
    pub name: String,
    /// Which figure, and so its unit.
    pub metric: AlertMetric,
    /// Each of these is watched for itself; none means all queues together.
    #[serde(default)]
    pub queues: Vec<QueueId>,
    /// Raised from here on, in the metric's unit; this value included.
    pub raise_at: i64,
    /// Cleared from here on, in the metric's unit; this value included. Below `raise_at` where high values are bad, above it where low
    /// ones are.
    pub clear_at: i64,
    /// Seconds that the figure has to stay beyond `raise_at` before the alert is raised, 0 to 3,600.
    pub raise_after_secs: i64,
    /// Seconds that it has to stay within `clear_at` before the alert is cleared, 0 to 3,600.
    pub clear_after_secs: i64,
    /// Outside systems that are told.
    #[serde(default)]
    pub webhooks: Vec<WebhookId>,
    /// Whether it is watched.
    pub is_active: bool,
}

/// A figure of the live floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertMetric {
    /// Callers who wait now.
    Waiting,
    /// Seconds that the first in line has waited.
    LongestWait,
    /// Service level in percent since midnight in the centre's zone, by the queue's own definition and threshold; of all queues
    /// together each one's counts by its own.
    ServiceLevelToday,
    /// The same of the calls of the last 30 minutes.
    ServiceLevelRecent,
    /// Percent of the calls since midnight whose callers gave up, without short abandons.
    AbandonRateToday,
    /// The same of the calls of the last 30 minutes.
    AbandonRateRecent,
    /// Agents who are ready.
    AgentsReady,
    /// Agents who are signed in.
    AgentsSignedIn,
    /// Seconds of the longest wrap-up that runs.
    LongestWrapUp,
    /// Trunks whose other side does not answer, or refuses our registration.
    TrunksDown,
}

impl AlertMetric {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::LongestWait,
        Self::ServiceLevelToday,
        Self::ServiceLevelRecent,
        Self::AbandonRateToday,
        Self::AbandonRateRecent,
        Self::AgentsReady,
        Self::AgentsSignedIn,
        Self::LongestWrapUp,
        Self::TrunksDown,
    ];

    /// Whether low values are the bad ones.
    pub const fn is_low_bad(self) -> bool {
        match self {
            Self::ServiceLevelToday | Self::ServiceLevelRecent | Self::AgentsReady | Self::AgentsSignedIn => true,
            Self::Waiting
            | Self::LongestWait
            | Self::AbandonRateToday
            | Self::AbandonRateRecent
            | Self::LongestWrapUp
            | Self::TrunksDown => false,
        }
    }

    /// The greatest value that makes sense, in its unit.
    pub const fn most(self) -> i64 {
        match self {
            Self::ServiceLevelToday | Self::ServiceLevelRecent | Self::AbandonRateToday | Self::AbandonRateRecent => 100,
            Self::Waiting | Self::AgentsReady | Self::AgentsSignedIn | Self::TrunksDown => 10_000,
            Self::LongestWait | Self::LongestWrapUp => 86_400,
        }
    }

    /// Whether it can be asked of one queue.
    pub const fn is_of_queues(self) -> bool {
        !matches!(self, Self::TrunksDown)
    }
}

impl AlertRule {
    /// Whether a value is so bad that the alert is raised.
    pub const fn is_beyond(&self, value: i64) -> bool {
        if self.metric.is_low_bad() { value <= self.raise_at } else { value >= self.raise_at }
    }

    /// Whether a value is so good that the alert is cleared.
    pub const fn is_within(&self, value: i64) -> bool {
        if self.metric.is_low_bad() { value >= self.clear_at } else { value <= self.clear_at }
    }
}
