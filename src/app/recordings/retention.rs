//! Deletes recordings when their time is over, and erases the files of those that are deleted. A legal hold keeps both. Files of no
//! recording that is kept, because their beginning was never written down, go when the time of a recording of theirs would be over; but none
//! that is older than the first recording known here: it is the file of another database.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::watch;

use super::{RecordingDesk, RecordingsFault, blocking};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind},
        event::{Actor, Event},
    },
    net::recording::{RecordingFault, files_begun_before, files_of},
    store::{Lane, NewEvent, StoreFault, recordings},
    types::{Clock, RecordingId},
};

/// Looked for this often.
const LOOK_MS: u64 = 60_000;
/// Recordings deleted at a time; the rest at the next look.
const AT_A_TIME: i64 = 200;
/// Files of which nobody knows are looked for this often.
const SWEEP_MS: u64 = 3_600_000;
/// Files looked at then; the next time goes on behind them.
const FILES_PER_SWEEP: usize = 2_000;
const DAY_MS: i64 = 86_400_000;

/// Runs until `stopping` turns true.
pub async fn run(desk: RecordingDesk, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    // Not at once: whoever started on a wrong folder or database has time to notice.
    let (mut sweep_at, mut swept) = (clock.now().mono + SWEEP_MS, None);
    while !*stopping.borrow() {
        if clock.now().mono >= sweep_at {
            sweep_at = clock.now().mono + SWEEP_MS;
            match desk.sweep_orphans(swept.take()).await {
                Ok(last) => swept = last,
                Err(fault) => tracing::warn!(%fault, "files of which no recording knows are not looked for"),
            }
        }
        if let Err(fault) = desk.delete_what_is_due().await {
            tracing::warn!(%fault, "recordings whose time is over wait to be deleted");
        }
        tokio::select! {
            () = clock.sleep_until(clock.now().mono + LOOK_MS) => {}
            _ = stopping.changed() => {}
        }
    }
}

impl RecordingDesk {
    /// Deletes what is due, and erases what is deleted.
    pub async fn delete_what_is_due(&self) -> Result<(), RecordingsFault> {
        let now = self.clock.now().wall;
        let due = recordings::due(&self.db, now, AT_A_TIME).await?;
        if !due.is_empty() {
            let deleted: Result<u64, StoreFault> = self
                .db
                .write(Lane::Background, move |tx| {
                    Box::pin(async move {
                        let mut count = 0;
                        for (recording, call) in due {
                            if recordings::delete(tx, recording, now, None).await? {
                                let event = CallEvent { call, kind: CallEventKind::RecordingExpired { recording } };
                                tx.emit(NewEvent::new(now, Actor::System, Event::Call(event))).await?;
                                count += 1;
                            }
                        }
                        Ok(count)
                    })
                })
                .await;
            let count = deleted?;
            self.removed.expired.fetch_add(count, Ordering::Relaxed);
            tracing::info!(count, "recordings were deleted because their time was over");
        }
        self.erase_what_is_deleted().await
    }

    /// Erases what is deleted, behind what cannot be erased: one file that stays keeps no other.
    async fn erase_what_is_deleted(&self) -> Result<(), RecordingsFault> {
        let mut failed = 0;
        loop {
            let failed_before = failed;
            for id in recordings::to_erase(&self.db, failed, AT_A_TIME).await? {
                match self.erase(id).await {
                    Err(RecordingsFault::File(fault)) => {
                        tracing::warn!(%fault, recording = %id, "a file of a deleted recording cannot be removed");
                        failed += 1;
                    }
                    other => other?,
                }
            }
            if failed - failed_before < AT_A_TIME {
                return Ok(());
            }
        }
    }

    /// Removes files that are older than recordings are kept, but not older than the first recording that is known, and of no recording
    /// that is kept, a bounded number of them behind this one. Gives the last that was looked at; `None` at the end.
    pub(super) async fn sweep_orphans(&self, after: Option<PathBuf>) -> Result<Option<PathBuf>, RecordingsFault> {
        let keep_ms = self.directory.borrow().centre.recording.keep_days.max(1).saturating_mul(DAY_MS);
        let before = self.clock.now().wall.plus_millis(-keep_ms);
        // Files from before belong to a database that was here earlier, or to another one.
        let Some(first) = recordings::first_begun(&self.db).await? else { return Ok(None) };
        let folder = self.folder.clone();
        let files = blocking(move || {
            let found = files_begun_before(&folder, before, after.as_deref(), FILES_PER_SWEEP);
            found.map_err(|fault| RecordingFault::Unreadable { file: folder.to_path_buf(), fault }.into())
        })
        .await?;
        let last = files.last().map(|(path, _)| path.clone()).filter(|_| files.len() >= FILES_PER_SWEEP);
        for (path, id) in files {
            if id.minted_at() < first || recordings::is_kept(&self.db, id).await? {
                continue;
            }
            let file = path.display().to_string();
            match blocking(move || Ok(std::fs::remove_file(path))).await? {
                Ok(()) => {
                    self.removed.orphans.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(file, recording = %id, "a file of no recording that is kept was removed: its time would be over");
                }
                Err(fault) => tracing::warn!(%fault, file, "a file of no recording that is kept cannot be removed"),
            }
        }
        Ok(last)
    }

    /// Removes the files of a deleted recording, also of parts whose beginning was never written down.
    pub(super) async fn erase(&self, id: RecordingId) -> Result<(), RecordingsFault> {
        if recordings::find(&self.db, id).await?.is_none() {
            return Ok(());
        }
        let folder = self.folder.clone();
        blocking(move || {
            let unreadable = |fault| RecordingFault::Unreadable { file: folder.to_path_buf(), fault };
            let mut erased = Ok(());
            for path in files_of(&folder, id).map_err(unreadable)? {
                match std::fs::remove_file(&path) {
                    Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
                        erased = Err(RecordingFault::Unreadable { file: path, fault }.into());
                    }
                    Ok(()) | Err(_) => {}
                }
            }
            erased
        })
        .await?;
        let now = self.clock.now().wall;
        let done: Result<(), StoreFault> =
            self.db.write(Lane::Background, move |tx| Box::pin(recordings::erased(tx, id, now))).await;
        Ok(done?)
    }
}
