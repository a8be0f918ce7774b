//! A ticket and its moves: which state can follow which, who may not be forgotten on the way, and what each step does to the
//! clocks. Loaded, decided, saved with a version check; `TimerDue` is just another command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod conflicts;
mod moving;

pub use conflicts::FieldConflict;

use super::command::MoveFacts;
use super::{
    By, ClockChange, ClockNews, ClockState, Clocks, Contacts, FactsBefore, Metric, OpenTicket, Priority, REOPEN_GRACE_DAYS,
    Terms, TicketCommand, TicketEvent, TicketEventKind, TicketLine, TicketRefusal, TicketState, TicketType, Workflow,
    policy::{self, SlaPolicy, Subject},
    sla::Clock,
};
use crate::{
    domain::{Cx, calendar::Calendar},
    types::{CalendarId, CustomerId, DispositionId, FieldKey, QueueId, SlaPolicyId, StatusKey, TicketId, Timestamp, UserId},
};

const SUBJECT_CHARS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 20_000;
const REASON_CHARS_MAX: usize = 500;

/// A ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Which.
    pub id: TicketId,
    /// What people say.
    pub number: i64,
    /// Grows with every save.
    pub version: i64,
    /// Kind of matter.
    pub kind: TicketType,
    /// One line.
    pub subject: String,
    /// As told.
    pub description: String,
    /// What its state counts as.
    pub state: TicketState,
    /// Its state by its name in the workflow.
    pub status: StatusKey,
    /// Since when it is in that state.
    pub state_since: Timestamp,
    /// When that state ends by itself.
    pub moves_at: Option<Timestamp>,
    /// How urgent.
    pub priority: Priority,
    /// Whose.
    pub customer: Option<CustomerId>,
    /// Segment of the customer when it was last set; a condition of policies.
    pub segment: Option<String>,
    /// Who works on it.
    pub owner: Option<UserId>,
    /// Queue.
    pub queue: Option<QueueId>,
    /// What it is about.
    pub disposition: Option<DispositionId>,
    /// Our own matter: no response clock.
    pub is_internal: bool,
    /// Opened.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Solved, while it is.
    pub solved_at: Option<Timestamp>,
    /// Clocks of all cycles.
    pub clocks: Vec<Clock>,
    /// When people spoke on it.
    pub contacts: Contacts,
    /// Values of the workflow's fields.
    pub fields: BTreeMap<FieldKey, String>,
    /// The closed ticket that it goes on with.
    pub follows: Option<TicketId>,
    /// The version at which each of its facts last changed: what two people changed apart is put together.
    pub touched: BTreeMap<String, i64>,
}

/// The policies, calendars and workflow that hold now.
#[derive(Debug, Clone, Copy)]
pub struct SlaBook<'a> {
    /// Policies by key.
    pub policies: &'a BTreeMap<SlaPolicyId, SlaPolicy>,
    /// Calendars by key, resolved.
    pub calendars: &'a BTreeMap<CalendarId, Calendar>,
    /// States and moves.
    pub workflow: &'a Workflow,
}

/// A deadline that must be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// Metric.
    pub metric: Metric,
    /// Cycle.
    pub cycle: i64,
    /// When it is due. The clock is breached one millisecond later, for at the due instant is in time.
    pub due_at: Timestamp,
}

/// Facts of the opening that the command does not carry.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The human number, from the counter.
    pub number: i64,
    /// Segment of the customer.
    pub segment: Option<String>,
    /// An agent talked with the customer in the call that it came of: that was the response.
    pub was_answered: bool,
    /// When the customer first reached us about it; `None` for now.
    pub contact_at: Option<Timestamp>,
    /// The closed ticket that it goes on with.
    pub follows: Option<TicketId>,
}

impl Ticket {
    /// Opens a ticket and starts its clocks.
    pub fn open(
        id: TicketId,
        wanted: OpenTicket,
        facts: Opening,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<Self, TicketRefusal> {
        check_length("subject", wanted.subject.trim(), 1, SUBJECT_CHARS_MAX)?;
        check_length("description", &wanted.description, 0, TEXT_CHARS_MAX)?;
        let now = cx.now.wall;
        let state = if wanted.owner.is_some() || facts.was_answered { TicketState::Open } else { TicketState::New };
        let first = book.workflow.first_of(wanted.kind, state);
        let mut ticket = Self {
            id,
            number: facts.number,
            version: 0,
            kind: wanted.kind,
            subject: wanted.subject.trim().to_owned(),
            description: wanted.description,
            state,
            status: first.map_or_else(|| state.into(), |first| first.key.clone()),
            state_since: now,
            moves_at: first.and_then(|first| first.ends_at(now)),
            priority: wanted.priority,
            customer: wanted.customer,
            segment: facts.segment,
            owner: wanted.owner,
            queue: wanted.queue,
            disposition: wanted.disposition,
            is_internal: wanted.is_internal,
            created_at: now,
            updated_at: now,
            solved_at: None,
            clocks: Vec::new(),
            contacts: Contacts::default(),
            fields: BTreeMap::new(),
            follows: facts.follows,
            touched: BTreeMap::new(),
        };
        ticket.emit(
            cx,
            TicketEventKind::Opened {
                ticket_type: ticket.kind,
                priority: ticket.priority,
                queue: ticket.queue.clone(),
                owner: ticket.owner.clone(),
                customer: ticket.customer,
                call: wanted.call,
                follows: facts.follows,
            },
        );
        let contact_at = (!ticket.is_internal).then(|| facts.contact_at.unwrap_or(now).min(now));
        ticket.on_clocks(book, cx, |clocks| {
            clocks.opened(contact_at);
            if facts.was_answered {
                // The live call was contact and response at once.
                clocks.answered();
            }
        });
        Ok(ticket)
    }

    /// Does what is asked, or says why not.
    pub fn handle(
        &mut self,
        command: TicketCommand,
        by: &By,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        let before = self.facts();
        self.obey(command, by, book, cx)?;
        self.touch(&before);
        Ok(())
    }

    fn obey(
        &mut self,
        command: TicketCommand,
        by: &By,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        let goes_on = matches!(command, TicketCommand::TimerDue { .. } | TicketCommand::StateTimerDue)
            || (self.state == TicketState::Closed && matches!(command, TicketCommand::CustomerWrote { .. }));
        if self.state.is_over() && !goes_on {
            return Err(match command {
                TicketCommand::Move { to, .. } => self.illegal(to, by, book.workflow),
                TicketCommand::Assign { .. }
                | TicketCommand::Change { .. }
                | TicketCommand::SetFields { .. }
                | TicketCommand::Comment { .. }
                | TicketCommand::CustomerWrote { .. }
                | TicketCommand::AddCall { .. }
                | TicketCommand::StateTimerDue
                | TicketCommand::TimerDue { .. } => TicketRefusal::Over,
            });
        }
        match command {
            TicketCommand::Move { to, reason, owner, disposition, fields } => {
                self.go(to, reason, MoveFacts { owner, disposition, fields }, by, book, cx)?;
            }
            TicketCommand::SetFields { fields } => self.set_fields(fields, book, cx)?,
            TicketCommand::CustomerWrote { text } => {
                check_length("text", text.trim(), 1, TEXT_CHARS_MAX)?;
                self.customer_wrote(book, cx)?;
            }
            TicketCommand::StateTimerDue => {
                if !self.state_timer_due(book, cx) {
                    return Ok(());
                }
            }
            TicketCommand::Assign { owner } => self.assign(owner, book, cx),
            TicketCommand::Change { subject, kind, priority, queue, customer, disposition } => {
                self.change(subject, Facts { kind, priority, queue, customer, disposition }, book, cx)?;
            }
            TicketCommand::Comment { text, is_public } => {
                check_length("text", text.trim(), 1, TEXT_CHARS_MAX)?;
                self.emit(cx, TicketEventKind::Commented { is_public });
                if is_public {
                    self.on_clocks(book, cx, |clocks| clocks.answered());
                    self.take_up(book, cx);
                }
            }
            TicketCommand::AddCall { call, was_answered } => {
                self.emit(cx, TicketEventKind::CallAdded { call });
                if was_answered {
                    self.on_clocks(book, cx, |clocks| clocks.answered());
                    self.take_up(book, cx);
                }
            }
            TicketCommand::TimerDue { metric, cycle } => {
                let clock = self.clocks.iter_mut().find(|clock| clock.metric == metric && clock.cycle == cycle);
                if let Some(due_at) = clock.and_then(|clock| clock.check(cx.now.wall)) {
                    self.emit(cx, TicketEventKind::SlaBreached { metric, cycle, due_at, is_by_change: false });
                }
                return Ok(());
            }
        }
        self.updated_at = cx.now.wall;
        Ok(())
    }

    /// Another policy or calendar holds, or a condition changed: every live clock gets its budget anew. Nothing counts for a
    /// matter that was solved or given up meanwhile, so nothing begins to.
    pub fn review_clocks(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        match self.state {
            TicketState::Solved | TicketState::Closed | TicketState::Merged | TicketState::Cancelled => return,
            TicketState::New
            | TicketState::Open
            | TicketState::WaitingCustomer
            | TicketState::WaitingInternal
            | TicketState::WaitingSupplier => {}
        }
        self.on_clocks(book, cx, |clocks| clocks.reviewed());
    }

    /// Deadlines that must be watched: exactly these, no others. Derived again on every save.
    pub fn timers(&self) -> Vec<Timer> {
        self.clocks
            .iter()
            .filter(|clock| clock.state == ClockState::Running)
            .filter_map(|clock| Some(Timer { metric: clock.metric, cycle: clock.cycle, due_at: clock.due_at? }))
            .collect()
    }

    /// As a line in a list; the customer's name is joined by the reader.
    pub fn line(&self, customer_name: Option<String>, calendars: &BTreeMap<CalendarId, Calendar>) -> TicketLine {
        let newest = |metric| self.clocks.iter().rfind(|clock| clock.metric == metric);
        TicketLine {
            id: self.id,
            number: self.number,
            version: self.version,
            kind: self.kind,
            subject: self.subject.clone(),
            state: self.state,
            status: self.status.clone(),
            priority: self.priority,
            customer: self.customer,
            customer_name,
            owner: self.owner.clone(),
            queue: self.queue.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            clocks: Metric::ALL
                .into_iter()
                .filter_map(newest)
                .map(|clock| clock.view(calendars.get(&clock.calendar)))
                .collect(),
        }
    }

    fn assign(&mut self, owner: Option<UserId>, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        if owner == self.owner {
            return;
        }
        let from = std::mem::replace(&mut self.owner, owner);
        self.emit(cx, TicketEventKind::Assigned { from, to: self.owner.clone() });
        if self.owner.is_some() {
            self.take_up(book, cx);
        }
    }

    fn change(
        &mut self,
        subject: Option<String>,
        facts: Facts,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        if let Some(subject) = &subject {
            check_length("subject", subject.trim(), 1, SUBJECT_CHARS_MAX)?;
        }
        let subject = subject.map(|text| text.trim().to_owned()).filter(|text| *text != self.subject);
        let ticket_type = facts.kind.filter(|kind| *kind != self.kind);
        let priority = facts.priority.filter(|priority| *priority != self.priority);
        let queue = facts.queue.filter(|queue| self.queue.as_ref() != Some(queue));
        let customer = facts.customer.filter(|customer| self.customer != Some(*customer));
        let disposition = facts.disposition.filter(|leaf| self.disposition.as_ref() != Some(leaf));
        let is_subject = subject.is_some();
        let has_condition = ticket_type.is_some() || priority.is_some() || queue.is_some() || customer.is_some();
        if !is_subject && !has_condition && disposition.is_none() {
            return Ok(());
        }
        let before = FactsBefore {
            ticket_type: ticket_type.map(|_| self.kind),
            priority: priority.map(|_| self.priority),
            queue: queue.as_ref().and_then(|_| self.queue.clone()),
            customer: customer.and(self.customer),
            disposition: disposition.as_ref().and_then(|_| self.disposition.clone()),
        };
        self.subject = subject.unwrap_or_else(|| std::mem::take(&mut self.subject));
        self.kind = ticket_type.unwrap_or(self.kind);
        self.priority = priority.unwrap_or(self.priority);
        self.queue = queue.clone().or_else(|| self.queue.take());
        self.customer = customer.or(self.customer);
        self.disposition = disposition.clone().or_else(|| self.disposition.take());
        let before = Some(before);
        let fields = Vec::new();
        let kind = TicketEventKind::Changed { ticket_type, priority, queue, customer, disposition, is_subject, before, fields };
        self.emit(cx, kind);
        if ticket_type.is_some() {
            self.fit_into_type(book, cx);
        }
        if has_condition {
            self.review_clocks(book, cx);
        }
        Ok(())
    }

    /// Lets the clocks hear of something, and tells what became of them.
    fn on_clocks(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>, step: impl FnOnce(&mut Clocks<'_>)) {
        let terms = self.terms(book);
        let mut clocks = Clocks {
            list: &mut self.clocks,
            contacts: &mut self.contacts,
            opened_at: self.created_at,
            solved_at: &mut self.solved_at,
            calendars: book.calendars,
            terms,
            now: cx.now.wall,
            news: Vec::new(),
        };
        step(&mut clocks);
        for ClockNews { metric, cycle, change } in clocks.news {
            let kind = match change {
                ClockChange::Set { policy, target_secs, due_at } => {
                    TicketEventKind::SlaSet { metric, cycle, policy, target_secs, due_at }
                }
                ClockChange::Met { was_late } => TicketEventKind::SlaMet { metric, cycle, was_late },
                ClockChange::Breached { due_at, is_by_change } => {
                    TicketEventKind::SlaBreached { metric, cycle, due_at, is_by_change }
                }
            };
            self.emit(cx, kind);
        }
    }

    /// What its clocks are held to now: the first policy that matches.
    fn terms<'a>(&self, book: SlaBook<'a>) -> Option<Terms<'a>> {
        let policy = self.policy(book)?;
        Some(Terms {
            policy: &policy.id,
            policy_version: policy.version,
            calendar: &policy.calendar,
            targets: policy.targets.get(&self.priority).copied().unwrap_or_default(),
            waiting: policy.waiting(self.state),
            on_change: policy.on_change,
            reopen_grace_days: REOPEN_GRACE_DAYS,
        })
    }

    fn policy<'a>(&self, book: SlaBook<'a>) -> Option<&'a SlaPolicy> {
        policy::choose(book.policies, Subject { queue: self.queue.as_ref(), kind: self.kind, segment: self.segment.as_deref() })
    }

    fn emit(&self, cx: &mut Cx<'_, TicketEvent>, kind: TicketEventKind) {
        cx.emit(TicketEvent { ticket: self.id, number: self.number, kind });
    }
}

/// Facts that policies look at, as a change names them.
struct Facts {
    kind: Option<TicketType>,
    priority: Option<Priority>,
    queue: Option<QueueId>,
    customer: Option<CustomerId>,
    disposition: Option<DispositionId>,
}

fn check_length(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), TicketRefusal> {
    let length = text.chars().count();
    if (least..=most).contains(&length) { Ok(()) } else { Err(TicketRefusal::Length { field, least, most }) }
}

#[cfg(test)]
mod tests;
