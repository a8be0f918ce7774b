//! What is known of a caller's number: whether the network that let the call in stands for it (STIR/SHAKEN: RFC 8224, RFC 8588).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the caller's network stands for the number (RFC 8588 4, ATIS-1000074).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Attestation {
    /// Full: it knows the customer, who may use this number.
    A,
    /// Partial: it knows the customer, but not whether the number is the customer's.
    B,
    /// Gateway: it only knows where the call entered.
    C,
}

/// What the check of a caller's number came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallerIdentity {
    /// The call came without a signed statement about its caller.
    Unsigned,
    /// The statement holds.
    Verified {
        /// How far the caller's network stands for the number; `None` when the trunk checked and did not say.
        attestation: Option<Attestation>,
        /// Where the call entered that network, for tracing it back (RFC 8588 5).
        origin: Option<String>,
    },
    /// There is a statement, and it is not worth anything.
    Failed {
        /// Why.
        why: IdentityFault,
    },
}

/// Why a statement about the caller is not worth anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityFault {
    /// It cannot be read.
    Malformed,
    /// It is too old, or from the future.
    Stale,
    /// It speaks of another caller.
    OtherCaller,
    /// It speaks of another called number.
    OtherCalled,
    /// The certificate could not be fetched.
    NoCertificate,
    /// The certificate was not there in time.
    TooLate,
    /// The certificate is not one of those that we trust, has run out, or is not for this number.
    Untrusted,
    /// The signature is not the certificate's.
    Signature,
    /// The trunk checked, and it failed there.
    ByTrunk,
    /// Another call has brought it before.
    Replayed,
}

impl Attestation {
    /// As the claim `attest` names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// Out of the claim `attest`.
    pub fn read(text: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C].into_iter().find(|known| known.as_str() == text)
    }
}

impl IdentityFault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Stale,
        Self::OtherCaller,
        Self::OtherCalled,
        Self::NoCertificate,
        Self::TooLate,
        Self::Untrusted,
        Self::Signature,
        Self::ByTrunk,
        Self::Replayed,
    ];

    /// As it is written in JSON and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Stale => "stale",
            Self::OtherCaller => "other_caller",
            Self::OtherCalled => "other_called",
            Self::NoCertificate => "no_certificate",
            Self::TooLate => "too_late",
            Self::Untrusted => "untrusted",
            Self::Signature => "signature",
            Self::ByTrunk => "by_trunk",
            Self::Replayed => "replayed",
        }
    }
}
