//! Consultation: an agent calls somebody about the customer, talks with either or both, and passes the customer on or returns.
//! The same machine carries a blind transfer by a telephone, which stays on the line until the other party answers.

use std::sync::Arc;

use super::{
    Centre, ConsultTarget, LegUse, PhoneEffect, Refusal, Timer, TransferProgress, Turn,
    offer::DEVICE_RETRY_MS,
    route_advance::{CallOut, SLACK_MS},
    session::session_of_ours,
};
use crate::{
    domain::{
        call::{Call, Consult, ConsultStep, Consulted, EndCause, MissCause, Party},
        routing::DialPlan,
    },
    types::{AgentId, CallContext, CallId, LegId},
};

/// A colleague rings so long.
const RING_COLLEAGUE_SECS: u32 = 20;
/// A number rings so long.
const RING_NUMBER_SECS: u32 = 45;
/// A consultation that keeps a customer on music for longer is ended.
const CONSULT_MS_MAX: u64 = 15 * 60_000;

/// Who shall be called, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConsultPlan {
    /// A free colleague.
    Colleague(AgentId),
    /// Whatever the dial rules found.
    Dial { plan: DialPlan, typed: Arc<str> },
}

impl Centre {
    pub(super) fn consult(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        target: ConsultTarget,
    ) -> Result<(), Refusal> {
        if !self.own_call(agent, id)?.0.may_consult() {
            return Err(Refusal::WrongCallState);
        }
        let plan = match target {
            ConsultTarget::Agent { agent: to } => self.plan_colleague(agent, &to)?,
            ConsultTarget::Queue { queue } => return self.consult_queue(turn, agent, id, queue),
            ConsultTarget::Number { number } => self.plan_consult(turn, agent, &number, None)?,
        };
        self.begin_consult(turn, agent, id, plan, None, None);
        Ok(())
    }

    /// The customer is given to whoever answers at a number, and comes back to the agent when nobody does.
    pub(super) fn transfer_out(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        number: &str,
    ) -> Result<(), Refusal> {
        if !self.own_call_alone(agent, id)?.0.may_consult() {
            return Err(Refusal::WrongCallState);
        }
        let plan = self.plan_consult(turn, agent, number, None)?;
        self.begin_consult(turn, agent, id, plan, None, None);
        self.on_call(turn, id, |call, _| call.hand_over_when_answered());
        Ok(())
    }

    fn plan_colleague(&self, agent: &AgentId, to: &AgentId) -> Result<ConsultPlan, Refusal> {
        if to == agent {
            return Err(Refusal::WrongCallState);
        }
        self.agents.get(to).ok_or(Refusal::NoSuchAgent)?;
        if !self.is_available(to) {
            return Err(Refusal::AgentNotReady);
        }
        Ok(ConsultPlan::Colleague(to.clone()))
    }

    /// What a number means for an agent who consults or transfers: a phone that belongs to a colleague is the colleague.
    pub(super) fn plan_consult(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        typed: &str,
        by: Option<LegId>,
    ) -> Result<ConsultPlan, Refusal> {
        let plan = self.plan_dial(turn, agent, typed, by)?;
        if let DialPlan::Phone(account) = &plan
            && let Some(colleague) = self.agent_of_phone(account)
        {
            if colleague == *agent {
                return Err(Refusal::NotDialable);
            }
            let known = self.agents.get(&colleague);
            if self.is_available(&colleague) {
                return Ok(ConsultPlan::Colleague(colleague));
            }
            // Somebody who works is not rung on top of it; whoever is away may still be near the phone.
            if known.is_some_and(|known| known.call().is_some()) || self.is_occupied(&colleague) {
                return Err(Refusal::AgentNotReady);
            }
        }
        Ok(ConsultPlan::Dial { plan, typed: typed.trim().into() })
    }

    /// The agent whose phone has this account.
    pub(super) fn agent_of_phone(&self, account: &str) -> Option<AgentId> {
        let agents = self.directory.agents.values();
        agents
            .filter(|agent| agent.is_active)
            .find(|agent| agent.phone.as_deref() == Some(account))
            .map(|agent| agent.id.clone())
    }

    /// It rings there from here on.
    pub(super) fn begin_consult(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        plan: ConsultPlan,
        own_line: Option<LegId>,
        transferor: Option<LegId>,
    ) {
        let ring_secs = match &plan {
            ConsultPlan::Colleague(_) => RING_COLLEAGUE_SECS,
            ConsultPlan::Dial { .. } => RING_NUMBER_SECS,
        };
        let until = turn.now.plus_millis(u64::from(ring_secs) * 1_000 + SLACK_MS);
        let mut leg = None;
        // Who is asked for help has a session with the agent; who is given a caller, with the caller.
        let context = match transferor {
            Some(_) => CallContext { redirections: self.redirected_by(id, agent), ..self.context_of(id) },
            None => CallContext { session: session_of_ours(turn.rng), ..CallContext::default() },
        };
        let with = match plan {
            ConsultPlan::Colleague(colleague) => {
                if let Some(account) = self.sip_phone_of(&colleague) {
                    // Who is asked for help sees who asks; who is given a caller sees the caller.
                    let (caller, caller_name) =
                        if transferor.is_some() { self.caller_shown(id) } else { self.asker_shown(agent) };
                    let called = *leg.insert(turn.mint_leg());
                    self.phone(PhoneEffect::CallPhone { leg: called, account, caller, caller_name, ring_secs, context });
                }
                self.on_agent(turn, &colleague, |agent, cx| agent.offer(id, cx));
                Consulted::Colleague(colleague)
            }
            ConsultPlan::Dial { plan, typed } => {
                let trunk = match plan {
                    DialPlan::Phone(account) => {
                        let (caller, caller_name) = self.asker_shown(agent);
                        let called = *leg.insert(turn.mint_leg());
                        self.phone(PhoneEffect::CallPhone { leg: called, account, caller, caller_name, ring_secs, context });
                        None
                    }
                    DialPlan::Outside { ways, dialled, .. } => {
                        let sent = self.send_out(turn, id, ways, CallOut { agent: agent.clone(), dialled, ring_secs, context });
                        // The trunks had room when this was planned, in the same turn.
                        let Some((called, trunk)) = sent else { return };
                        leg = Some(called);
                        Some(trunk)
                    }
                };
                Consulted::Number { number: typed, trunk }
            }
        };
        if let Some(leg) = leg {
            self.legs.insert(leg, LegUse::Consulted { call: id, has_rung: false });
        }
        let consult = Consult {
            party: 0,
            with,
            leg,
            own_line,
            step: ConsultStep::Ringing,
            has_early_media: false,
            transferor,
            hands_over: false,
            was_held: false,
            until: Some(until.mono),
            until_at: Some(until.wall),
            line: None,
        };
        self.on_call(turn, id, |call, cx| call.begin_consult(consult, cx));
        if leg.is_none() {
            // A console rings by being told.
            self.consult_rings(id);
        }
    }

    /// What a consulted phone shows of the agent: the account or number, and the name.
    pub(super) fn asker_shown(&self, agent: &AgentId) -> (Option<Arc<str>>, Option<Arc<str>>) {
        let Some(profile) = self.directory.agents.get(agent) else { return (None, None) };
        let number = profile.phone.as_deref().map(Arc::from).or_else(|| self.number_shown(agent));
        (number, Some(profile.name.as_str().into()))
    }

    /// The leg of the consulted party, console or phone.
    pub(super) fn consulted_leg(&self, call: &Call) -> Option<LegId> {
        self.party_leg(call.consult()?)
    }

    /// The leg of a party, console or phone.
    pub(super) fn party_leg(&self, party: &Consult) -> Option<LegId> {
        match (party.leg, party.colleague()) {
            (Some(leg), _) => Some(leg).filter(|leg| self.legs.contains_key(leg)),
            // A console that only rings may still hear something else.
            (None, Some(colleague)) if party.is_answered() => self.consoles.get(colleague)?.leg,
            (None, _) => None,
        }
    }

    /// The leg of this agent as one who is asked about this call, or in its conference.
    pub(super) fn party_leg_of(&self, agent: &AgentId, id: CallId) -> Option<LegId> {
        let party = self.calls.get(&id)?.parties().find(|party| party.colleague() == Some(agent))?;
        self.party_leg(party)
    }

    /// Whether this agent is consulted about this call.
    pub(super) fn is_consulted(&self, agent: &AgentId, id: CallId) -> bool {
        self.calls.get(&id).and_then(|call| call.consult()?.colleague()) == Some(agent)
    }

    /// It rings at the consulted party: whoever asked is told.
    pub(super) fn consult_rings(&mut self, id: CallId) {
        let Some(consult) = self.calls.get(&id).and_then(|call| call.consult()) else { return };
        let (transferor, own_line) = (consult.transferor, consult.own_line);
        if let Some(leg) = transferor {
            self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Ringing });
        }
        if let Some(leg) = own_line {
            self.phone(PhoneEffect::Ring { leg });
        }
    }

    pub(super) fn answer_consult(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let is_console = self
            .calls
            .get(&id)
            .and_then(|call| call.consult())
            .is_some_and(|consult| consult.leg.is_none() && !consult.is_answered());
        if !is_console {
            return Err(Refusal::WrongCallState);
        }
        if self.consoles.get(agent).is_none_or(|console| console.leg.is_none()) {
            return Err(Refusal::NoDevice);
        }
        self.consulted_answered(turn, id);
        Ok(())
    }

    pub(super) fn decline_consult(&mut self, turn: &mut Turn<'_>, id: CallId) -> Result<(), Refusal> {
        if self.calls.get(&id).and_then(|call| call.consult()).is_none_or(|consult| consult.is_answered()) {
            return Err(Refusal::WrongCallState);
        }
        self.consulted_failed(turn, id, EndCause::Refused, MissCause::Declined);
        Ok(())
    }

    /// The consulted party is on the line, or the one to whom a call was passed on while it rang.
    pub(super) fn consulted_answered(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(consult) = call.consult() else {
            self.on_call(turn, id, |call, cx| call.passed_on_answered(cx));
            return self.bound_unattended(turn, id);
        };
        let (colleague, own_line, transferor) = (consult.colleague().cloned(), consult.own_line, consult.transferor);
        let hands_over = consult.hands_over;
        let consult = consult.clone();
        self.leave_consult_line(id, &consult);
        if let Some(colleague) = &colleague {
            self.on_agent(turn, colleague, |agent, cx| agent.advise(id, cx));
        }
        let until = turn.now.plus_millis(CONSULT_MS_MAX);
        self.on_call(turn, id, |call, cx| call.consult_answered(until.mono, until.wall, cx));
        if let Some(leg) = own_line {
            self.phone(PhoneEffect::Answer { leg });
        }
        if let Some(leg) = transferor {
            self.phone(PhoneEffect::TransferProgress { leg, progress: TransferProgress::Done });
        }
        if hands_over || transferor.is_some() {
            self.complete_consult(turn, id);
        }
    }

    /// The consulted party cannot be had: the agent keeps the customer.
    pub(super) fn consulted_failed(&mut self, turn: &mut Turn<'_>, id: CallId, cause: EndCause, miss: MissCause) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(consult) = call.consult() else { return self.passed_on_failed(turn, id) };
        if consult.is_answered() {
            return self.consulted_gone(turn, id, true);
        }
        let colleague = consult.colleague().cloned();
        let is_phone = consult.leg.is_some();
        let (consult_queue, call_queue) = (consult.waits_in().cloned(), call.queue.clone());
        if let Some(colleague) = &colleague {
            match miss {
                MissCause::NoAnswer | MissCause::Declined => {
                    let strikes_max = self.strikes_max_of(consult_queue.as_ref().or(call_queue.as_ref()));
                    if self.on_agent(turn, colleague, |agent, cx| agent.strike(id, strikes_max, cx)) == Some(true) {
                        self.notify(colleague, "missed_offer");
                    }
                }
                MissCause::Device => {
                    self.on_agent(turn, colleague, |agent, cx| agent.fail_device(id, cx));
                    if is_phone {
                        self.timers.set(Timer::DeviceRetry(colleague.clone()), Some(turn.now.mono + DEVICE_RETRY_MS));
                    }
                    self.notify(colleague, "device_lost");
                }
                MissCause::CallerGone | MissCause::PickedUp | MissCause::Withdrawn | MissCause::AnsweredElsewhere => {
                    self.on_agent(turn, colleague, |agent, cx| agent.withdraw(id, cx));
                }
            }
        }
        if self.ask_next(turn, id, miss) {
            return;
        }
        self.let_consulted_go(turn, id, Some(cause));
        self.return_to_customer(turn, id);
        self.tell_asker(id, "consult_failed");
    }

    /// The consulted party hung up, or its phone is gone.
    pub(super) fn consulted_gone(&mut self, turn: &mut Turn<'_>, id: CallId, is_lost: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.consult().is_none() {
            if self.others_go_on(turn, id) {
                return;
            }
            let cause = if is_lost { EndCause::Lost } else { EndCause::Hangup };
            return self.end_call(turn, id, cause, Party::System);
        }
        if call.consult().is_some_and(|consult| !consult.is_answered()) {
            return self.consulted_failed(turn, id, EndCause::Lost, MissCause::Device);
        }
        self.consult_over(turn, id, None);
    }

    /// Nobody took a call that was passed on: back to the floor, or last words.
    pub(super) fn passed_on_failed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(from) = self.calls.get(&id).and_then(|call| call.transferred_from.clone()) else { return };
        match self.fallback_queue(id, &from) {
            Some(queue) => self.requeue_at_head(turn, id, queue),
            None => self.say_last_words(turn, id, "long-wait"),
        }
    }

    pub(super) fn consult_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(consult) = self.calls.get(&id).and_then(|call| call.consult()) else { return };
        if consult.is_answered() {
            self.consult_over(turn, id, Some(EndCause::Lost));
        } else {
            self.consulted_failed(turn, id, EndCause::NoAnswer, MissCause::NoAnswer);
        }
    }

    /// A talk with the consulted party is over without the agent's doing. A customer who is alone stays on music until the agent is
    /// ready to speak again; to a conference, which went on meanwhile, the agent returns at once.
    fn consult_over(&mut self, turn: &mut Turn<'_>, id: CallId, cause: Option<EndCause>) {
        self.let_consulted_go(turn, id, cause);
        if self.calls.get(&id).is_some_and(|call| !call.is_between_two()) {
            self.return_to_customer(turn, id);
        }
        self.tell_asker(id, "consult_over");
    }

    pub(super) fn tell_asker(&mut self, id: CallId, key: &'static str) {
        let asker = self.calls.get(&id).and_then(|call| call.stage().partner()).map(|with| with.agent.clone());
        if let Some(agent) = asker {
            self.notify(&agent, key);
        }
    }

    /// Ends a consultation from our side, whatever has become of it, and lets everybody of the conference go.
    pub(super) fn drop_parties(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.let_consulted_go(turn, id, Some(EndCause::Lost));
        self.empty_conference(turn, id);
    }

    /// The consulted party's part is over.
    pub(super) fn let_consulted_go(&mut self, turn: &mut Turn<'_>, id: CallId, cause: Option<EndCause>) {
        if let Some(Some(consult)) = self.on_call(turn, id, |call, cx| call.end_consult(cx)) {
            self.release_party(turn, id, &consult, cause);
        }
    }

    /// A party's part is over: legs are closed, a colleague is free again, without a wrap-up.
    pub(super) fn release_party(&mut self, turn: &mut Turn<'_>, id: CallId, consult: &Consult, cause: Option<EndCause>) {
        self.leave_consult_line(id, consult);
        if let Some(leg) = consult.leg {
            if consult.is_answered() { self.close_leg(leg) } else { self.cancel_leg(leg, false) }
        }
        if let Some(leg) = consult.own_line.filter(|leg| self.legs.contains_key(leg)) {
            match cause.filter(|_| !consult.is_answered()) {
                Some(cause) => self.refuse_leg(leg, cause),
                None => self.close_leg(leg),
            }
        }
        if let Some(leg) = consult.transferor {
            let progress = TransferProgress::Failed(cause.unwrap_or(EndCause::Lost));
            self.phone(PhoneEffect::TransferProgress { leg, progress });
        }
        if let Some(colleague) = consult.colleague().cloned() {
            self.timers.set(Timer::PartyAudio(id, colleague.clone()), None);
            if let Some(leg) = self.consoles.get(&colleague).and_then(|console| console.leg)
                && consult.leg.is_none()
                && self.muted.remove(&leg)
            {
                self.phone(PhoneEffect::Mute { leg, is_muted: false });
            }
            self.on_agent(turn, &colleague, |agent, cx| {
                agent.withdraw(id, cx);
                agent.finish(id, None, false, cx);
            });
            self.tidy_console(turn, &colleague);
        }
        self.is_match_due = true;
    }

    /// After an attempt that failed, a customer who was not on hold before is not left on hold, unless the phone itself holds.
    pub(super) fn return_to_customer(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(with) = self.calls.get(&id).and_then(|call| call.stage().partner()) else { return };
        if with.phone.is_none_or(|leg| !self.held_by_phone.contains(&leg)) {
            self.on_call(turn, id, |call, cx| call.resume(cx));
        }
    }

    pub(super) fn consult_swap(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let consult = self.own_consult(agent, id)?;
        if consult.own_line.is_some() || !self.on_call(turn, id, |call, cx| call.swap(cx)).unwrap_or(false) {
            return Err(Refusal::WrongCallState);
        }
        Ok(())
    }

    pub(super) fn consult_cancel(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        if let Some(last) = self.last_of_conference(agent, id)? {
            return self.conference_drop(turn, agent, id, last);
        }
        self.own_consult(agent, id)?;
        self.let_consulted_go(turn, id, Some(EndCause::Hangup));
        self.return_to_customer(turn, id);
        Ok(())
    }

    pub(super) fn own_consult(&self, agent: &AgentId, id: CallId) -> Result<&Consult, Refusal> {
        self.own_call(agent, id)?.0.consult().ok_or(Refusal::WrongCallState)
    }
}
