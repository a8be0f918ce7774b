//! Names of trunks' peers become addresses beside the switch, which never waits for them.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use futures_util::future::join_all;

use crate::{
    domain::directory::Directory,
    protocol::sip::{Hop, PeerName, Peers, Transport},
    switch::peer_of,
    types::Clock,
};

/// A name that is not resolved by then keeps its last address; without one the trunk takes calls and cannot place any.
const RESOLVE_MS_MAX: u64 = 3_000;

/// Where the trunks' peers that are names can be reached, as far as it is known. A name that cannot be resolved now keeps the
/// address that it had.
#[derive(Debug, Default)]
pub struct PeerNames {
    peers: Peers,
    /// Those without an answer the last time, which the log knows already.
    unanswered: BTreeSet<PeerName>,
}

/// What a look-up came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedUp {
    /// Whether an address is new or another.
    pub has_changed: bool,
    /// Whether every name has been resolved.
    pub is_complete: bool,
}

impl PeerNames {
    /// As far as they are known.
    pub fn peers(&self) -> Arc<Peers> {
        Arc::new(self.peers.clone())
    }

    /// Asks for the addresses of all names at once.
    pub async fn look_up(&mut self, directory: &Directory, clock: &dyn Clock) -> LookedUp {
        let active = directory.trunks.values().filter(|trunk| trunk.is_active).filter_map(peer_of);
        let names: BTreeSet<PeerName> = active.filter(|peer| peer.hop().is_none()).collect();
        let answers = join_all(names.into_iter().map(|peer| async move {
            let port = peer.port.unwrap_or(peer.transport.default_port());
            let found = tokio::select! {
                found = tokio::net::lookup_host((&*peer.host, port)) => found.ok().and_then(|mut addresses| preferred(&mut addresses)),
                () = clock.sleep_until(clock.now().mono + RESOLVE_MS_MAX) => None,
            };
            (peer, found)
        }));
        let mut looked_up = LookedUp { has_changed: false, is_complete: true };
        for (peer, found) in answers.await {
            let Some(address) = found else {
                looked_up.is_complete = false;
                if self.unanswered.insert(peer.clone()) {
                    let known = self.peers.get(&peer);
                    tracing::warn!(host = %peer.host, ?known, "a trunk's peer has no address: check the name; it is asked for again");
                }
                continue;
            };
            self.unanswered.remove(&peer);
            let name = (peer.transport == Transport::Tls).then(|| peer.host.clone());
            let hops = vec![Hop { transport: peer.transport, address, name }];
            looked_up.has_changed |= self.peers.insert(peer, hops.clone()) != Some(hops);
        }
        looked_up
    }
}

/// IPv4 before IPv6: carriers' signalling is, and our socket usually is.
fn preferred(addresses: &mut dyn Iterator<Item = SocketAddr>) -> Option<SocketAddr> {
    addresses.min_by_key(SocketAddr::is_ipv6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::directory::Trunk, net::SystemClock};

    fn trunk(peer: &str) -> Trunk {
        Trunk { peer: Some(peer.into()), ..Trunk::new("carrier".parse().unwrap(), "Carrier") }
    }

    fn directory(peers: &[&str]) -> Arc<Directory> {
        let mut directory = Directory::default();
        for (index, peer) in peers.iter().enumerate() {
            directory.trunks.insert(format!("carrier{index}").parse().unwrap(), trunk(peer));
        }
        Arc::new(directory)
    }

    fn addresses(names: &PeerNames) -> Vec<String> {
        names.peers.values().flatten().map(|hop| hop.address.to_string()).collect()
    }

    #[tokio::test]
    async fn a_name_becomes_an_address_and_an_address_needs_nobody() {
        let directory = directory(&["localhost:5080", "203.0.113.7"]);
        let (mut names, clock) = (PeerNames::default(), SystemClock::start());
        assert_eq!(names.look_up(&directory, &clock).await, LookedUp { has_changed: true, is_complete: true });
        assert_eq!(addresses(&names), ["127.0.0.1:5080"]);
        assert_eq!(names.look_up(&directory, &clock).await, LookedUp { has_changed: false, is_complete: true });
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_resolved_keeps_its_last_address_and_holds_up_no_other() {
        let directory = directory(&["nobody.invalid:5080", "localhost:5080"]);
        let mut names = PeerNames::default();
        let nobody = PeerName::parse("nobody.invalid:5080", Transport::Udp).unwrap();
        let last = Hop { transport: Transport::Udp, address: "203.0.113.9:5080".parse().unwrap(), name: None };
        names.peers.insert(nobody, vec![last]);
        let looked_up = names.look_up(&directory, &SystemClock::start()).await;
        assert_eq!(looked_up, LookedUp { has_changed: true, is_complete: false });
        assert_eq!(addresses(&names), ["127.0.0.1:5080", "203.0.113.9:5080"]);
    }
}
