//! Why a waiting call was offered to an agent: what the matcher saw, as it stands in the call's history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AgentId, QueueId};

/// Free agents that one decision lists; the rest is counted.
pub const CANDIDATES_MAX: usize = 20;
/// Agents who were not free that one decision names; the rest is counted.
pub const OTHERS_MAX: usize = 50;

/// One decision of the matcher: this call, out of all that wait, goes to this agent, out of all that are free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingDecision {
    /// From which queue.
    pub queue: QueueId,
    /// Who gets it.
    pub agent: AgentId,
    /// By which rule the agent was chosen.
    pub strategy: StrategyName,
    /// The queue's priority.
    pub priority: i64,
    /// Whether the call went before all priorities, because it had waited for as long as the queue allows that.
    pub was_promoted: bool,
    /// For how long it has waited at its place, in milliseconds.
    pub waited_ms: i64,
    /// By how many milliseconds the customer's segment put it ahead in line.
    pub head_start_ms: i64,
    /// 0 while the queue's own skills are asked for; the step of the queue's steps that holds now.
    pub step: i64,
    /// Callers who came before it in order and for whom none of the free agents was eligible.
    pub passed_by: i64,
    /// Agents at whom it rang already, and goes on to.
    #[serde(default)]
    pub rings_beside: i64,
    /// Whether the call waited for this agent, who had talked with the customer last.
    #[serde(default)]
    pub for_last_agent: bool,
    /// For whom the call was kept; `None` for nobody in particular, ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptFor>,
    /// The free agents, best first, at most 20: the eligible ones in the order of the rule, then the others.
    pub candidates: Vec<RoutingCandidate>,
    /// Free agents beyond those.
    pub more_candidates: i64,
    /// Agents who could serve the queue and were not free.
    pub not_free: NotFree,
    /// The first of them by key, at most 50, by what they did. Decisions of earlier versions name none.
    #[serde(default, skip_serializing_if = "NotFreeAgents::is_empty")]
    pub others: NotFreeAgents,
}

/// For whom a waiting call was kept when it was given away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptFor {
    /// The agent.
    pub agent: AgentId,
    /// Why for this one.
    pub because: KeptBecause,
    /// Who alone could have it then.
    pub tier: KeptTier,
    /// For how many more milliseconds; 0 when that was over.
    pub left_ms: i64,
}

/// Why a call is kept for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptBecause {
    /// The customer's own agent.
    Owner,
    /// The agent who talked with the customer last.
    LastTalk,
}

/// Who alone may have a call that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptTier {
    /// The agent.
    Agent,
    /// Who belongs to a department of the agent.
    Team,
    /// Everybody again.
    Over,
}

/// A free agent, looked at for one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingCandidate {
    /// Who.
    pub agent: AgentId,
    /// How the agent stood.
    #[serde(flatten)]
    pub standing: Standing,
}

/// How a free agent stood when a call was given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Could have had it.
    Eligible {
        /// What the rule compares: milliseconds idle or on calls, hundredths of a percent of occupation, thousandths of a call, the
        /// place in the order, the weight, the fit of the skills, or by how many hundredths of a percent the agent is behind the own share.
        score: i64,
        /// For how long without work.
        idle_ms: i64,
    },
    /// Comes into question when the call has waited for this step of the queue.
    NotYet {
        /// From 1.
        step: i64,
    },
    /// Has not the skills, at any step.
    LacksSkill,
    /// Missed this call a moment ago.
    MissedItBefore,
    /// Sent this caller to the queue a moment ago.
    SentItHere,
    /// It is a callback that another agent is to make.
    ForAnotherAgent,
    /// The call waits for another agent, or for a team to which this one does not belong.
    KeptForAnother,
    /// Works on an item, which calls of this queue do not interrupt.
    WorksOnItem,
}

/// Agents who could serve a queue and were not free, by what they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct NotFree {
    /// A call rang.
    pub offered: i64,
    /// On a call, or listening to one.
    pub busy: i64,
    /// In the time after one.
    pub wrapping_up: i64,
    /// Paused, also for want of a telephone that rings.
    pub paused: i64,
}

/// Agents who could serve a queue and were not free, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct NotFreeAgents {
    /// A call rang.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<AgentId>,
    /// On a call, or listening to one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<AgentId>,
    /// In the time after one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrapping_up: Vec<AgentId>,
    /// Paused, by the reason's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paused: BTreeMap<String, Vec<AgentId>>,
    /// Ready, but no telephone of theirs rings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_device: Vec<AgentId>,
    /// Free, but a work item was to be given to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_for_item: Vec<AgentId>,
}

impl NotFreeAgents {
    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// By which rule an agent is chosen among those who could take a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrategyName {
    /// Whoever has been ready for the longest time.
    LongestIdle,
    /// Whoever was occupied for the least share of the time.
    LeastOccupied,
    /// Whoever has answered the fewest calls.
    FewestCalls,
    /// Whoever was on calls for the shortest time.
    LeastTalk,
    /// One after the other.
    RoundRobin,
    /// Always from the top of a list.
    Linear,
    /// By lot.
    Random,
    /// Whoever has the most of the skills that are asked for.
    BestFit,
    /// By shares in percent.
    Percent,
}
