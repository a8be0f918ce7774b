//! Calls that agents dial, and calls from the web page.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, Outcome},
    centre::{CallState, CallerLine, CentreCommand, CentreInput, Heard, PhoneEffect, Refusal, WebCall},
    directory::WrapUp,
};
use crate::types::{CallId, LegId, SessionId};

fn dial(floor: &mut Floor, agent: &str, number: &str) -> Result<CallId, Refusal> {
    floor
        .ask_as(agent, CentreCommand::Dial { agent: id(agent), number: number.into(), customer: None, detect_answer: None })?;
    Ok(floor.agent(agent).call.unwrap())
}

#[test]
fn a_dialled_number_rings_is_answered_and_wrapped_up() {
    let mut floor = Floor::ready(&["ana"]);
    let call = dial(&mut floor, "ana", "911 222 333").unwrap();
    let (leg, desk) = (floor.phone_leg(), floor.console_leg("ana"));
    assert!(floor.phone.iter().any(|e| matches!(e, PhoneEffect::CallOut { number, .. } if number.as_ref() == "+34911222333")));
    assert_eq!(floor.view(call).state, CallState::Dialling);
    floor.input(CentreInput::LegRinging { leg });
    assert_eq!(floor.hears[&desk], [Heard::Music("music/ringback".into())]);
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!((&floor.hears[&desk], &floor.hears[&leg]), (&vec![Heard::Leg(leg)], &vec![Heard::Leg(desk)]));
    floor.sleep(9_000);
    floor.hang_up(leg);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    let summary = &floor.summaries[&call];
    assert_eq!((summary.outcome, summary.talk_ms, summary.queue.clone()), (Outcome::Answered, 9_000, None));
    assert!(floor.call_events().any(|e| matches!(e, CallEventKind::Connected { queue: None, waited_ms: 0, .. })));
}

#[test]
fn a_busy_number_is_not_reached_and_the_agent_sees_why() {
    let mut floor = Floor::ready(&["ana"]);
    let call = dial(&mut floor, "ana", "+34911222333").unwrap();
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::Busy });
    assert_eq!(floor.summaries[&call].outcome, Outcome::NotReached);
    assert_eq!(floor.view(call).end_cause, Some(EndCause::Busy));
    assert!(matches!(floor.view(call).state, CallState::WrappingUp { .. }));
}

#[test]
fn a_call_that_reached_nobody_asks_for_no_disposition_and_one_that_did_still_does() {
    let mut directory = sample();
    for queue in directory.queues.values_mut() {
        queue.wrap_up = WrapUp::UntilDisposition { secs: 30 };
    }
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let done = |agent, call| CentreCommand::WrapUpDone { agent, call };
    for cause in [EndCause::Busy, EndCause::NoAnswer] {
        let call = dial(&mut floor, "ana", "+34911222333").unwrap();
        let leg = floor.phone_leg();
        floor.input(CentreInput::LegFailed { leg, cause });
        assert!(matches!(floor.view(call).state, CallState::WrappingUp { needs_disposition: false, .. }));
        assert_eq!((floor.summaries[&call].outcome, floor.summaries[&call].end_cause), (Outcome::NotReached, Some(cause)));
        floor.ask("ana", done).unwrap();
        assert_eq!(floor.presence("ana"), Presence::Ready);
    }
    dial(&mut floor, "ana", "+34911222333").unwrap();
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::NoAnswer });
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), Presence::Ready, "nor does she have to say that she is done");

    dial(&mut floor, "ana", "+34911222333").unwrap();
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    floor.hang_up(leg);
    assert_eq!(floor.ask("ana", done), Err(Refusal::DispositionMissing), "what was talked about she says");
}

#[test]
fn a_number_that_was_not_reached_is_called_again_out_of_the_wrap_up() {
    let mut floor = Floor::ready(&["ana"]);
    let first = dial(&mut floor, "ana", "+34911222333").unwrap();
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::NoAnswer });
    let second = dial(&mut floor, "ana", "+34911222333").unwrap();
    assert_ne!(first, second);
    assert_eq!(floor.presence("ana"), Presence::Busy { call: second });
    assert_eq!(floor.view(first).state, CallState::Over { cause: EndCause::NoAnswer });
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    floor.hang_up(leg);
    assert_eq!(dial(&mut floor, "ana", "+34911222333"), Err(Refusal::WrongPresence), "what was said is wrapped up first");
}

#[test]
fn an_agent_with_a_sip_phone_picks_up_first() {
    let mut floor = Floor::ready(&["carl"]);
    let call = dial(&mut floor, "carl", "+34911222333").unwrap();
    let own = floor.phone_leg();
    assert!(!floor.phone.iter().any(|e| matches!(e, PhoneEffect::CallOut { .. })));
    floor.input(CentreInput::LegAnswered { leg: own });
    let leg = floor.phone_leg();
    assert_ne!(leg, own);
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.view(call).state, CallState::Talking);
    floor.hang_up(own);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
    assert!(floor.open.is_empty());
}

#[test]
fn giving_up_while_it_rings_stops_the_ringing() {
    let mut floor = Floor::ready(&["ana"]);
    dial(&mut floor, "ana", "+34911222333").unwrap();
    let leg = floor.phone_leg();
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
}

#[test]
fn a_colleague_s_extension_rings_the_colleague_s_phone() {
    let mut floor = Floor::ready(&["ana", "carl"]);
    dial(&mut floor, "ana", "103").unwrap();
    assert!(floor.phone.iter().any(|e| matches!(e, PhoneEffect::CallPhone { account, .. } if account.as_ref() == "103")));
}

#[test]
fn what_cannot_be_dialled_is_refused() {
    let mut floor = Floor::ready(&["ana"]);
    for number in ["", "hello", "1001", "+1"] {
        assert_eq!(dial(&mut floor, "ana", number), Err(Refusal::NotDialable), "{number:?}");
    }
    assert_eq!(dial(&mut floor, "bea", "+34911222333"), Err(Refusal::WrongPresence), "bea has not signed in");
    let mut directory = sample();
    directory.version = 2;
    directory.trunks.values_mut().for_each(|trunk| trunk.calls_max = 0);
    floor.set_directory(directory);
    assert_eq!(dial(&mut floor, "ana", "+34911222333"), Err(Refusal::TooManyCalls));
    floor.input(CentreInput::Drain);
    assert_eq!(dial(&mut floor, "ana", "+34911222333"), Err(Refusal::Draining));
}

fn web_call(floor: &mut Floor, number: &str) -> Result<SessionId, Refusal> {
    let session = SessionId::mint(floor.now.wall, &mut floor.rng);
    let call = WebCall { session, number: number.into(), offer: "v=0".into(), language: Some("en".into()) };
    floor.ask_as("web", CentreCommand::WebCall(call)).map(|()| session)
}

fn web_leg(floor: &Floor) -> crate::types::LegId {
    let opened = |effect: &PhoneEffect| match effect {
        PhoneEffect::OpenWebPhone { leg, .. } => Some(*leg),
        _ => None,
    };
    floor.phone.iter().rev().find_map(opened).unwrap()
}

#[test]
fn a_web_caller_reaches_an_agent_like_anyone_else() {
    let mut floor = Floor::ready(&["ana"]);
    let session = web_call(&mut floor, "1001").unwrap();
    assert!(floor.calls.is_empty(), "no call before there is audio");
    let leg = web_leg(&floor);
    floor.input(CentreInput::LegAnswered { leg });
    floor.answer("ana");
    let call = floor.agent("ana").call.unwrap();
    let view = floor.view(call);
    assert!(view.party.is_web && view.language == "en");
    floor.ask_as("web", CentreCommand::WebHangUp { session }).unwrap();
    assert_eq!(floor.web_ended, [(session, EndCause::Hangup)]);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
}

#[test]
fn a_web_phone_that_never_gets_audio_is_given_up() {
    let mut floor = Floor::with(sample());
    let session = web_call(&mut floor, "1001").unwrap();
    floor.sleep(20_000);
    assert_eq!(floor.web_ended, [(session, EndCause::Lost)]);
    assert!(floor.open.is_empty() && floor.calls.is_empty());
}

#[test]
fn the_web_phone_calls_only_numbers_that_it_lists_and_only_so_many() {
    let mut directory = sample();
    directory.numbers.get_mut("1002").unwrap().is_on_web_phone = false;
    let mut floor = Floor::with(directory);
    assert_eq!(web_call(&mut floor, "1002"), Err(Refusal::WebPhoneOff));
    assert_eq!(web_call(&mut floor, "+34911222333"), Err(Refusal::WebPhoneOff));
    for _ in 0..100 {
        web_call(&mut floor, "1001").unwrap();
    }
    assert_eq!(web_call(&mut floor, "1001"), Err(Refusal::TooManyCalls));
}

#[test]
fn a_centre_without_a_number_of_its_own_withholds_it() {
    for own in [None, Some("+34911000000")] {
        let mut directory = sample();
        directory.centre.caller_number = own.map(str::to_owned);
        let mut floor = Floor::with(directory);
        floor.sign_in("ana");
        dial(&mut floor, "ana", "+34911222333").unwrap();
        let shown = floor.phone.iter().find_map(|effect| match effect {
            PhoneEffect::CallOut { caller, .. } => Some(caller.as_deref()),
            _ => None,
        });
        assert_eq!(shown, Some(own));
    }
}

#[test]
fn no_call_of_any_kind_goes_beyond_the_limit_and_wrap_ups_do_not_count() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    floor.centre.calls_max = 2;
    let (first, _) = floor.call("1001");
    floor.answer("ana");
    floor.call("1009");
    let is_refused = |floor: &mut Floor| {
        let leg = LegId::mint(floor.now.wall, &mut floor.rng);
        floor.input(CentreInput::Arrived { leg, caller: CallerLine::default(), called: "1009".into(), language: None });
        floor.phone.contains(&PhoneEffect::Reject { leg, cause: EndCause::Overload })
    };
    assert!(is_refused(&mut floor));
    assert_eq!(dial(&mut floor, "bea", "+34911222333"), Err(Refusal::TooManyCalls));
    assert_eq!(web_call(&mut floor, "1009"), Err(Refusal::TooManyCalls));
    floor.hang_up(first);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert!(!is_refused(&mut floor));
}
