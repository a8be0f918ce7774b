//! What is heard before the answer, when it ends without one.

use super::*;

#[test]
fn a_carrier_that_rang_with_audio_and_then_cannot_leaves_no_port_and_is_out_of_reach() {
    for status in [500, 502, 503, 504] {
        let mut desk = Desk::new();
        let (leg, dialog) = desk.calling();
        desk.sip(SipNotice::Ringing { dialog, answer: Some(OFFER.into()), is_secure: false });
        let said = desk.sip(SipNotice::Failed { dialog, status });
        assert!(closes(&said, leg), "{said:?}");
        assert!(
            matches!(said.last(), Some(Said::Centre(CentreInput::LegFailed { cause: EndCause::Unreachable, .. }))),
            "{status}"
        );
        desk.is_clean();
    }
}

#[test]
fn the_next_server_of_a_trunk_rings_and_is_heard_anew_on_the_same_port() {
    let mut desk = Desk::new();
    let (leg, dialog) = desk.calling();
    desk.sip(SipNotice::Ringing { dialog, answer: Some(OFFER.into()), is_secure: false });
    let said = desk.sip(SipNotice::CalledAnew { dialog });
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegCalledAnew { leg: of })] if *of == leg), "{said:?}");
    let second = OFFER.replace("192.0.2.7", "192.0.2.8");
    let said = desk.sip(SipNotice::Ringing { dialog, answer: Some(second.as_str().into()), is_secure: false });
    let [
        Said::Centre(CentreInput::LegRinging { .. }),
        Said::Media(MediaOrder::SetRemote { remote, .. }),
        Said::Centre(CentreInput::LegEarlyMedia { .. }),
    ] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!(remote.address.ip().to_string(), "192.0.2.8");
}

/// A caller who hears us before the answer and has been heard, with its SDP.
fn heard_early(desk: &mut Desk, offer: &str) -> LegId {
    let leg = desk.arrived(Some(offer));
    desk.want(PhoneEffect::EarlyMedia { leg });
    desk.media(opened(leg));
    desk.media(MediaNotice::Up { leg });
    leg
}

fn is_probe(said: &Said) -> bool {
    matches!(said, Said::Sip(SipOrder::Probe { .. }))
}

#[test]
fn a_caller_who_fell_silent_before_the_answer_is_asked_after_it_and_given_up_like_any_other() {
    let mut desk = Desk::new();
    let leg = heard_early(&mut desk, OFFER);
    assert!(desk.media(MediaNotice::Lost { leg }).is_empty(), "nobody is asked before the answer");
    desk.want(PhoneEffect::Answer { leg });
    desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None });
    assert!(desk.wait(29_000).is_empty(), "its ACK has just been heard");
    assert!(desk.wait(1_000).iter().any(is_probe));
    let said = desk.wait(5_000);
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAudio { is_up: false, .. })]), "{said:?}");
    let said = desk.wait(SILENT_PHONE_MS + 10_000);
    assert!(said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Bye { .. }))) && closes(&said, leg));
    desk.is_clean();
}

#[test]
fn a_caller_who_is_heard_again_before_or_after_the_answer_is_not_asked() {
    for is_before in [true, false] {
        let mut desk = Desk::new();
        let leg = heard_early(&mut desk, OFFER);
        desk.media(MediaNotice::Lost { leg });
        if is_before {
            desk.media(MediaNotice::Up { leg });
        }
        desk.want(PhoneEffect::Answer { leg });
        desk.sip(SipNotice::Acknowledged { dialog: DialogId(1), answer: None });
        if !is_before {
            desk.media(MediaNotice::Up { leg });
        }
        assert!(desk.wait(3_600_000).is_empty());
    }
}
