//! Tickets: what can be done with one (`workflow`), states and moves as configured (`moves`), SLA clocks (`sla`, together in `clocks`), which targets hold (`policy`), when a level of
//! escalation fires (`escalation`), why a clock is due when it is (`explain`). Lasting: loaded, decided, saved with
//! a version check. Deliberately absent: who is told of a breach (consoles and reactions read the events).

mod clocks;
mod command;
mod escalation;
mod event;
mod explain;
mod moves;
mod policy;
mod sla;
mod view;
mod workflow;

pub use clocks::{ClockChange, ClockNews, Clocks, Contacts, REOPEN_GRACE_DAYS, Terms};
pub use command::{OpenTicket, TicketCommand, TicketRefusal};
pub use escalation::{Budget, Offset};
pub use event::{FactsBefore, TicketEvent, TicketEventKind};
pub use explain::{ClockAccount, DayAccount, PauseAccount, WindowAccount};
pub use moves::{
    BUILT_IN, By, FieldKind, FieldRule, Guards, Hold, MoveOption, MoveRule, NewOwner, Rank, Requirement, StateRule, StateTimer,
    TypeRules, WORKFLOW_BYTES_MAX, Workflow, WorkflowFlaw, WorkflowMistake, WorkflowPart, read_workflow,
};
pub use policy::{OnChange, SlaPolicy, SlaTargets};
pub use sla::{Clock, Pause};
pub use view::{ClockState, ClockView, Metric, Priority, TicketLine, TicketState, TicketType};
pub use workflow::{FieldConflict, Opening, SlaBook, Ticket, Timer};
