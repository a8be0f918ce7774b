//! Offers and answers of telephones, read and written: which can be used at all, and in what forms ours go out.

use std::sync::Arc;

use super::legs::Legs;
use crate::protocol::{
    media::RemoteMedia,
    sdp::{AudioTerms, Description, SdpSession},
    sip::{CallOffer, DialogId, SipOrder},
};

impl Legs {
    /// The offer of a new call, read; a call that we could never answer is refused at once.
    pub(super) fn usable(
        &mut self,
        dialog: DialogId,
        offer: Option<Arc<str>>,
        terms: &AudioTerms,
    ) -> Result<Option<Box<Description>>, ()> {
        match offer.map(|text| Description::parse(&text)) {
            None if terms.allow_plain() || terms.allow_keys() => Ok(None),
            Some(Ok(offer)) if SdpSession::families_for(&offer, terms, self.families).is_some() => Ok(Some(Box::new(offer))),
            None | Some(Ok(_) | Err(_)) => {
                self.faults.no_common_media += 1;
                self.order_sip(SipOrder::Reject { dialog, status: 488, retry_after_secs: None });
                Err(())
            }
        }
    }
}

/// Our first offer, in the forms in which it may go out.
pub(super) fn call_offer(sdp: &mut SdpSession) -> CallOffer {
    let in_clear = sdp.terms().allow_plain().then(|| sdp.offers());
    CallOffer { in_clear, secure: sdp.offers_over_tls() }
}

pub(super) fn accepted(sdp: &mut SdpSession, answer: &str) -> Option<RemoteMedia> {
    sdp.accept(&Description::parse(answer).ok()?).ok()
}
