//! What is asked of trunks, and how we register with carriers. The other side is played by hand.

use std::sync::Arc;

use super::world::{US, World, access, address, answer_to, target};
use crate::{
    protocol::sip::{
        CallSource, DialogId, Ha1, Hop, PingSettings, SipAccess, SipNotice, SipOrder, Transport, TrunkAccess, TrunkFault,
        TrunkHealth, TrunkRegistration,
    },
    types::IpPrefix,
};

/// A carrier that lives where nobody answers unless the test does.
const CARRIER: &str = "203.0.113.9:5060";
const OTHER_SERVER: &str = "203.0.113.10:5060";

fn carrier(change: impl FnOnce(&mut TrunkAccess)) -> Arc<SipAccess> {
    let mut access = access(address(CARRIER), Transport::Udp);
    let trunk = access.trunks.first_mut().expect("a trunk");
    trunk.prefixes.clear();
    trunk.their_secret = Some(Ha1::new("line", "carrier.example", "carrier"));
    change(trunk);
    Arc::new(access)
}

fn pinged() -> Arc<SipAccess> {
    carrier(|trunk| trunk.is_pinged = true)
}

fn registering() -> Arc<SipAccess> {
    carrier(|trunk| {
        trunk.registers = Some(600);
        trunk.domain = Some("carrier.example".into());
        trunk.contact_user = Some("9f0c1d".into());
    })
}

/// Gives the carrier a second server behind the first one.
fn with_another_server(trunk: &mut TrunkAccess) {
    trunk.targets.push(target(Hop { transport: Transport::Udp, address: address(OTHER_SERVER), name: None, terms: None }));
}

/// Where the last request went.
fn last_asked(world: &World) -> String {
    world.stray.last().map(|(to, _)| to.to_string()).unwrap_or_default()
}

fn begin(access: Arc<SipAccess>) -> World {
    let mut world = World::with(7, Transport::Udp, |settings| {
        settings.pings = PingSettings { every_ms: 30_000, answer_ms_max: 4_000, failures_max: 2 };
    });
    world.sides[US].endpoint.set_access(access);
    world
}

/// Answers the last request that went to the carrier.
fn answer(world: &mut World, status: &str, more: &str) {
    answer_from(world, CARRIER, status, more);
}

fn answer_from(world: &mut World, server: &str, status: &str, more: &str) {
    let (_, request) = world.stray.last().cloned().expect("a request");
    world.inject(US, server, &answer_to(&request, status, more));
}

fn requests(world: &World, method: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for (_, text) in &world.stray {
        // Repetitions are the same octets.
        if text.starts_with(method) && !seen.contains(text) {
            seen.push(text.clone());
        }
    }
    seen
}

fn line<'a>(request: &'a str, name: &str) -> &'a str {
    request.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim_start_matches([':', ' '])
}

fn health(world: &mut World) -> Vec<TrunkHealth> {
    let told = world.take(US);
    told.into_iter()
        .filter_map(|notice| match notice {
            SipNotice::TrunkHealthChanged { health, .. } => Some(health),
            _ => None,
        })
        .collect()
}

fn registration(world: &mut World) -> Vec<TrunkRegistration> {
    let told = world.take(US);
    told.into_iter()
        .filter_map(|notice| match notice {
            SipNotice::TrunkRegistrationChanged { registration, .. } => Some(registration),
            _ => None,
        })
        .collect()
}

#[test]
fn a_trunk_that_answers_whatever_is_up_and_one_that_is_silent_twice_is_down_until_it_answers() {
    let mut world = begin(pinged());
    world.run(100);
    assert_eq!(requests(&world, "OPTIONS").len(), 1);
    // It does not know the method, but it lives.
    answer(&mut world, "405 Method Not Allowed", "");
    assert_eq!(health(&mut world), [TrunkHealth::Up]);
    world.run(30_000);
    assert_eq!(requests(&world, "OPTIONS").len(), 2, "asked again after the interval");
    world.run(4_500);
    assert_eq!(health(&mut world), [], "one silence is an accident");
    world.run(5_000);
    assert_eq!(health(&mut world), [TrunkHealth::Down(TrunkFault::NoAnswer)]);
    world.run(30_000);
    answer(&mut world, "200 OK", "");
    assert_eq!(health(&mut world), [TrunkHealth::Up]);
}

#[test]
fn a_trunk_that_says_503_is_down_with_that_reason_and_one_that_is_not_watched_any_more_is_asked_no_more() {
    let mut world = begin(pinged());
    world.run(100);
    answer(&mut world, "503 Service Unavailable", "");
    world.run(1_100);
    answer(&mut world, "503 Service Unavailable", "");
    assert_eq!(health(&mut world), [TrunkHealth::Down(TrunkFault::Refused { status: 503 })]);
    world.sides[US].endpoint.set_access(carrier(|_| {}));
    let asked = requests(&world, "OPTIONS").len();
    world.run(120_000);
    assert_eq!(requests(&world, "OPTIONS").len(), asked);
    world.assert_empty();
}

#[test]
fn a_trunk_is_up_while_any_of_its_servers_answers() {
    let mut world = begin(carrier(|trunk| {
        trunk.is_pinged = true;
        with_another_server(trunk);
    }));
    world.run(100);
    assert_eq!(last_asked(&world), CARRIER);
    world.run(4_100);
    assert_eq!(last_asked(&world), OTHER_SERVER, "the first is silent");
    answer_from(&mut world, OTHER_SERVER, "200 OK", "");
    assert_eq!(health(&mut world), [TrunkHealth::Up]);
    world.run(30_000);
    assert_eq!(last_asked(&world), CARRIER, "the first one first, in every round");
    // Two rounds in which both are silent.
    world.run(8_500);
    assert_eq!(health(&mut world), [], "one round may be an accident");
    world.run(9_500);
    assert_eq!(health(&mut world), [TrunkHealth::Down(TrunkFault::NoAnswer)]);
}

#[test]
fn a_registration_goes_to_the_next_server_when_one_is_full_and_stays_there() {
    let mut world = begin(carrier(|trunk| {
        trunk.registers = Some(600);
        with_another_server(trunk);
    }));
    world.run(100);
    assert_eq!(last_asked(&world), CARRIER);
    answer(&mut world, "503 Service Unavailable", "");
    world.run(100);
    assert_eq!(last_asked(&world), OTHER_SERVER);
    assert_eq!(registration(&mut world), [], "there is still somebody to ask");
    answer_from(&mut world, OTHER_SERVER, "200 OK", "Expires: 600\n");
    assert_eq!(registration(&mut world), [TrunkRegistration::Registered]);
    let asked = requests(&world, "REGISTER").len();
    world.run(600_000);
    assert!(requests(&world, "REGISTER").len() > asked);
    assert_eq!(last_asked(&world), OTHER_SERVER);
}

#[test]
fn much_is_expected_from_where_we_register_and_from_a_trunks_sources() {
    let expected = |access: Arc<SipAccess>| access.expected_sources();
    let server = IpPrefix::host(address(CARRIER).ip());
    assert_eq!(expected(registering()), [server]);
    assert_eq!(expected(pinged()), [], "a peer that only takes calls brings none");
    let sources = IpPrefix::parse("198.51.100.0/24").expect("a prefix");
    assert_eq!(expected(carrier(|trunk| trunk.prefixes = vec![sources])), [sources]);
}

#[test]
fn a_registration_answers_the_challenge_and_is_renewed_before_it_runs_out() {
    let mut world = begin(registering());
    world.run(10);
    let first = requests(&world, "REGISTER").remove(0);
    assert!(first.starts_with("REGISTER sip:carrier.example SIP/2.0"), "{first}");
    assert_eq!(line(&first, "To"), "<sip:line@carrier.example>");
    assert_eq!((line(&first, "Contact"), line(&first, "Expires")), ("<sip:9f0c1d@10.0.0.1:5060>", "600"));
    let challenge = "WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\n\
                     WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\n";
    answer(&mut world, "401 Unauthorized", challenge);
    let second = requests(&world, "REGISTER").remove(1);
    assert!(line(&second, "Authorization").contains("algorithm=SHA-256"), "the stronger one: {second}");
    assert_eq!(line(&second, "Call-ID"), line(&first, "Call-ID"), "one Call-ID for one registrar");
    assert_eq!((line(&first, "CSeq"), line(&second, "CSeq")), ("1 REGISTER", "2 REGISTER"));
    // It grants less than we asked for.
    answer(&mut world, "200 OK", "Contact: <sip:9f0c1d@10.0.0.1:5060>;expires=100, <sip:other@10.0.0.8>;expires=3000\n");
    assert_eq!(registration(&mut world), [TrunkRegistration::Registered]);
    world.run(69_000);
    assert_eq!(requests(&world, "REGISTER").len(), 2);
    world.run(12_000);
    assert_eq!(requests(&world, "REGISTER").len(), 3, "renewed between seven and eight tenths of the time");
}

#[test]
fn a_second_challenge_for_the_same_proof_is_a_refusal_but_a_stale_nonce_is_not() {
    let challenge = |more: &str| format!("WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"n\"{more}\n");
    let mut world = begin(registering());
    world.run(10);
    answer(&mut world, "401 Unauthorized", &challenge(""));
    answer(&mut world, "401 Unauthorized", &challenge(", stale=TRUE"));
    assert_eq!(requests(&world, "REGISTER").len(), 3);
    answer(&mut world, "401 Unauthorized", &challenge(", stale=true"));
    assert_eq!(registration(&mut world), [TrunkRegistration::Failed(TrunkFault::Refused { status: 401 })]);
    assert_eq!(requests(&world, "REGISTER").len(), 3, "it could go on for ever");
}

#[test]
fn a_registrar_that_wants_longer_gets_longer_and_one_that_refuses_is_asked_at_growing_distances() {
    let mut world = begin(registering());
    world.run(10);
    answer(&mut world, "423 Interval Too Brief", "Min-Expires: 900\n");
    assert_eq!(line(&requests(&world, "REGISTER")[1], "Expires"), "900");
    answer(&mut world, "403 Forbidden", "");
    assert_eq!(registration(&mut world), [TrunkRegistration::Failed(TrunkFault::Refused { status: 403 })]);
    world.run(14_000);
    assert_eq!(requests(&world, "REGISTER").len(), 2);
    world.run(17_000);
    assert_eq!(requests(&world, "REGISTER").len(), 3, "within 15 to 30 seconds");
    answer(&mut world, "503 Service Unavailable", "Retry-After: 300 (maintenance)\n");
    world.run(299_000);
    assert_eq!(requests(&world, "REGISTER").len(), 3, "not before it said");
    world.run(2_000);
    assert_eq!(requests(&world, "REGISTER").len(), 4);
    // Silence is a failure too.
    world.run(33_000);
    assert_eq!(
        registration(&mut world),
        [TrunkRegistration::Failed(TrunkFault::Refused { status: 503 }), TrunkRegistration::Failed(TrunkFault::NoAnswer)]
    );
}

#[test]
fn a_call_to_our_contact_is_the_trunks_for_the_number_in_to_and_one_to_another_contact_is_challenged() {
    let mut world = begin(registering());
    world.run(10);
    answer(&mut world, "200 OK", "Expires: 600\n");
    world.take(US);
    // From an address of the carrier that nobody told us.
    let invite = |user: &str| {
        format!(
            "INVITE sip:{user}@10.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.77:5060;branch=z9hG4bK{user}\nMax-Forwards: 70\n\
             From: <sip:+34600111222@carrier.example>;tag=f\nTo: <sip:+34911000001@carrier.example>\nCall-ID: {user}\n\
             CSeq: 1 INVITE\nContact: <sip:c@203.0.113.77>\nContent-Length: 0\n\n"
        )
    };
    world.inject(US, "203.0.113.77:5060", &invite("9f0c1e"));
    assert!(world.stray.last().is_some_and(|(_, text)| text.starts_with("SIP/2.0 401")), "a guess");
    world.inject(US, "203.0.113.77:5060", &invite("9f0c1d"));
    let told = world.take(US);
    let [SipNotice::Invited { source: CallSource::Trunk(trunk), called, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((trunk.as_str(), &**called), ("peer", "+34911000001"));
}

#[test]
fn a_registration_is_taken_back_at_the_end_with_proof_and_a_silent_registrar_is_not_waited_for() {
    for is_silent in [false, true] {
        let mut world = begin(registering());
        world.run(10);
        answer(&mut world, "200 OK", "Expires: 600\n");
        let now = world.now;
        world.sides[US].endpoint.leave_registrars(now);
        world.run(1);
        assert_eq!(registration(&mut world), [TrunkRegistration::Registered, TrunkRegistration::Off]);
        assert_eq!(line(&requests(&world, "REGISTER")[1], "Expires"), "0");
        assert_eq!(world.sides[US].endpoint.stats().leaving, 1);
        if is_silent {
            world.run(2_000);
        } else {
            answer(&mut world, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"n\"\n");
            assert!(!line(&requests(&world, "REGISTER")[2], "Authorization").is_empty());
            answer(&mut world, "200 OK", "");
        }
        assert_eq!(world.sides[US].endpoint.stats().leaving, 0, "silent: {is_silent}");
        world.run(700_000);
        assert_eq!(requests(&world, "REGISTER").len(), if is_silent { 2 } else { 3 });
        world.assert_empty();
    }
}

#[test]
fn a_server_that_does_not_take_our_proof_makes_way_for_the_next() {
    let mut world = begin(carrier(with_another_server));
    let target = super::world::to_trunk("1001");
    let (dialog, offer) = (DialogId(2), "v=0\r\n".into());
    world.order(
        US,
        SipOrder::Invite { dialog, target, caller: None, caller_name: None, offer, ring_secs: 30, context: Default::default() },
    );
    assert_eq!(last_asked(&world), CARRIER);
    let challenge = "Proxy-Authenticate: Digest realm=\"nobody.example\", nonce=\"n\"\n";
    answer(&mut world, "407 Proxy Authentication Required", challenge);
    assert_eq!(last_asked(&world), OTHER_SERVER);
    answer_from(&mut world, OTHER_SERVER, "407 Proxy Authentication Required", challenge);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog, status: 407 }]);
}
