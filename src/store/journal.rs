//! The stream of events: appends facts with everything that follows from them (history line, visits, presence, timeline), and
//! reads the stream back from a cursor. A reader with a cursor never steps over an event: each node's numbers have no gaps and
//! appear in order.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    str::FromStr,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};

use super::{
    Db, NewEvent, StoreFault, Tx, binds, callbacks, calls, recordings,
    segments::{self, AgentChange, AgentStep, MissStep, TransferStep, VisitStep},
    sights, sql,
    tx::{actor_from_text, parse},
    work_items,
};
use crate::{
    domain::{
        agent::AgentEventKind,
        call::{CallEvent, CallEventKind, CallSummary},
        callback::Callback,
        centre::Fact,
        directory::ServiceLevelVariant,
        event::{Event, EventRecord},
        work::WorkItem,
    },
    types::{CallId, CallbackId, DispositionId, NodeId, Timestamp, WorkItemId},
};

/// Most events in one page.
pub const PAGE_MAX: i64 = 500;
/// Most events of one entity that are read from its beginning: a call's whole life fits.
const ENTITY_MAX: i64 = 1_000;

sql! {
    NODES = "SELECT id FROM node ORDER BY id";
    AFTER = "SELECT node, seq, at, actor, cause, data FROM event WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    // Asked node by node, which the key answers; grouping would read the key of every event there is.
    LAST_OF_NODES = "SELECT id, (SELECT CAST(MAX(event.seq) AS BIGINT) FROM event WHERE event.node = node.id) FROM node";
    OF_ENTITY = "SELECT node, seq, at, actor, cause, data FROM event WHERE entity = $1 AND entity_id = $2
        ORDER BY at, node, seq LIMIT $3";
    LATEST_OF_ENTITY = "SELECT node, seq, at, actor, cause, data FROM event WHERE entity = $1 AND entity_id = $2 AND at < $3
        ORDER BY at DESC, node DESC, seq DESC LIMIT $4";
}

/// How long a caller may wait in a queue to count as answered in time, and how soon an abandon is a short one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRules {
    /// Threshold of the service level.
    pub threshold_ms: i64,
    /// An abandon after a wait of no more than this is a short one.
    pub short_ms: i64,
    /// What counts for the service level.
    #[serde(default)]
    pub variant: ServiceLevelVariant,
}

impl VisitRules {
    /// By the usual definition of the service level.
    pub const fn usual(threshold_ms: i64, short_ms: i64) -> Self {
        Self { threshold_ms, short_ms, variant: ServiceLevelVariant::WithoutShortAbandons }
    }
}

/// A fact with what the journal needs beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub fact: Fact,
    /// A key under which it is stored only once, however often it is tried.
    pub dedup: String,
    /// The rules of the queue that a visit begins in, at that time.
    pub rules: VisitRules,
}

/// Appends facts and everything that follows from them: a handful of statements, however many facts. Nothing changes when
/// their keys are already there; when only some are, the job has to fail and the facts to be tried one by one.
pub async fn append(tx: &mut Tx, entries: &[Entry]) -> Result<(), StoreFault> {
    let first_seq = tx.next_seq();
    let news = entries
        .iter()
        .map(|Entry { fact, dedup, .. }| NewEvent::new(fact.at, fact.actor.clone(), fact.event.clone()).once(dedup.clone()));
    if !tx.emit_all(news.collect()).await? {
        return Ok(());
    }
    sights::save(tx, first_seq, entries.iter().map(|entry| &entry.fact)).await?;
    let follows = Follows::from(first_seq, entries);
    let calls: Vec<&CallSummary> = follows.calls.into_values().collect();
    calls::save(tx, &calls).await?;
    segments::take_steps(tx, follows.visits).await?;
    segments::follow_agents(tx, &follows.agents).await?;
    segments::note_transfers(tx, &follows.transfers).await?;
    segments::note_misses(tx, &follows.misses).await?;
    recordings::follow(tx, &follows.recordings).await?;
    for callback in follows.callbacks.into_values() {
        callbacks::save(tx, callback).await?;
    }
    for item in follows.work.into_values() {
        work_items::save(tx, item).await?;
    }
    for (call, disposition) in follows.dispositions {
        calls::save_disposition(tx, call, disposition).await?;
    }
    // Last, so that the line on the timeline carries what the steps above have stored.
    let ended: Vec<&CallSummary> = calls.into_iter().filter(|call| call.ended_at.is_some()).collect();
    calls::save_interactions(tx, &ended).await
}

/// What follows from facts, by table.
#[derive(Default)]
struct Follows<'a> {
    /// Each call's line as its newest fact has it.
    calls: BTreeMap<CallId, &'a CallSummary>,
    /// Each callback as its newest fact has it.
    callbacks: BTreeMap<CallbackId, &'a Callback>,
    /// The same of work items.
    work: BTreeMap<WorkItemId, &'a WorkItem>,
    visits: BTreeMap<CallId, VecDeque<VisitStep>>,
    agents: Vec<AgentStep<'a>>,
    transfers: Vec<TransferStep<'a>>,
    misses: Vec<MissStep<'a>>,
    dispositions: Vec<(CallId, &'a DispositionId)>,
    recordings: Vec<(Timestamp, &'a CallEvent)>,
}

impl<'a> Follows<'a> {
    fn from(first_seq: i64, entries: &'a [Entry]) -> Self {
        let mut follows = Self::default();
        for (seq, Entry { fact, rules, .. }) in (first_seq..).zip(entries) {
            if let Some(call) = &fact.call {
                follows.calls.insert(call.id, call);
            }
            if let Some(callback) = &fact.callback {
                follows.callbacks.insert(callback.id, callback);
            }
            if let Some(item) = &fact.work {
                follows.work.insert(item.id, item);
            }
            match &fact.event {
                Event::Call(event) => {
                    follows.add_call(fact, event, *rules);
                    if let CallEventKind::Transferred { from, .. } = &event.kind {
                        follows.transfers.push(TransferStep { seq, call: event.call, agent: from, at: fact.at });
                    }
                    if let Some(on_call) = &fact.on_call {
                        let change = AgentChange::Activity(on_call.call, on_call.activity);
                        follows.agents.push(AgentStep { seq, agent: &on_call.agent, change, at: fact.at });
                    }
                }
                Event::Agent(event) => {
                    if let AgentEventKind::PresenceChanged { to, .. } = &event.kind {
                        let activity = fact.on_call.as_ref().map(|on_call| on_call.activity);
                        let change = AgentChange::Presence(to, activity);
                        follows.agents.push(AgentStep { seq, agent: &event.agent, change, at: fact.at });
                    }
                }
                // The other areas' use cases write what follows themselves.
                Event::Ticket(_)
                | Event::Customer(_)
                | Event::Access(_)
                | Event::Directory(_)
                | Event::Trunk(_)
                | Event::Alert(_) => {}
                // Their rows go with the fact, above.
                Event::Callback(_) | Event::Work(_) => {}
            }
        }
        follows
    }

    fn add_call(&mut self, fact: &'a Fact, event: &'a CallEvent, rules: VisitRules) {
        // What was talked before a further visit belongs to those before.
        if let CallEventKind::Queued { .. } = &event.kind
            && let Some(call) = fact.call.as_ref().filter(|call| call.talk_ms + call.hold_ms > 0 || call.connected_at.is_some())
        {
            self.settle(call, Some(fact.at));
        }
        if let Some(step) = VisitStep::of(&event.kind, fact.at, rules) {
            self.visits.entry(event.call).or_default().push_back(step);
        }
        if let CallEventKind::OfferMissed { agent, cause } = &event.kind {
            self.misses.push(MissStep { agent, call: event.call, cause: *cause, at: fact.at });
        }
        if recordings::is_about_one(&event.kind) {
            self.recordings.push((fact.at, event));
        }
        if let CallEventKind::Disposed { disposition, .. } = &event.kind {
            self.dispositions.push((event.call, disposition));
        }
        let is_turning_point = matches!(event.kind, CallEventKind::Ended { .. } | CallEventKind::TakenOver { .. });
        // Only a call that was queued has visits to give its talk to.
        if let Some(call) = fact.call.as_ref().filter(|call| is_turning_point && call.queue.is_some()) {
            let is_over = matches!(event.kind, CallEventKind::Ended { .. });
            self.settle(call, is_over.then_some(fact.at));
        }
    }

    fn settle(&mut self, call: &CallSummary, ended_at: Option<Timestamp>) {
        let step = VisitStep::Settle { talk_ms: call.talk_ms, hold_ms: call.hold_ms, ended_at };
        self.visits.entry(call.id).or_default().push_back(step);
    }
}

/// A place in the stream: how far each node has been read. Opaque to everybody outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Which life of the journal the numbers are of: a restored copy begins another one.
    epoch: i64,
    places: BTreeMap<NodeId, i64>,
}

/// Text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: use the value of `next` from an earlier answer, or none to begin at the start")]
pub struct InvalidCursor;

impl Cursor {
    /// The number up to which a node has been read.
    pub fn of(&self, node: &NodeId) -> i64 {
        self.places.get(node).copied().unwrap_or(0)
    }

    /// The cursor behind a record.
    pub fn advance(&mut self, record: &EventRecord) {
        let seq = self.places.entry(record.node.clone()).or_default();
        *seq = record.seq.max(*seq);
    }

    /// Whether a record is the next one of its node.
    pub fn is_just_before(&self, record: &EventRecord) -> bool {
        record.seq == self.of(&record.node) + 1
    }

    /// Whether a record lies behind this cursor: it has been read.
    pub fn has_read(&self, record: &EventRecord) -> bool {
        record.seq <= self.of(&record.node)
    }
}

/// What stands before the epoch in a cursor's text; no node's name begins so. Left out in the journal's first life.
const EPOCH_MARK: char = '@';

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = (self.epoch != 0).then(|| format!("{EPOCH_MARK}{}", self.epoch));
        let places = self.places.iter().map(|(node, seq)| format!("{node}:{seq}"));
        let parts: Vec<String> = epoch.into_iter().chain(places).collect();
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(parts.join(",")))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let parts = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let mut cursor = Self::default();
        for part in parts.split(',').filter(|part| !part.is_empty()) {
            if let Some(epoch) = part.strip_prefix(EPOCH_MARK) {
                cursor.epoch = epoch.parse().map_err(|_| InvalidCursor)?;
                continue;
            }
            let (node, seq) = part.split_once(':').ok_or(InvalidCursor)?;
            let (node, seq) = (node.parse().map_err(|_| InvalidCursor)?, seq.parse().map_err(|_| InvalidCursor)?);
            cursor.places.insert(node, seq);
        }
        Ok(cursor)
    }
}

/// A stretch of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In order; each node's without gaps.
    pub records: Vec<EventRecord>,
    /// The place behind the last.
    pub next: Cursor,
}

/// The events behind a cursor, at most `limit` (and never more than [`PAGE_MAX`]).
pub async fn events_after(db: &Db, after: &Cursor, limit: i64) -> Result<Page, StoreFault> {
    let limit = limit.clamp(1, PAGE_MAX);
    let mut streams = Vec::new();
    for (node,) in db.fetch_all::<(String,)>(&NODES, binds![]).await? {
        let node: NodeId = parse("node", &node)?;
        let rows = db.fetch_all::<EventRow>(&AFTER, binds![&node, after.of(&node), limit]).await?;
        let records = rows.into_iter().map(EventRecord::try_from).collect::<Result<Vec<_>, _>>()?;
        streams.push(records.into_iter().peekable());
    }
    let mut page = Page { records: Vec::new(), next: Cursor { epoch: db.epoch(), ..after.clone() } };
    // The stream whose head is oldest goes next: order by time between nodes, by number within one.
    while i64::try_from(page.records.len()).is_ok_and(|len| len < limit) {
        let oldest = streams.iter_mut().enumerate().filter_map(|(index, s)| s.peek().map(|r| (r.at, index))).min();
        let Some(record) = oldest.and_then(|(_, index)| streams.get_mut(index)).and_then(Iterator::next) else { break };
        page.next.advance(&record);
        page.records.push(record);
    }
    Ok(page)
}

/// The end of the stream as of the last commit.
pub async fn end(db: &Db) -> Result<Cursor, StoreFault> {
    let mut cursor = Cursor { epoch: db.epoch(), ..Cursor::default() };
    for (node, seq) in db.fetch_all::<(String, Option<i64>)>(&LAST_OF_NODES, binds![]).await? {
        if let Some(seq) = seq {
            cursor.places.insert(parse("node", &node)?, seq);
        }
    }
    Ok(cursor)
}

/// Whether a cursor is a place in this journal. One of before a restore is not, even if the numbers have caught up since; nor is
/// one ahead of the end, which a restore by the database's own tools leaves behind. The beginning is a place in every journal.
pub async fn holds(db: &Db, cursor: &Cursor) -> Result<bool, StoreFault> {
    if cursor.places.is_empty() {
        return Ok(true);
    }
    if cursor.epoch != db.epoch() {
        return Ok(false);
    }
    let end = end(db).await?;
    Ok(cursor.places.iter().all(|(node, seq)| *seq <= end.of(node)))
}

/// What happened to one thing, oldest first, at most the first thousand.
pub async fn events_of(db: &Db, entity: &str, id: &str) -> Result<Vec<EventRecord>, StoreFault> {
    let rows = db.fetch_all::<EventRow>(&OF_ENTITY, binds![entity, id, ENTITY_MAX]).await?;
    rows.into_iter().map(EventRecord::try_from).collect()
}

/// What last happened to one thing before an instant, newest first.
pub async fn latest_events_of(
    db: &Db,
    entity: &str,
    id: &str,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<EventRecord>, StoreFault> {
    let rows = db.fetch_all::<EventRow>(&LATEST_OF_ENTITY, binds![entity, id, before, limit]).await?;
    rows.into_iter().map(EventRecord::try_from).collect()
}

#[derive(Debug, FromRow)]
pub(super) struct EventRow {
    node: String,
    seq: i64,
    at: i64,
    actor: String,
    cause: Option<String>,
    data: Json<Event>,
}

impl TryFrom<EventRow> for EventRecord {
    type Error = StoreFault;
    fn try_from(row: EventRow) -> Result<Self, StoreFault> {
        Ok(Self {
            node: parse("node", &row.node)?,
            seq: row.seq,
            at: Timestamp::from_millis(row.at),
            actor: actor_from_text(&row.actor)?,
            cause: row.cause,
            event: row.data.0,
        })
    }
}
