//! Who our outgoing calls say they are from: the number shown, the number asserted to those whom we trust (RFC 3325, and
//! Remote-Party-ID, its forerunner, which carriers still ask for), and what of it shall stay private (RFC 3323).

use std::fmt::Write as _;

use super::{SipEndpoint, redirections::lines_of, settings::Advertised};
use crate::{
    protocol::sip::{
        access::{AssertedAs, CallerAccess},
        address::{quoted, user_part},
        notice::SipTarget,
    },
    types::{CallContext, Redirection, Rng, SessionIdentifier, SessionUuid},
};

/// RFC 3323 4.1.1.3.
const ANONYMOUS: &str = "<sip:anonymous@anonymous.invalid>";

/// What the INVITEs of one call say of its caller. Our own address in it is the one that each place can reach.
#[derive(Debug)]
pub struct Presentation {
    /// The caller's number as a user part, if it is known.
    caller: Option<String>,
    /// The caller's name as it stands before an address; empty without one.
    name: String,
    /// What the trunk is told of it.
    terms: CallerAccess,
    /// The URI called there, with which those who sent the call on are told; `None` for a phone.
    called_uri: Option<String>,
    redirections: Vec<Redirection>,
    statement: Option<String>,
    /// What names the session.
    pub session: SessionIdentifier,
}

impl Presentation {
    fn is_hidden(&self) -> bool {
        self.caller.is_none() || self.terms.is_hidden
    }

    /// The caller at our address, if the number is known.
    fn known(&self, ours: &Advertised) -> Option<String> {
        let caller = self.caller.as_ref()?;
        Some(format!("{}<sip:{caller}@{}:{}>", self.name, ours.host, ours.port))
    }

    /// From, without a tag.
    pub fn from(&self, ours: &Advertised) -> String {
        match self.known(ours).filter(|_| !self.is_hidden()) {
            Some(known) => known,
            // The name would say what the number does not.
            None if self.caller.is_some() => format!("\"Anonymous\" {ANONYMOUS}"),
            None => format!("{}{ANONYMOUS}", self.name),
        }
    }

    /// Whole lines besides.
    pub fn lines(&self, ours: &Advertised) -> String {
        let mut lines = format!("Session-ID: {}\r\n", self.session);
        // Writing to a String cannot fail.
        if let Some(known) = self.known(ours) {
            let privacy = if self.is_hidden() { "full" } else { "off" };
            let _ = match self.terms.asserts {
                AssertedAs::Nothing => Ok(()),
                AssertedAs::Asserted => write!(lines, "P-Asserted-Identity: {known}\r\n"),
                AssertedAs::RemoteParty => {
                    write!(lines, "Remote-Party-ID: {known};party=calling;screen=yes;privacy={privacy}\r\n")
                }
            };
        }
        if self.is_hidden() {
            lines.push_str("Privacy: id\r\n");
        }
        if let Some(called) = &self.called_uri {
            let (own, terms) = (format!("{}:{}", ours.host, ours.port), &self.terms);
            lines.push_str(&lines_of(&self.redirections, terms.redirections, &own, called, terms.is_hidden));
        }
        if let Some(statement) = &self.statement {
            let _ = write!(lines, "Identity: {statement}\r\n");
        }
        lines
    }
}

impl SipEndpoint {
    /// How this caller is presented to this target.
    pub(super) fn present(
        &mut self,
        target: &SipTarget,
        caller: Option<&str>,
        caller_name: Option<&str>,
        context: &CallContext,
        rng: &mut Rng,
    ) -> Presentation {
        let (terms, statement) = match target {
            SipTarget::Phone(_) | SipTarget::Devices { .. } | SipTarget::Device(_) => (CallerAccess::default(), None),
            SipTarget::Trunk { trunk, number, .. } => {
                let terms = self.access.trunk(trunk).map(|trunk| trunk.caller).unwrap_or_default();
                // A statement names the number: whoever may not learn it gets none.
                let is_told = !terms.is_hidden || terms.asserts != AssertedAs::Nothing;
                let originals = context.originals.as_ref();
                let called = originals.map_or(number, |originals| &originals.called);
                let signed = originals.map_or(caller, |originals| originals.caller.as_deref().filter(|_| caller.is_some()));
                (terms, signed.filter(|_| is_told).and_then(|caller| self.statement(trunk, caller, called, rng)))
            }
        };
        let called_uri = match target {
            SipTarget::Phone(_) | SipTarget::Devices { .. } | SipTarget::Device(_) => None,
            SipTarget::Trunk { trunk, number, .. } => {
                let host = self.access.trunk(trunk).and_then(|trunk| trunk.peer.as_ref()).map(|peer| peer.uri_host());
                host.map(|host| format!("sip:{}@{host}", user_part(number)))
            }
        };
        let name = caller_name.filter(|name| !name.is_empty()).map(|name| format!("{} ", quoted(name))).unwrap_or_default();
        Presentation {
            caller: caller.map(user_part),
            name,
            terms,
            called_uri,
            redirections: context.redirections.clone(),
            statement,
            session: SessionIdentifier { local: context.session.local.or(SessionUuid::mint(rng)), ..Default::default() },
        }
    }
}
