//! Who may call: trunks by source address or digest, phones by digest. A snapshot; the switch makes it from the directory.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    digest::Ha1,
    notice::CallSource,
    peer::{Hop, PeerName, Target},
};
use crate::types::TrunkId;

/// Everyone who may call or be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SipAccess {
    /// Active trunks.
    pub trunks: Vec<TrunkAccess>,
    /// Active phones by account.
    pub phones: BTreeMap<Arc<str>, PhoneAccess>,
}

/// How a trunk is recognised and reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkAccess {
    /// Which trunk.
    pub id: TrunkId,
    /// Calls from these addresses are its, without digest.
    pub prefixes: Vec<IpPrefix>,
    /// Account for digest: theirs when they call us, ours when they challenge us.
    pub username: Option<Arc<str>>,
    /// Hashes of that account's password in our realm, to check theirs.
    pub secret: Option<Ha1>,
    /// The same in their realm, to prove ours.
    pub their_secret: Option<Ha1>,
    /// Whom our calls address; `None` for a trunk that only brings calls.
    pub peer: Option<PeerName>,
    /// The servers that take them; empty while that is not known.
    pub targets: Vec<Target>,
    /// Whether the other side is asked now and then if it is there.
    pub is_pinged: bool,
    /// For so many seconds we register with the other side, as `username`; `None` for a trunk that knows us otherwise.
    pub registers: Option<u32>,
    /// Their SIP domain, where it is not the peer's name.
    pub domain: Option<Arc<str>>,
    /// User part of the contact that we register; known to nobody else.
    pub contact_user: Option<Arc<str>>,
}

impl TrunkAccess {
    /// Every place where calls may go.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.targets.iter().flat_map(|target| &target.hops)
    }
}

/// How a phone proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneAccess {
    /// User part of its address and digest user name.
    pub account: Arc<str>,
    /// Hashes of its password; without them it cannot register or call.
    pub secret: Option<Ha1>,
}

impl SipAccess {
    /// The trunk whose source addresses hold `ip`, the longest prefix first.
    pub fn trunk_by_source(&self, ip: IpAddr) -> Option<&TrunkAccess> {
        let matching = self.trunks.iter().flat_map(|trunk| trunk.prefixes.iter().map(move |prefix| (prefix, trunk)));
        matching.filter(|(prefix, _)| prefix.contains(ip)).max_by_key(|(prefix, _)| prefix.bits).map(|(_, trunk)| trunk)
    }

    /// Whether we register with somebody at this address.
    pub fn is_registrar(&self, ip: IpAddr) -> bool {
        let mut hops = self.trunks.iter().filter(|trunk| trunk.registers.is_some()).flat_map(TrunkAccess::hops);
        hops.any(|hop| hop.address.ip() == ip.to_canonical())
    }

    /// The trunk of this key.
    pub fn trunk(&self, id: &TrunkId) -> Option<&TrunkAccess> {
        self.trunks.iter().find(|trunk| trunk.id == *id)
    }

    /// Who has this digest user name, with the hashes to check.
    pub fn by_username(&self, username: &str) -> Option<(CallSource, &Ha1)> {
        if let Some(phone) = self.phones.get(username) {
            return Some((CallSource::Phone(phone.account.clone()), phone.secret.as_ref()?));
        }
        let trunk = self.trunks.iter().find(|trunk| trunk.username.as_deref() == Some(username))?;
        Some((CallSource::Trunk(trunk.id.clone()), trunk.secret.as_ref()?))
    }
}

/// An address range: all addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpPrefix {
    /// Any address in it.
    pub address: IpAddr,
    /// How many leading bits count.
    pub bits: u8,
}

impl IpPrefix {
    /// Reads `203.0.113.7`, `10.0.0.0/8` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().ok().filter(|bits| *bits <= most)?,
            None => most,
        };
        Some(Self { address, bits })
    }

    /// Whether `ip` lies in it. An IPv4 address that came in over an IPv6 socket counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits.min(32))).unwrap_or(0);
                u32::from(own) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(own), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits.min(128))).unwrap_or(0);
                u128::from(own) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_names_the_trunk() {
        let trunk = |id: &str, prefix: &str| TrunkAccess {
            id: id.parse().unwrap(),
            prefixes: vec![IpPrefix::parse(prefix).unwrap()],
            username: None,
            secret: None,
            their_secret: None,
            peer: None,
            targets: Vec::new(),
            is_pinged: false,
            registers: None,
            domain: None,
            contact_user: None,
        };
        let access = SipAccess {
            trunks: vec![trunk("wide", "10.0.0.0/8"), trunk("narrow", "10.1.2.3"), trunk("six", "2001:db8::/32")],
            phones: BTreeMap::new(),
        };
        let found = |ip: &str| access.trunk_by_source(ip.parse().unwrap()).map(|trunk| trunk.id.to_string());
        assert_eq!(found("10.9.9.9").as_deref(), Some("wide"));
        assert_eq!(found("10.1.2.3").as_deref(), Some("narrow"));
        assert_eq!(found("::ffff:10.1.2.3").as_deref(), Some("narrow"));
        assert_eq!(found("2001:db8:1::1").as_deref(), Some("six"));
        assert_eq!(found("11.0.0.1"), None);
        assert!(IpPrefix::parse("0.0.0.0/0").unwrap().contains("1.2.3.4".parse().unwrap()));
        assert!(IpPrefix::parse("1.2.3.4/33").is_none());
    }
}
