//! The room on the disk of recordings.

use std::{
    ffi::CString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use super::RecordingSettings;
use crate::protocol::media::RecordingEnd;

const MIB: u64 = 1 << 20;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) free: u64,
    /// What must be free for a recording to begin.
    pub(super) floor: u64,
}

impl Room {
    /// Whether a recording may begin.
    pub(super) fn is_enough(self) -> bool {
        self.free >= self.floor
    }

    /// Whether recordings that run must end: others on this disk, such as the database, need the rest.
    pub(super) fn is_used_up(self) -> bool {
        self.free < self.floor / 4
    }
}

/// The folder and its rules.
pub(super) struct Disk {
    folder: PathBuf,
    mib_min: u64,
    percent_min: u64,
    /// Octets that may still be written, for tests of a full disk.
    #[cfg(test)]
    pub(super) quota: Option<u64>,
}

impl Disk {
    pub(super) fn new(folder: PathBuf, settings: &RecordingSettings) -> Self {
        Self {
            folder,
            mib_min: settings.free_mib_min.into(),
            percent_min: settings.free_percent_min.into(),
            #[cfg(test)]
            quota: None,
        }
    }

    /// The room as it is now. On a disk that does not say there is room: a write will tell.
    pub(super) fn room(&self) -> Room {
        let (free, size) = space_of(&self.folder).unwrap_or((u64::MAX, 0));
        Room { free, floor: (self.mib_min * MIB).max(size / 100 * self.percent_min) }
    }

    /// Makes the folder, for its owner's eyes only.
    pub(super) fn prepare(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Makes a new file and the folders that it lies in. One that is there already is never touched.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    /// Appends to a file.
    pub(super) fn append(&mut self, file: &mut File, octets: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(quota) = &mut self.quota {
            *quota = quota.checked_sub(octets.len() as u64).ok_or(io::ErrorKind::StorageFull)?;
        }
        file.write_all(octets)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What a fault of the disk means for a recording.
pub(super) fn end_of(fault: &io::Error) -> RecordingEnd {
    match fault.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RecordingEnd::DiskFull,
        _ => RecordingEnd::WriteFailed,
    }
}

/// Waits until the folder that names a file is on the disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a file in which nothing is.
pub(super) fn remove(path: &Path) {
    if let Err(fault) = fs::remove_file(path) {
        tracing::debug!(%fault, file = %path.display(), "an empty recording stays on the disk");
    }
}

/// Octets free for us, and the size, of the disk that this folder is on.
fn space_of(folder: &Path) -> Option<(u64, u64)> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut figures = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a zero and the figures are written before the call returns 0.
    let figures = unsafe {
        if libc::statvfs(path.as_ptr(), figures.as_mut_ptr()) != 0 {
            return None;
        }
        figures.assume_init()
    };
    Some((figures.f_bavail.saturating_mul(figures.f_frsize), figures.f_blocks.saturating_mul(figures.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_floor_counts_and_a_quarter_of_it_is_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |free_mib_min, free_percent_min| RecordingSettings { folder: None, free_mib_min, free_percent_min };
        let room = |settings| Disk::new(folder.path().to_owned(), &settings).room();
        assert!(room(settings(0, 0)).is_enough());
        assert!(room(settings(1, 0)).floor == MIB && room(settings(0, 50)).floor > MIB);
        assert!(!room(settings(u32::MAX, 0)).is_enough());
        let room = |free| Room { free, floor: 400 };
        assert_eq!([room(400).is_enough(), room(399).is_enough()], [true, false]);
        assert_eq!([room(100).is_used_up(), room(99).is_used_up()], [false, true]);
    }
}
