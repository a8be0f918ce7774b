//! Who signs in, as administrators see it. Passwords and tokens are not part of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::types::{Timestamp, UserId};

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Key, also what one types at sign-in.
    pub id: UserId,
    /// Grows with every change; a save names the version that it saw.
    pub version: i64,
    /// Shown to colleagues.
    pub name: String,
    /// What this user is in the centre.
    pub role: Role,
    /// Language of the console, `es` or `en`.
    pub language: String,
    /// Whether this user may sign in.
    pub is_active: bool,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// A program's token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// Whose rights it has, at most.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// What it may do: words of permissions.
    pub scopes: Vec<String>,
    /// Made.
    pub created_at: Timestamp,
    /// No longer valid from then on.
    pub expires_at: Option<Timestamp>,
    /// Last used, to the hour.
    pub used_at: Option<Timestamp>,
}
