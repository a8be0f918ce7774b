//! Counts and times of visits to queues. Whether and after which wait they were answered belongs to the interval in which they began,
//! their handling (talk, hold, wrap-up) to the one in which it ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ForecastCounts, Ratio};

/// Who talked for less has had a short call; milliseconds.
pub const SHORT_CALL_MS: i64 = 10_000;

/// The visits that began in one interval, as counts and milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct VisitCounts {
    /// Entered the queue.
    pub offered: i64,
    /// Reached an agent.
    pub answered: i64,
    /// Of those, within the threshold.
    pub answered_in_time: i64,
    /// Of the answered, within 180 s.
    pub answered_within_180_s: i64,
    /// Hung up while waiting.
    pub abandoned: i64,
    /// Of those, after no more than the time of a short abandon.
    pub abandoned_short: i64,
    /// Of the abandoned, within the threshold.
    pub abandoned_in_time: i64,
    /// Left otherwise.
    pub flowed_out: i64,
    /// The same by cause.
    pub flow_outs: FlowOuts,
    /// Of those, who came while the queue was closed and were not let in.
    pub closed_on_arrival: i64,
    /// Still waiting.
    pub open: i64,
    /// Waits of the answered.
    pub wait_ms_answered: i64,
    /// Waits of the abandoned.
    pub wait_ms_abandoned: i64,
    /// Longest wait of all that ended.
    pub wait_ms_max: i64,
    /// How the answered waits compare with what was expected as they began.
    pub forecast: ForecastCounts,
    /// The least threshold of these visits; `None` without visits.
    pub threshold_ms_min: Option<i64>,
    /// The greatest threshold.
    pub threshold_ms_max: Option<i64>,
}

impl VisitCounts {
    /// No visits.
    pub const NONE: Self = Self {
        offered: 0,
        answered: 0,
        answered_in_time: 0,
        answered_within_180_s: 0,
        abandoned: 0,
        abandoned_short: 0,
        abandoned_in_time: 0,
        flowed_out: 0,
        flow_outs: FlowOuts { no_agents: 0, max_wait: 0, full: 0, closed: 0, expected_wait: 0, key: 0, moved: 0, node_lost: 0 },
        closed_on_arrival: 0,
        open: 0,
        wait_ms_answered: 0,
        wait_ms_abandoned: 0,
        wait_ms_max: 0,
        forecast: ForecastCounts {
            forecasts: 0,
            expected_ms: 0,
            waited_ms: 0,
            long_waits: 0,
            error_basis_points: 0,
            within_p50: 0,
            within_p90: 0,
        },
        threshold_ms_min: None,
        threshold_ms_max: None,
    };
}

/// The handling of answered visits that ended in one interval: with the call, or as it went on to another queue. What was handled over
/// a border of intervals counts whole where it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Handling {
    /// Answered visits whose handling ended.
    pub handled: i64,
    /// Of those, the ones whom an agent passed on.
    pub transferred: i64,
    /// Of those, the ones who were put on hold.
    pub held: i64,
    /// Of those, the ones who talked for less than [`SHORT_CALL_MS`].
    pub short_calls: i64,
    /// Their talk, hold not counted. The talk of a call goes to its queues in order: each has what was talked from its answer to the
    /// next queue's.
    pub talk_ms: i64,
    /// Their hold.
    pub hold_ms: i64,
    /// The wrap-ups after them, those that are over.
    pub wrap_ms: i64,
    /// How many wrap-ups after them go on: until they are over, the handling time is not whole.
    pub wrapping_up: i64,
}

/// Offers of a queue's callers to agents that began in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Offers {
    /// Rings at agents, each agent's for itself.
    pub rings: i64,
    /// Of those, the ones that rang out or were declined.
    pub missed_rings: i64,
    /// Visits with such a ring.
    pub missed: i64,
}

impl Offers {
    /// RONA: missed over all rings.
    pub fn rona_rate(&self) -> Ratio {
        Ratio::new(self.missed_rings, self.rings)
    }
}

/// Flow-outs by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct FlowOuts {
    /// Nobody who could serve was signed in.
    pub no_agents: i64,
    /// The maximum wait.
    pub max_wait: i64,
    /// The queue was full.
    pub full: i64,
    /// Closing time.
    pub closed: i64,
    /// The wait was expected to be too long.
    #[serde(default)]
    #[schema(required)]
    pub expected_wait: i64,
    /// The caller pressed a key for another way.
    #[serde(default)]
    #[schema(required)]
    pub key: i64,
    /// A person moved the caller.
    pub moved: i64,
    /// The node stopped or was lost.
    pub node_lost: i64,
}

/// How long the answered waited. These do not add up over intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Waits {
    /// Half of the answered waited no longer (nearest rank: a wait that somebody had); `None` when nobody was answered.
    pub p50_ms: Option<i64>,
    /// Nine of ten waited no longer.
    pub p90_ms: Option<i64>,
    /// Ninety-nine of a hundred waited no longer.
    pub p99_ms: Option<i64>,
}

/// Averages in whole milliseconds, rounded to the nearest; `None` when there is nobody to share among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Averages {
    /// ASA: waits of the answered over the answered. Ringing at the agent is part of the wait.
    pub asa_ms: Option<i64>,
    /// ATA: waits of the abandoned over the abandoned.
    pub ata_ms: Option<i64>,
    /// AHT: talk, hold and wrap-up over the visits whose handling ended.
    pub aht_ms: Option<i64>,
    /// The talk in it.
    pub talk_ms: Option<i64>,
    /// The hold in it.
    pub hold_ms: Option<i64>,
    /// The wrap-up in it.
    pub wrap_ms: Option<i64>,
    /// Abandoned over offered, short abandons taken out of both.
    pub abandon_rate: Ratio,
    /// Passed on over handled.
    pub transfer_rate: Ratio,
    /// Put on hold over handled.
    pub hold_rate: Ratio,
    /// Short calls over handled.
    pub short_call_rate: Ratio,
}

impl Averages {
    /// What follows from these counts.
    pub fn of(counts: &VisitCounts, handling: &Handling) -> Self {
        let handled = |sum_ms| mean(sum_ms, handling.handled);
        Self {
            asa_ms: mean(counts.wait_ms_answered, counts.answered),
            ata_ms: mean(counts.wait_ms_abandoned, counts.abandoned),
            aht_ms: handled(handling.talk_ms + handling.hold_ms + handling.wrap_ms),
            talk_ms: handled(handling.talk_ms),
            hold_ms: handled(handling.hold_ms),
            wrap_ms: handled(handling.wrap_ms),
            abandon_rate: Ratio::new(counts.abandoned - counts.abandoned_short, counts.offered - counts.abandoned_short),
            transfer_rate: Ratio::new(handling.transferred, handling.handled),
            hold_rate: Ratio::new(handling.held, handling.handled),
            short_call_rate: Ratio::new(handling.short_calls, handling.handled),
        }
    }
}

pub(super) fn mean(sum_ms: i64, count: i64) -> Option<i64> {
    (count > 0).then(|| (2 * sum_ms + count).div_euclid(2 * count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_to_the_nearest_and_absent_where_there_is_nobody() {
        let counts = VisitCounts {
            offered: 5,
            answered: 3,
            abandoned: 2,
            abandoned_short: 1,
            wait_ms_answered: 31_000,
            wait_ms_abandoned: 43_001,
            ..VisitCounts::NONE
        };
        let handling = Handling {
            handled: 3,
            transferred: 1,
            held: 2,
            short_calls: 1,
            talk_ms: 200_000,
            hold_ms: 10_000,
            wrap_ms: 40_001,
            wrapping_up: 0,
        };
        let averages = Averages::of(&counts, &handling);
        assert_eq!((averages.asa_ms, averages.ata_ms, averages.aht_ms), (Some(10_333), Some(21_501), Some(83_334)));
        assert_eq!((averages.abandon_rate, averages.transfer_rate), (Ratio::new(1, 4), Ratio::new(1, 3)));
        assert_eq!((averages.hold_rate, averages.short_call_rate), (Ratio::new(2, 3), Ratio::new(1, 3)));
        let none = Averages::of(&VisitCounts::NONE, &Handling::default());
        assert_eq!((none.asa_ms, none.ata_ms, none.aht_ms, none.abandon_rate.basis_points), (None, None, None, None));
    }
}
