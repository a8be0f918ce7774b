//! What happens to a call, and the one-line summary that the history shows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PauseCause, RecordingCause, RecordingFailure, ResumeCause, Supervision};
use crate::types::{
    AgentId, Answer, AnswerCause, AudioQuality, CallId, CallbackId, CallerIdentity, CustomerId, ExpectedWait, ForkFailure,
    ForkId, ForkStop, LineId, MediaForkId, MediaProtection, PeerReason, PhoneNumber, QueueId, RecordingId, Redirection,
    RoutingDecision, SignallingTransport, Timestamp, TrunkId,
};

/// Something happened to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallEvent {
    /// Which call.
    pub call: CallId,
    /// What happened.
    #[serde(flatten)]
    pub kind: CallEventKind,
}

/// What happened to a call (contact accounting, in the order of a contact's life).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallEventKind {
    /// It reached us.
    Arrived {
        /// The number dialled, one of ours.
        number: String,
        /// The trunk it came by; `None` for a registered phone or the web phone.
        trunk: Option<TrunkId>,
        /// What names its session from end to end (Session-ID, RFC 7989), ours and theirs; `None` for the web phone.
        #[serde(default)]
        session_id: Option<String>,
    },
    /// The signed statement about the caller's number was checked (STIR/SHAKEN), or there was none.
    CallerChecked {
        /// What that came to.
        identity: CallerIdentity,
    },
    /// A caller who had gone unanswered was answered (200): charging begins.
    Answered {
        /// For how long the caller had gone unanswered.
        unanswered_ms: i64,
    },
    /// An agent began to dial.
    Dialled {
        /// Who.
        agent: AgentId,
    },
    /// A number outside is called by a trunk; once more for each trunk that could not carry the call.
    SentOut {
        /// The trunk.
        trunk: TrunkId,
        /// 1 for the first trunk.
        attempt: i64,
        /// What names the session from end to end (Session-ID, RFC 7989), as we say it.
        session_id: String,
        /// The agent on whose account it goes; `None` in events of earlier versions.
        #[serde(default)]
        agent: Option<AgentId>,
    },
    /// The caller was recognised.
    Identified {
        /// The customer, when exactly one matches.
        customer: Option<CustomerId>,
        /// How many match.
        matches: i64,
    },
    /// A flow began, or moved on to this node.
    IvrEntered {
        /// The line.
        line: LineId,
        /// The node's name.
        node: String,
    },
    /// The wait in a queue began.
    Queued {
        /// Which.
        queue: QueueId,
        /// The reason chosen in the flow.
        reason: Option<String>,
        /// How long the caller was expected to wait; `None` while too little is known of the queue, or nobody serves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<ExpectedWait>,
    },
    /// An agent was offered the call.
    Offered {
        /// From which queue; `None` for a direct transfer.
        queue: Option<QueueId>,
        /// To whom.
        agent: AgentId,
        /// 1 for the first offer of this visit.
        attempt: i64,
        /// Why this agent; `None` where somebody was asked for by name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<RoutingDecision>>,
    },
    /// Somebody put the caller before all others in line.
    PutFirst {
        /// Of which queue.
        queue: QueueId,
    },
    /// Somebody put the caller ahead in line, or back to where the queue's rules do.
    PutAhead {
        /// Of which queue.
        queue: QueueId,
        /// As though the caller had waited so many seconds longer; `None` is by the rules, also after `put_first`.
        secs: Option<i64>,
    },
    /// The caller had hung up or been cut off and called again: the place in line is that of the earlier call.
    PlaceRegained {
        /// In which queue.
        queue: QueueId,
        /// The call before.
        earlier: CallId,
        /// How long the caller waited there, over all earlier calls, milliseconds. The wait of this visit does not hold it.
        waited_ms: i64,
    },
    /// The offer came to nothing.
    OfferMissed {
        /// Whose.
        agent: AgentId,
        /// Why.
        cause: MissCause,
    },
    /// Customer and agent hear each other.
    Connected {
        /// Out of which queue.
        queue: Option<QueueId>,
        /// With whom.
        agent: AgentId,
        /// From queue entry to now.
        waited_ms: i64,
    },
    /// The agent put the customer on hold.
    Held {
        /// Who.
        agent: AgentId,
    },
    /// The agent took the customer off hold.
    Resumed {
        /// Who.
        agent: AgentId,
    },
    /// The call left one agent for someone else.
    Transferred {
        /// By whom.
        from: AgentId,
        /// Where to.
        to: TransferTarget,
    },
    /// The agent calls somebody about the customer.
    ConsultBegan {
        /// Who.
        agent: AgentId,
        /// Whom.
        to: TransferTarget,
    },
    /// An agent asks a queue, and it rings at one of its agents.
    ConsultOffered {
        /// Who asks.
        agent: AgentId,
        /// The queue.
        queue: QueueId,
        /// At whom it rings.
        to: AgentId,
        /// Why this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<RoutingDecision>>,
    },
    /// That agent of the queue did not answer: the next one is asked.
    ConsultMissed {
        /// Who asks.
        agent: AgentId,
        /// Who did not answer.
        by: AgentId,
        /// Why.
        cause: MissCause,
    },
    /// That party answered.
    ConsultAnswered {
        /// Who asks.
        agent: AgentId,
        /// Whom.
        to: TransferTarget,
    },
    /// That party is gone again, or was not reached, and the agent has the customer.
    ConsultEnded {
        /// Who asked.
        agent: AgentId,
        /// Whom.
        to: TransferTarget,
        /// Whether the party had answered.
        was_reached: bool,
    },
    /// Agent, customer and consulted party hear each other, and whoever joined before.
    Conferenced {
        /// Who brought them together.
        agent: AgentId,
        /// Who joined; `None` in what was stored before there were conferences of more than three.
        #[serde(default)]
        to: Option<TransferTarget>,
    },
    /// One of the conference hung up, was sent away, or is gone; the others go on.
    PartyLeft {
        /// Who.
        to: TransferTarget,
    },
    /// A supervisor began to listen.
    ListenStarted {
        /// Who, by agent key.
        supervisor: AgentId,
    },
    /// A supervisor stopped listening.
    ListenEnded {
        /// Who, by agent key.
        supervisor: AgentId,
    },
    /// A supervisor who listens speaks to others than before: to nobody, to the agent, to all.
    SupervisionChanged {
        /// Who, by agent key.
        supervisor: AgentId,
        /// To whom from now on.
        mode: Supervision,
    },
    /// A supervisor who listened is its agent from now on.
    TakenOver {
        /// From whom.
        from: AgentId,
        /// Who, by agent key.
        supervisor: AgentId,
    },
    /// An outside system gets its audio.
    ForkBegan {
        /// Which copy.
        fork: ForkId,
        /// Where it goes.
        to: MediaForkId,
        /// Which time it began, from 1: it begins anew after a failure or a restart.
        session: i64,
    },
    /// Nothing of its audio goes there for a while.
    ForkPaused {
        /// Which copy.
        fork: ForkId,
        /// Why.
        cause: PauseCause,
    },
    /// Its audio goes there again.
    ForkResumed {
        /// Which copy.
        fork: ForkId,
    },
    /// Its audio goes there no longer.
    ForkEnded {
        /// Which copy.
        fork: ForkId,
        /// Where it went.
        to: MediaForkId,
        /// Why.
        cause: ForkStop,
    },
    /// Its audio did not get there, or no further; the call went on.
    ForkFailed {
        /// Which copy.
        fork: ForkId,
        /// Where it should have gone.
        to: MediaForkId,
        /// Why.
        cause: ForkFailure,
        /// In so many milliseconds it is tried again; `None` when it is not.
        retry_ms: Option<i64>,
    },
    /// A part of its recording began.
    RecordingStarted {
        /// Which recording.
        recording: RecordingId,
        /// Which part of it, from 1.
        part: i64,
        /// Why.
        cause: RecordingCause,
        /// Then it may be deleted.
        keep_until: Timestamp,
    },
    /// Nothing is kept of what is said and heard.
    RecordingPaused {
        /// Which recording.
        recording: RecordingId,
        /// Why.
        cause: PauseCause,
        /// At the latest until then.
        until: Timestamp,
    },
    /// The last cause of the pause is gone: the recording goes on a second later, when nothing said in the pause is on its way any more.
    RecordingResumed {
        /// Which recording.
        recording: RecordingId,
        /// Why.
        cause: ResumeCause,
    },
    /// Somebody ended the recording.
    RecordingStoppedByHand {
        /// Which recording.
        recording: RecordingId,
    },
    /// A part of its recording came to its regular end.
    RecordingStopped {
        /// Which recording.
        recording: RecordingId,
        /// Which part.
        part: i64,
        /// Its length, pauses included.
        length_ms: i64,
        /// The size of its file.
        octets: i64,
        /// Of its length so much is silence because the disk or the writer was too slow.
        #[serde(default)]
        missing_ms: i64,
    },
    /// Its recording was deleted because its time was over.
    RecordingExpired {
        /// Which recording.
        recording: RecordingId,
    },
    /// A part of its recording had to stop; the call went on.
    RecordingFailed {
        /// Which recording.
        recording: RecordingId,
        /// Which part.
        part: i64,
        /// Why.
        cause: RecordingFailure,
    },
    /// The agent put it into a numbered slot, for any agent to take.
    Parked {
        /// Who.
        agent: AgentId,
        /// Which place, from 1.
        slot: i64,
    },
    /// Nobody took it out of its slot in time: it goes back to the agent who parked it, or to where it came from.
    ParkReturned {
        /// Who parked it.
        agent: AgentId,
        /// Which place.
        slot: i64,
    },
    /// The customer was on hold for as long as may be: the call rings at the agent again.
    HoldRecalled {
        /// Who.
        agent: AgentId,
    },
    /// The agent did not come back to the customer on hold, who waits for another one.
    HoldReturned {
        /// Who.
        agent: AgentId,
    },
    /// The caller hung up while waiting.
    Abandoned {
        /// In which queue.
        queue: QueueId,
        /// From queue entry to now.
        waited_ms: i64,
    },
    /// The caller left the queue otherwise than by an agent or by hanging up.
    FlowedOut {
        /// Which queue.
        queue: QueueId,
        /// From queue entry to now.
        waited_ms: i64,
        /// Why.
        cause: FlowOutCause,
    },
    /// We promised to call back.
    CallbackRequested {
        /// For which queue.
        queue: QueueId,
        /// The callback; `None` where it is a task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback: Option<CallbackId>,
    },
    /// We call somebody back: an agent is offered it, and the customer is dialled.
    CallbackBegan {
        /// Which callback.
        callback: CallbackId,
        /// Whose it is.
        queue: QueueId,
        /// 1 for the first time.
        attempt: i64,
    },
    /// The caller left a message, which is recorded.
    VoicemailLeft {
        /// For which queue.
        queue: QueueId,
        /// The recording that it ends.
        recording: RecordingId,
        /// From the tone to its end, in milliseconds.
        length_ms: i64,
    },
    /// The caller was asked for a message and left none.
    VoicemailNotLeft {
        /// Which queue asked.
        queue: QueueId,
    },
    /// A party's audio was lost; the call is kept for a while.
    MediaLost {
        /// Whose.
        party: Party,
    },
    /// The party's audio is back.
    MediaBack {
        /// Whose.
        party: Party,
    },
    /// The line to a party became bad for some seconds: the mean opinion score is below the one that is set.
    AudioPoor {
        /// Whose.
        party: Party,
        /// Those seconds in figures.
        quality: AudioQuality,
    },
    /// The line to the party is good again.
    AudioClear {
        /// Whose.
        party: Party,
        /// The last seconds in figures.
        quality: AudioQuality,
    },
    /// Neither customer nor agent has said anything for the time that is set.
    DeadAirBegan {
        /// For how long by now, in milliseconds.
        silent_ms: i64,
    },
    /// Somebody speaks again, or they are no longer alone with each other.
    DeadAirEnded {
        /// From the last word to now, in milliseconds.
        lasted_ms: i64,
    },
    /// How a party's leg is protected from now on: its audio, its signalling. Of a party who has been on no protected leg this is not
    /// said.
    LegAgreed {
        /// Whose.
        party: Party,
        /// Its audio.
        media: MediaProtection,
        /// Its signalling; `None` for the console and the web phone, which have none of SIP.
        signalling: Option<SignallingTransport>,
    },
    /// How a party sounded while it was on the call; said when its part is over, which may be after `ended`.
    AudioMeasured {
        /// Whose.
        party: Party,
        /// In figures.
        quality: AudioQuality,
    },
    /// It was told from its audio who has answered a call of ours.
    AnswerDetected {
        /// Who.
        answer: Answer,
        /// By what.
        cause: AnswerCause,
        /// From the answer to now, in time of the audio.
        after_ms: i64,
    },
    /// The answering machine has beeped and listens.
    Beeped {
        /// From the answer to now, in time of the audio.
        after_ms: i64,
    },
    /// The agent chose a message for the machine, and left.
    MessageChosen {
        /// Who.
        agent: AgentId,
        /// The shared prompt.
        prompt: String,
    },
    /// The message was said to its end.
    MessageLeft {
        /// The shared prompt.
        prompt: String,
    },
    /// The call has outlasted a restart of the exchange: the customer is back on the line.
    Recovered,
    /// A restart of the exchange cost the call; `ended` follows.
    NotRecovered {
        /// The queue that owes the customer a callback.
        queue: Option<QueueId>,
    },
    /// The agent's part is over; the wrap-up stands in the agent's events.
    Ended {
        /// Why.
        cause: EndCause,
        /// Who ended it.
        by: Party,
        /// Why in the words of the customer's side (Reason, RFC 3326): its telephone's or carrier's; `None` if it said nothing.
        #[serde(default)]
        reason: Option<PeerReason>,
    },
    /// Somebody else than the customer, or a trunk that could not carry the call, said why it ended its part (Reason, RFC 3326).
    ReasonGiven {
        /// Whose telephone or carrier; `None` for whomever an agent asked or brought in.
        by: Option<Party>,
        /// The trunk that could not carry the call to that party: the words are its carrier's. `None` for a party that was reached.
        #[serde(default)]
        trunk: Option<TrunkId>,
        /// Its words.
        reason: PeerReason,
    },
    /// The agent said what it was about.
    Disposed {
        /// Who.
        agent: AgentId,
        /// The leaf chosen.
        disposition: crate::types::DispositionId,
    },
}

/// A party of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
    /// A supervisor.
    Supervisor,
    /// The exchange: a flow's end, a limit, a shutdown.
    System,
}

/// What an agent has been told of a customer on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldAlert {
    /// It lasts long.
    Long,
    /// As long as may be: the call rings until the agent comes back.
    Recall,
}

/// Why an offer came to nothing (RONA by cause).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissCause {
    /// Rang out.
    NoAnswer,
    /// The agent said no.
    Declined,
    /// The phone was busy, gone or faulty: not the agent's fault.
    Device,
    /// The caller hung up or left while it rang.
    CallerGone,
    /// A colleague answered it from another telephone.
    PickedUp,
    /// The floor took it back, for it did not ring there.
    Withdrawn,
    /// It rang at several agents, and another one was first.
    AnsweredElsewhere,
}

/// Why a caller left a queue otherwise than by an agent or by hanging up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowOutCause {
    /// Nobody who could serve it is signed in.
    NoAgents,
    /// The maximum wait.
    MaxWait,
    /// The queue was full.
    Full,
    /// Closing time.
    Closed,
    /// The wait was expected to be too long.
    ExpectedWait,
    /// The caller pressed a key for another way.
    Key,
    /// A person moved it.
    Moved,
    /// The node stopped or was lost.
    NodeLost,
}

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// Someone hung up.
    Hangup,
    /// The flow or a queue's branch ended it.
    Finished,
    /// The called party was busy.
    Busy,
    /// The called party did not answer.
    NoAnswer,
    /// The called party, or the network on its behalf, said no.
    Refused,
    /// Nobody has the number that was called.
    UnknownNumber,
    /// No way to the called party: the trunk, the network or the phone does not answer or has no line free.
    Unreachable,
    /// A party's audio or signalling was lost for good.
    Lost,
    /// More calls than the centre takes at a time.
    Overload,
    /// The server stopped.
    // Its word was `shed` before overload had one of its own.
    #[serde(alias = "shed")]
    Shutdown,
    /// A fault on our side.
    Fault,
}

/// Where a call was sent by an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum TransferTarget {
    /// A colleague.
    Agent {
        /// Who.
        agent: AgentId,
    },
    /// A queue, from its end.
    Queue {
        /// Which.
        queue: QueueId,
    },
    /// A line, from its beginning.
    Line {
        /// Which.
        line: LineId,
    },
    /// A phone without an agent, or a number outside, which is not kept here.
    Number,
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To us.
    Inbound,
    /// From us.
    Outbound,
}

/// How a call ended for the customer, for history and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet over.
    Open,
    /// Talked with an agent.
    Answered,
    /// Hung up while waiting.
    Abandoned,
    /// Hung up, or was lost, in the flow before it came to an end.
    AbandonedInIvr,
    /// Served by the flow alone: it came to its own end without a queue.
    SelfServed,
    /// Left a queue by a branch: message, callback, closing time.
    FlowedOut,
    /// Outbound: nobody answered, busy, refused.
    NotReached,
    /// Refused or failed.
    Failed,
}

/// A call as one line of the history. Saved with the events that changed it, in the same transaction. Holds personal data,
/// which events do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallSummary {
    /// Which call.
    pub id: CallId,
    /// Which way.
    pub direction: Direction,
    /// The customer's number, `None` when withheld or from the web phone.
    pub customer_number: Option<PhoneNumber>,
    /// What the caller's side showed when it is no E.164 number: an extension, a name.
    pub customer_label: Option<String>,
    /// The number of ours that was dialled, or shown.
    pub our_number: String,
    /// The customer, when known.
    pub customer: Option<CustomerId>,
    /// The IVR line.
    pub line: Option<LineId>,
    /// The nodes that the caller passed, in order, at most 50.
    pub ivr_path: Vec<String>,
    /// The reason chosen in the flow.
    pub reason: Option<String>,
    /// The last queue.
    pub queue: Option<QueueId>,
    /// The last agent who talked.
    pub agent: Option<AgentId>,
    /// Language spoken with the caller: `es`, `en`.
    pub language: String,
    /// When it reached us or was dialled.
    pub started_at: Timestamp,
    /// When its last wait began.
    pub queued_at: Option<Timestamp>,
    /// When an agent and the customer first heard each other.
    pub connected_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// All waits together.
    pub wait_ms: i64,
    /// Connected and not on hold.
    pub talk_ms: i64,
    /// On hold.
    pub hold_ms: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended.
    pub end_cause: Option<EndCause>,
    /// Whether it came from the web phone.
    #[serde(default)]
    #[schema(required)]
    pub is_web: bool,
    /// Who sent it on before it reached us, the latest first.
    #[serde(default)]
    #[schema(required)]
    pub redirections: Vec<Redirection>,
    /// Who has answered a call of ours, by its audio; `None` if nobody asked, or nobody has yet.
    #[serde(default)]
    pub answer: Option<Answer>,
}

impl CallEventKind {
    /// The matcher's decision that it tells of.
    pub fn decision(&self) -> Option<&RoutingDecision> {
        match self {
            Self::Offered { decision, .. } | Self::ConsultOffered { decision, .. } => decision.as_deref(),
            _ => None,
        }
    }

    /// Whether it says which supervisor heard the call when.
    pub const fn is_of_listening(&self) -> bool {
        matches!(self, Self::ListenStarted { .. } | Self::ListenEnded { .. } | Self::SupervisionChanged { .. })
    }
}

impl CallEvent {
    /// Without how colleagues stood when the call was given away.
    pub fn hide_decision(&mut self) {
        if let CallEventKind::Offered { decision, .. } | CallEventKind::ConsultOffered { decision, .. } = &mut self.kind {
            *decision = None;
        }
    }

    /// `call.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            CallEventKind::Arrived { .. } => "call.arrived",
            CallEventKind::CallerChecked { .. } => "call.caller_checked",
            CallEventKind::Answered { .. } => "call.answered",
            CallEventKind::Dialled { .. } => "call.dialled",
            CallEventKind::SentOut { .. } => "call.sent_out",
            CallEventKind::Identified { .. } => "call.identified",
            CallEventKind::IvrEntered { .. } => "call.ivr_entered",
            CallEventKind::Queued { .. } => "call.queued",
            CallEventKind::Offered { .. } => "call.offered",
            CallEventKind::PutFirst { .. } => "call.put_first",
            CallEventKind::PutAhead { .. } => "call.put_ahead",
            CallEventKind::PlaceRegained { .. } => "call.place_regained",
            CallEventKind::OfferMissed { .. } => "call.offer_missed",
            CallEventKind::Connected { .. } => "call.connected",
            CallEventKind::Held { .. } => "call.held",
            CallEventKind::Resumed { .. } => "call.resumed",
            CallEventKind::Transferred { .. } => "call.transferred",
            CallEventKind::ConsultBegan { .. } => "call.consult_began",
            CallEventKind::ConsultOffered { .. } => "call.consult_offered",
            CallEventKind::ConsultMissed { .. } => "call.consult_missed",
            CallEventKind::ConsultAnswered { .. } => "call.consult_answered",
            CallEventKind::ConsultEnded { .. } => "call.consult_ended",
            CallEventKind::Conferenced { .. } => "call.conferenced",
            CallEventKind::PartyLeft { .. } => "call.party_left",
            CallEventKind::ListenStarted { .. } => "call.listen_started",
            CallEventKind::ListenEnded { .. } => "call.listen_ended",
            CallEventKind::SupervisionChanged { .. } => "call.supervision_changed",
            CallEventKind::TakenOver { .. } => "call.taken_over",
            CallEventKind::RecordingStarted { .. } => "call.recording_started",
            CallEventKind::RecordingPaused { .. } => "call.recording_paused",
            CallEventKind::RecordingResumed { .. } => "call.recording_resumed",
            CallEventKind::RecordingStoppedByHand { .. } => "call.recording_stopped_by_hand",
            CallEventKind::RecordingStopped { .. } => "call.recording_stopped",
            CallEventKind::RecordingExpired { .. } => "call.recording_expired",
            CallEventKind::RecordingFailed { .. } => "call.recording_failed",
            CallEventKind::ForkBegan { .. } => "call.fork_began",
            CallEventKind::ForkPaused { .. } => "call.fork_paused",
            CallEventKind::ForkResumed { .. } => "call.fork_resumed",
            CallEventKind::ForkEnded { .. } => "call.fork_ended",
            CallEventKind::ForkFailed { .. } => "call.fork_failed",
            CallEventKind::Parked { .. } => "call.parked",
            CallEventKind::ParkReturned { .. } => "call.park_returned",
            CallEventKind::HoldRecalled { .. } => "call.hold_recalled",
            CallEventKind::HoldReturned { .. } => "call.hold_returned",
            CallEventKind::Abandoned { .. } => "call.abandoned",
            CallEventKind::FlowedOut { .. } => "call.flowed_out",
            CallEventKind::CallbackRequested { .. } => "call.callback_requested",
            CallEventKind::CallbackBegan { .. } => "call.callback_began",
            CallEventKind::VoicemailLeft { .. } => "call.voicemail_left",
            CallEventKind::VoicemailNotLeft { .. } => "call.voicemail_not_left",
            CallEventKind::MediaLost { .. } => "call.media_lost",
            CallEventKind::MediaBack { .. } => "call.media_back",
            CallEventKind::AudioPoor { .. } => "call.audio_poor",
            CallEventKind::AudioClear { .. } => "call.audio_clear",
            CallEventKind::DeadAirBegan { .. } => "call.dead_air_began",
            CallEventKind::DeadAirEnded { .. } => "call.dead_air_ended",
            CallEventKind::LegAgreed { .. } => "call.leg_agreed",
            CallEventKind::AudioMeasured { .. } => "call.audio_measured",
            CallEventKind::AnswerDetected { .. } => "call.answer_detected",
            CallEventKind::Beeped { .. } => "call.beeped",
            CallEventKind::MessageChosen { .. } => "call.message_chosen",
            CallEventKind::MessageLeft { .. } => "call.message_left",
            CallEventKind::Recovered => "call.recovered",
            CallEventKind::NotRecovered { .. } => "call.not_recovered",
            CallEventKind::Ended { .. } => "call.ended",
            CallEventKind::ReasonGiven { .. } => "call.reason_given",
            CallEventKind::Disposed { .. } => "call.disposed",
        }
    }
}
