//! A recorded time as the world of a replay: who comes, how long who talks, who is there when.

use std::collections::BTreeMap;

use super::Figures;
use crate::{
    store::recorded::{Outcome, Recorded, Span, Visit},
    types::{AgentId, CallId, QueueId, Rng, Timestamp},
};

/// How a telephone rings when nothing is recorded of it.
const RING_MS: u64 = 2_000;
/// How long a call lasts when none was answered.
const TALK_MS: u64 = 180_000;

/// A caller of that time.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Milliseconds from the beginning.
    pub at_ms: u64,
    /// Where to.
    pub queue: QueueId,
    /// After which wait the caller is gone; `None` for never.
    pub patience_ms: Option<u64>,
    /// Whether that is leaving otherwise than by hanging up.
    pub leaves: bool,
    /// Talk and hold.
    pub talk_ms: u64,
    /// Wrap-up of whoever takes the call.
    pub wrap_up_ms: u64,
}

/// What an agent is for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// There for calls.
    There,
    /// On a pause, or on a call of no queue.
    Away,
    /// Signed out.
    Off,
}

/// A recorded time.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// In milliseconds.
    pub length_ms: u64,
    /// In order.
    pub callers: Vec<Caller>,
    /// Of each agent the changes, in order, by milliseconds from the beginning.
    pub shifts: BTreeMap<AgentId, Vec<(u64, Shift)>>,
    /// How long a telephone rings before it is answered.
    pub ring_ms: u64,
    /// What was recorded.
    pub figures: Figures,
}

impl Day {
    /// Of a record; patience and missing talks are drawn by the seed.
    pub fn of(recorded: &Recorded, from: Timestamp, to: Timestamp, goals: &BTreeMap<QueueId, u64>, seed: u64) -> Self {
        let since = |at: Timestamp| u64::try_from(at.max(from).min(to).millis_since(from)).unwrap_or(0);
        let answered: BTreeMap<CallId, &Visit> = recorded
            .visits
            .iter()
            .filter(|visit| visit.outcome == Outcome::Answered)
            .map(|visit| (visit.call, visit))
            .collect();
        let length = |span: &Span| since(span.to.unwrap_or(to)).saturating_sub(since(span.from));
        let mut wrap_ups: BTreeMap<(CallId, &AgentId), u64> = BTreeMap::new();
        let (mut rang, mut rings) = (0, 0);
        let mut figures = Figures::default();
        let mut shifts: BTreeMap<AgentId, Vec<(u64, Shift)>> = BTreeMap::new();
        let mut ended: BTreeMap<&AgentId, Timestamp> = BTreeMap::new();
        for span in &recorded.spans {
            let is_of_queue = span.call.is_some_and(|call| answered.contains_key(&call));
            let shift = match span.state.as_str() {
                "ready" | "offered" => Shift::There,
                "busy" | "wrapping_up" if is_of_queue => Shift::There,
                "offline" => Shift::Off,
                _ => Shift::Away,
            };
            match span.state.as_str() {
                "offered" => (rang, rings) = (rang + length(span), rings + 1),
                "wrapping_up" => {
                    if let Some(call) = span.call {
                        *wrap_ups.entry((call, &span.agent)).or_default() += length(span);
                    }
                }
                _ => {}
            }
            if shift == Shift::There {
                *(if span.state == "ready" { &mut figures.ready_ms } else { &mut figures.work_ms }) += length(span);
            }
            let changes = shifts.entry(span.agent.clone()).or_default();
            // Between spans the agent was signed out.
            if let Some(end) = ended.insert(&span.agent, span.to.unwrap_or(to)).filter(|end| *end < span.from) {
                changes.push((since(end), Shift::Off));
            }
            if changes.last().is_none_or(|(_, last)| *last != shift) {
                changes.push((since(span.from), shift));
            }
        }
        for (agent, end) in ended.into_iter().filter(|(_, end)| *end < to) {
            shifts.entry(agent.clone()).or_default().push((since(end), Shift::Off));
        }
        let handled = |visit: &Visit| {
            let wrap_up = visit.agent.as_ref().and_then(|agent| wrap_ups.get(&(visit.call, agent)));
            (visit.talk_ms, wrap_up.copied().unwrap_or(0))
        };
        let mut talks: BTreeMap<&QueueId, Vec<(u64, u64)>> = BTreeMap::new();
        let mut patience: BTreeMap<&QueueId, (u64, u64)> = BTreeMap::new();
        for visit in &recorded.visits {
            let queue = figures.queues.entry(visit.queue.clone()).or_default();
            let goal_ms = goals.get(&visit.queue).copied().unwrap_or(0);
            let (waited, abandons) = patience.entry(&visit.queue).or_default();
            *waited += visit.wait_ms;
            match visit.outcome {
                Outcome::Answered => {
                    queue.answer(visit.wait_ms, goal_ms);
                    talks.entry(&visit.queue).or_default().push(handled(visit));
                }
                Outcome::Abandoned => {
                    *abandons += 1;
                    queue.abandoned += 1;
                }
                Outcome::Left => queue.left += 1,
            }
            queue.offered += 1;
        }
        let mut dice = Rng::seeded(seed);
        let callers = recorded.visits.iter().map(|visit| {
            let (waited, abandons) = patience.get(&visit.queue).copied().unwrap_or_default();
            // Drawn for everybody, so that each caller has the same chance whatever befell the others.
            let (drawn, lot) = (exponential(&mut dice), dice.next_u64());
            let mean = waited.checked_div(abandons);
            let (talk_ms, wrap_up_ms) = match visit.outcome {
                Outcome::Answered => handled(visit),
                Outcome::Abandoned | Outcome::Left => some_of(talks.get(&visit.queue), lot),
            };
            let patience_ms = match visit.outcome {
                Outcome::Answered => mean.map(|mean| visit.wait_ms + (drawn * mean as f64) as u64),
                Outcome::Abandoned | Outcome::Left => Some(visit.wait_ms),
            };
            let leaves = visit.outcome == Outcome::Left;
            Caller { at_ms: since(visit.at), queue: visit.queue.clone(), patience_ms, leaves, talk_ms, wrap_up_ms }
        });
        let callers = callers.collect();
        let ring_ms = u64::checked_div(rang, rings).unwrap_or(RING_MS);
        Self { length_ms: since(to), callers, shifts, ring_ms, figures: figures.settled() }
    }
}

fn some_of(talks: Option<&Vec<(u64, u64)>>, lot: u64) -> (u64, u64) {
    let Some(talks) = talks.filter(|talks| !talks.is_empty()) else { return (TALK_MS, 0) };
    let index = usize::try_from(lot % talks.len() as u64).unwrap_or(0);
    talks.get(index).copied().unwrap_or((TALK_MS, 0))
}

/// An exponential number of mean 1, by inversion of 53 even bits.
fn exponential(rng: &mut Rng) -> f64 {
    let even = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    -(-even).ln_1p()
}
