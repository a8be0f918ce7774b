//! Which service level a queue goes by. The seven are those in use in the trade; what they come to is computed in
//! `domain/report`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
