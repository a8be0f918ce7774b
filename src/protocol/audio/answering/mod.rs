//! Who has answered an outgoing call: a person, an answering machine, a fax machine. By cadence: people say a word or two and wait,
//! machines talk on. The method and most limits are those of Asterisk's `app_amd`, on a voice detector that follows the line's noise,
//! and with a third answer: what proves nothing is *unsure*, so that a person is not hung up on.
//!
//! Time is counted in frames from the answer on. Ringing tones that are still heard then stop the clock.

mod greeting;
#[cfg(test)]
mod tests;

use greeting::Greeting;

use super::{
    FRAME_MS, Frame, VoiceActivity,
    steady_tone::{Tonality, ToneBank, ToneRun},
};
use crate::types::{Answer, AnswerCause, AnswerDetect};

/// A tone of this length is one, and no vowel.
const TONE_MS_MIN: u64 = 300;
/// Spoiled frames within a tone: one, for a lost packet or the phase reversals of ITU-T V.25.
const SPOILED_MAX: u32 = 1;
/// Calling tone of a fax: 1,100 Hz ± 38 for half a second (ITU-T T.30).
const CALLING_TONE: (f32, u64) = (1_100.0, 400);
/// Answering tone of a fax or modem: 2,100 Hz for at least 2.6 s (ITU-T T.30, V.25), with or without reversals.
const ANSWERING_TONE: (f32, u64) = (2_100.0, 500);
/// How far a fax's tone may be off, in Hz: its own tolerance and half a filter.
const FAX_OFF_MAX: f32 = 51.0;
/// Beeps of answering machines: frequency in Hz and length.
const BEEP_HZ: std::ops::RangeInclusive<f32> = 300.0..=2_000.0;
const BEEP_MS: std::ops::RangeInclusive<u64> = 80..=3_000;
/// A machine that beeps is quiet then, because it listens.
const QUIET_AFTER_BEEP_MS: u64 = 100;
/// Europe's ringing and busy tones are one tone too, and are no beep when they are long.
const NETWORK_TONE_HZ: std::ops::RangeInclusive<f32> = 400.0..=450.0;
const NETWORK_TONE_MS_MIN: u64 = 900;
/// Whoever rings for so long after the answer is not answered.
const RINGING_MS_MAX: u64 = 30_000;

/// What an [`AnswerDetector`] finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerHeard {
    /// Who has answered; once.
    Answered {
        /// Who.
        answer: Answer,
        /// By what.
        cause: AnswerCause,
        /// Since the detector began to listen.
        after_ms: u64,
    },
    /// The machine has beeped and listens now; once, after it was told to be one.
    Beep {
        /// Since the detector began to listen.
        after_ms: u64,
    },
}

/// Listens to one leg from its answer on.
#[derive(Debug, Clone)]
pub struct AnswerDetector {
    settings: AnswerDetect,
    heard_ms: u64,
    activity: VoiceActivity,
    bank: ToneBank,
    tone: Option<ToneRun>,
    /// A tone that may have been a beep, and what came after it.
    beep: Option<AfterBeep>,
    stage: Stage,
}

#[derive(Debug, Clone)]
enum Stage {
    Undecided(Greeting),
    /// A machine: its beep is awaited.
    Machine {
        told_ms: u64,
        has_beeped: bool,
    },
    Over,
}

#[derive(Debug, Clone, Copy, Default)]
struct AfterBeep {
    /// Whether it was long enough to be no vowel.
    is_certain: bool,
    quiet_ms: u64,
    voice_ms: u64,
}

impl AnswerDetector {
    /// One that goes by these settings, which are taken as checked.
    pub fn new(settings: AnswerDetect) -> Self {
        Self {
            settings,
            heard_ms: 0,
            activity: VoiceActivity::default(),
            bank: ToneBank::default(),
            tone: None,
            beep: None,
            stage: Stage::Undecided(Greeting::default()),
        }
    }

    /// Whether there is nothing more to be told.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Takes the next 20 ms.
    pub fn hear(&mut self, frame: &Frame) -> Option<AnswerHeard> {
        self.heard_ms += FRAME_MS;
        let is_voice = self.activity.hear(frame).is_voice;
        let tonality = if is_voice { self.bank.look(frame) } else { Tonality::None };
        let ended = self.tone.take_if(|run| !run.goes_on(tonality, SPOILED_MAX));
        let has_beeped = self.hear_beep(ended, is_voice);
        match &mut self.stage {
            Stage::Over => None,
            Stage::Machine { has_beeped: true, .. } => {
                self.stage = Stage::Over;
                Some(AnswerHeard::Beep { after_ms: self.heard_ms })
            }
            Stage::Machine { told_ms, .. } => {
                if has_beeped {
                    self.stage = Stage::Over;
                    return Some(AnswerHeard::Beep { after_ms: self.heard_ms });
                }
                let is_late = self.heard_ms - *told_ms >= self.settings.beep_ms_max;
                self.begin_tone(tonality);
                if is_late {
                    self.stage = Stage::Over;
                }
                None
            }
            Stage::Undecided(greeting) => {
                if has_beeped && greeting.has_words() {
                    return Some(self.decide(Answer::Machine, AnswerCause::Beep));
                }
                // A short tone was a vowel.
                let vowel_ms = ended.filter(|run| run.ms() < TONE_MS_MIN).map_or(0, |run| run.ms());
                let mut told = greeting.hear_voice(vowel_ms, &self.settings);
                if self.tone.is_none() && tonality == Tonality::None {
                    told = told.or_else(|| match is_voice {
                        true => greeting.hear_voice(FRAME_MS, &self.settings),
                        false => greeting.hear_quiet(FRAME_MS, &self.settings),
                    });
                }
                self.begin_tone(tonality);
                let told = told.or_else(|| self.hear_tone())?;
                Some(self.decide(told.0, told.1))
            }
        }
    }

    fn begin_tone(&mut self, tonality: Tonality) {
        if self.tone.is_none() && tonality != Tonality::None {
            self.tone = Some(ToneRun::begin(tonality));
        }
    }

    fn decide(&mut self, answer: Answer, cause: AnswerCause) -> AnswerHeard {
        self.stage = match answer {
            Answer::Machine if self.settings.beep_ms_max > 0 => {
                Stage::Machine { told_ms: self.heard_ms, has_beeped: cause == AnswerCause::Beep }
            }
            Answer::Human | Answer::Machine | Answer::Fax | Answer::Unsure => Stage::Over,
        };
        AnswerHeard::Answered { answer, cause, after_ms: self.heard_ms }
    }

    /// What a tone that stands says of who has answered.
    fn hear_tone(&mut self) -> Option<(Answer, AnswerCause)> {
        let Stage::Undecided(greeting) = &mut self.stage else { return None };
        let run = self.tone.as_ref().filter(|run| run.ms() >= TONE_MS_MIN)?;
        let is_fax = |(hertz, ms_min): (f32, u64)| {
            run.ms() >= ms_min && run.hertz().is_some_and(|found| (found - hertz).abs() <= FAX_OFF_MAX)
        };
        if is_fax(ANSWERING_TONE) {
            return Some((Answer::Fax, AnswerCause::AnsweringTone));
        }
        // After words it is the beep of a machine.
        if is_fax(CALLING_TONE) && !greeting.has_words() {
            return Some((Answer::Fax, AnswerCause::CallingTone));
        }
        greeting.hear_tone();
        (self.heard_ms >= RINGING_MS_MAX).then_some((Answer::Unsure, AnswerCause::Ringing))
    }

    /// Whether a beep is over and followed by quiet.
    fn hear_beep(&mut self, ended: Option<ToneRun>, is_voice: bool) -> bool {
        if let Some(run) = ended.filter(is_like_a_beep) {
            self.beep = Some(AfterBeep { is_certain: run.ms() >= TONE_MS_MIN, ..AfterBeep::default() });
        }
        let is_undecided = matches!(self.stage, Stage::Undecided(_));
        let Some(after) = &mut self.beep else { return false };
        if is_voice {
            after.voice_ms += FRAME_MS;
        } else {
            after.quiet_ms += FRAME_MS;
        }
        let is_beep = after.quiet_ms >= QUIET_AFTER_BEEP_MS && (after.is_certain || !is_undecided);
        // The end of the tone may reach into one frame more.
        if after.voice_ms > FRAME_MS || after.quiet_ms >= QUIET_AFTER_BEEP_MS {
            self.beep = None;
        }
        is_beep
    }
}

fn is_like_a_beep(run: &ToneRun) -> bool {
    let Some(hertz) = run.hertz().filter(|hertz| BEEP_HZ.contains(hertz)) else { return false };
    BEEP_MS.contains(&run.ms()) && !(NETWORK_TONE_HZ.contains(&hertz) && run.ms() >= NETWORK_TONE_MS_MIN)
}
