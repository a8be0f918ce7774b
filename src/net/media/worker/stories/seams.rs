//! No step is heard where one sound goes over into another.

use super::*;
use crate::protocol::audio::{alaw_of, linear_of_alaw, linear_of_ulaw, ulaw_of};

/// Codes of G.711 are 1,024 apart at the heights below, and a word after silence comes up over 20 samples. A step would be 6,000 or 12,000.
const STEP_MAX: i32 = 2_500;
/// The clips fall by 4,900 every 50 samples.
const FALL_MAX: i32 = 6_000;

/// Three telephones of a codec, of which the second hears and the others say the same all the time: a step is a step then, and no voice.
struct Listening {
    stage: Stage,
    codec: Codec,
    speakers: [usize; 2],
    listener: usize,
    heard: Vec<i16>,
}

impl Listening {
    fn begin(codec: Codec) -> Self {
        let mut stage = Stage::new();
        stage.handle.order(MediaOrder::ControlLevels { is_wanted: false });
        let [one, listener, other] = [(); 3].map(|()| stage.call(codec));
        Self { stage, codec, speakers: [one, other], listener, heard: Vec::new() }
    }

    fn code(&self, sample: i16) -> u8 {
        if self.codec == Codec::Pcma { alaw_of(sample) } else { ulaw_of(sample) }
    }

    fn hear(&mut self, count: usize) {
        let sources = &self.speakers[..count];
        self.stage.hear(self.listener, sources);
    }

    /// So many packets: the first speaker at one height, the second at half of it.
    fn pass(&mut self, packets: usize) {
        for _ in 0..packets {
            for (speaker, sample) in self.speakers.into_iter().zip([12_000, 6_000]) {
                let code = self.code(sample);
                self.stage.telephones[speaker].say(&[code; FRAME_SAMPLES]);
                self.stage.telephones[speaker].hear();
            }
            self.stage.pass(FRAME_MS);
            let linear_of = if self.codec == Codec::Pcma { linear_of_alaw } else { linear_of_ulaw };
            let mut datagram = [0; 400];
            while let Ok(length) = self.stage.telephones[self.listener].socket.recv(&mut datagram) {
                let packet = Packet::read(&datagram[..length]).filter(|packet| packet.payload_type == payload_type(self.codec));
                let codes = packet.map(|packet| packet.payload).unwrap_or_default();
                self.heard.extend(codes.iter().map(|code| linear_of(*code)));
            }
            while self.stage.notices.try_recv().is_ok() {}
        }
    }

    fn feed(&self) -> Feed {
        let worker = &self.stage.workers[0];
        let seat = worker.legs.seat_of(self.stage.telephones[self.listener].leg).unwrap();
        worker.legs.get(seat).unwrap().feed
    }

    fn steepest(&self) -> i32 {
        self.heard.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap()
    }

    /// Everything was heard, and nothing as a step.
    fn assert_smooth(&self, packets: usize) {
        assert!(self.heard.len() >= (packets - 2) * FRAME_SAMPLES, "{:?}: {} samples", self.codec, self.heard.len());
        assert!(self.steepest() <= STEP_MAX, "{:?}: a step of {}", self.codec, self.steepest());
    }
}

#[test]
fn who_listens_in_and_stops_is_no_click_to_whom_it_was_relayed() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut listening = Listening::begin(codec);
        listening.hear(1);
        listening.pass(20);
        assert!(matches!(listening.feed(), Feed::Relay(_)));
        listening.hear(2);
        listening.pass(40);
        assert_eq!(listening.feed(), Feed::Clocked);
        let both = *listening.heard.last().unwrap();
        assert!((17_000..19_000).contains(&both), "{both}");
        listening.hear(1);
        listening.pass(20);
        assert!(matches!(listening.feed(), Feed::Relay(_)));
        listening.assert_smooth(80);
    }
}

#[test]
fn words_and_music_begin_and_end_without_a_click() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut listening = Listening::begin(codec);
        let leg = listening.stage.telephones[listening.listener].leg;
        listening.hear(1);
        listening.pass(20);
        let words = |is_mixed| MediaOrder::Play { leg, play: PlayId(1), clips: vec!["long".into()], is_mixed };
        for is_mixed in [true, false] {
            listening.stage.handle.order(words(is_mixed));
            listening.pass(20);
            listening.stage.handle.order(MediaOrder::StopPlay { leg });
            listening.pass(20);
        }
        listening.stage.handle.order(MediaOrder::Hear { leg, sources: vec![Source::Music("music/on-hold".into())] });
        listening.pass(20);
        listening.hear(1);
        listening.pass(20);
        assert!(matches!(listening.feed(), Feed::Relay(_)));
        let steps = listening.heard.windows(2).map(|pair| i32::from(pair[1]) - i32::from(pair[0]));
        let (lowest, highest) = (steps.clone().min().unwrap(), steps.max().unwrap());
        assert!(lowest >= -FALL_MAX && highest <= STEP_MAX, "{codec:?}: steps of {lowest} and {highest}");
    }
}

#[test]
fn a_caller_who_is_relayed_to_another_agent_hears_no_click() {
    let mut listening = Listening::begin(Codec::Pcmu);
    listening.hear(1);
    listening.pass(20);
    listening.speakers.reverse();
    listening.hear(1);
    listening.speakers.reverse();
    listening.pass(20);
    listening.assert_smooth(40);
    let last = i32::from(*listening.heard.last().unwrap());
    assert!((last - 6_000).abs() < 200, "the other one, as it comes: {last}");
}
