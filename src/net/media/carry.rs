//! What happens to a packet: judged, counted, passed to those who hear the leg. The relay path copies the payload once and
//! allocates nothing.

use std::{net::SocketAddr, sync::atomic::Ordering};

use super::{
    MediaStats,
    departures::Out,
    incoming::Incoming,
    leg::{Feed, Leg, Peer, Seat},
    sip_peer::Meaning,
    stats::count,
    worker::Worker,
};
use crate::{
    protocol::{
        audio::{ComfortNoise, Decoder, clock_rate},
        media::{Codec, MediaNotice},
        rtp::{Arrival, Latched, Packet, Received, SrtpFault, Stamp, is_rtcp},
    },
    types::Mono,
};

/// Ticks of the timestamps beside which comfort noise is spoken of (RFC 3389 4).
const NOISE_CLOCK_RATE: u32 = 8_000;

/// Datagrams that are read of one leg in a turn where some were refused, so that whoever floods its port does not drown its peer.
const READS_REFUSED_MAX: usize = 64;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// On its way.
    Out,
    /// The peer wants nothing, or nobody knows where it is.
    Nowhere,
    /// The system would not take it.
    Refused,
}

impl Leg {
    /// The payload type under which this peer takes keys.
    pub(super) fn key_payload_type(&self) -> Option<u8> {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().and_then(|remote| remote.digit_payload_type),
            // Nothing in a page listens for keys.
            Peer::Browser(_) => None,
        }
    }

    /// Sends a packet from this seat: with the others of this turn.
    pub(super) fn send(
        &mut self,
        seat: Seat,
        out: &mut Out,
        payload_type: u8,
        stamp: Stamp,
        payload: &[u8],
        now: Mono,
    ) -> Sent {
        self.last_sent = now;
        let packet = Packet {
            payload_type,
            has_marker: stamp.has_marker,
            sequence: stamp.sequence as u16,
            timestamp: stamp.timestamp,
            ssrc: self.outgoing.ssrc(),
            payload,
        };
        let sent = match &mut self.peer {
            Peer::Sip(peer) => {
                let is_receiving = peer.remote.as_ref().is_some_and(|remote| remote.is_receiving);
                let Some(destination) = peer.latch.destination().filter(|_| is_receiving) else { return Sent::Nowhere };
                let srtp = peer.srtp.as_deref();
                if out.telephones.write(seat, destination, &packet, |datagram, length| match srtp {
                    Some(srtp) => srtp.seal(datagram, length, stamp.sequence),
                    None => Some(length),
                }) {
                    Sent::Out
                } else {
                    Sent::Refused
                }
            }
            Peer::Browser(peer) => {
                let instant = out.browsers.instants.instant(now);
                let was_taken =
                    peer.leg.send(payload_type, stamp.sequence, stamp.timestamp, stamp.has_marker, payload, instant);
                out.browsers.pump(seat, peer, now);
                if was_taken { Sent::Out } else { Sent::Nowhere }
            }
        };
        if sent == Sent::Out {
            self.outgoing.count(payload.len());
        }
        sent
    }
}

/// Counts what the system had no room for among what came to a leg.
pub(super) fn count_overflow(stats: &MediaStats, leg: &mut Leg) {
    if let Peer::Sip(peer) = &mut leg.peer {
        stats.packets_overflowed.fetch_add(peer.newly_dropped().into(), Ordering::Relaxed);
    }
}

impl Worker {
    /// Reads what waits for a SIP leg: one datagram in a turn that is in time, as a peer sends one per 20 ms. Of what is left we are told
    /// again. Those that are refused do not count.
    pub(super) fn receive(&mut self, seat: Seat, now: Mono) {
        let mut buffer = std::mem::take(&mut self.received);
        let mut taken = 0;
        for _ in 0..self.reads.max(READS_REFUSED_MAX) {
            let Some(leg) = self.legs.get_mut(seat) else { break };
            let Peer::Sip(peer) = &mut leg.peer else { break };
            // Would block, or an ICMP error of an earlier packet: either way nothing to read.
            let Ok((length, from)) = peer.socket.recv_from(&mut buffer) else { break };
            if let Some(datagram) = buffer.get_mut(..length) {
                taken += usize::from(self.take_datagram(seat, from, datagram, now));
            }
            if taken >= self.reads {
                break;
            }
        }
        self.received = buffer;
    }

    /// Whether it was the peer's.
    fn take_datagram(&mut self, seat: Seat, from: SocketAddr, datagram: &mut [u8], now: Mono) -> bool {
        let Some(leg) = self.legs.get_mut(seat) else { return false };
        let Peer::Sip(peer) = &mut leg.peer else { return false };
        let datagram = match &mut peer.srtp {
            Some(srtp) => match srtp.open(datagram) {
                Ok(plain) => plain,
                Err(fault) => {
                    count(match fault {
                        SrtpFault::Forged => &self.stats.packets_forged,
                        SrtpFault::Replayed => &self.stats.packets_refused,
                    });
                    return false;
                }
            },
            None => &*datagram,
        };
        if is_rtcp(datagram) {
            if peer.latch.destination() == Some(from) {
                peer.is_rtcp_muxed = true;
                leg.last_heard = now;
            }
            // From whichever port: RTCP has its own at most peers (RFC 3550 11).
            let is_of_peer = peer.latch.destination().is_some_and(|peer| peer.ip() == from.ip());
            if is_of_peer {
                leg.take_reports(datagram, self.clock.now());
            }
            return is_of_peer;
        }
        let judged = Packet::read(datagram).and_then(|packet| {
            let meaning = peer.meaning(packet.payload_type)?;
            let verdict = peer.latch.judge(from, packet.ssrc, packet.sequence, now);
            (verdict != Latched::No).then_some((packet, meaning))
        });
        let Some((packet, meaning)) = judged else {
            count(&self.stats.packets_refused);
            return false;
        };
        self.take_packet(seat, &packet, meaning, now);
        true
    }

    /// A packet that is truly of the leg's peer.
    pub(super) fn take_packet(&mut self, seat: Seat, packet: &Packet<'_>, meaning: Meaning, now: Mono) {
        count(&self.stats.packets_in);
        let Some(leg) = self.legs.get_mut(seat) else { return };
        leg.last_heard = now;
        if !leg.is_up {
            leg.is_up = true;
            self.notices.tell(MediaNotice::Up { leg: leg.id });
        }
        let timing = match meaning {
            Meaning::Audio(codec) => Some((packet.timestamp, clock_rate(codec))),
            Meaning::Key | Meaning::Noise => None,
        };
        let number = match leg.reception.note(packet.ssrc, packet.sequence, timing, now) {
            Received::InStream(number) | Received::Started(number) => number,
            Received::Repeated | Received::Implausible => return,
        };
        match meaning {
            Meaning::Audio(codec) => self.take_audio(seat, codec, number, packet, now),
            Meaning::Key => self.take_key(seat, packet, now),
            Meaning::Noise => self.take_noise(seat, number, packet, now),
        }
    }

    fn take_audio(&mut self, seat: Seat, codec: Codec, number: u64, packet: &Packet<'_>, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        leg.tap_said(&mut self.taps, codec, packet, now);
        leg.fork_said(&mut self.fork_taps, codec, number, packet, now);
        if self.dead_air_ms > 0 && leg.is_heard() {
            leg.speech.hear(codec, packet.payload, now);
        }
        if leg.codec_in != Some(codec) || leg.has_paused || leg.noise.is_some() {
            (leg.codec_in, leg.has_paused, leg.noise) = (Some(codec), false, None);
            self.plan_audience(seat, now);
        }
        let Some(leg) = self.legs.get(seat) else { return };
        let (stream, is_muted, listeners) = (leg.stream_name(), leg.is_muted, leg.audience.len());
        let mut must_decode = leg.is_listened_to();
        for i in 0..listeners {
            let Some(listener) = self.legs.get(seat).and_then(|leg| leg.audience.get(i).copied()) else { break };
            let Some(hearing) = self.legs.get_mut(listener) else { continue };
            match hearing.feed {
                Feed::Relay(from) if from == seat => {
                    let Some(payload_type) = hearing.payload_type_for(codec) else { continue };
                    let Some(mut stamp) = hearing.outgoing.relayed(stream, number, packet.timestamp, clock_rate(codec), now)
                    else {
                        continue;
                    };
                    stamp.has_marker |= packet.has_marker;
                    let payload = hearing.seam.pass(codec, packet.payload, &mut self.payload, now);
                    let sent = hearing.send(listener, &mut self.out, payload_type, stamp, payload, now);
                    hearing.tap_heard(&mut self.taps, codec, stamp, payload, sent, now);
                    hearing.fork_heard(&mut self.fork_taps, codec, stamp, payload, sent, now);
                    self.count_sent(sent);
                }
                Feed::Clocked => must_decode |= hearing.hears_sources() && !is_muted,
                Feed::Relay(_) | Feed::Silent => {}
            }
        }
        if must_decode {
            let arrival = Arrival { number, timestamp: packet.timestamp, clock_rate: clock_rate(codec), at: now };
            if let Some(incoming) = self.incoming_of(seat, codec, stream)
                && !incoming.push(stream, arrival, packet.payload)
                && let Some(leg) = self.legs.get_mut(seat)
            {
                leg.sound.note_late();
            }
        }
    }

    /// The peer has fallen silent and says how that sounds, or says so again.
    fn take_noise(&mut self, seat: Seat, number: u64, packet: &Packet<'_>, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Some(said) = ComfortNoise::read(packet.payload) else { return };
        // Codecs with another clock have comfort noise of their own.
        let Some(codec) = leg.codec_in.filter(|codec| clock_rate(*codec) == NOISE_CLOCK_RATE) else { return };
        if leg.noise.replace(said).is_none() {
            self.plan_audience(seat, now);
        }
        let Some(leg) = self.legs.get(seat) else { return };
        let (stream, is_muted, listeners) = (leg.stream_name(), leg.is_muted, leg.audience.len());
        let mut must_decode = leg.is_listened_to();
        for i in 0..listeners {
            let Some(listener) = self.legs.get(seat).and_then(|leg| leg.audience.get(i).copied()) else { break };
            let Some(hearing) = self.legs.get_mut(listener) else { continue };
            match hearing.feed {
                Feed::Relay(from) if from == seat => {
                    let Some(payload_type) = hearing.noise_payload_type() else { continue };
                    let stamp = hearing.outgoing.relayed(stream, number, packet.timestamp, NOISE_CLOCK_RATE, now);
                    let Some(stamp) = stamp else { continue };
                    let sent = hearing.send(listener, &mut self.out, payload_type, stamp, packet.payload, now);
                    self.count_sent(sent);
                }
                Feed::Clocked => must_decode |= hearing.hears_sources() && !is_muted,
                Feed::Relay(_) | Feed::Silent => {}
            }
        }
        if must_decode {
            let arrival = Arrival { number, timestamp: packet.timestamp, clock_rate: NOISE_CLOCK_RATE, at: now };
            if let Some(incoming) = self.incoming_of(seat, codec, stream) {
                // One that comes late is of no use; the next says the same.
                incoming.push_noise(stream, arrival, packet.payload);
            }
        }
    }

    /// What hears a leg as samples, begun if nobody has needed it so far.
    fn incoming_of(&mut self, seat: Seat, codec: Codec, stream: u64) -> Option<&mut Incoming> {
        let leg = self.legs.get_mut(seat)?;
        if leg.incoming.as_ref().is_none_or(|incoming| incoming.codec() != codec) {
            match Decoder::new(codec) {
                Ok(decoder) => leg.incoming = Some(Box::new(Incoming::new(decoder, stream))),
                Err(fault) => {
                    tracing::error!(leg = %leg.id, %fault, "no decoder; the leg is not heard");
                    return None;
                }
            }
        }
        leg.incoming.as_deref_mut()
    }

    fn take_key(&mut self, seat: Seat, packet: &Packet<'_>, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Some(digit) = leg.keys_in.hear(packet.timestamp, packet.has_marker, packet.payload, now) else { return };
        leg.speech.note(now);
        self.notices.tell(MediaNotice::Digit { leg: leg.id, digit });
        if leg.is_muted {
            return;
        }
        // Pressed anew towards the other side rather than relayed: a lost end or a foreign clock goes no further.
        let (id, listeners, mut digits) = (leg.id, leg.audience.clone(), [0; 4]);
        let digits = digit.encode_utf8(&mut digits);
        for listener in listeners.into_iter().filter(|listener| *listener != seat) {
            self.press(listener, digits, now);
        }
        self.press_for_expected(id, digits);
    }

    pub(super) fn count_sent(&mut self, sent: Sent) {
        match sent {
            Sent::Out => count(&self.stats.packets_out),
            Sent::Refused => count(&self.stats.send_failures),
            Sent::Nowhere => {}
        }
        if self.out.telephones.are_many() {
            self.depart();
        }
    }
}
