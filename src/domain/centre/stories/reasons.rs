//! What the other side says of why it ends or refuses (RFC 3326), in the story of the call.

use super::floor::*;
use crate::domain::{
    call::{CallEventKind, EndCause, Party},
    centre::{CentreCommand, CentreInput, ConsultTarget},
    directory::{Directory, Trunk},
};
use crate::types::{LegId, PeerReason};

/// The peer of a leg says this and more; what is kept of it.
fn says(floor: &mut Floor, leg: LegId, cause: u16) -> PeerReason {
    let kept = PeerReason { protocol: "Q.850".into(), cause: Some(cause), text: None };
    floor.input(CentreInput::LegReason { leg, reason: PeerReason { text: Some("said there".into()), ..kept.clone() } });
    kept
}

/// The end of the only call, and what else was said, each as it was told.
fn told(floor: &Floor) -> Vec<CallEventKind> {
    let is_meant = |kind: &&CallEventKind| matches!(kind, CallEventKind::Ended { .. } | CallEventKind::ReasonGiven { .. });
    floor.call_events().filter(is_meant).cloned().collect()
}

/// A floor whose calls may go on by these trunks when the first cannot carry them.
fn with_trunks(more: &[&str]) -> Floor {
    let mut directory = sample();
    for (at, more) in more.iter().enumerate() {
        let trunk = Trunk { peer: Some(format!("192.0.2.{}:5060", at + 2)), ..Trunk::new(id(more), *more) };
        directory.trunks.insert(trunk.id.clone(), trunk);
    }
    let mut floor = Floor::ready(&["ana"]);
    floor.set_directory(Directory { version: 2, ..directory });
    floor
}

/// Such a floor with a call out.
fn dialled(more: &[&str]) -> Floor {
    let mut floor = with_trunks(more);
    let command = CentreCommand::Dial { agent: id("ana"), number: "+34911222333".into(), customer: None, detect_answer: None };
    floor.ask_as("ana", command).expect("dialled");
    floor
}

#[test]
fn a_caller_who_hangs_up_says_why_with_the_end_of_the_call() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    let reason = Some(says(&mut floor, leg, 16));
    floor.hang_up(leg);
    assert_eq!(told(&floor), [CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason }]);
}

#[test]
fn what_a_device_said_before_another_answered_is_no_reason_of_the_end() {
    let mut floor = dialled(&[]);
    let leg = floor.phone_leg();
    says(&mut floor, leg, 34);
    floor.input(CentreInput::LegAnswered { leg });
    floor.hang_up(leg);
    assert_eq!(told(&floor), [CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None }]);
}

#[test]
fn a_trunk_that_cannot_carry_a_call_says_why_before_the_next_is_tried() {
    let mut floor = dialled(&["second"]);
    let first = floor.phone_leg();
    let crowded = says(&mut floor, first, 34);
    floor.input(CentreInput::LegFailed { leg: first, cause: EndCause::Unreachable });
    let second = floor.phone_leg();
    let unknown = says(&mut floor, second, 1);
    floor.input(CentreInput::LegFailed { leg: second, cause: EndCause::UnknownNumber });
    let expected = [
        CallEventKind::ReasonGiven { by: Some(Party::Customer), trunk: Some(id("carrier")), reason: crowded },
        CallEventKind::Ended { cause: EndCause::UnknownNumber, by: Party::Customer, reason: Some(unknown) },
    ];
    assert_eq!(told(&floor), expected);
    let story = floor.story();
    let at = |kind: &str| story.iter().rposition(|told| *told == kind).expect("told");
    assert!(at("reason_given") < at("sent_out"), "{story:?}");
}

#[test]
fn what_the_last_trunk_says_that_cannot_carry_a_call_stands_with_its_end() {
    let mut floor = dialled(&[]);
    let leg = floor.phone_leg();
    let reason = Some(says(&mut floor, leg, 34));
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::Unreachable });
    assert_eq!(told(&floor), [CallEventKind::Ended { cause: EndCause::Unreachable, by: Party::Customer, reason }]);

    let mut floor = dialled(&["second"]);
    let mut reasons = vec![];
    for cause in [34, 42] {
        let leg = floor.phone_leg();
        reasons.push(says(&mut floor, leg, cause));
        floor.input(CentreInput::LegFailed { leg, cause: EndCause::Unreachable });
    }
    let [first, last] = reasons.try_into().expect("two");
    let expected = [
        CallEventKind::ReasonGiven { by: Some(Party::Customer), trunk: Some(id("carrier")), reason: first },
        CallEventKind::Ended { cause: EndCause::Unreachable, by: Party::Customer, reason: Some(last) },
    ];
    assert_eq!(told(&floor), expected);
}

#[test]
fn what_is_said_of_a_number_asked_is_the_trunks_that_cannot_carry_it_or_of_whom_it_reached() {
    let asked = || {
        let mut floor = with_trunks(&["second"]);
        floor.call("1001");
        floor.answer("ana");
        let target = ConsultTarget::Number { number: "+34911222333".into() };
        floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).expect("asked");
        floor
    };
    for (cause, by) in [(EndCause::Unreachable, Some("second")), (EndCause::Busy, None)] {
        let mut floor = asked();
        let leg = floor.phone_leg();
        let crowded = says(&mut floor, leg, 34);
        floor.input(CentreInput::LegFailed { leg, cause: EndCause::Unreachable });
        let leg = floor.phone_leg();
        let last = says(&mut floor, leg, 17);
        floor.input(CentreInput::LegFailed { leg, cause });
        let expected = [
            CallEventKind::ReasonGiven { by: None, trunk: Some(id("carrier")), reason: crowded },
            CallEventKind::ReasonGiven { by: None, trunk: by.map(id), reason: last },
        ];
        assert_eq!(told(&floor), expected);
    }
}
