//! After a call: the agent's part ends and the wrap-up begins, by the rules of the call's queue.

use super::{Centre, Refusal, Turn, waiting::millis};
use crate::{
    domain::{
        agent::{Agent, Elapsed, WrapUpProblem, WrapUpRule},
        call::{Direction, Partner, Party},
        directory::WrapUp,
    },
    types::{AgentId, CallId, DispositionId, QueueId},
};

/// Wrap-up of a call that belongs to no queue.
const NO_QUEUE: WrapUp = WrapUp::Timed { secs: 60 };

impl Centre {
    /// The agent's part of a call is over: the leg is let go, the wrap-up begins.
    pub(super) fn release_agent(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner) {
        let queue = self.calls.get(&id).and_then(|call| call.queue.clone());
        self.release_agent_of(turn, id, with, queue.as_ref());
    }

    /// The same by the rules of the queue whose contact it was for this agent.
    pub(super) fn release_agent_of(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner, queue: Option<&QueueId>) {
        self.let_go(with);
        self.on_call(turn, id, |call, cx| call.audio_forgotten(Party::Agent, cx));
        let rule = self.wrap_up_rule(id, &with.agent, queue);
        let has_disposition = self.calls.get(&id).is_some_and(|call| call.disposed.contains_key(&with.agent));
        self.on_agent(turn, &with.agent, |agent, cx| agent.finish(id, rule, has_disposition, cx));
        let is_wrapping = self.agents.get(&with.agent).is_some_and(|agent| agent.wrap_up().is_some_and(|run| run.call == id));
        if is_wrapping {
            self.on_call(turn, id, |call, _| call.wrapping.insert(with.agent.clone()));
        }
        self.tidy_console(turn, &with.agent);
        self.is_match_due = true;
    }

    fn wrap_up_rule(&self, id: CallId, agent: &AgentId, own: Option<&QueueId>) -> Option<WrapUpRule> {
        let queue = own.or_else(|| self.own_queues(agent).next()).and_then(|queue| self.directory.queues.get(queue));
        let mode = queue.map_or(NO_QUEUE, |queue| queue.wrap_up);
        let is_wanted = match mode {
            WrapUp::Optional { .. } => self.agents.get(agent).is_some_and(Agent::wants_wrap_up),
            WrapUp::None | WrapUp::Timed { .. } | WrapUp::Forced { .. } | WrapUp::UntilDisposition { .. } => true,
        };
        let extensions = queue.map(|queue| queue.wrap_up_extensions).unwrap_or_default();
        mode.secs().filter(|_| is_wanted).map(|secs| WrapUpRule {
            ms: millis(secs),
            // Who reached nobody has nothing to classify: the outcome and how the call ended are kept without being asked for.
            needs_disposition: matches!(mode, WrapUp::UntilDisposition { .. }) && !self.has_reached_nobody(id),
            may_end_early: !matches!(mode, WrapUp::Forced { .. }),
            extensions_max: u8::try_from(extensions.times.max(0)).unwrap_or(u8::MAX),
            extension_ms: millis(extensions.secs),
        })
    }

    /// The agent asks for a wrap-up after the own call, in a queue that leaves it to the agents, or does without.
    pub(super) fn want_wrap_up(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        is_wanted: bool,
    ) -> Result<(), Refusal> {
        self.own_work(agent, id)?;
        let has_call = self.on_agent(turn, agent, |agent, _| agent.want_wrap_up(id, is_wanted)).ok_or(Refusal::NoSuchAgent)?;
        if has_call { Ok(()) } else { Err(Refusal::WrongCallState) }
    }

    fn has_reached_nobody(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| call.direction == Direction::Outbound && call.connected_at.is_none())
    }

    pub(super) fn dispose(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        disposition: DispositionId,
    ) -> Result<(), Refusal> {
        self.own_work(agent, id)?;
        if !self.directory.is_disposition_leaf(&disposition) {
            return Err(Refusal::NoSuchDisposition);
        }
        let is_kept = self.on_call(turn, id, |call, cx| call.dispose(agent.clone(), disposition, cx)).unwrap_or(false);
        if !is_kept {
            return Err(Refusal::WrongCallState);
        }
        self.on_agent(turn, agent, |agent, _| agent.note_disposition(id));
        Ok(())
    }

    pub(super) fn wrap_up_done(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        self.own_work(agent, id)?;
        let done = self.on_agent(turn, agent, |agent, cx| agent.end_wrap_up(id, cx)).ok_or(Refusal::NoSuchAgent)?;
        done.map_err(refusal)?;
        self.wrapped_up(turn, agent, id);
        Ok(())
    }

    pub(super) fn wrap_up_extend(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        self.own_work(agent, id)?;
        let done = self.on_agent(turn, agent, |agent, _| agent.extend_wrap_up(id)).ok_or(Refusal::NoSuchAgent)?;
        self.published.touch_call(id);
        done.map_err(refusal)
    }

    /// An agent's deadline: the wrap-up, or the patience with a device that stays away.
    pub(super) fn agent_elapsed(&mut self, turn: &mut Turn<'_>, id: &AgentId) {
        match self.on_agent(turn, id, |agent, cx| agent.elapse(cx)) {
            Some(Elapsed::WrapUpEnded(call)) => self.wrapped_up(turn, id, call),
            Some(Elapsed::WrapUpOverdue(call)) => self.published.touch_call(call),
            Some(Elapsed::SignedOut) => self.notify(id, "signed_out_by_device"),
            Some(Elapsed::Nothing) | None => {}
        }
    }

    /// The agent has nothing more to do with this call.
    pub(super) fn wrapped_up(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) {
        self.on_call(turn, id, |call, _| call.wrapping.remove(agent));
        self.tidy_console(turn, agent);
        self.is_match_due = true;
    }
}

fn refusal(problem: WrapUpProblem) -> Refusal {
    match problem {
        WrapUpProblem::NotWrappingUp => Refusal::WrongCallState,
        WrapUpProblem::DispositionMissing => Refusal::DispositionMissing,
        WrapUpProblem::NotBeforeTheEnd => Refusal::WrapUpForced,
        WrapUpProblem::ExtensionsUsed => Refusal::ExtensionsUsed,
    }
}
