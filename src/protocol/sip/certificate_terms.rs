//! What a trunk demands of the certificate that its other side shows over TLS, in either direction (RFC 5922), and which of ours it
//! is shown.

use std::{net::IpAddr, sync::Arc};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter};

use crate::{
    protocol::certificate::Anchors,
    types::{CertificateProblem, Timestamp},
};

/// Longer than any certificate holds.
const FOR_EVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The certificates that a peer has shown, its own first.
pub type CertificateChain = Arc<Vec<CertificateDer<'static>>>;

/// A trunk's terms. Of two trunks with other terms neither uses a stream of the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateTerms {
    /// Hosts and SIP domains; the certificate has to name one of them.
    pub names: Vec<Arc<str>>,
    /// Certificates of authorities, in DER, that may vouch for it; without any, the well-known ones.
    pub authorities: Vec<Arc<[u8]>>,
    /// SHA-256 of certificates. If there are any, it has to be one of these, whatever it names and whoever vouches for it.
    pub fingerprints: Vec<[u8; 32]>,
    /// A name in the certificate of ours that we show there.
    pub shows: Option<Arc<str>>,
}

impl CertificateTerms {
    /// Whether whoever has shown these is the trunk's other side, and until when; for ever where the certificate is pinned.
    pub fn check(
        &self,
        chain: &[CertificateDer<'_>],
        well_known: &Anchors,
        now: Timestamp,
    ) -> Result<Timestamp, CertificateProblem> {
        let first = chain.first().ok_or(CertificateProblem::Missing)?;
        if !self.fingerprints.is_empty() {
            let seen: [u8; 32] = Sha256::digest(first).into();
            return if self.fingerprints.contains(&seen) { Ok(FOR_EVER) } else { Err(CertificateProblem::OtherFingerprint) };
        }
        // The name first: it costs next to nothing, and most who show something mean another trunk or none.
        let certificate = EndEntityCert::try_from(first).map_err(|_| CertificateProblem::Unreadable)?;
        if !self.names.iter().any(|name| names(&certificate, name)) {
            return Err(CertificateProblem::OtherName);
        }
        let vouched = if self.authorities.is_empty() {
            well_known.vouch_for(chain, ForTls, now)
        } else {
            Anchors::of(self.authorities.iter().map(|der| &**der)).vouch_for(chain, ForTls, now)
        };
        vouched.map_err(problem_of)
    }
}

/// The authorities in this text of certificates in PEM, in DER; none in an empty text. `Err` says what is wrong.
pub fn authorities_in(pem: &str) -> Result<Vec<Arc<[u8]>>, String> {
    if pem.trim().is_empty() {
        return Ok(Vec::new());
    }
    Anchors::read(pem.as_bytes())?;
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    certificates.map(|der| der.map(|der| der.to_vec().into()).map_err(|error| error.to_string())).collect()
}

/// A SHA-256 fingerprint, as certificates' tools write it: 64 hexadecimal digits, with colons or without.
pub fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.trim().chars().filter(|c| *c != ':').map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let octets: Vec<u8> = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect();
    if digits.len() == 64 { octets.try_into().ok() } else { None }
}

/// RFC 5922 7.1 and 7.2: a SIP domain stands as `sip:domain`, or where no SIP domain stands at all as the name of a host, and `*` is a
/// letter like any other.
fn names(certificate: &EndEntityCert<'_>, wanted: &str) -> bool {
    if let Ok(ip) = wanted.parse::<IpAddr>() {
        return certificate.verify_is_valid_for_subject_name(&ServerName::IpAddress(ip.into())).is_ok();
    }
    let same = |name: &str| name.trim_end_matches('.').eq_ignore_ascii_case(wanted.trim_end_matches('.'));
    let mut domains = certificate.valid_uri_names().filter_map(sip_domain).peekable();
    if domains.peek().is_some() { domains.any(same) } else { certificate.valid_dns_names().any(same) }
}

/// The domain of a `sip:` URI; one with a user names no domain.
fn sip_domain(uri: &str) -> Option<&str> {
    let (scheme, domain) = uri.split_once(':')?;
    (scheme.eq_ignore_ascii_case("sip") && !domain.contains('@')).then_some(domain)
}

fn problem_of(error: Error) -> CertificateProblem {
    match error {
        Error::CertExpired { .. } => CertificateProblem::Expired,
        Error::CertNotValidYet { .. } => CertificateProblem::NotYetValid,
        Error::BadDer | Error::BadDerTime | Error::UnsupportedCertVersion => CertificateProblem::Unreadable,
        _ => CertificateProblem::UnknownAuthority,
    }
}

/// For servers, for clients or for SIP domains (RFC 5924): carriers show one certificate both ways, and authorities of the web
/// certify servers alone.
struct ForTls;

impl ForTls {
    /// serverAuth, clientAuth, id-kp-sipDomain, anyExtendedKeyUsage.
    const PURPOSES: [KeyPurposeId<'static>; 4] = [
        KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 1]),
        KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 2]),
        KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 20]),
        KeyPurposeId::new(&[0x55, 0x1d, 0x25, 0]),
    ];
}

impl ExtendedKeyUsageValidator for ForTls {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut is_limited = false;
        for purpose in purposes {
            is_limited = true;
            if Self::PURPOSES.contains(&purpose?) {
                return Ok(());
            }
        }
        if is_limited { Err(Error::UnknownIssuer) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> CertificateDer<'static> {
        let file = format!("{}/tests/captures/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        CertificateDer::from_pem_file(file).expect("a certificate of the tests")
    }

    fn terms(names: &[&str]) -> CertificateTerms {
        let authorities = vec![read("root").to_vec().into()];
        CertificateTerms { names: names.iter().map(|name| Arc::from(*name)).collect(), authorities, ..Default::default() }
    }

    fn check(terms: &CertificateTerms, shown: &str) -> Result<(), CertificateProblem> {
        let now = "2026-06-01T00:00:00Z".parse().expect("a time");
        terms.check(&[read(shown)], &Anchors::well_known(), now).map(|_| ())
    }

    #[test]
    fn a_certificate_has_to_name_the_trunks_host_or_domain_and_a_wildcard_names_nobody() {
        assert_eq!(check(&terms(&["SIP.carrier.example."]), "carrier"), Ok(()));
        assert_eq!(check(&terms(&["sip.carrier.example"]), "client"), Ok(()), "for clients alone");
        assert_eq!(check(&terms(&["carrier.example"]), "domain"), Ok(()), "sip:carrier.example");
        let other = check(&terms(&["other.example", "x.example"]), "domain");
        assert_eq!(other, Err(CertificateProblem::OtherName), "a host, where a SIP domain stands");
        assert_eq!(check(&terms(&["a.carrier.example"]), "carrier"), Err(CertificateProblem::OtherName));
        assert_eq!(check(&terms(&["*.carrier.example"]), "carrier"), Ok(()), "as it is written");
        assert_eq!(check(&terms(&["192.0.2.1"]), "carrier"), Err(CertificateProblem::OtherName));
        assert_eq!(check(&terms(&[]), "carrier"), Err(CertificateProblem::OtherName), "nobody is named");
    }

    #[test]
    fn a_fingerprint_is_read_as_openssl_writes_it() {
        let bare = "00ff".repeat(16);
        let colons: Vec<&str> = bare.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII")).collect();
        assert_eq!(fingerprint(&bare), Some([0, 0xff].repeat(16).try_into().expect("32 octets")));
        assert_eq!(fingerprint(&colons.join(":").to_uppercase()), fingerprint(&bare));
        for wrong in ["", "00", &bare[1..], &format!("{bare}00"), &bare.replace('f', "g")] {
            assert_eq!(fingerprint(wrong), None, "{wrong:?}");
        }
        assert_eq!(authorities_in(" "), Ok(Vec::new()));
        assert!(authorities_in("none").is_err());
    }

    #[test]
    fn an_authority_has_to_vouch_for_it_now_unless_it_is_pinned() {
        let known = terms(&["sip.carrier.example"]);
        assert_eq!(check(&known, "expired"), Err(CertificateProblem::Expired));
        let unknown = CertificateTerms { authorities: Vec::new(), ..known.clone() };
        assert_eq!(check(&unknown, "carrier"), Err(CertificateProblem::UnknownAuthority), "the world does not know it");
        let early = "2025-06-01T00:00:00Z".parse().expect("a time");
        assert_eq!(known.check(&[read("carrier")], &Anchors::well_known(), early), Err(CertificateProblem::NotYetValid));
        assert_eq!(known.check(&[], &Anchors::well_known(), early), Err(CertificateProblem::Missing));
        let pinned = CertificateTerms { fingerprints: vec![Sha256::digest(read("domain")).into()], ..unknown };
        assert_eq!(check(&pinned, "domain"), Ok(()));
        assert_eq!(check(&pinned, "carrier"), Err(CertificateProblem::OtherFingerprint));
    }
}
