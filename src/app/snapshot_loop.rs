//! Writes down the calls that shall outlast the process, beside the calls' own road: the switch's loop hands over what has changed
//! when there is room, in its newest state, and goes on. Deliberately absent: the database, which no call waits for, and any reading
//! but at the start.

mod file;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use self::file::SnapshotFile;
use crate::{
    switch::{SnapshotChange, Survivors},
    types::{CallId, Clock, Timestamp},
};

/// Batches that may wait. The switch keeps what finds no room, so few are enough.
const BATCHES_MAX: usize = 2;
/// A sign of life in the file tells the next process how long nobody was there.
const SIGN_EVERY_MS: u64 = 5_000;
/// After so long an absence nobody waits on the line any more, and nothing is taken up.
const ABSENCE_MS_MAX: i64 = 10 * 60_000;
/// The wall clock may have been set back a little between two processes.
const SET_BACK_MS_MAX: i64 = 60_000;

/// Changes of one moment.
#[derive(Debug)]
pub struct SnapshotBatch {
    /// When.
    pub at: Timestamp,
    /// What.
    pub changes: Vec<SnapshotChange>,
}

/// How it fares, for metrics.
#[derive(Debug, Default)]
pub struct SnapshotStatus {
    /// Calls of an earlier process that were taken up.
    pub taken_up: AtomicU64,
    /// What an earlier process had written and this one could not read: torn by a crash, or of another version.
    pub unreadable: AtomicU64,
    /// Calls and agents written down.
    pub written: AtomicU64,
    /// Batches that could not be written.
    pub failed: AtomicU64,
}

/// The file of an earlier process, read and not yet written to.
pub struct Snapshots {
    file: SnapshotFile,
    status: Arc<SnapshotStatus>,
}

impl Snapshots {
    /// Reads what an earlier process left, for this one to take up; nothing after too long an absence.
    pub async fn open(folder: &Path, now: Timestamp) -> io::Result<(Self, Survivors)> {
        let folder = folder.to_owned();
        let (mut file, found) = spawn_blocking(move || SnapshotFile::open(&folder)).await??;
        let status = Arc::new(SnapshotStatus::default());
        status.unreadable.store(found.unreadable, Relaxed);
        if found.unreadable > 0 {
            tracing::error!(count = found.unreadable, "calls of an earlier process cannot be read and are lost");
        }
        let absent_ms = found.last_sign.map_or(0, |sign| now.millis_since(sign));
        if (-SET_BACK_MS_MAX..=ABSENCE_MS_MAX).contains(&absent_ms) {
            return Ok((Self { file, status }, found.survivors));
        }
        tracing::warn!(
            absent_ms,
            calls = found.survivors.calls.len(),
            phones = found.survivors.phones.len(),
            "calls of an earlier process are too old to be taken up"
        );
        file.clear()?;
        Ok((Self { file, status }, Survivors::default()))
    }

    /// Begins to write. Only these calls of the earlier process were taken up; what else the file holds is dropped. The task ends,
    /// with everything written, when the door is gone.
    pub fn start(
        mut self,
        taken_up: &[CallId],
        clock: Arc<dyn Clock>,
    ) -> (mpsc::Sender<SnapshotBatch>, Arc<SnapshotStatus>, JoinHandle<()>) {
        self.status.taken_up.store(u64::try_from(taken_up.len()).unwrap_or(u64::MAX), Relaxed);
        if let Err(error) = self.file.keep_only(taken_up) {
            tracing::error!(%error, "the file of live calls cannot be tidied");
        }
        let (door, batches) = mpsc::channel(BATCHES_MAX);
        let status = self.status.clone();
        (door, status, tokio::spawn(self.run(batches, clock)))
    }

    async fn run(mut self, mut batches: mpsc::Receiver<SnapshotBatch>, clock: Arc<dyn Clock>) {
        loop {
            let sign_at = clock.now().mono + SIGN_EVERY_MS;
            let batch = tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => batch,
                    None => return,
                },
                () = clock.sleep_until(sign_at) => SnapshotBatch { at: clock.now().wall, changes: Vec::new() },
            };
            let (mut file, status) = (self.file, self.status.clone());
            let written = spawn_blocking(move || {
                let count = u64::try_from(batch.changes.len()).unwrap_or(u64::MAX);
                match file.write(batch) {
                    Ok(()) => _ = status.written.fetch_add(count, Relaxed),
                    Err(error) => {
                        if status.failed.fetch_add(1, Relaxed) == 0 {
                            tracing::error!(%error, "calls cannot be written down: they would not outlast a restart");
                        }
                    }
                }
                file
            });
            match written.await {
                Ok(file) => self.file = file,
                Err(error) => return tracing::error!(%error, "calls are no longer written down"),
            }
        }
    }
}

/// No call is to be taken up by the next process, because every one was ended in order; phones are where they are.
pub fn forget_calls(folder: &Path, now: Timestamp) -> io::Result<()> {
    SnapshotFile::keep_phones(folder, now)
}
