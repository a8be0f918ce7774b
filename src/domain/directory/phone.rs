//! Accounts of SIP telephones, and what is kept of passwords and tokens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ForkToken;
use crate::types::MediaEncryption;

/// A SIP phone account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Phone {
    /// Account name, the user part of its address.
    pub account: String,
    /// What people call it.
    pub name: String,
    /// Digest HA1 per algorithm; never leaves the server.
    #[serde(skip)]
    pub secret: Option<DigestSecret>,
    /// Whether it may register and call.
    pub is_active: bool,
    /// Whether audio with its telephones is encrypted; browsers' always is.
    #[serde(default)]
    pub media_encryption: MediaEncryption,
}

/// What is kept beside an entry and never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntrySecret {
    /// Of a SIP password.
    Digest(DigestSecret),
    /// The token for an outside system, which has to be sent as it is.
    Token(ForkToken),
}

impl EntrySecret {
    /// What is kept of a SIP password.
    pub fn digest(self) -> Option<DigestSecret> {
        match self {
            Self::Digest(secret) => Some(secret),
            Self::Token(_) => None,
        }
    }

    /// A token.
    pub fn token(self) -> Option<ForkToken> {
        match self {
            Self::Token(token) => Some(token),
            Self::Digest(_) => None,
        }
    }
}

/// What is kept of a SIP password. A hash holds for one realm only, so there is one for each side that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestSecret {
    /// For our own challenges.
    pub ours: DigestHashes,
    /// For the challenges of a trunk's other side.
    pub theirs: Option<DigestHashes>,
}

/// Digest hashes of `user:realm:password` (RFC 7616 3.4.2), one per algorithm. As good as the password: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestHashes {
    /// Realm that the hashes were made for.
    pub realm: String,
    /// Lower-case hexadecimal SHA-256 HA1.
    pub sha256: String,
    /// Lower-case hexadecimal MD5 HA1.
    pub md5: String,
}

impl std::fmt::Debug for DigestHashes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DigestHashes({}, …)", self.realm)
    }
}
