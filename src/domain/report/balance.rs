//! The identity of contact accounting: offered + waiting at start = answered + abandoned + flow-outs + waiting at end, for every queue
//! and interval. Here everything counts at the time when it happened. Each of the six figures is counted from the facts by itself, so
//! that a fact that is missing, doubled or torn shows as a difference instead of vanishing in a subtraction.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stretch;
use crate::types::Timestamp;

/// What ended in an interval, whenever it had begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// By an agent.
    pub answered: i64,
    /// By hanging up.
    pub abandoned: i64,
    /// Otherwise.
    pub flowed_out: i64,
}

/// A visit as a wait: who is there at an instant before it ended, but not at the instant of its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Entered the queue.
    pub begins_at: Timestamp,
    /// Left it; `None` while it goes on.
    pub ends_at: Option<Timestamp>,
}

/// Who came, who left and who waited in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// Waited when it began.
    pub waiting_at_start: i64,
    /// Entered in it.
    pub offered: i64,
    /// Answered in it.
    pub answered: i64,
    /// Hung up in it.
    pub abandoned: i64,
    /// Left otherwise in it.
    pub flowed_out: i64,
    /// Waited when it ended, or wait now.
    pub waiting_at_end: i64,
    /// What came less what left: 0 unless facts are missing or contradict each other.
    pub difference: i64,
    /// Whether it is 0.
    pub is_reconciled: bool,
}

impl Balance {
    /// From its six figures.
    pub fn new(waiting_at_start: i64, offered: i64, ended: Ended, waiting_at_end: i64) -> Self {
        let Ended { answered, abandoned, flowed_out } = ended;
        let difference = waiting_at_start + offered - answered - abandoned - flowed_out - waiting_at_end;
        let is_reconciled = difference == 0;
        Self { waiting_at_start, offered, answered, abandoned, flowed_out, waiting_at_end, difference, is_reconciled }
    }
}

/// How many of the waits go on at each border of a stretch's intervals: the beginnings in order, then the end.
pub fn waiting_at_borders(stretch: &Stretch, waits: impl IntoIterator<Item = Wait>) -> Vec<i64> {
    let borders = stretch.borders();
    // Changes at each border, then their running sum: a wait of a month costs no more than one of a minute.
    let mut changes = vec![0; borders.len() + 1];
    for wait in waits {
        let first = borders.partition_point(|border| *border <= wait.begins_at);
        let behind = wait.ends_at.map_or(borders.len(), |end| borders.partition_point(|border| *border <= end));
        if first < behind {
            changes[first] += 1;
            changes[behind] -= 1;
        }
    }
    let mut waiting = 0;
    changes
        .iter()
        .take(borders.len())
        .map(|change| {
            waiting += change;
            waiting
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_wait_counts_at_the_borders_that_it_crosses_and_at_the_one_at_which_it_ends() {
        let stretch = Stretch { from: at(0), to: at(40), length_ms: 10 };
        let wait = |begin, end| Wait { begins_at: at(begin), ends_at: end };
        let waiting = |wait| waiting_at_borders(&stretch, [wait]);
        assert_eq!(waiting(wait(1, Some(at(9)))), [0, 0, 0, 0, 0]);
        assert_eq!(waiting(wait(1, Some(at(11)))), [0, 1, 0, 0, 0]);
        // An end exactly at a border belongs to the interval that begins there, and so does a beginning.
        assert_eq!(waiting(wait(1, Some(at(10)))), [0, 1, 0, 0, 0]);
        assert_eq!(waiting(wait(10, Some(at(21)))), [0, 0, 1, 0, 0]);
        assert_eq!(waiting(wait(-5, None)), [1, 1, 1, 1, 1]);
        assert_eq!(waiting(wait(35, None)), [0, 0, 0, 0, 1]);
        // A clock that was set back: no wait at all.
        assert_eq!(waiting(wait(25, Some(at(5)))), [0, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn the_identity_holds_for_every_interval_of_any_visits(
            visits in prop::collection::vec((-50_i64..150, 0_i64..120, 0_u8..4), 0..60),
            to in 1_i64..130,
            length_ms in 1_i64..40,
        ) {
            let stretch = Stretch { from: at(0), to: at(to), length_ms };
            let waits = visits.iter().map(|(begin, wait, outcome)| Wait {
                begins_at: at(*begin),
                ends_at: (*outcome < 3).then(|| at(begin + wait)),
            });
            let waiting = waiting_at_borders(&stretch, waits);
            for (interval, waiting) in stretch.intervals().iter().zip(waiting.windows(2)) {
                let offered = visits.iter().filter(|visit| interval.holds(at(visit.0))).count();
                let ended = |wanted: u8| {
                    let found = visits.iter().filter(|(begin, wait, outcome)| *outcome == wanted && interval.holds(at(begin + wait)));
                    i64::try_from(found.count()).unwrap()
                };
                let ended = Ended { answered: ended(0), abandoned: ended(1), flowed_out: ended(2) };
                let balance = Balance::new(waiting[0], i64::try_from(offered).unwrap(), ended, waiting[1]);
                prop_assert!(balance.is_reconciled, "{:?} in {:?}", balance, interval);
            }
        }
    }

    #[test]
    fn an_end_that_nobody_told_shows_as_a_difference() {
        let balance = Balance::new(0, 3, Ended { answered: 1, abandoned: 1, flowed_out: 0 }, 0);
        assert_eq!((balance.difference, balance.is_reconciled), (1, false));
    }
}
