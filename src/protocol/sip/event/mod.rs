//! Event packages (RFC 6665): what can be subscribed to here, and the documents that tell it. Who may, and when it is told, is the
//! endpoint's (`endpoint/subscribing.rs`, `endpoint/notifying.rs`).

mod dialog_info;
mod message_summary;

pub use dialog_info::{DialogElement, DialogNames, DialogState, dialog_info, is_shown};
pub use message_summary::message_summary;

use serde::{Deserialize, Serialize};

use super::address::param;

/// The packages, for Allow-Events. `refer` goes without a SUBSCRIBE (RFC 3515).
pub const ALLOW_EVENTS: &str = "dialog, message-summary, refer";

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventPackage {
    /// Whether a telephone rings or is in talk (RFC 4235): the lamp beside a key.
    Dialog,
    /// Whether messages wait for an account (RFC 3842).
    MessageSummary,
}

impl EventPackage {
    /// The package that an Event header names, and the `id` by which the subscriber tells two of the same package apart
    /// (RFC 6665 4.5.2).
    pub fn read(value: &str) -> Option<(Self, Option<String>)> {
        let (name, params) = value.split_at(value.find(';').unwrap_or(value.len()));
        let package = match name.trim() {
            "dialog" => Self::Dialog,
            "message-summary" => Self::MessageSummary,
            _ => return None,
        };
        Some((package, param(params, "id").filter(|id| !id.is_empty()).map(str::to_owned)))
    }

    /// As the Event header names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::MessageSummary => "message-summary",
        }
    }

    /// The media type of its documents.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::MessageSummary => "application/simple-message-summary",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_header_names_its_package_and_perhaps_an_id() {
        assert_eq!(EventPackage::read("dialog"), Some((EventPackage::Dialog, None)));
        assert_eq!(EventPackage::read("dialog;sla;id=7"), Some((EventPackage::Dialog, Some("7".into()))));
        assert_eq!(EventPackage::read(" message-summary "), Some((EventPackage::MessageSummary, None)));
        // RFC 6665 8.2.1: event types are compared case-sensitively.
        for other in ["", "presence", "Dialog", "dialog.winfo", "refer"] {
            assert_eq!(EventPackage::read(other), None, "{other}");
        }
    }
}
