//! Which way a request of ours takes: the trunk's hops in their order, those that failed lately last (RFC 3263 4.3), and a stream
//! for what is too large for a datagram (RFC 3261 18.1.1).

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use super::{Link, SipEndpoint};
use crate::{
    protocol::sip::{
        notice::{Flow, FlowId, Transport},
        peer::{Hop, in_order},
        transaction::{ClientKey, ClientUser, Datagram, Outline},
    },
    types::{Mono, OfFamily, Rng, TrunkId},
};

/// RFC 3261 18.1.1: larger requests must not be cut into fragments, which many networks lose.
const DATAGRAM_OCTETS_MAX: usize = 1_300;
/// An address that takes no streams is not asked for one again for so long.
const NO_STREAMS_MS: u64 = 600_000;
/// A hop that failed is tried after all others for so long.
pub(super) const SHUNNED_MS: u64 = 60_000;
/// The longest that a hop may ask for, by Retry-After.
const SHUNNED_MS_MAX: u64 = 600_000;
/// Addresses remembered of each kind.
const REMEMBERED_MAX: usize = 1_024;

/// How our Via begins, by datagrams and by a stream: equally long.
const OVER_DATAGRAMS: &str = "SIP/2.0/UDP ";
const OVER_A_STREAM: &str = "SIP/2.0/TCP ";

/// What is remembered of the places that requests go to.
#[derive(Debug, Default)]
pub(super) struct Routing {
    /// Hops that failed, and until when they come last.
    shunned: BTreeMap<Hop, Mono>,
    /// Addresses that took no stream, and until when they are believed to.
    without_streams: BTreeMap<SocketAddr, Mono>,
}

impl Routing {
    /// This hop comes last for a while.
    pub(super) fn shun(&mut self, hop: Hop, millis: u64, now: Mono) {
        remember(&mut self.shunned, hop, millis.min(SHUNNED_MS_MAX), now);
    }

    /// This hop answers.
    pub(super) fn forgive(&mut self, hop: &Hop) {
        self.shunned.remove(hop);
    }

    /// This address takes no streams.
    pub(super) fn note_without_streams(&mut self, address: SocketAddr, now: Mono) {
        remember(&mut self.without_streams, address, NO_STREAMS_MS, now);
    }

    /// Whether this hop comes last.
    pub(super) fn is_shunned(&self, hop: &Hop, now: Mono) -> bool {
        self.shunned.get(hop).is_some_and(|until| *until > now)
    }

    fn takes_streams(&self, address: SocketAddr, now: Mono) -> bool {
        self.without_streams.get(&address).is_none_or(|until| *until <= now)
    }
}

/// Remembers within bounds: what has run out goes first, then what runs out first.
fn remember<K: Ord + Clone>(known: &mut BTreeMap<K, Mono>, key: K, millis: u64, now: Mono) {
    if known.len() >= REMEMBERED_MAX {
        known.retain(|_, until| *until > now);
    }
    if known.len() >= REMEMBERED_MAX
        && let Some(first) = known.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone())
    {
        known.remove(&first);
    }
    known.insert(key, now + millis);
}

impl SipEndpoint {
    /// The hops of a trunk in the order in which to try them now.
    pub(super) fn hops_of(&self, trunk: &TrunkId, rng: &mut Rng) -> Vec<Hop> {
        let Some(access) = self.access.trunk(trunk) else { return Vec::new() };
        let now = self.link.now.mono;
        let (last, mut first): (Vec<Hop>, Vec<Hop>) =
            in_order(&access.targets, rng).into_iter().partition(|hop| self.routing.is_shunned(hop, now));
        first.extend(last);
        first
    }

    /// The flow to this place: over a stream the one that we opened before, or a new one.
    pub(super) fn flow_to(&mut self, hop: &Hop) -> Flow {
        let (transport, remote) = (hop.transport, hop.address);
        if !transport.is_stream() {
            return Flow { transport, id: *self.settings.default_udp_flow.of(remote.family()), remote };
        }
        if let Some(id) = self.connections.get(hop) {
            return Flow { transport, id: *id, remote };
        }
        let flow = Flow { transport, id: FlowId(self.next_flow), remote };
        self.next_flow += 2;
        self.connections.insert(hop.clone(), flow.id);
        self.streams.insert(flow.id);
        self.link.out.push_back(super::SipOutput::Connect { flow, name: hop.name.clone(), terms: hop.terms.clone() });
        flow
    }

    /// Sends an INVITE. One that is too large for a datagram goes over a stream; where no stream can be had it goes by a datagram
    /// after all. `is_direct`: the flow's address takes streams for all we know, it is not the outside of an address translator.
    #[allow(clippy::too_many_arguments, reason = "a request with all that belongs to it")]
    pub(super) fn send_by_size(
        &mut self,
        key: ClientKey,
        flow: Flow,
        is_direct: bool,
        user: ClientUser,
        outline: Outline,
        bytes: Arc<[u8]>,
    ) {
        self.send_sized(key, flow, is_direct, user, Some(outline), bytes, "INVITE");
    }

    /// The same for a request of another method.
    pub(super) fn send_request_by_size(
        &mut self,
        key: ClientKey,
        flow: Flow,
        is_direct: bool,
        user: ClientUser,
        bytes: Arc<[u8]>,
        method: &str,
    ) {
        self.send_sized(key, flow, is_direct, user, None, bytes, method);
    }

    #[allow(clippy::too_many_arguments, reason = "a request with all that belongs to it")]
    fn send_sized(
        &mut self,
        key: ClientKey,
        flow: Flow,
        is_direct: bool,
        user: ClientUser,
        outline: Option<Outline>,
        bytes: Arc<[u8]>,
        method: &str,
    ) {
        let is_small = bytes.len() <= DATAGRAM_OCTETS_MAX || flow.transport != Transport::Udp;
        if is_small || !is_direct || !self.routing.takes_streams(flow.remote, self.link.now.mono) {
            return self.link.request(key, flow, user, outline, bytes, method);
        }
        let stream = self.flow_to(&Hop { transport: Transport::Tcp, address: flow.remote, name: None, terms: None });
        let moved = outline.clone().map(|outline| Outline { via: over_a_stream(&outline.via), ..outline });
        self.link.request(key, stream, user, moved, with_stream_via(&bytes), method);
        self.link.keep_datagram(key, Datagram { flow, outline, bytes });
    }
}

impl Link {
    fn keep_datagram(&mut self, key: ClientKey, datagram: Datagram) {
        if let Some(client) = self.transactions.client_mut(key) {
            client.keep_datagram(datagram);
        }
    }
}

/// The topmost Via says how the request travels.
fn over_a_stream(text: &str) -> String {
    text.replacen(OVER_DATAGRAMS, OVER_A_STREAM, 1)
}

/// The same in a whole request, whose body may be of any octets.
fn with_stream_via(bytes: &[u8]) -> Arc<[u8]> {
    let mut moved = bytes.to_vec();
    let via = moved.windows(OVER_DATAGRAMS.len()).position(|octets| octets == OVER_DATAGRAMS.as_bytes());
    if let Some(via) = via.and_then(|at| moved.get_mut(at..at + OVER_A_STREAM.len())) {
        via.copy_from_slice(OVER_A_STREAM.as_bytes());
    }
    moved.into()
}
