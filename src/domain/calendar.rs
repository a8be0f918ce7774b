//! Business hours: when a calendar is open, and what time is due after so much open time. Pure arithmetic on the UTC line:
//! local windows are resolved date by date in their IANA zone, each end on its own (a local time inside a gap moves forward by
//! the gap, an ambiguous one means its first occurrence, a date that the zone skipped has no windows), and only then measured.
//! Zone data is bundled. What the deadlines are for is decided elsewhere (`ticket/sla`, `queue`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::directory::CalendarSource;
use crate::types::Timestamp;

/// Local dates looked at before a search gives up: 30 years. Only a calendar whose holidays cover everything gets there.
const DATES_SEARCHED_MAX: usize = 30 * 366;
/// Windows of one weekday or date; more is a mistake in the text.
const WINDOWS_PER_DATE_MAX: usize = 48;
const DAY_SECS: i32 = 86_400;
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A checked calendar, ready to measure with.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    weekly: [Vec<Window>; 7],
    holidays: BTreeSet<Date>,
    yearly_holidays: BTreeSet<(i8, i8)>,
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

/// Something wrong with a calendar's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct CalendarMistake {
    /// Where, for example `weekly.tue[0]`.
    pub place: String,
    /// What.
    pub kind: CalendarMistakeKind,
}

/// What is wrong, with the mend in its sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarMistakeKind {
    /// Not an IANA zone.
    #[error("{0:?} is no IANA time zone; write one like \"Europe/Madrid\"")]
    UnknownZone(String),
    /// Not a weekday.
    #[error("{0:?} is no weekday; write mon, tue, wed, thu, fri, sat or sun")]
    UnknownWeekday(String),
    /// Not a time of day.
    #[error("{0:?} is no time of day; write HH:MM, up to 48:00 for a window past midnight")]
    InvalidTime(String),
    /// Close is not after open.
    #[error("closes at or before it opens; write 21:00 to 26:00 for a window past midnight")]
    InvalidHours,
    /// Not a date.
    #[error("{0:?} is no date; write 2026-12-25, or --12-25 for every year")]
    InvalidDate(String),
    /// More windows than anybody means.
    #[error("more than 48 windows")]
    TooManyWindows,
    /// Never open.
    #[error("the week has no opening hours; give at least one window")]
    NoHours,
}

impl CalendarMistakeKind {
    /// The mistake's name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownZone(_) => "unknown_zone",
            Self::UnknownWeekday(_) => "unknown_weekday",
            Self::InvalidTime(_) => "invalid_time",
            Self::InvalidHours => "invalid_hours",
            Self::InvalidDate(_) => "invalid_date",
            Self::TooManyWindows => "too_many_windows",
            Self::NoHours => "no_working_time",
        }
    }
}

impl Calendar {
    /// Checks a calendar's text; reports all mistakes at once.
    pub fn resolve(source: &CalendarSource) -> Result<Self, Vec<CalendarMistake>> {
        let mut mistakes = Mistakes(Vec::new());
        let zone = TimeZone::get(&source.tz).unwrap_or_else(|_| {
            mistakes.add("tz", CalendarMistakeKind::UnknownZone(source.tz.clone()));
            TimeZone::UTC
        });

        let mut weekly: [Vec<Window>; 7] = Default::default();
        for (name, pairs) in &source.weekly {
            let Some(day) = WEEKDAYS.iter().position(|weekday| weekday == name) else {
                mistakes.add(format!("weekly.{name}"), CalendarMistakeKind::UnknownWeekday(name.clone()));
                continue;
            };
            let (own, spill) = mistakes.windows(&format!("weekly.{name}"), pairs);
            weekly[day].extend(own);
            weekly[(day + 1) % 7].extend(spill);
        }
        for windows in &mut weekly {
            merge(windows);
        }
        if weekly.iter().all(Vec::is_empty) && mistakes.0.is_empty() {
            mistakes.add("weekly", CalendarMistakeKind::NoHours);
        }

        let mut holidays = BTreeSet::new();
        let mut yearly_holidays = BTreeSet::new();
        for (index, holiday) in source.holidays.iter().enumerate() {
            match read_holiday(&holiday.date) {
                Some(HolidayDate::Once(date)) => _ = holidays.insert(date),
                Some(HolidayDate::Yearly(month, day)) => _ = yearly_holidays.insert((month, day)),
                None => mistakes.add(format!("holidays[{index}]"), CalendarMistakeKind::InvalidDate(holiday.date.clone())),
            }
        }
        let (overrides, spills) = mistakes.dated("overrides", &source.overrides);
        let (mut breaks, break_spills) = mistakes.dated("breaks", &source.breaks);
        for (date, windows) in break_spills {
            breaks.entry(date).or_default().extend(windows);
        }

        if !mistakes.0.is_empty() {
            return Err(mistakes.0);
        }
        Ok(Self { zone, weekly, holidays, yearly_holidays, overrides, spills, breaks })
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

    /// The latest instant from which so many milliseconds of open time lead to `end`.
    pub fn due_back(&self, end: Timestamp, budget_ms: i64) -> Option<Timestamp> {
        let mut left = budget_ms.max(0);
        let mut date = self.local_date(end).tomorrow().ok()?;
        for _ in 0..DATES_SEARCHED_MAX {
            for span in self.spans_of(date).into_iter().rev() {
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

    /// So many dates with any opening later, at the same local time of day, rolled forward to open; with `is_end_of_day` the
    /// last closing of that date instead.
    pub fn due_days(&self, start: Timestamp, days: u32, is_end_of_day: bool) -> Option<Timestamp> {
        let local = self.local(start);
        let mut date = local.date();
        let mut left = days;
        let mut searched = 0;
        while left > 0 {
            searched += 1;
            if searched > DATES_SEARCHED_MAX {
                return None;
            }
            date = date.tomorrow().ok()?;
            if !self.spans_of(date).is_empty() {
                left -= 1;
            }
        }
        let at = self.instant(date.to_datetime(local.time()))?;
        let open = self.next_open(at)?;
        if is_end_of_day { self.spans_of(self.local_date(open)).last().map(|span| span.to) } else { Some(open) }
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

    /// The instant of a local time in the calendar's zone, `2014-03-09T02:30:00`.
    pub fn resolve_local(&self, local: &str) -> Option<Timestamp> {
        self.instant(local.parse().ok()?)
    }

    /// Open spans that end after `at`, in order, joined where one ends as the next begins.
    fn spans_from(&self, at: Timestamp) -> impl Iterator<Item = Span> + '_ {
        let first = self.local_date(at).yesterday().unwrap_or(Date::MIN);
        let mut dates = std::iter::successors(Some(first), |date| date.tomorrow().ok()).take(DATES_SEARCHED_MAX);
        let mut ready: std::collections::VecDeque<Span> = std::collections::VecDeque::new();
        let mut is_at_end = false;
        std::iter::from_fn(move || {
            // A span can go out once a later one that does not touch it is known.
            while ready.len() < 2 && !is_at_end {
                let Some(date) = dates.next() else {
                    is_at_end = true;
                    break;
                };
                for span in self.spans_of(date).into_iter().filter(|span| span.to > at) {
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
        } else if self.holidays.contains(&date) || self.yearly_holidays.contains(&(date.month(), date.day())) {
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
        let instant = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(Timestamp::from_millis(instant.as_millisecond()))
    }

    fn local(&self, at: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        self.zone.to_datetime(instant)
    }

    fn local_date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }
}

/// Spans are joined up to this length, so that a calendar that never closes still yields spans.
const JOINED_MS_MAX: i64 = 40 * 86_400_000;

struct Mistakes(Vec<CalendarMistake>);

impl Mistakes {
    fn add(&mut self, place: impl Into<String>, kind: CalendarMistakeKind) {
        self.0.push(CalendarMistake { place: place.into(), kind });
    }

    /// Windows of a date, and what they spill over into the next.
    fn windows(&mut self, place: &str, pairs: &[(String, String)]) -> (Vec<Window>, Vec<Window>) {
        let (mut own, mut spill) = (Vec::new(), Vec::new());
        if pairs.len() > WINDOWS_PER_DATE_MAX {
            self.add(place, CalendarMistakeKind::TooManyWindows);
            return (own, spill);
        }
        for (index, (open, close)) in pairs.iter().enumerate() {
            let place = format!("{place}[{index}]");
            let (Some(from), Some(to)) = (read_time(open), read_time(close)) else {
                let wrong = if read_time(open).is_none() { open } else { close };
                self.add(place, CalendarMistakeKind::InvalidTime(wrong.clone()));
                continue;
            };
            if to <= from {
                self.add(place, CalendarMistakeKind::InvalidHours);
                continue;
            }
            if from < DAY_SECS {
                own.push(Window { open: from, close: to.min(DAY_SECS) });
            }
            if to > DAY_SECS {
                spill.push(Window { open: from.max(DAY_SECS) - DAY_SECS, close: to - DAY_SECS });
            }
        }
        merge(&mut own);
        (own, spill)
    }

    fn dated(
        &mut self,
        section: &str,
        source: &BTreeMap<String, Vec<(String, String)>>,
    ) -> (BTreeMap<Date, Vec<Window>>, BTreeMap<Date, Vec<Window>>) {
        let (mut by_date, mut spills) = (BTreeMap::new(), BTreeMap::new());
        for (text, pairs) in source {
            let Some(HolidayDate::Once(date)) = read_holiday(text) else {
                self.add(format!("{section}.{text}"), CalendarMistakeKind::InvalidDate(text.clone()));
                continue;
            };
            let (own, spill) = self.windows(&format!("{section}.{text}"), pairs);
            by_date.insert(date, own);
            if let (false, Ok(next)) = (spill.is_empty(), date.tomorrow()) {
                spills.insert(next, spill);
            }
        }
        (by_date, spills)
    }
}

enum HolidayDate {
    Once(Date),
    Yearly(i8, i8),
}

fn read_holiday(text: &str) -> Option<HolidayDate> {
    match text.strip_prefix("--") {
        Some(rest) => {
            let (month, day) = rest.split_once('-')?;
            let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
            // 2024 is a leap year, so that --02-29 can be said.
            Date::new(2024, month, day).ok()?;
            Some(HolidayDate::Yearly(month, day))
        }
        None => text.parse().ok().map(HolidayDate::Once),
    }
}

/// `HH:MM` or `HH:MM:SS`, up to 48:00, in seconds.
fn read_time(text: &str) -> Option<i32> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let read = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i32>().ok()).flatten();
    let (hours, minutes, seconds) = (read(hours)?, read(minutes)?, read(seconds)?);
    let is_in_range = hours <= 48 && minutes < 60 && seconds < 60 && parts.next().is_none();
    let total = is_in_range.then_some(hours * 3600 + minutes * 60 + seconds)?;
    (total <= 2 * DAY_SECS).then_some(total)
}

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
