//! Telephones that ask for a transfer (REFER).

use super::*;
use crate::domain::access::{AccessEvent, AccessEventKind, DiallingRule};

/// The phone asks for a transfer within the call that our INVITE made, and proves itself when it is asked to.
fn phone_refers(exchange: &mut Exchange, invite: &str, to: &str) {
    let ask = |cseq: u32, proof: &str| {
        format!(
            "REFER sip:centralita@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKrefer{cseq}\r\n\
             From: {from};tag=phone\r\nTo: {us}\r\nCall-ID: {id}\r\nCSeq: {cseq} REFER\r\nMax-Forwards: 70\r\n\
             Contact: <sip:101@192.0.2.50:5060>\r\nRefer-To: <sip:{to}@192.0.2.1>\r\nReferred-By: <sip:101@192.0.2.1>\r\n\
             {proof}Content-Length: 0\r\n\r\n",
            from = header(invite, "To:"),
            us = header(invite, "From:"),
            id = header(invite, "Call-ID:"),
        )
    };
    exchange.hear("192.0.2.50:5060", &ask(1, ""));
    let challenge = exchange.last("SIP/2.0 401");
    let line = challenge.lines().find(|line| line.starts_with("WWW-Authenticate") && line.contains("MD5")).unwrap();
    let nonce = line.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let (a1, a2) = (hex(&format!("101:{REALM}:secret")), hex("REFER:sip:192.0.2.1"));
    let response = hex(&format!("{a1}:{nonce}:00000001:abc:auth:{a2}"));
    let proof = format!(
        "Authorization: Digest username=\"101\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:192.0.2.1\", algorithm=MD5, \
         qop=auth, nc=00000001, cnonce=\"abc\", response=\"{response}\"\r\n"
    );
    exchange.hear("192.0.2.50:5060", &ask(2, &proof));
    exchange.last("SIP/2.0 202");
}

fn heard_last(exchange: &Exchange, leg: LegId) -> Option<Vec<Source>> {
    exchange.media.iter().rev().find_map(|order| match order {
        MediaOrder::Hear { leg: of, sources } if *of == leg => Some(sources.clone()),
        _ => None,
    })
}

#[test]
fn a_phone_that_refers_its_caller_to_a_queue_is_told_and_let_go_while_the_caller_hears_music() {
    let mut exchange = Exchange::new();
    let (tag, invite) = agent_on_the_phone(&mut exchange);
    let caller = exchange.media.iter().find_map(|order| match order {
        MediaOrder::Open { leg, .. } => Some(*leg),
        _ => None,
    });
    phone_refers(&mut exchange, &invite, "1001");
    let notify = exchange.last("NOTIFY ");
    assert!(
        notify.contains("SIP/2.0 200 OK") && notify.contains("Subscription-State: terminated;reason=noresource"),
        "{notify}"
    );
    let bye = exchange.last("BYE ");
    assert!(bye.starts_with("BYE sip:101@192.0.2.50:5060 "), "{bye}");
    phone_says(&mut exchange, &notify, "200 OK", "");
    phone_says(&mut exchange, &bye, "200 OK", "");
    assert_eq!(heard_last(&exchange, caller.unwrap()), Some(vec![Source::Music("music/on-hold".into())]));
    assert!(exchange.kinds().contains(&"call.transferred"));
    exchange.caller(100, "BYE", 2, &tag, "");
    // Whoever else was rung meanwhile is let go with the caller.
    exchange.wait(60_000);
    exchange.is_clean();
}

#[test]
fn a_phone_whose_transfer_fails_keeps_its_call() {
    let mut exchange = Exchange::new();
    let (tag, invite) = agent_on_the_phone(&mut exchange);
    let phone = exchange.leg();
    let before = heard_last(&exchange, phone);
    phone_refers(&mut exchange, &invite, "no-such-number");
    let notify = exchange.last("NOTIFY ");
    assert!(notify.contains("SIP/2.0 404 Not Found") && notify.contains("Subscription-State: terminated"), "{notify}");
    assert!(!exchange.sent.iter().any(|text| text.starts_with("BYE ")), "nobody is hung up");
    assert_eq!(heard_last(&exchange, phone), before);
    phone_says(&mut exchange, &notify, "200 OK", "");
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    phone_says(&mut exchange, &bye, "200 OK", "");
    exchange.is_clean();
}

#[test]
fn a_phone_that_wants_to_transfer_where_nobody_may_dial_is_noted_with_its_address() {
    let mut exchange = Exchange::new();
    let mut directory = directory();
    let carrier = directory.trunks.values_mut().next().unwrap();
    (carrier.peer, directory.version) = (Some("192.0.2.60:5060".into()), 2);
    exchange.give(Input::Directory(Arc::new(directory)));
    let (_, invite) = agent_on_the_phone(&mut exchange);
    phone_refers(&mut exchange, &invite, "+15551234567");
    let noted = exchange.facts.iter().find_map(|fact| match &fact.event {
        Event::Access(AccessEvent { kind: AccessEventKind::DiallingRefused { rule, address }, .. }) => {
            Some((*rule, address.clone()))
        }
        _ => None,
    });
    assert_eq!(noted, Some((DiallingRule::Number, Some("192.0.2.50".to_owned()))));
    // Whoever closes firewalls by it closes the telephone's, and never the carrier's.
    let closed = |address| exchange.switch.address_to_close(Some(address)).map(|ip| ip.to_string());
    assert_eq!(closed("192.0.2.50").as_deref(), Some("192.0.2.50"));
    assert_eq!((closed("192.0.2.60"), exchange.switch.address_to_close(None)), (None, None));
}
