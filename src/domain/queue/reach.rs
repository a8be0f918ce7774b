//! Whether and when an agent comes into question for a queue, and how well the skills fit. Changes with the directory only, so it
//! is worked out once for each.

use std::collections::BTreeSet;

use crate::{
    domain::directory::{AgentProfile, Queue, RoutingStep, SkillNeed, Strategy},
    types::SkillId,
};

/// What an agent's skills are worth to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The step of the queue from which on the agent comes into question; 0 is at once.
    pub step: usize,
    /// Sum of the agent's levels in the skills that the queue itself asks for, and the agent's step, each times its weight.
    pub fit: i64,
    /// Skills of the agent that are not asked for: they are better kept free for others.
    pub other_skills: i64,
}

/// What an active agent's skills are worth to a queue; `None` for one who never serves it.
pub fn reach(agent: &AgentProfile, queue: &Queue) -> Option<Reach> {
    if !agent.is_active {
        return None;
    }
    let routing = &queue.routing;
    let has = |need: &SkillNeed| agent.skills.get(&need.skill).is_some_and(|level| *level >= need.level);
    let fits = |wish: &Wish<'_>| {
        let any = |needs: &[SkillNeed]| needs.iter().any(has);
        let has_choice = wish.any.is_empty() || any(wish.any);
        wish.all.iter().all(has) && has_choice && wish.groups.iter().all(|group| any(group)) && !any(wish.none)
    };
    let own = Wish::of_queue(queue);
    let later = || routing.steps.iter().map(Wish::of_step).enumerate().find(|(_, wish)| fits(wish));
    let (step, of_step) = if fits(&own) { (0, None) } else { later().map(|(index, wish)| (index + 1, Some(wish)))? };
    let wanted: BTreeSet<&SkillId> = own.names().chain(of_step.iter().flat_map(Wish::names)).collect();
    let weight = |skill: &SkillId| match &routing.strategy {
        Strategy::BestFit { weights, .. } => weights.get(skill).copied().unwrap_or(1),
        _ => 1,
    };
    let worth = |skill: &SkillId| Some(agent.skills.get(skill)?.saturating_mul(weight(skill)));
    Some(Reach {
        step,
        fit: wanted.iter().filter_map(|skill| worth(skill)).fold(0, i64::saturating_add),
        other_skills: agent.skills.keys().filter(|skill| !wanted.contains(skill)).map(|_| 1).sum(),
    })
}

/// What is asked of an agent, by the queue itself or at one of its steps.
struct Wish<'a> {
    /// Each of these.
    all: &'a [SkillNeed],
    /// One of these, if there are any.
    any: &'a [SkillNeed],
    /// One of each.
    groups: &'a [Vec<SkillNeed>],
    /// None of these.
    none: &'a [SkillNeed],
}

impl<'a> Wish<'a> {
    fn of_queue(queue: &'a Queue) -> Self {
        let routing = &queue.routing;
        Self { all: &queue.skills, any: &routing.any_skills, groups: &routing.any_groups, none: &routing.no_skills }
    }

    fn of_step(step: &'a RoutingStep) -> Self {
        Self { all: &step.skills, any: &step.any_skills, groups: &step.any_groups, none: &step.no_skills }
    }

    /// The skills that it is good to have.
    fn names(&self) -> impl Iterator<Item = &'a SkillId> + use<'a> {
        self.all.iter().chain(self.any).chain(self.groups.iter().flatten()).map(|need| &need.skill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::{BetweenEquals, Device};

    fn need(skill: &str, level: i64) -> SkillNeed {
        SkillNeed { skill: skill.parse().unwrap(), level }
    }

    fn step_of(queue: &Queue, skills: &[(&str, i64)]) -> Option<usize> {
        reach_of(queue, skills).map(|reach| reach.step)
    }

    fn reach_of(queue: &Queue, skills: &[(&str, i64)]) -> Option<Reach> {
        let agent = AgentProfile {
            id: "ana".parse().unwrap(),
            name: "Ana".into(),
            skills: skills.iter().map(|(skill, level)| (skill.parse().unwrap(), *level)).collect(),
            device: Device::Browser,
            phone: None,
            is_active: true,
            work_items_max: None,
        };
        reach(&agent, queue)
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
    fn one_of_each_of_several_lists() {
        let mut queue = Queue::new("q".parse().unwrap(), "Q");
        let list = |skills: &[&str]| skills.iter().map(|skill| need(skill, 3)).collect::<Vec<_>>();
        queue.routing.any_groups = vec![list(&["english", "french"]), list(&["billing", "orders"])];
        assert_eq!(step_of(&queue, &[("french", 3), ("billing", 4)]), Some(0));
        assert_eq!(step_of(&queue, &[("english", 9), ("french", 9)]), None, "nothing of the second");
        assert_eq!(step_of(&queue, &[("english", 9), ("orders", 2)]), None, "too low");
        let groups = vec![list(&["english"])];
        queue.routing.steps = vec![RoutingStep { after_secs: 30, any_groups: groups, ..Default::default() }];
        assert_eq!(step_of(&queue, &[("english", 9), ("orders", 2)]), Some(1));
        assert!(queue.names_skill(&"orders".parse().unwrap()) && !queue.names_skill(&"sales".parse().unwrap()));
    }

    #[test]
    fn the_fit_counts_each_skill_by_its_weight_and_those_of_the_agent_s_step_too() {
        let mut queue = Queue::new("q".parse().unwrap(), "Q");
        queue.skills = vec![need("support", 5)];
        let skills = vec![need("english", 3)];
        queue.routing.steps = vec![RoutingStep { after_secs: 30, skills, ..Default::default() }];
        let fit = |queue: &Queue, skills: &[(&str, i64)]| {
            let reach = reach_of(queue, skills).unwrap();
            (reach.step, reach.fit, reach.other_skills)
        };
        let (skilled, relaxed) = ([("support", 6), ("english", 4)], [("support", 2), ("english", 4)]);
        assert_eq!((fit(&queue, &skilled), fit(&queue, &relaxed)), ((0, 6, 1), (1, 6, 0)));
        let weights = [("support".parse().unwrap(), 10)].into();
        queue.routing.strategy = Strategy::BestFit { weights, then: BetweenEquals::default() };
        assert_eq!((fit(&queue, &skilled), fit(&queue, &relaxed)), ((0, 60, 1), (1, 24, 0)));
        assert!(queue.names_skill(&"support".parse().unwrap()));
    }

    #[test]
    fn a_best_fit_of_an_earlier_version_has_no_weights() {
        let strategy: Strategy = serde_json::from_str(r#"{"by":"best_fit"}"#).unwrap();
        assert_eq!(strategy, Strategy::BestFit { weights: [].into(), then: BetweenEquals::LongestIdle });
    }

    #[test]
    fn what_was_written_before_there_was_a_choice_is_read() {
        let step: RoutingStep = serde_json::from_str(r#"{"after_secs":30,"skills":[{"skill":"support","level":3}]}"#).unwrap();
        assert_eq!(step, RoutingStep { after_secs: 30, skills: vec![need("support", 3)], ..Default::default() });
    }
}
