//! The media plane in figures, for metrics and for whoever decides on new calls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::places::Room;

/// Counts since the start, except those that say now.
#[derive(Debug, Default)]
pub struct MediaStats {
    /// RTP packets received and believed.
    pub packets_in: AtomicU64,
    /// RTP packets sent. One that the system would not take is among them, and counted there as well.
    pub packets_out: AtomicU64,
    /// Packets of peers that never came; counted when their leg closes.
    pub packets_lost: AtomicU64,
    /// Datagrams that were no valid packet of the leg's peer.
    pub packets_refused: AtomicU64,
    /// Packets to encrypted legs that their peer's key does not open.
    pub packets_forged: AtomicU64,
    /// Datagrams that were dropped because they were not taken in time: of telephones by the system, counted every five seconds; of browsers
    /// on their way to their thread.
    pub packets_overflowed: AtomicU64,
    /// Packets that the system would not take.
    pub send_failures: AtomicU64,
    /// Legs open now.
    pub legs: AtomicU64,
    /// Each thread by itself.
    pub threads: Box<[ThreadStats]>,
    /// Ticks that came more than 20 ms late.
    pub late_ticks: AtomicU64,
    /// Orders that found the queue full.
    pub orders_dropped: AtomicU64,
    /// Notices for which neither the channel nor the waiting line had room.
    pub notices_dropped: AtomicU64,
    /// Clips asked for that the library does not hold.
    pub clips_missing: AtomicU64,
    /// Legs whose line became bad while somebody spoke on it.
    pub poor_lines: AtomicU64,
    /// How calls sounded, each party's part by itself.
    pub opinions: Opinions,
    /// How late threads noticed each 20 ms while they had calls.
    pub lateness: Lateness,
    /// Times that a thread fell behind.
    pub times_behind: AtomicU64,
}

/// One thread now.
#[derive(Debug, Default)]
pub struct ThreadStats {
    /// Its share of a processor, in a hundred.
    pub busy_percent: AtomicU64,
    pub(super) is_tight: AtomicBool,
    pub(super) is_behind: AtomicBool,
}

impl ThreadStats {
    /// What speaks for and against giving it another leg.
    pub(super) fn room(&self) -> Room {
        let busy_percent = self.busy_percent.load(Ordering::Relaxed);
        Room { busy_percent, is_behind: self.is_behind.load(Ordering::Relaxed) }
    }
}

impl MediaStats {
    pub(super) fn new(threads: usize) -> Self {
        Self { threads: (0..threads).map(|_| ThreadStats::default()).collect(), ..Self::default() }
    }

    /// Whether every thread has been behind for a while now: there is no room for more calls.
    pub fn is_behind(&self) -> bool {
        self.threads.iter().all(|thread| thread.is_behind.load(Ordering::Relaxed))
    }

    /// Whether some thread has so little room that what calls do without should not begin.
    pub fn is_tight(&self) -> bool {
        self.threads.iter().any(|thread| thread.is_tight.load(Ordering::Relaxed))
    }

    pub(super) fn rooms(&self) -> Vec<Room> {
        self.threads.iter().map(ThreadStats::room).collect()
    }
}

/// Mean opinion scores, counted by classes.
#[derive(Debug, Default)]
pub struct Opinions {
    classes: [AtomicU64; Self::BOUNDS.len() + 1],
    sum_hundredths: AtomicU64,
}

impl Opinions {
    /// Upper ends of the classes, in hundredths; the borders of satisfaction of ITU-T G.109 and one below them.
    pub const BOUNDS: [u64; 6] = [200, 258, 310, 360, 403, 434];

    /// Counts one.
    pub(super) fn note(&self, mos: f64) {
        let hundredths = (mos * 100.0).round() as u64;
        let class = Self::BOUNDS.iter().position(|bound| hundredths <= *bound).unwrap_or(Self::BOUNDS.len());
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        self.sum_hundredths.fetch_add(hundredths, Ordering::Relaxed);
    }

    /// How many of each class, the last without an upper end, and the sum of all in hundredths.
    pub fn read(&self) -> ([u64; Self::BOUNDS.len() + 1], u64) {
        (self.classes.each_ref().map(|class| class.load(Ordering::Relaxed)), self.sum_hundredths.load(Ordering::Relaxed))
    }
}

/// Latenesses, counted by classes.
#[derive(Debug, Default)]
pub struct Lateness {
    classes: [AtomicU64; Self::BOUNDS.len() + 1],
    sum_ms: AtomicU64,
}

impl Lateness {
    /// Upper ends of the classes, in milliseconds.
    pub const BOUNDS: [u64; 7] = [1, 2, 5, 10, 20, 50, 200];

    /// Counts one.
    pub(super) fn note(&self, late_ms: u64) {
        let class = Self::BOUNDS.iter().position(|bound| late_ms <= *bound).unwrap_or(Self::BOUNDS.len());
        count(&self.classes[class]);
        self.sum_ms.fetch_add(late_ms, Ordering::Relaxed);
    }

    /// How many of each class, the last without an upper end, and the sum of all in milliseconds.
    pub fn read(&self) -> ([u64; Self::BOUNDS.len() + 1], u64) {
        (self.classes.each_ref().map(|class| class.load(Ordering::Relaxed)), self.sum_ms.load(Ordering::Relaxed))
    }
}

/// Adds one; for the worker's hot path.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
