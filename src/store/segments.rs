//! The fact tables of the reports: visits of calls to queues, and how long agents were in which state. A visit is closed once,
//! with its outcome, so that offered is always the sum of the outcomes and of those still open.

use sqlx::FromRow;

use super::{Db, StoreFault, Tx, Val, binds, journal::VisitRules, sql, tx::parse};
use crate::{
    domain::{
        agent::Presence,
        call::{CallEvent, CallEventKind, CallSummary, FlowOutCause},
        report::QueueCounts,
    },
    types::{AgentId, CallId, QueueId, Timestamp},
};

sql! {
    OPEN = "INSERT INTO segment (call_id, visit, node, queue, reason, offered_at, threshold_ms, short_ms)
        SELECT $1, CAST(COALESCE(MAX(visit), 0) + 1 AS BIGINT), $2, $3, $4, $5, $6, $7 FROM segment WHERE call_id = $1";
    CLOSE = "UPDATE segment SET outcome = $3, closed_at = $4, wait_ms = $5, agent = $6, flow_cause = $7
        WHERE call_id = $1 AND queue = $2 AND outcome IS NULL";
    SETTLE_TALK = "UPDATE segment SET
            talk_ms = $2 - CAST((SELECT COALESCE(SUM(s.talk_ms), 0) FROM segment s
                WHERE s.call_id = $1 AND s.visit < segment.visit) AS BIGINT),
            hold_ms = $3 - CAST((SELECT COALESCE(SUM(s.hold_ms), 0) FROM segment s
                WHERE s.call_id = $1 AND s.visit < segment.visit) AS BIGINT)
        WHERE call_id = $1 AND visit = (SELECT MAX(s.visit) FROM segment s WHERE s.call_id = $1 AND s.outcome = 'answered')";
    CLOSE_SPAN = "UPDATE agent_state_span SET to_at = $2 WHERE agent = $1 AND to_at IS NULL";
    OPEN_SPAN = "INSERT INTO agent_state_span (node, seq, agent, state, reason, call_id, from_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    COUNTS = "SELECT queue,
            CAST(COUNT(*) AS BIGINT) AS offered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered') AS BIGINT) AS answered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= threshold_ms) AS BIGINT) AS answered_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT) AS abandoned,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms < short_ms) AS BIGINT) AS abandoned_short,
            CAST(COUNT(*) FILTER (WHERE outcome IN ('flowed_out', 'node_lost')) AS BIGINT) AS flowed_out,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT) AS wait_ms_answered,
            CAST(COALESCE(MAX(wait_ms), 0) AS BIGINT) AS wait_ms_max
        FROM segment WHERE offered_at >= $1 AND offered_at < $2 GROUP BY queue ORDER BY queue";
    INTERVALS = "SELECT queue, $1 + ((offered_at - $1) / $3) * $3 AS begins_at,
            CAST(COUNT(*) AS BIGINT) AS offered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered') AS BIGINT) AS answered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= threshold_ms) AS BIGINT) AS answered_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT) AS abandoned,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms < short_ms) AS BIGINT) AS abandoned_short,
            CAST(COUNT(*) FILTER (WHERE outcome IN ('flowed_out', 'node_lost')) AS BIGINT) AS flowed_out,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT) AS wait_ms_answered,
            CAST(COALESCE(MAX(wait_ms), 0) AS BIGINT) AS wait_ms_max
        FROM segment WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)
        GROUP BY 1, 2 ORDER BY 2, 1";
}

/// Opens or closes a visit as the call's event says.
pub(crate) async fn follow_call(tx: &mut Tx, event: &CallEvent, at: Timestamp, rules: VisitRules) -> Result<(), StoreFault> {
    let close = |queue: &QueueId, outcome: &str, waited_ms: i64, agent: Option<&AgentId>, cause: Val| {
        binds![event.call, queue, outcome, at, waited_ms, agent, cause]
    };
    match &event.kind {
        CallEventKind::Queued { queue, reason } => {
            let node = tx.node().clone();
            let values = binds![event.call, &node, queue, reason.clone(), at, rules.threshold_ms, rules.short_ms];
            tx.execute(&OPEN, values).await.map(|_| ())
        }
        CallEventKind::Connected { queue: Some(queue), agent, waited_ms } => {
            tx.execute(&CLOSE, close(queue, "answered", *waited_ms, Some(agent), Val::Text(None))).await.map(|_| ())
        }
        CallEventKind::Abandoned { queue, waited_ms } => {
            tx.execute(&CLOSE, close(queue, "abandoned", *waited_ms, None, Val::Text(None))).await.map(|_| ())
        }
        CallEventKind::FlowedOut { queue, waited_ms, cause } => {
            let outcome = if *cause == FlowOutCause::NodeLost { "node_lost" } else { "flowed_out" };
            tx.execute(&CLOSE, close(queue, outcome, *waited_ms, None, Val::word(cause))).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Gives the talk so far to the visit that was answered last, less what earlier visits already have.
pub(super) async fn settle_talk(tx: &mut Tx, call: &CallSummary) -> Result<(), StoreFault> {
    tx.execute(&SETTLE_TALK, binds![call.id, call.talk_ms, call.hold_ms]).await.map(|_| ())
}

/// Ends the agent's span and begins the next. Being offline is no span.
pub(super) async fn follow_presence(tx: &mut Tx, agent: &AgentId, to: &Presence, at: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&CLOSE_SPAN, binds![agent, at]).await?;
    let (state, reason, call): (&str, Option<&str>, Option<CallId>) = match to {
        Presence::Offline => return Ok(()),
        Presence::Ready => ("ready", None, None),
        Presence::Paused { reason } => ("paused", Some(reason), None),
        Presence::Offered { call } => ("offered", None, Some(*call)),
        Presence::Busy { call } => ("busy", None, Some(*call)),
        Presence::WrappingUp { call, .. } => ("wrapping_up", None, Some(*call)),
    };
    let (node, seq) = (tx.node().clone(), tx.last_seq());
    tx.execute(&OPEN_SPAN, binds![&node, seq, agent, state, reason, call, at]).await.map(|_| ())
}

/// Counts per queue of the visits that began in a span. Queues without visits are absent.
pub async fn counts(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<(QueueId, QueueCounts)>, StoreFault> {
    let rows = db.fetch_all::<CountRow>(&COUNTS, binds![from, to]).await?;
    rows.into_iter().map(|row| Ok((parse("queue", &row.queue)?, row.counts()))).collect()
}

/// Counts of one queue in one interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalCounts {
    /// Which.
    pub queue: QueueId,
    /// Begin of the interval.
    pub begins_at: Timestamp,
    /// The visits that began in it.
    pub counts: QueueCounts,
}

/// Counts per queue and interval of `interval_ms`, the first beginning at `from`. Intervals without visits are absent.
pub async fn intervals(
    db: &Db,
    from: Timestamp,
    to: Timestamp,
    interval_ms: i64,
    queue: Option<&QueueId>,
) -> Result<Vec<IntervalCounts>, StoreFault> {
    let rows = db.fetch_all::<IntervalRow>(&INTERVALS, binds![from, to, interval_ms.max(60_000), queue]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(IntervalCounts {
                queue: parse("queue", &row.count.queue)?,
                begins_at: Timestamp::from_millis(row.begins_at),
                counts: row.count.counts(),
            })
        })
        .collect()
}

#[derive(Debug, FromRow)]
struct CountRow {
    queue: String,
    offered: i64,
    answered: i64,
    answered_in_time: i64,
    abandoned: i64,
    abandoned_short: i64,
    flowed_out: i64,
    wait_ms_answered: i64,
    wait_ms_max: i64,
}

#[derive(Debug, FromRow)]
struct IntervalRow {
    begins_at: i64,
    #[sqlx(flatten)]
    count: CountRow,
}

impl CountRow {
    fn counts(&self) -> QueueCounts {
        QueueCounts {
            offered: self.offered,
            answered: self.answered,
            answered_in_time: self.answered_in_time,
            abandoned: self.abandoned,
            abandoned_short: self.abandoned_short,
            flowed_out: self.flowed_out,
            wait_ms_answered: self.wait_ms_answered,
            wait_ms_max: self.wait_ms_max,
        }
    }
}
