//! How a caller sounded becomes a fact of the call, also after its end.

use super::*;
use crate::{
    domain::call::{CallEventKind, Party},
    types::AudioQuality,
};

const GOOD: AudioQuality = AudioQuality {
    mos: Some(4.38),
    mos_heard: None,
    packets: 250,
    lost_percent: 0.0,
    late_percent: 0.0,
    heard_lost_percent: None,
    mos_told: None,
    heard_late_percent: None,
    jitter_ms: 1.5,
    round_trip_ms: None,
};

/// As the last view of a call says.
fn poor_audio(exchange: &Exchange) -> Vec<Party> {
    let call = exchange.live.iter().rev().find_map(|update| match update {
        LiveUpdate::Call(view) => Some(view.poor_audio.clone()),
        _ => None,
    });
    call.expect("a call")
}

#[test]
fn a_call_is_measured_before_its_port_is_freed_and_the_figures_are_the_callers() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    let leg = exchange.leg();
    exchange.give(Input::Media(MediaNotice::Up { leg }));
    let poor = AudioQuality { mos: Some(2.1), ..GOOD };
    exchange.give(Input::Media(MediaNotice::SoundChanged { leg, is_poor: true, quality: poor }));
    assert_eq!(poor_audio(&exchange), [Party::Customer], "whoever watches sees it");
    exchange.caller(1, "BYE", 2, &tag, "");
    assert_eq!(poor_audio(&exchange), []);

    let measured = |order: &MediaOrder| matches!(order, MediaOrder::Measure { leg: of, stretch: Some(_) } if *of == leg);
    let at = exchange.media.iter().position(measured).expect("it is measured");
    let closed = exchange.media.iter().position(|order| *order == MediaOrder::Close { leg }).expect("it is closed");
    assert!(at < closed, "{:?}", exchange.media);
    let MediaOrder::Measure { stretch: Some(stretch), .. } = exchange.media[at] else { unreachable!("found as one") };
    for _ in 0..2 {
        exchange.give(Input::Media(MediaNotice::Measured { leg, stretch, quality: GOOD }));
    }

    let told: Vec<_> = exchange
        .facts
        .iter()
        .filter_map(|fact| match &fact.event {
            Event::Call(event) => match &event.kind {
                CallEventKind::AudioPoor { party, quality } | CallEventKind::AudioMeasured { party, quality } => {
                    Some((event.kind(), event.call, *party, *quality))
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    let call = told[0].1;
    assert_eq!(
        told,
        [("call.audio_poor", call, Party::Customer, poor), ("call.audio_measured", call, Party::Customer, GOOD)],
        "once each, whatever comes twice"
    );
    exchange.is_clean();
}

#[test]
fn a_line_that_carries_no_call_tells_nothing() {
    let mut exchange = Exchange::new();
    let leg = LegId::mint(exchange.now.wall, &mut Rng::seeded(3));
    let before = exchange.facts.len();
    exchange.give(Input::Media(MediaNotice::SoundChanged { leg, is_poor: true, quality: GOOD }));
    assert_eq!(exchange.facts.len(), before);
}

#[test]
fn a_caller_who_says_nothing_before_the_call_is_confirmed_is_judged_anew_after_it() {
    let mut exchange = Exchange::new();
    exchange.caller(1, "INVITE", 1, "", SDP);
    let tag = to_tag(&exchange.last("SIP/2.0 200"));
    let leg = exchange.leg();
    let nothing = AudioQuality { mos: None, packets: 0, ..GOOD };
    let silent = || Input::Media(MediaNotice::SoundChanged { leg, is_poor: true, quality: nothing });
    exchange.give(silent());
    assert!(!exchange.kinds().contains(&"call.audio_poor"));
    assert_eq!(exchange.media.last(), Some(&MediaOrder::Measure { leg, stretch: None }));
    exchange.caller(1, "ACK", 1, &tag, "");
    exchange.give(silent());
    assert!(exchange.kinds().contains(&"call.audio_poor"));
    exchange.caller(1, "BYE", 2, &tag, "");
    exchange.is_clean();
}
