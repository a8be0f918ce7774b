//! SLA cases: files of facts (a calendar, instants, budgets, events, and what should come of them) with which anybody can prove the
//! clocks, `centralita sla solve` and `sla check`. Answers come from the very functions that tickets run on; only reading the file
//! and wording the answers is done here. One bad case never keeps the others from running.

mod case;
mod facts;
mod replay;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value, json};

use self::case::{CalendarText, Case, Input};
use crate::{
    domain::{
        calendar::{Calendar, resolve_local},
        ticket::{Budget, Offset},
    },
    types::Timestamp,
};

/// A file of cases in the schema `sla-cases/1`.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct CaseFile {
    #[serde(default)]
    calendars: BTreeMap<String, Value>,
    cases: Vec<Value>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Answer {
    /// Its id; `#3` for the third, if it has none.
    pub id: String,
    /// The answer under the names that the case asks for, or `error` with a code.
    pub got: Map<String, Value>,
    /// What kept the case from being read, for people.
    #[serde(skip)]
    pub complaint: Option<String>,
    /// Events that no clock knows, for people.
    #[serde(skip)]
    pub unknown_events: Vec<String>,
}

/// How an answer compares with what the case expects.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// The case.
    pub id: String,
    /// Whether everything expected came out.
    pub passed: bool,
    /// What was expected.
    pub expected: Value,
    /// What came out.
    pub got: Map<String, Value>,
    /// What kept the case from being read, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
}

/// Why a case has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unsolved {
    /// Its own rules refuse it; the code of the refusal.
    Refused(&'static str),
    /// It cannot be read; a sentence.
    Unreadable(String),
}

type Solved = Result<Map<String, Value>, Unsolved>;

impl CaseFile {
    /// Reads a file's text.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// How many cases it holds.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Answers all cases, in order.
    pub fn solve(&self) -> Vec<Answer> {
        self.cases.iter().enumerate().map(|(index, case)| self.answer(index, case)).collect()
    }

    /// Answers all cases and compares.
    pub fn check(&self) -> Vec<Verdict> {
        let answers = self.solve();
        answers
            .into_iter()
            .zip(&self.cases)
            .map(|(answer, case)| {
                let expected = case.get("expect").cloned().unwrap_or(Value::Null);
                let holds = |(key, value): (&String, &Value)| answer.got.get(key).is_some_and(|got| is_same(value, got));
                let passed = expected.as_object().is_some_and(|facts| facts.iter().all(holds));
                let complaint = match (&expected, answer.complaint) {
                    (Value::Null, None) => Some("the case expects nothing; give it `expect`".into()),
                    (_, complaint) => complaint,
                };
                Verdict { id: answer.id, passed, expected, got: answer.got, complaint }
            })
            .collect()
    }

    fn answer(&self, index: usize, text: &Value) -> Answer {
        let id = match text.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(id) => id.to_string(),
            None => format!("#{}", index + 1),
        };
        let mut unknown_events = Vec::new();
        let solved = serde_path_to_error::deserialize(text)
            .map_err(|error| Unsolved::Unreadable(error.to_string()))
            .and_then(|case: Case| self.solve_one(&case, &mut unknown_events));
        let (got, complaint) = match solved {
            Ok(got) => (got, None),
            Err(Unsolved::Refused(code)) => (facts([("error", code.into())]), None),
            Err(Unsolved::Unreadable(sentence)) => (facts([("error", "bad_case".into())]), Some(sentence)),
        };
        Answer { id, got, complaint, unknown_events }
    }

    fn solve_one(&self, case: &Case, unknown_events: &mut Vec<String>) -> Solved {
        let input = &case.input;
        match case.op.as_str() {
            "due" => {
                let (calendar, start) = (self.calendar(case)?, need(input.start, "in.start")?);
                let budget = Budget::OpenTime(input.budget_ms()?.ok_or_else(|| missing("in.budget_s"))?);
                Ok(facts([("due", due(budget, start, input, &calendar)?)]))
            }
            "due_back" => {
                let (calendar, end) = (self.calendar(case)?, need(input.end, "in.end")?);
                let budget_ms = input.budget_ms()?.ok_or_else(|| missing("in.budget_s"))?;
                Ok(facts([("start", instant(found(calendar.due_back(end, budget_ms), end, &calendar)?))]))
            }
            "due_days" => {
                let (calendar, start) = (self.calendar(case)?, need(input.start, "in.start")?);
                let days = need(input.days, "in.days")?;
                let due = Budget::Days { days, is_end_of_day: input.end_of_day }.due(start, &input.pauses(), &calendar);
                Ok(facts([("due", instant(found(due, start, &calendar)?))]))
            }
            "elapsed" => {
                let calendar = self.calendar(case)?;
                let (from, to) = (need(input.from, "in.from")?, need(input.to, "in.to")?);
                Ok(facts([("seconds", seconds(calendar.elapsed(from, to, &input.pauses())))]))
            }
            "is_open" => {
                let (calendar, at) = (self.calendar(case)?, need(input.at, "in.at")?);
                Ok(facts([("open", calendar.is_open(at).into())]))
            }
            "next_open" => {
                let (calendar, at) = (self.calendar(case)?, need(input.at, "in.at")?);
                Ok(facts([("at", instant(found(calendar.next_open(at), at, &calendar)?))]))
            }
            "resolve_local" => {
                let (zone, local) = (need(input.tz.as_deref(), "in.tz")?, need(input.local.as_deref(), "in.local")?);
                // The zone is asked for by itself, so that the error names what is wrong.
                if resolve_local(zone, "2000-01-01T00:00:00").is_none() {
                    return Err(Unsolved::Refused("unknown_zone"));
                }
                let utc = resolve_local(zone, local).ok_or(Unsolved::Refused("invalid_time"))?;
                Ok(facts([("utc", instant(utc))]))
            }
            "escalation" => escalation(input, &self.calendar(case)?),
            "validate_calendar" => {
                match &case.calendar {
                    Some(_) => _ = self.calendar(case)?,
                    None => _ = resolve(&input.calendar())?,
                }
                Ok(facts([("valid", true.into()), ("ok", true.into()), ("error", Value::Null)]))
            }
            "metrics" => replay::metrics(case, &|named| self.calendar_named(named), unknown_events),
            other => Err(Unsolved::Unreadable(format!("op: there is no operation {other:?}"))),
        }
        .map(|got| only_asked(got, case))
    }

    fn calendar(&self, case: &Case) -> Result<Calendar, Unsolved> {
        self.calendar_named(case.calendar.as_ref().ok_or_else(|| missing("calendar"))?)
    }

    /// A calendar of the file by its name, or one that is written out in its place.
    fn calendar_named(&self, named: &Value) -> Result<Calendar, Unsolved> {
        match named {
            Value::String(name) => {
                let text = self.calendars.get(name);
                resolve(text.ok_or_else(|| Unsolved::Unreadable(format!("calendar: the file has no calendar {name:?}")))?)
            }
            text => resolve(text),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        for (name, value) in &self.got {
            match value {
                Value::String(text) => write!(f, "  {name} {text}")?,
                other => write!(f, "  {name} {other}")?,
            }
        }
        Ok(())
    }
}

fn resolve(text: &Value) -> Result<Calendar, Unsolved> {
    let text: CalendarText =
        serde_path_to_error::deserialize(text).map_err(|error| Unsolved::Unreadable(format!("calendar: {error}")))?;
    Calendar::resolve(&text.source()?).map_err(|mistakes| {
        // A week without hours is the consequence of the others, never the first.
        Unsolved::Refused(mistakes.first().map_or("no_working_time", |mistake| mistake.kind.code()))
    })
}

fn due(budget: Budget, start: Timestamp, input: &Input, calendar: &Calendar) -> Result<Value, Unsolved> {
    let due = budget.due(start, &input.pauses(), calendar);
    if due.is_none() && input.is_paused_for_ever() {
        return Ok(Value::Null);
    }
    found(due, start, calendar).map(instant)
}

fn escalation(input: &Input, calendar: &Calendar) -> Solved {
    let start = need(input.start, "in.start")?;
    let budget = match (input.budget_ms()?, input.budget_days) {
        (Some(ms), None) => Budget::OpenTime(ms),
        (None, Some(days)) => Budget::Days { days, is_end_of_day: input.end_of_day },
        (Some(_), Some(_)) => return Err(Unsolved::Unreadable("in: budget_s and budget_days exclude each other".into())),
        (None, None) => return Err(missing("in.budget_s or in.budget_days")),
    };
    let offset = match (input.offset_s, input.offset_days) {
        (Some(secs), None) => Offset::OpenTime(case::millis(secs)),
        (None, Some(days)) => Offset::Days(days),
        (None, None) => Offset::OpenTime(0),
        (Some(_), Some(_)) => return Err(Unsolved::Unreadable("in: offset_s and offset_days exclude each other".into())),
    };
    let pauses = input.pauses();
    let due = found(budget.due(start, &pauses, calendar), start, calendar)?;
    let fires_at = found(offset.fires_at(due, calendar), due, calendar)?;
    let paused_ms = calendar.paused(start, input.last_pause_ends().max(due), &pauses);
    Ok(facts([("due", instant(due)), ("fires_at", instant(fires_at)), ("paused_s", seconds(paused_ms))]))
}

/// What was searched for; a calendar that opens no more has no such instant, nor has one whose hours do not reach so far.
fn found(wanted: Option<Timestamp>, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, Unsolved> {
    let code = if calendar.next_open(from).is_none() { "no_working_time" } else { "beyond_horizon" };
    wanted.ok_or(Unsolved::Refused(code))
}

/// The answer under the names that the case asks for; all of it when it asks for something that is not there, or for nothing.
fn only_asked(got: Map<String, Value>, case: &Case) -> Map<String, Value> {
    match &case.expect {
        Some(expect) if expect.keys().all(|key| got.contains_key(key)) => {
            got.into_iter().filter(|(key, _)| expect.contains_key(key)).collect()
        }
        Some(_) | None => got,
    }
}

fn need<T>(value: Option<T>, place: &str) -> Result<T, Unsolved> {
    value.ok_or_else(|| missing(place))
}

fn missing(place: &str) -> Unsolved {
    Unsolved::Unreadable(format!("{place} is missing"))
}

fn facts<const N: usize>(named: [(&str, Value); N]) -> Map<String, Value> {
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// RFC 3339 in UTC; fractions only where there are any.
fn instant(at: Timestamp) -> Value {
    let text = at.to_string();
    match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('Z').trim_end_matches('0') {
            "" => format!("{whole}Z").into(),
            digits => format!("{whole}.{digits}Z").into(),
        },
        None => text.into(),
    }
}

/// Whole seconds as a whole number, others with their fraction.
fn seconds(millis: i64) -> Value {
    if millis % 1000 == 0 { json!(millis / 1000) } else { json!(millis as f64 / 1000.0) }
}

/// Instants are the same however they are written, and so are numbers.
fn is_same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(expected), Value::String(got)) => {
            let at = |text: &str| text.parse::<Timestamp>().ok();
            expected == got || at(expected).is_some_and(|instant| at(got) == Some(instant))
        }
        (Value::Number(expected), Value::Number(got)) => expected.as_f64() == got.as_f64(),
        (expected, got) => expected == got,
    }
}
