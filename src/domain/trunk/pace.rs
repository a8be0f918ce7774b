//! How many calls a trunk may begin in a second: a bucket of tokens that fills as time goes by.

use crate::types::Mono;

/// One token, in thousandths.
const TOKEN: u64 = 1_000;

/// The bucket of one trunk. Full at first; it holds what one second brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    thousandths: u64,
    at: Mono,
}

impl Pace {
    /// A full one.
    pub fn new(per_sec: u64, now: Mono) -> Self {
        Self { thousandths: per_sec * TOKEN, at: now }
    }

    /// Whether a call may begin now.
    pub fn has_token(&self, per_sec: u64, now: Mono) -> bool {
        self.filled(per_sec, now) >= TOKEN
    }

    /// Takes a token out; false when there is none.
    pub fn take(&mut self, per_sec: u64, now: Mono) -> bool {
        let filled = self.filled(per_sec, now);
        let has_token = filled >= TOKEN;
        *self = Self { thousandths: if has_token { filled - TOKEN } else { filled }, at: now };
        has_token
    }

    /// A thousandth of a token per call a second and millisecond.
    fn filled(&self, per_sec: u64, now: Mono) -> u64 {
        let gained = now.millis_since(self.at).saturating_mul(per_sec);
        self.thousandths.saturating_add(gained).min(per_sec * TOKEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lets_so_many_begin_and_the_next_follow_one_by_one() {
        let start = Mono::default();
        let mut pace = Pace::new(2, start);
        assert!(pace.take(2, start) && pace.take(2, start) && !pace.take(2, start));
        assert!(!pace.take(2, start + 499) && pace.has_token(2, start + 500));
        assert!(pace.take(2, start + 500) && !pace.take(2, start + 600));
        // Rest is not saved beyond a second.
        let late = start + 60_000;
        assert!(pace.take(2, late) && pace.take(2, late) && !pace.take(2, late));
    }
}
