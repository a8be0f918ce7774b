//! An agent's phone dials by itself: it learns what the other party's phone does, and is answered when that is.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{EndCause, Outcome},
    centre::{CallState, CallerLine, CentreCommand, CentreInput, Heard, PhoneEffect},
};
use crate::types::LegId;

/// Carl's phone has dialled: its leg, and the other party's.
fn dialled() -> (Floor, LegId, LegId) {
    let mut floor = Floor::ready(&["carl"]);
    let line = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg: line, caller, called: "+34911222333".into(), language: None });
    let there = floor.phone_leg();
    assert_ne!(line, there);
    assert!(!is_answered(&floor, line), "nobody is on the line yet");
    (floor, line, there)
}

fn is_answered(floor: &Floor, leg: LegId) -> bool {
    floor.phone.contains(&PhoneEffect::Answer { leg })
}

#[test]
fn it_rings_and_is_answered_when_the_other_party_is() {
    let (mut floor, line, there) = dialled();
    floor.input(CentreInput::LegRinging { leg: there });
    assert!(floor.phone.contains(&PhoneEffect::Ring { leg: line }) && !is_answered(&floor, line));
    assert!(!floor.hears.contains_key(&line), "it makes its ringing tone by itself");
    floor.input(CentreInput::LegAnswered { leg: there });
    assert!(is_answered(&floor, line));
    floor.input(CentreInput::LegAnswered { leg: line });
    assert_eq!((&floor.hears[&line], &floor.hears[&there]), (&vec![Heard::Leg(there)], &vec![Heard::Leg(line)]));
    assert!(matches!(floor.presence("carl"), Presence::Busy { .. }));
    floor.hang_up(line);
    assert!(floor.open.is_empty());
}

#[test]
fn it_hears_what_the_network_says_before_the_answer() {
    let (mut floor, line, there) = dialled();
    floor.input(CentreInput::LegRinging { leg: there });
    floor.input(CentreInput::LegEarlyMedia { leg: there });
    assert!(floor.phone.contains(&PhoneEffect::EarlyMedia { leg: line }) && !is_answered(&floor, line));
    assert_eq!(floor.hears[&line], [Heard::Leg(there)]);
    assert!(floor.hears.get(&there).is_none_or(Vec::is_empty), "and cannot be heard yet");
    floor.input(CentreInput::LegAnswered { leg: there });
    assert!(is_answered(&floor, line));
    assert_eq!(floor.hears[&there], [Heard::Leg(line)]);
}

#[test]
fn it_is_refused_as_the_other_party_refuses() {
    for cause in [EndCause::Busy, EndCause::Refused, EndCause::UnknownNumber, EndCause::NoAnswer] {
        let (mut floor, line, there) = dialled();
        let call = floor.agent("carl").call.unwrap();
        floor.input(CentreInput::LegRinging { leg: there });
        floor.input(CentreInput::LegFailed { leg: there, cause });
        assert!(floor.phone.contains(&PhoneEffect::NotReached { leg: line, cause }) && !is_answered(&floor, line));
        assert_eq!((floor.summaries[&call].outcome, floor.summaries[&call].end_cause), (Outcome::NotReached, Some(cause)));
        assert!(floor.open.is_empty(), "{:?}", floor.open);
    }
}

#[test]
fn giving_up_at_the_phone_or_at_the_desk_stops_the_ringing() {
    let (mut floor, line, there) = dialled();
    floor.input(CentreInput::LegEnded { leg: line, is_lost: false });
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: there }) && floor.open.is_empty());

    let (mut floor, line, there) = dialled();
    floor.ask("carl", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: there }));
    assert!(floor.phone.contains(&PhoneEffect::NotReached { leg: line, cause: EndCause::Hangup }));
}

#[test]
fn a_console_hears_the_networks_announcement_in_place_of_our_ringing_tone() {
    let mut floor = Floor::ready(&["ana"]);
    floor
        .ask_as(
            "ana",
            CentreCommand::Dial { agent: id("ana"), number: "+34911222333".into(), customer: None, detect_answer: None },
        )
        .unwrap();
    let (leg, desk) = (floor.phone_leg(), floor.console_leg("ana"));
    floor.input(CentreInput::LegEarlyMedia { leg });
    assert_eq!(floor.hears[&desk], [Heard::Leg(leg)]);
    floor.input(CentreInput::LegRinging { leg });
    assert_eq!(floor.hears[&desk], [Heard::Leg(leg)], "a late 180 does not drown it");
    assert_eq!(floor.view(floor.agent("ana").call.unwrap()).state, CallState::Dialling);
}

#[test]
fn an_agent_who_calls_a_queue_is_not_offered_calls_until_that_is_over() {
    let mut floor = Floor::ready(&["carl"]);
    let line = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg: line, caller, called: "1001".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg: line });
    assert_eq!(floor.presence("carl"), Presence::Ready, "the own call is not offered to who makes it");
    let (_, other) = floor.call("1001");
    assert!(matches!(floor.view(other).state, CallState::Waiting { .. }), "and nor is another");
    floor.hang_up(line);
    assert_eq!(floor.presence("carl"), Presence::Offered { call: other });
}
