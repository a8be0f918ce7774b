//! Of which family a telephone leg's port is: the one that its peer writes into its SDP, or asks from; both while it is not known
//! who will answer. A peer in talk that moves to the other family, as from one network to another, is met there by a new port.

use std::net::SocketAddr;

use super::legs::{LegState, Legs, MEDIA_OPEN_MS_MAX};
use crate::{
    protocol::{
        media::MediaOrder,
        sdp::{Description, SdpSession},
    },
    types::{IpFamilies, IpFamily, LegId, Mono, Now},
};

/// A peer in talk that moves to the other family.
#[derive(Debug)]
pub(super) struct Moving {
    /// What it offers; `None` once the endpoint has had another offer from it.
    pub offer: Option<Description>,
    /// A port that comes later answers nothing: the endpoint has.
    until: Mono,
}

impl Legs {
    /// Orders a port for a leg.
    pub(super) fn open_port(&mut self, leg: LegId) {
        let families = self.families_of(leg);
        self.order_media(MediaOrder::Open { leg, families });
    }

    /// Whether an offer that cannot be answered from the port that there is moves a leg in talk to the other family: then a port of that is
    /// ordered, and the offer answered when it is there.
    pub(super) fn moves(&mut self, leg: LegId, offer: Description, now: Now) -> bool {
        let ours = self.families;
        let Some(entry) = self.get_mut(leg) else { return false };
        let LegState::Talking { sdp, .. } = &entry.state else { return false };
        let Some(IpFamilies::Only(family)) = SdpSession::families_for(&offer, sdp.terms(), ours) else { return false };
        if family == sdp.family() {
            return false;
        }
        let moving = Moving { offer: Some(offer), until: now.mono + MEDIA_OPEN_MS_MAX };
        // One that is on its way for an older offer is of that family too.
        if entry.moving.replace(Box::new(moving)).is_none() {
            self.order_media(MediaOrder::OpenBeside { leg, family });
        }
        true
    }

    /// The port for a leg that moves is there, or cannot be had.
    pub(super) fn opened_beside(&mut self, leg: LegId, local: Option<SocketAddr>, now: Now) {
        let Some(entry) = self.get_mut(leg) else { return };
        let Some(Moving { offer: Some(offer), until }) = entry.moving.take().map(|moving| *moving) else { return };
        let LegState::Talking { dialog, sdp, .. } = &mut entry.state else { return };
        let local = local.filter(|_| now.mono < until);
        let answered = local.and_then(|local| sdp.answer_at(local, &offer).ok());
        let dialog = *dialog;
        self.answer_reoffer(leg, dialog, answered, now);
    }

    fn families_of(&self, leg: LegId) -> IpFamilies {
        let ours = self.families;
        let Some(entry) = self.get(leg) else { return ours };
        match &entry.state {
            LegState::Answering { offer: Some(offer), .. } => {
                SdpSession::families_for(offer, &entry.terms, ours).unwrap_or(ours)
            }
            // It wants our offer, and says of itself only where it is.
            LegState::Answering { offer: None, .. } => {
                entry.signalled_from.map_or(ours, |from| ours.prefer(IpFamily::of(from)))
            }
            LegState::Returning { sdp, .. } => ours.prefer(sdp.family()),
            // A phone may have registered from both, and a trunk's next server be of the other.
            LegState::Preparing(_)
            | LegState::Arrived { .. }
            | LegState::EarlyMedia { .. }
            | LegState::Accepted { .. }
            | LegState::Calling { .. }
            | LegState::Talking { .. }
            | LegState::Web(_)
            | LegState::Browser { .. } => ours,
        }
    }
}
