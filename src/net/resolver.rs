//! Names of trunks' peers become addresses beside the switch, which never waits for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};

use futures_util::future::join_all;

use crate::{
    domain::directory::{Directory, Trunk},
    types::Clock,
};

/// A name that is not resolved by then keeps its last address; without one the trunk takes calls and cannot place any.
const RESOLVE_MS_MAX: u64 = 3_000;
/// RFC 3261 19.1.2: where SIP is without a port.
const SIP_PORT: u16 = 5060;

/// The addresses of trunks' peers that are names, as far as they are known. A name that cannot be resolved now keeps the address
/// that it had.
#[derive(Debug, Default)]
pub struct PeerNames {
    addresses: BTreeMap<(String, u16), SocketAddr>,
    /// Those without an answer the last time, which the log knows already.
    unanswered: BTreeSet<(String, u16)>,
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
    /// The directory with the known address in place of every trunk peer's name. The same one when there is none.
    pub fn put_into(&self, directory: &Arc<Directory>) -> Arc<Directory> {
        let mut resolved = directory.clone();
        for (id, trunk) in &directory.trunks {
            let address = peer_name(trunk).and_then(|(host, port)| self.addresses.get(&(host.to_owned(), port)));
            if let Some(address) = address
                && let Some(entry) = Arc::make_mut(&mut resolved).trunks.get_mut(id)
            {
                entry.peer = Some(address.to_string());
            }
        }
        resolved
    }

    /// The names of this directory's trunks over TLS, by the address that they have now.
    pub fn of_tls_trunks(&self, directory: &Directory) -> BTreeMap<SocketAddr, String> {
        let trunks = directory.trunks.values().filter(|trunk| trunk.is_active && trunk.transport == "tls");
        let names = trunks.filter_map(peer_name);
        names.filter_map(|(host, port)| Some((*self.addresses.get(&(host.to_owned(), port))?, host.to_owned()))).collect()
    }

    /// Asks for the addresses of all names at once.
    pub async fn look_up(&mut self, directory: &Directory, clock: &dyn Clock) -> LookedUp {
        let active = directory.trunks.iter().filter(|(_, trunk)| trunk.is_active);
        let names = active.filter_map(|(id, trunk)| Some((id, peer_name(trunk)?)));
        let answers = join_all(names.map(|(id, (host, port))| async move {
            let found = tokio::select! {
                found = tokio::net::lookup_host((host, port)) => found.ok().and_then(|mut addresses| preferred(&mut addresses)),
                () = clock.sleep_until(clock.now().mono + RESOLVE_MS_MAX) => None,
            };
            (id, host, port, found)
        }));
        let mut looked_up = LookedUp { has_changed: false, is_complete: true };
        for (trunk, host, port, found) in answers.await {
            let name = (host.to_owned(), port);
            let Some(address) = found else {
                looked_up.is_complete = false;
                if self.unanswered.insert(name.clone()) {
                    let known = self.addresses.get(&name);
                    tracing::warn!(%trunk, host, ?known, "the trunk's peer has no address: check the name; it is asked for again");
                }
                continue;
            };
            self.unanswered.remove(&name);
            looked_up.has_changed |= self.addresses.insert(name, address) != Some(address);
        }
        looked_up
    }
}

/// Host and port of a peer that is a name.
fn peer_name(trunk: &Trunk) -> Option<(&str, u16)> {
    let peer = trunk.peer.as_deref()?.trim();
    if peer.is_empty() || peer.parse::<SocketAddr>().is_ok() || peer.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    match peer.rsplit_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((peer, SIP_PORT)),
    }
}

/// IPv4 before IPv6: carriers' signalling is, and our socket usually is.
fn preferred(addresses: &mut dyn Iterator<Item = SocketAddr>) -> Option<SocketAddr> {
    addresses.min_by_key(SocketAddr::is_ipv6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::SystemClock;

    fn trunk(peer: &str) -> Trunk {
        Trunk {
            id: "carrier".parse().unwrap(),
            name: "Carrier".into(),
            sources: Vec::new(),
            username: None,
            realm: None,
            secret: None,
            peer: Some(peer.into()),
            transport: "udp".into(),
            calls_max: 1,
            is_active: true,
        }
    }

    fn directory(peers: &[&str]) -> Arc<Directory> {
        let mut directory = Directory::default();
        for (index, peer) in peers.iter().enumerate() {
            directory.trunks.insert(format!("carrier{index}").parse().unwrap(), trunk(peer));
        }
        Arc::new(directory)
    }

    fn peers(directory: &Directory) -> Vec<&str> {
        directory.trunks.values().filter_map(|trunk| trunk.peer.as_deref()).collect()
    }

    #[tokio::test]
    async fn a_name_becomes_an_address_and_an_address_stays() {
        let directory = directory(&["localhost:5080", "203.0.113.7"]);
        let (mut names, clock) = (PeerNames::default(), SystemClock::start());
        assert_eq!(peers(&names.put_into(&directory)), ["localhost:5080", "203.0.113.7"]);
        assert_eq!(names.look_up(&directory, &clock).await, LookedUp { has_changed: true, is_complete: true });
        assert_eq!(peers(&names.put_into(&directory)), ["127.0.0.1:5080", "203.0.113.7"]);
        assert_eq!(names.look_up(&directory, &clock).await, LookedUp { has_changed: false, is_complete: true });
        assert_eq!(peer_name(&trunk("carrier.example")), Some(("carrier.example", 5060)));
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_resolved_keeps_its_last_address_and_holds_up_no_other() {
        let directory = directory(&["nobody.invalid:5080", "localhost:5080"]);
        let mut names = PeerNames::default();
        names.addresses.insert(("nobody.invalid".into(), 5080), "203.0.113.9:5080".parse().unwrap());
        let looked_up = names.look_up(&directory, &SystemClock::start()).await;
        assert_eq!(looked_up, LookedUp { has_changed: true, is_complete: false });
        assert_eq!(peers(&names.put_into(&directory)), ["203.0.113.9:5080", "127.0.0.1:5080"]);
    }
}
