//! Which thread carries which leg. Legs that hear each other are on one thread, so that a packet never crosses; whoever begins to hear a
//! leg of another thread brings the two together. A thread is filled up to a share before the next one gets legs: what few threads do
//! together costs less than what many do apart.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{protocol::media::Source, types::LegId};

/// A thread, counted from 0.
pub(super) type ThreadIndex = usize;

/// A telephone's leg, in the unit that legs are weighed in.
const TELEPHONE: u64 = 1;
/// A browser's: in a conversation it costs ten times as much, between two hardly anything.
const BROWSER: u64 = 2;
/// A thread with so much is not filled further although it does not look busy yet: many calls may have come at once.
const FULL_WEIGHT: u64 = 1_000;

/// What a thread says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// Its share of a processor, in a hundred.
    pub(super) busy_percent: u64,
    /// It does not keep up.
    pub(super) is_behind: bool,
}

/// A leg goes from one thread to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) leg: LegId,
    pub(super) from: ThreadIndex,
    pub(super) to: ThreadIndex,
}

/// Where a leg is, and whom it hears.
#[derive(Debug)]
struct Place {
    thread: ThreadIndex,
    weight: u64,
    /// Orders to open it that have not failed.
    opens: u32,
    hears: Vec<LegId>,
}

/// All legs' threads.
#[derive(Debug)]
pub(super) struct Places {
    legs: BTreeMap<LegId, Place>,
    /// Who hears a leg, which need not be there yet.
    heard_by: BTreeMap<LegId, BTreeSet<LegId>>,
    /// Whom legs are to hear that could not be brought together with them yet.
    pub(super) owed: BTreeMap<LegId, Vec<Source>>,
    /// What each thread carries.
    weights: Vec<u64>,
    /// Share of a processor, in a hundred, up to which a thread is filled.
    fill_percent: u64,
}

impl Places {
    pub(super) fn new(threads: usize, fill_percent: u64) -> Self {
        let weights = vec![0; threads.max(1)];
        Self { legs: BTreeMap::new(), heard_by: BTreeMap::new(), owed: BTreeMap::new(), weights, fill_percent }
    }

    /// The thread of a leg that is to be opened, perhaps again. `rooms` are what the threads say.
    pub(super) fn open(&mut self, leg: LegId, is_browser: bool, rooms: &[Room]) -> ThreadIndex {
        if let Some(place) = self.legs.get_mut(&leg) {
            place.opens = place.opens.saturating_add(1);
            return place.thread;
        }
        let listener = self.heard_by.get(&leg).and_then(|listeners| listeners.iter().find_map(|one| self.legs.get(one)));
        let all = (0..self.weights.len()).map(|thread| (thread, 0));
        let thread = listener.map_or_else(|| self.best_of(all, rooms), |listener| listener.thread);
        let weight = if is_browser { BROWSER } else { TELEPHONE };
        self.weigh(thread, weight, 0);
        self.legs.insert(leg, Place { thread, weight, opens: 1, hears: Vec::new() });
        thread
    }

    /// One order to open it came to nothing.
    pub(super) fn failed(&mut self, leg: LegId) {
        let Some(place) = self.legs.get_mut(&leg) else { return };
        place.opens = place.opens.saturating_sub(1);
        if place.opens == 0 {
            self.close(leg);
        }
    }

    /// The leg is gone: the thread that had it.
    pub(super) fn close(&mut self, leg: LegId) -> Option<ThreadIndex> {
        let place = self.legs.remove(&leg)?;
        self.owed.remove(&leg);
        self.weigh(place.thread, 0, place.weight);
        for heard in place.hears {
            self.forget_listener(heard, leg);
        }
        Some(place.thread)
    }

    /// The thread of a leg.
    pub(super) fn thread_of(&self, leg: LegId) -> Option<ThreadIndex> {
        self.legs.get(&leg).map(|place| place.thread)
    }

    /// What a leg hears from now on: which it heard before, and the legs that must go to another thread for it, which [`Self::go`] notes.
    pub(super) fn hear(&mut self, listener: LegId, sources: &[Source], rooms: &[Room]) -> (Vec<LegId>, Vec<Move>) {
        let hears = sources
            .iter()
            .filter_map(|source| match source {
                Source::Leg(leg) if *leg != listener => Some(*leg),
                Source::Leg(_) | Source::Music(_) | Source::Echo => None,
            })
            .collect();
        (self.set_heard(listener, hears), self.together(listener, rooms))
    }

    /// Notes whom a leg hears; gives back whom it heard before.
    pub(super) fn set_heard(&mut self, listener: LegId, hears: Vec<LegId>) -> Vec<LegId> {
        let Some(place) = self.legs.get_mut(&listener) else { return Vec::new() };
        let before = std::mem::replace(&mut place.hears, hears.clone());
        for heard in &before {
            self.forget_listener(*heard, listener);
        }
        for heard in hears {
            self.heard_by.entry(heard).or_default().insert(listener);
        }
        before
    }

    /// A move has been ordered.
    pub(super) fn go(&mut self, step: Move) {
        let Some(place) = self.legs.get_mut(&step.leg) else { return };
        place.thread = step.to;
        let weight = place.weight;
        self.weigh(step.from, 0, weight);
        self.weigh(step.to, weight, 0);
    }

    /// What must move so that all who hear each other with this leg are on one thread.
    fn together(&self, leg: LegId, rooms: &[Room]) -> Vec<Move> {
        if self.weights.len() == 1 {
            return Vec::new();
        }
        let (mut group, mut unseen) = (BTreeSet::from([leg]), vec![leg]);
        while let Some(next) = unseen.pop() {
            let heard = self.legs.get(&next).into_iter().flat_map(|place| &place.hears);
            let hearing = self.heard_by.get(&next).into_iter().flatten();
            unseen.extend(heard.chain(hearing).filter(|other| group.insert(**other)));
        }
        let placed: Vec<(LegId, &Place)> = group.into_iter().filter_map(|leg| Some((leg, self.legs.get(&leg)?))).collect();
        let mut weights: BTreeMap<ThreadIndex, u64> = BTreeMap::new();
        for (_, place) in &placed {
            *weights.entry(place.thread).or_default() += place.weight;
        }
        if weights.len() < 2 {
            return Vec::new();
        }
        let to = self.best_of(weights, rooms);
        let moves = placed.into_iter().map(|(leg, place)| Move { leg, from: place.thread, to });
        moves.filter(|step| step.from != to).collect()
    }

    /// The best of these threads, each with what it has of those who are to be together: one that keeps up, that is not filled yet, that has
    /// most of them; then the first, or of filled ones the one that carries least.
    fn best_of(&self, threads: impl IntoIterator<Item = (ThreadIndex, u64)>, rooms: &[Room]) -> ThreadIndex {
        let standing = |(thread, has): &(ThreadIndex, u64)| {
            let room = rooms.get(*thread).copied().unwrap_or_default();
            let weight = self.weights.get(*thread).copied().unwrap_or_default();
            let is_filled = room.is_behind || room.busy_percent >= self.fill_percent || weight >= FULL_WEIGHT;
            (room.is_behind, is_filled, Reverse(*has), if is_filled { weight } else { 0 }, *thread)
        };
        threads.into_iter().min_by_key(standing).map_or(0, |(thread, _)| thread)
    }

    fn weigh(&mut self, thread: ThreadIndex, more: u64, less: u64) {
        if let Some(weight) = self.weights.get_mut(thread) {
            *weight = (*weight + more).saturating_sub(less);
        }
    }

    fn forget_listener(&mut self, heard: LegId, listener: LegId) {
        if let Some(listeners) = self.heard_by.get_mut(&heard) {
            listeners.remove(&listener);
            if listeners.is_empty() {
                self.heard_by.remove(&heard);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Rng, Timestamp};

    const IDLE: [Room; 3] = [Room { busy_percent: 0, is_behind: false }; 3];

    fn legs() -> [LegId; 6] {
        let mut rng = Rng::seeded(1);
        let mut legs = [(); 6].map(|()| LegId::mint(Timestamp::from_millis(0), &mut rng));
        legs.sort_unstable();
        legs
    }

    fn busy(percents: [u64; 3]) -> [Room; 3] {
        percents.map(|busy_percent| Room { busy_percent, is_behind: false })
    }

    /// Carries the moves out.
    fn hear(places: &mut Places, listener: LegId, heard: &[LegId]) -> Vec<(LegId, ThreadIndex)> {
        let sources: Vec<Source> = heard.iter().map(|leg| Source::Leg(*leg)).collect();
        let (_, moves) = places.hear(listener, &sources, &IDLE);
        moves.iter().for_each(|step| places.go(*step));
        moves.iter().map(|step| (step.leg, step.to)).collect()
    }

    #[test]
    fn a_thread_is_filled_before_the_next_one_and_none_gets_legs_that_it_could_not_carry() {
        let [a, b, c, d, e, f] = legs();
        let mut places = Places::new(3, 60);
        assert_eq!([places.open(a, false, &IDLE), places.open(b, true, &IDLE)], [0, 0]);
        assert_eq!(places.open(c, false, &busy([60, 10, 0])), 1);
        assert_eq!(places.open(d, false, &busy([70, 70, 70])), 2, "it carries least");
        assert_eq!(places.open(d, false, &IDLE), 2, "where it is already");
        let first_behind = [Room { busy_percent: 10, is_behind: true }, IDLE[1], IDLE[2]];
        assert_eq!(places.open(e, false, &first_behind), 1);
        places.weights[0] = FULL_WEIGHT;
        assert_eq!(places.open(f, false, &IDLE), 1, "many came before anything could be seen of them");
    }

    #[test]
    fn spread_evenly_every_leg_goes_where_least_is() {
        let [a, b, c, d, e, f] = legs();
        let mut places = Places::new(3, 0);
        let threads = [a, b, c, d].map(|leg| places.open(leg, leg == a, &IDLE));
        assert_eq!(threads, [0, 1, 2, 1], "a browser weighs more");
        assert_eq!(places.close(b), Some(1));
        assert_eq!([places.open(e, false, &IDLE), places.open(f, false, &IDLE)], [1, 2]);
        assert_eq!(places.close(b), None);
    }

    #[test]
    fn who_hear_each_other_come_together_with_all_who_hear_them() {
        let [a, b, c, d, e, f] = legs();
        let mut places = Places::new(3, 0);
        for leg in [a, b, c, d, e] {
            places.open(leg, false, &IDLE);
        }
        assert_eq!(hear(&mut places, a, &[d]), [], "both on the first");
        assert_eq!(hear(&mut places, b, &[a]), [(b, 0)]);
        assert_eq!(hear(&mut places, a, &[b]), []);
        assert_eq!(hear(&mut places, c, &[f]), [], "nobody is there yet");
        assert_eq!(places.open(f, false, &IDLE), 2, "at who waits for it");
        assert_eq!(places.weights, [3, 1, 2]);
        assert_eq!(
            hear(&mut places, f, &[a]),
            [(a, 2), (b, 2)],
            "to where less is, with whom it hears; nobody hears the fourth"
        );
        assert_eq!(places.weights, [1, 1, 4]);
        for leg in [a, b, c, d, e, f] {
            places.close(leg);
        }
        assert!(places.heard_by.is_empty() && places.legs.is_empty() && places.weights == [0; 3]);
    }

    #[test]
    fn a_leg_that_could_not_be_opened_has_no_place_but_one_that_was_opened_again_keeps_it() {
        let [a, ..] = legs();
        let mut places = Places::new(2, 0);
        places.open(a, false, &IDLE);
        places.open(a, false, &IDLE);
        places.failed(a);
        assert_eq!(places.thread_of(a), Some(0));
        places.failed(a);
        assert_eq!((places.thread_of(a), places.weights[0]), (None, 0));
        places.failed(a);
    }

    #[test]
    fn on_one_thread_nothing_moves() {
        let [a, b, ..] = legs();
        let mut places = Places::new(1, 60);
        places.open(a, false, &IDLE);
        places.open(b, true, &IDLE);
        assert_eq!(hear(&mut places, a, &[b]), []);
        assert_eq!(hear(&mut places, a, &[a]), [], "itself");
    }
}
