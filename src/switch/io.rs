//! What goes into the switch and what comes out of it.

use std::{net::IpAddr, sync::Arc};

use crate::{
    domain::{
        call::EndCause,
        centre::{AgentView, CallView, CallerMatch, CentreCommand, Drift, Fact, QueueView, Refusal},
        directory::Directory,
        event::Actor,
        ivr::ScriptBook,
        queue::WorkNorms,
    },
    protocol::{
        forking::{ForkNotice, ForkOrder},
        media::{MediaNotice, MediaOrder},
        sip::{CertificateChain, CertificateTerms, DialogId, Flow, FlowId, Peers, SipMessage},
        stir::SignedPassport,
    },
    types::{AgentId, CallId, CertificateProblem, IdentityFault, Mono, PhoneNumber, SessionId, UserId},
};

/// Something for the switch to handle.
#[derive(Debug)]
pub enum Input {
    /// A parsed SIP message.
    Sip {
        /// Where it came from.
        flow: Flow,
        /// The message.
        message: Box<SipMessage>,
    },
    /// What [`Output::VerifyIdentity`] came to.
    IdentityChecked {
        /// Which dialog.
        dialog: DialogId,
        /// Whether the statement holds.
        checked: Result<(), IdentityFault>,
    },
    /// What the other end of a stream connection showed over TLS, before everything else of it; or why ours came to nothing, before
    /// it is closed.
    CertificateShown {
        /// Which.
        flow: FlowId,
        /// Its certificates, whose key it has proven.
        shown: Result<CertificateChain, CertificateProblem>,
    },
    /// A stream connection closed.
    FlowClosed(FlowId),
    /// From the media workers.
    Media(MediaNotice),
    /// From whoever sends copies of calls' audio.
    Fork(ForkNotice),
    /// Someone asks for something; exactly one [`Output::Reply`] with the same number follows.
    Command(CommandRequest),
    /// Who the caller is, or that nothing was found in time.
    CallerKnown {
        /// Which call.
        call: CallId,
        /// What was found.
        found: CallerMatch,
    },
    /// A new directory.
    Directory(Arc<Directory>),
    /// Where trunks' peers that are names can be reached.
    Peers(Arc<Peers>),
    /// New IVR flows.
    Scripts(Arc<ScriptBook>),
    /// What the queues' calls are usually like at this time of the week.
    WorkNorms(Arc<WorkNorms>),
    /// An agent's console socket opened, closed or fell silent.
    ConsoleSession {
        /// Whose.
        agent: AgentId,
        /// Which.
        session: SessionId,
        /// Whether it can be reached.
        is_up: bool,
    },
    /// A web phone's socket closed.
    WebPhoneGone {
        /// Which.
        session: SessionId,
    },
    /// Stop taking calls; running ones go on.
    Drain,
}

/// A request with a number for its answer.
#[derive(Debug)]
pub struct CommandRequest {
    /// Comes back with the answer.
    pub request: u64,
    /// Who asks. Rights have been checked by the use case; ownership of the call is checked here.
    pub actor: Actor,
    /// What.
    pub command: CentreCommand,
}

/// Something that the switch wants done or known.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// Where to.
        flow: Flow,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// Open a stream connection to this address and then treat it as this flow. (`net` numbers inbound flows odd; the switch's
    /// are even.)
    Connect {
        /// The flow from now on.
        flow: Flow,
        /// Over TLS, whom its certificate has to name; `None`: the address.
        name: Option<Arc<str>>,
        /// What a trunk demands of the certificate instead.
        terms: Option<Arc<CertificateTerms>>,
    },
    /// Close this stream once what was sent before is written; [`Input::FlowClosed`] follows.
    Close(FlowId),
    /// The SIP dialog with this Call-ID is one of this call: for the capture of signalling.
    Named {
        /// Which call.
        call: CallId,
        /// Call-ID.
        call_id: Arc<str>,
    },
    /// Hear this address as little as possible until then.
    Ban {
        /// Whom.
        source: IpAddr,
        /// Until when.
        until: Mono,
    },
    /// Does the signature of this statement about a caller hold? Answer with [`Input::IdentityChecked`]; the call waits for it for
    /// a bounded time.
    VerifyIdentity {
        /// Which dialog.
        dialog: DialogId,
        /// The statement.
        passport: Arc<SignedPassport>,
    },
    /// For the media workers.
    Media(MediaOrder),
    /// For whoever sends copies of calls' audio.
    Fork(ForkOrder),
    /// Something did not fit together and was mended: for the log.
    Drift(Drift),
    /// It happened: for the journal.
    Fact(Fact),
    /// It changed: for consoles, at once and without durability.
    Live(LiveUpdate),
    /// Who is this? Answer with [`Input::CallerKnown`]; after 150 ms nobody waits for it.
    LookUp {
        /// Which call.
        call: CallId,
        /// The caller's number.
        number: PhoneNumber,
    },
    /// The answer to a command.
    Reply {
        /// Its number.
        request: u64,
        /// Done, or why not.
        result: Result<(), Refusal>,
    },
}

/// A live change for consoles. `version` grows with every change of the same thing.
#[derive(Debug, Clone)]
pub enum LiveUpdate {
    /// A call changed, or is over (state `Over` is its last update).
    Call(Arc<CallView>),
    /// An agent changed.
    Agent(Arc<AgentView>),
    /// An agent is off the floor for good.
    AgentGone {
        /// Who.
        agent: AgentId,
    },
    /// A queue's waiting line changed.
    Queue(Arc<QueueView>),
    /// The answer to a media offer of a console.
    MediaAnswer {
        /// Whose.
        agent: AgentId,
        /// Which socket asked.
        session: SessionId,
        /// SDP, or why not.
        answer: Result<Arc<str>, String>,
    },
    /// Whether a console's media leg carries audio.
    MediaState {
        /// Whose.
        agent: AgentId,
        /// Up or lost.
        is_up: bool,
    },
    /// To one web phone.
    WebPhone {
        /// Which.
        session: SessionId,
        /// What.
        update: WebPhoneUpdate,
    },
    /// A sentence for one user: why a state was changed, a breach.
    Notice {
        /// For whom.
        user: UserId,
        /// Message key of the console, for example `missed_offer`.
        key: &'static str,
    },
}

/// What a web phone is told.
#[derive(Debug, Clone)]
pub enum WebPhoneUpdate {
    /// Our SDP answer.
    Answer(Arc<str>),
    /// The line answered.
    Connected,
    /// Over, with the reason.
    Ended(EndCause),
    /// The call was not taken: busy, unknown number, switched off.
    Refused(String),
}
