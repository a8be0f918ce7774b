//! What the legs of a call say beside who calls whom. They carry what the customer's side calls the session (Session-ID, RFC 7989), so
//! that the traces of every network on the way can be laid on each other; one that is sent on also who did so.

use super::{Centre, LegUse};
use crate::{
    domain::call::{Call, Stage},
    types::{AgentId, CallContext, CallId, LegId, Redirection, RedirectionReason, Rng, SessionIdentifier, SessionUuid},
};

/// A session that begins with us.
pub(super) fn session_of_ours(rng: &mut Rng) -> SessionIdentifier {
    SessionIdentifier { local: SessionUuid::mint(rng), ..SessionIdentifier::default() }
}

impl Centre {
    /// What a leg says that is called for the customer of a call.
    pub(super) fn context_of(&self, id: CallId) -> CallContext {
        let session = self.calls.get(&id).map(|call| customer_session(call)).unwrap_or_default();
        CallContext { session, ..CallContext::default() }
    }

    /// Who has sent a call on that an agent's phone transfers: we, and whoever did before.
    pub(super) fn redirected_by(&self, id: CallId, agent: &AgentId) -> Vec<Redirection> {
        let Some(call) = self.calls.get(&id) else { return Vec::new() };
        // A short number of ours means nothing out there.
        let ours = Some(call.our_number.clone()).filter(|number| number.starts_with('+')).or_else(|| self.number_shown(agent));
        let by = ours.map(|number| number.to_string());
        let own = Redirection { by, reason: RedirectionReason::Deflection, count: 1 };
        [own].into_iter().chain(call.party.redirections.iter().cloned()).collect()
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
