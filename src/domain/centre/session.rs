//! What names a call from end to end (Session-ID, RFC 7989): the legs of a call say what its customer's side calls it, so that the
//! traces of every network on the way can be laid on each other.

use super::{Centre, LegUse};
use crate::{
    domain::call::{Call, Stage},
    types::{CallContext, CallId, LegId, Rng, SessionIdentifier, SessionUuid},
};

/// A session that begins with us.
pub(super) fn session_of_ours(rng: &mut Rng) -> SessionIdentifier {
    SessionIdentifier { local: SessionUuid::mint(rng), ..SessionIdentifier::default() }
}

impl Centre {
    /// What a leg says that is called for the customer of a call.
    pub(super) fn context_of(&self, id: CallId) -> CallContext {
        let session = self.calls.get(&id).map(customer_session).unwrap_or_default();
        CallContext { session, ..CallContext::default() }
    }

    /// The leg at the other end of the same conversation: the customer's and the phone of whoever has the call.
    pub fn beyond(&self, leg: LegId) -> Option<LegId> {
        match self.legs.get(&leg)? {
            LegUse::Customer(call) => match self.calls.get(call)?.stage() {
                Stage::PassedOn { leg, .. } => Some(*leg),
                stage => stage.partner()?.phone,
            },
            LegUse::AgentPhone { call, .. } => self.calls.get(call)?.customer_leg,
            LegUse::Consulted { call, .. } => {
                let call = self.calls.get(call)?;
                let is_passed_on = matches!(call.stage(), Stage::PassedOn { leg: to, .. } if *to == leg);
                call.customer_leg.filter(|_| is_passed_on)
            }
            LegUse::SecondLine { .. } | LegUse::SlotTold { .. } | LegUse::Console(_) | LegUse::WebPhone(_) => None,
        }
    }
}

/// What is said for the customer of a call: the customer's own name of the session, else the one that we made.
fn customer_session(call: &Call) -> SessionIdentifier {
    SessionIdentifier { local: call.session.remote.or(call.session.local), ..SessionIdentifier::default() }
}
