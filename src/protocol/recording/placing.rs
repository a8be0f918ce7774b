//! Where a packet belongs on a recording's timeline: where its RTP time says, as long as that agrees with the time at which packets
//! arrive. Two peers' clocks never run alike, so what they are off by is taken back every few seconds; one that jumps is
//! followed.

use super::FRAMES_PER_SECOND;

/// Packets after which the clock of a stream is compared with ours: five seconds of 20 ms.
const WINDOW_PACKETS: u32 = 250;
/// How far the least delayed packet of a window may be off before the stream is moved: 20 ms, which nobody hears between two speakers.
const DRIFT_FRAMES_MAX: i64 = 160;
/// A packet this far from its place is out of any network's jitter: 400 ms.
const ASTRAY_FRAMES: i64 = 3_200;
/// So many of them in a row are a clock that has jumped, fewer are a network that held them up.
const ASTRAY_PACKETS_MAX: u32 = 5;
/// Nothing is held up for so long: a jump is believed at once. Two seconds.
const JUMP_FRAMES: i64 = 16_000;

/// What names a stream's clock: packets of another source or rate count from another origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamClock {
    pub(super) stream: u32,
    pub(super) rate: u32,
}

/// The places of one channel's packets.
#[derive(Debug, Default)]
pub(super) struct Placing {
    anchor: Option<Anchor>,
}

#[derive(Debug)]
struct Anchor {
    clock: StreamClock,
    /// Timestamp of the last packet, and its place.
    timestamp: u32,
    place: i64,
    astray: u32,
    /// The least that a packet of this window was late by, and how many there were.
    least_late: i64,
    packets: u32,
}

impl Placing {
    /// The frame that a packet begins with, which arrived at the frame `arrival`. May be before the recording's begin.
    pub(super) fn place(&mut self, clock: StreamClock, timestamp: u32, arrival: i64) -> i64 {
        let Some(anchor) = self.anchor.as_mut().filter(|anchor| anchor.clock == clock) else {
            return self.begin(clock, timestamp, arrival);
        };
        // Reordered packets step back; the 32-bit difference survives the wrap (RFC 3550 5.1).
        let ticks = i64::from(timestamp.wrapping_sub(anchor.timestamp) as i32);
        let place = anchor.place + ticks * FRAMES_PER_SECOND as i64 / i64::from(clock.rate.max(1));
        let late = arrival - place;
        anchor.astray = if late.abs() > ASTRAY_FRAMES { anchor.astray + 1 } else { 0 };
        if late.abs() > JUMP_FRAMES || anchor.astray >= ASTRAY_PACKETS_MAX {
            return self.begin(clock, timestamp, arrival);
        }
        (anchor.timestamp, anchor.place) = (timestamp, place);
        anchor.least_late = anchor.least_late.min(late);
        anchor.packets += 1;
        if anchor.packets >= WINDOW_PACKETS {
            if anchor.least_late.abs() >= DRIFT_FRAMES_MAX {
                anchor.place += anchor.least_late;
            }
            (anchor.least_late, anchor.packets) = (i64::MAX, 0);
        }
        place
    }

    fn begin(&mut self, clock: StreamClock, timestamp: u32, arrival: i64) -> i64 {
        self.anchor = Some(Anchor { clock, timestamp, place: arrival, astray: 0, least_late: i64::MAX, packets: 0 });
        arrival
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Rng;

    const PCMU: StreamClock = StreamClock { stream: 1, rate: 8_000 };

    #[test]
    fn late_and_reordered_packets_go_to_their_places() {
        let mut placing = Placing::default();
        assert_eq!(placing.place(PCMU, u32::MAX - 159, 1_000), 1_000);
        assert_eq!(placing.place(PCMU, 160, 1_700), 1_320, "380 frames late, over the wrap");
        assert_eq!(placing.place(PCMU, 0, 1_710), 1_160, "one that the other has overtaken");
        assert_eq!(placing.place(PCMU, 320, 1_480), 1_480);
        let opus = StreamClock { stream: 2, rate: 48_000 };
        assert_eq!(placing.place(opus, 7, 2_000), 2_000, "another stream begins where it arrives");
        assert_eq!(placing.place(opus, 7 + 960, 2_200), 2_160);
    }

    #[test]
    fn a_clock_that_runs_wrong_for_an_hour_stays_within_a_twentieth_of_a_second() {
        for parts_per_million in [-300_i64, 300] {
            let (mut placing, mut rng) = (Placing::default(), Rng::seeded(1));
            for number in 0..180_000_i64 {
                let sent = number * 160 * (1_000_000 + parts_per_million) / 1_000_000;
                let delayed = sent + rng.below(240) as i64;
                let place = placing.place(PCMU, (number * 160) as u32, delayed);
                assert!((place - sent).abs() < 400, "packet {number}: {}", place - sent);
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_is_followed_and_a_burst_is_not() {
        let mut placing = Placing::default();
        for number in 0..50_u32 {
            placing.place(PCMU, number * 160, i64::from(number) * 160);
        }
        assert_eq!(placing.place(PCMU, 50 * 160, 50 * 160 + 4_000), 8_000, "held up for half a second");
        assert_eq!(placing.place(PCMU, 51 * 160, 51 * 160), 8_160);
        assert_eq!(placing.place(PCMU, 900_000, 8_320), 8_320, "a jump of minutes at once");
        let mut last = 0;
        for number in 1..=8_i64 {
            // Half a second ahead from now on.
            last = placing.place(PCMU, 900_000 + (number * 160) as u32 + 4_000, 8_320 + number * 160);
        }
        assert_eq!(last, 8_320 + 8 * 160, "one that stays away is believed after a few packets");
    }
}
