//! What the endpoint says of trunks, in the floor's words, and what trunks want of the calls that come and go by them.

use std::sync::Arc;

use super::legs::Legs;
use crate::{
    domain::{
        directory::Trunk,
        trunk::{TrunkFault, TrunkHealth, TrunkRegistration},
    },
    protocol::{media::Codec, sdp::AudioTerms, sip},
    types::TrunkId,
};

fn codecs(trunk: &Trunk) -> Vec<Codec> {
    let codec = |word: &String| match word.as_str() {
        "pcmu" => Some(Codec::Pcmu),
        "pcma" => Some(Codec::Pcma),
        "g722" => Some(Codec::G722),
        _ => None,
    };
    trunk.codecs.iter().filter_map(codec).collect()
}

impl Legs {
    /// What audio is agreed by this trunk.
    pub(super) fn terms_of_trunk(&self, trunk: &TrunkId) -> AudioTerms {
        let Some(trunk) = self.trunks.get(trunk) else { return AudioTerms::default() };
        let (encryption, keeps_level) = (trunk.media_encryption, trunk.keeps_levels);
        AudioTerms { codecs: codecs(trunk), encryption, is_secure: false, keeps_level }
    }

    /// What audio is agreed with the telephones of this account.
    pub(super) fn terms_of_phone(&self, account: &str) -> AudioTerms {
        let encryption = self.encryption.get(account).copied().unwrap_or_default();
        AudioTerms { encryption, ..AudioTerms::default() }
    }

    /// A number that came by a trunk, as this house writes it, without what the carrier says beside it (`;npdi`, `;cpc=ordinary`:
    /// RFC 3966 3, RFC 3261 19.1.6).
    pub(super) fn number_in(&self, trunk: Option<&TrunkId>, number: Arc<str>) -> Arc<str> {
        let Some(trunk) = trunk else { return number };
        let bare = number.split(';').next().unwrap_or_default();
        match self.trunks.get(trunk) {
            Some(trunk) if !trunk.numbers_in.is_empty() => trunk.number_in(bare).into(),
            _ if bare.len() < number.len() => bare.into(),
            _ => number,
        }
    }
}

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
        sip::TrunkFault::Certificate { problem } => TrunkFault::Certificate { problem },
        sip::TrunkFault::Refused { status } => TrunkFault::Refused { status },
    }
}
