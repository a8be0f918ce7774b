//! Phones: how they register, keep reachable, and are called.

use std::sync::Arc;

use super::world::{US, World, access, address, answer_to};
use crate::protocol::sip::{CallSource, DialogId, Ha1, SipNotice, SipOrder, SipTarget, Transport, digest::answer_challenge};

/// A phone's request from its own address.
pub struct Phone {
    account: &'static str,
    password: &'static str,
    pub at: &'static str,
    pub cseq: u32,
}

impl Phone {
    pub fn new(account: &'static str, password: &'static str, at: &'static str) -> Self {
        Self { account, password, at, cseq: 0 }
    }

    pub fn request(&mut self, method: &str, more: &str) -> String {
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
    pub fn say(&mut self, world: &mut World, method: &str, more: &str) -> String {
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

    pub fn answer(&self, world: &mut World, challenge: &str, method: &str) -> String {
        let values = challenge.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let ha1 = Ha1::new(self.account, "centre", self.password);
        answer_challenge(values, self.account, &ha1, method, "sip:centre", &mut world.rng).expect("our realm")
    }
}

pub fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").to_owned()
}

/// Where phones are whose messages the tests read.
pub const AWAY: &str = "198.51.100.7:5071";

/// Has the phone of account 101 called.
fn call_phone(world: &mut World, ring_secs: u32) {
    let order = SipOrder::Invite {
        dialog: DialogId(2),
        target: SipTarget::Phone("101".into()),
        caller: Some("+34911".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs,
        context: Default::default(),
    };
    world.order(US, order);
}

#[test]
fn a_phone_registers_is_called_and_calls() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 120\n"), "SIP/2.0 200 OK");
    assert!(world.stray.last().unwrap().1.contains(&format!("Contact: <sip:101@{AWAY}>;expires=120\r\n")));
    assert_eq!(world.take(US), [SipNotice::RegistrationChanged { account: "101".into(), is_reachable: true }]);
    call_phone(&mut world, 5);
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
    call_phone(&mut world, 5);
    let (to, invite) = world.stray.last().cloned().unwrap();
    assert_eq!(to, address("198.51.100.7:5080"));
    let routes = "Route: <sip:198.51.100.7:5080;lr>\r\nRoute: <sip:edge.example;lr>\r\n";
    assert!(invite.starts_with(&format!("INVITE sip:101@{AWAY} SIP/2.0\r\n")) && invite.contains(routes), "{invite}");
    world.order(US, SipOrder::Cancel { dialog: DialogId(2), is_answered_elsewhere: false });
    world.inject(US, "198.51.100.7:5080", &answer_to(&invite, "180 Ringing", ""));
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
        call_phone(&mut world, 5);
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
        call_phone(&mut world, 20);
        let (to, invite) = world.stray.last().cloned().unwrap();
        assert_eq!((world.stray.len(), to), (1, address("198.51.100.7:5082")));
        match answer {
            Some(status) => world.inject(US, "198.51.100.7:5082", &answer_to(&invite, status, "")),
            None => world.run(4_500),
        }
        let other = |(to, text): &(_, String)| *to == address("198.51.100.7:5081") && text.starts_with("INVITE ");
        assert!(world.stray.iter().any(other), "{answer:?}: {:?}", world.stray);
        assert!(world.take(US).is_empty(), "the call goes on");
    }
}

#[test]
fn a_device_with_two_datagram_flows_is_called_by_the_other_when_the_last_one_is_silent() {
    let mut world = World::new(1);
    for (id, at) in [(1, "198.51.100.7:5081"), (2, "198.51.100.7:5082")] {
        let mut phone = Phone::new("101", "secret", at);
        let instance = "+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";
        let request = |phone: &mut Phone, more: &str| {
            let request = phone.request("REGISTER", &format!("Supported: path, outbound\n{more}"));
            let request = request.replace("Call-ID: ", &format!("Call-ID: {id}"));
            request.replace(
                &format!("Contact: <sip:101@{at}>"),
                &format!("Contact: <sip:101@192.168.1.9:5060>;{instance};reg-id={id}"),
            )
        };
        world.inject(US, at, &request(&mut phone, ""));
        let challenge = world.stray.last().unwrap().1.clone();
        let proof = format!("Authorization: {}\n", phone.answer(&mut world, &challenge, "REGISTER"));
        world.inject(US, at, &request(&mut phone, &proof));
        let said = &world.stray.last().unwrap().1;
        assert!(said.contains("Require: outbound\r\nFlow-Timer: 30\r\n"), "{said}");
    }
    world.take(US);
    world.stray.clear();
    call_phone(&mut world, 20);
    let invited =
        |world: &World, at: &str| world.stray.iter().any(|(to, text)| *to == address(at) && text.starts_with("INVITE "));
    assert!(invited(&world, "198.51.100.7:5082") && !invited(&world, "198.51.100.7:5081"), "{:?}", world.stray);
    world.run(4_500);
    assert!(invited(&world, "198.51.100.7:5081") && world.take(US).is_empty(), "{:?}", world.stray);
}

#[test]
fn a_registration_that_requires_what_we_do_not_know_is_told_what() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    assert_eq!(phone.say(&mut world, "REGISTER", "Require: path, dance\n"), "SIP/2.0 420 Bad Extension");
    assert!(world.stray.last().unwrap().1.contains("Unsupported: dance\r\n"));
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
    call_phone(&mut world, 5);
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
    call_phone(&mut world, 5);
    let invites: Vec<String> = std::mem::take(&mut world.stray).into_iter().map(|(_, text)| text).collect();
    for invite in &invites {
        world.inject(US, AWAY, &answer_to(invite, "180 Ringing", ""));
    }
    world.inject(US, AWAY, &answer_to(&invites[0], "603 Decline", "Reason: Q.850;cause=21;text=\"Call rejected\"\n"));
    let notices = world.take(US);
    assert!(matches!(notices.last(), Some(SipNotice::Failed { dialog: DialogId(2), status: 603 })), "{notices:?}");
    assert_eq!((invites.len(), world.count(US, "CANCEL")), (2, 1));
}
