//! The one matcher: which waiting call goes to which free agent. Queues by priority, then callers by place; among the agents
//! with the skills the one who has been idle longest, then by key. The same calls and agents always give the same answer.

use std::cmp::Reverse;

use super::{Considered, Place, QueueLine, Standing, Waiting};
use crate::types::{AgentId, CallId, Mono, QueueId};

/// Agents listed in one explanation.
const CONSIDERED_MAX: usize = 50;

/// An agent who could take a call now.
#[derive(Debug, Clone)]
pub struct FreeAgent {
    /// Who.
    pub agent: AgentId,
    /// Since when the agent is ready without a break.
    pub idle_since: Mono,
}

/// A call and the agent who gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// From which queue.
    pub queue: QueueId,
    /// Which call.
    pub call: CallId,
    /// Who.
    pub agent: AgentId,
    /// Whom the choice was among, and why others did not get it.
    pub considered: Vec<Considered>,
}

/// The next call to offer and its agent; `None` when no waiting call can be served by a free agent. `lines` are the queues that
/// serve now with their priority; `can_serve` tells whether an agent has the skills.
pub fn pick<'a>(
    lines: impl Iterator<Item = (&'a QueueId, i64, &'a QueueLine)>,
    free: &[FreeAgent],
    can_serve: impl Fn(&AgentId, &QueueId) -> bool,
    now: Mono,
) -> Option<Pick> {
    if free.is_empty() {
        return None;
    }
    let mut callers: Vec<(Reverse<i64>, &Place, &Waiting, &QueueId)> = lines
        .filter(|(queue, _, _)| free.iter().any(|f| can_serve(&f.agent, queue)))
        .flat_map(|(queue, priority, line)| line.iter().map(move |(place, w)| (Reverse(priority), place, w, queue)))
        .filter(|(_, _, waiting, _)| !waiting.is_offered && !waiting.is_dead)
        .collect();
    callers.sort_unstable_by_key(|(priority, place, _, _)| (*priority, **place));
    callers.into_iter().find_map(|(_, _, waiting, queue)| {
        let standing = |f: &FreeAgent| {
            if !can_serve(&f.agent, queue) {
                Standing::LacksSkill
            } else if waiting.excludes(&f.agent, now) {
                Standing::MissedItBefore
            } else {
                Standing::Eligible { idle_ms: now.millis_since(f.idle_since) }
            }
        };
        let chosen = free
            .iter()
            .filter(|f| matches!(standing(f), Standing::Eligible { .. }))
            .min_by_key(|f| (f.idle_since, &f.agent))?;
        let considered =
            free.iter().take(CONSIDERED_MAX).map(|f| Considered { agent: f.agent.clone(), standing: standing(f) }).collect();
        Some(Pick { queue: queue.clone(), call: waiting.call, agent: chosen.agent.clone(), considered })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::types::{Rng, Timestamp};

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    fn waiting(call: CallId) -> Waiting {
        Waiting { call, announced: None, is_offered: false, is_dead: false, excluded: BTreeMap::new() }
    }

    fn agent(key: &str, idle_since: u64) -> FreeAgent {
        FreeAgent { agent: id(key), idle_since: at(idle_since) }
    }

    #[test]
    fn the_agent_idle_longest_among_the_skilled_gets_the_first_in_line() {
        let mut rng = Rng::seeded(1);
        let queue: QueueId = id("support");
        let calls: Vec<CallId> = (0..2).map(|n| CallId::mint(Timestamp::from_millis(n), &mut rng)).collect();
        let mut line = QueueLine::default();
        line.join(waiting(calls[1]), false, at(1));
        line.join(waiting(calls[0]), false, at(2));
        let free = [agent("ana", 30), agent("bea", 10), agent("carl", 5)];
        let picked = pick([(&queue, 0, &line)].into_iter(), &free, |agent, _| agent.as_str() != "carl", at(60)).unwrap();
        assert_eq!((picked.call, picked.agent.as_str()), (calls[1], "bea"));
        assert_eq!(picked.considered[2].standing, Standing::LacksSkill);
        assert_eq!(picked.considered[0].standing, Standing::Eligible { idle_ms: 30_000 });
    }

    #[test]
    fn a_queue_of_higher_priority_goes_first_and_an_unservable_call_blocks_nobody() {
        let mut rng = Rng::seeded(2);
        let (low, high): (QueueId, QueueId) = (id("low"), id("high"));
        let mut lines = [QueueLine::default(), QueueLine::default()];
        let old = CallId::mint(Timestamp::from_millis(1), &mut rng);
        let new = CallId::mint(Timestamp::from_millis(2), &mut rng);
        lines[0].join(waiting(old), false, at(1));
        lines[1].join(waiting(new), false, at(50));
        let both = || [(&low, 0, &lines[0]), (&high, 5, &lines[1])].into_iter();
        let free = [agent("ana", 1)];
        assert_eq!(pick(both(), &free, |_, _| true, at(60)).unwrap().call, new);
        assert_eq!(pick(both(), &free, |_, queue| queue.as_str() == "low", at(60)).unwrap().call, old);
    }

    #[test]
    fn who_missed_a_call_is_passed_over_for_it_only_and_only_for_a_while() {
        let mut rng = Rng::seeded(3);
        let queue: QueueId = id("support");
        let call = CallId::mint(Timestamp::from_millis(1), &mut rng);
        let mut line = QueueLine::default();
        line.join(waiting(call), false, at(1));
        line.get_mut(call).unwrap().excluded.insert(id("ana"), at(20));
        let free = [agent("ana", 1)];
        assert_eq!(pick([(&queue, 0, &line)].into_iter(), &free, |_, _| true, at(19)), None);
        assert!(pick([(&queue, 0, &line)].into_iter(), &free, |_, _| true, at(20)).is_some());
    }

    #[test]
    fn a_call_put_back_at_the_head_is_first_in_line() {
        let mut rng = Rng::seeded(4);
        let mut line = QueueLine::default();
        let calls: Vec<CallId> = (0..3).map(|n| CallId::mint(Timestamp::from_millis(n), &mut rng)).collect();
        line.join(waiting(calls[0]), false, at(1));
        line.join(waiting(calls[1]), false, at(2));
        line.join(waiting(calls[2]), true, at(3));
        assert_eq!(calls.iter().map(|c| line.position(*c)).collect::<Vec<_>>(), [Some(2), Some(3), Some(1)]);
        line.leave(calls[2]);
        assert_eq!(line.position(calls[1]), Some(2));
    }
}
