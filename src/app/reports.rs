//! Reports over the fact tables. Counts belong to the interval in which a visit began; percentages are computed by who shows
//! them, so that nobody averages percentages.

use std::sync::Arc;

use jiff::{Timestamp as Instant, Unit, civil, tz::TimeZone};
use tokio::sync::watch;

use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems, sentences},
};
use crate::{
    domain::{directory::Directory, report::QueueInterval},
    store::{Db, StoreFault, segments},
    types::{QueueId, Timestamp},
};

/// Most days of one report.
const DAYS_MAX: i64 = 400;
/// How a span can be cut: minutes, or the centre's days.
const INTERVALS: [&str; 4] = ["15", "30", "60", "day"];
/// Most intervals of one report, per queue.
const INTERVALS_MAX: i64 = 3_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The question makes no sense.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// How a report is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Into so many minutes: 15, 30 or 60.
    Minutes(i64),
    /// Into days of the centre's zone.
    Days,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Reports {
    db: Db,
    directory: watch::Receiver<Arc<Directory>>,
}

impl Reports {
    /// Over this database, in the zone of this directory.
    pub fn new(db: Db, directory: watch::Receiver<Arc<Directory>>) -> Self {
        Self { db, directory }
    }

    /// Counts per queue and interval from `from` until before `to`, oldest first. Intervals without visits are absent.
    pub async fn queues(
        &self,
        actor: &Actor,
        from: Timestamp,
        to: Timestamp,
        cut: Cut,
        queue: Option<QueueId>,
    ) -> Result<Vec<QueueInterval>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let span_ms = to.millis_since(from);
        let mut problems = Problems::default();
        problems.unless(span_ms > 0, "to", Flaw::NotLater);
        problems.unless(span_ms <= DAYS_MAX * DAY_MS, "to", Flaw::SpanTooLong { days: DAYS_MAX });
        if let Cut::Minutes(minutes) = cut {
            problems.unless(matches!(minutes, 15 | 30 | 60), "interval", Flaw::not_one_of(INTERVALS));
            let is_few = span_ms <= INTERVALS_MAX * minutes.max(1) * MINUTE_MS;
            problems.unless(is_few, "interval", Flaw::TooManyIntervals);
        }
        problems.into_result().map_err(ReportFault::Invalid)?;

        let mut lines = Vec::new();
        for (from, to, length_ms) in self.pieces(from, to, cut) {
            for found in segments::intervals(&self.db, from, to, length_ms, queue.as_ref()).await? {
                let ends_at = found.begins_at.plus_millis(length_ms).min(to);
                lines.push(QueueInterval { queue: found.queue, begins_at: found.begins_at, ends_at, counts: found.counts });
            }
        }
        Ok(lines)
    }

    /// Begin of the day that holds `at`, in the centre's zone.
    pub fn day_of(&self, at: Timestamp) -> Timestamp {
        day_border(at, &self.zone(), false).unwrap_or(at)
    }

    /// Spans that the database cuts into even intervals: one for minutes, one per day for days, which are not all as long.
    fn pieces(&self, from: Timestamp, to: Timestamp, cut: Cut) -> Vec<(Timestamp, Timestamp, i64)> {
        match cut {
            Cut::Minutes(minutes) => vec![(from, to, minutes * MINUTE_MS)],
            Cut::Days => {
                let zone = self.zone();
                let mut days = Vec::new();
                let mut begin = from;
                while begin < to {
                    let end = day_border(begin, &zone, true).filter(|end| *end > begin).unwrap_or(to).min(to);
                    days.push((begin, end, end.millis_since(begin).max(MINUTE_MS)));
                    begin = end;
                }
                days
            }
        }
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.directory.borrow().centre.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// The midnight before `at`, or the one after it. A zone may skip midnight; then the day begins with its first instant.
fn day_border(at: Timestamp, zone: &TimeZone, is_next: bool) -> Option<Timestamp> {
    let local = Instant::from_millisecond(at.as_millis()).ok()?.to_zoned(zone.clone());
    let day: civil::Date = if is_next { local.date().tomorrow().ok()? } else { local.date() };
    let begin = day.to_zoned(zone.clone()).ok()?;
    let begin = begin.round(Unit::Millisecond).ok()?;
    Some(Timestamp::from_millis(begin.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::access::Role,
        store::testing::{TEST_TIME, TestDb},
    };

    fn reports(test: &TestDb) -> Reports {
        // A receiver keeps the last value when its sender is gone.
        Reports::new(test.db.clone(), watch::channel(Arc::new(Directory::default())).1)
    }

    async fn visit(test: &TestDb, outcome: &'static str, offered: Timestamp) {
        use crate::{
            domain::call,
            store::{Lane, NewEvent, segments::VisitStep},
            types::{CallId, Rng},
        };
        let id = CallId::mint(offered, &mut Rng::seeded(offered.as_millis().unsigned_abs()));
        let entry = move |kind| call::CallEvent { call: id, kind };
        let queue: QueueId = "support".parse().unwrap();
        let mut kinds = vec![call::CallEventKind::Queued { queue: queue.clone(), reason: None }];
        kinds.push(match outcome {
            "answered" => {
                call::CallEventKind::Connected { queue: Some(queue), agent: "ana".parse().unwrap(), waited_ms: 9_000 }
            }
            _ => call::CallEventKind::Abandoned { queue, waited_ms: 2_000 },
        });
        let rules = crate::store::journal::VisitRules { threshold_ms: 20_000, short_ms: 5_000 };
        let stored: Result<(), StoreFault> = test
            .db
            .write(Lane::Journal, move |tx| {
                Box::pin(async move {
                    for kind in kinds {
                        let steps = VisitStep::of(&kind, offered, rules).into_iter().collect();
                        segments::take_steps(tx, [(id, steps)].into()).await?;
                        let event = crate::domain::event::Event::Call(entry(kind));
                        tx.emit(NewEvent::new(offered, crate::domain::event::Actor::System, event)).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.unwrap();
    }

    #[tokio::test]
    async fn visits_are_counted_in_the_interval_in_which_they_began_and_days_follow_the_centre_s_clock() {
        for test in TestDb::each().await {
            let (reports, sue) = (reports(&test), Actor::person("sue".parse().unwrap(), Role::Supervisor));
            // 10:00 UTC, 10:40 UTC, and 23:30 UTC, which is the next day in Madrid.
            visit(&test, "answered", TEST_TIME).await;
            visit(&test, "abandoned", TEST_TIME.plus_millis(40 * MINUTE_MS)).await;
            visit(&test, "answered", TEST_TIME.plus_millis((13 * 60 + 30) * MINUTE_MS)).await;
            let (from, to) = (reports.day_of(TEST_TIME), TEST_TIME.plus_millis(2 * DAY_MS));
            assert_eq!(from.to_string(), "2026-01-14T23:00:00.000Z");

            let halves = reports.queues(&sue, from, to, Cut::Minutes(30), None).await.unwrap();
            let begins: Vec<String> = halves.iter().map(|line| line.begins_at.to_string()).collect();
            assert_eq!(begins, ["2026-01-15T10:00:00.000Z", "2026-01-15T10:30:00.000Z", "2026-01-15T23:30:00.000Z"]);
            let days = reports.queues(&sue, from, to, Cut::Days, "support".parse().ok()).await.unwrap();
            let offered: Vec<i64> = days.iter().map(|line| line.counts.offered).collect();
            assert_eq!(offered, [2, 1], "on {test:?}");
            assert_eq!((days[0].counts.answered_in_time, days[0].counts.abandoned_short), (1, 1));
            assert!(reports.queues(&sue, from, to, Cut::Days, "other".parse().ok()).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn the_day_of_the_clock_change_has_twenty_three_hours() {
        let test = TestDb::sqlite().await;
        let reports = reports(&test);
        let noon: Timestamp = "2026-03-29T12:00:00Z".parse().unwrap();
        let begin = reports.day_of(noon);
        let days = reports.pieces(begin, begin.plus_millis(2 * DAY_MS), Cut::Days);
        assert_eq!(days[0].2, 23 * 60 * MINUTE_MS);
        assert_eq!(days[1].0.to_string(), "2026-03-29T22:00:00.000Z");
    }

    #[tokio::test]
    async fn a_report_that_makes_no_sense_is_refused_with_the_field() {
        let test = TestDb::sqlite().await;
        let (reports, sue) = (reports(&test), Actor::person("sue".parse().unwrap(), Role::Supervisor));
        let fields = async |to, cut| match reports.queues(&sue, TEST_TIME, to, cut, None).await {
            Err(ReportFault::Invalid(problems)) => problems.into_iter().map(|p| p.field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(fields(TEST_TIME, Cut::Days).await, ["to"]);
        assert_eq!(fields(TEST_TIME.plus_millis(DAY_MS), Cut::Minutes(7)).await, ["interval"]);
        assert_eq!(fields(TEST_TIME.plus_millis(300 * DAY_MS), Cut::Minutes(15)).await, ["interval"]);
        let ana = Actor::person("ana".parse().unwrap(), Role::Agent);
        let refused = reports.queues(&ana, TEST_TIME, TEST_TIME.plus_millis(DAY_MS), Cut::Days, None).await;
        assert!(matches!(refused, Err(ReportFault::Forbidden(_))));
    }
}
