//! Why the other side ends or refuses a call, in its own words (Reason, RFC 3326).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was said, as it came but for its length: attacker-controlled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerReason {
    /// Whose words: `Q.850` for causes of the telephone network, `SIP` for status codes, or another.
    pub protocol: String,
    /// The number: of Q.850 16 for normal clearing, 17 for busy, …; `None` if there is none.
    pub cause: Option<u16>,
    /// The same for people; `None` if there is none.
    pub text: Option<String>,
}

impl PeerReason {
    /// Longest name of a protocol.
    pub const PROTOCOL_MAX: usize = 32;
    /// Longest text, in characters.
    pub const TEXT_MAX: usize = 120;
}
