//! Callbacks: the place that is kept, who is called first, calling again, and what outlasts the process.

use std::collections::BTreeMap;

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, Outcome},
    callback::{Callback, CallbackEventKind, CallbackState},
    centre::{CallState, CallbackChange, CallbackWish, CallerLine, CentreCommand, CentreInput, PhoneEffect, Refusal},
    directory::{CalendarSource, CallbackMode, CallbackRules, Directory, QueueExit, QueueRouting, WrapUp},
    event::Event,
};
use crate::types::{Answer, AnswerCause, CallId, CallbackId, LegId, PhoneNumber, QueueId, Timestamp};

/// The sample floor whose support calls back and promises it after a minute of waiting.
fn directory(mode: CallbackMode) -> Directory {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.callback = CallbackRules { mode, ..CallbackRules::default() };
    support.wait_secs_max = 60;
    support.on_max_wait = QueueExit::Callback;
    support.wrap_up = WrapUp::None;
    support.caller_number = Some("+34911555000".into());
    directory
}

pub(super) fn number(last: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("+34911{last:06}"), "34").unwrap()
}

/// A customer calls support.
fn call_from(floor: &mut Floor, last: usize) -> (LegId, CallId) {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { number: Some(number(last)), trunk: Some(id("carrier")), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg });
    (leg, *floor.calls.keys().last().unwrap())
}

/// A customer waits for a minute, is promised a callback and hangs up.
fn promised(floor: &mut Floor, last: usize) -> CallId {
    let (leg, call) = call_from(floor, last);
    floor.sleep(60_000);
    assert!(floor.played().last().unwrap().contains("callback-promised"), "{:?}", floor.played());
    floor.hang_up(leg);
    call
}

/// How a callback was told to stand last.
fn last_told(floor: &Floor) -> Callback {
    floor.events.iter().rev().find_map(|fact| fact.callback.as_deref().cloned()).unwrap()
}

fn kinds(floor: &Floor) -> Vec<&'static str> {
    let kind = |fact: &crate::domain::centre::Fact| match &fact.event {
        Event::Callback(event) => Some(event.kind().trim_start_matches("callback.")),
        _ => None,
    };
    floor.events.iter().filter_map(kind).collect()
}

/// Nobody can take a call, but somebody is there.
fn with_ana_paused(mode: CallbackMode) -> Floor {
    let mut floor = Floor::with(directory(mode));
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    floor
}

fn pause(floor: &mut Floor, agent: &str) {
    let wanted = crate::domain::centre::WantedPresence::Paused { reason: "lunch".into() };
    floor.set_presence(agent, wanted).unwrap();
}

fn ready(floor: &mut Floor, agent: &str) {
    floor.set_presence(agent, crate::domain::centre::WantedPresence::Ready).unwrap();
}

/// Whom the agent is given next, by the number's last digit.
fn served(floor: &Floor, agent: &str) -> Option<String> {
    let call = floor.agent(agent).call?;
    floor.view(call).party.number.as_ref().map(|number| number.as_str().to_owned())
}

#[test]
fn an_agent_is_offered_the_callback_and_the_customer_dialled_when_it_is_taken() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    let asked = promised(&mut floor, 1);
    assert_eq!(floor.summaries[&asked].outcome, Outcome::FlowedOut);
    floor.sleep(120_000);
    ready(&mut floor, "ana");
    let call = floor.agent("ana").call.expect("the callback rings");
    let view = floor.view(call);
    assert!(matches!(view.state, CallState::Offered { .. }));
    let of = view.callback.as_ref().expect("it says that it is a callback");
    assert_eq!((of.attempt, view.queued_at.unwrap().millis_since(of.requested_at)), (1, -60_000), "the wait goes on");
    assert!(!floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::CallOut { .. })), "nobody is dialled yet");
    floor.answer("ana");
    let shown = floor.phone.iter().any(|effect| {
        matches!(effect, PhoneEffect::CallOut { number, caller: Some(caller), .. }
            if number.as_ref() == "+34911000001" && caller.as_ref() == "+34911555000")
    });
    assert!(shown, "the customer is dialled and sees the queue's number");
    assert_eq!(floor.view(call).state, CallState::Dialling);
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.view(call).state, CallState::Talking);
    assert_eq!(kinds(&floor), ["requested", "attempt_began", "reached"]);
    let told = last_told(&floor);
    assert_eq!((told.state, told.is_promise_kept, told.call), (CallbackState::Reached, Some(true), Some(asked)));
    let decision = floor.call_events().find_map(|kind| match kind {
        CallEventKind::Offered { decision: Some(decision), .. } => Some(decision.clone()),
        _ => None,
    });
    assert_eq!(decision.unwrap().waited_ms, 180_000, "the decision counts the wait from the queue's entry");
    floor.hang_up(leg);
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn a_callback_keeps_its_place_between_those_before_and_those_behind() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    let support = id::<QueueId>("support");
    let mut longer = directory(CallbackMode::AgentFirst);
    longer.version = 2;
    longer.queues.get_mut(&support).unwrap().wait_secs_max = 3_000;
    floor.set_directory(longer);
    call_from(&mut floor, 1);
    let mut shorter = directory(CallbackMode::AgentFirst);
    shorter.version = 3;
    floor.set_directory(shorter);
    floor.sleep(1_000);
    let (leg, _) = call_from(&mut floor, 2);
    floor.sleep(1_000);
    let (_, third) = call_from(&mut floor, 3);
    floor.sleep(59_500);
    floor.hang_up(leg);
    assert_eq!(floor.view(third).state, CallState::Waiting { position: 3 }, "who came later stands behind the callback");
    ready(&mut floor, "ana");
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(served(&floor, "ana").unwrap());
        let call = floor.agent("ana").call.unwrap();
        floor.answer("ana");
        if floor.view(call).state == CallState::Dialling {
            let leg = floor.phone_leg();
            floor.input(CentreInput::LegAnswered { leg });
        }
        floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    }
    assert_eq!(order, ["+34911000001", "+34911000002", "+34911000003"]);
}

/// The directory with other rules of how calls find their agents.
fn routed(version: u64, routing: QueueRouting) -> Directory {
    let mut directory = directory(CallbackMode::AgentFirst);
    directory.version = version;
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().routing = routing;
    directory
}

#[test]
fn a_callback_stands_ahead_as_far_as_its_queue_does_and_as_the_rules_say_now() {
    let head_start = |floor: &Floor| {
        let line = &floor.centre.lines[&id::<QueueId>("support")];
        line.iter().find(|(_, waiting)| waiting.called_back.is_some()).unwrap().0.head_start_ms()
    };
    let mut floor = Floor::with(routed(1, QueueRouting { ahead_secs: 45, ..QueueRouting::default() }));
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    promised(&mut floor, 1);
    assert_eq!(head_start(&floor), 45_000, "as a caller on the line");
    floor.set_directory(routed(2, QueueRouting { ahead_secs: 300, ..QueueRouting::default() }));
    assert_eq!(head_start(&floor), 300_000, "who waits does not keep an old rule");
}

#[test]
fn what_a_supervisor_said_of_a_caller_holds_for_the_callback_too() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    let (leg, call) = call_from(&mut floor, 1);
    floor.ask_as("boss", CentreCommand::SetAhead { call, secs: Some(90) }).unwrap();
    floor.sleep(60_000);
    floor.hang_up(leg);
    let line = |floor: &Floor| {
        let line = &floor.centre.lines[&id::<QueueId>("support")];
        line.iter().map(|(place, _)| place.head_start_ms()).collect::<Vec<_>>()
    };
    assert_eq!((line(&floor), last_told(&floor).ahead_secs), (vec![90_000], Some(90)));
    floor.set_directory(routed(2, QueueRouting { ahead_secs: 300, ..QueueRouting::default() }));
    assert_eq!(line(&floor), [90_000], "whatever the rules");
    let (id, at) = (last_told(&floor).id, in_minutes(&floor, 30));
    let change = CallbackChange { callback: id, scheduled_at: Some(at), zone: None, agent: None, number: None };
    floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(change))).unwrap();
    assert_eq!(last_told(&floor).ahead_secs, None, "another time is another place");
}

#[test]
fn who_calls_again_has_the_place_of_the_callback_and_is_not_called() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut floor, 1);
    call_from(&mut floor, 2);
    floor.sleep(10_000);
    let (_, again) = call_from(&mut floor, 1);
    assert_eq!(floor.view(again).state, CallState::Waiting { position: 1 }, "before who came after the first call");
    assert_eq!(kinds(&floor), ["requested", "merged"]);
    assert_eq!(last_told(&floor).merged_into, Some(again));
    ready(&mut floor, "ana");
    assert_eq!(floor.agent("ana").call, Some(again));
    floor.answer("ana");
    assert!(!floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::CallOut { .. })));
}

#[test]
fn who_is_back_at_an_earlier_place_keeps_it_when_a_later_callback_is_taken_over() {
    let mut directory = directory(CallbackMode::AgentFirst);
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.waiting.redial_secs = 120;
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    let (leg, _) = call_from(&mut floor, 1);
    floor.sleep(10_000);
    call_from(&mut floor, 2);
    floor.hang_up(leg);
    let wish = wish(&mut floor, 1);
    request(&mut floor, wish).unwrap();
    call_from(&mut floor, 1);
    assert!(floor.story().contains(&"place_regained"));
    assert_eq!(last_told(&floor).state, CallbackState::Merged);
    ready(&mut floor, "ana");
    assert_eq!(served(&floor, "ana").as_deref(), Some("+34911000001"), "who came first");
}

#[test]
fn who_calls_again_while_being_dialled_is_called_no_longer() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    floor.answer("ana");
    let dialled = floor.phone_leg();
    let (_, again) = call_from(&mut floor, 1);
    assert!(!floor.open.contains(&dialled), "the call out ends");
    assert_eq!(kinds(&floor), ["requested", "attempt_began", "merged"]);
    assert_eq!(floor.agent("ana").call, Some(again), "and the caller has the agent");
}

#[test]
fn who_cannot_be_reached_is_tried_again_and_at_last_becomes_a_task() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    for attempt in 1..=3 {
        let call = floor.agent("ana").call.expect("it rings again");
        assert_eq!(floor.view(call).callback.as_ref().unwrap().attempt, attempt);
        floor.answer("ana");
        let leg = floor.phone_leg();
        floor.input(CentreInput::LegFailed { leg, cause: EndCause::Busy });
        assert_eq!(floor.agent("ana").call, None, "the next attempt waits");
        floor.sleep(14 * 60_000);
        assert_eq!(floor.agent("ana").call, None);
        floor.sleep(60_000 + 1_000);
    }
    let told = last_told(&floor);
    assert_eq!((told.state, told.attempts), (CallbackState::Failed, 3));
    let kinds = kinds(&floor);
    assert_eq!(kinds.iter().filter(|kind| **kind == "attempt_failed").count(), 3);
    assert_eq!(kinds.last(), Some(&"failed"));
    let queued = floor.call_events().filter(|kind| matches!(kind, CallEventKind::Queued { .. })).count();
    assert_eq!(queued, 1, "calling back is no visit to the queue");
}

/// Our trunks carry so many calls from now on.
fn lines_out(floor: &mut Floor, version: u64, mode: CallbackMode, calls_max: i64) {
    let mut directory = Directory { version, ..directory(mode) };
    directory.trunks.values_mut().for_each(|trunk| trunk.calls_max = calls_max);
    floor.set_directory(directory);
}

#[test]
fn what_could_not_be_dialled_for_want_of_a_line_is_no_attempt_and_is_tried_again_soon() {
    for mode in [CallbackMode::AgentFirst, CallbackMode::CustomerFirst] {
        let mut floor = with_ana_paused(mode);
        promised(&mut floor, 1);
        let place = last_told(&floor).queued_at;
        lines_out(&mut floor, 2, mode, 0);
        ready(&mut floor, "ana");
        let takes = |floor: &mut Floor| {
            if mode == CallbackMode::AgentFirst {
                floor.answer("ana");
            }
        };
        // Each time it takes twice as long until it is tried again.
        for waits_ms in [30_000, 60_000, 120_000] {
            takes(&mut floor);
            let told = last_told(&floor);
            assert_eq!((told.state, told.attempts), (CallbackState::Waiting, 0));
            assert_eq!((told.due_at.millis_since(floor.now.wall), told.queued_at), (waits_ms, place));
            assert_eq!((floor.presence("ana"), floor.agent("ana").call), (Presence::Ready, None));
            floor.sleep(u64::try_from(waits_ms).unwrap());
        }
        lines_out(&mut floor, 3, mode, 100);
        match mode {
            CallbackMode::CustomerFirst => floor.sleep(240_000),
            CallbackMode::AgentFirst | CallbackMode::Task => floor.answer("ana"),
        }
        let leg = floor.phone_leg();
        floor.input(CentreInput::LegAnswered { leg });
        let told = last_told(&floor);
        assert_eq!((told.state, told.attempts), (CallbackState::Reached, 1), "{mode:?}: {:?}", kinds(&floor));
    }
}

#[test]
fn for_want_of_a_line_it_is_tried_until_its_time_is_over() {
    let mut floor = with_ana_paused(CallbackMode::CustomerFirst);
    promised(&mut floor, 1);
    lines_out(&mut floor, 2, CallbackMode::CustomerFirst, 0);
    ready(&mut floor, "ana");
    floor.sleep(49 * 3_600_000);
    let kinds = kinds(&floor);
    let not_dialled = kinds.iter().filter(|kind| **kind == "not_dialled").count();
    assert!((100..=200).contains(&not_dialled), "{not_dialled}");
    assert_eq!((kinds.last(), last_told(&floor).state), (Some(&"expired"), CallbackState::Expired));
}

/// Support calls back and it is found out who answers: the leg of the customer who is called back.
fn answered_back(floor: &mut Floor) -> LegId {
    floor.answer("ana");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    leg
}

fn found_out(floor: &mut Floor, leg: LegId, answer: Answer) {
    floor.input(CentreInput::AnswerDetected { leg, answer, cause: AnswerCause::LongGreeting, after_ms: 2_000 });
}

fn that_finds_out() -> Floor {
    let mut finds_out = directory(CallbackMode::AgentFirst);
    finds_out.centre.answer_detection.is_usual = true;
    let mut floor = Floor::with(finds_out);
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    floor
}

#[test]
fn an_answering_machine_has_not_been_reached_and_the_customer_is_called_again() {
    let mut floor = that_finds_out();
    let leg = answered_back(&mut floor);
    assert_eq!(kinds(&floor), ["requested", "attempt_began"], "it is not known yet who that is");
    found_out(&mut floor, leg, Answer::Machine);
    floor.sleep(20_000);
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!(kinds(&floor), ["requested", "attempt_began", "attempt_failed"]);
    assert_eq!((last_told(&floor).state, last_told(&floor).attempts), (CallbackState::Waiting, 1));
    floor.sleep(15 * 60_000 + 1_000);
    let leg = answered_back(&mut floor);
    found_out(&mut floor, leg, Answer::Human);
    assert_eq!(kinds(&floor)[3..], ["attempt_began", "reached"]);
    assert_eq!(last_told(&floor).attempts, 2);
}

#[test]
fn a_message_that_is_left_on_a_machine_is_no_talk_either() {
    let mut finds_out = directory(CallbackMode::AgentFirst);
    finds_out.centre.answer_detection.is_usual = true;
    finds_out.centre.answer_detection.messages = vec!["callback-promised".into()];
    let mut floor = Floor::with(finds_out);
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    let leg = answered_back(&mut floor);
    found_out(&mut floor, leg, Answer::Machine);
    let prompt = "callback-promised".to_owned();
    floor.ask("ana", |agent, call| CentreCommand::LeaveMessage { agent, call, prompt }).unwrap();
    floor.hang_up(leg);
    assert_eq!(kinds(&floor).last(), Some(&"attempt_failed"));
}

#[test]
fn who_answers_and_is_no_machine_has_been_reached_whether_it_can_be_told_or_not() {
    for answer in [Some(Answer::Human), Some(Answer::Unsure), None] {
        let mut floor = that_finds_out();
        let leg = answered_back(&mut floor);
        match answer {
            Some(answer) => found_out(&mut floor, leg, answer),
            None => floor.hang_up(leg),
        }
        assert_eq!(kinds(&floor), ["requested", "attempt_began", "reached"], "{answer:?}");
        assert_eq!(last_told(&floor).state, CallbackState::Reached);
    }
}

#[test]
fn a_callback_that_an_agent_declines_stays_where_it_is() {
    let mut floor = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    let call = floor.agent("ana").call.unwrap();
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    floor.sign_in("carl");
    assert_eq!(floor.agent("carl").call, Some(call));
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: phone });
    assert_ne!(floor.phone_leg(), phone, "the customer is dialled when the agent's telephone is answered");
    assert_eq!(kinds(&floor), ["requested", "attempt_began"]);
}

#[test]
fn where_the_customer_comes_first_a_free_agent_is_kept_and_nobody_else_is_dialled() {
    let mut floor = with_ana_paused(CallbackMode::CustomerFirst);
    promised(&mut floor, 1);
    promised(&mut floor, 2);
    let dialled = |floor: &Floor| floor.phone.iter().filter(|effect| matches!(effect, PhoneEffect::CallOut { .. })).count();
    assert_eq!(dialled(&floor), 0, "nobody is free");
    ready(&mut floor, "ana");
    assert_eq!(dialled(&floor), 1, "one agent, one call");
    let call = floor.agent("ana").call.unwrap();
    assert_eq!(served(&floor, "ana").unwrap(), "+34911000001");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.view(call).state, CallState::Talking, "at once");
    floor.hang_up(leg);
    assert_eq!(dialled(&floor), 2);
    assert_eq!(served(&floor, "ana").unwrap(), "+34911000002");
}

#[test]
fn a_customer_who_answers_when_the_agent_is_not_heard_waits_before_all_others() {
    let mut floor = with_ana_paused(CallbackMode::CustomerFirst);
    promised(&mut floor, 1);
    ready(&mut floor, "ana");
    let call = floor.agent("ana").call.unwrap();
    let (leg, desk) = (floor.phone_leg(), floor.console_leg("ana"));
    call_from(&mut floor, 2);
    floor.input(CentreInput::LegAudio { leg: desk, is_up: false });
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    assert!(floor.played().last().unwrap().contains("connecting"));
    floor.sign_in("carl");
    assert_eq!(floor.agent("carl").call, Some(call));
}

pub(super) fn wish(floor: &mut Floor, last: usize) -> CallbackWish {
    CallbackWish {
        id: CallbackId::mint(floor.now.wall, &mut floor.rng),
        number: number(last),
        customer: None,
        segment: None,
        queue: id("support"),
        language: None,
        note: Some("about the invoice".into()),
        call: None,
        scheduled_at: None,
        zone: None,
        agent: None,
    }
}

pub(super) fn request(floor: &mut Floor, wish: CallbackWish) -> Result<(), Refusal> {
    floor.ask_as("boss", CentreCommand::RequestCallback(Box::new(wish)))
}

fn in_minutes(floor: &Floor, minutes: i64) -> Timestamp {
    floor.now.wall.plus_millis(minutes * 60_000)
}

#[test]
fn an_agreed_time_is_kept_and_the_agreed_agent_calls_until_it_is_the_queues() {
    let mut floor = Floor::with(directory(CallbackMode::AgentFirst));
    for agent in ["ana", "bea"] {
        floor.sign_in(agent);
    }
    pause(&mut floor, "ana");
    let at = in_minutes(&floor, 60);
    let for_ana = CallbackWish { scheduled_at: Some(at), agent: Some(id("ana")), ..wish(&mut floor, 1) };
    request(&mut floor, for_ana).unwrap();
    floor.sleep(59 * 60_000);
    assert!(floor.centre.callback_places().is_empty(), "not before its time");
    floor.sleep(2 * 60_000);
    assert_eq!(floor.centre.callback_places().len(), 1);
    assert_eq!(floor.agent("bea").call, None, "it is ana's");
    floor.sleep(29 * 60_000 + 1_000);
    assert_eq!(served(&floor, "bea").unwrap(), "+34911000001", "after half an hour it is the queue's");
    floor.answer("bea");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(last_told(&floor).is_promise_kept, Some(false), "more than half an hour late");
}

#[test]
fn one_per_number_and_queue_and_what_makes_no_sense_is_refused() {
    let mut floor = Floor::with(directory(CallbackMode::AgentFirst));
    let first = wish(&mut floor, 1);
    let callback = first.id;
    request(&mut floor, first).unwrap();
    let second = wish(&mut floor, 1);
    assert_eq!(request(&mut floor, second), Err(Refusal::CallbackExists));
    let off = CallbackWish { queue: id("sales"), ..wish(&mut floor, 2) };
    assert_eq!(request(&mut floor, off), Err(Refusal::CallbacksOff));
    let mut other = directory(CallbackMode::AgentFirst);
    other.version = 2;
    other.agents.insert(id("eva"), agent("eva", &["sales"]));
    floor.set_directory(other);
    let of_another = CallbackWish { agent: Some(id("eva")), ..wish(&mut floor, 2) };
    assert_eq!(request(&mut floor, of_another), Err(Refusal::AgentNotOfQueue));
    let later = in_minutes(&floor, 30);
    let change = CallbackChange { callback, scheduled_at: Some(later), zone: None, agent: None, number: None };
    floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(change.clone()))).unwrap();
    assert_eq!((last_told(&floor).due_at, last_told(&floor).queued_at), (later, later));
    floor.sign_in("ana");
    assert_eq!(floor.agent("ana").call, None, "put off");
    floor.sleep(30 * 60_000 + 1_000);
    assert_eq!(
        floor.ask_as("boss", CentreCommand::CancelCallback { callback }),
        Err(Refusal::CallbackUnderWay),
        "it rings at ana"
    );
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    floor.ask_as("boss", CentreCommand::CancelCallback { callback }).unwrap();
    assert_eq!(last_told(&floor).state, CallbackState::Cancelled);
    assert_eq!(floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(change))), Err(Refusal::NoSuchCallback));
}

#[test]
fn a_number_is_dialled_by_one_queue_at_a_time() {
    let mut both = directory(CallbackMode::AgentFirst);
    let rules = both.queues[&id::<QueueId>("support")].callback.clone();
    both.queues.get_mut(&id::<QueueId>("sales")).unwrap().callback = rules;
    let mut floor = Floor::with(both);
    for queue in ["support", "sales"] {
        let of_queue = CallbackWish { queue: id(queue), ..wish(&mut floor, 1) };
        request(&mut floor, of_queue).unwrap();
    }
    floor.sign_in("ana");
    floor.sign_in("bea");
    let has_call = |floor: &Floor| ["ana", "bea"].iter().filter(|agent| floor.agent(agent).call.is_some()).count();
    assert_eq!(has_call(&floor), 1);
    floor.answer("ana");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(has_call(&floor), 2, "the first one has been kept: now the other queue's is made");
}

#[test]
fn a_promise_that_is_too_old_is_given_up() {
    let mut hasty = directory(CallbackMode::AgentFirst);
    hasty.queues.get_mut(&id::<QueueId>("support")).unwrap().callback.expire_mins = 5;
    let mut floor = Floor::with(hasty);
    let one = wish(&mut floor, 1);
    request(&mut floor, one).unwrap();
    floor.sleep(6 * 60_000);
    assert_eq!(last_told(&floor).state, CallbackState::Expired);
    floor.sign_in("ana");
    assert_eq!(floor.agent("ana").call, None);
}

#[test]
fn customers_are_called_while_they_may_be_and_what_is_left_at_the_end_of_the_day_comes_first_on_the_next() {
    // The story begins on a Wednesday at 19:33:20 UTC.
    let may_be_called = CalendarSource {
        id: id("evenings"),
        name: "Evenings".into(),
        tz: "Atlantic/Canary".into(),
        weekly: ["wed", "thu"].map(|day| (day.into(), vec![("09:00".into(), "19:35".into())])).into(),
        holidays: vec![],
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    };
    let mut evening = directory(CallbackMode::AgentFirst);
    evening.queues.get_mut(&id::<QueueId>("support")).unwrap().callback.calendar = Some(id("evenings"));
    evening.calendars.insert(id("evenings"), may_be_called);
    let mut floor = Floor::with(evening);
    let one = wish(&mut floor, 1);
    request(&mut floor, one).unwrap();
    let place = last_told(&floor).queued_at;
    assert_eq!(floor.centre.callback_places().len(), 1);
    floor.sleep(2 * 60_000);
    assert!(floor.centre.callback_places().is_empty(), "nobody may be called any more");
    floor.sign_in("ana");
    let (leg, _) = call_from(&mut floor, 2);
    assert_eq!(served(&floor, "ana").unwrap(), "+34911000002", "the queue itself serves");
    floor.answer("ana");
    floor.hang_up(leg);
    floor.sleep(13 * 3_600_000 + 24 * 60_000);
    assert_eq!(served(&floor, "ana"), None);
    floor.sleep(45_000);
    assert_eq!((served(&floor, "ana").unwrap(), last_told(&floor).queued_at), ("+34911000001".to_owned(), place));
}

#[test]
fn callbacks_of_an_earlier_process_stand_at_their_places_and_an_attempt_under_way_has_failed() {
    let mut before = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut before, 1);
    let waiting = last_told(&before);
    promised(&mut before, 2);
    ready(&mut before, "ana");
    before.answer("ana");
    let calling = last_told(&before);
    assert_eq!((calling.number.clone(), calling.state), (number(1), CallbackState::Calling));
    let second = before.events.iter().rev().filter_map(|fact| fact.callback.as_deref()).find(|of| of.number == number(2));
    let second = second.unwrap().clone();

    let mut after = Floor::with(Directory::default());
    after.now = before.now;
    after.centre.restore_callbacks(vec![calling, second.clone()], |_| false);
    after.set_directory(directory(CallbackMode::AgentFirst));
    assert_eq!(kinds(&after), ["attempt_failed"]);
    let told = last_told(&after);
    assert_eq!((told.id, told.attempts, told.queued_at), (waiting.id, 1, waiting.queued_at));
    call_from(&mut after, 3);
    after.sign_in("ana");
    assert_eq!(served(&after, "ana").unwrap(), "+34911000002", "before who came after");
    after.answer("ana");
    let leg = after.phone_leg();
    after.input(CentreInput::LegAnswered { leg });
    assert_eq!((last_told(&after).id, last_told(&after).state), (second.id, CallbackState::Reached));
}

#[test]
fn a_customer_who_was_reached_as_the_process_died_is_not_called_again() {
    let mut before = with_ana_paused(CallbackMode::AgentFirst);
    promised(&mut before, 1);
    ready(&mut before, "ana");
    before.answer("ana");
    let calling = last_told(&before);
    let leg = before.phone_leg();
    before.input(CentreInput::LegAnswered { leg });
    // The journal has not heard of that, the file of live calls has.
    let kept = before.centre.keep_call(calling.attempt.unwrap()).unwrap();
    let agent = before.centre.keep_agent(&id("ana")).unwrap();

    let mut after = Floor::with(Directory::default());
    after.now = before.now;
    after.centre.restore_callbacks(vec![calling.clone()], |_| true);
    after.set_directory(directory(CallbackMode::AgentFirst));
    assert!(kinds(&after).is_empty(), "its call is still to come");
    after.recover(vec![kept], vec![agent]);
    assert_eq!((last_told(&after).id, last_told(&after).state), (calling.id, CallbackState::Reached));
}

#[test]
fn who_hangs_up_while_waiting_is_called_back_where_the_queue_wants_it() {
    let mut abandoned = directory(CallbackMode::AgentFirst);
    abandoned.queues.get_mut(&id::<QueueId>("support")).unwrap().callback.calls_back_abandoned = true;
    let mut floor = Floor::with(abandoned);
    floor.sign_in("ana");
    pause(&mut floor, "ana");
    let (leg, call) = call_from(&mut floor, 1);
    floor.sleep(20_000);
    floor.hang_up(leg);
    assert_eq!(floor.summaries[&call].outcome, Outcome::Abandoned, "in the figures it stays an abandon");
    assert_eq!((kinds(&floor), last_told(&floor).call), (vec!["requested"], Some(call)));
    let requested = |fact: &crate::domain::centre::Fact| {
        matches!(&fact.event, Event::Callback(event)
        if matches!(event.kind, CallbackEventKind::Requested { .. }))
    };
    let hung_up = |fact: &crate::domain::centre::Fact| {
        matches!(&fact.event, Event::Call(event)
        if matches!(event.kind, CallEventKind::Abandoned { .. }))
    };
    let place = |of: &dyn Fn(&crate::domain::centre::Fact) -> bool| floor.events.iter().position(of).unwrap();
    assert!(place(&requested) < place(&hung_up), "so that no task is opened for the abandon");
    ready(&mut floor, "ana");
    assert_eq!(served(&floor, "ana").unwrap(), "+34911000001");
}
