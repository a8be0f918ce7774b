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
    let seats = [speaker, listener].map(|leg| stage.worker.legs.seat_of(leg).unwrap());
    let mut loud = 0;
    for frame in words() {
        stage.telephones[caller].say(&ulaw(&frame, QUIET));
        stage.pass(FRAME_MS);
        let tick = stage.clock.now().mono.as_millis() / FRAME_MS;
        let Some(incoming) = &mut stage.worker.legs.get_mut(seats[0]).unwrap().incoming else { continue };
        let plain = *incoming.frame(tick);
        assert_eq!(stage.worker.mix_for(seats[1], tick), plain);
        loud += usize::from(plain.iter().any(|sample| sample.unsigned_abs() > 500));
    }
    assert!(loud > TURN / 4, "it was heard: {loud}");
}
