//! What lasts: SQLite in the data folder, or PostgreSQL, behind one facade and one SQL text. Decides how things are stored and
//! in what order they are committed; never what is allowed (that is `app`) nor what a thing means (that is `domain`).
//!
//! Every write goes through the node's one writer (`writer.rs`); reads go straight to the pool. Every statement is registered
//! (`sql!`), and a test prepares all of them on both engines.

mod data_dir;
mod db;
mod dialect;
mod fault;
mod migrate;
mod seal;
mod search_texts;
mod sql;
mod tx;
mod writer;

pub mod agent_report;
pub mod alerts;
pub mod audit;
pub mod backup;
pub mod broadcasts;
pub mod callback_report;
pub mod callbacks;
pub mod calls;
pub mod customers;
pub mod dialled;
pub mod directory;
pub mod journal;
pub mod peek;
pub mod positions;
pub mod queue_report;
pub mod recorded;
pub mod recordings;
pub mod repair;
pub mod segments;
pub mod sights;
pub mod ticket_workflow;
pub mod tickets;
pub mod users;
pub mod work_items;
pub mod work_norms;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use data_dir::{DataDir, WAITING_FACTS_FILE};
pub use db::{CONNECTIONS_MIN, Db, Settings, for_a_caller};
pub use dialect::Dialect;
pub use fault::{OpenFault, StoreFault};
pub use seal::MASTER_KEY_FILE;
pub use sql::{Record, Sql, Val};
pub use tx::{NewEvent, Tx};
pub use writer::{Lane, WriteFuture};

pub(crate) use sql::{binds, sql};

/// Most items of one part of a list.
pub const PAGE_MAX: i64 = 500;

/// Every registered statement with the module that it belongs to. A module with a `sql!` block adds its line here; a test
/// compares this list with the files.
pub fn statements() -> Vec<(&'static str, &'static [&'static Sql])> {
    vec![
        ("db", db::STATEMENTS),
        ("tx", tx::STATEMENTS),
        ("agent_report", agent_report::STATEMENTS),
        ("alerts", alerts::STATEMENTS),
        ("audit", audit::STATEMENTS),
        ("callback_report", callback_report::STATEMENTS),
        ("callbacks", callbacks::STATEMENTS),
        ("broadcasts", broadcasts::STATEMENTS),
        ("calls", calls::STATEMENTS),
        ("customers", customers::STATEMENTS),
        ("dialled", dialled::STATEMENTS),
        ("directory", directory::STATEMENTS),
        ("journal", journal::STATEMENTS),
        ("positions", positions::STATEMENTS),
        ("queue_report", queue_report::STATEMENTS),
        ("recorded", recorded::STATEMENTS),
        ("recordings", recordings::STATEMENTS),
        ("repair", repair::STATEMENTS),
        ("search_texts", search_texts::STATEMENTS),
        ("segments", segments::STATEMENTS),
        ("sights", sights::STATEMENTS),
        ("ticket_workflow", ticket_workflow::STATEMENTS),
        ("tickets", tickets::STATEMENTS),
        ("users", users::STATEMENTS),
        ("work_items", work_items::STATEMENTS),
        ("work_norms", work_norms::STATEMENTS),
    ]
}
