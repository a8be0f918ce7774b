//! The one matcher: which waiting call goes to which free agent. Calls by promotion, then by their queue's priority, then by place,
//! over all queues at once; agents by the queue's rule. The same calls, agents and draws always give the same answer.
//!
//! The lines are in order already, so they are merged from their heads rather than sorted: a decision looks at the callers before the
//! one that it takes, and at no others.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map},
};

use super::{
    Kept, Meant, Place, QueueLine, Reach, Teams, Waiting,
    strategy::{Ranked, rank},
};
use crate::{
    domain::directory::Queue,
    types::{
        AgentId, CANDIDATES_MAX, CallId, IdleRules, IdleTimes, Mono, NotFree, NotFreeAgents, QueueId, RoutingCandidate,
        RoutingDecision, Standing,
    },
};

/// A queue that serves now, with its line.
#[derive(Debug, Clone, Copy)]
pub struct OpenQueue<'a> {
    /// What was set up.
    pub queue: &'a Queue,
    /// Who waits.
    pub line: &'a QueueLine,
    /// The earliest step at which somebody who is signed in comes into question.
    pub least_step: usize,
    /// Whom its last call was offered to.
    pub last_offered: Option<&'a AgentId>,
    /// Who is of whose team.
    pub teams: &'a Teams,
}

/// An agent who could take a call now.
#[derive(Debug, Clone, Copy)]
pub struct FreeAgent<'a> {
    /// Who.
    pub agent: &'a AgentId,
    /// Since when the agent is ready without a break.
    pub idle_since: Mono,
    /// The same by what began it anew, for queues that count otherwise.
    pub idle: Option<&'a IdleTimes>,
    /// What the agent has done of late.
    pub record: WorkRecord,
    /// The queues that the agent can serve.
    pub reaches: &'a BTreeMap<QueueId, Reach>,
    /// Whether the agent works on an item beside calls, which not every queue may interrupt.
    pub works_on_item: bool,
}

impl FreeAgent<'_> {
    /// Since when the agent is idle, as a queue counts that. Whoever works on an item is not.
    pub(super) fn idle_since_in(&self, queue: &QueueId, rules: &IdleRules) -> Mono {
        let of_queue = self.idle.filter(|_| !self.works_on_item && *rules != IdleRules::default());
        of_queue.map_or(self.idle_since, |idle| idle.since(queue, rules))
    }

    /// Whether calls of a queue have to leave the agent to an item.
    fn is_left_alone_by(&self, queue: &Queue) -> bool {
        self.works_on_item && !queue.work.interrupts
    }
}

/// What an agent has done of late; what is an hour old counts half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkRecord {
    /// Thousandths of calls answered.
    pub answered_thousandths: u64,
    /// Milliseconds on calls.
    pub on_calls_ms: u64,
    /// Milliseconds on calls and in wrap-up.
    pub occupied_ms: u64,
    /// Those and the milliseconds ready.
    pub routable_ms: u64,
}

/// A call and the agent who gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Which call.
    pub call: CallId,
    /// Who gets it, and why.
    pub decision: RoutingDecision,
}

/// All that a decision depends on, but for the lots.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The queues that may have one more conversation.
    pub open: &'a [OpenQueue<'a>],
    /// The queues of calls that ring and may ring at one more agent.
    pub ringing: &'a [OpenQueue<'a>],
    /// Who could take a call.
    pub free: &'a [FreeAgent<'a>],
    /// The calls that may ring at one more agent, and at how many they ring.
    pub may_ring_at_more: &'a BTreeMap<CallId, i64>,
    /// The time.
    pub now: Mono,
}

impl Choice<'_> {
    /// The next call to offer and its agent: whoever rings nowhere yet comes first. `None` when no call can be served. `draw` gives an
    /// even number below its argument.
    pub fn decide(&self, draw: &mut dyn FnMut(u64) -> u64) -> Option<Pick> {
        let first = pick(self.open, self.free, draw, self.now);
        first.or_else(|| pick_beside(self.ringing, self.free, self.may_ring_at_more, draw, self.now))
    }

    /// When a call that finds nobody now may find one of these agents, because a step of its queue has come.
    pub fn next_step(&self) -> Option<Mono> {
        let steps = [self.open, self.ringing].map(|queues| next_step(queues, self.free, self.now));
        steps.into_iter().flatten().min()
    }
}

/// The next call to offer and its agent; `None` when no waiting call can be served by a free agent. `draw` gives an even number below
/// its argument.
pub fn pick(queues: &[OpenQueue<'_>], free: &[FreeAgent<'_>], draw: &mut dyn FnMut(u64) -> u64, now: Mono) -> Option<Pick> {
    pick_among(queues, free, &|waiting| !waiting.is_offered, draw, now)
}

/// The same for a call that rings already and may ring at one more agent.
pub fn pick_beside(
    queues: &[OpenQueue<'_>],
    free: &[FreeAgent<'_>],
    may_ring_at_more: &BTreeMap<CallId, i64>,
    draw: &mut dyn FnMut(u64) -> u64,
    now: Mono,
) -> Option<Pick> {
    let mut picked = pick_among(queues, free, &|waiting| may_ring_at_more.contains_key(&waiting.call), draw, now)?;
    picked.decision.rings_beside = may_ring_at_more.get(&picked.call).copied().unwrap_or(0);
    Some(picked)
}

/// The same for those in line whom `is_wanted` names, whether they ring or not.
pub fn pick_among(
    queues: &[OpenQueue<'_>],
    free: &[FreeAgent<'_>],
    is_wanted: &dyn Fn(&Waiting) -> bool,
    draw: &mut dyn FnMut(u64) -> u64,
    now: Mono,
) -> Option<Pick> {
    let desks: Vec<Desk<'_>> = queues.iter().filter_map(|open| Desk::of(*open, free, now)).collect();
    let mut merged: BinaryHeap<Reverse<Head<'_>>> =
        desks.iter().flat_map(Source::of).filter_map(Source::into_head).map(Reverse).collect();
    let mut passed_by = 0;
    while let Some(Reverse(head)) = merged.pop() {
        let Head { place, waiting, source, .. } = head;
        let (desk, is_promoted) = (source.desk, source.is_promoted);
        if is_wanted(waiting) && !waiting.is_dead {
            let caller = Caller { desk, waiting, step: step_of(&desk.open, place.since(), now) };
            let ranked = caller.rank(draw, now);
            if let Some(best) = ranked.first() {
                let Queue { id, priority, routing, .. } = desk.open.queue;
                let decision = RoutingDecision {
                    queue: id.clone(),
                    agent: best.free.agent.clone(),
                    strategy: routing.strategy.name(),
                    priority: *priority,
                    was_promoted: is_promoted && !place.is_head(),
                    waited_ms: i64::try_from(now.millis_since(place.since())).unwrap_or(i64::MAX),
                    head_start_ms: i64::try_from(place.head_start_ms()).unwrap_or(i64::MAX),
                    step: i64::try_from(caller.step).unwrap_or(i64::MAX),
                    passed_by,
                    rings_beside: 0,
                    for_last_agent: caller.kept().is_some_and(|kept| kept.is_for_last_agent(now)),
                    kept: caller.kept().and_then(|kept| kept.told(now)),
                    candidates: caller.candidates(&ranked, free, now),
                    more_candidates: i64::try_from(free.len().saturating_sub(CANDIDATES_MAX)).unwrap_or(i64::MAX),
                    not_free: NotFree::default(),
                    others: NotFreeAgents::default(),
                };
                return Some(Pick { call: waiting.call, decision });
            }
            passed_by += 1;
        }
        merged.extend(source.into_head().map(Reverse));
    }
    None
}

/// When a waiting call that finds nobody now may find one of these free agents, because a step of its queue has come.
pub fn next_step(queues: &[OpenQueue<'_>], free: &[FreeAgent<'_>], now: Mono) -> Option<Mono> {
    let later = queues.iter().flat_map(|open| {
        let steps = open.queue.routing.steps.iter().enumerate();
        let taken = if open.queue.routing.skips_empty_steps { open.least_step } else { 0 };
        let is_awaited =
            move |step: usize| free.iter().any(|one| one.reaches.get(&open.queue.id).is_some_and(|r| r.step == step));
        steps.filter(move |(index, _)| index + 1 > taken && is_awaited(index + 1)).filter_map(move |(_, step)| {
            let after_ms = millis(step.after_secs);
            // Who entered after this moment has the step before them.
            let reached = Mono::from_millis(now.as_millis().saturating_sub(after_ms));
            open.line.first_entry_after(reached).map(|since| since + after_ms)
        })
    });
    later.min()
}

/// A queue with the free agents who come into question for somebody in its line.
struct Desk<'a> {
    open: OpenQueue<'a>,
    reaching: Vec<(usize, &'a FreeAgent<'a>)>,
    /// Who entered at this moment or before goes before all priorities; `None` while nobody has waited for so long.
    promoted_until: Option<Mono>,
}

impl<'a> Desk<'a> {
    /// None where no free agent comes into question yet, even for whoever has waited longest.
    fn of(open: OpenQueue<'a>, free: &'a [FreeAgent<'a>], now: Mono) -> Option<Self> {
        let first_entry = open.line.first_entry()?;
        let latest_step = step_of(&open, first_entry, now);
        let reach_of = |one: &'a FreeAgent<'a>| Some((one.reaches.get(&open.queue.id)?.step, one));
        let may_be_asked = |one: &&FreeAgent<'_>| !one.is_left_alone_by(open.queue);
        let reaching = free.iter().filter(may_be_asked).filter_map(reach_of).filter(|(step, _)| *step <= latest_step);
        let reaching: Vec<_> = reaching.collect();
        let promote = open.queue.routing.promote_secs;
        let promoted_until = promote.and_then(|secs| now.as_millis().checked_sub(millis(secs))).map(Mono::from_millis);
        let promoted_until = promoted_until.filter(|until| first_entry <= *until);
        (!reaching.is_empty()).then_some(Self { open, reaching, promoted_until })
    }
}

/// The callers of one queue that stand alike, from the head: the promoted ones, or the others.
struct Source<'a> {
    desk: &'a Desk<'a>,
    class: Reverse<i64>,
    is_promoted: bool,
    rest: btree_map::Iter<'a, Place, Waiting>,
}

impl<'a> Source<'a> {
    fn of(desk: &'a Desk<'a>) -> impl Iterator<Item = Self> {
        let source = move |is_promoted: bool| Self {
            desk,
            class: Reverse(if is_promoted { i64::MAX } else { desk.open.queue.priority }),
            is_promoted,
            rest: desk.open.line.iter(),
        };
        desk.promoted_until.map(|_| source(true)).into_iter().chain(std::iter::once(source(false)))
    }

    fn into_head(mut self) -> Option<Head<'a>> {
        let promoted_until = self.desk.promoted_until;
        // Whoever was put at the head stays before the promoted ones of the same queue.
        let is_promoted = |place: &Place| promoted_until.is_some_and(|until| place.is_head() || place.since() <= until);
        let (place, waiting) = self.rest.find(|(place, _)| is_promoted(place) == self.is_promoted)?;
        Some(Head { class: self.class, place: *place, waiting, source: self })
    }
}

/// The first caller of a source, in the order over all of them.
struct Head<'a> {
    class: Reverse<i64>,
    place: Place,
    waiting: &'a Waiting,
    source: Source<'a>,
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.class, self.place) == (other.class, other.place)
    }
}

impl Eq for Head<'_> {}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.class, self.place).cmp(&(other.class, other.place))
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// One caller as the decision looks at them.
struct Caller<'a> {
    desk: &'a Desk<'a>,
    waiting: &'a Waiting,
    step: usize,
}

impl<'a> Caller<'a> {
    fn rank(&self, draw: &mut dyn FnMut(u64) -> u64, now: Mono) -> Vec<Ranked<'a>> {
        let in_question = self.desk.reaching.iter().filter(|(step, _)| *step <= self.step).map(|(_, one)| *one);
        let meant = self.meant(now);
        let is_meant = |one: &&FreeAgent<'_>| meant.is_none_or(|meant| meant.is(one.agent, self.desk.open.teams));
        let eligible = in_question.filter(|one| !self.waiting.excludes(one.agent, now)).filter(is_meant);
        let open = &self.desk.open;
        rank(open.queue, eligible, (open.last_offered, &open.line.taken), draw, now)
    }

    /// For whom the caller waits, or has waited.
    fn kept(&self) -> Option<&'a Kept> {
        self.desk.open.line.kept(self.waiting.call)
    }

    /// Who alone may have the caller.
    fn meant(&self, now: Mono) -> Option<Meant<'a>> {
        self.kept()?.meant(now)
    }

    /// The eligible agents in order, then why others were not.
    fn candidates(&self, ranked: &[Ranked<'_>], free: &[FreeAgent<'_>], now: Mono) -> Vec<RoutingCandidate> {
        let eligible = ranked.iter().map(|one| {
            let idle_ms = i64::try_from(now.millis_since(one.idle_since)).unwrap_or(i64::MAX);
            RoutingCandidate { agent: one.free.agent.clone(), standing: Standing::Eligible { score: one.score, idle_ms } }
        });
        let others = free.iter().filter_map(|one| {
            let standing = match one.reaches.get(&self.desk.open.queue.id) {
                None => Standing::LacksSkill,
                Some(reach) if reach.step > self.step => {
                    Standing::NotYet { step: i64::try_from(reach.step).unwrap_or(i64::MAX) }
                }
                Some(_) if one.is_left_alone_by(self.desk.open.queue) => Standing::WorksOnItem,
                Some(_) => match self.waiting.exclusion(one.agent, now) {
                    Some(why) => why,
                    None if self.meant(now).is_some_and(|meant| !meant.is(one.agent, self.desk.open.teams)) => {
                        Standing::KeptForAnother
                    }
                    None => return None,
                },
            };
            Some(RoutingCandidate { agent: one.agent.clone(), standing })
        });
        eligible.chain(others).take(CANDIDATES_MAX).collect()
    }
}

/// The step that holds for a caller: the last one whose time has come, or an earlier one's that nobody signed in can serve.
fn step_of(open: &OpenQueue<'_>, since: Mono, now: Mono) -> usize {
    let waited = now.millis_since(since);
    let reached = open.queue.routing.steps.iter().take_while(|step| millis(step.after_secs) <= waited).count();
    if open.queue.routing.skips_empty_steps { reached.max(open.least_step) } else { reached }
}

/// Seconds of the directory as milliseconds; nonsense below zero is zero.
fn millis(secs: i64) -> u64 {
    u64::try_from(secs).unwrap_or(0).saturating_mul(1_000)
}

#[cfg(test)]
mod tests;
