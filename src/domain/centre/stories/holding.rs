//! Customers on hold, and agents who do not come back to them.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, HoldAlert},
    centre::{CallState, CentreCommand, Heard},
    directory::HoldLimits,
};

fn on_hold(limits: HoldLimits) -> (Floor, crate::types::LegId, crate::types::CallId) {
    let mut directory = sample();
    directory.centre.hold = limits;
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    (floor, leg, call)
}

#[test]
fn an_agent_is_told_of_a_long_hold_and_rung_after_a_longer_one() {
    let (mut floor, leg, call) = on_hold(HoldLimits { notice_secs: 60, recall_secs: 90 });
    floor.sleep(59_000);
    assert_eq!((floor.view(call).hold, floor.notices.len()), (None, 0));
    floor.sleep(1_000);
    assert_eq!(floor.view(call).hold, Some(HoldAlert::Long));
    floor.sleep(30_000);
    assert_eq!(floor.view(call).hold, Some(HoldAlert::Recall));
    assert_eq!(floor.notices, [("ana".to_owned(), "hold_long"), ("ana".to_owned(), "hold_recalled")]);
    assert!(matches!(floor.hears[&leg][..], [Heard::Music(_)]), "the customer hears music all the while");
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    assert_eq!((floor.view(call).hold, &floor.view(call).state), (None, &CallState::Talking));
    floor.sleep(600_000);
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn a_customer_to_whom_nobody_comes_back_waits_before_all_others() {
    let (mut floor, leg, call) = on_hold(HoldLimits { notice_secs: 0, recall_secs: 90 });
    let (_, other) = floor.call("1001");
    floor.sleep(120_000);
    let told: Vec<_> = floor.notices.iter().map(|(_, key)| *key).collect();
    assert_eq!(told, ["hold_recalled", "hold_returned"]);
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(other).state, CallState::Waiting { position: 2 });
    assert!(matches!(floor.hears[&leg][..], [Heard::Music(_)]));
    let kinds = [CallEventKind::HoldRecalled { agent: id("ana") }, CallEventKind::HoldReturned { agent: id("ana") }];
    assert!(kinds.iter().all(|kind| floor.call_events().any(|event| event == kind)));
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), paused("missed"), "who is away gets no more calls");
    floor.sign_in("bea");
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
}

#[test]
fn a_called_customer_of_no_queue_rings_at_the_agent_for_as_long_as_it_takes() {
    let mut directory = sample();
    directory.centre.hold = HoldLimits { notice_secs: 60, recall_secs: 90 };
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let dial = CentreCommand::Dial { agent: id("ana"), number: "+34911222333".into(), customer: None, detect_answer: None };
    floor.ask_as("ana", dial).unwrap();
    let leg = floor.phone_leg();
    floor.input(crate::domain::centre::CentreInput::LegAnswered { leg });
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    floor.sleep(600_000);
    let call = floor.agent("ana").call.unwrap();
    assert_eq!((floor.view(call).hold, &floor.view(call).state), (Some(HoldAlert::Recall), &CallState::Held));
}

#[test]
fn while_somebody_is_asked_the_time_on_hold_does_not_count() {
    let (mut floor, _, call) = on_hold(HoldLimits { notice_secs: 60, recall_secs: 0 });
    floor.sign_in("bea");
    floor.sleep(50_000);
    let target = crate::domain::centre::ConsultTarget::Agent { agent: id("bea") };
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    floor.sleep(14_000);
    assert_eq!(floor.view(call).hold, None);
    floor.ask("ana", |agent, call| CentreCommand::ConsultCancel { agent, call }).unwrap();
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).ok();
    assert_eq!(floor.view(call).state, CallState::Held);
    floor.sleep(59_000);
    assert_eq!(floor.view(call).hold, None, "it counts anew");
    floor.sleep(1_000);
    assert_eq!(floor.view(call).hold, Some(HoldAlert::Long));
}

#[test]
fn a_queue_has_limits_of_its_own_and_the_others_go_by_the_centres() {
    let mut directory = sample();
    directory.centre.hold = HoldLimits { notice_secs: 60, recall_secs: 90 };
    directory.queues.get_mut(&id::<crate::types::QueueId>("sales")).unwrap().hold =
        Some(HoldLimits { notice_secs: 5, recall_secs: 20 });
    for (called, notice_ms, recall_ms) in [("1001", 60_000, 90_000), ("1002", 5_000, 20_000)] {
        let mut floor = Floor::with(directory.clone());
        floor.sign_in("bea");
        let (_, call) = floor.call(called);
        floor.answer("bea");
        floor.ask("bea", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
        floor.sleep(notice_ms - 1_000);
        assert_eq!(floor.view(call).hold, None, "{called}");
        floor.sleep(1_000);
        assert_eq!(floor.view(call).hold, Some(HoldAlert::Long), "{called}");
        floor.sleep(recall_ms - notice_ms);
        assert_eq!(floor.view(call).hold, Some(HoldAlert::Recall), "{called}");
        floor.sleep(30_000);
        assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 }, "{called}");
    }
}
