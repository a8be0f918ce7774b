//! A call as a line in a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CallSummary;
use crate::types::DispositionId;

/// A line of the history with what stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallLine {
    /// The call.
    #[serde(flatten)]
    pub call: CallSummary,
    /// Name of the customer as it is now.
    pub customer_name: Option<String>,
    /// What it was about.
    pub disposition: Option<DispositionId>,
}
