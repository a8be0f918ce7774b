//! Outside systems that are told of alerts by HTTP, as administrators set them up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::WebhookId;

/// Webhooks of one centre.
pub const WEBHOOKS_MAX: usize = 20;

/// Where alerts are posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// Key.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// `https://host/path`. `http://` only to this machine and private networks, where those are allowed.
    pub url: String,
    /// Whether the address may be this machine or one of a private network.
    #[serde(default)]
    pub is_private_allowed: bool,
    /// Whether anything is sent there.
    pub is_active: bool,
    /// With which messages are signed; never leaves the server.
    #[serde(skip)]
    pub secret: Option<WebhookSecret>,
}

/// The secret that both sides know. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub String);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}
