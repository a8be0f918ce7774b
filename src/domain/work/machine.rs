//! One work item. Each method is one move: it changes the state and says what happened; in a state in which it makes no sense it does
//! nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OfferMiss, WorkEvent, WorkEventKind, WorkReturn};
use crate::{
    domain::Cx,
    types::{
        AgentId, CallId, CustomerId, DispositionId, PhoneNumber, QueueId, RecordingId, RoutingDecision, Timestamp, WorkItemId,
    },
};

/// What a machine of this area may see and say.
pub type WorkCx<'a> = Cx<'a, WorkEvent>;

/// Something that an agent is to do beside calls. Saved whole with every event of it, in the same transaction; holds personal data,
/// which events do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkItem {
    /// Which.
    pub id: WorkItemId,
    /// What it is.
    pub kind: WorkKind,
    /// The queue whose agents do it.
    pub queue: QueueId,
    /// The call on which it came: its place in line has this name.
    pub call: CallId,
    /// Who is behind it: the number, when shown.
    pub number: Option<PhoneNumber>,
    /// Who that is, when known.
    pub customer: Option<CustomerId>,
    /// Their segment, which may stand ahead in line.
    pub segment: Option<String>,
    /// Language spoken with them.
    pub language: String,
    /// When it came.
    pub added_at: Timestamp,
    /// Since when the customer waits: the place in line, to which it returns each time that it is not done.
    pub queued_at: Timestamp,
    /// Where it stands.
    pub state: WorkState,
    /// How often it was offered.
    pub offers: i64,
    /// How often it went back to its place, not done.
    pub returns: i64,
    /// For how long agents have had it open, in milliseconds, the present one not counted.
    pub open_ms: i64,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

/// What a work item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum WorkKind {
    /// A message that a caller left. It is a ticket, too.
    Voicemail {
        /// The message.
        recording: RecordingId,
        /// Its length.
        length_ms: i64,
    },
}

/// Where a work item stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum WorkState {
    /// In line.
    Waiting,
    /// Offered to an agent; keeps its place in line.
    Offered {
        /// To whom.
        agent: AgentId,
        /// Then it counts as unanswered.
        until: Timestamp,
    },
    /// An agent has it open.
    Accepted {
        /// Who.
        agent: AgentId,
        /// Since when.
        since: Timestamp,
        /// Then it goes back to its place.
        until: Timestamp,
    },
    /// It is done.
    Done {
        /// By whom.
        agent: AgentId,
        /// What it was about.
        disposition: Option<DispositionId>,
    },
    /// Nobody does it: a supervisor closed it, or its queue is gone.
    Closed,
}

impl WorkState {
    /// Whether there is still something to be done.
    pub fn is_active(&self) -> bool {
        match self {
            Self::Waiting | Self::Offered { .. } | Self::Accepted { .. } => true,
            Self::Done { .. } | Self::Closed => false,
        }
    }

    /// To whom it is offered, who has it, or who did it.
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Offered { agent, .. } | Self::Accepted { agent, .. } | Self::Done { agent, .. } => Some(agent),
            Self::Waiting | Self::Closed => None,
        }
    }

    /// When it ends by itself.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Offered { until, .. } | Self::Accepted { until, .. } => Some(*until),
            Self::Waiting | Self::Done { .. } | Self::Closed => None,
        }
    }

    /// As stored.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered { .. } => "offered",
            Self::Accepted { .. } => "accepted",
            Self::Done { .. } => "done",
            Self::Closed => "closed",
        }
    }
}

/// What is known of a work item when it comes.
#[derive(Debug, Clone)]
pub struct NewWorkItem {
    /// Which.
    pub id: WorkItemId,
    /// What it is.
    pub kind: WorkKind,
    /// The queue.
    pub queue: QueueId,
    /// The call on which it came.
    pub call: CallId,
    /// The number.
    pub number: Option<PhoneNumber>,
    /// Who that is.
    pub customer: Option<CustomerId>,
    /// Their segment.
    pub segment: Option<String>,
    /// Language spoken with them.
    pub language: Arc<str>,
    /// The place in line.
    pub queued_at: Timestamp,
}

impl WorkItem {
    /// It is to be done.
    pub fn add(new: NewWorkItem, cx: &mut WorkCx<'_>) -> Self {
        let now = cx.now.wall;
        let item = Self {
            id: new.id,
            kind: new.kind,
            queue: new.queue,
            call: new.call,
            number: new.number,
            customer: new.customer,
            segment: new.segment,
            language: new.language.to_string(),
            added_at: now,
            queued_at: new.queued_at.min(now),
            state: WorkState::Waiting,
            offers: 0,
            returns: 0,
            open_ms: 0,
            ended_at: None,
        };
        item.say(cx, WorkEventKind::Added { call: item.call, queued_at: item.queued_at });
        item
    }

    /// It is offered to an agent.
    pub fn offer(&mut self, agent: AgentId, until: Timestamp, decision: Option<Box<RoutingDecision>>, cx: &mut WorkCx<'_>) {
        if self.state != WorkState::Waiting {
            return;
        }
        self.offers += 1;
        self.state = WorkState::Offered { agent: agent.clone(), until };
        let attempt = self.offers;
        self.say(cx, WorkEventKind::Offered { agent, attempt, decision });
    }

    /// The offer came to nothing.
    pub fn miss(&mut self, cause: OfferMiss, cx: &mut WorkCx<'_>) {
        let WorkState::Offered { agent, .. } = &self.state else { return };
        let agent = agent.clone();
        self.state = WorkState::Waiting;
        self.say(cx, WorkEventKind::OfferMissed { agent, cause });
    }

    /// The agent takes it.
    pub fn accept(&mut self, until: Timestamp, cx: &mut WorkCx<'_>) {
        let WorkState::Offered { agent, .. } = &self.state else { return };
        let (agent, since) = (agent.clone(), cx.now.wall);
        self.state = WorkState::Accepted { agent: agent.clone(), since, until };
        let waited_ms = since.millis_since(self.queued_at).max(0);
        self.say(cx, WorkEventKind::Accepted { agent, waited_ms });
    }

    /// It goes back to its place, not done.
    pub fn give_back(&mut self, cause: WorkReturn, cx: &mut WorkCx<'_>) {
        let Some((agent, open_ms)) = self.close_open(cx) else { return };
        self.returns += 1;
        self.state = WorkState::Waiting;
        self.say(cx, WorkEventKind::Returned { agent, cause, open_ms });
    }

    /// It is done.
    pub fn finish(&mut self, disposition: Option<DispositionId>, cx: &mut WorkCx<'_>) {
        let Some((agent, open_ms)) = self.close_open(cx) else { return };
        self.state = WorkState::Done { agent: agent.clone(), disposition: disposition.clone() };
        self.ended_at = Some(cx.now.wall);
        self.say(cx, WorkEventKind::Done { agent, open_ms, disposition });
    }

    /// Nobody does it any more.
    pub fn close(&mut self, cx: &mut WorkCx<'_>) {
        if !self.state.is_active() {
            return;
        }
        self.miss(OfferMiss::Withdrawn, cx);
        self.close_open(cx);
        self.state = WorkState::Closed;
        self.ended_at = Some(cx.now.wall);
        self.say(cx, WorkEventKind::Closed);
    }

    /// Who had it open, and for how long.
    fn close_open(&mut self, cx: &WorkCx<'_>) -> Option<(AgentId, i64)> {
        let WorkState::Accepted { agent, since, .. } = &self.state else { return None };
        let open_ms = cx.now.wall.millis_since(*since).max(0);
        self.open_ms += open_ms;
        Some((agent.clone(), open_ms))
    }

    fn say(&self, cx: &mut WorkCx<'_>, kind: WorkEventKind) {
        cx.emit(WorkEvent { item: self.id, queue: self.queue.clone(), kind });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Outbox,
        types::{Mono, Now, Rng},
    };

    #[test]
    fn an_item_keeps_its_place_over_misses_and_returns_and_ends_once() {
        let (mut rng, mut out) = (Rng::seeded(1), Outbox::default());
        let at = |secs: i64| Timestamp::from_millis(1_766_000_000_000 + secs * 1_000);
        let ana: AgentId = "ana".parse().unwrap();
        let new = NewWorkItem {
            id: WorkItemId::mint(at(0), &mut rng),
            kind: WorkKind::Voicemail { recording: RecordingId::mint(at(0), &mut rng), length_ms: 9_000 },
            queue: "support".parse().unwrap(),
            call: CallId::mint(at(0), &mut rng),
            number: None,
            customer: None,
            segment: None,
            language: "es".into(),
            queued_at: at(-60),
        };
        let mut cx = Cx { now: Now { wall: at(0), mono: Mono::from_millis(1) }, rng: &mut rng, out: &mut out };
        let mut item = WorkItem::add(new, &mut cx);
        item.accept(at(99), &mut cx);
        item.finish(None, &mut cx);
        assert_eq!(item.state, WorkState::Waiting, "what is not offered cannot be taken, what is not open cannot be done");
        item.offer(ana.clone(), at(15), None, &mut cx);
        item.miss(OfferMiss::NoAnswer, &mut cx);
        item.offer(ana.clone(), at(30), None, &mut cx);
        item.accept(at(90), &mut cx);
        cx.now.wall = at(20);
        item.give_back(WorkReturn::GivenBack, &mut cx);
        assert_eq!((item.queued_at, item.offers, item.returns, item.open_ms), (at(-60), 2, 1, 20_000));
        item.offer(ana.clone(), at(30), None, &mut cx);
        item.accept(at(90), &mut cx);
        cx.now.wall = at(50);
        item.finish(None, &mut cx);
        item.close(&mut cx);
        assert_eq!((item.open_ms, item.ended_at), (50_000, Some(at(50))));
        assert_eq!(item.state, WorkState::Done { agent: ana, disposition: None });
        let kinds: Vec<_> = out.drain().map(|event| event.kind().trim_start_matches("work.")).collect();
        let story = ["added", "offered", "offer_missed", "offered", "accepted", "returned", "offered", "accepted", "done"];
        assert_eq!(kinds, story);
    }
}
