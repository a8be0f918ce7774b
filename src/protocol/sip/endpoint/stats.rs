//! What the endpoint counts.

use super::identity::IdentityCounts;

/// Counters since the start, and gauges of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SipStats {
    /// Requests heard, repetitions included.
    pub requests_in: MethodCounts,
    /// Requests sent, each once.
    pub requests_out: MethodCounts,
    /// Responses heard, repetitions included.
    pub responses_in: ClassCounts,
    /// Responses sent, each once.
    pub responses_out: ClassCounts,
    /// Messages that we sent again.
    pub retransmissions: u64,
    /// Requests from banned addresses or scanners, dropped without an answer.
    pub dropped: u64,
    /// Calls refused with 503 for a limit or while draining.
    pub refused: u64,
    /// Addresses banned.
    pub bans: u64,
    /// Addresses that are banned at this moment.
    pub banned: usize,
    /// Digest proofs that failed.
    pub failed_proofs: u64,
    /// What callers' signed statements came to.
    pub identities: IdentityCounts,
    /// Calls at this moment.
    pub dialogs: usize,
    /// Transactions at this moment.
    pub transactions: usize,
    /// Registered contacts at this moment.
    pub contacts: usize,
    /// Subscriptions at this moment.
    pub subscriptions: usize,
    /// Our registrations with carriers that are being taken back at this moment.
    pub leaving: usize,
}

const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "REGISTER",
    "OPTIONS",
    "INFO",
    "UPDATE",
    "PRACK",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "other",
];

/// A count per method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MethodCounts([u64; METHODS.len()]);

impl MethodCounts {
    /// Counts one.
    pub fn count(&mut self, method: &str) {
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        if let Some(count) = self.0.get_mut(at) {
            *count += 1;
        }
    }

    /// Each method with its count, methods that nobody knows together as `other`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        METHODS.into_iter().zip(self.0)
    }

    /// The count of one method.
    pub fn of(&self, method: &str) -> u64 {
        self.iter().find(|(known, _)| *known == method).map_or(0, |(_, count)| count)
    }
}

const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];

/// A count per class of status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassCounts([u64; CLASSES.len()]);

impl ClassCounts {
    /// Counts one.
    pub fn count(&mut self, status: u16) {
        if let Some(count) = self.0.get_mut(usize::from(status / 100).saturating_sub(1)) {
            *count += 1;
        }
    }

    /// Each class with its count.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        CLASSES.into_iter().zip(self.0)
    }
}
