//! A caller who has talked with an agent of the queue of late waits for that agent for a while, if the agent is there: free, or soon to be.

use super::{Centre, Turn, waiting::millis};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::Stage,
    },
    types::{AgentId, CallId, Mono, Now, Timestamp},
};

const DAY_MS: i64 = 86_400_000;

impl Centre {
    /// The caller is known, or waits now: keeps the caller for the agent of the last talk, as the queue wants.
    pub(super) fn keep_for_last_agent(&mut self, turn: &Turn<'_>, id: CallId) {
        let Some((queue, agent, until)) = self.last_agent_of(id, turn.now) else { return };
        let Some(line) = self.lines.get_mut(&queue) else { return };
        line.keep_for(id, agent, until);
        self.match_by(until);
        self.is_match_due = true;
    }

    fn last_agent_of(&self, id: CallId, now: Now) -> Option<(crate::types::QueueId, AgentId, Mono)> {
        let call = self.calls.get(&id).filter(|call| !call.is_calling_back())?;
        let Stage::Waiting { queue, offer: None } = call.stage() else { return None };
        let rule = self.directory.queues.get(queue)?.routing.prefers_last.as_ref()?;
        let last = call.party.known()?.last_agent.as_ref()?;
        let is_fresh = now.wall.millis_since(last.at) <= rule.days.saturating_mul(DAY_MS);
        let place = self.lines.get(queue)?.place(id).filter(|place| !place.is_head())?;
        let until = place.since() + millis(rule.secs);
        let serves = self.own_queues(&last.agent).any(|own| own == queue);
        let left_ms = until.as_millis().saturating_sub(now.mono.as_millis());
        let is_there = self.free_in_ms(&last.agent, now).is_some_and(|ms| ms < left_ms);
        (is_fresh && serves && is_there).then(|| (queue.clone(), last.agent.clone(), until))
    }

    /// In how many milliseconds an agent is likely to be free: at once, after the wrap-up, or when the talk has lasted as long as the agent's
    /// talks have lasted of late. `None` for one who is not there, or of whom nothing is known.
    fn free_in_ms(&self, id: &AgentId, now: Now) -> Option<u64> {
        let agent = self.agents.get(id)?;
        match agent.presence() {
            Presence::Ready => self.is_available(id).then_some(0),
            Presence::WrappingUp { .. } => {
                let ends = agent.deadline()?;
                Some(ends.as_millis().saturating_sub(now.mono.as_millis()))
            }
            Presence::Busy { .. } => {
                let usual = usual_talk_ms(agent, now.mono)?;
                Some(usual.saturating_sub(elapsed_ms(agent.since(), now.wall)))
            }
            Presence::Offered { .. } | Presence::Paused { .. } | Presence::Offline => None,
        }
    }

    /// An agent takes no calls any more: nobody waits for this one.
    pub(super) fn keep_for_nobody(&mut self, agent: &AgentId) {
        for line in self.lines.values_mut() {
            if line.release_kept_for(agent) {
                self.is_match_due = true;
            }
        }
    }
}

fn usual_talk_ms(agent: &Agent, now: Mono) -> Option<u64> {
    let load = agent.workload(now);
    load.on_calls_ms.saturating_mul(1_000).checked_div(load.answered_thousandths)
}

fn elapsed_ms(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.millis_since(since)).unwrap_or(0)
}
