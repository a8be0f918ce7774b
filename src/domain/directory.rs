//! What administrators and supervisors set up, as one immutable snapshot: numbers, lines, queues, skills, agents, trunks,
//! phones, calendars, dispositions. The store loads it, the switch receives each new one as a whole; a call in progress keeps
//! its own choices. Deliberately absent: users and passwords (`store/users`), secrets of trunks beyond the digest hash.

mod alert_rule;
mod answer_rules;
mod callback_rules;
mod department;
mod dialling_rules;
mod hold_limits;
mod media_fork;
mod monitoring_notice;
mod number;
mod outbound_route;
mod phone;
mod queue;
mod queue_routing;
mod recording_rules;
mod segment_rules;
mod service_level;
mod trunk_rules;
mod trunk_security;
mod trunk_tls;
mod waiting_rules;
mod webhook;
mod work_rules;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use alert_rule::{ALERT_QUEUES_MAX, ALERT_RULES_MAX, AlertMetric, AlertRule};
pub use answer_rules::AnswerRules;
pub use callback_rules::{CallbackMode, CallbackRules};
pub use department::{DEPARTMENT_LEVELS_MAX, DEPARTMENT_MEMBERS_MAX, Department};
pub use dialling_rules::DiallingRules;
pub use hold_limits::HoldLimits;
pub use media_fork::{FORKS_PER_CALL_MAX, ForkRule, ForkRules, ForkTarget, ForkToken, MediaFork};
pub use monitoring_notice::MonitoringNotice;
pub use number::{Answering, Number, NumberTarget, StillUnanswered, UNANSWERED_SECS};
pub use outbound_route::{OutboundRoute, RouteTrunk};
pub use phone::{DigestHashes, DigestSecret, EntrySecret, Phone};
pub use queue::{MissedBecomes, MissedRule, Queue, QueueExit, SkillNeed, WrapUp, WrapUpExtensions};
pub use queue_routing::{BetweenEquals, PreferLast, PreferOwner, QueueRouting, RoutingStep, Strategy};
pub use recording_rules::{RecordingBegins, RecordingPolicy, RecordingRules};
pub use segment_rules::SegmentRules;
pub use service_level::{LevelCounts, ServiceLevelVariant};
pub use trunk_rules::{CallerRules, HeaderRule, NumberRule, TRUNK_CODECS};
pub use trunk_security::{CallerAsserted, RedirectionsWritten, StirCheck, TrunkIdentity, TrunkStir};
pub use trunk_tls::TrunkTls;
pub use waiting_rules::{WaitingKey, WaitingMessage, WaitingRules};
pub use webhook::{WEBHOOKS_MAX, Webhook, WebhookSecret};
pub use work_rules::{WORK_ITEMS_EACH_MAX, WorkRules};

use crate::types::{
    AgentId, AlertRuleId, CalendarId, DepartmentId, DispositionId, MediaEncryption, MediaForkId, QueueId, RouteId, SkillId,
    TrunkId, WebhookId,
};

/// Languages of the console, and of every text that people write for it: names of dispositions, scripts, labels of flows.
pub const LANGUAGES: [&str; 2] = ["es", "en"];

/// Everything that routing needs, by key. Built once per change, shared by `Arc`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// Grows by one with every change; a snapshot with a higher version replaces one with a lower.
    pub version: u64,
    /// General facts of the centre.
    pub centre: Centre,
    /// Dialled numbers, as they arrive (`1001`, `+34911…`).
    pub numbers: BTreeMap<Arc<str>, Number>,
    /// Queues.
    pub queues: BTreeMap<QueueId, Queue>,
    /// Skills.
    pub skills: BTreeMap<SkillId, Skill>,
    /// Agents.
    pub agents: BTreeMap<AgentId, AgentProfile>,
    /// Trunks.
    pub trunks: BTreeMap<TrunkId, Trunk>,
    /// Routes for calls out.
    pub outbound_routes: BTreeMap<RouteId, OutboundRoute>,
    /// Outside systems that get calls' audio.
    pub media_forks: BTreeMap<MediaForkId, MediaFork>,
    /// When supervisors are alerted.
    pub alert_rules: BTreeMap<AlertRuleId, AlertRule>,
    /// Outside systems that are told of alerts.
    pub webhooks: BTreeMap<WebhookId, Webhook>,
    /// SIP phones by account name.
    pub phones: BTreeMap<Arc<str>, Phone>,
    /// Opening hours by key, in the form that `domain/calendar` checks and resolves.
    pub calendars: BTreeMap<CalendarId, CalendarSource>,
    /// The disposition tree, leaves and branches.
    pub dispositions: BTreeMap<DispositionId, Disposition>,
    /// The departments, as a tree.
    pub departments: BTreeMap<DepartmentId, Department>,
    /// Why an agent may pause.
    pub pause_reasons: Vec<PauseReason>,
}

/// A kind of thing in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// The centre itself.
    Centre,
    /// A dialled number.
    Number,
    /// A queue.
    Queue,
    /// A skill.
    Skill,
    /// An agent.
    Agent,
    /// A trunk.
    Trunk,
    /// A route for calls out.
    OutboundRoute,
    /// A SIP phone.
    Phone,
    /// Opening hours.
    Calendar,
    /// A disposition.
    Disposition,
    /// A pause reason.
    PauseReason,
    /// An SLA policy.
    SlaPolicy,
    /// An outside system that gets calls' audio.
    MediaFork,
    /// A rule by which supervisors are alerted.
    AlertRule,
    /// An outside system that is told of alerts.
    Webhook,
    /// A sentence of a supervisor for agents.
    Broadcast,
    /// A department.
    Department,
    /// The workflow of tickets.
    TicketWorkflow,
}

impl Thing {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Centre,
        Self::Number,
        Self::Queue,
        Self::Skill,
        Self::Agent,
        Self::Trunk,
        Self::OutboundRoute,
        Self::Phone,
        Self::Calendar,
        Self::Disposition,
        Self::PauseReason,
        Self::SlaPolicy,
        Self::MediaFork,
        Self::AlertRule,
        Self::Webhook,
        Self::Broadcast,
        Self::Department,
        Self::TicketWorkflow,
    ];

    /// As it is written in columns and events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Number => "number",
            Self::Queue => "queue",
            Self::Skill => "skill",
            Self::Agent => "agent",
            Self::Trunk => "trunk",
            Self::OutboundRoute => "outbound_route",
            Self::Phone => "phone",
            Self::Calendar => "calendar",
            Self::Disposition => "disposition",
            Self::PauseReason => "pause_reason",
            Self::SlaPolicy => "sla_policy",
            Self::MediaFork => "media_fork",
            Self::AlertRule => "alert_rule",
            Self::Webhook => "webhook",
            Self::Broadcast => "broadcast",
            Self::Department => "department",
            Self::TicketWorkflow => "ticket_workflow",
        }
    }
}

/// Something in the directory changed: for the audit. What it says now stands in the directory itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryEvent {
    /// What kind of thing.
    pub thing: Thing,
    /// Its key.
    pub key: String,
    /// What.
    #[serde(flatten)]
    pub kind: DirectoryEventKind,
}

/// What happened to a thing in the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DirectoryEventKind {
    /// New.
    Made,
    /// Saved again.
    Changed {
        /// The fields that differ, by name; a changed password shows as `password`.
        fields: Vec<String>,
    },
    /// Gone.
    Removed,
}

impl DirectoryEvent {
    /// `directory.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            DirectoryEventKind::Made => "directory.made",
            DirectoryEventKind::Changed { .. } => "directory.changed",
            DirectoryEventKind::Removed => "directory.removed",
        }
    }
}

/// General facts of the centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Centre {
    /// Shown on every page.
    pub name: String,
    /// Whether this is the sample centre, which every page says.
    pub is_sample: bool,
    /// Country calling code without `+`, put before national numbers.
    pub country_code: String,
    /// Language of callers of whom nothing is known: `es` or `en`.
    pub language: String,
    /// IANA zone in which days and reports are cut.
    pub time_zone: String,
    /// The number shown to called parties when a queue or agent has none of its own.
    pub caller_number: Option<String>,
    /// Whether the public web phone accepts calls.
    pub is_web_phone_on: bool,
    /// What agents may dial outside.
    #[serde(default)]
    pub dialling: DiallingRules,
    /// Which calls are recorded, and for how long recordings are kept.
    #[serde(default)]
    pub recording: RecordingRules,
    /// Which calls' audio goes to outside systems.
    #[serde(default)]
    pub forks: ForkRules,
    /// Whether it is found out who answers calls out.
    #[serde(default)]
    pub answer_detection: AnswerRules,
    /// Whether quiet and loud voices are brought to one level where they are mixed or transcoded anyway: conferences, supervision,
    /// legs of different codecs.
    #[serde(default = "is_usual")]
    pub is_level_control_on: bool,
    /// Whether agents are told that a supervisor listens, where their queue says nothing of its own.
    #[serde(default)]
    pub monitoring_notice: MonitoringNotice,
    /// How long a customer may be left on hold.
    #[serde(default)]
    pub hold: HoldLimits,
    /// How many work items an agent may have open at a time, beside calls, 0 to 20. Of calls it is always one.
    #[serde(default = "work_items_usual")]
    pub work_items_max: i64,
}

const fn is_usual() -> bool {
    true
}

const fn work_items_usual() -> i64 {
    1
}

impl Default for Centre {
    fn default() -> Self {
        Self {
            name: "Centralita".into(),
            is_sample: false,
            country_code: "34".into(),
            language: "es".into(),
            time_zone: "Europe/Madrid".into(),
            caller_number: None,
            is_web_phone_on: true,
            dialling: DiallingRules::default(),
            recording: RecordingRules::default(),
            forks: ForkRules::default(),
            answer_detection: AnswerRules::default(),
            is_level_control_on: is_usual(),
            monitoring_notice: MonitoringNotice::default(),
            hold: HoldLimits::default(),
            work_items_max: work_items_usual(),
        }
    }
}

/// A skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skill {
    /// Key.
    pub id: SkillId,
    /// What people call it.
    pub name: String,
}

/// An agent as routing sees one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentProfile {
    /// Key, the same as the user's.
    pub id: AgentId,
    /// Shown to colleagues.
    pub name: String,
    /// Skills and levels, 1 to 10.
    pub skills: BTreeMap<SkillId, i64>,
    /// What rings.
    pub device: Device,
    /// SIP phone account that belongs to this agent.
    pub phone: Option<String>,
    /// Whether the agent may sign in for calls.
    pub is_active: bool,
    /// How many work items the agent may have open at a time, beside calls, 0 to 20; `None` is as the centre says.
    #[serde(default)]
    pub work_items_max: Option<i64>,
}

/// What rings when an agent is offered a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The console's own softphone.
    Browser,
    /// The agent's registered SIP phone.
    Sip,
}

/// A trunk to a carrier or another exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunk {
    /// Key.
    pub id: TrunkId,
    /// What people call it.
    pub name: String,
    /// Calls from these addresses are this trunk's, without digest: `127.0.0.0/8`, `203.0.113.7`.
    pub sources: Vec<String>,
    /// Account name for calls that must prove themselves by digest, theirs to us and ours to them; the hash is kept by the store.
    pub username: Option<String>,
    /// Realm of the challenges with which they ask for our proof, as their 401 or 407 names it; `None` for inbound only.
    pub realm: Option<String>,
    /// Digest HA1 (RFC 8760) per algorithm; never leaves the server.
    #[serde(skip)]
    pub secret: Option<DigestSecret>,
    /// Where outbound calls go, `host:port`; `None` for inbound only.
    pub peer: Option<String>,
    /// `udp`, `tcp` or `tls` for outbound calls; `auto` leaves it to the peer's names (NAPTR and SRV records, RFC 3263).
    pub transport: String,
    /// Most calls at a time, both directions together.
    pub calls_max: i64,
    /// Whether calls are accepted and placed.
    pub is_active: bool,
    /// Whether the peer is asked now and then by OPTIONS if it is there; a trunk that is down is not dialled while another is up.
    #[serde(default)]
    pub is_pinged: bool,
    /// Whether we register with the peer as `username`, so that it sends its calls here.
    #[serde(default)]
    pub is_registering: bool,
    /// For how many seconds we ask the registrar to keep us, 60 to 86400; it may grant less.
    #[serde(default = "register_secs")]
    pub register_secs: i64,
    /// Their SIP domain, where it is not the peer's address: in the REGISTER's address, From and To.
    #[serde(default)]
    pub domain: Option<String>,
    /// Most calls that may begin out by it in a second, 1 to 1000; `None` for no limit.
    #[serde(default)]
    pub calls_per_sec: Option<i64>,
    /// What audio is offered and taken there of `pcmu`, `pcma` and `g722`, the best first; empty for what the exchange prefers.
    #[serde(default)]
    pub codecs: Vec<String>,
    /// How numbers that come by it are rewritten, to E.164 or a number of ours: the caller's and the one called.
    #[serde(default)]
    pub numbers_in: Vec<NumberRule>,
    /// How numbers that go out by it are rewritten, from E.164 to the carrier's form: the one called and the one shown.
    #[serde(default)]
    pub numbers_out: Vec<NumberRule>,
    /// The same of the number shown, where the carrier wants it written otherwise than the one called; empty: as `numbers_out`.
    #[serde(default)]
    pub numbers_shown: Vec<NumberRule>,
    /// What number is shown there.
    #[serde(default)]
    pub caller: CallerRules,
    /// Header lines of our INVITEs there.
    #[serde(default)]
    pub headers: Vec<HeaderRule>,
    /// Signed statements about callers (STIR/SHAKEN).
    #[serde(default)]
    pub stir: TrunkStir,
    /// Who callers are said to be, theirs and ours.
    #[serde(default)]
    pub identity: TrunkIdentity,
    /// Certificates over TLS.
    #[serde(default)]
    pub tls: TrunkTls,
    /// Whether audio is encrypted.
    #[serde(default)]
    pub media_encryption: MediaEncryption,
    /// Whether voices that come by it stay as loud as they are, because the carrier controls levels itself.
    #[serde(default)]
    pub keeps_levels: bool,
}

const fn register_secs() -> i64 {
    600
}

impl Trunk {
    /// A trunk as it is before anything of it is said: for nobody, and no more than 30 calls.
    pub fn new(id: TrunkId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            sources: Vec::new(),
            username: None,
            realm: None,
            secret: None,
            peer: None,
            transport: "udp".into(),
            calls_max: 30,
            is_active: true,
            is_pinged: false,
            is_registering: false,
            register_secs: register_secs(),
            domain: None,
            calls_per_sec: None,
            codecs: Vec::new(),
            numbers_in: Vec::new(),
            numbers_out: Vec::new(),
            numbers_shown: Vec::new(),
            caller: CallerRules::default(),
            headers: Vec::new(),
            stir: TrunkStir::default(),
            identity: TrunkIdentity::default(),
            tls: TrunkTls::default(),
            media_encryption: MediaEncryption::default(),
            keeps_levels: false,
        }
    }
}

/// Opening hours as an administrator writes them; `domain/calendar` checks and resolves them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarSource {
    /// Key.
    pub id: CalendarId,
    /// What people call it.
    pub name: String,
    /// IANA zone, for example `Europe/Madrid`.
    pub tz: String,
    /// Windows per weekday (`mon` to `sun`): pairs of open and close, `["09:00", "18:00"]`, `24:00` and `21:00–26:00` allowed.
    pub weekly: BTreeMap<String, Vec<(String, String)>>,
    /// Closed days: `2026-12-25` or `--12-25` for every year.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Windows that replace the weekly ones on one date; an empty list closes it.
    #[serde(default)]
    pub overrides: BTreeMap<String, Vec<(String, String)>>,
    /// Cut out of one date.
    #[serde(default)]
    pub breaks: BTreeMap<String, Vec<(String, String)>>,
}

/// A closed day with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holiday {
    /// `2026-12-25`, or `--12-25` for every year.
    pub date: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
}

/// A node of the disposition tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disposition {
    /// Key.
    pub id: DispositionId,
    /// Branch above, `None` at the top.
    pub parent: Option<DispositionId>,
    /// Name per language, `{"en": …, "es": …}`.
    pub names: BTreeMap<String, String>,
    /// Place among its siblings.
    pub position: i64,
    /// Whether it can still be chosen.
    pub is_active: bool,
}

/// Why an agent may pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PauseReason {
    /// Key, for example `lunch`.
    pub id: String,
    /// Name per language.
    pub names: BTreeMap<String, String>,
}

impl Directory {
    /// The number as dialled; with and without a leading `+`.
    pub fn number(&self, dialled: &str) -> Option<&Number> {
        self.numbers.get(dialled).or_else(|| self.numbers.get(dialled.strip_prefix('+')?))
    }

    /// The path of a disposition from the top, in a language, for example `Billing / Duplicate charge`.
    pub fn disposition_path(&self, leaf: &DispositionId, language: &str) -> Option<String> {
        let mut names = Vec::new();
        let mut next = Some(leaf);
        // The depth bound also ends a loop that a bad import might contain.
        while let (Some(id), true) = (next, names.len() < 8) {
            let node = self.dispositions.get(id)?;
            names.push(
                node.names.get(language).or_else(|| node.names.values().next()).cloned().unwrap_or_else(|| id.to_string()),
            );
            next = node.parent.as_ref();
        }
        names.reverse();
        Some(names.join(" / "))
    }

    /// Whether a disposition can be chosen: it is active and nothing active hangs below it.
    pub fn is_disposition_leaf(&self, id: &DispositionId) -> bool {
        self.dispositions.get(id).is_some_and(|d| d.is_active)
            && !self.dispositions.values().any(|d| d.is_active && d.parent.as_ref() == Some(id))
    }
}
