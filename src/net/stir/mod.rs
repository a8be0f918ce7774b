//! Certificates of signed caller identity (STIR): fetches those of others and checks what they signed, and signs with ours. Beside the
//! switch, which waits for none of it.

mod fetch;
mod signer;
mod verifier;

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{FileWatch, FilesSeen, ReadAgain};
use crate::types::{Clock, settings::settings};

pub use signer::StirSigner;
pub use verifier::StirVerifier;

settings! {
    /// Section `stir`.
    pub struct StirSettings {
        /// PEM file of the authorities whose certificates may sign callers' numbers. Without it no statement can be verified.
        pub trust_anchors: Option<PathBuf> = None,
        /// PEM file of certificates that are trusted for fetching over HTTPS besides the well-known ones.
        pub https_trusted: Option<PathBuf> = None,
        /// Whether certificates may be fetched from private addresses and from any port, rather than from the Internet and from
        /// 443 and 8443 alone.
        pub private_addresses: bool = false,
        /// Longest that a call waits for the check of its caller; then it goes on unverified.
        pub wait: Duration = Duration::from_secs(1),
        /// How far the time in a statement may be from ours.
        pub fresh: Duration = Duration::from_secs(60),
        /// PEM file of the private key, on the curve P-256, with which calls on trunks that say so are signed.
        pub private_key: Option<PathBuf> = None,
        /// Where others find the certificate of that key, such as "https://certificates.example.com/shaken.pem".
        pub certificate_url: Option<String> = None,
    }
}

/// Both, and the files that they were read from. Cheap to clone.
#[derive(Clone)]
pub struct Stir {
    settings: StirSettings,
    seen: FilesSeen,
    /// Checks what others sign.
    pub verifier: Arc<StirVerifier>,
    /// Signs ours; `None` without a key.
    pub signer: Option<Arc<StirSigner>>,
}

impl Stir {
    /// Of the settings.
    pub fn open(settings: &StirSettings, clock: Arc<dyn Clock>) -> Result<Self, StirFault> {
        let files = [&settings.trust_anchors, &settings.https_trusted, &settings.private_key];
        let seen = FilesSeen::now(files.into_iter().flatten().map(PathBuf::as_path));
        let signer = StirSigner::open(settings)?;
        Ok(Self { settings: settings.clone(), seen, verifier: Arc::new(StirVerifier::open(settings, clock)?), signer })
    }

    /// Reads the authorities and our key again whenever one of their files has changed or somebody asks; what cannot be used leaves
    /// what was read before. Never ends.
    pub async fn follow_files(&self, clock: &dyn Clock, read_again: &ReadAgain) {
        let settings = &self.settings;
        let mut files = FileWatch::since(self.seen.clone(), read_again);
        loop {
            files.changed(clock).await;
            let authorities = self.verifier.read_again(settings);
            let key = self.signer.as_ref().map_or(Ok(()), |signer| signer.read_again(settings));
            for fault in [authorities, key].into_iter().filter_map(Result::err) {
                tracing::error!(%fault, "what was read before stays in use: mend the file, which is noticed by itself or at SIGHUP");
            }
        }
    }
}

/// Why signed caller identity cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {} cannot be used: {why}", .file.display())]
pub struct StirFault {
    /// The setting that names the file.
    pub setting: &'static str,
    /// Which file.
    pub file: PathBuf,
    /// Why.
    pub why: String,
}
