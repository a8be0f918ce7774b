//! The addresses of SIP: which families a listening one serves, and as what others reach it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::media::advertised_of;
use crate::types::PerFamily;

/// Connections that the kernel may keep waiting until they are taken.
const BACKLOG: i32 = 1_024;

/// Whether a socket at this address leaves IPv4 to another of ours. `[::]` alone takes both families.
pub(super) fn is_v6_only(address: SocketAddr, all: &[SocketAddr]) -> bool {
    all.iter().any(|other| other.is_ipv4() && address.is_ipv6() && (other.port() == address.port()))
}

/// Where we listen for each family: the first address of it, or `[::]` for IPv4 too when there is no other.
pub(super) fn served(listening: &[SocketAddr]) -> Option<PerFamily<SocketAddr>> {
    let for_both = listening.iter().filter(|at| at.is_ipv6() && at.ip().is_unspecified());
    let as_v4 = for_both.map(|at| SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), at.port()));
    PerFamily::first_of_each(listening.iter().copied().chain(as_v4))
}

/// The same as others reach them.
pub(super) fn reached(served: PerFamily<SocketAddr>, advertised: &[std::net::IpAddr]) -> PerFamily<SocketAddr> {
    served.map(|at| SocketAddr::new(advertised_of(at.ip(), advertised), at.port()))
}

/// A socket at this address, for both families or its own alone.
pub(super) fn bound(address: SocketAddr, kind: Type, is_v6_only: bool) -> io::Result<Socket> {
    let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(is_v6_only)?;
    }
    if kind == Type::STREAM {
        // Connections that a former process has closed still linger in the kernel.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Listens for streams.
pub(super) fn listen(address: SocketAddr, is_v6_only: bool) -> io::Result<TcpListener> {
    let socket = bound(address, Type::STREAM, is_v6_only)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::IpFamily;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn each_family_is_served_by_its_own_address_and_any_alone_by_both() {
        let both = addresses(&["0.0.0.0:5060", "[::]:5062", "[::]:5064"]);
        let found = served(&both).unwrap();
        assert_eq!((found.of(IpFamily::V4).port(), found.of(IpFamily::V6).port()), (5060, 5062));
        let found = served(&addresses(&["[::]:5062"])).unwrap();
        assert_eq!((found.of(IpFamily::V4).to_string(), found.of(IpFamily::V6).port()), ("0.0.0.0:5062".into(), 5062));
        let found = served(&addresses(&["[2001:db8::1]:5062"])).unwrap();
        assert_eq!(found, PerFamily::One("[2001:db8::1]:5062".parse().unwrap()), "one address of one family serves it alone");
        assert_eq!(served(&[]), None);
    }

    #[test]
    fn the_address_listened_on_is_advertised_unless_another_is_named_and_any_is_replaced() {
        let found = served(&addresses(&["0.0.0.0:5060", "[2001:db8::1]:5062"])).unwrap();
        let advertised = ["198.51.100.9".parse().unwrap()];
        let named = reached(found, &advertised);
        assert_eq!(named.of(IpFamily::V4).to_string(), "198.51.100.9:5060");
        assert_eq!(named.of(IpFamily::V6).to_string(), "[2001:db8::1]:5062");
        assert!(!reached(found, &[]).of(IpFamily::V4).ip().is_unspecified());
    }

    #[test]
    fn both_families_can_have_every_address_of_one_port() {
        let v4 = bound("0.0.0.0:0".parse().unwrap(), Type::DGRAM, false).unwrap();
        let port = v4.local_addr().unwrap().as_socket().unwrap().port();
        let all = addresses(&[&format!("0.0.0.0:{port}"), &format!("[::]:{port}")]);
        assert!(is_v6_only(all[1], &all) && !is_v6_only(all[0], &all) && !is_v6_only(all[1], &all[1..]));
        bound(all[1], Type::DGRAM, true).unwrap();
        assert!(bound(all[1], Type::DGRAM, false).is_err());
    }
}
