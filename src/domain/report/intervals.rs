//! How a report's span is cut. Minutes are even pieces of the UTC line; days are those of the centre's zone, of which some have 23
//! hours and some 25.

use jiff::{Timestamp as Instant, Unit, civil, tz::TimeZone};

use crate::types::Timestamp;

/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// A day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// How a report is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Into so many minutes: 15, 30 or 60.
    Minutes(i64),
    /// Into days of the centre's zone.
    Days,
}

/// From its beginning until before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Begin.
    pub begins_at: Timestamp,
    /// End; belongs to the next.
    pub ends_at: Timestamp,
}

impl Interval {
    /// Whether an instant belongs to it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.begins_at <= at && at < self.ends_at
    }
}

/// A span that is cut into even intervals from its beginning on; the last one may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Begin.
    pub from: Timestamp,
    /// End; does not belong to it.
    pub to: Timestamp,
    /// Length of an interval in milliseconds, 1 at least.
    pub length_ms: i64,
}

impl Stretch {
    /// Its intervals in order.
    pub fn intervals(&self) -> Vec<Interval> {
        let mut intervals = Vec::new();
        let mut begins_at = self.from;
        while begins_at < self.to {
            let ends_at = begins_at.plus_millis(self.length_ms.max(1)).min(self.to);
            intervals.push(Interval { begins_at, ends_at });
            begins_at = ends_at;
        }
        intervals
    }

    /// The beginnings of its intervals in order, then its end.
    pub fn borders(&self) -> Vec<Timestamp> {
        self.intervals().iter().map(|interval| interval.begins_at).chain([self.to]).collect()
    }
}

/// The even stretches of a span: one for minutes, and for days one for as many as are of the same length in a row.
pub fn stretches(from: Timestamp, to: Timestamp, cut: Cut, zone: &TimeZone) -> Vec<Stretch> {
    match cut {
        Cut::Minutes(minutes) => vec![Stretch { from, to, length_ms: minutes.max(1) * MINUTE_MS }],
        Cut::Days => {
            let mut days: Vec<Stretch> = Vec::new();
            let mut begin = from;
            while begin < to {
                let end = day_border(begin, zone, true).filter(|end| *end > begin).unwrap_or(to).min(to);
                let length_ms = end.millis_since(begin).max(MINUTE_MS);
                match days.last_mut() {
                    Some(last) if last.length_ms == length_ms => last.to = end,
                    _ => days.push(Stretch { from: begin, to: end, length_ms }),
                }
                begin = end;
            }
            days
        }
    }
}

/// The midnight before `at`, or the one after it. A zone may skip midnight; then the day begins with its first instant.
pub fn day_border(at: Timestamp, zone: &TimeZone, is_next: bool) -> Option<Timestamp> {
    let local = Instant::from_millisecond(at.as_millis()).ok()?.to_zoned(zone.clone());
    let day: civil::Date = if is_next { local.date().tomorrow().ok()? } else { local.date() };
    let begin = day.to_zoned(zone.clone()).ok()?;
    let begin = begin.round(Unit::Millisecond).ok()?;
    Some(Timestamp::from_millis(begin.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quarter-hours and hours of the day that holds noon of a date in a zone.
    fn day(zone: &str, noon: &str) -> (usize, i64) {
        let zone = TimeZone::get(zone).unwrap();
        let noon: Timestamp = noon.parse().unwrap();
        let (begin, end) = (day_border(noon, &zone, false).unwrap(), day_border(noon, &zone, true).unwrap());
        let quarters: usize =
            stretches(begin, end, Cut::Minutes(15), &zone).iter().map(|stretch| stretch.intervals().len()).sum();
        let days = stretches(begin, end, Cut::Days, &zone);
        assert_eq!((days.len(), days[0].intervals()), (1, vec![Interval { begins_at: begin, ends_at: end }]));
        (quarters, end.millis_since(begin) / (60 * MINUTE_MS))
    }

    #[test]
    fn the_days_of_the_clock_change_have_92_and_100_quarter_hours() {
        assert_eq!(day("Europe/Madrid", "2026-03-28T12:00:00Z"), (96, 24));
        assert_eq!(day("Europe/Madrid", "2026-03-29T12:00:00Z"), (92, 23));
        assert_eq!(day("Europe/Madrid", "2026-10-25T12:00:00Z"), (100, 25));
        // The other half of the world turns its clocks the other way round, and behind Greenwich days begin later.
        assert_eq!(day("America/Santiago", "2026-09-06T16:00:00Z"), (92, 23));
        assert_eq!(day("Australia/Sydney", "2026-10-04T02:00:00Z"), (92, 23));
        assert_eq!(day("Australia/Sydney", "2026-04-05T02:00:00Z"), (100, 25));
        assert_eq!(day("America/New_York", "2026-11-01T17:00:00Z"), (100, 25));
    }

    #[test]
    fn the_days_of_a_week_with_a_clock_change_join_without_gap() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        for (from, hours) in [("2026-03-25T23:00:00Z", [24, 24, 24, 23, 24]), ("2026-10-21T22:00:00Z", [24, 24, 24, 25, 24])] {
            let from: Timestamp = from.parse().unwrap();
            let to = from.plus_millis(hours.iter().sum::<i64>() * 60 * MINUTE_MS);
            let stretches = stretches(from, to, Cut::Days, &zone);
            assert_eq!(stretches.len(), 3, "days of the same length go together");
            let days: Vec<Interval> = stretches.iter().flat_map(Stretch::intervals).collect();
            let lengths: Vec<i64> = days.iter().map(|day| day.ends_at.millis_since(day.begins_at) / (60 * MINUTE_MS)).collect();
            assert_eq!(lengths, hours);
            assert!(days.windows(2).all(|pair| pair[0].ends_at == pair[1].begins_at));
        }
    }

    #[test]
    fn a_span_that_is_no_multiple_ends_with_a_shorter_interval() {
        let stretch = Stretch { from: Timestamp::from_millis(100), to: Timestamp::from_millis(350), length_ms: 100 };
        let lengths: Vec<i64> =
            stretch.intervals().iter().map(|interval| interval.ends_at.millis_since(interval.begins_at)).collect();
        assert_eq!((lengths, stretch.borders().len()), (vec![100, 100, 50], 4));
    }
}
