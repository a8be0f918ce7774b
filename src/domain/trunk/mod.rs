//! Trunks at work: whether the other side of each answers and has our registration. What administrators set up of a trunk stands
//! in the directory; how its other side is asked is the protocol's business.

mod pace;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use pace::Pace;

use crate::types::{CertificateProblem, Timestamp, TrunkId};

/// Whether a trunk's other side answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum TrunkHealth {
    /// It is not asked, or has not answered yet.
    #[default]
    Unknown,
    /// It answers.
    Up,
    /// It does not answer, or says that it serves nobody.
    Down {
        /// What is wrong.
        fault: TrunkFault,
    },
}

/// Where our registration with a trunk's other side stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum TrunkRegistration {
    /// There is none: the trunk does not register, or has not yet.
    #[default]
    Off,
    /// The registrar has our contact.
    Registered,
    /// It did not take it; it is tried again.
    Failed {
        /// What is wrong.
        fault: TrunkFault,
    },
}

/// What is wrong with a trunk's other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum TrunkFault {
    /// Nothing came back.
    NoAnswer,
    /// The connection could not be opened, or broke.
    NoConnection,
    /// A certificate, theirs or ours there, is worth nothing.
    Certificate {
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// It answered with a refusal.
    Refused {
        /// Its SIP status, 3xx to 6xx.
        status: u16,
    },
}

/// What is known of a trunk at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkState {
    /// Whether the other side answers.
    pub health: TrunkHealth,
    /// Since when.
    pub health_since: Timestamp,
    /// Our registration there.
    pub registration: TrunkRegistration,
    /// Since when.
    pub registration_since: Timestamp,
}

impl TrunkState {
    /// Nothing is known yet.
    pub fn new(now: Timestamp) -> Self {
        Self { health: TrunkHealth::Unknown, health_since: now, registration: TrunkRegistration::Off, registration_since: now }
    }

    /// Whether calls may be expected to go through.
    pub fn is_usable(&self) -> bool {
        is_usable(self.health, self.registration)
    }

    /// The other side answers, or does not: the event, if that is news.
    pub fn set_health(&mut self, health: TrunkHealth, now: Timestamp) -> Option<TrunkEventKind> {
        if std::mem::replace(&mut self.health, health) == health {
            return None;
        }
        self.health_since = now;
        match health {
            TrunkHealth::Unknown => None,
            TrunkHealth::Up => Some(TrunkEventKind::CameUp),
            TrunkHealth::Down { fault } => Some(TrunkEventKind::WentDown { fault }),
        }
    }

    /// Our registration came about, failed or ended: the event, if that is news.
    pub fn set_registration(&mut self, registration: TrunkRegistration, now: Timestamp) -> Option<TrunkEventKind> {
        if std::mem::replace(&mut self.registration, registration) == registration {
            return None;
        }
        self.registration_since = now;
        Some(match registration {
            TrunkRegistration::Off => TrunkEventKind::RegistrationEnded,
            TrunkRegistration::Registered => TrunkEventKind::Registered,
            TrunkRegistration::Failed { fault } => TrunkEventKind::RegistrationFailed { fault },
        })
    }
}

/// A trunk as supervisors and administrators see it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkView {
    /// Which.
    pub id: TrunkId,
    /// What people call it.
    pub name: String,
    /// Whether the other side answers.
    pub health: TrunkHealth,
    /// Since when.
    pub health_since: Timestamp,
    /// Our registration there.
    pub registration: TrunkRegistration,
    /// Since when.
    pub registration_since: Timestamp,
    /// Calls on it now, both ways.
    pub calls: i64,
    /// Most calls at a time.
    pub calls_max: i64,
}

impl TrunkView {
    /// Whether calls may be expected to go through.
    pub fn is_usable(&self) -> bool {
        is_usable(self.health, self.registration)
    }
}

fn is_usable(health: TrunkHealth, registration: TrunkRegistration) -> bool {
    let is_refused = matches!(registration, TrunkRegistration::Failed { .. });
    !is_refused && !matches!(health, TrunkHealth::Down { .. })
}

/// Something happened to a trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrunkEvent {
    /// Which.
    pub trunk: TrunkId,
    /// What.
    #[serde(flatten)]
    pub kind: TrunkEventKind,
}

/// What happened to a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TrunkEventKind {
    /// Its other side answers.
    CameUp,
    /// Its other side does not answer any more.
    WentDown {
        /// What is wrong.
        fault: TrunkFault,
    },
    /// The registrar took our contact.
    Registered,
    /// The registrar did not take our contact.
    RegistrationFailed {
        /// What is wrong.
        fault: TrunkFault,
    },
    /// We are not registered any more, by our own will.
    RegistrationEnded,
}

impl TrunkEvent {
    /// `trunk.` and the kind.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            TrunkEventKind::CameUp => "trunk.came_up",
            TrunkEventKind::WentDown { .. } => "trunk.went_down",
            TrunkEventKind::Registered => "trunk.registered",
            TrunkEventKind::RegistrationFailed { .. } => "trunk.registration_failed",
            TrunkEventKind::RegistrationEnded => "trunk.registration_ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_a_trunk_that_is_down_or_unregistered_is_not_usable() {
        let now = Timestamp::from_millis(1_000);
        let mut state = TrunkState::new(Timestamp::default());
        assert!(state.is_usable(), "a trunk that nobody asks is taken to be there");
        let down = TrunkHealth::Down { fault: TrunkFault::NoAnswer };
        assert_eq!(state.set_health(down, now), Some(TrunkEventKind::WentDown { fault: TrunkFault::NoAnswer }));
        assert_eq!(state.set_health(down, now.plus_millis(5)), None);
        assert_eq!((state.is_usable(), state.health_since), (false, now));
        assert_eq!(state.set_health(TrunkHealth::Up, now), Some(TrunkEventKind::CameUp));
        let failed = TrunkRegistration::Failed { fault: TrunkFault::Refused { status: 403 } };
        assert!(state.set_registration(failed, now).is_some() && !state.is_usable());
        assert_eq!(state.set_registration(TrunkRegistration::Registered, now), Some(TrunkEventKind::Registered));
        assert!(state.is_usable());
    }
}
