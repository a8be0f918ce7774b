//! Who waits, in what order, for how long; which agent is offered which call. Knows calls and agents by id only: what is rung,
//! played or counted is decided by the floor.

mod explain;
mod line;
mod pick;

pub use explain::{Choices, Considered, Explanation, Standing};
pub use line::{Place, QueueLine, Waiting};
pub use pick::{FreeAgent, Pick, pick};
