//! Callers in a flow, and who they are.

use std::sync::Arc;

use super::floor::*;
use crate::domain::call::{EndCause, Outcome};
use crate::domain::centre::{CallState, CallerMatch, CallerRecordRef, CentreCommand, CentreInput, PhoneEffect};
use crate::types::{CustomerId, LegId};

fn with_line() -> Floor {
    let mut floor = Floor::with(sample());
    floor.centre.set_scripts(Arc::new(sample_line()));
    floor
}

fn hear_out(floor: &mut Floor, leg: LegId) {
    let last = |effect: &PhoneEffect| match effect {
        PhoneEffect::Play { play, .. } => Some(*play),
        _ => None,
    };
    let play = floor.phone.iter().rev().find_map(last).unwrap();
    floor.input(CentreInput::PlayEnded { leg, play, was_stopped: false });
}

fn match_in(floor: &mut Floor, language: &str) -> CallerRecordRef {
    CallerRecordRef {
        customer: CustomerId::mint(floor.now.wall, &mut floor.rng),
        name: "Ana Ruiz".into(),
        segment: "gold".into(),
        language: Some(language.into()),
        open_tickets: vec![],
        last_agent: None,
        owner: None,
    }
}

#[test]
fn a_key_in_the_menu_leads_to_a_queue_with_its_reason() {
    let mut floor = with_line();
    let (leg, call) = floor.call("1000");
    hear_out(&mut floor, leg);
    floor.input(CentreInput::Digit { leg, digit: '1' });
    let view = floor.view(call);
    assert_eq!((view.queue.clone(), view.reason.as_deref()), (Some(id("support")), Some("incident")));
    assert_eq!(view.ivr_path, ["welcome", "menu", "support"]);
    assert_eq!((view.state.clone(), view.line.clone()), (CallState::Waiting { position: 1 }, Some(id("main-menu"))));
    assert_eq!(floor.story(), ["arrived", "ivr_entered", "ivr_entered", "ivr_entered", "queued"]);
}

#[test]
fn keys_are_listened_for_as_long_as_the_flow_takes_them() {
    let mut floor = with_line();
    let (leg, _) = floor.call("1000");
    let heard = |floor: &Floor| {
        let wanted = |effect: &PhoneEffect| match effect {
            PhoneEffect::ListenForKeys { leg: of, is_wanted } if *of == leg => Some(*is_wanted),
            _ => None,
        };
        floor.phone.iter().filter_map(wanted).collect::<Vec<_>>()
    };
    assert_eq!(heard(&floor), [true]);
    hear_out(&mut floor, leg);
    floor.input(CentreInput::Digit { leg, digit: '1' });
    assert_eq!(heard(&floor), [true, false]);
}

#[test]
fn a_caller_who_presses_nothing_reaches_a_queue_all_the_same() {
    let mut floor = with_line();
    let (leg, call) = floor.call("1000");
    hear_out(&mut floor, leg);
    for _ in 0..4 {
        if floor.view(call).state == CallState::InIvr {
            hear_out(&mut floor, leg);
            floor.sleep(7_000);
        }
    }
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
}

#[test]
fn a_caller_who_hangs_up_in_the_flow_has_abandoned_it_and_no_queue() {
    let mut floor = with_line();
    let (leg, call) = floor.call("1000");
    floor.hang_up(leg);
    assert_eq!(floor.summaries[&call].outcome, Outcome::AbandonedInIvr);
    assert!(!floor.story().contains(&"abandoned"));
    assert!(floor.centre.next_wakeup().is_none(), "nothing of the call is left");
}

#[test]
fn a_flow_that_comes_to_its_own_end_has_served_the_caller() {
    let mut floor = Floor::with(sample());
    let (leg, call) = floor.call("1000");
    hear_out(&mut floor, leg);
    let summary = &floor.summaries[&call];
    assert_eq!((summary.outcome, summary.end_cause), (Outcome::SelfServed, Some(EndCause::Finished)));
}

#[test]
fn a_line_without_a_published_flow_says_sorry() {
    let mut floor = Floor::with(sample());
    floor.call("1000");
    assert_eq!(floor.played(), ["shared/es/long-wait"]);
}

#[test]
fn a_known_caller_is_spoken_to_in_the_language_of_the_record() {
    let mut floor = Floor::with(sample());
    let (_, call) = floor.call("1001");
    assert_eq!(floor.view(call).language, "es");
    let found = match_in(&mut floor, "en");
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![found.clone()] } });
    let view = floor.view(call);
    assert_eq!((view.language.as_str(), view.party.customer), ("en", Some(found.customer)));
    assert_eq!((view.party.name.as_deref(), view.party.segment.as_deref()), (Some("Ana Ruiz"), Some("gold")));
}

#[test]
fn several_matches_wait_for_the_agent_s_choice() {
    let mut floor = Floor::ready(&["ana"]);
    let (_, call) = floor.call("1001");
    let customers = vec![match_in(&mut floor, "es"), match_in(&mut floor, "en")];
    let second = customers[1].clone();
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers } });
    let view = floor.view(call);
    assert_eq!((view.party.customer, view.party.candidates.len(), view.language.as_str()), (None, 2, "es"));
    floor.answer("ana");
    choose(&mut floor, &second);
    assert_eq!(floor.view(call).party.customer, Some(second.customer));
}

fn choose(floor: &mut Floor, customer: &CallerRecordRef) {
    let customer = Box::new(customer.clone());
    floor.ask("ana", |agent, call| CentreCommand::ChooseCustomer { agent, call, customer }).unwrap();
}

#[test]
fn an_unknown_caller_has_a_name_everywhere_as_soon_as_the_agent_has_made_the_customer() {
    let mut floor = Floor::ready(&["ana"]);
    let (_, call) = floor.call("1001");
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![] } });
    floor.answer("ana");
    assert_eq!(floor.view(call).party.name, None);
    let made = match_in(&mut floor, "en");
    choose(&mut floor, &made);
    let party = floor.view(call).party.clone();
    assert_eq!((party.customer, party.name.as_deref()), (Some(made.customer), Some("Ana Ruiz")));
    assert_eq!(party.segment.as_deref(), Some("gold"));
}

#[test]
fn a_look_up_that_is_late_leaves_the_customer_whom_the_agent_has_chosen() {
    let mut floor = Floor::ready(&["ana"]);
    let (_, call) = floor.call("1001");
    floor.answer("ana");
    let (chosen, found) = (match_in(&mut floor, "en"), match_in(&mut floor, "es"));
    choose(&mut floor, &chosen);
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![found] } });
    let party = floor.view(call).party.clone();
    assert_eq!((party.customer, party.name.as_deref()), (Some(chosen.customer), Some("Ana Ruiz")));
}

#[test]
fn a_look_up_that_is_never_answered_delays_nobody() {
    let mut floor = Floor::ready(&["ana"]);
    let (_, call) = floor.call("1001");
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
    floor.sleep(400);
    let found = match_in(&mut floor, "en");
    floor.input(CentreInput::CallerKnown { call, found: CallerMatch { customers: vec![found] } });
    let view = floor.view(call);
    assert!(view.party.customer.is_some(), "a late answer still paints");
    assert_eq!(view.language, "es", "but does not change the language in mid-call");
}
