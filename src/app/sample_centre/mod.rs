//! The sample centre: what `centralita demo` puts into an empty installation, so that a newcomer can call, answer and look around.

mod floor;
mod people;

pub use floor::{directory, sla_policies};
