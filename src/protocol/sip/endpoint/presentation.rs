//! Who our outgoing calls say they are from: the number shown, the number asserted to those whom we trust (RFC 3325, and
//! Remote-Party-ID, its forerunner, which carriers still ask for), and what of it shall stay private (RFC 3323).

use std::fmt::Write as _;

use super::{SipEndpoint, redirections::lines_of};
use crate::{
    protocol::sip::{
        access::{AssertedAs, CallerAccess},
        address::{quoted, user_part},
        notice::{Flow, SipTarget},
    },
    types::{CallContext, Rng, SessionIdentifier, SessionUuid},
};

/// RFC 3323 4.1.1.3.
const ANONYMOUS: &str = "<sip:anonymous@anonymous.invalid>";

/// What an INVITE of ours says of its caller.
#[derive(Debug)]
pub struct Presentation {
    /// From, without a tag.
    pub from: String,
    /// Whole lines besides.
    pub lines: String,
    /// What names the session.
    pub session: SessionIdentifier,
}

impl SipEndpoint {
    /// How this caller is presented to this target.
    pub(super) fn present(
        &mut self,
        target: &SipTarget,
        caller: Option<&str>,
        caller_name: Option<&str>,
        context: &CallContext,
        peer: Flow,
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
        let ours = self.settings.advertised(peer);
        let named = |address: &str| match caller_name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{} {address}", quoted(name)),
            None => address.to_owned(),
        };
        let known = caller.map(|caller| named(&format!("<sip:{}@{}:{}>", user_part(caller), ours.host, ours.port)));
        let is_hidden = known.is_none() || terms.is_hidden;
        let session = SessionIdentifier { local: context.session.local.or(SessionUuid::mint(rng)), ..Default::default() };
        let mut lines = format!("Session-ID: {session}\r\n");
        // Writing to a String cannot fail.
        if let Some(known) = &known {
            let privacy = if is_hidden { "full" } else { "off" };
            let _ = match terms.asserts {
                AssertedAs::Nothing => Ok(()),
                AssertedAs::Asserted => write!(lines, "P-Asserted-Identity: {known}\r\n"),
                AssertedAs::RemoteParty => {
                    write!(lines, "Remote-Party-ID: {known};party=calling;screen=yes;privacy={privacy}\r\n")
                }
            };
        }
        if is_hidden {
            lines.push_str("Privacy: id\r\n");
        }
        if let SipTarget::Trunk { trunk, number, .. } = target
            && let Some(host) = self.access.trunk(trunk).and_then(|trunk| trunk.peer.as_ref()).map(|peer| peer.uri_host())
        {
            let (own, to) = (format!("{}:{}", ours.host, ours.port), format!("sip:{}@{host}", user_part(number)));
            lines.push_str(&lines_of(&context.redirections, terms.redirections, &own, &to, terms.is_hidden));
        }
        if let Some(statement) = statement {
            let _ = write!(lines, "Identity: {statement}\r\n");
        }
        let from = match known.filter(|_| !is_hidden) {
            Some(known) => known,
            // The name would say what the number does not.
            None if caller.is_some() => format!("\"Anonymous\" {ANONYMOUS}"),
            None => named(ANONYMOUS),
        };
        Presentation { from, lines, session }
    }
}
