//! SLA clocks: pure functions of a ticket's history, its policy and its calendar. A deadline is derived, never edited.
//!
//! A clock counts open time from its start less its pauses. Meeting it stops it; passing the deadline breaches it, which no
//! later change undoes. A change of priority, type or queue sets a new budget from the original start, with elapsed and paused
//! time carried over; if that deadline is already past, the breach is stamped at the change, not back-dated.

use serde::{Deserialize, Serialize};

use super::{ClockState, ClockView, Metric};
use crate::{
    domain::calendar::{Calendar, Span},
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
}

/// Time that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

/// What a clock's step led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// Met, in time or late.
    Met {
        /// Late.
        was_late: bool,
    },
    /// The deadline passed.
    Breached {
        /// It was due then.
        due_at: Timestamp,
    },
}

impl Clock {
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
            ClockState::Running => calendar.due(self.started_at, self.target_secs.saturating_mul(1000), &self.spans()),
            // Breached: the deadline that was missed stays to be seen.
            ClockState::BreachedOpen => self.due_at,
            ClockState::Paused | ClockState::Met | ClockState::BreachedMet | ClockState::Cancelled => None,
        };
    }

    /// Begins to wait. A breached clock waits no more.
    pub fn pause(&mut self, at: Timestamp) {
        if self.state == ClockState::Running {
            self.state = ClockState::Paused;
            self.paused_at = Some(at);
            self.due_at = None;
        }
    }

    /// Goes on.
    pub fn resume(&mut self, at: Timestamp, calendar: &Calendar) {
        if self.state == ClockState::Paused {
            self.end_pause(at);
            self.state = ClockState::Running;
            self.derive(calendar);
        }
    }

    /// The thing was done.
    pub fn meet(&mut self, at: Timestamp) -> Option<ClockChange> {
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
        Some(ClockChange::Met { was_late })
    }

    /// A timer says that the deadline has come: breached only if it really is past, for a late timer of an old deadline means nothing.
    pub fn check(&mut self, now: Timestamp) -> Option<ClockChange> {
        let due_at = self.due_at.filter(|due| self.state == ClockState::Running && now > *due)?;
        self.state = ClockState::BreachedOpen;
        self.breached_at = Some(due_at);
        Some(ClockChange::Breached { due_at })
    }

    /// A new budget from the original start. Past already: breached at the change.
    pub fn rebudget(&mut self, target_secs: i64, calendar: &Calendar, at: Timestamp) -> Option<ClockChange> {
        self.target_secs = target_secs;
        self.derive(calendar);
        let due_at = self.due_at.filter(|due| self.state == ClockState::Running && at > *due)?;
        self.state = ClockState::BreachedOpen;
        self.breached_at = Some(at);
        Some(ClockChange::Breached { due_at })
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
        let left_secs = self.paused_at.zip(calendar).map(|(paused_at, calendar)| {
            let used_ms = calendar.elapsed(self.started_at, paused_at, &self.spans());
            self.target_secs - used_ms / 1000
        });
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

    fn end_pause(&mut self, at: Timestamp) {
        if let Some(from) = self.paused_at.take() {
            self.pauses.push(Pause { from, to: at });
        }
    }

    fn spans(&self) -> Vec<Span> {
        self.pauses.iter().map(|pause| Span { from: pause.from, to: pause.to }).collect()
    }
}
