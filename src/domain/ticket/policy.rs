//! SLA policies: which targets hold for which tickets. An ordered list, first match; all of a policy's conditions must hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Metric, Priority, TicketState, TicketType};
use crate::types::{CalendarId, QueueId, SlaPolicyId};

/// One policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlaPolicy {
    /// Key.
    pub id: SlaPolicyId,
    /// Grows with every change; a clock remembers the version that set it.
    #[serde(default)]
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// Place in the list; the lowest that matches wins.
    pub position: i64,
    /// Queues it holds for; empty for any.
    #[serde(default)]
    pub queues: Vec<QueueId>,
    /// Types it holds for; empty for any.
    #[serde(default)]
    pub types: Vec<TicketType>,
    /// Customer segments it holds for; empty for any.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Calendar in which its time counts.
    pub calendar: CalendarId,
    /// Targets per priority; a priority that is missing has none.
    pub targets: BTreeMap<Priority, SlaTargets>,
    /// States in which the resolution clock waits.
    #[serde(default = "default_pauses")]
    pub resolution_pauses_in: Vec<TicketState>,
    /// States in which the first-response clock waits.
    #[serde(default)]
    pub first_response_pauses_in: Vec<TicketState>,
    /// States in which the next-response clock waits.
    #[serde(default)]
    pub next_response_pauses_in: Vec<TicketState>,
    /// States in which the update clock waits.
    #[serde(default = "default_pauses")]
    pub update_pauses_in: Vec<TicketState>,
    /// What another target, by a change of priority or policy, does to a clock that runs.
    #[serde(default)]
    pub on_change: OnChange,
}

/// What another target does to a clock that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// The new budget counts from the original start; what was used and paused stays.
    #[default]
    Carry,
    /// The new budget counts from the change.
    Restart,
    /// The old budget stays.
    KeepOld,
}

/// Budgets in seconds of open time; `None` for no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct SlaTargets {
    /// First response.
    pub first_response_secs: Option<i64>,
    /// Answer to the oldest unanswered message after the first response.
    #[serde(default)]
    pub next_response_secs: Option<i64>,
    /// Our next word to the customer after the last one.
    #[serde(default)]
    pub update_secs: Option<i64>,
    /// Resolution.
    pub resolution_secs: Option<i64>,
}

fn default_pauses() -> Vec<TicketState> {
    vec![TicketState::WaitingCustomer]
}

/// What a policy looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The ticket's queue.
    pub queue: Option<&'a QueueId>,
    /// Its type.
    pub kind: TicketType,
    /// Its customer's segment.
    pub segment: Option<&'a str>,
}

impl SlaPolicy {
    /// Whether every condition holds.
    pub fn matches(&self, subject: Subject<'_>) -> bool {
        let holds_for = |is_any: bool, is_listed: bool| is_any || is_listed;
        holds_for(self.queues.is_empty(), subject.queue.is_some_and(|queue| self.queues.contains(queue)))
            && holds_for(self.types.is_empty(), self.types.contains(&subject.kind))
            && holds_for(
                self.segments.is_empty(),
                subject.segment.is_some_and(|s| self.segments.iter().any(|known| known == s)),
            )
    }

    /// Metrics whose clocks wait in this state.
    pub fn waiting(&self, state: TicketState) -> Vec<Metric> {
        let lists = [
            (Metric::FirstResponse, &self.first_response_pauses_in),
            (Metric::NextResponse, &self.next_response_pauses_in),
            (Metric::Update, &self.update_pauses_in),
            (Metric::Resolution, &self.resolution_pauses_in),
        ];
        lists.into_iter().filter(|(_, states)| states.contains(&state)).map(|(metric, _)| metric).collect()
    }
}

impl SlaTargets {
    /// Budget of a metric in seconds of open time.
    pub fn of(&self, metric: Metric) -> Option<i64> {
        match metric {
            Metric::FirstResponse => self.first_response_secs,
            Metric::NextResponse => self.next_response_secs,
            Metric::Update => self.update_secs,
            Metric::Resolution => self.resolution_secs,
        }
    }
}

/// The first policy in order that matches; ties of position by key.
pub fn choose<'a>(policies: &'a BTreeMap<SlaPolicyId, SlaPolicy>, subject: Subject<'_>) -> Option<&'a SlaPolicy> {
    policies.values().filter(|policy| policy.matches(subject)).min_by_key(|policy| policy.position)
}
