//! SLA clocks: pure functions of a ticket's history, its policy and its calendar. A deadline is derived, never edited.
//!
//! A clock counts open time from its start less its pauses. Meeting it stops it; passing the deadline breaches it, which no
//! later change undoes. A change of priority, type or queue sets a new budget from the original start, with elapsed and paused
//! time carried over; if that deadline is already past, the breach is stamped at the change, not back-dated. Which clock hears of
//! what, `clocks` decides.

use serde::{Deserialize, Serialize};

use super::{ClockState, ClockView, Metric, Terms};
use crate::{
    domain::calendar::{Calendar, Span, zone_data_version},
    types::{CalendarId, SlaPolicyId, Timestamp},
};

/// A clock of a ticket: one per metric and cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// What it measures.
    pub metric: Metric,
    /// 1 for the first; a reopening after the grace begins another.
    pub cycle: i64,
    /// The policy that set it.
    pub policy: SlaPolicyId,
    /// Its version then.
    pub policy_version: i64,
    /// In which calendar its time counts.
    pub calendar: CalendarId,
    /// Where it stands.
    pub state: ClockState,
    /// When it began.
    pub started_at: Timestamp,
    /// Budget in seconds of open time.
    pub target_secs: i64,
    /// Ended pauses, in order.
    pub pauses: Vec<Pause>,
    /// Since when it waits.
    pub paused_at: Option<Timestamp>,
    /// When it is due, as last derived; `None` while it waits or is over.
    pub due_at: Option<Timestamp>,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// When it was breached.
    pub breached_at: Option<Timestamp>,
    /// When a later change of policy set a target by which it would have been in time. The breach stays a fact.
    #[serde(default)]
    pub waived_at: Option<Timestamp>,
    /// Edition of the time-zone data that the deadline was derived with; empty in clocks of before it was kept.
    #[serde(default)]
    pub zone_data: String,
}

/// Time that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

impl Clock {
    /// Starts to count at `from`.
    pub(super) fn started(
        metric: Metric,
        cycle: i64,
        terms: &Terms<'_>,
        target_secs: i64,
        from: Timestamp,
        calendar: &Calendar,
    ) -> Self {
        let mut clock = Self {
            metric,
            cycle,
            policy: terms.policy.clone(),
            policy_version: terms.policy_version,
            calendar: terms.calendar.clone(),
            state: ClockState::Running,
            started_at: from,
            target_secs,
            pauses: Vec::new(),
            paused_at: None,
            due_at: None,
            met_at: None,
            breached_at: None,
            waived_at: None,
            zone_data: String::new(),
        };
        clock.derive(calendar);
        clock
    }

    /// Whether it still counts.
    pub fn is_live(&self) -> bool {
        match self.state {
            ClockState::Running | ClockState::Paused | ClockState::BreachedOpen => true,
            ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => false,
        }
    }

    /// Derives the deadline again from start, budget and pauses.
    pub fn derive(&mut self, calendar: &Calendar) {
        self.due_at = match self.state {
            ClockState::Running => self.deadline(calendar),
            // Breached: the deadline that was missed stays to be seen.
            ClockState::BreachedOpen => self.due_at,
            ClockState::Paused | ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => None,
        };
        self.zone_data = zone_data_version().into();
    }

    /// Begins to wait. A breached clock stays breached; its wait is kept, so that what it used can be told.
    pub fn pause(&mut self, at: Timestamp) {
        match self.state {
            ClockState::Running => {
                self.state = ClockState::Paused;
                self.due_at = None;
            }
            ClockState::BreachedOpen => {}
            ClockState::Paused | ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => return,
        }
        self.paused_at.get_or_insert(at);
    }

    /// Goes on.
    pub fn resume(&mut self, at: Timestamp, calendar: &Calendar) {
        self.end_pause(at);
        if self.state == ClockState::Paused {
            self.state = ClockState::Running;
            self.derive(calendar);
        }
    }

    /// The thing was done. Says whether it was late; `None` when nobody waited for it any more.
    pub fn meet(&mut self, at: Timestamp) -> Option<bool> {
        let was_late = match self.state {
            // At the due instant is in time; past it, the timer may not have fired yet.
            ClockState::Running => self.due_at.is_some_and(|due| at > due),
            ClockState::Paused => false,
            ClockState::BreachedOpen => true,
            ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => return None,
        };
        self.end_pause(at);
        self.met_at = Some(at);
        if was_late && self.breached_at.is_none() {
            self.breached_at = self.due_at;
        }
        self.state = if was_late { ClockState::BreachedMet } else { ClockState::Met };
        self.due_at = if was_late { self.due_at } else { None };
        Some(was_late)
    }

    /// Whether the deadline has come: breached only if it really is past, for a late timer of an old deadline means nothing.
    /// Returns when it was due.
    pub fn check(&mut self, now: Timestamp) -> Option<Timestamp> {
        let due_at = self.missed(now)?;
        self.state = ClockState::BreachedOpen;
        self.breached_at = Some(due_at);
        Some(due_at)
    }

    /// The same after a change: a deadline that the change put into the past is breached at the change.
    pub(super) fn check_changed(&mut self, at: Timestamp) -> Option<Timestamp> {
        let due_at = self.missed(at)?;
        self.state = ClockState::BreachedOpen;
        self.breached_at = Some(at);
        Some(due_at)
    }

    /// A new budget from the original start, with the time used and paused so far. Past already: breached at the change; returns
    /// when it would have been due.
    pub fn rebudget(&mut self, target_secs: i64, calendar: &Calendar, at: Timestamp) -> Option<Timestamp> {
        self.target_secs = target_secs;
        match self.state {
            ClockState::Running => {
                self.derive(calendar);
                self.check_changed(at)
            }
            ClockState::Paused => {
                // Nothing is due while it waits, but what was used before may already be more than there is now.
                let due_at =
                    self.deadline(calendar).filter(|_| self.used_ms(calendar, at) > target_secs.saturating_mul(1000))?;
                self.state = ClockState::BreachedOpen;
                (self.due_at, self.breached_at) = (Some(due_at), Some(at));
                Some(due_at)
            }
            ClockState::BreachedOpen => {
                self.due_at = self.deadline(calendar);
                if self.due_at.is_some_and(|due| due >= at) {
                    self.waived_at.get_or_insert(at);
                }
                None
            }
            ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => None,
        }
    }

    /// Counts from now, as if nothing had been used. A breach stays, with the time that led to it.
    pub(super) fn restart(&mut self, at: Timestamp) {
        if matches!(self.state, ClockState::Running | ClockState::Paused) {
            self.started_at = at;
            self.pauses.clear();
            self.paused_at = self.paused_at.map(|_| at);
        }
    }

    /// Counts no more: the policy or the matter is gone.
    pub fn cancel(&mut self, at: Timestamp) {
        if self.is_live() {
            self.end_pause(at);
            self.state = ClockState::Cancelled;
            self.due_at = None;
        }
    }

    /// A met clock goes on; the time since it was met does not count.
    pub fn reopen(&mut self, at: Timestamp, calendar: &Calendar) {
        let Some(met_at) = self.met_at.take() else { return };
        self.pauses.push(Pause { from: met_at, to: at });
        self.state = if self.breached_at.is_some() { ClockState::BreachedOpen } else { ClockState::Running };
        self.derive(calendar);
    }

    /// As shown.
    pub fn view(&self, calendar: Option<&Calendar>) -> ClockView {
        let waits_since = self.paused_at.filter(|_| self.state == ClockState::Paused);
        let left_secs =
            waits_since.zip(calendar).map(|(since, calendar)| self.target_secs - self.used_ms(calendar, since) / 1000);
        ClockView {
            metric: self.metric,
            state: self.state,
            started_at: self.started_at,
            target_secs: self.target_secs,
            due_at: self.due_at,
            left_secs,
            met_at: self.met_at,
            breached_at: self.breached_at,
        }
    }

    /// Open milliseconds that it has counted until it was met, or until `at`.
    pub fn used_ms(&self, calendar: &Calendar, at: Timestamp) -> i64 {
        let until = self.met_at.unwrap_or(at);
        calendar.elapsed(self.started_at, until, &self.spans_until(until))
    }

    /// Its pauses, the one that lasts ended at `until`.
    pub(super) fn spans_until(&self, until: Timestamp) -> Vec<Span> {
        let mut pauses = self.spans();
        pauses.extend(self.paused_at.map(|from| Span { from, to: until }));
        pauses
    }

    fn deadline(&self, calendar: &Calendar) -> Option<Timestamp> {
        calendar.due(self.started_at, self.target_secs.saturating_mul(1000), &self.spans())
    }

    /// The deadline, if it counts and is past.
    fn missed(&self, now: Timestamp) -> Option<Timestamp> {
        self.due_at.filter(|due| self.state == ClockState::Running && now > *due)
    }

    fn end_pause(&mut self, at: Timestamp) {
        if let Some(from) = self.paused_at.take() {
            self.pauses.push(Pause { from, to: at });
        }
    }

    fn spans(&self) -> Vec<Span> {
        self.pauses.iter().map(|pause| Span { from: pause.from, to: pause.to }).collect()
    }
}
