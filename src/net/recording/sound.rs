//! A recording as one sound, whatever parts it has: a WAV file any range of which can be asked for, and its outline.

use super::{RecordingFault, RecordingFile};
use crate::protocol::{
    audio::linear_of_ulaw,
    recording::{CHANNELS, FRAMES_PER_SECOND, frames_of_ms, ms_of_frames},
};

/// Octets before the samples: the RIFF header, the format, the head of the samples.
const WAV_HEADER_OCTETS: usize = 44;
/// Octets of a frame of 16-bit samples.
const FRAME_OCTETS: u64 = 2 * CHANNELS as u64;
/// Octets of µ-law that are read at a time: half a second.
const READ_OCTETS: usize = 8_000;
/// Buckets of an outline, at most.
const BUCKETS_MAX: usize = 10_000;

/// Parts that follow one another.
pub struct RecordedSound {
    parts: Vec<RecordingFile>,
    /// Frames of it that are read at most.
    frames_max: u64,
}

/// The outline: the largest magnitude of each equal stretch of time, 0 to 32,767.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peaks {
    /// What the recorded peer says.
    pub said: Vec<u16>,
    /// What it hears.
    pub heard: Vec<u16>,
}

impl RecordedSound {
    /// Of these parts, in their order.
    pub fn new(parts: Vec<RecordingFile>) -> Self {
        Self { parts, frames_max: u64::MAX }
    }

    /// Reads no further than that many milliseconds: one that grows is the same sound whenever it is asked for.
    pub fn end_at(&mut self, millis: u64) {
        self.frames_max = frames_of_ms(millis.min(u64::MAX / FRAMES_PER_SECOND));
    }

    /// The parts.
    pub fn parts(&mut self) -> &mut [RecordingFile] {
        &mut self.parts
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How long it is, in milliseconds.
    pub fn length_ms(&self) -> u64 {
        ms_of_frames(self.frames())
    }

    /// Size of the WAV file.
    pub fn wav_octets(&self) -> u64 {
        WAV_HEADER_OCTETS as u64 + self.frames() * FRAME_OCTETS
    }

    /// Reads the WAV file (16-bit PCM, 8 kHz, left what the peer says, right what it hears) from that octet on. Returns how many
    /// octets of `out` were filled, which are fewer than it takes only at the end.
    pub fn read_wav(&mut self, offset: u64, out: &mut [u8]) -> Result<usize, RecordingFault> {
        let header = self.wav_header();
        let head = usize::try_from(offset).ok().and_then(|offset| header.get(offset..)).unwrap_or_default();
        let mut filled = head.len().min(out.len());
        out[..filled].copy_from_slice(&head[..filled]);
        while filled < out.len() {
            let at = offset + filled as u64 - WAV_HEADER_OCTETS as u64;
            let (frame, skipped) = (at / FRAME_OCTETS, (at % FRAME_OCTETS) as usize);
            let rest = out.get_mut(filled..).unwrap_or_default();
            let mut codes = [0; READ_OCTETS];
            let wanted = (rest.len() + skipped).div_ceil(FRAME_OCTETS as usize) * CHANNELS;
            let wanted = wanted.min(READ_OCTETS);
            let count = self.read(frame, &mut codes[..wanted])?;
            let octets = codes[..count].iter().flat_map(|code| linear_of_ulaw(*code).to_le_bytes()).skip(skipped);
            let copied = rest.iter_mut().zip(octets).map(|(place, octet)| *place = octet).count();
            if copied == 0 {
                break;
            }
            filled += copied;
        }
        Ok(filled)
    }

    /// The outline in so many stretches; fewer when there are not as many samples. Reads everything.
    pub fn peaks(&mut self, buckets: usize) -> Result<Peaks, RecordingFault> {
        let frames = self.frames();
        let buckets = (buckets.min(BUCKETS_MAX) as u64).min(frames) as usize;
        let mut peaks = Peaks { said: vec![0; buckets], heard: vec![0; buckets] };
        let (mut frame, mut codes) = (0, [0; READ_OCTETS]);
        while frame < frames {
            let count = self.read(frame, &mut codes)?;
            if count == 0 {
                break;
            }
            for samples in codes[..count].chunks_exact(CHANNELS) {
                let bucket = (frame * buckets as u64 / frames) as usize;
                for (peaks, code) in [&mut peaks.said, &mut peaks.heard].into_iter().zip(samples) {
                    if let Some(peak) = peaks.get_mut(bucket) {
                        *peak = (*peak).max(linear_of_ulaw(*code).unsigned_abs());
                    }
                }
                frame += 1;
            }
        }
        Ok(peaks)
    }

    fn frames(&self) -> u64 {
        self.parts.iter().map(RecordingFile::frames).sum::<u64>().min(self.frames_max)
    }

    /// Reads frames across parts. What does not open is silence: the seconds around it are heard.
    fn read(&mut self, from: u64, out: &mut [u8]) -> Result<usize, RecordingFault> {
        let left = usize::try_from(self.frames().saturating_sub(from)).unwrap_or(usize::MAX).saturating_mul(CHANNELS);
        let wanted = out.len().min(left);
        let out = &mut out[..wanted];
        let (mut from, mut filled) = (from, 0);
        for part in &mut self.parts {
            if from >= part.frames() {
                from -= part.frames();
                continue;
            }
            filled += part.read_past_damage(from, out.get_mut(filled..).unwrap_or_default())?;
            if filled >= out.len() {
                break;
            }
            from = 0;
        }
        Ok(filled)
    }

    fn wav_header(&self) -> [u8; WAV_HEADER_OCTETS] {
        let rate = FRAMES_PER_SECOND as u32;
        // A RIFF file's lengths have 32 bits: 37 hours.
        let samples = u32::try_from(self.frames() * FRAME_OCTETS).unwrap_or(u32::MAX - WAV_HEADER_OCTETS as u32);
        let fields: [&[u8]; 13] = [
            b"RIFF",
            &(samples + WAV_HEADER_OCTETS as u32 - 8).to_le_bytes(),
            b"WAVE",
            b"fmt ",
            &16_u32.to_le_bytes(),
            &1_u16.to_le_bytes(),
            &(CHANNELS as u16).to_le_bytes(),
            &rate.to_le_bytes(),
            &(rate * FRAME_OCTETS as u32).to_le_bytes(),
            &(FRAME_OCTETS as u16).to_le_bytes(),
            &16_u16.to_le_bytes(),
            b"data",
            &samples.to_le_bytes(),
        ];
        fields.concat().try_into().unwrap_or([0; WAV_HEADER_OCTETS])
    }
}
