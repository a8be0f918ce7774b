//! The telephone exchange, still without I/O: joins what the wires say (`protocol`) with what the centre decides (`domain`).
//! One value per node owns every live call; the loop above carries bytes in and out.

mod caller;
mod hear;
mod io;
mod legs;
mod speak;

#[cfg(test)]
mod stories;

pub use io::{CommandRequest, Input, LiveUpdate, Output, WebPhoneUpdate};
