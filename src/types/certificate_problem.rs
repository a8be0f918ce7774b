//! What is wrong with the certificate by which somebody proves who they are over TLS.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a certificate of a trunk's other side, or ours there, is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateProblem {
    /// None was shown.
    Missing,
    /// None of the authorities that count vouches for it.
    UnknownAuthority,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It names somebody else.
    OtherName,
    /// It is none of those that are pinned.
    OtherFingerprint,
    /// It cannot be read.
    Unreadable,
    /// We have none of the name that the trunk wants us to show.
    OursMissing,
    /// The other side does not take ours, or wants one where we show none.
    OursRefused,
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "certificate not trusted: none was shown",
            Self::UnknownAuthority => "certificate not trusted: it is not of an authority that the trunk names",
            Self::Expired => "certificate not trusted: it has expired",
            Self::NotYetValid => "certificate not trusted: it is not valid yet",
            Self::OtherName => "certificate not trusted: it carries another name",
            Self::OtherFingerprint => "certificate not trusted: it has another fingerprint",
            Self::Unreadable => "certificate not trusted: it cannot be read",
            Self::OursMissing => "we have no certificate of the name that the trunk shows",
            Self::OursRefused => "our certificate was not taken, or one is wanted and the trunk shows none",
        })
    }
}

impl std::error::Error for CertificateProblem {}
