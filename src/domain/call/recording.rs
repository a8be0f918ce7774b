//! The recording of a call: whether it runs, is paused, or has come to an end. Which calls are recorded is decided by the floor
//! (`domain/centre/recording.rs`); how audio gets into files, by the media plane.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Call, CallCx, CallEventKind};
use crate::{
    domain::directory::RecordingPolicy,
    types::{AgentId, Mono, Now, RecordingId, Timestamp},
};

/// When the last cause of a pause is gone nothing is kept or sent for so long yet: words said in it, and the tone of a last key, may
/// still be in the network and in the buffers against its jitter, which take less than half a second each.
pub const PAUSE_TAIL_MS: u64 = 1_000;

/// A call's recording as far as it has come: one timeline in parts, each a file of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecording {
    /// Which.
    pub id: RecordingId,
    /// Parts begun so far.
    parts: u32,
    /// Why the next part begins.
    cause: RecordingCause,
    /// The agent who asked for it; `None` if it was the rules or a supervisor.
    #[serde(default)]
    begun_by: Option<AgentId>,
    /// Then it may be deleted.
    keep_until: Timestamp,
    state: RecordingState,
}

/// Whether it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A pause of a recording: it lasts as long as any of its causes does, and a moment longer, since what was said in it may still be on
/// its way. Each cause ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "KeptPause")]
pub struct RecordingPause {
    /// Why, and until when at the latest.
    causes: BTreeMap<PauseCause, Now>,
    /// When it goes on; no cause is left.
    goes_on: Option<Now>,
}

/// A pause as it is kept: as above, or as a version wrote it that knew one cause at a time.
#[derive(Deserialize)]
struct KeptPause {
    #[serde(default)]
    causes: BTreeMap<PauseCause, Now>,
    #[serde(default)]
    goes_on: Option<Now>,
    #[serde(default)]
    cause: Option<PauseCause>,
    #[serde(default)]
    until: Option<Mono>,
    #[serde(default)]
    until_at: Option<Timestamp>,
}

impl From<KeptPause> for RecordingPause {
    fn from(kept: KeptPause) -> Self {
        let KeptPause { mut causes, goes_on, cause, until, until_at } = kept;
        if let (Some(cause), Some(mono), Some(wall)) = (cause, until, until_at) {
            // Also one whose cause was gone: that version told of a pause's end at its last moment.
            causes.insert(cause, Now { wall, mono });
        }
        Self { causes, goes_on }
    }
}

impl RecordingPause {
    /// Why, the foremost first; none in its last moment.
    pub fn causes(&self) -> Vec<PauseCause> {
        self.causes.keys().copied().collect()
    }

    /// Whether this is a cause of it.
    pub fn has(&self, cause: PauseCause) -> bool {
        self.causes.contains_key(&cause)
    }

    /// When it is over at the latest, but for its last moment.
    pub fn until(&self) -> Timestamp {
        let latest = self.goes_on.into_iter().chain(self.causes.values().copied()).max_by_key(|until| until.mono);
        latest.unwrap_or_default().wall
    }

    /// When the next of it ends.
    fn deadline(&self) -> Option<Mono> {
        self.goes_on.iter().chain(self.causes.values()).map(|until| until.mono).min()
    }
}

/// Why a part of a recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingCause {
    /// The rules of the queue or the centre.
    Policy,
    /// Somebody asked for it.
    OnDemand,
    /// The caller leaves a message.
    Voicemail,
    /// The part before it was cut off: by a restart, or because the customer's telephone changed.
    Continued,
}

/// Why a recording pauses. Several may hold at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
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
    /// The field of the form is left.
    FormField,
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
        /// Of its length so much is silence because the disk or the writer was too slow; 0 if nothing is missing.
        missing_ms: i64,
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
    pub fn pause(&self) -> Option<&RecordingPause> {
        match &self.state {
            RecordingState::Paused(pause) => Some(pause),
            RecordingState::Running | RecordingState::Stopped | RecordingState::Failed => None,
        }
    }

    /// The agent who asked for it.
    pub fn begun_by(&self) -> Option<&AgentId> {
        self.begun_by.as_ref()
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
        PartEnd::Complete { length_ms, octets, missing_ms } => {
            CallEventKind::RecordingStopped { recording, part, length_ms, octets, missing_ms }
        }
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
    pub fn begin_recording(
        &mut self,
        cause: RecordingCause,
        begun_by: Option<AgentId>,
        keep_until: Timestamp,
        cx: &mut CallCx<'_>,
    ) {
        let (id, parts) = match &self.recording {
            Some(recording) if recording.is_on() => return,
            Some(recording) => (recording.id, recording.parts),
            None => (RecordingId::mint(cx.now.wall, cx.rng), 0),
        };
        self.recording = Some(CallRecording { id, parts, cause, begun_by, keep_until, state: RecordingState::Running });
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

    /// Nothing is kept for this cause until then; one that holds already is set anew.
    pub fn pause_recording(&mut self, cause: PauseCause, until: Now, cx: &mut CallCx<'_>) {
        let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_on()) else { return };
        let mut pause = match std::mem::replace(&mut recording.state, RecordingState::Running) {
            RecordingState::Paused(pause) => pause,
            RecordingState::Running | RecordingState::Stopped | RecordingState::Failed => RecordingPause::default(),
        };
        pause.goes_on = None;
        pause.causes.insert(cause, until);
        recording.state = RecordingState::Paused(pause);
        let id = recording.id;
        self.say(cx, CallEventKind::RecordingPaused { recording: id, cause, until: until.wall });
    }

    /// A cause that holds lasts until then. Says nothing.
    pub fn prolong_pause(&mut self, cause: PauseCause, until: Now) {
        if let Some(RecordingState::Paused(pause)) = self.recording.as_mut().map(|recording| &mut recording.state)
            && let Some(held) = pause.causes.get_mut(&cause)
        {
            *held = until;
        }
    }

    /// A cause of the pause is gone. After the last one the recording goes on at that time.
    pub fn resume_recording(&mut self, gone: PauseCause, goes_on: Now, cause: ResumeCause, cx: &mut CallCx<'_>) {
        if let Some(RecordingState::Paused(pause)) = self.recording.as_mut().map(|recording| &mut recording.state)
            && pause.causes.remove(&gone).is_some()
            && pause.causes.is_empty()
        {
            self.end_pause(goes_on, cause, cx);
        }
    }

    /// What of a pause has lasted its time is over. Whether the last cause of it was: nobody has ended it.
    pub fn pause_elapsed(&mut self, goes_on: Now, cx: &mut CallCx<'_>) -> bool {
        let now = cx.now.mono;
        let Some(recording) = self.recording.as_mut() else { return false };
        let RecordingState::Paused(pause) = &mut recording.state else { return false };
        match pause.goes_on {
            Some(at) => {
                if at.mono <= now {
                    recording.state = RecordingState::Running;
                }
                false
            }
            None => {
                pause.causes.retain(|_, until| until.mono > now);
                let was_last = pause.causes.is_empty();
                if was_last {
                    self.end_pause(goes_on, ResumeCause::Deadline, cx);
                }
                was_last
            }
        }
    }

    /// What was said before this moment may come for a while yet.
    fn end_pause(&mut self, goes_on: Now, cause: ResumeCause, cx: &mut CallCx<'_>) {
        let Some(recording) = self.recording.as_mut() else { return };
        recording.state = RecordingState::Paused(RecordingPause { causes: BTreeMap::new(), goes_on: Some(goes_on) });
        let id = recording.id;
        self.say(cx, CallEventKind::RecordingResumed { recording: id, cause });
    }

    /// It is recorded no longer. The end of the part is told by who wrote it.
    pub fn stop_recording(&mut self) {
        if let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_on()) {
            recording.state = RecordingState::Stopped;
        }
    }

    /// Somebody ends it.
    pub fn stop_recording_by_hand(&mut self, cx: &mut CallCx<'_>) {
        let Some(recording) = self.recording.as_mut().filter(|recording| recording.is_on()) else { return };
        recording.state = RecordingState::Stopped;
        let id = recording.id;
        self.say(cx, CallEventKind::RecordingStoppedByHand { recording: id });
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

    /// When a pause, or a cause of it, ends by itself.
    pub fn recording_deadline(&self) -> Option<Mono> {
        if self.is_over() {
            return None;
        }
        self.recording.as_ref()?.pause()?.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_an_older_version_kept_is_read() {
        let text =
            r#"{"Paused":{"cause":"secure_digits","until":70000,"until_at":"2026-11-23T02:00:00.000Z","is_ending":false}}"#;
        let state: RecordingState = serde_json::from_str(text).unwrap();
        let RecordingState::Paused(pause) = &state else { panic!("{state:?}") };
        assert_eq!(pause.causes(), [PauseCause::SecureDigits]);
        assert_eq!(pause.deadline(), Some(Mono::from_millis(70_000)));
        assert_eq!(pause.until().to_string(), "2026-11-23T02:00:00.000Z");
        let kept = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<RecordingState>(&kept).unwrap(), state, "{kept}");
    }
}
