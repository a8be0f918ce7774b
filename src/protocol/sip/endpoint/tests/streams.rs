//! Where streams lead, whom their certificates have to name, and what goes over them.

use std::sync::Arc;

use super::{
    calls::{OFFER, OURS, connected},
    world::{THEM, US, World, access, address},
};
use crate::protocol::sip::{DialogId, SipNotice, SipOrder, SipTarget, Transport};

#[test]
fn a_call_by_a_trunk_over_tls_goes_on_over_a_stream_to_the_trunks_peer() {
    let mut world = World::with(18, Transport::Tls, |_| {});
    // The one who was called names an address in its Contact that no certificate carries.
    let name = Some("carrier.example".into());
    let mut access = access(address("10.0.0.1:5060"), Transport::Tls);
    access.trunks[0].hops[0].name.clone_from(&name);
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
        trunk.hops[0].name = Some(Arc::clone(name));
    }
    world.sides[US].endpoint.set_access(Arc::new(access));
    for (dialog, trunk) in [(2, "peer"), (4, "other"), (6, "peer")] {
        let target = SipTarget::Trunk { trunk: trunk.parse().expect("a key"), number: "1001".into() };
        let (dialog, offer) = (DialogId(dialog), OFFER.into());
        world.order(US, SipOrder::Invite { dialog, target, caller: None, caller_name: None, offer, ring_secs: 30 });
    }
    let demanded: Vec<_> = world.connects.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(demanded, names.map(Some));
}
