//! REFER, its NOTIFYs, and dialogs named by Replaces.

use super::world::{US, World};
use crate::protocol::sip::{DialogId, Ha1, ReferTarget, SipNotice, SipOrder, digest::answer_challenge};

const AT: &str = "198.51.100.7:5071";

/// A phone that has called us and was answered.
struct Talker {
    account: &'static str,
    call_id: &'static str,
    our_tag: String,
    cseq: u32,
    nonce: String,
}

impl Talker {
    fn call(world: &mut World, account: &'static str, call_id: &'static str) -> (Self, DialogId) {
        let mut talker = Self { account, call_id, our_tag: String::new(), cseq: 0, nonce: String::new() };
        let first = talker.request("INVITE", "");
        world.inject(US, AT, &first);
        talker.nonce = world.stray.last().unwrap().1.clone();
        let proof = talker.proof(world, "INVITE");
        let second = talker.request("INVITE", &proof);
        world.inject(US, AT, &second);
        let dialog = world
            .take(US)
            .into_iter()
            .find_map(|notice| match notice {
                SipNotice::Invited { dialog, .. } => Some(dialog),
                _ => None,
            })
            .expect("a call");
        world.order(US, SipOrder::Accept { dialog, sdp: "v=0\r\n".into() });
        let ok = talker.last(world);
        let tag = ok.lines().find(|line| line.starts_with("To:")).and_then(|to| to.split(";tag=").nth(1)).unwrap();
        talker.our_tag = tag.trim().to_owned();
        let cseq = talker.cseq;
        let ack = talker.request("ACK", "");
        talker.cseq = cseq;
        world.inject(US, AT, &ack.replace(&format!("CSeq: {} ACK", cseq + 1), &format!("CSeq: {cseq} ACK")));
        world.take(US);
        (talker, dialog)
    }

    fn request(&mut self, method: &str, more: &str) -> String {
        self.cseq += 1;
        let Self { account, call_id, our_tag, cseq, .. } = self;
        let tag = if our_tag.is_empty() { String::new() } else { format!(";tag={our_tag}") };
        format!(
            "{method} sip:102@centre SIP/2.0\nVia: SIP/2.0/UDP {AT};branch=z9hG4bK{call_id}{cseq}{method};rport\n\
             Max-Forwards: 70\nFrom: <sip:{account}@centre>;tag=f{call_id}\nTo: <sip:102@centre>{tag}\nCall-ID: {call_id}\n\
             CSeq: {cseq} {method}\nContact: <sip:{account}@{AT}>\n{more}Content-Length: 0\n\n"
        )
    }

    fn proof(&self, world: &mut World, method: &str) -> String {
        let values = self.nonce.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let ha1 = Ha1::new(self.account, "centre", "secret");
        let value = answer_challenge(values, self.account, &ha1, method, "sip:centre", &mut world.rng).expect("our realm");
        format!("Authorization: {value}\n")
    }

    /// Sends a request within the call, with proof when asked for it; the last answer's first line.
    fn say(&mut self, world: &mut World, method: &str, more: &str) -> String {
        let text = self.request(method, more);
        let before = world.stray.len();
        world.inject(US, AT, &text);
        let answer = world.stray[before].1.clone();
        if !answer.starts_with("SIP/2.0 401") {
            return answer.lines().next().unwrap().to_owned();
        }
        self.nonce = answer;
        let proof = self.proof(world, method);
        let text = self.request(method, &format!("{more}{proof}"));
        let before = world.stray.len();
        world.inject(US, AT, &text);
        world.stray.get(before).map(|(_, text)| text.lines().next().unwrap().to_owned()).unwrap_or_default()
    }

    fn last(&self, world: &World) -> String {
        world.stray.last().unwrap().1.clone()
    }

    /// Answers a request of ours.
    fn answer(&self, world: &mut World, request: &str, status: &str) {
        let line = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap().trim_end().to_owned();
        let lines = [line("Via:"), line("From:"), line("To:"), line("Call-ID:"), line("CSeq:")].join("\n");
        world.inject(US, AT, &format!("SIP/2.0 {status}\n{lines}\nContent-Length: 0\n\n"));
    }
}

fn notifies(world: &World) -> Vec<(String, String)> {
    let header =
        |text: &str, name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let sent = world.stray.iter().filter(|(_, text)| text.starts_with("NOTIFY "));
    let told = |text: &String| {
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default().trim().to_owned();
        (body, header(text, "Subscription-State:"))
    };
    sent.map(|(_, text)| told(text)).collect()
}

fn state(text: &str) -> (String, String) {
    (text.to_owned(), "active;expires=180".to_owned())
}

fn last_word(text: &str) -> (String, String) {
    (text.to_owned(), "terminated;reason=noresource".to_owned())
}

#[test]
fn a_phone_proves_itself_and_hears_how_its_transfer_goes() {
    let mut world = World::new(1);
    let (mut phone, dialog) = Talker::call(&mut world, "101", "one");
    let text = phone.request("REFER", "Refer-To: <sip:1001@centre>\nReferred-By: <sip:101@centre>\n");
    world.inject(US, AT, &text);
    assert!(phone.last(&world).starts_with("SIP/2.0 401"), "a transfer may cost money: {}", phone.last(&world));
    assert!(world.take(US).is_empty());
    phone.nonce = phone.last(&world);
    let proof = phone.proof(&mut world, "REFER");
    let text = phone.request("REFER", &format!("Refer-To: <sip:1001@centre>\n{proof}"));
    world.inject(US, AT, &text);
    assert_eq!(world.take(US), [SipNotice::Referred { dialog, target: ReferTarget::Number("1001".into()) }]);
    world.order(US, SipOrder::ReferProgress { dialog, status: 100 });
    assert!(world.stray.iter().any(|(_, text)| text.starts_with("SIP/2.0 202 Accepted")));
    assert_eq!(notifies(&world), [state("SIP/2.0 100 Trying")]);
    // The next one waits for the answer to the first; the last word does not.
    world.order(US, SipOrder::ReferProgress { dialog, status: 180 });
    assert_eq!(notifies(&world).len(), 1);
    let first = world.stray.iter().rev().find(|(_, text)| text.starts_with("NOTIFY")).unwrap().1.clone();
    assert!(first.contains("\r\nEvent: refer\r\n") && first.contains("Content-Type: message/sipfrag"), "{first}");
    phone.answer(&mut world, &first, "200 OK");
    assert_eq!(notifies(&world).last(), Some(&state("SIP/2.0 180 Ringing")));
    world.order(US, SipOrder::ReferProgress { dialog, status: 200 });
    assert_eq!(notifies(&world).last(), Some(&last_word("SIP/2.0 200 OK")));
    // It is over: another REFER may come, and is named by its number.
    let text = phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre>\n");
    world.order(US, SipOrder::ReferProgress { dialog, status: 100 });
    assert!(text.is_empty() || text.starts_with("NOTIFY"), "{text}");
    let second = world.stray.iter().rev().find(|(_, text)| text.starts_with("NOTIFY")).unwrap().1.clone();
    assert!(second.contains(&format!("\r\nEvent: refer;id={}\r\n", phone.cseq)), "{second}");
    assert_eq!(phone.say(&mut world, "REFER", "Refer-To: <sip:103@centre>\n"), "SIP/2.0 491 Request Pending");
    world.order(US, SipOrder::Bye { dialog });
    world.assert_empty();
}

#[test]
fn what_is_refused_stays_a_call() {
    let mut world = World::new(2);
    let (mut phone, dialog) = Talker::call(&mut world, "101", "two");
    assert_eq!(phone.say(&mut world, "REFER", ""), "SIP/2.0 400 Bad Request");
    let twice = "Refer-To: <sip:1@centre>\nRefer-To: <sip:2@centre>\n";
    assert_eq!(phone.say(&mut world, "REFER", twice), "SIP/2.0 400 Bad Request");
    phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre>\n");
    world.order(US, SipOrder::ReferProgress { dialog, status: 403 });
    assert!(phone.last(&world).starts_with("SIP/2.0 403"));
    assert_eq!(phone.say(&mut world, "REFER", "Refer-To: <mailto:ana@centre>\n"), "SIP/2.0 202 Accepted");
    assert_eq!(notifies(&world).last(), Some(&last_word("SIP/2.0 416 Unsupported URI Scheme")));
    phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre?Replaces=no%3Bto-tag%3D1%3Bfrom-tag%3D2>\n");
    assert_eq!(notifies(&world).last(), Some(&last_word("SIP/2.0 481 Call/Transaction Does Not Exist")));
    assert_eq!(world.sides[US].endpoint.stats().dialogs, 1);
    // Outside a call nobody is referred, and another account's proof is worth nothing here.
    let outside = phone.request("REFER", "Refer-To: <sip:102@centre>\n").replace(&format!(";tag={}", phone.our_tag), "");
    world.inject(US, AT, &outside);
    assert!(phone.last(&world).starts_with("SIP/2.0 403"));
    phone.account = "102";
    assert_eq!(phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre>\n"), "SIP/2.0 403 Forbidden");
}

#[test]
fn a_trunk_refers_nobody() {
    let mut world = World::new(3);
    let from = "10.0.0.2:5060";
    let request = |method: &str, cseq: u32, tag: &str, more: &str| {
        format!(
            "{method} sip:1001@centre SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bKt{cseq}{method}\nMax-Forwards: 70\n\
             From: <sip:+34911@peer>;tag=far\nTo: <sip:1001@centre>{tag}\nCall-ID: trunk\nCSeq: {cseq} {method}\n\
             Contact: <sip:far@{from}>\n{more}Content-Length: 0\n\n"
        )
    };
    world.inject(US, from, &request("INVITE", 1, "", ""));
    let [SipNotice::Invited { dialog, .. }] = world.take(US)[..] else { panic!("no call") };
    world.order(US, SipOrder::Accept { dialog, sdp: "v=0\r\n".into() });
    let ok = world.last(US, "SIP/2.0 200").unwrap();
    let tag = ok.lines().find(|line| line.starts_with("To:")).and_then(|to| to.split_once(";tag=")).unwrap().1.trim();
    let tag = format!(";tag={tag}");
    world.inject(US, from, &request("ACK", 1, &tag, ""));
    world.take(US);
    world.inject(US, from, &request("REFER", 2, &tag, "Refer-To: <sip:+881600000000@centre>\n"));
    assert!(world.last(US, "SIP/2.0 403").is_some());
    assert!(world.take(US).is_empty());
}

#[test]
fn who_wants_no_notify_gets_none_and_the_transfer_goes_on() {
    let mut world = World::new(4);
    let (mut phone, dialog) = Talker::call(&mut world, "101", "four");
    phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre>\nRefer-Sub: false\n");
    world.order(US, SipOrder::ReferProgress { dialog, status: 100 });
    let accepted = phone.last(&world);
    assert!(accepted.starts_with("SIP/2.0 202") && accepted.contains("\r\nRefer-Sub: false\r\n"), "{accepted}");
    world.order(US, SipOrder::ReferProgress { dialog, status: 200 });
    assert!(notifies(&world).is_empty());
    // A phone that cannot hear of it is not told again, and keeps its call.
    phone.say(&mut world, "REFER", "Refer-To: <sip:102@centre>\n");
    world.order(US, SipOrder::ReferProgress { dialog, status: 100 });
    let first = phone.last(&world);
    phone.answer(&mut world, &first, "481 Call/Transaction Does Not Exist");
    world.order(US, SipOrder::ReferProgress { dialog, status: 200 });
    assert_eq!(notifies(&world).len(), 1);
    assert_eq!(world.sides[US].endpoint.stats().dialogs, 1);
}

#[test]
fn the_other_line_of_the_same_phone_is_named_by_replaces() {
    let mut world = World::new(5);
    let (mut phone, dialog) = Talker::call(&mut world, "101", "five");
    let (second, other) = Talker::call(&mut world, "101", "six");
    let (stranger, _) = Talker::call(&mut world, "102", "seven");
    let named = |line: &Talker| {
        format!(
            "Refer-To: <sip:x@centre?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3Df{}>\n",
            line.call_id, line.our_tag, line.call_id
        )
    };
    phone.say(&mut world, "REFER", &named(&second));
    assert_eq!(world.take(US), [SipNotice::Referred { dialog, target: ReferTarget::Dialog(other) }]);
    world.order(US, SipOrder::ReferProgress { dialog, status: 100 });
    world.order(US, SipOrder::ReferProgress { dialog, status: 200 });
    phone.say(&mut world, "REFER", &named(&stranger));
    assert!(world.take(US).is_empty(), "another phone's call is nobody's to give away");
    assert!(notifies(&world).last().unwrap().0.starts_with("SIP/2.0 403"));
}
