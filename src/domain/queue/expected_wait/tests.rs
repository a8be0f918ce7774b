//! The formula by hand, and forecasts against the waits that followed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
};

use super::*;
use crate::{
    domain::queue::WorkHistory,
    types::{Mono, Rng},
};

const PACE: ServicePace =
    ServicePace { agents: 4.0, handle_ms: 240_000.0, calls_known: 1e9, gives_up: 0.0, next_free: 0.0, ring_ms: 0.0 };

#[test]
fn it_is_the_sum_of_the_times_until_the_agents_become_free() {
    let mean = |pace: &ServicePace, ahead| expected_wait(pace, ahead, 0).unwrap().mean_ms;
    assert_eq!([0, 1, 4].map(|ahead| mean(&PACE, ahead)), [60_000, 120_000, 300_000]);
    let impatient = ServicePace { gives_up: 1.0 / 120_000.0, ..PACE };
    // 1/(1/60) + 1/(1/60 + 1/120) + 1/(1/60 + 2/120) seconds.
    assert_eq!(mean(&impatient, 2), 60_000 + 40_000 + 30_000);
    let soon = ServicePace { next_free: 1.0 / 10_000.0, ..PACE };
    assert_eq!([0, 2, 3].map(|ahead| mean(&soon, ahead)), [10_000, 130_000, 240_000], "the busy ones count for the first few");
    let ringing = ServicePace { ring_ms: 5_000.0, ..PACE };
    assert_eq!((mean(&ringing, 0), expected_wait(&ringing, 0, 1).unwrap().mean_ms), (65_000, 5_000));
}

#[test]
fn nobody_waits_less_than_whoever_stands_nearer_the_front() {
    // The busy ones are expected to be busy for long: of the first few that is known, of those behind only the usual pace.
    for next_free in [0.0, 1.0 / 2_000_000.0, 1.0 / 200_000.0, 1.0 / 10_000.0] {
        for gives_up in [0.0, 1.0 / 120_000.0, 1.0 / 20_000.0] {
            let pace = ServicePace { next_free, gives_up, ring_ms: 4_000.0, ..PACE };
            let waits: Vec<ExpectedWait> = (0..12).map(|ahead| expected_wait(&pace, ahead, 0).unwrap()).collect();
            assert!(waits.is_sorted_by_key(|wait| wait.mean_ms), "{waits:?}");
            assert!(waits.is_sorted_by_key(|wait| wait.p50_ms), "{waits:?}");
            assert!(waits.is_sorted_by_key(|wait| wait.p90_ms), "{waits:?}");
        }
    }
}

#[test]
fn the_range_is_that_of_the_waits_and_wider_where_little_is_known() {
    let one = expected_wait(&PACE, 0, 0).unwrap();
    // Of an exponential wait the median is ln 2 and the 90th percentile ln 10 of the mean.
    assert!((40_800..42_400).contains(&one.p50_ms) && (135_000..139_000).contains(&one.p90_ms), "{one:?}");
    let many = expected_wait(&PACE, 99, 0).unwrap();
    assert!(many.p90_ms - many.p50_ms < many.mean_ms / 6, "{many:?}");
    let unsure = expected_wait(&ServicePace { calls_known: 4.0, ..PACE }, 99, 0).unwrap();
    assert!(unsure.p90_ms - unsure.p50_ms > many.mean_ms / 2, "{unsure:?}");
}

#[test]
fn nothing_is_said_without_agents_or_of_more_than_a_day() {
    assert_eq!(expected_wait(&ServicePace { agents: 0.0, ..PACE }, 0, 0), None);
    assert_eq!(expected_wait(&PACE, 2_000, 0), None);
    let patience = ServicePace { gives_up: 1.0 / 300_000.0, ..PACE };
    assert!(expected_wait(&patience, 20_000, 0).is_some(), "who is impatient makes even a line without end short");
}

/// A queue with so many agents for so long, and what was forecast for each caller who had to wait and was answered, with the wait.
struct Simulated {
    agents: usize,
    calls_per_hour: f64,
    handle_ms: f64,
    /// Stages of a call's length: 1 is exponential, more are more even.
    shape: u32,
    patience_ms: f64,
    hours: u64,
}

impl Simulated {
    fn run(&self, seed: u64) -> Vec<(ExpectedWait, i64)> {
        let mut dice = Rng::seeded(seed);
        let even = |dice: &mut Rng| (dice.below(1 << 40) as f64 + 0.5) / (1_u64 << 40) as f64;
        let exponential = |dice: &mut Rng, mean: f64| -mean * even(dice).ln();
        let mut history = WorkHistory::beginning(Mono::from_millis(0));
        let mut busy: BTreeMap<usize, u64> = BTreeMap::new();
        let mut due: BinaryHeap<Reverse<(u64, Option<usize>)>> = BinaryHeap::from([Reverse((0, None))]);
        let mut line: VecDeque<(u64, u64, Option<ExpectedWait>)> = VecDeque::new();
        let mut pairs = Vec::new();
        while let Some(Reverse((now, what))) = due.pop().filter(|Reverse((now, _))| *now < self.hours * 3_600_000) {
            let at = Mono::from_millis(now);
            match what {
                Some(agent) => {
                    let since = busy.remove(&agent).unwrap();
                    history.note_handled(now - since, at);
                }
                None => {
                    due.push(Reverse((now + exponential(&mut dice, 3_600_000.0 / self.calls_per_hour) as u64, None)));
                    line.retain(|(came, leaves, _)| {
                        if *leaves <= now {
                            history.note_wait(leaves - came, true, at);
                        }
                        *leaves > now
                    });
                    let forecast = history.handle_ms().and_then(|(handle_ms, calls_known)| {
                        let rest = |since: &u64| 1.0 / history.residual_ms(now - since).unwrap();
                        let next_free = busy.values().map(rest).sum();
                        let pace = ServicePace {
                            agents: self.agents as f64,
                            handle_ms,
                            calls_known,
                            gives_up: history.gives_up(),
                            next_free,
                            ring_ms: 0.0,
                        };
                        expected_wait(&pace, line.len(), self.agents - busy.len())
                    });
                    line.push_back((now, now + exponential(&mut dice, self.patience_ms) as u64, forecast));
                }
            }
            while busy.len() < self.agents
                && let Some((came, leaves, forecast)) = line.pop_front()
            {
                history.note_wait(leaves.min(now) - came, leaves <= now, at);
                if leaves <= now {
                    continue;
                }
                let length: f64 = (0..self.shape).map(|_| exponential(&mut dice, self.handle_ms / f64::from(self.shape))).sum();
                let agent = (0..self.agents).find(|agent| !busy.contains_key(agent)).unwrap();
                busy.insert(agent, now);
                due.push(Reverse((now + length as u64, Some(agent))));
                // The first hour is learnt from.
                pairs.extend(forecast.filter(|_| now > came && came > 3_600_000).map(|f| (f, (now - came) as i64)));
            }
        }
        pairs
    }
}

/// Waits of ten seconds or longer: the mean absolute percentage error; then of all the share within p50, within p90, and the bias as a
/// share of the mean wait.
fn judged(pairs: &[(ExpectedWait, i64)]) -> [f64; 4] {
    let share =
        |is: &dyn Fn(&(ExpectedWait, i64)) -> bool| pairs.iter().filter(|pair| is(pair)).count() as f64 / pairs.len() as f64;
    let long: Vec<_> = pairs.iter().filter(|(_, wait)| *wait >= 10_000).collect();
    let errors: f64 = long.iter().map(|(f, wait)| (f.mean_ms - wait).abs() as f64 / *wait as f64).sum();
    let (expected, waited) = pairs.iter().fold((0, 0), |(e, w), (f, wait)| (e + f.mean_ms, w + wait));
    [
        errors / long.len() as f64,
        share(&|(f, wait)| *wait <= f.p50_ms),
        share(&|(f, wait)| *wait <= f.p90_ms),
        (expected - waited) as f64 / waited as f64,
    ]
}

#[test]
fn forecasts_are_as_good_as_chance_allows() {
    let busy =
        Simulated { agents: 10, calls_per_hour: 220.0, handle_ms: 180_000.0, shape: 1, patience_ms: 400_000.0, hours: 80 };
    // More even calls, a larger team, a very small one.
    let even = Simulated { shape: 4, ..busy };
    let large = Simulated { agents: 60, calls_per_hour: 1_260.0, hours: 20, ..busy };
    let small = Simulated { agents: 2, calls_per_hour: 42.0, hours: 300, ..busy };
    // Only the answered are measured, and who would have waited longest has given up: the fewer agents, the more that shows as a bias.
    for (name, day, error_max, bias_max) in
        [("busy", busy, 0.75, 0.15), ("even", even, 0.6, 0.15), ("large", large, 0.35, 0.1), ("small", small, 1.6, 0.3)]
    {
        let pairs = day.run(5);
        let [error, within_50, within_90, bias] = judged(&pairs);
        println!("{name}: {} waits, MAPE {error:.2}, p50 {within_50:.2}, p90 {within_90:.2}, bias {bias:.2}", pairs.len());
        assert!(pairs.len() > 1_000, "{name}: {}", pairs.len());
        assert!(error < error_max, "{name}: {error}");
        assert!((0.40..0.62).contains(&within_50), "{name}: {within_50}");
        assert!((0.84..0.97).contains(&within_90), "{name}: {within_90}");
        assert!(bias.abs() < bias_max, "{name}: {bias}");
    }
}
