//! A ticket's clocks together: which of them a happening starts, meets, pauses or ends, and what a change of policy does to those
//! that run. Pure functions of what happened, of the terms that hold and of calendars; a single clock's steps are `sla`'s.
//!
//! First response runs from the customer's first contact to our first public answer. Next response hangs on the oldest message
//! that nobody has answered, and only after a first response. Update runs from our last public word. Resolution runs from the
//! opening. A solution ends them all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Metric, OnChange, SlaTargets, sla::Clock};
use crate::{
    domain::calendar::Calendar,
    types::{CalendarId, SlaPolicyId, Timestamp},
};

/// A solved ticket that is reopened within this many working days goes on with its old resolution clock.
pub const REOPEN_GRACE_DAYS: i64 = 3;
/// Ended cycles of one metric that are kept on the ticket; older ones stand in the event stream.
const CYCLES_KEPT_MAX: usize = 50;

/// When people spoke on a ticket: what the clocks of messages start from, also those of a policy that holds only later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contacts {
    /// The customer's first contact.
    pub customer_first_at: Option<Timestamp>,
    /// Our first public answer to it.
    pub answered_first_at: Option<Timestamp>,
    /// Our last public word.
    pub answered_last_at: Option<Timestamp>,
    /// The oldest message of the customer that nobody has answered.
    pub unanswered_since: Option<Timestamp>,
}

impl Contacts {
    /// What the first-response clock still knows of them, for a ticket that did not keep them. When our last public word was, it
    /// does not know, and the first is no stand-in for it: such a ticket owes its next update only after our next word.
    pub fn told_by(clocks: &[Clock]) -> Self {
        let Some(first) = clocks.iter().find(|clock| clock.metric == Metric::FirstResponse) else { return Self::default() };
        Self {
            customer_first_at: Some(first.started_at),
            answered_first_at: first.met_at,
            answered_last_at: None,
            unanswered_since: Some(first.started_at).filter(|_| first.met_at.is_none()),
        }
    }
}

/// What a ticket's clocks are held to now.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The policy.
    pub policy: &'a SlaPolicyId,
    /// Its version.
    pub policy_version: i64,
    /// In which calendar its time counts.
    pub calendar: &'a CalendarId,
    /// Its budgets at the ticket's priority.
    pub targets: SlaTargets,
    /// Metrics whose clocks wait in the ticket's present state.
    pub waiting: Vec<Metric>,
    /// What another target does to a clock that runs.
    pub on_change: OnChange,
    /// Working days for which a solved ticket can be reopened with its old resolution clock.
    pub reopen_grace_days: i64,
}

/// Something happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockNews {
    /// What it measures.
    pub metric: Metric,
    /// Which cycle.
    pub cycle: i64,
    /// What.
    pub change: ClockChange,
}

/// What happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockChange {
    /// Started, or set again.
    Set {
        /// The policy that set it.
        policy: SlaPolicyId,
        /// Budget in seconds of open time.
        target_secs: i64,
        /// When it is due; `None` while it waits.
        due_at: Option<Timestamp>,
    },
    /// Met, in time or late.
    Met {
        /// Late.
        was_late: bool,
    },
    /// The deadline passed.
    Breached {
        /// It was due then.
        due_at: Timestamp,
        /// A change moved the deadline into the past.
        is_by_change: bool,
    },
}

/// The clocks of one ticket while something happens to it.
#[derive(Debug)]
pub struct Clocks<'a> {
    /// Clocks of all cycles, in the order in which they began.
    pub list: &'a mut Vec<Clock>,
    /// When people spoke.
    pub contacts: &'a mut Contacts,
    /// When the ticket came to be.
    pub opened_at: Timestamp,
    /// Since when it is solved, while it is.
    pub solved_at: &'a mut Option<Timestamp>,
    /// Calendars by key.
    pub calendars: &'a BTreeMap<CalendarId, Calendar>,
    /// What holds now; `None` when no policy does.
    pub terms: Option<Terms<'a>>,
    /// When it happens.
    pub now: Timestamp,
    /// What became of the clocks, in order.
    pub news: Vec<ClockNews>,
}

impl Clocks<'_> {
    /// The ticket came to be. `contact_at`: when the customer reached us about it, if one waits at all.
    pub fn opened(&mut self, contact_at: Option<Timestamp>) {
        if let Some(at) = contact_at {
            self.contacts.customer_first_at = Some(at);
            self.contacts.unanswered_since = Some(at);
        }
        self.start_missing(false);
    }

    /// The customer wrote or called and reached nobody yet. Another message does not move the deadline of an older one.
    pub fn customer_wrote(&mut self) {
        self.contacts.customer_first_at.get_or_insert(self.now);
        self.contacts.unanswered_since.get_or_insert(self.now);
        self.start_missing(false);
    }

    /// A person of ours answered for the customer to see or hear, on any channel.
    pub fn answered(&mut self) {
        if self.contacts.customer_first_at.is_some() {
            self.contacts.answered_first_at.get_or_insert(self.now);
        }
        self.contacts.answered_last_at = Some(self.now);
        self.contacts.unanswered_since = None;
        for metric in [Metric::FirstResponse, Metric::NextResponse, Metric::Update] {
            self.meet(metric);
        }
        self.start_missing(false);
    }

    /// The matter is solved. The customer learns of it, which is a response too.
    pub fn solved(&mut self) {
        *self.solved_at = Some(self.now);
        if self.contacts.customer_first_at.is_some() {
            self.contacts.answered_first_at.get_or_insert(self.now);
        }
        self.contacts.unanswered_since = None;
        self.meet(Metric::FirstResponse);
        self.meet(Metric::Resolution);
        for clock in self.list.iter_mut().filter(|clock| matches!(clock.metric, Metric::NextResponse | Metric::Update)) {
            clock.cancel(self.now);
        }
    }

    /// A solved matter is open again. Within the grace the old resolution clock goes on; after it a new cycle begins. First
    /// response never starts again, and nobody was to be kept in the loop meanwhile.
    pub fn reopened(&mut self) {
        let solved_at = self.solved_at.take();
        self.contacts.answered_last_at = self.contacts.answered_last_at.map(|_| self.now);
        let grace_days = self.terms.as_ref().map_or(REOPEN_GRACE_DAYS, |terms| terms.reopen_grace_days);
        let old = self.list.iter_mut().rfind(|clock| clock.metric == Metric::Resolution);
        if let Some(clock) = old
            && let Some(calendar) = self.calendars.get(&clock.calendar)
        {
            let grace_ends = solved_at.and_then(|solved| calendar.due_days(solved, grace_days, false));
            if grace_ends.is_none_or(|ends| self.now <= ends) {
                clock.reopen(self.now, calendar);
            } else {
                self.start(Metric::Resolution, self.now, false);
            }
        }
        self.start_missing(false);
        self.state_changed();
    }

    /// The matter is over without a solution: cancelled, merged away, deleted. Nothing counts and nothing fires any more.
    pub fn over(&mut self) {
        self.list.iter_mut().for_each(|clock| clock.cancel(self.now));
    }

    /// Another state: clocks wait in it or go on.
    pub fn state_changed(&mut self) {
        self.catch_up();
        for clock in self.list.iter_mut() {
            if self.terms.as_ref().is_some_and(|terms| terms.waiting.contains(&clock.metric)) {
                clock.pause(self.now);
            } else if let Some(calendar) = self.calendars.get(&clock.calendar) {
                clock.resume(self.now, calendar);
            }
        }
    }

    /// Deadlines that have passed by now are breaches, also when their timers are late.
    pub fn catch_up(&mut self) {
        for clock in self.list.iter_mut() {
            if let Some(due_at) = clock.check(self.now) {
                let change = ClockChange::Breached { due_at, is_by_change: false };
                self.news.push(ClockNews { metric: clock.metric, cycle: clock.cycle, change });
            }
        }
    }

    /// Another policy, calendar or priority holds: live clocks get what it asks for, and those that it asks for anew start where
    /// they would have. Without a policy nothing counts any more.
    pub fn reviewed(&mut self) {
        self.catch_up();
        for metric in Metric::ALL {
            for index in 0..self.list.len() {
                if self.list.get(index).is_some_and(|clock| clock.metric == metric && clock.is_live()) {
                    self.review(index);
                }
            }
        }
        self.start_missing(true);
        self.state_changed();
    }

    fn review(&mut self, index: usize) {
        let Some(clock) = self.list.get_mut(index) else { return };
        let (metric, cycle, before) = (clock.metric, clock.cycle, clock.due_at);
        let target = self.terms.as_ref().and_then(|terms| Some((terms, terms.targets.of(metric)?)));
        let Some((terms, target_secs)) = target else { return clock.cancel(self.now) };
        let is_same_text = clock.policy == *terms.policy && clock.policy_version == terms.policy_version;
        let is_same_budget = clock.target_secs == target_secs && clock.calendar == *terms.calendar;
        let keeps_old = terms.on_change == OnChange::KeepOld && !is_same_budget;
        // What is kept is the budget and the choice of calendar; a holiday that was added to that calendar counts for it too.
        let (target_secs, calendar_id) =
            if keeps_old { (clock.target_secs, clock.calendar.clone()) } else { (target_secs, terms.calendar.clone()) };
        let Some(calendar) = self.calendars.get(&calendar_id) else { return };
        if !keeps_old {
            (clock.policy, clock.policy_version, clock.calendar) = (terms.policy.clone(), terms.policy_version, calendar_id);
        }
        if terms.on_change == OnChange::Restart && !is_same_budget {
            clock.restart(self.now);
        }
        let breached = clock.rebudget(target_secs, calendar, self.now);
        let is_as_it_was = keeps_old || (is_same_text && is_same_budget);
        if !is_as_it_was || clock.due_at != before {
            let change = ClockChange::Set { policy: clock.policy.clone(), target_secs, due_at: clock.due_at };
            self.news.push(ClockNews { metric, cycle, change });
        }
        if let Some(due_at) = breached {
            self.news.push(ClockNews { metric, cycle, change: ClockChange::Breached { due_at, is_by_change: true } });
        }
    }

    /// Starts the clocks that what happened so far and the terms ask for and that do not run yet.
    fn start_missing(&mut self, is_by_change: bool) {
        if self.solved_at.is_some() {
            return;
        }
        let never_counted = |metric| !self.list.iter().any(|clock| clock.metric == metric && clock.state.has_counted());
        let stands_still = |metric| !self.list.iter().any(|clock| clock.metric == metric && clock.is_live());
        let contacts = *self.contacts;
        let waits_for_first = contacts.customer_first_at.filter(|_| contacts.answered_first_at.is_none());
        let waits_for_next = contacts.unanswered_since.filter(|_| contacts.answered_first_at.is_some());
        let wanted = [
            (Metric::Resolution, Some(self.opened_at).filter(|_| never_counted(Metric::Resolution))),
            (Metric::FirstResponse, waits_for_first.filter(|_| never_counted(Metric::FirstResponse))),
            (Metric::NextResponse, waits_for_next.filter(|_| stands_still(Metric::NextResponse))),
            (Metric::Update, contacts.answered_last_at.filter(|_| stands_still(Metric::Update))),
        ];
        for (metric, from) in wanted {
            if let Some(from) = from {
                self.start(metric, from, is_by_change);
            }
        }
    }

    fn start(&mut self, metric: Metric, from: Timestamp, is_by_change: bool) {
        let Some(terms) = &self.terms else { return };
        let (Some(target_secs), Some(calendar)) = (terms.targets.of(metric), self.calendars.get(terms.calendar)) else {
            return;
        };
        let cycle = self.list.iter().filter(|clock| clock.metric == metric).map(|clock| clock.cycle).max().unwrap_or(0) + 1;
        let mut clock = Clock::started(metric, cycle, terms, target_secs, from, calendar);
        let breached = if is_by_change { clock.check_changed(self.now) } else { None };
        if terms.waiting.contains(&metric) {
            clock.pause(self.now);
        }
        let change = ClockChange::Set { policy: terms.policy.clone(), target_secs, due_at: clock.due_at };
        self.list.push(clock);
        self.news.push(ClockNews { metric, cycle, change });
        if let Some(due_at) = breached {
            self.news.push(ClockNews { metric, cycle, change: ClockChange::Breached { due_at, is_by_change: true } });
        }
        self.forget_oldest(metric);
    }

    fn meet(&mut self, metric: Metric) {
        let Some(clock) = self.list.iter_mut().rfind(|clock| clock.metric == metric) else { return };
        let (cycle, was_breached) = (clock.cycle, clock.breached_at.is_some());
        let Some(was_late) = clock.meet(self.now) else { return };
        if let (true, false, Some(due_at)) = (was_late, was_breached, clock.breached_at) {
            // Late, and the timer had not fired yet: the breach is told here, once.
            self.news.push(ClockNews { metric, cycle, change: ClockChange::Breached { due_at, is_by_change: false } });
        }
        self.news.push(ClockNews { metric, cycle, change: ClockChange::Met { was_late } });
    }

    fn forget_oldest(&mut self, metric: Metric) {
        if self.list.iter().filter(|clock| clock.metric == metric).count() > CYCLES_KEPT_MAX
            && let Some(oldest) = self.list.iter().position(|clock| clock.metric == metric && !clock.is_live())
        {
            self.list.remove(oldest);
        }
    }
}
