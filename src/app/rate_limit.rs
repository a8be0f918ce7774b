//! How often one key may do something: a bucket per key that refills evenly, bounded in number. Looking and taking are apart, so
//! that only failures need to count.

use std::{collections::BTreeMap, sync::Mutex};

use crate::types::Mono;

/// Keys remembered; past that, those whose bucket is full again are forgotten, then the one nearest to it.
const KEYS_MAX: usize = 10_000;

/// A limit per key.
#[derive(Debug)]
pub struct RateLimit<K> {
    /// Milliseconds until one unit is back.
    each_ms: u64,
    /// Units of a full bucket, in milliseconds.
    full_ms: u64,
    /// When each key's bucket is full again.
    full_at: Mutex<BTreeMap<K, Mono>>,
}

impl<K: Ord + Clone> RateLimit<K> {
    /// So many units per minute, all at once if saved up.
    pub fn per_minute(units: u32) -> Self {
        let each_ms = 60_000 / u64::from(units.max(1));
        Self { each_ms, full_ms: each_ms * u64::from(units.max(1)), full_at: Mutex::default() }
    }

    /// Seconds to wait before one unit is there; `None` when it is there now.
    pub fn wait_secs(&self, key: &K, now: Mono) -> Option<u64> {
        let keys = self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.wait_ms(keys.get(key).copied(), now).map(|ms| ms.div_ceil(1_000))
    }

    /// Takes one unit; without one says how many seconds to wait and takes nothing.
    pub fn take(&self, key: &K, now: Mono) -> Result<(), u64> {
        let mut keys = self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let full_at = keys.get(key).copied();
        if let Some(wait_ms) = self.wait_ms(full_at, now) {
            return Err(wait_ms.div_ceil(1_000));
        }
        if keys.len() >= KEYS_MAX && full_at.is_none() {
            keys.retain(|_, full_at| *full_at > now);
            let nearest = keys.iter().min_by_key(|(_, full_at)| **full_at).map(|(key, _)| key.clone());
            if let (Some(nearest), true) = (nearest, keys.len() >= KEYS_MAX) {
                keys.remove(&nearest);
            }
        }
        keys.insert(key.clone(), full_at.unwrap_or(now).max(now) + self.each_ms);
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
            *full_at = Mono::from_millis(full_at.as_millis().saturating_sub(self.each_ms));
        }
    }

    fn wait_ms(&self, full_at: Option<Mono>, now: Mono) -> Option<u64> {
        let missing_ms = full_at?.millis_since(now) + self.each_ms;
        missing_ms.checked_sub(self.full_ms).filter(|wait_ms| *wait_ms > 0)
    }
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
    fn it_never_remembers_more_keys_than_its_bound() {
        let limit = RateLimit::per_minute(1);
        for key in 0..15_000_u32 {
            assert_eq!(limit.take(&key, at(1)), Ok(()));
        }
        assert!(limit.full_at.lock().expect("unharmed").len() <= KEYS_MAX);
    }
}
