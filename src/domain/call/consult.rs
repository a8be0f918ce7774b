//! A consultation: an agent asks somebody else while the customer waits on the line, and may pass the customer on. It stands
//! beside the call's stage: what the customer's time counts as follows from the stage alone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Call, CallCx, CallEventKind, MissCause, Stage, TransferTarget, conference::PARTIES_MAX};
use crate::types::{AgentId, LegId, Mono, QueueId, RoutingDecision, Timestamp, TrunkId};

/// Somebody whom an agent has called about a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consult {
    /// Its number on the call, from 1, the same from the first ringing to the end.
    pub party: u8,
    /// Whom.
    pub with: Consulted,
    /// The leg of that party's phone; `None` for a colleague's console.
    pub leg: Option<LegId>,
    /// The agent's second line, when the agent's phone dialled by itself; `None` when one line carries both.
    pub own_line: Option<LegId>,
    /// How far it has come.
    pub step: ConsultStep,
    /// Whether the other side sends audio before it answers: its network's ringing tone, or an announcement.
    pub has_early_media: bool,
    /// The agent's leg that wants to be rid of the call as soon as the party answers: a blind transfer by the phone.
    pub transferor: Option<LegId>,
    /// Whether the party gets the customer as soon as it answers: a transfer by the console that comes back when nobody does.
    #[serde(default)]
    pub hands_over: bool,
    /// Whether the customer was on hold before.
    pub was_held: bool,
    /// Then it is given up; a conference is not.
    pub until: Option<Mono>,
    /// The same on the wall.
    pub until_at: Option<Timestamp>,
    /// The line of a queue by which the party is found.
    #[serde(default)]
    pub line: Option<ConsultLine>,
}

/// The line in which a consultation stands until somebody of the queue answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultLine {
    /// Whose.
    pub queue: QueueId,
    /// Then nobody else is rung.
    pub until: Mono,
    /// The same on the wall.
    pub until_at: Timestamp,
}

/// Whom an agent consults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consulted {
    /// A colleague on the floor.
    Colleague(AgentId),
    /// Whoever of a queue is free next; from when it rings there, that colleague.
    Queue(QueueId),
    /// A phone without an agent, or a number outside.
    Number {
        /// As it was dialled.
        number: Arc<str>,
        /// The trunk that it takes a line of.
        trunk: Option<TrunkId>,
    },
}

/// How far a consultation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsultStep {
    /// It rings there.
    Ringing,
    /// Agent and consulted party talk; the customer hears music.
    Talking,
    /// The agent talks with the customer; the consulted party hears music.
    Waiting,
    /// In the conference: all hear each other.
    Joined,
}

impl Consult {
    /// For the history: a number outside is personal data, which events do not hold.
    pub fn target(&self) -> TransferTarget {
        match &self.with {
            Consulted::Colleague(agent) => TransferTarget::Agent { agent: agent.clone() },
            Consulted::Queue(queue) => TransferTarget::Queue { queue: queue.clone() },
            Consulted::Number { .. } => TransferTarget::Number,
        }
    }

    /// The colleague, if it is one.
    pub fn colleague(&self) -> Option<&AgentId> {
        match &self.with {
            Consulted::Colleague(agent) => Some(agent),
            Consulted::Queue(_) | Consulted::Number { .. } => None,
        }
    }

    /// The queue in whose line it stands now, ringing or not.
    pub fn waits_in(&self) -> Option<&QueueId> {
        self.line.as_ref().filter(|_| !self.is_answered()).map(|line| &line.queue)
    }

    /// Whether the party has answered.
    pub fn is_answered(&self) -> bool {
        self.step != ConsultStep::Ringing
    }
}

impl Call {
    /// Whoever is being asked gets the customer with the answer.
    pub fn hand_over_when_answered(&mut self) {
        if let Some(consult) = &mut self.consult {
            consult.hands_over = true;
        }
    }

    /// The consultation beside the call; who has joined the conference is not consulted any more.
    pub fn consult(&self) -> Option<&Consult> {
        self.consult.as_ref()
    }

    /// Somebody is called about the customer, who hears music from now on, or whoever is in the conference already. Only in a
    /// conversation, and one at a time.
    pub fn begin_consult(&mut self, mut consult: Consult, cx: &mut CallCx<'_>) -> bool {
        let Some(agent) = self.stage().partner().map(|with| with.agent.clone()).filter(|_| self.may_consult()) else {
            return false;
        };
        consult.party = self.free_party();
        consult.was_held = !self.hold(cx);
        let to = consult.target();
        self.consult = Some(consult);
        self.say(cx, CallEventKind::ConsultBegan { agent, to });
        true
    }

    /// Whether a consultation could begin.
    pub fn may_consult(&self) -> bool {
        let has_room = self.consult.is_none() && self.conference.len() < PARTIES_MAX;
        has_room && matches!(self.stage(), Stage::Talking { .. } | Stage::Held { .. })
    }

    /// The other side sends audio before it answers. Whether that is new.
    pub fn consult_early_media(&mut self, leg: LegId) -> bool {
        let consult = self.consult.as_mut().filter(|consult| consult.leg == Some(leg) && !consult.is_answered());
        consult.is_some_and(|consult| !std::mem::replace(&mut consult.has_early_media, true))
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

    /// It rings at a colleague of the queue that is asked, until then. Whether it waited there for somebody to ring.
    pub fn offer_consult(
        &mut self,
        to: AgentId,
        leg: Option<LegId>,
        (until, until_at): (Mono, Timestamp),
        decision: Option<RoutingDecision>,
        cx: &mut CallCx<'_>,
    ) -> bool {
        let Some(agent) = self.stage().partner().map(|with| with.agent.clone()) else { return false };
        let Some(consult) = &mut self.consult else { return false };
        let Consulted::Queue(queue) = &consult.with else { return false };
        let queue = queue.clone();
        consult.with = Consulted::Colleague(to.clone());
        consult.leg = leg;
        consult.has_early_media = false;
        (consult.until, consult.until_at) = (Some(until), Some(until_at));
        self.say(cx, CallEventKind::ConsultOffered { agent, queue, to, decision: decision.map(Box::new) });
        true
    }

    /// The colleague at whom it rang did not answer: it stands in the queue's line again. The leg that rang, if it was a telephone's.
    pub fn miss_consult(&mut self, cause: MissCause, cx: &mut CallCx<'_>) -> Option<Option<LegId>> {
        let agent = self.stage().partner()?.agent.clone();
        let consult = self.consult.as_mut().filter(|consult| !consult.is_answered())?;
        let (line, missed) = (consult.line.clone()?, consult.colleague().cloned()?);
        consult.with = Consulted::Queue(line.queue);
        (consult.until, consult.until_at) = (Some(line.until), Some(line.until_at));
        consult.has_early_media = false;
        let leg = consult.leg.take();
        self.say(cx, CallEventKind::ConsultMissed { agent, by: missed, cause });
        Some(leg)
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

    /// The consulted party is gone, or was never reached. The customer stays as the agent left the customer.
    pub fn end_consult(&mut self, cx: &mut CallCx<'_>) -> Option<Consult> {
        let consult = self.consult.take()?;
        if let Some(agent) = self.stage().partner().map(|with| with.agent.clone()) {
            self.say(cx, CallEventKind::ConsultEnded { agent, to: consult.target(), was_reached: consult.is_answered() });
        }
        Some(consult)
    }

    /// The party to whom the call was passed on has answered.
    pub fn passed_on_answered(&mut self, cx: &mut CallCx<'_>) {
        if let Stage::PassedOn { leg, trunk, until: Some(_) } = self.stage().clone() {
            self.go(Stage::PassedOn { leg, trunk, until: None }, None, cx);
        }
    }
}
