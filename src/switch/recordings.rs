//! Recordings between the floor and the media workers: the same words on both sides, and an end for every beginning.

use super::legs::Legs;
use crate::{
    domain::{
        call::{PartEnd, RecordingFailure},
        centre::CentreInput,
    },
    protocol::media::{MediaOrder, RecordingEnd, RecordingPart},
    types::LegId,
};

impl Legs {
    /// Begins a part. A leg that is gone has nothing to record, which is said at once.
    pub(super) fn record(&mut self, leg: LegId, part: RecordingPart, is_paused: bool) {
        if self.get(leg).is_some() {
            self.order_media(MediaOrder::Record { leg, part, is_paused });
        } else {
            self.recording_ended(part, RecordingEnd::WriteFailed);
        }
    }

    /// A part is over. Its leg may have been forgotten.
    pub(super) fn recording_ended(&mut self, part: RecordingPart, end: RecordingEnd) {
        let RecordingPart { recording, part } = part;
        self.tell(CentreInput::RecordingEnded { recording, part, end: end_of_part(end) });
    }
}

fn end_of_part(end: RecordingEnd) -> PartEnd {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    match end {
        RecordingEnd::Complete { length_ms, octets, missing_ms } => {
            PartEnd::Complete { length_ms: whole(length_ms), octets: whole(octets), missing_ms: whole(missing_ms) }
        }
        RecordingEnd::DiskFull => PartEnd::Failed(RecordingFailure::DiskFull),
        RecordingEnd::WriteFailed => PartEnd::Failed(RecordingFailure::WriteFailed),
    }
}
