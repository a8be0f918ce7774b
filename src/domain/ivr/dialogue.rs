//! `dialogue.toml`: walks that a line must allow. Each step does something (press, be silent) or expects something (hear, node,
//! queue). What was said before a key or a silence and not asked about is forgotten. A walk that fails says at which step, what was expected and what happened instead.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use serde::Deserialize;
use toml::Spanned;

use super::{
    flow::{FlowEffect, FlowEnd, KnownCaller},
    mistake::{Mistake, Notes, did_you_mean},
    read::listed,
    script::Line,
    walk::{Coverage, Walk, World, node_names},
};
use crate::types::{CalendarId, QueueId};

/// Walks in one file.
const WALKS_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    caller: BTreeMap<String, Caller>,
    walk: Vec<Spanned<WalkText>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    #[serde(default)]
    language: String,
    #[serde(default)]
    segment: String,
    #[serde(default)]
    tickets: Vec<Ticket>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    number: i64,
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WalkText {
    name: String,
    language: Option<String>,
    caller: Option<Spanned<String>>,
    #[serde(default)]
    matches: usize,
    #[serde(default = "yes")]
    can_call_back: bool,
    #[serde(default = "yes")]
    lookup_done: bool,
    #[serde(default)]
    closed: Vec<CalendarId>,
    steps: Vec<Spanned<StepText>>,
}

fn yes() -> bool {
    true
}

/// One step; a table with one key (`reason` goes with `queue` and `callback`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum StepText {
    Press { press: String },
    Silence { silence: bool },
    LookUp { look_up: LookUp },
    Hear { hear: OneOrMany },
    Node { node: String },
    Language { language: String },
    Queue { queue: QueueId, reason: Option<String> },
    Callback { callback: QueueId, reason: Option<String> },
    HangUp { hangs_up: bool },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LookUp {
    Answered,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What a dialogue file says about a line.
#[derive(Debug, Clone, PartialEq)]
pub struct DialogueReport {
    /// Walks that went as written, by name.
    pub passed: Vec<String>,
    /// What did not, at its place; also when the file cannot be read.
    pub mistakes: Vec<Mistake>,
    /// Nodes and ways used.
    pub coverage: Coverage,
}

/// Runs every walk of `dialogue.toml`.
pub fn run_dialogue(line: &Arc<Line>, text: &str) -> DialogueReport {
    let mut notes = Notes::new(format!("{}/dialogue.toml", line.id), text);
    let mut report = DialogueReport { passed: vec![], mistakes: vec![], coverage: Coverage::default() };
    match toml::from_str::<File>(text) {
        Err(error) => {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            let mend = "see `ivr-scripts/README.md`, Dialogues: each step is one of press, silence, look_up, hear, node, language, \
                        queue, callback, hangs_up";
            notes.error(&error.span().unwrap_or(0..0), message, mend);
        }
        Ok(file) => {
            for walk in file.walk.iter().take(WALKS_MAX) {
                match follow(line, &file.caller, walk, &mut report.coverage) {
                    Ok(()) => report.passed.push(walk.get_ref().name.clone()),
                    Err(failure) => {
                        let what = format!("walk \"{}\": {}", walk.get_ref().name, failure.what);
                        notes.error(&failure.span, what, failure.mend);
                    }
                }
            }
        }
    }
    report.mistakes = notes.mistakes;
    report
}

struct Failure {
    span: Range<usize>,
    what: String,
    mend: String,
}

fn follow(
    line: &Arc<Line>,
    callers: &BTreeMap<String, Caller>,
    text: &Spanned<WalkText>,
    coverage: &mut Coverage,
) -> Result<(), Failure> {
    let written = text.get_ref();
    let mut world = World {
        matches: written.matches,
        can_call_back: written.can_call_back,
        lookup_done: written.lookup_done,
        closed: written.closed.iter().cloned().collect(),
        caller: None,
    };
    if let Some(name) = &written.caller {
        let Some(caller) = callers.get(name.get_ref()) else {
            let mend = match did_you_mean(name.get_ref(), callers.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write [caller.{}]", name.get_ref()),
            };
            return Err(Failure { span: name.span(), what: format!("there is no caller `{}`", name.get_ref()), mend });
        };
        world.caller = Some(KnownCaller {
            name: name.get_ref().clone(),
            language: caller.language.clone(),
            segment: caller.segment.clone(),
            open_tickets: caller.tickets.iter().map(|t| (t.number, t.state.as_str().into())).collect(),
        });
    }
    let language = written.language.as_deref().or_else(|| line.languages.first().map(AsRef::as_ref)).unwrap_or("");
    let mut walk = Walk::begin(line, language, world);
    let outcome = written.steps.iter().try_for_each(|step| {
        one_step(line, &mut walk, step.get_ref()).map_err(|what| Failure {
            span: step.span(),
            what,
            mend: format!("the call came by {}; mend the flow or the walk", walk.path.join(" → ")),
        })
    });
    coverage.add(&walk.path);
    outcome?;
    // A walk that stops in the middle proves less than its name says.
    if walk.end.is_none() {
        let what = format!("it stops at `{}`, with the call still in the flow", walk.path.last().map_or("", AsRef::as_ref));
        let mend = "go on until a queue, a callback or the end".to_owned();
        return Err(Failure { span: text.span(), what, mend });
    }
    Ok(())
}

fn one_step(line: &Line, walk: &mut Walk, step: &StepText) -> Result<(), String> {
    match step {
        StepText::Press { press } => {
            for key in press.chars() {
                if walk.end.is_some() {
                    return Err(format!("the flow was over before `{key}` could be pressed"));
                }
                walk.news.clear();
                walk.press(key);
            }
            Ok(())
        }
        StepText::Silence { silence: true } => {
            walk.news.clear();
            if walk.stay_silent() { Ok(()) } else { Err("the flow was over before the silence".into()) }
        }
        StepText::Silence { silence: false } => Err("silence = false says nothing".into()),
        StepText::LookUp { look_up: LookUp::Answered } => {
            walk.look_up_answered();
            Ok(())
        }
        StepText::Hear { hear } => hears(line, walk, hear),
        StepText::Node { node } => passes(line, walk, node),
        StepText::Language { language } if walk.language().as_ref() == language => Ok(()),
        StepText::Language { language } => Err(format!("expected `{language}` to be spoken, it is `{}`", walk.language())),
        StepText::Queue { queue, reason } => ends(
            walk,
            &|end| matches!(end, FlowEnd::Queue { queue: q, reason: r } if q == queue && (reason.is_none() || r == reason)),
        ),
        StepText::Callback { callback, reason } => ends(
            walk,
            &|end| matches!(end, FlowEnd::Callback { queue: q, reason: r } if q == callback && (reason.is_none() || r == reason)),
        ),
        StepText::HangUp { hangs_up: true } => ends(walk, &|end| *end == FlowEnd::HangUp),
        StepText::HangUp { hangs_up: false } => Err("hangs_up = false says nothing".into()),
    }
}

/// The next playback holds these recordings: one among others, or exactly the list. Earlier ones must have been heard out.
fn hears(line: &Line, walk: &mut Walk, hear: &OneOrMany) -> Result<(), String> {
    let wanted: Vec<&str> = match hear {
        OneOrMany::One(name) => vec![name],
        OneOrMany::Many(names) => names.iter().map(String::as_str).collect(),
    };
    let is_exact = matches!(hear, OneOrMany::Many(_));
    loop {
        let play = walk.news.iter().position(|effect| matches!(effect, FlowEffect::Play { .. }));
        if let Some(at) = play {
            let before: Vec<FlowEffect> = walk.news.drain(..=at).collect();
            let Some(FlowEffect::Play { clips }) = before.last() else { continue };
            let heard: Vec<String> = clips.iter().map(|clip| as_written(line, clip)).collect();
            let is_so = if is_exact {
                heard.iter().map(String::as_str).eq(wanted.iter().copied())
            } else {
                wanted.iter().all(|name| heard.iter().any(|h| h == name))
            };
            return if is_so {
                Ok(())
            } else {
                Err(format!("expected to hear {}, heard {}", listed(wanted), listed(heard.iter().map(String::as_str))))
            };
        }
        if !walk.listen() {
            return Err(format!("expected to hear {}, heard nothing more", listed(wanted)));
        }
    }
}

/// The caller passes this node, now or after what is being said.
fn passes(line: &Line, walk: &mut Walk, node: &str) -> Result<(), String> {
    if !node_names(line).contains_key(node) {
        return Err(format!("there is no node `{node}`"));
    }
    loop {
        if walk.path.last().is_some_and(|last| last.as_ref() == node) {
            return Ok(());
        }
        let entered = |effect: &FlowEffect| matches!(effect, FlowEffect::Entered { node: n } if n.as_ref() == node);
        if walk.news.iter().any(entered) {
            return Ok(());
        }
        if !walk.listen() {
            return Err(format!("expected to come to `{node}`, is at `{}`", walk.path.last().map_or("", AsRef::as_ref)));
        }
    }
}

fn ends(walk: &mut Walk, is_right: &dyn Fn(&FlowEnd) -> bool) -> Result<(), String> {
    while walk.end.is_none() && walk.listen() {}
    match &walk.end {
        Some(end) if is_right(end) => Ok(()),
        Some(end) => Err(format!("it ended otherwise: {}", end_text(end))),
        None => Err(format!("the call is still at `{}`", walk.path.last().map_or("", AsRef::as_ref))),
    }
}

/// A clip as flows write it: `menu`, `shared/no-match`.
fn as_written(line: &Line, clip: &str) -> String {
    let mut parts = clip.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(folder), Some(_), Some(name)) if folder == line.id.as_str() => name.to_owned(),
        (Some(folder), Some(_), Some(name)) => format!("{folder}/{name}"),
        _ => clip.to_owned(),
    }
}

/// An end as people say it.
pub fn end_text(end: &FlowEnd) -> String {
    let because = |reason: &Option<String>| reason.as_ref().map_or(String::new(), |reason| format!(", reason {reason}"));
    match end {
        FlowEnd::Queue { queue, reason } => format!("queue {queue}{}", because(reason)),
        FlowEnd::Callback { queue, reason } => format!("callback by {queue}{}", because(reason)),
        FlowEnd::HangUp => "hang up".into(),
    }
}
