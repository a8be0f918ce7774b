//! A trunk's other side: what the administrator wrote, and the places that it comes to (RFC 3263). Who asks the names' servers is
//! not known here.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{address::host_ip, notice::Transport};

/// A trunk's other side as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerName {
    /// A name, or an address without brackets.
    pub host: Arc<str>,
    /// The port, if one is written.
    pub port: Option<u16>,
    /// How calls go there.
    pub transport: Transport,
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
}

/// Where the peers that are names can be reached, each list in the order in which to try.
pub type Peers = BTreeMap<PeerName, Vec<Hop>>;

impl PeerName {
    /// Reads `host`, `host:port`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`.
    pub fn parse(text: &str, transport: Transport) -> Option<Self> {
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
        let address = SocketAddr::new(ip, self.port.unwrap_or(self.transport.default_port()));
        Some(Hop { transport: self.transport, address, name: None })
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
            let peer = PeerName::parse(text, Transport::Udp).expect("a peer");
            assert_eq!(peer.uri_host(), uri_host);
            assert_eq!(peer.hop().map(|hop| hop.address), hop.map(|text| text.parse().expect("an address")), "{text}");
        }
        let secure = PeerName::parse("203.0.113.7", Transport::Tls).and_then(|peer| peer.hop()).expect("an address");
        assert_eq!(secure.address.port(), 5061);
        assert_eq!(PeerName::parse("carrier.example:x", Transport::Udp), None);
        assert_eq!(PeerName::parse("", Transport::Udp), None);
    }
}
