//! What makes a line wrong, found before a caller finds it: nodes that are not there or never reached, callers who go round in a
//! circle, prompts, queues, calendars and languages that do not exist. Reads the files' texts; opens no file itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    flow::DEPTH_MAX,
    mistake::{Mistake, Notes, Severity, did_you_mean},
    read::{ReadFlow, listed, read_flow},
    script::{Fragment, Labels, LanguageStep, Line, Step},
    silence::{self, Silence},
};
use crate::{
    domain::directory::LANGUAGES,
    types::{CalendarId, LineId, QueueId},
};

/// A caller who presses nothing should be with a person, or done, within this time.
const SILENT_MS_MAX: u64 = 180_000;
/// Nodes in one file.
const NODES_MAX: usize = 500;
/// Bytes in one file.
pub const FILE_BYTES_MAX: usize = 1_000_000;
/// The files of a line's folder that are no flows.
pub const NO_FLOWS: [&str; 2] = ["dialogue.toml", "layout.toml"];

/// A line's folder.
#[derive(Debug, Clone, Copy)]
pub struct LineFolder<'a> {
    /// Its name.
    pub id: &'a LineId,
    /// Its `*.toml` files: name → text.
    pub files: &'a BTreeMap<String, String>,
}

/// What a line may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Every recording, `main-menu/es/welcome`, with its length in milliseconds.
    pub clips: &'a BTreeMap<Arc<str>, u64>,
    /// The queues, when a directory is at hand.
    pub queues: Option<&'a BTreeSet<QueueId>>,
    /// The calendars, when a directory is at hand.
    pub calendars: Option<&'a BTreeSet<CalendarId>>,
}

/// A line as checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The line, if it has no errors.
    pub line: Option<Line>,
    /// Everything found, in the order of the files.
    pub mistakes: Vec<Mistake>,
}

/// Reads and checks a line.
pub fn check_line(folder: LineFolder<'_>, around: Surroundings<'_>) -> Checked {
    let mut flows = BTreeMap::new();
    let mut notes = BTreeMap::new();
    for (file, text) in folder.files.iter().filter(|(file, _)| !NO_FLOWS.contains(&file.as_str())) {
        let Some(stem) = file.strip_suffix(".toml") else { continue };
        let mut noted = Notes::new(format!("{}/{file}", folder.id), text);
        let is_main = stem == "flow";
        if text.len() > FILE_BYTES_MAX {
            noted.error(&(0..0), "the file is too long", format!("keep it under {FILE_BYTES_MAX} bytes; use subflows"));
        } else {
            let name = if is_main { folder.id.as_str() } else { stem };
            if let Some(flow) = read_flow(text, folder.id.as_str(), name, is_main, &mut noted) {
                flows.insert(stem.to_owned(), flow);
            }
        }
        notes.insert(stem.to_owned(), noted);
    }
    let mut check = Check { folder, around, flows: &flows, notes };
    check.line();
    let is_right = check.notes.values().flat_map(|notes| &notes.mistakes).all(|m| m.severity != Severity::Error);
    let mut mistakes: Vec<Mistake> = check.notes.into_values().flat_map(|notes| notes.mistakes).collect();
    // `flow.toml` first, then by place; the same place keeps its order.
    mistakes.sort_by_key(|m| (!m.file.ends_with("/flow.toml"), m.file.clone(), m.line, m.column));
    Checked { line: if is_right { built(folder.id, flows) } else { None }, mistakes }
}

fn built(id: &LineId, mut flows: BTreeMap<String, ReadFlow>) -> Option<Line> {
    let main = flows.remove("flow")?;
    let head = main.head?;
    let line = Line {
        id: id.clone(),
        label: head.label,
        reasons: head.reasons,
        languages: head.languages,
        main: main.flow,
        subflows: flows.into_iter().map(|(name, read)| (name.into(), read.flow)).collect(),
        duration_ms_max: head.duration_ms_max,
        fallback: head.fallback,
        version: "".into(),
    };
    Some(line.with_version())
}

struct Check<'a> {
    folder: LineFolder<'a>,
    around: Surroundings<'a>,
    flows: &'a BTreeMap<String, ReadFlow>,
    notes: BTreeMap<String, Notes<'a>>,
}

impl Check<'_> {
    fn line(&mut self) {
        let Some(main) = self.flows.get("flow") else {
            if !self.folder.files.contains_key("flow.toml") {
                let mut notes = Notes::new(format!("{}/flow.toml", self.folder.id), "");
                notes.error(&(0..0), "the line has no flow", "write a flow.toml in this folder");
                self.notes.insert("flow".into(), notes);
            }
            return;
        };
        let languages = main.head.as_ref().map(|head| head.languages.clone()).unwrap_or_default();
        for (stem, flow) in self.flows {
            self.targets(stem, flow);
            self.words(stem, flow, &languages);
            self.world(stem, flow, &languages);
            self.subflows(stem, flow);
            self.labels(stem, flow);
        }
        self.reasons(main);
        self.fallback(main);
        self.layout();
        // What follows speaks of the whole graph: a node that could not be read would make it say untrue things.
        let is_sound = self.flows.values().all(|flow| flow.is_whole)
            && self.notes.values().flat_map(|notes| &notes.mistakes).all(|m| m.severity != Severity::Error);
        if !is_sound || !self.nesting() {
            return;
        }
        for (stem, flow) in self.flows {
            self.reachable(stem, flow);
            self.tickets_known(stem, flow);
        }
        self.silent_callers(&languages);
    }

    fn targets(&mut self, stem: &str, flow: &ReadFlow) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        if flow.names.len() > NODES_MAX {
            notes.error(&flow.span("", "node"), "too many nodes", format!("keep it under {NODES_MAX}; use subflows"));
        }
        let mut need = |from: &str, key: &str, to: &str| {
            if !to.is_empty() && !flow.names.contains(to) {
                let mend = match did_you_mean(to, flow.names.iter().map(AsRef::as_ref)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => {
                        format!("write [node.{to}], or use one of {}", listed(flow.names.iter().take(12).map(AsRef::as_ref)))
                    }
                };
                notes.error(&flow.span(from, key), format!("there is no node `{to}` in this file"), mend);
            }
        };
        need("", "start", &flow.flow.start);
        for (name, node) in &flow.flow.nodes {
            for exit in node.step.exits() {
                need(name, &exit.key, exit.to);
            }
        }
    }

    /// Every recording exists in every language.
    fn words(&mut self, stem: &str, flow: &ReadFlow, languages: &[Arc<str>]) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        let clips = self.around.clips;
        for (name, node) in &flow.flow.nodes {
            let promised = match &node.step {
                Step::Callback { .. } => vec![("type", vec!["shared/{}/callback-promised".to_owned()])],
                step => step.prompts().into_iter().map(|(key, prompt)| (key, clips_of(&prompt.0))).collect(),
            };
            for (key, wanted) in promised {
                for language in languages {
                    let missing =
                        wanted.iter().map(|clip| clip.replace("{}", language)).find(|clip| !clips.contains_key(clip.as_str()));
                    if let Some(clip) = missing {
                        let (folder, file) = clip.split_once('/').unwrap_or(("", &clip));
                        let what = format!("nothing is recorded as `{clip}`");
                        let near =
                            did_you_mean(&clip, clips.keys().map(AsRef::as_ref)).and_then(|near| near.rsplit('/').next());
                        let mend = match near.filter(|near| !file.ends_with(&format!("/{near}"))) {
                            Some(near) => {
                                format!("did you mean `{near}`? Else put the recording at {folder}/prompts/{file}.wav")
                            }
                            None => format!("put the recording at {folder}/prompts/{file}.wav"),
                        };
                        notes.error(&flow.span(name, key), what, mend);
                    }
                }
            }
        }
    }

    /// Queues, calendars and languages exist.
    fn world(&mut self, stem: &str, flow: &ReadFlow, languages: &[Arc<str>]) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        for (name, node) in &flow.flow.nodes {
            match &node.step {
                Step::Queue { queue, .. } | Step::Callback { queue, .. } => {
                    if let Some(queues) = self.around.queues.filter(|queues| !queues.contains(queue)) {
                        let mend = one_of(queues.iter().map(QueueId::as_str));
                        notes.error(&flow.span(name, "queue"), format!("there is no queue `{queue}`"), mend);
                    }
                }
                Step::Hours { calendar, .. } => {
                    if let Some(all) = self.around.calendars.filter(|all| !all.contains(calendar)) {
                        let mend = one_of(all.iter().map(CalendarId::as_str));
                        notes.error(&flow.span(name, "calendar"), format!("there is no calendar `{calendar}`"), mend);
                    }
                }
                Step::Language { how, .. } => {
                    let named: Vec<(String, &Arc<str>)> = match how {
                        LanguageStep::Fixed { language } => vec![("set".into(), language)],
                        LanguageStep::Caller | LanguageStep::Next => vec![],
                        LanguageStep::Ask { keys, .. } => keys.iter().map(|(key, l)| (format!("keys.{key}"), l)).collect(),
                    };
                    for (key, language) in named.into_iter().filter(|(_, l)| !languages.is_empty() && !languages.contains(l)) {
                        let mend = format!("use one of {}, or add it to `lang`", listed(languages.iter().map(AsRef::as_ref)));
                        notes.error(&flow.span(name, &key), format!("the line does not speak `{language}`"), mend);
                    }
                }
                Step::Say { .. }
                | Step::Menu { .. }
                | Step::Identify { .. }
                | Step::TicketLookup { .. }
                | Step::Subflow { .. }
                | Step::Return { .. }
                | Step::Hangup { .. } => {}
            }
        }
    }

    /// Each subflow is there, and what it returns is what its enterer knows.
    fn subflows(&mut self, stem: &str, flow: &ReadFlow) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        let names = || self.flows.keys().map(String::as_str).filter(|name| *name != "flow");
        for (name, node) in &flow.flow.nodes {
            match &node.step {
                Step::Return { .. } if stem == "flow" => {
                    notes.error(
                        &flow.span(name, ""),
                        "the main flow has nowhere to return to",
                        "use `queue`, `callback` or `hangup`",
                    );
                }
                Step::Subflow { flow: entered, returns } => {
                    let Some(subflow) = self.flows.get(entered.as_ref()).filter(|_| entered.as_ref() != "flow") else {
                        let is_there = self.folder.files.contains_key(&format!("{entered}.toml"));
                        if !is_there || entered.as_ref() == "flow" {
                            let mend = match did_you_mean(entered, names()) {
                                Some(name) => format!("did you mean `{name}`?"),
                                None => format!("write {entered}.toml in this folder"),
                            };
                            notes.error(&flow.span(name, "flow"), format!("there is no subflow `{entered}`"), mend);
                        }
                        continue;
                    };
                    let outcomes: BTreeSet<&Arc<str>> = subflow.flow.nodes.values().filter_map(|n| outcome(&n.step)).collect();
                    for outcome in outcomes.iter().filter(|o| !returns.contains_key(**o)) {
                        let what = format!("`{entered}` may return as `{outcome}`, and nothing says where that leads");
                        notes.error(&flow.span(name, "returns"), what, format!("add it to `returns`: {{ {outcome} = \"…\" }}"));
                    }
                    for extra in returns.keys().filter(|r| subflow.is_whole && !outcomes.contains(r)) {
                        let key = format!("returns.{extra}");
                        let mend = match did_you_mean(extra, outcomes.iter().map(|o| o.as_ref())) {
                            Some(outcome) => format!("did you mean `{outcome}`?"),
                            None => "delete it".to_owned(),
                        };
                        notes.error(&flow.span(name, &key), format!("`{entered}` never returns as `{extra}`"), mend);
                    }
                }
                Step::Return { .. }
                | Step::Say { .. }
                | Step::Menu { .. }
                | Step::Hours { .. }
                | Step::Identify { .. }
                | Step::TicketLookup { .. }
                | Step::Language { .. }
                | Step::Queue { .. }
                | Step::Callback { .. }
                | Step::Hangup { .. } => {}
            }
        }
    }

    /// A label is there in every language of the console, so that nobody reads another's.
    fn labels(&mut self, stem: &str, flow: &ReadFlow) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        let mut need = |node: &str, key: &str, labels: &Labels| {
            for language in LANGUAGES.iter().filter(|language| !labels.is_empty() && !labels.contains_key(**language)) {
                let what = format!("`{key}` says nothing in `{language}`, a language of the console");
                notes.warning(&flow.span(node, key), what, format!("add {language} = \"…\""));
            }
        };
        if let Some(head) = &flow.head {
            need("", "label", &head.label);
            for (reason, labels) in &head.reasons {
                need("", &format!("reasons.{reason}"), labels);
            }
        }
        for (name, node) in &flow.flow.nodes {
            need(name, "label", &node.label);
        }
    }

    /// A line that puts its reasons into words does so for all of them, and for no others.
    fn reasons(&mut self, main: &ReadFlow) {
        let Some(head) = main.head.as_ref().filter(|head| !head.reasons.is_empty()) else { return };
        let mut given = BTreeSet::new();
        for (stem, flow) in self.flows {
            let Some(notes) = self.notes.get_mut(stem) else { continue };
            for (name, node) in &flow.flow.nodes {
                for (key, reason) in node.step.reasons() {
                    given.insert(reason.clone());
                    if !head.reasons.contains_key(reason) {
                        let mend = match did_you_mean(reason, head.reasons.keys().map(AsRef::as_ref)) {
                            Some(known) => format!("did you mean `{known}`?"),
                            None => format!("add {reason} to `reasons` in flow.toml"),
                        };
                        notes.warning(&flow.span(name, &key), format!("the reason `{reason}` has no label"), mend);
                    }
                }
            }
        }
        let is_whole = self.flows.values().all(|flow| flow.is_whole);
        let Some(notes) = self.notes.get_mut("flow").filter(|_| is_whole) else { return };
        for reason in head.reasons.keys().filter(|reason| !given.contains(*reason)) {
            let what = format!("nothing gives the reason `{reason}`");
            notes.warning(&main.span("", &format!("reasons.{reason}")), what, "delete it");
        }
    }

    fn fallback(&mut self, main: &ReadFlow) {
        let (Some(head), Some(notes)) = (&main.head, self.notes.get_mut("flow")) else { return };
        let span = main.span("", "fallback");
        if !main.names.contains(&head.fallback) {
            let what = format!("there is no node `{}` in this file", head.fallback);
            notes.error(&span, what, "name a node of type `queue` or `hangup`");
            return;
        }
        match main.flow.nodes.get(&head.fallback).map(|node| &node.step) {
            Some(Step::Queue { .. } | Step::Hangup { .. }) | None => {}
            Some(other) => {
                let what = format!("the fallback `{}` is a `{}`: a call at its limit could go on", head.fallback, other.kind());
                notes.error(&span, what, "name a node of type `queue` or `hangup`");
            }
        }
    }

    /// Boxes that stand where no node is any more.
    fn layout(&mut self) {
        let Some(text) = self.folder.files.get("layout.toml") else { return };
        let mut notes = Notes::new(format!("{}/layout.toml", self.folder.id), text);
        match toml::de::DeTable::parse(text) {
            Err(error) => notes.error(
                &error.span().unwrap_or(0..0),
                error.message().lines().collect::<Vec<_>>().join(", "),
                "write it as TOML: [FLOW] and node = [x, y]",
            ),
            Ok(document) => {
                for (flow, boxes) in document.get_ref() {
                    let stem = if flow.get_ref() == self.folder.id.as_str() { "flow" } else { flow.get_ref().as_ref() };
                    let names = self.flows.get(stem).map(|read| &read.names);
                    let keys = boxes.get_ref().as_table().into_iter().flatten().map(|(node, _)| node);
                    for node in keys.filter(|node| !names.is_some_and(|names| names.contains(node.get_ref().as_ref()))) {
                        let what = format!("`{}` has no node `{}`", flow.get_ref(), node.get_ref());
                        notes.warning(&node.span(), what, "delete the line");
                    }
                }
            }
        }
        self.notes.insert("layout".into(), notes);
    }

    /// Subflows enter one another without a circle and not too deep.
    fn nesting(&mut self) -> bool {
        fn depth(flows: &BTreeMap<String, ReadFlow>, stem: &str, trail: &mut Vec<String>) -> Result<(), (String, String)> {
            let Some(flow) = flows.get(stem) else { return Ok(()) };
            trail.push(stem.to_owned());
            for (name, node) in &flow.flow.nodes {
                if let Step::Subflow { flow: entered, .. } = &node.step {
                    if trail.iter().any(|t| t.as_str() == entered.as_ref()) || trail.len() > DEPTH_MAX {
                        return Err((stem.to_owned(), name.to_string()));
                    }
                    depth(flows, entered, trail)?;
                }
            }
            trail.pop();
            Ok(())
        }
        let Err((stem, node)) = depth(self.flows, "flow", &mut Vec::new()) else { return true };
        if let (Some(notes), Some(flow)) = (self.notes.get_mut(&stem), self.flows.get(&stem)) {
            let what = format!("subflows enter one another in a circle here, or more than {DEPTH_MAX} deep");
            notes.error(&flow.span(&node, "flow"), what, "let the subflow `return`, and choose again outside");
        }
        false
    }

    fn reachable(&mut self, stem: &str, flow: &ReadFlow) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        let is_entered = self
            .flows
            .values()
            .flat_map(|f| f.flow.nodes.values())
            .any(|node| matches!(&node.step, Step::Subflow { flow, .. } if flow.as_ref() == stem));
        if stem != "flow" && !is_entered {
            notes.error(&(0..0), "no node enters this subflow", "enter it with a `subflow` node, or delete the file");
        }
        let mut seen = reached(flow, |_, _| true);
        if let Some(head) = &flow.head {
            seen.insert(head.fallback.clone());
        }
        for name in flow.flow.nodes.keys().filter(|name| !seen.contains(*name)) {
            notes.error(&flow.span(name, ""), format!("no way leads to `{name}`"), "lead one there, or delete the node");
        }
    }

    /// `{ticket.…}` is said only where a ticket was found on every way.
    fn tickets_known(&mut self, stem: &str, flow: &ReadFlow) {
        let Some(notes) = self.notes.get_mut(stem) else { return };
        let ticketless = reached(flow, |step, key| !(matches!(step, Step::TicketLookup { .. }) && key == "found"));
        for name in &ticketless {
            let Some(node) = flow.flow.nodes.get(name) else { continue };
            for (key, prompt) in node.step.prompts() {
                if prompt.0.iter().any(|f| matches!(f, Fragment::TicketNumber | Fragment::TicketState)) {
                    let what = format!("a call may come to `{name}` without a ticket having been found");
                    notes.error(&flow.span(name, key), what, "say it only behind `found` of a `ticket_lookup` in this file");
                }
            }
        }
    }

    fn silent_callers(&mut self, languages: &[Arc<str>]) {
        let flows: BTreeMap<&str, _> = self.flows.iter().map(|(stem, read)| (stem.as_str(), &read.flow)).collect();
        match silence::longest(&flows, self.around.clips, languages) {
            Silence::EndsWithin(ms) if ms > SILENT_MS_MAX => {
                let (Some(main), Some(notes)) = (self.flows.get("flow"), self.notes.get_mut("flow")) else { return };
                let what = format!("a caller who presses nothing may be in the flow for {} seconds", ms / 1000);
                let mend =
                    format!("shorten prompts, `timeout` or `max_tries` until it is below {} seconds", SILENT_MS_MAX / 1000);
                notes.warning(&main.span("", "start"), what, mend);
            }
            Silence::EndsWithin(_) => {}
            Silence::Circle { flow: stem, node, takes_time } => {
                let (Some(flow), Some(notes)) = (self.flows.get(&stem), self.notes.get_mut(&stem)) else { return };
                let what = if takes_time {
                    format!("a caller who presses nothing comes back to `{node}` again and again")
                } else {
                    format!("a call comes back to `{node}` without any time passing")
                };
                notes.error(&flow.span(&node, ""), what, "let one way out of the circle lead to a queue or a hangup");
            }
        }
    }
}

/// The clips of a prompt with `{}` for the language.
fn clips_of(fragments: &[Fragment]) -> Vec<String> {
    let mut clips = Vec::new();
    for fragment in fragments {
        match fragment {
            Fragment::Recording(recording) => clips.push(recording.clip("{}").as_ref().to_owned()),
            Fragment::TicketNumber => clips.extend((0..10).map(|digit| format!("shared/{{}}/digit-{digit}"))),
            Fragment::TicketState => {
                clips.extend(["new", "open", "waiting", "solved"].map(|state| format!("shared/{{}}/ticket-state-{state}")));
            }
        }
    }
    clips
}

fn outcome(step: &Step) -> Option<&Arc<str>> {
    if let Step::Return { outcome } = step { Some(outcome) } else { None }
}

/// The nodes that can be reached from the start by the exits that `may` allows.
fn reached(flow: &ReadFlow, may: impl Fn(&Step, &str) -> bool) -> BTreeSet<Arc<str>> {
    let mut seen = BTreeSet::new();
    let mut open = vec![flow.flow.start.clone()];
    while let Some(name) = open.pop() {
        let Some(node) = flow.flow.nodes.get(&name) else { continue };
        if seen.insert(name) {
            open.extend(node.step.exits().into_iter().filter(|exit| may(&node.step, &exit.key)).map(|exit| exit.to.clone()));
        }
    }
    seen
}

/// The mend for a name that is not set up.
fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter().peekable();
    match names.peek() {
        Some(_) => format!("use one of {}, or set it up first", listed(names)),
        None => "set it up first".into(),
    }
}
