//! Stories about recordings: taps, the writer's thread and the files, with times that the story makes up.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{
    RecordedSound, Recorder, RecordingFault, RecordingFile, RecordingKey, RecordingSettings, Tap, Taps, disk::Disk,
    file_of_part,
};
use crate::{
    net::SystemClock,
    protocol::{
        audio::{ULAW_SILENCE, linear_of_ulaw},
        media::{Codec, MediaNotice, RecordingEnd, RecordingPart},
        recording::{
            Side, Sound,
            format::{CHUNK_OCTETS, FormatFault, HEADER_OCTETS},
        },
    },
    types::{LegId, Mono, Now, RecordingId, Rng, Timestamp},
};

const BEGUN: Now = Now { wall: Timestamp::from_millis(1_795_392_000_000), mono: Mono::from_millis(50_000) };
const SAID: u8 = 0x21;
const HEARD: u8 = 0x9a;

/// A writer with its folder.
struct Desk {
    folder: TempDir,
    recorder: Recorder,
    taps: Option<Taps>,
    notices: mpsc::Receiver<MediaNotice>,
    rng: Rng,
}

fn key() -> RecordingKey {
    RecordingKey::new([5; 32]).unwrap()
}

impl Desk {
    fn new(settings: RecordingSettings, quota: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::new(folder.path().join("recordings"), &settings);
        disk.quota = quota;
        let (sender, notices) = mpsc::channel(64);
        let (recorder, feed) = Recorder::start_on(disk, key(), Arc::new(SystemClock::start()), sender).unwrap();
        Self { folder, recorder, taps: Some(feed.taps()), notices, rng: Rng::seeded(1) }
    }

    fn part(&mut self, part: u32) -> RecordingPart {
        RecordingPart { recording: RecordingId::mint(BEGUN.wall, &mut self.rng), part }
    }

    fn begin(&mut self, part: RecordingPart) -> Tap {
        let leg = LegId::mint(BEGUN.wall, &mut self.rng);
        self.taps.as_mut().unwrap().begin(leg, part, BEGUN).unwrap()
    }

    fn end(&mut self, tap: Tap, at_ms: u64) {
        tap.end(self.taps.as_mut().unwrap(), BEGUN.mono + at_ms);
    }

    /// Both sides speak from one time to another.
    fn speak(&mut self, tap: &mut Tap, from_ms: u64, to_ms: u64) {
        let taps = self.taps.as_mut().unwrap();
        for at_ms in (from_ms..to_ms).step_by(20) {
            let now = BEGUN.mono + at_ms;
            for (side, code) in [(Side::Said, SAID), (Side::Heard, HEARD)] {
                let payload = [code; 160];
                let timestamp = (at_ms * 8) as u32;
                tap.hear(taps, &Sound { side, codec: Codec::Pcmu, stream: 1, timestamp, payload: &payload }, now);
            }
            if at_ms % 240 == 0 {
                tap.care(taps, now);
            }
        }
    }

    /// No block is left for whoever records, or all are again.
    fn end_of_blocks(&mut self, are_gone: bool) {
        self.taps.as_mut().unwrap().end_of_blocks(are_gone);
    }

    fn stopped(&mut self) -> (RecordingPart, RecordingEnd) {
        match self.notices.blocking_recv() {
            Some(MediaNotice::RecordingStopped { part, end, .. }) => (part, end),
            other => panic!("{other:?}"),
        }
    }

    fn path(&self, part: RecordingPart) -> PathBuf {
        file_of_part(&self.folder.path().join("recordings"), part)
    }

    fn open(&self, part: RecordingPart) -> RecordingFile {
        RecordingFile::open(&self.path(part), &key()).unwrap()
    }

    /// A recording of three seconds and a half.
    fn recorded(&mut self) -> RecordingPart {
        let part = self.part(1);
        let mut tap = self.begin(part);
        self.speak(&mut tap, 0, 3_500);
        self.end(tap, 3_500);
        let octets = (HEADER_OCTETS + 3 * CHUNK_OCTETS + 24 + 8_000) as u64;
        assert_eq!(self.stopped(), (part, RecordingEnd::Complete { length_ms: 3_500, octets, missing_ms: 0 }));
        part
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.taps = None;
        self.recorder.join();
    }
}

fn fault_of(path: &Path, key: &RecordingKey) -> RecordingFault {
    match RecordingFile::open(path, key) {
        Ok(mut file) => file.read(0, &mut [0; 64_000]).expect_err("it cannot be read"),
        Err(fault) => fault,
    }
}

#[test]
fn what_was_recorded_is_read_again_from_any_moment_on_and_by_nobody_else() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.recorded();
    let path = desk.path(part);
    assert!(path.ends_with(format!("2026/11/23/{}-1.rec", part.recording)), "{path:?}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let octets = fs::read(&path).unwrap();
    assert!(!octets.windows(4).any(|window| window == [SAID, HEARD, SAID, HEARD]), "sound lies open on the disk");

    let mut file = desk.open(part);
    assert_eq!((file.header().part, file.header().started_at), (part, BEGUN.wall));
    assert_eq!((file.length_ms(), file.is_cut_off()), (3_500, false));
    for from in [0, 7_999, 8_000, 20_000, 27_999] {
        let mut samples = [0; 20_000];
        let count = file.read(from, &mut samples).unwrap();
        assert_eq!(count, 20_000.min((28_000 - from as usize) * 2), "from {from}");
        assert!(samples[..count].chunks(2).all(|frame| frame == [SAID, HEARD]), "from {from}");
    }
    assert_eq!(file.read(28_000, &mut [0; 2]).unwrap(), 0);

    let other = fault_of(&path, &RecordingKey::new([6; 32]).unwrap());
    assert!(matches!(other, RecordingFault::Unusable { fault: FormatFault::OtherKey { .. }, .. }), "{other}");
}

#[test]
fn of_a_pause_nothing_reaches_the_file_but_its_time() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.part(1);
    let mut tap = desk.begin(part);
    desk.speak(&mut tap, 0, 1_000);
    tap.pause(true, BEGUN.mono + 1_000);
    desk.speak(&mut tap, 1_000, 2_500);
    tap.pause(false, BEGUN.mono + 2_500);
    desk.speak(&mut tap, 2_500, 4_000);
    tap.pause(true, BEGUN.mono + 4_000);
    desk.end(tap, 4_500);
    assert!(matches!(desk.stopped().1, RecordingEnd::Complete { length_ms: 4_500, .. }));
    let mut file = desk.open(part);
    let gaps = file.gaps().unwrap();
    assert_eq!((gaps.pauses, gaps.holes), (vec![(1_000, 2_500), (4_000, 4_500)], vec![]));
    let mut samples = [0; 72_000];
    assert_eq!(file.read(0, &mut samples).unwrap(), 72_000);
    for (second_half, frames) in samples.chunks(8_000).enumerate() {
        let expected = if matches!(second_half, 2..=4 | 8) { [ULAW_SILENCE; 2] } else { [SAID, HEARD] };
        assert!(frames.chunks(2).all(|frame| frame == expected), "half second {second_half}");
    }
}

#[test]
fn parts_are_one_wav_file_of_which_any_range_can_be_had() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let parts = [desk.recorded(), desk.recorded()];
    let mut sound = RecordedSound::new(parts.iter().map(|part| desk.open(*part)).collect());
    assert_eq!((sound.length_ms(), sound.wav_octets()), (7_000, 44 + 7 * 32_000));
    let mut whole = vec![0; sound.wav_octets() as usize + 10];
    assert_eq!(sound.read_wav(0, &mut whole).unwrap() as u64, sound.wav_octets());
    whole.truncate(sound.wav_octets() as usize);
    let mut reader = hound::WavReader::new(&whole[..]).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    assert_eq!(samples.len(), 112_000);
    assert!(samples.chunks(2).all(|frame| frame == [linear_of_ulaw(SAID), linear_of_ulaw(HEARD)]));
    for (offset, length) in [(0, 20), (40, 9), (43, 40_000), (111_999, 70_001), (whole.len() - 3, 3)] {
        let mut range = vec![0; length];
        assert_eq!(sound.read_wav(offset as u64, &mut range).unwrap(), length);
        assert!(range == whole[offset..offset + length], "{length} octets from {offset}");
    }
    assert_eq!(sound.read_wav(whole.len() as u64, &mut [0; 8]).unwrap(), 0);

    let peaks = sound.peaks(100).unwrap();
    let loudest = |code| vec![linear_of_ulaw(code).unsigned_abs(); 100];
    assert_eq!((peaks.said, peaks.heard), (loudest(SAID), loudest(HEARD)));
}

#[test]
fn a_disk_that_is_full_ends_the_recording_and_leaves_what_was_written() {
    let room = HEADER_OCTETS + 2 * CHUNK_OCTETS + 100;
    let mut desk = Desk::new(RecordingSettings::default(), Some(room as u64));
    let part = desk.part(1);
    let mut tap = desk.begin(part);
    desk.speak(&mut tap, 0, 6_000);
    assert_eq!(desk.stopped(), (part, RecordingEnd::DiskFull));
    assert!(!tap.care(desk.taps.as_mut().unwrap(), BEGUN.mono + 6_000), "the worker is told to copy no more");
    desk.end(tap, 6_000);
    let mut file = desk.open(part);
    assert_eq!((file.length_ms(), file.is_cut_off()), (2_000, true));
    assert_eq!(file.read(0, &mut [0; 64_000]).unwrap(), 32_000);
    let next = desk.part(1);
    let tap = desk.begin(next);
    assert_eq!(desk.stopped(), (next, RecordingEnd::DiskFull), "and its end is told once");
    assert!(!desk.path(next).exists());
    desk.end(tap, 10);
    assert!(desk.notices.try_recv().is_err());
}

#[test]
fn below_the_floor_no_recording_begins() {
    let settings = RecordingSettings { free_mib_min: u32::MAX, ..RecordingSettings::default() };
    let mut desk = Desk::new(settings, None);
    let part = desk.part(1);
    let tap = desk.begin(part);
    assert_eq!(desk.stopped(), (part, RecordingEnd::DiskFull));
    assert!(!desk.path(part).exists());
    desk.end(tap, 10);
}

#[test]
fn a_part_that_is_there_already_is_not_touched() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.recorded();
    let before = fs::read(desk.path(part)).unwrap();
    let tap = desk.begin(part);
    assert_eq!(desk.stopped(), (part, RecordingEnd::WriteFailed));
    desk.end(tap, 10);
    assert!(fs::read(desk.path(part)).unwrap() == before);
}

#[test]
fn a_file_that_was_cut_off_is_read_to_its_last_whole_second_and_a_changed_one_is_refused() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.recorded();
    let path = desk.path(part);
    let whole = fs::read(&path).unwrap();
    for (octets, length_ms) in [(HEADER_OCTETS, 0), (HEADER_OCTETS + CHUNK_OCTETS - 1, 0), (whole.len() - 1, 3_000)] {
        fs::write(&path, &whole[..octets]).unwrap();
        let mut file = desk.open(part);
        assert_eq!((file.length_ms(), file.is_cut_off()), (length_ms, true), "{octets} octets");
        assert_eq!(file.read(0, &mut [0; 64_000]).unwrap() as u64, length_ms * 16);
    }
    let chunk = |number: usize| HEADER_OCTETS + number * CHUNK_OCTETS..HEADER_OCTETS + (number + 1) * CHUNK_OCTETS;
    let swapped = [&whole[..HEADER_OCTETS], &whole[chunk(1)], &whole[chunk(0)], &whole[chunk(2)]].concat();
    let mut flipped = whole.clone();
    flipped[HEADER_OCTETS + 100] ^= 1;
    for (changed, what) in
        [(swapped, "sound was changed"), (flipped, "sound was changed"), (whole[1..].to_vec(), "no recording")]
    {
        fs::write(&path, changed).unwrap();
        let sentence = fault_of(&path, &key()).to_string();
        assert!(sentence.contains(what) && sentence.contains(path.to_str().unwrap()), "{sentence}");
    }
    fs::remove_file(&path).unwrap();
    assert!(fault_of(&path, &key()).to_string().contains("No such file"));
}

#[test]
fn a_second_that_was_damaged_is_silence_and_the_others_are_heard() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.recorded();
    let path = desk.path(part);
    let mut octets = fs::read(&path).unwrap();
    octets[HEADER_OCTETS + CHUNK_OCTETS + 100] ^= 1;
    fs::write(&path, octets).unwrap();
    let mut file = desk.open(part);
    let gaps = file.gaps().unwrap();
    assert_eq!((gaps.pauses, gaps.holes), (vec![], vec![(1_000, 2_000)]), "what is damaged is missing");
    let mut samples = [0; 56_010];
    assert_eq!(file.read_past_damage(4_000, &mut samples).unwrap(), 48_000);
    for (half, frames) in samples[..48_000].chunks(8_000).enumerate() {
        let expected = if matches!(half, 1 | 2) { [ULAW_SILENCE; 2] } else { [SAID, HEARD] };
        assert!(frames.chunks(2).all(|frame| frame == expected), "half second {half} of the rest");
    }
    let peaks = RecordedSound::new(vec![file]).peaks(7).unwrap();
    assert_eq!(peaks.said.iter().filter(|peak| **peak == 0).count(), 2);
}

#[test]
fn what_found_no_room_on_its_way_to_the_writer_is_said_to_be_missing() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let part = desk.part(1);
    let mut tap = desk.begin(part);
    desk.speak(&mut tap, 0, 1_500);
    desk.end_of_blocks(true);
    tap.care(desk.taps.as_mut().unwrap(), BEGUN.mono + 2_500);
    desk.speak(&mut tap, 2_500, 4_000);
    desk.end_of_blocks(false);
    desk.speak(&mut tap, 4_000, 6_000);
    desk.end_of_blocks(true);
    tap.care(desk.taps.as_mut().unwrap(), BEGUN.mono + 7_000);
    desk.speak(&mut tap, 7_000, 8_000);
    desk.end(tap, 8_000);
    let (_, end) = desk.stopped();
    assert!(matches!(end, RecordingEnd::Complete { length_ms: 8_000, missing_ms: 2_500, .. }), "{end:?}");
    let mut file = desk.open(part);
    assert_eq!(file.gaps().unwrap().holes, [(2_000, 4_000), (7_000, 8_000)]);
    let mut samples = [0; 64_000];
    assert_eq!(file.read(4_000 * 8, &mut samples).unwrap(), 64_000);
    assert!(samples[..32_000].chunks(2).all(|frame| frame == [SAID, HEARD]), "and it goes on behind it");
}

#[test]
fn recordings_that_nobody_ended_are_finished_when_the_worker_goes() {
    let mut desk = Desk::new(RecordingSettings::default(), None);
    let parts = [desk.part(1), desk.part(1)];
    let mut taps = parts.map(|part| desk.begin(part));
    desk.speak(&mut taps[0], 0, 2_500);
    desk.end(taps.into_iter().next().unwrap(), 2_500);
    desk.taps = None;
    desk.recorder.join();
    let lengths = parts.map(|part| desk.open(part)).map(|file| (file.length_ms(), file.is_cut_off()));
    assert_eq!(lengths, [(2_500, false), (0, false)]);
}
