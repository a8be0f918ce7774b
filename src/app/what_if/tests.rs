//! Stories of a recorded hour that is gone through again.

use super::*;
use crate::{
    domain::directory::{AgentProfile, Device, Queue},
    store::recorded::{Outcome, Span, Visit},
    types::{AgentId, CallId, QueueId, Rng},
};

const HOUR_MS: i64 = 3_600_000;

fn begins() -> Timestamp {
    Timestamp::from_millis(1_767_600_000_000)
}

fn setup(agents: &[&str]) -> Setup {
    let queue: QueueId = "sales".parse().unwrap();
    let agents = agents.iter().map(|agent| AgentProfile {
        id: agent.parse().unwrap(),
        name: String::new(),
        skills: BTreeMap::new(),
        device: Device::Sip,
        phone: None,
        is_active: true,
        work_items_max: None,
    });
    Setup { queues: vec![Queue::new(queue, "Sales")], agents: agents.collect(), teams: Default::default() }
}

/// One agent, a call every two minutes that is talked on for three: every second caller gives up after a minute.
fn a_busy_hour() -> Recorded {
    let (ana, queue): (AgentId, QueueId) = ("ana".parse().unwrap(), "sales".parse().unwrap());
    let mut rng = Rng::seeded(5);
    let visits: Vec<Visit> = (0..30)
        .map(|number| {
            let at = begins().plus_millis(number * 120_000);
            let is_answered = number % 2 == 0;
            Visit {
                call: CallId::mint(at, &mut rng),
                queue: queue.clone(),
                at,
                outcome: if is_answered { Outcome::Answered } else { Outcome::Abandoned },
                agent: is_answered.then(|| ana.clone()),
                wait_ms: if is_answered { 2_000 } else { 60_000 },
                talk_ms: if is_answered { 180_000 } else { 0 },
            }
        })
        .collect();
    let mut spans = Vec::new();
    let mut at = begins();
    for visit in visits.iter().filter(|visit| visit.outcome == Outcome::Answered) {
        for (state, ms, call) in
            [("offered", 2_000, Some(visit.call)), ("busy", 180_000, Some(visit.call)), ("ready", 58_000, None)]
        {
            let to = at.plus_millis(ms);
            spans.push(Span { agent: ana.clone(), state: state.into(), call, from: at, to: Some(to) });
            at = to;
        }
    }
    Recorded { visits, spans, setup: None }
}

fn compared(changes: &str) -> Comparison {
    let setup = setup(&["ana"]);
    let changed = read_changes(changes, &setup).unwrap();
    compare(&a_busy_hour(), setup, &changed, (begins(), begins().plus_millis(HOUR_MS)), 1)
}

#[test]
fn an_hour_gone_through_as_it_was_comes_near_the_record_and_a_second_agent_helps() {
    let found = compared("[[agents]]\nlike = \"ana\"\ncount = 1\n");
    let queue = |figures: &Figures| figures.queues.values().next().cloned().unwrap();
    let (recorded, was, what_if) = (queue(&found.recorded), queue(&found.as_it_was), queue(&found.what_if));
    assert_eq!((recorded.offered, recorded.answered, recorded.abandoned), (30, 15, 15));
    assert_eq!((was.offered, was.answered, was.abandoned), (30, 15, 15), "{was:?}");
    assert_eq!(recorded.service_level_percent, Some(50.0));
    assert_eq!((recorded.wait_ms_mean, recorded.wait_ms_p50, recorded.wait_ms_p90), (Some(2_000), Some(2_000), Some(2_000)));
    assert_eq!(was.service_level_percent, Some(50.0), "{was:?}");
    assert_eq!((what_if.answered, what_if.abandoned), (30, 0), "{what_if:?}");
    assert!(found.as_it_was.occupancy_percent > found.what_if.occupancy_percent.map(|percent| percent / 1.2), "{found}");
    assert_eq!(compared("[[agents]]\nlike = \"ana\"\ncount = 1\n"), found, "the same again");
    assert!(found.to_string().contains("Assumed (seed 1):"), "{found}");
}

#[test]
fn an_agent_is_there_only_when_recorded_to_be() {
    let found = compared("[[agents]]\nkey = \"ana\"\nis_active = false\n");
    let queue = found.what_if.queues.values().next().unwrap();
    assert_eq!((queue.answered, queue.abandoned + queue.left), (0, 30), "{queue:?}");
    assert_eq!(found.what_if.occupancy_percent, None);
}

#[test]
fn changes_are_told_with_line_and_mend_all_at_once() {
    let text = "[[queue]]\nkey = \"sales\"\npriority = \"high\"\n\n[[queue]]\nkey = \"nowhere\"\n\n[[queue]]\nkey = \"sales\"\ncolour = 1\n\n[[agents]]\ncount = 2\n\n[[agents]]\nlike = \"bea\"\n";
    let lines: Vec<usize> = read_changes(text, &setup(&["ana"])).unwrap_err().iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [1, 5, 8, 12, 15]);
    let changed = read_changes(
        "[[queue]]\nkey = \"sales\"\npriority = 3\nrouting = { promote_secs = 60, strategy = { by = \"fewest_calls\" } }\n",
        &setup(&["ana"]),
    )
    .unwrap();
    let queue = &changed.setup.queues[0];
    assert_eq!(
        (queue.priority, queue.routing.promote_secs, queue.routing.strikes_max),
        (3, Some(60), setup(&[]).queues[0].routing.strikes_max)
    );
}
