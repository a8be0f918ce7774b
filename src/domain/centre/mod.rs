//! The live floor, where call, queue and agent meet. Dispatch only; each meeting has its own file.

mod command;
mod io;
mod refusal;
mod view;

pub use command::{CallerMatch, CallerRecordRef, CentreCommand, WantedPresence, WebCall};
pub use io::{CallerLine, CentreInput, CentreOutput, Fact, Heard, PhoneEffect};
pub use refusal::Refusal;
pub use view::{AgentView, AudioState, CallState, CallView, PartyView, QueueView};
