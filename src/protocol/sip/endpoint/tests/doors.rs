//! Who is let in: digest, registration, floods, limits, and what is answered to the rest.

use std::sync::Arc;

use super::world::{THEM, US, World, access, address, udp};
use crate::{
    protocol::sip::{
        CallSource, DialogId, FloodLimits, Ha1, SipMessage, SipNotice, SipOrder, SipTarget, Transport,
        digest::answer_challenge, malformed_response,
    },
    types::IpPrefix,
};

/// A phone's request from its own address.
struct Phone {
    account: &'static str,
    password: &'static str,
    at: &'static str,
    cseq: u32,
}

impl Phone {
    fn new(account: &'static str, password: &'static str, at: &'static str) -> Self {
        Self { account, password, at, cseq: 0 }
    }

    fn request(&mut self, method: &str, more: &str) -> String {
        self.cseq += 1;
        let Self { account, at, cseq, .. } = self;
        format!(
            "{method} sip:{} SIP/2.0\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{account}{cseq}{method};rport\nMax-Forwards: 70\n\
             From: \"Boss\" <sip:{account}@centre>;tag=f{account}\nTo: <sip:{}@centre>\nCall-ID: {account}{method}\n\
             CSeq: {cseq} {method}\nContact: <sip:{account}@{at}>\n{more}Content-Length: 0\n\n",
            if method == "REGISTER" { "centre".to_owned() } else { "1000@centre".to_owned() },
            if method == "REGISTER" { *account } else { "1000" },
        )
    }

    /// Sends a request, answers the challenge, and gives the first line of the last response.
    fn say(&mut self, world: &mut World, method: &str, more: &str) -> String {
        let first = self.request(method, more);
        world.inject(US, self.at, &first);
        let (_, challenge) = world.stray.last().cloned().expect("an answer");
        if !challenge.starts_with("SIP/2.0 401") {
            return first_line(&challenge);
        }
        let second = self.request(method, &format!("{more}Authorization: {}\n", self.answer(world, &challenge, method)));
        world.inject(US, self.at, &second);
        first_line(&world.stray.last().expect("an answer").1)
    }

    fn answer(&self, world: &mut World, challenge: &str, method: &str) -> String {
        let values = challenge.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let ha1 = Ha1::new(self.account, "centre", self.password);
        answer_challenge(values, self.account, &ha1, method, "sip:centre", &mut world.rng).expect("our realm")
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").to_owned()
}

const AWAY: &str = "198.51.100.7:5071";

#[test]
fn a_phone_registers_is_called_and_calls() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 120\n"), "SIP/2.0 200 OK");
    assert!(world.stray.last().unwrap().1.contains(&format!("Contact: <sip:101@{AWAY}>;expires=120\r\n")));
    assert_eq!(world.take(US), [SipNotice::RegistrationChanged { account: "101".into(), is_reachable: true }]);
    let target = SipTarget::Phone("101".into());
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target,
        caller: Some("+34911".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs: 5,
    };
    world.order(US, order);
    let (to, invite) = world.stray.last().cloned().unwrap();
    assert_eq!(to, address(AWAY));
    assert!(invite.starts_with(&format!("INVITE sip:101@{AWAY} SIP/2.0\r\n")));
    world.order(US, SipOrder::Cancel { dialog: DialogId(2), is_answered_elsewhere: false });
    world.take(US);

    assert_eq!(phone.say(&mut world, "INVITE", ""), "SIP/2.0 100 Trying");
    let notices = world.take(US);
    let [SipNotice::Invited { source: CallSource::Phone(account), caller, called, .. }] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    // The caller is the account that was proven, whatever From says.
    assert_eq!((&**account, caller.as_deref(), &**called), ("101", Some("101"), "1000"));
}

#[test]
fn a_phone_behind_proxies_is_called_by_the_path_that_its_registration_took() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    let path = "<sip:198.51.100.7:5080;lr>, <sip:edge.example;lr>";
    let said = phone.say(&mut world, "REGISTER", &format!("Expires: 120\nSupported: path\nPath: {path}\n"));
    assert_eq!(said, "SIP/2.0 200 OK");
    assert!(world.stray.last().unwrap().1.contains(&format!("Path: {path}\r\n")));
    world.take(US);
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target: SipTarget::Phone("101".into()),
        caller: Some("+34911".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs: 5,
    };
    world.order(US, order);
    let (to, invite) = world.stray.last().cloned().unwrap();
    assert_eq!(to, address("198.51.100.7:5080"));
    let routes = "Route: <sip:198.51.100.7:5080;lr>\r\nRoute: <sip:edge.example;lr>\r\n";
    assert!(invite.starts_with(&format!("INVITE sip:101@{AWAY} SIP/2.0\r\n")) && invite.contains(routes), "{invite}");
    world.order(US, SipOrder::Cancel { dialog: DialogId(2), is_answered_elsewhere: false });
    let mirrored = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    let lines: Vec<String> = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(mirrored).into();
    world.inject(US, "198.51.100.7:5080", &format!("SIP/2.0 180 Ringing\n{}\n\n", lines.join("\n")));
    let (_, cancel) = world.stray.last().cloned().unwrap();
    assert!(cancel.starts_with("CANCEL ") && cancel.contains(routes), "9.1: the same way: {cancel}");
}

#[test]
fn a_phone_is_called_at_its_own_host_whatever_address_it_names() {
    for (contact, more) in [("10.0.0.2:5060", ""), (AWAY, "Path: <sip:10.0.0.2:5060;lr>\n"), ("198.51.100.7:5099", "")] {
        let mut world = World::new(1);
        let mut phone = Phone::new("101", "secret", AWAY);
        let request = |phone: &mut Phone, more: &str| {
            let own = format!("Contact: <sip:101@{AWAY}>");
            phone.request("REGISTER", more).replace(&own, &format!("Contact: <sip:101@{contact}>"))
        };
        let first = request(&mut phone, more);
        world.inject(US, AWAY, &first);
        let challenge = world.stray.last().unwrap().1.clone();
        let proof = format!("{more}Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
        world.inject(US, AWAY, &request(&mut phone, &proof));
        assert_eq!(first_line(&world.stray.last().unwrap().1), "SIP/2.0 200 OK");
        world.stray.clear();
        let order = SipOrder::Invite {
            dialog: DialogId(2),
            target: SipTarget::Phone("101".into()),
            caller: Some("+34911".into()),
            caller_name: None,
            offer: "v=0\r\n".into(),
            ring_secs: 5,
        };
        world.order(US, order);
        let (to, invite) = world.stray.last().cloned().expect("an INVITE where the phone is, not at the carrier");
        let expected = if contact == "198.51.100.7:5099" { contact } else { AWAY };
        assert!(to == address(expected) && invite.starts_with("INVITE "), "{contact} {more}: {to} {invite}");
    }
}

#[test]
fn a_device_is_called_by_its_other_flow_when_the_one_confirmed_last_is_dead() {
    for answer in [None, Some("430 Flow Failed")] {
        let mut world = World::new(1);
        let mut phone = Phone::new("101", "secret", AWAY);
        for (id, port) in [(1, 5081), (2, 5082)] {
            let request = |phone: &mut Phone, more: &str| {
                let own = format!("Contact: <sip:101@{AWAY}>");
                let flow = format!("{own};+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";reg-id={id}");
                let path = format!("Supported: path, outbound\nPath: <sip:198.51.100.7:{port};lr;ob>\n{more}");
                phone.request("REGISTER", &path).replace(&own, &flow)
            };
            world.inject(US, AWAY, &request(&mut phone, ""));
            let challenge = world.stray.last().unwrap().1.clone();
            let proof = format!("Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
            world.inject(US, AWAY, &request(&mut phone, &proof));
            assert!(world.stray.last().unwrap().1.contains("Require: outbound\r\n"));
        }
        world.take(US);
        world.stray.clear();
        let order = SipOrder::Invite {
            dialog: DialogId(2),
            target: SipTarget::Phone("101".into()),
            caller: Some("+34911".into()),
            caller_name: None,
            offer: "v=0\r\n".into(),
            ring_secs: 20,
        };
        world.order(US, order);
        let (to, invite) = world.stray.last().cloned().unwrap();
        assert_eq!((world.stray.len(), to), (1, address("198.51.100.7:5082")));
        match answer {
            Some(status) => {
                let mirrored = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
                let lines: Vec<String> = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(mirrored).into();
                world.inject(US, "198.51.100.7:5082", &format!("SIP/2.0 {status}\n{}\n\n", lines.join("\n")));
            }
            None => world.run(4_500),
        }
        let other = |(to, text): &(_, String)| *to == address("198.51.100.7:5081") && text.starts_with("INVITE ");
        assert!(world.stray.iter().any(other), "{answer:?}: {:?}", world.stray);
        assert!(world.take(US).is_empty(), "the call goes on");
    }
}

#[test]
fn a_registration_that_requires_what_we_do_not_know_is_told_what() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", "Require: path, gruu\n"), "SIP/2.0 420 Bad Extension");
    assert!(world.stray.last().unwrap().1.contains("Unsupported: gruu\r\n"));
    assert_eq!(phone.say(&mut world, "REGISTER", "Require: path\n"), "SIP/2.0 200 OK");
}

#[test]
fn registrations_run_out_are_removed_and_refused_when_too_brief() {
    let mut world = World::new(2);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 5\n"), "SIP/2.0 423 Interval Too Brief");
    assert!(world.stray.last().unwrap().1.contains("Min-Expires: 60\r\n"));
    let on = SipNotice::RegistrationChanged { account: "101".into(), is_reachable: true };
    let off = SipNotice::RegistrationChanged { account: "101".into(), is_reachable: false };
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 60\n"), "SIP/2.0 200 OK");
    world.run(59_000);
    assert_eq!(world.take(US), std::slice::from_ref(&on));
    world.run(2_000);
    assert_eq!(world.take(US), std::slice::from_ref(&off));
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 60\n"), "SIP/2.0 200 OK");
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 0\n"), "SIP/2.0 200 OK");
    assert_eq!(world.take(US), [on.clone(), off.clone()]);
    // An account that is switched off loses its phone at once.
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 60\n"), "SIP/2.0 200 OK");
    let mut fewer = access(address("10.0.0.2:5060"), Transport::Udp);
    fewer.phones.remove("101");
    world.sides[US].endpoint.set_access(Arc::new(fewer));
    world.run(1);
    assert_eq!(world.take(US), [on, off]);
    world.assert_empty();
}

#[test]
fn a_changed_password_drops_the_phones_that_registered_with_the_old_one() {
    let mut world = World::new(18);
    let mut thief = Phone::new("101", "secret", AWAY);
    assert_eq!(thief.say(&mut world, "REGISTER", "Expires: 3600\n"), "SIP/2.0 200 OK");
    let mut colleague = Phone::new("102", "secret", "198.51.100.8:5071");
    assert_eq!(colleague.say(&mut world, "REGISTER", "Expires: 3600\n"), "SIP/2.0 200 OK");
    world.take(US);
    let same = access(address("10.0.0.2:5060"), Transport::Udp);
    let mut changed = same.clone();
    changed.phones.get_mut("101").expect("the phone").secret = Some(Ha1::new("101", "centre", "another"));
    world.sides[US].endpoint.set_access(Arc::new(same));
    world.run(1);
    assert!(world.take(US).is_empty(), "nothing has changed");
    world.sides[US].endpoint.set_access(Arc::new(changed));
    world.run(1);
    assert_eq!(world.take(US), [SipNotice::RegistrationChanged { account: "101".into(), is_reachable: false }]);
    assert_eq!(thief.say(&mut world, "REGISTER", "Expires: 3600\n"), "SIP/2.0 401 Unauthorized");
    thief.password = "another";
    assert_eq!(thief.say(&mut world, "REGISTER", "Expires: 3600\n"), "SIP/2.0 200 OK");
    assert_eq!(world.take(US), [SipNotice::RegistrationChanged { account: "101".into(), is_reachable: true }]);
}

#[test]
fn phones_behind_translators_are_kept_reachable_however_often_others_register() {
    let mut world = World::new(19);
    // Its Via names an address of its own network: it is behind a translator.
    let mut inside = Phone::new("101", "secret", "192.168.7.20:5071");
    let request = inside.request("REGISTER", "Expires: 3600\n");
    world.inject(US, AWAY, &request);
    let challenge = world.stray.last().unwrap().1.clone();
    let proof = format!("Expires: 3600\nAuthorization: {}\n", inside.answer(&mut world, &challenge, "REGISTER"));
    world.inject(US, AWAY, &inside.request("REGISTER", &proof));
    assert_eq!(first_line(&world.stray.last().unwrap().1), "SIP/2.0 200 OK");
    let mut eager = Phone::new("102", "secret", "198.51.100.8:5071");
    for _ in 0..12 {
        world.run(10_000);
        assert_eq!(eager.say(&mut world, "REGISTER", "Expires: 60\n"), "SIP/2.0 200 OK");
    }
    let pings = world.stray.iter().filter(|(to, text)| *to == address(AWAY) && text == "\r\n\r\n").count();
    assert_eq!(pings, 4, "one every 25 s for two minutes");
}

#[test]
fn eight_devices_of_an_account_all_ring_and_the_first_to_answer_wins() {
    let mut world = World::new(3);
    let places: Vec<String> = (0..9).map(|n| format!("198.51.100.7:{}", 6000 + n)).collect();
    for (n, place) in places.iter().enumerate() {
        let mut phone = Phone::new("101", "secret", String::leak(place.clone()));
        assert_eq!(phone.say(&mut world, "REGISTER", &format!("Expires: {}\n", 100 + n)), "SIP/2.0 200 OK");
    }
    world.stray.clear();
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target: SipTarget::Phone("101".into()),
        caller: Some("1".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs: 5,
    };
    world.order(US, order);
    let invites: Vec<String> = std::mem::take(&mut world.stray).into_iter().map(|(_, text)| text).collect();
    // The ninth device replaced the one that would have run out first.
    assert_eq!(invites.len(), 8);
    let answer = |invite: &str, status: &str, body: &str| {
        let line = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        format!(
            "SIP/2.0 {status}\n{}\n{}\n{};tag=dev\n{}\n{}\nContact: <sip:101@198.51.100.7:6001>\n{body}",
            line("Via:"),
            line("From:"),
            line("To:"),
            line("Call-ID:"),
            line("CSeq:")
        )
    };
    for invite in &invites {
        world.inject(US, AWAY, &answer(invite, "180 Ringing", "\n"));
    }
    let sdp = "Content-Type: application/sdp\n\nv=0\n";
    world.inject(US, AWAY, &answer(&invites[3], "200 OK", sdp));
    let notices = world.take(US);
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert!(matches!(notices[2], SipNotice::Answered { dialog: DialogId(2), .. }));
    assert_eq!(world.count(US, "CANCEL"), 7);
    assert!(world.last(US, "CANCEL").unwrap().contains("Reason: SIP;cause=200;"));
    // One of the losers answered all the same.
    world.inject(US, AWAY, &answer(&invites[5], "200 OK", sdp));
    assert_eq!((world.count(US, "ACK"), world.count(US, "BYE")), (2, 1));
    assert!(world.take(US).is_empty());
}

#[test]
fn a_call_declined_at_one_device_with_a_reason_stops_ringing_at_the_other() {
    let mut world = World::new(3);
    for place in ["198.51.100.7:6000", "198.51.100.7:6001"] {
        assert_eq!(Phone::new("101", "secret", place).say(&mut world, "REGISTER", "Expires: 100\n"), "SIP/2.0 200 OK");
    }
    world.stray.clear();
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target: SipTarget::Phone("101".into()),
        caller: Some("1".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs: 5,
    };
    world.order(US, order);
    let invites: Vec<String> = std::mem::take(&mut world.stray).into_iter().map(|(_, text)| text).collect();
    let answer = |invite: &str, status: &str, more: &str| {
        let names = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let mirrored = invite.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        let mirrored: String = mirrored.map(|line| format!("{line}\n")).collect();
        format!("SIP/2.0 {status}\n{mirrored}{more}Content-Length: 0\n\n")
    };
    for invite in &invites {
        world.inject(US, AWAY, &answer(invite, "180 Ringing", ""));
    }
    world.inject(US, AWAY, &answer(&invites[0], "603 Decline", "Reason: Q.850;cause=21;text=\"Call rejected\"\n"));
    let notices = world.take(US);
    assert!(matches!(notices.last(), Some(SipNotice::Failed { dialog: DialogId(2), status: 603 })), "{notices:?}");
    assert_eq!((invites.len(), world.count(US, "CANCEL")), (2, 1));
}

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
    assert_eq!(world.sides[US].endpoint.stats().bans, 0);
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
        ("MESSAGE", "", "405"),
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
        if settings.udp.host == "10.0.0.2" {
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
