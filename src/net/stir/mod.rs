//! Certificates of signed caller identity (STIR): fetches those of others and checks what they signed, and signs with ours. Beside the
//! switch, which waits for none of it.

mod fetch;
mod signer;
mod verifier;

use std::{path::PathBuf, time::Duration};

use crate::types::settings::settings;

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
