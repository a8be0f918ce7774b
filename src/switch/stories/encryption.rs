//! What trunks and accounts say of encryption, offered and answered.

use super::*;
use crate::{
    domain::directory::Trunk,
    protocol::sip::CallOffer,
    types::MediaEncryption::{self, Optional, Required},
};

const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n";

/// A desk whose trunk and phones are encrypted like that.
fn desk(encryption: MediaEncryption) -> Desk {
    let mut desk = Desk::new();
    let trunk = Trunk { media_encryption: encryption, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
    desk.legs.trunks.insert(trunk.id.clone(), trunk);
    desk.legs.encryption.insert("101".into(), encryption);
    desk
}

/// What a call of the trunk comes to: whether its audio is encrypted, or the status that refuses it.
fn call(encryption: MediaEncryption, over_tls: bool, offer: Option<&str>) -> Result<bool, u16> {
    let mut desk = desk(encryption);
    let mut notice = invited(offer);
    if let SipNotice::Invited { is_secure, .. } = &mut notice {
        *is_secure = over_tls;
    }
    let said = desk.sip(notice);
    let leg = match said.as_slice() {
        [Said::Sip(SipOrder::Reject { status, .. })] => return Err(*status),
        [Said::Centre(CentreInput::Arrived { leg, .. })] => *leg,
        _ => panic!("{said:?}"),
    };
    desk.want(PhoneEffect::Answer { leg });
    let said = desk.media(opened(leg));
    let sdp = said.iter().find_map(|said| match said {
        Said::Sip(SipOrder::Accept { sdp, .. }) => Some(sdp.clone()),
        _ => None,
    });
    let is_encrypted =
        said.iter().any(|said| matches!(said, Said::Media(MediaOrder::SetRemote { remote, .. }) if remote.srtp.is_some()));
    let has_keys = sdp.unwrap().contains("a=crypto:");
    assert!(has_keys == is_encrypted || offer.is_none(), "{said:?}");
    Ok(has_keys)
}

#[test]
fn a_trunk_whose_audio_must_be_encrypted_is_refused_in_the_clear() {
    let encrypted = format!("{}{KEY}", OFFER.replace("RTP/AVP", "RTP/SAVP"));
    assert_eq!(call(Required, true, Some(&encrypted)), Ok(true));
    assert_eq!(call(Required, true, None), Ok(true));
    assert_eq!(call(Required, true, Some(OFFER)), Err(488));
    assert_eq!(call(Required, false, Some(&encrypted)), Err(488));
    assert_eq!(call(Required, false, None), Err(488));
    assert_eq!(call(Optional, true, Some(OFFER)), Ok(false));
    assert_eq!(call(Optional, true, Some(&encrypted)), Ok(true));
    assert_eq!(call(Optional, false, Some(&encrypted)), Err(488));
    assert_eq!(call(Optional, false, None), Ok(false));
}

/// The offer with which phone 101 is called.
fn offer(desk: &mut Desk) -> (LegId, DialogId, Box<CallOffer>) {
    let leg = desk.leg_id();
    desk.want(PhoneEffect::CallPhone {
        leg,
        account: "101".into(),
        caller: None,
        caller_name: None,
        ring_secs: 20,
        context: CallContext::default(),
    });
    let said = desk.media(opened(leg));
    let [Said::Sip(SipOrder::Invite { dialog, offer, .. })] = said.as_slice() else { panic!("{said:?}") };
    (leg, *dialog, Box::new(offer.clone()))
}

#[test]
fn a_phone_is_offered_keys_over_tls_alone_and_nothing_plain_where_that_is_refused() {
    let (_, _, optional) = offer(&mut desk(Optional));
    let over = |offer: &CallOffer, transport| offer.over(transport, IpFamily::V4).map(|sdp| sdp.contains("a=crypto:"));
    assert_eq!(
        [Transport::Udp, Transport::Tcp, Transport::Ws, Transport::Tls].map(|one| over(&optional, one)),
        [Some(false), Some(false), Some(false), Some(true)]
    );
    let (_, _, required) = offer(&mut desk(Required));
    assert_eq!([Transport::Udp, Transport::Tls].map(|one| over(&required, one)), [None, Some(true)]);
    assert!(required.secure.of(IpFamily::V4).contains(" RTP/SAVP "));
}

#[test]
fn a_call_over_tls_says_no_key_to_whoever_goes_on_in_the_clear() {
    let keyed = format!("{OFFER}{KEY}");
    for (encryption, is_secure, is_taken) in [(Optional, true, true), (Optional, false, false), (Required, false, false)] {
        let mut desk = desk(encryption);
        let (_, dialog, _) = offer(&mut desk);
        desk.sip(SipNotice::Answered { dialog, answer: keyed.as_str().into(), signalled_from: THEIRS, is_secure: true });
        for new in [Some(keyed.as_str().into()), None] {
            let said = desk.sip(SipNotice::Reoffered { dialog, offer: new, is_secure });
            let has_keys = said.iter().find_map(|said| match said {
                Said::Sip(SipOrder::AnswerReoffer { answer, .. }) => {
                    Some(answer.as_ref().is_some_and(|sdp| sdp.contains("inline:")))
                }
                _ => None,
            });
            assert_eq!(has_keys, Some(is_taken), "{said:?}");
            assert!(is_taken || said.len() == 1, "the old media stay: {said:?}");
        }
    }
}

#[test]
fn a_phone_that_answers_in_the_clear_is_hung_up_where_its_audio_must_be_encrypted() {
    for (encryption, is_taken) in [(Optional, true), (Required, false)] {
        let mut desk = desk(encryption);
        let (_, dialog, _) = offer(&mut desk);
        let said = desk.sip(SipNotice::Answered { dialog, answer: OFFER.into(), signalled_from: THEIRS, is_secure: true });
        let is_up = said.iter().any(|said| matches!(said, Said::Centre(CentreInput::LegAnswered { .. })));
        let has_bye = said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Bye { .. })));
        assert_eq!((is_up, has_bye), (is_taken, !is_taken), "{said:?}");
    }
}

#[test]
fn a_call_that_must_be_encrypted_stays_so_and_an_encrypted_one_that_may_be_plain_says_that_it_is_no_more() {
    let (keyed, secured) = (format!("{OFFER}{KEY}"), format!("{}{KEY}", OFFER.replace("RTP/AVP", "RTP/SAVP")));
    for (encryption, first, is_taken) in [(Optional, &keyed, true), (Required, &secured, false)] {
        let mut desk = desk(encryption);
        let (_, dialog, _) = offer(&mut desk);
        desk.sip(SipNotice::Answered { dialog, answer: first.as_str().into(), signalled_from: THEIRS, is_secure: true });
        // Over TLS, so that it is the peer's own wish.
        let said = desk.sip(SipNotice::Reoffered { dialog, offer: Some(OFFER.into()), is_secure: true });
        let answer = said.iter().find_map(|said| match said {
            Said::Sip(SipOrder::AnswerReoffer { answer, .. }) => Some(answer.is_some()),
            _ => None,
        });
        let keys = said.iter().find_map(|said| match said {
            Said::Media(MediaOrder::SetRemote { remote, .. }) => Some(remote.srtp.is_some()),
            _ => None,
        });
        assert_eq!((answer, keys), (Some(is_taken), is_taken.then_some(false)), "{said:?}");
    }
}

#[test]
fn a_peer_that_says_its_old_key_again_is_answered_with_ours_as_it_was() {
    let keyed = format!("{OFFER}{KEY}");
    let mut desk = desk(Optional);
    let (_, dialog, _) = offer(&mut desk);
    desk.sip(SipNotice::Answered { dialog, answer: keyed.as_str().into(), signalled_from: THEIRS, is_secure: true });
    let [first, second] = [1, 2].map(|_| {
        let said = desk.sip(SipNotice::Reoffered { dialog, offer: Some(keyed.as_str().into()), is_secure: true });
        said.into_iter().find_map(|said| match said {
            Said::Sip(SipOrder::AnswerReoffer { answer, .. }) => answer,
            _ => None,
        })
    });
    assert!(first.as_ref().is_some_and(|sdp| sdp.contains("inline:")), "{first:?}");
    assert_eq!(first, second, "the same version of the same body");
}

#[test]
fn what_is_printed_of_an_offer_over_tls_holds_no_key() {
    let (_, _, offer) = offer(&mut desk(Optional));
    assert!(offer.secure.of(IpFamily::V4).contains("inline:"));
    assert!(!format!("{offer:?}").contains("inline:"), "{offer:?}");
}
