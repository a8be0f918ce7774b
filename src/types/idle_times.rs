//! Since when an agent is idle, by what began it anew: which of these count is the queue's choice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Mono, QueueId};

/// From when on an agent counts as idle. Signing in always begins it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct IdleRules {
    /// Whether only calls of this queue begin it anew, and not those of other queues.
    pub is_per_queue: bool,
    /// Whether calls that come out of no queue begin it anew: those that the agent makes, is asked about, or is handed by colleagues.
    pub is_reset_by_other_calls: bool,
    /// Whether a pause begins it anew.
    pub is_reset_by_pauses: bool,
}

impl Default for IdleRules {
    fn default() -> Self {
        Self { is_per_queue: false, is_reset_by_other_calls: true, is_reset_by_pauses: true }
    }
}

/// When an agent last was not idle, by why. One entry for each queue of the directory at most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IdleTimes {
    signed_in: Mono,
    after_pause: Mono,
    after_other_call: Mono,
    after_calls: BTreeMap<QueueId, Mono>,
}

impl IdleTimes {
    /// The agent has signed in.
    pub fn note_signed_in(&mut self, now: Mono) {
        self.signed_in = now;
    }

    /// A pause is over.
    pub fn note_pause(&mut self, now: Mono) {
        self.after_pause = now;
    }

    /// A call of this queue is over, its wrap-up too; without a queue one that came out of none.
    pub fn note_call(&mut self, queue: Option<QueueId>, now: Mono) {
        match queue {
            Some(queue) => drop(self.after_calls.insert(queue, now)),
            None => self.after_other_call = now,
        }
    }

    /// Forgets queues that are no more.
    pub fn keep_queues(&mut self, is_known: impl Fn(&QueueId) -> bool) {
        self.after_calls.retain(|queue, _| is_known(queue));
    }

    /// Since when the agent is idle, as a queue counts that.
    pub fn since(&self, queue: &QueueId, rules: &IdleRules) -> Mono {
        let own = self.after_calls.get(queue).copied();
        let of_queues = if rules.is_per_queue { own } else { self.after_calls.values().max().copied() };
        let other = Some(self.after_other_call).filter(|_| rules.is_reset_by_other_calls);
        let pause = Some(self.after_pause).filter(|_| rules.is_reset_by_pauses);
        [of_queues, other, pause].into_iter().flatten().fold(self.signed_in, Mono::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_leaves_out_what_it_names_and_signing_in_always_counts() {
        let (support, sales): (QueueId, QueueId) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let at = Mono::from_millis;
        let mut times = IdleTimes::default();
        times.note_signed_in(at(10));
        times.note_call(Some(support.clone()), at(20));
        times.note_call(Some(sales.clone()), at(30));
        times.note_call(None, at(40));
        times.note_pause(at(50));
        let mut rules = IdleRules::default();
        assert_eq!(times.since(&support, &rules), at(50));
        rules.is_reset_by_pauses = false;
        assert_eq!(times.since(&support, &rules), at(40));
        rules.is_reset_by_other_calls = false;
        assert_eq!(times.since(&support, &rules), at(30));
        rules.is_per_queue = true;
        assert_eq!((times.since(&support, &rules), times.since(&sales, &rules)), (at(20), at(30)));
        times.note_signed_in(at(60));
        assert_eq!(times.since(&support, &rules), at(60));
        times.keep_queues(|queue| *queue == sales);
        times.note_signed_in(at(0));
        assert_eq!(times.since(&support, &rules), at(0));
    }
}
