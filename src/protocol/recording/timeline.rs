//! One recording's time, second by second: packets go to their places in a window of two seconds, and what nothing can change any
//! more leaves it as a chunk. G.711 is placed as it comes; what has to be decoded waits until its second is closed, so that the
//! decoder sees packets in order.

use std::collections::{BTreeMap, VecDeque};

use super::{
    CHANNELS, CHUNK_FRAMES, SLOT_FRAMES, Side,
    placing::{JUMP_FRAMES, Placing, StreamClock},
};
use crate::protocol::{
    audio::{Decoder, PACKET_SAMPLES_MAX, ULAW_SILENCE, clock_rate, ulaw_of, ulaw_of_alaw},
    media::Codec,
};

/// How long a second stays open for packets that come late: 400 ms.
const PATIENCE_FRAMES: u64 = 3_200;
/// The second that is open and the one after it, which holds what comes during the patience.
const WINDOW_FRAMES: usize = 2 * CHUNK_FRAMES;
/// Payloads that wait to be decoded on one side: with more, what no late packet can precede any more is decoded before its second is
/// closed. More than the patience even of packets of 2.5 ms, the shortest there are (RFC 6716 2.1.4).
const WAITING_MAX: usize = 256;

/// A packet's audio.
#[derive(Debug, Clone, Copy)]
pub struct Sound<'a> {
    /// Who.
    pub side: Side,
    /// The payload's codec.
    pub codec: Codec,
    /// Another number whenever the stream's timestamps begin anew.
    pub stream: u32,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Payload.
    pub payload: &'a [u8],
}

/// A second that is over, or the rest at the recording's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// µ-law samples, left and right in turn.
    pub samples: &'a [u8],
    /// A bit for every 20 ms in any of which the recording was paused, the first at the lowest.
    pub paused_slots: u64,
    /// Whether something of it is silence although it should have been recorded.
    pub has_hole: bool,
}

/// The window.
pub struct Timeline {
    /// The first frame of the window.
    begin: u64,
    /// The time until which everything is known.
    now: u64,
    window: Box<[u8]>,
    sides: [SideState; CHANNELS],
    /// From and to, as frames; the last may be open.
    pauses: VecDeque<(u64, u64)>,
    /// The same of what could not be recorded.
    holes: VecDeque<(u64, u64)>,
}

#[derive(Default)]
struct SideState {
    placing: Placing,
    waiting: BTreeMap<u64, (Codec, Vec<u8>)>,
    decoder: Option<Decoder>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            begin: 0,
            now: 0,
            window: vec![ULAW_SILENCE; WINDOW_FRAMES * CHANNELS].into(),
            sides: Default::default(),
            pauses: VecDeque::new(),
            holes: VecDeque::new(),
        }
    }
}

impl Timeline {
    /// It is this frame now; every second that is over for good is given to `write`.
    pub fn advance<E>(&mut self, now: u64, mut write: impl FnMut(Chunk<'_>) -> Result<(), E>) -> Result<(), E> {
        self.now = self.now.max(now);
        while self.begin + CHUNK_FRAMES as u64 + PATIENCE_FRAMES <= self.now {
            write(self.close(CHUNK_FRAMES))?;
            self.slide();
        }
        Ok(())
    }

    /// The recording ends at this frame: gives what is left, whole seconds and then a rest shorter than one, perhaps empty.
    pub fn finish<E>(&mut self, end: u64, mut write: impl FnMut(Chunk<'_>) -> Result<(), E>) -> Result<u64, E> {
        self.advance(end, &mut write)?;
        let end = self.now;
        while self.begin + CHUNK_FRAMES as u64 <= end {
            write(self.close(CHUNK_FRAMES))?;
            self.slide();
        }
        write(self.close((end - self.begin) as usize))?;
        Ok(end)
    }

    /// The recording pauses or goes on at this frame.
    pub fn pause(&mut self, at: u64, is_paused: bool) {
        match self.pauses.back_mut() {
            Some((_, to)) if *to == u64::MAX && !is_paused => *to = at,
            Some((_, u64::MAX)) => {}
            Some(_) | None if is_paused => self.pauses.push_back((at, u64::MAX)),
            Some(_) | None => {}
        }
    }

    /// What was said and heard from this frame to that one is lost.
    pub fn miss(&mut self, from: u64, to: u64) {
        self.holes.push_back((from, to));
    }

    /// A packet that arrived at this frame, up to which the time has been advanced.
    pub fn hear(&mut self, sound: &Sound<'_>, arrival: u64) {
        let Some(side) = self.sides.get_mut(sound.side.channel()) else { return };
        let clock = StreamClock { stream: sound.stream, rate: clock_rate(sound.codec) };
        let resumed = self.pauses.iter().rev().find(|(_, to)| *to <= arrival).and_then(|(_, to)| i64::try_from(*to).ok());
        let arrival = arrival.try_into().unwrap_or(i64::MAX);
        let Some(place) = side.placing.place(clock, sound.timestamp, arrival, resumed) else { return };
        match sound.codec {
            Codec::Pcmu => self.lay(sound.side, place, sound.payload.iter().copied()),
            Codec::Pcma => self.lay(sound.side, place, sound.payload.iter().map(|code| ulaw_of_alaw(*code))),
            Codec::G722 | Codec::Opus => {
                // A packet of the first moments may belong before the begin.
                let place = u64::try_from(place).unwrap_or(0);
                side.waiting.insert(place, (sound.codec, sound.payload.to_vec()));
                if side.waiting.len() > WAITING_MAX {
                    self.decode_before(sound.side, self.now.saturating_sub(PATIENCE_FRAMES));
                    self.forget_waiting(sound.side);
                }
            }
        }
    }

    /// The first frames of the window, with everything in them that had to be decoded.
    fn close(&mut self, frames: usize) -> Chunk<'_> {
        let end = self.begin + frames as u64;
        for side in [Side::Said, Side::Heard] {
            self.decode_before(side, end);
        }
        // For a while the end of one that is over says what may have been said in it.
        self.pauses.retain(|(_, to)| to.saturating_add(JUMP_FRAMES.unsigned_abs()) > self.begin);
        let slots = (0..frames.div_ceil(SLOT_FRAMES)).filter(|slot| {
            let from = self.begin + (slot * SLOT_FRAMES) as u64;
            let to = end.min(from + SLOT_FRAMES as u64);
            self.pauses.iter().any(|(first, last)| *first < to && from < *last)
        });
        let paused_slots = slots.fold(0, |slots, slot| slots | 1 << slot);
        let has_hole = self.holes.iter().any(|(from, to)| *from < end && self.begin < *to);
        self.holes.retain(|(_, to)| *to > end);
        Chunk { samples: &self.window[..frames * CHANNELS], paused_slots, has_hole }
    }

    /// Goes on to the next second.
    fn slide(&mut self) {
        self.window.copy_within(CHUNK_FRAMES * CHANNELS.., 0);
        self.window[CHUNK_FRAMES * CHANNELS..].fill(ULAW_SILENCE);
        self.begin += CHUNK_FRAMES as u64;
    }

    /// Packets that come faster than sound are no sound: the oldest go.
    fn forget_waiting(&mut self, side: Side) {
        let Some(state) = self.sides.get_mut(side.channel()) else { return };
        while state.waiting.len() > WAITING_MAX {
            state.waiting.pop_first();
        }
    }

    fn decode_before(&mut self, side: Side, end: u64) {
        let Some(state) = self.sides.get_mut(side.channel()) else { return };
        let later = state.waiting.split_off(&end);
        let due = std::mem::replace(&mut state.waiting, later);
        for (place, (codec, payload)) in due {
            let Some(state) = self.sides.get_mut(side.channel()) else { return };
            if state.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
                state.decoder = Decoder::new(codec).ok();
            }
            let mut samples = [0; PACKET_SAMPLES_MAX];
            let decoded = state.decoder.as_mut().map(|decoder| decoder.decode(&payload, &mut samples));
            // What is no payload of its codec is heard by nobody either.
            let Some(Ok(count)) = decoded else { continue };
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            self.lay(side, place, samples[..count].iter().map(|sample| ulaw_of(*sample)));
        }
    }

    /// Lays samples where they belong, as far as that is in the window and in no pause: words of a pause that the network held up
    /// come after it.
    fn lay(&mut self, side: Side, place: i64, codes: impl ExactSizeIterator<Item = u8>) {
        let begin = i64::try_from(self.begin).unwrap_or(i64::MAX);
        let past = usize::try_from(begin.saturating_sub(place)).unwrap_or(0);
        let offset = usize::try_from(place.saturating_sub(begin)).unwrap_or(0);
        let (from, to) = (self.begin + offset as u64, self.begin + (offset + codes.len()) as u64);
        let is_paused = self.pauses.iter().any(|(first, last)| *first < to && from < *last);
        let samples = self.window.iter_mut().skip(side.channel()).step_by(CHANNELS).skip(offset);
        for (frame, (sample, code)) in (from..).zip(samples.zip(codes.skip(past))) {
            if !is_paused || !self.pauses.iter().any(|(first, last)| (*first..*last).contains(&frame)) {
                *sample = code;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::protocol::audio::{Encoder, Goertzel, PAYLOAD_MAX, Tone, linear_of_ulaw};

    const fn seconds(count: u64) -> u64 {
        count * crate::protocol::recording::FRAMES_PER_SECOND
    }

    /// Collects what a timeline writes.
    #[derive(Default)]
    struct Written {
        left: Vec<u8>,
        right: Vec<u8>,
        chunks: Vec<(usize, u64)>,
    }

    impl Written {
        fn take(&mut self, chunk: Chunk<'_>) -> Result<(), Infallible> {
            self.chunks.push((chunk.samples.len() / 2, chunk.paused_slots));
            self.left.extend(chunk.samples.iter().step_by(2));
            self.right.extend(chunk.samples.iter().skip(1).step_by(2));
            Ok(())
        }
    }

    fn sound(side: Side, codec: Codec, timestamp: u32, payload: &[u8]) -> Sound<'_> {
        Sound { side, codec, stream: 0, timestamp, payload }
    }

    #[test]
    fn both_sides_stand_where_they_were_said_and_gaps_are_silence() {
        let (mut timeline, mut written) = (Timeline::default(), Written::default());
        for number in 0..100_u64 {
            let at = number * 160;
            timeline.advance(at, |chunk| written.take(chunk)).unwrap();
            timeline.hear(&sound(Side::Heard, Codec::Pcmu, at as u32, &[7; 160]), at);
            // Of the other side every second packet is lost.
            if number % 2 == 0 {
                timeline.hear(&sound(Side::Said, Codec::Pcma, at as u32, &[0xd5; 160]), at);
            }
        }
        let end = timeline.finish(seconds(2) + 400, |chunk| written.take(chunk)).unwrap();
        assert_eq!((end, written.left.len()), (seconds(2) + 400, 16_400));
        assert_eq!(written.chunks.iter().map(|(frames, _)| *frames).collect::<Vec<_>>(), [8_000, 8_000, 400]);
        assert!(written.right[..16_000].iter().all(|code| *code == 7));
        assert!(written.right[16_000..].iter().all(|code| *code == ULAW_SILENCE));
        let alaw_zero = ulaw_of_alaw(0xd5);
        assert!(written.left[..160].iter().all(|code| *code == alaw_zero));
        assert!(written.left[160..320].iter().all(|code| *code == ULAW_SILENCE));
    }

    #[test]
    fn a_packet_that_comes_late_fills_its_gap() {
        let (mut timeline, mut written) = (Timeline::default(), Written::default());
        timeline.hear(&sound(Side::Said, Codec::Pcmu, 0, &[1; 160]), 0);
        timeline.advance(9_000, |chunk| written.take(chunk)).unwrap();
        timeline.hear(&sound(Side::Said, Codec::Pcmu, 8_900, &[3; 160]), 9_000);
        timeline.hear(&sound(Side::Said, Codec::Pcmu, 7_920, &[2; 160]), 9_000);
        timeline.finish(seconds(2), |chunk| written.take(chunk)).unwrap();
        assert_eq!(written.left[7_919..8_081], [&[ULAW_SILENCE][..], &[2; 160], &[ULAW_SILENCE]].concat(), "over two chunks");
        assert_eq!(written.left[8_900..9_060], [3; 160]);
        assert_eq!(*written.chunks.last().unwrap(), (0, 0), "an empty rest says that nothing is missing");
    }

    #[test]
    fn of_a_pause_only_its_length_is_kept_even_if_its_words_come_late() {
        let (mut timeline, mut written) = (Timeline::default(), Written::default());
        for number in 0..150_u64 {
            let at = number * 160;
            timeline.advance(at, |chunk| written.take(chunk)).unwrap();
            match at {
                4_000 => timeline.pause(at, true),
                12_000 => timeline.pause(at, false),
                _ => {}
            }
            // Arriving 100 ms after they were said.
            let said = at.saturating_sub(800) as u32;
            timeline.hear(&sound(Side::Said, Codec::Pcmu, at as u32, &[9; 160]), at);
            timeline.hear(&sound(Side::Heard, Codec::Pcmu, said, &[9; 160]), at);
        }
        timeline.finish(seconds(3), |chunk| written.take(chunk)).unwrap();
        for channel in [&written.left, &written.right] {
            assert!(channel[4_000..12_000].iter().all(|code| *code == ULAW_SILENCE));
            assert!(channel[1_000..4_000].iter().all(|code| *code == 9));
            assert!(channel[12_000..20_000].iter().all(|code| *code == 9));
        }
        let paused: Vec<u32> = written.chunks.iter().map(|(_, slots)| slots.count_ones()).collect();
        assert_eq!(paused, [25, 25, 0, 0]);
        assert_eq!(written.chunks[0].1, ((1 << 25) - 1) << 25);
    }

    #[test]
    fn what_the_network_holds_up_in_a_pause_does_not_come_after_it() {
        let (mut timeline, mut written) = (Timeline::default(), Written::default());
        for number in 0..300_u64 {
            let said = number * 160;
            // From two seconds on it takes 600 ms longer, and stays so.
            let arrival = if said < seconds(2) { said } else { said + 4_800 };
            if arrival >= seconds(1) && said < seconds(1) + 160 {
                timeline.pause(seconds(1), true);
            }
            if arrival >= seconds(4) {
                timeline.pause(seconds(4), false);
            }
            timeline.advance(arrival, |chunk| written.take(chunk)).unwrap();
            if arrival < seconds(1) || arrival >= seconds(4) {
                let code = if said < seconds(4) { 9 } else { 7 };
                timeline.hear(&sound(Side::Said, Codec::Pcmu, said as u32, &[code; 160]), arrival);
            }
        }
        timeline.finish(seconds(7), |chunk| written.take(chunk)).unwrap();
        assert!(written.left[8_000..].iter().all(|code| *code != 9), "words of the pause");
        let after = written.left[32_000..].iter().filter(|code| **code == 7).count();
        assert!(after > 14_000, "{after} frames of what was said after it");
    }

    #[test]
    fn a_second_of_which_something_is_lost_says_so() {
        let (mut timeline, mut holes) = (Timeline::default(), Vec::new());
        timeline.miss(seconds(2) + 100, seconds(4) + 100);
        let mut write = |chunk: Chunk<'_>| -> Result<(), Infallible> {
            holes.push(chunk.has_hole);
            Ok(())
        };
        timeline.advance(seconds(6), &mut write).unwrap();
        timeline.miss(seconds(6) + 10, seconds(6) + 20);
        timeline.finish(seconds(6) + 400, &mut write).unwrap();
        assert_eq!(holes, [false, false, true, true, true, false, true]);
    }

    #[test]
    fn opus_and_g722_are_decoded_in_order_whatever_the_network_does() {
        for codec in [Codec::G722, Codec::Opus] {
            let (mut timeline, mut written) = (Timeline::default(), Written::default());
            let (mut encoder, mut tone) = (Encoder::new(codec).unwrap(), Tone::new(1_000.0, 8_000));
            let mut payload = [0; PAYLOAD_MAX];
            let step = clock_rate(codec) / 50;
            let packets: Vec<(u64, u32, Vec<u8>)> = (0..150_u64)
                .map(|number| {
                    let length = encoder.encode(&tone.frame(), &mut payload).unwrap();
                    // Each second one arrives 50 ms late, behind the two after it.
                    let late = (number % 2) * 400;
                    (number * 160 + late, number as u32 * step, payload[..length].to_vec())
                })
                .collect();
            let mut arriving = packets;
            arriving.sort();
            for (arrival, timestamp, payload) in arriving {
                timeline.advance(arrival, |chunk| written.take(chunk)).unwrap();
                timeline.hear(&sound(Side::Said, codec, timestamp, &payload), arrival);
            }
            timeline.finish(seconds(3), |chunk| written.take(chunk)).unwrap();
            let heard: Vec<i16> = written.left[4_000..20_000].iter().map(|code| linear_of_ulaw(*code)).collect();
            let share = Goertzel::share(1_000.0, &heard);
            assert!(share > 0.9, "{codec:?}: {share}");
        }
    }

    #[test]
    fn of_the_shortest_packets_none_is_lost() {
        for per_frame in [2, 8] {
            let (mut timeline, mut written) = (Timeline::default(), Written::default());
            let (mut encoder, mut tone) = (Encoder::new(Codec::G722).unwrap(), Tone::new(1_000.0, 8_000));
            let mut payload = [0; PAYLOAD_MAX];
            for number in 0..200_u64 {
                let length = encoder.encode(&tone.frame(), &mut payload).unwrap();
                for (at, part) in (number * 160..).step_by(160 / per_frame).zip(payload[..length].chunks(length / per_frame)) {
                    timeline.advance(at, |chunk| written.take(chunk)).unwrap();
                    timeline.hear(&sound(Side::Said, Codec::G722, at as u32, part), at);
                }
            }
            timeline.finish(seconds(4), |chunk| written.take(chunk)).unwrap();
            let gaps = written.left.chunks(80).filter(|part| part.iter().all(|code| *code == ULAW_SILENCE)).count();
            assert!(gaps < 3, "{per_frame} packets in 20 ms: {gaps} gaps of 10 ms");
        }
    }

    #[test]
    fn any_packets_at_any_times_are_survived() {
        let mut rng = crate::types::Rng::seeded(5);
        let (mut timeline, mut written, mut now) = (Timeline::default(), Written::default(), 0);
        for _ in 0..20_000 {
            now += rng.below(400);
            timeline.advance(now, |chunk| written.take(chunk)).unwrap();
            let codec = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus][rng.below(4) as usize];
            let side = if rng.below(2) == 0 { Side::Said } else { Side::Heard };
            let payload: Vec<u8> = (0..rng.below(1_400)).map(|_| rng.next_u32() as u8).collect();
            let sound = Sound { side, codec, stream: rng.below(3) as u32, timestamp: rng.next_u32(), payload: &payload };
            timeline.hear(&sound, now);
            if rng.below(50) == 0 {
                timeline.pause(now, rng.below(2) == 0);
            }
        }
        let end = timeline.finish(now, |chunk| written.take(chunk)).unwrap();
        assert_eq!(written.left.len() as u64, end);
    }
}
