//! IPv4 and IPv6 at once: ports of each, and who talks across.

use centralita::{
    protocol::media::{Codec, MediaNotice, MediaOrder, Source},
    types::{IpFamilies, IpFamily, PerFamily, settings::PortRange},
};

use super::Stage;
use crate::support::tone_peer::TonePeer;

fn stage(ports: PortRange) -> Stage {
    Stage::new(|settings| {
        settings.bind = ["127.0.0.1", "::1"].map(|address| address.parse().expect("an address")).into();
        settings.ports = ports;
    })
}

#[test]
fn telephones_of_both_families_are_bridged_and_each_is_reached_in_its_own() {
    let mut stage = stage(PortRange { first: 26_010, last: 26_099 });
    let (old, mut old_phone) = stage.call_at("127.0.0.1", Codec::Pcmu, 500.0);
    let (new, mut new_phone) = stage.call_at("::1", Codec::Pcmu, 900.0);
    assert!(stage.local_of(old).is_ipv4() && stage.local_of(new).is_ipv6());
    stage.hear(old, &[Source::Leg(new)]);
    stage.hear(new, &[Source::Leg(old)]);
    for _ in 0..150 {
        old_phone.sing();
        new_phone.listen().expect("a packet in time");
        new_phone.sing();
        old_phone.listen().expect("a packet in time");
    }
    assert!(old_phone.share_of(900.0) > 0.9 && new_phone.share_of(500.0) > 0.9);
}

#[test]
fn a_leg_whose_peer_is_not_known_has_a_port_of_each_family_until_it_is() {
    // One port of each family: what is not given back is missing at once.
    let mut stage = stage(PortRange { first: 26_110, last: 26_111 });
    let leg = stage.new_leg();
    let PerFamily::Both { v4, v6 } = stage.open(leg, IpFamilies::Both) else { panic!("a port of each") };
    assert_eq!((v4.port(), v6.port()), (26_110, 26_110));
    // One that is heard before the answer, and one of the other family that answers.
    let (mut early, mut taking) = (TonePeer::at("::1", Codec::Pcmu, 500.0), TonePeer::new(Codec::Pcmu, 900.0));
    for (peer, local, is_settled) in [(&mut early, v6, false), (&mut taking, v4, true)] {
        peer.connect(local);
        let remote = peer.remote();
        stage.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled });
        stage.hear(leg, &[Source::Echo]);
        peer.sing();
        peer.listen().expect("a packet in time");
    }
    let second = stage.new_leg();
    let locals = stage.open(second, IpFamilies::Only(IpFamily::V6));
    assert_eq!(locals, PerFamily::One(v6), "the port that the first has given back");
    let third = stage.new_leg();
    stage.order(MediaOrder::Open { leg: third, families: IpFamilies::Only(IpFamily::V4) });
    let why = stage.wait(|notice| match notice {
        MediaNotice::OpenFailed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert!(why.contains("media.ports"), "{why}");
}

#[test]
fn a_leg_in_talk_moves_to_a_port_of_the_other_family_and_gives_its_own_back() {
    // One port of each family: what is not given back is missing at once.
    let mut stage = stage(PortRange { first: 26_210, last: 26_211 });
    let (leg, mut here) = stage.call_at("127.0.0.1", Codec::Pcmu, 500.0);
    let before = stage.local_of(leg);
    stage.hear(leg, &[Source::Echo]);
    here.sing();
    here.listen().expect("a packet in time");
    stage.order(MediaOrder::OpenBeside { leg, family: IpFamily::V6 });
    let local = stage.wait(|notice| match notice {
        MediaNotice::OpenedBeside { leg: of, local } if *of == leg => Some(*local),
        _ => None,
    });
    let mut there = TonePeer::at("::1", Codec::Pcmu, 900.0);
    there.connect(local.expect("a port"));
    stage.order(MediaOrder::SetRemote { leg, remote: there.remote(), signalled_from: None, is_settled: true });
    there.sing();
    there.listen().expect("a packet in time");
    let second = stage.new_leg();
    assert_eq!(stage.open(second, IpFamilies::Only(IpFamily::V4)), PerFamily::One(before), "the port that it had");
    stage.order(MediaOrder::OpenBeside { leg, family: IpFamily::V4 });
    let none = stage.wait(|notice| match notice {
        MediaNotice::OpenedBeside { local, .. } => Some(*local),
        _ => None,
    });
    assert_eq!(none, None, "no port is left, and the leg stays where it is");
    there.sing();
    there.listen().expect("a packet in time");
}
