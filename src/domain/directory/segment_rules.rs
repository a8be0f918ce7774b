//! What a queue does otherwise for the customers of one segment, as supervisors set it up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::QueueId;

/// What is otherwise for the customers of one segment. Their place in line is set by `routing.head_start_secs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SegmentRules {
    /// The queue that they wait in instead; its own rules of this kind are not asked. `None` is this one.
    pub queue: Option<QueueId>,
    /// Script that agents read with them, plain text per language; where there is none, the queue's.
    pub script: BTreeMap<String, String>,
}
