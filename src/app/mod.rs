//! Use cases and loops: load, decide, save, send. Checks who may do what; decides nothing about calls or tickets itself.

pub mod actor;
pub mod journal_loop;
pub mod rate_limit;
pub mod switch_handle;
pub mod switch_loop;
