//! One call and its legs: ringing, talking, held, transferred, over. Knows nothing of queues or agents' presence.

mod event;

pub use event::{
    CallEvent, CallEventKind, CallSummary, Direction, EndCause, FlowOutCause, MissCause, Outcome, Party, TransferTarget,
};
