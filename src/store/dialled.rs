//! How many calls out each agent has made, by the stream of events: a daily limit holds over a restart.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{Db, StoreFault, binds, sql, tx::parse};
use crate::types::{AgentId, Timestamp};

sql! {
    /// A call that goes on by another trunk is one call: its first attempt counts.
    BY_AGENT = "SELECT data -> 'event' ->> 'agent' AS agent, CAST(COUNT(*) AS BIGINT) AS calls FROM event
        WHERE at >= $1 AND kind = 'call.sent_out' AND CAST(data -> 'event' ->> 'attempt' AS BIGINT) = 1
            AND data -> 'event' ->> 'agent' IS NOT NULL
        GROUP BY data -> 'event' ->> 'agent'";
}

/// Calls out of each agent since then.
pub async fn calls_out_since(db: &Db, since: Timestamp) -> Result<BTreeMap<AgentId, i64>, StoreFault> {
    let rows = db.fetch_all::<Row>(&BY_AGENT, binds![since]).await?;
    rows.into_iter().map(|row| Ok((parse("agent", &row.agent)?, row.calls))).collect()
}

#[derive(Debug, FromRow)]
struct Row {
    agent: String,
    calls: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            call::{CallEvent, CallEventKind},
            event::{Actor, Event},
        },
        store::{Lane, NewEvent, testing::TestDb},
        types::{CallId, Rng},
    };

    #[tokio::test]
    async fn the_first_attempts_of_each_agent_count_from_a_moment_on() {
        for test in TestDb::each().await {
            let mut rng = Rng::seeded(1);
            let mut sent = |at: i64, agent: Option<&str>, attempt: i64| {
                let at = Timestamp::from_millis(at);
                let kind = CallEventKind::SentOut {
                    trunk: "carrier".parse().unwrap(),
                    attempt,
                    session_id: String::new(),
                    agent: agent.map(|agent| agent.parse().unwrap()),
                };
                (at, Event::Call(CallEvent { call: CallId::mint(at, &mut rng), kind }))
            };
            let events = [
                sent(999, Some("ana"), 1),
                sent(1_000, Some("ana"), 1),
                sent(1_001, Some("ana"), 2),
                sent(2_000, Some("ana"), 1),
                sent(2_000, Some("bea"), 1),
                sent(2_000, None, 1),
            ];
            let write = test.db.write(Lane::Journal, move |tx| {
                let events = events.clone();
                Box::pin(async move {
                    for (at, event) in events {
                        tx.emit(NewEvent::new(at, Actor::System, event)).await?;
                    }
                    Ok::<_, StoreFault>(())
                })
            });
            write.await.unwrap();
            let counted = calls_out_since(&test.db, Timestamp::from_millis(1_000)).await.unwrap();
            let expected = [("ana", 2), ("bea", 1)].map(|(agent, calls)| (agent.parse().unwrap(), calls));
            assert_eq!(counted, expected.into(), "on {test:?}");
        }
    }
}
