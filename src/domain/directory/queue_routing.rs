//! How a queue's calls find their agents, as supervisors set it up. Decided by it in `domain/queue`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SkillNeed;
use crate::types::{AgentId, IdleRules, SkillId, StrategyName};

/// The longest that a call waits while calls of other priorities are served, in a queue that does not say.
const PROMOTE_SECS_USUAL: i64 = 600;

/// How a queue's calls find their agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct QueueRouting {
    /// Who of the free agents with the skills gets a call.
    pub strategy: Strategy,
    /// What idle time is in this queue, for the rules that compare it.
    pub idle: IdleRules,
    /// Besides all of the queue's skills at least one of these, if there are any.
    pub any_skills: Vec<SkillNeed>,
    /// And at least one of each of these lists.
    pub any_groups: Vec<Vec<SkillNeed>>,
    /// And none of these, each at the level or above.
    pub no_skills: Vec<SkillNeed>,
    /// Skills that will do as well after a wait, shortest wait first, at most six. They add up: who comes into question at one step
    /// does so at all later ones.
    pub steps: Vec<RoutingStep>,
    /// Whether a step is taken at once while nobody is signed in who could serve the earlier ones.
    pub skips_empty_steps: bool,
    /// After so many seconds a call goes before all priorities of other queues, so that none waits for ever: ten minutes where nothing is
    /// said. `None` is never.
    pub promote_secs: Option<i64>,
    /// Whether a caller waits for the agent whose customer it is; `None` is not at all.
    pub prefers_owner: Option<PreferOwner>,
    /// Whether a caller waits for the agent of the last talk, where there is no owner to wait for; `None` is not at all.
    pub prefers_last: Option<PreferLast>,
    /// For so many seconds after that, or from the entry on if that agent is not there, a caller waits for the agent's team: who belongs to
    /// one of the agent's departments. `None` is not at all.
    pub prefers_team_secs: Option<i64>,
    /// By how many seconds callers of a segment stand ahead in line, by the segment's key.
    pub head_start_secs: BTreeMap<String, i64>,
    /// By how many seconds all callers of the queue stand ahead of those of other queues of the same priority.
    pub ahead_secs: i64,
    /// Conversations at a time; further callers wait. `None` is as many as there are agents.
    pub talking_max: Option<i64>,
    /// Agents at whom a call rings at once, as far as there are free ones and no other caller waits for them; the first to answer has it.
    pub rings: i64,
    /// Calls in a row that an agent may leave unanswered or decline before being set not ready.
    pub strikes_max: i64,
    /// For so many seconds an agent who has left a call unanswered, declined it or sent it to the queue is passed over for it; 0 is not at
    /// all.
    pub excluded_secs: i64,
}

/// A caller waits for the agent whose customer it is, if that agent serves the queue and is free or soon to be; then for the team, then for
/// all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreferOwner {
    /// For so many seconds since the entry into the queue.
    pub secs: i64,
}

/// A caller waits for the agent of the last talk, if that agent serves the queue and is free or soon to be; then for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreferLast {
    /// For so many seconds since the entry into the queue.
    pub secs: i64,
    /// If that talk was no more than so many days ago.
    pub days: i64,
}

/// Who of the free agents with the skills gets a call. Equal ones: who has been ready for longer, then by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Strategy {
    /// Whoever has been ready for the longest time without a break.
    LongestIdle,
    /// Whoever was occupied with calls and wrap-up for the least share of the time ready or occupied; what is an hour old counts half.
    LeastOccupied,
    /// Whoever has answered the fewest calls; what is an hour old counts half. Who signs in begins with the median of the others.
    FewestCalls,
    /// Whoever was on calls for the shortest time; what is an hour old counts half. Who signs in begins with the median.
    LeastTalk,
    /// By key, beginning behind the agent whom the queue's last call was offered to.
    RoundRobin,
    /// The first of the list who is free; who is not in the list comes behind it, by key.
    Linear {
        /// From the top.
        order: Vec<AgentId>,
    },
    /// By lot; an agent with twice the weight gets twice the calls.
    Random {
        /// 1 to 100; 10 for who is not named.
        weights: BTreeMap<AgentId, i64>,
    },
    /// Whoever has had the least of the own share of the queue's calls; what is an hour old counts half. Agents without a share come behind
    /// the others.
    Percent {
        /// 1 to 100; they need not add up to 100.
        shares: BTreeMap<AgentId, i64>,
    },
    /// Whoever comes into question at the earliest step; of these whoever has the highest sum of levels in the skills asked for, each times
    /// its weight, then whoever has the fewest other skills. Who comes in at a later step is measured by that step's skills too.
    BestFit {
        /// 1 to 100; 1 for a skill that is not named.
        #[serde(default)]
        weights: BTreeMap<SkillId, i64>,
        /// What decides between equal ones.
        #[serde(default)]
        then: BetweenEquals,
    },
}

/// What decides between agents of an equal fit; then, as ever, who has been ready for longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BetweenEquals {
    /// The longest time ready.
    #[default]
    LongestIdle,
    /// The least share of the time occupied.
    LeastOccupied,
    /// The fewest calls answered.
    FewestCalls,
    /// The shortest time on calls.
    LeastTalk,
}

/// Skills that will do after a wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingStep {
    /// Seconds since the caller entered the queue.
    pub after_secs: i64,
    /// All of these, each at the level or above; none at all lets every agent in.
    pub skills: Vec<SkillNeed>,
    /// At least one of these, if there are any.
    #[serde(default)]
    pub any_skills: Vec<SkillNeed>,
    /// At least one of each of these lists.
    #[serde(default)]
    pub any_groups: Vec<Vec<SkillNeed>>,
    /// None of these.
    #[serde(default)]
    pub no_skills: Vec<SkillNeed>,
}

impl Default for QueueRouting {
    fn default() -> Self {
        Self {
            strategy: Strategy::LongestIdle,
            any_skills: Vec::new(),
            any_groups: Vec::new(),
            idle: IdleRules::default(),
            no_skills: Vec::new(),
            steps: Vec::new(),
            skips_empty_steps: true,
            promote_secs: Some(PROMOTE_SECS_USUAL),
            prefers_owner: None,
            prefers_last: None,
            prefers_team_secs: None,
            head_start_secs: BTreeMap::new(),
            ahead_secs: 0,
            talking_max: None,
            rings: 1,
            strikes_max: 1,
            excluded_secs: 20,
        }
    }
}

impl QueueRouting {
    /// By how many milliseconds a customer of this segment stands ahead of whoever came to another queue at the same time.
    pub fn head_start_ms(&self, segment: Option<&str>) -> u64 {
        let of_segment = segment.and_then(|segment| self.head_start_secs.get(segment)).copied();
        let millis = |secs| u64::try_from(secs).unwrap_or(0).saturating_mul(1_000);
        of_segment.map_or(0, millis).saturating_add(millis(self.ahead_secs))
    }
}

impl Strategy {
    /// Whether it says something of this agent by name.
    pub fn names(&self, agent: &AgentId) -> bool {
        match self {
            Self::Linear { order } => order.contains(agent),
            Self::Random { weights } => weights.contains_key(agent),
            Self::Percent { shares } => shares.contains_key(agent),
            Self::LongestIdle
            | Self::LeastOccupied
            | Self::FewestCalls
            | Self::LeastTalk
            | Self::RoundRobin
            | Self::BestFit { .. } => false,
        }
    }

    /// Its name without its parameters.
    pub fn name(&self) -> StrategyName {
        match self {
            Self::LongestIdle => StrategyName::LongestIdle,
            Self::LeastOccupied => StrategyName::LeastOccupied,
            Self::FewestCalls => StrategyName::FewestCalls,
            Self::LeastTalk => StrategyName::LeastTalk,
            Self::RoundRobin => StrategyName::RoundRobin,
            Self::Linear { .. } => StrategyName::Linear,
            Self::Random { .. } => StrategyName::Random,
            Self::BestFit { .. } => StrategyName::BestFit,
            Self::Percent { .. } => StrategyName::Percent,
        }
    }
}
