//! Who a customer is and what happened with them. Lasting: loaded, decided, saved with a version check.

pub mod identity;
mod record;

pub use identity::MatchReason;
pub use record::{Channel, Customer, CustomerEmail, CustomerPhone, CustomerSnapshot, Interaction, Product};
