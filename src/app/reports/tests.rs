mod busy_time;
mod callbacks;
mod golden;
mod transfers;

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::{Behind, Cut, Figure, MINUTE_MS, ReportFault, Reports, Span, stretches};
use crate::{
    app::actor::Actor,
    domain::{
        access::Role,
        agent::{AgentEvent, AgentEventKind, Presence, PresenceCause},
        call::{CallEvent, CallEventKind, CallSummary, Direction, EndCause, FlowOutCause, Outcome, Party},
        centre::Fact,
        directory::{Directory, ServiceLevelVariant},
        event::{Actor as By, Event},
        report::{Contact, DAY_MS, QueueInterval},
    },
    store::{
        Lane, StoreFault,
        journal::{Entry, VisitRules, append},
        testing::{TEST_TIME, TestDb},
    },
    types::{AgentId, CallId, QueueId, Rng, Timestamp},
};

const RULES: VisitRules = VisitRules::usual(20_000, 5_000);

fn reports_of(test: &TestDb, directory: Directory) -> Reports {
    // A receiver keeps the last value when its sender is gone.
    Reports::new(test.db.clone(), watch::channel(Arc::new(directory)).1)
}

fn sue() -> Actor {
    Actor::person("sue".parse().unwrap(), Role::Supervisor)
}

fn at(secs: i64) -> Timestamp {
    TEST_TIME.plus_millis(secs * 1_000)
}

fn queue(key: &str) -> QueueId {
    key.parse().unwrap()
}

fn agent(key: &str) -> AgentId {
    key.parse().unwrap()
}

/// Facts in the order of their time, as the floor tells them.
#[derive(Default)]
struct Facts {
    /// Facts of an earlier process, whose keys are taken.
    earlier: usize,
    entries: Vec<Entry>,
    calls: BTreeMap<u64, CallSummary>,
    /// By which definition of the service level queues go, where it is not the usual one.
    variants: BTreeMap<QueueId, ServiceLevelVariant>,
}

impl Facts {
    fn id(number: u64) -> CallId {
        CallId::mint(TEST_TIME, &mut Rng::seeded(number))
    }

    fn call(&mut self, number: u64) -> &mut CallSummary {
        self.calls.entry(number).or_insert_with(|| CallSummary {
            id: Self::id(number),
            direction: Direction::Inbound,
            customer_number: None,
            customer_label: None,
            our_number: "1001".into(),
            customer: None,
            line: None,
            ivr_path: Vec::new(),
            reason: None,
            queue: None,
            agent: None,
            language: "es".into(),
            started_at: TEST_TIME,
            queued_at: None,
            connected_at: None,
            ended_at: None,
            wait_ms: 0,
            talk_ms: 0,
            hold_ms: 0,
            outcome: Outcome::Open,
            end_cause: None,
            is_web: false,
            redirections: Vec::new(),
            answer: None,
        })
    }

    fn tell(&mut self, number: u64, time: Timestamp, kind: CallEventKind) {
        let call = self.call(number).clone();
        self.put(time, Event::Call(CallEvent { call: call.id, kind }), Some(Box::new(call)));
    }

    fn queued(&mut self, number: u64, time: Timestamp, key: &str) {
        self.call(number).queue = Some(queue(key));
        self.tell(number, time, CallEventKind::Queued { queue: queue(key), reason: None, expected: None });
    }

    fn connected(&mut self, number: u64, time: Timestamp, key: &str, by: &str, waited_ms: i64) {
        let kind = CallEventKind::Connected { queue: Some(queue(key)), agent: agent(by), waited_ms };
        self.tell(number, time, kind);
    }

    fn abandoned(&mut self, number: u64, time: Timestamp, key: &str, waited_ms: i64) {
        self.tell(number, time, CallEventKind::Abandoned { queue: queue(key), waited_ms });
    }

    fn flowed_out(&mut self, number: u64, time: Timestamp, key: &str, waited_ms: i64, cause: FlowOutCause) {
        self.tell(number, time, CallEventKind::FlowedOut { queue: queue(key), waited_ms, cause });
    }

    fn ended(&mut self, number: u64, time: Timestamp) {
        self.call(number).ended_at = Some(time);
        self.tell(number, time, CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None });
    }

    fn presence(&mut self, who: &str, time: Timestamp, to: Presence) {
        let kind = AgentEventKind::PresenceChanged { from: Presence::Offline, to, cause: PresenceCause::Call };
        self.put(time, Event::Agent(AgentEvent { agent: agent(who), kind }), None);
    }

    fn put(&mut self, time: Timestamp, event: Event, call: Option<Box<CallSummary>>) {
        let dedup = format!("facts:{}", self.earlier + self.entries.len());
        let variant = match &event {
            Event::Call(CallEvent { kind: CallEventKind::Queued { queue, .. }, .. }) => self.variants.get(queue),
            _ => None,
        };
        let rules = VisitRules { variant: variant.copied().unwrap_or_default(), ..RULES };
        self.entries.push(Entry { fact: Fact { call, ..Fact::of(time, By::System, event) }, dedup, rules });
    }

    async fn store(&self, test: &TestDb) {
        let entries = self.entries.clone();
        let stored: Result<(), StoreFault> =
            test.db.write(Lane::Journal, move |tx| Box::pin(async move { append(tx, &entries).await })).await;
        stored.unwrap();
    }
}

fn span(from: Timestamp, to: Timestamp, cut: Cut) -> Span {
    Span { from, to, cut, now: to }
}

/// All contacts behind a figure, page by page.
async fn contacts(reports: &Reports, figure: Figure, line: &QueueInterval, limit: i64) -> Vec<Contact> {
    let behind = Behind { figure, from: line.begins_at, to: line.ends_at, queue: Some(line.queue.clone()), agent: None };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = reports.contacts(&sue(), behind.clone(), after, limit).await.unwrap();
        all.extend(part.items);
        after = part.next;
        if after.is_none() {
            return all;
        }
    }
}

/// What a line says under a figure; `None` where it says something else than how many.
fn figure_of(line: &QueueInterval, figure: Figure) -> Option<i64> {
    let flow_outs = &line.counts.flow_outs;
    let count = match figure {
        Figure::Offered => line.counts.offered,
        Figure::Answered => line.counts.answered,
        Figure::AnsweredInTime => line.counts.answered_in_time,
        Figure::AnsweredWithin180S => line.counts.answered_within_180_s,
        Figure::Handled => line.handling.handled,
        Figure::Missed => line.offers.missed,
        Figure::Taken | Figure::HandledBy | Figure::TransfersMade | Figure::LongestWait => return None,
        Figure::Transferred => line.handling.transferred,
        Figure::Held => line.handling.held,
        Figure::ShortCalls => line.handling.short_calls,
        Figure::Abandoned => line.counts.abandoned,
        Figure::AbandonedShort => line.counts.abandoned_short,
        Figure::AbandonedInTime => line.counts.abandoned_in_time,
        Figure::FlowedOut => line.counts.flowed_out,
        Figure::FlowedOutNoAgents => flow_outs.no_agents,
        Figure::FlowedOutMaxWait => flow_outs.max_wait,
        Figure::FlowedOutFull => flow_outs.full,
        Figure::FlowedOutClosed => flow_outs.closed,
        Figure::FlowedOutExpectedWait => flow_outs.expected_wait,
        Figure::FlowedOutKey => flow_outs.key,
        Figure::FlowedOutMoved => flow_outs.moved,
        Figure::FlowedOutNodeLost => flow_outs.node_lost,
        Figure::Open => line.counts.open,
        Figure::EndedAnswered => line.balance.answered,
        Figure::EndedAbandoned => line.balance.abandoned,
        Figure::EndedFlowedOut => line.balance.flowed_out,
        Figure::WaitingAtStart => line.balance.waiting_at_start,
        Figure::WaitingAtEnd => line.balance.waiting_at_end,
    };
    Some(count)
}

async fn every_figure_has_its_contacts(reports: &Reports, lines: &[QueueInterval]) {
    for line in lines {
        for figure in Figure::ALL {
            let found = contacts(reports, figure, line, 3).await;
            let count = i64::try_from(found.len()).unwrap();
            if let Some(expected) = figure_of(line, figure) {
                assert_eq!(count, expected, "{figure:?} of {} from {}", line.queue, line.begins_at);
            }
            if figure == Figure::LongestWait {
                assert!(found.iter().all(|contact| contact.wait_ms == Some(line.counts.wait_ms_max)), "{found:?}");
                assert_eq!(found.is_empty(), line.counts.offered == line.counts.open);
            }
            assert!(found.is_sorted_by_key(|contact| (contact.offered_at, contact.call, contact.visit)));
        }
    }
}

#[tokio::test]
async fn visits_are_counted_in_the_interval_in_which_they_began_and_days_follow_the_centre_s_clock() {
    for test in TestDb::each().await {
        let (reports, sue) = (reports_of(&test, Directory::default()), sue());
        // 10:00 UTC, 10:40 UTC, and 23:30 UTC, which is the next day in Madrid.
        let mut facts = Facts::default();
        for (number, minutes, is_answered) in [(1, 0, true), (2, 40, false), (3, 13 * 60 + 30, true)] {
            let begin = TEST_TIME.plus_millis(minutes * MINUTE_MS);
            facts.queued(number, begin, "support");
            if is_answered {
                facts.connected(number, begin, "support", "ana", 9_000);
            } else {
                facts.abandoned(number, begin, "support", 2_000);
            }
        }
        facts.store(&test).await;
        let (from, to) = (reports.day_of(TEST_TIME), TEST_TIME.plus_millis(2 * DAY_MS));
        assert_eq!(from.to_string(), "2026-01-14T23:00:00.000Z");

        let halves = reports.queues(&sue, span(from, to, Cut::Minutes(30)), None).await.unwrap();
        let begins: Vec<String> = halves.iter().map(|line| line.begins_at.to_string()).collect();
        assert_eq!(begins, ["2026-01-15T10:00:00.000Z", "2026-01-15T10:30:00.000Z", "2026-01-15T23:30:00.000Z"]);
        let days = reports.queues(&sue, span(from, to, Cut::Days), "support".parse().ok()).await.unwrap();
        let offered: Vec<i64> = days.iter().map(|line| line.counts.offered).collect();
        assert_eq!(offered, [2, 1], "on {test:?}");
        assert_eq!((days[0].counts.answered_in_time, days[0].counts.abandoned_short), (1, 1));
        assert!(reports.queues(&sue, span(from, to, Cut::Days), "other".parse().ok()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_day_of_the_clock_change_has_twenty_three_hours() {
    let test = TestDb::sqlite().await;
    let reports = reports_of(&test, Directory::default());
    let noon: Timestamp = "2026-03-29T12:00:00Z".parse().unwrap();
    let begin = reports.day_of(noon);
    let days = stretches(begin, begin.plus_millis(2 * DAY_MS), Cut::Days, &reports.zone());
    assert_eq!(days[0].length_ms, 23 * 60 * MINUTE_MS);
    assert_eq!(days[1].from.to_string(), "2026-03-29T22:00:00.000Z");
}

#[tokio::test]
async fn callers_around_the_clock_change_are_counted_on_the_day_of_the_centre() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        let mut facts = Facts::default();
        // The first and the last quarter-hour of the days of 23 and 25 hours, and the first one of the day behind each.
        let quarters = [
            "2026-03-28T23:05:00Z",
            "2026-03-29T21:50:00Z",
            "2026-03-29T22:05:00Z",
            "2026-10-24T22:05:00Z",
            "2026-10-25T22:50:00Z",
            "2026-10-25T23:05:00Z",
        ];
        for (number, begin) in (1..).zip(quarters) {
            let begin: Timestamp = begin.parse().unwrap();
            facts.queued(number, begin, "support");
            facts.abandoned(number, begin.plus_millis(9_000), "support", 9_000);
        }
        facts.store(&test).await;
        for (noon, hours) in [("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25)] {
            let from = reports.day_of(noon.parse().unwrap());
            let to = from.plus_millis((hours + 24) * 60 * MINUTE_MS);
            let days = reports.queues(&sue(), span(from, to, Cut::Days), None).await.unwrap();
            let offered: Vec<i64> = days.iter().map(|day| day.counts.offered).collect();
            assert_eq!(offered, [2, 1], "the day of {hours} hours on {test:?}");
            let quarters = reports.queues(&sue(), span(from, to, Cut::Minutes(15)), None).await.unwrap();
            let places: Vec<i64> = quarters.iter().map(|line| line.begins_at.millis_since(from) / (15 * MINUTE_MS)).collect();
            assert_eq!(places, [0, hours * 4 - 1, hours * 4], "quarter-hours of the day of {hours} hours on {test:?}");
        }
    }
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_refused_with_the_field() {
    let test = TestDb::sqlite().await;
    let (reports, sue) = (reports_of(&test, Directory::default()), sue());
    let fields = async |to, cut| match reports.queues(&sue, span(TEST_TIME, to, cut), None).await {
        Err(ReportFault::Invalid(problems)) => problems.into_iter().map(|p| p.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(TEST_TIME, Cut::Days).await, ["to"]);
    assert_eq!(fields(TEST_TIME.plus_millis(DAY_MS), Cut::Minutes(7)).await, ["interval"]);
    assert_eq!(fields(TEST_TIME.plus_millis(300 * DAY_MS), Cut::Minutes(15)).await, ["interval"]);
    let day = span(TEST_TIME, TEST_TIME.plus_millis(DAY_MS), Cut::Days);
    let ana = Actor::person("ana".parse().unwrap(), Role::Agent);
    assert!(matches!(reports.queues(&ana, day, None).await, Err(ReportFault::Forbidden(_))));
    assert!(matches!(reports.agents(&ana, day, None).await, Err(ReportFault::Forbidden(_))));
    let behind = Behind { figure: Figure::Offered, from: day.from, to: day.from, queue: None, agent: None };
    assert!(matches!(reports.contacts(&ana, behind.clone(), None, 10).await, Err(ReportFault::Forbidden(_))));
    assert!(matches!(reports.contacts(&sue, behind, None, 10).await, Err(ReportFault::Invalid(_))));
}

/// Three hours of callers who come when chance has it, of whom some came before and some still wait afterwards.
fn random_hours(seed: u64) -> Facts {
    let mut rng = Rng::seeded(seed);
    let mut facts = Facts::default();
    let mut below = |bound: u64| i64::try_from(rng.below(bound)).unwrap();
    let mut moments = Vec::new();
    for number in 1..=70 {
        let begin = at(below(4 * 3_600) - 3_600);
        let wait_ms = if below(4) == 0 { below(5_000_000) } else { below(60_000) };
        moments.push((begin, number, None));
        moments.push((begin.plus_millis(wait_ms), number, Some((wait_ms, below(8)))));
    }
    moments.sort_by_key(|(time, number, end)| (*time, *number, end.is_some()));
    for (time, number, end) in moments {
        let key = if number % 3 == 0 { "sales" } else { "support" };
        match end {
            None => facts.queued(number, time, key),
            Some((waited_ms, 0..=3)) => facts.connected(number, time, key, "ana", waited_ms),
            Some((waited_ms, 4 | 5)) => facts.abandoned(number, time, key, waited_ms),
            Some((waited_ms, 6)) => facts.flowed_out(number, time, key, waited_ms, FlowOutCause::MaxWait),
            // Waits on.
            Some(_) => {}
        }
    }
    facts
}

#[tokio::test]
async fn the_identity_holds_for_random_visits_and_every_figure_opens_as_many_contacts_as_it_says() {
    for seed in 1..=3 {
        for test in TestDb::each().await {
            let reports = reports_of(&test, Directory::default());
            random_hours(seed).store(&test).await;
            let asked = span(at(0), at(3 * 3_600), Cut::Minutes(15));
            let lines = reports.queues(&sue(), asked, None).await.unwrap();
            assert!(lines.len() > 12, "seed {seed}");
            for line in &lines {
                let counts = &line.counts;
                assert!(line.balance.is_reconciled, "seed {seed} on {test:?}: {line:?}");
                assert_eq!(counts.offered, line.balance.offered);
                assert_eq!(counts.offered, counts.answered + counts.abandoned + counts.flowed_out + counts.open);
            }
            assert!(lines.iter().any(|line| line.balance.waiting_at_start > 0 && line.balance.waiting_at_end > 0));
            // Who waits at the end of an interval waits at the beginning of the next one.
            for key in ["support", "sales"] {
                let of: Vec<&QueueInterval> = lines.iter().filter(|line| line.queue == queue(key)).collect();
                for pair in of.windows(2).filter(|pair| pair[0].ends_at == pair[1].begins_at) {
                    assert_eq!(pair[0].balance.waiting_at_end, pair[1].balance.waiting_at_start, "seed {seed}");
                }
            }
            every_figure_has_its_contacts(&reports, &lines).await;
        }
    }
}

#[tokio::test]
async fn a_visit_whose_end_is_torn_shows_as_a_difference() {
    for test in TestDb::each().await {
        let reports = reports_of(&test, Directory::default());
        let mut facts = Facts::default();
        for number in 1..=3 {
            facts.queued(number, at(10), "support");
        }
        for number in 1..=3 {
            facts.abandoned(number, at(20), "support", 10_000);
        }
        facts.store(&test).await;
        let asked = span(at(0), at(900), Cut::Minutes(15));
        let whole = reports.queues(&sue(), asked, None).await.unwrap();
        assert!(whole[0].balance.is_reconciled);
        test.raw("UPDATE segment SET closed_at = NULL WHERE call_id = (SELECT MIN(call_id) FROM segment)").await;
        let torn = reports.queues(&sue(), asked, None).await.unwrap();
        let balance = torn[0].balance;
        assert_eq!((balance.offered, balance.abandoned, balance.difference), (3, 2, 1), "on {test:?}");
        assert!(!balance.is_reconciled);
    }
}
