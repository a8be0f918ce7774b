//! How loud voices are to each other where they are mixed.

use std::path::Path;

use super::*;
use crate::protocol::audio::{Frame, SILENCE, linear_of_ulaw, read_wav, ulaw_of};

/// Each speaks for four seconds, and then the other.
const TURN: usize = 200;
/// Peaks of what is said, in shares of the loud one: 16 dB less.
const QUIET: f32 = 0.16;

/// What is said in a turn.
fn words() -> Vec<Frame> {
    let path = Path::new("ivr-scripts/main-menu/prompts/en/menu.wav");
    let samples = read_wav(&std::fs::read(path).unwrap()).unwrap();
    samples.as_chunks::<FRAME_SAMPLES>().0.iter().take(TURN).copied().collect()
}

fn ulaw(frame: &Frame, share: f32) -> [u8; FRAME_SAMPLES] {
    frame.map(|sample| ulaw_of((f32::from(sample) * share) as i16))
}

/// Decibels from one sound to another of the same length.
fn louder_by(one: &[i16], other: &[i16]) -> f64 {
    let energy = |samples: &[i16]| samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    10.0 * (energy(one) / energy(other)).log10()
}

impl Stage {
    /// A quiet caller and an agent speak in turns and a third listens: what it hears of each in the last two turns.
    fn heard_of_both(&mut self, [caller, agent, third]: [usize; 3]) -> [Vec<i16>; 2] {
        let words = words();
        let mut heard = [Vec::new(), Vec::new()];
        for turn in 0..8 {
            for (i, frame) in words.iter().enumerate() {
                // The end of the other's turn is still on its way.
                if i == 10 {
                    heard[turn % 2].clear();
                }
                let voice = |is_turn: bool, share: f32| if is_turn { ulaw(frame, share) } else { ulaw(&SILENCE, 1.0) };
                self.telephones[caller].say(&voice(turn % 2 == 0, QUIET));
                self.telephones[agent].say(&voice(turn % 2 == 1, 1.0));
                self.telephones[third].say(&ulaw(&SILENCE, 1.0));
                self.pass(FRAME_MS);
                let mut datagram = [0; 400];
                while let Ok(length) = self.telephones[third].socket.recv(&mut datagram) {
                    let Some(packet) = Packet::read(&datagram[..length]).filter(|packet| packet.payload_type == 0) else {
                        continue;
                    };
                    heard[turn % 2].extend(packet.payload.iter().map(|octet| linear_of_ulaw(*octet)));
                }
                for telephone in [caller, agent] {
                    self.telephones[telephone].hear();
                }
                while self.notices.try_recv().is_ok() {}
            }
        }
        heard
    }

    fn conference(&mut self) -> [usize; 3] {
        let legs = [Codec::Pcmu; 3].map(|codec| self.call(codec));
        for own in legs {
            let others: Vec<_> = legs.into_iter().filter(|other| *other != own).collect();
            self.hear(own, &others);
        }
        legs
    }
}

#[test]
fn a_quiet_caller_in_a_conference_of_three_is_heard_at_the_level_of_the_others() {
    let mut stage = Stage::new();
    let legs = stage.conference();
    let [of_caller, of_agent] = stage.heard_of_both(legs);
    let difference = louder_by(&of_agent, &of_caller);
    assert!(difference.abs() < 3.0, "16 dB became {difference}");
}

#[test]
fn voices_stay_as_they_are_where_nobody_wants_them_levelled() {
    let mut stage = Stage::new();
    stage.handle.order(MediaOrder::ControlLevels { is_wanted: false });
    let legs = stage.conference();
    let [of_caller, of_agent] = stage.heard_of_both(legs);
    let difference = louder_by(&of_agent, &of_caller);
    assert!((difference - 16.0).abs() < 1.0, "{difference}");
}

#[test]
fn who_is_relayed_is_heard_as_loud_as_ever_while_words_are_said_over_it() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    let (speaker, listener) = (stage.telephones[caller].leg, stage.telephones[agent].leg);
    stage.handle.order(MediaOrder::Play { leg: listener, play: PlayId(1), clips: vec!["long".into()], is_mixed: true });
    let seats = [speaker, listener].map(|leg| stage.workers[0].legs.seat_of(leg).unwrap());
    let mut loud = 0;
    for frame in words() {
        stage.telephones[caller].say(&ulaw(&frame, QUIET));
        stage.pass(FRAME_MS);
        let tick = stage.clock.now().mono.as_millis() / FRAME_MS;
        let Some(incoming) = &mut stage.workers[0].legs.get_mut(seats[0]).unwrap().incoming else { continue };
        let plain = *incoming.frame(tick);
        assert_eq!(stage.workers[0].mix_for(seats[1], tick), plain);
        loud += usize::from(plain.iter().any(|sample| sample.unsigned_abs() > 500));
    }
    assert!(loud > TURN / 4, "it was heard: {loud}");
}

#[test]
fn who_was_relayed_to_hears_no_jump_when_a_third_is_mixed_in() {
    let mut stage = Stage::new();
    let [caller, agent, third] = [Codec::Pcmu; 3].map(|codec| stage.call(codec));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    stage.hear(third, &[caller, agent]);
    let words = words();
    let loud = words.iter().position(|frame| frame.iter().any(|sample| sample.unsigned_abs() > 8_000)).unwrap();
    let said: Vec<Frame> = [&words[..], &words[..], &words[..], &words[loud..]].concat();
    // Its own packets are on their way for a moment.
    let joins_at = 3 * TURN + 4;
    let seats = [caller, agent].map(|telephone| stage.workers[0].legs.seat_of(stage.telephones[telephone].leg).unwrap());
    let mut heard = Vec::new();
    for (i, frame) in said.iter().enumerate().take(joins_at + 40) {
        if i == joins_at {
            stage.hear(agent, &[caller, third]);
        }
        stage.telephones[caller].say(&ulaw(frame, QUIET));
        stage.telephones[agent].say(&ulaw(&SILENCE, 1.0));
        stage.telephones[third].say(&ulaw(&SILENCE, 1.0));
        stage.pass(FRAME_MS);
        let (mut datagram, mut last) = ([0; 400], None);
        while let Ok(length) = stage.telephones[agent].socket.recv(&mut datagram) {
            let packet = Packet::read(&datagram[..length]).filter(|packet| packet.payload_type == 0);
            last = packet.map(|packet| packet.payload.iter().map(|octet| linear_of_ulaw(*octet)).collect::<Vec<_>>()).or(last);
        }
        for telephone in [caller, third] {
            stage.telephones[telephone].hear();
        }
        while stage.notices.try_recv().is_ok() {}
        // The frame in which it begins may be heard either way.
        if i <= joins_at || stage.workers[0].legs.get(seats[1]).unwrap().feed != Feed::Clocked {
            continue;
        }
        let tick = stage.clock.now().mono.as_millis() / FRAME_MS;
        let incoming = stage.workers[0].legs.get_mut(seats[0]).unwrap().incoming.as_mut().unwrap();
        heard.push((last.expect("a frame for every tick"), incoming.frame(tick).to_vec()));
    }
    let gain_of = |pairs: &[(Vec<i16>, Vec<i16>)]| {
        let (heard, plain): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
        louder_by(&heard.concat(), &plain.concat())
    };
    let (first, last) = (gain_of(&heard[..2]), gain_of(&heard[20..]));
    assert!(first < 4.0 && last > 6.0, "{first} dB at first and {last} in the end");
}

#[test]
fn what_comes_back_from_a_line_that_is_relayed_to_is_not_raised() {
    let mut stage = Stage::new();
    let [caller, agent, third] = [Codec::Pcmu; 3].map(|codec| stage.call(codec));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller, third]);
    stage.hear(third, &[caller, agent]);
    let seat = stage.workers[0].legs.seat_of(stage.telephones[caller].leg).unwrap();
    let said = words().repeat(2);
    for (i, frame) in said.iter().enumerate() {
        let echo = i.checked_sub(6).map_or(SILENCE, |i| said[i]);
        stage.telephones[agent].say(&ulaw(frame, 1.0));
        stage.telephones[caller].say(&ulaw(&echo, 0.1));
        stage.telephones[third].say(&ulaw(&SILENCE, 1.0));
        stage.pass(FRAME_MS);
        for telephone in [caller, agent, third] {
            stage.telephones[telephone].hear();
        }
        while stage.notices.try_recv().is_ok() {}
        let tick = stage.clock.now().mono.as_millis() / FRAME_MS;
        let Some(incoming) = &mut stage.workers[0].legs.get_mut(seat).unwrap().incoming else { continue };
        let plain = *incoming.frame(tick);
        assert_eq!(*incoming.voice(tick), plain, "frame {i}");
    }
    assert!(matches!(stage.workers[0].legs.get(seat).unwrap().feed, Feed::Relay(_)));
}
