//! The calls that have lately passed on to the switch. While we are behind new ones are refused at the edge, but one that has passed
//! and is repeated is not new: a refusal would leave the call standing on our side alone.

use std::{
    collections::{BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// How many are remembered: more than pass within T1 (RFC 3261 17.1.1.1), after which a sender repeats itself.
const REMEMBERED_MAX: usize = 8_192;

/// By Call-ID and CSeq, hashed; the oldest make room.
#[derive(Debug, Default)]
pub(super) struct RecentInvites {
    known: BTreeSet<u64>,
    by_age: VecDeque<u64>,
}

impl RecentInvites {
    /// This INVITE has passed.
    pub(super) fn remember(&mut self, call_id: &str, cseq: u32) {
        let key = key(call_id, cseq);
        if !self.known.insert(key) {
            return;
        }
        self.by_age.push_back(key);
        if self.by_age.len() > REMEMBERED_MAX
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Whether it has passed before.
    pub(super) fn has(&self, call_id: &str, cseq: u32) -> bool {
        self.known.contains(&key(call_id, cseq))
    }
}

fn key(call_id: &str, cseq: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (call_id, cseq).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_is_known_until_many_others_have() {
        let mut recent = RecentInvites::default();
        assert!(!recent.has("0", 1));
        for call in 0..=REMEMBERED_MAX {
            recent.remember(&call.to_string(), 1);
            recent.remember(&call.to_string(), 1);
        }
        let has = |call: usize, cseq| recent.has(&call.to_string(), cseq);
        assert!(!has(0, 1) && has(1, 1) && has(REMEMBERED_MAX, 1) && !has(1, 2));
        assert_eq!((recent.known.len(), recent.by_age.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
