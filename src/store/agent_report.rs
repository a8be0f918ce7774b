//! What reports ask of the agents' time: who was there, in which states from when to when, and how many callers each one answered.

use sqlx::FromRow;

use super::{
    Db, StoreFault, binds, sql,
    tx::{from_word, parse},
};
use crate::{
    domain::report::{AgentSpan, Stretch},
    types::{AgentId, Timestamp},
};

sql! {
    // From one agent to the next by the key, instead of over every span that there is.
    AGENTS = "WITH RECURSIVE known (agent) AS (SELECT MIN(agent) FROM agent_state_span
            UNION ALL SELECT (SELECT MIN(s.agent) FROM agent_state_span s WHERE s.agent > known.agent) FROM known
                WHERE known.agent IS NOT NULL)
        SELECT agent FROM known WHERE agent IS NOT NULL ORDER BY agent";
    // The spans that begin in it, and the one before: states follow each other.
    SPANS = "SELECT state, reason, from_at, to_at FROM agent_state_span
        WHERE agent = $1 AND from_at < $3 AND (to_at IS NULL OR to_at > $2)
            AND from_at >= COALESCE((SELECT MAX(b.from_at) FROM agent_state_span b WHERE b.agent = $1 AND b.from_at < $2), $2)
        ORDER BY from_at, node, seq";
    ANSWERED = "SELECT agent, begins_at, CAST(COUNT(*) AS BIGINT) AS answered
        FROM (SELECT agent, $1 + ((answered_at - $1) / $3) * $3 AS begins_at FROM visit_answer
            WHERE answered_at >= $1 AND answered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR agent = $4)) AS a
        GROUP BY agent, begins_at ORDER BY begins_at, agent";
}

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
pub async fn answered(
    db: &Db,
    stretch: &Stretch,
    agent: Option<&AgentId>,
) -> Result<Vec<(AgentId, Timestamp, i64)>, StoreFault> {
    let values = binds![stretch.from, stretch.to, stretch.length_ms.max(1), agent];
    let rows = db.fetch_all::<(String, i64, i64)>(&ANSWERED, values).await?;
    rows.into_iter()
        .map(|(agent, begins_at, count)| Ok((parse("agent", &agent)?, Timestamp::from_millis(begins_at), count)))
        .collect()
}

#[derive(Debug, FromRow)]
struct SpanRow {
    state: String,
    reason: Option<String>,
    from_at: i64,
    to_at: Option<i64>,
}

impl TryFrom<SpanRow> for AgentSpan {
    type Error = StoreFault;
    fn try_from(row: SpanRow) -> Result<Self, StoreFault> {
        Ok(Self {
            state: from_word("agent state", row.state)?,
            reason: row.reason,
            from: Timestamp::from_millis(row.from_at),
            to: row.to_at.map(Timestamp::from_millis),
        })
    }
}
