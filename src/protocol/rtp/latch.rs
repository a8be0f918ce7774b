//! Where a peer's packets really come from. Behind a translator a phone's SDP names an address that nobody can reach, so we send
//! to where its packets come from (symmetric RTP, RFC 4961). Never on the word of a single packet: who sprays packets over a
//! port range must not be given somebody's call ("RTP bleed").

use std::net::SocketAddr;

use crate::types::Mono;

/// Packets in sequence that an unannounced source must send before it is believed.
const PACKETS_TO_LATCH: u8 = 4;
/// A source that has been silent for so long may be replaced.
const SILENCE_TO_RELATCH_MS: u64 = 1_500;

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latched {
    /// From the peer.
    Yes,
    /// From the peer, and from now on we send to this address.
    Moved,
    /// From somebody who is not believed (yet).
    No,
}

/// Memory of where the peer is.
#[derive(Debug, Clone, Default)]
pub struct Latch {
    announced: Option<SocketAddr>,
    latched: Option<(SocketAddr, Mono)>,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    seen: u8,
}

impl Latch {
    /// The peer's SDP names this address, at the begin or after a re-INVITE. A changed one opens the latch again.
    pub fn announce(&mut self, address: SocketAddr) {
        if self.announced.replace(address) != Some(address) {
            (self.latched, self.candidate) = (None, None);
        }
    }

    /// Where to send: where packets come from, before the first one where the SDP says.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.latched.map(|(address, _)| address).or(self.announced)
    }

    /// Judges a well-formed packet with an agreed payload type.
    pub fn judge(&mut self, from: SocketAddr, ssrc: u32, sequence: u16, now: Mono) -> Latched {
        match &mut self.latched {
            Some((address, heard)) if *address == from => {
                *heard = now;
                return Latched::Yes;
            }
            Some((_, heard)) if now.millis_since(*heard) < SILENCE_TO_RELATCH_MS => return Latched::No,
            Some(_) | None => {}
        }
        // What the SDP announced over the authenticated signalling is believed at once.
        if self.announced == Some(from) || self.is_confirmed(from, ssrc, sequence) {
            (self.latched, self.candidate) = (Some((from, now)), None);
            return Latched::Moved;
        }
        Latched::No
    }

    fn is_confirmed(&mut self, from: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        let follows = |candidate: &Candidate| {
            candidate.from == from && candidate.ssrc == ssrc && sequence == candidate.sequence.wrapping_add(1)
        };
        let seen = self.candidate.filter(follows).map_or(1, |candidate| candidate.seen + 1);
        self.candidate = Some(Candidate { from, ssrc, sequence, seen });
        seen >= PACKETS_TO_LATCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    #[test]
    fn a_phone_behind_a_translator_is_believed_after_several_packets_in_sequence() {
        let mut latch = Latch::default();
        latch.announce(address("10.0.0.5:4000"));
        let outside = address("198.51.100.7:31000");
        for sequence in 0..3 {
            assert_eq!(latch.judge(outside, 9, sequence, at(u64::from(sequence) * 20)), Latched::No);
        }
        assert_eq!(latch.destination(), Some(address("10.0.0.5:4000")));
        assert_eq!(latch.judge(outside, 9, 3, at(60)), Latched::Moved);
        assert_eq!(latch.destination(), Some(outside));
    }

    #[test]
    fn an_attacker_cannot_take_a_flowing_stream_and_sprayed_packets_never_add_up() {
        let mut latch = Latch::default();
        let (phone, attacker) = (address("192.0.2.1:4000"), address("203.0.113.9:5555"));
        latch.announce(phone);
        for sequence in (0..400).step_by(7) {
            assert_eq!(latch.judge(attacker, 1, sequence, at(0)), Latched::No);
        }
        assert_eq!(latch.judge(phone, 2, 0, at(10)), Latched::Moved);
        for sequence in 0..70 {
            assert_eq!(latch.judge(attacker, 1, sequence, at(10 + u64::from(sequence) * 20)), Latched::No);
            assert_eq!(latch.judge(phone, 2, sequence + 1, at(10 + u64::from(sequence) * 20)), Latched::Yes);
        }
    }

    #[test]
    fn a_peer_that_moved_is_found_again_after_its_old_address_fell_silent() {
        let mut latch = Latch::default();
        let (old, new) = (address("192.0.2.1:4000"), address("192.0.2.1:4002"));
        latch.announce(old);
        latch.judge(old, 2, 0, at(0));
        let verdicts: Vec<_> = (0..4).map(|i| latch.judge(new, 2, 100 + i, at(2_000 + u64::from(i) * 20))).collect();
        assert_eq!(verdicts, [Latched::No, Latched::No, Latched::No, Latched::Moved]);
        latch.announce(address("192.0.2.77:9000"));
        assert_eq!(latch.destination(), Some(address("192.0.2.77:9000")));
    }
}
