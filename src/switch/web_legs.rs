//! Legs of telephones in browsers: SIP dialogs whose audio goes as a browser's does (RFC 8827: ICE, DTLS-SRTP). The offers and
//! answers are the media workers' business; here they only find their way between dialog and worker.

use std::{net::IpAddr, sync::Arc};

use super::{
    hear::failure_cause,
    legs::{LegState, Legs, OutgoingCall},
};
use crate::{
    domain::{call::EndCause, centre::CentreInput},
    protocol::{
        media::MediaOrder,
        sip::{DialogId, SipNotice, SipOrder},
    },
    types::{LegId, Now, Rng},
};

/// Where such a leg stands.
#[derive(Debug)]
pub(super) enum WebStage {
    /// A caller, told to the centre, not yet answered.
    Arrived {
        /// Its dialog.
        dialog: DialogId,
        /// SDP.
        offer: Arc<str>,
    },
    /// The media workers make our answer.
    Answering {
        /// Its dialog.
        dialog: DialogId,
    },
    /// 200 is sent, ACK is awaited.
    Accepted {
        /// Its dialog.
        dialog: DialogId,
        /// Whether its audio is up already.
        is_up: bool,
    },
    /// The media workers make our offer.
    Preparing(Box<OutgoingCall>),
    /// INVITE is sent.
    Calling {
        /// Its dialog.
        dialog: DialogId,
        /// Whether it has rung.
        has_rung: bool,
    },
    /// A confirmed dialog.
    Talking {
        /// Its dialog.
        dialog: DialogId,
        /// Whether a new offer of theirs is with the media workers.
        has_offer: bool,
    },
}

impl WebStage {
    /// Its dialog, if it has one.
    pub(super) fn dialog(&self) -> Option<DialogId> {
        match self {
            Self::Arrived { dialog, .. }
            | Self::Answering { dialog }
            | Self::Accepted { dialog, .. }
            | Self::Calling { dialog, .. }
            | Self::Talking { dialog, .. } => Some(*dialog),
            Self::Preparing(_) => None,
        }
    }
}

/// Whether an offer is a browser's: its audio is encrypted with keys that DTLS makes (RFC 5764 8).
pub(super) fn is_of_browser(offer: &str) -> bool {
    offer.lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("m=audio") && words.nth(1).is_some_and(|protocol| protocol.starts_with("UDP/TLS/RTP/SAVP"))
    })
}

impl Legs {
    /// A new caller in a browser.
    pub(super) fn arrive_web(
        &mut self,
        dialog: DialogId,
        signalled_from: IpAddr,
        offer: Arc<str>,
        now: Now,
        rng: &mut Rng,
    ) -> LegId {
        let leg = LegId::mint(now.wall, rng);
        self.insert(leg, LegState::Web(WebStage::Arrived { dialog, offer }), now);
        self.note_signalling(leg, signalled_from);
        leg
    }

    /// Answers a caller in a browser.
    pub(super) fn answer_web(&mut self, leg: LegId, now: Now) {
        let Some(LegState::Web(WebStage::Arrived { dialog, offer })) = self.get(leg).map(|entry| &entry.state) else { return };
        let (dialog, offer) = (*dialog, offer.clone());
        self.advance(leg, LegState::Web(WebStage::Answering { dialog }), now);
        self.order_media(MediaOrder::OpenBrowser { leg, offer });
    }

    /// Calls a telephone in a browser.
    pub(super) fn call_web(&mut self, leg: LegId, call: OutgoingCall, now: Now) {
        self.insert(leg, LegState::Web(WebStage::Preparing(Box::new(call))), now);
        self.order_media(MediaOrder::OfferBrowser { leg });
    }

    /// What the endpoint heard of such a leg; comes back if it is of another, or is the same for all.
    pub(super) fn hear_web(&mut self, notice: SipNotice, now: Now) -> Option<SipNotice> {
        let dialog = match &notice {
            SipNotice::Ringing { dialog, .. }
            | SipNotice::Answered { dialog, .. }
            | SipNotice::Failed { dialog, .. }
            | SipNotice::Acknowledged { dialog, .. }
            | SipNotice::Reoffered { dialog, .. } => *dialog,
            _ => return Some(notice),
        };
        let Some(leg) = self.by_dialog(dialog) else { return Some(notice) };
        let Some(LegState::Web(stage)) = self.get_mut(leg).map(|entry| &mut entry.state) else { return Some(notice) };
        match (notice, stage) {
            (SipNotice::Ringing { .. }, WebStage::Calling { has_rung, .. }) => {
                if !std::mem::replace(has_rung, true) {
                    self.tell(CentreInput::LegRinging { leg });
                }
            }
            (SipNotice::Answered { answer, signalled_from, .. }, WebStage::Calling { .. }) => {
                self.note_signalling(leg, signalled_from);
                self.advance(leg, LegState::Web(WebStage::Talking { dialog, has_offer: false }), now);
                self.order_media(MediaOrder::AcceptBrowser { leg, answer });
                self.tell(CentreInput::LegAnswered { leg });
            }
            (SipNotice::Failed { status, .. }, stage) => {
                let has_rung = matches!(stage, WebStage::Calling { has_rung: true, .. });
                self.forget(leg);
                let leg = self.refused(leg, status);
                self.tell(CentreInput::LegFailed { leg, cause: failure_cause(status, has_rung) });
            }
            (SipNotice::Acknowledged { .. }, WebStage::Accepted { is_up, .. }) => {
                let is_up = *is_up;
                self.advance(leg, LegState::Web(WebStage::Talking { dialog, has_offer: false }), now);
                if is_up {
                    self.set_deadline(leg, None);
                }
                self.tell(CentreInput::LegAnswered { leg });
            }
            (SipNotice::Reoffered { offer: Some(offer), .. }, WebStage::Talking { has_offer, .. }) if is_of_browser(&offer) => {
                *has_offer = true;
                self.order_media(MediaOrder::OpenBrowser { leg, offer });
            }
            (SipNotice::Reoffered { .. }, _) => self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None }),
            // The rest means nothing where the leg stands.
            (_, _) => {}
        }
        None
    }

    /// The media workers' answer to an offer: `false` if the leg is no telephone's.
    pub(super) fn web_answered(&mut self, leg: LegId, answer: &Arc<str>, now: Now) -> bool {
        let Some(LegState::Web(stage)) = self.get_mut(leg).map(|entry| &mut entry.state) else { return false };
        match stage {
            WebStage::Answering { dialog } => {
                let dialog = *dialog;
                self.advance(leg, LegState::Web(WebStage::Accepted { dialog, is_up: false }), now);
                self.order_sip(SipOrder::Accept { dialog, sdp: answer.clone() });
            }
            WebStage::Talking { dialog, has_offer: has_offer @ true } => {
                let dialog = *dialog;
                *has_offer = false;
                self.order_sip(SipOrder::AnswerReoffer { dialog, answer: Some(answer.clone()) });
            }
            _ => {}
        }
        // A browser's leg may be made anew by an offer: what it hears is said again.
        let sources = self.get(leg).map(|entry| entry.heard.clone()).unwrap_or_default();
        if !sources.is_empty() {
            self.order_media(MediaOrder::Hear { leg, sources });
        }
        true
    }

    /// The media workers' offer: the call goes out.
    pub(super) fn web_offered(&mut self, leg: LegId, offer: Arc<str>, now: Now) {
        let Some(LegState::Web(WebStage::Preparing(call))) = self.get(leg).map(|entry| &entry.state) else { return };
        let (target, caller, caller_name) = (call.target.clone(), call.caller.clone(), call.caller_name.clone());
        let (ring_secs, context) = (call.ring_secs, call.context.clone());
        let (dialog, offer) = (self.next_dialog(), offer.into());
        self.advance(leg, LegState::Web(WebStage::Calling { dialog, has_rung: false }), now);
        self.set_ring_deadline(leg, ring_secs, now);
        self.order_sip(SipOrder::Invite { dialog, target, caller, caller_name, offer, ring_secs, context });
    }

    /// The media workers cannot use an offer or answer: `false` if the leg is no telephone's.
    pub(super) fn web_failed(&mut self, leg: LegId) -> bool {
        let Some(LegState::Web(stage)) = self.get_mut(leg).map(|entry| &mut entry.state) else { return false };
        let input = match stage {
            // The old media stay.
            WebStage::Talking { dialog, has_offer: has_offer @ true } => {
                let dialog = *dialog;
                *has_offer = false;
                self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
                return true;
            }
            WebStage::Preparing(_) | WebStage::Calling { .. } => CentreInput::LegFailed { leg, cause: EndCause::Fault },
            WebStage::Arrived { .. } | WebStage::Answering { .. } | WebStage::Accepted { .. } | WebStage::Talking { .. } => {
                CentreInput::LegEnded { leg, is_lost: true }
            }
        };
        self.faults.no_common_media += 1;
        self.hang_up(leg, 488, false);
        self.tell(input);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::centre::PhoneEffect,
        protocol::{
            media::MediaNotice,
            sip::{CallSource, Devices},
        },
        switch::legs::Said,
        types::CallContext,
    };

    #[test]
    fn a_browsers_offer_is_known_by_its_audio_line() {
        assert!(is_of_browser("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\n"));
        assert!(!is_of_browser("v=0\r\nm=audio 4000 RTP/AVP 0\r\n"));
        assert!(!is_of_browser("v=0\r\nm=audio 4000 RTP/SAVP 0\r\n"));
    }

    const WEB: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n";

    fn said(legs: &mut Legs) -> Vec<Said> {
        std::iter::from_fn(|| legs.poll()).collect()
    }

    #[test]
    fn a_caller_in_a_browser_gets_the_media_workers_answer_and_new_offers_do_too() {
        let (mut legs, mut rng, now, dialog) = (Legs::new(), Rng::seeded(1), Now::default(), DialogId(1));
        legs.hear_sip(
            SipNotice::Invited {
                dialog,
                source: CallSource::Phone("101".into()),
                signalled_from: [192, 0, 2, 9].into(),
                is_secure: true,
                caller: Some("101".into()),
                caller_name: None,
                called: "1009".into(),
                device: None,
                offer: Some(WEB.into()),
                language: None,
                identity: None,
                replaces: None,
                context: Box::default(),
            },
            now,
            &mut rng,
        );
        let heard = said(&mut legs);
        let [Said::Centre(CentreInput::Arrived { leg, .. })] = heard.as_slice() else { panic!("{heard:?}") };
        let leg = *leg;
        legs.carry_out(PhoneEffect::Answer { leg }, &|_| Devices::Browsers, now, &mut rng);
        assert!(matches!(said(&mut legs).as_slice(), [Said::Media(MediaOrder::OpenBrowser { offer, .. })] if **offer == *WEB));
        legs.hear_media(MediaNotice::BrowserAnswered { leg, answer: "ours".into() }, now, &mut rng);
        assert!(matches!(said(&mut legs).as_slice(), [Said::Sip(SipOrder::Accept { sdp, .. })] if &**sdp == "ours"));
        // Its audio may be up before the ACK is here.
        legs.hear_media(MediaNotice::Up { leg }, now, &mut rng);
        legs.hear_sip(SipNotice::Acknowledged { dialog, answer: None }, now, &mut rng);
        assert!(matches!(said(&mut legs).last(), Some(Said::Centre(CentreInput::LegAnswered { .. }))));
        assert_eq!(legs.next_wakeup(), None, "nothing is waited for");
        for (notice, answer) in [
            (MediaNotice::BrowserAnswered { leg, answer: "again".into() }, Some("again")),
            (MediaNotice::OpenFailed { leg, reason: "no audio".into() }, None),
        ] {
            legs.hear_sip(SipNotice::Reoffered { dialog, offer: Some(WEB.into()), is_secure: false }, now, &mut rng);
            assert!(matches!(said(&mut legs).as_slice(), [Said::Media(MediaOrder::OpenBrowser { .. })]));
            legs.hear_media(notice, now, &mut rng);
            let heard = said(&mut legs);
            let [Said::Sip(SipOrder::AnswerReoffer { answer: given, .. })] = heard.as_slice() else { panic!("{heard:?}") };
            assert_eq!(given.as_deref(), answer);
        }
        legs.hear_sip(SipNotice::Ended { dialog, is_lost: false }, now, &mut rng);
        assert!(legs.is_empty());
    }

    #[test]
    fn a_phone_in_a_browser_is_called_with_an_offer_of_its_kind() {
        let (mut legs, mut rng, now) = (Legs::new(), Rng::seeded(2), Now::default());
        let leg = LegId::mint(now.wall, &mut rng);
        let context = CallContext::default();
        let call =
            PhoneEffect::CallPhone { leg, account: "101".into(), caller: None, caller_name: None, ring_secs: 20, context };
        legs.carry_out(call, &|_| Devices::Browsers, now, &mut rng);
        assert!(matches!(said(&mut legs).as_slice(), [Said::Media(MediaOrder::OfferBrowser { .. })]));
        legs.hear_media(MediaNotice::BrowserOffered { leg, offer: WEB.into() }, now, &mut rng);
        let heard = said(&mut legs);
        let [Said::Sip(SipOrder::Invite { dialog, offer, .. })] = heard.as_slice() else { panic!("{heard:?}") };
        assert_eq!(*offer, WEB.into());
        let (dialog, signalled_from) = (*dialog, [192, 0, 2, 9].into());
        legs.hear_sip(SipNotice::Ringing { dialog, answer: None, is_secure: false }, now, &mut rng);
        legs.hear_sip(SipNotice::Answered { dialog, answer: "theirs".into(), signalled_from, is_secure: true }, now, &mut rng);
        let heard = said(&mut legs);
        let [
            Said::Centre(CentreInput::LegRinging { .. }),
            Said::Media(MediaOrder::AcceptBrowser { .. }),
            Said::Centre(CentreInput::LegAnswered { .. }),
        ] = heard.as_slice()
        else {
            panic!("{heard:?}")
        };
        // Audio that never comes ends the call.
        let wakeup = legs.next_wakeup().expect("a deadline");
        legs.timeout(now.plus_millis(wakeup.millis_since(now.mono)));
        let heard = said(&mut legs);
        assert!(heard.iter().any(|said| matches!(said, Said::Sip(SipOrder::Bye { .. }))), "{heard:?}");
        assert!(legs.is_empty());
    }
}
