//! How long one decision of the matcher takes: 5,000 callers in 50 queues, 500 agents. `cargo bench --bench matching`, also by
//! `make bench matching`. Prints one line of JSON per row; times in microseconds.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use centralita::{
    domain::{
        centre::{CallerLine, Centre, CentreCommand, CentreInput, CentreOutput, PhoneEffect, WantedPresence},
        directory::{
            AgentProfile, Answering, BetweenEquals, Device, Directory, Number, NumberTarget, Queue, QueueRouting, SkillNeed,
            Strategy,
        },
        event::Actor,
        queue::{FreeAgent, OpenQueue, QueueLine, Reach, Teams, Waiting, WorkRecord, pick, reach},
    },
    types::{CallId, LegId, Mono, Now, QueueId, Rng, Timestamp, UserId},
};

const QUEUES: usize = 50;
const AGENTS: usize = 500;
const CALLERS: usize = 5_000;
/// Queues that one agent serves.
const QUEUES_PER_AGENT: u64 = 3;
const DECISIONS: usize = 5_000;

fn main() {
    for (name, strategy) in [
        ("longest_idle", Strategy::LongestIdle),
        ("least_occupied", Strategy::LeastOccupied),
        ("round_robin", Strategy::RoundRobin),
        ("best_fit", Strategy::BestFit { weights: BTreeMap::new(), then: BetweenEquals::LongestIdle }),
    ] {
        row(name, "one free agent", &Floor::new(&strategy, 0), 1);
        row(name, "all agents free", &Floor::new(&strategy, 0), AGENTS);
        row(name, "4,900 unmatchable ahead", &Floor::new(&strategy, 4_900), 1);
        ready_to_ring(name, &Floor::new(&strategy, 0));
    }
}

struct Floor {
    queues: Vec<Queue>,
    lines: Vec<QueueLine>,
    agents: Vec<(AgentProfile, BTreeMap<QueueId, Reach>)>,
}

impl Floor {
    /// With so many callers at the front who have just been missed by every agent.
    fn new(strategy: &Strategy, missed: usize) -> Self {
        let mut rng = Rng::seeded(5);
        let queues: Vec<Queue> = (0..QUEUES).map(|number| queue(number, strategy)).collect();
        let agents: Vec<AgentProfile> = (0..AGENTS)
            .map(|number| AgentProfile {
                id: format!("agent-{number:03}").parse().unwrap(),
                name: String::new(),
                skills: (0..QUEUES_PER_AGENT)
                    .map(|_| (format!("skill-{}", rng.below(QUEUES as u64)).parse().unwrap(), 5 + (number % 5) as i64))
                    .collect(),
                device: Device::Browser,
                phone: None,
                is_active: true,
                work_items_max: None,
            })
            .collect();
        let mut lines: Vec<QueueLine> = (0..QUEUES).map(|_| QueueLine::default()).collect();
        for number in 0..CALLERS {
            let call = CallId::mint(Timestamp::from_millis(number as i64), &mut rng);
            let excluded = if number < missed {
                agents.iter().map(|agent| (agent.id.clone(), Mono::from_millis(u64::MAX))).collect()
            } else {
                BTreeMap::new()
            };
            let waiting = Waiting { excluded, ..Waiting::new(call) };
            let queue = usize::try_from(rng.below(QUEUES as u64)).unwrap();
            lines[queue].join(waiting, false, rng.below(3) * 30_000, Mono::from_millis(1_000_000 + number as u64 * 50));
        }
        let agents = agents
            .into_iter()
            .map(|agent| {
                let reaches = queues.iter().filter_map(|queue| Some((queue.id.clone(), reach(&agent, queue)?))).collect();
                (agent, reaches)
            })
            .collect();
        Self { queues, lines, agents }
    }

    /// The same queues and agents, each queue with a number of its own.
    fn directory(&self) -> Directory {
        let mut directory = Directory { version: 1, ..Directory::default() };
        for (number, queue) in self.queues.iter().enumerate() {
            directory.queues.insert(queue.id.clone(), queue.clone());
            let called = format!("9{number:02}");
            let number = Number {
                number: called.clone(),
                name: called.clone(),
                target: NumberTarget::Queue { queue: queue.id.clone() },
                is_on_web_phone: false,
                answering: Answering::AtOnce,
            };
            directory.numbers.insert(called.into(), number);
        }
        for (agent, _) in &self.agents {
            let agent = AgentProfile { device: Device::Sip, phone: Some(agent.id.to_string()), ..agent.clone() };
            directory.agents.insert(agent.id.clone(), agent);
        }
        directory
    }
}

fn queue(number: usize, strategy: &Strategy) -> Queue {
    Queue {
        skills: vec![SkillNeed { skill: format!("skill-{number}").parse().unwrap(), level: 5 }],
        priority: (number % 3) as i64,
        waiting_max: 10_000,
        wait_secs_max: 3_600,
        routing: QueueRouting { strategy: strategy.clone(), promote_secs: Some(600), ..QueueRouting::default() },
        ..Queue::new(format!("queue-{number}").parse().unwrap(), "")
    }
}

/// The whole floor, with all callers in line: from an agent's word to be ready to the order that the telephone rings.
#[expect(clippy::disallowed_methods, reason = "it measures the machine")]
fn ready_to_ring(strategy: &str, floor: &Floor) {
    let mut rng = Rng::seeded(7);
    let mut now = Now { wall: Timestamp::from_millis(1_767_600_000_000), mono: Mono::from_millis(1_000) };
    let mut centre = Centre::new(2 * CALLERS);
    centre.set_directory(Arc::new(floor.directory()), now, &mut rng);
    for (agent, _) in &floor.agents {
        let account = agent.id.to_string().into();
        centre.handle(CentreInput::PhoneReachable { account, is_reachable: true }, now, &mut rng);
    }
    for number in 0..CALLERS {
        now = now.plus_millis(10);
        let leg = LegId::mint(now.wall, &mut rng);
        let caller = CallerLine { is_withheld: true, ..CallerLine::default() };
        let called = format!("9{:02}", number % QUEUES).into();
        centre.handle(CentreInput::Arrived { leg, caller, called, language: None }, now, &mut rng);
        centre.handle(CentreInput::LegAnswered { leg }, now, &mut rng);
    }
    while centre.poll().is_some() {}
    let mut times = Vec::with_capacity(floor.agents.len());
    for (agent, _) in &floor.agents {
        now = now.plus_millis(10);
        let command = CentreCommand::SetPresence { agent: agent.id.clone(), wanted: WantedPresence::Ready };
        let actor = Actor::User { user: UserId::from(agent.id.clone()) };
        let began = Instant::now();
        centre.command(&actor, command, now, &mut rng).unwrap();
        while let Some(output) = centre.poll() {
            if matches!(output, CentreOutput::Phone(PhoneEffect::CallPhone { .. })) {
                times.push(began.elapsed());
            }
        }
    }
    print_row(strategy, "ready to ring", floor.agents.len(), times.len(), times);
}

#[expect(clippy::disallowed_methods, reason = "it measures the machine")]
fn row(strategy: &str, floor_is: &str, floor: &Floor, free_at_once: usize) {
    let teams = Teams::default();
    let open: Vec<OpenQueue<'_>> = floor
        .queues
        .iter()
        .zip(&floor.lines)
        .map(|(queue, line)| OpenQueue { queue, line, least_step: 0, last_offered: None, teams: &teams })
        .collect();
    let now = Mono::from_millis(1_400_000);
    let mut rng = Rng::seeded(6);
    let (mut times, mut found) = (Vec::with_capacity(DECISIONS), 0);
    let decisions = if free_at_once == 1 { DECISIONS } else { DECISIONS / 10 };
    for _ in 0..decisions {
        let first = usize::try_from(rng.below(floor.agents.len() as u64)).unwrap();
        let free: Vec<FreeAgent<'_>> = (0..free_at_once)
            .map(|nth| {
                let (agent, reaches) = &floor.agents[(first + nth) % floor.agents.len()];
                let record = WorkRecord { answered_thousandths: nth as u64, routable_ms: 1, ..WorkRecord::default() };
                FreeAgent {
                    works_on_item: false,
                    agent: &agent.id,
                    idle_since: Mono::from_millis(900_000 + nth as u64),
                    idle: None,
                    record,
                    reaches,
                }
            })
            .collect();
        let began = Instant::now();
        let picked = pick(&open, &free, &mut |below| rng.below(below), now);
        times.push(began.elapsed());
        found += usize::from(picked.is_some());
    }
    print_row(strategy, floor_is, decisions, found, times);
}

fn print_row(strategy: &str, floor_is: &str, decisions: usize, found: usize, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_nanos() as f64 / 1_000.0;
    println!(
        r#"{{"strategy":"{strategy}","floor":"{floor_is}","decisions":{decisions},"found":{found},"p50_us":{:.1},"p99_us":{:.1}}}"#,
        at(50),
        at(99)
    );
}
