//! Who may call and be called, out of the directory, in the endpoint's words.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::{
        centre::slot_number,
        directory::{
            CallerAsserted, DigestHashes, Directory, HeaderRule, Phone, RedirectionsWritten, StirCheck, Trunk, TrunkIdentity,
            TrunkStir,
        },
    },
    protocol::sip::{
        AssertedAs, CallerAccess, CertificateAccess, CertificateTerms, Ha1, HeaderChange, IdentityCheck, PeerName, Peers,
        PhoneAccess, RedirectionsAs, SipAccess, StirAccess, Target, Transport, TrunkAccess, authorities_in, fingerprint,
    },
    types::{IpPrefix, MediaEncryption, PhoneNumber},
};

/// Active trunks and phones. What an administrator wrote wrongly (an address that is none) is left out: it lets nobody in.
pub(super) fn sip_access(directory: &Directory, peers: &Peers, slots: u32) -> SipAccess {
    SipAccess {
        trunks: directory
            .trunks
            .values()
            .filter(|trunk| trunk.is_active)
            .map(|trunk| trunk_access(trunk, directory, peers))
            .collect(),
        phones: directory
            .phones
            .iter()
            .filter(|(_, phone)| phone.is_active)
            .map(|(account, phone)| (account.clone(), phone_access(account.clone(), phone)))
            .collect(),
        places: (1..=u8::try_from(slots).unwrap_or(u8::MAX)).map(|slot| slot_number(slot).into()).collect(),
        country_code: directory.centre.country_code.as_str().into(),
    }
}

/// Accounts whose audio is not encrypted as is usual.
pub(super) fn encryption_of_phones(directory: &Directory) -> BTreeMap<Arc<str>, MediaEncryption> {
    let phones = directory.phones.iter().map(|(account, phone)| (account.clone(), phone.media_encryption));
    phones.filter(|(_, encryption)| *encryption != MediaEncryption::default()).collect()
}

/// A trunk's other side, if calls can be placed there.
pub fn peer_of(trunk: &Trunk) -> Option<PeerName> {
    let transport = match trunk.transport.as_str() {
        "tcp" => Some(Transport::Tcp),
        "tls" => Some(Transport::Tls),
        "auto" => None,
        _ => Some(Transport::Udp),
    };
    PeerName::parse(trunk.peer.as_deref()?, transport)
}

fn trunk_access(trunk: &Trunk, directory: &Directory, peers: &Peers) -> TrunkAccess {
    let secret = trunk.secret.as_ref();
    let peer = peer_of(trunk);
    let terms = (!trunk.tls.is_usual()).then(|| Arc::new(certificate_terms(trunk, peer.as_ref())));
    let mut targets = peer.as_ref().map(|peer| match peer.hop() {
        Some(hop) => vec![Target { priority: 0, weight: 0, hops: vec![hop] }],
        // Its places are asked for elsewhere (`net/resolver.rs`).
        None => peers.get(peer).cloned().unwrap_or_default(),
    });
    for hop in targets.iter_mut().flatten().flat_map(|target| &mut target.hops) {
        hop.terms = terms.clone().filter(|_| hop.transport == Transport::Tls);
    }
    TrunkAccess {
        id: trunk.id.clone(),
        prefixes: trunk.sources.iter().filter_map(|text| IpPrefix::parse(text)).collect(),
        username: trunk.username.as_deref().map(Arc::from),
        secret: secret.map(|secret| ha1(&secret.ours)),
        their_secret: secret.and_then(|secret| secret.theirs.as_ref()).map(ha1),
        peer,
        targets: targets.unwrap_or_default(),
        is_pinged: trunk.is_pinged,
        registers: trunk.is_registering.then(|| u32::try_from(trunk.register_secs).unwrap_or(u32::MAX)),
        domain: trunk.domain.as_deref().map(Arc::from),
        headers: trunk.headers.iter().map(header_change).collect(),
        contact_user: secret.map(|secret| ha1(&secret.ours).word_for(trunk.id.as_str()).into()),
        stir: stir_access(&trunk.stir, directory),
        caller: caller_access(&trunk.identity),
        certificate: CertificateAccess { terms, is_required: trunk.tls.is_required },
    }
}

/// What cannot be read vouches for nobody: an authority that is none, a fingerprint that no certificate has.
fn certificate_terms(trunk: &Trunk, peer: Option<&PeerName>) -> CertificateTerms {
    let tls = &trunk.tls;
    let known = peer.map(|peer| peer.host.clone()).into_iter().chain(trunk.domain.as_deref().map(Arc::from));
    CertificateTerms {
        names: known.chain(tls.names.iter().map(|name| name.as_str().into())).collect(),
        authorities: authorities_in(&tls.authorities).unwrap_or_else(|_| vec![Arc::from([])]),
        fingerprints: tls.fingerprints.iter().map(|text| fingerprint(text).unwrap_or_default()).collect(),
        shows: tls.shows.as_deref().map(Arc::from),
    }
}

fn caller_access(caller: &TrunkIdentity) -> CallerAccess {
    CallerAccess {
        is_believed: caller.is_believed,
        asserts: match caller.asserts {
            CallerAsserted::None => AssertedAs::Nothing,
            CallerAsserted::Pai => AssertedAs::Asserted,
            CallerAsserted::Rpid => AssertedAs::RemoteParty,
        },
        is_hidden: caller.is_hidden,
        redirections: match caller.redirections {
            RedirectionsWritten::None => RedirectionsAs::Nothing,
            RedirectionsWritten::Diversion => RedirectionsAs::Diversion,
            RedirectionsWritten::HistoryInfo => RedirectionsAs::HistoryInfo,
            RedirectionsWritten::Both => RedirectionsAs::Both,
        },
    }
}

fn stir_access(stir: &TrunkStir, directory: &Directory) -> StirAccess {
    let country_code = &directory.centre.country_code;
    // What can be dialled from outside is ours; extensions are nobody's number out there.
    let dialled = directory.numbers.keys().filter_map(|number| PhoneNumber::parse(number, country_code).ok());
    let listed = stir.own_numbers.iter().map(|prefix| prefix.trim_start_matches('+').into());
    StirAccess {
        check: match stir.check {
            StirCheck::Off => IdentityCheck::Off,
            StirCheck::Verify => IdentityCheck::Verify,
            StirCheck::Require => IdentityCheck::Require,
        },
        takes_verstat: stir.takes_verstat,
        attests: stir.attests,
        own_numbers: dialled.map(|number| number.as_str().trim_start_matches('+').into()).chain(listed).collect(),
    }
}

fn header_change(rule: &HeaderRule) -> HeaderChange {
    let is_removing = !matches!(rule, HeaderRule::Add { .. });
    HeaderChange { name: rule.name().to_owned(), is_removing, value: rule.value().map(str::to_owned) }
}

fn phone_access(account: Arc<str>, phone: &Phone) -> PhoneAccess {
    PhoneAccess { account, secret: phone.secret.as_ref().map(|secret| ha1(&secret.ours)) }
}

fn ha1(hashes: &DigestHashes) -> Ha1 {
    Ha1 { realm: hashes.realm.clone(), sha256: hashes.sha256.clone(), md5: hashes.md5.clone() }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};

    use super::*;
    use crate::{domain::directory::TrunkTls, protocol::certificate::Anchors, types::CertificateProblem};

    #[test]
    fn authorities_that_cannot_be_read_vouch_for_nobody_and_are_not_the_well_known_ones() {
        let well_known = Anchors::read(include_bytes!("../../tests/captures/tls/root.pem")).unwrap();
        let shown = [CertificateDer::from_pem_slice(include_bytes!("../../tests/captures/tls/carrier.pem")).unwrap()];
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let check = |authorities: &str| {
            let tls = TrunkTls { authorities: authorities.into(), ..TrunkTls::default() };
            let domain = Some("sip.carrier.example".into());
            let trunk = Trunk { tls, domain, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
            certificate_terms(&trunk, None).check(&shown, &well_known, now).map(|_| ())
        };
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("nothing of the kind"), Err(CertificateProblem::UnknownAuthority));
    }
}
