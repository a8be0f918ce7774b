//! Calls as lines of the history, the notes typed on them, and their line on the customer's timeline.

use sqlx::{FromRow, types::Json};

use super::{
    Db, StoreFault, Tx, Val, binds, sql,
    tx::{from_word, parse, parse_some},
};
use crate::{
    domain::{
        call::{CallLine, CallSummary, Direction, Outcome},
        customer::{Channel, identity},
    },
    types::{AgentId, Answer, CallId, DispositionId, InteractionId, NodeId, PhoneNumber, QueueId, Redirection, Timestamp},
};

/// Most lines in one page.
pub const PAGE_MAX: i64 = 500;
/// Fewer digits find too much by their end.
const NUMBER_END_MIN: usize = 3;

sql! {
    SAVE = (rows "INSERT INTO call (id, node, direction, customer_number, number_reversed, customer_label, our_number, customer_id,
            line, ivr_path, reason, queue, agent, language, started_at, queued_at, connected_at, ended_at, wait_ms, talk_ms,
            hold_ms, outcome, end_cause, channel, plain_label, redirections, answer)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value -> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, CAST(value ->> 14 AS BIGINT),
            CAST(value ->> 15 AS BIGINT), CAST(value ->> 16 AS BIGINT), CAST(value ->> 17 AS BIGINT),
            CAST(value ->> 18 AS BIGINT), CAST(value ->> 19 AS BIGINT), CAST(value ->> 20 AS BIGINT), value ->> 21,
            value ->> 22, value ->> 23, value ->> 24, value ->> 25, value ->> 26
        FROM" "WHERE TRUE ON CONFLICT (id) DO UPDATE SET customer_number = excluded.customer_number,
            number_reversed = excluded.number_reversed, customer_label = excluded.customer_label, plain_label = excluded.plain_label,
            our_number = excluded.our_number, customer_id = excluded.customer_id, line = excluded.line,
            ivr_path = excluded.ivr_path, reason = excluded.reason, queue = excluded.queue, agent = excluded.agent,
            language = excluded.language, queued_at = excluded.queued_at, connected_at = excluded.connected_at,
            ended_at = excluded.ended_at, wait_ms = excluded.wait_ms, talk_ms = excluded.talk_ms,
            hold_ms = excluded.hold_ms, outcome = excluded.outcome, end_cause = excluded.end_cause,
            answer = excluded.answer");
    DISPOSE = "UPDATE call SET disposition = $2 WHERE id = $1";
    DISPOSE_INTERACTION = "UPDATE interaction SET disposition = $2 WHERE call_id = $1";
    SAVE_INTERACTIONS = (rows "INSERT INTO interaction (id, customer_id, channel, direction, at, agent, call_id, queue, reason,
            disposition, notes, duration_ms, outcome, ticket_id)
        SELECT value ->> 0, value ->> 1, value ->> 9, value ->> 2, CAST(value ->> 3 AS BIGINT), value ->> 4, value ->> 0,
            value ->> 5, value ->> 6, (SELECT disposition FROM call WHERE id = (value ->> 0)),
            COALESCE((SELECT notes FROM call_notes WHERE call_id = (value ->> 0)), ''), CAST(value ->> 7 AS BIGINT),
            value ->> 8, (SELECT id FROM ticket WHERE call_id = (value ->> 0) ORDER BY created_at DESC, id LIMIT 1)
        FROM" "WHERE TRUE ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, agent = excluded.agent, queue = excluded.queue,
            reason = excluded.reason, duration_ms = excluded.duration_ms, outcome = excluded.outcome");
    SAVE_NOTES = "INSERT INTO call_notes (call_id, agent, notes, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (call_id) DO UPDATE SET agent = excluded.agent, notes = excluded.notes, updated_at = excluded.updated_at";
    NOTES_TO_INTERACTION = "UPDATE interaction SET notes = $2 WHERE call_id = $1";
    NOTES = "SELECT notes FROM call_notes WHERE call_id = $1";
    FIND = "SELECT c.id, c.direction, c.customer_number, c.customer_label, c.our_number, c.customer_id, c.line, c.ivr_path,
            c.reason, c.queue, c.agent, c.language, c.started_at, c.queued_at, c.connected_at, c.ended_at, c.wait_ms,
            c.talk_ms, c.hold_ms, c.outcome, c.end_cause, c.channel, c.redirections, c.answer,
            c.disposition, k.name AS customer_name
        FROM call c LEFT JOIN customer k ON k.id = c.customer_id WHERE c.id = $1";
    // An agent who was offered a call has not taken part in it. The bounds keep the look within the hours of the call.
    TOOK_PART = "SELECT CAST(COUNT(*) AS BIGINT) FROM call c JOIN agent_state_span s ON s.agent = $2 AND s.call_id = c.id
            AND s.from_at >= c.started_at AND s.from_at <= COALESCE(c.ended_at, 9000000000000000)
        WHERE c.id = $1 AND s.state <> 'offered'";
    LIST = "SELECT c.id, c.direction, c.customer_number, c.customer_label, c.our_number, c.customer_id, c.line, c.ivr_path,
            c.reason, c.queue, c.agent, c.language, c.started_at, c.queued_at, c.connected_at, c.ended_at, c.wait_ms,
            c.talk_ms, c.hold_ms, c.outcome, c.end_cause, c.channel, c.redirections, c.answer,
            c.disposition, k.name AS customer_name
        FROM call c LEFT JOIN customer k ON k.id = c.customer_id
        WHERE c.started_at >= $1 AND c.started_at < $2
            AND (c.started_at < $3 OR (c.started_at = $3 AND c.id < $4))
            AND (CAST($5 AS TEXT) IS NULL OR c.queue = $5)
            AND (CAST($6 AS TEXT) IS NULL OR c.agent = $6)
            AND (CAST($7 AS TEXT) IS NULL OR c.outcome = $7)
            AND (CAST($8 AS TEXT) IS NULL OR c.direction = $8)
            AND (CAST($9 AS TEXT) IS NULL OR c.customer_id = $9)
            AND ((CAST($10 AS TEXT) IS NULL AND CAST($11 AS TEXT) IS NULL) OR c.number_reversed LIKE $10
                OR k.sort_name LIKE $11 OR c.plain_label LIKE $11 OR c.our_number = $13)
            AND (CAST($14 AS TEXT) IS NULL OR c.answer = $14)
        ORDER BY c.started_at DESC, c.id DESC LIMIT $12";
}

/// What a list of calls is narrowed by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallFilter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// The last queue.
    pub queue: Option<QueueId>,
    /// The last agent who talked.
    pub agent: Option<AgentId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Who has answered a call of ours.
    pub answer: Option<Answer>,
    /// Whose.
    pub customer: Option<crate::types::CustomerId>,
    /// As typed: the last digits of the customer's number, a part of the customer's name or of what their side showed, or our
    /// own number in full.
    pub text: Option<String>,
}

/// Saves the lines as they are now; each call once.
pub(super) async fn save(tx: &mut Tx, calls: &[&CallSummary]) -> Result<(), StoreFault> {
    let node = tx.node().clone();
    tx.execute_rows(&SAVE, calls.iter().map(|call| line_row(call, &node)).collect()).await
}

fn line_row(call: &CallSummary, node: &NodeId) -> Vec<Val> {
    let number = call.customer_number.as_ref();
    binds![
        call.id,
        node,
        Val::word(&call.direction),
        number,
        number.map(PhoneNumber::reversed_digits),
        call.customer_label.clone(),
        &call.our_number,
        call.customer,
        call.line.as_ref(),
        Val::json(&call.ivr_path),
        call.reason.clone(),
        call.queue.as_ref(),
        call.agent.as_ref(),
        &call.language,
        call.started_at,
        call.queued_at,
        call.connected_at,
        call.ended_at,
        call.wait_ms,
        call.talk_ms,
        call.hold_ms,
        Val::word(&call.outcome),
        Val::word(&call.end_cause),
        Val::word(&channel(call)),
        call.customer_label.as_deref().map(identity::search_text),
        (!call.redirections.is_empty()).then(|| serde_json::to_string(&call.redirections).unwrap_or_default()),
        call.answer.as_ref().map_or(Val::Text(None), Val::word),
    ]
}

/// How the call reached us, as the timeline names it.
fn channel(call: &CallSummary) -> Channel {
    if call.is_web { Channel::Web } else { Channel::Call }
}

/// Saves what the call was about, there and on the timeline.
pub(super) async fn save_disposition(tx: &mut Tx, call: CallId, disposition: &DispositionId) -> Result<(), StoreFault> {
    tx.execute(&DISPOSE, binds![call, disposition]).await?;
    tx.execute(&DISPOSE_INTERACTION, binds![call, disposition]).await.map(|_| ())
}

/// Saves the calls' lines on the timeline, each under its call's own id.
pub(super) async fn save_interactions(tx: &mut Tx, calls: &[&CallSummary]) -> Result<(), StoreFault> {
    let rows = calls.iter().map(|call| {
        binds![
            call.id,
            call.customer,
            Val::word(&call.direction),
            call.started_at,
            call.agent.as_ref(),
            call.queue.as_ref(),
            call.reason.clone(),
            call.talk_ms + call.hold_ms,
            Val::word(&call.outcome),
            Val::word(&channel(call)),
        ]
    });
    tx.execute_rows(&SAVE_INTERACTIONS, rows.collect()).await
}

/// The timeline's id of a call.
pub fn interaction_of(call: CallId) -> Option<InteractionId> {
    call.to_string().parse().ok()
}

/// Saves notes as typed; the last ones win.
pub async fn save_notes(tx: &mut Tx, call: CallId, agent: &AgentId, notes: &str, at: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&SAVE_NOTES, binds![call, agent, notes, at]).await?;
    tx.execute(&NOTES_TO_INTERACTION, binds![call, notes]).await.map(|_| ())
}

/// Notes as last saved.
pub async fn notes(db: &Db, call: CallId) -> Result<Option<String>, StoreFault> {
    Ok(db.fetch_optional::<(String,)>(&NOTES, binds![call]).await?.map(|row| row.0))
}

/// One call.
pub async fn find(db: &Db, call: CallId) -> Result<Option<CallLine>, StoreFault> {
    db.fetch_optional::<CallRow>(&FIND, binds![call]).await?.map(CallLine::try_from).transpose()
}

/// Whether an agent talked in a call: its last agent, and those who passed it on.
pub async fn took_part(db: &Db, call: CallId, agent: &AgentId) -> Result<bool, StoreFault> {
    let is_last = find(db, call).await?.is_some_and(|line| line.call.agent.as_ref() == Some(agent));
    Ok(is_last || db.fetch_optional::<(i64,)>(&TOOK_PART, binds![call, agent]).await?.is_some_and(|row| row.0 > 0))
}

/// Calls that match, newest first, behind `after` (the last line of the page before).
pub async fn list(
    db: &Db,
    filter: &CallFilter,
    after: Option<(Timestamp, CallId)>,
    limit: i64,
) -> Result<Vec<CallLine>, StoreFault> {
    let (after_at, after_id) = match after {
        Some((at, id)) => (at.as_millis(), id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let digits: Option<String> = text
        .filter(|text| text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.')))
        .map(|text| text.chars().rev().filter(char::is_ascii_digit).collect())
        .filter(|digits: &String| digits.len() >= NUMBER_END_MIN);
    let words = text.map(|text| identity::words(text).join(" ")).filter(|words| !words.is_empty());
    let values = binds![
        filter.from.unwrap_or_default(),
        filter.to.map_or(i64::MAX, Timestamp::as_millis),
        after_at,
        after_id,
        filter.queue.as_ref(),
        filter.agent.as_ref(),
        filter.outcome.as_ref().map_or(Val::Text(None), Val::word),
        filter.direction.as_ref().map_or(Val::Text(None), Val::word),
        filter.customer,
        digits.map(|digits| format!("{digits}%")),
        // Words are letters and digits: nothing in them means anything to LIKE.
        words.or(text.map(|_| "\u{1}".into())).map(|words| format!("%{words}%")),
        limit.clamp(1, PAGE_MAX + 1),
        text,
        filter.answer.as_ref().map_or(Val::Text(None), Val::word),
    ];
    db.fetch_all::<CallRow>(&LIST, values).await?.into_iter().map(CallLine::try_from).collect()
}

#[derive(Debug, FromRow)]
pub(super) struct CallRow {
    id: String,
    direction: String,
    customer_number: Option<String>,
    customer_label: Option<String>,
    our_number: String,
    customer_id: Option<String>,
    line: Option<String>,
    ivr_path: Json<Vec<String>>,
    reason: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    language: String,
    started_at: i64,
    queued_at: Option<i64>,
    connected_at: Option<i64>,
    ended_at: Option<i64>,
    wait_ms: i64,
    talk_ms: i64,
    hold_ms: i64,
    outcome: String,
    end_cause: Option<String>,
    channel: String,
    redirections: Option<String>,
    answer: Option<String>,
    disposition: Option<String>,
    customer_name: Option<String>,
}

impl TryFrom<CallRow> for CallLine {
    type Error = StoreFault;
    fn try_from(row: CallRow) -> Result<Self, StoreFault> {
        let number = row.customer_number.map(PhoneNumber::try_from).transpose();
        Ok(Self {
            call: CallSummary {
                id: parse("call", &row.id)?,
                direction: from_word("direction", row.direction)?,
                customer_number: number.map_err(|error| StoreFault::unreadable("customer number", error))?,
                customer_label: row.customer_label,
                our_number: row.our_number,
                customer: parse_some("customer", row.customer_id)?,
                line: parse_some("line", row.line)?,
                ivr_path: row.ivr_path.0,
                reason: row.reason,
                queue: parse_some("queue", row.queue)?,
                agent: parse_some("agent", row.agent)?,
                language: row.language,
                started_at: Timestamp::from_millis(row.started_at),
                queued_at: row.queued_at.map(Timestamp::from_millis),
                connected_at: row.connected_at.map(Timestamp::from_millis),
                ended_at: row.ended_at.map(Timestamp::from_millis),
                wait_ms: row.wait_ms,
                talk_ms: row.talk_ms,
                hold_ms: row.hold_ms,
                outcome: from_word("outcome", row.outcome)?,
                end_cause: row.end_cause.map(|word| from_word("end cause", word)).transpose()?,
                redirections: redirections(row.redirections.as_deref())?,
                answer: row.answer.map(|word| from_word("answer", word)).transpose()?,
                is_web: from_word::<Channel>("channel", row.channel)? == Channel::Web,
            },
            customer_name: row.customer_name,
            disposition: parse_some("disposition", row.disposition)?,
        })
    }
}

fn redirections(text: Option<&str>) -> Result<Vec<Redirection>, StoreFault> {
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(text).map_err(|error| StoreFault::unreadable("redirections", error))
}
