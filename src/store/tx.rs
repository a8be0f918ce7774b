//! A write in progress: what a write job sees of the database. Events emitted here are numbered by the writer and become
//! visible with the commit, together with everything else the job did.

use std::sync::Arc;

use serde::Deserialize;
use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr, Sqlite, Transaction};

use super::{
    Dialect, Record, Sql, StoreFault, Val, binds,
    seal::Sealer,
    sql::{postgres_arguments, sql, sqlite_arguments},
};
use crate::{
    domain::event::{Actor, Event, EventRecord},
    types::{NodeId, Timestamp, UserId},
};

sql! {
    INSERT_EVENTS = (rows "INSERT INTO event (node, seq, at, actor, cause, kind, entity, entity_id, dedup, data)
        SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT), value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value -> 9
        FROM" "WHERE TRUE ON CONFLICT (dedup) DO NOTHING");
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
    pub(super) sealer: Arc<Sealer>,
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

    /// Runs a statement over `rows`, if there are any.
    pub async fn execute_rows(&mut self, sql: &'static Sql, rows: Vec<Vec<Val>>) -> Result<(), StoreFault> {
        if rows.is_empty() {
            return Ok(());
        }
        self.execute(sql, vec![Val::rows(rows)]).await.map(|_| ())
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
        self.emit_all(vec![new]).await
    }

    /// Puts events into the stream, in order. `false` when all of them are already there by their keys; when only some are,
    /// nothing may be kept, since the numbers would have gaps, and the job has to fail with the `Duplicate` it is given.
    pub async fn emit_all(&mut self, news: Vec<NewEvent>) -> Result<bool, StoreFault> {
        let numbered = (self.next_seq..).zip(&news);
        let rows = Val::rows(numbered.map(|(seq, new)| self.event_row(seq, new)));
        let stored = self.execute(&INSERT_EVENTS, vec![rows]).await?;
        if stored == 0 {
            return Ok(false);
        }
        if usize::try_from(stored) != Ok(news.len()) {
            return Err(StoreFault::Duplicate(format!("{} of {} events", news.len() as u64 - stored, news.len())));
        }
        for new in news {
            self.records.push(Arc::new(EventRecord {
                node: self.node.clone(),
                seq: self.next_seq,
                at: new.at,
                actor: new.actor,
                cause: new.cause,
                event: new.event,
            }));
            self.next_seq += 1;
        }
        Ok(true)
    }

    fn event_row(&self, seq: i64, new: &NewEvent) -> Vec<Val> {
        let (entity, entity_id) = new.event.entity();
        binds![
            &self.node,
            seq,
            new.at,
            actor_text(&new.actor),
            new.cause.clone(),
            new.event.kind(),
            entity,
            entity_id,
            new.dedup.clone(),
            Val::json(&new.event),
        ]
    }

    /// The number of the next event, for rows that refer to it.
    pub fn next_seq(&self) -> i64 {
        self.next_seq
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
