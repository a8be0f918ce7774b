//! Who may call: trunks by source address or digest, phones by digest. A snapshot; the switch makes it from the directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use super::{
    certificate_terms::CertificateTerms,
    digest::Ha1,
    header_change::HeaderChange,
    notice::CallSource,
    peer::{Hop, PeerName, Target},
};
use crate::types::{Attestation, IpPrefix, TrunkId};

/// Everyone who may call or be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SipAccess {
    /// Active trunks.
    pub trunks: Vec<TrunkAccess>,
    /// Active phones by account.
    pub phones: BTreeMap<Arc<str>, PhoneAccess>,
    /// What telephones may watch besides accounts: places whose calls the switch publishes.
    pub places: BTreeSet<Arc<str>>,
    /// Goes before national numbers, where numbers are compared.
    pub country_code: Arc<str>,
}

/// How a trunk is recognised and reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkAccess {
    /// Which trunk.
    pub id: TrunkId,
    /// Calls from these addresses are its, without digest.
    pub prefixes: Vec<IpPrefix>,
    /// Account for digest: theirs when they call us, ours when they challenge us.
    pub username: Option<Arc<str>>,
    /// Hashes of that account's password in our realm, to check theirs.
    pub secret: Option<Ha1>,
    /// The same in their realm, to prove ours.
    pub their_secret: Option<Ha1>,
    /// Whom our calls address; `None` for a trunk that only brings calls.
    pub peer: Option<PeerName>,
    /// The servers that take them; empty while that is not known.
    pub targets: Vec<Target>,
    /// Whether the other side is asked now and then if it is there.
    pub is_pinged: bool,
    /// For so many seconds we register with the other side, as `username`; `None` for a trunk that knows us otherwise.
    pub registers: Option<u32>,
    /// Their SIP domain, where it is not the peer's name.
    pub domain: Option<Arc<str>>,
    /// User part of the contact that we register; known to nobody else.
    pub contact_user: Option<Arc<str>>,
    /// What is changed in the header of our first INVITE there.
    pub headers: Vec<HeaderChange>,
    /// Signed statements about callers (STIR/SHAKEN).
    pub stir: StirAccess,
    /// Who callers are said to be, theirs and ours.
    pub caller: CallerAccess,
    /// Certificates over TLS.
    pub certificate: CertificateAccess,
}

/// Certificates on a trunk over TLS (RFC 5922).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateAccess {
    /// What is demanded of theirs, and which of ours they see; `None` for what is demanded of everybody whom we call.
    pub terms: Option<Arc<CertificateTerms>>,
    /// Whether only streams on which a certificate has proven the trunk bring its requests.
    pub is_required: bool,
}

/// Who callers on a trunk are said to be (RFC 3323, RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerAccess {
    /// Whether theirs are believed (P-Asserted-Identity), rather than From alone: the trunk is of our trust domain.
    pub is_believed: bool,
    /// How we assert ours.
    pub asserts: AssertedAs,
    /// Whether ours stay anonymous to the called party, whatever is asserted.
    pub is_hidden: bool,
    /// How they hear of those who sent a call on.
    pub redirections: RedirectionsAs,
}

impl Default for CallerAccess {
    fn default() -> Self {
        Self { is_believed: true, asserts: AssertedAs::Nothing, is_hidden: false, redirections: RedirectionsAs::Nothing }
    }
}

/// How a trunk hears of those who sent a call on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RedirectionsAs {
    /// Not at all.
    #[default]
    Nothing,
    /// Diversion (RFC 5806).
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Both.
    Both,
}

/// How a caller of ours is asserted to a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AssertedAs {
    /// Not at all.
    #[default]
    Nothing,
    /// P-Asserted-Identity (RFC 3325 9.1).
    Asserted,
    /// Remote-Party-ID.
    RemoteParty,
}

/// Signed statements about callers on a trunk (RFC 8224): what is asked of theirs, and what ours say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StirAccess {
    /// What is asked of theirs.
    pub check: IdentityCheck,
    /// Whether their own verdict (`verstat`) is believed.
    pub takes_verstat: bool,
    /// How far we stand for numbers of ours; `None` signs nothing.
    pub attests: Option<Attestation>,
    /// How the canonical numbers begin that are ours.
    pub own_numbers: Vec<Arc<str>>,
}

/// What is asked of the statements about callers on a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdentityCheck {
    /// They are not looked at.
    #[default]
    Off,
    /// They are checked, and the call goes on with what that came to.
    Verify,
    /// Without one that holds the call is refused.
    Require,
}

impl TrunkAccess {
    /// Whether it sends from this address.
    pub fn expects(&self, ip: IpAddr) -> bool {
        self.prefixes.iter().any(|prefix| prefix.contains(ip))
    }

    /// Every place where calls may go.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.targets.iter().flat_map(|target| &target.hops)
    }
}

/// How a phone proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneAccess {
    /// User part of its address and digest user name.
    pub account: Arc<str>,
    /// Hashes of its password; without them it cannot register or call.
    pub secret: Option<Ha1>,
}

impl SipAccess {
    /// The trunk whose source addresses hold `ip`, the longest prefix first.
    pub fn trunk_by_source(&self, ip: IpAddr) -> Option<&TrunkAccess> {
        let matching = self.trunks.iter().flat_map(|trunk| trunk.prefixes.iter().map(move |prefix| (prefix, trunk)));
        matching.filter(|(prefix, _)| prefix.contains(ip)).max_by_key(|(prefix, _)| prefix.bits).map(|(_, trunk)| trunk)
    }

    /// Whom we expect much from: the trunks' source addresses, and where we register, since calls come from there too.
    pub fn expected_sources(&self) -> Vec<IpPrefix> {
        let sources = self.trunks.iter().flat_map(|trunk| trunk.prefixes.iter().copied());
        let registrars = self.trunks.iter().filter(|trunk| trunk.registers.is_some()).flat_map(TrunkAccess::hops);
        sources.chain(registrars.map(|hop| IpPrefix::host(hop.address.ip()))).collect()
    }

    /// Whether we register with somebody at this address.
    pub fn is_registrar(&self, ip: IpAddr) -> bool {
        let mut hops = self.trunks.iter().filter(|trunk| trunk.registers.is_some()).flat_map(TrunkAccess::hops);
        hops.any(|hop| hop.address.ip() == ip.to_canonical())
    }

    /// Whether calls of trunks come from this address or go to it.
    pub fn is_of_trunks(&self, ip: IpAddr) -> bool {
        let mut hops = self.trunks.iter().flat_map(TrunkAccess::hops);
        self.trunk_by_source(ip).is_some() || hops.any(|hop| hop.address.ip() == ip.to_canonical())
    }

    /// The trunk of this key.
    pub fn trunk(&self, id: &TrunkId) -> Option<&TrunkAccess> {
        self.trunks.iter().find(|trunk| trunk.id == *id)
    }

    /// Who has this digest user name, with the hashes to check.
    pub fn by_username(&self, username: &str) -> Option<(CallSource, &Ha1)> {
        if let Some(phone) = self.phones.get(username) {
            return Some((CallSource::Phone(phone.account.clone()), phone.secret.as_ref()?));
        }
        let trunk = self.trunks.iter().find(|trunk| trunk.username.as_deref() == Some(username))?;
        Some((CallSource::Trunk(trunk.id.clone()), trunk.secret.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_names_the_trunk() {
        let trunk = |id: &str, prefix: &str| TrunkAccess {
            id: id.parse().unwrap(),
            prefixes: vec![IpPrefix::parse(prefix).unwrap()],
            username: None,
            secret: None,
            their_secret: None,
            peer: None,
            targets: Vec::new(),
            is_pinged: false,
            registers: None,
            domain: None,
            contact_user: None,
            headers: Vec::new(),
            stir: StirAccess::default(),
            caller: CallerAccess::default(),
            certificate: CertificateAccess::default(),
        };
        let access = SipAccess {
            trunks: vec![trunk("wide", "10.0.0.0/8"), trunk("narrow", "10.1.2.3"), trunk("six", "2001:db8::/32")],
            phones: BTreeMap::new(),
            places: BTreeSet::new(),
            country_code: "34".into(),
        };
        let found = |ip: &str| access.trunk_by_source(ip.parse().unwrap()).map(|trunk| trunk.id.to_string());
        assert_eq!(found("10.9.9.9").as_deref(), Some("wide"));
        assert_eq!(found("10.1.2.3").as_deref(), Some("narrow"));
        assert_eq!(found("::ffff:10.1.2.3").as_deref(), Some("narrow"));
        assert_eq!(found("2001:db8:1::1").as_deref(), Some("six"));
        assert_eq!(found("11.0.0.1"), None);
    }
}
