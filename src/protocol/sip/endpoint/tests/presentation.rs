//! Who our calls say they are from, and whom of theirs we believe.

use std::sync::Arc;

use super::world::{THEM, US, World, access, to_trunk};
use crate::{
    protocol::sip::{AssertedAs, CallerAccess, DialogId, RedirectionsAs, SipNotice, SipOrder, Transport},
    types::{CallContext, Redirection, RedirectionReason},
};

/// Our terms with the trunk on one side, the default on the other.
fn world(side: usize, terms: CallerAccess) -> World {
    let mut world = World::new(1);
    let mut known = access(world.sides[1 - side].address, Transport::Udp);
    known.trunks[0].caller = terms;
    world.sides[side].endpoint.set_access(Arc::new(known));
    world
}

fn call(world: &mut World) -> String {
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target: to_trunk("912000000"),
        caller: Some("+34911000001".into()),
        caller_name: Some("Ana".into()),
        offer: "v=0\r\n".into(),
        ring_secs: 30,
        context: Default::default(),
    };
    world.order(US, order);
    world.run(100);
    world.last(US, "INVITE").expect("an INVITE")
}

fn caller_seen(world: &mut World) -> (Option<Arc<str>>, Option<Arc<str>>) {
    let told = world.take(THEM);
    let [SipNotice::Invited { caller, caller_name, .. }] = told.as_slice() else { panic!("{told:?}") };
    (caller.clone(), caller_name.clone())
}

#[test]
fn a_trusted_trunk_learns_a_caller_who_stays_anonymous_to_the_called_party() {
    let asserts = |asserts| CallerAccess { asserts, is_hidden: true, ..CallerAccess::default() };
    let mut world = self::world(US, asserts(AssertedAs::Asserted));
    let invite = call(&mut world);
    for line in [
        "\r\nFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=",
        "\r\nP-Asserted-Identity: \"Ana\" <sip:+34911000001@10.0.0.1:5060>\r\n",
        "\r\nPrivacy: id\r\n",
    ] {
        assert!(invite.contains(line), "{line}\n{invite}");
    }
    assert_eq!(caller_seen(&mut world), (None, None), "the other side keeps the secret (RFC 3325 7)");

    let mut world = self::world(US, asserts(AssertedAs::RemoteParty));
    let invite = call(&mut world);
    let line = "Remote-Party-ID: \"Ana\" <sip:+34911000001@10.0.0.1:5060>;party=calling;screen=yes;privacy=full\r\n";
    assert!(invite.contains(line) && invite.contains("Privacy: id\r\n"), "{invite}");

    let mut world = self::world(US, asserts(AssertedAs::Nothing));
    assert!(!call(&mut world).contains("34911000001"), "nobody learns it");
}

#[test]
fn a_caller_who_is_shown_is_asserted_without_privacy() {
    let mut world = self::world(US, CallerAccess { asserts: AssertedAs::Asserted, ..CallerAccess::default() });
    let invite = call(&mut world);
    assert!(invite.contains("P-Asserted-Identity: \"Ana\" <sip:+34911000001@") && !invite.contains("Privacy:"), "{invite}");
    assert_eq!(caller_seen(&mut world), (Some("+34911000001".into()), Some("Ana".into())));
}

#[test]
fn what_a_trunk_asserts_counts_only_where_it_is_believed() {
    let invite = "INVITE sip:1009@10.0.0.2 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKp\nMax-Forwards: 70\n\
                  From: <sip:+34600000001@10.0.0.1>;tag=a\nTo: <sip:1009@10.0.0.2>\nCall-ID: p\nCSeq: 1 INVITE\n\
                  Contact: <sip:a@10.0.0.1>\nP-Asserted-Identity: <sip:+34911000001@10.0.0.1>\nContent-Length: 0\n\n";
    for (is_believed, number) in [(true, "+34911000001"), (false, "+34600000001")] {
        let mut world = self::world(THEM, CallerAccess { is_believed, ..CallerAccess::default() });
        world.inject(THEM, "10.0.0.1:5060", invite);
        assert_eq!(caller_seen(&mut world).0.as_deref(), Some(number));
    }
}

#[test]
fn who_sent_a_call_on_is_told_as_the_trunk_wants_it_and_heard_by_those_who_believe_us() {
    let told = vec![
        Redirection { by: Some("+34911000002".into()), reason: RedirectionReason::Deflection, count: 1 },
        Redirection { by: None, reason: RedirectionReason::UserBusy, count: 1 },
    ];
    for redirections in [RedirectionsAs::Nothing, RedirectionsAs::Diversion, RedirectionsAs::HistoryInfo] {
        let mut world = self::world(US, CallerAccess { redirections, ..CallerAccess::default() });
        let order = SipOrder::Invite {
            dialog: DialogId(2),
            target: to_trunk("912000000"),
            caller: Some("+34911000001".into()),
            caller_name: None,
            offer: "v=0\r\n".into(),
            ring_secs: 30,
            context: CallContext { redirections: told.clone(), ..CallContext::default() },
        };
        world.order(US, order);
        world.run(100);
        let notices = world.take(THEM);
        let [SipNotice::Invited { context, .. }] = notices.as_slice() else { panic!("{notices:?}") };
        let expected = if redirections == RedirectionsAs::Nothing { Vec::new() } else { told.clone() };
        assert_eq!(context.redirections, expected, "{redirections:?}");
    }
    let doubted = CallerAccess { is_believed: false, ..CallerAccess::default() };
    let mut world = self::world(THEM, doubted);
    call(&mut world);
    let notices = world.take(THEM);
    assert!(matches!(notices.as_slice(), [SipNotice::Invited { context, .. }] if context.redirections.is_empty()));
}
