//! What is listened for in a leg's audio: keys pressed as tones, and who has answered. Frames come from the leg's own jitter buffer on the tick, so that
//! time goes on while packets are missing, and are shared with the mix. A leg that nobody listens to costs nothing.

use super::{
    leg::{Leg, Peer, Seat},
    worker::Worker,
};
use crate::{
    protocol::{
        audio::{AnswerDetector, AnswerHeard, DtmfDetector, SILENCE},
        media::MediaNotice,
    },
    types::{Answer, AnswerCause, AnswerDetect, Mono},
};

/// What is listened for.
#[derive(Default)]
pub(super) struct Ear {
    /// Whether anybody waits for keys of this leg.
    wants_keys: bool,
    /// Only while its peer cannot press them in packets of their own.
    keys: Option<Box<DtmfDetector>>,
    /// Until it has told everything.
    answer: Option<Box<AnswerDetector>>,
}

impl Leg {
    /// Whether its audio must be decoded although nobody hears it.
    pub(super) fn is_listened_to(&self) -> bool {
        self.ear.keys.is_some() || self.ear.answer.is_some()
    }

    /// Whether keys can only come as tones: no telephone-event was agreed. A browser's always can press them.
    fn presses_in_tones(&self) -> bool {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().is_some_and(|remote| remote.digit_payload_type.is_none()),
            Peer::Browser(_) => false,
        }
    }
}

impl Worker {
    pub(super) fn listen_for_keys(&mut self, seat: Seat, is_wanted: bool, now: Mono) {
        if let Some(leg) = self.legs.get_mut(seat) {
            leg.ear.wants_keys = is_wanted;
        }
        self.plan_ear(seat, now);
    }

    pub(super) fn detect_answer(&mut self, seat: Seat, settings: AnswerDetect, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if let Err(fault) = settings.check() {
            tracing::error!(leg = %leg.id, %fault, "the settings for telling who answers are refused; it is left unsure");
            let (answer, cause) = (Answer::Unsure, AnswerCause::TimeOut);
            self.notices.tell(MediaNotice::AnswerDetected { leg: leg.id, answer, cause, after_ms: 0 });
            return;
        }
        leg.ear.answer = Some(Box::new(AnswerDetector::new(settings)));
        self.plan_ear(seat, now);
    }

    /// Decides anew what is listened for, after an order or an agreement.
    pub(super) fn plan_ear(&mut self, seat: Seat, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let must_hear_keys = leg.ear.wants_keys && leg.presses_in_tones();
        match (must_hear_keys, leg.ear.keys.is_some()) {
            (true, false) => leg.ear.keys = Some(Box::default()),
            (false, true) => leg.ear.keys = None,
            (true, true) | (false, false) => {}
        }
        match (leg.is_listened_to(), self.listened.contains(&seat)) {
            (true, false) => {
                self.begin_ticks(now);
                self.listened.push(seat);
            }
            (false, true) => self.listened.retain(|listened| *listened != seat),
            (true, true) | (false, false) => {}
        }
    }

    /// Every ear hears its 20 ms.
    pub(super) fn listen(&mut self, tick: u64, now: Mono) {
        let mut has_told_all = false;
        for i in 0..self.listened.len() {
            let Some(leg) = self.listened.get(i).and_then(|seat| self.legs.get_mut(*seat)) else { continue };
            let frame = leg.incoming.as_mut().map_or(&SILENCE, |incoming| incoming.frame(tick));
            if let Some(digit) = leg.ear.keys.as_mut().and_then(|keys| keys.hear(frame)) {
                self.notices.tell(MediaNotice::KeyTone { leg: leg.id, digit });
            }
            let Some(detector) = &mut leg.ear.answer else { continue };
            match detector.hear(frame) {
                Some(AnswerHeard::Answered { answer, cause, after_ms }) => {
                    self.notices.tell(MediaNotice::AnswerDetected { leg: leg.id, answer, cause, after_ms });
                }
                Some(AnswerHeard::Beep { after_ms }) => self.notices.tell(MediaNotice::Beep { leg: leg.id, after_ms }),
                None => {}
            }
            if detector.is_over() {
                leg.ear.answer = None;
                has_told_all = true;
            }
        }
        if has_told_all {
            for seat in self.listened.clone() {
                self.plan_ear(seat, now);
            }
        }
    }
}
