//! What answers a number that was dialled from outside.

use crate::{
    domain::directory::{Directory, Number, NumberTarget},
    types::{LineId, QueueId},
};

/// What answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The flow of a line.
    Line(LineId),
    /// Straight into a queue.
    Queue(QueueId),
    /// The caller's own voice.
    Echo,
}

/// The number of ours behind `called`, and what answers it; `None` when it is not one of ours or its queue is gone.
pub fn route<'a>(directory: &'a Directory, called: &str) -> Option<(&'a Number, Route)> {
    let number = directory.number(called)?;
    let route = match &number.target {
        NumberTarget::Line { line } => Route::Line(line.clone()),
        NumberTarget::Queue { queue } => Route::Queue(directory.queues.get(queue)?.id.clone()),
        NumberTarget::Echo => Route::Echo,
    };
    Some((number, route))
}
