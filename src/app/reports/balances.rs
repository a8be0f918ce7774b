//! Whether the identities hold: who came, left and waited in each queue, and where each agent's time went. Asked of the quarter-hours of
//! the last day that are over.

use std::collections::{BTreeMap, BTreeSet};

use super::{AgentId, Balance, QueueId, Reports, StoreFault, Timestamp};
use crate::{
    domain::report::{DAY_MS, Interval, MINUTE_MS, Stretch, agent_times},
    store::{
        agent_report,
        queue_report::{self, BalanceParts},
    },
};

/// Length of an interval that is checked.
pub const CHECKED_MS: i64 = 15 * MINUTE_MS;

/// A figure that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Of a queue, in callers.
    Queue(QueueId),
    /// Of an agent, in milliseconds.
    Agent(AgentId),
}

/// What the check of the last day's closed quarter-hours came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Per queue the sum of the differences, without their signs; every queue in which somebody came, left or waited.
    pub queues: BTreeMap<QueueId, i64>,
    /// The same per agent, in milliseconds.
    pub agents: BTreeMap<AgentId, i64>,
    /// Each difference: whose, in the interval that begins then.
    pub differences: BTreeMap<(Timestamp, Whose), i64>,
}

impl Reports {
    /// Checks the closed quarter-hours of the last day.
    pub async fn check_balances(&self, now: Timestamp) -> Result<Checked, StoreFault> {
        let to = Timestamp::from_millis(now.as_millis().div_euclid(CHECKED_MS) * CHECKED_MS);
        let stretch = Stretch { from: to.plus_millis(-DAY_MS), to, length_ms: CHECKED_MS };
        let intervals = stretch.intervals();
        let mut checked = Checked::default();
        let parts = queue_report::balance(&self.db, &stretch, None).await?;
        for queue in queues_of(&parts) {
            let sum = checked.queues.entry(queue.clone()).or_default();
            for (index, interval) in intervals.iter().enumerate() {
                let difference = balance_of(&parts, interval, index, &queue).difference;
                *sum += difference.abs();
                if difference != 0 {
                    checked.differences.insert((interval.begins_at, Whose::Queue(queue.clone())), difference);
                }
            }
        }
        for agent in agent_report::agents(&self.db).await? {
            let spans = agent_report::spans(&self.db, &agent, stretch.from, stretch.to).await?;
            if spans.is_empty() {
                continue;
            }
            let sum = checked.agents.entry(agent.clone()).or_default();
            for (interval, time) in intervals.iter().zip(agent_times(&spans, &intervals, now)) {
                *sum += time.difference_ms.abs();
                if !time.is_reconciled {
                    checked.differences.insert((interval.begins_at, Whose::Agent(agent.clone())), time.difference_ms);
                }
            }
        }
        Ok(checked)
    }
}

/// The queues in which somebody came, left or waited.
pub(super) fn queues_of(parts: &BalanceParts) -> BTreeSet<QueueId> {
    let places = parts.offered.keys().chain(parts.ended.keys()).map(|(_, queue)| queue);
    places.chain(parts.waiting.keys()).cloned().collect()
}

/// A queue's balance in the interval of this index.
pub(super) fn balance_of(parts: &BalanceParts, interval: &Interval, index: usize, queue: &QueueId) -> Balance {
    let place = (interval.begins_at, queue.clone());
    let waiting = |border: usize| parts.waiting.get(queue).and_then(|all| all.get(border)).copied().unwrap_or(0);
    let offered = parts.offered.get(&place).copied().unwrap_or(0);
    Balance::new(waiting(index), offered, parts.ended.get(&place).copied().unwrap_or_default(), waiting(index + 1))
}
