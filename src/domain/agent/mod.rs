//! An agent's presence: offline, ready, offered, busy, wrapping up, paused. One machine per agent, owned by the live floor.

mod event;

pub use event::{AgentEvent, AgentEventKind, Presence, PresenceCause};
