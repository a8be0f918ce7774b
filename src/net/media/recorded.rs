//! Recording, the worker's side: which legs are tapped, and what of. What becomes of the audio is `net/recording`'s matter.

use super::{
    carry::Sent,
    leg::{Leg, Seat},
    worker::Worker,
};
use crate::{
    net::recording::Taps,
    protocol::{
        media::{Codec, MediaNotice, RecordingEnd, RecordingPart},
        recording::{Side, Sound},
        rtp::{Packet, Stamp},
    },
    types::{LegId, Mono, Now},
};

impl Worker {
    /// Begins to record a leg.
    pub(super) fn record(&mut self, id: LegId, part: RecordingPart, is_paused: bool, now: Now) {
        let seat = self.legs.seat_of(id);
        if let Some(seat) = seat {
            self.stop_recording(seat, now.mono);
        }
        let leg = seat.and_then(|seat| self.legs.get_mut(seat));
        let tap = leg.zip(self.taps.as_mut()).and_then(|(leg, taps)| {
            leg.tap = taps.begin(id, part, now).map(Box::new);
            leg.tap.as_mut()
        });
        if let Some(tap) = tap {
            tap.pause(is_paused, now.mono);
        } else {
            self.notices.tell(MediaNotice::RecordingStopped { leg: id, part, end: RecordingEnd::WriteFailed });
        }
    }

    pub(super) fn pause_recording(&mut self, seat: Seat, is_paused: bool, now: Mono) {
        if let Some(tap) = self.legs.get_mut(seat).and_then(|leg| leg.tap.as_mut()) {
            tap.pause(is_paused, now);
        }
    }

    pub(super) fn stop_recording(&mut self, seat: Seat, now: Mono) {
        if let Some(leg) = self.legs.get_mut(seat) {
            leg.end_tap(&mut self.taps, now);
        }
    }

    /// Ends all recordings, so that nothing is lost when the worker stops in order.
    pub(super) fn stop_all_recordings(&mut self, now: Mono) {
        for seat in self.legs.seats() {
            self.stop_recording(seat, now);
        }
    }
}

impl Leg {
    /// The peer says this.
    pub(super) fn tap_said(&mut self, taps: &mut Option<Taps>, codec: Codec, packet: &Packet<'_>, now: Mono) {
        let (Some(tap), Some(taps)) = (&mut self.tap, taps) else { return };
        // Changes with every restart of the stream.
        let stream = self.reception.epoch() as u32;
        let (timestamp, payload) = (packet.timestamp, packet.payload);
        tap.hear(taps, &Sound { side: Side::Said, codec, stream, timestamp, payload }, now);
    }

    /// The peer hears this, if it was sent.
    pub(super) fn tap_heard(
        &mut self,
        taps: &mut Option<Taps>,
        codec: Codec,
        stamp: Stamp,
        payload: &[u8],
        sent: Sent,
        now: Mono,
    ) {
        let (Some(tap), Some(taps), Sent::Out) = (&mut self.tap, taps, sent) else { return };
        // Our stream is one without a seam, whatever feeds it, until its keys change.
        let (stream, timestamp) = (self.outgoing.ssrc(), stamp.timestamp);
        tap.hear(taps, &Sound { side: Side::Heard, codec, stream, timestamp, payload }, now);
    }

    /// Four times a second.
    pub(super) fn care_for_tap(&mut self, taps: &mut Option<Taps>, now: Mono) {
        let (Some(tap), Some(some)) = (&mut self.tap, taps.as_mut()) else { return };
        if !tap.care(some, now) {
            self.end_tap(taps, now);
        }
    }

    /// What is recorded of it so far goes to the writer: what comes next comes from another thread.
    pub(super) fn hand_over_tap(&mut self, taps: &mut Option<Taps>, now: Mono) {
        if let (Some(tap), Some(taps)) = (&mut self.tap, taps) {
            tap.hand_over(taps, now);
        }
    }

    pub(super) fn end_tap(&mut self, taps: &mut Option<Taps>, now: Mono) {
        if let (Some(tap), Some(taps)) = (self.tap.take(), taps) {
            tap.end(taps, now);
        }
    }
}
