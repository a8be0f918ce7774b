//! IPv4 and IPv6 at once: whoever reads Via, Contact or an offer of ours can reach what stands there.

use std::sync::Arc;

use super::{
    calls::ANSWER,
    phones::{AWAY, Phone},
    world::{US, World, access, address, answer_to, target, to_trunk},
};
use crate::{
    protocol::sip::{Advertised, AssertedAs, DialogId, FlowId, Hop, SipNotice, SipOrder, SipTarget, Transport},
    types::{CallContext, PerFamily},
};

/// Where a phone with an IPv6 address is.
const AWAY_V6: &str = "[2001:db8::7]:5071";

/// A world in which our side has an address of each family.
fn world() -> World {
    World::with(31, Transport::Udp, |settings| {
        if settings.is_at("10.0.0.1") {
            let ours = |host: &str| Advertised { host: host.into(), port: 5060 };
            let both = PerFamily::Both { v4: ours("10.0.0.1"), v6: ours("[2001:db8::1]") };
            (settings.udp, settings.tcp) = (both.clone(), both);
            settings.default_udp_flow = PerFamily::Both { v4: FlowId(1), v6: FlowId(3) };
        }
    })
}

fn offers() -> PerFamily<Arc<str>> {
    PerFamily::Both { v4: "v=0\r\nc=IN IP4 10.0.0.1\r\n".into(), v6: "v=0\r\nc=IN IP6 2001:db8::1\r\n".into() }
}

fn invite(target: SipTarget) -> SipOrder {
    let caller = Some("911".into());
    let context = CallContext::default();
    SipOrder::Invite { dialog: DialogId(2), target, caller, caller_name: None, offer: offers().into(), ring_secs: 20, context }
}

#[test]
fn phones_of_both_families_that_ring_together_are_each_told_of_an_address_of_theirs() {
    let mut world = world();
    for away in [AWAY, AWAY_V6] {
        assert_eq!(Phone::new("101", "secret", away).say(&mut world, "REGISTER", "Expires: 120\n"), "SIP/2.0 200 OK");
    }
    world.stray.clear();
    world.order(US, invite(SipTarget::Phone("101".into())));
    for (away, host, connection) in
        [(AWAY, "10.0.0.1:5060", "c=IN IP4 10.0.0.1"), (AWAY_V6, "[2001:db8::1]:5060", "c=IN IP6 2001:db8::1")]
    {
        let (_, said) = world.stray.iter().find(|(to, _)| *to == address(away)).expect("an INVITE");
        assert!(said.contains(&format!("Via: SIP/2.0/UDP {host};")), "{said}");
        assert!(said.contains(&format!("Contact: <sip:centralita@{host}>")) && said.contains(connection), "{said}");
        assert!(said.contains(&format!("From: <sip:911@{host}>;tag=")), "{said}");
    }
    // The one with IPv6 takes the call: what follows goes on in its family.
    let (_, said) = world.stray.iter().find(|(to, _)| *to == address(AWAY_V6)).cloned().expect("an INVITE");
    let body = format!("Content-Type: application/sdp\nContent-Length: {}\n\n{ANSWER}", ANSWER.len());
    let ok = answer_to(&said, "200 OK", &format!("Contact: <sip:101@{AWAY_V6}>\n"));
    let ok = ok.replace("Content-Length: 0\n\n", &body).replace("\r\n", "\n");
    let to = said.lines().find(|line| line.starts_with("To:")).expect("a To");
    world.inject(US, AWAY_V6, &ok.replace(to, &format!("{to};tag=theirs")));
    assert!(matches!(world.take(US).last(), Some(SipNotice::Answered { .. })));
    let ack = world.last(US, "ACK").expect("an ACK");
    assert!(
        ack.starts_with(&format!("ACK sip:101@{AWAY_V6} ")) && ack.contains("Via: SIP/2.0/UDP [2001:db8::1]:5060;"),
        "{ack}"
    );
    world.order(US, SipOrder::Bye { dialog: DialogId(2) });
    let (to, bye) = world.stray.last().cloned().expect("a BYE");
    assert!(to == address(AWAY_V6) && bye.contains("Via: SIP/2.0/UDP [2001:db8::1]:5060;"), "{bye}");
}

#[test]
fn a_trunk_is_called_and_asked_in_the_family_of_its_server() {
    let mut world = world();
    let mut access = access(address("[2001:db8::9]:5060"), Transport::Udp);
    access.trunks[0].is_pinged = true;
    world.sides[US].endpoint.set_access(Arc::new(access));
    world.run(60_000);
    let ping = world.last(US, "OPTIONS").expect("a question");
    assert!(
        ping.contains("Via: SIP/2.0/UDP [2001:db8::1]:5060;") && ping.contains("From: <sip:centralita@[2001:db8::1]:5060>")
    );
    world.order(US, invite(to_trunk("1009")));
    let said = world.last(US, "INVITE").expect("an INVITE");
    assert!(said.contains("c=IN IP6 2001:db8::1") && said.contains("Contact: <sip:centralita@[2001:db8::1]:5060>"), "{said}");
}

#[test]
fn a_trunk_whose_next_server_is_of_the_other_family_is_told_there_who_calls_from_an_address_of_that_family() {
    let mut world = world();
    let mut access = access(address("10.0.0.9:5060"), Transport::Udp);
    let hop = Hop { transport: Transport::Udp, address: address("[2001:db8::9]:5060"), name: None, terms: None };
    access.trunks[0].targets.push(target(hop));
    access.trunks[0].targets[1].priority = 1;
    access.trunks[0].caller.asserts = AssertedAs::Asserted;
    world.sides[US].endpoint.set_access(Arc::new(access));
    world.order(US, invite(to_trunk("1009")));
    let first = world.last(US, "INVITE").expect("an INVITE");
    world.inject(US, "10.0.0.9:5060", &answer_to(&first, "503 Service Unavailable", "").replace("\r\n", "\n"));
    let second = world.last(US, "INVITE").expect("an INVITE");
    for (said, host) in [(first, "10.0.0.1:5060"), (second, "[2001:db8::1]:5060")] {
        assert!(said.contains(&format!("From: <sip:911@{host}>;tag=")), "{said}");
        assert!(said.contains(&format!("P-Asserted-Identity: <sip:911@{host}>\r\n")), "{said}");
    }
}
