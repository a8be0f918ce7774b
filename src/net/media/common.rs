//! What many hear at the same time is encoded once: music stands where the clock stands, and silence is silence. Only for G.711, whose
//! encoders remember nothing: each frame stands for itself.

use std::sync::Arc;

use super::{
    leg::{Leg, Seat},
    worker::Worker,
};
use crate::{
    protocol::{
        audio::{FRAME_SAMPLES, Frame, SILENCE, clock_rate, timestamp_step},
        media::{Codec, Source},
    },
    types::Mono,
};

/// Pieces of music and codecs that are kept; what is heard beyond them is encoded for each.
const KEPT_MAX: usize = 16;

/// Frames of this tick, as payloads.
#[derive(Default)]
pub(super) struct CommonFrames {
    kept: Vec<CommonFrame>,
}

struct CommonFrame {
    /// Which music; none is silence.
    music: Option<Arc<str>>,
    codec: Codec,
    tick: u64,
    frame: Frame,
    payload: [u8; FRAME_SAMPLES],
}

impl CommonFrames {
    /// The place of such a frame, which may be of an earlier tick. A place that nobody has asked for in this tick makes way.
    fn place(&mut self, music: Option<&Arc<str>>, codec: Codec, tick: u64) -> Option<&mut CommonFrame> {
        let is_same = |kept: &CommonFrame| kept.codec == codec && kept.music.as_ref() == music;
        if let Some(at) = self.kept.iter().position(is_same) {
            return self.kept.get_mut(at);
        }
        let fresh = CommonFrame { music: music.cloned(), codec, tick: u64::MAX, frame: SILENCE, payload: [0; FRAME_SAMPLES] };
        if self.kept.len() < KEPT_MAX {
            self.kept.push(fresh);
            return self.kept.last_mut();
        }
        let old = self.kept.iter_mut().find(|kept| kept.tick != tick)?;
        *old = fresh;
        Some(old)
    }

    /// The clips are others now.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }
}

impl Leg {
    /// What it hears, if that is one piece of music or nothing at all: `Some(None)` is nothing.
    fn common_source(&self) -> Option<Option<&Arc<str>>> {
        match self.sources.as_slice() {
            // Below words, and a moment after them, it has a loudness of its own.
            _ if !self.ducking.is_raised() => None,
            // Its first frame begins where its own last sound ended.
            _ if self.seam.is_open() => None,
            [] => Some(None),
            [Source::Music(name)] => Some(Some(name)),
            _ => None,
        }
    }
}

impl Worker {
    /// Sends the leg its frame of this tick as others hear it too; `false` if it hears something of its own.
    pub(super) fn send_common(&mut self, seat: Seat, tick: u64, now: Mono) -> bool {
        let Some(leg) = self.legs.get_mut(seat) else { return false };
        let Some((codec @ (Codec::Pcmu | Codec::Pcma), payload_type)) = leg.send_format() else { return false };
        // Cloned, which counts one up, so that the leg can be told to encode.
        let Some(music) = leg.common_source().map(Option::<&Arc<str>>::cloned) else { return false };
        let Some(common) = self.common.place(music.as_ref(), codec, tick) else { return false };
        if common.tick != tick {
            let frame = super::mixing::music_frame(music.and_then(|name| self.clips.get(&name)), tick);
            // A fresh encoder costs nothing where there is nothing to remember.
            let Some(encoder) = leg.encoder_for(codec) else { return false };
            let Ok(FRAME_SAMPLES) = encoder.encode(&frame, &mut self.payload) else { return false };
            common.payload.copy_from_slice(&self.payload[..FRAME_SAMPLES]);
            (common.frame, common.tick) = (frame, tick);
        }
        if self.controls_levels
            && let Some(incoming) = &mut leg.incoming
        {
            incoming.goes_out(&common.frame);
        }
        leg.seam.note(&common.frame, now);
        let stamp = leg.outgoing.made(timestamp_step(codec), clock_rate(codec), now);
        let sent = leg.send(seat, &mut self.out, payload_type, stamp, &common.payload, now);
        leg.tap_heard(&mut self.taps, codec, stamp, &common.payload, sent, now);
        leg.fork_heard(&mut self.fork_taps, codec, stamp, &common.payload, sent, now);
        self.count_sent(sent);
        true
    }
}
