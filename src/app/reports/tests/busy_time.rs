//! What agents do while they are on calls, made on the real floor and counted by hand to the second; seconds count from 10:00 UTC.

use super::{transfers::Day, *};
use crate::{
    domain::{
        centre::{CentreCommand, CentreInput, Heard, WantedPresence, stories::floor::id},
        report::{AgentInterval, AgentTime},
    },
    store::repair::{GoesOn, close_what_was_lost},
};

fn quarters() -> Span {
    Span { from: at(0), to: at(1_800), cut: Cut::Minutes(15), now: at(1_500) }
}

/// Talk, hold, consultation, dialling and what was not told apart, in seconds.
fn parts(time: &AgentTime) -> [i64; 5] {
    assert_eq!(
        time.busy_ms,
        time.talk_ms + time.hold_ms + time.consult_ms + time.dial_ms + time.busy_unsplit_ms,
        "the parts add up"
    );
    assert!(time.is_reconciled, "{time:?}");
    [time.talk_ms, time.hold_ms, time.consult_ms, time.dial_ms, time.busy_unsplit_ms].map(|part_ms| part_ms / 1_000)
}

async fn lines_of(reports: &Reports, span: Span, who: &str) -> Vec<AgentInterval> {
    reports.agents(&sue(), span, Some(agent(who))).await.unwrap()
}

async fn behind(reports: &Reports, figure: Figure, who: &str, (from, to): (i64, i64)) -> Vec<i64> {
    let behind = Behind { figure, from: at(from), to: at(to), queue: None, agent: Some(agent(who)) };
    let part = reports.contacts(&sue(), behind, None, 50).await.unwrap();
    part.items.iter().map(|one| one.offered_at.millis_since(at(0)) / 1_000).collect()
}

fn dials(day: &mut Day, secs: i64) {
    day.until(secs);
    let number = "+34911222333".into();
    day.floor.ask_as("ana", CentreCommand::Dial { agent: id("ana"), number, customer: None, detect_answer: None }).unwrap();
}

/// A call with a hold of 30 s and a consultation of 20 s, a number that rings for 12 s in vain, one that rings for 8 s and is answered,
/// a caller who is given to bea, and a hold over the border.
fn day() -> Day {
    let mut day = Day::begin();
    let leg = day.answered(0, 5);
    day.does(65, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.does(95, "ana", |agent, call| CentreCommand::Resume { agent, call });
    day.asks_bea(105);
    day.does(110, "bea", |agent, call| CentreCommand::Answer { agent, call });
    day.does(125, "ana", |agent, call| CentreCommand::ConsultCancel { agent, call });
    day.hangs_up(145, leg);
    dials(&mut day, 200);
    day.does(212, "ana", |agent, call| CentreCommand::HangUp { agent, call });
    dials(&mut day, 300);
    day.until(308);
    let outside = day.floor.phone_leg();
    day.floor.input(CentreInput::LegAnswered { leg: outside });
    day.hangs_up(348, outside);
    let leg = day.answered(400, 404);
    day.hands_to_bea(424);
    day.does(430, "bea", |agent, call| CentreCommand::Answer { agent, call });
    day.hangs_up(470, leg);
    let leg = day.answered(880, 885);
    day.does(890, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.does(910, "ana", |agent, call| CentreCommand::Resume { agent, call });
    day.hangs_up(930, leg);
    day.until(1_200);
    for who in ["ana", "bea"] {
        day.floor.set_presence(who, WantedPresence::Offline).unwrap();
    }
    day
}

#[tokio::test]
async fn talk_hold_consultations_and_dialling_come_to_exactly_these_seconds_and_add_up() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let ana = lines_of(&reports, quarters(), "ana").await;
        // Talk: 60 + 10 + 20, the answered number's 40, 20 before bea, and 5 before the border.
        assert_eq!(parts(&ana[0].time), [155, 30 + 10, 20, 12 + 8, 0], "on {test:?}");
        assert_eq!(parts(&ana[1].time), [20, 10, 0, 0, 0], "on {test:?}");
        let bea = lines_of(&reports, quarters(), "bea").await;
        // Asked for 15 s, given a caller for 40 s.
        assert_eq!(parts(&bea[0].time), [55, 0, 0, 0, 0], "on {test:?}");

        // What was told already is stored once, and a restart changes nothing.
        day.store(&test).await;
        let again = lines_of(&reports, quarters(), "ana").await;
        assert_eq!(again, ana, "on {test:?}");
        drop(reports);
        let test = test.reopen().await;
        let reports = reports_of(&test, Directory::default());
        assert_eq!(lines_of(&reports, quarters(), "ana").await, ana, "on {test:?}");
        let checked = reports.check_balances(at(1_900)).await.unwrap();
        assert_eq!(checked.agents, [(agent("ana"), 0), (agent("bea"), 0)].into(), "on {test:?}");
        // The whole day of the centre, and the quarter-hours of it, are the same seconds.
        let (from, to) = (reports.day_of(at(0)), reports.day_of(at(0).plus_millis(DAY_MS)));
        let whole = lines_of(&reports, Span { from, to, cut: Cut::Days, now: to }, "ana").await;
        assert_eq!(parts(&whole[0].time), [175, 50, 20, 20, 0], "on {test:?}");
    }
}

#[tokio::test]
async fn whoever_answered_or_was_asked_has_handled_the_caller_and_the_figures_open_them() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let (ana, bea) = (lines_of(&reports, quarters(), "ana").await, lines_of(&reports, quarters(), "bea").await);
        // On the first caller 140 s and 30 s of wrap-up, on the one given to bea 20 s and 30 s: what ana dialled is no caller's.
        assert_eq!((ana[0].handling.handled, ana[0].aht_ms, ana[0].transfers_made), (2, Some(110_000), 1), "on {test:?}");
        // The last one counts whole where it ended: 45 s and 30 s.
        assert_eq!((ana[1].handling.handled, ana[1].aht_ms, ana[1].transfers_made), (1, Some(75_000), 0), "on {test:?}");
        // 15 s without a wrap-up, and 40 s and 30 s.
        assert_eq!((bea[0].handling.handled, bea[0].aht_ms, bea[0].answered), (2, Some(42_500), 1), "on {test:?}");
        assert_eq!(behind(&reports, Figure::HandledBy, "ana", (0, 900)).await, [0, 400], "on {test:?}");
        assert_eq!(behind(&reports, Figure::HandledBy, "ana", (900, 1_800)).await, [880], "on {test:?}");
        assert_eq!(behind(&reports, Figure::HandledBy, "bea", (0, 900)).await, [0, 400], "on {test:?}");
        assert_eq!(behind(&reports, Figure::TransfersMade, "ana", (0, 900)).await, [400], "on {test:?}");
        assert!(behind(&reports, Figure::TransfersMade, "bea", (0, 900)).await.is_empty(), "on {test:?}");
    }
}

#[tokio::test]
async fn a_consultation_in_which_the_agent_turns_to_the_customer_and_back_is_talk_meanwhile() {
    let mut day = Day::begin();
    let leg = day.answered(0, 5);
    day.asks_bea(15);
    day.does(20, "bea", |agent, call| CentreCommand::Answer { agent, call });
    day.does(30, "ana", |agent, call| CentreCommand::ConsultSwap { agent, call });
    day.does(37, "ana", |agent, call| CentreCommand::ConsultSwap { agent, call });
    day.does(40, "ana", |agent, call| CentreCommand::ConsultJoin { agent, call });
    day.hangs_up(60, leg);
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let ana = lines_of(&reports, quarters(), "ana").await;
        assert_eq!(parts(&ana[0].time), [10 + 7 + 20, 0, 15 + 3, 0, 0], "on {test:?}");
        let bea = lines_of(&reports, quarters(), "bea").await;
        assert_eq!(parts(&bea[0].time), [40, 0, 0, 0, 0], "on {test:?}");
    }
}

#[tokio::test]
async fn a_restart_amid_a_hold_goes_on_as_hold_until_the_agent_is_back() {
    let mut day = Day::begin();
    let leg = day.answered(0, 5);
    day.does(35, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.until(50);
    let call = day.floor.agent("ana").call.unwrap();
    let kept = day.floor.centre.keep_call(call).unwrap();
    let agents = ["ana", "bea"].map(|who| day.floor.centre.keep_agent(&id(who)).unwrap());
    let mut next = Day::begin();
    let before = day.facts_behind(0);
    next.floor.events.clear();
    next.floor.now = day.floor.now.plus_millis(10_000);
    next.floor.recover(vec![kept], agents.to_vec());
    next.floor.input(CentreInput::LegReturned { leg });
    next.until(70);
    let _ = next.floor.open_console("ana");
    next.until(80);
    next.does(80, "ana", |agent, call| CentreCommand::Resume { agent, call });
    assert!(matches!(next.floor.hears[&leg][..], [Heard::Leg(_)]));
    next.hangs_up(100, leg);
    let after = next.facts_behind(before.entries.len());
    for test in TestDb::each().await {
        before.store(&test).await;
        let test = test.reopen().await;
        let goes_on = GoesOn { calls: [call].into(), agents: [agent("ana"), agent("bea")].into() };
        close_what_was_lost(&test.db, goes_on, at(60)).await.unwrap();
        after.store(&test).await;
        let reports = reports_of(&test, Directory::default());
        let ana = lines_of(&reports, quarters(), "ana").await;
        assert_eq!(parts(&ana[0].time), [30 + 20, 45, 0, 0, 0], "on {test:?}");
    }
}

#[tokio::test]
async fn what_a_lost_process_left_open_ends_at_the_last_sign_of_life_as_what_it_was() {
    let mut day = Day::begin();
    day.answered(0, 5);
    day.does(35, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.until(60);
    day.floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    for test in TestDb::each().await {
        day.store(&test).await;
        let test = test.reopen().await;
        close_what_was_lost(&test.db, GoesOn::default(), at(300)).await.unwrap();
        let reports = reports_of(&test, Directory::default());
        let ana = lines_of(&reports, quarters(), "ana").await;
        assert_eq!(parts(&ana[0].time), [30, 25, 0, 0, 0], "on {test:?}");
        assert_eq!(ana[0].time.signed_in_ms, 60_000, "on {test:?}");
    }
}

#[tokio::test]
async fn a_hold_over_the_change_of_the_clock_counts_on_both_days_by_the_centre_s_border() {
    // The day of 25 hours ends at 23:00 UTC.
    let border: Timestamp = "2026-10-25T23:00:00Z".parse().unwrap();
    let mut day = Day::begin();
    day.until(border.millis_since(at(0)) / 1_000 - 100);
    day.floor.sign_in("ana");
    let now = border.millis_since(at(0)) / 1_000;
    let leg = day.answered(now - 60, now - 50);
    day.does(now - 20, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.does(now + 10, "ana", |agent, call| CentreCommand::Resume { agent, call });
    day.hangs_up(now + 25, leg);
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let from = reports.day_of(border.plus_millis(-1));
        assert_eq!(border.millis_since(from), 25 * 60 * MINUTE_MS);
        let to = border.plus_millis(DAY_MS);
        let ana = lines_of(&reports, Span { from, to, cut: Cut::Days, now: to }, "ana").await;
        let told: Vec<_> = ana.iter().map(|line| parts(&line.time)).collect();
        assert_eq!(told, [[30, 20, 0, 0, 0], [15, 10, 0, 0, 0]], "on {test:?}");
    }
}

#[tokio::test]
async fn time_on_calls_of_before_it_was_told_apart_stays_whole_and_in_the_file_too() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        test.raw("UPDATE agent_state_span SET activity = NULL").await;
        let ana = lines_of(&reports, quarters(), "ana").await;
        assert_eq!(parts(&ana[0].time), [0, 0, 0, 0, 235], "on {test:?}");
        let file = reports.agents_file(&sue(), quarters(), Some(agent("bea"))).await.unwrap();
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        let cell = |name: &str| rows[0][name].as_str();
        assert_eq!((cell("busy_seconds"), cell("busy_unsplit_seconds"), cell("talk_seconds")), ("55.000", "55.000", "0.000"));
        assert_eq!((cell("handled"), cell("aht_seconds"), cell("transfers_made")), ("2", "42.500", "0"), "on {test:?}");
    }
}
