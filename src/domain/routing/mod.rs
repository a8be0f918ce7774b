//! Which line, queue or phone a number means: for calls that reach us, and for numbers that agents dial. Reads the directory,
//! keeps nothing.

mod dial;
mod dialling;
mod language;
mod outbound;
mod route;

pub use dial::{DialPlan, DialProblem, plan_dial};
pub use dialling::{Dialled, DiallingProblem, is_emergency, may_dial};
pub use language::choose_language;
pub use outbound::{NoWay, Room};
pub use route::{Route, route};
