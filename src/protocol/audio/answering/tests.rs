use std::f64::consts::TAU;

use super::*;
use crate::protocol::audio::{FRAME_SAMPLES, SAMPLE_RATE};

mod evaluation;
mod lines;

use lines::{Line, prompt};

fn heard(line: &Line) -> Vec<AnswerHeard> {
    heard_by(AnswerDetect::default(), line)
}

fn heard_by(settings: AnswerDetect, line: &Line) -> Vec<AnswerHeard> {
    let mut detector = AnswerDetector::new(settings);
    line.frames().filter_map(|frame| detector.hear(&frame)).collect()
}

/// The answer and its cause.
fn told(line: &Line) -> Option<(Answer, AnswerCause)> {
    match heard(line).first() {
        Some(AnswerHeard::Answered { answer, cause, .. }) => Some((*answer, *cause)),
        Some(AnswerHeard::Beep { .. }) | None => None,
    }
}

#[test]
fn a_word_and_silence_are_a_person_and_a_sentence_is_a_machine() {
    for language in ["es", "en"] {
        let person = Line::new().quiet(400).sound(&prompt(language, "digit-1")).quiet(2_000);
        assert_eq!(told(&person), Some((Answer::Human, AnswerCause::ShortGreeting)), "{language}");
        let machine = Line::new().quiet(700).sound(&prompt(language, "all-busy"));
        assert!(
            matches!(told(&machine), Some((Answer::Machine, AnswerCause::LongGreeting | AnswerCause::ManyWords))),
            "{language}"
        );
    }
}

#[test]
fn a_person_is_told_soon_after_the_greeting() {
    let word = prompt("es", "digit-1");
    let line = Line::new().quiet(600).sound(&word).quiet(3_000);
    let [AnswerHeard::Answered { answer: Answer::Human, after_ms, .. }] = heard(&line)[..] else {
        panic!("{:?}", heard(&line))
    };
    let end_of_word = 600 + word.len() as u64 / 8;
    assert!((end_of_word + 500..=end_of_word + 840).contains(&after_ms), "{after_ms} ms, the word ended at {end_of_word}");
}

#[test]
fn a_beep_after_the_greeting_is_told_when_it_is_over_and_only_once() {
    for (hertz, ms) in [(440.0, 200), (1_000.0, 100), (1_400.0, 500), (850.0, 900)] {
        let line = Line::new().quiet(300).sound(&prompt("en", "all-busy")).quiet(400);
        let from = line.ms();
        let line = line.tone(&[hertz], ms).quiet(2_000).tone(&[hertz], ms).quiet(2_000);
        let [AnswerHeard::Answered { answer: Answer::Machine, .. }, AnswerHeard::Beep { after_ms }] = heard(&line)[..] else {
            panic!("{hertz} Hz: {:?}", heard(&line))
        };
        let end = from + ms;
        assert!((end..=end + 200).contains(&after_ms), "{hertz} Hz: told at {after_ms}, over at {end}");
    }
}

#[test]
fn words_and_a_beep_are_a_machine_however_short_the_words_are() {
    let line = Line::new().quiet(300).sound(&prompt("es", "digit-1")).quiet(200).tone(&[950.0], 400).quiet(1_000);
    let [AnswerHeard::Answered { answer: Answer::Machine, cause: AnswerCause::Beep, .. }, AnswerHeard::Beep { .. }] =
        heard(&line)[..]
    else {
        panic!("{:?}", heard(&line))
    };
}

#[test]
fn a_machine_that_does_not_beep_is_not_listened_to_for_ever() {
    let mut detector = AnswerDetector::new(AnswerDetect { beep_ms_max: 3_000, ..AnswerDetect::default() });
    let line = Line::new().sound(&prompt("en", "queue-full")).quiet(4_000);
    let told: Vec<_> = line.frames().filter_map(|frame| detector.hear(&frame)).collect();
    assert!(matches!(told[..], [AnswerHeard::Answered { answer: Answer::Machine, .. }]), "{told:?}");
    assert!(detector.is_over());
}

#[test]
fn speech_has_no_beeps() {
    for language in ["es", "en"] {
        for name in ["all-busy", "queue-full", "long-wait", "no-agents", "callback-promised", "queue-closed"] {
            let line = Line::new().sound(&prompt(language, name)).quiet(1_000).sound(&prompt(language, "error")).quiet(1_000);
            assert!(
                !heard(&line).iter().any(|told| matches!(told, AnswerHeard::Beep { .. })),
                "{language}/{name}: {:?}",
                heard(&line)
            );
        }
    }
}

#[test]
fn fax_machines_are_told_by_either_tone() {
    let calling = Line::new().quiet(900).tone(&[1_100.0], 500).quiet(3_000).tone(&[1_100.0], 500);
    assert_eq!(told(&calling), Some((Answer::Fax, AnswerCause::CallingTone)));
    for off in [-38.0, 38.0] {
        assert_eq!(told(&Line::new().tone(&[1_100.0 + off], 500)), Some((Answer::Fax, AnswerCause::CallingTone)), "{off}");
    }
    let answering = Line::new().quiet(1_000).tone(&[2_100.0], 3_000);
    assert_eq!(told(&answering), Some((Answer::Fax, AnswerCause::AnsweringTone)));
}

#[test]
fn reversals_of_the_phase_do_not_hide_an_answering_tone() {
    // ITU-T V.25: the phase turns round every 450 ms.
    let sine = |i: usize| {
        let turn = if (i / 3_600).is_multiple_of(2) { 1.0 } else { -1.0 };
        (turn * 6_000.0 * (TAU * 2_100.0 * i as f64 / f64::from(SAMPLE_RATE)).sin()) as i16
    };
    let tone: Vec<i16> = (0..24_000).map(sine).collect();
    let line = Line::new().quiet(200).sound(&tone);
    assert_eq!(told(&line), Some((Answer::Fax, AnswerCause::AnsweringTone)));
}

#[test]
fn whoever_says_nothing_is_unsure() {
    assert_eq!(told(&Line::new().quiet(6_000)), Some((Answer::Unsure, AnswerCause::InitialSilence)));
    // Clicks are no words.
    let mut line = Line::new();
    for _ in 0..20 {
        line = line.quiet(200).tone(&[700.0], 40);
    }
    assert_eq!(told(&line.quiet(2_000)), Some((Answer::Unsure, AnswerCause::InitialSilence)));
}

#[test]
fn ringing_after_the_answer_stops_the_clock_until_somebody_speaks() {
    let mut line = Line::new();
    for _ in 0..2 {
        line = line.tone(&[425.0], 1_000).quiet(3_800);
    }
    for _ in 0..2 {
        line = line.tone(&[440.0, 480.0], 2_000).quiet(3_800);
    }
    let person = line.clone().sound(&prompt("en", "digit-2")).quiet(2_000);
    assert_eq!(told(&person), Some((Answer::Human, AnswerCause::ShortGreeting)));
    let machine = line.sound(&prompt("en", "all-busy"));
    assert!(matches!(told(&machine), Some((Answer::Machine, _))));
    let mut unanswered = Line::new();
    for _ in 0..20 {
        unanswered = unanswered.tone(&[425.0], 1_500).quiet(3_000);
    }
    assert_eq!(told(&unanswered), Some((Answer::Unsure, AnswerCause::Ringing)));
}

#[test]
fn everything_is_told_within_the_time_that_the_settings_give() {
    let settings = AnswerDetect { greeting_ms_max: 5_000, words_max: 50, ..AnswerDetect::default() };
    let line = Line::new().sound(&prompt("en", "all-busy")).sound(&prompt("en", "queue-full"));
    let told = heard_by(settings, &line);
    assert!(
        matches!(
            told[..],
            [AnswerHeard::Answered { answer: Answer::Unsure, cause: AnswerCause::TimeOut, after_ms: 5_000..=5_300 }]
        ),
        "{told:?}"
    );
}

#[test]
fn settings_out_of_bounds_are_named() {
    assert_eq!(AnswerDetect::default().check(), Ok(()));
    let usual = AnswerDetect::default;
    for (wrong, field) in [
        (AnswerDetect { total_ms_max: 0, ..usual() }, "total_ms_max"),
        (AnswerDetect { initial_silence_ms_max: 9_000, ..usual() }, "initial_silence_ms_max"),
        (AnswerDetect { greeting_ms_max: 100, ..usual() }, "greeting_ms_max"),
        (AnswerDetect { silence_after_greeting_ms: 5_100, ..usual() }, "silence_after_greeting_ms"),
        (AnswerDetect { words_max: 0, ..usual() }, "words_max"),
        (AnswerDetect { between_words_ms: 900, ..usual() }, "between_words_ms"),
        (AnswerDetect { beep_ms_max: 60_001, ..usual() }, "beep_ms_max"),
    ] {
        assert_eq!(wrong.check().map_err(|fault| fault.field), Err(field));
    }
}
