//! What reports count, and what follows from the counts. The additive parts are counts and milliseconds; every ratio and average is
//! computed from sums of them, so that nobody averages percentages.

mod agent_time;
mod balance;
mod callbacks;
mod contact;
mod forecast;
mod intervals;
mod service_level;
mod visits;

pub mod erlang;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use agent_time::{AgentSpan, AgentState, AgentTime, agent_times};
pub use balance::{Balance, Ended, Wait, waiting_at_borders};
pub use callbacks::{CallbackFigure, CallbackInterval, Promise, PromiseCounts, PromiseEnd};
pub use contact::{Contact, ContactPlace, Figure};
pub use forecast::{ForecastCounts, ForecastError};
pub use intervals::{Cut, DAY_MS, Interval, MINUTE_MS, Stretch, day_border, stretches};
pub use service_level::{HeldDefinitions, Ratio, ServiceLevel, WITHIN_180_S_GOAL_PERCENT, service_level, within_180_s};
pub use visits::{Averages, FlowOuts, Handling, Offers, SHORT_CALL_MS, VisitCounts, Waits};

use crate::types::{AgentId, QueueId, Timestamp};

/// Counts of one queue over one span, as boards show them. Percentages are computed by who shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// Entered the queue.
    pub offered: i64,
    /// Reached an agent.
    pub answered: i64,
    /// Of those, within the threshold.
    pub answered_in_time: i64,
    /// Hung up while waiting.
    pub abandoned: i64,
    /// Of those, after no more than the time of a short abandon.
    pub abandoned_short: i64,
    /// Of the abandoned, within the threshold.
    pub abandoned_in_time: i64,
    /// Left otherwise.
    pub flowed_out: i64,
    /// Waits of the answered.
    pub wait_ms_answered: i64,
    /// Longest wait of all.
    pub wait_ms_max: i64,
    /// The least threshold of the service level that held as these visits began; `None` without visits.
    pub threshold_ms_min: Option<i64>,
    /// The greatest one.
    pub threshold_ms_max: Option<i64>,
}

/// One queue in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueInterval {
    /// Which.
    pub queue: QueueId,
    /// Begin.
    pub begins_at: Timestamp,
    /// End; belongs to the next.
    pub ends_at: Timestamp,
    /// Whether its time is over. What began in it and still waits changes its counts later.
    pub is_over: bool,
    /// The visits that began in it.
    #[serde(flatten)]
    pub counts: VisitCounts,
    /// The visits whose handling ended in it, whenever they began.
    #[serde(flatten)]
    pub handling: Handling,
    /// The offers to agents that began in it.
    #[serde(flatten)]
    pub offers: Offers,
    /// Of those offers, the ones that rang out or were declined (RONA).
    pub rona_rate: Ratio,
    /// How long those who came in it waited.
    pub waits: Waits,
    /// What follows from the counts.
    pub averages: Averages,
    /// How good the forecasts of their waits were.
    pub forecast_error: ForecastError,
    /// The service level by the definition that held as these visits began.
    pub service_level: ServiceLevel,
    /// The same visits by the definition that the queue goes by now, where some of them began under another one.
    pub service_level_now: Option<ServiceLevel>,
    /// The same counts by each of the seven definitions, in the order of their numbers.
    pub service_levels: Vec<ServiceLevel>,
    /// Answered within 180 s, of the answered, the abandoned and those sent away, but for who came while the queue was closed.
    pub within_180_s: Ratio,
    /// Whether those are 95 % at least; `None` when nothing counts.
    pub is_within_180_s_met: Option<bool>,
    /// Who came, who left and who waited, by the time when it happened.
    pub balance: Balance,
}

/// What an agent had to do with the callers whose handling ended in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct AgentHandling {
    /// How many, each once for each visit to a queue.
    pub handled: i64,
    /// The agent's time on their calls: talk, consultations, hold.
    pub handled_on_calls_ms: i64,
    /// The agent's wrap-ups after them, those that are over.
    pub handled_wrap_ms: i64,
}

impl AgentHandling {
    /// AHT; a consultation of who has the caller is talk. `None` without any.
    pub fn aht_ms(&self) -> Option<i64> {
        visits::mean(self.handled_on_calls_ms + self.handled_wrap_ms, self.handled)
    }
}

/// One agent in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentInterval {
    /// Who.
    pub agent: AgentId,
    /// Begin.
    pub begins_at: Timestamp,
    /// End; belongs to the next.
    pub ends_at: Timestamp,
    /// Callers out of queues whom the agent answered in it, also those who were passed on to the agent.
    pub answered: i64,
    /// Callers out of queues whom the agent answered or was asked about, whose handling ended in it, whenever they came.
    #[serde(flatten)]
    pub handling: AgentHandling,
    /// AHT: talk, consultation, hold and wrap-up over the handled; `None` without any.
    pub aht_ms: Option<i64>,
    /// How often the agent passed callers on in it, after a consultation or without one.
    pub transfers_made: i64,
    /// Where the time went.
    #[serde(flatten)]
    pub time: AgentTime,
    /// Work over work and readiness.
    pub occupancy: Ratio,
    /// Work over the time signed in.
    pub utilisation: Ratio,
    /// Rings that the agent let ring out or declined, over all rings (RONA).
    pub rona_rate: Ratio,
}
