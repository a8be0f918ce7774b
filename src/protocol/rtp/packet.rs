//! One RTP packet as bytes (RFC 3550 5.1), read without copying.

use rtp_types::RtpPacket;

/// Bytes of the header that we write: no contributing sources, no extension.
pub const HEADER_BYTES: usize = 12;

/// A packet read from a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type.
    pub payload_type: u8,
    /// Start of a talk spurt or of a telephone event.
    pub has_marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// The payload without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; `None` if it is no RTP packet of version 2.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let packet = RtpPacket::parse(bytes).ok()?;
        let start = packet.payload_offset();
        let end = start.checked_add(packet.payload_len())?;
        Some(Self {
            payload_type: packet.payload_type(),
            has_marker: packet.marker_bit(),
            sequence: packet.sequence_number(),
            timestamp: packet.timestamp(),
            ssrc: packet.ssrc(),
            payload: bytes.get(start..end)?,
        })
    }
}

/// Whether a datagram on a shared port is RTCP: its second byte is a packet type from 192 to 223 (RFC 5761 4).
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

/// Writes header and payload into `out` and returns the bytes used, or `None` if they do not fit.
pub fn write_packet<'a>(packet: &Packet<'_>, out: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = HEADER_BYTES.checked_add(packet.payload.len())?;
    let out = out.get_mut(..length)?;
    let (header, body) = out.split_at_mut(HEADER_BYTES);
    let marker = if packet.has_marker { 0x80 } else { 0 };
    header[..2].copy_from_slice(&[0x80, marker | (packet.payload_type & 0x7f)]);
    header[2..4].copy_from_slice(&packet.sequence.to_be_bytes());
    header[4..8].copy_from_slice(&packet.timestamp.to_be_bytes());
    header[8..12].copy_from_slice(&packet.ssrc.to_be_bytes());
    body.copy_from_slice(packet.payload);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let packet =
            Packet { payload_type: 101, has_marker: true, sequence: 65_535, timestamp: 7, ssrc: 0xdead_beef, payload: &[1, 2] };
        let mut out = [0; 64];
        let bytes = write_packet(&packet, &mut out).expect("room");
        assert_eq!(Packet::read(bytes), Some(packet));
        assert!(!is_rtcp(bytes));
        assert!(write_packet(&packet, &mut [0; 13]).is_none());
    }

    #[test]
    fn padding_extensions_and_sources_are_not_payload() {
        let mut bytes = vec![0x80 | 0x20 | 0x10 | 0x01, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend([0, 0, 0, 9]); // one contributing source
        bytes.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]); // a header extension of one word
        bytes.extend([42, 0, 2]); // payload, padding
        assert_eq!(Packet::read(&bytes).map(|packet| packet.payload), Some(&[42_u8][..]));
    }

    #[test]
    fn random_datagrams_never_panic() {
        let mut rng = crate::types::Rng::seeded(3);
        for _ in 0..20_000 {
            let length = rng.below(40) as usize;
            let bytes: Vec<u8> = (0..length).map(|_| rng.next_u32() as u8).collect();
            if let Some(packet) = Packet::read(&bytes) {
                assert!(packet.payload.len() <= bytes.len());
            }
            is_rtcp(&bytes);
        }
    }
}
