//! What is in the WAV file of a recording.

use centralita::protocol::audio::{DtmfDetector, FRAME_SAMPLES, Goertzel};

const HEADER: usize = 44;
/// Samples of a second of a channel.
pub const SECOND: usize = 8_000;

/// The two channels: what the customer says, and what the customer hears.
pub fn channels(wav: &[u8]) -> [Vec<i16>; 2] {
    let samples: Vec<i16> = wav[HEADER..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}

/// In how many of the half seconds of a channel this tone is what is heard.
pub fn halves_with(channel: &[i16], hertz: f64) -> usize {
    channel.chunks_exact(SECOND / 2).filter(|half| Goertzel::share(hertz, half) > 0.5).count()
}

/// The keys that sound in a channel.
pub fn keys_in(channel: &[i16]) -> String {
    let mut detector = DtmfDetector::default();
    channel.chunks(FRAME_SAMPLES).filter_map(|frame| detector.hear(frame)).collect()
}
