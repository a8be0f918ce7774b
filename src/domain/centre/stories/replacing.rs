//! Telephones that take the place of others (RFC 3891), and a customer who is handed to where the agent's phone has got.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, MissCause},
    centre::{
        CallState, CallerLine, CentreCommand, CentreInput, ConsultTarget, Heard, PhoneEffect, TransferAsked, TransferProgress,
    },
    event::Event,
};
use crate::types::LegId;

/// A phone of this account wants the place of a leg.
fn replace(floor: &mut Floor, account: &str, replaced: LegId) -> LegId {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some(account.into()), ..CallerLine::default() };
    floor.input(CentreInput::Replacing { leg, caller, replaced });
    leg
}

fn refusal(floor: &Floor, leg: LegId) -> Option<EndCause> {
    floor.phone.iter().find_map(|effect| match effect {
        PhoneEffect::Reject { leg: refused, cause } if *refused == leg => Some(*cause),
        _ => None,
    })
}

/// Ana and Carl; Ana has a telephone too, 101, though she works in the browser. Carl's, 103, rings with a caller.
fn ringing_at_carl() -> (Floor, LegId) {
    let mut directory = sample();
    directory.agents.get_mut(&id::<crate::types::AgentId>("ana")).unwrap().phone = Some("101".into());
    let mut floor = Floor::with(directory);
    floor.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: true });
    floor.sign_in("carl");
    floor.call("1001");
    let rings = floor.phone_leg();
    assert!(matches!(floor.presence("carl"), Presence::Offered { .. }));
    floor.sign_in("ana");
    (floor, rings)
}

#[test]
fn a_colleague_picks_up_what_rings_elsewhere() {
    let (mut floor, rings) = ringing_at_carl();
    let call = floor.agent("carl").call.unwrap();
    floor.input(CentreInput::LegRinging { leg: rings });
    let leg = replace(&mut floor, "101", rings);
    assert!(floor.phone.contains(&PhoneEffect::Cancel { leg: rings, is_answered_elsewhere: true }), "no missed call is shown");
    assert!(floor.phone.contains(&PhoneEffect::Answer { leg }));
    assert_eq!(floor.presence("carl"), Presence::Ready, "it is no fault of his");
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!((floor.view(call).state.clone(), floor.view(call).agent.clone()), (CallState::Talking, Some(id("ana"))));
    assert_eq!(floor.hears[&leg].len(), 1);
    let kinds: Vec<_> = floor.call_events().collect();
    let missed = CallEventKind::OfferMissed { agent: id("carl"), cause: MissCause::PickedUp };
    assert!(kinds.contains(&&missed), "{kinds:?}");
    floor.hang_up(leg);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
}

#[test]
fn a_telephone_that_picked_up_and_is_never_heard_gives_the_caller_back_to_the_queue() {
    let (mut floor, rings) = ringing_at_carl();
    let call = floor.agent("carl").call.unwrap();
    let leg = replace(&mut floor, "101", rings);
    floor.input(CentreInput::LegEnded { leg, is_lost: true });
    assert!(matches!(floor.view(call).state, CallState::Waiting { .. } | CallState::Offered { .. }));
    assert_ne!(floor.view(call).agent, Some(id("ana")), "she is passed over for a while");
}

#[test]
fn who_is_on_a_call_not_signed_in_or_unknown_picks_nothing_up() {
    let (mut floor, rings) = ringing_at_carl();
    assert_eq!(refusal_of(&mut floor, "999", rings), Some(EndCause::Refused));
    floor.set_presence("ana", crate::domain::centre::WantedPresence::Offline).unwrap();
    assert_eq!(refusal_of(&mut floor, "101", rings), Some(EndCause::Refused));
    assert!(matches!(floor.presence("carl"), Presence::Offered { .. }), "it rings on");
    floor.sign_in("ana");
    floor.call("1001");
    floor.answer("ana");
    assert_eq!(refusal_of(&mut floor, "101", rings), Some(EndCause::Busy));
}

fn refusal_of(floor: &mut Floor, account: &str, replaced: LegId) -> Option<EndCause> {
    let leg = replace(floor, account, replaced);
    refusal(floor, leg)
}

#[test]
fn an_agent_goes_on_at_another_telephone_and_nobody_takes_a_colleagues_conversation() {
    let (mut floor, first) = ringing_at_carl();
    let call = floor.agent("carl").call.unwrap();
    floor.input(CentreInput::LegAnswered { leg: first });
    assert_eq!(refusal_of(&mut floor, "101", first), Some(EndCause::Refused));
    floor.input(CentreInput::LegHeld { leg: first, is_held: true });
    assert_eq!(floor.view(call).state, CallState::Held);
    let second = replace(&mut floor, "103", first);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: first }));
    floor.input(CentreInput::LegAnswered { leg: second });
    assert_eq!(floor.view(call).state, CallState::Talking);
    assert!(matches!(floor.hears[&second][..], [Heard::Leg(_)]));
    assert!(matches!(floor.presence("carl"), Presence::Busy { .. }));
}

#[test]
fn a_customer_is_handed_to_the_queue_in_which_the_agents_phone_waits() {
    let (mut floor, line) = ringing_at_carl();
    let call = floor.agent("carl").call.unwrap();
    floor.input(CentreInput::LegAnswered { leg: line });
    let own = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg: own, caller, called: "1002".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg: own });
    floor.input(CentreInput::TransferAsked { leg: line, to: TransferAsked::Leg(own) });
    let progress = |progress| PhoneEffect::TransferProgress { leg: line, progress };
    assert!(
        floor.phone.contains(&progress(TransferProgress::Begun)) && floor.phone.contains(&progress(TransferProgress::Done))
    );
    assert_eq!(
        (floor.view(call).state.clone(), floor.view(call).queue.clone()),
        (CallState::Waiting { position: 1 }, Some(id("sales")))
    );
    assert!(!floor.open.contains(&own) && !floor.open.contains(&line), "both lines of the phone are free");
    let abandoned = floor
        .events
        .iter()
        .any(|fact| matches!(&fact.event, Event::Call(event) if matches!(event.kind, CallEventKind::Abandoned { .. })));
    assert!(!abandoned, "the agent's own call was no customer who gave up");
}

#[test]
fn what_rings_in_a_browser_is_picked_up_by_dialling_for_it() {
    let mut directory = sample();
    directory.agents.get_mut(&id::<crate::types::AgentId>("ana")).unwrap().phone = Some("101".into());
    let account = crate::domain::directory::Phone {
        account: "101".into(),
        name: "101".into(),
        secret: None,
        is_active: true,
        media_encryption: Default::default(),
    };
    directory.phones.insert("101".into(), account);
    let mut floor = Floor::with(directory);
    floor.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: true });
    floor.sign_in("ana");
    let dial = |floor: &mut Floor| {
        let leg = LegId::mint(floor.now.wall, &mut floor.rng);
        let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
        floor.input(CentreInput::Arrived { leg, caller, called: "**101".into(), language: None });
        leg
    };
    let nothing = dial(&mut floor);
    assert!(refusal(&floor, nothing).is_some(), "carl has not signed in");
    floor.sign_in("carl");
    let nothing = dial(&mut floor);
    assert_eq!(refusal(&floor, nothing), Some(EndCause::NoAnswer), "nothing rings there");
    let (_, call) = floor.call("1001");
    assert!(matches!(floor.presence("ana"), Presence::Offered { .. }));
    let leg = dial(&mut floor);
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert_eq!((floor.view(call).state.clone(), floor.view(call).agent.clone()), (CallState::Talking, Some(id("carl"))));
}

#[test]
fn who_picks_up_what_rings_at_a_colleague_who_is_asked_is_asked_instead() {
    let mut directory = sample();
    for (agent, account) in [("ana", "101"), ("bea", "102")] {
        directory.agents.get_mut(&id::<crate::types::AgentId>(agent)).unwrap().phone = Some(account.into());
    }
    let mut floor = Floor::with(directory);
    floor.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: true });
    floor.sign_in("ana");
    let (customer, call) = floor.call("1001");
    floor.answer("ana");
    floor.sign_in("bea");
    floor.sign_in("carl");
    let target = ConsultTarget::Agent { agent: id("carl") };
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    let rings = floor.phone_leg();
    assert_eq!(floor.presence("carl"), Presence::Offered { call });
    let leg = replace(&mut floor, "102", rings);
    assert!(floor.phone.contains(&PhoneEffect::Cancel { leg: rings, is_answered_elsewhere: true }));
    assert_eq!((floor.presence("carl"), floor.presence("bea")), (Presence::Ready, Presence::Offered { call }));
    floor.input(CentreInput::LegAnswered { leg });
    let ana = floor.console_leg("ana");
    assert_eq!((&floor.hears[&leg], &floor.hears[&ana]), (&vec![Heard::Leg(ana)], &vec![Heard::Leg(leg)]));
    assert_eq!(floor.view(call).consult.as_ref().and_then(|consult| consult.agent.clone()), Some(id("bea")));
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!(floor.view(call).agent, Some(id("bea")));
    floor.hang_up(customer);
    assert!(matches!(floor.presence("bea"), Presence::WrappingUp { .. }));
}
