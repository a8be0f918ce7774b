//! Calls that somebody else has sent on to us, and those that we send on.

use super::floor::*;
use crate::domain::{
    call::CallEventKind,
    centre::{CallerLine, CentreInput, PhoneEffect, TransferAsked},
    directory::Directory,
};
use crate::types::{CallContext, LegId, Redirection, RedirectionReason};

fn busy_elsewhere() -> Redirection {
    Redirection { by: Some("+34922000000".into()), reason: RedirectionReason::UserBusy, count: 1 }
}

/// A call to 1001 that was first one to 1002.
fn arrive(floor: &mut Floor) -> LegId {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let context =
        CallContext { redirections: vec![busy_elsewhere()], first_called: Some("1002".into()), ..CallContext::default() };
    let caller = CallerLine { trunk: Some(id("carrier")), context, ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg });
    leg
}

fn queue_of_the_call(floor: &Floor) -> Option<String> {
    floor.call_events().find_map(|event| match event {
        CallEventKind::Queued { queue, .. } => Some(queue.to_string()),
        _ => None,
    })
}

fn routing_by_first_called(is_on: bool) -> Directory {
    let mut directory = sample();
    let trunk = directory.trunks.get_mut(&id::<crate::types::TrunkId>("carrier")).unwrap();
    trunk.identity.routes_by_first_called = is_on;
    directory
}

#[test]
fn who_sent_the_call_on_is_seen_on_the_screen_and_in_the_history() {
    let mut floor = Floor::with(routing_by_first_called(false));
    let leg = arrive(&mut floor);
    let view = floor.calls.values().next_back().unwrap().clone();
    assert_eq!(view.party.redirections, [busy_elsewhere()]);
    assert_eq!(queue_of_the_call(&floor).as_deref(), Some("support"), "the number that was reached counts");
    floor.hang_up(leg);
    assert_eq!(floor.summaries[&view.id].redirections, [busy_elsewhere()]);
}

#[test]
fn a_trunk_may_want_the_number_that_was_called_first_to_count() {
    let mut floor = Floor::with(routing_by_first_called(true));
    arrive(&mut floor);
    assert_eq!(queue_of_the_call(&floor).as_deref(), Some("sales"));
}

#[test]
fn a_call_that_a_telephone_transfers_outside_says_who_sent_it_on() {
    let mut directory = sample();
    directory.centre.caller_number = Some("+34911000000".into());
    let mut floor = Floor::with(directory);
    floor.sign_in("carl");
    arrive(&mut floor);
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: phone });
    floor.input(CentreInput::TransferAsked { leg: phone, to: TransferAsked::Number("+34933000000".into()) });
    let told = floor.phone.iter().find_map(|effect| match effect {
        PhoneEffect::CallOut { context, .. } => Some(context.redirections.clone()),
        _ => None,
    });
    let ours = Redirection { by: Some("+34911000000".into()), reason: RedirectionReason::Deflection, count: 1 };
    assert_eq!(told, Some(vec![ours, busy_elsewhere()]));
}
