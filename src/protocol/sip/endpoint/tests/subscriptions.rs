//! SUBSCRIBE and NOTIFY: who may watch what, what is told when, and how it ends.

use std::sync::Arc;

use super::world::{THEM, US, World, access, address};
use crate::protocol::sip::{
    DialogElement, DialogState, Ha1, SipNotice, SipOrder, SipTarget, Transport, digest::answer_challenge,
};

pub const WATCHER: &str = "198.51.100.7:5071";
const RINGER: &str = "198.51.100.8:5072";

/// A telephone at an address of its own.
pub struct Phone {
    at: &'static str,
    account: &'static str,
    cseq: u32,
}

impl Phone {
    pub fn new(at: &'static str, account: &'static str) -> Self {
        Self { at, account, cseq: 0 }
    }

    /// Sends a request and, if asked for proof, once more with it; the answer.
    fn say(&mut self, world: &mut World, method: &str, target: &str, call_id: &str, to_tag: &str, more: &str) -> String {
        let challenge = self.send(world, method, target, call_id, to_tag, more);
        if !challenge.starts_with("SIP/2.0 401") {
            return challenge;
        }
        let values = challenge.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let ha1 = Ha1::new(self.account, "centre", "secret");
        let value = answer_challenge(values, self.account, &ha1, method, "sip:centre", &mut world.rng).expect("our realm");
        self.send(world, method, target, call_id, to_tag, &format!("{more}Authorization: {value}\n"))
    }

    fn send(&mut self, world: &mut World, method: &str, target: &str, call_id: &str, to_tag: &str, more: &str) -> String {
        self.cseq += 1;
        let Self { at, account, cseq } = self;
        let text = format!(
            "{method} sip:{target}@centre SIP/2.0\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{call_id}{cseq};rport\nMax-Forwards: 70\n\
             From: <sip:{account}@centre>;tag=f{call_id}\nTo: <sip:{target}@centre>{to_tag}\nCall-ID: {call_id}\n\
             CSeq: {cseq} {method}\nContact: <sip:{account}@{at}>\n{more}Content-Length: 0\n\n"
        );
        let before = world.stray.len();
        world.inject(US, at, &text);
        let answers = || world.stray[before..].iter().filter(|(to, text)| *to == address(at) && text.starts_with("SIP/2.0"));
        answers().map(|(_, text)| text.clone()).next().expect("an answer")
    }

    pub fn subscribe(&mut self, world: &mut World, target: &str, event: &str, expires: u32, to_tag: &str) -> String {
        let more = format!("Event: {event}\nExpires: {expires}\n");
        self.say(world, "SUBSCRIBE", target, &format!("sub-{target}"), to_tag, &more)
    }

    /// The NOTIFYs that came since, repetitions left out, each answered.
    pub fn notified(&self, world: &mut World, status: &str) -> Vec<String> {
        let mut all: Vec<String> = world
            .stray
            .iter()
            .filter(|(to, text)| *to == address(self.at) && text.starts_with("NOTIFY"))
            .map(|(_, text)| text.clone())
            .collect();
        all.dedup();
        world.stray.retain(|(to, text)| *to != address(self.at) || !text.starts_with("NOTIFY"));
        for text in &all {
            answer(world, self.at, text, status, "");
        }
        all
    }
}

/// Answers one of our requests.
fn answer(world: &mut World, at: &str, request: &str, status: &str, to_tag: &str) {
    let kept = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let text = format!(
        "SIP/2.0 {status}\n{}\n{}\n{}{to_tag}\n{}\n{}\nContact: <sip:x@{at}>\nContent-Length: 0\n\n",
        kept("Via"),
        kept("From"),
        kept("To"),
        kept("Call-ID"),
        kept("CSeq")
    );
    world.inject(US, at, &text);
}

fn tag_of(response: &str) -> String {
    let to = response.lines().find(|line| line.starts_with("To:")).unwrap();
    to[to.find(";tag=").unwrap()..].trim_end().to_owned()
}

pub fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line[name.len()..].trim()
}

/// 102 is registered and rings: our INVITE to it.
fn ring(world: &mut World, ringer: &mut Phone) -> String {
    ringer.say(world, "REGISTER", "102", "reg", "", "Expires: 600\n");
    let target = SipTarget::Phone("102".into());
    let invite = SipOrder::Invite {
        dialog: crate::protocol::sip::DialogId(2),
        target,
        caller: Some("+34911000001".into()),
        caller_name: None,
        offer: "v=0\r\n".into(),
        ring_secs: 20,
        context: Default::default(),
    };
    world.order(US, invite);
    world.stray.iter().rev().find(|(_, text)| text.starts_with("INVITE")).expect("an INVITE").1.clone()
}

#[test]
fn a_lamp_follows_a_telephone_from_idle_over_ringing_to_talk_and_back() {
    let mut world = World::new(1);
    let (mut watcher, mut ringer) = (Phone::new(WATCHER, "101"), Phone::new(RINGER, "102"));
    let ok = watcher.subscribe(&mut world, "102", "dialog", 600, "");
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    assert_eq!(header(&ok, "Expires:"), "600");
    let first = &watcher.notified(&mut world, "200 OK")[0];
    assert_eq!(header(first, "Event:"), "dialog");
    assert_eq!(header(first, "Subscription-State:"), "active;expires=600");
    assert_eq!(header(first, "Content-Type:"), "application/dialog-info+xml");
    assert!(first.contains("version=\"0\" state=\"full\" entity=\"sip:102@centre\"") && !first.contains("<dialog "), "{first}");

    world.run(2_000);
    let invite = ring(&mut world, &mut ringer);
    answer(&mut world, RINGER, &invite, "100 Trying", "");
    assert_eq!(watcher.notified(&mut world, "200 OK"), Vec::<String>::new(), "nothing rings yet");
    answer(&mut world, RINGER, &invite, "180 Ringing", ";tag=theirs");
    let told = watcher.notified(&mut world, "200 OK");
    let [early] = &told[..] else { panic!("{told:?}") };
    let ours = header(&invite, "From:").split("tag=").nth(1).unwrap();
    let names = format!("call-id=\"{}\" local-tag=\"theirs\" remote-tag=\"{ours}\"", header(&invite, "Call-ID:"));
    assert!(early.contains("version=\"1\" state=\"partial\""), "{early}");
    assert!(early.contains(&names) && early.contains("direction=\"recipient\"><state>early</state>"), "{early}");
    assert!(!early.contains("34911000001"), "who calls is nobody's business: {early}");

    let with_sdp = "200 OK\nContent-Type: application/sdp";
    let body = |text: &str| text.replace("Content-Length: 0\n\n", "Content-Length: 5\n\nv=0\n");
    let kept = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let ok = format!(
        "SIP/2.0 {with_sdp}\n{}\n{}\n{};tag=theirs\n{}\n{}\nContact: <sip:102@{RINGER}>\nContent-Length: 0\n\n",
        kept("Via"),
        kept("From"),
        kept("To"),
        kept("Call-ID"),
        kept("CSeq")
    );
    world.inject(US, RINGER, &body(&ok));
    world.run(1_500);
    let told = watcher.notified(&mut world, "200 OK");
    assert!(told.len() == 1 && told[0].contains("<state>confirmed</state>"), "{told:?}");
    world.order(US, SipOrder::Bye { dialog: crate::protocol::sip::DialogId(2) });
    let bye = world.stray.iter().rev().find(|(_, text)| text.starts_with("BYE")).unwrap().1.clone();
    answer(&mut world, RINGER, &bye, "200 OK", "");
    world.run(1_500);
    let told = watcher.notified(&mut world, "200 OK");
    assert!(told.len() == 1 && told[0].contains("<state>terminated</state>"), "{told:?}");
    // Nothing more happens until it runs out.
    world.run(600_000);
    let told = watcher.notified(&mut world, "200 OK");
    assert_eq!(told.len(), 1);
    assert_eq!(header(&told[0], "Subscription-State:"), "terminated;reason=timeout");
    assert_eq!(world.sides[US].endpoint.stats().subscriptions, 0);
    world.run(600_000);
    world.assert_empty();
}

#[test]
fn what_comes_in_a_burst_is_told_together_and_what_is_back_as_it_was_not_at_all() {
    let mut world = World::new(2);
    let mut watcher = Phone::new(WATCHER, "101");
    watcher.subscribe(&mut world, "102", "dialog", 600, "");
    assert_eq!(watcher.notified(&mut world, "200 OK").len(), 1);
    let say = |world: &mut World, states: &[DialogState]| {
        let element = |state: &DialogState| DialogElement { id: "c".into(), names: None, is_initiator: false, state: *state };
        let elements = states.iter().map(element).collect();
        world.order(US, SipOrder::Publish { account: Arc::from("102"), elements });
    };
    for _ in 0..50 {
        say(&mut world, &[DialogState::Early]);
        say(&mut world, &[]);
    }
    world.run(5_000);
    assert_eq!(watcher.notified(&mut world, "200 OK"), Vec::<String>::new());
    for _ in 0..50 {
        say(&mut world, &[DialogState::Early]);
        say(&mut world, &[DialogState::Confirmed]);
    }
    world.run(400);
    assert_eq!(watcher.notified(&mut world, "200 OK").len(), 1, "the first at once");
    world.run(700);
    let told = watcher.notified(&mut world, "200 OK");
    assert!(told.len() == 1 && told[0].contains("<state>confirmed</state>"), "{told:?}");
    // An unanswered NOTIFY holds back the next ones.
    say(&mut world, &[]);
    world.run(1_100);
    say(&mut world, &[DialogState::Early]);
    world.run(3_000);
    let versions: std::collections::BTreeSet<_> = world
        .stray
        .iter()
        .filter(|(_, text)| text.starts_with("NOTIFY"))
        .map(|(_, text)| header(text, "CSeq:").to_owned())
        .collect();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

#[test]
fn a_lamp_shows_what_is_published_of_a_place_without_a_telephone() {
    let mut world = World::new(12);
    let mut watcher = Phone::new(WATCHER, "101");
    assert!(watcher.subscribe(&mut world, "*701", "dialog", 600, "").starts_with("SIP/2.0 200"));
    let first = &watcher.notified(&mut world, "200 OK")[0];
    assert!(first.contains("entity=\"sip:*701@centre\"") && !first.contains("<dialog "), "{first}");
    let parked = DialogElement { id: Arc::from("call"), names: None, is_initiator: false, state: DialogState::Confirmed };
    for (elements, state) in [(vec![parked], "confirmed"), (Vec::new(), "terminated")] {
        world.order(US, SipOrder::Publish { account: Arc::from("*701"), elements });
        world.run(1_500);
        let told = watcher.notified(&mut world, "200 OK");
        assert!(told.len() == 1 && told[0].contains(&format!("<state>{state}</state>")), "{told:?}");
    }
    let elsewhere = watcher.subscribe(&mut world, "*702", "dialog", 600, "");
    assert!(elsewhere.starts_with("SIP/2.0 404"), "{elsewhere}");
}

#[test]
fn who_does_not_prove_who_it_is_or_asks_for_what_is_not_its_own_watches_nothing() {
    let mut world = World::new(3);
    let mut phone = Phone::new(WATCHER, "101");
    let more = "Event: dialog\nExpires: 600\n";
    assert!(phone.send(&mut world, "SUBSCRIBE", "102", "a", "", more).starts_with("SIP/2.0 401"));
    let bad = phone.subscribe(&mut world, "102", "presence", 600, "");
    assert!(bad.starts_with("SIP/2.0 489") && bad.contains("Allow-Events: dialog, message-summary"), "{bad}");
    let brief = phone.subscribe(&mut world, "102", "dialog", 20, "");
    assert!(brief.starts_with("SIP/2.0 423") && brief.contains("Min-Expires: 60"), "{brief}");
    assert!(phone.subscribe(&mut world, "999", "dialog", 600, "").starts_with("SIP/2.0 404"));
    assert!(phone.subscribe(&mut world, "102", "message-summary", 600, "").starts_with("SIP/2.0 403"));
    let more = "Event: dialog\nExpires: 600\nAccept: application/pidf+xml\n";
    assert!(phone.say(&mut world, "SUBSCRIBE", "102", "b", "", more).starts_with("SIP/2.0 406"));
    assert!(phone.subscribe(&mut world, "102", "dialog", 600, ";tag=00000000000000aa").starts_with("SIP/2.0 481"));
    assert_eq!(world.sides[US].endpoint.stats().subscriptions, 0);
    // A trunk's address alone is no proof.
    let text = "SUBSCRIBE sip:102@centre SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKt\nFrom: <sip:x@10.0.0.2>;tag=t\n\
                To: <sip:102@centre>\nCall-ID: t\nCSeq: 1 SUBSCRIBE\nContact: <sip:x@10.0.0.2>\nEvent: dialog\n\
                Content-Length: 0\n\n";
    world.inject(US, "10.0.0.2:5060", text);
    assert!(world.last(US, "SIP/2.0").unwrap().starts_with("SIP/2.0 401"));
    assert_eq!(world.count(THEM, "SIP/2.0 200"), 0);
}

#[test]
fn messages_never_wait_and_a_fetch_is_answered_once() {
    let mut world = World::new(4);
    let mut phone = Phone::new(WATCHER, "101");
    let ok = phone.subscribe(&mut world, "101", "message-summary", 0, "");
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    let told = phone.notified(&mut world, "200 OK");
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!(header(told, "Subscription-State:"), "terminated;reason=timeout");
    assert!(
        told.ends_with("Messages-Waiting: no\r\nMessage-Account: sip:101@centre\r\nVoice-Message: 0/0 (0/0)\r\n"),
        "{told}"
    );
    assert_eq!(world.sides[US].endpoint.stats().subscriptions, 0);
    world.assert_empty();
}

#[test]
fn a_subscription_goes_on_by_its_dialog_and_each_time_the_state_is_told_whole() {
    let mut world = World::new(5);
    let mut phone = Phone::new(WATCHER, "101");
    let tag = tag_of(&phone.subscribe(&mut world, "102", "dialog;id=9", 600, ""));
    phone.notified(&mut world, "200 OK");
    world.run(590_000);
    assert!(phone.subscribe(&mut world, "102", "dialog;id=9", 600, &tag).starts_with("SIP/2.0 200"));
    let told = phone.notified(&mut world, "200 OK");
    assert!(told.len() == 1 && told[0].contains("version=\"1\" state=\"full\""), "{told:?}");
    assert_eq!(header(&told[0], "Event:"), "dialog;id=9");
    world.run(100_000);
    assert_eq!(world.sides[US].endpoint.stats().subscriptions, 1, "it went on past its first end");
    // Another account cannot touch it.
    let mut other = Phone { at: WATCHER, account: "102", cseq: 50 };
    let stolen = other.say(&mut world, "SUBSCRIBE", "102", "sub-102", &tag, "Event: dialog;id=9\nExpires: 0\n");
    assert!(stolen.starts_with("SIP/2.0 403"), "{stolen}");
    phone.cseq = 60;
    assert!(phone.subscribe(&mut world, "102", "dialog;id=9", 0, &tag).starts_with("SIP/2.0 200"));
    let told = phone.notified(&mut world, "200 OK");
    assert_eq!(header(&told[0], "Subscription-State:"), "terminated;reason=timeout");
    world.assert_empty();
}

#[test]
fn a_subscriber_who_knows_nothing_of_it_or_is_gone_is_told_no_more() {
    for status in ["481 Subscription Does Not Exist", ""] {
        let mut world = World::new(6);
        let mut phone = Phone::new(WATCHER, "101");
        phone.subscribe(&mut world, "102", "dialog", 3_600, "");
        if !status.is_empty() {
            phone.notified(&mut world, status);
        }
        // 64·T1 without an answer counts as a 408.
        world.run(33_000);
        assert_eq!(world.sides[US].endpoint.stats().subscriptions, 0, "{status}");
        world.assert_empty();
    }
}

#[test]
fn a_subscriber_who_asks_anew_is_told_on_though_an_earlier_notify_was_lost() {
    let mut world = World::new(6);
    let mut phone = Phone::new(WATCHER, "101");
    let tag = tag_of(&phone.subscribe(&mut world, "102", "dialog", 600, ""));
    world.run(20_000);
    // What was told went where the telephone is no more.
    world.stray.clear();
    assert!(phone.subscribe(&mut world, "102", "dialog", 600, &tag).starts_with("SIP/2.0 200"));
    assert_eq!(phone.notified(&mut world, "200 OK").len(), 1, "at once");
    world.run(33_000);
    assert_eq!(world.sides[US].endpoint.stats().subscriptions, 1);
}

#[test]
fn there_is_a_bound_for_each_account_and_for_all() {
    let mut world = World::with(7, Transport::Udp, |settings| {
        settings.subscriptions.per_account_max = 2;
        settings.subscriptions.all_max = 3;
    });
    let mut phones = [Phone::new(WATCHER, "101"), Phone::new(RINGER, "102")];
    let more = "Event: dialog\nExpires: 600\n";
    let mut tries = Vec::new();
    for (phone, call_id) in [(0, "a"), (0, "b"), (0, "c"), (1, "d"), (1, "e")] {
        let answer = phones[phone].say(&mut world, "SUBSCRIBE", "102", call_id, "", more);
        tries.push(answer["SIP/2.0 ".len()..].split(' ').next().unwrap().to_owned());
    }
    assert_eq!(tries, ["200", "200", "503", "200", "503"]);
}

#[test]
fn an_account_that_is_taken_out_ends_what_it_watches_and_what_watches_it() {
    let mut world = World::new(8);
    let (mut one, mut two) = (Phone::new(WATCHER, "101"), Phone::new(RINGER, "102"));
    one.subscribe(&mut world, "102", "dialog", 600, "");
    two.subscribe(&mut world, "102", "message-summary", 600, "");
    one.notified(&mut world, "200 OK");
    two.notified(&mut world, "200 OK");
    let mut fewer = access(address("10.0.0.2:5060"), Transport::Udp);
    fewer.phones.remove("102");
    world.sides[US].endpoint.set_access(Arc::new(fewer));
    world.run(10);
    assert_eq!(header(&one.notified(&mut world, "200 OK")[0], "Subscription-State:"), "terminated;reason=noresource");
    assert_eq!(header(&two.notified(&mut world, "200 OK")[0], "Subscription-State:"), "terminated;reason=rejected");
    assert!(world.take(US).iter().all(|notice| !matches!(notice, SipNotice::Invited { .. })));
    world.assert_empty();
}

#[test]
fn a_node_that_takes_no_calls_sends_its_subscribers_away_for_a_while() {
    let mut world = World::new(9);
    let mut phone = Phone::new(WATCHER, "101");
    phone.subscribe(&mut world, "102", "dialog", 600, "");
    phone.notified(&mut world, "200 OK");
    let (now, World { sides, rng, .. }) = (world.now, &mut world);
    sides[US].endpoint.set_draining(true);
    sides[US].endpoint.leave_subscribers(now, rng);
    world.run(10);
    let told = phone.notified(&mut world, "200 OK");
    assert_eq!(header(&told[0], "Subscription-State:"), "terminated;reason=probation;retry-after=30");
    assert!(phone.subscribe(&mut world, "102", "dialog", 600, "").starts_with("SIP/2.0 503"));
}

/// An INVITE of the watcher for the place of a dialog; the answer that is not 100.
fn take_over(world: &mut World, phone: &mut Phone, call_id: &str, replaces: &str) -> String {
    let more = format!("Replaces: {replaces}\nRequire: replaces\n");
    let answer = phone.say(world, "INVITE", "102", call_id, "", &more);
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn a_ringing_call_is_named_by_what_the_lamp_was_told() {
    let mut world = World::new(10);
    let (mut watcher, mut ringer) = (Phone::new(WATCHER, "101"), Phone::new(RINGER, "102"));
    watcher.subscribe(&mut world, "102", "dialog", 600, "");
    watcher.notified(&mut world, "200 OK");
    world.run(1_000);
    let invite = ring(&mut world, &mut ringer);
    let (call_id, ours) = (header(&invite, "Call-ID:"), header(&invite, "From:").split("tag=").nth(1).unwrap().to_owned());
    // Not before it rings there.
    let early = take_over(&mut world, &mut watcher, "p0", &format!("{call_id};to-tag={ours};from-tag=theirs;early-only"));
    assert_eq!(early, "SIP/2.0 481 Call/Transaction Does Not Exist");
    answer(&mut world, RINGER, &invite, "180 Ringing", ";tag=theirs");
    world.take(US);
    // A telephone writes the tags from the point of view of the one that it watches.
    for (name, replaces) in [
        ("p1", format!("{call_id};to-tag=theirs;from-tag={ours};early-only")),
        ("p2", format!("{call_id};to-tag={ours};from-tag=theirs")),
    ] {
        assert_eq!(take_over(&mut world, &mut watcher, name, &replaces), "SIP/2.0 100 Trying");
        let told = world.take(US);
        let named = told.iter().find_map(|notice| match notice {
            SipNotice::Invited { dialog, replaces, .. } => Some((*dialog, *replaces)),
            _ => None,
        });
        let (dialog, replaces) = named.expect("an invitation");
        assert_eq!(replaces, Some(crate::protocol::sip::DialogId(2)));
        world.order(US, SipOrder::Reject { dialog, status: 603, retry_after_secs: None });
    }
    for (name, replaces, refused) in [
        ("q1", format!("{call_id};to-tag={ours};from-tag=other"), 481),
        ("q2", format!("other;to-tag={ours};from-tag=theirs"), 481),
        ("q3", format!("{call_id};to-tag={ours}"), 400),
    ] {
        let answer = take_over(&mut world, &mut watcher, name, &replaces);
        assert!(answer.starts_with(&format!("SIP/2.0 {refused}")), "{name}: {answer}");
    }
    assert!(invite.contains("Supported: 100rel, timer, replaces"), "{invite}");
}

#[test]
fn an_answered_call_is_no_early_one_and_one_that_is_still_to_be_answered_is_nobodys() {
    let mut world = World::new(11);
    let (mut watcher, mut caller) = (Phone::new(WATCHER, "101"), Phone::new(RINGER, "102"));
    let sdp = "Supported: replaces\n";
    caller.say(&mut world, "INVITE", "1001", "c", "", sdp);
    let dialog = world.take(US).into_iter().find_map(|notice| match notice {
        SipNotice::Invited { dialog, .. } => Some(dialog),
        _ => None,
    });
    let dialog = dialog.expect("a call");
    world.order(US, SipOrder::Ring { dialog, answer: None });
    let ringing = world.stray.iter().rev().find(|(_, text)| text.starts_with("SIP/2.0 180")).unwrap().1.clone();
    let ours = tag_of(&ringing)[";tag=".len()..].to_owned();
    let replaces = format!("c;to-tag={ours};from-tag=fc");
    // RFC 3891 3: an early dialog that we did not begin is not replaced.
    assert!(take_over(&mut world, &mut watcher, "r1", &replaces).starts_with("SIP/2.0 481"));
    world.order(US, SipOrder::Accept { dialog, sdp: "v=0\r\n".into() });
    assert!(take_over(&mut world, &mut watcher, "r2", &format!("{replaces};early-only")).starts_with("SIP/2.0 486"));
    assert!(take_over(&mut world, &mut watcher, "r3", &replaces).starts_with("SIP/2.0 100"));
    // The carrier's side of a call is nobody's to take, and a carrier takes none.
    let text = "INVITE sip:1001@centre SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKr;rport\nMax-Forwards: 70\n\
                From: <sip:34911@10.0.0.2>;tag=r\nTo: <sip:1001@centre>\nCall-ID: r\nCSeq: 1 INVITE\n\
                Contact: <sip:34911@10.0.0.2>\n";
    world.inject(US, "10.0.0.2:5060", &format!("{text}Replaces: {replaces}\nContent-Length: 0\n\n"));
    assert!(world.last(US, "SIP/2.0").unwrap().starts_with("SIP/2.0 401"));
    assert!(world.take(THEM).is_empty());
}
