//! What the calls of each queue have been like in a stretch of time: for the forecasts of waits.

use sqlx::FromRow;

use super::{Db, StoreFault, binds, sql, tx::parse};
use crate::{
    domain::queue::{WorkNorm, WorkNorms},
    types::Timestamp,
};

/// A call's spans of an agent are looked for up to so long after its answer: the conversation and its wrap-up.
const CALL_MS_MAX: i64 = 4 * 60 * 60_000;

sql! {
    // From the offer to the end of the wrap-up, of whoever answered; spans are found by their agent and time.
    HANDLED = "SELECT s.queue AS queue, CAST(COUNT(DISTINCT s.call_id) AS BIGINT) AS count,
            CAST(SUM(w.to_at - w.from_at) AS BIGINT) AS ms
        FROM segment s JOIN agent_state_span w ON w.agent = s.agent AND w.from_at >= s.offered_at AND w.from_at < s.closed_at + $3
            AND w.call_id = s.call_id AND w.state IN ('offered', 'busy', 'wrapping_up') AND w.to_at IS NOT NULL
        WHERE s.closed_at >= $1 AND s.closed_at < $2 AND s.outcome = 'answered'
        GROUP BY s.queue";
    WAITED = "SELECT queue, CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT) AS count,
            CAST(COALESCE(SUM(wait_ms), 0) AS BIGINT) AS ms
        FROM segment WHERE closed_at >= $1 AND closed_at < $2 AND outcome IS NOT NULL
        GROUP BY queue";
}

/// Of the visits that ended from one instant until before another. Queues without visits are absent.
pub async fn work_norms(db: &Db, (from, to): (Timestamp, Timestamp)) -> Result<WorkNorms, StoreFault> {
    let mut norms = WorkNorms::new();
    for row in db.fetch_all::<Row>(&HANDLED, binds![from, to, CALL_MS_MAX]).await? {
        let norm: &mut WorkNorm = norms.entry(parse("queue", &row.queue)?).or_default();
        (norm.handled, norm.handled_ms) = (row.count, row.ms);
    }
    for row in db.fetch_all::<Row>(&WAITED, binds![from, to]).await? {
        let norm = norms.entry(parse("queue", &row.queue)?).or_default();
        (norm.gave_up, norm.waited_ms) = (row.count, row.ms);
    }
    Ok(norms)
}

#[derive(Debug, FromRow)]
struct Row {
    queue: String,
    count: i64,
    ms: i64,
}
