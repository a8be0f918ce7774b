//! A caller of ours before the call is answered: it rings (180), hears us already (183, RFC 3960), and is answered. For audio a port
//! is bound first.

use std::sync::Arc;

use super::{
    legs::{LegState, Legs},
    web_legs::WebStage,
};
use crate::{
    domain::centre::CentreInput,
    protocol::{sdp::SdpSession, sip::SipOrder},
    types::{LegId, Now},
};

impl Legs {
    /// Tells a caller that it rings.
    pub(super) fn ring(&mut self, leg: LegId) {
        if let Some(LegState::Arrived { dialog, .. } | LegState::Web(WebStage::Arrived { dialog, .. })) =
            self.get(leg).map(|entry| &entry.state)
        {
            let dialog = *dialog;
            self.order_sip(SipOrder::Ring { dialog, answer: None });
        }
    }

    /// Lets a caller hear us before the answer. Whoever gave no offer, and a browser, hears its own ringing tone instead.
    pub(super) fn early_media(&mut self, leg: LegId, now: Now) {
        match self.get_mut(leg).map(|entry| &mut entry.state) {
            Some(LegState::Arrived { dialog, offer: offer @ Some(_) }) => {
                let state = LegState::Answering { dialog: *dialog, offer: offer.take(), is_early: true };
                self.advance(leg, state, now);
                self.open_port(leg);
            }
            Some(_) | None => self.ring(leg),
        }
    }

    /// Answers a caller.
    pub(super) fn answer(&mut self, leg: LegId, now: Now) {
        self.answer_web(leg, now);
        match self.get_mut(leg).map(|entry| &mut entry.state) {
            Some(LegState::Arrived { dialog, offer }) => {
                let state = LegState::Answering { dialog: *dialog, offer: offer.take(), is_early: false };
                self.advance(leg, state, now);
                self.open_port(leg);
            }
            // The port comes soon.
            Some(LegState::Answering { is_early, .. }) => *is_early = false,
            Some(LegState::EarlyMedia { dialog, sdp, answer, must_peer_send }) => {
                let (dialog, answer) = (*dialog, answer.clone());
                let state = LegState::Accepted { dialog, sdp: sdp.clone(), must_peer_send: Some(*must_peer_send) };
                self.advance(leg, state, now);
                self.order_sip(SipOrder::Accept { dialog, sdp: answer });
            }
            Some(_) | None => {}
        }
    }

    /// The port of a caller is there.
    pub(super) fn answer_opened(&mut self, leg: LegId, mut sdp: Box<SdpSession>, now: Now) {
        let Some(LegState::Answering { dialog, offer, is_early }) = self.get(leg).map(|entry| &entry.state) else { return };
        let (dialog, is_early) = (*dialog, *is_early);
        let Some(offer) = offer else {
            let offer = sdp.offer();
            self.advance(leg, LegState::Accepted { dialog, sdp, must_peer_send: None }, now);
            return self.order_sip(SipOrder::Accept { dialog, sdp: offer.into() });
        };
        let Ok((answer, agreed)) = sdp.answer(offer) else {
            self.hang_up(leg, 488, false);
            return self.tell(CentreInput::LegEnded { leg, is_lost: true });
        };
        let must_peer_send = agreed.must_send();
        let answer: Arc<str> = answer.into();
        let (state, order) = match is_early {
            true => {
                let answer_again = answer.clone();
                let state = LegState::EarlyMedia { dialog, sdp, answer: answer_again, must_peer_send };
                (state, SipOrder::Ring { dialog, answer: Some(answer) })
            }
            false => {
                let state = LegState::Accepted { dialog, sdp, must_peer_send: Some(must_peer_send) };
                (state, SipOrder::Accept { dialog, sdp: answer })
            }
        };
        self.advance(leg, state, now);
        self.set_remote(leg, agreed);
        self.order_sip(order);
        if is_early {
            self.tell(CentreInput::LegEarlyMedia { leg });
        }
    }
}
