//! Promised callbacks: what it costs to keep many of them, at what hours customers are called, who takes one over, and a supervisor's
//! hand in their order.

use std::collections::BTreeMap;

use super::{
    callbacks::{number, request, wish},
    floor::*,
};
use crate::domain::{
    callback::{Callback, CallbackState},
    centre::{
        CallState, CallbackChange, CallbackWish, CallerLine, CallerMatch, CallerRecordRef, CentreCommand, CentreInput, Refusal,
    },
    directory::{CalendarSource, CallbackMode, CallbackRules, Directory, WrapUp},
};
use crate::types::{CallId, CallbackId, CustomerId, LegId, PhoneNumber, QueueId};

fn directory() -> Directory {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.callback = CallbackRules { mode: CallbackMode::AgentFirst, ..CallbackRules::default() };
    support.wrap_up = WrapUp::None;
    directory
}

fn last_told(floor: &Floor) -> Callback {
    floor.events.iter().rev().find_map(|fact| fact.callback.as_deref().cloned()).unwrap()
}

/// Somebody calls support.
fn call_from(floor: &mut Floor, last: usize) -> CallId {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { number: Some(number(last)), trunk: Some(id("carrier")), ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg });
    *floor.calls.keys().last().unwrap()
}

/// Whose callback rings at an agent.
fn served(floor: &Floor, agent: &str) -> Option<PhoneNumber> {
    let call = floor.agent(agent).call?;
    floor.view(call).party.number.clone()
}

fn line_call(floor: &Floor, callback: CallbackId) -> CallId {
    let places = floor.centre.callback_places();
    places.into_iter().find(|place| place.callback == callback).unwrap().call
}

#[test]
fn a_turn_of_the_floor_looks_only_at_promises_that_have_changed_or_are_due() {
    const MANY: usize = 10_000;
    let mut floor = Floor::with(directory());
    let opens_at = floor.now.wall.plus_millis(3_600_000);
    let promises = |floor: &mut Floor| -> Vec<Callback> {
        let one = wish(floor, 0);
        request(floor, CallbackWish { scheduled_at: Some(opens_at), ..one }).unwrap();
        let pattern = last_told(floor);
        (1..MANY)
            .map(|last| Callback {
                id: CallbackId::mint(floor.now.wall, &mut floor.rng),
                number: number(last),
                ..pattern.clone()
            })
            .collect()
    };
    let all = promises(&mut floor);
    floor.centre.restore_callbacks(all, |_| false);
    floor.sleep(61_000);
    assert_eq!(floor.centre.callbacks.all.len(), MANY);
    let looks = floor.centre.callbacks.looks;
    for last in 0..50 {
        let call = call_from(&mut floor, 20_000 + last);
        floor.sleep(1_000);
        assert!(floor.calls.contains_key(&call));
    }
    assert_eq!(floor.centre.callbacks.looks, looks, "callers are no reason to look at promises");
    let later = Some(opens_at.plus_millis(1));
    let change = CallbackChange {
        callback: *floor.centre.callbacks.all.keys().next().unwrap(),
        scheduled_at: later,
        zone: None,
        agent: None,
        number: None,
    };
    floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(change))).unwrap();
    assert_eq!(floor.centre.callbacks.looks, looks + 1, "one has changed");
    floor.sleep(3_600_000);
    let looked = floor.centre.callbacks.looks - looks;
    assert!(looked <= 2 * u64::try_from(MANY).unwrap(), "each was looked at when it was due: {looked}");
    assert_eq!(floor.centre.callback_places().len(), MANY);
    let positions: Vec<usize> = floor.centre.callback_places().iter().filter_map(|place| place.position).collect();
    assert_eq!(positions.len(), MANY, "all stand in line");
}

/// Support may call its customers between these hours of a Wednesday.
fn called_between(from: &str, to: &str, tz: &str) -> Directory {
    let may_be_called = CalendarSource {
        id: id("usual"),
        name: "Usual hours".into(),
        tz: tz.into(),
        weekly: [("wed".into(), vec![(from.into(), to.into())])].into(),
        holidays: vec![],
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    };
    let mut directory = directory();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().callback.calendar = Some(id("usual"));
    directory.calendars.insert(id("usual"), may_be_called);
    directory
}

#[test]
fn customers_are_called_at_usual_hours_by_the_clocks_of_where_they_live() {
    // The story begins on a Wednesday at 19:33:20 UTC: 20:33 in Madrid, 14:33 in Bogota, 16:33 in Buenos Aires.
    let mut floor = Floor::with(called_between("09:00", "15:00", "Europe/Madrid"));
    let at_home = wish(&mut floor, 1);
    let (madrid, bogota) = (at_home.id, wish(&mut floor, 2));
    request(&mut floor, at_home).unwrap();
    let in_bogota = bogota.id;
    request(&mut floor, CallbackWish { zone: Some("America/Bogota".into()), ..bogota }).unwrap();
    let late = wish(&mut floor, 3);
    request(&mut floor, CallbackWish { zone: Some("America/Argentina/Buenos_Aires".into()), ..late }).unwrap();
    let in_line =
        |floor: &Floor| -> Vec<CallbackId> { floor.centre.callback_places().iter().map(|place| place.callback).collect() };
    assert_eq!(in_line(&floor), [in_bogota], "for the others it is evening");
    floor.sleep(27 * 60_000);
    assert!(in_line(&floor).is_empty(), "it is three o'clock in Bogota, too");
    let there =
        CallbackChange { callback: madrid, scheduled_at: None, zone: Some("America/Lima".into()), agent: None, number: None };
    let here = Some("America/Los_Angeles".to_owned());
    floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(there))).unwrap();
    assert!(in_line(&floor).is_empty(), "Lima has the hours of Bogota");
    let west = CallbackChange { callback: madrid, scheduled_at: None, zone: here, agent: None, number: None };
    floor.ask_as("boss", CentreCommand::ChangeCallback(Box::new(west))).unwrap();
    assert_eq!(in_line(&floor), [madrid], "the customer lives further west: it is noon there");
}

fn known(customer: CustomerId) -> CallerMatch {
    let (name, segment) = ("Eva".into(), "gold".into());
    let found =
        CallerRecordRef { customer, name, segment, language: None, last_agent: None, owner: None, open_tickets: vec![] };
    CallerMatch { customers: vec![found] }
}

#[test]
fn a_customer_who_calls_from_another_number_has_the_place_of_the_callback_too() {
    let mut floor = Floor::with(directory());
    let eva = CustomerId::mint(floor.now.wall, &mut floor.rng);
    let owed = wish(&mut floor, 1);
    request(&mut floor, CallbackWish { customer: Some(eva), ..owed }).unwrap();
    floor.sleep(60_000);
    let other = call_from(&mut floor, 2);
    floor.sleep(1_000);
    let again = call_from(&mut floor, 3);
    assert_eq!(last_told(&floor).state, CallbackState::Waiting, "nobody knows yet who that is");
    floor.input(CentreInput::CallerKnown { call: again, found: known(eva) });
    let told = last_told(&floor);
    assert_eq!((told.state, told.merged_into), (CallbackState::Merged, Some(again)));
    assert_eq!(floor.view(again).state, CallState::Waiting { position: 1 }, "at the place of the promise");
    assert_eq!(floor.view(other).state, CallState::Waiting { position: 2 });
}

#[test]
fn who_turns_out_in_talk_to_be_owed_a_callback_is_owed_none_any_more() {
    let mut floor = Floor::with(directory());
    let eva = CustomerId::mint(floor.now.wall, &mut floor.rng);
    let owed = wish(&mut floor, 1);
    let in_an_hour = Some(floor.now.wall.plus_millis(3_600_000));
    request(&mut floor, CallbackWish { customer: Some(eva), scheduled_at: in_an_hour, ..owed }).unwrap();
    floor.sign_in("ana");
    let call = call_from(&mut floor, 2);
    floor.answer("ana");
    floor.input(CentreInput::CallerKnown { call, found: known(eva) });
    assert_eq!((last_told(&floor).state, last_told(&floor).merged_into), (CallbackState::Merged, Some(call)));
}

#[test]
fn a_callback_can_be_made_to_another_number_that_has_none_in_its_queue() {
    let mut floor = Floor::with(directory());
    let (one, two) = (wish(&mut floor, 1), wish(&mut floor, 2));
    let callback = one.id;
    request(&mut floor, one).unwrap();
    floor.sleep(1_000);
    request(&mut floor, two).unwrap();
    let to = |last| {
        let number = Some(number(last));
        CentreCommand::ChangeCallback(Box::new(CallbackChange {
            callback,
            scheduled_at: None,
            zone: None,
            agent: None,
            number,
        }))
    };
    assert_eq!(floor.ask_as("boss", to(2)), Err(Refusal::CallbackExists));
    floor.ask_as("boss", to(3)).unwrap();
    let told = last_told(&floor);
    assert_eq!((told.id, told.number, told.due_at), (callback, number(3), told.requested_at));
    floor.sign_in("ana");
    assert_eq!(served(&floor, "ana"), Some(number(3)), "at the place that it had");
    let at_the_old_one = wish(&mut floor, 1);
    request(&mut floor, at_the_old_one).unwrap();
}

#[test]
fn a_supervisor_puts_a_callback_first_or_gives_it_to_an_agent() {
    let mut floor = Floor::with(directory());
    let wishes: Vec<CallbackWish> = (1..=3).map(|last| wish(&mut floor, last)).collect();
    let ids: Vec<CallbackId> = wishes.iter().map(|wish| wish.id).collect();
    for wish in wishes {
        request(&mut floor, wish).unwrap();
        floor.sleep(1_000);
    }
    let third = line_call(&floor, ids[2]);
    floor.ask_as("boss", CentreCommand::PutFirst { call: third }).unwrap();
    assert!(last_told(&floor).is_first);
    let positions = |floor: &Floor| -> Vec<Option<usize>> {
        let places = floor.centre.callback_places();
        ids.iter().map(|id| places.iter().find(|place| place.callback == *id).and_then(|place| place.position)).collect()
    };
    assert_eq!(positions(&floor), [Some(2), Some(3), Some(1)]);
    for of_callers in [
        CentreCommand::SetAhead { call: third, secs: Some(60) },
        CentreCommand::MoveWaiting { call: third, queue: id("support") },
    ] {
        assert_eq!(floor.ask_as("boss", of_callers), Err(Refusal::WrongCallState));
    }
    assert_eq!(positions(&floor), [Some(2), Some(3), Some(1)], "the promised place stays");

    let mut after = Floor::with(Directory::default());
    after.now = floor.now;
    let kept = floor.centre.callbacks.all.values().cloned().collect();
    after.centre.restore_callbacks(kept, |_| false);
    after.set_directory(directory());
    assert_eq!(positions(&after), [Some(2), Some(3), Some(1)], "a restart changes nothing of it");

    let second = line_call(&floor, ids[1]);
    let give = |call| CentreCommand::AssignWaiting { asker: id("boss"), call, agent: id("ana") };
    assert_eq!(floor.ask_as("boss", give(second)), Err(Refusal::AgentNotReady));
    let mut busy = directory();
    busy.version = 2;
    busy.queues.get_mut(&id::<QueueId>("support")).unwrap().routing.talking_max = Some(0);
    floor.set_directory(busy);
    floor.sign_in("ana");
    assert_eq!(floor.agent("ana").call, None);
    floor.ask_as("boss", give(second)).unwrap();
    assert_eq!(served(&floor, "ana"), Some(number(2)), "whoever stands first");
    assert_eq!(floor.ask_as("boss", give(second)), Err(Refusal::OfferGone));
    assert_eq!(floor.ask_as("boss", CentreCommand::PutFirst { call: second }), Err(Refusal::OfferGone));
    floor.answer("ana");
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!((last_told(&floor).id, last_told(&floor).state), (ids[1], CallbackState::Reached));
}
