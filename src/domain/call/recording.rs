//! The recording of a call: whether it runs, is paused, or has come to an end. Which calls are recorded is decided by the floor
//! (`domain/centre/recording.rs`); how audio gets into files, by the media plane.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Call, CallCx, CallEventKind};
use crate::{
    domain::directory::RecordingPolicy,
    types::{Mono, RecordingId, Timestamp},
};

/// A call's recording as far as it has come: one timeline in parts, each a file of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecording {
    /// Which.
    pub id: RecordingId,
    /// Parts begun so far.
    parts: u32,
    /// Why the next part begins.
    cause: RecordingCause,
    /// Then it may be deleted.
    keep_until: Timestamp,
    state: RecordingState,
}

/// Whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingState {
    /// What is said and heard is kept.
    Running,
    /// What is said and heard is not kept.
    Paused(RecordingPause),
    /// It was stopped.
    Stopped,
    /// It had to stop.
    Failed,
}

/// A pause of a recording. It ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingPause {
    /// Why.
    pub cause: PauseCause,
    /// Then it is over.
    pub until: Mono,
    /// The same on the wall.
    pub until_at: Timestamp,
    /// Whether its cause is gone, and only the rest of a key's tone is let pass.
    pub is_ending: bool,
}

/// Why a part of a recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingCause {
    /// The rules of the queue or the centre.
    Policy,
    /// Somebody asked for it.
    OnDemand,
    /// The part before it was cut off: by a restart, or because the customer's telephone changed.
    Continued,
}

/// Why a recording pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// Somebody asked for it.
    Requested,
    /// A field of a form is being filled in that must not be heard, such as a card's number.
    FormField,
    /// The caller types something secret into a flow.
    SecureDigits,
}

/// Why a recording goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResumeCause {
    /// Somebody asked for it.
    Requested,
    /// The caller has typed what was secret.
    SecureDigits,
    /// The longest time of a pause was over.
    Deadline,
}

/// Why a part of a recording had to stop. The call went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFailure {
    /// The disk was full.
    DiskFull,
    /// The file could not be written.
    WriteFailed,
}

/// How a part of a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnd {
    /// At its regular end, with its length and the octets of its file.
    Complete {
        /// Pauses included.
        length_ms: i64,
        /// On the disk.
        octets: i64,
    },
    /// Before.
    Failed(RecordingFailure),
}

impl CallRecording {
    /// Whether it runs or is paused.
    pub fn is_on(&self) -> bool {
        matches!(self.state, RecordingState::Running | RecordingState::Paused(_))
    }

    /// Its pause, if it is paused.
    pub fn pause(&self) -> Option<RecordingPause> {
        match self.state {
            RecordingState::Paused(pause) => Some(pause),
            RecordingState::Running | RecordingState::Stopped | RecordingState::Failed => None,
        }
    }

    /// Whether it had to stop.
    pub fn has_failed(&self) -> bool {
        self.state == RecordingState::Failed
    }
}

/// What an end of a part says of it.
pub fn part_ended(recording: RecordingId, part: u32, end: PartEnd) -> CallEventKind {
    let part = i64::from(part);
    match end {
        PartEnd::Complete { length_ms, octets } => CallEventKind::RecordingStopped { recording, part, length_ms, octets },
        PartEnd::Failed(cause) => CallEventKind::RecordingFailed { recording, part, cause },
    }
}

impl Call {
    /// Its recording, if there ever was one.
    pub fn recording(&self) -> Option<&CallRecording> {
        self.recording.as_ref()
    }

    /// Whether it is recorded under these rules without anybody's asking. The same for the whole call: it drew its number once.
    pub fn is_drawn_by(&self, policy: RecordingPolicy) -> bool {
        policy.takes(self.recording_draw)
    }

    /// It is recorded from here on; [`Call::begin_part`] says so. One that was stopped goes on with its next part.
    pub fn begin_recording(&mut self, cause: RecordingCause, keep_until: Timestamp, cx: &mut CallCx<'_>) {
        let (id, parts) = match &self.recording {
            Some(recording) if recording.is_on() => return,
            Some(recording) => (recording.id, recording.parts),
            None => (RecordingId::mint(cx.now.wall, cx.rng), 0),
        };
        self.recording = Some(CallRecording { id, parts, cause, keep_until, state: RecordingState::Running });
    }

    /// The next part begins: which.
    pub fn begin_part(&mut self, cx: &mut CallCx<'_>) -> Option<(RecordingId, u32)> {
        let recording = self.recording.as_mut().filter(|recording| recording.is_on())?;
        recording.parts = recording.parts.saturating_add(1);
        let cause = std::mem::replace(&mut recording.cause, RecordingCause::Continued);
        let (id, part, keep_until) = (recording.id, recording.parts, recording.keep_until);
        self.say(cx, CallEventKind::RecordingStarted { recording: id, part: i64::from(part), cause, keep_until });
        Some((id, part))
    }

    /// Nothing is kept until then. A pause that runs is set anew.
    pub fn pause_recording(&mut self, cause: PauseCause, until: Mono, until_at: Timestamp, cx: &mut CallCx<'_>) {
        let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_on()) else { return };
        recording.state = RecordingState::Paused(RecordingPause { cause, until, until_at, is_ending: false });
        let id = recording.id;
        self.say(cx, CallEventKind::RecordingPaused { recording: id, cause, until: until_at });
    }

    /// A pause for a secret lasts until then: the caller has typed it (`is_ending`), or types on. Says nothing yet.
    pub fn end_pause_at(&mut self, until: Mono, until_at: Timestamp, is_ending: bool) {
        if let Some(RecordingState::Paused(pause)) = self.recording.as_mut().map(|recording| &mut recording.state) {
            (pause.until, pause.until_at, pause.is_ending) = (until, until_at, is_ending);
        }
    }

    /// What is said and heard is kept again.
    pub fn resume_recording(&mut self, cause: ResumeCause, cx: &mut CallCx<'_>) {
        let Some(recording) = self.recording.as_mut().filter(|recording| recording.pause().is_some()) else { return };
        recording.state = RecordingState::Running;
        let id = recording.id;
        self.say(cx, CallEventKind::RecordingResumed { recording: id, cause });
    }

    /// It is recorded no longer. The end of the part is told by who wrote it.
    pub fn stop_recording(&mut self) {
        if let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_on()) {
            recording.state = RecordingState::Stopped;
        }
    }

    /// A part has ended. Whether the recording itself came to grief by it.
    pub fn part_ended(&mut self, recording: RecordingId, part: u32, end: PartEnd, cx: &mut CallCx<'_>) -> bool {
        let of_this = self.recording.as_mut().filter(|own| own.id == recording && own.parts == part && own.is_on());
        let mut has_failed = false;
        if let (Some(own), PartEnd::Failed(_)) = (of_this, end) {
            own.state = RecordingState::Failed;
            has_failed = true;
        }
        self.say(cx, part_ended(recording, part, end));
        has_failed
    }

    /// When a pause ends by itself.
    pub fn recording_deadline(&self) -> Option<Mono> {
        if self.is_over() {
            return None;
        }
        Some(self.recording.as_ref()?.pause()?.until)
    }
}
