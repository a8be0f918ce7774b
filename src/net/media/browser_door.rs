//! The one UDP port that all browsers share, as all threads see it: its sockets, which any of them may send from, and whose a datagram is.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

use mio::net::UdpSocket;
use socket2::SockRef;

use super::{locked::lock, places::ThreadIndex, settings::MediaAddress, sip_peer::bind_socket};
use crate::{
    protocol::webrtc::{BrowserIdentity, Demux},
    types::{LegId, Mono, PerFamily},
};

/// One socket is one queue: it must hold what comes while the thread does not get the processor.
const RECEIVE_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// The port.
pub(super) struct BrowserDoor {
    pub(super) sockets: PerFamily<UdpSocket>,
    /// What stands in our answers.
    pub(super) locals: PerFamily<SocketAddr>,
    pub(super) identity: BrowserIdentity,
    pub(super) instants: Instants,
    guests: Mutex<Guests>,
}

/// Whose a datagram of a browser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Addressee {
    pub(super) leg: LegId,
    /// Whether its sender is known to be that leg's.
    pub(super) is_known: bool,
}

/// Those who come in by it.
#[derive(Default)]
struct Guests {
    demux: Demux<LegId>,
    threads: BTreeMap<LegId, ThreadIndex>,
}

impl BrowserDoor {
    pub(super) fn bind(addresses: PerFamily<MediaAddress>, port: u16, now: Mono) -> io::Result<Self> {
        let bind = |MediaAddress { bind, advertised, dscp }| {
            let bind = SocketAddr::new(bind, port);
            bind_browsers(bind)
                .and_then(|socket| {
                    dscp.mark(&socket);
                    Ok((SocketAddr::new(advertised, socket.local_addr()?.port()), socket))
                })
                .map_err(|fault| {
                    io::Error::new(fault.kind(), format!("UDP {bind} for browsers' audio (media.browser_port): {fault}"))
                })
        };
        let (locals, sockets) = match addresses {
            PerFamily::One(address) => {
                let (local, socket) = bind(address)?;
                (PerFamily::One(local), PerFamily::One(socket))
            }
            PerFamily::Both { v4, v6 } => {
                let (v4, v6) = (bind(v4)?, bind(v6)?);
                (PerFamily::Both { v4: v4.0, v6: v6.0 }, PerFamily::Both { v4: v4.1, v6: v6.1 })
            }
        };
        let identity = BrowserIdentity::generate().map_err(io::Error::other)?;
        Ok(Self { sockets, locals, identity, instants: Instants::anchored(now), guests: Mutex::default() })
    }

    /// A leg of this thread answers to this ICE user fragment from now on.
    pub(super) fn name(&self, leg: LegId, thread: ThreadIndex, fragment: &str) {
        let mut guests = lock(&self.guests);
        guests.demux.name(leg, fragment);
        guests.threads.insert(leg, thread);
    }

    /// These legs are another thread's from now on, to which `hand` hands them over: neither can be seen without the other.
    pub(super) fn hand_over(&self, legs: &[LegId], to: ThreadIndex, hand: impl FnOnce()) {
        let mut guests = lock(&self.guests);
        guests.threads.extend(legs.iter().map(|leg| (*leg, to)));
        hand();
    }

    /// The thread that has a leg.
    pub(super) fn thread_of(&self, leg: LegId) -> Option<ThreadIndex> {
        lock(&self.guests).threads.get(&leg).copied()
    }

    /// What came from there was truly this leg's.
    pub(super) fn confirm(&self, leg: LegId, from: SocketAddr) {
        lock(&self.guests).demux.confirm(leg, from);
    }

    /// The leg is gone, or its connection is replaced.
    pub(super) fn forget(&self, leg: LegId) {
        let mut guests = lock(&self.guests);
        guests.demux.forget(leg);
        guests.threads.remove(&leg);
    }

    /// Whose these datagrams are, and of which thread, one by one; `None` of what is nobody's.
    pub(super) fn sort<'a>(
        &self,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
        sorted: &mut Vec<Option<(Addressee, ThreadIndex)>>,
    ) {
        sorted.clear();
        let Guests { demux, threads } = &*lock(&self.guests);
        sorted.extend(datagrams.map(|(from, datagram)| {
            let leg = demux.leg_of(from, datagram)?;
            let is_known = demux.has_confirmed(leg, from);
            Some((Addressee { leg, is_known }, *threads.get(&leg)?))
        }));
    }
}

fn bind_browsers(bind: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind_socket(bind)?;
    // As much as the system allows; less only means more loss on a machine that is too busy.
    let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    Ok(socket)
}

/// Monotonic milliseconds as the instants that the library wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instants {
    anchor: Instant,
    anchored_at: Mono,
}

impl Instants {
    #[expect(clippy::disallowed_methods, reason = "an instant to count from; the time is always the clock's")]
    fn anchored(now: Mono) -> Self {
        Self { anchor: Instant::now(), anchored_at: now }
    }

    pub(super) fn instant(self, at: Mono) -> Instant {
        self.anchor + Duration::from_millis(at.millis_since(self.anchored_at))
    }

    pub(super) fn mono(self, at: Instant) -> Mono {
        let micros = at.saturating_duration_since(self.anchor).as_micros();
        // Rounded up: a timer that is woken too early is woken twice.
        self.anchored_at + u64::try_from(micros.div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}
