//! Work items as rows, each whole as of its last event, which is written in the same transaction.

use sqlx::{FromRow, types::Json};

use super::{Db, StoreFault, Tx, Val, binds, sql};
use crate::{
    domain::work::WorkItem,
    types::{AgentId, QueueId, Timestamp, WorkItemId},
};

/// Most rows in one page.
pub const PAGE_MAX: i64 = 500;
/// Most items of one node that a start takes up; the floor takes no more.
const OPEN_MAX: i64 = 10_000;
/// After every time there is.
const NEVER: i64 = 9_000_000_000_000_000;

sql! {
    SAVE = "INSERT INTO work_item (id, node, queue, agent, call_id, state, added_at, queued_at, ended_at, offers, returns, open_ms,
            data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, state = excluded.state, ended_at = excluded.ended_at,
            offers = excluded.offers, returns = excluded.returns, open_ms = excluded.open_ms, data = excluded.data";
    OPEN = "SELECT data FROM work_item WHERE node = $1 AND ended_at IS NULL ORDER BY queued_at, id LIMIT $2";
    FIND = "SELECT data FROM work_item WHERE id = $1";
    LIST_OPEN = "SELECT data FROM work_item
        WHERE ended_at IS NULL AND (queued_at > $1 OR (queued_at = $1 AND id > $2))
            AND (CAST($3 AS TEXT) IS NULL OR queue = $3) AND (CAST($4 AS TEXT) IS NULL OR agent = $4) AND (CAST($5 AS TEXT) IS NULL OR state = $5)
        ORDER BY queued_at, id LIMIT $6";
    LIST_ENDED = "SELECT data FROM work_item
        WHERE ended_at IS NOT NULL AND (ended_at < $1 OR (ended_at = $1 AND id < $2))
            AND (CAST($3 AS TEXT) IS NULL OR queue = $3) AND (CAST($4 AS TEXT) IS NULL OR agent = $4) AND (CAST($5 AS TEXT) IS NULL OR state = $5)
        ORDER BY ended_at DESC, id DESC LIMIT $6";
    COUNTS = "SELECT queue, CAST(COUNT(*) AS BIGINT) AS added,
            CAST(COUNT(*) FILTER (WHERE state IN ('waiting', 'offered')) AS BIGINT) AS waiting,
            CAST(COUNT(*) FILTER (WHERE state = 'accepted') AS BIGINT) AS accepted,
            CAST(COUNT(*) FILTER (WHERE state = 'done') AS BIGINT) AS done,
            CAST(COUNT(*) FILTER (WHERE state = 'closed') AS BIGINT) AS closed,
            CAST(COALESCE(SUM(offers), 0) AS BIGINT) AS offers,
            CAST(COALESCE(SUM(returns), 0) AS BIGINT) AS returns,
            CAST(COALESCE(SUM(open_ms), 0) AS BIGINT) AS open_ms
        FROM work_item WHERE added_at >= $1 AND added_at < $2 GROUP BY queue ORDER BY queue";
}

/// What a list of work items is narrowed by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorkFilter {
    /// Those that are over, the last one first, instead of those that are not, the first one first.
    pub is_ended: bool,
    /// Whose.
    pub queue: Option<QueueId>,
    /// Offered to this agent, open there, or done by it.
    pub agent: Option<AgentId>,
    /// Where they stand, by the state's word.
    pub state: Option<&'static str>,
}

/// What became of a queue's work items that came in a time.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct WorkCounts {
    /// Whose.
    pub queue: String,
    /// Came.
    pub added: i64,
    /// In line now.
    pub waiting: i64,
    /// Open at agents now.
    pub accepted: i64,
    /// Done.
    pub done: i64,
    /// Closed without being done.
    pub closed: i64,
    /// Times that they were offered.
    pub offers: i64,
    /// Times that they went back to their place.
    pub returns: i64,
    /// Milliseconds that agents had them open, those that are open now not counted.
    pub open_ms: i64,
}

/// Saves an item as it is now.
pub(super) async fn save(tx: &mut Tx, item: &WorkItem) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    let values = binds![
        Val::text(Some(&item.id)),
        &node,
        &item.queue,
        item.state.agent(),
        item.call,
        item.state.word(),
        item.added_at,
        item.queued_at,
        item.ended_at,
        item.offers,
        item.returns,
        item.open_ms,
        Val::json(item),
    ];
    tx.execute(&SAVE, values).await.map(|_| ())
}

/// What this node has to do still, the first one first.
pub async fn open(db: &Db) -> Result<Vec<WorkItem>, StoreFault> {
    let rows = db.fetch_all::<Row>(&OPEN, binds![db.node(), OPEN_MAX]).await?;
    Ok(rows.into_iter().map(|row| row.data.0).collect())
}

/// One.
pub async fn find(db: &Db, id: WorkItemId) -> Result<Option<WorkItem>, StoreFault> {
    Ok(db.fetch_optional::<Row>(&FIND, binds![Val::text(Some(&id))]).await?.map(|row| row.data.0))
}

/// A page of them, behind `after`.
pub async fn list(
    db: &Db,
    filter: &WorkFilter,
    after: Option<(Timestamp, WorkItemId)>,
    limit: i64,
) -> Result<Vec<WorkItem>, StoreFault> {
    let (at, id) = match after {
        Some((at, id)) => (at.as_millis(), id.to_string()),
        None if filter.is_ended => (NEVER, String::new()),
        None => (i64::MIN, String::new()),
    };
    let values = binds![
        at,
        id,
        filter.queue.as_ref(),
        filter.agent.as_ref(),
        Val::text(filter.state.as_ref()),
        limit.clamp(1, PAGE_MAX + 1)
    ];
    let statement = if filter.is_ended { &LIST_ENDED } else { &LIST_OPEN };
    Ok(db.fetch_all::<Row>(statement, values).await?.into_iter().map(|row| row.data.0).collect())
}

/// Where the page behind this one begins.
pub fn position_of(item: &WorkItem) -> (Timestamp, WorkItemId) {
    (item.ended_at.unwrap_or(item.queued_at), item.id)
}

/// What became of those that came between two times, by queue.
pub async fn counts(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<WorkCounts>, StoreFault> {
    db.fetch_all(&COUNTS, binds![from, to]).await
}

#[derive(Debug, FromRow)]
struct Row {
    data: Json<WorkItem>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            Cx, Outbox,
            centre::Fact,
            event::{Actor, Event},
            work::{NewWorkItem, WorkEvent, WorkKind},
        },
        store::{
            Lane,
            journal::{self, Entry, VisitRules},
            testing::TestDb,
        },
        types::{CallId, Mono, Now, RecordingId, Rng},
    };

    const RULES: VisitRules = VisitRules::usual(1, 1);

    /// Tells the journal what has happened to an item.
    async fn tell(db: &Db, item: &WorkItem, events: &mut Outbox<WorkEvent>) {
        let entry = |(number, event): (usize, WorkEvent)| Entry {
            fact: Fact { work: Some(Box::new(item.clone())), ..Fact::of(item.added_at, Actor::System, Event::Work(event)) },
            dedup: format!("{} {} {number}", item.id, item.state.word()),
            rules: RULES,
        };
        let entries: Vec<Entry> = events.drain().enumerate().map(entry).collect();
        let stored: Result<(), StoreFault> =
            db.write(Lane::Journal, move |tx| Box::pin(async move { journal::append(tx, &entries).await })).await;
        stored.unwrap();
    }

    #[tokio::test]
    async fn an_item_stands_as_its_last_event_left_it_and_is_counted_by_where_it_stands() {
        for test in TestDb::each().await {
            let (mut rng, mut events) = (Rng::seeded(3), Outbox::default());
            let at = |secs: i64| Timestamp::from_millis(1_766_000_000_000 + secs * 1_000);
            let mut all = Vec::new();
            for secs in 0..3 {
                let new = NewWorkItem {
                    id: WorkItemId::mint(at(secs), &mut rng),
                    kind: WorkKind::Voicemail { recording: RecordingId::mint(at(secs), &mut rng), length_ms: 5_000 },
                    queue: "support".parse().unwrap(),
                    call: CallId::mint(at(secs), &mut rng),
                    number: None,
                    customer: None,
                    segment: None,
                    language: "es".into(),
                    queued_at: at(-secs),
                };
                let now = Now { wall: at(secs), mono: Mono::from_millis(1) };
                let item = WorkItem::add(new, &mut Cx { now, rng: &mut rng, out: &mut events });
                tell(&test.db, &item, &mut events).await;
                all.push(item);
            }
            let open: Vec<_> = super::open(&test.db).await.unwrap();
            assert_eq!(open, [all[2].clone(), all[1].clone(), all[0].clone()], "by place, on {test:?}");
            let now = Now { wall: at(50), mono: Mono::from_millis(9) };
            let mut cx = Cx { now, rng: &mut rng, out: &mut events };
            all[1].offer("ana".parse().unwrap(), at(60), None, &mut cx);
            all[1].accept(at(90), &mut cx);
            tell(&test.db, &all[1], &mut events).await;
            let of_ana = WorkFilter { agent: Some("ana".parse().unwrap()), ..WorkFilter::default() };
            assert_eq!(list(&test.db, &of_ana, None, 10).await.unwrap(), [all[1].clone()]);
            let after = position_of(&all[2]);
            assert_eq!(list(&test.db, &WorkFilter::default(), Some(after), 1).await.unwrap(), [all[1].clone()]);
            let now = Now { wall: at(70), mono: Mono::from_millis(9) };
            all[1].finish(None, &mut Cx { now, rng: &mut rng, out: &mut events });
            tell(&test.db, &all[1], &mut events).await;
            assert_eq!(find(&test.db, all[1].id).await.unwrap().as_ref(), Some(&all[1]));
            let ended = WorkFilter { is_ended: true, ..WorkFilter::default() };
            assert_eq!(list(&test.db, &ended, None, 10).await.unwrap(), [all[1].clone()]);
            let closed = WorkFilter { state: Some("closed"), ..ended };
            assert!(list(&test.db, &closed, None, 10).await.unwrap().is_empty());
            let waiting = WorkFilter { state: Some("waiting"), ..WorkFilter::default() };
            assert_eq!(list(&test.db, &waiting, None, 10).await.unwrap().len(), 2);
            let counts = counts(&test.db, at(0), at(2)).await.unwrap();
            let of = &counts[0];
            assert_eq!((counts.len(), of.added, of.waiting, of.done, of.offers, of.open_ms), (1, 2, 1, 1, 1, 20_000));
        }
    }
}
