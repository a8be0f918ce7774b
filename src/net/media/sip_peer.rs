//! The socket side of a SIP leg: its port, where its peer is, what the peer agreed to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use mio::net::UdpSocket;

use crate::{
    protocol::{
        media::{Codec, RemoteMedia},
        rtp::Latch,
    },
    types::settings::PortRange,
};

/// Static payload types (RFC 3551 6) that are taken from a peer even if it agreed to another: some switch without asking.
const STATIC_PAYLOADS: [(u8, Codec); 3] = [(0, Codec::Pcmu), (8, Codec::Pcma), (9, Codec::G722)];

/// A telephone or trunk as the worker sees it.
pub(super) struct SipPeer {
    pub(super) socket: UdpSocket,
    pub(super) latch: Latch,
    pub(super) remote: Option<RemoteMedia>,
    /// It sent RTCP to our RTP port, so it wants ours on its own (RFC 5761).
    pub(super) is_rtcp_muxed: bool,
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
        Self { socket, latch: Latch::default(), remote: None, is_rtcp_muxed: false }
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
        if payload_type == 13 {
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

/// Even ports of the range in turn, so that a port rests as long as possible before its next call.
pub(super) struct PortPool {
    bind: IpAddr,
    first: u32,
    pairs: u32,
    turn: u32,
}

impl PortPool {
    pub(super) fn new(bind: IpAddr, range: PortRange) -> Self {
        let first = u32::from(range.first).next_multiple_of(2);
        let pairs = (u32::from(range.last) + 1).saturating_sub(first).div_ceil(2);
        Self { bind, first, pairs, turn: 0 }
    }

    /// Binds the next free port.
    pub(super) fn bind(&mut self) -> io::Result<(UdpSocket, u16)> {
        for _ in 0..self.pairs {
            let port = u16::try_from(self.first + 2 * (self.turn % self.pairs.max(1))).map_err(io::Error::other)?;
            self.turn = self.turn.wrapping_add(1);
            match UdpSocket::bind(SocketAddr::new(self.bind, port)) {
                Ok(socket) => return Ok((socket, port)),
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
