//! Which service level a queue goes by. The seven are those in use in the trade. Reports, boards and alerts compute them by the same
//! formulas, which stand here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The counts of one span that a service level is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LevelCounts {
    /// A: reached an agent.
    pub answered: i64,
    /// A≤T.
    pub answered_in_time: i64,
    /// B: hung up while waiting.
    pub abandoned: i64,
    /// Of those, the short ones.
    pub abandoned_short: i64,
    /// B≤T.
    pub abandoned_in_time: i64,
    /// F: left otherwise.
    pub flowed_out: i64,
}

/// What counts for a service level. T is the queue's threshold; A are the answered, B those who hung up while waiting, F those who
/// left the queue otherwise; `≤T` are those of them with a wait of at most T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceLevelVariant {
    /// SL-1: A≤T / A.
    OfAnswered,
    /// SL-2: (A≤T + B≤T) / (A + B). Who hangs up within T was not let wait.
    AbandonsInTimeAreGood,
    /// SL-3: A≤T / (A + B). Every abandon is a failure.
    Strict,
    /// SL-4: A≤T / (A + B − short abandons).
    #[default]
    WithoutShortAbandons,
    /// SL-5: A≤T / (A + B − B≤T). Only those who hung up after T are failures.
    LateAbandonsOnly,
    /// SL-6: A≤T / (A + B + F). Who is sent away was not served in time either; short abandons are in.
    WithFlowOuts,
    /// SL-7: A≤T / A, abandons left out of the denominator. The same figure as SL-1 under the name that other houses give it.
    AbandonsIgnored,
}

impl ServiceLevelVariant {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::OfAnswered,
        Self::AbandonsInTimeAreGood,
        Self::Strict,
        Self::WithoutShortAbandons,
        Self::LateAbandonsOnly,
        Self::WithFlowOuts,
        Self::AbandonsIgnored,
    ];

    /// What counts as served in time, and of how many: the one place where the formulas stand. A whole of nothing has no level.
    pub const fn parts(self, counts: &LevelCounts) -> (i64, i64) {
        let LevelCounts { answered, answered_in_time, abandoned, abandoned_short, abandoned_in_time, flowed_out } = *counts;
        match self {
            Self::OfAnswered | Self::AbandonsIgnored => (answered_in_time, answered),
            Self::AbandonsInTimeAreGood => (answered_in_time + abandoned_in_time, answered + abandoned),
            Self::Strict => (answered_in_time, answered + abandoned),
            Self::WithoutShortAbandons => (answered_in_time, answered + abandoned - abandoned_short),
            Self::LateAbandonsOnly => (answered_in_time, answered + abandoned - abandoned_in_time),
            Self::WithFlowOuts => (answered_in_time, answered + abandoned + flowed_out),
        }
    }

    /// The short name, for files: `SL-4`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OfAnswered => "SL-1",
            Self::AbandonsInTimeAreGood => "SL-2",
            Self::Strict => "SL-3",
            Self::WithoutShortAbandons => "SL-4",
            Self::LateAbandonsOnly => "SL-5",
            Self::WithFlowOuts => "SL-6",
            Self::AbandonsIgnored => "SL-7",
        }
    }
}
