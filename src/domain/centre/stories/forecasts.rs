//! What callers are told of their wait before it is over: from what has happened, and held against what happens.

use super::floor::*;
use crate::{
    domain::{
        call::CallEventKind,
        centre::{CentreCommand, WantedPresence},
        queue::WorkNorm,
    },
    types::ExpectedWait,
};

/// A call to support that lasts so long, wrap-up included.
fn served(floor: &mut Floor, agent: &str, ms: u64) {
    let (leg, _) = floor.call("1001");
    floor.sleep(2_000);
    floor.answer(agent);
    floor.sleep(ms);
    floor.hang_up(leg);
    floor.ask(agent, |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
}

fn expected(floor: &Floor) -> Vec<Option<ExpectedWait>> {
    let told = |kind: &CallEventKind| match kind {
        CallEventKind::Queued { expected, .. } => Some(*expected),
        _ => None,
    };
    floor.call_events().filter_map(told).collect()
}

fn shown(floor: &Floor) -> Option<ExpectedWait> {
    floor.centre.snapshot().queues.iter().find(|view| view.id.as_str() == "support").unwrap().expected_wait
}

#[test]
fn a_forecast_is_made_once_three_calls_are_known_and_stands_with_the_entry() {
    let mut floor = Floor::ready(&["ana"]);
    for _ in 0..3 {
        served(&mut floor, "ana", 118_000);
    }
    assert_eq!(expected(&floor), [None; 3], "of two calls nothing is concluded");
    floor.sleep(1_500);
    floor.call("1001");
    floor.sleep(2_000);
    floor.answer("ana");
    floor.call("1001");
    floor.call("1001");
    let told = expected(&floor).split_off(3);
    let [free, next, behind] = [0, 1, 2].map(|n: usize| told[n].unwrap());
    assert!(free.mean_ms < 5_000, "an agent is free: only the ringing is waited for: {free:?}");
    assert!((60_000..135_000).contains(&next.mean_ms), "one call of two minutes is ahead, just begun: {next:?}");
    assert!(behind.mean_ms > next.mean_ms + 60_000 && behind.p90_ms > behind.p50_ms, "{behind:?}");
    assert!(shown(&floor).unwrap().mean_ms > behind.mean_ms, "the board shows whoever comes now");
}

#[test]
fn after_a_start_the_first_caller_is_told_by_what_is_usual_at_this_time() {
    let mut floor = Floor::ready(&["ana"]);
    let usual = WorkNorm { handled: 30, handled_ms: 30 * 240_000, ..WorkNorm::default() };
    let now = floor.now.mono;
    floor.centre.set_work_norms(&[("support".parse().unwrap(), usual)].into(), now);
    for _ in 0..3 {
        floor.call("1001");
    }
    let told: Vec<_> = expected(&floor).into_iter().map(|wait| wait.unwrap().mean_ms / 60_000).collect();
    assert_eq!(told[0], 0, "an agent is free");
    assert!((3..=5).contains(&told[1]) && (6..=9).contains(&told[2]), "minutes: {told:?}");
}

#[test]
fn nothing_is_forecast_for_a_queue_that_nobody_serves() {
    let mut floor = Floor::ready(&["ana"]);
    for _ in 0..4 {
        served(&mut floor, "ana", 60_000);
    }
    assert!(shown(&floor).is_some());
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.sleep(1_500);
    floor.call("1001");
    let paused = expected(&floor).pop().unwrap().unwrap();
    assert!(paused.mean_ms > 200_000, "who is at lunch counts by the chance to be back: {paused:?}");
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    floor.sleep(1_500);
    floor.call("1001");
    assert_eq!(expected(&floor).pop().unwrap(), None);
    assert_eq!(shown(&floor), None);
}

/// What is expected of the wait behind one call that bea has just taken.
fn behind_one(floor: &mut Floor) -> ExpectedWait {
    floor.sleep(1_500);
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("bea");
    floor.sleep(1_500);
    floor.call("1001");
    expected(floor).pop().unwrap().unwrap()
}

#[test]
fn an_agent_of_two_queues_counts_for_each_by_the_work_of_late() {
    let mut floor = Floor::ready(&["bea"]);
    for _ in 0..6 {
        served(&mut floor, "bea", 100_000);
    }
    let mostly = behind_one(&mut floor);
    let mut other = Floor::ready(&["bea"]);
    for number in ["1001", "1002", "1002", "1001", "1002", "1002", "1001", "1002"] {
        let (leg, _) = other.call(number);
        other.sleep(2_000);
        other.answer("bea");
        other.sleep(100_000);
        other.hang_up(leg);
        other.ask("bea", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    }
    let seldom = behind_one(&mut other);
    assert!(seldom.mean_ms > mostly.mean_ms * 3 / 2, "{seldom:?} {mostly:?}");
}

#[test]
fn the_wait_on_the_board_follows_the_clock_while_somebody_waits() {
    let mut floor = Floor::ready(&["ana"]);
    for _ in 0..6 {
        served(&mut floor, "ana", 118_000);
    }
    floor.sleep(1_500);
    floor.call("1001");
    floor.sleep(2_000);
    floor.answer("ana");
    floor.call("1001");
    let before = shown(&floor).unwrap();
    let version =
        |floor: &Floor| floor.centre.snapshot().queues.iter().find(|view| view.id.as_str() == "support").unwrap().version;
    let told = version(&floor);
    // Nothing happens but that ana's call goes on.
    floor.sleep(90_000);
    let after = shown(&floor).unwrap();
    assert!(after.mean_ms + 30_000 <= before.mean_ms, "{before:?} {after:?}");
    assert!((1..=18).contains(&(version(&floor) - told)), "told when it has changed, not each time");
}

#[test]
fn an_empty_floor_forecasts_nothing_anew() {
    let mut floor = Floor::ready(&["ana"]);
    for _ in 0..3 {
        served(&mut floor, "ana", 60_000);
    }
    let version =
        |floor: &Floor| floor.centre.snapshot().queues.iter().find(|view| view.id.as_str() == "support").unwrap().version;
    floor.sleep(10_000);
    let told = version(&floor);
    floor.sleep(600_000);
    assert_eq!(version(&floor), told);
}
