//! A queue's own messages to those who wait: a greeting, a legal notice, a word of comfort. The music goes on below them, no offer waits
//! for one, and connecting ends it; of two things to say the later one waits for the end of the first.

use std::{collections::BTreeMap, sync::Arc};

use super::{Centre, Timer, Turn, playback::Purpose, waiting::millis};
use crate::{
    domain::{
        call::Stage,
        directory::{Queue, WaitingMessage},
    },
    types::{CallId, Mono, QueueId},
};

/// What is to be said while something else is, or while it rings at an agent, is tried again so soon.
pub(super) const WAIT_FOR_WORDS_MS: u64 = 2_000;

/// Which messages each waiting caller has heard.
pub(super) type MessagesTold = BTreeMap<CallId, MessageTold>;

/// How far a caller has come with the messages of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageTold {
    joined: Mono,
    /// What came up to here was said; `None` before the first.
    until: Option<Mono>,
}

impl MessageTold {
    /// Whether a message has come since the last ones were said.
    fn is_due(&self, message: &WaitingMessage, now: Mono) -> bool {
        self.next(message).is_some_and(|at| at <= now)
    }

    /// When a message comes next.
    fn next(&self, message: &WaitingMessage) -> Option<Mono> {
        let first = self.joined + millis(message.after_secs);
        let Some(told) = self.until.filter(|told| first <= *told) else { return Some(first) };
        let every = millis(message.every_secs);
        let rounds = told.millis_since(first).checked_div(every)? + 1;
        Some(first + rounds.saturating_mul(every))
    }
}

impl Centre {
    /// A caller has joined a line, and has heard what came up to `until`: when the queue's next message comes.
    pub(super) fn plan_messages(&mut self, id: CallId, queue: &Queue, joined: Mono, until: Option<Mono>) {
        let told = MessageTold { joined, until };
        let next = queue.waiting.messages.iter().filter_map(|message| told.next(message)).min();
        if next.is_some() {
            self.messages_told.insert(id, told);
        }
        self.timers.set(Timer::Message(id), next);
    }

    /// A message has come.
    pub(super) fn message_due(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let now = turn.now.mono;
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { queue, offer } = call.stage() else { return };
        let (Some(queue), Some(leg)) = (self.directory.queues.get(queue).cloned(), call.customer_leg) else { return };
        let Some(told) = self.messages_told.get(&id).copied() else { return };
        if offer.is_some() || self.playing.contains_key(&leg) {
            return self.timers.set(Timer::Message(id), Some(now + WAIT_FOR_WORDS_MS));
        }
        let messages = &queue.waiting.messages;
        let due = messages.iter().filter(|message| told.is_due(message, now));
        let clips: Vec<Arc<str>> = due.map(|message| self.shared_clip(id, &message.prompt)).collect();
        let told = MessageTold { until: Some(now), ..told };
        self.messages_told.insert(id, told);
        let next = messages.iter().filter_map(|message| told.next(message)).min();
        self.timers.set(Timer::Message(id), next);
        // Who is not answered yet hears the ringing tone.
        if !clips.is_empty() && !self.hears_ringing(leg) {
            self.play(turn, leg, clips, Purpose::QueueMessage);
        }
    }

    /// The caller waits no more.
    pub(super) fn forget_messages(&mut self, id: CallId) {
        self.messages_told.remove(&id);
        self.timers.set(Timer::Message(id), None);
    }

    /// What whoever waits in a queue, or is held by one of its agents, hears.
    pub(super) fn music_of(&self, queue: Option<&QueueId>) -> Arc<str> {
        let own = queue.and_then(|queue| self.directory.queues.get(queue)?.waiting.music.as_deref());
        own.map_or_else(|| Arc::from(super::hearing::MUSIC_ON_HOLD), |music| format!("music/{music}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    fn message(after_secs: i64, every_secs: i64) -> WaitingMessage {
        WaitingMessage { prompt: "long-wait".into(), after_secs, every_secs }
    }

    #[test]
    fn a_message_comes_at_its_time_and_again_by_its_own_clock_however_late_it_was_said() {
        let told = |until| MessageTold { joined: at(100), until };
        assert_eq!(told(None).next(&message(0, 0)), Some(at(100)));
        assert_eq!(told(Some(at(100))).next(&message(0, 0)), None);
        assert_eq!(told(Some(at(100))).next(&message(20, 30)), Some(at(120)));
        assert_eq!(told(Some(at(127))).next(&message(20, 30)), Some(at(150)));
        assert_eq!(told(Some(at(185))).next(&message(20, 30)), Some(at(210)), "what was missed is not made up for");
        assert!(
            told(Some(at(100))).is_due(&message(20, 30), at(120)) && !told(Some(at(120))).is_due(&message(20, 30), at(149))
        );
    }
}
