//! A party who is called out anew, by another trunk or another server of the same, because the first could not carry the call.

use super::{Call, CallCx, CallEventKind, Consulted, DialStep, Party, Stage};
use crate::types::{AgentId, LegId, Mono, PeerReason, SessionIdentifier, Timestamp, TrunkId};

/// How a party is called out.
#[derive(Debug, Clone)]
pub struct CalledBy {
    /// The leg.
    pub leg: LegId,
    /// Its trunk.
    pub trunk: TrunkId,
    /// Then it counts as unanswered.
    pub until: Mono,
    /// The same on the wall.
    pub until_at: Timestamp,
}

impl Call {
    /// A number outside is called about it by this agent, or is its other party.
    pub fn note_sent_out(&self, agent: AgentId, trunk: TrunkId, attempt: i64, session: SessionIdentifier, cx: &mut CallCx<'_>) {
        self.say(cx, CallEventKind::SentOut { trunk, attempt, session_id: session.to_string(), agent: Some(agent) });
    }

    /// Somebody's part in it ended, for this reason; with the trunk that could not carry it.
    pub fn note_reason(&self, by: Option<Party>, trunk: Option<TrunkId>, reason: PeerReason, cx: &mut CallCx<'_>) {
        self.say(cx, CallEventKind::ReasonGiven { by, trunk, reason });
    }

    /// The trunk of the leg `old` could not carry it, before anybody answered: that trunk. Until the party is called anew the call
    /// takes no line for it.
    pub fn call_out_failed(&mut self, old: LegId) -> Option<TrunkId> {
        self.trunk_of_leg(old)?.take()
    }

    /// The party of the leg `old` is called anew.
    pub fn call_anew(&mut self, old: LegId, by: CalledBy, cx: &mut CallCx<'_>) {
        if let Some(trunk) = self.trunk_of_leg(old) {
            *trunk = Some(by.trunk);
        }
        if self.customer_leg == Some(old) {
            self.customer_leg = Some(by.leg);
            if let Stage::Dialling { with, step, .. } = self.stage().clone() {
                self.dial_on(with, without_audio(step), by.until, cx);
            }
        } else if let Some(consult) = self.consult.as_mut().filter(|consult| consult.leg == Some(old)) {
            (consult.leg, consult.has_early_media) = (Some(by.leg), false);
            (consult.until, consult.until_at) = (Some(by.until), Some(by.until_at));
        } else if let Stage::PassedOn { leg, until, .. } = &mut self.stage
            && *leg == old
        {
            (*leg, *until) = (by.leg, Some(by.until));
        }
    }

    /// The party of this leg is not heard any more before it answers.
    pub fn early_media_over(&mut self, leg: LegId, cx: &mut CallCx<'_>) {
        if self.customer_leg == Some(leg) {
            if let Stage::Dialling { with, step: step @ DialStep::EarlyMedia, until } = self.stage().clone() {
                self.dial_on(with, without_audio(step), until, cx);
            }
        } else if let Some(consult) = self.consult.as_mut().filter(|consult| consult.leg == Some(leg)) {
            consult.has_early_media = false;
        }
    }

    /// What the call notes of the trunk of a leg by which somebody is called out.
    fn trunk_of_leg(&mut self, leg: LegId) -> Option<&mut Option<TrunkId>> {
        if self.customer_leg == Some(leg) {
            return Some(&mut self.party.trunk);
        }
        if let Some(consult) = self.consult.as_mut().filter(|consult| consult.leg == Some(leg)) {
            return match &mut consult.with {
                Consulted::Number { trunk, .. } => Some(trunk),
                Consulted::Colleague(_) | Consulted::Queue(_) => None,
            };
        }
        match &mut self.stage {
            Stage::PassedOn { leg: passed_on, trunk, .. } if *passed_on == leg => Some(trunk),
            _ => None,
        }
    }
}

/// What rings when the audio of the other side is over: whoever dialled was told that it rings, and goes on hearing so.
fn without_audio(step: DialStep) -> DialStep {
    match step {
        DialStep::EarlyMedia => DialStep::Ringing,
        DialStep::OwnPhone | DialStep::Calling | DialStep::Ringing => step,
    }
}
