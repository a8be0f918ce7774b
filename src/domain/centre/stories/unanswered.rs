//! Callers who are not answered before an agent takes them.

use super::floor::*;
use crate::domain::{
    call::{CallEventKind, EndCause, FlowOutCause, Outcome},
    centre::{CallerLine, CentreInput, Heard, PhoneEffect},
    directory::QueueExit,
};
use crate::types::{CallId, LegId, PhoneNumber, QueueId};

const MUSIC: &str = "music/on-hold";
const RINGING: &str = "music/ringback";

/// The same floor, with the line `main-menu` published.
fn with_line(mut floor: Floor) -> Floor {
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    floor
}

/// A call that is told of, and nothing more.
fn arrive(floor: &mut Floor, called: &str, can_hear_early: bool) -> LegId {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let number = Some(PhoneNumber::parse("+34911000001", "34").unwrap());
    let caller = CallerLine { number, trunk: Some(id("carrier")), can_hear_early, ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: called.into(), language: None });
    leg
}

/// A caller who hears us before the answer.
fn hears(floor: &mut Floor, called: &str) -> LegId {
    let leg = arrive(floor, called, true);
    assert!(floor.phone.contains(&PhoneEffect::EarlyMedia { leg }));
    floor.input(CentreInput::LegEarlyMedia { leg });
    leg
}

fn call_of(floor: &Floor) -> CallId {
    *floor.calls.keys().last().unwrap()
}

fn is_answered(floor: &Floor, leg: LegId) -> bool {
    floor.phone.contains(&PhoneEffect::Answer { leg })
}

fn played_to(floor: &Floor, leg: LegId) -> Vec<String> {
    let clips = |effect: &PhoneEffect| match effect {
        PhoneEffect::Play { leg: to, clips, .. } if *to == leg => Some(clips.join("+")),
        _ => None,
    };
    floor.phone.iter().filter_map(clips).collect()
}

/// Ends the playback that began last.
fn hear_out(floor: &mut Floor) {
    let last = |effect: &PhoneEffect| match effect {
        PhoneEffect::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    };
    let (leg, play) = floor.phone.iter().rev().find_map(last).unwrap();
    floor.input(CentreInput::PlayEnded { leg, play, was_stopped: false });
}

fn music(clip: &str) -> Vec<Heard> {
    vec![Heard::Music(clip.into())]
}

fn unanswered_ms(floor: &Floor) -> Vec<i64> {
    let ms = |event: &CallEventKind| match event {
        CallEventKind::Answered { unanswered_ms } => Some(*unanswered_ms),
        _ => None,
    };
    floor.call_events().filter_map(ms).collect()
}

#[test]
fn a_caller_hears_music_before_the_answer_and_is_answered_when_an_agent_takes_the_call() {
    let mut floor = Floor::ready(&["ana"]);
    let leg = hears(&mut floor, "1003");
    assert_eq!(floor.hears[&leg], music(MUSIC));
    floor.sleep(4_000);
    assert!(!is_answered(&floor, leg) && unanswered_ms(&floor).is_empty());
    floor.answer("ana");
    assert!(is_answered(&floor, leg));
    assert_eq!((floor.hears[&leg].clone(), unanswered_ms(&floor)), (vec![Heard::Leg(floor.console_leg("ana"))], vec![4_000]));
    floor.input(CentreInput::LegAnswered { leg });
    let call = call_of(&floor);
    floor.sleep(60_000);
    floor.hang_up(leg);
    let summary = &floor.summaries[&call];
    assert_eq!((summary.outcome, summary.wait_ms, summary.talk_ms), (Outcome::Answered, 4_000, 60_000));
    assert_eq!(floor.story(), ["arrived", "queued", "offered", "answered", "connected", "ended"]);
}

#[test]
fn a_caller_hears_that_it_rings_until_an_agent_takes_the_call() {
    let mut floor = Floor::ready(&["carl"]);
    let leg = arrive(&mut floor, "1004", true);
    assert!(floor.phone.contains(&PhoneEffect::Ring { leg }) && !is_answered(&floor, leg));
    let phone = floor.phone_leg();
    floor.sleep(2_000);
    assert!(!floor.hears.contains_key(&leg), "the telephone makes its tone by itself");
    floor.input(CentreInput::LegAnswered { leg: phone });
    assert!(is_answered(&floor, leg));
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!((&floor.hears[&leg], &floor.hears[&phone]), (&vec![Heard::Leg(phone)], &vec![Heard::Leg(leg)]));
    assert_eq!(unanswered_ms(&floor), [2_000]);
}

#[test]
fn a_caller_who_gives_up_unanswered_has_abandoned() {
    for called in ["1003", "1004"] {
        let mut floor = Floor::ready(&["ana"]);
        let leg = if called == "1003" { hears(&mut floor, called) } else { arrive(&mut floor, called, true) };
        let call = call_of(&floor);
        floor.sleep(7_000);
        floor.hang_up(leg);
        assert_eq!((floor.summaries[&call].outcome, floor.summaries[&call].wait_ms), (Outcome::Abandoned, 7_000));
        assert_eq!(floor.story(), ["arrived", "queued", "offered", "offer_missed", "abandoned", "ended"]);
        assert!(!is_answered(&floor, leg) && floor.presence("ana") == crate::domain::agent::Presence::Ready);
    }
}

#[test]
fn the_limit_answers_or_refuses_by_the_numbers_rule() {
    let mut floor = Floor::ready(&[]);
    let leg = hears(&mut floor, "1003");
    floor.sleep(59_900);
    assert!(!is_answered(&floor, leg));
    floor.sleep(200);
    assert!(is_answered(&floor, leg), "and the wait goes on");
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!((floor.hears[&leg].clone(), floor.story()), (music(MUSIC), vec!["arrived", "queued", "answered"]));

    let mut floor = Floor::ready(&[]);
    let leg = arrive(&mut floor, "1004", true);
    let call = call_of(&floor);
    floor.sleep(60_100);
    assert!(floor.phone.contains(&PhoneEffect::Reject { leg, cause: EndCause::NoAnswer }) && !is_answered(&floor, leg));
    assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut);
    let cause = floor.call_events().find_map(|event| match event {
        CallEventKind::FlowedOut { cause, .. } => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, Some(FlowOutCause::MaxWait));
}

#[test]
fn a_caller_refused_at_the_limit_is_owed_the_callback_of_the_maximum_wait() {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().on_max_wait = QueueExit::Callback;
    let mut floor = Floor::with(directory);
    let leg = arrive(&mut floor, "1004", true);
    let call = call_of(&floor);
    floor.sleep(60_100);
    assert!(floor.phone.contains(&PhoneEffect::Reject { leg, cause: EndCause::NoAnswer }) && played_to(&floor, leg).is_empty());
    assert_eq!(floor.story(), ["arrived", "queued", "flowed_out", "callback_requested", "ended"]);
    assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut);
}

#[test]
fn the_limit_takes_a_call_away_from_an_agent_at_whom_it_rings() {
    let mut floor = Floor::ready(&[]);
    let leg = arrive(&mut floor, "1004", true);
    floor.sleep(55_000);
    floor.sign_in("carl");
    let phone = floor.phone_leg();
    floor.sleep(5_100);
    assert!(floor.phone.contains(&PhoneEffect::Cancel { leg: phone, is_answered_elsewhere: false }));
    assert!(floor.phone.contains(&PhoneEffect::Reject { leg, cause: EndCause::NoAnswer }));
    assert_eq!(floor.presence("carl"), crate::domain::agent::Presence::Ready);
}

#[test]
fn a_line_speaks_before_the_answer_and_answers_when_it_asks_for_a_key() {
    let mut floor = with_line(Floor::ready(&["ana"]));
    let leg = hears(&mut floor, "1005");
    assert_eq!(played_to(&floor, leg), ["main-menu/es/welcome"]);
    assert!(!is_answered(&floor, leg));
    hear_out(&mut floor);
    let place = |wanted: &dyn Fn(&PhoneEffect) -> bool| floor.phone.iter().position(wanted).unwrap();
    let answered = place(&|effect| *effect == PhoneEffect::Answer { leg });
    let asked = place(&|effect| matches!(effect, PhoneEffect::Play { clips, .. } if clips[0].ends_with("menu")));
    assert!(answered < asked, "first the answer, then the question");
    floor.input(CentreInput::LegAnswered { leg });
    floor.input(CentreInput::Digit { leg, digit: '1' });
    assert_eq!(floor.story(), ["arrived", "ivr_entered", "ivr_entered", "answered", "ivr_entered", "queued", "offered"]);
}

#[test]
fn words_for_a_caller_whose_telephone_rings_wait_until_they_can_be_heard() {
    let mut floor = with_line(Floor::ready(&["ana"]));
    let leg = arrive(&mut floor, "1006", true);
    assert!(floor.phone.contains(&PhoneEffect::Ring { leg }) && floor.phone.contains(&PhoneEffect::EarlyMedia { leg }));
    assert!(played_to(&floor, leg).is_empty());
    floor.input(CentreInput::LegEarlyMedia { leg });
    assert_eq!(played_to(&floor, leg), ["main-menu/es/welcome"]);
    assert!(!is_answered(&floor, leg));
}

#[test]
fn whoever_cannot_hear_us_before_the_answer_is_answered_before_we_speak() {
    let mut floor = with_line(Floor::ready(&["ana"]));
    let leg = arrive(&mut floor, "1003", false);
    assert!(is_answered(&floor, leg), "music would not be heard");

    let leg = arrive(&mut floor, "1006", false);
    assert!(is_answered(&floor, leg) && played_to(&floor, leg).is_empty(), "the words wait for the ACK");
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(played_to(&floor, leg), ["main-menu/es/welcome"]);
}

#[test]
fn a_closed_queue_says_so_unanswered_and_refuses() {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.on_no_agents = QueueExit::Message { prompt: "no-agents".into() };
    for called in ["1003", "1004"] {
        let mut floor = Floor::with(directory.clone());
        let leg = arrive(&mut floor, called, true);
        let call = call_of(&floor);
        floor.input(CentreInput::LegEarlyMedia { leg });
        assert_eq!(played_to(&floor, leg), ["shared/es/no-agents"]);
        hear_out(&mut floor);
        assert!(floor.phone.contains(&PhoneEffect::Reject { leg, cause: EndCause::Finished }) && !is_answered(&floor, leg));
        assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut);
    }
}

#[test]
fn a_position_is_told_over_music_and_does_not_break_the_ringing() {
    for (called, is_told) in [("1003", true), ("1004", false)] {
        let mut floor = Floor::ready(&[]);
        let leg = arrive(&mut floor, called, true);
        floor.input(CentreInput::LegEarlyMedia { leg });
        floor.sleep(31_000);
        assert_eq!(played_to(&floor, leg), if is_told { vec!["shared/es/next-in-queue"] } else { vec![] });
        assert_eq!(floor.hears[&leg], music(if is_told { MUSIC } else { RINGING }));
    }
}
