//! The one thread that writes all recordings, and the handle by which it is started and awaited.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{
    RecordingKey, RecordingSettings, RecordingStats, Taps,
    disk::{Disk, end_of, remove},
    file_of_part,
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
/// What of a turn may go into that, and the file begun with in it: a slow disk is synchronised less often, not written to more slowly.
const SYNC_MS_PER_TURN: u64 = 50;
/// Files that have ended and wait for it. Of more the system decides when the oldest is on the disk.
const ENDED_MAX: usize = 1_024;

/// The writer's thread.
#[derive(Clone)]
pub struct Recorder {
    folder: Arc<Path>,
    stats: Arc<RecordingStats>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Recorder {
    /// Makes the folder and starts the writer. The taps go to the media worker; the writer ends after they are gone.
    pub fn start(
        settings: &RecordingSettings,
        folder: PathBuf,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, Taps)> {
        let disk = Disk::new(folder, settings);
        Self::start_on(disk, key, clock, notices)
    }

    pub(super) fn start_on(
        disk: Disk,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, Taps)> {
        let (mut writer, taps, stats) = Writer::prepare(disk, key, clock, notices)?;
        let folder: Arc<Path> = writer.disk.folder().into();
        let thread = thread::Builder::new().name("recordings".into()).spawn(move || writer.run_kept())?;
        Ok((Self { folder, stats, thread: Arc::new(Mutex::new(Some(thread))) }, taps))
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &RecordingStats {
        &self.stats
    }

    /// Waits until everything is written, after the media worker has ended.
    pub fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of recordings ended by a fault");
        }
    }
}

struct Writer {
    intake: Receiver<Message>,
    empty: SyncSender<Box<Block>>,
    disk: Disk,
    key: RecordingKey,
    clock: Arc<dyn Clock>,
    recordings: BTreeMap<u64, Running>,
    /// One chunk as it goes to a file.
    sealed: Vec<u8>,
    next_room: Mono,
    /// Files that have ended and are to be synchronised.
    ended: VecDeque<PartFile>,
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
    /// When it was synchronised, or begun.
    synced_at: Mono,
    was_synced: bool,
}

impl Writer {
    /// Everything but the thread.
    fn prepare(
        disk: Disk,
        key: RecordingKey,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Self, Taps, Arc<RecordingStats>)> {
        disk.prepare()?;
        let stats = Arc::new(RecordingStats::default());
        let (to_writer, intake) = sync_channel(MESSAGES_MAX);
        let (empty_to_worker, empty) = sync_channel(MESSAGES_MAX);
        let taps = Taps::new(to_writer, empty, Arc::clone(&stats));
        let mut writer = Self {
            intake,
            empty: empty_to_worker,
            disk,
            key,
            clock,
            recordings: BTreeMap::new(),
            sealed: Vec::new(),
            next_room: Mono::default(),
            ended: VecDeque::new(),
            was_short: false,
            notices,
            waiting: VecDeque::new(),
            stats: Arc::clone(&stats),
        };
        writer.look_at_room();
        Ok((writer, taps, stats))
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
        while let Some(file) = self.ended.pop_front() {
            self.sync_ended(file);
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
            Message::Block(mut block) => {
                self.take_block(&block);
                block.clear();
                // There is room for every block that there is; without a worker none is needed.
                let _ = self.empty.try_send(block);
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
        self.ended.push_back(file);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
            self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Synchronises files for a part of the turn: those that have ended, then those whose time it is.
    fn sync_some(&mut self) {
        let begun = self.clock.now().mono;
        loop {
            if let Some(file) = self.ended.pop_front() {
                self.sync_ended(file);
            } else {
                let is_due = |running: &Running| begun.millis_since(running.out.synced_at) >= SYNC_EVERY_MS;
                let Some((recording, running)) = self.recordings.iter_mut().find(|(_, running)| is_due(running)) else {
                    return;
                };
                running.out.synced_at = begun;
                if let Err(fault) = running.out.sync(&self.disk, &self.stats) {
                    let recording = *recording;
                    self.fail(recording, &fault);
                }
            }
            if self.clock.now().mono.millis_since(begun) >= SYNC_MS_PER_TURN {
                return;
            }
        }
    }

    fn sync_ended(&mut self, mut file: PartFile) {
        if let Err(fault) = file.sync(&self.disk, &self.stats) {
            tracing::error!(%fault, file = %file.path.display(), "a recording may not be on the disk as it was written");
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
    /// Waits until what was written is on the disk.
    fn sync(&mut self, disk: &Disk, stats: &RecordingStats) -> io::Result<()> {
        let synced = disk.sync(&self.file, &self.path, !self.was_synced);
        let counter = if synced.is_ok() { &stats.synced } else { &stats.sync_failed };
        counter.fetch_add(1, Ordering::Relaxed);
        self.was_synced = true;
        synced
    }

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
        let (mut writer, mut taps, _) = Writer::prepare(disk, key, clock, notices).unwrap();
        let mut rng = Rng::seeded(1);
        let now = Now { wall: Timestamp::from_millis(0), mono: Mono::default() };
        let part = RecordingPart { recording: RecordingId::mint(now.wall, &mut rng), part: 1 };
        let mut tap = taps.begin(LegId::mint(now.wall, &mut rng), part, now).unwrap();
        for second in 1..=MESSAGES_PER_TURN as u64 {
            assert!(tap.care(&mut taps, now.mono + second * 1_000));
        }
        assert_eq!(writer.take_some(), Taken::Some, "after a turn's worth it looks up");
        assert_eq!(writer.take_some(), Taken::All);
        drop((tap, taps));
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

    #[test]
    fn a_file_is_synchronised_every_ten_seconds_and_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let settings = RecordingSettings { free_mib_min: 0, free_percent_min: 0, ..RecordingSettings::default() };
        let disk = Disk::new(folder.path().join("recordings"), &settings);
        let (notices, _heard) = mpsc::channel(8);
        let (key, clock) = (RecordingKey::new([5; 32]).unwrap(), Arc::new(Hand(0.into())));
        let (mut writer, mut taps, stats) = Writer::prepare(disk, key, clock.clone(), notices).unwrap();
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
            synced.push(stats.synced.load(Ordering::Relaxed));
        }
        assert_eq!((synced[8], synced[9], synced[18], synced[19], synced[24]), (0, 1, 1, 2, 2));
        tap.end(&mut taps, clock.now().mono);
        writer.take_some();
        writer.sync_some();
        assert_eq!((stats.synced.load(Ordering::Relaxed), stats.sync_failed.load(Ordering::Relaxed)), (3, 0));
        assert!(writer.ended.is_empty());
    }
}
