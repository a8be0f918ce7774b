//! Telephones in a conference: each hears all others and not itself, whoever is muted is heard by nobody, and whoever only listens
//! changes nothing.

use centralita::protocol::media::{Codec, MediaOrder, Source};

use super::Stage;
use crate::support::tone_peer::TonePeer;

/// One note each, none a multiple of another.
const NOTES: [f64; 5] = [500.0, 730.0, 1_130.0, 1_700.0, 2_300.0];

/// All sing for so many packets, each as soon as it has heard one.
fn sing_together(peers: &mut [TonePeer], packets: usize) {
    peers.iter_mut().for_each(TonePeer::forget);
    for _ in 0..packets {
        peers.iter_mut().for_each(TonePeer::sing);
        for peer in peers.iter_mut() {
            peer.listen().expect("a packet in time");
        }
    }
}

/// Which notes each hears.
fn heard(peers: &[TonePeer]) -> Vec<Vec<bool>> {
    peers.iter().map(|peer| NOTES.iter().map(|note| peer.share_of(*note) > 0.05).collect()).collect()
}

#[test]
fn everybody_hears_all_others_and_nobody_hears_itself_or_who_is_muted() {
    let mut stage = Stage::new(|_| {});
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::Pcmu, Codec::Opus, Codec::Pcmu];
    let (legs, mut peers): (Vec<_>, Vec<_>) =
        codecs.into_iter().zip(NOTES).map(|(codec, note)| stage.call(codec, note)).unzip();
    let (members, listener) = (&legs[..4], legs[4]);
    for own in members {
        let others: Vec<Source> = members.iter().filter(|leg| *leg != own).map(|leg| Source::Leg(*leg)).collect();
        stage.hear(*own, &others);
    }
    let all: Vec<Source> = members.iter().map(|leg| Source::Leg(*leg)).collect();
    stage.hear(listener, &all);
    sing_together(&mut peers, 120);
    let (yes, no) = (true, false);
    let everybody = [
        vec![no, yes, yes, yes, no],
        vec![yes, no, yes, yes, no],
        vec![yes, yes, no, yes, no],
        vec![yes, yes, yes, no, no],
        vec![yes, yes, yes, yes, no],
    ];
    assert_eq!(heard(&peers), everybody);

    stage.order(MediaOrder::Mute { leg: legs[1], is_muted: true });
    sing_together(&mut peers, 120);
    let without: Vec<Vec<bool>> = everybody
        .iter()
        .map(|notes| notes.iter().enumerate().map(|(note, is_heard)| *is_heard && note != 1).collect())
        .collect();
    assert_eq!(heard(&peers), without);
}
