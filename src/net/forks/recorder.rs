//! A copy as two RTP streams to a recorder (SIPREC): its ports, its packets and its reports. Packets go out as they come from the
//! worker; what the recorder takes of them is told by the switch, which speaks with it.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use mio::net::UdpSocket;

use super::{ForkStats, websocket::Running};
use crate::{
    net::media::{PortPool, bind_each, draw_keys},
    protocol::{
        forking::ForkSound,
        rtp::{KeyMaterial, is_rtcp},
        sdp::RecorderStream,
        siprec::{DATAGRAM_OCTETS_MAX, StreamSender},
    },
    types::{ForkWord, IpFamilies, IpFamily, Mono, Now, OfFamily, PerFamily, Rng},
};

/// Between two reports of a stream (RFC 3550 6.2).
const REPORT_MS: u64 = 5_000;
/// Between two looks at what a recorder says, and whether a report is due.
const LOOK_MS: u64 = 1_000;
/// Packets of a recorder that are read at one look.
const READS_MAX: usize = 8;

/// One copy's way to its recorder.
pub(super) struct RecorderSink {
    /// Which time the copy is sent.
    pub(super) session: u32,
    streams: [Stream; 2],
    is_paused: bool,
    /// Whether it has ever been agreed to.
    has_begun: bool,
    rng: Rng,
    stats: Arc<ForkStats>,
    _running: Running,
}

/// One stream: what the customer says, or what the customer hears.
struct Stream {
    /// One of each family until it is known of which the recorder is.
    sockets: Vec<(IpFamily, UdpSocket)>,
    sender: StreamSender,
    /// The recorder sends its reports to the port of our packets, so it wants ours on its own (RFC 5761).
    is_rtcp_muxed: bool,
    /// When the next report is due; none before the first packet.
    next_report: Mono,
    next_look: Mono,
}

/// A sink, where its streams leave from, and chance for their keys.
type Opened = (RecorderSink, PerFamily<[SocketAddr; 2]>, Box<[KeyMaterial; 2]>);

impl RecorderSink {
    /// Binds two ports of each of these families.
    pub(super) fn open(
        pools: &mut PerFamily<PortPool>,
        families: IpFamilies,
        session: u32,
        is_paused: bool,
        mut rng: Rng,
        stats: Arc<ForkStats>,
    ) -> io::Result<Opened> {
        let ((said_sockets, said), (heard_sockets, heard)) = (bind_each(pools, families)?, bind_each(pools, families)?);
        let of = |family| [*said.of(family), *heard.of(family)];
        let locals = match said {
            PerFamily::One(_) => PerFamily::One(of(IpFamily::V4)),
            PerFamily::Both { .. } => PerFamily::Both { v4: of(IpFamily::V4), v6: of(IpFamily::V6) },
        };
        let keys = Box::new([draw_keys()?, draw_keys()?]);
        let streams = [(said_sockets, said), (heard_sockets, heard)].map(|(sockets, locals)| Stream {
            sockets: listed(sockets, &locals),
            sender: StreamSender::new(&mut rng),
            is_rtcp_muxed: false,
            next_report: Mono::default(),
            next_look: Mono::default(),
        });
        let running = Running::new(&stats);
        Ok((Self { session, streams, is_paused, has_begun: false, rng, stats, _running: running }, locals, keys))
    }

    /// What the recorder takes of the two from now on. Ports of the family that it is not of are given back.
    pub(super) fn agree(&mut self, agreed: [Option<RecorderStream>; 2]) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.stats.begun.fetch_add(1, Ordering::Relaxed);
        }
        let theirs = agreed.iter().flatten().map(|agreed| agreed.address).next();
        for (stream, agreed) in self.streams.iter_mut().zip(agreed) {
            if let Some(theirs) = theirs.filter(|theirs| !theirs.ip().is_unspecified()) {
                stream.settle(theirs.family());
            }
            stream.sender.agree(agreed, &mut self.rng);
        }
    }

    /// A packet of the leg.
    pub(super) fn hear(&mut self, sound: &ForkSound<'_>) {
        if self.is_paused {
            return;
        }
        let stream = &mut self.streams[sound.side.channel()];
        let Some(to) = stream.sender.agreed().map(|agreed| agreed.address) else { return };
        let mut datagram = [0; DATAGRAM_OCTETS_MAX];
        let Some(packet) = stream.sender.send(sound, &mut datagram) else { return };
        // What the system does not take is lost, as on any network.
        if stream.socket(to.family()).is_some_and(|socket| socket.send_to(packet, to).is_ok()) {
            self.stats.octets.fetch_add(packet.len() as u64, Ordering::Relaxed);
        }
    }

    /// Nothing is sent while it pauses, whatever still comes from the worker.
    pub(super) fn tell(&mut self, word: &ForkWord) {
        match word {
            ForkWord::Paused => self.is_paused = true,
            ForkWord::Resumed => self.is_paused = false,
            ForkWord::Agent { .. } | ForkWord::Digit { .. } => {}
        }
    }

    /// Reports what is due, and takes what the recorder says of it.
    pub(super) fn care(&mut self, now: Now) {
        for stream in &mut self.streams {
            if now.mono >= stream.next_look {
                stream.next_look = now.mono + LOOK_MS;
                stream.read();
                stream.report(now);
            }
        }
    }
}

impl Stream {
    fn socket(&self, family: IpFamily) -> Option<&UdpSocket> {
        self.sockets.iter().find(|(of, _)| *of == family).map(|(_, socket)| socket)
    }

    /// Ports of another family are given back.
    fn settle(&mut self, family: IpFamily) {
        self.sockets.retain(|(of, _)| *of == family);
    }

    fn read(&mut self) {
        let mut datagram = [0; DATAGRAM_OCTETS_MAX];
        for (_, socket) in &self.sockets {
            for _ in 0..READS_MAX {
                // Would block, or what became of an earlier packet: either way nothing to read.
                let Ok((length, from)) = socket.recv_from(&mut datagram) else { break };
                let is_theirs = self.sender.agreed().is_some_and(|agreed| agreed.address == from);
                self.is_rtcp_muxed |= is_theirs && datagram.get(..length).is_some_and(is_rtcp);
            }
        }
    }

    fn report(&mut self, now: Now) {
        if now.mono < self.next_report {
            return;
        }
        let Some(address) = self.sender.agreed().map(|agreed| agreed.address) else { return };
        let Some(report) = self.sender.report(now) else { return };
        self.next_report = now.mono + REPORT_MS;
        // RFC 3550 11: the next port, unless it wants them on the same one.
        let port = if self.is_rtcp_muxed { Some(address.port()) } else { address.port().checked_add(1) };
        if let Some((port, socket)) = port.zip(self.socket(address.family())) {
            // One that is lost is replaced by the next.
            let _ = socket.send_to(&report, SocketAddr::new(address.ip(), port));
        }
    }
}

fn listed(sockets: PerFamily<UdpSocket>, locals: &PerFamily<SocketAddr>) -> Vec<(IpFamily, UdpSocket)> {
    match sockets {
        PerFamily::One(one) => vec![(locals.of(IpFamily::V4).family(), one)],
        PerFamily::Both { v4, v6 } => vec![(IpFamily::V4, v4), (IpFamily::V6, v6)],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        net::media::MediaSettings,
        protocol::{media::Codec, recording::Side, rtp::Packet},
        types::{Timestamp, settings::PortRange},
    };

    fn opened(stats: &Arc<ForkStats>) -> (RecorderSink, [SocketAddr; 2]) {
        let bind = vec!["127.0.0.1".parse().unwrap()];
        let ports = PortRange { first: 21_500, last: 21_599 };
        let media = MediaSettings { bind, ports, ..MediaSettings::default() };
        let mut pools = media.addresses().map(|address| PortPool::new(address, media.ports));
        let opened = RecorderSink::open(&mut pools, IpFamilies::Both, 1, false, Rng::seeded(1), Arc::clone(stats));
        let (sink, locals, keys) = opened.unwrap();
        assert_ne!(keys[0], keys[1], "each stream has chance of its own");
        (sink, *locals.of(IpFamily::V4))
    }

    /// Where the recorder listens.
    fn ear() -> std::net::UdpSocket {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket
    }

    fn takes(ear: &std::net::UdpSocket) -> Option<RecorderStream> {
        let formats = vec![(Codec::Pcmu, 0)];
        Some(RecorderStream { address: ear.local_addr().unwrap(), formats, is_receiving: true, srtp: None })
    }

    fn hear(sink: &mut RecorderSink, side: Side, number: u64) {
        let (timestamp, at, payload) = (number as u32 * 160, Mono::from_millis(number * 20), [number as u8; 160]);
        sink.hear(&ForkSound { side, codec: Codec::Pcmu, stream: 1, number, timestamp, at, payload: &payload });
    }

    /// The next packet: where from, its source, and the number in its payload.
    fn next(ear: &std::net::UdpSocket) -> (SocketAddr, u32, u8) {
        let mut datagram = [0; 2_000];
        let (length, from) = ear.recv_from(&mut datagram).unwrap();
        let packet = Packet::read(&datagram[..length]).unwrap();
        assert_eq!((length, packet.payload_type), (172, 0));
        (from, packet.ssrc, packet.payload[0])
    }

    #[test]
    fn each_side_goes_to_its_stream_and_nothing_before_the_agreement_or_in_a_pause() {
        let stats = Arc::new(ForkStats::default());
        let (mut sink, locals) = opened(&stats);
        let ears = [ear(), ear()];
        hear(&mut sink, Side::Said, 1);
        sink.agree(ears.each_ref().map(takes));
        hear(&mut sink, Side::Said, 2);
        hear(&mut sink, Side::Heard, 3);
        sink.tell(&ForkWord::Paused);
        hear(&mut sink, Side::Said, 4);
        sink.tell(&ForkWord::Resumed);
        hear(&mut sink, Side::Said, 5);
        let (first, other, last) = (next(&ears[0]), next(&ears[1]), next(&ears[0]));
        assert_eq!(
            [(first.0, first.2), (other.0, other.2), (last.0, last.2)],
            [(locals[0], 2), (locals[1], 3), (locals[0], 5)]
        );
        assert!(first.1 == last.1 && first.1 != other.1, "a source for each stream");
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((read(&stats.running), read(&stats.begun), read(&stats.octets)), (1, 1, 3 * 172));
        drop(sink);
        assert_eq!(read(&stats.running), 0);
        std::net::UdpSocket::bind(locals[0]).expect("its port is free again");
    }

    #[test]
    fn reports_go_to_the_next_port_or_to_the_one_that_the_recorder_reports_from() {
        let (mut sink, locals) = opened(&Arc::default());
        let now = |secs: u64| Now { wall: Timestamp::from_millis(1_000), mono: Mono::from_millis(secs * 1_000) };
        let ears = [ear(), ear()];
        sink.agree([takes(&ears[0]), None]);
        hear(&mut sink, Side::Said, 1);
        hear(&mut sink, Side::Heard, 1);
        next(&ears[0]);
        ears[0].send_to(&[0x80, 201, 0, 1, 0, 0, 0, 7], locals[0]).unwrap();
        // Loopback delivers at once.
        sink.care(now(1));
        let mut datagram = [0; 2_000];
        let (length, from) = ears[0].recv_from(&mut datagram).unwrap();
        assert!(is_rtcp(&datagram[..length]) && from == locals[0]);
        assert_eq!(datagram[1], 200, "a sender's");
        for secs in 2..6 {
            sink.care(now(secs));
        }
        hear(&mut sink, Side::Said, 2);
        assert_eq!(next(&ears[0]).2, 2, "no report in between");
        sink.care(now(6));
        let (length, _) = ears[0].recv_from(&mut datagram).unwrap();
        assert!(is_rtcp(&datagram[..length]));
    }
}
