use std::path::Path;

use super::*;
use crate::{
    protocol::audio::{Tone, read_wav, tones_of_key},
    types::Rng,
};

const SECOND: usize = 50;

/// Half a minute of a voice whose speech is at this level, beginning with a pause; and which frames are speech.
fn speech(dbov: f32) -> (Vec<Frame>, Vec<bool>) {
    let path = Path::new("ivr-scripts/main-menu/prompts/es/menu.wav");
    let samples = read_wav(&std::fs::read(path).expect("a file")).expect("a sound");
    let mut frames = vec![[0; FRAME_SAMPLES]; 10];
    frames.extend(samples.as_chunks::<FRAME_SAMPLES>().0.iter().cycle().take(30 * SECOND));
    let is_speech = active(&frames);
    let gain = 10_f32.powf((dbov - speech_dbov(&frames, &is_speech)) / 20.0);
    for sample in frames.as_flattened_mut() {
        *sample = (f32::from(*sample) * gain).round() as i16;
    }
    (frames, is_speech)
}

/// Active speech by ITU-T P.56: what is louder than a threshold 15.9 dB below the level of all that is, and 200 ms after it.
fn active(frames: &[Frame]) -> Vec<bool> {
    let levels: Vec<f32> = frames.iter().map(|frame| level_dbov(frame)).collect();
    let above = |threshold: i16| -> Vec<bool> {
        let begin = |i: usize| i.saturating_sub(HANGOVER_FRAMES.into());
        (0..levels.len()).map(|i| levels[begin(i)..=i].iter().any(|level| *level >= threshold.into())).collect()
    };
    let is_within = |is_speech: &Vec<bool>, threshold: i16| speech_dbov(frames, is_speech) - f32::from(threshold) <= 15.9;
    (-60..0).map(|threshold| (above(threshold), threshold)).find(|(is_speech, at)| is_within(is_speech, *at)).expect("speech").0
}

/// How loud the speech is in these frames.
fn speech_dbov(frames: &[Frame], is_speech: &[bool]) -> f32 {
    let spoken: Vec<i16> = frames.iter().zip(is_speech).filter(|(_, is)| **is).flat_map(|(frame, _)| *frame).collect();
    level_dbov(&spoken)
}

fn noise(frames: usize, dbov: f32) -> Vec<Frame> {
    let peak = f64::from(10_f32.powf(dbov / 20.0)) * 32_767.0 * 3_f64.sqrt();
    let mut rng = Rng::seeded(9);
    let mut sample = || ((f64::from(rng.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0) * peak) as i16;
    (0..frames).map(|_| std::array::from_fn(|_| sample())).collect()
}

fn mixed(one: &[Frame], other: &[Frame]) -> Vec<Frame> {
    one.iter().zip(other).map(|(one, other)| std::array::from_fn(|i| one[i].saturating_add(other[i]))).collect()
}

fn levelled(control: &mut LevelControl, frames: &[Frame]) -> Vec<Frame> {
    let mut frames = frames.to_vec();
    frames.iter_mut().for_each(|frame| control.level(frame));
    frames
}

fn key(key: char, frames: usize, amplitude: i16) -> Vec<Frame> {
    let [mut low, mut high] = tones_of_key(key).expect("a key").map(|hertz| Tone::new(hertz.into(), amplitude));
    (0..frames).map(|_| mixed(&[low.frame()], &[high.frame()])[0]).collect()
}

/// A control that has heard a voice of this level for half a minute.
fn used_to(dbov: f32) -> LevelControl {
    let mut control = LevelControl::default();
    levelled(&mut control, &speech(dbov).0);
    control
}

#[test]
fn voices_of_all_levels_come_near_the_target_within_six_seconds() {
    for dbov in [-14.0, -20.0, -26.0, -35.0, -40.0, -45.0] {
        let (frames, is_speech) = speech(dbov);
        let heard = levelled(&mut LevelControl::default(), &frames);
        let after = 6 * SECOND;
        let level = speech_dbov(&heard[after..], &is_speech[after..]);
        assert!((level - TARGET_DBOV).abs() <= 3.0, "{dbov} became {level}");
    }
}

#[test]
fn noise_alone_stays_as_it_is() {
    for dbov in [-70.0, -55.0, -45.0, -30.0] {
        let frames = noise(30 * SECOND, dbov);
        let heard = levelled(&mut LevelControl::default(), &frames);
        let (before, after) = (level_dbov(frames.as_flattened()), level_dbov(heard.as_flattened()));
        assert!(after <= before + 0.5, "{dbov}: {after}");
    }
}

#[test]
fn noise_stays_as_it_is_whatever_of_it_is_missing() {
    for dbov in [-70.0, -55.0, -45.0, -40.0, -30.0] {
        for (at, missing) in [(0, 1), (0, 3), (10 * SECOND, 1), (10 * SECOND, 15)] {
            for nothing in [0, 8] {
                let mut frames = noise(30 * SECOND, dbov);
                frames[at..at + missing].fill([nothing; FRAME_SAMPLES]);
                let heard = levelled(&mut LevelControl::default(), &frames);
                let loudest = frames.iter().zip(&heard).map(|(frame, heard)| level_dbov(heard) - level_dbov(frame));
                let loudest = loudest.fold(0.0, f32::max);
                assert!(loudest <= 0.5, "{dbov}, {missing} missing at {at}: {loudest}");
            }
        }
    }
}

#[test]
fn a_quiet_voice_brings_its_noise_up_no_further_after_a_gap() {
    let (frames, _) = speech(-42.0);
    let hiss = noise(frames.len(), -55.0);
    let line = mixed(&frames, &hiss);
    let mut control = LevelControl::default();
    levelled(&mut control, &line);
    let before = control.gain_db;
    levelled(&mut control, &[[0; FRAME_SAMPLES]; 15]);
    assert_eq!(before, control.gain_db, "nothing is learned of nothing");
    levelled(&mut control, &line);
    assert!(control.gain_db <= before + 1.0, "{before} and {}", control.gain_db);
}

#[test]
fn the_noise_of_who_is_silent_does_not_rise_when_the_others_stop() {
    let (frames, _) = speech(-42.0);
    let hiss = noise(frames.len() + 30 * SECOND, -64.0);
    let mut control = LevelControl::default();
    levelled(&mut control, &mixed(&frames, &hiss));
    let (said, _) = speech(-26.0);
    let mut last = control.applied_db;
    for (i, frame) in hiss[frames.len()..].iter().enumerate() {
        let is_spoken_to = (5 * SECOND..15 * SECOND).contains(&i);
        control.goes_out(if is_spoken_to { &said[i] } else { &[0; FRAME_SAMPLES] });
        control.level(&mut frame.clone());
        assert!(control.applied_db <= last, "frame {i}: {last} and {}", control.applied_db);
        last = control.applied_db;
    }
}

#[test]
fn a_quiet_voice_does_not_bring_its_noise_up_and_nothing_moves_in_a_pause() {
    let (frames, is_speech) = speech(-42.0);
    let hiss = noise(frames.len() + 30 * SECOND, -64.0);
    let mut control = LevelControl::default();
    let heard = levelled(&mut control, &mixed(&frames, &hiss));
    let level = speech_dbov(&heard[6 * SECOND..], &is_speech[6 * SECOND..]);
    assert!((-33.0..-24.0).contains(&level), "it is louder for it: {level}");
    let pause = levelled(&mut control, &hiss[frames.len()..]);
    let (begin, end) = (level_dbov(pause[..SECOND].as_flattened()), level_dbov(pause[29 * SECOND..].as_flattened()));
    assert!(begin <= NOISE_DBOV_MAX + 2.0, "{begin}");
    assert!((begin - end).abs() < 0.2, "{begin} and {end}");
}

#[test]
fn the_gain_moves_in_small_steps_whatever_comes() {
    let mut control = LevelControl::default();
    let all = [speech(-45.0).0, speech(-12.0).0, key('5', 20, 8_000), speech(-45.0).0].concat();
    let heard = levelled(&mut control, &all);
    let gain_of = |(before, after): (&i16, &i16)| {
        // Where it can be seen: above rounding, and below the knee, where the gain is nothing but the gain.
        let is_seen = before.unsigned_abs() >= 500 && after.unsigned_abs() < 16_000;
        is_seen.then(|| 20.0 * (f32::from(*after) / f32::from(*before)).log10())
    };
    let gains: Vec<_> = all.as_flattened().iter().zip(heard.as_flattened()).map(gain_of).collect();
    let steps = gains.windows(2).filter_map(|pair| Some((pair[1]? - pair[0]?).abs()));
    let steepest = steps.fold(0.0, f32::max);
    assert!(steepest < 0.2, "{steepest} dB from a sample to the next");
}

#[test]
fn within_a_frame_the_gain_is_even() {
    let mut control = used_to(-45.0);
    for frame in [key('5', 20, 8_000), vec![[4_000; FRAME_SAMPLES]; 40]].concat() {
        let mut heard = frame;
        control.level(&mut heard);
        let seen = |(before, after): (&i16, &i16)| {
            let is_seen = before.unsigned_abs() >= 500 && after.unsigned_abs() < 16_000;
            is_seen.then(|| 20.0 * (f32::from(*after) / f32::from(*before)).log10())
        };
        let gains: Vec<f32> = frame.iter().zip(&heard).filter_map(seen).collect();
        let [first, last] = [gains.first(), gains.last()].map(|gain| gain.expect("what is seen"));
        assert!((last - first).abs() <= ASIDE_DB + 0.01, "from {first} to {last}");
    }
    let mut even = [4_000; FRAME_SAMPLES];
    amplify(&mut even, 0.0, ASIDE_DB);
    let steepest = even.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max();
    assert!(steepest <= Some(50), "hardly more than a hundredth of the sound: {steepest:?}");
}

#[test]
fn whoever_shouts_after_whispering_is_not_cut_off() {
    let mut control = used_to(-45.0);
    assert!(control.applied_db > 15.0);
    let (mut loud, _) = speech(-12.0);
    let peak = loud.as_flattened().iter().map(|sample| sample.unsigned_abs()).max().expect("samples");
    let scale = 32_000.0 / f32::from(peak);
    for sample in loud.as_flattened_mut() {
        *sample = (f32::from(*sample) * scale) as i16;
    }
    let heard = levelled(&mut control, &loud);
    assert!(heard.as_flattened().iter().all(|sample| sample.unsigned_abs() < 32_767));
    let later = level_dbov(heard[10 * SECOND..].as_flattened());
    assert!(later < -20.0, "and comes down: {later}");
}

#[test]
fn what_is_louder_stays_louder_through_the_bend() {
    for gain_db in [0.0, 0.1, 6.0, 18.0] {
        let gain = 10_f32.powf(gain_db / 20.0);
        let samples: Vec<f32> = (-1_000..=1_000).map(|share| raised(share as f32 / 1_000.0, gain)).collect();
        assert!(samples.is_sorted() && samples[0] >= -1.0001 && samples[2_000] <= 1.0001, "{gain_db}");
    }
    assert_eq!(raised(0.9, 1.0), 0.9);
}

#[test]
fn keys_pass_as_they_are() {
    for digit in ['1', '5', '9', '0', 'D'] {
        for amplitude in [1_000, 6_000, 14_000] {
            let frames = key(digit, 25, amplitude);
            let heard = levelled(&mut LevelControl::default(), &frames);
            assert_eq!(frames, heard, "{digit} {amplitude}");
        }
    }
}

#[test]
fn a_key_keeps_its_strength_from_begin_to_end_and_is_not_raised_where_it_is_strong() {
    for dbov in [-45.0, -14.0] {
        for amplitude in [1_000, 3_000, 6_000, 14_000] {
            let frames = key('9', 10, amplitude);
            let heard = levelled(&mut used_to(dbov), &frames);
            let dbov_of = |frames: &[Frame]| level_dbov(frames.as_flattened());
            let [first, early, late] = [0..2, 3..5, 8..10].map(|part| dbov_of(&heard[part.clone()]) - dbov_of(&frames[part]));
            assert!((early - late).abs() < 0.5, "{amplitude} after {dbov}: {early} and {late}");
            assert!((first - late).abs() < 0.5, "{amplitude} after {dbov}: {first} and {late}");
            assert!(amplitude < 14_000 || late < 1.0, "{amplitude} after {dbov}: {late}");
        }
    }
}

#[test]
fn a_key_that_begins_within_a_frame_is_soon_as_strong_as_it_stays() {
    for amplitude in [3_000, 6_000, 14_000] {
        let mut samples = [[0; FRAME_SAMPLES].as_slice(), key('9', 10, amplitude).as_flattened()].concat();
        samples.drain(..FRAME_SAMPLES / 2);
        let (frames, _) = samples.as_chunks::<FRAME_SAMPLES>();
        let heard = levelled(&mut used_to(-45.0), frames);
        let raised = |at: usize| level_dbov(&heard[at]) - level_dbov(&frames[at]);
        assert!((raised(0) - raised(8)).abs() < 4.0, "{amplitude}: {} and {}", raised(0), raised(8));
        assert!((raised(1) - raised(8)).abs() < 2.0, "{amplitude}: {} and {}", raised(1), raised(8));
        assert!((raised(2) - raised(8)).abs() < 0.5, "{amplitude}: {} and {}", raised(2), raised(8));
    }
}

#[test]
fn a_key_changes_nothing_of_what_is_known_of_the_voice() {
    let mut control = used_to(-40.0);
    let before = control.gain_db;
    levelled(&mut control, &key('7', 10, 14_000));
    assert!((control.gain_db - before).abs() < 1.0, "{before} and {}", control.gain_db);
}

#[test]
fn speech_is_seldom_taken_for_a_tone() {
    for path in ["main-menu/prompts/es/menu.wav", "main-menu/prompts/en/menu.wav"] {
        let samples = read_wav(&std::fs::read(Path::new("ivr-scripts").join(path)).expect("a file")).expect("a sound");
        let mut tones = Tones::default();
        let frames = samples.as_chunks::<FRAME_SAMPLES>().0;
        let taken = frames.iter().filter(|frame| tones.hear(frame, level_dbov(&frame[..]))).count();
        assert!(taken * 20 <= frames.len(), "{path}: {taken} of {}", frames.len());
    }
}

#[test]
fn an_echo_is_neither_learned_from_nor_raised() {
    let (said, _) = speech(-26.0);
    let mut control = LevelControl::default();
    let echo_of = |frame: &Frame| frame.map(|sample| sample / 8);
    for (i, frame) in said.iter().enumerate() {
        control.goes_out(frame);
        let mut echo = said.get(i.wrapping_sub(6)).map_or([0; FRAME_SAMPLES], echo_of);
        let before = echo;
        control.level(&mut echo);
        assert_eq!(before, echo, "frame {i}");
    }
    // A quiet voice whose gain is known already: what comes back while the others speak gets none of it.
    let mut control = used_to(-42.0);
    for (i, frame) in said.iter().enumerate() {
        control.goes_out(frame);
        let mut echo = said.get(i.wrapping_sub(6)).map_or([0; FRAME_SAMPLES], echo_of);
        control.level(&mut echo);
        let is_spoken_to = level_dbov(frame) > -40.0 && i > SECOND;
        assert!(!is_spoken_to || control.applied_db < 12.0, "frame {i}: {}", control.applied_db);
    }
    assert!(control.gain_db > 12.0, "and it is not forgotten");
}

#[test]
fn whoever_answers_is_raised_soon_after_the_other_has_spoken() {
    let (said, _) = speech(-26.0);
    let mut control = used_to(-42.0);
    for frame in &said {
        control.goes_out(frame);
        control.level(&mut [0; FRAME_SAMPLES]);
    }
    let (answer, _) = speech(-42.0);
    levelled(&mut control, &answer[10..10 + SECOND]);
    assert!(control.applied_db > 12.0, "{}", control.applied_db);
}
