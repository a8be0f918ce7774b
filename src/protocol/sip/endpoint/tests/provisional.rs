//! Reliable provisional responses (RFC 3262) and what may happen in a dialog before its answer (RFC 3311).

use std::sync::Arc;

use super::{
    calls::{ANSWER, OFFER, OURS, call, in_dialog, invite, invited},
    world::{THEM, US, World, access, address, target},
};
use crate::protocol::sip::{DialogId, Hop, SipNotice, SipOrder, Transport};

/// The caller of scripted messages.
const CALLER: &str = "10.0.0.1:5062";
/// Where our trunk's calls go; the other side of the world is not told of what is injected from there.
const CALLED: &str = "10.0.0.2:5060";

fn said(world: &World) -> &str {
    &world.stray.last().expect("a message").1
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn rseq(text: &str) -> u32 {
    line(text, "RSeq: ")[6..].parse().unwrap()
}

/// A scripted caller that takes provisional responses reliably, and its call.
fn caller(world: &mut World, how: &str) -> DialogId {
    world.inject(THEM, CALLER, &invite("a", how));
    invited(world)
}

fn prack(world: &mut World, cseq: u32, of: &str, rack: &str) {
    let prack = in_dialog("PRACK", cseq, of, None).replace("Max-Forwards", &format!("RAck: {rack}\nMax-Forwards"));
    world.inject(THEM, CALLER, &prack);
}

/// A response of the called side to our INVITE, of the fork with this tag.
pub(super) fn respond(world: &mut World, status: &str, tag: &str, more: &str, sdp: Option<&str>) {
    let invite = world.last(US, "INVITE").unwrap();
    let body = sdp.map(|sdp| sdp.replace("\r\n", "\n")).unwrap_or_default();
    let text = format!(
        "SIP/2.0 {status}\n{}\n{}\n{};tag={tag}\n{}\n{}\nContact: <sip:{tag}@10.0.0.7:5060>\n{more}Content-Type: application/sdp\n\
         Content-Length: {}\n\n{body}",
        line(&invite, "Via:"),
        line(&invite, "From:"),
        line(&invite, "To:"),
        line(&invite, "Call-ID:"),
        line(&invite, "CSeq:"),
        sdp.map_or(0, str::len)
    );
    world.inject(US, CALLED, &text);
}

fn reliable(rseq: u32) -> String {
    format!("Require: 100rel\nRSeq: {rseq}\n")
}

/// Our call, which the other side has not heard of.
fn calling() -> World {
    let mut world = World::new(1);
    world.loss = 100;
    call(&mut world, OURS);
    world
}

/// Our call by a trunk of two servers, the first of which has not been heard.
pub(super) fn calling_at_two_servers() -> World {
    let mut world = World::new(1);
    world.loss = 100;
    let mut access = access(address("10.0.0.2:5060"), Transport::Udp);
    let hop = Hop { transport: Transport::Udp, address: address("10.0.0.9:5060"), name: None, terms: None };
    access.trunks[0].targets.push(target(hop));
    access.trunks[0].targets[1].priority = 1;
    world.sides[US].endpoint.set_access(Arc::new(access));
    call(&mut world, OURS);
    world
}

#[test]
fn a_caller_that_takes_it_reliably_hears_ringing_until_it_has_said_so() {
    for how in ["Supported: 100rel\n", "Require: 100rel\n"] {
        let mut world = World::new(1);
        let theirs = caller(&mut world, how);
        world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
        let ringing = said(&world).to_owned();
        assert!(ringing.starts_with("SIP/2.0 180") && ringing.contains("\r\nRequire: 100rel\r\n"), "{ringing}");
        // At 0, 0.5, 1.5, 3.5 and 7.5 s (RFC 3262 3: doubling without a ceiling).
        world.run(8_000);
        assert_eq!(world.stray.iter().filter(|(_, text)| *text == ringing).count(), 5);
        let number = rseq(&ringing);
        prack(&mut world, 2, &ringing, &format!("{} 1 INVITE", number + 1));
        assert!(said(&world).starts_with("SIP/2.0 481"));
        prack(&mut world, 3, &ringing, &format!("{number} 1 INVITE"));
        assert!(said(&world).starts_with("SIP/2.0 200") && said(&world).contains("CSeq: 3 PRACK"));
        world.run(60_000);
        assert!(said(&world).starts_with("SIP/2.0 200"), "it is not said again");
        // Two and a half minutes after the first it is, by the next number.
        world.run(90_000);
        assert_eq!((said(&world).starts_with("SIP/2.0 180"), rseq(said(&world))), (true, number + 1));
        world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
        let ok = said(&world).to_owned();
        assert!(ok.starts_with("SIP/2.0 200") && ok.ends_with(ANSWER), "a 180 without an answer holds no 200 back");
        // Its PRACK may still come after that, once.
        for (cseq, status) in [(4, "SIP/2.0 200"), (5, "SIP/2.0 481")] {
            prack(&mut world, cseq, &ok, &format!("{} 1 INVITE", number + 1));
            assert!(said(&world).starts_with(status), "{}", said(&world));
        }
    }
}

#[test]
fn a_caller_that_never_says_so_is_refused_after_64_t1() {
    let mut world = World::new(2);
    let theirs = caller(&mut world, "Supported: 100rel\n");
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
    world.run(31_900);
    assert!(world.take(THEM).is_empty());
    world.run(200);
    assert_eq!(world.take(THEM), [SipNotice::Cancelled { dialog: theirs }]);
    assert!(said(&world).starts_with("SIP/2.0 504"), "{}", said(&world));
    world.assert_empty();
}

#[test]
fn the_answer_in_a_183_is_said_once_and_the_200_waits_for_its_prack() {
    let mut world = World::new(3);
    let theirs = caller(&mut world, "Supported: 100rel\n");
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: Some(ANSWER.into()) });
    let progress = said(&world).to_owned();
    assert!(progress.starts_with("SIP/2.0 183") && progress.ends_with(ANSWER), "{progress}");
    let offer = OFFER.replace("20000", "20002");
    let update = |cseq, body| in_dialog("UPDATE", cseq, &progress, body);
    // RFC 3311 5.2: their own offer is not answered as far as they know.
    world.inject(THEM, CALLER, &update(2, Some(&offer)));
    assert!(said(&world).starts_with("SIP/2.0 500") && said(&world).contains("Retry-After: "));
    world.inject(THEM, CALLER, &update(3, None));
    assert!(said(&world).starts_with("SIP/2.0 200"));
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    assert!(said(&world).contains("UPDATE"), "no 200 to the INVITE yet");
    prack(&mut world, 4, &progress, &format!("{} 1 INVITE", rseq(&progress)));
    let two: Vec<&str> = world.stray.iter().rev().take(2).map(|(_, text)| text.as_str()).collect();
    assert!(two[1].starts_with("SIP/2.0 200") && two[1].contains("CSeq: 4 PRACK"), "{two:?}");
    assert!(two[0].starts_with("SIP/2.0 200") && two[0].contains("CSeq: 1 INVITE") && two[0].contains("Content-Length: 0"));
}

#[test]
fn what_rings_on_is_said_after_the_prack_of_what_was_said_before() {
    let mut world = World::new(4);
    let theirs = caller(&mut world, "Require: 100rel\n");
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
    let first = said(&world).to_owned();
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: Some(ANSWER.into()) });
    assert_eq!(said(&world), first, "one at a time");
    prack(&mut world, 2, &first, &format!("{} 1 INVITE", rseq(&first)));
    assert!(said(&world).starts_with("SIP/2.0 183") && rseq(said(&world)) == rseq(&first) + 1);
    world.inject(THEM, CALLER, &invite("a", "").replace("INVITE", "CANCEL"));
    assert_eq!(world.take(THEM), [SipNotice::Cancelled { dialog: theirs }]);
    world.assert_empty();
}

#[test]
fn theirs_are_acknowledged_in_order_once_each() {
    let mut world = calling();
    assert!(line(&world.last(US, "INVITE").unwrap(), "Supported:").contains("100rel"));
    respond(&mut world, "180 Ringing", "x", &reliable(700), None);
    assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: None, is_secure: false }]);
    let (to, prack) = world.stray.last().cloned().unwrap();
    assert_eq!(to.to_string(), "10.0.0.7:5060");
    assert!(prack.starts_with("PRACK sip:x@10.0.0.7:5060 ") && prack.contains("RAck: 700 1 INVITE\r\n"), "{prack}");
    assert!(prack.contains("CSeq: 2 PRACK"));
    // A repetition, and one before which another is missing.
    for number in [700, 702] {
        respond(&mut world, "183 Session Progress", "x", &reliable(number), Some(ANSWER));
        assert_eq!((world.count(US, "PRACK"), world.take(US)), (1, vec![]));
    }
    respond(&mut world, "183 Session Progress", "x", &reliable(701), Some(ANSWER));
    assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: Some(ANSWER.into()), is_secure: false }]);
    // The answer is known: the 200 need not repeat it, and the dialog counts on.
    respond(&mut world, "200 OK", "x", "", None);
    assert!(matches!(world.take(US).as_slice(), [SipNotice::Answered { answer, .. }] if **answer == *ANSWER));
    assert!(world.last(US, "ACK").unwrap().contains("CSeq: 1 ACK"));
    world.order(US, SipOrder::Bye { dialog: OURS });
    assert!(world.last(US, "BYE").unwrap().contains("CSeq: 4 BYE"));
}

#[test]
fn a_carriers_progress_without_an_answer_is_no_ringing() {
    let mut world = calling();
    for status in ["181 Call Is Being Forwarded", "182 Queued", "183 Session Progress"] {
        respond(&mut world, status, "x", "", None);
        assert!(world.take(US).is_empty(), "{status}");
    }
    respond(&mut world, "180 Ringing", "x", "", None);
    assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: None, is_secure: false }]);
    respond(&mut world, "503 Service Unavailable", "x", "", None);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 503 }]);
}

#[test]
fn a_server_that_rang_and_then_cannot_makes_way_for_the_next_which_rings_and_answers_for_itself() {
    for first in [reliable(7), String::new()] {
        let mut world = calling_at_two_servers();
        respond(&mut world, "183 Session Progress", "x", &first, Some(ANSWER));
        assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: Some(ANSWER.into()), is_secure: false }]);
        let tried = world.last(US, "INVITE").unwrap();
        respond(&mut world, "503 Service Unavailable", "x", "", None);
        assert_eq!(world.take(US), [SipNotice::CalledAnew { dialog: OURS }]);
        assert_ne!(line(&world.last(US, "INVITE").unwrap(), "Call-ID:"), line(&tried, "Call-ID:"));
        respond(&mut world, "180 Ringing", "y", "", None);
        assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: None, is_secure: false }]);
        let other = ANSWER.replace("30000", "30002");
        respond(&mut world, "183 Session Progress", "y", "", Some(&other));
        assert_eq!(
            world.take(US),
            [SipNotice::Ringing { dialog: OURS, answer: Some(other.as_str().into()), is_secure: false }]
        );
        respond(&mut world, "200 OK", "y", "", None);
        let heard = world.take(US);
        assert!(matches!(heard.as_slice(), [SipNotice::Answered { answer, .. }] if **answer == *other), "{heard:?}");
    }
}

#[test]
fn forks_each_have_numbers_and_answers_of_their_own() {
    let mut world = calling();
    let other = ANSWER.replace("30000", "30002");
    respond(&mut world, "183 Session Progress", "x", &reliable(5), Some(ANSWER));
    respond(&mut world, "183 Session Progress", "y", &reliable(9), Some(&other));
    assert_eq!(world.count(US, "PRACK"), 2);
    respond(&mut world, "200 OK", "y", "", None);
    let heard = world.take(US);
    assert!(matches!(heard.last(), Some(SipNotice::Answered { answer, .. }) if **answer == *other), "{heard:?}");
    // The fork that lost answers as well: ACK and BYE, above the number of its PRACK.
    respond(&mut world, "200 OK", "x", "", Some(ANSWER));
    let bye = world.last(US, "BYE").unwrap();
    let number: u32 = line(&bye, "CSeq: ")[6..].split(' ').next().unwrap().parse().unwrap();
    assert!(bye.starts_with("BYE sip:x@") && number > 2, "{bye}");
    assert!(world.take(US).is_empty());
}

#[test]
fn early_media_move_by_update_once_the_first_answer_is_there() {
    let mut world = calling();
    let moved = ANSWER.replace("30000", "30002");
    let update = |world: &World, cseq, tag: &str, body: Option<&str>| {
        let invite = world.last(US, "INVITE").unwrap();
        let body = body.unwrap_or("");
        format!(
            "UPDATE sip:centralita@10.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKu{cseq}\n{};tag={tag}\n{}\n{}\n\
             CSeq: {cseq} UPDATE\nContact: <sip:{tag}@10.0.0.7:5060>\nContent-Type: application/sdp\nContent-Length: {}\n\n{}",
            line(&invite, "To:").replace("To:", "From:"),
            line(&invite, "From:").replace("From:", "To:"),
            line(&invite, "Call-ID:"),
            body.len(),
            body.replace("\r\n", "\n")
        )
    };
    respond(&mut world, "180 Ringing", "x", &reliable(1), None);
    world.take(US);
    for (cseq, tag, body, status) in
        [(1, "x", Some(moved.as_str()), "491"), (2, "x", None, "200"), (3, "stranger", None, "481")]
    {
        let text = update(&world, cseq, tag, body);
        world.inject(US, "10.0.0.7:5060", &text);
        assert!(said(&world).starts_with(&format!("SIP/2.0 {status}")), "{}", said(&world));
    }
    respond(&mut world, "183 Session Progress", "x", &reliable(2), Some(ANSWER));
    world.take(US);
    let text = update(&world, 4, "x", Some(&moved));
    world.inject(US, "10.0.0.7:5060", &text);
    assert_eq!(world.take(US), [SipNotice::Reoffered { dialog: OURS, offer: Some(moved.as_str().into()), is_secure: false }]);
    world.order(US, SipOrder::AnswerReoffer { dialog: OURS, answer: Some(OFFER.into()) });
    assert!(said(&world).starts_with("SIP/2.0 200") && said(&world).ends_with(OFFER));
    respond(&mut world, "200 OK", "x", "", None);
    assert!(matches!(world.take(US).as_slice(), [SipNotice::Answered { answer, .. }] if **answer == *moved));
}
