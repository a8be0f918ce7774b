//! What goes out to telephones waits for the end of the turn and goes in one piece, each packet from its own port. Packets that follow
//! each other closely find the code that sends them in the processor's caches, and their hearer awake where it is on this machine: sending
//! each as it comes took a seventh more of the processor at 200 calls.

use std::{net::SocketAddr, sync::atomic::Ordering};

use super::{
    connections::Connections,
    leg::{Peer, Seat},
    socket::DATAGRAM_MAX,
    worker::Worker,
};
use crate::protocol::{
    media::Codec,
    rtp::{HEADER_BYTES, Packet, write_packet},
};

/// Packets from which they do not wait for the end of the turn: it takes a millisecond to send them.
const MANY: usize = 256;
/// The same where each packet takes a tenth of a millisecond to make: Opus, G.722.
const MANY_DEAR: usize = 16;
/// Octets by which sealing makes a packet longer at most: the tag of AES-GCM (RFC 7714 13.2).
const SEAL_OCTETS: usize = 16;

/// The ways out of the worker.
pub(super) struct Out {
    pub(super) browsers: Connections,
    pub(super) telephones: Departures,
}

/// Packets for telephones, in the order in which they were written.
#[derive(Default)]
pub(super) struct Departures {
    packets: Vec<Departure>,
    /// Of all of them, one behind the other.
    octets: Vec<u8>,
}

struct Departure {
    from: Seat,
    to: SocketAddr,
    /// Where its octets end; they begin where those of the one before do.
    end: usize,
}

impl Departures {
    /// Whether no more should wait.
    pub(super) fn are_many(&self) -> bool {
        self.packets.len() >= MANY
    }

    /// Writes a packet of this seat. `seal` is given room with the plain packet in its first octets, and says how long the sealed one is.
    /// `false` if there is none then, or it is longer than any that we send.
    pub(super) fn write(
        &mut self,
        from: Seat,
        to: SocketAddr,
        packet: &Packet<'_>,
        seal: impl FnOnce(&mut [u8], usize) -> Option<usize>,
    ) -> bool {
        let begin = self.octets.len();
        let room = (HEADER_BYTES + packet.payload.len() + SEAL_OCTETS).min(DATAGRAM_MAX);
        self.octets.resize(begin + room, 0);
        let datagram = self.octets.get_mut(begin..).unwrap_or_default();
        let written = write_packet(packet, datagram).map(<[u8]>::len);
        let sealed = written.and_then(|length| seal(datagram, length)).filter(|length| *length <= room);
        let end = begin + sealed.unwrap_or(0);
        self.octets.truncate(end);
        if sealed.is_some() {
            self.packets.push(Departure { from, to, end });
        }
        sealed.is_some()
    }
}

impl Worker {
    /// Sends what waits if making more takes long.
    pub(super) fn depart_before_dear(&mut self, codec: Codec) {
        let is_cheap = matches!(codec, Codec::Pcmu | Codec::Pcma);
        if !is_cheap && self.out.telephones.packets.len() >= MANY_DEAR {
            self.depart();
        }
    }

    /// Sends what waits.
    pub(super) fn depart(&mut self) {
        let Departures { packets, octets } = &mut self.out.telephones;
        let mut begin = 0;
        for Departure { from, to, end } in packets.drain(..) {
            let datagram = octets.get(begin..end).unwrap_or_default();
            begin = end;
            let Some(Peer::Sip(peer)) = self.legs.get(from).map(|leg| &leg.peer) else { continue };
            if peer.socket.send_to(datagram, to).is_err() {
                self.stats.send_failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        octets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(payload: &[u8]) -> Packet<'_> {
        Packet { payload_type: 0, has_marker: false, sequence: 1, timestamp: 2, ssrc: 3, payload }
    }

    fn written(departures: &Departures) -> Vec<(Seat, usize)> {
        let mut begin = 0;
        let mut length = |end: usize| end - std::mem::replace(&mut begin, end);
        departures.packets.iter().map(|departure| (departure.from, length(departure.end))).collect()
    }

    #[test]
    fn each_packet_is_as_long_as_it_is_sealed_and_what_cannot_be_sealed_leaves_nothing() {
        let (mut departures, to) = (Departures::default(), "127.0.0.1:4000".parse().unwrap());
        let plain = |_: &mut [u8], length| Some(length);
        assert!(departures.write(7, to, &packet(&[1; 160]), plain));
        assert!(departures.write(8, to, &packet(&[2; 33]), |datagram, length| {
            assert_eq!((datagram.len(), length), (HEADER_BYTES + 33 + SEAL_OCTETS, HEADER_BYTES + 33));
            Some(datagram.len())
        }));
        assert!(!departures.write(9, to, &packet(&[3; 160]), |_, _| None));
        assert!(!departures.write(9, to, &packet(&[4; DATAGRAM_MAX]), plain), "longer than any");
        assert!(departures.write(9, to, &packet(&[]), plain));
        assert_eq!(written(&departures), [(7, HEADER_BYTES + 160), (8, HEADER_BYTES + 33 + SEAL_OCTETS), (9, HEADER_BYTES)]);
        assert_eq!(departures.octets.len(), 3 * HEADER_BYTES + 160 + 33 + SEAL_OCTETS);
    }
}
