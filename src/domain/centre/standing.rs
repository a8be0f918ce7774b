//! How many calls stand, and on which trunks: counted as calls change. A walk over ten thousand of them for each new one would cost
//! more than the new one.

use std::collections::BTreeMap;

use crate::{
    domain::call::Call,
    types::{CallId, TrunkId},
};

/// The calls that are not over, and the lines that they take.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    lines: BTreeMap<CallId, Vec<TrunkId>>,
    by_trunk: BTreeMap<TrunkId, i64>,
}

impl Standing {
    /// A call has begun or changed.
    pub(super) fn note(&mut self, call: &Call) {
        let known = self.lines.get(&call.id);
        if known.is_some() != call.is_over() && known.is_none_or(|known| known.iter().eq(call.trunk_lines())) {
            return;
        }
        let gone = self.lines.remove(&call.id).unwrap_or_default();
        let now: Vec<TrunkId> = call.trunk_lines().cloned().collect();
        for (trunk, change) in now.iter().map(|trunk| (trunk, 1)).chain(gone.iter().map(|trunk| (trunk, -1))) {
            let count = self.by_trunk.entry(trunk.clone()).or_insert(0);
            *count += change;
            if *count == 0 {
                self.by_trunk.remove(trunk);
            }
        }
        if !call.is_over() {
            self.lines.insert(call.id, now);
        }
    }

    /// Calls that are not over. Those that agents only wrap up do not count.
    pub(super) fn calls(&self) -> usize {
        self.lines.len()
    }

    /// Calls on a trunk, both ways.
    pub(super) fn on(&self, trunk: &TrunkId) -> i64 {
        self.by_trunk.get(trunk).copied().unwrap_or(0)
    }
}
