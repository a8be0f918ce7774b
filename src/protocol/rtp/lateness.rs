//! How late a peer's packets come, and so how long a jitter buffer must make the fastest of them wait.
//!
//! A packet's *transit* is its arrival less its timestamp: only differences of it mean anything. The fastest packets of the last
//! seconds are the floor of it, which follows a peer whose clock is not ours. How far packets lie above the floor is kept as a
//! histogram that forgets; the wait is what all but a few of them stay below.

use crate::types::Mono;

/// Lateness that is told apart.
const STEP_MS: i64 = 10;
/// Steps of the histogram; what is later counts as the last.
const STEPS: usize = 32;
/// The share of packets that shall be in time.
const IN_TIME: f32 = 0.98;
/// What a packet leaves of the packets before it: a memory of some 200, which is 4 s.
const KEPT: f32 = 0.995;
/// Packets before the histogram is believed.
const LEARNT_AFTER: u32 = 10;
/// The wait while nothing is known.
const WAIT_MS_AT_FIRST: u64 = 40;
/// The shortest wait: one turn, in whose course a packet may come at any time.
const WAIT_MS_MIN: u64 = 20;
/// The longest. What a network delays for longer is better lost than awaited in a conversation.
const WAIT_MS_MAX: u64 = 240;
/// Half of how long a fastest packet is remembered. A clock that is 200 millionths off moves by less than a millisecond in it.
const FLOOR_MS: u64 = 2_000;
/// A transit that far from the floor is another timeline rather than a late packet.
const JUMP_MS: i64 = 1_000;

/// The memory of one stream's arrivals.
#[derive(Debug, Clone)]
pub(super) struct Lateness {
    /// The last timestamp, and the same counted on over its wrap.
    last: Option<(u32, i64)>,
    floor: i64,
    floor_before: i64,
    floor_since: Mono,
    shares: [f32; STEPS],
    seen: u32,
}

impl Default for Lateness {
    fn default() -> Self {
        let since = Mono::default();
        Self { last: None, floor: 0, floor_before: 0, floor_since: since, shares: [0.0; STEPS], seen: 0 }
    }
}

impl Lateness {
    /// Forgets the timeline, for a stream that began anew. How late packets come is the network's and stays.
    pub(super) fn restart(&mut self) {
        self.last = None;
    }

    /// Takes note of a packet that came at `at` and gives its place in the stream's time, in milliseconds.
    pub(super) fn note(&mut self, timestamp: u32, clock_rate: u32, at: Mono) -> i64 {
        let ticks = self.last.map_or(0, |(last, ticks)| ticks + i64::from(timestamp.wrapping_sub(last) as i32));
        let media_ms = ticks * 1_000 / i64::from(clock_rate.max(1));
        let transit = millis(at) - media_ms;
        if self.last.is_none() || (transit - self.floor_now()).abs() > JUMP_MS {
            (self.floor, self.floor_before, self.floor_since) = (transit, transit, at);
        }
        self.last = Some((timestamp, ticks));
        if at.millis_since(self.floor_since) >= FLOOR_MS {
            (self.floor_before, self.floor, self.floor_since) = (self.floor, transit, at);
        }
        self.floor = self.floor.min(transit);
        self.count(transit - self.floor_now());
        media_ms
    }

    /// How long the fastest packet would have waited by `now` if this place in the stream were played now.
    pub(super) fn waited_ms(&self, media_ms: i64, now: Mono) -> i64 {
        millis(now) - media_ms - self.floor_now()
    }

    /// How long it should wait.
    pub(super) fn wait_ms(&self) -> u64 {
        if self.seen < LEARNT_AFTER {
            return WAIT_MS_AT_FIRST;
        }
        let mut in_time = 0.0;
        let steps = self.shares.iter().position(|share| {
            in_time += share;
            in_time >= IN_TIME
        });
        // Up to the end of the step, and one for the turn's own raggedness.
        let wait = (steps.unwrap_or(STEPS) as u64 + 2) * STEP_MS as u64;
        wait.clamp(WAIT_MS_MIN, WAIT_MS_MAX)
    }

    fn floor_now(&self) -> i64 {
        self.floor.min(self.floor_before)
    }

    fn count(&mut self, late_ms: i64) {
        let step = usize::try_from(late_ms / STEP_MS).unwrap_or(0).min(STEPS - 1);
        // The first packets weigh the same, so that the beginning is not remembered for longer than the rest.
        let kept = KEPT.min(self.seen as f32 / (self.seen as f32 + 1.0));
        self.shares.iter_mut().for_each(|share| *share *= kept);
        self.shares[step] += 1.0 - kept;
        self.seen = self.seen.saturating_add(1);
    }
}

fn millis(at: Mono) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Rng;

    fn hear(lateness: &mut Lateness, packets: std::ops::Range<u64>, mut late_ms: impl FnMut() -> u64) {
        for i in packets {
            lateness.note((i * 160) as u32, 8_000, Mono::from_millis(5_000 + i * 20 + late_ms()));
        }
    }

    #[test]
    fn an_even_network_is_given_one_turn_and_an_uneven_one_what_it_needs() {
        let (mut even, mut uneven) = (Lateness::default(), Lateness::default());
        let mut rng = Rng::seeded(3);
        assert_eq!(even.wait_ms(), WAIT_MS_AT_FIRST);
        hear(&mut even, 0..500, || 0);
        hear(&mut uneven, 0..500, || rng.below(100));
        assert_eq!(even.wait_ms(), 20);
        assert!((100..=120).contains(&uneven.wait_ms()), "{}", uneven.wait_ms());
        // When it has calmed down the wait is short again within half a minute.
        hear(&mut uneven, 500..2_000, || 0);
        assert_eq!(uneven.wait_ms(), 20);
    }

    #[test]
    fn the_wait_has_an_end_however_bad_the_network() {
        let mut lateness = Lateness::default();
        let mut rng = Rng::seeded(4);
        hear(&mut lateness, 0..1_000, || rng.below(900));
        assert_eq!(lateness.wait_ms(), WAIT_MS_MAX);
    }

    #[test]
    fn a_clock_that_drifts_is_no_lateness() {
        for drift_ppm in [-300_i64, 300] {
            let mut lateness = Lateness::default();
            // An hour.
            for i in 0..180_000_i64 {
                let at = 60_000 + i * 20 + i * 20 * drift_ppm / 1_000_000;
                lateness.note((i * 160) as u32, 8_000, Mono::from_millis(at as u64));
            }
            assert_eq!(lateness.wait_ms(), 20, "{drift_ppm} ppm");
        }
    }

    #[test]
    fn timestamps_that_wrap_or_jump_leave_no_trace() {
        let mut lateness = Lateness::default();
        for i in 0..400_u32 {
            let jump = if i < 200 { 0 } else { 0x6000_0000 };
            let timestamp = (u32::MAX - 16_000).wrapping_add(i * 160).wrapping_add(jump);
            let at = Mono::from_millis(u64::from(i) * 20);
            let media = lateness.note(timestamp, 8_000, at);
            assert_eq!(lateness.waited_ms(media, at), 0, "packet {i}");
        }
        assert_eq!(lateness.wait_ms(), 20);
    }

    #[test]
    fn any_timestamps_are_survived() {
        let mut rng = Rng::seeded(5);
        let mut lateness = Lateness::default();
        for i in 0..20_000 {
            let media = lateness.note(rng.next_u32(), rng.next_u32() >> (i % 32), Mono::from_millis(i * 7));
            lateness.waited_ms(media, Mono::from_millis(i * 7));
            assert!((WAIT_MS_MIN..=WAIT_MS_MAX).contains(&lateness.wait_ms()));
        }
    }
}
