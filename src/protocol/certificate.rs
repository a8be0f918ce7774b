//! What certificates say of themselves (X.509, RFC 5280), whom they name and until when they hold, and authorities that vouch for
//! others. Whether one is believed is asked where it is shown.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject as _};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, anchor_from_trusted_cert};

use super::der::{Elements, SEQUENCE};
use crate::types::Timestamp;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Certificates that may stand between the one that is asked about and an authority.
const BETWEEN_MAX: usize = 4;
/// Of those, how many may have one name: an authority that was certified by two others.
const ALIKE_MAX: usize = 2;

/// Authorities whose certificates are trusted.
#[derive(Debug, Clone, Default)]
pub struct Anchors(Vec<TrustAnchor<'static>>);

impl Anchors {
    /// Out of a file of certificates in PEM: `Err` says what is wrong with it.
    pub fn read(pem: &[u8]) -> Result<Self, String> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            anchors.push(anchor_from_trusted_cert(&certificate).map_err(|error| error.to_string())?.to_owned());
        }
        if anchors.is_empty() { Err("it holds no certificate".into()) } else { Ok(Self(anchors)) }
    }

    /// These certificates in DER, as far as they can be read.
    pub fn of<'a>(certificates: impl Iterator<Item = &'a [u8]>) -> Self {
        let anchor = |der: &[u8]| Some(anchor_from_trusted_cert(&CertificateDer::from(der)).ok()?.to_owned());
        Self(certificates.filter_map(anchor).collect())
    }

    /// Those that browsers trust.
    pub fn well_known() -> Self {
        Self(webpki_roots::TLS_SERVER_ROOTS.to_vec())
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// All of them.
    pub fn as_slice(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the chain leads to one of them, every certificate of it is valid now, and the first is for this use: then until when
    /// that holds. Costs little, whatever chain somebody makes up.
    pub fn vouch_for(
        &self,
        chain: &[CertificateDer<'_>],
        usage: impl ExtendedKeyUsageValidator,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let (first, above) = chain.split_first().ok_or(Error::UnknownIssuer)?;
        let now_secs = u64::try_from(now.as_millis() / 1_000).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now_secs));
        let certificate = EndEntityCert::try_from(first)?;
        let above = between(above);
        let way = certificate.verify_for_usage(ALL_VERIFICATION_ALGS, &self.0, &above, time, usage, None, None)?;
        let ends = way.intermediate_certificates().map(|certificate| not_after(&certificate.der())).chain([not_after(first)]);
        Ok(ends.map(|end| end.unwrap_or(now)).min().unwrap_or(now))
    }
}

/// Those of the certificates above the first that a way to an authority is looked for in. Every order of many with one name would
/// be tried.
fn between<'a>(above: &'a [CertificateDer<'_>]) -> Vec<CertificateDer<'a>> {
    let mut subjects: Vec<Vec<u8>> = Vec::new();
    let is_wanted = |der: &&CertificateDer<'_>| {
        let Ok(certificate) = EndEntityCert::try_from(*der) else { return false };
        subjects.push(certificate.subject().to_vec());
        subjects.iter().filter(|subject| *subject == certificate.subject()).count() <= ALIKE_MAX
    };
    above.iter().filter(is_wanted).take(BETWEEN_MAX).map(|der| CertificateDer::from(&**der)).collect()
}

/// The host names in the alternative names of a certificate, lower case; `*.example.com` stands for one label.
pub fn host_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else { return Vec::new() };
    certificate.valid_dns_names().map(str::to_ascii_lowercase).collect()
}

/// The end of its validity (RFC 5280 4.1.2.5).
pub fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let inside = |octets| Elements(octets).find(|(tag, _)| *tag == SEQUENCE).map(|(_, content)| content);
    let signed = inside(inside(certificate)?)?;
    // Before it are the signature's algorithm and the issuer.
    let (_, validity) = Elements(signed).filter(|(tag, _)| *tag == SEQUENCE).nth(2)?;
    let (tag, digits) = Elements(validity).nth(1)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let digits = match tag {
        // Two digits of the year: 1950 to 2049.
        UTC_TIME if digits.get(..2)? < "50" => format!("20{digits}"),
        UTC_TIME => format!("19{digits}"),
        GENERALIZED_TIME => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| digits.get(from..to);
    let (date, time) =
        ([part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-"), [part(8, 10)?, part(10, 12)?, part(12, 14)?].join(":"));
    format!("{date}T{time}Z").parse().ok()
}

/// Whether a name in a certificate stands for this host: itself, or `*` for its first label (RFC 6125 6.4.3).
pub fn covers(name: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    name.eq_ignore_ascii_case(host)
        || name.strip_prefix("*.").is_some_and(|above| {
            host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(above))
        })
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use webpki::KeyPurposeIdIter;

    use super::*;

    #[test]
    fn a_certificate_of_openssl_says_whom_it_names_and_until_when_it_holds() {
        let pem = include_bytes!("../../tests/captures/tls/carrier.pem");
        let certificate = CertificateDer::from_pem_slice(pem).expect("a certificate");
        assert_eq!(host_names(&certificate), ["sip.carrier.example", "*.carrier.example"]);
        assert_eq!(not_after(&certificate), Some("2049-12-31T23:59:58Z".parse().expect("a time")));
        let pem = include_bytes!("../../tests/captures/tls/root.pem");
        let root = CertificateDer::from_pem_slice(pem).expect("a certificate");
        assert_eq!(not_after(&root), Some("2051-01-02T03:04:05Z".parse().expect("a time")), "a GeneralizedTime");
        assert_eq!(not_after(&certificate[..certificate.len() / 2]), None);
        assert_eq!(not_after(b""), None);
    }

    /// A certificate, by an issuer of this name: itself if there is no other.
    fn certify(name: &str, issuer: Option<&Issuer<'static, KeyPair>>) -> (CertificateDer<'static>, Issuer<'static, KeyPair>) {
        let mut made = CertificateParams::new([format!("{name}.example")]).expect("a name");
        made.distinguished_name.push(DnType::CommonName, name);
        made.not_after = rcgen::date_time_ymd(if name == "lower" { 2030 } else { 2040 }, 1, 1);
        made.is_ca = if name == "leaf" { IsCa::NoCa } else { IsCa::Ca(BasicConstraints::Unconstrained) };
        let key = KeyPair::generate().expect("a key");
        let certificate = match issuer {
            Some(issuer) => made.signed_by(&key, issuer),
            None => made.self_signed(&key),
        };
        (certificate.expect("a certificate").der().clone(), Issuer::new(made, key))
    }

    struct AnyUse;

    impl ExtendedKeyUsageValidator for AnyUse {
        fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_way_to_an_authority_is_found_but_not_searched_for_through_many_certificates_of_one_name() {
        let (root, authority) = certify("root", None);
        let anchors = Anchors::of(std::iter::once(&*root));
        let (upper, upper_issuer) = certify("upper", Some(&authority));
        let (lower, lower_issuer) = certify("lower", Some(&upper_issuer));
        let (other, _) = certify("lower", Some(&certify("unknown", None).1));
        let (leaf, _) = certify("leaf", Some(&lower_issuer));
        let now = "2026-06-01T00:00:00Z".parse().expect("a time");
        let ends = "2030-01-01T00:00:00Z".parse().expect("a time");
        let vouched = |chain: &[CertificateDer<'_>]| anchors.vouch_for(chain, AnyUse, now);
        assert_eq!(vouched(&[leaf.clone(), other, lower, upper]), Ok(ends), "one of them certified by two");

        let (_, mut above) = certify("alike", None);
        let mut chain = Vec::new();
        for _ in 0..12 {
            let (next, issuer) = certify("alike", Some(&above));
            chain.insert(0, next);
            above = issuer;
        }
        chain.insert(0, certify("leaf", Some(&above)).0);
        assert_eq!(vouched(&chain), Err(Error::UnknownIssuer), "without having tried every order of them");
        assert_eq!(between(&chain[1..]).len(), ALIKE_MAX);
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("SIP.carrier.example", "sip.carrier.example."));
        assert!(covers("*.carrier.example", "sip.carrier.example"));
        for other in ["carrier.example", "a.sip.carrier.example", ".carrier.example", "sip.carrier.example.org"] {
            assert!(!covers("*.carrier.example", other), "{other}");
        }
    }
}
