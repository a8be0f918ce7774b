//! What is heard before the answer, when it ends without one.

use super::*;

#[test]
fn a_carrier_that_rang_with_audio_and_then_cannot_leaves_no_port_and_is_out_of_reach() {
    for status in [500, 502, 503, 504] {
        let mut desk = Desk::new();
        let (leg, dialog) = desk.calling();
        desk.sip(SipNotice::Ringing { dialog, answer: Some(OFFER.into()) });
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
    desk.sip(SipNotice::Ringing { dialog, answer: Some(OFFER.into()) });
    let said = desk.sip(SipNotice::CalledAnew { dialog });
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegCalledAnew { leg: of })] if *of == leg), "{said:?}");
    let second = OFFER.replace("192.0.2.7", "192.0.2.8");
    let said = desk.sip(SipNotice::Ringing { dialog, answer: Some(second.as_str().into()) });
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
