//! What is counted of a time, recorded or gone through again, and how it compares.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::types::QueueId;

/// One going-through's counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// By queue.
    pub queues: BTreeMap<QueueId, QueueFigures>,
    /// Time that agents rang, talked to queues' callers and wrapped up, in milliseconds.
    pub work_ms: u64,
    /// Time that they were ready.
    pub ready_ms: u64,
    /// Of the time that they were there, in percent.
    pub occupancy_percent: Option<f64>,
}

/// One queue's counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QueueFigures {
    /// Callers.
    pub offered: u64,
    /// Reached an agent.
    pub answered: u64,
    /// Of those, within the queue's seconds.
    pub in_time: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Left otherwise, or wait still.
    pub left: u64,
    /// Of those answered and abandoned, answered in time, in percent.
    pub service_level_percent: Option<f64>,
    /// Mean wait of those who were answered, in milliseconds.
    pub wait_ms_mean: Option<u64>,
    /// Half of them waited no longer.
    pub wait_ms_p50: Option<u64>,
    /// Nine in ten waited no longer.
    pub wait_ms_p90: Option<u64>,
    #[serde(skip)]
    pub(super) waits_ms: Vec<u64>,
}

/// The same time thrice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// As it was recorded.
    pub recorded: Figures,
    /// Gone through as it was set up.
    pub as_it_was: Figures,
    /// Gone through with the changes.
    pub what_if: Figures,
    /// Of what was drawn.
    pub seed: u64,
    /// What holds of all this.
    pub assumptions: Vec<String>,
}

impl Figures {
    /// With everything that follows from the counts.
    pub(super) fn settled(mut self) -> Self {
        let percent = |part: u64, whole: u64| (whole > 0).then(|| tenths(part as f64 * 100.0 / whole as f64));
        self.occupancy_percent = percent(self.work_ms, self.work_ms + self.ready_ms);
        for queue in self.queues.values_mut() {
            queue.waits_ms.sort_unstable();
            let count = queue.waits_ms.len() as u64;
            queue.service_level_percent = percent(queue.in_time, queue.answered + queue.abandoned);
            queue.wait_ms_mean = queue.waits_ms.iter().sum::<u64>().checked_div(count);
            queue.wait_ms_p50 = rank(&queue.waits_ms, 50);
            queue.wait_ms_p90 = rank(&queue.waits_ms, 90);
        }
        self
    }
}

impl QueueFigures {
    /// An agent took a call after this wait.
    pub(super) fn answer(&mut self, wait_ms: u64, goal_ms: u64) {
        self.answered += 1;
        self.in_time += u64::from(wait_ms <= goal_ms);
        self.waits_ms.push(wait_ms);
    }
}

/// The nearest rank of sorted numbers.
fn rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let index = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
    sorted.get(index).copied()
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [("recorded", &self.recorded), ("as it was", &self.as_it_was), ("what if", &self.what_if)];
        writeln!(
            f,
            "{:<20} {:<10} {:>7} {:>8} {:>9} {:>6} {:>9} {:>8} {:>8} {:>7}",
            "queue", "", "callers", "answered", "abandoned", "left", "mean wait", "p50", "p90", "level"
        )?;
        for queue in self.recorded.queues.keys() {
            for (index, (name, figures)) in columns.iter().enumerate() {
                let counts = figures.queues.get(queue).cloned().unwrap_or_default();
                let secs = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1_000.0));
                writeln!(
                    f,
                    "{:<20} {name:<10} {:>7} {:>8} {:>9} {:>6} {:>9} {:>8} {:>8} {:>7}",
                    if index == 0 { queue.as_str() } else { "" },
                    counts.offered,
                    counts.answered,
                    counts.abandoned,
                    counts.left,
                    secs(counts.wait_ms_mean),
                    secs(counts.wait_ms_p50),
                    secs(counts.wait_ms_p90),
                    counts.service_level_percent.map_or("-".to_owned(), |percent| format!("{percent:.1} %")),
                )?;
            }
        }
        let occupancy = columns.map(|(name, figures)| {
            let percent = figures.occupancy_percent.map_or("-".to_owned(), |percent| format!("{percent:.1} %"));
            format!("{name} {percent}")
        });
        writeln!(f, "Occupancy of agents: {}.", occupancy.join(", "))?;
        writeln!(f, "Assumed (seed {}):", self.seed)?;
        self.assumptions.iter().try_for_each(|assumption| writeln!(f, "- {assumption}"))
    }
}
