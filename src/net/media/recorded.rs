//! Recording, the worker's side: which legs are tapped. What becomes of the audio is `net/recording`'s matter.

use super::{leg::Seat, worker::Worker};
use crate::{
    protocol::media::{MediaNotice, RecordingEnd, RecordingPart},
    types::{LegId, Mono},
};

impl Worker {
    /// Begins to record a leg. Nothing is set up that could.
    pub(super) fn record(&mut self, leg: LegId, part: RecordingPart, _now: Mono) {
        self.notices.tell(MediaNotice::RecordingStopped { leg, part, end: RecordingEnd::WriteFailed });
    }

    pub(super) fn pause_recording(&mut self, _seat: Seat, _is_paused: bool, _now: Mono) {}

    pub(super) fn stop_recording(&mut self, _seat: Seat, _now: Mono) {}
}
