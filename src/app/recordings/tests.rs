//! Recordings with their files: what is heard of damaged ones, and what is erased.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
};

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::{PartState, RecordingDesk, RecordingsFault};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, RecordingCause},
        centre::Fact,
        directory::Directory,
        event::{Actor, Event},
    },
    net::{
        SystemClock,
        recording::{Recorder, RecordingKey, RecordingSettings, file_of_part},
    },
    protocol::media::RecordingPart,
    store::{
        Lane, StoreFault, journal,
        journal::{Entry, VisitRules, append},
        recordings,
        testing::{TEST_TIME, TestDb},
    },
    types::{CallId, Clock, LegId, RecordingId, Rng, Timestamp},
};

struct Shelf {
    folder: TempDir,
    desk: RecordingDesk,
    rng: Rng,
}

fn key() -> RecordingKey {
    RecordingKey::new([5; 32]).unwrap()
}

impl Shelf {
    fn new(test: &TestDb) -> Self {
        Self::with(test, Arc::new(SystemClock::start()))
    }

    fn with(test: &TestDb, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (_, directory) = watch::channel(Arc::new(Directory::default()));
        let desk = RecordingDesk::new(test.db.clone(), clock, directory, folder.path(), key());
        Self { folder, desk, rng: Rng::seeded(1) }
    }

    /// A recording in the database whose time is over, with so many parts.
    async fn recording(&mut self, test: &TestDb, parts: u32) -> RecordingId {
        let (call, recording) = (CallId::mint(TEST_TIME, &mut self.rng), RecordingId::mint(TEST_TIME, &mut self.rng));
        for part in 1..=parts {
            self.begun(test, call, recording, part, TEST_TIME).await;
        }
        recording
    }

    async fn begun(&self, test: &TestDb, call: CallId, recording: RecordingId, part: u32, at: Timestamp) {
        let (cause, keep_until) = (RecordingCause::Policy, TEST_TIME);
        self.happened(test, call, at, CallEventKind::RecordingStarted { recording, part: part.into(), cause, keep_until })
            .await;
    }

    async fn happened(&self, test: &TestDb, call: CallId, at: Timestamp, kind: CallEventKind) {
        let dedup = format!("{kind:?}");
        let fact = Fact::of(at, Actor::System, Event::Call(CallEvent { call, kind }));
        let rules = VisitRules::usual(20_000, 5_000);
        let entry = Entry { fact, dedup, rules };
        let written: Result<(), StoreFault> =
            test.db.write(Lane::Journal, move |tx| Box::pin(async move { append(tx, &[entry]).await })).await;
        written.unwrap();
    }

    fn path(&self, recording: RecordingId, part: u32) -> std::path::PathBuf {
        let path = file_of_part(self.folder.path(), RecordingPart { recording, part });
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Writes a second of silence.
    fn write(&mut self, recording: RecordingId, part: u32) {
        let (notices, _heard) = mpsc::channel(8);
        let clock = Arc::new(SystemClock::start());
        let settings = RecordingSettings { free_mib_min: 0, free_percent_min: 0, ..RecordingSettings::default() };
        let folder = self.folder.path().to_owned();
        let (recorder, feed) = Recorder::start(&settings, folder, key(), clock.clone(), notices).unwrap();
        let (leg, now) = (LegId::mint(TEST_TIME, &mut self.rng), clock.now());
        let mut taps = feed.taps();
        let tap = taps.begin(leg, RecordingPart { recording, part }, now).unwrap();
        tap.end(&mut taps, now.mono + 1_000);
        drop((taps, feed));
        recorder.join();
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_said_to_be_so_and_the_others_are_heard() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::new(&test);
        let id = shelf.recording(&test, 3).await;
        shelf.write(id, 1);
        fs::write(shelf.path(id, 2), "").unwrap();
        let recording = recordings::find(&test.db, id).await.unwrap().unwrap();
        assert_eq!(shelf.desk.open(&recording).await.unwrap().length_ms(), 1_000);
        let entry = shelf.desk.entry(recording, true).await.unwrap();
        let parts: Vec<_> = entry.parts.iter().map(|part| (part.length_ms, part.state)).collect();
        let complete = "its file has an end, although nobody was left to be told of it";
        assert_eq!(parts, [(1_000, PartState::Complete), (0, PartState::Unreadable), (0, PartState::Missing)], "{complete}");

        let none = shelf.recording(&test, 1).await;
        fs::write(shelf.path(none, 1), "").unwrap();
        let recording = recordings::find(&test.db, none).await.unwrap().unwrap();
        let fault = shelf.desk.open(&recording).await.err();
        assert!(matches!(fault, Some(RecordingsFault::File(_))), "{fault:?} says why");
    }
}

#[tokio::test]
async fn what_expires_stands_in_the_history_of_its_call() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::new(&test);
        let id = shelf.recording(&test, 1).await;
        let call = recordings::find(&test.db, id).await.unwrap().unwrap().call;
        shelf.desk.delete_what_is_due().await.unwrap();
        shelf.desk.delete_what_is_due().await.unwrap();
        let events = journal::events_of(&test.db, "call", &call.to_string()).await.unwrap();
        let is_expiry = |event: &Event| matches!(event, Event::Call(CallEvent { kind: CallEventKind::RecordingExpired { recording }, .. }) if *recording == id);
        let doers: Vec<_> = events.iter().filter(|record| is_expiry(&record.event)).map(|record| &record.actor).collect();
        assert_eq!(doers, [&Actor::System], "once");
        assert_eq!(shelf.desk.removed().expired.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn a_file_of_which_no_recording_knows_goes_when_its_time_would_be_over() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::with(&test, test.clock.clone());
        let foreign = RecordingId::mint(TEST_TIME.plus_millis(-91 * 86_400_000), &mut shelf.rng);
        let foreign = shelf.path(foreign, 1);
        fs::write(&foreign, "sound").unwrap();
        assert_eq!(shelf.desk.sweep_orphans(None).await.unwrap(), None);
        assert!(foreign.exists(), "a database without recordings knows nothing of whose it is");

        let known = shelf.recording(&test, 1).await;
        let files = [known, RecordingId::mint(TEST_TIME, &mut shelf.rng)].map(|id| shelf.path(id, 1));
        let other = shelf.folder.path().join("2026/01/15/notes.txt");
        files.iter().chain([&other]).for_each(|path| fs::write(path, "sound").unwrap());
        let are_there = || [&files[0], &files[1], &other, &foreign].map(|path| path.exists());
        test.clock.turn(89 * 86_400_000);
        assert_eq!(shelf.desk.sweep_orphans(None).await.unwrap(), None);
        assert_eq!(are_there(), [true; 4], "a recording begun then may be kept still");
        test.clock.turn(2 * 86_400_000);
        shelf.desk.sweep_orphans(None).await.unwrap();
        assert_eq!(are_there(), [true, false, true, true], "one from before the first recording is another database's");
        assert_eq!(shelf.desk.removed().orphans.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn what_an_earlier_process_began_does_not_run() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::with(&test, test.clock.clone());
        let id = shelf.recording(&test, 1).await;
        let recording = recordings::find(&test.db, id).await.unwrap().unwrap();
        let state = async |desk: &RecordingDesk| desk.entry(recording.clone(), false).await.unwrap().parts[0].state;
        assert_eq!(state(&shelf.desk).await, PartState::Running, "of this process");
        shelf.desk.since = TEST_TIME.plus_millis(1);
        assert_eq!(state(&shelf.desk).await, PartState::Missing, "it came to no file");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_keeps_no_other() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::new(&test);
        let mut made = Vec::new();
        for _ in 0..3 {
            let recording = shelf.recording(&test, 1).await;
            made.push((recording, shelf.path(recording, 1)));
        }
        // What removes a file does not remove a folder.
        fs::create_dir(&made[0].1).unwrap();
        made[1..].iter().for_each(|(_, path)| fs::write(path, "sound").unwrap());
        shelf.desk.delete_what_is_due().await.unwrap();
        assert_eq!(recordings::to_erase(&test.db, 0, 10).await.unwrap(), [made[0].0]);
        assert!(made[1..].iter().all(|(_, path)| !path.exists()));
        fs::remove_dir(&made[0].1).unwrap();
        shelf.desk.delete_what_is_due().await.unwrap();
        assert_eq!(recordings::to_erase(&test.db, 0, 10).await.unwrap(), [], "looked for again");
    }
}

#[tokio::test]
async fn a_file_whose_part_nobody_wrote_down_goes_with_its_recording_and_not_before() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::with(&test, test.clock.clone());
        let id = shelf.recording(&test, 1).await;
        let other = shelf.recording(&test, 1).await;
        let files = [(id, 1), (id, 2), (other, 1)].map(|(id, part)| shelf.path(id, part));
        files.iter().for_each(|path| fs::write(path, "sound").unwrap());
        let are_there = || files.each_ref().map(|path| path.exists());
        test.clock.turn(91 * 86_400_000);
        shelf.desk.sweep_orphans(None).await.unwrap();
        assert_eq!(are_there(), [true; 3], "its recording is kept, and perhaps held");
        let deleted: Result<bool, StoreFault> =
            test.db.write(Lane::People, move |tx| Box::pin(recordings::delete(tx, id, TEST_TIME, None))).await;
        assert!(deleted.unwrap());
        shelf.desk.erase(id).await.unwrap();
        assert_eq!(are_there(), [false, false, true]);
        // What comes to light later goes as well.
        fs::write(&files[1], "sound").unwrap();
        shelf.desk.sweep_orphans(None).await.unwrap();
        assert_eq!(are_there(), [false, false, true]);
    }
}

#[tokio::test]
async fn the_time_after_a_part_that_somebody_ended_is_no_gap_and_the_time_after_one_that_was_cut_off_is() {
    for test in TestDb::each().await {
        let mut shelf = Shelf::new(&test);
        let (call, recording) = (CallId::mint(TEST_TIME, &mut shelf.rng), RecordingId::mint(TEST_TIME, &mut shelf.rng));
        let at = |secs: i64| TEST_TIME.plus_millis(secs * 1_000);
        for part in 1..=3 {
            shelf.begun(&test, call, recording, part, at(i64::from(part) * 10)).await;
            shelf.write(recording, part);
        }
        let stopped = CallEventKind::RecordingStopped { recording, part: 1, length_ms: 1_000, octets: 100, missing_ms: 0 };
        shelf.happened(&test, call, at(11), stopped).await;
        let found = recordings::find(&test.db, recording).await.unwrap().unwrap();
        let entry = shelf.desk.entry(found, true).await.unwrap();
        let gaps: Vec<_> = entry.parts.iter().map(|part| part.gap_before_ms).collect();
        assert_eq!(gaps, [0, 0, 9_000]);
    }
}
