//! Ranges of network addresses.

use std::net::IpAddr;

/// An address range: all addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpPrefix {
    /// Any address in it.
    pub address: IpAddr,
    /// How many leading bits count.
    pub bits: u8,
}

impl IpPrefix {
    /// One address alone.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

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
    fn a_range_holds_the_addresses_that_begin_like_it() {
        let holds = |prefix: &str, ip: &str| IpPrefix::parse(prefix).unwrap().contains(ip.parse().unwrap());
        assert!(holds("0.0.0.0/0", "1.2.3.4") && holds("10.0.0.0/8", "10.9.9.9") && holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(holds("10.1.2.3", "::ffff:10.1.2.3"), "an IPv4 address that came in over an IPv6 socket");
        assert!(!holds("10.0.0.0/8", "11.0.0.1") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert_eq!(IpPrefix::parse("10.1.2.3"), Some(IpPrefix::host("10.1.2.3".parse().unwrap())));
        for wrong in ["1.2.3.4/33", "2001:db8::/129", "carrier.example", "10.0.0.0/", ""] {
            assert_eq!(IpPrefix::parse(wrong), None, "{wrong}");
        }
    }
}
