//! Master keys and what is derived from them (RFC 3711 4.3, RFC 7714 11).

use std::fmt;

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};

/// How a stream is encrypted and authenticated, by the names of RFC 4568 6.2 and RFC 7714 14.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpSuite {
    /// AES in counter mode with HMAC-SHA1, tags of 80 bits: what everybody has to know (RFC 4568 6.2.1).
    AesCm128HmacSha1_80,
    /// The same with tags of 32 bits on RTP.
    AesCm128HmacSha1_32,
    /// AES-GCM with a key of 128 bits.
    AeadAes128Gcm,
    /// AES-GCM with a key of 256 bits.
    AeadAes256Gcm,
}

/// Octets of the longest master key with its salt.
const MASTER_OCTETS_MAX: usize = 44;

impl SrtpSuite {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32, Self::AeadAes128Gcm, Self::AeadAes256Gcm];

    /// As SDP names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Octets of a master key with its salt.
    pub fn master_octets(self) -> usize {
        self.key_octets() + self.salt_octets()
    }

    /// Octets of keys for the cipher.
    pub(super) fn key_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Octets of salts.
    pub(super) fn salt_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Octets by which an RTP packet grows.
    pub(super) fn rtp_tag_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }
}

/// A master key with its salt, for one suite. It is never shown but in SDP over signalling that nobody else can read.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    suite: SrtpSuite,
    octets: [u8; MASTER_OCTETS_MAX],
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrtpKey({})", self.suite.name())
    }
}

impl SrtpKey {
    /// Key and salt one after the other, of just the suite's length.
    pub fn new(suite: SrtpSuite, octets: &[u8]) -> Option<Self> {
        if octets.len() != suite.master_octets() {
            return None;
        }
        let mut key = Self { suite, octets: [0; MASTER_OCTETS_MAX] };
        key.octets[..octets.len()].copy_from_slice(octets);
        Some(key)
    }

    /// For which suite.
    pub fn suite(&self) -> SrtpSuite {
        self.suite
    }

    /// Key and salt one after the other.
    pub fn octets(&self) -> &[u8] {
        &self.octets[..self.suite.master_octets()]
    }

    /// RFC 3711 4.3.1 with a key derivation rate of zero: the octets that belong to a label.
    pub(super) fn derive<const N: usize>(&self, label: u8) -> [u8; N] {
        let (key, salt) = self.octets().split_at(self.suite.key_octets());
        // RFC 7714 11: a salt of 96 bits is followed by 16 zero bits.
        let mut iv = [0; 16];
        iv[..salt.len()].copy_from_slice(salt);
        iv[7] ^= label;
        let mut octets = [0; N];
        counter_mode(&counter_key(key), iv, &mut octets);
        octets
    }
}

/// The two keys of a leg: each side chooses the one with which it sends (RFC 4568 6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What we send with.
    pub ours: SrtpKey,
    /// What they send with.
    pub theirs: SrtpKey,
}

/// Chance for the keys that a leg may send with: each suite has its own (RFC 4568 7.1.1).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyMaterial([u8; KeyMaterial::OCTETS]);

impl KeyMaterial {
    /// How much of it is needed.
    pub const OCTETS: usize = 30 + 30 + 28 + 44;

    /// Made of octets that nobody can guess.
    pub fn new(octets: [u8; Self::OCTETS]) -> Self {
        Self(octets)
    }

    /// Our key for a suite.
    pub fn key(&self, suite: SrtpSuite) -> SrtpKey {
        let at: usize = SrtpSuite::ALL.into_iter().take_while(|other| *other != suite).map(SrtpSuite::master_octets).sum();
        let mut key = SrtpKey { suite, octets: [0; MASTER_OCTETS_MAX] };
        key.octets[..suite.master_octets()].copy_from_slice(&self.0[at..at + suite.master_octets()]);
        key
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial")
    }
}

/// AES in counter mode with a key of 16 or 32 octets.
pub(super) fn counter_key(key: &[u8]) -> EncryptingKey {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let made = UnboundCipherKey::new(algorithm, key).and_then(EncryptingKey::ctr);
    made.expect("AES takes keys of 16 and 32 octets")
}

/// Encrypts or decrypts in place: in counter mode that is the same.
pub(super) fn counter_mode(key: &EncryptingKey, iv: [u8; 16], in_out: &mut [u8]) {
    let done = key.less_safe_encrypt(in_out, EncryptionContext::Iv128(iv.into()));
    done.expect("counter mode takes any length");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 3711 B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
        let key = SrtpKey::new(SrtpSuite::AesCm128HmacSha1_80, &master).unwrap();
        assert_eq!(key.derive::<16>(0).to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(key.derive::<14>(2).to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(key.derive::<20>(1).to_vec(), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    }

    #[test]
    fn each_suite_has_a_key_of_its_own_and_none_is_ever_printed() {
        let mut octets = [0; KeyMaterial::OCTETS];
        octets.iter_mut().zip(1..).for_each(|(octet, number)| *octet = number);
        let material = KeyMaterial::new(octets);
        let all: Vec<u8> = SrtpSuite::ALL.into_iter().flat_map(|suite| material.key(suite).octets().to_vec()).collect();
        assert_eq!(all, octets);
        assert_eq!(format!("{material:?}"), "KeyMaterial");
        assert_eq!(format!("{:?}", material.key(SrtpSuite::AeadAes256Gcm)), "SrtpKey(AEAD_AES_256_GCM)");
        assert!(SrtpKey::new(SrtpSuite::AeadAes128Gcm, &octets[..30]).is_none());
        assert_eq!(SrtpSuite::named("aes_cm_128_hmac_sha1_80"), Some(SrtpSuite::AesCm128HmacSha1_80));
    }
}
