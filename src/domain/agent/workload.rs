//! What an agent has done of late, for the rules that share work out evenly. What is an hour old counts half, in whole numbers, so
//! that the same history always gives the same choice.

use serde::{Deserialize, Serialize};

use super::Presence;
use crate::types::Mono;

/// The counters shrink once in this time.
const STEP_MS: u64 = 300_000;
/// By 2^(-1/12), so that twelve steps, one hour, make a half; in millionths.
const STEP_MILLIONTHS: u64 = 943_874;
/// After so many steps (20 hours) nothing is left.
const STEPS_MAX: u64 = 240;

/// What an agent has done of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Workload {
    /// Thousandths of calls answered.
    pub answered_thousandths: u64,
    /// Milliseconds on calls.
    pub on_calls_ms: u64,
    /// Milliseconds in wrap-up.
    pub wrapping_up_ms: u64,
    /// Milliseconds ready, or with a call ringing.
    pub ready_ms: u64,
    counted_until: Mono,
    shrunk_at: Mono,
}

impl Workload {
    /// Who has done nothing of late.
    pub fn beginning(now: Mono) -> Self {
        Self { counted_until: now, shrunk_at: now, ..Self::default() }
    }

    /// Who begins now with what these colleagues have done in the middle, each of it by itself, so that by no rule anybody is flooded, or
    /// passed over, for being new.
    pub fn like(colleagues: &[Self], now: Mono) -> Self {
        let middle = |count: fn(&Self) -> u64| {
            let mut counts: Vec<u64> = colleagues.iter().map(count).collect();
            counts.sort_unstable();
            counts.get(counts.len().saturating_sub(1) / 2).copied().unwrap_or(0)
        };
        Self {
            answered_thousandths: middle(|load| load.answered_thousandths),
            on_calls_ms: middle(|load| load.on_calls_ms),
            wrapping_up_ms: middle(|load| load.wrapping_up_ms),
            ready_ms: middle(|load| load.ready_ms),
            ..Self::beginning(now)
        }
    }

    /// Counts the time up to now, which was spent in this presence.
    pub fn pass(&mut self, presence: &Presence, now: Mono) {
        let steps = now.millis_since(self.shrunk_at) / STEP_MS;
        if let Some(left_out) = steps.checked_sub(STEPS_MAX) {
            // Of what came before nothing would be left.
            *self = Self::beginning(self.shrunk_at + left_out * STEP_MS);
        }
        while now.millis_since(self.shrunk_at) >= STEP_MS {
            let end = self.shrunk_at + STEP_MS;
            self.spend(presence, end);
            for count in [&mut self.answered_thousandths, &mut self.on_calls_ms, &mut self.wrapping_up_ms, &mut self.ready_ms] {
                *count = count.saturating_mul(STEP_MILLIONTHS) / 1_000_000;
            }
            self.shrunk_at = end;
        }
        self.spend(presence, now);
    }

    fn spend(&mut self, presence: &Presence, until: Mono) {
        let spent = until.millis_since(self.counted_until);
        self.counted_until = until;
        match presence {
            Presence::Ready | Presence::Offered { .. } => self.ready_ms += spent,
            Presence::Busy { .. } => self.on_calls_ms += spent,
            Presence::WrappingUp { .. } => self.wrapping_up_ms += spent,
            Presence::Paused { .. } | Presence::Offline => {}
        }
    }

    /// A call that rang was answered.
    pub fn answer(&mut self) {
        self.answered_thousandths += 1_000;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CallId, Rng, Timestamp};

    fn minutes(count: u64) -> Mono {
        Mono::from_millis(count * 60_000)
    }

    #[test]
    fn what_is_an_hour_old_counts_half() {
        let mut load = Workload::beginning(minutes(0));
        (0..8).for_each(|_| load.answer());
        load.pass(&Presence::Paused { reason: "lunch".into() }, minutes(60));
        assert!((3_990..=4_000).contains(&load.answered_thousandths), "{load:?}");
        load.pass(&Presence::Offline, minutes(180));
        assert!((980..=1_000).contains(&load.answered_thousandths), "{load:?}");
        load.pass(&Presence::Offline, minutes(180 + 20 * 60));
        assert_eq!(load.answered_thousandths, 0);
    }

    #[test]
    fn time_goes_to_what_it_was_spent_in_and_pauses_go_nowhere() {
        let call = CallId::mint(Timestamp::from_millis(1), &mut Rng::seeded(1));
        let mut load = Workload::beginning(minutes(0));
        for (presence, until) in [
            (Presence::Ready, 1),
            (Presence::Offered { call }, 2),
            (Presence::Busy { call }, 3),
            (Presence::Paused { reason: "lunch".into() }, 4),
        ] {
            load.pass(&presence, minutes(until));
        }
        assert_eq!((load.ready_ms, load.on_calls_ms, load.wrapping_up_ms), (120_000, 60_000, 0));
        load.pass(&Presence::WrappingUp { call, until: None }, Mono::from_millis(4 * 60_000 + 5));
        assert_eq!(load.wrapping_up_ms, 5);
    }

    #[test]
    fn who_begins_has_done_what_the_one_in_the_middle_has() {
        let colleague = |times: u64| Workload {
            answered_thousandths: times * 1_000,
            on_calls_ms: times * 10,
            wrapping_up_ms: times,
            ready_ms: (9 - times) * 5,
            ..Workload::beginning(minutes(0))
        };
        let new = Workload::like(&[7, 1, 3, 4].map(colleague), minutes(9));
        let like = Workload { ready_ms: 5 * 5, ..colleague(3) };
        assert_eq!(
            new,
            Workload { counted_until: minutes(9), shrunk_at: minutes(9), ..like },
            "the lower one of two in the middle"
        );
        assert_eq!(Workload::like(&[], minutes(9)), Workload::beginning(minutes(9)));
    }

    #[test]
    fn looking_often_or_seldom_comes_to_the_same() {
        let call = CallId::mint(Timestamp::from_millis(1), &mut Rng::seeded(1));
        let mut often = Workload { answered_thousandths: 9_000, ..Workload::beginning(minutes(0)) };
        let mut seldom = often;
        (1..=603).for_each(|tenth| often.pass(&Presence::Busy { call }, Mono::from_millis(tenth * 6_000)));
        seldom.pass(&Presence::Busy { call }, Mono::from_millis(603 * 6_000));
        assert_eq!(often, seldom);
        assert!(
            (2_500_000..2_700_000).contains(&seldom.on_calls_ms),
            "an hour at a stretch is as much as in pieces: {seldom:?}"
        );
    }
}
