//! Who a customer is and what happened with them. Lasting: loaded, decided, saved with a version check.

mod record;

pub use record::{Channel, Customer, CustomerEmail, CustomerPhone, CustomerSnapshot, Interaction, Product};
