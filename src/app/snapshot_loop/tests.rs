//! Stories of the file: what a process finds that the one before it wrote.

use std::{io::Write, sync::Arc};

use super::{SnapshotBatch, Snapshots};
use crate::{
    domain::{
        Cx, Outbox,
        agent::{Agent, Presence, Rest},
    },
    switch::{SnapshotChange, Survivors},
    types::{AgentId, Clock, Mono, Now, Rng, Sleep, Timestamp},
};

const THEN: Timestamp = Timestamp::from_millis(1_766_000_000_000);

/// A clock whose deadlines never come.
struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: THEN, mono: Mono::default() }
    }

    fn sleep_until(&self, _: Mono) -> Sleep {
        Box::pin(std::future::pending())
    }
}

fn agent(name: &str) -> Agent {
    let mut out = Outbox::default();
    let mut rng = Rng::seeded(1);
    let mut cx = Cx { now: Now { wall: THEN, mono: Mono::default() }, rng: &mut rng, out: &mut out };
    let mut agent = Agent::new(name.parse().expect("a key"), &cx);
    agent.note_device(true, &mut cx);
    agent.ask(Rest::Paused { reason: "lunch".into() }, None, &mut cx);
    agent
}

fn stands(name: &str) -> SnapshotChange {
    SnapshotChange::Agent(Box::new(agent(name)))
}

async fn open(folder: &std::path::Path, later_ms: i64) -> (Snapshots, Survivors) {
    Snapshots::open(folder, THEN.plus_millis(later_ms)).await.expect("a folder")
}

/// A process that writes these changes and dies.
async fn write(folder: &std::path::Path, changes: Vec<SnapshotChange>) {
    let (snapshots, _) = open(folder, 0).await;
    let (door, _, task) = snapshots.start(&[], Arc::new(Still));
    for change in changes {
        door.send(SnapshotBatch { at: THEN, changes: vec![change] }).await.expect("a writer");
    }
    drop(door);
    task.await.expect("the writer's end");
}

fn names(survivors: &Survivors) -> Vec<AgentId> {
    survivors.agents.iter().map(|agent| agent.id.clone()).collect()
}

#[tokio::test]
async fn the_newest_state_of_each_counts_and_what_is_gone_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let gone: AgentId = "ana".parse().unwrap();
    write(folder.path(), vec![stands("ana"), stands("eva"), SnapshotChange::AgentGone(gone)]).await;
    let (_, survivors) = open(folder.path(), 1_000).await;
    assert_eq!(names(&survivors), ["eva".parse().unwrap()]);
    assert_eq!(survivors.agents[0].presence(), Presence::Paused { reason: "lunch".into() });
}

#[tokio::test]
async fn a_torn_line_and_one_of_another_version_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![stands("ana")]).await;
    let path = folder.path().join("calls-live.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(file, r#"{{"v":9,"at":1766000000000,"key":"agent eva","body":{{"shape":"unknown"}}}}"#).unwrap();
    write!(file, r#"{{"v":1,"at":17660000"#).unwrap();
    drop(file);
    let (snapshots, survivors) = open(folder.path(), 1_000).await;
    assert_eq!(names(&survivors), ["ana".parse().unwrap()]);
    assert_eq!(snapshots.status.unreadable.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[tokio::test]
async fn after_too_long_an_absence_nothing_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![stands("ana")]).await;
    let (_, survivors) = open(folder.path(), 10 * 60_000 + 1).await;
    assert!(survivors.agents.is_empty());
    let (_, survivors) = open(folder.path(), 0).await;
    assert!(survivors.agents.is_empty(), "it is forgotten, not only passed over");
}

#[tokio::test]
async fn a_file_full_of_old_lines_is_rewritten_with_those_that_count() {
    let folder = tempfile::tempdir().unwrap();
    // Some 500 bytes each: two megabytes by far.
    let changes = (0..8_000).map(|n| stands(if n % 2 == 0 { "ana" } else { "eva" })).collect();
    write(folder.path(), changes).await;
    let size = std::fs::metadata(folder.path().join("calls-live.jsonl")).unwrap().len();
    assert!(size < 1_100_000, "{size}");
    let (_, survivors) = open(folder.path(), 0).await;
    assert_eq!(names(&survivors), ["ana".parse().unwrap(), "eva".parse().unwrap()]);
}

#[tokio::test]
async fn a_stop_in_order_leaves_no_agent_to_take_up() {
    let folder = tempfile::tempdir().unwrap();
    super::forget_calls(folder.path(), THEN).expect("nothing to forget is no fault");
    write(folder.path(), vec![stands("ana")]).await;
    super::forget_calls(folder.path(), THEN).unwrap();
    assert!(!folder.path().join("calls-live.jsonl").exists());
    assert!(open(folder.path(), 0).await.1.agents.is_empty());
}
