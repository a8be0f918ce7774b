//! REFER within a call (RFC 3515): a phone wants its call to go on somewhere else and is told by NOTIFY how that goes. Whether
//! it may, and what becomes of the call, the switch decides; here only the phone proves who it is. Trunks are refused: a carrier
//! that could send our calls elsewhere would spend our money.

use std::sync::Arc;

use super::{
    Pending, SipEndpoint,
    call::{Call, End, Phase},
};
use crate::{
    protocol::sip::{
        address::{NameAddr, Scheme},
        header::{ALLOW_IN_CALL, Method, Name, reason_phrase},
        message::SipMessage,
        notice::{CallSource, DialogId, Flow, ReferTarget, SipNotice},
        replaces::Replaces,
        transaction::ClientUser,
    },
    types::Rng,
};

/// What a NOTIFY of ours tells (RFC 3515 2.4.5).
const SIPFRAG: &str = "message/sipfrag;version=2.0";
/// How long the implicit subscription says that it lasts, in seconds; every transfer is decided sooner.
const EXPIRES_SECS: u32 = 180;

/// A REFER that has not come to its end.
#[derive(Debug)]
pub struct Refer {
    /// The request, until the switch has accepted or refused it.
    request: Option<Pending>,
    /// Its number, by which the NOTIFYs name it when it is not the first of the call (2.4.6).
    cseq: u32,
    /// Whether it is the first of the call.
    is_first: bool,
    /// Whether nobody wants NOTIFYs (RFC 4488), or they found no ear.
    is_silent: bool,
    /// Whether a NOTIFY waits for its answer.
    is_notifying: bool,
    /// What to tell next.
    next: Option<u16>,
}

impl SipEndpoint {
    /// A REFER from the peer of an answered call.
    pub(super) fn referred(&mut self, id: DialogId, flow: Flow, message: &SipMessage, pending: Pending, rng: &mut Rng) {
        let Some(account) = self.calls.get(&id).and_then(|call| call.phone.clone()) else {
            return self.answer(&pending, 403, "");
        };
        match self.proof(flow, message) {
            super::arriving::Proof::Proven(CallSource::Phone(proven)) if proven == account => {}
            super::arriving::Proof::Proven(CallSource::Phone(_)) => return self.answer(&pending, 403, ""),
            // A phone may stand on an address that is also a trunk's.
            super::arriving::Proof::Proven(CallSource::Trunk(_)) | super::arriving::Proof::Refused => {
                return self.challenge_within(flow, message, pending, false, rng);
            }
            super::arriving::Proof::Challenge { is_stale } => {
                return self.challenge_within(flow, message, pending, is_stale, rng);
            }
        }
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else {
            return self.answer(&pending, 403, "");
        };
        if talking.end != End::NotYet || talking.refer.is_some() {
            return self.answer(&pending, 491, "");
        }
        // 2.1: exactly one Refer-To.
        let mut targets = message.addresses(Name::ReferTo);
        let (Some(refer_to), None) = (targets.next(), targets.next()) else {
            return self.answer(&pending, 400, "Warning: 399 centralita \"REFER without one Refer-To\"\r\n");
        };
        let is_silent = message.first(Name::ReferSub).is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let is_first = !std::mem::replace(&mut talking.was_referred, true);
        let cseq = message.cseq();
        let refer = Refer { request: Some(pending), cseq, is_first, is_silent, is_notifying: false, next: None };
        talking.refer = Some(Box::new(refer));
        match self.refer_target(&refer_to, &account) {
            Ok(target) => self.link.notice(SipNotice::Referred { dialog: id, target }),
            // A refusal of the REFER itself with such a status would end the call (RFC 5057 5.1): what was asked for fails.
            Err(status) => {
                self.refer_progress(id, 100, rng);
                self.refer_progress(id, status, rng);
            }
        }
    }

    /// Where the call shall go. As with a Request-URI, the user part counts, by our own dial rules; nothing is ever sent to the
    /// host that a phone names.
    fn refer_target(&self, refer_to: &NameAddr, account: &Arc<str>) -> Result<ReferTarget, u16> {
        let uri = &refer_to.uri;
        if uri.scheme() == Scheme::Other || uri.param("method").is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
            return Err(416);
        }
        if let Some(value) = uri.header("Replaces") {
            let other = Replaces::parse(&value).and_then(|replaces| self.replaced(&replaces)).ok_or(481_u16)?;
            let is_own = self.calls.get(&other).is_some_and(|call| call.phone.as_ref() == Some(account));
            return if is_own { Ok(ReferTarget::Dialog(other)) } else { Err(403) };
        }
        if let Some(device) = self.device(uri)? {
            return Ok(ReferTarget::Device(device));
        }
        uri.user().map(|user| ReferTarget::Number(user.into())).ok_or(404)
    }

    /// How it goes: 100 accepts the REFER, a refusal before that refuses it; what comes later is told by NOTIFY, and a final
    /// status is the last.
    pub(super) fn refer_progress(&mut self, id: DialogId, status: u16, rng: &mut Rng) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let peer = talking.dialog.next_flow();
        let Some(refer) = &mut talking.refer else { return };
        let is_silent = refer.is_silent;
        if let Some(request) = refer.request.take() {
            if status >= 300 {
                talking.refer = None;
                return self.answer(&request, status, "");
            }
            let contact = self.settings.contact(peer);
            let silence = if is_silent { "Refer-Sub: false\r\n" } else { "" };
            self.answer(&request, 202, &format!("Contact: {contact}\r\n{silence}"));
        }
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let Some(refer) = &mut talking.refer else { return };
        if is_silent {
            if status >= 200 {
                talking.refer = None;
            }
        } else if status < 200 && refer.is_notifying {
            refer.next = Some(status);
        } else {
            self.notify_refer(id, status, rng);
        }
    }

    fn notify_refer(&mut self, id: DialogId, status: u16, rng: &mut Rng) {
        self.revive_stream(id);
        let key = Self::new_key(rng);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let peer = talking.dialog.next_flow();
        let Some(refer) = &mut talking.refer else { return };
        let event = if refer.is_first { "refer".to_owned() } else { format!("refer;id={}", refer.cseq) };
        refer.is_notifying = true;
        let state = if status < 200 {
            format!("active;expires={EXPIRES_SECS}")
        } else {
            talking.refer = None;
            "terminated;reason=noresource".to_owned()
        };
        let via = self.settings.via(peer, &key.branch_text());
        let cseq = talking.dialog.next_cseq();
        let (message, flow) = talking.dialog.request(&Method::Notify, cseq, &via);
        let bytes = message
            .line("Contact", self.settings.contact(peer))
            .line("Event", event)
            .line("Subscription-State", state)
            .line("Allow", ALLOW_IN_CALL)
            .line("User-Agent", &self.settings.user_agent)
            .finish_as(SIPFRAG, &format!("SIP/2.0 {status} {}\r\n", reason_phrase(status)));
        self.link.request(key, flow, ClientUser::ReferNotify(id), None, bytes, "NOTIFY");
    }

    /// A response to that; who does not want to hear of the transfer is not told again (2.4.4), and the transfer goes on.
    pub(super) fn refer_notified(&mut self, id: DialogId, status: u16, rng: &mut Rng) {
        if status < 200 {
            return;
        }
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let Some(refer) = &mut talking.refer else { return };
        refer.is_notifying = false;
        refer.is_silent |= status >= 300;
        if let Some(next) = refer.next.take().filter(|_| !refer.is_silent) {
            self.notify_refer(id, next, rng);
        }
    }

    /// 401 within a call.
    fn challenge_within(&mut self, flow: Flow, message: &SipMessage, pending: Pending, is_stale: bool, rng: &mut Rng) {
        let lines = self.challenge_lines(flow, message, is_stale, rng);
        self.answer(&pending, 401, &lines);
    }
}
