//! The contacts behind a figure: every figure of a queue's report is the number of the visits that it names here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{AgentId, CallId, QueueId, Timestamp};

/// A figure of a report. Most count the visits that began in the span; `handled`, `transferred`, `held` and `short_calls` those whose
/// handling ended in it, as `handled_by` does of an agent; `taken`, `missed`, `transfers_made` and those that are called `ended` what happened in it, and those that are called `waiting`
/// who waited at its beginning or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Entered the queue.
    Offered,
    /// Reached an agent.
    Answered,
    /// Of those, within the threshold.
    AnsweredInTime,
    /// Of the answered, within 180 s.
    #[serde(rename = "answered_within_180_s")]
    AnsweredWithin180S,
    /// Answered, and the handling ended in the span, whenever the visit began.
    Handled,
    /// Of the handled, those whom an agent passed on.
    Transferred,
    /// Of the handled, those who were put on hold.
    Held,
    /// Of the handled, those who talked for less than 10 s.
    ShortCalls,
    /// Answered by an agent in the span; also those who were passed on to the agent.
    Taken,
    /// Rang at an agent in the span, and rang out or were declined.
    Missed,
    /// Handled by an agent, who answered or was asked about the caller, and the handling ended in the span.
    HandledBy,
    /// Passed on by an agent in the span.
    TransfersMade,
    /// Waited longest of all.
    LongestWait,
    /// Hung up while waiting.
    Abandoned,
    /// Of those, after no more than the time of a short abandon.
    AbandonedShort,
    /// Of the abandoned, within the threshold.
    AbandonedInTime,
    /// Left otherwise.
    FlowedOut,
    /// Of those, because nobody who could serve was signed in.
    FlowedOutNoAgents,
    /// At the maximum wait.
    FlowedOutMaxWait,
    /// Because the queue was full.
    FlowedOutFull,
    /// At closing time, or as the queue was closed.
    FlowedOutClosed,
    /// Because the wait was expected to be too long.
    FlowedOutExpectedWait,
    /// By a key.
    FlowedOutKey,
    /// Moved by a person.
    FlowedOutMoved,
    /// Because the node stopped or was lost.
    FlowedOutNodeLost,
    /// Still waiting.
    Open,
    /// Reached an agent in the span, whenever the visit began.
    EndedAnswered,
    /// Hung up in the span.
    EndedAbandoned,
    /// Left otherwise in the span.
    EndedFlowedOut,
    /// Waited at the beginning of the span.
    WaitingAtStart,
    /// Waited at the end of the span.
    WaitingAtEnd,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::Offered,
        Self::Answered,
        Self::AnsweredInTime,
        Self::AnsweredWithin180S,
        Self::Handled,
        Self::Transferred,
        Self::Held,
        Self::ShortCalls,
        Self::Taken,
        Self::Missed,
        Self::HandledBy,
        Self::TransfersMade,
        Self::LongestWait,
        Self::Abandoned,
        Self::AbandonedShort,
        Self::AbandonedInTime,
        Self::FlowedOut,
        Self::FlowedOutNoAgents,
        Self::FlowedOutMaxWait,
        Self::FlowedOutFull,
        Self::FlowedOutClosed,
        Self::FlowedOutExpectedWait,
        Self::FlowedOutKey,
        Self::FlowedOutMoved,
        Self::FlowedOutNodeLost,
        Self::Open,
        Self::EndedAnswered,
        Self::EndedAbandoned,
        Self::EndedFlowedOut,
        Self::WaitingAtStart,
        Self::WaitingAtEnd,
    ];
}

/// One visit of a call to a queue, as a line behind a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// The call.
    pub call: CallId,
    /// Which of its visits, from 1.
    pub visit: i64,
    /// To which queue.
    pub queue: QueueId,
    /// The reason chosen in the flow.
    pub reason: Option<String>,
    /// When the wait began.
    pub offered_at: Timestamp,
    /// When it ended; `None` while it goes on.
    pub closed_at: Option<Timestamp>,
    /// `answered`, `abandoned`, `flowed_out` or `node_lost`; `None` while the wait goes on.
    pub outcome: Option<String>,
    /// Why it flowed out.
    pub flow_cause: Option<String>,
    /// Who answered.
    pub agent: Option<AgentId>,
    /// How long it waited; `None` while the wait goes on.
    pub wait_ms: Option<i64>,
    /// Talk that belongs to the visit.
    pub talk_ms: i64,
    /// Hold that belongs to it.
    pub hold_ms: i64,
    /// How often agents passed the caller on.
    pub transfers: i64,
    /// The threshold of the service level that held when it began.
    pub threshold_ms: i64,
    /// An abandon after a wait of no more than this was a short one.
    pub short_ms: i64,
}

/// A contact's place in a list: oldest first.
pub type ContactPlace = (Timestamp, CallId, i64);
