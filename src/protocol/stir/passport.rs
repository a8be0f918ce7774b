//! PASSporT (RFC 8225) with the extension `shaken` (RFC 8588): read in both spellings of its destination, written in the one
//! deterministic form (RFC 8225 9) that needs no JSON library on the other side to be compared.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::signature;
use crate::types::{Attestation, IdentityFault};

/// Numbers of one destination; a call has one.
const CALLED_MAX: usize = 10;
/// Octets of the address of a certificate.
const URL_OCTETS_MAX: usize = 512;
/// Octets of an origin that are kept; a UUID has 36.
const ORIGIN_MAX: usize = 64;

/// Whom a statement is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Called {
    /// Canonical numbers.
    pub numbers: Vec<String>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// How far its signer stands for the caller.
    pub attestation: Attestation,
    /// The caller's canonical number.
    pub caller: String,
    /// Whom the call was for.
    pub called: Called,
    /// When it was signed, in seconds of Unix time.
    pub issued_at: i64,
    /// Where the call entered the signer's network.
    pub origin: String,
}

/// A statement as it came, not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPassport {
    /// What it says.
    pub claims: Claims,
    /// Where its certificate is.
    pub certificate_url: Arc<str>,
    /// What was signed: header and payload in base64url with a dot between them (RFC 7515 5.1).
    pub signing_input: String,
    /// `r` and `s`, 32 octets each (RFC 7518 3.4).
    pub signature: [u8; 64],
}

/// Signs for us. The key and the chance that each signature needs stay with whoever keeps them.
pub trait PassportSigner: Send + Sync {
    /// ECDSA with P-256 and SHA-256 over these octets, as X.509 writes signatures; `None` if it cannot be done now.
    fn sign(&self, signing_input: &[u8]) -> Option<Vec<u8>>;
    /// Where others find the certificate.
    fn certificate_url(&self) -> &str;
}

impl std::fmt::Debug for dyn PassportSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PassportSigner({})", self.certificate_url())
    }
}

#[derive(Deserialize)]
struct HeaderIn {
    alg: String,
    ppt: Option<String>,
    typ: Option<String>,
    x5u: String,
}

#[derive(Serialize)]
struct HeaderOut<'a> {
    alg: &'a str,
    ppt: &'a str,
    typ: &'a str,
    x5u: &'a str,
}

#[derive(Deserialize)]
struct PayloadIn {
    attest: String,
    dest: Dest,
    iat: i64,
    orig: Orig,
    origid: String,
}

#[derive(Deserialize)]
struct Orig {
    tn: String,
}

#[derive(Deserialize)]
struct Dest {
    #[serde(default)]
    tn: Numbers,
}

/// RFC 8225 wants a list; the drafts before it, which are still on the road, had one text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(String),
    Many(Vec<String>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

#[derive(Serialize)]
struct PayloadOut<'a> {
    attest: &'a str,
    dest: DestOut<'a>,
    iat: i64,
    orig: OrigOut<'a>,
    origid: &'a str,
}

#[derive(Serialize)]
struct DestOut<'a> {
    tn: &'a [String],
}

#[derive(Serialize)]
struct OrigOut<'a> {
    tn: &'a str,
}

impl SignedPassport {
    /// Reads the compact serialization `header.payload.signature` (RFC 7515 3.1) of a `shaken` statement.
    pub fn read(token: &str) -> Result<Self, IdentityFault> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(IdentityFault::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(IdentityFault::Malformed)?;
        let header: HeaderIn = decoded(header)?;
        let payload: PayloadIn = decoded(payload)?;
        let is_shaken = header.alg == "ES256"
            && header.ppt.as_deref() == Some("shaken")
            && header.typ.as_deref().is_none_or(|typ| typ == "passport");
        let attestation = Attestation::read(&payload.attest);
        let (Some(attestation), true) = (attestation, is_shaken && is_address(&header.x5u)) else {
            return Err(IdentityFault::Malformed);
        };
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| IdentityFault::Malformed)?;
        let signature = signature.try_into().map_err(|_| IdentityFault::Malformed)?;
        let mut numbers = match payload.dest.tn {
            Numbers::One(number) => vec![number],
            Numbers::Many(numbers) => numbers,
        };
        numbers.truncate(CALLED_MAX);
        let origin: String = payload.origid.chars().filter(|c| c.is_ascii_graphic()).take(ORIGIN_MAX).collect();
        Ok(Self {
            claims: Claims { attestation, caller: payload.orig.tn, called: Called { numbers }, issued_at: payload.iat, origin },
            certificate_url: header.x5u.into(),
            signing_input: signing_input.to_owned(),
            signature,
        })
    }
}

impl Claims {
    /// The statement in its deterministic form (RFC 8225 9: members in order, no white space), signed.
    pub fn sign(&self, signer: &dyn PassportSigner) -> Option<String> {
        let header = HeaderOut { alg: "ES256", ppt: "shaken", typ: "passport", x5u: signer.certificate_url() };
        let payload = PayloadOut {
            attest: self.attestation.as_str(),
            dest: DestOut { tn: &self.called.numbers },
            iat: self.issued_at,
            orig: OrigOut { tn: &self.caller },
            origid: &self.origin,
        };
        let encoded = |json: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(json);
        let header = encoded(serde_json::to_vec(&header).ok()?);
        let payload = encoded(serde_json::to_vec(&payload).ok()?);
        let signing_input = format!("{header}.{payload}");
        let signature = signature::out_of_der(&signer.sign(signing_input.as_bytes())?)?;
        Some(format!("{signing_input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Whether a certificate may be there: an address of HTTPS (ATIS-1000074 5.3.1) that is one word, for it is written into the log.
fn is_address(url: &str) -> bool {
    url.starts_with("https://") && url.len() <= URL_OCTETS_MAX && url.bytes().all(|b| b.is_ascii_graphic())
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, IdentityFault> {
    let octets = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| IdentityFault::Malformed)?;
    serde_json::from_slice(&octets).map_err(|_| IdentityFault::Malformed)
}
