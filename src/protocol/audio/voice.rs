//! Whether somebody speaks in 20 ms of a line, and how loud it is.
//!
//! Energy over a noise floor that follows the line: the least smoothed energy of the last second and a half, kept in sub-windows
//! (R. Martin, "Noise Power Spectral Density Estimation Based on Optimal Smoothing and Minimum Statistics", IEEE Transactions on Speech
//! and Audio Processing 9(5), 2001, on the whole band instead of on each frequency). Speech pauses at least that often, so the floor
//! does not climb into it. It costs one multiplication a sample, and does not tell speech from other sounds that change.

/// What is said of a line without any sound, in dBov.
pub const SILENCE_DBOV: f32 = -96.0;
/// Voices begin this far above the floor.
const ABOVE_FLOOR_DB: f32 = 8.0;
/// Nothing quieter is a voice: G.711's own noise and far-off talk. Speech on telephone lines is at -26 dBov (ITU-T P.56), less 20.
const VOICE_DBOV_MIN: f32 = -50.0;
/// The floor is taken for no higher than this: what is louder and never pauses is no noise of a line.
const FLOOR_DBOV_MAX: f32 = -42.0;
/// Weight of the new frame in the smoothed energy.
const SMOOTHING: f32 = 0.4;
/// Frames of a sub-window: 250 ms.
const SUB_FRAMES: u8 = 12;
/// Sub-windows that are looked back upon: 1.5 s.
const SUB_WINDOWS: usize = 6;

/// 20 ms of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// Root mean square against full scale, from [`SILENCE_DBOV`] to 0.
    pub level_dbov: f32,
    /// Whether it is louder than the line's own noise. Single frames: words and pauses have lengths that who listens decides.
    pub is_voice: bool,
}

/// Follows a line.
#[derive(Debug, Clone)]
pub struct VoiceActivity {
    smoothed: Option<f32>,
    /// The least of the present sub-window, and its frames.
    least: f32,
    frames: u8,
    /// The least of each earlier sub-window, infinite where there was none yet, and where the next one goes.
    earlier: [f32; SUB_WINDOWS],
    next: usize,
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self { smoothed: None, least: 0.0, frames: 0, earlier: [f32::INFINITY; SUB_WINDOWS], next: 0 }
    }
}

impl VoiceActivity {
    /// Takes the next 20 ms.
    pub fn hear(&mut self, samples: &[i16]) -> Voice {
        let mean = mean_square(samples);
        let level_dbov = to_dbov(mean);
        self.follow(mean);
        let floor = self.floor_dbov().min(FLOOR_DBOV_MAX);
        Voice { level_dbov, is_voice: level_dbov >= VOICE_DBOV_MIN.max(floor + ABOVE_FLOOR_DB) }
    }

    /// The line's own noise as far as it is known.
    pub fn floor_dbov(&self) -> f32 {
        let least = self.earlier.iter().copied().fold(self.least, f32::min);
        if self.smoothed.is_some() { to_dbov(least) } else { SILENCE_DBOV }
    }

    fn follow(&mut self, mean: f32) {
        let smoothed = self.smoothed.map_or(mean, |before| before + SMOOTHING * (mean - before));
        self.least = if self.frames == 0 { smoothed } else { self.least.min(smoothed) };
        self.smoothed = Some(smoothed);
        self.frames += 1;
        if self.frames == SUB_FRAMES {
            self.frames = 0;
            self.earlier[self.next] = self.least;
            self.next = (self.next + 1) % SUB_WINDOWS;
        }
    }
}

/// Root mean square against full scale, from [`SILENCE_DBOV`] to 0.
pub(super) fn level_dbov(samples: &[i16]) -> f32 {
    to_dbov(mean_square(samples))
}

fn mean_square(samples: &[i16]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    energy / samples.len().max(1) as f32
}

/// A mean square as a level against full scale.
fn to_dbov(mean_square: f32) -> f32 {
    let full = f32::from(i16::MAX).powi(2);
    (10.0 * (mean_square / full).max(f32::MIN_POSITIVE).log10()).max(SILENCE_DBOV)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        protocol::audio::{FRAME_SAMPLES, SILENCE, Tone, read_wav},
        types::Rng,
    };

    fn prompt(path: &str) -> Vec<i16> {
        read_wav(&std::fs::read(Path::new("ivr-scripts").join(path)).expect("a file")).expect("a sound")
    }

    /// Even noise of this level.
    fn noise(frames: usize, dbov: f32, rng: &mut Rng) -> Vec<i16> {
        let peak = f64::from(10_f32.powf(dbov / 20.0)) * 32_767.0 * 3_f64.sqrt();
        let at = |_| ((f64::from(rng.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0) * peak) as i16;
        (0..frames * FRAME_SAMPLES).map(at).collect()
    }

    fn heard(samples: &[i16]) -> Vec<Voice> {
        let mut activity = VoiceActivity::default();
        samples.chunks_exact(FRAME_SAMPLES).map(|frame| activity.hear(frame)).collect()
    }

    fn share(voices: &[Voice]) -> f64 {
        voices.iter().filter(|voice| voice.is_voice).count() as f64 / voices.len() as f64
    }

    #[test]
    fn a_level_is_told_against_full_scale() {
        let mut tone = Tone::new(1_000.0, i16::MAX);
        let voice = VoiceActivity::default().hear(&tone.frame());
        // A sine at full scale has 3 dB less than a square.
        assert!((voice.level_dbov + 3.01).abs() < 0.1, "{voice:?}");
        assert_eq!(VoiceActivity::default().hear(&SILENCE), Voice { level_dbov: SILENCE_DBOV, is_voice: false });
        assert_eq!(VoiceActivity::default().hear(&[]).level_dbov, SILENCE_DBOV);
    }

    #[test]
    fn noise_is_no_voice_however_long_it_lasts() {
        for dbov in [-70.0, -55.0, -45.0] {
            let voices = heard(&noise(1_000, dbov, &mut Rng::seeded(3)));
            assert!(share(&voices) < 0.005, "{dbov}: {}", share(&voices));
        }
    }

    #[test]
    fn speech_is_heard_through_noise_and_its_pauses_are_pauses() {
        for path in ["main-menu/prompts/es/menu.wav", "main-menu/prompts/en/menu.wav"] {
            let speech = prompt(path);
            let clean = heard(&speech);
            assert!((0.5..0.95).contains(&share(&clean)), "{path}: {}", share(&clean));
            for dbov in [-55.0, -48.0] {
                let hiss = noise(speech.len() / FRAME_SAMPLES + 1, dbov, &mut Rng::seeded(7));
                let mixed: Vec<i16> = speech.iter().zip(&hiss).map(|(one, other)| one.saturating_add(*other)).collect();
                let noisy = heard(&mixed);
                let same = clean.iter().zip(&noisy).filter(|(one, other)| one.is_voice == other.is_voice).count();
                assert!(same as f64 / clean.len() as f64 > 0.8, "{path} with {dbov}: {same} of {}", clean.len());
            }
        }
    }

    #[test]
    fn the_floor_follows_a_line_that_becomes_noisy() {
        let mut rng = Rng::seeded(5);
        let line = [noise(100, -70.0, &mut rng), noise(200, -48.0, &mut rng)].concat();
        let voices = heard(&line);
        assert!(share(&voices[200..]) < 0.01, "noise for two seconds is no voice any more: {}", share(&voices[200..]));
    }
}
