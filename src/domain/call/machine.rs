//! One call. Each method is one move: it changes the stage, keeps the clocks right and says what happened. Whether a move is
//! wanted, and what the telephones must do for it, is decided by the floor.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    AnsweredBy, CallClock, CallEvent, CallEventKind, CallForks, CallRecording, CallSummary, CallbackRef, Consult, Direction,
    EndCause, FlowOutCause, MissCause, Offer, OtherParty, Outcome, Partner, Party, PartyMatch, Span, Stage, Supervision,
    TransferTarget, sound::CallSound, voicemail::Voicemail,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Cx,
    types::{
        AgentId, CallId, DispositionId, ExpectedWait, LegId, LineId, Mono, PeerReason, QueueId, SessionIdentifier, Timestamp,
    },
};

/// Nodes kept of a caller's way through the flows.
const IVR_PATH_MAX: usize = 50;
/// Agents whose dispositions are kept per call; more transfers than this have no wrap-up of their own on the call.
const DISPOSERS_MAX: usize = 20;

/// What a machine of this area may see and say.
pub type CallCx<'a> = Cx<'a, CallEvent>;

/// One call from its arrival or dialling to its end. Can be written down and read again whole: a call outlasts its process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Which.
    pub id: CallId,
    /// Which way.
    pub direction: Direction,
    /// The party at the other end.
    pub party: OtherParty,
    /// The number of ours that was dialled, or shown.
    pub our_number: Arc<str>,
    /// What names its session from end to end.
    #[serde(default)]
    pub session: SessionIdentifier,
    /// The customer's leg; `None` before an outbound call rings there, and after the end.
    pub customer_leg: Option<LegId>,
    /// The IVR line.
    pub line: Option<LineId>,
    /// The last queue.
    pub queue: Option<QueueId>,
    /// The reason chosen in the flow.
    pub reason: Option<String>,
    /// Nodes passed, in order.
    pub ivr_path: Vec<String>,
    /// Language spoken with the caller.
    pub language: Arc<str>,
    /// When it reached us or was dialled.
    pub started_at: Timestamp,
    /// When the last wait began.
    pub queued_at: Option<Timestamp>,
    /// When the present stage began.
    pub since: Timestamp,
    /// When agent and customer first heard each other.
    pub connected_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Why it was over.
    pub end_cause: Option<EndCause>,
    /// Who talked last.
    pub last_agent: Option<AgentId>,
    /// Who handed it over last.
    pub transferred_from: Option<AgentId>,
    /// Supervisors who hear it, and whom they speak to.
    #[serde(default)]
    pub supervisors: BTreeMap<AgentId, Supervision>,
    /// Agents who have not finished their wrap-up of it.
    pub wrapping: BTreeSet<AgentId>,
    /// Queues that branches have sent it to.
    pub hops: u8,
    /// Whether the caller comes to the queue as soon as it is known, or known to be unknown, who that is.
    #[serde(default)]
    pub awaits_segment: bool,
    /// What it was about, by agent.
    pub disposed: BTreeMap<AgentId, DispositionId>,
    /// Whether it is found out who answers; `None` for what the centre's rules say.
    #[serde(default)]
    pub detects_answer: Option<bool>,
    #[serde(default)]
    pub(super) answered_by: Option<AnsweredBy>,
    #[serde(default)]
    pub(super) voicemail: Option<Voicemail>,
    /// How far a supervisor has put the waiting call ahead, in seconds, instead of the queue's rules.
    #[serde(default)]
    pub ahead_secs: Option<i64>,
    #[serde(skip)]
    pub(super) consult: Option<Consult>,
    #[serde(default)]
    pub(super) conference: Vec<Consult>,
    #[serde(default)]
    pub(super) recording: Option<CallRecording>,
    #[serde(default)]
    pub(super) forks: CallForks,
    /// 0 to 99: whether it is among those of which a percentage is recorded. What an earlier version wrote down is not.
    #[serde(default = "undrawn")]
    pub(super) recording_draw: u8,
    #[serde(skip)]
    pub(super) sound: CallSound,
    /// How far ahead it stands in its queue for earlier calls of the same caller, milliseconds.
    #[serde(default)]
    pub regained_ms: u64,
    /// How long the caller waited in those calls, milliseconds.
    #[serde(default)]
    pub waited_before_ms: u64,
    /// Processes of ours that it has outlasted.
    #[serde(default)]
    pub restarts: u8,
    /// The callback that it is made for.
    #[serde(default)]
    pub callback: Option<CallbackRef>,
    /// Since when its place in this queue's line is, where it took over that of a callback.
    #[serde(default)]
    pub place_at: Option<(QueueId, Timestamp)>,
    pub(super) stage: Stage,
    clock: CallClock,
    pub(super) outcome: Outcome,
    pub(super) wait_since: Option<Mono>,
    pub(super) attempts: i64,
    /// Further agents at whom a waiting call rings, by when that ends.
    #[serde(default)]
    pub(super) also_rings: Vec<Offer>,
    /// Whether it rings by somebody's hand.
    #[serde(skip)]
    pub(super) is_given: bool,
}

const fn undrawn() -> u8 {
    100
}

/// What is known of a call when it begins.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// Which.
    pub id: CallId,
    /// Which way.
    pub direction: Direction,
    /// The party at the other end.
    pub party: OtherParty,
    /// The number of ours.
    pub our_number: Arc<str>,
    /// What names its session.
    pub session: SessionIdentifier,
    /// The customer's leg, if there is one yet.
    pub customer_leg: Option<LegId>,
    /// Language to begin with.
    pub language: Arc<str>,
    /// First stage.
    pub stage: Stage,
}

impl Call {
    /// A call reached us.
    pub fn arrive(new: NewCall, cx: &mut CallCx<'_>) -> Self {
        let call = Self::begin(new, cx);
        call.say(
            cx,
            CallEventKind::Arrived {
                number: call.our_number.to_string(),
                trunk: call.party.trunk.clone(),
                session_id: (!call.party.is_web).then(|| call.session.to_string()),
            },
        );
        if let Some(identity) = call.party.identity.clone() {
            call.say(cx, CallEventKind::CallerChecked { identity });
        }
        call
    }

    /// We answered a caller who had gone unanswered so far.
    pub fn note_answered(&self, cx: &mut CallCx<'_>) {
        let unanswered_ms = cx.now.wall.millis_since(self.started_at);
        self.say(cx, CallEventKind::Answered { unanswered_ms });
    }

    /// An agent dials.
    pub fn dial(new: NewCall, agent: AgentId, cx: &mut CallCx<'_>) -> Self {
        let mut call = Self::begin(new, cx);
        call.last_agent = Some(agent.clone());
        call.say(cx, CallEventKind::Dialled { agent });
        call
    }

    pub(super) fn begin(new: NewCall, cx: &mut CallCx<'_>) -> Self {
        let at = cx.now.wall;
        Self {
            id: new.id,
            direction: new.direction,
            party: new.party,
            our_number: new.our_number,
            session: new.session,
            customer_leg: new.customer_leg,
            line: None,
            queue: None,
            reason: None,
            ivr_path: Vec::new(),
            language: new.language,
            started_at: at,
            queued_at: None,
            since: at,
            connected_at: None,
            ended_at: None,
            end_cause: None,
            last_agent: None,
            transferred_from: None,
            supervisors: BTreeMap::new(),
            wrapping: BTreeSet::new(),
            hops: 0,
            awaits_segment: false,
            disposed: BTreeMap::new(),
            detects_answer: None,
            answered_by: None,
            voicemail: None,
            ahead_secs: None,
            consult: None,
            conference: Vec::new(),
            recording: None,
            forks: CallForks::default(),
            recording_draw: u8::try_from(cx.rng.below(100)).unwrap_or(0),
            sound: CallSound::default(),
            regained_ms: 0,
            waited_before_ms: 0,
            restarts: 0,
            callback: None,
            place_at: None,
            stage: new.stage,
            clock: CallClock::default(),
            outcome: Outcome::Open,
            wait_since: None,
            attempts: 0,
            also_rings: Vec::new(),
            is_given: false,
        }
    }

    /// Where it stands.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Whether nobody is on the line any more.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Milliseconds since the present wait began.
    pub fn waited_ms(&self, now: Mono) -> i64 {
        self.wait_since.map_or(0, |since| i64::try_from(now.millis_since(since)).unwrap_or(i64::MAX))
    }

    /// The look-up of the caller was answered.
    pub fn identify(&mut self, matches: Vec<PartyMatch>, cx: &mut CallCx<'_>) {
        let count = i64::try_from(matches.len()).unwrap_or(i64::MAX);
        let before = self.party.customer;
        self.party.found(matches);
        // A late answer behind an agent's choice is no news.
        if count > 0 && (before.is_none() || before != self.party.customer) {
            self.say(cx, CallEventKind::Identified { customer: self.party.customer, matches: count });
        }
    }

    /// An agent said who the customer is: one of the matches, or somebody else.
    pub fn choose_customer(&mut self, chosen: PartyMatch, cx: &mut CallCx<'_>) {
        if self.party.known().is_some_and(|known| known.customer == chosen.customer) {
            return;
        }
        let customer = chosen.customer;
        self.party.choose(chosen);
        self.say(cx, CallEventKind::Identified { customer: Some(customer), matches: 1 });
    }

    /// A flow begins.
    pub fn enter_flow(&mut self, line: LineId, until: Mono, cx: &mut CallCx<'_>) {
        self.line = Some(line);
        self.go(Stage::InFlow { until }, None, cx);
    }

    /// The flow moved on to a node.
    pub fn pass_node(&mut self, node: &str, cx: &mut CallCx<'_>) {
        if self.ivr_path.len() < IVR_PATH_MAX {
            self.ivr_path.push(node.to_owned());
        }
        if let Some(line) = self.line.clone() {
            self.say(cx, CallEventKind::IvrEntered { line, node: node.to_owned() });
        }
    }

    /// The caller hears the own voice.
    pub fn echo(&mut self, until: Mono, cx: &mut CallCx<'_>) {
        self.go(Stage::Echo { until }, None, cx);
    }

    /// A wait in a queue begins, which is expected to be so long.
    pub fn enqueue(&mut self, queue: QueueId, expected: Option<ExpectedWait>, cx: &mut CallCx<'_>) {
        self.queue = Some(queue.clone());
        self.queued_at = Some(cx.now.wall);
        self.wait_since = Some(cx.now.mono);
        self.ahead_secs = None;
        self.attempts = 0;
        self.go(Stage::Waiting { queue: queue.clone(), offer: None }, Some(Span::Wait), cx);
        self.say(cx, CallEventKind::Queued { queue, reason: self.reason.clone(), expected });
    }

    /// The caller stands where an earlier call stood.
    pub fn regain_place(&mut self, earlier: CallId, cx: &mut CallCx<'_>) {
        let Stage::Waiting { queue, .. } = &self.stage else { return };
        let waited_ms = i64::try_from(self.waited_before_ms).unwrap_or(i64::MAX);
        self.say(cx, CallEventKind::PlaceRegained { queue: queue.clone(), earlier, waited_ms });
    }

    /// A call that rang at an agent is picked up by another, whose telephone is being answered.
    pub fn pick_up(&mut self, from: &AgentId, new: Offer, cx: &mut CallCx<'_>) -> Option<Offer> {
        let taken = self.miss(from, MissCause::PickedUp, cx)?;
        let agent = new.agent.clone();
        let queue = match &mut self.stage {
            Stage::Waiting { queue, offer } => {
                self.also_rings.extend(offer.replace(new));
                Some(queue.clone())
            }
            Stage::HandedOver { offer, .. } => {
                *offer = new;
                None
            }
            Stage::Parked { offer, .. } => {
                *offer = Some(new);
                None
            }
            _ => return None,
        };
        self.attempts += 1;
        self.say(cx, CallEventKind::Offered { queue, agent, attempt: self.attempts, decision: None });
        Some(taken)
    }

    /// The agent goes on with the call by another telephone; the leg of the one before.
    pub fn change_phone(&mut self, to: LegId) -> Option<LegId> {
        match &mut self.stage {
            Stage::Talking { with } | Stage::Held { with } => with.phone.replace(to),
            _ => None,
        }
    }

    /// The call leaves an agent and rings at a colleague, or back at the one who handed it over.
    pub fn hand_over(&mut self, from: AgentId, offer: Offer, is_return: bool, cx: &mut CallCx<'_>) {
        let to = offer.agent.clone();
        if !is_return {
            self.say(cx, CallEventKind::Transferred { from: from.clone(), to: TransferTarget::Agent { agent: to.clone() } });
            self.attempts = 0;
            self.wait_since = Some(cx.now.mono);
        }
        self.attempts += 1;
        self.transferred_from = Some(from.clone());
        self.go(Stage::HandedOver { from, offer, returns_from: None }, Some(Span::Wait), cx);
        self.say(cx, CallEventKind::Offered { queue: None, agent: to, attempt: self.attempts, decision: None });
    }

    /// The call leaves an agent for a queue or a line; [`Call::enqueue`], [`Call::enter_flow`] or a branch follows.
    pub fn send_to(&mut self, from: AgentId, to: TransferTarget, cx: &mut CallCx<'_>) {
        self.transferred_from = Some(from.clone());
        self.say(cx, CallEventKind::Transferred { from, to });
    }

    /// Agent and customer hear each other: an offer was taken, or the party called answered.
    pub fn connect(&mut self, with: Partner, cx: &mut CallCx<'_>) {
        let queue = match &self.stage {
            Stage::Waiting { queue, .. } => Some(queue.clone()),
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::Dialling { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => None,
        };
        let agent = with.agent.clone();
        let waited_ms = self.waited_ms(cx.now.mono);
        self.connected_at.get_or_insert(cx.now.wall);
        self.last_agent = Some(agent.clone());
        self.outcome = Outcome::Answered;
        self.wait_since = None;
        self.go(Stage::Talking { with }, Some(Span::Talk), cx);
        self.say(cx, CallEventKind::Connected { queue, agent, waited_ms });
    }

    /// On an outbound call something else rings now.
    pub fn dial_on(&mut self, with: Partner, step: super::DialStep, until: Mono, cx: &mut CallCx<'_>) {
        self.go(Stage::Dialling { with, step, until }, None, cx);
    }

    /// The customer hears music. Only while talking.
    pub fn hold(&mut self, cx: &mut CallCx<'_>) -> bool {
        let Stage::Talking { with } = self.stage.clone() else { return false };
        let agent = with.agent.clone();
        self.go(Stage::Held { with }, Some(self.span_without_agent()), cx);
        self.say(cx, CallEventKind::Held { agent });
        true
    }

    /// Off hold. Only while held.
    pub fn resume(&mut self, cx: &mut CallCx<'_>) -> bool {
        let Stage::Held { with } = self.stage.clone() else { return false };
        let agent = with.agent.clone();
        self.go(Stage::Talking { with }, Some(Span::Talk), cx);
        self.say(cx, CallEventKind::Resumed { agent });
        true
    }

    /// The agent's audio is lost; the call is kept until then.
    pub fn lose_agent(&mut self, until: Mono, until_at: Timestamp, cx: &mut CallCx<'_>) -> bool {
        let (with, was_held) = match &self.stage {
            Stage::Talking { with } => (with.clone(), false),
            Stage::Held { with } => (with.clone(), true),
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Waiting { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::Dialling { .. }
            | Stage::Reconnecting { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => return false,
        };
        self.go(Stage::Reconnecting { with, was_held, until, until_at }, Some(self.span_without_agent()), cx);
        self.say(cx, CallEventKind::MediaLost { party: Party::Agent });
        true
    }

    /// The agent's audio is back: on hold stays whoever was, but nobody stays away from a conference who asks nobody any more.
    pub fn regain_agent(&mut self, cx: &mut CallCx<'_>) -> bool {
        let Stage::Reconnecting { with, was_held, .. } = self.stage.clone() else { return false };
        if was_held && (self.consult.is_some() || self.conference.is_empty()) {
            self.go(Stage::Held { with }, Some(self.span_without_agent()), cx);
        } else {
            self.go(Stage::Talking { with }, Some(Span::Talk), cx);
        }
        self.say(cx, CallEventKind::MediaBack { party: Party::Agent });
        true
    }

    /// The caller leaves the queue otherwise than by an agent or by hanging up. The caller of this method says where to.
    pub fn flow_out(&mut self, cause: FlowOutCause, cx: &mut CallCx<'_>) {
        let Stage::Waiting { queue, .. } = &self.stage else { return };
        if self.is_calling_back() {
            return;
        }
        let queue = queue.clone();
        let waited_ms = self.waited_ms(cx.now.mono);
        self.wait_since = None;
        self.clock.count(None, cx.now.mono);
        self.outcome = Outcome::FlowedOut;
        self.say(cx, CallEventKind::FlowedOut { queue, waited_ms, cause });
    }

    /// A last message plays; then the call is ended.
    pub fn leave(&mut self, until: Mono, cx: &mut CallCx<'_>) {
        self.go(Stage::Leaving { until }, None, cx);
    }

    /// What it was about. False when too many agents have said so already.
    pub fn dispose(&mut self, agent: AgentId, disposition: DispositionId, cx: &mut CallCx<'_>) -> bool {
        if self.disposed.len() >= DISPOSERS_MAX && !self.disposed.contains_key(&agent) {
            return false;
        }
        self.disposed.insert(agent.clone(), disposition.clone());
        self.say(cx, CallEventKind::Disposed { agent, disposition });
        true
    }

    /// Nobody is on the line any more. A caller who hangs up while waiting has abandoned; whoever else ends a wait
    /// says [`Call::flow_out`] first. `reason`: what the customer's side said.
    pub fn end(&mut self, cause: EndCause, by: Party, reason: Option<PeerReason>, cx: &mut CallCx<'_>) {
        if self.is_over() {
            return;
        }
        if let Stage::Waiting { queue, .. } = &self.stage
            && self.wait_since.is_some()
        {
            let (queue, waited_ms) = (queue.clone(), self.waited_ms(cx.now.mono));
            self.outcome = Outcome::Abandoned;
            self.clock.count(None, cx.now.mono);
            self.wait_since = None;
            self.say(cx, CallEventKind::Abandoned { queue, waited_ms });
        }
        if self.outcome == Outcome::Open {
            self.outcome = self.outcome_of(cause, by);
        }
        self.end_dead_air(cx);
        self.go(Stage::Over, None, cx);
        self.customer_leg = None;
        self.ended_at = Some(cx.now.wall);
        self.end_cause = Some(cause);
        self.say(cx, CallEventKind::Ended { cause, by, reason });
    }

    fn outcome_of(&self, cause: EndCause, by: Party) -> Outcome {
        match (self.direction, cause) {
            (Direction::Outbound, _) => Outcome::NotReached,
            (
                Direction::Inbound,
                EndCause::Fault
                | EndCause::Overload
                | EndCause::Shutdown
                | EndCause::Refused
                | EndCause::UnknownNumber
                | EndCause::NoAnswer
                | EndCause::Unreachable,
            ) => Outcome::Failed,
            (Direction::Inbound, _) => match self.stage {
                Stage::Answering { .. } => Outcome::Failed,
                Stage::InFlow { .. } if by == Party::Customer => Outcome::AbandonedInIvr,
                Stage::InFlow { .. }
                | Stage::Echo { .. }
                | Stage::Waiting { .. }
                | Stage::HandedOver { .. }
                | Stage::Parked { .. }
                | Stage::Dialling { .. }
                | Stage::Talking { .. }
                | Stage::Held { .. }
                | Stage::Reconnecting { .. }
                | Stage::PassedOn { .. }
                | Stage::Leaving { .. }
                | Stage::Over => Outcome::SelfServed,
            },
        }
    }

    /// The line of the history as of the last change.
    pub fn summary(&self) -> CallSummary {
        let (wait_ms, talk_ms, hold_ms) = self.clock.sums();
        CallSummary {
            id: self.id,
            direction: self.direction,
            customer_number: self.party.number.clone(),
            customer_label: self.party.label.clone(),
            our_number: self.our_number.to_string(),
            customer: self.party.customer,
            line: self.line.clone(),
            ivr_path: self.ivr_path.clone(),
            reason: self.reason.clone(),
            queue: self.queue.clone(),
            agent: self.last_agent.clone(),
            language: self.language.to_string(),
            started_at: self.started_at,
            queued_at: self.queued_at,
            connected_at: self.connected_at,
            ended_at: self.ended_at,
            wait_ms,
            talk_ms,
            hold_ms,
            outcome: if self.is_over() { self.outcome } else { Outcome::Open },
            end_cause: self.end_cause,
            is_web: self.party.is_web,
            redirections: self.party.redirections.clone(),
            answer: self.answered_by.as_ref().and_then(|known| known.answer),
        }
    }

    /// What the time counts as while the agent is away from the customer, who talks with the conference, if there is one.
    pub(super) fn span_without_agent(&self) -> Span {
        if self.conference.is_empty() { Span::Hold } else { Span::Talk }
    }

    /// The last of a conference has left: a customer whose agent is away is alone.
    pub(super) fn count_alone(&mut self, cx: &CallCx<'_>) {
        if self.conference.is_empty() && matches!(self.stage, Stage::Held { .. } | Stage::Reconnecting { .. }) {
            self.clock.count(Some(Span::Hold), cx.now.mono);
        }
    }

    pub(super) fn go(&mut self, stage: Stage, counts_as: Option<Span>, cx: &CallCx<'_>) {
        self.clock.count(counts_as, cx.now.mono);
        self.stage = stage;
        self.since = cx.now.wall;
    }

    pub(super) fn say(&self, cx: &mut CallCx<'_>, kind: CallEventKind) {
        cx.emit(CallEvent { call: self.id, kind });
    }
}
