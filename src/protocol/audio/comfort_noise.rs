//! Comfort noise (RFC 3389): a peer that has nothing to say sends, instead of its background, how loud and of which colour that is.
//! It is played until the peer speaks again, so that its line does not seem dead.

use super::FRAME_SAMPLES;

/// What a packet of comfort noise may say of its colour (RFC 3389 3): reflection coefficients of an all-pole filter; ten are usual.
const COEFFICIENTS_MAX: usize = 12;
/// Nothing louder is played: background is not, and what a broken peer says shall hurt nobody.
const LOUDEST_DBOV: u8 = 30;
/// The quietest that can be said (RFC 3389 3.1).
const QUIETEST_DBOV: u8 = 127;
/// Where the noise begins. It is a sound, not chance: the same for everybody.
const SEED: u32 = 0x2545_f491;

/// A peer's background, without end.
#[derive(Debug, Clone, PartialEq)]
pub struct ComfortNoise {
    /// How far below overload, in decibels.
    below_overload_db: u8,
    coefficients: [f32; COEFFICIENTS_MAX],
    order: usize,
    /// The filter's memory.
    backward: [f32; COEFFICIENTS_MAX],
    state: u32,
}

impl ComfortNoise {
    /// As a packet's payload says; `None` of an empty one.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (level, colour) = payload.split_first()?;
        let mut coefficients = [0.0; COEFFICIENTS_MAX];
        let order = colour.len().min(COEFFICIENTS_MAX);
        for (coefficient, octet) in coefficients.iter_mut().zip(colour) {
            // RFC 3389 3.2; 255 is not used, and would make the filter ring for ever.
            *coefficient = f32::from(i16::from((*octet).min(254)) - 127) * 258.0 / 32_768.0;
        }
        // RFC 3389 3.1: the first bit is always 0.
        let below_overload_db = (level & 0x7f).max(LOUDEST_DBOV);
        Some(Self { below_overload_db, coefficients, order, backward: [0.0; COEFFICIENTS_MAX], state: SEED })
    }

    /// The payload that says the level alone.
    pub fn payload(&self) -> [u8; 1] {
        [self.below_overload_db]
    }

    /// The same background as a later packet describes it: it goes on without a seam.
    pub fn go_on_as(&mut self, said: Self) {
        *self = Self { backward: self.backward, state: self.state, ..said };
    }

    /// The next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        if self.below_overload_db >= QUIETEST_DBOV {
            out.fill(0);
            return;
        }
        let coefficients = &self.coefficients[..self.order];
        // What the filter adds is taken off before, so that the level is that of what is heard.
        let gain: f32 = coefficients.iter().map(|k| (1.0 - k * k).max(0.0)).product::<f32>().sqrt();
        let loudness = 10_f32.powf(-f32::from(self.below_overload_db) / 20.0) * f32::from(i16::MAX);
        // Even noise has a peak of the square root of 3 times its level.
        let peak = loudness * gain * 3_f32.sqrt();
        for sample in out {
            // Marsaglia's xorshift.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let mut forward = (self.state as i32 as f32 / 2_147_483_648.0) * peak;
            for i in (0..self.order).rev() {
                forward -= self.coefficients[i] * self.backward[i];
                let passed_on = self.backward[i] + self.coefficients[i] * forward;
                if let Some(next) = self.backward.get_mut(i + 1) {
                    *next = passed_on;
                }
            }
            if let Some(first) = self.backward.first_mut() {
                *first = forward;
            }
            *sample = forward.clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
        }
    }

    /// 20 ms.
    pub fn frame(&mut self) -> super::Frame {
        let mut frame = [0; FRAME_SAMPLES];
        self.fill(&mut frame);
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::audio::{SILENCE, VoiceActivity},
        types::Rng,
    };

    /// Over a second.
    fn level_dbov(noise: &mut ComfortNoise) -> f32 {
        let samples: Vec<i16> = (0..50).flat_map(|_| noise.frame()).collect();
        VoiceActivity::default().hear(&samples).level_dbov
    }

    #[test]
    fn noise_is_as_loud_as_its_packet_says_whatever_its_colour() {
        for dbov in [35_u8, 50, 65] {
            for colour in [vec![], vec![127; 10], vec![20, 200], vec![60, 150, 100, 140]] {
                let payload = [vec![dbov], colour.clone()].concat();
                let level = level_dbov(&mut ComfortNoise::read(&payload).expect("noise"));
                assert!((level + f32::from(dbov)).abs() < 1.5, "{dbov} {colour:?}: {level}");
            }
        }
    }

    #[test]
    fn nothing_is_louder_than_background_and_the_quietest_is_silence() {
        let level = level_dbov(&mut ComfortNoise::read(&[0]).expect("noise"));
        assert!((level + 30.0).abs() < 1.0, "{level}");
        assert_eq!(ComfortNoise::read(&[127]).expect("noise").frame(), SILENCE);
        assert_eq!(ComfortNoise::read(&[]), None);
    }

    /// A coefficient below zero makes neighbouring samples alike: a low murmur instead of a hiss.
    #[test]
    fn its_colour_is_heard() {
        let likeness = |colour: &[u8]| {
            let mut noise = ComfortNoise::read(&[&[40], colour].concat()).expect("noise");
            let samples: Vec<f64> = (0..50).flat_map(|_| noise.frame()).map(f64::from).collect();
            let of = |lag: usize| samples.iter().zip(&samples[lag..]).map(|(one, other)| one * other).sum::<f64>();
            of(1) / of(0)
        };
        assert!(likeness(&[]).abs() < 0.05, "{}", likeness(&[]));
        assert!(likeness(&[30]) > 0.5, "{}", likeness(&[30]));
        assert!(likeness(&[224]) < -0.5, "{}", likeness(&[224]));
    }

    #[test]
    fn any_octets_make_a_bounded_sound() {
        let mut rng = Rng::seeded(12);
        let mut noise = ComfortNoise::read(&[40]).expect("noise");
        for _ in 0..2_000 {
            let payload: Vec<u8> = (0..=rng.below(40)).map(|_| rng.next_u32() as u8).collect();
            noise.go_on_as(ComfortNoise::read(&payload).expect("noise"));
            noise.frame();
            assert!(noise.backward.iter().all(|value| value.is_finite()));
        }
    }
}
