//! What happens at the door: for the audit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::types::{CallId, RecordingId, UserId};

/// Something happened to a user's access.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccessEvent {
    /// Whose.
    pub user: UserId,
    /// What.
    #[serde(flatten)]
    pub kind: AccessEventKind,
}

/// What happened to a user's access.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccessEventKind {
    /// Came in.
    SignedIn {
        /// From which network address.
        address: Option<String>,
    },
    /// Did not come in: wrong password, or switched off.
    SignInFailed {
        /// From which network address.
        address: Option<String>,
    },
    /// Left.
    SignedOut,
    /// Was made.
    UserMade {
        /// As what.
        role: Role,
    },
    /// Name, role or language changed, or was switched on or off.
    UserChanged {
        /// Now.
        role: Role,
        /// Now.
        is_active: bool,
    },
    /// Was removed.
    UserRemoved,
    /// A new password; all sessions ended.
    PasswordChanged,
    /// A token for a program was made.
    TokenMade {
        /// Its id, not its secret.
        token: String,
        /// What it may do.
        scopes: Vec<String>,
    },
    /// A token was taken back.
    TokenRevoked {
        /// Its id.
        token: String,
    },
    /// Wanted to dial outside what the dialling rules do not allow, or not now.
    DiallingRefused {
        /// Which rule.
        rule: DiallingRule,
        /// From which network address, when a telephone did; `None` for the console.
        #[serde(default)]
        address: Option<String>,
    },
    /// Did something with a recording of a call.
    RecordingUsed {
        /// Which call.
        call: CallId,
        /// Which recording.
        recording: RecordingId,
        /// What.
        how: RecordingUse,
    },
    /// Looked at the captured signalling of a call.
    SignallingRead {
        /// Which call.
        call: CallId,
        /// As a file to take away.
        is_file: bool,
    },
}

/// What people do with recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingUse {
    /// Listened to it.
    Heard,
    /// Took it away as a file.
    Downloaded,
    /// Put a legal hold on it.
    Held,
    /// Took the legal hold off.
    Released,
    /// Deleted it.
    Deleted,
}

/// A rule of what may be dialled outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiallingRule {
    /// What numbers begin with.
    Number,
    /// Lines at a time.
    CallsAtOnce,
    /// Calls a day.
    CallsPerDay,
    /// The hours.
    Hours,
}

impl DiallingRule {
    /// As it is written in metrics and in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::CallsAtOnce => "calls-at-once",
            Self::CallsPerDay => "calls-per-day",
            Self::Hours => "hours",
        }
    }
}

impl AccessEvent {
    /// `access.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            AccessEventKind::SignedIn { .. } => "access.signed_in",
            AccessEventKind::SignInFailed { .. } => "access.sign_in_failed",
            AccessEventKind::SignedOut => "access.signed_out",
            AccessEventKind::UserMade { .. } => "access.user_made",
            AccessEventKind::UserChanged { .. } => "access.user_changed",
            AccessEventKind::UserRemoved => "access.user_removed",
            AccessEventKind::PasswordChanged => "access.password_changed",
            AccessEventKind::TokenMade { .. } => "access.token_made",
            AccessEventKind::TokenRevoked { .. } => "access.token_revoked",
            AccessEventKind::DiallingRefused { .. } => "access.dialling_refused",
            AccessEventKind::RecordingUsed { .. } => "access.recording_used",
            AccessEventKind::SignallingRead { .. } => "access.signalling_read",
        }
    }
}
