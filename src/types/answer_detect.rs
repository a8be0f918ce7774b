//! Who has answered an outgoing call, by what it is told, and the limits by which they are told apart.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A person.
    Human,
    /// An answering machine or a voice mailbox.
    Machine,
    /// A fax machine or a modem.
    Fax,
    /// It cannot be told: to be treated as a person.
    Unsure,
}

/// By what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerCause {
    /// A short greeting, and then somebody who waits.
    ShortGreeting,
    /// A greeting longer than people's.
    LongGreeting,
    /// More words than people begin with.
    ManyWords,
    /// Words, a beep, and quiet.
    Beep,
    /// 1,100 Hz (CNG).
    CallingTone,
    /// 2,100 Hz (CED, ANS).
    AnsweringTone,
    /// Nobody says anything.
    InitialSilence,
    /// It still rings.
    Ringing,
    /// The time for it is over.
    TimeOut,
}

/// The limits between a person and a machine. The defaults are those of the field (Asterisk's `app_amd`), but for the words, of
/// which people say a few more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerDetect {
    /// Nobody who says nothing for so long is told for anything: unsure.
    #[schema(required)]
    pub initial_silence_ms_max: u64,
    /// People's greetings have less voice than this.
    #[schema(required)]
    pub greeting_ms_max: u64,
    /// So much silence after a short greeting is a person who waits.
    #[schema(required)]
    pub silence_after_greeting_ms: u64,
    /// A shorter sound is no word.
    #[schema(required)]
    pub word_ms_min: u64,
    /// A shorter pause does not end a word.
    #[schema(required)]
    pub between_words_ms: u64,
    /// Whoever says more words than these is a machine.
    #[schema(required)]
    pub words_max: u32,
    /// Then it is unsure.
    #[schema(required)]
    pub total_ms_max: u64,
    /// How long a machine's beep is awaited after it was told to be one; 0 for not at all.
    #[schema(required)]
    pub beep_ms_max: u64,
}

impl Default for AnswerDetect {
    fn default() -> Self {
        Self {
            initial_silence_ms_max: 2_500,
            greeting_ms_max: 1_500,
            silence_after_greeting_ms: 800,
            word_ms_min: 100,
            between_words_ms: 50,
            words_max: 4,
            total_ms_max: 5_000,
            beep_ms_max: 20_000,
        }
    }
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerDetectFault {
    /// Its name.
    pub field: &'static str,
    /// What it is.
    pub value: u64,
    /// What it may be.
    pub allowed: RangeInclusive<u64>,
}

impl fmt::Display for AnswerDetectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be from {} to {}", self.field, self.allowed.start(), self.allowed.end())
    }
}

impl std::error::Error for AnswerDetectFault {}

impl AnswerDetect {
    /// The first setting that is out of bounds. No time may be longer than the whole, or it would never be reached.
    pub fn check(&self) -> Result<(), AnswerDetectFault> {
        let total = self.total_ms_max;
        let bounds = [
            ("total_ms_max", total, 1_000..=30_000),
            ("initial_silence_ms_max", self.initial_silence_ms_max, 500..=total),
            ("greeting_ms_max", self.greeting_ms_max, 300..=total),
            ("silence_after_greeting_ms", self.silence_after_greeting_ms, 200..=total),
            ("word_ms_min", self.word_ms_min, 20..=500),
            ("between_words_ms", self.between_words_ms, 20..=self.silence_after_greeting_ms.clamp(20, 500)),
            ("words_max", u64::from(self.words_max), 1..=50),
            ("beep_ms_max", self.beep_ms_max, 0..=60_000),
        ];
        match bounds.into_iter().find(|(_, value, allowed)| !allowed.contains(value)) {
            Some((field, value, allowed)) => Err(AnswerDetectFault { field, value, allowed }),
            None => Ok(()),
        }
    }
}
