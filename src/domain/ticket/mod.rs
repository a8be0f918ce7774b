//! Tickets: states and moves, SLA clocks. Lasting: loaded, decided, saved with a version check.

mod view;

pub use view::{ClockState, ClockView, Metric, Priority, TicketLine, TicketState, TicketType};
