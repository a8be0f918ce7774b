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
    let routing = &queue.routing;
    let has = |need: &SkillNeed| agent.skills.get(&need.skill).is_some_and(|level| *level >= need.level);
    let fits = |all: &[SkillNeed], any: &[SkillNeed], none: &[SkillNeed]| {
        all.iter().all(has) && (any.is_empty() || any.iter().any(has)) && !none.iter().any(has)
    };
    let own = fits(&queue.skills, &routing.any_skills, &routing.no_skills);
    let later = || routing.steps.iter().position(|step| fits(&step.skills, &step.any_skills, &step.no_skills));
    let step = if own { 0 } else { later()? + 1 };
    let wanted = || queue.skills.iter().chain(&routing.any_skills);
    let asks_for = |skill: &SkillId| wanted().any(|need| need.skill == *skill);
    Some(Reach {
        step,
        fit: wanted().filter_map(|need| agent.skills.get(&need.skill)).sum(),
        other_skills: agent.skills.keys().filter(|skill| !asks_for(skill)).map(|_| 1).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::{Device, RoutingStep};

    fn need(skill: &str, level: i64) -> SkillNeed {
        SkillNeed { skill: skill.parse().unwrap(), level }
    }

    fn step_of(queue: &Queue, skills: &[(&str, i64)]) -> Option<usize> {
        let agent = AgentProfile {
            id: "ana".parse().unwrap(),
            name: "Ana".into(),
            skills: skills.iter().map(|(skill, level)| (skill.parse().unwrap(), *level)).collect(),
            device: Device::Browser,
            phone: None,
            is_active: true,
            work_items_max: None,
        };
        reach(&agent, queue).map(|reach| reach.step)
    }

    #[test]
    fn all_of_some_one_of_others_and_none_of_third_ones() {
        let mut queue = Queue::new("q".parse().unwrap(), "Q");
        queue.skills = vec![need("support", 3)];
        queue.routing.any_skills = vec![need("english", 5), need("french", 5)];
        queue.routing.no_skills = vec![need("trainee", 1)];
        assert_eq!(step_of(&queue, &[("support", 3), ("french", 7)]), Some(0));
        assert_eq!(step_of(&queue, &[("support", 3), ("english", 4), ("french", 1)]), None, "one of them at its level");
        assert_eq!(step_of(&queue, &[("support", 3), ("english", 5), ("trainee", 1)]), None);
        assert_eq!(step_of(&queue, &[("english", 5), ("french", 5)]), None, "all of the queue's own");
        let any_skills = vec![need("english", 1), need("french", 1)];
        queue.routing.steps =
            vec![RoutingStep { after_secs: 30, any_skills, no_skills: vec![need("trainee", 2)], ..Default::default() }];
        assert_eq!(step_of(&queue, &[("support", 3), ("english", 4)]), Some(1));
        assert_eq!(step_of(&queue, &[("english", 4), ("trainee", 1)]), Some(1));
        assert_eq!(step_of(&queue, &[("english", 4), ("trainee", 2)]), None);
        assert_eq!(step_of(&queue, &[]), None);
    }

    #[test]
    fn what_was_written_before_there_was_a_choice_is_read() {
        let step: RoutingStep = serde_json::from_str(r#"{"after_secs":30,"skills":[{"skill":"support","level":3}]}"#).unwrap();
        assert_eq!(step, RoutingStep { after_secs: 30, skills: vec![need("support", 3)], ..Default::default() });
    }
}
