//! Notices of the endpoint and the media workers become inputs for the centre, after the telephone's own business (ports,
//! offers and answers) is done.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{
    LiveUpdate, WebPhoneUpdate,
    caller::caller_line,
    digits::DigitWay,
    legs::{BrowserOwner, LegState, Legs, OutgoingCall},
    offers::{accepted, call_offer},
    silence::{SILENT_MS_MAX, Silence},
    trunks,
    web_legs::{WebStage, is_of_browser},
};
use crate::{
    domain::{
        call::EndCause,
        centre::{CallerLine, CentreInput, TransferAsked},
    },
    protocol::{
        media::{MediaNotice, MediaOrder, RemoteMedia},
        rtp::KeyMaterial,
        sdp::{AudioTerms, Description, SdpSession},
        sip::{CallSource, DialogId, ReferTarget, SipNotice, SipOrder},
    },
    types::{CallContext, LegId, Now, PerFamily, Rng},
};

impl Legs {
    /// The endpoint heard something.
    pub(super) fn hear_sip(&mut self, notice: SipNotice, now: Now, rng: &mut Rng) {
        let Some(notice) = self.hear_recorder(notice).and_then(|notice| self.hear_web(notice, now)) else { return };
        match notice {
            SipNotice::Invited {
                dialog,
                source,
                signalled_from,
                is_secure,
                caller,
                caller_name,
                called,
                device,
                offer,
                language,
                identity,
                replaces,
                context,
            } => {
                let trunk = match &source {
                    CallSource::Trunk(trunk) => Some(trunk),
                    CallSource::Phone(_) => None,
                };
                let first_called = context.first_called.clone().map(|number| self.number_in(trunk, number));
                let context = CallContext { first_called, ..*context };
                let (caller, called) = (caller.map(|caller| self.number_in(trunk, caller)), self.number_in(trunk, called));
                let terms = match &source {
                    CallSource::Trunk(trunk) => self.terms_of_trunk(trunk),
                    CallSource::Phone(account) => self.terms_of_phone(account),
                };
                let terms = AudioTerms { is_secure, ..terms };
                let caller = caller_line(&source, caller.as_deref(), caller_name.as_deref(), &self.country_code);
                // A browser, and whoever wants our offer, has no media before the answer.
                let can_hear_early = offer.as_ref().is_some_and(|offer| !is_of_browser(offer));
                let caller = CallerLine { identity, can_hear_early, context, ..caller };
                let Ok(replaced) = self.replaced_leg(dialog, replaces) else { return };
                let leg = match offer {
                    Some(offer) if is_of_browser(&offer) => self.arrive_web(dialog, signalled_from, offer, now, rng),
                    offer => {
                        let Ok(offer) = self.usable(dialog, offer, &terms) else { return };
                        let leg = self.arrive(dialog, signalled_from, offer, now, rng);
                        self.set_terms(leg, terms);
                        leg
                    }
                };
                self.note_device(leg, device.map(|device| *device));
                self.tell(match replaced {
                    Some(replaced) => CentreInput::Replacing { leg, caller, replaced },
                    None => CentreInput::Arrived { leg, caller, called, language },
                });
            }
            SipNotice::Cancelled { dialog } => self.peer_ended(dialog, false),
            SipNotice::Ringing { dialog, answer, is_secure } => self.peer_rings(dialog, answer, is_secure),
            SipNotice::CalledAnew { dialog } => self.called_anew(dialog),
            SipNotice::Answered { dialog, answer, signalled_from, is_secure } => {
                self.peer_answered(dialog, &answer, signalled_from, is_secure, now);
            }
            SipNotice::Failed { dialog, status } => self.peer_failed(dialog, status),
            SipNotice::Acknowledged { dialog, answer } => self.acknowledged(dialog, answer, now),
            SipNotice::Reoffered { dialog, offer, is_secure } => self.reoffered(dialog, offer, is_secure, now),
            SipNotice::ReofferAnswered { dialog, answer } => self.reoffer_answered(dialog, answer, now),
            SipNotice::StillThere { dialog } => {
                if let Some(leg) = self.by_dialog(dialog) {
                    self.excuse(leg, now);
                }
            }
            // Nothing has been recorded elsewhere.
            SipNotice::MetadataAsked { .. } => {}
            SipNotice::Digit { dialog, digit } => {
                if let Some(leg) = self.by_dialog(dialog) {
                    self.digit(leg, digit, DigitWay::Info);
                }
            }
            SipNotice::Referred { dialog, target } => self.referred(dialog, target),
            SipNotice::ReasonGiven { dialog, reason } => {
                if let Some(leg) = self.by_dialog(dialog) {
                    let leg = self.known_as(leg);
                    self.tell(CentreInput::LegReason { leg, reason });
                }
            }
            SipNotice::Ended { dialog, is_lost } => self.peer_ended(dialog, is_lost),
            SipNotice::RegistrationChanged { account, is_reachable } => {
                self.tell(CentreInput::PhoneReachable { account, is_reachable });
            }
            SipNotice::TrunkHealthChanged { trunk, health } => {
                self.tell(CentreInput::TrunkHealth { trunk, health: trunks::health(health) });
            }
            SipNotice::TrunkRegistrationChanged { trunk, registration } => {
                self.tell(CentreInput::TrunkRegistration { trunk, registration: trunks::registration(registration) });
            }
        }
    }

    /// A media worker reports.
    pub(super) fn hear_media(&mut self, notice: MediaNotice, now: Now, rng: &mut Rng) {
        match self.forks.by_leg(notice) {
            MediaNotice::Opened { leg, locals, keys } => self.opened(leg, locals, keys, now, rng),
            MediaNotice::OpenedBeside { leg, local } => self.opened_beside(leg, local, now),
            MediaNotice::OpenFailed { leg, reason } => {
                if !self.web_failed(leg) {
                    self.open_failed(leg, reason);
                }
            }
            MediaNotice::BrowserAnswered { leg, answer } => {
                if !self.web_answered(leg, &answer, now) {
                    self.browser_answered(leg, answer);
                }
            }
            MediaNotice::BrowserOffered { leg, offer } => self.web_offered(leg, offer, now),
            MediaNotice::Up { leg } => self.audio_up(leg),
            MediaNotice::Lost { leg } => self.audio_lost(leg, now),
            MediaNotice::Digit { leg, digit } => self.digit(leg, digit, DigitWay::Rtp),
            MediaNotice::KeyTone { leg, digit } => self.digit(leg, digit, DigitWay::Tone(Some(digit))),
            MediaNotice::PlayEnded { leg, play, was_stopped } => {
                if self.get(leg).is_some() {
                    self.tell(CentreInput::PlayEnded { leg, play: play.0, was_stopped });
                }
            }
            MediaNotice::RecordingStopped { part, end, .. } => self.recording_ended(part, end),
            MediaNotice::AnswerDetected { leg, answer, cause, after_ms } => {
                self.tell(CentreInput::AnswerDetected { leg, answer, cause, after_ms });
            }
            MediaNotice::Beep { leg, after_ms } => self.tell(CentreInput::Beep { leg, after_ms }),
            // The counts are the media plane's statistics; the leg has been forgotten.
            // The others have been told to the call already (`sound.rs`).
            MediaNotice::Closed { .. }
            | MediaNotice::Measured { .. }
            | MediaNotice::SoundChanged { .. }
            | MediaNotice::SpeechChanged { .. } => {}
        }
    }

    /// The leg whose place a new call shall take; one that is no leg any more is refused.
    fn replaced_leg(&mut self, dialog: DialogId, replaces: Option<DialogId>) -> Result<Option<LegId>, ()> {
        let Some(replaces) = replaces else { return Ok(None) };
        let leg = self.by_dialog(replaces).map(|leg| self.known_as(leg));
        if leg.is_none() {
            self.order_sip(SipOrder::Reject { dialog, status: 481, retry_after_secs: None });
        }
        leg.map(Some).ok_or(())
    }

    fn peer_rings(&mut self, dialog: DialogId, answer: Option<Arc<str>>, is_secure: bool) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        let Some(LegState::Calling { sdp, has_rung, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        let is_first = !std::mem::replace(has_rung, true);
        sdp.note_signalling(is_secure);
        // Early media that we cannot use is no reason to give up: the 200 decides.
        let early = answer.and_then(|text| Description::parse(&text).ok()).and_then(|answer| sdp.accept(&answer).ok());
        if is_first {
            self.tell(CentreInput::LegRinging { leg });
        }
        if let Some(agreed) = early {
            self.set_remote(leg, agreed);
            self.tell(CentreInput::LegEarlyMedia { leg });
        }
    }

    fn called_anew(&mut self, dialog: DialogId) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        if let Some(LegState::Calling { has_rung, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) {
            *has_rung = false;
            self.tell(CentreInput::LegCalledAnew { leg });
        }
    }

    fn peer_answered(&mut self, dialog: DialogId, answer: &str, signalled_from: IpAddr, is_secure: bool, now: Now) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        self.note_signalling(leg, signalled_from);
        let Some(LegState::Calling { sdp, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        sdp.note_signalling(is_secure);
        match accepted(sdp, answer) {
            Some(agreed) => {
                sdp.settle();
                let state =
                    LegState::Talking { dialog, sdp: sdp.clone(), must_peer_send: agreed.must_send(), silence: Silence::Heard };
                self.advance(leg, state, now);
                self.set_remote(leg, agreed);
                self.tell(CentreInput::LegAnswered { leg });
            }
            None => {
                self.faults.no_common_media += 1;
                self.forget(leg);
                self.order_sip(SipOrder::Bye { dialog });
                self.tell(CentreInput::LegFailed { leg, cause: EndCause::Fault });
            }
        }
    }

    fn peer_failed(&mut self, dialog: DialogId, status: u16) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        let cause = match self.forget(leg) {
            Some(LegState::Calling { has_rung, .. }) => failure_cause(status, has_rung),
            Some(_) | None => EndCause::Lost,
        };
        let leg = self.refused(leg, status);
        self.tell(CentreInput::LegFailed { leg, cause });
    }

    fn acknowledged(&mut self, dialog: DialogId, answer: Option<Arc<str>>, now: Now) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        let Some(entry) = self.get_mut(leg) else { return };
        match &mut entry.state {
            LegState::Accepted { sdp, must_peer_send: Some(must_peer_send), .. } => {
                let state =
                    LegState::Talking { dialog, sdp: sdp.clone(), must_peer_send: *must_peer_send, silence: Silence::Heard };
                self.advance(leg, state, now);
                self.tell(CentreInput::LegAnswered { leg });
            }
            // The offer was ours, the ACK must carry the answer.
            LegState::Accepted { sdp, must_peer_send: None, .. } => {
                let Some(agreed) = answer.and_then(|answer| accepted(sdp, &answer)) else {
                    self.faults.no_common_media += 1;
                    self.hang_up(leg, 488, false);
                    self.tell(CentreInput::LegEnded { leg, is_lost: true });
                    return;
                };
                let state =
                    LegState::Talking { dialog, sdp: sdp.clone(), must_peer_send: agreed.must_send(), silence: Silence::Heard };
                self.advance(leg, state, now);
                self.set_remote(leg, agreed);
                self.tell(CentreInput::LegAnswered { leg });
            }
            LegState::Talking { .. } => self.reoffer_answered(dialog, answer, now),
            LegState::Arrived { .. }
            | LegState::Answering { .. }
            | LegState::EarlyMedia { .. }
            | LegState::Preparing(_)
            | LegState::Calling { .. }
            | LegState::Web(_)
            | LegState::Returning { .. }
            | LegState::Browser { .. } => {}
        }
    }

    /// The peer wants other media: holds, resumes, moves, or asks for our offer.
    fn reoffered(&mut self, dialog: DialogId, offer: Option<Arc<str>>, is_secure: bool, now: Now) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        let Some(entry) = self.get_mut(leg) else { return };
        if let Some(moving) = &mut entry.moving {
            moving.offer = None;
        }
        let sdp = match &mut entry.state {
            LegState::Talking { sdp, .. }
            // Early media that move before the answer.
            | LegState::Calling { sdp, .. }
            | LegState::EarlyMedia { sdp, .. }
            | LegState::Accepted { sdp, must_peer_send: Some(_), .. } => sdp,
            LegState::Arrived { .. }
            | LegState::Answering { .. }
            | LegState::Accepted { .. }
            | LegState::Preparing(_)
            | LegState::Web(_)
            | LegState::Returning { .. }
            | LegState::Browser { .. } => {
                self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
                return;
            }
        };
        // Keys are neither said nor taken where others can read them (RFC 4568 7): the old media stay.
        if !is_secure && sdp.terms().allow_keys() {
            self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
            return;
        }
        let Some(offer) = offer else {
            let ours = sdp.offer();
            self.order_sip(SipOrder::AnswerReoffer { dialog, answer: Some(ours.into()) });
            return;
        };
        let offer = Description::parse(&offer).ok();
        let answered = offer.as_ref().and_then(|offer| sdp.answer(offer).ok());
        if answered.is_none() && offer.is_some_and(|offer| self.moves(leg, offer, now)) {
            return;
        }
        self.answer_reoffer(leg, dialog, answered, now);
    }

    /// The answer to a new offer of the peer's; without one the old media stay.
    pub(super) fn answer_reoffer(&mut self, leg: LegId, dialog: DialogId, answered: Option<(String, RemoteMedia)>, now: Now) {
        let Some((answer, agreed)) = answered else {
            self.faults.no_common_media += 1;
            return self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
        };
        self.agree_anew(leg, agreed, now);
        self.order_sip(SipOrder::AnswerReoffer { dialog, answer: Some(answer.into()) });
    }

    fn reoffer_answered(&mut self, dialog: DialogId, answer: Option<Arc<str>>, now: Now) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        if matches!(self.get(leg).map(|entry| &entry.state), Some(LegState::Returning { .. })) {
            return self.returned(leg, answer.as_deref(), now);
        }
        let Some(answer) = answer else { return };
        let Some(LegState::Talking { sdp, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        if let Some(agreed) = accepted(sdp, &answer) {
            self.agree_anew(leg, agreed, now);
        }
    }

    fn agree_anew(&mut self, leg: LegId, agreed: RemoteMedia, now: Now) {
        let must_send = agreed.must_send();
        let mut is_change = false;
        match self.get_mut(leg).map(|entry| &mut entry.state) {
            Some(LegState::Talking { must_peer_send, .. }) => {
                is_change = std::mem::replace(must_peer_send, must_send) != must_send;
                self.excuse(leg, now);
            }
            Some(LegState::Accepted { must_peer_send, .. }) => *must_peer_send = Some(must_send),
            Some(LegState::EarlyMedia { must_peer_send, .. }) => *must_peer_send = must_send,
            Some(_) | None => {}
        }
        self.set_remote(leg, agreed);
        if is_change {
            self.tell(CentreInput::LegHeld { leg, is_held: !must_send });
        }
    }

    /// The peer wants its call to go on elsewhere.
    fn referred(&mut self, dialog: DialogId, target: ReferTarget) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        let to = match target {
            ReferTarget::Number(number) => Some(TransferAsked::Number(number)),
            ReferTarget::Device(device) => {
                let number = device.account.clone();
                self.note_device(leg, Some(device));
                Some(TransferAsked::Number(number))
            }
            ReferTarget::Dialog(other) => self.by_dialog(other).map(TransferAsked::Leg),
        };
        match to {
            Some(to) => self.tell(CentreInput::TransferAsked { leg, to }),
            None => self.order_sip(SipOrder::ReferProgress { dialog, status: 603 }),
        }
    }

    fn peer_ended(&mut self, dialog: DialogId, is_lost: bool) {
        let Some(leg) = self.by_dialog(dialog) else { return };
        match self.forget(leg) {
            Some(LegState::Calling { .. }) => self.tell(CentreInput::LegFailed { leg, cause: EndCause::Lost }),
            Some(_) => self.tell(CentreInput::LegEnded { leg, is_lost }),
            None => {}
        }
    }

    fn opened(&mut self, leg: LegId, locals: PerFamily<SocketAddr>, keys: KeyMaterial, now: Now, rng: &mut Rng) {
        let Some(entry) = self.get_mut(leg) else { return };
        let fresh = SdpSession::new(rng.next_u64(), locals).with_terms(entry.terms.clone());
        let mut sdp = Box::new(fresh.with_keys(keys.clone()));
        match &mut entry.state {
            LegState::Answering { .. } => self.answer_opened(leg, sdp, now),
            LegState::Preparing(call) => {
                let OutgoingCall { target, caller, caller_name, ring_secs, context } = (**call).clone();
                let dialog = self.next_dialog();
                let offer = call_offer(&mut sdp);
                self.advance(leg, LegState::Calling { dialog, sdp, has_rung: false }, now);
                self.set_ring_deadline(leg, ring_secs, now);
                self.order_sip(SipOrder::Invite { dialog, target, caller, caller_name, offer, ring_secs, context });
            }
            LegState::Returning { dialog, sdp, is_asked: true } => {
                sdp.move_to(*locals.of(sdp.family()), keys);
                let (dialog, offer) = (*dialog, sdp.offer().into());
                self.order_sip(SipOrder::Reoffer { dialog, offer });
            }
            LegState::Arrived { .. }
            | LegState::Accepted { .. }
            | LegState::EarlyMedia { .. }
            | LegState::Calling { .. }
            | LegState::Returning { .. }
            | LegState::Talking { .. }
            | LegState::Web(_)
            | LegState::Browser { .. } => {}
        }
    }

    fn open_failed(&mut self, leg: LegId, reason: String) {
        let Some(entry) = self.get_mut(leg) else { return };
        let input = match &mut entry.state {
            LegState::Browser { owner: BrowserOwner::Console(agent), asked, session, was_up } => {
                let (agent, session, was_up) = (agent.clone(), asked.pop_front().unwrap_or(*session), *was_up);
                self.refuse_offer(agent, session, reason);
                if !was_up {
                    self.tell(CentreInput::LegAudio { leg, is_up: false });
                }
                return;
            }
            LegState::Browser { owner: BrowserOwner::WebPhone, .. } | LegState::Preparing(_) => {
                CentreInput::LegFailed { leg, cause: EndCause::Fault }
            }
            LegState::Arrived { .. }
            | LegState::Answering { .. }
            | LegState::EarlyMedia { .. }
            | LegState::Accepted { .. }
            | LegState::Calling { .. }
            | LegState::Web(_)
            | LegState::Returning { .. }
            | LegState::Talking { .. } => CentreInput::LegEnded { leg, is_lost: true },
        };
        self.faults.media_not_opened += 1;
        self.hang_up_alone(leg, 503, false);
        self.tell(input);
    }

    fn browser_answered(&mut self, leg: LegId, answer: Arc<str>) {
        let Some(entry) = self.get_mut(leg) else { return };
        let LegState::Browser { owner, asked, session, .. } = &mut entry.state else { return };
        let session = asked.pop_front().unwrap_or(*session);
        let update = match owner {
            BrowserOwner::Console(agent) => LiveUpdate::MediaAnswer { agent: agent.clone(), session, answer: Ok(answer) },
            BrowserOwner::WebPhone => LiveUpdate::WebPhone { session, update: WebPhoneUpdate::Answer(answer) },
        };
        let sources = entry.heard.clone();
        self.show(update);
        if !sources.is_empty() {
            self.order_media(MediaOrder::Hear { leg, sources });
        }
    }

    fn audio_up(&mut self, leg: LegId) {
        let Some(entry) = self.get_mut(leg) else { return };
        entry.is_missed = false;
        let mut input = CentreInput::LegAudio { leg, is_up: true };
        let mut update = None;
        if let LegState::Browser { owner, was_up, .. } = &mut entry.state {
            let is_first = !std::mem::replace(was_up, true);
            match owner {
                BrowserOwner::Console(agent) => {
                    update = Some(LiveUpdate::MediaState { agent: agent.clone(), is_up: true });
                }
                BrowserOwner::WebPhone if is_first => input = CentreInput::LegAnswered { leg },
                BrowserOwner::WebPhone => {}
            }
        }
        if let LegState::Talking { silence, .. } = &mut entry.state {
            *silence = Silence::Heard;
        }
        if let LegState::Web(WebStage::Accepted { is_up, .. }) = &mut entry.state {
            *is_up = true;
        }
        if matches!(entry.state, LegState::Browser { .. } | LegState::Talking { .. } | LegState::Web(WebStage::Talking { .. }))
        {
            self.set_deadline(leg, None);
        }
        if let Some(update) = update {
            self.show(update);
        }
        self.tell(input);
    }

    fn audio_lost(&mut self, leg: LegId, now: Now) {
        let Some(entry) = self.get_mut(leg) else { return };
        match &entry.state {
            // It holds us, and silence is what it promised.
            LegState::Talking { must_peer_send: false, .. } => return,
            LegState::Talking { .. } => return self.probe(leg, now),
            // Its page may come back with a new offer; the floor's patience ends the call before this does.
            LegState::Web(WebStage::Talking { .. }) => self.set_deadline(leg, Some(now.mono + SILENT_MS_MAX)),
            LegState::Browser { owner: BrowserOwner::Console(agent), .. } => {
                let agent = agent.clone();
                self.show(LiveUpdate::MediaState { agent, is_up: false });
            }
            // The page is gone or the network is: a web phone's leg is one call, which is over.
            LegState::Browser { owner: BrowserOwner::WebPhone, was_up, .. } => {
                let input = if *was_up {
                    CentreInput::LegEnded { leg, is_lost: true }
                } else {
                    CentreInput::LegFailed { leg, cause: EndCause::Lost }
                };
                self.forget(leg);
                self.tell(input);
                return;
            }
            // Said once: it is heeded when the call is answered.
            LegState::EarlyMedia { .. } | LegState::Accepted { .. } | LegState::Calling { .. } => {
                entry.is_missed = true;
                return;
            }
            LegState::Arrived { .. }
            | LegState::Answering { .. }
            | LegState::Preparing(_)
            | LegState::Web(_)
            | LegState::Returning { .. } => return,
        }
        self.tell(CentreInput::LegAudio { leg, is_up: false });
    }
}

/// Why an outgoing call failed, by its final status (RFC 3261 21, RFC 3398 7.2.4). What never rang and never said no is out of
/// reach, and so is what a carrier does not let us call.
pub(super) fn failure_cause(status: u16, has_rung: bool) -> EndCause {
    match status {
        408 if !has_rung => EndCause::Unreachable,
        408 | 480 | 487 => EndCause::NoAnswer,
        486 | 600 => EndCause::Busy,
        404 | 410 | 416 | 484 | 485 | 604 => EndCause::UnknownNumber,
        403 | 433 | 603 | 607 | 608 => EndCause::Refused,
        _ => EndCause::Unreachable,
    }
}
