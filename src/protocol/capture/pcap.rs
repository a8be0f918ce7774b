//! Messages as a classic pcap file, for Wireshark, tshark and sngrep. The network's own headers are not captured: each message is
//! written as one UDP packet between its two addresses, whatever carried it, which is what other servers' captures do as well.
//! Messages of a stream thus come out whole, and encrypted ones readable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::CapturedMessage;

/// Microseconds, in the byte order of whoever writes.
const MAGIC: u32 = 0xa1b2_c3d4;
/// Packets begin with their IP header.
const LINKTYPE_RAW: u32 = 101;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// An IPv4 packet is no longer; what a longer message has beyond is left out, and said to be missing.
const PACKET_MAX: usize = 65_535;
const HOP_LIMIT: u8 = 64;

/// The file of these messages, given masked beside what is known of them, in order.
pub fn pcap<'a>(messages: impl IntoIterator<Item = (&'a CapturedMessage, Vec<u8>)>) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(MAGIC.to_le_bytes());
    // Version 2.4, UTC, no accuracy, longest packet.
    for half in [2_u16, 4] {
        file.extend(half.to_le_bytes());
    }
    for word in [0, 0, u32::try_from(PACKET_MAX).unwrap_or(u32::MAX), LINKTYPE_RAW] {
        file.extend(word.to_le_bytes());
    }
    for (message, payload) in messages {
        let (packet, whole) = packet(message, &payload);
        let seconds = message.at_us.div_euclid(1_000_000);
        let micros = message.at_us.rem_euclid(1_000_000);
        for word in [u32::try_from(seconds).unwrap_or(0), u32::try_from(micros).unwrap_or(0)] {
            file.extend(word.to_le_bytes());
        }
        for length in [packet.len(), whole] {
            file.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// A message as an IP packet, and how long it would be with all of it.
fn packet(message: &CapturedMessage, payload: &[u8]) -> (Vec<u8>, usize) {
    let (source, destination) = (canonical(message.source), canonical(message.destination));
    let (source_ip, destination_ip) = (source.ip(), destination.ip());
    let ends = match (source_ip, destination_ip) {
        (IpAddr::V4(from), IpAddr::V4(to)) => Ends::V4(from, to),
        // One address of each kind never meets on a wire; the mapped form keeps both readable.
        (from, to) => Ends::V6(v6(from), v6(to)),
    };
    let header = match ends {
        Ends::V4(..) => IPV4_HEADER,
        Ends::V6(..) => IPV6_HEADER,
    };
    let whole = header + UDP_HEADER + payload.len();
    let carried = payload.get(..payload.len().min(PACKET_MAX - header - UDP_HEADER)).unwrap_or_default();
    let udp = udp(&ends, source.port(), destination.port(), carried);
    let mut packet = ends.header(udp.len());
    packet.extend(udp);
    (packet, whole)
}

enum Ends {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Ends {
    /// The IP header before so many octets (RFC 791 3.1, RFC 8200 3).
    fn header(&self, length: usize) -> Vec<u8> {
        match self {
            Self::V4(from, to) => {
                let total = u16::try_from(IPV4_HEADER + length).unwrap_or(u16::MAX).to_be_bytes();
                let mut header = vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, HOP_LIMIT, UDP, 0, 0];
                header.extend(from.octets());
                header.extend(to.octets());
                let sum = checksum(&header).to_be_bytes();
                header[10..12].copy_from_slice(&sum);
                header
            }
            Self::V6(from, to) => {
                let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                let mut header = vec![0x60, 0, 0, 0, length[0], length[1], UDP, HOP_LIMIT];
                header.extend(from.octets());
                header.extend(to.octets());
                header
            }
        }
    }

    /// What the checksum of UDP covers besides the datagram (RFC 768, RFC 8200 8.1).
    fn pseudo_header(&self, length: u16) -> Vec<u8> {
        let mut pseudo = Vec::with_capacity(IPV6_HEADER);
        match self {
            Self::V4(from, to) => {
                pseudo.extend(from.octets());
                pseudo.extend(to.octets());
                pseudo.extend([0, UDP]);
                pseudo.extend(length.to_be_bytes());
            }
            Self::V6(from, to) => {
                pseudo.extend(from.octets());
                pseudo.extend(to.octets());
                pseudo.extend(u32::from(length).to_be_bytes());
                pseudo.extend([0, 0, 0, UDP]);
            }
        }
        pseudo
    }
}

fn udp(ends: &Ends, from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(UDP_HEADER + payload.len()).unwrap_or(u16::MAX);
    let mut datagram = Vec::with_capacity(usize::from(length));
    for half in [from, to, length, 0] {
        datagram.extend(half.to_be_bytes());
    }
    datagram.extend(payload);
    let mut covered = ends.pseudo_header(length);
    covered.extend(&datagram);
    // Nought would mean that there is none (RFC 768).
    let sum = match checksum(&covered) {
        0 => u16::MAX,
        sum => sum,
    };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    datagram
}

/// RFC 1071: the complement of the sum in ones' complement.
fn checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in octets.chunks(2) {
        let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
        sum += u32::from(u16::from_be_bytes(pair));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sip::Transport;

    fn message(source: &str, destination: &str) -> CapturedMessage {
        CapturedMessage {
            at_us: 1_766_000_000_123_456,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            transport: Transport::Tcp,
            is_inbound: true,
            bytes: Vec::new().into(),
        }
    }

    fn word(bytes: &[u8]) -> u32 {
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    #[test]
    fn a_message_is_one_udp_packet_with_right_lengths_and_checksums() {
        // One octet more than even, so that the padding of the checksum is used.
        let first = message("192.0.2.1:5062", "[::ffff:192.0.2.2]:5060");
        let file = pcap([(&first, b"OPTIONS".to_vec())]);
        assert_eq!((word(&file[..4]), &file[4..8], word(&file[20..24])), (MAGIC, &[2, 0, 4, 0][..], LINKTYPE_RAW));
        assert_eq!((word(&file[24..28]), word(&file[28..32])), (1_766_000_000, 123_456));
        assert_eq!((word(&file[32..36]), word(&file[36..40])), (35, 35));
        let packet = &file[40..];
        assert_eq!((packet.len(), packet[0], packet[9]), (35, 0x45, UDP));
        assert_eq!((&packet[12..16], &packet[16..20]), (&[192, 0, 2, 1][..], &[192, 0, 2, 2][..]));
        assert_eq!((&packet[20..26], &packet[28..]), (&[0x13, 0xc6, 0x13, 0xc4, 0, 15][..], &b"OPTIONS"[..]));
        // A right checksum makes the sum over everything nought.
        assert_eq!(checksum(&packet[..20]), 0);
        let ends = Ends::V4("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert_eq!(checksum(&[ends.pseudo_header(15), packet[20..].to_vec()].concat()), 0);
    }

    #[test]
    fn ipv6_has_its_own_header_and_checksum() {
        let first = message("[2001:db8::1]:5062", "[2001:db8::2]:5060");
        let file = pcap([(&first, b"SIP/2.0 200 OK".to_vec())]);
        let packet = &file[40..];
        assert_eq!((packet.len(), packet[0], packet[6], &packet[4..6]), (62, 0x60, UDP, &[0, 22][..]));
        let ends = Ends::V6("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        assert_eq!(checksum(&[ends.pseudo_header(22), packet[40..].to_vec()].concat()), 0);
    }

    #[test]
    fn a_message_longer_than_a_packet_is_cut_and_said_to_be_longer() {
        let first = message("192.0.2.1:5062", "192.0.2.2:5060");
        let file = pcap([(&first, vec![b'x'; 70_000])]);
        assert_eq!((word(&file[32..36]), word(&file[36..40])), (65_535, 70_028));
        assert_eq!(file.len(), 40 + 65_535);
    }
}
