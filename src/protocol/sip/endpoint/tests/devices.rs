//! GRUU (RFC 5627): a device among several of an account is called, and is reached where it is now.

use std::sync::Arc;

use super::{
    calls::ANSWER,
    phones::{AWAY, Phone, first_line},
    world::{US, World, address},
};
use crate::{
    protocol::sip::{Device, DialogId, SipNotice, SipOrder, SipTarget},
    types::CallContext,
};

/// Where the second device of the account is.
const AWAY_TOO: &str = "198.51.100.7:5072";
const DESK: &str = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const SOFT: &str = "urn:uuid:00000000-0000-1000-8000-000a95a0e128";

/// Sends a request, proves itself, and gives the last response.
fn say(world: &mut World, phone: &mut Phone, method: &str, change: impl Fn(String) -> String) -> String {
    let at = phone.at;
    let first = change(phone.request(method, ""));
    world.inject(US, at, &first);
    let challenge = world.stray.last().expect("an answer").1.clone();
    if !challenge.starts_with("SIP/2.0 401") {
        return challenge;
    }
    let proof = format!("Authorization: {}\n", phone.answer(world, &challenge, method));
    let second = change(phone.request(method, &proof));
    world.inject(US, at, &second);
    world.stray.last().expect("an answer").1.clone()
}

/// A REGISTER of a device that knows GRUU, under this Call-ID.
fn register(world: &mut World, phone: &mut Phone, instance: &str, call_id: &str) -> String {
    let own = format!("Contact: <sip:101@{}>", phone.at);
    say(world, phone, "REGISTER", |text| {
        let text = text.replace(&own, &format!("{own};+sip.instance=\"<{instance}>\"\nSupported: gruu"));
        text.replace("Call-ID: ", &format!("Call-ID: {call_id}"))
    })
}

/// The value of a parameter of the contact of this device.
fn told(response: &str, at: &str, name: &str) -> String {
    let line = response.lines().find(|line| line.starts_with(&format!("Contact: <sip:101@{at}>"))).expect("a contact");
    let (_, value) = line.split_once(&format!(";{name}=\"")).unwrap_or_else(|| panic!("no {name} in {line}"));
    value.split('"').next().expect("a value").to_owned()
}

/// An INVITE of the other account to this address: the first line of what it hears.
fn invite(world: &mut World, to: &str) -> String {
    let mut caller = Phone::new("102", "secret", "198.51.100.9:5060");
    caller.cseq = u32::try_from(world.log.len()).expect("a number");
    let call_id = format!("Call-ID: call{}", world.log.len());
    let heard = say(world, &mut caller, "INVITE", |text| {
        text.replace("INVITE sip:1000@centre", &format!("INVITE {to}")).replace("Call-ID: ", &call_id)
    });
    first_line(&heard)
}

fn invited(world: &mut World) -> Option<Device> {
    let notices = world.take(US);
    let Some(SipNotice::Invited { called, device, .. }) = notices.last() else { panic!("no call: {notices:?}") };
    assert_eq!(&**called, "101", "whoever it is for, the account is what was dialled");
    device.as_deref().cloned()
}

#[test]
fn a_phone_that_knows_gruu_is_told_a_lasting_address_and_another_temporary_one_each_time() {
    let mut world = World::new(1);
    let mut phone = Phone::new("101", "secret", AWAY);
    let first = register(&mut world, &mut phone, DESK, "a");
    assert_eq!(told(&first, AWAY, "pub-gruu"), format!("sip:101@centre;gr={DESK}"));
    assert_eq!(told(&first, AWAY, "+sip.instance"), format!("<{DESK}>"));
    let second = register(&mut world, &mut phone, DESK, "a");
    assert_eq!(told(&first, AWAY, "pub-gruu"), told(&second, AWAY, "pub-gruu"));
    assert_ne!(told(&first, AWAY, "temp-gruu"), told(&second, AWAY, "temp-gruu"));
    let other = say(&mut world, &mut phone, "REGISTER", |text| text);
    assert!(!other.contains("gruu=") && other.contains("Supported: path, outbound, gruu"), "{other}");
    // Whoever registered it would be called by itself.
    let own = format!("<sip:101@centre;gr={DESK}>");
    let looped = say(&mut world, &mut phone, "REGISTER", |text| text.replace(&format!("<sip:101@{AWAY}>"), &own));
    assert_eq!(first_line(&looped), "SIP/2.0 403 Forbidden");
}

#[test]
fn a_call_to_a_gruu_rings_that_device_alone() {
    let mut world = World::new(2);
    let (mut desk, mut soft) = (Phone::new("101", "secret", AWAY), Phone::new("101", "secret", AWAY_TOO));
    register(&mut world, &mut desk, DESK, "a");
    let said = register(&mut world, &mut soft, SOFT, "b");
    let wanted = Device { account: "101".into(), instance: SOFT.into() };
    for address in [told(&said, AWAY_TOO, "pub-gruu"), told(&said, AWAY_TOO, "temp-gruu")] {
        world.take(US);
        assert_eq!(invite(&mut world, &address), "SIP/2.0 100 Trying");
        assert_eq!(invited(&mut world), Some(wanted.clone()));
    }
    assert_eq!(invite(&mut world, "sip:101@centre"), "SIP/2.0 100 Trying");
    assert_eq!(invited(&mut world), None, "the account has no device that is meant");
    world.stray.clear();
    let target = SipTarget::Device(wanted);
    let offer = Arc::<str>::from("v=0\r\n").into();
    let (caller, caller_name, context) = (None, None, CallContext::default());
    let order = SipOrder::Invite { dialog: DialogId(2), target, caller, caller_name, offer, ring_secs: 20, context };
    world.order(US, order);
    let rings: Vec<_> = world.stray.iter().filter(|(_, text)| text.starts_with("INVITE ")).map(|(to, _)| *to).collect();
    assert_eq!(rings, [address(AWAY_TOO)]);
}

#[test]
fn what_leads_to_no_device_is_not_found_and_a_device_that_is_away_is_away() {
    let mut world = World::new(3);
    let mut desk = Phone::new("101", "secret", AWAY);
    let said = register(&mut world, &mut desk, DESK, "a");
    let (public, temporary) = (told(&said, AWAY, "pub-gruu"), told(&said, AWAY, "temp-gruu"));
    assert_eq!(invite(&mut world, &format!("sip:101@centre;gr={SOFT}")), "SIP/2.0 480 Temporarily Unavailable");
    assert_eq!(invite(&mut world, "sip:tgruu.00112233@centre;gr"), "SIP/2.0 404 Not Found");
    // Another Call-ID is another registration: temporary addresses of the old one lead nowhere (5.4).
    let again = register(&mut world, &mut desk, DESK, "b");
    assert_eq!(invite(&mut world, &temporary), "SIP/2.0 404 Not Found");
    assert_eq!(invite(&mut world, &told(&again, AWAY, "temp-gruu")), "SIP/2.0 100 Trying");
    world.run(3_700_000);
    assert_eq!(invite(&mut world, &public), "SIP/2.0 480 Temporarily Unavailable");
    assert_eq!(invite(&mut world, &told(&again, AWAY, "temp-gruu")), "SIP/2.0 404 Not Found");
}

/// The desk phone calls, names its GRUU as its contact, and is answered.
fn call_of_desk(world: &mut World) -> (Phone, DialogId) {
    let mut desk = Phone::new("101", "secret", AWAY);
    let said = register(world, &mut desk, DESK, "a");
    let public = told(&said, AWAY, "pub-gruu").replace("@centre", "@10.0.0.1:5060");
    world.take(US);
    say(world, &mut desk, "INVITE", |text| {
        text.replace(&format!("Contact: <sip:101@{AWAY}>"), &format!("Contact: <{public}>"))
    });
    let notices = world.take(US);
    let [SipNotice::Invited { dialog, .. }] = notices[..] else { panic!("{notices:?}") };
    world.order(US, SipOrder::Accept { dialog, sdp: ANSWER.into() });
    let ok = world.last(US, "SIP/2.0 200").expect("a 200");
    let to = ok.lines().find(|line| line.starts_with("To: ")).expect("a To").to_owned();
    let ack = desk.request("ACK", "").replace("To: <sip:1000@centre>", &to).replace("Call-ID: 101ACK", "Call-ID: 101INVITE");
    world.inject(US, AWAY, &ack.replace(&format!("CSeq: {} ACK", desk.cseq), &format!("CSeq: {} ACK", desk.cseq - 1)));
    assert!(matches!(world.take(US)[..], [SipNotice::Acknowledged { .. }]));
    (desk, dialog)
}

#[test]
fn a_call_of_a_device_that_names_its_gruu_ends_where_it_was_heard_when_it_is_not_registered_any_more() {
    let mut world = World::new(5);
    let (mut desk, dialog) = call_of_desk(&mut world);
    say(&mut world, &mut desk, "REGISTER", |text| {
        let text = text.replace("Contact: <sip:101@198.51.100.7:5071>", "Contact: *\nExpires: 0");
        text.replace("Call-ID: ", "Call-ID: z")
    });
    world.stray.clear();
    world.order(US, SipOrder::Bye { dialog });
    let (to, bye) = world.stray.last().cloned().expect("a BYE");
    assert!(to == address(AWAY) && bye.starts_with("BYE sip:101@10.0.0.1:5060;gr="), "{to} {bye}");
}

#[test]
fn a_call_of_a_device_that_names_its_gruu_goes_on_where_it_is_registered_now() {
    let mut world = World::new(4);
    let (_, dialog) = call_of_desk(&mut world);
    // Its network is another one now.
    let mut moved = Phone::new("101", "secret", AWAY_TOO);
    moved.cseq = 50;
    register(&mut world, &mut moved, DESK, "a");
    world.stray.clear();
    world.order(US, SipOrder::Bye { dialog });
    let (to, bye) = world.stray.last().cloned().expect("a BYE");
    assert_eq!(to, address(AWAY_TOO));
    assert!(bye.starts_with(&format!("BYE sip:101@{AWAY_TOO} SIP/2.0\r\n")), "{bye}");
}
