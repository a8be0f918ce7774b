//! Mixing: what a leg hears is the sum of its sources and nothing else. Who hears whom is decided above; because a leg is never
//! its own source (echo apart), every mix is already "all but me".

use super::{FRAME_SAMPLES, Frame};

/// A sum of frames, wide enough for thousands of them, that saturates only at the end.
#[derive(Debug, Clone)]
pub struct Mix {
    sum: [i32; FRAME_SAMPLES],
}

impl Default for Mix {
    fn default() -> Self {
        Self { sum: [0; FRAME_SAMPLES] }
    }
}

impl Mix {
    /// Adds a source.
    pub fn add(&mut self, frame: &Frame) {
        for (total, sample) in self.sum.iter_mut().zip(frame) {
            *total += i32::from(*sample);
        }
    }

    /// Takes a source away that was added; nothing is lost by it, since nothing has been cut off yet.
    pub fn take_away(&mut self, frame: &Frame) {
        for (total, sample) in self.sum.iter_mut().zip(frame) {
            *total -= i32::from(*sample);
        }
    }

    /// Adds samples that may stop before the end of the frame.
    pub fn add_samples(&mut self, samples: &[i16]) {
        for (total, sample) in self.sum.iter_mut().zip(samples) {
            *total += i32::from(*sample);
        }
    }

    /// The sum, cut off at the ends of the range instead of wrapping.
    pub fn frame(&self) -> Frame {
        self.sum.map(|total| total.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::SILENCE;

    #[test]
    fn two_voices_are_added_and_loud_ones_are_cut_off_not_wrapped() {
        let mut mix = Mix::default();
        mix.add(&[1_000; FRAME_SAMPLES]);
        mix.add(&[-250; FRAME_SAMPLES]);
        assert_eq!(mix.frame(), [750; FRAME_SAMPLES]);
        mix.add(&[i16::MAX; FRAME_SAMPLES]);
        assert_eq!(mix.frame(), [i16::MAX; FRAME_SAMPLES]);
        mix.take_away(&[i16::MAX; FRAME_SAMPLES]);
        assert_eq!(mix.frame(), [750; FRAME_SAMPLES], "what was cut off in between is still there");
        assert_eq!(Mix::default().frame(), SILENCE);
    }
}
