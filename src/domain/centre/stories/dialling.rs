//! What agents may dial outside, by whatever road.

use super::floor::*;
use crate::domain::{
    access::DiallingRule,
    call::{EndCause, TransferTarget},
    centre::{
        CallState, CentreCommand, CentreInput, ConsultTarget, DialDay, PhoneEffect, Refusal, TransferAsked, TransferProgress,
    },
    directory::{DiallingRules, Directory},
};

const ABROAD: &str = "+15551234567";
const HOME: &str = "+34911222333";

fn floor_with(rules: DiallingRules) -> Floor {
    let mut directory = sample();
    directory.centre.dialling = rules;
    Floor::with(directory)
}

fn dial(floor: &mut Floor, agent: &str, number: &str) -> Result<(), Refusal> {
    floor.ask_as(agent, CentreCommand::Dial { agent: id(agent), number: number.into(), customer: None, detect_answer: None })
}

fn called_out(floor: &Floor) -> usize {
    floor.phone.iter().filter(|effect| matches!(effect, PhoneEffect::CallOut { .. })).count()
}

fn noted(floor: &Floor) -> usize {
    floor.events.iter().filter(|fact| fact.event.kind() == "access.dialling_refused").count()
}

#[test]
fn a_number_abroad_is_refused_before_anything_leaves_and_the_refusal_is_counted_and_noted_once_a_second() {
    let mut floor = Floor::ready(&["ana"]);
    for _ in 0..5 {
        assert_eq!(dial(&mut floor, "ana", ABROAD), Err(Refusal::NumberNotAllowed));
    }
    assert_eq!((called_out(&floor), noted(&floor)), (0, 1));
    assert_eq!(floor.centre.snapshot().dialling_refused, [(DiallingRule::Number, 5)]);
    floor.sleep(1_000);
    assert!(dial(&mut floor, "ana", ABROAD).is_err());
    assert_eq!(noted(&floor), 2);
    let rules = DiallingRules { allowed: vec!["+1".into()], ..DiallingRules::default() };
    let mut directory = Directory { version: 2, ..sample() };
    directory.centre.dialling = rules;
    floor.set_directory(directory);
    assert_eq!(dial(&mut floor, "ana", HOME), Err(Refusal::NumberNotAllowed));
    dial(&mut floor, "ana", ABROAD).expect("allowed by now");
}

#[test]
fn nobody_is_consulted_or_given_a_call_outside_the_rules_by_desk_or_by_telephone() {
    let mut floor = Floor::ready(&["ana"]);
    let _ = floor.call("1001");
    floor.answer("ana");
    let target = ConsultTarget::Number { number: ABROAD.into() };
    let refused = floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target });
    assert_eq!(refused, Err(Refusal::NumberNotAllowed));

    let mut floor = Floor::ready(&["carl"]);
    let (_, call) = floor.call("1001");
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: phone });
    floor.input(CentreInput::TransferAsked { leg: phone, to: TransferAsked::Number(ABROAD.into()) });
    let is_refused = |effect: &PhoneEffect| {
        matches!(effect, PhoneEffect::TransferProgress { progress: TransferProgress::Failed(EndCause::Refused), .. })
    };
    assert!(floor.phone.iter().any(is_refused));
    assert_eq!((floor.view(call).state.clone(), called_out(&floor)), (CallState::Talking, 0));
    assert!(
        !floor.call_events().any(|event| {
            matches!(event, crate::domain::call::CallEventKind::Transferred { to: TransferTarget::Number, .. })
        })
    );
}

#[test]
fn calls_that_an_agent_passed_on_outside_count_against_the_lines_at_a_time() {
    let mut floor = floor_with(DiallingRules { calls_max: 2, ..DiallingRules::default() });
    floor.sign_in("ana");
    let _ = floor.call("1001");
    floor.answer("ana");
    for _ in 0..2 {
        let target = ConsultTarget::Number { number: HOME.into() };
        let asked = floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target });
        asked.expect("within the limit");
        let there = floor.phone_leg();
        floor.input(CentreInput::LegAnswered { leg: there });
        floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).expect("passed on");
        floor.set_presence("ana", crate::domain::centre::WantedPresence::Ready).ok();
        floor.sleep(60_000);
        let _ = floor.call("1001");
        floor.answer("ana");
    }
    let target = ConsultTarget::Number { number: HOME.into() };
    let refused = floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target });
    assert_eq!(refused, Err(Refusal::TooManyOwnCalls));
}

#[test]
fn a_call_out_that_its_agent_sent_to_a_queue_counts_until_another_agent_has_it() {
    let mut floor = floor_with(DiallingRules { calls_max: 1, ..DiallingRules::default() });
    floor.sign_in("ana");
    dial(&mut floor, "ana", HOME).expect("dialled");
    let there = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: there });
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target }).expect("sent to the queue");
    floor.sleep(60_000);
    assert_eq!(dial(&mut floor, "ana", HOME), Err(Refusal::TooManyOwnCalls));
    floor.sign_in("bea");
    floor.answer("bea");
    assert_eq!(dial(&mut floor, "ana", HOME), Ok(()));
}

#[test]
fn the_calls_of_a_day_are_counted_by_agent_and_begin_anew_with_the_next_one() {
    let mut floor = floor_with(DiallingRules { calls_per_day_max: 2, ..DiallingRules::default() });
    floor.sign_in("ana");
    floor.sign_in("bea");
    let once = |floor: &mut Floor, agent: &str, number: &str| {
        dial(floor, agent, number)?;
        let leg = floor.phone_leg();
        floor.input(CentreInput::LegFailed { leg, cause: EndCause::Busy });
        Ok(())
    };
    assert_eq!((once(&mut floor, "ana", HOME), once(&mut floor, "ana", HOME)), (Ok(()), Ok(())));
    assert_eq!(once(&mut floor, "ana", HOME), Err(Refusal::DailyLimit));
    assert_eq!(once(&mut floor, "ana", "112"), Ok(()), "an emergency is no matter of limits");
    assert_eq!(once(&mut floor, "bea", HOME), Ok(()));
    floor.sleep(24 * 3_600_000);
    floor.sign_in("ana");
    assert_eq!(once(&mut floor, "ana", HOME), Ok(()));
}

#[test]
fn what_was_dialled_before_the_process_began_counts_on_the_same_day_of_the_centres_zone_only() {
    let rules = DiallingRules { calls_per_day_max: 2, ..DiallingRules::default() };
    let mut directory = sample();
    directory.centre.dialling = rules;
    let (zone, now) = (directory.centre.time_zone.clone(), Floor::with(sample()).now.wall);
    let day = DialDay::of(&zone, now).unwrap();
    assert!(day.began_at <= now && now.millis_since(day.began_at) < 25 * 3_600_000);
    let mut floor = Floor::with(directory.clone());
    floor.centre.count_earlier_calls(day, [(id("ana"), 1), (id("bea"), 2)].into());
    floor.set_directory(Directory { version: 2, ..directory });
    floor.sign_in("ana");
    floor.sign_in("bea");
    assert_eq!(dial(&mut floor, "bea", HOME), Err(Refusal::DailyLimit));
    dial(&mut floor, "ana", HOME).expect("the second of the day");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg, cause: EndCause::Busy });
    assert_eq!(dial(&mut floor, "ana", HOME), Err(Refusal::DailyLimit));
    floor.sleep(24 * 3_600_000);
    floor.sign_in("bea");
    assert_eq!(dial(&mut floor, "bea", HOME), Ok(()));
}
