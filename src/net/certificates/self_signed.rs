//! The certificate of a first start, made once in the data folder and signed by nobody else.

use std::{
    fs, io,
    io::Write as _,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::CertificateFault;
use crate::types::CertificateFiles;

/// The pair in this folder; made if it is not there, for `localhost`, this machine's name and the advertised addresses.
pub(super) fn find_or_make(folder: &Path, advertised: &[IpAddr]) -> Result<CertificateFiles, CertificateFault> {
    let files = CertificateFiles { chain: folder.join("self-signed.pem"), private_key: folder.join("self-signed.key") };
    if files.paths().all(Path::exists) {
        return Ok(files);
    }
    make(folder, &files, advertised).map_err(|why| CertificateFault::new(&files, why))?;
    Ok(files)
}

fn make(folder: &Path, files: &CertificateFiles, advertised: &[IpAddr]) -> Result<(), String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(advertised.iter().map(ToString::to_string).filter(|name| name != "127.0.0.1"));
    if let Ok(host) = fs::read_to_string("/etc/hostname") {
        let host = host.trim().to_owned();
        if !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') && host != "localhost"
        {
            names.push(host);
        }
    }
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| format!("it cannot be made: {error}"))?;
    fs::create_dir_all(folder).map_err(|error| format!("the folder cannot be made: {error}"))?;
    // The key first and readable by us alone from its first byte.
    let written = write_file(&files.private_key, &made.signing_key.serialize_pem(), 0o600)
        .and_then(|()| write_file(&files.chain, &made.cert.pem(), 0o644));
    written.map_err(|error| format!("it cannot be written: {error}"))
}

fn write_file(path: &PathBuf, text: &str, mode: u32) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}
