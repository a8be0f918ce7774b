//! What both sides say about why a call ends (RFC 3326).

use super::{
    calls::{OURS, call, connected, invited},
    provisional::{calling_at_two_servers, respond},
    world::{THEM, US, World},
};
use crate::protocol::sip::{SipNotice, SipOrder};

/// What a side was told of why, since it was last asked.
fn heard(world: &mut World, side: usize) -> Vec<(Option<u16>, Option<String>)> {
    let reasons = std::mem::take(&mut world.reasons).into_iter().filter(|(of, _)| *of == side);
    reasons.map(|(_, reason)| (reason.cause, reason.text)).collect()
}

#[test]
fn refusals_and_goodbyes_say_why_in_the_networks_words() {
    let mut world = World::new(1);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Reject { dialog: theirs, status: 486, retry_after_secs: None });
    world.run(100);
    assert!(world.last(THEM, "SIP/2.0 486").unwrap().contains("\r\nReason: Q.850;cause=17;"));
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: 486 }]);
    assert_eq!(heard(&mut world, US), [(Some(17), Some("User busy".into()))]);

    let mut world = World::new(2);
    connected(&mut world);
    world.order(US, SipOrder::Bye { dialog: OURS });
    world.run(100);
    assert!(world.last(US, "BYE").unwrap().contains("\r\nReason: Q.850;cause=16;"));
    assert_eq!(heard(&mut world, THEM), [(Some(16), Some("Normal call clearing".into()))]);
}

#[test]
fn a_call_given_up_unanswered_says_so_in_its_cancel() {
    let mut world = World::new(3);
    call(&mut world, OURS);
    world.run(100);
    let theirs = invited(&mut world);
    world.order(THEM, SipOrder::Ring { dialog: theirs, answer: None });
    world.run(31_000);
    assert!(world.last(US, "CANCEL").unwrap().contains("\r\nReason: Q.850;cause=19;"));
    assert_eq!(heard(&mut world, THEM), [(Some(19), Some("No answer from user".into()))]);
    let notices = world.take(US);
    assert!(matches!(notices.last(), Some(SipNotice::Failed { dialog: OURS, status: 408 })), "{notices:?}");
}

#[test]
fn what_a_server_says_that_makes_way_for_the_next_is_no_reason_of_what_that_one_does() {
    let reason = |cause| format!("Reason: Q.850;cause={cause}\n");
    for (answer, more, told, heard_of) in [
        ("486 Busy Here", String::new(), 486, vec![]),
        ("503 Service Unavailable", String::new(), 503, vec![]),
        ("503 Service Unavailable", reason(42), 503, vec![(Some(42), None)]),
        ("486 Busy Here", reason(17), 486, vec![(Some(17), None)]),
    ] {
        let mut world = calling_at_two_servers();
        respond(&mut world, "503 Service Unavailable", "x", &reason(34), None);
        assert_eq!((world.count(US, "INVITE"), heard(&mut world, US)), (2, vec![]));
        respond(&mut world, answer, "y", &more, None);
        assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status: told }]);
        assert_eq!(heard(&mut world, US), heard_of, "{answer}");
    }
    // It rings at the next for as long as it may.
    let mut world = calling_at_two_servers();
    respond(&mut world, "503 Service Unavailable", "x", &reason(34), None);
    respond(&mut world, "180 Ringing", "y", "", None);
    world.run(31_000);
    let notices = world.take(US);
    assert!(matches!(notices.last(), Some(SipNotice::Failed { dialog: OURS, status: 408 })), "{notices:?}");
    assert_eq!(heard(&mut world, US), []);
}
