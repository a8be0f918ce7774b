//! The workflow of tickets: every version of its text that was saved.

use sqlx::FromRow;

use super::{Db, StoreFault, Tx, Val, binds, sql, tx::parse};
use crate::types::{StatusKey, Timestamp, UserId};

/// Versions in one list, newest first.
const VERSIONS_MAX: i64 = 200;

sql! {
    NEWEST = "SELECT version, text, saved_by, saved_at FROM ticket_workflow ORDER BY version DESC LIMIT $1";
    ONE = "SELECT version, text, saved_by, saved_at FROM ticket_workflow WHERE version = $1";
    INSERT = "INSERT INTO ticket_workflow (version, text, saved_by, saved_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (version) DO NOTHING";
    STANDING = "SELECT type AS kind, COALESCE(status, state) AS status, state, CAST(COUNT(*) AS BIGINT) AS tickets FROM ticket
        WHERE state NOT IN ('closed', 'merged', 'cancelled') GROUP BY type, COALESCE(status, state), state
        ORDER BY type, COALESCE(status, state)";
}

/// A version of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkflow {
    /// From 1; 0 stands for the built-in one, which is not stored.
    pub version: i64,
    /// TOML.
    pub text: String,
    /// Who saved it.
    pub saved_by: Option<UserId>,
    /// When.
    pub saved_at: Option<Timestamp>,
}

/// How many tickets that are not over stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Word of the type.
    pub kind: String,
    /// The state by its name.
    pub status: StatusKey,
    /// Word of its category.
    pub category: String,
    /// Tickets.
    pub tickets: i64,
}

#[derive(FromRow)]
struct WorkflowRow {
    version: i64,
    text: String,
    saved_by: String,
    saved_at: i64,
}

impl WorkflowRow {
    fn read(self) -> Result<StoredWorkflow, StoreFault> {
        let saved_by = Some(parse("ticket_workflow.saved_by", &self.saved_by)?);
        let saved_at = Some(Timestamp::from_millis(self.saved_at));
        Ok(StoredWorkflow { version: self.version, text: self.text, saved_by, saved_at })
    }
}

/// Versions, newest first.
pub async fn newest(db: &Db, limit: i64) -> Result<Vec<StoredWorkflow>, StoreFault> {
    let rows: Vec<WorkflowRow> = db.fetch_all(&NEWEST, binds![limit.clamp(1, VERSIONS_MAX)]).await?;
    rows.into_iter().map(WorkflowRow::read).collect()
}

/// One version.
pub async fn find(db: &Db, version: i64) -> Result<Option<StoredWorkflow>, StoreFault> {
    db.fetch_optional::<WorkflowRow>(&ONE, binds![version]).await?.map(WorkflowRow::read).transpose()
}

/// The highest version within a write, 0 when none was saved.
pub async fn version_in(tx: &mut Tx) -> Result<i64, StoreFault> {
    Ok(tx.fetch_optional::<WorkflowRow>(&NEWEST, binds![1_i64]).await?.map_or(0, |row| row.version))
}

/// Adds a version; `false` when somebody else did.
pub async fn insert(tx: &mut Tx, version: i64, text: &str, by: &UserId, at: Timestamp) -> Result<bool, StoreFault> {
    Ok(tx.execute(&INSERT, binds![version, text, Val::text(Some(by)), at]).await? == 1)
}

/// How many tickets that are not over stand where.
pub async fn standing(db: &Db) -> Result<Vec<Standing>, StoreFault> {
    let rows: Vec<(String, String, String, i64)> = db.fetch_all(&STANDING, binds![]).await?;
    rows.into_iter()
        .map(|(kind, status, category, tickets)| {
            Ok(Standing { kind, status: parse("ticket.status", &status)?, category, tickets })
        })
        .collect()
}
