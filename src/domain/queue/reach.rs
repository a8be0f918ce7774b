//! Whether and when an agent comes into question for a queue, and how well the skills fit. Changes with the directory only, so it
//! is worked out once for each.

use crate::{
    domain::directory::{AgentProfile, Queue, SkillNeed},
    types::SkillId,
};

/// What an agent's skills are worth to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The step of the queue from which on the agent comes into question; 0 is at once.
    pub step: usize,
    /// Sum of the agent's levels in the skills that the queue itself asks for.
    pub fit: i64,
    /// Skills of the agent that the queue does not ask for: they are better kept free for others.
    pub other_skills: i64,
}

/// What an active agent's skills are worth to a queue; `None` for one who never serves it.
pub fn reach(agent: &AgentProfile, queue: &Queue) -> Option<Reach> {
    if !agent.is_active {
        return None;
    }
    let has_all =
        |needs: &[SkillNeed]| needs.iter().all(|need| agent.skills.get(&need.skill).is_some_and(|level| *level >= need.level));
    let mut asked = std::iter::once(&queue.skills).chain(queue.routing.steps.iter().map(|step| &step.skills));
    let step = asked.position(|needs| has_all(needs))?;
    let asks_for = |skill: &SkillId| queue.skills.iter().any(|need| need.skill == *skill);
    Some(Reach {
        step,
        fit: queue.skills.iter().filter_map(|need| agent.skills.get(&need.skill)).sum(),
        other_skills: agent.skills.keys().filter(|skill| !asks_for(skill)).map(|_| 1).sum(),
    })
}
