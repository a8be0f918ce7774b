//! Putting a peer's packets back in order for decoding. Only for legs that are mixed or transcoded: a relay passes packets on as
//! they come and leaves the waiting to the far end.
//!
//! A ring by extended sequence number. It begins to give packets when the wanted depth is there, skips what has not come when its
//! turn is there, and lets go of the oldest when more has piled up than any network's jitter explains.

/// Packets that fit: 640 ms at 20 ms a packet.
const SLOTS: usize = 32;
/// Packets to wait for before the first is given: 40 ms.
const DEPTH_WANTED: u64 = 2;
/// Above this the oldest are skipped down to the wanted depth, so that delay does not stay after a burst: 160 ms.
const DEPTH_MAX: u64 = 8;
/// Turns without any packet after which the peer counts as paused and waiting begins anew.
const EMPTY_TURNS_MAX: u8 = 5;

/// What a turn brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Popped<'a> {
    /// The next packet's payload.
    Payload(&'a [u8]),
    /// It has not come: conceal it.
    Missing,
    /// Nothing to play: the peer pauses, or the first packets are still awaited.
    Nothing,
}

/// The ring.
#[derive(Debug, Clone, Default)]
pub struct Jitter {
    slots: Vec<Slot>,
    /// The number whose turn is next, once playing.
    next: Option<u64>,
    highest: u64,
    lowest: u64,
    empty_turns: u8,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    number: Option<u64>,
    payload: Vec<u8>,
}

impl Jitter {
    /// Forgets everything, for a stream that began anew. Memory is kept.
    pub fn restart(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.number = None);
        (self.next, self.highest, self.lowest, self.empty_turns) = (None, 0, 0, 0);
    }

    /// Takes a packet; `false` if it came too late or twice.
    pub fn push(&mut self, number: u64, payload: &[u8]) -> bool {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        if self.next.is_some_and(|next| number < next) {
            return false;
        }
        let oldest_kept = number.saturating_sub(SLOTS as u64 - 1);
        if self.next.is_some_and(|next| next < oldest_kept) {
            self.next = Some(oldest_kept);
        }
        let is_first = self.is_empty();
        let Some(slot) = self.slots.get_mut(number as usize % SLOTS) else { return false };
        if slot.number.is_some_and(|held| held >= number) {
            return false;
        }
        slot.number = Some(number);
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
        self.highest = self.highest.max(number);
        self.lowest = if is_first { number } else { self.lowest.min(number).max(oldest_kept) };
        true
    }

    /// The next packet in order.
    pub fn pop(&mut self) -> Popped<'_> {
        if self.is_empty() {
            self.empty_turns = self.empty_turns.saturating_add(1);
            if self.empty_turns < EMPTY_TURNS_MAX && self.next.is_some() {
                // The turn is not used up: a packet that is only late still plays.
                return Popped::Missing;
            }
            self.next = None;
            return Popped::Nothing;
        }
        self.empty_turns = 0;
        let depth = self.highest + 1 - self.next.unwrap_or(self.lowest).min(self.highest + 1);
        let next = match self.next {
            None if depth < DEPTH_WANTED => return Popped::Nothing,
            None => self.lowest,
            Some(_) if depth > DEPTH_MAX => self.highest + 1 - DEPTH_WANTED,
            Some(next) => next,
        };
        self.next = Some(next + 1);
        self.forget_before(next);
        match self.slots.get_mut(next as usize % SLOTS) {
            Some(slot) if slot.number == Some(next) => {
                slot.number = None;
                Popped::Payload(&slot.payload)
            }
            Some(_) | None => Popped::Missing,
        }
    }

    fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.number.is_none())
    }

    fn forget_before(&mut self, next: u64) {
        for slot in &mut self.slots {
            if slot.number.is_some_and(|number| number < next) {
                slot.number = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Rng;

    fn pop(jitter: &mut Jitter) -> Option<u8> {
        match jitter.pop() {
            Popped::Payload(payload) => payload.first().copied(),
            Popped::Missing | Popped::Nothing => None,
        }
    }

    #[test]
    fn packets_out_of_order_are_played_in_order() {
        let mut jitter = Jitter::default();
        for number in [10, 12, 11, 13] {
            jitter.push(number, &[number as u8]);
        }
        let played: Vec<_> = (0..4).filter_map(|_| pop(&mut jitter)).collect();
        assert_eq!(played, [10, 11, 12, 13]);
    }

    #[test]
    fn a_lost_packet_is_concealed_and_a_late_one_is_refused() {
        let mut jitter = Jitter::default();
        for number in [1, 2, 4, 5] {
            jitter.push(number, &[number as u8]);
        }
        assert_eq!((pop(&mut jitter), pop(&mut jitter)), (Some(1), Some(2)));
        assert_eq!(jitter.pop(), Popped::Missing);
        assert!(!jitter.push(3, &[3]));
        assert_eq!(pop(&mut jitter), Some(4));
    }

    #[test]
    fn a_burst_does_not_leave_delay_behind() {
        let mut jitter = Jitter::default();
        jitter.push(0, &[0]);
        jitter.push(1, &[1]);
        pop(&mut jitter);
        for number in 2..20 {
            jitter.push(number, &[number as u8]);
        }
        assert_eq!(pop(&mut jitter), Some(18));
        assert_eq!(pop(&mut jitter), Some(19));
    }

    #[test]
    fn a_peer_that_paused_is_awaited_again() {
        let mut jitter = Jitter::default();
        jitter.push(0, &[0]);
        jitter.push(1, &[1]);
        let played: Vec<_> = (0..10).map(|_| pop(&mut jitter)).collect();
        assert_eq!(played.iter().flatten().count(), 2);
        assert_eq!(jitter.pop(), Popped::Nothing);
        jitter.push(500, &[50]);
        assert_eq!(jitter.pop(), Popped::Nothing);
        jitter.push(501, &[51]);
        assert_eq!(pop(&mut jitter), Some(50));
    }

    #[test]
    fn random_loss_delay_and_repetition_keep_order_and_lose_no_more_than_the_network() {
        for seed in 0..50 {
            let mut rng = Rng::seeded(seed);
            let mut jitter = Jitter::default();
            // Each packet arrives 0 to 39 ms late, one in twenty never, one in twenty twice.
            let mut arrivals: Vec<(u64, u64)> = Vec::new();
            for number in 0..500_u64 {
                let copies = match rng.below(20) {
                    0 => 0,
                    1 => 2,
                    _ => 1,
                };
                arrivals.extend((0..copies).map(|_| (number * 20 + rng.below(40), number)));
            }
            arrivals.sort_unstable();
            let (mut played, mut next) = (Vec::new(), 0);
            for turn in 0..520_u64 {
                while arrivals.get(next).is_some_and(|(at, _)| *at <= turn * 20) {
                    let (_, number) = arrivals[next];
                    jitter.push(number, &(number as u16).to_be_bytes());
                    next += 1;
                }
                if let Popped::Payload(payload) = jitter.pop() {
                    played.push(u16::from_be_bytes([payload[0], payload[1]]));
                }
            }
            assert!(played.is_sorted_by(|one, other| one < other), "seed {seed}: out of order");
            assert!(played.len() > 430, "seed {seed}: {} of 500 played", played.len());
        }
    }
}
