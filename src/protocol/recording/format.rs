//! A recording's file, version 1. Numbers are big-endian.
//!
//! | octets | of the header |
//! | --- | --- |
//! | 8 | `CENTREC` and the version, 1 |
//! | 26 + 4 | the recording's id as text, the part's number |
//! | 8 | when the part began, in milliseconds of Unix time |
//! | 8 | which key the file's own key is wrapped with |
//! | 12 + 48 | the nonce of that wrapping; the file's own key, wrapped, with its tag |
//!
//! Chunks follow: a second each, AES-256-GCM under the file's own key, of the same size but for the last one, so that a time is an
//! offset. In a chunk: 8 octets that say for every 20 ms whether the recording was paused (the lowest 50 bits) and whether something
//! of the second is lost (the highest bit), then µ-law samples, left and right in turn. The last one holds less than a second, perhaps nothing. The nonce is the chunk's number and whether it is the last
//! (the STREAM construction), so that chunks can neither be exchanged nor cut off unseen; the header is bound by the wrapping.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
};

use super::{CHANNELS, CHUNK_FRAMES, Chunk};
use crate::{protocol::media::RecordingPart, types::Timestamp};

/// Octets of a key.
pub const KEY_OCTETS: usize = 32;
/// Octets before the first chunk.
pub const HEADER_OCTETS: usize = BOUND_OCTETS + NONCE_LEN + KEY_OCTETS + TAG_OCTETS;
/// Octets of a whole chunk in the file.
pub const CHUNK_OCTETS: usize = chunk_octets(CHUNK_FRAMES);
/// Octets that are drawn by chance for each file.
pub const NONCE_OCTETS: usize = NONCE_LEN;

const MAGIC: [u8; 8] = *b"CENTREC\x01";
const TAG_OCTETS: usize = 16;
const ID_OCTETS: usize = 26;
const KEY_ID_OCTETS: usize = 8;
/// Octets before the samples of a chunk.
pub const SLOTS_OCTETS: usize = 8;
/// Among the bits of the slots: something of the second is lost.
const HOLE: u64 = 1 << 63;
/// The header without what is wrapped.
const BOUND_OCTETS: usize = MAGIC.len() + ID_OCTETS + 4 + 8 + KEY_ID_OCTETS;

/// Octets in the file of a chunk with so many frames.
pub const fn chunk_octets(frames: usize) -> usize {
    SLOTS_OCTETS + frames * CHANNELS + TAG_OCTETS
}

/// Frames of a chunk with so many octets in the file; `None` if no chunk is so long.
pub const fn frames_of_chunk(octets: usize) -> Option<usize> {
    match octets.checked_sub(SLOTS_OCTETS + TAG_OCTETS) {
        Some(samples) if samples % CHANNELS == 0 && samples / CHANNELS <= CHUNK_FRAMES => Some(samples / CHANNELS),
        Some(_) | None => None,
    }
}

/// Why a file's header or a chunk cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatFault {
    /// It does not begin like one.
    #[error("it is no recording of this system")]
    NoRecording,
    /// Of a later version of the format.
    #[error("it is of version {0} of the format, and this server reads version 1")]
    Version(u8),
    /// It is wrapped with another key.
    #[error("it needs the key {wanted}, and the master key gives {held}: put the master key of the system it comes from back")]
    OtherKey {
        /// The key that it needs.
        wanted: String,
        /// The key that there is.
        held: String,
    },
    /// Not what was written.
    #[error("its {0} was changed since it was written")]
    Changed(&'static str),
    /// AES has no use for these octets; does not happen.
    #[error("the cipher refuses to work")]
    Cipher,
}

/// The key that files' own keys are wrapped with.
pub struct RecordingKey {
    key: LessSafeKey,
    id: [u8; KEY_ID_OCTETS],
}

impl RecordingKey {
    /// From its octets, which come from the master key.
    pub fn new(octets: [u8; KEY_OCTETS]) -> Result<Self, FormatFault> {
        let hash = digest(&SHA256, &octets);
        let id = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Ok(Self { key: aes(&octets)?, id })
    }
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Which file of which recording.
    pub part: RecordingPart,
    /// When its first frame was.
    pub started_at: Timestamp,
}

impl Header {
    /// The header's octets, with the file's own key wrapped under a nonce that is used only once.
    pub fn write(
        &self,
        wrapping: &RecordingKey,
        own_key: &[u8; KEY_OCTETS],
        nonce: [u8; NONCE_OCTETS],
    ) -> Result<[u8; HEADER_OCTETS], FormatFault> {
        let bound = self.bound(wrapping.id);
        let mut wrapped = *own_key;
        let sealed =
            wrapping.key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut wrapped);
        let tag = sealed.map_err(|_| FormatFault::Cipher)?;
        let whole = [&bound[..], &nonce, &wrapped, tag.as_ref()].concat();
        whole.try_into().map_err(|_| FormatFault::Cipher)
    }

    /// Reads a header; beside it, what opens the chunks.
    pub fn read(octets: &[u8; HEADER_OCTETS], wrapping: &RecordingKey) -> Result<(Self, ChunkCipher), FormatFault> {
        let mut rest = &octets[..];
        let magic: [u8; 8] = take(&mut rest)?;
        if magic != MAGIC {
            let is_ours = magic[..7] == MAGIC[..7];
            return Err(if is_ours { FormatFault::Version(magic[7]) } else { FormatFault::NoRecording });
        }
        let id: [u8; ID_OCTETS] = take(&mut rest)?;
        let recording = std::str::from_utf8(&id).ok().and_then(|id| id.parse().ok());
        let recording = recording.ok_or(FormatFault::Changed("header"))?;
        let part = u32::from_be_bytes(take(&mut rest)?);
        let started_at = Timestamp::from_millis(i64::from_be_bytes(take(&mut rest)?));
        let key_id: [u8; KEY_ID_OCTETS] = take(&mut rest)?;
        if key_id != wrapping.id {
            return Err(FormatFault::OtherKey { wanted: hex(&key_id), held: hex(&wrapping.id) });
        }
        let header = Self { part: RecordingPart { recording, part }, started_at };
        let nonce = Nonce::assume_unique_for_key(take(&mut rest)?);
        let mut wrapped: [u8; KEY_OCTETS + TAG_OCTETS] = take(&mut rest)?;
        let opened = wrapping.key.open_in_place(nonce, Aad::from(header.bound(key_id)), &mut wrapped);
        let own_key = opened.map_err(|_| FormatFault::Changed("header"))?;
        Ok((header, ChunkCipher { key: aes(own_key)? }))
    }

    fn bound(&self, key_id: [u8; KEY_ID_OCTETS]) -> [u8; BOUND_OCTETS] {
        let RecordingPart { recording, part } = self.part;
        let (id, part, started_at) = (recording.to_string(), part.to_be_bytes(), self.started_at.as_millis().to_be_bytes());
        let fields: [&[u8]; 5] = [&MAGIC, id.as_bytes(), &part, &started_at, &key_id];
        fields.concat().try_into().unwrap_or([0; BOUND_OCTETS])
    }
}

/// A file's own key.
pub struct ChunkCipher {
    key: LessSafeKey,
}

impl ChunkCipher {
    /// Under the file's own key.
    pub fn new(own_key: &[u8; KEY_OCTETS]) -> Result<Self, FormatFault> {
        Ok(Self { key: aes(own_key)? })
    }

    /// Appends a chunk as it goes to the file. A number is sealed once only.
    pub fn seal(&self, number: u64, is_last: bool, chunk: Chunk<'_>, out: &mut Vec<u8>) -> Result<(), FormatFault> {
        let begin = out.len();
        let hole = if chunk.has_hole { HOLE } else { 0 };
        out.extend_from_slice(&(chunk.paused_slots & !HOLE | hole).to_be_bytes());
        out.extend_from_slice(chunk.samples);
        let text = out.get_mut(begin..).unwrap_or_default();
        let tag = self.key.seal_in_place_separate_tag(nonce_of(number, is_last), Aad::empty(), text);
        out.extend_from_slice(tag.map_err(|_| FormatFault::Cipher)?.as_ref());
        Ok(())
    }

    /// Opens a chunk in place.
    pub fn open<'a>(&self, number: u64, is_last: bool, octets: &'a mut [u8]) -> Result<Chunk<'a>, FormatFault> {
        let opened = self.key.open_in_place(nonce_of(number, is_last), Aad::empty(), octets);
        let text = opened.map_err(|_| FormatFault::Changed("sound"))?;
        let (slots, samples) = text.split_first_chunk().ok_or(FormatFault::Changed("sound"))?;
        let slots = u64::from_be_bytes(*slots);
        Ok(Chunk { samples, paused_slots: slots & !HOLE, has_hole: slots & HOLE != 0 })
    }
}

/// Unique under a file's own key: each number is written once as the last or once as not the last.
fn nonce_of(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[3] = is_last.into();
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

fn aes(octets: &[u8]) -> Result<LessSafeKey, FormatFault> {
    UnboundKey::new(&AES_256_GCM, octets).map(LessSafeKey::new).map_err(|_| FormatFault::Cipher)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], FormatFault> {
    let (field, after) = rest.split_first_chunk().ok_or(FormatFault::NoRecording)?;
    *rest = after;
    Ok(*field)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{RecordingId, Rng};

    fn header() -> Header {
        let recording = RecordingId::mint(Timestamp::from_millis(5), &mut Rng::seeded(1));
        Header { part: RecordingPart { recording, part: 2 }, started_at: Timestamp::from_millis(1_766_000_000_007) }
    }

    #[test]
    fn a_header_is_read_back_with_the_key_and_nothing_of_it_can_be_changed() {
        let key = RecordingKey::new([3; 32]).unwrap();
        let octets = header().write(&key, &[9; 32], [1; 12]).unwrap();
        let (read, cipher) = Header::read(&octets, &key).unwrap();
        assert_eq!(read, header());
        assert!(!octets.windows(32).any(|window| window == [9; 32]));
        for place in 0..octets.len() {
            let mut changed = octets;
            changed[place] ^= 1;
            assert!(Header::read(&changed, &key).is_err(), "octet {place}");
        }
        let other = Header::read(&octets, &RecordingKey::new([4; 32]).unwrap()).map(|_| ());
        assert!(matches!(&other, Err(FormatFault::OtherKey { wanted, held }) if wanted != held), "{other:?}");

        let (samples, mut file) = ([7; 320], Vec::new());
        let chunk = Chunk { samples: &samples, paused_slots: 5, has_hole: true };
        ChunkCipher::new(&[9; 32]).unwrap().seal(4, false, chunk, &mut file).unwrap();
        assert_eq!((file.len(), frames_of_chunk(file.len())), (chunk_octets(160), Some(160)));
        assert_eq!(cipher.open(4, false, &mut file.clone()), Ok(chunk));
        for (number, is_last) in [(5, false), (4, true)] {
            assert_eq!(cipher.open(number, is_last, &mut file.clone()), Err(FormatFault::Changed("sound")));
        }
    }
}
