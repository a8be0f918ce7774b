//! At whom a call rings: at one agent, or a waiting one at several at once, of whom the first to answer has it. The stage holds the offer
//! that ends first, so that its deadline is the stage's; the others stand beside it.

use super::{Call, CallCx, CallEventKind, MissCause, Offer, Stage};
use crate::types::{AgentId, LegId, RoutingDecision};

impl Call {
    /// Every live offer, the one that ends first at the front.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        self.stage().offer().into_iter().chain(&self.also_rings)
    }

    /// The offer to this agent.
    pub fn offer_to(&self, agent: &AgentId) -> Option<&Offer> {
        self.offers().find(|offer| offer.agent == *agent)
    }

    /// The offer by this telephone.
    pub fn offer_by(&self, phone: LegId) -> Option<&Offer> {
        self.offers().find(|offer| offer.phone == Some(phone))
    }

    /// Whether it rings by the rules of its queue, and at fewer agents than so many.
    pub fn may_ring_at_more(&self, most: i64) -> bool {
        let rings = i64::try_from(self.offers().count()).unwrap_or(i64::MAX);
        // Who is called back needs one agent.
        let may_more = !self.is_given && !self.is_calling_back();
        matches!(self.stage(), Stage::Waiting { offer: Some(_), .. }) && may_more && rings < most
    }

    /// Somebody puts the caller before all others in line.
    pub fn put_first(&mut self, cx: &mut CallCx<'_>) {
        let Stage::Waiting { queue, .. } = &self.stage else { return };
        let queue = queue.clone();
        self.say(cx, CallEventKind::PutFirst { queue });
    }

    /// Somebody puts the caller ahead by so many seconds, or back to where the queue's rules do.
    pub fn set_ahead(&mut self, secs: Option<i64>, cx: &mut CallCx<'_>) {
        let Stage::Waiting { queue, .. } = &self.stage else { return };
        let queue = queue.clone();
        self.ahead_secs = secs;
        self.say(cx, CallEventKind::PutAhead { queue, secs });
    }

    /// A caller in line rings at an agent: by this decision, or by somebody's hand.
    pub fn offer(&mut self, new: Offer, decision: Option<RoutingDecision>, cx: &mut CallCx<'_>) {
        let Stage::Waiting { queue, offer } = &mut self.stage else { return };
        let (queue, agent) = (queue.clone(), new.agent.clone());
        match offer {
            None => {
                *offer = Some(new);
                self.is_given = decision.is_none();
                self.since = cx.now.wall;
            }
            Some(first) if new.until < first.until => self.also_rings.insert(0, std::mem::replace(first, new)),
            Some(_) => {
                let place = self.also_rings.partition_point(|other| other.until <= new.until);
                self.also_rings.insert(place, new);
            }
        }
        self.attempts += 1;
        let decision = decision.map(Box::new);
        self.say(cx, CallEventKind::Offered { queue: Some(queue), agent, attempt: self.attempts, decision });
    }

    /// The offer to this agent came to nothing. A wait goes on; a handed-over call must be sent on by the caller of this method.
    pub fn miss(&mut self, agent: &AgentId, cause: MissCause, cx: &mut CallCx<'_>) -> Option<Offer> {
        let missed = self.take_offer(agent)?;
        if self.offers().next().is_none() {
            self.since = cx.now.wall;
        }
        self.say(cx, CallEventKind::OfferMissed { agent: missed.agent.clone(), cause });
        Some(missed)
    }

    /// An agent takes the call: the other offers, which come to nothing.
    pub fn answered_elsewhere(&mut self, by: &AgentId, cx: &mut CallCx<'_>) -> Vec<Offer> {
        let others: Vec<AgentId> = self.offers().map(|offer| offer.agent.clone()).filter(|agent| agent != by).collect();
        others.iter().filter_map(|agent| self.miss(agent, MissCause::AnsweredElsewhere, cx)).collect()
    }

    fn take_offer(&mut self, agent: &AgentId) -> Option<Offer> {
        if let Some(place) = self.also_rings.iter().position(|offer| offer.agent == *agent) {
            return Some(self.also_rings.remove(place));
        }
        if self.stage.offer().is_none_or(|offer| offer.agent != *agent) {
            return None;
        }
        match &mut self.stage {
            Stage::Waiting { offer, .. } => {
                let next = (!self.also_rings.is_empty()).then(|| self.also_rings.remove(0));
                std::mem::replace(offer, next)
            }
            Stage::Parked { offer, .. } => offer.take(),
            Stage::HandedOver { offer, .. } => Some(offer.clone()),
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Dialling { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => None,
        }
    }
}
