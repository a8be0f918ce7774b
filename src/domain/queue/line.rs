//! The line of one queue: an order that arrivals, departures and head starts change, and nothing else.

mod changes;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use serde::{Deserialize, Serialize};

use self::changes::Told;
use super::{Kept, Meant, Taken};
use crate::types::{AgentId, CallId, Mono, Standing};

pub use changes::{LineChanges, Seen};

/// A place in the line. Smaller is served first: those put at the head, in the order in which they were, then by entry less the head
/// start; who came in the same millisecond keeps the order of coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    is_behind_head: bool,
    since: Mono,
    turn: u64,
    call: CallId,
    #[serde(default)]
    head_start_ms: u64,
}

impl Place {
    /// Whether the call was put at the head, as after a lost agent or by a supervisor.
    pub fn is_head(&self) -> bool {
        !self.is_behind_head
    }

    /// When the caller took the place.
    pub fn since(&self) -> Mono {
        self.since
    }

    /// By how many milliseconds the caller stands ahead of who came at the same time.
    pub fn head_start_ms(&self) -> u64 {
        self.head_start_ms
    }

    fn rank(&self) -> (bool, u64, u64, CallId) {
        let by_wait = self.since.as_millis().saturating_sub(self.head_start_ms);
        (self.is_behind_head, if self.is_behind_head { by_wait } else { 0 }, self.turn, self.call)
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A caller in line.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Which call.
    pub call: CallId,
    /// The position told last.
    pub announced: Option<usize>,
    /// Whether it rings at an agent now. It keeps its place.
    pub is_offered: bool,
    /// Whether the caller's line is known dead: neither sound nor signalling. It is not offered until it is heard again.
    pub is_dead: bool,
    /// Agents who missed it or sent it here, and until when they are passed over.
    pub excluded: BTreeMap<AgentId, Mono>,
    /// Who of them sent it here, and has not missed it since.
    pub sent_by: Option<AgentId>,
    /// Set when nobody is on the line: somebody is to be called back, whose place this is.
    pub called_back: Option<CalledBack>,
    /// Whether nobody waits to be served: an agent asks the queue's agents about this call, and holds the line for the answer.
    pub is_consult: bool,
}

/// Somebody in line who is to be called back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CalledBack {
    /// The agent who alone may.
    pub only: Option<AgentId>,
}

/// The line of one queue.
#[derive(Debug, Clone, Default)]
pub struct QueueLine {
    order: BTreeMap<Place, Waiting>,
    places: BTreeMap<CallId, Place>,
    /// Always with a call; without one it is a border to search from.
    by_entry: BTreeSet<(Mono, Option<CallId>)>,
    turns: u64,
    /// Of those in line, who are to be called back.
    called_back: usize,
    /// Of those in line, what agents ask.
    consults: usize,
    /// Who has had its calls of late.
    pub taken: Taken,
    /// For whom callers wait, or have waited.
    kept: BTreeMap<CallId, Kept>,
    told: Told,
}

impl QueueLine {
    /// Adds a caller, at the end or (after an agent was lost in mid-call) at the head. `since` is the present, or when the caller's earlier
    /// call took the place.
    pub fn join(&mut self, waiting: Waiting, at_head: bool, head_start_ms: u64, since: Mono) {
        let call = waiting.call;
        self.leave(call);
        self.turns += 1;
        let place = Place { is_behind_head: !at_head, since, turn: self.turns, call, head_start_ms };
        self.put(waiting, place);
    }

    /// Gives a caller the place back that an earlier process had given.
    pub fn rejoin(&mut self, waiting: Waiting, place: Place) {
        self.leave(waiting.call);
        self.turns = self.turns.max(place.turn);
        self.put(waiting, place);
    }

    /// Gives a caller another head start; the time of entry stays. True when that changes the place.
    pub fn set_head_start(&mut self, call: CallId, head_start_ms: u64) -> bool {
        let Some(place) = self.place(call).filter(|place| place.head_start_ms != head_start_ms) else { return false };
        let Some(waiting) = self.lift(call) else { return false };
        self.put(waiting, Place { head_start_ms, ..place });
        true
    }

    /// Puts a caller before all others, behind those put there earlier; the time of entry stays. True when that changes the place.
    pub fn put_first(&mut self, call: CallId) -> bool {
        let Some(place) = self.place(call).filter(|place| place.is_behind_head) else { return false };
        let Some(waiting) = self.lift(call) else { return false };
        self.turns += 1;
        self.put(waiting, Place { is_behind_head: false, turn: self.turns, ..place });
        true
    }

    /// A caller who was put before all others stands by the time of entry again. True when that changes the place.
    pub fn put_back(&mut self, call: CallId) -> bool {
        let Some(place) = self.place(call).filter(Place::is_head) else { return false };
        let Some(waiting) = self.lift(call) else { return false };
        self.put(waiting, Place { is_behind_head: true, ..place });
        true
    }

    /// Gives a caller the place of somebody who came at this moment, behind whoever came then. True when that changes the place.
    pub fn take_place(&mut self, call: CallId, since: Mono) -> bool {
        let Some(place) = self.place(call).filter(|place| place.since != since) else { return false };
        let Some(waiting) = self.lift(call) else { return false };
        self.put(waiting, Place { since, ..place });
        true
    }

    fn put(&mut self, waiting: Waiting, place: Place) {
        self.called_back += usize::from(waiting.called_back.is_some());
        self.consults += usize::from(waiting.is_consult);
        self.told.touch(place.call);
        self.places.insert(place.call, place);
        self.by_entry.insert((place.since, Some(place.call)));
        self.order.insert(place, waiting);
    }

    /// A caller's place.
    pub fn place(&self, call: CallId) -> Option<Place> {
        self.places.get(&call).copied()
    }

    /// Takes a caller out, who waits for nobody in particular any more.
    pub fn leave(&mut self, call: CallId) -> Option<Waiting> {
        self.kept.remove(&call);
        self.lift(call)
    }

    /// Takes a caller out who comes in again at once.
    fn lift(&mut self, call: CallId) -> Option<Waiting> {
        let place = self.places.remove(&call)?;
        self.told.leave(call);
        self.by_entry.remove(&(place.since, Some(call)));
        let waiting = self.order.remove(&place)?;
        self.called_back -= usize::from(waiting.called_back.is_some());
        self.consults -= usize::from(waiting.is_consult);
        Some(waiting)
    }

    /// A caller in line.
    pub fn get(&self, call: CallId) -> Option<&Waiting> {
        self.order.get(self.places.get(&call)?)
    }

    /// A caller in line, to be changed.
    pub fn get_mut(&mut self, call: CallId) -> Option<&mut Waiting> {
        let place = self.places.get(&call)?;
        self.told.touch(call);
        self.order.get_mut(place)
    }

    /// 1 for the first in line.
    pub fn position(&self, call: CallId) -> Option<usize> {
        let place = self.places.get(&call)?;
        Some(self.order.range(..place).count() + 1)
    }

    /// How many a caller who comes now with this head start has ahead.
    pub fn ahead_at_entry(&self, head_start_ms: u64, now: Mono) -> usize {
        if head_start_ms == 0 {
            return self.order.len();
        }
        let by_wait = now.as_millis().saturating_sub(head_start_ms);
        self.order.keys().take_while(|place| place.rank() <= (true, by_wait, u64::MAX, place.call)).count()
    }

    /// Which caller has waited for the longest time, whatever the place.
    pub fn longest(&self) -> Option<CallId> {
        let is_caller = |call: &CallId| self.get(*call).is_some_and(Waiting::is_caller);
        self.by_entry.iter().filter_map(|(_, call)| *call).find(is_caller)
    }

    /// When the first one entered of those who are in line.
    pub fn first_entry(&self) -> Option<Mono> {
        self.by_entry.first().map(|(since, _)| *since)
    }

    /// When the first one entered of those who came after a moment.
    pub fn first_entry_after(&self, moment: Mono) -> Option<Mono> {
        self.by_entry.range((moment + 1, None)..).next().map(|(since, _)| *since)
    }

    /// All callers, first in line first.
    pub fn iter(&self) -> std::collections::btree_map::Iter<'_, Place, Waiting> {
        self.order.iter()
    }

    /// All callers by their calls, behind this one.
    pub fn calls_behind(&self, call: Option<CallId>) -> impl Iterator<Item = CallId> {
        let from = call.map_or(Bound::Unbounded, Bound::Excluded);
        self.places.range((from, Bound::Unbounded)).map(|(call, _)| *call)
    }

    /// This caller, who is in line, waits for somebody in particular.
    pub fn keep(&mut self, call: CallId, kept: Kept) {
        if self.places.contains_key(&call) {
            self.kept.insert(call, kept);
            self.touch(call);
        }
    }

    /// For whom a caller waits, or has waited here.
    pub fn kept(&self, call: CallId) -> Option<&Kept> {
        self.kept.get(&call)
    }

    /// Who alone may have a caller now; `None` is everybody.
    pub fn meant(&self, call: CallId, now: Mono) -> Option<Meant<'_>> {
        self.kept.get(&call)?.meant(now)
    }

    /// A caller waits for nobody in particular.
    pub fn release_kept(&mut self, call: CallId) {
        if self.kept.remove(&call).is_some() {
            self.touch(call);
        }
    }

    /// All callers who wait for somebody in particular, or have waited.
    pub fn all_kept(&self) -> impl Iterator<Item = (CallId, &Kept)> {
        self.kept.iter().map(|(call, kept)| (*call, kept))
    }

    /// How many stand in it: those that ring, those who are called back and what agents ask included.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// How many are on the line, those that ring included.
    pub fn callers(&self) -> usize {
        self.order.len() - self.called_back - self.consults
    }

    /// Of what agents ask, how many ring at somebody.
    pub fn consults_offered(&self) -> usize {
        let asked = self.order.values().filter(|waiting| waiting.is_consult && waiting.is_offered);
        if self.consults == 0 { 0 } else { asked.count() }
    }

    /// How many are to be called back.
    pub fn called_back(&self) -> usize {
        self.called_back
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl Waiting {
    /// A caller who rings nowhere, and for whom nobody is passed over.
    pub fn new(call: CallId) -> Self {
        Self {
            call,
            announced: None,
            is_offered: false,
            is_dead: false,
            excluded: BTreeMap::new(),
            sent_by: None,
            called_back: None,
            is_consult: false,
        }
    }

    /// Whether a caller waits on the line to be served.
    pub fn is_caller(&self) -> bool {
        self.called_back.is_none() && !self.is_consult
    }

    /// Whether this agent is passed over for now.
    pub fn excludes(&self, agent: &AgentId, now: Mono) -> bool {
        self.is_for_another(agent) || self.is_passed_over(agent, now)
    }

    /// Why this agent is passed over for now, if so.
    pub fn exclusion(&self, agent: &AgentId, now: Mono) -> Option<Standing> {
        if self.is_for_another(agent) {
            return Some(Standing::ForAnotherAgent);
        }
        let why = if self.sent_by.as_ref() == Some(agent) { Standing::SentItHere } else { Standing::MissedItBefore };
        self.is_passed_over(agent, now).then_some(why)
    }

    /// Passes over an agent who missed the call, until then.
    pub fn pass_over(&mut self, agent: AgentId, until: Mono, now: Mono) {
        self.excluded.retain(|_, until| now < *until);
        self.sent_by = self.sent_by.take().filter(|sender| *sender != agent && self.excluded.contains_key(sender));
        self.excluded.insert(agent, until);
    }

    /// The same for the agent who sent it here.
    pub fn pass_over_sender(&mut self, agent: AgentId, until: Mono, now: Mono) {
        self.pass_over(agent.clone(), until, now);
        self.sent_by = Some(agent);
    }

    fn is_for_another(&self, agent: &AgentId) -> bool {
        self.called_back.as_ref().and_then(|of| of.only.as_ref()).is_some_and(|only| only != agent)
    }

    fn is_passed_over(&self, agent: &AgentId, now: Mono) -> bool {
        self.excluded.get(agent).is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{KeptBecause, Rng, Timestamp};

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    fn three() -> [CallId; 3] {
        let mut rng = Rng::seeded(4);
        std::array::from_fn(|n| CallId::mint(Timestamp::from_millis(i64::try_from(n).unwrap()), &mut rng))
    }

    #[test]
    fn a_call_put_back_at_the_head_is_first_in_line() {
        let (mut line, calls) = (QueueLine::default(), three());
        line.join(Waiting::new(calls[0]), false, 0, at(1));
        line.join(Waiting::new(calls[1]), false, 0, at(2));
        line.join(Waiting::new(calls[2]), true, 0, at(3));
        assert_eq!(calls.iter().map(|c| line.position(*c)).collect::<Vec<_>>(), [Some(2), Some(3), Some(1)]);
        line.leave(calls[2]);
        assert_eq!(line.position(calls[1]), Some(2));
    }

    #[test]
    fn a_head_start_counts_as_time_waited_and_leaves_the_wait_alone() {
        let (mut line, calls) = (QueueLine::default(), three());
        line.join(Waiting::new(calls[0]), false, 0, at(100));
        line.join(Waiting::new(calls[1]), false, 60_000, at(150));
        line.join(Waiting::new(calls[2]), false, 60_000, at(170));
        let order = |line: &QueueLine| line.iter().map(|(_, waiting)| waiting.call).collect::<Vec<_>>();
        assert_eq!(
            order(&line),
            [calls[1], calls[0], calls[2]],
            "60 s ahead of who came 50 s before, not of who came 70 s before"
        );
        assert_eq!(line.longest(), Some(calls[0]));
        assert!(line.set_head_start(calls[2], 120_000));
        assert_eq!(order(&line), [calls[2], calls[1], calls[0]]);
        assert!(!line.set_head_start(calls[2], 120_000), "nothing changes");
        assert_eq!(line.place(calls[2]).unwrap().since(), at(170));
        line.leave(calls[0]);
        assert_eq!(line.longest(), Some(calls[1]));
    }

    #[test]
    fn who_waits_for_an_agent_does_so_at_another_place_too_and_not_after_leaving() {
        let (mut line, calls) = (QueueLine::default(), three());
        let ana: AgentId = "ana".parse().unwrap();
        line.join(Waiting::new(calls[0]), false, 0, at(1));
        line.join(Waiting::new(calls[1]), false, 0, at(2));
        line.keep(calls[1], Kept::new(ana.clone(), KeptBecause::Owner, Some(at(60)), None));
        line.put_first(calls[1]);
        assert_eq!((line.position(calls[1]), line.meant(calls[1], at(3))), (Some(1), Some(Meant::Agent(&ana))));
        line.leave(calls[1]);
        assert!(line.kept.is_empty(), "nothing is left of one who is gone");
    }

    #[test]
    fn an_agent_who_sent_a_caller_here_is_told_from_one_who_missed_the_call() {
        let (ana, bea): (AgentId, AgentId) = ("ana".parse().unwrap(), "bea".parse().unwrap());
        let mut waiting = Waiting::new(three()[0]);
        waiting.pass_over_sender(ana.clone(), at(20), at(0));
        waiting.pass_over(bea.clone(), at(21), at(1));
        assert_eq!(waiting.exclusion(&ana, at(2)), Some(Standing::SentItHere));
        assert_eq!(waiting.exclusion(&bea, at(2)), Some(Standing::MissedItBefore));
        assert_eq!((waiting.exclusion(&ana, at(20)), waiting.exclusion(&bea, at(20))), (None, Some(Standing::MissedItBefore)));
        waiting.pass_over(ana.clone(), at(50), at(30));
        assert_eq!(waiting.exclusion(&ana, at(31)), Some(Standing::MissedItBefore), "who sent it has missed it since");
        waiting.called_back = Some(CalledBack { only: Some(bea.clone()) });
        assert_eq!((waiting.exclusion(&ana, at(60)), waiting.exclusion(&bea, at(60))), (Some(Standing::ForAnotherAgent), None));
    }

    #[test]
    fn a_place_of_an_earlier_version_has_no_head_start() {
        let calls = three();
        let kept = format!(r#"{{"is_behind_head":true,"since":5000,"turn":1,"call":"{}"}}"#, calls[0]);
        let place: Place = serde_json::from_str(&kept).unwrap();
        assert_eq!((place.since(), place.head_start_ms(), place.is_head()), (at(5), 0, false));
    }
}
