//! A calendar's text, read and checked: windows, holidays, overrides and breaks as an administrator writes them. All mistakes are
//! told at once, each with its place and its mend.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{Calendar, DAY_SECS, Window, merge};
use crate::domain::directory::CalendarSource;

/// Windows of one weekday or date; more is a mistake in the text.
const WINDOWS_PER_DATE_MAX: usize = 48;
/// Days before or after Easter that a holiday can be; more would leave the year.
const EASTER_DAYS_MAX: i32 = 120;
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

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
    #[error("{0:?} is no date; write 2026-12-25, --12-25 for every year, or easter-2")]
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

/// The closed days of a calendar, each with its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Holidays {
    once: BTreeMap<Date, String>,
    /// By month and day.
    yearly: BTreeMap<(i8, i8), String>,
    /// By days after Easter Sunday, negative before.
    around_easter: BTreeMap<i32, String>,
}

impl Holidays {
    /// What people call the holiday of this date; `None` when it is none.
    pub(super) fn name(&self, date: Date) -> Option<&str> {
        let around_easter =
            || if self.around_easter.is_empty() { None } else { self.around_easter.get(&days_after_easter(date)) };
        let name = self.once.get(&date).or_else(|| self.yearly.get(&(date.month(), date.day()))).or_else(around_easter);
        name.map(String::as_str)
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

        let mut holidays = Holidays::default();
        for (index, holiday) in source.holidays.iter().enumerate() {
            match read_holiday(&holiday.date) {
                Some(HolidayDate::Once(date)) => _ = holidays.once.insert(date, holiday.name.clone()),
                Some(HolidayDate::Yearly(month, day)) => _ = holidays.yearly.insert((month, day), holiday.name.clone()),
                Some(HolidayDate::AroundEaster(days)) => _ = holidays.around_easter.insert(days, holiday.name.clone()),
                None => mistakes.add(format!("holidays[{index}]"), CalendarMistakeKind::InvalidDate(holiday.date.clone())),
            }
        }
        let (overrides, spills) = mistakes.dated("overrides", &source.overrides);
        let (mut breaks, break_spills) = mistakes.dated("breaks", &source.breaks);
        for (date, windows) in break_spills {
            breaks.entry(date).or_default().extend(windows);
        }

        let opens_once = overrides.values().any(|windows| !windows.is_empty());
        if weekly.iter().all(Vec::is_empty) && !opens_once && mistakes.0.is_empty() {
            mistakes.add("weekly", CalendarMistakeKind::NoHours);
        }
        if !mistakes.0.is_empty() {
            return Err(mistakes.0);
        }
        Ok(Self { zone, weekly, holidays, overrides, spills, breaks })
    }
}

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
            let Ok(date) = text.parse::<Date>() else {
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
    AroundEaster(i32),
}

fn read_holiday(text: &str) -> Option<HolidayDate> {
    if let Some(days) = text.strip_prefix("easter") {
        let days = if days.is_empty() { 0 } else { read_signed(days)? };
        return (-EASTER_DAYS_MAX..=EASTER_DAYS_MAX).contains(&days).then_some(HolidayDate::AroundEaster(days));
    }
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

/// `+39` or `-2`; the sign is not optional.
fn read_signed(text: &str) -> Option<i32> {
    text.starts_with(['+', '-']).then(|| text.parse().ok()).flatten()
}

/// Days from the Easter Sunday of the date's year to the date, negative before it.
fn days_after_easter(date: Date) -> i32 {
    let (month, day) = easter(i32::from(date.year()));
    let Ok(easter) = Date::new(date.year(), month, day) else { return i32::MAX };
    (date - easter).get_days()
}

/// Easter Sunday of the western churches, by the Gregorian computus of Butcher (Nature, 1876).
fn easter(year: i32) -> (i8, i8) {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let moons = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moons + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * late + 114;
    (i8::try_from(sum / 31).unwrap_or(3), i8::try_from(sum % 31 + 1).unwrap_or(31))
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
