//! What has been received of one peer: extended sequence numbers, loss and jitter (RFC 3550 6.4.1, A.1, A.3, A.8).

use super::{
    bursts::{BurstFigures, Bursts},
    replay::ReplayWindow,
};
use crate::types::Mono;

/// A gap larger than this is a restart rather than loss (RFC 3550 A.1 MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;
/// A packet older than this is a restart rather than late (RFC 3550 A.1 MAX_MISORDER).
const MISORDER_MAX: u16 = 100;
/// Extended numbers begin one cycle up, so that packets older than the first have a number too.
const FIRST_CYCLE: u64 = 1 << 16;

/// What a packet is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Part of the stream, with its extended sequence number.
    InStream(u64),
    /// The first of a stream: the first ever, another source, or a source that began anew.
    Started(u64),
    /// It has come before, or is too old to tell.
    Repeated,
    /// A far jump. Believed only when the next packet follows it.
    Implausible,
}

/// The receiving side's memory of one peer.
#[derive(Debug, Clone, Default)]
pub struct Reception {
    stream: Option<Stream>,
    /// Packets of streams that are over.
    finished: Totals,
    /// Times that the source changed or began anew.
    restarts: u64,
    /// Times that packets began to be missed, one or many in a row.
    loss_runs: u64,
    /// The last sender report: its source, the middle of its NTP time, when it came.
    report: Option<(u32, u32, Mono)>,
    /// The same of the last reference time (RFC 3611 4.4).
    reference: Option<(u32, u32, Mono)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    received: u64,
    lost: u64,
}

#[derive(Debug, Clone)]
struct Stream {
    ssrc: u32,
    first: u64,
    highest: u64,
    received: u64,
    /// How many of these came again.
    repeated: u64,
    /// Which of the last numbers have come.
    seen: ReplayWindow,
    bursts: Bursts,
    /// The sequence number that would confirm a restart.
    expected_after_jump: Option<u16>,
    transit: Option<i64>,
    /// Jitter times 16, in timestamp ticks.
    jitter_q4: u64,
    clock_rate: u32,
    /// Counts at the last report, for its interval's loss.
    reported: Totals,
}

impl Reception {
    /// Takes note of a packet that came at `at` and says what it is. `timing` is its timestamp and the codec's clock rate, from
    /// which jitter is measured; `None` for packets whose timestamp is not that of their sending (keys).
    pub fn note(&mut self, ssrc: u32, sequence: u16, timing: Option<(u32, u32)>, at: Mono) -> Received {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) else {
            return self.start(ssrc, sequence, timing, at);
        };
        let distance = sequence.wrapping_sub(stream.highest as u16);
        let extended = if distance < DROPOUT_MAX {
            stream.highest + u64::from(distance)
        } else if distance > u16::MAX - MISORDER_MAX {
            stream.highest.saturating_sub(u64::from(sequence.wrapping_neg().wrapping_add(stream.highest as u16)))
        } else if stream.expected_after_jump == Some(sequence) {
            return self.start(ssrc, sequence, timing, at);
        } else {
            stream.expected_after_jump = Some(sequence.wrapping_add(1));
            return Received::Implausible;
        };
        stream.expected_after_jump = None;
        if !stream.seen.is_new(extended) {
            stream.received += 1;
            stream.repeated += 1;
            return Received::Repeated;
        }
        stream.seen.note(extended);
        if let Some(missing) = extended.checked_sub(stream.highest + 1) {
            if missing > 0 {
                self.loss_runs += 1;
                stream.bursts.lose(missing);
            }
            stream.bursts.receive();
        }
        stream.highest = stream.highest.max(extended);
        stream.received += 1;
        stream.measure(timing, at);
        Received::InStream(extended)
    }

    /// Packets received of all streams of this peer, each once.
    pub fn packets(&self) -> u64 {
        self.finished.received + self.stream.as_ref().map_or(0, Stream::received_once)
    }

    /// Packets that never came, by sequence numbers. In reports, as the RFC has it, those that came twice count against it; not here.
    pub fn lost(&self) -> u64 {
        self.finished.lost + self.stream.as_ref().map_or(0, Stream::lost)
    }

    /// Times that packets began to be missed, one or many in a row. Those that were only late are among them.
    pub fn loss_runs(&self) -> u64 {
        self.loss_runs
    }

    /// Takes note of a sender report of `ssrc`, by the middle of its NTP time.
    pub fn note_report(&mut self, ssrc: u32, ntp_middle: u32, at: Mono) {
        self.report = Some((ssrc, ntp_middle, at));
    }

    /// The last sender report of this source and for how long we have had it, in 65,536ths of a second (RFC 3550 6.4.1: LSR and
    /// DLSR); zeros for none.
    pub(super) fn last_report(&self, ssrc: u32, now: Mono) -> (u32, u32) {
        match self.report {
            Some((source, ntp_middle, at)) if source == ssrc => (ntp_middle, fractions_since(at, now)),
            Some(_) | None => (0, 0),
        }
    }

    /// How packets of the present stream were missed. Those that were only late are among them.
    pub fn bursts(&self) -> BurstFigures {
        self.stream.as_ref().map_or_else(BurstFigures::default, |stream| stream.bursts.figures())
    }

    /// Takes note of a reference time of `ssrc`, by the middle of its NTP time.
    pub fn note_reference(&mut self, ssrc: u32, ntp_middle: u32, at: Mono) {
        self.reference = Some((ssrc, ntp_middle, at));
    }

    /// The last reference time, whose it is and for how long we have had it, in 65,536ths of a second.
    pub fn reference(&self, now: Mono) -> Option<(u32, u32, u32)> {
        self.reference.map(|(ssrc, middle, at)| (ssrc, middle, fractions_since(at, now)))
    }

    /// Interarrival jitter in microseconds.
    pub fn jitter_us(&self) -> u64 {
        self.stream.as_ref().map_or(0, |stream| (stream.jitter_q4 * 1_000_000 / 16) / u64::from(stream.clock_rate.max(1)))
    }

    /// Which source is heard now.
    pub fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// Changes whenever sequence numbers begin anew, so that followers start over as well.
    pub fn epoch(&self) -> u64 {
        self.restarts
    }

    /// The figures of a report block, which also end the interval over which loss is a fraction.
    pub(super) fn block(&mut self) -> Option<ReceptionFigures> {
        let stream = self.stream.as_mut()?;
        let expected = stream.highest - stream.first + 1;
        let interval_expected = (stream.reported.received + stream.reported.lost).abs_diff(expected);
        let interval_received = stream.received - stream.reported.received;
        let interval_lost = interval_expected.saturating_sub(interval_received);
        let fraction_lost = (interval_lost * 256).checked_div(interval_expected).unwrap_or(0).min(255) as u8;
        stream.reported = Totals { received: stream.received, lost: expected.saturating_sub(stream.received) };
        Some(ReceptionFigures {
            ssrc: stream.ssrc,
            fraction_lost,
            lost: expected.saturating_sub(stream.received).min(0x7f_ffff) as u32,
            highest: (stream.highest - FIRST_CYCLE) as u32,
            jitter: (stream.jitter_q4 / 16) as u32,
        })
    }

    fn start(&mut self, ssrc: u32, sequence: u16, timing: Option<(u32, u32)>, at: Mono) -> Received {
        if let Some(stream) = self.stream.take() {
            self.finished.received += stream.received_once();
            self.finished.lost += stream.lost();
            self.restarts += 1;
        }
        let first = FIRST_CYCLE + u64::from(sequence);
        let mut seen = ReplayWindow::default();
        seen.note(first);
        let mut stream = Stream {
            ssrc,
            first,
            highest: first,
            received: 1,
            repeated: 0,
            seen,
            bursts: Bursts::default(),
            expected_after_jump: None,
            transit: None,
            jitter_q4: 0,
            clock_rate: timing.map_or(8_000, |(_, rate)| rate),
            reported: Totals::default(),
        };
        stream.measure(timing, at);
        self.stream = Some(stream);
        Received::Started(first)
    }
}

/// In 65,536ths of a second.
fn fractions_since(at: Mono, now: Mono) -> u32 {
    u32::try_from((now.millis_since(at) << 16) / 1_000).unwrap_or(u32::MAX)
}

/// One report block's content (RFC 3550 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReceptionFigures {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub lost: u32,
    pub highest: u32,
    pub jitter: u32,
}

impl Stream {
    fn received_once(&self) -> u64 {
        self.received - self.repeated
    }

    fn lost(&self) -> u64 {
        (self.highest - self.first + 1).saturating_sub(self.received_once())
    }

    fn measure(&mut self, timing: Option<(u32, u32)>, at: Mono) {
        let Some((timestamp, clock_rate)) = timing else { return };
        if self.clock_rate != clock_rate {
            (self.clock_rate, self.transit, self.jitter_q4) = (clock_rate, None, 0);
        }
        // RFC 3550 A.8, in timestamp ticks; the 32-bit difference survives the wrap of the timestamp.
        let arrival = (at.as_millis().wrapping_mul(u64::from(clock_rate)) / 1_000) as u32;
        let transit = i64::from(arrival.wrapping_sub(timestamp) as i32);
        if let Some(before) = self.transit.replace(transit) {
            let step = u64::from(((transit - before) as i32).unsigned_abs());
            // A pause of the sender is not jitter: its clock jumps by as much as the arrival does, but a broken one need not.
            if step < u64::from(clock_rate) {
                self.jitter_q4 = self.jitter_q4 + step - ((self.jitter_q4 + 8) >> 4);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    fn note(reception: &mut Reception, sequence: u16, millis: u64) -> Received {
        reception.note(1, sequence, Some((u32::from(sequence) * 160, 8_000)), at(millis))
    }

    #[test]
    fn a_stream_that_wraps_goes_on_and_its_holes_are_lost_packets() {
        let mut reception = Reception::default();
        assert_eq!(note(&mut reception, 65_534, 0), Received::Started(65_536 + 65_534));
        assert_eq!(note(&mut reception, 65_535, 20), Received::InStream(65_536 + 65_535));
        assert_eq!(note(&mut reception, 2, 80), Received::InStream(65_536 * 2 + 2));
        assert_eq!(reception.lost(), 2);
        // A late one fills its hole.
        assert_eq!(note(&mut reception, 0, 81), Received::InStream(65_536 * 2));
        assert_eq!((reception.packets(), reception.lost()), (4, 1));
    }

    #[test]
    fn one_stray_packet_is_no_restart_but_two_in_a_row_are() {
        let mut reception = Reception::default();
        note(&mut reception, 10, 0);
        assert_eq!(note(&mut reception, 30_000, 20), Received::Implausible);
        assert_eq!(note(&mut reception, 11, 40), Received::InStream(65_536 + 11));
        assert_eq!(note(&mut reception, 30_000, 60), Received::Implausible);
        assert_eq!(note(&mut reception, 30_001, 80), Received::Started(65_536 + 30_001));
        assert_eq!(reception.epoch(), 1);
    }

    #[test]
    fn what_comes_twice_is_told_and_hides_no_loss_but_in_reports() {
        let mut reception = Reception::default();
        for (sequence, expected) in [
            (10, Received::Started(65_546)),
            (10, Received::Repeated),
            (12, Received::InStream(65_548)),
            (13, Received::InStream(65_549)),
            (12, Received::Repeated),
            (11, Received::InStream(65_547)),
            (11, Received::Repeated),
            (15, Received::InStream(65_551)),
        ] {
            assert_eq!(note(&mut reception, sequence, 0), expected, "{sequence}");
        }
        assert_eq!((reception.packets(), reception.lost()), (5, 1));
        // RFC 3550 A.3: expected less received, each copy counted.
        assert_eq!(reception.block().map(|figures| figures.lost), Some(0));
    }

    #[test]
    fn another_source_starts_over_and_keeps_the_counts() {
        let mut reception = Reception::default();
        note(&mut reception, 1, 0);
        note(&mut reception, 3, 40);
        assert!(matches!(reception.note(2, 500, None, at(60)), Received::Started(_)));
        assert_eq!((reception.packets(), reception.lost(), reception.ssrc()), (3, 1, Some(2)));
    }

    #[test]
    fn a_steady_stream_has_no_jitter_and_an_uneven_one_has() {
        let mut steady = Reception::default();
        let mut uneven = Reception::default();
        for i in 0..200_u16 {
            note(&mut steady, i, u64::from(i) * 20);
            note(&mut uneven, i, u64::from(i) * 20 + u64::from(i % 2) * 10);
        }
        assert_eq!(steady.jitter_us(), 0);
        assert!((9_000..=11_000).contains(&uneven.jitter_us()), "{}", uneven.jitter_us());
    }

    #[test]
    fn any_sequence_of_numbers_is_survived() {
        let mut rng = crate::types::Rng::seeded(11);
        let mut reception = Reception::default();
        for i in 0..50_000_u64 {
            let word = rng.next_u64();
            reception.note((word >> 62) as u32, word as u16, Some(((word >> 16) as u32, 8_000)), at(i));
            if i % 100 == 0 {
                reception.block();
            }
        }
        assert!(reception.packets() <= 50_000);
    }
}
