//! Which addresses belong to the public Internet, so that nobody outside makes us ask somebody inside our own network.

use std::net::{IpAddr, Ipv6Addr};

/// Whether an address is one of the public Internet (the registries of special-purpose addresses, RFC 6890).
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_special = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_documentation()
                || is_shared
                || is_special)
        }
        IpAddr::V6(ip) => is_global_unicast(ip),
    }
}

/// 2000::/3 without documentation, and without the ways in which an IPv4 address hides in an IPv6 one (6to4, Teredo).
fn is_global_unicast(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    (0x2000..0x4000).contains(&first) && !matches!((first, second), (0x2001, 0 | 0xdb8) | (0x2002, _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_never_asked() {
        for (ip, expected) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("::ffff:10.1.2.3", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2002:a01:203::1", false),
            ("64:ff9b::a01:203", false),
        ] {
            assert_eq!(is_public(ip.parse().expect("an address")), expected, "{ip}");
        }
    }
}
