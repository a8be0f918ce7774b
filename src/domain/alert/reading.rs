//! The figures of a queue, or of all together, at one moment.

use crate::domain::directory::{AlertMetric, LevelCounts, ServiceLevelVariant};

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

/// Calls of one span, of one queue or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Entered the queue.
    pub offered: i64,
    /// Gave up.
    pub abandoned: i64,
    /// Of those, after no more than the time of a short abandon.
    pub abandoned_short: i64,
    /// What the queue's definition of the service level counts as served in time.
    pub level_part: i64,
    /// Of how many.
    pub level_whole: i64,
}

impl CallCounts {
    /// Of one queue, by its own definition of the service level.
    #[must_use]
    pub const fn of_queue(offered: i64, counts: &LevelCounts, variant: ServiceLevelVariant) -> Self {
        let (level_part, level_whole) = variant.parts(counts);
        let LevelCounts { abandoned, abandoned_short, .. } = *counts;
        Self { offered, abandoned, abandoned_short, level_part, level_whole }
    }

    /// Both together, each by its own definition.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            abandoned: self.abandoned + other.abandoned,
            abandoned_short: self.abandoned_short + other.abandoned_short,
            level_part: self.level_part + other.level_part,
            level_whole: self.level_whole + other.level_whole,
        }
    }

    fn service_level(self) -> Option<i64> {
        percent(self.level_part, self.level_whole)
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
        let counted =
            LevelCounts { answered: 7, answered_in_time: 6, abandoned: 3, abandoned_short: 1, ..LevelCounts::default() };
        let counts = CallCounts::of_queue(10, &counted, ServiceLevelVariant::WithoutShortAbandons);
        let reading = Reading { today: Some(counts), recent: Some(CallCounts::default()), ..Reading::default() };
        assert_eq!(reading.value(AlertMetric::ServiceLevelToday), Some(67), "6 of 9");
        assert_eq!(reading.value(AlertMetric::AbandonRateToday), Some(22), "2 of 9");
        assert_eq!(reading.value(AlertMetric::ServiceLevelRecent), None);
        assert_eq!(Reading::default().value(AlertMetric::AbandonRateToday), None, "not known yet");
        assert_eq!(counts.and(counts).service_level(), Some(67));
    }

    #[test]
    fn each_queue_counts_by_its_own_definition_also_where_all_are_watched_together() {
        let counted = LevelCounts {
            answered: 6,
            answered_in_time: 4,
            abandoned: 4,
            abandoned_short: 1,
            abandoned_in_time: 2,
            flowed_out: 10,
        };
        let by = |variant| CallCounts::of_queue(20, &counted, variant);
        let level = |counts| Reading { today: Some(counts), ..Reading::default() }.value(AlertMetric::ServiceLevelToday);
        assert_eq!(level(by(ServiceLevelVariant::AbandonsInTimeAreGood)), Some(60), "6 of 10");
        assert_eq!(level(by(ServiceLevelVariant::WithFlowOuts)), Some(20), "4 of 20");
        let both = by(ServiceLevelVariant::AbandonsInTimeAreGood).and(by(ServiceLevelVariant::WithFlowOuts));
        assert_eq!(level(both), Some(33), "10 of 30");
    }

    #[test]
    fn times_are_whole_seconds() {
        let reading = Reading { longest_wait_ms: 59_999, longest_wrap_up_ms: 1_000, ..Reading::default() };
        assert_eq!(reading.value(AlertMetric::LongestWait), Some(59));
        assert_eq!(reading.value(AlertMetric::LongestWrapUp), Some(1));
    }
}
