//! A parked call: the customer hears music in a numbered slot until an agent takes the call, or its time there is over. It counts
//! as being on hold.

use super::{Call, CallCx, CallEventKind, Offer, Span, Stage};
use crate::types::{AgentId, Mono, Timestamp};

impl Call {
    /// Whether it could be parked: in a conversation, and nobody else is asked about it.
    pub fn may_be_parked(&self) -> bool {
        self.is_between_two() && self.may_consult()
    }

    /// The agent leaves the call in a slot.
    pub fn park(&mut self, slot: u8, until: Mono, until_at: Timestamp, cx: &mut CallCx<'_>) {
        let Some(by) = self.stage().partner().map(|with| with.agent.clone()).filter(|_| self.may_be_parked()) else { return };
        let (agent, since) = (by.clone(), cx.now.wall);
        self.transferred_from = Some(by.clone());
        self.attempts = 0;
        self.go(Stage::Parked { slot, by, since, offer: None, until, until_at }, Some(Span::Hold), cx);
        self.say(cx, CallEventKind::Parked { agent, slot: i64::from(slot) });
    }

    /// The slot of a parked call that nobody is taking.
    pub fn parked_in(&self) -> Option<u8> {
        match self.stage() {
            Stage::Parked { slot, offer: None, .. } => Some(*slot),
            _ => None,
        }
    }

    /// An agent takes it, by a telephone that rings or is being answered.
    pub fn offer_parked(&mut self, new: Offer, cx: &mut CallCx<'_>) {
        let Stage::Parked { offer: offer @ None, .. } = &mut self.stage else { return };
        let agent = new.agent.clone();
        *offer = Some(new);
        self.attempts += 1;
        self.say(cx, CallEventKind::Offered { queue: None, agent, attempt: self.attempts, decision: None });
    }

    /// Nobody took it in time, and there is nowhere else for it to go yet.
    pub fn stay_parked(&mut self, longer: Mono, longer_at: Timestamp) {
        if let Stage::Parked { until, until_at, offer: None, .. } = &mut self.stage {
            (*until, *until_at) = (longer, longer_at);
        }
    }

    /// Nobody took it in time: its agent and slot. The caller of this method sends it on.
    pub fn end_parking(&mut self, cx: &mut CallCx<'_>) -> Option<(AgentId, u8)> {
        let Stage::Parked { slot, by, offer: None, .. } = &self.stage else { return None };
        let (agent, slot) = (by.clone(), *slot);
        self.say(cx, CallEventKind::ParkReturned { agent: agent.clone(), slot: i64::from(slot) });
        Some((agent, slot))
    }

    /// It rings at the agent who parked it.
    pub fn return_to(&mut self, by: AgentId, slot: u8, offer: Offer, cx: &mut CallCx<'_>) {
        let to = offer.agent.clone();
        self.wait_since = Some(cx.now.mono);
        self.attempts += 1;
        self.go(Stage::HandedOver { from: by, offer, returns_from: Some(slot) }, Some(Span::Wait), cx);
        self.say(cx, CallEventKind::Offered { queue: None, agent: to, attempt: self.attempts, decision: None });
    }
}
