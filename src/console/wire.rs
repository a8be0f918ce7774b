//! What travels on `/ws/console` and `/ws/call`, as JSON text frames. The same types make the schema in openapi.json and from it
//! the console's TypeScript. Snake case everywhere; tags `t` and `do`; ids are strings; times RFC 3339 UTC with milliseconds.
//!
//! Order of a console session: server sends `hello` with everything on the live floor that this user may see; then deltas, each
//! with the session's own gapless counter `n`. A gap means: close and connect again with the last `cursor`.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::{
    domain::{
        call::{Supervision, TransferTarget},
        centre::{
            AgentView, AudioState, CallView, ConsultTarget, ParkedCall, QueueView, RecordingAsked, Refusal, WantedPresence,
        },
        customer::CustomerSnapshot,
        event::EventRecord,
        report::{QueueCounts, ServiceLevel},
        ticket::TicketLine,
        trunk::TrunkView,
    },
    types::{AgentId, CallId, CustomerId, DispositionId, QueueId, Timestamp, UserId},
};

/// From the console.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientMessage {
    /// First message of a session.
    Hello {
        /// The last cursor seen, to receive the facts missed since; `None` on a first visit.
        resume: Option<String>,
    },
    /// Please do this. Idempotent by `id`; answered by `result` with the same id.
    Command {
        /// Chosen by the client, unique in its session.
        id: String,
        /// What.
        command: ConsoleCommand,
    },
    /// Whether this session wants the board (queues, agents, today's figures).
    Watch {
        /// Supervisors and administrators only.
        board: bool,
    },
    /// Every 5 s; two missed in a row take the agent out of rotation.
    Ping {
        /// Comes back in `pong`.
        sent_at: Timestamp,
    },
}

/// What an agent or supervisor asks. Which role may do what is checked by the use case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ConsoleCommand {
    /// Own presence; during a call it takes effect after it.
    SetPresence {
        /// What.
        wanted: WantedPresence,
    },
    /// A supervisor changes an agent's presence.
    SetAgentPresence {
        /// Whose.
        agent: AgentId,
        /// What.
        wanted: WantedPresence,
    },
    /// Takes the offered call.
    Answer {
        /// Which.
        call: CallId,
    },
    /// Refuses the offered call.
    Decline {
        /// Which.
        call: CallId,
    },
    /// This page tells of each offer that it shows, by `offer_shown`. One that says so and does not within two seconds is taken for
    /// hanging: the call goes on to the next agent.
    ShowsOffers,
    /// The offered call is on the screen.
    OfferShown {
        /// Which.
        call: CallId,
    },
    /// Ends the call.
    HangUp {
        /// Which.
        call: CallId,
    },
    /// Customer hears music.
    Hold {
        /// Which.
        call: CallId,
    },
    /// Off hold.
    Resume {
        /// Which.
        call: CallId,
    },
    /// Own microphone.
    Mute {
        /// Silent.
        is_muted: bool,
    },
    /// Keys to the other party.
    SendDigits {
        /// Which.
        call: CallId,
        /// `0`–`9`, `*`, `#`, at most 32.
        digits: String,
    },
    /// Begins, pauses, goes on or stops recording the own call; a supervisor's reaches every call.
    Recording {
        /// Which.
        call: CallId,
        /// What.
        asked: RecordingAsked,
    },
    /// Leaves the call in a slot, for any agent to take.
    Park {
        /// Which.
        call: CallId,
    },
    /// Takes a parked call.
    TakeParked {
        /// Which.
        call: CallId,
    },
    /// Blind transfer.
    Transfer {
        /// Which.
        call: CallId,
        /// Where to.
        target: TransferTarget,
    },
    /// Gives the customer to whoever answers at a number; when nobody does, the customer comes back.
    TransferOut {
        /// Which.
        call: CallId,
        /// As typed.
        number: String,
    },
    /// Calls somebody about the customer, who hears music.
    Consult {
        /// Which.
        call: CallId,
        /// Whom.
        target: ConsultTarget,
    },
    /// From the consulted party to the customer, or back.
    ConsultSwap {
        /// Which.
        call: CallId,
    },
    /// The consulted party joins: all hear each other.
    ConsultJoin {
        /// Which.
        call: CallId,
    },
    /// Leaves the customer to the consulted party, or to the conference: the colleague who joined it first has the call then, else the
    /// first number.
    ConsultComplete {
        /// Which.
        call: CallId,
    },
    /// Lets the consulted party go, or who joined last, and returns to the customer.
    ConsultCancel {
        /// Which.
        call: CallId,
    },
    /// Sends one party of a conference away.
    ConferenceDrop {
        /// Which.
        call: CallId,
        /// The party's number on the call.
        party: i64,
    },
    /// Click-to-call or dial pad.
    Dial {
        /// As typed.
        number: String,
        /// The customer called, if known.
        customer: Option<CustomerId>,
        /// Whether it is found out who answers; without it as the centre's rules say.
        #[serde(default)]
        detect_answer: Option<bool>,
    },
    /// Leaves a message on the machine that has answered the own call, and is free at once.
    LeaveMessage {
        /// Which.
        call: CallId,
        /// One of the view's `answered_by.messages`.
        prompt: String,
    },
    /// Notes as typed, saved at once; the last one wins.
    SaveNotes {
        /// Which.
        call: CallId,
        /// At most 10,000 characters.
        notes: String,
    },
    /// What the call was about.
    Dispose {
        /// Which.
        call: CallId,
        /// The leaf.
        disposition: DispositionId,
    },
    /// Wrap-up done.
    WrapUpDone {
        /// Which.
        call: CallId,
    },
    /// A wrap-up after the present call, in a queue that leaves it to its agents.
    WantWrapUp {
        /// Which.
        call: CallId,
        /// Whether there is to be one.
        is_wanted: bool,
    },
    /// More time, as often and as long as the queue allows.
    WrapUpExtend {
        /// Which.
        call: CallId,
    },
    /// Which of several matches, or a customer just made, this caller is.
    ChooseCustomer {
        /// Which.
        call: CallId,
        /// Who.
        customer: CustomerId,
    },
    /// A supervisor gives a waiting call to an agent who is ready, or takes it.
    AssignWaiting {
        /// Which.
        call: CallId,
        /// To whom.
        agent: AgentId,
    },
    /// A supervisor puts a waiting call before all others of its queue.
    PutFirst {
        /// Which.
        call: CallId,
    },
    /// A supervisor puts a waiting call ahead by some time.
    SetAhead {
        /// Which.
        call: CallId,
        /// As though it had waited so many seconds longer, 1 to 86400; without it where the queue's rules put it, also one that was put first.
        #[serde(default)]
        secs: Option<i64>,
    },
    /// A supervisor moves a waiting call to the end of another queue.
    MoveWaiting {
        /// Which.
        call: CallId,
        /// Where it waits from now on.
        queue: QueueId,
    },
    /// A supervisor hears a call, or speaks to others than before.
    Supervise {
        /// Which.
        call: CallId,
        /// Whom the supervisor speaks to.
        mode: Supervision,
    },
    /// Hears no call any longer.
    EndSupervision,
    /// A supervisor who hears a call becomes its agent.
    TakeOver {
        /// Which.
        call: CallId,
    },
    /// Media offer of the softphone: first, ICE restart, reload, other device. Answered by `media_answer`.
    MediaOffer {
        /// SDP.
        sdp: String,
    },
    /// A later ICE candidate.
    MediaCandidate {
        /// `candidate:…`.
        candidate: String,
    },
}

/// To the console: a message and its place in this session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerEnvelope {
    /// Gapless within the session, from 1.
    pub n: u64,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub message: ServerMessage,
}

/// To the console.
#[expect(clippy::large_enum_variant, reason = "sent once and not kept; the most frequent variant is the largest")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Replaces all local live state.
    Hello(Box<Hello>),
    /// A call of this agent (or, for supervisors who watch, any call) changed. State `over` removes it.
    Call {
        /// The call.
        call: CallView,
    },
    /// The calls that are parked now, all of them, by slot: any agent may take one.
    Parked {
        /// All of them.
        parked: Vec<ParkedCall>,
    },
    /// The customer's record for a call, painted at ring.
    Pop {
        /// Which call.
        call: CallId,
        /// One per match, best first; empty when nobody is known.
        matches: Vec<CustomerSnapshot>,
        /// When the INVITE reached us, for the measurement of INVITE → painted.
        arrived_at: Timestamp,
    },
    /// Own presence, or for supervisors any agent's.
    Agent {
        /// The agent.
        agent: AgentView,
    },
    /// An agent was removed or switched off in administration and is off the floor for good.
    AgentGone {
        /// Who.
        agent: AgentId,
    },
    /// The board, at most four times a second.
    Board {
        /// All of it.
        board: Board,
    },
    /// Something that lasts happened (after it was stored).
    Fact {
        /// Resume from here.
        cursor: String,
        /// What.
        record: Box<EventRecord>,
        /// The ticket as it is now, for ticket events.
        ticket: Option<Box<TicketLine>>,
    },
    /// Our answer to a media offer.
    MediaAnswer {
        /// SDP; `None` when it could not be used.
        sdp: Option<String>,
        /// Why not.
        problem: Option<String>,
    },
    /// Whether the media leg carries audio.
    MediaState {
        /// Up, connecting, lost.
        audio: AudioState,
    },
    /// The answer to a command.
    Result {
        /// The client's id.
        id: String,
        /// Why not; `None` is done.
        problem: Option<CommandProblem>,
    },
    /// A sentence for this user, by message key: `missed_offer`, `supervisor_paused`, `session_replaced`, `sla_breached`.
    Notice {
        /// Key.
        key: String,
        /// The ticket that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        ticket: Option<Box<TicketLine>>,
    },
    /// Answer to a ping.
    Pong {
        /// `sent_at` of the ping (the envelope has its own).
        asked_at: Timestamp,
    },
}

/// The state of the live floor as this user may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// The server's clock.
    pub server_time: Timestamp,
    /// Build of the server; another one than the page's means: update when idle.
    pub build: String,
    /// Who is signed in.
    pub user: UserId,
    /// Name of the centre, and whether it is the sample.
    pub centre_name: String,
    /// Every page says so.
    pub is_sample: bool,
    /// The user's own agent, if the user takes calls.
    pub agent: Option<AgentView>,
    /// The user's calls.
    pub calls: Vec<CallView>,
    /// Their records.
    pub pops: Vec<PopView>,
    /// Notes of calls in wrap-up or talk, as last saved.
    pub notes: Vec<SavedNotes>,
    /// Colleagues, for transfers.
    pub colleagues: Vec<AgentView>,
    /// The calls that are parked now, by slot.
    pub parked: Vec<ParkedCall>,
    /// Facts have been told up to here.
    pub cursor: String,
}

/// A call's record inside `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PopView {
    /// Which call.
    pub call: CallId,
    /// As in `pop`.
    pub matches: Vec<CustomerSnapshot>,
}

/// Notes inside `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedNotes {
    /// Which call.
    pub call: CallId,
    /// As typed.
    pub notes: String,
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CommandProblem {
    /// The floor's refusal, to be phrased in the user's language; `None` for others.
    pub refusal: Option<Refusal>,
    /// In English, for the log and as a last resort.
    pub message: String,
}

/// Everything on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// As of.
    pub at: Timestamp,
    /// Queues, by key.
    pub queues: Vec<BoardQueue>,
    /// Agents, by key.
    pub agents: Vec<AgentView>,
    /// Calls on the floor, oldest first, at most 200.
    pub calls: Vec<CallView>,
    /// Active trunks, by key.
    pub trunks: Vec<TrunkView>,
}

/// A queue with today's figures. The service level is that of the calls that were offered in the span, by the queue's own definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardQueue {
    /// Live.
    pub live: QueueView,
    /// What people call it.
    pub name: String,
    /// Today, in the centre's zone.
    pub today: QueueCounts,
    /// The current half hour.
    pub interval: QueueCounts,
    /// The service level of today, with the definition that it was computed by.
    pub level_today: ServiceLevel,
    /// That of the current half hour.
    pub level_interval: ServiceLevel,
    /// Threshold of the service level.
    pub service_level_secs: i64,
    /// Goal in percent.
    pub service_level_percent: i64,
}

/// Where a queue's key is needed on the board, for test ids.
pub type BoardQueueId = QueueId;

/// From a web phone on `/ws/call`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum WebPhoneClientMessage {
    /// Calls a number that the web phone lists.
    Call {
        /// Which.
        number: String,
        /// SDP offer.
        sdp: String,
        /// The page's language.
        language: Option<String>,
    },
    /// A later ICE candidate.
    Candidate {
        /// `candidate:…`.
        candidate: String,
    },
    /// A key.
    Digit {
        /// `0`–`9`, `*`, `#`.
        digit: char,
    },
    /// Ends the call.
    HangUp,
}

/// To a web phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum WebPhoneServerMessage {
    /// Our SDP answer.
    Answer {
        /// SDP.
        sdp: String,
    },
    /// The line answered.
    Connected,
    /// Over.
    Ended {
        /// Message key: `hangup`, `finished`, `lost`, `overload`, `shutdown`, `fault`.
        cause: String,
    },
    /// Not taken.
    Refused {
        /// Message key: `web_phone_off`, `too_many_calls`, `rate_limited`.
        reason: String,
    },
}

/// Every message of both sockets with all that it refers to, by name, for the schema in openapi.json.
pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    add::<ClientMessage>(&mut all);
    add::<ServerEnvelope>(&mut all);
    add::<WebPhoneClientMessage>(&mut all);
    add::<WebPhoneServerMessage>(&mut all);
    all
}

fn add<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}
