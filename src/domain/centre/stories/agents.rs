//! Presence and wrap-up.

use super::floor::*;
use crate::domain::{
    agent::{AgentEventKind, Presence, PresenceCause},
    call::{CallEventKind, EndCause, MissCause},
    centre::{CallState, CentreCommand, CentreInput, Refusal, WantedPresence},
    directory::{WrapUp, WrapUpExtensions},
};
use crate::types::QueueId;

fn with_wrap_up(wrap_up: WrapUp) -> Floor {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().wrap_up = wrap_up;
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    floor.hang_up(leg);
    floor
}

fn lunch() -> WantedPresence {
    WantedPresence::Paused { reason: "lunch".into() }
}

#[test]
fn nobody_is_ready_without_a_device_or_pauses_without_a_reason() {
    let mut floor = Floor::with(sample());
    assert_eq!(floor.set_presence("ana", WantedPresence::Ready), Err(Refusal::NoDevice));
    assert_eq!(floor.set_presence("carl", WantedPresence::Ready), Err(Refusal::NoDevice));
    let reason = WantedPresence::Paused { reason: "fishing".into() };
    assert_eq!(floor.set_presence("ana", reason), Err(Refusal::NoSuchReason));
    let ghost = CentreCommand::SetPresence { agent: id("ghost"), wanted: WantedPresence::Offline };
    assert_eq!(floor.ask_as("boss", ghost), Err(Refusal::NoSuchAgent));
}

#[test]
fn a_pause_chosen_during_a_call_is_seen_at_once_and_taken_after_the_wrap_up() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    floor.set_presence("ana", lunch()).unwrap();
    assert_eq!(floor.agent("ana").next, Some(paused("lunch")));
    floor.hang_up(leg);
    floor.sleep(30_000);
    assert_eq!((floor.presence("ana"), floor.agent("ana").next.clone()), (paused("lunch"), None));
}

#[test]
fn a_supervisor_who_changes_a_state_is_named_and_the_agent_is_told() {
    let mut floor = Floor::ready(&["ana"]);
    floor.ask_as("boss", CentreCommand::SetPresence { agent: id("ana"), wanted: lunch() }).unwrap();
    let change = floor.agent_events("ana").into_iter().last().unwrap();
    let cause = PresenceCause::Supervisor { user: id("boss") };
    assert_eq!(*change, AgentEventKind::PresenceChanged { from: Presence::Ready, to: paused("lunch"), cause });
    assert_eq!(floor.agent("ana").why.as_deref(), Some("supervisor"));
    assert_eq!(floor.notices, [("ana".to_owned(), "supervisor_paused")]);
}

#[test]
fn a_supervisor_s_word_ends_a_wrap_up_whatever_it_still_asks_for() {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().wrap_up = WrapUp::UntilDisposition { secs: 60 };
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, first) = floor.call("1001");
    floor.answer("ana");
    floor.hang_up(leg);
    let wrapping = |floor: &Floor| matches!(floor.presence("ana"), Presence::WrappingUp { .. });
    floor.set_presence("ana", lunch()).unwrap();
    assert!(wrapping(&floor), "her own wish is for afterwards");
    let ready = || CentreCommand::SetPresence { agent: id("ana"), wanted: WantedPresence::Ready };
    let (_, second) = floor.call("1001");
    floor.ask_as("boss", ready()).unwrap();
    assert_eq!((floor.presence("ana"), floor.agent("ana").next.clone()), (Presence::Offered { call: second }, None));
    assert!(
        floor.centre.calls.get(&first).is_none_or(|call| call.wrapping.is_empty()),
        "nothing of the first call is left with her"
    );
    let told = floor.agent_events("ana");
    assert!(told.iter().any(|kind| matches!(kind, AgentEventKind::WrapUpEnded { call, timed_out: false } if *call == first)));
    floor.answer("ana");
    floor.ask_as("boss", ready()).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::Busy { .. }), "a talk is not cut off");
    assert!(floor.drifts.is_empty());
}

#[test]
fn a_call_that_a_restart_has_cost_is_wrapped_up_no_longer() {
    let floor = with_wrap_up(WrapUp::UntilDisposition { secs: 60 });
    let agent = floor.centre.keep_agent(&id("ana")).unwrap();
    assert!(matches!(agent.presence(), Presence::WrappingUp { .. }));
    let mut again = Floor::with(sample());
    again.now = floor.now.plus_millis(2_000);
    again.recover(vec![], vec![agent]);
    again.sign_in("ana");
    assert_eq!(again.presence("ana"), Presence::Ready, "there is nothing left to classify");
    assert!(again.drifts.is_empty());
}

#[test]
fn a_phone_that_comes_back_brings_its_agent_back() {
    let mut floor = Floor::ready(&["carl"]);
    floor.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: false });
    assert_eq!((floor.presence("carl"), floor.agent("carl").has_device), (paused("device"), false));
    floor.sleep(60_000);
    floor.input(CentreInput::PhoneReachable { account: "103".into(), is_reachable: true });
    assert_eq!(floor.presence("carl"), Presence::Ready);
}

#[test]
fn an_agent_with_a_desk_phone_is_made_ready_without_a_console() {
    let mut floor = Floor::ready(&["carl"]);
    let (session, _) = floor.open_console("carl");
    floor.input(CentreInput::ConsoleSession { agent: id("carl"), session, is_up: false });
    assert_eq!((floor.presence("carl"), floor.agent("carl").has_device), (paused("device"), false));
    let ready = CentreCommand::SetPresence { agent: id("carl"), wanted: WantedPresence::Ready };
    floor.ask_as("boss", ready).unwrap();
    assert_eq!((floor.presence("carl"), floor.agent("carl").has_device), (Presence::Ready, true));
    floor.sleep(3_600_000);
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("carl"), Presence::Offered { call });
}

#[test]
fn a_console_that_vanishes_while_it_rings_lets_the_next_agent_have_the_call_at_once() {
    let mut floor = Floor::with(sample());
    let (session, _) = floor.open_console("ana");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    floor.sleep(1_000);
    floor.sign_in("bea");
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    floor.input(CentreInput::ConsoleSession { agent: id("ana"), session, is_up: false });
    assert_eq!((floor.presence("ana"), floor.presence("bea")), (paused("device"), Presence::Offered { call }));
}

#[test]
fn a_timed_wrap_up_can_be_extended_three_times() {
    let mut floor = with_wrap_up(WrapUp::Timed { secs: 30 });
    for _ in 0..3 {
        floor.ask("ana", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    }
    let fourth = floor.ask("ana", |agent, call| CentreCommand::WrapUpExtend { agent, call });
    assert_eq!(fourth, Err(Refusal::ExtensionsUsed));
    floor.sleep(119_000);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    floor.sleep(1_000);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert!(floor.agent_events("ana").iter().any(|e| matches!(e, AgentEventKind::WrapUpEnded { timed_out: true, .. })));
}

#[test]
fn a_wrap_up_that_waits_for_a_disposition_alarms_when_late_and_ends_at_four_times_its_length() {
    let mut floor = with_wrap_up(WrapUp::UntilDisposition { secs: 30 });
    let done = |agent, call| CentreCommand::WrapUpDone { agent, call };
    assert_eq!(floor.ask("ana", done), Err(Refusal::DispositionMissing));
    let wrong = floor.ask("ana", |agent, call| CentreCommand::Dispose { agent, call, disposition: id("nothing") });
    assert_eq!(wrong, Err(Refusal::NoSuchDisposition));
    floor.sleep(30_000);
    assert!(floor.agent_events("ana").iter().any(|e| matches!(e, AgentEventKind::WrapUpOverdue { .. })));
    assert!(floor.agent("ana").wrap_up.unwrap().is_overdue, "the board shows it");
    floor.sleep(89_000);
    let call = floor.agent("ana").call.unwrap();
    assert!(matches!(floor.view(call).state, CallState::WrappingUp { needs_disposition: true, .. }));
    floor.sleep(1_000);
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn a_disposition_and_done_end_the_wrap_up() {
    let mut floor = with_wrap_up(WrapUp::UntilDisposition { secs: 30 });
    floor.ask("ana", |agent, call| CentreCommand::Dispose { agent, call, disposition: id("billing") }).unwrap();
    let call = floor.agent("ana").call.unwrap();
    assert!(matches!(floor.view(call).state, CallState::WrappingUp { needs_disposition: false, .. }));
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Ready);
    let late = CentreCommand::Dispose { agent: id("ana"), call, disposition: id("billing") };
    assert_eq!(floor.ask_as("ana", late), Err(Refusal::CallOver));
}

#[test]
fn a_wrap_up_that_is_left_to_the_agent_comes_only_when_asked_for_during_the_call() {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().wrap_up = WrapUp::Optional { secs: 40 };
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let want = |floor: &mut Floor, is_wanted| {
        floor.ask("ana", |agent, call| CentreCommand::WantWrapUp { agent, call, is_wanted }).unwrap();
        assert_eq!(floor.agent("ana").wants_wrap_up, is_wanted);
    };
    for (asked, is_wrapping) in [(&[][..], false), (&[true], true), (&[true, false], false)] {
        let (leg, _) = floor.call("1001");
        floor.answer("ana");
        asked.iter().for_each(|is_wanted| want(&mut floor, *is_wanted));
        floor.hang_up(leg);
        assert_eq!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }), is_wrapping, "{asked:?}");
        assert!(!floor.agent("ana").wants_wrap_up, "asked for this call only");
        floor.sleep(40_000);
        assert_eq!(floor.presence("ana"), Presence::Ready);
    }
}

#[test]
fn a_forced_wrap_up_lasts_for_its_whole_time_and_is_extended_as_the_queue_says() {
    let mut directory = sample();
    let queue = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    (queue.wrap_up, queue.wrap_up_extensions) = (WrapUp::Forced { secs: 30 }, WrapUpExtensions { times: 1, secs: 90 });
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    floor.hang_up(leg);
    let state = |floor: &Floor| {
        let run = floor.agent("ana").wrap_up.unwrap();
        (run.may_end_early, run.extensions_left, run.extension_secs)
    };
    assert_eq!(state(&floor), (false, 1, 90));
    assert_eq!(floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }), Err(Refusal::WrapUpForced));
    floor.ask("ana", |agent, call| CentreCommand::WrapUpExtend { agent, call }).unwrap();
    assert_eq!(state(&floor), (false, 0, 90));
    let second = floor.ask("ana", |agent, call| CentreCommand::WrapUpExtend { agent, call });
    assert_eq!(second, Err(Refusal::ExtensionsUsed));
    floor.sleep(119_000);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    floor.sleep(1_000);
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn a_wrap_up_kept_by_an_earlier_version_goes_on_as_it_was() {
    let mut floor = with_wrap_up(WrapUp::Timed { secs: 30 });
    let mut kept = serde_json::to_value(floor.centre.keep_agent(&id("ana")).unwrap()).unwrap();
    let run = kept.pointer_mut("/work/WrappingUp").and_then(|run| run.as_object_mut()).unwrap();
    for new in ["may_end_early", "extensions_max", "extension_ms"] {
        assert!(run.remove(new).is_some(), "{new}");
    }
    let again: crate::domain::agent::Agent = serde_json::from_value(kept).unwrap();
    assert_eq!(Some(&again), floor.centre.agents.get(&id("ana")));
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn without_wrap_up_the_agent_is_ready_at_once() {
    let mut floor = with_wrap_up(WrapUp::None);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert!(floor.centre.snapshot().calls.is_empty());
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
}

#[test]
fn an_agent_taken_out_of_the_directory_finishes_the_call_and_is_gone() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    let mut directory = sample();
    directory.version = 2;
    directory.agents.remove(&id::<crate::types::AgentId>("ana"));
    floor.set_directory(directory.clone());
    floor.hang_up(leg);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }) && floor.gone.is_empty());
    floor.sleep(60_000);
    let is_there = |floor: &Floor| floor.centre.snapshot().agents.iter().any(|agent| agent.id.as_str() == "ana");
    assert!(!is_there(&floor));
    assert_eq!(floor.gone, [id("ana")]);
    directory.version = 3;
    directory.agents.insert(id("ana"), agent("ana", &["support"]));
    floor.set_directory(directory.clone());
    assert!(is_there(&floor));
    directory.version = 4;
    directory.agents.get_mut(&id::<crate::types::AgentId>("ana")).unwrap().is_active = false;
    floor.set_directory(directory);
    assert!(!is_there(&floor));
    assert_eq!(floor.gone, [id("ana"), id("ana")]);
}

#[test]
fn a_phone_that_failed_is_tried_again_after_a_while_or_as_soon_as_its_agent_asks_for_calls() {
    let mut floor = Floor::ready(&["carl"]);
    floor.call("1001");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::Unreachable });
    assert_eq!(floor.presence("carl"), paused("device"));
    floor.set_presence("carl", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("carl"), Presence::Ready);
    let (_, second) = floor.call("1001");
    assert_eq!(floor.presence("carl"), Presence::Offered { call: second });
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::Unreachable });
    floor.sleep(14_999);
    assert_eq!(floor.presence("carl"), paused("device"));
    floor.sleep(1);
    assert_eq!(floor.presence("carl"), Presence::Ready);
}

#[test]
fn busy_or_decline_from_a_phone_that_rang_is_the_agent_s_no_and_busy_without_ringing_is_not() {
    let cases = [
        (true, EndCause::Busy, "missed", MissCause::Declined),
        (true, EndCause::Refused, "missed", MissCause::Declined),
        (true, EndCause::NoAnswer, "missed", MissCause::NoAnswer),
        (false, EndCause::Refused, "missed", MissCause::Declined),
        (false, EndCause::Busy, "device", MissCause::Device),
        (false, EndCause::NoAnswer, "device", MissCause::Device),
        (true, EndCause::Unreachable, "device", MissCause::Device),
    ];
    for (rings, said, reason, expected) in cases {
        let mut floor = Floor::ready(&["carl"]);
        floor.call("1001");
        let leg = floor.phone_leg();
        if rings {
            floor.input(CentreInput::LegRinging { leg });
        }
        floor.input(CentreInput::LegFailed { leg, cause: said });
        assert_eq!(floor.presence("carl"), paused(reason), "{rings} {said:?}");
        let missed = |kind: &CallEventKind| matches!(kind, CallEventKind::OfferMissed { cause, .. } if *cause == expected);
        assert!(floor.call_events().any(missed), "{rings} {said:?}");
    }
}
