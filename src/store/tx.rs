//! A write in progress: what a write job sees of the database. Events emitted here are numbered by the writer and become
//! visible with the commit, together with everything else the job did.

use std::sync::Arc;

use serde::Deserialize;
use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr, Sqlite, Transaction};

use super::{
    Dialect, Record, Sql, StoreFault, Val, binds,
    sql::{postgres_arguments, sql, sqlite_arguments},
};
use crate::{
    domain::event::{Actor, Event, EventRecord},
    types::{NodeId, Timestamp, UserId},
};

sql! {
    INSERT_EVENT = "INSERT INTO event (node, seq, at, actor, cause, kind, entity, entity_id, dedup, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (dedup) DO NOTHING";
    NEXT_NUMBER = "INSERT INTO counter (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
}

/// An event on its way into the stream.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// Who made it happen.
    pub actor: Actor,
    /// What led to it.
    pub cause: Option<String>,
    /// What happened.
    pub event: Event,
    /// A key under which it can happen only once.
    pub dedup: Option<String>,
}

impl NewEvent {
    /// An event without cause and without a key.
    pub fn new(at: Timestamp, actor: Actor, event: Event) -> Self {
        Self { at, actor, cause: None, event, dedup: None }
    }

    /// With what led to it.
    pub fn caused_by(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Only once under this key, however often it is tried.
    pub fn once(self, dedup: impl Into<String>) -> Self {
        Self { dedup: Some(dedup.into()), ..self }
    }
}

pub(super) enum Connection {
    Lite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

/// A write in progress. No network, no password hash, no file in here: everybody else waits meanwhile.
pub struct Tx {
    pub(super) connection: Connection,
    pub(super) node: NodeId,
    pub(super) next_seq: i64,
    pub(super) records: Vec<Arc<EventRecord>>,
}

impl Tx {
    /// The engine.
    pub fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Lite(_) => Dialect::Sqlite,
            Connection::Pg(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; how many rows it touched.
    pub async fn execute(&mut self, sql: &'static Sql, values: Vec<Val>) -> Result<u64, StoreFault> {
        let text = sql.text(self.dialect());
        Ok(match &mut self.connection {
            Connection::Lite(tx) => sqlx::query_with(text, sqlite_arguments(values)?).execute(&mut **tx).await?.rows_affected(),
            Connection::Pg(tx) => sqlx::query_with(text, postgres_arguments(values)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// All rows of a statement.
    pub async fn fetch_all<R: Record>(&mut self, sql: &'static Sql, values: Vec<Val>) -> Result<Vec<R>, StoreFault> {
        let text = sql.text(self.dialect());
        Ok(match &mut self.connection {
            Connection::Lite(tx) => {
                sqlx::query_as_with::<Sqlite, R, _>(text, sqlite_arguments(values)?).fetch_all(&mut **tx).await?
            }
            Connection::Pg(tx) => {
                sqlx::query_as_with::<Postgres, R, _>(text, postgres_arguments(values)?).fetch_all(&mut **tx).await?
            }
        })
    }

    /// The first row of a statement, if it has one.
    pub async fn fetch_optional<R: Record>(&mut self, sql: &'static Sql, values: Vec<Val>) -> Result<Option<R>, StoreFault> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Puts an event into the stream. `false` when one with the same key is already there: then the whole change has
    /// happened before and the job should change nothing else.
    pub async fn emit(&mut self, new: NewEvent) -> Result<bool, StoreFault> {
        let (entity, entity_id) = new.event.entity();
        let values = binds![
            &self.node,
            self.next_seq,
            new.at,
            actor_text(&new.actor),
            new.cause.clone(),
            new.event.kind(),
            entity,
            entity_id,
            new.dedup,
            Val::json(&new.event),
        ];
        if self.execute(&INSERT_EVENT, values).await? == 0 {
            return Ok(false);
        }
        self.records.push(Arc::new(EventRecord {
            node: self.node.clone(),
            seq: self.next_seq,
            at: new.at,
            actor: new.actor,
            cause: new.cause,
            event: new.event,
        }));
        self.next_seq += 1;
        Ok(true)
    }

    /// The number of the event emitted last in this batch, for rows that refer to it.
    pub fn last_seq(&self) -> i64 {
        self.next_seq - 1
    }

    /// The node whose writer this is.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// The next human number of a series, beginning with `first`. A number is never given twice; one that was drawn in a job
    /// that then failed is drawn again.
    pub async fn next_number(&mut self, series: &str, first: i64) -> Result<i64, StoreFault> {
        let rows: Vec<(i64,)> = self.fetch_all(&NEXT_NUMBER, binds![series, first]).await?;
        rows.first().map(|row| row.0).ok_or_else(|| StoreFault::Unreadable(format!("counter {series} gave no number")))
    }

    /// Control statements of the writer itself; they carry no values and return nothing.
    pub(super) async fn control(&mut self, text: String) -> Result<(), StoreFault> {
        let sql = AssertSqlSafe(text).into_sql_str();
        match &mut self.connection {
            Connection::Lite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await?.rows_affected(),
            Connection::Pg(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await?.rows_affected(),
        };
        Ok(())
    }

    pub(super) async fn rollback(self) -> Result<(), StoreFault> {
        match self.connection {
            Connection::Lite(tx) => tx.rollback().await?,
            Connection::Pg(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreFault> {
        match self.connection {
            Connection::Lite(tx) => tx.commit().await?,
            Connection::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// An actor as the column holds it: `user:ana`, `customer`, `system`.
pub(super) fn actor_text(actor: &Actor) -> String {
    match actor {
        Actor::User { user } => format!("user:{user}"),
        Actor::Customer => "customer".into(),
        Actor::System => "system".into(),
    }
}

/// The actor that a column holds.
pub(super) fn actor_from_text(text: &str) -> Result<Actor, StoreFault> {
    match text {
        "customer" => Ok(Actor::Customer),
        "system" => Ok(Actor::System),
        _ => text
            .strip_prefix("user:")
            .and_then(|user| user.parse::<UserId>().ok())
            .map(|user| Actor::User { user })
            .ok_or_else(|| StoreFault::Unreadable(format!("actor {text:?}"))),
    }
}

/// Reads the word of an enum out of a text column.
pub(super) fn from_word<T: for<'de> Deserialize<'de>>(what: &str, word: String) -> Result<T, StoreFault> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| StoreFault::unreadable(what, error))
}

/// Reads an id or a key out of a text column.
pub(super) fn parse<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, StoreFault>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| StoreFault::unreadable(what, error))
}

/// The same for a column that may be empty.
pub(super) fn parse_some<T: std::str::FromStr>(what: &str, text: Option<String>) -> Result<Option<T>, StoreFault>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| parse(what, &text)).transpose()
}
