//! How good every leg sounds: what came of its peer, what the peer's reports (RTCP) say of ours, and the opinion that follows. It is
//! measured over stretches that the switch asks for (a call's), and over every few seconds, so that a bad line is told while
//! somebody speaks on it.

use super::{
    leg::{Leg, Peer, Seat},
    stats::count,
    worker::Worker,
};
use crate::{
    protocol::{
        media::{MediaNotice, RemoteMedia, StretchId},
        rtp::{
            ExtendedReport, Impairment, PeerSending, ReferenceEcho, VoipMetrics, XrTerms, ntp, opinion, rating, read_reports,
        },
    },
    types::{AudioQuality, Mono, Now},
};

/// Packets that must have come, or must be missing, before an opinion is worth telling: a second of speech.
const PACKETS_MIN: u64 = 50;
/// Rounds in which a line is bad, or good again, before it is told.
const ROUNDS_MIN: u8 = 2;
/// Packets that a peer must say that it has sent since its last report, so that not one of them here is no chance.
const CLAIMED_PACKETS_MIN: u32 = 50;
/// Packets that went to a peer in a round from which nothing came: most of five seconds.
const ONE_WAY_PACKETS: u64 = 200;
/// Reported loss from which on our encoder repeats itself, and below which it no longer does, in percent. Less is concealed as well,
/// and what is repeated is taken from the sound.
const PREPARE_FROM_PERCENT: f64 = 2.0;
const PREPARE_DOWN_TO_PERCENT: f64 = 1.0;
/// What the far end makes packets wait, where nobody tells.
const WAIT_MS_USUAL: f64 = 40.0;

/// A leg's figures.
#[derive(Debug, Default)]
pub(super) struct Sound {
    /// Packets that came too late to be heard.
    late: u64,
    stretch: Stretch,
    /// The last few seconds.
    lately: Stretch,
    round_trip_ms: Option<u32>,
    /// What the peer's extended reports say of our stream.
    told: Option<VoipMetrics>,
    claim: Claim,
    /// For how much loss our encoder makes its payloads fit, in percent.
    prepared_percent: u8,
    is_poor: bool,
    rounds: u8,
}

/// Figures from a moment on.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    /// How the counts stood then.
    received: u64,
    lost: u64,
    loss_runs: u64,
    late: u64,
    sent: u64,
    /// Reports of the peer since, and what they say was lost, added up as shares.
    reports: u32,
    reported_loss: f64,
}

/// What a peer's reports say of its own sending.
#[derive(Debug, Default)]
struct Claim {
    /// Packets by its last report.
    packets: Option<u32>,
    /// Whether it says for this round that it sends; `None` if it says nothing of it.
    sends: Option<bool>,
    /// Packets that had come of it when the present agreement began.
    since: u64,
}

impl Claim {
    /// The peer says how much it has sent; `received` have come.
    fn note(&mut self, sending: PeerSending, received: u64) {
        let sends = match sending {
            PeerSending::Packets(packets) => {
                let before = self.packets.replace(packets).unwrap_or(received as u32);
                (CLAIMED_PACKETS_MIN..u32::MAX / 2).contains(&packets.wrapping_sub(before))
            }
            PeerSending::Nothing => false,
        };
        self.sends = Some(sends);
    }
}

impl Sound {
    /// The peer agreed anew, perhaps to come from elsewhere: it has yet to be heard.
    pub(super) fn await_anew(&mut self, received: u64) {
        self.claim = Claim { since: received, ..Claim::default() };
    }

    /// A new stretch begins: what was judged of the line before says nothing of it.
    fn begin(&mut self, mark: Stretch) {
        (self.stretch, self.lately) = (mark, mark);
        (self.is_poor, self.rounds, self.told) = (false, 0, None);
    }

    /// Takes the verdict of a round; `true` if it is to be told.
    fn judge(&mut self, is_poor: bool) -> bool {
        self.rounds = if is_poor == self.is_poor { 0 } else { self.rounds + 1 };
        if self.rounds < ROUNDS_MIN {
            return false;
        }
        (self.is_poor, self.rounds) = (is_poor, 0);
        true
    }

    /// A packet came after its turn.
    pub(super) fn note_late(&mut self) {
        self.late += 1;
    }

    /// The peer reports: which share of our packets it has missed since its last report, and how far away it is, as far as it says.
    pub(super) fn note_report(&mut self, loss: Option<f64>, round_trip_ms: Option<u32>) {
        self.round_trip_ms = round_trip_ms.or(self.round_trip_ms);
        let Some(loss) = loss else { return };
        for stretch in [&mut self.stretch, &mut self.lately] {
            stretch.reports += 1;
            stretch.reported_loss += loss;
        }
    }

    /// For how much loss, in percent, our encoder is to make its payloads fit when so much was reported in a round. Not for every
    /// packet, and not on and off with each round.
    fn prepare_for(&mut self, reported_percent: f64) -> u8 {
        let bound = if self.prepared_percent == 0 { PREPARE_FROM_PERCENT } else { PREPARE_DOWN_TO_PERCENT };
        self.prepared_percent = if reported_percent < bound { 0 } else { reported_percent.min(100.0).ceil() as u8 };
        self.prepared_percent
    }
}

/// What came of a peer over a stretch.
struct Arrived {
    received: u64,
    lost: u64,
    /// Of those received, too late to be heard.
    late: u64,
    impairment: Impairment,
}

impl Arrived {
    fn expected(&self) -> u64 {
        self.received + self.lost
    }

    fn share(&self, part: u64) -> f64 {
        if self.expected() == 0 { 0.0 } else { part as f64 / self.expected() as f64 }
    }
}

impl Leg {
    /// RTCP of the peer.
    pub(super) fn take_reports(&mut self, datagram: &[u8], now: Now) {
        let reports = read_reports(datagram, self.outgoing.ssrc());
        if let Some((ssrc, time)) = reports.sent {
            self.reception.note_report(ssrc, time, now.mono);
        }
        if let Some(heard) = reports.heard {
            self.sound.note_report(Some(f64::from(heard.fraction_lost) / 256.0), heard.round_trip_ms(now));
        }
        if let Some(sending) = reports.sending {
            self.sound.claim.note(sending, self.reception.packets());
        }
        let extended = reports.extended;
        if let Some((ssrc, time)) = extended.reference {
            self.reception.note_reference(ssrc, time, now.mono);
        }
        let echoed = extended.echo.and_then(|(ours, held)| ReferenceEcho { ours, held }.round_trip_ms(now));
        self.sound.round_trip_ms = echoed.or(self.sound.round_trip_ms);
        if let Some(metrics) = extended.metrics {
            self.sound.round_trip_ms = self.sound.round_trip_ms.or(metrics.round_trip_ms);
            self.sound.told = Some(metrics);
        }
    }

    /// What beside the plain report goes to a peer with these wishes.
    pub(super) fn extended_report(&self, terms: XrTerms, now: Now) -> ExtendedReport {
        let only_listens = self.outgoing.packets() == 0;
        ExtendedReport {
            metrics: if terms.voip_metrics { self.voip_metrics() } else { None },
            reference: (terms.round_trip && only_listens).then(|| ntp(now)),
            echo: if terms.round_trip { self.reception.reference(now.mono) } else { None },
        }
    }

    /// How the peer's stream sounds here, since it began.
    fn voip_metrics(&self) -> Option<(u32, VoipMetrics)> {
        let (ssrc, codec) = (self.reception.ssrc()?, self.codec_in?);
        let arrived = self.arrived_since(Stretch::default());
        let of_way = arrived.impairment;
        // Listening alone is not harmed by delay.
        let rated = rating(codec, of_way);
        let listening = opinion(rating(codec, Impairment { network_ms: 0.0, wait_ms: 0.0, ..of_way }));
        let metrics = VoipMetrics {
            lost: arrived.share(arrived.lost),
            discarded: arrived.share(arrived.late),
            bursts: self.reception.bursts(),
            round_trip_ms: self.sound.round_trip_ms,
            wait_ms: of_way.wait_ms as u32,
            rating: Some(rated),
            listening_mos: Some(listening),
            conversation_mos: Some(opinion(rated)),
        };
        (arrived.expected() >= PACKETS_MIN).then_some((ssrc, metrics))
    }

    fn mark(&self) -> Stretch {
        Stretch {
            received: self.reception.packets(),
            lost: self.reception.lost(),
            loss_runs: self.reception.loss_runs(),
            late: self.sound.late,
            sent: self.outgoing.packets(),
            ..Stretch::default()
        }
    }

    fn arrived_since(&self, since: Stretch) -> Arrived {
        let received = self.reception.packets().saturating_sub(since.received);
        let lost = self.reception.lost().saturating_sub(since.lost);
        let late = self.sound.late.saturating_sub(since.late).min(received);
        let runs = self.reception.loss_runs().saturating_sub(since.loss_runs);
        let mut arrived = Arrived { received, lost, late, impairment: Impairment::default() };
        let jitter_ms = self.reception.jitter_us() as f64 / 1_000.0;
        let runs_by_chance = lost as f64 * (1.0 - arrived.share(lost));
        arrived.impairment = Impairment {
            loss: arrived.share(lost + late),
            burst_ratio: if runs == 0 { 1.0 } else { runs_by_chance / runs as f64 },
            network_ms: self.sound.round_trip_ms.map_or(0.0, |ms| f64::from(ms) / 2.0),
            // Who listens to a relayed leg makes the packets wait about so long.
            wait_ms: self.incoming.as_ref().map_or(20.0 + 2.0 * jitter_ms, |incoming| incoming.wait_ms() as f64),
        };
        arrived
    }

    fn quality_since(&self, since: Stretch) -> AudioQuality {
        let arrived = self.arrived_since(since);
        let from = arrived.impairment;
        let network_ms = from.network_ms;
        let reported = (since.reports > 0).then(|| since.reported_loss / f64::from(since.reports));
        let to = reported.map(|loss| Impairment { loss, burst_ratio: 1.0, network_ms, wait_ms: WAIT_MS_USUAL });
        let told = self.sound.told;
        let codec_in = self.codec_in.filter(|_| arrived.expected() >= PACKETS_MIN);
        let codec_out = self.send_format().map(|(codec, _)| codec);
        AudioQuality {
            mos: codec_in.map(|codec| hundredths(opinion(rating(codec, from)))),
            mos_heard: codec_out.zip(to).map(|(codec, to)| hundredths(opinion(rating(codec, to)))),
            packets: i64::try_from(arrived.received).unwrap_or(i64::MAX),
            lost_percent: hundredths(arrived.share(arrived.lost) * 100.0),
            late_percent: hundredths(arrived.share(arrived.late) * 100.0),
            heard_lost_percent: reported.map(|loss| hundredths(loss * 100.0)),
            mos_told: told.and_then(|told| told.mos()).map(hundredths),
            heard_late_percent: told.map(|told| hundredths(told.discarded * 100.0)),
            jitter_ms: hundredths(self.reception.jitter_us() as f64 / 1_000.0),
            round_trip_ms: self.sound.round_trip_ms.map(i64::from),
        }
    }

    /// Somebody would hear it, it hears us, and nothing comes of it although it agreed to send: a firewall, a translator, a
    /// microphone that is off. A telephone that has been heard may just be silent, and send nothing meanwhile, unless its own reports
    /// say that it sends.
    fn is_one_way(&self) -> bool {
        let must_send = match &self.peer {
            Peer::Sip(peer) => {
                let has_agreed = peer.remote.as_ref().is_some_and(RemoteMedia::must_send);
                let has_been_heard = self.reception.packets().saturating_sub(self.sound.claim.since) >= PACKETS_MIN;
                has_agreed && self.noise.is_none() && self.sound.claim.sends.unwrap_or(!has_been_heard)
            }
            Peer::Browser(peer) => peer.has_connected,
        };
        let lately = self.sound.lately;
        let has_come = self.reception.packets() != lately.received;
        let is_fed = self.outgoing.packets() - lately.sent >= ONE_WAY_PACKETS;
        must_send && is_fed && !has_come && !self.audience.is_empty()
    }

    /// What our encoder must reckon with.
    fn expect_reported_loss(&mut self) {
        let lately = self.sound.lately;
        if lately.reports == 0 {
            return;
        }
        let percent = self.sound.prepare_for(lately.reported_loss / f64::from(lately.reports) * 100.0);
        if let Some(encoder) = &mut self.encoder
            && let Err(fault) = encoder.expect_loss(percent)
        {
            tracing::debug!(leg = %self.id, %fault, "the encoder does not prepare for loss");
        }
    }
}

impl Worker {
    /// Ends a stretch and begins the next.
    pub(super) fn measure(&mut self, seat: Seat, stretch: Option<StretchId>, now: Mono) {
        self.begin_silence(seat, now);
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let quality = leg.quality_since(leg.sound.stretch);
        leg.sound.begin(leg.mark());
        let Some(stretch) = stretch else { return };
        if let Some(mos) = quality.worst_mos() {
            self.stats.opinions.note(mos);
        }
        let leg = leg.id;
        self.notices.tell(MediaNotice::Measured { leg, stretch, quality });
    }

    /// A round of seconds is over: whether the line has become bad, or good again.
    pub(super) fn judge_sound(&mut self, seat: Seat) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        leg.expect_reported_loss();
        let quality = leg.quality_since(leg.sound.lately);
        let is_one_way = leg.is_one_way();
        leg.sound.claim.sends = None;
        leg.sound.lately = leg.mark();
        if self.mos_alarm_hundredths == 0 {
            return;
        }
        let is_poor = match quality.worst_mos() {
            _ if is_one_way => true,
            Some(mos) => mos * 100.0 < f64::from(self.mos_alarm_hundredths),
            None => return,
        };
        if !leg.sound.judge(is_poor) {
            return;
        }
        if is_poor {
            count(&self.stats.poor_lines);
        }
        let leg = leg.id;
        self.notices.tell(MediaNotice::SoundChanged { leg, is_poor, quality });
    }
}

fn hundredths(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_after_two_rounds_and_a_new_stretch_begins_without_the_verdict_of_the_last() {
        let mut sound = Sound::default();
        assert_eq!([true, false, true].map(|is_poor| sound.judge(is_poor)), [false; 3], "not two in a row");
        assert!(sound.judge(true));
        assert_eq!([true, true, false, true].map(|is_poor| sound.judge(is_poor)), [false; 4], "told already");
        sound.begin(Stretch { received: 700, ..Stretch::default() });
        assert_eq!(sound.lately.received, 700, "nothing of before counts in the next round");
        assert_eq!([true, true].map(|is_poor| sound.judge(is_poor)), [false, true], "the next call is told anew");
        sound.judge(false);
        sound.begin(Stretch::default());
        assert_eq!([false, false].map(|is_poor| sound.judge(is_poor)), [false; 2], "nothing to take back");
    }

    #[test]
    fn the_encoder_prepares_for_loss_above_a_bound_and_stops_below_a_lower_one() {
        let mut sound = Sound::default();
        let prepared = [0.0, 1.5, 2.0, 7.3, 1.2, 0.9, 1.5, 250.0].map(|percent| sound.prepare_for(percent));
        assert_eq!(prepared, [0, 0, 2, 8, 2, 0, 0, 100]);
    }

    #[test]
    fn a_report_without_loss_tells_the_distance_alone() {
        let mut sound = Sound::default();
        sound.note_report(None, Some(70));
        assert_eq!((sound.stretch.reports, sound.round_trip_ms), (0, Some(70)));
        sound.note_report(Some(0.25), None);
        assert_eq!((sound.stretch.reports, sound.stretch.reported_loss, sound.round_trip_ms), (1, 0.25, Some(70)));
    }

    #[test]
    fn a_peer_sends_when_its_own_count_grows_and_not_when_it_stands() {
        let mut claim = Claim::default();
        let mut says = |sending, received| {
            claim.note(sending, received);
            claim.sends
        };
        assert_eq!(says(PeerSending::Packets(600), 600), Some(false), "all of them have come");
        assert_eq!(says(PeerSending::Packets(850), 600), Some(true));
        assert_eq!(says(PeerSending::Packets(850), 600), Some(false), "on mute");
        assert_eq!(says(PeerSending::Nothing, 600), Some(false));
        assert_eq!(says(PeerSending::Packets(20), 600), Some(false), "it has begun anew");
        assert_eq!(says(PeerSending::Packets(270), 600), Some(true));
    }
}
