//! Recordings as samples and octets: two channels of G.711 µ-law at 8 kHz on one timeline, in chunks of a second that are sealed
//! each by itself. The left channel is what the recorded peer says, the right one what it hears.
//!
//! [`Timeline`] puts packets in their places, [`Format`](format) says what a file looks like. Files, threads and keys from chance are
//! `net/recording`'s matter.

pub mod format;
mod placing;
mod timeline;

pub use timeline::{Chunk, Sound, Timeline};

/// Channels of every recording.
pub const CHANNELS: usize = 2;
/// Frames (a sample of each channel) in a second.
pub const FRAMES_PER_SECOND: u64 = 8_000;
/// Frames of a whole chunk: one second.
pub const CHUNK_FRAMES: usize = 8_000;
/// Frames for each of which a chunk says whether the recording was paused: 20 ms.
pub const SLOT_FRAMES: usize = 160;

/// One of the two sides of a recorded leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What its peer says: the left channel.
    Said,
    /// What its peer hears: the right channel.
    Heard,
}

impl Side {
    /// Its place in a frame.
    pub const fn channel(self) -> usize {
        match self {
            Self::Said => 0,
            Self::Heard => 1,
        }
    }
}

/// Frames that pass in so many milliseconds.
pub const fn frames_of_ms(millis: u64) -> u64 {
    millis * (FRAMES_PER_SECOND / 1_000)
}

/// Milliseconds that so many frames take.
pub const fn ms_of_frames(frames: u64) -> u64 {
    frames / (FRAMES_PER_SECOND / 1_000)
}
