//! What an operator may set about recordings.

use std::path::PathBuf;

use crate::types::settings::settings;

settings! {
    /// Section `recording`.
    pub struct RecordingSettings {
        /// Folder of the recordings; "recordings" in the data folder when it is not set. Every file is encrypted under the
        /// master key.
        pub folder: Option<PathBuf> = None,
        /// MiB that must be free on that folder's disk for a recording to begin. A quarter of it is left free by those that run.
        pub free_mib_min: u32 = 1_024,
        /// The same in percent of the disk, 0 to 90; whichever is more counts.
        pub free_percent_min: u16 = 2,
    }
}
