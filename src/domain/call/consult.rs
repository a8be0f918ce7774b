//! A consultation: an agent asks somebody else while the customer waits on the line, and may pass the customer on. It stands
//! beside the call's stage: what the customer's time counts as follows from the stage alone.

use std::sync::Arc;

use super::{Call, CallCx, CallEventKind, Partner, Span, Stage, TransferTarget};
use crate::types::{AgentId, LegId, Mono, Timestamp, TrunkId};

/// Somebody whom an agent has called about a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Consult {
    /// Whom.
    pub with: Consulted,
    /// The leg of that party's phone; `None` for a colleague's console.
    pub leg: Option<LegId>,
    /// The agent's second line, when the agent's phone dialled by itself; `None` when one line carries both.
    pub own_line: Option<LegId>,
    /// How far it has come.
    pub step: ConsultStep,
    /// The agent's leg that wants to be rid of the call as soon as the party answers: a blind transfer by the phone.
    pub transferor: Option<LegId>,
    /// Whether the customer was on hold before.
    pub was_held: bool,
    /// Then it is given up; a conference is not.
    pub until: Option<Mono>,
    /// The same on the wall.
    pub until_at: Option<Timestamp>,
}

/// Whom an agent consults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consulted {
    /// A colleague on the floor.
    Colleague(AgentId),
    /// A phone without an agent, or a number outside.
    Number {
        /// As it was dialled.
        number: Arc<str>,
        /// The trunk that it takes a line of.
        trunk: Option<TrunkId>,
    },
}

/// How far a consultation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsultStep {
    /// It rings there.
    Ringing,
    /// Agent and consulted party talk; the customer hears music.
    Talking,
    /// The agent talks with the customer; the consulted party hears music.
    Waiting,
    /// All three hear each other.
    Joined,
}

impl Consult {
    /// For the history: a number outside is personal data, which events do not hold.
    pub fn target(&self) -> TransferTarget {
        match &self.with {
            Consulted::Colleague(agent) => TransferTarget::Agent { agent: agent.clone() },
            Consulted::Number { .. } => TransferTarget::Number,
        }
    }

    /// The colleague, if it is one.
    pub fn colleague(&self) -> Option<&AgentId> {
        match &self.with {
            Consulted::Colleague(agent) => Some(agent),
            Consulted::Number { .. } => None,
        }
    }

    /// Whether the party has answered.
    pub fn is_answered(&self) -> bool {
        self.step != ConsultStep::Ringing
    }
}

impl Call {
    /// The consultation beside the call.
    pub fn consult(&self) -> Option<&Consult> {
        self.consult.as_ref()
    }

    /// Somebody is called about the customer, who hears music from now on. Only in a conversation, and one at a time.
    pub fn begin_consult(&mut self, mut consult: Consult, cx: &mut CallCx<'_>) -> bool {
        let Some(agent) = self.stage().partner().map(|with| with.agent.clone()).filter(|_| self.may_consult()) else {
            return false;
        };
        consult.was_held = !self.hold(cx);
        let to = consult.target();
        self.consult = Some(consult);
        self.say(cx, CallEventKind::ConsultBegan { agent, to });
        true
    }

    /// Whether a consultation could begin.
    pub fn may_consult(&self) -> bool {
        self.consult.is_none() && matches!(self.stage(), Stage::Talking { .. } | Stage::Held { .. })
    }

    /// The party answered.
    pub fn consult_answered(&mut self, until: Mono, until_at: Timestamp, cx: &mut CallCx<'_>) {
        let Some(consult) = self.consult.as_mut().filter(|consult| !consult.is_answered()) else { return };
        consult.step = ConsultStep::Talking;
        (consult.until, consult.until_at) = (Some(until), Some(until_at));
        let to = consult.target();
        if let Some(agent) = self.stage().partner().map(|with| with.agent.clone()) {
            self.say(cx, CallEventKind::ConsultAnswered { agent, to });
        }
    }

    /// The colleague who was asked has not answered, and another one does: the leg that rang, if it was a telephone's.
    pub fn consult_picked_up(&mut self, by: AgentId, leg: LegId, cx: &mut CallCx<'_>) -> Option<Option<LegId>> {
        let agent = self.stage().partner()?.agent.clone();
        let consult = self.consult.as_mut().filter(|consult| !consult.is_answered() && consult.colleague().is_some())?;
        let before = consult.target();
        consult.with = Consulted::Colleague(by);
        let (rang, to) = (consult.leg.replace(leg), consult.target());
        self.say(cx, CallEventKind::ConsultEnded { agent: agent.clone(), to: before, was_reached: false });
        self.say(cx, CallEventKind::ConsultBegan { agent, to });
        Some(rang)
    }

    /// The agent turns to the customer, or back to the consulted party.
    pub fn swap(&mut self, cx: &mut CallCx<'_>) -> bool {
        let (is_done, step) = match self.consult.as_ref().map(|consult| consult.step) {
            Some(ConsultStep::Talking) => (self.resume(cx), ConsultStep::Waiting),
            Some(ConsultStep::Waiting) => (self.hold(cx), ConsultStep::Talking),
            Some(ConsultStep::Ringing | ConsultStep::Joined) | None => return false,
        };
        if is_done && let Some(consult) = &mut self.consult {
            consult.step = step;
        }
        is_done
    }

    /// The agent's phone held or resumed its second line.
    pub fn hold_second_line(&mut self, is_held: bool) {
        let Some(consult) = &mut self.consult else { return };
        match consult.step {
            ConsultStep::Talking if is_held => consult.step = ConsultStep::Waiting,
            ConsultStep::Waiting if !is_held => consult.step = ConsultStep::Talking,
            ConsultStep::Ringing | ConsultStep::Talking | ConsultStep::Waiting | ConsultStep::Joined => {}
        }
    }

    /// All three hear each other from now on.
    pub fn join(&mut self, cx: &mut CallCx<'_>) -> bool {
        let is_possible = self.consult.as_ref().is_some_and(|consult| {
            consult.own_line.is_none() && matches!(consult.step, ConsultStep::Talking | ConsultStep::Waiting)
        });
        let in_conversation = matches!(self.stage(), Stage::Talking { .. } | Stage::Held { .. });
        let Some(with) = self.stage().partner().cloned().filter(|_| is_possible && in_conversation) else { return false };
        if matches!(self.stage(), Stage::Held { .. }) {
            self.resume(cx);
        }
        if let Some(consult) = &mut self.consult {
            consult.step = ConsultStep::Joined;
            (consult.until, consult.until_at) = (None, None);
        }
        self.say(cx, CallEventKind::Conferenced { agent: with.agent });
        true
    }

    /// The consulted party is gone, or was never reached. The customer stays as the agent left the customer.
    pub fn end_consult(&mut self, cx: &mut CallCx<'_>) -> Option<Consult> {
        let consult = self.consult.take()?;
        if let Some(agent) = self.stage().partner().map(|with| with.agent.clone()) {
            self.say(cx, CallEventKind::ConsultEnded { agent, to: consult.target(), was_reached: consult.is_answered() });
        }
        Some(consult)
    }

    /// The agent leaves the call to the consulted party who has answered, or whose phone rings. The agent's time ends here.
    pub fn pass_on(&mut self, cx: &mut CallCx<'_>) -> Option<Consult> {
        let from = self.stage().partner()?.agent.clone();
        let consult = self.consult.take()?;
        let ringing_until = consult.until.filter(|_| !consult.is_answered());
        match (&consult.with, ringing_until) {
            (Consulted::Colleague(agent), None) => {
                let with = Partner { agent: agent.clone(), phone: consult.leg };
                self.tell_transferred(from, &consult, cx);
                self.connect(with, cx);
            }
            (Consulted::Colleague(agent), Some(until)) => {
                let until_at = consult.until_at.unwrap_or(cx.now.wall);
                let offer = super::Offer { agent: agent.clone(), phone: consult.leg, until, until_at };
                self.hand_over(from, offer, false, cx);
            }
            (Consulted::Number { trunk, .. }, until) => {
                let leg = consult.leg?;
                self.tell_transferred(from, &consult, cx);
                let counts_as = until.map(|_| Span::Wait);
                self.go(Stage::PassedOn { leg, trunk: trunk.clone(), until }, counts_as, cx);
            }
        }
        Some(consult)
    }

    fn tell_transferred(&mut self, from: AgentId, consult: &Consult, cx: &mut CallCx<'_>) {
        self.transferred_from = Some(from.clone());
        self.say(cx, CallEventKind::Transferred { from, to: consult.target() });
    }

    /// The party to whom the call was passed on has answered.
    pub fn passed_on_answered(&mut self, cx: &mut CallCx<'_>) {
        if let Stage::PassedOn { leg, trunk, until: Some(_) } = self.stage().clone() {
            self.go(Stage::PassedOn { leg, trunk, until: None }, None, cx);
        }
    }

    /// How many lines of a trunk the call takes.
    pub fn lines_on(&self, trunk: &TrunkId) -> i64 {
        if self.is_over() {
            return 0;
        }
        let consulted = match self.consult.as_ref().map(|consult| &consult.with) {
            Some(Consulted::Number { trunk, .. }) => trunk.as_ref(),
            Some(Consulted::Colleague(_)) | None => None,
        };
        let passed_on = match self.stage() {
            Stage::PassedOn { trunk, .. } => trunk.as_ref(),
            _ => None,
        };
        let lines = [self.party.trunk.as_ref(), consulted, passed_on];
        let count = lines.into_iter().flatten().filter(|line| *line == trunk).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}
