//! Recordings of real calls: telephones on one side, the decrypted file on the other.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use centralita::{
    net::recording::{RecordedSound, RecordingFile, RecordingSettings, file_of_part},
    protocol::{
        audio::Goertzel,
        media::{Codec, MediaNotice, MediaOrder, RecordingEnd, RecordingPart, Source},
    },
    types::{LegId, RecordingId, Rng, Timestamp},
};

use super::{Stage, recording_key};
use crate::support::tone_peer::TonePeer;

const CUSTOMER: f64 = 1_000.0;
const FIRST_AGENT: f64 = 600.0;
const SECOND_AGENT: f64 = 1_700.0;

fn part() -> RecordingPart {
    RecordingPart { recording: RecordingId::mint(Timestamp::from_millis(1_795_392_000_000), &mut Rng::seeded(3)), part: 1 }
}

/// These speak at once, one second for each fifty packets. A recording has its own time: nobody may speak faster.
#[expect(clippy::disallowed_methods, reason = "these telephones live in real time")]
fn talk<const N: usize>(mut speakers: [&mut TonePeer; N], packets: u32) {
    let began = Instant::now();
    for number in 1..=packets {
        speakers.iter_mut().for_each(|speaker| speaker.sing());
        thread::sleep((began + number * Duration::from_millis(20)).saturating_duration_since(Instant::now()));
    }
}

fn bridge(stage: &Stage, one: LegId, other: LegId) {
    stage.hear(one, &[Source::Leg(other)]);
    stage.hear(other, &[Source::Leg(one)]);
}

fn stopped(stage: &mut Stage, part: RecordingPart) -> RecordingEnd {
    stage.wait(|notice| match notice {
        MediaNotice::RecordingStopped { part: stopped, end, .. } if *stopped == part => Some(*end),
        _ => None,
    })
}

/// The same without waiting.
fn has_stopped(stage: &mut Stage, leg: LegId, part: RecordingPart, end: RecordingEnd) -> bool {
    stage.has_seen(&MediaNotice::RecordingStopped { leg, part, end })
}

/// Both channels of the finished file, as samples.
fn channels(stage: &Stage, part: RecordingPart) -> [Vec<i16>; 2] {
    let file = RecordingFile::open(&file_of_part(stage.recorder.folder(), part), &recording_key()).expect("a recording");
    let mut sound = RecordedSound::new(vec![file]);
    let mut wav = vec![0; sound.wav_octets() as usize];
    sound.read_wav(0, &mut wav).expect("its sound");
    let samples: Vec<i16> = wav[44..].chunks_exact(2).map(|sample| i16::from_le_bytes([sample[0], sample[1]])).collect();
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}

/// Share of a tone in a channel, over all of it and in its loudest half second.
fn most_of(channel: &[i16], hertz: f64) -> f64 {
    channel.chunks_exact(4_000).filter(|half| is_loud(half)).map(|half| Goertzel::share(hertz, half)).fold(0.0, f64::max)
}

fn is_loud(samples: &[i16]) -> bool {
    samples.iter().filter(|sample| sample.unsigned_abs() > 1_000).count() > samples.len() / 2
}

#[test]
fn a_recording_goes_on_across_a_transfer_with_each_side_on_its_channel_and_nothing_of_a_pause() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::Opus] {
        // How a decoder of Opus takes a tone that another encoder begins depends on the frame before: here that is always the same.
        let mut stage = Stage::new(|settings| settings.threads = 1);
        let (leg, mut customer) = stage.call(codec, CUSTOMER);
        let (first, mut first_agent) = stage.call(Codec::Pcmu, FIRST_AGENT);
        let (second, mut second_agent) = stage.call(codec, SECOND_AGENT);
        bridge(&stage, leg, first);
        stage.order(MediaOrder::Record { leg, part: part(), is_paused: false });
        talk([&mut customer, &mut first_agent], 100);
        stage.hear(first, &[]);
        bridge(&stage, leg, second);
        talk([&mut customer, &mut second_agent], 100);
        stage.order(MediaOrder::PauseRecording { leg, is_paused: true });
        stage.hear(leg, &[Source::Music("tone/400".into())]);
        talk([&mut customer], 100);
        stage.order(MediaOrder::Close { leg });
        let RecordingEnd::Complete { length_ms, .. } = stopped(&mut stage, part()) else { panic!("{codec:?} is not whole") };
        let [said, heard] = channels(&stage, part());
        assert_eq!(said.len() as u64, length_ms * 8);
        assert!(length_ms > 4_000, "{codec:?}: {length_ms} ms");
        assert!(most_of(&said, CUSTOMER) > 0.9, "{codec:?}: {}", most_of(&said, CUSTOMER));
        for (hertz, who) in [(FIRST_AGENT, "the first agent"), (SECOND_AGENT, "the second agent")] {
            assert!(most_of(&heard, hertz) > 0.9, "{codec:?}: {who} {}", most_of(&heard, hertz));
            assert!(most_of(&said, hertz) < 0.1, "{codec:?}: {who} is on the customer's channel");
        }
        assert!(most_of(&heard, 400.0) < 0.1, "{codec:?}: {} of what was heard in the pause", most_of(&heard, 400.0));
        let tail = said.len().min(heard.len()) - 8_000;
        assert!(said[tail..].iter().chain(&heard[tail..]).all(|sample| *sample == 0), "{codec:?}: the pause is silent");
    }
}

#[test]
fn a_leg_that_is_not_there_is_not_recorded_and_another_recording_ends_the_first() {
    let mut stage = Stage::new(|_| {});
    let nobody = stage.new_leg();
    stage.order(MediaOrder::Record { leg: nobody, part: part(), is_paused: false });
    assert_eq!(stopped(&mut stage, part()), RecordingEnd::WriteFailed);

    let (leg, mut customer) = stage.call(Codec::Pcmu, CUSTOMER);
    stage.hear(leg, &[Source::Echo]);
    let second = RecordingPart { part: 2, ..part() };
    stage.order(MediaOrder::Record { leg, part: part(), is_paused: false });
    talk([&mut customer], 50);
    stage.order(MediaOrder::Record { leg, part: second, is_paused: false });
    talk([&mut customer], 50);
    stage.order(MediaOrder::StopRecording { leg });
    for part in [part(), second] {
        assert!(matches!(stopped(&mut stage, part), RecordingEnd::Complete { .. }));
        assert!(most_of(&channels(&stage, part)[1], CUSTOMER) > 0.9, "part {}", part.part);
    }
}

/// Says that we are in a namespace where we may mount.
const IN_NAMESPACE: &str = "CENTRALITA_TEST_IN_NAMESPACE";

/// A file system of so many KiB, for as long as the story lasts.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Tells a story on one. Who may not mount here tells it in a namespace of the own, in a process of its own; where that is not
    /// allowed either the story fails: it never passes untold.
    fn tell(story: &str, kib: u32, tell: impl FnOnce(&Self)) {
        if let Some(disk) = Self::mount(kib) {
            return tell(&disk);
        }
        assert!(std::env::var_os(IN_NAMESPACE).is_none(), "no file system may be mounted in a namespace of its own");
        let own = std::env::current_exe().expect("this program");
        let name = format!("media::recordings::{story}");
        let mut again = Command::new("unshare");
        again.args(["--user", "--map-root-user", "--mount"]).arg(own).args(["--exact", &name]).env(IN_NAMESPACE, "yes");
        let told = again.output().expect("unshare, of util-linux");
        let said = format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
        let was_told = told.status.success() && said.contains("1 passed");
        assert!(was_told, "this story needs a small file system: be root, or allow namespaces to users\n{said}");
    }

    fn mount(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={kib}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "recordings"]).arg(folder.path()).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then(|| Self(folder))
    }

    fn settings(&self, free_mib_min: u32) -> RecordingSettings {
        RecordingSettings { folder: Some(self.0.path().to_owned()), free_mib_min, free_percent_min: 0 }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_fills_up_ends_the_recording_and_the_call_goes_on() {
    SmallDisk::tell("a_disk_that_fills_up_ends_the_recording_and_the_call_goes_on", 100, a_disk_fills_up);
}

fn a_disk_fills_up(disk: &SmallDisk) {
    let mut stage = Stage::recording(&disk.settings(0), |_| {});
    let (leg, mut customer) = stage.call(Codec::Pcmu, CUSTOMER);
    stage.hear(leg, &[Source::Echo]);
    stage.order(MediaOrder::Record { leg, part: part(), is_paused: false });
    for _ in 0..20 {
        talk([&mut customer], 50);
        if has_stopped(&mut stage, leg, part(), RecordingEnd::DiskFull) {
            break;
        }
    }
    assert!(has_stopped(&mut stage, leg, part(), RecordingEnd::DiskFull), "not full after twenty seconds");
    customer.forget();
    talk([&mut customer], 50);
    customer.listen_to(50);
    assert!(customer.share_of(CUSTOMER) > 0.9, "the echo goes on: {}", customer.share_of(CUSTOMER));
    let path = file_of_part(disk.0.path(), part());
    let mut file = RecordingFile::open(&path, &recording_key()).expect("what was written");
    assert!(file.is_cut_off() && (4_000..=6_000).contains(&file.length_ms()), "{} ms", file.length_ms());
    assert_eq!(file.read(0, &mut vec![0; 200_000]).expect("its sound") as u64, file.length_ms() * 16);
}

#[test]
fn recordings_leave_a_quarter_of_the_floor_to_others_and_begin_again_when_there_is_room() {
    SmallDisk::tell(
        "recordings_leave_a_quarter_of_the_floor_to_others_and_begin_again_when_there_is_room",
        8 * 1_024,
        others_fill_a_disk,
    );
}

fn others_fill_a_disk(disk: &SmallDisk) {
    let mut stage = Stage::recording(&disk.settings(4), |_| {});
    let others = disk.0.path().join("others");
    let (leg, mut customer) = stage.call(Codec::Pcmu, CUSTOMER);
    stage.hear(leg, &[Source::Echo]);
    stage.order(MediaOrder::Record { leg, part: part(), is_paused: false });
    talk([&mut customer], 100);
    occupy(&others, 7_500);
    assert_eq!(stopped(&mut stage, part()), RecordingEnd::DiskFull, "one that runs");
    let second = RecordingPart { part: 2, ..part() };
    stage.order(MediaOrder::Record { leg, part: second, is_paused: false });
    assert_eq!(stopped(&mut stage, second), RecordingEnd::DiskFull, "one that would begin");
    fs::remove_file(&others).expect("room");
    let third = RecordingPart { part: 3, ..part() };
    stage.order(MediaOrder::Record { leg, part: third, is_paused: false });
    talk([&mut customer], 50);
    stage.order(MediaOrder::Close { leg });
    assert!(matches!(stopped(&mut stage, third), RecordingEnd::Complete { .. }));
}

fn occupy(path: &Path, kib: usize) {
    fs::write(path, vec![1; kib * 1_024]).expect("a file");
}
