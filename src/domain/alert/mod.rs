//! Alerts: whether a figure of the floor has been bad for long enough to call for somebody, and good for long enough to let go. Which
//! figures and thresholds stands in the directory; where figures come from, and who is told, is decided above.

mod event;
mod line;
mod reading;
mod watch;

pub use event::{AlertEnd, AlertEvent, AlertEventKind, DeliveryFault};
pub use line::Alert;
pub use reading::{CallCounts, Reading};
pub use watch::{Change, Watch};
