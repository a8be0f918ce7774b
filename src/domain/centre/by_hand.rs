//! A supervisor's hand in the line: a waiting call is given to an agent, put before all others or ahead by some time, or moved to another
//! queue.

use super::{Centre, Refusal, Turn};
use crate::{
    domain::{
        call::{FlowOutCause, Stage},
        callback::CallbackState,
        directory::QueueExit,
    },
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
        if let Some(number) = self.callbacks.of_call(id).map(|callback| callback.number.clone()) {
            self.review_lease(&number);
        }
        Ok(())
    }

    /// A waiting call goes to the head of its queue's line. Its wait goes on. So does the place of somebody who is to be called back.
    pub(super) fn put_first(&mut self, turn: &mut Turn<'_>, id: CallId) -> Result<(), Refusal> {
        let queue = self.waiting_unoffered(id)?;
        if self.lines.get_mut(&queue).is_some_and(|line| line.put_first(id)) {
            match self.callbacks.of_call(id).map(|callback| callback.id) {
                Some(callback) => _ = self.on_callback(turn, callback, |callback, _, cx| callback.put_first(cx)),
                None => _ = self.on_call(turn, id, |call, cx| call.put_first(cx)),
            }
            self.published.touch_queue(queue);
            self.is_match_due = true;
        }
        Ok(())
    }

    /// A waiting call stands ahead by so much, or (`None`) where its queue's rules put it, also after it was put first. Its wait goes on.
    pub(super) fn set_ahead(&mut self, turn: &mut Turn<'_>, id: CallId, secs: Option<i64>) -> Result<(), Refusal> {
        let queue = self.waiting_caller(id)?;
        let definition = self.directory.queues.get(&queue).cloned().ok_or(Refusal::NoSuchQueue)?;
        self.on_call(turn, id, |call, cx| call.set_ahead(secs, cx));
        let head_start_ms = self.head_start_ms(id, &definition);
        if let Some(line) = self.lines.get_mut(&queue) {
            line.put_back(id);
            line.set_head_start(id, head_start_ms);
        }
        self.published.touch_queue(queue);
        self.is_match_due = true;
        Ok(())
    }

    /// A waiting call goes to the end of another queue: a flow-out of its own one, and a wait that begins there.
    pub(super) fn move_waiting(&mut self, turn: &mut Turn<'_>, id: CallId, to: QueueId) -> Result<(), Refusal> {
        let from = self.waiting_caller(id)?;
        let definition = self.directory.queues.get(&to).ok_or(Refusal::NoSuchQueue)?;
        if !self.hours.is_serving(definition, turn.now.wall) || !self.is_staffed(&to) {
            return Err(Refusal::QueueUnserved);
        }
        if from == to || self.is_calling_back(id) {
            return Err(Refusal::WrongCallState);
        }
        // Who is moved by hand may be sent on as often as anybody.
        self.on_call(turn, id, |call, _| call.hops = 0);
        self.leave_by(turn, id, FlowOutCause::Moved, QueueExit::Queue { queue: to });
        Ok(())
    }

    /// The queue of a call that waits, is heard, and rings nowhere; or of a callback by the call by which it stands in line, which begins
    /// only when an agent is offered it.
    fn waiting_unoffered(&self, id: CallId) -> Result<QueueId, Refusal> {
        if let Some(callback) = self.callbacks.of_call(id).filter(|callback| callback.state == CallbackState::Waiting) {
            let waiting = self.lines.get(&callback.queue).and_then(|line| line.get(id)).ok_or(Refusal::WrongCallState)?;
            return match (waiting.is_offered, waiting.is_dead) {
                (true, _) => Err(Refusal::OfferGone),
                (false, true) => Err(Refusal::WrongCallState),
                (false, false) => Ok(callback.queue.clone()),
            };
        }
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        let Stage::Waiting { queue, offer } = call.stage() else { return Err(Refusal::WrongCallState) };
        if offer.is_some() {
            return Err(Refusal::OfferGone);
        }
        let is_dead = self.lines.get(queue).and_then(|line| line.get(id)).is_none_or(|waiting| waiting.is_dead);
        if is_dead { Err(Refusal::WrongCallState) } else { Ok(queue.clone()) }
    }

    /// The same of a caller only: whoever is to be called back has the place that was promised.
    fn waiting_caller(&self, id: CallId) -> Result<QueueId, Refusal> {
        let queue = self.waiting_unoffered(id)?;
        if self.calls.contains_key(&id) { Ok(queue) } else { Err(Refusal::WrongCallState) }
    }
}
