//! A peer's sound as the worker's clock asks for it, however many legs listen.

use crate::{
    protocol::{
        audio::{Decoder, FRAME_MS, Frame, LevelControl, Playout, SILENCE},
        media::Codec,
        rtp::Arrival,
    },
    types::Mono,
};

/// What is needed to hear a peer as samples; only while somebody must.
pub(super) struct Incoming {
    playout: Playout,
    frame: Frame,
    /// Whether the frame stands in for sound that has not come.
    is_made_up: bool,
    /// The tick that `frame` belongs to; each tick decodes once, however many listen.
    tick: u64,
    stream: u64,
    /// The same as loud as voices should be, and the tick that it belongs to.
    voice: Frame,
    voice_tick: u64,
    levels: LevelControl,
}

impl Incoming {
    pub(super) fn new(decoder: Decoder, stream: u64) -> Self {
        Self {
            playout: Playout::new(decoder),
            frame: SILENCE,
            is_made_up: false,
            tick: u64::MAX,
            stream,
            voice: SILENCE,
            voice_tick: u64::MAX,
            levels: LevelControl::default(),
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.playout.codec()
    }

    /// Takes a packet of the stream with that name; `false` if it came too late or twice.
    pub(super) fn push(&mut self, stream: u64, arrival: Arrival, payload: &[u8]) -> bool {
        self.follow(stream);
        self.playout.push(arrival, payload)
    }

    /// The same of a packet of comfort noise.
    pub(super) fn push_noise(&mut self, stream: u64, arrival: Arrival, payload: &[u8]) -> bool {
        self.follow(stream);
        self.playout.push_noise(arrival, payload)
    }

    fn follow(&mut self, stream: u64) {
        if self.stream != stream {
            self.playout.restart();
            self.stream = stream;
        }
    }

    /// How long packets wait before they are heard, in milliseconds.
    pub(super) fn wait_ms(&self) -> u64 {
        self.playout.wait_ms()
    }

    /// What the peer says in this tick.
    pub(super) fn frame(&mut self, tick: u64) -> &Frame {
        if self.tick != tick {
            self.tick = tick;
            self.frame = self.playout.frame(Mono::from_millis(tick * FRAME_MS));
            self.is_made_up = self.playout.is_making_up();
        }
        &self.frame
    }

    /// The same as loud as voices should be. What stands in for lost sound says nothing about the line.
    pub(super) fn voice(&mut self, tick: u64) -> &Frame {
        if self.voice_tick != tick {
            self.voice_tick = tick;
            self.voice = *self.frame(tick);
            if self.is_made_up {
                self.levels.pass(&mut self.voice);
            } else {
                self.levels.level(&mut self.voice);
            }
        }
        &self.voice
    }

    /// What the peer is sent may come back from it.
    pub(super) fn goes_out(&mut self, frame: &Frame) {
        self.levels.goes_out(frame);
    }
}
