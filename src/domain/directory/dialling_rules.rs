//! What may be dialled outside, as administrators set it up. Whether a call may go is decided in `domain/routing/dialling.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::CalendarId;

/// What agents may dial outside, how often and when: against toll fraud, whoever holds an agent's password or telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiallingRules {
    /// What numbers may begin with: `+34`, `+441`, `061`. Everything else is refused. Empty allows the own country and service numbers
    /// of up to six digits; the latter only where other countries have the same code (1 and 7).
    pub allowed: Vec<String>,
    /// What they may not begin with although a shorter beginning is allowed: `+34806`, `118`.
    pub denied: Vec<String>,
    /// Lines to the outside at a time per agent, 1 to 100: those of calls that the agent passed on to a number count on.
    pub calls_max: i64,
    /// Calls out a day per agent, 1 to 100000, in the centre's zone, consultations and transfers included.
    pub calls_per_day_max: i64,
    /// When calls out may begin; `None` is always.
    pub calendar: Option<CalendarId>,
}

impl Default for DiallingRules {
    fn default() -> Self {
        Self { allowed: Vec::new(), denied: Vec::new(), calls_max: 5, calls_per_day_max: 1_000, calendar: None }
    }
}
