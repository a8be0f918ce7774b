//! The one UDP port that all browsers share: socket, whose datagram it is, and what their connections want done.

use std::{
    collections::{BTreeSet, VecDeque},
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::net::UdpSocket;
use socket2::SockRef;

use super::{batch::Outbox, leg::Seat, settings::MediaAddress, sip_peer::bind_socket};
use crate::{
    protocol::webrtc::{BrowserEvent, BrowserIdentity, BrowserLeg, BrowserOutput, Demux},
    types::{Mono, PerFamily},
};

/// One socket is one queue: it must hold what comes while the thread does not get the processor.
const RECEIVE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// Outputs of one connection in one turn; a connection that wants more is broken.
const OUTPUTS_MAX: usize = 1_000;

/// A browser as the worker sees it.
pub(super) struct BrowserPeer {
    pub(super) leg: BrowserLeg,
    pub(super) has_connected: bool,
    /// It never connected in time, or is gone; told once.
    pub(super) is_given_up: bool,
    pub(super) opened_at: Mono,
    wake_at: Option<Mono>,
}

impl BrowserPeer {
    pub(super) fn new(leg: BrowserLeg, now: Mono) -> Self {
        Self { leg, has_connected: false, is_given_up: false, opened_at: now, wake_at: None }
    }
}

/// Monotonic milliseconds as the instants that the library wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instants {
    anchor: Instant,
    anchored_at: Mono,
}

impl Instants {
    #[expect(clippy::disallowed_methods, reason = "an instant to count from; the time is always the clock's")]
    pub(super) fn anchored(now: Mono) -> Self {
        Self { anchor: Instant::now(), anchored_at: now }
    }

    pub(super) fn instant(self, at: Mono) -> Instant {
        self.anchor + Duration::from_millis(at.millis_since(self.anchored_at))
    }

    fn mono(self, at: Instant) -> Mono {
        let micros = at.saturating_duration_since(self.anchor).as_micros();
        // Rounded up: a timer that is woken too early is woken twice.
        self.anchored_at + u64::try_from(micros.div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}

/// The port.
pub(super) struct BrowserPort {
    pub(super) sockets: PerFamily<UdpSocket>,
    /// What stands in our answers.
    pub(super) locals: PerFamily<SocketAddr>,
    pub(super) identity: BrowserIdentity,
    pub(super) demux: Demux<Seat>,
    pub(super) events: VecDeque<(Seat, BrowserEvent)>,
    pub(super) instants: Instants,
    outbox: Outbox,
    wakes: BTreeSet<(Mono, Seat)>,
}

impl BrowserPort {
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
        Ok(Self {
            sockets,
            locals,
            identity,
            demux: Demux::default(),
            events: VecDeque::new(),
            instants: Instants::anchored(now),
            outbox: Outbox::default(),
            wakes: BTreeSet::new(),
        })
    }

    /// Does what a connection wants, until it wants nothing; its events wait in `events`, and what it sends for the end of the turn.
    pub(super) fn pump(&mut self, seat: Seat, peer: &mut BrowserPeer, now: Mono) {
        let instant = self.instants.instant(now);
        for _ in 0..OUTPUTS_MAX {
            match peer.leg.poll(instant) {
                BrowserOutput::Send { to, bytes } => {
                    if self.outbox.push(to, bytes) {
                        self.send();
                    }
                }
                BrowserOutput::Event(event) => self.events.push_back((seat, event)),
                BrowserOutput::Wait(at) => {
                    let at = self.instants.mono(at).max(now + 1);
                    if peer.wake_at != Some(at) {
                        self.unschedule(seat, peer);
                        self.wakes.insert((at, seat));
                        peer.wake_at = Some(at);
                    }
                    return;
                }
            }
        }
        tracing::error!("a browser's connection did not come to rest");
    }

    /// Sends what waits.
    pub(super) fn send(&mut self) {
        self.outbox.send(&self.sockets);
    }

    /// The seats whose connection must be woken now.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<Seat> {
        let (at, seat) = *self.wakes.first()?;
        if at > now {
            return None;
        }
        self.wakes.pop_first();
        Some(seat)
    }

    /// When the next connection must be woken.
    pub(super) fn next_wake(&self) -> Option<Mono> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// The connection's timer has fired and is no longer scheduled.
    pub(super) fn forget_wake(peer: &mut BrowserPeer) {
        peer.wake_at = None;
    }

    fn unschedule(&mut self, seat: Seat, peer: &mut BrowserPeer) {
        if let Some(at) = peer.wake_at.take() {
            self.wakes.remove(&(at, seat));
        }
    }

    /// The leg on this seat is gone, or its connection is replaced.
    pub(super) fn forget(&mut self, seat: Seat, peer: &mut BrowserPeer) {
        self.unschedule(seat, peer);
        self.demux.forget(seat);
        self.events.retain(|(of, _)| *of != seat);
    }
}

fn bind_browsers(bind: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind_socket(bind)?;
    // As much as the system allows; less only means more loss on a machine that is too busy.
    let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    Ok(socket)
}
