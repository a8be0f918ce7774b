//! HEP version 3, the Homer Encapsulation Protocol: one message as a packet of chunks for a collector. Every chunk is a vendor
//! (0 for the generic ones), a type, a length with these six octets, and its value, all in network order.

use std::net::{IpAddr, SocketAddr};

use super::message::CapturedMessage;
use crate::protocol::sip::Transport;

const HEADER: usize = 6;
const GENERIC: u16 = 0;
/// Type of what is carried.
const SIP: u8 = 1;
const UDP: u8 = 17;
const TCP: u8 = 6;
/// Address families as the protocol numbers them.
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;

/// The generic chunks that are used.
#[derive(Debug, Clone, Copy)]
enum Chunk {
    Family = 0x01,
    Protocol = 0x02,
    SourceIpv4 = 0x03,
    DestinationIpv4 = 0x04,
    SourceIpv6 = 0x05,
    DestinationIpv6 = 0x06,
    SourcePort = 0x07,
    DestinationPort = 0x08,
    Seconds = 0x09,
    Microseconds = 0x0a,
    Kind = 0x0b,
    CaptureId = 0x0c,
    AuthenticateKey = 0x0e,
    Payload = 0x0f,
    CorrelationId = 0x11,
}

/// Who sends, as the collector knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HepIdentity {
    /// Number of this node.
    pub capture_id: u32,
    /// What the collector asks for; left out when empty.
    pub password: String,
}

/// The packet of a message, given masked; `correlation` is the call's id, if the message is one of a call.
pub fn hep_packet(message: &CapturedMessage, payload: &[u8], correlation: Option<&str>, identity: &HepIdentity) -> Vec<u8> {
    let mut packet = Vec::with_capacity(payload.len() + 160);
    packet.extend(b"HEP3\0\0");
    let source = SocketAddr::new(message.source.ip().to_canonical(), message.source.port());
    let destination = SocketAddr::new(message.destination.ip().to_canonical(), message.destination.port());
    let protocol = match message.transport {
        Transport::Udp => UDP,
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => TCP,
    };
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            chunk(&mut packet, Chunk::Family, &[FAMILY_IPV4]);
            chunk(&mut packet, Chunk::Protocol, &[protocol]);
            chunk(&mut packet, Chunk::SourceIpv4, &from.octets());
            chunk(&mut packet, Chunk::DestinationIpv4, &to.octets());
        }
        (from, to) => {
            chunk(&mut packet, Chunk::Family, &[FAMILY_IPV6]);
            chunk(&mut packet, Chunk::Protocol, &[protocol]);
            chunk(&mut packet, Chunk::SourceIpv6, &v6(from));
            chunk(&mut packet, Chunk::DestinationIpv6, &v6(to));
        }
    }
    let seconds = u32::try_from(message.at_us.div_euclid(1_000_000)).unwrap_or(0);
    let micros = u32::try_from(message.at_us.rem_euclid(1_000_000)).unwrap_or(0);
    chunk(&mut packet, Chunk::SourcePort, &source.port().to_be_bytes());
    chunk(&mut packet, Chunk::DestinationPort, &destination.port().to_be_bytes());
    chunk(&mut packet, Chunk::Seconds, &seconds.to_be_bytes());
    chunk(&mut packet, Chunk::Microseconds, &micros.to_be_bytes());
    chunk(&mut packet, Chunk::Kind, &[SIP]);
    chunk(&mut packet, Chunk::CaptureId, &identity.capture_id.to_be_bytes());
    if !identity.password.is_empty() {
        chunk(&mut packet, Chunk::AuthenticateKey, identity.password.as_bytes());
    }
    if let Some(correlation) = correlation {
        chunk(&mut packet, Chunk::CorrelationId, correlation.as_bytes());
    }
    // All lengths are two octets, and a datagram has no more: what is beyond is left out.
    let room = DATAGRAM_MAX.saturating_sub(packet.len() + HEADER);
    chunk(&mut packet, Chunk::Payload, payload.get(..payload.len().min(room)).unwrap_or_default());
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes();
    packet[4..6].copy_from_slice(&length);
    packet
}

/// The most that a datagram over IPv4 carries.
const DATAGRAM_MAX: usize = 65_507;

fn chunk(packet: &mut Vec<u8>, kind: Chunk, value: &[u8]) {
    let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
    packet.extend(GENERIC.to_be_bytes());
    packet.extend((kind as u16).to_be_bytes());
    packet.extend(length.to_be_bytes());
    packet.extend(value);
}

fn v6(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn message(source: &str, destination: &str, transport: Transport) -> CapturedMessage {
        CapturedMessage {
            at_us: 1_766_000_000_123_456,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            transport,
            is_inbound: true,
            bytes: Vec::new().into(),
        }
    }

    /// A packet taken apart as its specification says; every octet must belong to a chunk.
    fn chunks(packet: &[u8]) -> BTreeMap<u16, Vec<u8>> {
        let short = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        assert_eq!((&packet[..4], usize::from(short(4))), (&b"HEP3"[..], packet.len()));
        let (mut at, mut found) = (6, BTreeMap::new());
        while at < packet.len() {
            let (vendor, kind, length) = (short(at), short(at + 2), usize::from(short(at + 4)));
            assert_eq!(vendor, 0);
            assert!(found.insert(kind, packet[at + 6..at + length].to_vec()).is_none(), "chunk {kind} twice");
            at += length;
        }
        assert_eq!(at, packet.len());
        found
    }

    #[test]
    fn a_packet_has_every_chunk_with_the_value_that_its_type_names() {
        let identity = HepIdentity { capture_id: 2001, password: "secret".into() };
        let first = message("192.0.2.1:5062", "192.0.2.2:5060", Transport::Udp);
        let found = chunks(&hep_packet(&first, b"BYE", Some("call-1"), &identity));
        let expected: [(u16, &[u8]); 13] = [
            (1, &[2]),
            (2, &[17]),
            (3, &[192, 0, 2, 1]),
            (4, &[192, 0, 2, 2]),
            (7, &[0x13, 0xc6]),
            (8, &[0x13, 0xc4]),
            (9, &1_766_000_000_u32.to_be_bytes()),
            (10, &123_456_u32.to_be_bytes()),
            (11, &[1]),
            (12, &2001_u32.to_be_bytes()),
            (14, b"secret"),
            (15, b"BYE"),
            (17, b"call-1"),
        ];
        assert_eq!(found, expected.map(|(kind, value)| (kind, value.to_vec())).into());
    }

    #[test]
    fn ipv6_and_streams_are_named_as_such_and_what_is_not_known_is_left_out() {
        let first = message("[2001:db8::1]:5062", "[::ffff:192.0.2.2]:5061", Transport::Tls);
        let found = chunks(&hep_packet(&first, b"BYE", None, &HepIdentity::default()));
        assert_eq!((found[&1].as_slice(), found[&2].as_slice()), (&[10][..], &[6][..]));
        assert_eq!((found[&5].len(), &found[&6][10..]), (16, &[0xff, 0xff, 192, 0, 2, 2][..]));
        assert!(![3, 4, 14, 17].iter().any(|kind| found.contains_key(kind)));
    }

    #[test]
    fn a_message_that_no_datagram_holds_is_cut() {
        let first = message("192.0.2.1:5062", "192.0.2.2:5060", Transport::Tcp);
        let packet = hep_packet(&first, &[b'x'; 70_000], None, &HepIdentity::default());
        assert_eq!(packet.len(), DATAGRAM_MAX);
        chunks(&packet);
    }
}
