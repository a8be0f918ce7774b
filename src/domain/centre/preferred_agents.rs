//! Whom a caller waits for before all are asked: the customer's own agent or the one of the last talk, if that agent is there (free, or soon
//! to be), and then that agent's team.

use super::{Centre, Turn, waiting::millis};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::{Call, Stage},
        directory::Queue,
        queue::Kept,
    },
    types::{AgentId, CallId, KeptBecause, Mono, Now, QueueId, Timestamp},
};

const DAY_MS: i64 = 86_400_000;

/// An agent whom a caller would wait for.
struct Preferred<'a> {
    agent: &'a AgentId,
    because: KeptBecause,
    /// For how long since the entry.
    ms: u64,
}

impl Centre {
    /// The caller is known, or waits now: keeps the caller for whom the queue prefers.
    pub(super) fn keep_for_preferred(&mut self, turn: &Turn<'_>, id: CallId) {
        let Some((queue, kept)) = self.preferred_of(id, turn.now) else { return };
        self.keep(turn.now.mono, id, &queue, kept);
    }

    fn keep(&mut self, now: Mono, id: CallId, queue: &QueueId, kept: Kept) {
        let Some(line) = self.lines.get_mut(queue) else { return };
        let mut after = now;
        let changes: Vec<Mono> = std::iter::from_fn(|| {
            after = kept.next_change(after)?;
            Some(after)
        })
        .collect();
        line.keep(id, kept);
        for at in changes {
            self.match_by(at);
        }
        self.is_match_due = true;
    }

    fn preferred_of(&self, id: CallId, now: Now) -> Option<(QueueId, Kept)> {
        let call = self.calls.get(&id).filter(|call| !call.is_calling_back())?;
        let Stage::Waiting { queue, offer: None } = call.stage() else { return None };
        let definition = self.directory.queues.get(queue)?;
        let line = self.lines.get(queue)?;
        let since = line.place(id).filter(|place| !place.is_head())?.since();
        let waiting = line.get(id)?;
        let team_ms = definition.routing.prefers_team_secs.map(millis);
        let mut preferred = self.preferred(call, definition, now);
        preferred.retain(|one| !waiting.excludes(one.agent, now.mono));
        let there = preferred.iter().find(|one| self.is_free_by(one.agent, since + one.ms, now));
        if let Some(Preferred { agent, because, ms }) = there {
            let until = since + *ms;
            let team_until = team_ms.map(|ms| until + ms).filter(|until| self.is_team_free_by(agent, queue, *until, now));
            return Some((queue.clone(), Kept::new((*agent).clone(), *because, Some(until), team_until)));
        }
        let until = since + team_ms?;
        let Preferred { agent, because, .. } =
            preferred.into_iter().find(|one| self.is_team_free_by(one.agent, queue, until, now))?;
        Some((queue.clone(), Kept::new(agent.clone(), because, None, Some(until))))
    }

    /// Whom the queue's rule prefers of those who serve it, the first one first, whether they are there or not.
    fn preferred<'a>(&self, call: &'a Call, queue: &Queue, now: Now) -> Vec<Preferred<'a>> {
        let Some(known) = call.party.known() else { return Vec::new() };
        let owner = known.owner.as_ref().zip(queue.routing.prefers_owner);
        let owner = owner.map(|(agent, rule)| (agent, KeptBecause::Owner, rule.secs));
        let last = known.last_agent.as_ref().zip(queue.routing.prefers_last);
        let is_fresh = |at: Timestamp, days: i64| now.wall.millis_since(at) <= days.saturating_mul(DAY_MS);
        let last = last.filter(|(last, rule)| is_fresh(last.at, rule.days));
        let last = last.map(|(last, rule)| (&last.agent, KeptBecause::LastTalk, rule.secs));
        let all = [owner, last].into_iter().flatten();
        let serving = all.filter(|(agent, ..)| self.serves_at_once(agent, &queue.id));
        serving.map(|(agent, because, secs)| Preferred { agent, because, ms: millis(secs) }).collect()
    }

    fn serves_at_once(&self, agent: &AgentId, queue: &QueueId) -> bool {
        self.own_queues(agent).any(|own| own == queue)
    }

    /// Whether an agent is free, or likely to be before then.
    fn is_free_by(&self, agent: &AgentId, until: Mono, now: Now) -> bool {
        let left_ms = until.as_millis().saturating_sub(now.mono.as_millis());
        self.free_in_ms(agent, now).is_some_and(|ms| ms < left_ms)
    }

    /// The same of somebody of an agent's team who serves the queue.
    fn is_team_free_by(&self, agent: &AgentId, queue: &QueueId, until: Mono, now: Now) -> bool {
        let mut team = self.teams.team_of(agent);
        team.any(|one| self.serves_at_once(one, queue) && self.is_free_by(one, until, now))
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

    /// An agent takes no calls any more: nobody waits for this one, nor for a team of which nobody else is there.
    pub(super) fn keep_for_nobody(&mut self, turn: &Turn<'_>, gone: &AgentId) {
        let all = self.lines.iter().flat_map(|(queue, line)| line.all_kept().map(move |(call, kept)| (queue, call, kept)));
        let otherwise =
            all.filter_map(|(queue, call, kept)| Some((queue.clone(), call, self.kept_without(gone, kept, queue, turn.now)?)));
        for (queue, call, kept) in otherwise.collect::<Vec<_>>() {
            self.keep(turn.now.mono, call, &queue, kept);
        }
    }

    /// `None` where it changes nothing that this agent is gone.
    fn kept_without(&self, gone: &AgentId, kept: &Kept, queue: &QueueId, now: Now) -> Option<Kept> {
        let mut without = kept.clone();
        let mut is_changed = kept.agent() == gone && without.give_up_agent(now.mono);
        let until = without.team_until(now.mono).filter(|_| self.teams.are_one(kept.agent(), gone));
        if until.is_some_and(|until| !self.is_team_free_by(kept.agent(), queue, until, now)) {
            is_changed |= without.give_up_team(now.mono);
        }
        is_changed.then_some(without)
    }
}

fn usual_talk_ms(agent: &Agent, now: Mono) -> Option<u64> {
    let load = agent.workload(now);
    load.on_calls_ms.saturating_mul(1_000).checked_div(load.answered_thousandths)
}

fn elapsed_ms(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.millis_since(since)).unwrap_or(0)
}
