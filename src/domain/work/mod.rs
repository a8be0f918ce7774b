//! Work items: what agents do beside calls and are given like calls, from its coming to its end. Decides what state an item is in and
//! what each move means; who is offered which item and when is the floor's (`domain/centre/work_items.rs`), which has the agents and the
//! lines. A message of a caller is the one kind so far.

mod event;
mod machine;

pub use event::{OfferMiss, WorkEvent, WorkEventKind, WorkReturn};
pub use machine::{NewWorkItem, WorkItem, WorkKind, WorkState};
