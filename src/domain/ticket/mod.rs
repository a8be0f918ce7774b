//! Tickets: states and moves (`workflow`), SLA clocks (`sla`), which targets hold (`policy`). Lasting: loaded, decided, saved with
//! a version check. Deliberately absent: who is told of a breach (consoles and reactions read the events).

mod command;
mod event;
mod policy;
mod sla;
mod view;
mod workflow;

pub use command::{OpenTicket, TicketCommand, TicketRefusal};
pub use event::{FactsBefore, TicketEvent, TicketEventKind};
pub use policy::{SlaPolicy, SlaTargets};
pub use sla::{Clock, ClockChange, Pause};
pub use view::{ClockState, ClockView, Metric, Priority, TicketLine, TicketState, TicketType};
pub use workflow::{Opening, SlaBook, Ticket, Timer, legal_moves};
