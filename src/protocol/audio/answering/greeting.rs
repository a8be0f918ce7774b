//! The cadence of what is said first.

use super::{Answer, AnswerCause, AnswerDetect};

/// The pause between two ringing tones is longer than a person stays silent: 4 s in most countries (ITU-T E.180), and a little.
const RINGING_PAUSE_MS: u64 = 4_500;

/// Words and pauses since the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Greeting {
    /// All time but that of tones.
    clock_ms: u64,
    /// All voice that was in words.
    voiced_ms: u64,
    /// Voice without a pause.
    word_ms: u64,
    /// Since the last voice.
    quiet_ms: u64,
    words: u32,
    is_in_word: bool,
    has_rung: bool,
}

type Told = Option<(Answer, AnswerCause)>;

impl Greeting {
    pub(super) fn has_words(&self) -> bool {
        self.words > 0
    }

    /// It rings: the clock starts anew when it stops.
    pub(super) fn hear_tone(&mut self) {
        if !self.has_words() {
            *self = Self { has_rung: true, ..Self::default() };
        }
    }

    pub(super) fn hear_voice(&mut self, ms: u64, settings: &AnswerDetect) -> Told {
        if ms == 0 {
            return None;
        }
        self.clock_ms += ms;
        self.quiet_ms = 0;
        self.word_ms += ms;
        if !self.is_in_word && self.word_ms >= settings.word_ms_min {
            self.is_in_word = true;
            self.words += 1;
            self.voiced_ms += self.word_ms;
            if self.has_rung && self.words == 1 {
                // The pause after the last ringing was nobody's.
                self.clock_ms = self.word_ms;
            }
        } else if self.is_in_word {
            self.voiced_ms += ms;
        }
        if self.words > settings.words_max {
            return Some((Answer::Machine, AnswerCause::ManyWords));
        }
        if self.voiced_ms >= settings.greeting_ms_max {
            return Some((Answer::Machine, AnswerCause::LongGreeting));
        }
        self.time_out(settings)
    }

    pub(super) fn hear_quiet(&mut self, ms: u64, settings: &AnswerDetect) -> Told {
        self.clock_ms += ms;
        self.quiet_ms += ms;
        if self.quiet_ms >= settings.between_words_ms {
            (self.is_in_word, self.word_ms) = (false, 0);
        }
        if self.has_words() && self.quiet_ms >= settings.silence_after_greeting_ms {
            return Some((Answer::Human, AnswerCause::ShortGreeting));
        }
        let ringing_ms = if self.has_rung { RINGING_PAUSE_MS } else { 0 };
        if !self.has_words() && self.clock_ms >= settings.initial_silence_ms_max.max(ringing_ms) {
            return Some((Answer::Unsure, AnswerCause::InitialSilence));
        }
        self.time_out(settings)
    }

    fn time_out(&self, settings: &AnswerDetect) -> Told {
        (self.clock_ms >= settings.total_ms_max).then_some((Answer::Unsure, AnswerCause::TimeOut))
    }
}
