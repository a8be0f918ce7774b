//! Use cases over tickets: load, decide, save with a version check, in one write. A timer that comes due walks the same road as a
//! person's click. Decides who may do what; what a step means is decided by `domain/ticket`.

mod callbacks;
mod deadlines;
mod left_behind;
mod policies;
#[cfg(test)]
mod tests;
mod thread;
mod workflow;

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use self::{left_behind::Birth, policies::Book};
use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems, sentences},
    paging::Part,
};
use crate::{
    domain::{
        Cx, Outbox,
        access::Role,
        directory::{Directory, Thing},
        event::{Actor as EventActor, Event},
        ticket::{
            self, By, ClockAccount, FieldConflict, Metric, MoveOption, OpenTicket, Opening, Rank, Ticket, TicketCommand,
            TicketEvent, TicketLine, TicketRefusal, TicketState, WorkflowMistake,
        },
    },
    store::{
        Db, Lane, NewEvent, StoreFault, Tx, calls, customers,
        tickets::{self as rows, Entry, StoredTicket},
    },
    types::{CallId, Clock, CustomerId, DispositionId, InteractionId, Now, QueueId, Rng, TicketId, Timestamp},
};

pub use crate::store::tickets::{TicketFilter, TicketPosition};
pub use deadlines::TIMERS_PER_TURN;
pub use thread::ThreadPart;
pub use workflow::{SavedWorkflow, StandingTickets};

/// The first ticket's number.
const FIRST_NUMBER: i64 = 1_001;
/// The kind of entries that tell what the customer said.
const SAID_BY_CUSTOMER: &str = "customer";

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TicketFault {
    /// There is none.
    #[error("no such ticket")]
    NotFound,
    /// There is no such call.
    #[error("no such call")]
    NoSuchCall,
    /// The ticket has no such clock, or the calendar that it counted in is gone.
    #[error("no such clock")]
    NoSuchClock,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Only the exchange gives this command.
    #[error("this is not for people to do")]
    NotForPeople,
    /// Somebody else saved it meanwhile.
    #[error("this ticket was changed meanwhile; load it again")]
    ChangedMeanwhile,
    /// Somebody else changed the same facts meanwhile.
    #[error("the same was changed meanwhile")]
    Conflict(Vec<FieldConflict>),
    /// The text of a workflow has mistakes.
    #[error("the workflow has {} mistakes", .0.len())]
    WorkflowWrong(Vec<WorkflowMistake>),
    /// Tickets stand in states that a new workflow does not have.
    #[error("{}", workflow::standing_text(.0))]
    WorkflowInUse(Vec<StandingTickets>),
    /// Somebody else saved a workflow meanwhile.
    #[error("the workflow was changed meanwhile; load it again")]
    WorkflowChangedMeanwhile,
    /// There is no such version of the workflow.
    #[error("no such version of the workflow")]
    NoSuchWorkflow,
    /// There is no such SLA policy.
    #[error("no such SLA policy")]
    NoSuchPolicy,
    /// The key of a new SLA policy is taken.
    #[error("an SLA policy with this key exists already")]
    PolicyTaken,
    /// Somebody else saved the SLA policy meanwhile.
    #[error("this SLA policy was changed meanwhile; load it again")]
    PolicyChangedMeanwhile,
    /// Values that cannot be saved.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// The ticket says no.
    #[error(transparent)]
    Refused(#[from] TicketRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A ticket with all that its page shows.
#[derive(Debug, Clone)]
pub struct TicketPage {
    /// As in lists.
    pub line: TicketLine,
    /// The ticket itself.
    pub ticket: Ticket,
    /// What was said and done, as far as its page shows it at first.
    pub thread: ThreadPart,
    /// Where it can go, and what holds that back for who asks.
    pub moves: Vec<MoveOption>,
}

/// Use cases over tickets. Cheap to clone.
#[derive(Clone)]
pub struct Tickets {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Mutex<Rng>,
    directory: tokio::sync::watch::Receiver<Arc<Directory>>,
    book: ArcSwap<Book>,
    /// Told whenever a deadline may have come nearer.
    timers_changed: tokio::sync::Notify,
    /// Told when open tickets need their deadlines anew.
    policies_changed: tokio::sync::Notify,
}

impl Tickets {
    /// Reads the policies and is ready.
    pub async fn open_desk(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Rng,
        directory: tokio::sync::watch::Receiver<Arc<Directory>>,
    ) -> Result<Self, StoreFault> {
        let book = ArcSwap::default();
        let (timers_changed, policies_changed) = Default::default();
        let rng = Mutex::new(rng);
        let shared = Shared { db, clock, rng, directory, book, timers_changed, policies_changed };
        let desk = Self { shared: Arc::new(shared) };
        desk.reload_book().await?;
        Ok(desk)
    }

    /// Opens a ticket.
    pub async fn open(&self, actor: &Actor, wanted: OpenTicket) -> Result<TicketLine, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        self.check_keys(wanted.queue.as_ref(), wanted.disposition.as_ref())?;
        self.check_offered(wanted.kind)?;
        self.open_as(EventActor::User { user: actor.user.clone() }, wanted, Birth::ByHand).await
    }

    /// Tickets, next deadline first, behind the place `after`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &TicketFilter,
        after: Option<&TicketPosition>,
        limit: i64,
    ) -> Result<Part<TicketLine, TicketPosition>, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        let found = rows::list(&self.shared.db, filter, after, limit + 1).await?;
        Ok(Part::cut(found, limit, |stored| rows::position_of(&stored.ticket)).map(|stored| self.line(stored)))
    }

    /// One ticket with what was said on it.
    pub async fn page(&self, actor: &Actor, id: TicketId) -> Result<TicketPage, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        self.whole(actor, rows::find(&self.shared.db, id).await?.ok_or(TicketFault::NotFound)?).await
    }

    /// The same by what people say.
    pub async fn page_by_number(&self, actor: &Actor, number: i64) -> Result<TicketPage, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        self.whole(actor, rows::find_by_number(&self.shared.db, number).await?.ok_or(TicketFault::NotFound)?).await
    }

    /// Why a clock of a ticket is due when it is; the newest cycle unless another is asked for.
    pub async fn explain(
        &self,
        actor: &Actor,
        id: TicketId,
        metric: Metric,
        cycle: Option<i64>,
    ) -> Result<ClockAccount, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        let stored = rows::find(&self.shared.db, id).await?.ok_or(TicketFault::NotFound)?;
        let is_wanted = |clock: &&ticket::Clock| clock.metric == metric && cycle.is_none_or(|cycle| clock.cycle == cycle);
        let clock = stored.ticket.clocks.iter().rfind(is_wanted).ok_or(TicketFault::NoSuchClock)?;
        let book = self.shared.book.load();
        let calendar = book.calendars.get(&clock.calendar).ok_or(TicketFault::NoSuchClock)?;
        Ok(clock.account(calendar, self.now()))
    }

    async fn whole(&self, actor: &Actor, stored: StoredTicket) -> Result<TicketPage, TicketFault> {
        let thread = self.part(stored.ticket.id, None, thread::FIRST_PART).await?;
        let moves = stored.ticket.moves(&by(actor), self.shared.book.load().view().workflow);
        Ok(TicketPage { ticket: stored.ticket.clone(), line: self.line(stored), thread, moves })
    }

    /// The line of one ticket, for consoles that heard of it; no rights are asked, the console redacts.
    pub async fn find_line(&self, id: TicketId) -> Result<Option<TicketLine>, StoreFault> {
        Ok(rows::find(&self.shared.db, id).await?.map(|stored| self.line(stored)))
    }

    /// The open tickets of a customer, next deadline first.
    pub async fn open_of(&self, customer: CustomerId, limit: i64) -> Result<Vec<TicketLine>, StoreFault> {
        let filter = TicketFilter { customer: Some(customer), is_open: true, ..TicketFilter::default() };
        Ok(rows::list(&self.shared.db, &filter, None, limit).await?.into_iter().map(|stored| self.line(stored)).collect())
    }

    /// Numbers and states of a customer's open tickets, newest first, for flows.
    pub async fn open_numbers(&self, customer: CustomerId, limit: i64) -> Result<Vec<(i64, TicketState)>, StoreFault> {
        rows::open_of_customer(&self.shared.db, customer, limit).await
    }

    /// Does something with a ticket. With `seen`, only if nobody saved it since that version.
    pub async fn handle(
        &self,
        actor: &Actor,
        id: TicketId,
        seen: Option<i64>,
        command: TicketCommand,
    ) -> Result<TicketLine, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        match &command {
            TicketCommand::Change { queue, disposition, .. } => self.check_keys(queue.as_ref(), disposition.as_ref())?,
            TicketCommand::Move { disposition, .. } => self.check_keys(None, disposition.as_ref())?,
            TicketCommand::TimerDue { .. } | TicketCommand::StateTimerDue | TicketCommand::AddCall { .. } => {
                return Err(TicketFault::NotForPeople);
            }
            TicketCommand::Assign { .. }
            | TicketCommand::SetFields { .. }
            | TicketCommand::Comment { .. }
            | TicketCommand::CustomerWrote { .. } => {}
        }
        let words = if let TicketCommand::CustomerWrote { text } = &command { Some(text.clone()) } else { None };
        let who = EventActor::User { user: actor.user.clone() };
        let done = self.change(Lane::People, who, by(actor), id, seen, move |_| Box::pin(async move { Ok(command) })).await;
        match (done, words) {
            (Err(TicketFault::Refused(TicketRefusal::FollowUp)), Some(words)) => self.follow_up(actor, id, words).await,
            (done, _) => done,
        }
    }

    /// A new ticket goes on with one that was closed too long ago.
    async fn follow_up(&self, actor: &Actor, id: TicketId, words: String) -> Result<TicketLine, TicketFault> {
        let before = rows::find(&self.shared.db, id).await?.ok_or(TicketFault::NotFound)?.ticket;
        let wanted = OpenTicket {
            kind: before.kind,
            subject: before.subject,
            description: words.trim().to_owned(),
            priority: before.priority,
            customer: before.customer,
            queue: before.queue,
            owner: None,
            disposition: None,
            call: None,
            is_internal: before.is_internal,
        };
        self.open_as(EventActor::User { user: actor.user.clone() }, wanted, Birth::Following(id)).await
    }

    /// Opens a ticket out of a call: customer, queue and disposition are the call's unless the command names others. A call that
    /// an agent answered was contact and response at once.
    pub async fn open_from_call(&self, actor: &Actor, call: CallId, wanted: OpenTicket) -> Result<TicketLine, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        self.require_part_in(actor, call).await?;
        self.check_keys(wanted.queue.as_ref(), wanted.disposition.as_ref())?;
        self.open_as(EventActor::User { user: actor.user.clone() }, OpenTicket { call: Some(call), ..wanted }, Birth::ByHand)
            .await
    }

    /// Puts a call on a ticket that is there already.
    pub async fn add_call(&self, actor: &Actor, call: CallId, ticket: TicketId) -> Result<TicketLine, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        self.require_part_in(actor, call).await?;
        let who = EventActor::User { user: actor.user.clone() };
        self.change(Lane::People, who, by(actor), ticket, None, move |tx| {
            Box::pin(async move {
                let facts = rows::call_facts(tx, call).await?.ok_or(TicketFault::NoSuchCall)?;
                rows::link_call(tx, call, ticket).await?;
                Ok(TicketCommand::AddCall { call, was_answered: facts.was_answered })
            })
        })
        .await
    }

    /// The tickets that a call led to or was put on, oldest first; none of a call that is none of the actor's.
    pub async fn of_call(&self, actor: &Actor, call: CallId) -> Result<Vec<TicketLine>, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        match self.require_part_in(actor, call).await {
            Err(TicketFault::NoSuchCall) => return Ok(Vec::new()),
            other => other?,
        }
        let mut lines = Vec::new();
        for ticket in rows::of_call(&self.shared.db, call).await? {
            lines.extend(self.find_line(ticket).await?);
        }
        Ok(lines)
    }

    /// Who may not see every call works with those they took part in; others are none of theirs, not even that they exist.
    async fn require_part_in(&self, actor: &Actor, call: CallId) -> Result<(), TicketFault> {
        if actor.may(Permission::SeeCalls) || calls::took_part(&self.shared.db, call, &actor.agent()).await? {
            return Ok(());
        }
        Err(TicketFault::NoSuchCall)
    }

    async fn open_as(&self, by: EventActor, wanted: OpenTicket, birth: Birth) -> Result<TicketLine, TicketFault> {
        let desk = self.clone();
        let ticket = self
            .shared
            .db
            .write(Lane::People, move |tx: &mut Tx| Box::pin(async move { desk.store_new(tx, by, wanted, birth).await }))
            .await?;
        self.shared.timers_changed.notify_one();
        self.find_line(ticket).await?.ok_or(TicketFault::NotFound)
    }

    async fn store_new(
        &self,
        tx: &mut Tx,
        by: EventActor,
        mut wanted: OpenTicket,
        birth: Birth,
    ) -> Result<TicketId, TicketFault> {
        let follows = match birth {
            Birth::Following(before) => Some(before),
            Birth::ByHand | Birth::Owed(_) | Birth::OncePerCall => None,
        };
        let mut facts = Opening { follows, ..Opening::default() };
        if let Some(call) = wanted.call {
            let of_call = rows::call_facts(tx, call).await?.ok_or(TicketFault::NoSuchCall)?;
            // The reaction may run again after a crash, and a caller may give up more than once.
            let before = match &birth {
                Birth::ByHand | Birth::Following(_) => None,
                Birth::Owed(queue) => rows::open_callback(tx, queue, of_call.customer, of_call.number.as_deref()).await?,
                Birth::OncePerCall => rows::of_call_called(tx, call, &wanted.subject).await?,
            };
            if let Some(before) = before {
                return Ok(before);
            }
            if birth == Birth::ByHand {
                wanted.queue = wanted.queue.or(of_call.queue);
                facts.was_answered = of_call.was_answered;
            } else {
                // Whom to call, and what about: an unknown caller has no record that would say it.
                let said = [of_call.number.clone(), of_call.reason.clone()].into_iter().flatten();
                let said = said.chain(Some(wanted.description).filter(|text| !text.is_empty()));
                wanted.description = said.collect::<Vec<_>>().join(" · ");
            }
            wanted.customer = wanted.customer.or(of_call.customer);
            wanted.disposition = wanted.disposition.or(of_call.disposition);
            facts.contact_at = Some(of_call.started_at);
        }
        if let Some(customer) = wanted.customer {
            let segment = customers::segment_of(tx, customer).await?;
            facts.segment = Some(segment.ok_or_else(|| invalid("customer", Flaw::UnknownCustomer))?);
        }
        facts.number = tx.next_number("ticket", FIRST_NUMBER).await?;
        let call = wanted.call;
        let book = self.shared.book.load_full();
        let (ticket, events) =
            self.decide(|cx| Ticket::open(TicketId::mint(cx.now.wall, cx.rng), wanted, facts, book.view(), cx));
        let ticket = ticket?;
        rows::insert(tx, &ticket, call, &author(&by)).await?;
        if let Some(call) = call {
            rows::link_call(tx, call, ticket.id).await?;
        }
        tell(tx, self.now(), by, events).await?;
        Ok(ticket.id)
    }

    /// Loads, decides, saves: one write.
    async fn change<F>(
        &self,
        lane: Lane,
        who: EventActor,
        by: By,
        id: TicketId,
        seen: Option<i64>,
        command: F,
    ) -> Result<TicketLine, TicketFault>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> crate::store::WriteFuture<'a, TicketCommand, TicketFault> + Send + 'static,
    {
        let desk = self.clone();
        self.shared
            .db
            .write(lane, move |tx: &mut Tx| {
                Box::pin(async move {
                    let command = command(tx).await?;
                    desk.step(tx, who, &by, id, seen, command).await
                })
            })
            .await?;
        self.shared.timers_changed.notify_one();
        self.find_line(id).await?.ok_or(TicketFault::NotFound)
    }

    async fn step(
        &self,
        tx: &mut Tx,
        who: EventActor,
        by: &By,
        id: TicketId,
        seen: Option<i64>,
        command: TicketCommand,
    ) -> Result<(), TicketFault> {
        let mut stored = rows::load(tx, id).await?.ok_or(TicketFault::NotFound)?;
        if let Some(seen) = seen {
            check_seen(&stored.ticket, &command, seen)?;
        }
        if let TicketCommand::Change { customer: Some(customer), .. } = &command {
            stored.ticket.segment = customers::segment_of(tx, *customer).await?;
        }
        let entry = said(&command, &stored.ticket);
        let book = self.shared.book.load_full();
        let (result, events) = self.decide(|cx| stored.ticket.handle(command, by, book.view(), cx));
        result?;
        if !rows::update(tx, &stored.ticket).await? {
            return Err(TicketFault::ChangedMeanwhile);
        }
        // A word and the event that tells of it stand at one instant, so that no part of the thread begins between them.
        let now = self.now();
        if let Some((kind, body, is_public)) = entry {
            let place = u32::try_from(stored.ticket.version).unwrap_or(u32::MAX);
            let id = self.with_rng(|rng| InteractionId::mint_in_order(now, place, rng));
            let author = if kind == SAID_BY_CUSTOMER { author(&EventActor::Customer) } else { author(&who) };
            let entry = Entry { id, at: now, author, kind: kind.into(), body, is_public };
            rows::add_entry(tx, stored.ticket.id, &entry).await?;
        }
        tell(tx, now, who, events).await?;
        Ok(())
    }

    fn decide<T>(&self, decision: impl FnOnce(&mut Cx<'_, TicketEvent>) -> T) -> (T, Outbox<TicketEvent>) {
        let mut out = Outbox::default();
        let now = self.shared.clock.now();
        let result = self.with_rng(|rng| decision(&mut Cx { now: Now { ..now }, rng, out: &mut out }));
        (result, out)
    }

    fn with_rng<T>(&self, work: impl FnOnce(&mut Rng) -> T) -> T {
        work(&mut self.shared.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now().wall
    }

    fn line(&self, stored: StoredTicket) -> TicketLine {
        stored.ticket.line(stored.customer_name, &self.shared.book.load().calendars)
    }

    fn check_keys(&self, queue: Option<&QueueId>, disposition: Option<&DispositionId>) -> Result<(), TicketFault> {
        let directory = self.shared.directory.borrow();
        let mut problems = Problems::default();
        if let Some(queue) = queue.filter(|queue| !directory.queues.contains_key(*queue)) {
            problems.add("queue", Flaw::unknown(Thing::Queue, queue));
        }
        if let Some(leaf) = disposition.filter(|leaf| !directory.is_disposition_leaf(leaf)) {
            problems.add("disposition", Flaw::NotALeaf { disposition: leaf.to_string() });
        }
        problems.into_result().map_err(TicketFault::Invalid)
    }
}

fn invalid(field: &str, flaw: Flaw) -> TicketFault {
    TicketFault::Invalid(vec![FieldProblem::new(field, flaw)])
}

/// What a command leaves among the entries of the ticket as it is before: the words, which events do not hold.
fn said(command: &TicketCommand, ticket: &Ticket) -> Option<(&'static str, String, bool)> {
    match command {
        TicketCommand::Change { subject: Some(subject), .. } if subject.trim() != ticket.subject => {
            Some(("subject", ticket.subject.clone(), false))
        }
        TicketCommand::Comment { text, is_public } => Some(("comment", text.trim().to_owned(), *is_public)),
        TicketCommand::CustomerWrote { text } => Some((SAID_BY_CUSTOMER, text.trim().to_owned(), true)),
        TicketCommand::Move { reason, .. } if !reason.trim().is_empty() => Some(("move", reason.trim().to_owned(), false)),
        TicketCommand::Move { .. }
        | TicketCommand::Assign { .. }
        | TicketCommand::Change { .. }
        | TicketCommand::SetFields { .. }
        | TicketCommand::AddCall { .. }
        | TicketCommand::StateTimerDue
        | TicketCommand::TimerDue { .. } => None,
    }
}

/// What was changed apart since `seen` is put together; what two changed alike, or words to the customer, is not.
fn check_seen(ticket: &Ticket, command: &TicketCommand, seen: i64) -> Result<(), TicketFault> {
    if seen > ticket.version {
        return Err(TicketFault::ChangedMeanwhile);
    }
    let conflicts = ticket.conflicts(command, seen);
    if conflicts.iter().any(|conflict| conflict.field == "conversation") {
        return Err(TicketFault::ChangedMeanwhile);
    }
    if conflicts.is_empty() { Ok(()) } else { Err(TicketFault::Conflict(conflicts)) }
}

/// Who asks, as far as moves go by it.
fn by(actor: &Actor) -> By {
    let rank = match actor.role {
        Role::Agent => Rank::Agent,
        Role::Supervisor => Rank::Supervisor,
        Role::Administrator => Rank::Administrator,
    };
    By { user: Some(actor.user.clone()), rank: Some(rank) }
}

async fn tell(tx: &mut Tx, at: Timestamp, by: EventActor, mut events: Outbox<TicketEvent>) -> Result<(), StoreFault> {
    for event in events.drain().collect::<Vec<_>>() {
        let dedup = event.dedup();
        tx.emit(NewEvent { at, actor: by.clone(), cause: None, event: Event::Ticket(event), dedup }).await?;
    }
    Ok(())
}

/// An actor as a column holds it.
fn author(by: &EventActor) -> String {
    match by {
        EventActor::User { user } => user.to_string(),
        EventActor::Customer => "customer".into(),
        EventActor::System => "system".into(),
    }
}
