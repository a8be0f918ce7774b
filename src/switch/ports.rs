//! Of which family a telephone leg's port is: the one that its peer writes into its SDP, or asks from; both while it is not known
//! who will answer.

use super::legs::{LegState, Legs};
use crate::{
    protocol::{media::MediaOrder, sdp::SdpSession},
    types::{IpFamilies, IpFamily, LegId},
};

impl Legs {
    /// Orders a port for a leg.
    pub(super) fn open_port(&mut self, leg: LegId) {
        let families = self.families_of(leg);
        self.order_media(MediaOrder::Open { leg, families });
    }

    fn families_of(&self, leg: LegId) -> IpFamilies {
        let ours = self.families;
        let Some(entry) = self.get(leg) else { return ours };
        match &entry.state {
            LegState::Answering { offer: Some(offer), .. } => {
                SdpSession::families_for(offer, &entry.codecs, ours).unwrap_or(ours)
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
