//! One stream on its way to a recorder: packets of a leg become packets of ours. A payload in a codec that the recorder takes is
//! passed on untouched, any other becomes G.711. What is lost or late on the way to us stays so, as a recorder can tell it then.

use crate::{
    protocol::{
        audio::{Decoder, PACKET_SAMPLES_MAX, alaw_of, clock_rate, ulaw_of},
        forking::ForkSound,
        media::Codec,
        rtp::{Outgoing, Packet, Reception, SrtpKeys, SrtpSender, Stamp, write_packet, write_report},
        sdp::RecorderStream,
    },
    types::{Now, Rng},
};

/// Octets of the longest packet: what a network carries whole.
pub const DATAGRAM_OCTETS_MAX: usize = 1_500;
/// Octets that encryption adds to a report at most.
const REPORT_GROWS_MAX: usize = 20;
/// The clock of every codec that is offered to recorders.
const CLOCK_RATE: u32 = 8_000;

/// The sending side of a stream.
pub struct StreamSender {
    outgoing: Outgoing,
    /// What the recorder takes; nothing before it has said so.
    agreed: Option<RecorderStream>,
    srtp: Option<SrtpSender>,
    decoder: Option<Decoder>,
    /// Of a stream with another clock: its name, its last timestamp, and what that is since its begin.
    unwrapped: Option<(u64, u32, i64)>,
}

impl StreamSender {
    /// One that nobody hears yet.
    pub fn new(rng: &mut Rng) -> Self {
        Self { outgoing: Outgoing::new(rng), agreed: None, srtp: None, decoder: None, unwrapped: None }
    }

    /// What the recorder takes from now on; `None`: nothing. A key that is said again goes on with what it has counted (RFC 4568
    /// 7.1.4); where one begins our stream does too, for its receiver counts rollovers from zero (RFC 3711 3.3.1).
    pub fn agree(&mut self, stream: Option<RecorderStream>, rng: &mut Rng) {
        fn ours(stream: Option<&RecorderStream>) -> Option<&SrtpKeys> {
            stream.and_then(|stream| stream.srtp.as_deref())
        }
        let (before, after) = (ours(self.agreed.as_ref()), ours(stream.as_ref()));
        if before.map(|keys| &keys.ours) != after.map(|keys| &keys.ours) {
            self.srtp = after.map(|keys| SrtpSender::new(&keys.ours));
            if self.srtp.is_some() {
                self.outgoing = Outgoing::in_place_of(&self.outgoing, rng);
            }
        }
        self.agreed = stream;
    }

    /// What the recorder takes.
    pub fn agreed(&self) -> Option<&RecorderStream> {
        self.agreed.as_ref()
    }

    /// Packets sent so far.
    pub fn packets(&self) -> u64 {
        self.outgoing.packets()
    }

    /// The datagram to send for a packet of the leg; `None` when nobody wants it, when it came twice or too late for its place, or
    /// when it can neither be passed on nor encoded.
    pub fn send<'a>(&mut self, packet: &ForkSound<'_>, out: &'a mut [u8; DATAGRAM_OCTETS_MAX]) -> Option<&'a [u8]> {
        let formats = &self.agreed.as_ref().filter(|agreed| agreed.is_receiving)?.formats;
        let taken = formats.iter().find(|(codec, _)| *codec == packet.codec).copied();
        let to_g711 = formats.iter().find(|(codec, _)| matches!(codec, Codec::Pcmu | Codec::Pcma)).copied();
        let mut encoded = [0; PACKET_SAMPLES_MAX];
        let (payload_type, payload) = match (taken, to_g711) {
            (Some((_, payload_type)), _) => (payload_type, packet.payload),
            (None, Some((codec, payload_type))) => (payload_type, self.encode(packet, codec, &mut encoded)?),
            (None, None) => return None,
        };
        let stamp = self.stamp(packet)?;
        let packet = Packet {
            payload_type,
            has_marker: stamp.has_marker,
            sequence: stamp.sequence as u16,
            timestamp: stamp.timestamp,
            ssrc: self.outgoing.ssrc(),
            payload,
        };
        let length = write_packet(&packet, out)?.len();
        let length = match &self.srtp {
            Some(srtp) => srtp.seal(out, length, stamp.sequence)?,
            None => length,
        };
        self.outgoing.count(payload.len());
        out.get(..length)
    }

    /// Our report (RFC 3550 6.4), once something has been sent; `None` before, and when it cannot be encrypted any more.
    pub fn report(&mut self, now: Now) -> Option<Vec<u8>> {
        if self.outgoing.packets() == 0 || self.agreed.is_none() {
            return None;
        }
        let mut report = write_report(&self.outgoing, &mut Reception::default(), CLOCK_RATE, now);
        if let Some(srtp) = &mut self.srtp {
            let length = report.len();
            report.resize(length + REPORT_GROWS_MAX, 0);
            let sealed = srtp.seal_report(&mut report, length)?;
            report.truncate(sealed);
        }
        Some(report)
    }

    fn encode<'a>(&mut self, packet: &ForkSound<'_>, codec: Codec, out: &'a mut [u8; PACKET_SAMPLES_MAX]) -> Option<&'a [u8]> {
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != packet.codec) {
            self.decoder = Decoder::new(packet.codec).ok();
        }
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let count = self.decoder.as_mut()?.decode(packet.payload, &mut samples).ok()?;
        let code = if codec == Codec::Pcma { alaw_of } else { ulaw_of };
        let out = out.get_mut(..count)?;
        out.iter_mut().zip(samples).for_each(|(octet, sample)| *octet = code(sample));
        Some(out)
    }

    fn stamp(&mut self, packet: &ForkSound<'_>) -> Option<Stamp> {
        let ForkSound { codec, stream, number, timestamp, at, .. } = *packet;
        let rate = clock_rate(codec);
        let timestamp = if rate == CLOCK_RATE {
            self.unwrapped = None;
            timestamp
        } else {
            // A timestamp that has gone round once is no multiple of the clocks' ratio any more.
            let (last, since) = match self.unwrapped {
                Some((of, last, since)) if of == stream => (last, since),
                Some(_) | None => (timestamp, 0),
            };
            let since = since + i64::from(timestamp.wrapping_sub(last) as i32);
            self.unwrapped = Some((stream, timestamp, since));
            (since * i64::from(CLOCK_RATE) / i64::from(rate)) as u32
        };
        // A stream that changes its codec is another one: its times do not go on.
        self.outgoing.relayed(stream << 2 | codec_number(codec), number, timestamp, CLOCK_RATE, at)
    }
}

fn codec_number(codec: Codec) -> u64 {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => 0,
        Codec::Opus => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::{
            audio::{Encoder, Goertzel, PAYLOAD_MAX, Tone},
            recording::Side,
            rtp::{SrtpKey, SrtpReceiver, SrtpSuite, is_rtcp},
        },
        types::Mono,
    };

    fn takes(formats: &[(Codec, u8)]) -> RecorderStream {
        let address = "192.0.2.7:4000".parse().unwrap();
        RecorderStream { address, formats: formats.to_vec(), is_receiving: true, srtp: None }
    }

    /// A tone of two seconds in this codec, as the recorder gets it: payload types with payloads, and the stamps.
    fn sent(sender: &mut StreamSender, codec: Codec, stream: u64) -> Vec<(u8, bool, u16, u32, Vec<u8>)> {
        let (mut encoder, mut tone) = (Encoder::new(codec).unwrap(), Tone::new(440.0, 8_000));
        let mut all = Vec::new();
        for number in 0..100_u64 {
            let (mut payload, mut out) = ([0; PAYLOAD_MAX], [0; DATAGRAM_OCTETS_MAX]);
            let length = encoder.encode(&tone.frame(), &mut payload).unwrap();
            let packet = ForkSound {
                side: Side::Said,
                codec,
                stream,
                number: 65_500 + number,
                timestamp: (u32::MAX - 5_000).wrapping_add(number as u32 * clock_rate(codec) / 50),
                at: Mono::from_millis(stream * 10_000 + number * 20),
                payload: &payload[..length],
            };
            if let Some(datagram) = sender.send(&packet, &mut out) {
                let read = Packet::read(datagram).unwrap();
                assert!(codec == Codec::Opus || datagram.len() == 172, "{}", datagram.len());
                all.push((read.payload_type, read.has_marker, read.sequence, read.timestamp, read.payload.to_vec()));
                if read.payload_type == 99 {
                    assert_eq!(read.payload, &payload[..length], "untouched");
                }
            }
        }
        all
    }

    fn heard(codec: Codec, packets: &[(u8, bool, u16, u32, Vec<u8>)]) -> f64 {
        let mut decoder = Decoder::new(codec).unwrap();
        let mut samples = Vec::new();
        for (.., payload) in packets {
            let mut out = [0; PACKET_SAMPLES_MAX];
            let count = decoder.decode(payload, &mut out).unwrap();
            samples.extend_from_slice(&out[..count]);
        }
        assert_eq!(samples.len(), packets.len() * 160);
        Goertzel::share(440.0, &samples[4_000..])
    }

    #[test]
    fn every_codec_of_a_leg_reaches_a_recorder_that_takes_another_law_alone() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
            for law in [Codec::Pcmu, Codec::Pcma] {
                let mut sender = StreamSender::new(&mut Rng::seeded(1));
                sender.agree(Some(takes(&[(law, 97)])), &mut Rng::seeded(2));
                let packets = sent(&mut sender, codec, 1);
                assert_eq!(packets.len(), 100);
                assert!(heard(law, &packets) > 0.9, "{codec:?} {law:?}");
                for pair in packets.windows(2) {
                    let (before, after) = (&pair[0], &pair[1]);
                    assert_eq!((after.2.wrapping_sub(before.2), after.3.wrapping_sub(before.3), after.1), (1, 160, false));
                }
                assert!(packets[0].1, "the first has the marker");
            }
        }
    }

    #[test]
    fn what_a_recorder_takes_is_passed_on_untouched_and_nothing_is_sent_before_or_while_it_listens_not() {
        let mut sender = StreamSender::new(&mut Rng::seeded(1));
        assert!(sent(&mut sender, Codec::Pcma, 1).is_empty() && sender.report(Now::default()).is_none());
        sender.agree(Some(takes(&[(Codec::Pcmu, 0), (Codec::G722, 99)])), &mut Rng::seeded(2));
        let packets = sent(&mut sender, Codec::G722, 2);
        assert!(packets.iter().all(|packet| packet.0 == 99) && packets.len() == 100);
        sender.agree(Some(RecorderStream { is_receiving: false, ..takes(&[(Codec::G722, 99)]) }), &mut Rng::seeded(2));
        assert!(sent(&mut sender, Codec::G722, 3).is_empty());
        // After the pause it goes on where its clock is, with a talk spurt.
        sender.agree(Some(takes(&[(Codec::G722, 99)])), &mut Rng::seeded(2));
        let after = sent(&mut sender, Codec::G722, 4);
        let (last, first) = (packets.last().unwrap(), &after[0]);
        assert!(first.1);
        assert_eq!((first.2.wrapping_sub(last.2), first.3.wrapping_sub(last.3)), (1, (20_000 - 1_980) * 8));
        sender.agree(Some(takes(&[(Codec::G722, 99)])), &mut Rng::seeded(2));
        assert!(sent(&mut sender, Codec::Pcma, 5).is_empty(), "nothing else is taken, and G.722 is not made for it");
        sender.agree(None, &mut Rng::seeded(2));
        assert!(sent(&mut sender, Codec::G722, 6).is_empty());
    }

    #[test]
    fn an_encrypted_stream_begins_anew_with_each_key_and_a_key_that_is_said_again_goes_on() {
        let key = |first: u8| SrtpKey::new(SrtpSuite::AesCm128HmacSha1_80, &[first; 30]).unwrap();
        let keyed = |first: u8| {
            let srtp = Some(Box::new(SrtpKeys { ours: key(first), theirs: key(9) }));
            RecorderStream { srtp, ..takes(&[(Codec::Pcmu, 0)]) }
        };
        let mut rng = Rng::seeded(3);
        let mut sender = StreamSender::new(&mut rng);
        let mut sources = Vec::new();
        for (stream, first) in [(1, 1), (2, 1), (3, 2)] {
            sender.agree(Some(keyed(first)), &mut rng);
            let mut receiver = SrtpReceiver::new(&key(first));
            for number in 0..3 {
                let payload = [0xff; 160];
                let at = Mono::from_millis(stream * 1_000 + number * 20);
                let packet = ForkSound {
                    side: Side::Said,
                    codec: Codec::Pcmu,
                    stream,
                    number,
                    timestamp: number as u32 * 160,
                    at,
                    payload: &payload,
                };
                let mut out = [0; DATAGRAM_OCTETS_MAX];
                let mut datagram = sender.send(&packet, &mut out).unwrap().to_vec();
                assert!(datagram.len() == 182 && datagram[12..172] != payload);
                let length = receiver.open(&mut datagram).unwrap();
                let read = Packet::read(&datagram[..length]).unwrap();
                assert_eq!(read.payload, payload);
                sources.push(read.ssrc);
            }
            let mut report = sender.report(Now::default()).unwrap();
            assert!(is_rtcp(&report) && receiver.open_report(&mut report).is_ok());
        }
        assert_eq!(sources[0], sources[5]);
        assert_ne!(sources[5], sources[6]);
    }

    #[test]
    fn anything_for_a_payload_is_survived() {
        let mut rng = Rng::seeded(5);
        let mut sender = StreamSender::new(&mut rng);
        sender.agree(Some(takes(&[(Codec::Pcma, 8)])), &mut Rng::seeded(2));
        for _ in 0..20_000 {
            let payload: Vec<u8> = (0..rng.below(1_600)).map(|_| rng.next_u32() as u8).collect();
            let codec = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus][rng.below(4) as usize];
            let (stream, number, timestamp) = (rng.below(3), rng.below(1_000), rng.next_u32());
            let packet = ForkSound {
                side: Side::Said,
                codec,
                stream,
                number,
                timestamp,
                at: Mono::from_millis(rng.below(10_000)),
                payload: &payload,
            };
            let mut out = [0; DATAGRAM_OCTETS_MAX];
            if let Some(datagram) = sender.send(&packet, &mut out) {
                assert!(Packet::read(datagram).is_some());
            }
        }
    }
}
