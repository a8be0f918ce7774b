//! What is counted on a simulated day, and what several days say together: a mean and how sure it is.

use serde::Serialize;

use super::plan::ServiceLevel;

/// One day's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFigures {
    /// In the order of the plan.
    pub queues: Vec<QueueDay>,
    /// Time that agents rang, talked and wrapped up within the day's hours, in milliseconds.
    pub work_ms: u64,
    /// Time that they were ready.
    pub ready_ms: u64,
}

/// One queue's counts of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueDay {
    /// Callers who entered the queue, or found the centre full.
    pub offered: u64,
    /// Of those, rang at an agent at once.
    pub at_once: u64,
    /// Reached an agent.
    pub answered: u64,
    /// Of those, within the goal's time.
    pub in_time: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Found the queue or the centre full.
    pub turned_away: u64,
    /// Waits of those who were answered, ringing included.
    pub wait_ms_answered: u64,
    /// Longest wait of all.
    pub wait_ms_max: u64,
    /// Time that the agents who can serve it rang, talked and wrapped up, for any queue.
    pub work_ms: u64,
    /// Time that they were ready.
    pub ready_ms: u64,
}

/// A mean over days with its interval: with 95 % confidence the true mean is not farther away than the margin (Student's t).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Mean of the days.
    pub mean: f64,
    /// Half of the interval's width; `null` for a single day.
    pub margin_95: Option<f64>,
}

impl QueueDay {
    /// Callers who are neither answered nor gone.
    pub fn waiting(&self) -> u64 {
        self.offered.saturating_sub(self.answered + self.abandoned + self.turned_away)
    }

    pub(super) fn connect(&mut self, wait_ms: u64, goal: ServiceLevel) {
        self.answered += 1;
        self.wait_ms_answered += wait_ms;
        self.wait_ms_max = self.wait_ms_max.max(wait_ms);
        if wait_ms <= u64::from(goal.within_secs) * 1_000 {
            self.in_time += 1;
        }
    }

    pub(super) fn abandon(&mut self, wait_ms: u64) {
        self.abandoned += 1;
        self.wait_ms_max = self.wait_ms_max.max(wait_ms);
    }

    pub(super) fn turn_away(&mut self, wait_ms: u64) {
        self.turned_away += 1;
        self.wait_ms_max = self.wait_ms_max.max(wait_ms);
    }

    /// Part of another count; `None` when there was nothing to be a part of.
    pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
        (whole > 0).then(|| part as f64 / whole as f64)
    }
}

impl Estimate {
    /// Of the days that have such a figure; `None` when none has.
    pub fn of(days: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let days: Vec<f64> = days.flatten().collect();
        if days.is_empty() {
            return None;
        }
        let count = days.len() as f64;
        let mean = days.iter().sum::<f64>() / count;
        let margin_95 = (days.len() > 1).then(|| {
            let variance = days.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / (count - 1.0);
            student_t(days.len() - 1) * (variance / count).sqrt()
        });
        Some(Self { mean, margin_95 })
    }
}

/// The 97.5 % point of Student's t distribution: from tables, and from ten degrees of freedom on the normal distribution's with two
/// terms of the Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5), within 0.003.
fn student_t(degrees: usize) -> f64 {
    const TABLE: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    let degrees_f = degrees as f64;
    let far = || 1.959_964 + 2.372_3 / degrees_f + 2.822_5 / degrees_f.powi(2);
    degrees.checked_sub(1).and_then(|index| TABLE.get(index)).copied().unwrap_or_else(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_days_says_how_sure_it_is() {
        let found = Estimate::of([Some(1.0), Some(2.0), None, Some(3.0)].into_iter()).unwrap();
        assert_eq!(found.mean, 2.0);
        // s = 1, n = 3, t = 4.303.
        assert!((found.margin_95.unwrap() - 4.303 / 3_f64.sqrt()).abs() < 1e-9, "{found:?}");
        assert_eq!(Estimate::of([Some(7.0)].into_iter()), Some(Estimate { mean: 7.0, margin_95: None }));
        assert_eq!(Estimate::of([None].into_iter()), None);
    }

    #[test]
    fn student_t_is_as_in_tables() {
        for (degrees, known) in [(1, 12.706), (9, 2.262), (10, 2.228), (19, 2.093), (29, 2.045), (120, 1.980)] {
            assert!((student_t(degrees) - known).abs() < 0.003, "{degrees}");
        }
    }
}
