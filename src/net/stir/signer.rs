//! Our key for signed caller identity, read again when its file changes.

use std::{fmt, fs, path::Path, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
    sign::Signer,
};

use super::{StirFault, StirSettings};
use crate::protocol::stir::PassportSigner;

/// Signs with the key of the settings.
pub struct StirSigner {
    signer: ArcSwap<Box<dyn Signer>>,
    certificate_url: String,
}

impl fmt::Debug for StirSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StirSigner({})", self.certificate_url)
    }
}

impl StirSigner {
    /// Of the settings; `None` without a key or an address for its certificate.
    pub fn open(settings: &StirSettings) -> Result<Option<Arc<Self>>, StirFault> {
        let (Some(file), Some(url)) = (&settings.private_key, &settings.certificate_url) else { return Ok(None) };
        Ok(Some(Arc::new(Self { signer: ArcSwap::from_pointee(read(file)?), certificate_url: url.clone() })))
    }

    /// Signs with the key that the file holds now; with the one of before, if it cannot be read.
    pub fn read_again(&self, settings: &StirSettings) -> Result<(), StirFault> {
        if let Some(file) = &settings.private_key {
            self.signer.store(Arc::new(read(file)?));
        }
        Ok(())
    }
}

impl PassportSigner for StirSigner {
    fn sign(&self, signing_input: &[u8]) -> Option<Vec<u8>> {
        self.signer.load().sign(signing_input).ok()
    }

    fn certificate_url(&self) -> &str {
        &self.certificate_url
    }
}

fn read(file: &Path) -> Result<Box<dyn Signer>, StirFault> {
    signer_of(file).map_err(|why| StirFault { setting: "stir.private_key", file: file.to_owned(), why })
}

fn signer_of(file: &Path) -> Result<Box<dyn Signer>, String> {
    let pem = fs::read(file).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| error.to_string())?;
    let key = any_ecdsa_type(&key).map_err(|error| error.to_string())?;
    // RFC 8225 5.1: ES256 alone.
    key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).ok_or_else(|| "it is not on the curve P-256".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::{
            certificate::Anchors,
            stir::{Called, Claims, certificates_in, read_identity, verify, write_identity},
        },
        types::{Attestation, Timestamp},
    };

    #[test]
    fn what_we_sign_is_verified_with_the_certificate_that_openssl_made_for_the_key() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/stir");
        let settings = StirSettings {
            private_key: Some(folder.join("provider.key")),
            certificate_url: Some("https://certificates.example/provider.pem".into()),
            ..StirSettings::default()
        };
        let signer = StirSigner::open(&settings).expect("a readable key").expect("a signer");
        let claims = Claims {
            attestation: Attestation::A,
            caller: "34911000001".into(),
            called: Called { numbers: vec!["34912000000".into()] },
            issued_at: 1_800_000_000,
            origin: "123e4567-e89b-42d3-a456-426655440000".into(),
        };
        let token = claims.sign(signer.as_ref()).expect("signed");
        let passport = read_identity(&write_identity(&token, signer.certificate_url())).expect("shaken").expect("readable");
        assert_eq!(passport.claims, claims);
        let read = |name: &str| fs::read(folder.join(name)).expect("a file of the tests");
        let chain = certificates_in(&read("provider-chain.pem")).expect("certificates");
        let anchors = Anchors::read(&read("root.pem")).expect("an anchor");
        assert_eq!(verify(&passport, &chain, &anchors, Timestamp::from_millis(1_800_000_000_000)), Ok(()));
    }

    #[test]
    fn a_file_without_a_key_is_told() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/stir");
        let settings = StirSettings {
            private_key: Some(folder.join("root.pem")),
            certificate_url: Some("https://certificates.example/provider.pem".into()),
            ..StirSettings::default()
        };
        let told = StirSigner::open(&settings).expect_err("no key").to_string();
        assert!(told.starts_with("stir.private_key: ") && told.contains("root.pem"), "{told}");
    }
}
