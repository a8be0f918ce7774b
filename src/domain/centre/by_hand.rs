//! A supervisor's hand in the line: a waiting call is given to an agent, or put before all others.

use super::{Centre, Refusal, Turn};
use crate::{
    domain::call::Stage,
    types::{AgentId, CallId, QueueId},
};

impl Centre {
    /// A waiting call rings at this agent, whatever the agent's skills: at whoever asks, who need not be signed in for calls, or at another
    /// one who is ready. If it is missed there, it waits on at its place.
    pub(super) fn assign_waiting(
        &mut self,
        turn: &mut Turn<'_>,
        asker: &AgentId,
        id: CallId,
        agent: &AgentId,
    ) -> Result<(), Refusal> {
        let queue = self.waiting_unoffered(id)?;
        if asker == agent {
            let is_at_work = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?.call().is_some();
            if is_at_work || self.listening.contains_key(agent) {
                return Err(Refusal::WrongPresence);
            }
            if !self.is_device_up(agent) {
                return Err(Refusal::NoDevice);
            }
        } else {
            self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?;
            if !self.is_available(agent) {
                return Err(Refusal::AgentNotReady);
            }
        }
        self.offer_to(turn, id, &queue, agent, None);
        Ok(())
    }

    /// A waiting call goes to the head of its queue's line. Its wait goes on.
    pub(super) fn put_first(&mut self, turn: &mut Turn<'_>, id: CallId) -> Result<(), Refusal> {
        let queue = self.waiting_unoffered(id)?;
        if self.lines.get_mut(&queue).is_some_and(|line| line.put_first(id)) {
            self.on_call(turn, id, |call, cx| call.put_first(cx));
            self.published.touch_queue(queue);
            self.is_match_due = true;
        }
        Ok(())
    }

    /// The queue of a call that waits, is heard, and rings nowhere.
    fn waiting_unoffered(&self, id: CallId) -> Result<QueueId, Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        let Stage::Waiting { queue, offer } = call.stage() else { return Err(Refusal::WrongCallState) };
        if offer.is_some() {
            return Err(Refusal::OfferGone);
        }
        let is_dead = self.lines.get(queue).and_then(|line| line.get(id)).is_none_or(|waiting| waiting.is_dead);
        if is_dead { Err(Refusal::WrongCallState) } else { Ok(queue.clone()) }
    }
}
