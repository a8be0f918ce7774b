//! Which numbers of a stream have been seen (RFC 3711 3.3.2).

/// Numbers behind the highest one that are still taken, once each; RFC 3711 wants 64 at least.
const WINDOW: u64 = 128;

/// The numbers that have come, by the highest and a bit for each of the last ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReplayWindow {
    highest: Option<u64>,
    /// Bit n: `highest - n` has come.
    seen: u128,
}

impl ReplayWindow {
    /// The highest that has come.
    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether this number has not come yet and is not too old to tell.
    pub(super) fn is_new(&self, number: u64) -> bool {
        let Some(highest) = self.highest else { return true };
        match highest.checked_sub(number) {
            None => true,
            Some(behind) => behind < WINDOW && self.seen >> behind & 1 == 0,
        }
    }

    /// Notes a number that was new.
    pub(super) fn note(&mut self, number: u64) {
        let highest = self.highest.unwrap_or(number);
        if number >= highest {
            let ahead = number - highest;
            self.seen = if ahead < WINDOW { self.seen << ahead | 1 } else { 1 };
            self.highest = Some(number);
        } else if highest - number < WINDOW {
            self.seen |= 1 << (highest - number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_new_once_and_old_ones_are_not() {
        let mut window = ReplayWindow::default();
        for number in [10, 12, 11, 5, 300] {
            assert!(window.is_new(number), "{number}");
            window.note(number);
            assert!(!window.is_new(number), "{number}");
        }
        assert!(!window.is_new(172) && window.is_new(173) && window.is_new(301));
        assert_eq!(window.highest(), Some(300));
    }
}
