//! What makes the rules wrong by which a queue's calls find their agents.

use std::collections::BTreeSet;

use crate::{
    app::{
        customers::SEGMENTS,
        field_problem::{Flaw, Problems},
    },
    domain::directory::{Directory, Queue, SkillNeed, Strategy, Thing},
    types::AgentId,
};

/// Steps of one queue.
const STEPS_MAX: usize = 6;
const STEP_SECS_MAX: i64 = 86_400;
const HEAD_START_SECS_MAX: i64 = 3_600;
const TALKING_MAX: i64 = 10_000;
const STRIKES_MAX: i64 = 20;
/// How long an agent is passed over for a call that was missed.
const EXCLUDED_SECS_MAX: i64 = 600;
/// How long a caller waits for an agent, or for the agent's team, and how old a last talk may be.
const KEPT_SECS_MAX: i64 = 600;
const KEPT_DAYS_MAX: i64 = 365;
/// Agents at whom one call rings.
const RINGS_MAX: i64 = 20;
const WEIGHT_MAX: i64 = 100;
/// Lists of skills of which agents need one each.
const GROUPS_MAX: usize = 10;

pub(super) fn routing(queue: &Queue, directory: &Directory, problems: &mut Problems) {
    let routing = &queue.routing;
    match &routing.strategy {
        Strategy::Linear { order } => {
            let mut seen = BTreeSet::new();
            for (index, agent) in order.iter().enumerate() {
                let field = format!("routing.strategy.order[{index}]");
                known_agent(&field, agent, directory, problems);
                problems.unless(seen.insert(agent), &field, Flaw::Repeated);
            }
        }
        Strategy::Random { weights } => {
            for (agent, weight) in weights {
                let field = format!("routing.strategy.weights.{agent}");
                known_agent(&field, agent, directory, problems);
                problems.within(&field, *weight, 1, WEIGHT_MAX);
            }
        }
        Strategy::Percent { shares } => {
            problems.unless(!shares.is_empty(), "routing.strategy.shares", Flaw::Empty);
            for (agent, share) in shares {
                let field = format!("routing.strategy.shares.{agent}");
                known_agent(&field, agent, directory, problems);
                problems.within(&field, *share, 1, 100);
            }
        }
        Strategy::BestFit { weights, .. } => {
            for (skill, weight) in weights {
                let field = format!("routing.strategy.weights.{skill}");
                if !directory.skills.contains_key(skill) {
                    problems.add(field.clone(), Flaw::unknown(Thing::Skill, skill));
                }
                problems.within(&field, *weight, 1, WEIGHT_MAX);
            }
        }
        Strategy::LongestIdle
        | Strategy::LeastOccupied
        | Strategy::FewestCalls
        | Strategy::LeastTalk
        | Strategy::RoundRobin => {}
    }
    problems.unless(routing.steps.len() <= STEPS_MAX, "routing.steps", Flaw::TooMany { most: 6 });
    let mut least = 1;
    for (index, step) in routing.steps.iter().enumerate() {
        let field = format!("routing.steps[{index}]");
        problems.within(&format!("{field}.after_secs"), step.after_secs, least, STEP_SECS_MAX);
        least = step.after_secs.saturating_add(1).clamp(1, STEP_SECS_MAX);
        skills(&format!("{field}.skills"), &step.skills, directory, problems);
        skills(&format!("{field}.any_skills"), &step.any_skills, directory, problems);
        groups(&format!("{field}.any_groups"), &step.any_groups, directory, problems);
        skills(&format!("{field}.no_skills"), &step.no_skills, directory, problems);
    }
    skills("routing.any_skills", &routing.any_skills, directory, problems);
    groups("routing.any_groups", &routing.any_groups, directory, problems);
    skills("routing.no_skills", &routing.no_skills, directory, problems);
    problems.within("routing.ahead_secs", routing.ahead_secs, 0, HEAD_START_SECS_MAX);
    if let Some(last) = routing.prefers_last {
        problems.within("routing.prefers_last.secs", last.secs, 1, KEPT_SECS_MAX);
        problems.within("routing.prefers_last.days", last.days, 1, KEPT_DAYS_MAX);
    }
    if let Some(owner) = routing.prefers_owner {
        problems.within("routing.prefers_owner.secs", owner.secs, 1, KEPT_SECS_MAX);
    }
    if let Some(secs) = routing.prefers_team_secs {
        problems.within("routing.prefers_team_secs", secs, 1, KEPT_SECS_MAX);
        let has_whose = routing.prefers_owner.is_some() || routing.prefers_last.is_some();
        problems.unless(has_whose, "routing.prefers_team_secs", Flaw::TeamOfNobody);
    }
    if let Some(secs) = routing.promote_secs {
        problems.within("routing.promote_secs", secs, 1, STEP_SECS_MAX);
    }
    for (segment, secs) in &routing.head_start_secs {
        let field = format!("routing.head_start_secs.{segment}");
        problems.one_of(&field, segment, &SEGMENTS);
        problems.within(&field, *secs, 0, HEAD_START_SECS_MAX);
    }
    if let Some(talking) = routing.talking_max {
        problems.within("routing.talking_max", talking, 1, TALKING_MAX);
    }
    problems.within("routing.rings", routing.rings, 1, RINGS_MAX);
    problems.within("routing.excluded_secs", routing.excluded_secs, 0, EXCLUDED_SECS_MAX);
    problems.within("routing.strikes_max", routing.strikes_max, 1, STRIKES_MAX);
}

/// Lists of skills, none of them empty: nobody has one of none.
fn groups(field: &str, groups: &[Vec<SkillNeed>], directory: &Directory, problems: &mut Problems) {
    problems.unless(groups.len() <= GROUPS_MAX, field, Flaw::TooMany { most: 10 });
    for (index, needs) in groups.iter().enumerate() {
        let field = format!("{field}[{index}]");
        problems.unless(!needs.is_empty(), &field, Flaw::Empty);
        skills(&field, needs, directory, problems);
    }
}

/// Skills with levels, each named once.
pub(super) fn skills(field: &str, needs: &[SkillNeed], directory: &Directory, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, need) in needs.iter().enumerate() {
        let field = format!("{field}[{index}]");
        if !directory.skills.contains_key(&need.skill) {
            problems.add(format!("{field}.skill"), Flaw::unknown(Thing::Skill, &need.skill));
        }
        problems.within(&format!("{field}.level"), need.level, 1, 10);
        problems.unless(seen.insert(&need.skill), &field, Flaw::Repeated);
    }
}

fn known_agent(field: &str, agent: &AgentId, directory: &Directory, problems: &mut Problems) {
    if !directory.agents.contains_key(agent) {
        problems.add(field.to_owned(), Flaw::unknown(Thing::Agent, agent));
    }
}
