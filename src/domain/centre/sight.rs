//! What the matcher saw at each of its decisions, written down so that the decision can be made again: who waited where, who was free,
//! what was set up, which lots were drawn. Only what is different from the decision before is told; the first one of a process, and one
//! an hour from then on, tells everything. Nothing here decides anything.

mod rebuilt;
mod replayed;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Centre;
use crate::{
    domain::{
        agent::Workload,
        directory::{AgentProfile, Directory, Queue},
        queue::{Choice, FreeAgent, LineChanges, Pick, Teams},
    },
    types::{AgentId, CallId, IdleRules, IdleTimes, Mono, QueueId},
};

pub use replayed::{Replayed, Verdict};

use self::rebuilt::Rebuilt;

/// After so long everything is told again: whoever reads begins there.
const WHOLE_EVERY_MS: u64 = 3_600_000;

/// What the matcher saw when it decided, as differences from the decision before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// 1 for the first one of a process; each further one has the next.
    pub number: u64,
    /// Whether it tells everything, whatever was told before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_whole: bool,
    /// The clock by which callers wait, of this process.
    pub now: Mono,
    /// What is set up now, if that is different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Box<Setup>>,
    /// Lines that are different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<(QueueId, LineChanges)>,
    /// Queues with callers that stand otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueSight>,
    /// Agents who are free now, or have another history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free: Vec<AgentSight>,
    /// Agents who were free and are not any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_free: Vec<AgentId>,
    /// When a call got one more agent: those that might, if that is different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing: Option<RingingSight>,
    /// The lots that were drawn, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<u64>,
}

/// What of the directory the matcher goes by. Names and scripts are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// All queues.
    pub queues: Vec<Queue>,
    /// All agents.
    pub agents: Vec<AgentProfile>,
    /// Who is of whose team.
    #[serde(default, skip_serializing_if = "Teams::is_empty")]
    pub teams: Teams,
}

/// How a queue with callers stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSight {
    /// Which.
    pub queue: QueueId,
    /// Whether it may have one more conversation.
    pub is_open: bool,
    /// The earliest step at which somebody who is signed in comes into question.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub least_step: usize,
    /// Whom its last call was offered to, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_offered: Option<AgentId>,
}

/// An agent who could take a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSight {
    /// Who.
    pub agent: AgentId,
    /// Since when ready without a break. Of no account for one who works on an item and is never idle.
    pub idle_since: Mono,
    /// The same by what began it anew, where a queue counts otherwise.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub idle: IdleTimes,
    /// Whether the agent works on an item beside calls.
    #[serde(default, skip_serializing_if = "is_false")]
    pub works_on_item: bool,
    /// What the agent had done when that began.
    pub workload: Workload,
}

/// Calls that ring and might ring at one more agent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RingingSight {
    /// Which are new or ring at another number of agents, and at how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<(CallId, i64)>,
    /// Which do not any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_more: Vec<CallId>,
}

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Sights {
    count: u64,
    whole_at: Option<Mono>,
    directory: Option<Arc<Directory>>,
    queues: BTreeMap<QueueId, QueueSight>,
    free: BTreeMap<AgentId, AgentSight>,
    ringing: BTreeMap<CallId, i64>,
    /// Of the decision that is being carried out.
    due: Option<Box<Sight>>,
}

impl Sights {
    /// For the fact of the decision.
    pub(super) fn take_due(&mut self) -> Option<Box<Sight>> {
        self.due.take()
    }

    fn setup(&self, directory: &Arc<Directory>) -> Option<Box<Setup>> {
        let is_same = self.directory.as_ref().is_some_and(|known| {
            let is_alike = || known.queues == directory.queues && known.agents == directory.agents;
            Arc::ptr_eq(known, directory) || (is_alike() && Teams::of(known) == Teams::of(directory))
        });
        (!is_same).then(|| Box::new(Setup::of(directory)))
    }

    /// All three are in the order of the queues' keys.
    fn queues(&self, floor: &Centre, choice: &Choice<'_>) -> Vec<QueueSight> {
        let (mut open, mut ringing) = (choice.open.iter().peekable(), choice.ringing.iter().peekable());
        let mut different = Vec::new();
        for (id, line) in floor.lines.iter().filter(|(_, line)| !line.is_empty()) {
            let open = open.next_if(|open| open.queue.id == *id);
            let rings = ringing.next_if(|ringing| ringing.queue.id == *id);
            let found = open.or(rings);
            // Nobody asks whether there is room while all ring.
            let is_open = open.is_some() || line.iter().all(|(_, waiting)| waiting.is_offered);
            if found.is_none() && is_open {
                continue;
            }
            let known = self.queues.get(id);
            let least_step = found.map_or_else(|| known.map_or(0, |known| known.least_step), |found| found.least_step);
            let last_offered =
                found.map_or_else(|| known.and_then(|known| known.last_offered.as_ref()), |found| found.last_offered);
            let stands = (is_open, least_step, last_offered);
            if known.is_none_or(|known| (known.is_open, known.least_step, known.last_offered.as_ref()) != stands) {
                different.push(QueueSight { queue: id.clone(), is_open, least_step, last_offered: last_offered.cloned() });
            }
        }
        different
    }

    fn ringing(&self, choice: &Choice<'_>) -> Option<RingingSight> {
        let may_more = choice.may_ring_at_more;
        let at = may_more.iter().filter(|&(call, rings)| self.ringing.get(call) != Some(rings));
        let no_more = self.ringing.keys().filter(|call| !may_more.contains_key(*call));
        let sight = RingingSight { at: at.map(|(call, rings)| (*call, *rings)).collect(), no_more: no_more.copied().collect() };
        (sight != RingingSight::default()).then_some(sight)
    }

    /// All three are in the order of the agents' keys.
    fn agents(&self, floor: &Centre, free: &[FreeAgent<'_>]) -> (Vec<AgentSight>, Vec<AgentId>) {
        let mut known = self.free.values().peekable();
        let mut agents = floor.agents.values();
        let nothing = IdleTimes::default();
        let counts_otherwise = floor.directory.queues.values().any(|queue| queue.routing.idle != IdleRules::default());
        let (mut different, mut gone) = (Vec::new(), Vec::new());
        for one in free {
            while let Some(earlier) = known.next_if(|earlier| earlier.agent < *one.agent) {
                gone.push(earlier.agent.clone());
            }
            let earlier = known.next_if(|earlier| earlier.agent == *one.agent);
            let agent = agents.find(|agent| agent.id == *one.agent);
            let Some(workload) = agent.map(|agent| agent.workload_then()) else { continue };
            let works_on_item = one.works_on_item;
            // For whoever works on an item it is the present.
            let idle_since = if works_on_item { Mono::default() } else { one.idle_since };
            let idle = one.idle.filter(|_| counts_otherwise).unwrap_or(&nothing);
            let stands = (idle_since, works_on_item, workload, idle);
            let stood =
                |earlier: &AgentSight| (earlier.idle_since, earlier.works_on_item, earlier.workload, &earlier.idle) == stands;
            if earlier.is_none_or(|earlier| !stood(earlier)) {
                let idle = idle.clone();
                different.push(AgentSight { agent: one.agent.clone(), idle_since, idle, works_on_item, workload });
            }
        }
        gone.extend(known.map(|earlier| earlier.agent.clone()));
        (different, gone)
    }
}

impl Setup {
    /// Of a directory.
    pub fn of(directory: &Directory) -> Self {
        let queues = directory.queues.values().cloned();
        let agents = directory.agents.values().cloned();
        Self {
            queues: queues.map(|queue| Queue { script: BTreeMap::new(), ..queue }).collect(),
            agents: agents.map(|agent| AgentProfile { name: String::new(), ..agent }).collect(),
            teams: Teams::of(directory),
        }
    }
}

impl Centre {
    /// What a decision saw, but for the lines, which are looked at when nobody reads them any more.
    pub(super) fn sight(&self, choice: &Choice<'_>, draws: Vec<u64>, rings_beside: bool) -> Sight {
        let now = choice.now;
        let is_whole = self.sights.whole_at.is_none_or(|at| now.millis_since(at) >= WHOLE_EVERY_MS);
        let nothing = Sights::default();
        let told = if is_whole { &nothing } else { &self.sights };
        let (free, not_free) = told.agents(self, choice.free);
        Sight {
            number: self.sights.count + 1,
            is_whole,
            now,
            setup: told.setup(&self.directory),
            lines: Vec::new(),
            queues: told.queues(self, choice),
            free,
            not_free,
            ringing: if rings_beside { told.ringing(choice) } else { None },
            draws,
        }
    }

    /// The sight goes with the fact of its decision. Whoever makes that again knows that its caller rings at its agent from then on.
    pub(super) fn note_sight(&mut self, mut sight: Sight, picked: &Pick) {
        if sight.is_whole {
            self.sights = Sights { whole_at: Some(sight.now), ..Sights::default() };
        }
        for (queue, line) in &mut self.lines {
            if sight.is_whole {
                line.forget_told();
            }
            let mut changes = line.take_changes();
            // Whoever reads a whole one knows of no line.
            changes.is_new &= !sight.is_whole;
            if !changes.is_empty() {
                sight.lines.push((queue.clone(), changes));
            }
        }
        if let Some(line) = self.lines.get_mut(&picked.decision.queue) {
            line.note_offer_told(picked.call);
        }
        let told = &mut self.sights;
        told.count = sight.number;
        told.directory = Some(self.directory.clone());
        told.queues.extend(sight.queues.iter().map(|one| (one.queue.clone(), one.clone())));
        for agent in &sight.not_free {
            told.free.remove(agent);
        }
        told.free.extend(sight.free.iter().map(|one| (one.agent.clone(), one.clone())));
        told.free.remove(&picked.decision.agent);
        if let Some(ringing) = &sight.ringing {
            for call in &ringing.no_more {
                told.ringing.remove(call);
            }
            told.ringing.extend(ringing.at.iter().copied());
        }
        told.due = Some(Box::new(sight));
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

fn is_unset(times: &IdleTimes) -> bool {
    *times == IdleTimes::default()
}
