//! Synchronises files of recordings to the disk, on a thread of its own: what waits for a slow disk is not the writer.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use super::{RecordingStats, disk::sync_folder_of};

/// Files that wait to be synchronised; more wait with the writer.
const JOBS_MAX: usize = 256;

/// A file that is to be synchronised.
pub(super) struct SyncJob {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// With its first time the folder that names it is synchronised too.
    pub(super) is_first: bool,
    /// Which recording still goes on in it.
    pub(super) running: Option<u64>,
}

/// A recording whose file could not be synchronised.
pub(super) type SyncFault = (u64, io::Error);

/// What the thread does.
pub(super) struct Syncer {
    pub(super) jobs: Receiver<SyncJob>,
    faults: SyncSender<SyncFault>,
    stats: Arc<RecordingStats>,
    /// Whether it was said that a folder cannot be synchronised.
    has_warned: bool,
}

impl Syncer {
    /// With where files are handed over, and faults of running recordings come back. It ends when nobody can hand over any more.
    pub(super) fn new(stats: Arc<RecordingStats>) -> (Self, SyncSender<SyncJob>, Receiver<SyncFault>) {
        let (to_thread, jobs) = sync_channel(JOBS_MAX);
        let (faults, from_thread) = sync_channel(JOBS_MAX);
        (Self { jobs, faults, stats, has_warned: false }, to_thread, from_thread)
    }

    pub(super) fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            self.sync(job);
        }
    }

    pub(super) fn sync(&mut self, job: SyncJob) {
        let SyncJob { file, path, is_first, running } = job;
        let synced = file.sync_data();
        let counter = if synced.is_ok() { &self.stats.synced } else { &self.stats.sync_failed };
        counter.fetch_add(1, Ordering::Relaxed);
        if let Err(fault) = synced {
            tracing::error!(%fault, file = %path.display(), "a recording may not be on the disk as it was written");
            if let Some(recording) = running {
                // If so many have failed that there is no room, this one is tried again in ten seconds.
                let _ = self.faults.try_send((recording, fault));
            }
            return;
        }
        if is_first && let Err(fault) = sync_folder_of(&path) {
            self.stats.sync_failed.fetch_add(1, Ordering::Relaxed);
            if std::mem::replace(&mut self.has_warned, true) {
                tracing::debug!(%fault, file = %path.display(), "the folder of a recording cannot be synchronised");
            } else {
                tracing::warn!(%fault, file = %path.display(),
                    "the folder of a recording cannot be synchronised: a power cut may take files just begun; said once");
            }
        }
    }
}
