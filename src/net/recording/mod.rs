//! Recordings as files: what the media worker taps is written by one thread for all, and read again by whoever may. The words are
//! `protocol::media`'s, the file's format `protocol::recording`'s.
//!
//! The worker copies payloads into blocks ([`Taps`]) and hands a block over when it is full or a second old: per packet that is a
//! copy, without a lock, an allocation or a system call. The writer looks at what has come ten times a second, lays it on each
//! recording's timeline and writes a second of a recording at a time. When it falls behind, the worker runs out of
//! blocks: what finds no room is counted and missing from the recording, never waited for.
//!
//! Nothing is synchronised to the disk: what a crash of the process costs is what was open, up to three seconds; after a
//! power cut the file may end earlier, at a whole second.

mod disk;
mod reader;
mod settings;
mod sound;
#[cfg(test)]
mod stories;
mod tap;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicU64,
};

pub use reader::{RecordingFault, RecordingFile};
pub use settings::RecordingSettings;
pub use sound::{Peaks, RecordedSound};
#[cfg(test)]
pub(in crate::net) use tap::{ReturningWriter, returning_taps};
pub use tap::{Tap, Taps};
pub use writer::Recorder;

use crate::protocol::media::RecordingPart;
pub use crate::protocol::recording::format::RecordingKey;

/// For which purpose the key of recordings is derived from the master key.
pub const RECORDING_KEY_PURPOSE: &str = "recordings";
/// The folder within the data folder, unless a setting names another.
pub const RECORDINGS_FOLDER: &str = "recordings";

/// Where a part's file lies within the folder: `2026/11/22/<recording>-<part>.rec`, by the day (UTC) on which the recording was
/// begun, so that all parts of a recording lie together.
pub fn file_of_part(folder: &Path, part: RecordingPart) -> PathBuf {
    let begun = part.recording.minted_at().to_string();
    // RFC 3339: the date is before the T.
    let date = begun.split('T').next().unwrap_or_default();
    let folder = date.split('-').fold(folder.to_owned(), |folder, number| folder.join(number));
    folder.join(format!("{}-{}.rec", part.recording, part.part))
}

/// Counts since the start, except those that say now.
#[derive(Debug, Default)]
pub struct RecordingStats {
    /// Recordings going on now.
    pub running: AtomicU64,
    /// Parts that were written to their end.
    pub complete: AtomicU64,
    /// Parts that ended, or did not begin, for want of room.
    pub disk_full: AtomicU64,
    /// Parts that ended, or did not begin, because their file could not be written.
    pub write_failed: AtomicU64,
    /// Packets that are missing from recordings because the writer was behind.
    pub packets_dropped: AtomicU64,
    /// Octets written.
    pub octets: AtomicU64,
    /// Octets free on the disk of recordings now.
    pub disk_free: AtomicU64,
    /// Octets that must be free there for a recording to begin.
    pub disk_floor: AtomicU64,
}
