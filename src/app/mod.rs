//! Use cases and loops: load, decide, save, send. Checks who may do what; decides nothing about calls or tickets itself.

pub mod access;
pub mod actor;
pub mod alert_loop;
pub mod alerts;
pub mod balance_loop;
pub mod broadcasts;
pub mod callbacks;
pub mod calls;
pub mod client;
pub mod customers;
pub mod desk;
pub mod directory;
pub mod events;
pub mod fact_channel;
pub mod field_problem;
pub mod first_centre;
pub mod import;
pub mod ivr;
pub mod journal_loop;
pub mod norm_loop;
pub mod overload;
pub mod paging;
pub mod rate_limit;
pub mod reaction_loop;
pub mod recordings;
pub mod replay;
pub mod reports;
pub mod review_loop;
pub mod sample_centre;
pub mod signalling;
pub mod simulation;
pub mod sip_sockets;
pub mod sla_cases;
pub mod snapshot_loop;
pub mod spoken;
pub mod switch_handle;
pub mod switch_loop;
pub mod tickets;
pub mod timer_loop;
pub mod users;
pub mod webhook_loop;
pub mod what_if;
pub mod work_items;

/// Why the database did not do it, for those above who must answer somebody.
pub use crate::store::{StoreFault, journal::Cursor};
