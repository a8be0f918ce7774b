//! Asking a colleague first: consult, swap, conference, pass on, return; and the same by an agent's telephone.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, EndCause, Supervision, TransferTarget},
        centre::{
            CallState, CallerLine, CentreCommand, CentreInput, ConsultTarget, ConsultViewStep, Heard, PhoneEffect, Refusal,
            TransferAsked, TransferProgress, WantedPresence,
        },
        directory::WrapUp,
    },
    types::{CallId, LegId, QueueId},
};

fn music() -> Vec<Heard> {
    vec![Heard::Music("music/on-hold".into())]
}

/// Ana talks with a customer; bea is free.
fn talking() -> (Floor, LegId, CallId) {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    floor.sleep(10_000);
    (floor, leg, call)
}

fn consult(floor: &mut Floor, agent: &str, colleague: &str) -> Result<(), Refusal> {
    let target = ConsultTarget::Agent { agent: id(colleague) };
    floor.ask(agent, |agent, call| CentreCommand::Consult { agent, call, target })
}

fn step(floor: &Floor, call: CallId) -> Option<ConsultViewStep> {
    floor.view(call).consult.as_ref().map(|consult| consult.step)
}

#[test]
fn a_colleague_is_asked_and_takes_the_customer_who_hears_music_meanwhile() {
    let (mut floor, leg, call) = talking();
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    consult(&mut floor, "ana", "bea").unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&ana]), (&music(), &ringback()));
    assert_eq!((floor.presence("bea"), step(&floor, call)), (Presence::Offered { call }, Some(ConsultViewStep::Ringing)));
    floor.sleep(3_000);
    floor.answer("bea");
    assert_eq!((&floor.hears[&ana], &floor.hears[&bea]), (&vec![Heard::Leg(bea)], &vec![Heard::Leg(ana)]));
    assert_eq!(floor.hears[&leg], music());
    floor.sleep(7_000);
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&vec![Heard::Leg(bea)], &vec![Heard::Leg(leg)]));
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert_eq!((floor.presence("bea"), floor.view(call).state.clone()), (Presence::Busy { call }, CallState::Talking));
    assert_eq!(floor.view(call).transferred_from, Some(id("ana")));
    floor.sleep(5_000);
    floor.hang_up(leg);
    let summary = &floor.summaries[&call];
    // The first agent's talk ends where the hold began; the consultation is the customer's hold.
    assert_eq!((summary.talk_ms, summary.hold_ms, summary.agent.clone()), (15_000, 10_000, Some(id("bea"))));
    let told = ["connected", "held", "consult_began", "consult_answered", "transferred", "connected", "ended"];
    let story = floor.story();
    assert_eq!(story[story.len() - told.len()..], told);
}

#[test]
fn the_agent_swaps_joins_all_three_and_leaves_the_others_together() {
    let (mut floor, leg, call) = talking();
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    consult(&mut floor, "ana", "bea").unwrap();
    floor.answer("bea");
    floor.ask("ana", |agent, call| CentreCommand::ConsultSwap { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&vec![Heard::Leg(ana)], &music()));
    assert_eq!(floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }), Err(Refusal::WrongCallState));
    floor.ask("ana", |agent, call| CentreCommand::ConsultSwap { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&music(), &vec![Heard::Leg(ana)]));
    floor.ask("ana", |agent, call| CentreCommand::ConsultJoin { agent, call }).unwrap();
    assert_eq!(floor.hears[&leg], [Heard::Leg(ana), Heard::Leg(bea)]);
    assert_eq!(floor.hears[&ana], [Heard::Leg(leg), Heard::Leg(bea)]);
    assert_eq!(floor.hears[&bea], [Heard::Leg(leg), Heard::Leg(ana)]);
    // A conference has no deadline of its own.
    floor.sleep(3_600_000);
    assert_eq!(step(&floor, call), Some(ConsultViewStep::Joined));
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!(floor.hears[&leg], [Heard::Leg(bea)]);
    assert_eq!((floor.view(call).agent.clone(), floor.presence("bea")), (Some(id("bea")), Presence::Busy { call }));
}

#[test]
fn a_consultation_that_fails_gives_the_customer_back_at_once() {
    let (mut floor, leg, call) = talking();
    let ana = floor.console_leg("ana");
    consult(&mut floor, "ana", "bea").unwrap();
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], step(&floor, call)), (&vec![Heard::Leg(ana)], None));
    assert!(floor.notices.contains(&("ana".into(), "consult_failed")));
    assert_eq!(consult(&mut floor, "ana", "bea"), Err(Refusal::AgentNotReady));
    assert_eq!(consult(&mut floor, "ana", "ana"), Err(Refusal::WrongCallState));
    assert_eq!(consult(&mut floor, "ana", "nobody"), Err(Refusal::NoSuchAgent));
}

#[test]
fn a_colleague_who_hangs_up_leaves_the_customer_on_music_until_the_agent_returns() {
    let (mut floor, leg, call) = talking();
    let ana = floor.console_leg("ana");
    consult(&mut floor, "ana", "bea").unwrap();
    floor.answer("bea");
    floor.ask("bea", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    // Who was asked has nothing to wrap up.
    assert_eq!((floor.presence("bea"), &floor.hears[&leg]), (Presence::Ready, &music()));
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], floor.view(call).state.clone()), (&vec![Heard::Leg(ana)], CallState::Talking));
}

#[test]
fn nobody_is_consulted_for_ever_and_a_customer_who_leaves_ends_it() {
    let (mut floor, _, call) = talking();
    consult(&mut floor, "ana", "bea").unwrap();
    floor.sleep(26_000);
    assert_eq!((step(&floor, call), floor.view(call).state.clone()), (None, CallState::Talking));
    floor.sleep(30_000);
    floor.set_presence("bea", crate::domain::centre::WantedPresence::Ready).unwrap();
    consult(&mut floor, "ana", "bea").unwrap();
    floor.answer("bea");
    floor.sleep(15 * 60_000 + 1);
    assert_eq!((step(&floor, call), floor.presence("bea")), (None, Presence::Ready));
    let (mut floor, leg, call) = talking();
    consult(&mut floor, "ana", "bea").unwrap();
    floor.answer("bea");
    floor.hang_up(leg);
    assert_eq!(floor.presence("bea"), Presence::Ready);
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert!(matches!(floor.view(call).state, CallState::WrappingUp { .. }));
}

#[test]
fn a_number_outside_is_asked_and_given_the_customer_with_both_lines_counted() {
    let (mut floor, leg, call) = talking();
    let target = ConsultTarget::Number { number: "911 222 333".into() };
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    let there = floor.phone_leg();
    assert!(floor.phone.iter().any(|e| matches!(e, PhoneEffect::CallOut { number, .. } if &**number == "+34911222333")));
    assert_eq!(floor.centre.calls_on(&id("carrier")), 2);
    floor.input(CentreInput::LegRinging { leg: there });
    floor.input(CentreInput::LegAnswered { leg: there });
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&there]), (&vec![Heard::Leg(there)], &vec![Heard::Leg(leg)]));
    assert_eq!((floor.view(call).state.clone(), floor.centre.calls_on(&id("carrier"))), (CallState::PassedOn, 2));
    floor.hang_up(there);
    assert!(!floor.open.contains(&leg), "the customer is hung up");
    assert!(floor.call_events().any(|e| matches!(e, CallEventKind::Transferred { to: TransferTarget::Number, .. })));
}

/// Carl, on the SIP phone 103, talks with a customer; ana is free.
fn on_the_phone() -> (Floor, LegId, LegId, CallId) {
    let mut floor = Floor::ready(&["carl"]);
    let (leg, call) = floor.call("1001");
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: phone });
    floor.sign_in("ana");
    floor.sleep(5_000);
    (floor, leg, phone, call)
}

fn told(floor: &Floor, leg: LegId) -> Vec<TransferProgress> {
    let progress = |effect: &PhoneEffect| match effect {
        PhoneEffect::TransferProgress { leg: of, progress } if *of == leg => Some(*progress),
        _ => None,
    };
    floor.phone.iter().filter_map(progress).collect()
}

fn refer(floor: &mut Floor, leg: LegId, number: &str) {
    floor.input(CentreInput::TransferAsked { leg, to: TransferAsked::Number(number.into()) });
}

#[test]
fn a_phone_transfers_to_a_queue_and_is_let_go() {
    let (mut floor, leg, phone, call) = on_the_phone();
    refer(&mut floor, phone, "1002");
    assert_eq!(told(&floor, phone), [TransferProgress::Begun, TransferProgress::Done]);
    assert_eq!((&floor.hears[&leg], floor.open.contains(&phone)), (&music(), false));
    assert_eq!(floor.view(call).queue, Some(id("sales")));
    assert!(matches!(floor.presence("carl"), Presence::WrappingUp { .. }));
}

#[test]
fn a_phone_transfers_outside_and_stays_until_somebody_answers() {
    let (mut floor, leg, phone, call) = on_the_phone();
    refer(&mut floor, phone, "+34911222333");
    let there = floor.phone_leg();
    assert_eq!((floor.hears[&leg].clone(), floor.open.contains(&phone)), (music(), true));
    floor.input(CentreInput::LegRinging { leg: there });
    floor.input(CentreInput::LegAnswered { leg: there });
    assert_eq!(told(&floor, phone), [TransferProgress::Begun, TransferProgress::Ringing, TransferProgress::Done]);
    assert_eq!((floor.open.contains(&phone), floor.view(call).state.clone()), (false, CallState::PassedOn));
    assert_eq!(floor.hears[&leg], [Heard::Leg(there)]);
}

#[test]
fn a_transfer_that_fails_leaves_the_call_with_the_phone() {
    let (mut floor, leg, phone, call) = on_the_phone();
    refer(&mut floor, phone, "+34911222333");
    let there = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg: there, cause: EndCause::Busy });
    assert_eq!(told(&floor, phone).last(), Some(&TransferProgress::Failed(EndCause::Busy)));
    assert_eq!((&floor.hears[&leg], floor.view(call).state.clone()), (&vec![Heard::Leg(phone)], CallState::Talking));
    refer(&mut floor, phone, "nonsense");
    assert_eq!(told(&floor, phone).last(), Some(&TransferProgress::Failed(EndCause::UnknownNumber)));
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn a_phone_that_hangs_up_at_once_has_handed_the_call_over() {
    let (mut floor, leg, phone, call) = on_the_phone();
    refer(&mut floor, phone, "+34911222333");
    let there = floor.phone_leg();
    floor.hang_up(phone);
    assert_eq!(floor.hears[&leg], ringback());
    floor.input(CentreInput::LegFailed { leg: there, cause: EndCause::NoAnswer });
    // Nobody took it: the customer waits before all others, and is not cut off.
    assert!(matches!(floor.view(call).state, CallState::Offered { .. } | CallState::Waiting { .. }));
}

#[test]
fn only_the_line_that_has_the_call_may_send_it_away() {
    let (mut floor, leg, phone, call) = on_the_phone();
    refer(&mut floor, leg, "+34911222333");
    assert_eq!(told(&floor, leg), [TransferProgress::Refused(EndCause::Refused)]);
    floor.input(CentreInput::TransferAsked { leg: phone, to: TransferAsked::Leg(leg) });
    assert_eq!(told(&floor, phone), [TransferProgress::Refused(EndCause::Refused)]);
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn a_phone_with_two_lines_joins_customer_and_colleague() {
    for is_asked_by_second_line in [false, true] {
        let (mut floor, leg, phone, call) = on_the_phone();
        floor.input(CentreInput::LegHeld { leg: phone, is_held: true });
        assert_eq!((&floor.hears[&leg], floor.view(call).state.clone()), (&music(), CallState::Held));
        let line = LegId::mint(floor.now.wall, &mut floor.rng);
        let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
        floor.input(CentreInput::Arrived { leg: line, caller, called: "+34911222333".into(), language: None });
        let there = floor.phone_leg();
        floor.input(CentreInput::LegRinging { leg: there });
        assert!(floor.phone.contains(&PhoneEffect::Ring { leg: line }));
        floor.input(CentreInput::LegAnswered { leg: there });
        floor.input(CentreInput::LegAnswered { leg: line });
        assert_eq!((&floor.hears[&line], &floor.hears[&there]), (&vec![Heard::Leg(there)], &vec![Heard::Leg(line)]));
        floor.input(CentreInput::LegHeld { leg: line, is_held: true });
        assert_eq!((&floor.hears[&leg], &floor.hears[&there]), (&music(), &music()), "nobody is in silence");
        let (asking, other) = if is_asked_by_second_line { (line, phone) } else { (phone, line) };
        floor.input(CentreInput::TransferAsked { leg: asking, to: TransferAsked::Leg(other) });
        assert_eq!(told(&floor, asking), [TransferProgress::Begun, TransferProgress::Done]);
        assert_eq!((&floor.hears[&leg], &floor.hears[&there]), (&vec![Heard::Leg(there)], &vec![Heard::Leg(leg)]));
        assert!(!floor.open.contains(&phone) && !floor.open.contains(&line), "both lines of the phone are closed");
    }
}

#[test]
fn a_supervisor_who_listens_hears_whom_the_agent_asks_once_they_speak() {
    let (mut floor, leg, call) = talking();
    let (_, ears) = floor.open_console("boss");
    floor.ask_as("boss", supervise(Supervision::Listen, call)).unwrap();
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    consult(&mut floor, "ana", "bea").unwrap();
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg), Heard::Leg(ana)], "bea has not answered");
    floor.answer("bea");
    let all = [Heard::Leg(leg), Heard::Leg(ana), Heard::Leg(bea)];
    assert_eq!(floor.hears[&ears], all);
    floor.ask("ana", |agent, call| CentreCommand::ConsultJoin { agent, call }).unwrap();
    assert_eq!(floor.hears[&ears], all);
    floor.ask("ana", |agent, call| CentreCommand::ConsultCancel { agent, call }).unwrap();
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg), Heard::Leg(ana)]);
    floor.hang_up(leg);
    assert_eq!(floor.hears[&ears], []);
}

#[test]
fn whoever_asks_hears_what_the_far_network_says_before_the_answer() {
    let (mut floor, leg, _) = talking();
    let ana = floor.console_leg("ana");
    let target = ConsultTarget::Number { number: "911 222 333".into() };
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    let there = floor.phone_leg();
    assert_eq!(floor.hears[&ana], ringback());
    floor.input(CentreInput::LegEarlyMedia { leg: there });
    assert_eq!((&floor.hears[&ana], &floor.hears[&leg]), (&vec![Heard::Leg(there)], &music()));

    let (mut floor, leg, phone, _) = on_the_phone();
    floor.input(CentreInput::LegHeld { leg: phone, is_held: true });
    let line = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg: line, caller, called: "+34911222333".into(), language: None });
    let there = floor.phone_leg();
    floor.input(CentreInput::LegEarlyMedia { leg: there });
    assert!(floor.phone.contains(&PhoneEffect::EarlyMedia { leg: line }));
    assert!(!floor.phone.contains(&PhoneEffect::Answer { leg: line }), "the second line is not answered for it");
    assert_eq!((&floor.hears[&line], &floor.hears[&leg]), (&vec![Heard::Leg(there)], &music()));
    assert!(floor.hears.get(&there).is_none_or(Vec::is_empty), "and is not heard yet");
}

fn ask_queue(floor: &mut Floor, agent: &str, queue: &str) -> Result<(), Refusal> {
    let target = ConsultTarget::Queue { queue: id(queue) };
    floor.ask(agent, |agent, call| CentreCommand::Consult { agent, call, target })
}

fn decided(floor: &Floor) -> usize {
    floor.events.iter().filter(|fact| fact.sight.is_some()).count()
}

#[test]
fn a_queue_is_asked_and_its_agent_takes_the_customer_as_one_of_its_contacts() {
    let (mut floor, leg, call) = talking();
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("sales")).unwrap().wrap_up = WrapUp::None;
    floor.set_directory(directory);
    assert_eq!(ask_queue(&mut floor, "ana", "nowhere"), Err(Refusal::NoSuchQueue));
    let decisions = decided(&floor);
    ask_queue(&mut floor, "ana", "sales").unwrap();
    assert_eq!(decided(&floor), decisions + 1, "the matcher found bea, and tells what it saw");
    let told = floor.call_events().find_map(|event| match event {
        CallEventKind::ConsultOffered { queue, to, decision: Some(decision), .. } => Some((queue, to, &decision.agent)),
        _ => None,
    });
    assert_eq!(told, Some((&id("sales"), &id("bea"), &id("bea"))));
    assert_eq!((floor.presence("bea"), step(&floor, call)), (Presence::Offered { call }, Some(ConsultViewStep::Ringing)));
    assert_eq!(floor.hears[&leg], music());
    floor.sleep(5_000);
    floor.answer("bea");
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    assert_eq!((&floor.hears[&ana], &floor.hears[&bea]), (&vec![Heard::Leg(bea)], &vec![Heard::Leg(ana)]));
    assert!(!floor.call_events().any(|event| matches!(event, CallEventKind::Queued { queue, .. } if *queue == id("sales"))));
    floor.sleep(5_000);
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&vec![Heard::Leg(bea)], &vec![Heard::Leg(leg)]));
    let connected = floor.call_events().last().cloned();
    assert_eq!(connected, Some(CallEventKind::Connected { queue: Some(id("sales")), agent: id("bea"), waited_ms: 0 }));
    let queued = floor.events.iter().rfind(|fact| fact.event.kind() == "call.queued").unwrap();
    assert!(queued.call.is_some(), "with what was talked before, which is the first queue's");
    assert!(
        matches!(floor.presence("ana"), Presence::WrappingUp { .. }),
        "by the rules of the first queue: {:?}",
        floor.presence("ana")
    );
    assert_eq!((floor.view(call).queue.clone(), floor.centre.lines[&id("sales")].len()), (Some(id("sales")), 0));
    floor.hang_up(leg);
    let told = ["consult_began", "consult_offered", "consult_answered", "transferred", "queued", "connected", "ended"];
    let story = floor.story();
    assert_eq!(story[story.len() - told.len()..], told);
}

#[test]
fn who_asks_a_busy_queue_stands_in_its_line_behind_its_callers_and_is_none_of_them() {
    let (mut floor, leg, call) = talking();
    let (other, _) = floor.call("1002");
    floor.answer("bea");
    let (waiting_leg, waiting) = floor.call("1002");
    ask_queue(&mut floor, "ana", "sales").unwrap();
    let consult = floor.view(call).consult.clone().unwrap();
    assert_eq!((consult.step, consult.queue, consult.position), (ConsultViewStep::Queued, Some(id("sales")), Some(2)));
    assert_eq!((floor.hears[&leg].clone(), floor.hears[&floor.console_leg("ana")].clone()), (music(), music()));
    let line = &floor.centre.lines[&id("sales")];
    assert_eq!((line.len(), line.callers(), line.longest()), (2, 1, Some(waiting)));
    floor.hang_up(waiting_leg);
    assert_eq!(floor.view(call).consult.as_ref().unwrap().position, Some(1));
    // The customer is gone: so is the consultation's place.
    floor.hang_up(leg);
    assert!(floor.centre.lines[&id("sales")].is_empty());
    floor.hang_up(other);
    assert!(floor.drifts.is_empty());
}

#[test]
fn who_does_not_answer_a_consultation_is_passed_over_and_the_next_one_is_asked_until_the_time_is_over() {
    let (mut floor, _, call) = talking();
    ask_queue(&mut floor, "ana", "sales").unwrap();
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert!(matches!(floor.presence("bea"), Presence::Paused { .. }), "a strike, as for any offer");
    assert_eq!(step(&floor, call), Some(ConsultViewStep::Queued));
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Ready, "passed over for a while");
    floor.sleep(21_000);
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    floor.ask("ana", |agent, call| CentreCommand::ConsultCancel { agent, call }).unwrap();
    assert_eq!((floor.presence("bea"), floor.view(call).state.clone()), (Presence::Ready, CallState::Talking));
    assert!(floor.centre.lines[&id("sales")].is_empty());
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    ask_queue(&mut floor, "ana", "sales").unwrap();
    floor.sleep(5 * 60_000 + 1_000);
    assert_eq!((step(&floor, call), floor.view(call).state.clone()), (None, CallState::Talking), "with the customer again");
    assert!(floor.notices.contains(&("ana".into(), "consult_failed")));
    // Who signs out leaves nobody to be asked.
    ask_queue(&mut floor, "ana", "sales").unwrap();
    floor.set_presence("bea", WantedPresence::Offline).unwrap();
    assert_eq!((step(&floor, call), floor.centre.lines[&id("sales")].len()), (None, 0));
    assert_eq!(ask_queue(&mut floor, "ana", "sales"), Err(Refusal::QueueUnserved));
    assert!(floor.drifts.is_empty());
}

#[test]
fn who_leaves_before_the_answer_leaves_the_customer_at_the_consultation_s_place() {
    let (mut floor, _, call) = talking();
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    ask_queue(&mut floor, "ana", "sales").unwrap();
    let asked = floor.centre.lines[&id("sales")].place(call).unwrap().since();
    floor.sleep(5_000);
    let (_, later) = floor.call("1002");
    floor.sleep(5_000);
    floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert_eq!(floor.centre.lines[&id("sales")].place(call).unwrap().since(), asked);
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    floor.answer("bea");
    assert_eq!(floor.view(later).state, CallState::Waiting { position: 1 });
    assert!(floor.drifts.is_empty());
}
