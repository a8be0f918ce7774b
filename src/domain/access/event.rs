//! What happens at the door: for the audit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::types::{CallId, UserId};

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
    /// Looked at the captured signalling of a call.
    SignallingRead {
        /// Which call.
        call: CallId,
        /// As a file to take away.
        is_file: bool,
    },
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
            AccessEventKind::SignallingRead { .. } => "access.signalling_read",
        }
    }
}
