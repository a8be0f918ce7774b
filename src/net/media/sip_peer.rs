//! The socket side of a SIP leg: its port, where its peer is, what the peer agreed to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};

use super::{settings::MediaAddress, socket::dropped, srtp::LegSrtp};
use crate::{
    protocol::{
        media::{Codec, RemoteMedia},
        rtp::Latch,
    },
    types::{IpFamilies, IpFamily, OfFamily, PerFamily, settings::PortRange},
};

/// Static payload types (RFC 3551 6) that are taken from a peer even if it agreed to another: some switch without asking.
const STATIC_PAYLOADS: [(u8, Codec); 3] = [(0, Codec::Pcmu), (8, Codec::Pcma), (9, Codec::G722)];

/// Comfort noise at 8 kHz (RFC 3389 4).
const STATIC_NOISE: u8 = 13;

/// A telephone or trunk as the worker sees it.
pub(super) struct SipPeer {
    pub(super) socket: UdpSocket,
    pub(super) latch: Latch,
    pub(super) remote: Option<RemoteMedia>,
    /// How its audio is encrypted; `None` while it is plain.
    pub(super) srtp: Option<Box<LegSrtp>>,
    /// It sent RTCP to our RTP port, so it wants ours on its own (RFC 5761).
    pub(super) is_rtcp_muxed: bool,
    /// Datagrams for which the socket had no room, as counted last.
    dropped: u32,
}

/// What a payload type of this peer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Audio(Codec),
    Key,
    /// Comfort noise (RFC 3389): the peer is there and silent.
    Noise,
}

impl SipPeer {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self { socket, latch: Latch::default(), remote: None, srtp: None, is_rtcp_muxed: false, dropped: 0 }
    }

    /// Goes over to the spare port if that is of the peer's family (`true`); the port that it had is the spare one then.
    #[must_use]
    pub(super) fn follow(&mut self, theirs: IpAddr, spare: &mut UdpSocket) -> bool {
        let is_of_theirs = spare.local_addr().is_ok_and(|local| local.family() == theirs.family());
        let does_follow = is_of_theirs && !theirs.is_unspecified();
        if does_follow {
            std::mem::swap(&mut self.socket, spare);
            self.dropped = dropped(&self.socket);
        }
        does_follow
    }

    /// Datagrams that the system has dropped since this was asked last, for want of room.
    pub(super) fn newly_dropped(&mut self) -> u32 {
        let dropped = dropped(&self.socket);
        dropped.wrapping_sub(std::mem::replace(&mut self.dropped, dropped))
    }

    /// What this payload type means; `None` before the agreement and for types that nobody agreed to.
    pub(super) fn meaning(&self, payload_type: u8) -> Option<Meaning> {
        let remote = self.remote.as_ref()?;
        if payload_type == remote.payload_type {
            return Some(Meaning::Audio(remote.codec));
        }
        if remote.digit_payload_type == Some(payload_type) {
            return Some(Meaning::Key);
        }
        // Some send it without having agreed to it.
        if remote.noise_payload_type == Some(payload_type) || payload_type == STATIC_NOISE {
            return Some(Meaning::Noise);
        }
        STATIC_PAYLOADS.into_iter().find(|(number, _)| *number == payload_type).map(|(_, codec)| Meaning::Audio(codec))
    }

    /// Where RTCP goes.
    pub(super) fn rtcp_destination(&self) -> Option<SocketAddr> {
        let destination = self.latch.destination()?;
        if self.is_rtcp_muxed {
            return Some(destination);
        }
        // RFC 3550 11: the next port.
        destination.port().checked_add(1).map(|port| SocketAddr::new(destination.ip(), port))
    }
}

/// A socket for one family alone: the other one has its own at the same port.
pub(super) fn bind_socket(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

/// Even ports of the range in turn, so that a port rests as long as possible before its next call.
pub(in crate::net) struct PortPool {
    address: MediaAddress,
    first: u32,
    pairs: u32,
    turn: u32,
}

impl PortPool {
    pub(in crate::net) fn new(address: MediaAddress, range: PortRange) -> Self {
        let first = u32::from(range.first).next_multiple_of(2);
        let pairs = (u32::from(range.last) + 1).saturating_sub(first).div_ceil(2);
        Self { address, first, pairs, turn: 0 }
    }

    /// Binds the next free port; beside its socket, where others reach it.
    pub(super) fn bind(&mut self) -> io::Result<(UdpSocket, SocketAddr)> {
        let MediaAddress { bind, advertised, dscp } = self.address;
        for _ in 0..self.pairs {
            let port = u16::try_from(self.first + 2 * (self.turn % self.pairs.max(1))).map_err(io::Error::other)?;
            self.turn = self.turn.wrapping_add(1);
            match bind_socket(SocketAddr::new(bind, port)) {
                Ok(socket) => {
                    dscp.mark(&socket);
                    return Ok((socket, SocketAddr::new(advertised, port)));
                }
                Err(fault) if fault.kind() == io::ErrorKind::AddrInUse => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("all {} RTP ports are taken; widen media.ports in the settings", self.pairs),
        ))
    }
}

/// Binds a port of each of these families that there is.
pub(in crate::net) fn bind_each(
    pools: &mut PerFamily<PortPool>,
    families: IpFamilies,
) -> io::Result<(PerFamily<UdpSocket>, PerFamily<SocketAddr>)> {
    let (mut sockets, mut locals) = ((None, None), (None, None));
    for pool in pools.iter_mut().filter(|pool| families.has(pool.address.bind.family())) {
        let (socket, local) = pool.bind()?;
        match local.family() {
            IpFamily::V4 => (sockets.0, locals.0) = (Some(socket), Some(local)),
            IpFamily::V6 => (sockets.1, locals.1) = (Some(socket), Some(local)),
        }
    }
    let bound = PerFamily::from_options(sockets.0, sockets.1).zip(PerFamily::from_options(locals.0, locals.1));
    bound.ok_or_else(|| io::Error::new(io::ErrorKind::AddrNotAvailable, "media.bind names no address of the peer's family"))
}
