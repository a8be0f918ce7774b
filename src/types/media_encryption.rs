//! Whether audio goes encrypted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether audio with a telephone or a trunk is encrypted: SRTP (RFC 3711), whose keys go in SDP (RFC 4568) and therefore only
/// over signalling that nobody else can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaEncryption {
    /// Never: keys are neither offered nor taken.
    Never,
    /// Where the signalling is encrypted and the other side can (RFC 8643): keys are offered beside plain audio.
    #[default]
    Optional,
    /// Always: plain audio is neither offered nor taken, and so nothing is agreed over plain signalling.
    Required,
}
