//! What an agent who is busy with a call does.

use serde::{Deserialize, Serialize};

/// A part of the time that an agent is busy with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyActivity {
    /// Talks with the customer, or as one who is asked, with the colleague who asks.
    Talk,
    /// The customer is on hold, or the agent's audio is lost.
    Hold,
    /// Asks somebody about the customer, who is on hold meanwhile: from the dialling on.
    Consult,
    /// Dials, and nobody has answered yet; the ringing of the agent's own phone before it included.
    Dial,
}
