//! Recording sessions (RFC 7866): dialogs of ours with recorders, which are told what is recorded beside the session description.
//! We are the recording client; nobody can have us record.

use std::sync::Arc;

use super::{SipEndpoint, refreshing::Session};
use crate::{
    protocol::{
        sip::{
            compose::Composition,
            notice::{DialogId, SipNotice, SipTarget},
            offer::CallOffer,
            transaction::ClientKey,
        },
        siprec::{METADATA_REQUEST, recording_body},
    },
    types::{CallContext, Rng},
};

/// Option tag that a recorder must know (RFC 7866 12.1).
pub(super) const RECORDING_TAG: &str = "siprec";
/// Feature tag of whoever has something recorded (RFC 7866 12.2), as it stands in our Contact.
const CLIENT_FEATURE: &str = ";+sip.src";

impl Session {
    /// What our Contact says of us.
    pub(super) fn feature(&self) -> &'static str {
        if self.recording.is_some() { CLIENT_FEATURE } else { "" }
    }

    /// An INVITE's end: the session description, and what a recorder is to know.
    pub(super) fn finish(&self, message: Composition, sdp: Option<&str>, key: ClientKey) -> Arc<[u8]> {
        let Some((metadata, sdp)) = self.recording.as_deref().zip(sdp) else { return message.finish_with(sdp) };
        let (kind, body) = recording_body(sdp, metadata, key.branch);
        // RFC 7866 6.1.1, 9.2.
        let accepted = format!("application/sdp, {METADATA_REQUEST}");
        message.line("Require", RECORDING_TAG).line("Accept", accepted).finish_as(&kind, &body)
    }
}

impl SipEndpoint {
    #[allow(clippy::too_many_arguments, reason = "the fields of one order")]
    pub(super) fn record(
        &mut self,
        id: DialogId,
        target: SipTarget,
        caller: &str,
        offer: CallOffer,
        metadata: Arc<str>,
        ring_secs: u32,
        rng: &mut Rng,
    ) {
        self.invite(id, target, Some(caller), None, offer, Some(metadata), ring_secs, &CallContext::default(), rng);
    }

    /// Another offer, or only another description beside the same one. Before the answer nothing is said: the description goes out
    /// with the next order.
    pub(super) fn rerecord(&mut self, id: DialogId, offer: Arc<str>, metadata: Arc<str>, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        talking.session.recording = Some(metadata);
        self.reoffer(id, offer, rng);
    }

    pub(super) fn tell_metadata_asked(&mut self, id: DialogId, is_asked: bool) {
        if is_asked {
            self.link.notice(SipNotice::MetadataAsked { dialog: id });
        }
    }
}
