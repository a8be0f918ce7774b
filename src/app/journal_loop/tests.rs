use std::sync::{Arc, atomic::Ordering};

use tokio::sync::watch;

use super::{BATCH_MAX, FactSender, GATHER_MS, Journal, fact_channel, spool::Spool};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, CallSummary, Direction, EndCause, Outcome, Party},
        centre::Fact,
        directory::Directory,
        event::{Actor, Event},
    },
    store::{
        Lane, StoreFault, Tx, calls,
        journal::{self, Cursor, Entry, VisitRules},
        repair::{self, GoesOn},
        segments,
        testing::{TEST_TIME, TestDb},
    },
    types::{CallId, Clock, Rng, Timestamp},
};

fn at(secs: i64) -> Timestamp {
    TEST_TIME.plus_millis(secs * 1_000)
}

fn call(seed: u64) -> CallId {
    CallId::mint(TEST_TIME, &mut Rng::seeded(seed))
}

fn summary(id: CallId) -> CallSummary {
    CallSummary {
        id,
        direction: Direction::Inbound,
        customer_number: "+34911000001".to_owned().try_into().ok(),
        customer_label: None,
        our_number: "1001".into(),
        customer: None,
        line: None,
        ivr_path: vec!["menu".into()],
        reason: Some("invoice".into()),
        queue: "support".parse().ok(),
        agent: None,
        language: "es".into(),
        started_at: at(0),
        queued_at: None,
        connected_at: None,
        ended_at: None,
        wait_ms: 0,
        talk_ms: 0,
        hold_ms: 0,
        outcome: Outcome::Open,
        end_cause: None,
        is_web: false,
        redirections: Vec::new(),
        answer: None,
    }
}

fn fact(secs: i64, id: CallId, kind: CallEventKind, call: Option<CallSummary>) -> Fact {
    Fact { call: call.map(Box::new), ..Fact::of(at(secs), Actor::System, Event::Call(CallEvent { call: id, kind })) }
}

fn arrived(id: CallId) -> Fact {
    fact(0, id, CallEventKind::Arrived { number: "1001".into(), trunk: None, session_id: None }, Some(summary(id)))
}

fn queued(id: CallId) -> Fact {
    fact(1, id, CallEventKind::Queued { queue: "support".parse().unwrap(), reason: None, expected: None }, None)
}

fn abandoned(id: CallId, waited_secs: i64) -> [Fact; 2] {
    let (queue, waited_ms) = ("support".parse().unwrap(), waited_secs * 1_000);
    let over = CallSummary {
        ended_at: Some(at(1 + waited_secs)),
        wait_ms: waited_ms,
        outcome: Outcome::Abandoned,
        end_cause: Some(EndCause::Hangup),
        ..summary(id)
    };
    [
        fact(1 + waited_secs, id, CallEventKind::Abandoned { queue, waited_ms }, None),
        fact(
            1 + waited_secs,
            id,
            CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None },
            Some(over),
        ),
    ]
}

fn answered(id: CallId, waited_secs: i64, talk_secs: i64) -> [Fact; 2] {
    let (queue, agent) = ("support".parse().ok(), "ana".parse().unwrap());
    let over = CallSummary {
        ended_at: Some(at(1 + waited_secs + talk_secs)),
        connected_at: Some(at(1 + waited_secs)),
        agent: "ana".parse().ok(),
        wait_ms: waited_secs * 1_000,
        talk_ms: talk_secs * 1_000,
        outcome: Outcome::Answered,
        end_cause: Some(EndCause::Hangup),
        ..summary(id)
    };
    [
        fact(1 + waited_secs, id, CallEventKind::Connected { queue, agent, waited_ms: waited_secs * 1_000 }, None),
        fact(
            1 + waited_secs + talk_secs,
            id,
            CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None },
            Some(over),
        ),
    ]
}

/// Starts the loop over a test's database; ends when the door is dropped.
async fn start(test: &TestDb) -> (FactSender, tokio::task::JoinHandle<()>) {
    let (_keep, directory) = watch::channel(Arc::new(Directory::default()));
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    let (door, _, task) = super::start(test.db.clone(), clock, directory, GoesOn::default()).await.unwrap();
    (door, task)
}

async fn kinds(test: &TestDb) -> Vec<&'static str> {
    let page = journal::events_after(&test.db, &Cursor::default(), 500).await.unwrap();
    page.records.iter().map(|record| record.event.kind()).collect()
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_queue_counts_as_abandoned_and_stands_on_the_timeline() {
    for test in TestDb::each().await {
        let (door, task) = start(&test).await;
        for (seed, waited) in [(1, 30), (2, 2)] {
            for fact in [arrived(call(seed)), queued(call(seed))].into_iter().chain(abandoned(call(seed), waited)) {
                door.try_send(fact).unwrap();
            }
        }
        for fact in [arrived(call(3)), queued(call(3))].into_iter().chain(answered(call(3), 10, 60)) {
            door.try_send(fact).unwrap();
        }
        drop(door);
        task.await.unwrap();

        let counts = segments::counts(&test.db, at(0), at(3_600)).await.unwrap();
        let (queue, counts) = &counts[0];
        assert_eq!(queue.as_str(), "support");
        assert_eq!((counts.offered, counts.answered, counts.answered_in_time), (3, 1, 1));
        assert_eq!((counts.abandoned, counts.abandoned_short), (2, 1), "on {test:?}");
        assert_eq!((counts.wait_ms_answered, counts.wait_ms_max), (10_000, 30_000));

        let line = calls::find(&test.db, call(3)).await.unwrap().unwrap();
        assert_eq!((line.call.outcome, line.call.talk_ms), (Outcome::Answered, 60_000));
        let timeline = test.numbers("SELECT duration_ms FROM interaction ORDER BY duration_ms").await;
        assert_eq!(timeline, [0, 0, 60_000]);
    }
}

#[tokio::test]
async fn while_the_database_is_away_facts_wait_in_the_file_and_are_stored_once_and_in_order() {
    for test in TestDb::each().await {
        let (_keep, directory) = watch::channel(Arc::new(Directory::default()));
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let mut journal = Journal::open(test.db.clone(), clock, directory, test.folder(), 1 << 20).await.unwrap();
        journal.keep(arrived(call(1)));
        let work = journal.next_work().await;
        // The write is on its way when more comes than memory may hold: it goes to the file behind a copy of the batch.
        let mut work = work;
        for fact in [queued(call(1))].into_iter().chain(abandoned(call(1), 9)) {
            journal.keep(fact);
        }
        journal.move_to_spool(Some(&mut work)).await;
        let result = super::over(&mut work).await;
        assert_eq!(result, Ok(()));
        // As if the answer of that commit had been lost.
        let rest = journal.conclude(work, Err(StoreFault::Away("cable".into()))).await;
        assert!(matches!(rest, super::Work::Resting(_)));
        assert!(journal.status.is_away.load(Ordering::Relaxed));

        let (facts, received) = fact_channel(8);
        facts.try_send(arrived(call(2))).unwrap();
        drop(facts);
        journal.run(received).await;
        let expected = ["call.arrived", "call.queued", "call.abandoned", "call.ended", "call.arrived"];
        assert_eq!(kinds(&test).await, expected, "on {test:?}");
    }
}

#[tokio::test]
async fn facts_in_the_file_survive_a_restart() {
    let test = TestDb::sqlite().await;
    let entry = |seed: u64| Entry { fact: arrived(call(seed)), dedup: format!("n:{seed}"), rules: VisitRules::usual(1, 1) };
    let mut spool = Spool::open(test.folder(), 1 << 20).await.unwrap();
    assert_eq!(spool.append(&[entry(1), entry(2)]).await, 0);
    drop(spool);
    // A crash in the middle of a line.
    let file = test.folder().join("journal-waiting.jsonl");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("{\"fact\":{\"at\":\"20");
    std::fs::write(&file, text).unwrap();

    let (door, task) = start(&test).await;
    door.try_send(queued(call(1))).unwrap();
    drop(door);
    task.await.unwrap();
    // They belong to a process that is gone: its calls are over before new facts come.
    let (lost, ended) = ("call.not_recovered", "call.ended");
    assert_eq!(kinds(&test).await, ["call.arrived", "call.arrived", lost, ended, lost, ended, "call.queued"]);
    assert_eq!(std::fs::metadata(file).unwrap().len(), 0, "nothing waits any more");
}

#[tokio::test]
async fn what_fills_a_write_is_written_without_gathering_again() {
    let test = TestDb::sqlite().await;
    let (_keep, directory) = watch::channel(Arc::new(Directory::default()));
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    let (facts, status, _task) = super::start(test.db.clone(), clock, directory, GoesOn::default()).await.unwrap();
    let patience = std::time::Duration::from_secs(20);
    facts.try_send(arrived(call(0))).unwrap();
    let gathers = async {
        while status.pending.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(patience, gathers).await.unwrap();
    for seed in 1..=2 * BATCH_MAX as u64 {
        facts.try_send(arrived(call(seed))).unwrap();
    }
    // Time stands still after this: the second write does not wait for it.
    test.clock.turn(GATHER_MS);
    let written = async { while kinds(&test).await.len() < 2 * BATCH_MAX {} };
    tokio::time::timeout(patience, written).await.unwrap();
}

#[tokio::test]
async fn a_full_file_loses_facts_with_a_count_and_never_grows() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), 2_000).await.unwrap();
    let entry = Entry { fact: arrived(call(1)), dedup: "k".into(), rules: VisitRules::usual(1, 1) };
    let lost = spool.append(&vec![entry; 100]).await;
    assert!(lost > 90 && spool.waiting_bytes() <= 2_000, "{lost} lost, {} bytes", spool.waiting_bytes());
    let (entries, next) = spool.read(1_000).await.unwrap();
    assert_eq!(entries.len() as u64, 100 - lost);
    spool.forget_before(next).await.unwrap();
    assert_eq!(spool.waiting_bytes(), 0);
}

#[tokio::test]
async fn a_fact_that_the_database_refuses_is_put_aside_and_the_others_are_stored() {
    let test = TestDb::sqlite().await;
    test.raw("ALTER TABLE event RENAME TO event_away").await;
    let (door, task) = start(&test).await;
    door.try_send(arrived(call(1))).unwrap();
    door.try_send(arrived(call(2))).unwrap();
    drop(door);
    task.await.unwrap();
    let aside = std::fs::read_to_string(test.folder().join("journal-refused.jsonl")).unwrap();
    assert_eq!(aside.lines().count(), 2);
    test.raw("ALTER TABLE event_away RENAME TO event").await;
    let (door, task) = start(&test).await;
    door.try_send(arrived(call(3))).unwrap();
    drop(door);
    task.await.unwrap();
    assert_eq!(kinds(&test).await, ["call.arrived"]);
}

#[tokio::test]
async fn what_a_lost_process_left_open_is_closed_so_that_the_sums_are_right() {
    for test in TestDb::each().await {
        let (door, task) = start(&test).await;
        // One waits, one is served, one is over, when the power goes.
        for seed in 1..=3 {
            door.try_send(arrived(call(seed))).unwrap();
            door.try_send(queued(call(seed))).unwrap();
        }
        door.try_send(answered(call(2), 5, 0)[0].clone()).unwrap();
        for fact in abandoned(call(3), 20) {
            door.try_send(fact).unwrap();
        }
        drop(door);
        task.await.unwrap();
        let test = test.reopen().await;
        let (door, task) = start(&test).await;
        drop(door);
        task.await.unwrap();
        let again = repair::close_what_was_lost(&test.db, GoesOn::default(), at(9_999)).await.unwrap();
        assert_eq!(again, repair::Repaired::default(), "the start has done it, and once is enough");

        let counts = segments::counts(&test.db, at(0), at(3_600)).await.unwrap()[0].1;
        assert_eq!(counts.offered, counts.answered + counts.abandoned + counts.flowed_out, "on {test:?}");
        let lost = calls::find(&test.db, call(1)).await.unwrap().unwrap().call;
        assert_eq!((lost.ended_at, lost.end_cause), (Some(at(21)), Some(EndCause::Lost)), "at the last sign of life");
        let kinds = kinds(&test).await;
        let lost = ["call.flowed_out", "call.not_recovered", "call.ended", "call.not_recovered", "call.ended"];
        assert_eq!(kinds[kinds.len() - 5..], lost);
    }
}

#[tokio::test]
async fn notes_are_kept_as_typed_and_reach_the_timeline_before_and_after_the_end() {
    for test in TestDb::each().await {
        let save = |notes: &'static str| {
            let db = test.db.clone();
            async move {
                let saved: Result<(), StoreFault> = db
                    .write(Lane::People, move |tx: &mut Tx| {
                        Box::pin(async move { calls::save_notes(tx, call(1), &"ana".parse().unwrap(), notes, at(5)).await })
                    })
                    .await;
                saved.unwrap();
            }
        };
        save("asked about").await;
        let (door, task) = start(&test).await;
        for fact in [arrived(call(1)), queued(call(1))].into_iter().chain(answered(call(1), 5, 60)) {
            door.try_send(fact).unwrap();
        }
        drop(door);
        task.await.unwrap();
        assert_eq!(calls::notes(&test.db, call(1)).await.unwrap().as_deref(), Some("asked about"));
        save("asked about the <b>March</b> invoice").await;
        assert_eq!(calls::notes(&test.db, call(1)).await.unwrap().as_deref(), Some("asked about the <b>March</b> invoice"));
    }
}
