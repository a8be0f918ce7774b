//! Watches the figures of the floor by the rules of the directory: once a second it reads them, and what `domain/alert` decides is
//! stored. Alerts that stood before a restart stand on until their figure is well again.

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::{alerts::Alerts, desk::Desk, switch_handle::SwitchHandle};
use crate::{
    domain::{
        agent::Presence,
        alert::{AlertEnd, CallCounts, Change, Reading, Watch},
        centre::FloorSnapshot,
        directory::{AlertMetric, AlertRule, Directory},
        report::{QueueCounts, day_border},
    },
    store::StoreFault,
    types::{AlertRuleId, Clock, Now, QueueId, Timestamp},
};

/// Figures are looked at this often.
const LOOK_MS: u64 = 1_000;
/// Calls are counted anew this often, where a rule asks for counts.
const COUNTS_EVERY_MS: u64 = 5_000;
/// The span of "recent" figures.
const RECENT_MS: i64 = 30 * 60 * 1_000;
/// After a fault of the database.
const RETRY_MS: u64 = 2_000;
/// While there is nothing to watch.
const IDLE_MS: u64 = 60 * 60 * 1_000;

/// Runs until `stopping` turns true.
pub async fn run(
    alerts: Alerts,
    switch: SwitchHandle,
    desk: Desk,
    mut directory: watch::Receiver<Arc<Directory>>,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut watches = None;
    while !*stopping.borrow() {
        let current = directory.borrow_and_update().clone();
        let wait_ms = match look(&mut watches, &alerts, &switch, &desk, &current, clock.now()).await {
            Ok(Some(Idle)) => IDLE_MS,
            Ok(None) => LOOK_MS,
            Err(fault) => {
                tracing::warn!(%fault, "alerts wait for the database");
                RETRY_MS
            }
        };
        let wake_at = clock.now().mono + wait_ms;
        tokio::select! {
            () = clock.sleep_until(wake_at) => {}
            changed = directory.changed(), if wait_ms == IDLE_MS => if changed.is_err() { return },
            _ = stopping.changed() => {}
        }
    }
}

/// There is nothing to watch.
struct Idle;

/// Everything under watch.
#[derive(Default)]
struct Watches {
    by_place: BTreeMap<(AlertRuleId, Option<QueueId>), (AlertMetric, Watch)>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    read_at_ms: Option<u64>,
    today: BTreeMap<QueueId, QueueCounts>,
    recent: BTreeMap<QueueId, QueueCounts>,
}

async fn look(
    watches: &mut Option<Watches>,
    alerts: &Alerts,
    switch: &SwitchHandle,
    desk: &Desk,
    directory: &Directory,
    now: Now,
) -> Result<Option<Idle>, StoreFault> {
    let watches = match watches {
        Some(watches) => watches,
        None => watches.insert(as_they_stood(alerts).await?),
    };
    let rules: Vec<&AlertRule> = directory.alert_rules.values().filter(|rule| rule.is_active).collect();
    if rules.is_empty() && watches.by_place.is_empty() {
        return Ok(Some(Idle));
    }
    let places: BTreeMap<_, _> = rules.iter().flat_map(|rule| places(rule)).collect();
    leave_out(watches, alerts, &places).await?;
    // A switch that has stopped says nothing, and soon this loop stops as well.
    let Some(floor) = switch.snapshot().await else { return Ok(None) };
    if rules.iter().any(|rule| counts_calls(rule.metric)) {
        watches.counts.follow(desk, directory, now).await?;
    }
    for ((id, queue), rule) in places {
        let reading = read(&floor, &watches.counts, directory, queue.as_ref(), now.wall);
        let value = reading.value(rule.metric);
        let key = (id, queue);
        let before = watches.by_place.get(&key).map_or(Watch::Quiet, |(_, watch)| *watch);
        let (after, change) = before.look(rule, value, now.mono, || alerts.new_id());
        match change {
            Some(Change::Raise { alert, value }) => alerts.raise(alert, rule, key.1.clone(), value).await?,
            Some(Change::Clear { alert, value }) => alerts.clear(alert, value, AlertEnd::Back).await?,
            None => {}
        }
        watches.by_place.insert(key, (rule.metric, after));
    }
    Ok(None)
}

/// What stood when an earlier process ended.
async fn as_they_stood(alerts: &Alerts) -> Result<Watches, StoreFault> {
    let standing = alerts.standing().await?;
    let by_place =
        standing.into_iter().map(|alert| ((alert.rule, alert.queue), (alert.metric, Watch::Raised { alert: alert.id })));
    Ok(Watches { by_place: by_place.collect(), counts: Counts::default() })
}

/// What a rule watches, each for itself.
fn places(rule: &AlertRule) -> Vec<((AlertRuleId, Option<QueueId>), &AlertRule)> {
    if rule.queues.is_empty() {
        return vec![((rule.id.clone(), None), rule)];
    }
    rule.queues.iter().map(|queue| ((rule.id.clone(), Some(queue.clone())), rule)).collect()
}

/// Clears what no rule watches any longer, or another figure than before.
async fn leave_out(
    watches: &mut Watches,
    alerts: &Alerts,
    places: &BTreeMap<(AlertRuleId, Option<QueueId>), &AlertRule>,
) -> Result<(), StoreFault> {
    let is_watched =
        |key: &(AlertRuleId, Option<QueueId>), metric: AlertMetric| places.get(key).is_some_and(|rule| rule.metric == metric);
    let gone: Vec<_> =
        watches.by_place.iter().filter(|(key, (metric, _))| !is_watched(key, *metric)).map(|(key, _)| key.clone()).collect();
    for key in gone {
        if let Some(alert) = watches.by_place.get(&key).and_then(|(_, watch)| watch.alert()) {
            alerts.clear(alert, None, AlertEnd::RuleChanged).await?;
        }
        watches.by_place.remove(&key);
    }
    Ok(())
}

const fn counts_calls(metric: AlertMetric) -> bool {
    match metric {
        AlertMetric::ServiceLevelToday
        | AlertMetric::ServiceLevelRecent
        | AlertMetric::AbandonRateToday
        | AlertMetric::AbandonRateRecent => true,
        AlertMetric::Waiting
        | AlertMetric::LongestWait
        | AlertMetric::AgentsReady
        | AlertMetric::AgentsSignedIn
        | AlertMetric::LongestWrapUp
        | AlertMetric::TrunksDown => false,
    }
}

impl Counts {
    async fn follow(&mut self, desk: &Desk, directory: &Directory, now: Now) -> Result<(), StoreFault> {
        let ms = now.mono.as_millis();
        if self.read_at_ms.is_some_and(|at| ms.saturating_sub(at) < COUNTS_EVERY_MS) {
            return Ok(());
        }
        let zone = TimeZone::get(&directory.centre.time_zone).unwrap_or(TimeZone::UTC);
        let day = day_border(now.wall, &zone, false).unwrap_or(now.wall);
        let end = now.wall.plus_millis(1);
        self.today = desk.counts(day, end).await?.into_iter().collect();
        self.recent = desk.counts(now.wall.plus_millis(-RECENT_MS), end).await?.into_iter().collect();
        self.read_at_ms = Some(ms);
        Ok(())
    }

    /// Of one queue or of all; `None` before they were counted.
    fn of(
        &self,
        counts: &BTreeMap<QueueId, QueueCounts>,
        directory: &Directory,
        queue: Option<&QueueId>,
    ) -> Option<CallCounts> {
        self.read_at_ms?;
        let of_these = counts.iter().filter(|(id, _)| queue.is_none_or(|queue| queue == *id));
        Some(of_these.fold(CallCounts::default(), |sum, (id, counts)| {
            let variant = directory.queues.get(id).map(|queue| queue.service_level_variant).unwrap_or_default();
            sum.and(CallCounts::of_queue(counts.offered, &counts.into(), variant))
        }))
    }
}

/// The figures of one queue, or of all together.
fn read(floor: &FloorSnapshot, counts: &Counts, directory: &Directory, queue: Option<&QueueId>, now: Timestamp) -> Reading {
    let queues = floor.queues.iter().filter(|view| queue.is_none_or(|queue| *queue == view.id));
    let (mut waiting, mut longest_wait_ms) = (0, 0);
    for view in queues {
        waiting += view.waiting;
        longest_wait_ms = longest_wait_ms.max(view.longest_since.map_or(0, |since| now.millis_since(since)));
    }
    // Somebody who serves several queues is one agent.
    let agents = || floor.agents.iter().filter(|agent| queue.is_none_or(|queue| agent.queues.contains(queue)));
    let wrap_up = |presence: &Presence| matches!(presence, Presence::WrappingUp { .. });
    let wrap_ups = agents().filter(|agent| wrap_up(&agent.presence)).map(|agent| now.millis_since(agent.since));
    let is_signed_in = |presence: &Presence| *presence != Presence::Offline;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    Reading {
        waiting,
        longest_wait_ms,
        agents_ready: count(agents().filter(|agent| agent.presence == Presence::Ready).count()),
        agents_signed_in: count(agents().filter(|agent| is_signed_in(&agent.presence)).count()),
        longest_wrap_up_ms: wrap_ups.max().unwrap_or(0),
        trunks_down: count(floor.trunks.iter().filter(|trunk| !trunk.is_usable()).count()),
        today: counts.of(&counts.today, directory, queue),
        recent: counts.of(&counts.recent, directory, queue),
    }
}
