//! A peer in talk that moves its audio to the other family.

use super::*;

const OTHER: &str = "v=0\r\no=- 1 2 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4002 RTP/AVP 8 101\r\n\
                     a=rtpmap:101 telephone-event/8000\r\n";

/// The peer's offer of the other family, and what is ordered for it.
fn moves(desk: &mut Desk) -> (LegId, Vec<Said>) {
    let leg = desk.talking();
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(OTHER.into()), is_secure: false });
    (leg, said)
}

fn answered(said: &[Said]) -> Option<Option<&str>> {
    said.iter().find_map(|said| match said {
        Said::Sip(SipOrder::AnswerReoffer { answer, .. }) => Some(answer.as_deref()),
        _ => None,
    })
}

#[test]
fn it_is_answered_when_a_port_of_that_family_is_there_and_only_then() {
    let mut desk = Desk::new();
    let (leg, said) = moves(&mut desk);
    let [Said::Media(MediaOrder::OpenBeside { leg: of, family: IpFamily::V6 })] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(*of, leg);
    let said = desk.media(MediaNotice::OpenedBeside { leg, local: Some("[2001:db8::5]:20002".parse().unwrap()) });
    let answer = answered(&said).flatten().unwrap();
    assert!(answer.contains("c=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 20002 "), "{answer}");
    let agreed = said.iter().find_map(|said| match said {
        Said::Media(MediaOrder::SetRemote { remote, is_settled, .. }) => Some((remote.address.to_string(), *is_settled)),
        _ => None,
    });
    assert_eq!(agreed, Some(("[2001:db8::7]:4002".to_owned(), true)));
    // And back.
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(OFFER.into()), is_secure: false });
    assert!(matches!(said.as_slice(), [Said::Media(MediaOrder::OpenBeside { family: IpFamily::V4, .. })]), "{said:?}");
}

#[test]
fn without_such_a_port_or_a_codec_the_call_stays_where_it_is() {
    let mut desk = Desk::new();
    let (leg, _) = moves(&mut desk);
    let said = desk.media(MediaNotice::OpenedBeside { leg, local: None });
    assert_eq!((said.len(), answered(&said)), (1, Some(None)));
    let held = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(OFFER.into()), is_secure: false });
    assert!(answered(&held).flatten().is_some(), "the old port is as it was: {held:?}");

    let mut desk = Desk::new();
    desk.talking();
    let strange = OTHER.replace("RTP/AVP 8 101", "RTP/AVP 18");
    let said = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(strange.as_str().into()), is_secure: false });
    assert_eq!((said.len(), answered(&said)), (1, Some(None)), "no port is opened for it");

    let mut desk = Desk::new();
    desk.legs.families = crate::types::IpFamilies::Only(IpFamily::V4);
    let (_, said) = moves(&mut desk);
    assert_eq!((said.len(), answered(&said)), (1, Some(None)), "there is no address of that family");
}

#[test]
fn a_call_that_ends_while_it_moves_leaves_nothing() {
    let mut desk = Desk::new();
    let (leg, _) = moves(&mut desk);
    desk.want(PhoneEffect::HangUp { leg });
    assert!(desk.media(MediaNotice::OpenedBeside { leg, local: None }).is_empty());
    desk.is_clean();
}

#[test]
fn a_port_that_comes_late_answers_no_offer_that_another_has_followed() {
    let late = |leg| MediaNotice::OpenedBeside { leg, local: Some("[2001:db8::5]:20002".parse().unwrap()) };
    let mut desk = Desk::new();
    let (leg, _) = moves(&mut desk);
    let stays = desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(OFFER.into()), is_secure: false });
    assert!(answered(&stays).flatten().is_some(), "{stays:?}");
    assert!(desk.media(late(leg)).is_empty());

    // It moves once more: by the port that is on its way, to where it is now.
    let mut desk = Desk::new();
    let (leg, _) = moves(&mut desk);
    let further = OTHER.replace("2001:db8::7", "2001:db8::8");
    assert!(
        desk.sip(SipNotice::Reoffered { dialog: DialogId(1), offer: Some(further.as_str().into()), is_secure: false })
            .is_empty()
    );
    let said = desk.media(late(leg));
    let to = said.iter().find_map(|said| match said {
        Said::Media(MediaOrder::SetRemote { remote, .. }) => Some(remote.address.to_string()),
        _ => None,
    });
    assert_eq!((to.as_deref(), answered(&said).flatten().is_some()), (Some("[2001:db8::8]:4002"), true));

    // Long after the endpoint has answered for us.
    let mut desk = Desk::new();
    let (leg, _) = moves(&mut desk);
    desk.wait(MEDIA_OPEN_MS_MAX);
    let said = desk.media(late(leg));
    assert_eq!((said.len(), answered(&said)), (1, Some(None)));
}
