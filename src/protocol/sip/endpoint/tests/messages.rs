//! MESSAGE: who may write to whom, what arrives at which devices, and what the sender hears of it.

use super::{
    phones::{Phone, first_line},
    world::{US, World, address, answer_to},
};
use crate::protocol::sip::Transport;

const WRITER: &str = "198.51.100.7:5071";
/// Two devices of account 102.
const DESK: &str = "198.51.100.8:5072";
const CELL: &str = "198.51.100.9:5073";
const TEXT: &str = "Content-Type: text/plain;charset=UTF-8\n";

/// A world in which 102 is registered with these devices, and the writer.
fn world_with(devices: &[&'static str]) -> (World, Phone) {
    let mut world = World::new(3428);
    for at in devices {
        let mut phone = Phone::new("102", "secret", at);
        assert_eq!(phone.say(&mut world, "REGISTER", "Expires: 600\n"), "SIP/2.0 200 OK");
    }
    world.take(US);
    world.stray.clear();
    (world, Phone::new("101", "secret", WRITER))
}

/// Writes to an account, with proof; everything that was sent then. A Max-Forwards of its own stands for the usual one.
fn write(world: &mut World, writer: &mut Phone, to: &str, more: &str, body: &str) -> Vec<(String, String)> {
    let ask = |writer: &mut Phone, more: &str| {
        let request = writer.request("MESSAGE", more).replace("1000@centre", &format!("{to}@centre"));
        let usual = if more.contains("Max-Forwards: ") { "Max-Forwards: 70\n" } else { "" };
        request.replacen(usual, "", 1).replace("Content-Length: 0\n\n", &format!("Content-Length: {}\n\n{body}", body.len()))
    };
    let first = ask(writer, more);
    world.inject(US, WRITER, &first);
    let challenge = world.stray.last().expect("an answer").1.clone();
    assert!(challenge.starts_with("SIP/2.0 401"), "{challenge}");
    let proof = writer.answer(world, &challenge, "MESSAGE");
    let second = ask(writer, &format!("{more}Authorization: {proof}\n"));
    world.stray.clear();
    world.inject(US, WRITER, &second);
    sent(world)
}

/// What was sent, and where to.
fn sent(world: &mut World) -> Vec<(String, String)> {
    std::mem::take(&mut world.stray).into_iter().map(|(to, text)| (to.to_string(), text)).collect()
}

/// The answer that went to the writer, if it was answered once.
fn heard(world: &mut World) -> String {
    let answers: Vec<String> = sent(world).into_iter().filter(|(to, _)| to == WRITER).map(|(_, text)| text).collect();
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    answer.clone()
}

#[test]
fn a_text_reaches_every_device_of_the_addressee_and_one_that_takes_it_is_enough() {
    let (mut world, mut writer) = world_with(&[DESK, CELL]);
    let date = "Date: Sat, 13 Nov 2010 23:29:00 GMT\n";
    let out = write(&mut world, &mut writer, "102", &format!("{TEXT}{date}"), "¿Dónde está la 7?");
    assert_eq!(out.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), [DESK, CELL]);
    for (at, text) in &out {
        assert!(text.starts_with(&format!("MESSAGE sip:102@{at} SIP/2.0\r\n")), "{text}");
        assert!(text.contains("From: \"Boss\" <sip:101@10.0.0.1:5060>;tag="), "who has proven to be: {text}");
        assert!(text.contains("To: <sip:102@10.0.0.1:5060>\r\n") && text.contains("Max-Forwards: 69\r\n"), "{text}");
        assert!(text.contains("Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n"), "{text}");
        assert!(text.contains("Content-Type: text/plain;charset=UTF-8\r\n") && text.ends_with("\r\n\r\n¿Dónde está la 7?"));
        assert!(!text.contains("Contact:"), "RFC 3428 4: {text}");
        assert!(!text.contains("f101") && !text.contains("101MESSAGE"), "a message of our own: {text}");
    }
    world.inject(US, DESK, &answer_to(&out[0].1, "486 Busy Here", ""));
    assert!(sent(&mut world).is_empty(), "the other one may take it");
    world.inject(US, CELL, &answer_to(&out[1].1, "200 OK", ""));
    let answer = heard(&mut world);
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n") && answer.contains("To: <sip:102@centre>;tag="), "{answer}");
    assert!(!answer.contains("Contact:") && answer.contains("Content-Length: 0\r\n"), "RFC 3428 7: {answer}");
    assert!(world.take(US).is_empty(), "no call knows of it");
}

#[test]
fn a_device_that_takes_it_late_gets_it_all_the_same_and_the_sender_hears_one_answer() {
    let (mut world, mut writer) = world_with(&[DESK, CELL]);
    let out = write(&mut world, &mut writer, "102", TEXT, "hi");
    world.inject(US, DESK, &answer_to(&out[0].1, "200 OK", ""));
    assert!(heard(&mut world).starts_with("SIP/2.0 200"));
    world.run(1_000);
    let again: Vec<String> = sent(&mut world).into_iter().map(|(to, _)| to).collect();
    assert_eq!(again, [CELL], "sent again there");
    world.inject(US, CELL, &answer_to(&out[1].1, "202 Accepted", ""));
    world.run(100_000);
    assert!(sent(&mut world).is_empty());
}

#[test]
fn nobody_writes_without_a_proof_and_a_carrier_has_none() {
    let (mut world, _) = world_with(&[DESK]);
    for (account, password, at) in [("101", "wrong", WRITER), ("x", "x", "10.0.0.2:5999")] {
        let mut stranger = Phone::new(account, password, at);
        assert_eq!(stranger.say(&mut world, "MESSAGE", ""), "SIP/2.0 401 Unauthorized");
        assert!(!sent(&mut world).iter().any(|(to, _)| to == DESK));
    }
}

#[test]
fn what_cannot_be_delivered_is_refused_with_its_reason() {
    let (mut world, mut writer) = world_with(&[DESK]);
    let long = "x".repeat(9_000);
    let past = "Expires: 60\nDate: Sat, 13 Nov 2010 23:29:00 GMT\n";
    let far = format!("{TEXT}Expires: 0\n");
    for (to, more, body, status, line) in [
        ("103", TEXT, "hi", "404 Not Found", ""),
        ("101", TEXT, "hi", "480 Temporarily Unavailable", ""),
        ("102", "Content-Type: message/cpim\n", "hi", "415", "Accept: text/plain, application/im-iscomposing+xml\r\n"),
        ("102", "", "hi", "415", "Accept: text/plain"),
        ("102", "Content-Type: text/plain\nContent-Encoding: gzip\n", "hi", "415", "Accept-Encoding: identity\r\n"),
        ("102", TEXT, &long, "413", ""),
        ("102", &format!("{TEXT}Max-Forwards: 0\n"), "hi", "483 Too Many Hops", ""),
        ("102", "Require: 100rel, recipient-list-message\n", "", "420", "Unsupported: recipient-list-message\r\n"),
        ("102", &format!("{TEXT}{past}"), "hi", "480", "expired"),
        ("102", &far, "hi", "480", "expired"),
    ] {
        // The clock of this world stands in 1970, so that the date above lies before it only when it is moved.
        let wall = world.now.wall;
        world.now.wall = wall.plus_millis(1_500_000_000_000);
        let out = write(&mut world, &mut writer, to, more, body);
        world.now.wall = wall;
        let [(at, answer)] = out.as_slice() else { panic!("{to} {more}: {out:?}") };
        assert!(at == WRITER && answer.starts_with(&format!("SIP/2.0 {status}")), "{to} {more}: {answer}");
        assert!(answer.contains(line), "{answer}");
    }
    let request = writer.request("MESSAGE", TEXT).replace("Max-Forwards: 70", "Max-Forwards: 0");
    world.inject(US, WRITER, &request);
    assert!(heard(&mut world).starts_with("SIP/2.0 401"), "proof before everything else");
    let out = write(&mut world, &mut writer, "102", &format!("{TEXT}Max-Forwards: 1\n"), "hi");
    assert!(matches!(out.as_slice(), [(at, text)] if at == DESK && text.contains("Max-Forwards: 0\r\n")), "{out:?}");
    world.run(200_000);
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.transactions, stats.dialogs), (0, 0));
}

#[test]
fn a_refusal_of_the_addressees_device_reaches_the_sender_in_words_that_are_true_of_its_address() {
    for (theirs, ours, line) in [
        ("415 Unsupported Media Type", "415", "Accept: text/plain\r\n"),
        (
            "501 Not Implemented",
            "405",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, REFER, SUBSCRIBE\r\n",
        ),
        ("603 Decline", "603", ""),
        ("503 Service Unavailable", "480", ""),
        ("302 Moved", "480", ""),
    ] {
        let (mut world, mut writer) = world_with(&[DESK]);
        let out = write(&mut world, &mut writer, "102", TEXT, "hi");
        world.inject(US, DESK, &answer_to(&out[0].1, theirs, ""));
        let answer = heard(&mut world);
        assert!(answer.starts_with(&format!("SIP/2.0 {ours}")) && answer.contains(line), "{theirs}: {answer}");
    }
}

#[test]
fn a_silent_device_is_given_up_before_the_sender_is_and_an_expired_text_is_not_sent_again() {
    for (more, heard_after_ms) in [("", 16_000), ("Expires: 3\n", 3_000)] {
        let (mut world, mut writer) = world_with(&[DESK]);
        write(&mut world, &mut writer, "102", &format!("{TEXT}{more}"), "hi");
        world.run(heard_after_ms - 1);
        let before = sent(&mut world);
        assert!(before.len() > 1 && before.iter().all(|(to, text)| to == DESK && text.starts_with("MESSAGE")), "repeated");
        world.run(1);
        assert!(heard(&mut world).starts_with("SIP/2.0 480"), "not 408, which RFC 4320 forbids");
        world.run(100_000);
        assert!(sent(&mut world).is_empty(), "neither sent again nor answered again");
    }
}

#[test]
fn a_device_whose_last_flow_is_silent_gets_the_text_by_its_other_one() {
    let (mut world, mut writer) = world_with(&[]);
    for (flow, at) in [(1, DESK), (2, CELL)] {
        let mut phone = Phone::new("102", "secret", at);
        let own = format!("Contact: <sip:102@{at}>");
        let instance = format!("{own};+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";reg-id={flow}");
        let mut ask = |world: &mut World, more: &str| {
            let request = phone.request("REGISTER", &format!("Supported: path, outbound\n{more}"));
            let request = request.replace("Call-ID: ", &format!("Call-ID: {flow}"));
            world.inject(US, at, &request.replace(&own, &instance));
            world.stray.last().expect("an answer").1.clone()
        };
        let challenge = ask(&mut world, "");
        let proof = Phone::new("102", "secret", at).answer(&mut world, &challenge, "REGISTER");
        assert!(ask(&mut world, &format!("Authorization: {proof}\n")).starts_with("SIP/2.0 200"));
    }
    world.stray.clear();
    let out = write(&mut world, &mut writer, "102", TEXT, "hi");
    assert!(matches!(out.as_slice(), [(at, _)] if at == CELL), "one device: {out:?}");
    world.run(3_999);
    assert!(sent(&mut world).iter().all(|(to, _)| to == CELL));
    world.run(1);
    let (at, text) = sent(&mut world).pop().expect("the other flow has its turn");
    assert!(at == DESK && text.starts_with("MESSAGE ") && text.ends_with("hi"), "{at} {text}");
    world.inject(US, DESK, &answer_to(&text, "200 OK", ""));
    assert!(heard(&mut world).starts_with("SIP/2.0 200"));
    world.run(100_000);
    assert!(sent(&mut world).is_empty(), "answered once, and by the silent flow it is not sent again");
    let stats = world.sides[US].endpoint.stats();
    assert_eq!((stats.transactions, stats.dialogs), (0, 0));
}

#[test]
fn a_repeated_message_is_relayed_once() {
    let (mut world, mut writer) = world_with(&[DESK]);
    let out = write(&mut world, &mut writer, "102", TEXT, "hi");
    let again = world.log.iter().any(|(_, text)| text.starts_with("MESSAGE"));
    assert!(again && out.len() == 1);
    // The same request as before, by its branch.
    let cseq = writer.cseq;
    writer.cseq -= 1;
    let repeated = writer.request("MESSAGE", TEXT).replace("1000@centre", "102@centre");
    assert_eq!(writer.cseq, cseq);
    world.inject(US, WRITER, &repeated);
    assert!(sent(&mut world).is_empty(), "absorbed while it is on its way");
    world.inject(US, DESK, &answer_to(&out[0].1, "200 OK", ""));
    assert!(heard(&mut world).starts_with("SIP/2.0 200"));
    world.inject(US, WRITER, &repeated);
    assert!(heard(&mut world).starts_with("SIP/2.0 200"), "answered again from memory");
}

#[test]
fn whoever_writes_without_end_is_slowed_down_and_heard_again_later() {
    let (mut world, mut writer) = world_with(&[DESK]);
    let mut say = |world: &mut World| {
        let out = write(world, &mut writer, "102", TEXT, "hi");
        let (_, text) = out.last().expect("something was sent");
        if let Some(line) = text.strip_prefix("SIP/2.0 503") {
            assert!(line.contains("Retry-After: 10\r\n"), "{text}");
            return false;
        }
        world.inject(US, DESK, &answer_to(text, "200 OK", ""));
        true
    };
    let passed = (0..30).filter(|_| say(&mut world)).count();
    assert_eq!(passed, 20, "the burst");
    world.run(1_000);
    assert_eq!((0..5).filter(|_| say(&mut world)).count(), 2, "one each half second");
    assert!(world.bans.is_empty());
    world.sides[US].endpoint.set_draining(true);
    let request = writer.request("MESSAGE", TEXT);
    world.inject(US, WRITER, &request);
    assert!(sent(&mut world).last().unwrap().1.starts_with("SIP/2.0 503"), "as any new work while we drain");
}

#[test]
fn a_text_too_large_for_a_datagram_goes_by_a_stream_and_by_the_datagram_where_none_is_to_be_had() {
    let (mut world, mut writer) = world_with(&[DESK]);
    let long = "ñ".repeat(700);
    let out = write(&mut world, &mut writer, "102", TEXT, &long);
    assert!(out.is_empty(), "{out:?}");
    assert_eq!(world.connects.last().map(|(at, _)| *at), Some(address(DESK)));
    assert!(world.last(US, "MESSAGE").unwrap().contains("Via: SIP/2.0/TCP 10.0.0.1:5060;"));
    world.fail_connects();
    let out = sent(&mut world);
    assert!(out[0].1.contains("Via: SIP/2.0/UDP 10.0.0.1:5060;") && out[0].1.ends_with(&long), "{out:?}");
    world.inject(US, DESK, &answer_to(&out[0].1, "200 OK", ""));
    assert!(heard(&mut world).starts_with("SIP/2.0 200"));
}

#[test]
fn a_message_within_a_call_changes_nothing_of_it() {
    let mut world = World::with(3428, Transport::Udp, |_| {});
    let mut writer = Phone::new("101", "secret", WRITER);
    assert_eq!(writer.say(&mut world, "INVITE", ""), "SIP/2.0 100 Trying");
    let notices = world.take(US).len();
    world.order(US, crate::protocol::sip::SipOrder::Ring { dialog: crate::protocol::sip::DialogId(1), answer: None });
    let ringing = world.stray.last().unwrap().1.clone();
    let tag = ringing.split("To: ").nth(1).and_then(|rest| rest.split(";tag=").nth(1)).and_then(|rest| rest.lines().next());
    let within = writer.request("MESSAGE", TEXT).replace("101MESSAGE", "101INVITE");
    let within = within.replace("To: <sip:1000@centre>", &format!("To: <sip:1000@centre>;tag={}", tag.expect("our tag")));
    world.stray.clear();
    world.inject(US, WRITER, &within);
    let answer = heard(&mut world);
    assert_eq!(first_line(&answer), "SIP/2.0 405 Method Not Allowed");
    assert!(answer.contains("Allow: ") && !answer.contains("SUBSCRIBE, MESSAGE"), "{answer}");
    assert_eq!((notices, world.take(US).len(), world.sides[US].endpoint.stats().dialogs), (1, 0, 1));
}
