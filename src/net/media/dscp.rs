//! How our audio packets are marked for the network (DSCP, RFC 2474), so that routers that tell kinds of traffic apart send speech
//! first.

use mio::net::UdpSocket;
use socket2::SockRef;

use crate::types::settings::{Raw, Setting};

/// A differentiated services code point: 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dscp(u8);

impl Dscp {
    /// Expedited forwarding (RFC 3246), which RFC 4594 4.1 names for telephony.
    pub const EXPEDITED: Self = Self(46);
    const MAX: u8 = 63;

    /// Marks all that this socket sends. A system that does not allow it sends unmarked, which costs quality and no call.
    pub(super) fn mark(self, socket: &UdpSocket) {
        // The code point is the upper six bits of the octet; the lower two are the network's (ECN).
        let octet = u32::from(self.0) << 2;
        let is_v6 = socket.local_addr().is_ok_and(|local| local.is_ipv6());
        let socket = SockRef::from(socket);
        let marked = if is_v6 { socket.set_tclass_v6(octet) } else { socket.set_tos_v4(octet) };
        if let Err(fault) = marked {
            tracing::debug!(%fault, dscp = self.0, "audio is sent unmarked");
        }
    }
}

impl Setting for Dscp {
    fn read(raw: &Raw) -> Result<Self, String> {
        let number = match raw {
            Raw::Integer(number) => u8::try_from(*number).ok(),
            Raw::Text(text) | Raw::Word(text) => text.parse().ok(),
            Raw::Bool(_) | Raw::List(_) | Raw::Other(_) => None,
        };
        let dscp = number.filter(|number| *number <= Self::MAX).map(Self);
        dscp.ok_or_else(|| format!("a whole number from 0 to {}, such as 46 for expedited forwarding", Self::MAX))
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_both_families_are_marked() {
        for (at, is_v6) in [("127.0.0.1:0", false), ("[::1]:0", true)] {
            let Ok(socket) = UdpSocket::bind(at.parse().unwrap()) else {
                assert!(is_v6, "a machine without IPv4");
                continue;
            };
            Dscp::EXPEDITED.mark(&socket);
            let socket = SockRef::from(&socket);
            let octet = if is_v6 { socket.tclass_v6() } else { socket.tos_v4() };
            assert_eq!(octet.unwrap(), 0xb8, "{at}");
        }
    }

    #[test]
    fn only_code_points_are_read() {
        assert_eq!(Dscp::read(&Raw::Integer(46)), Ok(Dscp::EXPEDITED));
        assert_eq!(Dscp::read(&Raw::Word("0".into())), Ok(Dscp(0)));
        for wrong in [Raw::Integer(64), Raw::Integer(-1), Raw::Text("EF".into()), Raw::Bool(true)] {
            assert!(Dscp::read(&wrong).is_err(), "{wrong:?}");
        }
    }
}
