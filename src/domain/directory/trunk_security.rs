//! Whom a trunk is believed, and what we say of ourselves on it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Attestation;

/// Signed statements about callers on a trunk (STIR/SHAKEN: RFC 8224, RFC 8588).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrunkStir {
    /// What is asked of the statements of arriving calls.
    pub check: StirCheck,
    /// Whether the trunk has checked already and is believed: its `verstat` counts as the result.
    pub takes_verstat: bool,
    /// Signs calls that go out here, with at most this attestation; `None` signs none. Numbers that are not ours get `B` at most.
    pub attests: Option<Attestation>,
    /// How our numbers begin besides those of the directory, in E.164: `+3491100`.
    pub own_numbers: Vec<String>,
}

/// What is asked of the statements about callers on a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StirCheck {
    /// They are not looked at.
    #[default]
    Off,
    /// They are checked, and the call goes on with what that came to.
    Verify,
    /// Without one that holds the call is refused: 428, 436, 437 or 438 (RFC 8224 6.2.2).
    Require,
}

/// Who callers on a trunk are said to be (RFC 3323, RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrunkIdentity {
    /// Whether the caller whom the trunk asserts is believed (P-Asserted-Identity), rather than From alone.
    pub is_believed: bool,
    /// How callers of ours are asserted to the trunk.
    pub asserts: CallerAsserted,
    /// Whether callers of ours stay anonymous to the called party; the trunk learns them as `asserts` says.
    pub is_hidden: bool,
    /// How the trunk is told who sent a call on, when we do: a call that an agent's phone transfers to a number.
    pub redirections: RedirectionsWritten,
    /// Whether a call that was sent on to us is answered as the number says that was called first, where that is one of ours.
    pub routes_by_first_called: bool,
}

impl Default for TrunkIdentity {
    fn default() -> Self {
        Self {
            is_believed: true,
            asserts: CallerAsserted::None,
            is_hidden: false,
            redirections: RedirectionsWritten::None,
            routes_by_first_called: false,
        }
    }
}

/// How callers of ours are asserted to a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerAsserted {
    /// Not at all.
    #[default]
    None,
    /// P-Asserted-Identity (RFC 3325 9.1).
    Pai,
    /// Remote-Party-ID, its forerunner.
    Rpid,
}

/// How a trunk is told who sent a call on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedirectionsWritten {
    /// Not at all.
    #[default]
    None,
    /// Diversion (RFC 5806).
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Both.
    Both,
}
