//! The published IVR lines, as far as the directory concerns them: which there are, what people call them and their reasons, and
//! which queues and calendars they need. And the prompts that every queue may say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::field_problem::Flaw,
    domain::{
        directory::LANGUAGES,
        ivr::{Labels, Line, ScriptBook, Step},
    },
    types::{CalendarId, LineId, QueueId},
};

/// A text per language of the console, `{"en": …, "es": …}`; a language that nobody wrote is missing.
pub type Names = BTreeMap<String, String>;

/// A published line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublishedLine {
    /// Key: what a number leads to, and what a call's `line` says.
    pub id: LineId,
    /// What people call it; empty where the key must do.
    pub names: Names,
    /// Languages that it speaks; the first is for callers of whom nothing is known.
    pub languages: Vec<String>,
    /// What people read for a call's `reason`.
    pub reasons: BTreeMap<String, Names>,
    /// What people read for the places in a call's `ivr_path` that are worth telling.
    pub nodes: BTreeMap<String, Names>,
}

/// A prompt that every queue may say: a recording beside the lines, the same name in each language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharedPrompt {
    /// Key, for a queue's messages.
    pub id: String,
    /// Languages in which it is recorded.
    pub languages: BTreeSet<String>,
    /// What it says, where somebody wrote it down.
    pub texts: Names,
}

/// What the published flows name: numbers may lead to these lines, and what the flows use cannot be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowNames {
    /// Lines there are.
    pub lines: BTreeMap<LineId, PublishedLine>,
    /// Queues that flows send calls to, with the lines that do.
    pub queues: BTreeMap<QueueId, BTreeSet<LineId>>,
    /// Calendars that flows ask, with the lines that do.
    pub calendars: BTreeMap<CalendarId, BTreeSet<LineId>>,
    /// What queues may say.
    pub prompts: BTreeMap<String, SharedPrompt>,
    /// What may be played to those who wait, `on-hold`.
    pub music: BTreeSet<String>,
}

/// Sounds beside the music that are tones, not music.
const TONES: [&str; 3] = ["busy", "ringback", "voicemail-tone"];

/// The music among the recordings that can be played (`music/on-hold`).
pub fn music_of<'a>(recordings: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let names = recordings.into_iter().filter_map(|recording| recording.strip_prefix("music/"));
    names.filter(|name| !TONES.contains(name)).map(str::to_owned).collect()
}

impl FlowNames {
    /// The names in these lines, and what queues may say.
    pub fn of(book: &ScriptBook, prompts: BTreeMap<String, SharedPrompt>, music: BTreeSet<String>) -> Self {
        let lines = book.lines.values().map(|line| (line.id.clone(), published(line))).collect();
        let mut names = Self { lines, prompts, music, ..Self::default() };
        for line in book.lines.values() {
            let flows = std::iter::once(&line.main).chain(line.subflows.values());
            for node in flows.flat_map(|flow| flow.nodes.values()) {
                names.note(&line.id, &node.step);
            }
        }
        names
    }

    /// Why a queue cannot say this: the caller would hear nothing and be cut off.
    pub fn flaw_of_prompt(&self, prompt: &str) -> Option<Flaw> {
        let is_whole = |prompt: &&SharedPrompt| LANGUAGES.iter().all(|language| prompt.languages.contains(*language));
        let prompts = || self.prompts.values().filter(is_whole).map(|prompt| prompt.id.clone()).collect();
        match self.prompts.get(prompt) {
            None => Some(Flaw::UnknownPrompt { prompts: prompts() }),
            Some(known) => LANGUAGES
                .iter()
                .find(|language| !known.languages.contains(**language))
                .map(|language| Flaw::PromptNotSpoken { language: (*language).into(), prompts: prompts() }),
        }
    }

    /// Why a queue cannot play this: who waits would hear nothing.
    pub fn flaw_of_music(&self, music: &str) -> Option<Flaw> {
        let is_known = self.music.contains(music);
        (!is_known).then(|| Flaw::UnknownMusic { music: self.music.iter().cloned().collect() })
    }

    fn note(&mut self, line: &LineId, step: &Step) {
        match step {
            Step::Queue { queue, .. } | Step::Callback { queue, .. } => {
                self.queues.entry(queue.clone()).or_default().insert(line.clone());
            }
            Step::Hours { calendar, .. } => {
                self.calendars.entry(calendar.clone()).or_default().insert(line.clone());
            }
            Step::Say { .. }
            | Step::Menu { .. }
            | Step::Identify { .. }
            | Step::TicketLookup { .. }
            | Step::Language { .. }
            | Step::Subflow { .. }
            | Step::Return { .. }
            | Step::Hangup { .. } => {}
        }
    }
}

fn published(line: &Line) -> PublishedLine {
    // As a call's way names them: `menu`, and `billing/ask` within a subflow.
    let main = line.main.nodes.iter().map(|(name, node)| (name.to_string(), &node.label));
    let below = line
        .subflows
        .iter()
        .flat_map(|(flow, subflow)| subflow.nodes.iter().map(move |(name, node)| (format!("{flow}/{name}"), &node.label)));
    PublishedLine {
        id: line.id.clone(),
        names: names(&line.label),
        languages: line.languages.iter().map(ToString::to_string).collect(),
        reasons: line.reasons.iter().map(|(reason, labels)| (reason.to_string(), names(labels))).collect(),
        nodes: main.chain(below).filter(|(_, label)| !label.is_empty()).map(|(name, label)| (name, names(label))).collect(),
    }
}

fn names(labels: &Labels) -> Names {
    labels.iter().map(|(language, text)| (language.to_string(), text.to_string())).collect()
}
