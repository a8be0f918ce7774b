//! What the media threads have in common, and what they hand each other: legs that move, and datagrams of browsers, whose one port the
//! first thread reads. A lock is held for moments: with each order, when a port is taken, and once for each batch of browsers' datagrams; never
//! for a packet of a telephone.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use mio::Poll;

use super::{
    MediaSettings, MediaStats,
    bell::Bell,
    browser_door::{Addressee, BrowserDoor},
    leg::Leg,
    locked::lock,
    places::{Places, ThreadIndex},
    sip_peer::PortPool,
    socket::DATAGRAM_MAX,
};
use crate::{
    protocol::media::MediaNotice,
    types::{LegId, Mono, PerFamily},
};

/// Octets of browsers' datagrams that wait for a thread: half a second of a thousand browsers. What comes beyond is lost, as it is where a
/// socket is full.
const DATAGRAM_OCTETS_MAX: usize = 8 * 1024 * 1024;

/// Datagrams for which room is kept.
const KEPT_HEADS: usize = 64;

/// What the threads share.
pub(super) struct Crew {
    pub(super) ports: Mutex<PerFamily<PortPool>>,
    pub(super) door: BrowserDoor,
    pub(super) places: Mutex<Places>,
    pub(super) stats: Arc<MediaStats>,
    pub(super) should_stop: AtomicBool,
    /// Of the last leg.
    serial: AtomicU64,
    boxes: Vec<LetterBox>,
}

/// Where one thread finds what others have for it.
struct LetterBox {
    bell: Bell,
    mail: Mutex<Mail>,
    has_mail: AtomicBool,
}

/// What others have for a thread.
#[derive(Default)]
pub(super) struct Mail {
    /// What of those who arrive has not been told yet.
    pub(super) untold: Vec<MediaNotice>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) datagrams: Datagrams,
}

/// A leg that moves.
pub(super) enum Arrival {
    Leg {
        leg: Box<Leg>,
        /// Whether somebody heard it where it was.
        was_heard: bool,
    },
    /// It was not there any more.
    None(LegId),
}

/// Datagrams of browsers, one behind the other.
#[derive(Default)]
pub(super) struct Datagrams {
    heads: Vec<DatagramHead>,
    octets: Vec<u8>,
}

struct DatagramHead {
    leg: LegId,
    from: SocketAddr,
    is_known: bool,
    /// Where its octets end; they begin where those of the one before do.
    end: usize,
}

impl Datagrams {
    /// `false` if there is no room.
    fn push(&mut self, to: Addressee, from: SocketAddr, datagram: &[u8]) -> bool {
        let has_room = self.octets.len() + datagram.len() <= DATAGRAM_OCTETS_MAX;
        if has_room {
            self.octets.extend_from_slice(datagram);
            self.heads.push(DatagramHead { leg: to.leg, from, is_known: to.is_known, end: self.octets.len() });
        }
        has_room
    }

    /// All of them, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Addressee, SocketAddr, &[u8])> {
        let mut begin = 0;
        self.heads.iter().map(move |head| {
            let octets = self.octets.get(begin..head.end).unwrap_or_default();
            begin = head.end;
            (Addressee { leg: head.leg, is_known: head.is_known }, head.from, octets)
        })
    }

    /// Ready for the next, without the room that a bad moment took.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.octets.clear();
        self.heads.shrink_to(KEPT_HEADS);
        self.octets.shrink_to(KEPT_HEADS * DATAGRAM_MAX);
    }
}

impl Crew {
    /// The crew of these polls' threads: binds the browsers' port.
    pub(super) fn new(settings: &MediaSettings, polls: &[Poll], now: Mono) -> io::Result<Self> {
        let addresses = settings.addresses();
        let boxes = polls.iter().map(|poll| {
            Ok(LetterBox { bell: Bell::new(poll.registry())?, mail: Mutex::default(), has_mail: AtomicBool::new(false) })
        });
        Ok(Self {
            ports: Mutex::new(addresses.map(|address| PortPool::new(address, settings.ports))),
            door: BrowserDoor::bind(addresses, settings.browser_port, now)?,
            places: Mutex::new(Places::new(polls.len(), settings.fill_percent.into())),
            stats: Arc::new(MediaStats::new(polls.len())),
            should_stop: AtomicBool::new(false),
            serial: AtomicU64::new(0),
            boxes: boxes.collect::<io::Result<_>>()?,
        })
    }

    /// How many threads there are.
    pub(super) fn size(&self) -> usize {
        self.boxes.len()
    }

    /// The number that the next leg will bear.
    pub(super) fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn places(&self) -> MutexGuard<'_, Places> {
        lock(&self.places)
    }

    /// Has a thread look for what waits for it.
    pub(super) fn ring(&self, thread: ThreadIndex) {
        if let Some(letters) = self.boxes.get(thread) {
            letters.bell.ring();
        }
    }

    /// All threads end.
    pub(super) fn stop(&self) {
        self.should_stop.store(true, Ordering::Release);
        for thread in 0..self.size() {
            self.ring(thread);
        }
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.should_stop.load(Ordering::Acquire)
    }

    /// A thread is about to look for what waits for it.
    pub(super) fn heard_bell(&self, thread: ThreadIndex) {
        if let Some(letters) = self.boxes.get(thread) {
            letters.bell.heard();
        }
    }

    /// Hands legs over, and what of them has not been told yet.
    pub(super) fn hand_over(&self, to: ThreadIndex, arrivals: Vec<Arrival>, untold: Vec<MediaNotice>) {
        self.post(to, |mail| {
            mail.arrivals.extend(arrivals);
            mail.untold.extend(untold);
        });
    }

    /// Hands browsers' datagrams to their thread: how many found no room.
    pub(super) fn forward<'a>(
        &self,
        to: ThreadIndex,
        datagrams: impl Iterator<Item = (Addressee, SocketAddr, &'a [u8])>,
    ) -> usize {
        let mut lost = 0;
        self.post(to, |mail| {
            for (leg, from, datagram) in datagrams {
                lost += usize::from(!mail.datagrams.push(leg, from, datagram));
            }
        });
        lost
    }

    fn post(&self, to: ThreadIndex, put: impl FnOnce(&mut Mail)) {
        let Some(letters) = self.boxes.get(to) else { return };
        put(&mut lock(&letters.mail));
        letters.has_mail.store(true, Ordering::Release);
        letters.bell.ring();
    }

    /// Takes what waits for a thread; what is in `mail`, which must be empty, is used again. Whether there was anything.
    pub(super) fn collect(&self, thread: ThreadIndex, mail: &mut Mail) -> bool {
        let Some(letters) = self.boxes.get(thread) else { return false };
        let has_mail = letters.has_mail.swap(false, Ordering::AcqRel);
        if has_mail {
            std::mem::swap(&mut *lock(&letters.mail), mail);
        }
        has_mail
    }
}
