//! Callbacks for people and programs: who is to be called back and when, agreed, put off and called off. The floor decides; what it has
//! decided is read from the database, where each callback stands with its events.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    customers::Customers,
    field_problem::{FieldProblem, Flaw, Problems},
    paging::Part,
    switch_handle::{CommandFailure, SwitchHandle},
};
use crate::{
    domain::{
        calendar::resolve_local,
        callback::Callback,
        centre::{CallbackChange, CallbackPlace, CallbackWish, CentreCommand},
        directory::{Directory, LANGUAGES, Thing},
    },
    store::{Db, StoreFault, callbacks},
    types::{AgentId, CallId, CallbackId, Clock, CustomerId, PhoneNumber, QueueId, Rng, Timestamp},
};

pub use crate::store::callbacks::{CallbackCounts, CallbackFilter};

/// Longest note, in characters.
const NOTE_CHARS_MAX: i64 = 500;
/// Furthest agreed time.
const AHEAD_MS_MAX: i64 = 90 * 86_400_000;

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CallbackFault {
    /// There is none, or not for this actor.
    #[error("no such callback")]
    NotFound,
    /// What was asked for is wrong.
    #[error("invalid")]
    Invalid(Vec<FieldProblem>),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The floor says no, or has stopped.
    #[error(transparent)]
    Floor(#[from] CommandFailure),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A callback that somebody wants to set up.
#[derive(Debug, Clone, Default)]
pub struct CallbackDraft {
    /// Whom to call, as typed.
    pub number: String,
    /// Who that is, if known.
    pub customer: Option<CustomerId>,
    /// Key of the queue whose agents call.
    pub queue: Option<QueueId>,
    /// Language; `None` for the centre's.
    pub language: Option<String>,
    /// What it is about.
    pub note: Option<String>,
    /// The call in which it was agreed.
    pub call: Option<CallId>,
    /// When.
    pub time: AgreedTime,
    /// The agent who is to call; `None` for whoever of the queue.
    pub agent: Option<AgentId>,
}

/// An agreed time as people say it.
#[derive(Debug, Clone, Default)]
pub struct AgreedTime {
    /// Local time `2026-11-24T10:00`; `None` for as soon as possible.
    pub at: Option<String>,
    /// The customer's time zone; `None` for the centre's.
    pub zone: Option<String>,
}

/// A callback as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallbackView {
    /// All of it.
    #[serde(flatten)]
    pub callback: Callback,
    /// 1 for the first in line; `None` for one that is not in line now.
    pub position: Option<i64>,
    /// Whether it rings at an agent now.
    pub is_offered: bool,
    /// The call by which it stands in line, to put it first or to give it to an agent; `None` for one that is not in line now.
    pub line_call: Option<CallId>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Callbacks {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<Mutex<Rng>>,
    directory: watch::Receiver<Arc<Directory>>,
    customers: Customers,
    switch: SwitchHandle,
}

impl Callbacks {
    /// Over this database and this floor.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Rng,
        directory: watch::Receiver<Arc<Directory>>,
        customers: Customers,
        switch: SwitchHandle,
    ) -> Self {
        Self { db, clock, rng: Arc::new(Mutex::new(rng)), directory, customers, switch }
    }

    /// Callbacks that match, behind the place `after`. Who may not see the whole floor sees the own ones.
    pub async fn list(
        &self,
        actor: &Actor,
        mut filter: CallbackFilter,
        after: Option<(Timestamp, CallbackId)>,
        limit: i64,
    ) -> Result<Part<CallbackView, (Timestamp, CallbackId)>, CallbackFault> {
        if !actor.may(Permission::Supervise) {
            actor.require(Permission::TakeCalls)?;
            filter.agent = Some(actor.agent());
        }
        let found = callbacks::list(&self.db, &filter, after, limit + 1).await?;
        let places = self.places().await;
        Ok(Part::cut(found, limit, callbacks::position_of).map(|callback| view_of(callback, &places)))
    }

    /// One callback.
    pub async fn find(&self, actor: &Actor, id: CallbackId) -> Result<CallbackView, CallbackFault> {
        let callback = self.own(actor, id).await?;
        Ok(view_of(callback, &self.places().await))
    }

    /// What became of those that were promised between two times, by queue. For supervisors.
    pub async fn counts(&self, actor: &Actor, from: Timestamp, to: Timestamp) -> Result<Vec<CallbackCounts>, CallbackFault> {
        actor.require(Permission::Supervise)?;
        Ok(callbacks::counts(&self.db, from, to).await?)
    }

    /// Somebody is to be called back. Agents ask their queues or themselves; supervisors anyone.
    pub async fn create(&self, actor: &Actor, draft: CallbackDraft) -> Result<CallbackId, CallbackFault> {
        require_for(actor, draft.agent.as_ref())?;
        let directory = self.directory.borrow().clone();
        let mut problems = Problems::default();
        let number = PhoneNumber::parse(&draft.number, &directory.centre.country_code);
        if number.is_err() {
            problems.add("number", Flaw::NotAPhoneNumber);
        }
        match &draft.queue {
            Some(queue) if directory.queues.contains_key(queue) => {}
            Some(queue) => problems.add("queue", Flaw::unknown(Thing::Queue, queue)),
            None => problems.add("queue", Flaw::Missing),
        }
        if let Some(language) = &draft.language {
            problems.one_of("language", language, &LANGUAGES);
        }
        problems.length("note", draft.note.as_deref().unwrap_or_default(), 0, NOTE_CHARS_MAX);
        let caller = match draft.customer {
            Some(customer) => self.customers.caller(customer).await?,
            None => None,
        };
        if draft.customer.is_some() && caller.is_none() {
            problems.add("customer", Flaw::UnknownCustomer);
        }
        let (scheduled_at, zone) = self.read_time(draft.time, &directory, &mut problems);
        problems.into_result().map_err(CallbackFault::Invalid)?;
        let (Ok(number), Some(queue)) = (number, draft.queue) else { return Err(CallbackFault::NotFound) };
        let now = self.clock.now().wall;
        let id = CallbackId::mint(now, &mut self.rng.lock().unwrap_or_else(PoisonError::into_inner));
        let wish = CallbackWish {
            id,
            number,
            customer: draft.customer,
            segment: caller.as_ref().map(|caller| caller.segment.to_string()),
            queue,
            language: draft.language.or_else(|| caller.and_then(|caller| caller.language).map(|language| language.to_string())),
            note: draft.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty()),
            call: draft.call,
            scheduled_at,
            zone,
            agent: draft.agent,
        };
        self.switch.command(actor.in_events(), CentreCommand::RequestCallback(Box::new(wish))).await?;
        Ok(id)
    }

    /// Another time, agent or number, as typed. Agents change the own ones.
    pub async fn change(
        &self,
        actor: &Actor,
        id: CallbackId,
        time: AgreedTime,
        agent: Option<AgentId>,
        number: Option<String>,
    ) -> Result<(), CallbackFault> {
        require_for(actor, agent.as_ref())?;
        self.own(actor, id).await?;
        let directory = self.directory.borrow().clone();
        let mut problems = Problems::default();
        let (scheduled_at, zone) = self.read_time(time, &directory, &mut problems);
        let number = number.map(|typed| PhoneNumber::parse(&typed, &directory.centre.country_code));
        if matches!(number, Some(Err(_))) {
            problems.add("number", Flaw::NotAPhoneNumber);
        }
        problems.into_result().map_err(CallbackFault::Invalid)?;
        let number = number.and_then(Result::ok);
        let change = CallbackChange { callback: id, scheduled_at, zone, agent, number };
        Ok(self.switch.command(actor.in_events(), CentreCommand::ChangeCallback(Box::new(change))).await?)
    }

    /// Nobody is called back any more.
    pub async fn cancel(&self, actor: &Actor, id: CallbackId) -> Result<(), CallbackFault> {
        self.own(actor, id).await?;
        Ok(self.switch.command(actor.in_events(), CentreCommand::CancelCallback { callback: id }).await?)
    }

    async fn own(&self, actor: &Actor, id: CallbackId) -> Result<Callback, CallbackFault> {
        let found = callbacks::find(&self.db, id).await?.ok_or(CallbackFault::NotFound)?;
        if !actor.may(Permission::Supervise) {
            actor.require(Permission::TakeCalls)?;
            if found.agent.as_ref() != Some(&actor.agent()) {
                return Err(CallbackFault::NotFound);
            }
        }
        Ok(found)
    }

    async fn places(&self) -> BTreeMap<CallbackId, CallbackPlace> {
        let places = self.switch.snapshot().await.map(|floor| floor.callbacks).unwrap_or_default();
        places.into_iter().map(|place| (place.callback, place)).collect()
    }

    fn read_time(
        &self,
        time: AgreedTime,
        directory: &Directory,
        problems: &mut Problems,
    ) -> (Option<Timestamp>, Option<String>) {
        // Where nobody has said where the customer lives, the clocks of the centre count for the time, and no zone is kept.
        let known = time.zone;
        let zone = known.clone().unwrap_or_else(|| directory.centre.time_zone.clone());
        // A time that every zone has: what is wrong then is the zone.
        if resolve_local(&zone, "2000-01-01T12:00:00").is_none() {
            problems.add("zone", Flaw::UnknownZone);
            return (None, None);
        }
        let Some(local) = time.at else { return (None, known) };
        let now = self.clock.now().wall;
        let at = resolve_local(&zone, &local);
        match at {
            None => problems.add("at", Flaw::NotALocalTime),
            Some(at) if at < now => problems.add("at", Flaw::InThePast),
            Some(at) if at.millis_since(now) > AHEAD_MS_MAX => {
                problems.add("at", Flaw::TooFarAhead { days: AHEAD_MS_MAX / 86_400_000 })
            }
            Some(_) => {}
        }
        (at, known)
    }
}

/// A callback for another agent is for supervisors to arrange.
fn require_for(actor: &Actor, agent: Option<&AgentId>) -> Result<(), Forbidden> {
    let is_of_another = agent.is_some_and(|agent| *agent != actor.agent());
    if !is_of_another && actor.may(Permission::TakeCalls) {
        return Ok(());
    }
    actor.require(Permission::Supervise)
}

fn view_of(callback: Callback, places: &BTreeMap<CallbackId, CallbackPlace>) -> CallbackView {
    let place = places.get(&callback.id);
    CallbackView {
        position: place.and_then(|place| place.position).map(|position| i64::try_from(position).unwrap_or(i64::MAX)),
        is_offered: place.is_some_and(|place| place.is_offered),
        line_call: place.filter(|place| place.position.is_some()).map(|place| place.call),
        callback,
    }
}
