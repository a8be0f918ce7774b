//! Trunks whose other sides prove themselves by certificates over TLS.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::{
    calls::OFFER,
    world::{US, World, access, address, udp},
};
use crate::{
    protocol::sip::{
        CallSource, CertificateAccess, CertificateChain, CertificateTerms, DialogId, Flow, FlowId, SipAccess, SipMessage,
        SipNotice, SipOrder, Transport, TrunkFault, TrunkHealth,
    },
    types::{CertificateProblem, Now},
};

const PEER: &str = "10.0.0.2:41000";

fn chain(name: &str) -> CertificateChain {
    let file = format!("{}/tests/captures/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    Arc::new(vec![CertificateDer::from_pem_file(file).expect("a certificate of the tests")])
}

/// The trunk of the world, whose calls only come with a certificate for this host.
fn proving(host: &str) -> SipAccess {
    let mut known = access(address("10.0.0.2:5061"), Transport::Tls);
    let authorities = vec![chain("root")[0].to_vec().into()];
    let terms = Arc::new(CertificateTerms { names: vec![host.into()], authorities, ..CertificateTerms::default() });
    known.trunks[0].targets[0].hops[0].terms = Some(terms.clone());
    known.trunks[0].certificate = CertificateAccess { terms: Some(terms), is_required: true };
    known
}

fn world(known: SipAccess) -> World {
    let mut world = World::with(31, Transport::Tls, |_| {});
    world.now = Now { wall: "2026-06-01T00:00:00Z".parse().expect("a time"), ..world.now };
    world.sides[US].endpoint.set_access(Arc::new(known));
    world
}

fn tls(id: u64, from: &str) -> Flow {
    Flow { transport: Transport::Tls, id: FlowId(id), remote: address(from) }
}

fn show(world: &mut World, flow: Flow, certificate: &str) {
    world.sides[US].endpoint.certificate_shown(flow.id, Ok(chain(certificate)), world.now);
}

/// What is answered to this on this flow.
fn ask(world: &mut World, flow: Flow, text: &str) -> String {
    let message = SipMessage::parse(text.replace('\n', "\r\n").as_bytes()).expect("a readable message in a test");
    world.stray.clear();
    world.log.clear();
    world.sides[US].endpoint.receive(flow, message, world.now, &mut world.rng);
    world.collect();
    world.log.iter().map(|(_, text)| text.lines().next().unwrap_or_default().to_owned()).collect::<Vec<_>>().join(" ")
}

fn invite(number: u32, via: &str) -> String {
    format!(
        "INVITE sip:1009@10.0.0.1 SIP/2.0\nVia: SIP/2.0/{via} 10.0.0.2:5061;branch=z9hG4bK{number};rport\n\
         From: <sip:+34911000001@10.0.0.2>;tag=t{number}\nTo: <sip:1009@10.0.0.1>\nCall-ID: c{number}\nCSeq: 1 INVITE\n\
         Contact: <sip:x@10.0.0.2:5061;transport=tls>\nMax-Forwards: 70\nContent-Length: 0\n\n"
    )
}

fn source(world: &mut World) -> Option<CallSource> {
    world.take(US).into_iter().find_map(|notice| match notice {
        SipNotice::Invited { source, .. } => Some(source),
        _ => None,
    })
}

fn trunk() -> Option<CallSource> {
    Some(CallSource::Trunk("peer".parse().expect("a key")))
}

#[test]
fn the_trunks_address_alone_brings_no_call_and_its_certificate_does() {
    let mut world = world(proving("sip.carrier.example"));
    let stream = tls(3, PEER);
    assert!(ask(&mut world, udp("10.0.0.2:5060"), &invite(1, "UDP")).starts_with("SIP/2.0 403 "), "by datagram");
    assert!(ask(&mut world, stream, &invite(2, "TLS")).starts_with("SIP/2.0 403 "), "without a certificate");
    assert_eq!(world.closed, [stream.id], "it may not have been asked for one and is on another stream");
    show(&mut world, stream, "expired");
    assert!(ask(&mut world, stream, &invite(3, "TLS")).starts_with("SIP/2.0 403 "), "with one that has ended");
    show(&mut world, stream, "domain");
    assert!(ask(&mut world, stream, &invite(4, "TLS")).starts_with("SIP/2.0 403 "), "with one for somebody else");
    assert_eq!((source(&mut world), world.closed.len()), (None, 1));
    show(&mut world, stream, "client");
    assert!(ask(&mut world, stream, &invite(5, "TLS")).starts_with("SIP/2.0 100 "));
    assert_eq!(source(&mut world), trunk());

    // What was proven ends with the certificate.
    let before = world.now;
    world.now.wall = "2049-12-31T23:59:58Z".parse().expect("a time");
    assert!(ask(&mut world, stream, &invite(8, "TLS")).starts_with("SIP/2.0 403 "));
    world.now.wall = before.wall;

    // What was proven is judged anew with other terms, and forgotten with the stream.
    world.sides[US].endpoint.set_access(Arc::new(proving("other.example")));
    assert!(ask(&mut world, stream, &invite(6, "TLS")).starts_with("SIP/2.0 403 "));
    world.sides[US].endpoint.set_access(Arc::new(proving("sip.carrier.example")));
    world.sides[US].endpoint.flow_closed(stream.id, world.now, &mut world.rng);
    assert!(ask(&mut world, stream, &invite(7, "TLS")).starts_with("SIP/2.0 403 "));
}

#[test]
fn a_trunk_without_addresses_is_known_by_its_certificate_and_nobody_else_enters_its_calls() {
    let mut known = proving("sip.carrier.example");
    known.trunks[0].prefixes.clear();
    let mut world = world(known);
    let (stream, other) = (tls(3, "10.9.9.9:41000"), tls(5, "10.9.9.9:41002"));
    show(&mut world, stream, "carrier");
    assert!(ask(&mut world, other, &invite(1, "TLS")).starts_with("SIP/2.0 401 "), "a stranger is challenged");
    assert!(ask(&mut world, stream, &invite(2, "TLS")).starts_with("SIP/2.0 100 "));
    assert_eq!(source(&mut world), trunk());
    world.order(US, SipOrder::Ring { dialog: DialogId(1), answer: None });
    let ringing = world.log.last().map(|(_, text)| text.clone()).expect("180");
    let tag = ringing.lines().find_map(|line| line.strip_prefix("To: ")?.split_once("tag=")).expect("our tag").1.to_owned();
    let update = format!(
        "INFO sip:centralita@10.0.0.1 SIP/2.0\nVia: SIP/2.0/TLS 10.0.0.2:5061;branch=z9hG4bKb;rport\n\
         From: <sip:+34911000001@10.0.0.2>;tag=t2\nTo: <sip:1009@10.0.0.1>;tag={tag}\nCall-ID: c2\nCSeq: 2 INFO\n\
         Max-Forwards: 70\nContent-Length: 0\n\n"
    );
    assert!(ask(&mut world, other, &update).starts_with("SIP/2.0 403 "), "all is known but the key");
    assert!(ask(&mut world, stream, &update.replace("bKb", "bKc")).starts_with("SIP/2.0 200 "));

    let cancel = invite(2, "TLS").replace("INVITE sip", "CANCEL sip").replace("1 INVITE", "1 CANCEL");
    assert!(ask(&mut world, other, &cancel).starts_with("SIP/2.0 403 "));
    world.order(US, SipOrder::Accept { dialog: DialogId(1), sdp: OFFER.into() });
    let ack = update.replace("INFO", "ACK").replace("2 ACK", "1 ACK");
    assert_eq!(ask(&mut world, other, &ack), "");
    assert_eq!(world.take(US), [], "nobody cancelled or acknowledged it");
    ask(&mut world, stream, &ack);
    assert!(matches!(world.take(US)[..], [SipNotice::Acknowledged { .. }]));

    // Our requests are answered where they were asked.
    world.log.clear();
    world.order(US, SipOrder::Bye { dialog: DialogId(1) });
    assert_eq!(world.connects, []);
    let bye = world.log.last().map(|(_, text)| text.clone()).expect("BYE");
    let of_answer =
        |line: &&str| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(&format!("{name}:")));
    let lines: Vec<&str> = bye.lines().filter(of_answer).collect();
    let answer = format!("SIP/2.0 200 OK\n{}\nContent-Length: 0\n\n", lines.join("\n"));
    ask(&mut world, other, &answer);
    assert_eq!(world.take(US), []);
    ask(&mut world, stream, &answer);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: DialogId(1), is_lost: false }]);
}

#[test]
fn a_stream_of_ours_is_left_with_the_terms_under_which_it_was_opened() {
    let with_pings = |host| {
        let mut known = proving(host);
        known.trunks[0].is_pinged = true;
        known
    };
    let mut world = world(with_pings("sip.carrier.example"));
    world.run(1_100);
    assert_eq!(world.connects.len(), 1);
    world.sides[US].endpoint.set_access(Arc::new(with_pings("sip.carrier.example")));
    world.collect();
    assert_eq!(world.closed, [], "the same terms");
    world.sides[US].endpoint.set_access(Arc::new(with_pings("other.example")));
    world.collect();
    assert_eq!(world.closed, [FlowId(2)]);
    world.fail_connects();
    world.run(60_000);
    assert!(world.connects.len() > 1, "another one takes its place");
}

#[test]
fn a_trunk_whose_certificate_is_worth_nothing_is_down_and_says_why() {
    let mut known = proving("sip.carrier.example");
    known.trunks[0].is_pinged = true;
    let mut world = world(known);
    let problem = CertificateProblem::OtherName;
    for _ in 0..2 {
        world.run(1_100);
        world.refuse_connects(problem);
    }
    let told = world.take(US);
    let down = TrunkHealth::Down(TrunkFault::Certificate { problem });
    assert_eq!(told, [SipNotice::TrunkHealthChanged { trunk: "peer".parse().expect("a key"), health: down }]);
}
