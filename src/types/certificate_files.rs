//! Where a certificate and its private key are found, as settings name them.

use std::path::{Path, PathBuf};

use super::settings::{Raw, Setting};

/// A certificate with its chain, and its private key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate first, then those above it.
    pub chain: PathBuf,
    /// May be the same file.
    pub private_key: PathBuf,
}

impl CertificateFiles {
    /// Both files, the one file once.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let key = (self.chain != self.private_key).then_some(self.private_key.as_path());
        std::iter::once(self.chain.as_path()).chain(key)
    }
}

/// `chain.pem:key.pem`, or one file that holds both.
impl Setting for CertificateFiles {
    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text().unwrap_or_default();
        let (chain, private_key) = text.split_once(':').unwrap_or((text, text));
        if chain.is_empty() || private_key.is_empty() {
            let examples = ["/etc/centralita/b.pem:/etc/centralita/b.key", "/etc/centralita/both.pem"];
            return Err(raw.such_as("a certificate and its key", &examples));
        }
        Ok(Self { chain: chain.into(), private_key: private_key.into() })
    }

    fn show(&self) -> String {
        let paths: Vec<_> = self.paths().map(|path| path.display().to_string()).collect();
        paths.join(":").show()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_are_two_files_or_one() {
        let read = |text: &str| CertificateFiles::read(&Raw::Text(text.into()));
        let two = read("/a.pem:/a.key").expect("two files");
        assert_eq!((two.chain.to_str(), two.private_key.to_str()), (Some("/a.pem"), Some("/a.key")));
        assert_eq!(two.show(), "\"/a.pem:/a.key\"");
        assert_eq!(read("/both.pem").expect("one file").show(), "\"/both.pem\"");
        for wrong in ["", ":/a.key", "/a.pem:"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
