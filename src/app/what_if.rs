//! A recorded time, gone through again with other rules: its callers, talks, wrap-ups and shifts on the very floor that routes calls in
//! production, once as it was set up then and once as it would be. Says what it assumes. A run follows from the record, the changes and
//! the seed alone.

mod changes;
mod day;
mod figures;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;

pub use changes::{ChangeMistake, Floor, read_changes};
pub use figures::{Comparison, Figures, QueueFigures};

use self::{day::Day, world::go_through};
use crate::{domain::centre::Setup, store::recorded::Recorded, types::Timestamp};

/// What holds of every comparison, for whoever reads one.
pub const ASSUMPTIONS: [&str; 7] = [
    "Every visit to a queue is a caller who comes when the visit began, also one that was transferred or sent on from another queue.",
    "Who abandoned hangs up after the same wait. Who was answered waits at least as long, and beyond that for an exponential time with \
     the queue's mean patience (all waits over the abandons), drawn by the seed; without abandons nobody hangs up. Who left otherwise \
     leaves after the same wait.",
    "Talk, hold and wrap-up are as recorded, whoever takes the call; of callers who were not answered they are those of an answered \
     caller of the same queue, drawn by the seed.",
    "Agents are there when they were ready, rang, talked to queues' callers or wrapped up after them; in pauses and on other calls, \
     callbacks among them, they are away. \
     Each answers after the mean of the recorded ringing; nobody misses an offer.",
    "Queues and agents are as the matcher saw them last before the time begins; calendars, maximum waits, full queues, promises to call \
     back and changes within the time are left out.",
    "Callers are not known: no segment has a head start, and nobody waits for the agent of the last talk.",
    "Service level: answered within the queue's seconds, of those answered and abandoned.",
];

/// Goes through a recorded time as it was set up and as it would be. The same record, changes and seed always give the same figures.
pub fn compare(
    recorded: &Recorded,
    setup: Setup,
    changed: &Floor,
    (from, to): (Timestamp, Timestamp),
    seed: u64,
) -> Comparison {
    let as_it_was = Floor { setup, like: BTreeMap::new() };
    let day = Day::of(recorded, from, to, &world::goals(&as_it_was), seed);
    Comparison {
        recorded: day.figures.clone(),
        as_it_was: go_through(&day, &as_it_was, seed),
        what_if: go_through(&day, changed, seed),
        seed,
        assumptions: ASSUMPTIONS.map(String::from).into(),
    }
}
