//! What audio a peer may agree to with us, whatever it offers.

use serde::{Deserialize, Serialize};

use crate::{protocol::media::Codec, types::MediaEncryption};

/// On what terms audio is agreed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioTerms {
    /// What is offered and taken, the best first; empty for what we prefer ourselves.
    pub codecs: Vec<Codec>,
    /// Whether it is encrypted.
    pub encryption: MediaEncryption,
    /// Whether nobody else can read the signalling (TLS, WSS): else no key stands in it, and none in it counts.
    pub is_secure: bool,
    /// Whether the other side's voice stays as loud as it comes.
    pub keeps_level: bool,
}

impl AudioTerms {
    /// Whether keys are offered and taken.
    pub fn allow_keys(&self) -> bool {
        self.is_secure && self.encryption != MediaEncryption::Never
    }

    /// Whether audio without keys is offered and taken.
    pub fn allow_plain(&self) -> bool {
        self.encryption != MediaEncryption::Required
    }
}
