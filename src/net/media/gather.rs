//! Whether packets are awaited together. Where few come, each wakes the thread at once. Where thousands come in a second, waking for
//! each costs a third of what is done with it, on our side and on that of who hears it; then those of one and a half thousandths of a
//! second are taken in one turn, and answered in one piece (`departures.rs`).

use std::time::Duration;

use crate::types::Mono;

/// For how long. A jitter buffer counts in tens of milliseconds.
pub(super) const GATHER: Duration = Duration::from_micros(1_500);
/// A turn with so many packets has waking paid for, and more may have come in its course.
const MANY: usize = 32;

/// What is remembered of the turn before.
#[derive(Debug, Default)]
pub(super) struct Gather {
    turned_at: Mono,
}

impl Gather {
    /// After a turn that began at `now` and was told of these packets: whether the next one waits for more. Only where turns follow
    /// each other within a millisecond.
    pub(super) fn is_worth(&mut self, now: Mono, mut packets: impl Iterator) -> bool {
        let is_rapid = std::mem::replace(&mut self.turned_at, now) == now;
        is_rapid && packets.nth(MANY - 1).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_turns_that_follow_each_other_rapidly_with_few_packets_wait_for_more() {
        let mut gather = Gather::default();
        let mut is_worth = |at: u64, packets: usize| gather.is_worth(Mono::from_millis(at), 0..packets);
        assert!(!is_worth(5, 1));
        assert!(is_worth(5, 1), "the second within a millisecond");
        assert!(!is_worth(7, 1), "the first after a while");
        assert!(!is_worth(7, MANY), "what it gained it has");
        assert!(is_worth(7, MANY - 1));
        assert!(!is_worth(8, 0));
    }
}
