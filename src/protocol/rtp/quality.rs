//! How good a telephone call sounds, from what the network does to it: the E-model of ITU-T G.107 in the short form of Cole and
//! Rosenbluth ("Voice over IP performance monitoring", 2001), with all that is not the network's at its default.
//!
//! ```text
//! R      = 93.2 − Id − Ie,eff
//! Id     = 0.024 d + 0.11 (d − 177.3) H(d − 177.3)              d: mouth to ear in ms, H: 1 above 0, else 0
//! Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl / BurstR + Bpl)          G.107 (7-29); Ppl: loss in percent
//! MOS    = 1 + 0.035 R + R (R − 60) (100 − R) · 7 · 10⁻⁶        G.107 Annex B; 1 below R = 0, 4.5 above R = 100
//! ```
//!
//! Ie and Bpl are G.113 Appendix I's: G.711 with its Appendix I concealment has 0 and 25.1. G.722 and Opus stand in no narrowband
//! table; both are heard here at 8 kHz. G.722 is taken like G.711; Opus at 16 kbit/s like GSM EFR and AMR 12.2, the nearest of those
//! that were listened to (5 and 10.0). BurstR is how much longer runs of lost packets are than by chance (G.107 3.5).

use crate::protocol::media::Codec;

/// R of a network that adds nothing (G.107 Table 3, all defaults).
const R_BEST: f64 = 93.2;
/// Packetisation and what the codec looks ahead: 20 ms a packet, both together.
const PACKET_MS: f64 = 25.0;
/// Runs of loss are believed to be this long at most; beyond it the model was never measured.
const BURST_RATIO_MAX: f64 = 8.0;

/// What a way through the network does to speech.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Impairment {
    /// Packets that are not heard, lost or too late, of all: 0 to 1.
    pub loss: f64,
    /// How much longer runs of them are than by chance; 1 for chance or if unknown.
    pub burst_ratio: f64,
    /// One way through the network, in milliseconds.
    pub network_ms: f64,
    /// How long the receiver makes packets wait, in milliseconds.
    pub wait_ms: f64,
}

/// Transmission rating factor R, 0 (unusable) to 93.2.
pub fn rating(codec: Codec, impairment: Impairment) -> f64 {
    let (equipment, robustness) = match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => (0.0, 25.1),
        Codec::Opus => (5.0, 10.0),
    };
    let delay_ms = impairment.network_ms.max(0.0) + impairment.wait_ms.max(0.0) + PACKET_MS;
    let of_delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let percent = impairment.loss.clamp(0.0, 1.0) * 100.0;
    let burst_ratio = impairment.burst_ratio.clamp(1.0, BURST_RATIO_MAX);
    let of_equipment = equipment + (95.0 - equipment) * percent / (percent / burst_ratio + robustness);
    (R_BEST - of_delay - of_equipment).clamp(0.0, R_BEST)
}

/// Mean opinion score of a rating: 1 (bad) to 4.5 (excellent).
pub fn opinion(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, published: f64, within: f64) {
        assert!((found - published).abs() <= within, "{found} instead of {published}");
    }

    fn lossy(percent: f64) -> Impairment {
        Impairment { loss: percent / 100.0, burst_ratio: 1.0, ..Impairment::default() }
    }

    /// G.107 Table B.1 gives the R at the borders of the categories of G.109 and their MOS.
    #[test]
    fn the_opinion_of_a_rating_is_that_of_the_recommendation() {
        for (r, mos) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            close(opinion(r), mos, 0.01);
        }
        // G.107 Table 3's note: all defaults give 93.2 and 4.41.
        close(opinion(93.2), 4.41, 0.005);
        assert_eq!((opinion(0.0), opinion(-5.0), opinion(120.0)), (1.0, 1.0, 4.5));
    }

    /// G.711 with concealment: Ie,eff = 95 · Ppl / (Ppl + 25.1), so 5 % cost 15.8 and 10 % cost 27.1 points of R.
    #[test]
    fn loss_costs_what_its_codec_is_said_to_bear() {
        let at_best = rating(Codec::Pcma, lossy(0.0));
        close(at_best - rating(Codec::Pcma, lossy(5.0)), 15.78, 0.05);
        close(at_best - rating(Codec::Pcma, lossy(10.0)), 27.07, 0.05);
        close(R_BEST - 0.6 - rating(Codec::Opus, lossy(0.0)), 5.0, 0.01);
        // One lost packet in a hundred is hardly heard, one in five is no telephone call.
        assert!(opinion(rating(Codec::Pcmu, lossy(1.0))) > 4.2);
        assert!(opinion(rating(Codec::Pcmu, lossy(20.0))) < 2.6);
    }

    #[test]
    fn loss_in_runs_is_worse_than_by_chance() {
        let runs = Impairment { burst_ratio: 4.0, ..lossy(5.0) };
        assert!(rating(Codec::Pcmu, runs) < rating(Codec::Pcmu, lossy(5.0)) - 1.0);
    }

    /// Cole and Rosenbluth's fit of G.107's delay: Id is 3.6 at 150 ms, 12.8 at 250 ms, and steep behind 177.3 ms.
    #[test]
    fn delay_is_felt_from_a_sixth_of_a_second_on() {
        let cost = |ms: f64| {
            let late = Impairment { network_ms: ms - PACKET_MS, burst_ratio: 1.0, ..Impairment::default() };
            R_BEST - rating(Codec::Pcmu, late)
        };
        close(cost(150.0), 3.6, 0.01);
        close(cost(250.0), 0.024 * 250.0 + 0.11 * 72.7, 0.01);
        close(cost(400.0), 34.1, 0.05);
    }

    #[test]
    fn no_figure_leads_out_of_the_scale() {
        for loss in [-1.0, 0.0, 0.5, 1.0, 7.0] {
            for network_ms in [-5.0, 0.0, 90.0, 100_000.0] {
                let bad = Impairment { loss, burst_ratio: loss * 20.0, network_ms, wait_ms: network_ms };
                for codec in [Codec::Pcmu, Codec::Opus] {
                    let mos = opinion(rating(codec, bad));
                    assert!((1.0..=4.5).contains(&mos), "{mos}");
                }
            }
        }
    }
}
