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

    /// The leg that was this party's has ended, or belongs to another call.
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
        let is_dead =
            self.are_two_in_talk() && [Party::Customer, Party::Agent].iter().all(|party| self.sound.silent.contains(party));
        match (self.sound.dead_air_since, is_dead) {
            (None, true) => {
                let silent_ms = i64::try_from(silent_ms.unwrap_or(0)).unwrap_or(i64::MAX);
                self.sound.dead_air_since = Some(cx.now.wall.plus_millis(-silent_ms));
                self.say(cx, CallEventKind::DeadAirBegan { silent_ms });
            }
            (Some(since), false) => {
                self.sound.dead_air_since = None;
                self.say(cx, CallEventKind::DeadAirEnded { lasted_ms: cx.now.wall.millis_since(since) });
            }
            (None, false) | (Some(_), true) => {}
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
