//! Blind transfer: to a colleague, with a way back, to a queue, or to a line.

use super::{Centre, Refusal, Turn};
use crate::{
    domain::call::{Partner, Stage, TransferTarget},
    types::{AgentId, CallId, LineId, QueueId},
};

/// A colleague's phone rings so long for a call that was handed over.
pub(super) const RING_SECS: i64 = 20;

impl Centre {
    pub(super) fn transfer(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        target: TransferTarget,
    ) -> Result<(), Refusal> {
        let (call, with) = self.own_call_alone(agent, id)?;
        if !call.stage().is_conversation() {
            return Err(Refusal::WrongCallState);
        }
        let with = with.clone();
        match target {
            TransferTarget::Agent { agent: to } => {
                if to == *agent {
                    return Err(Refusal::WrongCallState);
                }
                self.agents.get(&to).ok_or(Refusal::NoSuchAgent)?;
                if !self.is_available(&to) {
                    return Err(Refusal::AgentNotReady);
                }
                self.ring_colleague(turn, id, agent, &to, false);
            }
            TransferTarget::Queue { queue } => {
                if !self.directory.queues.contains_key(&queue) {
                    return Err(Refusal::NoSuchQueue);
                }
                self.send_to_queue(turn, id, &with, queue);
                return Ok(());
            }
            TransferTarget::Line { line } => {
                self.scripts.line(&line).ok_or(Refusal::NoSuchLine)?;
                self.send_to_line(turn, id, &with, &line);
                return Ok(());
            }
            // Who answers there is seen first: `CentreCommand::TransferOut`.
            TransferTarget::Number => return Err(Refusal::WrongCallState),
        }
        self.release_agent(turn, id, &with);
        Ok(())
    }

    /// The call leaves its agent for the end of a queue.
    pub(super) fn send_to_queue(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner, queue: QueueId) {
        self.on_call(turn, id, |call, cx| {
            call.hops = 0;
            call.send_to(with.agent.clone(), TransferTarget::Queue { queue: queue.clone() }, cx);
        });
        self.release_agent(turn, id, with);
        self.enter_queue(turn, id, queue.clone());
        // Who sends a caller away does not want the same caller back at once.
        self.pass_over(turn, id, &queue, |waiting, until, now| waiting.pass_over_sender(with.agent.clone(), until, now));
    }

    /// The call leaves its agent for the beginning of a line.
    pub(super) fn send_to_line(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner, line: &LineId) {
        self.on_call(turn, id, |call, cx| {
            call.hops = 0;
            call.send_to(with.agent.clone(), TransferTarget::Line { line: line.clone() }, cx);
        });
        self.release_agent(turn, id, with);
        self.start_flow(turn, id, line);
    }

    /// The call rings at a colleague, or back at the one who handed it over.
    fn ring_colleague(&mut self, turn: &mut Turn<'_>, id: CallId, from: &AgentId, to: &AgentId, is_return: bool) {
        let offer = self.ring(turn, id, to, RING_SECS);
        self.on_call(turn, id, |call, cx| call.hand_over(from.clone(), offer, is_return, cx));
        self.on_agent(turn, to, |agent, cx| agent.offer(id, cx));
    }

    /// A colleague did not take it: back to the one who handed it over, if free; else to the queue, before all others.
    pub(super) fn hand_back(&mut self, turn: &mut Turn<'_>, id: CallId, from: &AgentId, missed_by: &AgentId) {
        let stage = self.calls.get(&id).map(|call| call.stage());
        if matches!(stage, Some(Stage::HandedOver { returns_from: Some(_), .. })) {
            return self.send_back(turn, id, from);
        }
        let queue = self.fallback_queue(id, from);
        let is_free =
            self.agents.get(from).is_some_and(|agent| agent.could_take_back(id)) && !self.listening.contains_key(from);
        // Nobody else is there for a customer without a queue: rather a second call in the giver's ear than none.
        if from != missed_by && is_free && (queue.is_none() || !self.is_occupied(from)) {
            self.on_agent(turn, from, |agent, cx| agent.drop_wrap_up(id, cx));
            self.on_call(turn, id, |call, _| call.wrapping.remove(from));
            return self.ring_colleague(turn, id, from, from, true);
        }
        match queue {
            Some(queue) => self.requeue_at_head(turn, id, queue),
            None => self.say_last_words(turn, id, "long-wait"),
        }
    }
}
