//! Whose signatures count (RFC 8226, ATIS-1000080): a chain up to one of our anchors, valid now, with authority over telephone
//! numbers, whose key made the signature.

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, ring::ECDSA_P256_SHA256};

use super::{passport::SignedPassport, signature};
use crate::{
    protocol::{
        certificate::Anchors,
        der::{Elements, INTEGER, SEQUENCE},
    },
    types::{IdentityFault, Timestamp},
};

/// Certificates of one chain that are looked at.
const CHAIN_MAX: usize = 6;
/// Object identifier of the extension TNAuthList, id-pe-TNAuthList 1.3.6.1.5.5.7.1.26 (RFC 8226 9).
const TN_AUTH_LIST: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 1, 26];

/// The certificates of a fetched file in order, PEM or a single one in DER (RFC 8226 10.1 has both).
pub fn certificates_in(octets: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(octets).take(CHAIN_MAX).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Some(chain),
        Ok(_) | Err(_) if octets.first() == Some(&SEQUENCE) => Some(vec![CertificateDer::from(octets.to_vec())]),
        Ok(_) | Err(_) => None,
    }
}

/// Whether the statement was signed by the first certificate of the chain, that one is vouched for by an anchor, and it may speak
/// of the caller's number.
pub fn verify(
    passport: &SignedPassport,
    chain: &[CertificateDer<'_>],
    anchors: &Anchors,
    now: Timestamp,
) -> Result<(), IdentityFault> {
    let signer = chain.first().ok_or(IdentityFault::NoCertificate)?;
    let certificate = EndEntityCert::try_from(signer).map_err(|_| IdentityFault::Untrusted)?;
    if !is_vouched(chain, anchors, now) {
        return Err(IdentityFault::Untrusted);
    }
    if !may_speak_of(signer, &passport.claims.caller) {
        return Err(IdentityFault::Untrusted);
    }
    certificate
        .verify_signature(ECDSA_P256_SHA256, passport.signing_input.as_bytes(), &signature::in_der(&passport.signature))
        .map_err(|_| IdentityFault::Signature)
}

/// Whether the chain leads to an anchor and is valid now.
pub fn is_vouched(chain: &[CertificateDer<'_>], anchors: &Anchors, now: Timestamp) -> bool {
    anchors.vouch_for(chain, AnyUsage, now).is_ok()
}

/// Certificates for numbers say in TNAuthList what they are for, not in the extended key usage.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const IA5_STRING: u8 = 0x16;
/// The extensions of a certificate, `[3]`.
const EXTENSIONS: u8 = 0xa3;
/// TNEntry: a service provider's code, a range of numbers, a number (RFC 8226 9, explicit tags).
const PROVIDER: u8 = 0xa0;
const RANGE: u8 = 0xa1;
const ONE: u8 = 0xa2;

/// Whether the certificate has authority over this number: a service provider's has it over those of its customers, which only the
/// provider knows; else the number must be listed.
fn may_speak_of(certificate: &[u8], number: &str) -> bool {
    let Some(list) = tn_auth_list(certificate) else { return false };
    Elements(list).any(|(tag, entry)| match tag {
        PROVIDER => true,
        ONE => Elements(entry).any(|(tag, text)| tag == IA5_STRING && text == number.as_bytes()),
        RANGE => Elements(entry).find(|(tag, _)| *tag == SEQUENCE).is_some_and(|(_, range)| is_in_range(range, number)),
        _ => false,
    })
}

fn is_in_range(range: &[u8], number: &str) -> bool {
    let mut parts = Elements(range);
    let (Some((IA5_STRING, start)), Some((INTEGER, count))) = (parts.next(), parts.next()) else { return false };
    let start = std::str::from_utf8(start).unwrap_or("");
    let count = count.iter().fold(0_u64, |sum, octet| sum.saturating_mul(256).saturating_add(u64::from(*octet)));
    match (start.parse::<u64>(), number.parse::<u64>()) {
        (Ok(first), Ok(asked)) => start.len() == number.len() && asked >= first && asked - first < count,
        _ => false,
    }
}

/// The content of the TNAuthList of a certificate.
fn tn_auth_list(certificate: &[u8]) -> Option<&[u8]> {
    let inside = |octets, wanted| Elements(octets).find(|(tag, _)| *tag == wanted).map(|(_, content)| content);
    let signed = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
    let extensions = inside(inside(signed, EXTENSIONS)?, SEQUENCE)?;
    let list = Elements(extensions).find_map(|(_, extension)| {
        let is_list = inside(extension, OBJECT_IDENTIFIER) == Some(&TN_AUTH_LIST[..]);
        is_list.then(|| inside(extension, OCTET_STRING))?
    })?;
    inside(list, SEQUENCE)
}
