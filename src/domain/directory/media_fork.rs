//! Outside systems that get calls' audio live, and which calls, as administrators set it up. When a copy begins, pauses and ends is
//! decided in `domain/centre/forks.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RecordingBegins;
use crate::types::{MediaForkId, TrunkId};

/// Outside systems that one call's audio may go to.
pub const FORKS_PER_CALL_MAX: usize = 4;

/// An outside system that gets calls' audio: a transcriber, an analyst, a bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaFork {
    /// Key.
    pub id: MediaForkId,
    /// What people call it.
    pub name: String,
    /// How it is reached.
    pub target: ForkTarget,
    /// Whether anything is sent there.
    pub is_active: bool,
    /// By which we prove ourselves; never leaves the server but to the other side.
    #[serde(skip)]
    pub token: Option<ForkToken>,
}

/// How an outside system is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ForkTarget {
    /// A WebSocket for each call, opened by us.
    Websocket {
        /// `wss://host/path`; `ws://` to this machine, or where plain audio is allowed.
        url: String,
        /// Whether audio may go over the network unencrypted (`ws://` to another machine).
        #[serde(default)]
        is_plain_allowed: bool,
    },
    /// A recorder, to which a recording session (SIPREC, RFC 7866) is set up for each call. How audio is encrypted, and as whom we
    /// prove ourselves, is the trunk's matter.
    Siprec {
        /// The trunk behind which it is.
        trunk: TrunkId,
        /// The user part of its address there.
        number: String,
    },
}

impl ForkTarget {
    /// What a token belongs to: it is kept for this address alone.
    pub fn address(&self) -> &str {
        match self {
            Self::Websocket { url, .. } => url,
            // A recorder is told no token: it belongs to nothing.
            Self::Siprec { .. } => "",
        }
    }
}

/// A bearer token as the other side gave it. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ForkToken(pub String);

impl std::fmt::Debug for ForkToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForkToken(…)")
    }
}

/// That calls go to an outside system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkRule {
    /// Which.
    pub fork: MediaForkId,
    /// So many of a hundred, drawn once per call, 1 to 100. The draw is the one of recordings: of two percentages the smaller takes
    /// calls that the larger takes too.
    pub percent: i64,
}

impl ForkRule {
    /// Whether a call that drew this number, 0 to 99, is sent. What has not drawn is sent where all are.
    pub fn takes(&self, draw: u8) -> bool {
        self.percent >= 100 || i64::from(draw) < self.percent
    }
}

/// Which calls' audio goes to outside systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkRules {
    /// Calls to us whose queue says nothing of its own.
    pub inbound: Vec<ForkRule>,
    /// Calls that agents make.
    pub outbound: Vec<ForkRule>,
    /// From when.
    pub begins: RecordingBegins,
}

impl Default for ForkRules {
    fn default() -> Self {
        Self { inbound: Vec::new(), outbound: Vec::new(), begins: RecordingBegins::Connected }
    }
}
