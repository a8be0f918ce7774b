//! The worker's side of a recording: payloads are copied into blocks that go to the writer and come back empty.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    mpsc::{SyncSender, TrySendError},
};

use super::RecordingStats;
use crate::{
    protocol::{
        media::{Codec, RecordingPart},
        recording::{Side, Sound},
    },
    types::{LegId, Mono, Now, Timestamp},
};

/// Octets in a block: about half a second of both sides of a G.711 call.
const BLOCK_OCTETS: usize = 8_192;
/// Blocks in all: 64 MiB, which is what may wait for a disk that hangs.
const BLOCKS_MAX: usize = 8_192;
/// Messages that wait for the writer: all blocks, and begins and ends of more recordings than there are legs.
pub(super) const MESSAGES_MAX: usize = BLOCKS_MAX + 32_768;
/// A block is handed over at this age although it is not full, so that the writer knows what time it is.
const HAND_OVER_MS: u64 = 1_000;
/// Octets before each payload: side, codec, length, arrival, stream, timestamp.
const ENTRY_OCTETS: usize = 16;

/// What the writer is told.
pub(super) enum Message {
    Begin(Box<Begin>),
    Block(Box<Block>),
    /// The recording ended so many milliseconds after its begin.
    End {
        recording: u64,
        at_ms: u64,
        /// What found no block before it, as in [`Block`].
        hole: Option<(u64, u64)>,
    },
}

/// A recording begins.
pub(super) struct Begin {
    pub(super) recording: u64,
    pub(super) leg: LegId,
    pub(super) part: RecordingPart,
    pub(super) started_at: Timestamp,
    /// Said by the writer when there is nothing more to write to.
    pub(super) is_over: Arc<AtomicBool>,
}

/// What one recording's leg said and heard for a while.
pub(super) struct Block {
    pub(super) recording: u64,
    /// When it was handed over, in milliseconds from the recording's begin.
    pub(super) until_ms: u64,
    /// Pauses and their ends, with their times.
    pub(super) pauses: Vec<(u64, bool)>,
    /// From when to when before it packets found no block and are lost.
    pub(super) hole: Option<(u64, u64)>,
    octets: Vec<u8>,
    home: Arc<Common>,
}

impl Block {
    fn new(home: Arc<Common>) -> Self {
        let octets = Vec::with_capacity(BLOCK_OCTETS);
        Self { recording: 0, until_ms: 0, pauses: Vec::new(), hole: None, octets, home }
    }

    fn has_room_for(&self, payload: &[u8]) -> bool {
        self.octets.is_empty() || self.octets.len() + ENTRY_OCTETS + payload.len() <= BLOCK_OCTETS
    }

    fn push(&mut self, sound: &Sound<'_>, arrival_ms: u64) {
        let codec = match sound.codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 1,
            Codec::G722 => 2,
            Codec::Opus => 3,
        };
        self.octets.extend_from_slice(&[sound.side.channel() as u8, codec]);
        self.octets.extend_from_slice(&(sound.payload.len() as u16).to_ne_bytes());
        // Seven weeks of one call.
        self.octets.extend_from_slice(&(arrival_ms as u32).to_ne_bytes());
        self.octets.extend_from_slice(&sound.stream.to_ne_bytes());
        self.octets.extend_from_slice(&sound.timestamp.to_ne_bytes());
        self.octets.extend_from_slice(sound.payload);
    }

    /// Packets with the milliseconds at which they arrived.
    pub(super) fn sounds(&self) -> impl Iterator<Item = (u64, Sound<'_>)> {
        let mut rest = &self.octets[..];
        std::iter::from_fn(move || {
            let (entry, after) = rest.split_first_chunk::<ENTRY_OCTETS>()?;
            let [side, codec, a, b, arrival @ .., _, _, _, _, _, _, _, _] = *entry;
            let [.., s0, s1, s2, s3, t0, t1, t2, t3] = *entry;
            let (payload, after) = after.split_at_checked(u16::from_ne_bytes([a, b]).into())?;
            rest = after;
            let sound = Sound {
                side: if side == 0 { Side::Said } else { Side::Heard },
                codec: match codec {
                    0 => Codec::Pcmu,
                    1 => Codec::Pcma,
                    2 => Codec::G722,
                    _ => Codec::Opus,
                },
                stream: u32::from_ne_bytes([s0, s1, s2, s3]),
                timestamp: u32::from_ne_bytes([t0, t1, t2, t3]),
                payload,
            };
            Some((u32::from_ne_bytes(arrival).into(), sound))
        })
    }

    /// Gives the block back for its next use.
    pub(super) fn go_home(mut self: Box<Self>) {
        self.octets.clear();
        self.pauses.clear();
        self.hole = None;
        let home = Arc::clone(&self.home);
        home.empty.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }
}

/// Makes the workers' sides.
pub struct TapFeed {
    to_writer: SyncSender<Message>,
    common: Arc<Common>,
    stats: Arc<RecordingStats>,
}

/// What the workers' sides have in common. Blocks come back to all of them, so that none keeps what another one lacks.
#[derive(Default)]
struct Common {
    /// Blocks that have been made.
    made: AtomicUsize,
    /// Those that wait for their next use.
    #[expect(clippy::vec_box, reason = "they go from hand to hand as they are")]
    empty: Mutex<Vec<Box<Block>>>,
    /// The number of the last recording.
    recordings: AtomicU64,
}

impl TapFeed {
    pub(super) fn new(to_writer: SyncSender<Message>, stats: Arc<RecordingStats>) -> Self {
        Self { to_writer, common: Arc::default(), stats }
    }

    /// One worker's side.
    pub fn taps(&self) -> Taps {
        Taps {
            to_writer: self.to_writer.clone(),
            common: Arc::clone(&self.common),
            missed: Vec::new(),
            stats: Arc::clone(&self.stats),
            #[cfg(test)]
            are_blocks_gone: false,
        }
    }
}

/// One worker's taps' way to the writer.
pub struct Taps {
    to_writer: SyncSender<Message>,
    common: Arc<Common>,
    /// Ends that found no room.
    missed: Vec<Message>,
    stats: Arc<RecordingStats>,
    #[cfg(test)]
    are_blocks_gone: bool,
}

/// One leg's recording.
pub struct Tap {
    recording: u64,
    /// Which file.
    pub part: RecordingPart,
    begun: Mono,
    block: Option<Box<Block>>,
    pauses: Vec<(u64, bool)>,
    /// What has found no block since the last one.
    hole: Option<(u64, u64)>,
    is_paused: bool,
    handed_over: Mono,
    is_over: Arc<AtomicBool>,
}

impl Taps {
    /// Begins to record; `None` if the writer is gone or buried.
    pub fn begin(&mut self, leg: LegId, part: RecordingPart, now: Now) -> Option<Tap> {
        let recording = self.common.recordings.fetch_add(1, Ordering::Relaxed) + 1;
        let is_over = Arc::new(AtomicBool::new(false));
        let begin = Begin { recording, leg, part, started_at: now.wall, is_over: Arc::clone(&is_over) };
        if self.to_writer.try_send(Message::Begin(Box::new(begin))).is_err() {
            self.stats.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Tap {
            recording,
            part,
            begun: now.mono,
            block: None,
            pauses: Vec::new(),
            hole: None,
            is_paused: false,
            handed_over: now.mono,
            is_over,
        })
    }

    /// Gives the writer what found no room before.
    pub fn care(&mut self) {
        while let Some(message) = self.missed.pop() {
            if let Err(TrySendError::Full(message)) = self.to_writer.try_send(message) {
                self.missed.push(message);
                return;
            }
        }
    }

    /// As if a disk that hangs had all blocks, or no longer.
    #[cfg(test)]
    pub(super) fn end_of_blocks(&mut self, are_gone: bool) {
        self.are_blocks_gone = are_gone;
    }

    fn empty_block(&mut self, recording: u64) -> Option<Box<Block>> {
        #[cfg(test)]
        if self.are_blocks_gone {
            return None;
        }
        let kept = self.common.empty.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut block = match kept {
            Some(block) => block,
            None if self.common.made.fetch_add(1, Ordering::Relaxed) < BLOCKS_MAX => {
                Box::new(Block::new(Arc::clone(&self.common)))
            }
            None => {
                self.common.made.fetch_sub(1, Ordering::Relaxed);
                return None;
            }
        };
        block.recording = recording;
        Some(block)
    }

    fn hand_over(&mut self, block: Box<Block>) {
        // There is room for every block that there is; without a writer nothing is recorded.
        if self.to_writer.try_send(Message::Block(block)).is_err() {
            self.common.made.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Tap {
    /// A packet of one side.
    pub fn hear(&mut self, taps: &mut Taps, sound: &Sound<'_>, now: Mono) {
        if self.is_paused || sound.payload.is_empty() {
            return;
        }
        if self.block.as_ref().is_some_and(|block| !block.has_room_for(sound.payload)) {
            self.hand_over(taps, now);
        }
        if self.block.is_none() {
            self.block = taps.empty_block(self.recording);
        }
        match &mut self.block {
            Some(block) => block.push(sound, now.millis_since(self.begun)),
            None => {
                taps.stats.packets_dropped.fetch_add(1, Ordering::Relaxed);
                let at_ms = now.millis_since(self.begun);
                self.hole = Some((self.hole.map_or(at_ms, |(from, _)| from), at_ms));
            }
        }
    }

    /// Nothing is taken from now on, or everything again.
    pub fn pause(&mut self, is_paused: bool, now: Mono) {
        if is_paused != self.is_paused {
            self.is_paused = is_paused;
            self.pauses.push((now.millis_since(self.begun), is_paused));
        }
    }

    /// Hands over what has waited long enough. `false` when the recording has ended by itself.
    pub fn care(&mut self, taps: &mut Taps, now: Mono) -> bool {
        if self.is_over.load(Ordering::Relaxed) {
            return false;
        }
        if now.millis_since(self.handed_over) >= HAND_OVER_MS {
            self.hand_over(taps, now);
        }
        true
    }

    /// Ends the recording.
    pub fn end(mut self, taps: &mut Taps, now: Mono) {
        self.hand_over(taps, now);
        let end = Message::End { recording: self.recording, at_ms: now.millis_since(self.begun), hole: self.hole };
        if let Err(TrySendError::Full(end)) = taps.to_writer.try_send(end) {
            taps.missed.push(end);
        }
    }

    /// Hands over what there is, if only the time.
    pub fn hand_over(&mut self, taps: &mut Taps, now: Mono) {
        let Some(mut block) = self.block.take().or_else(|| taps.empty_block(self.recording)) else { return };
        block.until_ms = now.millis_since(self.begun);
        block.hole = self.hole.take();
        // Changes hands rather than copies; both are empty most of the time.
        std::mem::swap(&mut block.pauses, &mut self.pauses);
        taps.hand_over(block);
        self.handed_over = now;
    }
}

/// A feed whose blocks come back as soon as that is asked for, for stories.
#[cfg(test)]
pub(in crate::net) fn returning_taps() -> (TapFeed, ReturningWriter) {
    let (to_writer, messages) = std::sync::mpsc::sync_channel(64);
    (TapFeed::new(to_writer, Arc::default()), ReturningWriter { messages, octets: 0 })
}

/// A writer that only counts.
#[cfg(test)]
pub(in crate::net) struct ReturningWriter {
    messages: std::sync::mpsc::Receiver<Message>,
    octets: usize,
}

#[cfg(test)]
impl ReturningWriter {
    /// Gives back what has come.
    pub(in crate::net) fn give_back(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            if let Message::Block(block) = message {
                self.octets += block.sounds().map(|(_, sound)| sound.payload.len()).sum::<usize>();
                block.go_home();
            }
        }
    }

    /// Octets of payload that have come.
    pub(in crate::net) fn octets(&self) -> usize {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{RecordingId, Rng};

    #[test]
    fn blocks_that_one_worker_has_made_are_there_for_another() {
        let (feed, mut writer) = returning_taps();
        let [mut first, mut second] = [(); 2].map(|()| feed.taps());
        let mut rng = Rng::seeded(1);
        let now = Now::default();
        let part = RecordingPart { recording: RecordingId::mint(now.wall, &mut rng), part: 1 };
        let [mut one, mut other] = [&mut first, &mut second].map(|taps| {
            let leg = LegId::mint(now.wall, &mut rng);
            taps.begin(leg, part, now).expect("a recording")
        });
        feed.common.made.store(BLOCKS_MAX - 1, Ordering::Relaxed);
        let sound = Sound { side: Side::Said, codec: Codec::Pcmu, stream: 1, timestamp: 0, payload: &[7; 160] };
        one.hear(&mut first, &sound, now.mono);
        one.hand_over(&mut first, now.mono);
        other.hear(&mut second, &sound, now.mono);
        assert!(other.block.is_none(), "the only one is on its way");
        writer.give_back();
        other.hear(&mut second, &sound, now.mono);
        assert!(other.block.is_some());
        assert_eq!(feed.common.made.load(Ordering::Relaxed), BLOCKS_MAX);
    }
}
