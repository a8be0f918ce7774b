//! Copies of a leg's audio, the worker's side: which legs are copied, and what of. What becomes of it is `net/forks`' matter.

use super::{
    carry::Sent,
    leg::{Leg, Seat},
    worker::Worker,
};
use crate::{
    net::forks::ForkTaps,
    protocol::{
        forking::ForkSound,
        media::Codec,
        recording::Side,
        rtp::{Packet, Stamp},
    },
    types::{ForkId, Mono},
};

/// Copies of one leg; the floor orders fewer.
const COPIES_MAX: usize = 8;
/// Where the number of a stretch stands in a stream's name; below it is what the leg itself calls the stream.
const STRETCH_SHIFT: u32 = 40;

/// One copy of a leg.
pub(super) struct ForkTap {
    fork: ForkId,
    is_paused: bool,
    /// Grows with every pause: what is behind one is another stream.
    stretch: u64,
}

impl Worker {
    /// Begins to copy a leg.
    pub(super) fn fork(&mut self, seat: Seat, fork: ForkId, is_paused: bool) {
        self.stop_fork(seat, fork);
        let Some(leg) = self.legs.get_mut(seat).filter(|leg| leg.forks.len() < COPIES_MAX) else { return };
        leg.forks.push(ForkTap { fork, is_paused, stretch: 0 });
    }

    pub(super) fn pause_fork(&mut self, seat: Seat, fork: ForkId, is_paused: bool) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if let Some(tap) = leg.forks.iter_mut().find(|tap| tap.fork == fork) {
            tap.is_paused = is_paused;
            tap.stretch += 1;
        }
    }

    pub(super) fn stop_fork(&mut self, seat: Seat, fork: ForkId) {
        if let Some(leg) = self.legs.get_mut(seat) {
            leg.forks.retain(|tap| tap.fork != fork);
        }
    }
}

impl Leg {
    /// The peer says this.
    pub(super) fn fork_said(&self, taps: &mut Option<ForkTaps>, codec: Codec, number: u64, packet: &Packet<'_>, now: Mono) {
        if !self.forks.is_empty() {
            let (timestamp, payload) = (packet.timestamp, packet.payload);
            // Changes with every restart of the stream.
            let stream = self.reception.epoch();
            let sound = ForkSound { side: Side::Said, codec, stream, number, timestamp, at: now, payload };
            self.copy(taps, sound);
        }
    }

    /// The peer hears this, if it was sent.
    pub(super) fn fork_heard(
        &self,
        taps: &mut Option<ForkTaps>,
        codec: Codec,
        stamp: Stamp,
        payload: &[u8],
        sent: Sent,
        now: Mono,
    ) {
        if !self.forks.is_empty() && sent == Sent::Out {
            // Our stream is one without a seam, whatever feeds it, until its keys change.
            let (stream, number, timestamp) = (u64::from(self.outgoing.ssrc()), stamp.sequence, stamp.timestamp);
            self.copy(taps, ForkSound { side: Side::Heard, codec, stream, number, timestamp, at: now, payload });
        }
    }

    fn copy(&self, taps: &mut Option<ForkTaps>, sound: ForkSound<'_>) {
        let Some(taps) = taps else { return };
        for tap in self.forks.iter().filter(|tap| !tap.is_paused) {
            let stream = tap.stretch << STRETCH_SHIFT | sound.stream & ((1 << STRETCH_SHIFT) - 1);
            taps.hear(tap.fork, &ForkSound { stream, ..sound });
        }
    }
}
