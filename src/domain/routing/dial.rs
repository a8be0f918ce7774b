//! What a number that an agent dials means: a phone of ours, or a number outside by a trunk.

use std::sync::Arc;

use super::outbound::{NoWay, Room, ways_out};
use crate::{
    domain::directory::Directory,
    types::{PhoneNumber, Rng, TrunkId},
};

/// Longest digit string that is dialled as it is: emergency and service numbers.
pub(super) const SERVICE_DIGITS_MAX: usize = 6;
const SERVICE_DIGITS_MIN: usize = 2;

/// What a dialled number means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialPlan {
    /// A SIP phone of ours.
    Phone(Arc<str>),
    /// A number outside.
    Outside {
        /// By which trunks, in the order in which they are tried; at least one.
        ways: Vec<TrunkId>,
        /// What to dial: E.164, or a service number as typed.
        dialled: Arc<str>,
        /// E.164, for the customer look-up.
        number: Option<PhoneNumber>,
    },
}

/// Why a number cannot be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialProblem {
    /// It is no number, one of our own, or there is no route or trunk for it.
    NotDialable,
    /// Every trunk is full.
    AllTrunksFull,
}

/// What `typed` means. `room` tells whether a trunk could take a call now.
pub fn plan_dial(
    directory: &Directory,
    typed: &str,
    room: &dyn Fn(&TrunkId) -> Room,
    rng: &mut Rng,
) -> Result<DialPlan, DialProblem> {
    let typed = typed.trim();
    if let Some((account, phone)) = directory.phones.get_key_value(typed)
        && phone.is_active
    {
        return Ok(DialPlan::Phone(account.clone()));
    }
    let is_service =
        (SERVICE_DIGITS_MIN..=SERVICE_DIGITS_MAX).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_digit());
    let number = if is_service {
        None
    } else {
        Some(PhoneNumber::parse(typed, &directory.centre.country_code).map_err(|_| DialProblem::NotDialable)?)
    };
    let dialled: Arc<str> = number.as_ref().map_or_else(|| typed.into(), |number| number.as_str().into());
    // A call of ours to a number of ours would come back in as a stranger.
    if directory.number(typed).is_some() || directory.number(&dialled).is_some() {
        return Err(DialProblem::NotDialable);
    }
    match ways_out(directory, &dialled, room, rng) {
        Ok(ways) => Ok(DialPlan::Outside { ways, dialled, number }),
        Err(NoWay::AllFull) => Err(DialProblem::AllTrunksFull),
        Err(NoWay::NoRoute) => Err(DialProblem::NotDialable),
    }
}
