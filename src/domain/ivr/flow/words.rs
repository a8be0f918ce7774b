//! What the caller hears: prompts as clips, in the language spoken now.

use std::sync::Arc;

use super::{FlowEffect, FlowRun, Turn};
use crate::{
    domain::ivr::script::{Fragment, Prompt},
    types::Mono,
};

/// A playback whose end is not reported counts as over after this time.
const PLAY_MS_MAX: u64 = 120_000;

impl FlowRun {
    pub(super) fn speak(&mut self, language: &str, turn: &mut Turn<'_>) {
        let spoken = self.line.languages.iter().find(|l| l.as_ref() == language).cloned();
        if let Some(language) = spoken.filter(|l| *l != self.language) {
            self.language = language.clone();
            turn.out.push(FlowEffect::Language(language));
        }
    }

    /// Orders a playback and says when it counts as over; `None` when there is nothing to say.
    pub(super) fn play(&self, words: &[&Prompt], turn: &mut Turn<'_>) -> Option<Mono> {
        let clips: Vec<Arc<str>> = match self.question() {
            // A caller who is asked for a language is asked in all of them.
            Some(question) if question.is_about_language() => {
                self.line.languages.iter().flat_map(|language| self.clips(words, language)).collect()
            }
            Some(_) | None => self.clips(words, &self.language),
        };
        if clips.is_empty() {
            return None;
        }
        turn.out.push(FlowEffect::Play { clips });
        Some(turn.now + PLAY_MS_MAX)
    }

    fn clips(&self, words: &[&Prompt], language: &str) -> Vec<Arc<str>> {
        let mut clips = Vec::new();
        for fragment in words.iter().flat_map(|prompt| &prompt.0) {
            match (fragment, &self.ticket) {
                (Fragment::Recording(recording), _) => clips.push(recording.clip(language)),
                (Fragment::TicketNumber, Some((number, _))) => {
                    clips.extend(
                        number.unsigned_abs().to_string().chars().map(|d| format!("shared/{language}/digit-{d}").into()),
                    );
                }
                (Fragment::TicketState, Some((_, state))) => {
                    clips.extend(state_clip(state).map(|name| format!("shared/{language}/{name}").into()));
                }
                (Fragment::TicketNumber | Fragment::TicketState, None) => {}
            }
        }
        clips
    }
}

/// The recording that tells a ticket's state; `None` for a ticket that is over and not worth telling.
pub(super) fn state_clip(state: &str) -> Option<&'static str> {
    match state {
        "new" => Some("ticket-state-new"),
        "open" => Some("ticket-state-open"),
        "waiting_customer" | "waiting_internal" | "waiting_supplier" => Some("ticket-state-waiting"),
        "solved" => Some("ticket-state-solved"),
        _ => None,
    }
}
