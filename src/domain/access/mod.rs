//! Who may come in: the roles, and what happens at the door. Decides nothing about passwords (that is `app/users`) nor about
//! what a role may do (that is `app/actor`).

mod event;
mod user;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use event::{AccessEvent, AccessEventKind, DiallingRule, RecordingUse};
pub use user::{ApiToken, User};

/// What someone is in the centre. Each role may do what the one before it may, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls, works on tickets and customers.
    Agent,
    /// Sees and steers the floor, reads history and reports.
    Supervisor,
    /// Sets the centre up.
    Administrator,
}

impl Role {
    /// As it is written in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }
}
