//! What the world reports to the live floor, and what the floor wants carried out. The floor speaks of legs, never of dialogs,
//! ports or packets; the switch translates both ways.

use std::sync::Arc;

use super::{AgentView, CallView, CallerMatch, Drift, Fact, QueueView};
use crate::{
    domain::{
        call::{EndCause, PartEnd, Party},
        directory::MediaFork,
        trunk::{TrunkHealth, TrunkRegistration},
    },
    types::{
        AgentId, Answer, AnswerCause, AnswerDetect, AudioQuality, CallContext, CallId, CallerIdentity, ForkEnd, ForkFacts,
        ForkId, ForkStop, ForkWord, LegId, PeerReason, PhoneNumber, RecordingId, SessionId, TrunkId, UserId,
    },
};

/// The world reports. Cannot be refused.
#[derive(Debug, Clone, PartialEq)]
pub enum CentreInput {
    /// A call reached us by SIP: authenticated, within the limits, not yet answered.
    Arrived {
        /// The caller's leg, minted by the switch.
        leg: LegId,
        /// Who calls.
        caller: CallerLine,
        /// The number dialled.
        called: Arc<str>,
        /// First language of Accept-Language.
        language: Option<Arc<str>>,
    },
    /// A telephone of ours wants the place of another leg (RFC 3891): a call that rings there, or is talked on.
    Replacing {
        /// The new leg, minted by the switch, not yet answered.
        leg: LegId,
        /// Whose telephone.
        caller: CallerLine,
        /// Whose place.
        replaced: LegId,
    },
    /// The other end of a leg that we called rings.
    LegRinging {
        /// Which.
        leg: LegId,
    },
    /// A leg has audio before the answer (RFC 3960): the other side of one that we called sends ringing tone or announcement, or a
    /// caller of ours can hear us.
    LegEarlyMedia {
        /// Which.
        leg: LegId,
    },
    /// A leg that rang, or sent audio, rings there no more and is called at another server of its trunk.
    LegCalledAnew {
        /// Which.
        leg: LegId,
    },
    /// A leg that we called or answered is confirmed and can carry audio.
    LegAnswered {
        /// Which.
        leg: LegId,
    },
    /// The peer of a leg said why it ends or refuses; that follows.
    LegReason {
        /// Which.
        leg: LegId,
        /// Its words.
        reason: PeerReason,
    },
    /// A leg that we called came to nothing.
    LegFailed {
        /// Which.
        leg: LegId,
        /// Why: busy, no answer, refused, unknown number, unreachable, fault.
        cause: EndCause,
    },
    /// A leg is over: hung up by the peer, or lost.
    LegEnded {
        /// Which.
        leg: LegId,
        /// Lost rather than hung up.
        is_lost: bool,
    },
    /// A leg of an earlier process has agreed to new media and can carry audio again.
    LegReturned {
        /// Which.
        leg: LegId,
    },
    /// Audio of a leg began, or was lost without the leg being over.
    LegAudio {
        /// Which.
        leg: LegId,
        /// Flows.
        is_up: bool,
    },
    /// The phone of a leg put us on hold, or took us off: it sends nothing meanwhile.
    LegHeld {
        /// Which.
        leg: LegId,
        /// On hold.
        is_held: bool,
    },
    /// A phone wants its call to go on somewhere else (REFER). [`PhoneEffect::TransferProgress`] answers.
    TransferAsked {
        /// The leg that wants to be rid of its call.
        leg: LegId,
        /// Where to.
        to: TransferAsked,
    },
    /// A key, once per press.
    Digit {
        /// Which.
        leg: LegId,
        /// The key.
        digit: char,
    },
    /// A playback is over.
    PlayEnded {
        /// Which.
        leg: LegId,
        /// Which playback.
        play: u64,
        /// Before its end.
        was_stopped: bool,
    },
    /// It was told from the audio who has answered a leg, once.
    AnswerDetected {
        /// Which.
        leg: LegId,
        /// Who.
        answer: Answer,
        /// By what.
        cause: AnswerCause,
        /// From the order to now, in time of the audio.
        after_ms: u64,
    },
    /// The machine that has answered a leg has beeped and listens.
    Beep {
        /// Which.
        leg: LegId,
        /// From the order to now, in time of the audio.
        after_ms: u64,
    },
    /// A part of a recording has ended. Comes once for each, perhaps after the end of its call.
    RecordingEnded {
        /// Which recording.
        recording: RecordingId,
        /// Which part.
        part: u32,
        /// How.
        end: PartEnd,
    },
    /// The line to a party of a call has become poor for some seconds, or is good again.
    AudioJudged {
        /// Which call.
        call: CallId,
        /// Whose line.
        party: Party,
        /// Below the opinion score that is set, or silent although it should speak.
        is_poor: bool,
        /// Those seconds in figures.
        quality: AudioQuality,
    },
    /// A party of a call whom others hear has said nothing for the time that is set, or says something again.
    SpeechChanged {
        /// Which call.
        call: CallId,
        /// Who.
        party: Party,
        /// For how long nothing was said; `None` when the party speaks, or the time runs anew.
        silent_ms: Option<u64>,
    },
    /// The leg that carried a party's audio has ended, or belongs to another call from now on.
    AudioForgotten {
        /// Which call.
        call: CallId,
        /// Whose leg.
        party: Party,
    },
    /// An outside system gets a call's audio.
    ForkUp {
        /// Which copy.
        fork: ForkId,
        /// Which time.
        session: u32,
    },
    /// An outside system does not get a call's audio, or no longer, without our wish.
    ForkEnded {
        /// Which copy.
        fork: ForkId,
        /// Which time.
        session: u32,
        /// How.
        end: ForkEnd,
    },
    /// Who the caller is.
    CallerKnown {
        /// Which call.
        call: CallId,
        /// What was found, perhaps nobody.
        found: CallerMatch,
    },
    /// An agent's console socket opened, or is gone for good (closed and not back within the grace, or two pings missed).
    ConsoleSession {
        /// Whose.
        agent: AgentId,
        /// Which.
        session: SessionId,
        /// Reachable.
        is_up: bool,
    },
    /// An agent's SIP phone registered, or is gone.
    PhoneReachable {
        /// Account.
        account: Arc<str>,
        /// Can be called.
        is_reachable: bool,
    },
    /// A trunk's other side answers, or does not any more.
    TrunkHealth {
        /// Which.
        trunk: TrunkId,
        /// From now on.
        health: TrunkHealth,
    },
    /// Our registration with a trunk's other side came about, failed or ended.
    TrunkRegistration {
        /// Which.
        trunk: TrunkId,
        /// From now on.
        registration: TrunkRegistration,
    },
    /// A web phone's socket closed.
    WebPhoneGone {
        /// Which.
        session: SessionId,
    },
    /// Take no more calls; running ones go on.
    Drain,
}

/// Where a phone wants its call to go.
#[derive(Debug, Clone, PartialEq)]
pub enum TransferAsked {
    /// A number, as if dialled.
    Number(Arc<str>),
    /// The party of this other leg.
    Leg(LegId),
}

/// How a transfer that a phone asked for goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferProgress {
    /// It will not be tried; nothing more follows.
    Refused(EndCause),
    /// It is being tried.
    Begun,
    /// It rings there.
    Ringing,
    /// The customer is with the other party. The last word.
    Done,
    /// It came to nothing, and the call is as it was. The last word.
    Failed(EndCause),
}

/// Who calls, as far as the wire tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallerLine {
    /// E.164, when the number shown is one (by the centre's country code); `None` when withheld.
    pub number: Option<PhoneNumber>,
    /// What else their side showed: an extension, a display name. Attacker-controlled.
    pub label: Option<String>,
    /// Number withheld.
    pub is_withheld: bool,
    /// The trunk it came by.
    pub trunk: Option<TrunkId>,
    /// The registered account it came from (an agent's phone that dials a number of ours).
    pub phone: Option<Arc<str>>,
    /// What is known of the number; `None` where nobody asks.
    pub identity: Option<CallerIdentity>,
    /// Whether the caller can hear us before the answer.
    pub can_hear_early: bool,
    /// What the call says beside.
    pub context: CallContext,
}

/// What a leg hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Another leg.
    Leg(LegId),
    /// What it says itself.
    Echo,
    /// A clip of the library in a loop, `music/on-hold`.
    Music(Arc<str>),
}

/// To be carried out on the telephone; results come back as inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneEffect {
    /// Tell the caller that it rings (180).
    Ring {
        /// Which.
        leg: LegId,
    },
    /// Let the caller hear us before the call is answered (183). A telephone that gave nothing to answer is told that it rings.
    EarlyMedia {
        /// Which.
        leg: LegId,
    },
    /// Answer an arrived call. `LegAnswered` follows.
    Answer {
        /// Which.
        leg: LegId,
    },
    /// Refuse an arrived call.
    Reject {
        /// Which.
        leg: LegId,
        /// Busy → 486, UnknownNumber → 404, Refused → 403, Overload and Shutdown → 503, Fault → 500, others → 480.
        cause: EndCause,
    },
    /// Tell a phone that dialled that the other party cannot be had: as `Reject`, but Refused → 603.
    NotReached {
        /// Which.
        leg: LegId,
        /// Why.
        cause: EndCause,
    },
    /// Call an agent's SIP phone.
    CallPhone {
        /// The new leg.
        leg: LegId,
        /// Account.
        account: Arc<str>,
        /// Number shown; `None` withholds it.
        caller: Option<Arc<str>>,
        /// Name shown.
        caller_name: Option<Arc<str>>,
        /// Seconds until it counts as unanswered.
        ring_secs: u32,
        /// What the call says beside.
        context: CallContext,
    },
    /// Call a number outside.
    CallOut {
        /// The new leg.
        leg: LegId,
        /// By which trunk.
        trunk: TrunkId,
        /// What to dial.
        number: Arc<str>,
        /// Number shown; `None` withholds it.
        caller: Option<Arc<str>>,
        /// Seconds until it counts as unanswered.
        ring_secs: u32,
        /// Whether it could go by another trunk: one that says nothing at all is given up early.
        has_alternative: bool,
        /// What the call says beside.
        context: CallContext,
    },
    /// Tell a phone how the transfer goes that it asked for.
    TransferProgress {
        /// The leg that asked.
        leg: LegId,
        /// How.
        progress: TransferProgress,
    },
    /// Stop calling a leg.
    Cancel {
        /// Which.
        leg: LegId,
        /// Somebody else took the call.
        is_answered_elsewhere: bool,
    },
    /// End a leg, in whatever state it is. No input follows.
    HangUp {
        /// Which.
        leg: LegId,
    },
    /// Open or renew an agent's standing browser leg. Its audio is reported as `LegAudio`.
    OpenConsole {
        /// The agent's leg, the same for the whole shift.
        leg: LegId,
        /// Whose.
        agent: AgentId,
        /// The socket that asked.
        session: SessionId,
        /// SDP.
        offer: Arc<str>,
    },
    /// Open a web phone's leg. Reported as `LegAnswered` when audio flows, `LegFailed` when not.
    OpenWebPhone {
        /// The new leg.
        leg: LegId,
        /// The socket that asked.
        session: SessionId,
        /// SDP.
        offer: Arc<str>,
    },
    /// A later ICE candidate for a browser leg.
    Candidate {
        /// Which.
        leg: LegId,
        /// `candidate:…`.
        candidate: Arc<str>,
    },
    /// What a leg hears from now on.
    Hear {
        /// Which.
        leg: LegId,
        /// Mixed; none is silence.
        heard: Vec<Heard>,
    },
    /// Play clips to a leg, one after another; `PlayEnded` follows.
    Play {
        /// Which.
        leg: LegId,
        /// Number of the playback, unique in the floor.
        play: u64,
        /// Clip names.
        clips: Vec<Arc<str>>,
        /// Over what the leg hears, which goes on more quietly, rather than in its place.
        is_mixed: bool,
    },
    /// Stop the playback of a leg.
    StopPlay {
        /// Which.
        leg: LegId,
    },
    /// Whether a leg's own audio reaches others.
    Mute {
        /// Which.
        leg: LegId,
        /// Silent.
        is_muted: bool,
    },
    /// Whether keys of a leg are waited for.
    ListenForKeys {
        /// Which.
        leg: LegId,
        /// From now on, or no more.
        is_wanted: bool,
    },
    /// Find out from a leg's audio who has answered. `AnswerDetected` follows, and `Beep` if a machine beeps.
    DetectAnswer {
        /// Which.
        leg: LegId,
        /// The limits between a person and a machine.
        limits: AnswerDetect,
    },
    /// Begin a part of a recording of what a leg says and hears. `RecordingEnded` follows.
    Record {
        /// Which leg.
        leg: LegId,
        /// Which recording.
        recording: RecordingId,
        /// Which part, from 1.
        part: u32,
        /// Nothing is kept at first.
        is_paused: bool,
    },
    /// Whether nothing of a leg is kept meanwhile.
    PauseRecording {
        /// Which.
        leg: LegId,
        /// Nothing is kept.
        is_paused: bool,
    },
    /// End the part of a leg; the leg goes on.
    StopRecording {
        /// Which.
        leg: LegId,
    },
    /// Send a copy of what a leg says and hears. `ForkUp` or `ForkEnded` follows.
    StartFork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
        /// Where to.
        target: Box<MediaFork>,
        /// What is told of the call.
        facts: Box<ForkFacts>,
        /// Nothing is sent at first.
        is_paused: bool,
    },
    /// Whether nothing of a copy is sent meanwhile.
    PauseFork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
        /// Nothing is sent.
        is_paused: bool,
    },
    /// Tell whoever gets a copy.
    TellFork {
        /// Which copy.
        fork: ForkId,
        /// What.
        word: ForkWord,
    },
    /// Send no more of a copy; the leg goes on. No input follows.
    StopFork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
        /// Why.
        why: ForkStop,
    },
    /// Keys to the peer of a leg.
    SendDigits {
        /// Which.
        leg: LegId,
        /// The keys.
        digits: Arc<str>,
    },
}

/// What the floor wants done or known, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum CentreOutput {
    /// On the telephone.
    Phone(PhoneEffect),
    /// Who is this? `CallerKnown` follows; after 150 ms nobody waits for it.
    LookUp {
        /// Which call.
        call: CallId,
        /// The caller's number.
        number: PhoneNumber,
    },
    /// It happened: for the journal.
    Fact(Fact),
    /// An agent was not allowed to dial outside: for the journal, with the address of the telephone that wanted it.
    DiallingRefused {
        /// What happened, without the address, which is not known here.
        fact: Fact,
        /// The telephone's leg; `None` when the console wanted it.
        by: Option<LegId>,
    },
    /// A call changed; `Over` is its last.
    Call(Arc<CallView>),
    /// An agent changed.
    Agent(Arc<AgentView>),
    /// An agent was taken out of the directory and is off the floor for good.
    AgentGone {
        /// Who.
        agent: AgentId,
    },
    /// A queue's line changed.
    Queue(Arc<QueueView>),
    /// To a web phone: the line answered.
    WebPhoneConnected {
        /// Which.
        session: SessionId,
    },
    /// To a web phone: over.
    WebPhoneEnded {
        /// Which.
        session: SessionId,
        /// Why.
        cause: EndCause,
    },
    /// Something did not fit together and was mended: for the log and the count.
    Drift(Drift),
    /// A sentence for one user, by message key of the console: `missed_offer`, `supervisor_paused`, `device_lost`.
    Notice {
        /// For whom.
        user: UserId,
        /// Key.
        key: &'static str,
    },
}
