//! One stream that we send: its source number never changes while what feeds it does (a relayed peer, a prompt, keys), so
//! sequence numbers and timestamps are carried on without a seam at every change.

use super::replay::ReplayWindow;
use crate::types::{Mono, Rng};

/// A gap of the clock longer than this is written as a new talk spurt.
const SPURT_GAP_MS: u64 = 60;
/// First sequence numbers stay in the lower half, so that receivers of SRTP begin in rollover 0 (RFC 3711 3.3.1).
const FIRST_SEQUENCE_BELOW: u64 = 1 << 15;

/// What to write into the next packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Extended sequence number; the header holds the low 16 bits.
    pub sequence: u64,
    /// Timestamp.
    pub timestamp: u32,
    /// First of a talk spurt.
    pub has_marker: bool,
}

/// The sending side's memory of one stream.
#[derive(Debug, Clone)]
pub struct Outgoing {
    ssrc: u32,
    next_sequence: u64,
    timestamp: u32,
    /// When the last packet with `timestamp` went out; none before the first.
    last_at: Option<Mono>,
    relay: Option<Relay>,
    packets: u64,
    octets: u64,
}

/// How a relayed stream's numbers become ours.
#[derive(Debug, Clone, Copy)]
struct Relay {
    source: u64,
    first: u64,
    first_as: u64,
    timestamp_offset: u32,
    /// Our numbers that went out.
    sent: ReplayWindow,
}

impl Outgoing {
    /// A stream with random first numbers (RFC 3550 5.1).
    pub fn new(rng: &mut Rng) -> Self {
        Self {
            ssrc: rng.next_u32(),
            next_sequence: rng.below(FIRST_SEQUENCE_BELOW),
            timestamp: rng.next_u32(),
            last_at: None,
            relay: None,
            packets: 0,
            octets: 0,
        }
    }

    /// A stream in the place of another whose keys are gone: new numbers, the counts go on.
    pub fn in_place_of(before: &Self, rng: &mut Rng) -> Self {
        Self { packets: before.packets, octets: before.octets, ..Self::new(rng) }
    }

    /// Our synchronisation source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets sent.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload bytes sent.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The timestamp that belongs to `now` at this clock rate.
    pub fn timestamp_at(&self, now: Mono, clock_rate: u32) -> u32 {
        self.timestamp.wrapping_add(self.ticks_since(now, clock_rate))
    }

    /// Counts a packet that was given to the network.
    pub fn count(&mut self, octets: usize) {
        self.packets += 1;
        self.octets += octets as u64;
    }

    /// The stamp of a frame that we make ourselves, `step` ticks after the last one unless there was a pause.
    pub fn made(&mut self, step: u32, clock_rate: u32, now: Mono) -> Stamp {
        let is_spurt = self.is_after_pause(now);
        let timestamp = if is_spurt { self.timestamp_at(now, clock_rate) } else { self.timestamp.wrapping_add(step) };
        self.relay = None;
        (self.timestamp, self.last_at) = (timestamp, Some(now));
        Stamp { sequence: self.take_sequence(), timestamp, has_marker: is_spurt }
    }

    /// The sequence number of an event packet, whose timestamp is that of the key's begin (RFC 4733 2.5.1.2). When it is the first
    /// that we send, the stream's time runs from now on, so that the next key is another.
    pub fn event(&mut self, now: Mono) -> u64 {
        self.relay = None;
        self.last_at.get_or_insert(now);
        self.take_sequence()
    }

    /// The stamp of another stream's packet. `source` names that stream; a new name begins a new mapping, and packets from
    /// before its begin are not sent any more (`None`), because their numbers are taken. Nor are those that come a second time: the
    /// peer may have said something else under the number, and SRTP never seals two packets with one (RFC 3711 9.1).
    pub fn relayed(&mut self, source: u64, sequence: u64, timestamp: u32, clock_rate: u32, now: Mono) -> Option<Stamp> {
        let is_begun = self.relay.is_some_and(|relay| relay.source == source);
        if !is_begun {
            self.begin_relay(source, sequence, timestamp, clock_rate, now);
        }
        let relay = self.relay.as_mut()?;
        let ours = relay.first_as.checked_add(sequence.checked_sub(relay.first)?)?;
        if !relay.sent.is_new(ours) {
            return None;
        }
        relay.sent.note(ours);
        let stamped = timestamp.wrapping_add(relay.timestamp_offset);
        if ours >= self.next_sequence {
            self.next_sequence = ours + 1;
            (self.timestamp, self.last_at) = (stamped, Some(now));
        }
        Some(Stamp { sequence: ours, timestamp: stamped, has_marker: !is_begun })
    }

    fn begin_relay(&mut self, source: u64, sequence: u64, timestamp: u32, clock_rate: u32, now: Mono) {
        let begin = self.timestamp.wrapping_add(self.ticks_since(now, clock_rate).max(1));
        self.relay = Some(Relay {
            source,
            first: sequence,
            first_as: self.next_sequence,
            timestamp_offset: begin.wrapping_sub(timestamp),
            sent: ReplayWindow::default(),
        });
    }

    fn take_sequence(&mut self) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        sequence
    }

    fn is_after_pause(&self, now: Mono) -> bool {
        self.last_at.is_none_or(|last| now.millis_since(last) > SPURT_GAP_MS)
    }

    fn ticks_since(&self, now: Mono, clock_rate: u32) -> u32 {
        let elapsed = self.last_at.map_or(0, |last| now.millis_since(last));
        (elapsed.wrapping_mul(u64::from(clock_rate)) / 1_000) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    #[test]
    fn keys_before_any_audio_have_times_of_their_own() {
        let mut out = Outgoing::new(&mut Rng::seeded(7));
        let first = out.timestamp_at(at(1_000), 8_000);
        out.event(at(1_000));
        out.event(at(1_020));
        assert_eq!(out.timestamp_at(at(1_200), 8_000).wrapping_sub(first), 1_600);
    }

    #[test]
    fn a_prompt_then_a_peer_then_music_is_one_stream_without_a_seam() {
        let mut outgoing = Outgoing::new(&mut Rng::seeded(5));
        let first = outgoing.made(160, 8_000, at(0));
        assert!(first.has_marker);
        let second = outgoing.made(160, 8_000, at(20));
        assert_eq!((second.sequence, second.timestamp.wrapping_sub(first.timestamp)), (first.sequence + 1, 160));

        let relayed = outgoing.relayed(1, 70_000, 4_000_000_000, 8_000, at(40)).expect("a stamp");
        assert_eq!((relayed.sequence, relayed.timestamp.wrapping_sub(second.timestamp)), (first.sequence + 2, 160));
        // The peer's loss stays visible, so that the receiver conceals it.
        let after_loss = outgoing.relayed(1, 70_003, 4_000_000_480, 8_000, at(100)).expect("a stamp");
        assert_eq!(after_loss.sequence, relayed.sequence + 3);
        let late = outgoing.relayed(1, 70_001, 4_000_000_160, 8_000, at(101)).expect("a stamp");
        assert_eq!((late.sequence, late.has_marker), (relayed.sequence + 1, false));

        let music = outgoing.made(160, 8_000, at(120));
        assert_eq!((music.sequence, music.timestamp.wrapping_sub(after_loss.timestamp)), (after_loss.sequence + 1, 160));
    }

    #[test]
    fn a_packet_from_before_a_change_never_reuses_a_number() {
        let mut outgoing = Outgoing::new(&mut Rng::seeded(5));
        outgoing.relayed(1, 70_000, 0, 8_000, at(0));
        let made = outgoing.made(160, 8_000, at(20));
        let again = outgoing.relayed(1, 70_005, 800, 8_000, at(100)).expect("a stamp");
        assert_eq!(again.sequence, made.sequence + 1);
        assert_eq!(outgoing.relayed(1, 70_004, 640, 8_000, at(101)), None);
    }

    #[test]
    fn a_packet_that_comes_twice_is_sent_once() {
        let mut outgoing = Outgoing::new(&mut Rng::seeded(5));
        let first = outgoing.relayed(1, 70_000, 0, 8_000, at(0)).expect("a stamp");
        assert_eq!(outgoing.relayed(1, 70_000, 0, 8_000, at(1)), None);
        assert!(outgoing.relayed(1, 70_002, 320, 8_000, at(40)).is_some());
        let late = outgoing.relayed(1, 70_001, 160, 8_000, at(41)).expect("a stamp");
        assert_eq!(late.sequence, first.sequence + 1);
        for sequence in 70_000..=70_002 {
            assert_eq!(outgoing.relayed(1, sequence, 480, 8_000, at(60)), None, "{sequence}");
        }
        assert_eq!(outgoing.made(160, 8_000, at(60)).sequence, first.sequence + 3);
    }

    #[test]
    fn a_pause_begins_a_talk_spurt_with_the_time_that_passed() {
        let mut outgoing = Outgoing::new(&mut Rng::seeded(9));
        let before = outgoing.made(160, 8_000, at(0));
        let after = outgoing.made(160, 8_000, at(1_000));
        assert!(after.has_marker);
        assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 8_000);
    }
}
