//! Callbacks: a promise to call somebody, from the wish to its end. Decides what state a promise is in, how often it is tried and when it
//! is given up; who is called when, and by whom, is the floor's (`domain/centre/callbacks.rs`), which has the lines and the agents.

mod event;
mod machine;

pub use event::{CallbackEvent, CallbackEventKind};
pub use machine::{Callback, CallbackState, NewCallback};
