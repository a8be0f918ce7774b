//! A caller leaves a message: from the greeting to the end of what was said.

use serde::{Deserialize, Serialize};

use super::{Call, CallCx, CallEventKind, Stage};
use crate::types::{Mono, QueueId, RecordingId};

/// A shorter recording is none: somebody who hung up at the tone.
pub const VOICEMAIL_MS_MIN: i64 = 2_000;

/// A message that a caller may leave. The call is in [`Stage::Leaving`] meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voicemail {
    /// The queue that gets it.
    queue: QueueId,
    /// Its longest time, in milliseconds.
    ms_max: u64,
    /// When the tone had been heard.
    began: Option<Mono>,
}

/// A message that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue that gets it.
    pub queue: QueueId,
    /// What was said.
    pub recording: RecordingId,
    /// For how long.
    pub length_ms: i64,
}

impl Call {
    /// The caller hears a greeting, and may speak after the tone.
    pub fn greet_for_voicemail(&mut self, queue: QueueId, ms_max: u64, until: Mono, cx: &mut CallCx<'_>) {
        self.voicemail = Some(Voicemail { queue, ms_max, began: None });
        self.leave(until, cx);
    }

    /// The tone has been heard: what is said from here on is the message.
    pub fn begin_voicemail(&mut self, cx: &mut CallCx<'_>) -> bool {
        let now = cx.now.mono;
        let Some(voicemail) = self.voicemail.as_mut().filter(|voicemail| voicemail.began.is_none()) else { return false };
        voicemail.began = Some(now);
        let until = now + voicemail.ms_max;
        self.leave(until, cx);
        true
    }

    /// Whether what the caller says now is a message.
    pub fn is_leaving_voicemail(&self) -> bool {
        let has_begun = self.voicemail.as_ref().is_some_and(|voicemail| voicemail.began.is_some());
        has_begun && matches!(self.stage(), Stage::Leaving { .. })
    }

    /// The call ends: there is a message, or none.
    pub fn end_voicemail(&mut self, cx: &mut CallCx<'_>) -> Option<Message> {
        let Voicemail { queue, began, .. } = self.voicemail.take()?;
        let length_ms = began.map_or(0, |began| i64::try_from(cx.now.mono.millis_since(began)).unwrap_or(i64::MAX));
        let recording = self.recording().filter(|recording| recording.is_on() && length_ms >= VOICEMAIL_MS_MIN);
        let Some(recording) = recording.map(|recording| recording.id) else {
            self.say(cx, CallEventKind::VoicemailNotLeft { queue });
            return None;
        };
        self.say(cx, CallEventKind::VoicemailLeft { queue: queue.clone(), recording, length_ms });
        Some(Message { queue, recording, length_ms })
    }
}
