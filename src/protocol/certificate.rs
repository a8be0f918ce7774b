//! What certificates say of themselves (X.509, RFC 5280): whom they name and until when they hold. Whether one is believed is
//! asked where it is shown.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::der::{Elements, SEQUENCE};
use crate::types::Timestamp;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

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
    use rustls::pki_types::pem::PemObject as _;

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

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("SIP.carrier.example", "sip.carrier.example."));
        assert!(covers("*.carrier.example", "sip.carrier.example"));
        for other in ["carrier.example", "a.sip.carrier.example", ".carrier.example", "sip.carrier.example.org"] {
            assert!(!covers("*.carrier.example", other), "{other}");
        }
    }
}
