//! Who a customer is and what happened with them. Lasting: loaded, decided, saved with a version check.

mod event;
pub mod identity;
mod record;

pub use event::{CustomerEvent, CustomerEventKind};
pub use identity::MatchReason;
pub use record::{Channel, Customer, CustomerEmail, CustomerPhone, CustomerSnapshot, Interaction, Product};
