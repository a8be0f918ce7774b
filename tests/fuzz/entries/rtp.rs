//! What comes to an audio port: RTP, its keys, RTCP. Each packet is preceded by its length in one octet.

use centralita::{
    protocol::rtp::{Arrival, EventReceiver, Jitter, Latch, Packet, Received, Reception, is_rtcp, read_reports, write_packet},
    types::{Mono, Now},
};

pub fn run(bytes: &[u8]) {
    let mut peer = Peer::default();
    let (mut rest, mut at) = (bytes, 0);
    while let Some((length, tail)) = rest.split_first() {
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        at += 20;
        peer.hear(packet, Mono::from_millis(at));
        rest = tail;
    }
}

#[derive(Default)]
struct Peer {
    reception: Reception,
    jitter: Jitter,
    keys: EventReceiver,
    latch: Latch,
}

impl Peer {
    fn hear(&mut self, datagram: &[u8], now: Mono) {
        if is_rtcp(datagram) {
            let reports = read_reports(datagram, 0x1234_5678);
            if let Some((ssrc, time)) = reports.sent {
                self.reception.note_report(ssrc, time, now);
            }
            let _ = reports.heard.and_then(|heard| heard.round_trip_ms(Now { mono: now, ..Now::default() }));
            return;
        }
        let Some(packet) = Packet::read(datagram) else { return };
        let mut out = [0; 512];
        let written = write_packet(&packet, &mut out).expect("room for an octet's worth of payload");
        assert_eq!(Packet::read(written), Some(packet), "written and read again");
        let from = ([192, 0, 2, packet.payload_type], 4000).into();
        let _ = self.latch.judge(from, packet.ssrc, packet.sequence, now);
        let _ = self.keys.hear(packet.timestamp, packet.has_marker, packet.payload, now);
        let arrival = |number| Arrival { number, timestamp: packet.timestamp, clock_rate: 8_000, at: now };
        match self.reception.note(packet.ssrc, packet.sequence, Some((packet.timestamp, 8_000)), now) {
            Received::InStream(number) => {
                self.jitter.push(arrival(number), packet.payload);
            }
            Received::Started(number) => {
                self.jitter.restart();
                self.jitter.push(arrival(number), packet.payload);
            }
            Received::Repeated | Received::Implausible => {}
        }
        let _ = self.jitter.pop(now);
    }
}
