//! Session timers (RFC 4028) and UPDATE (RFC 3311) within an answered call.

use super::{
    calls::{ANSWER, OFFER, OURS, call, connected, in_dialog, invite, invited},
    world::{THEM, US, World, answer_to},
};
use crate::protocol::sip::{DialogId, SessionTimerLimits, SipNotice, SipOrder, Transport};

/// The caller of scripted messages.
const CALLER: &str = "10.0.0.1:5062";

/// Both sides ask for ten minutes.
fn world(seed: u64) -> World {
    World::with(seed, Transport::Udp, |settings| settings.session_timer.session_expires_secs = 600)
}

/// An answered call of a scripted caller whose INVITE had these lines; the 200.
fn answered_to(world: &mut World, more: &str) -> (DialogId, String) {
    world.inject(THEM, CALLER, &invite("a", more));
    let theirs = invited(world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    let (_, ok) = world.stray.last().cloned().unwrap();
    world.inject(THEM, CALLER, &in_dialog("ACK", 1, &ok, None));
    world.take(THEM);
    (theirs, ok)
}

/// The last message to the scripted caller.
fn said(world: &World) -> &str {
    &world.stray.last().expect("a message").1
}

/// A response of the scripted caller to the last request that it was sent.
fn respond(world: &mut World, status: &str, more: &str) {
    let request = said(world).to_owned();
    world.inject(THEM, CALLER, &answer_to(&request, status, more));
}

/// Requests of this method to the scripted caller, repetitions left out.
fn requests(world: &World, method: &str) -> usize {
    let mut seen: Vec<&str> =
        world.stray.iter().map(|(_, text)| text.as_str()).filter(|text| text.starts_with(method)).collect();
    seen.dedup();
    seen.len()
}

#[test]
fn a_call_between_two_that_know_timers_is_refreshed_by_update_for_hours_and_the_media_hear_nothing_of_it() {
    let mut world = world(1);
    let theirs = connected(&mut world);
    let ok = world.last(THEM, "SIP/2.0 200").unwrap();
    assert!(ok.contains("Require: timer\r\nSession-Expires: 600;refresher=uas\r\n"), "{ok}");
    world.run(4 * 3_600_000 + 5_000);
    assert!(world.take(US).is_empty() && world.take(THEM).is_empty());
    // Half the interval: every five minutes, by the one who answered.
    assert_eq!((world.count(US, "UPDATE"), world.count(THEM, "UPDATE")), (0, 48));
    assert!(world.last(THEM, "UPDATE").unwrap().contains("Session-Expires: 600;refresher=uac\r\n"));
    assert_eq!((world.count(US, "INVITE"), world.count(THEM, "INVITE")), (1, 0));
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    world.assert_empty();
}

#[test]
fn a_peer_that_dies_ends_the_call_on_both_sides_of_the_bargain() {
    let mut world = world(2);
    let theirs = connected(&mut world);
    world.loss = 100;
    // The refresher's UPDATE finds nobody, the other side hears no refresh until 32 s before the end.
    world.run(700_000);
    assert_eq!(world.take(THEM), [SipNotice::Ended { dialog: theirs, is_lost: true }]);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: true }]);
    assert!(world.count(US, "BYE") > 0 && world.count(THEM, "BYE") > 0);
    world.assert_empty();
}

#[test]
fn a_session_interval_that_is_too_small_is_asked_for_again_as_the_422_says() {
    // They want a quarter of an hour at least, we ask for ten minutes.
    let mut world = World::with(3, Transport::Udp, |settings| {
        let is_ours = settings.is_at("10.0.0.1");
        let (session_expires_secs, min_se_secs) = if is_ours { (600, 90) } else { (900, 900) };
        settings.session_timer = SessionTimerLimits { session_expires_secs, min_se_secs };
    });
    connected(&mut world);
    let refusal = world.last(THEM, "SIP/2.0 422").unwrap();
    assert!(refusal.contains("\r\nMin-SE: 900\r\n"), "{refusal}");
    let second = world.last(US, "INVITE").unwrap();
    assert!(second.contains("Session-Expires: 900\r\nMin-SE: 900\r\n") && second.contains("CSeq: 2 INVITE"), "{second}");
    assert!(world.last(THEM, "SIP/2.0 200").unwrap().contains("Session-Expires: 900;refresher=uas\r\n"));
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.assert_empty();
}

#[test]
fn a_peer_that_refuses_every_interval_costs_a_few_invites_and_the_call() {
    let mut world = World::new(4);
    call(&mut world, OURS);
    for round in 1..20u32 {
        let Some(invite) = world.last(US, "INVITE").filter(|text| text.contains(&format!("CSeq: {round} INVITE"))) else {
            break;
        };
        let line = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let refusal = format!(
            "SIP/2.0 422 Small\n{}\n{}\n{};tag=x\n{}\n{}\nMin-SE: {}\nContent-Length: 0\n\n",
            line("Via:"),
            line("From:"),
            line("To:"),
            line("Call-ID:"),
            line("CSeq:"),
            2_000 + round
        );
        world.inject(US, "10.0.0.2:5060", &refusal);
    }
    assert_eq!(world.count(US, "INVITE"), 5);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 422 }]);
}

#[test]
fn a_caller_who_refreshes_keeps_the_call_and_one_who_stops_loses_it() {
    let mut world = world(5);
    let (theirs, ok) = answered_to(&mut world, "Supported: timer\nSession-Expires: 300;refresher=uac\n");
    assert!(ok.contains("Require: timer\r\nSession-Expires: 300;refresher=uac\r\n"), "{ok}");
    world.run(150_000);
    let update = in_dialog("UPDATE", 2, &ok, None)
        .replace("Max-Forwards", "Supported: timer\nSession-Expires: 300;refresher=uac\nMax-Forwards");
    world.inject(THEM, CALLER, &update);
    assert!(said(&world).starts_with("SIP/2.0 200") && said(&world).contains("Session-Expires: 300;refresher=uac\r\n"));
    // 32 s before the end of the interval that the refresh began.
    world.run(267_000);
    assert_eq!((requests(&world, "BYE"), world.take(THEM)), (0, vec![]));
    world.run(2_000);
    assert_eq!(requests(&world, "BYE"), 1);
    respond(&mut world, "200 OK", "");
    assert_eq!(world.take(THEM), [SipNotice::Ended { dialog: theirs, is_lost: true }]);
    world.assert_empty();
}

#[test]
fn a_caller_without_update_is_refreshed_by_the_same_offer_again() {
    let mut world = world(6);
    let (_, ok) = answered_to(&mut world, "Allow: INVITE, ACK, BYE, CANCEL\nSession-Expires: 300\n");
    // It does not say that it knows timers, so nothing may be required of it.
    assert!(!ok.contains("Require:") && ok.contains("Session-Expires: 300;refresher=uas\r\n"), "{ok}");
    world.run(150_000);
    assert!(said(&world).starts_with("INVITE ") && said(&world).ends_with(ANSWER), "{}", said(&world));
    assert!(said(&world).contains("Session-Expires: 300;refresher=uac\r\n"));
    // Glare (14.1): who does not own the Call-ID tries again within two seconds.
    respond(&mut world, "491 Request Pending", "");
    assert!(said(&world).starts_with("ACK "));
    world.run(2_001);
    assert!(said(&world).starts_with("INVITE "));
    respond(&mut world, "200 OK", "Contact: <sip:load@10.0.0.1:5062>\nSession-Expires: 300;refresher=uac\n");
    assert!(said(&world).starts_with("ACK "));
    assert!(world.take(THEM).is_empty(), "nothing has changed");
    world.run(150_000);
    // Its second refresh is refused for good: such a call is over.
    assert!(said(&world).starts_with("INVITE "));
    respond(&mut world, "481 Gone", "");
    assert!(said(&world).starts_with("BYE "));
}

#[test]
fn an_update_that_is_refused_becomes_a_reinvite() {
    let mut world = world(7);
    answered_to(&mut world, "Supported: timer\nAllow: INVITE, ACK, BYE, UPDATE\n");
    world.run(300_000);
    assert!(said(&world).starts_with("UPDATE "));
    respond(&mut world, "405 Method Not Allowed", "");
    world.run(2_000);
    assert!(said(&world).starts_with("INVITE "), "{}", said(&world));
    respond(&mut world, "422 Small", "Min-SE: 1200\n");
    assert!(
        said(&world).starts_with("INVITE ") && said(&world).contains("Session-Expires: 1200;refresher=uac\r\nMin-SE: 1200")
    );
    assert!(world.take(THEM).is_empty());
}

#[test]
fn an_answer_that_moves_the_media_at_a_refresh_is_told() {
    let mut world = world(8);
    let (theirs, _) = answered_to(&mut world, "Supported: timer\n");
    world.run(300_000);
    let request = said(&world).to_owned();
    assert!(request.starts_with("INVITE "));
    let moved = OFFER.replace("20000", "20002").replace("- 1 1", "- 1 2");
    let body = moved.replace("\r\n", "\n");
    let head = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let ok = format!(
        "SIP/2.0 200 OK\n{}\n{}\n{}\n{}\n{}\nContact: <sip:load@10.0.0.1:5062>\nContent-Type: application/sdp\nContent-Length: {}\n\n{body}",
        head("Via:"),
        head("From:"),
        head("To:"),
        head("Call-ID:"),
        head("CSeq:"),
        moved.len()
    );
    world.inject(THEM, CALLER, &ok);
    assert_eq!(world.take(THEM), [SipNotice::ReofferAnswered { dialog: theirs, answer: Some(moved.as_str().into()) }]);
}

#[test]
fn timers_that_are_switched_off_are_neither_offered_nor_taken() {
    let mut world = World::with(9, Transport::Udp, |settings| settings.session_timer.session_expires_secs = 0);
    let (_, ok) = answered_to(&mut world, "Supported: timer\nSession-Expires: 300\n");
    assert!(!ok.contains("Session-Expires") && !ok.contains("timer"), "{ok}");
    world.run(3_600_000);
    assert_eq!((requests(&world, "BYE"), requests(&world, "UPDATE"), requests(&world, "INVITE")), (0, 0, 0));
    world.inject(THEM, CALLER, &invite("b", "Require: timer\n"));
    assert!(said(&world).starts_with("SIP/2.0 420") && said(&world).contains("Unsupported: timer\r\n"));
}

#[test]
fn an_update_with_an_offer_changes_the_media_and_moves_the_target() {
    let mut world = World::new(10);
    let (theirs, ok) = answered_to(&mut world, "");
    let hold = OFFER.replace("RTP/AVP 0\r\n", "RTP/AVP 0\r\na=sendonly\r\n");
    let update = |cseq, body| {
        in_dialog("UPDATE", cseq, &ok, body).replace("Max-Forwards", "Contact: <sip:moved@10.0.0.1:5999>\nMax-Forwards")
    };
    world.inject(THEM, CALLER, &update(2, Some(&hold)));
    assert_eq!(
        world.take(THEM),
        [SipNotice::Reoffered { dialog: theirs, offer: Some(hold.as_str().into()), is_secure: false }]
    );
    // RFC 3311 5.2: a second one, with or without an offer, before the first is answered.
    for (cseq, body) in [(3, None), (4, Some(hold.as_str()))] {
        world.inject(THEM, CALLER, &update(cseq, body));
        assert!(said(&world).starts_with("SIP/2.0 500") && said(&world).contains("Retry-After: "), "{}", said(&world));
    }
    world.order(THEM, SipOrder::AnswerReoffer { dialog: theirs, answer: Some(ANSWER.into()) });
    assert!(said(&world).starts_with("SIP/2.0 200") && said(&world).ends_with(ANSWER));
    // While an offer of ours is out, theirs must wait.
    world.order(THEM, SipOrder::Reoffer { dialog: theirs, offer: OFFER.into() });
    assert!(said(&world).starts_with("INVITE sip:moved@10.0.0.1:5999 "), "{}", said(&world));
    world.inject(THEM, CALLER, &update(5, Some(&hold)));
    assert!(said(&world).starts_with("SIP/2.0 491"));
    // Without an offer it is no glare.
    world.inject(THEM, CALLER, &update(6, None));
    assert!(said(&world).starts_with("SIP/2.0 200"));
}
