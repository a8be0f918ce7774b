//! What clocks say, under the names by which cases ask: `<metric>_due`, `<metric>_met`, `<metric>_margin_s` and their like.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{instant, replay::Facts, seconds};
use crate::{
    domain::{
        calendar::Calendar,
        ticket::{Clock, ClockState, Metric},
    },
    types::{CalendarId, Timestamp},
};

/// Names of metrics, as facts begin with them.
const METRICS: [(&str, Metric); 4] = [
    ("first_response", Metric::FirstResponse),
    ("next_response", Metric::NextResponse),
    ("update", Metric::Update),
    ("resolution", Metric::Resolution),
];

/// How a ticket's clocks stand at an instant.
pub(super) struct Standing<'a> {
    pub(super) clocks: &'a [Clock],
    pub(super) calendars: &'a BTreeMap<CalendarId, Calendar>,
    pub(super) at: Timestamp,
}

impl Standing<'_> {
    /// The facts of these names; a name that means nothing is left out.
    pub(super) fn tell<'n>(&self, names: impl Iterator<Item = &'n str>) -> Facts {
        names.filter_map(|name| Some((name.to_owned(), self.fact(name)?))).collect()
    }

    /// What is worth knowing when nothing was asked for.
    pub(super) fn tell_all(&self) -> Facts {
        let names = METRICS.iter().flat_map(|(name, _)| ["due", "met", "breached"].map(|what| format!("{name}_{what}")));
        let mut facts: Facts = names.filter_map(|name| Some((name.clone(), self.fact(&name)?))).collect();
        facts.insert("next_breach_at".into(), self.next_breach_at());
        facts
    }

    fn fact(&self, name: &str) -> Option<Value> {
        if name == "next_breach_at" {
            return Some(self.next_breach_at());
        }
        let (metric, what) =
            METRICS.iter().find_map(|(prefix, metric)| Some((*metric, name.strip_prefix(prefix)?.strip_prefix('_')?)))?;
        let of_metric = || self.clocks.iter().filter(move |clock| clock.metric == metric);
        let live = of_metric().rfind(|clock| clock.is_live());
        // The exchange that came to its end; without one, the one that runs.
        let judged = of_metric().rfind(|clock| clock.met_at.is_some()).or(live);
        let breaches = of_metric().filter(|clock| clock.breached_at.is_some()).count();
        let used_ms = judged.and_then(|clock| Some(clock.used_ms(self.calendars.get(&clock.calendar)?, self.at)));
        let margin_ms = judged.zip(used_ms).map(|(clock, used_ms)| clock.target_secs * 1000 - used_ms);
        let maybe = |ms: Option<i64>, tell: fn(i64) -> Value| ms.map_or(Value::Null, tell);
        Some(match what {
            "due" | "due_at" => live.and_then(|clock| clock.due_at).map_or(Value::Null, instant),
            "met" | "in_time" => match (breaches, of_metric().any(|clock| clock.state == ClockState::Met)) {
                (0, true) => true.into(),
                (0, false) => Value::Null,
                _ => false.into(),
            },
            "breached" | "missed" => (breaches > 0).into(),
            "breaches" => json!(breaches),
            "breached_at" | "breach_at" => of_metric().find_map(|clock| clock.breached_at).map_or(Value::Null, instant),
            "met_at" | "at" => of_metric().rev().find_map(|clock| clock.met_at).map_or(Value::Null, instant),
            "elapsed_s" | "elapsed" => maybe(used_ms, seconds),
            "elapsed_min" => maybe(used_ms, |ms| json!(ms.div_euclid(60_000))),
            "margin_s" | "margin" => maybe(margin_ms, seconds),
            "margin_min" => maybe(margin_ms, |ms| json!(ms.div_euclid(60_000))),
            "paused" => live.is_some_and(|clock| clock.state == ClockState::Paused).into(),
            "running" => live.is_some_and(|clock| clock.due_at.is_some()).into(),
            "state" => of_metric().next_back().and_then(|clock| serde_json::to_value(clock.state).ok()).unwrap_or(Value::Null),
            "target_s" => judged.map_or(Value::Null, |clock| json!(clock.target_secs)),
            "cycle" | "cycles" => json!(of_metric().map(|clock| clock.cycle).max().unwrap_or(0)),
            _ => return None,
        })
    }

    /// The earliest deadline that somebody still owes.
    fn next_breach_at(&self) -> Value {
        let owed = self.clocks.iter().filter(|clock| clock.is_live()).filter_map(|clock| clock.due_at);
        owed.min().map_or(Value::Null, instant)
    }
}
