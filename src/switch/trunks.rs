//! What the endpoint says of trunks, in the floor's words.

use crate::{
    domain::trunk::{TrunkFault, TrunkHealth, TrunkRegistration},
    protocol::sip,
};

pub(super) fn health(health: sip::TrunkHealth) -> TrunkHealth {
    match health {
        sip::TrunkHealth::Unknown => TrunkHealth::Unknown,
        sip::TrunkHealth::Up => TrunkHealth::Up,
        sip::TrunkHealth::Down(wrong) => TrunkHealth::Down { fault: fault(wrong) },
    }
}

pub(super) fn registration(registration: sip::TrunkRegistration) -> TrunkRegistration {
    match registration {
        sip::TrunkRegistration::Off => TrunkRegistration::Off,
        sip::TrunkRegistration::Registered => TrunkRegistration::Registered,
        sip::TrunkRegistration::Failed(wrong) => TrunkRegistration::Failed { fault: fault(wrong) },
    }
}

fn fault(fault: sip::TrunkFault) -> TrunkFault {
    match fault {
        sip::TrunkFault::NoAnswer => TrunkFault::NoAnswer,
        sip::TrunkFault::NoConnection => TrunkFault::NoConnection,
        sip::TrunkFault::Refused { status } => TrunkFault::Refused { status },
    }
}
