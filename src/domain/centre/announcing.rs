//! What callers in a queue are told: their position when it has improved, how long they are expected to wait, and what their keys do. The
//! music goes on below it, no offer waits for it, and connecting ends it.

use std::{collections::BTreeMap, sync::Arc};

use super::{Centre, Timer, Turn, playback::Purpose, queue_messages::WAIT_FOR_WORDS_MS, waiting::millis};
use crate::{
    domain::{
        call::Stage,
        directory::{Queue, WaitingKey},
    },
    types::{CallId, ExpectedWait, QueueId},
};

/// Highest number that the prompts can say.
const POSITION_SPOKEN_MAX: usize = 99;
/// Who may press keys, or is told the wait, hears of it so soon.
const FIRST_AFTER_MS: u64 = 5_000;
/// Minutes that are told; a wait is rounded up to one of them.
const MINUTES_TOLD: [i64; 21] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 90];
/// A wait of which half are longer than this many minutes is only called long.
const MINUTES_LONG: i64 = 60;
/// Fewer agents by such a part are a reason for a longer wait, in hundredths.
const FEWER_AGENTS: i64 = 90;

/// What waiting callers have been told of their wait.
pub(super) type WaitsTold = BTreeMap<CallId, WaitTold>;

/// What a caller was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitTold {
    /// At most so many minutes.
    most: i64,
    position: usize,
    /// Agents at work for the queue then, in hundredths.
    agents: i64,
}

/// The words for an expected wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SpokenWait {
    UnderAMinute,
    Long,
    /// About so many minutes, and at most so many.
    Minutes(i64, i64),
}

impl SpokenWait {
    fn of(wait: ExpectedWait) -> Self {
        if wait.p90_ms <= 60_000 {
            return Self::UnderAMinute;
        }
        match (told(wait.p50_ms), told(wait.p90_ms)) {
            (Some(about), most) if about <= MINUTES_LONG => Self::Minutes(about, most.unwrap_or(MINUTES_LONG)),
            _ => Self::Long,
        }
    }

    /// The longest time in it, in minutes.
    fn most(self) -> i64 {
        match self {
            Self::UnderAMinute => 1,
            Self::Minutes(about, most) => most.max(about),
            Self::Long => i64::MAX,
        }
    }
}

/// The minutes that a time is rounded up to; `None` past the longest that is told.
fn told(ms: i64) -> Option<i64> {
    MINUTES_TOLD.into_iter().find(|minutes| ms <= minutes * 60_000)
}

impl Centre {
    /// A caller has joined a line: when the first announcement comes.
    pub(super) fn plan_announcements(&mut self, turn: &Turn<'_>, id: CallId, queue: &Queue) {
        let tells_soon = queue.waiting.says_wait || !queue.waiting.keys.is_empty();
        let every = (queue.position_every_secs > 0).then(|| millis(queue.position_every_secs));
        let first = if tells_soon { Some(every.map_or(FIRST_AFTER_MS, |every| every.min(FIRST_AFTER_MS))) } else { every };
        self.timers.set(Timer::Announce(id), first.map(|ms| turn.now.mono + ms));
    }

    /// The time of an announcement.
    pub(super) fn announce_position(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(Stage::Waiting { queue, .. }) = self.calls.get(&id).map(|call| call.stage()) else { return };
        let Some(queue) = self.directory.queues.get(queue).cloned() else { return };
        let leg = self.calls.get(&id).and_then(|call| call.customer_leg);
        if leg.is_some_and(|leg| self.says_message(leg)) {
            return self.timers.set(Timer::Announce(id), Some(turn.now.mono + WAIT_FOR_WORDS_MS));
        }
        let next = (queue.position_every_secs > 0).then(|| turn.now.mono + millis(queue.position_every_secs));
        self.timers.set(Timer::Announce(id), next);
        self.announce(turn, id, &queue, false);
    }

    /// Tells the caller what is news, or (`is_asked`) how it stands.
    pub(super) fn announce(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &Queue, is_asked: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { offer, .. } = call.stage() else { return };
        let Some(leg) = call.customer_leg else { return };
        if offer.is_some() || self.hears_ringing(leg) {
            return;
        }
        let Some(position) = self.lines.get(&queue.id).and_then(|line| line.position(id)) else { return };
        let is_first = !self.waits_told.contains_key(&id);
        let mut clips = self.position_clips(id, queue, position, is_asked);
        clips.extend(self.wait_clips(turn, id, queue, position, is_asked));
        if !is_asked && (is_first || !clips.is_empty()) {
            clips.extend(self.key_clips(id, queue));
        }
        if !clips.is_empty() {
            self.play(turn, leg, clips, Purpose::Announcement);
        }
    }

    fn position_clips(&mut self, id: CallId, queue: &Queue, position: usize, is_asked: bool) -> Vec<Arc<str>> {
        let most = usize::try_from(queue.waiting.position_max).unwrap_or(0).min(POSITION_SPOKEN_MAX);
        let Some(waiting) = self.lines.get_mut(&queue.id).and_then(|line| line.get_mut(id)) else { return Vec::new() };
        let is_news = queue.waiting.says_position && waiting.announced.is_none_or(|told| position < told) && position <= most;
        let is_told = is_news || (is_asked && position <= POSITION_SPOKEN_MAX);
        if !is_told {
            return Vec::new();
        }
        waiting.announced = Some(position);
        if position == 1 {
            vec![self.shared_clip(id, "next-in-queue")]
        } else {
            vec![self.shared_clip(id, "queue-position"), self.shared_clip(id, &format!("number-{position}"))]
        }
    }

    /// The expected wait, if it is told and has not become longer without a reason.
    fn wait_clips(&mut self, turn: &Turn<'_>, id: CallId, queue: &Queue, position: usize, is_asked: bool) -> Vec<Arc<str>> {
        let now = turn.now.mono;
        let agents = self.agents_at_work(&queue.id, now).unwrap_or(0);
        let before = self.waits_told.get(&id).copied();
        let noted = WaitTold { most: before.map_or(i64::MAX, |before| before.most), position, agents };
        self.waits_told.entry(id).or_insert(noted);
        if !queue.waiting.says_wait {
            return Vec::new();
        }
        let Some(wait) = self.wait_behind(&queue.id, position - 1, now) else { return Vec::new() };
        if wait.p90_ms < queue.waiting.wait_told_secs_min.saturating_mul(1_000) {
            return Vec::new();
        }
        let spoken = SpokenWait::of(wait);
        let has_reason = before.is_none_or(|b| position > b.position || agents * 100 < b.agents * FEWER_AGENTS);
        let is_news = before.is_none_or(|before| spoken.most() < before.most) || has_reason;
        let is_told = is_news || (is_asked && before.is_some_and(|before| spoken.most() == before.most));
        if !is_told {
            return Vec::new();
        }
        self.waits_told.insert(id, WaitTold { most: spoken.most(), ..noted });
        let number = |minutes: i64| self.shared_clip(id, &format!("number-{minutes}"));
        match spoken {
            SpokenWait::UnderAMinute => vec![self.shared_clip(id, "expected-wait-short")],
            SpokenWait::Long => vec![self.shared_clip(id, "expected-wait-long")],
            SpokenWait::Minutes(about, most) if most <= about => vec![self.shared_clip(id, "expected-wait"), number(about)],
            SpokenWait::Minutes(about, most) => vec![
                self.shared_clip(id, "expected-wait"),
                number(about),
                self.shared_clip(id, "expected-wait-most"),
                number(most),
            ],
        }
    }

    fn key_clips(&self, id: CallId, queue: &Queue) -> Vec<Arc<str>> {
        let spoken = |(key, does): (&String, &WaitingKey)| {
            let words = match does {
                WaitingKey::Callback => "keys-callback",
                WaitingKey::Queue { .. } => "keys-queue",
                WaitingKey::Line { .. } => "keys-line",
                WaitingKey::Position => "keys-position",
                WaitingKey::Leave => "keys-leave",
            };
            let key = match key.as_str() {
                "*" => "star",
                "#" => "hash",
                digit => digit,
            };
            [self.shared_clip(id, words), self.shared_clip(id, &format!("digit-{key}"))]
        };
        queue.waiting.keys.iter().flat_map(spoken).collect()
    }

    /// Agents at work for a queue, in hundredths.
    fn agents_at_work(&mut self, queue: &QueueId, now: crate::types::Mono) -> Option<i64> {
        self.pace(queue, now).map(|pace| (pace.agents * 100.0).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(p50_secs: i64, p90_secs: i64) -> SpokenWait {
        SpokenWait::of(ExpectedWait { mean_ms: 0, p50_ms: p50_secs * 1_000, p90_ms: p90_secs * 1_000 })
    }

    #[test]
    fn a_wait_is_told_in_round_minutes() {
        assert_eq!(spoken(20, 60), SpokenWait::UnderAMinute);
        assert_eq!(spoken(20, 61), SpokenWait::Minutes(1, 2));
        assert_eq!(spoken(200, 700), SpokenWait::Minutes(4, 12));
        assert_eq!(spoken(3_000, 5_000), SpokenWait::Minutes(50, 90));
        assert_eq!(spoken(3_700, 7_000), SpokenWait::Long);
        assert!(MINUTES_TOLD.iter().all(|minutes| *minutes <= 99), "every number has its prompt");
    }
}
