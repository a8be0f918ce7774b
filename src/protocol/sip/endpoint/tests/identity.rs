//! Signed caller identity: one endpoint signs, the other compares and asks for the signature to be checked.

use std::sync::Arc;

use super::world::{THEM, US, World, access, to_trunk};
use crate::{
    protocol::{
        sip::{
            AssertedAs, CallerAccess, DialogId, IdentityCheck, SipMessage, SipNotice, SipOrder, StirAccess, Transport,
            header::Name,
        },
        stir::{Called, Claims, PassportSigner, read_identity, write_identity},
    },
    types::{Attestation, CallContext, CallerIdentity, IdentityFault, OriginalNumbers},
};

const OURS: DialogId = DialogId(2);
const OFFER: &str = "v=0\r\n";

#[derive(Debug)]
struct Signer;

impl PassportSigner for Signer {
    fn sign(&self, _: &[u8]) -> Option<Vec<u8>> {
        Some(vec![0x30, 6, 2, 1, 7, 2, 1, 9])
    }

    fn certificate_url(&self) -> &str {
        "https://certificates.example/ours.pem"
    }
}

/// We sign with full attestation for numbers that begin with +34911; they look at it as `check` says.
fn world(check: IdentityCheck) -> World {
    let mut world = World::with(1, Transport::Udp, |settings| settings.signer = Some(Arc::new(Signer)));
    let ours = StirAccess { attests: Some(Attestation::A), own_numbers: vec!["34911".into()], ..StirAccess::default() };
    let theirs = StirAccess { check, takes_verstat: true, ..StirAccess::default() };
    for (side, stir) in [(US, ours), (THEM, theirs)] {
        let mut known = access(world.sides[1 - side].address, Transport::Udp);
        known.trunks[0].stir = stir;
        world.sides[side].endpoint.set_access(Arc::new(known));
    }
    world
}

fn call(world: &mut World, caller: &str) {
    let order = SipOrder::Invite {
        dialog: OURS,
        target: to_trunk("912000000"),
        caller: Some(caller.into()),
        caller_name: None,
        offer: OFFER.into(),
        ring_secs: 30,
        context: Default::default(),
    };
    world.order(US, order);
    world.run(100);
}

fn check(world: &mut World, result: Result<(), IdentityFault>) {
    let [(THEM, dialog, _)] = world.to_verify[..] else { panic!("{:?}", world.to_verify) };
    world.sides[THEM].endpoint.identity_checked(dialog, result, world.now);
    world.run(100);
}

fn identity(world: &mut World) -> Option<CallerIdentity> {
    let told = world.take(THEM);
    let [SipNotice::Invited { identity, .. }] = told.as_slice() else { panic!("{told:?}") };
    identity.clone()
}

/// An INVITE of the trunk with these lines besides.
fn invite(world: &mut World, from: &str, lines: &str) {
    let text = format!(
        "INVITE sip:1009@10.0.0.2 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{}\nFrom: <{from}>;tag=a\n\
         To: <sip:1009@10.0.0.2>\nCall-ID: x{0}\nCSeq: 1 INVITE\nContact: <sip:a@10.0.0.1>\nMax-Forwards: 70\n{lines}Content-Length: 0\n\n",
        world.log.len(),
    );
    world.inject(THEM, "10.0.0.1:5060", &text);
    world.run(50);
}

#[test]
fn a_signed_call_waits_for_its_check_and_arrives_with_the_verdict() {
    let mut world = world(IdentityCheck::Verify);
    call(&mut world, "+34911000001");
    assert!(world.last(US, "INVITE").unwrap().contains("\r\nIdentity: eyJ"));
    assert!(world.take(THEM).is_empty(), "nobody has heard of the call yet");
    let passport = world.to_verify[0].2.clone();
    assert_eq!((passport.claims.caller.as_str(), passport.claims.called.numbers[0].as_str()), ("34911000001", "34912000000"));
    check(&mut world, Ok(()));
    let Some(CallerIdentity::Verified { attestation: Some(Attestation::A), origin: Some(origin) }) = identity(&mut world)
    else {
        panic!("not verified")
    };
    assert_eq!((origin.len(), origin.as_bytes()[14]), (36, b'4'), "a random UUID: {origin}");
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    world.assert_empty();
}

/// The same statement on another call, with its signature, which still holds.
fn called_again_with(world: &mut World, identity: &str, call_id: &str) {
    let text = format!(
        "INVITE sip:912000000@10.0.0.2 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{call_id}\n\
         From: <sip:+34911000001@10.0.0.1>;tag=again\nTo: <sip:912000000@10.0.0.2>\nCall-ID: {call_id}\nCSeq: 1 INVITE\n\
         Contact: <sip:a@10.0.0.1>\nMax-Forwards: 70\n{identity}\nContent-Length: 0\n\n"
    );
    world.inject(THEM, "10.0.0.1:5060", &text);
    let (_, dialog, _) = world.to_verify.pop().expect("a statement to verify");
    world.sides[THEM].endpoint.identity_checked(dialog, Ok(()), world.now);
    world.collect();
}

#[test]
fn a_statement_that_was_overheard_proves_nothing_on_another_call() {
    for check_is in [IdentityCheck::Verify, IdentityCheck::Require] {
        let mut world = world(check_is);
        call(&mut world, "+34911000001");
        let sent = world.last(US, "INVITE").expect("an INVITE");
        let statement = sent.lines().find(|line| line.starts_with("Identity: ")).expect("a statement").to_owned();
        check(&mut world, Ok(()));
        assert!(matches!(identity(&mut world), Some(CallerIdentity::Verified { .. })));
        world.to_verify.clear();
        called_again_with(&mut world, &statement, "overheard");
        match check_is {
            IdentityCheck::Require => {
                assert!(world.last(THEM, "SIP/2.0 438 ").is_some(), "refused");
                assert!(world.take(THEM).is_empty(), "and not told");
            }
            _ => assert_eq!(identity(&mut world), Some(CallerIdentity::Failed { why: IdentityFault::Replayed })),
        }
    }
}

#[test]
fn a_number_that_is_not_ours_gets_no_full_attestation() {
    let mut world = world(IdentityCheck::Verify);
    call(&mut world, "+34600000001");
    assert_eq!(world.to_verify[0].2.claims.attestation, Attestation::B);
    check(&mut world, Err(IdentityFault::Signature));
    assert_eq!(identity(&mut world), Some(CallerIdentity::Failed { why: IdentityFault::Signature }), "it goes on all the same");
}

#[test]
fn a_check_that_takes_too_long_lets_the_call_go_on_unverified() {
    let mut world = world(IdentityCheck::Verify);
    call(&mut world, "+34911000001");
    world.run(1_000);
    assert_eq!(identity(&mut world), Some(CallerIdentity::Failed { why: IdentityFault::TooLate }));
    check(&mut world, Ok(()));
    assert!(world.take(THEM).is_empty(), "the late verdict changes nothing");
}

#[test]
fn a_caller_who_gives_up_during_the_check_was_never_there() {
    let mut world = world(IdentityCheck::Verify);
    call(&mut world, "+34911000001");
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    world.run(100);
    check(&mut world, Ok(()));
    assert!(world.take(THEM).is_empty());
    world.assert_empty();
}

#[test]
fn a_trunk_that_demands_statements_hears_why_a_call_is_refused() {
    for (fault, status) in [
        (IdentityFault::NoCertificate, 436),
        (IdentityFault::TooLate, 436),
        (IdentityFault::Untrusted, 437),
        (IdentityFault::Signature, 438),
    ] {
        let mut world = world(IdentityCheck::Require);
        call(&mut world, "+34911000001");
        check(&mut world, Err(fault));
        assert_eq!(world.take(US), [SipNotice::Failed { dialog: OURS, status }], "{fault:?}");
        assert!(world.take(THEM).is_empty());
        assert_eq!(world.sides[THEM].endpoint.stats().identities.refused, 1);
        world.assert_empty();
    }
    let mut world = world(IdentityCheck::Require);
    invite(&mut world, "sip:+34911000001@10.0.0.1", "");
    assert!(world.last(THEM, "SIP/2.0 428 Use Identity Header\r\n").is_some());
}

#[test]
fn a_statement_about_another_call_is_not_even_looked_up() {
    let mut world = world(IdentityCheck::Verify);
    call(&mut world, "+34911000001");
    let sent = world.last(US, "INVITE").unwrap();
    let header = sent.lines().find(|line| line.starts_with("Identity")).unwrap().to_owned();
    world.to_verify.clear();
    world.order(US, SipOrder::Cancel { dialog: OURS, is_answered_elsewhere: false });
    world.run(100);
    let failed = |why| Some(CallerIdentity::Failed { why });
    let lines = format!("{header}\n");
    invite(&mut world, "sip:+34911000009@10.0.0.1", &lines);
    assert_eq!(identity(&mut world), failed(IdentityFault::OtherCaller));
    invite(&mut world, "sip:+34911000001@10.0.0.1", &lines);
    assert_eq!(identity(&mut world), failed(IdentityFault::OtherCalled));
    invite(&mut world, "sip:x@10.0.0.1", "y: a.b.c;info=<https://x.example/>;ppt=shaken\n");
    assert_eq!(identity(&mut world), failed(IdentityFault::Malformed));
    world.run(120_000);
    invite(&mut world, "sip:+34911000001@10.0.0.1", &lines);
    assert_eq!(identity(&mut world), failed(IdentityFault::Stale));
    assert!(world.to_verify.is_empty());
    assert_eq!(world.sides[THEM].endpoint.stats().identities.failed.iter().sum::<u64>(), 4);
}

#[test]
fn no_time_of_a_statement_is_too_far_away() {
    for issued_at in [i64::MIN, i64::MAX, 0] {
        let mut world = world(IdentityCheck::Verify);
        let claims = Claims {
            attestation: Attestation::A,
            caller: "34911000001".into(),
            called: Called { numbers: vec!["1009".into()] },
            issued_at,
            origin: "x".into(),
        };
        let line = write_identity(&claims.sign(&Signer).expect("signed"), Signer.certificate_url());
        invite(&mut world, "sip:+34911000001@10.0.0.1", &format!("Identity: {line}\n"));
        assert_eq!(identity(&mut world), Some(CallerIdentity::Failed { why: IdentityFault::Stale }), "{issued_at}");
    }
}

#[test]
fn the_verdict_of_a_trunk_that_has_checked_is_taken() {
    let mut world = world(IdentityCheck::Require);
    let asserted = |verstat: &str| format!("P-Asserted-Identity: <sip:+34911000001;verstat={verstat}@10.0.0.1;user=phone>\n");
    let passed = asserted("TN-Validation-Passed") + "P-Attestation-Indicator: B\n";
    invite(&mut world, "sip:+34911000001@10.0.0.1", &passed);
    let verified = CallerIdentity::Verified { attestation: Some(Attestation::B), origin: None };
    assert_eq!(identity(&mut world), Some(verified));
    invite(&mut world, "sip:+34911000001@10.0.0.1", "P-Asserted-Identity: <tel:+34911000001;verstat=TN-Validation-Passed>\n");
    assert!(matches!(identity(&mut world), Some(CallerIdentity::Verified { attestation: None, .. })));
    invite(&mut world, "sip:+34911000001@10.0.0.1", &asserted("TN-Validation-Failed"));
    assert!(world.last(THEM, "SIP/2.0 438 ").is_some());
    assert!(world.take(THEM).is_empty());
}

#[test]
fn only_the_number_that_is_shown_counts_as_verified() {
    let shown = |number: &str| format!("sip:{number}@10.0.0.1");
    let tel = "P-Asserted-Identity: <tel:+34911000001;verstat=TN-Validation-Passed>\n";
    let both = format!("P-Asserted-Identity: <sip:+34600000001@10.0.0.1>\n{tel}");
    for (is_believed, from, lines, is_verified) in [
        (false, "+34600000001", tel, false),
        (false, "+34911000001", tel, true),
        (false, "+34911000001;verstat=TN-Validation-Passed", "", true),
        (true, "+34600000001", tel, true),
        (true, "+34911000001", &both, false),
        (true, "+34911000001;verstat=TN-Validation-Passed", &both, false),
        (true, "+34600000001", &both.replace("34600000001", "34911000001"), true),
    ] {
        let mut world = world(IdentityCheck::Off);
        let mut known = access(world.sides[US].address, Transport::Udp);
        known.trunks[0].stir = StirAccess { takes_verstat: true, ..StirAccess::default() };
        known.trunks[0].caller.is_believed = is_believed;
        world.sides[THEM].endpoint.set_access(Arc::new(known));
        invite(&mut world, &shown(from), lines);
        assert_eq!(identity(&mut world).is_some(), is_verified, "{is_believed} {from} {lines}");
    }
}

#[test]
fn a_statement_is_compared_with_the_number_that_is_shown() {
    let mut world = world(IdentityCheck::Verify);
    let claims = Claims {
        attestation: Attestation::A,
        caller: "34911000001".into(),
        called: Called { numbers: vec!["1009".into()] },
        issued_at: world.now.wall.as_millis() / 1_000,
        origin: "x".into(),
    };
    let line = write_identity(&claims.sign(&Signer).expect("signed"), Signer.certificate_url());
    let asserted = "P-Asserted-Identity: <sip:bank@10.0.0.1>, <tel:+34911000001>\n";
    invite(&mut world, "sip:+34911000001@10.0.0.1", &format!("{asserted}Identity: {line}\n"));
    assert_eq!(identity(&mut world), Some(CallerIdentity::Failed { why: IdentityFault::OtherCaller }));
    assert!(world.to_verify.is_empty());
}

#[test]
fn a_number_that_nobody_may_learn_is_not_signed() {
    for (asserts, is_signed) in [(AssertedAs::Nothing, false), (AssertedAs::Asserted, true)] {
        let mut world = world(IdentityCheck::Off);
        let mut known = access(world.sides[THEM].address, Transport::Udp);
        known.trunks[0].stir = StirAccess { attests: Some(Attestation::A), ..StirAccess::default() };
        known.trunks[0].caller = CallerAccess { asserts, is_hidden: true, ..CallerAccess::default() };
        world.sides[US].endpoint.set_access(Arc::new(known));
        call(&mut world, "+34911000001");
        assert_eq!(world.last(US, "INVITE").unwrap().contains("\r\nIdentity: "), is_signed, "{asserts:?}");
    }
}

#[test]
fn nobody_asks_and_nobody_signs_where_the_trunk_does_not_say_so() {
    let mut world = World::with(1, Transport::Udp, |settings| settings.signer = Some(Arc::new(Signer)));
    call(&mut world, "+34911000001");
    assert!(!world.last(US, "INVITE").unwrap().contains("Identity:"));
    assert_eq!(identity(&mut world), None);
}

#[test]
fn what_is_signed_are_the_numbers_before_the_trunks_rules_rewrote_them() {
    let mut world = world(IdentityCheck::Off);
    let originals = OriginalNumbers { called: "+493012345".into(), caller: Some("+34911000001".into()) };
    let order = SipOrder::Invite {
        dialog: OURS,
        target: to_trunk("03012345"),
        caller: Some("911000001".into()),
        caller_name: None,
        offer: OFFER.into(),
        ring_secs: 30,
        context: CallContext { originals: Some(originals), ..CallContext::default() },
    };
    world.order(US, order);
    world.run(100);
    let invite = world.log.iter().find(|(_, text)| text.starts_with("INVITE sip:03012345@")).unwrap().1.clone();
    let message = SipMessage::parse(invite.as_bytes()).unwrap();
    let statement = message.first(Name::Identity).unwrap();
    let passport = read_identity(statement).unwrap().unwrap();
    assert_eq!(
        (passport.claims.caller.as_str(), passport.claims.called.numbers),
        ("34911000001", vec!["493012345".to_owned()])
    );
}
