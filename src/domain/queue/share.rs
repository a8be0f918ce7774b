//! Who has had how many of a queue's calls of late, for the rule that gives each a share in percent. What is an hour old counts half, for
//! all alike: only the shares matter.

use std::collections::BTreeMap;

use crate::types::{AgentId, Mono};

/// Counts shrink once in this time.
const STEP_MS: u64 = 300_000;
/// By 2^(-1/12), so that an hour makes a half; in millionths.
const STEP_MILLIONTHS: u64 = 943_874;
/// After so many steps (20 hours) nothing is left.
const STEPS_MAX: u64 = 240;

/// Who has had how many of a queue's calls of late.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    thousandths: BTreeMap<AgentId, u64>,
    shrunk_at: Mono,
    /// As it was told last.
    told: BTreeMap<AgentId, u64>,
    /// Whether it may be otherwise now.
    is_touched: bool,
}

impl Taken {
    /// This agent has had a call. Who comes new begins where the own share stands, so that nobody is flooded for having been away.
    pub fn note(&mut self, agent: &AgentId, shares: &BTreeMap<AgentId, i64>, now: Mono) {
        self.shrink(now);
        let own = share(shares, agent);
        let whole: u64 = shares.keys().map(|agent| share(shares, agent)).sum();
        let others = self.total(shares);
        let begins = match (self.thousandths.get(agent), whole.saturating_sub(own)) {
            (Some(had), _) => *had,
            (None, 0) => 0,
            (None, rest) => others.saturating_mul(own) / rest,
        };
        self.thousandths.insert(agent.clone(), begins.saturating_add(1_000));
        self.is_touched = true;
    }

    /// Who has had another number than was told last, in thousandths; 0 is none.
    pub(super) fn take_changes(&mut self) -> Vec<(AgentId, u64)> {
        if !std::mem::take(&mut self.is_touched) {
            return Vec::new();
        }
        let gone = self.told.keys().filter(|agent| !self.thousandths.contains_key(*agent)).map(|agent| (agent.clone(), 0));
        let different = self.thousandths.iter().filter(|&(agent, had)| self.told.get(agent) != Some(had));
        let changes = gone.chain(different.map(|(agent, had)| (agent.clone(), *had))).collect();
        self.told.clone_from(&self.thousandths);
        changes
    }

    /// Everything is to be told anew.
    pub(super) fn forget_told(&mut self) {
        self.told.clear();
        self.is_touched = true;
    }

    /// The same numbers in a copy.
    pub(super) fn follow(&mut self, changes: &[(AgentId, u64)]) {
        self.thousandths.extend(changes.iter().cloned());
        self.thousandths.retain(|_, had| *had > 0);
    }

    /// By how much an agent has had less than the own share of what those with a share have had, in hundredths of a percent. Who has had
    /// none stands where the share does.
    pub fn owed(&self, agent: &AgentId, shares: &BTreeMap<AgentId, i64>) -> i64 {
        let whole: u64 = shares.keys().map(|agent| share(shares, agent)).sum();
        let total = self.total(shares);
        let target = (share(shares, agent) * 10_000).checked_div(whole).unwrap_or(0);
        let had = match self.thousandths.get(agent) {
            Some(had) => had.saturating_mul(10_000).checked_div(total).unwrap_or(0),
            None if total == 0 => 0,
            None => target,
        };
        i64::try_from(target).unwrap_or(0) - i64::try_from(had).unwrap_or(i64::MAX)
    }

    #[cfg(test)]
    pub(super) fn counts(&self) -> &BTreeMap<AgentId, u64> {
        &self.thousandths
    }

    fn total(&self, shares: &BTreeMap<AgentId, i64>) -> u64 {
        self.thousandths.iter().filter(|(agent, _)| shares.contains_key(*agent)).map(|(_, had)| had).sum()
    }

    fn shrink(&mut self, now: Mono) {
        let steps = now.millis_since(self.shrunk_at) / STEP_MS;
        self.shrunk_at = self.shrunk_at + steps * STEP_MS;
        if steps > STEPS_MAX {
            self.thousandths.clear();
        }
        for _ in 0..steps.min(STEPS_MAX) {
            for had in self.thousandths.values_mut() {
                *had = had.saturating_mul(STEP_MILLIONTHS) / 1_000_000;
            }
        }
        self.thousandths.retain(|_, had| *had > 0);
    }
}

fn share(shares: &BTreeMap<AgentId, i64>, agent: &AgentId) -> u64 {
    shares.get(agent).and_then(|share| u64::try_from(*share).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(of: &[(&str, i64)]) -> BTreeMap<AgentId, i64> {
        of.iter().map(|(agent, share)| (agent.parse().unwrap(), *share)).collect()
    }

    /// Gives so many calls, one a minute, to whoever is owed most of these.
    fn give(taken: &mut Taken, shares: &BTreeMap<AgentId, i64>, from: u64, calls: u64, free: &[&str]) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for n in from..from + calls {
            let owed = |agent: &str| taken.owed(&agent.parse().unwrap(), shares);
            let next = free.iter().rev().max_by_key(|agent| owed(agent)).unwrap();
            taken.note(&next.parse().unwrap(), shares, Mono::from_millis(n * 60_000));
            *counts.entry((*next).to_owned()).or_insert(0) += 1;
        }
        counts
    }

    #[test]
    fn each_gets_the_share_within_a_call_or_two() {
        let shares = shares(&[("ana", 60), ("bea", 30), ("carl", 10)]);
        let counts = give(&mut Taken::default(), &shares, 0, 100, &["ana", "bea", "carl"]);
        for (agent, expected) in [("ana", 60), ("bea", 30), ("carl", 10)] {
            assert!(counts[agent].abs_diff(expected) <= 2, "{counts:?}");
        }
    }

    #[test]
    fn who_was_away_for_a_while_gets_some_of_it_back_and_who_comes_new_is_not_flooded() {
        let shares = shares(&[("ana", 50), ("bea", 50)]);
        let mut taken = Taken::default();
        give(&mut taken, &shares, 0, 60, &["ana"]);
        let counts = give(&mut taken, &shares, 60, 10, &["ana", "bea"]);
        assert!((4..=6).contains(&counts["bea"]), "a new one shares from the first call on: {counts:?}");
        give(&mut taken, &shares, 70, 10, &["ana"]);
        let counts = give(&mut taken, &shares, 80, 10, &["ana", "bea"]);
        assert!(counts["bea"] > 7, "ten calls of the last minutes are made up for: {counts:?}");
    }

    #[test]
    fn what_is_hours_old_is_forgotten() {
        let shares = shares(&[("ana", 50), ("bea", 50)]);
        let mut taken = Taken::default();
        taken.note(&"bea".parse().unwrap(), &shares, Mono::default());
        give(&mut taken, &shares, 1, 40, &["ana"]);
        let counts = give(&mut taken, &shares, 24 * 60, 10, &["ana", "bea"]);
        assert!(counts["bea"].abs_diff(5) <= 1, "{counts:?}");
    }
}
