//! Offers: how an agent is rung, and what follows from an answer, a refusal, silence, a broken phone.

use std::sync::Arc;

use super::{Centre, LegUse, PhoneEffect, Refusal, Timer, Turn, waiting::millis};
use crate::{
    domain::{
        call::{MissCause, Offer, Partner, Stage},
        directory::{Device, Strategy},
        queue::Waiting,
    },
    types::{AgentId, CallId, Mono, QueueId},
};

/// No agent is passed over for one call for longer.
const EXCLUDED_SECS_MAX: i64 = 600;
/// A phone that was busy or broken is tried again after this.
pub(super) const DEVICE_RETRY_MS: u64 = 15_000;
/// Bounds of a queue's ringing time.
const RING_SECS_MIN: i64 = 5;
const RING_SECS_MAX: i64 = 120;

impl Centre {
    /// Whether this agent has somebody in the ear who is no work of theirs: listens to a call, or calls a number of ours.
    pub(super) fn is_occupied(&self, agent: &AgentId) -> bool {
        self.listening.contains_key(agent) || self.calling_in.values().any(|calling| calling == agent)
    }

    /// Whether this agent could be rung now.
    pub(super) fn is_available(&self, agent: &AgentId) -> bool {
        self.agents.get(agent).is_some_and(|known| known.is_free()) && !self.is_occupied(agent)
    }

    /// Rings an agent's device: the console by its view of the call, a SIP phone by calling it.
    pub(super) fn ring(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, ring_secs: i64) -> Offer {
        let ring_secs = self::ring_secs(ring_secs);
        let until = turn.now.plus_millis(millis(ring_secs));
        let phone = self.sip_phone_of(agent).map(|account| {
            let leg = turn.mint_leg();
            self.legs.insert(leg, LegUse::AgentPhone { call: id, agent: agent.clone(), has_rung: false });
            let (caller, caller_name) = self.caller_shown(id);
            let (ring_secs, context) = (u32::try_from(ring_secs).unwrap_or(0), self.context_of(id));
            self.phone(PhoneEffect::CallPhone { leg, account, caller, caller_name, ring_secs, context });
            leg
        });
        let offer = Offer { agent: agent.clone(), phone, until: until.mono, until_at: until.wall };
        self.await_shown(turn, id, &offer);
        offer
    }

    /// The account that rings for an agent whose device is a SIP phone.
    pub(super) fn sip_phone_of(&self, agent: &AgentId) -> Option<Arc<str>> {
        let profile = self.directory.agents.get(agent)?;
        match profile.device {
            Device::Browser => None,
            Device::Sip => Some(profile.phone.as_deref()?.into()),
        }
    }

    /// What an agent's phone shows of the other party: number and name.
    pub(super) fn caller_shown(&self, id: CallId) -> (Option<Arc<str>>, Option<Arc<str>>) {
        let Some(call) = self.calls.get(&id) else { return (None, None) };
        let number = call.party.number.as_ref().map(|number| Arc::from(number.as_str()));
        let name = call.party.known().map(|known| known.name.clone()).or_else(|| call.party.label.as_deref().map(Arc::from));
        (number, name)
    }

    pub(super) fn answer_offer(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        if self.is_consulted(agent, id) {
            return self.answer_consult(turn, agent, id);
        }
        let offer = self.own_offer(agent, id)?;
        if offer.phone.is_some() {
            // A SIP phone is answered at the phone.
            return Err(Refusal::WrongCallState);
        }
        if self.consoles.get(agent).is_none_or(|console| console.leg.is_none()) {
            return Err(Refusal::NoDevice);
        }
        self.accept_offer(turn, id, agent);
        Ok(())
    }

    pub(super) fn decline_offer(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        if self.is_consulted(agent, id) {
            return self.decline_consult(turn, id);
        }
        self.own_offer(agent, id)?;
        self.offer_missed(turn, id, agent, MissCause::Declined);
        Ok(())
    }

    fn own_offer(&self, agent: &AgentId, id: CallId) -> Result<Offer, Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        call.offer_to(agent).cloned().ok_or(Refusal::OfferGone)
    }

    /// The offer is taken: it rings at nobody else any more, and agent and customer are put through, or whoever is called back is dialled.
    pub(super) fn accept_offer(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        if self.is_calling_back(id) {
            return self.dial_callback(turn, id, agent);
        }
        let Some(offer) = self.calls.get(&id).and_then(|call| call.offer_to(agent).cloned()) else { return };
        self.ring_no_other(turn, id, agent);
        self.note_taken(turn, id, agent);
        self.leave_line(id);
        self.connect(turn, id, Partner { agent: agent.clone(), phone: offer.phone });
        self.on_agent(turn, agent, |agent, cx| agent.take(id, cx));
    }

    /// One agent has the call, at however many it rang: the others' telephones learn that it was answered elsewhere (RFC 3326), and they
    /// keep their places among the idle.
    pub(super) fn ring_no_other(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let others = self.on_call(turn, id, |call, cx| call.answered_elsewhere(agent, cx)).unwrap_or_default();
        for other in others {
            if let Some(leg) = other.phone {
                self.cancel_leg(leg, true);
            }
            self.on_agent(turn, &other.agent, |agent, cx| agent.withdraw(id, cx));
            self.is_match_due = true;
        }
    }

    /// A call of a queue that gives each agent a share has gone to this one.
    fn note_taken(&mut self, turn: &Turn<'_>, id: CallId, agent: &AgentId) {
        let Some(Stage::Waiting { queue, .. }) = self.calls.get(&id).map(|call| call.stage()) else { return };
        let strategy = self.directory.queues.get(queue).map(|queue| &queue.routing.strategy);
        if let (Some(Strategy::Percent { shares }), Some(line)) = (strategy, self.lines.get_mut(queue)) {
            line.taken.note(agent, shares, turn.now.mono);
        }
    }

    /// The time of offers is over.
    pub(super) fn offers_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let is_over = |offer: &&Offer| offer.until <= turn.now.mono;
        let elapsed: Vec<AgentId> = call.offers().filter(is_over).map(|offer| offer.agent.clone()).collect();
        for agent in elapsed {
            self.offer_missed(turn, id, &agent, MissCause::NoAnswer);
        }
    }

    /// Agent and customer hear each other from here on; if the agent's audio is not up, the customer hears music until it is.
    pub(super) fn connect(&mut self, turn: &mut Turn<'_>, id: CallId, with: Partner) {
        self.answer_caller(turn, id);
        self.on_call(turn, id, |call, cx| call.connect(with, cx));
        self.check_agent_audio(turn, id);
    }

    /// Whoever has the call now by a console without audio is waited for.
    pub(super) fn check_agent_audio(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(with) = self.calls.get(&id).and_then(|call| call.stage().partner()).cloned() else { return };
        if with.phone.is_none() && !self.has_console_audio(&with.agent) {
            self.agent_audio(turn, id, &with.agent, false);
        }
    }

    /// The offer came to nothing. The caller keeps the place; the agent is treated by cause.
    pub(super) fn offer_missed(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId, cause: MissCause) {
        let Some(Some(offer)) = self.on_call(turn, id, |call, cx| call.miss(agent, cause, cx)) else { return };
        if let Some(leg) = offer.phone {
            self.cancel_leg(leg, false);
        }
        let agent = offer.agent;
        match cause {
            MissCause::NoAnswer | MissCause::Declined => {
                let strikes_max = self.strikes_max(id);
                if self.on_agent(turn, &agent, |agent, cx| agent.strike(id, strikes_max, cx)) == Some(true) {
                    self.notify(&agent, "missed_offer");
                }
            }
            MissCause::Device => {
                self.on_agent(turn, &agent, |agent, cx| agent.fail_device(id, cx));
                if offer.phone.is_some() {
                    self.timers.set(Timer::DeviceRetry(agent.clone()), Some(turn.now.mono + DEVICE_RETRY_MS));
                }
                self.notify(&agent, "device_lost");
            }
            MissCause::CallerGone | MissCause::PickedUp | MissCause::Withdrawn | MissCause::AnsweredElsewhere => {
                self.on_agent(turn, &agent, |agent, cx| agent.withdraw(id, cx));
            }
        }
        self.is_match_due = true;
        let Some(stage) = self.calls.get(&id).map(|call| call.stage().clone()) else { return };
        match stage {
            Stage::Waiting { queue, .. } => self.wait_on(turn, id, &queue, agent),
            Stage::HandedOver { from, .. } => self.hand_back(turn, id, &from, &agent),
            // It stays in its slot until its time there is over.
            Stage::Parked { .. } => {}
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Dialling { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => {}
        }
    }

    /// After a missed offer the wait goes on at the same place, without the agent who missed it; or the queue's branch is taken
    /// if its time came while the call rang.
    fn wait_on(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &QueueId, missed_by: AgentId) {
        if let Some(waiting) = self.lines.get_mut(queue).and_then(|line| line.get_mut(id)) {
            waiting.is_offered = self.calls.get(&id).is_some_and(|call| call.offers().next().is_some());
        }
        if let Some(line) = self.lines.get_mut(queue) {
            line.release_kept(id);
        }
        self.pass_over(turn, id, queue, |waiting, until, now| waiting.pass_over(missed_by, until, now));
        self.callback_missed(id);
        self.leave_if_unserved(turn, id, queue);
    }

    /// For a while this waiting call is not offered to one agent; `exclude` says to whom and why.
    pub(super) fn pass_over(
        &mut self,
        turn: &Turn<'_>,
        id: CallId,
        queue: &QueueId,
        exclude: impl FnOnce(&mut Waiting, Mono, Mono),
    ) {
        let now = turn.now.mono;
        let until = now + self.excluded_ms(queue);
        let Some(waiting) = self.lines.get_mut(queue).and_then(|line| line.get_mut(id)) else { return };
        exclude(waiting, until, now);
        self.match_by(until);
    }

    /// For how long an agent who missed a call of this queue, or sent it there, is passed over for it.
    pub(super) fn excluded_ms(&self, queue: &QueueId) -> u64 {
        let queue = self.directory.queues.get(queue);
        queue.map_or(0, |queue| millis(queue.routing.excluded_secs.min(EXCLUDED_SECS_MAX)))
    }

    /// Calls in a row that an agent may leave unanswered, as the queue of this one says.
    pub(super) fn strikes_max(&self, id: CallId) -> u32 {
        self.strikes_max_of(self.calls.get(&id).and_then(|call| call.queue.as_ref()))
    }

    /// The same for offers of a queue.
    pub(super) fn strikes_max_of(&self, queue: Option<&QueueId>) -> u32 {
        let queue = queue.and_then(|id| self.directory.queues.get(id));
        queue.map_or(1, |queue| u32::try_from(queue.routing.strikes_max).unwrap_or(1)).max(1)
    }
}

/// For how long an offer stands, in seconds, within the bounds of any queue.
pub(super) fn ring_secs(wanted: i64) -> i64 {
    wanted.clamp(RING_SECS_MIN, RING_SECS_MAX)
}
