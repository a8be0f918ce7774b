//! What happens every 20 ms for legs that must be clocked, and four times a second for all.

use super::{
    carry::Sent,
    departures::Out,
    leg::{Feed, Leg, Peer, Seat},
    worker::Worker,
};
use crate::{
    protocol::{
        audio::{Encoder, FRAME_MS, Frame, Mix, SILENCE, clock_rate, timestamp_step},
        media::{Codec, MediaNotice, RemoteMedia},
        rtp::{ExtendedReport, Stamp, write_report},
    },
    types::{Mono, Now},
};

/// A leg to which nothing flows gets one frame of silence this often: translators stay open and peers see that we live.
const KEEP_ALIVE_MS: u64 = 1_000;
/// A speaker without a packet for so long has paused: a telephone that suppresses silence, is muted or never began.
const PAUSE_MS: u64 = 200;
/// A browser that has our answer connects within a second or two, or not at all.
const CONNECT_MS_MAX: u64 = 15_000;
/// RTCP (RFC 3550 6.2).
const REPORT_MS: u64 = 5_000;

/// Sums of conferences older than this are forgotten.
const CARE_TICKS: u64 = 50;

impl Worker {
    /// One tick: every ear hears a frame, and every clocked leg gets one.
    pub(super) fn tick(&mut self, tick: u64, now: Mono) {
        self.listen(tick, now);
        let mut seats = std::mem::take(&mut self.clocked);
        for seat in &seats {
            self.tick_leg(*seat, tick, now);
        }
        // Legs that were planned anew meanwhile: those that became clocked are in the new list.
        let legs = &self.legs;
        seats.retain(|seat| legs.get(*seat).is_some_and(|leg| leg.feed == Feed::Clocked));
        for seat in std::mem::take(&mut self.clocked) {
            if !seats.contains(&seat) {
                seats.push(seat);
            }
        }
        self.clocked = seats;
    }

    fn tick_leg(&mut self, seat: Seat, tick: u64, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if leg.keys_out.is_busy() {
            let sent = leg.send_key(seat, &mut self.out, now);
            let is_done = !leg.keys_out.is_busy();
            self.count_sent(sent);
            if is_done {
                self.plan(seat, now);
            }
            return;
        }
        if let Some(playback) = &mut leg.play {
            if let Some(words) = playback.frame() {
                let frame = if playback.is_mixed { self.say_over_sources(seat, &words, tick) } else { words };
                self.send_frame(seat, frame, now);
                return;
            }
            self.end_play(seat, false);
            self.plan(seat, now);
        }
        if self.legs.get(seat).is_some_and(|leg| leg.feed == Feed::Clocked) && !self.send_common(seat, tick, now) {
            let mut frame = self.mix_for(seat, tick);
            if let Some(leg) = self.legs.get_mut(seat) {
                leg.ducking.raise(&mut frame);
            }
            self.send_frame(seat, frame, now);
        }
    }

    /// Words, and below them what the leg hears.
    fn say_over_sources(&mut self, seat: Seat, words: &Frame, tick: u64) -> Frame {
        let mut below = self.mix_for(seat, tick);
        if let Some(leg) = self.legs.get_mut(seat) {
            leg.ducking.lower(&mut below);
        }
        let mut mix = Mix::default();
        mix.add(&below);
        mix.add(words);
        mix.frame()
    }

    /// Encodes and sends a frame.
    fn send_frame(&mut self, seat: Seat, mut frame: Frame, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Some((codec, payload_type)) = leg.send_format() else { return };
        leg.seam.make(&mut frame, now);
        if self.controls_levels
            && let Some(incoming) = &mut leg.incoming
        {
            incoming.goes_out(&frame);
        }
        let Some(encoder) = leg.encoder_for(codec) else { return };
        let length = match encoder.encode(&frame, &mut self.payload) {
            Ok(length) => length,
            Err(fault) => {
                tracing::debug!(leg = %leg.id, %fault, "a frame could not be encoded");
                return;
            }
        };
        let stamp = leg.outgoing.made(timestamp_step(codec), clock_rate(codec), now);
        let payload = self.payload.get(..length).unwrap_or_default();
        let sent = leg.send(seat, &mut self.out, payload_type, stamp, payload, now);
        leg.tap_heard(&mut self.taps, codec, stamp, payload, sent, now);
        leg.fork_heard(&mut self.fork_taps, codec, stamp, payload, sent, now);
        self.count_sent(sent);
        self.depart_before_dear(codec);
    }

    pub(super) fn send_silence(&mut self, seat: Seat, now: Mono) {
        self.send_frame(seat, SILENCE, now);
    }

    /// Looks after every leg: who is lost, who is due for silence or a report, who need not be decoded any more.
    pub(super) fn care(&mut self, now: Now) {
        if let Some(taps) = &mut self.taps {
            taps.care();
        }
        self.circles.care((now.mono.as_millis() / FRAME_MS).saturating_sub(CARE_TICKS));
        for seat in self.legs.seats() {
            self.note_pause(seat, now.mono);
            self.care_for(seat, now);
        }
    }

    fn note_pause(&mut self, seat: Seat, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if !leg.has_paused && now.millis_since(leg.last_heard) >= PAUSE_MS {
            leg.has_paused = true;
            self.plan_audience(seat, now);
        }
    }

    fn care_for(&mut self, seat: Seat, now: Now) {
        let is_decoded = self.legs.get(seat).is_some_and(|leg| {
            let is_clocked = |listener: &Seat| self.legs.get(*listener).is_some_and(|leg| leg.feed == Feed::Clocked);
            leg.is_listened_to() || leg.audience.iter().any(is_clocked)
        });
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if !is_decoded {
            leg.incoming = None;
        }
        leg.care_for_tap(&mut self.taps, now.mono);
        let silent_ms = now.mono.millis_since(leg.last_heard);
        let is_lost = match &mut leg.peer {
            Peer::Sip(peer) => {
                let must_send = peer.remote.as_ref().is_some_and(RemoteMedia::must_send);
                leg.is_up && must_send && silent_ms > self.media_timeout_ms
            }
            Peer::Browser(peer) if peer.has_connected => leg.is_up && silent_ms > self.browser_timeout_ms,
            // It has our answer and never came.
            Peer::Browser(peer) => {
                let is_late = now.mono.millis_since(peer.opened_at) > CONNECT_MS_MAX;
                is_late && !std::mem::replace(&mut peer.is_given_up, true)
            }
        };
        if self.dead_air_ms > 0
            && leg.is_heard()
            && let Some(silent_ms) = leg.speech.judge(self.dead_air_ms, now.mono)
        {
            self.notices.tell(MediaNotice::SpeechChanged { leg: leg.id, silent_ms });
        }
        if is_lost {
            leg.is_up = false;
            self.notices.tell(MediaNotice::Lost { leg: leg.id });
        }
        if now.mono.millis_since(leg.last_report) >= REPORT_MS {
            leg.last_report = now.mono;
            leg.send_report(now);
            super::carry::count_overflow(&self.stats, leg);
            self.judge_sound(seat);
        }
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if leg.feed != Feed::Clocked && leg.needs_keep_alive() && now.mono.millis_since(leg.last_sent) >= KEEP_ALIVE_MS {
            self.keep_alive(seat, now.mono);
        }
    }

    /// One packet to a leg to which nothing flows: the background of whom it hears, if it takes that, else a frame of silence.
    fn keep_alive(&mut self, seat: Seat, now: Mono) {
        let noise = self.legs.get(seat).and_then(|leg| {
            let Feed::Relay(from) = leg.feed else { return None };
            Some((leg.noise_payload_type()?, self.legs.get(from)?.noise.as_ref()?.payload()))
        });
        let Some((payload_type, payload)) = noise else { return self.send_silence(seat, now) };
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Some((codec, _)) = leg.send_format() else { return };
        let stamp = leg.outgoing.made(timestamp_step(codec), clock_rate(codec), now);
        // It is no voice that begins.
        let sent = leg.send(seat, &mut self.out, payload_type, Stamp { has_marker: false, ..stamp }, &payload, now);
        self.count_sent(sent);
    }
}

impl Leg {
    /// Sends this frame's packet of a key; nothing in the pause between two keys.
    fn send_key(&mut self, seat: Seat, out: &mut Out, now: Mono) -> Sent {
        // The clock of telephone-event/8000, which is also that of the audio beside it on a SIP leg of ours, Opus apart.
        let rate = 8_000;
        let timestamp = self.outgoing.timestamp_at(now, rate);
        let Some(packet) = self.keys_out.frame(timestamp, rate / 50) else { return Sent::Nowhere };
        let Some(payload_type) = self.key_payload_type() else { return Sent::Nowhere };
        let stamp = Stamp { sequence: self.outgoing.event(now), timestamp: packet.timestamp, has_marker: packet.has_marker };
        self.send(seat, out, payload_type, stamp, &packet.payload, now)
    }

    pub(super) fn encoder_for(&mut self, codec: Codec) -> Option<&mut Encoder> {
        if self.encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec) {
            match Encoder::new(codec) {
                Ok(encoder) => self.encoder = Some(encoder),
                Err(fault) => {
                    tracing::error!(leg = %self.id, %fault, "no encoder; the leg hears nothing");
                    return None;
                }
            }
        }
        self.encoder.as_mut()
    }

    /// Whether a pause in what we send would close the way to this peer.
    fn needs_keep_alive(&self) -> bool {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.is_some(),
            // Its own checks keep the way open.
            Peer::Browser(_) => false,
        }
    }

    fn send_report(&mut self, now: Now) {
        let extended = match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().map(|remote| self.extended_report(remote.xr, now)).unwrap_or_default(),
            Peer::Browser(_) => ExtendedReport::default(),
        };
        match &mut self.peer {
            Peer::Sip(peer) => {
                let Some(destination) = peer.rtcp_destination() else { return };
                let Some(codec) = self.codec_in else { return };
                let mut report = write_report(&self.outgoing, &mut self.reception, clock_rate(codec), now);
                extended.write(self.outgoing.ssrc(), &mut report);
                if let Some(srtp) = &mut peer.srtp
                    && !srtp.seal_report(&mut report)
                {
                    return;
                }
                // A report that is lost is replaced by the next.
                let _ = peer.socket.send_to(&report, destination);
            }
            // The library reports by itself.
            Peer::Browser(_) => {}
        }
    }
}
