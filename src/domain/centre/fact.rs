//! What the floor tells the journal.

use serde::{Deserialize, Serialize};

use super::Sight;
use crate::{
    domain::{
        call::CallSummary,
        callback::Callback,
        event::{Actor, Event},
        work::WorkItem,
    },
    types::{AgentId, BusyActivity, CallId, Timestamp},
};

/// An event on its way to the journal, with the call's new history line if it changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Wall time.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: Event,
    /// Saved in the same transaction.
    pub call: Option<Box<CallSummary>>,
    /// The callback as it stands now, saved in the same transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Box<Callback>>,
    /// The same of a work item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<WorkItem>>,
    /// With a decision of the matcher about a call: what it saw. Saved in the same transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Box<Sight>>,
    /// With a presence on a call, and with what may change it: what the agent does there from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_call: Option<Box<OnCall>>,
}

/// What an agent does on a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// Who.
    pub agent: AgentId,
    /// On which call.
    pub call: CallId,
    /// What.
    pub activity: BusyActivity,
}

impl Fact {
    /// An event with nothing to save beside it.
    pub fn of(at: Timestamp, actor: Actor, event: Event) -> Self {
        Self { at, actor, event, call: None, callback: None, work: None, sight: None, on_call: None }
    }
}
