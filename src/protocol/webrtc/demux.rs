//! Whose datagram is it? All browsers share one port. Connectivity checks name their session (the local half of the STUN
//! USERNAME); everything else is known by the address that such a check came from.

use std::{collections::BTreeMap, net::SocketAddr};

/// Addresses that one browser may have at a time: several networks, each with a few translations.
const ADDRESSES_PER_LEG_MAX: usize = 8;
/// RFC 8489 5: every STUN message holds this in its bytes 4 to 7.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
const HEADER_BYTES: usize = 20;

/// Addresses and names of the legs behind one port, bounded per leg. `K` names a leg.
#[derive(Debug)]
pub struct Demux<K> {
    by_name: BTreeMap<Box<str>, K>,
    by_address: BTreeMap<SocketAddr, K>,
    addresses: BTreeMap<K, Vec<SocketAddr>>,
}

impl<K> Default for Demux<K> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), by_address: BTreeMap::new(), addresses: BTreeMap::new() }
    }
}

impl<K: Copy + Ord> Demux<K> {
    /// A leg answers to this ICE user fragment from now on, and to no earlier one.
    pub fn name(&mut self, leg: K, fragment: &str) {
        self.by_name.retain(|_, named| *named != leg);
        self.by_name.insert(fragment.into(), leg);
    }

    /// The leg that a datagram is for.
    pub fn leg_of(&self, from: SocketAddr, datagram: &[u8]) -> Option<K> {
        let named = stun_username(datagram)
            .and_then(|username| username.split_once(':').map(|(local, _)| local))
            .and_then(|local| self.by_name.get(local));
        named.or_else(|| self.by_address.get(&from)).copied()
    }

    /// Whether this address is known to be that leg's.
    pub fn has_confirmed(&self, leg: K, from: SocketAddr) -> bool {
        self.by_address.get(&from) == Some(&leg)
    }

    /// A check of this leg came from there and was found true; the oldest address gives way.
    pub fn confirm(&mut self, leg: K, from: SocketAddr) {
        if let Some(before) = self.by_address.insert(from, leg) {
            if before == leg {
                return;
            }
            if let Some(addresses) = self.addresses.get_mut(&before) {
                addresses.retain(|address| *address != from);
            }
        }
        let addresses = self.addresses.entry(leg).or_default();
        addresses.push(from);
        if addresses.len() > ADDRESSES_PER_LEG_MAX {
            let oldest = addresses.remove(0);
            self.by_address.remove(&oldest);
        }
    }

    /// The leg is gone.
    pub fn forget(&mut self, leg: K) {
        self.by_name.retain(|_, named| *named != leg);
        for address in self.addresses.remove(&leg).unwrap_or_default() {
            self.by_address.remove(&address);
        }
    }
}

/// The USERNAME of a STUN message, `None` for everything else.
pub fn stun_username(datagram: &[u8]) -> Option<&str> {
    let (header, mut attributes) = datagram.split_at_checked(HEADER_BYTES)?;
    if header[0] >= 4 || header[4..8] != MAGIC_COOKIE {
        return None;
    }
    while let [kind_high, kind_low, high, low, rest @ ..] = attributes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([*kind_high, *kind_low]) == USERNAME {
            return str::from_utf8(value).ok();
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(username: &str) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 0];
        bytes.extend(MAGIC_COOKIE);
        bytes.extend([7; 12]);
        bytes.extend([0x80, 0x22, 0, 1, b'x', 0, 0, 0]);
        bytes.extend(USERNAME.to_be_bytes());
        bytes.extend((username.len() as u16).to_be_bytes());
        bytes.extend(username.as_bytes());
        bytes
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn a_check_finds_its_leg_by_name_and_what_follows_by_address() {
        let mut demux = Demux::default();
        demux.name(1, "abcd");
        demux.name(2, "efgh");
        assert_eq!(demux.leg_of(address(1), &check("efgh:them")), Some(2));
        assert_eq!(demux.leg_of(address(1), &[0x80, 0]), None);
        assert!(!demux.has_confirmed(2, address(1)));
        demux.confirm(2, address(1));
        assert_eq!(demux.leg_of(address(1), &[0x80, 0]), Some(2));
        assert!(demux.has_confirmed(2, address(1)) && !demux.has_confirmed(1, address(1)));
        // Reloaded on the same address: the new name wins.
        demux.confirm(1, address(1));
        assert_eq!(demux.leg_of(address(1), &[0x80, 0]), Some(1));
        demux.name(1, "next");
        assert_eq!(demux.leg_of(address(9), &check("abcd:them")), None);
        demux.forget(1);
        assert_eq!(demux.leg_of(address(1), &[0x80, 0]), None);
    }

    #[test]
    fn a_browser_with_many_addresses_keeps_the_latest() {
        let mut demux = Demux::default();
        for port in 1..=20 {
            demux.confirm(1, address(port));
        }
        assert_eq!(demux.by_address.len(), ADDRESSES_PER_LEG_MAX);
        assert_eq!(demux.leg_of(address(20), &[0x80]), Some(1));
    }

    #[test]
    fn random_datagrams_have_no_name_and_never_panic() {
        let mut rng = crate::types::Rng::seeded(8);
        for _ in 0..20_000 {
            let length = rng.below(60) as usize;
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.next_u32() as u8).collect();
            if length >= 8 {
                bytes[0] = 0;
                bytes[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            stun_username(&bytes);
        }
    }
}
