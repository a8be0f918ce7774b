//! Audio as samples: codecs, mixing, tones, sound files. Everything inside the media plane is 8 kHz mono in frames of 20 ms,
//! because that is what telephones carry; wideband codecs are opened at that rate, which also makes them cheapest.
//! Leaves packets to `protocol::rtp` and clocks to the worker.

mod answering;
mod codec;
mod comfort_noise;
mod conceal;
mod dtmf;
mod ducking;
mod g711;
mod level_control;
mod mixer;
mod pitch;
mod playout;
mod seam;
mod steady_tone;
mod stretch;
mod tone;
mod voice;
mod wav;

pub use answering::{AnswerDetector, AnswerHeard};
pub use codec::{CodecFault, Decoder, Encoder, PACKET_SAMPLES_MAX, PAYLOAD_MAX, clock_rate, timestamp_step};
pub use comfort_noise::ComfortNoise;
pub use dtmf::{DtmfDetector, tones_of_key};
pub use ducking::Ducking;
pub use g711::{ULAW_SILENCE, alaw_of, linear_of_alaw, linear_of_ulaw, ulaw_of, ulaw_of_alaw};
pub use level_control::LevelControl;
pub use mixer::Mix;
pub use playout::Playout;
pub use seam::Seam;
pub use tone::{Goertzel, Tone};
pub use voice::{SILENCE_DBOV, Voice, VoiceActivity};
pub use wav::{WavFault, read_wav};

/// Samples per second everywhere inside.
pub const SAMPLE_RATE: u32 = 8_000;
/// Samples in a frame of 20 ms.
pub const FRAME_SAMPLES: usize = 160;
/// Milliseconds of a frame.
pub const FRAME_MS: u64 = 20;

/// 20 ms of linear 16-bit mono.
pub type Frame = [i16; FRAME_SAMPLES];

/// 20 ms of silence.
pub const SILENCE: Frame = [0; FRAME_SAMPLES];
