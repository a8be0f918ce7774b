//! What a run has found: for programs as JSON, for people as a table. The same run always gives the same octets.

use std::fmt;

use serde::Serialize;

use super::{
    Run,
    figures::{DayFigures, Estimate, QueueDay},
    formulas::{self, AgentsNeeded, Formula},
    plan::{Plan, PlannedQueue, ServiceLevel},
};

/// Everything a run has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was to be reached.
    pub goal: GoalReport,
    /// Hours of a day.
    pub hours: u32,
    /// Days of each staffing.
    pub days: u32,
    /// The first day's.
    pub seed: u64,
    /// How long a telephone rings before it is answered.
    pub answer_seconds: f64,
    /// Hours that agents were signed in, of all days and staffings.
    pub simulated_agent_hours: u64,
    /// Calls of all days and staffings.
    pub simulated_calls: u64,
    /// What each queue needs.
    pub queues: Vec<QueueNeeds>,
    /// What was found of each staffing.
    pub staffings: Vec<StaffingReport>,
}

/// A service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GoalReport {
    /// Of all callers.
    pub percent: u32,
    /// Answered within.
    pub seconds: u32,
}

/// What a queue needs for the goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueNeeds {
    /// Key.
    pub queue: String,
    /// The least number of agents.
    pub agents_needed: AgentsNeeded,
}

/// What was found of a staffing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StaffingReport {
    /// Agents, all together.
    pub agents: u32,
    /// Of their time, agents rang, talked and wrapped up.
    pub occupancy_percent: Option<Estimate>,
    /// In the order of the plan.
    pub queues: Vec<QueueReport>,
}

/// What was found of a queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueReport {
    /// Key.
    pub queue: String,
    /// Agents who have its skills.
    pub agents: u32,
    /// By Erlang C; `null` with the reason beside it.
    pub erlang_c: Option<Formula>,
    /// Why there is none.
    pub erlang_c_missing: Option<String>,
    /// By Erlang A; `null` with the reason beside it.
    pub erlang_a: Option<Formula>,
    /// Why there is none.
    pub erlang_a_missing: Option<String>,
    /// On the floor.
    pub simulated: SimulatedQueue,
    /// Whether the mean simulated service level is the goal's or better.
    pub reaches_goal: bool,
}

/// A queue as it was simulated: means of its days. `null` where no day had such a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulatedQueue {
    /// Callers of one day.
    pub calls_per_day: Option<Estimate>,
    /// Of all callers, answered within the goal's time.
    pub service_level_percent: Option<Estimate>,
    /// Mean wait of those who were answered, ringing included.
    pub asa_seconds: Option<Estimate>,
    /// Of all callers, found no agent free.
    pub waited_percent: Option<Estimate>,
    /// Of all callers, hung up while waiting.
    pub abandoned_percent: Option<Estimate>,
    /// Of their time, the agents who can serve it rang, talked and wrapped up, for any queue.
    pub occupancy_percent: Option<Estimate>,
    /// Longest wait of a day.
    pub longest_wait_seconds: Option<Estimate>,
    /// Callers of one day who found the line full.
    pub turned_away_per_day: Option<Estimate>,
    /// Callers of one day who still waited an hour after its end.
    pub unserved_per_day: Option<Estimate>,
}

impl Report {
    pub(super) fn of(run: &Run, simulated: &[Vec<DayFigures>]) -> Self {
        let staffings: Vec<StaffingReport> =
            run.plans.iter().zip(simulated).map(|(plan, days)| StaffingReport::of(plan, days)).collect();
        let first = run.plans.first();
        let goal = first.map_or(ServiceLevel { percent: 80, within_secs: 20 }, |plan| plan.goal);
        let queues = first.map_or(&[][..], |plan| plan.queues.as_slice()).iter().enumerate().map(|(number, queue)| {
            let reaches = |staffing: &&StaffingReport| staffing.queues.get(number).is_some_and(|queue| queue.reaches_goal);
            let least = staffings.iter().filter(reaches).map(|staffing| staffing.agents).min();
            let is_alone = first.is_some_and(|plan| plan.queues.len() == 1);
            let needed = formulas::agents_needed(queue, goal);
            let agents_needed = AgentsNeeded { simulated: least.filter(|_| is_alone), ..needed };
            QueueNeeds { queue: queue.key.to_string(), agents_needed }
        });
        let offered = |day: &DayFigures| day.queues.iter().map(|queue| queue.offered).sum::<u64>();
        Self {
            goal: GoalReport { percent: goal.percent, seconds: goal.within_secs },
            hours: first.map_or(0, |plan| plan.hours),
            days: run.days,
            seed: run.seed,
            answer_seconds: first.map_or(0.0, |plan| seconds(plan.answer_ms)),
            simulated_agent_hours: run.agent_hours(),
            simulated_calls: simulated.iter().flatten().map(offered).sum(),
            queues: queues.collect(),
            staffings,
        }
    }
}

impl StaffingReport {
    fn of(plan: &Plan, days: &[DayFigures]) -> Self {
        let queues = plan.queues.iter().enumerate().map(|(number, queue)| {
            let days: Vec<&QueueDay> = days.iter().filter_map(|day| day.queues.get(number)).collect();
            QueueReport::of(plan, queue, &days)
        });
        let occupancy = |day: &DayFigures| percent(day.work_ms, day.work_ms + day.ready_ms);
        Self { agents: plan.agents(), occupancy_percent: Estimate::of(days.iter().map(occupancy)), queues: queues.collect() }
    }
}

impl QueueReport {
    fn of(plan: &Plan, queue: &PlannedQueue, days: &[&QueueDay]) -> Self {
        let mean = |of: &dyn Fn(&QueueDay) -> Option<f64>| Estimate::of(days.iter().map(|day| of(day)));
        let simulated = SimulatedQueue {
            calls_per_day: mean(&|day| Some(day.offered as f64)),
            service_level_percent: mean(&|day| percent(day.in_time, day.offered)),
            asa_seconds: mean(&|day| Some(QueueDay::share(day.wait_ms_answered, day.answered)? / 1_000.0)),
            waited_percent: mean(&|day| percent(day.offered.saturating_sub(day.at_once), day.offered)),
            abandoned_percent: mean(&|day| percent(day.abandoned, day.offered)),
            occupancy_percent: mean(&|day| percent(day.work_ms, day.work_ms + day.ready_ms)),
            longest_wait_seconds: mean(&|day| (day.offered > 0).then(|| seconds(day.wait_ms_max))),
            turned_away_per_day: mean(&|day| Some(day.turned_away as f64)),
            unserved_per_day: mean(&|day| Some(day.waiting() as f64)),
        };
        let reaches_goal = simulated.service_level_percent.is_some_and(|level| level.mean >= f64::from(plan.goal.percent));
        let (erlang_c, erlang_c_missing) = either(formulas::erlang_c(plan, queue));
        let (erlang_a, erlang_a_missing) = either(formulas::erlang_a(plan, queue));
        let agents = plan.agents.iter().filter(|group| group.can_serve(queue)).map(|group| group.count).sum();
        let queue = queue.key.to_string();
        Self { queue, agents, erlang_c, erlang_c_missing, erlang_a, erlang_a_missing, simulated, reaches_goal }
    }
}

fn either(figures: Result<Formula, String>) -> (Option<Formula>, Option<String>) {
    match figures {
        Ok(figures) => (Some(figures), None),
        Err(missing) => (None, Some(missing)),
    }
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    Some(100.0 * QueueDay::share(part, whole)?)
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// Width of the table's figures.
const FIGURE: usize = 15;
/// Heads of the table's figures behind the service level.
const HEADS: [&str; 4] = ["mean wait s", "abandoned %", "occupancy %", "longest wait s"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let goal = ServiceLevel { percent: self.goal.percent, within_secs: self.goal.seconds };
        writeln!(
            f,
            "Goal {goal}. {} days of {} hours from seed {}; telephones ring {} s before they are answered.",
            self.days, self.hours, self.seed, self.answer_seconds
        )?;
        writeln!(f)?;
        let queue_width = self.queues.iter().map(|queue| queue.queue.len()).max().unwrap_or(0).max("queue".len());
        let row = |agents: &str, queue: &str, by: &str, figures: &[String], end: &str| {
            let figures: String = figures.iter().map(|figure| format!("  {figure:>FIGURE$}")).collect();
            format!("{agents:>6}  {queue:<queue_width$}  {by:<9}{figures}{end}").trim_end().to_owned()
        };
        let heads = [format!("in {} s %", goal.within_secs)].into_iter().chain(HEADS.map(str::to_owned));
        writeln!(f, "{}", row("agents", "queue", "by", &heads.collect::<Vec<_>>(), ""))?;
        for staffing in &self.staffings {
            for queue in &staffing.queues {
                let agents = queue.agents.to_string();
                let formulas = [
                    ("Erlang C", queue.erlang_c, &queue.erlang_c_missing),
                    ("Erlang A", queue.erlang_a, &queue.erlang_a_missing),
                ];
                for (by, figures, missing) in formulas {
                    let figures = figures.map_or_else(Vec::new, |figures| figures.written());
                    let missing = missing.as_ref().map_or_else(String::new, |missing| format!("  {missing}"));
                    writeln!(f, "{}", row(&agents, &queue.queue, by, &figures, &missing))?;
                }
                let end = if queue.reaches_goal { "  goal reached" } else { "" };
                writeln!(f, "{}", row(&agents, &queue.queue, "simulated", &queue.simulated.written(), end))?;
            }
        }
        writeln!(f)?;
        self.notes(f)
    }
}

impl Report {
    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = self.staffings.first().zip(self.staffings.last());
        for QueueNeeds { queue, agents_needed: needed } in &self.queues {
            let number = |number: Option<u32>| number.map_or("–".to_owned(), |number| number.to_string());
            write!(f, "Agents needed by {queue}")?;
            if self.queues.len() > 1 {
                write!(f, " alone in its busiest hour")?;
            }
            write!(f, ": Erlang C {}, Erlang A {}", number(needed.erlang_c), number(needed.erlang_a))?;
            match (needed.simulated, compared) {
                (Some(least), _) => write!(f, ", simulated {least}")?,
                (None, Some((first, last))) if self.queues.len() == 1 => {
                    write!(f, ", simulated none of {} to {}", first.agents, last.agents)?;
                }
                (None, _) => {}
            }
            writeln!(f, ".")?;
        }
        if self.queues.len() > 1 {
            writeln!(f, "The formulas take each queue as if the agents with its skills served no other.")?;
        }
        if self.answer_seconds > 0.0 {
            writeln!(f, "The simulated waits and occupancy hold the ringing, of which the formulas do not know.")?;
        }
        for staffing in &self.staffings {
            for QueueReport { queue, simulated, .. } in &staffing.queues {
                for (count, what) in [
                    (simulated.turned_away_per_day, "found the line full"),
                    (simulated.unserved_per_day, "still waited when the agents went home"),
                ] {
                    if let Some(count) = count.filter(|count| count.mean > 0.0) {
                        let agents = staffing.agents;
                        let callers = count.mean;
                        writeln!(f, "With {agents} agents {callers:.1} callers of {queue} a day {what}.")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Formula {
    fn written(self) -> Vec<String> {
        let figures = [self.service_level_percent, self.asa_seconds, self.abandoned_percent, self.occupancy_percent];
        figures.map(|mean| written(Some(Estimate { mean, margin_95: None }))).to_vec()
    }
}

impl SimulatedQueue {
    fn written(&self) -> Vec<String> {
        let figures = [
            self.service_level_percent,
            self.asa_seconds,
            self.abandoned_percent,
            self.occupancy_percent,
            self.longest_wait_seconds,
        ];
        figures.map(written).to_vec()
    }
}

/// `84.9 ± 0.8`; without a margin as far to the left, so that the points stand below each other.
fn written(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, margin_95: Some(margin) }) => format!("{mean:.1} ± {margin:<5.1}"),
        Some(Estimate { mean, margin_95: None }) => format!("{mean:.1}        "),
        None => "–".into(),
    }
}
