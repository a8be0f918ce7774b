//! Offers to a recorder and its answers: two streams, codecs, keys, pauses, families.

use super::*;
use crate::types::MediaEncryption;

const THEIR_KEY: &str = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

fn v4() -> [SocketAddr; 2] {
    ["198.51.100.5:20000", "198.51.100.5:20002"].map(|at| at.parse().unwrap())
}

fn keys() -> [KeyMaterial; 2] {
    [1, 2].map(|octet| KeyMaterial::new([octet; KeyMaterial::OCTETS]))
}

fn with(encryption: MediaEncryption, first: Option<Codec>) -> RecorderSession {
    RecorderSession::new(77, PerFamily::One(v4()), first, AudioTerms { encryption, ..AudioTerms::default() }, keys())
}

fn plain() -> RecorderSession {
    with(MediaEncryption::Never, None)
}

fn body(media: &str) -> Description {
    Description::parse(&format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{media}")).unwrap()
}

fn taken(streams: &[Option<RecorderStream>; 2]) -> [Option<(u16, bool)>; 2] {
    streams.each_ref().map(|stream| stream.as_ref().map(|stream| (stream.address.port(), stream.is_receiving)))
}

#[test]
fn two_labelled_streams_are_offered_in_the_codec_of_the_call_first() {
    let session = with(MediaEncryption::Never, Some(Codec::Pcma));
    let offers = session.offers(false);
    assert_eq!(
        &**offers.of(IpFamily::V4),
        "v=0\r\no=- 38 1 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtcp:20000\r\na=ptime:20\r\na=label:1\r\na=sendonly\r\n\
         m=audio 20002 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtcp:20002\r\na=ptime:20\r\na=label:2\r\na=sendonly\r\n"
    );
    for (allowed, call, offered) in [
        (vec![], Some(Codec::G722), "9 0 8"),
        (vec![], Some(Codec::Opus), "0 8"),
        (vec![Codec::Pcma], Some(Codec::Pcmu), "8"),
        (vec![Codec::G722], Some(Codec::G722), "9 0"),
        (vec![Codec::Opus], None, "0"),
    ] {
        let terms = AudioTerms { codecs: allowed, ..AudioTerms::default() };
        let sdp = RecorderSession::new(1, PerFamily::One(v4()), call, terms, keys()).offer();
        assert!(sdp.contains(&format!("m=audio 20000 RTP/AVP {offered}\r\n")), "{sdp}");
    }
}

#[test]
fn a_recorder_may_take_both_streams_or_one_and_choose_codecs() {
    let wideband = with(MediaEncryption::Never, Some(Codec::G722));
    let both =
        wideband.clone().accept(&body("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\nm=audio 4002 RTP/AVP 9 0\r\na=recvonly\r\n"));
    let both = both.unwrap();
    assert_eq!(taken(&both), [Some((4000, true)), Some((4002, true))]);
    assert_eq!(both[0].as_ref().unwrap().formats, [(Codec::Pcma, 8)]);
    assert_eq!(both[1].as_ref().unwrap().formats, [(Codec::G722, 9), (Codec::Pcmu, 0)]);
    assert_eq!(both[1].as_ref().unwrap().address, "192.0.2.7:4002".parse().unwrap());
    let one = plain().accept(&body("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\nm=audio 0 RTP/AVP 0\r\n")).unwrap();
    assert_eq!(taken(&one), [Some((4000, true)), None]);
    // Older recorders say nothing of directions, and one that answers with fewer lines than it was offered takes no more.
    let careless = plain().accept(&body("m=audio 4000 RTP/AVP 0\r\n")).unwrap();
    assert_eq!(taken(&careless), [Some((4000, true)), None]);
    let waiting = plain().accept(&body("m=audio 4000 RTP/AVP 0\r\na=inactive\r\nm=audio 4002 RTP/AVP 0\r\na=sendonly\r\n"));
    assert_eq!(taken(&waiting.unwrap()), [Some((4000, false)), Some((4002, false))]);
}

#[test]
fn an_answer_that_cannot_be_sent_to_is_none() {
    for media in [
        "m=audio 0 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 3\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
        "m=video 4000 RTP/AVP 0\r\n",
        "m=audio 4000 udptl 0\r\n",
        "c=IN IP6 2001:db8::7\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::7\r\n",
        "m=audio 4000 RTP/SAVP 0\r\n",
    ] {
        let mut session = plain();
        assert_eq!(session.accept(&body(media)), Err(NoCommonMedia), "{media}");
        assert_eq!(session, plain(), "{media}");
    }
}

#[test]
fn each_stream_has_keys_of_its_own_over_signalling_that_nobody_else_can_read() {
    use MediaEncryption::{Never, Optional, Required};
    for (encryption, is_secure, profile, count) in [
        (Optional, true, "RTP/AVP", 6),
        (Required, true, "RTP/SAVP", 6),
        (Never, true, "RTP/AVP", 0),
        (Optional, false, "RTP/AVP", 0),
    ] {
        let offers = with(encryption, None).offers(is_secure);
        let sdp = offers.of(IpFamily::V4);
        assert_eq!((sdp.matches(profile).count(), sdp.matches("a=crypto:").count()), (2, count), "{sdp}");
    }
    let answer = |encryption, is_secure, profile: &str, crypto: &str| {
        let mut session = with(encryption, None);
        session.note_signalling(is_secure);
        let line = |port| format!("m=audio {port} {profile} 0\r\n{crypto}");
        session.accept(&body(&(line(4000) + &line(4002)))).map(|streams| {
            let keys = streams.map(|stream| stream.unwrap().srtp.map(|keys| keys.ours.octets()[0]));
            let again = session.offer();
            assert_eq!(again.matches(&format!(" {profile} ")).count(), 2, "{again}");
            keys
        })
    };
    let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\r\n");
    assert_eq!(answer(Required, true, "RTP/SAVP", &crypto), Ok([Some(1), Some(2)]));
    assert_eq!(answer(Optional, true, "RTP/AVP", &crypto), Ok([Some(1), Some(2)]));
    assert_eq!(answer(Optional, true, "RTP/AVP", ""), Ok([None, None]));
    assert_eq!(answer(Required, true, "RTP/AVP", ""), Err(NoCommonMedia));
    assert_eq!(answer(Optional, false, "RTP/AVP", &crypto), Err(NoCommonMedia));
    assert_eq!(answer(Never, true, "RTP/AVP", &crypto), Err(NoCommonMedia));
}

#[test]
fn a_pause_is_said_once_and_is_a_new_version() {
    let mut session = plain();
    let before = session.offer();
    assert!(session.pause(true) && !session.pause(true));
    let paused = session.offer();
    assert!(paused.contains("o=- 38 2 IN") && paused.matches("a=inactive\r\n").count() == 2, "{paused}");
    assert!(session.pause(false));
    assert_eq!(session.offer(), before.replace("o=- 38 1 ", "o=- 38 3 "));
}

#[test]
fn a_recorder_moves_pauses_and_leaves_out_streams_by_an_offer_of_its_own() {
    let mut session = plain();
    session.accept(&body("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n")).unwrap();
    let offer = body("m=audio 5000 RTP/AVP 8\r\na=recvonly\r\nm=audio 4002 RTP/AVP 0\r\na=inactive\r\nm=audio 9 RTP/AVP 0\r\n");
    let (answer, streams) = session.answer(&offer).unwrap();
    assert_eq!(taken(&streams), [Some((5000, true)), Some((4002, false))]);
    assert!(answer.contains("m=audio 20000 RTP/AVP 8\r\n") && answer.contains("a=label:1\r\na=sendonly\r\n"), "{answer}");
    assert!(answer.contains("m=audio 20002 RTP/AVP 0\r\n") && answer.contains("a=label:2\r\na=inactive\r\n"), "{answer}");
    assert!(answer.ends_with("m=audio 0 RTP/AVP 0\r\n"), "{answer}");
    let (answer, streams) = session.answer(&body("m=audio 0 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n")).unwrap();
    assert_eq!(taken(&streams), [None, Some((4002, true))]);
    assert!(answer.contains("m=audio 0 RTP/AVP 0\r\n"), "{answer}");
    session.pause(true);
    let (answer, _) = session.answer(&offer).unwrap();
    assert_eq!(answer.matches("a=inactive\r\n").count(), 2, "{answer}");
    assert_eq!(session.answer(&body("m=video 4000 RTP/AVP 31\r\n")), Err(NoCommonMedia));
}

#[test]
fn a_recorder_gets_the_offer_of_its_family_and_settles_it() {
    let v6 = ["[2001:db8::5]:30000", "[2001:db8::5]:30002"].map(|at| at.parse().unwrap());
    let mut session = RecorderSession::new(77, PerFamily::Both { v4: v4(), v6 }, None, AudioTerms::default(), keys());
    let offers = session.offers(false);
    assert!(offers.of(IpFamily::V4).contains("c=IN IP4 198.51.100.5\r\n"));
    assert!(offers.of(IpFamily::V6).contains("c=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 30000 "));
    let answer = Description::parse("v=0\r\nc=IN IP6 2001:db8::7\r\nm=audio 4000 RTP/AVP 0\r\n").unwrap();
    assert_eq!(taken(&session.accept(&answer).unwrap()), [Some((4000, true)), None]);
    assert!(session.offer().contains("m=audio 30002 "));
    assert_eq!(session.accept(&body("m=audio 4000 RTP/AVP 0\r\n")), Err(NoCommonMedia), "it is of one family now");
}

#[test]
fn nothing_printed_of_a_session_holds_a_key() {
    let mut session = with(MediaEncryption::Required, None);
    session.note_signalling(true);
    let key = session.offer().split("inline:").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap().to_owned();
    assert!(!format!("{session:?}").contains(&key));
}
