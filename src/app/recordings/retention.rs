//! Deletes recordings when their time is over, and erases the files of those that are deleted. A legal hold keeps both.

use std::{io, sync::Arc};

use tokio::sync::watch;

use super::{RecordingDesk, RecordingsFault, blocking};
use crate::{
    net::recording::{RecordingFault, file_of_part},
    protocol::media::RecordingPart,
    store::{Lane, StoreFault, recordings},
    types::{Clock, RecordingId},
};

/// Looked for this often.
const LOOK_MS: u64 = 60_000;
/// Recordings deleted at a time; the rest at the next look.
const AT_A_TIME: i64 = 200;

/// Runs until `stopping` turns true.
pub async fn run(desk: RecordingDesk, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
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
            let count = due.len();
            let deleted: Result<(), StoreFault> = self
                .db
                .write(Lane::Background, move |tx| {
                    Box::pin(async move {
                        for id in due {
                            recordings::delete(tx, id, now, None).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            deleted?;
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

    /// Removes the files of a deleted recording.
    pub(super) async fn erase(&self, id: RecordingId) -> Result<(), RecordingsFault> {
        let Some(recording) = recordings::find(&self.db, id).await? else { return Ok(()) };
        let folder = self.folder.clone();
        blocking(move || {
            let mut erased = Ok(());
            for part in &recording.parts {
                let path = file_of_part(&folder, RecordingPart { recording: id, part: part.part });
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
