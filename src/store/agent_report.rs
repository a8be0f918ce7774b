//! What reports ask of the agents' time: who was there, in which states from when to when, and how many callers each one answered.

use sqlx::FromRow;

use super::{
    Db, Sql, StoreFault, Val, binds, sql,
    tx::{from_word, parse},
};
use crate::{
    domain::report::{AgentHandling, AgentSpan, Stretch},
    types::{AgentId, Timestamp},
};

sql! {
    // From one agent to the next by the key, instead of over every span that there is.
    AGENTS = "WITH RECURSIVE known (agent) AS (SELECT MIN(agent) FROM agent_state_span
            UNION ALL SELECT (SELECT MIN(s.agent) FROM agent_state_span s WHERE s.agent > known.agent) FROM known
                WHERE known.agent IS NOT NULL)
        SELECT agent FROM known WHERE agent IS NOT NULL ORDER BY agent";
    // The spans that begin in it, and the one before: states follow each other.
    SPANS = "SELECT state, reason, activity, from_at, to_at FROM agent_state_span
        WHERE agent = $1 AND from_at < $3 AND (to_at IS NULL OR to_at > $2)
            AND from_at >= COALESCE((SELECT MAX(b.from_at) FROM agent_state_span b WHERE b.agent = $1 AND b.from_at < $2), $2)
        ORDER BY from_at, node, seq";
    ANSWERED = "SELECT agent, begins_at, CAST(COUNT(*) AS BIGINT) AS answered
        FROM (SELECT agent, $1 + ((answered_at - $1) / $3) * $3 AS begins_at FROM visit_answer
            WHERE answered_at >= $1 AND answered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR agent = $4)) AS a
        GROUP BY agent, begins_at ORDER BY begins_at, agent";
    // The visits whose handling ended in the stretch: whoever answered one has handled it, and whoever was busy with the call after it
    // was answered, until the next one was. A wrap-up is of the visit that was answered before it began. Dialling is nobody's handling.
    HANDLED = "SELECT agent, begins_at, CAST(COUNT(DISTINCT call_id || ' ' || CAST(visit AS TEXT)) AS BIGINT) AS handled,
            CAST(COALESCE(SUM(busy_ms), 0) AS BIGINT) AS busy_ms, CAST(COALESCE(SUM(wrap_ms), 0) AS BIGINT) AS wrap_ms
        FROM (SELECT v.agent AS agent, s.call_id AS call_id, s.visit AS visit, $1 + ((s.ended_at - $1) / $3) * $3 AS begins_at,
                0 AS busy_ms, 0 AS wrap_ms
            FROM segment s JOIN visit_answer v ON v.call_id = s.call_id AND v.visit = s.visit
            WHERE s.ended_at >= $1 AND s.ended_at < $2 AND s.outcome = 'answered' AND (CAST($4 AS TEXT) IS NULL OR v.agent = $4)
            UNION ALL SELECT w.agent, s.call_id, s.visit, $1 + ((s.ended_at - $1) / $3) * $3, w.to_at - w.from_at, 0
            FROM segment s JOIN agent_state_span w ON w.call_id = s.call_id AND w.state = 'busy' AND w.from_at >= s.closed_at
            WHERE s.ended_at >= $1 AND s.ended_at < $2 AND s.outcome = 'answered' AND (CAST($4 AS TEXT) IS NULL OR w.agent = $4)
                AND (w.activity IS NULL OR w.activity <> 'dial')
                AND NOT EXISTS (SELECT 1 FROM segment l WHERE l.call_id = s.call_id AND l.visit > s.visit
                    AND l.outcome = 'answered' AND l.closed_at <= w.from_at)
            UNION ALL SELECT w.agent, s.call_id, s.visit, $1 + ((s.ended_at - $1) / $3) * $3, 0, w.to_at - w.from_at
            FROM segment s JOIN agent_state_span w ON w.call_id = s.call_id AND w.state = 'wrapping_up' AND w.from_at > s.closed_at
            WHERE s.ended_at >= $1 AND s.ended_at < $2 AND s.outcome = 'answered' AND (CAST($4 AS TEXT) IS NULL OR w.agent = $4)
                AND NOT EXISTS (SELECT 1 FROM segment l WHERE l.call_id = s.call_id AND l.visit > s.visit
                    AND l.outcome = 'answered' AND l.closed_at < w.from_at)) AS h
        GROUP BY agent, begins_at ORDER BY begins_at, agent";
    TRANSFERS = "SELECT agent, begins_at, CAST(COUNT(*) AS BIGINT) AS made
        FROM (SELECT agent, $1 + ((made_at - $1) / $3) * $3 AS begins_at FROM transfer_made
            WHERE made_at >= $1 AND made_at < $2 AND (CAST($4 AS TEXT) IS NULL OR agent = $4)) AS a
        GROUP BY agent, begins_at ORDER BY begins_at, agent";
}

/// Something of an agent in the interval that begins then.
pub type OfAgent<T> = (AgentId, Timestamp, T);

/// Everybody who was ever signed in.
pub async fn agents(db: &Db) -> Result<Vec<AgentId>, StoreFault> {
    let rows = db.fetch_all::<(String,)>(&AGENTS, binds![]).await?;
    rows.iter().map(|(agent,)| parse("agent", agent)).collect()
}

/// An agent's states that reach into a span, in the order of their beginnings.
pub async fn spans(db: &Db, agent: &AgentId, from: Timestamp, to: Timestamp) -> Result<Vec<AgentSpan>, StoreFault> {
    db.fetch_all::<SpanRow>(&SPANS, binds![agent, from, to]).await?.into_iter().map(AgentSpan::try_from).collect()
}

/// How many callers out of queues each agent answered in each interval, also those who were passed on to the agent.
pub async fn answered(db: &Db, stretch: &Stretch, agent: Option<&AgentId>) -> Result<Vec<OfAgent<i64>>, StoreFault> {
    counted(db, &ANSWERED, stretch, agent).await
}

/// How often each agent passed callers on in each interval, callers of no queue included.
pub async fn transfers_made(db: &Db, stretch: &Stretch, agent: Option<&AgentId>) -> Result<Vec<OfAgent<i64>>, StoreFault> {
    counted(db, &TRANSFERS, stretch, agent).await
}

/// What each agent had to do with the callers whose handling ended in each interval.
pub async fn handled(db: &Db, stretch: &Stretch, agent: Option<&AgentId>) -> Result<Vec<OfAgent<AgentHandling>>, StoreFault> {
    let rows = db.fetch_all::<(String, i64, i64, i64, i64)>(&HANDLED, of(stretch, agent)).await?;
    rows.into_iter()
        .map(|(agent, begins_at, handled, handled_on_calls_ms, handled_wrap_ms)| {
            let handling = AgentHandling { handled, handled_on_calls_ms, handled_wrap_ms };
            Ok((parse("agent", &agent)?, Timestamp::from_millis(begins_at), handling))
        })
        .collect()
}

async fn counted(
    db: &Db,
    statement: &'static Sql,
    stretch: &Stretch,
    agent: Option<&AgentId>,
) -> Result<Vec<OfAgent<i64>>, StoreFault> {
    let rows = db.fetch_all::<(String, i64, i64)>(statement, of(stretch, agent)).await?;
    rows.into_iter()
        .map(|(agent, begins_at, count)| Ok((parse("agent", &agent)?, Timestamp::from_millis(begins_at), count)))
        .collect()
}

fn of(stretch: &Stretch, agent: Option<&AgentId>) -> Vec<Val> {
    binds![stretch.from, stretch.to, stretch.length_ms.max(1), agent]
}

#[derive(Debug, FromRow)]
struct SpanRow {
    state: String,
    reason: Option<String>,
    activity: Option<String>,
    from_at: i64,
    to_at: Option<i64>,
}

impl TryFrom<SpanRow> for AgentSpan {
    type Error = StoreFault;
    fn try_from(row: SpanRow) -> Result<Self, StoreFault> {
        Ok(Self {
            state: from_word("agent state", row.state)?,
            reason: row.reason,
            activity: row.activity.map(|word| from_word("activity", word)).transpose()?,
            from: Timestamp::from_millis(row.from_at),
            to: row.to_at.map(Timestamp::from_millis),
        })
    }
}
