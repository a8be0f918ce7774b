//! Waiting without dead ends.

use std::collections::BTreeMap;

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, FlowOutCause, Outcome},
    centre::{CallState, CallerLine, CentreInput, PhoneEffect, WantedPresence},
    directory::{CalendarSource, Directory, QueueExit},
};
use crate::types::{LegId, QueueId};

fn support_with(change: impl FnOnce(&mut crate::domain::directory::Queue)) -> Directory {
    let mut directory = sample();
    change(directory.queues.get_mut(&id::<QueueId>("support")).unwrap());
    directory
}

fn flowed_out(floor: &Floor) -> Vec<FlowOutCause> {
    let cause = |event: &CallEventKind| match event {
        CallEventKind::FlowedOut { cause, .. } => Some(*cause),
        _ => None,
    };
    floor.call_events().filter_map(cause).collect()
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

#[test]
fn a_caller_for_whom_nobody_is_signed_in_hears_the_message_and_is_not_an_abandon() {
    let mut floor = Floor::with(support_with(|q| q.on_no_agents = QueueExit::Message { prompt: "no-agents".into() }));
    let (leg, call) = floor.call("1001");
    assert_eq!(floor.played(), ["shared/es/no-agents"]);
    hear_out(&mut floor);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
    assert_eq!(floor.view(call).state, CallState::Over { cause: EndCause::Finished });
    assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut);
    assert_eq!(
        (flowed_out(&floor), floor.story()),
        (vec![FlowOutCause::NoAgents], vec!["arrived", "queued", "flowed_out", "ended"])
    );
}

#[test]
fn when_the_last_agent_signs_out_those_who_wait_take_the_branch() {
    let mut floor = Floor::with(support_with(|q| q.on_no_agents = QueueExit::Callback));
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    assert!(matches!(floor.view(call).state, CallState::Waiting { position: 1 }), "a pause is not a sign-out");
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    assert_eq!(floor.played(), ["shared/es/callback-promised"]);
    assert_eq!(floor.story(), ["arrived", "queued", "flowed_out", "callback_requested"]);
}

#[test]
fn nobody_is_promised_a_call_back_at_a_number_that_we_do_not_know() {
    let mut floor = Floor::with(support_with(|q| q.on_no_agents = QueueExit::Callback));
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { is_withheld: true, ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: Some("en".into()) });
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(floor.played(), ["shared/en/long-wait"]);
    assert!(!floor.story().contains(&"callback_requested"));
}

#[test]
fn a_full_queue_sends_the_caller_on_and_a_circle_of_queues_ends_with_a_message() {
    let mut directory = support_with(|q| {
        q.waiting_max = 1;
        q.on_full = QueueExit::Queue { queue: id("sales") };
    });
    let sales = directory.queues.get_mut(&id::<QueueId>("sales")).unwrap();
    sales.waiting_max = 0;
    sales.on_full = QueueExit::Queue { queue: id("support") };
    let mut floor = Floor::with(directory);
    floor.sign_in("bea");
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.call("1001");
    let (_, second) = floor.call("1001");
    assert_eq!(floor.played(), ["shared/es/long-wait"]);
    assert_eq!(flowed_out(&floor), [FlowOutCause::Full; 4]);
    assert_eq!(floor.view(second).state, CallState::InIvr);
}

#[test]
fn a_queue_that_nobody_serves_yet_can_be_full_too() {
    let mut floor = Floor::with(support_with(|q| {
        q.waiting_max = 1;
        q.on_no_agents = QueueExit::Wait;
    }));
    let (_, first) = floor.call("1001");
    floor.call("1001");
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 });
    assert_eq!((flowed_out(&floor), floor.played()), (vec![FlowOutCause::Full], vec!["shared/es/queue-full".to_owned()]));
}

#[test]
fn the_longest_wait_ends_in_its_branch_but_not_while_it_rings() {
    let mut floor = Floor::with(support_with(|q| q.wait_secs_max = 60));
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, call) = floor.call("1001");
    floor.sleep(50_000);
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    floor.sleep(11_000);
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
    floor.sleep(5_000);
    assert_eq!(floor.played().last().unwrap(), "shared/es/long-wait");
    assert_eq!(flowed_out(&floor), [FlowOutCause::MaxWait]);
}

#[test]
fn closing_time_sends_those_who_wait_home_with_a_message() {
    let mut directory = support_with(|q| q.calendar = Some(id("office")));
    // The stories begin on 2025-12-17, a Wednesday, at 19:33:20 UTC.
    let hours = CalendarSource {
        id: id("office"),
        name: "Office".into(),
        tz: "UTC".into(),
        weekly: BTreeMap::from([("wed".into(), vec![("09:00".into(), "19:35".into())])]),
        holidays: vec![],
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    };
    directory.calendars.insert(id("office"), hours);
    let mut floor = Floor::with(directory);
    let (_, waiting) = floor.call("1001");
    floor.sleep(99_000);
    assert!(matches!(floor.view(waiting).state, CallState::Waiting { .. }));
    floor.sleep(2_000);
    assert_eq!(floor.played().last().unwrap(), "shared/es/queue-closed");
    let (_, late) = floor.call("1001");
    assert_eq!(flowed_out(&floor), [FlowOutCause::Closed; 2]);
    assert_eq!(floor.view(late).state, CallState::InIvr);
}

#[test]
fn the_position_is_told_when_it_is_news_and_stops_when_an_agent_answers() {
    let mut floor = Floor::ready(&["ana"]);
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (first, _) = floor.call("1001");
    floor.sleep(1_000);
    let (second, call) = floor.call("1001");
    floor.sleep(30_000);
    assert_eq!(floor.played(), ["shared/es/next-in-queue", "shared/es/queue-position+shared/es/number-2"]);
    let is_over_music = |effect: &PhoneEffect| !matches!(effect, PhoneEffect::Play { is_mixed: false, .. });
    assert!(floor.phone.iter().all(is_over_music), "the music goes on below it");
    floor.sleep(30_000);
    assert_eq!(floor.played().len(), 2, "an unchanged position is no news");
    floor.hang_up(first);
    floor.sleep(30_000);
    assert_eq!(floor.played().last().unwrap(), "shared/es/next-in-queue");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }), "no announcement delays an offer");
    floor.answer("ana");
    assert!(floor.phone.contains(&PhoneEffect::StopPlay { leg: second }));
}

#[test]
fn who_only_moves_up_in_line_is_shown_it_and_not_written_down_again() {
    let mut floor = Floor::with(sample());
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let [(leg, first), (_, second), (_, third)] = [(); 3].map(|()| floor.call("1001"));
    assert_eq!(floor.centre.take_changes().calls, [first, second, third].into());
    floor.hang_up(leg);
    assert_eq!(floor.view(third).state, CallState::Waiting { position: 2 });
    assert_eq!(floor.centre.take_changes().calls, [first].into());
}

#[test]
fn a_waiting_caller_whose_line_is_dead_is_not_offered_and_soon_ended() {
    let mut floor = Floor::with(sample());
    let (dead, first) = floor.call("1001");
    let (_, second) = floor.call("1001");
    floor.input(CentreInput::LegAudio { leg: dead, is_up: false });
    floor.sign_in("ana");
    assert_eq!(floor.presence("ana"), Presence::Offered { call: second });
    floor.sleep(4_999);
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 });
    floor.sleep(1);
    assert_eq!(floor.view(first).state, CallState::Over { cause: EndCause::Lost });
    assert_eq!(floor.summaries[&first].outcome, Outcome::Abandoned);
}

#[test]
fn a_waiting_caller_who_is_heard_again_is_offered_at_the_same_place() {
    let mut floor = Floor::with(sample());
    let (leg, call) = floor.call("1001");
    floor.input(CentreInput::LegAudio { leg, is_up: false });
    floor.sign_in("ana");
    assert_eq!(floor.presence("ana"), Presence::Ready);
    floor.sleep(3_000);
    floor.input(CentreInput::LegAudio { leg, is_up: true });
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    floor.sleep(10_000);
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
}

#[test]
fn a_caller_who_hangs_up_before_the_answer_leaves_nothing_behind() {
    let mut floor = Floor::with(sample());
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let trunk = Some(id("carrier"));
    let caller = CallerLine { trunk, ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: None });
    floor.hang_up(leg);
    assert!(floor.centre.snapshot().calls.is_empty());
    assert_eq!(floor.summaries.values().next().unwrap().outcome, Outcome::Failed);
    assert!(floor.centre.next_wakeup().is_none());
}
