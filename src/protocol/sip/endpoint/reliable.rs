//! Reliable provisional responses (RFC 3262): ours are repeated until their PRACK comes, theirs are answered by PRACK in order.

use std::sync::Arc;

use super::{
    Pending, SipEndpoint,
    arriving::is_unreadable,
    call::{Call, Calling, Phase},
};
use crate::{
    protocol::sip::{
        address::Uri,
        compose::SDP,
        dialog::Dialog,
        header::{Method, Name},
        message::SipMessage,
        notice::{DialogId, Flow, SipNotice},
        transaction::{ClientKey, ClientUser, Timer},
    },
    types::Rng,
};

/// RFC 3262 3: a call that rings for long says so again after two and a half minutes, not each minute: nothing gets lost.
const STILL_RINGING_MS: u64 = 150_000;
/// Most early dialogs of one call of ours: a proxy behind a contact may try several telephones.
const EARLY_DIALOGS_MAX: usize = 16;
/// Most reliable provisional responses of one early dialog.
pub(super) const PRACKS_MAX: u32 = 64;

/// Our provisional responses to a caller who takes them reliably.
#[derive(Debug)]
pub struct Reliable {
    next_rseq: u32,
    /// The one that is out and has no PRACK.
    waiting: Option<Waiting>,
    /// What to say after that: status and session description. The last word counts.
    next: Option<(u16, Option<Arc<str>>)>,
    /// The session description that has gone out, which is the answer to the INVITE's offer.
    answer: Option<Arc<str>>,
    /// The one of a 200 that must wait for the PRACK of that.
    accepted: Option<Arc<str>>,
}

#[derive(Debug)]
struct Waiting {
    rseq: u32,
    bytes: Arc<[u8]>,
    interval_ms: u64,
    has_answer: bool,
}

impl Reliable {
    /// For this INVITE, if its sender takes them.
    pub fn towards(invite: &SipMessage, rng: &mut Rng) -> Option<Self> {
        let is_taken = invite.lists(Name::Supported, "100rel") || invite.lists(Name::Require, "100rel");
        // 3: from 1 to 2**31 - 1; the lower half leaves room to count.
        let next_rseq = 1 + (rng.next_u32() >> 2);
        is_taken.then_some(Self { next_rseq, waiting: None, next: None, answer: None, accepted: None })
    }

    /// Whether the offer of the INVITE is answered, and they know it (RFC 3311 5.1: only then may media change).
    pub fn has_agreed(&self) -> bool {
        self.answer.is_some() && self.waiting.as_ref().is_none_or(|waiting| !waiting.has_answer)
    }

    /// Whether this session description need not be said again in the 200.
    pub fn has_said(&self, sdp: &str) -> bool {
        self.answer.as_deref() == Some(sdp)
    }

    /// The number of the response whose PRACK may come after the 200.
    pub fn waiting_rseq(&self) -> Option<u32> {
        self.waiting.as_ref().map(|waiting| waiting.rseq)
    }
}

/// An early dialog of a call of ours that needs requests of its own.
#[derive(Debug)]
pub struct Early {
    /// The INVITE that made it.
    key: ClientKey,
    /// The dialog.
    pub dialog: Dialog,
    /// Number of the last reliable response.
    rseq: u32,
    /// How many there were.
    pracks: u32,
    /// Their session description: the answer to our offer.
    pub answer: Option<Arc<str>>,
}

impl Calling {
    /// The early dialog to which a request or response of theirs belongs.
    pub fn early_of(&mut self, message: &SipMessage) -> Option<&mut Early> {
        self.early.iter_mut().find(|early| early.dialog.is_of(message))
    }
}

impl SipEndpoint {
    /// Says that it rings, if the caller takes that reliably; false if it does not.
    pub(super) fn ring_reliably(&mut self, id: DialogId, status: u16, sdp: Option<&Arc<str>>) -> bool {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get_mut(&id) else { return false };
        // Without an offer in the INVITE ours would have to be answered in the PRACK: that is left to 200 and ACK.
        let sdp = sdp.filter(|_| arriving.has_offer).cloned();
        let Some(reliable) = &mut arriving.reliable else { return false };
        if reliable.waiting.is_some() {
            // 3: the first must be known to have arrived before the second goes.
            reliable.next = Some((status, sdp));
            return true;
        }
        // The answer is said once.
        let sdp = sdp.filter(|_| reliable.answer.is_none());
        let rseq = reliable.next_rseq;
        reliable.next_rseq += 1;
        let peer = arriving.dialog.flow();
        let message = self.settings.response_within(&arriving.invite.lines, status, &arriving.tag, peer, "");
        let bytes = message.line("Require", "100rel").line("RSeq", rseq).finish_with(sdp.as_deref());
        let interval_ms = self.link.times.t1_ms;
        reliable.waiting = Some(Waiting { rseq, bytes: bytes.clone(), interval_ms, has_answer: sdp.is_some() });
        if sdp.is_some() {
            reliable.answer = sdp;
        }
        arriving.provisional = Some((status, bytes.clone()));
        self.link.reply(&arriving.invite, status, bytes);
        self.link.start(id, Timer::ProvisionalAgain, interval_ms);
        self.link.start(id, Timer::NoPrack, interval_ms * 64);
        self.link.start(id, Timer::StillRinging, STILL_RINGING_MS);
        true
    }

    /// No PRACK yet: once more (3: T1, doubling, over streams too).
    pub(super) fn provisional_again(&mut self, id: DialogId) {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get_mut(&id) else { return };
        let flow = arriving.invite.flow;
        let Some(waiting) = arriving.reliable.as_mut().and_then(|reliable| reliable.waiting.as_mut()) else { return };
        waiting.interval_ms *= 2;
        let (bytes, next_ms) = (waiting.bytes.clone(), waiting.interval_ms);
        self.link.stats.retransmissions += 1;
        self.link.split().1.send(flow, bytes);
        self.link.start(id, Timer::ProvisionalAgain, next_ms);
    }

    /// No PRACK for 64·T1: the caller does not hear us (3: a 5xx).
    pub(super) fn no_prack(&mut self, id: DialogId) {
        if matches!(self.calls.get(&id), Some(Call { phase: Phase::Arriving(_), .. })) {
            self.refuse_call(id, 504, None);
            self.link.notice(SipNotice::Cancelled { dialog: id });
        }
    }

    /// A 200 that may not go before the PRACK of our answer (5); false if it may go.
    pub(super) fn waits_for_prack(&mut self, id: DialogId, sdp: &Arc<str>) -> bool {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get_mut(&id) else { return false };
        let Some(reliable) = &mut arriving.reliable else { return false };
        let must_wait = reliable.waiting.as_ref().is_some_and(|waiting| waiting.has_answer);
        if must_wait {
            reliable.accepted = Some(sdp.clone());
        }
        must_wait
    }

    /// Their PRACK (3).
    pub(super) fn pracked(&mut self, id: DialogId, pending: &Pending, message: &SipMessage) {
        let Some((rseq, cseq)) = acknowledged_by(message) else { return self.answer(pending, 400, "") };
        let arriving = match self.calls.get_mut(&id).map(|call| &mut call.phase) {
            Some(Phase::Arriving(arriving)) if arriving.cseq == cseq => arriving,
            Some(Phase::Talking(talking)) => {
                let is_known = talking.unpracked.take_if(|waiting| *waiting == (rseq, cseq)).is_some();
                return self.answer(pending, if is_known { 200 } else { 481 }, "");
            }
            Some(Phase::Arriving(_) | Phase::Calling(_)) | None => return self.answer(pending, 481, ""),
        };
        let reliable = arriving.reliable.as_mut();
        let Some(reliable) = reliable.filter(|reliable| reliable.waiting_rseq() == Some(rseq)) else {
            return self.answer(pending, 481, "");
        };
        reliable.waiting = None;
        let (next, accepted) = (reliable.next.take(), reliable.accepted.take());
        self.link.stop(id, Timer::ProvisionalAgain);
        self.link.stop(id, Timer::NoPrack);
        if is_unreadable(message) {
            self.answer(pending, 415, &format!("Accept: {SDP}\r\n"));
        } else {
            // 5: an offer in a PRACK would change media before the call is answered; the agreed ones stay.
            self.answer(pending, if message.sdp().is_some() { 488 } else { 200 }, "");
        }
        match (accepted, next) {
            (Some(sdp), _) => self.accept(id, sdp),
            (None, Some((status, sdp))) => {
                self.ring_reliably(id, status, sdp.as_ref());
            }
            (None, None) => {}
        }
    }

    /// The caller waits for long: false if it does not take provisional responses reliably.
    pub(super) fn still_ringing_reliably(&mut self, id: DialogId) -> bool {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return false };
        let Some(reliable) = &arriving.reliable else { return false };
        if reliable.waiting.is_some() {
            return true;
        }
        let status = arriving.provisional.as_ref().map_or(183, |(status, _)| *status);
        self.ring_reliably(id, status, None)
    }

    /// A provisional response to our INVITE: false if it must not be heard, as a repetition or out of order (4).
    pub(super) fn acknowledge_provisional(
        &mut self,
        id: DialogId,
        key: ClientKey,
        flow: Flow,
        message: &SipMessage,
        rng: &mut Rng,
    ) -> bool {
        let Some(rseq) = rseq_of(message) else { return true };
        let outline = self.link.transactions.client_mut(key).and_then(|client| client.outline.clone());
        let Some(outline) = outline else { return false };
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return false };
        let known = calling.early.iter().position(|early| early.key == key && early.dialog.is_of(message));
        let at = match known {
            Some(at) => at,
            None if calling.early.len() >= EARLY_DIALOGS_MAX => return false,
            None => {
                let Some(target) = Uri::parse(&outline.uri) else { return false };
                let Some(dialog) = Dialog::as_caller(message, &outline, flow, &target) else { return false };
                calling.early.push(Early { key, dialog, rseq: rseq.wrapping_sub(1), pracks: 0, answer: None });
                calling.early.len() - 1
            }
        };
        let Some(early) = calling.early.get_mut(at) else { return false };
        if rseq != early.rseq.wrapping_add(1) || early.pracks >= PRACKS_MAX {
            return false;
        }
        (early.rseq, early.pracks) = (rseq, early.pracks + 1);
        if early.answer.is_none() {
            early.answer = message.sdp();
        }
        let mut dialog = early.dialog.clone();
        self.send_prack(&mut dialog, rseq, outline.cseq, rng);
        if let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id)
            && let Some(early) = calling.early.get_mut(at)
        {
            early.dialog = dialog;
        }
        true
    }

    /// The same of a provisional response to our re-INVITE.
    pub(super) fn acknowledge_reoffer_progress(&mut self, id: DialogId, message: &SipMessage, rng: &mut Rng) {
        let Some(rseq) = rseq_of(message) else { return };
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let Some(ours) = &mut talking.our_offer else { return };
        if ours.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return;
        }
        ours.rseq = Some(rseq);
        let (mut dialog, cseq) = (talking.dialog.clone(), ours.cseq);
        self.send_prack(&mut dialog, rseq, cseq, rng);
        if let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) {
            talking.dialog = dialog;
        }
    }

    fn send_prack(&mut self, dialog: &mut Dialog, rseq: u32, invite_cseq: u32, rng: &mut Rng) {
        let key = Self::new_key(rng);
        let via = self.settings.via(dialog.next_flow(), &key.branch_text());
        let cseq = dialog.next_cseq();
        let (message, flow) = dialog.request(&Method::Prack, cseq, &via);
        let message = message.line("RAck", format_args!("{rseq} {invite_cseq} INVITE"));
        let bytes = message.line("User-Agent", &self.settings.user_agent).finish();
        // What becomes of it is theirs: without it they repeat their response, or give the call up.
        self.link.request(key, flow, ClientUser::Nobody, None, bytes, "PRACK");
    }
}

/// The number of a provisional response that wants a PRACK.
fn rseq_of(response: &SipMessage) -> Option<u32> {
    if !response.lists(Name::Require, "100rel") {
        return None;
    }
    response.first(Name::RSeq)?.trim().parse().ok()
}

/// The response that a PRACK names: its number and the one of its INVITE.
fn acknowledged_by(prack: &SipMessage) -> Option<(u32, u32)> {
    let mut words = prack.first(Name::RAck)?.split_ascii_whitespace();
    let numbers = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next()? == "INVITE" && words.next().is_none()).then_some(numbers)
}
