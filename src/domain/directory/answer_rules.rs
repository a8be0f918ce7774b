//! Whether it is found out who answers the calls that agents make, and what they may leave on a machine, as administrators set it
//! up. What follows from an answer is decided in `domain/centre/answered_by.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::AnswerDetect;

/// What is asked of the answers to calls out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AnswerRules {
    /// Whether it is found out who answers a call to a number outside when whoever dials does not say.
    pub is_usual: bool,
    /// The limits between a person and a machine.
    #[serde(default)]
    #[schema(required)]
    pub limits: AnswerDetect,
    /// Shared prompts that agents may leave as a message, at most 20, in this order. One is cut off after 60 s.
    #[serde(default)]
    #[schema(required)]
    pub messages: Vec<String>,
}
