//! One agent: what the agent rests in between calls (ready, paused, offline), the one call at work, and what was chosen for
//! afterwards. Every change of the visible presence is an event, so that an agent's day adds up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AgentEvent, AgentEventKind, Presence, PresenceCause, Workload, WrapUpRule, WrapUpRun};
use crate::{
    domain::Cx,
    types::{AgentId, CallId, IdleTimes, Mono, QueueId, Timestamp, UserId},
};

/// A phone or console that stays away for so long signs its agent out.
const DEVICE_GRACE_MS: u64 = 600_000;

/// What a machine of this area may see and say.
pub type AgentCx<'a> = Cx<'a, AgentEvent>;

/// What an agent is between calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rest {
    /// Takes calls.
    Ready,
    /// Takes none for a while.
    Paused {
        /// A pause reason's key, `missed`, or `device`.
        reason: String,
    },
    /// Signed out.
    Offline,
}

/// What an agent works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Work {
    Offered(CallId),
    Busy(CallId),
    WrappingUp(WrapUpRun),
}

/// Why a wrap-up command was not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrapUpProblem {
    /// No wrap-up of this call runs.
    NotWrappingUp,
    /// A disposition is required first.
    DispositionMissing,
    /// It lasts for its whole time.
    NotBeforeTheEnd,
    /// No extension is left.
    ExtensionsUsed,
}

/// What the end of a deadline meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elapsed {
    /// It was too early, or nothing had a deadline.
    Nothing,
    /// The wrap-up of this call ended.
    WrapUpEnded(CallId),
    /// The wrap-up waits for its disposition past its time.
    WrapUpOverdue(CallId),
    /// The device stayed away; the agent was signed out.
    SignedOut,
}

/// One agent on the floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    rest: Rest,
    work: Option<Work>,
    next: Option<Rest>,
    strikes: u32,
    idle_since: Mono,
    since: Timestamp,
    #[serde(default)]
    idle: IdleTimes,
    /// The queue whose call is at work, if it came out of one.
    #[serde(default)]
    of_queue: Option<QueueId>,
    #[serde(skip)]
    why: Option<&'static str>,
    is_device_up: bool,
    device_lost_at: Mono,
    #[serde(default)]
    workload: Workload,
    /// Whether the agent has asked for a wrap-up after the present call.
    #[serde(default)]
    wants_wrap_up: bool,
    /// The number of the floor's offer by which the agent was last offered a call of each queue.
    #[serde(default)]
    last_offers: BTreeMap<QueueId, u64>,
}

impl Agent {
    /// An agent who has not signed in.
    pub fn new(id: AgentId, cx: &AgentCx<'_>) -> Self {
        Self {
            id,
            rest: Rest::Offline,
            work: None,
            next: None,
            strikes: 0,
            idle_since: cx.now.mono,
            idle: IdleTimes::default(),
            of_queue: None,
            since: cx.now.wall,
            why: None,
            is_device_up: false,
            device_lost_at: cx.now.mono,
            workload: Workload::beginning(cx.now.mono),
            wants_wrap_up: false,
            last_offers: BTreeMap::new(),
        }
    }

    /// The presence as others see it.
    pub fn presence(&self) -> Presence {
        match &self.work {
            Some(Work::Offered(call)) => Presence::Offered { call: *call },
            Some(Work::Busy(call)) => Presence::Busy { call: *call },
            Some(Work::WrappingUp(run)) => Presence::WrappingUp { call: run.call, until: Some(run.until_at) },
            None => self.rest.presence(),
        }
    }

    /// Since when.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// What follows the present call, if something was chosen.
    pub fn next(&self) -> Option<Presence> {
        self.next.as_ref().map(Rest::presence)
    }

    /// Who changed the presence, when not the agent: `missed_offer`, `supervisor`, `device`.
    pub fn why(&self) -> Option<&'static str> {
        self.why
    }

    /// The call that rings, is talked on or wrapped up.
    pub fn call(&self) -> Option<CallId> {
        match self.work.as_ref()? {
            Work::Offered(call) | Work::Busy(call) => Some(*call),
            Work::WrappingUp(run) => Some(run.call),
        }
    }

    /// The running wrap-up.
    pub fn wrap_up(&self) -> Option<&WrapUpRun> {
        match self.work.as_ref()? {
            Work::WrappingUp(run) => Some(run),
            Work::Offered(_) | Work::Busy(_) => None,
        }
    }

    /// Ready, with a device that can ring, and nothing else to do.
    pub fn is_free(&self) -> bool {
        self.work.is_none() && self.rest == Rest::Ready && self.is_device_up
    }

    /// Whether this call could ring here: free, or about to be free and doing no more than wrapping up this very call.
    pub fn could_take_back(&self, call: CallId) -> bool {
        let is_wrapping = self.wrap_up().is_some_and(|run| run.call == call);
        let rest = self.next.as_ref().unwrap_or(&self.rest);
        self.is_free() || (is_wrapping && *rest == Rest::Ready && self.is_device_up)
    }

    /// Whether the agent could dial: not on a call and signed in.
    pub fn can_dial(&self) -> bool {
        self.work.is_none() && self.rest != Rest::Offline
    }

    /// Whether the agent has signed in for calls.
    pub fn is_signed_in(&self) -> bool {
        self.work.is_some() || self.rest != Rest::Offline
    }

    /// Since when the agent is ready without a break.
    pub fn idle_since(&self) -> Mono {
        self.idle_since
    }

    /// The same by what began it anew.
    pub fn idle_times(&self) -> &IdleTimes {
        &self.idle
    }

    /// What the agent has done of late.
    pub fn workload(&self, now: Mono) -> Workload {
        let mut workload = self.workload;
        workload.pass(&self.presence(), now);
        workload
    }

    /// The same as of the last change of presence: what has passed since is not counted yet.
    pub fn workload_then(&self) -> Workload {
        self.workload
    }

    /// The agent has signed in: begins with what colleagues have done in the middle.
    pub fn begin_workload(&mut self, workload: Workload) {
        self.workload = workload;
    }

    /// The number of the offer by which the agent was last offered a call of this queue.
    pub fn last_offer(&self, queue: &QueueId) -> Option<u64> {
        self.last_offers.get(queue).copied()
    }

    /// The highest of those numbers, over all queues.
    pub fn latest_offer(&self) -> Option<u64> {
        self.last_offers.values().max().copied()
    }

    /// A call of this queue is offered, as the floor's offer of this number.
    pub fn note_offer(&mut self, queue: QueueId, number: u64) {
        self.last_offers.insert(queue, number);
    }

    /// Forgets offers of queues that are no more.
    pub fn keep_queues(&mut self, is_known: impl Fn(&QueueId) -> bool) {
        self.idle.keep_queues(&is_known);
        self.last_offers.retain(|queue, _| is_known(queue));
    }

    /// Whether the phone or console can ring.
    pub fn is_device_up(&self) -> bool {
        self.is_device_up
    }

    /// When something must happen although nothing is heard.
    pub fn deadline(&self) -> Option<Mono> {
        if let Some(run) = self.wrap_up() {
            return Some(run.deadline());
        }
        (self.work.is_none() && self.is_waiting_for_device()).then(|| self.device_lost_at + DEVICE_GRACE_MS)
    }

    /// The agent, or a supervisor, asks for a presence. During a call it is kept for afterwards, and during a wrap-up too where the agent
    /// asks; a supervisor's word ends the wrap-up. The call of a wrap-up that ended so.
    pub fn ask(&mut self, wanted: Rest, by: Option<UserId>, cx: &mut AgentCx<'_>) -> Option<CallId> {
        let ended = self.wrap_up().map(|run| run.call).filter(|_| by.is_some());
        if self.work.is_some() && ended.is_none() {
            if self.next.as_ref() != Some(&wanted) {
                self.next = Some(wanted);
                self.say(cx, AgentEventKind::NextStateChosen { next: self.next() });
            }
            return None;
        }
        if let Some(call) = ended {
            self.say(cx, AgentEventKind::WrapUpEnded { call, timed_out: false });
        }
        self.strikes = 0;
        let (cause, why) = match by {
            Some(user) => (PresenceCause::Supervisor { user }, Some("supervisor")),
            None => (PresenceCause::Asked, None),
        };
        self.next = Some(wanted);
        self.turn(cause, why, cx, Self::settle);
        ended
    }

    /// A call out of this queue rings at this agent, as the floor's offer of this number. Only for one who is free.
    pub fn offer_of(&mut self, queue: QueueId, number: u64, call: CallId, cx: &mut AgentCx<'_>) {
        self.note_offer(queue.clone(), number);
        self.offer(call, cx);
        self.of_queue = Some(queue);
    }

    /// A call out of no queue rings at this agent. Only for one who is free.
    pub fn offer(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        self.of_queue = None;
        self.turn(PresenceCause::Call, None, cx, |agent, _| agent.work = Some(Work::Offered(call)));
    }

    /// The agent takes the offered call, or begins to dial.
    pub fn take(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        self.strikes = 0;
        let is_answer = self.work == Some(Work::Offered(call));
        self.of_queue = self.of_queue.take().filter(|_| is_answer);
        self.turn(PresenceCause::Call, None, cx, |agent, _| agent.work = Some(Work::Busy(call)));
        if is_answer {
            self.workload.answer();
        }
    }

    /// A call about which a colleague asks, and which stays the colleague's: it is not one more that the agent has answered.
    pub fn advise(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        self.strikes = 0;
        self.turn(PresenceCause::Call, None, cx, |agent, _| agent.work = Some(Work::Busy(call)));
    }

    /// The colleague has left that call to the agent.
    pub fn inherit(&mut self, call: CallId) {
        if self.work == Some(Work::Busy(call)) {
            self.workload.answer();
        }
    }

    /// The offered call went away without any fault of the agent, who keeps the place among the idle.
    pub fn withdraw(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        if self.work != Some(Work::Offered(call)) {
            return;
        }
        self.turn(PresenceCause::Call, None, cx, |agent, now| {
            if let Some(next) = agent.next.take() {
                agent.rest_in(next, now);
            } else if !agent.is_device_up && agent.rest == Rest::Ready {
                agent.rest = Rest::device();
            }
            agent.work = None;
        });
    }

    /// The agent did not answer, or declined. True when that made the agent not ready, as it does so many times in a row; who took a
    /// parked call during a pause was not ready anyway, and the pause goes on.
    pub fn strike(&mut self, call: CallId, strikes_max: u32, cx: &mut AgentCx<'_>) -> bool {
        if self.work != Some(Work::Offered(call)) {
            return false;
        }
        let would_be_ready = self.would_be_ready();
        self.strikes += 1;
        let is_out = would_be_ready && self.strikes >= strikes_max;
        let rest = match self.next.take() {
            Some(chosen @ (Rest::Paused { .. } | Rest::Offline)) => chosen,
            None if !would_be_ready => self.rest.clone(),
            Some(Rest::Ready) | None if is_out => Rest::Paused { reason: "missed".into() },
            Some(Rest::Ready) | None => Rest::Ready,
        };
        let why = is_out.then_some("missed_offer");
        self.turn(PresenceCause::MissedOffer, why, cx, |agent, now| {
            agent.rest_in(rest, now);
            agent.work = None;
        });
        is_out
    }

    /// The agent did not take something that was offered beside calls. True when that made the agent not ready, as it does so many times in
    /// a row, with calls.
    pub fn strike_beside_calls(&mut self, strikes_max: u32, cx: &mut AgentCx<'_>) -> bool {
        if self.work.is_some() || self.rest != Rest::Ready {
            return false;
        }
        self.strikes += 1;
        let is_out = self.strikes >= strikes_max;
        if is_out {
            let rest = Rest::Paused { reason: "missed".into() };
            self.turn(PresenceCause::MissedOffer, Some("missed_offer"), cx, |agent, now| agent.rest_in(rest, now));
        }
        is_out
    }

    /// The agent took something that was offered beside calls.
    pub fn forget_strikes(&mut self) {
        self.strikes = 0;
    }

    /// The agent's phone could not ring. Not the agent's fault: out of rotation until the device is well again, or still in the
    /// pause during which a parked call was taken.
    pub fn fail_device(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        if self.work != Some(Work::Offered(call)) {
            return;
        }
        let would_be_ready = self.would_be_ready();
        let rest = match self.next.take() {
            Some(chosen @ (Rest::Paused { .. } | Rest::Offline)) => chosen,
            None if !would_be_ready => self.rest.clone(),
            Some(Rest::Ready) | None => Rest::device(),
        };
        self.turn(PresenceCause::Device, would_be_ready.then_some("device"), cx, |agent, now| {
            agent.is_device_up = false;
            agent.device_lost_at = now;
            agent.rest_in(rest, now);
            agent.work = None;
        });
    }

    /// The phone or console can ring again, or no longer.
    pub fn note_device(&mut self, is_up: bool, cx: &mut AgentCx<'_>) {
        if is_up != self.is_device_up {
            self.is_device_up = is_up;
            self.device_lost_at = cx.now.mono;
        }
        if self.work.is_some() {
            return;
        }
        if is_up && self.is_waiting_for_device() {
            self.turn(PresenceCause::Device, None, cx, |agent, now| agent.rest_in(Rest::Ready, now));
        } else if !is_up && self.rest == Rest::Ready {
            self.turn(PresenceCause::Device, Some("device"), cx, |agent, now| agent.rest_in(Rest::device(), now));
        }
    }

    /// The agent's part of a call is over. With a rule a wrap-up begins.
    pub fn finish(&mut self, call: CallId, rule: Option<WrapUpRule>, has_disposition: bool, cx: &mut AgentCx<'_>) {
        if self.work != Some(Work::Busy(call)) {
            return;
        }
        self.wants_wrap_up = false;
        let Some(rule) = rule else {
            self.turn(PresenceCause::Call, None, cx, Self::settle);
            return;
        };
        let run = WrapUpRun::begin(call, rule, has_disposition, cx.now);
        let until = Some(run.until_at);
        self.turn(PresenceCause::Call, None, cx, |agent, _| agent.work = Some(Work::WrappingUp(run)));
        self.say(cx, AgentEventKind::WrapUpStarted { call, until });
    }

    /// The agent lost the call by losing the device: out of rotation, without wrap-up.
    pub fn lose_call(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        if self.work != Some(Work::Busy(call)) {
            return;
        }
        self.turn(PresenceCause::Device, Some("device"), cx, |agent, now| {
            agent.is_device_up = false;
            agent.device_lost_at = now;
            agent.wants_wrap_up = false;
            agent.settle(now);
        });
    }

    /// A disposition was chosen for a call.
    pub fn note_disposition(&mut self, call: CallId) {
        if let Some(Work::WrappingUp(run)) = &mut self.work
            && run.call == call
        {
            run.has_disposition = true;
        }
    }

    /// The agent is done with the wrap-up.
    pub fn end_wrap_up(&mut self, call: CallId, cx: &mut AgentCx<'_>) -> Result<(), WrapUpProblem> {
        let run = self.wrap_up().filter(|run| run.call == call).ok_or(WrapUpProblem::NotWrappingUp)?;
        if run.needs_disposition && !run.has_disposition {
            return Err(WrapUpProblem::DispositionMissing);
        }
        if !run.may_end_early {
            return Err(WrapUpProblem::NotBeforeTheEnd);
        }
        self.close_wrap_up(call, false, cx);
        Ok(())
    }

    /// The agent asks for a wrap-up after the present call, or does without. False when there is no such call.
    pub fn want_wrap_up(&mut self, call: CallId, is_wanted: bool) -> bool {
        let is_present = self.work == Some(Work::Busy(call));
        if is_present {
            self.wants_wrap_up = is_wanted;
        }
        is_present
    }

    /// Whether the agent has asked for a wrap-up after the present call.
    pub fn wants_wrap_up(&self) -> bool {
        self.wants_wrap_up
    }

    /// More time.
    pub fn extend_wrap_up(&mut self, call: CallId) -> Result<(), WrapUpProblem> {
        let Some(Work::WrappingUp(run)) = &mut self.work else { return Err(WrapUpProblem::NotWrappingUp) };
        if run.call != call {
            return Err(WrapUpProblem::NotWrappingUp);
        }
        if run.extend() { Ok(()) } else { Err(WrapUpProblem::ExtensionsUsed) }
    }

    /// The call that was wrapped up comes back to the agent: the wrap-up is over without more ado.
    pub fn drop_wrap_up(&mut self, call: CallId, cx: &mut AgentCx<'_>) {
        if self.wrap_up().is_some_and(|run| run.call == call) {
            self.say(cx, AgentEventKind::WrapUpEnded { call, timed_out: false });
            self.turn(PresenceCause::WrapUp, None, cx, Self::settle);
        }
    }

    /// The deadline has passed.
    pub fn elapse(&mut self, cx: &mut AgentCx<'_>) -> Elapsed {
        if self.deadline().is_none_or(|deadline| cx.now.mono < deadline) {
            return Elapsed::Nothing;
        }
        let Some(Work::WrappingUp(run)) = &mut self.work else {
            self.turn(PresenceCause::Deadline, Some("device"), cx, |agent, now| agent.rest_in(Rest::Offline, now));
            return Elapsed::SignedOut;
        };
        let call = run.call;
        if cx.now.mono < run.ends {
            run.is_overdue = true;
            self.say(cx, AgentEventKind::WrapUpOverdue { call });
            return Elapsed::WrapUpOverdue(call);
        }
        self.close_wrap_up(call, true, cx);
        Elapsed::WrapUpEnded(call)
    }

    fn close_wrap_up(&mut self, call: CallId, timed_out: bool, cx: &mut AgentCx<'_>) {
        self.say(cx, AgentEventKind::WrapUpEnded { call, timed_out });
        self.turn(PresenceCause::WrapUp, None, cx, Self::settle);
    }

    /// Work is over: what was chosen for afterwards, or what was before.
    fn settle(&mut self, now: Mono) {
        let rest = self.next.take().unwrap_or_else(|| self.rest.clone());
        self.rest_in(rest, now);
        self.work = None;
    }

    fn rest_in(&mut self, rest: Rest, now: Mono) {
        let was_idle = self.work.is_none() && self.rest == Rest::Ready;
        match &self.rest {
            _ if self.work.is_some() => self.idle.note_call(self.of_queue.take(), now),
            Rest::Ready => {}
            Rest::Paused { .. } => self.idle.note_pause(now),
            Rest::Offline => self.idle.note_signed_in(now),
        }
        self.rest = if rest == Rest::Ready && !self.is_device_up { Rest::device() } else { rest };
        if self.rest == Rest::Ready && !was_idle {
            self.idle_since = now;
        }
    }

    /// Whether the agent was ready when the present work came, or chose to be afterwards.
    fn would_be_ready(&self) -> bool {
        self.rest == Rest::Ready || self.next == Some(Rest::Ready)
    }

    fn is_waiting_for_device(&self) -> bool {
        self.rest == Rest::device()
    }

    /// Changes something; a visible change becomes an event.
    fn turn(
        &mut self,
        cause: PresenceCause,
        why: Option<&'static str>,
        cx: &mut AgentCx<'_>,
        change: impl FnOnce(&mut Self, Mono),
    ) {
        let from = self.presence();
        self.workload.pass(&from, cx.now.mono);
        change(self, cx.now.mono);
        let to = self.presence();
        if from == to {
            return;
        }
        self.since = cx.now.wall;
        self.why = why;
        self.say(cx, AgentEventKind::PresenceChanged { from, to, cause });
    }

    fn say(&self, cx: &mut AgentCx<'_>, kind: AgentEventKind) {
        cx.emit(AgentEvent { agent: self.id.clone(), kind });
    }
}

impl Rest {
    /// Out of rotation until the phone or console can ring again.
    fn device() -> Self {
        Self::Paused { reason: "device".into() }
    }

    fn presence(&self) -> Presence {
        match self {
            Self::Ready => Presence::Ready,
            Self::Paused { reason } => Presence::Paused { reason: reason.clone() },
            Self::Offline => Presence::Offline,
        }
    }
}
