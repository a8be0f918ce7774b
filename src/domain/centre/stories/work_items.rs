//! Messages of callers as work items: offered like calls, beside calls, back at their place when they are not done.

use super::{super::callbacks::mono_of, floor::*};
use crate::domain::{
    agent::Presence,
    centre::{CentreCommand, CentreInput, PhoneEffect, Refusal, WantedPresence, WorkAsked, WorkWish},
    directory::{Directory, QueueExit, RecordingPolicy, WorkRules, WrapUp},
    event::Event,
    work::{OfferMiss, WorkEventKind, WorkItem, WorkKind, WorkReturn, WorkState},
};
use crate::types::{QueueId, RoutingDecision, Standing};

/// Who calls support while nobody is signed in is asked for a message.
fn directory() -> Directory {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.recording = Some(RecordingPolicy::Never);
    support.on_no_agents = QueueExit::Voicemail { prompt: "leave-message".into(), secs_max: 60 };
    support.wrap_up = WrapUp::None;
    directory
}

fn with_rules(rules: WorkRules) -> Directory {
    let mut directory = directory();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().work = rules;
    directory
}

/// A caller leaves a message of ten seconds.
fn leave_message(floor: &mut Floor) {
    let (leg, _) = floor.call("1001");
    let last = |effect: &PhoneEffect| match effect {
        PhoneEffect::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    };
    let (played, play) = floor.phone.iter().rev().find_map(last).unwrap();
    floor.input(CentreInput::PlayEnded { leg: played, play, was_stopped: false });
    floor.sleep(10_000);
    floor.hang_up(leg);
    floor.sleep(1_000);
}

/// A floor with so many messages, and ana ready.
fn with_messages(directory: Directory, count: usize) -> Floor {
    let mut floor = Floor::with(directory);
    (0..count).for_each(|_| leave_message(&mut floor));
    floor.sign_in("ana");
    floor
}

fn kinds(floor: &Floor) -> Vec<&'static str> {
    let kind = |fact: &crate::domain::centre::Fact| match &fact.event {
        Event::Work(event) => Some(event.kind().trim_start_matches("work.")),
        _ => None,
    };
    floor.events.iter().filter_map(kind).collect()
}

fn told(floor: &Floor) -> impl Iterator<Item = &WorkEventKind> {
    floor.events.iter().filter_map(|fact| match &fact.event {
        Event::Work(event) => Some(&event.kind),
        _ => None,
    })
}

/// An item as it was told last.
fn last_told(floor: &Floor) -> WorkItem {
    floor.events.iter().rev().find_map(|fact| fact.work.as_deref().cloned()).unwrap()
}

fn decisions(floor: &Floor) -> Vec<RoutingDecision> {
    let decision = |kind: &WorkEventKind| match kind {
        WorkEventKind::Offered { decision, .. } => decision.as_deref().cloned(),
        _ => None,
    };
    told(floor).filter_map(decision).collect()
}

fn ask(floor: &mut Floor, agent: &str, asked: WorkAsked) -> Result<(), Refusal> {
    let item = floor.agent(agent).work.first().map(|work| work.item).unwrap_or(last_told(floor).id);
    floor.ask_as(agent, CentreCommand::Work(Box::new(WorkWish { item, asked })))
}

fn done(agent: &str) -> WorkAsked {
    WorkAsked::Done { agent: id(agent), disposition: None }
}

#[test]
fn a_message_is_offered_with_the_reasons_taken_and_done_while_the_agent_stays_ready() {
    let mut floor = with_messages(directory(), 1);
    let offered = floor.agent("ana").work[0].clone();
    assert!(offered.is_offered && floor.presence("ana") == Presence::Ready, "an offer beside calls");
    let item = last_told(&floor);
    assert!(matches!(item.kind, WorkKind::Voicemail { length_ms: 10_000, .. }), "{item:?}");
    assert_eq!(item.number.as_ref().map(|number| number.as_str()), Some("+34911000001"));
    let decision = &decisions(&floor)[0];
    assert_eq!((decision.agent.as_str(), decision.was_promoted), ("ana", false));
    assert!(matches!(decision.candidates[0].standing, Standing::Eligible { .. }));
    assert!(decision.waited_ms >= 11_000, "since the caller took a place: {}", decision.waited_ms);
    floor.sleep(3_000);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    assert!(!floor.agent("ana").work[0].is_offered);
    floor.sleep(40_000);
    assert_eq!(ask(&mut floor, "bea", done("bea")), Err(Refusal::NotYourWorkItem));
    ask(&mut floor, "ana", done("ana")).unwrap();
    assert_eq!(kinds(&floor), ["added", "offered", "accepted", "done"]);
    assert_eq!((last_told(&floor).open_ms, floor.agent("ana").work.len()), (40_000, 0));
    assert_eq!(ask(&mut floor, "ana", done("ana")), Err(Refusal::NoSuchWorkItem));
    assert!(floor.drifts.is_empty());
}

#[test]
fn a_message_stands_ahead_as_its_queue_says_now() {
    let mut directory = directory();
    let support = id::<QueueId>("support");
    directory.queues.get_mut(&support).unwrap().routing.ahead_secs = 45;
    let mut floor = with_messages(directory.clone(), 0);
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    leave_message(&mut floor);
    let head_start = |floor: &Floor| floor.centre.work.lines[&support].iter().next().unwrap().0.head_start_ms();
    assert_eq!(head_start(&floor), 45_000);
    directory.version += 1;
    directory.queues.get_mut(&support).unwrap().routing.ahead_secs = 300;
    floor.set_directory(directory);
    assert_eq!(head_start(&floor), 300_000, "what waits does not keep an old rule");
}

#[test]
fn whoever_lets_offers_pass_is_struck_as_for_calls_and_the_item_keeps_its_place() {
    let mut directory = directory();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().routing.strikes_max = 2;
    let mut floor = with_messages(directory, 2);
    let first = floor.agent("ana").work[0].item;
    floor.sleep(15_000);
    let second = floor.agent("ana").work[0].item;
    assert_ne!(first, second, "the other message, since the first was missed a moment ago");
    ask(&mut floor, "ana", WorkAsked::Decline(id("ana"))).unwrap();
    assert_eq!(floor.presence("ana"), paused("missed"), "twice in a row");
    floor.sleep(1_000);
    floor.sign_in("bea");
    assert_eq!(floor.agent("bea").work[0].item, first, "who came first is first");
    let causes: Vec<_> = told(&floor)
        .filter_map(|kind| if let WorkEventKind::OfferMissed { cause, .. } = kind { Some(*cause) } else { None })
        .collect();
    assert_eq!(causes, [OfferMiss::NoAnswer, OfferMiss::Declined]);
}

#[test]
fn a_call_takes_the_place_of_an_offer_and_interrupts_an_open_item_that_stays_open() {
    let mut floor = with_messages(directory(), 1);
    let (leg, _) = floor.call("1001");
    assert!(matches!(floor.presence("ana"), Presence::Offered { .. }), "the caller comes first");
    assert!(floor.agent("ana").work.is_empty());
    floor.answer("ana");
    floor.sleep(60_000);
    assert_eq!(kinds(&floor), ["added", "offered", "offer_missed"], "nothing is offered during a call");
    floor.hang_up(leg);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    let (leg, _) = floor.call("1001");
    floor.answer("ana");
    assert!(!floor.agent("ana").work[0].is_offered, "open beside the call");
    floor.hang_up(leg);
    ask(&mut floor, "ana", done("ana")).unwrap();
    assert_eq!(kinds(&floor), ["added", "offered", "offer_missed", "offered", "accepted", "done"]);
}

#[test]
fn calls_of_a_queue_that_does_not_interrupt_go_to_others_and_say_why() {
    let mut floor = with_messages(with_rules(WorkRules { interrupts: false, ..WorkRules::default() }), 1);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    let (leg, call) = floor.call("1001");
    floor.sleep(5_000);
    assert_eq!(floor.presence("ana"), Presence::Ready, "she is left to her item");
    floor.sign_in("bea");
    assert_eq!(floor.agent("bea").call, Some(call));
    let decision = floor.call_events().find_map(|kind| match kind {
        crate::domain::call::CallEventKind::Offered { decision: Some(decision), .. } => Some(decision.clone()),
        _ => None,
    });
    let standing = decision.unwrap().candidates.iter().find(|one| one.agent.as_str() == "ana").unwrap().standing;
    assert_eq!(standing, Standing::WorksOnItem);
    floor.hang_up(leg);
    ask(&mut floor, "ana", done("ana")).unwrap();
    let (_, call) = floor.call("1001");
    assert!([floor.agent("ana").call, floor.agent("bea").call].contains(&Some(call)));
}

#[test]
fn who_works_on_an_item_is_not_idle_for_calls_that_may_interrupt() {
    let mut floor = with_messages(directory(), 1);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    floor.sleep(60_000);
    floor.sign_in("bea");
    floor.sleep(1_000);
    let (_, call) = floor.call("1001");
    assert_eq!(floor.agent("bea").call, Some(call), "ana is ready for longer, but at work");
}

#[test]
fn an_item_that_has_waited_long_goes_before_calls() {
    let mut floor = Floor::with(with_rules(WorkRules { promote_mins: 5, ..WorkRules::default() }));
    leave_message(&mut floor);
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.sleep(300_000);
    let (_, call) = floor.call("1001");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!((floor.agent("ana").work.len(), floor.agent("ana").call), (1, None), "the item first");
    assert!(decisions(&floor).last().unwrap().was_promoted);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    assert_eq!(floor.agent("ana").call, Some(call), "then the caller, beside it");
}

#[test]
fn nobody_has_more_items_open_than_may_be_and_supervisors_have_none_of_the_noise() {
    let mut centre = directory();
    centre.centre.work_items_max = 2;
    centre.agents.get_mut(&id("bea")).unwrap().work_items_max = Some(0);
    let mut floor = with_messages(centre, 3);
    floor.sign_in("bea");
    for _ in 0..2 {
        let offered = floor.agent("ana").work.iter().find(|work| work.is_offered).unwrap().item;
        let wish = WorkWish { item: offered, asked: WorkAsked::Accept(id("ana")) };
        floor.ask_as("ana", CentreCommand::Work(Box::new(wish))).unwrap();
    }
    assert_eq!(floor.agent("ana").work.iter().filter(|work| work.is_offered).count(), 0, "two are enough");
    assert!(floor.agent("bea").work.is_empty(), "bea is to have none");
    ask(&mut floor, "ana", done("ana")).unwrap();
    assert_eq!(floor.agent("ana").work.len(), 2, "the next one");
}

#[test]
fn an_item_goes_back_to_its_place_by_hand_by_time_and_when_its_agent_is_gone() {
    let mut floor = with_messages(with_rules(WorkRules { open_mins_max: 10, ..WorkRules::default() }), 1);
    let item = last_told(&floor);
    let causes = |floor: &Floor| -> Vec<WorkReturn> {
        let cause = |kind: &WorkEventKind| match kind {
            WorkEventKind::Returned { cause, .. } => Some(*cause),
            _ => None,
        };
        told(floor).filter_map(cause).collect()
    };
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    ask(&mut floor, "ana", WorkAsked::GiveBack(id("ana"))).unwrap();
    assert!(floor.agent("ana").work.is_empty(), "not at once to the same agent");
    floor.sleep(21_000);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    floor.sleep(600_000);
    assert_eq!(causes(&floor), [WorkReturn::GivenBack, WorkReturn::TimeUp]);
    assert!(floor.notices.contains(&("ana".into(), "work_item_returned")));
    floor.sleep(21_000);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    assert_eq!(floor.agent("ana").work.len(), 1, "a pause does not take it away");
    floor.set_presence("ana", WantedPresence::Offline).unwrap();
    assert_eq!(causes(&floor).last(), Some(&WorkReturn::AgentGone));
    let (session, _) = floor.open_console("bea");
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    ask(&mut floor, "bea", WorkAsked::Accept(id("bea"))).unwrap();
    floor.input(CentreInput::ConsoleSession { agent: id("bea"), session, is_up: false });
    assert_eq!(causes(&floor).len(), 4, "the console is gone");
    let back = last_told(&floor);
    assert_eq!((back.queued_at, back.returns, back.state.clone()), (item.queued_at, 4, WorkState::Waiting));
    let place = floor.centre.work.lines[&id::<QueueId>("support")].place(item.call).unwrap();
    assert_eq!(place.since(), mono_of(item.queued_at, floor.now));
}

#[test]
fn a_queue_that_asks_what_calls_were_about_asks_it_of_items() {
    let mut directory = directory();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().wrap_up = WrapUp::UntilDisposition { secs: 30 };
    let mut floor = with_messages(directory, 1);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    assert_eq!(ask(&mut floor, "ana", done("ana")), Err(Refusal::DispositionMissing));
    let with = |code: &str| WorkAsked::Done { agent: id("ana"), disposition: Some(id(code)) };
    assert_eq!(ask(&mut floor, "ana", with("nonsense")), Err(Refusal::NoSuchDisposition));
    ask(&mut floor, "ana", with("billing")).unwrap();
    assert!(matches!(last_told(&floor).state, WorkState::Done { disposition: Some(_), .. }));
}

#[test]
fn items_outlast_the_process_the_open_one_with_its_agent_if_back_in_time() {
    let told = |floor: &Floor| -> Vec<WorkItem> {
        let mut last = std::collections::BTreeMap::new();
        for item in floor.events.iter().filter_map(|fact| fact.work.as_deref()) {
            last.insert(item.id, item.clone());
        }
        last.into_values().collect()
    };
    let mut floor = with_messages(directory(), 3);
    ask(&mut floor, "ana", WorkAsked::Accept(id("ana"))).unwrap();
    floor.sign_in("bea");
    let rows = told(&floor);
    let state = |word: &str| rows.iter().filter(|item| item.state.word() == word).count();
    assert_eq!((state("accepted"), state("offered"), state("waiting")), (1, 1, 1));
    for is_back in [true, false] {
        let mut next = Floor::with(Directory::default());
        next.now = floor.now.plus_millis(2_000);
        next.centre.restore_work(rows.clone());
        next.set_directory(directory());
        assert_eq!(next.agent("ana").work.len(), 1, "still hers, for a while");
        let view = next.centre.snapshot().queues.into_iter().find(|queue| queue.id.as_str() == "support").unwrap();
        assert_eq!(view.work_items, 2, "nobody is offered anything by a process that is gone");
        if is_back {
            next.sign_in("ana");
        }
        next.sleep(61_000);
        let expected = if is_back { WorkState::word(&rows[0].state) } else { "waiting" };
        let first = next.centre.work.all.get(&rows[0].id).unwrap();
        assert_eq!(first.state.word(), expected, "{first:?}");
        assert!(next.drifts.is_empty());
    }
}

#[test]
fn a_queue_whose_messages_are_not_routed_has_tickets_only_and_closing_ends_an_item() {
    let floor = with_messages(with_rules(WorkRules { routes_voicemail: false, ..WorkRules::default() }), 1);
    assert!(kinds(&floor).is_empty());
    let mut floor = with_messages(directory(), 1);
    let wish = WorkWish { item: last_told(&floor).id, asked: WorkAsked::Close };
    floor.ask_as("boss", CentreCommand::Work(Box::new(wish))).unwrap();
    assert_eq!(kinds(&floor), ["added", "offered", "offer_missed", "closed"]);
    assert!(floor.agent("ana").work.is_empty());
    let mut floor = with_messages(directory(), 1);
    let mut without = directory();
    without.version = 2;
    without.queues.remove(&id::<QueueId>("support"));
    floor.set_directory(without);
    assert_eq!(last_told(&floor).state, WorkState::Closed, "its queue is gone; the ticket stays");
}
