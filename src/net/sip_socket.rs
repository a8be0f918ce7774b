//! SIP over WebSocket (RFC 7118) as the edge sees it: a place among the connections, and messages that each hold one SIP message.
//! The upgrade, the frames and the pings are the door's.

use std::{net::SocketAddr, sync::Arc};

use super::{
    sip_intake::Counters,
    sip_places::{Opener, Unwritten},
    sip_tcp::Connections,
};
use crate::{
    protocol::sip::{Flow, KEEP_ALIVE_ANSWER, SipMessage, Transport},
    types::Mono,
};

/// The places for sockets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SipSockets(Arc<Connections>);

/// One socket's place, given back when dropped.
#[derive(Debug)]
pub struct SipSocket {
    connections: Arc<Connections>,
    flow: Flow,
    unwritten: Unwritten,
    end_at: Option<Mono>,
}

/// The socket is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketOver;

impl SipSockets {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self(connections)
    }

    /// A place for whoever comes from there; `None` when a limit is reached.
    pub fn enter(&self, remote: SocketAddr, is_secure: bool) -> Option<SipSocket> {
        let transport = if is_secure { Transport::Wss } else { Transport::Ws };
        let flow = Flow { transport, id: self.0.next_inbound_flow(), remote };
        let Some(unwritten) = self.0.enter(flow, Opener::Them) else {
            Counters::add(&self.0.intake().counters().refused_connections);
            return None;
        };
        let millis = u64::try_from(self.0.first_message().as_millis()).unwrap_or(u64::MAX);
        let end_at = Some(self.0.intake().clock().now().mono + millis);
        Some(SipSocket { connections: self.0.clone(), flow, unwritten, end_at })
    }
}

impl SipSocket {
    /// What goes to the peer next: `None` when the socket is to be closed.
    pub async fn next_out(&mut self) -> Option<Arc<[u8]>> {
        self.unwritten.recv().await
    }

    /// Until when a first message must have come; `None` once it has.
    pub fn end_at(&self) -> Option<Mono> {
        self.end_at
    }

    /// A message of the socket. What comes back is to be sent at once. Waits while the switch is behind.
    pub async fn take(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, SocketOver> {
        let intake = self.connections.intake();
        if !intake.admit(self.flow.remote.ip(), intake.clock().now().mono) {
            return Err(SocketOver);
        }
        // RFC 7118 does without, but software of RFC 5626 asks so for a sign of life.
        if octets.iter().all(|octet| matches!(octet, b'\r' | b'\n')) {
            return Ok((octets.len() >= 4).then(|| KEEP_ALIVE_ANSWER.to_vec()));
        }
        match SipMessage::parse(octets) {
            Ok(message) => {
                self.end_at = None;
                intake.tap().heard(self.flow, octets);
                intake.deliver(self.flow, message).await;
                Ok(None)
            }
            Err(malformed) => Ok(intake.malformed(&malformed)),
        }
    }
}

impl Drop for SipSocket {
    fn drop(&mut self) {
        let (connections, flow) = (self.connections.clone(), self.flow);
        tokio::spawn(async move { connections.leave(flow, Opener::Them).await });
    }
}
