//! Seams: where what a leg hears goes over from one sound into another, from frames that are made here into packets that are passed on, or
//! back. The new sound begins where the old one ended and is on its own course 20 ms later, so that there is no step, which would click.
//!
//! Packets of G.711 stand for themselves, sample by sample, and can be changed on their way. Those of G.722 and Opus say how the sound goes on
//! from what was decoded before: to change one, all that follow would have to be decoded and encoded anew, for ever, so they are left as they
//! come. The decoder of G.722 makes of a step one of a tenth by itself. Frames that are made here are joined whatever the codec, if it is
//! known where the sound before them ended.

use super::{FRAME_SAMPLES, Frame, PAYLOAD_MAX, alaw_of, linear_of_alaw, linear_of_ulaw, ulaw_of};
use crate::{protocol::media::Codec, types::Mono};

/// A step of so little is not heard: 42 dB below the loudest sample.
const STEP_MAX: i32 = 256;
/// Where nothing has gone out for so long, in milliseconds, the far end has faded away what it heard last.
const GAP_MS_MAX: u64 = 60;

/// What a leg heard last, and whether something else begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seam {
    end: End,
    ended_at: Mono,
    is_open: bool,
}

/// Where a sound ended.
#[derive(Debug, Clone, Copy, Default)]
enum End {
    #[default]
    Unknown,
    Sample(i16),
    /// As a packet said it.
    Code(Codec, u8),
}

impl Seam {
    /// What comes next is another sound.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Whether what comes next is to be joined to what was before.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// A frame goes out that was made here.
    pub fn make(&mut self, frame: &mut Frame, now: Mono) {
        if let Some(ramp) = self.close(frame[0], FRAME_SAMPLES, now) {
            for (sample, done) in frame.iter_mut().zip(1..) {
                *sample = ramp.at(*sample, done);
            }
        }
        self.note(frame, now);
    }

    /// A frame goes out as it is.
    pub fn note(&mut self, frame: &Frame, now: Mono) {
        (self.end, self.ended_at) = (End::Sample(frame[FRAME_SAMPLES - 1]), now);
    }

    /// A packet is passed on: as it came, or joined, which is written to `room`.
    pub fn pass<'a>(&mut self, codec: Codec, payload: &'a [u8], room: &'a mut [u8; PAYLOAD_MAX], now: Mono) -> &'a [u8] {
        let passed = if self.is_open { self.join(codec, payload, room, now) } else { payload };
        (self.end, self.ended_at) = (passed.last().map_or(End::Unknown, |code| End::Code(codec, *code)), now);
        passed
    }

    fn join<'a>(&mut self, codec: Codec, payload: &'a [u8], room: &'a mut [u8; PAYLOAD_MAX], now: Mono) -> &'a [u8] {
        let code_of = match codec {
            Codec::Pcmu => ulaw_of,
            Codec::Pcma => alaw_of,
            Codec::G722 | Codec::Opus => {
                self.is_open = false;
                return payload;
            }
        };
        let (Some(first), Some(room)) = (payload.first(), room.get_mut(..payload.len())) else { return payload };
        let first = linear_of(codec, *first).unwrap_or(0);
        let Some(ramp) = self.close(first, payload.len().min(FRAME_SAMPLES), now) else { return payload };
        for ((joined, code), done) in room.iter_mut().zip(payload).zip(1..) {
            *joined = linear_of(codec, *code).map_or(*code, |sample| code_of(ramp.at(sample, done)));
        }
        room
    }

    /// How a sound that begins with this sample comes from where the last one ended to its own course, if that is to be done.
    fn close(&mut self, first: i16, over: usize, now: Mono) -> Option<Ramp> {
        if !std::mem::take(&mut self.is_open) || now.millis_since(self.ended_at) > GAP_MS_MAX {
            return None;
        }
        let last = match self.end {
            End::Unknown => None,
            End::Sample(sample) => Some(sample),
            End::Code(codec, code) => linear_of(codec, code),
        };
        let step = i32::from(last?) - i32::from(first);
        (step.abs() > STEP_MAX).then_some(Ramp { step, over: over as i32 })
    }
}

/// What a code of G.711 means; of other codecs none means anything by itself.
fn linear_of(codec: Codec, code: u8) -> Option<i16> {
    match codec {
        Codec::Pcmu => Some(linear_of_ulaw(code)),
        Codec::Pcma => Some(linear_of_alaw(code)),
        Codec::G722 | Codec::Opus => None,
    }
}

/// A step that is spread evenly over so many samples.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    step: i32,
    over: i32,
}

impl Ramp {
    /// The new sound's sample of this number, counted from 1.
    fn at(self, sample: i16, done: i32) -> i16 {
        let rest = self.step * (self.over - done).max(0) / self.over;
        (i32::from(sample) + rest).clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::{Decoder, Encoder, PACKET_SAMPLES_MAX};

    const NOW: Mono = Mono::from_millis(1_000);
    const LATER: Mono = Mono::from_millis(1_020);

    /// What is heard of a sound at this height when one at another has ended.
    fn heard(codec: Codec, before: i16, after: i16, now: Mono) -> Vec<i16> {
        let mut seam = Seam::default();
        seam.make(&mut [before; FRAME_SAMPLES], NOW);
        seam.open();
        let code = if codec == Codec::Pcma { alaw_of(after) } else { ulaw_of(after) };
        let mut room = [0; PAYLOAD_MAX];
        let passed = seam.pass(codec, &[code; FRAME_SAMPLES], &mut room, now).to_vec();
        assert!(!seam.is_open());
        passed.into_iter().filter_map(|code| linear_of(codec, code)).collect()
    }

    fn steepest(samples: &[i16]) -> i32 {
        samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_packet_begins_where_the_frame_before_it_ended_and_ends_as_it_came() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for (before, after) in [(8_031, 0), (-16_000, 8_031), (0, -12_000), (i16::MAX, i16::MIN)] {
                let joined = heard(codec, before, after, LATER);
                // A code stands for up to 1,024 of what is loudest.
                let step = i32::from(joined[0]) - i32::from(before);
                assert!(step.abs() < 1_500, "{codec:?} {before} {after}: {step}");
                assert!(steepest(&joined) <= 1_100, "{codec:?} {before} {after}: {}", steepest(&joined));
                assert!((i32::from(joined[159]) - i32::from(after)).abs() < 1_100, "{codec:?} {before} {after}");
            }
        }
    }

    #[test]
    fn a_frame_begins_where_the_packet_before_it_ended() {
        let (mut seam, mut room) = (Seam::default(), [0; PAYLOAD_MAX]);
        let loud = [ulaw_of(8_031); FRAME_SAMPLES];
        assert_eq!(seam.pass(Codec::Pcmu, &loud, &mut room, NOW), loud);
        seam.open();
        let mut frame = [0; FRAME_SAMPLES];
        seam.make(&mut frame, LATER);
        assert!((7_800..8_031).contains(&frame[0]) && frame[159] == 0 && steepest(&frame) <= 51, "{frame:?}");
        let mut next = [4_000; FRAME_SAMPLES];
        seam.make(&mut next, LATER);
        assert_eq!(next, [4_000; FRAME_SAMPLES], "once");
    }

    #[test]
    fn packets_of_g722_are_joined_by_its_decoder() {
        let (mut room, mut samples) = ([0; PAYLOAD_MAX], [0; PACKET_SAMPLES_MAX]);
        let mut decoder = Decoder::new(Codec::G722).expect("a decoder");
        let mut heard = Vec::new();
        for height in [12_000, 0, 8_000] {
            let mut encoder = Encoder::new(Codec::G722).expect("an encoder");
            for i in 0..40 {
                let length = encoder.encode(&[height; FRAME_SAMPLES], &mut room).expect("a payload");
                // Each has been encoded for a while before it is heard.
                if i >= 20 {
                    let count = decoder.decode(&room[..length], &mut samples).expect("samples");
                    heard.extend_from_slice(&samples[..count]);
                }
            }
        }
        let seams = heard.get(FRAME_SAMPLES * 10..).expect("after the decoder's own begin");
        assert!(steepest(seams) < 1_200, "a step of 12,000 became one of {}", steepest(seams));
    }

    #[test]
    fn what_needs_no_joining_or_cannot_be_joined_stays_as_it_came() {
        assert_eq!(heard(Codec::Pcmu, 0, 131, LATER), [132; FRAME_SAMPLES], "not to be heard");
        let late = Mono::from_millis(1_061);
        assert_eq!(heard(Codec::Pcmu, 8_031, 0, late), [0; FRAME_SAMPLES], "the far end has heard nothing for a while");
        let mut room = [0; PAYLOAD_MAX];
        for codec in [Codec::G722, Codec::Opus] {
            let mut seam = Seam::default();
            seam.note(&[8_000; FRAME_SAMPLES], NOW);
            seam.open();
            assert_eq!(seam.pass(codec, &[7; 40], &mut room, LATER), [7; 40]);
            seam.open();
            let mut frame = [8_000; FRAME_SAMPLES];
            seam.make(&mut frame, LATER);
            assert_eq!(frame, [8_000; FRAME_SAMPLES], "nobody knows where it ended");
        }
        let mut seam = Seam::default();
        seam.open();
        assert_eq!(seam.pass(Codec::Pcmu, &[0; 20], &mut room, NOW), [0; 20], "the first of all");
        seam.open();
        assert_eq!(seam.pass(Codec::Pcmu, &[0xff; 1_400], &mut room, NOW), [0xff; 1_400], "longer than any packet");
        assert_eq!(seam.pass(Codec::Pcmu, &[], &mut room, NOW), [0; 0]);
    }
}
