//! Use cases and loops: load, decide, save, send. Checks who may do what; decides nothing about calls or tickets itself.

pub mod actor;
pub mod field_problem;
pub mod journal_loop;
pub mod rate_limit;
pub mod users;
