//! What one direction's RTP or RTCP is encrypted and authenticated with: AES in counter mode with HMAC-SHA1 (RFC 3711 4.1, 4.2) or
//! AES-GCM (RFC 7714 8, 9).

use std::fmt;

use aws_lc_rs::{
    aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::EncryptingKey,
    hmac,
};
use subtle::ConstantTimeEq;

use super::{
    SrtpFault, SrtpKey, SrtpSuite,
    key::{counter_key, counter_mode},
    u32_at,
};

/// RFC 3711 4.3.2: the labels of what is derived for RTP; those for RTCP are three further on.
const CIPHER: u8 = 0;
const AUTHENTICATION: u8 = 1;
const SALT: u8 = 2;
const RTCP: u8 = 3;
/// Octets before what is encrypted of an RTCP packet: its first header and the sender's source number.
const RTCP_CLEAR: usize = 8;
/// The word that says the index of an RTCP packet and that it is encrypted.
const RTCP_INDEX_OCTETS: usize = 4;
const IS_ENCRYPTED: u32 = 1 << 31;
/// Octets of the tag on RTCP with HMAC-SHA1, also where that on RTP is shorter (RFC 4568 6.2.2).
const RTCP_HMAC_OCTETS: usize = 10;
const GCM_TAG_OCTETS: usize = 16;

/// Session keys of RTP or of RTCP.
pub(super) enum SessionKeys {
    CounterMode(Box<CounterMode>),
    Gcm(Box<Gcm>),
}

pub(super) struct CounterMode {
    cipher: EncryptingKey,
    salt: [u8; 14],
    authentication: hmac::Key,
    tag_octets: usize,
}

pub(super) struct Gcm {
    cipher: LessSafeKey,
    salt: [u8; 12],
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys")
    }
}

impl SessionKeys {
    pub(super) fn for_rtp(key: &SrtpKey) -> Self {
        Self::derive(key, 0, key.suite().rtp_tag_octets())
    }

    pub(super) fn for_rtcp(key: &SrtpKey) -> Self {
        Self::derive(key, RTCP, RTCP_HMAC_OCTETS)
    }

    fn derive(key: &SrtpKey, labels_from: u8, tag_octets: usize) -> Self {
        let cipher = key.derive::<32>(labels_from + CIPHER);
        let cipher = &cipher[..key.suite().key_octets()];
        match key.suite() {
            SrtpSuite::AesCm128HmacSha1_80 | SrtpSuite::AesCm128HmacSha1_32 => {
                let authentication = key.derive::<20>(labels_from + AUTHENTICATION);
                Self::CounterMode(Box::new(CounterMode {
                    cipher: counter_key(cipher),
                    salt: key.derive(labels_from + SALT),
                    authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
                    tag_octets,
                }))
            }
            SrtpSuite::AeadAes128Gcm => Self::gcm(&AES_128_GCM, cipher, key.derive(labels_from + SALT)),
            SrtpSuite::AeadAes256Gcm => Self::gcm(&AES_256_GCM, cipher, key.derive(labels_from + SALT)),
        }
    }

    fn gcm(algorithm: &'static aead::Algorithm, key: &[u8], salt: [u8; 12]) -> Self {
        let key = UnboundKey::new(algorithm, key).expect("AES-GCM takes keys of 16 and 32 octets");
        Self::Gcm(Box::new(Gcm { cipher: LessSafeKey::new(key), salt }))
    }

    /// Seals the packet in the first `length` octets, whose header is so long: the octets of the whole, if there is room.
    pub(super) fn seal_rtp(&self, datagram: &mut [u8], header: usize, length: usize, index: u64) -> Option<usize> {
        let ssrc = u32_at(datagram, 8);
        match self {
            Self::CounterMode(mode) => {
                let CounterMode { cipher, salt, authentication, tag_octets } = &**mode;
                let (packet, room) = datagram.split_at_mut_checked(length)?;
                let tag_room = room.get_mut(..*tag_octets)?;
                counter_mode(cipher, counter_iv(salt, ssrc, index), packet.get_mut(header..)?);
                let tag = rtp_tag(authentication, packet, index);
                tag_room.copy_from_slice(tag.as_ref().get(..*tag_octets)?);
                Some(length + tag_octets)
            }
            Self::Gcm(mode) => {
                let Gcm { cipher, salt } = &**mode;
                let (packet, room) = datagram.split_at_mut_checked(length)?;
                let tag_room = room.get_mut(..GCM_TAG_OCTETS)?;
                let (header, payload) = packet.split_at_mut_checked(header)?;
                let nonce = gcm_nonce(salt, ssrc, index);
                let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(&*header), payload).ok()?;
                tag_room.copy_from_slice(tag.as_ref());
                Some(length + GCM_TAG_OCTETS)
            }
        }
    }

    /// Whether the peer has sealed this packet with this index; it stays as it is.
    pub(super) fn is_of_peer(&self, datagram: &[u8], header: usize, index: u64) -> bool {
        match self {
            Self::CounterMode(mode) => {
                let CounterMode { authentication, tag_octets, .. } = &**mode;
                let Some(length) = datagram.len().checked_sub(*tag_octets).filter(|length| *length >= header) else {
                    return false;
                };
                let (packet, tag) = datagram.split_at(length);
                rtp_tag(authentication, packet, index).as_ref()[..*tag_octets].ct_eq(tag).into()
            }
            Self::Gcm(mode) => {
                let Gcm { cipher, salt } = &**mode;
                let Some(length) = datagram.len().checked_sub(GCM_TAG_OCTETS).filter(|length| *length >= header) else {
                    return false;
                };
                let (packet, tag) = datagram.split_at(length);
                let (header, payload) = packet.split_at(header);
                let nonce = gcm_nonce(salt, u32_at(datagram, 8), index);
                let mut plain = [0; PLAIN_MAX];
                let Some(plain) = plain.get_mut(..payload.len()) else { return false };
                cipher.open_separate_gather(nonce, Aad::from(header), payload, tag, plain).is_ok()
            }
        }
    }

    /// Opens a packet in place: the octets of the plain one. One that the peer has not sealed may be spoilt by it.
    pub(super) fn open_rtp(&self, datagram: &mut [u8], header: usize, index: u64) -> Result<usize, SrtpFault> {
        let ssrc = u32_at(datagram, 8);
        match self {
            Self::CounterMode(mode) => {
                let CounterMode { cipher, salt, tag_octets, .. } = &**mode;
                if !self.is_of_peer(datagram, header, index) {
                    return Err(SrtpFault::Forged);
                }
                let length = datagram.len() - tag_octets;
                counter_mode(cipher, counter_iv(salt, ssrc, index), &mut datagram[header..length]);
                Ok(length)
            }
            Self::Gcm(mode) => {
                let Gcm { cipher, salt } = &**mode;
                let (header, sealed) = datagram.split_at_mut_checked(header).ok_or(SrtpFault::Forged)?;
                let nonce = gcm_nonce(salt, ssrc, index);
                let plain = cipher.open_in_place(nonce, Aad::from(&*header), sealed).map_err(|_| SrtpFault::Forged)?;
                Ok(header.len() + plain.len())
            }
        }
    }

    /// Seals the RTCP packet in the first `length` octets (RFC 3711 3.4, RFC 7714 9).
    pub(super) fn seal_rtcp(&self, datagram: &mut [u8], length: usize, index: u32) -> Option<usize> {
        if length < RTCP_CLEAR {
            return None;
        }
        let ssrc = u32_at(datagram, 4);
        let word = (IS_ENCRYPTED | index).to_be_bytes();
        let (packet, room) = datagram.split_at_mut_checked(length)?;
        match self {
            Self::CounterMode(mode) => {
                let CounterMode { cipher, salt, authentication, tag_octets } = &**mode;
                let room = room.get_mut(..RTCP_INDEX_OCTETS + tag_octets)?;
                counter_mode(cipher, counter_iv(salt, ssrc, index.into()), packet.get_mut(RTCP_CLEAR..)?);
                let tag = rtcp_tag(authentication, packet, word);
                let (word_room, tag_room) = room.split_at_mut(RTCP_INDEX_OCTETS);
                word_room.copy_from_slice(&word);
                tag_room.copy_from_slice(tag.as_ref().get(..*tag_octets)?);
                Some(length + RTCP_INDEX_OCTETS + tag_octets)
            }
            Self::Gcm(mode) => {
                let Gcm { cipher, salt } = &**mode;
                let room = room.get_mut(..GCM_TAG_OCTETS + RTCP_INDEX_OCTETS)?;
                let (clear, payload) = packet.split_at_mut(RTCP_CLEAR);
                let nonce = gcm_nonce(salt, ssrc, index.into());
                let tag = cipher.seal_in_place_separate_tag(nonce, rtcp_aad(clear, word), payload).ok()?;
                let (tag_room, word_room) = room.split_at_mut(GCM_TAG_OCTETS);
                tag_room.copy_from_slice(tag.as_ref());
                word_room.copy_from_slice(&word);
                Some(length + GCM_TAG_OCTETS + RTCP_INDEX_OCTETS)
            }
        }
    }

    /// The index that an encrypted RTCP packet says it has.
    pub(super) fn rtcp_index(&self, datagram: &[u8]) -> Option<u32> {
        let behind = match self {
            Self::CounterMode(mode) => mode.tag_octets,
            Self::Gcm(_) => 0,
        };
        let at = datagram.len().checked_sub(behind + RTCP_INDEX_OCTETS).filter(|at| *at >= RTCP_CLEAR)?;
        let word = u32_at(datagram, at);
        // UNENCRYPTED_SRTCP (RFC 4568 6.3.2) is never agreed to.
        (word & IS_ENCRYPTED != 0).then_some(word & !IS_ENCRYPTED)
    }

    /// Opens an RTCP packet in place: the octets of the plain one.
    pub(super) fn open_rtcp(&self, datagram: &mut [u8], index: u32) -> Result<usize, SrtpFault> {
        let ssrc = u32_at(datagram, 4);
        let word = (IS_ENCRYPTED | index).to_be_bytes();
        match self {
            Self::CounterMode(mode) => {
                let CounterMode { cipher, salt, authentication, tag_octets } = &**mode;
                let behind = RTCP_INDEX_OCTETS + tag_octets;
                let length = datagram.len().checked_sub(behind).filter(|length| *length >= RTCP_CLEAR);
                let (packet, room) = datagram.split_at_mut(length.ok_or(SrtpFault::Forged)?);
                let tag = rtcp_tag(authentication, packet, word);
                if !bool::from(tag.as_ref()[..*tag_octets].ct_eq(&room[RTCP_INDEX_OCTETS..])) {
                    return Err(SrtpFault::Forged);
                }
                counter_mode(cipher, counter_iv(salt, ssrc, index.into()), &mut packet[RTCP_CLEAR..]);
                Ok(packet.len())
            }
            Self::Gcm(mode) => {
                let Gcm { cipher, salt } = &**mode;
                let sealed_to = datagram.len().checked_sub(RTCP_INDEX_OCTETS).filter(|length| *length >= RTCP_CLEAR);
                let (clear, sealed) = datagram[..sealed_to.ok_or(SrtpFault::Forged)?].split_at_mut(RTCP_CLEAR);
                let nonce = gcm_nonce(salt, ssrc, index.into());
                let plain = cipher.open_in_place(nonce, rtcp_aad(clear, word), sealed).map_err(|_| SrtpFault::Forged)?;
                Ok(RTCP_CLEAR + plain.len())
            }
        }
    }
}

/// Longest payload that is tried with more than one rollover; a datagram of ours has less.
const PLAIN_MAX: usize = 2_048;

/// RFC 3711 4.1.1.
fn counter_iv(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(salt);
    let ssrc_and_index = u128::from(ssrc) << 64 | u128::from(index & 0xffff_ffff_ffff) << 16;
    (u128::from_be_bytes(iv) ^ ssrc_and_index).to_be_bytes()
}

/// RFC 7714 8.1; with the index of an RTCP packet that of 9.1.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut iv = [0; 12];
    iv[2..6].copy_from_slice(&ssrc.to_be_bytes());
    iv[6..].copy_from_slice(&index.to_be_bytes()[2..]);
    iv.iter_mut().zip(salt).for_each(|(octet, salt)| *octet ^= salt);
    Nonce::assume_unique_for_key(iv)
}

/// RFC 3711 4.2: the packet and its rollover counter.
fn rtp_tag(key: &hmac::Key, packet: &[u8], index: u64) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(packet);
    context.update(&((index >> 16) as u32).to_be_bytes());
    context.sign()
}

fn rtcp_tag(key: &hmac::Key, packet: &[u8], word: [u8; RTCP_INDEX_OCTETS]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(packet);
    context.update(&word);
    context.sign()
}

/// RFC 7714 9.2: what is authenticated and not encrypted.
fn rtcp_aad(clear: &[u8], word: [u8; RTCP_INDEX_OCTETS]) -> Aad<[u8; RTCP_CLEAR + RTCP_INDEX_OCTETS]> {
    let mut aad = [0; RTCP_CLEAR + RTCP_INDEX_OCTETS];
    aad[..RTCP_CLEAR].copy_from_slice(clear);
    aad[RTCP_CLEAR..].copy_from_slice(&word);
    Aad::from(aad)
}
