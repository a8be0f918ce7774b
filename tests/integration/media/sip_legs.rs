//! Telephones: echo, bridge, prompts, music, mixing, keys, loss.

use std::time::{Duration, Instant};

use centralita::{
    protocol::{
        audio::Goertzel,
        media::{Codec, MediaNotice, MediaOrder, PlayId, RemoteMedia, Source},
    },
    types::IpFamilies,
};

use super::{SHORT_SILENCE, Stage};
use crate::support::tone_peer::{NOISE, TonePeer};

/// Two telephones sing to each other, paced by what the second hears.
fn talk(one: &mut TonePeer, other: &mut TonePeer, packets: usize) {
    for _ in 0..packets {
        one.sing();
        other.listen().expect("a packet in time");
        other.sing();
        one.listen().expect("a packet in time");
    }
}

#[test]
fn an_echo_gives_back_what_was_said_packet_by_packet() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    peer.listen_to(1); // the packet of silence that opens the path
    stage.hear(leg, &[Source::Echo]);
    peer.converse(100);
    assert!(peer.share_of(1_000.0) > 0.98, "{}", peer.share_of(1_000.0));
    stage.wait_for(&MediaNotice::Up { leg });

    stage.order(MediaOrder::Close { leg });
    let counts = stage.wait(|notice| match notice {
        MediaNotice::Closed { leg: closed, counts } if *closed == leg => Some(*counts),
        _ => None,
    });
    assert_eq!((counts.packets_in, counts.packets_lost), (100, 0));
    assert!(counts.packets_out >= 100);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the pace of packets is measured in real time")]
fn who_says_nothing_hears_silence_at_the_pace_of_speech_and_then_the_echo() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    stage.hear(leg, &[Source::Echo]);
    for _ in 0..2 {
        peer.listen_to(5);
        let began = Instant::now();
        peer.listen_to(50);
        // Fifty packets are a second of speech; one a second would be most of a minute.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        peer.converse(100);
        assert!(peer.share_of(1_000.0) > 0.8, "{}", peer.share_of(1_000.0));
        assert!(peer.sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{:?}", peer.sequences);
    }
}

#[test]
fn two_telephones_of_one_codec_are_relayed_and_the_stream_has_no_seam() {
    let mut stage = Stage::new(|_| {});
    let (alice, mut a) = stage.call(Codec::Pcma, 500.0);
    let (bob, mut b) = stage.call(Codec::Pcma, 2_000.0);
    stage.hear(alice, &[Source::Leg(bob)]);
    stage.hear(bob, &[Source::Leg(alice)]);
    a.listen_to(1);
    b.listen_to(1);
    talk(&mut a, &mut b, 100);
    assert!(a.share_of(2_000.0) > 0.98 && b.share_of(500.0) > 0.98);
    assert!(b.sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{:?}", b.sequences);
}

#[test]
fn every_pair_of_codecs_is_transcoded() {
    for (one, other) in [(Codec::Pcmu, Codec::Pcma), (Codec::Pcmu, Codec::Opus), (Codec::G722, Codec::Pcma)] {
        let mut stage = Stage::new(|_| {});
        let (alice, mut a) = stage.call(one, 600.0);
        let (bob, mut b) = stage.call(other, 1_500.0);
        stage.hear(alice, &[Source::Leg(bob)]);
        stage.hear(bob, &[Source::Leg(alice)]);
        talk(&mut a, &mut b, 120);
        assert!(a.share_of(1_500.0) > 0.6, "{other:?} to {one:?}: {}", a.share_of(1_500.0));
        assert!(b.share_of(600.0) > 0.6, "{one:?} to {other:?}: {}", b.share_of(600.0));
    }
}

#[test]
fn a_prompt_is_played_to_its_end_and_what_follows_is_heard() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    stage.hear(leg, &[Source::Music("tone/1400".into())]);
    stage.play(leg, 7, &["short/400", "no-such-clip", "tone/400"]);
    peer.listen_to(45);
    assert!(peer.share_of(400.0) > 0.9, "{}", peer.share_of(400.0));
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(7), was_stopped: false });
    peer.forget();
    peer.listen_to(50);
    assert!(peer.share_of(1_400.0) > 0.9, "{}", peer.share_of(1_400.0));
    assert_eq!(stage.media.stats().clips_missing.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn a_new_prompt_replaces_the_old_one_and_a_stop_is_told() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    stage.play(leg, 1, &["tone/400"]);
    peer.listen_to(10);
    stage.play(leg, 2, &["tone/1400"]);
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(1), was_stopped: true });
    peer.forget();
    peer.listen_to(20);
    assert!(peer.share_of(1_400.0) > 0.9, "{}", peer.share_of(1_400.0));
    stage.order(MediaOrder::StopPlay { leg });
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(2), was_stopped: true });
    stage.play(leg, 3, &[]);
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(3), was_stopped: false });
}

#[test]
fn words_over_music_leave_it_a_quarter_as_loud_and_give_it_back() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    stage.hear(leg, &[Source::Music("tone/400".into())]);
    stage.order(MediaOrder::Play { leg, play: PlayId(1), clips: vec!["tone/1400".into()], is_mixed: true });
    peer.listen_to(10);
    peer.forget();
    peer.listen_to(30);
    let (words, music) = (peer.share_of(1_400.0), peer.share_of(400.0));
    assert!(words > 0.9 && (0.04..0.08).contains(&music), "{words} {music}: a sixteenth of the power");
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(1), was_stopped: false });
    // The last words have come and wait to be heard, and the music comes back over some frames.
    peer.listen_to(25);
    peer.forget();
    peer.listen_to(20);
    assert!(peer.share_of(400.0) > 0.98, "{}", peer.share_of(400.0));
}

#[test]
fn a_supervisor_hears_both_and_is_heard_by_nobody() {
    let mut stage = Stage::new(|_| {});
    let (caller, mut c) = stage.call(Codec::Pcmu, 600.0);
    let (agent, mut a) = stage.call(Codec::Pcmu, 1_500.0);
    let (supervisor, mut s) = stage.call(Codec::Pcma, 2_500.0);
    stage.hear(caller, &[Source::Leg(agent)]);
    stage.hear(agent, &[Source::Leg(caller)]);
    stage.hear(supervisor, &[Source::Leg(caller), Source::Leg(agent)]);
    for _ in 0..120 {
        c.sing();
        a.sing();
        s.sing();
        s.listen().expect("a packet in time");
    }
    assert!(s.share_of(600.0) > 0.3 && s.share_of(1_500.0) > 0.3, "{} {}", s.share_of(600.0), s.share_of(1_500.0));
    c.listen_to(100);
    a.listen_to(100);
    assert!(c.share_of(1_500.0) > 0.98 && a.share_of(600.0) > 0.98);
    assert!(c.share_of(2_500.0) < 0.01 && a.share_of(2_500.0) < 0.01);
}

#[test]
fn a_muted_leg_is_not_heard_until_it_is_unmuted() {
    let mut stage = Stage::new(|_| {});
    let (alice, mut a) = stage.call(Codec::Pcmu, 500.0);
    let (bob, mut b) = stage.call(Codec::Pcmu, 2_000.0);
    stage.hear(alice, &[Source::Leg(bob)]);
    stage.hear(bob, &[Source::Leg(alice), Source::Music("tone/1400".into())]);
    stage.order(MediaOrder::Mute { leg: alice, is_muted: true });
    for _ in 0..60 {
        a.sing();
        b.listen().expect("music in time");
    }
    assert!(b.share_of(500.0) < 0.01 && b.share_of(1_400.0) > 0.9);
    stage.order(MediaOrder::Mute { leg: alice, is_muted: false });
    for _ in 0..80 {
        a.sing();
        b.listen().expect("music in time");
    }
    assert!(b.share_of(500.0) > 0.3, "{}", b.share_of(500.0));
    b.sing();
}

#[test]
fn keys_are_told_once_each_and_pressed_anew_towards_the_other_side() {
    let mut stage = Stage::new(|_| {});
    let (alice, mut a) = stage.call(Codec::Pcmu, 500.0);
    let (bob, mut b) = stage.call(Codec::Pcmu, 2_000.0);
    stage.hear(alice, &[Source::Leg(bob)]);
    stage.hear(bob, &[Source::Leg(alice)]);
    a.press("15#");
    for digit in ['1', '5', '#'] {
        stage.wait_for(&MediaNotice::Digit { leg: alice, digit });
    }
    b.listen_for_keys(3);
    assert_eq!(b.digits, "15#");
    stage.order(MediaOrder::SendDigits { leg: alice, digits: "9*".into() });
    a.listen_for_keys(2);
    assert_eq!(a.digits, "9*");
}

#[test]
fn a_telephone_that_falls_silent_is_lost_and_one_that_was_asked_to_is_not() {
    let mut stage = Stage::new(|settings| settings.media_timeout = SHORT_SILENCE);
    let (silent, mut s) = stage.call(Codec::Pcmu, 500.0);
    let (held, mut h) = stage.call(Codec::Pcmu, 500.0);
    s.sing();
    h.sing();
    stage.wait_for(&MediaNotice::Up { leg: silent });
    stage.wait_for(&MediaNotice::Up { leg: held });
    let mut on_hold = h.remote();
    on_hold.is_sending = false;
    stage.order(MediaOrder::SetRemote { leg: held, remote: on_hold, signalled_from: None, is_settled: true });
    stage.wait_for(&MediaNotice::Lost { leg: silent });
    s.sing();
    stage.wait_for(&MediaNotice::Up { leg: silent });
    stage.wait_for(&MediaNotice::Lost { leg: silent });
    assert!(!stage.has_seen(&MediaNotice::Lost { leg: held }));
}

#[test]
fn ports_that_run_out_are_told_and_come_back() {
    let range = centralita::types::settings::PortRange { first: 26_000, last: 26_003 };
    let mut stage = Stage::new(|settings| settings.ports = range);
    let (first, _one) = stage.call(Codec::Pcmu, 500.0);
    let (_, _other) = stage.call(Codec::Pcmu, 500.0);
    let third = stage.new_leg();
    stage.order(MediaOrder::Open { leg: third, families: IpFamilies::Both });
    let reason = stage.wait(|notice| match notice {
        MediaNotice::OpenFailed { leg, reason } if *leg == third => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.contains("media.ports"), "{reason}");
    stage.order(MediaOrder::Close { leg: first });
    stage.call(Codec::Pcmu, 500.0);
}

#[test]
fn packets_of_strangers_are_not_heard() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    peer.listen_to(1);
    stage.hear(leg, &[Source::Echo]);
    peer.converse(5);
    let mut stranger = TonePeer::new(Codec::Pcmu, 3_000.0);
    stranger.connect(stage.local_of(leg));
    for _ in 0..40 {
        stranger.sing();
        peer.converse(1);
    }
    assert!(peer.share_of(3_000.0) < 0.01 && peer.share_of(1_000.0) > 0.9);
}

/// RFC 3389: who falls silent says once how that sounds. Who takes that too gets the very packets; to others it is made a sound.
#[test]
fn the_background_of_a_telephone_that_suppresses_silence_is_passed_on_or_played() {
    let mut stage = Stage::new(|_| {});
    let (alice, mut a) = stage.call(Codec::Pcmu, 500.0);
    let (bob, mut b) = stage.call(Codec::Pcmu, 2_000.0);
    let (carol, mut c) = stage.call(Codec::Pcmu, 2_000.0);
    let remote = RemoteMedia { noise_payload_type: Some(NOISE), ..c.remote() };
    stage.order(MediaOrder::SetRemote { leg: carol, remote, signalled_from: None, is_settled: true });
    stage.hear(bob, &[Source::Leg(alice)]);
    stage.hear(carol, &[Source::Leg(alice)]);
    for _ in 0..50 {
        a.sing();
        b.listen().expect("a packet in time");
    }
    a.fall_silent(&[48, 127, 127]);
    b.listen_to(60);
    let lately = &b.heard[b.heard.len() - 4_000..];
    let level = 10.0 * (lately.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 4_000.0 / 32_767_f64.powi(2)).log10();
    assert!((level + 48.0).abs() < 3.0, "{level} dBov");
    c.forget_sound_until_noise();
    assert_eq!(c.noises[0], [48, 127, 127], "passed on as it came");
    c.listen_to(1);
    assert_eq!(c.noises[1], [48], "and said again, so that the way stays open");
    for _ in 0..60 {
        a.sing();
        b.listen().expect("a packet in time");
    }
    c.listen_to(20);
    assert!(b.share_of(500.0) > 0.5, "{}", b.share_of(500.0));
    assert!(Goertzel::share(500.0, &c.heard[c.heard.len() - 1_600..]) > 0.9, "the voice is back");
}
