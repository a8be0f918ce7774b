//! The media worker's side of copies: payloads go into blocks that are handed over every few milliseconds and come back empty.

use std::sync::{
    Arc,
    atomic::Ordering,
    mpsc::{Receiver, SyncSender, sync_channel},
};

use super::ForkStats;
use crate::{
    protocol::{forking::ForkSound, media::Codec, recording::Side},
    types::{ForkId, Mono},
};

/// Packets in a block, and octets of their payloads: what thirty copies of both sides of a G.711 call bring in 20 ms.
const PACKETS_MAX: usize = 64;
const OCTETS_MAX: usize = 16_384;
/// Blocks of one worker in all, 4 MiB: a second of two hundred such copies. What comes when all of them wait is left out.
const BLOCKS_MAX: usize = 256;
/// Blocks that wait for whoever sends, of all workers.
pub(super) const WAITING_MAX: usize = 4_096;
/// A block is handed over at this age although it is not full.
const HAND_OVER_MS: u64 = 10;

/// Packets of several copies.
pub(super) struct Block {
    packets: Vec<Packet>,
    octets: Vec<u8>,
    home: SyncSender<Box<Block>>,
}

struct Packet {
    fork: ForkId,
    side: Side,
    codec: Codec,
    stream: u64,
    number: u64,
    timestamp: u32,
    at: Mono,
    /// Where its payload ends; it begins where the one before ends.
    end: usize,
}

impl Block {
    fn has_room_for(&self, payload: &[u8]) -> bool {
        self.packets.len() < PACKETS_MAX && self.octets.len() + payload.len() <= OCTETS_MAX
    }

    fn push(&mut self, fork: ForkId, sound: &ForkSound<'_>) {
        self.octets.extend_from_slice(sound.payload);
        let ForkSound { side, codec, stream, number, timestamp, at, .. } = *sound;
        self.packets.push(Packet { fork, side, codec, stream, number, timestamp, at, end: self.octets.len() });
    }

    /// The packets in the order in which they came.
    pub(super) fn sounds(&self) -> impl Iterator<Item = (ForkId, ForkSound<'_>)> {
        let mut begin = 0;
        self.packets.iter().map(move |packet| {
            let payload = self.octets.get(begin..packet.end).unwrap_or_default();
            begin = packet.end;
            let Packet { fork, side, codec, stream, number, timestamp, at, .. } = *packet;
            (fork, ForkSound { side, codec, stream, number, timestamp, at, payload })
        })
    }

    /// Gives the block back to its worker.
    pub(super) fn go_home(mut self: Box<Self>) {
        self.packets.clear();
        self.octets.clear();
        let home = self.home.clone();
        // There is room for every block that there is; without a worker none is needed.
        let _ = home.try_send(self);
    }
}

/// Makes the workers' sides.
#[derive(Clone)]
pub struct ForkFeed {
    to_hub: SyncSender<Box<Block>>,
    stats: Arc<ForkStats>,
}

impl ForkFeed {
    pub(super) fn new(to_hub: SyncSender<Box<Block>>, stats: Arc<ForkStats>) -> Self {
        Self { to_hub, stats }
    }

    /// One worker's side.
    pub fn taps(&self) -> ForkTaps {
        let (home, empty) = sync_channel(BLOCKS_MAX);
        ForkTaps {
            to_hub: self.to_hub.clone(),
            home,
            empty,
            made: 0,
            filling: None,
            due: Mono::default(),
            stats: Arc::clone(&self.stats),
        }
    }
}

/// One worker's way to whoever sends. Per packet that is a copy, without a lock, a system call or, once the blocks are made, an
/// allocation.
pub struct ForkTaps {
    to_hub: SyncSender<Box<Block>>,
    home: SyncSender<Box<Block>>,
    empty: Receiver<Box<Block>>,
    /// Blocks that have been made; they come back.
    made: usize,
    filling: Option<Box<Block>>,
    /// When the block that is being filled is handed over.
    due: Mono,
    stats: Arc<ForkStats>,
}

impl ForkTaps {
    /// A packet of a copy.
    pub fn hear(&mut self, fork: ForkId, sound: &ForkSound<'_>) {
        if sound.payload.is_empty() || sound.payload.len() > OCTETS_MAX {
            return;
        }
        if self.filling.as_ref().is_some_and(|block| !block.has_room_for(sound.payload)) {
            self.hand_over();
        }
        if self.filling.is_none() {
            self.filling = self.empty_block();
            self.due = sound.at + HAND_OVER_MS;
        }
        match &mut self.filling {
            Some(block) => block.push(fork, sound),
            None => _ = self.stats.packets_dropped.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// When [`ForkTaps::turn`] is next needed.
    pub fn next_wake(&self) -> Option<Mono> {
        self.filling.as_ref().map(|_| self.due)
    }

    /// Hands over what is due.
    pub fn turn(&mut self, now: Mono) {
        if self.filling.is_some() && now >= self.due {
            self.hand_over();
        }
    }

    fn empty_block(&mut self) -> Option<Box<Block>> {
        match self.empty.try_recv() {
            Ok(block) => Some(block),
            Err(_) if self.made < BLOCKS_MAX => {
                self.made += 1;
                Some(Box::new(Block {
                    packets: Vec::with_capacity(PACKETS_MAX),
                    octets: Vec::with_capacity(OCTETS_MAX),
                    home: self.home.clone(),
                }))
            }
            Err(_) => None,
        }
    }

    /// Hands over what there is: what a copy gets next comes from another worker.
    pub fn hand_over(&mut self) {
        let Some(block) = self.filling.take() else { return };
        let count = block.packets.len() as u64;
        // More workers than there is room for blocks, or nobody who sends.
        if self.to_hub.try_send(block).is_err() {
            self.made -= 1;
            self.stats.packets_dropped.fetch_add(count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Rng, Timestamp};

    fn fork(seed: u64) -> ForkId {
        ForkId::mint(Timestamp::from_millis(0), &mut Rng::seeded(seed))
    }

    fn sound(number: u64, at: Mono, payload: &[u8]) -> ForkSound<'_> {
        let timestamp = number as u32 * 160;
        ForkSound { side: Side::Heard, codec: Codec::Pcma, stream: 7, number, timestamp, at, payload }
    }

    #[test]
    fn what_is_handed_over_is_what_came_and_it_comes_within_ten_milliseconds() {
        let (to_hub, blocks) = sync_channel(WAITING_MAX);
        let stats = Arc::new(ForkStats::default());
        let mut taps = ForkFeed::new(to_hub, Arc::clone(&stats)).taps();
        let now = Mono::from_millis(1_000);
        assert_eq!(taps.next_wake(), None);
        taps.hear(fork(1), &sound(1, now, &[1, 2, 3]));
        taps.hear(fork(2), &sound(2, now + 9, &[4]));
        taps.turn(now + 9);
        assert!(blocks.try_recv().is_err());
        assert_eq!(taps.next_wake(), Some(now + 10));
        taps.turn(now + 10);
        let block = blocks.try_recv().unwrap();
        let came: Vec<_> = block.sounds().map(|(fork, sound)| (fork, sound.number, sound.at, sound.payload.to_vec())).collect();
        assert_eq!(came, [(fork(1), 1, now, vec![1, 2, 3]), (fork(2), 2, now + 9, vec![4])]);
        block.go_home();
        taps.hear(fork(1), &sound(3, now + 20, &[5]));
        assert_eq!((taps.made, taps.next_wake()), (1, Some(now + 30)), "the same block again");
    }

    #[test]
    fn when_nobody_sends_what_comes_is_counted_and_memory_does_not_grow() {
        let (to_hub, blocks) = sync_channel(WAITING_MAX);
        let stats = Arc::new(ForkStats::default());
        let mut taps = ForkFeed::new(to_hub, Arc::clone(&stats)).taps();
        let total = 20_000_u64;
        for number in 0..total {
            taps.hear(fork(1), &sound(number, Mono::from_millis(number), &[0; 160]));
            taps.turn(Mono::from_millis(number));
        }
        assert_eq!(taps.made, BLOCKS_MAX);
        let mut came = 0;
        while let Ok(block) = blocks.try_recv() {
            came += block.sounds().count() as u64;
        }
        assert_eq!(came + stats.packets_dropped.load(Ordering::Relaxed), total);
        assert!(came > 0 && came < total);
    }
}
