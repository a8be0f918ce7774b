//! A recording's file, read again: any range of it without what is before, and whether it is whole.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::RecordingKey;
use crate::protocol::{
    audio::ULAW_SILENCE,
    recording::{
        CHANNELS, CHUNK_FRAMES, SLOT_FRAMES,
        format::{CHUNK_OCTETS, ChunkCipher, FormatFault, HEADER_OCTETS, Header, SLOTS_OCTETS, frames_of_chunk},
        ms_of_frames,
    },
};

/// Why a recording cannot be read; names its file.
#[derive(Debug, thiserror::Error)]
pub enum RecordingFault {
    /// The file is not there, or the disk fails.
    #[error("the recording {} cannot be read: {fault}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// What is in it is not what was written, or needs another key.
    #[error("the recording {} cannot be read: {fault}", file.display())]
    Unusable {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: FormatFault,
    },
}

/// One part, opened.
pub struct RecordingFile {
    path: PathBuf,
    file: File,
    header: Header,
    cipher: ChunkCipher,
    whole_chunks: u64,
    /// Octets of the last chunk; none of a file that was cut off.
    last_octets: Option<usize>,
    frames: u64,
    /// The chunk that was read last, opened.
    opened: Option<u64>,
    octets: Vec<u8>,
    slots: u64,
    has_hole: bool,
    /// Whether a chunk did not open.
    is_damaged: bool,
}

impl RecordingFile {
    /// Opens a file and looks how far it goes. One that is being written is as long as what has been written.
    pub fn open(path: &Path, key: &RecordingKey) -> Result<Self, RecordingFault> {
        let unreadable = |fault| RecordingFault::Unreadable { file: path.to_owned(), fault };
        let unusable = |fault| RecordingFault::Unusable { file: path.to_owned(), fault };
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut octets = [0; HEADER_OCTETS];
        if size < HEADER_OCTETS as u64 {
            return Err(unusable(FormatFault::NoRecording));
        }
        file.read_exact_at(&mut octets, 0).map_err(unreadable)?;
        let (header, cipher) = Header::read(&octets, key).map_err(unusable)?;
        let chunks = size - HEADER_OCTETS as u64;
        let mut opened = Self {
            path: path.to_owned(),
            file,
            header,
            cipher,
            whole_chunks: chunks / CHUNK_OCTETS as u64,
            last_octets: None,
            frames: 0,
            opened: None,
            octets: Vec::new(),
            slots: 0,
            has_hole: false,
            is_damaged: false,
        };
        // A rest that cannot be opened was being written when the process ended: as with no rest, the file is cut off.
        let rest = (chunks % CHUNK_OCTETS as u64) as usize;
        if let Some(last_frames) = frames_of_chunk(rest) {
            opened.last_octets = Some(rest);
            match opened.chunk(opened.whole_chunks) {
                Ok(_) => opened.frames = last_frames as u64,
                Err(RecordingFault::Unusable { .. }) => opened.last_octets = None,
                Err(fault) => return Err(fault),
            }
        }
        opened.frames += opened.whole_chunks * CHUNK_FRAMES as u64;
        Ok(opened)
    }

    /// What it says of itself.
    pub fn header(&self) -> Header {
        self.header
    }

    /// How long it is, in frames of an eight-thousandth of a second.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// How long it is, in milliseconds.
    pub fn length_ms(&self) -> u64 {
        ms_of_frames(self.frames)
    }

    /// Whether it has no end: the process ended first, the disk was full, or it is still being written.
    pub fn is_cut_off(&self) -> bool {
        self.last_octets.is_none()
    }

    /// Reads frames from that one on: µ-law samples, left and right in turn. Returns how many octets of `out` were filled, which are
    /// fewer than it takes only at the end.
    pub fn read(&mut self, from: u64, out: &mut [u8]) -> Result<usize, RecordingFault> {
        let (mut frame, mut filled) = (from, 0);
        while filled < out.len() && frame < self.frames {
            let (number, offset) = (frame / CHUNK_FRAMES as u64, (frame % CHUNK_FRAMES as u64) as usize);
            let samples = self.chunk(number)?.samples;
            let samples = samples.get(offset * CHANNELS..).unwrap_or_default();
            let rest = out.get_mut(filled..).unwrap_or_default();
            let count = samples.len().min(rest.len() / CHANNELS * CHANNELS);
            if count == 0 {
                break;
            }
            rest[..count].copy_from_slice(&samples[..count]);
            filled += count;
            frame += (count / CHANNELS) as u64;
        }
        Ok(filled)
    }

    /// The same, with silence where the file was damaged or changed, which is logged once.
    pub fn read_past_damage(&mut self, from: u64, out: &mut [u8]) -> Result<usize, RecordingFault> {
        let (mut frame, mut filled) = (from, 0);
        while filled < out.len() && frame < self.frames {
            let chunk_end = (frame / CHUNK_FRAMES as u64 + 1) * CHUNK_FRAMES as u64;
            let in_chunk = (chunk_end.min(self.frames) - frame) as usize * CHANNELS;
            let rest = out.get_mut(filled..).unwrap_or_default();
            let wanted = in_chunk.min(rest.len() / CHANNELS * CHANNELS);
            let piece = rest.get_mut(..wanted).unwrap_or_default();
            let count = match self.read(frame, piece) {
                Err(fault @ RecordingFault::Unusable { .. }) => {
                    self.note_damage(&fault);
                    piece.fill(ULAW_SILENCE);
                    wanted
                }
                read => read?,
            };
            if count == 0 {
                break;
            }
            filled += count;
            frame += (count / CHANNELS) as u64;
        }
        Ok(filled)
    }

    fn note_damage(&mut self, fault: &RecordingFault) {
        if !std::mem::replace(&mut self.is_damaged, true) {
            tracing::warn!(%fault, "a second or more of a recording is silence");
        }
    }

    /// Where nothing was kept, and where something is lost. Reads the whole file.
    pub fn gaps(&mut self) -> Result<Gaps, RecordingFault> {
        let mut gaps = Gaps::default();
        for number in 0..self.frames.div_ceil(CHUNK_FRAMES as u64) {
            let begin = number * CHUNK_FRAMES as u64;
            let second = (ms_of_frames(begin), ms_of_frames((begin + CHUNK_FRAMES as u64).min(self.frames)));
            let slots = match self.chunk(number) {
                Ok(Opened { slots, has_hole, .. }) => {
                    if has_hole {
                        join(&mut gaps.holes, second);
                    }
                    slots
                }
                Err(fault @ RecordingFault::Unusable { .. }) => {
                    self.note_damage(&fault);
                    join(&mut gaps.holes, second);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            for slot in (0..CHUNK_FRAMES / SLOT_FRAMES).filter(|slot| slots >> slot & 1 == 1) {
                let from = begin + (slot * SLOT_FRAMES) as u64;
                join(&mut gaps.pauses, (ms_of_frames(from), ms_of_frames((from + SLOT_FRAMES as u64).min(self.frames))));
            }
        }
        Ok(gaps)
    }

    /// A chunk, opened. The one that was read last is kept.
    fn chunk(&mut self, number: u64) -> Result<Opened<'_>, RecordingFault> {
        let is_last = number == self.whole_chunks;
        let length = if is_last { self.last_octets.unwrap_or(0) } else { CHUNK_OCTETS };
        if self.opened != Some(number) {
            self.opened = None;
            self.octets.resize(length, 0);
            let offset = HEADER_OCTETS as u64 + number * CHUNK_OCTETS as u64;
            let read = self.file.read_exact_at(&mut self.octets, offset);
            read.map_err(|fault| RecordingFault::Unreadable { file: self.path.clone(), fault })?;
            let chunk = self.cipher.open(number, is_last, &mut self.octets);
            let chunk = chunk.map_err(|fault| RecordingFault::Unusable { file: self.path.clone(), fault })?;
            (self.slots, self.has_hole) = (chunk.paused_slots, chunk.has_hole);
            self.opened = Some(number);
        }
        // Opened in place: the slots, the samples, the tag.
        let rest = self.octets.get(SLOTS_OCTETS..).unwrap_or_default();
        let samples = rest.get(..frames_of_chunk(length).unwrap_or(0) * CHANNELS).unwrap_or_default();
        Ok(Opened { samples, slots: self.slots, has_hole: self.has_hole })
    }
}

/// A chunk that was opened.
struct Opened<'a> {
    samples: &'a [u8],
    slots: u64,
    has_hole: bool,
}

/// What of a part is silence although people spoke, as milliseconds from and to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps {
    /// It was paused, to 20 ms outward; none where the file was damaged.
    pub pauses: Vec<(u64, u64)>,
    /// Something is lost, to a second outward: the writer was too slow, or the file was damaged.
    pub holes: Vec<(u64, u64)>,
}

/// Adds a stretch, which may follow the last one without a break.
fn join(stretches: &mut Vec<(u64, u64)>, (from, to): (u64, u64)) {
    match stretches.last_mut() {
        Some(last) if last.1 == from => last.1 = to,
        Some(_) | None => stretches.push((from, to)),
    }
}
