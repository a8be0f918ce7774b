//! What the live floor looks like from a console: one view per call, agent and queue, each with a version that only grows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        agent::Presence,
        call::{CallbackRef, Direction, EndCause, HoldAlert, Party, PauseCause, Supervision},
    },
    types::{
        AgentId, Answer, CallId, CallerIdentity, CustomerId, ExpectedWait, LineId, MediaForkId, PhoneNumber, QueueId,
        Redirection, Timestamp, WorkItemId,
    },
};

/// A call as its agent, or a supervisor, sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallView {
    /// Which call.
    pub id: CallId,
    /// Grows with every change.
    pub version: u64,
    /// Which way.
    pub direction: Direction,
    /// Where it stands.
    pub state: CallState,
    /// The agent to whom it is offered or who has it.
    pub agent: Option<AgentId>,
    /// Whom else it rings at, until when.
    #[serde(default)]
    pub also_rings: Vec<RingingView>,
    /// The party at the other end.
    pub party: PartyView,
    /// The number of ours that was dialled, or shown.
    pub our_number: String,
    /// The line.
    pub line: Option<LineId>,
    /// The queue it came through, or waits in.
    pub queue: Option<QueueId>,
    /// The reason chosen in the flow; its words are with the line.
    pub reason: Option<String>,
    /// The nodes that the caller passed, in order; their words are with the line.
    pub ivr_path: Vec<String>,
    /// Language spoken with the caller.
    pub language: String,
    /// When it reached us or was dialled.
    pub started_at: Timestamp,
    /// When the current wait began.
    pub queued_at: Option<Timestamp>,
    /// When the current state began.
    pub since: Timestamp,
    /// When agent and customer first heard each other.
    pub connected_at: Option<Timestamp>,
    /// Whether the agent is muted.
    pub is_muted: bool,
    /// The agent's audio.
    pub agent_audio: AudioState,
    /// Whom the agent consults about it, else who joined the conference last.
    pub consult: Option<ConsultView>,
    /// Who is in the conference besides the customer and the agent, in the order in which they joined.
    #[serde(default)]
    #[schema(required)]
    pub conference: Vec<ConferencePartyView>,
    /// Its recording.
    #[serde(default)]
    #[schema(required)]
    pub recording: RecordingView,
    /// Whose line is poor at present: for some seconds the opinion score has been below the one that is set.
    #[serde(default)]
    #[schema(required)]
    pub poor_audio: Vec<Party>,
    /// Since when neither customer nor agent has said anything, once that has lasted for the time that is set (dead air).
    #[serde(default)]
    pub dead_air_since: Option<Timestamp>,
    /// What the agent was told of a customer who is alone on hold for long.
    #[serde(default)]
    pub hold: Option<HoldAlert>,
    /// Outside systems that get its audio.
    #[serde(default)]
    #[schema(required)]
    pub forks: Vec<ForkView>,
    /// Who has answered a call of ours.
    #[serde(default)]
    #[schema(required)]
    pub answered_by: AnsweredByView,
    /// Supervisors who hear it.
    pub supervisors: Vec<SupervisorView>,
    /// Whether its agent is told of those who only listen.
    #[serde(default)]
    #[schema(required)]
    pub is_monitoring_told: bool,
    /// Who handed it over, after a transfer.
    pub transferred_from: Option<AgentId>,
    /// The slot out of which it rings at the agent who parked it, because nobody took it there.
    #[serde(default)]
    pub returns_from: Option<i64>,
    /// Why it ended, once it has: the wrap-up of a dialled call shows busy or no answer.
    pub end_cause: Option<EndCause>,
    /// The callback that it is made for.
    #[serde(default)]
    pub callback: Option<CallbackRef>,
}

/// An agent at whom a call rings beside another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RingingView {
    /// Whom.
    pub agent: AgentId,
    /// Then it counts as unanswered there.
    pub until: Timestamp,
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallState {
    /// In a flow.
    InIvr,
    /// Waits in its queue.
    Waiting {
        /// 1 is next.
        position: i64,
    },
    /// Rings at the agent.
    Offered {
        /// Until when.
        until: Timestamp,
    },
    /// Outbound: the other party's phone is called.
    Dialling,
    /// Both hear each other.
    Talking,
    /// The customer hears music.
    Held,
    /// In a slot, for any agent to take; the customer hears music.
    Parked {
        /// Which, from 1.
        slot: i64,
        /// Who parked it.
        by: AgentId,
        /// Since when.
        since: Timestamp,
        /// When it goes back to that agent.
        until: Timestamp,
    },
    /// An agent passed it on to a number; no agent is on the line.
    PassedOn,
    /// The agent's audio is lost; the call is kept until then.
    Reconnecting {
        /// Until when.
        until: Timestamp,
    },
    /// Over, the agent wraps up.
    WrappingUp {
        /// When it ends by itself or is overdue.
        until: Option<Timestamp>,
        /// Whether a disposition is required.
        needs_disposition: bool,
    },
    /// Over. The last update of a call.
    Over {
        /// Why.
        cause: EndCause,
    },
}

/// How it stands with the recording of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RecordingView {
    /// Nothing is recorded.
    Off {
        /// Whether it may be begun now.
        may_begin: bool,
    },
    /// Customer and agents are recorded.
    On {
        /// Whether its agent, who asked for it, may stop it.
        may_stop: bool,
    },
    /// Nothing is kept for a while.
    Paused {
        /// Why, the foremost first. None in the last second of the pause, in which what was said in it may still be on its way.
        causes: Vec<PauseCause>,
        /// It goes on by itself then.
        until: Timestamp,
    },
    /// It had to stop: the disk is full, or the file could not be written.
    Failed,
}

impl Default for RecordingView {
    fn default() -> Self {
        Self::Off { may_begin: false }
    }
}

/// An outside system that gets a call's audio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkView {
    /// Which.
    pub to: MediaForkId,
    /// What people call it.
    pub name: String,
    /// How it stands.
    pub state: ForkViewState,
}

/// How it stands with the audio that goes to an outside system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForkViewState {
    /// The other side has not answered yet, or is tried again.
    Opening,
    /// It gets the audio.
    On,
    /// It gets nothing for a while.
    Paused,
    /// It could not be reached, or did not want the audio.
    Failed,
}

/// Who has answered a call of ours, as far as its audio tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AnsweredByView {
    /// Who; `None` if nobody asked, or it is not told yet.
    pub answer: Option<Answer>,
    /// Whether it is being found out.
    pub is_listening: bool,
    /// Whether the machine has beeped and listens.
    pub has_beeped: bool,
    /// Until then its beep may come, and a message waits for it; without it, or later, a message is said at once.
    pub beep_until: Option<Timestamp>,
    /// The shared prompts that its agent may leave as a message now.
    pub messages: Vec<String>,
}

/// A parked call, as every agent sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParkedCall {
    /// Which call.
    pub call: CallId,
    /// Its slot, from 1.
    pub slot: i64,
    /// What telephones dial to take it.
    pub number: String,
    /// Who parked it.
    pub by: AgentId,
    /// Since when.
    pub since: Timestamp,
    /// When it goes back to that agent.
    pub until: Timestamp,
    /// Who waits there.
    pub party: PartyView,
    /// The queue it came through.
    pub queue: Option<QueueId>,
    /// Language spoken with the caller.
    pub language: String,
}

impl CallView {
    /// Whether the other end is in the customers' records, for sure or perhaps.
    pub fn is_recognised(&self) -> bool {
        self.party.customer.is_some() || !self.party.candidates.is_empty()
    }

    /// The call as a parked one, if it is.
    pub fn parked(&self) -> Option<ParkedCall> {
        let CallState::Parked { slot, by, since, until } = &self.state else { return None };
        Some(ParkedCall {
            call: self.id,
            slot: *slot,
            number: super::slot_number(u8::try_from(*slot).ok()?),
            by: by.clone(),
            since: *since,
            until: *until,
            party: self.party.clone(),
            queue: self.queue.clone(),
            language: self.language.clone(),
        })
    }
}

/// A consultation about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsultView {
    /// The colleague, if it is one.
    pub agent: Option<AgentId>,
    /// The number as dialled, if it is none.
    pub number: Option<String>,
    /// The queue whose agents are asked, or were.
    #[serde(default)]
    pub queue: Option<QueueId>,
    /// Where it stands in that queue's line while it rings at nobody; 1 is next.
    #[serde(default)]
    pub position: Option<i64>,
    /// How far it has come.
    pub step: ConsultViewStep,
    /// Whether the agent's phone dialled on a second line, so that swapping and joining are done there.
    pub is_on_phone: bool,
    /// When it is given up.
    pub until: Option<Timestamp>,
}

/// A supervisor who hears a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupervisorView {
    /// Who, by agent key.
    pub agent: AgentId,
    /// Whom the supervisor speaks to.
    pub mode: Supervision,
}

/// A party of a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConferencePartyView {
    /// Its number on the call, from 1, the same until it leaves.
    pub party: i64,
    /// The colleague, if it is one.
    pub agent: Option<AgentId>,
    /// The number as dialled, if it is none.
    pub number: Option<String>,
    /// Whether it is muted.
    pub is_muted: bool,
}

/// How far a consultation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsultViewStep {
    /// It stands in the line of the queue that is asked.
    Queued,
    /// It rings there.
    Ringing,
    /// Agent and consulted party talk; the customer hears music.
    Talking,
    /// The agent talks with the customer; the consulted party hears music.
    Waiting,
    /// In the conference: all hear each other.
    Joined,
}

/// The party at the other end, as far as known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PartyView {
    /// `None` when withheld or from the web phone.
    pub number: Option<PhoneNumber>,
    /// What their side showed: a name, an extension. Attacker-controlled: escape.
    pub label: Option<String>,
    /// Whether the number was withheld.
    pub is_withheld: bool,
    /// Whether the caller's network stands for the number (STIR/SHAKEN); `None` where nobody asks.
    #[serde(default)]
    pub identity: Option<CallerIdentity>,
    /// Who sent the call on before it reached us, the latest first. Attacker-controlled: escape.
    #[serde(default)]
    pub redirections: Vec<Redirection>,
    /// Whether it is a call from the web phone.
    pub is_web: bool,
    /// Exactly one match, or the agent's choice.
    pub customer: Option<CustomerId>,
    /// All matches, best first, at most 5.
    pub candidates: Vec<CustomerId>,
    /// Name of the customer.
    pub name: Option<String>,
    /// Segment of the customer.
    pub segment: Option<String>,
}

/// Whether audio flows on a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AudioState {
    /// No leg yet.
    None,
    /// Being set up.
    Connecting,
    /// Flows.
    Up,
    /// Was lost.
    Lost,
}

/// An agent on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Who.
    pub id: AgentId,
    /// Grows with every change.
    pub version: u64,
    /// Shown to colleagues.
    pub name: String,
    /// State.
    pub presence: Presence,
    /// Since when.
    pub since: Timestamp,
    /// What follows the current call.
    pub next: Option<Presence>,
    /// Whether a console is connected.
    pub has_console: bool,
    /// Whether the device can ring: media leg up, or phone registered.
    pub has_device: bool,
    /// The current call.
    pub call: Option<CallId>,
    /// Whether a wrap-up is asked for after it.
    #[serde(default)]
    #[schema(required)]
    pub wants_wrap_up: bool,
    /// What may be done with the wrap-up that runs.
    #[serde(default)]
    pub wrap_up: Option<WrapUpView>,
    /// Queues that the agent can serve.
    pub queues: Vec<QueueId>,
    /// Who changed the state, when not the agent: `missed_offer`, `supervisor`, `device`.
    pub why: Option<String>,
    /// Work items that are offered to the agent or open there, beside calls.
    #[serde(default)]
    #[schema(required)]
    pub work: Vec<WorkView>,
}

/// What an agent may do with the wrap-up that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrapUpView {
    /// Whether it may be ended before its time.
    pub may_end_early: bool,
    /// How often it may still be extended.
    pub extensions_left: i64,
    /// By how many seconds each time.
    pub extension_secs: i64,
    /// Whether it waits for its disposition past its time.
    pub is_overdue: bool,
}

/// A work item at an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkView {
    /// Which.
    pub item: WorkItemId,
    /// Of which queue.
    pub queue: QueueId,
    /// Whether it is offered, not taken yet.
    pub is_offered: bool,
    /// Until when: then the offer is missed, or the item goes back to its place.
    pub until: Timestamp,
}

/// A queue on the board: live figures. Today's counts are joined by the board (`app`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueView {
    /// Which.
    pub id: QueueId,
    /// Grows with every change.
    pub version: u64,
    /// How many wait, offered ones included.
    pub waiting: i64,
    /// How many are to be called back and stand in line with them.
    #[serde(default)]
    #[schema(required)]
    pub callbacks: i64,
    /// How many work items wait, offered ones included. They are no callers.
    #[serde(default)]
    #[schema(required)]
    pub work_items: i64,
    /// Since when the first in line waits.
    pub longest_since: Option<Timestamp>,
    /// Agents ready for it.
    pub agents_ready: i64,
    /// Agents signed in who can serve it.
    pub agents_signed_in: i64,
    /// Calls of it with agents now.
    pub talking: i64,
    /// How long whoever comes now is expected to wait, rounded; `None` while too little is known, or nobody serves it.
    #[serde(default)]
    pub expected_wait: Option<ExpectedWait>,
}
