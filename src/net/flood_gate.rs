//! How many messages one source may send before anything looks inside them. A token bucket per address (per /64 for IPv6),
//! bounded in number. Trusted sources (the trunks' addresses) have a bucket of their own size, banned ones the smallest.

use std::{collections::BTreeMap, net::IpAddr};

use crate::types::Mono;

/// Addresses remembered per generation; two generations are kept.
const SOURCES_MAX: usize = 8_192;
/// Messages a second of a banned source that are still read: a telephone that registered from the same address goes on.
const BANNED_PER_SEC: u64 = 20;
/// A bucket holds so many seconds' worth of messages.
const BURST_SECS: u64 = 2;

/// Refuses sources that send too much.
#[derive(Debug)]
pub struct FloodGate {
    /// Tokens a second of an unknown source, in thousandths per millisecond = messages a second.
    per_sec: u64,
    trusted_per_sec: u64,
    current: BTreeMap<IpAddr, Bucket>,
    previous: BTreeMap<IpAddr, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a message.
    tokens: u64,
    filled_at: Mono,
    banned_until: Option<Mono>,
}

impl FloodGate {
    /// A gate that lets so many messages a second pass from an unknown and from a trusted source.
    pub fn new(per_sec: u32, trusted_per_sec: u32) -> Self {
        Self {
            per_sec: per_sec.into(),
            trusted_per_sec: trusted_per_sec.into(),
            current: BTreeMap::new(),
            previous: BTreeMap::new(),
        }
    }

    /// Whether one more message of this source may pass.
    pub fn admit(&mut self, source: IpAddr, is_trusted: bool, now: Mono) -> bool {
        let (unknown, trusted) = (self.per_sec, self.trusted_per_sec);
        let Some(bucket) = self.bucket(source) else { return false };
        let per_sec = match bucket.banned_until {
            _ if is_trusted => trusted,
            Some(until) if now < until => unknown.min(BANNED_PER_SEC),
            Some(_) | None => unknown,
        };
        let full = per_sec * BURST_SECS * 1_000;
        let gained = now.millis_since(bucket.filled_at).saturating_mul(per_sec);
        bucket.tokens = bucket.tokens.saturating_add(gained).min(full);
        bucket.filled_at = now;
        match bucket.tokens.checked_sub(1_000) {
            Some(rest) => {
                bucket.tokens = rest;
                true
            }
            None => false,
        }
    }

    /// Holds this source to the smallest rate until then.
    pub fn ban(&mut self, source: IpAddr, until: Mono) {
        if let Some(bucket) = self.bucket(source) {
            bucket.banned_until = Some(until);
        }
    }

    /// The bucket of a source; that of a new one is over-full, and has its right size at the first message.
    fn bucket(&mut self, source: IpAddr) -> Option<&mut Bucket> {
        let key = network_of(source);
        if !self.current.contains_key(&key) {
            if self.current.len() >= SOURCES_MAX {
                // The old generation is forgotten as a whole: the bound costs no search.
                self.previous = std::mem::take(&mut self.current);
            }
            let new = Bucket { tokens: u64::MAX, filled_at: Mono::default(), banned_until: None };
            let known = self.previous.remove(&key).unwrap_or(new);
            self.current.insert(key, known);
        }
        self.current.get_mut(&key)
    }
}

/// What counts as one source: an IPv4 address, or a /64, of which one subscriber of an IPv6 carrier owns at least one.
pub(super) fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(gate: &mut FloodGate, ip: &str, is_trusted: bool, at: u64, tries: usize) -> usize {
        let ip = ip.parse().unwrap();
        (0..tries).filter(|_| gate.admit(ip, is_trusted, Mono::from_millis(at))).count()
    }

    #[test]
    fn a_source_that_floods_is_held_to_its_rate_and_others_are_not_harmed() {
        let mut gate = FloodGate::new(10, 1_000);
        assert_eq!(passed(&mut gate, "192.0.2.1", false, 0, 100), 20);
        assert_eq!(passed(&mut gate, "192.0.2.1", false, 500, 100), 5);
        assert_eq!(passed(&mut gate, "192.0.2.2", false, 500, 1), 1);
        assert_eq!(passed(&mut gate, "192.0.2.3", true, 500, 1_500), 1_500);
        assert_eq!(passed(&mut gate, "2001:db8::1", false, 500, 100), 20);
        assert_eq!(passed(&mut gate, "2001:db8::2", false, 500, 100), 0, "the same /64");
    }

    #[test]
    fn a_banned_source_is_barely_heard_until_its_ban_is_over() {
        let mut gate = FloodGate::new(200, 50_000);
        let source = "192.0.2.66".parse().unwrap();
        assert_eq!(passed(&mut gate, "192.0.2.66", false, 0, 50), 50);
        gate.ban(source, Mono::from_millis(60_000));
        assert_eq!(passed(&mut gate, "192.0.2.66", false, 30_000, 1_000), 40);
        assert_eq!(passed(&mut gate, "192.0.2.66", false, 31_000, 1_000), 20);
        assert_eq!(passed(&mut gate, "192.0.2.67", false, 31_000, 300), 300);
        // A trunk's is never held back, whatever happened before it was one.
        assert_eq!(passed(&mut gate, "192.0.2.66", true, 32_000, 1_000), 1_000);
        assert_eq!(passed(&mut gate, "192.0.2.66", false, 90_000, 1_000), 400);
    }

    #[test]
    fn the_gate_never_remembers_more_than_two_generations() {
        let mut gate = FloodGate::new(10, 10);
        for n in 0..40_000_u32 {
            gate.admit(IpAddr::V4(n.into()), false, Mono::from_millis(1));
        }
        assert!(gate.current.len() + gate.previous.len() <= 2 * SOURCES_MAX);
    }
}
