//! Parked calls: at the desk and by telephone, taken in time or not.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, EndCause, Outcome},
        centre::{
            CallState, CallerLine, CentreCommand, CentreInput, Heard, ParkSettings, ParkedCall, PhoneEffect, Refusal,
            TransferAsked, TransferProgress, WantedPresence,
        },
        directory::QueueExit,
        event::Event,
    },
    types::{CallId, LegId, QueueId},
};

fn music() -> Vec<Heard> {
    vec![Heard::Music("music/on-hold".into())]
}

/// Ana talks with a customer for ten seconds; these colleagues are free.
fn talking(colleagues: &[&str]) -> (Floor, LegId, CallId) {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    floor.sleep(10_000);
    for colleague in colleagues {
        floor.sign_in(colleague);
    }
    (floor, leg, call)
}

fn park(floor: &mut Floor, agent: &str) -> Result<(), Refusal> {
    floor.ask(agent, |agent, call| CentreCommand::Park { agent, call })
}

fn take(floor: &mut Floor, agent: &str, call: CallId) -> Result<(), Refusal> {
    floor.ask_as(agent, CentreCommand::TakeParked { agent: id(agent), call })
}

fn parked(floor: &Floor, call: CallId) -> Option<ParkedCall> {
    floor.view(call).parked()
}

/// A telephone of this account dials.
fn dial(floor: &mut Floor, account: &str, called: &str) -> LegId {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some(account.into()), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: called.into(), language: None });
    leg
}

fn refusal(floor: &Floor, leg: LegId) -> Option<EndCause> {
    floor.phone.iter().find_map(|effect| match effect {
        PhoneEffect::Reject { leg: refused, cause } if *refused == leg => Some(*cause),
        _ => None,
    })
}

#[test]
fn a_parked_caller_hears_music_until_a_colleague_takes_the_call() {
    let (mut floor, leg, call) = talking(&["bea"]);
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    park(&mut floor, "ana").unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&ana]), (&music(), &vec![]));
    assert_eq!(floor.presence("ana"), Presence::Ready, "there is nothing to wrap up yet");
    let there = parked(&floor, call).unwrap();
    assert_eq!((there.slot, there.number.as_str(), there.by), (1, "*701", id("ana")));
    assert_eq!((there.since, there.until), (floor.now.wall, floor.now.plus_millis(120_000).wall));
    floor.sleep(20_000);
    take(&mut floor, "bea", call).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&vec![Heard::Leg(bea)], &vec![Heard::Leg(leg)]));
    assert_eq!((floor.presence("bea"), parked(&floor, call)), (Presence::Busy { call }, None));
    assert_eq!(floor.view(call).transferred_from, Some(id("ana")));
    floor.sleep(300_000);
    assert_eq!(floor.view(call).state, CallState::Talking, "its time in the slot is forgotten");
    floor.hang_up(leg);
    let summary = &floor.summaries[&call];
    assert_eq!((summary.talk_ms, summary.hold_ms, summary.outcome), (310_000, 20_000, Outcome::Answered));
    let told = ["connected", "parked", "connected", "ended"];
    let story = floor.story();
    assert_eq!(story[story.len() - told.len()..], told);
    assert!(matches!(floor.presence("bea"), Presence::WrappingUp { .. }));
}

#[test]
fn what_nobody_takes_rings_at_the_agent_who_parked_it_and_says_why() {
    let (mut floor, leg, call) = talking(&[]);
    let ana = floor.console_leg("ana");
    park(&mut floor, "ana").unwrap();
    floor.sleep(119_999);
    assert!(parked(&floor, call).is_some());
    floor.sleep(1);
    let view = floor.view(call);
    assert!(matches!(view.state, CallState::Offered { .. }), "{:?}", view.state);
    assert_eq!((view.agent.clone(), view.returns_from), (Some(id("ana")), Some(1)));
    assert_eq!(floor.hears[&leg], music());
    floor.answer("ana");
    assert_eq!((floor.view(call).state.clone(), floor.view(call).returns_from), (CallState::Talking, None));
    assert_eq!(floor.hears[&leg], [Heard::Leg(ana)]);
    let returned = CallEventKind::ParkReturned { agent: id("ana"), slot: 1 };
    assert!(floor.call_events().any(|kind| *kind == returned));
}

#[test]
fn what_the_agent_cannot_take_back_goes_to_the_head_of_its_queue() {
    // She does not answer.
    let (mut floor, _, call) = talking(&[]);
    park(&mut floor, "ana").unwrap();
    floor.sleep(120_000);
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
    floor.sleep(20_000);
    assert!(matches!(floor.view(call).state, CallState::Waiting { position: 1 } | CallState::Offered { .. }));
    assert_eq!((floor.view(call).returns_from, floor.story().contains(&"queued")), (None, true));
    // She is away.
    let (mut floor, _, call) = talking(&[]);
    park(&mut floor, "ana").unwrap();
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.sleep(120_000);
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    floor.sign_in("bea");
    assert_eq!(floor.view(call).agent, Some(id("bea")), "a colleague is offered it like any other");
}

#[test]
fn a_caller_who_hangs_up_frees_the_slot_and_has_been_served() {
    let (mut floor, leg, call) = talking(&[]);
    park(&mut floor, "ana").unwrap();
    floor.sleep(5_000);
    floor.hang_up(leg);
    assert!(matches!(floor.view(call).state, CallState::Over { cause: EndCause::Hangup }));
    assert_eq!(floor.summaries[&call].outcome, Outcome::Answered);
    assert_eq!(take(&mut floor, "ana", call), Err(Refusal::CallOver));
    let (_, next) = floor.call("1001");
    floor.answer("ana");
    park(&mut floor, "ana").unwrap();
    assert_eq!(parked(&floor, next).unwrap().slot, 1);
}

#[test]
fn slots_are_bounded_and_what_is_gone_or_not_ones_own_is_refused() {
    let (mut floor, _, first) = talking(&[]);
    floor.centre.set_park(ParkSettings { slots: 2, ..ParkSettings::default() });
    park(&mut floor, "ana").unwrap();
    for _ in 0..2 {
        floor.call("1001");
        floor.answer("ana");
        if park(&mut floor, "ana").is_err() {
            break;
        }
    }
    assert_eq!(park(&mut floor, "ana"), Err(Refusal::ParkFull));
    assert!(matches!(floor.presence("ana"), Presence::Busy { .. }), "she keeps the third");
    assert_eq!(take(&mut floor, "ana", first), Err(Refusal::WrongPresence));
    let own = floor.agent("ana").call.unwrap();
    assert_eq!(floor.ask_as("bea", CentreCommand::Park { agent: id("bea"), call: own }), Err(Refusal::NotYourCall));
    floor.sign_in("bea");
    take(&mut floor, "bea", first).unwrap();
    assert_eq!(take(&mut floor, "bea", first), Err(Refusal::ParkGone));
    park(&mut floor, "ana").unwrap();
    assert_eq!(parked(&floor, own).unwrap().slot, 1, "the slot that became free");
}

#[test]
fn an_agent_with_a_telephone_takes_it_by_the_telephone_ringing() {
    let (mut floor, leg, call) = talking(&["carl"]);
    park(&mut floor, "ana").unwrap();
    take(&mut floor, "carl", call).unwrap();
    let rings = floor.phone_leg();
    assert_eq!((floor.presence("carl"), &floor.hears[&leg]), (Presence::Offered { call }, &music()));
    assert_eq!(take(&mut floor, "ana", call), Err(Refusal::ParkGone), "two do not take the same call");
    floor.input(CentreInput::LegFailed { leg: rings, cause: EndCause::NoAnswer });
    assert_eq!(parked(&floor, call).unwrap().slot, 1, "it stays where it was");
    take(&mut floor, "carl", call).unwrap();
    let rings = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: rings });
    assert_eq!((&floor.hears[&leg], floor.presence("carl")), (&vec![Heard::Leg(rings)], Presence::Busy { call }));
}

/// Carl talks by his telephone, 103.
fn carl_talks() -> (Floor, LegId, LegId, CallId) {
    let mut floor = Floor::ready(&["carl"]);
    let (leg, call) = floor.call("1001");
    let line = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: line });
    (floor, leg, line, call)
}

#[test]
fn a_telephone_parks_by_transferring_to_a_slot_and_takes_by_dialling_it() {
    let (mut floor, leg, line, call) = carl_talks();
    floor.input(CentreInput::TransferAsked { leg: line, to: TransferAsked::Number("*705".into()) });
    let progress = |progress| PhoneEffect::TransferProgress { leg: line, progress };
    let told = [progress(TransferProgress::Begun), progress(TransferProgress::Done), PhoneEffect::HangUp { leg: line }];
    assert!(told.iter().all(|effect| floor.phone.contains(effect)));
    assert_eq!((parked(&floor, call).unwrap().slot, &floor.hears[&leg]), (5, &music()));
    let empty = dial(&mut floor, "103", "*704");
    assert_eq!(refusal(&floor, empty), Some(EndCause::NoAnswer));
    let stranger = dial(&mut floor, "999", "*705");
    assert_eq!(refusal(&floor, stranger), Some(EndCause::Refused));
    let back = dial(&mut floor, "103", "*705");
    assert!(floor.phone.contains(&PhoneEffect::Answer { leg: back }));
    floor.input(CentreInput::LegAnswered { leg: back });
    assert_eq!((&floor.hears[&leg], &floor.hears[&back]), (&vec![Heard::Leg(back)], &vec![Heard::Leg(leg)]));
    assert_eq!(floor.presence("carl"), Presence::Busy { call });
}

#[test]
fn a_telephone_that_dials_to_park_hears_in_which_slot() {
    let (mut floor, leg, line, call) = carl_talks();
    floor.input(CentreInput::LegHeld { leg: line, is_held: true });
    let second = dial(&mut floor, "103", "*700");
    assert_eq!((parked(&floor, call).unwrap().slot, &floor.hears[&leg]), (1, &music()));
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: line }));
    floor.input(CentreInput::LegAnswered { leg: second });
    let said = floor.played();
    assert_eq!(said.last().unwrap(), "shared/es/number-1");
    let play = floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Play { leg, play, .. } if *leg == second => Some(*play),
        _ => None,
    });
    floor.input(CentreInput::PlayEnded { leg: second, play: play.unwrap(), was_stopped: false });
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: second }));
    // A telephone that never confirms the answer is let go of, too.
    floor.call("1001");
    let line = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: line });
    let second = dial(&mut floor, "103", "*702");
    floor.sleep(45_000);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: second }));
}

#[test]
fn a_slot_that_is_taken_or_does_not_exist_fails_and_the_call_stays() {
    let (mut floor, _, line, first) = carl_talks();
    floor.input(CentreInput::TransferAsked { leg: line, to: TransferAsked::Number("*702".into()) });
    let (_, second) = floor.call("1001");
    let line = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: line });
    for (number, cause) in [("*702", EndCause::Busy), ("*721", EndCause::UnknownNumber)] {
        floor.input(CentreInput::TransferAsked { leg: line, to: TransferAsked::Number(number.into()) });
        let failed = PhoneEffect::TransferProgress { leg: line, progress: TransferProgress::Failed(cause) };
        assert!(floor.phone.contains(&failed), "{number}");
        let dialled = dial(&mut floor, "103", number);
        assert_eq!(refusal(&floor, dialled), Some(cause), "{number}");
    }
    assert_eq!(floor.view(second).state, CallState::Talking);
    assert_eq!(parked(&floor, first).unwrap().slot, 2);
}

#[test]
fn a_restart_leaves_a_parked_call_in_its_slot() {
    let (mut floor, leg, call) = talking(&["bea"]);
    park(&mut floor, "ana").unwrap();
    floor.sleep(100_000);
    let kept = floor.centre.keep_call(call).unwrap();
    assert_eq!(kept.telephones().collect::<Vec<_>>(), [leg]);
    let agents = ["ana", "bea"].map(|agent| floor.centre.keep_agent(&id(agent)).unwrap());
    let mut anew = Floor::with(sample());
    anew.now = floor.now.plus_millis(25_000);
    anew.recover(vec![kept], agents.to_vec());
    anew.sleep(5_000);
    assert_eq!(parked(&anew, call).unwrap().slot, 1, "its time is over, but the caller is not back yet");
    anew.sign_in("bea");
    anew.input(CentreInput::LegReturned { leg });
    anew.sleep(1);
    let view = anew.view(call);
    assert!(matches!(view.state, CallState::Offered { .. } | CallState::Waiting { .. }), "{:?}", view.state);
    // One whose time is not over stays.
    let (mut floor, leg, call) = talking(&["bea"]);
    park(&mut floor, "ana").unwrap();
    let kept = floor.centre.keep_call(call).unwrap();
    let agents = ["ana", "bea"].map(|agent| floor.centre.keep_agent(&id(agent)).unwrap());
    let mut anew = Floor::with(sample());
    anew.now = floor.now.plus_millis(2_000);
    anew.recover(vec![kept], agents.to_vec());
    anew.input(CentreInput::LegReturned { leg });
    assert_eq!(anew.hears[&leg], music());
    anew.open_console("bea");
    take(&mut anew, "bea", call).unwrap();
    assert_eq!(anew.view(call).state, CallState::Talking);
}

#[test]
fn whoever_fails_to_take_a_parked_call_during_a_pause_stays_in_the_pause() {
    let (mut floor, _, call) = talking(&["carl"]);
    park(&mut floor, "ana").unwrap();
    floor.set_presence("carl", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    for cause in [EndCause::Busy, EndCause::Refused] {
        take(&mut floor, "carl", call).unwrap();
        let rings = floor.phone_leg();
        floor.input(CentreInput::LegFailed { leg: rings, cause });
        assert_eq!((floor.presence("carl"), floor.agent("carl").why.clone()), (paused("lunch"), None), "{cause:?}");
        floor.sleep(16_000);
        assert_eq!(floor.presence("carl"), paused("lunch"), "{cause:?}: also when the telephone is tried again");
    }
    assert!(!floor.notices.contains(&("carl".to_owned(), "missed_offer")), "nobody has set him not ready");
    // Who means to be ready afterwards is in rotation: there a missed call counts.
    take(&mut floor, "carl", call).unwrap();
    floor.set_presence("carl", WantedPresence::Ready).unwrap();
    let rings = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg: rings, cause: EndCause::Refused });
    assert_eq!(floor.presence("carl"), paused("missed"));
}

#[test]
fn what_comes_back_to_a_queue_that_nobody_serves_any_more_takes_its_branch() {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.on_no_agents = QueueExit::Message { prompt: "no-agents".into() };
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    park(&mut floor, "ana").unwrap();
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    floor.sleep(119_999);
    assert_eq!((floor.hears[&leg].clone(), floor.played()), (music(), vec![]), "in the slot there is no hurry");
    floor.sleep(1);
    assert_eq!(floor.played(), ["shared/es/no-agents"]);
    floor.hang_up(leg);
    assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut);
}

/// Whether a call has ever counted as one of a queue's.
fn was_queued(floor: &Floor, call: CallId) -> bool {
    let is_queued = |event: &Event| match event {
        Event::Call(event) => event.call == call && matches!(event.kind, CallEventKind::Queued { .. }),
        _ => false,
    };
    floor.events.iter().any(|fact| is_queued(&fact.event))
}

#[test]
fn whoever_was_dialled_and_parked_waits_for_the_agent_and_in_no_queue() {
    let mut floor = Floor::ready(&["ana"]);
    let number = "+34911222333".to_owned();
    floor.ask_as("ana", CentreCommand::Dial { agent: id("ana"), number, customer: None, detect_answer: None }).unwrap();
    let (leg, call) = (floor.phone_leg(), floor.agent("ana").call.unwrap());
    floor.input(CentreInput::LegAnswered { leg });
    park(&mut floor, "ana").unwrap();
    let (other, _) = floor.call("1001");
    floor.answer("ana");
    floor.sleep(120_000);
    let there = parked(&floor, call).unwrap();
    assert_eq!((there.slot, there.until), (1, floor.now.plus_millis(120_000).wall), "she is on another call");
    floor.hang_up(other);
    floor.sleep(120_000);
    let view = floor.view(call);
    assert_eq!((&view.agent, view.returns_from), (&Some(id("ana")), Some(1)), "and is rung when she is free");
    floor.sleep(20_000);
    assert_eq!(floor.played().last().unwrap(), "shared/es/long-wait");
    assert!(!was_queued(&floor, call));
    floor.hang_up(leg);
    assert_eq!((floor.summaries[&call].outcome, &floor.summaries[&call].queue), (Outcome::Answered, &None));
}

#[test]
fn a_dialled_customer_stays_in_the_slot_while_the_agent_calls_a_queue() {
    let mut floor = Floor::ready(&["carl"]);
    let line = dial(&mut floor, "103", "+34911222333");
    let there = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: there });
    floor.input(CentreInput::LegAnswered { leg: line });
    let call = floor.agent("carl").call.unwrap();
    floor.input(CentreInput::TransferAsked { leg: line, to: TransferAsked::Number("*705".into()) });
    let asks = dial(&mut floor, "103", "1002");
    floor.input(CentreInput::LegAnswered { leg: asks });
    floor.sleep(120_000);
    assert_eq!(parked(&floor, call).map(|parked| parked.slot), Some(5), "there is nowhere else to go");
    floor.hang_up(asks);
    floor.sleep(120_000);
    assert_eq!(floor.presence("carl"), Presence::Offered { call });
}
