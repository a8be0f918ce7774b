use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        directory::{AgentProfile, BetweenEquals, Device, QueueRouting, RoutingStep, SkillNeed, Strategy as Rule},
        queue::reach,
    },
    types::{Rng, StrategyName, Timestamp},
};

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(secs: u64) -> Mono {
    Mono::from_millis(secs * 1_000)
}

fn need(skill: &str, level: i64) -> SkillNeed {
    SkillNeed { skill: id(skill), level }
}

fn queue(key: &str, priority: i64, routing: QueueRouting) -> Queue {
    Queue { skills: vec![need(key, 5)], priority, routing, ..Queue::new(id(key), key) }
}

fn agent(key: &str, skills: &[(&str, i64)]) -> AgentProfile {
    AgentProfile {
        id: id(key),
        name: key.into(),
        skills: skills.iter().map(|(skill, level)| (id(skill), *level)).collect(),
        device: Device::Browser,
        phone: None,
        is_active: true,
        work_items_max: None,
    }
}

/// A desk of queues and free agents, to ask who gets what.
struct Desk {
    queues: Vec<Queue>,
    lines: Vec<QueueLine>,
    agents: Vec<(AgentProfile, Mono, WorkRecord)>,
    last: Option<AgentId>,
    rng: Rng,
    teams: Teams,
}

impl Desk {
    fn new(queues: Vec<Queue>) -> Self {
        let lines = queues.iter().map(|_| QueueLine::default()).collect();
        Self { queues, lines, agents: Vec::new(), last: None, rng: Rng::seeded(7), teams: Teams::default() }
    }

    fn free(&mut self, profile: AgentProfile, idle_since: u64) -> &mut WorkRecord {
        self.agents.push((profile, at(idle_since), WorkRecord::default()));
        &mut self.agents.last_mut().unwrap().2
    }

    fn joins(&mut self, queue: usize, since: u64, head_start_secs: u64) -> CallId {
        let call = CallId::mint(Timestamp::from_millis(1), &mut self.rng);
        self.lines[queue].join(Waiting::new(call), false, head_start_secs * 1_000, at(since));
        call
    }

    fn ask<R>(&mut self, asked: impl FnOnce(&[OpenQueue<'_>], &[FreeAgent<'_>], &mut dyn FnMut(u64) -> u64) -> R) -> R {
        let reaches: Vec<BTreeMap<QueueId, Reach>> = self
            .agents
            .iter()
            .map(|(profile, _, _)| {
                self.queues.iter().filter_map(|queue| Some((queue.id.clone(), reach(profile, queue)?))).collect()
            })
            .collect();
        let free: Vec<FreeAgent<'_>> = self
            .agents
            .iter()
            .zip(&reaches)
            .map(|((profile, idle_since, record), reaches)| FreeAgent {
                works_on_item: false,
                agent: &profile.id,
                idle_since: *idle_since,
                idle: None,
                record: *record,
                reaches,
            })
            .collect();
        let open: Vec<OpenQueue<'_>> = self
            .queues
            .iter()
            .zip(&self.lines)
            .map(|(queue, line)| {
                let steps = reaches.iter().filter_map(|reaches| reaches.get(&queue.id)).map(|reach| reach.step);
                OpenQueue {
                    queue,
                    line,
                    least_step: steps.min().unwrap_or(0),
                    last_offered: self.last.as_ref(),
                    teams: &self.teams,
                }
            })
            .collect();
        let rng = &mut self.rng;
        asked(&open, &free, &mut |below| rng.below(below))
    }

    fn pick(&mut self, now: u64) -> Option<Pick> {
        self.ask(|open, free, draw| pick(open, free, draw, at(now)))
    }

    /// Who gets the one call there is.
    fn chosen(&mut self, now: u64) -> String {
        self.pick(now).unwrap().decision.agent.to_string()
    }
}

fn best_fit() -> Rule {
    Rule::BestFit { weights: BTreeMap::new(), then: BetweenEquals::LongestIdle }
}

fn with(strategy: Rule) -> QueueRouting {
    QueueRouting { strategy, ..QueueRouting::default() }
}

fn three(strategy: Rule) -> Desk {
    let mut desk = Desk::new(vec![queue("support", 0, with(strategy))]);
    for (key, idle_since) in [("ana", 30), ("bea", 10), ("carl", 20)] {
        desk.free(agent(key, &[("support", 5)]), idle_since);
    }
    desk.joins(0, 1, 0);
    desk
}

#[test]
fn the_agent_idle_longest_among_the_skilled_gets_the_first_in_line() {
    let mut desk = Desk::new(vec![queue("support", 0, QueueRouting::default())]);
    let first = desk.joins(0, 1, 0);
    desk.joins(0, 2, 0);
    desk.free(agent("ana", &[("support", 5)]), 30);
    desk.free(agent("bea", &[("support", 9)]), 10);
    desk.free(agent("carl", &[("support", 4)]), 5);
    let Pick { call, decision } = desk.pick(60).unwrap();
    assert_eq!((call, decision.agent.as_str(), decision.waited_ms), (first, "bea", 59_000));
    let standings: Vec<_> = decision.candidates.iter().map(|one| (one.agent.as_str(), one.standing)).collect();
    assert_eq!(
        standings,
        [
            ("bea", Standing::Eligible { score: 50_000, idle_ms: 50_000 }),
            ("ana", Standing::Eligible { score: 30_000, idle_ms: 30_000 }),
            ("carl", Standing::LacksSkill),
        ]
    );
    assert_eq!((decision.strategy, decision.step, decision.passed_by), (StrategyName::LongestIdle, 0, 0));
}

#[test]
fn each_rule_chooses_as_it_says() {
    let record = |answered: u64, on_calls: u64, occupied: u64| WorkRecord {
        answered_thousandths: answered * 1_000,
        on_calls_ms: on_calls * 1_000,
        occupied_ms: occupied * 1_000,
        routable_ms: 1_000_000,
    };
    let chosen = |strategy: Rule| {
        let mut desk = three(strategy);
        for (agent, record) in desk.agents.iter_mut().zip([record(1, 500, 600), record(2, 400, 700), record(3, 450, 460)]) {
            agent.2 = record;
        }
        desk.chosen(60)
    };
    assert_eq!(chosen(Rule::LongestIdle), "bea");
    assert_eq!(chosen(Rule::FewestCalls), "ana");
    assert_eq!(chosen(Rule::LeastTalk), "bea");
    assert_eq!(chosen(Rule::LeastOccupied), "carl");
    assert_eq!(chosen(Rule::Linear { order: vec![id("carl"), id("ana")] }), "carl");
    assert_eq!(chosen(Rule::Linear { order: vec![] }), "ana", "nobody is named: by key");
}

#[test]
fn equal_agents_are_told_apart_by_idle_time_and_then_by_key() {
    for strategy in [Rule::FewestCalls, Rule::LeastTalk, Rule::LeastOccupied, best_fit()] {
        let mut desk = three(strategy.clone());
        assert_eq!(desk.chosen(60), "bea", "{strategy:?}");
        desk.agents.iter_mut().for_each(|agent| agent.1 = at(10));
        assert_eq!(desk.chosen(60), "ana", "{strategy:?}");
    }
}

#[test]
fn the_round_goes_on_behind_the_last_one_even_when_that_agent_is_gone() {
    let mut desk = three(Rule::RoundRobin);
    assert_eq!(desk.chosen(60), "ana");
    for (last, next) in [("ana", "bea"), ("bea", "carl"), ("carl", "ana"), ("azul", "bea"), ("zoe", "ana")] {
        desk.last = Some(id(last));
        assert_eq!(desk.chosen(60), next, "behind {last}");
    }
    desk.agents.remove(1);
    desk.last = Some(id("ana"));
    assert_eq!(desk.chosen(60), "carl", "the next one has left");
}

#[test]
fn a_lot_gives_each_agent_the_share_of_the_weight_and_none_to_weight_nought() {
    let weights = BTreeMap::from([(id("ana"), 30), (id("carl"), 0)]);
    let mut desk = three(Rule::Random { weights });
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    for _ in 0..4_000 {
        *counts.entry(desk.chosen(60)).or_default() += 1;
    }
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["ana", "bea"]);
    assert!((2_850..=3_150).contains(&counts["ana"]), "three quarters of 4,000: {counts:?}");
    let drawn = desk.pick(60).unwrap().decision;
    assert_eq!(drawn.candidates[0].agent, drawn.agent, "who is drawn stands first");
}

#[test]
fn the_best_fit_has_the_skills_asked_for_and_few_others() {
    let mut desk = Desk::new(vec![queue("support", 0, with(best_fit()))]);
    desk.free(agent("ana", &[("support", 7), ("dutch", 9), ("sales", 9)]), 1);
    desk.free(agent("bea", &[("support", 7), ("sales", 1)]), 2);
    desk.free(agent("carl", &[("support", 6)]), 0);
    desk.joins(0, 1, 0);
    assert_eq!(desk.chosen(60), "bea", "as good as ana, whose Dutch is kept free");
}

#[test]
fn a_queue_of_higher_priority_goes_first_and_an_unservable_call_blocks_nobody() {
    let mut desk = Desk::new(vec![queue("low", 0, QueueRouting::default()), queue("high", 5, QueueRouting::default())]);
    let old = desk.joins(0, 1, 0);
    let new = desk.joins(1, 50, 0);
    desk.free(agent("ana", &[("low", 5), ("high", 5)]), 1);
    assert_eq!(desk.pick(60).unwrap().call, new);
    desk.agents.clear();
    desk.free(agent("bea", &[("low", 5)]), 1);
    assert_eq!(desk.pick(60).unwrap().call, old);
}

#[test]
fn of_two_queues_with_one_priority_whoever_came_first_is_served_first() {
    let mut desk = Desk::new(vec![queue("one", 0, QueueRouting::default()), queue("two", 0, QueueRouting::default())]);
    let calls: Vec<CallId> = (0..6).map(|n| desk.joins(n % 2, 10 + n as u64, 0)).collect();
    desk.free(agent("ana", &[("one", 5), ("two", 5)]), 1);
    for call in calls {
        assert_eq!(desk.pick(60).unwrap().call, call);
        desk.lines.iter_mut().for_each(|line| drop(line.leave(call)));
    }
}

#[test]
fn whoever_has_waited_long_enough_goes_before_all_priorities() {
    let patient = QueueRouting { promote_secs: Some(120), ..QueueRouting::default() };
    let mut desk = Desk::new(vec![queue("low", 0, patient), queue("high", 5, QueueRouting::default())]);
    let old = desk.joins(0, 100, 0);
    let high = desk.joins(1, 101, 0);
    desk.free(agent("ana", &[("low", 5), ("high", 5)]), 1);
    assert_eq!(desk.pick(219).unwrap().call, high);
    let Pick { call, decision } = desk.pick(220).unwrap();
    assert_eq!((call, decision.was_promoted), (old, true), "at 120 seconds, to the millisecond");
    let newer = desk.joins(0, 150, 3_600);
    assert_eq!(desk.pick(220).unwrap().call, old, "a head start is none before those who waited too long");
    desk.lines[0].leave(old);
    assert_eq!(desk.pick(220).unwrap().call, high);
    desk.lines[1].leave(high);
    assert_eq!(desk.pick(220).unwrap().call, newer);
}

#[test]
fn whoever_is_put_first_stays_within_the_priority_of_the_queue() {
    let patient = QueueRouting { promote_secs: Some(120), ..QueueRouting::default() };
    let mut desk = Desk::new(vec![queue("low", 0, patient), queue("high", 5, QueueRouting::default())]);
    let (first, second, high) = (desk.joins(0, 100, 0), desk.joins(0, 101, 0), desk.joins(1, 102, 0));
    desk.lines[0].put_first(second);
    desk.free(agent("ana", &[("low", 5), ("high", 5)]), 1);
    assert_eq!(desk.pick(110).unwrap().call, high);
    assert_eq!(desk.pick(230).unwrap().call, second, "before the one who has waited too long");
    desk.lines[0].leave(second);
    assert_eq!(desk.pick(230).unwrap().call, first);
}

#[test]
fn who_missed_a_call_is_passed_over_for_it_only_and_only_for_a_while() {
    let mut desk = Desk::new(vec![queue("support", 0, QueueRouting::default())]);
    let call = desk.joins(0, 1, 0);
    desk.lines[0].get_mut(call).unwrap().excluded.insert(id("ana"), at(20));
    desk.free(agent("ana", &[("support", 5)]), 1);
    assert_eq!(desk.pick(19), None);
    let next = desk.joins(0, 2, 0);
    let Pick { call: served, decision } = desk.pick(19).unwrap();
    assert_eq!((served, decision.passed_by), (next, 1));
    assert_eq!(desk.pick(20).unwrap().call, call);
}

#[test]
fn steps_add_up_by_the_time_waited_and_tell_when_to_look_again() {
    let steps = vec![
        RoutingStep { after_secs: 30, skills: vec![need("support", 3)], ..RoutingStep::default() },
        RoutingStep { after_secs: 60, skills: vec![need("sales", 1)], ..RoutingStep::default() },
    ];
    let routing = QueueRouting { steps, skips_empty_steps: false, ..QueueRouting::default() };
    let mut desk = Desk::new(vec![queue("support", 0, routing)]);
    let call = desk.joins(0, 100, 0);
    desk.free(agent("ana", &[("sales", 2)]), 2);
    desk.free(agent("bea", &[("support", 3)]), 3);
    assert_eq!(desk.pick(129), None);
    assert_eq!(desk.ask(|open, free, _| next_step(open, free, at(129))), Some(at(130)));
    let Pick { call: served, decision } = desk.pick(130).unwrap();
    assert_eq!((served, decision.agent.as_str(), decision.step), (call, "bea", 1));
    assert_eq!(decision.candidates[1].standing, Standing::NotYet { step: 2 });
    assert_eq!(desk.ask(|open, free, _| next_step(open, free, at(130))), Some(at(160)));
    let decision = desk.pick(160).unwrap().decision;
    assert_eq!((decision.agent.as_str(), decision.step), ("ana", 2), "who came at an earlier step is still in question");
    assert_eq!(decision.candidates.len(), 2);
    assert_eq!(desk.ask(|open, free, _| next_step(open, free, at(160))), None);
}

#[test]
fn a_step_that_nobody_signed_in_can_serve_is_skipped_where_the_queue_says_so() {
    let steps = vec![RoutingStep { after_secs: 30, skills: vec![], ..RoutingStep::default() }];
    for skips in [true, false] {
        let routing = QueueRouting { steps: steps.clone(), skips_empty_steps: skips, ..QueueRouting::default() };
        let mut desk = Desk::new(vec![queue("support", 0, routing)]);
        desk.joins(0, 100, 0);
        desk.free(agent("ana", &[]), 2);
        assert_eq!(desk.pick(101).is_some(), skips);
    }
}

proptest! {
    /// Over random floors: the one who is served stands before all who could have been served instead.
    #[test]
    fn nobody_who_could_be_served_is_passed_by(seed in any::<u64>()) {
        let mut dice = Rng::seeded(seed);
        let keys = ["q1", "q2", "q3", "q4"];
        let queues = keys.map(|key| {
            let promote_secs = (dice.below(2) == 0).then(|| i64::try_from(dice.below(200)).unwrap());
            let steps = vec![RoutingStep { after_secs: 40, skills: vec![need("q1", 1)], ..RoutingStep::default() }];
            queue(key, i64::try_from(dice.below(3)).unwrap(), QueueRouting { promote_secs, steps, ..QueueRouting::default() })
        });
        let mut desk = Desk::new(queues.to_vec());
        for _ in 0..dice.below(30) {
            let queue = usize::try_from(dice.below(4)).unwrap();
            let call = desk.joins(queue, 100 + dice.below(200), dice.below(2) * 60);
            if dice.below(10) == 0 {
                desk.lines[queue].put_first(call);
            }
        }
        for n in 0..1 + dice.below(4) {
            let skills: Vec<(&str, i64)> = keys.iter().filter(|_| dice.below(3) == 0).map(|key| (*key, 5)).collect();
            desk.free(agent(&format!("agent-{n}"), &skills), dice.below(100));
        }
        let picked = desk.pick(300);
        let servable: BTreeSet<_> = desk.ask(|open, free, _| {
            let callers = open.iter().flat_map(|open| open.line.iter().map(move |(place, waiting)| (open, place, waiting)));
            callers
                .filter_map(|(open, place, waiting)| {
                    let step = step_of(open, place.since(), at(300));
                    free.iter().find(|one| one.reaches.get(&open.queue.id).is_some_and(|reach| reach.step <= step))?;
                    let limit = open.queue.routing.promote_secs.map(millis);
                    let is_over = |since: Mono| limit.is_some_and(|limit| 300_000 - since.as_millis() >= limit);
                    let is_one_over = open.line.iter().any(|(place, _)| is_over(place.since()));
                    let is_promoted = is_over(place.since()) || (place.is_head() && is_one_over);
                    Some((Reverse(if is_promoted { i64::MAX } else { open.queue.priority }), *place, waiting.call))
                })
                .collect()
        });
        prop_assert_eq!(picked.map(|pick| pick.call), servable.first().map(|(_, _, call)| *call));
    }
}
