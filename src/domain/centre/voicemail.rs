//! Callers who leave a message: greeting, tone, recording, and its end by #, by hanging up or at the longest time.

use std::sync::Arc;

use super::{Centre, PhoneEffect, Turn, leaving::LAST_WORDS_MS, playback::Purpose, waiting::millis};
use crate::{
    domain::call::{EndCause, Party},
    types::{CallId, LegId, QueueId},
};

/// What callers hear before they may speak.
const TONE: &str = "music/voicemail-tone";
/// The key that ends a message.
const END_KEY: char = '#';
/// Longest messages that can be set up, in seconds.
const SECS: std::ops::RangeInclusive<i64> = 10..=600;

impl Centre {
    /// The caller is asked for a message. Whoever has not been answered is, since a message is a service.
    pub(super) fn take_voicemail(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId, prompt: &str, secs_max: i64) {
        self.answer_caller(turn, id);
        let ms_max = millis(secs_max.clamp(*SECS.start(), *SECS.end()));
        let until = turn.now.mono + LAST_WORDS_MS;
        let greeting = self.shared_clip(id, prompt);
        let leg = self.on_call(turn, id, |call, cx| {
            call.greet_for_voicemail(queue, ms_max, until, cx);
            call.customer_leg
        });
        match leg.flatten() {
            Some(leg) => self.play(turn, leg, vec![greeting, Arc::from(TONE)], Purpose::VoicemailGreeting),
            None => self.end_call(turn, id, EndCause::Finished, Party::System),
        }
    }

    /// Greeting and tone have been heard.
    pub(super) fn voicemail_begins(&mut self, turn: &mut Turn<'_>, id: CallId, leg: LegId) {
        if self.on_call(turn, id, |call, cx| call.begin_voicemail(cx)) == Some(true) {
            self.phone(PhoneEffect::ListenForKeys { leg, is_wanted: true });
        }
    }

    /// A key of somebody who leaves a message. Whether it was one.
    pub(super) fn voicemail_key(&mut self, turn: &mut Turn<'_>, id: CallId, key: char) -> bool {
        if !self.calls.get(&id).is_some_and(|call| call.is_leaving_voicemail()) {
            return false;
        }
        if key == END_KEY {
            self.end_call(turn, id, EndCause::Finished, Party::Customer);
        }
        true
    }
}
