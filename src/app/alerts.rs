//! Alerts as they last: raised, acknowledged, cleared, each with its event and the messages for outside systems in one transaction. When
//! one is raised is decided in `domain/alert`, by the figures that `alert_loop.rs` gathers.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::{Notify, watch};
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    paging::Part,
};
use crate::{
    domain::{
        alert::{Alert, AlertEnd, AlertEvent, AlertEventKind, DeliveryFault},
        directory::{AlertRule, Directory},
        event::{Actor as By, Event},
    },
    store::{Db, Lane, NewEvent, StoreFault, Tx, alerts as rows},
    types::{AlertId, Clock, DeliveryId, QueueId, Rng, Timestamp, WebhookId},
};

pub use crate::store::alerts::Delivery;

/// Alerts that may stand at once: one for each queue of each rule is fewer in any centre that can be set up.
const STANDING_MAX: i64 = 10_000;
/// Messages of a webhook that are listed.
const DELIVERIES_MAX: i64 = 100;

/// Why an alert was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AlertFault {
    /// There is none.
    #[error("there is no such alert")]
    NotFound,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A message for an outside system, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryLine {
    /// The `webhook-id` of the message.
    pub id: DeliveryId,
    /// About which alert.
    pub alert: AlertId,
    /// What it says: `alert.raised`, `alert.acknowledged`, `alert.cleared`.
    pub kind: String,
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

/// What an outside system is told (Standard Webhooks 1.0, "Webhook payload").
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    data: MessageData<'a>,
}

#[derive(Serialize)]
struct MessageData<'a> {
    centre: &'a str,
    queue_name: Option<&'a str>,
    #[serde(flatten)]
    alert: &'a Alert,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Alerts(Arc<Shared>);

struct Shared {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Mutex<Rng>,
    directory: watch::Receiver<Arc<Directory>>,
    /// A message has been written.
    posted: Notify,
}

impl Alerts {
    /// Over this database.
    pub fn new(db: Db, clock: Arc<dyn Clock>, rng: Rng, directory: watch::Receiver<Arc<Directory>>) -> Self {
        Self(Arc::new(Shared { db, clock, rng: Mutex::new(rng), directory, posted: Notify::new() }))
    }

    /// Alerts that stand, the newest first.
    pub async fn open(&self, actor: &Actor) -> Result<Vec<Alert>, AlertFault> {
        actor.require(Permission::Supervise)?;
        Ok(self.standing().await?)
    }

    /// All of them, the newest first, behind the place `after`.
    pub async fn list(&self, actor: &Actor, after: Option<AlertId>, limit: i64) -> Result<Part<Alert, AlertId>, AlertFault> {
        actor.require(Permission::Supervise)?;
        Ok(Part::cut(rows::latest(&self.0.db, after, limit + 1).await?, limit, |alert| alert.id))
    }

    /// Somebody has seen it and looks after it. The first one counts; on one that is over nothing changes.
    pub async fn acknowledge(&self, actor: &Actor, id: AlertId) -> Result<Alert, AlertFault> {
        actor.require(Permission::Supervise)?;
        let (user, by, now) = (actor.user.clone(), actor.in_events(), self.0.clock.now().wall);
        let (directory, deliveries) = (self.directory(), self.delivery_ids(now));
        let alert = self
            .0
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let is_news = rows::acknowledge(tx, id, &user, now).await?;
                    let alert = rows::find_in(tx, id).await?.ok_or(AlertFault::NotFound)?;
                    if is_news {
                        tell(tx, &directory, &alert, AlertEventKind::Acknowledged, by, now, deliveries).await?;
                    }
                    Ok::<_, AlertFault>(alert)
                })
            })
            .await?;
        self.0.posted.notify_one();
        Ok(alert)
    }

    /// The last messages for an outside system, the newest first.
    pub async fn deliveries(&self, actor: &Actor, webhook: &WebhookId) -> Result<Vec<DeliveryLine>, AlertFault> {
        actor.require(Permission::Administer)?;
        let deliveries = rows::of_webhook(&self.0.db, webhook, DELIVERIES_MAX).await?;
        Ok(deliveries.into_iter().map(DeliveryLine::from).collect())
    }

    /// Alerts that stand, for the loop that goes on watching them after a restart.
    pub(super) async fn standing(&self) -> Result<Vec<Alert>, StoreFault> {
        rows::open(&self.0.db, STANDING_MAX).await
    }

    /// An id for an alert that may be raised now.
    pub(super) fn new_id(&self) -> AlertId {
        let now = self.0.clock.now().wall;
        AlertId::mint(now, &mut self.0.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Raises an alert.
    pub(super) async fn raise(
        &self,
        id: AlertId,
        rule: &AlertRule,
        queue: Option<QueueId>,
        value: i64,
    ) -> Result<(), StoreFault> {
        let now = self.0.clock.now().wall;
        let alert = Alert {
            id,
            rule: rule.id.clone(),
            name: rule.name.clone(),
            metric: rule.metric,
            queue,
            value,
            threshold: rule.raise_at,
            raised_at: now,
            acknowledged_at: None,
            acknowledged_by: None,
            cleared_at: None,
            cleared_value: None,
        };
        let (directory, deliveries) = (self.directory(), self.delivery_ids(now));
        self.0
            .db
            .write(Lane::Background, move |tx| {
                Box::pin(async move {
                    rows::insert(tx, &alert).await?;
                    let kind = AlertEventKind::Raised { metric: alert.metric, value, threshold: alert.threshold };
                    tell(tx, &directory, &alert, kind, By::System, now, deliveries).await
                })
            })
            .await?;
        self.0.posted.notify_one();
        Ok(())
    }

    /// Clears an alert; one that is over stays so.
    pub(super) async fn clear(&self, id: AlertId, value: Option<i64>, why: AlertEnd) -> Result<(), StoreFault> {
        let now = self.0.clock.now().wall;
        let (directory, deliveries) = (self.directory(), self.delivery_ids(now));
        self.0
            .db
            .write(Lane::Background, move |tx| {
                Box::pin(async move {
                    if !rows::clear(tx, id, value, now).await? {
                        return Ok(());
                    }
                    let Some(alert) = rows::find_in(tx, id).await? else { return Ok(()) };
                    let kind = AlertEventKind::Cleared { value, raised_ms: now.millis_since(alert.raised_at), why };
                    tell(tx, &directory, &alert, kind, By::System, now, deliveries).await
                })
            })
            .await?;
        self.0.posted.notify_one();
        Ok(())
    }

    /// Messages whose time has come, at most `limit`.
    pub(super) async fn due(&self, limit: i64) -> Result<Vec<Delivery>, StoreFault> {
        rows::due(&self.0.db, self.0.clock.now().wall, limit).await
    }

    /// When the next message is due.
    pub(super) async fn next_due(&self) -> Result<Option<Timestamp>, StoreFault> {
        rows::next_due(&self.0.db).await
    }

    /// What became of one try; `next` is when it is tried again.
    pub(super) async fn tried(
        &self,
        delivery: &Delivery,
        fault: Option<DeliveryFault>,
        next: Option<Timestamp>,
    ) -> Result<(), StoreFault> {
        let (now, id, alert) = (self.0.clock.now().wall, delivery.id, delivery.alert);
        let (webhook, attempts) = (delivery.webhook.clone(), delivery.attempts + 1);
        self.0
            .db
            .write(Lane::Background, move |tx| {
                Box::pin(async move {
                    rows::tried(tx, id, next, fault.is_none().then_some(now), fault).await?;
                    let (Some(fault), None) = (fault, next) else { return Ok(()) };
                    let Some(alert) = rows::find_in(tx, alert).await? else { return Ok(()) };
                    let kind = AlertEventKind::NotDelivered { webhook, attempts, fault };
                    let event = AlertEvent { alert: alert.id, rule: alert.rule, queue: alert.queue, kind };
                    tx.emit(NewEvent::new(now, By::System, Event::Alert(event))).await.map(|_| ())
                })
            })
            .await
    }

    /// Forgets messages that are over and were written before this time.
    pub(super) async fn forget_deliveries(&self, before: Timestamp) -> Result<(), StoreFault> {
        self.0.db.write(Lane::Background, move |tx| Box::pin(async move { rows::forget(tx, before).await })).await
    }

    /// Ends when a message has been written.
    pub(super) async fn posted(&self) {
        self.0.posted.notified().await;
    }

    /// The directory as it is.
    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.0.directory.borrow())
    }

    /// Ids for as many messages as there are webhooks.
    fn delivery_ids(&self, now: Timestamp) -> Vec<DeliveryId> {
        let mut rng = self.0.rng.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.directory.borrow().webhooks.keys().map(|_| DeliveryId::mint(now, &mut rng)).collect()
    }
}

/// The event, and a message for each outside system that the alert's rule names.
async fn tell(
    tx: &mut Tx,
    directory: &Directory,
    alert: &Alert,
    kind: AlertEventKind,
    by: By,
    now: Timestamp,
    ids: Vec<DeliveryId>,
) -> Result<(), StoreFault> {
    let event = AlertEvent { alert: alert.id, rule: alert.rule.clone(), queue: alert.queue.clone(), kind };
    let word = event.kind();
    tx.emit(NewEvent::new(now, by, Event::Alert(event))).await?;
    let queue = alert.queue.as_ref().and_then(|queue| directory.queues.get(queue));
    let data = MessageData { centre: &directory.centre.name, queue_name: queue.map(|queue| queue.name.as_str()), alert };
    let message = Message { kind: word, timestamp: now, data };
    let body = serde_json::to_string(&message).map_err(|error| StoreFault::Database(error.to_string()))?;
    let named = directory.alert_rules.get(&alert.rule).map_or(&[][..], |rule| &rule.webhooks);
    let active = named.iter().filter(|webhook| directory.webhooks.get(webhook).is_some_and(|webhook| webhook.is_active));
    for (webhook, id) in active.zip(ids) {
        rows::insert_delivery(tx, id, webhook, alert.id, word, &body, now).await?;
    }
    Ok(())
}

impl From<Delivery> for DeliveryLine {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            alert: delivery.alert,
            kind: delivery.kind,
            made_at: delivery.made_at,
            attempts: delivery.attempts,
            due_at: delivery.due_at,
            delivered_at: delivery.delivered_at,
            fault: delivery.fault,
        }
    }
}
