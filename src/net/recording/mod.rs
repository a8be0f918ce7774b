//! Recordings as files: what media threads tap is written by one thread for all, and read again by whoever may. The words are
//! `protocol::media`'s, the file's format `protocol::recording`'s.
//!
//! The worker copies payloads into blocks ([`Taps`]) and hands a block over when it is full or a second old: per packet that is a
//! copy, without a lock, an allocation or a system call. The writer looks at what has come ten times a second, lays it on each
//! recording's timeline and writes a second of a recording at a time. When it falls behind, the worker runs out of
//! blocks: what finds no room is counted and missing from the recording, which says where, and never waited for.
//!
//! What a crash of the process costs is what was open, up to three seconds. Files are synchronised to the disk by a thread of
//! their own when they end and every ten seconds while they run, as far as the disk keeps up: after a power cut a file may end so much earlier, at
//! a whole second.

mod disk;
mod folder;
mod reader;
mod settings;
mod sound;
#[cfg(test)]
mod stories;
mod sync;
mod tap;
mod writer;

use std::sync::atomic::AtomicU64;

pub use folder::{file_of_part, files_begun_before, files_of};
pub use reader::{Gaps, RecordingFault, RecordingFile};
pub use settings::RecordingSettings;
pub use sound::{Peaks, RecordedSound};
#[cfg(test)]
pub(in crate::net) use tap::{ReturningWriter, returning_taps};
pub use tap::{Tap, TapFeed, Taps};
pub use writer::Recorder;

pub use crate::protocol::recording::format::RecordingKey;

/// For which purpose the key of recordings is derived from the master key.
pub const RECORDING_KEY_PURPOSE: &str = "recordings";
/// The folder within the data folder, unless a setting names another.
pub const RECORDINGS_FOLDER: &str = "recordings";

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
    /// Parts that did not begin: for want of room, because their file could not be made, or because the writer was buried. All but the
    /// last are counted as disk_full and write_failed too.
    pub refused: AtomicU64,
    /// Parts that came to their regular end with something missing; counted as complete too.
    pub incomplete: AtomicU64,
    /// Octets written.
    pub octets: AtomicU64,
    /// Files synchronised to the disk.
    pub synced: AtomicU64,
    /// Files, or the folders that name them, that were not: because the disk failed or was behind with more than can wait.
    pub sync_failed: AtomicU64,
    /// Octets free on the disk of recordings now.
    pub disk_free: AtomicU64,
    /// Octets that must be free there for a recording to begin.
    pub disk_floor: AtomicU64,
}
