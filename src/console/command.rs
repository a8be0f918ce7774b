//! What a console asks, turned into what the floor understands, after the right to ask for it has been checked. Whose call it
//! is, is checked by the floor.

use super::wire::{CommandProblem, ConsoleCommand};
use crate::{
    app::actor::{Actor, Permission},
    domain::centre::{CentreCommand, ConsultTarget, Refusal, WantedPresence},
    types::{CallId, CustomerId, SessionId},
};

/// Longest notes, in characters.
pub const NOTES_CHARS_MAX: usize = 10_000;
/// Most keys at a time.
const DIGITS_MAX: usize = 32;
/// Longest number as typed.
const NUMBER_CHARS_MAX: usize = 40;
/// A waiting call stands ahead by a day at most.
const AHEAD_SECS_MAX: i64 = 86_400;
/// Longest pause reason.
const REASON_CHARS_MAX: usize = 40;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Ask the floor.
    Floor(CentreCommand),
    /// Save notes.
    Notes {
        /// Of which call.
        call: CallId,
        /// As typed.
        notes: String,
    },
    /// Read who the customer is, and tell the floor.
    Customer {
        /// Of which call.
        call: CallId,
        /// Who was chosen.
        customer: CustomerId,
    },
}

/// Checks what was asked and by whom.
pub fn read(actor: &Actor, session: SessionId, command: ConsoleCommand) -> Result<Asked, CommandProblem> {
    let agent = actor.agent();
    let needs = match &command {
        ConsoleCommand::SetAgentPresence { .. }
        | ConsoleCommand::AssignWaiting { .. }
        | ConsoleCommand::PutFirst { .. }
        | ConsoleCommand::SetAhead { .. }
        | ConsoleCommand::MoveWaiting { .. }
        | ConsoleCommand::Supervise { .. }
        | ConsoleCommand::EndSupervision
        | ConsoleCommand::TakeOver { .. } => Permission::Supervise,
        _ => Permission::TakeCalls,
    };
    actor.require(needs).map_err(CommandProblem::other)?;
    Ok(Asked::Floor(match command {
        ConsoleCommand::SetPresence { wanted } => CentreCommand::SetPresence { agent, wanted: checked_presence(wanted)? },
        ConsoleCommand::SetAgentPresence { agent, wanted } => {
            CentreCommand::SetPresence { agent, wanted: checked_presence(wanted)? }
        }
        ConsoleCommand::Answer { call } => CentreCommand::Answer { agent, call },
        ConsoleCommand::Decline { call } => CentreCommand::Decline { agent, call },
        ConsoleCommand::HangUp { call } => CentreCommand::HangUp { agent, call },
        ConsoleCommand::Hold { call } => CentreCommand::Hold { agent, call },
        ConsoleCommand::Resume { call } => CentreCommand::Resume { agent, call },
        ConsoleCommand::Mute { is_muted } => CentreCommand::Mute { agent, is_muted },
        ConsoleCommand::SendDigits { call, digits } => {
            let is_key = |c: char| c.is_ascii_digit() || c == '*' || c == '#';
            if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.chars().all(is_key) {
                return Err(CommandProblem::other(format!("digits: 1 to {DIGITS_MAX} of 0-9 * #")));
            }
            CentreCommand::SendDigits { agent, call, digits }
        }
        ConsoleCommand::Recording { call, asked } => {
            let agent = (!actor.may(Permission::Supervise)).then_some(agent);
            CentreCommand::Recording { agent, call, asked }
        }
        ConsoleCommand::Park { call } => CentreCommand::Park { agent, call },
        ConsoleCommand::TakeParked { call } => CentreCommand::TakeParked { agent, call },
        ConsoleCommand::Transfer { call, target } => CentreCommand::Transfer { agent, call, target },
        ConsoleCommand::TransferOut { number, .. } if number.chars().count() > NUMBER_CHARS_MAX => {
            return Err(Refusal::NotDialable.into());
        }
        ConsoleCommand::TransferOut { call, number } => CentreCommand::TransferOut { agent, call, number },
        ConsoleCommand::Consult { call, target } => {
            if matches!(&target, ConsultTarget::Number { number } if number.chars().count() > NUMBER_CHARS_MAX) {
                return Err(Refusal::NotDialable.into());
            }
            CentreCommand::Consult { agent, call, target }
        }
        ConsoleCommand::ConsultSwap { call } => CentreCommand::ConsultSwap { agent, call },
        ConsoleCommand::ConsultJoin { call } => CentreCommand::ConsultJoin { agent, call },
        ConsoleCommand::ConsultComplete { call } => CentreCommand::ConsultComplete { agent, call },
        ConsoleCommand::ConsultCancel { call } => CentreCommand::ConsultCancel { agent, call },
        ConsoleCommand::ConferenceDrop { call, party } => {
            let party = u8::try_from(party).map_err(|_| Refusal::NoSuchParty)?;
            CentreCommand::ConferenceDrop { agent, call, party }
        }
        ConsoleCommand::Dial { number, customer, detect_answer } => {
            if number.chars().count() > NUMBER_CHARS_MAX {
                return Err(Refusal::NotDialable.into());
            }
            CentreCommand::Dial { agent, number, customer, detect_answer }
        }
        ConsoleCommand::LeaveMessage { call, prompt } => CentreCommand::LeaveMessage { agent, call, prompt },
        ConsoleCommand::SaveNotes { call, notes } => {
            if notes.chars().count() > NOTES_CHARS_MAX {
                return Err(CommandProblem::other(format!("notes: at most {NOTES_CHARS_MAX} characters")));
            }
            return Ok(Asked::Notes { call, notes });
        }
        ConsoleCommand::Dispose { call, disposition } => CentreCommand::Dispose { agent, call, disposition },
        ConsoleCommand::WrapUpDone { call } => CentreCommand::WrapUpDone { agent, call },
        ConsoleCommand::ShowsOffers => CentreCommand::ShowsOffers { agent },
        ConsoleCommand::OfferShown { call } => CentreCommand::OfferShown { agent, call },
        ConsoleCommand::WantWrapUp { call, is_wanted } => CentreCommand::WantWrapUp { agent, call, is_wanted },
        ConsoleCommand::WrapUpExtend { call } => CentreCommand::WrapUpExtend { agent, call },
        ConsoleCommand::ChooseCustomer { call, customer } => return Ok(Asked::Customer { call, customer }),
        ConsoleCommand::AssignWaiting { call, agent: to } => CentreCommand::AssignWaiting { asker: agent, call, agent: to },
        ConsoleCommand::PutFirst { call } => CentreCommand::PutFirst { call },
        ConsoleCommand::SetAhead { secs: Some(secs), .. } if !(1..=AHEAD_SECS_MAX).contains(&secs) => {
            return Err(CommandProblem::other(format!("secs: 1 to {AHEAD_SECS_MAX}")));
        }
        ConsoleCommand::SetAhead { call, secs } => CentreCommand::SetAhead { call, secs },
        ConsoleCommand::MoveWaiting { call, queue } => CentreCommand::MoveWaiting { call, queue },
        ConsoleCommand::Supervise { call, mode } => CentreCommand::Supervise { supervisor: agent, call, mode },
        ConsoleCommand::EndSupervision => CentreCommand::EndSupervision { supervisor: agent },
        ConsoleCommand::TakeOver { call } => CentreCommand::TakeOver { supervisor: agent, call },
        ConsoleCommand::MediaOffer { sdp } => CentreCommand::MediaOffer { agent, session, offer: sdp.into() },
        ConsoleCommand::MediaCandidate { candidate } => CentreCommand::MediaCandidate { agent, candidate: candidate.into() },
    }))
}

fn checked_presence(wanted: WantedPresence) -> Result<WantedPresence, CommandProblem> {
    match &wanted {
        WantedPresence::Paused { reason } if reason.chars().count() > REASON_CHARS_MAX => Err(Refusal::NoSuchReason.into()),
        _ => Ok(wanted),
    }
}
