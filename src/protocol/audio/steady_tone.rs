//! One tone that stands still: beeps, fax tones, ringing. Each 20 ms is looked at through a bank of filters; a run of frames at the
//! same frequency is a tone with a length.

use std::f32::consts::TAU;

use super::{FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE};

/// The filters in Hz: every tone that answering machines, fax machines and networks use.
const FIRST_HZ: f32 = 300.0;
/// From one filter to the next. Half of it off costs a filter 0.1 dB.
const STEP_HZ: f32 = 25.0;
/// Filters: up to 2,275 Hz.
const FILTERS: usize = 80;
/// Share of the energy that one tone must have.
const SHARE_MIN: f32 = 0.8;
/// A second tone is looked for so far from the first one.
const APART_HZ: f32 = 125.0;
/// The filters in which 440 and 480 Hz are seen, 350 to 575 Hz, and the share of the energy that they have then.
const BEATING: std::ops::RangeInclusive<usize> = 2..=11;
const BEATING_SHARE_MIN: f32 = 0.93;
/// Nothing quieter is a tone, as a mean square: -40 dBov.
const MEAN_SQUARE_MIN: f32 = 107_374.0;
/// How far a tone may move from one frame to the next, and stay the same, in filters.
const DRIFT_MAX: usize = 1;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tonality {
    /// Anything else, silence too.
    None,
    /// A single tone, by its filter.
    One(usize),
    /// Two tones that make up the frame: the network's busy and dial tones.
    Two(usize, usize),
    /// Two tones so near each other that they beat: North America's ringing tone, 440 and 480 Hz.
    Beating,
}

/// The bank of filters.
#[derive(Debug, Clone)]
pub(super) struct ToneBank {
    /// Twice the cosine of each filter's angle a sample.
    coefficients: [f32; FILTERS],
    weights: [f32; FRAME_SAMPLES],
}

impl Default for ToneBank {
    fn default() -> Self {
        let coefficient = |i: usize| 2.0 * (TAU * hertz_of(i) / SAMPLE_RATE as f32).cos();
        let weight = |i: usize| 0.54 - 0.46 * (TAU * i as f32 / (FRAME_SAMPLES - 1) as f32).cos();
        Self { coefficients: std::array::from_fn(coefficient), weights: std::array::from_fn(weight) }
    }
}

/// The middle of a filter.
pub(super) fn hertz_of(filter: usize) -> f32 {
    FIRST_HZ + STEP_HZ * filter as f32
}

impl ToneBank {
    /// What 20 ms hold.
    pub(super) fn look(&self, samples: &[i16]) -> Tonality {
        let weighted: [f32; FRAME_SAMPLES] =
            std::array::from_fn(|i| samples.get(i).map_or(0.0, |sample| f32::from(*sample) * self.weights[i]));
        let energy: f32 = weighted.iter().map(|sample| sample * sample).sum();
        let squares: f32 = self.weights.iter().map(|weight| weight * weight).sum();
        // Most frames are silence: they cost no more than this.
        if energy < MEAN_SQUARE_MIN * squares {
            return Tonality::None;
        }
        let powers = self.powers(&weighted);
        let sum: f32 = self.weights.iter().sum();
        let share = |filter: usize| 2.0 * powers[filter] * squares / (sum * sum) / energy;
        let strongest = |allowed: &dyn Fn(usize) -> bool| {
            (0..FILTERS).filter(|i| allowed(*i)).max_by(|one, other| powers[*one].total_cmp(&powers[*other])).unwrap_or(0)
        };
        let first = strongest(&|_| true);
        if share(first) >= SHARE_MIN {
            return Tonality::One(first);
        }
        let second = strongest(&|i| (hertz_of(i) - hertz_of(first)).abs() >= APART_HZ);
        if share(first) + share(second) >= SHARE_MIN && share(second) >= SHARE_MIN / 8.0 {
            return Tonality::Two(first.min(second), first.max(second));
        }
        // Parseval: filters every 25 Hz are half the bins of a transform of 320 samples, the other half is their mirror image.
        let beating: f32 = powers[BEATING].iter().sum::<f32>() * STEP_HZ * 2.0 / SAMPLE_RATE as f32;
        if beating >= BEATING_SHARE_MIN * energy { Tonality::Beating } else { Tonality::None }
    }

    /// Goertzel's recurrence at all frequencies side by side.
    fn powers(&self, samples: &[f32; FRAME_SAMPLES]) -> [f32; FILTERS] {
        let (mut last, mut before) = ([0.0_f32; FILTERS], [0.0_f32; FILTERS]);
        for sample in samples {
            for i in 0..FILTERS {
                let next = sample + self.coefficients[i] * last[i] - before[i];
                (before[i], last[i]) = (last[i], next);
            }
        }
        std::array::from_fn(|i| last[i] * last[i] + before[i] * before[i] - self.coefficients[i] * last[i] * before[i])
    }
}

/// A tone with its length so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ToneRun {
    pub(super) tonality: Tonality,
    frames: u32,
    /// Frames within it that were spoiled: a lost packet, or the reversal of the phase that an answering fax does every 450 ms
    /// (ITU-T V.25).
    spoiled: u32,
}

impl ToneRun {
    pub(super) fn begin(tonality: Tonality) -> Self {
        Self { tonality, frames: 1, spoiled: 0 }
    }

    pub(super) fn ms(&self) -> u64 {
        u64::from(self.frames) * FRAME_MS
    }

    /// The frequency of a single tone.
    pub(super) fn hertz(&self) -> Option<f32> {
        match self.tonality {
            Tonality::One(filter) => Some(hertz_of(filter)),
            Tonality::None | Tonality::Two(..) | Tonality::Beating => None,
        }
    }

    /// Whether the next frame belongs to it; if so it is counted.
    pub(super) fn goes_on(&mut self, next: Tonality, spoiled_max: u32) -> bool {
        let is_near = |one: usize, other: usize| one.abs_diff(other) <= DRIFT_MAX;
        let is_same = match (self.tonality, next) {
            (Tonality::One(one), Tonality::One(other)) => is_near(one, other),
            (Tonality::Two(one, two), Tonality::Two(other, another)) => is_near(one, other) && is_near(two, another),
            (Tonality::Beating, Tonality::Beating) => true,
            // While they beat, one of them may stand out.
            (Tonality::Beating, Tonality::One(filter)) | (Tonality::One(filter), Tonality::Beating) => {
                BEATING.contains(&filter)
            }
            (Tonality::None | Tonality::One(_) | Tonality::Two(..) | Tonality::Beating, _) => false,
        };
        if is_same {
            (self.frames, self.spoiled) = (self.frames + self.spoiled + 1, 0);
            if next == Tonality::Beating {
                self.tonality = next;
            }
        } else {
            self.spoiled += 1;
        }
        self.spoiled <= spoiled_max
    }
}
