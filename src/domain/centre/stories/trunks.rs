//! Which trunk carries a call out, and which the next one when it cannot.

use super::floor::*;
use crate::domain::{
    call::{CallEventKind, EndCause},
    centre::{CallState, CallerLine, CentreCommand, CentreInput, ConsultTarget, Heard, PhoneEffect, Refusal},
    directory::{Directory, NumberRule, OutboundRoute, RouteTrunk, Trunk},
    trunk::{TrunkFault, TrunkHealth},
};
use crate::types::LegId;

/// The sample with a second trunk, tried behind the first.
fn two_trunks() -> Directory {
    let mut directory = sample();
    let second = Trunk { peer: Some("192.0.2.2:5060".into()), ..Trunk::new(id("second"), "Second") };
    directory.trunks.insert(second.id.clone(), second);
    directory
}

fn floor_of(directory: Directory) -> Floor {
    let mut floor = Floor::ready(&["ana", "bea"]);
    floor.set_directory(Directory { version: 2, ..directory });
    floor
}

fn dial(floor: &mut Floor, agent: &str, number: &str) {
    let command = CentreCommand::Dial { agent: id(agent), number: number.into(), customer: None, detect_answer: None };
    floor.ask_as(agent, command).expect("dialled");
}

/// The trunks of the calls out so far.
fn trunks(floor: &Floor) -> Vec<String> {
    let called = floor.phone.iter().filter_map(|effect| match effect {
        PhoneEffect::CallOut { trunk, .. } => Some(trunk.to_string()),
        _ => None,
    });
    called.collect()
}

#[test]
fn a_trunk_that_is_down_is_not_dialled_while_another_is_up() {
    let mut floor = floor_of(two_trunks());
    let down = TrunkHealth::Down { fault: TrunkFault::NoAnswer };
    floor.input(CentreInput::TrunkHealth { trunk: id("carrier"), health: down });
    assert!(floor.events.iter().any(|fact| fact.event.kind() == "trunk.went_down"));
    dial(&mut floor, "ana", "+34911222333");
    floor.input(CentreInput::TrunkHealth { trunk: id("second"), health: down });
    dial(&mut floor, "bea", "+34911222334");
    assert_eq!(trunks(&floor), ["second", "carrier"], "with none up the first is better than none");
}

fn fail(floor: &mut Floor, cause: EndCause) {
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause });
}

#[test]
fn a_call_that_a_trunk_cannot_carry_goes_by_the_next_and_is_talked_there() {
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    let (first, call) = (floor.phone_leg(), floor.agent("ana").call.unwrap());
    assert_eq!((floor.centre.calls_on(&id("carrier")), floor.centre.calls_on(&id("second"))), (1, 0));
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(trunks(&floor), ["carrier", "second"]);
    assert_eq!((floor.centre.calls_on(&id("carrier")), floor.centre.calls_on(&id("second"))), (0, 1));
    let second = floor.phone_leg();
    assert_ne!(first, second);
    floor.input(CentreInput::LegRinging { leg: second });
    floor.input(CentreInput::LegAnswered { leg: second });
    assert_eq!(floor.view(call).state, CallState::Talking);
    assert_eq!(floor.centre.snapshot().calls_advanced, 1);
    floor.hang_up(second);
    assert_eq!(floor.centre.calls_on(&id("second")), 0);
    let sent = |event: &CallEventKind| match event {
        CallEventKind::SentOut { trunk, attempt, session_id, .. } => Some((trunk.to_string(), *attempt, session_id.clone())),
        _ => None,
    };
    let sent: Vec<_> = floor.call_events().filter_map(sent).collect();
    assert_eq!((&sent[0].0[..], sent[0].1, &sent[1].0[..], sent[1].1), ("carrier", 1, "second", 2));
    assert_eq!(sent[0].2, sent[1].2, "it stays the same session");
}

#[test]
fn the_number_shown_may_be_written_otherwise_than_the_one_called_and_both_are_known_as_they_were() {
    let mut directory = sample();
    directory.centre.caller_number = Some("+34911000000".into());
    let trunk = directory.trunks.get_mut(&id::<crate::types::TrunkId>("carrier")).unwrap();
    let rule = |pattern: &str, strip, prepend: &str| NumberRule { pattern: pattern.into(), strip, prepend: prepend.into() };
    trunk.numbers_out = vec![rule("+34.", 3, "")];
    trunk.numbers_shown = vec![rule("+34.", 1, "00")];
    let mut floor = floor_of(directory);
    dial(&mut floor, "ana", "+34911222333");
    let out = floor.phone.iter().find_map(|effect| match effect {
        PhoneEffect::CallOut { number, caller, context, .. } => Some((number, caller, context)),
        _ => None,
    });
    let (number, caller, context) = out.unwrap();
    assert_eq!((&**number, caller.as_deref()), ("911222333", Some("0034911000000")));
    let originals = context.originals.as_ref().unwrap();
    assert_eq!((&*originals.called, originals.caller.as_deref()), ("+34911222333", Some("+34911000000")));
}

#[test]
fn what_the_other_party_says_is_not_tried_by_another_trunk_whether_it_has_rung_or_not() {
    for cause in [EndCause::Busy, EndCause::Refused, EndCause::UnknownNumber, EndCause::NoAnswer] {
        for has_rung in [false, true] {
            let mut floor = floor_of(two_trunks());
            dial(&mut floor, "ana", "+34911222333");
            let leg = floor.phone_leg();
            if has_rung {
                floor.input(CentreInput::LegRinging { leg });
                floor.input(CentreInput::LegEarlyMedia { leg });
            }
            fail(&mut floor, cause);
            assert_eq!(trunks(&floor), ["carrier"], "{cause:?}");
            assert_eq!(floor.centre.calls_on(&id("carrier")), 0);
        }
    }
}

#[test]
fn a_trunk_that_rang_and_then_cannot_makes_way_and_whoever_dialled_hears_ringing_until_the_next_is_heard() {
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    let (first, desk, call) = (floor.phone_leg(), floor.console_leg("ana"), floor.agent("ana").call.unwrap());
    floor.input(CentreInput::LegRinging { leg: first });
    floor.input(CentreInput::LegEarlyMedia { leg: first });
    assert_eq!(floor.hears[&desk], [Heard::Leg(first)]);
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(
        (trunks(&floor).as_slice(), floor.hears[&desk].as_slice()),
        (&["carrier".into(), "second".into()][..], &ringback()[..])
    );
    let second = floor.phone_leg();
    floor.input(CentreInput::LegRinging { leg: second });
    assert_eq!(floor.hears[&desk], ringback());
    floor.input(CentreInput::LegEarlyMedia { leg: second });
    assert_eq!(floor.hears[&desk], [Heard::Leg(second)]);
    floor.input(CentreInput::LegAnswered { leg: second });
    assert_eq!((floor.view(call).state.clone(), floor.centre.snapshot().calls_advanced), (CallState::Talking, 1));
    floor.hang_up(second);
    assert_eq!(floor.centre.calls_on(&id("second")), 0);
}

#[test]
fn a_phone_that_hears_us_before_the_answer_keeps_its_early_dialog_and_hears_our_ringing_between_two_trunks() {
    let mut floor = Floor::ready(&["carl"]);
    floor.set_directory(Directory { version: 2, ..two_trunks() });
    let line = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg: line, caller, called: "+34911222333".into(), language: None });
    let first = floor.phone_leg();
    floor.input(CentreInput::LegEarlyMedia { leg: first });
    assert_eq!(floor.hears[&line], [Heard::Leg(first)]);
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(floor.hears[&line], ringback(), "a 183 cannot be taken back: it makes no tone by itself");
    let second = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: second });
    assert!(floor.phone.contains(&PhoneEffect::Answer { leg: line }));
    assert!(!floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::NotReached { .. })));
    floor.input(CentreInput::LegAnswered { leg: line });
    assert_eq!((&floor.hears[&line], &floor.hears[&second]), (&vec![Heard::Leg(second)], &vec![Heard::Leg(line)]));
    floor.hang_up(line);
    assert!(floor.open.is_empty());
}

#[test]
fn the_next_server_of_a_trunk_is_waited_for_with_ringing_too() {
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    let (leg, desk) = (floor.phone_leg(), floor.console_leg("ana"));
    floor.input(CentreInput::LegEarlyMedia { leg });
    floor.input(CentreInput::LegCalledAnew { leg });
    assert_eq!((floor.hears[&desk].as_slice(), trunks(&floor).as_slice()), (&ringback()[..], &["carrier".to_owned()][..]));
    floor.input(CentreInput::LegEarlyMedia { leg });
    assert_eq!(floor.hears[&desk], [Heard::Leg(leg)]);
}

#[test]
fn the_last_trunk_that_fails_ends_the_call_and_so_does_a_failure_that_comes_late() {
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    let call = floor.agent("ana").call.unwrap();
    fail(&mut floor, EndCause::Unreachable);
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(floor.view(call).end_cause, Some(EndCause::Unreachable));
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    floor.sleep(30_000);
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(trunks(&floor), ["carrier"]);
}

#[test]
fn a_trunk_is_told_whether_the_call_could_go_elsewhere() {
    let mut floor = floor_of(two_trunks());
    dial(&mut floor, "ana", "+34911222333");
    fail(&mut floor, EndCause::Unreachable);
    let told = floor.phone.iter().filter_map(|effect| match effect {
        PhoneEffect::CallOut { has_alternative, .. } => Some(*has_alternative),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_consulted_number_goes_by_the_next_trunk_too_and_even_when_the_agent_has_left() {
    let mut floor = floor_of(two_trunks());
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    let target = ConsultTarget::Number { number: "+34911222333".into() };
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(trunks(&floor), ["carrier", "second"]);
    assert_eq!(floor.centre.calls_on(&id("second")), 1);
    let there = floor.phone_leg();
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    floor.input(CentreInput::LegRinging { leg: there });
    floor.input(CentreInput::LegAnswered { leg: there });
    assert_eq!((&floor.hears[&leg], floor.view(call).state.clone()), (&vec![Heard::Leg(there)], CallState::PassedOn));
    floor.hang_up(leg);
    assert_eq!((floor.centre.calls_on(&id("carrier")), floor.centre.calls_on(&id("second"))), (0, 0));
}

#[test]
fn a_consulted_number_that_was_heard_early_is_ringing_again_at_the_next_trunk() {
    let mut floor = floor_of(two_trunks());
    floor.call("1001");
    floor.answer("ana");
    let (desk, target) = (floor.console_leg("ana"), ConsultTarget::Number { number: "+34911222333".into() });
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    let first = floor.phone_leg();
    floor.input(CentreInput::LegRinging { leg: first });
    floor.input(CentreInput::LegEarlyMedia { leg: first });
    assert_eq!(floor.hears[&desk], [Heard::Leg(first)]);
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(
        (trunks(&floor).as_slice(), floor.hears[&desk].as_slice()),
        (&["carrier".into(), "second".into()][..], &ringback()[..])
    );
    let second = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: second });
    assert_eq!(floor.hears[&desk], [Heard::Leg(second)]);
}

#[test]
fn a_trunk_with_calls_a_second_sends_the_others_by_the_next_and_takes_calls_again_after_it() {
    let mut directory = two_trunks();
    directory.trunks.get_mut(&id("carrier")).unwrap().calls_per_sec = Some(1);
    let mut floor = floor_of(directory);
    dial(&mut floor, "ana", "+34911222333");
    dial(&mut floor, "bea", "+34911222334");
    fail(&mut floor, EndCause::Busy);
    floor.sleep(1_000);
    dial(&mut floor, "bea", "+34911222334");
    assert_eq!(trunks(&floor), ["carrier", "second", "carrier"]);
}

#[test]
fn a_route_says_which_trunks_a_number_goes_by_and_a_number_without_one_is_not_dialled() {
    let mut directory = two_trunks();
    let by = |trunk: &str, cost| RouteTrunk { trunk: id(trunk), cost, weight: 1 };
    let trunks_of_route = vec![by("carrier", 9), by("second", 2)];
    let route =
        OutboundRoute { id: id("spain"), name: "Spain".into(), prefix: "+34".into(), trunks: trunks_of_route, is_active: true };
    directory.outbound_routes.insert(route.id.clone(), route);
    let mut floor = floor_of(directory);
    dial(&mut floor, "ana", "911222333");
    fail(&mut floor, EndCause::Unreachable);
    assert_eq!(trunks(&floor), ["second", "carrier"], "the cheaper one first");
    let command = CentreCommand::Dial { agent: id("bea"), number: "+15551234567".into(), customer: None, detect_answer: None };
    assert_eq!(floor.ask_as("bea", command), Err(Refusal::NotDialable));
}

#[test]
fn each_trunk_is_told_the_numbers_in_its_own_form_and_shown_only_what_it_may() {
    let mut directory = two_trunks();
    directory.centre.caller_number = Some("+34911000000".into());
    let rule = |pattern: &str, strip, prepend: &str| NumberRule { pattern: pattern.into(), strip, prepend: prepend.into() };
    let carrier = directory.trunks.get_mut(&id("carrier")).unwrap();
    carrier.numbers_out = vec![rule("+34XXXXXXXXX", 3, ""), rule("+.", 1, "00")];
    directory.trunks.get_mut(&id("second")).unwrap().caller.allowed = vec!["+34922".into()];
    let mut floor = floor_of(directory);
    dial(&mut floor, "ana", "+34911222333");
    fail(&mut floor, EndCause::Unreachable);
    let told = floor.phone.iter().filter_map(|effect| match effect {
        PhoneEffect::CallOut { number, caller, .. } => Some((number.to_string(), caller.as_deref().map(str::to_owned))),
        _ => None,
    });
    let national = ("911222333".to_owned(), Some("911000000".to_owned()));
    assert_eq!(told.collect::<Vec<_>>(), [national, ("+34911222333".to_owned(), None)]);
}

#[test]
fn an_emergency_goes_by_a_full_trunk_and_without_a_route() {
    let mut directory = sample();
    let carrier = directory.trunks.get_mut(&id("carrier")).unwrap();
    (carrier.calls_max, carrier.calls_per_sec) = (1, Some(1));
    let by = vec![RouteTrunk { trunk: id("carrier"), cost: 1, weight: 1 }];
    let route = OutboundRoute { id: id("spain"), name: "Spain".into(), prefix: "+34".into(), trunks: by, is_active: true };
    directory.outbound_routes.insert(route.id.clone(), route);
    let mut floor = floor_of(directory);
    dial(&mut floor, "ana", "+34911222333");
    let command = CentreCommand::Dial { agent: id("bea"), number: "+34911222334".into(), customer: None, detect_answer: None };
    assert_eq!(floor.ask_as("bea", command), Err(Refusal::TooManyCalls));
    dial(&mut floor, "bea", "112");
    assert_eq!(trunks(&floor), ["carrier", "carrier"]);
}
