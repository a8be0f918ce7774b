//! A peer's packets as a steady sound: put in order and awaited by the jitter buffer, decoded, what is lost made up, what runs
//! ahead or behind made shorter or longer. One frame of 20 ms for every 20 ms, whatever the network does.

use super::{
    ComfortNoise, Decoder, FRAME_SAMPLES, Frame, PACKET_SAMPLES_MAX, SAMPLE_RATE, SILENCE,
    conceal::Concealer,
    pitch::LAG_MAX,
    stretch::{Stretch, stretch},
};
use crate::{
    protocol::{
        media::Codec,
        rtp::{Arrival, Jitter, Popped},
    },
    types::Mono,
};

/// Packets may wait for so much longer than wanted; more is taken out of the sound.
const AHEAD_MS: i64 = 15;
/// And for so much less; what lacks is put in.
const BEHIND_MS: i64 = -5;
/// Beyond these it is done even where it may be heard: speakers who wait too long for each other, or words that are lost.
const HASTE_AHEAD_MS: i64 = 60;
const HASTE_BEHIND_MS: i64 = -40;
/// Packets that are left alone after one was changed.
const REST: u8 = 2;
/// Opus makes sound up in units of 2.5 ms.
const UNIT: usize = 20;

/// One peer's sound while somebody needs it as samples.
pub struct Playout {
    jitter: Jitter,
    decoder: Decoder,
    concealer: Concealer,
    /// Decoded and not yet played: a packet may be longer or shorter than a frame.
    queue: Vec<i16>,
    /// Samples of the last packet, by which a lost one is measured.
    packet_samples: usize,
    rest: u8,
    /// The peer's background, while it says nothing and has told of it.
    noise: Option<ComfortNoise>,
}

impl Playout {
    /// Plays what this decoder reads.
    pub fn new(decoder: Decoder) -> Self {
        Self {
            jitter: Jitter::default(),
            decoder,
            concealer: Concealer::default(),
            queue: Vec::new(),
            packet_samples: FRAME_SAMPLES,
            rest: 0,
            noise: None,
        }
    }

    /// Which codec.
    pub fn codec(&self) -> Codec {
        self.decoder.codec()
    }

    /// The stream began anew: what waits of the old one is not played.
    pub fn restart(&mut self) {
        self.jitter.restart();
        self.noise = None;
    }

    /// Takes a packet; `false` if it came too late or twice.
    pub fn push(&mut self, arrival: Arrival, payload: &[u8]) -> bool {
        self.jitter.push(arrival, payload)
    }

    /// Takes a packet of comfort noise, which is heard from its turn on until the next packet of sound; `false` as with those.
    pub fn push_noise(&mut self, arrival: Arrival, payload: &[u8]) -> bool {
        self.jitter.push_noise(arrival, payload)
    }

    /// How long packets wait here at present, in milliseconds.
    pub fn wait_ms(&self) -> u64 {
        self.jitter.wait_ms()
    }

    /// Packets that came after their turn.
    pub fn late(&self) -> u64 {
        self.jitter.late()
    }

    /// What is heard in the 20 ms from `now` on.
    pub fn frame(&mut self, now: Mono) -> Frame {
        while self.queue.len() < FRAME_SAMPLES {
            self.play_next(now);
        }
        let mut frame = SILENCE;
        frame.copy_from_slice(&self.queue[..FRAME_SAMPLES]);
        self.queue.drain(..FRAME_SAMPLES);
        frame
    }

    /// Whether the end of that was made up because nothing had come.
    pub fn is_making_up(&self) -> bool {
        self.concealer.is_making_up()
    }

    fn play_next(&mut self, now: Mono) {
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let needed = (FRAME_SAMPLES - self.queue.len()).next_multiple_of(UNIT);
        // What is taken now is heard behind what is queued.
        let queued_ms = self.queue.len() as u64 * 1_000 / u64::from(SAMPLE_RATE);
        let (lacking, by_codec) = match self.jitter.pop(now + queued_ms) {
            Popped::Noise(payload) => {
                match (&mut self.noise, ComfortNoise::read(payload)) {
                    (Some(noise), Some(said)) => noise.go_on_as(said),
                    (noise, said) => *noise = said,
                }
                return self.play_noise(needed);
            }
            Popped::Missing(_) | Popped::Awaited | Popped::Nothing if self.noise.is_some() => return self.play_noise(needed),
            Popped::Payload(payload) => {
                self.noise = None;
                let count = self.decoder.decode(payload, &mut samples).unwrap_or(0);
                if count > 0 {
                    self.packet_samples = count;
                    let count = self.place(&mut samples, count);
                    self.queue.extend_from_slice(&samples[..count]);
                    return;
                }
                (self.packet_samples, None)
            }
            Popped::Missing(following) => {
                let lost = &mut samples[..self.packet_samples];
                let recovered = following.and_then(|payload| self.decoder.recover(payload, lost));
                (self.packet_samples, recovered.or_else(|| self.decoder.guess(lost)))
            }
            Popped::Awaited => (needed, self.decoder.guess(&mut samples[..needed])),
            // After the end of a sentence this is silence; after a stream that broke off it fades.
            Popped::Nothing => (needed, None),
        };
        let made_up = &mut samples[..by_codec.unwrap_or(lacking).min(PACKET_SAMPLES_MAX)];
        if by_codec.is_some() {
            self.concealer.remember(made_up);
        } else {
            self.concealer.conceal(made_up);
        }
        self.queue.extend_from_slice(made_up);
    }

    fn play_noise(&mut self, needed: usize) {
        let mut samples = SILENCE;
        let samples = &mut samples[..needed.min(FRAME_SAMPLES)];
        if let Some(noise) = &mut self.noise {
            noise.fill(samples);
        }
        // Faded in over what was made up while it was on its way.
        self.concealer.heard(samples);
        self.queue.extend_from_slice(samples);
    }

    /// Joins a decoded packet to what was heard before, longer or shorter if the jitter buffer is off its mark.
    fn place(&mut self, samples: &mut [i16; PACKET_SAMPLES_MAX], count: usize) -> usize {
        let mut before = [0; LAG_MAX];
        before.copy_from_slice(self.concealer.last(LAG_MAX));
        let is_after_gap = self.concealer.is_making_up();
        self.concealer.heard(&mut samples[..count]);
        if self.rest > 0 || is_after_gap {
            self.rest = self.rest.saturating_sub(1);
            return count;
        }
        let ahead_ms = self.jitter.ahead_ms();
        let how = if ahead_ms > AHEAD_MS {
            Stretch::Shorten { in_haste: ahead_ms > HASTE_AHEAD_MS }
        } else if ahead_ms < BEHIND_MS {
            Stretch::Lengthen { in_haste: ahead_ms < HASTE_BEHIND_MS }
        } else {
            return count;
        };
        let changed = stretch(how, &before, samples, count);
        if changed != count {
            self.rest = REST;
        }
        changed
    }
}

#[cfg(test)]
mod tests;
