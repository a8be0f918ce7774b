//! What administrators set up: lists, makes, changes, removes. Everything that is wrong with an entry is said at once, nothing
//! that others refer to can be removed, every change is an event, and the new snapshot reaches the live floor without a
//! restart. Deliberately absent: what the entries mean to a call (`domain`).

mod agents;
mod alerts;
mod callbacks;
mod checks;
mod departments;
mod floor;
mod forks;
mod kinds;
mod lines;
mod outward;
mod routing;
#[cfg(test)]
mod tests;
mod trunk_tls;
mod waiting;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems, Referrer, sentences},
};
use crate::{
    domain::{
        directory::{DigestHashes, DigestSecret, Directory, DirectoryEvent, DirectoryEventKind, EntrySecret, QueueExit, Thing},
        event::Event,
    },
    protocol::sip::Ha1,
    store::{Db, Lane, NewEvent, StoreFault, Tx, directory as rows, tickets},
    types::Clock,
};

pub(super) use agents::{remove_agent_of, switch_agent_of};
pub use kinds::{Around, Kept};
pub use lines::{FlowNames, Names, PublishedLine, SharedPrompt, music_of};

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryFault {
    /// There is none.
    #[error("no such {}", .0.word())]
    NotFound(Thing),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The key is taken.
    #[error("a {} with this key exists already", .0.word())]
    Taken(Thing),
    /// Somebody else saved meanwhile.
    #[error("this {} was changed meanwhile; load it again", .0.word())]
    ChangedMeanwhile(Thing),
    /// Others refer to it.
    #[error("this {} is still in use", .0.word())]
    InUse(Thing, Vec<Referrer>),
    /// Values that cannot be saved.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// An entry with its version; a save names the version that it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Versioned<T> {
    /// Grows with every change.
    pub version: i64,
    /// The entry.
    #[serde(flatten)]
    pub entry: T,
}

/// A whole directory to begin with, and the passwords of its phones and trunks by account and key.
#[derive(Debug, Clone, Default)]
pub struct Beginning {
    /// Its entries.
    pub directory: Directory,
    /// By SIP account.
    pub phone_passwords: BTreeMap<String, String>,
    /// By trunk key.
    pub trunk_passwords: BTreeMap<String, String>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct DirectoryDesk {
    db: Db,
    clock: Arc<dyn Clock>,
    realm: Arc<str>,
    flows: Arc<RwLock<Option<FlowNames>>>,
    current: Arc<watch::Sender<Arc<Directory>>>,
    /// The version that the live floor works by; `None` while there is no floor.
    floor: Arc<watch::Sender<Option<u64>>>,
}

impl DirectoryDesk {
    /// Loads the directory. `realm` is the name under which SIP accounts prove themselves; passwords set from now on are for it.
    pub async fn open(db: Db, clock: Arc<dyn Clock>, realm: &str) -> Result<Self, DirectoryFault> {
        let current = Arc::new(watch::Sender::new(Arc::new(rows::load(&db).await?)));
        Ok(Self { db, clock, realm: realm.into(), flows: Arc::default(), current, floor: Arc::default() })
    }

    /// What the published flows name, once they are read and whenever they change. Until then numbers may lead to any line.
    pub fn set_flows(&self, names: FlowNames) {
        *self.flows.write().unwrap_or_else(PoisonError::into_inner) = Some(names);
    }

    /// The published IVR lines, by key.
    pub fn lines(&self, actor: &Actor) -> Result<Vec<PublishedLine>, Forbidden> {
        actor.require(Permission::SeeDirectory)?;
        Ok(self.flow_names().unwrap_or_default().lines.into_values().collect())
    }

    /// What queues may say, by key.
    pub fn prompts(&self, actor: &Actor) -> Result<Vec<SharedPrompt>, Forbidden> {
        actor.require(Permission::SeeDirectory)?;
        Ok(self.flow_names().unwrap_or_default().prompts.into_values().collect())
    }

    /// What queues may play to those who wait, by name.
    pub fn music(&self, actor: &Actor) -> Result<Vec<String>, Forbidden> {
        actor.require(Permission::SeeDirectory)?;
        Ok(self.flow_names().unwrap_or_default().music.into_iter().collect())
    }

    /// Messages of queues, and those that agents may leave on machines, that were saved while their recording was there and cannot be
    /// said now, a sentence for each.
    pub fn unsayable(&self) -> Vec<String> {
        let (directory, names) = (self.current(), self.flow_names().unwrap_or_default());
        let exits = directory.queues.values().flat_map(|queue| checks::exits(queue).map(move |exit| (queue, exit)));
        let of_queues = exits.filter_map(|(queue, (field, exit))| {
            let (QueueExit::Message { prompt } | QueueExit::Voicemail { prompt, .. }) = exit else { return None };
            Some((format!("queue {}", queue.id), format!("{field}.prompt"), prompt))
        });
        let while_waiting = directory.queues.values().flat_map(|queue| {
            let numbered = queue.waiting.messages.iter().enumerate();
            numbered.map(move |(index, message)| {
                (format!("queue {}", queue.id), format!("waiting.messages[{index}].prompt"), &message.prompt)
            })
        });
        let on_machines = directory.centre.answer_detection.messages.iter().enumerate();
        let on_machines =
            on_machines.map(|(index, prompt)| ("centre".to_owned(), format!("answer_detection.messages[{index}]"), prompt));
        let music = directory.queues.values().filter_map(|queue| {
            let music = queue.waiting.music.as_deref()?;
            let flaw = names.flaw_of_music(music)?;
            Some(format!("queue {}, {}", queue.id, FieldProblem::new(format!("waiting.music {music}"), flaw)))
        });
        of_queues
            .chain(while_waiting)
            .chain(on_machines)
            .filter_map(|(whose, field, prompt)| {
                let flaw = names.flaw_of_prompt(prompt)?;
                Some(format!("{whose}, {}", FieldProblem::new(format!("{field} {prompt}"), flaw)))
            })
            .chain(music)
            .collect()
    }

    /// The directory as it is.
    pub fn current(&self) -> Arc<Directory> {
        Arc::clone(&self.current.borrow())
    }

    /// The directory as it is and every later one, for the live floor and the consoles.
    pub fn watch(&self) -> watch::Receiver<Arc<Directory>> {
        self.current.subscribe()
    }

    /// All entries of a kind.
    pub async fn list<T: Kept>(&self, actor: &Actor) -> Result<Vec<Versioned<T>>, DirectoryFault> {
        actor.require(T::READ)?;
        let stored = rows::list::<T>(&self.db, T::THING).await?;
        Ok(stored.into_iter().map(|stored| Versioned { version: stored.version, entry: stored.entry }).collect())
    }

    /// One entry.
    pub async fn find<T: Kept>(&self, actor: &Actor, key: &str) -> Result<Versioned<T>, DirectoryFault> {
        actor.require(T::READ)?;
        if let Some(stored) = rows::find::<T>(&self.db, T::THING, key).await? {
            return Ok(Versioned { version: stored.version, entry: stored.entry });
        }
        let entry = T::when_absent().filter(|entry| entry.key() == key).ok_or(DirectoryFault::NotFound(T::THING))?;
        Ok(Versioned { version: 0, entry })
    }

    /// Makes an entry. `password` is for SIP phones and for trunks that prove themselves, and the token for an outside system.
    pub async fn make<T: Kept>(
        &self,
        actor: &Actor,
        entry: T,
        password: Option<String>,
    ) -> Result<Versioned<T>, DirectoryFault> {
        actor.require(Permission::Administer)?;
        let secret = password.map(|password| self.secret(&entry, &password)).transpose()?.flatten();
        let (by, now, flows) = (actor.in_events(), self.clock.now().wall, self.flow_names());
        let (made, directory) = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let entry = entry.with_secret(secret.clone());
                    let mut directory = rows::load_in(tx).await?;
                    let key = entry.key();
                    if entry.is_in(&directory) {
                        return Err(DirectoryFault::Taken(T::THING));
                    }
                    put(&entry, &mut directory, flows.as_ref())?;
                    if !rows::insert(tx, T::THING, &key, &entry, secret.as_ref(), now).await? {
                        return Err(DirectoryFault::Taken(T::THING));
                    }
                    directory.version = changed(tx, T::THING, &key, DirectoryEventKind::Made, by, now).await?;
                    Ok((Versioned { version: 1, entry }, directory))
                })
            })
            .await?;
        self.publish(directory).await;
        Ok(made)
    }

    /// Changes an entry; `seen` is the version that was seen. Without a password the old one stays.
    pub async fn change<T: Kept>(
        &self,
        actor: &Actor,
        seen: i64,
        entry: T,
        password: Option<String>,
    ) -> Result<Versioned<T>, DirectoryFault> {
        actor.require(Permission::Administer)?;
        let new_secret = password.map(|password| self.secret(&entry, &password)).transpose()?.flatten();
        let (by, now, flows) = (actor.in_events(), self.clock.now().wall, self.flow_names());
        let (saved, directory) = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let key = entry.key();
                    let (before, version, old_secret) = match rows::find_in::<T>(tx, T::THING, &key).await? {
                        Some(stored) => (stored.entry, stored.version, stored.secret),
                        None => (T::when_absent().ok_or(DirectoryFault::NotFound(T::THING))?, 0, None),
                    };
                    if version != seen {
                        return Err(DirectoryFault::ChangedMeanwhile(T::THING));
                    }
                    let has_new_password = new_secret.is_some();
                    // A hash holds for one account and one realm, a token for one address.
                    let is_same = entry.account() == before.account() && entry.their_realm() == before.their_realm();
                    let secret = new_secret.or_else(|| old_secret.filter(|_| is_same));
                    let entry = entry.with_secret(secret.clone());
                    let mut directory = rows::load_in(tx).await?;
                    put(&entry, &mut directory, flows.as_ref())?;
                    let is_saved = if version == 0 {
                        rows::insert(tx, T::THING, &key, &entry, secret.as_ref(), now).await?
                    } else {
                        rows::update(tx, T::THING, &key, version, &entry, secret.as_ref(), now).await?
                    };
                    if !is_saved {
                        return Err(DirectoryFault::ChangedMeanwhile(T::THING));
                    }
                    let mut fields = differing(&before, &entry);
                    if has_new_password {
                        fields.push("password".into());
                    }
                    let kind = DirectoryEventKind::Changed { fields };
                    directory.version = changed(tx, T::THING, &key, kind, by, now).await?;
                    Ok((Versioned { version: version + 1, entry }, directory))
                })
            })
            .await?;
        self.publish(directory).await;
        Ok(saved)
    }

    /// Removes an entry that nothing refers to; `seen` is the version that was seen, `None` removes it as it is.
    pub async fn remove<T: Kept>(&self, actor: &Actor, key: &str, seen: Option<i64>) -> Result<(), DirectoryFault> {
        actor.require(Permission::Administer)?;
        let (by, now, flows, key) = (actor.in_events(), self.clock.now().wall, self.flow_names(), key.to_owned());
        let directory = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let before = rows::find_in::<T>(tx, T::THING, &key).await?;
                    let before = before.ok_or(DirectoryFault::NotFound(T::THING))?;
                    let mut directory = rows::load_in(tx).await?;
                    let policies = tickets::policies_in(tx).await?;
                    let around = Around { directory: &directory, flows: flows.as_ref(), policies: &policies };
                    let referrers = before.entry.referrers(around);
                    if !referrers.is_empty() {
                        return Err(DirectoryFault::InUse(T::THING, referrers));
                    }
                    let is_seen = seen.is_none_or(|seen| seen == before.version);
                    if !is_seen || !rows::delete(tx, T::THING, &key, before.version).await? {
                        return Err(DirectoryFault::ChangedMeanwhile(T::THING));
                    }
                    before.entry.take_from(&mut directory);
                    directory.version = changed(tx, T::THING, &key, DirectoryEventKind::Removed, by, now).await?;
                    Ok(directory)
                })
            })
            .await?;
        self.publish(directory).await;
        Ok(())
    }

    /// Fills an empty directory: the sample centre, or the first things of a new installation. What is there already stays.
    pub async fn begin(&self, actor: &Actor, beginning: Beginning) -> Result<(), DirectoryFault> {
        actor.require(Permission::Administer)?;
        let (by, now, realm) = (actor.in_events(), self.clock.now().wall, Arc::clone(&self.realm));
        let directory = self
            .db
            .write(Lane::People, move |tx| Box::pin(async move { kinds::begin(tx, beginning, &realm, &by, now).await }))
            .await?;
        self.publish(directory).await;
        Ok(())
    }

    fn secret<T: Kept>(&self, entry: &T, password: &str) -> Result<Option<EntrySecret>, DirectoryFault> {
        let mut problems = Problems::default();
        problems.length("password", password, 8, T::PASSWORD_CHARS_MAX);
        problems.unless(entry.account().is_some(), "password", Flaw::PasswordWithoutAccount);
        problems.into_result().map_err(DirectoryFault::Invalid)?;
        entry
            .secret_of(&self.realm, password)
            .map_err(|flaw| DirectoryFault::Invalid(vec![FieldProblem::new("password", flaw)]))
    }

    fn flow_names(&self) -> Option<FlowNames> {
        self.flows.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Puts an entry into the snapshot and checks it there, together with everything that it refers to.
fn put<T: Kept>(entry: &T, directory: &mut Directory, flows: Option<&FlowNames>) -> Result<(), DirectoryFault> {
    entry.put_into(directory);
    let mut problems = Problems::default();
    entry.check(directory, flows, &mut problems);
    problems.into_result().map_err(DirectoryFault::Invalid)
}

async fn changed(
    tx: &mut Tx,
    thing: Thing,
    key: &str,
    kind: DirectoryEventKind,
    by: crate::domain::event::Actor,
    now: crate::types::Timestamp,
) -> Result<u64, StoreFault> {
    let event = Event::Directory(DirectoryEvent { thing, key: key.to_owned(), kind });
    tx.emit(NewEvent::new(now, by, event)).await?;
    Ok(u64::try_from(rows::next_version(tx).await?).unwrap_or(0))
}

/// Names of the fields that differ.
fn differing<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let fields = |value: &T| match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

/// What the exchange keeps of a SIP password: enough to check theirs in our realm and to prove ours in `their_realm`.
fn digest_secret(account: &str, realm: &str, their_realm: Option<&str>, password: &str) -> DigestSecret {
    let hashes = |realm: &str| {
        let ha1 = Ha1::new(account, realm, password);
        DigestHashes { realm: ha1.realm, sha256: ha1.sha256, md5: ha1.md5 }
    };
    DigestSecret { ours: hashes(realm), theirs: their_realm.map(hashes) }
}
