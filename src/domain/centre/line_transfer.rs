//! What an agent's telephone does by itself: it dials, holds, and asks for transfers (REFER), blind or between its two lines.
//! Only the line by which an agent has a call may send it away; everybody else's wish is refused.

use super::{Centre, LegUse, PhoneEffect, Refusal, TransferAsked, TransferProgress, Turn, park::Orbit};
use crate::{
    domain::{
        call::{EndCause, FlowOutCause, Partner, Party, Stage},
        routing::{Route, route},
    },
    types::{AgentId, CallId, LegId},
};

impl Centre {
    /// An agent's phone dials something that is no number of ours: for help with its call, or a call of its own.
    pub(super) fn phone_dials(&mut self, turn: &mut Turn<'_>, leg: LegId, agent: &AgentId, called: &str) {
        turn.by_agent(agent);
        let own = self.agents.get(agent).and_then(|agent| agent.call());
        let result = match own.filter(|id| self.can_consult_by_phone(agent, *id)) {
            Some(id) => self.plan_consult(turn, agent, called, Some(leg)).map(|plan| {
                self.legs.insert(leg, LegUse::SecondLine { call: id });
                self.begin_consult(turn, agent, id, plan, Some(leg), None);
            }),
            None => self.dial_from(turn, agent, called, leg),
        };
        if let Err(refusal) = result {
            self.phone(PhoneEffect::Reject { leg, cause: cause_of(refusal) });
        }
    }

    fn can_consult_by_phone(&self, agent: &AgentId, id: CallId) -> bool {
        let Ok((call, with)) = self.own_call(agent, id) else { return false };
        with.phone.is_some() && call.is_between_two() && call.may_consult()
    }

    /// The phone of a leg holds us or takes us off hold: who listens to it must not be left in silence.
    pub(super) fn leg_held(&mut self, turn: &mut Turn<'_>, leg: LegId, is_held: bool) {
        let used = match self.legs.get(&leg) {
            // A browser mutes, it does not hold.
            Some(LegUse::Console(_) | LegUse::WebPhone(_)) | None => return,
            Some(used) => used.clone(),
        };
        if is_held {
            self.held_by_phone.insert(leg);
        } else {
            self.held_by_phone.remove(&leg);
        }
        match used {
            LegUse::AgentPhone { call, agent, .. } => {
                turn.by_agent(&agent);
                self.published.touch_call(call);
                self.agent_line_held(turn, call, leg, is_held);
            }
            LegUse::SecondLine { call } => {
                self.on_call(turn, call, |call, _| call.hold_second_line(is_held));
            }
            LegUse::Customer(call) | LegUse::Consulted { call, .. } => self.published.touch_call(call),
            LegUse::SlotTold { .. } | LegUse::Console(_) | LegUse::WebPhone(_) => {}
        }
    }

    fn agent_line_held(&mut self, turn: &mut Turn<'_>, id: CallId, leg: LegId, is_held: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        // With one line for customer and consulted party, the desk says who is on hold.
        let is_one_line = call.consult().is_some_and(|consult| consult.own_line.is_none());
        if is_one_line || call.stage().partner().is_none_or(|with| with.phone != Some(leg)) {
            return;
        }
        self.on_call(turn, id, |call, cx| if is_held { call.hold(cx) } else { call.resume(cx) });
    }

    /// The second line of an agent's phone is over: so is the consultation.
    pub(super) fn second_line_over(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.let_consulted_go(turn, id, Some(EndCause::Lost));
    }

    /// A phone wants its call to go on elsewhere.
    pub(super) fn transfer_asked(&mut self, turn: &mut Turn<'_>, leg: LegId, to: TransferAsked) {
        if let Err(cause) = self.try_transfer(turn, leg, to) {
            self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Refused(cause) });
        }
    }

    fn try_transfer(&mut self, turn: &mut Turn<'_>, leg: LegId, to: TransferAsked) -> Result<(), EndCause> {
        match to {
            TransferAsked::Number(number) => self.transfer_blind(turn, leg, &number),
            TransferAsked::Leg(other) => self.transfer_between(turn, leg, other),
        }
    }

    fn transfer_blind(&mut self, turn: &mut Turn<'_>, leg: LegId, number: &str) -> Result<(), EndCause> {
        let (id, with) = self.call_of_agent_line(leg)?;
        turn.by_agent(&with.agent);
        if !self.calls.get(&id).is_some_and(|call| call.is_between_two() && call.may_consult()) {
            return Err(EndCause::Refused);
        }
        let progress = |progress| PhoneEffect::TransferProgress { leg, progress };
        if let Some(orbit) = Orbit::read(number) {
            let slot = self.free_slot(orbit);
            self.phone(progress(TransferProgress::Begun));
            let outcome = slot.map_or_else(|refusal| TransferProgress::Failed(cause_of(refusal)), |_| TransferProgress::Done);
            self.phone(progress(outcome));
            if let Ok(slot) = slot {
                self.park_in(turn, id, &with, slot);
            }
            return Ok(());
        }
        let directory = self.directory.clone();
        match route(&directory, number).map(|(_, route)| route) {
            Some(Route::Queue(queue)) => {
                self.phone(progress(TransferProgress::Begun));
                self.phone(progress(TransferProgress::Done));
                self.send_to_queue(turn, id, &with, queue);
            }
            Some(Route::Line(line)) => {
                self.phone(progress(TransferProgress::Begun));
                self.phone(progress(TransferProgress::Done));
                self.send_to_line(turn, id, &with, &line);
            }
            Some(Route::Echo) => return Err(EndCause::Refused),
            None => match self.plan_consult(turn, &with.agent, number, Some(leg)) {
                Ok(plan) => {
                    self.phone(progress(TransferProgress::Begun));
                    self.begin_consult(turn, &with.agent, id, plan, None, Some(leg));
                }
                // A transfer that fails, not one that may not be asked for.
                Err(refusal) => {
                    self.phone(progress(TransferProgress::Begun));
                    self.phone(progress(TransferProgress::Failed(cause_of(refusal))));
                }
            },
        }
        Ok(())
    }

    /// The parties of a phone's two lines shall talk with each other, whichever line asks.
    fn transfer_between(&mut self, turn: &mut Turn<'_>, leg: LegId, other: LegId) -> Result<(), EndCause> {
        if let Some((line, own)) = self.own_call_beside(leg, other) {
            return self.hand_to_own_call(turn, leg, line, own);
        }
        let first = if matches!(self.legs.get(&leg), Some(LegUse::SecondLine { .. })) { other } else { leg };
        let (id, with) = self.call_of_agent_line(first)?;
        let own_line = self.calls.get(&id).and_then(|call| call.consult()?.own_line);
        if own_line.is_none() || own_line != Some(if first == leg { other } else { leg }) {
            return Err(EndCause::Refused);
        }
        turn.by_agent(&with.agent);
        self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Begun });
        self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Done });
        self.complete_consult(turn, id);
        Ok(())
    }

    /// Of two lines of a phone: the one by which an agent has a call, and the call that the phone made to a number of ours itself.
    fn own_call_beside(&self, leg: LegId, other: LegId) -> Option<(LegId, CallId)> {
        [(leg, other), (other, leg)].into_iter().find_map(|(line, own)| {
            let LegUse::Customer(own) = self.legs.get(&own)? else { return None };
            matches!(self.legs.get(&line)?, LegUse::AgentPhone { .. }).then_some((line, *own))
        })
    }

    /// The customer is handed to where the agent's phone has got by itself: a queue or a flow, from its beginning. A conversation
    /// that the phone has there with somebody else is not joined: whom the agent asks first is called about the customer.
    fn hand_to_own_call(&mut self, turn: &mut Turn<'_>, leg: LegId, line: LegId, own: CallId) -> Result<(), EndCause> {
        let (id, with) = self.call_of_agent_line(line)?;
        if !self.calls.get(&id).is_some_and(|call| call.is_between_two() && call.may_consult()) {
            return Err(EndCause::Refused);
        }
        let there = self.calls.get(&own).ok_or(EndCause::Lost)?;
        let to = match (there.stage(), &there.line) {
            (Stage::Waiting { queue, .. }, _) => Route::Queue(queue.clone()),
            (Stage::InFlow { .. }, Some(line)) => Route::Line(line.clone()),
            _ => return Err(EndCause::Refused),
        };
        turn.by_agent(&with.agent);
        self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Begun });
        self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Done });
        self.withdraw_offer(turn, own);
        self.on_call(turn, own, |call, cx| call.flow_out(FlowOutCause::Moved, cx));
        self.end_call(turn, own, EndCause::Finished, Party::Agent);
        match to {
            Route::Queue(queue) => self.send_to_queue(turn, id, &with, queue),
            Route::Line(line) => self.send_to_line(turn, id, &with, &line),
            Route::Echo => {}
        }
        Ok(())
    }

    /// The conversation that an agent has by this line of a phone.
    fn call_of_agent_line(&self, leg: LegId) -> Result<(CallId, Partner), EndCause> {
        let Some(LegUse::AgentPhone { call, .. }) = self.legs.get(&leg) else { return Err(EndCause::Refused) };
        let stage = self.calls.get(call).map(|call| call.stage());
        match stage {
            Some(Stage::Talking { with } | Stage::Held { with }) if with.phone == Some(leg) => Ok((*call, with.clone())),
            _ => Err(EndCause::Refused),
        }
    }

    /// Refuses a phone that called us and was not answered.
    pub(super) fn refuse_leg(&mut self, leg: LegId, cause: EndCause) {
        if self.legs.remove(&leg).is_some() {
            self.forget_leg(leg);
            self.phone(PhoneEffect::Reject { leg, cause });
        }
    }
}

/// What a phone is told of a refusal.
pub(super) fn cause_of(refusal: Refusal) -> EndCause {
    match refusal {
        Refusal::NotDialable => EndCause::UnknownNumber,
        Refusal::AgentNotReady | Refusal::ParkFull => EndCause::Busy,
        Refusal::TooManyCalls | Refusal::NoRoomToListen | Refusal::Draining => EndCause::Overload,
        Refusal::NoSuchAgent
        | Refusal::WrongPresence
        | Refusal::WrongCallState
        | Refusal::CallOver
        | Refusal::NotYourCall
        | Refusal::OfferGone
        | Refusal::NoSuchCustomer
        | Refusal::NoSuchQueue
        | Refusal::QueueUnserved
        | Refusal::ListenAtConsole
        | Refusal::NoSuchLine
        | Refusal::NoDevice
        | Refusal::NoSuchReason
        | Refusal::NumberNotAllowed
        | Refusal::TooManyOwnCalls
        | Refusal::DailyLimit
        | Refusal::DiallingClosed
        | Refusal::DispositionMissing
        | Refusal::NoSuchDisposition
        | Refusal::ExtensionsUsed
        | Refusal::WrapUpForced
        | Refusal::WebPhoneOff
        | Refusal::ParkGone
        | Refusal::NotRecorded
        | Refusal::RecordingNotAllowed
        | Refusal::RecordingStays
        | Refusal::NoSuchMessage
        | Refusal::NoSuchParty
        | Refusal::NoSuchCallback
        | Refusal::CallbackExists
        | Refusal::CallbackUnderWay
        | Refusal::CallbacksOff
        | Refusal::TooManyCallbacks
        | Refusal::NoSuchWorkItem
        | Refusal::NotYourWorkItem
        | Refusal::AgentNotOfQueue => EndCause::Refused,
    }
}
