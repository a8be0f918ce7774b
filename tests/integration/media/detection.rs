//! What is listened for in a telephone's audio: keys as tones.

use centralita::protocol::{
    audio::SILENCE,
    media::{Codec, MediaNotice, MediaOrder, RemoteMedia},
};

use super::Stage;
use crate::support::tone_peer::TonePeer;

/// A telephone that has agreed on no telephone events.
fn call_without_events(stage: &mut Stage, codec: Codec) -> (centralita::types::LegId, TonePeer) {
    let (leg, peer) = stage.call(codec, 500.0);
    agree(stage, leg, RemoteMedia { digit_payload_type: None, ..peer.remote() });
    (leg, peer)
}

fn agree(stage: &Stage, leg: centralita::types::LegId, remote: RemoteMedia) {
    stage.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled: true });
}

/// Everything said by notices about key tones until the leg closes.
fn keys_until_closed(stage: &mut Stage, leg: centralita::types::LegId) -> String {
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
