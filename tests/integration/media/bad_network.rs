//! A caller behind a network that loses, delays and reorders packets, and what the other side hears of it: another codec, so that
//! the sound is awaited, put in order, mended and encoded anew.

use std::net::SocketAddr;

use centralita::{
    protocol::{
        audio::{FRAME_SAMPLES, Goertzel, Tone, read_wav},
        media::{Codec, MediaOrder, RemoteMedia, Source, StretchId},
    },
    types::{AudioQuality, IpFamilies},
};
use tokio::runtime::Runtime;

use super::Stage;
use crate::support::{
    lossy_relay::{LossyRelay, Weather},
    tone_peer::TonePeer,
};

/// 5 in 100 never come, all others up to 0.1 s late: every packet may overtake the four before it.
const BAD: Weather = Weather { lost: 5, repeated: 0, delayed: 100, delay_ms_max: 100 };

/// What a telephone hears of a caller whose packets come through `weather`, and how the caller's line is judged.
fn heard_through(weather: Weather, codecs: (Codec, Codec), said: &[i16]) -> (Vec<i16>, AudioQuality) {
    let network = Runtime::new().expect("a runtime");
    let mut stage = Stage::new(|_| {});
    let (caller, mut speaker) = (stage.new_leg(), TonePeer::new(codecs.0, 0.0));
    let server = *stage.open(caller, IpFamilies::Both).iter().next().expect("an address");
    let back: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let relay = network.block_on(LossyRelay::start(7, weather, speaker.address(), back, server));
    speaker.connect(relay.front);
    let remote = RemoteMedia { address: relay.back, ..speaker.remote() };
    stage.order(MediaOrder::SetRemote { leg: caller, remote, signalled_from: None, is_settled: true });
    let (callee, mut listener) = stage.call(codecs.1, 0.0);
    stage.hear(callee, &[Source::Leg(caller)]);
    for frame in said.chunks_exact(FRAME_SAMPLES) {
        speaker.say(frame.try_into().expect("a frame"));
        // It hears silence at the pace of speech until there is more to hear.
        listener.listen().expect("a packet in time");
    }
    let stretch = StretchId(1);
    stage.order(MediaOrder::Measure { leg: caller, stretch: Some(stretch) });
    let quality = stage.measured(stretch);
    (listener.heard.clone(), quality)
}

/// How alike what is heard is to what was said: each tenth of a second with the place up to 0.4 s later that it is most alike to,
/// weighed by its energy.
fn resemblance(said: &[i16], heard: &[i16]) -> f64 {
    let of = |one: &[i16], other: &[i16]| -> f64 {
        one.iter().zip(other).step_by(2).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
    };
    let (mut sum, mut weight) = (0.0, 0.0);
    for (i, piece) in said.chunks_exact(800).enumerate() {
        let energy = of(piece, piece);
        let places = (0..3_200).filter_map(|later| heard.get(i * 800 + later..(i + 1) * 800 + later));
        let alike = places.map(|place| of(piece, place) / (energy.sqrt() * of(place, place).sqrt()).max(1.0));
        sum += alike.fold(0.0, f64::max) * energy;
        weight += energy;
    }
    sum / weight
}

#[test]
fn speech_through_loss_jitter_and_reordering_is_understood_on_the_other_side() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ivr-scripts/main-menu/prompts/en/menu.wav");
    let prompt = read_wav(&std::fs::read(path).expect("the prompt")).expect("a sound file");
    let said: Vec<i16> = prompt.iter().copied().cycle().take(5 * 8_000).collect();
    for codecs in [(Codec::Pcmu, Codec::Opus), (Codec::Opus, Codec::Pcma), (Codec::G722, Codec::Pcmu)] {
        let (heard, quality) = heard_through(BAD, codecs, &said);
        let resemblance = resemblance(&said, &heard);
        assert!(resemblance >= 0.8, "{codecs:?}: {resemblance:.3}");
        assert!((1.0..12.0).contains(&quality.lost_percent), "{codecs:?}: {quality:?}");
        assert!(quality.jitter_ms > 10.0, "{codecs:?}: {quality:?}");
        assert!(quality.mos.is_some_and(|mos| (2.0..4.2).contains(&mos)), "{codecs:?}: {quality:?}");
    }
}

#[test]
fn a_tone_through_loss_jitter_and_reordering_keeps_its_pitch() {
    let mut tone = Tone::new(1_000.0, 8_000);
    let said: Vec<i16> = (0..300).flat_map(|_| tone.frame()).collect();
    let (heard, _) = heard_through(BAD, (Codec::Pcmu, Codec::Pcma), &said);
    let found = Goertzel::strongest(&heard[8_000..]).expect("a tone");
    assert!((found - 1_000.0).abs() <= 20.0, "{found}");
}

#[test]
fn a_good_line_is_judged_by_what_came_and_by_what_its_peer_reports() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcmu, 1_000.0);
    stage.hear(leg, &[Source::Echo]);
    peer.listen_to(1);
    peer.converse(100);
    stage.order(MediaOrder::Measure { leg, stretch: Some(StretchId(1)) });
    let good = stage.measured(StretchId(1));
    assert_eq!((good.packets, good.lost_percent, good.late_percent), (100, 0.0, 0.0));
    assert!(good.mos.is_some_and(|mos| mos > 4.2), "{good:?}");
    assert_eq!((good.mos_heard, good.heard_lost_percent), (None, None), "it has reported nothing");

    for _ in 0..3 {
        peer.converse(20);
        // A quarter.
        peer.report_loss(64);
    }
    peer.converse(20);
    stage.order(MediaOrder::Measure { leg, stretch: Some(StretchId(2)) });
    let reported = stage.measured(StretchId(2));
    assert_eq!((reported.packets, reported.heard_lost_percent), (80, Some(25.0)));
    assert!(reported.mos_heard.is_some_and(|mos| mos < 2.6), "{reported:?}");
    assert!(reported.mos.is_some_and(|mos| mos > 4.2), "{reported:?}");
}

#[test]
fn a_peer_that_hears_us_and_says_nothing_is_told() {
    let mut stage = Stage::new(|_| {});
    let (leg, mut peer) = stage.call(Codec::Pcma, 1_000.0);
    stage.hear(leg, &[Source::Echo]);
    // Silence, at the pace of speech: two rounds of five seconds, and what is left of the one in which the call began.
    peer.listen_to(800);
    assert_eq!(stage.sound_changed(leg), (true, 0));
}
