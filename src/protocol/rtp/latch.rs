//! Where a peer's packets really come from. Behind a translator a phone's SDP names an address that nobody can reach, so we send
//! to where its packets come from (symmetric RTP, RFC 4961). Never on the word of a single packet, and never against the word of
//! the signalling: who sprays packets over a port range must not be given somebody's call ("RTP bleed").

use std::net::{IpAddr, SocketAddr};

use crate::types::Mono;

/// Packets in sequence that an unannounced source must send before it is believed.
const PACKETS_TO_LATCH: u8 = 4;
/// A source that has been silent for so long may be replaced by one of the same standing.
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

/// How much speaks for a source, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Nothing but its packets.
    Stranger,
    /// Its host is the one that the SDP names or the signalling comes from.
    Familiar,
    /// The SDP names exactly this address.
    Announced,
}

/// Memory of where the peer is.
#[derive(Debug, Clone, Default)]
pub struct Latch {
    announced: Option<SocketAddr>,
    signalled_from: Option<IpAddr>,
    latched: Option<Place>,
    candidate: Option<Candidate>,
}

/// Where the peer is taken to be.
#[derive(Debug, Clone, Copy)]
struct Place {
    address: SocketAddr,
    standing: Standing,
    heard: Mono,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    seen: u8,
}

impl Latch {
    /// The peer's SDP names this address, at the begin or after a re-INVITE, in signalling that came from `signalled_from`. A
    /// changed address opens the latch again. One of zeros is the old way to hold (RFC 3264 8.4) and names no place.
    pub fn announce(&mut self, address: SocketAddr, signalled_from: Option<IpAddr>) {
        self.signalled_from = signalled_from.map(|ip| ip.to_canonical());
        if !address.ip().is_unspecified() && self.announced.replace(address) != Some(address) {
            (self.latched, self.candidate) = (None, None);
        }
    }

    /// Where to send: where packets come from, before the first one where the SDP says.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.latched.map(|place| place.address).or(self.announced)
    }

    /// Judges a well-formed packet with an agreed payload type.
    pub fn judge(&mut self, from: SocketAddr, ssrc: u32, sequence: u16, now: Mono) -> Latched {
        if let Some(place) = self.latched.as_mut().filter(|place| place.address == from) {
            place.heard = now;
            return Latched::Yes;
        }
        let standing = self.standing(from);
        let may_be_the_peer = match self.latched {
            // The peer itself takes its stream back from whoever was quicker.
            Some(place) if standing > place.standing => true,
            Some(place) if standing == place.standing || standing == Standing::Familiar => {
                now.millis_since(place.heard) >= SILENCE_TO_RELATCH_MS
            }
            // Its place is known, and it was not there.
            Some(_) => false,
            // A peer that can be reached where it says needs no guessing.
            None => standing > Standing::Stranger || self.announced.is_some_and(|address| is_local(address.ip())),
        };
        if !may_be_the_peer {
            return Latched::No;
        }
        // What the SDP announced over the authenticated signalling is believed at once.
        if standing == Standing::Announced || self.is_confirmed(from, ssrc, sequence) {
            (self.latched, self.candidate) = (Some(Place { address: from, standing, heard: now }), None);
            return Latched::Moved;
        }
        Latched::No
    }

    fn standing(&self, from: SocketAddr) -> Standing {
        let host = from.ip().to_canonical();
        if self.announced == Some(from) {
            Standing::Announced
        } else if self.announced.is_some_and(|address| address.ip().to_canonical() == host) || self.signalled_from == Some(host)
        {
            Standing::Familiar
        } else {
            Standing::Stranger
        }
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

/// Whether an address means something in its own network only, so that a peer elsewhere is not reached by it.
fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        // RFC 6598: the addresses between a provider and its customers.
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
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
        latch.announce(address("10.0.0.5:4000"), None);
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
        latch.announce(phone, None);
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
        latch.announce(old, None);
        latch.judge(old, 2, 0, at(0));
        let verdicts: Vec<_> = (0..4).map(|i| latch.judge(new, 2, 100 + i, at(2_000 + u64::from(i) * 20))).collect();
        assert_eq!(verdicts, [Latched::No, Latched::No, Latched::No, Latched::Moved]);
        latch.announce(address("192.0.2.77:9000"), None);
        assert_eq!(latch.destination(), Some(address("192.0.2.77:9000")));
    }

    /// Sends packets in sequence, 20 ms apart: the verdicts.
    fn sends(latch: &mut Latch, from: SocketAddr, sequences: std::ops::Range<u16>, from_ms: u64) -> Vec<Latched> {
        sequences.enumerate().map(|(i, sequence)| latch.judge(from, 7, sequence, at(from_ms + i as u64 * 20))).collect()
    }

    #[test]
    fn the_announced_peer_takes_its_stream_back() {
        let mut latch = Latch::default();
        let (phone, attacker) = (address("10.0.0.5:4000"), address("203.0.113.9:5555"));
        latch.announce(phone, None);
        sends(&mut latch, attacker, 0..10, 0);
        assert_eq!(latch.destination(), Some(attacker), "a peer with a local address may be anywhere");
        assert_eq!(latch.judge(phone, 2, 0, at(181)), Latched::Moved);
        assert_eq!(latch.destination(), Some(phone));
        assert!(sends(&mut latch, attacker, 10..20, 200).iter().all(|verdict| *verdict == Latched::No));
        // Silence on hold is no invitation either.
        assert!(sends(&mut latch, attacker, 20..90, 60_000).iter().all(|verdict| *verdict == Latched::No));
        assert_eq!(latch.destination(), Some(phone));
    }

    #[test]
    fn nobody_takes_the_call_of_a_peer_that_can_be_reached_where_it_says() {
        let mut latch = Latch::default();
        let (phone, attacker) = (address("192.0.2.1:4000"), address("203.0.113.9:5555"));
        latch.announce(phone, Some("192.0.2.1".parse().unwrap()));
        assert!(sends(&mut latch, attacker, 0..200, 0).iter().all(|verdict| *verdict == Latched::No));
        assert_eq!(latch.destination(), Some(phone));
    }

    #[test]
    fn a_phone_behind_a_translator_is_known_by_the_address_of_its_signalling() {
        let mut latch = Latch::default();
        let (attacker, phone) = (address("203.0.113.9:5555"), address("198.51.100.7:31000"));
        latch.announce(address("10.0.0.5:4000"), Some(phone.ip()));
        sends(&mut latch, attacker, 0..10, 0);
        // The attacker goes on all the time, and loses.
        let mut verdicts = Vec::new();
        for sequence in 0..4 {
            latch.judge(attacker, 1, 10 + sequence, at(200 + u64::from(sequence) * 20));
            verdicts.push(latch.judge(phone, 2, sequence, at(210 + u64::from(sequence) * 20)));
        }
        assert_eq!(verdicts, [Latched::No, Latched::No, Latched::No, Latched::Moved]);
        assert!(sends(&mut latch, attacker, 14..200, 5_000).iter().all(|verdict| *verdict == Latched::No));
        assert_eq!(latch.destination(), Some(phone));
    }

    #[test]
    fn holding_by_an_address_of_zeros_does_not_open_the_latch() {
        let mut latch = Latch::default();
        let phone = address("192.0.2.1:4000");
        latch.announce(phone, None);
        latch.judge(phone, 2, 0, at(0));
        latch.announce(address("0.0.0.0:4000"), None);
        assert!(sends(&mut latch, address("203.0.113.9:5555"), 0..9, 9_000).iter().all(|verdict| *verdict == Latched::No));
        assert_eq!(latch.destination(), Some(phone));
    }
}
