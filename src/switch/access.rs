//! Who may call and be called, out of the directory, in the endpoint's words.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    domain::directory::{DigestHashes, Directory, Phone, Trunk},
    protocol::sip::{Ha1, IpPrefix, PhoneAccess, SipAccess, Transport, TrunkAccess},
};

/// RFC 3261 19.1.2: where SIP is without a port.
const SIP_PORT: u16 = 5060;

/// Active trunks and phones. What an administrator wrote wrongly (an address that is none) is left out: it lets nobody in.
pub(super) fn sip_access(directory: &Directory) -> SipAccess {
    SipAccess {
        trunks: directory.trunks.values().filter(|trunk| trunk.is_active).map(trunk_access).collect(),
        phones: directory
            .phones
            .iter()
            .filter(|(_, phone)| phone.is_active)
            .map(|(account, phone)| (account.clone(), phone_access(account.clone(), phone)))
            .collect(),
    }
}

fn trunk_access(trunk: &Trunk) -> TrunkAccess {
    TrunkAccess {
        id: trunk.id.clone(),
        prefixes: trunk.sources.iter().filter_map(|text| IpPrefix::parse(text)).collect(),
        username: trunk.username.as_deref().map(Arc::from),
        secret: trunk.secret.as_ref().map(|secret| ha1(&secret.ours)),
        their_secret: trunk.secret.as_ref().and_then(|secret| secret.theirs.as_ref()).map(ha1),
        peer: trunk.peer.as_deref().and_then(peer_address),
        transport: match trunk.transport.as_str() {
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => Transport::Udp,
        },
    }
}

/// `host:port` or a host alone, as an address; names have been resolved before (`net/resolver`).
fn peer_address(peer: &str) -> Option<SocketAddr> {
    let peer = peer.trim();
    peer.parse().ok().or_else(|| Some(SocketAddr::new(peer.parse().ok()?, SIP_PORT)))
}

fn phone_access(account: Arc<str>, phone: &Phone) -> PhoneAccess {
    PhoneAccess { account, secret: phone.secret.as_ref().map(|secret| ha1(&secret.ours)) }
}

fn ha1(hashes: &DigestHashes) -> Ha1 {
    Ha1 { realm: hashes.realm.clone(), sha256: hashes.sha256.clone(), md5: hashes.md5.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_an_address_with_or_without_port() {
        for (text, expected) in [
            ("203.0.113.7", Some("203.0.113.7:5060")),
            (" 203.0.113.7:5080", Some("203.0.113.7:5080")),
            ("[2001:db8::7]:5080", Some("[2001:db8::7]:5080")),
            ("2001:db8::7", Some("[2001:db8::7]:5060")),
            ("carrier.example", None),
        ] {
            assert_eq!(peer_address(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }
}
