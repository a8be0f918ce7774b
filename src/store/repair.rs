//! What a lost process left open is closed at the next start, before anything new is stored: visits with the outcome
//! `node_lost`, calls as lost, agents' spans at the last sign of life.

use std::collections::{BTreeMap, VecDeque};

use sqlx::FromRow;

use super::{
    Db, Lane, NewEvent, StoreFault, Tx, binds, calls,
    segments::{self, VisitStep},
    sql,
    tx::parse,
};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, CallLine, EndCause, FlowOutCause, Outcome, Party},
        event::{Actor, Event},
    },
    store::journal::VisitRules,
    types::{CallId, Timestamp},
};

sql! {
    LAST_SIGN = "SELECT CAST(MAX(at) AS BIGINT) FROM event WHERE node = $1";
    OPEN_SEGMENTS = "SELECT call_id, queue, offered_at FROM segment WHERE node = $1 AND outcome IS NULL ORDER BY call_id, visit";
    OPEN_CALLS = "SELECT id, direction, customer_number, customer_label, our_number, customer_id, line, ivr_path, reason,
            queue, agent, language, started_at, queued_at, connected_at, ended_at, wait_ms, talk_ms, hold_ms, outcome,
            end_cause, channel, disposition, NULL AS customer_name
        FROM call WHERE node = $1 AND ended_at IS NULL ORDER BY id";
    CLOSE_SPANS = "UPDATE agent_state_span SET to_at = CASE WHEN from_at > $2 THEN from_at ELSE $2 END
        WHERE node = $1 AND to_at IS NULL";
}

/// What was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Visits to queues.
    pub segments: usize,
    /// Calls.
    pub calls: usize,
    /// Agents' spans.
    pub spans: u64,
}

/// Closes what this node's last process left open, at the time of its last event.
pub async fn close_what_was_lost(db: &Db, now: Timestamp) -> Result<Repaired, StoreFault> {
    db.write(Lane::Journal, move |tx| Box::pin(close(tx, now))).await
}

async fn close(tx: &mut Tx, now: Timestamp) -> Result<Repaired, StoreFault> {
    let node = tx.node().clone();
    let last: Option<(Option<i64>,)> = tx.fetch_optional(&LAST_SIGN, binds![&node]).await?;
    let last_sign = last.and_then(|row| row.0).map_or(now, Timestamp::from_millis);

    let segments = tx.fetch_all::<SegmentRow>(&OPEN_SEGMENTS, binds![&node]).await?;
    let mut steps: BTreeMap<CallId, VecDeque<VisitStep>> = BTreeMap::new();
    for row in &segments {
        let waited_ms = last_sign.millis_since(Timestamp::from_millis(row.offered_at)).max(0);
        let (call, queue) = (parse("call", &row.call_id)?, parse("queue", &row.queue)?);
        let kind = CallEventKind::FlowedOut { queue, waited_ms, cause: FlowOutCause::NodeLost };
        // The rules are only for visits that begin.
        let step = VisitStep::of(&kind, last_sign, VisitRules { threshold_ms: 0, short_ms: 0 });
        steps.entry(call).or_default().extend(step);
        emit(tx, last_sign, CallEvent { call, kind }).await?;
    }
    segments::take_steps(tx, steps).await?;

    let calls = tx.fetch_all::<calls::CallRow>(&OPEN_CALLS, binds![&node]).await?;
    let count = calls.len();
    for row in calls {
        let mut call = CallLine::try_from(row)?.call;
        call.ended_at = Some(last_sign.max(call.started_at));
        call.end_cause = Some(EndCause::Lost);
        if call.outcome == Outcome::Open {
            call.outcome = if call.connected_at.is_some() { Outcome::Answered } else { Outcome::Failed };
        }
        calls::save(tx, &[&call]).await?;
        calls::save_interactions(tx, &[&call]).await?;
        emit(tx, last_sign, lost(call.id)).await?;
    }

    let spans = tx.execute(&CLOSE_SPANS, binds![&node, last_sign]).await?;
    Ok(Repaired { segments: segments.len(), calls: count, spans })
}

fn lost(call: CallId) -> CallEvent {
    CallEvent { call, kind: CallEventKind::Ended { cause: EndCause::Lost, by: Party::System } }
}

async fn emit(tx: &mut Tx, at: Timestamp, event: CallEvent) -> Result<(), StoreFault> {
    tx.emit(NewEvent::new(at, Actor::System, Event::Call(event)).caused_by("restart")).await.map(|_| ())
}

#[derive(Debug, FromRow)]
struct SegmentRow {
    call_id: String,
    queue: String,
    offered_at: i64,
}
