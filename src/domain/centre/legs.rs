//! Which leg is whose, and what a report about a leg means. Every leg that is opened here is closed here, or by its peer.

use super::{Centre, PhoneEffect, Timer, Turn};
use crate::{
    domain::call::{DialStep, EndCause, MissCause, Partner, Party, Stage},
    types::{AgentId, CallId, LegId, SessionId},
};

/// A customer's phone without audio is given up after this: it may be silent for a while (mute without noise), and its signalling
/// tells when it hangs up.
pub const SILENT_PHONE_MS: u64 = 300_000;
/// A waiting caller whose phone sends nothing and did not answer when it was asked gets this long to be heard again.
pub(super) const DEAD_LINE_MS: u64 = 5_000;
/// A browser without audio is gone.
const SILENT_BROWSER_MS: u64 = 30_000;

/// Whose leg it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LegUse {
    /// The customer of a call.
    Customer(CallId),
    /// An agent's SIP phone on a call, ringing or answered.
    AgentPhone {
        /// Which call.
        call: CallId,
        /// Whose phone.
        agent: AgentId,
        /// Whether it has rung: from then on a no is the agent's.
        has_rung: bool,
    },
    /// Whom an agent consults, or passed a call on to, when it is a phone.
    Consulted {
        /// About which call.
        call: CallId,
        /// Whether it has rung.
        has_rung: bool,
    },
    /// The second line of an agent's phone, by which it dialled for a consultation.
    SecondLine {
        /// About which call.
        call: CallId,
    },
    /// A telephone that parked a call by dialling, and hears in which slot.
    SlotTold {
        /// Which call.
        call: CallId,
        /// Where it is.
        slot: u8,
    },
    /// An agent's standing console leg.
    Console(AgentId),
    /// A web phone whose audio is not up yet.
    WebPhone(SessionId),
}

impl Centre {
    /// The call of a telephone's leg. A browser's leg is an agent's, whatever call it hears.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        match self.legs.get(&leg)? {
            LegUse::Customer(call)
            | LegUse::AgentPhone { call, .. }
            | LegUse::Consulted { call, .. }
            | LegUse::SecondLine { call }
            | LegUse::SlotTold { call, .. } => Some(*call),
            LegUse::Console(_) | LegUse::WebPhone(_) => None,
        }
    }

    /// Whose sound a leg carries on which call: the customer's, or that of the agent who talks with it or rings.
    pub fn voice_of(&self, leg: LegId) -> Option<(CallId, Party)> {
        match self.legs.get(&leg)? {
            LegUse::Customer(call) => Some((*call, Party::Customer)),
            LegUse::AgentPhone { call, .. } => Some((*call, Party::Agent)),
            LegUse::Console(agent) => Some((self.agents.get(agent)?.call()?, Party::Agent)),
            LegUse::Consulted { .. } | LegUse::SecondLine { .. } | LegUse::SlotTold { .. } | LegUse::WebPhone(_) => None,
        }
    }

    /// The party whose leg carries a call that is not over. Of an agent it is the leg by which the agent has the call: none that rings, is
    /// consulted or belongs to somebody who wraps up.
    pub fn carried_by(&self, leg: LegId) -> Option<(CallId, Party)> {
        let (id, party) = self.voice_of(leg)?;
        let call = self.calls.get(&id).filter(|call| !call.is_over())?;
        let has_call = || call.stage().partner().and_then(|with| self.partner_leg(with)) == Some(leg);
        (party != Party::Agent || has_call()).then_some((id, party))
    }

    /// Ends a leg, if it is still there.
    pub(super) fn close_leg(&mut self, leg: LegId) {
        if self.legs.remove(&leg).is_some() {
            self.forget_leg(leg);
            self.phone(PhoneEffect::HangUp { leg });
        }
    }

    /// Stops a leg that rings, if it is still there.
    pub(super) fn cancel_leg(&mut self, leg: LegId, is_answered_elsewhere: bool) {
        if self.legs.remove(&leg).is_some() {
            self.forget_leg(leg);
            self.phone(PhoneEffect::Cancel { leg, is_answered_elsewhere });
        }
    }

    pub(super) fn forget_leg(&mut self, leg: LegId) {
        self.attempts.remove(&leg);
        self.reasons.remove(&leg);
        self.timers.set(Timer::SlotTold(leg), None);
        self.playing.remove(&leg);
        self.muted.remove(&leg);
        self.held_by_phone.remove(&leg);
        self.unanswered_phones.remove(&leg);
        self.early_listeners.remove(&leg);
        self.unanswered.remove(&leg);
        self.hearing.forget(leg);
    }

    /// The leg by which an agent is on a call.
    pub(super) fn partner_leg(&self, with: &Partner) -> Option<LegId> {
        with.phone.or_else(|| self.consoles.get(&with.agent)?.leg)
    }

    pub(super) fn leg_rings(&mut self, turn: &mut Turn<'_>, leg: LegId) {
        let id = match self.legs.get_mut(&leg) {
            Some(LegUse::Customer(id)) => *id,
            Some(LegUse::AgentPhone { has_rung, .. }) => {
                *has_rung = true;
                return;
            }
            Some(LegUse::Consulted { call, has_rung }) => {
                *has_rung = true;
                let call = *call;
                return self.consult_rings(call);
            }
            Some(LegUse::SecondLine { .. } | LegUse::SlotTold { .. } | LegUse::Console(_) | LegUse::WebPhone(_)) | None => {
                return;
            }
        };
        self.dialled_rings(turn, id);
    }

    pub(super) fn leg_answered(&mut self, turn: &mut Turn<'_>, leg: LegId) {
        self.attempts.remove(&leg);
        self.reasons.remove(&leg);
        match self.legs.get(&leg).cloned() {
            Some(LegUse::Customer(call)) => {
                self.answer_confirmed(leg);
                self.customer_answered(turn, call);
            }
            Some(LegUse::AgentPhone { call, agent, .. }) => self.agent_phone_answered(turn, call, &agent, leg),
            Some(LegUse::WebPhone(session)) => self.web_phone_up(turn, session),
            Some(LegUse::Consulted { call, .. }) => self.consulted_answered(turn, call),
            Some(LegUse::SlotTold { slot, .. }) => self.say_slot(turn, leg, slot),
            Some(LegUse::SecondLine { .. } | LegUse::Console(_)) => {}
            // Answered in the moment in which we gave up.
            None => self.phone(PhoneEffect::HangUp { leg }),
        }
    }

    fn customer_answered(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        match call.stage().clone() {
            Stage::Answering { .. } => self.begin_service(turn, id),
            Stage::Dialling { with, step: DialStep::Calling | DialStep::Ringing | DialStep::EarlyMedia, .. } => {
                turn.by_customer();
                self.answer_dialling_phone(&with);
                if !self.callback_answered(turn, id, &with) {
                    return;
                }
                self.connect(turn, id, with);
                self.listen_for_answer(turn, id);
                self.judge_callback(turn, id);
            }
            Stage::Dialling { step: DialStep::OwnPhone, .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Waiting { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => {}
        }
    }

    fn agent_phone_answered(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, leg: LegId) {
        turn.by_agent(agent);
        let Some(call) = self.calls.get(&id) else { return self.close_leg(leg) };
        if call.offer_by(leg).is_some() {
            return self.accept_offer(turn, id, agent);
        }
        match call.stage().clone() {
            Stage::Dialling { with, step: DialStep::OwnPhone, .. } if with.phone == Some(leg) => self.call_out(turn, id, with),
            stage if stage.partner().is_some_and(|with| with.phone == Some(leg)) => {}
            _ => self.close_leg(leg),
        }
    }

    pub(super) fn leg_failed(&mut self, turn: &mut Turn<'_>, leg: LegId, cause: EndCause) {
        let Some(used) = self.legs.remove(&leg) else { return };
        let goes_on = self.advance(turn, leg, &used, cause);
        let reason = self.reason_of_end(turn, leg, &used);
        self.forget_leg(leg);
        if goes_on {
            return;
        }
        match used {
            LegUse::Customer(call) => {
                turn.by_customer();
                self.end_call_saying(turn, call, cause, Party::Customer, reason);
            }
            LegUse::AgentPhone { call, agent, has_rung } => {
                let miss = miss_cause(cause, has_rung);
                self.agent_phone_failed(turn, call, &agent, leg, miss);
            }
            LegUse::Consulted { call, has_rung } => match self.calls.get(&call).and_then(|call| call.party_of_leg(leg)) {
                Some(party) => self.party_gone(turn, call, party),
                None => self.consulted_failed(turn, call, cause, miss_cause(cause, has_rung)),
            },
            LegUse::SecondLine { call } => self.second_line_over(turn, call),
            LegUse::SlotTold { .. } => {}
            LegUse::Console(agent) => {
                // A renewal that failed may leave the old media behind.
                self.phone(PhoneEffect::HangUp { leg });
                self.console_leg_gone(turn, &agent);
            }
            LegUse::WebPhone(session) => self.web_phone_over(session, cause),
        }
    }

    fn agent_phone_failed(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, leg: LegId, cause: MissCause) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.offer_by(leg).is_some() {
            if cause == MissCause::Declined {
                turn.by_agent(agent);
            }
            return self.offer_missed(turn, id, agent, cause);
        }
        if call.stage().partner().is_some_and(|with| with.phone == Some(leg)) {
            // The agent's own phone was not picked up, or broke: the dialled party has heard nothing of it yet, or must now.
            self.agent_leg_over(turn, id, agent, cause == MissCause::Device);
        }
    }

    pub(super) fn leg_ended(&mut self, turn: &mut Turn<'_>, leg: LegId, is_lost: bool) {
        let Some(used) = self.legs.remove(&leg) else { return };
        let reason = self.reason_of_end(turn, leg, &used);
        self.forget_leg(leg);
        let cause = if is_lost { EndCause::Lost } else { EndCause::Hangup };
        match used {
            LegUse::Customer(call) => {
                turn.by_customer();
                self.end_call_saying(turn, call, cause, Party::Customer, reason);
            }
            LegUse::AgentPhone { call, agent, .. } => {
                let Some(here) = self.calls.get(&call) else { return };
                if here.offer_by(leg).is_some() {
                    self.offer_missed(turn, call, &agent, MissCause::Device);
                } else if here.stage().partner().is_some_and(|with| with.phone == Some(leg)) {
                    self.agent_leg_over(turn, call, &agent, is_lost);
                }
            }
            LegUse::Consulted { call, .. } => match self.calls.get(&call).and_then(|call| call.party_of_leg(leg)) {
                Some(party) => self.party_gone(turn, call, party),
                None => self.consulted_gone(turn, call, is_lost),
            },
            LegUse::SecondLine { call } => self.second_line_over(turn, call),
            LegUse::SlotTold { .. } => {}
            LegUse::Console(agent) => self.console_leg_gone(turn, &agent),
            LegUse::WebPhone(session) => self.web_phone_over(session, cause),
        }
    }

    pub(super) fn leg_audio(&mut self, turn: &mut Turn<'_>, leg: LegId, is_up: bool) {
        match self.legs.get(&leg).cloned() {
            Some(LegUse::Console(agent)) => self.console_audio(turn, &agent, is_up),
            Some(LegUse::AgentPhone { call, agent, .. }) => self.agent_audio(turn, call, &agent, is_up),
            Some(LegUse::Customer(call)) => self.customer_audio(turn, call, is_up),
            Some(LegUse::WebPhone(session)) if is_up => self.web_phone_up(turn, session),
            Some(LegUse::Consulted { .. } | LegUse::SecondLine { .. } | LegUse::SlotTold { .. } | LegUse::WebPhone(_))
            | None => {}
        }
    }

    fn customer_audio(&mut self, turn: &mut Turn<'_>, id: CallId, is_up: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        let was_lost = self.timers.is_set(&Timer::CustomerAudio(id));
        if is_up != was_lost {
            return;
        }
        // An agent notices a dead line and hangs up, a flow comes to its end; in a queue it would keep its place.
        let grace = match call.stage() {
            _ if call.party.is_web => SILENT_BROWSER_MS,
            Stage::Waiting { .. } | Stage::HandedOver { .. } => DEAD_LINE_MS,
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Parked { .. }
            | Stage::Dialling { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => SILENT_PHONE_MS,
        };
        self.timers.set(Timer::CustomerAudio(id), (!is_up).then(|| turn.now.mono + grace));
        let queue = call.queue.clone();
        if let Some(waiting) = queue.and_then(|queue| self.lines.get_mut(&queue)?.get_mut(id)) {
            waiting.is_dead = !is_up;
            self.is_match_due |= is_up;
        }
        self.on_call(turn, id, |call, cx| call.note_customer_audio(is_up, cx));
    }

    pub(super) fn customer_audio_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.end_call(turn, id, EndCause::Lost, Party::Customer);
    }

    pub(super) fn digit_pressed(&mut self, turn: &mut Turn<'_>, leg: LegId, digit: char) {
        if let Some(LegUse::Customer(call)) = self.legs.get(&leg).cloned() {
            turn.by_customer();
            if !self.voicemail_key(turn, call, digit) && !self.waiting_key(turn, call, digit) {
                self.flow_digit(turn, call, digit);
            }
        }
    }
}

/// What the failure of an agent's phone means for its offer. A phone that rang and then says busy or no was refused by hand; one
/// that says busy without ringing is on another call, and what cannot be reached is no fault of the agent.
pub(super) fn miss_cause(cause: EndCause, has_rung: bool) -> MissCause {
    match cause {
        EndCause::Refused => MissCause::Declined,
        EndCause::Busy if has_rung => MissCause::Declined,
        EndCause::NoAnswer if has_rung => MissCause::NoAnswer,
        EndCause::Busy
        | EndCause::NoAnswer
        | EndCause::UnknownNumber
        | EndCause::Unreachable
        | EndCause::Lost
        | EndCause::Overload
        | EndCause::Shutdown
        | EndCause::Fault
        | EndCause::Hangup
        | EndCause::Finished => MissCause::Device,
    }
}
