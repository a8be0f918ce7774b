//! What a queue's waits are forecast from: how long its calls take, how soon telephones are answered, how patient its callers are, and
//! which queues an agent's work was for. Whole numbers that shrink with time, so that the same history always gives the same forecast and
//! none of it grows beyond its bounds.

use std::collections::BTreeMap;

use super::WorkNorm;
use crate::types::{Mono, QueueId};

/// Everything shrinks once in this time.
const STEP_MS: u64 = 300_000;
/// By 2^(-1/6): half in 30 minutes; in millionths.
const RECENT_MILLIONTHS: u64 = 890_899;
/// By 2^(-1/48): half in 4 hours.
const PATIENCE_MILLIONTHS: u64 = 985_663;
/// By 2^(-1/288): half in a day.
const USUAL_MILLIONTHS: u64 = 997_596;
/// After so many steps (30 days) nothing is left.
const STEPS_MAX: u64 = 8_640;

/// A forecast asks for so many calls at least, in thousandths: three of the same day.
const CALLS_LEAST: u64 = 2_500;
/// The usual time weighs as much as so many recent calls.
const USUAL_WEIGHT: f64 = 5.0;
/// Until callers have given up, they are taken to be so patient, with the weight of two of them; with that of more where it is known how
/// patient they are at this time of the week.
const PATIENCE_MS: f64 = 600_000.0;
const PATIENCE_WEIGHT: f64 = 2.0;
const PATIENCE_NORM_WEIGHT: f64 = 5.0;
/// A telephone is answered so soon until it is known better, with the weight of two calls.
const RING_MS: f64 = 4_000.0;
const RING_WEIGHT: f64 = 2.0;
/// How long calls take is counted by borders, each √2 of the one before; what is longer than the last one counts there.
const BORDERS_MS: [u64; 20] = [
    10_000, 14_142, 20_000, 28_284, 40_000, 56_569, 80_000, 113_137, 160_000, 226_274, 320_000, 452_548, 640_000, 905_097,
    1_280_000, 1_810_193, 2_560_000, 3_620_387, 5_120_000, 7_240_773,
];
/// The mean time weighs as much as so many calls when it is asked how long one will go on.
const RESIDUAL_WEIGHT: f64 = 2.0;

/// Calls in thousandths and their milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Times {
    thousandths: u64,
    ms: u64,
}

impl Times {
    fn add(&mut self, ms: u64) {
        self.thousandths += 1_000;
        self.ms += ms;
    }

    fn shrink(&mut self, millionths: u64) {
        shrink(&mut self.thousandths, millionths);
        shrink(&mut self.ms, millionths);
    }

    fn count(&self) -> f64 {
        self.thousandths as f64 / 1_000.0
    }
}

fn shrink(count: &mut u64, millionths: u64) {
    *count = count.saturating_mul(millionths) / 1_000_000;
}

/// What the calls of one queue have been like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkHistory {
    /// Offer to free again: the last half hour, and the last days.
    recent: Times,
    usual: Times,
    /// The last days by length.
    lengths: [u64; BORDERS_MS.len()],
    /// Offer to answer.
    rings: Times,
    /// Callers who gave up, and the time that all callers have waited.
    patience: Times,
    /// What is usual at this time of the week.
    norm: WorkNorm,
    shrunk_at: Mono,
}

impl WorkHistory {
    /// Nothing is known.
    pub fn beginning(now: Mono) -> Self {
        Self {
            recent: Times::default(),
            usual: Times::default(),
            lengths: [0; BORDERS_MS.len()],
            rings: Times::default(),
            patience: Times::default(),
            norm: WorkNorm::default(),
            shrunk_at: now,
        }
    }

    /// This is usual at this time of the week.
    pub fn set_norm(&mut self, norm: WorkNorm) {
        self.norm = norm;
    }

    /// A call has kept an agent for so long, from the offer until the agent was free again.
    pub fn note_handled(&mut self, ms: u64, now: Mono) {
        self.pass(now);
        self.recent.add(ms);
        self.usual.add(ms);
        let place = BORDERS_MS.iter().position(|border| ms <= *border).unwrap_or(BORDERS_MS.len() - 1);
        if let Some(count) = self.lengths.get_mut(place) {
            *count += 1_000;
        }
    }

    /// A telephone has rung for so long until it was answered.
    pub fn note_answered(&mut self, rung_ms: u64, now: Mono) {
        self.pass(now);
        self.rings.add(rung_ms);
    }

    /// A wait of so long is over; the caller may have given up.
    pub fn note_wait(&mut self, waited_ms: u64, gave_up: bool, now: Mono) {
        self.pass(now);
        self.patience.ms += waited_ms;
        self.patience.thousandths += if gave_up { 1_000 } else { 0 };
    }

    /// How long a call keeps an agent, and from how many calls that is known; milliseconds. The last half hour, shrunk to what is usual at
    /// this time of the week, or else in the last days; `None` while too little is known of either.
    pub fn handle_ms(&self) -> Option<(f64, f64)> {
        let has_days = self.usual.thousandths >= CALLS_LEAST;
        let of_days = || has_days.then(|| (self.usual.ms as f64 / self.usual.count(), USUAL_WEIGHT.min(self.usual.count())));
        let (usual_ms, weight) = self.norm.handle_ms().map(|ms| (ms, USUAL_WEIGHT)).or_else(of_days)?;
        let mean = (self.recent.ms as f64 + weight * usual_ms) / (self.recent.count() + weight);
        Some((mean.max(1.0), self.recent.count() + weight))
    }

    /// For how long a call will go on that has kept its agent for so long already; milliseconds.
    pub fn residual_ms(&self, elapsed_ms: u64) -> Option<f64> {
        let (mean, _) = self.handle_ms()?;
        let (mut longer, mut rest_ms) = (RESIDUAL_WEIGHT, RESIDUAL_WEIGHT * mean);
        let mut below = 0;
        for (border, count) in BORDERS_MS.iter().zip(&self.lengths) {
            let middle = (below + border) / 2;
            below = *border;
            if let Some(rest) = middle.checked_sub(elapsed_ms) {
                let calls = *count as f64 / 1_000.0;
                longer += calls;
                rest_ms += calls * rest as f64;
            }
        }
        Some((rest_ms / longer).max(1_000.0))
    }

    /// From the offer to the answer; milliseconds.
    pub fn ring_ms(&self) -> f64 {
        (self.rings.ms as f64 + RING_WEIGHT * RING_MS) / (self.rings.count() + RING_WEIGHT)
    }

    /// The rate per millisecond at which one waiting caller gives up: those who did over the time that all have waited, which is right
    /// although most are answered before their patience is over.
    pub fn gives_up(&self) -> f64 {
        let norm = self.norm.patience_ms().map(|ms| (ms.max(1.0), PATIENCE_NORM_WEIGHT));
        let (usual_ms, weight) = norm.unwrap_or((PATIENCE_MS, PATIENCE_WEIGHT));
        (self.patience.count() + weight) / (self.patience.ms as f64 + weight * usual_ms)
    }

    /// Lets the time up to now go by.
    pub fn pass(&mut self, now: Mono) {
        let steps = now.millis_since(self.shrunk_at) / STEP_MS;
        if steps > STEPS_MAX {
            *self = Self { norm: self.norm, ..Self::beginning(now) };
            return;
        }
        for _ in 0..steps {
            self.recent.shrink(RECENT_MILLIONTHS);
            self.rings.shrink(PATIENCE_MILLIONTHS);
            self.patience.shrink(PATIENCE_MILLIONTHS);
            self.usual.shrink(USUAL_MILLIONTHS);
            self.lengths.iter_mut().for_each(|count| shrink(count, USUAL_MILLIONTHS));
        }
        self.shrunk_at = self.shrunk_at + steps * STEP_MS;
    }
}

/// Which queues an agent's work of late was for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkShares {
    by_queue: BTreeMap<Option<QueueId>, u64>,
    shrunk_at: Mono,
}

/// An agent without much work is taken to serve all of the own queues alike; that weighs as much as so much work, milliseconds.
const EVEN_MS: f64 = 300_000.0;

impl WorkShares {
    /// A call of this queue, or of none, has taken so long.
    pub fn note(&mut self, queue: Option<&QueueId>, ms: u64, now: Mono) {
        let steps = now.millis_since(self.shrunk_at) / STEP_MS;
        for _ in 0..steps.min(STEPS_MAX) {
            self.by_queue.values_mut().for_each(|spent| shrink(spent, RECENT_MILLIONTHS));
            self.by_queue.retain(|_, spent| *spent > 0);
            if self.by_queue.is_empty() {
                break;
            }
        }
        self.shrunk_at = self.shrunk_at + steps * STEP_MS;
        *self.by_queue.entry(queue.cloned()).or_default() += ms;
    }

    /// The share of the agent's work that goes to this queue, one of so many that the agent serves: 0 to 1.
    pub fn share(&self, queue: &QueueId, queues: usize) -> f64 {
        let spent = self.by_queue.iter().find(|(of, _)| of.as_ref() == Some(queue)).map_or(0, |(_, spent)| *spent);
        let total: u64 = self.by_queue.values().sum();
        (spent as f64 + EVEN_MS / queues.max(1) as f64) / (total as f64 + EVEN_MS)
    }
}

/// An agent who is away comes back after so long until it is known better, with the weight of two pauses.
const PAUSE_MS: f64 = 900_000.0;
const PAUSE_WEIGHT: f64 = 2.0;
/// Past so many pauses for one reason the older ones count half.
const PAUSES_MAX: u64 = 64;
/// Reasons that are told apart; pauses for others are not counted.
const REASONS_MAX: usize = 64;

/// How long agents stay away, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PauseTimes(BTreeMap<String, (u64, u64)>);

impl PauseTimes {
    /// A pause for this reason has lasted so long.
    pub fn note(&mut self, reason: &str, ms: u64) {
        if self.0.len() >= REASONS_MAX && !self.0.contains_key(reason) {
            return;
        }
        let (count, sum_ms) = self.0.entry(reason.to_owned()).or_default();
        (*count, *sum_ms) = (*count + 1, *sum_ms + ms);
        if *count > PAUSES_MAX {
            (*count, *sum_ms) = (*count / 2, *sum_ms / 2);
        }
    }

    /// The probability that whoever is away for this reason is back within this time: 0 to 1.
    pub fn returns_within(&self, reason: &str, ms: f64) -> f64 {
        let (count, sum_ms) = self.0.get(reason).copied().unwrap_or_default();
        let mean_ms = (sum_ms as f64 + PAUSE_WEIGHT * PAUSE_MS) / (count as f64 + PAUSE_WEIGHT);
        ms / (ms + mean_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: u64) -> Mono {
        Mono::from_millis(count * 60_000)
    }

    #[test]
    fn nothing_is_said_of_a_queue_before_three_calls_were_handled() {
        let mut history = WorkHistory::beginning(minutes(0));
        history.note_handled(100_000, minutes(2));
        history.note_handled(200_000, minutes(4));
        assert_eq!(history.handle_ms(), None);
        history.note_handled(300_000, minutes(4));
        let (mean, known) = history.handle_ms().unwrap();
        assert!((199_999.0..200_001.0).contains(&mean) && known > 5.0, "{mean} {known}");
    }

    #[test]
    fn the_last_half_hour_counts_for_more_than_the_days_before() {
        let mut history = WorkHistory::beginning(minutes(0));
        (0..100).for_each(|_| history.note_handled(100_000, minutes(1)));
        (0..20).for_each(|_| history.note_handled(400_000, minutes(300)));
        let (mean, _) = history.handle_ms().unwrap();
        assert!((320_000.0..380_000.0).contains(&mean), "{mean}");
        history.pass(minutes(300 + 600));
        let (later, _) = history.handle_ms().unwrap();
        assert!((130_000.0..190_000.0).contains(&later), "what was recent has become usual: {later}");
        history.pass(minutes(40 * 1_440));
        assert_eq!(history.handle_ms(), None);
    }

    #[test]
    fn what_is_usual_at_this_time_of_the_week_is_known_from_the_start_and_gives_way_to_what_happens() {
        let mut history = WorkHistory::beginning(minutes(0));
        history.set_norm(WorkNorm { handled: 40, handled_ms: 40 * 240_000, gave_up: 10, waited_ms: 10 * 120_000 });
        let mean = |history: &WorkHistory| history.handle_ms().unwrap().0;
        assert_eq!((mean(&history), 1.0 / history.gives_up()), (240_000.0, 120_000.0));
        (0..20).for_each(|_| history.note_handled(60_000, minutes(1)));
        assert!((90_000.0..100_000.0).contains(&mean(&history)), "{}", mean(&history));
        history.pass(minutes(1 + 600));
        assert!((239_000.0..=240_000.0).contains(&mean(&history)), "back to what is usual: {}", mean(&history));
    }

    #[test]
    fn a_call_of_even_length_is_soon_over_and_one_of_wild_length_is_not() {
        let (mut even, mut wild) = (WorkHistory::beginning(minutes(0)), WorkHistory::beginning(minutes(0)));
        for n in 0..100 {
            even.note_handled(300_000, minutes(1));
            wild.note_handled(if n % 5 == 0 { 1_200_000 } else { 75_000 }, minutes(1));
        }
        let rest = |history: &WorkHistory| history.residual_ms(200_000).unwrap();
        assert!(rest(&even) < 110_000.0, "{}", rest(&even));
        assert!(rest(&wild) > 700_000.0, "{}", rest(&wild));
    }

    #[test]
    fn patience_is_told_from_those_who_gave_up_and_the_time_that_all_have_waited() {
        let mut history = WorkHistory::beginning(minutes(0));
        assert!((1.0 / history.gives_up() - PATIENCE_MS).abs() < 1.0);
        // One in five gives up, all wait for a minute: five minutes of patience.
        (0..500).for_each(|n| history.note_wait(60_000, n % 5 == 0, minutes(1)));
        let patience_ms = 1.0 / history.gives_up();
        assert!((295_000.0..310_000.0).contains(&patience_ms), "{patience_ms}");
    }

    #[test]
    fn an_agents_share_begins_even_and_follows_the_work() {
        let (sales, support): (QueueId, QueueId) = ("sales".parse().unwrap(), "support".parse().unwrap());
        let mut shares = WorkShares::default();
        assert_eq!((shares.share(&sales, 2), shares.share(&sales, 1)), (0.5, 1.0));
        (0..10).for_each(|n| shares.note(Some(&support), 180_000, minutes(n)));
        assert!(shares.share(&support, 2) > 0.85 && shares.share(&sales, 2) < 0.15);
        (20..50).for_each(|n| shares.note(None, 60_000, minutes(n)));
        assert!(shares.share(&support, 2) < 0.5, "calls out are no work for a queue");
    }

    #[test]
    fn who_is_away_for_long_at_a_time_counts_less() {
        let mut pauses = PauseTimes::default();
        assert!((0.2..0.3).contains(&pauses.returns_within("lunch", 300_000.0)));
        (0..100).for_each(|_| pauses.note("lunch", 3_600_000));
        (0..100).for_each(|_| pauses.note("coffee", 120_000));
        assert!(pauses.returns_within("lunch", 300_000.0) < 0.1 && pauses.returns_within("coffee", 300_000.0) > 0.6);
        (0..100).for_each(|n| pauses.note(&format!("reason-{n}"), 1));
        assert!(pauses.0.len() <= REASONS_MAX);
    }
}
