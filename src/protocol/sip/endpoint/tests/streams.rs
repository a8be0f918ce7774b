//! Where streams lead, whom their certificates have to name, and what goes over them.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    calls::{OFFER, OURS, call, connected, invited},
    world::{THEM, US, World, access, address, target, to_trunk},
};
use crate::protocol::sip::{DialogId, Hop, SipNotice, SipOrder, SipTarget, Transport};

#[test]
fn a_call_by_a_trunk_over_tls_goes_on_over_a_stream_to_the_trunks_peer() {
    let mut world = World::with(18, Transport::Tls, |_| {});
    // The one who was called names an address in its Contact that no certificate carries.
    let name = Some("carrier.example".into());
    let mut access = access(address("10.0.0.1:5060"), Transport::Tls);
    access.trunks[0].targets[0].hops[0].name.clone_from(&name);
    world.sides[THEM].endpoint.set_access(Arc::new(access));
    let theirs = connected(&mut world);
    world.cut_streams();
    world.connects.clear();
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    assert_eq!(world.connects, [(address("10.0.0.1:5060"), name)]);
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn two_trunks_over_tls_at_one_address_have_a_stream_each() {
    let mut world = World::with(19, Transport::Tls, |_| {});
    let mut access = access(address("10.0.0.2:5060"), Transport::Tls);
    let names = ["one.example", "two.example"].map(Arc::from);
    let mut second = access.trunks[0].clone();
    second.id = "other".parse().expect("a key");
    access.trunks.push(second);
    for (trunk, name) in access.trunks.iter_mut().zip(&names) {
        trunk.targets[0].hops[0].name = Some(Arc::clone(name));
    }
    world.sides[US].endpoint.set_access(Arc::new(access));
    for (dialog, trunk) in [(2, "peer"), (4, "other"), (6, "peer")] {
        let target = SipTarget::Trunk { trunk: trunk.parse().expect("a key"), number: "1001".into(), has_alternative: false };
        let (dialog, offer) = (DialogId(dialog), OFFER.into());
        world.order(
            US,
            SipOrder::Invite {
                dialog,
                target,
                caller: None,
                caller_name: None,
                offer,
                ring_secs: 30,
                context: Default::default(),
            },
        );
    }
    let demanded: Vec<_> = world.connects.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(demanded, names.map(Some));
}

#[test]
fn a_trunk_that_says_nothing_is_given_up_early_only_where_there_is_another() {
    for (has_alternative, given_up_ms) in [(true, 4_000), (false, 30_000)] {
        let mut world = World::new(22);
        world.loss = 100;
        let target = SipTarget::Trunk { trunk: "peer".parse().expect("a key"), number: "1001".into(), has_alternative };
        let (dialog, offer) = (OURS, OFFER.into());
        world.order(
            US,
            SipOrder::Invite {
                dialog,
                target,
                caller: None,
                caller_name: None,
                offer,
                ring_secs: 30,
                context: Default::default(),
            },
        );
        world.run(given_up_ms - 100);
        assert!(world.take(US).is_empty());
        world.run(200);
        assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 408 }]);
    }
}

/// A call whose offer does not fit into a datagram.
fn large_call(world: &mut World) {
    let offer = format!("{OFFER}{}", "a=fmtp:97 a parameter of some length\r\n".repeat(40));
    let (caller, target) = (Some("+34911000001".into()), to_trunk("1009"));
    world.order(
        US,
        SipOrder::Invite {
            dialog: OURS,
            target,
            caller,
            caller_name: None,
            offer: offer.into(),
            ring_secs: 30,
            context: Default::default(),
        },
    );
}

#[test]
fn a_request_too_large_for_a_datagram_goes_over_a_stream_and_its_dialog_stays_with_datagrams() {
    let mut world = World::new(20);
    large_call(&mut world);
    assert_eq!(world.connects, [(address("10.0.0.2:5060"), None)]);
    let invite = world.last(US, "INVITE").expect("an INVITE");
    assert!(invite.len() > 1_300 && invite.contains("Via: SIP/2.0/TCP 10.0.0.1:5060;"), "{invite}");
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: OFFER.into() });
    world.run(100);
    let ack = world.last(US, "ACK").expect("an ACK");
    assert!(ack.contains("Via: SIP/2.0/UDP 10.0.0.1:5060;"), "{ack}");
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.run(100);
    assert!(world.take(THEM).contains(&SipNotice::Ended { dialog: theirs, is_lost: false }));
    assert_eq!(world.connects.len(), 1);
    world.assert_empty();
}

#[test]
fn where_no_stream_can_be_had_a_large_request_goes_by_a_datagram_and_the_next_one_at_once() {
    let mut world = World::new(21);
    large_call(&mut world);
    world.cut_streams();
    let invite = world.last(US, "INVITE").expect("an INVITE");
    assert!(invite.contains("Via: SIP/2.0/UDP 10.0.0.1:5060;"), "{invite}");
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: OFFER.into() });
    world.run(100);
    assert!(matches!(world.take(US)[..], [SipNotice::Answered { .. }]));
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.run(100);
    large_call(&mut world);
    assert_eq!(world.connects.len(), 1, "this address is known to take no streams");
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    world.assert_empty();
}

/// Our trunk has a first server where nobody lives, and the other side as its second.
fn two_servers(seed: u64, first: Transport) -> World {
    let mut world = World::new(seed);
    let mut access = access(address("10.0.0.2:5060"), Transport::Udp);
    let hop = |transport, at: &str| Hop { transport, address: address(at), name: None, terms: None };
    let mut targets = vec![target(hop(first, "10.0.0.9:5060")), target(hop(Transport::Udp, "10.0.0.2:5060"))];
    targets[1].priority = 1;
    access.trunks[0].targets = targets;
    world.sides[US].endpoint.set_access(Arc::new(access));
    world
}

/// How many calls tried the server where nobody lives.
fn strays(world: &World) -> usize {
    let invites = world.stray.iter().filter(|(at, text)| *at == address("10.0.0.9:5060") && text.starts_with("INVITE"));
    invites.filter_map(|(_, text)| text.lines().find(|line| line.starts_with("Call-ID"))).collect::<BTreeSet<_>>().len()
}

#[test]
fn a_server_that_says_nothing_makes_way_for_the_next_one_and_is_tried_last_for_a_while() {
    let mut world = two_servers(22, Transport::Udp);
    call(&mut world, OURS);
    world.run(3_900);
    assert!(world.take(THEM).is_empty());
    assert_eq!(strays(&world), 1);
    world.run(200);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Reject { dialog: theirs, status: 486, retry_after_secs: None });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 486 }]);
    // The next call begins with the server that answers.
    call(&mut world, DialogId(4));
    world.run(50);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Reject { dialog: theirs, status: 486, retry_after_secs: None });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: DialogId(4), status: 486 }]);
    assert_eq!(strays(&world), 1);
    // A minute later the first one has its chance again.
    world.run(61_000);
    call(&mut world, DialogId(6));
    world.run(50);
    assert_eq!(strays(&world), 2);
    world.order(US, SipOrder::Cancel { dialog: DialogId(6), is_answered_elsewhere: false });
    world.assert_empty();
}

#[test]
fn a_server_without_a_connection_makes_way_for_the_next_one_at_once() {
    let mut world = two_servers(23, Transport::Tcp);
    call(&mut world, OURS);
    assert_eq!(world.connects, [(address("10.0.0.9:5060"), None)]);
    world.fail_connects();
    world.run(50);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Reject { dialog: theirs, status: 503, retry_after_secs: Some(5) });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 503 }], "there is no third");
    world.assert_empty();
}
