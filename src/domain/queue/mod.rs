//! Who waits, in what order, for how long; which agent is offered which call. Knows calls and agents by id only: what is rung,
//! played or counted is decided by the floor.

mod expected_wait;
mod keeping;
mod kept_places;
mod line;
mod pick;
mod reach;
mod share;
mod strategy;
mod work_history;
mod work_norm;

pub use expected_wait::{ServicePace, expected_wait};
pub use keeping::{Kept, Meant, Teams};
pub use kept_places::{KeptPlace, KeptPlaces};
pub use line::{CalledBack, LineChanges, Place, QueueLine, Seen, Waiting};
pub use pick::{Choice, FreeAgent, OpenQueue, Pick, WorkRecord, next_step, pick, pick_among, pick_beside};
pub use reach::{Reach, reach};
pub use share::Taken;
pub use work_history::{PauseTimes, WorkHistory, WorkShares};
pub use work_norm::{WorkNorm, WorkNorms, last_day, norm_stretches, norms_of};
