//! Whether packets are lost one by one or in bursts (RFC 3611 4.7.2 and A.2): a burst begins and ends with a lost packet and has fewer
//! than [`GAP_MIN`] received ones in a row; what is no burst is a gap.

/// Received packets in a row that end a burst (Gmin), as the RFC advises.
pub(super) const GAP_MIN: u8 = 16;

/// A stream's losses, in the order of its numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bursts {
    /// Received since the last lost one.
    received_run: u64,
    /// What may become a burst: from its first lost packet to its last.
    candidate: Stretch,
    gaps: Stretch,
    bursts: Stretch,
    /// How many bursts.
    count: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    packets: u64,
    lost: u64,
}

impl Stretch {
    fn add(&mut self, packets: u64, lost: u64) {
        (self.packets, self.lost) = (self.packets + packets, self.lost + lost);
    }

    fn density(self) -> f64 {
        if self.packets == 0 { 0.0 } else { self.lost as f64 / self.packets as f64 }
    }
}

/// Losses in bursts and in the gaps between them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BurstFigures {
    /// Share that is lost within bursts.
    pub burst_density: f64,
    /// Share that is lost outside of them.
    pub gap_density: f64,
    /// Packets of a burst, on average; 0 without any.
    pub burst_packets: f64,
    /// Packets of a gap, on average.
    pub gap_packets: f64,
}

impl Bursts {
    /// The next packet has come.
    pub(super) fn receive(&mut self) {
        self.received_run += 1;
    }

    /// The next `count` packets have not.
    pub(super) fn lose(&mut self, count: u64) {
        if self.candidate.lost > 0 && self.received_run < u64::from(GAP_MIN) {
            self.candidate.add(self.received_run, 0);
        } else {
            self.end_candidate();
            self.gaps.add(self.received_run, 0);
        }
        self.candidate.add(count, count);
        self.received_run = 0;
    }

    /// A packet lost alone is part of the gap.
    fn end_candidate(&mut self) {
        let Stretch { packets, lost } = std::mem::take(&mut self.candidate);
        if lost > 1 {
            self.bursts.add(packets, lost);
            self.count += 1;
        } else {
            self.gaps.add(packets, lost);
        }
    }

    /// So far.
    pub(super) fn figures(&self) -> BurstFigures {
        let mut ended = *self;
        ended.end_candidate();
        ended.gaps.add(ended.received_run, 0);
        let average = |packets: u64, count: u64| if count == 0 { 0.0 } else { packets as f64 / count as f64 };
        BurstFigures {
            burst_density: ended.bursts.density(),
            gap_density: ended.gaps.density(),
            burst_packets: average(ended.bursts.packets, ended.count),
            gap_packets: average(ended.gaps.packets, ended.count + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the RFC draws it in 4.7.2: `X` lost, `.` received.
    fn heard(packets: &str) -> BurstFigures {
        let mut bursts = Bursts::default();
        for packet in packets.chars() {
            if packet == 'X' { bursts.lose(1) } else { bursts.receive() }
        }
        bursts.figures()
    }

    #[test]
    fn lost_packets_far_from_each_other_are_a_gap_and_those_near_a_burst() {
        let gap = ".".repeat(20);
        assert_eq!(heard(&gap), BurstFigures { gap_packets: 20.0, ..BurstFigures::default() });
        let alone = heard(&format!("{gap}X{gap}X{gap}"));
        assert_eq!((alone.burst_packets, alone.gap_packets, alone.gap_density), (0.0, 62.0, 2.0 / 62.0));
        let burst = heard(&format!("{gap}X..XX.....X{gap}"));
        assert_eq!((burst.burst_packets, burst.burst_density), (11.0, 4.0 / 11.0));
        assert_eq!((burst.gap_packets, burst.gap_density), (20.0, 0.0));
        // Fifteen received ones are within a burst, sixteen between two.
        assert_eq!(heard(&format!("XX{}XX", ".".repeat(15))).burst_packets, 19.0);
        assert_eq!(heard(&format!("XX{}XX", ".".repeat(16))).burst_packets, 2.0);
    }
}
