//! Where the target of an outgoing call can be reached: a phone where it has registered, a trunk at its hops.

use super::SipEndpoint;
use crate::{
    protocol::sip::{
        address::{Uri, user_part},
        notice::{Flow, FlowId, SipTarget},
        peer::Hop,
        registrar::Contact,
    },
    types::{Rng, TrunkId},
};

/// A place where a target can be reached.
pub(super) struct Place {
    pub(super) uri: Uri,
    /// Whole Route lines.
    pub(super) routes: String,
    pub(super) way: Way,
    /// Of a phone, the other flows to the same device.
    pub(super) spares: Vec<Contact>,
    /// Whether the address takes streams for all we know.
    pub(super) is_direct: bool,
}

/// How to get there.
pub(super) enum Way {
    /// To a phone: where it registered.
    Flow(Flow),
    /// To a trunk: by this hop.
    Hop(Hop),
}

impl Way {
    /// The flow, or the one that would be opened.
    pub(super) fn peer(&self) -> Flow {
        match self {
            Self::Flow(flow) => *flow,
            Self::Hop(hop) => Flow { transport: hop.transport, id: FlowId::NONE, remote: hop.address },
        }
    }

    pub(super) fn hop(self) -> Option<Hop> {
        match self {
            Self::Flow(_) => None,
            Self::Hop(hop) => Some(hop),
        }
    }
}

impl Place {
    pub(super) fn of(contact: &Contact, spares: Vec<Contact>) -> Self {
        Self {
            uri: contact.uri.clone(),
            routes: contact.routes(),
            way: Way::Flow(contact.flow),
            spares,
            is_direct: !contact.is_behind_nat,
        }
    }
}

impl SipEndpoint {
    /// Where a target can be reached now; of a trunk every hop in order.
    pub(super) fn places(&mut self, target: &SipTarget, rng: &mut Rng) -> Vec<Place> {
        match target {
            SipTarget::Phone(account) | SipTarget::Devices { account, .. } => {
                let contacts = self.registrar.places(account, self.link.now.mono);
                let is_meant = |contact: &&Contact| match target {
                    SipTarget::Devices { in_browsers, .. } => contact.flow.transport.is_web() == *in_browsers,
                    SipTarget::Phone(_) | SipTarget::Device(_) | SipTarget::Trunk { .. } => true,
                };
                let place = |contact: &Contact| Place::of(contact, self.registrar.spares(account, contact, self.link.now.mono));
                contacts.into_iter().filter(is_meant).map(place).collect()
            }
            SipTarget::Device(device) => {
                let now = self.link.now.mono;
                let bound = self.registrar.bound(device, now);
                let place = |contact: &Contact| Place::of(contact, self.registrar.spares(&device.account, contact, now));
                bound.map(place).into_iter().collect()
            }
            SipTarget::Trunk { trunk, number, .. } => {
                let hops = self.hops_of(trunk, rng);
                hops.into_iter().filter_map(|hop| self.place_of(trunk, number, hop)).collect()
            }
        }
    }

    pub(super) fn place_of(&self, trunk: &TrunkId, number: &str, hop: Hop) -> Option<Place> {
        let host = self.access.trunk(trunk)?.peer.as_ref()?.uri_host();
        let parameter = hop.transport.uri_parameter();
        let uri = Uri::parse(&format!("sip:{}@{host}{parameter}", user_part(number)))?;
        Some(Place { uri, routes: String::new(), way: Way::Hop(hop), spares: Vec::new(), is_direct: true })
    }
}
