//! Callers who are not answered before an agent takes them: they hear that it rings (180), or announcements and music as early
//! media (183, RFC 3960), and are not charged. Whoever must press a key is answered first; nobody goes unanswered for longer than
//! the number allows, for carriers give such calls up. Everything else about their calls is as with any caller.

use std::sync::Arc;

use super::{Centre, LegUse, PhoneEffect, Timer, Turn, waiting::millis};
use crate::{
    domain::{
        call::{EndCause, FlowOutCause, Party, Stage},
        directory::{Answering, Number, QueueExit, StillUnanswered},
    },
    types::{CallId, LegId},
};

/// A caller whose answer is not confirmed, or not given.
#[derive(Debug)]
pub(super) struct Unanswered {
    can_hear_early: bool,
    /// Hears ringing rather than music in a queue.
    is_ringing: bool,
    /// Whether the answer is on its way.
    is_answered: bool,
    audio: EarlyAudio,
    /// A playback that begins when the caller can hear us.
    words: Option<Words>,
    then: StillUnanswered,
}

/// Words for a leg; see [`PhoneEffect::Play`].
#[derive(Debug)]
pub(super) struct Words {
    pub(super) play: u64,
    pub(super) clips: Vec<Arc<str>>,
    pub(super) is_mixed: bool,
}

/// Whether a caller hears us before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EarlyAudio {
    /// The caller's telephone makes its own ringing tone.
    Off,
    /// 183 is on its way.
    Opening,
    /// The caller hears us.
    Up,
}

impl Centre {
    /// When a caller of this number is answered.
    pub(super) fn answering_of(&self, called: &str, can_hear_early: bool) -> Answering {
        match self.directory.number(called).map(Number::answering) {
            // Nothing would be heard.
            Some(Answering::EarlyMedia { .. }) if !can_hear_early => Answering::AtOnce,
            answering => answering.unwrap_or_default(),
        }
    }

    /// Answers a caller, or lets the caller hear that it rings, or us.
    pub(super) fn greet(&mut self, turn: &mut Turn<'_>, id: CallId, leg: LegId, answering: Answering, can_hear_early: bool) {
        let Some((secs_max, then)) = answering.limit() else { return self.phone(PhoneEffect::Answer { leg }) };
        let is_ringing = matches!(answering, Answering::Ringing { .. });
        let audio = if is_ringing { EarlyAudio::Off } else { EarlyAudio::Opening };
        let caller = Unanswered { can_hear_early, is_ringing, is_answered: false, audio, words: None, then };
        self.unanswered.insert(leg, caller);
        self.timers.set(Timer::Unanswered(id), Some(turn.now.mono + millis(secs_max)));
        if is_ringing {
            self.phone(PhoneEffect::Ring { leg });
            self.begin_service(turn, id);
        } else {
            // The flow begins when the caller can hear it.
            self.phone(PhoneEffect::EarlyMedia { leg });
        }
    }

    /// The caller hears us, and is not answered.
    pub(super) fn caller_hears(&mut self, turn: &mut Turn<'_>, id: CallId, leg: LegId) {
        let Some(caller) = self.unanswered.get_mut(&leg) else { return };
        caller.audio = EarlyAudio::Up;
        self.published.touch_call(id);
        self.say_waiting_words(leg);
        if matches!(self.calls.get(&id).map(|call| call.stage()), Some(Stage::Answering { .. })) {
            self.begin_service(turn, id);
        }
    }

    /// The caller is answered from here on, if that was not done before.
    pub(super) fn answer_caller(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(leg) = self.calls.get(&id).and_then(|call| call.customer_leg) else { return };
        let Some(caller) = self.unanswered.get_mut(&leg).filter(|caller| !caller.is_answered) else { return };
        caller.is_answered = true;
        self.timers.set(Timer::Unanswered(id), None);
        self.phone(PhoneEffect::Answer { leg });
        if self.flows.contains_key(&id) || self.has_waiting_keys(id) {
            self.phone(PhoneEffect::ListenForKeys { leg, is_wanted: true });
        }
        self.on_call(turn, id, |call, cx| call.note_answered(cx));
    }

    /// The answer is confirmed: the caller is like any other.
    pub(super) fn answer_confirmed(&mut self, leg: LegId) {
        self.say_waiting_words(leg);
        self.unanswered.remove(&leg);
    }

    /// The caller has gone unanswered for the most that the number allows.
    pub(super) fn unanswered_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(leg) = self.calls.get(&id).and_then(|call| call.customer_leg) else { return };
        match self.unanswered.get(&leg).map(|caller| caller.then) {
            Some(StillUnanswered::Answer) => self.answer_caller(turn, id),
            Some(StillUnanswered::Refuse) => self.refuse_unanswered(turn, id),
            None => {}
        }
    }

    /// No branch of a queue is heard any more; but where its callers are called back after the maximum wait, this one is, too.
    fn refuse_unanswered(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.withdraw_offer(turn, id);
        let queue = match self.calls.get(&id).map(|call| call.stage()) {
            Some(Stage::Waiting { queue, .. }) => self.directory.queues.get(queue),
            _ => None,
        };
        let owing = queue.filter(|queue| queue.on_max_wait == QueueExit::Callback).map(|queue| queue.id.clone());
        self.on_call(turn, id, |call, cx| call.flow_out(FlowOutCause::MaxWait, cx));
        if let Some(queue) = owing {
            self.owe_callback(turn, id, queue);
        }
        self.end_call(turn, id, EndCause::NoAnswer, Party::System);
    }

    /// The call is over: a caller without an answer is refused, whoever has one is hung up.
    pub(super) fn part_with_caller(&mut self, leg: LegId, cause: EndCause) {
        if !self.is_unanswered(leg) {
            return self.close_leg(leg);
        }
        if self.legs.remove(&leg).is_some() {
            self.forget_leg(leg);
            self.phone(PhoneEffect::Reject { leg, cause });
        }
    }

    /// Keeps words for a caller who cannot hear us yet, and opens the way for them. `None` when they are kept.
    pub(super) fn words_for_now(&mut self, turn: &mut Turn<'_>, leg: LegId, words: Words) -> Option<Words> {
        let Some(caller) = self.unanswered.get_mut(&leg).filter(|caller| caller.audio != EarlyAudio::Up) else {
            return Some(words);
        };
        caller.words = Some(words);
        if caller.is_answered || caller.audio == EarlyAudio::Opening {
            return None;
        }
        if caller.can_hear_early {
            caller.audio = EarlyAudio::Opening;
            self.phone(PhoneEffect::EarlyMedia { leg });
        } else if let Some(LegUse::Customer(id)) = self.legs.get(&leg).cloned() {
            self.answer_caller(turn, id);
        }
        None
    }

    /// Words that have not begun are not wanted any more. Whether there were any.
    pub(super) fn drop_waiting_words(&mut self, leg: LegId) -> bool {
        self.unanswered.get_mut(&leg).is_some_and(|caller| caller.words.take().is_some())
    }

    /// Whether a caller has ears: a telephone that only rings has none of ours.
    pub(super) fn has_ears(&self, leg: LegId) -> bool {
        self.unanswered.get(&leg).is_none_or(|caller| caller.is_answered || caller.audio == EarlyAudio::Up)
    }

    /// Whether what a caller hears while waiting is that it rings.
    pub(super) fn hears_ringing(&self, leg: LegId) -> bool {
        self.unanswered.get(&leg).is_some_and(|caller| caller.is_ringing && !caller.is_answered)
    }

    pub(super) fn is_unanswered(&self, leg: LegId) -> bool {
        self.unanswered.get(&leg).is_some_and(|caller| !caller.is_answered)
    }

    fn say_waiting_words(&mut self, leg: LegId) {
        if let Some(Words { play, clips, is_mixed }) = self.unanswered.get_mut(&leg).and_then(|caller| caller.words.take()) {
            self.phone(PhoneEffect::Play { leg, play, clips, is_mixed });
        }
    }
}
