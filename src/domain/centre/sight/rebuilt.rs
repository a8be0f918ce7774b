//! The matcher's view of the floor, put together again from what was written down, and the decision made anew.

use std::{collections::BTreeMap, fmt};

use super::{super::matching::record_of, AgentSight, QueueSight, Setup, Sight};
use crate::{
    domain::{
        agent::Presence,
        directory::Queue,
        queue::{Choice, FreeAgent, OpenQueue, Pick, QueueLine, Reach, Teams, reach},
    },
    types::{AgentId, CallId, QueueId},
};

/// The floor as the matcher saw it last.
#[derive(Debug, Default)]
pub struct Rebuilt {
    last: Option<u64>,
    queues: BTreeMap<QueueId, Queue>,
    serves: BTreeMap<AgentId, BTreeMap<QueueId, Reach>>,
    teams: Teams,
    lines: BTreeMap<QueueId, QueueLine>,
    standing: BTreeMap<QueueId, QueueSight>,
    free: BTreeMap<AgentId, AgentSight>,
    ringing: BTreeMap<CallId, i64>,
}

/// What was seen between two decisions is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The number of the decision that was to come; `None` before one that tells everything.
    pub expected: Option<u64>,
    /// The one that came.
    pub found: u64,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expected {
            Some(expected) => {
                write!(f, "what the matcher saw at its decisions {expected} to {} is missing", self.found.saturating_sub(1))
            }
            None => write!(f, "what the matcher saw before its decision {} is missing", self.found),
        }
    }
}

impl Rebuilt {
    /// Makes a decision again, by what it saw. `None` when nobody comes out of it.
    pub fn decide(&mut self, sight: &Sight) -> Result<Option<Pick>, Gap> {
        self.see(sight)?;
        let queues = || self.lines.iter().filter_map(|(id, line)| self.queue(id, line));
        let open: Vec<OpenQueue<'_>> = queues().filter(|(standing, _)| standing.is_open).map(|(_, queue)| queue).collect();
        let rings = |line: &QueueLine| line.iter().any(|(_, one)| one.is_offered && self.ringing.contains_key(&one.call));
        let ringing: Vec<OpenQueue<'_>> = queues().map(|(_, queue)| queue).filter(|queue| rings(queue.line)).collect();
        let now = sight.now;
        let free = self.free.values().filter_map(|one| {
            let mut load = one.workload;
            load.pass(&Presence::Ready, now);
            let reaches = self.serves.get(&one.agent)?;
            let idle_since = if one.works_on_item { now } else { one.idle_since };
            let (record, works_on_item) = (record_of(&load), one.works_on_item);
            let idle = Some(&one.idle);
            Some(FreeAgent { agent: &one.agent, idle_since, idle, record, reaches, works_on_item })
        });
        let free: Vec<FreeAgent<'_>> = free.collect();
        let mut draws = sight.draws.iter();
        let choice = Choice { open: &open, ringing: &ringing, free: &free, may_ring_at_more: &self.ringing, now };
        Ok(choice.decide(&mut |_| draws.next().copied().unwrap_or(0)))
    }

    /// What the decision led to then: its caller rings at its agent.
    pub fn follow(&mut self, call: CallId, queue: &QueueId, agent: &AgentId) {
        self.free.remove(agent);
        if let Some(waiting) = self.lines.get_mut(queue).and_then(|line| line.get_mut(call)) {
            waiting.is_offered = true;
        }
    }

    /// Who waited in a queue on the line, first in line first.
    pub fn waiting(&self) -> impl Iterator<Item = (&QueueId, CallId)> {
        let known = self.lines.iter().filter(|(queue, _)| self.queues.contains_key(*queue));
        let lines = known.flat_map(|(queue, line)| line.iter().map(move |(_, waiting)| (queue, waiting)));
        lines.filter(|(_, waiting)| waiting.called_back.is_none()).map(|(queue, waiting)| (queue, waiting.call))
    }

    /// Who was free.
    pub fn free(&self) -> impl Iterator<Item = &AgentId> {
        self.free.keys()
    }

    fn queue<'a>(&'a self, id: &QueueId, line: &'a QueueLine) -> Option<(&'a QueueSight, OpenQueue<'a>)> {
        let standing = self.standing.get(id).filter(|_| !line.is_empty())?;
        let queue = self.queues.get(id)?;
        let last_offered = standing.last_offered.as_ref();
        Some((standing, OpenQueue { queue, line, least_step: standing.least_step, last_offered, teams: &self.teams }))
    }

    fn see(&mut self, sight: &Sight) -> Result<(), Gap> {
        let expected = self.last.map(|last| last + 1);
        if sight.is_whole {
            *self = Self::default();
        } else if expected != Some(sight.number) {
            self.last = None;
            return Err(Gap { expected, found: sight.number });
        }
        self.last = Some(sight.number);
        if let Some(setup) = &sight.setup {
            self.set_up(setup);
        }
        for (queue, changes) in &sight.lines {
            self.lines.entry(queue.clone()).or_default().follow(changes);
        }
        self.standing.extend(sight.queues.iter().map(|one| (one.queue.clone(), one.clone())));
        for agent in &sight.not_free {
            self.free.remove(agent);
        }
        self.free.extend(sight.free.iter().map(|one| (one.agent.clone(), one.clone())));
        if let Some(ringing) = &sight.ringing {
            for call in &ringing.no_more {
                self.ringing.remove(call);
            }
            self.ringing.extend(ringing.at.iter().copied());
        }
        Ok(())
    }

    fn set_up(&mut self, setup: &Setup) {
        self.queues = setup.queues.iter().map(|queue| (queue.id.clone(), queue.clone())).collect();
        let serves = setup.agents.iter().map(|agent| {
            let reaches = setup.queues.iter().filter_map(|queue| Some((queue.id.clone(), reach(agent, queue)?)));
            (agent.id.clone(), reaches.collect())
        });
        self.serves = serves.collect();
        self.teams = setup.teams.clone();
    }
}
