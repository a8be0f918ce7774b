//! The fact tables of the reports: visits of calls to queues, and how long agents were in which state. A visit is closed once,
//! with its outcome, so that offered is always the sum of the outcomes and of those still open.

use std::collections::{BTreeMap, VecDeque};

use sqlx::FromRow;

use super::{
    Db, StoreFault, Tx, Val, binds,
    journal::VisitRules,
    sql,
    tx::{from_word, parse},
};
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, FlowOutCause, MissCause},
        report::QueueCounts,
    },
    types::{AgentId, BusyActivity, CallId, ExpectedWait, QueueId, Timestamp},
};

sql! {
    OPEN = (rows "INSERT INTO segment (call_id, visit, node, queue, reason, offered_at, threshold_ms, short_ms,
            expected_ms, expected_p50_ms, expected_p90_ms, level_variant)
        SELECT value ->> 0,
            (SELECT CAST(COALESCE(MAX(s.visit), 0) + 1 AS BIGINT) FROM segment s WHERE s.call_id = (value ->> 0)),
            value ->> 1, value ->> 2, value ->> 3, CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT),
            CAST(value ->> 6 AS BIGINT), CAST(value ->> 7 AS BIGINT), CAST(value ->> 8 AS BIGINT), CAST(value ->> 9 AS BIGINT),
            value ->> 10
        FROM" "");
    CLOSE = (rows "UPDATE segment SET outcome = r.outcome, closed_at = r.closed_at, wait_ms = r.wait_ms, agent = r.agent,
            flow_cause = r.flow_cause
        FROM (SELECT value ->> 0 AS call_id, value ->> 1 AS queue, value ->> 2 AS outcome,
            CAST(value ->> 3 AS BIGINT) AS closed_at, CAST(value ->> 4 AS BIGINT) AS wait_ms, value ->> 5 AS agent,
            value ->> 6 AS flow_cause FROM" ") AS r
        WHERE segment.call_id = r.call_id AND segment.queue = r.queue AND segment.outcome IS NULL");
    // Without a talk only the passing on is counted. A visit is over once.
    SETTLE = (rows "UPDATE segment SET
            talk_ms = CASE WHEN r.talk_ms IS NULL THEN segment.talk_ms
                ELSE r.talk_ms - CAST((SELECT COALESCE(SUM(s.talk_ms), 0) FROM segment s
                    WHERE s.call_id = r.call_id AND s.visit < segment.visit) AS BIGINT) END,
            hold_ms = CASE WHEN r.hold_ms IS NULL THEN segment.hold_ms
                ELSE r.hold_ms - CAST((SELECT COALESCE(SUM(s.hold_ms), 0) FROM segment s
                    WHERE s.call_id = r.call_id AND s.visit < segment.visit) AS BIGINT) END,
            transfers = segment.transfers + r.transfers,
            ended_at = COALESCE(segment.ended_at, r.ended_at)
        FROM (SELECT value ->> 0 AS call_id, CAST(value ->> 1 AS BIGINT) AS talk_ms, CAST(value ->> 2 AS BIGINT) AS hold_ms,
            CAST(value ->> 3 AS BIGINT) AS transfers, CAST(value ->> 4 AS BIGINT) AS ended_at FROM" ") AS r
        WHERE segment.call_id = r.call_id
            AND segment.visit = (SELECT MAX(s.visit) FROM segment s WHERE s.call_id = r.call_id AND s.outcome = 'answered')");
    // Whoever answered a caller, also one to whom the caller was passed on, has answered the visit that was answered last. Once:
    // a call may come back.
    ANSWER = "INSERT INTO visit_answer (call_id, visit, agent, answered_at)
        SELECT s.call_id, s.visit, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM segment s
        WHERE s.call_id = $1 AND s.visit = (SELECT MAX(m.visit) FROM segment m WHERE m.call_id = $1 AND m.outcome = 'answered')
        ON CONFLICT (call_id, visit, agent) DO NOTHING";
    // The newest ring of that call at that agent; nobody rings for an hour.
    MISS = "UPDATE agent_state_span SET reason = $4
        WHERE agent = $1 AND call_id = $2 AND state = 'offered'
            AND from_at = (SELECT MAX(s.from_at) FROM agent_state_span s
                WHERE s.agent = $1 AND s.from_at > CAST($3 AS BIGINT) - 3600000 AND s.from_at <= $3
                    AND s.call_id = $2 AND s.state = 'offered')";
    CLOSE_SPANS = (rows "UPDATE agent_state_span SET to_at = r.at
        FROM (SELECT value ->> 0 AS agent, CAST(value ->> 1 AS BIGINT) AS at FROM" ") AS r
        WHERE agent_state_span.agent = r.agent AND agent_state_span.to_at IS NULL");
    OPEN_SPANS = (rows "INSERT INTO agent_state_span (node, seq, agent, state, reason, call_id, from_at, to_at, activity)
        SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            CAST(value ->> 6 AS BIGINT), CAST(value ->> 7 AS BIGINT), value ->> 8
        FROM" "");
    // Of the agents between these two: exactly one where only one is asked about, and never more than are on calls.
    BUSY = "SELECT agent, call_id, activity FROM agent_state_span
        WHERE to_at IS NULL AND state = 'busy' AND agent >= $1 AND agent <= $2";
    TRANSFER = "INSERT INTO transfer_made (node, seq, call_id, agent, made_at) VALUES ($1, $2, $3, $4, $5)";
    COUNTS = "SELECT queue,
            CAST(COUNT(*) AS BIGINT) AS offered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered') AS BIGINT) AS answered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= threshold_ms) AS BIGINT) AS answered_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT) AS abandoned,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= short_ms) AS BIGINT) AS abandoned_short,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= threshold_ms) AS BIGINT) AS abandoned_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome IN ('flowed_out', 'node_lost')) AS BIGINT) AS flowed_out,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT) AS wait_ms_answered,
            CAST(COALESCE(MAX(wait_ms), 0) AS BIGINT) AS wait_ms_max,
            MIN(threshold_ms) AS threshold_ms_min,
            MAX(threshold_ms) AS threshold_ms_max
        FROM segment WHERE offered_at >= $1 AND offered_at < $2 GROUP BY queue ORDER BY queue";
}

/// What a call's event means for its visits to queues.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum VisitStep {
    /// A visit begins.
    Open { queue: QueueId, reason: Option<String>, at: Timestamp, rules: VisitRules, expected: Option<ExpectedWait> },
    /// The open visit to this queue ends.
    Close { queue: QueueId, outcome: &'static str, at: Timestamp, waited_ms: i64, agent: Option<AgentId>, cause: Val },
    /// The talk so far goes to the visit that was answered last, less what earlier visits already have. With a time its handling is over.
    Settle { talk_ms: i64, hold_ms: i64, ended_at: Option<Timestamp> },
    /// An agent took the caller over, whom the visit that was answered last had brought.
    Take { agent: AgentId, at: Timestamp },
    /// An agent passed the caller on, whom the visit that was answered last had brought.
    PassOn,
}

impl VisitStep {
    /// The step that an event asks for, if any.
    pub(crate) fn of(kind: &CallEventKind, at: Timestamp, rules: VisitRules) -> Option<Self> {
        let close = |queue: &QueueId, outcome, waited_ms, agent: Option<&AgentId>, cause| {
            Some(Self::Close { queue: queue.clone(), outcome, at, waited_ms, agent: agent.cloned(), cause })
        };
        match kind {
            CallEventKind::Queued { queue, reason, expected } => {
                Some(Self::Open { queue: queue.clone(), reason: reason.clone(), at, rules, expected: *expected })
            }
            CallEventKind::Connected { queue: Some(queue), agent, waited_ms } => {
                close(queue, "answered", *waited_ms, Some(agent), Val::Text(None))
            }
            CallEventKind::Connected { queue: None, agent, .. } | CallEventKind::TakenOver { supervisor: agent, .. } => {
                Some(Self::Take { agent: agent.clone(), at })
            }
            CallEventKind::Abandoned { queue, waited_ms } => close(queue, "abandoned", *waited_ms, None, Val::Text(None)),
            CallEventKind::FlowedOut { queue, waited_ms, cause } => {
                let outcome = if *cause == FlowOutCause::NodeLost { "node_lost" } else { "flowed_out" };
                close(queue, outcome, *waited_ms, None, Val::word(cause))
            }
            CallEventKind::Transferred { .. } => Some(Self::PassOn),
            _ => None,
        }
    }
}

/// Takes the steps of each call in their order. Steps of different calls do not touch each other, so all first steps go
/// together, then all second ones, a statement per kind: the number of statements depends on the longest chain, not on the
/// number of calls.
pub(crate) async fn take_steps(tx: &mut Tx, mut steps: BTreeMap<CallId, VecDeque<VisitStep>>) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    while !steps.is_empty() {
        let (mut opens, mut closes, mut settles, mut answers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (call, waiting) in &mut steps {
            let call = *call;
            match waiting.pop_front() {
                Some(VisitStep::Open { queue, reason, at, rules, expected }) => {
                    let [mean, p50, p90] = match expected {
                        Some(wait) => [wait.mean_ms, wait.p50_ms, wait.p90_ms].map(Some),
                        None => [None; 3],
                    };
                    let VisitRules { threshold_ms, short_ms, variant } = rules;
                    let row =
                        binds![call, &node, &queue, reason, at, threshold_ms, short_ms, mean, p50, p90, Val::word(&variant)];
                    opens.push(row);
                }
                Some(VisitStep::Close { queue, outcome, at, waited_ms, agent, cause }) => {
                    answers.extend(agent.as_ref().map(|agent| binds![call, agent, at]));
                    closes.push(binds![call, &queue, outcome, at, waited_ms, agent.as_ref(), cause]);
                }
                Some(VisitStep::Settle { talk_ms, hold_ms, ended_at }) => {
                    settles.push(binds![call, talk_ms, hold_ms, 0_i64, ended_at]);
                }
                Some(VisitStep::Take { agent, at }) => answers.push(binds![call, &agent, at]),
                Some(VisitStep::PassOn) => {
                    settles.push(binds![call, None::<i64>, None::<i64>, 1_i64, None::<Timestamp>]);
                }
                None => {}
            }
        }
        steps.retain(|_, waiting| !waiting.is_empty());
        for (statement, rows) in [(&OPEN, opens), (&CLOSE, closes)] {
            tx.execute_rows(statement, rows).await?;
        }
        // By their visits, which have just been closed.
        for answer in answers {
            tx.execute(&ANSWER, answer).await?;
        }
        tx.execute_rows(&SETTLE, settles).await?;
    }
    Ok(())
}

/// A change of what an agent does, with the number of the event that tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AgentStep<'a> {
    pub(super) seq: i64,
    pub(super) agent: &'a AgentId,
    pub(super) change: AgentChange<'a>,
    pub(super) at: Timestamp,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum AgentChange<'a> {
    /// The presence; of one on a call what the agent does there, where it is known.
    Presence(&'a Presence, Option<BusyActivity>),
    /// What the agent does on this call, if the agent is busy with it.
    Activity(CallId, BusyActivity),
}

/// An agent passed a caller on, by the event of this number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TransferStep<'a> {
    pub(super) seq: i64,
    pub(super) call: CallId,
    pub(super) agent: &'a AgentId,
    pub(super) at: Timestamp,
}

/// A call rang at an agent and came to nothing, for this cause.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MissStep<'a> {
    pub(super) agent: &'a AgentId,
    pub(super) call: CallId,
    pub(super) cause: MissCause,
    pub(super) at: Timestamp,
}

/// Notes with the rings how they came to nothing; one that was answered has no cause. One by one: they are as rare as rings are long.
pub(super) async fn note_misses(tx: &mut Tx, steps: &[MissStep<'_>]) -> Result<(), StoreFault> {
    for step in steps {
        tx.execute(&MISS, binds![step.agent, step.call, step.at, Val::word(&step.cause)]).await?;
    }
    Ok(())
}

/// Ends each agent's span and begins the next, also where one on a call does something else from then on. Being offline is no span.
pub(super) async fn follow_agents(tx: &mut Tx, steps: &[AgentStep<'_>]) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    let busy = busy_before(tx, steps).await?;
    let changes = what_changes(steps, busy);
    // From the last step back: each one's span ends with the next one of the same agent.
    let mut next_at: BTreeMap<&AgentId, Timestamp> = BTreeMap::new();
    let mut spans = Vec::new();
    for step in changes.into_iter().rev() {
        let ends_at = next_at.insert(step.agent, step.at);
        let (state, reason, call, activity) = match step.change {
            AgentChange::Presence(Presence::Offline, _) => continue,
            AgentChange::Presence(Presence::Ready, _) => ("ready", None, None, None),
            AgentChange::Presence(Presence::Paused { reason }, _) => ("paused", Some(reason.as_str()), None, None),
            AgentChange::Presence(Presence::Offered { call }, _) => ("offered", None, Some(*call), None),
            AgentChange::Presence(Presence::Busy { call }, activity) => ("busy", None, Some(*call), activity),
            AgentChange::Presence(Presence::WrappingUp { call, .. }, _) => ("wrapping_up", None, Some(*call), None),
            AgentChange::Activity(call, activity) => ("busy", None, Some(call), Some(activity)),
        };
        spans.push(binds![&node, step.seq, step.agent, state, reason, call, step.at, ends_at, Val::word(&activity)]);
    }
    let ended = next_at.into_iter().map(|(agent, first_at)| binds![agent, first_at]).collect();
    tx.execute_rows(&CLOSE_SPANS, ended).await?;
    tx.execute_rows(&OPEN_SPANS, spans).await
}

/// With which call an agent is busy, and what the open span says that the agent does.
type Busy = (CallId, Option<BusyActivity>);

/// The open spans on calls of the agents of whom these steps first tell what they do on one; others' do no harm.
async fn busy_before(tx: &mut Tx, steps: &[AgentStep<'_>]) -> Result<BTreeMap<AgentId, Busy>, StoreFault> {
    let mut firsts: BTreeMap<&AgentId, AgentChange<'_>> = BTreeMap::new();
    for step in steps {
        firsts.entry(step.agent).or_insert(step.change);
    }
    firsts.retain(|_, first| matches!(first, AgentChange::Activity(..)));
    let (Some((first, _)), Some((last, _))) = (firsts.first_key_value(), firsts.last_key_value()) else {
        return Ok(BTreeMap::new());
    };
    let rows = tx.fetch_all::<(String, String, Option<String>)>(&BUSY, binds![*first, *last]).await?;
    rows.into_iter()
        .map(|(agent, call, activity)| {
            let activity = activity.map(|word| from_word("activity", word)).transpose()?;
            Ok((parse("agent", &agent)?, (parse("call", &call)?, activity)))
        })
        .collect()
}

/// The steps without those that say of a busy agent what is so already, or something of another call.
fn what_changes<'s, 'a>(steps: &'s [AgentStep<'a>], mut busy: BTreeMap<AgentId, Busy>) -> Vec<&'s AgentStep<'a>> {
    let mut is_change = |step: &AgentStep<'_>| match step.change {
        AgentChange::Presence(Presence::Busy { call }, activity) => {
            busy.insert(step.agent.clone(), (*call, activity));
            true
        }
        AgentChange::Presence(..) => {
            busy.remove(step.agent);
            true
        }
        AgentChange::Activity(call, activity) => {
            let of_call = busy.get_mut(step.agent).filter(|(with, _)| *with == call);
            of_call.is_some_and(|(_, before)| before.replace(activity) != Some(activity))
        }
    };
    steps.iter().filter(|step| is_change(step)).collect()
}

/// Notes who has passed callers on. One by one: they are as rare as people who pass somebody on.
pub(super) async fn note_transfers(tx: &mut Tx, steps: &[TransferStep<'_>]) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    for step in steps {
        tx.execute(&TRANSFER, binds![&node, step.seq, step.call, step.agent, step.at]).await?;
    }
    Ok(())
}

/// Counts per queue of the visits that began in a span. Queues without visits are absent.
pub async fn counts(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<(QueueId, QueueCounts)>, StoreFault> {
    let rows = db.fetch_all::<CountRow>(&COUNTS, binds![from, to]).await?;
    rows.into_iter().map(|row| Ok((parse("queue", &row.queue)?, row.counts()))).collect()
}

#[derive(Debug, FromRow)]
struct CountRow {
    queue: String,
    offered: i64,
    answered: i64,
    answered_in_time: i64,
    abandoned: i64,
    abandoned_short: i64,
    abandoned_in_time: i64,
    flowed_out: i64,
    wait_ms_answered: i64,
    wait_ms_max: i64,
    threshold_ms_min: Option<i64>,
    threshold_ms_max: Option<i64>,
}

impl CountRow {
    fn counts(&self) -> QueueCounts {
        QueueCounts {
            offered: self.offered,
            answered: self.answered,
            answered_in_time: self.answered_in_time,
            abandoned: self.abandoned,
            abandoned_short: self.abandoned_short,
            abandoned_in_time: self.abandoned_in_time,
            flowed_out: self.flowed_out,
            wait_ms_answered: self.wait_ms_answered,
            wait_ms_max: self.wait_ms_max,
            threshold_ms_min: self.threshold_ms_min,
            threshold_ms_max: self.threshold_ms_max,
        }
    }
}
