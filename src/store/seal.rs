//! Seals what a copy of the database must not give away: a digest hash (HA1) is as good as the password it was made of. AES-256-GCM
//! under a master key that lies in a file apart from the database; each sealed text is bound to its row and names its key.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};

use super::OpenFault;

/// The key's file in the data folder, unless a setting names another.
pub const MASTER_KEY_FILE: &str = "master.key";
const KEY_OCTETS: usize = 32;
/// Octets of the key's hash that name it.
const ID_OCTETS: usize = 8;

/// A text that only the holder of the key can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Nonce, text and tag, in Base64.
    sealed: String,
    /// Which key it needs.
    key: String,
}

impl Sealed {
    /// Which key it needs.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// Why a sealed text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// It needs another key.
    #[error(
        "it is sealed under the master key {wanted}, and {file} holds {held}: put the key file of the system it comes from there"
    )]
    OtherKey {
        /// The key that it needs.
        wanted: String,
        /// The key that there is.
        held: String,
        /// Where that lies.
        file: PathBuf,
    },
    /// It was changed, or taken from another row.
    #[error("it was changed since it was sealed, or belongs to another entry")]
    Broken,
}

/// Holds the master key.
pub struct Sealer {
    key: LessSafeKey,
    /// What other keys come from.
    root: hmac::Key,
    id: String,
    file: PathBuf,
    chance: SystemRandom,
}

impl Sealer {
    /// Reads the key file; one that is not there is made, for its owner's eyes only, unless something is sealed under the key `in_use`:
    /// then only that key will do.
    pub(super) fn open(file: &Path, in_use: Option<&str>) -> Result<Self, OpenFault> {
        let unusable = |reason: String| OpenFault::MasterKey { file: file.to_owned(), reason };
        let chance = SystemRandom::new();
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(wanted) = in_use {
                    return Err(unusable(format!("it is not there, and SIP passwords are sealed under the key {wanted}")));
                }
                make(file, &chance).map_err(|error| unusable(error.to_string()))?
            }
            Err(error) => return Err(unusable(error.to_string())),
        };
        let octets = BASE64_STANDARD.decode(text.trim()).ok().filter(|octets| octets.len() == KEY_OCTETS);
        let octets = octets.ok_or_else(|| unusable("it does not hold 32 octets in Base64".into()))?;
        let key = UnboundKey::new(&AES_256_GCM, &octets).map_err(|error| unusable(error.to_string()))?;
        let hash = digest(&SHA256, &octets);
        let id: String = hash.as_ref().iter().take(ID_OCTETS).map(|octet| format!("{octet:02x}")).collect();
        if let Some(wanted) = in_use.filter(|wanted| *wanted != id) {
            return Err(unusable(format!("it holds the key {id}, and SIP passwords are sealed under {wanted}")));
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, &octets);
        Ok(Self { key: LessSafeKey::new(key), root, id, file: file.to_owned(), chance })
    }

    /// A key of its own for this purpose, the same as long as the master key is.
    pub(super) fn derived(&self, purpose: &str) -> [u8; KEY_OCTETS] {
        let tag = hmac::sign(&self.root, purpose.as_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// Seals a text for one place; `None` when the system gives no randomness.
    pub(super) fn seal(&self, place: &str, text: &[u8]) -> Option<Sealed> {
        let mut nonce = [0; NONCE_LEN];
        self.chance.fill(&mut nonce).ok()?;
        let mut octets = text.to_vec();
        let key = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(key, Aad::from(place.as_bytes()), &mut octets).ok()?;
        let whole: Vec<u8> = nonce.into_iter().chain(octets).collect();
        Some(Sealed { sealed: BASE64_STANDARD.encode(whole), key: self.id.clone() })
    }

    /// Reads what was sealed for that place.
    pub(super) fn unseal(&self, place: &str, Sealed { sealed, key }: &Sealed) -> Result<Vec<u8>, SealFault> {
        if *key != self.id {
            let (wanted, held) = (key.clone(), self.id.clone());
            return Err(SealFault::OtherKey { wanted, held, file: self.file.clone() });
        }
        let octets = BASE64_STANDARD.decode(sealed).map_err(|_| SealFault::Broken)?;
        let (nonce, rest) = octets.split_at_checked(NONCE_LEN).ok_or(SealFault::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealFault::Broken)?;
        let mut rest = rest.to_vec();
        let text = self.key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest).map_err(|_| SealFault::Broken)?;
        Ok(text.to_vec())
    }
}

/// A new key, on the disk before anything is sealed under it.
fn make(file: &Path, chance: &SystemRandom) -> io::Result<String> {
    let mut octets = [0; KEY_OCTETS];
    chance.fill(&mut octets).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    let text = BASE64_STANDARD.encode(octets);
    let mut made = File::options().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(made, "{text}")?;
    made.sync_all()?;
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_is_read_again_in_its_place_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(MASTER_KEY_FILE);
        let sealer = Sealer::open(&file, None).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = sealer.seal("phone/101", b"the hash").unwrap();
        assert_ne!(sealed, sealer.seal("phone/101", b"the hash").unwrap(), "the same text looks different each time");

        let again = Sealer::open(&file, None).unwrap();
        assert_eq!(again.unseal("phone/101", &sealed).unwrap(), b"the hash");
        assert_eq!(again.unseal("phone/102", &sealed), Err(SealFault::Broken), "a row cannot lend its secret to another");
        let mut octets = BASE64_STANDARD.decode(&sealed.sealed).unwrap();
        *octets.last_mut().unwrap() ^= 1;
        let changed = Sealed { sealed: BASE64_STANDARD.encode(octets), ..sealed.clone() };
        assert_eq!(again.unseal("phone/101", &changed), Err(SealFault::Broken));

        let other = Sealer::open(&folder.path().join("other.key"), None).unwrap();
        assert!(matches!(other.unseal("phone/101", &sealed), Err(SealFault::OtherKey { .. })));
    }

    #[test]
    fn a_file_that_holds_no_key_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(MASTER_KEY_FILE);
        fs::write(&file, "c2hvcnQ=\n").unwrap();
        let Err(fault) = Sealer::open(&file, None) else { panic!("a short key was taken") };
        assert!(fault.to_string().contains("32 octets"), "{fault}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "c2hvcnQ=\n", "and it stays as it was");
    }
}
