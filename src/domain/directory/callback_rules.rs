//! How a queue calls back those to whom it was promised, as supervisors set it up. Decided by it in `domain/callback` and on the floor.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{CalendarId, Timestamp};

/// How a queue calls back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CallbackRules {
    /// Who is called first, or that it stays a task.
    pub mode: CallbackMode,
    /// When customers may be called, in the calendar's zone; `None` is whenever the queue serves. Outside of it the next open time is
    /// waited for.
    pub calendar: Option<CalendarId>,
    /// How often the customer is called before it is given up and becomes a task, 1 to 20.
    pub attempts_max: i64,
    /// Minutes from a call that reached nobody to the next, 1 to 1440.
    pub retry_mins: i64,
    /// Minutes from the promised time after which it is given up and becomes a task, 5 to 43200.
    pub expire_mins: i64,
    /// Minutes that one for a certain agent waits for that agent; then it is the queue's, 0 to 10080.
    pub personal_mins: i64,
    /// Reached no more than so many minutes before or after the promised time counts as a promise kept, 1 to 1440.
    pub promise_mins: i64,
    /// Whether who hangs up while waiting is called back at the place in line, too, rather than by a task.
    pub calls_back_abandoned: bool,
}

/// Who is called first when somebody is called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackMode {
    /// Nobody by itself: a task is opened, and whoever takes it dials.
    #[default]
    Task,
    /// An agent is offered the callback with the customer's record; the customer is dialled when the agent takes it.
    AgentFirst,
    /// The customer is dialled as soon as an agent is free, who is kept for that call and has it when the customer answers.
    CustomerFirst,
}

impl Default for CallbackRules {
    fn default() -> Self {
        Self {
            mode: CallbackMode::Task,
            calendar: None,
            attempts_max: 3,
            retry_mins: 15,
            expire_mins: 2_880,
            personal_mins: 30,
            promise_mins: 30,
            calls_back_abandoned: false,
        }
    }
}

impl CallbackRules {
    /// When one that is promised for this time is given up.
    pub fn expires_at(&self, promised_at: Timestamp) -> Timestamp {
        promised_at.plus_millis(minutes(self.expire_mins))
    }

    /// When one for a certain agent that is due at this time becomes the queue's.
    pub fn personal_until(&self, due_at: Timestamp) -> Timestamp {
        due_at.plus_millis(minutes(self.personal_mins))
    }

    /// When somebody who was not reached is called again.
    pub fn retry_at(&self, failed_at: Timestamp) -> Timestamp {
        failed_at.plus_millis(minutes(self.retry_mins))
    }

    /// Whether reaching the customer so late, or so early (below 0), keeps the promise.
    pub fn keeps_promise(&self, late_ms: i64) -> bool {
        late_ms.abs() <= minutes(self.promise_mins)
    }
}

const fn minutes(count: i64) -> i64 {
    count.saturating_mul(60_000)
}
