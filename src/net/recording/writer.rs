//! The one thread that writes all recordings, and the handle by which it and the one that synchronises are started and awaited.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{
    RecordingKey, RecordingSettings, RecordingStats, TapFeed,
    disk::{Disk, end_of, remove},
    file_of_part,
    sync::{SyncFault, SyncJob, Syncer},
    tap::{Begin, Block, MESSAGES_MAX, Message},
};
use crate::{
    net::Secrets,
    protocol::{
        media::{MediaNotice, RecordingEnd, RecordingPart},
        recording::{
            CHANNELS, CHUNK_FRAMES, Chunk, Timeline,
            format::{ChunkCipher, HEADER_OCTETS, Header, KEY_OCTETS, NONCE_OCTETS},
            frames_of_ms, ms_of_frames,
        },
    },
    types::{Clock, LegId, Mono},
};

/// The usual length of a packet.
const PACKET_MS: u64 = 20;
/// Between two looks at what has come, while something is recorded.
const TURN: Duration = Duration::from_millis(100);
/// Between two looks at the disk, while nothing is recorded.
const IDLE: Duration = Duration::from_secs(5);
/// Between two looks at the disk, while something is recorded.
const ROOM_MS: u64 = 1_000;
/// Messages taken between two looks at the disk.
const MESSAGES_PER_TURN: usize = 1_024;
/// Notices that wait for the switch.
const NOTICES_MAX: usize = 65_536;
/// A file that is being written is synchronised to the disk this often.
const SYNC_EVERY_MS: u64 = 10_000;
/// Files that have ended and wait for that. Of more the system decides when the oldest is on the disk.
const ENDED_MAX: usize = 1_024;

/// The writer's thread, and behind it the one that synchronises.
#[derive(Clone)]
pub struct Recorder {
    folder: Arc<Path>,
    stats: Arc<RecordingStats>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Recorder {
    /// Makes the folder and starts the writer. The feed goes to the media plane; the writer ends after it and its taps are gone.
    pub fn start(
        settings: &RecordingSettings,
        folder: PathBuf,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, TapFeed)> {
        let disk = Disk::new(folder, settings);
        Self::start_on(disk, key, clock, notices)
    }

    pub(super) fn start_on(
        disk: Disk,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, TapFeed)> {
        let (mut writer, feed, stats, syncer) = Writer::prepare(disk, key, clock, notices)?;
        let folder: Arc<Path> = writer.disk.folder().into();
        let syncing = thread::Builder::new().name("recordings-sync".into()).spawn(move || syncer.run())?;
        let writing = thread::Builder::new().name("recordings".into()).spawn(move || writer.run_kept())?;
        Ok((Self { folder, stats, threads: Arc::new(Mutex::new(vec![writing, syncing])) }, feed))
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &RecordingStats {
        &self.stats
    }

    /// Waits until everything is written and synchronised, after the media worker has ended.
    pub fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("the writer of recordings ended by a fault");
            }
        }
    }
}

struct Writer {
    intake: Receiver<Message>,
    disk: Disk,
    key: RecordingKey,
    clock: Arc<dyn Clock>,
    recordings: BTreeMap<u64, Running>,
    /// One chunk as it goes to a file.
    sealed: Vec<u8>,
    next_room: Mono,
    syncs: SyncSender<SyncJob>,
    sync_faults: Receiver<SyncFault>,
    /// Files that have ended and are to be synchronised.
    ended: VecDeque<SyncJob>,
    /// Whether there was too little room at the last look.
    was_short: bool,
    notices: mpsc::Sender<MediaNotice>,
    waiting: VecDeque<MediaNotice>,
    stats: Arc<RecordingStats>,
}

/// How much of what had come was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// More waits.
    Some,
    /// Nothing waits.
    All,
    /// Nobody is left who could record.
    Last,
}

/// A recording that is being written.
struct Running {
    leg: LegId,
    out: PartFile,
    timeline: Timeline,
    /// How much of it is missing.
    missing_ms: u64,
    is_over: Arc<AtomicBool>,
}

/// Its file.
struct PartFile {
    part: RecordingPart,
    path: PathBuf,
    file: File,
    cipher: ChunkCipher,
    chunks: u64,
    octets: u64,
    /// When it was handed over to be synchronised, or begun.
    synced_at: Mono,
    was_synced: bool,
}

impl Writer {
    /// Everything but the threads.
    fn prepare(
        disk: Disk,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, TapFeed, Arc<RecordingStats>, Syncer)> {
        disk.prepare()?;
        let stats = Arc::new(RecordingStats::default());
        let (to_writer, intake) = sync_channel(MESSAGES_MAX);
        let feed = TapFeed::new(to_writer, Arc::clone(&stats));
        let (syncer, syncs, sync_faults) = Syncer::new(Arc::clone(&stats));
        let mut writer = Self {
            intake,
            disk,
            key,
            clock,
            recordings: BTreeMap::new(),
            sealed: Vec::new(),
            next_room: Mono::default(),
            syncs,
            sync_faults,
            ended: VecDeque::new(),
            was_short: false,
            notices,
            waiting: VecDeque::new(),
            stats: Arc::clone(&stats),
        };
        writer.look_at_room();
        Ok((writer, feed, stats, syncer))
    }

    /// Runs until the worker goes, also past a fault of ours: that ends what is being recorded, and the next call is recorded again.
    fn run_kept(&mut self) {
        while panic::catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
            let running = std::mem::take(&mut self.recordings);
            tracing::error!(recordings = running.len(), "the writer of recordings failed; what was being recorded ends");
            for Running { leg, out, is_over, .. } in running.into_values() {
                is_over.store(true, Ordering::Relaxed);
                self.stopped(leg, out.part, RecordingEnd::WriteFailed);
            }
        }
    }

    fn run(&mut self) {
        loop {
            if self.recordings.is_empty() && self.waiting.is_empty() && self.ended.is_empty() {
                match self.intake.recv_timeout(IDLE) {
                    Ok(message) => self.take(message),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            let taken = self.take_some();
            if taken == Taken::Last {
                break;
            }
            if self.clock.now().mono >= self.next_room {
                self.look_at_room();
            }
            self.tell_waiting();
            self.sync_some();
            if taken == Taken::All && (!self.recordings.is_empty() || !self.waiting.is_empty() || !self.ended.is_empty()) {
                // Nobody unparks: whoever hands over goes on without a system call.
                thread::park_timeout(TURN);
            }
        }
        for recording in std::mem::take(&mut self.recordings).into_values() {
            self.finish(recording, 0);
        }
        for job in std::mem::take(&mut self.ended) {
            if self.syncs.send(job).is_err() {
                self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Takes what has come, but not for so long that nobody looks at the disk.
    fn take_some(&mut self) -> Taken {
        for _ in 0..MESSAGES_PER_TURN {
            match self.intake.try_recv() {
                Ok(message) => self.take(message),
                Err(TryRecvError::Empty) => return Taken::All,
                Err(TryRecvError::Disconnected) => return Taken::Last,
            }
        }
        Taken::Some
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Begin(begin) => self.begin(*begin),
            Message::Block(block) => {
                self.take_block(&block);
                block.go_home();
            }
            Message::End { recording, at_ms, hole } => {
                if let Some(mut recording) = self.recordings.remove(&recording) {
                    recording.miss(hole);
                    self.finish(recording, at_ms);
                }
            }
        }
        self.stats.running.store(self.recordings.len() as u64, Ordering::Relaxed);
    }

    fn begin(&mut self, begin: Begin) {
        let Begin { recording, leg, part, started_at, is_over } = begin;
        let room = self.disk.room();
        if !room.is_enough() {
            tracing::error!(%leg, recording = %part.recording, free_octets = room.free, floor_octets = room.floor,
                "too little room on the disk of recordings; a call is not recorded");
            is_over.store(true, Ordering::Relaxed);
            self.stats.refused.fetch_add(1, Ordering::Relaxed);
            self.stopped(leg, part, RecordingEnd::DiskFull);
            return;
        }
        match self.open(Header { part, started_at }) {
            Ok(out) => {
                self.recordings.insert(recording, Running { leg, out, timeline: Timeline::default(), missing_ms: 0, is_over });
            }
            Err(fault) => {
                tracing::error!(%fault, %leg, recording = %part.recording, "a recording cannot be written; the call goes on");
                is_over.store(true, Ordering::Relaxed);
                self.stats.refused.fetch_add(1, Ordering::Relaxed);
                self.stopped(leg, part, end_of(&fault));
            }
        }
    }

    fn open(&mut self, header: Header) -> io::Result<PartFile> {
        let own_key: [u8; KEY_OCTETS] = Secrets.octets().map_err(io::Error::other)?;
        let nonce: [u8; NONCE_OCTETS] = Secrets.octets().map_err(io::Error::other)?;
        let octets = header.write(&self.key, &own_key, nonce).map_err(io::Error::other)?;
        let cipher = ChunkCipher::new(&own_key).map_err(io::Error::other)?;
        let path = file_of_part(self.disk.folder(), header.part);
        let mut file = self.disk.create(&path)?;
        if let Err(fault) = self.disk.append(&mut file, &octets) {
            remove(&path);
            return Err(fault);
        }
        self.stats.octets.fetch_add(HEADER_OCTETS as u64, Ordering::Relaxed);
        let (part, octets, synced_at) = (header.part, HEADER_OCTETS as u64, self.clock.now().mono);
        Ok(PartFile { part, path, file, cipher, chunks: 0, octets, synced_at, was_synced: false })
    }

    fn take_block(&mut self, block: &Block) {
        // One that has ended by itself is given up by the worker a moment later.
        let Some(running) = self.recordings.get_mut(&block.recording) else { return };
        running.miss(block.hole);
        let Running { out, timeline, .. } = running;
        let (disk, sealed, stats) = (&mut self.disk, &mut self.sealed, &self.stats);
        for (at_ms, is_paused) in &block.pauses {
            timeline.pause(frames_of_ms(*at_ms), *is_paused);
        }
        let mut write = |chunk: Chunk<'_>| out.append(chunk, false, disk, sealed, stats);
        let mut written = Ok(());
        for (arrival_ms, sound) in block.sounds() {
            let arrival = frames_of_ms(arrival_ms);
            written = written.and_then(|()| timeline.advance(arrival, &mut write));
            timeline.hear(&sound, arrival);
        }
        if let Err(fault) = written.and_then(|()| timeline.advance(frames_of_ms(block.until_ms), &mut write)) {
            self.fail(block.recording, &fault);
        }
    }

    /// Writes what is left, and says how it ended.
    fn finish(&mut self, recording: Running, at_ms: u64) {
        let Running { leg, mut out, mut timeline, missing_ms, .. } = recording;
        let end = timeline.finish(frames_of_ms(at_ms), |chunk| {
            // The last one is the one that is not whole.
            let is_last = chunk.samples.len() < CHUNK_FRAMES * CHANNELS;
            out.append(chunk, is_last, &mut self.disk, &mut self.sealed, &self.stats)
        });
        let end = match end {
            Ok(frames) => RecordingEnd::Complete { length_ms: ms_of_frames(frames), octets: out.octets, missing_ms },
            Err(fault) => out.cut(&fault),
        };
        self.stopped(leg, out.part, end);
        self.sync_later(out);
    }

    /// Ends a recording that cannot be written any further.
    fn fail(&mut self, recording: u64, fault: &io::Error) {
        let Some(Running { leg, mut out, is_over, .. }) = self.recordings.remove(&recording) else { return };
        is_over.store(true, Ordering::Relaxed);
        let end = out.cut(fault);
        self.stopped(leg, out.part, end);
        self.sync_later(out);
    }

    /// A file has ended: it is synchronised as soon as there is time for it.
    fn sync_later(&mut self, file: PartFile) {
        let PartFile { path, file, was_synced, .. } = file;
        self.ended.push_back(SyncJob { file, path, is_first: !was_synced, running: None });
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
            self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends recordings whose files could not be synchronised, and hands over those that have ended, then those whose time it is, the
    /// longest first. What finds no room is tried at the next turn.
    fn sync_some(&mut self) {
        while let Ok((recording, fault)) = self.sync_faults.try_recv() {
            self.fail(recording, &fault);
        }
        while let Some(job) = self.ended.pop_front() {
            match self.syncs.try_send(job) {
                Ok(()) => {}
                Err(TrySendError::Full(job)) => {
                    self.ended.push_front(job);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let now = self.clock.now().mono;
        let times = self.recordings.iter().map(|(recording, running)| (running.out.synced_at, *recording));
        let mut due: Vec<(Mono, u64)> = times.filter(|(synced_at, _)| now.millis_since(*synced_at) >= SYNC_EVERY_MS).collect();
        due.sort_unstable();
        for (_, recording) in due {
            let Some(Running { out, .. }) = self.recordings.get_mut(&recording) else { continue };
            match out.file.try_clone() {
                Ok(file) => {
                    let job = SyncJob { file, path: out.path.clone(), is_first: !out.was_synced, running: Some(recording) };
                    match self.syncs.try_send(job) {
                        Ok(()) => out.was_synced = true,
                        Err(TrySendError::Full(_)) => return,
                        Err(TrySendError::Disconnected(_)) => {
                            self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                // No more files may be open: that says nothing of this one.
                Err(fault) => {
                    tracing::debug!(%fault, file = %out.path.display(), "a recording is not synchronised this time");
                    self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            out.synced_at = now;
        }
    }

    fn look_at_room(&mut self) {
        let room = self.disk.room();
        self.next_room = self.clock.now().mono + ROOM_MS;
        self.stats.disk_free.store(room.free, Ordering::Relaxed);
        self.stats.disk_floor.store(room.floor, Ordering::Relaxed);
        let is_short = !room.is_enough();
        if is_short != std::mem::replace(&mut self.was_short, is_short) {
            let folder = self.disk.folder().display();
            if is_short {
                tracing::error!(%folder, free_octets = room.free, floor_octets = room.floor,
                    "the disk of recordings is almost full: no new recording begins");
            } else {
                tracing::warn!(%folder, free_octets = room.free, "there is room for recordings again");
            }
        }
        if room.is_used_up() {
            let fault = io::Error::from(io::ErrorKind::StorageFull);
            let running: Vec<u64> = self.recordings.keys().copied().collect();
            running.into_iter().for_each(|recording| self.fail(recording, &fault));
        }
    }

    fn stopped(&mut self, leg: LegId, part: RecordingPart, end: RecordingEnd) {
        let counter = match end {
            RecordingEnd::Complete { .. } => &self.stats.complete,
            RecordingEnd::DiskFull => &self.stats.disk_full,
            RecordingEnd::WriteFailed => &self.stats.write_failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if let RecordingEnd::Complete { missing_ms: 1.., .. } = end {
            self.stats.incomplete.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%leg, recording = %part.recording, part = part.part, ?end,
                "a recording has holes: the disk or the writer was too slow");
        }
        self.waiting.push_back(MediaNotice::RecordingStopped { leg, part, end });
        if self.waiting.len() > NOTICES_MAX {
            self.waiting.pop_front();
            tracing::error!("the switch does not take the ends of recordings; one was dropped");
        }
        self.tell_waiting();
    }

    fn tell_waiting(&mut self) {
        while let Some(notice) = self.waiting.pop_front() {
            match self.notices.try_send(notice) {
                // Without a switch nobody wants to know.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(notice)) => {
                    self.waiting.push_front(notice);
                    return;
                }
            }
        }
    }
}

impl Running {
    /// What was said from when to when did not reach the writer.
    fn miss(&mut self, hole: Option<(u64, u64)>) {
        let Some((from_ms, to_ms)) = hole else { return };
        // The last packet that is lost has a length too.
        let to_ms = to_ms + PACKET_MS;
        self.missing_ms += to_ms.saturating_sub(from_ms);
        self.timeline.miss(frames_of_ms(from_ms), frames_of_ms(to_ms));
    }
}

impl PartFile {
    fn append(
        &mut self,
        chunk: Chunk<'_>,
        is_last: bool,
        disk: &mut Disk,
        sealed: &mut Vec<u8>,
        stats: &RecordingStats,
    ) -> io::Result<()> {
        sealed.clear();
        self.cipher.seal(self.chunks, is_last, chunk, sealed).map_err(io::Error::other)?;
        disk.append(&mut self.file, sealed)?;
        self.chunks += 1;
        self.octets += sealed.len() as u64;
        stats.octets.fetch_add(sealed.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Leaves the file at its last whole chunk.
    fn cut(&mut self, fault: &io::Error) -> RecordingEnd {
        let file = self.path.display();
        tracing::error!(%fault, %file, "a recording ends before its time; the call goes on");
        if let Err(fault) = self.file.set_len(self.octets) {
            tracing::debug!(%fault, %file, "half a second of a recording stays in its file");
        }
        end_of(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::SystemClock,
        types::{Now, RecordingId, Rng, Timestamp},
    };

    #[test]
    fn however_much_comes_the_disk_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().join("recordings"), &RecordingSettings::default());
        let (notices, _heard) = mpsc::channel(1);
        let (key, clock) = (RecordingKey::new([5; 32]).unwrap(), Arc::new(SystemClock::start()));
        let (mut writer, feed, ..) = Writer::prepare(disk, key, clock, notices).unwrap();
        let mut taps = feed.taps();
        let mut rng = Rng::seeded(1);
        let now = Now { wall: Timestamp::from_millis(0), mono: Mono::default() };
        let part = RecordingPart { recording: RecordingId::mint(now.wall, &mut rng), part: 1 };
        let mut tap = taps.begin(LegId::mint(now.wall, &mut rng), part, now).unwrap();
        for second in 1..=MESSAGES_PER_TURN as u64 {
            assert!(tap.care(&mut taps, now.mono + second * 1_000));
        }
        assert_eq!(writer.take_some(), Taken::Some, "after a turn's worth it looks up");
        assert_eq!(writer.take_some(), Taken::All);
        drop((tap, taps, feed));
        assert_eq!(writer.take_some(), Taken::Last);
    }

    /// A clock that is turned by hand.
    struct Hand(std::sync::atomic::AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Now {
            let mono = Mono::from_millis(self.0.load(Ordering::Relaxed));
            Now { wall: Timestamp::from_millis(0), mono }
        }

        fn sleep_until(&self, _: Mono) -> crate::types::Sleep {
            Box::pin(std::future::pending())
        }
    }

    /// Does what the thread would do; which running recordings it was about.
    fn sync_all(syncer: &mut Syncer) -> Vec<Option<u64>> {
        let mut done = Vec::new();
        while let Ok(job) = syncer.jobs.try_recv() {
            done.push(job.running);
            syncer.sync(job);
        }
        done
    }

    #[test]
    fn who_was_not_synchronised_the_longest_is_next_and_who_cannot_be_ends() {
        let folder = tempfile::tempdir().unwrap();
        let settings = RecordingSettings { free_mib_min: 0, free_percent_min: 0, ..RecordingSettings::default() };
        let disk = Disk::new(folder.path().join("recordings"), &settings);
        let (notices, mut heard) = mpsc::channel(8);
        let (key, clock) = (RecordingKey::new([5; 32]).unwrap(), Arc::new(Hand(0.into())));
        let (mut writer, feed, stats, mut syncer) = Writer::prepare(disk, key, clock.clone(), notices).unwrap();
        let mut taps = feed.taps();
        let mut rng = Rng::seeded(1);
        let begun = clock.now();
        let begin = |_| {
            let part = RecordingPart { recording: RecordingId::mint(begun.wall, &mut rng), part: 1 };
            taps.begin(LegId::mint(begun.wall, &mut rng), part, begun).unwrap()
        };
        let _taps = [1, 2, 3].map(begin);
        writer.take_some();
        let ids: Vec<u64> = writer.recordings.keys().copied().collect();
        for (id, synced_ms) in ids.iter().zip([3_000, 1_000, 2_000]) {
            writer.recordings.get_mut(id).unwrap().out.synced_at = Mono::from_millis(synced_ms);
        }
        // A folder that is not there, and a file that cannot be synchronised.
        writer.recordings.get_mut(&ids[1]).unwrap().out.path = "/nowhere/at/all.rec".into();
        writer.recordings.get_mut(&ids[0]).unwrap().out.file = File::open("/dev/null").unwrap();
        clock.0.store(20_000, Ordering::Relaxed);
        writer.sync_some();
        assert_eq!(sync_all(&mut syncer), [Some(ids[1]), Some(ids[2]), Some(ids[0])]);
        assert_eq!((stats.synced.load(Ordering::Relaxed), stats.sync_failed.load(Ordering::Relaxed)), (2, 2));
        writer.sync_some();
        assert_eq!(writer.recordings.keys().copied().collect::<Vec<_>>(), ids[1..], "a folder's fault ends nothing");
        assert!(matches!(heard.try_recv(), Ok(MediaNotice::RecordingStopped { end: RecordingEnd::WriteFailed, .. })));
        assert!(heard.try_recv().is_err());
    }

    #[test]
    fn a_file_is_synchronised_every_ten_seconds_and_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let settings = RecordingSettings { free_mib_min: 0, free_percent_min: 0, ..RecordingSettings::default() };
        let disk = Disk::new(folder.path().join("recordings"), &settings);
        let (notices, _heard) = mpsc::channel(8);
        let (key, clock) = (RecordingKey::new([5; 32]).unwrap(), Arc::new(Hand(0.into())));
        let (mut writer, feed, stats, mut syncer) = Writer::prepare(disk, key, clock.clone(), notices).unwrap();
        let mut taps = feed.taps();
        let mut rng = Rng::seeded(1);
        let begun = clock.now();
        let part = RecordingPart { recording: RecordingId::mint(begun.wall, &mut rng), part: 1 };
        let mut tap = taps.begin(LegId::mint(begun.wall, &mut rng), part, begun).unwrap();
        writer.take_some();
        let mut synced = Vec::new();
        for second in 1..=25 {
            clock.0.store(second * 1_000, Ordering::Relaxed);
            tap.care(&mut taps, clock.now().mono);
            writer.take_some();
            writer.sync_some();
            sync_all(&mut syncer);
            synced.push(stats.synced.load(Ordering::Relaxed));
        }
        assert_eq!((synced[8], synced[9], synced[18], synced[19], synced[24]), (0, 1, 1, 2, 2));
        tap.end(&mut taps, clock.now().mono);
        writer.take_some();
        writer.sync_some();
        sync_all(&mut syncer);
        assert_eq!((stats.synced.load(Ordering::Relaxed), stats.sync_failed.load(Ordering::Relaxed)), (3, 0));
        assert!(writer.ended.is_empty());
    }
}
