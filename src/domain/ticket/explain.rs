//! Why a clock is due when it is: every date from its start to its deadline with the hours that held on it and why, what of them
//! counted and what was paused. The counted time adds up to the budget to the millisecond. A budget of years is told by its last
//! dates and one sum for those before.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Clock, ClockState, Metric};
use crate::{
    domain::calendar::{Calendar, DayHours},
    types::{CalendarId, SlaPolicyId, Timestamp},
};

/// Dates that are told one by one; of a longer account the last ones.
const DAYS_MAX: i32 = 400;

/// The account of one clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockAccount {
    /// What it measures.
    pub metric: Metric,
    /// Which cycle.
    pub cycle: i64,
    /// Where it stands.
    pub state: ClockState,
    /// The policy that set it.
    pub policy: SlaPolicyId,
    /// Its version then.
    pub policy_version: i64,
    /// In which calendar its time counts.
    pub calendar: CalendarId,
    /// The calendar's zone.
    pub tz: String,
    /// Edition of the time-zone data that the deadline was derived with.
    pub zone_data: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Budget in seconds of open time.
    pub target_secs: i64,
    /// When it is due; `None` while it waits and when it was met in time or no longer counts.
    pub due_at: Option<Timestamp>,
    /// Up to where this account goes: the deadline, or the instant at which the clock stands still.
    pub until: Timestamp,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// When it was breached.
    pub breached_at: Option<Timestamp>,
    /// When a later target excused the breach.
    pub waived_at: Option<Timestamp>,
    /// Open time that counted, in all dates; at a deadline this is the budget.
    pub counted_ms: i64,
    /// Open time that was paused, in all dates.
    pub paused_ms: i64,
    /// When it waited, each with its part of open time.
    pub pauses: Vec<PauseAccount>,
    /// What lies before `days`, in one sum, when there are more than 400 dates.
    pub earlier: Option<EarlierAccount>,
    /// Date by date, oldest first; of more than 400 the last.
    pub days: Vec<DayAccount>,
}

/// Dates that are not told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarlierAccount {
    /// Up to where they go.
    pub until: Timestamp,
    /// Open time in them that counted.
    pub counted_ms: i64,
    /// Open time in them that was paused.
    pub paused_ms: i64,
}

/// A pause and what it took away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PauseAccount {
    /// From.
    pub from: Timestamp,
    /// To; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// Open time in it.
    pub open_ms: i64,
}

/// One date of the calendar's zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayAccount {
    /// `2026-12-25`.
    pub date: String,
    /// Which hours held.
    pub hours: DayHours,
    /// Its windows, as far as they lie in the account.
    pub windows: Vec<WindowAccount>,
}

/// An open window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WindowAccount {
    /// Opens.
    pub from: Timestamp,
    /// Closes.
    pub to: Timestamp,
    /// What of it counted.
    pub counted_ms: i64,
    /// What of it was paused.
    pub paused_ms: i64,
}

impl Clock {
    /// The account of this clock as it stands at `now`.
    pub fn account(&self, calendar: &Calendar, now: Timestamp) -> ClockAccount {
        let until = self.due_at.or(self.met_at).or(self.paused_at).unwrap_or(now).max(self.started_at);
        let pauses = self.spans_until(until);
        let told_from = calendar.start_of_last_days(self.started_at, until, DAYS_MAX);
        let earlier = (told_from > self.started_at).then(|| EarlierAccount {
            until: told_from,
            counted_ms: calendar.elapsed(self.started_at, told_from, &pauses),
            paused_ms: calendar.paused(self.started_at, told_from, &pauses),
        });
        let days: Vec<DayAccount> = calendar
            .days(told_from, until)
            .map(|day| DayAccount {
                date: day.date,
                hours: day.hours,
                windows: day
                    .spans
                    .iter()
                    .map(|span| WindowAccount {
                        from: span.from,
                        to: span.to,
                        counted_ms: calendar.elapsed(span.from, span.to, &pauses),
                        paused_ms: calendar.paused(span.from, span.to, &pauses),
                    })
                    .collect(),
            })
            .collect();
        let sum = |of_window: fn(&WindowAccount) -> i64| days.iter().flat_map(|day| &day.windows).map(of_window).sum::<i64>();
        let open_ms = |from: Timestamp, to: Timestamp| calendar.elapsed(from.max(self.started_at), to.min(until), &[]);
        let ended = self.pauses.iter().map(|pause| (pause.from, Some(pause.to)));
        let pauses_told = ended.chain(self.paused_at.map(|from| (from, None)));
        ClockAccount {
            metric: self.metric,
            cycle: self.cycle,
            state: self.state,
            policy: self.policy.clone(),
            policy_version: self.policy_version,
            calendar: self.calendar.clone(),
            tz: calendar.zone_name(),
            zone_data: self.zone_data.clone(),
            started_at: self.started_at,
            target_secs: self.target_secs,
            due_at: self.due_at,
            until,
            met_at: self.met_at,
            breached_at: self.breached_at,
            waived_at: self.waived_at,
            counted_ms: earlier.map_or(0, |sum| sum.counted_ms) + sum(|window| window.counted_ms),
            paused_ms: earlier.map_or(0, |sum| sum.paused_ms) + sum(|window| window.paused_ms),
            pauses: pauses_told
                .map(|(from, to)| PauseAccount { from, to, open_ms: open_ms(from, to.unwrap_or(until)) })
                .collect(),
            earlier,
            days,
        }
    }
}
