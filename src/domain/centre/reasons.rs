//! What peers say of why they end or refuse (Reason, RFC 3326): the customer's side's words stand with the end of the call, everybody
//! else's are told by themselves.

use super::{Centre, Turn, legs::LegUse};
use crate::{
    domain::call::Party,
    types::{CallId, LegId, PeerReason, TrunkId},
};

impl Centre {
    /// A leg is about to be over for this reason. One that rings at several devices may be answered after all.
    pub(super) fn note_reason(&mut self, leg: LegId, reason: PeerReason) {
        if self.legs.contains_key(&leg) {
            self.reasons.insert(leg, reason.without_known_text());
        }
    }

    /// A leg is over: the reason to go with the end of the call if it was its customer's. Any other's is told here.
    pub(super) fn reason_of_end(&mut self, turn: &mut Turn<'_>, leg: LegId, used: &LegUse) -> Option<PeerReason> {
        if matches!(used, LegUse::Customer(_)) {
            return self.reasons.remove(&leg);
        }
        self.tell_reason(turn, leg, used, None);
        None
    }

    /// Says now why this leg came to nothing, for the call goes on; with the trunk if that could not carry it.
    pub(super) fn tell_reason(&mut self, turn: &mut Turn<'_>, leg: LegId, used: &LegUse, trunk: Option<TrunkId>) {
        let Some(reason) = self.reasons.remove(&leg) else { return };
        let (id, by): (CallId, Option<Party>) = match used {
            LegUse::Customer(call) => (*call, Some(Party::Customer)),
            LegUse::AgentPhone { call, .. } | LegUse::SecondLine { call } | LegUse::SlotTold { call, .. } => {
                (*call, Some(Party::Agent))
            }
            LegUse::Consulted { call, .. } => (*call, None),
            LegUse::Console(_) | LegUse::WebPhone(_) => return,
        };
        self.on_call(turn, id, |call, cx| call.note_reason(by, trunk, reason, cx));
    }
}
