use std::{f64::consts::TAU, path::Path};

use super::*;
use crate::{
    protocol::{
        audio::{Decoder, Encoder, FRAME_SAMPLES, PACKET_SAMPLES_MAX, PAYLOAD_MAX, read_wav},
        media::Codec,
    },
    types::Rng,
};

const ALL: &str = "123A456B789C*0#D";

/// A key as somebody's telephone makes it.
#[derive(Clone, Copy)]
struct Press {
    ms: usize,
    /// Peaks of the low and the high tone.
    amplitudes: (f64, f64),
    /// Each tone's frequency as a multiple of the right one.
    off: (f64, f64),
}

/// -13 dBm0 a tone, as telephones send.
const USUAL: Press = Press { ms: 50, amplitudes: (5_100.0, 5_100.0), off: (1.0, 1.0) };

fn decibels(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

fn tones_of(key: char) -> (f64, f64) {
    let [low, high] = tones_of_key(key).expect("a key").map(f64::from);
    (low, high)
}

fn sound(key: char, press: Press) -> Vec<f64> {
    let (low, high) = tones_of(key);
    let sine = |hertz: f64, i: usize| (TAU * hertz * i as f64 / 8_000.0).sin();
    let at = |i| press.amplitudes.0 * sine(low * press.off.0, i) + press.amplitudes.1 * sine(high * press.off.1, i + 3);
    (0..press.ms * 8).map(at).collect()
}

fn silence(ms: usize) -> Vec<f64> {
    vec![0.0; ms * 8]
}

/// Even noise of this root mean square.
fn noise(samples: &mut [f64], rms: f64, rng: &mut Rng) {
    for sample in samples {
        *sample += (f64::from(rng.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0) * rms * 3_f64.sqrt();
    }
}

fn to_samples(sound: &[f64]) -> Vec<i16> {
    sound.iter().map(|sample| sample.round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

fn keys_in(samples: &[i16]) -> String {
    let mut detector = DtmfDetector::default();
    samples.chunks(FRAME_SAMPLES).filter_map(|frame| detector.hear(frame)).collect()
}

/// One press with silence around it, begun at each of these samples of a frame.
fn keys_at_every_place(key: char, press: Press) -> Vec<String> {
    let at = |offset| {
        let parts = [vec![0.0; 320 + offset], sound(key, press), silence(80)];
        keys_in(&to_samples(&parts.concat()))
    };
    (0..FRAME_SAMPLES).step_by(7).map(at).collect()
}

#[test]
fn each_key_of_40_ms_and_more_is_heard_once_wherever_it_begins() {
    for ms in [40, 50, 100, 400] {
        for key in ALL.chars() {
            let heard = keys_at_every_place(key, Press { ms, ..USUAL });
            assert!(heard.iter().all(|keys| *keys == key.to_string()), "{key} of {ms} ms: {heard:?}");
        }
    }
}

#[test]
fn what_is_shorter_than_23_ms_is_no_key() {
    for key in ALL.chars() {
        let heard = keys_at_every_place(key, Press { ms: 23, ..USUAL });
        assert!(heard.iter().all(String::is_empty), "{key}: {heard:?}");
    }
}

#[test]
fn a_number_dialled_with_pauses_of_30_ms_is_heard_whole() {
    let dialled = "1123A456B7789C*00#DD";
    for offset in 0..40 {
        let mut parts = vec![vec![0.0; offset * 4]];
        for key in dialled.chars() {
            parts.push(sound(key, Press { ms: 45, ..USUAL }));
            parts.push(silence(30));
        }
        parts.push(silence(60));
        assert_eq!(keys_in(&to_samples(&parts.concat())), dialled, "begun at sample {}", offset * 4);
    }
}

#[test]
fn an_interruption_of_10_ms_does_not_press_a_key_twice() {
    for key in ALL.chars() {
        let whole = sound(key, Press { ms: 130, ..USUAL });
        let parts = [&silence(40)[..], &whole[..60 * 8], &silence(10), &whole[70 * 8..], &silence(60)];
        assert_eq!(keys_in(&to_samples(&parts.concat())), key.to_string());
    }
}

#[test]
fn frequencies_1_5_percent_off_are_heard_and_3_5_percent_off_are_not() {
    for key in ALL.chars() {
        for (low, high) in [(1.015, 1.015), (0.985, 0.985), (1.015, 0.985), (0.985, 1.015)] {
            let heard = keys_at_every_place(key, Press { ms: 40, off: (low, high), ..USUAL });
            assert!(heard.iter().all(|keys| *keys == key.to_string()), "{key} at {low} and {high}: {heard:?}");
        }
        for off in
            [(1.035, 1.0), (0.965, 1.0), (1.0, 1.035), (1.0, 0.965), (1.035, 1.035), (1.05, 1.0), (1.0, 1.05), (1.0, 0.95)]
        {
            let heard = keys_at_every_place(key, Press { ms: 100, off, ..USUAL });
            assert!(heard.iter().all(String::is_empty), "{key} at {off:?}: {heard:?}");
        }
    }
}

#[test]
fn twist_is_borne_as_far_as_lines_bring_it() {
    for key in ALL.chars() {
        let twisted =
            |low_db, high_db| Press { amplitudes: (4_000.0 * decibels(low_db), 4_000.0 * decibels(high_db)), ..USUAL };
        for accepted in [twisted(0.0, 4.0), twisted(8.0, 0.0)] {
            let heard = keys_at_every_place(key, Press { ms: 40, ..accepted });
            assert!(heard.iter().all(|keys| *keys == key.to_string()), "{key}: {heard:?}");
        }
        for refused in [twisted(0.0, 6.0), twisted(10.0, 0.0)] {
            let heard = keys_at_every_place(key, refused);
            assert!(heard.iter().all(String::is_empty), "{key}: {heard:?}");
        }
    }
}

#[test]
fn levels_from_0_to_minus_25_dbm0_are_heard_and_minus_36_is_not() {
    // A sine at full scale is +3.17 dBm0 in µ-law (ITU-T G.711).
    let level = |dbm0: f64| 32_767.0 * decibels(dbm0 - 3.17);
    for key in ALL.chars() {
        for dbm0 in [-3.0, -10.0, -25.0] {
            let press = Press { ms: 40, amplitudes: (level(dbm0), level(dbm0)), ..USUAL };
            let heard = keys_at_every_place(key, press);
            assert!(heard.iter().all(|keys| *keys == key.to_string()), "{key} at {dbm0} dBm0: {heard:?}");
        }
        let heard = keys_at_every_place(key, Press { amplitudes: (level(-36.0), level(-36.0)), ..USUAL });
        assert!(heard.iter().all(String::is_empty), "{key}: {heard:?}");
    }
}

#[test]
fn noise_12_db_below_a_key_hides_none_and_makes_none() {
    let mut rng = Rng::seeded(4);
    let mut missed = 0;
    for round in 0..30 {
        for key in ALL.chars() {
            let mut line = [silence(50), sound(key, Press { ms: 50, ..USUAL }), silence(60)].concat();
            noise(&mut line, 5_100.0 * decibels(-12.0), &mut rng);
            let heard = keys_in(&to_samples(&line));
            assert!(heard.is_empty() || heard == key.to_string(), "round {round}: {key} was heard as {heard:?}");
            missed += usize::from(heard.is_empty());
        }
    }
    assert_eq!(missed, 0, "of 480");
    let mut hiss = silence(60_000);
    noise(&mut hiss, 3_000.0, &mut rng);
    assert_eq!(keys_in(&to_samples(&hiss)), "");
}

#[test]
fn every_codec_carries_keys() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let (mut encoder, mut decoder) = (Encoder::new(codec).expect("an encoder"), Decoder::new(codec).expect("a decoder"));
        let mut detector = DtmfDetector::default();
        let mut heard = String::new();
        let line: Vec<_> = ALL.chars().map(|key| [sound(key, Press { ms: 60, ..USUAL }), silence(60)].concat()).collect();
        for frame in to_samples(&[silence(100), line.concat(), silence(100)].concat()).chunks_exact(FRAME_SAMPLES) {
            let (mut payload, mut samples) = ([0; PAYLOAD_MAX], [0; PACKET_SAMPLES_MAX]);
            let length = encoder.encode(frame.try_into().expect("a frame"), &mut payload).expect("a payload");
            let count = decoder.decode(&payload[..length], &mut samples).expect("samples");
            heard.extend(detector.hear(&samples[..count]));
        }
        assert_eq!(heard, ALL, "{codec:?}");
    }
}

#[test]
fn speech_and_music_press_no_keys() {
    let mut seconds = 0.0;
    for path in sounds(Path::new("ivr-scripts")) {
        let samples = read_wav(&std::fs::read(&path).expect("a file")).expect("a sound");
        seconds += samples.len() as f64 / 8_000.0;
        // Louder and quieter, and with every place of a window: a hit would have to be the voice's.
        for (gain, offset) in [(1.0, 0), (3.0, 13), (0.3, 29)] {
            let changed: Vec<f64> = samples[offset..].iter().map(|sample| f64::from(*sample) * gain).collect();
            assert_eq!(keys_in(&to_samples(&changed)), "", "{} with gain {gain}", path.display());
        }
    }
    assert!(seconds > 300.0, "only {seconds} s of sound");
}

#[test]
fn tones_of_the_network_press_no_keys() {
    // Dialling and ringing tones of Europe and North America, fax tones, and every tone of a key alone.
    let pairs = [(425.0, 0.0), (350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (1_100.0, 0.0), (2_100.0, 0.0), (697.0, 770.0)];
    let single = LOW_TONES.into_iter().chain(HIGH_TONES).map(|hertz| (f64::from(hertz), 0.0));
    for (one, other) in pairs.into_iter().chain(single) {
        let sine = |hertz: f64, i: usize| 5_000.0 * (TAU * hertz * i as f64 / 8_000.0).sin();
        let tone: Vec<f64> = (0..8_000).map(|i| sine(one, i) + sine(other, i)).collect();
        assert_eq!(keys_in(&to_samples(&tone)), "", "{one} and {other} Hz");
    }
}

fn sounds(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<_> = entries
        .flat_map(|path| if path.is_dir() { sounds(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "wav"))
        .collect();
    found.sort();
    found
}
