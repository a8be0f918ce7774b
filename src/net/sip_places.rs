//! The places that SIP connections take: who may have one, counted by the network they come from, with some kept for the
//! connections that we open ourselves. A place is held by whoever can write to the connection.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use tokio::sync::mpsc;

use super::flood_gate::network_of;
use crate::protocol::sip::{Flow, FlowId};

/// Messages that may wait for a peer that reads slowly; with more the connection is closed.
const UNWRITTEN_MAX: usize = 256;
/// One place in so many is for connections of ours: a flood of others must not cut us off from our carriers.
const OURS_SHARE: usize = 8;

/// Messages on their way to a peer.
pub(super) type Unwritten = mpsc::Receiver<Arc<[u8]>>;

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    /// Somebody out there.
    Them,
    /// We did.
    Us,
}

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaceLimits {
    /// All together.
    pub all_max: usize,
    /// Of one IPv4 address or IPv6 /64. Our own connections are not counted: a trunk may need many.
    pub per_source_max: usize,
}

/// Every open connection.
#[derive(Debug, Default)]
pub(super) struct Places {
    writers: BTreeMap<FlowId, mpsc::Sender<Arc<[u8]>>>,
    /// Connections of others by their network; those of ours are not in it.
    by_source: BTreeMap<IpAddr, usize>,
}

impl Places {
    /// Takes a place; `None` when a limit is reached.
    pub(super) fn enter(&mut self, flow: Flow, opener: Opener, limits: PlaceLimits) -> Option<Unwritten> {
        let kept = if opener == Opener::Them { limits.all_max / OURS_SHARE } else { 0 };
        if self.writers.len() >= limits.all_max - kept {
            return None;
        }
        if opener == Opener::Them {
            let count = self.by_source.entry(network_of(flow.remote.ip())).or_default();
            if *count >= limits.per_source_max {
                return None;
            }
            *count += 1;
        }
        let (writer, unwritten) = mpsc::channel(UNWRITTEN_MAX);
        self.writers.insert(flow.id, writer);
        Some(unwritten)
    }

    /// Gives the place back.
    pub(super) fn leave(&mut self, flow: Flow, opener: Opener) {
        self.writers.remove(&flow.id);
        let source = network_of(flow.remote.ip());
        if opener == Opener::Them
            && let Some(count) = self.by_source.get_mut(&source)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
    }

    /// Queues bytes: false if the connection is gone, or so far behind that it ends by this.
    pub(super) fn send(&mut self, flow: FlowId, bytes: Arc<[u8]>) -> bool {
        let is_sent = self.writers.get(&flow).is_some_and(|writer| writer.try_send(bytes).is_ok());
        if !is_sent {
            // Without its writer the connection's task ends and tells the switch.
            self.writers.remove(&flow);
        }
        is_sent
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.writers.len()
    }

    /// Lets nobody write to this one any more, which ends its task.
    pub(super) fn close(&mut self, flow: FlowId) {
        self.writers.remove(&flow);
    }

    /// Lets nobody write any more, which ends every connection's task.
    pub(super) fn close_all(&mut self) {
        self.writers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sip::Transport;

    fn flow(id: u64, ip: &str) -> Flow {
        Flow { transport: Transport::Tcp, id: FlowId(id), remote: (ip.parse::<IpAddr>().unwrap(), 5060).into() }
    }

    #[test]
    fn a_flood_of_others_leaves_room_for_connections_of_ours() {
        let (mut places, limits) = (Places::default(), PlaceLimits { all_max: 16, per_source_max: 100 });
        let mut kept = Vec::new();
        for id in 0..20 {
            kept.extend(places.enter(flow(id * 2 + 1, "192.0.2.1"), Opener::Them, limits));
        }
        assert_eq!(kept.len(), 14);
        for id in 0..3 {
            kept.extend(places.enter(flow(id * 2 + 2, "198.51.100.1"), Opener::Us, limits));
        }
        assert_eq!((kept.len(), places.taken()), (16, 16), "ours have the rest and no more than that");
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network_and_gets_its_place_back() {
        let (mut places, limits) = (Places::default(), PlaceLimits { all_max: 100, per_source_max: 1 });
        let first = flow(1, "2001:db8::1");
        let held = places.enter(first, Opener::Them, limits);
        assert!(held.is_some());
        assert!(places.enter(flow(3, "2001:db8::2"), Opener::Them, limits).is_none(), "the same /64");
        assert!(places.enter(flow(5, "2001:db8:0:1::1"), Opener::Them, limits).is_some());
        assert!(places.enter(flow(7, "::ffff:192.0.2.1"), Opener::Them, limits).is_some());
        assert!(places.enter(flow(9, "192.0.2.1"), Opener::Them, limits).is_none(), "the same address");
        places.leave(first, Opener::Them);
        assert!(places.enter(flow(3, "2001:db8::2"), Opener::Them, limits).is_some());
    }
}
