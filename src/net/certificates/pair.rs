//! A certificate and its private key, as they are read from their files.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    Error, InconsistentKeys,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use crate::{
    protocol::certificate::{host_names, not_after},
    types::{CertificateFiles, Timestamp},
};

/// Certificates of one chain.
const CHAIN_MAX: usize = 10;

/// Why a certificate cannot be shown.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the certificate {} with the key {} cannot be used: {why}", .files.chain.display(), .files.private_key.display())]
pub struct CertificateFault {
    /// Where it is.
    pub files: CertificateFiles,
    /// Why.
    pub why: String,
}

impl CertificateFault {
    pub(super) fn new(files: &CertificateFiles, why: impl Into<String>) -> Self {
        Self { files: files.clone(), why: why.into() }
    }
}

/// A certificate in use.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) names: Vec<String>,
    pub(super) not_after: Option<Timestamp>,
    /// The files hold something else by now that cannot be used.
    pub(super) is_outdated: bool,
}

impl Pair {
    pub(super) fn read(files: &CertificateFiles) -> Result<Self, CertificateFault> {
        let read = || -> Result<Self, String> {
            let chain = CertificateDer::pem_slice_iter(&octets(&files.chain)?).take(CHAIN_MAX).collect::<Result<Vec<_>, _>>();
            let chain = chain.map_err(|error| format!("{} is no PEM: {error}", files.chain.display()))?;
            let first = chain.first().ok_or_else(|| format!("{} holds no certificate", files.chain.display()))?;
            let (names, not_after) = (host_names(first), not_after(first));
            let key = PrivateKeyDer::from_pem_slice(&octets(&files.private_key)?);
            let key = key.map_err(|error| format!("{} holds no private key: {error}", files.private_key.display()))?;
            let certified = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => "the key does not belong to the certificate".into(),
                other => other.to_string(),
            })?;
            Ok(Self { certified: Arc::new(certified), names, not_after, is_outdated: false })
        };
        read().map_err(|why| CertificateFault::new(files, why))
    }

    /// Whether it is another certificate.
    pub(super) fn is_other(&self, than: &Self) -> bool {
        self.certified.cert != than.certified.cert
    }
}

fn octets(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
