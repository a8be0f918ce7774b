//! Recordings of calls as rows: which there are, in which parts, until when they are kept, and who keeps them longer. The files
//! themselves are beside the database, encrypted.

use sqlx::FromRow;

use super::{Db, StoreFault, Tx, Val, binds, sql, tx::parse};
use crate::{
    domain::call::{CallEvent, CallEventKind},
    types::{CallId, NodeId, RecordingId, Timestamp, UserId},
};

/// Recordings of one call that are listed; a call has one.
const OF_CALL_MAX: i64 = 100;
/// The word of a part that came to its regular end.
const COMPLETE: &str = "complete";
/// The word of one that came there with silence in it that nobody asked for.
const INCOMPLETE: &str = "incomplete";

sql! {
    SAVE = "INSERT INTO recording (id, node, call_id, started_at, keep_until) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING";
    SAVE_PARTS = (rows "INSERT INTO recording_part (recording_id, part, started_at)
        SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT)
        FROM" "WHERE TRUE ON CONFLICT (recording_id, part) DO NOTHING");
    END_PARTS = (rows "UPDATE recording_part SET length_ms = r.length_ms, octets = r.octets, outcome = r.outcome
        FROM (SELECT value ->> 0 AS recording_id, CAST(value ->> 1 AS BIGINT) AS part, CAST(value ->> 2 AS BIGINT) AS length_ms,
            CAST(value ->> 3 AS BIGINT) AS octets, value ->> 4 AS outcome FROM" ") AS r
        WHERE recording_part.recording_id = r.recording_id AND recording_part.part = r.part");
    OF_CALL = "SELECT id, node, call_id, started_at, keep_until, deleted_at, deleted_by
        FROM recording WHERE call_id = $1 ORDER BY id LIMIT $2";
    FIND = "SELECT id, node, call_id, started_at, keep_until, deleted_at, deleted_by
        FROM recording WHERE id = $1";
    PARTS = "SELECT part, started_at, length_ms, octets, outcome FROM recording_part WHERE recording_id = $1 ORDER BY part";
    HOLDS = "SELECT held_by, held_at, reason FROM recording_hold WHERE recording_id = $1 ORDER BY held_at, held_by";
    MARK_HELD = "UPDATE recording SET held_at = COALESCE(held_at, $2) WHERE id = $1 AND deleted_at IS NULL";
    HOLD = "INSERT INTO recording_hold (recording_id, held_by, held_at, reason) VALUES ($1, $2, $3, $4)
        ON CONFLICT (recording_id, held_by) DO UPDATE SET reason = excluded.reason";
    RELEASE = "DELETE FROM recording_hold WHERE recording_id = $1 AND held_by = $2";
    MARK_RELEASED = "UPDATE recording SET held_at = NULL
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM recording_hold WHERE recording_id = $1)";
    DELETE = "UPDATE recording SET deleted_at = $2, deleted_by = $3 WHERE id = $1 AND deleted_at IS NULL AND held_at IS NULL";
    IS_KEPT = "SELECT id FROM recording WHERE id = $1 AND deleted_at IS NULL";
    FIRST_BEGUN = "SELECT CAST(MIN(started_at) AS BIGINT) FROM recording WHERE node = $1";
    DUE = "SELECT id, call_id FROM recording WHERE keep_until <= $1 AND deleted_at IS NULL AND held_at IS NULL AND node = $2
        ORDER BY keep_until LIMIT $3";
    TO_ERASE = "SELECT id FROM recording WHERE deleted_at IS NOT NULL AND erased_at IS NULL AND node = $1
        ORDER BY deleted_at, id LIMIT $2 OFFSET $3";
    ERASED = "UPDATE recording SET erased_at = $2 WHERE id = $1";
    // A recording may be deleted while it runs: what its writer makes afterwards is erased too.
    ERASE_AGAIN = "UPDATE recording SET erased_at = NULL WHERE id = $1 AND erased_at IS NOT NULL";
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Which.
    pub id: RecordingId,
    /// Where its files are.
    pub node: NodeId,
    /// Of which call.
    pub call: CallId,
    /// When its first part began.
    pub started_at: Timestamp,
    /// Then it is deleted, unless it is held.
    pub keep_until: Timestamp,
    /// Who keeps it whatever its time, the first first.
    pub holds: Vec<Hold>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// By whom; `None` when its time was over.
    pub deleted_by: Option<UserId>,
    /// In order.
    pub parts: Vec<Part>,
}

/// A person's legal hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Since when.
    pub at: Timestamp,
    /// Who put it there.
    pub by: UserId,
    /// Why, as typed.
    pub reason: String,
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub part: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// Its length; `None` while it runs, and when it was cut off.
    pub length_ms: Option<i64>,
    /// The size of its file.
    pub octets: Option<i64>,
    /// `complete`, `incomplete`, or why it had to stop; `None` as above.
    pub outcome: Option<String>,
}

impl Part {
    /// Whether it came to an end that somebody wished and that was told: of what a restart ended nobody was left to hear.
    pub fn has_wished_end(&self) -> bool {
        matches!(self.outcome.as_deref(), Some(COMPLETE | INCOMPLETE))
    }

    /// Whether something of it is missing that should have been recorded.
    pub fn is_incomplete(&self) -> bool {
        self.outcome.as_deref() == Some(INCOMPLETE)
    }
}

/// Whether an event changes rows here.
pub(super) fn is_about_one(kind: &CallEventKind) -> bool {
    matches!(
        kind,
        CallEventKind::RecordingStarted { .. } | CallEventKind::RecordingStopped { .. } | CallEventKind::RecordingFailed { .. }
    )
}

/// Writes what follows from events, oldest first.
pub(super) async fn follow(tx: &mut Tx, events: &[(Timestamp, &CallEvent)]) -> Result<(), StoreFault> {
    if events.is_empty() {
        return Ok(());
    }
    let node = tx.node().clone();
    let (mut parts, mut ends) = (Vec::new(), Vec::new());
    for (at, event) in events {
        if let CallEventKind::RecordingStarted { recording, .. }
        | CallEventKind::RecordingStopped { recording, .. }
        | CallEventKind::RecordingFailed { recording, .. } = &event.kind
        {
            tx.execute(&ERASE_AGAIN, binds![*recording]).await?;
        }
        match &event.kind {
            CallEventKind::RecordingStarted { recording, part, keep_until, .. } => {
                tx.execute(&SAVE, binds![*recording, &node, event.call, *at, *keep_until]).await?;
                parts.push(binds![*recording, *part, *at]);
            }
            CallEventKind::RecordingStopped { recording, part, length_ms, octets, missing_ms } => {
                let outcome = if *missing_ms > 0 { INCOMPLETE } else { COMPLETE };
                ends.push(binds![*recording, *part, *length_ms, *octets, outcome]);
            }
            CallEventKind::RecordingFailed { recording, part, cause } => {
                ends.push(binds![*recording, *part, None::<i64>, None::<i64>, Val::word(cause)]);
            }
            _ => {}
        }
    }
    tx.execute_rows(&SAVE_PARTS, parts).await?;
    tx.execute_rows(&END_PARTS, ends).await
}

/// The recordings of a call, deleted ones included.
pub async fn of_call(db: &Db, call: CallId) -> Result<Vec<Recording>, StoreFault> {
    let mut found = Vec::new();
    for row in db.fetch_all::<Row>(&OF_CALL, binds![call, OF_CALL_MAX]).await? {
        found.push(with_parts(db, row).await?);
    }
    Ok(found)
}

/// One recording, also a deleted one.
pub async fn find(db: &Db, id: RecordingId) -> Result<Option<Recording>, StoreFault> {
    match db.fetch_optional::<Row>(&FIND, binds![id]).await? {
        Some(row) => with_parts(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// Puts somebody's hold on it, or another reason to the one that is there; `false` when there is nothing to hold.
pub async fn hold(tx: &mut Tx, id: RecordingId, hold: &Hold) -> Result<bool, StoreFault> {
    if tx.execute(&MARK_HELD, binds![id, hold.at]).await? == 0 {
        return Ok(false);
    }
    tx.execute(&HOLD, binds![id, &hold.by, hold.at, &hold.reason]).await?;
    Ok(true)
}

/// Takes somebody's hold off, and leaves those of others; `false` when there was none.
pub async fn release(tx: &mut Tx, id: RecordingId, by: &UserId) -> Result<bool, StoreFault> {
    if tx.execute(&RELEASE, binds![id, by]).await? == 0 {
        return Ok(false);
    }
    tx.execute(&MARK_RELEASED, binds![id]).await?;
    Ok(true)
}

/// Marks it as deleted; its files are to be erased. `false` when it is held, or deleted already.
pub async fn delete(tx: &mut Tx, id: RecordingId, at: Timestamp, by: Option<&UserId>) -> Result<bool, StoreFault> {
    Ok(tx.execute(&DELETE, binds![id, at, Val::text(by)]).await? == 1)
}

/// Recordings of this node whose time is over, with their calls.
pub async fn due(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<(RecordingId, CallId)>, StoreFault> {
    let rows = db.fetch_all::<(String, String)>(&DUE, binds![now, db.node(), limit]).await?;
    rows.iter().map(|(id, call)| Ok((parse("recording", id)?, parse("call", call)?))).collect()
}

/// Whether there is such a recording, which has not been deleted.
pub async fn is_kept(db: &Db, id: RecordingId) -> Result<bool, StoreFault> {
    Ok(db.fetch_optional::<(String,)>(&IS_KEPT, binds![id]).await?.is_some())
}

/// When the first recording of this node began of which there is a row, deleted ones included.
pub async fn first_begun(db: &Db) -> Result<Option<Timestamp>, StoreFault> {
    let row: Option<(Option<i64>,)> = db.fetch_optional(&FIRST_BEGUN, binds![db.node()]).await?;
    Ok(row.and_then(|(at,)| at).map(Timestamp::from_millis))
}

/// Deleted recordings of this node whose files are still there, but for the first so many.
pub async fn to_erase(db: &Db, passed: i64, limit: i64) -> Result<Vec<RecordingId>, StoreFault> {
    ids(db.fetch_all::<(String,)>(&TO_ERASE, binds![db.node(), limit, passed]).await?)
}

/// Its files are gone.
pub async fn erased(tx: &mut Tx, id: RecordingId, at: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&ERASED, binds![id, at]).await.map(|_| ())
}

fn ids(rows: Vec<(String,)>) -> Result<Vec<RecordingId>, StoreFault> {
    rows.iter().map(|(id,)| parse("recording", id)).collect()
}

async fn with_parts(db: &Db, row: Row) -> Result<Recording, StoreFault> {
    let rows = db.fetch_all::<PartRow>(&PARTS, binds![&row.id]).await?;
    let parts = rows.into_iter().map(|part| Part {
        part: u32::try_from(part.part).unwrap_or(u32::MAX),
        started_at: Timestamp::from_millis(part.started_at),
        length_ms: part.length_ms,
        octets: part.octets,
        outcome: part.outcome,
    });
    let holds = db.fetch_all::<(String, i64, String)>(&HOLDS, binds![&row.id]).await?;
    let hold =
        |(by, at, reason): (String, i64, String)| Ok(Hold { at: Timestamp::from_millis(at), by: parse("user", &by)?, reason });
    Ok(Recording {
        id: parse("recording", &row.id)?,
        node: parse("node", &row.node)?,
        call: parse("call", &row.call_id)?,
        started_at: Timestamp::from_millis(row.started_at),
        keep_until: Timestamp::from_millis(row.keep_until),
        holds: holds.into_iter().map(hold).collect::<Result<_, StoreFault>>()?,
        deleted_at: row.deleted_at.map(Timestamp::from_millis),
        deleted_by: row.deleted_by.map(|by| parse("user", &by)).transpose()?,
        parts: parts.collect(),
    })
}

#[derive(Debug, FromRow)]
struct Row {
    id: String,
    node: String,
    call_id: String,
    started_at: i64,
    keep_until: i64,
    deleted_at: Option<i64>,
    deleted_by: Option<String>,
}

#[derive(Debug, FromRow)]
struct PartRow {
    part: i64,
    started_at: i64,
    length_ms: Option<i64>,
    octets: Option<i64>,
    outcome: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            call::{RecordingCause, RecordingFailure},
            centre::Fact,
            event::{Actor, Event},
        },
        store::{
            Lane,
            journal::{Entry, VisitRules, append},
            testing::{TEST_TIME, TestDb},
        },
        types::Rng,
    };

    async fn happened(test: &TestDb, call: CallId, key: &str, kind: CallEventKind) {
        let event = Event::Call(CallEvent { call, kind });
        let fact = Fact::of(TEST_TIME, Actor::System, event);
        let rules = VisitRules::usual(20_000, 5_000);
        let entry = Entry { fact, dedup: key.into(), rules };
        let written: Result<(), StoreFault> =
            test.db.write(Lane::Journal, move |tx| Box::pin(async move { append(tx, &[entry]).await })).await;
        written.unwrap();
    }

    #[tokio::test]
    async fn a_recording_has_the_parts_that_happened_and_is_deleted_in_its_time_unless_held() {
        for test in TestDb::each().await {
            let mut rng = Rng::seeded(1);
            let (call, recording) = (CallId::mint(TEST_TIME, &mut rng), RecordingId::mint(TEST_TIME, &mut rng));
            let keep_until = TEST_TIME.plus_millis(1_000);
            let started = |part| CallEventKind::RecordingStarted { recording, part, cause: RecordingCause::Policy, keep_until };
            happened(&test, call, "1", started(1)).await;
            let stopped =
                CallEventKind::RecordingStopped { recording, part: 1, length_ms: 2_500, octets: 40_000, missing_ms: 0 };
            happened(&test, call, "2", stopped).await;
            happened(&test, call, "3", started(2)).await;
            let failed = CallEventKind::RecordingFailed { recording, part: 2, cause: RecordingFailure::DiskFull };
            happened(&test, call, "4", failed).await;
            let [found] = of_call(&test.db, call).await.unwrap().try_into().unwrap();
            let parts: Vec<_> = found.parts.iter().map(|part| (part.part, part.length_ms, part.outcome.as_deref())).collect();
            assert_eq!(parts, [(1, Some(2_500), Some("complete")), (2, None, Some("disk_full"))]);

            assert_eq!(due(&test.db, TEST_TIME, 10).await.unwrap(), []);
            assert_eq!(due(&test.db, keep_until, 10).await.unwrap(), [(recording, call)]);
            let held = Hold { at: TEST_TIME, by: "sue".parse().unwrap(), reason: "case 7".into() };
            let write = |work: u8, held: Hold| {
                test.db.write(Lane::People, move |tx| {
                    Box::pin(async move {
                        match work {
                            0 => hold(tx, recording, &held).await,
                            1 => release(tx, recording, &held.by).await,
                            _ => delete(tx, recording, TEST_TIME, Some(&held.by)).await,
                        }
                    })
                })
            };
            assert!(write(0, held.clone()).await.unwrap());
            assert_eq!(due(&test.db, keep_until, 10).await.unwrap(), []);
            assert!(!write(2, held.clone()).await.unwrap(), "what is held is not deleted");
            let other = Hold { at: keep_until, by: "max".parse().unwrap(), reason: "case 9".into() };
            assert!(write(0, other.clone()).await.unwrap());
            assert_eq!(find(&test.db, recording).await.unwrap().unwrap().holds, [held.clone(), other.clone()]);
            assert!(write(1, held.clone()).await.unwrap() && !write(1, held.clone()).await.unwrap(), "once");
            assert_eq!(due(&test.db, keep_until, 10).await.unwrap(), [], "the other's case is not over");
            assert!(!write(2, held.clone()).await.unwrap());
            assert!(write(1, other).await.unwrap() && write(2, held.clone()).await.unwrap());
            assert!(!write(0, held).await.unwrap(), "what is deleted cannot be held");
            assert_eq!(to_erase(&test.db, 0, 10).await.unwrap(), [recording]);
            let gone: Result<(), StoreFault> =
                test.db.write(Lane::Background, move |tx| Box::pin(erased(tx, recording, TEST_TIME))).await;
            gone.unwrap();
            assert_eq!(to_erase(&test.db, 0, 10).await.unwrap(), []);
            let found = find(&test.db, recording).await.unwrap().unwrap();
            assert_eq!((found.deleted_by, found.holds), (Some("sue".parse().unwrap()), vec![]));
        }
    }

    #[tokio::test]
    async fn what_is_recorded_after_the_deletion_is_erased_too() {
        for test in TestDb::each().await {
            let mut rng = Rng::seeded(1);
            let (call, recording) = (CallId::mint(TEST_TIME, &mut rng), RecordingId::mint(TEST_TIME, &mut rng));
            let started = |part| CallEventKind::RecordingStarted {
                recording,
                part,
                cause: RecordingCause::Policy,
                keep_until: TEST_TIME,
            };
            let gone = async || {
                let gone: Result<(), StoreFault> =
                    test.db.write(Lane::Background, move |tx| Box::pin(erased(tx, recording, TEST_TIME))).await;
                gone.unwrap();
                assert_eq!(to_erase(&test.db, 0, 10).await.unwrap(), []);
            };
            happened(&test, call, "1", started(1)).await;
            let deleted: Result<bool, StoreFault> =
                test.db.write(Lane::People, move |tx| Box::pin(delete(tx, recording, TEST_TIME, None))).await;
            assert!(deleted.unwrap());
            assert_eq!(to_erase(&test.db, 0, 10).await.unwrap(), [recording]);
            assert_eq!(to_erase(&test.db, 1, 10).await.unwrap(), [], "passed over");
            gone().await;
            let stopped =
                CallEventKind::RecordingStopped { recording, part: 1, length_ms: 2_500, octets: 40_000, missing_ms: 0 };
            for (key, kind) in [("2", stopped), ("3", started(2))] {
                happened(&test, call, key, kind).await;
                assert_eq!(to_erase(&test.db, 0, 10).await.unwrap(), [recording]);
                gone().await;
            }
        }
    }
}
