//! A supervisor tells a queue's agents, or all of them, something. Every console hears that there is news by the event, which is also
//! the audit trail's; what it says is read here, by those for whom it is.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems},
};
use crate::{
    domain::{
        directory::{AgentProfile, Directory, DirectoryEvent, DirectoryEventKind, Queue, Thing},
        event::Event,
    },
    store::{Db, Lane, NewEvent, StoreFault, broadcasts as rows},
    types::{BroadcastId, Clock, QueueId, Rng, Timestamp, UserId},
};

/// Characters of a sentence.
const TEXT_CHARS_MAX: i64 = 280;
/// Longest time that one is shown: a day.
const MINUTES_MAX: i64 = 1_440;
/// Sentences that are shown at a time.
const CURRENT_MAX: i64 = 20;

/// Why nothing was told, or ended.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastFault {
    /// There is none that is shown.
    #[error("no such broadcast is shown")]
    NotFound,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What is wrong with it.
    #[error("{}", super::field_problem::sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A sentence for agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BroadcastLine {
    /// Which.
    pub id: BroadcastId,
    /// What.
    pub text: String,
    /// For whose agents; `None` for all.
    pub queue: Option<QueueId>,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Until when it is shown.
    pub until: Timestamp,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Broadcasts {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<Mutex<Rng>>,
    directory: watch::Receiver<Arc<Directory>>,
}

impl Broadcasts {
    /// Over this database.
    pub fn new(db: Db, clock: Arc<dyn Clock>, rng: Rng, directory: watch::Receiver<Arc<Directory>>) -> Self {
        Self { db, clock, rng: Arc::new(Mutex::new(rng)), directory }
    }

    /// Those that are shown to the actor now, the oldest first; supervisors see all.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<BroadcastLine>, BroadcastFault> {
        actor.require(Permission::TakeCalls)?;
        let all = rows::current(&self.db, self.clock.now().wall, CURRENT_MAX).await?;
        let directory = Arc::clone(&self.directory.borrow());
        let agent = directory.agents.get(&actor.agent());
        let is_for = |queue: &QueueId| {
            let queue = directory.queues.get(queue);
            agent.zip(queue).is_some_and(|(agent, queue)| serves(agent, queue))
        };
        let sees_all = actor.may(Permission::Supervise);
        let seen = all.into_iter().filter(|one| sees_all || one.queue.as_ref().is_none_or(is_for));
        Ok(seen.map(BroadcastLine::from).collect())
    }

    /// Tells a queue's agents, or all, for so many minutes.
    pub async fn send(
        &self,
        actor: &Actor,
        text: &str,
        queue: Option<QueueId>,
        minutes: i64,
    ) -> Result<BroadcastLine, BroadcastFault> {
        actor.require(Permission::Supervise)?;
        let text = text.trim();
        let mut problems = Problems::default();
        problems.length("text", text, 1, TEXT_CHARS_MAX);
        problems.unless(!text.chars().any(char::is_control), "text", Flaw::ControlCharacters);
        problems.within("minutes", minutes, 1, MINUTES_MAX);
        if let Some(queue) = &queue
            && !self.directory.borrow().queues.contains_key(queue)
        {
            problems.add("queue", Flaw::unknown(Thing::Queue, queue));
        }
        problems.into_result().map_err(BroadcastFault::Invalid)?;
        let now = self.clock.now().wall;
        let id = BroadcastId::mint(now, &mut self.rng.lock().unwrap_or_else(PoisonError::into_inner));
        let until = now.plus_millis(minutes * 60_000);
        let new = rows::Broadcast { id, text: text.to_owned(), queue, by: actor.user.clone(), at: now, until };
        let (row, by) = (new.clone(), actor.in_events());
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    if rows::count_current_in(tx, now).await? >= CURRENT_MAX {
                        let problem = FieldProblem::new("text", Flaw::TooMany { most: CURRENT_MAX });
                        return Err(BroadcastFault::Invalid(vec![problem]));
                    }
                    rows::insert(tx, &row).await?;
                    tx.emit(NewEvent::new(now, by, happened(id, DirectoryEventKind::Made))).await?;
                    Ok(())
                })
            })
            .await?;
        Ok(new.into())
    }

    /// It is shown no longer.
    pub async fn end(&self, actor: &Actor, id: BroadcastId) -> Result<(), BroadcastFault> {
        actor.require(Permission::Supervise)?;
        let (now, by) = (self.clock.now().wall, actor.in_events());
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    if !rows::end(tx, id, now).await? {
                        return Err(BroadcastFault::NotFound);
                    }
                    tx.emit(NewEvent::new(now, by, happened(id, DirectoryEventKind::Removed))).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn happened(id: BroadcastId, kind: DirectoryEventKind) -> Event {
    Event::Directory(DirectoryEvent { thing: Thing::Broadcast, key: id.to_string(), kind })
}

/// Whether an agent has the skills of a queue.
fn serves(agent: &AgentProfile, queue: &Queue) -> bool {
    queue.skills.iter().all(|need| agent.skills.get(&need.skill).is_some_and(|level| *level >= need.level))
}

impl From<rows::Broadcast> for BroadcastLine {
    fn from(row: rows::Broadcast) -> Self {
        let rows::Broadcast { id, text, queue, by, at, until } = row;
        Self { id, text, queue, by, at, until }
    }
}
