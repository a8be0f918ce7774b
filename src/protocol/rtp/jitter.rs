//! Putting a peer's packets back in order for decoding. Only for legs that are mixed, recorded or transcoded: a relay passes
//! packets on as they come and leaves the waiting to the far end.
//!
//! A ring by extended sequence number. It gives packets once the first has waited as long as `lateness.rs` finds this network to
//! need, skips what has not come when its turn is there, and lets go of the oldest when more has piled up than any network's jitter
//! explains. Smaller differences to the wanted wait it only tells ([`Jitter::ahead_ms`]): who plays the packets takes them out of
//! the sound itself.

use super::lateness::Lateness;
use crate::types::Mono;

/// Packets that fit: 640 ms at 20 ms a packet.
const SLOTS: usize = 32;
/// What waits for longer than wanted by so much is skipped, so that delay does not stay after a burst.
const BURST_MS: i64 = 160;
/// Playing before a packet could have come: the peer paused and its clock went on.
const TOO_EARLY_MS: i64 = -20;
/// Turns without any packet after which the peer counts as paused and waiting begins anew.
const EMPTY_TURNS_MAX: u8 = 5;

/// What a turn brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Popped<'a> {
    /// The next packet's payload.
    Payload(&'a [u8]),
    /// The next packet is one of comfort noise: from here on the peer says nothing.
    Noise(&'a [u8]),
    /// It has not come and will not be played any more: conceal it. The packet behind it, if that is here, may hold a copy.
    Missing(Option<&'a [u8]>),
    /// None is here; the turn is not used up, and a packet that is only late still plays.
    Awaited,
    /// Nothing to play: the peer pauses, or the first packets are still awaited.
    Nothing,
}

/// When a packet belongs where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Extended sequence number.
    pub number: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Ticks of the timestamp in a second.
    pub clock_rate: u32,
    /// When it came.
    pub at: Mono,
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
    lateness: Lateness,
    /// How long the packet given last waited, by the fastest one's measure.
    waited_ms: i64,
    late: u64,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    number: Option<u64>,
    media_ms: i64,
    is_noise: bool,
    payload: Vec<u8>,
}

impl Jitter {
    /// Forgets all packets, for a stream that began anew or was not listened to. Memory is kept, and how late packets come.
    pub fn restart(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.number = None);
        (self.next, self.highest, self.lowest, self.empty_turns) = (None, 0, 0, 0);
        self.lateness.restart();
    }

    /// Takes a packet; `false` if it came too late or twice.
    pub fn push(&mut self, arrival: Arrival, payload: &[u8]) -> bool {
        self.put(arrival, payload, false)
    }

    /// The same of a packet of comfort noise.
    pub fn push_noise(&mut self, arrival: Arrival, payload: &[u8]) -> bool {
        self.put(arrival, payload, true)
    }

    fn put(&mut self, arrival: Arrival, payload: &[u8], is_noise: bool) -> bool {
        let Arrival { number, timestamp, clock_rate, at } = arrival;
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        // Those that come too late are what the wait is learnt from.
        let media_ms = self.lateness.note(timestamp, clock_rate, at);
        if self.next.is_some_and(|next| number < next) {
            self.late += 1;
            return false;
        }
        let oldest_kept = number.saturating_sub(SLOTS as u64 - 1);
        if self.next.is_some_and(|next| next < oldest_kept) {
            // Nobody listened for a while, or the network stood still: what is behind that is played as if begun anew.
            self.next = None;
            self.forget_before(oldest_kept);
        }
        let is_first = self.is_empty();
        let Some(slot) = self.slots.get_mut(number as usize % SLOTS) else { return false };
        if slot.number.is_some_and(|held| held >= number) {
            return false;
        }
        (slot.number, slot.media_ms, slot.is_noise) = (Some(number), media_ms, is_noise);
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
        self.highest = self.highest.max(number);
        self.lowest = if is_first { number } else { self.lowest.min(number).max(oldest_kept) };
        true
    }

    /// The next packet in order, to be played at `now`.
    pub fn pop(&mut self, now: Mono) -> Popped<'_> {
        let Some(first) = self.first_held() else {
            self.empty_turns = self.empty_turns.saturating_add(1);
            if self.empty_turns < EMPTY_TURNS_MAX && self.next.is_some() {
                return Popped::Awaited;
            }
            self.next = None;
            return Popped::Nothing;
        };
        self.empty_turns = 0;
        let wanted = self.wanted_ms();
        let waited = self.waited_of(first, now);
        let next = match self.next {
            None if waited < wanted => return Popped::Nothing,
            Some(_) | None if waited > wanted + BURST_MS => self.first_within(wanted, now),
            None => first,
            Some(next) if next == first && waited < TOO_EARLY_MS => {
                self.next = None;
                return Popped::Nothing;
            }
            Some(next) => next,
        };
        self.next = Some(next + 1);
        self.forget_before(next);
        if self.holds(next) {
            self.waited_ms = self.waited_of(next, now);
            let slot = &mut self.slots[next as usize % SLOTS];
            slot.number = None;
            return if slot.is_noise { Popped::Noise(&slot.payload) } else { Popped::Payload(&slot.payload) };
        }
        let behind = self.slots.get((next + 1) as usize % SLOTS);
        let behind = behind.filter(|slot| slot.number == Some(next + 1) && !slot.is_noise);
        Popped::Missing(behind.map(|slot| slot.payload.as_slice()))
    }

    /// By how much the packet given last had waited longer than wanted; negative if shorter.
    pub fn ahead_ms(&self) -> i64 {
        self.waited_ms - self.wanted_ms()
    }

    /// How long packets are made to wait at present.
    pub fn wait_ms(&self) -> u64 {
        self.lateness.wait_ms()
    }

    /// Packets that came after their turn.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn wanted_ms(&self) -> i64 {
        self.lateness.wait_ms() as i64
    }

    fn holds(&self, number: u64) -> bool {
        self.slots.get(number as usize % SLOTS).is_some_and(|slot| slot.number == Some(number))
    }

    fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.number.is_none())
    }

    fn first_held(&self) -> Option<u64> {
        self.slots.iter().filter_map(|slot| slot.number).min()
    }

    fn waited_of(&self, number: u64, now: Mono) -> i64 {
        let slot = self.slots.get(number as usize % SLOTS);
        slot.map_or(0, |slot| self.lateness.waited_ms(slot.media_ms, now))
    }

    /// The oldest packet that has not waited longer than wanted, or else the newest.
    fn first_within(&self, wanted: i64, now: Mono) -> u64 {
        let held = self.slots.iter().filter_map(|slot| slot.number);
        held.filter(|number| self.waited_of(*number, now) <= wanted).min().unwrap_or(self.highest)
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

    fn at(millis: u64) -> Mono {
        Mono::from_millis(1_000 + millis)
    }

    /// Packet `number` of a stream of 20 ms packets, whose payload is its number.
    fn push(jitter: &mut Jitter, number: u64, millis: u64) -> bool {
        let arrival = Arrival { number, timestamp: (number * 160) as u32, clock_rate: 8_000, at: at(millis) };
        jitter.push(arrival, &(number as u16).to_be_bytes())
    }

    fn pop(jitter: &mut Jitter, millis: u64) -> Option<u16> {
        match jitter.pop(at(millis)) {
            Popped::Payload(payload) => Some(u16::from_be_bytes([payload[0], payload[1]])),
            Popped::Noise(_) | Popped::Missing(_) | Popped::Awaited | Popped::Nothing => None,
        }
    }

    #[test]
    fn packets_out_of_order_are_played_in_order() {
        let mut jitter = Jitter::default();
        for (number, millis) in [(10, 0), (12, 30), (11, 32), (13, 60)] {
            push(&mut jitter, number, millis);
        }
        let played: Vec<_> = (0..4).filter_map(|turn| pop(&mut jitter, 60 + turn * 20)).collect();
        assert_eq!(played, [10, 11, 12, 13]);
    }

    #[test]
    fn a_lost_packet_is_concealed_from_the_one_behind_it_and_a_late_one_is_refused() {
        let mut jitter = Jitter::default();
        for number in [1, 2, 4, 5] {
            push(&mut jitter, number, number * 20);
        }
        assert_eq!((pop(&mut jitter, 100), pop(&mut jitter, 120)), (Some(1), Some(2)));
        assert_eq!(jitter.pop(at(140)), Popped::Missing(Some(&[0, 4])));
        assert!(!push(&mut jitter, 3, 150));
        assert_eq!(jitter.late(), 1);
        assert_eq!(pop(&mut jitter, 160), Some(4));
    }

    #[test]
    fn a_burst_does_not_leave_delay_behind() {
        let mut jitter = Jitter::default();
        push(&mut jitter, 0, 0);
        push(&mut jitter, 1, 20);
        pop(&mut jitter, 40);
        for number in 2..20 {
            push(&mut jitter, number, 50);
        }
        let played = pop(&mut jitter, 60).expect("a packet");
        assert!(played >= 18, "packet {played}");
    }

    #[test]
    fn a_peer_that_paused_is_awaited_again() {
        let mut jitter = Jitter::default();
        push(&mut jitter, 0, 0);
        push(&mut jitter, 1, 20);
        let played: Vec<_> = (2..12).map(|turn| pop(&mut jitter, turn * 20)).collect();
        assert_eq!(played.iter().flatten().count(), 2);
        assert_eq!(jitter.pop(at(240)), Popped::Nothing);
        push(&mut jitter, 500, 10_000);
        assert_eq!(jitter.pop(at(10_010)), Popped::Nothing);
        push(&mut jitter, 501, 10_020);
        assert_eq!(pop(&mut jitter, 10_040), Some(500));
    }

    /// The stream's time goes on in the pause, its numbers do not (RFC 3551 4.1).
    #[test]
    fn a_pause_of_silence_suppression_is_played_as_long_as_it_was() {
        let mut jitter = Jitter::default();
        let push = |jitter: &mut Jitter, number: u64, millis: u64| {
            let arrival = Arrival { number, timestamp: (millis * 8) as u32, clock_rate: 8_000, at: at(millis) };
            jitter.push(arrival, &(number as u16).to_be_bytes())
        };
        for number in 0..20 {
            push(&mut jitter, number, number * 20);
            pop(&mut jitter, number * 20);
        }
        push(&mut jitter, 20, 480);
        let turns: Vec<_> = (20..30).map(|turn| pop(&mut jitter, turn * 20)).collect();
        let begun = turns.iter().position(|played| *played == Some(20)).expect("it is played");
        assert!((4..=7).contains(&begun), "in turn {begun}");
    }

    #[test]
    fn random_loss_delay_and_repetition_keep_order_and_lose_no_more_than_the_network() {
        for seed in 0..50 {
            let mut rng = Rng::seeded(seed);
            let mut jitter = Jitter::default();
            // Each packet arrives 0 to 99 ms late, one in twenty never, one in twenty twice.
            let (mut arrivals, mut sent): (Vec<(u64, u64)>, usize) = (Vec::new(), 0);
            for number in 0..1_000_u64 {
                let copies = match rng.below(20) {
                    0 => 0,
                    1 => 2,
                    _ => 1,
                };
                sent += usize::from(copies > 0);
                arrivals.extend((0..copies).map(|_| (number * 20 + rng.below(100), number)));
            }
            arrivals.sort_unstable();
            let (mut played, mut next) = (Vec::new(), 0);
            for turn in 0..1_020_u64 {
                while arrivals.get(next).is_some_and(|(at, _)| *at <= turn * 20) {
                    let (millis, number) = arrivals[next];
                    push(&mut jitter, number, millis);
                    next += 1;
                }
                played.extend(pop(&mut jitter, turn * 20));
            }
            assert!(played.is_sorted_by(|one, other| one < other), "seed {seed}: out of order");
            // What it may cost to learn this network, and the two in a hundred that are let go.
            assert!(played.len() + sent / 20 + 10 > sent, "seed {seed}: {} of {sent} played", played.len());
        }
    }

    #[test]
    fn any_packets_at_any_time_are_survived() {
        let mut rng = Rng::seeded(8);
        let mut jitter = Jitter::default();
        let mut number = 70_000;
        for i in 0..20_000_u64 {
            number = (number + rng.below(40)).saturating_sub(rng.below(41));
            let arrival = Arrival { number, timestamp: rng.next_u32(), clock_rate: 8_000, at: at(i * 3) };
            jitter.push(arrival, &[1]);
            jitter.pop(at(i * 3 + rng.below(500)));
            jitter.ahead_ms();
        }
    }
}
