//! Copies of a call's audio on their way to outside systems: the words that every floor shares.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AgentId, CallId, PhoneNumber, QueueId, Timestamp};

/// What an outside system is told of a call whose audio it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkFacts {
    /// Which call.
    pub call: CallId,
    /// 1 for the first time that this copy is sent; it begins anew after a failure or a restart.
    pub session: u32,
    /// Whether the customer called us.
    pub is_inbound: bool,
    /// When the call reached us or was dialled.
    pub started_at: Timestamp,
    /// The customer's number; `None` when withheld or from the web phone.
    pub customer_number: Option<PhoneNumber>,
    /// The number of ours.
    pub our_number: Arc<str>,
    /// The last queue.
    pub queue: Option<QueueId>,
    /// The agent in talk.
    pub agent: Option<AgentId>,
    /// Language spoken with the customer.
    pub language: Arc<str>,
}

/// Something that an outside system is told while it gets a call's audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkWord {
    /// Another agent talks, or nobody; the queue may be another too.
    Agent {
        /// Who.
        agent: Option<AgentId>,
        /// Out of which queue.
        queue: Option<QueueId>,
    },
    /// The customer pressed a key that is no secret.
    Digit {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// Nothing of the audio is sent from here on.
    Paused,
    /// The audio is sent again.
    Resumed,
}

/// Why we send no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForkStop {
    /// The call is over.
    CallEnded,
    /// By the rules the call is not sent there any more.
    Rules,
    /// The other side wants no more.
    Declined,
    /// The server begins anew, and this copy with it.
    Restart,
}

impl ForkStop {
    /// As the other side is told.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CallEnded => "call_ended",
            Self::Rules => "rules",
            Self::Declined => "declined",
            Self::Restart => "restart",
        }
    }
}

/// Why a copy did not get there. The call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForkFailure {
    /// Nobody answers there, or not in time; or its certificate is not one that we trust.
    Unreachable,
    /// The other side said no.
    Refused,
    /// The connection broke off, or the other side did not read for too long.
    Lost,
    /// More copies than this node sends at a time.
    Busy,
}

impl ForkFailure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unreachable, Self::Refused, Self::Lost, Self::Busy];

    /// As it is written in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::Busy => "busy",
        }
    }
}

/// How the sending of a copy ended without our wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkEnd {
    /// The other side wants no more of this call.
    Declined,
    /// It failed; it may be tried again.
    Failed(ForkFailure),
}
