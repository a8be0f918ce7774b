//! Extended reports (RFC 3611): how a telephone call sounds at its receiver (VoIP metrics, block 7), and the round trip for those who
//! only listen (receiver reference time, block 4, and its echo, DLRR, block 5). Sent to those who ask for it in their SDP
//! (`a=rtcp-xr`, RFC 3611 5.1); whatever else a packet holds is passed over.

use serde::{Deserialize, Serialize};

use super::bursts::{BurstFigures, GAP_MIN};

pub(super) const EXTENDED_REPORT: u8 = 207;
const REFERENCE_TIME: u8 = 4;
const REFERENCE_ECHO: u8 = 5;
const VOIP_METRICS: u8 = 7;
/// What a level, a rating or a score says when it is not known.
const UNKNOWN: u8 = 127;
/// Playing stands in for lost packets by more than repeating them, and the jitter buffer adapts (RFC 3611 4.7.5); the last bits
/// are how fast, 0 at once to 15.
const RECEIVER: u8 = 0b1011_0111;
/// Blocks of one packet that are looked at.
const BLOCKS_MAX: usize = 32;

/// What a peer asks for in its SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct XrTerms {
    /// VoIP metrics about what we receive.
    pub voip_metrics: bool,
    /// Reference times of those who only listen, and their echoes.
    pub round_trip: bool,
}

impl XrTerms {
    /// All that we do.
    pub const OURS: Self = Self { voip_metrics: true, round_trip: true };

    /// The value of `a=rtcp-xr:`; what is not known to us is passed over.
    pub fn parse(value: &str) -> Self {
        let has = |wanted: &str| {
            value
                .split_ascii_whitespace()
                .any(|word| word.split(['=', ':']).next().is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
        };
        Self { voip_metrics: has("voip-metrics"), round_trip: has("rcvr-rtt") }
    }

    /// What to answer an offer of these with: the round trip needs both sides, metrics each wants for itself.
    pub fn answer(self) -> Self {
        Self { voip_metrics: true, round_trip: self.round_trip }
    }

    /// Its attribute's value; `None` for nothing.
    pub fn value(self) -> Option<&'static str> {
        match (self.round_trip, self.voip_metrics) {
            (true, true) => Some("rcvr-rtt=all voip-metrics"),
            (true, false) => Some("rcvr-rtt=all"),
            (false, true) => Some("voip-metrics"),
            (false, false) => None,
        }
    }
}

/// How a stream sounds where it is received.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VoipMetrics {
    /// Share of packets that never came.
    pub lost: f64,
    /// Share of packets that came too late to be heard.
    pub discarded: f64,
    /// How they were lost.
    pub bursts: BurstFigures,
    /// Through the network and back, in milliseconds.
    pub round_trip_ms: Option<u32>,
    /// How long packets wait, in milliseconds.
    pub wait_ms: u32,
    /// Transmission rating R, 0 to 100.
    pub rating: Option<f64>,
    /// Mean opinion score of listening alone, 1 to 5.
    pub listening_mos: Option<f64>,
    /// The same with what delay does to a conversation.
    pub conversation_mos: Option<f64>,
}

impl VoipMetrics {
    /// The score that tells most: of the conversation, else of listening, else what the rating is worth.
    pub fn mos(&self) -> Option<f64> {
        self.conversation_mos.or(self.listening_mos).or(self.rating.map(super::opinion))
    }

    /// Writes the block about the stream `ssrc`.
    fn write(&self, ssrc: u32, out: &mut Vec<u8>) {
        out.extend([VOIP_METRICS, 0, 0, 8]);
        out.extend(ssrc.to_be_bytes());
        out.extend([self.lost, self.discarded, self.bursts.burst_density, self.bursts.gap_density].map(share));
        // At 20 ms a packet, which is all that we take.
        for packets in [self.bursts.burst_packets, self.bursts.gap_packets] {
            out.extend(millis(packets * 20.0).to_be_bytes());
        }
        out.extend(millis(f64::from(self.round_trip_ms.unwrap_or(0))).to_be_bytes());
        out.extend(millis(f64::from(self.wait_ms) + 20.0).to_be_bytes());
        out.extend([UNKNOWN, UNKNOWN, UNKNOWN, GAP_MIN]);
        let score = |mos: Option<f64>| mos.map_or(UNKNOWN, |mos| (mos * 10.0).round().clamp(10.0, 50.0) as u8);
        let rating = self.rating.map_or(UNKNOWN, |rating| rating.round().clamp(0.0, 100.0) as u8);
        out.extend([rating, UNKNOWN, score(self.listening_mos), score(self.conversation_mos)]);
        out.extend([RECEIVER, 0]);
        let wait = millis(f64::from(self.wait_ms)).to_be_bytes();
        for _ in 0..3 {
            out.extend(wait);
        }
    }

    /// The block's content, from behind its header.
    fn read(block: &[u8]) -> Option<Self> {
        let octet = |at: usize| block.get(at).copied();
        let half = |at: usize| block.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes);
        let part = |at: usize| octet(at).map(|octet| f64::from(octet) / 256.0);
        let packets = |at: usize| half(at).map(|ms| f64::from(ms) / 20.0);
        let score = |at: usize| octet(at).filter(|score| (10..=50).contains(score)).map(|score| f64::from(score) / 10.0);
        Some(Self {
            lost: part(4)?,
            discarded: part(5)?,
            bursts: BurstFigures {
                burst_density: part(6)?,
                gap_density: part(7)?,
                burst_packets: packets(8)?,
                gap_packets: packets(10)?,
            },
            round_trip_ms: half(12).filter(|ms| *ms > 0).map(u32::from),
            wait_ms: half(26)?.into(),
            rating: octet(20).filter(|rating| *rating <= 100).map(f64::from),
            listening_mos: score(22),
            conversation_mos: score(23),
        })
    }
}

/// What an extended report of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExtendedReport {
    /// About the peer's stream of this source.
    pub metrics: Option<(u32, VoipMetrics)>,
    /// Our time, NTP, for one who shall echo it.
    pub reference: Option<(u32, u32)>,
    /// Whose reference time we echo, the middle of it, and for how long we have had it in 65,536ths of a second.
    pub echo: Option<(u32, u32, u32)>,
}

impl ExtendedReport {
    /// Appends it to a compound packet; nothing if it holds nothing.
    pub fn write(&self, ssrc: u32, out: &mut Vec<u8>) {
        if *self == Self::default() {
            return;
        }
        let begin = out.len();
        out.extend([0x80, EXTENDED_REPORT, 0, 0]);
        out.extend(ssrc.to_be_bytes());
        if let Some((seconds, fraction)) = self.reference {
            out.extend([REFERENCE_TIME, 0, 0, 2]);
            out.extend(seconds.to_be_bytes());
            out.extend(fraction.to_be_bytes());
        }
        if let Some((source, middle, held)) = self.echo {
            out.extend([REFERENCE_ECHO, 0, 0, 3]);
            for word in [source, middle, held] {
                out.extend(word.to_be_bytes());
            }
        }
        if let Some((source, metrics)) = &self.metrics {
            metrics.write(*source, out);
        }
        let words = ((out.len() - begin) / 4 - 1) as u16;
        if let Some(length) = out.get_mut(begin + 2..begin + 4) {
            length.copy_from_slice(&words.to_be_bytes());
        }
    }
}

/// What an extended report of a peer holds for us.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PeerExtendedReport {
    /// Its source number and the middle of its reference time.
    pub reference: Option<(u32, u32)>,
    /// The middle of our own reference time that it echoes, and for how long it had it.
    pub echo: Option<(u32, u32)>,
    /// How our stream sounds there.
    pub metrics: Option<VoipMetrics>,
}

/// Reads an XR packet as far as it concerns our stream `ssrc`. What cannot be read ends it.
pub(super) fn read_extended(packet: &[u8], ssrc: u32) -> PeerExtendedReport {
    let mut report = PeerExtendedReport::default();
    let Some(sender) = word(packet, 4) else { return report };
    let mut rest = packet.get(8..).unwrap_or_default();
    for _ in 0..BLOCKS_MAX {
        let [kind, _, high, low, ..] = rest else { break };
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let Some(block) = rest.get(4..length) else { break };
        match *kind {
            REFERENCE_TIME => {
                if let (Some(seconds), Some(fraction)) = (word(block, 0), word(block, 4)) {
                    report.reference = Some((sender, seconds << 16 | fraction >> 16));
                }
            }
            REFERENCE_ECHO => {
                let ours = block.chunks_exact(12).find(|echo| word(echo, 0) == Some(ssrc));
                report.echo = ours.and_then(|echo| word(echo, 4).zip(word(echo, 8))).or(report.echo);
            }
            VOIP_METRICS if word(block, 0) == Some(ssrc) => report.metrics = VoipMetrics::read(block).or(report.metrics),
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    report
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

/// A share in 256ths.
fn share(share: f64) -> u8 {
    (share * 256.0).round().clamp(0.0, 255.0) as u8
}

fn millis(millis: f64) -> u16 {
    millis.round().clamp(0.0, f64::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Rng;

    const METRICS: VoipMetrics = VoipMetrics {
        lost: 0.0625,
        discarded: 0.03125,
        bursts: BurstFigures { burst_density: 0.5, gap_density: 0.0, burst_packets: 6.0, gap_packets: 90.0 },
        round_trip_ms: Some(84),
        wait_ms: 60,
        rating: Some(71.0),
        listening_mos: Some(3.8),
        conversation_mos: Some(3.6),
    };

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let report =
            ExtendedReport { metrics: Some((7, METRICS)), reference: Some((0x1234_5678, 0x9abc_def0)), echo: Some((7, 5, 9)) };
        let mut bytes = Vec::new();
        report.write(3, &mut bytes);
        assert_eq!(&bytes[..8], &[0x80, 207, 0, 17, 0, 0, 0, 3]);
        assert_eq!(bytes.len(), 18 * 4);
        let read = read_extended(&bytes, 7);
        assert_eq!(read.reference, Some((3, 0x5678_9abc)));
        assert_eq!((read.echo, read.metrics), (Some((5, 9)), Some(METRICS)));
        let of_others = read_extended(&bytes, 8);
        assert_eq!((of_others.echo, of_others.metrics), (None, None));
    }

    /// RFC 3611 4.7, octet by octet.
    #[test]
    fn the_block_is_as_the_rfc_draws_it() {
        let mut bytes = Vec::new();
        METRICS.write(0x0102_0304, &mut bytes);
        let drawn = [
            [7, 0, 0, 8],
            [1, 2, 3, 4],
            [16, 8, 128, 0],
            [0, 120, 7, 8],
            [0, 84, 0, 80],
            [127, 127, 127, 16],
            [71, 127, 38, 36],
            [RECEIVER, 0, 0, 60],
            [0, 60, 0, 60],
        ];
        assert_eq!(bytes, drawn.concat());
    }

    #[test]
    fn what_a_peer_does_not_know_is_not_believed() {
        let mut bytes = Vec::new();
        ExtendedReport { metrics: Some((7, VoipMetrics::default())), ..ExtendedReport::default() }.write(3, &mut bytes);
        let metrics = read_extended(&bytes, 7).metrics.expect("metrics");
        assert_eq!((metrics.mos(), metrics.round_trip_ms), (None, None));
        let rated = VoipMetrics { rating: Some(93.2), ..VoipMetrics::default() };
        assert!(rated.mos().is_some_and(|mos| mos > 4.4));
    }

    #[test]
    fn attributes_are_read_whatever_stands_beside() {
        for (value, voip_metrics, round_trip) in [
            ("voip-metrics", true, false),
            ("pkt-loss-rle=100 rcvr-rtt=all:20 VoIP-Metrics stat-summary=loss,dup", true, true),
            ("rcvr-rtt=sender", false, true),
            ("", false, false),
        ] {
            assert_eq!(XrTerms::parse(value), XrTerms { voip_metrics, round_trip }, "{value}");
        }
        assert_eq!(XrTerms::parse(XrTerms::OURS.value().expect("a value")), XrTerms::OURS);
    }

    #[test]
    fn any_octets_are_survived() {
        let mut rng = Rng::seeded(21);
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = (0..rng.below(120)).map(|_| rng.next_u32() as u8).collect();
            if bytes.len() > 11 && rng.below(2) == 0 {
                (bytes[8], bytes[10], bytes[11]) = ([4, 5, 7][rng.below(3) as usize], 0, rng.below(12) as u8);
            }
            let read = read_extended(&bytes, rng.next_u32() % 3);
            assert!(read.metrics.and_then(|metrics| metrics.mos()).is_none_or(|mos| (1.0..=5.0).contains(&mos)));
        }
    }
}
