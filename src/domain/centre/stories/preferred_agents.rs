//! Callers who wait for their own agent, for the one of their last talk, and for the team of that agent.

use std::collections::BTreeMap;

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, LastAgent},
        centre::{CallState, CallerMatch, CallerRecordRef, CentreCommand, CentreInput, Replayed, Verdict, WantedPresence},
        directory::{Department, Directory, PreferLast, PreferOwner},
    },
    types::{AgentId, CallId, CustomerId, KeptBecause, KeptFor, KeptTier, LegId, RoutingDecision, Standing},
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
        owner: None,
    };
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![customer] } });
}

/// Somebody calls support of whom nothing is known.
fn nobody_known(floor: &mut Floor) -> (LegId, CallId) {
    let (leg, call) = floor.call("1001");
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch::default() });
    (leg, call)
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
    let (leg, _) = nobody_known(&mut floor);
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
        let (leg, _) = nobody_known(&mut floor);
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

/// `ana` and `bea` are one department, `carl` and `dora` another one; all serve support, which keeps callers for 20 seconds for their own
/// agent or the one of the last talk, and then for 30 seconds for the team.
fn with_teams() -> Directory {
    let mut directory = sample();
    for key in ["dora", "eva"] {
        directory.agents.insert(id(key), agent(key, &["support"]));
    }
    let routing = &mut directory.queues.get_mut(&id("support")).unwrap().routing;
    routing.prefers_owner = Some(PreferOwner { secs: 20 });
    routing.prefers_last = Some(PreferLast { secs: 20, days: 7 });
    routing.prefers_team_secs = Some(30);
    for (key, manager, member) in [("desk", "ana", "bea"), ("field", "dora", "eva")] {
        let department = Department {
            id: id(key),
            parent: None,
            names: BTreeMap::new(),
            position: 0,
            manager: Some(id(manager)),
            deputy: None,
            members: vec![id(member)],
            calendar: None,
            accept_secs: None,
            answer_secs: None,
            is_active: true,
        };
        directory.departments.insert(department.id.clone(), department);
    }
    directory
}

/// These are ready, in this order.
fn teams(agents: &[&str]) -> Floor {
    let mut floor = Floor::with(with_teams());
    for agent in agents {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    floor
}

/// The caller is this agent's customer, and may have talked with another one a day ago.
fn is_customer_of(floor: &mut Floor, call: CallId, owner: Option<&str>, last: Option<&str>) {
    let at = floor.now.wall.plus_millis(-86_400_000);
    let customer = CallerRecordRef {
        customer: CustomerId::mint(floor.now.wall, &mut floor.rng),
        name: "Eva".into(),
        segment: "gold".into(),
        language: None,
        open_tickets: vec![],
        last_agent: last.map(|agent| LastAgent { agent: id(agent), at }),
        owner: owner.map(id),
    };
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![customer] } });
}

/// Somebody comes while all of these are away for a moment, and is known before they are back.
fn comes_known(floor: &mut Floor, there: &[&str], owner: Option<&str>, last: Option<&str>) -> CallId {
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    let (_, call) = floor.call("1000");
    is_customer_of(floor, call, owner, last);
    assert!(there.iter().all(|agent| floor.presence(agent) == Presence::Ready));
    let leg = floor.centre.calls[&call].customer_leg.unwrap();
    floor.input(CentreInput::Digit { leg, digit: '1' });
    call
}

/// An agent takes a call of nobody in particular and has it in wrap-up, with 15 of its 30 seconds left.
fn wraps_up(floor: &mut Floor, agent: &str) {
    let (leg, _) = nobody_known(floor);
    floor.answer(agent);
    floor.hang_up(leg);
    floor.sleep(15_500);
}

fn last_decision(floor: &Floor) -> RoutingDecision {
    let offered = floor.call_events().filter_map(|kind| match kind {
        CallEventKind::Offered { decision: Some(decision), .. } => Some(decision.clone()),
        _ => None,
    });
    *offered.last().unwrap()
}

fn kept(agent: &str, because: KeptBecause, tier: KeptTier, left_ms: i64) -> Option<KeptFor> {
    Some(KeptFor { agent: id(agent), because, tier, left_ms })
}

/// All decisions so far come out the same when they are made again, from what was written down.
fn are_replayed(floor: &Floor) -> usize {
    let mut replayed = Replayed::default();
    let verdicts = floor.events.iter().filter_map(|fact| {
        let kept = fact.sight.as_ref().map(|sight| serde_json::from_str(&serde_json::to_string(sight).unwrap()).unwrap());
        replayed.hear(&fact.event, kept.as_ref())
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Identical), "{verdicts:?}");
    verdicts.len()
}

#[test]
fn the_owner_comes_before_the_agent_of_the_last_talk() {
    let mut floor = teams(&["ana", "bea", "dora"]);
    let call = comes_known(&mut floor, &["ana", "bea", "dora"], Some("dora"), Some("bea"));
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
    let decision = last_decision(&floor);
    assert_eq!(decision.kept, kept("dora", KeptBecause::Owner, KeptTier::Agent, 20_000));
    assert!(!decision.for_last_agent);
    let passed_over: Vec<_> = decision.candidates[1..].iter().map(|one| (one.agent.as_str(), one.standing)).collect();
    assert_eq!(passed_over, [("ana", Standing::KeptForAnother), ("bea", Standing::KeptForAnother)]);
    assert_eq!(are_replayed(&floor), 1);
}

#[test]
fn an_owner_on_leave_gives_way_to_the_agent_of_the_last_talk() {
    for is_paused in [false, true] {
        let mut floor = teams(&["ana", "bea"]);
        if is_paused {
            floor.sign_in("dora");
            floor.set_presence("dora", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
        }
        let call = comes_known(&mut floor, &["ana", "bea"], Some("dora"), Some("bea"));
        assert_eq!(floor.presence("bea"), Presence::Offered { call });
        assert_eq!(last_decision(&floor).kept, kept("bea", KeptBecause::LastTalk, KeptTier::Agent, 20_000));
    }
}

#[test]
fn who_has_waited_for_the_owner_goes_to_the_team_and_then_to_all() {
    let mut floor = teams(&["bea"]);
    wraps_up(&mut floor, "bea");
    let (_, call) = floor.call("1001");
    is_customer_of(&mut floor, call, Some("bea"), None);
    floor.sign_in("dora");
    // More time than the caller is kept for.
    floor.ask("bea", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    floor.sleep(19_900);
    assert_eq!(floor.presence("dora"), Presence::Ready, "kept for the owner");
    floor.sleep(10_000);
    assert_eq!(floor.presence("dora"), Presence::Ready, "kept for the owner's team");
    floor.sign_in("ana");
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "of the team");
    let decision = last_decision(&floor);
    assert_eq!(decision.kept, kept("bea", KeptBecause::Owner, KeptTier::Team, 20_100));
    let dora = decision.candidates.iter().find(|one| one.agent == id::<AgentId>("dora")).unwrap();
    assert_eq!(dora.standing, Standing::KeptForAnother);
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("dora"), Presence::Offered { call }, "who is not wanted by the team goes to all");
    assert_eq!(are_replayed(&floor), 3);
}

#[test]
fn nobody_waits_longer_than_the_queue_says() {
    let mut floor = teams(&["bea"]);
    wraps_up(&mut floor, "bea");
    let (_, call) = floor.call("1001");
    is_customer_of(&mut floor, call, Some("bea"), None);
    floor.sign_in("dora");
    for _ in 0..2 {
        floor.ask("bea", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    }
    floor.sleep(49_999);
    assert_eq!(floor.presence("dora"), Presence::Ready, "20 s for the owner and 30 s for the team");
    floor.sleep(1);
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
    let decision = last_decision(&floor);
    assert_eq!(decision.kept, kept("bea", KeptBecause::Owner, KeptTier::Over, 0), "it is told that they were waited for");
    assert_eq!(decision.candidates.len(), 1);
    assert_eq!(are_replayed(&floor), 2);
}

#[test]
fn where_the_owner_is_not_there_the_team_is_asked_at_once() {
    let mut floor = teams(&["dora", "ana"]);
    let call = comes_known(&mut floor, &["dora", "ana"], Some("bea"), None);
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "though dora has been idle for longer");
    assert_eq!(last_decision(&floor).kept, kept("bea", KeptBecause::Owner, KeptTier::Team, 30_000));
}

#[test]
fn where_nobody_of_the_team_is_there_all_are_asked_at_once() {
    let mut floor = teams(&["dora"]);
    let call = comes_known(&mut floor, &["dora"], Some("bea"), None);
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
    assert_eq!(last_decision(&floor).kept, None);
}

#[test]
fn an_owner_without_a_department_has_no_team() {
    let mut floor = teams(&["dora", "carl", "ana"]);
    floor.set_presence("carl", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let call = comes_known(&mut floor, &["dora", "ana"], Some("carl"), None);
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
}

#[test]
fn who_pauses_is_waited_for_no_longer_and_the_team_has_its_whole_time_from_then_on() {
    let mut floor = teams(&["bea", "ana"]);
    let (first, _) = nobody_known(&mut floor);
    floor.answer("bea");
    let (second, _) = nobody_known(&mut floor);
    floor.answer("ana");
    floor.hang_up(first);
    floor.hang_up(second);
    floor.sleep(15_500);
    let (_, call) = floor.call("1001");
    is_customer_of(&mut floor, call, Some("bea"), None);
    floor.sign_in("dora");
    floor.sleep(5_000);
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.ask("bea", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    // More time than the caller is kept for.
    floor.ask("ana", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    floor.sleep(29_999);
    assert_eq!(floor.presence("dora"), Presence::Ready, "30 s for the team");
    floor.sleep(1);
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
    assert_eq!(are_replayed(&floor), 3);
}

#[test]
fn who_is_kept_for_a_team_goes_to_all_when_the_last_of_it_leaves() {
    for (leaves, taker) in [(false, "ana"), (true, "dora")] {
        let mut floor = teams(&["ana"]);
        wraps_up(&mut floor, "ana");
        let (_, call) = floor.call("1001");
        is_customer_of(&mut floor, call, Some("bea"), None);
        floor.sign_in("dora");
        assert_eq!(floor.presence("dora"), Presence::Ready, "kept for the team");
        if leaves {
            floor.set_presence("ana", WantedPresence::Offline).unwrap();
        }
        floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
        assert_eq!(floor.presence(taker), Presence::Offered { call });
        are_replayed(&floor);
    }
}

#[test]
fn a_queue_that_does_not_prefer_owners_keeps_nobody_for_them() {
    let mut directory = with_teams();
    directory.queues.get_mut(&id("support")).unwrap().routing.prefers_owner = None;
    let mut floor = Floor::with(directory);
    for agent in ["ana", "dora"] {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    let call = comes_known(&mut floor, &["ana", "dora"], Some("dora"), None);
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
}

#[test]
fn who_was_kept_for_the_owner_is_so_after_a_restart() {
    let mut floor = teams(&["bea"]);
    wraps_up(&mut floor, "bea");
    let (leg, call) = floor.call("1001");
    is_customer_of(&mut floor, call, Some("bea"), None);
    let calls: Vec<CallId> = floor.centre.calls.keys().copied().collect();
    let calls = calls.into_iter().map(|call| {
        let kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
        serde_json::from_str(&kept).unwrap()
    });
    let calls = calls.collect();
    let agent = floor.centre.keep_agent(&id("bea")).unwrap();
    let mut anew = Floor::with(with_teams());
    anew.now = floor.now.plus_millis(2_000);
    anew.recover(calls, vec![agent]);
    anew.sign_in("dora");
    anew.input(CentreInput::LegReturned { leg });
    assert_eq!(anew.presence("dora"), Presence::Ready, "the caller is bea's");
    anew.ask("bea", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    anew.sleep(17_000);
    assert_eq!(anew.presence("dora"), Presence::Ready, "then the team's");
    anew.sleep(31_000);
    assert_eq!(anew.presence("dora"), Presence::Offered { call }, "50 s since the entry, the restart among them");
}

#[test]
fn a_queue_that_is_called_directly_waits_a_moment_to_hear_whose_customer_it_is() {
    let mut floor = teams(&["ana", "dora"]);
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Ready, "nobody is offered a caller who may be somebody's");
    floor.sleep(20);
    is_customer_of(&mut floor, call, Some("dora"), None);
    assert_eq!(floor.presence("dora"), Presence::Offered { call });
    let (_, call) = floor.call("1001");
    floor.sleep(150);
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "nobody waits for an answer that does not come");
}
