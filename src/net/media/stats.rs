//! The media plane in figures, for metrics and for whoever decides on new calls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// Datagrams of telephones that the system dropped because they were not read in time; counted every five seconds.
    pub packets_overflowed: AtomicU64,
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
    /// Legs whose line became bad while somebody spoke on it.
    pub poor_lines: AtomicU64,
    /// How calls sounded, each party's part by itself.
    pub opinions: Opinions,
    /// How late the thread noticed each 20 ms while there were calls.
    pub lateness: Lateness,
    /// The thread's share of a processor now, in a hundred.
    pub busy_percent: AtomicU64,
    /// Times that the thread fell behind.
    pub times_behind: AtomicU64,
    is_tight: AtomicBool,
    is_behind: AtomicBool,
}

impl MediaStats {
    /// Whether the thread has been behind for a while now: there is no room for more calls.
    pub fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }

    /// Whether there is so little room that what calls do without should not begin.
    pub fn is_tight(&self) -> bool {
        self.is_tight.load(Ordering::Relaxed)
    }

    pub(super) fn set_tight(&self, is_tight: bool) {
        self.is_tight.store(is_tight, Ordering::Relaxed);
    }

    pub(super) fn set_behind(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::Relaxed);
    }

    pub(super) fn note_busy(&self, percent: u64) {
        self.busy_percent.store(percent, Ordering::Relaxed);
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
