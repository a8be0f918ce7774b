//! Why a call went to an agent: a short memory of the latest choices, so that "who gets the next call" is never a riddle.

use std::collections::VecDeque;

use crate::types::{AgentId, CallId, QueueId, Timestamp};

/// Choices remembered.
const EXPLANATIONS_MAX: usize = 200;

/// One choice of the matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// When.
    pub at: Timestamp,
    /// From which queue.
    pub queue: QueueId,
    /// Which call.
    pub call: CallId,
    /// Who got it.
    pub chosen: AgentId,
    /// All who were free, in order of their keys, at most 50.
    pub considered: Vec<Considered>,
}

/// A free agent, looked at for one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Who.
    pub agent: AgentId,
    /// How the agent stood.
    pub standing: Standing,
}

/// How a free agent stood when a call was given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Could have had it; the longest idle gets it.
    Eligible {
        /// Idle for so long.
        idle_ms: u64,
    },
    /// Has not the skills that the queue asks for.
    LacksSkill,
    /// Missed this call a moment ago.
    MissedItBefore,
}

/// The latest choices, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Choices(VecDeque<Explanation>);

impl Choices {
    /// Remembers a choice; the oldest is forgotten when there are too many.
    pub fn note(&mut self, explanation: Explanation) {
        if self.0.len() >= EXPLANATIONS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(explanation);
    }

    /// The latest choices, newest first.
    pub fn latest(&self) -> impl Iterator<Item = &Explanation> {
        self.0.iter().rev()
    }
}
