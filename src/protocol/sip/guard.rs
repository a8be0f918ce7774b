//! Floods and guessing: how often an address may knock before it is not heard for a while. Trusted trunks never come here. Only
//! what costs or probes is counted: new INVITEs and REGISTERs, requests out of nowhere, failed proofs.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
};

use crate::types::Mono;

/// Limits per source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodLimits {
    /// Most requests that begin something within [`FloodLimits::burst_window_ms`].
    pub burst_max: u32,
    /// The window of requests, in milliseconds.
    pub burst_window_ms: u64,
    /// Most failed proofs within [`FloodLimits::failure_window_ms`].
    pub failures_max: u32,
    /// Most challenges that may stay without a proof within [`FloodLimits::failure_window_ms`]: who only looks which accounts
    /// there are never proves anything.
    pub unanswered_max: u32,
    /// The window of failures and unanswered challenges, in milliseconds.
    pub failure_window_ms: u64,
    /// How long the first ban lasts, in milliseconds; each further one twice as long.
    pub ban_ms: u64,
    /// The longest ban, in milliseconds; also how long a ban is remembered.
    pub ban_max_ms: u64,
    /// Most addresses watched at a time; the one that has been quiet longest makes room.
    pub sources_max: usize,
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self {
            burst_max: 100,
            burst_window_ms: 2_000,
            failures_max: 20,
            unanswered_max: 120,
            failure_window_ms: 60_000,
            ban_ms: 5 * 60_000,
            ban_max_ms: 24 * 60 * 60_000,
            sources_max: 20_000,
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knock {
    /// A request that begins something.
    Request,
    /// A proof that failed.
    Failure,
    /// A request that was challenged.
    Challenge,
    /// A request of software that only ever searches for open exchanges: one is enough.
    Scanner,
}

impl Knock {
    /// In the log, where tools look for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "flood",
            Self::Failure => "failed-proofs",
            Self::Challenge => "unanswered-challenges",
            Self::Scanner => "scanner",
        }
    }
}

/// A sliding window in two halves: the count of the running window and of the one before, weighted by what of it is still inside.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    began: Mono,
    current: u32,
    previous: u32,
}

impl Window {
    /// Counts one and gives how many lie within the last `length_ms`.
    fn count(&mut self, length_ms: u64, now: Mono) -> u64 {
        let length_ms = length_ms.max(1);
        let elapsed = now.millis_since(self.began);
        if elapsed >= 2 * length_ms {
            *self = Self { began: now, current: 0, previous: 0 };
        } else if elapsed >= length_ms {
            *self = Self { began: self.began + length_ms, current: 0, previous: self.current };
        }
        self.current = self.current.saturating_add(1);
        let inside = length_ms.saturating_sub(now.millis_since(self.began));
        u64::from(self.current) + u64::from(self.previous) * inside / length_ms
    }
}

#[derive(Debug, Default)]
struct Source {
    requests: Window,
    failures: Window,
    unanswered: Window,
    banned_until: Option<Mono>,
    bans: u32,
    forget_at: Mono,
}

/// The watch over all sources that are not trusted.
#[derive(Debug)]
pub struct Guard {
    limits: FloodLimits,
    sources: BTreeMap<IpAddr, Source>,
    by_age: BTreeSet<(Mono, IpAddr)>,
}

impl Guard {
    /// Nobody seen yet.
    pub fn new(limits: FloodLimits) -> Self {
        Self { limits, sources: BTreeMap::new(), by_age: BTreeSet::new() }
    }

    /// Whether this address is not heard at the moment.
    pub fn is_banned(&self, ip: IpAddr, now: Mono) -> bool {
        self.sources.get(&watched(ip)).and_then(|source| source.banned_until).is_some_and(|until| now < until)
    }

    /// How many addresses are not heard at the moment.
    pub fn banned(&self, now: Mono) -> usize {
        self.sources.values().filter(|source| source.banned_until.is_some_and(|until| now < until)).count()
    }

    /// Someone there proved who they are: what was challenged before was no probing.
    pub fn proven(&mut self, ip: IpAddr) {
        if let Some(source) = self.sources.get_mut(&watched(ip)) {
            source.unanswered = Window::default();
        }
    }

    /// Counts a knock. If this one brought a ban, its length in milliseconds.
    pub fn knock(&mut self, ip: IpAddr, knock: Knock, now: Mono) -> Option<u64> {
        let (limits, ip) = (self.limits, watched(ip));
        self.make_room(ip, now);
        let source = self.sources.entry(ip).or_default();
        let (seen, most) = match knock {
            Knock::Request => (source.requests.count(limits.burst_window_ms, now), limits.burst_max),
            Knock::Failure => (source.failures.count(limits.failure_window_ms, now), limits.failures_max),
            Knock::Challenge => (source.unanswered.count(limits.failure_window_ms, now), limits.unanswered_max),
            Knock::Scanner => (1, 0),
        };
        let is_over = seen > u64::from(most) && source.banned_until.is_none_or(|until| now >= until);
        let mut forget_at = now + limits.failure_window_ms.max(limits.burst_window_ms) * 2;
        let length = limits.ban_ms.saturating_mul(1 << source.bans.min(20)).min(limits.ban_max_ms);
        if is_over {
            source.bans = source.bans.saturating_add(1);
            source.banned_until = Some(now + length);
        }
        if let Some(until) = source.banned_until {
            // A ban is remembered, so that the next one is longer.
            forget_at = forget_at.max(until + limits.ban_max_ms);
        }
        self.by_age.remove(&(source.forget_at, ip));
        source.forget_at = forget_at;
        self.by_age.insert((forget_at, ip));
        is_over.then_some(length)
    }

    /// How many addresses are watched.
    #[cfg(test)]
    fn watched(&self) -> usize {
        self.sources.len()
    }

    /// Forgets whoever has been quiet, and if that is not enough whoever would be forgotten next.
    fn make_room(&mut self, newcomer: IpAddr, now: Mono) {
        while let Some((at, ip)) = self.by_age.first().copied() {
            let is_full = self.sources.len() >= self.limits.sources_max && !self.sources.contains_key(&newcomer);
            if at > now && !is_full {
                break;
            }
            self.by_age.remove(&(at, ip));
            self.sources.remove(&ip);
        }
    }
}

/// One subscriber holds a whole IPv6 /64: that is what is watched.
fn watched(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn a_flood_brings_a_ban_that_ends_and_a_longer_one_the_next_time() {
        let limits = FloodLimits::default();
        let mut guard = Guard::new(limits);
        let mut now = Mono::from_millis(10_000);
        for round in 0..2 {
            let banned_at = (1..=300).find(|_| guard.knock(ip(1), Knock::Request, now).is_some());
            assert_eq!(banned_at, Some(limits.burst_max + 1));
            assert!(guard.is_banned(ip(1), now) && !guard.is_banned(ip(2), now));
            let length = limits.ban_ms << round;
            assert!(guard.is_banned(ip(1), now + (length - 1)));
            now = now + length;
            assert!(!guard.is_banned(ip(1), now));
        }
    }

    #[test]
    fn a_busy_office_below_the_rate_is_never_banned() {
        let mut guard = Guard::new(FloodLimits::default());
        for step in 0..20_000 {
            let ban = guard.knock(ip(1), Knock::Request, Mono::from_millis(step * 25));
            assert_eq!(ban, None, "40 per second at {step}");
        }
    }

    #[test]
    fn whoever_is_challenged_again_and_again_is_banned_unless_somebody_there_proves_himself() {
        let limits = FloodLimits::default();
        for is_office in [true, false] {
            let mut guard = Guard::new(limits);
            let mut banned = false;
            for step in 0..1_000 {
                banned |= guard.knock(ip(1), Knock::Challenge, Mono::from_millis(step * 100)).is_some();
                if is_office && step % 10 == 0 {
                    guard.proven(ip(1));
                }
            }
            assert_eq!(banned, !is_office);
        }
        let mut guard = Guard::new(limits);
        assert_eq!(guard.knock(ip(1), Knock::Scanner, Mono::from_millis(1)), Some(limits.ban_ms));
        assert_eq!((guard.banned(Mono::from_millis(1)), guard.banned(Mono::from_millis(1 + limits.ban_ms))), (1, 0));
    }

    #[test]
    fn a_hundred_thousand_addresses_take_bounded_memory() {
        let limits = FloodLimits { sources_max: 1_000, ..FloodLimits::default() };
        let mut guard = Guard::new(limits);
        for n in 0..100_000 {
            guard.knock(ip(n), Knock::Request, Mono::from_millis(5));
        }
        assert_eq!((guard.watched(), guard.by_age.len()), (1_000, 1_000));
    }
}
