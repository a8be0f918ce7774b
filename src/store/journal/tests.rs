use super::{Cursor, Entry, VisitRules, append, events_after};
use crate::{
    domain::{
        agent::{AgentEvent, AgentEventKind, Presence, PresenceCause},
        call::{CallEvent, CallEventKind, CallSummary, Direction, EndCause, Outcome, Party, TransferTarget},
        centre::{Fact, OnCall},
        event::{Actor, Event},
    },
    store::{
        Lane, StoreFault, binds, sql,
        testing::{TEST_TIME, TestDb},
    },
    types::{AgentId, BusyActivity, CallId, Rng, Timestamp},
};

sql! {
    CALLS = "SELECT id, customer_number, ivr_path ->> 0, reason, queue, agent, started_at, ended_at, talk_ms, outcome, end_cause,
            disposition FROM call ORDER BY id";
    VISITS = "SELECT call_id, visit, queue, reason, offered_at, closed_at, agent, wait_ms, talk_ms, threshold_ms, outcome
        FROM segment ORDER BY call_id, visit";
    SPANS = "SELECT seq, agent, state, reason, call_id, from_at, to_at, activity FROM agent_state_span ORDER BY seq";
    TIMELINE = "SELECT id, at, agent, queue, reason, disposition, duration_ms, outcome FROM interaction ORDER BY id";
}

const RULES: VisitRules = VisitRules::usual(20_000, 5_000);

/// A day on the floor: callers who wait, talk, are transferred and talk again, or give up, and the agents who serve them; all
/// interleaved as chance has it.
struct Day {
    rng: Rng,
    at: Timestamp,
    entries: Vec<Entry>,
}

impl Day {
    fn of(seed: u64) -> Vec<Entry> {
        let mut day = Self { rng: Rng::seeded(seed), at: TEST_TIME, entries: Vec::new() };
        let mut calls: Vec<(CallSummary, u64)> = Vec::new();
        for _ in 0..120 {
            let pause_ms = day.rng.below(4_000);
            day.at = day.at.plus_millis(i64::try_from(pause_ms).unwrap());
            if calls.len() < 4 {
                let call = day.arrive();
                calls.push((call, 0));
                continue;
            }
            let chosen = usize::try_from(day.rng.below(4)).unwrap();
            let (mut call, step) = calls.swap_remove(chosen);
            if day.go_on(&mut call, step) {
                calls.push((call, step + 1));
            }
        }
        day.entries
    }

    fn agent(call: &CallSummary) -> AgentId {
        if call.id.to_string().as_bytes().last().unwrap().is_multiple_of(2) { "ana" } else { "luis" }.parse().unwrap()
    }

    fn arrive(&mut self) -> CallSummary {
        let call = CallSummary {
            id: CallId::mint(self.at, &mut self.rng),
            direction: Direction::Inbound,
            customer_number: "+34911000001".to_owned().try_into().ok(),
            customer_label: None,
            our_number: "1001".into(),
            customer: None,
            line: None,
            ivr_path: vec!["menu \"x\"".into()],
            reason: None,
            queue: None,
            agent: None,
            language: "es".into(),
            started_at: self.at,
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
        };
        self.tell(&call, CallEventKind::Arrived { number: "1001".into(), trunk: None, session_id: None });
        call
    }

    /// The next step of a call's life; `false` after its last.
    fn go_on(&mut self, call: &mut CallSummary, step: u64) -> bool {
        let agent = Self::agent(call);
        match step {
            0 | 3 => {
                let queue: crate::types::QueueId = if step == 0 { "support" } else { "sales" }.parse().unwrap();
                (call.queue, call.reason, call.queued_at) = (Some(queue.clone()), Some("invoice".into()), Some(self.at));
                self.tell(call, CallEventKind::Queued { queue, reason: call.reason.clone(), expected: None });
                self.change(&agent, Presence::Offered { call: call.id });
            }
            1 | 4 if self.rng.below(4) == 0 => {
                let queue = call.queue.clone().unwrap();
                self.tell(call, CallEventKind::Abandoned { queue, waited_ms: 4_000 });
                self.change(&agent, Presence::Ready);
                self.end(call, Outcome::Abandoned);
                return false;
            }
            1 | 4 => {
                (call.agent, call.connected_at) = (Some(agent.clone()), Some(self.at));
                let queue = call.queue.clone();
                self.tell(call, CallEventKind::Connected { queue, agent: agent.clone(), waited_ms: 7_000 });
                self.change(&agent, Presence::Busy { call: call.id });
                // Not every one of these is news, and the agent may have gone on to another call by now.
                for activity in [BusyActivity::Talk, BusyActivity::Hold, BusyActivity::Hold, BusyActivity::Talk] {
                    self.at = self.at.plus_millis(500);
                    self.tell(call, CallEventKind::Held { agent: agent.clone() });
                    let on_call = OnCall { agent: agent.clone(), call: call.id, activity };
                    self.entries.last_mut().unwrap().fact.on_call = Some(Box::new(on_call));
                }
            }
            2 if self.rng.below(2) == 0 => {
                call.talk_ms += 30_000;
                self.tell(
                    call,
                    CallEventKind::Transferred {
                        from: agent.clone(),
                        to: TransferTarget::Queue { queue: "sales".parse().unwrap() },
                    },
                );
                self.change(&agent, Presence::Paused { reason: "break".into() });
            }
            2 | 5 => {
                call.talk_ms += 50_000;
                self.end(call, Outcome::Answered);
                self.tell(call, CallEventKind::Disposed { agent: agent.clone(), disposition: "billing.paid".parse().unwrap() });
                let goes_home = self.rng.below(3) == 0;
                self.change(&agent, if goes_home { Presence::Offline } else { Presence::Ready });
                return false;
            }
            _ => return false,
        }
        true
    }

    fn end(&mut self, call: &mut CallSummary, outcome: Outcome) {
        (call.ended_at, call.outcome, call.end_cause) = (Some(self.at), outcome, Some(EndCause::Hangup));
        self.tell(call, CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None });
    }

    fn tell(&mut self, call: &CallSummary, kind: CallEventKind) {
        self.put(Event::Call(CallEvent { call: call.id, kind }), Some(Box::new(call.clone())));
    }

    fn change(&mut self, agent: &AgentId, to: Presence) {
        let kind = AgentEventKind::PresenceChanged { from: Presence::Ready, to, cause: PresenceCause::Call };
        self.put(Event::Agent(AgentEvent { agent: agent.clone(), kind }), None);
    }

    fn put(&mut self, event: Event, call: Option<Box<CallSummary>>) {
        let dedup = format!("day:{}", self.entries.len());
        self.entries.push(Entry { fact: Fact { call, ..Fact::of(self.at, Actor::System, event) }, dedup, rules: RULES });
    }
}

async fn store(test: &TestDb, entries: Vec<Entry>) -> Result<(), StoreFault> {
    test.db.write(Lane::Journal, move |tx| Box::pin(async move { append(tx, &entries).await })).await
}

type CallRow = (
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    Option<i64>,
    i64,
    String,
    Option<String>,
    Option<String>,
);
type VisitRow = (String, i64, String, Option<String>, i64, Option<i64>, Option<String>, Option<i64>, i64, i64, Option<String>);
type SpanRow = (i64, String, String, Option<String>, Option<String>, i64, Option<i64>, Option<String>);
type TimelineRow = (String, i64, Option<String>, Option<String>, Option<String>, Option<String>, i64, Option<String>);

/// Everything that the journal writes, as text.
async fn contents(test: &TestDb) -> String {
    let records = events_after(&test.db, &Cursor::default(), 500).await.unwrap().records;
    let calls: Vec<CallRow> = test.db.fetch_all(&CALLS, binds![]).await.unwrap();
    let visits: Vec<VisitRow> = test.db.fetch_all(&VISITS, binds![]).await.unwrap();
    let spans: Vec<SpanRow> = test.db.fetch_all(&SPANS, binds![]).await.unwrap();
    let timeline: Vec<TimelineRow> = test.db.fetch_all(&TIMELINE, binds![]).await.unwrap();
    assert!(calls.len() > 10 && visits.len() > 10 && spans.len() > 10 && timeline.len() > 5, "a day worth looking at");
    format!("{records:#?}\n{calls:#?}\n{visits:#?}\n{spans:#?}\n{timeline:#?}")
}

#[tokio::test]
async fn many_facts_in_one_write_leave_the_same_rows_as_one_by_one() {
    for seed in 1..=3 {
        let mut seen: Option<String> = None;
        for size in [1, 7, 1_000] {
            for test in TestDb::each().await {
                for batch in Day::of(seed).chunks(size) {
                    store(&test, batch.to_vec()).await.unwrap();
                }
                let contents = contents(&test).await;
                let first = seen.get_or_insert_with(|| contents.clone());
                similar_to(first, &contents, &format!("day {seed} in writes of {size} on {test:?}"));
            }
        }
    }
}

/// Says where two texts part, instead of printing both.
fn similar_to(first: &str, second: &str, what: &str) {
    for (number, (a, b)) in first.lines().zip(second.lines()).enumerate() {
        assert_eq!(a, b, "{what}, line {number}");
    }
    assert_eq!(first.lines().count(), second.lines().count(), "{what}");
}

#[tokio::test]
async fn facts_that_are_already_there_are_not_stored_again_and_a_mixed_write_is_refused_whole() {
    for test in TestDb::each().await {
        let day = Day::of(9);
        store(&test, day[..10].to_vec()).await.unwrap();
        store(&test, day[..10].to_vec()).await.unwrap();
        let mixed = store(&test, day[5..15].to_vec()).await;
        assert!(matches!(mixed, Err(StoreFault::Duplicate(_))), "{mixed:?}");
        for entry in &day[5..] {
            store(&test, vec![entry.clone()]).await.unwrap();
        }
        let records = events_after(&test.db, &Cursor::default(), 500).await.unwrap().records;
        let numbers: Vec<i64> = records.iter().map(|record| record.seq).collect();
        assert_eq!(
            numbers,
            (1..=i64::try_from(day.len()).unwrap()).collect::<Vec<_>>(),
            "each once, without gaps, on {test:?}"
        );
    }
}
