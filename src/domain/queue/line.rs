//! The line of one queue: an order that only arrivals and departures change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::{AgentId, CallId, Mono};

/// A place in the line. Smaller is served first: those put back at the head, then by entry; who came in the same millisecond
/// keeps the order of coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    is_behind_head: bool,
    since: Mono,
    turn: u64,
    call: CallId,
}

impl Place {
    /// Whether the call was put back at the head, as after a lost agent.
    pub fn is_head(&self) -> bool {
        !self.is_behind_head
    }

    /// When the caller took the place.
    pub fn since(&self) -> Mono {
        self.since
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
    /// Agents who missed it, and until when they are passed over.
    pub excluded: BTreeMap<AgentId, Mono>,
}

/// The line of one queue.
#[derive(Debug, Clone, Default)]
pub struct QueueLine {
    order: BTreeMap<Place, Waiting>,
    places: BTreeMap<CallId, Place>,
    turns: u64,
}

impl QueueLine {
    /// Adds a caller, at the end or (after an agent was lost in mid-call) at the head.
    pub fn join(&mut self, waiting: Waiting, at_head: bool, now: Mono) {
        let call = waiting.call;
        self.leave(call);
        self.turns += 1;
        let place = Place { is_behind_head: !at_head, since: now, turn: self.turns, call };
        self.places.insert(call, place);
        self.order.insert(place, waiting);
    }

    /// Gives a caller the place back that an earlier process had given.
    pub fn rejoin(&mut self, waiting: Waiting, place: Place) {
        self.leave(waiting.call);
        self.turns = self.turns.max(place.turn);
        self.places.insert(waiting.call, place);
        self.order.insert(place, waiting);
    }

    /// A caller's place.
    pub fn place(&self, call: CallId) -> Option<Place> {
        self.places.get(&call).copied()
    }

    /// Takes a caller out.
    pub fn leave(&mut self, call: CallId) -> Option<Waiting> {
        let place = self.places.remove(&call)?;
        self.order.remove(&place)
    }

    /// A caller in line.
    pub fn get(&self, call: CallId) -> Option<&Waiting> {
        self.order.get(self.places.get(&call)?)
    }

    /// A caller in line, to be changed.
    pub fn get_mut(&mut self, call: CallId) -> Option<&mut Waiting> {
        self.order.get_mut(self.places.get(&call)?)
    }

    /// 1 for the first in line.
    pub fn position(&self, call: CallId) -> Option<usize> {
        let place = self.places.get(&call)?;
        Some(self.order.range(..place).count() + 1)
    }

    /// All callers, first in line first.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &Waiting)> {
        self.order.iter()
    }

    /// How many wait, those that ring included.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl Waiting {
    /// Whether this agent is passed over for now.
    pub fn excludes(&self, agent: &AgentId, now: Mono) -> bool {
        self.excluded.get(agent).is_some_and(|until| now < *until)
    }
}
