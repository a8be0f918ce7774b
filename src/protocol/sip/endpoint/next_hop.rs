//! The servers of a trunk one after another (RFC 3263 4.3), and the flows to one device of a phone (RFC 5626 6): which has its turn
//! next, and when.

use super::{
    SipEndpoint,
    call::{Branch, Call, Calling, Phase},
    place::Place,
    routing::SHUNNED_MS,
};
use crate::{
    protocol::sip::{
        notice::{DialogId, SipNotice, SipTarget},
        registrar::Contact,
        transaction::{ClientKey, Timer},
    },
    types::Rng,
};

/// A hop of a trunk that does not even say 100 by then is passed over when there is another, or another trunk. RFC 3263 4.3
/// would wait for timer B, 32 s, which is longer than callers do.
pub(super) const HOP_SILENT_MS: u64 = 4_000;

impl Calling {
    /// Whether silence is worth noticing early: there is another way.
    pub(super) fn has_more(&self) -> bool {
        let has_alternative = matches!(self.target, SipTarget::Trunk { has_alternative: true, .. });
        let has_flows = self.branches.iter().any(|branch| !branch.spares.is_empty());
        has_alternative || has_flows || !self.hops_left.is_empty()
    }
}

impl SipEndpoint {
    /// The next hop of a trunk has its turn: `false` if there is none.
    pub(super) fn try_next_hop(&mut self, id: DialogId, rng: &mut Rng) -> bool {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return false };
        let Some(hop) = calling.hops_left.pop_front() else { return false };
        let SipTarget::Trunk { trunk, number, .. } = calling.target.clone() else { return false };
        let Some(place) = self.place_of(&trunk, &number, hop) else { return false };
        self.forget_early(id, rng);
        self.begin_branch(id, place, rng);
        true
    }

    /// What the server that failed let us hear is over: the next one rings, sends audio and answers for itself.
    fn forget_early(&mut self, id: DialogId, rng: &mut Rng) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let had_rung = std::mem::take(&mut calling.has_rung);
        calling.early.clear();
        calling.early_answer = None;
        let offer = calling.early_offer.take();
        self.drop_early_offer(offer, rng);
        self.link.stop(id, Timer::Undecided);
        if had_rung {
            self.link.notice(SipNotice::CalledAnew { dialog: id });
        }
    }

    /// Another flow to the device of a phone has its turn: `false` if there is none.
    pub(super) fn try_next_flow(&mut self, id: DialogId, mut spares: Vec<Contact>, rng: &mut Rng) -> bool {
        let Some(Call { phone: Some(account), phase: Phase::Calling(calling), .. }) = self.calls.get(&id) else { return false };
        let account = account.clone();
        spares.retain(|spare| calling.offer.is_for(spare.flow.transport));
        while let Some(spare) = spares.pop() {
            if self.registrar.contacts(&account, self.link.now.mono).any(|known| known.flow == spare.flow) {
                self.begin_branch(id, Place::of(&spare, spares), rng);
                return true;
            }
        }
        false
    }

    /// The hop of a trunk, or the flow to a phone with others, that is being tried says nothing at all.
    pub(super) fn hop_silent(&mut self, id: DialogId, rng: &mut Rng) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get(&id) else { return };
        let may_move = |branch: &&Branch| branch.hop.is_some() || !branch.spares.is_empty();
        let tried = calling.branches.iter().filter(may_move).map(|branch| (branch.key, branch.hop.clone()));
        for (key, hop) in tried.collect::<Vec<_>>() {
            if self.link.transactions.client_mut(key).is_none_or(|client| client.is_proceeding()) {
                continue;
            }
            if let Some(hop) = hop {
                tracing::warn!(address = %hop.address, "a trunk's server does not answer; the next one has its turn");
            }
            self.branch_failed(id, key, 408, rng);
            // Should it speak after all, it is told that the call is elsewhere.
            self.give_up_branch(key, "");
        }
    }

    /// What a hop answers with 503: for how long it wants to be left alone (RFC 3261 21.5.4).
    pub(super) fn shun_hop_of(&mut self, id: DialogId, key: ClientKey, retry_after: Option<&str>) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get(&id) else { return };
        let Some(hop) = calling.branches.iter().find(|branch| branch.key == key).and_then(|branch| branch.hop.clone()) else {
            return;
        };
        let secs = retry_after.and_then(|value| value.split([' ', ';', '(']).next()?.parse::<u64>().ok());
        self.routing.shun(hop, secs.map_or(SHUNNED_MS, |secs| secs.saturating_mul(1_000)), self.link.now.mono);
    }
}
