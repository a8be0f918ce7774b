//! How often one key may do something: a bucket per key that refills evenly, bounded in number. Looking and taking are apart, so
//! that only failures need to count.

use std::{collections::BTreeMap, sync::Mutex};

use crate::types::Mono;

/// Keys remembered; past that, those whose bucket is full again are forgotten, then the one nearest to it.
const KEYS_MAX: usize = 10_000;

/// A limit per key.
#[derive(Debug)]
pub struct RateLimit<K> {
    /// Microseconds until one unit is back.
    each_us: u64,
    /// Units of a full bucket, in microseconds.
    full_us: u64,
    /// When each key's bucket is full again, in microseconds of monotonic time.
    full_at: Mutex<BTreeMap<K, u64>>,
}

impl<K: Ord + Clone> RateLimit<K> {
    /// So many units per minute, all at once if saved up.
    pub fn per_minute(units: u32) -> Self {
        let units = u64::from(units.max(1));
        let each_us = 60_000_000 / units;
        Self { each_us, full_us: each_us * units, full_at: Mutex::default() }
    }

    /// Seconds to wait before one unit is there; `None` when it is there now.
    pub fn wait_secs(&self, key: &K, now: Mono) -> Option<u64> {
        let keys = self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.wait_us(keys.get(key).copied(), micros(now)).map(|us| us.div_ceil(1_000_000))
    }

    /// Takes one unit; without one says how many seconds to wait and takes nothing.
    pub fn take(&self, key: &K, now: Mono) -> Result<(), u64> {
        let mut keys = self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = micros(now);
        let full_at = keys.get(key).copied();
        if let Some(wait_us) = self.wait_us(full_at, now) {
            return Err(wait_us.div_ceil(1_000_000));
        }
        if keys.len() >= KEYS_MAX && full_at.is_none() {
            keys.retain(|_, full_at| *full_at > now);
            let nearest = keys.iter().min_by_key(|(_, full_at)| **full_at).map(|(key, _)| key.clone());
            if let (Some(nearest), true) = (nearest, keys.len() >= KEYS_MAX) {
                keys.remove(&nearest);
            }
        }
        keys.insert(key.clone(), full_at.unwrap_or(now).max(now) + self.each_us);
        Ok(())
    }

    /// Forgets what the key has taken: after a success.
    pub fn forgive(&self, key: &K) {
        self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(key);
    }

    /// Gives one unit back.
    pub fn give_back(&self, key: &K) {
        let mut keys = self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(full_at) = keys.get_mut(key) {
            *full_at = full_at.saturating_sub(self.each_us);
        }
    }

    fn wait_us(&self, full_at: Option<u64>, now: u64) -> Option<u64> {
        let missing_us = full_at?.saturating_sub(now) + self.each_us;
        missing_us.checked_sub(self.full_us).filter(|wait_us| *wait_us > 0)
    }
}

fn micros(at: Mono) -> u64 {
    at.as_millis().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    #[test]
    fn after_the_saved_units_one_comes_back_at_a_time() {
        let limit = RateLimit::per_minute(3);
        for _ in 0..3 {
            assert_eq!(limit.take(&"a", at(100)), Ok(()));
        }
        assert_eq!(limit.take(&"a", at(100)), Err(20));
        assert_eq!(limit.wait_secs(&"a", at(110)), Some(10));
        assert_eq!(limit.take(&"b", at(110)), Ok(()), "others are not harmed");
        assert_eq!(limit.take(&"a", at(120)), Ok(()));
        assert_eq!(limit.take(&"a", at(120)), Err(20));
        limit.forgive(&"a");
        assert_eq!(limit.wait_secs(&"a", at(120)), None);
    }

    #[test]
    fn many_units_a_minute_are_as_many_as_said() {
        let limit = RateLimit::per_minute(70_000);
        let taken = (0..100_000).take_while(|_| limit.take(&"a", at(100)).is_ok()).count();
        assert_eq!(taken, 70_000);
        let later = (0..100_000).take_while(|_| limit.take(&"a", at(106)).is_ok()).count();
        assert!((6_999..=7_001).contains(&later), "a tenth of a minute gives a tenth back: {later}");
    }

    #[test]
    fn it_never_remembers_more_keys_than_its_bound() {
        let limit = RateLimit::per_minute(1);
        for key in 0..15_000_u32 {
            assert_eq!(limit.take(&key, at(1)), Ok(()));
        }
        assert!(limit.full_at.lock().expect("unharmed").len() <= KEYS_MAX);
    }
}
