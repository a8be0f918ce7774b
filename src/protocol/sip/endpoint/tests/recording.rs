//! Recording sessions (RFC 7866) with a recorder played by hand.

use std::sync::Arc;

use super::world::{THEM, US, World, access, address, answer_to, to_trunk};
use crate::protocol::sip::{DialogId, Ha1, SipNotice, SipOrder, Transport};

/// Where the recorder lives; nobody answers there unless the test does.
const RECORDER: &str = "203.0.113.9:5060";
const SESSION: DialogId = DialogId(2);
const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\na=label:1\r\n";
const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

fn paused() -> String {
    OFFER.replace("o=- 1 1", "o=- 1 2") + "a=inactive\r\n"
}

fn begin() -> World {
    let mut world = World::with(7, Transport::Udp, |settings| settings.session_timer.session_expires_secs = 600);
    let mut access = access(address(RECORDER), Transport::Udp);
    access.trunks[0].their_secret = Some(Ha1::new("line", "recorder.example", "carrier"));
    world.sides[US].endpoint.set_access(Arc::new(access));
    world.order(
        US,
        SipOrder::Record {
            dialog: SESSION,
            target: to_trunk("srs"),
            caller: "centralita".into(),
            offer: OFFER.into(),
            metadata: "<recording>first</recording>".into(),
            ring_secs: 10,
        },
    );
    world
}

/// The last request of ours of this method.
fn asked(world: &World, method: &str) -> String {
    world.last(US, method).unwrap_or_else(|| panic!("no {method}"))
}

/// The recorder answers that request.
fn answer(world: &mut World, method: &str, status: &str, more: &str, sdp: Option<&str>) {
    let request = asked(world, method);
    let contact = "Contact: <sip:srs@203.0.113.9:5060>;+sip.srs\n";
    let text = answer_to(&request, status, &format!("{contact}{more}"));
    let to = text.lines().find(|line| line.starts_with("To:")).unwrap().to_owned();
    let text = if to.contains(";tag=") { text } else { text.replace(&to, &format!("{to};tag=srs")) };
    let text = match sdp {
        Some(sdp) => {
            let body = format!("Content-Type: application/sdp\nContent-Length: {}\n\n{}", sdp.len(), sdp.replace("\r\n", "\n"));
            text.replace("Content-Length: 0\n\n", &body)
        }
        None => text,
    };
    world.inject(US, RECORDER, &text);
}

/// A recording session that the recorder has taken.
fn recorded(more: &str) -> World {
    let mut world = begin();
    answer(&mut world, "INVITE", "200 OK", more, Some(ANSWER));
    assert!(matches!(world.take(US)[..], [SipNotice::Answered { dialog: SESSION, .. }]));
    world
}

/// A request of the recorder within the session, and what was answered.
fn asks(world: &mut World, method: &str, cseq: u32, more: &str, body: &str) -> String {
    let ours = asked(world, "ACK");
    let line = |name: &str| ours.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let text = format!(
        "{method} sip:centralita@10.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP {RECORDER};branch=z9hG4bK{method}{cseq}\nFrom:{}\nTo:{}\n\
         Call-ID:{}\nCSeq: {cseq} {method}\nContact: <sip:srs@203.0.113.9:5060>;+sip.srs\nMax-Forwards: 70\nRequire: siprec\n{more}\
         Content-Length: {}\n\n{}",
        line("To:"),
        line("From:"),
        line("Call-ID:"),
        body.len(),
        body.replace("\r\n", "\n")
    );
    world.inject(US, RECORDER, &text);
    world.last(US, "SIP/2.0").unwrap_or_default()
}

/// What we told of the session in this request, if anything.
fn told(request: &str) -> Option<&str> {
    request.split_once("<recording>").and_then(|(_, rest)| rest.split_once("</recording>")).map(|(told, _)| told)
}

fn bye(mut world: World) {
    world.order(US, SipOrder::Bye { dialog: SESSION });
    answer(&mut world, "BYE", "200 OK", "", None);
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: SESSION, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn a_recorder_is_asked_as_the_rfc_wants_it_and_told_what_is_recorded() {
    let world = recorded("");
    let invite = asked(&world, "INVITE");
    for line in [
        "\r\nRequire: siprec\r\n",
        "\r\nContact: <sip:centralita@10.0.0.1:5060>;+sip.src\r\n",
        "\r\nAccept: application/sdp, application/rs-metadata-request\r\n",
        "\r\nContent-Type: multipart/mixed;boundary=recording-",
        "\r\nContent-Disposition: recording-session\r\n",
        "\r\nFrom: <sip:centralita@10.0.0.1:5060>;tag=",
    ] {
        assert!(invite.contains(line), "{line}: {invite}");
    }
    assert!(invite.starts_with("INVITE sip:srs@203.0.113.9:5060") && invite.contains(OFFER), "{invite}");
    assert_eq!(told(&invite), Some("first"));
    assert!(!asked(&world, "ACK").contains("recording"));
    bye(world);
}

#[test]
fn a_recorder_that_wants_a_proof_gets_it_with_the_same_body() {
    let mut world = begin();
    let challenge = "WWW-Authenticate: Digest realm=\"recorder.example\", nonce=\"n1\", qop=\"auth\"\n";
    answer(&mut world, "INVITE", "401 Unauthorized", challenge, None);
    let again = asked(&world, "INVITE");
    assert!(
        again.contains("\r\nAuthorization: Digest ") && again.contains("CSeq: 2 INVITE") && again.contains(OFFER),
        "{again}"
    );
    assert_eq!(told(&again), Some("first"));
    answer(&mut world, "INVITE", "200 OK", "", Some(ANSWER));
    assert!(matches!(world.take(US)[..], [SipNotice::Answered { dialog: SESSION, .. }]));
    bye(world);
}

#[test]
fn of_changes_that_wait_for_the_recorder_the_last_is_said() {
    let mut world = recorded("");
    let change = |offer: &str, metadata: &str| SipOrder::Rerecord {
        dialog: SESSION,
        offer: offer.into(),
        metadata: format!("<recording>{metadata}</recording>").into(),
    };
    world.order(US, change(OFFER, "second"));
    world.order(US, change(&paused(), "third"));
    world.order(US, change(&paused(), "fourth"));
    let second = asked(&world, "INVITE");
    assert_eq!((told(&second), second.contains("Require: siprec\r\n")), (Some("second"), true));
    answer(&mut world, "INVITE", "200 OK", "", Some(ANSWER));
    let last = asked(&world, "INVITE");
    assert_eq!((told(&last), last.contains("a=inactive\r\n")), (Some("fourth"), true));
    // Their own offer is on its way: ours is said again a little later.
    answer(&mut world, "INVITE", "491 Request Pending", "", None);
    world.order(US, change(OFFER, "fifth"));
    world.run(5_000);
    let again = asked(&world, "INVITE");
    assert_eq!((told(&again), again.contains("a=inactive\r\n")), (Some("fifth"), false));
    answer(&mut world, "INVITE", "200 OK", "", Some(ANSWER));
    world.take(US);
    bye(world);
}

#[test]
fn a_recorder_may_ask_for_everything_again() {
    let mut world = recorded("");
    let request = "<requestsnapshot xmlns=\"urn:ietf:params:xml:ns:recording:1\"/>";
    let kind = "Content-Type: application/rs-metadata-request\n";
    let ok = asks(&mut world, "UPDATE", 7, kind, request);
    assert!(ok.starts_with("SIP/2.0 200") && ok.contains(";+sip.src\r\n"), "{ok}");
    assert_eq!(world.take(US), [SipNotice::MetadataAsked { dialog: SESSION }]);
    let refused = asks(&mut world, "UPDATE", 8, "Content-Type: text/plain\n", "hello");
    assert!(refused.starts_with("SIP/2.0 415"), "{refused}");
    assert_eq!(world.take(US), []);
    bye(world);
}

#[test]
fn nobody_has_us_record_or_asks_for_a_description_of_a_call() {
    let mut world = World::new(3);
    let more = "Require: siprec\n";
    world.inject(THEM, "10.0.0.1:5062", &super::calls::invite("a", more));
    let refused = world.last(THEM, "SIP/2.0 4").unwrap();
    assert!(refused.starts_with("SIP/2.0 420") && refused.contains("Unsupported: siprec\r\n"), "{refused}");
}

#[test]
fn a_session_is_refreshed_without_saying_everything_again() {
    // One that knows no UPDATE.
    let mut world = recorded("Allow: INVITE, ACK, BYE\nRequire: timer\nSession-Expires: 600;refresher=uac\n");
    world.run(301_000);
    let refresh = asked(&world, "INVITE");
    assert!(refresh.contains("CSeq: 2 INVITE") && refresh.contains("Content-Type: application/sdp\r\n"), "{refresh}");
    assert!(refresh.contains(";+sip.src\r\n") && refresh.ends_with(OFFER), "{refresh}");
    answer(&mut world, "INVITE", "200 OK", "Require: timer\nSession-Expires: 600;refresher=uac\n", Some(ANSWER));
    assert_eq!(world.take(US), []);
    bye(world);
}

#[test]
fn a_recorder_that_moves_is_answered_and_one_that_hangs_up_is_gone() {
    let mut world = recorded("");
    asks(&mut world, "INVITE", 5, "Content-Type: application/sdp\n", ANSWER);
    assert!(matches!(world.take(US)[..], [SipNotice::Reoffered { dialog: SESSION, .. }]));
    world.order(US, SipOrder::AnswerReoffer { dialog: SESSION, answer: Some(OFFER.into()) });
    let ok = world.last(US, "SIP/2.0").unwrap();
    assert!(ok.starts_with("SIP/2.0 200") && ok.contains(";+sip.src\r\n") && ok.ends_with(OFFER), "{ok}");
    let ok = asks(&mut world, "BYE", 6, "", "");
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    assert_eq!(world.take(US), [SipNotice::Ended { dialog: SESSION, is_lost: false }]);
    world.assert_empty();
}

#[test]
fn a_recorder_that_refuses_or_is_silent_is_told_of() {
    let mut world = begin();
    answer(&mut world, "INVITE", "603 Decline", "", None);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: SESSION, status: 603 }]);
    world.assert_empty();
    let mut world = begin();
    world.run(10_000);
    assert_eq!(world.take(US), [SipNotice::Failed { dialog: SESSION, status: 408 }]);
    world.assert_empty();
}
