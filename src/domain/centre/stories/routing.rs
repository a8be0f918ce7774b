//! Who gets which call, as a queue says.

use std::collections::BTreeMap;

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, TransferTarget},
        centre::{CallState, CallerMatch, CallerRecordRef, CentreCommand, CentreInput, ConsultTarget, WantedPresence},
        directory::{Directory, QueueRouting, RoutingStep, SegmentRules, SkillNeed, Strategy, WrapUp},
    },
    types::{CallId, CustomerId, LegId, QueueId, RoutingDecision, Standing},
};

/// The sample with `support` routed so.
fn support_by(routing: QueueRouting) -> Directory {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().routing = routing;
    directory
}

fn decisions(floor: &Floor) -> Vec<RoutingDecision> {
    let decision = |event: &CallEventKind| match event {
        CallEventKind::Offered { decision: Some(decision), .. } => Some((**decision).clone()),
        _ => None,
    };
    floor.call_events().filter_map(decision).collect()
}

/// A call that is answered by whom it rings at, and ends with its wrap-up at once.
fn serve_one(floor: &mut Floor) -> String {
    let (leg, call) = floor.call("1001");
    let agent = floor.view(call).agent.clone().unwrap().to_string();
    if agent == "carl" {
        let phone = floor.phone_leg();
        floor.input(CentreInput::LegAnswered { leg: phone });
        floor.input(CentreInput::LegAudio { leg: phone, is_up: true });
    } else {
        floor.answer(&agent);
    }
    floor.sleep(5_000);
    floor.hang_up(leg);
    floor.ask(&agent, |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    agent
}

fn known_as(floor: &mut Floor, call: CallId, segment: &str) {
    let customer = CallerRecordRef {
        customer: CustomerId::mint(floor.now.wall, &mut floor.rng),
        name: "Eva".into(),
        segment: segment.into(),
        language: None,
        open_tickets: vec![],
        last_agent: None,
        owner: None,
    };
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![customer] } });
}

#[test]
fn the_offer_says_who_was_free_how_they_stood_and_who_was_not() {
    let mut floor = Floor::ready(&["ana", "bea", "carl"]);
    floor.set_presence("carl", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    let [decision] = decisions(&floor).try_into().unwrap();
    assert_eq!((decision.queue.as_str(), decision.agent.as_str()), ("support", "ana"));
    let names: Vec<_> = decision.candidates.iter().map(|one| one.agent.as_str()).collect();
    assert_eq!((names, decision.not_free.paused), (vec!["ana", "bea"], 1));
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    let second = &decisions(&floor)[1];
    assert_eq!((second.agent.as_str(), second.not_free.paused), ("bea", 2), "ana is not ready after a missed call");
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
}

#[test]
fn whoever_serves_the_queue_and_was_not_free_is_named_with_what_they_did() {
    let mut directory = sample();
    for key in ["dora", "eva", "fred", "gus"] {
        directory.agents.insert(id(key), agent(key, &["support"]));
    }
    directory.agents.insert(id("hugo"), agent("hugo", &["sales"]));
    let mut floor = Floor::with(directory);
    for key in ["ana", "bea", "dora", "hugo"] {
        floor.sign_in(key);
    }
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.set_presence("dora", WantedPresence::Paused { reason: "training".into() }).unwrap();
    // `ana` wraps up, `eva` talks, `fred` is called, `gus` is not there.
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    floor.hang_up(leg);
    floor.sign_in("eva");
    floor.call("1001");
    floor.answer("eva");
    floor.sign_in("fred");
    floor.call("1001");
    floor.sign_in("carl");
    floor.call("1001");
    let decision = decisions(&floor).pop().unwrap();
    assert_eq!(decision.agent.as_str(), "carl");
    let told = serde_json::to_value(&decision.others).unwrap();
    let expected = serde_json::json!({ "offered": ["fred"], "busy": ["eva"], "wrapping_up": ["ana"],
        "paused": { "lunch": ["bea"], "training": ["dora"] } });
    assert_eq!(told, expected);
}

#[test]
fn of_a_great_many_who_were_not_free_the_first_fifty_are_named() {
    let mut directory = sample();
    let further: Vec<String> = (100..180).map(|number| format!("further-{number}")).collect();
    directory.agents.extend(further.iter().map(|key| (id(key), agent(key, &["support"]))));
    let mut floor = Floor::with(directory);
    for key in &further {
        floor.sign_in(key);
        floor.set_presence(key, WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    }
    floor.sign_in("ana");
    floor.call("1001");
    let decision = decisions(&floor).pop().unwrap();
    assert_eq!((decision.not_free.paused, decision.others.paused["lunch"].len()), (80, 50));
    let octets = serde_json::to_string(&decision.others).unwrap().len();
    assert!(octets < 1_000, "{octets} octets");
}

#[test]
fn one_after_the_other_also_over_a_restart() {
    let routing = QueueRouting { strategy: Strategy::RoundRobin, ..QueueRouting::default() };
    let mut floor = Floor::with(support_by(routing.clone()));
    for agent in ["ana", "bea", "carl"] {
        floor.sign_in(agent);
    }
    let served: Vec<String> = (0..4).map(|_| serve_one(&mut floor)).collect();
    assert_eq!(served, ["ana", "bea", "carl", "ana"]);
    let kept: Vec<_> = ["ana", "bea", "carl"].iter().map(|key| floor.centre.keep_agent(&id(key)).unwrap()).collect();
    let mut again = Floor::with(support_by(routing));
    again.now = floor.now;
    again.recover(vec![], kept);
    for agent in ["ana", "bea", "carl"] {
        again.sign_in(agent);
    }
    assert_eq!(serve_one(&mut again), "bea");
}

#[test]
fn the_fewest_calls_counts_calls_and_spares_whoever_has_just_signed_in() {
    let routing = QueueRouting { strategy: Strategy::FewestCalls, ..QueueRouting::default() };
    let mut floor = Floor::with(support_by(routing));
    floor.sign_in("ana");
    for _ in 0..3 {
        assert_eq!(serve_one(&mut floor), "ana");
    }
    floor.sign_in("bea");
    floor.sign_in("carl");
    let served: Vec<String> = (0..3).map(|_| serve_one(&mut floor)).collect();
    assert_eq!(served, ["ana", "bea", "carl"], "all begin at three, and who is ready for longer goes first");
}

#[test]
fn the_least_occupied_gives_whoever_has_just_signed_in_a_turn_with_the_others() {
    let routing = QueueRouting { strategy: Strategy::LeastOccupied, ..QueueRouting::default() };
    let mut floor = Floor::with(support_by(routing));
    floor.sign_in("ana");
    for _ in 0..3 {
        assert_eq!(serve_one(&mut floor), "ana");
    }
    floor.sleep(60_000);
    floor.sign_in("bea");
    let occupied = |floor: &Floor, key: &str| {
        let load = floor.centre.agents[&id(key)].workload(floor.now.mono);
        (load.on_calls_ms + load.wrapping_up_ms, load.ready_ms)
    };
    assert!(occupied(&floor, "ana").0 > 0);
    assert_eq!(occupied(&floor, "bea"), occupied(&floor, "ana"), "she begins as occupied as who was there");
    floor.sleep(1_000);
    floor.call("1001");
    floor.answer("ana");
    floor.sleep(30_000);
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    assert_eq!(serve_one(&mut floor), "bea", "who has had a call more is more occupied");
}

#[test]
fn a_call_that_one_is_asked_about_counts_as_answered_only_when_it_is_left_to_one() {
    let routing = QueueRouting { strategy: Strategy::FewestCalls, ..QueueRouting::default() };
    let mut floor = Floor::with(support_by(routing));
    floor.sign_in("ana");
    floor.sign_in("bea");
    let counts = |floor: &Floor| ["ana", "bea"].map(|key| floor.centre.agents[&id(key)].workload_then().answered_thousandths);
    let ask_bea = |floor: &mut Floor| {
        let target = ConsultTarget::Agent { agent: id("bea") };
        floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
        floor.answer("bea");
    };
    floor.call("1001");
    floor.answer("ana");
    ask_bea(&mut floor);
    floor.ask("bea", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!(counts(&floor), [1_000, 0], "ana's call");
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    ask_bea(&mut floor);
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!(counts(&floor), [1_000, 1_000], "now it is bea's too");
}

#[test]
fn who_has_sent_a_caller_to_a_queue_is_passed_over_for_that_and_for_as_long_as_the_queue_says() {
    let mut directory = support_by(QueueRouting { excluded_secs: 45, ..QueueRouting::default() });
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().wrap_up = WrapUp::None;
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.call("1001");
    floor.answer("ana");
    let target = TransferTarget::Queue { queue: id("support") };
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    floor.sleep(40_000);
    assert_eq!(floor.presence("ana"), Presence::Ready, "who sent the caller away");
    floor.sign_in("bea");
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    let sent = decisions(&floor).pop().unwrap();
    let standing = |key: &str| sent.candidates.iter().find(|one| one.agent.as_str() == key).unwrap().standing;
    assert_eq!((standing("ana"), sent.agent.as_str()), (Standing::SentItHere, "bea"));
    floor.sleep(5_000);
    assert!(matches!(floor.presence("ana"), Presence::Offered { .. }), "45 s after the transfer");
}

#[test]
fn who_missed_a_call_is_passed_over_for_it_after_a_restart_too() {
    let routing = QueueRouting { excluded_secs: 45, strikes_max: 2, ..QueueRouting::default() };
    let mut floor = Floor::with(support_by(routing.clone()));
    floor.sign_in("ana");
    let (leg, call) = floor.call("1001");
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Ready, "once is no strike");
    let written = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    let agent = floor.centre.keep_agent(&id("ana")).unwrap();
    let mut again = Floor::with(support_by(routing));
    again.now = floor.now.plus_millis(2_000);
    again.recover(vec![serde_json::from_str(&written).unwrap()], vec![agent]);
    again.sign_in("ana");
    again.input(CentreInput::LegReturned { leg });
    again.sleep(41_000);
    assert_eq!(again.presence("ana"), Presence::Ready, "43 s since she declined");
    again.sleep(3_000);
    assert_eq!(again.presence("ana"), Presence::Offered { call });
}

#[test]
fn a_segment_stands_ahead_as_soon_as_the_caller_is_known_and_as_the_queue_says_now() {
    let head_start_secs = BTreeMap::from([("gold".to_owned(), 120)]);
    let mut floor = Floor::with(support_by(QueueRouting { head_start_secs, ..QueueRouting::default() }));
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, first) = floor.call("1001");
    floor.sleep(60_000);
    let (_, gold) = floor.call("1001");
    assert_eq!(floor.view(gold).state, CallState::Waiting { position: 2 });
    known_as(&mut floor, gold, "gold");
    assert_eq!(floor.view(gold).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 2 });
    let later = Directory { version: 2, ..support_by(QueueRouting::default()) };
    floor.set_directory(later);
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 }, "who waits does not keep an old rule");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call: first });
}

#[test]
fn customers_of_a_segment_wait_in_the_queue_that_is_named_for_them() {
    let mut directory = sample();
    let rules = SegmentRules { queue: Some(id("sales")), ..SegmentRules::default() };
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().segments.insert("gold".into(), rules);
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let queue = |floor: &Floor, call| floor.view(call).queue.as_ref().map(ToString::to_string);

    let (_, gold) = floor.call("1001");
    assert_eq!(queue(&floor, gold), None, "it depends on who that is");
    known_as(&mut floor, gold, "gold");
    assert_eq!(queue(&floor, gold).unwrap(), "sales");
    let (_, tin) = floor.call("1001");
    known_as(&mut floor, tin, "standard");
    assert_eq!(queue(&floor, tin).unwrap(), "support");
    let (_, late) = floor.call("1001");
    floor.sleep(200);
    assert_eq!(queue(&floor, late).unwrap(), "support", "nobody waits for long to be known");
    known_as(&mut floor, late, "gold");
    assert_eq!(queue(&floor, late).unwrap(), "support", "and stays then");
    let visits = floor.call_events().filter(|kind| matches!(kind, CallEventKind::Queued { .. })).count();
    assert_eq!(visits, 3, "each has one");
    let (leg, _) = floor.call("1001");
    floor.hang_up(leg);
    floor.sleep(200);
    assert_eq!(floor.centre.snapshot().calls.len(), 3, "who hangs up meanwhile comes to no queue");
}

#[test]
fn a_step_comes_by_itself_for_those_who_wait_already() {
    let steps = vec![RoutingStep {
        after_secs: 40,
        skills: vec![SkillNeed { skill: id("sales"), level: 1 }],
        ..RoutingStep::default()
    }];
    let mut directory = support_by(QueueRouting { steps, ..QueueRouting::default() });
    directory.agents.get_mut(&id("bea")).unwrap().skills.remove(&id("support"));
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    floor.sleep(39_999);
    assert_eq!(floor.presence("bea"), Presence::Ready);
    floor.sleep(1);
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    assert_eq!(decisions(&floor)[0].step, 1);
}

#[test]
fn a_step_that_nobody_is_left_before_is_taken_at_once() {
    let steps = vec![RoutingStep {
        after_secs: 300,
        skills: vec![SkillNeed { skill: id("sales"), level: 1 }],
        ..RoutingStep::default()
    }];
    let mut directory = support_by(QueueRouting { steps, ..QueueRouting::default() });
    directory.agents.get_mut(&id("bea")).unwrap().skills.remove(&id("support"));
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("bea"), Presence::Ready);
    assert_eq!(floor.agent("bea").queues, [id::<QueueId>("sales")], "support is not hers");
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
}

#[test]
fn a_queue_has_no_more_conversations_than_it_may_and_goes_on_when_one_ends() {
    let mut floor = Floor::with(support_by(QueueRouting { talking_max: Some(1), ..QueueRouting::default() }));
    floor.sign_in("ana");
    floor.sleep(1_000);
    floor.sign_in("bea");
    let (leg, _) = floor.call("1001");
    let (_, second) = floor.call("1001");
    assert_eq!(floor.presence("bea"), Presence::Ready, "a call that rings counts");
    floor.answer("ana");
    floor.sleep(30_000);
    assert_eq!(floor.presence("bea"), Presence::Ready);
    floor.hang_up(leg);
    assert_eq!(floor.presence("bea"), Presence::Offered { call: second }, "while ana wraps up");
}

#[test]
fn as_many_calls_may_be_missed_as_the_queue_says() {
    let mut floor = Floor::with(support_by(QueueRouting { strikes_max: 2, ..QueueRouting::default() }));
    floor.sign_in("ana");
    let miss = |floor: &mut Floor| {
        floor.call("1001");
        floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    };
    miss(&mut floor);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    miss(&mut floor);
    assert_eq!(floor.presence("ana"), paused("missed"));
}

#[test]
fn an_agent_who_hears_of_no_queue_is_no_candidate_at_all() {
    let mut directory = sample();
    directory.agents.get_mut(&id("bea")).unwrap().skills.clear();
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    floor.call("1001");
    let [decision] = decisions(&floor).try_into().unwrap();
    assert_eq!(decision.candidates[1].standing, Standing::LacksSkill);
}

#[test]
fn far_back_in_a_long_line_the_place_is_shown_within_a_second() {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().waiting_max = 200;
    let mut floor = Floor::with(directory);
    let callers: Vec<(LegId, CallId)> = (0..60).map(|_| floor.call("1001")).collect();
    let place = |floor: &Floor, nth: usize| floor.view(callers[nth].1).state.clone();
    assert_eq!(place(&floor, 59), CallState::Waiting { position: 60 });
    floor.sleep(5_000);
    floor.hang_up(callers[0].0);
    assert_eq!(place(&floor, 1), CallState::Waiting { position: 1 }, "the first ones at once");
    assert_eq!(place(&floor, 50), CallState::Waiting { position: 50 });
    assert_eq!(place(&floor, 59), CallState::Waiting { position: 60 });
    floor.sleep(1_000);
    assert_eq!(place(&floor, 59), CallState::Waiting { position: 59 });
}

#[test]
fn what_a_decision_saw_takes_little_room_however_many_are_free_and_once_an_hour_all_is_told() {
    let mut directory = sample();
    let further: Vec<String> = (0..200).map(|number| format!("further-{number}")).collect();
    directory.agents.extend(further.iter().map(|key| (id(key), agent(key, &["support"]))));
    let mut floor = Floor::with(directory);
    for key in &further {
        floor.sign_in(key);
    }
    (0..3).for_each(|_| drop(serve_one(&mut floor)));
    floor.sleep(3_600_000);
    serve_one(&mut floor);
    let sights = floor.events.iter().filter_map(|fact| fact.sight.as_ref());
    let told: Vec<(u64, bool, usize)> =
        sights.map(|sight| (sight.number, sight.is_whole, serde_json::to_string(sight).unwrap().len())).collect();
    println!("number, whole, octets: {told:?}");
    assert_eq!(
        told.iter().map(|(number, is_whole, _)| (*number, *is_whole)).collect::<Vec<_>>(),
        [(1, true), (2, false), (3, false), (4, true)]
    );
    assert!(told[1..3].iter().all(|(_, _, octets)| *octets < 700), "{told:?}");
}
