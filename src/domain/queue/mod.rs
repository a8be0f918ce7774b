//! Who waits, in what order, for how long; which agent is offered which call. Knows calls and agents by id only: what is rung,
//! played or counted is decided by the floor.

mod line;
mod pick;
mod reach;
mod strategy;

pub use line::{Place, QueueLine, Waiting};
pub use pick::{FreeAgent, OpenQueue, Pick, WorkRecord, next_step, pick};
pub use reach::{Reach, reach};
