//! The agent that a user is on the floor: taken out with the user, switched off and on with the user, in the same write. What the
//! agent did stays in the history.

use super::changed;
use crate::{
    domain::{
        directory::{AgentProfile, Directory, DirectoryEventKind, Thing},
        event::Actor,
    },
    store::{StoreFault, Tx, directory as rows},
    types::{Timestamp, UserId},
};

/// Takes the user's agent out; the directory as it is then, or `None` if the user took no calls.
pub(in crate::app) async fn remove_agent_of(
    tx: &mut Tx,
    user: &UserId,
    by: Actor,
    now: Timestamp,
) -> Result<Option<Directory>, StoreFault> {
    let Some(stored) = rows::find_in::<AgentProfile>(tx, Thing::Agent, user.as_str()).await? else { return Ok(None) };
    rows::delete(tx, Thing::Agent, user.as_str(), stored.version).await?;
    anew(tx, user, DirectoryEventKind::Removed, by, now).await.map(Some)
}

/// Switches the user's agent on or off; the directory as it is then, or `None` if nothing changed.
pub(in crate::app) async fn switch_agent_of(
    tx: &mut Tx,
    user: &UserId,
    is_active: bool,
    by: Actor,
    now: Timestamp,
) -> Result<Option<Directory>, StoreFault> {
    let stored = rows::find_in::<AgentProfile>(tx, Thing::Agent, user.as_str()).await?;
    let Some(stored) = stored.filter(|stored| stored.entry.is_active != is_active) else { return Ok(None) };
    let agent = AgentProfile { is_active, ..stored.entry };
    rows::update(tx, Thing::Agent, user.as_str(), stored.version, &agent, None, now).await?;
    let kind = DirectoryEventKind::Changed { fields: vec!["is_active".into()] };
    anew(tx, user, kind, by, now).await.map(Some)
}

async fn anew(
    tx: &mut Tx,
    user: &UserId,
    kind: DirectoryEventKind,
    by: Actor,
    now: Timestamp,
) -> Result<Directory, StoreFault> {
    let version = changed(tx, Thing::Agent, user.as_str(), kind, by, now).await?;
    Ok(Directory { version, ..rows::load_in(tx).await? })
}
