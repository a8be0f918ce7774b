//! What makes a rule for alerts wrong, or an outside system that is told of them.

use std::collections::BTreeSet;

use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{ALERT_QUEUES_MAX, ALERT_RULES_MAX, AlertRule, Directory, Thing, WEBHOOKS_MAX, Webhook},
    net::WebhookAddress,
};

/// Longest time that a figure may have to stay bad, or good.
const LASTS_SECS_MAX: i64 = 3_600;

pub(super) fn rule(rule: &AlertRule, directory: &Directory, problems: &mut Problems) {
    let metric = rule.metric;
    problems.unless(directory.alert_rules.len() <= ALERT_RULES_MAX, "id", too_many(ALERT_RULES_MAX));
    problems.name("name", &rule.name);
    problems.within("raise_at", rule.raise_at, 0, metric.most());
    problems.within("clear_at", rule.clear_at, 0, metric.most());
    if metric.is_low_bad() {
        problems.unless(rule.clear_at > rule.raise_at, "clear_at", Flaw::ClearNotAbove);
    } else {
        problems.unless(rule.clear_at < rule.raise_at, "clear_at", Flaw::ClearNotBelow);
    }
    problems.within("raise_after_secs", rule.raise_after_secs, 0, LASTS_SECS_MAX);
    problems.within("clear_after_secs", rule.clear_after_secs, 0, LASTS_SECS_MAX);
    problems.unless(metric.is_of_queues() || rule.queues.is_empty(), "queues", Flaw::OfCentreOnly);
    problems.unless(rule.queues.len() <= ALERT_QUEUES_MAX, "queues", too_many(ALERT_QUEUES_MAX));
    problems.unless(rule.webhooks.len() <= WEBHOOKS_MAX, "webhooks", too_many(WEBHOOKS_MAX));
    let mut seen = BTreeSet::new();
    for (index, queue) in rule.queues.iter().enumerate() {
        let field = format!("queues[{index}]");
        problems.unless(directory.queues.contains_key(queue), &field, Flaw::unknown(Thing::Queue, queue));
        problems.unless(seen.insert(queue), &field, Flaw::Repeated);
    }
    let mut seen = BTreeSet::new();
    for (index, webhook) in rule.webhooks.iter().enumerate() {
        let field = format!("webhooks[{index}]");
        problems.unless(directory.webhooks.contains_key(webhook), &field, Flaw::unknown(Thing::Webhook, webhook));
        problems.unless(seen.insert(webhook), &field, Flaw::Repeated);
    }
}

pub(super) fn webhook(webhook: &Webhook, directory: &Directory, problems: &mut Problems) {
    problems.unless(directory.webhooks.len() <= WEBHOOKS_MAX, "id", too_many(WEBHOOKS_MAX));
    problems.name("name", &webhook.name);
    match WebhookAddress::parse(&webhook.url) {
        Some(address) => {
            let is_safe = address.is_tls() || webhook.is_private_allowed;
            problems.unless(is_safe, "url", Flaw::PlainWebhook);
        }
        None => problems.add("url", Flaw::NotAWebAddress),
    }
}

fn too_many(most: usize) -> Flaw {
    Flaw::TooMany { most: i64::try_from(most).unwrap_or(i64::MAX) }
}
