//! A conference: parties whom the agent has asked one after another and brought together with the customer. Each may leave or be
//! sent away alone; when the agent leaves, the others go on.

use super::{Call, CallCx, CallEventKind, Consult, ConsultStep, Consulted, Offer, Partner, Span, Stage, TransferTarget};
use crate::types::{AgentId, LegId, TrunkId};

/// Parties besides the agent and the customer: eight in all.
pub const PARTIES_MAX: usize = 6;

impl Call {
    /// Who is in the conference besides the customer and the agent, in the order in which they joined.
    pub fn conference(&self) -> &[Consult] {
        &self.conference
    }

    /// Whether nobody but the agent is on the line with the customer, and nobody is called.
    pub fn is_between_two(&self) -> bool {
        self.consult.is_none() && self.conference.is_empty()
    }

    /// Everybody who was called about the customer and is still there, asked or joined.
    pub fn parties(&self) -> impl Iterator<Item = &Consult> {
        self.conference.iter().chain(&self.consult)
    }

    /// The least number that no party has.
    pub(super) fn free_party(&self) -> u8 {
        (1..=u8::MAX).find(|number| self.parties().all(|party| party.party != *number)).unwrap_or(u8::MAX)
    }

    /// The party who was asked joins: all hear each other from now on.
    pub fn join(&mut self, cx: &mut CallCx<'_>) -> bool {
        let is_possible = self.consult.as_ref().is_some_and(|consult| {
            consult.own_line.is_none() && matches!(consult.step, ConsultStep::Talking | ConsultStep::Waiting)
        });
        let in_conversation = matches!(self.stage(), Stage::Talking { .. } | Stage::Held { .. });
        let Some(with) = self.stage().partner().cloned().filter(|_| is_possible && in_conversation) else { return false };
        if matches!(self.stage(), Stage::Held { .. }) {
            self.resume(cx);
        }
        let to = self.take_in();
        self.say(cx, CallEventKind::Conferenced { agent: with.agent, to });
        true
    }

    /// The party who was asked is one of the conference.
    fn take_in(&mut self) -> Option<TransferTarget> {
        let mut party = self.consult.take()?;
        party.step = ConsultStep::Joined;
        (party.until, party.until_at) = (None, None);
        let to = party.target();
        self.conference.push(party);
        Some(to)
    }

    /// A party leaves the conference, or is sent away.
    pub fn leave_conference(&mut self, party: u8, cx: &mut CallCx<'_>) -> Option<Consult> {
        let index = self.conference.iter().position(|one| one.party == party)?;
        let gone = self.conference.remove(index);
        self.count_alone(cx);
        self.say(cx, CallEventKind::PartyLeft { to: gone.target() });
        Some(gone)
    }

    /// The agent leaves the call to who was asked and has answered, or is rung; with a conference to the colleague who joined it first,
    /// else to the first number; not to one of the `silent` where there is another. The agent's time ends here. Gives the party who has
    /// the call now.
    pub fn pass_on(&mut self, silent: &[u8], cx: &mut CallCx<'_>) -> Option<Consult> {
        let from = self.stage().partner()?.agent.clone();
        if !self.conference.is_empty() {
            if self.consult.as_ref().is_some_and(|consult| !consult.is_answered()) {
                return None;
            }
            self.take_in();
            return self.inherit(from, silent, cx);
        }
        // Nobody is asked yet whom it could be left to.
        let consult = self.consult.take_if(|consult| consult.waits_in().is_none())?;
        let ringing_until = consult.until.filter(|_| !consult.is_answered());
        match (&consult.with, ringing_until) {
            (_, None) => self.give_to(from, &consult, cx)?,
            (Consulted::Colleague(agent), Some(until)) => {
                let until_at = consult.until_at.unwrap_or(cx.now.wall);
                let offer = Offer { agent: agent.clone(), phone: consult.leg, until, until_at };
                self.hand_over(from, offer, false, cx);
            }
            (Consulted::Queue(_), Some(_)) => return None,
            (Consulted::Number { trunk, .. }, until) => {
                let leg = consult.leg?;
                self.tell_transferred(from, &consult, cx);
                self.go(Stage::PassedOn { leg, trunk: trunk.clone(), until }, Some(Span::Wait), cx);
            }
        }
        Some(consult)
    }

    /// One of the conference has the call from now on: a colleague before a number, and of colleagues not one of the `silent`, if there
    /// is another.
    pub fn inherit(&mut self, from: AgentId, silent: &[u8], cx: &mut CallCx<'_>) -> Option<Consult> {
        let rank = |party: &Consult| (party.colleague().is_none(), silent.contains(&party.party));
        let (index, _) = self.conference.iter().enumerate().min_by_key(|(_, party)| rank(party))?;
        let heir = self.conference.remove(index);
        self.give_to(from, &heir, cx)?;
        Some(heir)
    }

    /// A party who is on the line has the call from now on.
    fn give_to(&mut self, from: AgentId, to: &Consult, cx: &mut CallCx<'_>) -> Option<()> {
        match &to.with {
            Consulted::Colleague(agent) => {
                let with = Partner { agent: agent.clone(), phone: to.leg };
                self.tell_transferred(from, to, cx);
                if let Some(line) = &to.line {
                    // From here on the customer is a contact of the queue whose agent was asked, and has not waited there.
                    self.enqueue(line.queue.clone(), None, cx);
                }
                self.connect(with, cx);
            }
            Consulted::Queue(_) => return None,
            Consulted::Number { trunk, .. } => {
                let leg = to.leg?;
                self.tell_transferred(from, to, cx);
                self.go(Stage::PassedOn { leg, trunk: trunk.clone(), until: None }, None, cx);
            }
        }
        Some(())
    }

    fn tell_transferred(&mut self, from: AgentId, consult: &Consult, cx: &mut CallCx<'_>) {
        self.transferred_from = Some(from.clone());
        self.say(cx, CallEventKind::Transferred { from, to: consult.target() });
    }

    /// The number of the party of this leg in the conference.
    pub fn party_of_leg(&self, leg: LegId) -> Option<u8> {
        self.conference.iter().find(|party| party.leg == Some(leg)).map(|party| party.party)
    }

    /// The number of this colleague in the conference.
    pub fn party_of_agent(&self, agent: &AgentId) -> Option<u8> {
        self.conference.iter().find(|party| party.colleague() == Some(agent)).map(|party| party.party)
    }

    /// The trunk of each outside line that the call takes; none once it is over.
    pub fn trunk_lines(&self) -> impl Iterator<Item = &TrunkId> {
        let passed_on = match self.stage() {
            Stage::PassedOn { trunk, .. } => trunk.as_ref(),
            _ => None,
        };
        let parties = self.parties().filter_map(Consult::trunk);
        self.party.trunk.iter().chain(parties).chain(passed_on).filter(move |_| !self.is_over())
    }
}

impl Consult {
    /// The trunk that it takes a line of.
    pub fn trunk(&self) -> Option<&TrunkId> {
        match &self.with {
            Consulted::Number { trunk, .. } => trunk.as_ref(),
            Consulted::Colleague(_) | Consulted::Queue(_) => None,
        }
    }
}
