//! What the matcher saw at its decisions, beside the events that tell of them, and both read back for a replay.

use std::collections::BTreeMap;

use sqlx::types::Json;

use super::{StoreFault, Tx, Val, binds, journal::EventRow, peek::Look, sql, tx::parse};
use crate::{
    domain::{
        centre::{Fact, Sight},
        event::EventRecord,
    },
    types::{NodeId, Timestamp},
};

/// For so long a decision can be made again. An hour's sights go at a time.
pub const SIGHT_DAYS: i64 = 35;
/// Events that are read at a time.
const PAGE: i64 = 500;
const DAY_MS: i64 = 86_400_000;
/// More than one write of the journal has: the sights of its facts stand at the first of them.
const FACTS_MAX: i64 = 1_000;

sql! {
    SAVE = "INSERT INTO routing_sight (node, seq, whole_seq, at, data) VALUES ($1, $2, $3, $4, $5)";
    FORGET = "DELETE FROM routing_sight WHERE node = $1 AND at < $2";
    NODES = "SELECT id FROM node ORDER BY id";
    /// The last one before a moment that tells everything, to begin from.
    BEGINNING = "SELECT whole_seq FROM routing_sight WHERE node = $1 AND whole_seq IS NOT NULL AND at <= $2
        ORDER BY seq DESC LIMIT 1";
    FIRST_SINCE = "SELECT CAST(MIN(seq) AS BIGINT) FROM event WHERE node = $1 AND at >= $2";
    /// Decisions, and what else is told of who waits and who is ready.
    STORY = "SELECT node, seq, at, actor, cause, data FROM event
        WHERE node = $1 AND seq > $2 AND at < $3
            AND kind IN ('call.offered', 'call.queued', 'call.connected', 'call.abandoned', 'call.flowed_out',
                'agent.presence_changed')
        ORDER BY seq LIMIT $4";
    SIGHTS = "SELECT data FROM routing_sight WHERE node = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
}

/// Saves what comes with the facts of one write, as one row; the first fact has this number. Whenever everything is told anew, what is
/// too old goes.
pub(super) async fn save<'a>(tx: &mut Tx, first_seq: i64, facts: impl Iterator<Item = &'a Fact>) -> Result<(), StoreFault> {
    let seen = (first_seq..).zip(facts).filter_map(|(seq, fact)| Some((seq, fact.at, fact.sight.as_deref()?)));
    let seen: Vec<(i64, Timestamp, &Sight)> = seen.collect();
    let Some((seq, at, _)) = seen.first().copied() else { return Ok(()) };
    let whole_seq = seen.iter().find(|(_, _, sight)| sight.is_whole).map(|(seq, _, _)| *seq);
    let sights: Vec<(i64, &Sight)> = seen.into_iter().map(|(seq, _, sight)| (seq, sight)).collect();
    let node = tx.node().clone();
    tx.execute(&SAVE, binds![&node, seq, whole_seq, at, Val::json(&sights)]).await?;
    if whole_seq.is_some() {
        tx.execute(&FORGET, binds![&node, at.plus_millis(-SIGHT_DAYS * DAY_MS)]).await?;
    }
    Ok(())
}

/// An event as it was told, with what the matcher saw if it is a decision of its.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The event.
    pub record: EventRecord,
    /// What the matcher saw.
    pub sight: Option<Sight>,
}

/// What was told of one node's queues and agents, page by page.
#[derive(Debug)]
pub struct Story {
    node: NodeId,
    after: i64,
    to: Timestamp,
}

impl Story {
    /// Of each node, up to a moment; from a decision on that tells everything, which may lie before the moment that is asked from.
    /// Where there is none, from that moment on.
    pub async fn of_nodes(look: &mut Look, from: Timestamp, to: Timestamp) -> Result<Vec<Self>, StoreFault> {
        let mut nodes = Vec::new();
        for (node,) in look.fetch_all::<(String,)>(&NODES, binds![]).await? {
            let node: NodeId = parse("node", &node)?;
            let begins = look.fetch_all::<(i64,)>(&BEGINNING, binds![&node, from]).await?;
            let begins = match begins.first() {
                Some((seq,)) => Some(*seq),
                None => {
                    look.fetch_all::<(Option<i64>,)>(&FIRST_SINCE, binds![&node, from]).await?.first().and_then(|row| row.0)
                }
            };
            nodes.extend(begins.map(|seq| Self { node, after: seq - 1, to }));
        }
        Ok(nodes)
    }

    /// The next events, in order; none at the end.
    pub async fn next(&mut self, look: &mut Look) -> Result<Vec<Told>, StoreFault> {
        let rows = look.fetch_all::<EventRow>(&STORY, binds![&self.node, self.after, self.to, PAGE]).await?;
        let records = rows.into_iter().map(EventRecord::try_from).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = records.last().map(|record| record.seq) else { return Ok(Vec::new()) };
        let from = self.after - FACTS_MAX;
        let rows = look.fetch_all::<(Json<Vec<(i64, Sight)>>,)>(&SIGHTS, binds![&self.node, from, last]).await?;
        let mut sights: BTreeMap<i64, Sight> = rows.into_iter().flat_map(|(sights,)| sights.0).collect();
        self.after = last;
        Ok(records.into_iter().map(|record| Told { sight: sights.remove(&record.seq), record }).collect())
    }
}
