//! Dialogs of ours that others name by Call-ID and tags (RFC 3891).

use super::{SipEndpoint, call::Phase};
use crate::protocol::sip::{notice::DialogId, replaces::Replaces};

impl SipEndpoint {
    /// The call that is meant. Phones that watch each other write the tags from the other's point of view, so both orders count:
    /// our tags are ours alone, and cannot be mistaken.
    pub(super) fn replaced(&self, replaces: &Replaces) -> Option<DialogId> {
        let (to, from) = (&replaces.to_tag, &replaces.from_tag);
        [(to, from), (from, to)].into_iter().find_map(|(ours, theirs)| {
            let id = *self.by_tag.get(&u64::from_str_radix(ours, 16).ok()?)?;
            let is_meant = match &self.calls.get(&id)?.phase {
                Phase::Arriving(arriving) => arriving.dialog.is_named(&replaces.call_id, theirs),
                Phase::Talking(talking) => talking.dialog.is_named(&replaces.call_id, theirs),
                Phase::Calling(_) => false,
            };
            is_meant.then_some(id)
        })
    }
}
