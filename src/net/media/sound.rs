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
        rtp::{Impairment, opinion, rating, read_reports},
    },
    types::{AudioQuality, Now},
};

/// Packets that must have come, or must be missing, before an opinion is worth telling: a second of speech.
const PACKETS_MIN: u64 = 50;
/// Rounds in which a line is bad, or good again, before it is told.
const ROUNDS_MIN: u8 = 2;
/// Packets that went to a peer in a round from which nothing came: most of five seconds.
const ONE_WAY_PACKETS: u64 = 200;
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

impl Sound {
    /// A packet came after its turn.
    pub(super) fn note_late(&mut self) {
        self.late += 1;
    }

    /// The peer reports: which share of our packets it has missed since its last report.
    pub(super) fn note_report(&mut self, loss: f64, round_trip_ms: Option<u32>) {
        self.round_trip_ms = round_trip_ms.or(self.round_trip_ms);
        for stretch in [&mut self.stretch, &mut self.lately] {
            stretch.reports += 1;
            stretch.reported_loss += loss;
        }
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
            self.sound.note_report(f64::from(heard.fraction_lost) / 256.0, heard.round_trip_ms(now));
        }
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

    fn quality_since(&self, since: Stretch) -> AudioQuality {
        let received = self.reception.packets().saturating_sub(since.received);
        let lost = self.reception.lost().saturating_sub(since.lost);
        let late = self.sound.late.saturating_sub(since.late).min(received);
        let runs = self.reception.loss_runs().saturating_sub(since.loss_runs);
        let expected = received + lost;
        let share = |part: u64| if expected == 0 { 0.0 } else { part as f64 / expected as f64 };
        let loss = share(lost + late);
        let jitter_ms = self.reception.jitter_us() as f64 / 1_000.0;
        let network_ms = self.sound.round_trip_ms.map_or(0.0, |ms| f64::from(ms) / 2.0);
        // Who listens to a relayed leg makes the packets wait about so long.
        let wait_ms = self.incoming.as_ref().map_or(20.0 + 2.0 * jitter_ms, |incoming| incoming.wait_ms() as f64);
        let runs_by_chance = lost as f64 * (1.0 - share(lost));
        let burst_ratio = if runs == 0 { 1.0 } else { runs_by_chance / runs as f64 };
        let from = Impairment { loss, burst_ratio, network_ms, wait_ms };
        let reported = (since.reports > 0).then(|| since.reported_loss / f64::from(since.reports));
        let to = reported.map(|loss| Impairment { loss, burst_ratio: 1.0, network_ms, wait_ms: WAIT_MS_USUAL });
        let codec_in = self.codec_in.filter(|_| expected >= PACKETS_MIN);
        let codec_out = self.send_format().map(|(codec, _)| codec);
        AudioQuality {
            mos: codec_in.map(|codec| hundredths(opinion(rating(codec, from)))),
            mos_heard: codec_out.zip(to).map(|(codec, to)| hundredths(opinion(rating(codec, to)))),
            packets: i64::try_from(received).unwrap_or(i64::MAX),
            lost_percent: hundredths(share(lost) * 100.0),
            late_percent: hundredths(share(late) * 100.0),
            heard_lost_percent: reported.map(|loss| hundredths(loss * 100.0)),
            jitter_ms: hundredths(jitter_ms),
            round_trip_ms: self.sound.round_trip_ms.map(i64::from),
        }
    }

    /// Somebody would hear it, it hears us, and nothing comes of it although it agreed to send: a firewall, a translator, a
    /// microphone that is off.
    fn is_one_way(&self) -> bool {
        let must_send = match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().is_some_and(RemoteMedia::must_send),
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
        let percent = (lately.reported_loss / f64::from(lately.reports) * 100.0).ceil() as u8;
        if let Some(encoder) = &mut self.encoder
            && let Err(fault) = encoder.expect_loss(percent)
        {
            tracing::debug!(leg = %self.id, %fault, "the encoder does not prepare for loss");
        }
    }
}

impl Worker {
    /// Ends a stretch and begins the next.
    pub(super) fn measure(&mut self, seat: Seat, stretch: Option<StretchId>) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let quality = leg.quality_since(leg.sound.stretch);
        leg.sound.stretch = leg.mark();
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
        leg.sound.lately = leg.mark();
        if self.mos_alarm_hundredths == 0 {
            return;
        }
        let is_poor = match quality.worst_mos() {
            _ if is_one_way => true,
            Some(mos) => mos * 100.0 < f64::from(self.mos_alarm_hundredths),
            None => return,
        };
        if is_poor == leg.sound.is_poor {
            leg.sound.rounds = 0;
            return;
        }
        leg.sound.rounds += 1;
        if leg.sound.rounds < ROUNDS_MIN {
            return;
        }
        (leg.sound.is_poor, leg.sound.rounds) = (is_poor, 0);
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
