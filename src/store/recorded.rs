//! A recorded time as the fact tables have it, for a replay with other rules: visits to queues, what agents did, and what was set up.

use sqlx::{FromRow, types::Json};

use super::{StoreFault, binds, peek::Look, sql, tx::parse};
use crate::{
    domain::centre::{Setup, Sight},
    types::{AgentId, CallId, QueueId, Timestamp},
};

/// Visits and spans of one time at most; a longer one is refused.
pub const ROWS_MAX: i64 = 500_000;

sql! {
    VISITS = "SELECT call_id, queue, offered_at, agent, wait_ms, talk_ms, hold_ms, outcome FROM segment
        WHERE offered_at >= $1 AND offered_at < $2 ORDER BY offered_at, call_id, visit LIMIT $3";
    SPANS = "SELECT agent, state, call_id, from_at, to_at FROM agent_state_span
        WHERE from_at < $2 AND (to_at IS NULL OR to_at > $1) ORDER BY agent, from_at, seq LIMIT $3";
    SETUP_BEFORE = "SELECT data FROM routing_sight WHERE whole_seq IS NOT NULL AND at <= $1 ORDER BY at DESC LIMIT 1";
    SETUP_WITHIN = "SELECT data FROM routing_sight WHERE whole_seq IS NOT NULL AND at > $1 AND at < $2 ORDER BY at LIMIT 1";
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An agent took the call.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// The caller left the queue otherwise, or the visit has not ended.
    Left,
}

/// A visit of a caller to a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Which call.
    pub call: CallId,
    /// Where to.
    pub queue: QueueId,
    /// When the caller joined the line.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Who took the call.
    pub agent: Option<AgentId>,
    /// How long the caller waited, in milliseconds.
    pub wait_ms: u64,
    /// How long both talked, hold included.
    pub talk_ms: u64,
}

/// What an agent did for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Who.
    pub agent: AgentId,
    /// `ready`, `offered`, `busy`, `wrapping_up`, `paused` or `offline`.
    pub state: String,
    /// With which call.
    pub call: Option<CallId>,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// A recorded time.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its visits, in order.
    pub visits: Vec<Visit>,
    /// What agents did then, by agent.
    pub spans: Vec<Span>,
    /// What the matcher went by then, where it is written down.
    pub setup: Option<Setup>,
}

/// What is recorded of a time. `None` where there is too much of it.
pub async fn recorded(look: &mut Look, from: Timestamp, to: Timestamp) -> Result<Option<Recorded>, StoreFault> {
    let visits = look.fetch_all::<VisitRow>(&VISITS, binds![from, to, ROWS_MAX]).await?;
    let spans = look.fetch_all::<SpanRow>(&SPANS, binds![from, to, ROWS_MAX]).await?;
    if [visits.len(), spans.len()].iter().any(|rows| i64::try_from(*rows).is_ok_and(|rows| rows >= ROWS_MAX)) {
        return Ok(None);
    }
    let mut setup = look.fetch_all::<(Json<Vec<(i64, Sight)>>,)>(&SETUP_BEFORE, binds![from]).await?;
    if setup.is_empty() {
        setup = look.fetch_all::<(Json<Vec<(i64, Sight)>>,)>(&SETUP_WITHIN, binds![from, to]).await?;
    }
    Ok(Some(Recorded {
        visits: visits.into_iter().map(Visit::try_from).collect::<Result<_, _>>()?,
        spans: spans.into_iter().map(Span::try_from).collect::<Result<_, _>>()?,
        setup: setup.into_iter().flat_map(|(sights,)| sights.0).find_map(|(_, sight)| sight.setup).map(|setup| *setup),
    }))
}

#[derive(Debug, FromRow)]
struct VisitRow {
    call_id: String,
    queue: String,
    offered_at: i64,
    agent: Option<String>,
    wait_ms: Option<i64>,
    talk_ms: i64,
    hold_ms: i64,
    outcome: Option<String>,
}

impl TryFrom<VisitRow> for Visit {
    type Error = StoreFault;
    fn try_from(row: VisitRow) -> Result<Self, StoreFault> {
        let outcome = match row.outcome.as_deref() {
            Some("answered") => Outcome::Answered,
            Some("abandoned") => Outcome::Abandoned,
            _ => Outcome::Left,
        };
        Ok(Self {
            call: parse("call", &row.call_id)?,
            queue: parse("queue", &row.queue)?,
            at: Timestamp::from_millis(row.offered_at),
            outcome,
            agent: row.agent.map(|agent| parse("agent", &agent)).transpose()?,
            wait_ms: u64::try_from(row.wait_ms.unwrap_or(0)).unwrap_or(0),
            talk_ms: u64::try_from(row.talk_ms + row.hold_ms).unwrap_or(0),
        })
    }
}

#[derive(Debug, FromRow)]
struct SpanRow {
    agent: String,
    state: String,
    call_id: Option<String>,
    from_at: i64,
    to_at: Option<i64>,
}

impl TryFrom<SpanRow> for Span {
    type Error = StoreFault;
    fn try_from(row: SpanRow) -> Result<Self, StoreFault> {
        Ok(Self {
            agent: parse("agent", &row.agent)?,
            state: row.state,
            call: row.call_id.map(|call| parse("call", &call)).transpose()?,
            from: Timestamp::from_millis(row.from_at),
            to: row.to_at.map(Timestamp::from_millis),
        })
    }
}
