//! Callers who wait for the agent of their last talk.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, LastAgent},
        centre::{CallState, CallerMatch, CallerRecordRef, CentreCommand, CentreInput, WantedPresence},
        directory::PreferLast,
    },
    types::{CallId, CustomerId, Standing},
};

/// Support keeps callers for the agent of the last talk, for 20 seconds and of the last week.
fn keeping(agents: &[&str]) -> Floor {
    let mut directory = sample();
    directory.queues.get_mut(&id("support")).unwrap().routing.prefers_last = Some(PreferLast { secs: 20, days: 7 });
    let mut floor = Floor::with(directory);
    for agent in agents {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    floor
}

/// The caller has talked with Bea so many days ago.
fn talked_with_bea(floor: &mut Floor, call: CallId, days: i64) {
    let at = floor.now.wall.plus_millis(-days * 86_400_000);
    let customer = CallerRecordRef {
        customer: CustomerId::mint(floor.now.wall, &mut floor.rng),
        name: "Eva".into(),
        segment: "gold".into(),
        language: None,
        open_tickets: vec![],
        last_agent: Some(LastAgent { agent: id("bea"), at }),
    };
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![customer] } });
}

/// Both pause while the caller comes, so that the look-up is answered first.
fn known_before(floor: &mut Floor, days: i64) -> CallId {
    for agent in ["ana", "bea"] {
        floor.set_presence(agent, WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    }
    let (_, call) = floor.call("1000");
    talked_with_bea(floor, call, days);
    for agent in ["ana", "bea"] {
        floor.set_presence(agent, WantedPresence::Ready).unwrap();
    }
    let leg = floor.centre.calls[&call].customer_leg.unwrap();
    floor.input(CentreInput::Digit { leg, digit: '1' });
    call
}

#[test]
fn a_caller_goes_to_the_agent_of_the_last_talk_before_who_has_been_idle_for_longer() {
    let mut floor = keeping(&["ana", "bea"]);
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    let call = known_before(&mut floor, 3);
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    let offered = floor.call_events().find_map(|kind| match kind {
        CallEventKind::Offered { decision: Some(decision), .. } => Some(decision.clone()),
        _ => None,
    });
    let decision = offered.unwrap();
    assert!(decision.for_last_agent);
    assert_eq!(decision.candidates[1].standing, Standing::KeptForAnother, "ana is told apart: {decision:?}");
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "who is not wanted there goes to all");
}

#[test]
fn a_talk_of_long_ago_counts_for_nothing() {
    let mut floor = keeping(&["ana", "bea"]);
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    let call = known_before(&mut floor, 8);
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
}

#[test]
fn an_agent_who_wraps_up_is_waited_for_and_then_all_are_asked() {
    let mut floor = keeping(&["bea"]);
    let (leg, _) = floor.call("1001");
    floor.answer("bea");
    floor.hang_up(leg);
    // The wrap-up of 30 s has 15 s left.
    floor.sleep(15_500);
    let (_, call) = floor.call("1001");
    talked_with_bea(&mut floor, call, 1);
    floor.sign_in("ana");
    assert_eq!(floor.presence("ana"), Presence::Ready);
    floor.sleep(14_500);
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
}

#[test]
fn who_does_not_come_back_in_time_or_leaves_is_waited_for_no_longer() {
    for leaves in [false, true] {
        let mut floor = keeping(&["bea"]);
        let (leg, _) = floor.call("1001");
        floor.answer("bea");
        floor.hang_up(leg);
        floor.sleep(15_500);
        let (_, call) = floor.call("1001");
        talked_with_bea(&mut floor, call, 1);
        floor.sign_in("ana");
        assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
        if leaves {
            floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
            floor.ask("bea", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
        } else {
            floor.ask("bea", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
            floor.sleep(19_999);
            assert_eq!(floor.presence("ana"), Presence::Ready, "kept for 20 s");
            floor.sleep(1);
        }
        assert_eq!(floor.presence("ana"), Presence::Offered { call });
    }
}

#[test]
fn an_agent_who_is_not_there_is_not_waited_for() {
    let mut floor = keeping(&["ana"]);
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    talked_with_bea(&mut floor, call, 1);
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
}
