//! Sends the messages about alerts to outside systems. Rows are the truth, so a restart loses none; one that is not taken is tried again
//! later and later, and given up after the last time, which is an event.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::alerts::{Alerts, Delivery};
use crate::{
    domain::{alert::DeliveryFault, directory::Webhook},
    net::{WebhookFault, WebhookMessage, WebhookPoster},
    store::StoreFault,
    types::Clock,
};

/// Messages sent at a time.
const AT_ONCE_MAX: i64 = 8;
/// Waits between tries, in seconds: eight tries within about nine hours.
const RETRY_AFTER_SECS: [i64; 7] = [5, 30, 120, 600, 1_800, 7_200, 21_600];
/// Looks at the rows at least this often.
const LOOK_MS_MAX: u64 = 60_000;
/// Looks again no sooner than this.
const LOOK_MS_MIN: u64 = 50;
/// After a fault of the database.
const RETRY_MS: u64 = 2_000;
/// Messages that are over are listed for so long.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Those older are forgotten this often.
const FORGET_EVERY_MS: u64 = 60 * 60 * 1_000;

/// Runs until `stopping` turns true.
pub async fn run(alerts: Alerts, poster: WebhookPoster, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    let mut forgotten_at_ms = None;
    while !*stopping.borrow() {
        let ms = clock.now().mono.as_millis();
        if forgotten_at_ms.is_none_or(|at| ms.saturating_sub(at) >= FORGET_EVERY_MS) {
            forgotten_at_ms = Some(ms);
            if let Err(fault) = alerts.forget_deliveries(clock.now().wall.plus_millis(-KEPT_MS)).await {
                tracing::warn!(%fault, "old messages of webhooks cannot be forgotten");
            }
        }
        let sent = tokio::select! {
            sent = send_due(&alerts, &poster, clock.as_ref()) => sent,
            // What was being sent is sent again by the next process: the other side tells it by its id.
            _ = stopping.changed() => return,
        };
        let wait_ms = sent.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "messages to webhooks wait for the database");
            RETRY_MS
        });
        let wake_at = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake_at) => {}
            () = alerts.posted() => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Sends what is due; milliseconds until the next.
async fn send_due(alerts: &Alerts, poster: &WebhookPoster, clock: &dyn Clock) -> Result<u64, StoreFault> {
    let due = alerts.due(AT_ONCE_MAX).await?;
    let mut sending = Vec::new();
    for delivery in &due {
        sending.push(send(alerts, poster, clock, delivery));
    }
    for tried in join_all(sending).await {
        tried?;
    }
    Ok(alerts.next_due().await?.map_or(LOOK_MS_MAX, |due| {
        let until = due.millis_since(clock.now().wall).max(0);
        u64::try_from(until).unwrap_or(0).clamp(LOOK_MS_MIN, LOOK_MS_MAX)
    }))
}

async fn send(alerts: &Alerts, poster: &WebhookPoster, clock: &dyn Clock, delivery: &Delivery) -> Result<(), StoreFault> {
    let directory = alerts.directory();
    let webhook = directory.webhooks.get(&delivery.webhook).filter(|webhook| webhook.is_active);
    let Some(webhook) = webhook else {
        return alerts.tried(delivery, Some(DeliveryFault::SwitchedOff), None).await;
    };
    let fault = post(poster, webhook, delivery, clock).await.err().map(|fault| match fault {
        WebhookFault::NotAllowed => DeliveryFault::NotAllowed,
        WebhookFault::Unreachable => DeliveryFault::Unreachable,
        WebhookFault::TooSlow => DeliveryFault::TooSlow,
        WebhookFault::Refused(status) => DeliveryFault::Refused { status },
    });
    let now = clock.now().wall;
    let wait_secs = usize::try_from(delivery.attempts).ok().and_then(|tried| RETRY_AFTER_SECS.get(tried));
    let next = fault.and(wait_secs).map(|secs| now.plus_millis(secs * 1_000));
    if let Some(fault) = fault {
        let (webhook, attempts) = (&delivery.webhook, delivery.attempts + 1);
        tracing::warn!(%webhook, ?fault, attempts, is_given_up = next.is_none(), "a webhook did not take a message");
    }
    alerts.tried(delivery, fault, next).await
}

async fn post(poster: &WebhookPoster, webhook: &Webhook, delivery: &Delivery, clock: &dyn Clock) -> Result<(), WebhookFault> {
    let id = delivery.id.to_string();
    let message = WebhookMessage {
        url: &webhook.url,
        takes_private: webhook.is_private_allowed,
        id: &id,
        body: &delivery.body,
        secret: webhook.secret.as_ref().map(|secret| secret.0.as_str()),
        at: clock.now().wall,
    };
    poster.post(message).await
}
