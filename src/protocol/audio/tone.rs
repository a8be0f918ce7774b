//! Tones: one to make, one to find. They measure audio paths end to end in tests and benches, and are the ground on which
//! in-band detectors stand.

use std::f64::consts::TAU;

use super::{FRAME_SAMPLES, Frame, SAMPLE_RATE};

/// Samples of a window of the search: 50 ms, a resolution of 20 Hz.
const WINDOW: usize = 400;

/// A sine that goes on from frame to frame without a step.
#[derive(Debug, Clone)]
pub struct Tone {
    phase: f64,
    step: f64,
    amplitude: f64,
}

impl Tone {
    /// A tone of `hertz` with peaks at `amplitude` (at most 32,767).
    pub fn new(hertz: f64, amplitude: i16) -> Self {
        Self { phase: 0.0, step: TAU * hertz / f64::from(SAMPLE_RATE), amplitude: f64::from(amplitude) }
    }

    /// The next 20 ms.
    pub fn frame(&mut self) -> Frame {
        let mut frame = [0; FRAME_SAMPLES];
        for sample in &mut frame {
            *sample = (self.phase.sin() * self.amplitude).round() as i16;
            self.phase = (self.phase + self.step) % TAU;
        }
        frame
    }
}

/// How much of a sound is one frequency (Goertzel's recurrence: one bin of a Fourier transform).
#[derive(Debug, Clone, Copy)]
pub struct Goertzel;

impl Goertzel {
    /// Share of the energy of `samples` that lies at `hertz`: near 1 for a pure tone, near 0 for speech and for silence.
    pub fn share(hertz: f64, samples: &[i16]) -> f64 {
        let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        if energy < 1.0 {
            return 0.0;
        }
        let coefficient = 2.0 * (TAU * hertz / f64::from(SAMPLE_RATE)).cos();
        let (mut last, mut before) = (0.0, 0.0);
        for sample in samples {
            (last, before) = (f64::from(*sample) + coefficient * last - before, last);
        }
        let power = last.powi(2) + before.powi(2) - coefficient * last * before;
        // A sine of amplitude a over n samples has power (a n / 2)² here and energy a² n / 2.
        (power * 2.0 / (energy * samples.len() as f64)).clamp(0.0, 1.0)
    }

    /// The strongest of the frequencies from 100 to 3,800 Hz in steps of 5, or `None` if no tone stands out.
    pub fn strongest(samples: &[i16]) -> Option<f64> {
        // Short windows: a long one would be so sharp that a tone between two candidates falls through.
        let windows = samples.len() / WINDOW;
        let mean = |hertz| samples.chunks_exact(WINDOW).map(|window| Self::share(hertz, window)).sum::<f64>() / windows as f64;
        let candidates = (20..=760).map(|step| f64::from(step) * 5.0);
        let (hertz, share) =
            candidates.map(|hertz| (hertz, mean(hertz))).max_by(|(_, one), (_, other)| one.total_cmp(other))?;
        (share > 0.5).then_some(hertz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_own_frequency_only() {
        let mut tone = Tone::new(697.0, 10_000);
        let samples: Vec<i16> = (0..25).flat_map(|_| tone.frame()).collect();
        assert!(Goertzel::share(697.0, &samples) > 0.99);
        assert!(Goertzel::share(770.0, &samples) < 0.01);
        let found = Goertzel::strongest(&samples).expect("a tone");
        assert!((found - 697.0).abs() <= 5.0, "{found}");
    }

    #[test]
    fn silence_and_noise_hold_no_tone() {
        assert_eq!(Goertzel::strongest(&[0; 800]), None);
        let mut rng = crate::types::Rng::seeded(1);
        let noise: Vec<i16> = (0..800).map(|_| (rng.next_u32() >> 18) as i16 - 8_192).collect();
        assert_eq!(Goertzel::strongest(&noise), None);
    }
}
