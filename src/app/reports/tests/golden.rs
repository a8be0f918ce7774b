//! A day of ten contacts by hand, with every figure that follows from them. T is 20 s, a short abandon is one before 5 s; seconds
//! count from 10:00 UTC.

use super::*;
use crate::app::reports::Whose;
use crate::domain::{
    call::TransferTarget,
    directory::{Queue, ServiceLevelVariant},
    queue::{WorkNorm, WorkNorms},
    report::{AgentInterval, Balance, Ended, FlowOuts, Handling, Offers, Ratio, VisitCounts, Waits},
};
use crate::store::{segments, work_norms::work_norms};

/// The ten contacts in support, of whom two go on to sales, and the two agents.
fn day() -> Facts {
    let mut facts = Facts::default();
    facts.variants.insert(queue("support"), ServiceLevelVariant::LateAbandonsOnly);
    let busy = |number| Presence::Busy { call: Facts::id(number) };
    let offered = |number| Presence::Offered { call: Facts::id(number) };
    let wrapping_up = |number| Presence::WrappingUp { call: Facts::id(number), until: None };

    facts.presence("ana", at(0), Presence::Ready);
    facts.presence("luis", at(0), Presence::Ready);
    // 1: answered within T, on hold for a while.
    facts.queued(1, at(0), "support");
    facts.presence("ana", at(5), offered(1));
    facts.connected(1, at(10), "support", "ana", 10_000);
    facts.presence("ana", at(10), busy(1));
    // 2: answered after T.
    facts.queued(2, at(30), "support");
    facts.presence("luis", at(45), offered(2));
    facts.connected(2, at(55), "support", "luis", 25_000);
    facts.presence("luis", at(55), busy(2));
    // 3: a short abandon.
    facts.queued(3, at(60), "support");
    facts.abandoned(3, at(63), "support", 3_000);
    facts.ended(3, at(63));
    (facts.call(1).talk_ms, facts.call(1).hold_ms) = (60_000, 10_000);
    facts.ended(1, at(80));
    facts.presence("ana", at(80), wrapping_up(1));
    // 4: an abandon within T.
    facts.queued(4, at(100), "support");
    facts.presence("ana", at(110), Presence::Ready);
    facts.abandoned(4, at(115), "support", 15_000);
    facts.ended(4, at(115));
    // 5: an abandon after T.
    facts.queued(5, at(120), "support");
    facts.call(2).talk_ms = 120_000;
    facts.ended(2, at(175));
    facts.presence("luis", at(175), wrapping_up(2));
    facts.presence("luis", at(195), Presence::Ready);
    facts.abandoned(5, at(200), "support", 80_000);
    facts.ended(5, at(200));
    // 6: answered after more than 180 s and passed on to sales.
    facts.queued(6, at(200), "support");
    // 7: finds the queue full and overflows to sales, where the caller gives up.
    facts.queued(7, at(300), "support");
    facts.flowed_out(7, at(300), "support", 0, FlowOutCause::Full);
    facts.queued(7, at(300), "sales");
    facts.abandoned(7, at(330), "sales", 30_000);
    facts.ended(7, at(330));
    facts.presence("ana", at(395), offered(6));
    facts.connected(6, at(400), "support", "ana", 200_000);
    facts.presence("ana", at(400), busy(6));
    facts.call(6).talk_ms = 40_000;
    let to = TransferTarget::Queue { queue: queue("sales") };
    facts.tell(6, at(440), CallEventKind::Transferred { from: agent("ana"), to });
    facts.presence("ana", at(440), wrapping_up(6));
    facts.queued(6, at(440), "sales");
    facts.presence("luis", at(445), offered(6));
    facts.connected(6, at(450), "sales", "luis", 10_000);
    facts.presence("luis", at(450), busy(6));
    facts.presence("ana", at(460), Presence::Ready);
    facts.call(6).talk_ms = 90_000;
    facts.ended(6, at(500));
    facts.presence("luis", at(500), wrapping_up(6));
    // 8: at the maximum wait a callback is promised, which is no abandon.
    facts.queued(8, at(500), "support");
    facts.presence("luis", at(510), Presence::Ready);
    facts.presence("ana", at(600), Presence::Paused { reason: "lunch".into() });
    facts.flowed_out(8, at(800), "support", 300_000, FlowOutCause::MaxWait);
    facts.tell(8, at(800), CallEventKind::CallbackRequested { queue: queue("support"), callback: None });
    facts.ended(8, at(800));
    facts.presence("ana", at(840), Presence::Ready);
    // 9: waits over the border and is sent to the message of closing time.
    facts.queued(9, at(850), "support");
    // 10: waits until exactly the border, which is exactly T.
    facts.queued(10, at(880), "support");
    facts.presence("ana", at(890), offered(10));
    facts.connected(10, at(900), "support", "ana", 20_000);
    facts.presence("ana", at(900), busy(10));
    facts.flowed_out(9, at(905), "support", 55_000, FlowOutCause::Closed);
    facts.ended(9, at(905));
    facts.call(10).talk_ms = 100_000;
    facts.ended(10, at(1_000));
    facts.presence("ana", at(1_000), wrapping_up(10));
    facts.presence("ana", at(1_015), Presence::Ready);
    facts.presence("ana", at(1_200), Presence::Offline);
    facts
}

/// Support goes by SL-5; of sales nothing is set up.
fn directory() -> Directory {
    let support: Queue = serde_json::from_value(serde_json::json!({
        "id": "support", "name": "Support", "skills": [], "priority": 0, "ring_secs": 15, "waiting_max": 50, "wait_secs_max": 600,
        "calendar": null, "wrap_up": { "mode": "none" }, "service_level_secs": 20, "service_level_percent": 80,
        "service_level_variant": "late_abandons_only", "short_abandon_secs": 5, "position_every_secs": 0,
        "on_no_agents": { "then": "wait" }, "on_max_wait": { "then": "callback" }, "on_full": { "then": "callback" },
        "on_closed": { "then": "callback" }, "dispositions": [], "ticket_type": "request", "caller_number": null, "script": {}
    }))
    .unwrap();
    Directory { queues: [(queue("support"), support)].into(), ..Directory::default() }
}

fn quarters() -> Span {
    Span { from: at(0), to: at(3_600), cut: Cut::Minutes(15), now: at(1_500) }
}

async fn queue_lines(reports: &Reports) -> Vec<QueueInterval> {
    reports.queues(&sue(), quarters(), None).await.unwrap()
}

async fn agent_lines(reports: &Reports) -> Vec<AgentInterval> {
    reports.agents(&sue(), quarters(), None).await.unwrap()
}

#[tokio::test]
async fn ten_contacts_come_to_exactly_these_figures_per_queue() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let lines = queue_lines(&reports).await;
        let places: Vec<(String, i64, bool)> = lines
            .iter()
            .map(|line| (line.queue.to_string(), line.begins_at.millis_since(at(0)) / 1_000, line.is_over))
            .collect();
        assert_eq!(
            places,
            [("sales".into(), 0, true), ("support".into(), 0, true), ("support".into(), 900, false)],
            "on {test:?}"
        );

        let support = &lines[1];
        assert_eq!(
            support.counts,
            VisitCounts {
                offered: 10,
                answered: 4,
                answered_in_time: 2,
                answered_within_180_s: 3,
                abandoned: 3,
                abandoned_short: 1,
                abandoned_in_time: 2,
                flowed_out: 3,
                flow_outs: FlowOuts { full: 1, max_wait: 1, closed: 1, ..FlowOuts::default() },
                closed_on_arrival: 0,
                open: 0,
                wait_ms_answered: 255_000,
                wait_ms_abandoned: 98_000,
                wait_ms_max: 300_000,
                forecast: Default::default(),
                threshold_ms_min: Some(20_000),
                threshold_ms_max: Some(20_000),
            }
        );
        // 1, 2 and 6; the talk of 10, which began here, ended in the next quarter of an hour.
        assert_eq!(
            support.handling,
            Handling {
                handled: 3,
                transferred: 1,
                held: 1,
                short_calls: 0,
                talk_ms: 220_000,
                hold_ms: 10_000,
                wrap_ms: 70_000,
                wrapping_up: 0,
            }
        );
        assert_eq!((support.offers, support.rona_rate), (Offers { rings: 4, missed_rings: 0, missed: 0 }, Ratio::new(0, 4)));
        assert_eq!(support.waits, Waits { p50_ms: Some(20_000), p90_ms: Some(200_000), p99_ms: Some(200_000) });
        let averages = support.averages;
        assert_eq!((averages.asa_ms, averages.ata_ms, averages.aht_ms), (Some(63_750), Some(32_667), Some(100_000)));
        assert_eq!((averages.talk_ms, averages.hold_ms, averages.wrap_ms), (Some(73_333), Some(3_333), Some(23_333)));
        assert_eq!((averages.abandon_rate, averages.transfer_rate), (Ratio::new(2, 9), Ratio::new(1, 3)));

        let levels: Vec<(&str, i64, i64)> = support
            .service_levels
            .iter()
            .map(|level| (level.code.as_str(), level.ratio.numerator, level.ratio.denominator))
            .collect();
        assert_eq!(
            levels,
            [("SL-1", 2, 4), ("SL-2", 4, 7), ("SL-3", 2, 7), ("SL-4", 2, 6), ("SL-5", 2, 5), ("SL-6", 2, 10), ("SL-7", 2, 4)]
        );
        assert_eq!((&*support.service_level.code, support.service_level.ratio), ("SL-5", Ratio::new(2, 5)));
        assert_eq!(support.service_level.threshold_ms_max, Some(20_000));
        assert_eq!((support.within_180_s, support.is_within_180_s_met), (Ratio::new(3, 10), Some(false)));

        let sales = &lines[0];
        assert_eq!(sales.service_level.variant, ServiceLevelVariant::WithoutShortAbandons);
        assert_eq!(sales.service_level.ratio, Ratio::new(1, 2));
        let counts = &sales.counts;
        assert_eq!((counts.offered, counts.answered_in_time, counts.abandoned), (2, 1, 1));
        let of_sales = Handling { handled: 1, talk_ms: 50_000, wrap_ms: 10_000, ..Handling::default() };
        assert_eq!(sales.handling, of_sales);
        let later = &lines[2];
        assert_eq!((later.counts.offered, later.counts.answered), (0, 0));
        assert_eq!(later.handling, Handling { handled: 1, talk_ms: 100_000, wrap_ms: 15_000, ..Handling::default() });
        assert_eq!(later.averages.aht_ms, Some(115_000));
    }
}

#[tokio::test]
async fn ten_contacts_balance_over_the_border_between_two_quarter_hours() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let balances: Vec<Balance> = queue_lines(&reports).await.iter().map(|line| line.balance).collect();
        assert_eq!(
            balances,
            [
                Balance::new(0, 2, Ended { answered: 1, abandoned: 1, flowed_out: 0 }, 0),
                Balance::new(0, 10, Ended { answered: 3, abandoned: 3, flowed_out: 2 }, 2),
                Balance::new(2, 0, Ended { answered: 1, abandoned: 0, flowed_out: 1 }, 0),
            ],
            "on {test:?}"
        );
        assert!(balances.iter().all(|balance| balance.is_reconciled && balance.difference == 0));
    }
}

#[tokio::test]
async fn the_agents_day_comes_to_exactly_these_times() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let lines = agent_lines(&reports).await;
        let times: Vec<(String, i64, [i64; 6], i64)> = lines
            .iter()
            .map(|line| {
                let time = &line.time;
                let parts =
                    [time.signed_in_ms, time.ready_ms, time.offered_ms, time.busy_ms, time.wrapping_up_ms, time.paused_ms];
                let begin = line.begins_at.millis_since(at(0)) / 1_000;
                (line.agent.to_string(), begin, parts.map(|part_ms| part_ms / 1_000), line.answered)
            })
            .collect();
        assert_eq!(
            times,
            [
                ("ana".to_owned(), 0, [900, 480, 20, 110, 50, 240], 2),
                ("luis".to_owned(), 0, [900, 685, 15, 170, 30, 0], 2),
                ("ana".to_owned(), 900, [300, 185, 0, 100, 15, 0], 1),
                ("luis".to_owned(), 900, [600, 600, 0, 0, 0, 0], 0),
            ],
            "on {test:?}"
        );
        assert!(lines.iter().all(|line| line.time.is_reconciled && line.time.difference_ms == 0));
        let handled: Vec<(i64, Option<i64>, i64)> =
            lines.iter().map(|line| (line.handling.handled, line.aht_ms, line.transfers_made)).collect();
        // Of ana 70 + 40 s and wrap-ups of 30 + 20 s; of luis 120 + 50 s and 20 + 10 s.
        assert_eq!(handled, [(2, Some(80_000), 1), (2, Some(100_000), 0), (1, Some(115_000), 0), (0, None, 0)]);
        assert_eq!(lines[0].time.paused_ms_by_reason, [("lunch".to_owned(), 240_000)].into());
        assert_eq!((lines[0].occupancy, lines[0].utilisation), (Ratio::new(180_000, 660_000), Ratio::new(180_000, 900_000)));
        assert_eq!((lines[3].occupancy.basis_points, lines[3].utilisation.basis_points), (Some(0), Some(0)));
        let luis = reports.agents(&sue(), quarters(), Some(agent("luis"))).await.unwrap();
        assert_eq!(luis.iter().map(|line| line.time.signed_in_ms).sum::<i64>(), 1_500_000);
    }
}

#[tokio::test]
async fn every_figure_of_the_day_opens_its_contacts() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let lines = queue_lines(&reports).await;
        every_figure_has_its_contacts(&reports, &lines).await;
        let calls = async |figure| -> Vec<CallId> {
            contacts(&reports, figure, &lines[1], 50).await.iter().map(|contact| contact.call).collect()
        };
        assert_eq!(calls(Figure::AbandonedShort).await, [Facts::id(3)]);
        assert_eq!(calls(Figure::Transferred).await, [Facts::id(6)]);
        assert_eq!(calls(Figure::FlowedOut).await, [7, 8, 9].map(Facts::id));
        assert_eq!(calls(Figure::WaitingAtEnd).await, [9, 10].map(Facts::id));
        assert_eq!(calls(Figure::AnsweredInTime).await, [1, 10].map(Facts::id));
    }
}

#[tokio::test]
async fn a_report_asked_for_again_is_the_same_also_after_the_facts_came_twice_and_after_a_restart() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let first = (queue_lines(&reports).await, agent_lines(&reports).await);
        day().store(&test).await;
        assert_eq!((queue_lines(&reports).await, agent_lines(&reports).await), first, "on {test:?}");
        drop(reports);
        let test = test.reopen().await;
        let reports = reports_of(&test, directory());
        assert_eq!((queue_lines(&reports).await, agent_lines(&reports).await), first, "on {test:?}");
    }
}

#[tokio::test]
async fn counts_of_quarter_hours_add_up_to_those_of_the_hour() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let hour = reports.queues(&sue(), Span { cut: Cut::Minutes(60), ..quarters() }, Some(queue("support"))).await.unwrap();
        let quarters: Vec<QueueInterval> =
            queue_lines(&reports).await.into_iter().filter(|line| line.queue == queue("support")).collect();
        assert_eq!(hour.len(), 1, "on {test:?}");
        let sum = |count: fn(&QueueInterval) -> i64| quarters.iter().map(count).sum::<i64>();
        assert_eq!(hour[0].counts.offered, sum(|line| line.counts.offered));
        assert_eq!(hour[0].balance.answered, sum(|line| line.balance.answered));
        assert_eq!(hour[0].balance.flowed_out, sum(|line| line.balance.flowed_out));
        assert_eq!((hour[0].balance.waiting_at_start, hour[0].balance.waiting_at_end), (0, 0));
        assert!(hour[0].balance.is_reconciled);
    }
}

#[tokio::test]
async fn files_have_a_heading_and_the_same_figures() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let rows = |file: Vec<u8>| -> Vec<BTreeMap<String, String>> {
            let mut reader = csv::Reader::from_reader(file.as_slice());
            reader.deserialize().map(Result::unwrap).collect()
        };
        let queues = rows(reports.queues_file(&sue(), quarters(), None).await.unwrap());
        assert_eq!(queues.len(), 3);
        let cell = |name: &str| queues[1][name].as_str();
        assert_eq!((cell("queue"), cell("offered"), cell("service_level_definition")), ("support", "10", "SL-5"));
        assert_eq!((cell("service_level_percent"), cell("sl_2_percent")), ("40.00", "57.14"));
        assert_eq!((cell("service_level_seconds_max"), cell("asa_seconds")), ("20.000", "63.750"));
        assert_eq!((cell("balance_waiting_at_end"), cell("is_reconciled")), ("2", "true"));
        assert_eq!(queues[2]["service_level_percent"], "");
        let agents = rows(reports.agents_file(&sue(), quarters(), None).await.unwrap());
        assert_eq!((agents.len(), agents[0]["paused_seconds_by_reason"].as_str()), (4, "lunch=240.000"));
        assert_eq!((agents[0]["occupancy_percent"].as_str(), agents[0]["signed_in_seconds"].as_str()), ("27.27", "900.000"));
    }
}

#[tokio::test]
async fn forecasts_are_made_of_the_whole_time_that_each_call_took_its_agent() {
    for test in TestDb::each().await {
        day().store(&test).await;
        let norms = work_norms(&test.db, (at(0), at(3_600))).await.unwrap();
        // Offer, talk and wrap-up of 1, 2, 6 and 10: 105, 150, 65 and 125 s. All who waited: the ten of the balance.
        let support = WorkNorm { handled: 4, handled_ms: 445_000, gave_up: 3, waited_ms: 708_000 };
        let sales = WorkNorm { handled: 1, handled_ms: 65_000, gave_up: 1, waited_ms: 40_000 };
        assert_eq!(norms, WorkNorms::from([(queue("support"), support), (queue("sales"), sales)]), "on {test:?}");
        let before_the_talk = work_norms(&test.db, (at(0), at(10))).await.unwrap();
        assert!(before_the_talk.is_empty(), "on {test:?}");
    }
}

#[tokio::test]
async fn who_hangs_up_after_exactly_the_short_time_is_a_short_abandon() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        let mut facts = Facts::default();
        for (number, waited_ms) in [(1, 4_999), (2, 5_000), (3, 5_001)] {
            facts.queued(number, at(10), "support");
            facts.abandoned(number, at(10).plus_millis(waited_ms), "support", waited_ms);
        }
        facts.store(&test).await;
        let lines = queue_lines(&reports).await;
        let counts = &lines[0].counts;
        assert_eq!((counts.abandoned, counts.abandoned_short), (3, 2), "on {test:?}");
        assert_eq!(lines[0].averages.abandon_rate, Ratio::new(1, 1));
        let short = contacts(&reports, Figure::AbandonedShort, &lines[0], 50).await;
        assert_eq!(short.iter().map(|contact| contact.wait_ms).collect::<Vec<_>>(), [Some(4_999), Some(5_000)]);
        let board = segments::counts(&test.db, at(0), at(900)).await.unwrap();
        assert_eq!((board[0].1.abandoned_short, board[0].1.abandoned_in_time), (2, 3), "on {test:?}");
    }
}

#[tokio::test]
async fn a_wrap_up_that_goes_on_is_told_and_the_longest_wait_opens_its_contact() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        let mut facts = Facts::default();
        facts.presence("ana", at(0), Presence::Ready);
        facts.queued(1, at(0), "support");
        facts.connected(1, at(30), "support", "ana", 30_000);
        facts.presence("ana", at(30), Presence::Busy { call: Facts::id(1) });
        facts.call(1).talk_ms = 8_000;
        facts.ended(1, at(38));
        facts.presence("ana", at(38), Presence::WrappingUp { call: Facts::id(1), until: None });
        facts.queued(2, at(40), "support");
        facts.abandoned(2, at(52), "support", 12_000);
        facts.store(&test).await;
        let lines = queue_lines(&reports).await;
        let expected = Handling { handled: 1, short_calls: 1, talk_ms: 8_000, wrapping_up: 1, ..Handling::default() };
        assert_eq!(lines[0].handling, expected, "on {test:?}");
        let longest = contacts(&reports, Figure::LongestWait, &lines[0], 50).await;
        assert_eq!(longest.iter().map(|contact| contact.call).collect::<Vec<_>>(), [Facts::id(1)]);
    }
}

#[tokio::test]
async fn past_days_keep_their_definition_and_show_the_present_one_beside_it() {
    for test in TestDb::each().await {
        day().store(&test).await;
        let mut changed = directory();
        changed.queues.get_mut(&queue("support")).unwrap().service_level_variant = ServiceLevelVariant::Strict;
        let lines = queue_lines(&reports_of(&test, changed.clone())).await;
        let support = &lines[1];
        assert_eq!((&*support.service_level.code, support.service_level.ratio), ("SL-5", Ratio::new(2, 5)), "on {test:?}");
        let now = support.service_level_now.as_ref().unwrap();
        assert_eq!((&*now.code, now.ratio), ("SL-3", Ratio::new(2, 7)));
        assert_eq!(lines[0].service_level_now, None);
        // What was stored before definitions were kept goes by the present one.
        test.raw("UPDATE segment SET level_variant = NULL").await;
        let lines = queue_lines(&reports_of(&test, changed)).await;
        assert_eq!((&*lines[1].service_level.code, &lines[1].service_level_now), ("SL-3", &None));
    }
}

#[tokio::test]
async fn the_check_of_the_last_day_finds_what_does_not_add_up() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let whole = reports.check_balances(at(1_900)).await.unwrap();
        assert_eq!(whole.queues, [(queue("sales"), 0), (queue("support"), 0)].into(), "on {test:?}");
        assert_eq!(whole.agents, [(agent("ana"), 0), (agent("luis"), 0)].into(), "on {test:?}");
        assert!(whole.differences.is_empty());
        test.raw("UPDATE segment SET closed_at = NULL WHERE queue = 'sales' AND outcome = 'abandoned'").await;
        let torn = reports.check_balances(at(1_900)).await.unwrap();
        assert_eq!(torn.queues, [(queue("sales"), 1), (queue("support"), 0)].into(), "on {test:?}");
        assert_eq!(torn.differences, [((at(0), Whose::Queue(queue("sales"))), 1)].into());
        let a_day_later = reports.check_balances(at(2_000 + 86_400)).await.unwrap();
        assert_eq!(a_day_later.differences, BTreeMap::new(), "on {test:?}");
    }
}

#[tokio::test]
async fn contacts_go_to_a_file_as_many_as_the_figure_says() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, directory());
        day().store(&test).await;
        let behind = Behind { figure: Figure::FlowedOut, from: at(0), to: at(900), queue: Some(queue("support")), agent: None };
        let file = reports.contacts_file(&sue(), behind.clone()).await.unwrap();
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        let causes: Vec<&str> = rows.iter().map(|row| row["flow_cause"].as_str()).collect();
        assert_eq!(causes, ["full", "max_wait", "closed"], "on {test:?}");
        assert_eq!((rows[1]["wait_seconds"].as_str(), rows[1]["agent"].as_str()), ("300.000", ""));
        // The same calls are nobody's, and those that luis answered are his.
        let of = async |figure, who: &str| {
            let behind = Behind { figure, agent: Some(agent(who)), queue: None, ..behind.clone() };
            let part = reports.contacts(&sue(), behind, None, 50).await.unwrap();
            part.items.iter().map(|contact| contact.call).collect::<Vec<_>>()
        };
        assert!(of(Figure::FlowedOut, "luis").await.is_empty());
        assert_eq!(of(Figure::Taken, "luis").await, [2, 6].map(Facts::id), "on {test:?}");
        assert_eq!(of(Figure::Taken, "ana").await, [1, 6].map(Facts::id), "on {test:?}");
    }
}
