//! Telephones whose audio is encrypted (SRTP).

use std::{net::UdpSocket, sync::atomic::Ordering};

use centralita::protocol::{
    media::{Codec, MediaNotice, MediaOrder, Source},
    rtp::SrtpSuite,
};

use super::Stage;
use crate::support::tone_peer::TonePeer;

/// The numbers of this peer roll over within the first second.
#[test]
fn an_encrypted_telephone_and_a_plain_one_hear_each_other_in_every_suite() {
    for suite in SrtpSuite::ALL {
        let mut stage = Stage::new(|_| {});
        let (alice, mut a) = stage.call_by(TonePeer::new(Codec::Pcma, 500.0).encrypted(suite));
        let (bob, mut b) = stage.call(Codec::Pcma, 2_000.0);
        stage.hear(alice, &[Source::Leg(bob)]);
        stage.hear(bob, &[Source::Leg(alice)]);
        a.listen_to(1);
        b.listen_to(1);
        for _ in 0..100 {
            a.sing();
            b.listen().expect("a packet in time");
            b.sing();
            a.listen().expect("a packet in time");
        }
        assert!(a.share_of(2_000.0) > 0.98 && b.share_of(500.0) > 0.98, "{suite:?}");
        a.press("42#");
        b.listen_for_keys(3);
        assert_eq!(b.digits, "42#");
        assert_eq!(stage.media.stats().packets_forged.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn what_the_key_does_not_open_is_counted_and_neither_heard_nor_latched() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call_by(TonePeer::new(Codec::Pcmu, 1_000.0).encrypted(SrtpSuite::AeadAes256Gcm));
    let mut intruder = TonePeer::new(Codec::Pcmu, 400.0);
    intruder.connect(stage.local_of(leg));
    stage.hear(leg, &[Source::Echo]);
    for _ in 0..50 {
        intruder.sing();
    }
    peer.converse(50);
    assert!(peer.share_of(1_000.0) > 0.9 && peer.share_of(400.0) < 0.05, "{}", peer.share_of(400.0));
    let listener = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    listener.send_to(&[0x80; 60], stage.local_of(leg)).expect("sent");
    peer.converse(10);
    assert_eq!(stage.media.stats().packets_forged.load(Ordering::Relaxed), 51);
    stage.order(MediaOrder::Close { leg });
    let counts = stage.wait(|notice| match notice {
        MediaNotice::Closed { leg: closed, counts } if *closed == leg => Some(*counts),
        _ => None,
    });
    assert_eq!(counts.packets_in, 60);
}

#[test]
fn a_telephone_that_goes_on_in_the_clear_is_heard_after_it_has_agreed_to_that() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call_by(TonePeer::new(Codec::Pcmu, 1_000.0).encrypted(SrtpSuite::AesCm128HmacSha1_80));
    stage.hear(leg, &[Source::Echo]);
    peer.converse(20);
    peer.forget_keys();
    let remote = peer.remote();
    stage.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled: true });
    stage.media.ring();
    peer.forget();
    peer.converse(100);
    assert!(peer.share_of(1_000.0) > 0.9);
}
