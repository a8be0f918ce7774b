//! Alerts as rows, and the messages about them for outside systems, with how often each was tried.

use sqlx::FromRow;

use super::{
    Db, StoreFault, Tx, Val, binds, sql,
    tx::{parse, parse_some},
};
use crate::{
    domain::{
        alert::{Alert, DeliveryFault},
        directory::AlertMetric,
    },
    types::{AlertId, AlertRuleId, DeliveryId, QueueId, Timestamp, UserId, WebhookId},
};

sql! {
    INSERT = "INSERT INTO alert (id, rule, name, metric, queue, value, threshold, raised_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ACKNOWLEDGE = "UPDATE alert SET acknowledged_at = $2, acknowledged_by = $3
        WHERE id = $1 AND acknowledged_at IS NULL AND cleared_at IS NULL";
    CLEAR = "UPDATE alert SET cleared_at = $2, cleared_value = $3 WHERE id = $1 AND cleared_at IS NULL";
    FIND = "SELECT id, rule, name, metric, queue, value, threshold, raised_at, acknowledged_at, acknowledged_by, cleared_at,
            cleared_value
        FROM alert WHERE id = $1";
    OPEN = "SELECT id, rule, name, metric, queue, value, threshold, raised_at, acknowledged_at, acknowledged_by, cleared_at,
            cleared_value
        FROM alert WHERE cleared_at IS NULL ORDER BY id DESC LIMIT $1";
    LATEST = "SELECT id, rule, name, metric, queue, value, threshold, raised_at, acknowledged_at, acknowledged_by, cleared_at,
            cleared_value
        FROM alert WHERE (CAST($1 AS TEXT) IS NULL OR id < $1) ORDER BY id DESC LIMIT $2";
    INSERT_DELIVERY = "INSERT INTO webhook_delivery (id, webhook, alert, kind, body, made_at, attempts, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $6)";
    DUE = "SELECT id, webhook, alert, kind, body, made_at, attempts, due_at, delivered_at, fault FROM webhook_delivery
        WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2";
    NEXT_DUE = "SELECT CAST(MIN(due_at) AS BIGINT) FROM webhook_delivery WHERE due_at IS NOT NULL";
    TRIED = "UPDATE webhook_delivery SET attempts = attempts + 1, due_at = $2, delivered_at = $3, fault = $4 WHERE id = $1";
    OF_WEBHOOK = "SELECT id, webhook, alert, kind, body, made_at, attempts, due_at, delivered_at, fault FROM webhook_delivery
        WHERE webhook = $1 ORDER BY id DESC LIMIT $2";
    FORGET = "DELETE FROM webhook_delivery WHERE due_at IS NULL AND made_at < $1";
}

/// A new alert.
pub async fn insert(tx: &mut Tx, alert: &Alert) -> Result<(), StoreFault> {
    let values = binds![
        alert.id,
        &alert.rule,
        &alert.name,
        Val::word(&alert.metric),
        Val::text(alert.queue.as_ref()),
        alert.value,
        alert.threshold,
        alert.raised_at,
    ];
    tx.execute(&INSERT, values).await.map(|_| ())
}

/// Somebody has seen it; `false` when somebody had before, or it is over.
pub async fn acknowledge(tx: &mut Tx, alert: AlertId, by: &UserId, at: Timestamp) -> Result<bool, StoreFault> {
    Ok(tx.execute(&ACKNOWLEDGE, binds![alert, at, by]).await? == 1)
}

/// It is over; `false` when it was before.
pub async fn clear(tx: &mut Tx, alert: AlertId, value: Option<i64>, at: Timestamp) -> Result<bool, StoreFault> {
    Ok(tx.execute(&CLEAR, binds![alert, at, value]).await? == 1)
}

/// One alert, within a write.
pub async fn find_in(tx: &mut Tx, alert: AlertId) -> Result<Option<Alert>, StoreFault> {
    tx.fetch_optional::<AlertRow>(&FIND, binds![alert]).await?.map(Alert::try_from).transpose()
}

/// Alerts that stand, the newest first.
pub async fn open(db: &Db, limit: i64) -> Result<Vec<Alert>, StoreFault> {
    db.fetch_all::<AlertRow>(&OPEN, binds![limit]).await?.into_iter().map(Alert::try_from).collect()
}

/// All alerts, the newest first, behind the place `after`.
pub async fn latest(db: &Db, after: Option<AlertId>, limit: i64) -> Result<Vec<Alert>, StoreFault> {
    let after = Val::text(after.as_ref());
    db.fetch_all::<AlertRow>(&LATEST, binds![after, limit]).await?.into_iter().map(Alert::try_from).collect()
}

#[derive(Debug, FromRow)]
struct AlertRow {
    id: String,
    rule: String,
    name: String,
    metric: String,
    queue: Option<String>,
    value: i64,
    threshold: i64,
    raised_at: i64,
    acknowledged_at: Option<i64>,
    acknowledged_by: Option<String>,
    cleared_at: Option<i64>,
    cleared_value: Option<i64>,
}

impl TryFrom<AlertRow> for Alert {
    type Error = StoreFault;

    fn try_from(row: AlertRow) -> Result<Self, StoreFault> {
        let metric = AlertMetric::ALL.into_iter().find(|metric| Val::word(metric) == Val::from(&row.metric));
        Ok(Self {
            id: parse::<AlertId>("alert.id", &row.id)?,
            rule: parse::<AlertRuleId>("alert.rule", &row.rule)?,
            name: row.name,
            metric: metric.ok_or_else(|| StoreFault::unreadable("alert.metric", &row.metric))?,
            queue: parse_some::<QueueId>("alert.queue", row.queue)?,
            value: row.value,
            threshold: row.threshold,
            raised_at: Timestamp::from_millis(row.raised_at),
            acknowledged_at: row.acknowledged_at.map(Timestamp::from_millis),
            acknowledged_by: parse_some::<UserId>("alert.acknowledged_by", row.acknowledged_by)?,
            cleared_at: row.cleared_at.map(Timestamp::from_millis),
            cleared_value: row.cleared_value,
        })
    }
}

/// A message for an outside system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which; the same however often it is tried.
    pub id: DeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// About which alert.
    pub alert: AlertId,
    /// What it says, such as `alert.raised`.
    pub kind: String,
    /// JSON.
    pub body: String,
    /// When it was written.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; `None` when it is over.
    pub due_at: Option<Timestamp>,
    /// When it was taken.
    pub delivered_at: Option<Timestamp>,
    /// What was wrong the last time.
    pub fault: Option<DeliveryFault>,
}

/// A message that is to be sent at once.
pub async fn insert_delivery(
    tx: &mut Tx,
    id: DeliveryId,
    webhook: &WebhookId,
    alert: AlertId,
    kind: &str,
    body: &str,
    at: Timestamp,
) -> Result<(), StoreFault> {
    tx.execute(&INSERT_DELIVERY, binds![id, webhook, alert, kind, body, at]).await.map(|_| ())
}

/// Messages whose time has come, the most overdue first.
pub async fn due(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<Delivery>, StoreFault> {
    db.fetch_all::<DeliveryRow>(&DUE, binds![now, limit]).await?.into_iter().map(Delivery::try_from).collect()
}

/// When the next message is due.
pub async fn next_due(db: &Db) -> Result<Option<Timestamp>, StoreFault> {
    let row = db.fetch_optional::<(Option<i64>,)>(&NEXT_DUE, binds![]).await?;
    Ok(row.and_then(|(at,)| at).map(Timestamp::from_millis))
}

/// One more try: when the next is, or that it was taken, or neither, which is the end.
pub async fn tried(
    tx: &mut Tx,
    id: DeliveryId,
    due_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    fault: Option<DeliveryFault>,
) -> Result<(), StoreFault> {
    let fault = fault.and_then(|fault| serde_json::to_string(&fault).ok());
    tx.execute(&TRIED, binds![id, due_at, delivered_at, fault]).await.map(|_| ())
}

/// The last messages for one system, the newest first.
pub async fn of_webhook(db: &Db, webhook: &WebhookId, limit: i64) -> Result<Vec<Delivery>, StoreFault> {
    db.fetch_all::<DeliveryRow>(&OF_WEBHOOK, binds![webhook, limit]).await?.into_iter().map(Delivery::try_from).collect()
}

/// Forgets messages that are over and were written before this time.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&FORGET, binds![before]).await.map(|_| ())
}

#[derive(Debug, FromRow)]
struct DeliveryRow {
    id: String,
    webhook: String,
    alert: String,
    kind: String,
    body: String,
    made_at: i64,
    attempts: i64,
    due_at: Option<i64>,
    delivered_at: Option<i64>,
    fault: Option<String>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreFault;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreFault> {
        let fault = row.fault.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            id: parse("webhook_delivery.id", &row.id)?,
            webhook: parse("webhook_delivery.webhook", &row.webhook)?,
            alert: parse("webhook_delivery.alert", &row.alert)?,
            kind: row.kind,
            body: row.body,
            made_at: Timestamp::from_millis(row.made_at),
            attempts: row.attempts,
            due_at: row.due_at.map(Timestamp::from_millis),
            delivered_at: row.delivered_at.map(Timestamp::from_millis),
            fault: fault.map_err(|error| StoreFault::unreadable("webhook_delivery.fault", error))?,
        })
    }
}
