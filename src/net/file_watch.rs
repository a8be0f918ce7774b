//! Files that are read again when they change, or when somebody asks for it (SIGHUP).

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

use crate::types::Clock;

/// How often the files are looked at.
const LOOK_EVERY_MS: u64 = 10_000;

/// Asks everybody to read their files again. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReadAgain(Arc<watch::Sender<()>>);

impl Default for ReadAgain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}

impl ReadAgain {
    /// Now.
    pub fn ask(&self) {
        self.0.send_replace(());
    }
}

/// Certain files, and how they stood when they were last looked at.
#[derive(Debug, Clone)]
pub struct FilesSeen {
    files: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
}

impl FilesSeen {
    /// As they stand now. To be made before they are read for the first time.
    pub fn now<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        let files: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
        let seen = stamps(&files);
        Self { files, seen }
    }
}

/// Waits for files to change.
#[derive(Debug)]
pub struct FileWatch {
    seen: FilesSeen,
    asked: watch::Receiver<()>,
}

/// What differs after a file was written, replaced or given to somebody else to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    octets: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileWatch {
    /// From how they stood then.
    pub fn since(seen: FilesSeen, read_again: &ReadAgain) -> Self {
        Self { seen, asked: read_again.0.subscribe() }
    }

    /// Waits until one of them is not as it was, or somebody asks.
    pub async fn changed(&mut self, clock: &dyn Clock) {
        loop {
            let is_asked = tokio::select! {
                () = clock.sleep_until(clock.now().mono + LOOK_EVERY_MS) => false,
                Ok(()) = self.asked.changed() => true,
            };
            let now = stamps(&self.seen.files);
            let is_other = now != self.seen.seen;
            self.seen.seen = now;
            if is_asked || is_other {
                return;
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = fs::metadata(file).ok()?;
    Some(Stamp {
        inode: meta.ino(),
        octets: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}
