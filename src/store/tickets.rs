//! Tickets with their clocks, what was said on them, and the deadlines that are watched. A save rewrites the ticket's timers in
//! the same transaction, so that exactly the deadlines that hold are watched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};

use super::{
    Db, PAGE_MAX, StoreFault, Tx, Val, binds, sql,
    tx::{from_word, parse, parse_some},
};
use crate::{
    domain::{
        customer::identity,
        ticket::{Clock, ClockState, Contacts, Metric, SlaPolicy, Ticket, TicketState},
    },
    types::{CallId, CustomerId, DispositionId, FieldKey, InteractionId, QueueId, SlaPolicyId, TicketId, Timestamp, UserId},
};

/// Tickets of one call.
const OF_CALL_MAX: i64 = 20;

sql! {
    INSERT = "INSERT INTO ticket (id, number, version, type, subject, description, state, priority, customer_id, owner, queue,
            call_id, created_by, created_at, updated_at, solved_at, next_due_at, fields, plain_subject, status, moves_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    UPDATE = "UPDATE ticket SET version = version + 1, type = $3, subject = $4, description = $5, state = $6, priority = $7,
            customer_id = $8, owner = $9, queue = $10, updated_at = $11, solved_at = $12, next_due_at = $13, fields = $14,
            plain_subject = $15, status = $16, moves_at = $17
        WHERE id = $1 AND version = $2";
    CLEAR_TIMERS = "DELETE FROM sla_timer WHERE ticket_id = $1";
    INSERT_TIMER = "INSERT INTO sla_timer (ticket_id, metric, cycle, due_at) VALUES ($1, $2, $3, $4)";
    FIND = "SELECT t.id, t.number, t.version, t.type AS kind, t.subject, t.description, t.state, t.priority, t.customer_id,
            t.owner, t.queue, t.created_at, t.updated_at, t.solved_at, t.status,
            t.moves_at, t.fields, k.name AS customer_name, t.created_by
        FROM ticket t LEFT JOIN customer k ON k.id = t.customer_id WHERE t.id = $1";
    FIND_BY_NUMBER = "SELECT t.id, t.number, t.version, t.type AS kind, t.subject, t.description, t.state, t.priority,
            t.customer_id, t.owner, t.queue, t.created_at, t.updated_at, t.solved_at, t.status,
            t.moves_at, t.fields, k.name AS customer_name,
            t.created_by
        FROM ticket t LEFT JOIN customer k ON k.id = t.customer_id WHERE t.number = $1";
    LIST = "SELECT t.id, t.number, t.version, t.type AS kind, t.subject, t.description, t.state, t.priority, t.customer_id,
            t.owner, t.queue, t.created_at, t.updated_at, t.solved_at, t.status,
            t.moves_at, t.fields, k.name AS customer_name, t.created_by
        FROM ticket t LEFT JOIN customer k ON k.id = t.customer_id
        WHERE (COALESCE(t.next_due_at, 9000000000000000), t.id) > ($1, $2)
            AND (CAST($3 AS TEXT) IS NULL OR t.owner = $3)
            AND (CAST($4 AS TEXT) IS NULL OR t.queue = $4)
            AND (CAST($5 AS TEXT) IS NULL OR t.customer_id = $5)
            AND (CAST($6 AS TEXT) IS NULL OR t.state = $6)
            AND (CAST($7 AS BIGINT) = 0 OR t.state NOT IN ('solved', 'closed', 'merged', 'cancelled'))
            AND (CAST($8 AS TEXT) IS NULL OR t.plain_subject LIKE $8 OR k.sort_name LIKE $8
                OR CAST(t.number AS TEXT) LIKE $8)
            AND (CAST($9 AS TEXT) IS NULL OR t.type = $9)
            AND (CAST($10 AS BIGINT) = 0 OR t.owner IS NULL)
        ORDER BY COALESCE(t.next_due_at, 9000000000000000), t.id LIMIT $11";
    LIVE_IDS = "SELECT id FROM ticket WHERE id > $1 AND state NOT IN ('closed', 'merged', 'cancelled') ORDER BY id LIMIT $2";
    DUE_MOVES = "SELECT id FROM ticket WHERE moves_at <= $1 ORDER BY moves_at, id LIMIT $2";
    NEXT_MOVE = "SELECT MIN(moves_at) FROM ticket WHERE moves_at IS NOT NULL";
    OPEN_OF_CUSTOMERS = "SELECT number, state FROM ticket
        WHERE customer_id = $1 AND state NOT IN ('solved', 'closed', 'merged', 'cancelled') ORDER BY created_at DESC, id DESC LIMIT $2";
    OPEN_CALLBACK = "SELECT t.id FROM ticket t LEFT JOIN call c ON c.id = t.call_id
        WHERE t.type = 'callback' AND t.state NOT IN ('solved', 'closed', 'merged', 'cancelled') AND t.queue = $1
            AND (t.customer_id = $2 OR c.customer_number = $3) ORDER BY t.id LIMIT 1";
    DUE = "SELECT ticket_id, metric, cycle, due_at FROM sla_timer WHERE due_at < $1 ORDER BY due_at, ticket_id LIMIT $2";
    NEXT_DUE = "SELECT MIN(due_at) FROM sla_timer";
    DROP_TIMER = "DELETE FROM sla_timer WHERE ticket_id = $1 AND metric = $2 AND cycle = $3";
    INSERT_ENTRY = "INSERT INTO ticket_entry (id, ticket_id, at, author, kind, body, is_public)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LATEST_ENTRIES = "SELECT id, at, author, kind, body, is_public FROM ticket_entry WHERE ticket_id = $1 AND at < $2
        ORDER BY at DESC, id DESC LIMIT $3";
    LINK_CALL = "INSERT INTO interaction (id, customer_id, channel, direction, at, agent, call_id, queue, reason, disposition,
            notes, duration_ms, outcome, ticket_id)
        SELECT c.id, c.customer_id, c.channel, c.direction, c.started_at, c.agent, c.id, c.queue, c.reason, c.disposition,
            COALESCE((SELECT n.notes FROM call_notes n WHERE n.call_id = c.id), ''), c.talk_ms + c.hold_ms, c.outcome, $2
        FROM call c WHERE c.id = $1
        ON CONFLICT (id) DO UPDATE SET ticket_id = excluded.ticket_id";
    OF_CALL = "SELECT t.id FROM ticket t WHERE t.call_id = $1
            OR t.id = (SELECT i.ticket_id FROM interaction i WHERE i.call_id = $1)
        ORDER BY t.number LIMIT $2";
    OF_CALL_CALLED = "SELECT id FROM ticket WHERE call_id = $1 AND subject = $2 ORDER BY number LIMIT 1";
    CALL_FACTS = "SELECT customer_id, queue, reason, disposition, started_at, connected_at, customer_number FROM call WHERE id = $1";
    POLICIES = "SELECT data, version FROM sla_policy ORDER BY position, id";
    INSERT_POLICY = "INSERT INTO sla_policy (id, version, position, data, updated_at) VALUES ($1, 1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING";
    UPDATE_POLICY = "UPDATE sla_policy SET version = version + 1, position = $3, data = $4, updated_at = $5
        WHERE id = $1 AND version = $2";
    POLICY_VERSION = "SELECT version FROM sla_policy WHERE id = $1";
    DELETE_POLICY = "DELETE FROM sla_policy WHERE id = $1";
    COUNT_LIVE = "SELECT CAST(COUNT(*) AS BIGINT), MIN(due_at) FROM sla_timer";
}

/// A ticket with what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// Name of the customer as it is now.
    pub customer_name: Option<String>,
    /// Who opened it, as the event stream writes actors.
    pub created_by: String,
}

/// What a list is narrowed by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TicketFilter {
    /// Whose work.
    pub owner: Option<UserId>,
    /// Nobody's work.
    pub is_unowned: bool,
    /// Where.
    pub queue: Option<QueueId>,
    /// Whose matter.
    pub customer: Option<CustomerId>,
    /// In which state.
    pub state: Option<TicketState>,
    /// Only those that are not over.
    pub is_open: bool,
    /// Which type.
    pub kind: Option<crate::domain::ticket::TicketType>,
    /// Part of subject, customer or number.
    pub text: Option<String>,
}

/// Where a page of the list begins: behind this line. Lists are in the order of the next deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketPosition {
    /// Next deadline of the last line, or the value that stands for none.
    pub due_at: i64,
    /// Its id.
    pub id: String,
}

/// Stands for "no deadline" in the order of a list.
pub const NO_DEADLINE: i64 = 9_000_000_000_000_000;

/// Something that was said or done on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: InteractionId,
    /// When.
    pub at: Timestamp,
    /// Who, as the event stream writes actors.
    pub author: String,
    /// `comment`, `move`, …
    pub kind: String,
    /// Plain text.
    pub body: String,
    /// Whether the customer was told.
    pub is_public: bool,
}

/// A deadline that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    /// Whose.
    pub ticket: TicketId,
    /// Which clock.
    pub metric: Metric,
    /// Which cycle.
    pub cycle: i64,
    /// When it was due.
    pub due_at: Timestamp,
}

/// What a ticket born of a call takes from it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallFacts {
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The reason chosen in the flow.
    pub reason: Option<String>,
    /// What it was about.
    pub disposition: Option<DispositionId>,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether an agent talked with the customer.
    pub was_answered: bool,
    /// The customer's number, E.164.
    pub number: Option<String>,
}

#[derive(FromRow)]
struct TicketRow {
    id: String,
    number: i64,
    version: i64,
    kind: String,
    subject: String,
    description: String,
    state: String,
    priority: String,
    customer_id: Option<String>,
    owner: Option<String>,
    queue: Option<String>,
    created_at: i64,
    updated_at: i64,
    solved_at: Option<i64>,
    status: Option<String>,
    moves_at: Option<i64>,
    fields: Json<Fields>,
    customer_name: Option<String>,
    created_by: String,
}

/// What has no column of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fields {
    #[serde(default)]
    segment: Option<String>,
    #[serde(default)]
    disposition: Option<DispositionId>,
    #[serde(default)]
    is_internal: bool,
    #[serde(default)]
    clocks: Vec<Clock>,
    /// Absent in tickets of before it was kept.
    #[serde(default)]
    contacts: Option<Contacts>,
    /// Absent in tickets of before it was kept.
    #[serde(default)]
    state_since: Option<Timestamp>,
    /// Values of the workflow's fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    custom: BTreeMap<FieldKey, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    follows: Option<TicketId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    touched: BTreeMap<String, i64>,
}

impl TicketRow {
    fn read(self) -> Result<StoredTicket, StoreFault> {
        let Json(fields) = self.fields;
        let state: TicketState = from_word("ticket.state", self.state)?;
        let status = parse_some("ticket.status", self.status)?.unwrap_or_else(|| state.into());
        Ok(StoredTicket {
            ticket: Ticket {
                id: parse("ticket.id", &self.id)?,
                number: self.number,
                version: self.version,
                kind: from_word("ticket.type", self.kind)?,
                subject: self.subject,
                description: self.description,
                state,
                status,
                state_since: fields.state_since.unwrap_or_else(|| Timestamp::from_millis(self.updated_at)),
                moves_at: self.moves_at.map(Timestamp::from_millis),
                priority: from_word("ticket.priority", self.priority)?,
                customer: parse_some("ticket.customer_id", self.customer_id)?,
                segment: fields.segment,
                owner: parse_some("ticket.owner", self.owner)?,
                queue: parse_some("ticket.queue", self.queue)?,
                disposition: fields.disposition,
                is_internal: fields.is_internal,
                created_at: Timestamp::from_millis(self.created_at),
                updated_at: Timestamp::from_millis(self.updated_at),
                solved_at: self.solved_at.map(Timestamp::from_millis),
                contacts: fields.contacts.unwrap_or_else(|| Contacts::told_by(&fields.clocks)),
                clocks: fields.clocks,
                fields: fields.custom,
                follows: fields.follows,
                touched: fields.touched,
            },
            customer_name: self.customer_name,
            created_by: self.created_by,
        })
    }
}

fn fields_of(ticket: &Ticket) -> Val {
    Val::json(&Fields {
        segment: ticket.segment.clone(),
        disposition: ticket.disposition.clone(),
        is_internal: ticket.is_internal,
        clocks: ticket.clocks.clone(),
        contacts: Some(ticket.contacts),
        state_since: Some(ticket.state_since),
        custom: ticket.fields.clone(),
        follows: ticket.follows,
        touched: ticket.touched.clone(),
    })
}

/// Where a ticket stands in lists: at the earliest deadline that somebody still owes. One that was missed counts until it is
/// met: nothing is more urgent.
fn next_due(ticket: &Ticket) -> Option<Timestamp> {
    let is_owed = |clock: &&Clock| matches!(clock.state, ClockState::Running | ClockState::BreachedOpen);
    ticket.clocks.iter().filter(is_owed).filter_map(|clock| clock.due_at.or(clock.breached_at)).min()
}

/// Stores a new ticket with its timers.
pub async fn insert(tx: &mut Tx, ticket: &Ticket, call: Option<CallId>, created_by: &str) -> Result<(), StoreFault> {
    let values = binds![
        ticket.id,
        ticket.number,
        1_i64,
        Val::word(&ticket.kind),
        &ticket.subject,
        &ticket.description,
        Val::word(&ticket.state),
        Val::word(&ticket.priority),
        ticket.customer,
        Val::text(ticket.owner.as_ref()),
        Val::text(ticket.queue.as_ref()),
        call,
        created_by,
        ticket.created_at,
        ticket.updated_at,
        ticket.solved_at,
        next_due(ticket),
        fields_of(ticket),
        identity::search_text(&ticket.subject),
        Val::text(Some(&ticket.status)),
        ticket.moves_at,
    ];
    tx.execute(&INSERT, values).await?;
    save_timers(tx, ticket).await
}

/// Saves a ticket that was loaded at its version. `false` when somebody else saved it meanwhile.
pub async fn update(tx: &mut Tx, ticket: &Ticket) -> Result<bool, StoreFault> {
    let values = binds![
        ticket.id,
        ticket.version,
        Val::word(&ticket.kind),
        &ticket.subject,
        &ticket.description,
        Val::word(&ticket.state),
        Val::word(&ticket.priority),
        ticket.customer,
        Val::text(ticket.owner.as_ref()),
        Val::text(ticket.queue.as_ref()),
        ticket.updated_at,
        ticket.solved_at,
        next_due(ticket),
        fields_of(ticket),
        identity::search_text(&ticket.subject),
        Val::text(Some(&ticket.status)),
        ticket.moves_at,
    ];
    if tx.execute(&UPDATE, values).await? == 0 {
        return Ok(false);
    }
    save_timers(tx, ticket).await?;
    Ok(true)
}

async fn save_timers(tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreFault> {
    tx.execute(&CLEAR_TIMERS, binds![ticket.id]).await?;
    for timer in ticket.timers() {
        tx.execute(&INSERT_TIMER, binds![ticket.id, Val::word(&timer.metric), timer.cycle, timer.due_at]).await?;
    }
    Ok(())
}

/// A ticket inside a write.
pub async fn load(tx: &mut Tx, id: TicketId) -> Result<Option<StoredTicket>, StoreFault> {
    tx.fetch_optional::<TicketRow>(&FIND, binds![id]).await?.map(TicketRow::read).transpose()
}

/// A ticket.
pub async fn find(db: &Db, id: TicketId) -> Result<Option<StoredTicket>, StoreFault> {
    db.fetch_optional::<TicketRow>(&FIND, binds![id]).await?.map(TicketRow::read).transpose()
}

/// A ticket by what people say.
pub async fn find_by_number(db: &Db, number: i64) -> Result<Option<StoredTicket>, StoreFault> {
    db.fetch_optional::<TicketRow>(&FIND_BY_NUMBER, binds![number]).await?.map(TicketRow::read).transpose()
}

/// A page of tickets, next deadline first.
pub async fn list(
    db: &Db,
    filter: &TicketFilter,
    after: Option<&TicketPosition>,
    limit: i64,
) -> Result<Vec<StoredTicket>, StoreFault> {
    let (due_at, id) = after.map_or((i64::MIN, ""), |position| (position.due_at, position.id.as_str()));
    // Words are letters and digits: nothing in them means anything to LIKE. What has none is found nowhere.
    let text = filter.text.as_deref().map(identity::search_text);
    let text = text.map(|words| if words.is_empty() { "\u{1}".into() } else { format!("%{words}%") });
    let values = binds![
        due_at,
        id,
        Val::text(filter.owner.as_ref()),
        Val::text(filter.queue.as_ref()),
        filter.customer,
        filter.state.as_ref().map_or(Val::Text(None), Val::word),
        i64::from(filter.is_open),
        text,
        filter.kind.as_ref().map_or(Val::Text(None), Val::word),
        i64::from(filter.is_unowned),
        limit.clamp(1, PAGE_MAX + 1),
    ];
    db.fetch_all::<TicketRow>(&LIST, values).await?.into_iter().map(TicketRow::read).collect()
}

/// Where the page after this line begins.
pub fn position_of(ticket: &Ticket) -> TicketPosition {
    TicketPosition { due_at: next_due(ticket).map_or(NO_DEADLINE, Timestamp::as_millis), id: ticket.id.to_string() }
}

/// Ids of tickets that are not over, solved ones among them, behind `after` (empty for the first).
pub async fn live_ids(db: &Db, after: &str, limit: i64) -> Result<Vec<TicketId>, StoreFault> {
    let rows: Vec<(String,)> = db.fetch_all(&LIVE_IDS, binds![after, limit]).await?;
    rows.iter().map(|(id,)| parse("ticket.id", id)).collect()
}

/// Numbers and states of a customer's open tickets, newest first.
pub async fn open_of_customer(db: &Db, customer: CustomerId, limit: i64) -> Result<Vec<(i64, TicketState)>, StoreFault> {
    let rows: Vec<(i64, String)> = db.fetch_all(&OPEN_OF_CUSTOMERS, binds![customer, limit]).await?;
    rows.into_iter().map(|(number, state)| Ok((number, from_word("ticket.state", state)?))).collect()
}

/// The callback that a queue already owes to a customer or a number.
pub async fn open_callback(
    tx: &mut Tx,
    queue: &QueueId,
    customer: Option<CustomerId>,
    number: Option<&str>,
) -> Result<Option<TicketId>, StoreFault> {
    let number = number.map(str::to_owned);
    let row: Option<(String,)> = tx.fetch_optional(&OPEN_CALLBACK, binds![Val::text(Some(queue)), customer, number]).await?;
    row.map(|(id,)| parse("ticket.id", &id)).transpose()
}

/// Deadlines before `now`, oldest first.
pub async fn due(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<DueTimer>, StoreFault> {
    let rows: Vec<(String, String, i64, i64)> = db.fetch_all(&DUE, binds![now, limit]).await?;
    rows.into_iter()
        .map(|(ticket, metric, cycle, due_at)| {
            Ok(DueTimer {
                ticket: parse("sla_timer.ticket_id", &ticket)?,
                metric: from_word("sla_timer.metric", metric)?,
                cycle,
                due_at: Timestamp::from_millis(due_at),
            })
        })
        .collect()
}

/// The earliest deadline of all, or end of a state.
pub async fn next_deadline(db: &Db) -> Result<Option<Timestamp>, StoreFault> {
    let clock: Option<(Option<i64>,)> = db.fetch_optional(&NEXT_DUE, binds![]).await?;
    let state: Option<(Option<i64>,)> = db.fetch_optional(&NEXT_MOVE, binds![]).await?;
    let all = [clock, state].into_iter().flatten().filter_map(|(due,)| due);
    Ok(all.min().map(Timestamp::from_millis))
}

/// Tickets whose state has ended by itself at `now`, the longest ago first.
pub async fn due_moves(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<TicketId>, StoreFault> {
    let rows: Vec<(String,)> = db.fetch_all(&DUE_MOVES, binds![now, limit]).await?;
    rows.iter().map(|(id,)| parse("ticket.id", id)).collect()
}

/// How many deadlines are watched, and the earliest.
pub async fn timers_watched(db: &Db) -> Result<(i64, Option<Timestamp>), StoreFault> {
    let row: Option<(i64, Option<i64>)> = db.fetch_optional(&COUNT_LIVE, binds![]).await?;
    Ok(row.map_or((0, None), |(count, due)| (count, due.map(Timestamp::from_millis))))
}

/// Forgets a deadline whose ticket no longer has it.
pub async fn drop_timer(tx: &mut Tx, timer: &DueTimer) -> Result<(), StoreFault> {
    tx.execute(&DROP_TIMER, binds![timer.ticket, Val::word(&timer.metric), timer.cycle]).await?;
    Ok(())
}

/// Adds what was said.
pub async fn add_entry(tx: &mut Tx, ticket: TicketId, entry: &Entry) -> Result<(), StoreFault> {
    let values = binds![entry.id, ticket, entry.at, &entry.author, &entry.kind, &entry.body, entry.is_public];
    tx.execute(&INSERT_ENTRY, values).await?;
    Ok(())
}

/// What was last said on a ticket before an instant, newest first.
pub async fn latest_entries(db: &Db, ticket: TicketId, before: Timestamp, limit: i64) -> Result<Vec<Entry>, StoreFault> {
    let rows: Vec<(String, i64, String, String, String, bool)> =
        db.fetch_all(&LATEST_ENTRIES, binds![ticket, before, limit]).await?;
    rows.into_iter()
        .map(|(id, at, author, kind, body, is_public)| {
            let id = parse("ticket_entry.id", &id)?;
            Ok(Entry { id, at: Timestamp::from_millis(at), author, kind, body, is_public })
        })
        .collect()
}

/// The tickets that a call led to or was put on, oldest first.
pub async fn of_call(db: &Db, call: CallId) -> Result<Vec<TicketId>, StoreFault> {
    let rows: Vec<(String,)> = db.fetch_all(&OF_CALL, binds![call, OF_CALL_MAX]).await?;
    rows.into_iter().map(|(id,)| parse("ticket.id", &id)).collect()
}

/// Puts a call's contact on a ticket; the contact of a call that still runs stands on the timeline from then on.
pub async fn link_call(tx: &mut Tx, call: CallId, ticket: TicketId) -> Result<(), StoreFault> {
    tx.execute(&LINK_CALL, binds![call, ticket]).await?;
    Ok(())
}

/// A ticket that was born of a call, by what it is called.
pub async fn of_call_called(tx: &mut Tx, call: CallId, subject: &str) -> Result<Option<TicketId>, StoreFault> {
    let row: Option<(String,)> = tx.fetch_optional(&OF_CALL_CALLED, binds![call, subject]).await?;
    row.map(|(id,)| parse("ticket.id", &id)).transpose()
}

#[derive(FromRow)]
struct CallFactsRow {
    customer_id: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
    disposition: Option<String>,
    started_at: i64,
    connected_at: Option<i64>,
    customer_number: Option<String>,
}

/// What a ticket takes from a call; `None` for a call that is not stored.
pub async fn call_facts(tx: &mut Tx, call: CallId) -> Result<Option<CallFacts>, StoreFault> {
    let Some(row) = tx.fetch_optional::<CallFactsRow>(&CALL_FACTS, binds![call]).await? else { return Ok(None) };
    Ok(Some(CallFacts {
        customer: parse_some("call.customer_id", row.customer_id)?,
        queue: parse_some("call.queue", row.queue)?,
        reason: row.reason,
        disposition: parse_some("call.disposition", row.disposition)?,
        started_at: Timestamp::from_millis(row.started_at),
        was_answered: row.connected_at.is_some(),
        number: row.customer_number,
    }))
}

/// All policies, in order.
pub async fn policies(db: &Db) -> Result<Vec<SlaPolicy>, StoreFault> {
    let rows: Vec<(Json<SlaPolicy>, i64)> = db.fetch_all(&POLICIES, binds![]).await?;
    Ok(rows.into_iter().map(|(Json(policy), version)| SlaPolicy { version, ..policy }).collect())
}

/// The same within a write.
pub async fn policies_in(tx: &mut Tx) -> Result<Vec<SlaPolicy>, StoreFault> {
    let rows: Vec<(Json<SlaPolicy>, i64)> = tx.fetch_all(&POLICIES, binds![]).await?;
    Ok(rows.into_iter().map(|(Json(policy), version)| SlaPolicy { version, ..policy }).collect())
}

/// A new policy; `false` when the key is taken.
pub async fn insert_policy(tx: &mut Tx, policy: &SlaPolicy, at: Timestamp) -> Result<bool, StoreFault> {
    let values = binds![Val::text(Some(&policy.id)), policy.position, Val::json(policy), at];
    Ok(tx.execute(&INSERT_POLICY, values).await? == 1)
}

/// Saves a policy over the version that it names; `false` when that is not the version that is there.
pub async fn update_policy(tx: &mut Tx, policy: &SlaPolicy, at: Timestamp) -> Result<bool, StoreFault> {
    let values = binds![Val::text(Some(&policy.id)), policy.version, policy.position, Val::json(policy), at];
    Ok(tx.execute(&UPDATE_POLICY, values).await? == 1)
}

/// The version of a policy, if it is there.
pub async fn policy_version(tx: &mut Tx, id: &SlaPolicyId) -> Result<Option<i64>, StoreFault> {
    Ok(tx.fetch_optional::<(i64,)>(&POLICY_VERSION, binds![Val::text(Some(id))]).await?.map(|row| row.0))
}

/// Removes a policy. `false` when there is none.
pub async fn delete_policy(tx: &mut Tx, id: &SlaPolicyId) -> Result<bool, StoreFault> {
    Ok(tx.execute(&DELETE_POLICY, binds![Val::text(Some(id))]).await? > 0)
}
