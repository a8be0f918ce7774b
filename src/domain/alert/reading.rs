//! The figures of a queue, or of all together, at one moment.

use crate::domain::directory::AlertMetric;

/// What a metric is read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Callers who wait.
    pub waiting: i64,
    /// How long the first in line has waited, in milliseconds.
    pub longest_wait_ms: i64,
    /// Agents who are ready.
    pub agents_ready: i64,
    /// Agents who are signed in.
    pub agents_signed_in: i64,
    /// The longest wrap-up that runs, in milliseconds.
    pub longest_wrap_up_ms: i64,
    /// Trunks out of order.
    pub trunks_down: i64,
    /// Calls since midnight; `None` while they are not known.
    pub today: Option<CallCounts>,
    /// Calls of the last 30 minutes.
    pub recent: Option<CallCounts>,
}

/// Calls of one span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Entered the queue.
    pub offered: i64,
    /// Reached an agent.
    pub answered: i64,
    /// Of those, within the threshold.
    pub answered_in_time: i64,
    /// Gave up.
    pub abandoned: i64,
    /// Of those, sooner than a short abandon.
    pub abandoned_short: i64,
}

impl CallCounts {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            answered: self.answered + other.answered,
            answered_in_time: self.answered_in_time + other.answered_in_time,
            abandoned: self.abandoned + other.abandoned,
            abandoned_short: self.abandoned_short + other.abandoned_short,
        }
    }

    fn service_level(self) -> Option<i64> {
        percent(self.answered_in_time, self.answered + self.abandoned - self.abandoned_short)
    }

    fn abandon_rate(self) -> Option<i64> {
        percent(self.abandoned - self.abandoned_short, self.offered - self.abandoned_short)
    }
}

/// To the nearest, halves up; nothing of nothing.
fn percent(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part * 200 + whole) / (2 * whole))
}

impl Reading {
    /// A metric in its unit; `None` while there is nothing to say, such as a service level without calls.
    pub fn value(&self, metric: AlertMetric) -> Option<i64> {
        match metric {
            AlertMetric::Waiting => Some(self.waiting),
            AlertMetric::LongestWait => Some(self.longest_wait_ms / 1_000),
            AlertMetric::ServiceLevelToday => self.today?.service_level(),
            AlertMetric::ServiceLevelRecent => self.recent?.service_level(),
            AlertMetric::AbandonRateToday => self.today?.abandon_rate(),
            AlertMetric::AbandonRateRecent => self.recent?.abandon_rate(),
            AlertMetric::AgentsReady => Some(self.agents_ready),
            AlertMetric::AgentsSignedIn => Some(self.agents_signed_in),
            AlertMetric::LongestWrapUp => Some(self.longest_wrap_up_ms / 1_000),
            AlertMetric::TrunksDown => Some(self.trunks_down),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_level_without_calls_says_nothing_and_short_abandons_do_not_count() {
        let counts = CallCounts { offered: 10, answered: 7, answered_in_time: 6, abandoned: 3, abandoned_short: 1 };
        let reading = Reading { today: Some(counts), recent: Some(CallCounts::default()), ..Reading::default() };
        assert_eq!(reading.value(AlertMetric::ServiceLevelToday), Some(67), "6 of 9");
        assert_eq!(reading.value(AlertMetric::AbandonRateToday), Some(22), "2 of 9");
        assert_eq!(reading.value(AlertMetric::ServiceLevelRecent), None);
        assert_eq!(Reading::default().value(AlertMetric::AbandonRateToday), None, "not known yet");
        assert_eq!(counts.and(counts).service_level(), Some(67));
    }

    #[test]
    fn times_are_whole_seconds() {
        let reading = Reading { longest_wait_ms: 59_999, longest_wrap_up_ms: 1_000, ..Reading::default() };
        assert_eq!(reading.value(AlertMetric::LongestWait), Some(59));
        assert_eq!(reading.value(AlertMetric::LongestWrapUp), Some(1));
    }
}
