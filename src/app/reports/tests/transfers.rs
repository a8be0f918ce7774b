//! Calls that are handed on in every way, made on the real floor and counted by hand: ana serves support, bea serves sales and is asked
//! and given callers of support. Wrap-ups take 30 s. T is 20 s; seconds count from 10:00 UTC.

use super::*;
use crate::{
    domain::{
        call::TransferTarget,
        centre::{
            CentreCommand, CentreInput, ConsultTarget, WantedPresence,
            stories::floor::{Floor, agent as profile, id, sample, sample_line},
        },
        report::{AgentInterval, Balance, Ended, Handling, Ratio, VisitCounts},
    },
    types::LegId,
};

/// The floor, with the present as seconds since the day began.
pub(super) struct Day {
    pub(super) floor: Floor,
}

impl Day {
    pub(super) fn begin() -> Self {
        let mut directory = sample();
        for (key, queues) in [("ana", ["support"]), ("bea", ["sales"])] {
            directory.agents.insert(id(key), profile(key, &queues));
        }
        directory.agents.remove(&agent("carl"));
        let mut floor = Floor::with(directory);
        floor.now.wall = at(0);
        floor.centre.set_scripts(Arc::new(sample_line()));
        floor.sign_in("ana");
        floor.sign_in("bea");
        Self { floor }
    }

    /// Time passes until then.
    pub(super) fn until(&mut self, secs: i64) {
        let ms = at(secs).millis_since(self.floor.now.wall);
        self.floor.sleep(u64::try_from(ms).unwrap());
    }

    /// A customer calls support, and ana answers: the customer's leg.
    pub(super) fn answered(&mut self, calls: i64, answered: i64) -> LegId {
        self.until(calls);
        let (leg, _) = self.floor.call("1001");
        self.until(answered);
        self.floor.answer("ana");
        leg
    }

    pub(super) fn does(&mut self, secs: i64, who: &str, make: fn(AgentId, CallId) -> CentreCommand) {
        self.until(secs);
        self.floor.ask(who, make).unwrap();
    }

    pub(super) fn hangs_up(&mut self, secs: i64, leg: LegId) {
        self.until(secs);
        self.floor.hang_up(leg);
    }

    pub(super) fn hands_to_bea(&mut self, secs: i64) {
        self.does(secs, "ana", |agent, call| {
            let target = TransferTarget::Agent { agent: id("bea") };
            CentreCommand::Transfer { agent, call, target }
        });
    }

    pub(super) fn asks_bea(&mut self, secs: i64) {
        self.does(secs, "ana", |agent, call| {
            let target = ConsultTarget::Agent { agent: id("bea") };
            CentreCommand::Consult { agent, call, target }
        });
    }

    pub(super) async fn store(&self, test: &TestDb) {
        self.facts_behind(0).store(test).await;
    }

    /// What has happened, numbered on behind so many facts of an earlier process.
    pub(super) fn facts_behind(&self, earlier: usize) -> Facts {
        let mut facts = Facts { earlier, ..Facts::default() };
        for fact in &self.floor.events {
            facts.put(fact.at, fact.event.clone(), fact.call.clone());
            facts.entries.last_mut().unwrap().fact.on_call = fact.on_call.clone();
        }
        facts
    }
}

/// Ten callers of whom seven are handed on, and one who gives up.
fn day() -> Day {
    let mut day = Day::begin();
    let answer = |agent, call| CentreCommand::Answer { agent, call };
    let swap = |agent, call| CentreCommand::ConsultSwap { agent, call };
    let complete = |agent, call| CentreCommand::ConsultComplete { agent, call };
    // 1: on hold for 10 s, then to bea, who answers.
    let leg = day.answered(0, 5);
    day.does(65, "ana", |agent, call| CentreCommand::Hold { agent, call });
    day.does(75, "ana", |agent, call| CentreCommand::Resume { agent, call });
    day.hands_to_bea(80);
    day.does(84, "bea", answer);
    day.hangs_up(124, leg);
    // 2: to bea, who does not answer: back to ana.
    let leg = day.answered(200, 206);
    day.hands_to_bea(226);
    day.does(250, "ana", answer);
    day.hangs_up(280, leg);
    day.until(300);
    day.floor.set_presence("bea", WantedPresence::Ready).unwrap();
    // 3: bea is asked, ana turns to the customer and back, and leaves the two together.
    let leg = day.answered(320, 325);
    day.asks_bea(355);
    day.does(360, "bea", answer);
    day.does(370, "ana", swap);
    day.does(375, "ana", swap);
    day.does(380, "ana", complete);
    day.hangs_up(400, leg);
    // 4: bea is asked, and let go again.
    let leg = day.answered(440, 445);
    day.asks_bea(460);
    day.does(463, "bea", answer);
    day.does(470, "ana", |agent, call| CentreCommand::ConsultCancel { agent, call });
    day.hangs_up(490, leg);
    // 5: all three talk, then ana leaves.
    let leg = day.answered(530, 535);
    day.asks_bea(545);
    day.does(548, "bea", answer);
    day.does(550, "ana", |agent, call| CentreCommand::ConsultJoin { agent, call });
    day.does(560, "ana", complete);
    day.hangs_up(570, leg);
    // 6: to sales, where bea answers.
    let leg = day.answered(610, 615);
    day.does(635, "ana", |agent, call| {
        let target = TransferTarget::Queue { queue: id("sales") };
        CentreCommand::Transfer { agent, call, target }
    });
    day.does(642, "bea", answer);
    day.hangs_up(667, leg);
    // 7: to a number outside, where somebody answers.
    let leg = day.answered(700, 705);
    day.does(720, "ana", |agent, call| CentreCommand::TransferOut { agent, call, number: "+34911222333".into() });
    let outside = day.floor.phone_leg();
    day.floor.input(CentreInput::LegRinging { leg: outside });
    day.until(730);
    day.floor.input(CentreInput::LegAnswered { leg: outside });
    day.hangs_up(760, leg);
    // 8: to a line, in which the caller hangs up.
    let leg = day.answered(770, 775);
    day.does(787, "ana", |agent, call| {
        let target = TransferTarget::Line { line: id("main-menu") };
        CentreCommand::Transfer { agent, call, target }
    });
    day.hangs_up(792, leg);
    // 9: a short call.
    let leg = day.answered(820, 825);
    day.hangs_up(829, leg);
    // 10: waits over the border.
    let leg = day.answered(895, 905);
    day.hangs_up(925, leg);
    // 11: gives up while ana has lunch.
    day.until(960);
    day.floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    day.until(970);
    let (leg, _) = day.floor.call("1001");
    day.hangs_up(990, leg);
    day.until(1_200);
    for who in ["ana", "bea"] {
        day.floor.set_presence(who, WantedPresence::Offline).unwrap();
    }
    day
}

fn quarters() -> Span {
    Span { from: at(0), to: at(1_800), cut: Cut::Minutes(15), now: at(1_500) }
}

async fn queue_lines(reports: &Reports) -> Vec<QueueInterval> {
    reports.queues(&sue(), quarters(), None).await.unwrap()
}

#[tokio::test]
async fn callers_who_are_handed_on_come_to_exactly_these_figures_per_queue() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let lines = queue_lines(&reports).await;
        let places: Vec<(String, i64)> =
            lines.iter().map(|line| (line.queue.to_string(), line.begins_at.millis_since(at(0)) / 1_000)).collect();
        assert_eq!(places, [("sales".into(), 0), ("support".into(), 0), ("support".into(), 900)], "on {test:?}");
        let thresholds = VisitCounts { threshold_ms_min: Some(20_000), threshold_ms_max: Some(20_000), ..VisitCounts::NONE };
        let support = &lines[1];
        assert_eq!(
            VisitCounts { forecast: Default::default(), ..support.counts },
            VisitCounts {
                offered: 10,
                answered: 10,
                answered_in_time: 10,
                answered_within_180_s: 10,
                wait_ms_answered: 56_000,
                wait_ms_max: 10_000,
                ..thresholds
            },
            "on {test:?}"
        );
        // All but the tenth, which ended in the next quarter of an hour.
        assert_eq!(
            support.handling,
            Handling {
                handled: 9,
                transferred: 7,
                held: 5,
                short_calls: 1,
                // 105 + 50 + 55 + 35 + 30 + 20 + 15 + 12 + 4.
                talk_ms: 326_000,
                // 10 + 20 + 10 + 5 + 10.
                hold_ms: 55_000,
                // Both agents' of 1, 3 and 5; ana's two of 2, one cut short by the ringing.
                wrap_ms: 380_000,
                wrapping_up: 0,
            },
            "on {test:?}"
        );
        let averages = support.averages;
        assert_eq!((averages.asa_ms, averages.aht_ms), (Some(5_600), Some(84_556)));
        assert_eq!((averages.transfer_rate, averages.hold_rate), (Ratio::new(7, 9), Ratio::new(5, 9)));
        assert_eq!(averages.short_call_rate, Ratio::new(1, 9));
        assert_eq!((support.within_180_s, support.is_within_180_s_met), (Ratio::new(10, 10), Some(true)));
        let sales = &lines[0];
        assert_eq!((sales.counts.offered, sales.counts.answered, sales.counts.wait_ms_answered), (1, 1, 7_000));
        let of_sales = Handling { handled: 1, talk_ms: 25_000, wrap_ms: 30_000, ..Handling::default() };
        assert_eq!(sales.handling, of_sales, "on {test:?}");
        let of_the_tenth = Handling { handled: 1, talk_ms: 20_000, wrap_ms: 30_000, ..Handling::default() };
        assert_eq!(lines[2].handling, of_the_tenth, "on {test:?}");
        let later = &lines[2].counts;
        assert_eq!((later.offered, later.abandoned, later.abandoned_in_time, later.wait_ms_abandoned), (1, 1, 1, 20_000));
    }
}

#[tokio::test]
async fn the_talk_of_each_visit_is_its_own_and_the_contacts_behind_the_figures_say_so() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let lines = queue_lines(&reports).await;
        every_figure_has_its_contacts(&reports, &lines).await;
        let support = contacts(&reports, Figure::Offered, &lines[1], 50).await;
        let told: Vec<[i64; 4]> = support
            .iter()
            .map(|one| [one.wait_ms.unwrap() / 1_000, one.talk_ms / 1_000, one.hold_ms / 1_000, one.transfers])
            .collect();
        assert_eq!(
            told,
            [
                [5, 105, 10, 1],
                [6, 50, 0, 1],
                [5, 55, 20, 1],
                [5, 35, 10, 0],
                [5, 30, 5, 1],
                [5, 20, 0, 1],
                [5, 15, 10, 1],
                [5, 12, 0, 1],
                [5, 4, 0, 0],
                [10, 20, 0, 0],
            ],
            "on {test:?}"
        );
        assert!(support.iter().all(|one| one.agent == Some(agent("ana"))), "whoever answered the visit");
        let sales = contacts(&reports, Figure::Answered, &lines[0], 50).await;
        assert_eq!((sales[0].call, sales[0].visit), (support[5].call, 2));
    }
}

#[tokio::test]
async fn the_balance_of_each_queue_and_the_time_of_each_agent_add_up() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let balances: Vec<Balance> = queue_lines(&reports).await.iter().map(|line| line.balance).collect();
        assert_eq!(
            balances,
            [
                Balance::new(0, 1, Ended { answered: 1, abandoned: 0, flowed_out: 0 }, 0),
                Balance::new(0, 10, Ended { answered: 9, abandoned: 0, flowed_out: 0 }, 1),
                Balance::new(1, 1, Ended { answered: 1, abandoned: 1, flowed_out: 0 }, 0),
            ],
            "on {test:?}"
        );
        assert!(balances.iter().all(|balance| balance.is_reconciled));
        let lines: Vec<AgentInterval> = reports.agents(&sue(), quarters(), None).await.unwrap();
        let told: Vec<(&str, [i64; 6], [i64; 3])> = lines
            .iter()
            .map(|line| {
                let time = &line.time;
                let parts =
                    [time.signed_in_ms, time.ready_ms, time.offered_ms, time.busy_ms, time.wrapping_up_ms, time.paused_ms];
                (line.agent.as_str(), parts.map(|part_ms| part_ms / 1_000), [line.answered, time.rings, time.missed])
            })
            .collect();
        assert_eq!(
            told,
            [
                ("ana", [900, 244, 55, 311, 290, 0], [9, 11, 0]),
                ("bea", [900, 550, 42, 134, 120, 54], [4, 6, 1]),
                ("ana", [300, 5, 5, 20, 30, 240], [1, 0, 0]),
                ("bea", [300, 300, 0, 0, 0, 0], [0, 0, 0]),
            ],
            "on {test:?}"
        );
        assert!(lines.iter().all(|line| line.time.is_reconciled));
        let split: Vec<[i64; 5]> = lines
            .iter()
            .map(|line| {
                let time = &line.time;
                let parts = [time.talk_ms, time.hold_ms, time.consult_ms, time.dial_ms, time.busy_unsplit_ms];
                parts.map(|part_ms| part_ms / 1_000)
            })
            .collect();
        // Ana asks bea in 3, 4 and 5, and calls the number of 7, for 45 s in all.
        assert_eq!(split, [[256, 10, 45, 0, 0], [134, 0, 0, 0, 0], [20, 0, 0, 0, 0], [0; 5]], "on {test:?}");
        let handled: Vec<(i64, Option<i64>, i64)> =
            lines.iter().map(|line| (line.handling.handled, line.aht_ms, line.transfers_made)).collect();
        // Ana's nine callers took 311 s and 290 s of wrap-up, the five with whom bea had to do 134 s and 120 s.
        assert_eq!(handled, [(9, Some(66_778), 7), (5, Some(50_800), 0), (1, Some(50_000), 0), (0, None, 0)], "on {test:?}");
        assert_eq!((lines[0].rona_rate, lines[1].rona_rate), (Ratio::new(0, 11), Ratio::new(1, 6)));
        assert_eq!(lines[1].time.paused_ms_by_reason, [("missed".to_owned(), 54_000)].into());
    }
}

#[tokio::test]
async fn the_talk_with_an_agent_who_was_lost_stays_with_the_first_visit() {
    let mut day = Day::begin();
    let leg = day.answered(0, 5);
    day.until(35);
    let desk = day.floor.console_leg("ana");
    day.floor.input(CentreInput::LegAudio { leg: desk, is_up: false });
    day.until(100);
    day.floor.input(CentreInput::LegAudio { leg: desk, is_up: true });
    day.floor.set_presence("ana", WantedPresence::Ready).unwrap();
    day.until(110);
    day.floor.answer("ana");
    day.hangs_up(150, leg);
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let lines = queue_lines(&reports).await;
        let visits = contacts(&reports, Figure::Answered, &lines[0], 50).await;
        let told: Vec<[i64; 4]> =
            visits.iter().map(|one| [one.visit, one.talk_ms / 1_000, one.hold_ms / 1_000, one.transfers]).collect();
        // The customer was on hold until the agent was given up.
        assert_eq!(told, [[1, 30, 30, 0], [2, 40, 0, 0]], "on {test:?}");
        assert!(lines[0].balance.is_reconciled);
    }
}

#[tokio::test]
async fn who_was_given_a_caller_has_answered_and_who_let_it_ring_has_missed() {
    let day = day();
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        day.store(&test).await;
        let behind = async |figure, who: &str| {
            let behind = Behind { figure, from: at(0), to: at(900), queue: None, agent: Some(agent(who)) };
            let part = reports.contacts(&sue(), behind, None, 50).await.unwrap();
            part.items.iter().map(|one| one.offered_at.millis_since(at(0)) / 1_000).collect::<Vec<_>>()
        };
        // By hand, out of a question, out of a conference, and out of the queue.
        assert_eq!(behind(Figure::Taken, "bea").await, [0, 320, 530, 635], "on {test:?}");
        assert_eq!(behind(Figure::Missed, "bea").await, [200], "on {test:?}");
        assert!(behind(Figure::Missed, "ana").await.is_empty(), "on {test:?}");
        assert_eq!(behind(Figure::Taken, "ana").await.len(), 9, "on {test:?}");
        assert_eq!(behind(Figure::HandledBy, "ana").await.len(), 9, "on {test:?}");
        // Also the one about whom bea was only asked.
        assert_eq!(behind(Figure::HandledBy, "bea").await, [0, 320, 440, 530, 635], "on {test:?}");
        assert_eq!(behind(Figure::TransfersMade, "ana").await, [0, 200, 320, 530, 610, 700, 770], "on {test:?}");
        assert!(behind(Figure::TransfersMade, "bea").await.is_empty(), "on {test:?}");
    }
}
