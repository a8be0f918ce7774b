//! One call and its legs: ringing, talking, held, transferred, over. Decides what each move means for the call's stage, its
//! clocks and its record. Knows nothing of queues' order or agents' presence, and never touches a telephone.

mod activity;
mod answered_by;
mod callback;
mod clock;
mod conference;
mod consult;
mod event;
mod forks;
mod holding;
mod line;
mod machine;
mod offers;
mod park;
mod party;
mod recording;
mod recovery;
mod rerouted;
mod sound;
mod stage;
mod supervision;
mod voicemail;

pub use answered_by::AnsweredBy;
pub use callback::CallbackRef;
pub use clock::{CallClock, Span};
pub use conference::PARTIES_MAX;
pub use consult::{Consult, ConsultLine, ConsultStep, Consulted};
pub use event::{
    CallEvent, CallEventKind, CallSummary, Direction, EndCause, FlowOutCause, HoldAlert, MissCause, Outcome, Party,
    TransferTarget,
};
pub use forks::{CallFork, CallForks, ForkState};
pub use line::CallLine;
pub use machine::{Call, CallCx, NewCall};
pub use party::{LastAgent, OtherParty, PartyMatch};
pub use recording::{
    CallRecording, PAUSE_TAIL_MS, PartEnd, PauseCause, RecordingCause, RecordingFailure, RecordingPause, ResumeCause,
    part_ended,
};
pub use rerouted::CalledBy;
pub use stage::{DialStep, Offer, Partner, Stage};
pub use supervision::Supervision;
pub use voicemail::{Message, VOICEMAIL_MS_MIN};
