//! What an operator may set about copies of calls' audio.

use std::path::PathBuf;

use crate::types::settings::settings;

settings! {
    /// Section `forks`.
    pub struct ForkSettings {
        /// Copies of calls' audio that are sent at a time; those beyond it are tried again a little later.
        pub copies_max: u32 = 200,
        /// PEM file of authorities that are trusted with certificates of outside systems, besides those that browsers trust.
        pub trusted: Option<PathBuf> = None,
    }
}
