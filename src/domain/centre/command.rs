//! What people ask of the live floor. A command may be refused; the refusal says why.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CallbackChange, CallbackWish, RecordingAsked, WorkWish};
use crate::{
    domain::call::{LastAgent, PartyMatch, Supervision, TransferTarget},
    types::{AgentId, CallId, CallbackId, CustomerId, DispositionId, QueueId, SessionId},
};

/// What people ask of the live floor.
#[derive(Debug, Clone, PartialEq)]
pub enum CentreCommand {
    /// Own presence, or an agent's by a supervisor: ready, paused with a reason, offline. During a call it takes effect after it.
    SetPresence {
        /// Whose.
        agent: AgentId,
        /// What.
        wanted: WantedPresence,
    },
    /// Takes the offered call.
    Answer {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Refuses the offered call.
    Decline {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Ends the call.
    HangUp {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Customer hears music.
    Hold {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Off hold.
    Resume {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// The agent's microphone.
    Mute {
        /// Who.
        agent: AgentId,
        /// Silent.
        is_muted: bool,
    },
    /// Keys to the other party.
    SendDigits {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// `0`–`9`, `*`, `#`.
        digits: String,
    },
    /// Leaves the call in a slot, for any agent to take.
    Park {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Takes a parked call.
    TakeParked {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Blind transfer.
    Transfer {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// Where to.
        target: TransferTarget,
    },
    /// Gives the customer to whoever answers at a number; when nobody does, the customer comes back. Music until then.
    TransferOut {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// As typed.
        number: String,
    },
    /// Calls somebody about the customer, who hears music.
    Consult {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// Whom.
        target: ConsultTarget,
    },
    /// From the consulted party to the customer, or back.
    ConsultSwap {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// The consulted party joins: all hear each other.
    ConsultJoin {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// A console says of itself that it tells of each offer that it shows.
    ShowsOffers {
        /// Whose.
        agent: AgentId,
    },
    /// The console shows the offered call.
    OfferShown {
        /// Whose.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Leaves the customer to the consulted party.
    ConsultComplete {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Lets the consulted party go and returns to the customer.
    ConsultCancel {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// Sends one party of a conference away.
    ConferenceDrop {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// The party's number on the call.
        party: u8,
    },
    /// Click-to-call or dial pad: agent's leg first.
    Dial {
        /// Who.
        agent: AgentId,
        /// What.
        number: String,
        /// The customer called, if known.
        customer: Option<CustomerId>,
        /// Whether it is found out who answers; `None` for what the centre's rules say.
        detect_answer: Option<bool>,
    },
    /// Leaves a message on the machine that has answered a call of the agent's, who is free at once.
    LeaveMessage {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// One of the prompts that the rules allow.
        prompt: String,
    },
    /// What the call was about.
    Dispose {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// The leaf.
        disposition: DispositionId,
    },
    /// Wrap-up done (with a disposition where the queue asks for one).
    WrapUpDone {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// A wrap-up after the present call, in a queue that leaves it to the agents.
    WantWrapUp {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// Whether there is to be one.
        is_wanted: bool,
    },
    /// More time, as often and as long as the queue allows.
    WrapUpExtend {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
    },
    /// The agent chose who the customer is.
    ChooseCustomer {
        /// Who.
        agent: AgentId,
        /// Which.
        call: CallId,
        /// The customer.
        customer: Box<CallerRecordRef>,
    },
    /// Begin, pause, go on or stop recording a call.
    Recording {
        /// Only if it is this agent's call; `None` for a supervisor, whose rights reach every call.
        agent: Option<AgentId>,
        /// Which.
        call: CallId,
        /// What.
        asked: RecordingAsked,
    },
    /// A supervisor gives a waiting call to an agent, or takes it.
    AssignWaiting {
        /// The supervisor, by agent key.
        asker: AgentId,
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
    /// A waiting call stands ahead by so many seconds, or (`None`) where its queue's rules put it.
    SetAhead {
        /// Which.
        call: CallId,
        /// Seconds.
        secs: Option<i64>,
    },
    /// A waiting call goes to the end of another queue.
    MoveWaiting {
        /// Which.
        call: CallId,
        /// Where to.
        queue: QueueId,
    },
    /// Somebody is to be called back.
    RequestCallback(Box<CallbackWish>),
    /// A callback has another time, or is for another agent.
    ChangeCallback(Box<CallbackChange>),
    /// A callback is called off.
    CancelCallback {
        /// Which.
        callback: CallbackId,
    },
    /// Something is to be done with a work item.
    Work(Box<WorkWish>),
    /// A supervisor hears a call through the own console, or speaks to others than before.
    Supervise {
        /// Who, by agent key.
        supervisor: AgentId,
        /// Which.
        call: CallId,
        /// Whom the supervisor speaks to.
        mode: Supervision,
    },
    /// Hears no call any longer.
    EndSupervision {
        /// Who, by agent key.
        supervisor: AgentId,
    },
    /// A supervisor who hears a call becomes its agent; who was it wraps up.
    TakeOver {
        /// Who, by agent key.
        supervisor: AgentId,
        /// Which.
        call: CallId,
    },
    /// The console's media leg: first offer, ICE restart, reload, other device.
    MediaOffer {
        /// Whose.
        agent: AgentId,
        /// From which socket; a newer one replaces an older.
        session: SessionId,
        /// SDP.
        offer: Arc<str>,
    },
    /// A later ICE candidate of the console.
    MediaCandidate {
        /// Whose.
        agent: AgentId,
        /// `candidate:…`.
        candidate: Arc<str>,
    },
    /// The web phone calls a number.
    WebCall(WebCall),
    /// The web phone pressed a key.
    WebDigit {
        /// Which.
        session: SessionId,
        /// The key.
        digit: char,
    },
    /// A later ICE candidate of the web phone.
    WebCandidate {
        /// Which.
        session: SessionId,
        /// `candidate:…`.
        candidate: Arc<str>,
    },
    /// The web phone hung up.
    WebHangUp {
        /// Which.
        session: SessionId,
    },
}

/// Whom an agent wants to consult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum ConsultTarget {
    /// A colleague who is ready.
    Agent {
        /// Who.
        agent: AgentId,
    },
    /// Whoever of a queue is free next.
    Queue {
        /// Which.
        queue: QueueId,
    },
    /// A phone of ours, or a number outside as the dial rules allow.
    Number {
        /// As typed.
        number: String,
    },
}

/// A presence that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WantedPresence {
    /// Take calls.
    Ready,
    /// Take none for a while.
    Paused {
        /// A pause reason's key.
        reason: String,
    },
    /// Sign out.
    Offline,
}

/// A call from the web phone.
#[derive(Debug, Clone, PartialEq)]
pub struct WebCall {
    /// Its socket.
    pub session: SessionId,
    /// A number of ours that the web phone lists.
    pub number: String,
    /// SDP.
    pub offer: Arc<str>,
    /// The page's language.
    pub language: Option<String>,
}

/// What was found about a caller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallerMatch {
    /// Customers with this number, best first, at most 5.
    pub customers: Vec<CallerRecordRef>,
}

/// The little that routing and flows need of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerRecordRef {
    /// Who.
    pub customer: CustomerId,
    /// For the board and the offer's first line.
    pub name: Arc<str>,
    /// Segment key, for example `gold`.
    pub segment: Arc<str>,
    /// Preferred language, `es` or `en`.
    pub language: Option<Arc<str>>,
    /// Open tickets, newest first, at most 5: number and state category.
    pub open_tickets: Vec<(i64, Arc<str>)>,
    /// Who talked with the customer last.
    pub last_agent: Option<LastAgent>,
    /// Whose customer it is.
    pub owner: Option<AgentId>,
}

impl From<CallerRecordRef> for PartyMatch {
    fn from(found: CallerRecordRef) -> Self {
        let CallerRecordRef { customer, name, segment, language, open_tickets, last_agent, owner } = found;
        Self { customer, name, segment, language, open_tickets, last_agent, owner }
    }
}
