//! Speech and tones over networks that lose, delay and reorder.

use super::*;
use crate::{
    protocol::audio::{
        Encoder, Goertzel, PAYLOAD_MAX, Tone, VoiceActivity, clock_rate, pitch::likeness, read_wav, timestamp_step,
    },
    types::Rng,
};

/// What a network does to packets.
#[derive(Clone, Copy, Default)]
struct Network {
    loss_percent: u64,
    jitter_ms: u64,
    drift_ppm: i64,
}

/// What is heard of `source` through `network`, from the first packet's sending on.
fn heard_through(network: Network, codec: Codec, source: &[i16], seed: u64) -> (Vec<i16>, Playout) {
    let mut rng = Rng::seeded(seed);
    let mut encoder = Encoder::new(codec).expect("an encoder");
    encoder.expect_loss(network.loss_percent as u8).expect("a set encoder");
    let mut arrivals = Vec::new();
    for (i, frame) in source.chunks_exact(FRAME_SAMPLES).enumerate() {
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(frame.try_into().expect("a frame"), &mut payload).expect("a payload");
        let i = i as i64;
        let sent_ms = 60_000 + i * 20 + i * 20 * network.drift_ppm / 1_000_000;
        if rng.below(100) >= network.loss_percent {
            arrivals.push((sent_ms as u64 + rng.below(network.jitter_ms + 1), i as u64, payload[..length].to_vec()));
        }
    }
    arrivals.sort();
    let mut playout = Playout::new(Decoder::new(codec).expect("a decoder"));
    let (mut heard, mut arrivals) = (Vec::new(), arrivals.into_iter().peekable());
    for tick in 0..(source.len() / FRAME_SAMPLES) as u64 {
        let now = Mono::from_millis(60_000 + tick * 20);
        while let Some((at, i, payload)) = arrivals.next_if(|(at, ..)| *at <= now.as_millis()) {
            let timestamp = (i as u32).wrapping_mul(timestamp_step(codec));
            let arrival = Arrival { number: 70_000 + i, timestamp, clock_rate: clock_rate(codec), at: Mono::from_millis(at) };
            playout.push(arrival, &payload);
        }
        heard.extend(playout.frame(now));
    }
    (heard, playout)
}

fn speech() -> Vec<i16> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ivr-scripts/main-menu/prompts/en/menu.wav");
    let samples = read_wav(&std::fs::read(path).expect("the prompt")).expect("a sound file");
    samples.iter().copied().cycle().take(8 * 8_000).collect()
}

/// How alike what is heard is to what was said: each tenth of a second with the place up to 0.3 s later that it is most
/// alike to, weighed by its energy.
fn resemblance(said: &[i16], heard: &[i16]) -> f32 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (i, piece) in said.chunks_exact(800).enumerate() {
        let energy: f32 = piece.iter().map(|sample| f32::from(*sample).powi(2)).sum();
        let places = (0..2_400).filter_map(|later| heard.get(i * 800 + later..(i + 1) * 800 + later));
        let best = places.map(|place| likeness(piece, place)).fold(0.0, f32::max);
        sum += best * energy;
        weight += energy;
    }
    sum / weight
}

fn steepest(samples: &[i16]) -> i32 {
    samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
}

fn tone(hertz: f64, seconds: usize) -> Vec<i16> {
    let mut tone = Tone::new(hertz, 8_000);
    (0..seconds * 50).flat_map(|_| tone.frame()).collect()
}

const BAD: Network = Network { loss_percent: 5, jitter_ms: 100, drift_ppm: 0 };

#[test]
fn speech_is_understood_through_loss_and_jitter_in_every_codec() {
    let said = speech();
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        let (heard, _) = heard_through(BAD, codec, &said, 1);
        let resemblance = resemblance(&said, &heard);
        assert!(resemblance >= 0.8, "{codec:?}: {resemblance}");
    }
}

#[test]
fn a_tone_keeps_its_pitch_through_loss_and_jitter() {
    for hertz in [425.0, 1_000.0] {
        let (heard, _) = heard_through(BAD, Codec::Pcmu, &tone(hertz, 20), 2);
        let found = Goertzel::strongest(&heard[8_000..]).expect("a tone");
        assert!((found - hertz).abs() <= hertz * 0.02, "{found} instead of {hertz}");
    }
}

#[test]
fn following_the_network_makes_no_clicks() {
    let network = Network { jitter_ms: 60, ..Network::default() };
    let said = tone(300.0, 20);
    for seed in 0..5 {
        let (heard, playout) = heard_through(network, Codec::Pcma, &said, seed);
        assert!(playout.wait_ms() >= 60, "seed {seed}");
        // After the first second, in which it is learnt how much this network delays.
        assert!(steepest(&heard[8_000..]) <= 2 * steepest(&said), "seed {seed}: {}", steepest(&heard[8_000..]));
    }
}

#[test]
fn a_peer_whose_clock_is_off_for_an_hour_is_heard_without_growing_delay_and_without_gaps() {
    let silence_and_tone: Vec<i16> = tone(440.0, 3_600);
    for drift_ppm in [-200, 200] {
        let network = Network { drift_ppm, ..Network::default() };
        let (heard, playout) = heard_through(network, Codec::Pcmu, &silence_and_tone, 3);
        assert_eq!(playout.late(), 0, "{drift_ppm} ppm");
        assert_eq!(playout.wait_ms(), 20, "{drift_ppm} ppm");
        assert!(playout.jitter.ahead_ms().abs() <= 40, "{drift_ppm} ppm: {} ms", playout.jitter.ahead_ms());
        assert!(steepest(&heard[8_000..]) <= 2 * steepest(&silence_and_tone[..8_000]), "{drift_ppm} ppm");
    }
}

#[test]
fn delay_that_a_bad_minute_has_brought_goes_away_again() {
    let said = speech();
    let half = said.len() / 2;
    let mut playout = Playout::new(Decoder::new(Codec::Pcmu).expect("a decoder"));
    let mut encoder = Encoder::new(Codec::Pcmu).expect("an encoder");
    let (mut rng, mut worst) = (Rng::seeded(5), 0);
    let mut waiting: Vec<(u64, u64, Vec<u8>)> = Vec::new();
    for (i, frame) in said.chunks_exact(FRAME_SAMPLES).cycle().take(2_000).enumerate() {
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(frame.try_into().expect("a frame"), &mut payload).expect("a payload");
        let i = i as u64;
        let late_ms = if (i as usize) < half / FRAME_SAMPLES { rng.below(150) } else { 0 };
        waiting.push((60_000 + i * 20 + late_ms, i, payload[..length].to_vec()));
        waiting.sort();
        let now = Mono::from_millis(60_000 + i * 20);
        while waiting.first().is_some_and(|(at, ..)| *at <= now.as_millis()) {
            let (at, i, payload) = waiting.remove(0);
            let arrival = Arrival { number: i, timestamp: i as u32 * 160, clock_rate: 8_000, at: Mono::from_millis(at) };
            playout.push(arrival, &payload);
        }
        playout.frame(now);
        worst = worst.max(playout.wait_ms());
    }
    assert!(worst >= 140, "{worst}");
    assert_eq!(playout.wait_ms(), 20);
    assert!(playout.jitter.ahead_ms() <= AHEAD_MS + 20, "{}", playout.jitter.ahead_ms());
}

#[test]
fn opus_brings_lost_speech_back_from_the_packet_behind_it() {
    let said = speech();
    let mut resembles = [0.0, 0.0];
    for (expected, resemblance_of) in [0, 20].into_iter().zip(&mut resembles) {
        let mut encoder = Encoder::new(Codec::Opus).expect("an encoder");
        encoder.expect_loss(expected).expect("a set encoder");
        let mut playout = Playout::new(Decoder::new(Codec::Opus).expect("a decoder"));
        let mut heard = Vec::new();
        for (i, frame) in said.chunks_exact(FRAME_SAMPLES).enumerate() {
            let mut payload = [0; PAYLOAD_MAX];
            let length = encoder.encode(frame.try_into().expect("a frame"), &mut payload).expect("a payload");
            let at = Mono::from_millis(60_000 + i as u64 * 20);
            // Every fourth is lost.
            if i % 4 != 3 {
                let arrival = Arrival { number: i as u64, timestamp: i as u32 * 960, clock_rate: 48_000, at };
                playout.push(arrival, &payload[..length]);
            }
            heard.extend(playout.frame(at));
        }
        *resemblance_of = resemblance(&said, &heard);
    }
    assert!(resembles[1] > resembles[0] + 0.02, "{resembles:?}");
}

/// RFC 3389 5: one packet when the peer falls silent, none until it speaks again.
#[test]
fn a_peer_that_suppresses_silence_is_heard_as_its_background_until_it_speaks_again() {
    let mut encoder = Encoder::new(Codec::Pcma).expect("an encoder");
    let mut playout = Playout::new(Decoder::new(Codec::Pcma).expect("a decoder"));
    let mut tone = Tone::new(440.0, 8_000);
    let (mut number, mut levels) = (70_000, Vec::new());
    for tick in 0..150_u64 {
        let at = Mono::from_millis(60_000 + tick * 20);
        let arrival = Arrival { number, timestamp: (tick * 160) as u32, clock_rate: 8_000, at };
        let is_speaking = !(50..110).contains(&tick);
        if is_speaking {
            let mut payload = [0; PAYLOAD_MAX];
            let length = encoder.encode(&tone.frame(), &mut payload).expect("a payload");
            playout.push(arrival, &payload[..length]);
        } else if tick == 50 {
            playout.push_noise(arrival, &[45]);
        }
        number += u64::from(is_speaking || tick == 50);
        levels.push(VoiceActivity::default().hear(&playout.frame(at)).level_dbov);
    }
    // What is on its way waits 40 ms at first; a tenth of a second after each change all is as it was said.
    let is_noise = |level: &f32| (level + 45.0).abs() < 3.0;
    assert!(levels[56..108].iter().all(is_noise), "{levels:?}");
    assert!(levels[10..48].iter().chain(&levels[118..]).all(|level| *level > -20.0), "{levels:?}");
}

#[test]
fn the_background_of_a_stream_is_not_that_of_the_next() {
    let mut encoder = Encoder::new(Codec::Pcma).expect("an encoder");
    let mut playout = Playout::new(Decoder::new(Codec::Pcma).expect("a decoder"));
    let mut tone = Tone::new(440.0, 8_000);
    let mut levels = Vec::new();
    for tick in 0..120_u64 {
        let at = Mono::from_millis(60_000 + tick * 20);
        let arrival = Arrival { number: 70_000 + tick, timestamp: (tick * 160) as u32, clock_rate: 8_000, at };
        match tick {
            0..50 => {
                let mut payload = [0; PAYLOAD_MAX];
                let length = encoder.encode(&tone.frame(), &mut payload).expect("a payload");
                playout.push(arrival, &payload[..length]);
            }
            50 => assert!(playout.push_noise(arrival, &[45])),
            80 => playout.restart(),
            _ => {}
        }
        levels.push(VoiceActivity::default().hear(&playout.frame(at)).level_dbov);
    }
    assert!(levels[60..80].iter().all(|level| *level > -50.0), "{levels:?}");
    assert!(levels[100..].iter().all(|level| *level < -60.0), "{levels:?}");
}
