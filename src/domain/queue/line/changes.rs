//! What is different in a line since it was told of last, so that whoever makes its decisions again has the same line.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CalledBack, Kept, Place, QueueLine, Waiting};
use crate::types::{AgentId, CallId, Mono};

/// What is different in a line since this was asked last. What only the callers themselves hear of does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LineChanges {
    /// Whether the line was never told of: whatever is known of one of its queue is no more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_new: bool,
    /// Who was in line and is not any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<CallId>,
    /// Who is new, stands elsewhere or stands otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<Seen>,
    /// Who has had another number of its calls of late, in thousandths; 0 is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<(AgentId, u64)>,
}

/// A caller in line as the matcher sees one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which call.
    pub call: CallId,
    since: Mono,
    turn: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    is_head: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    head_start_ms: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    is_offered: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    is_dead: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    excluded: BTreeMap<AgentId, Mono>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_by: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    called_back: Option<CalledBack>,
    #[serde(default, skip_serializing_if = "is_default")]
    is_consult: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
    /// As earlier versions told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_for: Option<(AgentId, Mono)>,
}

/// The line as it was told last, and what is to be told of. Never more than were in line then and are now.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    is_known: bool,
    callers: BTreeMap<CallId, Seen>,
    touched: BTreeSet<CallId>,
    left: Vec<CallId>,
}

impl LineChanges {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Told {
    pub(super) fn touch(&mut self, call: CallId) {
        self.touched.insert(call);
    }

    pub(super) fn leave(&mut self, call: CallId) {
        self.touched.remove(&call);
        if self.callers.remove(&call).is_some() {
            self.left.push(call);
        }
    }
}

impl QueueLine {
    /// What is different since this was asked last.
    pub fn take_changes(&mut self) -> LineChanges {
        let is_new = !std::mem::replace(&mut self.told.is_known, true);
        let left = std::mem::take(&mut self.told.left);
        let touched = std::mem::take(&mut self.told.touched);
        let seen = touched.into_iter().filter_map(|call| self.seen(call));
        let standing: Vec<Seen> = seen.filter(|seen| self.told.callers.get(&seen.call) != Some(seen)).collect();
        self.told.callers.extend(standing.iter().map(|seen| (seen.call, seen.clone())));
        LineChanges { is_new, left, standing, taken: self.taken.take_changes() }
    }

    /// Everything is to be told anew.
    pub fn forget_told(&mut self) {
        self.told = Told { touched: self.places.keys().copied().collect(), ..Told::default() };
        self.taken.forget_told();
    }

    /// Whoever hears of changes knows already that this caller is offered to somebody.
    pub fn note_offer_told(&mut self, call: CallId) {
        if let Some(seen) = self.told.callers.get_mut(&call) {
            seen.is_offered = true;
            self.told.touched.insert(call);
        }
    }

    /// The same changes in a copy of the line.
    pub fn follow(&mut self, changes: &LineChanges) {
        if changes.is_new {
            *self = Self::default();
        }
        for call in &changes.left {
            self.leave(*call);
        }
        for seen in &changes.standing {
            let (waiting, place) = seen.clone().into_waiting();
            self.rejoin(waiting, place);
            let told_shortly = seen.kept_for.clone().map(|(agent, until)| Kept::told_shortly(agent, until));
            match seen.kept.clone().or(told_shortly) {
                Some(kept) => self.keep(seen.call, kept),
                None => self.release_kept(seen.call),
            }
        }
        self.taken.follow(&changes.taken);
    }

    pub(super) fn touch(&mut self, call: CallId) {
        if self.places.contains_key(&call) {
            self.told.touch(call);
        }
    }

    fn seen(&self, call: CallId) -> Option<Seen> {
        let place = self.places.get(&call)?;
        let waiting = self.order.get(place)?;
        let Place { is_behind_head, since, turn, call, head_start_ms } = *place;
        Some(Seen {
            call,
            since,
            turn,
            is_head: !is_behind_head,
            head_start_ms,
            is_offered: waiting.is_offered,
            is_dead: waiting.is_dead,
            excluded: waiting.excluded.clone(),
            sent_by: waiting.sent_by.clone(),
            called_back: waiting.called_back.clone(),
            is_consult: waiting.is_consult,
            kept: self.kept.get(&call).cloned(),
            kept_for: None,
        })
    }
}

impl Seen {
    fn into_waiting(self) -> (Waiting, Place) {
        let Self { call, since, turn, is_head, head_start_ms, .. } = self;
        let place = Place { is_behind_head: !is_head, since, turn, call, head_start_ms };
        let Self { is_offered, is_dead, excluded, sent_by, called_back, is_consult, .. } = self;
        (Waiting { is_offered, is_dead, excluded, sent_by, called_back, is_consult, ..Waiting::new(call) }, place)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{KeptBecause, Rng, Timestamp};

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    /// Tells the copy of the changes, through JSON, and how many left and stand otherwise.
    fn tell(line: &mut QueueLine, copy: &mut QueueLine) -> (usize, usize) {
        let changes = line.take_changes();
        let kept = serde_json::to_string(&changes).unwrap();
        copy.follow(&serde_json::from_str(&kept).unwrap());
        assert!(line.iter().eq(copy.iter()));
        assert_eq!(line.kept, copy.kept);
        assert_eq!(line.taken.counts(), copy.taken.counts());
        (changes.left.len(), changes.standing.len())
    }

    #[test]
    fn a_line_tells_what_is_different_once_and_comes_to_the_same_elsewhere() {
        let (mut line, mut copy) = (QueueLine::default(), QueueLine::default());
        let mut rng = Rng::seeded(4);
        let calls: [CallId; 3] =
            std::array::from_fn(|n| CallId::mint(Timestamp::from_millis(i64::try_from(n).unwrap()), &mut rng));
        line.join(Waiting::new(calls[0]), false, 0, at(1));
        line.join(Waiting::new(calls[1]), false, 0, at(2));
        assert_eq!(tell(&mut line, &mut copy), (0, 2));
        line.get_mut(calls[0]).unwrap().is_offered = true;
        line.get_mut(calls[0]).unwrap().is_offered = false;
        assert_eq!(tell(&mut line, &mut copy), (0, 0), "as it stood before");
        line.put_first(calls[1]);
        assert_eq!(tell(&mut line, &mut copy), (1, 1));
        line.leave(calls[0]);
        line.join(Waiting::new(calls[2]), false, 0, at(3));
        line.leave(calls[2]);
        assert_eq!(tell(&mut line, &mut copy), (1, 0), "who came and went in between is not told of");
        let ana: AgentId = "ana".parse().unwrap();
        line.keep(calls[1], Kept::new(ana.clone(), KeptBecause::Owner, Some(at(30)), Some(at(40))));
        assert_eq!(tell(&mut line, &mut copy), (0, 1));
        let mut kept = line.kept(calls[1]).unwrap().clone();
        assert!(kept.give_up_agent(at(5)));
        line.keep(calls[1], kept);
        assert_eq!(tell(&mut line, &mut copy), (0, 1));
        line.release_kept(calls[1]);
        assert_eq!(tell(&mut line, &mut copy), (0, 1));
        line.taken.note(&ana, &BTreeMap::from([(ana.clone(), 60)]), at(4));
        assert_eq!(tell(&mut line, &mut copy), (0, 0));
        assert!(line.take_changes().is_empty());
        line.forget_told();
        assert_eq!(tell(&mut line, &mut QueueLine::default()), (0, 1));
    }

    #[test]
    fn what_an_earlier_version_told_of_a_kept_caller_is_understood() {
        let mut line = QueueLine::default();
        let call = CallId::mint(Timestamp::from_millis(1), &mut Rng::seeded(4));
        line.join(Waiting::new(call), false, 0, at(1));
        let mut told = serde_json::to_value(line.take_changes()).unwrap();
        told["standing"][0]["kept_for"] = serde_json::json!(["ana", 30_000]);
        let mut copy = QueueLine::default();
        copy.follow(&serde_json::from_value(told).unwrap());
        let ana: AgentId = "ana".parse().unwrap();
        assert_eq!(copy.meant(call, at(29)), Some(super::super::Meant::Agent(&ana)));
        assert_eq!(copy.meant(call, at(30)), None);
        assert_eq!(copy.kept(call).unwrap().told(at(29)), None, "nor did its decisions say more");
    }

    #[test]
    fn a_line_that_begins_anew_says_so_to_whoever_knew_the_one_before() {
        let (mut line, mut copy) = (QueueLine::default(), QueueLine::default());
        let call = CallId::mint(Timestamp::from_millis(1), &mut Rng::seeded(4));
        line.join(Waiting::new(call), false, 0, at(1));
        tell(&mut line, &mut copy);
        tell(&mut QueueLine::default(), &mut copy);
        assert!(copy.is_empty());
    }
}
