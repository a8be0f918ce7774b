//! SIP over UDP: one socket per listening address, one task that reads it in batches. Buffers are large because a burst of calls
//! arrives faster than a turn of the loop.

use std::{io, net::SocketAddr, sync::Arc};

use socket2::Type;
use tokio::{net::UdpSocket, runtime::Handle};

use super::{
    sip_addresses::bound,
    sip_intake::{Counters, SipIntake},
};
use crate::protocol::sip::{Flow, FlowId, Transport};

/// Asked of the kernel in both directions; it may give less.
const SOCKET_BUFFER_OCTETS: usize = 4 * 1024 * 1024;
/// The largest datagram there is.
const DATAGRAM_MAX: usize = 65_535;
/// Datagrams read before other tasks have their turn. More than a turn of the switch takes: what waits shall wait for the switch, where it
/// is counted, and not in the kernel, where it grows old unseen and is lost. No more, for the refusals of one go are one burst.
const BATCH_MAX: usize = 256;

/// A listening UDP socket.
#[derive(Debug, Clone)]
pub(super) struct UdpPort {
    id: FlowId,
    socket: Arc<UdpSocket>,
    local: SocketAddr,
}

impl UdpPort {
    /// Binds the address, which nobody else may have; read and written on this runtime.
    pub(super) fn open(id: FlowId, address: SocketAddr, is_v6_only: bool, runtime: &Handle) -> io::Result<Self> {
        let socket = bound(address, Type::DGRAM, is_v6_only)?;
        // Less than asked for is no fault: the kernel's limit is the administrator's.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_OCTETS);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_OCTETS);
        let _entered = runtime.enter();
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self { id, socket: Arc::new(socket), local })
    }

    pub(super) fn id(&self) -> FlowId {
        self.id
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Hands a datagram to the kernel now or never.
    pub(super) fn send(&self, bytes: &[u8], remote: SocketAddr, counters: &Counters) {
        match self.socket.try_send_to(bytes, remote) {
            Ok(_) => counters.sent(true),
            Err(error) => {
                counters.sent(false);
                tracing::debug!(%error, "a SIP datagram could not be sent");
            }
        }
    }
}

/// Reads until the task is ended.
pub(super) async fn read(port: UdpPort, intake: Arc<SipIntake>) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        if let Err(error) = port.socket.readable().await {
            tracing::error!(%error, local = %port.local, "SIP over UDP has stopped");
            return;
        }
        let now = intake.clock().now().mono;
        for _ in 0..BATCH_MAX {
            let (length, remote) = match port.socket.try_recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP answer to something sent earlier: no fault of the socket.
                Err(_) => continue,
            };
            let flow = Flow { transport: Transport::Udp, id: port.id, remote };
            let bytes = buffer.get(..length).unwrap_or_default();
            if let Some((back, answer)) = intake.datagram(flow, bytes, now) {
                port.send(&answer, back.remote, intake.counters());
            }
        }
        tokio::task::yield_now().await;
    }
}
