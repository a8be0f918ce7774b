//! What reports ask of callbacks: those that were promised in a stretch of time, each whole as of its last event.

use sqlx::{FromRow, types::Json};

use super::{Db, StoreFault, binds, sql};
use crate::{
    domain::callback::Callback,
    types::{CallbackId, QueueId, Timestamp},
};

/// Most in one page.
pub const PAGE_MAX: i64 = 500;

sql! {
    REQUESTED = "SELECT data FROM callback WHERE requested_at >= $1 AND requested_at < $2
            AND (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (requested_at > $4 OR (requested_at = $4 AND id > $5))
        ORDER BY requested_at, id LIMIT $6";
}

/// A page of those promised from one instant until before another, oldest first, behind `after`.
pub async fn requested(
    db: &Db,
    (from, to): (Timestamp, Timestamp),
    queue: Option<&QueueId>,
    after: Option<(Timestamp, CallbackId)>,
) -> Result<Vec<Callback>, StoreFault> {
    let (at, id) = after.map_or((i64::MIN, String::new()), |(at, id)| (at.as_millis(), id.to_string()));
    let rows = db.fetch_all::<Row>(&REQUESTED, binds![from, to, queue, at, id, PAGE_MAX]).await?;
    Ok(rows.into_iter().map(|row| row.data.0).collect())
}

#[derive(Debug, FromRow)]
struct Row {
    data: Json<Callback>,
}
