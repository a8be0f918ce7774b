//! The Identity header (RFC 8224 4): a signed statement, where its certificate is, and of what kind it is.

use super::passport::SignedPassport;
use crate::types::IdentityFault;

/// Longer ones are not read.
const IDENTITY_OCTETS_MAX: usize = 4_096;

/// Reads the value of an Identity header: `None` when it is of another kind than `shaken`, which counts as if it were not there
/// (RFC 8224 6.2.4). Only the full form is taken, as ATIS-1000074 5.2.1 wants it.
pub fn read_identity(value: &str) -> Option<Result<SignedPassport, IdentityFault>> {
    let (token, parameters) = value.split_once(';')?;
    let parameter = |name: &str| {
        parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
        })
    };
    if parameter("ppt") != Some("shaken") {
        return None;
    }
    let info = parameter("info").and_then(|info| info.strip_prefix('<')?.strip_suffix('>'));
    let is_es256 = parameter("alg").is_none_or(|alg| alg == "ES256");
    if value.len() > IDENTITY_OCTETS_MAX || !is_es256 {
        return Some(Err(IdentityFault::Malformed));
    }
    Some(SignedPassport::read(token.trim()).and_then(|passport| match info {
        // RFC 8224 6.2: both name the same certificate.
        Some(info) if *passport.certificate_url == *info => Ok(passport),
        Some(_) | None => Err(IdentityFault::Malformed),
    }))
}

/// The value of an Identity header with this signed statement.
pub fn write_identity(token: &str, certificate_url: &str) -> String {
    format!("{token};info=<{certificate_url}>;alg=ES256;ppt=shaken")
}
