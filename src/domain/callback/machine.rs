//! One promise to call somebody. Each method is one move: it changes the state and says what happened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CallbackEvent, CallbackEventKind};
use crate::{
    domain::{Cx, directory::CallbackRules},
    types::{AgentId, CallId, CallbackId, CustomerId, PhoneNumber, QueueId, Timestamp},
};

/// One that could not be dialled for want of a line is tried again after this time, and after twice the time each further time,
const PUT_OFF_MS: i64 = 30_000;
/// up to so often: 16 minutes.
const PUT_OFF_DOUBLINGS_MAX: i64 = 5;

/// What a machine of this area may see and say.
pub type CallbackCx<'a> = Cx<'a, CallbackEvent>;

/// A promise to call somebody. Saved whole with every event of it, in the same transaction; holds personal data, which events do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Callback {
    /// Which.
    pub id: CallbackId,
    /// Whom to call.
    pub number: PhoneNumber,
    /// Who that is, when known.
    pub customer: Option<CustomerId>,
    /// Their segment, which may stand ahead in line.
    pub segment: Option<String>,
    /// The queue whose agents call.
    pub queue: QueueId,
    /// Language spoken with them.
    pub language: String,
    /// What it is about, as typed, or the reason chosen in a flow.
    pub note: Option<String>,
    /// On which call it was promised; `None` where a person set it up.
    pub call: Option<CallId>,
    /// When it was promised.
    pub requested_at: Timestamp,
    /// Since when the customer waits: the place in line.
    pub queued_at: Timestamp,
    /// Whether a person put it before all others in line.
    #[serde(default)]
    #[schema(required)]
    pub is_first: bool,
    /// By how many seconds a supervisor had put the caller ahead who waited; `None` is where the queue's rules put the customer.
    #[serde(default)]
    #[schema(required)]
    pub ahead_secs: Option<i64>,
    /// The time that was promised: the agreed one, else when its turn in line began.
    pub promised_at: Timestamp,
    /// The agreed time; `None` for as soon as its turn comes.
    pub scheduled_at: Option<Timestamp>,
    /// The customer's time zone, if known: customers are called at such hours as are usual there.
    pub zone: Option<String>,
    /// Not before: the agreed time, or that of the next attempt.
    pub due_at: Timestamp,
    /// The agent who is to call; `None` for whoever of the queue.
    pub agent: Option<AgentId>,
    /// From then on any agent of the queue may.
    pub agent_until: Option<Timestamp>,
    /// Given up then.
    pub expires_at: Timestamp,
    /// How often the customer was dialled.
    pub attempts: i64,
    /// How often in a row no line to the outside was free for it.
    #[serde(default)]
    #[schema(required)]
    pub times_put_off: i64,
    /// The call by which that is done, or was done last.
    pub attempt: Option<CallId>,
    /// Where it stands.
    pub state: CallbackState,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// The inbound call that took its place.
    pub merged_into: Option<CallId>,
    /// Milliseconds from the promised time to the talk; below 0 if it was earlier.
    pub late_ms: Option<i64>,
    /// Whether that is within what the queue allows.
    pub is_promise_kept: Option<bool>,
}

/// Where a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackState {
    /// Waits in line, or for its time.
    Waiting,
    /// The customer is dialled.
    Calling,
    /// Agent and customer talked.
    Reached,
    /// Nobody was reached, or the number cannot be called. A task is opened.
    Failed,
    /// Its time was over. A task is opened.
    Expired,
    /// The customer called again.
    Merged,
    /// A person called it off.
    Cancelled,
}

impl CallbackState {
    /// Whether there is still something to be done.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Waiting | Self::Calling)
    }

    /// As stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Calling => "calling",
            Self::Reached => "reached",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Merged => "merged",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is known of a callback when it is promised.
#[derive(Debug, Clone)]
pub struct NewCallback {
    /// Which.
    pub id: CallbackId,
    /// Whom to call.
    pub number: PhoneNumber,
    /// Who that is, when known.
    pub customer: Option<CustomerId>,
    /// Their segment.
    pub segment: Option<String>,
    /// The queue.
    pub queue: QueueId,
    /// Language spoken with them.
    pub language: Arc<str>,
    /// What it is about.
    pub note: Option<String>,
    /// On which call it was promised.
    pub call: Option<CallId>,
    /// The place in line.
    pub queued_at: Timestamp,
    /// By how many seconds a supervisor had put it ahead.
    pub ahead_secs: Option<i64>,
    /// The agreed time.
    pub scheduled_at: Option<Timestamp>,
    /// The customer's time zone.
    pub zone: Option<String>,
    /// The agent who is to call.
    pub agent: Option<AgentId>,
}

impl Callback {
    /// It is promised. An agreed time is also the place in line: nobody is passed by who waits since before.
    pub fn request(new: NewCallback, rules: &CallbackRules, cx: &mut CallbackCx<'_>) -> Self {
        let now = cx.now.wall;
        let due_at = new.scheduled_at.unwrap_or(now).max(now);
        let queued_at = if new.scheduled_at.is_some() { due_at } else { new.queued_at.min(now) };
        let callback = Self {
            id: new.id,
            number: new.number,
            customer: new.customer,
            segment: new.segment,
            queue: new.queue,
            language: new.language.to_string(),
            note: new.note,
            call: new.call,
            requested_at: now,
            queued_at,
            is_first: false,
            ahead_secs: new.ahead_secs,
            promised_at: due_at,
            scheduled_at: new.scheduled_at,
            zone: new.zone,
            due_at,
            agent_until: new.agent.is_some().then(|| rules.personal_until(due_at)),
            agent: new.agent,
            expires_at: rules.expires_at(due_at),
            attempts: 0,
            times_put_off: 0,
            attempt: None,
            state: CallbackState::Waiting,
            ended_at: None,
            merged_into: None,
            late_ms: None,
            is_promise_kept: None,
        };
        let (call, agent) = (callback.call, callback.agent.clone());
        callback.say(cx, CallbackEventKind::Requested { call, queued_at, due_at, agent });
        callback
    }

    /// The agent who alone may call now.
    pub fn only_for(&self, now: Timestamp) -> Option<&AgentId> {
        self.agent.as_ref().filter(|_| self.agent_until.is_none_or(|until| now < until))
    }

    /// Another time, zone or agent, or another number, which the floor has changed. Only while it waits.
    pub fn reschedule(
        &mut self,
        (at, zone): (Option<Timestamp>, Option<String>),
        agent: Option<AgentId>,
        rules: &CallbackRules,
        cx: &mut CallbackCx<'_>,
    ) {
        if self.state != CallbackState::Waiting {
            return;
        }
        let now = cx.now.wall;
        if let Some(at) = at.filter(|at| Some(*at) != self.scheduled_at) {
            let at = at.max(now);
            (self.scheduled_at, self.promised_at, self.due_at, self.queued_at) = (Some(at), at, at, at);
            self.expires_at = rules.expires_at(at);
            (self.is_first, self.ahead_secs) = (false, None);
        }
        self.zone = zone.or(self.zone.take());
        self.agent_until = agent.is_some().then(|| rules.personal_until(self.due_at.max(now)));
        self.agent = agent;
        let (due_at, agent) = (self.due_at, self.agent.clone());
        self.say(cx, CallbackEventKind::Rescheduled { due_at, agent });
    }

    /// A person puts it before all others in line, until another time is agreed.
    pub fn put_first(&mut self, cx: &mut CallbackCx<'_>) {
        if self.state == CallbackState::Waiting && !self.is_first {
            self.is_first = true;
            self.say(cx, CallbackEventKind::PutFirst);
        }
    }

    /// The customer is dialled.
    pub fn begin_attempt(&mut self, call: CallId, agent: AgentId, cx: &mut CallbackCx<'_>) {
        self.state = CallbackState::Calling;
        self.attempts += 1;
        self.attempt = Some(call);
        let attempt = self.attempts;
        self.say(cx, CallbackEventKind::AttemptBegan { call, agent, attempt });
    }

    /// Nobody was reached: it is tried again after the pause at the same place in line, or given up.
    pub fn fail_attempt(&mut self, rules: &CallbackRules, cx: &mut CallbackCx<'_>) {
        let (CallbackState::Calling, Some(call)) = (self.state, self.attempt) else { return };
        let next_at =
            Some(rules.retry_at(cx.now.wall)).filter(|at| self.attempts < rules.attempts_max && *at < self.expires_at);
        self.state = CallbackState::Waiting;
        self.times_put_off = 0;
        self.say(cx, CallbackEventKind::AttemptFailed { call, next_at });
        match next_at {
            Some(at) => self.due_at = at,
            None => self.give_up(cx),
        }
    }

    /// The customer was dialled, but the agent was lost before the answer: it does not count.
    pub fn withdraw_attempt(&mut self, cx: &mut CallbackCx<'_>) {
        let (CallbackState::Calling, Some(call)) = (self.state, self.attempt) else { return };
        self.state = CallbackState::Waiting;
        self.attempts -= 1;
        self.say(cx, CallbackEventKind::AttemptWithdrawn { call });
    }

    /// No line to the outside was free: it does not count, and is tried again soon, each time a little later. It comes to its end with its
    /// time.
    pub fn put_off(&mut self, call: CallId, cx: &mut CallbackCx<'_>) {
        if self.state == CallbackState::Calling {
            self.attempts -= 1;
        }
        self.state = CallbackState::Waiting;
        let doublings = self.times_put_off.clamp(0, PUT_OFF_DOUBLINGS_MAX);
        let next_at = cx.now.wall.plus_millis(PUT_OFF_MS << doublings);
        (self.times_put_off, self.due_at) = (self.times_put_off.saturating_add(1), next_at);
        self.say(cx, CallbackEventKind::NotDialled { call, next_at });
    }

    /// Agent and customer talk.
    pub fn reach(&mut self, agent: AgentId, rules: &CallbackRules, cx: &mut CallbackCx<'_>) {
        let (CallbackState::Calling, Some(call)) = (self.state, self.attempt) else { return };
        let late_ms = cx.now.wall.millis_since(self.promised_at);
        let is_promise_kept = rules.keeps_promise(late_ms);
        (self.late_ms, self.is_promise_kept) = (Some(late_ms), Some(is_promise_kept));
        self.end(CallbackState::Reached, CallbackEventKind::Reached { call, agent, late_ms, is_promise_kept }, cx);
    }

    /// The customer called again and has the place.
    pub fn merge(&mut self, into: CallId, cx: &mut CallbackCx<'_>) {
        self.merged_into = Some(into);
        self.end(CallbackState::Merged, CallbackEventKind::Merged { into }, cx);
    }

    /// It cannot be kept.
    pub fn give_up(&mut self, cx: &mut CallbackCx<'_>) {
        self.end(CallbackState::Failed, CallbackEventKind::Failed, cx);
    }

    /// Its time is over.
    pub fn expire(&mut self, cx: &mut CallbackCx<'_>) {
        self.end(CallbackState::Expired, CallbackEventKind::Expired, cx);
    }

    /// A person called it off.
    pub fn cancel(&mut self, cx: &mut CallbackCx<'_>) {
        self.end(CallbackState::Cancelled, CallbackEventKind::Cancelled, cx);
    }

    fn end(&mut self, state: CallbackState, kind: CallbackEventKind, cx: &mut CallbackCx<'_>) {
        if !self.state.is_active() {
            return;
        }
        self.state = state;
        self.ended_at = Some(cx.now.wall);
        self.say(cx, kind);
    }

    fn say(&self, cx: &mut CallbackCx<'_>, kind: CallbackEventKind) {
        cx.emit(CallbackEvent { callback: self.id, queue: self.queue.clone(), kind });
    }
}
