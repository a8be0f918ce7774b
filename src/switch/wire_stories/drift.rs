//! Dialogs, telephones' legs and the floor's legs that have lost each other.

use super::*;
use crate::{
    domain::centre::{CentreInput, DriftKind},
    protocol::sip::SipOutput,
};

/// What has drifted is told within two seconds and once.
fn is_mended(exchange: &mut Exchange, kinds: &[DriftKind]) {
    exchange.wait(2_100);
    let told: Vec<DriftKind> = std::mem::take(&mut exchange.drifts).into_iter().map(|drift| drift.kind).collect();
    assert_eq!(told, kinds);
    let counts = exchange.switch.stats().drifts;
    assert!(kinds.iter().all(|kind| counts[kind] > 0), "{counts:?}");
    let calls = exchange.switch.snapshot().calls;
    assert!(calls.is_empty(), "{calls:?}");
}

/// The caller confirms our BYE.
fn confirm_bye(exchange: &mut Exchange) {
    let bye = exchange.last("BYE");
    let lines = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(|name| format!("{name} {}", header(&bye, name)));
    exchange.hear("127.0.0.1:5070", &format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", lines.join("\r\n")));
}

#[test]
fn a_call_whose_telephone_is_forgotten_ends_on_the_floor_and_on_the_wire() {
    let mut exchange = Exchange::new();
    exchange.answered(1);
    exchange.wait(3_000);
    assert_eq!(exchange.drifts, []);
    let leg = exchange.leg();
    exchange.switch.legs.forget(leg).expect("a telephone's leg");
    is_mended(&mut exchange, &[DriftKind::WireMissing, DriftKind::WireOfNobody]);
    confirm_bye(&mut exchange);
    exchange.is_clean();
}

#[test]
fn a_telephone_that_the_floor_does_not_know_is_hung_up() {
    let mut exchange = Exchange::new();
    exchange.answered(1);
    let leg = exchange.leg();
    let now = exchange.now;
    exchange.switch.tell_centre(CentreInput::LegEnded { leg, is_lost: false }, now);
    is_mended(&mut exchange, &[DriftKind::WireOfNobody]);
    confirm_bye(&mut exchange);
    exchange.is_clean();
}

#[test]
fn a_call_whose_dialog_is_gone_ends() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    let leg = exchange.leg();
    let dialog = exchange.switch.legs.get(leg).unwrap().state.dialog().unwrap();
    let bye = format!(
        "BYE sip:1009@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKbye\r\n\
         From: <sip:+34911000001@127.0.0.1>;tag=caller1\r\nTo: <sip:1009@192.0.2.1>{tag}\r\nCall-ID: call1\r\n\
         CSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    let flow = Flow { transport: Transport::Udp, id: FlowId(1), remote: "127.0.0.1:5070".parse().unwrap() };
    let (now, message) = (exchange.now, SipMessage::parse(bye.as_bytes()).unwrap());
    let switch = &mut exchange.switch;
    switch.sip.receive(flow, message, now, &mut switch.rng);
    // Nobody hears of the end.
    let outputs: Vec<SipOutput> = std::iter::from_fn(|| switch.sip.poll()).collect();
    assert!(outputs.iter().any(|output| matches!(output, SipOutput::Notice(_))) && !switch.sip.has_dialog(dialog));
    is_mended(&mut exchange, &[DriftKind::WireMissing]);
    assert!(exchange.media.contains(&MediaOrder::Close { leg }), "its port is freed");
    exchange.is_clean();
}

#[test]
fn calls_that_ring_talk_and_end_never_drift() {
    let mut exchange = Exchange::new();
    for n in 1..20 {
        let tag = exchange.answered(n);
        exchange.wait(1_300);
        exchange.caller(n, "BYE", 2, &tag, "");
    }
    // Who confirms no answer, and gives up too late, is asked to go, and does not answer that either.
    exchange.caller(200, "INVITE", 1, "", SDP);
    exchange.wait(10_000);
    exchange.caller(200, "CANCEL", 1, "", "");
    exchange.wait(30_000);
    exchange.is_clean();
}
