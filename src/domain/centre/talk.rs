//! A conversation: hold, mute, keys, hanging up, and an agent whose audio is lost.

use super::{Centre, PhoneEffect, Refusal, Timer, Turn, offer::DEVICE_RETRY_MS};
use crate::{
    domain::{
        agent::Presence,
        call::{Call, EndCause, Partner, Party, Stage},
    },
    types::{AgentId, CallId},
};

/// A call whose agent has lost the audio is kept for so long.
pub(super) const RECONNECT_MS: u64 = 30_000;
/// Keys in one order.
const DIGITS_MAX: usize = 32;

impl Centre {
    /// The call, if it is this agent's.
    pub(super) fn own_call(&self, agent: &AgentId, id: CallId) -> Result<(&Call, &Partner), Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        match call.stage().partner() {
            Some(with) if with.agent == *agent => Ok((call, with)),
            Some(_) => Err(Refusal::NotYourCall),
            None if call.offer_to(agent).is_some() => Err(Refusal::WrongCallState),
            None => Err(Refusal::NotYourCall),
        }
    }

    /// The same, if nobody is consulted about it or in a conference.
    pub(super) fn own_call_alone(&self, agent: &AgentId, id: CallId) -> Result<(&Call, &Partner), Refusal> {
        let (call, with) = self.own_call(agent, id)?;
        if !call.is_between_two() {
            return Err(Refusal::WrongCallState);
        }
        Ok((call, with))
    }

    /// Whether the agent works on this call now: on the line, or wrapping up.
    pub(super) fn own_work(&self, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::CallOver)?;
        let known = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?;
        match known.presence() {
            Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. } if known.call() == Some(id) => {
                Ok(())
            }
            _ if call.is_over() => Err(Refusal::CallOver),
            _ => Err(Refusal::NotYourCall),
        }
    }

    pub(super) fn hang_up(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        if self.leave_consult(turn, agent, id) {
            return Ok(());
        }
        self.own_call(agent, id)?;
        self.end_call(turn, id, EndCause::Hangup, Party::Agent);
        Ok(())
    }

    pub(super) fn hold(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        self.own_call_alone(agent, id)?;
        let is_done = self.on_call(turn, id, |call, cx| call.hold(cx)).unwrap_or(false);
        if is_done { Ok(()) } else { Err(Refusal::WrongCallState) }
    }

    pub(super) fn resume(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        if self.own_call(agent, id)?.0.consult().is_some() {
            return Err(Refusal::WrongCallState);
        }
        let is_done = self.on_call(turn, id, |call, cx| call.resume(cx)).unwrap_or(false);
        if is_done { Ok(()) } else { Err(Refusal::WrongCallState) }
    }

    pub(super) fn mute(&mut self, agent: &AgentId, is_muted: bool) -> Result<(), Refusal> {
        let id = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?.call().ok_or(Refusal::WrongCallState)?;
        let leg = match self.party_leg_of(agent, id) {
            Some(leg) => leg,
            None => self.partner_leg(self.own_call(agent, id)?.1).ok_or(Refusal::NoDevice)?,
        };
        let is_change = if is_muted { self.muted.insert(leg) } else { self.muted.remove(&leg) };
        if is_change {
            self.phone(PhoneEffect::Mute { leg, is_muted });
            self.published.touch_call(id);
        }
        Ok(())
    }

    pub(super) fn send_digits(&mut self, agent: &AgentId, id: CallId, digits: &str) -> Result<(), Refusal> {
        let (call, _) = self.own_call(agent, id)?;
        let are_keys = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'));
        let leg = call.customer_leg.filter(|_| matches!(call.stage(), Stage::Talking { .. }));
        match leg {
            Some(leg) if are_keys && (1..=DIGITS_MAX).contains(&digits.len()) => {
                self.phone(PhoneEffect::SendDigits { leg, digits: digits.into() });
                Ok(())
            }
            _ => Err(Refusal::WrongCallState),
        }
    }

    /// The audio of the agent's leg on a call began, or was lost while the leg goes on.
    pub(super) fn agent_audio(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, is_up: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.stage().partner().is_none_or(|with| with.agent != *agent) {
            return;
        }
        if self.is_agent_early(id, is_up) {
            return;
        }
        if is_up {
            let call = self.calls.get(&id).filter(|call| matches!(call.stage(), Stage::Reconnecting { .. }));
            if let Some(leg) = call.and_then(|call| call.customer_leg) {
                self.stop_announcement(leg);
            }
            self.on_call(turn, id, |call, cx| call.regain_agent(cx));
        } else {
            let until = turn.now.plus_millis(RECONNECT_MS);
            self.on_call(turn, id, |call, cx| call.lose_agent(until.mono, until.wall, cx));
        }
    }

    /// The agent's phone leg is over: hung up, or (`is_lost`) gone.
    pub(super) fn agent_leg_over(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, is_lost: bool) {
        if self.leave_to_consulted(turn, id) {
            return;
        }
        let Some(call) = self.calls.get(&id) else { return };
        if is_lost && call.stage().is_conversation() {
            return self.agent_lost_for_good(turn, id, agent);
        }
        turn.by_agent(agent);
        let cause = if is_lost { EndCause::Lost } else { EndCause::Hangup };
        self.end_call(turn, id, cause, Party::Agent);
    }

    /// The agent does not come back: the customer waits again at the head of the queue; without a queue the call is over.
    pub(super) fn agent_lost_for_good(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(with) = call.stage().partner().filter(|with| with.agent == *agent).cloned() else { return };
        if self.leave_to_consulted(turn, id) {
            return;
        }
        let Some(queue) = self.fallback_queue(id, agent) else {
            return self.end_call(turn, id, EndCause::Lost, Party::Agent);
        };
        self.drop_parties(turn, id);
        self.on_agent(turn, agent, |agent, cx| agent.lose_call(id, cx));
        self.notify(agent, "device_lost");
        self.let_go(&with);
        self.requeue_at_head(turn, id, queue);
        if with.phone.is_some() {
            self.timers.set(Timer::DeviceRetry(agent.clone()), Some(turn.now.mono + DEVICE_RETRY_MS));
        }
        self.tidy_console(turn, agent);
    }

    /// The queue that a call without an agent goes to: its own, or for an inbound call one of the agent's.
    pub(super) fn fallback_queue(&self, id: CallId, agent: &AgentId) -> Option<crate::types::QueueId> {
        let call = self.calls.get(&id)?;
        if let Some(queue) = call.queue.clone().filter(|queue| self.directory.queues.contains_key(queue)) {
            return Some(queue);
        }
        match call.direction {
            crate::domain::call::Direction::Inbound => self.own_queues(agent).next().cloned(),
            crate::domain::call::Direction::Outbound => None,
        }
    }

    /// An agent's leg leaves a call: a phone is hung up, a console is unmuted and goes silent by itself.
    pub(super) fn let_go(&mut self, with: &Partner) {
        if let Some(leg) = with.phone {
            self.close_leg(leg);
        } else if let Some(leg) = self.partner_leg(with)
            && self.muted.remove(&leg)
        {
            self.phone(PhoneEffect::Mute { leg, is_muted: false });
        }
    }
}
