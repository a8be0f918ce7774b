//! Callbacks as rows, each whole as of its last event, which is written in the same transaction.

use sqlx::{FromRow, types::Json};

use super::{Db, StoreFault, Tx, Val, binds, sql};
use crate::{
    domain::callback::{Callback, CallbackState},
    types::{AgentId, CallId, CallbackId, QueueId, Timestamp},
};

/// Most rows in one page.
pub const PAGE_MAX: i64 = 500;
/// Most promises of one node that a start takes up; the floor takes no more.
const OPEN_MAX: i64 = 10_000;
/// After every time there is.
const NEVER: i64 = 9_000_000_000_000_000;

sql! {
    SAVE = "INSERT INTO callback (id, node, queue, agent, call_id, state, requested_at, due_at, ended_at, attempts,
            is_promise_kept, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, state = excluded.state,
            due_at = excluded.due_at, ended_at = excluded.ended_at, attempts = excluded.attempts,
            is_promise_kept = excluded.is_promise_kept, data = excluded.data";
    OPEN = "SELECT data FROM callback WHERE node = $1 AND ended_at IS NULL ORDER BY due_at, id LIMIT $2";
    FIND = "SELECT data FROM callback WHERE id = $1";
    OF_CALL = "SELECT data FROM callback WHERE call_id = $1 ORDER BY id";
    LIST_OPEN = "SELECT data FROM callback
        WHERE ended_at IS NULL AND (due_at > $1 OR (due_at = $1 AND id > $2))
            AND (CAST($3 AS TEXT) IS NULL OR queue = $3) AND (CAST($4 AS TEXT) IS NULL OR agent = $4)
        ORDER BY due_at, id LIMIT $5";
    LIST_ENDED = "SELECT data FROM callback
        WHERE ended_at IS NOT NULL AND (ended_at < $1 OR (ended_at = $1 AND id < $2))
            AND (CAST($3 AS TEXT) IS NULL OR queue = $3) AND (CAST($4 AS TEXT) IS NULL OR agent = $4)
        ORDER BY ended_at DESC, id DESC LIMIT $5";
    COUNTS = "SELECT queue, CAST(COUNT(*) AS BIGINT) AS requested,
            CAST(COUNT(*) FILTER (WHERE ended_at IS NULL) AS BIGINT) AS open,
            CAST(COUNT(*) FILTER (WHERE state = 'reached') AS BIGINT) AS reached,
            CAST(COUNT(*) FILTER (WHERE is_promise_kept = 1) AS BIGINT) AS kept,
            CAST(COUNT(*) FILTER (WHERE state = 'failed') AS BIGINT) AS failed,
            CAST(COUNT(*) FILTER (WHERE state = 'merged') AS BIGINT) AS merged,
            CAST(COUNT(*) FILTER (WHERE state = 'expired') AS BIGINT) AS expired,
            CAST(COUNT(*) FILTER (WHERE state = 'cancelled') AS BIGINT) AS cancelled,
            CAST(COALESCE(SUM(attempts), 0) AS BIGINT) AS attempts
        FROM callback WHERE requested_at >= $1 AND requested_at < $2 GROUP BY queue ORDER BY queue";
}

/// What a list of callbacks is narrowed by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallbackFilter {
    /// Those that are over, the last one first, instead of those that are not, the next one first.
    pub is_ended: bool,
    /// Whose.
    pub queue: Option<QueueId>,
    /// For whom.
    pub agent: Option<AgentId>,
}

/// What became of a queue's callbacks that were promised in a time.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CallbackCounts {
    /// Whose.
    pub queue: String,
    /// Promised.
    pub requested: i64,
    /// Not over yet.
    pub open: i64,
    /// Agent and customer talked.
    pub reached: i64,
    /// Of those, within the time that the queue allows.
    pub kept: i64,
    /// Nobody was reached.
    pub failed: i64,
    /// The customer called again.
    pub merged: i64,
    /// Their time was over.
    pub expired: i64,
    /// Called off.
    pub cancelled: i64,
    /// Customers dialled.
    pub attempts: i64,
}

/// Saves a callback as it is now.
pub(super) async fn save(tx: &mut Tx, callback: &Callback) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    let values = binds![
        Val::text(Some(&callback.id)),
        &node,
        &callback.queue,
        callback.agent.as_ref(),
        callback.call,
        callback.state.word(),
        callback.requested_at,
        callback.due_at,
        callback.ended_at,
        callback.attempts,
        callback.is_promise_kept.map(i64::from),
        Val::json(callback),
    ];
    tx.execute(&SAVE, values).await.map(|_| ())
}

/// What this node has promised and not kept.
pub async fn open(db: &Db) -> Result<Vec<Callback>, StoreFault> {
    let rows = db.fetch_all::<Row>(&OPEN, binds![db.node(), OPEN_MAX]).await?;
    Ok(rows.into_iter().map(|row| row.data.0).collect())
}

/// One.
pub async fn find(db: &Db, id: CallbackId) -> Result<Option<Callback>, StoreFault> {
    Ok(db.fetch_optional::<Row>(&FIND, binds![Val::text(Some(&id))]).await?.map(|row| row.data.0))
}

/// Those that were promised on a call.
pub async fn of_call(db: &Db, call: CallId) -> Result<Vec<Callback>, StoreFault> {
    Ok(db.fetch_all::<Row>(&OF_CALL, binds![call]).await?.into_iter().map(|row| row.data.0).collect())
}

/// A page of them, behind `after`.
pub async fn list(
    db: &Db,
    filter: &CallbackFilter,
    after: Option<(Timestamp, CallbackId)>,
    limit: i64,
) -> Result<Vec<Callback>, StoreFault> {
    let (at, id) = match after {
        Some((at, id)) => (at.as_millis(), id.to_string()),
        None if filter.is_ended => (NEVER, String::new()),
        None => (i64::MIN, String::new()),
    };
    let values = binds![at, id, filter.queue.as_ref(), filter.agent.as_ref(), limit.clamp(1, PAGE_MAX + 1)];
    let statement = if filter.is_ended { &LIST_ENDED } else { &LIST_OPEN };
    Ok(db.fetch_all::<Row>(statement, values).await?.into_iter().map(|row| row.data.0).collect())
}

/// Where the page behind this one begins.
pub fn position_of(callback: &Callback) -> (Timestamp, CallbackId) {
    let at = if callback.state == CallbackState::Waiting || callback.state == CallbackState::Calling {
        callback.due_at
    } else {
        callback.ended_at.unwrap_or(callback.due_at)
    };
    (at, callback.id)
}

/// What became of those promised between two times, by queue.
pub async fn counts(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<CallbackCounts>, StoreFault> {
    db.fetch_all(&COUNTS, binds![from, to]).await
}

#[derive(Debug, FromRow)]
struct Row {
    data: Json<Callback>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            Cx, Outbox,
            callback::{CallbackEvent, NewCallback},
            centre::Fact,
            directory::CallbackRules,
            event::{Actor, Event},
        },
        store::{
            Lane,
            journal::{self, Entry, VisitRules},
            testing::TestDb,
        },
        types::{Mono, Now, Rng},
    };

    const RULES: VisitRules = VisitRules::usual(1, 1);

    /// Tells the journal what has happened to a callback.
    async fn tell(db: &Db, callback: &Callback, events: &mut Outbox<CallbackEvent>) {
        let entry = |(number, event): (usize, CallbackEvent)| Entry {
            fact: Fact {
                callback: Some(Box::new(callback.clone())),
                ..Fact::of(callback.requested_at, Actor::System, Event::Callback(event))
            },
            dedup: format!("{} {:?} {number}", callback.id, callback.state),
            rules: RULES,
        };
        let entries: Vec<Entry> = events.drain().enumerate().map(entry).collect();
        let stored: Result<(), StoreFault> =
            db.write(Lane::Journal, move |tx| Box::pin(async move { journal::append(tx, &entries).await })).await;
        stored.unwrap();
    }

    #[tokio::test]
    async fn a_callback_stands_as_its_last_event_left_it_and_is_counted_by_its_end() {
        for test in TestDb::each().await {
            let (mut rng, mut events) = (Rng::seeded(3), Outbox::default());
            let at = |secs: i64| Timestamp::from_millis(1_766_000_000_000 + secs * 1_000);
            let mut all = Vec::new();
            for (secs, agent) in [(0, None), (1, Some("ana")), (2, None)] {
                let new = NewCallback {
                    id: CallbackId::mint(at(secs), &mut rng),
                    number: format!("+3491100000{secs}").try_into().unwrap(),
                    customer: None,
                    segment: Some("gold".into()),
                    queue: "support".parse().unwrap(),
                    language: "es".into(),
                    note: Some("<b>".into()),
                    call: None,
                    queued_at: at(secs),
                    ahead_secs: None,
                    scheduled_at: Some(at(100 - secs)),
                    zone: Some("Europe/Madrid".into()),
                    agent: agent.map(|agent| agent.parse().unwrap()),
                };
                let now = Now { wall: at(secs), mono: Mono::from_millis(1) };
                let mut cx = Cx { now, rng: &mut rng, out: &mut events };
                let callback = Callback::request(new, &CallbackRules::default(), &mut cx);
                tell(&test.db, &callback, &mut events).await;
                all.push(callback);
            }
            let open: Vec<_> = super::open(&test.db).await.unwrap();
            assert_eq!(open, [all[2].clone(), all[1].clone(), all[0].clone()], "the next one first, on {test:?}");
            let of_ana = CallbackFilter { agent: Some("ana".parse().unwrap()), ..CallbackFilter::default() };
            assert_eq!(list(&test.db, &of_ana, None, 10).await.unwrap(), [all[1].clone()]);
            let after = position_of(&all[2]);
            assert_eq!(list(&test.db, &CallbackFilter::default(), Some(after), 1).await.unwrap(), [all[1].clone()]);

            let mut cx = Cx { now: Now { wall: at(50), mono: Mono::from_millis(9) }, rng: &mut rng, out: &mut events };
            all[0].cancel(&mut cx);
            tell(&test.db, &all[0], &mut events).await;
            assert_eq!(find(&test.db, all[0].id).await.unwrap().as_ref(), Some(&all[0]));
            let ended = CallbackFilter { is_ended: true, ..CallbackFilter::default() };
            assert_eq!(list(&test.db, &ended, None, 10).await.unwrap(), [all[0].clone()]);
            let counts = counts(&test.db, at(0), at(2)).await.unwrap();
            assert_eq!(
                (counts.len(), counts[0].requested, counts[0].open, counts[0].cancelled),
                (1, 2, 1, 1),
                "before the third"
            );
        }
    }
}
