//! Keys of SRTP in SDP (RFC 4568): `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…`.

use std::fmt::Write;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::protocol::rtp::{SrtpKey, SrtpSuite};

/// Padded as RFC 4568 6.1 wants it; some peers leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What we offer, the tag of the first being 1: first what everybody has to know.
const OUR_SUITES: [SrtpSuite; 3] = [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AeadAes256Gcm, SrtpSuite::AeadAes128Gcm];

/// An attribute that we can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CryptoAttribute {
    /// By which the answer says what it takes.
    pub tag: u32,
    /// The writer's key: it sends with it.
    pub key: SrtpKey,
}

impl CryptoAttribute {
    /// What stands behind `a=crypto:`; `None` if it cannot be read, or wants what we do not do: other suites, several keys (MKI),
    /// or session parameters that change the transform (RFC 4568 6.3).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = SrtpSuite::named(words.next()?)?;
        let parameters = words.next()?;
        // WSH only says how far packets may come out of order.
        if words.any(|word| !word.starts_with("WSH=") && !word.starts_with('-')) {
            return None;
        }
        let inline = parameters.get(..7).filter(|method| method.eq_ignore_ascii_case("inline:")).map(|_| &parameters[7..])?;
        let mut parts = inline.split('|');
        let key = SrtpKey::new(suite, &BASE64.decode(parts.next()?).ok()?)?;
        // A lifetime of packets (`2^48`) ends no call of ours; an MKI has a colon.
        let has_mki = inline.contains(';') || parts.any(|part| part.contains(':'));
        (!has_mki).then_some(Self { tag, key })
    }

    /// As a line of SDP.
    pub(super) fn write(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ =
            write!(out, "a=crypto:{} {} inline:{}\r\n", self.tag, self.key.suite().name(), BASE64.encode(self.key.octets()));
    }
}

/// What we offer, with the key of each suite.
pub(super) fn our_attributes(key: impl Fn(SrtpSuite) -> SrtpKey) -> Vec<CryptoAttribute> {
    OUR_SUITES.into_iter().zip(1..).map(|(suite, tag)| CryptoAttribute { tag, key: key(suite) }).collect()
}

/// Whether an attribute answers one that we offered (RFC 4568 6.1: the same tag and suite).
pub(super) fn answers_ours(attribute: &CryptoAttribute) -> bool {
    let offered = usize::try_from(attribute.tag).ok().and_then(|tag| OUR_SUITES.get(tag.checked_sub(1)?));
    offered == Some(&attribute.key.suite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

    #[test]
    fn the_example_of_the_rfc_is_read_and_written_back() {
        let read = CryptoAttribute::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}|2^20")).unwrap();
        assert_eq!((read.tag, read.key.suite()), (1, SrtpSuite::AesCm128HmacSha1_80));
        let mut out = String::new();
        read.write(&mut out);
        assert_eq!(out, format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"));
        assert!(answers_ours(&read));
        assert!(!answers_ours(&CryptoAttribute { tag: 2, ..read.clone() }));
        assert!(!answers_ours(&CryptoAttribute { tag: 0, ..read }));
    }

    #[test]
    fn what_we_could_not_do_is_left_out() {
        for value in [
            "1 F8_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR KDR=1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=",
            "1 AEAD_AES_128_GCM inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 AES_CM_128_HMAC_SHA1_80 uri:x",
            "1 AES_CM_128_HMAC_SHA1_80",
            "x AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            "1 AES_CM_128_HMAC_SHA1_80 inlin\u{e9}:PS1uQ",
            "",
        ] {
            assert_eq!(CryptoAttribute::parse(value), None, "{value}");
        }
        assert!(CryptoAttribute::parse(&format!("7 AES_CM_128_HMAC_SHA1_32 {KEY} WSH=64")).is_some());
    }

    #[test]
    fn padding_may_be_missing() {
        let octets: Vec<u8> = (0..28).collect();
        let key = SrtpKey::new(SrtpSuite::AeadAes128Gcm, &octets).unwrap();
        let mut out = String::new();
        CryptoAttribute { tag: 3, key }.write(&mut out);
        let written = out.trim_end().strip_prefix("a=crypto:").unwrap();
        assert!(written.ends_with("=="));
        assert_eq!(CryptoAttribute::parse(written), CryptoAttribute::parse(written.trim_end_matches('=')));
    }
}
