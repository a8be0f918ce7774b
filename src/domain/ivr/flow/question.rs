//! Asking for a key: the question, the answers that it knows, silence and wrong keys, the last try.

use std::sync::Arc;

use super::{FlowRun, Next, State, Turn};
use crate::domain::ivr::script::{Input, KeyTarget, LanguageStep, Prompt, Step};

/// What a node asks, and what the keys mean.
pub(super) struct Question {
    ask: Input,
    answers: Vec<(char, Answer)>,
    on_exhausted: Arc<str>,
}

#[derive(Clone)]
enum Answer {
    Go(KeyTarget),
    Speak(Arc<str>, Arc<str>),
}

/// Why a question is repeated.
#[derive(Clone, Copy)]
pub(super) enum Miss {
    NoInput,
    NoMatch,
}

impl FlowRun {
    /// Asks a node's question, or takes the answer that was typed before.
    pub(super) fn ask(&mut self, ask: &Input, turn: &mut Turn<'_>) -> Next {
        if ask.is_secret {
            // Typed before anybody knew that it is secret, where it is recorded and told to others: it has to be typed again.
            self.typed.clear();
        }
        if let Some(key) = self.typed.pop_front() {
            return self.key(key, 0, turn);
        }
        let question = [&ask.prompt];
        self.put_question(ask, &question, 0, turn)
    }

    fn put_question(&mut self, ask: &Input, words: &[&Prompt], tries: u32, turn: &mut Turn<'_>) -> Next {
        match self.play(words, turn) {
            Some(until) => {
                self.state = State::Asking { until, is_barge_in: ask.is_barge_in, tries };
                Next::Wait
            }
            None => self.listen(tries, turn),
        }
    }

    pub(super) fn listen(&mut self, tries: u32, turn: &Turn<'_>) -> Next {
        let timeout_ms = self.question().map_or(0, |question| question.ask.timeout_ms);
        self.state = State::Listening { until: turn.now + timeout_ms, tries };
        Next::Wait
    }

    /// A key was pressed where one is asked for.
    pub(super) fn key(&mut self, key: char, tries: u32, turn: &mut Turn<'_>) -> Next {
        match self.question().and_then(|question| question.answer(key)) {
            Some(Answer::Go(target)) => {
                if target.reason.is_some() {
                    self.reason = target.reason;
                }
                Next::Go(target.next)
            }
            Some(Answer::Speak(language, next)) => {
                self.speak(&language, turn);
                Next::Go(next)
            }
            None => {
                self.typed.clear();
                self.miss(Miss::NoMatch, tries, turn)
            }
        }
    }

    pub(super) fn miss(&mut self, miss: Miss, tries: u32, turn: &mut Turn<'_>) -> Next {
        let Some(Question { ask, on_exhausted, .. }) = self.question() else {
            self.fall_back(turn);
            return Next::Wait;
        };
        let tries = tries + 1;
        if tries >= ask.tries_max {
            return Next::Go(on_exhausted);
        }
        let remark = match miss {
            Miss::NoInput => &ask.no_input,
            Miss::NoMatch => &ask.no_match,
        };
        let words: Vec<&Prompt> = remark.iter().chain([&ask.prompt]).collect();
        self.put_question(&ask, &words, tries, turn)
    }

    /// The question of the node where the call stands.
    pub(super) fn question(&self) -> Option<Question> {
        let node = self.line.flow(self.place.subflow.as_deref())?.nodes.get(&self.place.node)?;
        match &node.step {
            Step::Menu { ask, keys, on_exhausted } => {
                let answers = keys.iter().map(|(key, target)| (*key, Answer::Go(target.clone()))).collect();
                Some(Question { ask: ask.clone(), answers, on_exhausted: on_exhausted.clone() })
            }
            Step::Language { how: LanguageStep::Ask { ask, keys }, next } => {
                let answers = keys.iter().map(|(key, l)| (*key, Answer::Speak(l.clone(), next.clone()))).collect();
                Some(Question { ask: ask.clone(), answers, on_exhausted: next.clone() })
            }
            Step::Language { how: LanguageStep::Fixed { .. } | LanguageStep::Caller | LanguageStep::Next, .. }
            | Step::Say { .. }
            | Step::Hours { .. }
            | Step::Identify { .. }
            | Step::TicketLookup { .. }
            | Step::Subflow { .. }
            | Step::Return { .. }
            | Step::Queue { .. }
            | Step::Callback { .. }
            | Step::Hangup { .. } => None,
        }
    }
}

impl Question {
    fn answer(&self, key: char) -> Option<Answer> {
        self.answers.iter().find(|(k, _)| *k == key).map(|(_, answer)| answer.clone())
    }

    pub(super) fn is_secret(&self) -> bool {
        self.ask.is_secret
    }

    pub(super) fn is_about_language(&self) -> bool {
        self.answers.iter().any(|(_, answer)| matches!(answer, Answer::Speak(..)))
    }
}
