//! How the two sides of a trunk prove to each other over TLS who they are (mutual TLS, RFC 5922).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Certificates on a trunk over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrunkTls {
    /// Whether its requests come over TLS alone, from whoever proves by a certificate to be the trunk's other side. Those that come
    /// another way are refused with 403.
    pub is_required: bool,
    /// PEM text of the authorities that may vouch for the other side's certificate; empty for the well-known ones.
    pub authorities: String,
    /// SHA-256 fingerprints of its certificate, in hexadecimal, with colons or without. If there are any, it has to be one of these,
    /// whatever it names and whoever vouches for it.
    pub fingerprints: Vec<String>,
    /// Hosts and SIP domains that its certificate may name besides the peer and the domain.
    pub names: Vec<String>,
    /// A name in the certificate of ours that the other side is shown when we call; `None` shows none.
    pub shows: Option<String>,
}

impl TrunkTls {
    /// Whether nothing is said, so that the trunk is treated like everybody.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
