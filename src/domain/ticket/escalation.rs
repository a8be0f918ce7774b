//! Deadlines in hours or in working days, and when a level of an escalation ladder fires before or after one. Both are measured in
//! open time, so that "an hour before" Tuesday's opening is Monday's last hour and never the middle of the night.

use crate::{
    domain::calendar::{Calendar, Span},
    types::Timestamp,
};

/// How long a matter may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// So many milliseconds of open time.
    OpenTime(i64),
    /// So many working days, which are never turned into hours.
    Days {
        /// How many.
        days: i64,
        /// Until the last closing of that day.
        is_end_of_day: bool,
    },
}

/// Where a level lies beside the deadline: before it when negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// So many milliseconds of open time.
    OpenTime(i64),
    /// So many working days.
    Days(i64),
}

impl Budget {
    /// When it is used up; `None` if that never comes.
    pub fn due(self, start: Timestamp, pauses: &[Span], calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::OpenTime(budget_ms) => calendar.due(start, budget_ms, pauses),
            Self::Days { days, is_end_of_day } => calendar.due_days_unpaused(start, days, is_end_of_day, pauses),
        }
    }
}

impl Offset {
    /// When the level fires; `None` if that never comes.
    pub fn fires_at(self, due: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::OpenTime(0) | Self::Days(0) => Some(due),
            Self::OpenTime(ms) if ms > 0 => calendar.due(due, ms, &[]),
            Self::OpenTime(ms) => calendar.due_back(due, ms.saturating_neg()),
            Self::Days(days) => calendar.due_days(due, days, false),
        }
    }
}
