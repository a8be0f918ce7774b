//! Who is let in: digest, registration, floods, limits, and what is answered to the rest.

use std::sync::Arc;

use super::{
    phones::{AWAY, Phone, first_line},
    world::{THEM, US, World, access, address, udp},
};
use crate::{
    protocol::sip::{CallSource, DialogId, FloodLimits, Ha1, SipMessage, SipNotice, SipOrder, Transport, malformed_response},
    types::IpPrefix,
};

#[test]
fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let mut answers = Vec::new();
    for (account, password) in [("101", "wrong"), ("777", "secret")] {
        let mut world = World::new(4);
        let mut phone = Phone::new(account, password, AWAY);
        assert_eq!(phone.say(&mut world, "REGISTER", ""), "SIP/2.0 401 Unauthorized");
        let shape: Vec<String> = world.stray.last().unwrap().1.lines().map(|line| line.replace(account, "N")).collect();
        answers.push(shape.into_iter().filter(|line| !line.starts_with("To:")).collect::<Vec<_>>());
        assert!(world.take(US).is_empty());
        assert_eq!(world.sides[US].endpoint.stats().failed_proofs, 1);
        world.assert_empty();
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_replayed_proof_is_stale_and_lets_nobody_in() {
    let mut world = World::new(5);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", ""), "SIP/2.0 200 OK");
    let mut thief = Phone::new("101", "", AWAY);
    let request = phone.request("REGISTER", "");
    world.inject(US, AWAY, &request);
    let challenge = world.stray.last().unwrap().1.clone();
    let proof = format!("Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
    let used = phone.request("REGISTER", &proof);
    world.inject(US, AWAY, &used);
    assert_eq!(first_line(&world.stray.last().unwrap().1), "SIP/2.0 200 OK");
    thief.cseq = 50;
    let replay = thief.request("REGISTER", &proof);
    world.inject(US, AWAY, &replay);
    let answer = &world.stray.last().unwrap().1;
    assert!(answer.starts_with("SIP/2.0 401") && answer.contains("stale=true"), "{answer}");
    // A nonce ends after five minutes.
    world.inject(US, AWAY, &phone.request("REGISTER", ""));
    let challenge = world.stray.last().unwrap().1.clone();
    let late = format!("Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
    world.run(301_000);
    world.inject(US, AWAY, &phone.request("REGISTER", &late));
    assert!(world.stray.last().unwrap().1.contains("stale=true"));
}

#[test]
fn a_phone_does_not_register_for_another_account() {
    let mut world = World::new(6);
    let mut phone = Phone::new("101", "secret", AWAY);
    let first = phone.request("REGISTER", "").replace("To: <sip:101@", "To: <sip:102@");
    world.inject(US, AWAY, &first);
    let challenge = world.stray.last().unwrap().1.clone();
    let proof = format!("Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
    let second = phone.request("REGISTER", &proof).replace("To: <sip:101@", "To: <sip:102@");
    world.inject(US, AWAY, &second);
    assert_eq!(first_line(&world.stray.last().unwrap().1), "SIP/2.0 403 Forbidden");
    assert!(world.take(US).is_empty());
}

#[test]
fn a_phone_that_cannot_skip_sha_256_is_shown_md5_alone() {
    let mut world = World::new(17);
    let offers = |world: &World| world.stray.last().unwrap().1.matches("algorithm=SHA-256").count();
    let mut old = Phone::new("101", "secret", AWAY);
    let request = old.request("REGISTER", "User-Agent: baresip v1.0.0 (x86_64/linux)\n");
    world.inject(US, AWAY, &request);
    assert_eq!(offers(&world), 0);
    // Another of its kind is recognised when it comes back without an answer.
    let mut unnamed = Phone::new("102", "secret", AWAY);
    for expected in [1, 0] {
        let request = unnamed.request("REGISTER", "");
        world.inject(US, AWAY, &request);
        assert_eq!(offers(&world), expected);
    }
    let challenge = world.stray.last().unwrap().1.clone();
    let proof = format!("Authorization: {}\n", unnamed.answer(&mut world, &challenge, "REGISTER"));
    world.inject(US, AWAY, &unnamed.request("REGISTER", &proof));
    assert!(world.stray.last().unwrap().1.starts_with("SIP/2.0 200"));
    // Once it has proven itself it is shown both again.
    world.inject(US, AWAY, &unnamed.request("REGISTER", ""));
    assert_eq!(offers(&world), 1);
}

#[test]
fn strangers_never_call_through_and_cost_no_memory() {
    let mut world = World::new(7);
    let mut stranger = Phone::new("boss", "x", AWAY);
    for _ in 0..50 {
        let invite = stranger.request("INVITE", "");
        world.inject(US, AWAY, &invite);
        assert!(world.stray.last().unwrap().1.starts_with("SIP/2.0 401"));
    }
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.dialogs, stats.transactions), (0, 0));
    assert!(world.take(US).is_empty());
}

#[test]
fn a_flood_is_not_heard_for_five_minutes_and_trunks_are_never_banned() {
    let mut world = World::new(8);
    let mut flooder = Phone::new("x", "x", "203.0.113.66:5060");
    for _ in 0..500 {
        let invite = flooder.request("INVITE", "");
        world.inject(US, flooder.at, &invite);
    }
    assert_eq!(world.stray.len(), FloodLimits::default().burst_max as usize);
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.bans, stats.dropped), (1, 400));
    world.run(5 * 60_000);
    world.inject(US, flooder.at, &flooder.request("OPTIONS", ""));
    assert!(world.stray.last().unwrap().1.starts_with("SIP/2.0 200"));

    let mut trunk = Phone::new("x", "x", "10.0.0.2:5999");
    world.stray.clear();
    for _ in 0..500 {
        let options = trunk.request("OPTIONS", "");
        world.inject(US, trunk.at, &options);
    }
    assert_eq!(world.stray.len(), 500);
}

#[test]
fn guessing_passwords_brings_a_ban() {
    let mut world = World::new(9);
    let mut guesser = Phone::new("101", "guess", "203.0.113.67:5060");
    for _ in 0..40 {
        guesser.say(&mut world, "REGISTER", "");
        world.run(100);
    }
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.failed_proofs, stats.bans), (u64::from(FloodLimits::default().failures_max) + 1, 1));
}

#[test]
fn scanners_hear_nothing() {
    let mut world = World::new(10);
    let mut scanner = Phone::new("100", "x", AWAY);
    for method in ["OPTIONS", "INVITE", "REGISTER"] {
        let request = scanner.request(method, "User-Agent: friendly-scanner\n");
        world.inject(US, AWAY, &request);
    }
    assert!(world.stray.is_empty());
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.dropped, stats.bans, stats.banned), (3, 1, 1));
    // Whoever it is, nothing of that address is heard any more, and the sockets are told.
    let mut other = Phone::new("101", "secret", AWAY);
    let request = other.request("REGISTER", "");
    world.inject(US, AWAY, &request);
    assert!(world.stray.is_empty());
    assert_eq!(world.bans, [address(AWAY).ip()]);
}

#[test]
fn an_address_on_the_list_is_never_banned() {
    let mut world = World::with(21, Transport::Udp, |settings| {
        settings.never_banned = IpPrefix::parse("198.51.100.0/24").into_iter().collect();
    });
    let mut monitor = Phone::new("x", "guess", AWAY);
    for _ in 0..500 {
        world.stray.clear();
        monitor.say(&mut world, "REGISTER", "User-Agent: friendly-scanner\n");
        assert_eq!(world.stray.len(), 2);
    }
    let endpoint = &world.sides[US].endpoint;
    assert_eq!(endpoint.stats().bans, 0);
    // Nor is anybody told to close a firewall to it, or to the trunk.
    let shared =
        ["198.51.100.7", "10.0.0.2", "::ffff:10.0.0.2", "203.0.113.7"].map(|ip| endpoint.is_shared(ip.parse().unwrap()));
    assert_eq!(shared, [true, true, true, false]);
}

#[test]
fn looking_which_accounts_there_are_finds_nothing_and_brings_a_ban() {
    let mut world = World::new(22);
    let mut shapes = std::collections::BTreeSet::new();
    // 101 and 102 are there, the others are not; nobody can tell, whatever he asks for them.
    for method in ["REGISTER", "INVITE", "SUBSCRIBE", "OPTIONS", "MESSAGE"] {
        for account in ["101", "102", "103", "104", "admin"] {
            let mut war = Phone::new(account, "x", "203.0.113.68:5060");
            let request = war.request(method, "").replace("1000@centre", &format!("{account}@centre"));
            let request = request.replace("sip:1000@", &format!("sip:{account}@"));
            world.inject(US, war.at, &request);
            let answer = world.stray.pop().expect("an answer").1;
            let start = answer.find("nonce=").unwrap_or(answer.len());
            let lines = answer.get(..start).unwrap_or_default().lines();
            let shape: Vec<&str> =
                lines.filter(|line| !["Via", "From", "To", "Call"].iter().any(|own| line.starts_with(own))).collect();
            shapes.insert(format!("{method} {}", shape.join("|")));
        }
    }
    assert_eq!(shapes.len(), 5, "{shapes:#?}");
    assert!(world.bans.is_empty());
    let mut war = Phone::new("500", "x", "203.0.113.68:5060");
    for _ in 0..300 {
        let request = war.request("REGISTER", "");
        world.inject(US, war.at, &request);
        world.run(200);
    }
    assert_eq!(world.bans, [address("203.0.113.68:5060").ip()]);
    assert!(world.stray.len() <= FloodLimits::default().unanswered_max as usize);
}

#[test]
fn a_whole_office_behind_one_address_registers_without_a_ban() {
    let mut world = World::new(23);
    for n in 0..300 {
        let place = String::leak(format!("198.51.100.7:{}", 10_000 + n));
        let mut phone = Phone::new(if n % 2 == 0 { "101" } else { "102" }, "secret", place);
        assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 3600\n"), "SIP/2.0 200 OK", "{n}");
        world.run(50);
    }
    assert_eq!(world.sides[US].endpoint.stats().bans, 0);
}

#[test]
fn calls_above_the_limit_and_while_draining_get_503_with_retry_after() {
    let mut world = World::with(11, Transport::Udp, |settings| settings.invites_max = 3);
    let mut trunk = Phone::new("x", "x", "10.0.0.2:5999");
    let invite = |trunk: &mut Phone| trunk.request("INVITE", "").replace("Call-ID: x", &format!("Call-ID: {}", trunk.cseq));
    for _ in 0..5 {
        let request = invite(&mut trunk);
        world.inject(US, trunk.at, &request);
    }
    assert_eq!(world.take(US).len(), 3);
    let (_, refusal) = world.stray.last().unwrap();
    assert!(refusal.starts_with("SIP/2.0 503") && refusal.contains("Retry-After: 10\r\n"), "{refusal}");
    for dialog in [1, 3, 5] {
        world.order(US, SipOrder::Reject { dialog: DialogId(dialog), status: 486, retry_after_secs: None });
    }
    world.sides[US].endpoint.set_draining(true);
    let request = invite(&mut trunk);
    world.inject(US, trunk.at, &request);
    assert!(world.stray.last().unwrap().1.starts_with("SIP/2.0 503"));
    assert_eq!(world.sides[US].endpoint.stats().refused, 3);
    world.assert_empty();
}

#[test]
fn what_nobody_can_do_is_refused_by_the_book() {
    let mut world = World::new(12);
    let mut trunk = Phone::new("x", "x", "10.0.0.2:5999");
    for (method, more, status) in [
        ("INVITE", "Require: timer, precondition\n", "420"),
        ("INVITE", "Supported: timer\nSession-Expires: 30\n", "422"),
        ("PUBLISH", "", "405"),
        // Who writes must prove who it is, by a password: a trunk too.
        ("MESSAGE", "", "401"),
        ("DANCE", "", "501"),
        ("BYE", "", "481"),
        ("CANCEL", "", "481"),
        ("OPTIONS", "", "200"),
    ] {
        let request = trunk.request(method, more);
        world.inject(US, trunk.at, &request);
        assert!(world.stray.last().unwrap().1.starts_with(&format!("SIP/2.0 {status}")), "{method}");
    }
    let picture =
        trunk.request("INVITE", "Content-Type: image/png\n").replace("Content-Length: 0\n\n", "Content-Length: 1\n\nx");
    world.inject(US, trunk.at, &picture);
    assert!(world.stray.last().unwrap().1.starts_with("SIP/2.0 415"));
    // An ACK to nothing is never answered.
    world.stray.clear();
    let ack = trunk.request("ACK", "");
    world.inject(US, trunk.at, &ack);
    assert!(world.stray.is_empty());
    world.assert_empty();
}

/// A call out over the trunk, as dialog 2, and the time in which a challenge is answered.
fn call_out(world: &mut World) {
    world.order(
        US,
        SipOrder::Invite {
            dialog: DialogId(2),
            target: super::world::to_trunk("555"),
            caller: Some("+34911".into()),
            caller_name: None,
            offer: "v=0\r\n".into(),
            ring_secs: 5,
            context: Default::default(),
        },
    );
    world.run(200);
}

#[test]
fn a_carrier_that_challenges_is_answered_once() {
    for is_known in [true, false] {
        let mut world = World::new(13);
        // The other side does not know our address, so it wants our digest.
        let mut theirs = access(address("10.0.0.77:5060"), Transport::Udp);
        theirs.trunks[0].secret = is_known.then(|| Ha1::new("line", "centre", "carrier"));
        world.sides[THEM].endpoint.set_access(Arc::new(theirs));
        call_out(&mut world);
        assert_eq!(world.count(US, "INVITE"), 2);
        if is_known {
            assert!(matches!(world.take(THEM).as_slice(), [SipNotice::Invited { .. }]));
            assert!(world.take(US).is_empty());
        } else {
            assert_eq!(world.take(US), [SipNotice::Failed { dialog: DialogId(2), status: 401 }]);
        }
        world.assert_empty();
    }
}

#[test]
fn a_carrier_that_challenges_in_its_own_realm_is_answered_in_it() {
    const CARRIER: &str = "sip.carrier.example";
    let mut world = World::with(20, Transport::Udp, |settings| {
        if settings.is_at("10.0.0.2") {
            settings.realm = CARRIER.into();
        }
    });
    let hashes = Ha1::new("line", CARRIER, "carrier");
    let mut theirs = access(address("10.0.0.77:5060"), Transport::Udp);
    theirs.trunks[0].secret = Some(hashes.clone());
    world.sides[THEM].endpoint.set_access(Arc::new(theirs));
    let mut ours = access(address("10.0.0.2:5060"), Transport::Udp);
    ours.trunks[0].their_secret = Some(hashes);
    world.sides[US].endpoint.set_access(Arc::new(ours));
    call_out(&mut world);
    assert!(matches!(world.take(THEM).as_slice(), [SipNotice::Invited { .. }]));
    assert!(world.last(US, "INVITE").unwrap().contains(&format!("realm=\"{CARRIER}\"")));
    world.assert_empty();
}

#[test]
fn withheld_numbers_are_withheld_and_asserted_ones_win() {
    for (more, from, caller) in [
        ("P-Asserted-Identity: \"Ana\" <sip:+34911@carrier>\n", None, Some("+34911")),
        ("P-Asserted-Identity: <tel:+34912>\nPrivacy: none\n", None, Some("+34912")),
        ("P-Asserted-Identity: <sip:+34911@carrier>\nPrivacy: id\n", None, None),
        ("", Some("<sip:anonymous@anonymous.invalid>"), None),
        ("", None, Some("x")),
    ] {
        let mut world = World::new(14);
        let mut trunk = Phone::new("x", "x", "10.0.0.2:5999");
        let mut request = trunk.request("INVITE", more);
        if let Some(from) = from {
            request = request.replace("\"Boss\" <sip:x@centre>", from);
        }
        world.inject(US, trunk.at, &request);
        let notices = world.take(US);
        let [SipNotice::Invited { caller: shown, .. }] = notices.as_slice() else { panic!("{notices:?}") };
        assert_eq!(shown.as_deref(), caller, "{more}");
    }
}

#[test]
fn a_phone_on_the_trunks_own_address_is_still_a_phone() {
    let mut world = World::new(15);
    let mut phone = Phone::new("101", "secret", "10.0.0.2:5071");
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 120\n"), "SIP/2.0 200 OK");
    assert_eq!(phone.say(&mut world, "INVITE", ""), "SIP/2.0 100 Trying");
    assert!(world.take(US).iter().any(|n| matches!(n, SipNotice::Invited { source: CallSource::Phone(_), .. })));
}

#[test]
fn a_trunk_that_is_also_the_proxy_of_phones_still_brings_calls() {
    let mut world = World::new(15);
    let mut phone = Phone::new("101", "secret", "10.0.0.2:5071");
    let path = "Path: <sip:10.0.0.2:5071;lr>\n";
    assert_eq!(phone.say(&mut world, "REGISTER", path), "SIP/2.0 200 OK");
    world.take(US);
    let mut trunk = Phone::new("x", "x", "10.0.0.2:5071");
    assert_eq!(trunk.say(&mut world, "INVITE", ""), "SIP/2.0 100 Trying");
    assert!(world.take(US).iter().any(|n| matches!(n, SipNotice::Invited { source: CallSource::Trunk(_), .. })));
    // The phone's own calls come by the same way.
    assert_eq!(phone.say(&mut world, "INVITE", ""), "SIP/2.0 100 Trying");
    assert!(world.take(US).iter().any(|n| matches!(n, SipNotice::Invited { source: CallSource::Phone(_), .. })));
}

#[test]
fn sixty_thousand_damaged_invites_never_panic_and_leave_nothing_behind() {
    let mut world = World::new(16);
    let mut trunk = Phone::new("x", "x", "10.0.0.2:5999");
    let sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let sound = trunk
        .request("INVITE", "Content-Type: application/sdp\nRecord-Route: <sip:10.0.0.8;lr>\nAuthorization: Digest username=\"101\", nonce=\"x\"\n")
        .replace('\n', "\r\n")
        .replace("Content-Length: 0\r\n\r\n", &format!("Content-Length: {}\r\n\r\n{sdp}", sdp.len()));
    let (mut read, mut refused) = (0, 0);
    for _ in 0..60_000 {
        let mut bytes = sound.clone().into_bytes();
        for _ in 0..=world.rng.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = world.rng.below(bytes.len() as u64) as usize;
            match world.rng.below(5) {
                0 => bytes[at] = world.rng.next_u32() as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\r\n:;<>\"@,\0"[world.rng.below(10) as usize]),
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let end = (at + 40).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        match SipMessage::parse(&bytes) {
            Ok(message) => {
                read += 1;
                world.sides[US].endpoint.receive(udp("10.0.0.2:5999"), message, world.now, &mut world.rng);
                while world.sides[US].endpoint.poll().is_some() {}
            }
            Err(malformed) => {
                refused += 1;
                if let Some(answer) = malformed_response(&malformed) {
                    assert!(answer.starts_with(b"SIP/2.0 "));
                    assert!(SipMessage::parse(&answer).is_ok() || malformed.status.is_some());
                }
            }
        }
    }
    assert!(read > 10_000 && refused > 10_000, "{read} read, {refused} refused");
    // Nobody decides about them: each ends by its own deadline.
    let deadline = world.now.plus_millis(40 * 60_000);
    for _ in 0..3 {
        world.sides[US].endpoint.timeout(deadline, &mut world.rng);
        while world.sides[US].endpoint.poll().is_some() {}
    }
    let later = deadline.plus_millis(600_000);
    while world.sides[US].endpoint.next_wakeup().is_some() {
        world.sides[US].endpoint.timeout(later, &mut world.rng);
        while world.sides[US].endpoint.poll().is_some() {}
    }
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.dialogs, stats.transactions), (0, 0), "{stats:?}");
}
