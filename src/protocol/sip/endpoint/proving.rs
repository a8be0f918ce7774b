//! Our proofs to trunks that challenge a request of ours (RFC 3261 22).

use super::SipEndpoint;
use crate::{
    protocol::sip::{access::TrunkAccess, digest::answer_challenge, header::Name, message::SipMessage},
    types::{Rng, TrunkId},
};

impl SipEndpoint {
    /// The header that answers a challenge of this trunk: its name and value.
    pub(super) fn authorization(
        &self,
        trunk: &TrunkId,
        message: &SipMessage,
        status: u16,
        method: &str,
        uri: &str,
        rng: &mut Rng,
    ) -> Option<(&'static str, String)> {
        Self::prove(self.access.trunk(trunk)?, message, status, method, uri, rng)
    }

    /// The same for a trunk that may have been taken out meanwhile.
    pub(super) fn prove(
        access: &TrunkAccess,
        message: &SipMessage,
        status: u16,
        method: &str,
        uri: &str,
        rng: &mut Rng,
    ) -> Option<(&'static str, String)> {
        let username = access.username.as_deref()?;
        let (asked, name) = match status {
            401 => (Name::WwwAuthenticate, Name::Authorization),
            _ => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        };
        // Another exchange of our kind asks in our own realm.
        let mut known = access.their_secret.iter().chain(&access.secret);
        let answer = known.find_map(|ha1| answer_challenge(message.values(asked), username, ha1, method, uri, rng));
        if answer.is_none() {
            let challenge: Vec<&str> = message.values(asked).collect();
            tracing::warn!(trunk = %access.id, ?challenge, "the trunk asks for a proof in a realm that it is not set up for");
        }
        Some((name.as_str(), answer?))
    }
}
