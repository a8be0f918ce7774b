//! What is listened for in a telephone's audio: keys as tones, and who has answered.

use std::path::Path;

use centralita::{
    protocol::{
        audio::{FRAME_SAMPLES, SILENCE, Tone, read_wav},
        media::{Codec, MediaNotice, MediaOrder, RemoteMedia},
    },
    types::{Answer, AnswerCause, AnswerDetect, LegId},
};

use super::Stage;
use crate::support::tone_peer::TonePeer;

/// A telephone that has agreed on no telephone events.
fn call_without_events(stage: &mut Stage, codec: Codec) -> (LegId, TonePeer) {
    let (leg, peer) = stage.call(codec, 500.0);
    agree(stage, leg, RemoteMedia { digit_payload_type: None, ..peer.remote() });
    (leg, peer)
}

fn agree(stage: &Stage, leg: LegId, remote: RemoteMedia) {
    stage.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled: true });
}

/// Everything said by notices about key tones until the leg closes.
fn keys_until_closed(stage: &mut Stage, leg: LegId) -> String {
    stage.order(MediaOrder::Close { leg });
    stage.wait(|notice| matches!(notice, MediaNotice::Closed { leg: closed, .. } if *closed == leg).then_some(()));
    let key = |notice: &MediaNotice| match notice {
        MediaNotice::KeyTone { leg: of, digit } if *of == leg => Some(*digit),
        _ => None,
    };
    stage.all_seen().iter().filter_map(key).collect()
}

#[test]
fn keys_as_tones_are_told_once_each_in_every_codec() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut stage = Stage::new(|_| {});
        let (leg, mut peer) = call_without_events(&mut stage, codec);
        stage.order(MediaOrder::ListenForKeys { leg, is_wanted: true });
        // Also while a prompt plays.
        stage.play(leg, 1, &["tone/400", "tone/1400"]);
        peer.listen_to(3);
        peer.sound_keys("1479*0#2");
        for _ in 0..10 {
            peer.say(&SILENCE);
            peer.listen().expect("a packet in time");
        }
        assert_eq!(keys_until_closed(&mut stage, leg), "1479*0#2", "{codec:?}");
    }
}

#[test]
fn tones_are_keys_only_while_keys_are_wanted_and_the_telephone_has_no_other_way() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = call_without_events(&mut stage, Codec::Pcma);
    peer.listen_to(3);
    peer.sound_keys("1");
    stage.order(MediaOrder::ListenForKeys { leg, is_wanted: true });
    peer.sound_keys("2");
    // It changes its mind by a re-INVITE, and back.
    agree(&stage, leg, peer.remote());
    peer.sound_keys("3");
    peer.press("4");
    stage.wait_for(&MediaNotice::Digit { leg, digit: '4' });
    agree(&stage, leg, RemoteMedia { digit_payload_type: None, ..peer.remote() });
    peer.sound_keys("5");
    stage.order(MediaOrder::ListenForKeys { leg, is_wanted: false });
    peer.sound_keys("6");
    assert_eq!(keys_until_closed(&mut stage, leg), "25");
}

/// Says a prompt of all lines, paced by what is heard.
fn say_prompt(peer: &mut TonePeer, name: &str) {
    let path = Path::new("ivr-scripts/shared/prompts").join(name).with_extension("wav");
    let samples = read_wav(&std::fs::read(path).expect("a prompt")).expect("a sound");
    for frame in samples.chunks_exact(FRAME_SAMPLES) {
        peer.say(frame.try_into().expect("a frame"));
        peer.listen().expect("a packet in time");
    }
}

fn be_silent(peer: &mut TonePeer, frames: usize) {
    for _ in 0..frames {
        peer.say(&SILENCE);
        peer.listen().expect("a packet in time");
    }
}

fn sound_tone(peer: &mut TonePeer, hertz: f64, frames: usize) {
    let mut tone = Tone::new(hertz, 6_000);
    for _ in 0..frames {
        peer.say(&tone.frame());
        peer.listen().expect("a packet in time");
    }
}

/// A telephone that has answered, and is listened to.
fn answered(stage: &mut Stage, codec: Codec) -> (LegId, TonePeer) {
    let (leg, mut peer) = stage.call(codec, 500.0);
    peer.listen_to(3);
    stage.order(MediaOrder::DetectAnswer { leg, settings: Box::default() });
    (leg, peer)
}

/// Who was told to have answered, why, and when.
fn told(stage: &mut Stage, leg: LegId) -> (Answer, AnswerCause, u64) {
    stage.wait(|notice| match notice {
        MediaNotice::AnswerDetected { leg: of, answer, cause, after_ms } if *of == leg => Some((*answer, *cause, *after_ms)),
        _ => None,
    })
}

#[test]
fn a_person_who_answers_is_told_from_a_machine_and_the_machines_beep_is_told() {
    for codec in [Codec::Pcma, Codec::Opus] {
        let mut stage = Stage::new(|_| {});
        let (human, mut person) = answered(&mut stage, codec);
        be_silent(&mut person, 25);
        say_prompt(&mut person, "es/digit-1");
        be_silent(&mut person, 60);
        let (answer, cause, after_ms) = told(&mut stage, human);
        assert_eq!((answer, cause), (Answer::Human, AnswerCause::ShortGreeting), "{codec:?}");
        assert!((1_200..=2_500).contains(&after_ms), "{codec:?}: {after_ms} ms");

        let (mailbox, mut machine) = answered(&mut stage, codec);
        be_silent(&mut machine, 25);
        say_prompt(&mut machine, "es/all-busy");
        be_silent(&mut machine, 20);
        sound_tone(&mut machine, 1_000.0, 20);
        be_silent(&mut machine, 25);
        assert_eq!(told(&mut stage, mailbox).0, Answer::Machine, "{codec:?}");
        let is_beep = |notice: &MediaNotice| matches!(notice, MediaNotice::Beep { leg, .. } if *leg == mailbox).then_some(());
        stage.wait(is_beep);
    }
}

#[test]
fn a_fax_machine_is_told_by_its_tone() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut fax) = answered(&mut stage, Codec::Pcmu);
    be_silent(&mut fax, 20);
    sound_tone(&mut fax, 2_100.0, 50);
    let (answer, cause, _) = told(&mut stage, leg);
    assert_eq!((answer, cause), (Answer::Fax, AnswerCause::AnsweringTone));
}

#[test]
fn whoever_sends_and_takes_nothing_is_unsure_in_time_all_the_same() {
    let mut stage = Stage::new(|_| {});
    let (leg, peer) = stage.call(Codec::Pcmu, 500.0);
    agree(&stage, leg, RemoteMedia { is_receiving: false, is_sending: false, ..peer.remote() });
    let settings = AnswerDetect { initial_silence_ms_max: 600, ..AnswerDetect::default() };
    stage.order(MediaOrder::DetectAnswer { leg, settings: Box::new(settings) });
    assert_eq!(told(&mut stage, leg), (Answer::Unsure, AnswerCause::InitialSilence, 600));
    let nonsense = AnswerDetect { total_ms_max: 0, ..AnswerDetect::default() };
    stage.order(MediaOrder::DetectAnswer { leg, settings: Box::new(nonsense) });
    assert_eq!(told(&mut stage, leg), (Answer::Unsure, AnswerCause::TimeOut, 0));
}
