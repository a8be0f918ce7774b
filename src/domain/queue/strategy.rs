//! The rules by which one of several eligible agents is chosen. Each is a total order: no two agents are ever equal.

use std::cmp::Ordering;

use super::{FreeAgent, Reach, Taken, WorkRecord};
use crate::{
    domain::directory::{BetweenEquals, Queue, Strategy},
    types::{AgentId, Mono, QueueId},
};

/// The weight of an agent whom a lot does not name.
const WEIGHT_USUAL: i64 = 10;

/// An eligible agent and what the rule compares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked<'a> {
    pub(super) free: &'a FreeAgent<'a>,
    /// As it is shown.
    pub(super) score: i64,
    /// Since when the agent is idle, as the queue counts that.
    pub(super) idle_since: Mono,
    /// Smaller is better; equal ones by idle time, then by key.
    key: i64,
}

/// The eligible agents, best first. `last` is whom the queue's last call was offered to, `taken` who has had its calls of late; `draw` gives an even number below its argument
/// and is asked only by [`Strategy::Random`].
pub(super) fn rank<'a>(
    queue: &Queue,
    eligible: impl Iterator<Item = &'a FreeAgent<'a>>,
    (last, taken): (Option<&AgentId>, &Taken),
    draw: &mut dyn FnMut(u64) -> u64,
    now: Mono,
) -> Vec<Ranked<'a>> {
    let (strategy, rules) = (&queue.routing.strategy, &queue.routing.idle);
    let queue = &queue.id;
    let mut ranked: Vec<Ranked<'a>> = eligible
        .map(|free| {
            let idle_since = free.idle_since_in(queue, rules);
            let score = score(strategy, queue, free, taken, now.millis_since(idle_since));
            Ranked { free, score, idle_since, key: if is_more_better(strategy) { score.saturating_neg() } else { score } }
        })
        .collect();
    match strategy {
        Strategy::LongestIdle
        | Strategy::LeastOccupied
        | Strategy::FewestCalls
        | Strategy::LeastTalk
        | Strategy::Percent { .. } => {
            ranked.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| by_idle(a, b)));
        }
        Strategy::BestFit { then, .. } => {
            let rank = |one: &Ranked<'_>| {
                let reach = reach_of(one.free, queue);
                (reach.step, one.key, reach.other_skills, between_equals(*then, &one.free.record))
            };
            ranked.sort_unstable_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| by_idle(a, b)));
        }
        Strategy::RoundRobin => {
            let is_before = |one: &Ranked<'_>| last.is_some_and(|last| one.free.agent <= last);
            ranked.sort_unstable_by(|a, b| is_before(a).cmp(&is_before(b)).then(a.free.agent.cmp(b.free.agent)));
            for (place, one) in (1..).zip(&mut ranked) {
                one.score = place;
            }
        }
        Strategy::Linear { .. } => ranked.sort_unstable_by(|a, b| a.key.cmp(&b.key).then(a.free.agent.cmp(b.free.agent))),
        Strategy::Random { .. } => {
            ranked.sort_unstable_by(|a, b| a.free.agent.cmp(b.free.agent));
            draw_first(&mut ranked, draw);
        }
    }
    ranked
}

/// What the rule compares of an agent; the place of [`Strategy::RoundRobin`] is known only among the others.
fn score(strategy: &Strategy, queue: &QueueId, free: &FreeAgent<'_>, taken: &Taken, idle_ms: u64) -> i64 {
    match strategy {
        Strategy::LongestIdle => whole(idle_ms),
        Strategy::LeastOccupied => occupied(&free.record),
        Strategy::FewestCalls => whole(free.record.answered_thousandths),
        Strategy::LeastTalk => whole(free.record.on_calls_ms),
        Strategy::RoundRobin => 0,
        Strategy::Linear { order } => {
            let place = order.iter().position(|agent| agent == free.agent).unwrap_or(order.len());
            i64::try_from(place + 1).unwrap_or(i64::MAX)
        }
        Strategy::Random { weights } => weights.get(free.agent).copied().unwrap_or(WEIGHT_USUAL).max(0),
        Strategy::BestFit { .. } => reach_of(free, queue).fit,
        // Who has no share comes behind all who have.
        Strategy::Percent { shares } if !shares.contains_key(free.agent) => -1_000_000,
        Strategy::Percent { shares } => taken.owed(free.agent, shares),
    }
}

fn is_more_better(strategy: &Strategy) -> bool {
    match strategy {
        Strategy::LongestIdle | Strategy::BestFit { .. } | Strategy::Percent { .. } => true,
        Strategy::LeastOccupied
        | Strategy::FewestCalls
        | Strategy::LeastTalk
        | Strategy::RoundRobin
        | Strategy::Linear { .. }
        | Strategy::Random { .. } => false,
    }
}

fn by_idle(a: &Ranked<'_>, b: &Ranked<'_>) -> Ordering {
    (a.idle_since, a.free.agent).cmp(&(b.idle_since, b.free.agent))
}

/// Smaller is better.
fn between_equals(rule: BetweenEquals, record: &WorkRecord) -> i64 {
    match rule {
        BetweenEquals::LongestIdle => 0,
        BetweenEquals::LeastOccupied => occupied(record),
        BetweenEquals::FewestCalls => whole(record.answered_thousandths),
        BetweenEquals::LeastTalk => whole(record.on_calls_ms),
    }
}

/// The share of the time occupied, in hundredths of a percent.
fn occupied(record: &WorkRecord) -> i64 {
    whole(record.occupied_ms.saturating_mul(10_000).checked_div(record.routable_ms).unwrap_or(0))
}

/// Moves the agent whom the lot falls on to the front. Where nobody has any weight, the first by key.
fn draw_first(ranked: &mut [Ranked<'_>], draw: &mut dyn FnMut(u64) -> u64) {
    let weight = |one: &Ranked<'_>| u64::try_from(one.score).unwrap_or(0);
    let total: u64 = ranked.iter().map(weight).sum();
    let mut lot = if total > 0 { draw(total) } else { 0 };
    let chosen = ranked.iter().position(|one| {
        let is_it = lot < weight(one);
        lot = lot.saturating_sub(weight(one));
        is_it
    });
    if let Some(front) = chosen.and_then(|chosen| ranked.get_mut(..=chosen)) {
        front.rotate_right(1);
    }
}

/// The worst there is for an agent who never serves the queue, whom nobody asks about.
fn reach_of(free: &FreeAgent<'_>, queue: &QueueId) -> Reach {
    free.reaches.get(queue).copied().unwrap_or(Reach { step: usize::MAX, fit: 0, other_skills: i64::MAX })
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
