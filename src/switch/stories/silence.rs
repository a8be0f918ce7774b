//! Peers that hold us, are on mute or fall silent: whose silence means something, and what becomes of the call.

use super::*;

#[test]
fn a_phone_that_holds_and_resumes_is_answered_in_kind_and_its_silence_is_no_loss() {
    let mut desk = Desk::new();
    let leg = desk.talking();
    let hold = format!("{OFFER}a=inactive\r\n");
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(hold.into()), is_secure: false });
    let [
        Said::Media(MediaOrder::SetRemote { remote, .. }),
        Said::Centre(CentreInput::LegHeld { is_held: true, .. }),
        Said::Sip(SipOrder::AnswerReoffer { answer: Some(answer), .. }),
    ] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert!(!remote.is_receiving && answer.contains("a=inactive") && answer.contains(" 2 IN IP4"), "{answer}");
    assert!(desk.media(MediaNotice::Lost { leg }).is_empty());
    assert!(desk.wait(600_000).is_empty());
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(OFFER.into()), is_secure: false });
    assert!(matches!(said.first(), Some(Said::Media(MediaOrder::SetRemote { remote, .. })) if remote.is_receiving));
    assert!(matches!(said.get(1), Some(Said::Centre(CentreInput::LegHeld { is_held: false, .. }))), "{said:?}");
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some("v=0".into()), is_secure: false });
    assert!(
        matches!(said.as_slice(), [Said::Sip(SipOrder::AnswerReoffer { answer: None, .. })]),
        "the old media stay: {said:?}"
    );
}

#[test]
fn a_peer_that_holds_us_may_be_silent_in_every_way_of_holding() {
    for hold in [format!("{OFFER}a=sendonly\r\n"), OFFER.replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0")] {
        let mut desk = Desk::new();
        let leg = desk.talking();
        let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(hold.into()), is_secure: false });
        assert!(matches!(said.first(), Some(Said::Media(MediaOrder::SetRemote { remote, .. })) if !remote.must_send()));
        assert!(desk.media(MediaNotice::Lost { leg }).is_empty());
        assert!(desk.wait(600_000).is_empty());
    }
}

#[test]
fn a_phone_on_mute_that_sends_nothing_is_asked_and_keeps_its_call() {
    let mut desk = Desk::new();
    let leg = desk.talking();
    let still_there = || SipNotice::StillThere { dialog: DialogId(1) };
    let mut said = desk.media(MediaNotice::Lost { leg });
    for _ in 0..20 {
        assert!(matches!(said.as_slice(), [Said::Sip(SipOrder::Probe { dialog: DialogId(1) })]), "{said:?}");
        assert!(desk.wait(4_000).is_empty());
        assert!(desk.sip(still_there()).is_empty());
        assert!(desk.wait(29_000).is_empty());
        said = desk.wait(1_000);
    }
    desk.media(MediaNotice::Up { leg });
    assert!(desk.wait(600_000).is_empty());
    // An answer that comes late gives the audio back.
    desk.media(MediaNotice::Lost { leg });
    let said = desk.wait(5_000);
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAudio { is_up: false, .. })]), "{said:?}");
    let said = desk.sip(still_there());
    assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAudio { is_up: true, .. })]), "{said:?}");
}

#[test]
fn a_peer_that_falls_silent_for_good_is_hung_up_and_one_that_comes_back_is_kept() {
    let mut desk = Desk::new();
    let leg = desk.talking();
    let lost = |desk: &mut Desk| {
        desk.media(MediaNotice::Lost { leg });
        let said = desk.wait(5_000);
        assert!(matches!(said.as_slice(), [Said::Centre(CentreInput::LegAudio { is_up: false, .. })]), "{said:?}");
    };
    lost(&mut desk);
    desk.wait(SILENT_PHONE_MS);
    desk.media(MediaNotice::Up { leg });
    assert!(desk.wait(600_000).is_empty());
    lost(&mut desk);
    let said = desk.wait(SILENT_PHONE_MS + 10_000);
    assert!(said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Bye { .. }))) && closes(&said, leg));
    assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { is_lost: true, .. }))));
    desk.is_clean();
}
