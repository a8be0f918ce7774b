//! Reports about streams (RFC 3550 6): how much we sent, what we received, and the peer's word about what arrived of ours.

use super::{
    Outgoing, PeerExtendedReport, Reception,
    xr::{EXTENDED_REPORT, read_extended},
};
use crate::types::Now;

/// Seconds from 1900, where NTP time begins, to 1970.
const NTP_TO_UNIX_SECONDS: u64 = 2_208_988_800;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BLOCK_BYTES: usize = 24;
/// Longer round trips are clocks that were set or peers that reckon otherwise.
const ROUND_TRIP_MS_MAX: u64 = 10_000;

/// What a peer says about our stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerReport {
    /// Loss since its last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost in all. Repeated ones count against it, so it may be negative.
    pub lost: i32,
    /// Jitter in ticks of the codec's clock.
    pub jitter: u32,
    /// Our last sender report that it had seen, by the middle of its NTP time (LSR); 0 for none.
    last_seen: u32,
    /// For how long it had it (DLSR), in 65,536ths of a second.
    held: u32,
}

impl PeerReport {
    /// From our sender report to this report and back, without the time that the peer kept it, in milliseconds (RFC 3550 6.4.1);
    /// `None` if it has seen none, or its figures make no sense.
    pub fn round_trip_ms(&self, now: Now) -> Option<u32> {
        ReferenceEcho { ours: self.last_seen, held: self.held }.round_trip_ms(now)
    }
}

/// A time of ours that a peer names again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceEcho {
    /// The middle of the NTP time that we sent; 0 for none.
    pub ours: u32,
    /// For how long the peer had it, in 65,536ths of a second.
    pub held: u32,
}

impl ReferenceEcho {
    /// From us to the peer and back, without the time that it kept it, in milliseconds; `None` if the figures make no sense.
    pub fn round_trip_ms(self, now: Now) -> Option<u32> {
        let on_the_way = ntp_middle(now).wrapping_sub(self.ours).wrapping_sub(self.held);
        let millis = (u64::from(on_the_way) * 1_000) >> 16;
        let is_known = self.ours != 0 && millis < ROUND_TRIP_MS_MAX;
        is_known.then_some(millis as u32)
    }
}

/// What a peer says of its own sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerSending {
    /// So many packets since its stream began (sender report).
    Packets(u32),
    /// None since its last reports (receiver report).
    Nothing,
}

/// What an RTCP packet holds for us.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PeerReports {
    /// The peer's source number and the middle of the NTP time at which it sent its report, if it is a sender's.
    pub sent: Option<(u32, u32)>,
    /// Its word about our stream.
    pub heard: Option<PeerReport>,
    /// Its word about its own.
    pub sending: Option<PeerSending>,
    /// What it says beyond that (RFC 3611).
    pub extended: PeerExtendedReport,
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
        let (last_seen, held) = reception.last_report(figures.ssrc, now.mono);
        out.extend(last_seen.to_be_bytes());
        out.extend(held.to_be_bytes());
    }
    describe_source(outgoing.ssrc(), &mut out);
    out
}

/// What a compound packet says, of it and about our stream `ssrc`. What cannot be read ends it.
pub fn read_reports(bytes: &[u8], ssrc: u32) -> PeerReports {
    let mut reports = PeerReports::default();
    let mut rest = bytes;
    while let [first, kind, high, low, ..] = rest {
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let Some(packet) = rest.get(..length).filter(|_| first >> 6 == 2) else { break };
        let blocks_at = match *kind {
            SENDER_REPORT => 28,
            RECEIVER_REPORT => 8,
            _ => length,
        };
        if *kind == SENDER_REPORT
            && let (Some(sender), Some(seconds), Some(fraction)) = (word(packet, 4), word(packet, 8), word(packet, 12))
        {
            reports.sent = Some((sender, seconds << 16 | fraction >> 16));
        }
        match *kind {
            SENDER_REPORT => reports.sending = word(packet, 20).map(PeerSending::Packets),
            RECEIVER_REPORT => reports.sending = reports.sending.or(Some(PeerSending::Nothing)),
            EXTENDED_REPORT => reports.extended = read_extended(packet, ssrc),
            _ => {}
        }
        let blocks = packet.get(blocks_at..).unwrap_or_default().chunks_exact(BLOCK_BYTES).take(usize::from(first & 0x1f));
        let about_us = blocks.filter(|block| word(block, 0) == Some(ssrc)).find_map(read_block);
        reports.heard = reports.heard.or(about_us);
        rest = rest.get(length..).unwrap_or_default();
    }
    reports
}

fn read_block(block: &[u8]) -> Option<PeerReport> {
    let loss = word(block, 4)?;
    Some(PeerReport {
        fraction_lost: (loss >> 24) as u8,
        // 24 bits with a sign.
        lost: (loss << 8) as i32 >> 8,
        jitter: word(block, 12)?,
        last_seen: word(block, 16)?,
        held: word(block, 20)?,
    })
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

/// The time of day as NTP has it: seconds since 1900 and 2^32nds of one.
pub fn ntp(now: Now) -> (u32, u32) {
    let millis = u64::try_from(now.wall.as_millis()).unwrap_or(0);
    let seconds = (millis / 1_000 + NTP_TO_UNIX_SECONDS) as u32;
    (seconds, (((millis % 1_000) << 32) / 1_000) as u32)
}

/// The middle 32 bits of NTP time, by which reports name each other.
fn ntp_middle(now: Now) -> u32 {
    let (seconds, fraction) = ntp(now);
    seconds << 16 | fraction >> 16
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::rtp::ExtendedReport,
        types::{Mono, Rng, Timestamp},
    };

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
        let report = read_reports(&bytes, sender.ssrc()).heard.expect("a block about the sender");
        assert_eq!(report.lost, 25);
        assert!((60..=68).contains(&report.fraction_lost), "{}", report.fraction_lost);
        assert_eq!(report.round_trip_ms(now), None, "it has seen no report of the sender");
        assert_eq!(read_reports(&bytes, 1).heard, None);
        assert_eq!(read_reports(&bytes, 1).sending, Some(PeerSending::Nothing), "it has only listened");
    }

    /// RFC 3611 4.4, 4.5: one who only listens sends its time, and hears it again.
    #[test]
    fn a_listener_learns_the_round_trip_from_the_echo_of_its_time() {
        let at = |millis: i64| Now {
            wall: Timestamp::from_millis(1_700_000_000_000 + millis),
            mono: Mono::from_millis(millis as u64),
        };
        let mut rng = Rng::seeded(9);
        let (listener, mut speaker, mut they) = (Outgoing::new(&mut rng), Outgoing::new(&mut rng), Reception::default());
        let mut bytes = write_report(&listener, &mut Reception::default(), 8_000, at(1_000));
        ExtendedReport { reference: Some(ntp(at(1_000))), ..ExtendedReport::default() }.write(listener.ssrc(), &mut bytes);
        let (source, middle) = read_reports(&bytes, 1).extended.reference.expect("a time");
        they.note_reference(source, middle, at(1_030).mono);
        speaker.made(160, 8_000, at(2_000).mono);
        speaker.count(160);
        let mut bytes = write_report(&speaker, &mut they, 8_000, at(3_030));
        let echo = they.reference(at(3_030).mono);
        ExtendedReport { echo, ..ExtendedReport::default() }.write(speaker.ssrc(), &mut bytes);
        let read = read_reports(&bytes, listener.ssrc());
        assert_eq!(read.sending, Some(PeerSending::Packets(1)));
        let (ours, held) = read.extended.echo.expect("an echo");
        let round_trip = ReferenceEcho { ours, held }.round_trip_ms(at(3_080)).expect("a round trip");
        assert!((79..=81).contains(&round_trip), "{round_trip}");
    }

    #[test]
    fn the_round_trip_is_the_time_on_the_way_and_not_the_time_that_a_report_was_kept() {
        let at = |millis: i64| Now {
            wall: Timestamp::from_millis(1_700_000_000_000 + millis),
            mono: Mono::from_millis(millis as u64),
        };
        let mut rng = Rng::seeded(9);
        let (mut ours, mut theirs) = (Outgoing::new(&mut rng), Outgoing::new(&mut rng));
        let (mut we_hear, mut they_hear) = (Reception::default(), Reception::default());
        for i in 0..10 {
            let (our_stamp, their_stamp) = (ours.made(160, 8_000, at(i * 20).mono), theirs.made(160, 8_000, at(i * 20).mono));
            ours.count(160);
            theirs.count(160);
            they_hear.note(ours.ssrc(), our_stamp.sequence as u16, None, at(i * 20).mono);
            we_hear.note(theirs.ssrc(), their_stamp.sequence as u16, None, at(i * 20).mono);
        }
        // Ours takes 40 ms to them, they keep it for 3 s, theirs takes 70 ms to us. Their clock shows another time than ours.
        let sent = read_reports(&write_report(&ours, &mut we_hear, 8_000, at(1_000)), theirs.ssrc());
        let (source, time) = sent.sent.expect("a sender's report");
        assert_eq!(source, ours.ssrc());
        they_hear.note_report(source, time, at(1_040).mono);
        let theirs_at = Now { wall: Timestamp::from_millis(5), ..at(4_040) };
        let back = read_reports(&write_report(&theirs, &mut they_hear, 8_000, theirs_at), ours.ssrc());
        let round_trip = back.heard.and_then(|heard| heard.round_trip_ms(at(4_110))).expect("a round trip");
        assert!((109..=111).contains(&round_trip), "{round_trip}");
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
            let heard = read_reports(&bytes, rng.next_u32()).heard;
            assert!(heard.and_then(|heard| heard.round_trip_ms(Now::default())).is_none_or(|ms| ms < 10_000));
        }
    }
}
