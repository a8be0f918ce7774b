//! Keys pressed as tones in the audio itself (ITU-T Q.23), for peers that agreed on no telephone-event.
//!
//! Windows of 20 ms every 5 ms go through eight Goertzel filters. A window counts when two tones, one of each group, make up almost
//! all of its energy at a level and twist that Q.24 lets a receiver expect, without the second harmonics that voices have. Four such
//! windows in a row, whose phases turn as fast as the key's frequencies say, are a key: that is how 1.5 % off is told from 3.5 %,
//! for which windows so short are not sharp enough.

use std::f32::consts::TAU;

use super::SAMPLE_RATE;

#[cfg(test)]
mod tests;

/// The keys by low and high tone (ITU-T Q.23).
const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// The low group in Hz.
const LOW_TONES: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The high group in Hz.
const HIGH_TONES: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// Samples of a window: 20 ms. Weighted (Hamming), it keeps a tone 8 dB stronger in the other group out of sight.
const WINDOW: usize = 160;
/// Samples from one window to the next: 5 ms.
const HOP: usize = 40;
/// Good windows in a row that make a key: they fit into 40 ms wherever it begins, and not into 23 ms (Q.24: to be taken, not to
/// be taken).
const WINDOWS_WANTED: u8 = 4;
/// Other windows in a row that end a key: more than an interruption of 10 ms spoils, fewer than a pause of 30 ms has.
const WINDOWS_APART: u8 = 6;
/// Share of the energy that the two tones must have. Noise 12 dB below the tones takes 6 %; 1.5 % off at the highest key takes 17 %.
const SHARE_MIN: f32 = 0.7;
/// High over low, as power: 4 dB (Q.24, AT&T), and half a decibel for the window.
const TWIST_HIGH_MAX: f32 = 2.8;
/// Low over high: 8 dB, and half a decibel.
const TWIST_LOW_MAX: f32 = 7.1;
/// Peak of the weaker tone: -30 dBm0. Q.24 asks for -25 and forbids -55; a sine at full scale is +3.14 dBm0 (ITU-T G.711).
const AMPLITUDE_MIN: f32 = 722.0;
/// Part of a tone's power that may stand at its double: what generators and amplifiers leave is below -13 dB.
const HARMONIC_MAX: f32 = 0.05;
/// A low tone's double is looked for only so far from the high tone that this is out of the filter, in Hz.
const HARMONIC_APART_HZ: f32 = 150.0;
/// How far a tone may be off. Q.24 wants 1.5 % taken and 3.5 % refused; the notes of music are nearest to keys at 1.8 % (G5 and 770 Hz).
const OFF_MAX: f32 = 0.0175;
/// Part of the window's mean energy that each of its hops must have: a key sounds all through the window, so its length is measured.
const STEADY_MIN: f32 = 0.3;

/// The two tones of a key in Hz.
pub fn tones_of_key(key: char) -> Option<[f32; 2]> {
    let row = KEYS.iter().position(|row| row.contains(&key))?;
    let column = KEYS[row].iter().position(|other| *other == key)?;
    Some([LOW_TONES[row], HIGH_TONES[column]])
}

/// Finds keys in a stream of samples at 8 kHz.
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    /// The last window, oldest sample first.
    recent: [f32; WINDOW],
    /// Samples taken since the last look.
    fresh: usize,
    weights: [f32; WINDOW],
    run: Option<Run>,
    /// The key that sounds, until it has been away for so many windows.
    sounding: Option<Sounding>,
}

/// Good windows of one key in a row.
#[derive(Debug, Clone, Copy)]
struct Run {
    pair: (usize, usize),
    windows: u8,
    phases: [f32; 2],
    /// How far the phases have turned beyond what the key's frequencies do, since the first window.
    turned: [f32; 2],
}

#[derive(Debug, Clone, Copy)]
struct Sounding {
    key: char,
    windows_away: u8,
}

/// What a good window holds.
#[derive(Debug, Clone, Copy)]
struct Heard {
    pair: (usize, usize),
    phases: [f32; 2],
}

impl Default for DtmfDetector {
    fn default() -> Self {
        let weight = |i: usize| 0.54 - 0.46 * (TAU * i as f32 / (WINDOW - 1) as f32).cos();
        Self { recent: [0.0; WINDOW], fresh: 0, weights: std::array::from_fn(weight), run: None, sounding: None }
    }
}

impl DtmfDetector {
    /// Takes the next samples and gives the key that became certain in them, once per press. Two keys within one frame of 20 ms
    /// do not exist.
    pub fn hear(&mut self, samples: &[i16]) -> Option<char> {
        let mut pressed = None;
        let mut rest = samples;
        while !rest.is_empty() {
            let (taken, left) = rest.split_at(rest.len().min(HOP - self.fresh));
            self.recent.copy_within(taken.len().., 0);
            for (place, sample) in self.recent[WINDOW - taken.len()..].iter_mut().zip(taken) {
                *place = f32::from(*sample);
            }
            self.fresh += taken.len();
            rest = left;
            if self.fresh == HOP {
                self.fresh = 0;
                pressed = pressed.or(self.look());
            }
        }
        pressed
    }

    fn look(&mut self) -> Option<char> {
        let heard = self.heard();
        let key = heard.and_then(|heard| self.go_on(heard));
        if heard.is_none() {
            self.run = None;
        }
        if let Some(sounding) = &mut self.sounding {
            let is_back = heard.is_some_and(|heard| key_of(heard.pair) == sounding.key);
            sounding.windows_away = if is_back { 0 } else { sounding.windows_away + 1 };
            if sounding.windows_away >= WINDOWS_APART {
                self.sounding = None;
            }
        }
        let key = key.filter(|key| self.sounding.is_none_or(|sounding| sounding.key != *key))?;
        self.sounding = Some(Sounding { key, windows_away: 0 });
        Some(key)
    }

    /// Whether this window makes the key certain.
    fn go_on(&mut self, heard: Heard) -> Option<char> {
        let tones = [LOW_TONES[heard.pair.0], HIGH_TONES[heard.pair.1]];
        let run = match self.run.filter(|run| run.pair == heard.pair) {
            None => Run { pair: heard.pair, windows: 1, phases: heard.phases, turned: [0.0; 2] },
            Some(run) => {
                let turn = |i: usize| {
                    let beyond = heard.phases[i] - run.phases[i] - TAU * tones[i] * HOP as f32 / SAMPLE_RATE as f32;
                    run.turned[i] + wrapped(beyond)
                };
                Run { windows: run.windows + 1, phases: heard.phases, turned: [turn(0), turn(1)], ..run }
            }
        };
        if run.windows < WINDOWS_WANTED {
            self.run = Some(run);
            return None;
        }
        // Judged anew from here on, whatever comes of it: a tone may only be starting to be true.
        self.run = Some(Run { windows: 1, turned: [0.0; 2], ..run });
        let seconds = f32::from(WINDOWS_WANTED - 1) * HOP as f32 / SAMPLE_RATE as f32;
        let is_true = |i: usize| (run.turned[i] / TAU / seconds).abs() <= OFF_MAX * tones[i];
        (is_true(0) && is_true(1)).then(|| key_of(run.pair))
    }

    /// The two tones of the last window, if it holds a key and nothing else.
    fn heard(&self) -> Option<Heard> {
        let weighted: [f32; WINDOW] = std::array::from_fn(|i| self.recent[i] * self.weights[i]);
        let energy: f32 = weighted.iter().map(|sample| sample * sample).sum();
        let (sum, squares) = self.weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        // Most windows are silence or too quiet for a key: they cost no more than this. Two tones of amplitude a have the
        // weighted energy a² Σw².
        if energy < 2.0 * (AMPLITUDE_MIN * AMPLITUDE_MIN / 2.0) * squares {
            return None;
        }
        if !self.is_steady() {
            return None;
        }
        let found = filters(&weighted, [&LOW_TONES[..], &HIGH_TONES[..]]);
        let (low, high) = (strongest(&found[..4]), strongest(&found[4..]));
        let (low_power, high_power) = (found[low].power(), found[4 + high].power());
        // A tone of amplitude a gives the power (a Σw / 2)².
        let power_min = (AMPLITUDE_MIN * sum / 2.0).powi(2);
        let share = 2.0 * (low_power + high_power) * squares / (sum * sum) / energy;
        let is_key = share >= SHARE_MIN
            && low_power.min(high_power) >= power_min
            && high_power <= TWIST_HIGH_MAX * low_power
            && low_power <= TWIST_LOW_MAX * high_power
            && !has_harmonics(&weighted, (LOW_TONES[low], low_power), (HIGH_TONES[high], high_power));
        is_key.then(|| Heard { pair: (low, high), phases: [found[low].phase(), found[4 + high].phase()] })
    }

    fn is_steady(&self) -> bool {
        let energies = self.recent.chunks_exact(HOP).map(|hop| hop.iter().map(|sample| sample * sample).sum::<f32>());
        let mean = energies.clone().sum::<f32>() * HOP as f32 / WINDOW as f32;
        energies.into_iter().all(|energy| energy >= STEADY_MIN * mean)
    }
}

fn key_of(pair: (usize, usize)) -> char {
    KEYS[pair.0][pair.1]
}

/// What a filter found: the transform at one frequency, with the phase at the window's last sample.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    re: f32,
    im: f32,
}

impl Bin {
    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    fn phase(self) -> f32 {
        self.im.atan2(self.re)
    }
}

/// Goertzel's recurrence at eight frequencies side by side, which processors do at once.
fn filters(samples: &[f32; WINDOW], groups: [&[f32]; 2]) -> [Bin; 8] {
    let mut angles = [0.0; 8];
    for (angle, hertz) in angles.iter_mut().zip(groups.into_iter().flatten()) {
        *angle = TAU * hertz / SAMPLE_RATE as f32;
    }
    let coefficients = angles.map(|angle| 2.0 * angle.cos());
    let (mut last, mut before) = ([0.0_f32; 8], [0.0_f32; 8]);
    for sample in samples {
        let next: [f32; 8] = std::array::from_fn(|i| sample + coefficients[i] * last[i] - before[i]);
        (last, before) = (next, last);
    }
    std::array::from_fn(|i| Bin { re: last[i] - before[i] * angles[i].cos(), im: before[i] * angles[i].sin() })
}

fn strongest(bins: &[Bin]) -> usize {
    (0..bins.len()).max_by(|one, other| bins[*one].power().total_cmp(&bins[*other].power())).unwrap_or(0)
}

/// Whether something stands at the double of a tone, as with voices.
fn has_harmonics(samples: &[f32; WINDOW], low: (f32, f32), high: (f32, f32)) -> bool {
    let found = filters(samples, [&[2.0 * low.0, 2.0 * high.0], &[]]);
    let is_low_seen = (2.0 * low.0 - high.0).abs() >= HARMONIC_APART_HZ;
    // Of the stronger tone, so that the weaker one is not blamed for what the other leaves.
    let allowed = HARMONIC_MAX * low.1.max(high.1);
    (is_low_seen && found[0].power() > allowed) || found[1].power() > allowed
}

/// An angle from -π to π.
fn wrapped(angle: f32) -> f32 {
    angle - TAU * (angle / TAU + if angle < 0.0 { -0.5 } else { 0.5 }).trunc()
}
