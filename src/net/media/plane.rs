//! Starting and stopping the worker, and the handle by which the switch speaks to it.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

use super::{MediaSettings, bell::Bell, worker::Worker};
use crate::{
    protocol::media::{MediaNotice, MediaOrder},
    types::{Clock, Rng},
};

/// Orders that wait for the worker: several seconds' worth at a thousand calls per second.
const ORDERS_MAX: usize = 16_384;

/// The media plane of this node.
#[derive(Debug)]
pub struct MediaPlane;

impl MediaPlane {
    /// Binds the browsers' port and starts the worker. Notices go to `notices`; what does not fit there waits, bounded.
    pub fn start(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<MediaHandle> {
        let (sender, orders) = sync_channel(ORDERS_MAX);
        let stats = Arc::new(MediaStats::default());
        let should_stop = Arc::new(AtomicBool::new(false));
        let (mut worker, bell) =
            Worker::new(settings, clock, rng, orders, notices, Arc::clone(&stats), Arc::clone(&should_stop))?;
        let thread = thread::Builder::new().name("media".into()).spawn(move || worker.run())?;
        let shared = Shared { orders: sender, bell, should_stop, stats, thread: Mutex::new(Some(thread)) };
        Ok(MediaHandle { shared: Arc::new(shared) })
    }
}

/// By which orders are given. Clones speak to the same worker.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

struct Shared {
    orders: SyncSender<MediaOrder>,
    bell: Arc<Bell>,
    should_stop: Arc<AtomicBool>,
    stats: Arc<MediaStats>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl MediaHandle {
    /// Gives an order; never waits. `false` means that the worker is so far behind (or gone) that the order was dropped, which is
    /// counted; the leg then stays as it was.
    pub fn order(&self, order: MediaOrder) -> bool {
        match self.shared.orders.try_send(order) {
            Ok(()) => {
                self.shared.bell.ring();
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.stats.orders_dropped.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &MediaStats {
        &self.shared.stats
    }

    /// Stops the worker and waits for its end; all ports are free afterwards. Further orders are dropped.
    pub fn stop(&self) {
        self.shared.should_stop.store(true, Ordering::Release);
        self.shared.bell.ring();
        let thread = self.shared.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the media worker ended by a fault");
        }
    }
}

impl fmt::Debug for MediaHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaHandle").field("stats", self.stats()).finish_non_exhaustive()
    }
}

/// Counts since the start, except `legs`, which is now.
#[derive(Debug, Default)]
pub struct MediaStats {
    /// RTP packets received and believed.
    pub packets_in: AtomicU64,
    /// RTP packets sent.
    pub packets_out: AtomicU64,
    /// Packets of peers that never came; counted when their leg closes.
    pub packets_lost: AtomicU64,
    /// Datagrams that were no valid packet of the leg's peer.
    pub packets_refused: AtomicU64,
    /// Packets that the system would not take.
    pub send_failures: AtomicU64,
    /// Legs open now.
    pub legs: AtomicU64,
    /// Ticks that came more than 20 ms late.
    pub late_ticks: AtomicU64,
    /// Orders that found the queue full.
    pub orders_dropped: AtomicU64,
    /// Notices for which neither the channel nor the waiting line had room.
    pub notices_dropped: AtomicU64,
    /// Clips asked for that the library does not hold.
    pub clips_missing: AtomicU64,
}

/// Adds one; for the worker's hot path.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
