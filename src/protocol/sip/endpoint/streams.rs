//! Streams between us and others: who has proven what on them by a certificate (RFC 5922, mutual TLS), and what becomes of requests
//! whose stream closes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{SipEndpoint, SipOutput, call::Call};
use crate::{
    protocol::sip::{
        access::TrunkAccess,
        certificate_terms::{CertificateChain, CertificateTerms},
        message::SipMessage,
        notice::{DialogId, Flow, FlowId, Transport, TrunkFault},
        peer::Hop,
        transaction::ClientUser,
    },
    types::{CertificateProblem, Now, Rng, Timestamp, TrunkId},
};

/// What certificates on streams have proven. Nothing is remembered of a stream that has closed.
#[derive(Debug, Default)]
pub(super) struct StreamProofs {
    /// What was shown, to be judged again when trunks change.
    shown: BTreeMap<FlowId, Shown>,
    /// Of which trunks that is the other side, as far as they are for certificates, and until when.
    proven: BTreeMap<FlowId, Vec<(TrunkId, Timestamp)>>,
    /// Why a stream of ours was not opened, until it is said to be closed.
    problems: BTreeMap<FlowId, CertificateProblem>,
}

#[derive(Debug)]
struct Shown {
    chain: CertificateChain,
    /// Until when it fulfils terms of trunks, if it does. To find out costs signatures, so it is done once.
    fulfils: BTreeMap<Arc<CertificateTerms>, Option<Timestamp>>,
}

impl StreamProofs {
    /// The trunks whose other side has proven itself on this stream and is it still.
    fn trunks_on(&self, flow: FlowId, now: Now) -> impl Iterator<Item = &TrunkId> {
        let proven = self.proven.get(&flow).into_iter().flatten();
        proven.filter(move |(_, until)| now.wall < *until).map(|(trunk, _)| trunk)
    }
}

impl SipEndpoint {
    /// The other end of a stream showed these certificates, whose key it has proven; or a stream of ours came to nothing because of
    /// one. Comes before everything else of the stream.
    pub fn certificate_shown(&mut self, flow: FlowId, shown: Result<CertificateChain, CertificateProblem>, now: Now) {
        self.link.now = now;
        match shown {
            Ok(chain) => {
                self.proofs.shown.insert(flow, Shown { chain, fulfils: BTreeMap::new() });
                self.judge(flow);
            }
            Err(problem) => {
                self.proofs.problems.insert(flow, problem);
            }
        }
    }

    pub(super) fn has_shown_certificate(&self, flow: FlowId) -> bool {
        self.proofs.shown.contains_key(&flow)
    }

    /// Whether some trunk wants to see certificates of those who call.
    pub fn asks_for_certificates(&self) -> bool {
        self.access.trunks.iter().any(|trunk| trunk.certificate.is_required)
    }

    /// Trunks are not what they were.
    pub(super) fn judge_all(&mut self) {
        let flows: Vec<FlowId> = self.proofs.shown.keys().copied().collect();
        for flow in flows {
            self.judge(flow);
        }
    }

    /// Streams of ours whose other end was judged by what no trunk says any more make way for others.
    pub(super) fn leave_old_terms(&mut self) {
        let said = self.access.trunks.iter().filter_map(|trunk| trunk.certificate.terms.as_ref());
        let said: BTreeSet<&Arc<CertificateTerms>> = said.collect();
        let out = &mut self.link.out;
        self.connections.retain(|hop, flow| {
            let is_said = hop.terms.as_ref().is_none_or(|terms| said.contains(terms));
            out.extend((!is_said).then_some(SipOutput::Close(*flow)));
            is_said
        });
    }

    fn judge(&mut self, flow: FlowId) {
        let Some(Shown { chain, fulfils }) = self.proofs.shown.get_mut(&flow) else { return };
        let known = std::mem::take(fulfils);
        let mut proven = Vec::new();
        for trunk in self.access.trunks.iter().filter(|trunk| trunk.certificate.is_required) {
            let Some(terms) = &trunk.certificate.terms else { continue };
            let check = || terms.check(chain, &self.settings.well_known, self.link.now.wall).ok();
            let until = *fulfils.entry(terms.clone()).or_insert_with(|| known.get(terms).copied().unwrap_or_else(check));
            proven.extend(until.map(|until| (trunk.id.clone(), until)));
        }
        self.proofs.proven.insert(flow, proven);
    }

    /// The trunk whose other side has proven itself on this stream; of several the one that expects this address.
    pub(super) fn trunk_by_certificate(&self, flow: Flow) -> Option<&TrunkAccess> {
        let proven = self.proofs.trunks_on(flow.id, self.link.now);
        let is_welcome = |trunk: &TrunkAccess| trunk.prefixes.is_empty() || trunk.expects(flow.remote.ip());
        let trunks = proven.filter_map(|id| self.access.trunk(id)).filter(|trunk| is_welcome(trunk));
        trunks.max_by_key(|trunk| !trunk.prefixes.is_empty())
    }

    /// Whether a request on this stream may be one of this trunk's.
    pub(super) fn is_proven_for(&self, trunk: &TrunkId, flow: Flow) -> bool {
        let is_required = self.access.trunk(trunk).is_some_and(|trunk| trunk.certificate.is_required);
        !is_required || self.proofs.trunks_on(flow.id, self.link.now).any(|proven| proven == trunk)
    }

    /// The same for a call; one without a trunk has nothing to prove here.
    pub(super) fn is_proven_in_call(&self, id: DialogId, flow: Flow) -> bool {
        let trunk = self.calls.get(&id).and_then(Call::trunk);
        trunk.is_none_or(|trunk| self.is_proven_for(trunk, flow))
    }

    /// Whether a response may have come on this flow: what was asked where somebody has proven themselves is answered there alone.
    pub(super) fn may_answer(&self, flow: Flow, response: &SipMessage) -> bool {
        let asked = self.link.transactions.asked_on(response).filter(|asked| asked.id != flow.id);
        let Some(asked) = asked.filter(|asked| asked.transport == Transport::Tls) else { return true };
        let is_under_terms = |(hop, id): (&Hop, &FlowId)| *id == asked.id && hop.terms.is_some();
        let has_shown = self.proofs.proven.get(&asked.id).is_some_and(|proven| !proven.is_empty());
        !has_shown && !self.connections.iter().any(is_under_terms)
    }

    /// A stream closed or could not be opened. Must be said of every stream.
    pub fn flow_closed(&mut self, flow: FlowId, now: Now, rng: &mut Rng) {
        self.link.now = now;
        self.streams.remove(&flow);
        self.connections.retain(|_, id| *id != flow);
        self.proofs.shown.remove(&flow);
        self.proofs.proven.remove(&flow);
        let problem = self.proofs.problems.remove(&flow);
        let fault = problem.map_or(TrunkFault::NoConnection, |problem| TrunkFault::Certificate { problem });
        let gone = self.registrar.flow_closed(flow);
        self.report_unreachable(gone);
        self.subscribers_cut_off(flow);
        let (transactions, mut wire) = self.link.split();
        let cut_off = transactions.flow_closed(flow, &mut wire);
        for address in cut_off.by_datagram {
            self.routing.note_without_streams(address, now.mono);
        }
        // RFC 3261 8.1.3.1: a transport error counts as a 503.
        for (key, user) in cut_off.over {
            match user {
                ClientUser::Invite(id) => self.branch_failed(id, key, 503, rng),
                ClientUser::Reinvite(id) => self.reoffer_cut_off(id, key),
                ClientUser::Bye(id) => self.end(id, true),
                ClientUser::Update(id) => self.update_cut_off(id),
                ClientUser::TrunkPing => self.ping_failed(key, fault),
                ClientUser::TrunkRegister => self.register_failed(key, fault),
                // The next question opens a new stream.
                ClientUser::Probe(_) | ClientUser::ReferNotify(_) | ClientUser::Nobody => {}
                ClientUser::Notify(id) => self.notified(id, key, 503, rng),
                ClientUser::Message(id) => self.message_answered(id, key, None, 503, rng),
            }
        }
        self.tell_watchers(rng);
    }
}
