//! Dialogs of ours that others name by Call-ID and tags (RFC 3891): a telephone picks up a call that rings elsewhere, or takes one
//! that is talked on to itself. Whether it may, the switch decides; here the dialog is found.

use super::{
    SipEndpoint,
    call::{Call, End, Phase},
};
use crate::protocol::sip::{header::Name, message::SipMessage, notice::DialogId, replaces::Replaces};

impl SipEndpoint {
    /// The dialog that an INVITE shall take the place of, if it names one; the status that refuses it (RFC 3891 3).
    pub(super) fn to_replace(&self, invite: &SipMessage) -> Result<Option<DialogId>, u16> {
        let mut values = invite.values(Name::Replaces);
        let Some(value) = values.next() else { return Ok(None) };
        let (Some(replaces), None) = (Replaces::parse(value), values.next()) else { return Err(400) };
        let id = self.replaced(&replaces).ok_or(481_u16)?;
        match self.calls.get(&id) {
            Some(Call { phase: Phase::Talking(talking), .. }) if talking.end != End::NotYet => Err(603),
            Some(Call { phase: Phase::Talking(_), .. }) if replaces.is_early_only => Err(486),
            Some(Call { phase: Phase::Talking(_) | Phase::Calling(_), phone: Some(_), .. }) => Ok(Some(id)),
            // Only what we have called can be answered by somebody else.
            Some(Call { phase: Phase::Arriving(_), .. }) | None => Err(481),
            Some(Call { phone: None, .. }) => Err(403),
        }
    }

    /// The call that is meant. Phones that watch each other write the tags from the other's point of view, so both orders count:
    /// our tags are ours alone, and cannot be mistaken.
    pub(super) fn replaced(&self, replaces: &Replaces) -> Option<DialogId> {
        let (to, from) = (&replaces.to_tag, &replaces.from_tag);
        [(to, from), (from, to)].into_iter().find_map(|(ours, theirs)| {
            let tag = u64::from_str_radix(ours, 16).ok()?;
            let id = *self.by_tag.get(&tag)?;
            let is_meant = match &self.calls.get(&id)?.phase {
                Phase::Arriving(arriving) => arriving.dialog.is_named(&replaces.call_id, theirs),
                Phase::Talking(talking) => talking.dialog.is_named(&replaces.call_id, theirs),
                // Of several telephones that ring, the one that was named.
                Phase::Calling(calling) => calling.branches.iter().any(|branch| {
                    branch.tag == tag
                        && *branch.call_id == *replaces.call_id
                        && branch.ringing_tag.as_deref() == Some(theirs.as_str())
                }),
            };
            is_meant.then_some(id)
        })
    }
}
