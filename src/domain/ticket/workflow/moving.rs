//! How a ticket moves: by hand along the table, where guards let it; by itself when its time in a state is over, when somebody takes it
//! up, or when the customer comes back.

use std::collections::BTreeMap;

use super::{REASON_CHARS_MAX, SlaBook, Ticket, check_length};
use crate::{
    domain::{
        Cx,
        ticket::command::MoveFacts,
        ticket::{
            By, FactsBefore, Hold, MoveOption, MoveRule, NewOwner, Requirement, StateRule, TicketEvent, TicketEventKind,
            TicketRefusal, TicketState, Workflow,
        },
    },
    types::{FieldKey, StatusKey, Timestamp},
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl StateRule {
    /// When the state ends by itself for a ticket that is in it since then.
    pub fn ends_at(&self, since: Timestamp) -> Option<Timestamp> {
        self.timer.as_ref().map(|timer| since.plus_millis(timer.after_hours.saturating_mul(HOUR_MS)))
    }
}

impl Ticket {
    /// The moves that the table holds for where it stands, and what holds each back for who asks.
    pub fn moves(&self, by: &By, workflow: &Workflow) -> Vec<MoveOption> {
        let nothing = MoveFacts::default();
        let option = |rule: &MoveRule| {
            Some(MoveOption {
                to: rule.to.clone(),
                state: workflow.state(self.kind, &rule.to)?.category,
                names: rule.names.clone(),
                guards: rule.guards.clone(),
                held_by: self.holds(rule, by, &nothing),
            })
        };
        workflow.moves_from(self.kind, self.standing(workflow)).filter_map(option).collect()
    }

    /// When its state ends by itself, by the workflow of now.
    pub fn review_state(&mut self, workflow: &Workflow) {
        self.moves_at = match workflow.state(self.kind, &self.status) {
            Some(state) if !self.state.is_over() => state.ends_at(self.state_since),
            Some(_) | None => None,
        };
    }

    /// Its state in the table: one that vanished is the first of its category.
    fn standing<'a>(&'a self, workflow: &'a Workflow) -> &'a StatusKey {
        match workflow.state(self.kind, &self.status).or_else(|| workflow.first_of(self.kind, self.state)) {
            Some(state) => &state.key,
            None => &self.status,
        }
    }

    fn holds(&self, rule: &MoveRule, by: &By, with: &MoveFacts) -> Vec<Hold> {
        let role = rule.guards.role.filter(|needs| by.rank.is_some_and(|rank| rank < *needs));
        let role = role.map(|needs| Hold::Role { needs });
        let is_set = |requirement: &&Requirement| match requirement {
            Requirement::Owner => self.owner.is_some() || with.owner.is_some() || rule.effects.owner == Some(NewOwner::Mover),
            Requirement::Queue => self.queue.is_some(),
            Requirement::Customer => self.customer.is_some(),
            Requirement::Disposition => self.disposition.is_some() || with.disposition.is_some(),
            Requirement::Field(key) => match with.fields.get(key) {
                Some(value) => value.is_some(),
                None => self.fields.contains_key(key),
            },
        };
        let missing = rule.guards.requires.iter().filter(|requirement| !is_set(requirement));
        role.into_iter().chain(missing.map(|what| Hold::Missing { what: what.clone() })).collect()
    }

    pub(super) fn go(
        &mut self,
        to: StatusKey,
        reason: String,
        with: MoveFacts,
        by: &By,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        let workflow = book.workflow;
        let rule = workflow.moves_from(self.kind, self.standing(workflow)).find(|rule| rule.to == to).cloned();
        let state = workflow.state(self.kind, &to);
        let Some((rule, state)) = rule.zip(state) else { return Err(self.illegal(to, by, workflow)) };
        check_length("reason", &reason, 0, REASON_CHARS_MAX)?;
        self.check_fields(&with.fields, workflow)?;
        let held_by = self.holds(&rule, by, &with);
        if !held_by.is_empty() {
            return Err(TicketRefusal::HeldBack { to, held_by, legal: self.moves(by, workflow) });
        }
        if rule.guards.needs_reason && reason.trim().is_empty() {
            return Err(TicketRefusal::ReasonMissing);
        }
        let owner = match rule.effects.owner {
            Some(NewOwner::Mover) => by.user.clone().or_else(|| self.owner.clone()),
            Some(NewOwner::Nobody) => None,
            None => with.owner.or_else(|| self.owner.clone()),
        };
        if owner != self.owner {
            let from = std::mem::replace(&mut self.owner, owner);
            self.emit(cx, TicketEventKind::Assigned { from, to: self.owner.clone() });
        }
        let priority = rule.effects.priority.filter(|priority| *priority != self.priority);
        let disposition = with.disposition.filter(|leaf| self.disposition.as_ref() != Some(leaf));
        let fields = self.put_fields(with.fields);
        if priority.is_some() || disposition.is_some() || !fields.is_empty() {
            let before = FactsBefore {
                priority: priority.map(|_| self.priority),
                disposition: disposition.as_ref().and_then(|_| self.disposition.clone()),
                ..FactsBefore::default()
            };
            self.priority = priority.unwrap_or(self.priority);
            self.disposition = disposition.clone().or_else(|| self.disposition.take());
            self.emit(cx, changed(priority, disposition, before, fields));
        }
        self.move_to(state, reason, book, cx);
        if priority.is_some() {
            self.review_clocks(book, cx);
        }
        Ok(())
    }

    /// Sets fields; nothing happens where they hold that already.
    pub(super) fn set_fields(
        &mut self,
        wanted: BTreeMap<FieldKey, Option<String>>,
        book: SlaBook<'_>,
        cx: &mut Cx<'_, TicketEvent>,
    ) -> Result<(), TicketRefusal> {
        self.check_fields(&wanted, book.workflow)?;
        let fields = self.put_fields(wanted);
        if !fields.is_empty() {
            self.emit(cx, changed(None, None, FactsBefore::default(), fields));
        }
        Ok(())
    }

    fn check_fields(&self, wanted: &BTreeMap<FieldKey, Option<String>>, workflow: &Workflow) -> Result<(), TicketRefusal> {
        for (key, value) in wanted {
            let is_of_type = workflow.types.get(&self.kind).is_some_and(|rules| rules.fields.contains(key));
            let rule = workflow.fields.get(key).filter(|_| is_of_type);
            let rule = rule.ok_or_else(|| TicketRefusal::NoSuchField(key.clone()))?;
            if value.as_ref().is_some_and(|value| !rule.takes(value)) {
                return Err(TicketRefusal::FieldValue(key.clone()));
            }
        }
        Ok(())
    }

    fn put_fields(&mut self, wanted: BTreeMap<FieldKey, Option<String>>) -> Vec<FieldKey> {
        let mut changed = Vec::new();
        for (key, value) in wanted {
            if self.fields.get(&key) == value.as_ref() {
                continue;
            }
            match value {
                Some(value) => _ = self.fields.insert(key.clone(), value),
                None => _ = self.fields.remove(&key),
            }
            changed.push(key);
        }
        changed
    }

    pub(super) fn move_to(&mut self, state: &StateRule, reason: String, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        let (from, to) = (self.state, state.category);
        let named = |key: &StatusKey, category: TicketState| (key.as_str() != category.word()).then(|| key.clone());
        let (from_status, to_status) = (named(&self.status, from), named(&state.key, to));
        self.state = to;
        self.status = state.key.clone();
        self.state_since = cx.now.wall;
        self.moves_at = state.ends_at(cx.now.wall);
        self.emit(cx, TicketEventKind::Moved { from, to, reason, from_status, to_status });
        match to {
            TicketState::Solved => self.on_clocks(book, cx, |clocks| clocks.solved()),
            // What was never solved by name is so by its end.
            TicketState::Closed if from != TicketState::Solved => self.on_clocks(book, cx, |clocks| clocks.solved()),
            TicketState::Closed => {}
            TicketState::Merged | TicketState::Cancelled => self.on_clocks(book, cx, |clocks| clocks.over()),
            TicketState::New
            | TicketState::Open
            | TicketState::WaitingCustomer
            | TicketState::WaitingInternal
            | TicketState::WaitingSupplier => {
                let is_back = matches!(from, TicketState::Solved | TicketState::Closed);
                if is_back {
                    self.on_clocks(book, cx, |clocks| clocks.reopened());
                }
                if !is_back || to != TicketState::Open {
                    self.on_clocks(book, cx, |clocks| clocks.state_changed());
                }
            }
        }
    }

    /// A new ticket that somebody works on is open.
    pub(super) fn take_up(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        if self.state == TicketState::New {
            self.reopen(book, cx);
        }
    }

    /// Into the first state of its type that counts as open.
    fn reopen(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        if let Some(open) = book.workflow.first_of(self.kind, TicketState::Open) {
            self.move_to(open, String::new(), book, cx);
        }
    }

    /// Its type is another: a state that the new type does not have becomes one of the same category, or open.
    pub(super) fn fit_into_type(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) {
        let fits = book.workflow.state(self.kind, &self.status).is_some_and(|state| state.category == self.state);
        if fits {
            return self.review_state(book.workflow);
        }
        match book.workflow.first_of(self.kind, self.state) {
            Some(state) => self.move_to(state, String::new(), book, cx),
            None => self.reopen(book, cx),
        }
    }

    /// The customer came back: what was solved is open again, and what was closed, if that was of late.
    pub(super) fn customer_wrote(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) -> Result<(), TicketRefusal> {
        if self.state == TicketState::Closed {
            let days = book.workflow.types.get(&self.kind).map_or(0, |rules| rules.follow_up_after_days);
            if cx.now.wall.millis_since(self.state_since) > days.saturating_mul(DAY_MS) {
                return Err(TicketRefusal::FollowUp);
            }
        }
        self.emit(cx, TicketEventKind::CustomerWrote);
        if matches!(self.state, TicketState::Solved | TicketState::Closed) {
            self.reopen(book, cx);
        }
        self.on_clocks(book, cx, |clocks| clocks.customer_wrote());
        Ok(())
    }

    /// Its state ends by itself, if its time in it is over; whether it did.
    pub(super) fn state_timer_due(&mut self, book: SlaBook<'_>, cx: &mut Cx<'_, TicketEvent>) -> bool {
        self.review_state(book.workflow);
        if self.moves_at.is_none_or(|at| at > cx.now.wall) {
            return false;
        }
        let timer = book.workflow.state(self.kind, &self.status).and_then(|state| state.timer.as_ref());
        let next = timer.and_then(|timer| book.workflow.state(self.kind, &timer.to));
        if let Some(next) = next {
            self.move_to(next, String::new(), book, cx);
        }
        next.is_some()
    }

    pub(super) fn illegal(&self, to: StatusKey, by: &By, workflow: &Workflow) -> TicketRefusal {
        let legal = self.moves(by, workflow);
        TicketRefusal::IllegalMove { kind: self.kind, from: self.status.clone(), to, legal }
    }
}

fn changed(
    priority: Option<crate::domain::ticket::Priority>,
    disposition: Option<crate::types::DispositionId>,
    before: FactsBefore,
    fields: Vec<FieldKey>,
) -> TicketEventKind {
    TicketEventKind::Changed {
        ticket_type: None,
        priority,
        queue: None,
        customer: None,
        disposition,
        is_subject: false,
        before: Some(before),
        fields,
    }
}
