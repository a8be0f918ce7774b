//! Stories of flows: what callers live through (`flows`), what authors are told (`mistakes`), what chance tries (`wandering`).

mod flows;
mod mistakes;
mod wandering;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::*;
use crate::types::{CalendarId, LineId, QueueId};

/// The recordings that the stories speak of, in both languages.
const NAMES: [&str; 12] =
    ["hello", "again", "menu", "bills", "found", "closed", "bye", "ask-language", "in-queue", "silent", "wrong", "sorry"];

fn clips() -> BTreeMap<Arc<str>, u64> {
    let mut clips = BTreeMap::new();
    for language in ["es", "en"] {
        for name in NAMES {
            clips.insert(format!("test/{language}/{name}").into(), 1_500);
        }
        let digits = (0..10).map(|d| format!("digit-{d}"));
        let states = ["new", "open", "waiting", "solved"].map(|s| format!("ticket-state-{s}"));
        for name in digits.chain(states).chain(["callback-promised".into(), "goodbye".into()]) {
            clips.insert(format!("shared/{language}/{name}").into(), 700);
        }
    }
    clips
}

/// Checks a line `test` of these files, with queues `support` and `sales` and the calendar `office`.
fn check(files: &[(&str, &str)]) -> Checked {
    let id: LineId = "test".parse().expect("key");
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let queues: BTreeSet<QueueId> = ["support", "sales"].map(|q| q.parse().expect("key")).into();
    let calendars: BTreeSet<CalendarId> = ["office"].map(|c| c.parse().expect("key")).into();
    check_line(
        LineFolder { id: &id, files: &files },
        Surroundings { clips: &clips(), queues: Some(&queues), calendars: Some(&calendars) },
    )
}

/// The head of a main flow, before its nodes.
const HEAD: &str = "flow = \"test\"\nschema = 1\nlang = { default = \"es\", also = [\"en\"] }\nfallback = \"end\"\n";

/// A flow of these nodes that begins at `start`; `end` is a queue node that every story may use.
fn flow_text(start: &str, nodes: &str) -> String {
    format!("{HEAD}start = \"{start}\"\n[node.end]\ntype = \"queue\"\nqueue = \"support\"\n{nodes}")
}

fn line(start: &str, nodes: &str) -> Arc<Line> {
    line_of(&[("flow.toml", &flow_text(start, nodes))])
}

fn line_of(files: &[(&str, &str)]) -> Arc<Line> {
    let checked = check(files);
    let said: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
    Arc::new(checked.line.unwrap_or_else(|| panic!("{said:#?}")))
}

fn queue(name: &str, reason: Option<&str>) -> Option<FlowEnd> {
    Some(FlowEnd::Queue { queue: name.parse().expect("key"), reason: reason.map(Into::into) })
}

fn clips_heard(walk: &mut Walk) -> Vec<String> {
    let heard = walk.news.iter().filter_map(|effect| match effect {
        FlowEffect::Play { clips } => Some(clips.join(" ")),
        _ => None,
    });
    let heard = heard.collect();
    walk.news.clear();
    heard
}

fn ana(language: &str, tickets: &[(i64, &str)]) -> KnownCaller {
    KnownCaller {
        name: "Ana".into(),
        language: language.into(),
        segment: "gold".into(),
        open_tickets: tickets.iter().map(|(number, state)| (*number, Arc::from(*state))).collect(),
    }
}
