//! What the one who dials hears before the other party answers: ringing, or the audio that the other side sends already (RFC 3960).
//! A phone that dialled by itself has no answer of ours until then, so that it shows the truth: it rings, it is busy, it is answered.
//! When what it heard ends because the call goes on elsewhere, our ringing tone stands in until the next side is heard.

use super::{Centre, LegUse, PhoneEffect, Turn};
use crate::{
    domain::call::{DialStep, EndCause, Partner, Stage},
    types::{CallId, LegId},
};

impl Centre {
    /// The other party's phone rings.
    pub(super) fn dialled_rings(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Dialling { with, step: DialStep::Calling, until } = call.stage().clone() else { return };
        if let Some(leg) = self.unanswered_phone(&with) {
            self.phone(PhoneEffect::Ring { leg });
        }
        self.on_call(turn, id, |call, cx| call.dial_on(with, DialStep::Ringing, until, cx));
    }

    /// A leg has audio before the answer: a caller hears us, or the other side of a leg that we called sends some.
    pub(super) fn leg_early_media(&mut self, turn: &mut Turn<'_>, leg: LegId) {
        let id = match self.legs.get(&leg) {
            Some(LegUse::Customer(id)) => *id,
            Some(LegUse::Consulted { call, .. }) => {
                let call = *call;
                return self.consulted_early_media(turn, call, leg);
            }
            _ => return,
        };
        self.caller_hears(turn, id, leg);
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Dialling { with, step: DialStep::Calling | DialStep::Ringing, until } = call.stage().clone() else { return };
        if let Some(leg) = self.unanswered_phone(&with) {
            self.hear_early(leg);
        }
        self.on_call(turn, id, |call, cx| call.dial_on(with, DialStep::EarlyMedia, until, cx));
    }

    /// The party that an agent consults sends audio before it answers: the agent hears that in place of our ringing tone. Who hands
    /// a call on by the phone hears nothing of it.
    fn consulted_early_media(&mut self, turn: &mut Turn<'_>, id: CallId, leg: LegId) {
        let is_new = self.on_call(turn, id, |call, _| call.consult_early_media(leg)).unwrap_or(false);
        let own_line = self.calls.get(&id).and_then(|call| call.consult()?.own_line).filter(|_| is_new);
        if let Some(leg) = own_line {
            self.hear_early(leg);
        }
    }

    /// A phone that dialled hears from now on what we send it, answered or not.
    fn hear_early(&mut self, leg: LegId) {
        self.early_listeners.insert(leg);
        self.phone(PhoneEffect::EarlyMedia { leg });
    }

    /// What rang there, or sent audio, does so no more: another server of the trunk is called.
    pub(super) fn leg_called_anew(&mut self, turn: &mut Turn<'_>, leg: LegId) {
        let id = match self.legs.get_mut(&leg) {
            Some(LegUse::Customer(call)) => *call,
            Some(LegUse::Consulted { call, has_rung }) => {
                *has_rung = false;
                *call
            }
            _ => return,
        };
        self.on_call(turn, id, |call, cx| call.early_media_over(leg, cx));
    }

    /// The other party has answered: so is the phone that dialled.
    pub(super) fn answer_dialling_phone(&mut self, with: &Partner) {
        if let Some(leg) = self.unanswered_phone(with) {
            self.unanswered_phones.remove(&leg);
            self.phone(PhoneEffect::Answer { leg });
        }
    }

    /// The call is over: a phone that dialled and was not answered hears why.
    pub(super) fn refuse_dialling_phone(&mut self, with: &Partner, cause: EndCause) {
        let Some(leg) = self.unanswered_phone(with) else { return };
        if self.legs.remove(&leg).is_some() {
            self.forget_leg(leg);
            self.phone(PhoneEffect::NotReached { leg, cause });
        }
    }

    /// Whether the agent's leg has ears: a phone that was not answered makes its ringing tone by itself, until it hears us.
    pub(super) fn can_hear(&self, leg: LegId) -> bool {
        self.early_listeners.contains(&leg) || !self.unanswered_phones.contains(&leg)
    }

    /// Whether a phone of an agent hears us before it is answered.
    pub(super) fn listens_early(&self, leg: LegId) -> bool {
        self.early_listeners.contains(&leg)
    }

    fn unanswered_phone(&self, with: &Partner) -> Option<LegId> {
        with.phone.filter(|leg| self.unanswered_phones.contains(leg))
    }
}
