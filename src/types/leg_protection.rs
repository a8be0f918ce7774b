//! Whether others can listen to a leg, and read what sets it up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How audio is protected on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaProtection {
    /// Not at all.
    Plain,
    /// Encrypted (SRTP) by keys in SDP (RFC 4568).
    Sdes,
    /// Encrypted (SRTP) by keys of a handshake (DTLS-SRTP, RFC 5764), as browsers do.
    Dtls,
}

/// What carries a telephone's signalling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignallingTransport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream that nobody else can read.
    Tls,
    /// A browser's socket (RFC 7118).
    Ws,
    /// The same over TLS.
    Wss,
}

/// How a leg is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegProtection {
    /// Its audio.
    pub media: MediaProtection,
    /// Its signalling; `None` for the console and the web phone, which have none of SIP.
    pub signalling: Option<SignallingTransport>,
}

impl LegProtection {
    /// Whether anything of it is kept from others.
    pub fn is_any(self) -> bool {
        self.media != MediaProtection::Plain
            || matches!(self.signalling, Some(SignallingTransport::Tls | SignallingTransport::Wss))
    }
}
