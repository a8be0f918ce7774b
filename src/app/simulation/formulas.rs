//! What the formulas say of a plan: hour by hour, each queue with the agents who have its skills.

use serde::Serialize;

use super::plan::{Plan, PlannedQueue, ServiceLevel};
use crate::domain::report::erlang::{self, Expected, NoFigures, Traffic};

/// What a formula expects of a queue over the day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Formula {
    /// Of all callers, answered within the goal's time.
    pub service_level_percent: f64,
    /// Mean wait of those who are answered.
    pub asa_seconds: f64,
    /// Of all callers, find no agent free.
    pub waited_percent: f64,
    /// Of all callers, hang up while waiting.
    pub abandoned_percent: f64,
    /// Of their time, agents handle calls.
    pub occupancy_percent: f64,
}

/// The least number of agents with which a queue reaches the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AgentsNeeded {
    /// By Erlang C, in the busiest hour.
    pub erlang_c: Option<u32>,
    /// By Erlang A, in the busiest hour; `None` when nobody hangs up.
    pub erlang_a: Option<u32>,
    /// Of the staffings that were simulated; `None` when none of them reaches it, or when there are several queues.
    pub simulated: Option<u32>,
}

/// By the formulas, in the queue's busiest hour.
pub fn agents_needed(queue: &PlannedQueue, goal: ServiceLevel) -> AgentsNeeded {
    let busiest = queue.calls_per_hour.iter().copied().fold(0.0, f64::max);
    let traffic = Traffic::new(busiest, queue.handle_secs).ok();
    let needed = |patience: Option<f64>| erlang::agents_needed(traffic?, patience, goal.goal());
    AgentsNeeded {
        erlang_c: needed(None),
        erlang_a: queue.patience_secs.and_then(|patience| needed(Some(patience))),
        simulated: None,
    }
}

/// Erlang C over the day, or why there is no figure.
pub(super) fn erlang_c(plan: &Plan, queue: &PlannedQueue) -> Result<Formula, String> {
    over_the_day(plan, queue, |traffic, agents| erlang::erlang_c(traffic, agents, f64::from(plan.goal.within_secs)))
}

/// Erlang A over the day, or why there is no figure.
pub(super) fn erlang_a(plan: &Plan, queue: &PlannedQueue) -> Result<Formula, String> {
    let Some(patience) = queue.patience_secs else { return Err("nobody hangs up, as in Erlang C".into()) };
    over_the_day(plan, queue, |traffic, agents| erlang::erlang_a(traffic, patience, agents, f64::from(plan.goal.within_secs)))
}

/// Each hour by itself, in its steady state; then all together, callers by their number and agents by their time.
fn over_the_day(
    plan: &Plan,
    queue: &PlannedQueue,
    expect: impl Fn(Traffic, u32) -> Result<Expected, NoFigures>,
) -> Result<Formula, String> {
    let (mut calls, mut answered, mut in_time, mut waited, mut wait_secs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut work_hours, mut agent_hours) = (0.0, 0.0);
    for (hour, rate) in (0..).zip(queue.calls_per_hour.iter().copied()) {
        let agents = plan.serving(queue, hour);
        agent_hours += f64::from(agents);
        if rate <= 0.0 {
            continue;
        }
        if agents == 0 {
            return Err(format!("no agents in hour {hour}"));
        }
        let expected = Traffic::new(rate, queue.handle_secs)
            .and_then(|traffic| expect(traffic, agents))
            .map_err(|cause| if queue.is_even() { cause.to_string() } else { format!("hour {hour}: {cause}") })?;
        let served = rate * (1.0 - expected.abandoned);
        calls += rate;
        answered += served;
        in_time += rate * expected.service_level;
        waited += rate * expected.wait_probability;
        wait_secs += served * expected.asa_secs;
        work_hours += expected.occupancy * f64::from(agents);
    }
    if calls <= 0.0 {
        return Err("nobody calls".into());
    }
    let percent = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    Ok(Formula {
        service_level_percent: percent(in_time, calls),
        asa_seconds: if answered > 0.0 { wait_secs / answered } else { 0.0 },
        waited_percent: percent(waited, calls),
        abandoned_percent: percent(calls - answered, calls),
        occupancy_percent: percent(work_hours, agent_hours),
    })
}
