//! Copies of calls' audio to outside systems: what media threads tap is sent by one thread for all. The words are
//! `protocol::forking`'s.
//!
//! The worker copies payloads into blocks ([`ForkTaps`]) and hands them over within ten milliseconds. The [hub](hub) makes a steady
//! sound of each copy every 20 ms and gives it to the copy's own task, which writes it to its connection. When the other side does not
//! read, two seconds wait; what comes then is left out of that copy, which is told where and how much. A call never waits for any
//! of it.

mod feed;
mod hub;
mod recorder;
mod settings;
#[cfg(test)]
mod stories;
mod tls;
mod websocket;

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::mpsc;

pub use feed::{ForkFeed, ForkTaps};
pub use settings::ForkSettings;
pub(super) use tls::connector as tls_connector;

use self::hub::{Door, Hub};
use crate::{
    net::media::{MediaSettings, PortPool},
    protocol::forking::{ForkNotice, ForkOrder},
    types::{Clock, ForkEnd, ForkFailure, ForkWord, Rng},
};

/// Orders that wait for the thread. Beyond them copies are not begun and keys and agents are not told; everything else always finds room:
/// there is no more of it than copies that have begun, and their pauses.
const ORDERS_MAX: usize = 8_192;
/// What is left of the thread's work when it has ended, such as questions for names, is given up after so long.
const LEFT_OVER: Duration = Duration::from_millis(100);

/// The thread that sends copies. Clones speak to the same one.
#[derive(Clone)]
pub struct Forks {
    doors: mpsc::UnboundedSender<Door>,
    /// Orders that wait.
    waiting: Arc<AtomicUsize>,
    stats: Arc<ForkStats>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// Counts since the start, except `running`, which is now.
#[derive(Debug, Default)]
pub struct ForkStats {
    /// Copies that are being opened, sent or closed now.
    pub running: AtomicU64,
    /// Copies that got to the other side, each time that they were begun.
    pub begun: AtomicU64,
    /// Copies that the other side wanted no more of.
    pub declined: AtomicU64,
    /// Copies that failed, by why ([`crate::types::ForkFailure::ALL`]).
    pub failed: [AtomicU64; 4],
    /// Packets that are missing from copies because this thread was behind.
    pub packets_dropped: AtomicU64,
    /// Milliseconds of audio that other sides did not take in time.
    pub gap_ms: AtomicU64,
    /// Octets of audio sent.
    pub octets: AtomicU64,
}

impl ForkStats {
    /// Counts an end that we did not wish.
    fn note(&self, end: ForkEnd) {
        let counter = match end {
            ForkEnd::Declined => &self.declined,
            ForkEnd::Failed(ForkFailure::Unreachable) => &self.failed[0],
            ForkEnd::Failed(ForkFailure::Refused) => &self.failed[1],
            ForkEnd::Failed(ForkFailure::Lost) => &self.failed[2],
            ForkEnd::Failed(ForkFailure::Busy) => &self.failed[3],
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Forks {
    /// Starts the thread. The feed goes to the media worker; notices go to `notices`.
    pub fn start(
        settings: &ForkSettings,
        media: &MediaSettings,
        rng: Rng,
        clock: Arc<dyn Clock>,
        notices: mpsc::Sender<ForkNotice>,
    ) -> io::Result<(Self, ForkFeed)> {
        let connector = tls::connector(settings.trusted.as_deref())?;
        let (doors, orders) = mpsc::unbounded_channel();
        let (to_hub, blocks) = sync_channel(feed::WAITING_MAX);
        let (stats, waiting) = (Arc::new(ForkStats::default()), Arc::new(AtomicUsize::new(0)));
        let feed = ForkFeed::new(to_hub, Arc::clone(&stats));
        let mut hub = Hub::new(hub::Parts {
            copies_max: settings.copies_max.into(),
            pools: media.addresses().map(|address| PortPool::new(address, media.ports)),
            rng,
            clock,
            connector,
            orders,
            waiting: Arc::clone(&waiting),
            blocks,
            notices,
            stats: Arc::clone(&stats),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("forks".into()).spawn(move || {
            runtime.block_on(hub.run_kept());
            runtime.shutdown_timeout(LEFT_OVER);
        })?;
        Ok((Self { doors, waiting, stats, thread: Arc::new(Mutex::new(Some(thread))) }, feed))
    }

    /// Gives an order; never waits. It comes back when the thread is so far behind, or gone, that it cannot be taken.
    pub fn order(&self, order: ForkOrder) -> Result<(), ForkOrder> {
        let may_be_lost = match &order {
            ForkOrder::Open { .. } => true,
            ForkOrder::Tell { word, .. } => matches!(word, ForkWord::Digit { .. } | ForkWord::Agent { .. }),
            ForkOrder::Agree { .. } | ForkOrder::GiveUp { .. } | ForkOrder::Stop { .. } => false,
        };
        if may_be_lost && self.waiting.load(Ordering::Relaxed) >= ORDERS_MAX {
            return Err(order);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        match self.doors.send(Door::Order(order)) {
            Err(mpsc::error::SendError(Door::Order(order))) => Err(order),
            Err(mpsc::error::SendError(Door::Finish)) | Ok(()) => Ok(()),
        }
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &ForkStats {
        &self.stats
    }

    /// Ends all copies, tells the other sides, and waits for the end of the thread, which is within a few seconds.
    pub fn stop(&self) {
        let _ = self.doors.send(Door::Finish);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that sends copies of calls' audio ended by a fault");
        }
    }
}

impl fmt::Debug for Forks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forks").field("stats", self.stats()).finish_non_exhaustive()
    }
}
