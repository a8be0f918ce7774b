//! A supervisor's hand in the line.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::CallEventKind,
        centre::{CallState, CentreCommand, Heard, Refusal, WantedPresence},
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
