//! The workflow of tickets: read, checked, saved as a new version. A text with mistakes changes nothing, and a state in which tickets
//! stand cannot vanish.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::{TicketFault, Tickets, invalid};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::Flaw,
    },
    domain::{
        directory::{DirectoryEvent, DirectoryEventKind, Thing},
        event::{Actor as EventActor, Event},
        ticket::{BUILT_IN, TicketType, Workflow, read_workflow},
    },
    store::{
        Lane, NewEvent, StoreFault, Tx,
        ticket_workflow::{self as rows, StoredWorkflow},
    },
    types::{StatusKey, Timestamp, UserId},
};

/// Saved versions that are tried at the start, newest first, should a later release of the exchange not read the newest.
const TRIED_MAX: i64 = 20;
const VERSIONS_SHOWN: i64 = 100;

/// The workflow that holds, with its text.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) stored: StoredWorkflow,
    pub(super) workflow: Arc<Workflow>,
}

/// A version of the workflow's text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SavedWorkflow {
    /// From 1; 0 is the built-in one, which holds until another is saved.
    pub version: i64,
    /// TOML.
    pub text: String,
    /// Who saved it.
    pub saved_by: Option<UserId>,
    /// When.
    pub saved_at: Option<Timestamp>,
}

/// Tickets that stand in a state which a new workflow does not have, or counts otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct StandingTickets {
    /// Word of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The state.
    pub status: StatusKey,
    /// How many tickets stand in it.
    pub tickets: i64,
}

impl Default for Running {
    fn default() -> Self {
        let stored = StoredWorkflow { version: 0, text: BUILT_IN.into(), saved_by: None, saved_at: None };
        Self { stored, workflow: Workflow::built_in() }
    }
}

impl From<StoredWorkflow> for SavedWorkflow {
    fn from(stored: StoredWorkflow) -> Self {
        let StoredWorkflow { version, text, saved_by, saved_at } = stored;
        Self { version, text, saved_by, saved_at }
    }
}

/// A sentence on tickets that stand in the way of a new workflow.
pub(super) fn standing_text(standing: &[StandingTickets]) -> String {
    let states = standing.iter().map(|one| format!("{} {} in `{}`", one.tickets, one.kind, one.status));
    let states = states.collect::<Vec<_>>().join(", ");
    format!(
        "tickets stand in states that the workflow would lose or count otherwise: {states}; move them first, or keep the states"
    )
}

impl Tickets {
    /// The workflow that holds.
    pub fn workflow(&self, actor: &Actor) -> Result<(SavedWorkflow, Arc<Workflow>), TicketFault> {
        actor.require(Permission::WorkTickets)?;
        let book = self.shared.book.load();
        Ok((book.running.stored.clone().into(), Arc::clone(&book.running.workflow)))
    }

    /// Saved versions, newest first.
    pub async fn workflow_versions(&self, actor: &Actor) -> Result<Vec<SavedWorkflow>, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        Ok(rows::newest(&self.shared.db, VERSIONS_SHOWN).await?.into_iter().map(SavedWorkflow::from).collect())
    }

    /// One saved version; 0 is the built-in one.
    pub async fn workflow_version(&self, actor: &Actor, version: i64) -> Result<SavedWorkflow, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        if version == 0 {
            return Ok(Running::default().stored.into());
        }
        rows::find(&self.shared.db, version).await?.map(SavedWorkflow::from).ok_or(TicketFault::NoSuchWorkflow)
    }

    /// What a text would make; nothing changes.
    pub async fn check_workflow(&self, actor: &Actor, text: &str) -> Result<Workflow, TicketFault> {
        actor.require(Permission::Administer)?;
        let workflow = read_workflow(text).map_err(TicketFault::WorkflowWrong)?;
        let standing = self.standing(&workflow).await?;
        if standing.is_empty() { Ok(workflow) } else { Err(TicketFault::WorkflowInUse(standing)) }
    }

    /// Saves a text as the next version after the one that was seen. Without mistakes it holds from then on; else the running one
    /// stays.
    pub async fn save_workflow(
        &self,
        actor: &Actor,
        seen: i64,
        text: String,
    ) -> Result<(SavedWorkflow, Arc<Workflow>), TicketFault> {
        self.check_workflow(actor, &text).await?;
        let (user, now) = (actor.user.clone(), self.now());
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    let version = rows::version_in(tx).await?;
                    if version != seen || !rows::insert(tx, version + 1, &text, &user, now).await? {
                        return Err(TicketFault::WorkflowChangedMeanwhile);
                    }
                    let kind = match version {
                        0 => DirectoryEventKind::Made,
                        _ => DirectoryEventKind::Changed { fields: vec!["text".into()] },
                    };
                    let key = (version + 1).to_string();
                    let event = Event::Directory(DirectoryEvent { thing: Thing::TicketWorkflow, key, kind });
                    tx.emit(NewEvent::new(now, EventActor::User { user }, event)).await?;
                    Ok::<_, TicketFault>(())
                })
            })
            .await?;
        self.reload_book().await?;
        self.shared.policies_changed.notify_one();
        self.workflow(actor)
    }

    /// The newest saved version that can be read, or the built-in one.
    pub(super) async fn running_workflow(&self) -> Result<Running, StoreFault> {
        for stored in rows::newest(&self.shared.db, TRIED_MAX).await? {
            match read_workflow(&stored.text) {
                Ok(workflow) => return Ok(Running { stored, workflow: Arc::new(workflow) }),
                Err(mistakes) => {
                    let (version, count) = (stored.version, mistakes.len());
                    tracing::warn!(version, count, "a saved workflow of tickets cannot be read; the one before it holds");
                }
            }
        }
        Ok(Running::default())
    }

    /// Where tickets stand that the workflow does not have.
    async fn standing(&self, workflow: &Workflow) -> Result<Vec<StandingTickets>, StoreFault> {
        let all = rows::standing(&self.shared.db).await?.into_iter();
        let lost = all.filter(|one| {
            let kind = serde_json::from_value::<TicketType>(one.kind.as_str().into()).ok();
            let state = kind.and_then(|kind| workflow.state(kind, &one.status));
            state.is_none_or(|state| state.category.word() != one.category)
        });
        Ok(lost.map(|one| StandingTickets { kind: one.kind, status: one.status, tickets: one.tickets }).collect())
    }

    /// A type that is not offered is none to choose.
    pub(super) fn check_offered(&self, kind: TicketType) -> Result<(), TicketFault> {
        let book = self.shared.book.load();
        let types = &book.running.workflow.types;
        if types.get(&kind).is_some_and(|rules| rules.is_offered) {
            return Ok(());
        }
        let offered = types.iter().filter(|(_, rules)| rules.is_offered).map(|(kind, _)| kind.word().to_owned());
        Err(invalid("type", Flaw::NotAChoice { choices: offered.collect() }))
    }
}
