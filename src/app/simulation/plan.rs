//! A staffing as it is simulated: queues with their callers, groups of agents with their skills and hours, the goal.

use std::{collections::BTreeSet, fmt, ops::RangeInclusive, str::FromStr};

use super::Goal;
use crate::types::{QueueId, SkillId};

/// Hours of one day.
pub const HOURS: RangeInclusive<u32> = 1..=24;
/// Days of one run.
pub const DAYS: RangeInclusive<u32> = 1..=1_000;
/// Agents of one staffing, all groups together.
pub const AGENTS: RangeInclusive<u32> = 1..=1_000;
/// Numbers of agents that are compared in one run.
pub const STAFFINGS_MAX: u32 = 50;
/// Calls of all queues together in one hour.
pub const CALLS_PER_HOUR_MAX: f64 = 50_000.0;
/// Handling time in seconds.
pub const HANDLE_SECS: RangeInclusive<f64> = 1.0..=14_400.0;
/// Mean patience in seconds; 0 for callers who never hang up.
pub const PATIENCE_SECS_MAX: f64 = 86_400.0;
/// How long an agent's telephone may ring before it is answered, in seconds. Below the shortest time that a queue would ring it.
pub const ANSWER_SECS_MAX: f64 = 30.0;
/// Calls of one run, so that it comes to an end.
pub const CALLS_MAX: f64 = 20_000_000.0;
/// Wrap-up in handling time where nothing is said of it.
pub const WRAP_UP_SHARE: f64 = 1.0 / 6.0;

/// One day's staffing.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// At least one.
    pub queues: Vec<PlannedQueue>,
    /// At least one.
    pub agents: Vec<AgentGroup>,
    /// Length of the day in hours.
    pub hours: u32,
    /// What is to be reached.
    pub goal: ServiceLevel,
    /// How long an agent's telephone rings before it is answered, in milliseconds.
    pub answer_ms: u64,
}

/// A queue and its callers.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedQueue {
    /// Key.
    pub key: QueueId,
    /// Calls an hour, one figure for each hour of the day.
    pub calls_per_hour: Vec<f64>,
    /// Mean handling time in seconds, talk and wrap-up together.
    pub handle_secs: f64,
    /// The part of it that is wrap-up, in the mean.
    pub wrap_up_secs: f64,
    /// Mean patience in seconds; `None` when nobody hangs up.
    pub patience_secs: Option<f64>,
    /// Higher is served first.
    pub priority: i64,
    /// What an agent must be able to do to serve it.
    pub skills: BTreeSet<SkillId>,
}

/// Agents who are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentGroup {
    /// How many.
    pub count: u32,
    /// What they can do.
    pub skills: BTreeSet<SkillId>,
    /// The hour of the day at which they sign in, from 0.
    pub from_hour: u32,
    /// The hour at which they sign out.
    pub to_hour: u32,
}

/// A goal as people write it: `80/20` is 80 % of all callers answered within 20 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLevel {
    /// Percent of all callers, 1 to 99.
    pub percent: u32,
    /// Seconds that one may wait.
    pub within_secs: u32,
}

/// Numbers of agents to be compared: `14` or `10..16`, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staffings {
    /// The least.
    pub from: u32,
    /// The most.
    pub to: u32,
}

impl Plan {
    /// One queue that all agents serve, all day.
    pub fn of_one_queue(queue: PlannedQueue, agents: u32, hours: u32, goal: ServiceLevel, answer_ms: u64) -> Self {
        let group = AgentGroup { count: agents, skills: queue.skills.clone(), from_hour: 0, to_hour: hours };
        Self { queues: vec![queue], agents: vec![group], hours, goal, answer_ms }
    }

    /// Agents of all groups together.
    pub fn agents(&self) -> u32 {
        self.agents.iter().map(|group| group.count).sum()
    }

    /// Calls that are expected on one day.
    pub fn calls_per_day(&self) -> f64 {
        self.queues.iter().flat_map(|queue| &queue.calls_per_hour).sum()
    }

    /// Hours that agents are signed in on one day, all together.
    pub fn agent_hours(&self) -> u64 {
        self.agents.iter().map(|group| u64::from(group.count) * u64::from(group.to_hour.saturating_sub(group.from_hour))).sum()
    }

    /// How many agents can serve this queue in this hour.
    pub fn serving(&self, queue: &PlannedQueue, hour: u32) -> u32 {
        let present = |group: &&AgentGroup| group.can_serve(queue) && (group.from_hour..group.to_hour).contains(&hour);
        self.agents.iter().filter(present).map(|group| group.count).sum()
    }
}

impl PlannedQueue {
    /// Whether all hours are alike.
    pub fn is_even(&self) -> bool {
        self.calls_per_hour.windows(2).all(|pair| pair.first() == pair.last())
    }
}

impl AgentGroup {
    /// Whether its agents have every skill that the queue asks for.
    pub fn can_serve(&self, queue: &PlannedQueue) -> bool {
        queue.skills.is_subset(&self.skills)
    }
}

impl ServiceLevel {
    /// For the formulas.
    pub fn goal(self) -> Goal {
        Goal { share: f64::from(self.percent) / 100.0, within_secs: f64::from(self.within_secs) }
    }
}

impl fmt::Display for ServiceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} % within {} s", self.percent, self.within_secs)
    }
}

impl FromStr for ServiceLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (percent, within) = text.split_once('/')?;
            let (percent, within_secs) = (percent.trim().parse().ok()?, within.trim().parse().ok()?);
            ((1..=99).contains(&percent) && within_secs <= 3_600).then_some(Self { percent, within_secs })
        };
        read().ok_or_else(|| "write percent and seconds such as 80/20: 1 to 99 percent, 0 to 3600 seconds".into())
    }
}

impl Staffings {
    /// All of them, the least first.
    pub fn each(self) -> RangeInclusive<u32> {
        self.from..=self.to
    }
}

impl FromStr for Staffings {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").map_or((text, text), |(from, to)| (from, to.trim_start_matches('=')));
        let read = |text: &str| text.trim().parse::<u32>().ok().filter(|count| AGENTS.contains(count));
        let both = read(from).zip(read(to)).filter(|(from, to)| from <= to && to - from < STAFFINGS_MAX);
        let (from, to) = both.ok_or_else(|| {
            format!(
                "write how many agents such as 14, or a range such as 10..16: {} to {}, {STAFFINGS_MAX} numbers at a time",
                AGENTS.start(),
                AGENTS.end()
            )
        })?;
        Ok(Self { from, to })
    }
}
