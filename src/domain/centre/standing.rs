//! How many calls stand, on which trunks, and how many talk by queue: counted as calls change. A walk over ten thousand of them for
//! each new one would cost more than the new one.

use std::collections::BTreeMap;

use crate::{
    domain::call::Call,
    types::{CallId, QueueId, TrunkId},
};

/// The calls that are not over, the lines that they take, and the queues whose callers talk to somebody, or are being called back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    calls: BTreeMap<CallId, Footing>,
    by_trunk: BTreeMap<TrunkId, i64>,
    talking: BTreeMap<QueueId, i64>,
}

/// What one call takes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Footing {
    lines: Vec<TrunkId>,
    talks_in: Option<QueueId>,
}

impl Standing {
    /// A call has begun or changed. Gives the queue that has one conversation less now.
    pub(super) fn note(&mut self, call: &Call) -> Option<QueueId> {
        let talks_in = talks_in(call);
        if self.is_noted(call) {
            return None;
        }
        let gone = self.calls.remove(&call.id).unwrap_or_default();
        let now = Footing { lines: call.trunk_lines().cloned().collect(), talks_in: talks_in.cloned() };
        for (trunk, change) in now.lines.iter().map(|trunk| (trunk, 1)).chain(gone.lines.iter().map(|trunk| (trunk, -1))) {
            count(&mut self.by_trunk, trunk, change);
        }
        for (queue, change) in now.talks_in.iter().map(|queue| (queue, 1)).chain(gone.talks_in.iter().map(|queue| (queue, -1)))
        {
            count(&mut self.talking, queue, change);
        }
        let freed = gone.talks_in.filter(|queue| now.talks_in.as_ref() != Some(queue));
        if !call.is_over() {
            self.calls.insert(call.id, now);
        }
        freed
    }

    /// Whether a call is counted as it stands.
    pub(super) fn is_noted(&self, call: &Call) -> bool {
        let known = self.calls.get(&call.id);
        let talks_in = talks_in(call);
        let is_same = |known: &Footing| known.lines.iter().eq(call.trunk_lines()) && known.talks_in.as_ref() == talks_in;
        known.is_some() != call.is_over() && known.is_none_or(is_same)
    }

    /// Calls that are not over. Those that agents only wrap up do not count.
    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Calls on a trunk, both ways.
    pub(super) fn on(&self, trunk: &TrunkId) -> i64 {
        self.by_trunk.get(trunk).copied().unwrap_or(0)
    }

    /// Conversations of a queue's callers.
    pub(super) fn talking(&self, queue: &QueueId) -> i64 {
        self.talking.get(queue).copied().unwrap_or(0)
    }
}

/// The queue whose conversation it is, or will be when the customer answers who is called back.
fn talks_in(call: &Call) -> Option<&QueueId> {
    call.queue.as_ref().filter(|_| call.stage().is_conversation() || call.is_dialled_back())
}

fn count<K: Ord + Clone>(counts: &mut BTreeMap<K, i64>, key: &K, change: i64) {
    let count = counts.entry(key.clone()).or_insert(0);
    *count += change;
    if *count == 0 {
        counts.remove(key);
    }
}
