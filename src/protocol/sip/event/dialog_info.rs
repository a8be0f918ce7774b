//! The document of the package `dialog` (RFC 4235 4): the calls of one account, whole or what has changed. It names dialogs, so
//! that a colleague's telephone can take a ringing one over (RFC 3891); it does not say who the other party is.

use std::{fmt::Write as _, sync::Arc};

/// Most calls of an account in one document, so that it fits a datagram.
const ELEMENTS_MAX: usize = 4;

/// A call as it is shown to those who watch an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogElement {
    /// Stays the same as long as the call does.
    pub id: Arc<str>,
    /// Its names, as the account's telephone knows them; `None` for a call without a telephone.
    pub names: Option<DialogNames>,
    /// Whether the account began it.
    pub is_initiator: bool,
    /// Where it stands.
    pub state: DialogState,
}

/// How a dialog is named by others (RFC 3891 3), from the point of view of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogNames {
    /// Call-ID.
    pub call_id: Arc<str>,
    /// Its tag; `None` for an old telephone that sets none.
    pub local_tag: Option<Arc<str>>,
    /// Ours.
    pub remote_tag: Arc<str>,
}

/// Where a call stands (RFC 4235 3.7.1). What has not rung anywhere yet is not shown: its first sign would hold back the ringing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialogState {
    /// It rings.
    Early,
    /// Answered.
    Confirmed,
    /// Over.
    Terminated,
}

impl DialogState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

/// Whether the call with this place among an account's is shown at all.
pub fn is_shown(index: usize) -> bool {
    index < ELEMENTS_MAX
}

/// The document: all calls when it `is_full`, else those that have changed. Versions of one subscription count up by one
/// (RFC 4235 4.1).
pub fn dialog_info(entity: &str, version: u32, is_full: bool, elements: &[DialogElement]) -> String {
    let mut text = String::with_capacity(512);
    let state = if is_full { "full" } else { "partial" };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"{state}\" entity=\"{}\">\n",
        escaped(entity)
    );
    for element in elements {
        let _ = write!(text, "<dialog id=\"{}\"", escaped(&element.id));
        if let Some(names) = &element.names {
            let _ = write!(text, " call-id=\"{}\"", escaped(&names.call_id));
            if let Some(tag) = &names.local_tag {
                let _ = write!(text, " local-tag=\"{}\"", escaped(tag));
            }
            let _ = write!(text, " remote-tag=\"{}\"", escaped(&names.remote_tag));
        }
        let direction = if element.is_initiator { "initiator" } else { "recipient" };
        let _ = writeln!(text, " direction=\"{direction}\"><state>{}</state></dialog>", element.state.as_str());
    }
    text.push_str("</dialog-info>\n");
    text
}

/// Text as an attribute's value.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // No other control character may stand in a document at all.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_its_dialogs_and_cannot_be_broken_out_of() {
        let ringing = DialogElement {
            id: "a".into(),
            names: Some(DialogNames {
                call_id: "x\"><dialog>".into(),
                local_tag: Some("their&tag".into()),
                remote_tag: "ours".into(),
            }),
            is_initiator: false,
            state: DialogState::Early,
        };
        let text = dialog_info("sip:102@centre", 3, false, &[ringing]);
        assert_eq!(
            text,
            "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"3\" state=\"partial\" \
             entity=\"sip:102@centre\">\n<dialog id=\"a\" call-id=\"x&quot;&gt;&lt;dialog&gt;\" local-tag=\"their&amp;tag\" \
             remote-tag=\"ours\" direction=\"recipient\"><state>early</state></dialog>\n</dialog-info>\n"
        );
        assert!(dialog_info("sip:102@centre", 0, true, &[]).contains("state=\"full\""));
    }
}
