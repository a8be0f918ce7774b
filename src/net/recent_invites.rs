//! The calls that have lately passed on to the switch. While we are behind new ones are refused at the edge, but one that has passed
//! and is repeated is not new: a refusal would leave the call standing on our side alone.

use std::{
    collections::{BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::protocol::sip::SipMessage;

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
    pub(super) fn remember(&mut self, invite: &SipMessage) {
        let key = key(invite);
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
    pub(super) fn has(&self, invite: &SipMessage) -> bool {
        self.known.contains(&key(invite))
    }
}

fn key(invite: &SipMessage) -> u64 {
    let mut hasher = DefaultHasher::new();
    (invite.call_id(), invite.cseq()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(call: usize) -> SipMessage {
        let text = format!(
            "INVITE sip:1009@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{call}\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:1009@h>\r\n\
             Call-ID: {call}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        SipMessage::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_has_passed_is_known_until_many_others_have() {
        let mut recent = RecentInvites::default();
        assert!(!recent.has(&invite(0)));
        for call in 0..=REMEMBERED_MAX {
            recent.remember(&invite(call));
            recent.remember(&invite(call));
        }
        assert!(!recent.has(&invite(0)) && recent.has(&invite(1)) && recent.has(&invite(REMEMBERED_MAX)));
        assert_eq!((recent.known.len(), recent.by_age.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
