//! Making sound a little longer or shorter without changing its pitch: a period of the voice is put in or taken out where it
//! repeats itself anyway, or a piece of silence. So a jitter buffer follows the network and a peer whose clock is not ours.

use super::pitch::{LAG_MAX, LAG_MIN, best_lag, cross_fade, is_quiet};

/// How long one sound goes over into the other: 5 ms.
const FADE: usize = LAG_MIN;
/// What is compared, as far as the packet holds so much: 10 ms.
const COMPARED: usize = 80;
/// A voice is left as it is unless it repeats itself like this.
const ALIKE: f32 = 0.85;
/// Enough when delay has piled up that the two speakers feel.
const ALIKE_IN_HASTE: f32 = 0.4;

/// What shall become of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Take a period out.
    Shorten { in_haste: bool },
    /// Put a period in.
    Lengthen { in_haste: bool },
}

/// Changes `samples[..count]` and returns how many there are then, at most [`LAG_MAX`] more; as many as before where the sound does
/// not allow it. `before` is what was heard before them.
pub(super) fn stretch(how: Stretch, before: &[i16], samples: &mut [i16], count: usize) -> usize {
    match how {
        Stretch::Shorten { in_haste } => shorten(in_haste, samples, count),
        Stretch::Lengthen { in_haste } => lengthen(in_haste, before, samples, count),
    }
}

fn shorten(in_haste: bool, samples: &mut [i16], count: usize) -> usize {
    let longest = LAG_MAX.min(count.saturating_sub(FADE));
    let Some(packet) = samples.get_mut(..count).filter(|_| longest >= LAG_MIN) else { return count };
    let lag = if is_quiet(packet) {
        longest
    } else {
        let compared = |lag: usize| COMPARED.min(count - lag);
        let found = best_lag(LAG_MIN, longest, |lag| (&packet[..compared(lag)], &packet[lag..lag + compared(lag)]));
        match found.filter(|(_, likeness)| *likeness >= wanted(in_haste)) {
            Some((lag, _)) => lag,
            None => return count,
        }
    };
    let mut begin = [0; FADE];
    begin.copy_from_slice(&packet[..FADE]);
    packet.copy_within(lag.., 0);
    cross_fade(&begin, &mut packet[..FADE]);
    count - lag
}

fn lengthen(in_haste: bool, before: &[i16], samples: &mut [i16], count: usize) -> usize {
    let longest = LAG_MAX.min(before.len()).min(samples.len().saturating_sub(count));
    if longest < LAG_MIN || count < FADE {
        return count;
    }
    let last = |lag: usize| &before[before.len() - lag..];
    let lag = if is_quiet(last(longest)) && is_quiet(&samples[..count]) {
        longest
    } else {
        let packet = &samples[..count];
        let found = best_lag(LAG_MIN, longest, |lag| (&packet[..lag.min(count).min(COMPARED)], last(lag)));
        match found.filter(|(_, likeness)| *likeness >= wanted(in_haste)) {
            Some((lag, _)) => lag,
            None => return count,
        }
    };
    let mut begin = [0; FADE];
    begin.copy_from_slice(&samples[..FADE]);
    samples.copy_within(..count, lag);
    samples[..lag].copy_from_slice(last(lag));
    cross_fade(&begin, &mut samples[..FADE]);
    count + lag
}

fn wanted(in_haste: bool) -> f32 {
    if in_haste { ALIKE_IN_HASTE } else { ALIKE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::audio::{FRAME_SAMPLES, Goertzel, PACKET_SAMPLES_MAX, Tone},
        types::Rng,
    };

    /// Every fifth packet of a tone is changed; what is heard, and how many samples it has gained.
    fn changed(frequency: f64, how: Stretch) -> (Vec<i16>, i64) {
        let mut tone = Tone::new(frequency, 8_000);
        let mut heard: Vec<i16> = tone.frame().to_vec();
        heard.extend(tone.frame());
        let before = heard.len();
        for i in 0..50 {
            let mut samples = [0; PACKET_SAMPLES_MAX];
            samples[..FRAME_SAMPLES].copy_from_slice(&tone.frame());
            let last = heard[heard.len() - 320..].to_vec();
            let count = if i % 5 == 0 { stretch(how, &last, &mut samples, FRAME_SAMPLES) } else { FRAME_SAMPLES };
            heard.extend_from_slice(&samples[..count]);
        }
        let gained = heard.len() as i64 - before as i64 - 50 * FRAME_SAMPLES as i64;
        (heard, gained)
    }

    #[test]
    fn a_voice_becomes_longer_or_shorter_and_neither_higher_nor_lower() {
        for frequency in [100.0, 190.0, 425.0, 1_000.0] {
            for (how, sign) in [(Stretch::Shorten { in_haste: false }, -1), (Stretch::Lengthen { in_haste: false }, 1)] {
                let (heard, gained) = changed(frequency, how);
                assert!(gained * sign >= 10 * LAG_MIN as i64, "{frequency} Hz, {how:?}: {gained}");
                let found = Goertzel::strongest(&heard).expect("a tone");
                assert!((found - frequency).abs() <= frequency * 0.02 + 5.0, "{frequency} Hz, {how:?}: {found}");
            }
        }
    }

    #[test]
    fn silence_gives_way_at_once_and_what_is_no_voice_only_in_haste() {
        let mut rng = Rng::seeded(2);
        let mut samples = [0; PACKET_SAMPLES_MAX];
        assert_eq!(stretch(Stretch::Shorten { in_haste: false }, &[0; 240], &mut samples, 160), 160 - LAG_MAX);
        assert_eq!(stretch(Stretch::Lengthen { in_haste: false }, &[0; 240], &mut samples, 160), 160 + LAG_MAX);
        samples.fill_with(|| (rng.next_u32() as i16) / 4);
        let before = samples;
        assert_eq!(stretch(Stretch::Shorten { in_haste: false }, &[0; 240], &mut samples, 160), 160);
        assert_eq!(samples, before);
    }

    #[test]
    fn packets_of_any_length_are_survived() {
        let mut rng = Rng::seeded(9);
        for _ in 0..2_000 {
            let mut samples = [0; PACKET_SAMPLES_MAX];
            samples.fill_with(|| rng.next_u32() as i16);
            let before: Vec<i16> = (0..rng.below(300)).map(|_| rng.next_u32() as i16).collect();
            let count = rng.below(PACKET_SAMPLES_MAX as u64 + 1) as usize;
            let in_haste = rng.below(2) == 0;
            let how = if rng.below(2) == 0 { Stretch::Shorten { in_haste } } else { Stretch::Lengthen { in_haste } };
            let after = stretch(how, &before, &mut samples, count);
            assert!(after <= PACKET_SAMPLES_MAX && after.abs_diff(count) <= LAG_MAX);
        }
    }
}
