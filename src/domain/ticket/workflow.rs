//! A ticket and its moves: which state can follow which, who may not be forgotten on the way, and what each step does to the
//! clocks. Loaded, decided, saved with a version check; `TimerDue` is just another command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ClockChange, ClockNews, ClockState, Clocks, Contacts, FactsBefore, Metric, OpenTicket, Priority, REOPEN_GRACE_DAYS, Terms,
    TicketCommand, TicketEvent, TicketEventKind, TicketLine, TicketRefusal, TicketState, TicketType,
    policy::{self, SlaPolicy, Subject},
    sla::Clock,
};
use crate::{
    domain::{Cx, calendar::Calendar},
    types::{CalendarId, CustomerId, DispositionId, QueueId, SlaPolicyId, TicketId, Timestamp, UserId},
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
    /// Where it stands.
    pub state: TicketState,
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
}

/// The policies and calendars that hold now.
#[derive(Debug, Clone, Copy)]
pub struct SlaBook<'a> {
    /// Policies by key.
    pub policies: &'a BTreeMap<SlaPolicyId, SlaPolicy>,
    /// Calendars by key, resolved.
    pub calendars: &'a BTreeMap<CalendarId, Calendar>,
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
}

/// States that can follow `from`, in the order in which a menu shows them. T1 in one table; types differ where listed.
pub fn legal_moves(kind: TicketType, from: TicketState) -> Vec<TicketState> {
    use TicketState::{Cancelled, Closed, New, Open, Solved, WaitingCustomer, WaitingInternal, WaitingSupplier};
    let moves: &[TicketState] = match from {
        New => &[Open, WaitingCustomer, WaitingInternal, WaitingSupplier, Solved, Cancelled],
        Open => &[WaitingCustomer, WaitingInternal, WaitingSupplier, Solved, Cancelled],
        WaitingCustomer => &[Open, WaitingInternal, WaitingSupplier, Solved, Cancelled],
        WaitingInternal => &[Open, WaitingCustomer, WaitingSupplier, Solved, Cancelled],
        WaitingSupplier => &[Open, WaitingCustomer, WaitingInternal, Solved, Cancelled],
        Solved => &[Open, Closed],
        Closed | Cancelled => &[],
    };
    let has_supplier = match kind {
        TicketType::Request | TicketType::Complaint | TicketType::Return | TicketType::Incident => true,
        TicketType::Enquiry | TicketType::Suggestion | TicketType::Callback => false,
    };
    moves.iter().copied().filter(|state| has_supplier || *state != WaitingSupplier).collect()
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
        let mut ticket = Self {
            id,
            number: facts.number,
            version: 0,
            kind: wanted.kind,
            subject: wanted.subject.trim().to_owned(),
            description: wanted.description,
            state: if wanted.owner.is_some() || facts.was_answered { TicketState::Open } else { TicketState::New },
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
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        if matches!(self.state, TicketState::Closed | TicketState::Cancelled)
            && !matches!(command, TicketCommand::TimerDue { .. })
        {
            return Err(match command {
                TicketCommand::Move { to, .. } => self.illegal(to),
                TicketCommand::Assign { .. }
                | TicketCommand::Change { .. }
                | TicketCommand::Comment { .. }
                | TicketCommand::AddCall { .. }
                | TicketCommand::TimerDue { .. } => TicketRefusal::Over,
            });
        }
        match command {
            TicketCommand::Move { to, reason } => self.go(to, reason, book, cx)?,
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
            TicketState::Solved | TicketState::Closed | TicketState::Cancelled => return,
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

    fn go(
        &mut self,
        to: TicketState,
        reason: String,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        if !legal_moves(self.kind, self.state).contains(&to) {
            return Err(self.illegal(to));
        }
        check_length("reason", &reason, 0, REASON_CHARS_MAX)?;
        let needs_reason = match to {
            TicketState::WaitingCustomer
            | TicketState::WaitingInternal
            | TicketState::WaitingSupplier
            | TicketState::Cancelled => true,
            TicketState::New | TicketState::Open | TicketState::Solved | TicketState::Closed => false,
        };
        if needs_reason && reason.trim().is_empty() {
            return Err(TicketRefusal::ReasonMissing);
        }
        self.move_to(to, reason, book, cx);
        Ok(())
    }

    fn move_to(&mut self, to: TicketState, reason: String, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        let from = std::mem::replace(&mut self.state, to);
        self.emit(cx, TicketEventKind::Moved { from, to, reason });
        match to {
            TicketState::Solved => self.on_clocks(book, cx, |clocks| clocks.solved()),
            TicketState::Cancelled => self.on_clocks(book, cx, |clocks| clocks.over()),
            TicketState::Open if from == TicketState::Solved => self.on_clocks(book, cx, |clocks| clocks.reopened()),
            TicketState::New
            | TicketState::Open
            | TicketState::WaitingCustomer
            | TicketState::WaitingInternal
            | TicketState::WaitingSupplier => self.on_clocks(book, cx, |clocks| clocks.state_changed()),
            TicketState::Closed => {}
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

    /// A new ticket that somebody works on is open.
    fn take_up(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        if self.state == TicketState::New {
            self.move_to(TicketState::Open, String::new(), book, cx);
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
        self.emit(cx, TicketEventKind::Changed { ticket_type, priority, queue, customer, disposition, is_subject, before });
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

    fn illegal(&self, to: TicketState) -> TicketRefusal {
        TicketRefusal::IllegalMove { kind: self.kind, from: self.state, to, legal: legal_moves(self.kind, self.state) }
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
