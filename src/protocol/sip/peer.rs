//! A trunk's other side: what the administrator wrote, and the places that it comes to (RFC 3263). Who asks the names' servers is
//! not known here.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{address::host_ip, certificate_terms::CertificateTerms, notice::Transport};
use crate::types::Rng;

/// A trunk's other side as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerName {
    /// A name, or an address without brackets.
    pub host: Arc<str>,
    /// The port, if one is written.
    pub port: Option<u16>,
    /// How calls go there; `None` leaves it to the names' servers (RFC 3263 4.1).
    pub transport: Option<Transport>,
}

/// One place where a trunk takes calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop {
    /// How to get there.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
    /// Over TLS, whom the certificate there has to name (RFC 5922 7.1): what the administrator wrote, not what it came to.
    /// `None`: the address itself.
    pub name: Option<Arc<str>>,
    /// Over TLS, what the trunk demands of that certificate instead, and which of ours it is shown.
    pub terms: Option<Arc<CertificateTerms>>,
}

/// One server of a trunk's other side (RFC 2782): lower priorities first, among equal ones by chance and weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Tried before all that have a higher one.
    pub priority: u32,
    /// How large its share is among those of the same priority.
    pub weight: u16,
    /// Its addresses in order.
    pub hops: Vec<Hop>,
}

/// Where the peers that are names can be reached, as far as it is known.
pub type Peers = BTreeMap<PeerName, Vec<Target>>;

/// Most hops that one call, or one question whether a trunk is there, tries.
pub(super) const HOPS_MAX: usize = 8;

/// The hops in the order in which one call tries them (RFC 2782, page 3).
pub fn in_order(targets: &[Target], rng: &mut Rng) -> Vec<Hop> {
    let mut left: Vec<&Target> = targets.iter().collect();
    // Those without weight come first, so that they are chosen now and then.
    left.sort_by_key(|target| (target.priority, target.weight));
    let mut hops = Vec::new();
    while let Some(priority) = left.first().map(|target| target.priority) {
        let equals = left.iter().take_while(|target| target.priority == priority);
        let sum: u64 = equals.clone().map(|target| u64::from(target.weight)).sum();
        let chosen = if sum == 0 { 0 } else { rng.below(sum + 1) };
        let mut running = 0;
        let at = equals.clone().position(|target| {
            running += u64::from(target.weight);
            running >= chosen
        });
        let target = left.remove(at.unwrap_or(0));
        for hop in &target.hops {
            if hops.len() < HOPS_MAX && !hops.contains(hop) {
                hops.push(hop.clone());
            }
        }
    }
    hops
}

impl PeerName {
    /// Reads `host`, `host:port`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`.
    pub fn parse(text: &str, transport: Option<Transport>) -> Option<Self> {
        let text = text.trim();
        let (host, port) = match text.parse::<SocketAddr>() {
            Ok(address) => (address.ip().to_string(), Some(address.port())),
            Err(_) => match (host_ip(text), text.rsplit_once(':')) {
                (Some(ip), _) => (ip.to_string(), None),
                (None, Some((host, port))) => (host.to_owned(), Some(port.parse().ok()?)),
                (None, None) => (text.to_owned(), None),
            },
        };
        (!host.is_empty()).then(|| Self { host: host.into(), port, transport })
    }

    /// The one place of a peer that is written as an address.
    pub fn hop(&self) -> Option<Hop> {
        let ip: IpAddr = self.host.parse().ok()?;
        // RFC 3263 4.1: an address without a transport is reached by datagrams.
        let transport = self.transport.unwrap_or(Transport::Udp);
        let address = SocketAddr::new(ip, self.port.unwrap_or(transport.default_port()));
        Some(Hop { transport, address, name: None, terms: None })
    }

    /// As a URI names it.
    pub fn uri_host(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_string() };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_name_or_an_address_with_or_without_port() {
        for (text, uri_host, hop) in [
            ("203.0.113.7", "203.0.113.7", Some("203.0.113.7:5060")),
            (" 203.0.113.7:5080", "203.0.113.7:5080", Some("203.0.113.7:5080")),
            ("[2001:db8::7]:5080", "[2001:db8::7]:5080", Some("[2001:db8::7]:5080")),
            ("[2001:db8::7]", "[2001:db8::7]", Some("[2001:db8::7]:5060")),
            ("2001:db8::7", "[2001:db8::7]", Some("[2001:db8::7]:5060")),
            ("carrier.example", "carrier.example", None),
            ("carrier.example:5080", "carrier.example:5080", None),
        ] {
            let peer = PeerName::parse(text, Some(Transport::Udp)).expect("a peer");
            assert_eq!(peer.uri_host(), uri_host);
            assert_eq!(peer.hop().map(|hop| hop.address), hop.map(|text| text.parse().expect("an address")), "{text}");
        }
        let secure = PeerName::parse("203.0.113.7", Some(Transport::Tls)).and_then(|peer| peer.hop()).expect("an address");
        assert_eq!(secure.address.port(), 5061);
        assert_eq!(PeerName::parse("carrier.example:x", None), None);
        assert_eq!(PeerName::parse("", None), None);
    }

    #[test]
    fn servers_are_tried_by_priority_and_among_equals_by_weight() {
        let hop =
            |port: u16| Hop { transport: Transport::Udp, address: ([192, 0, 2, 1], port).into(), name: None, terms: None };
        let target = |priority, weight, port| Target { priority, weight, hops: vec![hop(port)] };
        let targets = [target(20, 0, 3), target(10, 30, 1), target(10, 10, 2)];
        let mut rng = Rng::seeded(7);
        let mut firsts = [0, 0];
        for _ in 0..4_000 {
            let ports: Vec<u16> = in_order(&targets, &mut rng).iter().map(|hop| hop.address.port()).collect();
            assert_eq!((ports.len(), ports[2]), (3, 3), "the second priority comes last");
            firsts[usize::from(ports[0] - 1)] += 1;
        }
        assert!((2_800..3_200).contains(&firsts[0]), "three in four: {firsts:?}");
    }
}
