//! A leg's packets as one steady sound of two channels, live: what its peer says on the left, what it hears on the right. One message
//! for every 20 ms since the begin, whatever comes; silence where nothing does.

use crate::{
    protocol::{
        audio::{Decoder, FRAME_MS, FRAME_SAMPLES, Playout, SILENCE, clock_rate},
        media::Codec,
        recording::{CHANNELS, Side},
        rtp::Arrival,
    },
    types::Mono,
};

/// Time of a message.
pub const MESSAGE_MS: u64 = FRAME_MS;
/// Frames (a sample of each channel) in a message.
pub const MESSAGE_FRAMES: usize = FRAME_SAMPLES;
/// Messages made up at once after nobody looked for a while; what is older is left out and counted. Two seconds.
const BEHIND_MESSAGES_MAX: u64 = 100;

/// 20 ms of both channels in turn, at 8 kHz.
pub type Message = [i16; MESSAGE_FRAMES * CHANNELS];

/// A packet of one side.
#[derive(Debug, Clone, Copy)]
pub struct ForkSound<'a> {
    /// Which side.
    pub side: Side,
    /// Of its payload.
    pub codec: Codec,
    /// Another one after everything that breaks the stream: a restart, a pause.
    pub stream: u64,
    /// Extended sequence number.
    pub number: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// When it came.
    pub at: Mono,
    /// RTP payload.
    pub payload: &'a [u8],
}

/// Both sides of a leg.
pub struct Timeline {
    begun: Mono,
    /// Messages made so far, those left out included.
    messages: u64,
    left_out: u64,
    sides: [Channel; CHANNELS],
}

#[derive(Default)]
struct Channel {
    playout: Option<Playout>,
    stream: u64,
}

impl Timeline {
    /// A sound that begins now.
    pub fn new(begun: Mono) -> Self {
        Self { begun, messages: 0, left_out: 0, sides: Default::default() }
    }

    /// How far it has come, in milliseconds from its begin.
    pub fn at_ms(&self) -> u64 {
        self.messages * MESSAGE_MS
    }

    /// Messages that were left out because nobody looked.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// A packet. Packets come in the order of their arrival; what was before this one's is made up.
    pub fn hear(&mut self, sound: &ForkSound<'_>, emit: impl FnMut(u64, &Message)) {
        self.advance(sound.at, emit);
        let channel = &mut self.sides[sound.side.channel()];
        if channel.playout.as_ref().is_none_or(|playout| playout.codec() != sound.codec) {
            // One that there is no decoder for is not heard.
            channel.playout = Decoder::new(sound.codec).ok().map(Playout::new);
            channel.stream = sound.stream;
        }
        let Some(playout) = &mut channel.playout else { return };
        if channel.stream != sound.stream {
            playout.restart();
            channel.stream = sound.stream;
        }
        let arrival =
            Arrival { number: sound.number, timestamp: sound.timestamp, clock_rate: clock_rate(sound.codec), at: sound.at };
        playout.push(arrival, sound.payload);
    }

    /// Makes the messages of the time until then, each with the moment at which it begins, in milliseconds from the begin of all.
    pub fn advance(&mut self, until: Mono, mut emit: impl FnMut(u64, &Message)) {
        let due = until.millis_since(self.begun) / MESSAGE_MS;
        if due > self.messages + BEHIND_MESSAGES_MAX {
            self.left_out += due - BEHIND_MESSAGES_MAX - self.messages;
            self.messages = due - BEHIND_MESSAGES_MAX;
        }
        while self.messages < due {
            let at_ms = self.at_ms();
            self.messages += 1;
            let [left, right] = self.sides.each_mut().map(|channel| match &mut channel.playout {
                Some(playout) => playout.frame(self.begun + at_ms),
                None => SILENCE,
            });
            let mut message = [0; MESSAGE_FRAMES * CHANNELS];
            for (frame, (left, right)) in message.chunks_exact_mut(CHANNELS).zip(left.into_iter().zip(right)) {
                frame.copy_from_slice(&[left, right]);
            }
            emit(at_ms, &message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::{Encoder, Goertzel, PAYLOAD_MAX, Tone};

    const BEGUN: Mono = Mono::from_millis(5_000);

    /// 20 ms packets of a tone on one side.
    struct Speaker {
        side: Side,
        codec: Codec,
        encoder: Encoder,
        tone: Tone,
    }

    impl Speaker {
        fn new(side: Side, codec: Codec, hertz: f64) -> Self {
            Self { side, codec, encoder: Encoder::new(codec).unwrap(), tone: Tone::new(hertz, 8_000) }
        }

        fn say(&mut self, timeline: &mut Timeline, number: u64, stream: u64, delay_ms: u64, heard: &mut Vec<Message>) {
            let mut payload = [0; PAYLOAD_MAX];
            let length = self.encoder.encode(&self.tone.frame(), &mut payload).unwrap();
            let sound = ForkSound {
                side: self.side,
                codec: self.codec,
                stream,
                number,
                timestamp: (number as u32).wrapping_mul(clock_rate(self.codec) / 50),
                at: BEGUN + number * 20 + delay_ms,
                payload: &payload[..length],
            };
            timeline.hear(&sound, |_, message| heard.push(*message));
        }
    }

    fn channel(heard: &[Message], channel: usize) -> Vec<i16> {
        heard.iter().flat_map(|message| message.iter().skip(channel).step_by(CHANNELS).copied()).collect()
    }

    #[test]
    fn each_side_is_on_its_channel_whatever_its_codec() {
        for (left, right) in [(Codec::Pcmu, Codec::Opus), (Codec::G722, Codec::Pcma)] {
            let mut timeline = Timeline::new(BEGUN);
            let mut heard = Vec::new();
            let mut speakers = [Speaker::new(Side::Said, left, 440.0), Speaker::new(Side::Heard, right, 1_000.0)];
            for number in 0..150 {
                for speaker in &mut speakers {
                    speaker.say(&mut timeline, number, 1, 0, &mut heard);
                }
            }
            timeline.advance(BEGUN + 3_000, |_, message| heard.push(*message));
            assert_eq!((heard.len(), timeline.at_ms()), (150, 3_000));
            for (index, hertz, other) in [(0, 440.0, 1_000.0), (1, 1_000.0, 440.0)] {
                let sound = &channel(&heard, index)[8_000..];
                assert!(Goertzel::share(hertz, sound) > 0.9, "{left:?} {right:?}: {}", Goertzel::share(hertz, sound));
                assert!(Goertzel::share(other, sound) < 0.05);
            }
        }
    }

    #[test]
    fn where_no_packet_comes_there_is_silence_and_time_goes_on() {
        let mut timeline = Timeline::new(BEGUN);
        let mut heard = Vec::new();
        let mut speaker = Speaker::new(Side::Said, Codec::Pcmu, 440.0);
        for number in 0..50 {
            speaker.say(&mut timeline, number, 1, 0, &mut heard);
        }
        // A pause in which the peer's stream goes on elsewhere, a little shorter than what is made up at once.
        for number in 140..200 {
            speaker.say(&mut timeline, number, 2, 0, &mut heard);
        }
        timeline.advance(BEGUN + 4_000, |_, message| heard.push(*message));
        assert_eq!((heard.len(), timeline.left_out()), (200, 0));
        let sound = channel(&heard, 0);
        assert!(sound[11_000..22_000].iter().all(|sample| *sample == 0), "silence in the pause");
        assert!(Goertzel::share(440.0, &sound[2_000..8_000]) > 0.9);
        assert!(Goertzel::share(440.0, &sound[26_000..31_000]) > 0.9, "and the sound after it");
        assert!(channel(&heard, 1).iter().all(|sample| *sample == 0));
    }

    #[test]
    fn packets_out_of_order_sound_in_theirs() {
        let mut timeline = Timeline::new(BEGUN);
        let mut heard = Vec::new();
        let mut speaker = Speaker::new(Side::Said, Codec::Pcmu, 440.0);
        let mut late: Option<(u64, Vec<u8>)> = None;
        for number in 0..150_u64 {
            let mut payload = [0; PAYLOAD_MAX];
            let length = speaker.encoder.encode(&speaker.tone.frame(), &mut payload).unwrap();
            let mut push = |number: u64, at: Mono, payload: &[u8]| {
                let timestamp = number as u32 * 160;
                let sound = ForkSound { side: Side::Said, codec: Codec::Pcmu, stream: 1, number, timestamp, at, payload };
                timeline.hear(&sound, |_, message| heard.push(*message));
            };
            // Each second one comes behind the one after it.
            if number % 2 == 0 {
                late = Some((number, payload[..length].to_vec()));
                continue;
            }
            push(number, BEGUN + number * 20, &payload[..length]);
            if let Some((number, payload)) = late.take() {
                push(number, BEGUN + (number + 1) * 20 + 1, &payload);
            }
        }
        let sound = channel(&heard, 0);
        assert!(Goertzel::share(440.0, &sound[8_000..]) > 0.9, "{}", Goertzel::share(440.0, &sound[8_000..]));
    }

    #[test]
    fn who_looks_too_seldom_is_told_how_much_is_missing() {
        let mut timeline = Timeline::new(BEGUN);
        let mut count = 0;
        timeline.advance(BEGUN + 10_000, |_, _| count += 1);
        assert_eq!((count, timeline.left_out(), timeline.at_ms()), (100, 400, 10_000));
    }

    #[test]
    fn any_packets_at_any_times_are_survived() {
        let mut rng = crate::types::Rng::seeded(5);
        let (mut timeline, mut now, mut count) = (Timeline::new(BEGUN), BEGUN, 0_u64);
        for _ in 0..20_000 {
            now = now + rng.below(50);
            let payload: Vec<u8> = (0..rng.below(1_400)).map(|_| rng.next_u32() as u8).collect();
            let sound = ForkSound {
                side: if rng.below(2) == 0 { Side::Said } else { Side::Heard },
                codec: [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus][rng.below(4) as usize],
                stream: rng.below(3),
                number: rng.below(1_000),
                timestamp: rng.next_u32(),
                at: now,
                payload: &payload,
            };
            timeline.hear(&sound, |_, _| count += 1);
        }
        assert_eq!((count + timeline.left_out()) * MESSAGE_MS, timeline.at_ms());
    }
}
