//! The history of calls, for people and for reports elsewhere. Whoever may not see every call sees the own ones.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    paging::Part,
};
use crate::{
    domain::{
        call::{CallEventKind, CallLine, MissCause, TransferTarget},
        event::{Event, EventRecord},
    },
    store::{Db, StoreFault, calls, journal},
    types::{CallId, RoutingDecision, Timestamp},
};

pub use crate::store::calls::CallFilter;

/// Most lines of one file.
pub const EXPORT_MAX: usize = 50_000;
/// First characters that spreadsheets take for a formula.
const FORMULA_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CallsFault {
    /// There is none, or not for this actor.
    #[error("no such call")]
    NotFound,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The file could not be written.
    #[error("the file could not be written: {0}")]
    Export(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// One call with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallPage {
    /// Its line.
    pub line: CallLine,
    /// What happened, oldest first.
    pub events: Vec<EventRecord>,
    /// Notes as typed.
    pub notes: Option<String>,
}

/// One decision of the matcher, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RoutedCall {
    /// When.
    pub at: Timestamp,
    /// 1 for the first offer of this visit to the queue.
    pub attempt: i64,
    /// What was decided, and from what.
    #[serde(flatten)]
    pub decision: RoutingDecision,
    /// Why the offer came to nothing, if it did.
    pub missed: Option<MissCause>,
    /// When the agent answered.
    pub answered_at: Option<Timestamp>,
    /// Whether an agent asked the queue about the customer, who was none of its callers.
    pub is_consult: bool,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    db: Db,
}

impl Calls {
    /// Over this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Calls that match, newest first, behind the place `after`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: CallFilter,
        after: Option<(Timestamp, CallId)>,
        limit: i64,
    ) -> Result<Part<CallLine, (Timestamp, CallId)>, CallsFault> {
        let found = calls::list(&self.db, &narrowed(actor, filter)?, after, limit + 1).await?;
        Ok(Part::cut(found, limit, |line| (line.call.started_at, line.call.id)))
    }

    /// One call with its events and notes.
    pub async fn find(&self, actor: &Actor, id: CallId) -> Result<CallPage, CallsFault> {
        let line = calls::find(&self.db, id).await?.ok_or(CallsFault::NotFound)?;
        if !actor.may(Permission::SeeCalls) {
            actor.require(Permission::TakeCalls)?;
            if !calls::took_part(&self.db, id, &actor.agent()).await? {
                return Err(CallsFault::NotFound);
            }
        }
        let mut events = journal::events_of(&self.db, "call", &id.to_string()).await?;
        if !actor.may(Permission::Supervise) {
            events.retain(|record| !matches!(&record.event, Event::Call(event) if event.kind.is_of_listening()));
            for record in &mut events {
                if let Event::Call(event) = &mut record.event {
                    event.hide_decision();
                }
            }
        }
        Ok(CallPage { line, events, notes: calls::notes(&self.db, id).await? })
    }

    /// Why the call went to whom it went, oldest decision first. For supervisors.
    pub async fn routing(&self, actor: &Actor, id: CallId) -> Result<Vec<RoutedCall>, CallsFault> {
        actor.require(Permission::Supervise)?;
        calls::find(&self.db, id).await?.ok_or(CallsFault::NotFound)?;
        Ok(routed(journal::events_of(&self.db, "call", &id.to_string()).await?))
    }

    /// Calls that match as a CSV file with a heading, newest first, at most [`EXPORT_MAX`]. Times are RFC 3339 in UTC; cells that a
    /// spreadsheet would take for a formula begin with an apostrophe.
    pub async fn export(&self, actor: &Actor, filter: CallFilter) -> Result<Vec<u8>, CallsFault> {
        let filter = narrowed(actor, filter)?;
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(HEADING).map_err(|error| CallsFault::Export(error.to_string()))?;
        let (mut after, mut count) = (None, 0);
        while count < EXPORT_MAX {
            let lines = calls::list(&self.db, &filter, after, calls::PAGE_MAX).await?;
            let Some(last) = lines.last() else { break };
            after = Some((last.call.started_at, last.call.id));
            for line in lines.iter().take(EXPORT_MAX - count) {
                file.write_record(cells(line)).map_err(|error| CallsFault::Export(error.to_string()))?;
            }
            count += lines.len();
        }
        file.into_inner().map_err(|error| CallsFault::Export(error.to_string()))
    }
}

/// The decisions of a call's events, each with what became of the offer.
fn routed(events: Vec<EventRecord>) -> Vec<RoutedCall> {
    let mut routed: Vec<RoutedCall> = Vec::new();
    for record in events {
        let Event::Call(event) = record.event else { continue };
        match event.kind {
            CallEventKind::Offered { decision: Some(decision), attempt, .. } => {
                routed.push(RoutedCall {
                    at: record.at,
                    attempt,
                    decision: *decision,
                    missed: None,
                    answered_at: None,
                    is_consult: false,
                });
            }
            CallEventKind::ConsultOffered { decision: Some(decision), .. } => {
                // Who is asked next has not answered the one before.
                let asked = routed.last().filter(|last| last.is_consult && last.missed.is_some());
                let attempt = 1 + asked.map_or(0, |last| last.attempt);
                let decision = *decision;
                routed.push(RoutedCall { at: record.at, attempt, decision, missed: None, answered_at: None, is_consult: true });
            }
            CallEventKind::ConsultMissed { by: agent, cause, .. } | CallEventKind::OfferMissed { agent, cause } => {
                if let Some(last) = routed.last_mut().filter(|last| last.decision.agent == agent) {
                    last.missed = last.missed.or(Some(cause));
                }
            }
            CallEventKind::ConsultAnswered { to: TransferTarget::Agent { agent }, .. }
            | CallEventKind::Connected { agent, .. } => {
                if let Some(last) = routed.last_mut().filter(|last| last.decision.agent == agent && last.missed.is_none()) {
                    last.answered_at = last.answered_at.or(Some(record.at));
                }
            }
            _ => {}
        }
    }
    routed
}

/// Only the own calls for those who may not see all.
fn narrowed(actor: &Actor, filter: CallFilter) -> Result<CallFilter, CallsFault> {
    if actor.may(Permission::SeeCalls) {
        return Ok(filter);
    }
    actor.require(Permission::TakeCalls)?;
    Ok(CallFilter { agent: Some(actor.agent()), ..filter })
}

const HEADING: [&str; 19] = [
    "id",
    "direction",
    "started_at",
    "connected_at",
    "ended_at",
    "customer_number",
    "customer_label",
    "customer_name",
    "our_number",
    "line",
    "queue",
    "agent",
    "reason",
    "disposition",
    "outcome",
    "wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "answer",
];

fn cells(line: &CallLine) -> [String; 19] {
    let call = &line.call;
    let some = |text: Option<&dyn ToString>| text.map(ToString::to_string).unwrap_or_default();
    let word = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    };
    let secs = |millis: i64| format!("{}.{:03}", millis / 1_000, millis % 1_000);
    [
        call.id.to_string(),
        word(serde_json::to_value(call.direction)),
        call.started_at.to_string(),
        some(call.connected_at.as_ref().map(|at| at as &dyn ToString)),
        some(call.ended_at.as_ref().map(|at| at as &dyn ToString)),
        some(call.customer_number.as_ref().map(|number| number as &dyn ToString)),
        call.customer_label.clone().unwrap_or_default(),
        line.customer_name.clone().unwrap_or_default(),
        call.our_number.clone(),
        some(call.line.as_ref().map(|line| line as &dyn ToString)),
        some(call.queue.as_ref().map(|queue| queue as &dyn ToString)),
        some(call.agent.as_ref().map(|agent| agent as &dyn ToString)),
        call.reason.clone().unwrap_or_default(),
        some(line.disposition.as_ref().map(|id| id as &dyn ToString)),
        word(serde_json::to_value(call.outcome)),
        secs(call.wait_ms),
        secs(call.talk_ms),
        secs(call.hold_ms),
        call.answer.map(|answer| word(serde_json::to_value(answer))).unwrap_or_default(),
    ]
    .map(harmless)
}

/// What callers sent must not become a formula in somebody's spreadsheet.
pub(super) fn harmless(text: String) -> String {
    if text.starts_with(FORMULA_SIGNS) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            access::Role,
            call::{CallEvent, CallEventKind, CallSummary, Direction, Outcome},
            centre::Fact,
            customer::Channel,
            event::{Actor as By, Event},
        },
        store::{
            Lane, customers,
            journal::{Entry, VisitRules},
            testing::{TEST_TIME, TestDb},
        },
        types::{Answer, CustomerId, Rng, StrategyName},
    };

    fn call(seed: u64) -> CallId {
        CallId::mint(TEST_TIME, &mut Rng::seeded(seed))
    }

    async fn store(test: &TestDb, seed: u64, change: impl FnOnce(&mut CallSummary)) {
        let mut summary = CallSummary {
            id: call(seed),
            direction: Direction::Inbound,
            customer_number: "+34911000001".to_owned().try_into().ok(),
            customer_label: None,
            our_number: "1001".into(),
            customer: None,
            line: None,
            ivr_path: Vec::new(),
            reason: None,
            queue: "support".parse().ok(),
            agent: "ana".parse().ok(),
            language: "es".into(),
            started_at: TEST_TIME.plus_millis(i64::try_from(seed).unwrap() * 1_000),
            queued_at: None,
            connected_at: None,
            ended_at: Some(TEST_TIME.plus_millis(90_000)),
            wait_ms: 1_500,
            talk_ms: 60_000,
            hold_ms: 0,
            outcome: Outcome::Answered,
            end_cause: None,
            is_web: false,
            redirections: Vec::new(),
            answer: None,
        };
        change(&mut summary);
        let kind = CallEventKind::Arrived { number: "1001".into(), trunk: None, session_id: None };
        let event = Event::Call(CallEvent { call: summary.id, kind });
        let at = summary.started_at;
        let fact = Fact { call: Some(Box::new(summary)), ..Fact::of(at, By::System, event) };
        let rules = VisitRules::usual(20_000, 5_000);
        let entry = Entry { fact, dedup: format!("t:{seed}"), rules };
        let saved: Result<(), StoreFault> =
            test.db.write(Lane::Journal, move |tx| Box::pin(async move { journal::append(tx, &[entry]).await })).await;
        saved.unwrap();
    }

    fn of(user: &str, role: Role) -> Actor {
        Actor::person(user.parse().unwrap(), role)
    }

    fn text(text: &str) -> CallFilter {
        CallFilter { text: Some(text.into()), ..CallFilter::default() }
    }

    #[test]
    fn each_decision_is_told_with_what_became_of_its_offer() {
        let (mut seq, mut records) = (0, Vec::new());
        let mut happened = |kind: CallEventKind| {
            seq += 1;
            records.push(EventRecord {
                node: "node-a".parse().unwrap(),
                seq,
                at: TEST_TIME.plus_millis(seq * 1_000),
                actor: By::System,
                cause: None,
                event: Event::Call(CallEvent { call: call(1), kind }),
            });
        };
        let decision = |agent: &str| RoutingDecision {
            queue: "support".parse().unwrap(),
            agent: agent.parse().unwrap(),
            strategy: StrategyName::LongestIdle,
            priority: 0,
            was_promoted: false,
            waited_ms: 1,
            head_start_ms: 0,
            step: 0,
            passed_by: 0,
            rings_beside: 0,
            for_last_agent: false,
            kept: None,
            candidates: Vec::new(),
            more_candidates: 0,
            not_free: Default::default(),
            others: Default::default(),
        };
        let offered = |agent: &str, attempt: i64| CallEventKind::Offered {
            queue: "support".parse().ok(),
            agent: agent.parse().unwrap(),
            attempt,
            decision: Some(Box::new(decision(agent))),
        };
        let connected = |agent: &str| CallEventKind::Connected { queue: None, agent: agent.parse().unwrap(), waited_ms: 1 };
        happened(offered("ana", 1));
        happened(CallEventKind::OfferMissed { agent: "ana".parse().unwrap(), cause: MissCause::Declined });
        happened(offered("ben", 2));
        happened(connected("ben"));
        // By name: nobody decided. She does not answer the offer that she missed.
        happened(CallEventKind::Offered { queue: None, agent: "ana".parse().unwrap(), attempt: 3, decision: None });
        happened(connected("ana"));
        let told: Vec<_> = routed(records)
            .into_iter()
            .map(|one| (one.decision.agent.to_string(), one.attempt, one.missed, one.answered_at))
            .collect();
        assert_eq!(
            told,
            [
                ("ana".to_owned(), 1, Some(MissCause::Declined), None),
                ("ben".to_owned(), 2, None, Some(TEST_TIME.plus_millis(4_000)))
            ]
        );
    }

    #[tokio::test]
    async fn a_call_is_found_by_the_end_of_the_number_by_what_was_shown_and_by_our_number() {
        for test in TestDb::each().await {
            let calls = Calls::new(test.db.clone());
            store(&test, 1, |_| {}).await;
            store(&test, 2, |call| {
                call.customer_number = None;
                call.customer_label = Some("Hotel Bahía".into());
                call.our_number = "1002".into();
            })
            .await;
            let sue = of("sue", Role::Supervisor);
            for (wanted, found) in [
                ("911 000 001", vec![call(1)]),
                ("0001", vec![call(1)]),
                ("hotel", vec![call(2)]),
                ("HOTEL BAHIA", vec![call(2)]),
                ("bahía", vec![call(2)]),
                ("1002", vec![call(2)]),
                ("%", vec![]),
                ("_", vec![]),
                ("", vec![call(2), call(1)]),
            ] {
                let lines = calls.list(&sue, text(wanted), None, 10).await.unwrap();
                let ids: Vec<CallId> = lines.items.iter().map(|line| line.call.id).collect();
                assert_eq!(ids, found, "{wanted:?} on {test:?}");
            }
            let outbound = CallFilter { direction: Some(Direction::Outbound), ..CallFilter::default() };
            assert!(calls.list(&sue, outbound, None, 10).await.unwrap().items.is_empty());
        }
    }

    #[tokio::test]
    async fn calls_are_narrowed_by_who_answered() {
        for test in TestDb::each().await {
            let calls = Calls::new(test.db.clone());
            let sue = of("sue", Role::Supervisor);
            let answered_by = async |answer| {
                let filter = CallFilter { answer: Some(answer), ..CallFilter::default() };
                let lines = calls.list(&sue, filter, None, 10).await.unwrap();
                lines.items.iter().map(|line| line.call.id).collect::<Vec<_>>()
            };
            store(&test, 1, |call| call.answer = Some(Answer::Human)).await;
            store(&test, 2, |call| call.answer = Some(Answer::Machine)).await;
            store(&test, 3, |_| {}).await;
            assert_eq!(answered_by(Answer::Machine).await, [call(2)], "on {test:?}");
            assert!(answered_by(Answer::Fax).await.is_empty());
            assert_eq!(answered_by(Answer::Human).await, [call(1)], "on {test:?}");
        }
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_gap_or_repetition_even_at_the_same_millisecond() {
        for test in TestDb::each().await {
            for seed in 1..=7 {
                store(&test, seed, |call| call.started_at = TEST_TIME).await;
            }
            let (calls, sue) = (Calls::new(test.db.clone()), of("sue", Role::Supervisor));
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = calls.list(&sue, CallFilter::default(), after, 3).await.unwrap();
                seen.extend(page.items.iter().map(|line| line.call.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut all: Vec<CallId> = (1..=7).map(call).collect();
            all.sort_unstable();
            all.reverse();
            assert_eq!(seen, all, "on {test:?}");
        }
    }

    #[tokio::test]
    async fn a_call_from_the_web_phone_stands_as_one_in_the_history_and_on_the_timeline() {
        for test in TestDb::each().await {
            let customer = CustomerId::mint(TEST_TIME, &mut Rng::seeded(9));
            store(&test, 1, |call| call.customer = Some(customer)).await;
            store(&test, 2, |call| (call.customer, call.is_web) = (Some(customer), true)).await;
            let contacts = customers::timeline(&test.db, customer, None, 10).await.unwrap();
            let channels: Vec<Channel> = contacts.iter().map(|contact| contact.channel).collect();
            assert_eq!(channels, [Channel::Web, Channel::Call], "newest first, on {test:?}");
            let calls = Calls::new(test.db.clone());
            let lines = calls.list(&of("sue", Role::Supervisor), CallFilter::default(), None, 10).await.unwrap().items;
            assert_eq!(lines.iter().map(|line| line.call.is_web).collect::<Vec<_>>(), [true, false], "on {test:?}");
        }
    }

    #[tokio::test]
    async fn agents_see_their_own_calls_only() {
        let test = TestDb::sqlite().await;
        store(&test, 1, |_| {}).await;
        store(&test, 2, |call| call.agent = "ben".parse().ok()).await;
        let (calls, ana) = (Calls::new(test.db.clone()), of("ana", Role::Agent));
        let lines =
            calls.list(&ana, CallFilter { agent: "ben".parse().ok(), ..CallFilter::default() }, None, 10).await.unwrap();
        assert_eq!(lines.items.iter().map(|line| line.call.id).collect::<Vec<_>>(), [call(1)]);
        assert!(matches!(calls.find(&ana, call(2)).await, Err(CallsFault::NotFound)));
        let page = calls.find(&ana, call(1)).await.unwrap();
        assert_eq!(page.events.len(), 1);
        let program = Actor { scopes: Some([Permission::WorkTickets].into()), ..of("sue", Role::Supervisor) };
        assert!(matches!(calls.list(&program, CallFilter::default(), None, 10).await, Err(CallsFault::Forbidden(_))));
    }

    #[tokio::test]
    async fn what_a_caller_shows_never_becomes_a_formula_in_the_file() {
        let test = TestDb::sqlite().await;
        store(&test, 1, |call| {
            call.customer_number = None;
            call.customer_label = Some("=HYPERLINK(\"http://evil\",\"x\")".into());
            call.answer = Some(Answer::Machine);
        })
        .await;
        let file = Calls::new(test.db.clone()).export(&of("sue", Role::Supervisor), CallFilter::default()).await.unwrap();
        let mut reader = csv::Reader::from_reader(file.as_slice());
        assert_eq!(reader.headers().unwrap().len(), 19);
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(&row[6], "'=HYPERLINK(\"http://evil\",\"x\")");
        assert_eq!((&row[14], &row[15], &row[18]), ("answered", "1.500", "machine"));
    }
}
