//! HTTPS: the administrator's certificate files, read again when they change, or a self-signed certificate made once in the data
//! folder.

use std::{
    fs,
    io::Write,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};
use axum_server::tls_rustls::RustlsConfig;

use super::{Settings, guard::Listener};
use crate::types::Clock;

/// How often the certificate files are looked at.
const LOOK_EVERY_MS: u64 = 10_000;

/// A certificate in use and the files it came from.
pub struct Tls {
    /// For the listener; changes with the files.
    pub config: RustlsConfig,
    /// Whose certificate it is.
    pub listener: Listener,
    certificate: PathBuf,
    private_key: PathBuf,
}

impl Tls {
    /// The files of the settings, or the self-signed pair in `data_dir`, made if it is not there. `advertised` is written into
    /// a self-signed certificate.
    pub async fn open(settings: &Settings, data_dir: &Path, advertised: &[IpAddr]) -> Result<Self> {
        // A second installation of the provider (by a test, or by the database driver) changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (certificate, private_key, listener) = match (&settings.certificate, &settings.private_key) {
            (Some(certificate), Some(private_key)) => (certificate.clone(), private_key.clone(), Listener::Certified),
            _ => {
                let folder = data_dir.join("tls");
                let (certificate, private_key) = (folder.join("self-signed.pem"), folder.join("self-signed.key"));
                if !certificate.exists() || !private_key.exists() {
                    make_self_signed(&folder, &certificate, &private_key, advertised)?;
                }
                (certificate, private_key, Listener::SelfSigned)
            }
        };
        let config = RustlsConfig::from_pem_file(&certificate, &private_key).await.with_context(|| {
            format!("reading the certificate {} with the key {}", certificate.display(), private_key.display())
        })?;
        Ok(Self { config, listener, certificate, private_key })
    }

    /// Reads the files again whenever one of them changed; a pair that cannot be read is told and the old one stays. Never ends.
    pub async fn watch(&self, clock: &dyn Clock) {
        let mut seen = self.changed_at();
        loop {
            clock.sleep_until(clock.now().mono + LOOK_EVERY_MS).await;
            let now = self.changed_at();
            if now == seen {
                continue;
            }
            match self.config.reload_from_pem_file(&self.certificate, &self.private_key).await {
                Ok(()) => {
                    tracing::info!(certificate = %self.certificate.display(), "certificate read again");
                    seen = now;
                }
                // Perhaps only one of the two files is there yet: look again next time.
                Err(error) => tracing::warn!(
                    certificate = %self.certificate.display(), %error,
                    "the changed certificate cannot be used; the old one stays in use"
                ),
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.private_key].map(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok())
    }
}

fn make_self_signed(folder: &Path, certificate: &Path, private_key: &Path, advertised: &[IpAddr]) -> Result<()> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(advertised.iter().map(ToString::to_string).filter(|name| name != "127.0.0.1"));
    if let Ok(host) = fs::read_to_string("/etc/hostname") {
        let host = host.trim().to_owned();
        if !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') && host != "localhost"
        {
            names.push(host);
        }
    }
    let made = rcgen::generate_simple_self_signed(names).context("making a self-signed certificate")?;
    fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    // The key first and readable by us alone from its first byte.
    write_file(private_key, &made.signing_key.serialize_pem(), 0o600)?;
    write_file(certificate, &made.cert.pem(), 0o644)
}

fn write_file(path: &Path, text: &str, mode: u32) -> Result<()> {
    let open = || fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    open().and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("writing {}", path.display()))
}
