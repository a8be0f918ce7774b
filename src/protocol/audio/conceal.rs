//! Standing in for lost sound after ITU-T G.711 Appendix I: the last period of the voice is repeated, from 10 ms on with the one or
//! two before it so that it does not buzz, ever softer, and silent after 60 ms. What comes back is faded in over it.
//! Unlike the Appendix it delays nothing: the seam at the begin is smoothed in what follows it.

use super::pitch::{LAG_MAX, LAG_MIN, best_lag, cross_fade};

/// What is remembered: the longest three periods and one more to compare with.
const HISTORY: usize = 4 * LAG_MAX;
/// What is compared to find the period: 20 ms.
const COMPARED: usize = 160;
/// 10 ms: after each of these one more period is used, and the sound is softer by a fifth.
const STAGE: usize = 80;
/// Most periods repeated together.
const PERIODS_MAX: usize = 3;
/// Where it has become silent: 60 ms.
const SILENT_AFTER: usize = 6 * STAGE;
/// Over which the begin is smoothed: 2.5 ms.
const SEAM: usize = 20;

/// The memory of what was heard of one peer.
#[derive(Debug, Clone)]
pub(super) struct Concealer {
    history: [i16; HISTORY],
    /// Samples that have been made up since the last heard one.
    made_up: usize,
    period: usize,
    /// How far the voice is away from where its repetition begins.
    step: i32,
}

impl Default for Concealer {
    fn default() -> Self {
        Self { history: [0; HISTORY], made_up: 0, period: LAG_MAX, step: 0 }
    }
}

impl Concealer {
    /// Takes note of sound that was heard; after a gap it is faded in.
    pub(super) fn heard(&mut self, samples: &mut [i16]) {
        if self.made_up > 0 {
            // A quarter of a period, and 4 ms more for every 10 ms that were made up, to 10 ms at most; out of silence as short as
            // does not click, so that the begin of a word is not lost.
            let over = self.period / 4 + (self.made_up.div_ceil(STAGE) - 1) * 32;
            let length = if self.made_up >= SILENT_AFTER { SEAM } else { over.min(STAGE) }.min(samples.len());
            let mut made_up = [0; STAGE];
            let made_up = &mut made_up[..length];
            self.make_up(made_up);
            cross_fade(made_up, &mut samples[..length]);
            self.made_up = 0;
        }
        self.remember(samples);
    }

    /// Takes note of sound that its codec has made up or mended by itself.
    pub(super) fn remember(&mut self, samples: &[i16]) {
        let samples = samples.get(samples.len().saturating_sub(HISTORY)..).unwrap_or_default();
        self.history.copy_within(samples.len().., 0);
        self.history[HISTORY - samples.len()..].copy_from_slice(samples);
    }

    /// The last samples that were heard, the newest last.
    pub(super) fn last(&self, count: usize) -> &[i16] {
        self.history.get(HISTORY.saturating_sub(count)..).unwrap_or_default()
    }

    /// Whether the last sound was made up.
    pub(super) fn is_making_up(&self) -> bool {
        self.made_up > 0
    }

    /// Makes up what follows.
    pub(super) fn conceal(&mut self, out: &mut [i16]) {
        if self.made_up == 0 {
            self.learn();
        }
        self.make_up(out);
        self.made_up = (self.made_up + out.len()).min(SILENT_AFTER);
    }

    fn learn(&mut self) {
        let recent = &self.history[HISTORY - COMPARED..];
        let lag = best_lag(LAG_MIN, LAG_MAX, |lag| (recent, &self.history[HISTORY - COMPARED - lag..HISTORY - lag]));
        self.period = lag.map_or(LAG_MAX, |(lag, _)| lag);
        self.step = i32::from(self.history[HISTORY - 1]) - i32::from(self.history[HISTORY - 1 - self.period]);
    }

    /// What follows `made_up` samples after the last heard one. The history holds none of it: it stays the voice as it was.
    fn make_up(&self, out: &mut [i16]) {
        for (i, out) in out.iter_mut().enumerate() {
            let at = self.made_up + i;
            if at >= SILENT_AFTER {
                *out = 0;
                continue;
            }
            let periods = (at / STAGE + 1).min(PERIODS_MAX);
            let sample = i32::from(self.history[HISTORY - periods * self.period + at % (periods * self.period)]);
            let seam = if at < SEAM { self.step * (SEAM - at) as i32 / SEAM as i32 } else { 0 };
            // Full for the first 10 ms, then down by a fifth of it in every 10 ms.
            let loudness = if at < STAGE { 256 } else { 256 - (at - STAGE) as i32 * 256 / (SILENT_AFTER - STAGE) as i32 };
            *out = ((sample + seam) * loudness / 256).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::audio::{Goertzel, SILENCE, Tone, pitch::likeness},
        types::Rng,
    };

    #[test]
    fn a_lost_packet_of_a_steady_voice_is_hardly_heard() {
        for frequency in [90.0, 140.0, 233.0, 440.0, 1_000.0] {
            let (mut tone, mut concealer) = (Tone::new(frequency, 8_000), Concealer::default());
            for _ in 0..5 {
                concealer.heard(&mut tone.frame());
            }
            let (lost, mut made_up) = (tone.frame(), SILENCE);
            concealer.conceal(&mut made_up);
            assert!(likeness(&lost[..80], &made_up[..80]) > 0.9, "{frequency} Hz: {}", likeness(&lost, &made_up));
            let (sent, mut next) = (tone.frame(), tone.clone().frame());
            next.copy_from_slice(&sent);
            concealer.heard(&mut next);
            assert_eq!(sent[STAGE..], next[STAGE..], "what comes back is itself after 10 ms");
        }
    }

    #[test]
    fn nothing_is_made_up_for_longer_than_60_ms_and_nothing_out_of_silence() {
        let (mut tone, mut concealer) = (Tone::new(300.0, 8_000), Concealer::default());
        let mut made_up = SILENCE;
        concealer.conceal(&mut made_up);
        assert_eq!(made_up, SILENCE);
        concealer.heard(&mut tone.frame());
        let mut loudness = Vec::new();
        for _ in 0..4 {
            concealer.conceal(&mut made_up);
            loudness.push(made_up.iter().map(|sample| i64::from(*sample).pow(2)).sum::<i64>());
        }
        assert!(loudness.is_sorted_by(|one, other| one > other), "{loudness:?}");
        assert_eq!(loudness[3], 0);
    }

    #[test]
    fn neither_seam_clicks() {
        let (mut tone, mut concealer) = (Tone::new(200.0, 8_000), Concealer::default());
        let mut heard = Vec::new();
        for i in 0..50 {
            let mut frame = tone.frame();
            if i % 5 == 4 {
                concealer.conceal(&mut frame)
            } else {
                concealer.heard(&mut frame)
            }
            heard.extend(frame);
        }
        let steepest =
            |samples: &[i16]| samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0);
        let plain = steepest(&Tone::new(200.0, 8_000).frame());
        assert!(steepest(&heard) <= plain * 2, "{} against {plain}", steepest(&heard));
        assert!(Goertzel::share(200.0, &heard[160..]) > 0.9);
    }

    #[test]
    fn any_sound_is_survived() {
        let mut rng = Rng::seeded(6);
        let mut concealer = Concealer::default();
        for _ in 0..300 {
            let mut samples: Vec<i16> = (0..rng.below(961)).map(|_| rng.next_u32() as i16).collect();
            if rng.below(3) == 0 { concealer.conceal(&mut samples) } else { concealer.heard(&mut samples) }
        }
    }
}
