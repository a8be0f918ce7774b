//! What both transports do with what arrives: a look at the first octets, the flood gate, reading, and the bounded way to the
//! switch. Whatever is refused here is counted and has cost no more than this.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{FloodGate, SipTap, recent_invites::RecentInvites, sip::SipNetSettings};
use crate::{
    protocol::{
        sip::{CertificateChain, Flow, FlowId, Malformed, NewWork, SipMessage, acknowledges_refusal, malformed_response},
        stun,
    },
    switch::Input,
    types::{CertificateProblem, Clock, IpPrefix, Mono},
};

/// A shorter datagram is a keep-alive or noise.
const DATAGRAM_MIN: usize = 16;
/// A method's name is no longer.
const METHOD_MAX: usize = 64;

/// When a caller may try again whom we were too busy to hear.
const OVERLOAD_RETRY_SECS: u32 = 10;

/// The way in.
pub(super) struct SipIntake {
    clock: Arc<dyn Clock>,
    inputs: mpsc::Sender<Input>,
    gate: Mutex<FloodGate>,
    are_calls_refused: AtomicBool,
    passed: Mutex<RecentInvites>,
    trusted: arc_swap::ArcSwap<Vec<IpPrefix>>,
    tap: OnceLock<SipTap>,
    counters: Counters,
}

impl std::fmt::Debug for SipIntake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SipIntake")
    }
}

/// What passed, counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    received: AtomicU64,
    noise: AtomicU64,
    keep_alives: AtomicU64,
    malformed: AtomicU64,
    flooded: AtomicU64,
    overflowed: AtomicU64,
    sent: AtomicU64,
    pub(super) unsent: AtomicU64,
    pub(super) refused_connections: AtomicU64,
    pub(super) failed_tasks: AtomicU64,
}

/// What passed the SIP edge so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SipNetStats {
    /// Messages that reached the switch.
    pub received: u64,
    /// Datagrams that were no SIP at all.
    pub noise: u64,
    /// Binding requests (STUN) of phones that keep their flow open.
    pub keep_alives: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// Messages of sources that sent too many.
    pub flooded: u64,
    /// Messages dropped, or new calls refused by 503, because the switch was behind.
    pub overflowed: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages that could not be sent.
    pub unsent: u64,
    /// Connections refused by a limit.
    pub refused_connections: u64,
    /// Times that reading or accepting failed by a fault of ours and began again.
    pub failed_tasks: u64,
    /// Connections open now.
    pub connections: u64,
    /// Whether SIP is taken over TLS.
    pub is_tls_open: bool,
}

impl Counters {
    /// One more.
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    /// Counts a try to send.
    pub(super) fn sent(&self, is_sent: bool) {
        Self::add(if is_sent { &self.sent } else { &self.unsent });
    }

    /// As they stand.
    pub(super) fn read(&self, connections: usize) -> SipNetStats {
        SipNetStats {
            received: self.received.load(Relaxed),
            noise: self.noise.load(Relaxed),
            keep_alives: self.keep_alives.load(Relaxed),
            malformed: self.malformed.load(Relaxed),
            flooded: self.flooded.load(Relaxed),
            overflowed: self.overflowed.load(Relaxed),
            sent: self.sent.load(Relaxed),
            unsent: self.unsent.load(Relaxed),
            refused_connections: self.refused_connections.load(Relaxed),
            failed_tasks: self.failed_tasks.load(Relaxed),
            connections: connections.try_into().unwrap_or(u64::MAX),
            is_tls_open: false,
        }
    }
}

impl SipIntake {
    pub(super) fn new(settings: &SipNetSettings, clock: Arc<dyn Clock>, inputs: mpsc::Sender<Input>) -> Self {
        let gate = FloodGate::new(settings.source_messages_per_second, settings.trunk_messages_per_second);
        Self {
            clock,
            inputs,
            gate: Mutex::new(gate),
            are_calls_refused: AtomicBool::new(false),
            passed: Mutex::default(),
            trusted: arc_swap::ArcSwap::from_pointee(Vec::new()),
            tap: OnceLock::new(),
            counters: Counters::default(),
        }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn trust(&self, sources: Vec<IpPrefix>) {
        self.trusted.store(Arc::new(sources));
    }

    /// Who is told of everything that passes, from now on and for good.
    pub(super) fn tap_into(&self, tap: SipTap) {
        let _ = self.tap.set(tap);
    }

    pub(super) fn tap(&self) -> &SipTap {
        static OFF: SipTap = SipTap::off();
        self.tap.get().unwrap_or(&OFF)
    }

    pub(super) fn ban(&self, source: IpAddr, until: Mono) {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).ban(source, until);
    }

    pub(super) fn refuse_calls(&self, are_refused: bool) {
        self.are_calls_refused.store(are_refused, Relaxed);
    }

    /// One datagram. What comes back is to be sent, and where to.
    pub(super) fn datagram(&self, flow: Flow, bytes: &[u8], now: Mono) -> Option<(Flow, Arc<[u8]>)> {
        if stun::is_stun(bytes) {
            return self.keep_alive(flow, bytes, now).map(|answer| (flow, answer.into()));
        }
        if !looks_like_sip(bytes) {
            Counters::add(&self.counters.noise);
            return None;
        }
        if !self.admit(flow.remote.ip(), now) {
            return None;
        }
        if acknowledges_refusal(bytes) {
            return None;
        }
        if self.are_calls_refused.load(Relaxed)
            && let Some(refusal) = NewWork::glance(bytes).and_then(|new| self.refusal(flow, &new))
        {
            // Not captured: there is no call that it would be shown with, and thousands of them would push out what is.
            Counters::add(&self.counters.overflowed);
            return Some(refusal);
        }
        match SipMessage::parse(bytes) {
            Ok(message) => self.offer(flow, bytes, message),
            Err(malformed) => self.malformed(&malformed).map(|answer| (flow, answer.into())),
        }
    }

    /// A phone asks whether its flow is still open (RFC 5626 4.4.2), in the same budget as its messages.
    fn keep_alive(&self, flow: Flow, bytes: &[u8], now: Mono) -> Option<Vec<u8>> {
        if !self.admit(flow.remote.ip(), now) {
            return None;
        }
        let answer = stun::answer(bytes, flow.remote);
        Counters::add(if answer.is_some() { &self.counters.keep_alives } else { &self.counters.noise });
        answer
    }

    /// Whether this source may send one more message.
    pub(super) fn admit(&self, source: IpAddr, now: Mono) -> bool {
        let source = source.to_canonical();
        let is_trusted = self.trusted.load().iter().any(|prefix| prefix.contains(source));
        // A poisoned lock only means that a test of ours panicked elsewhere; the gate itself is sound.
        let is_admitted = self.gate.lock().unwrap_or_else(PoisonError::into_inner).admit(source, is_trusted, now);
        if !is_admitted {
            Counters::add(&self.counters.flooded);
        }
        is_admitted
    }

    /// The answer to something that could not be read, if it deserves one.
    pub(super) fn malformed(&self, malformed: &Malformed) -> Option<Vec<u8>> {
        Counters::add(&self.counters.malformed);
        tracing::debug!(reason = malformed.reason, "refused a malformed SIP message");
        malformed_response(malformed)
    }

    /// A message from a datagram. When the switch is behind what is new is refused, also in a form that a glance does not know; the rest
    /// is dropped if there is no room, which its sender repeats.
    fn offer(&self, flow: Flow, bytes: &[u8], message: SipMessage) -> Option<(Flow, Arc<[u8]>)> {
        let refusal = |message: &SipMessage| NewWork::of(message).and_then(|new| self.refusal(flow, &new));
        if self.are_calls_refused.load(Relaxed)
            && let Some(refusal) = refusal(&message)
        {
            Counters::add(&self.counters.overflowed);
            return Some(refusal);
        }
        self.tap().heard(flow, bytes);
        let new = message.is_new_work().then(|| (message.call_id().clone(), message.cseq()));
        let Err(refused) = self.inputs.try_send(Input::Sip { flow, message: Box::new(message) }) else {
            Counters::add(&self.counters.received);
            if let Some((call_id, cseq)) = new {
                self.passed().remember(&call_id, cseq);
            }
            return None;
        };
        Counters::add(&self.counters.overflowed);
        match refused {
            TrySendError::Full(Input::Sip { message, .. }) => refusal(&message),
            TrySendError::Full(_) | TrySendError::Closed(_) => None,
        }
    }

    /// A 503 to what is new. A call that has passed already is repeated by its sender, and a refusal would leave it standing on our side
    /// alone.
    fn refusal(&self, flow: Flow, new: &NewWork<'_>) -> Option<(Flow, Arc<[u8]>)> {
        let has_passed = self.passed().has(new.call_id(), new.cseq());
        (!has_passed).then(|| new.refusal(flow, OVERLOAD_RETRY_SECS))
    }

    fn passed(&self) -> MutexGuard<'_, RecentInvites> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message from a stream: waits while the switch is behind, which slows the sender down.
    pub(super) async fn deliver(&self, flow: Flow, message: SipMessage) {
        let counter = match self.inputs.send(Input::Sip { flow, message: Box::new(message) }).await {
            Ok(()) => &self.counters.received,
            Err(_) => &self.counters.overflowed,
        };
        Counters::add(counter);
    }

    /// Tells the switch what the other end of a connection has shown, before anything else comes by it; or why it came to nothing.
    pub(super) async fn certificate_shown(&self, flow: FlowId, shown: Result<CertificateChain, CertificateProblem>) {
        // Without a switch there is nobody to tell.
        let _ = self.inputs.send(Input::CertificateShown { flow, shown }).await;
    }

    /// Tells the switch that a connection is gone.
    pub(super) async fn flow_closed(&self, flow: FlowId) {
        // Without a switch there is nobody to tell.
        let _ = self.inputs.send(Input::FlowClosed(flow)).await;
    }
}

/// A few octets decide: a response, or a method's letters and a space.
fn looks_like_sip(bytes: &[u8]) -> bool {
    let start = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let Some(bytes) = bytes.get(start..).filter(|bytes| bytes.len() >= DATAGRAM_MIN) else { return false };
    if bytes.starts_with(b"SIP/2.0 ") {
        return true;
    }
    let method = bytes.iter().take(METHOD_MAX).take_while(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(b)).count();
    method > 0 && bytes.get(method) == Some(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_alives_scanners_and_other_protocols_cost_a_few_octets() {
        for noise in
            [&b""[..], b"\r\n\r\n", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"\x80\x08\x00\x01abcdefghijklmnop", b"GET"]
        {
            assert!(!looks_like_sip(noise), "{noise:?}");
        }
        for sip in [&b"INVITE sip:1009@h SIP/2.0\r\n"[..], b"SIP/2.0 200 OK\r\nVia: x", b"\r\nOPTIONS sip:h SIP/2.0"] {
            assert!(looks_like_sip(sip), "{sip:?}");
        }
    }
}
