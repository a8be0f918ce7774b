//! The places of callers who hung up or were cut off, for as long as they may come back to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{CallId, Mono, PhoneNumber, QueueId};

/// Places kept at a time; past them the one that would be given up first is.
const PLACES_MAX: usize = 1_000;

/// A place that somebody may come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPlace {
    /// The call that had it.
    pub call: CallId,
    /// Since when it counts.
    pub since: Mono,
    /// How long the caller has waited in it, over all calls; milliseconds.
    pub waited_ms: u64,
    /// Then it is given up.
    pub until: Mono,
}

/// The kept places of all queues.
#[derive(Debug, Default)]
pub struct KeptPlaces {
    by_caller: BTreeMap<(QueueId, PhoneNumber), KeptPlace>,
    by_end: BTreeSet<(Mono, QueueId, PhoneNumber)>,
}

impl KeptPlaces {
    /// Keeps a caller's place; an earlier one of the same caller is given up for it.
    pub fn keep(&mut self, queue: QueueId, number: PhoneNumber, place: KeptPlace, now: Mono) {
        self.forget(now);
        self.take(&queue, &number, now);
        if self.by_caller.len() >= PLACES_MAX {
            self.drop_first();
        }
        self.by_end.insert((place.until, queue.clone(), number.clone()));
        self.by_caller.insert((queue, number), place);
    }

    /// Gives a caller the place back, once.
    pub fn take(&mut self, queue: &QueueId, number: &PhoneNumber, now: Mono) -> Option<KeptPlace> {
        self.forget(now);
        let key = (queue.clone(), number.clone());
        let place = self.by_caller.remove(&key)?;
        self.by_end.remove(&(place.until, key.0, key.1));
        Some(place)
    }

    fn forget(&mut self, now: Mono) {
        while self.by_end.first().is_some_and(|(until, ..)| *until <= now) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, queue, number)) = self.by_end.pop_first() {
            self.by_caller.remove(&(queue, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Rng, Timestamp};

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    fn number(n: usize) -> PhoneNumber {
        PhoneNumber::parse(&format!("+3491{n:07}"), "34").unwrap()
    }

    fn place(since: u64, until: u64) -> KeptPlace {
        let call = CallId::mint(Timestamp::from_millis(1), &mut Rng::seeded(since));
        KeptPlace { call, since: at(since), waited_ms: 1_000, until: at(until) }
    }

    #[test]
    fn a_place_is_given_back_once_to_the_same_number_in_the_same_queue_and_in_time() {
        let (support, sales): (QueueId, QueueId) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let mut places = KeptPlaces::default();
        places.keep(support.clone(), number(1), place(10, 120), at(20));
        assert_eq!(places.take(&sales, &number(1), at(30)), None);
        assert_eq!(places.take(&support, &number(2), at(30)), None);
        assert_eq!(places.take(&support, &number(1), at(119)).unwrap().since, at(10));
        assert_eq!(places.take(&support, &number(1), at(119)), None);
        places.keep(support.clone(), number(1), place(10, 120), at(20));
        assert_eq!(places.take(&support, &number(1), at(120)), None);
    }

    #[test]
    fn no_more_are_kept_than_the_bound_and_those_that_end_first_go_first() {
        let support: QueueId = "support".parse().unwrap();
        let mut places = KeptPlaces::default();
        for n in 0..=PLACES_MAX {
            places.keep(support.clone(), number(n), place(0, 100 + u64::try_from(n).unwrap()), at(0));
        }
        assert_eq!((places.by_caller.len(), places.by_end.len()), (PLACES_MAX, PLACES_MAX));
        assert_eq!(places.take(&support, &number(0), at(1)), None);
        assert!(places.take(&support, &number(1), at(1)).is_some());
        places.forget(at(100_000));
        assert_eq!((places.by_caller.len(), places.by_end.len()), (0, 0));
    }
}
