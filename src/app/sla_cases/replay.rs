//! The operation `metrics`: a ticket's events told again to the clocks that tickets run on, and what they say after the last one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Solved, Unsolved, case::Case, case::millis, facts::Standing, missing};
use crate::{
    domain::{
        calendar::Calendar,
        ticket::{Clock, Clocks, Contacts, Metric, OnChange, REOPEN_GRACE_DAYS, SlaTargets, Terms},
    },
    types::{CalendarId, SlaPolicyId, Timestamp},
};

/// States that end a matter; names of any desk, written `like_this`.
const SOLVED_STATES: [&str; 8] =
    ["solved", "resolved", "closed", "done", "completed", "fixed", "closed_successful", "closed_unsuccessful"];
/// States in which there is no matter any more.
const OVER_STATES: [&str; 8] = ["merged", "cancelled", "canceled", "rejected", "deleted", "removed", "spam", "trash"];

/// Calendars of the file by name, or written out.
type FindCalendar<'a> = dyn Fn(&Value) -> Result<Calendar, Unsolved> + 'a;

/// A policy as a case writes it: `<metric>_s` and `<metric>_pause_states`.
#[derive(Debug, Clone, Default, Deserialize)]
struct PolicyText {
    first_response_s: Option<f64>,
    next_response_s: Option<f64>,
    update_s: Option<f64>,
    resolution_s: Option<f64>,
    first_response_pause_states: Option<Vec<String>>,
    next_response_pause_states: Option<Vec<String>>,
    update_pause_states: Option<Vec<String>>,
    resolution_pause_states: Option<Vec<String>>,
    /// For every metric that has no list of its own.
    #[serde(default)]
    pause_states: Vec<String>,
    /// Other targets by priority.
    #[serde(default)]
    targets: BTreeMap<String, TargetsText>,
    #[serde(default, alias = "mode")]
    on_change: OnChange,
    reopen_grace_days: Option<i64>,
    /// A calendar of its own.
    calendar: Option<Value>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct TargetsText {
    first_response_s: Option<f64>,
    next_response_s: Option<f64>,
    update_s: Option<f64>,
    resolution_s: Option<f64>,
}

/// An event as a case writes it. Which of the fields are there depends on its type.
#[derive(Debug, Clone, Deserialize)]
struct EventText {
    at: Timestamp,
    #[serde(rename = "type")]
    kind: String,
    by: Option<String>,
    owner: Option<Value>,
    /// Absent, or null when nobody asked.
    #[serde(default, deserialize_with = "present")]
    requester: Option<Value>,
    to: Option<Value>,
    from: Option<Value>,
    priority: Option<String>,
    status: Option<String>,
    /// Whether the customer can read it.
    public: Option<bool>,
    /// Written by a machine.
    #[serde(default)]
    auto: bool,
    /// Whether a person answered the call.
    answered: Option<bool>,
    /// For how long they talked.
    connected_s: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    policy: Option<Value>,
    calendar: Option<Value>,
    #[serde(alias = "mode")]
    on_change: Option<OnChange>,
}

/// Tells a null from an absent field.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A ticket while its events are told again.
struct Replay {
    clocks: Vec<Clock>,
    contacts: Contacts,
    opened_at: Timestamp,
    solved_at: Option<Timestamp>,
    state: String,
    priority: Option<String>,
    policy: Option<PolicyText>,
    /// Grows with every change, as a saved policy's does.
    policy_version: i64,
    policy_id: SlaPolicyId,
    calendar: CalendarId,
    calendars: BTreeMap<CalendarId, Calendar>,
    is_over: bool,
}

pub(super) fn metrics(case: &Case, find: &FindCalendar<'_>, unknown: &mut Vec<String>) -> Solved {
    let policy: PolicyText = read(case.policy.as_ref().ok_or_else(|| missing("policy"))?, "policy")?;
    let mut events = Vec::with_capacity(case.events.len());
    for (index, event) in case.events.iter().enumerate() {
        events.push(read::<EventText>(event, &format!("events[{index}]"))?);
    }
    // What was written down late happened when it happened.
    events.sort_by_key(|event| event.at);
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Err(missing("events")) };
    let (opened_at, ends_at) = (first.at, case.input.at.unwrap_or(last.at).max(last.at));

    let calendar = match (&policy.calendar, &case.calendar) {
        (Some(named), _) | (None, Some(named)) => find(named)?,
        (None, None) => return Err(missing("calendar")),
    };
    let mut replay = Replay::new(policy, calendar, opened_at)?;
    for event in &events {
        if !replay.hear(event, find)? {
            unknown.push(event.kind.clone());
        }
    }
    replay.on_clocks(ends_at, |clocks| clocks.catch_up());
    let standing = Standing { clocks: &replay.clocks, calendars: &replay.calendars, at: ends_at };
    Ok(match &case.expect {
        Some(expect) => standing.tell(expect.keys().map(String::as_str)),
        None => standing.tell_all(),
    })
}

impl Replay {
    fn new(policy: PolicyText, calendar: Calendar, opened_at: Timestamp) -> Result<Self, Unsolved> {
        let key = |text: &str| Unsolved::Unreadable(format!("{text} is no key"));
        let calendar_id: CalendarId = "case".parse().map_err(|_| key("case"))?;
        Ok(Self {
            clocks: Vec::new(),
            contacts: Contacts::default(),
            opened_at,
            solved_at: None,
            state: "new".into(),
            priority: None,
            policy: Some(policy),
            policy_version: 1,
            policy_id: "case".parse().map_err(|_| key("case"))?,
            calendars: BTreeMap::from([(calendar_id.clone(), calendar)]),
            calendar: calendar_id,
            is_over: false,
        })
    }

    /// Tells the clocks of one event. `false` for one that they do not know, which changes nothing.
    fn hear(&mut self, event: &EventText, find: &FindCalendar<'_>) -> Result<bool, Unsolved> {
        self.on_clocks(event.at, |clocks| clocks.catch_up());
        if self.is_over {
            return Ok(true);
        }
        let is_customer = event.by.as_deref().is_none_or(is_customer);
        let is_public = event.public.unwrap_or(true) && !event.auto && !event.by.as_deref().is_some_and(is_machine);
        // `priority`, `priority_change` and `priority_changed` are one.
        let kind = event.kind.as_str();
        let kind = kind.strip_suffix("_changed").or_else(|| kind.strip_suffix("_change")).unwrap_or(kind);
        match kind {
            "created" | "opened" => self.open(event, is_customer),
            "agent_reply" | "agent_message" | "agent_response" | "agent_update" | "public_reply" => {
                self.our_word(event.at, is_public);
            }
            "customer_message" | "customer_reply" | "customer_note" | "customer_contact" => self.their_word(event.at),
            "message" | "reply" | "comment" | "note" if is_customer && event.by.is_some() => self.their_word(event.at),
            "message" | "reply" | "comment" => self.our_word(event.at, is_public),
            "call" => self.call(event, is_customer),
            "status" | "state" => {
                let to = event.to.as_ref().and_then(Value::as_str).or(event.status.as_deref());
                let to = to.ok_or_else(|| missing("events: `to`"))?;
                self.go(event.at, to);
            }
            "resolved" | "solved" | "closed" => self.go(event.at, kind),
            "reopened" | "reopen" => self.go(event.at, "open"),
            "merged" | "merge" if event.from.is_none() => self.go(event.at, "merged"),
            "deleted" | "cancelled" => self.go(event.at, kind),
            "priority" => {
                let to = event.to.as_ref().and_then(Value::as_str).or(event.priority.as_deref());
                self.priority = to.map(str::to_owned).or_else(|| self.priority.take());
                self.retarget(event, find)?;
            }
            "policy" | "sla" | "calendar" => self.retarget(event, find)?,
            "policy_removed" | "policy_deleted" | "policy_disabled" => {
                self.policy = None;
                self.on_clocks(event.at, |clocks| clocks.reviewed());
            }
            // Words among ourselves and by machines, another owner, the hand of the clock: nothing that a clock hears.
            "note" | "internal_note" | "agent_note" | "private_note" | "private_reply" | "auto_reply" | "bot_reply"
            | "assigned" | "owner" | "merge" | "merged" | "linked" | "tick" | "now" | "check" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn open(&mut self, event: &EventText, is_customer: bool) {
        self.opened_at = event.at;
        self.priority = event.priority.clone().or_else(|| self.priority.take());
        if let Some(state) = &event.status {
            self.state = word(state);
        }
        // A requester who owns the ticket is staff, and a ticket without one has nobody who waits.
        let is_own = event.owner.as_ref().is_some_and(|owner| !owner.is_null() && event.requester.as_ref() == Some(owner));
        let has_nobody = event.requester.as_ref().is_some_and(Value::is_null);
        let waits = is_customer && !is_own && !has_nobody;
        let was_answered = event.answered.unwrap_or(false);
        self.on_clocks(event.at, |clocks| {
            clocks.opened(waits.then_some(event.at));
            if waits && was_answered {
                // A live call is contact and response at once.
                clocks.answered();
            }
        });
    }

    fn our_word(&mut self, at: Timestamp, is_public: bool) {
        if is_public {
            self.on_clocks(at, |clocks| clocks.answered());
        }
    }

    /// A customer who writes on a solved ticket opens it again.
    fn their_word(&mut self, at: Timestamp) {
        if self.solved_at.is_some() {
            self.go(at, "open");
        }
        self.on_clocks(at, |clocks| clocks.customer_wrote());
    }

    fn call(&mut self, event: &EventText, is_customer: bool) {
        let was_answered = event.answered.unwrap_or_else(|| event.connected_s.is_some_and(|secs| secs > 0.0));
        if is_customer {
            self.their_word(event.at);
        }
        self.our_word(event.at, was_answered);
    }

    fn go(&mut self, at: Timestamp, to: &str) {
        self.state = word(to);
        let (is_solved, was_solved) = (SOLVED_STATES.contains(&self.state.as_str()), self.solved_at.is_some());
        if OVER_STATES.contains(&self.state.as_str()) {
            self.is_over = true;
            self.on_clocks(at, |clocks| clocks.over());
            return;
        }
        self.on_clocks(at, |clocks| match (was_solved, is_solved) {
            (false, true) => clocks.solved(),
            (true, false) => clocks.reopened(),
            (true, true) => {}
            (false, false) => clocks.state_changed(),
        });
    }

    /// Other targets hold: of another policy, written with the event, or of the same at another priority.
    fn retarget(&mut self, event: &EventText, find: &FindCalendar<'_>) -> Result<(), Unsolved> {
        let written = event.policy.as_ref().or(event.to.as_ref().filter(|to| to.is_object()));
        match written {
            Some(Value::Null) => self.policy = None,
            Some(text) => self.policy = Some(read(text, "policy")?),
            None => {}
        }
        if let (Some(policy), Some(on_change)) = (&mut self.policy, event.on_change) {
            policy.on_change = on_change;
        }
        let of_policy = self.policy.as_ref().filter(|_| written.is_some()).and_then(|policy| policy.calendar.as_ref());
        let is_calendar = event.kind.starts_with("calendar");
        if let Some(named) = event.calendar.as_ref().or(of_policy).or(event.to.as_ref().filter(|_| is_calendar)) {
            let calendar = find(named)?;
            let id = format!("case-{}", self.policy_version).parse();
            self.calendar = id.map_err(|_| Unsolved::Unreadable("calendar: no key".into()))?;
            self.calendars.insert(self.calendar.clone(), calendar);
        }
        self.policy_version += 1;
        self.on_clocks(event.at, |clocks| clocks.reviewed());
        Ok(())
    }

    fn on_clocks(&mut self, now: Timestamp, step: impl FnOnce(&mut Clocks<'_>)) {
        let terms = self.policy.as_ref().map(|policy| Terms {
            policy: &self.policy_id,
            policy_version: self.policy_version,
            calendar: &self.calendar,
            targets: policy.targets_at(self.priority.as_deref()),
            waiting: policy.waiting(&self.state),
            on_change: policy.on_change,
            reopen_grace_days: policy.reopen_grace_days.unwrap_or(REOPEN_GRACE_DAYS),
        });
        step(&mut Clocks {
            list: &mut self.clocks,
            contacts: &mut self.contacts,
            opened_at: self.opened_at,
            solved_at: &mut self.solved_at,
            calendars: &self.calendars,
            terms,
            now,
            news: Vec::new(),
        });
    }
}

impl PolicyText {
    fn targets_at(&self, priority: Option<&str>) -> SlaTargets {
        let special = priority.and_then(|priority| self.targets.get(priority)).copied().unwrap_or_default();
        let secs = |special: Option<f64>, general: Option<f64>| special.or(general).map(|secs| millis(secs) / 1000);
        SlaTargets {
            first_response_secs: secs(special.first_response_s, self.first_response_s),
            next_response_secs: secs(special.next_response_s, self.next_response_s),
            update_secs: secs(special.update_s, self.update_s),
            resolution_secs: secs(special.resolution_s, self.resolution_s),
        }
    }

    fn waiting(&self, state: &str) -> Vec<Metric> {
        let lists = [
            (Metric::FirstResponse, &self.first_response_pause_states),
            (Metric::NextResponse, &self.next_response_pause_states),
            (Metric::Update, &self.update_pause_states),
            (Metric::Resolution, &self.resolution_pause_states),
        ];
        let waits =
            |own: &Option<Vec<String>>| own.as_ref().unwrap_or(&self.pause_states).iter().any(|name| word(name) == state);
        lists.into_iter().filter(|(_, own)| waits(own)).map(|(metric, _)| metric).collect()
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &Value, place: &str) -> Result<T, Unsolved> {
    serde_path_to_error::deserialize(text).map_err(|error| Unsolved::Unreadable(format!("{place}: {error}")))
}

/// A state's name as it is compared: `On-Hold` and `on hold` are one.
fn word(state: &str) -> String {
    state.trim().to_lowercase().replace([' ', '-'], "_")
}

fn is_customer(by: &str) -> bool {
    matches!(by, "customer" | "requester" | "end_user" | "contact")
}

fn is_machine(by: &str) -> bool {
    matches!(by, "system" | "bot" | "automation" | "auto")
}

/// Everything that a case may ask for is a fact with a name.
pub(super) type Facts = Map<String, Value>;
