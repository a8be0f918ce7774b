//! Whoever saves and dials at once is served by what was saved: a change is answered when the live floor works by it.

use super::DirectoryDesk;
use crate::domain::directory::Directory;

/// A floor that is behind is not waited for any longer. What was saved is saved all the same, and reaches the floor when it can: the
/// answer is a success.
const TAKEN_MS_MAX: u64 = 2_000;

impl DirectoryDesk {
    /// The live floor works by the directory of this version now; `None` when there is no floor any more, and nobody waits for it.
    pub fn floor_works_by(&self, version: Option<u64>) {
        self.floor.send_replace(version);
    }

    /// Shows a directory that was saved to all who follow, and waits until the floor works by it, if there is one. Two changes may come
    /// here in another order than they were stored in: the later one stays.
    pub(in crate::app) async fn publish(&self, directory: Directory) {
        let version = directory.version;
        self.current.send_if_modified(|current| {
            let is_newer = version > current.version;
            if is_newer {
                *current = directory.into();
            }
            is_newer
        });
        let mut floor = self.floor.subscribe();
        let has_taken = floor.wait_for(|taken| taken.is_none_or(|taken| taken >= version));
        let deadline = self.clock.now().mono + TAKEN_MS_MAX;
        tokio::select! {
            biased;
            // Its sender lives as long as the desk.
            _ = has_taken => {}
            () = self.clock.sleep_until(deadline) => {
                tracing::warn!(version, waited_ms = TAKEN_MS_MAX, "what was saved has not reached the floor yet");
            }
        }
    }
}
