//! Who hears whom. It follows from a call's stage alone, and only differences are ordered; so hold, transfer, listening and
//! reloads cannot leave a leg with the wrong ears.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::Arc,
};

use super::{Centre, Heard, PhoneEffect};
use crate::{
    domain::call::{Call, Consult, ConsultStep, DialStep, Stage},
    types::{CallId, LegId},
};

/// What waiting and held customers hear.
pub(super) const MUSIC_ON_HOLD: &str = "music/on-hold";
/// What an agent hears while the other party's phone rings.
const RING_BACK: &str = "music/ringback";

/// What each leg of a call hears.
pub(super) type Ears = Vec<(LegId, Vec<Heard>)>;

/// What each leg was last told to hear, and for which call.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    told: BTreeMap<LegId, (CallId, Vec<Heard>)>,
    legs: BTreeMap<CallId, BTreeSet<LegId>>,
}

impl Hearing {
    /// The leg is gone.
    pub(super) fn forget(&mut self, leg: LegId) {
        if let Some((call, _)) = self.told.remove(&leg)
            && let Some(legs) = self.legs.get_mut(&call)
        {
            legs.remove(&leg);
        }
    }
}

impl Centre {
    /// Orders what is new about who hears what, for all calls touched in this turn.
    pub(super) fn tell_hearing(&mut self) {
        let touched: Vec<CallId> = self.published.touched_calls().collect();
        let mut wanted: Vec<(CallId, Ears)> = Vec::with_capacity(touched.len());
        for id in touched {
            wanted.push((id, self.calls.get(&id).map(|call| self.hearing_of(call)).unwrap_or_default()));
        }
        // Silence first: a console leg that leaves one call may be wanted by another in the same turn.
        for (id, legs) in &wanted {
            let known = self.hearing.legs.remove(id).unwrap_or_default();
            for leg in known {
                let is_mine = self.hearing.told.get(&leg).is_some_and(|(call, _)| call == id);
                if is_mine && !legs.iter().any(|(wanted, _)| *wanted == leg) {
                    self.hearing.told.remove(&leg);
                    self.phone(PhoneEffect::Hear { leg, heard: Vec::new() });
                }
            }
        }
        for (id, legs) in wanted {
            for (leg, heard) in legs {
                self.hearing.legs.entry(id).or_default().insert(leg);
                let is_new = match self.hearing.told.get(&leg) {
                    Some((_, told)) => *told != heard,
                    None => true,
                };
                self.hearing.told.insert(leg, (id, heard.clone()));
                if is_new {
                    self.phone(PhoneEffect::Hear { leg, heard });
                }
            }
        }
    }

    /// What every leg of a call hears.
    pub(super) fn hearing_of(&self, call: &Call) -> Ears {
        let music = |clip: &str| vec![Heard::Music(Arc::from(clip))];
        let customer = call.customer_leg.filter(|leg| self.legs.contains_key(leg) && self.has_ears(*leg));
        let agent = call.stage().partner().and_then(|with| self.partner_leg(with));
        let agent = agent.filter(|leg| self.can_hear(*leg));
        let others: Vec<LegId> = call.conference().iter().filter_map(|party| self.party_leg(party)).collect();
        // Who is in a conference hears the others while the agent is away; a customer alone hears music.
        let on_hold = || vec![Heard::Music(self.music_of(call.queue.as_ref()))];
        let left_alone = || if others.is_empty() { on_hold() } else { self.voices(others.iter().copied()) };
        let (customer_hears, agent_hears) = match call.stage() {
            Stage::Answering { .. } | Stage::InFlow { .. } | Stage::Leaving { .. } | Stage::Over => (Vec::new(), Vec::new()),
            Stage::Echo { .. } => (vec![Heard::Echo], Vec::new()),
            Stage::Waiting { .. } if customer.is_some_and(|leg| self.hears_ringing(leg)) => (music(RING_BACK), Vec::new()),
            Stage::Waiting { .. } | Stage::HandedOver { .. } | Stage::Parked { .. } => (on_hold(), Vec::new()),
            Stage::Reconnecting { .. } => (left_alone(), Vec::new()),
            Stage::Held { .. } => {
                let mut hears = self.consulting_agent_hears(call);
                hears.extend(self.heard_by_agent(call).into_iter().map(Heard::Leg));
                (left_alone(), hears)
            }
            Stage::Dialling { step: DialStep::OwnPhone | DialStep::Calling, .. } => (Vec::new(), Vec::new()),
            Stage::Dialling { step: DialStep::Ringing, .. } => (Vec::new(), music(RING_BACK)),
            Stage::Dialling { step: DialStep::EarlyMedia, .. } => (Vec::new(), self.voices(customer)),
            Stage::Talking { .. } => {
                let with_others = |leg: Option<LegId>| self.voices(leg.into_iter().chain(others.iter().copied()));
                let barging = self.barging(call).into_iter().map(Heard::Leg);
                let coaching = self.heard_by_agent(call).into_iter().map(Heard::Leg);
                (
                    with_others(agent).into_iter().chain(barging).collect(),
                    with_others(customer).into_iter().chain(coaching).collect(),
                )
            }
            Stage::PassedOn { until: Some(_), .. } => (music(RING_BACK), Vec::new()),
            Stage::PassedOn { leg, until: None, .. } => {
                (self.voices(iter::once(*leg).chain(others.iter().copied())), Vec::new())
            }
        };
        let mut legs = Vec::new();
        legs.extend(customer.map(|leg| (leg, customer_hears)));
        legs.extend(agent.map(|leg| (leg, agent_hears)));
        self.add_consult_ears(call, agent, &mut legs);
        self.add_conference_ears(call, customer, agent, &mut legs);
        let spoken = customer.into_iter().chain(agent).chain(self.others_on(call));
        // Supervisors who speak hear one another.
        let spoken: Vec<LegId> = spoken.chain(self.heard_by_agent(call)).collect();
        for own in self.supervisor_legs(call, |_| true) {
            legs.push((own, spoken.iter().filter(|leg| **leg != own).copied().map(Heard::Leg).collect()));
        }
        legs
    }

    /// Who else speaks on a call, for those who listen: the consulted party who has answered, the agent's second line to it, and
    /// whom the call was passed on to.
    fn others_on(&self, call: &Call) -> Vec<LegId> {
        let passed_on = match call.stage() {
            Stage::PassedOn { leg, until: None, .. } => Some(*leg),
            _ => None,
        };
        let answered = call.parties().filter(|party| party.is_answered());
        answered.flat_map(|party| [self.party_leg(party), party.own_line]).flatten().chain(passed_on).collect()
    }

    /// What the agent hears who put the customer on hold: perhaps somebody else.
    fn consulting_agent_hears(&self, call: &Call) -> Vec<Heard> {
        let consult = call.consult().filter(|consult| consult.own_line.is_none());
        match consult.map(|consult| consult.step) {
            Some(ConsultStep::Ringing) if consult.is_some_and(hears_early) => self.voices(self.consulted_leg(call)),
            Some(ConsultStep::Ringing)
                if consult.is_some_and(|consult| consult.colleague().is_none() && consult.waits_in().is_some()) =>
            {
                vec![Heard::Music(self.music_of(consult.and_then(|consult| consult.waits_in())))]
            }
            Some(ConsultStep::Ringing) => vec![Heard::Music(Arc::from(RING_BACK))],
            Some(ConsultStep::Talking) => self.voices(self.consulted_leg(call)),
            Some(ConsultStep::Waiting | ConsultStep::Joined) | None => Vec::new(),
        }
    }

    /// The ears of the conference, and of whom the call was passed on to: each hears the customer, the agent while the agent is
    /// there, and all others.
    fn add_conference_ears(&self, call: &Call, customer: Option<LegId>, agent: Option<LegId>, legs: &mut Ears) {
        let agent = agent.filter(|_| matches!(call.stage(), Stage::Talking { .. }));
        let mut parties: Vec<LegId> = call.conference().iter().filter_map(|party| self.party_leg(party)).collect();
        match call.stage() {
            Stage::PassedOn { leg, until: Some(_), .. } => legs.push((*leg, Vec::new())),
            Stage::PassedOn { leg, until: None, .. } => parties.insert(0, *leg),
            _ => {}
        }
        let barging = self.barging(call);
        for own in &parties {
            let others = parties.iter().copied().filter(|leg| leg != own);
            legs.push((*own, self.voices(customer.into_iter().chain(agent).chain(others).chain(barging.iter().copied()))));
        }
    }

    /// The ears of the party that an agent consults, and of the agent's second line.
    fn add_consult_ears(&self, call: &Call, agent: Option<LegId>, legs: &mut Ears) {
        let Some(consult) = call.consult() else { return };
        let on_hold = || vec![Heard::Music(Arc::from(MUSIC_ON_HOLD))];
        let is_reconnecting = matches!(call.stage(), Stage::Reconnecting { .. });
        let asker = consult.own_line.or(agent);
        let consulted_hears = match consult.step {
            ConsultStep::Ringing => Vec::new(),
            ConsultStep::Talking if is_reconnecting && consult.own_line.is_none() => on_hold(),
            ConsultStep::Talking => self.voices(asker),
            ConsultStep::Waiting | ConsultStep::Joined => on_hold(),
        };
        let consulted = self.consulted_leg(call);
        legs.extend(consulted.map(|leg| (leg, consulted_hears)));
        if let Some(line) = consult.own_line {
            let is_talking = matches!(consult.step, ConsultStep::Talking | ConsultStep::Ringing);
            if consult.is_answered() || hears_early(consult) {
                legs.push((line, self.voices(consulted.filter(|_| is_talking))));
            } else if self.listens_early(line) {
                legs.push((line, vec![Heard::Music(Arc::from(RING_BACK))]));
            }
        }
    }

    /// The voices of these legs. A phone that holds us promised to send nothing: where nobody else speaks, music stands in for it, so that
    /// nobody is left in silence; a conference is spared it.
    fn voices(&self, legs: impl IntoIterator<Item = LegId>) -> Vec<Heard> {
        let (held, voices): (Vec<LegId>, Vec<LegId>) = legs.into_iter().partition(|leg| self.held_by_phone.contains(leg));
        if voices.is_empty() && !held.is_empty() {
            return vec![Heard::Music(Arc::from(MUSIC_ON_HOLD))];
        }
        voices.into_iter().map(Heard::Leg).collect()
    }
}

/// Whether whoever asks hears the other side before it answers.
fn hears_early(consult: &Consult) -> bool {
    consult.has_early_media && consult.transferor.is_none()
}
