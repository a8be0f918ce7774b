//! Reports about streams (RFC 3550 6): how much we sent, what we received, and the peer's word about what arrived of ours.

use super::{Outgoing, Reception};
use crate::types::Now;

/// Seconds from 1900, where NTP time begins, to 1970.
const NTP_TO_UNIX_SECONDS: u64 = 2_208_988_800;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BLOCK_BYTES: usize = 24;

/// What a peer says about our stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerReport {
    /// Loss since its last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost in all.
    pub lost: u32,
    /// Jitter in ticks of the codec's clock.
    pub jitter: u32,
}

/// A compound report: sender report if we have sent, else receiver report, with one block about the peer, and our canonical name.
pub fn write_report(outgoing: &Outgoing, reception: &mut Reception, clock_rate: u32, now: Now) -> Vec<u8> {
    let block = reception.block();
    let count = u8::from(block.is_some());
    let has_sent = outgoing.packets() > 0;
    let mut out = Vec::with_capacity(96);
    let words = 1 + if has_sent { 5 } else { 0 } + 6 * u16::from(count);
    out.extend([0x80 | count, if has_sent { SENDER_REPORT } else { RECEIVER_REPORT }]);
    out.extend(words.to_be_bytes());
    out.extend(outgoing.ssrc().to_be_bytes());
    if has_sent {
        let (seconds, fraction) = ntp(now);
        out.extend(seconds.to_be_bytes());
        out.extend(fraction.to_be_bytes());
        out.extend(outgoing.timestamp_at(now.mono, clock_rate).to_be_bytes());
        out.extend((outgoing.packets() as u32).to_be_bytes());
        out.extend((outgoing.octets() as u32).to_be_bytes());
    }
    if let Some(figures) = block {
        out.extend(figures.ssrc.to_be_bytes());
        out.extend((u32::from(figures.fraction_lost) << 24 | figures.lost).to_be_bytes());
        out.extend(figures.highest.to_be_bytes());
        out.extend(figures.jitter.to_be_bytes());
        // No sender report of theirs is kept, so there is no round trip to compute (RFC 3550 6.4.1 LSR: 0 if none).
        out.extend([0; 8]);
    }
    describe_source(outgoing.ssrc(), &mut out);
    out
}

/// The peer's word about our stream `ssrc` in a compound packet, if it holds one.
pub fn read_report(bytes: &[u8], ssrc: u32) -> Option<PeerReport> {
    let mut rest = bytes;
    while let [first, kind, high, low, ..] = rest {
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let packet = rest.get(..length).filter(|_| first >> 6 == 2)?;
        let blocks_at = match *kind {
            SENDER_REPORT => 28,
            RECEIVER_REPORT => 8,
            _ => length,
        };
        let blocks = packet.get(blocks_at..).unwrap_or_default().chunks_exact(BLOCK_BYTES).take(usize::from(first & 0x1f));
        for block in blocks {
            if word(block, 0) == Some(ssrc) {
                let loss = word(block, 4)?;
                return Some(PeerReport {
                    fraction_lost: (loss >> 24) as u8,
                    lost: loss & 0xff_ffff,
                    jitter: word(block, 12)?,
                });
            }
        }
        rest = rest.get(length..)?;
    }
    None
}

/// RFC 3550 6.5.1: every compound packet names its source. The name is random like the source number, not a person's.
fn describe_source(ssrc: u32, out: &mut Vec<u8>) {
    let name = format!("{ssrc:08x}");
    // Source, item CNAME with its 8 letters, end of items, padding to a whole word: 4 + 2 + 8 + 2 bytes.
    out.extend([0x81, SOURCE_DESCRIPTION, 0, 4]);
    out.extend(ssrc.to_be_bytes());
    out.extend([1, 8]);
    out.extend(name.as_bytes());
    out.extend([0, 0]);
}

fn ntp(now: Now) -> (u32, u32) {
    let millis = u64::try_from(now.wall.as_millis()).unwrap_or(0);
    let seconds = (millis / 1_000 + NTP_TO_UNIX_SECONDS) as u32;
    (seconds, (((millis % 1_000) << 32) / 1_000) as u32)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Mono, Rng, Timestamp};

    #[test]
    fn loss_that_one_side_saw_is_read_by_the_other() {
        let mut rng = Rng::seeded(2);
        let (mut sender, receiver_stream) = (Outgoing::new(&mut rng), Outgoing::new(&mut rng));
        let mut reception = Reception::default();
        for i in 0..100_u64 {
            let stamp = sender.made(160, 8_000, Mono::from_millis(i * 20));
            sender.count(160);
            if i % 4 != 1 {
                reception.note(sender.ssrc(), stamp.sequence as u16, Some((stamp.timestamp, 8_000)), Mono::from_millis(i * 20));
            }
        }
        let now = Now { wall: Timestamp::from_millis(1_000), mono: Mono::from_millis(2_000) };
        let bytes = write_report(&receiver_stream, &mut reception, 8_000, now);
        assert!(crate::protocol::rtp::is_rtcp(&bytes));
        let report = read_report(&bytes, sender.ssrc()).expect("a block about the sender");
        assert_eq!(report.lost, 25);
        assert!((60..=68).contains(&report.fraction_lost), "{}", report.fraction_lost);
        assert_eq!(read_report(&bytes, 1), None);
    }

    #[test]
    fn the_packet_is_made_of_whole_words_as_its_length_says() {
        let mut rng = Rng::seeded(2);
        let mut outgoing = Outgoing::new(&mut rng);
        outgoing.made(160, 8_000, Mono::default());
        outgoing.count(160);
        let bytes = write_report(&outgoing, &mut Reception::default(), 8_000, Now::default());
        assert_eq!(bytes.len(), 28 + 20);
        assert_eq!(&bytes[..4], &[0x80, 200, 0, 6]);
        assert_eq!(&bytes[28..32], &[0x81, 202, 0, 4]);
    }

    #[test]
    fn random_bytes_are_no_reports_and_no_panic() {
        let mut rng = Rng::seeded(4);
        for _ in 0..20_000 {
            let length = rng.below(80) as usize;
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.next_u32() as u8).collect();
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | (*first & 0x1f);
            }
            read_report(&bytes, rng.next_u32());
        }
    }
}
