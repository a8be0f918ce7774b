//! Clips played to one leg, and what follows when they end.

use std::sync::Arc;

use super::{Centre, LegUse, PhoneEffect, Turn, unanswered::Words};
use crate::{
    domain::call::{EndCause, Party},
    types::LegId,
};

/// What a playback is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A flow speaks and wants to know the end.
    Flow,
    /// The position in the queue. The music goes on below it.
    Announcement,
    /// A message of the queue. The music goes on below it too.
    QueueMessage,
    /// Last words: the call ends with them.
    LastWords,
    /// Greeting and tone before the caller's message.
    VoicemailGreeting,
}

/// A running playback.
#[derive(Debug, Clone, Copy)]
pub(super) struct Playing {
    play: u64,
    purpose: Purpose,
}

impl Centre {
    /// Plays clips instead of whatever played before.
    pub(super) fn play(&mut self, turn: &mut Turn<'_>, leg: LegId, clips: Vec<Arc<str>>, purpose: Purpose) {
        self.last_play += 1;
        let play = self.last_play;
        self.playing.insert(leg, Playing { play, purpose });
        let is_mixed = matches!(purpose, Purpose::Announcement | Purpose::QueueMessage);
        if let Some(Words { play, clips, is_mixed }) = self.words_for_now(turn, leg, Words { play, clips, is_mixed }) {
            self.phone(PhoneEffect::Play { leg, play, clips, is_mixed });
        }
    }

    /// Whether a message of the queue is being said.
    pub(super) fn says_message(&self, leg: LegId) -> bool {
        self.playing.get(&leg).is_some_and(|playing| playing.purpose == Purpose::QueueMessage)
    }

    /// Stops what plays, if anything does.
    pub(super) fn stop_play(&mut self, leg: LegId) {
        if self.playing.remove(&leg).is_some() && !self.drop_waiting_words(leg) {
            self.phone(PhoneEffect::StopPlay { leg });
        }
    }

    /// Whoever is to be heard now needs no words in their place.
    pub(super) fn stop_announcement(&mut self, leg: LegId) {
        let is_announcement = |playing: &Playing| matches!(playing.purpose, Purpose::Announcement | Purpose::QueueMessage);
        if self.playing.get(&leg).is_some_and(is_announcement) {
            self.stop_play(leg);
        }
    }

    pub(super) fn play_ended(&mut self, turn: &mut Turn<'_>, leg: LegId, play: u64, was_stopped: bool) {
        // The end of a playback that was replaced says nothing about the present one.
        let Some(playing) = self.playing.get(&leg).copied().filter(|playing| playing.play == play) else { return };
        self.playing.remove(&leg);
        if matches!(self.legs.get(&leg), Some(LegUse::SlotTold { .. })) {
            return self.slot_told(leg);
        }
        let Some(LegUse::Customer(call)) = self.legs.get(&leg).cloned() else { return };
        match playing.purpose {
            Purpose::Flow if !was_stopped => self.flow_play_ended(turn, call),
            Purpose::LastWords => {
                if !was_stopped {
                    self.on_call(turn, call, |call, cx| call.note_message_left(cx));
                }
                self.end_call(turn, call, EndCause::Finished, Party::System);
            }
            Purpose::VoicemailGreeting => self.voicemail_begins(turn, call, leg),
            Purpose::Flow | Purpose::Announcement | Purpose::QueueMessage => {}
        }
    }
}
