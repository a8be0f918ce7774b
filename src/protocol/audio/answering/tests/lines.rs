//! What a line sounds like, put together of prompts, tones and noise.

use std::{f64::consts::TAU, path::Path};

use super::*;
use crate::{protocol::audio::read_wav, types::Rng};

/// A line's sound from the answer on.
#[derive(Clone, Default)]
pub(super) struct Line(Vec<i16>);

/// A prompt of all lines.
pub(super) fn prompt(language: &str, name: &str) -> Vec<i16> {
    let path = Path::new("ivr-scripts/shared/prompts").join(language).join(name).with_extension("wav");
    read_wav(&std::fs::read(path).expect("a prompt")).expect("a sound")
}

impl Line {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn ms(&self) -> u64 {
        self.0.len() as u64 / 8
    }

    pub(super) fn quiet(mut self, ms: u64) -> Self {
        self.0.extend(std::iter::repeat_n(0, ms as usize * 8));
        self
    }

    pub(super) fn sound(mut self, samples: &[i16]) -> Self {
        self.0.extend_from_slice(samples);
        self
    }

    pub(super) fn tone(mut self, hertz: &[f64], ms: u64) -> Self {
        let at = |i: u64| hertz.iter().map(|hertz| 4_000.0 * (TAU * hertz * i as f64 / 8_000.0).sin()).sum::<f64>() as i16;
        self.0.extend((0..ms * 8).map(at));
        self
    }

    pub(super) fn louder(mut self, db: f64) -> Self {
        let factor = 10_f64.powf(db / 20.0);
        self.0.iter_mut().for_each(|sample| *sample = (f64::from(*sample) * factor).clamp(-32_768.0, 32_767.0) as i16);
        self
    }

    /// Even noise of this level.
    pub(super) fn noise(mut self, dbov: f64, rng: &mut Rng) -> Self {
        let peak = 10_f64.powf(dbov / 20.0) * 32_767.0 * 3_f64.sqrt();
        for sample in &mut self.0 {
            let hiss = (f64::from(rng.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0) * peak;
            *sample = sample.saturating_add(hiss as i16);
        }
        self
    }

    /// Packets that are lost in so many of a hundred; each is filled by the one before, at half its loudness.
    pub(super) fn lossy(mut self, percent: u64, rng: &mut Rng) -> Self {
        for start in (FRAME_SAMPLES..self.0.len().saturating_sub(FRAME_SAMPLES)).step_by(FRAME_SAMPLES) {
            if rng.below(100) < percent {
                self.0.copy_within(start - FRAME_SAMPLES..start, start);
                self.0[start..start + FRAME_SAMPLES].iter_mut().for_each(|sample| *sample /= 2);
            }
        }
        self
    }

    pub(super) fn frames(&self) -> impl Iterator<Item = Frame> {
        self.0.chunks_exact(FRAME_SAMPLES).map(|frame| frame.try_into().expect("a frame"))
    }
}
