//! What the calls of a queue are usually like at this time of the week, from the weeks before. It holds a forecast upright while the last
//! half hour has shown too little, and after a start, when it has shown nothing.

use std::collections::BTreeMap;

use jiff::{Span, tz::TimeZone};

use crate::types::{QueueId, Timestamp};

/// The weeks before that are looked at.
const WEEKS: i64 = 8;
/// Around the same time of day, in milliseconds on either side.
const AROUND_MS: i64 = 45 * 60_000;
/// Fewer calls make no norm.
const CALLS_LEAST: i64 = 10;
/// Instead of it: everything of the last day.
const DAY_MS: i64 = 24 * 60 * 60_000;

/// Sums of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkNorm {
    /// Calls that agents took.
    pub handled: i64,
    /// From the offers until the agents were free again; milliseconds.
    pub handled_ms: i64,
    /// Callers who gave up.
    pub gave_up: i64,
    /// What all have waited; milliseconds.
    pub waited_ms: i64,
}

/// By queue.
pub type WorkNorms = BTreeMap<QueueId, WorkNorm>;

impl WorkNorm {
    /// How long a call takes an agent, milliseconds; `None` of too few.
    pub fn handle_ms(&self) -> Option<f64> {
        (self.handled >= CALLS_LEAST).then(|| self.handled_ms as f64 / self.handled as f64)
    }

    /// How long callers are patient, milliseconds; `None` where too few gave up to say so.
    pub fn patience_ms(&self) -> Option<f64> {
        (self.gave_up >= CALLS_LEAST).then(|| self.waited_ms as f64 / self.gave_up as f64)
    }

    fn add(&mut self, other: &Self) {
        self.handled += other.handled;
        self.handled_ms += other.handled_ms;
        self.gave_up += other.gave_up;
        self.waited_ms += other.waited_ms;
    }
}

/// The stretches of the weeks before: the same weekday and time in the centre's zone, whatever its clocks have done meanwhile.
pub fn norm_stretches(now: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
    let Ok(here) = jiff::Timestamp::from_millisecond(now.as_millis()).map(|now| now.to_zoned(zone.clone())) else {
        return Vec::new();
    };
    let before = (1..=WEEKS).filter_map(|weeks| here.checked_sub(Span::new().try_weeks(weeks).ok()?).ok());
    before
        .map(|then| Timestamp::from_millis(then.timestamp().as_millisecond()))
        .map(|then| (then.plus_millis(-AROUND_MS), then.plus_millis(AROUND_MS)))
        .collect()
}

/// The stretch that stands in for them where they say too little.
pub fn last_day(now: Timestamp) -> (Timestamp, Timestamp) {
    (now.plus_millis(-DAY_MS), now)
}

/// The stretches together; for queues of which they say too little, the last day.
pub fn norms_of(stretches: impl IntoIterator<Item = WorkNorms>, last_day: &WorkNorms) -> WorkNorms {
    let mut norms = WorkNorms::new();
    for (queue, norm) in stretches.into_iter().flatten() {
        norms.entry(queue).or_default().add(&norm);
    }
    for (queue, norm) in last_day {
        let usual = norms.entry(queue.clone()).or_default();
        if usual.handled < CALLS_LEAST {
            *usual = *norm;
        }
    }
    norms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(handled: i64, handle_ms: i64) -> WorkNorm {
        WorkNorm { handled, handled_ms: handled * handle_ms, ..WorkNorm::default() }
    }

    #[test]
    fn the_same_hour_of_the_weeks_before_is_that_of_the_clock_on_the_wall() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        // Tuesday, 3 November 2026, 10:00 in Madrid: its summer ended on 25 October.
        let now = Timestamp::from_millis(1_793_696_400_000);
        let stretches = norm_stretches(now, &zone);
        assert_eq!(stretches.len(), 8);
        let hours = |(from, to): (Timestamp, Timestamp)| (now.millis_since(from) / 900_000, to.millis_since(from) / 60_000);
        assert_eq!(hours(stretches[0]), (7 * 96 + 3, 90), "a week before, still in winter");
        assert_eq!(hours(stretches[1]), (14 * 96 + 3 + 4, 90), "two weeks before: an hour more");
    }

    #[test]
    fn weeks_add_up_and_the_last_day_stands_in_where_they_say_too_little() {
        let (support, sales): (QueueId, QueueId) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let week = |calls| WorkNorms::from([(support.clone(), norm(calls, 100_000)), (sales.clone(), norm(1, 400_000))]);
        let day = WorkNorms::from([(support.clone(), norm(50, 300_000)), (sales.clone(), norm(20, 200_000))]);
        let norms = norms_of([week(6), week(5)], &day);
        assert_eq!(norms[&support], norm(11, 100_000));
        assert_eq!(norms[&sales], norm(20, 200_000));
        assert_eq!((norms[&sales].handle_ms(), norms[&sales].patience_ms()), (Some(200_000.0), None));
        assert_eq!(norms_of([week(2)], &WorkNorms::new())[&support].handle_ms(), None);
    }
}
