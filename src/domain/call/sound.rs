//! How the lines of a call sound at present, for those who watch it. What is told of a line is forgotten when its leg ends or goes to
//! another call, and with a restart: the media workers judge anew.

use std::collections::BTreeSet;

use super::{Call, CallCx, CallEventKind, Party, Stage};
use crate::types::{AudioQuality, Timestamp};

/// What is known of the sound of a call.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct CallSound {
    poor: BTreeSet<Party>,
    /// Who has said nothing for the time that is set, although somebody would hear it.
    silent: BTreeSet<Party>,
    dead_air_since: Option<Timestamp>,
}

impl Call {
    /// The customer's audio was lost or is back; the call stands where it stood.
    pub fn note_customer_audio(&mut self, is_up: bool, cx: &mut CallCx<'_>) {
        let party = Party::Customer;
        self.say(cx, if is_up { CallEventKind::MediaBack { party } } else { CallEventKind::MediaLost { party } });
    }

    /// The line of a party has become poor for some seconds, or is good again.
    pub fn audio_judged(&mut self, party: Party, is_poor: bool, quality: AudioQuality, cx: &mut CallCx<'_>) {
        let kind = if is_poor {
            self.sound.poor.insert(party);
            CallEventKind::AudioPoor { party, quality }
        } else {
            self.sound.poor.remove(&party);
            CallEventKind::AudioClear { party, quality }
        };
        self.say(cx, kind);
    }

    /// The leg that was this party's has ended, or belongs to another call, or the agent has left this one.
    pub fn audio_forgotten(&mut self, party: Party, cx: &mut CallCx<'_>) {
        self.sound.poor.remove(&party);
        self.speech_changed(party, None, cx);
    }

    /// A party has said nothing for so long, or speaks again.
    pub fn speech_changed(&mut self, party: Party, silent_ms: Option<u64>, cx: &mut CallCx<'_>) {
        match silent_ms {
            Some(_) => self.sound.silent.insert(party),
            None => self.sound.silent.remove(&party),
        };
        self.judge_dead_air(silent_ms.unwrap_or(0), cx);
    }

    /// Where the call stands or who is on it may have changed. Parties who come back from music are listened to anew.
    pub fn judge_silence(&mut self, cx: &mut CallCx<'_>) {
        if matches!(self.stage, Stage::Held { .. } | Stage::Reconnecting { .. }) {
            self.sound.silent.clear();
        }
        self.judge_dead_air(0, cx);
    }

    /// Dead air begins, after so many milliseconds in which nothing was said, or ends.
    fn judge_dead_air(&mut self, silent_ms: u64, cx: &mut CallCx<'_>) {
        let is_dead =
            self.are_two_in_talk() && [Party::Customer, Party::Agent].iter().all(|party| self.sound.silent.contains(party));
        match (self.sound.dead_air_since, is_dead) {
            (None, true) => {
                let silent_ms = i64::try_from(silent_ms).unwrap_or(i64::MAX);
                self.sound.dead_air_since = Some(cx.now.wall.plus_millis(-silent_ms));
                self.say(cx, CallEventKind::DeadAirBegan { silent_ms });
            }
            (Some(_), false) => self.end_dead_air(cx),
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Dead air is over, if there was any.
    pub(super) fn end_dead_air(&mut self, cx: &mut CallCx<'_>) {
        if let Some(since) = self.sound.dead_air_since.take() {
            self.say(cx, CallEventKind::DeadAirEnded { lasted_ms: cx.now.wall.millis_since(since) });
        }
    }

    /// Since when nobody has said anything, as long as the call lasts.
    pub fn dead_air_since(&self) -> Option<Timestamp> {
        self.sound.dead_air_since.filter(|_| self.are_two_in_talk())
    }

    /// Customer and agent are in talk, and nobody else is, whose voice would not be heard here.
    fn are_two_in_talk(&self) -> bool {
        matches!(self.stage, Stage::Talking { .. }) && self.is_between_two()
    }

    /// Whose line is poor now, as long as the call lasts.
    pub fn poor_audio(&self) -> Vec<Party> {
        if self.is_over() { Vec::new() } else { self.sound.poor.iter().copied().collect() }
    }
}
