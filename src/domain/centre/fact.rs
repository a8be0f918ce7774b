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
    types::Timestamp,
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
}

impl Fact {
    /// An event with nothing to save beside it.
    pub fn of(at: Timestamp, actor: Actor, event: Event) -> Self {
        Self { at, actor, event, call: None, callback: None, work: None, sight: None }
    }
}
