//! Why the live floor says no. Each variant is a sentence that the console can phrase and a mend that the person can do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a command was not carried out. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The call is over or never was.
    #[error("this call is over")]
    CallOver,
    /// The call is another agent's.
    #[error("this call belongs to another agent")]
    NotYourCall,
    /// The call rings elsewhere by now.
    #[error("this offer has gone to another agent")]
    OfferGone,
    /// The customer is gone.
    #[error("there is no such customer any more")]
    NoSuchCustomer,
    /// Not possible in the call's state: hold what is held, transfer what rings.
    #[error("the call's state does not allow this")]
    WrongCallState,
    /// Not possible in the agent's presence: dial while on a call.
    #[error("your state does not allow this; end the current call or wrap-up first")]
    WrongPresence,
    /// The agent is not known or switched off.
    #[error("no such agent")]
    NoSuchAgent,
    /// The queue is not known.
    #[error("no such queue")]
    NoSuchQueue,
    /// Nobody who could answer is signed in for the queue, or it is closed.
    #[error("nobody serves this queue at the moment")]
    QueueUnserved,
    /// No line of this key is published.
    #[error("no such line")]
    NoSuchLine,
    /// The agent cannot take a transfer now.
    #[error("that agent is not ready")]
    AgentNotReady,
    /// The agent has no audio: no media leg, no registered phone.
    #[error("no audio device: allow the microphone, or register the phone")]
    NoDevice,
    /// A supervisor who has a telephone only, and no audio at the console.
    #[error("calls are listened to at the console: open it in a browser and allow the microphone")]
    ListenAtConsole,
    /// The pause reason does not exist.
    #[error("no such pause reason")]
    NoSuchReason,
    /// The number cannot be dialled: not a number, or no trunk for it.
    #[error("this number cannot be dialled")]
    NotDialable,
    /// The dialling rules do not allow numbers that begin like this one.
    #[error("the dialling rules do not allow this number")]
    NumberNotAllowed,
    /// The agent has as many lines out as the dialling rules allow at a time.
    #[error("you have as many outside calls as you may")]
    TooManyOwnCalls,
    /// The agent has made as many calls out as the dialling rules allow a day.
    #[error("you have made as many outside calls today as you may")]
    DailyLimit,
    /// The dialling rules allow calls out at other hours.
    #[error("no outside calls at this hour")]
    DiallingClosed,
    /// A disposition is required first.
    #[error("choose a disposition first")]
    DispositionMissing,
    /// The disposition does not exist or is a branch.
    #[error("no such disposition")]
    NoSuchDisposition,
    /// The queue's wrap-up lasts for its whole time.
    #[error("the wrap-up lasts for its whole time")]
    WrapUpForced,
    /// The wrap-up cannot be extended again.
    #[error("the wrap-up cannot be extended any more")]
    ExtensionsUsed,
    /// The centre takes no calls: shutdown or overload.
    #[error("no new calls at the moment")]
    Draining,
    /// The web phone is switched off, or the number is not on it.
    #[error("this line takes no calls from the web")]
    WebPhoneOff,
    /// Nobody has this number in the conference, or not any more.
    #[error("no such party in the conference")]
    NoSuchParty,
    /// No slot is free to park in.
    #[error("every parking slot is taken")]
    ParkFull,
    /// Somebody else has taken the parked call, or it is on its way back.
    #[error("this call is not parked any more")]
    ParkGone,
    /// The call is not recorded, so that there is nothing to pause.
    #[error("this call is not recorded")]
    NotRecorded,
    /// The rules of the queue or the centre allow no recording of this call.
    #[error("the recording rules allow no recording of this call")]
    RecordingNotAllowed,
    /// The rules record this call, or somebody else began its recording: it is not stopped by hand.
    #[error("this recording cannot be stopped by hand: the rules want it, or somebody else began it")]
    RecordingStays,
    /// The rules know no such message.
    #[error("this message may not be left")]
    NoSuchMessage,
    /// No further supervisor hears this call now: as many do as may, or audio is short of time, which calls get first.
    #[error("no room for another listener: as many hear this call as may, or audio is short of time")]
    NoRoomToListen,
    /// The callback has come to its end, or never was.
    #[error("this callback is over")]
    NoSuchCallback,
    /// The queue already owes this number a callback.
    #[error("this queue already calls this number back: change that callback")]
    CallbackExists,
    /// It rings at an agent, or the customer is being dialled.
    #[error("this callback is being made at this moment")]
    CallbackUnderWay,
    /// The queue's rules make tasks of callbacks.
    #[error("this queue makes no callbacks: switch them on in the queue's settings")]
    CallbacksOff,
    /// As many are promised as there may be.
    #[error("as many callbacks are promised as there may be")]
    TooManyCallbacks,
    /// The work item has come to its end, or never was.
    #[error("this work item is done, or never was")]
    NoSuchWorkItem,
    /// The work item is not open at this agent.
    #[error("this work item is not open at you: it went back to its place, or to another agent")]
    NotYourWorkItem,
    /// The agent does not have what the queue asks for.
    #[error("this agent does not serve this queue")]
    AgentNotOfQueue,
    /// Every line is busy.
    #[error("all lines are busy")]
    TooManyCalls,
}
