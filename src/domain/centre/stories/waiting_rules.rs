//! What callers who wait are told, may choose, and come back to.

use std::collections::BTreeMap;

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, FlowOutCause, Outcome},
        centre::{CallState, CallerLine, CentreCommand, CentreInput, Heard, PhoneEffect, WantedPresence},
        directory::{CalendarSource, Directory, QueueExit, WaitingKey, WaitingMessage, WaitingRules},
    },
    types::{CallId, LegId, PhoneNumber, QueueId},
};

fn support_with(rules: WaitingRules) -> Directory {
    let mut directory = sample();
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().waiting = rules;
    directory
}

/// A floor with these rules, flows, and ana away at lunch.
fn away(rules: WaitingRules) -> Floor {
    let mut floor = Floor::with(support_with(rules));
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor
}

fn with_keys() -> WaitingRules {
    let keys = [
        ("1", WaitingKey::Callback),
        ("2", WaitingKey::Queue { queue: id("sales") }),
        ("3", WaitingKey::Line { line: id("main-menu") }),
        ("4", WaitingKey::Position),
        ("#", WaitingKey::Leave),
    ];
    WaitingRules { keys: keys.into_iter().map(|(key, does)| (key.to_owned(), does)).collect(), ..WaitingRules::default() }
}

fn press(floor: &mut Floor, leg: LegId, digit: char) {
    floor.input(CentreInput::Digit { leg, digit });
}

fn flowed_out(floor: &Floor) -> Vec<FlowOutCause> {
    let cause = |event: &CallEventKind| match event {
        CallEventKind::FlowedOut { cause, .. } => Some(*cause),
        _ => None,
    };
    floor.call_events().filter_map(cause).collect()
}

fn position(floor: &Floor, call: CallId) -> i64 {
    match floor.view(call).state {
        CallState::Waiting { position } => position,
        ref other => panic!("{other:?}"),
    }
}

/// Calls support from a number; `None` withholds it.
fn call_from(floor: &mut Floor, number: Option<&str>) -> (LegId, CallId) {
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    let number = number.map(|number| PhoneNumber::parse(number, "34").unwrap());
    let caller = CallerLine { is_withheld: number.is_none(), number, ..CallerLine::default() };
    floor.input(CentreInput::Arrived { leg, caller, called: "1001".into(), language: None });
    floor.input(CentreInput::LegAnswered { leg });
    (leg, floor.centre.call_of(leg).unwrap())
}

/// So many calls of support, each answered and handled for two minutes.
fn learn(floor: &mut Floor, calls: usize) {
    for _ in 0..calls {
        let (leg, _) = floor.call("1001");
        floor.sleep(1_000);
        floor.answer("ana");
        floor.sleep(119_000);
        floor.hang_up(leg);
        floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    }
}

#[test]
fn a_key_asks_for_a_call_back_while_the_words_about_it_are_spoken() {
    let mut floor = away(with_keys());
    let (leg, call) = floor.call("1001");
    assert!(floor.phone.contains(&PhoneEffect::ListenForKeys { leg, is_wanted: true }));
    floor.sleep(5_000);
    let said = floor.played().pop().unwrap();
    assert!(said.starts_with("shared/es/next-in-queue+shared/es/keys-leave+shared/es/digit-hash"), "{said}");
    assert!(said.contains("shared/es/keys-callback+shared/es/digit-1"), "{said}");
    press(&mut floor, leg, '1');
    assert_eq!(floor.played().last().unwrap(), "shared/es/callback-promised");
    assert!(floor.phone.contains(&PhoneEffect::ListenForKeys { leg, is_wanted: false }));
    assert_eq!(flowed_out(&floor), [FlowOutCause::Key]);
    assert!(floor.story().contains(&"callback_requested"));
    assert_eq!(floor.view(call).state, CallState::InIvr);
}

#[test]
fn keys_lead_to_another_queue_to_a_line_and_out() {
    let mut floor = away(with_keys());
    let (leg, call) = floor.call("1001");
    press(&mut floor, leg, '9');
    assert_eq!(position(&floor, call), 1, "a key without a meaning changes nothing");
    press(&mut floor, leg, '2');
    assert_eq!(floor.view(call).queue, Some(id("sales")));
    let (other, second) = floor.call("1001");
    press(&mut floor, other, '3');
    assert_eq!((floor.view(second).state.clone(), floor.view(second).line.clone()), (CallState::InIvr, Some(id("main-menu"))));
    press(&mut floor, other, '1');
    assert_eq!(floor.view(second).queue, Some(id("support")), "the flow leads back into the queue");
    press(&mut floor, other, '#');
    assert_eq!(floor.played().last().unwrap(), "shared/es/goodbye");
    assert_eq!(flowed_out(&floor), [FlowOutCause::Key; 3]);
}

#[test]
fn a_key_tells_the_position_at_any_time_and_nothing_while_it_rings() {
    let mut floor = away(with_keys());
    floor.call("1001");
    let (leg, call) = floor.call("1001");
    floor.sleep(5_000);
    let told = floor.played().len();
    press(&mut floor, leg, '4');
    assert_eq!(floor.played()[told..], ["shared/es/queue-position+shared/es/number-2"]);
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    floor.sign_in("bea");
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }));
    press(&mut floor, leg, '1');
    assert!(matches!(floor.view(call).state, CallState::Offered { .. }), "whoever rings is left to the agent");
    assert_eq!(flowed_out(&floor), []);
}

#[test]
fn nobody_is_sent_away_by_a_key_for_a_call_back_to_a_number_that_we_do_not_know() {
    let mut floor = away(with_keys());
    let (leg, call) = call_from(&mut floor, None);
    press(&mut floor, leg, '1');
    assert_eq!(floor.played().last().unwrap(), "shared/es/no-match");
    assert_eq!(position(&floor, call), 1);
}

#[test]
fn the_expected_wait_is_told_in_round_minutes_and_does_not_rise_without_a_reason() {
    let rules = WaitingRules { says_wait: true, ..WaitingRules::default() };
    let mut floor = Floor::with(support_with(rules));
    floor.sign_in("ana");
    learn(&mut floor, 4);
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("ana");
    let (first, _) = floor.call("1001");
    floor.sleep(1_000);
    floor.call("1001");
    let told = floor.played().len();
    floor.sleep(5_000);
    let said = floor.played().split_off(told);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("shared/es/next-in-queue+shared/es/expected-wait+shared/es/number-"), "{said:?}");
    assert!(said[1].contains("+shared/es/expected-wait-most+shared/es/number-"), "{said:?}");
    // The call in talk drags on, and nobody moves.
    floor.sleep(90_000);
    let mut most_told: BTreeMap<LegId, Vec<i64>> = BTreeMap::new();
    for effect in &floor.phone {
        if let PhoneEffect::Play { leg, clips, .. } = effect
            && clips.iter().any(|clip| &**clip == "shared/es/expected-wait")
        {
            let minutes = clips.last().unwrap().rsplit("number-").next().unwrap().parse().unwrap();
            most_told.entry(*leg).or_default().push(minutes);
        }
    }
    for told in most_told.values() {
        assert!(
            told.len() > 1 && told.windows(2).all(|two| two[1] < two[0]),
            "no word that it has become longer: {most_told:?}"
        );
    }
    let told = floor.played().len();
    floor.hang_up(first);
    floor.sleep(30_000);
    let news = floor.played().split_off(told);
    assert!(news[0].starts_with("shared/es/next-in-queue"), "a better position is news: {news:?}");
}

#[test]
fn who_would_wait_too_long_is_sent_on_at_entry_and_later() {
    let rules = WaitingRules {
        expected_wait_secs_max: Some(300),
        on_expected_wait: QueueExit::Line { line: id("main-menu") },
        ..WaitingRules::default()
    };
    let mut floor = Floor::with(support_with(rules));
    floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
    floor.sign_in("ana");
    learn(&mut floor, 4);
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("ana");
    let (_, next) = floor.call("1001");
    assert_eq!(position(&floor, next), 1, "two minutes will do");
    let (_, second) = floor.call("1001");
    floor.sleep(1_000);
    let (_, third) = floor.call("1001");
    assert_eq!(flowed_out(&floor).len(), 1);
    assert_eq!((floor.view(third).state.clone(), floor.view(third).line.clone()), (CallState::InIvr, Some(id("main-menu"))));
    assert_eq!(position(&floor, second), 2);
    // The agent means to go for lunch after this call: nobody knows when the next one is there.
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    floor.sleep(16_000);
    assert_eq!(flowed_out(&floor), [FlowOutCause::ExpectedWait; 3]);
}

/// Support tells callers of a long wait who would wait for more than so many seconds.
fn long_wait_after(secs: i64) -> WaitingRules {
    let on_expected_wait = QueueExit::Message { prompt: "long-wait".into() };
    WaitingRules { expected_wait_secs_max: Some(secs), on_expected_wait, ..WaitingRules::default() }
}

#[test]
fn who_was_let_in_stays_while_the_wait_is_about_what_it_was() {
    let mut floor = Floor::with(support_with(long_wait_after(150)));
    floor.sign_in("ana");
    for _ in 0..4 {
        let (leg, _) = floor.call("1001");
        floor.sleep(1_000);
        floor.answer("ana");
        floor.sleep(154_000);
        floor.hang_up(leg);
        floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    }
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("ana");
    let (_, next) = floor.call("1001");
    assert_eq!(position(&floor, next), 1);
    // The call goes on for longer than any before, and what is expected rises a little over what is allowed.
    floor.sleep(200_000);
    let queues = floor.centre.snapshot().queues;
    let shown = queues.iter().find(|view| view.id.as_str() == "support").unwrap().expected_wait.unwrap();
    assert!(shown.mean_ms > 150_000, "{shown:?}");
    assert_eq!((flowed_out(&floor), position(&floor, next)), (vec![], 1));
}

#[test]
fn nobody_is_sent_on_where_nothing_is_known_of_the_wait() {
    let rules =
        WaitingRules { expected_wait_secs_max: Some(1), on_expected_wait: QueueExit::Callback, ..WaitingRules::default() };
    let mut floor = away(rules);
    let calls: Vec<CallId> = (0..5).map(|_| floor.call("1001").1).collect();
    floor.sleep(120_000);
    assert_eq!(flowed_out(&floor), []);
    assert_eq!(calls.iter().map(|call| position(&floor, *call)).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn the_last_in_line_are_sent_on_first_and_no_more_of_them_than_must() {
    let mut floor = Floor::with(support_with(long_wait_after(3_600)));
    floor.sign_in("ana");
    learn(&mut floor, 4);
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("ana");
    let calls: Vec<CallId> = (0..6).map(|_| floor.call("1001").1).collect();
    floor.set_directory(Directory { version: 2, ..support_with(long_wait_after(300)) });
    floor.sleep(16_000);
    let stays = |floor: &Floor| -> Vec<bool> {
        calls.iter().map(|call| matches!(floor.view(*call).state, CallState::Waiting { .. })).collect()
    };
    assert_eq!(stays(&floor), [true, true, true, false, false, false], "two minutes each, give or take");
    let left: Vec<CallId> = floor
        .events
        .iter()
        .filter_map(|fact| match &fact.event {
            crate::domain::event::Event::Call(event) if matches!(event.kind, CallEventKind::FlowedOut { .. }) => {
                Some(event.call)
            }
            _ => None,
        })
        .collect();
    assert_eq!(left, [calls[5], calls[4], calls[3]]);
    floor.sleep(60_000);
    assert_eq!(stays(&floor), [true, true, true, false, false, false], "whoever is left may stay");
}

#[test]
fn a_long_line_is_sent_on_in_parts() {
    let with_room = |version, rules| {
        let mut directory = Directory { version, ..support_with(rules) };
        directory.queues.get_mut(&id::<QueueId>("support")).unwrap().waiting_max = 500;
        directory.trunks.values_mut().for_each(|trunk| trunk.calls_max = 500);
        directory
    };
    let mut floor = Floor::with(with_room(1, WaitingRules::default()));
    floor.sign_in("ana");
    learn(&mut floor, 4);
    floor.call("1001");
    floor.sleep(1_000);
    floor.answer("ana");
    (0..130).for_each(|_| _ = floor.call("1001"));
    floor.set_directory(with_room(2, long_wait_after(60)));
    floor.sleep(15_500);
    assert_eq!(flowed_out(&floor).len(), 50);
    floor.sleep(3_000);
    assert_eq!(flowed_out(&floor).len(), 130, "all of them, for even the first one would wait for two minutes");
}

/// A line that leads straight into support.
const BACK_TO_SUPPORT: &str = r#"
flow = "main-menu"
schema = 1
lang = { default = "es", also = ["en"] }
start = "support"
fallback = "support"

[node.support]
type = "queue"
queue = "support"
"#;

#[test]
fn a_circle_of_a_queue_and_a_line_ends_with_a_message() {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.waiting_max = 0;
    support.on_full = QueueExit::Line { line: id("main-menu") };
    let mut floor = Floor::with(directory);
    floor.centre.set_scripts(std::sync::Arc::new(sample_line_of(BACK_TO_SUPPORT)));
    let (_, call) = floor.call("1001");
    assert_eq!(floor.played().last().unwrap(), "shared/es/long-wait");
    assert_eq!(flowed_out(&floor), [FlowOutCause::Full; 4]);
    assert_eq!(floor.view(call).state, CallState::InIvr);
}

#[test]
fn who_waits_at_closing_time_may_still_be_answered_within_the_grace() {
    let mut directory = support_with(WaitingRules { closing_grace_secs: 90, ..WaitingRules::default() });
    directory.queues.get_mut(&id::<QueueId>("support")).unwrap().calendar = Some(id("office"));
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
    let (_, first) = floor.call("1001");
    let (_, second) = floor.call("1001");
    floor.sleep(101_000);
    let (_, late) = floor.call("1001");
    assert_eq!(floor.view(late).state, CallState::InIvr, "whoever comes after closing time is not let in");
    assert_eq!(position(&floor, first), 1);
    floor.sleep(60_000);
    floor.sign_in("ana");
    assert_eq!(floor.presence("ana"), Presence::Offered { call: first });
    floor.answer("ana");
    floor.sleep(28_000);
    assert_eq!(position(&floor, second), 1);
    floor.sleep(2_000);
    assert_eq!(floor.view(second).state, CallState::InIvr);
    assert_eq!(flowed_out(&floor), [FlowOutCause::Closed; 2]);
}

#[test]
fn who_is_cut_off_and_calls_again_stands_where_they_stood_and_waits_anew() {
    let mut floor = away(WaitingRules { redial_secs: 120, ..WaitingRules::default() });
    let (leg, earlier) = call_from(&mut floor, Some("+34911000001"));
    floor.sleep(60_000);
    let (_, other) = call_from(&mut floor, Some("+34911000002"));
    floor.sleep(20_000);
    floor.hang_up(leg);
    assert_eq!(position(&floor, other), 1);
    floor.sleep(30_000);
    let (leg, again) = call_from(&mut floor, Some("+34911000001"));
    assert_eq!((position(&floor, again), position(&floor, other)), (1, 2));
    let regained = floor.call_events().find_map(|event| match event {
        CallEventKind::PlaceRegained { earlier, waited_ms, .. } => Some((*earlier, *waited_ms)),
        _ => None,
    });
    assert_eq!(regained, Some((earlier, 80_000)));
    assert_eq!(floor.summaries[&earlier].outcome, Outcome::Abandoned);
    floor.sleep(10_000);
    floor.hang_up(leg);
    assert_eq!(floor.summaries[&again].wait_ms, 10_000, "each visit has its own wait");
    floor.sleep(60_000);
    let (_, third) = call_from(&mut floor, Some("+34911000001"));
    assert_eq!(position(&floor, third), 1, "and once more, from the first entry");
}

#[test]
fn places_are_kept_for_a_time_and_not_for_withheld_numbers_or_elsewhere() {
    let mut floor = away(WaitingRules { redial_secs: 120, ..WaitingRules::default() });
    let (late, _) = call_from(&mut floor, Some("+34911000001"));
    let (withheld, _) = call_from(&mut floor, None);
    let (_, other) = call_from(&mut floor, Some("+34911000002"));
    floor.hang_up(late);
    floor.hang_up(withheld);
    let (_, again) = call_from(&mut floor, None);
    assert_eq!((position(&floor, other), position(&floor, again)), (1, 2));
    floor.sleep(120_000);
    let (_, again) = call_from(&mut floor, Some("+34911000001"));
    assert_eq!(position(&floor, again), 3, "two minutes are over");
    assert!(!floor.story().contains(&"place_regained"));
}

#[test]
fn a_queue_s_own_messages_come_by_their_clock_and_never_delay_an_offer() {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id("support")).unwrap();
    support.position_every_secs = 0;
    support.waiting.music = Some("spring".into());
    let message = |prompt: &str, after_secs, every_secs| WaitingMessage { prompt: prompt.into(), after_secs, every_secs };
    support.waiting.messages = vec![message("welcome", 0, 0), message("patience", 20, 30)];
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (first, _) = floor.call("1001");
    floor.answer("ana");
    assert!(floor.played().is_empty(), "who is served at once hears none");
    let (leg, call) = floor.call("1001");
    let spring = vec![Heard::Music("music/spring".into())];
    assert_eq!(floor.hears[&leg], spring);
    floor.sleep(1);
    assert_eq!(floor.played(), ["shared/es/welcome"]);
    floor.sleep(30_000);
    assert_eq!(floor.played().len(), 1, "not over the one before");
    let play = floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Play { play, is_mixed, .. } => Some((*play, *is_mixed)),
        _ => None,
    });
    assert!(play.unwrap().1, "the music goes on below it");
    floor.input(CentreInput::PlayEnded { leg, play: play.unwrap().0, was_stopped: false });
    floor.sleep(2_100);
    assert_eq!(floor.played(), ["shared/es/welcome", "shared/es/patience"]);
    floor.hang_up(first);
    floor.sleep(31_000);
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "while a message is being said");
    floor.answer("ana");
    floor.sleep(120_000);
    assert_eq!(floor.played().len(), 2, "nothing more is said to who talks");
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    assert_eq!(floor.hears[&leg], spring, "on hold the queue's music too");
}
