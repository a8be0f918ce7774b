//! Our answers to an incoming call: it rings, is accepted, refused, or nobody decides.

use std::sync::Arc;

use super::{
    SipEndpoint,
    arriving::STILL_RINGING_MS,
    call::{Arriving, Call, Phase, Talking, Unacknowledged},
    reason::refused_with,
    refreshing::Session,
    reliable::Reliable,
};
use crate::{
    protocol::sip::{
        notice::{DialogId, SipNotice},
        session_timer::SessionAnswer,
        transaction::Timer,
    },
    types::Rng,
};

impl SipEndpoint {
    fn arriving_mut(&mut self, id: DialogId) -> Option<&mut Arriving> {
        match &mut self.calls.get_mut(&id)?.phase {
            Phase::Arriving(arriving) => Some(arriving),
            Phase::Calling(_) | Phase::Talking(_) => None,
        }
    }

    pub(super) fn ring(&mut self, id: DialogId, answer: Option<Arc<str>>) {
        let status = if answer.is_some() { 183 } else { 180 };
        if self.ring_reliably(id, status, answer.as_ref()) {
            return;
        }
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return };
        let peer = arriving.dialog.flow();
        let bytes = self.compose_dialog(&arriving.invite.lines, status, &arriving.tag, peer).finish_with(answer.as_deref());
        self.link.reply(&arriving.invite, status, bytes.clone());
        if let Some(arriving) = self.arriving_mut(id) {
            arriving.provisional = Some((status, bytes));
        }
        self.link.start(id, Timer::StillRinging, STILL_RINGING_MS);
    }

    /// A minute has passed: say again that the call lives (RFC 3261 13.3.1.1).
    pub(super) fn still_ringing(&mut self, id: DialogId) {
        if self.still_ringing_reliably(id) {
            return;
        }
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return };
        let (status, bytes) = match &arriving.provisional {
            Some(provisional) => provisional.clone(),
            None => {
                let peer = arriving.dialog.flow();
                (183, self.compose_dialog(&arriving.invite.lines, 183, &arriving.tag, peer).finish())
            }
        };
        self.link.reply(&arriving.invite, status, bytes);
        self.link.start(id, Timer::StillRinging, STILL_RINGING_MS);
    }

    pub(super) fn accept(&mut self, id: DialogId, sdp: Arc<str>) {
        if self.waits_for_prack(id, &sdp) {
            return;
        }
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return };
        let peer = arriving.dialog.flow();
        let session_answer = arriving.session_answer;
        let session_lines = session_answer.map(SessionAnswer::lines).unwrap_or_default();
        let message = self.compose_dialog(&arriving.invite.lines, 200, &arriving.tag, peer).lines(&session_lines);
        let reliable = arriving.reliable.as_ref();
        let unpracked = reliable.and_then(Reliable::waiting_rseq).map(|rseq| (rseq, arriving.cseq));
        let is_said = reliable.is_some_and(|reliable| reliable.has_said(&sdp));
        let bytes = message.finish_with(Some(&*sdp).filter(|_| !is_said));
        let flow = arriving.invite.flow;
        self.link.reply(&arriving.invite, 200, bytes.clone());
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Arriving(arriving) = &mut call.phase else { return };
        let session = Session { our_sdp: Some(sdp), ..std::mem::take(&mut arriving.session) };
        let (first_ms, cseq, has_our_offer) = (self.link.times.t1_ms, arriving.cseq, !arriving.has_offer);
        let unacknowledged = Unacknowledged { cseq, flow, bytes, interval_ms: first_ms, has_our_offer, is_first: true };
        let talking = Talking::new(arriving.dialog.clone(), false, arriving.trunk.clone(), session);
        call.phase = Phase::Talking(Box::new(Talking { unpracked, unacknowledged: Some(unacknowledged), ..talking }));
        for timer in [Timer::Undecided, Timer::StillRinging, Timer::ProvisionalAgain, Timer::NoPrack] {
            self.link.stop(id, timer);
        }
        self.call_changed(id);
        self.await_ack(id);
        self.session_agreed(id, session_answer);
    }

    /// RFC 3261 13.3.1.4: the 200 is repeated until its ACK comes, at most for 64·T1, over streams too.
    pub(super) fn await_ack(&mut self, id: DialogId) {
        self.link.start(id, Timer::OkAgain, self.link.times.t1_ms);
        self.link.start(id, Timer::NoAck, self.link.times.t1_ms * 64);
    }

    pub(super) fn reject(&mut self, id: DialogId, status: u16, retry_after_secs: Option<u32>) {
        let status = if (400..700).contains(&status) { status } else { 500 };
        self.refuse_call(id, status, retry_after_secs);
    }

    /// Nobody decided in time.
    pub(super) fn undecided(&mut self, id: DialogId) {
        if self.arriving_mut(id).is_some() {
            self.refuse_call(id, 480, None);
            self.link.notice(SipNotice::Cancelled { dialog: id });
        } else {
            self.reoffer_undecided(id);
        }
    }

    /// The final refusal of an incoming call, which is over by it.
    pub(super) fn refuse_call(&mut self, id: DialogId, status: u16, retry_after_secs: Option<u32>) {
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return };
        let message = self.compose(&arriving.invite.lines, status, &arriving.tag);
        let bytes = message.maybe("Retry-After", retry_after_secs).lines(refused_with(status)).finish();
        self.link.reply(&arriving.invite, status, bytes);
        self.forget(id);
    }

    /// The time for the ACK has passed: the call is over, and the peer shall know (RFC 3261 13.3.1.4).
    pub(super) fn no_ack(&mut self, id: DialogId, rng: &mut Rng) {
        self.link.stop(id, Timer::OkAgain);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        talking.unacknowledged = None;
        self.send_bye(id, true, None, rng);
    }

    pub(super) fn ok_again(&mut self, id: DialogId) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let Some(ok) = &mut talking.unacknowledged else { return };
        ok.interval_ms = (ok.interval_ms * 2).min(self.link.times.t2_ms);
        let (flow, bytes, next_ms) = (ok.flow, ok.bytes.clone(), ok.interval_ms);
        self.link.stats.retransmissions += 1;
        self.link.split().1.send(flow, bytes);
        self.link.start(id, Timer::OkAgain, next_ms);
    }
}
