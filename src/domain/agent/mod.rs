//! An agent's presence: offline, ready, offered, busy, wrapping up, paused. One machine per agent, owned by the live floor.
//! Knows nothing of queues, and of calls only their ids.

mod event;
mod machine;
mod wrap_up;

pub use event::{AgentEvent, AgentEventKind, Presence, PresenceCause};
pub use machine::{Agent, AgentCx, Elapsed, Rest, WrapUpProblem};
pub use wrap_up::{WrapUpRule, WrapUpRun};
