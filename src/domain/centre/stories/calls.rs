//! A call's way: echo, queue, offer, talk, wrap-up.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, MissCause, Outcome, Party},
    centre::{CallState, CallerLine, CentreCommand, CentreInput, Heard, PhoneEffect, Refusal, WantedPresence},
};
use crate::types::LegId;

#[test]
fn the_echo_number_lets_callers_hear_themselves_for_ten_minutes_at_most() {
    let mut floor = Floor::with(sample());
    let (leg, call) = floor.call("1009");
    assert_eq!(floor.hears[&leg], [Heard::Echo]);
    floor.sleep(600_000);
    assert_eq!(floor.view(call).state, CallState::Over { cause: EndCause::Finished });
    assert_eq!(floor.summaries[&call].outcome, Outcome::SelfServed);
    assert!(floor.open.is_empty());
}

#[test]
fn a_number_that_is_not_ours_is_unknown_and_a_draining_centre_says_that_it_stops() {
    let mut floor = Floor::with(sample());
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    floor.input(CentreInput::Arrived { leg, caller: CallerLine::default(), called: "777".into(), language: None });
    assert_eq!(floor.phone.last(), Some(&PhoneEffect::Reject { leg, cause: EndCause::UnknownNumber }));
    floor.input(CentreInput::Drain);
    floor.input(CentreInput::Arrived { leg, caller: CallerLine::default(), called: "1009".into(), language: None });
    assert_eq!(floor.phone.last(), Some(&PhoneEffect::Reject { leg, cause: EndCause::Shutdown }));
    assert!(floor.events.is_empty());
}

#[test]
fn a_call_is_offered_answered_talked_and_wrapped_up() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
    assert_eq!(floor.hears[&leg], [Heard::Music("music/on-hold".into())]);
    floor.sleep(4_000);
    floor.answer("ana");
    let desk = floor.console_leg("ana");
    assert_eq!((&floor.hears[&leg], &floor.hears[&desk]), (&vec![Heard::Leg(desk)], &vec![Heard::Leg(leg)]));
    floor.sleep(60_000);
    floor.hang_up(leg);
    assert_eq!(floor.hears[&desk], []);
    assert!(matches!(floor.view(call).state, CallState::WrappingUp { needs_disposition: false, .. }));
    floor.sleep(10_000);
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert_eq!(floor.view(call).state, CallState::Over { cause: EndCause::Hangup });
    assert_eq!(floor.story(), ["arrived", "queued", "offered", "connected", "ended"]);
    assert!(
        floor.call_events().any(|e| *e == CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None })
    );
    let summary = &floor.summaries[&call];
    assert_eq!((summary.wait_ms, summary.talk_ms, summary.hold_ms), (4_000, 60_000, 0));
    assert_eq!((summary.outcome, summary.agent.as_ref().unwrap().as_str()), (Outcome::Answered, "ana"));
    assert!(floor.centre.snapshot().calls.is_empty());
}

#[test]
fn an_agent_who_hangs_up_ends_the_caller_s_leg() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
    assert_eq!(floor.open.len(), 1, "only the standing console leg is left");
}

#[test]
fn a_caller_who_hangs_up_in_the_queue_counts_as_abandoned() {
    let mut floor = Floor::with(sample());
    let (leg, call) = floor.call("1001");
    floor.sleep(7_000);
    floor.hang_up(leg);
    assert_eq!(floor.story(), ["arrived", "queued", "abandoned", "ended"]);
    assert!(floor.call_events().any(|e| *e == CallEventKind::Abandoned { queue: id("support"), waited_ms: 7_000 }));
    assert_eq!(floor.summaries[&call].outcome, Outcome::Abandoned);
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_costs_the_agent_nothing() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (leg, _) = floor.call("1001");
    floor.sleep(1_000);
    floor.hang_up(leg);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert_eq!(floor.story()[2..], ["offered", "offer_missed", "abandoned", "ended"]);
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "ana is still idle longest");
}

#[test]
fn an_unanswered_offer_goes_to_the_next_agent_and_the_caller_keeps_the_place() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (_, first) = floor.call("1001");
    floor.sleep(15_000);
    assert_eq!(floor.presence("ana"), paused("missed"));
    assert_eq!(floor.notices, [("ana".to_owned(), "missed_offer")]);
    assert_eq!(floor.presence("bea"), Presence::Offered { call: first });
    let (_, second) = floor.call("1001");
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("bea"), paused("missed"));
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(second).state, CallState::Waiting { position: 2 });
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call: second }, "ana is passed over for the first for a while");
    floor.answer("ana");
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    floor.sleep(20_000);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: first });
}

#[test]
fn a_sip_phone_rings_and_is_cancelled_when_the_caller_leaves() {
    let mut floor = Floor::ready(&["carl"]);
    let (leg, _) = floor.call("1001");
    let phone = floor.phone_leg();
    floor.hang_up(leg);
    assert_eq!(floor.phone.iter().filter(|e| matches!(e, PhoneEffect::Cancel { leg, .. } if *leg == phone)).count(), 1);
    assert_eq!(floor.presence("carl"), Presence::Ready);
    // The phone was picked up in the same moment: it is hung up, not left ringing.
    floor.input(CentreInput::LegAnswered { leg: phone });
    assert_eq!(floor.phone.last(), Some(&PhoneEffect::HangUp { leg: phone }));
}

#[test]
fn a_sip_phone_that_is_busy_is_not_the_agent_s_fault_and_comes_back_by_itself() {
    let mut floor = Floor::ready(&["carl"]);
    let (_, call) = floor.call("1001");
    floor.input(CentreInput::LegFailed { leg: floor.phone_leg(), cause: EndCause::Busy });
    assert_eq!(floor.presence("carl"), paused("device"));
    assert!(floor.call_events().any(|e| matches!(e, CallEventKind::OfferMissed { cause: MissCause::Device, .. })));
    floor.sleep(20_000);
    assert_eq!(floor.presence("carl"), Presence::Offered { call });
    floor.input(CentreInput::LegAnswered { leg: floor.phone_leg() });
    assert_eq!(floor.view(call).state, CallState::Talking);
    let leg = floor.phone_leg();
    floor.hang_up(leg);
    assert_eq!(floor.story().last(), Some(&"ended"));
    assert!(floor.open.is_empty());
}

#[test]
fn nobody_answers_an_offer_that_has_gone_elsewhere() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (_, call) = floor.call("1001");
    let answer = |agent: &str| CentreCommand::Answer { agent: id(agent), call };
    assert_eq!(floor.ask_as("bea", answer("bea")), Err(Refusal::OfferGone));
    floor.sleep(15_000);
    assert_eq!(floor.ask_as("ana", answer("ana")), Err(Refusal::OfferGone));
    assert_eq!(floor.ask_as("bea", answer("bea")), Ok(()));
}
