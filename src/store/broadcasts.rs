//! Sentences of supervisors for agents, as rows.

use sqlx::FromRow;

use super::{
    Db, StoreFault, Tx, Val, binds, sql,
    tx::{parse, parse_some},
};
use crate::types::{BroadcastId, QueueId, Timestamp, UserId};

sql! {
    INSERT = "INSERT INTO broadcast (id, text, queue, sent_by, sent_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)";
    CURRENT = "SELECT id, text, queue, sent_by, sent_at, until_at FROM broadcast WHERE until_at > $1 ORDER BY id LIMIT $2";
    COUNT_CURRENT = "SELECT COUNT(*) FROM broadcast WHERE until_at > $1";
    END = "UPDATE broadcast SET until_at = $2 WHERE id = $1 AND until_at > $2";
}

/// A sentence for agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
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

/// A new one.
pub async fn insert(tx: &mut Tx, new: &Broadcast) -> Result<(), StoreFault> {
    let values = binds![new.id, &new.text, Val::text(new.queue.as_ref()), &new.by, new.at, new.until];
    tx.execute(&INSERT, values).await.map(|_| ())
}

/// Those that are shown now, the oldest first.
pub async fn current(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<Broadcast>, StoreFault> {
    db.fetch_all::<BroadcastRow>(&CURRENT, binds![now, limit]).await?.into_iter().map(Broadcast::try_from).collect()
}

/// How many are shown now, within a write.
pub async fn count_current_in(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreFault> {
    Ok(tx.fetch_optional::<(i64,)>(&COUNT_CURRENT, binds![now]).await?.map_or(0, |(count,)| count))
}

/// It is shown no longer; `false` when it was over before, or never was.
pub async fn end(tx: &mut Tx, id: BroadcastId, now: Timestamp) -> Result<bool, StoreFault> {
    Ok(tx.execute(&END, binds![id, now]).await? == 1)
}

#[derive(Debug, FromRow)]
struct BroadcastRow {
    id: String,
    text: String,
    queue: Option<String>,
    sent_by: String,
    sent_at: i64,
    until_at: i64,
}

impl TryFrom<BroadcastRow> for Broadcast {
    type Error = StoreFault;

    fn try_from(row: BroadcastRow) -> Result<Self, StoreFault> {
        Ok(Self {
            id: parse("broadcast.id", &row.id)?,
            text: row.text,
            queue: parse_some("broadcast.queue", row.queue)?,
            by: parse("broadcast.sent_by", &row.sent_by)?,
            at: Timestamp::from_millis(row.sent_at),
            until: Timestamp::from_millis(row.until_at),
        })
    }
}
