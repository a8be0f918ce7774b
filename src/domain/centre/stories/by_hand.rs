//! A supervisor's hand in the line.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, Supervision},
        centre::{CallState, CentreCommand, Heard, Refusal, WantedPresence},
        event::Actor,
    },
    types::CallId,
};

/// Ana pauses, Bea is ready for sales only, the supervisor watches at a console without being signed in for calls, and three callers wait for support.
fn waiting_line() -> (Floor, [CallId; 3]) {
    let mut directory = sample();
    directory.agents.get_mut(&id("bea")).unwrap().skills.remove(&id("support"));
    directory.agents.insert(id("boss"), agent("boss", &[]));
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.open_console("boss");
    let calls = std::array::from_fn(|_| {
        floor.sleep(1_000);
        floor.call("1001").1
    });
    (floor, calls)
}

fn assign(floor: &mut Floor, call: CallId, to: &str) -> Result<(), Refusal> {
    floor.ask_as("boss", CentreCommand::AssignWaiting { asker: id("boss"), call, agent: id(to) })
}

#[test]
fn a_waiting_call_is_given_to_an_agent_without_the_skill_and_keeps_its_place_when_it_is_missed() {
    let (mut floor, [first, second, third]) = waiting_line();
    assign(&mut floor, second, "bea").unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call: second });
    assert_eq!(assign(&mut floor, second, "boss"), Err(Refusal::OfferGone));
    assert_eq!(assign(&mut floor, third, "bea"), Err(Refusal::AgentNotReady));
    assert_eq!(assign(&mut floor, third, "ana"), Err(Refusal::AgentNotReady), "who pauses is not rung by somebody else");
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.view(second).state, CallState::Waiting { position: 2 });
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 });
    assert!(floor.call_events().any(|event| matches!(event, CallEventKind::Offered { decision: None, .. })));
}

#[test]
fn a_supervisor_who_is_not_signed_in_for_calls_takes_one() {
    let (mut floor, [_, second, _]) = waiting_line();
    assign(&mut floor, second, "boss").unwrap();
    floor.answer("boss");
    assert_eq!(floor.presence("boss"), Presence::Busy { call: second });
    assert_eq!(floor.view(second).state, CallState::Talking);
    assert_eq!(assign(&mut floor, second, "boss"), Err(Refusal::WrongCallState));
    let heard = floor.hears[&floor.console_leg("boss")].clone();
    let [Heard::Leg(caller)] = heard[..] else { panic!("{heard:?}") };
    floor.hang_up(caller);
    floor.ask("boss", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    assert_eq!(floor.presence("boss"), Presence::Offline, "as before");
}

#[test]
fn a_supervisor_who_lets_it_ring_stays_signed_out_and_the_caller_waits_on() {
    let (mut floor, [_, second, _]) = waiting_line();
    assign(&mut floor, second, "boss").unwrap();
    floor.sleep(15_000);
    assert_eq!(floor.presence("boss"), Presence::Offline);
    assert_eq!(floor.view(second).state, CallState::Waiting { position: 2 });
}

#[test]
fn who_is_put_first_is_first_and_goes_on_waiting() {
    let (mut floor, [first, second, third]) = waiting_line();
    let put_first = |floor: &mut Floor, call| floor.ask_as("boss", CentreCommand::PutFirst { call });
    put_first(&mut floor, third).unwrap();
    put_first(&mut floor, second).unwrap();
    put_first(&mut floor, second).unwrap();
    let place = |floor: &Floor, call| floor.view(call).state.clone();
    assert_eq!(place(&floor, third), CallState::Waiting { position: 1 });
    assert_eq!(place(&floor, second), CallState::Waiting { position: 2 }, "behind whoever was put there before");
    assert_eq!(place(&floor, first), CallState::Waiting { position: 3 });
    let put: Vec<_> = floor.story().into_iter().filter(|kind| *kind == "put_first").collect();
    assert_eq!(put.len(), 2, "what changes nothing is no event");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call: third });
    assert_eq!(put_first(&mut floor, third), Err(Refusal::OfferGone));
}

#[test]
fn a_waiting_call_is_put_ahead_and_back_and_moved_to_another_queue() {
    let (mut floor, [first, second, third]) = waiting_line();
    let position = |floor: &Floor, call| floor.view(call).state.clone();
    floor.ask_as("boss", CentreCommand::SetAhead { call: third, secs: Some(1) }).unwrap();
    assert_eq!(position(&floor, third), CallState::Waiting { position: 3 }, "as long as the one before, and behind it");
    floor.ask_as("boss", CentreCommand::SetAhead { call: third, secs: Some(60) }).unwrap();
    assert_eq!(position(&floor, third), CallState::Waiting { position: 1 });
    floor.ask_as("boss", CentreCommand::PutFirst { call: second }).unwrap();
    assert_eq!(position(&floor, second), CallState::Waiting { position: 1 });
    for call in [second, third] {
        floor.ask_as("boss", CentreCommand::SetAhead { call, secs: None }).unwrap();
    }
    let order = [first, second, third].map(|call| position(&floor, call));
    assert_eq!(order, [1, 2, 3].map(|position| CallState::Waiting { position }), "as before");
    let move_to = |queue: &str| CentreCommand::MoveWaiting { call: second, queue: id(queue) };
    assert_eq!(floor.ask_as("boss", move_to("nowhere")), Err(Refusal::NoSuchQueue));
    assert_eq!(floor.ask_as("boss", move_to("support")), Err(Refusal::WrongCallState));
    floor.ask_as("boss", move_to("sales")).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call: second }, "who serves sales only");
    let told: Vec<_> = floor.story().into_iter().rev().take(3).collect();
    assert_eq!(told, ["offered", "queued", "flowed_out"]);
    assert_eq!(position(&floor, third), CallState::Waiting { position: 2 });
}

#[test]
fn every_act_of_a_supervisor_is_written_down_with_the_supervisor_s_name() {
    let (mut floor, [first, second, third]) = waiting_line();
    let by_boss = |floor: &Floor, from: usize| -> Vec<&'static str> {
        let boss = Actor::User { user: "boss".parse().unwrap() };
        floor.events[from..].iter().filter(|fact| fact.actor == boss).map(|fact| fact.event.kind()).collect()
    };
    let act = |floor: &mut Floor, command: CentreCommand, told: &str| {
        let from = floor.events.len();
        floor.ask_as("boss", command).unwrap();
        assert!(by_boss(floor, from).contains(&told), "{told}: {:?}", by_boss(floor, from));
    };
    let boss = || id("boss");
    act(&mut floor, CentreCommand::PutFirst { call: third }, "call.put_first");
    act(&mut floor, CentreCommand::SetAhead { call: third, secs: Some(60) }, "call.put_ahead");
    act(&mut floor, CentreCommand::MoveWaiting { call: third, queue: id("sales") }, "call.flowed_out");
    floor.answer("bea");
    let modes = [(Supervision::Listen, "call.listen_started"), (Supervision::Whisper, "call.supervision_changed")];
    for (mode, told) in modes.into_iter().chain([(Supervision::Barge, "call.supervision_changed")]) {
        act(&mut floor, CentreCommand::Supervise { supervisor: boss(), call: third, mode }, told);
    }
    act(&mut floor, CentreCommand::EndSupervision { supervisor: boss() }, "call.listen_ended");
    act(&mut floor, supervise(Supervision::Listen, third), "call.listen_started");
    act(&mut floor, CentreCommand::TakeOver { supervisor: boss(), call: third }, "call.taken_over");
    let ready = CentreCommand::SetPresence { agent: id("ana"), wanted: WantedPresence::Offline };
    act(&mut floor, ready, "agent.presence_changed");
    floor.ask("bea", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    act(&mut floor, CentreCommand::AssignWaiting { asker: boss(), call: second, agent: id("bea") }, "call.offered");
    floor.ask("boss", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    floor.ask("boss", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    act(&mut floor, CentreCommand::AssignWaiting { asker: boss(), call: first, agent: boss() }, "call.offered");
}
