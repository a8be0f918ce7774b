//! Who a call says it is from, as far as it may be shown: RFC 3323, RFC 3325.

use std::{borrow::Cow, sync::Arc};

use crate::protocol::sip::{address::NameAddr, header::Name, message::SipMessage, notice::CallSource};

/// Number and name to show; both absent when withheld.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CallerId {
    /// User part of the address.
    pub number: Option<Arc<str>>,
    /// Display name.
    pub name: Option<Arc<str>>,
}

/// The caller of an INVITE from a proven source; `is_believed` says whether what a trunk asserts counts.
pub fn caller_of(invite: &SipMessage, source: &CallSource, is_believed: bool) -> CallerId {
    match source {
        // A phone is who its digest says, whatever it writes into From.
        CallSource::Phone(account) => {
            CallerId { number: Some(account.clone()), name: invite.from().display.as_deref().map(Arc::from) }
        }
        CallSource::Trunk(_) => {
            if is_withheld(invite, is_believed) {
                return CallerId::default();
            }
            let shown = shown_address(invite, is_believed);
            let name = |address: &NameAddr| address.display.as_deref().map(Arc::from);
            CallerId {
                number: shown.uri.user().filter(|user| !is_anonymous(user)).map(Arc::from),
                name: name(&shown).or_else(|| name(invite.from())),
            }
        }
    }
}

/// The address that is shown as the caller's: what is checked of a caller is checked of this one.
pub fn shown_address(invite: &SipMessage, is_believed: bool) -> Cow<'_, NameAddr> {
    // Only a trunk of our trust domain may assert an identity (RFC 3325 5).
    let mut asserted = invite.addresses(Name::AssertedIdentity).filter(|_| is_believed);
    let asserted = asserted.find(|address| address.uri.user().is_some());
    asserted.map_or_else(|| Cow::Borrowed(invite.from()), Cow::Owned)
}

fn is_withheld(invite: &SipMessage, is_believed: bool) -> bool {
    let asks = |word: &str| {
        word.eq_ignore_ascii_case("id") || word.eq_ignore_ascii_case("user") || word.eq_ignore_ascii_case("header")
    };
    if invite.values(Name::Privacy).flat_map(|value| value.split([';', ','])).any(|word| asks(word.trim())) {
        return true;
    }
    let has_asserted = is_believed && invite.addresses(Name::AssertedIdentity).next().is_some();
    let from = &invite.from().uri;
    !has_asserted
        && (from.host().eq_ignore_ascii_case("anonymous.invalid") || from.user().is_some_and(|user| is_anonymous(&user)))
}

fn is_anonymous(user: &str) -> bool {
    ["anonymous", "unknown", "unavailable", "private", "restricted"].iter().any(|word| user.eq_ignore_ascii_case(word))
}

/// The first language that the caller's device asks for, lower case.
pub fn language_of(invite: &SipMessage) -> Option<Arc<str>> {
    let value = invite.first(Name::AcceptLanguage)?;
    let tag = value.split([',', ';']).next()?.trim().to_ascii_lowercase();
    let is_tag = !tag.is_empty() && tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_tag.then(|| tag.into())
}

/// The key that an INFO reports (application/dtmf-relay, application/dtmf).
pub fn digit_of(info: &SipMessage) -> Option<char> {
    let body = std::str::from_utf8(info.body()).ok()?;
    let key = match info.content_type()?.as_str() {
        "application/dtmf-relay" => body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
        })?,
        "application/dtmf" => body.trim(),
        _ => return None,
    };
    match key {
        // Some devices give the event number of RFC 4733.
        "10" => Some('*'),
        "11" => Some('#'),
        _ => {
            let mut chars = key.chars();
            let key = chars.next().map(|c| c.to_ascii_uppercase()).filter(|_| chars.next().is_none())?;
            matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(key)
        }
    }
}
