//! Who sent a call on before it reached us (Diversion, RFC 5806; History-Info, RFC 7044).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody on a call's way sent it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redirection {
    /// Who: the number as their side wrote it, attacker-controlled; `None` where it shall stay private.
    pub by: Option<String>,
    /// Why.
    pub reason: RedirectionReason,
    /// How often it was sent on there.
    pub count: u16,
}

/// Why a call was sent on (RFC 5806 4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedirectionReason {
    /// Not said.
    #[default]
    Unknown,
    /// Busy.
    UserBusy,
    /// Not answered.
    NoAnswer,
    /// Out of reach.
    Unavailable,
    /// Every call is.
    Unconditional,
    /// At this time of the day.
    TimeOfDay,
    /// Not to be disturbed.
    DoNotDisturb,
    /// By hand, or by a transfer.
    Deflection,
    /// To where the person is.
    FollowMe,
    /// The line is out of service.
    OutOfService,
    /// Away.
    Away,
}

impl RedirectionReason {
    /// Each with its word in Diversion.
    const WORDS: [(Self, &'static str); 11] = [
        (Self::Unknown, "unknown"),
        (Self::UserBusy, "user-busy"),
        (Self::NoAnswer, "no-answer"),
        (Self::Unavailable, "unavailable"),
        (Self::Unconditional, "unconditional"),
        (Self::TimeOfDay, "time-of-day"),
        (Self::DoNotDisturb, "do-not-disturb"),
        (Self::Deflection, "deflection"),
        (Self::FollowMe, "follow-me"),
        (Self::OutOfService, "out-of-service"),
        (Self::Away, "away"),
    ];

    /// By its word in Diversion.
    pub fn read(word: &str) -> Self {
        Self::WORDS.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map_or(Self::Unknown, |(reason, _)| reason)
    }

    /// Its word in Diversion.
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(reason, _)| *reason == self).map_or("unknown", |(_, word)| word)
    }

    /// By the status that History-Info names (RFC 7544 5, RFC 8119).
    pub fn of_cause(cause: u16) -> Self {
        match cause {
            302 => Self::Unconditional,
            408 => Self::NoAnswer,
            480 | 487 => Self::Deflection,
            486 => Self::UserBusy,
            503 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// The status that stands for it in History-Info.
    pub fn cause(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::UserBusy => 486,
            Self::NoAnswer => 408,
            Self::Unavailable | Self::OutOfService => 503,
            Self::Deflection => 480,
            Self::Unconditional | Self::TimeOfDay | Self::DoNotDisturb | Self::FollowMe | Self::Away => 302,
        }
    }
}
