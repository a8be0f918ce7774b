//! Who serves which queue and what they do at the moment, counted as agents change. A walk over all agents for each call that rings,
//! and for each queue that is shown, would cost more than the call.

use std::collections::BTreeMap;

use super::Centre;
use crate::{
    domain::{
        agent::{Agent, Presence},
        queue::Reach,
    },
    types::{AgentId, NotFree, NotFreeAgents, OTHERS_MAX, QueueId, RoutingDecision},
};

/// What an agent who is signed in does, as far as the queues care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Free,
    Offered,
    Busy,
    WrappingUp,
    /// Also who has no telephone that rings.
    Paused,
}

/// The agents who are signed in, and what they come to by queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Staffing {
    agents: BTreeMap<AgentId, Doing>,
    queues: BTreeMap<QueueId, Staff>,
}

/// The agents of one queue who are signed in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Staff {
    /// How many have the queue's own skills and are free.
    pub(super) ready: i64,
    /// Who could serve the queue, at any step, and is not free.
    pub(super) not_free: NotFree,
    /// How many come into question first at each step; those of step 0 have the queue's own skills.
    by_step: BTreeMap<usize, i64>,
}

impl Staff {
    /// How many have the queue's own skills.
    pub(super) fn signed_in(&self) -> i64 {
        self.by_step.get(&0).copied().unwrap_or(0)
    }

    /// The earliest step at which somebody comes into question; 0 while nobody does at any.
    pub(super) fn least_step(&self) -> usize {
        self.by_step.keys().next().copied().unwrap_or(0)
    }

    /// The steps at which somebody comes into question first.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> {
        self.by_step.keys().copied()
    }

    fn add(&mut self, reach: Reach, doing: Doing, change: i64) {
        let of_step = self.by_step.entry(reach.step).or_insert(0);
        *of_step += change;
        if *of_step == 0 {
            self.by_step.remove(&reach.step);
        }
        match doing {
            Doing::Free if reach.step == 0 => self.ready += change,
            Doing::Free => {}
            Doing::Offered => self.not_free.offered += change,
            Doing::Busy => self.not_free.busy += change,
            Doing::WrappingUp => self.not_free.wrapping_up += change,
            Doing::Paused => self.not_free.paused += change,
        }
    }
}

impl Staffing {
    /// What the agents of a queue come to; `None` while nobody who could serve it is signed in.
    pub(super) fn of(&self, queue: &QueueId) -> Option<&Staff> {
        self.queues.get(queue)
    }

    fn note(&mut self, agent: &AgentId, doing: Option<Doing>, reaches: &BTreeMap<QueueId, Reach>) {
        let known = self.agents.get(agent).copied();
        if known == doing {
            return;
        }
        for (doing, change) in known.map(|known| (known, -1)).into_iter().chain(doing.map(|doing| (doing, 1))) {
            for (queue, reach) in reaches {
                let staff = self.queues.entry(queue.clone()).or_default();
                staff.add(*reach, doing, change);
                if *staff == Staff::default() {
                    self.queues.remove(queue);
                }
            }
        }
        match doing {
            Some(doing) => self.agents.insert(agent.clone(), doing),
            None => self.agents.remove(agent),
        };
    }
}

impl Centre {
    /// An agent does something else now.
    pub(super) fn recount(&mut self, id: &AgentId) {
        let doing = self.agents.get(id).and_then(|agent| self.doing(agent));
        if let Some(reaches) = self.serves.get(id) {
            self.staffing.note(id, doing, reaches);
        }
    }

    /// Who serves what is different now.
    pub(super) fn recount_all(&mut self) {
        self.staffing = self.counted();
    }

    /// The same, counted anew.
    pub(super) fn counted(&self) -> Staffing {
        let mut staffing = Staffing::default();
        for agent in self.agents.values() {
            if let Some(reaches) = self.serves.get(&agent.id) {
                staffing.note(&agent.id, self.doing(agent), reaches);
            }
        }
        staffing
    }

    /// A decision with those who could serve the queue and are not free.
    pub(super) fn with_others(&self, decision: RoutingDecision) -> RoutingDecision {
        let not_free = self.staffing.of(&decision.queue).map_or_else(NotFree::default, |staff| staff.not_free);
        RoutingDecision { not_free, others: self.not_free_agents(&decision.queue), ..decision }
    }

    fn not_free_agents(&self, queue: &QueueId) -> NotFreeAgents {
        let serves = |agent: &&Agent| self.serves.get(&agent.id).is_some_and(|reaches| reaches.contains_key(queue));
        let mut named = NotFreeAgents::default();
        let known = self.agents.values().filter(serves).filter_map(|agent| Some((agent, self.doing(agent)?)));
        let is_kept = |agent: &Agent| self.work.is_kept_for_item(&agent.id);
        for (agent, doing) in known.filter(|(agent, doing)| *doing != Doing::Free || is_kept(agent)).take(OTHERS_MAX) {
            let list = match (doing, agent.presence()) {
                (Doing::Free, _) => &mut named.kept_for_item,
                (Doing::Offered, _) => &mut named.offered,
                (Doing::Busy, _) => &mut named.busy,
                (Doing::WrappingUp, _) => &mut named.wrapping_up,
                (Doing::Paused, Presence::Paused { reason, .. }) => named.paused.entry(reason.to_string()).or_default(),
                (Doing::Paused, _) => &mut named.no_device,
            };
            list.push(agent.id.clone());
        }
        named
    }

    fn doing(&self, agent: &Agent) -> Option<Doing> {
        Some(match agent.presence() {
            Presence::Offline => return None,
            Presence::Ready if self.is_occupied(&agent.id) => Doing::Busy,
            Presence::Ready if agent.is_device_up() => Doing::Free,
            Presence::Ready | Presence::Paused { .. } => Doing::Paused,
            Presence::Offered { .. } => Doing::Offered,
            Presence::Busy { .. } => Doing::Busy,
            Presence::WrappingUp { .. } => Doing::WrappingUp,
        })
    }
}
