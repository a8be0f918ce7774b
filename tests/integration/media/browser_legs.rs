//! Browsers: connecting, codecs, bridges to telephones and to each other, reload, ICE restart, loss.

use centralita::protocol::media::{Codec, MediaNotice, MediaOrder, PlayId, Source};

use super::{SHORT_SILENCE, Stage};
use crate::support::{browser_peer::BrowserPeer, tone_peer::TonePeer};

fn stage() -> Stage {
    Stage::new(|_| {})
}

/// Both live: the telephone answers every packet that it hears with one of its own, on its own thread's time.
fn talk(browser: &mut BrowserPeer, phone: &mut TonePeer, packets: usize) {
    std::thread::scope(|scope| {
        let singing = scope.spawn(|| {
            phone.listen_to(2);
            phone.converse(packets);
        });
        browser.live_until("the telephone's part", |_| singing.is_finished());
    });
}

#[test]
fn a_browser_connects_with_g711_first_and_hears_its_echo() {
    let mut stage = stage();
    let mut browser = BrowserPeer::new(1_000.0);
    let leg = stage.new_leg();
    let answer = stage.join(leg, &mut browser);
    let line = answer.lines().find(|line| line.starts_with("m=audio")).expect("an audio line");
    assert!(line.ends_with(" 0 8 9 111 126 110"), "{line}");
    assert!(answer.contains("a=ice-lite") && answer.contains("a=setup:passive"), "{answer}");
    stage.wait_for(&MediaNotice::Up { leg });
    stage.hear(leg, &[Source::Echo]);
    browser.hear(60);
    assert!(browser.share_of(1_000.0) > 0.95, "{}", browser.share_of(1_000.0));
}

#[test]
fn a_browser_and_a_telephone_of_g711_are_relayed() {
    let mut stage = stage();
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut browser = BrowserPeer::new(700.0);
        let agent = stage.new_leg();
        stage.join(agent, &mut browser);
        let (caller, mut phone) = stage.call(codec, 1_700.0);
        stage.hear(agent, &[Source::Leg(caller)]);
        stage.hear(caller, &[Source::Leg(agent)]);
        talk(&mut browser, &mut phone, 100);
        // A packet that a loaded machine delivers late tears the tone of its second; the next one is whole.
        for _ in 0..4 {
            if phone.share_of(700.0) <= 0.9 || browser.share_of(1_700.0) <= 0.9 {
                talk(&mut browser, &mut phone, 60);
            }
        }
        assert!(phone.share_of(700.0) > 0.9, "{codec:?}: {}", phone.share_of(700.0));
        assert!(browser.share_of(1_700.0) > 0.9, "{codec:?}: {}", browser.share_of(1_700.0));
        let telephone_s = if codec == Codec::Pcmu { 0 } else { 8 };
        assert!(browser.payload_types.iter().rev().take(50).all(|number| *number == telephone_s), "{codec:?}: not transcoded");
    }
}

#[test]
fn a_browser_with_opus_only_talks_to_a_g711_telephone() {
    let mut stage = stage();
    let mut browser = BrowserPeer::with_opus_only(700.0);
    let agent = stage.new_leg();
    stage.join(agent, &mut browser);
    let (caller, mut phone) = stage.call(Codec::Pcma, 1_700.0);
    stage.hear(agent, &[Source::Leg(caller)]);
    stage.hear(caller, &[Source::Leg(agent)]);
    talk(&mut browser, &mut phone, 120);
    assert!(phone.share_of(700.0) > 0.6, "{}", phone.share_of(700.0));
    assert!(browser.share_of(1_700.0) > 0.6, "{}", browser.share_of(1_700.0));
}

#[test]
fn opus_comes_first_where_it_is_preferred() {
    let mut stage = Stage::new(|settings| settings.prefer_opus = true);
    let mut browser = BrowserPeer::new(700.0);
    let leg = stage.new_leg();
    let answer = stage.join(leg, &mut browser);
    assert!(answer.contains(" 111 0 8 9 126 110\r\n"), "{answer}");
    stage.play(leg, 1, &["tone/400"]);
    browser.hear(45);
    assert!(browser.share_of(400.0) > 0.6 && browser.payload_types.iter().all(|number| *number == 111));
}

#[test]
fn a_prompt_waits_until_the_browser_can_hear_it() {
    let mut stage = stage();
    let mut browser = BrowserPeer::new(700.0);
    let leg = stage.new_leg();
    let answer = stage.offer(leg, &browser.offer());
    stage.play(leg, 1, &["short/400", "tone/1400"]);
    browser.accept(&answer);
    browser.connect();
    browser.hear(50);
    assert!(browser.share_of(1_400.0) > 0.7, "{}", browser.share_of(1_400.0));
    stage.wait_for(&MediaNotice::PlayEnded { leg, play: PlayId(1), was_stopped: false });
}

#[test]
fn keys_of_a_browser_are_told_and_reach_the_telephone() {
    let mut stage = stage();
    let mut browser = BrowserPeer::new(700.0);
    let agent = stage.new_leg();
    stage.join(agent, &mut browser);
    let (caller, mut phone) = stage.call(Codec::Pcmu, 1_700.0);
    stage.hear(caller, &[Source::Leg(agent)]);
    browser.press("15#");
    std::thread::scope(|scope| {
        let listening = scope.spawn(|| phone.listen_for_keys(3));
        browser.live_until("keys", |_| listening.is_finished());
    });
    assert_eq!(phone.digits, "15#");
    for digit in ['1', '5', '#'] {
        stage.wait_for(&MediaNotice::Digit { leg: agent, digit });
    }
}

#[test]
fn two_browsers_hear_each_other() {
    let mut stage = stage();
    let (mut one, mut other) = (BrowserPeer::new(700.0), BrowserPeer::new(1_700.0));
    let (first, second) = (stage.new_leg(), stage.new_leg());
    stage.join(first, &mut one);
    stage.join(second, &mut other);
    stage.hear(first, &[Source::Leg(second)]);
    stage.hear(second, &[Source::Leg(first)]);
    std::thread::scope(|scope| {
        let listening = scope.spawn(|| {
            other.hear(100);
            other
        });
        one.live_until("the other's part", |_| listening.is_finished());
        let other = listening.join().expect("the other browser");
        assert!(other.share_of(700.0) > 0.9 && one.share_of(1_700.0) > 0.9);
    });
}

#[test]
fn a_page_that_is_loaded_again_gets_its_audio_back_on_the_same_leg() {
    let mut stage = stage();
    let leg = stage.new_leg();
    let mut before = BrowserPeer::new(700.0);
    stage.join(leg, &mut before);
    stage.hear(leg, &[Source::Music("tone/1400".into())]);
    before.hear(20);
    drop(before);
    let mut after = BrowserPeer::new(900.0);
    stage.join(leg, &mut after);
    after.hear(50);
    assert!(after.share_of(1_400.0) > 0.9, "{}", after.share_of(1_400.0));
    stage.order(MediaOrder::Close { leg });
    let counts = stage.wait(|notice| match notice {
        MediaNotice::Closed { leg: closed, counts } if *closed == leg => Some(*counts),
        _ => None,
    });
    assert!(counts.packets_out >= 70, "both connections are counted: {counts:?}");
}

#[test]
fn an_ice_restart_keeps_the_connection_and_its_keys() {
    let mut stage = stage();
    let leg = stage.new_leg();
    let mut browser = BrowserPeer::new(700.0);
    let first = stage.join(leg, &mut browser);
    stage.hear(leg, &[Source::Echo]);
    browser.hear(20);
    let offer = browser.offer();
    let second = stage.offer(leg, &offer);
    let fragment = |sdp: &str| sdp.lines().find(|line| line.starts_with("a=ice-ufrag")).map(str::to_owned);
    assert_ne!(fragment(&first), fragment(&second));
    browser.accept(&second);
    browser.hear(100);
    assert!(browser.share_of(700.0) > 0.9, "{}", browser.share_of(700.0));
}

#[test]
fn a_browser_that_falls_silent_is_lost_and_one_that_never_comes_too() {
    let mut stage = Stage::new(|settings| settings.browser_timeout = SHORT_SILENCE);
    let leg = stage.new_leg();
    let mut browser = BrowserPeer::new(700.0);
    stage.join(leg, &mut browser);
    stage.wait_for(&MediaNotice::Up { leg });
    drop(browser);
    stage.wait_for(&MediaNotice::Lost { leg });
}

#[test]
fn offers_that_make_no_sense_are_refused_and_harm_nobody() {
    let mut stage = stage();
    let good = BrowserPeer::new(700.0).offer();
    let twice =
        good.replace("a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMU/8000").replace("a=rtpmap:8 PCMA/8000", "a=rtpmap:8 PCMU/8000");
    let no_codec = good.replace("PCMU", "XXXX").replace("PCMA", "YYYY").replace("G722", "ZZZZ").replace("opus", "sopu");
    let bad = ["", "hello", "v=0\r\n", &"x".repeat(100_000), &twice, &no_codec, &good.replace("m=audio", "m=video")];
    for offer in bad {
        let leg = stage.new_leg();
        stage.order(MediaOrder::OpenBrowser { leg, offer: offer.into() });
        stage.wait(|notice| match notice {
            MediaNotice::OpenFailed { leg: failed, .. } | MediaNotice::BrowserAnswered { leg: failed, .. } => {
                (*failed == leg).then_some(())
            }
            _ => None,
        });
    }
    let (leg, mut browser) = (stage.new_leg(), BrowserPeer::new(700.0));
    stage.join(leg, &mut browser);
    let (caller, mut phone) = stage.call(Codec::Pcmu, 500.0);
    phone.listen_to(1);
    stage.hear(caller, &[Source::Echo]);
    phone.converse(10);
}
