//! Whether a media thread keeps up. It is looked at four times a second: how late each 20 ms was noticed, how much of the processor
//! the thread had, how often it found nothing to do. Behind is said after a second of bad looks and before calls are heard to suffer,
//! and taken back after two good ones, so that neither is said at a moment's whim. What follows from it is decided above.

use std::sync::atomic::Ordering;

use super::{
    stats::count,
    usage::Usage,
    worker::{DOORKEEPER, Worker},
};
use crate::{protocol::audio::FRAME_MS, types::Mono};

/// Looks in a row that must be bad before the thread counts as behind.
const LOOKS_BAD: u8 = 4;
/// Looks in a row that must be good before it counts as caught up.
const LOOKS_GOOD: u8 = 8;
/// From this share of a processor on, in a hundred, there is nothing left for more calls. Packets that come by chance wait for some
/// hundredths of a millisecond then; a few in a hundred more and they wait without end.
const BUSY_PERCENT_BAD: u64 = 96;
/// Below this share there is room for calls again, and above it none for what calls do without.
const BUSY_PERCENT_GOOD: u64 = 88;
/// One beat of so many that is late by 20 ms or more is bad; a peer's jitter buffer stands a few.
const LATE_ONE_OF_BAD: u64 = 2;
/// And one of so many still is not good.
const LATE_ONE_OF_GOOD: u64 = 10;
/// With fewer legs, beats that are late and a thread that never waits say that the machine has no time for it, and refusing calls gives
/// it none. A thread that has had its processor to itself is saturated by however few.
const LEGS_MIN: u64 = 32;
/// Datagrams read of one leg in a turn that comes late: those of a second and some.
const READS_LATE: usize = 64;
/// A thread that waits less often than once in so many beats never has done all there is to do.
const BEATS_PER_REST_BAD: u64 = 2;

/// What was seen between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Beats of 20 ms that have passed.
    pub(super) beats: u64,
    /// Those that were noticed only when the next was due.
    pub(super) late_beats: u64,
    /// Times that the thread waited; `None` where that says nothing.
    pub(super) rests: Option<u64>,
    /// Its share of a processor, in a hundred.
    pub(super) busy_percent: u64,
}

impl Seen {
    /// What counts of it with so many legs.
    fn with_legs(self, legs: u64) -> Self {
        if legs < LEGS_MIN { Self { late_beats: 0, rests: None, ..self } } else { self }
    }

    fn is_bad(&self) -> bool {
        self.busy_percent >= BUSY_PERCENT_BAD
            || self.late_beats * LATE_ONE_OF_BAD >= self.beats
            || self.rests.is_some_and(|rests| rests * BEATS_PER_REST_BAD < self.beats)
    }

    /// What calls do without has to wait: sooner than calls, so that they have the room that is left.
    fn is_tight(&self) -> bool {
        self.busy_percent >= BUSY_PERCENT_GOOD || self.is_bad()
    }

    fn is_good(&self) -> bool {
        !self.is_bad() && self.busy_percent < BUSY_PERCENT_GOOD && self.late_beats * LATE_ONE_OF_GOOD <= self.beats
    }
}

/// The thread's clock as it was kept.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// The beat that is awaited; none while there is nothing to be late for.
    next_beat: Option<u64>,
    beats: u64,
    late_beats: u64,
    is_behind: bool,
    /// Looks in a row that speak against that.
    looks: u8,
}

impl Lag {
    /// When the next beat is due, if one is awaited.
    pub(super) fn next_beat(&self) -> Option<Mono> {
        self.next_beat.map(|beat| Mono::from_millis(beat * FRAME_MS))
    }

    /// A turn begins. `Some` is how many milliseconds late the oldest beat is noticed that was due meanwhile. While `is_needed` is not
    /// so, nobody waits for beats.
    pub(super) fn beat(&mut self, is_needed: bool, now: Mono) -> Option<u64> {
        let due = now.as_millis() / FRAME_MS;
        if !is_needed {
            self.next_beat = None;
            return None;
        }
        let next = *self.next_beat.get_or_insert(due + 1);
        let passed = (due + 1).checked_sub(next).filter(|passed| *passed > 0)?;
        self.next_beat = Some(due + 1);
        self.beats += passed;
        self.late_beats += passed - 1;
        Some(now.as_millis() - next * FRAME_MS)
    }

    /// Ends a stretch of beats and gives their number and how many of them were late.
    fn take_beats(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.beats), std::mem::take(&mut self.late_beats))
    }

    /// Judges what was seen since the last look: whether the thread is behind from now on, if that has changed.
    pub(super) fn judge(&mut self, seen: Seen) -> Option<bool> {
        // Without calls nobody suffers.
        let speaks_against = match self.is_behind {
            false => seen.beats > 0 && seen.is_bad(),
            true => seen.beats == 0 || seen.is_good(),
        };
        self.looks = if speaks_against { self.looks + 1 } else { 0 };
        if self.looks < if self.is_behind { LOOKS_GOOD } else { LOOKS_BAD } {
            return None;
        }
        (self.is_behind, self.looks) = (!self.is_behind, 0);
        Some(self.is_behind)
    }
}

impl Worker {
    /// Whether somebody would suffer if this thread came late: by the first one come all browsers' packets.
    fn has_duty(&self) -> bool {
        self.legs.len() > 0 || self.thread == DOORKEEPER && self.stats.legs.load(Ordering::Relaxed) > 0
    }

    /// A turn begins.
    pub(super) fn note_beat(&mut self, now: Mono) {
        let late_ms = self.lag.beat(self.has_duty(), now);
        if let Some(late_ms) = late_ms {
            self.stats.lateness.note(late_ms);
        }
        // After a time without the processor several packets of each leg wait, and are read faster together.
        self.reads = if late_ms.is_some_and(|late_ms| late_ms >= FRAME_MS) { READS_LATE } else { 1 };
    }

    /// Four times a second: whether the thread keeps up. `used` is what it has had of the processor.
    pub(super) fn look_at_lag(&mut self, used: Usage, now: Mono) {
        let (before, since) = std::mem::replace(&mut self.looked_at, (used, now));
        let (beats, late_beats) = self.lag.take_beats();
        let busy_us = used.busy_us.saturating_sub(before.busy_us);
        // A thread that has never waited runs on a system that does not tell.
        let rests = (used.rests > 0).then(|| used.rests.saturating_sub(before.rests));
        // Hundredths of milliseconds are tens of microseconds.
        let busy_percent = busy_us / (now.millis_since(since) * 10).max(1);
        let seen = Seen { beats, late_beats, rests, busy_percent }.with_legs(self.stats.legs.load(Ordering::Relaxed));
        let judged = self.lag.judge(seen);
        let Some(told) = self.stats.threads.get(self.thread) else { return };
        told.busy_percent.store(busy_percent, Ordering::Relaxed);
        told.is_tight.store(self.lag.is_behind || (beats > 0 && seen.is_tight()), Ordering::Relaxed);
        told.is_behind.store(self.lag.is_behind, Ordering::Relaxed);
        let (thread, legs) = (self.thread, self.legs.len());
        match judged {
            Some(true) => {
                count(&self.stats.times_behind);
                tracing::warn!(thread, legs, busy_percent, late_beats, beats, "audio is behind: this thread gets no new calls");
            }
            Some(false) => tracing::info!(thread, legs, busy_percent, "audio has caught up: this thread gets calls again"),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Rng;

    const QUIET: Seen = Seen { beats: 12, late_beats: 0, rests: Some(200), busy_percent: 30 };
    const SATURATED: Seen = Seen { busy_percent: 99, ..QUIET };
    const LATE: Seen = Seen { late_beats: 6, ..QUIET };
    const NEVER_DONE: Seen = Seen { rests: Some(2), ..QUIET };

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    #[test]
    fn every_beat_that_passes_in_a_turn_is_counted_and_all_but_the_last_are_late() {
        let mut lag = Lag::default();
        assert_eq!(lag.beat(true, at(1_003)), None);
        assert_eq!(lag.next_beat(), Some(at(1_020)));
        assert_eq!(lag.beat(true, at(1_019)), None);
        assert_eq!(lag.beat(true, at(1_021)), Some(1));
        // A turn of 75 ms: of the beats at 1040, 1060, 1080 the last is noticed in time.
        assert_eq!(lag.beat(true, at(1_096)), Some(56));
        assert_eq!(lag.take_beats(), (4, 2));
        assert_eq!(lag.take_beats(), (0, 0));
        // While there are no calls, time passes and nobody is late.
        assert_eq!(lag.beat(false, at(2_000)), None);
        assert_eq!(lag.next_beat(), None);
        assert_eq!(lag.beat(true, at(9_000)), None);
        assert_eq!(lag.take_beats(), (0, 0));
    }

    #[test]
    fn a_second_of_bad_looks_is_behind_and_two_good_ones_are_caught_up() {
        for bad in [SATURATED, LATE, NEVER_DONE] {
            let mut lag = Lag::default();
            let said: Vec<_> = [QUIET, bad, bad, bad, bad, bad].map(|seen| lag.judge(seen)).into();
            assert_eq!(said, [None, None, None, None, Some(true), None], "{bad:?}");
            let said: Vec<_> = (0..9).map(|_| lag.judge(QUIET)).collect();
            assert_eq!(said.iter().position(Option::is_some), Some(7), "{bad:?}");
            assert_eq!(said[7], Some(false));
        }
    }

    #[test]
    fn few_legs_are_behind_when_they_saturate_the_thread_and_not_when_the_machine_has_no_time_for_it() {
        assert!(LATE.is_bad() && NEVER_DONE.is_bad() && !Seen { rests: None, ..QUIET }.is_bad());
        for legs in [1, LEGS_MIN - 1] {
            assert!(LATE.with_legs(legs).is_good() && NEVER_DONE.with_legs(legs).is_good());
            assert!(SATURATED.with_legs(legs).is_bad());
        }
        assert!([LATE, NEVER_DONE, SATURATED].iter().all(|seen| seen.with_legs(LEGS_MIN).is_bad()));
    }

    #[test]
    fn what_calls_do_without_is_refused_before_they_are() {
        for seen in [SATURATED, LATE, NEVER_DONE, Seen { busy_percent: BUSY_PERCENT_GOOD, ..QUIET }] {
            assert!(seen.is_tight(), "{seen:?}");
        }
        assert!(!QUIET.is_tight());
        let mut lag = Lag::default();
        let nearly = Seen { busy_percent: BUSY_PERCENT_BAD - 1, ..QUIET };
        assert!(nearly.is_tight());
        assert!((0..20).all(|_| lag.judge(nearly).is_none()), "calls are taken");
    }

    #[test]
    fn a_moment_without_the_processor_is_nothing_and_a_moment_of_rest_is_no_end() {
        let mut lag = Lag::default();
        // A stall of two seconds is one look, however many beats it has cost.
        let stall = Seen { beats: 100, late_beats: 99, rests: Some(1), busy_percent: 2 };
        for seen in [stall, LATE, LATE, QUIET, stall, LATE, LATE, QUIET] {
            assert_eq!(lag.judge(seen), None);
        }
        for _ in 0..LOOKS_BAD {
            lag.judge(SATURATED);
        }
        let nearly = Seen { busy_percent: BUSY_PERCENT_GOOD, ..QUIET };
        for seen in [QUIET; 7].into_iter().chain([nearly]).chain([QUIET; 7]).chain([LATE]) {
            assert_eq!(lag.judge(seen), None, "still behind");
        }
    }

    #[test]
    fn without_calls_nobody_is_behind() {
        let mut lag = Lag::default();
        for _ in 0..20 {
            assert_eq!(lag.judge(Seen::default()), None);
        }
        for _ in 0..LOOKS_BAD {
            lag.judge(LATE);
        }
        let said = (0..LOOKS_GOOD).filter_map(|_| lag.judge(Seen::default())).collect::<Vec<_>>();
        assert_eq!(said, [false], "the last call has ended");
    }

    #[test]
    fn between_two_changes_there_are_always_as_many_looks_that_ask_for_it() {
        for seed in 0..200 {
            let (mut rng, mut lag) = (Rng::seeded(seed), Lag::default());
            let (mut is_behind, mut in_row) = (false, 0);
            for _ in 0..2_000 {
                let seen = Seen {
                    beats: rng.below(14),
                    late_beats: rng.below(3),
                    rests: Some(rng.below(40)),
                    busy_percent: 80 + rng.below(20),
                };
                let asks = if is_behind { seen.beats == 0 || seen.is_good() } else { seen.beats > 0 && seen.is_bad() };
                in_row = if asks { in_row + 1 } else { 0 };
                let wanted = if is_behind { LOOKS_GOOD } else { LOOKS_BAD };
                let said = lag.judge(seen);
                assert_eq!(said, (in_row == wanted).then_some(!is_behind), "seed {seed}");
                if let Some(now) = said {
                    (is_behind, in_row) = (now, 0);
                }
            }
        }
    }
}
