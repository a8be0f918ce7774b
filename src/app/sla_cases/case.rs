//! A case as it is written: what every operation may name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Unsolved;
use crate::{
    domain::{
        calendar::Span,
        directory::{CalendarSource, Holiday},
    },
    types::Timestamp,
};

/// Where a pause ends that has no end: the last instant that can be written.
const END_OF_TIME: Timestamp = Timestamp::from_millis(253_402_207_200_000);

/// One case.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Case {
    pub(super) op: String,
    #[serde(default)]
    pub(super) calendar: Option<Value>,
    #[serde(default, rename = "in")]
    pub(super) input: Input,
    #[serde(default)]
    pub(super) policy: Option<Value>,
    #[serde(default)]
    pub(super) events: Vec<Value>,
    #[serde(default)]
    pub(super) expect: Option<Map<String, Value>>,
}

/// What an operation is given; each takes what belongs to it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Input {
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) at: Option<Timestamp>,
    budget_s: Option<f64>,
    pub(super) budget_days: Option<i64>,
    pub(super) days: Option<i64>,
    #[serde(default)]
    pub(super) end_of_day: bool,
    pub(super) offset_s: Option<f64>,
    pub(super) offset_days: Option<i64>,
    #[serde(default)]
    pauses: Vec<PauseText>,
    pub(super) tz: Option<String>,
    pub(super) local: Option<String>,
    /// A calendar written out, for `validate_calendar`.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// `[from, to]`; without end while it lasts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum PauseText {
    Pair(Timestamp, Option<Timestamp>),
    Named { from: Timestamp, to: Option<Timestamp> },
}

impl PauseText {
    fn span(self) -> Span {
        let (Self::Pair(from, to) | Self::Named { from, to }) = self;
        Span { from, to: to.unwrap_or(END_OF_TIME) }
    }
}

impl Input {
    /// Milliseconds of open time; less than none is refused.
    pub(super) fn budget_ms(&self) -> Result<Option<i64>, Unsolved> {
        match self.budget_s {
            Some(secs) if secs < 0.0 => Err(Unsolved::Refused("invalid_budget")),
            secs => Ok(secs.map(millis)),
        }
    }

    pub(super) fn pauses(&self) -> Vec<Span> {
        self.pauses.iter().map(|pause| pause.span()).collect()
    }

    /// The calendar that is written out in it.
    pub(super) fn calendar(&self) -> Value {
        let tz = self.tz.iter().map(|tz| ("tz".to_owned(), tz.clone().into()));
        Value::Object(self.rest.clone().into_iter().chain(tz).collect())
    }

    pub(super) fn is_paused_for_ever(&self) -> bool {
        self.pauses().iter().any(|pause| pause.to == END_OF_TIME)
    }

    pub(super) fn last_pause_ends(&self) -> Timestamp {
        self.pauses().iter().map(|pause| pause.to).filter(|to| *to < END_OF_TIME).max().unwrap_or_default()
    }
}

/// Seconds as written, in milliseconds.
pub(super) fn millis(secs: f64) -> i64 {
    (secs * 1000.0).round() as i64
}

/// A calendar as case files write it: without key and name, holidays as bare dates.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct CalendarText {
    #[serde(default = "utc")]
    tz: String,
    #[serde(default)]
    weekly: BTreeMap<String, Vec<(String, String)>>,
    #[serde(default)]
    holidays: Vec<HolidayText>,
    #[serde(default)]
    overrides: BTreeMap<String, Vec<(String, String)>>,
    #[serde(default)]
    breaks: BTreeMap<String, Vec<(String, String)>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum HolidayText {
    Date(String),
    Named(Holiday),
}

fn utc() -> String {
    "Etc/UTC".into()
}

impl CalendarText {
    pub(super) fn source(self) -> Result<CalendarSource, Unsolved> {
        let id = "case".parse().map_err(|_| Unsolved::Unreadable("calendar: no key".into()))?;
        let holidays = self.holidays.into_iter().map(|holiday| match holiday {
            HolidayText::Date(date) => Holiday { date, name: String::new() },
            HolidayText::Named(holiday) => holiday,
        });
        Ok(CalendarSource {
            id,
            name: String::new(),
            tz: self.tz,
            weekly: self.weekly,
            holidays: holidays.collect(),
            overrides: self.overrides,
            breaks: self.breaks,
        })
    }
}
