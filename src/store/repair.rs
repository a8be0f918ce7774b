//! What a lost process left open is closed at the next start, before anything new is stored: visits with the outcome
//! `node_lost`, calls as lost, agents' spans at the last sign of life. What outlasts the process stays open: it goes on.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use sqlx::FromRow;

use super::{
    Db, Lane, NewEvent, StoreFault, Tx, binds, calls,
    segments::{self, VisitStep},
    sql,
    tx::parse,
};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, CallLine, Direction, EndCause, FlowOutCause, Outcome, Party},
        event::{Actor, Event},
    },
    store::journal::VisitRules,
    types::{AgentId, CallId, Timestamp},
};

sql! {
    LAST_SIGN = "SELECT CAST(MAX(at) AS BIGINT) FROM event WHERE node = $1";
    OPEN_SEGMENTS = "SELECT call_id, queue, offered_at FROM segment WHERE node = $1 AND outcome IS NULL ORDER BY call_id, visit";
    OPEN_CALLS = "SELECT id, direction, customer_number, customer_label, our_number, customer_id, line, ivr_path, reason,
            queue, agent, language, started_at, queued_at, connected_at, ended_at, wait_ms, talk_ms, hold_ms, outcome,
            end_cause, channel, redirections, answer, disposition, NULL AS customer_name
        FROM call WHERE node = $1 AND ended_at IS NULL ORDER BY id";
    OPEN_SPANS = "SELECT DISTINCT agent FROM agent_state_span WHERE node = $1 AND to_at IS NULL ORDER BY agent";
    CLOSE_SPANS = "UPDATE agent_state_span SET to_at = CASE WHEN from_at > $2 THEN from_at ELSE $2 END
        WHERE node = $1 AND to_at IS NULL AND agent = $3";
    HAS_ENDED = "SELECT CAST(COUNT(*) AS BIGINT) FROM call WHERE id = $1 AND ended_at IS NOT NULL";
}

/// What a lost process left that goes on in this one.
#[derive(Debug, Clone, Default)]
pub struct GoesOn {
    /// Calls.
    pub calls: BTreeSet<CallId>,
    /// Agents.
    pub agents: BTreeSet<AgentId>,
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

/// Those of these calls whose end is stored: their last change came too late to be written down elsewhere.
pub async fn ended_among(db: &Db, calls: impl IntoIterator<Item = CallId>) -> Result<BTreeSet<CallId>, StoreFault> {
    let mut ended = BTreeSet::new();
    for call in calls {
        let count: Option<(i64,)> = db.fetch_optional(&HAS_ENDED, binds![call]).await?;
        if count.is_some_and(|(count,)| count > 0) {
            ended.insert(call);
        }
    }
    Ok(ended)
}

/// Closes what this node's last process left open, at the time of its last event, but not what goes on.
pub async fn close_what_was_lost(db: &Db, goes_on: GoesOn, now: Timestamp) -> Result<Repaired, StoreFault> {
    let goes_on = Arc::new(goes_on);
    db.write(Lane::Journal, move |tx| {
        let goes_on = goes_on.clone();
        Box::pin(async move { close(tx, &goes_on, now).await })
    })
    .await
}

async fn close(tx: &mut Tx, goes_on: &GoesOn, now: Timestamp) -> Result<Repaired, StoreFault> {
    let node = tx.node().clone();
    let last: Option<(Option<i64>,)> = tx.fetch_optional(&LAST_SIGN, binds![&node]).await?;
    let last_sign = last.and_then(|row| row.0).map_or(now, Timestamp::from_millis);

    let mut steps: BTreeMap<CallId, VecDeque<VisitStep>> = BTreeMap::new();
    let mut segments = 0;
    for row in tx.fetch_all::<SegmentRow>(&OPEN_SEGMENTS, binds![&node]).await? {
        let waited_ms = last_sign.millis_since(Timestamp::from_millis(row.offered_at)).max(0);
        let (call, queue) = (parse("call", &row.call_id)?, parse("queue", &row.queue)?);
        if goes_on.calls.contains(&call) {
            continue;
        }
        segments += 1;
        let kind = CallEventKind::FlowedOut { queue, waited_ms, cause: FlowOutCause::NodeLost };
        // The rules are only for visits that begin.
        let step = VisitStep::of(&kind, last_sign, VisitRules::usual(0, 0));
        steps.entry(call).or_default().extend(step);
        emit(tx, last_sign, CallEvent { call, kind }).await?;
    }
    segments::take_steps(tx, steps).await?;

    let (mut count, mut settled) = (0, BTreeMap::new());
    for row in tx.fetch_all::<calls::CallRow>(&OPEN_CALLS, binds![&node]).await? {
        let mut call = CallLine::try_from(row)?.call;
        if goes_on.calls.contains(&call.id) {
            continue;
        }
        count += 1;
        call.ended_at = Some(last_sign.max(call.started_at));
        call.end_cause = Some(EndCause::Lost);
        if call.outcome == Outcome::Open {
            call.outcome = if call.connected_at.is_some() { Outcome::Answered } else { Outcome::Failed };
        }
        calls::save(tx, &[&call]).await?;
        calls::save_interactions(tx, &[&call]).await?;
        if call.queue.is_some() {
            let step = VisitStep::Settle { talk_ms: call.talk_ms, hold_ms: call.hold_ms, ended_at: call.ended_at };
            settled.insert(call.id, VecDeque::from([step]));
        }
        // Whoever dialled knows whom to dial again.
        let owed = call.queue.clone().filter(|_| call.direction == Direction::Inbound);
        let kind = CallEventKind::NotRecovered { queue: owed };
        emit(tx, last_sign, CallEvent { call: call.id, kind }).await?;
        emit(tx, last_sign, lost(call.id)).await?;
    }

    segments::take_steps(tx, settled).await?;

    let mut spans = 0;
    for (agent,) in tx.fetch_all::<(String,)>(&OPEN_SPANS, binds![&node]).await? {
        if !goes_on.agents.contains(&parse("agent", &agent)?) {
            spans += tx.execute(&CLOSE_SPANS, binds![&node, last_sign, agent]).await?;
        }
    }
    Ok(Repaired { segments, calls: count, spans })
}

fn lost(call: CallId) -> CallEvent {
    CallEvent { call, kind: CallEventKind::Ended { cause: EndCause::Lost, by: Party::System, reason: None } }
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
