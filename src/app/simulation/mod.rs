//! What if the staffing were another: days are simulated on the very floor that routes calls in production, and held against what
//! the formulas of queueing say. A run follows from its plan and seed alone, and takes no time from the machine.

mod figures;
mod formulas;
mod plan;
mod plan_file;
mod report;
#[cfg(test)]
mod tests;
mod world;

use std::{
    num::NonZeroUsize,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

pub use figures::{DayFigures, Estimate, QueueDay};
pub use formulas::{AgentsNeeded, Formula, agents_needed};
pub use plan::{
    AGENTS, ANSWER_SECS_MAX, AgentGroup, CALLS_MAX, CALLS_PER_HOUR_MAX, DAYS, HANDLE_SECS, HOURS, PATIENCE_SECS_MAX, Plan,
    PlannedQueue, STAFFINGS_MAX, ServiceLevel, Staffings, WRAP_UP_SHARE,
};
pub use plan_file::{PlanMistake, read_plan};
pub use report::Report;
pub use world::simulate_day;

/// The goal of a service level, as the formulas take it.
pub use crate::domain::report::erlang::Goal;

/// Days that have been simulated and not been taken yet.
const DAYS_HELD_MAX: usize = 64;

/// What is to be simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The staffings that are compared, for one day each.
    pub plans: Vec<Plan>,
    /// Days of each staffing.
    pub days: u32,
    /// The first day's seed; each further day has the next. A day's callers are the same for each staffing.
    pub seed: u64,
}

impl Run {
    /// Calls that are expected in all.
    pub fn calls(&self) -> f64 {
        f64::from(self.days) * self.plans.iter().map(Plan::calls_per_day).sum::<f64>()
    }

    /// Hours that agents are signed in in all.
    pub fn agent_hours(&self) -> u64 {
        u64::from(self.days) * self.plans.iter().map(Plan::agent_hours).sum::<u64>()
    }

    /// Simulates every day of every staffing, on as many threads as there are processors. `progress` is told how many days are done, of
    /// how many.
    pub fn simulate(&self, mut progress: impl FnMut(usize, usize)) -> Report {
        let days = usize::try_from(self.days).unwrap_or(0).max(1);
        let all = self.plans.len() * days;
        let mut simulated: Vec<Vec<Option<DayFigures>>> = vec![vec![None; days]; self.plans.len()];
        let next = AtomicUsize::new(0);
        let (tell, told) = mpsc::sync_channel(DAYS_HELD_MAX);
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(all);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (tell, next) = (tell.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let job = next.fetch_add(1, Ordering::Relaxed);
                        let (staffing, day) = (job / days, job % days);
                        let Some(plan) = self.plans.get(staffing) else { return };
                        let seed = self.seed.wrapping_add(u64::try_from(day).unwrap_or(0));
                        if tell.send((staffing, day, simulate_day(plan, seed))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            for (done, (staffing, day, figures)) in told.into_iter().enumerate() {
                if let Some(place) = simulated.get_mut(staffing).and_then(|days| days.get_mut(day)) {
                    *place = Some(figures);
                }
                progress(done + 1, all);
            }
        });
        let simulated: Vec<Vec<DayFigures>> = simulated.into_iter().map(|days| days.into_iter().flatten().collect()).collect();
        Report::of(self, &simulated)
    }
}
