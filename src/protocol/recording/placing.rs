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
pub(super) const JUMP_FRAMES: i64 = 16_000;
/// So long after a pause no packet of a clock that is not known yet is taken: nothing tells what the network held it up by. A second.
const UNKNOWN_FRAMES: i64 = 8_000;

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
    /// The frame that a packet begins with, which arrived at the frame `arrival`. May be before the recording's begin. `resumed`: the
    /// last pause before its arrival ended there. `None` for what may have been said in that pause and would come after it.
    pub(super) fn place(&mut self, clock: StreamClock, timestamp: u32, arrival: i64, resumed: Option<i64>) -> Option<i64> {
        let Some(anchor) = self.anchor.as_mut().filter(|anchor| anchor.clock == clock) else {
            if resumed.is_some_and(|resumed| arrival < resumed + UNKNOWN_FRAMES) {
                return None;
            }
            return Some(self.begin(clock, timestamp, arrival));
        };
        // Reordered packets step back; the 32-bit difference survives the wrap (RFC 3550 5.1).
        let ticks = i64::from(timestamp.wrapping_sub(anchor.timestamp) as i32);
        let place = anchor.place + ticks * FRAMES_PER_SECOND as i64 / i64::from(clock.rate.max(1));
        let late = arrival - place;
        // A jump and a network that holds packets up look alike: here the stream must not follow.
        let may_be_paused = resumed.is_some_and(|resumed| place < resumed && arrival < resumed + JUMP_FRAMES);
        if late > ASTRAY_FRAMES && may_be_paused {
            return None;
        }
        anchor.astray = if late.abs() > ASTRAY_FRAMES { anchor.astray + 1 } else { 0 };
        if late.abs() > JUMP_FRAMES || anchor.astray >= ASTRAY_PACKETS_MAX {
            return Some(self.begin(clock, timestamp, arrival));
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
        Some(place)
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

    /// Of a recording that was never paused.
    fn place(placing: &mut Placing, clock: StreamClock, timestamp: u32, arrival: i64) -> i64 {
        placing.place(clock, timestamp, arrival, None).unwrap()
    }

    #[test]
    fn late_and_reordered_packets_go_to_their_places() {
        let mut placing = Placing::default();
        assert_eq!(place(&mut placing, PCMU, u32::MAX - 159, 1_000), 1_000);
        assert_eq!(place(&mut placing, PCMU, 160, 1_700), 1_320, "380 frames late, over the wrap");
        assert_eq!(place(&mut placing, PCMU, 0, 1_710), 1_160, "one that the other has overtaken");
        assert_eq!(place(&mut placing, PCMU, 320, 1_480), 1_480);
        let opus = StreamClock { stream: 2, rate: 48_000 };
        assert_eq!(place(&mut placing, opus, 7, 2_000), 2_000, "another stream begins where it arrives");
        assert_eq!(place(&mut placing, opus, 7 + 960, 2_200), 2_160);
    }

    #[test]
    fn a_clock_that_runs_wrong_for_an_hour_stays_within_a_twentieth_of_a_second() {
        for parts_per_million in [-300_i64, 300] {
            let (mut placing, mut rng) = (Placing::default(), Rng::seeded(1));
            for number in 0..180_000_i64 {
                let sent = number * 160 * (1_000_000 + parts_per_million) / 1_000_000;
                let delayed = sent + rng.below(240) as i64;
                let place = place(&mut placing, PCMU, (number * 160) as u32, delayed);
                assert!((place - sent).abs() < 400, "packet {number}: {}", place - sent);
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_is_followed_and_a_burst_is_not() {
        let mut placing = Placing::default();
        for number in 0..50_u32 {
            place(&mut placing, PCMU, number * 160, i64::from(number) * 160);
        }
        assert_eq!(place(&mut placing, PCMU, 50 * 160, 50 * 160 + 4_000), 8_000, "held up for half a second");
        assert_eq!(place(&mut placing, PCMU, 51 * 160, 51 * 160), 8_160);
        assert_eq!(place(&mut placing, PCMU, 900_000, 8_320), 8_320, "a jump of minutes at once");
        let mut last = 0;
        for number in 1..=8_i64 {
            // Half a second ahead from now on.
            last = place(&mut placing, PCMU, 900_000 + (number * 160) as u32 + 4_000, 8_320 + number * 160);
        }
        assert_eq!(last, 8_320 + 8 * 160, "one that stays away is believed after a few packets");
    }

    #[test]
    fn after_a_pause_a_stream_does_not_follow_what_may_have_been_said_in_it() {
        let resumed = Some(80_000);
        let mut placing = Placing::default();
        assert_eq!(placing.place(PCMU, 0, 400, resumed.filter(|resumed| *resumed <= 400)), Some(400));
        // Said with each frame from 9.4 s on, held up for 600 ms more than the first.
        let mut places = (0..100_u32).map(|number| {
            let said = 75_200 + number * 160;
            (i64::from(said), placing.place(PCMU, said - 400, i64::from(said) + 4_800, resumed))
        });
        assert!(places.by_ref().take(30).all(|(said, place)| said < 80_000 && place.is_none()), "what was said in the pause");
        assert_eq!(places.next(), Some((80_000, Some(80_000))), "what was said after it");
        assert_eq!(places.last(), Some((91_040, Some(95_840))), "and the stream is followed from there");
        let mut placing = Placing::default();
        placing.place(PCMU, 0, 0, None);
        assert_eq!(placing.place(PCMU, 50_000, 80_800, resumed), None, "nor a packet that is seconds late");
        assert_eq!(placing.place(PCMU, 65_200, 96_000, resumed), Some(96_000), "until it can only be a jump");
        let other = StreamClock { stream: 2, rate: 48_000 };
        assert_eq!(placing.place(other, 0, 87_999, resumed), None, "another stream at first");
        assert_eq!(placing.place(other, 960, 88_159, resumed), Some(88_159));
    }
}
