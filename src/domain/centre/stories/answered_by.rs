//! Who has answered a call out, as its audio tells, and messages left on machines.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, EndCause, Outcome},
        centre::{CallState, CentreCommand, CentreInput, PhoneEffect, Refusal},
        directory::Directory,
    },
    types::{Answer, AnswerCause, CallId, LegId},
};

const MESSAGE: &str = "callback-promised";

/// A centre in which this is usual, with a message to leave.
fn directory(is_usual: bool) -> Directory {
    let mut directory = sample();
    let rules = &mut directory.centre.answer_detection;
    (rules.is_usual, rules.messages) = (is_usual, vec![MESSAGE.into()]);
    directory
}

/// Ana dials, and the other side answers.
fn answered(directory: Directory, number: &str, detect_answer: Option<bool>) -> (Floor, CallId, LegId) {
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let dial = CentreCommand::Dial { agent: id("ana"), number: number.into(), customer: None, detect_answer };
    floor.ask_as("ana", dial).unwrap();
    let (call, leg) = (floor.agent("ana").call.unwrap(), floor.phone_leg());
    floor.input(CentreInput::LegRinging { leg });
    floor.input(CentreInput::LegEarlyMedia { leg });
    assert!(!is_listened_to(&floor, leg), "what is heard before the answer is nobody's answer");
    floor.input(CentreInput::LegAnswered { leg });
    (floor, call, leg)
}

fn is_listened_to(floor: &Floor, leg: LegId) -> bool {
    floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::DetectAnswer { leg: of, .. } if *of == leg))
}

fn told(floor: &mut Floor, leg: LegId, answer: Answer, cause: AnswerCause) {
    floor.input(CentreInput::AnswerDetected { leg, answer, cause, after_ms: 2_100 });
}

fn leave(floor: &mut Floor, prompt: &str) -> Result<(), Refusal> {
    let prompt = prompt.to_owned();
    floor.ask("ana", |agent, call| CentreCommand::LeaveMessage { agent, call, prompt })
}

/// The clips that a leg is played and the number of the last playback.
fn played(floor: &Floor, to: LegId) -> Option<(u64, Vec<String>)> {
    floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Play { leg, play, clips, .. } if *leg == to => {
            Some((*play, clips.iter().map(ToString::to_string).collect()))
        }
        _ => None,
    })
}

#[test]
fn it_is_found_out_who_answers_where_the_rules_or_whoever_dials_say_so() {
    const OUTSIDE: &str = "+34911222333";
    for (is_usual, number, wish, is_wanted) in [
        (true, OUTSIDE, None, true),
        (true, OUTSIDE, Some(false), false),
        (false, OUTSIDE, None, false),
        (false, OUTSIDE, Some(true), true),
        // A colleague's extension is no stranger's machine, unless somebody asks.
        (true, "103", None, false),
        (false, "103", Some(true), true),
    ] {
        let (floor, call, leg) = answered(directory(is_usual), number, wish);
        assert_eq!(is_listened_to(&floor, leg), is_wanted, "usual {is_usual}, {number}, {wish:?}");
        assert_eq!(floor.view(call).answered_by.is_listening, is_wanted);
    }
}

#[test]
fn the_agent_sees_at_once_who_has_answered_and_the_call_keeps_it() {
    let (mut floor, call, leg) = answered(directory(true), "+34911222333", None);
    assert!(floor.view(call).answered_by.beep_until.is_some(), "it may be a machine");
    told(&mut floor, leg, Answer::Machine, AnswerCause::LongGreeting);
    let view = floor.view(call).answered_by.clone();
    assert_eq!((view.answer, view.is_listening, view.has_beeped), (Some(Answer::Machine), false, false));
    assert_eq!(view.beep_until, Some(floor.now.wall.plus_millis(20_000)));
    floor.input(CentreInput::Beep { leg, after_ms: 9_000 });
    let view = floor.view(call).answered_by.clone();
    assert!(view.has_beeped && view.beep_until.is_none());
    let events: Vec<_> = floor.call_events().cloned().collect();
    let (answer, cause) = (Answer::Machine, AnswerCause::LongGreeting);
    assert!(events.contains(&CallEventKind::AnswerDetected { answer, cause, after_ms: 2_100 }));
    assert!(events.contains(&CallEventKind::Beeped { after_ms: 9_000 }));
    assert_eq!(floor.summaries[&call].answer, Some(Answer::Machine));
    floor.hang_up(leg);
    assert_eq!((floor.summaries[&call].answer, floor.summaries[&call].outcome), (Some(Answer::Machine), Outcome::Answered));
}

#[test]
fn a_message_waits_for_the_beep_and_the_agent_does_not() {
    let (mut floor, call, leg) = answered(directory(true), "+34911222333", None);
    told(&mut floor, leg, Answer::Machine, AnswerCause::ManyWords);
    leave(&mut floor, MESSAGE).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert_eq!(played(&floor, leg), None, "the greeting is not talked into");
    floor.sleep(6_000);
    floor.input(CentreInput::Beep { leg, after_ms: 9_000 });
    let (play, clips) = played(&floor, leg).expect("the message");
    assert_eq!(clips, [format!("shared/es/{MESSAGE}")]);
    floor.input(CentreInput::PlayEnded { leg, play, was_stopped: false });
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
    let events: Vec<_> = floor.call_events().cloned().collect();
    assert!(events.contains(&CallEventKind::MessageChosen { agent: id("ana"), prompt: MESSAGE.into() }));
    assert!(events.contains(&CallEventKind::MessageLeft { prompt: MESSAGE.into() }));
    assert_eq!(floor.summaries[&call].end_cause, Some(EndCause::Finished));
}

#[test]
fn without_a_beep_the_message_is_said_when_none_can_come_any_more() {
    for (answer, cause, waits_ms) in [
        (Answer::Machine, AnswerCause::LongGreeting, 20_000),
        (Answer::Unsure, AnswerCause::TimeOut, 0),
        (Answer::Human, AnswerCause::ShortGreeting, 0),
    ] {
        let (mut floor, _, leg) = answered(directory(true), "+34911222333", None);
        told(&mut floor, leg, answer, cause);
        leave(&mut floor, MESSAGE).unwrap();
        if waits_ms > 0 {
            floor.sleep(waits_ms - 1);
            assert_eq!(played(&floor, leg), None);
            floor.sleep(1);
        }
        assert!(played(&floor, leg).is_some(), "{answer:?}");
    }
    // Nobody asked who answers: the agent has heard the beep.
    let (mut floor, _, leg) = answered(directory(false), "+34911222333", None);
    leave(&mut floor, MESSAGE).unwrap();
    assert!(played(&floor, leg).is_some());
    // Words that never end are cut off.
    floor.sleep(60_000);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
}

#[test]
fn a_message_chosen_while_it_is_still_listened_to_waits_for_what_is_told() {
    for (answer, cause, beep_ms_max, waits_ms) in [
        (Answer::Unsure, AnswerCause::InitialSilence, 20_000, 0),
        (Answer::Machine, AnswerCause::LongGreeting, 20_000, 20_000),
        // A machine whose beep is not awaited.
        (Answer::Machine, AnswerCause::LongGreeting, 0, 0),
    ] {
        let mut rules = directory(true);
        rules.centre.answer_detection.limits.beep_ms_max = beep_ms_max;
        let (mut floor, _, leg) = answered(rules, "+34911222333", None);
        leave(&mut floor, MESSAGE).unwrap();
        floor.sleep(3_000);
        assert_eq!(played(&floor, leg), None);
        told(&mut floor, leg, answer, cause);
        if waits_ms > 0 {
            floor.sleep(waits_ms - 1);
            assert_eq!(played(&floor, leg), None);
            floor.sleep(1);
        }
        assert!(played(&floor, leg).is_some(), "{answer:?}, {beep_ms_max} ms");
        // A mailbox that hangs up first has no message.
        floor.hang_up(leg);
        assert!(!floor.call_events().any(|event| matches!(event, CallEventKind::MessageLeft { .. })));
    }
}

#[test]
fn only_what_the_rules_name_is_left_and_only_on_calls_out() {
    let (mut floor, _, leg) = answered(directory(true), "+34911222333", None);
    assert_eq!(leave(&mut floor, "goodbye"), Err(Refusal::NoSuchMessage));
    assert_eq!(played(&floor, leg), None);
    floor.hang_up(leg);
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    let (_, call) = floor.call("1001");
    floor.answer("ana");
    assert_eq!(leave(&mut floor, MESSAGE), Err(Refusal::WrongCallState));
    assert!(floor.view(call).answered_by.messages.is_empty());
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn a_message_that_a_restart_cut_off_is_said_again_and_nothing_is_listened_for_any_more() {
    let (mut floor, call, leg) = answered(directory(true), "+34911222333", None);
    told(&mut floor, leg, Answer::Machine, AnswerCause::LongGreeting);
    floor.input(CentreInput::Beep { leg, after_ms: 9_000 });
    leave(&mut floor, MESSAGE).unwrap();
    assert!(played(&floor, leg).is_some());
    let kept = floor.centre.keep_call(call).expect("something to keep");
    let mut next = Floor::with(directory(true));
    next.now = floor.now.plus_millis(1_500);
    next.recover(vec![kept], Vec::new());
    assert_eq!(played(&next, leg), None);
    next.input(CentreInput::LegReturned { leg });
    let (play, clips) = played(&next, leg).expect("the message");
    assert_eq!(clips, [format!("shared/es/{MESSAGE}")]);
    next.input(CentreInput::PlayEnded { leg, play, was_stopped: false });
    assert!(next.call_events().any(|event| matches!(event, CallEventKind::MessageLeft { .. })));
    assert!(next.phone.contains(&PhoneEffect::HangUp { leg }));
}
