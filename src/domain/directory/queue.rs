//! Queues as administrators set them up. Who is served when is decided in `domain/queue`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CallbackRules, ForkRule, HoldLimits, MonitoringNotice, QueueRouting, RecordingPolicy, SegmentRules, ServiceLevelVariant,
    Strategy, WaitingRules, WorkRules,
};
use crate::types::{CalendarId, DispositionId, LineId, QueueId, SkillId};

/// A queue: who may serve it, how long one may wait, and what happens then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// Key.
    pub id: QueueId,
    /// What people call it.
    pub name: String,
    /// Only agents with all of these skills, each at the level or above (1 to 10), are offered its calls.
    pub skills: Vec<SkillNeed>,
    /// Higher is served first when an agent could take calls of several queues. 0 is usual.
    pub priority: i64,
    /// How long one agent's console or phone rings.
    pub ring_secs: i64,
    /// How many callers may wait; the next one takes the `full` branch.
    pub waiting_max: i64,
    /// How long one may wait before the `max_wait` branch.
    pub wait_secs_max: i64,
    /// When the queue serves; `None` is always.
    pub calendar: Option<CalendarId>,
    /// Wrap-up after each call.
    pub wrap_up: WrapUp,
    /// How far its agents may extend that.
    #[serde(default)]
    pub wrap_up_extensions: WrapUpExtensions,
    /// Answered within this many seconds counts as in time.
    pub service_level_secs: i64,
    /// Goal of the service level in percent.
    pub service_level_percent: i64,
    /// What counts for that.
    #[serde(default)]
    pub service_level_variant: ServiceLevelVariant,
    /// An abandon after a wait of no more than this is a short one, which does not count against the queue.
    pub short_abandon_secs: i64,
    /// Seconds between position announcements; 0 for none.
    pub position_every_secs: i64,
    /// What happens when nobody who could serve it is signed in.
    pub on_no_agents: QueueExit,
    /// What happens at the maximum wait.
    pub on_max_wait: QueueExit,
    /// What happens to a caller who finds the queue full.
    pub on_full: QueueExit,
    /// What happens to those waiting at closing time, and to those who come after.
    pub on_closed: QueueExit,
    /// Disposition branch or leaves that its wrap-up offers; empty for the whole tree.
    pub dispositions: Vec<DispositionId>,
    /// Ticket queue and type for tickets born here: the type's key.
    pub ticket_type: String,
    /// Number shown to called parties on outbound calls of this queue.
    pub caller_number: Option<String>,
    /// Script that agents read, plain text per language.
    pub script: BTreeMap<String, String>,
    /// What its callers are told and may choose while they wait, and when they are sent on.
    #[serde(default)]
    #[schema(required)]
    pub waiting: WaitingRules,
    /// How its calls find their agents.
    #[serde(default)]
    pub routing: QueueRouting,
    /// Which of its calls are recorded; `None` is as the centre says.
    #[serde(default)]
    pub recording: Option<RecordingPolicy>,
    /// Whether the console gives its agents a field for what a customer tells them in secret, such as a card's number: it is kept nowhere,
    /// and while it is filled in nothing is recorded.
    #[serde(default)]
    pub has_secret_note: bool,
    /// Which outside systems get its calls' audio; `None` is as the centre says.
    #[serde(default)]
    pub forks: Option<Vec<ForkRule>>,
    /// How those are called back to whom it was promised.
    #[serde(default)]
    pub callback: CallbackRules,
    /// Whether its agents are told that a supervisor listens; `None` is as the centre says.
    #[serde(default)]
    pub monitoring_notice: Option<MonitoringNotice>,
    /// What becomes of callers who give up.
    #[serde(default)]
    pub missed: MissedRule,
    /// How long its customers may be on hold; `None` is as the centre says.
    #[serde(default)]
    pub hold: Option<HoldLimits>,
    /// What its agents do beside calls.
    #[serde(default)]
    pub work: WorkRules,
    /// What is otherwise for customers of a segment, by the segment's key.
    #[serde(default)]
    pub segments: BTreeMap<String, SegmentRules>,
}

impl Queue {
    /// A queue as it is before anything of it is said: for every agent, at any hour, and nobody is sent away for waiting.
    pub fn new(id: QueueId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            skills: Vec::new(),
            priority: 0,
            ring_secs: 15,
            waiting_max: 50,
            wait_secs_max: 600,
            calendar: None,
            wrap_up: WrapUp::None,
            wrap_up_extensions: WrapUpExtensions::default(),
            service_level_secs: 20,
            service_level_percent: 80,
            service_level_variant: ServiceLevelVariant::default(),
            short_abandon_secs: 5,
            position_every_secs: 0,
            on_no_agents: QueueExit::Wait,
            on_max_wait: QueueExit::Wait,
            on_full: QueueExit::Wait,
            on_closed: QueueExit::Wait,
            dispositions: Vec::new(),
            ticket_type: "request".to_owned(),
            caller_number: None,
            script: BTreeMap::new(),
            waiting: WaitingRules::default(),
            routing: QueueRouting::default(),
            recording: None,
            has_secret_note: false,
            forks: None,
            callback: CallbackRules::default(),
            monitoring_notice: None,
            missed: MissedRule::default(),
            hold: None,
            work: WorkRules::default(),
            segments: BTreeMap::new(),
        }
    }

    /// Every skill that it asks for, at any step.
    pub fn needs(&self) -> impl Iterator<Item = &SkillNeed> {
        let routing = &self.routing;
        let of_steps = routing.steps.iter().flat_map(|step| [&step.skills, &step.any_skills, &step.no_skills]);
        let groups = routing.any_groups.iter().chain(routing.steps.iter().flat_map(|step| &step.any_groups));
        [&self.skills, &routing.any_skills, &routing.no_skills].into_iter().chain(of_steps).chain(groups).flatten()
    }

    /// Whether anything of it names this skill.
    pub fn names_skill(&self, skill: &SkillId) -> bool {
        let is_weighed = matches!(&self.routing.strategy, Strategy::BestFit { weights, .. } if weights.contains_key(skill));
        is_weighed || self.needs().any(|need| need.skill == *skill)
    }
}

/// A skill that a queue asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkillNeed {
    /// Which skill.
    pub skill: SkillId,
    /// Least level, 1 to 10.
    pub level: i64,
}

/// Wrap-up after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum WrapUp {
    /// None: the agent is ready at once.
    None,
    /// None, unless the agent asks for it during the call; then it ends at the time or earlier when done.
    Optional {
        /// Length in seconds.
        secs: i64,
    },
    /// Ends at the time or earlier when done.
    Timed {
        /// Length in seconds.
        secs: i64,
    },
    /// Ends at the time and not before.
    Forced {
        /// Length in seconds.
        secs: i64,
    },
    /// Ends only when a disposition is chosen; past the time the supervisor is alerted, past four times the time it ends. After an
    /// outbound call that reached nobody none is asked for, and it ends at the time.
    UntilDisposition {
        /// Seconds after which it is overdue.
        secs: i64,
    },
}

impl WrapUp {
    /// Its length in seconds; `None` where there is none.
    pub fn secs(&self) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Optional { secs } | Self::Timed { secs } | Self::Forced { secs } | Self::UntilDisposition { secs } => {
                Some(*secs)
            }
        }
    }
}

/// How far an agent may extend a wrap-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WrapUpExtensions {
    /// How many times, 0 to 20.
    pub times: i64,
    /// By how many seconds each time, 5 to 600.
    pub secs: i64,
}

impl Default for WrapUpExtensions {
    fn default() -> Self {
        Self { times: 3, secs: 30 }
    }
}

/// Where a caller goes who cannot or will not wait any longer. No dead ends: each says goodbye or goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum QueueExit {
    /// Goes on waiting.
    Wait,
    /// Hears a message, then the call ends.
    Message {
        /// Prompt key in the shared prompts, for example `queue-closed`.
        prompt: String,
    },
    /// Waits in another queue, from the end.
    Queue {
        /// Which.
        queue: QueueId,
    },
    /// Hears that we call back, which the queue's rules for that say how.
    Callback,
    /// Goes to a line, to its beginning.
    Line {
        /// Which.
        line: LineId,
    },
    /// Hears a greeting and a tone, and may leave a message of at most so many seconds, which becomes a ticket of the queue. Ends with #, or
    /// by hanging up.
    Voicemail {
        /// The greeting: prompt key in the shared prompts.
        prompt: String,
        /// Longest message, 10 to 600 seconds.
        secs_max: i64,
    },
}

/// What becomes of a caller who gives up, or leaves no message when asked for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissedRule {
    /// What.
    pub becomes: MissedBecomes,
    /// Only after so many seconds of waiting, 0 to 3,600.
    pub wait_secs_min: i64,
}

impl Default for MissedRule {
    fn default() -> Self {
        Self { becomes: MissedBecomes::Callback, wait_secs_min: 0 }
    }
}

/// What a missed call becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedBecomes {
    /// Nothing.
    Nothing,
    /// A ticket of the queue's type for each call.
    Task,
    /// A callback, one for each customer or number and queue.
    Callback,
}
