//! What the formulas of queueing say of a staffing: Erlang C (M/M/N, nobody hangs up) and Erlang A (M/M/N+M, callers lose patience).
//! Calls come at random at one rate, one line is served in order, and handling times and patience are exponential. Everything is
//! worked out by the recurrence of Erlang B, B(k) = A·B(k−1) / (k + A·B(k−1)) with B(0) = 1, whose numbers are chances and never
//! overflow as factorials do.
//!
//! Units: rates in calls an hour, times in seconds, load in Erlang, chances and shares 0 to 1.
//! Sources: Erlang (1917); Palm (1957) and Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A queue" (2007).

use std::ops::RangeInclusive;

/// Agents that the formulas are worked out for.
pub const AGENTS: RangeInclusive<u32> = 1..=10_000;
/// States of the line that are looked at, whatever the patience.
const STATES_MAX: u32 = 20_000_000;
/// A state less likely than this ends the sum, once states only become less likely.
const NEGLIGIBLE: f64 = 1e-18;

/// What comes in, and how long it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    calls_per_hour: f64,
    handle_secs: f64,
}

/// A service level: so much of all callers answered within so many seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Share of all callers, above 0 and below 1.
    pub share: f64,
    /// Seconds that one may wait.
    pub within_secs: f64,
}

/// What a formula expects of a staffing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Share of all callers who find no agent free.
    pub wait_probability: f64,
    /// Share of all callers who are answered within the goal's time.
    pub service_level: f64,
    /// Average speed of answer: mean wait of those who are answered, those who need not wait included, in seconds.
    pub asa_secs: f64,
    /// Share of all callers who hang up while they wait.
    pub abandoned: f64,
    /// Share of their time that agents handle calls.
    pub occupancy: f64,
}

/// Why a formula has no figures.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoFigures {
    /// Calls, handling time, patience or the time of the goal are not positive numbers.
    #[error("the formulas need positive numbers")]
    NotPositive,
    /// As many agents the formulas are not worked out for.
    #[error("the formulas are worked out for 1 to 10000 agents, not for {agents}")]
    Agents {
        /// How many were asked for.
        agents: u32,
    },
    /// As much work comes in as the agents can do, or more: nobody hangs up, and the line grows for ever.
    #[error("no steady state: {load:.2} Erlang for {agents} agents, and the line grows for ever")]
    NoSteadyState {
        /// Load in Erlang.
        load: f64,
        /// Agents.
        agents: u32,
    },
}

impl Traffic {
    /// So many calls an hour, each handled for so many seconds in the mean (talk, hold and wrap-up).
    pub fn new(calls_per_hour: f64, handle_secs: f64) -> Result<Self, NoFigures> {
        if is_positive(calls_per_hour) && is_positive(handle_secs) {
            Ok(Self { calls_per_hour, handle_secs })
        } else {
            Err(NoFigures::NotPositive)
        }
    }

    /// Load in Erlang: calls an hour · handling time / 3600.
    pub fn load(self) -> f64 {
        self.calls_per_hour * self.handle_secs / 3_600.0
    }
}

/// Erlang B, the chance that all agents are busy where nobody waits. `load` in Erlang.
pub fn erlang_b(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |blocked, agents| one_more(load, agents, blocked))
}

/// Erlang C: P(wait) = B / (1 − ρ(1 − B)) with ρ = A/N, service level = 1 − P(wait)·e^(−(N−A)·T/h), mean wait = P(wait)·h / (N−A).
pub fn erlang_c(traffic: Traffic, agents: u32, within_secs: f64) -> Result<Expected, NoFigures> {
    check(agents, within_secs)?;
    steady(traffic, agents, within_secs, erlang_b(traffic.load(), agents))
}

/// Erlang A with a mean patience in seconds. It has a steady state with any staffing: who cannot be served hangs up.
///
/// The chances of the line's states follow from the recurrence of Erlang B, with Nμ + jθ in place of Nμ behind j who wait. Who finds j
/// ahead waits for j+1 departures, a time S whose e^(−θS) is Beta(c, j+1) with c = Nμ/θ; so the chance to be answered within T is
/// c/(c+j+1) · I(1 − e^(−θT); j+1, c+1).
pub fn erlang_a(traffic: Traffic, patience_secs: f64, agents: u32, within_secs: f64) -> Result<Expected, NoFigures> {
    check(agents, within_secs)?;
    if !is_positive(patience_secs) {
        return Err(NoFigures::NotPositive);
    }
    let arrivals = traffic.calls_per_hour / 3_600.0;
    let impatience = 1.0 / patience_secs;
    let all_busy = f64::from(agents) / traffic.handle_secs;
    let c = all_busy / impatience;
    let x = -(-impatience * within_secs).exp_m1();

    // Of a line that has room for so many: the chance of its last place, and what it means for a caller who finds it taken.
    let mut last = erlang_b(traffic.load(), agents);
    // Logarithm, as it may be too small for a number: I(x; a, b) = 1 − the sum of these terms for 0 to a−1.
    let mut log_term = -(all_busy + impatience) * within_secs;
    let mut in_time = 1.0 - log_term.exp();
    let mut wait_secs = 1.0 / (all_busy + impatience);
    let served = |ahead: f64| c / (c + ahead + 1.0);

    let mut waits = last;
    let mut line = 0.0;
    let mut waits_in_time = last * served(0.0) * in_time;
    let mut served_wait = last * served(0.0) * wait_secs;
    for place in 1..STATES_MAX {
        let ahead = f64::from(place);
        let ratio = arrivals / (all_busy + ahead * impatience);
        last = ratio * last / (1.0 + ratio * last);
        log_term += (x * (ahead + c) / ahead).ln();
        in_time = (in_time - log_term.exp()).max(0.0);
        wait_secs += 1.0 / (all_busy + (ahead + 1.0) * impatience);
        let add = |sum: f64, here: f64| sum + last * (here - sum);
        waits = add(waits, 1.0);
        line = add(line, ahead);
        waits_in_time = add(waits_in_time, served(ahead) * in_time);
        served_wait = add(served_wait, served(ahead) * wait_secs);
        if last < NEGLIGIBLE && ratio < 1.0 {
            break;
        }
    }
    let abandoned = (impatience * line / arrivals).clamp(0.0, 1.0);
    Ok(Expected {
        wait_probability: waits,
        service_level: (1.0 - waits + waits_in_time).clamp(0.0, 1.0),
        asa_secs: if abandoned < 1.0 { served_wait / (1.0 - abandoned) } else { 0.0 },
        abandoned,
        occupancy: (traffic.load() * (1.0 - abandoned) / f64::from(agents)).min(1.0),
    })
}

/// The least number of agents with which the goal is reached; `None` when not even the most of [`AGENTS`] do. Without `patience_secs`
/// nobody hangs up (Erlang C).
pub fn agents_needed(traffic: Traffic, patience_secs: Option<f64>, goal: Goal) -> Option<u32> {
    let Some(patience_secs) = patience_secs else { return agents_needed_c(traffic, goal) };
    let reaches = |agents: u32| {
        erlang_a(traffic, patience_secs, agents, goal.within_secs).is_ok_and(|expected| expected.service_level >= goal.share)
    };
    // More agents never make it worse: halve what is left between one that fails and one that does.
    let (mut fails, mut reached) = (AGENTS.start() - 1, *AGENTS.end());
    if !reaches(reached) {
        return None;
    }
    while reached - fails > 1 {
        let middle = fails + (reached - fails) / 2;
        if reaches(middle) {
            reached = middle;
        } else {
            fails = middle;
        }
    }
    Some(reached)
}

fn agents_needed_c(traffic: Traffic, goal: Goal) -> Option<u32> {
    let mut blocked = 1.0;
    for agents in AGENTS {
        blocked = one_more(traffic.load(), agents, blocked);
        let expected = check(agents, goal.within_secs).and_then(|()| steady(traffic, agents, goal.within_secs, blocked));
        if expected.is_ok_and(|expected| expected.service_level >= goal.share) {
            return Some(agents);
        }
    }
    None
}

/// B(k) from B(k−1).
fn one_more(load: f64, agents: u32, blocked: f64) -> f64 {
    load * blocked / (f64::from(agents) + load * blocked)
}

fn steady(traffic: Traffic, agents: u32, within_secs: f64, blocked: f64) -> Result<Expected, NoFigures> {
    let load = traffic.load();
    let spare = f64::from(agents) - load;
    if spare <= 0.0 {
        return Err(NoFigures::NoSteadyState { load, agents });
    }
    let occupancy = load / f64::from(agents);
    let wait_probability = blocked / (1.0 - occupancy * (1.0 - blocked));
    Ok(Expected {
        wait_probability,
        service_level: 1.0 - wait_probability * (-spare * within_secs / traffic.handle_secs).exp(),
        asa_secs: wait_probability * traffic.handle_secs / spare,
        abandoned: 0.0,
        occupancy,
    })
}

fn check(agents: u32, within_secs: f64) -> Result<(), NoFigures> {
    if !AGENTS.contains(&agents) {
        return Err(NoFigures::Agents { agents });
    }
    if within_secs.is_finite() && within_secs >= 0.0 { Ok(()) } else { Err(NoFigures::NotPositive) }
}

fn is_positive(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn traffic(calls_per_hour: f64, handle_secs: f64) -> Traffic {
        Traffic::new(calls_per_hour, handle_secs).unwrap()
    }

    /// As printed with so many places.
    fn is(found: f64, printed: f64, places: i32) -> bool {
        (found - printed).abs() <= 0.5 * 10_f64.powi(-places) + 1e-12
    }

    #[test]
    fn erlang_c_gives_the_known_figures() {
        for (calls, handle, agents, wait, level, asa, occupancy) in [
            (200.0, 180.0, 14, 0.1741, 0.8884, 7.84, Some(0.7143)),
            (200.0, 180.0, 12, 0.4494, 0.6402, 40.44, Some(0.8333)),
            (360.0, 240.0, 30, 0.1729, 0.8952, 6.91, None),
            (40.0, 300.0, 6, 0.1482, 0.8759, 16.67, None),
        ] {
            let found = erlang_c(traffic(calls, handle), agents, 20.0).unwrap();
            assert!(is(found.wait_probability, wait, 4), "{found:?}");
            assert!(is(found.service_level, level, 4), "{found:?}");
            assert!(is(found.asa_secs, asa, 2), "{found:?}");
            assert!(occupancy.is_none_or(|occupancy| is(found.occupancy, occupancy, 4)), "{found:?}");
            assert_eq!(found.abandoned, 0.0);
        }
        assert!(is(traffic(200.0, 180.0).load(), 10.0, 9));
    }

    #[test]
    fn the_least_number_of_agents_is_the_known_one() {
        let loads = [(200.0, 180.0), (100.0, 240.0), (400.0, 300.0), (1_200.0, 300.0)];
        for (goal, known) in [
            (Goal { share: 0.80, within_secs: 20.0 }, [14, 10, 39, 108]),
            (Goal { share: 0.95, within_secs: 180.0 }, [13, 10, 37, 105]),
        ] {
            let found = loads.map(|(calls, handle)| agents_needed(traffic(calls, handle), None, goal));
            assert_eq!(found, known.map(Some));
        }
    }

    #[test]
    fn erlang_a_gives_the_known_figures() {
        for (calls, handle, patience, agents, wait, abandoned, level, occupancy) in [
            (200.0, 180.0, 60.0, 10, 0.4234, 0.1575, 0.718, 0.8425),
            (200.0, 180.0, 60.0, 12, 0.2404, 0.0759, 0.860, 0.7701),
            (360.0, 240.0, 120.0, 24, 0.4469, 0.0949, 0.720, 0.9051),
        ] {
            let found = erlang_a(traffic(calls, handle), patience, agents, 20.0).unwrap();
            assert!(is(found.wait_probability, wait, 4), "{found:?}");
            assert!(is(found.abandoned, abandoned, 4), "{found:?}");
            // The known figure is rounded twice.
            assert!((found.service_level - level).abs() < 0.001, "{found:?}");
            assert!(is(found.occupancy, occupancy, 4), "{found:?}");
        }
    }

    #[test]
    fn with_endless_patience_erlang_a_is_erlang_c() {
        let (traffic, agents) = (traffic(200.0, 180.0), 12);
        let (a, c) = (erlang_a(traffic, 1e7, agents, 20.0).unwrap(), erlang_c(traffic, agents, 20.0).unwrap());
        assert!((a.wait_probability - c.wait_probability).abs() < 1e-4, "{a:?} {c:?}");
        assert!((a.service_level - c.service_level).abs() < 1e-4, "{a:?} {c:?}");
        assert!((a.asa_secs - c.asa_secs).abs() < 0.01, "{a:?} {c:?}");
    }

    #[test]
    fn more_work_than_agents_has_no_steady_state_unless_callers_hang_up() {
        for agents in [9, 10] {
            let found = erlang_c(traffic(200.0, 180.0), agents, 20.0).unwrap_err();
            assert_eq!(found, NoFigures::NoSteadyState { load: 10.0, agents });
        }
        assert_eq!(
            NoFigures::NoSteadyState { load: 10.0, agents: 9 }.to_string(),
            "no steady state: 10.00 Erlang for 9 agents, and the line grows for ever"
        );
        assert!(erlang_a(traffic(200.0, 180.0), 60.0, 9, 20.0).is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (calls, handle) in [(0.0, 180.0), (-1.0, 180.0), (f64::NAN, 180.0), (200.0, 0.0), (200.0, f64::INFINITY)] {
            assert_eq!(Traffic::new(calls, handle), Err(NoFigures::NotPositive));
        }
        let traffic = traffic(200.0, 180.0);
        assert_eq!(erlang_c(traffic, 0, 20.0), Err(NoFigures::Agents { agents: 0 }));
        assert_eq!(erlang_a(traffic, 60.0, 10_001, 20.0), Err(NoFigures::Agents { agents: 10_001 }));
        assert_eq!(erlang_a(traffic, 0.0, 12, 20.0), Err(NoFigures::NotPositive));
        assert_eq!(erlang_c(traffic, 12, f64::NAN), Err(NoFigures::NotPositive));
    }

    #[test]
    fn the_largest_centre_has_figures_too() {
        let traffic = traffic(3_600.0 * 55.0, 180.0);
        for found in [erlang_c(traffic, 10_000, 20.0).unwrap(), erlang_a(traffic, 3_600.0, 10_000, 20.0).unwrap()] {
            assert!((found.occupancy - 0.99).abs() < 0.001 && found.service_level > 0.99, "{found:?}");
        }
        // Twice the work of all agents together: half of the callers hang up.
        let found = erlang_a(Traffic::new(400_000.0, 180.0).unwrap(), 600.0, 10_000, 20.0).unwrap();
        assert!(is(found.abandoned, 0.5, 6) && is(found.occupancy, 1.0, 6), "{found:?}");
        assert!(found.service_level < 1e-9, "{found:?}");
    }

    proptest! {
        #[test]
        fn more_agents_never_make_it_worse(
            load in 0.1_f64..200.0, handle in 10.0_f64..1_000.0, patience in 5.0_f64..3_600.0, within in 0.0_f64..300.0,
            agents in 1_u32..250,
        ) {
            let traffic = traffic(load * 3_600.0 / handle, handle);
            let (few, more) = (erlang_a(traffic, patience, agents, within), erlang_a(traffic, patience, agents + 1, within));
            let (few, more) = (few.unwrap(), more.unwrap());
            prop_assert!(more.wait_probability <= few.wait_probability + 1e-9, "{few:?} {more:?}");
            prop_assert!(more.service_level >= few.service_level - 1e-9, "{few:?} {more:?}");
            prop_assert!(more.abandoned <= few.abandoned + 1e-9, "{few:?} {more:?}");
            prop_assert!(more.occupancy <= few.occupancy + 1e-9, "{few:?} {more:?}");
            if let (Ok(few), Ok(more)) = (erlang_c(traffic, agents, within), erlang_c(traffic, agents + 1, within)) {
                prop_assert!(more.wait_probability <= few.wait_probability + 1e-12, "{few:?} {more:?}");
                prop_assert!(more.service_level >= few.service_level - 1e-12, "{few:?} {more:?}");
                prop_assert!(more.asa_secs <= few.asa_secs + 1e-9, "{few:?} {more:?}");
            }
        }

        #[test]
        fn chances_are_chances_and_patience_only_helps_those_who_have_it(
            load in 0.01_f64..300.0, handle in 1.0_f64..3_600.0, patience in 1.0_f64..3_600.0, within in 0.0_f64..300.0,
            agents in 1_u32..350,
        ) {
            let traffic = traffic(load * 3_600.0 / handle, handle);
            let a = erlang_a(traffic, patience, agents, within).unwrap();
            for chance in [a.wait_probability, a.service_level, a.abandoned, a.occupancy] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&chance), "{a:?}");
            }
            // Work that comes in is done or given up: A(1 − abandoned) = N · occupancy.
            prop_assert!((load * (1.0 - a.abandoned) - f64::from(agents) * a.occupancy).abs() < 1e-6 * load.max(1.0), "{a:?}");
            // Who hangs up makes room for the others.
            if let Ok(c) = erlang_c(traffic, agents, within) {
                prop_assert!(a.wait_probability <= c.wait_probability + 1e-9, "{a:?} {c:?}");
            }
        }

        #[test]
        fn one_agent_less_than_needed_does_not_reach_the_goal(
            load in 0.1_f64..300.0, handle in 10.0_f64..1_000.0, share in 0.05_f64..0.99, within in 0.0_f64..300.0,
            patience in prop::option::of(5.0_f64..1_000.0),
        ) {
            let (traffic, goal) = (traffic(load * 3_600.0 / handle, handle), Goal { share, within_secs: within });
            let needed = agents_needed(traffic, patience, goal).unwrap();
            let reaches = |agents| match patience {
                Some(patience) => erlang_a(traffic, patience, agents, within),
                None => erlang_c(traffic, agents, within),
            }.is_ok_and(|expected| expected.service_level >= share);
            prop_assert!(reaches(needed));
            prop_assert!(needed == 1 || !reaches(needed - 1));
        }
    }
}
