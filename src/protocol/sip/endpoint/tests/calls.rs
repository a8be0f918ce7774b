//! Calls from the first INVITE to the last timer.

use std::sync::Arc;

use super::world::{THEM, US, World, to_trunk, udp};
use crate::protocol::sip::{CallSource, DialogId, SipMessage, SipNotice, SipOrder, Transport};

pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n";
pub const ANSWER: &str = "v=0\r\no=- 2 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n";
/// The dialog of our first outgoing call.
pub const OURS: DialogId = DialogId(2);

pub(super) fn call(world: &mut World, dialog: DialogId) {
    world.order(
        US,
        SipOrder::Invite {
            dialog,
            target: to_trunk("1009"),
            caller: Some("+34911000001".into()),
            caller_name: Some("Ana \"A\"".into()),
            offer: OFFER.into(),
            ring_secs: 30,
            context: Default::default(),
        },
    );
}

pub fn invited(world: &mut World) -> DialogId {
    let notices = world.take(THEM);
    notices
        .iter()
        .find_map(|notice| match notice {
            SipNotice::Invited { dialog, .. } => Some(*dialog),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no call in {notices:?}"))
}

pub(super) fn answered(world: &World) -> SipNotice {
    let is_secure = world.transport.is_secure();
    SipNotice::Answered { dialog: OURS, answer: ANSWER.into(), signalled_from: "10.0.0.2".parse().unwrap(), is_secure }
}

/// A call that both sides hold for answered.
pub fn connected(world: &mut World) -> DialogId {
    call(world, OURS);
    world.run(100);
    let theirs = invited(world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    world.run(100);
    assert_eq!(world.take(US), [answered(world)]);
    assert_eq!(world.take(THEM), [SipNotice::Acknowledged { dialog: theirs, answer: None }]);
    theirs
}

#[test]
fn a_peer_that_is_asked_whether_it_is_there_says_so_or_knows_of_no_call() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::with(1, transport, |_| {});
        let theirs = connected(&mut world);
        for (side, own) in [(US, OURS), (THEM, theirs)] {
            world.order(side, SipOrder::Probe { dialog: own });
            world.run(100);
            assert_eq!(world.take(side), [SipNotice::StillThere { dialog: own }]);
        }
        // The other side has been started anew and knows no such call.
        let [_, anew] = World::with(2, transport, |_| {}).sides;
        world.sides[THEM].endpoint = anew.endpoint;
        world.order(US, SipOrder::Probe { dialog: OURS });
        world.run(100);
        assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: true }]);
        world.assert_empty();
    }
    let mut world = World::new(1);
    connected(&mut world);
    world.loss = 100;
    world.order(US, SipOrder::Probe { dialog: OURS });
    world.run(60_000);
    assert!(world.take(US).is_empty(), "a network that is away for a minute ends no call");
}

#[test]
fn a_withheld_number_is_withheld_by_the_book() {
    let mut world = World::new(1);
    let order = SipOrder::Invite {
        dialog: OURS,
        target: to_trunk("1009"),
        caller: None,
        caller_name: None,
        offer: OFFER.into(),
        ring_secs: 30,
        context: Default::default(),
    };
    world.order(US, order);
    let invite = world.last(US, "INVITE").unwrap();
    // RFC 3323 4.1.1.3 and RFC 3325 9.3.
    assert!(
        invite.contains("\r\nFrom: <sip:anonymous@anonymous.invalid>;tag=") && invite.contains("\r\nPrivacy: id\r\n"),
        "{invite}"
    );
    world.run(100);
    assert!(matches!(world.take(THEM).as_slice(), [SipNotice::Invited { caller: None, .. }]));
}

#[test]
fn a_call_rings_is_answered_and_hung_up_by_the_caller() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::with(1, transport, |_| {});
        call(&mut world, OURS);
        world.run(100);
        let notices = world.take(THEM);
        let [SipNotice::Invited { dialog, source, caller, caller_name, called, offer, .. }] = notices.as_slice() else {
            panic!("{notices:?}")
        };
        assert_eq!(*source, CallSource::Trunk("peer".parse().unwrap()));
        assert_eq!((caller.as_deref(), caller_name.as_deref()), (Some("+34911000001"), Some("Ana \"A\"")));
        assert_eq!((&**called, offer.as_deref()), ("1009", Some(OFFER)));
        let theirs = *dialog;
        world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
        world.run(100);
        assert_eq!(world.take(US), [SipNotice::Ringing { dialog: OURS, answer: None, is_secure: transport.is_secure() }]);
        world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
        world.run(100);
        assert_eq!(world.take(US), [answered(&world)]);
        world.run(60_000);
        world.order(US, SipOrder::Bye { dialog: OURS });
        world.run(100);
        assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: false }]);
        assert_eq!(world.take(THEM).last(), Some(&SipNotice::Ended { dialog: theirs, is_lost: false }));
        assert_eq!(world.sides.each_ref().map(|side| side.endpoint.stats().retransmissions), [0, 0]);
        world.assert_empty();
    }
}

#[test]
fn the_called_side_hangs_up_and_at_once_after_answering() {
    let mut world = World::new(2);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    // RFC 3261 15: its BYE must wait for the ACK.
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    assert_eq!(world.count(THEM, "BYE"), 0);
    world.run(100);
    assert_eq!(world.count(THEM, "BYE"), 1);
    assert_eq!(world.take(US).last(), Some(&SipNotice::Ended { dialog: OURS, is_lost: false }));
    assert_eq!(world.take(THEM).last(), Some(&SipNotice::Ended { dialog: theirs, is_lost: false }));
    world.assert_empty();
}

#[test]
fn a_caller_who_gives_up_is_told_487_and_the_called_side_hears_of_it() {
    let mut world = World::new(3);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
    world.run(100);
    world.take(US);
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: true });
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 487 }]);
    world.run(100);
    assert_eq!(world.take(THEM), [SipNotice::Cancelled { dialog: theirs }]);
    assert_eq!(world.count(THEM, "SIP/2.0 487"), 1);
    assert_eq!((world.count(US, "CANCEL"), world.count(US, "ACK")), (1, 1));
    world.assert_empty();
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut world = World::new(4);
    call(&mut world, OURS);
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    assert_eq!(world.count(US, "CANCEL"), 0);
    world.run(100);
    assert_eq!(world.count(US, "CANCEL"), 1);
    assert_eq!(world.take(THEM).last(), Some(&SipNotice::Cancelled { dialog: DialogId(1) }));
    world.assert_empty();
}

#[test]
fn a_cancel_that_crosses_the_answer_ends_in_ack_and_bye() {
    let mut world = World::new(5);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    world.run(1_000);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 487 }]);
    let heard = world.take(THEM);
    assert_eq!(heard.last(), Some(&SipNotice::Ended { dialog: theirs, is_lost: false }), "{heard:?}");
    assert_eq!((world.count(US, "ACK"), world.count(US, "BYE")), (1, 1));
    world.assert_empty();
}

#[test]
fn nobody_answers_and_the_ring_time_ends_the_call() {
    let mut world = World::new(6);
    call(&mut world, OURS);
    world.run(29_000);
    assert!(world.take(US).is_empty());
    world.run(2_000);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 408 }]);
    assert_eq!(world.take(THEM).last(), Some(&SipNotice::Cancelled { dialog: DialogId(1) }));
    world.assert_empty();
}

#[test]
fn a_dead_trunk_fails_by_timer_b_after_seven_invites() {
    let mut world = World::new(7);
    world.loss = 100;
    call(&mut world, OURS);
    world.run(40_000);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 408 }]);
    // The ring time of 30 s cuts the last repetition of timer A off.
    assert_eq!(world.count(US, "INVITE"), 7);
    world.assert_empty();
}

#[test]
fn a_refusal_arrives_with_its_status_and_is_acknowledged() {
    let mut world = World::new(8);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Reject { dialog: theirs, status: 486, retry_after_secs: None });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 486 }]);
    assert_eq!(world.count(US, "ACK"), 1);
    world.assert_empty();
}

#[test]
fn an_answer_without_ack_is_repeated_then_ended_and_reported_as_lost() {
    let mut world = World::new(9);
    world.inject(THEM, "10.0.0.1:5062", &invite("a", ""));
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    world.run(31_900);
    assert!(world.take(THEM).is_empty());
    // 0, 0.5, 1.5, 3.5, 7.5 … every 4 s up to 31.5 (RFC 3261 13.3.1.4).
    assert_eq!(world.stray.iter().filter(|(_, text)| text.starts_with("SIP/2.0 200")).count(), 11);
    world.run(200);
    assert!(world.stray.last().is_some_and(|(_, text)| text.starts_with("BYE ")));
    world.run(40_000);
    assert_eq!(world.take(THEM), [SipNotice::Ended { dialog: theirs, is_lost: true }]);
    world.assert_empty();
}

#[test]
fn a_repeated_invite_gets_the_last_response_again_and_no_second_call() {
    let mut world = World::new(10);
    for _ in 0..3 {
        world.inject(THEM, "10.0.0.1:5062", &invite("a", ""));
    }
    assert_eq!(world.take(THEM).len(), 1);
    assert_eq!(world.stray.iter().filter(|(_, text)| text.starts_with("SIP/2.0 100")).count(), 3);
    // The same INVITE by another way is a loop (8.2.2.2).
    world.inject(THEM, "10.0.0.1:5062", &invite("a", "").replace("branch=z9hG4bKa", "branch=z9hG4bKother"));
    assert!(world.stray.last().is_some_and(|(_, text)| text.starts_with("SIP/2.0 482")));
    assert!(world.take(THEM).is_empty());
}

#[test]
fn a_caller_without_an_offer_answers_ours_in_the_ack() {
    let mut world = World::new(11);
    let without = invite("a", "").split_once("Content-Type").map(|(head, _)| format!("{head}Content-Length: 0\n\n")).unwrap();
    world.inject(THEM, "10.0.0.1:5062", &without);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: OFFER.into() });
    let (_, ok) = world.stray.last().cloned().unwrap();
    world.inject(THEM, "10.0.0.1:5062", &in_dialog("ACK", 1, &ok, Some(ANSWER)));
    assert_eq!(world.take(THEM), [SipNotice::Acknowledged { dialog: theirs, answer: Some(ANSWER.into()) }]);
}

#[test]
fn media_change_both_ways_and_the_old_ones_stay_when_refused() {
    let mut world = World::new(12);
    let theirs = connected(&mut world);
    let hold: Arc<str> = OFFER.replace("RTP/AVP 0\r\n", "RTP/AVP 0\r\na=sendonly\r\n").into();
    for (from, to, own, other) in [(US, THEM, OURS, theirs), (THEM, US, theirs, OURS)] {
        world.order(from, SipOrder::Reoffer { dialog: own, offer: hold.clone() });
        world.run(100);
        assert_eq!(world.take(to), [SipNotice::Reoffered { dialog: other, offer: Some(hold.clone()), is_secure: false }]);
        world.order(to, SipOrder::AnswerReoffer { dialog: other, answer: Some(ANSWER.into()) });
        world.run(100);
        assert_eq!(world.take(from), [SipNotice::ReofferAnswered { dialog: own, answer: Some(ANSWER.into()) }]);
        world.order(from, SipOrder::Reoffer { dialog: own, offer: hold.clone() });
        world.run(100);
        world.order(to, SipOrder::AnswerReoffer { dialog: other, answer: None });
        world.run(100);
        assert_eq!(world.take(from), [SipNotice::ReofferAnswered { dialog: own, answer: None }]);
        world.take(to);
    }
    assert_eq!(world.count(US, "SIP/2.0 488"), 1);
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    world.assert_empty();
}

#[test]
fn offers_that_cross_are_both_refused_with_491_and_tried_again() {
    let mut world = World::new(13);
    let theirs = connected(&mut world);
    world.order(US, SipOrder::Reoffer { dialog: OURS, offer: OFFER.into() });
    world.order(THEM, SipOrder::Reoffer { dialog: theirs, offer: OFFER.into() });
    let mut answered = [0, 0];
    for _ in 0..100 {
        world.run(100);
        for (side, dialog) in [(US, OURS), (THEM, theirs)] {
            for notice in world.take(side) {
                match notice {
                    SipNotice::Reoffered { .. } => {
                        world.order(side, SipOrder::AnswerReoffer { dialog, answer: Some(ANSWER.into()) });
                    }
                    SipNotice::ReofferAnswered { answer: Some(_), .. } => answered[side] += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert_eq!(answered, [1, 1]);
    assert!(world.count(US, "SIP/2.0 491") >= 1 && world.count(THEM, "SIP/2.0 491") >= 1);
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.assert_empty();
}

#[test]
fn a_switch_that_does_not_answer_an_offer_costs_the_offer_and_not_the_call() {
    let mut world = World::new(14);
    let theirs = connected(&mut world);
    world.order(US, SipOrder::Reoffer { dialog: OURS, offer: OFFER.into() });
    world.run(20_000);
    assert_eq!(world.take(US), [SipNotice::ReofferAnswered { dialog: OURS, answer: None }]);
    world.take(THEM);
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn a_peer_that_is_gone_ends_the_call_as_lost() {
    let mut world = World::new(15);
    connected(&mut world);
    world.loss = 100;
    world.order(US, SipOrder::Reoffer { dialog: OURS, offer: OFFER.into() });
    world.run(70_000);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: true }]);
}

#[test]
fn a_call_survives_its_stream() {
    let mut world = World::with(16, Transport::Tcp, |_| {});
    let theirs = connected(&mut world);
    world.cut_streams();
    world.run(1_000);
    assert!(world.take(US).is_empty() && world.take(THEM).is_empty());
    // Either side opens a new one when it has something to say.
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    world.run(100);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: OURS, is_lost: false }]);
    assert_eq!(world.take(THEM), [SipNotice::Ended { dialog: theirs, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn a_stream_that_cannot_be_opened_fails_the_call_with_503() {
    let mut world = World::with(17, Transport::Tcp, |_| {});
    call(&mut world, OURS);
    world.cut_streams();
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 503 }]);
    world.assert_empty();
}

#[test]
fn keys_come_by_info_and_questions_are_answered_within_the_call() {
    let mut world = World::new(18);
    world.inject(THEM, "10.0.0.1:5062", &invite("a", ""));
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    let (_, ok) = world.stray.last().cloned().unwrap();
    world.inject(THEM, "10.0.0.1:5062", &in_dialog("ACK", 1, &ok, None));
    world.take(THEM);
    let info = |cseq, kind: &str, body: &str| in_dialog("INFO", cseq, &ok, Some(body)).replace("application/sdp", kind);
    for (cseq, kind, body, digit) in [
        (2, "application/dtmf-relay", "Signal=5\nDuration=160\n", '5'),
        (3, "application/dtmf-relay", "Signal= 11\n", '#'),
        (4, "application/dtmf", "*", '*'),
    ] {
        world.inject(THEM, "10.0.0.1:5062", &info(cseq, kind, body));
        assert_eq!(world.take(THEM), [SipNotice::Digit { dialog: theirs, digit }]);
    }
    for (cseq, method, status) in [(5, "OPTIONS", "200"), (6, "REFER", "403"), (7, "DANCE", "501"), (8, "UPDATE", "200")] {
        world.inject(THEM, "10.0.0.1:5062", &in_dialog(method, cseq, &ok, None));
        let (_, answer) = world.stray.last().unwrap();
        assert!(answer.starts_with(&format!("SIP/2.0 {status}")), "{method}: {answer}");
    }
    // Older than what came before (12.2.2).
    world.inject(THEM, "10.0.0.1:5062", &in_dialog("OPTIONS", 3, &ok, None));
    assert!(world.stray.last().is_some_and(|(_, text)| text.starts_with("SIP/2.0 500")));
    // A stranger who does not know the tags does not end the call.
    let stranger = in_dialog("BYE", 9, &ok, None).replace("tag=caller", "tag=guess");
    world.inject(THEM, "10.0.0.1:5062", &stranger);
    assert!(world.stray.last().is_some_and(|(_, text)| text.starts_with("SIP/2.0 481")));
    assert!(world.take(THEM).is_empty());
    world.inject(THEM, "10.0.0.1:5062", &in_dialog("BYE", 10, &ok, None));
    assert_eq!(world.take(THEM), [SipNotice::Ended { dialog: theirs, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn a_caller_behind_proxies_is_reached_through_them() {
    let mut world = World::new(19);
    let routes = "Record-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.9:5070;lr>\n";
    world.inject(THEM, "10.0.0.1:5062", &invite("a", routes));
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    let (_, ok) = world.stray.last().cloned().unwrap();
    assert!(ok.contains("Record-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.9:5070;lr>\r\n"));
    world.inject(THEM, "10.0.0.1:5062", &in_dialog("ACK", 1, &ok, None));
    world.order(THEM, SipOrder::Bye { dialog: theirs });
    let (to, bye) = world.stray.last().cloned().unwrap();
    assert_eq!(to.to_string(), "10.0.0.8:5060");
    assert!(bye.starts_with("BYE sip:load@10.0.0.1:5062 SIP/2.0\r\n"));
    assert!(bye.contains("Route: <sip:10.0.0.8;lr>\r\nRoute: <sip:10.0.0.9:5070;lr>\r\n"), "{bye}");
}

#[test]
fn the_second_fork_to_answer_is_acknowledged_and_hung_up() {
    let mut world = World::new(20);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Accept { dialog: theirs, sdp: ANSWER.into() });
    world.run(100);
    // The same INVITE is answered once more by another device behind their proxy.
    let ok = world.last(THEM, "SIP/2.0 200").expect("the answer");
    let tag = ok.lines().find(|line| line.starts_with("To:")).and_then(|line| line.split(";tag=").nth(1)).unwrap().to_owned();
    let other = ok.replace(&tag, "another").replace("@10.0.0.2:5060>", "@10.0.0.7:5060>");
    let message = SipMessage::parse(other.as_bytes()).unwrap();
    let (now, mut rng) = (world.now, world.rng.clone());
    world.sides[US].endpoint.receive(udp("10.0.0.2:5060"), message, now, &mut rng);
    world.run(1);
    let fork: Vec<&str> =
        world.stray.iter().filter(|(to, _)| to.ip().to_string() == "10.0.0.7").map(|(_, text)| &text[..3]).collect();
    assert_eq!(fork, ["ACK", "BYE"]);
    assert_eq!(world.take(US), [answered(&world)]);
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.assert_empty();
}

#[test]
fn two_hundred_calls_over_a_wire_that_loses_a_fifth_all_end_and_leave_nothing() {
    for seed in 100..104 {
        println!("seed {seed}");
        let mut world = World::new(seed);
        world.loss = 20;
        let mut open = Vec::new();
        for n in 0..200u64 {
            let dialog = DialogId(2 + 2 * n);
            call(&mut world, dialog);
            open.push(dialog);
            world.run(50);
            settle(&mut world, n);
        }
        for n in 0..600 {
            world.run(500);
            settle(&mut world, n);
        }
        world.loss = 0;
        world.assert_empty();
        // Each call came to exactly one end.
        for dialog in open {
            let ends = world.sides[US].notices.iter().filter(|notice| is_end(notice, dialog)).count();
            assert_eq!(ends, 1, "seed {seed}, {dialog:?}");
        }
    }
}

/// Plays both switches: answers, hangs up, refuses and changes media by turns. Notices stay where they are.
fn settle(world: &mut World, turn: u64) {
    for side in [US, THEM] {
        let seen = world.sides[side].seen;
        let fresh: Vec<SipNotice> = world.sides[side].notices[seen..].to_vec();
        world.sides[side].seen += fresh.len();
        for (at, notice) in fresh.into_iter().enumerate() {
            let order = match notice {
                SipNotice::Invited { dialog, .. } => match (turn + at as u64) % 4 {
                    0 => SipOrder::Reject { dialog, status: 486, retry_after_secs: None },
                    1 => SipOrder::Ring { dialog, answer: Some(ANSWER.into()) },
                    _ => SipOrder::Accept { dialog, sdp: ANSWER.into() },
                },
                SipNotice::Answered { dialog, .. } => match turn % 3 {
                    0 => SipOrder::Reoffer { dialog, offer: OFFER.into() },
                    _ => SipOrder::Bye { dialog },
                },
                SipNotice::Acknowledged { dialog, .. } if turn.is_multiple_of(5) => SipOrder::Bye { dialog },
                SipNotice::Reoffered { dialog, .. } => SipOrder::AnswerReoffer { dialog, answer: Some(ANSWER.into()) },
                SipNotice::ReofferAnswered { dialog, .. } => SipOrder::Bye { dialog },
                SipNotice::Ringing { dialog, .. } => SipOrder::Cancel { dialog, is_answered_elsewhere: false },
                _ => continue,
            };
            world.order(side, order);
        }
    }
}

fn is_end(notice: &SipNotice, of: DialogId) -> bool {
    matches!(notice, SipNotice::Failed { dialog, .. } | SipNotice::Ended { dialog, .. } if *dialog == of)
}

/// An INVITE as a load generator writes it.
pub(super) fn invite(branch: &str, more: &str) -> String {
    let sdp = OFFER.replace("\r\n", "\n");
    format!(
        "INVITE sip:1009@10.0.0.2:5060 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK{branch}\n{more}\
         From: <sip:load@10.0.0.1:5062>;tag=caller\nTo: <sip:1009@10.0.0.2:5060>\nCall-ID: {branch}@test\nCSeq: 1 INVITE\n\
         Contact: <sip:load@10.0.0.1:5062>\nMax-Forwards: 70\nContent-Type: application/sdp\nContent-Length: {}\n\n{sdp}",
        OFFER.len()
    )
}

/// A request of that caller within the call that `ok` made.
pub(super) fn in_dialog(method: &str, cseq: u32, ok: &str, body: Option<&str>) -> String {
    let line = |name: &str| ok.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let body = body.unwrap_or("").replace("\r\n", "\n");
    let length = body.replace('\n', "\r\n").len();
    format!(
        "{method} sip:centralita@10.0.0.2:5060 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK{method}{cseq}\n{}\n{}\n{}\n\
         CSeq: {cseq} {method}\nMax-Forwards: 70\nContent-Type: application/sdp\nContent-Length: {length}\n\n{body}",
        line("From:"),
        line("To:"),
        line("Call-ID:"),
    )
}
