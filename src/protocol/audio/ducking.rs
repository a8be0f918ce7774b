//! Ducking: what a leg hears goes on more quietly while words are said over it, and comes back after them.

use super::Frame;

/// Unity, as a multiple of which gains are counted.
const FULL: i32 = 256;
/// Below words: a quarter, 12 dB less.
const LOWERED: i32 = 64;
/// Change in one frame: down and up again take 60 ms, so that neither clicks.
const STEP: i32 = 64;

/// The gain of what lies below, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ducking {
    gain: i32,
}

impl Default for Ducking {
    fn default() -> Self {
        Self { gain: FULL }
    }
}

impl Ducking {
    /// A frame below words.
    pub fn lower(&mut self, frame: &mut Frame) {
        self.go(LOWERED, frame);
    }

    /// A frame with no words over it.
    pub fn raise(&mut self, frame: &mut Frame) {
        if self.gain != FULL {
            self.go(FULL, frame);
        }
    }

    /// Whether a frame would be left as it is.
    pub fn is_raised(&self) -> bool {
        self.gain == FULL
    }

    /// Towards a gain, evenly over the frame.
    fn go(&mut self, goal: i32, frame: &mut Frame) {
        let from = self.gain;
        let change = (goal - from).clamp(-STEP, STEP);
        let length = frame.len() as i32;
        for (sample, done) in frame.iter_mut().zip(1..) {
            let gain = from + change * done / length;
            *sample = (i32::from(*sample) * gain / FULL) as i16;
        }
        self.gain = from + change;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::FRAME_SAMPLES;

    const LOUD: Frame = [16_000; FRAME_SAMPLES];

    #[test]
    fn music_goes_down_by_twelve_decibels_and_up_again_without_a_jump() {
        let mut ducking = Ducking::default();
        let mut heard = Vec::new();
        for _ in 0..6 {
            let mut frame = LOUD;
            ducking.lower(&mut frame);
            heard.extend(frame);
        }
        assert_eq!(heard.last(), Some(&4_000));
        for _ in 0..6 {
            let mut frame = LOUD;
            ducking.raise(&mut frame);
            heard.extend(frame);
        }
        assert_eq!(heard.last(), Some(&16_000));
        let jump = heard.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs()).max();
        assert!(jump < Some(150), "{jump:?}");
        assert_eq!(ducking, Ducking::default());
    }
}
