//! Stories of single legs: what the wire says, what the centre wants, and that nothing is left afterwards.

mod early_audio;
mod encryption;
mod levels;
mod moving;
mod recorders;
mod silence;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{
    LiveUpdate, WebPhoneUpdate,
    legs::{Legs, MEDIA_OPEN_MS_MAX, Said},
};
use crate::{
    domain::{
        call::EndCause,
        centre::{CentreInput, Heard, PhoneEffect, SILENT_PHONE_MS},
        directory::{NumberRule, Trunk},
    },
    protocol::{
        media::{Codec, MediaNotice, MediaOrder, Source},
        rtp::KeyMaterial,
        sip::{CallSource, Devices, DialogId, SipNotice, SipOrder, SipTarget, Transport},
    },
    types::{CallContext, IpFamily, LegId, Now, PerFamily, Rng, SessionId},
};

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\n\
                     a=rtpmap:101 telephone-event/8000\r\n";

/// Where the other side's signalling comes from.
const THEIRS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

/// The telephone with hands on every side of it.
struct Desk {
    legs: Legs,
    rng: Rng,
    now: Now,
}

impl Desk {
    fn new() -> Self {
        let mut legs = Legs::new();
        legs.country_code = "34".into();
        Self { legs, rng: Rng::seeded(1), now: Now::default() }
    }

    fn sip(&mut self, notice: SipNotice) -> Vec<Said> {
        self.legs.hear_sip(notice, self.now, &mut self.rng);
        self.said()
    }

    fn media(&mut self, notice: MediaNotice) -> Vec<Said> {
        self.legs.hear_media(notice, self.now, &mut self.rng);
        self.said()
    }

    fn want(&mut self, effect: PhoneEffect) -> Vec<Said> {
        self.legs.carry_out(effect, &|_| Devices::Telephones, self.now, &mut self.rng);
        self.said()
    }

    fn wait(&mut self, millis: u64) -> Vec<Said> {
        self.now = self.now.plus_millis(millis);
        self.legs.timeout(self.now);
        self.said()
    }

    fn said(&mut self) -> Vec<Said> {
        std::iter::from_fn(|| self.legs.poll()).collect()
    }

    fn leg_id(&mut self) -> LegId {
        LegId::mint(self.now.wall, &mut self.rng)
    }

    /// A caller has arrived.
    fn arrived(&mut self, offer: Option<&str>) -> LegId {
        let said = self.sip(invited(offer));
        let [Said::Centre(CentreInput::Arrived { leg, caller, called, .. })] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((caller.number.as_ref().map(ToString::to_string).as_deref(), &**called), (Some("+34911000001"), "1009"));
        *leg
    }

    /// A caller talks.
    fn talking(&mut self) -> LegId {
        let leg = self.arrived(Some(OFFER));
        self.want(PhoneEffect::Answer { leg });
        self.media(opened(leg));
        let said = self.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None });
        assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAnswered { .. })]), "{said:?}");
        leg
    }

    /// A phone of ours is being called.
    fn calling(&mut self) -> (LegId, DialogId) {
        let leg = self.leg_id();
        let said = self.want(PhoneEffect::CallPhone {
            leg,
            account: "101".into(),
            caller: Some("+34911000001".into()),
            caller_name: None,
            ring_secs: 20,
            context: CallContext::default(),
        });
        assert!(matches!(said.as_slice(), [Said::Media(MediaOrder::Open { .. })]), "{said:?}");
        let said = self.media(opened(leg));
        let [Said::Sip(SipOrder::Invite { dialog, target, ring_secs: 20, offer, .. })] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert_eq!((dialog.0 % 2, target), (0, &SipTarget::Phone("101".into())));
        let offer = offer.over(Transport::Udp, IpFamily::V4).unwrap();
        assert!(offer.contains("m=audio 20000 RTP/AVP 0 8 101"), "{offer}");
        (leg, *dialog)
    }

    fn is_clean(&mut self) {
        assert!(self.legs.is_empty() && self.legs.poll().is_none(), "something is left: {:?}", self.legs);
    }
}

/// Keys that everybody knows.
pub(super) fn keys() -> KeyMaterial {
    KeyMaterial::new([7; KeyMaterial::OCTETS])
}

fn invited(offer: Option<&str>) -> SipNotice {
    SipNotice::Invited {
        dialog: DialogId(1),
        source: CallSource::Trunk("carrier".parse().unwrap()),
        signalled_from: THEIRS,
        is_secure: false,
        caller: Some("911000001".into()),
        caller_name: None,
        called: "1009".into(),
        device: None,
        offer: offer.map(Arc::from),
        language: None,
        identity: None,
        replaces: None,
        context: Box::default(),
    }
}

fn opened(leg: LegId) -> MediaNotice {
    MediaNotice::Opened { leg, locals: PerFamily::One("198.51.100.5:20000".parse().unwrap()), keys: keys() }
}

fn closes(said: &[Said], leg: LegId) -> bool {
    said.iter().any(|said| matches!(said, Said::Media(MediaOrder::Close { leg: closed }) if *closed == leg))
}

#[test]
fn a_caller_is_answered_when_the_port_is_there_and_talks_when_the_ack_comes() {
    let mut desk = Desk::new();
    let leg = desk.arrived(Some(OFFER));
    assert!(matches!(desk.want(PhoneEffect::Ring { leg }).as_slice(), [Said::Sip(SipOrder::Ring { answer: None, .. })]));
    assert!(matches!(desk.want(PhoneEffect::Answer { leg }).as_slice(), [Said::Media(MediaOrder::Open { .. })]));
    let said = desk.media(opened(leg));
    let [Said::Media(MediaOrder::SetRemote { remote, .. }), Said::Sip(SipOrder::Accept { sdp, .. })] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!((remote.codec, remote.digit_payload_type, remote.is_receiving), (Codec::Pcma, Some(101), true));
    assert!(sdp.contains("m=audio 20000 RTP/AVP 8 101"), "{sdp}");
    assert!(matches!(
        desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None }).as_slice(),
        [Said::Centre(CentreInput::LegAnswered { .. })]
    ));
    let said = desk.want(PhoneEffect::Hear { leg, heard: vec![Heard::Echo] });
    assert!(matches!(said.as_slice(), [Said::Media(MediaOrder::Hear { sources, .. })] if *sources == [Source::Echo]));
    let said = desk.sip(SipNotice::Ended { dialog: DialogId(1), is_lost: false });
    assert!(closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: false, .. }))));
    desk.is_clean();
}

#[test]
fn what_a_carrier_says_beside_a_number_is_no_part_of_it() {
    for (numbers_in, written) in [
        (vec![], "911000001"),
        (vec![NumberRule { pattern: "9XXXXXXXX".into(), strip: 0, prepend: "+34".into() }], "+34911000001"),
    ] {
        for beside in ["", ";npdi", ";cpc=ordinary", ";phone-context=+34"] {
            let mut desk = Desk::new();
            let trunk = Trunk { numbers_in: numbers_in.clone(), ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
            desk.legs.trunks.insert(trunk.id.clone(), trunk);
            let mut notice = invited(Some(OFFER));
            if let SipNotice::Invited { called, .. } = &mut notice {
                *called = format!("911000001{beside}").into();
            }
            let said = desk.sip(notice);
            let is_it = |said: &Said| matches!(said, Said::Centre(CentreInput::Arrived { called, .. }) if **called == *written);
            assert!(said.iter().any(is_it), "{beside}: {said:?}");
        }
    }
}

#[test]
fn a_caller_who_hears_us_before_the_answer_is_answered_with_the_same_words() {
    let mut desk = Desk::new();
    let leg = desk.arrived(Some(OFFER));
    assert!(matches!(desk.want(PhoneEffect::EarlyMedia { leg }).as_slice(), [Said::Media(MediaOrder::Open { .. })]));
    let said = desk.media(opened(leg));
    let [
        Said::Media(MediaOrder::SetRemote { .. }),
        Said::Sip(SipOrder::Ring { answer: Some(early), .. }),
        Said::Centre(CentreInput::LegEarlyMedia { .. }),
    ] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    let said = desk.want(PhoneEffect::Answer { leg });
    assert!(matches!(said.as_slice(), [Said::Sip(SipOrder::Accept { sdp, .. })] if sdp == early), "{said:?}");
    let said = desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None });
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAnswered { .. })]), "{said:?}");
}

#[test]
fn an_answer_that_overtakes_the_port_of_early_media_is_a_plain_answer() {
    let mut desk = Desk::new();
    let leg = desk.arrived(Some(OFFER));
    desk.want(PhoneEffect::EarlyMedia { leg });
    assert!(desk.want(PhoneEffect::Answer { leg }).is_empty());
    assert!(matches!(desk.media(opened(leg)).last(), Some(Said::Sip(SipOrder::Accept { .. }))));
}

#[test]
fn a_caller_without_an_offer_is_told_that_it_rings_when_there_would_be_early_media() {
    let mut desk = Desk::new();
    let leg = desk.arrived(None);
    let said = desk.want(PhoneEffect::EarlyMedia { leg });
    assert!(matches!(said.as_slice(), [Said::Sip(SipOrder::Ring { answer: None, .. })]), "{said:?}");
}

#[test]
fn early_media_are_given_up_like_any_unanswered_call() {
    for (cause, status) in [(EndCause::Busy, 486), (EndCause::Refused, 603), (EndCause::UnknownNumber, 404)] {
        let mut desk = Desk::new();
        let leg = desk.arrived(Some(OFFER));
        desk.want(PhoneEffect::EarlyMedia { leg });
        desk.media(opened(leg));
        let said = desk.want(PhoneEffect::NotReached { leg, cause });
        assert!(closes(&said, leg));
        assert!(said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Reject { status: with, .. }) if *with == status)));
        desk.is_clean();
    }
}

#[test]
fn a_phone_that_rings_and_then_sends_audio_says_both() {
    let mut desk = Desk::new();
    let (leg, dialog) = desk.calling();
    let said = desk.sip(SipNotice::Ringing { dialog, answer: None, is_secure: false });
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegRinging { .. })]), "{said:?}");
    let said = desk.sip(SipNotice::Ringing { dialog, answer: Some(OFFER.into()), is_secure: false });
    let [Said::Media(MediaOrder::SetRemote { .. }), Said::Centre(CentreInput::LegEarlyMedia { leg: of })] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!(*of, leg);
}

#[test]
fn a_caller_without_an_offer_gets_ours_and_answers_in_the_ack() {
    let mut desk = Desk::new();
    let leg = desk.arrived(None);
    desk.want(PhoneEffect::Answer { leg });
    let said = desk.media(opened(leg));
    assert!(
        matches!(said.as_slice(), [Said::Sip(SipOrder::Accept { sdp, .. })] if sdp.contains("RTP/AVP 0 8 101")),
        "{said:?}"
    );
    let said = desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: Some(OFFER.into()) });
    assert!(
        matches!(said.as_slice(), [Said::Media(MediaOrder::SetRemote { .. }), Said::Centre(CentreInput::LegAnswered { .. })]),
        "{said:?}"
    );
}

#[test]
fn a_caller_whose_ack_brings_no_usable_answer_is_hung_up() {
    let mut desk = Desk::new();
    let leg = desk.arrived(None);
    desk.want(PhoneEffect::Answer { leg });
    desk.media(opened(leg));
    let said = desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None });
    assert!(closes(&said, leg));
    assert!(said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Bye { .. }))));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: true, .. }))));
    desk.is_clean();
}

#[test]
fn an_offer_that_nobody_could_answer_is_refused_before_it_becomes_a_call() {
    let mut desk = Desk::new();
    for offer in ["hello", "v=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 4000 RTP/AVP 18\r\n"] {
        let said = desk.sip(invited(Some(offer)));
        assert!(matches!(said.as_slice(), [Said::Sip(SipOrder::Reject { status: 488, .. })]), "{said:?}");
    }
    desk.is_clean();
}

#[test]
fn a_caller_who_cancels_while_the_port_is_bound_leaves_nothing() {
    let mut desk = Desk::new();
    let leg = desk.arrived(Some(OFFER));
    desk.want(PhoneEffect::Answer { leg });
    let said = desk.sip(SipNotice::Cancelled { dialog: DialogId(1) });
    assert!(closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: false, .. }))));
    // The port comes too late and is already being closed.
    assert!(desk.media(opened(leg)).is_empty());
    desk.is_clean();
}

#[test]
fn without_a_port_the_caller_hears_503_and_nothing_is_left() {
    for is_silent in [false, true] {
        let mut desk = Desk::new();
        let leg = desk.arrived(Some(OFFER));
        desk.want(PhoneEffect::Answer { leg });
        let said = if is_silent {
            desk.wait(2_000)
        } else {
            desk.media(MediaNotice::OpenFailed { leg, reason: "no free port".into() })
        };
        assert!(said.iter().any(|s| matches!(s, Said::Sip(SipOrder::Reject { status: 503, retry_after_secs: Some(_), .. }))));
        assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: true, .. }))));
        assert_eq!(desk.legs.faults.media_not_opened, 1);
        desk.is_clean();
    }
}

#[test]
fn a_caller_whom_nobody_answers_or_refuses_is_refused_in_the_end() {
    let mut desk = Desk::new();
    desk.arrived(Some(OFFER));
    assert!(desk.wait(179_000).is_empty());
    let said = desk.wait(1_000);
    assert!(matches!(said.first(), Some(Said::Sip(SipOrder::Reject { .. }))), "{said:?}");
    desk.is_clean();
}

#[test]
fn refusing_a_call_says_why_by_status() {
    for (cause, expected) in [
        (EndCause::Busy, 486),
        (EndCause::UnknownNumber, 404),
        (EndCause::Overload, 503),
        (EndCause::Shutdown, 503),
        (EndCause::NoAnswer, 480),
    ] {
        let mut desk = Desk::new();
        let leg = desk.arrived(Some(OFFER));
        let said = desk.want(PhoneEffect::Reject { leg, cause });
        assert!(matches!(said.as_slice(), [Said::Sip(SipOrder::Reject { status, .. })] if *status == expected), "{said:?}");
        desk.is_clean();
    }
}

#[test]
fn a_phone_rings_answers_and_is_hung_up() {
    let mut desk = Desk::new();
    let (leg, dialog) = desk.calling();
    for expected in [1, 0] {
        assert_eq!(desk.sip(SipNotice::Ringing { dialog, answer: None, is_secure: false }).len(), expected, "told once");
    }
    let said = desk.sip(SipNotice::Answered { dialog, answer: OFFER.into(), signalled_from: THEIRS, is_secure: false });
    assert!(
        matches!(said.as_slice(), [Said::Media(MediaOrder::SetRemote { .. }), Said::Centre(CentreInput::LegAnswered { .. })]),
        "{said:?}"
    );
    assert!(desk.wait(3_600_000).is_empty(), "a long call is no fault");
    let said = desk.want(PhoneEffect::HangUp { leg });
    assert!(closes(&said, leg) && matches!(said.last(), Some(Said::Sip(SipOrder::Bye { .. }))));
    assert!(desk.sip(SipNotice::Ended { dialog, is_lost: false }).is_empty(), "our own BYE is no news");
    desk.is_clean();
}

#[test]
fn a_call_that_is_not_wanted_any_more_is_cancelled_in_every_state() {
    let mut desk = Desk::new();
    let (leg, _) = desk.calling();
    let said = desk.want(PhoneEffect::Cancel { leg, is_answered_elsewhere: true });
    assert!(matches!(said.last(), Some(Said::Sip(SipOrder::Cancel { is_answered_elsewhere: true, .. }))));
    desk.is_clean();
    // Before the port is bound there is nothing to cancel on the wire.
    let leg = desk.leg_id();
    let effect = PhoneEffect::CallOut {
        leg,
        trunk: "carrier".parse().unwrap(),
        number: "+34911000001".into(),
        caller: Some("+34911000000".into()),
        ring_secs: 30,
        has_alternative: false,
        context: CallContext::default(),
    };
    desk.want(effect);
    let said = desk.want(PhoneEffect::HangUp { leg });
    assert!(matches!(said.as_slice(), [Said::Media(MediaOrder::Close { .. })]), "{said:?}");
    assert!(desk.media(opened(leg)).is_empty());
    desk.is_clean();
}

#[test]
fn why_a_called_phone_did_not_answer_is_told_apart() {
    for (status, rings, expected) in [
        (486, true, EndCause::Busy),
        (408, true, EndCause::NoAnswer),
        (408, false, EndCause::Unreachable),
        (487, true, EndCause::NoAnswer),
        (404, false, EndCause::UnknownNumber),
        (484, false, EndCause::UnknownNumber),
        (403, false, EndCause::Refused),
        (407, false, EndCause::Unreachable),
        (603, true, EndCause::Refused),
        (488, false, EndCause::Unreachable),
        (500, false, EndCause::Unreachable),
        (503, false, EndCause::Unreachable),
    ] {
        let mut desk = Desk::new();
        let (leg, dialog) = desk.calling();
        if rings {
            desk.sip(SipNotice::Ringing { dialog, answer: None, is_secure: false });
        }
        let said = desk.sip(SipNotice::Failed { dialog, status });
        assert!(closes(&said, leg));
        assert!(
            matches!(said.last(), Some(Said::Centre(CentreInput::LegFailed { cause, .. })) if *cause == expected),
            "{status}"
        );
        desk.is_clean();
    }
}

#[test]
fn an_endpoint_that_never_reports_the_end_of_a_call_does_not_keep_the_leg() {
    let mut desk = Desk::new();
    let (leg, _) = desk.calling();
    assert!(desk.wait(29_000).is_empty());
    let said = desk.wait(1_000);
    assert!(closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegFailed { cause: EndCause::NoAnswer, .. }))));
    desk.is_clean();
}

#[test]
fn a_key_that_comes_by_rtp_and_by_info_counts_once() {
    let mut desk = Desk::new();
    let leg = desk.talking();
    assert_eq!(desk.media(MediaNotice::Digit { leg, digit: '2' }).len(), 1);
    assert_eq!(desk.sip(SipNotice::Digit { dialog: DialogId(1), digit: '2' }).len(), 0);
    let mut desk = Desk::new();
    desk.talking();
    let said = desk.sip(SipNotice::Digit { dialog: DialogId(1), digit: '7' });
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::Digit { digit: '7', .. })]));
}

#[test]
fn a_console_that_reloads_keeps_its_leg_and_hears_again_what_it_heard() {
    let mut desk = Desk::new();
    let (leg, agent) = (desk.leg_id(), "agent1".parse().unwrap());
    let (first, second) = (SessionId::mint(desk.now.wall, &mut desk.rng), SessionId::mint(desk.now.wall, &mut desk.rng));
    let open = |session| PhoneEffect::OpenConsole { leg, agent: "agent1".parse().unwrap(), session, offer: "offer".into() };
    desk.want(open(first));
    desk.want(PhoneEffect::Hear { leg, heard: vec![Heard::Music("music/on-hold".into())] });
    desk.want(open(second));
    // Answers come in the order of the offers.
    for (session, text) in [(first, "one"), (second, "two")] {
        let said = desk.media(MediaNotice::BrowserAnswered { leg, answer: text.into() });
        let [
            Said::Live(LiveUpdate::MediaAnswer { agent: whose, session: to, answer }),
            Said::Media(MediaOrder::Hear { sources, .. }),
        ] = said.as_slice()
        else {
            panic!("{said:?}")
        };
        assert_eq!((whose, *to, answer.as_deref()), (&agent, session, Ok(text)));
        assert_eq!(sources, &[Source::Music("music/on-hold".into())]);
    }
    let said = desk.media(MediaNotice::Up { leg });
    assert!(matches!(
        said.as_slice(),
        [Said::Live(LiveUpdate::MediaState { is_up: true, .. }), Said::Centre(CentreInput::LegAudio { is_up: true, .. })]
    ));
    let said = desk.want(PhoneEffect::HangUp { leg });
    assert!(matches!(said.as_slice(), [Said::Media(MediaOrder::Close { .. })]));
    desk.is_clean();
}

#[test]
fn a_web_phone_is_answered_when_audio_flows_and_ends_when_it_is_lost() {
    let mut desk = Desk::new();
    let leg = desk.leg_id();
    let session = SessionId::mint(desk.now.wall, &mut desk.rng);
    desk.want(PhoneEffect::OpenWebPhone { leg, session, offer: "offer".into() });
    let said = desk.media(MediaNotice::BrowserAnswered { leg, answer: "answer".into() });
    assert!(matches!(said.as_slice(), [Said::Live(LiveUpdate::WebPhone { update: WebPhoneUpdate::Answer(_), .. })]));
    assert!(matches!(desk.media(MediaNotice::Up { leg }).as_slice(), [Said::Centre(CentreInput::LegAnswered { .. })]));
    assert!(desk.wait(600_000).is_empty());
    let said = desk.media(MediaNotice::Lost { leg });
    assert!(closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: true, .. }))));
    desk.is_clean();
}

#[test]
fn a_web_phone_whose_audio_never_comes_up_fails() {
    let mut desk = Desk::new();
    let leg = desk.leg_id();
    let session = SessionId::mint(desk.now.wall, &mut desk.rng);
    desk.want(PhoneEffect::OpenWebPhone { leg, session, offer: "offer".into() });
    desk.media(MediaNotice::BrowserAnswered { leg, answer: "answer".into() });
    let said = desk.wait(20_000);
    assert!(closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegFailed { cause: EndCause::Lost, .. }))));
    desk.is_clean();
}
