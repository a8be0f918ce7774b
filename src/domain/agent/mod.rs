//! An agent's presence: offline, ready, offered, busy, wrapping up, paused. One machine per agent, owned by the live floor.
//! Knows calls and queues by their ids only.

mod event;
mod machine;
mod workload;
mod wrap_up;

pub use event::{AgentEvent, AgentEventKind, Presence, PresenceCause};
pub use machine::{Agent, AgentCx, Elapsed, Rest, WrapUpProblem};
pub use workload::Workload;
pub use wrap_up::{WrapUpRule, WrapUpRun};
