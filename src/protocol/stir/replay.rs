//! Statements that have been used: one is good for one call (RFC 8224 12.1). Whoever overheard it could else call in its caller's
//! name for as long as it is fresh.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::SignedPassport;

/// Statements remembered; the one that runs out first makes room. Only what was verified is remembered, so that nobody fills this
/// who cannot sign.
const REMEMBERED_MAX: usize = 50_000;

/// A statement by what was signed: caller, called, time and origin, whatever its signature looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementId([u8; 32]);

impl StatementId {
    /// Of this statement.
    pub fn of(passport: &SignedPassport) -> Self {
        Self(Sha256::digest(passport.signing_input.as_bytes()).into())
    }
}

/// The statements that were verified lately, each with the Call-ID of its call.
#[derive(Debug, Default)]
pub struct UsedStatements {
    calls: BTreeMap<StatementId, (Arc<str>, i64)>,
    /// In the order in which they run out.
    ends: BTreeSet<(i64, StatementId)>,
}

impl UsedStatements {
    /// Remembers that this call brought the statement, until it is not fresh any more in any case: false if another one did before.
    pub fn may_use(&mut self, statement: StatementId, call_id: &Arc<str>, until_secs: i64, now_secs: i64) -> bool {
        while self.ends.first().is_some_and(|(until, _)| *until < now_secs) {
            self.forget_first();
        }
        if let Some((used_by, _)) = self.calls.get(&statement) {
            return used_by == call_id;
        }
        if self.calls.len() >= REMEMBERED_MAX {
            self.forget_first();
        }
        self.calls.insert(statement, (call_id.clone(), until_secs));
        self.ends.insert((until_secs, statement));
        true
    }

    fn forget_first(&mut self) {
        if let Some((_, statement)) = self.ends.pop_first() {
            self.calls.remove(&statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(number: u32) -> StatementId {
        StatementId(Sha256::digest(number.to_be_bytes()).into())
    }

    #[test]
    fn a_statement_serves_one_call_until_it_is_stale() {
        let mut used = UsedStatements::default();
        let (first, second) = (Arc::from("a"), Arc::from("b"));
        assert!(used.may_use(statement(1), &first, 160, 100));
        assert!(used.may_use(statement(1), &first, 160, 101), "the same call again");
        assert!(!used.may_use(statement(1), &second, 160, 160), "another call");
        assert!(used.may_use(statement(2), &second, 160, 160), "another statement");
        assert!(used.may_use(statement(1), &second, 221, 161), "forgotten: it is refused as stale by now");
        assert_eq!(used.calls.len(), 1);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut used = UsedStatements::default();
        let call = Arc::from("a");
        for number in 0..=u32::try_from(REMEMBERED_MAX).expect("a number") {
            assert!(used.may_use(statement(number), &call, 100 + i64::from(number), 100));
        }
        assert_eq!((used.calls.len(), used.ends.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert!(!used.may_use(statement(1), &Arc::from("b"), 100, 100), "only the first to run out made room");
    }
}
