//! Names of trunks' peers become addresses, before the switch, which never waits, sees the directory.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    domain::directory::{Directory, Trunk},
    types::Clock,
};

/// A name that is not resolved by then is left as it is: the trunk takes calls and cannot place any until the next directory.
const RESOLVE_MS_MAX: u64 = 3_000;
/// RFC 3261 19.1.2: where SIP is without a port.
const SIP_PORT: u16 = 5060;

/// The directory with an address in place of every trunk peer's name. The same one when there is no name in it.
pub async fn with_resolved_peers(directory: Arc<Directory>, clock: &dyn Clock) -> Arc<Directory> {
    let mut resolved = directory.clone();
    for (id, trunk) in directory.trunks.iter().filter(|(_, trunk)| trunk.is_active) {
        let Some((host, port)) = peer_name(trunk) else { continue };
        let found = tokio::select! {
            found = tokio::net::lookup_host((host, port)) => found.ok().and_then(|mut addresses| preferred(&mut addresses)),
            () = clock.sleep_until(clock.now().mono + RESOLVE_MS_MAX) => None,
        };
        match found {
            Some(address) => {
                if let Some(entry) = Arc::make_mut(&mut resolved).trunks.get_mut(id) {
                    entry.peer = Some(address.to_string());
                }
            }
            None => tracing::warn!(trunk = %id, host, "the trunk's peer has no address: it cannot place calls; check the name"),
        }
    }
    resolved
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
            secret: None,
            peer: Some(peer.into()),
            transport: "udp".into(),
            calls_max: 1,
            is_active: true,
        }
    }

    #[tokio::test]
    async fn a_name_becomes_an_address_and_an_address_stays() {
        for (peer, expected) in [("localhost:5080", "127.0.0.1:5080"), ("203.0.113.7", "203.0.113.7")] {
            let mut directory = Directory::default();
            directory.trunks.insert("carrier".parse().unwrap(), trunk(peer));
            let resolved = with_resolved_peers(Arc::new(directory), &SystemClock::start()).await;
            let peer = resolved.trunks.values().next().and_then(|trunk| trunk.peer.clone());
            assert_eq!(peer.as_deref(), Some(expected));
        }
        assert_eq!(peer_name(&trunk("carrier.example")), Some(("carrier.example", 5060)));
    }
}
            realm: None,
