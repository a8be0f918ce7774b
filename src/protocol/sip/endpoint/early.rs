//! UPDATE within a dialog whose INVITE has no answer yet (RFC 3311 5.2): refreshes the target, and moves early media where the
//! first offer and answer are done.

use std::sync::Arc;

use super::{
    Pending, SipEndpoint,
    arriving::is_unreadable,
    call::{Call, Phase},
    reliable::Reliable,
    talking::retry_soon,
};
use crate::{
    protocol::sip::{
        compose::SDP,
        message::SipMessage,
        notice::{DialogId, SipNotice},
        transaction::Timer,
    },
    types::Rng,
};

/// Their offer within an early dialog of a call of ours.
#[derive(Debug)]
pub struct EarlyOffer {
    request: Pending,
    /// Which early dialog.
    at: usize,
    sdp: Arc<str>,
}

impl SipEndpoint {
    /// Their UPDATE before the answer.
    pub(super) fn updated_early(&mut self, id: DialogId, pending: Pending, message: &SipMessage, rng: &mut Rng) {
        if is_unreadable(message) {
            return self.answer(&pending, 415, &format!("Accept: {SDP}\r\n"));
        }
        let offer = message.sdp();
        let dialog = match self.calls.get_mut(&id).map(|call| &mut call.phase) {
            Some(Phase::Arriving(arriving)) => {
                if offer.is_some() {
                    let has_agreed = arriving.reliable.as_ref().is_some_and(Reliable::has_agreed);
                    // Their own offer is still to be answered; afterwards the media stay as agreed until the call is answered.
                    let (status, lines) = if has_agreed { (488, String::new()) } else { (500, retry_soon(rng)) };
                    return self.answer(&pending, status, &lines);
                }
                &mut arriving.dialog
            }
            Some(Phase::Calling(calling)) => {
                let has_offer = calling.early_offer.is_some();
                let at = calling.early.iter().position(|early| early.dialog.is_of(message));
                let Some((at, early)) = at.and_then(|at| Some((at, calling.early.get_mut(at)?))) else {
                    return self.answer(&pending, 481, "");
                };
                match offer {
                    // Our offer is still to be answered.
                    Some(_) if early.answer.is_none() => return self.answer(&pending, 491, ""),
                    Some(_) if has_offer => return self.answer(&pending, 500, &retry_soon(rng)),
                    Some(offer) => {
                        early.dialog.refresh(message);
                        let is_secure = pending.flow.transport.is_secure();
                        calling.early_offer = Some(EarlyOffer { request: pending, at, sdp: offer.clone() });
                        self.link.start(id, Timer::Undecided, self.settings.reoffer_max_ms);
                        return self.link.notice(SipNotice::Reoffered { dialog: id, offer: Some(offer), is_secure });
                    }
                    None => &mut early.dialog,
                }
            }
            Some(Phase::Talking(_)) | None => return,
        };
        dialog.refresh(message);
        let peer = dialog.flow();
        let bytes = self.compose_dialog(&pending.lines, 200, "", peer).finish();
        self.link.reply(&pending, 200, bytes);
    }

    /// The switch's answer to such an offer.
    pub(super) fn answer_early_offer(&mut self, id: DialogId, answer: Option<&str>) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let Some(offer) = calling.early_offer.take() else { return };
        self.link.stop(id, Timer::Undecided);
        let Some(early) = calling.early.get_mut(offer.at).filter(|_| answer.is_some()) else {
            return self.answer(&offer.request, 488, "");
        };
        // A 200 that says nothing more means these media.
        early.answer = Some(offer.sdp);
        let peer = early.dialog.flow();
        let bytes = self.compose_dialog(&offer.request.lines, 200, "", peer).finish_with(answer);
        self.link.reply(&offer.request, 200, bytes);
    }

    /// The call was answered, or given up, before the switch said anything to it.
    pub(super) fn drop_early_offer(&mut self, offer: Option<EarlyOffer>, rng: &mut Rng) {
        if let Some(offer) = offer {
            self.answer(&offer.request, 500, &retry_soon(rng));
        }
    }
}
