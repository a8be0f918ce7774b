//! Work items for people and programs: which there are, what becomes of them and why they went where they went. The floor decides; what
//! it has decided is read from the database, where each item stands with its events; those at agents are read from the floor, which is
//! ahead of the database by some milliseconds.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    customers::Customers,
    paging::Part,
    switch_handle::{CommandFailure, SwitchHandle},
};
use crate::{
    domain::{
        centre::{CentreCommand, WorkAsked, WorkWish},
        event::EventRecord,
        work::WorkItem,
    },
    store::{Db, StoreFault, journal, tickets, work_items},
    types::{DispositionId, TicketId, Timestamp, WorkItemId},
};

pub use crate::store::work_items::{WorkCounts, WorkFilter};

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WorkFault {
    /// There is none, or not for this actor.
    #[error("no such work item")]
    NotFound,
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

/// What an agent does with an item of the own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnMove {
    /// Takes what is offered.
    Accept,
    /// Does not want what is offered.
    Decline,
    /// Gives back what is open.
    GiveBack,
    /// Has done what is open.
    Done {
        /// What it was about.
        disposition: Option<DispositionId>,
    },
}

/// A work item as it stands, with what it leads to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WorkItemView {
    /// All of it.
    #[serde(flatten)]
    pub item: WorkItem,
    /// Name of the customer, when known.
    pub name: Option<String>,
    /// Its ticket; `None` for the moment until it is opened.
    pub ticket: Option<TicketId>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct WorkItems {
    db: Db,
    customers: Customers,
    switch: SwitchHandle,
}

impl WorkItems {
    /// Over this database and this floor.
    pub fn new(db: Db, customers: Customers, switch: SwitchHandle) -> Self {
        Self { db, customers, switch }
    }

    /// Items that match, behind the place `after`. Who may not see the whole floor sees the own ones.
    pub async fn list(
        &self,
        actor: &Actor,
        mut filter: WorkFilter,
        after: Option<(Timestamp, WorkItemId)>,
        limit: i64,
    ) -> Result<Part<WorkItem, (Timestamp, WorkItemId)>, WorkFault> {
        if !actor.may(Permission::Supervise) {
            actor.require(Permission::TakeCalls)?;
            filter.agent = Some(actor.agent());
        }
        let found = work_items::list(&self.db, &filter, after, limit + 1).await?;
        Ok(Part::cut(found, limit, work_items::position_of))
    }

    /// One item.
    pub async fn find(&self, actor: &Actor, id: WorkItemId) -> Result<WorkItemView, WorkFault> {
        let at_agents = self.switch.snapshot().await.map(|floor| floor.work).unwrap_or_default();
        let item = match at_agents.into_iter().find(|item| item.id == id) {
            Some(item) => item,
            None => work_items::find(&self.db, id).await?.ok_or(WorkFault::NotFound)?,
        };
        if !actor.may(Permission::Supervise) {
            actor.require(Permission::TakeCalls)?;
            if item.state.agent() != Some(&actor.agent()) {
                return Err(WorkFault::NotFound);
            }
        }
        let caller = match item.customer {
            Some(customer) => self.customers.caller(customer).await?,
            None => None,
        };
        let ticket = tickets::of_call(&self.db, item.call).await?.into_iter().next();
        Ok(WorkItemView { name: caller.map(|caller| caller.name.to_string()), ticket, item })
    }

    /// Everything that happened to an item, oldest first; each offer with the reasons for which that agent was asked. For supervisors.
    pub async fn history(&self, actor: &Actor, id: WorkItemId) -> Result<Vec<EventRecord>, WorkFault> {
        actor.require(Permission::Supervise)?;
        let history = journal::events_of(&self.db, "work_item", &id.to_string()).await?;
        if history.is_empty() { Err(WorkFault::NotFound) } else { Ok(history) }
    }

    /// What became of those that came between two times, by queue. For supervisors.
    pub async fn counts(&self, actor: &Actor, from: Timestamp, to: Timestamp) -> Result<Vec<WorkCounts>, WorkFault> {
        actor.require(Permission::Supervise)?;
        Ok(work_items::counts(&self.db, from, to).await?)
    }

    /// An agent does something with an item that is offered to it or open there.
    pub async fn act(&self, actor: &Actor, item: WorkItemId, wanted: OwnMove) -> Result<(), WorkFault> {
        actor.require(Permission::TakeCalls)?;
        let agent = actor.agent();
        let asked = match wanted {
            OwnMove::Accept => WorkAsked::Accept(agent),
            OwnMove::Decline => WorkAsked::Decline(agent),
            OwnMove::GiveBack => WorkAsked::GiveBack(agent),
            OwnMove::Done { disposition } => WorkAsked::Done { agent, disposition },
        };
        Ok(self.switch.command(actor.in_events(), CentreCommand::Work(Box::new(WorkWish { item, asked }))).await?)
    }

    /// A supervisor takes an item off the floor, wherever it is. Its ticket stays.
    pub async fn close(&self, actor: &Actor, item: WorkItemId) -> Result<(), WorkFault> {
        actor.require(Permission::Supervise)?;
        let wish = WorkWish { item, asked: WorkAsked::Close };
        Ok(self.switch.command(actor.in_events(), CentreCommand::Work(Box::new(wish))).await?)
    }
}
