//! The directory's rows: one per entry, its content as the domain's own type, its secret apart and sealed. The whole is small and
//! is always loaded as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{FromRow, types::Json};

use super::{
    Db, Lane, StoreFault, Tx, Val, binds,
    db::Engine,
    seal::{Sealed, Sealer},
    sql,
};
use crate::{
    domain::directory::{DigestHashes, DigestSecret, Directory, EntrySecret, ForkToken, Thing, WebhookSecret},
    types::Timestamp,
};

/// The counter of the directory's version.
const VERSION: &str = "directory";

sql! {
    LOAD = "SELECT kind, entry, version, position, data, secret, updated_at FROM directory_entry
        ORDER BY kind, position, entry";
    LIST = "SELECT kind, entry, version, position, data, secret, updated_at FROM directory_entry
        WHERE kind = $1 ORDER BY position, entry";
    FIND = "SELECT kind, entry, version, position, data, secret, updated_at FROM directory_entry
        WHERE kind = $1 AND entry = $2";
    READ_VERSION = "SELECT value FROM counter WHERE name = $1";
    INSERT = "INSERT INTO directory_entry (kind, entry, version, position, data, secret, updated_at)
        SELECT $1, $2, 1, (SELECT CAST(COALESCE(MAX(d.position), 0) + 1 AS BIGINT) FROM directory_entry d WHERE d.kind = $1),
            $3, $4, $5
        WHERE TRUE
        ON CONFLICT (kind, entry) DO NOTHING";
    UPDATE = "UPDATE directory_entry SET version = version + 1, data = $4, secret = $5, updated_at = $6
        WHERE kind = $1 AND entry = $2 AND version = $3";
    SECRETS = "SELECT kind, entry, secret FROM directory_entry WHERE secret IS NOT NULL ORDER BY kind, entry";
    SET_SECRET = "UPDATE directory_entry SET secret = $3 WHERE kind = $1 AND entry = $2";
    DELETE = "DELETE FROM directory_entry WHERE kind = $1 AND entry = $2 AND version = $3";
}

/// An entry with what stands beside it.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The content.
    pub entry: T,
    /// Grows with every change.
    pub version: i64,
    /// Digest hashes, for trunks and phones; a token, for outside systems.
    pub secret: Option<EntrySecret>,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// The whole directory as of the last commit.
pub async fn load(db: &Db) -> Result<Directory, StoreFault> {
    let version = db.fetch_optional::<(i64,)>(&READ_VERSION, binds![VERSION]).await?;
    assemble(version, db.fetch_all(&LOAD, binds![]).await?, Some(db.sealer()))
}

/// The whole directory within a write.
pub async fn load_in(tx: &mut Tx) -> Result<Directory, StoreFault> {
    let version = tx.fetch_optional::<(i64,)>(&READ_VERSION, binds![VERSION]).await?;
    let rows = tx.fetch_all(&LOAD, binds![]).await?;
    assemble(version, rows, Some(&tx.sealer))
}

/// The statement for all entries, for [`assemble`].
pub(super) fn whole() -> &'static super::Sql {
    &LOAD
}

/// The entries of one kind, in their order.
pub async fn list<T: DeserializeOwned>(db: &Db, thing: Thing) -> Result<Vec<Stored<T>>, StoreFault> {
    let rows = db.fetch_all::<EntryRow>(&LIST, binds![thing.word()]).await?;
    rows.into_iter().map(|row| row.read(Some(db.sealer()))).collect()
}

/// One entry.
pub async fn find<T: DeserializeOwned>(db: &Db, thing: Thing, key: &str) -> Result<Option<Stored<T>>, StoreFault> {
    let row = db.fetch_optional::<EntryRow>(&FIND, binds![thing.word(), key]).await?;
    row.map(|row| row.read(Some(db.sealer()))).transpose()
}

/// One entry, within a write.
pub async fn find_in<T: DeserializeOwned>(tx: &mut Tx, thing: Thing, key: &str) -> Result<Option<Stored<T>>, StoreFault> {
    let row = tx.fetch_optional::<EntryRow>(&FIND, binds![thing.word(), key]).await?;
    row.map(|row| row.read(Some(&tx.sealer))).transpose()
}

/// A new entry behind the others of its kind; `false` when the key is taken.
pub async fn insert<T: Serialize>(
    tx: &mut Tx,
    thing: Thing,
    key: &str,
    entry: &T,
    secret: Option<&EntrySecret>,
    at: Timestamp,
) -> Result<bool, StoreFault> {
    let secret = sealed(&tx.sealer, thing.word(), key, secret.map(StoredSecret::of))?;
    Ok(tx.execute(&INSERT, binds![thing.word(), key, Val::json(entry), secret, at]).await? == 1)
}

/// Saves an entry; `false` when somebody else saved meanwhile.
pub async fn update<T: Serialize>(
    tx: &mut Tx,
    thing: Thing,
    key: &str,
    seen: i64,
    entry: &T,
    secret: Option<&EntrySecret>,
    at: Timestamp,
) -> Result<bool, StoreFault> {
    let secret = sealed(&tx.sealer, thing.word(), key, secret.map(StoredSecret::of))?;
    Ok(tx.execute(&UPDATE, binds![thing.word(), key, seen, Val::json(entry), secret, at]).await? == 1)
}

/// Removes an entry; `false` when somebody else saved meanwhile.
pub async fn delete(tx: &mut Tx, thing: Thing, key: &str, seen: i64) -> Result<bool, StoreFault> {
    Ok(tx.execute(&DELETE, binds![thing.word(), key, seen]).await? == 1)
}

/// The directory has changed: its next version.
pub async fn next_version(tx: &mut Tx) -> Result<i64, StoreFault> {
    tx.next_number(VERSION, 1).await
}

/// The master key that the stored secrets need.
pub(super) async fn key_in_use(engine: &Engine) -> Result<Option<String>, StoreFault> {
    let rows = engine.fetch_all::<(String, String, Json<SecretColumn>)>(&SECRETS, binds![]).await?;
    Ok(rows.into_iter().find_map(|(_, _, Json(secret))| match secret {
        SecretColumn::Sealed(sealed) => Some(sealed.key().to_owned()),
        SecretColumn::Clear(_) => None,
    }))
}

/// Seals the secrets that a version before this one has stored in the clear.
pub(super) async fn seal_what_is_clear(db: &Db) -> Result<(), StoreFault> {
    let rows = db.fetch_all::<(String, String, Json<SecretColumn>)>(&SECRETS, binds![]).await?;
    let clear: Vec<_> = rows
        .into_iter()
        .filter_map(|(kind, entry, Json(secret))| match secret {
            SecretColumn::Clear(secret) => Some((kind, entry, secret)),
            SecretColumn::Sealed(_) => None,
        })
        .collect();
    if clear.is_empty() {
        return Ok(());
    }
    tracing::info!(count = clear.len(), "sealing SIP passwords of phones and trunks that were stored in the clear");
    db.write(Lane::Background, move |tx| {
        Box::pin(async move {
            for (kind, entry, secret) in clear {
                let secret = sealed(&tx.sealer, &kind, &entry, Some(secret))?;
                tx.execute(&SET_SECRET, binds![kind, entry, secret]).await?;
            }
            Ok(())
        })
    })
    .await
}

/// A secret as its column holds it.
fn sealed(sealer: &Sealer, kind: &str, entry: &str, secret: Option<StoredSecret>) -> Result<Val, StoreFault> {
    let Some(secret) = secret else { return Ok(Val::Json(None)) };
    let text = serde_json::to_vec(&secret).map_err(|error| StoreFault::unreadable("a secret", error))?;
    let sealed = sealer.seal(&place(kind, entry), &text);
    let sealed = sealed.ok_or_else(|| StoreFault::Database("the operating system gives no randomness".into()))?;
    Ok(Val::json(&SecretColumn::Sealed(sealed)))
}

/// Where a secret belongs: it can be read at no other place.
fn place(kind: &str, entry: &str) -> String {
    format!("{kind}/{entry}")
}

#[derive(Debug, FromRow)]
pub(super) struct EntryRow {
    kind: String,
    entry: String,
    version: i64,
    #[allow(dead_code, reason = "orders the rows")]
    position: i64,
    data: Json<serde_json::Value>,
    secret: Option<Json<SecretColumn>>,
    updated_at: i64,
}

/// What the column holds: sealed, or of before secrets were.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum SecretColumn {
    Sealed(Sealed),
    Clear(StoredSecret),
}

/// As it is sealed: the domain's type cannot be written by accident.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredSecret {
    Digest {
        #[serde(flatten)]
        ours: StoredHashes,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        theirs: Option<StoredHashes>,
    },
    Token {
        token: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredHashes {
    realm: String,
    sha256: String,
    md5: String,
}

impl StoredSecret {
    fn of(secret: &EntrySecret) -> Self {
        match secret {
            EntrySecret::Digest(DigestSecret { ours, theirs }) => {
                Self::Digest { ours: StoredHashes::of(ours), theirs: theirs.as_ref().map(StoredHashes::of) }
            }
            EntrySecret::Token(ForkToken(token)) => Self::Token { token: token.clone() },
        }
    }

    fn read(self) -> EntrySecret {
        match self {
            Self::Digest { ours, theirs } => {
                EntrySecret::Digest(DigestSecret { ours: ours.read(), theirs: theirs.map(StoredHashes::read) })
            }
            Self::Token { token } => EntrySecret::Token(ForkToken(token)),
        }
    }
}

impl StoredHashes {
    fn of(hashes: &DigestHashes) -> Self {
        Self { realm: hashes.realm.clone(), sha256: hashes.sha256.clone(), md5: hashes.md5.clone() }
    }

    fn read(self) -> DigestHashes {
        DigestHashes { realm: self.realm, sha256: self.sha256, md5: self.md5 }
    }
}

impl EntryRow {
    /// Without a sealer, without its secret.
    fn read<T: DeserializeOwned>(self, sealer: Option<&Sealer>) -> Result<Stored<T>, StoreFault> {
        let secret = match (&self.secret, sealer) {
            (Some(Json(SecretColumn::Sealed(sealed))), Some(sealer)) => {
                let what = || format!("the password of {} {}", self.kind, self.entry);
                let text = sealer.unseal(&place(&self.kind, &self.entry), sealed);
                let text = text.map_err(|fault| StoreFault::unreadable(&what(), fault))?;
                let secret = serde_json::from_slice::<StoredSecret>(&text);
                Some(secret.map_err(|error| StoreFault::unreadable(&what(), error))?.read())
            }
            (Some(Json(SecretColumn::Clear(secret))), Some(_)) => Some(secret.clone().read()),
            (None, _) | (_, None) => None,
        };
        let entry = serde_json::from_value(self.data.0)
            .map_err(|error| StoreFault::unreadable(&format!("{} {}", self.kind, self.entry), error))?;
        Ok(Stored { entry, version: self.version, secret, updated_at: Timestamp::from_millis(self.updated_at) })
    }
}

/// Without a sealer, without secrets.
pub(super) fn assemble(version: Option<(i64,)>, rows: Vec<EntryRow>, sealer: Option<&Sealer>) -> Result<Directory, StoreFault> {
    let mut directory =
        Directory { version: version.and_then(|row| u64::try_from(row.0).ok()).unwrap_or(0), ..Directory::default() };
    for row in rows {
        put(&mut directory, row, sealer)?;
    }
    Ok(directory)
}

fn put(directory: &mut Directory, row: EntryRow, sealer: Option<&Sealer>) -> Result<(), StoreFault> {
    fn into<K: std::str::FromStr + Ord, T: DeserializeOwned>(
        map: &mut BTreeMap<K, T>,
        row: EntryRow,
        sealer: Option<&Sealer>,
        secret: impl FnOnce(&mut T, Option<EntrySecret>),
    ) -> Result<(), StoreFault>
    where
        K::Err: std::fmt::Display,
    {
        let key = super::tx::parse(&row.kind, &row.entry)?;
        let mut stored = row.read::<T>(sealer)?;
        secret(&mut stored.entry, stored.secret);
        map.insert(key, stored.entry);
        Ok(())
    }
    let word = Thing::ALL.into_iter().find(|thing| thing.word() == row.kind);
    match word {
        Some(Thing::Centre) => directory.centre = row.read(sealer)?.entry,
        Some(Thing::Number) => _ = directory.numbers.insert(row.entry.as_str().into(), row.read(sealer)?.entry),
        Some(Thing::Queue) => into(&mut directory.queues, row, sealer, |_, _| {})?,
        Some(Thing::Skill) => into(&mut directory.skills, row, sealer, |_, _| {})?,
        Some(Thing::Agent) => into(&mut directory.agents, row, sealer, |_, _| {})?,
        Some(Thing::Trunk) => into(&mut directory.trunks, row, sealer, |trunk, secret| {
            trunk.secret = secret.and_then(EntrySecret::digest);
        })?,
        Some(Thing::MediaFork) => into(&mut directory.media_forks, row, sealer, |fork, secret| {
            fork.token = secret.and_then(EntrySecret::token);
        })?,
        Some(Thing::AlertRule) => into(&mut directory.alert_rules, row, sealer, |_, _| {})?,
        Some(Thing::Webhook) => into(&mut directory.webhooks, row, sealer, |webhook, secret| {
            webhook.secret = secret.and_then(EntrySecret::token).map(|token| WebhookSecret(token.0));
        })?,
        Some(Thing::OutboundRoute) => into(&mut directory.outbound_routes, row, sealer, |_, _| {})?,
        Some(Thing::Phone) => {
            let (key, mut stored) = (row.entry.as_str().into(), row.read::<crate::domain::directory::Phone>(sealer)?);
            stored.entry.secret = stored.secret.and_then(EntrySecret::digest);
            directory.phones.insert(key, stored.entry);
        }
        Some(Thing::Calendar) => into(&mut directory.calendars, row, sealer, |_, _| {})?,
        Some(Thing::Disposition) => into(&mut directory.dispositions, row, sealer, |_, _| {})?,
        Some(Thing::Department) => into(&mut directory.departments, row, sealer, |_, _| {})?,
        Some(Thing::PauseReason) => directory.pause_reasons.push(row.read(sealer)?.entry),
        // Kept by other tables.
        Some(Thing::SlaPolicy | Thing::Broadcast | Thing::TicketWorkflow) | None => {}
    }
    Ok(())
}
