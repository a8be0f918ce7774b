//! Effects of the centre become orders for the endpoint and the media workers. Answering and calling first bind a port; what
//! follows is in `hear`, when the port is there.

use std::{collections::VecDeque, sync::Arc};

use super::{
    LiveUpdate,
    legs::{BROWSER_OFFERS_MAX, BrowserOwner, LegState, Legs, OutgoingCall},
};
use crate::{
    domain::{
        call::EndCause,
        centre::{Heard, PhoneEffect, TransferProgress},
    },
    protocol::{
        forking::ForkOrder,
        media::{MediaOrder, PlayId, RecordingPart, Source},
        sdp::AudioTerms,
        sip::{Device, Devices, SipOrder, SipTarget},
    },
    types::{AgentId, LegId, Now, Rng, SessionId},
};

impl Legs {
    /// Carries out what the centre wants, where nobody asks for one device alone.
    #[cfg(test)]
    pub(super) fn carry_out(&mut self, effect: PhoneEffect, devices: &dyn Fn(&SipTarget) -> Devices, now: Now, rng: &mut Rng) {
        self.carry_out_for(effect, None, devices, now, rng);
    }

    /// Carries out what the centre wants. What belongs to a leg that is gone is ignored. `devices` tells what is
    /// registered of a target.
    pub(super) fn carry_out_for(
        &mut self,
        effect: PhoneEffect,
        device: Option<Device>,
        devices: &dyn Fn(&SipTarget) -> Devices,
        now: Now,
        rng: &mut Rng,
    ) {
        match effect {
            PhoneEffect::Ring { leg } => self.ring(leg),
            PhoneEffect::EarlyMedia { leg } => self.early_media(leg, now),
            PhoneEffect::Answer { leg } => self.answer(leg, now),
            PhoneEffect::Reject { leg, cause } => self.hang_up(leg, refusal_status(cause), false),
            PhoneEffect::NotReached { leg, cause } => self.hang_up(leg, failure_status(cause), false),
            PhoneEffect::CallPhone { leg, account, caller, caller_name, ring_secs, context } => {
                let terms = self.terms_of_phone(&account);
                let target = device.map_or(SipTarget::Phone(account), SipTarget::Device);
                let devices = devices(&target);
                let call = OutgoingCall { target, caller, caller_name, ring_secs, context };
                match devices {
                    Devices::Telephones => self.call(leg, call, terms, now),
                    Devices::Browsers => self.call_web(leg, call, now),
                    Devices::Both => self.call_both(leg, call, terms, now, rng),
                }
            }
            PhoneEffect::CallOut { leg, trunk, number, caller, ring_secs, has_alternative, context } => {
                let terms = self.terms_of_trunk(&trunk);
                let target = SipTarget::Trunk { trunk, number, has_alternative };
                self.call(leg, OutgoingCall { target, caller, caller_name: None, ring_secs, context }, terms, now);
            }
            PhoneEffect::TransferProgress { leg, progress } => self.tell_transfer(leg, progress),
            PhoneEffect::Cancel { leg, is_answered_elsewhere } => self.hang_up(leg, 480, is_answered_elsewhere),
            PhoneEffect::HangUp { leg } => self.hang_up(leg, 480, false),
            PhoneEffect::OpenConsole { leg, agent, session, offer } => {
                self.open_browser(leg, BrowserOwner::Console(agent), session, offer, now);
            }
            PhoneEffect::OpenWebPhone { leg, session, offer } => {
                self.open_browser(leg, BrowserOwner::WebPhone, session, offer, now);
            }
            PhoneEffect::Candidate { leg, candidate } => {
                self.order_media_of(leg, MediaOrder::BrowserCandidate { leg, candidate });
            }
            PhoneEffect::Hear { leg, heard } => self.hear_from_now(leg, heard),
            PhoneEffect::Play { leg, play, clips, is_mixed } => {
                self.order_media_of(leg, MediaOrder::Play { leg, play: PlayId(play), clips, is_mixed });
            }
            PhoneEffect::StopPlay { leg } => self.order_media_of(leg, MediaOrder::StopPlay { leg }),
            PhoneEffect::Mute { leg, is_muted } => self.order_media_of(leg, MediaOrder::Mute { leg, is_muted }),
            PhoneEffect::ListenForKeys { leg, is_wanted } => {
                self.order_media_of(leg, MediaOrder::ListenForKeys { leg, is_wanted });
            }
            PhoneEffect::DetectAnswer { leg, limits } => {
                self.order_media_of(leg, MediaOrder::DetectAnswer { leg, settings: Box::new(limits) });
            }
            PhoneEffect::Record { leg, recording, part, is_paused } => {
                self.record(leg, RecordingPart { recording, part }, is_paused);
            }
            PhoneEffect::PauseRecording { leg, is_paused } => {
                self.order_media_of(leg, MediaOrder::PauseRecording { leg, is_paused });
            }
            PhoneEffect::StopRecording { leg } => self.order_media_of(leg, MediaOrder::StopRecording { leg }),
            PhoneEffect::StartFork { leg, fork, target, facts, is_paused } => {
                self.start_fork(leg, fork, &target, facts, is_paused, now);
            }
            PhoneEffect::PauseFork { leg, fork, is_paused } => self.pause_fork(leg, fork, is_paused),
            PhoneEffect::TellFork { fork, word } => {
                self.tell_recorder(fork, &word, now);
                self.order_fork(ForkOrder::Tell { fork, word });
            }
            PhoneEffect::StopFork { leg, fork, why } => self.stop_fork(leg, fork, why),
            PhoneEffect::SendDigits { leg, digits } => self.order_media_of(leg, MediaOrder::SendDigits { leg, digits }),
        }
    }

    /// Tells a phone how its transfer goes.
    fn tell_transfer(&mut self, leg: LegId, progress: TransferProgress) {
        let Some(dialog) = self.get(leg).and_then(|entry| entry.state.dialog()) else { return };
        let status = match progress {
            // A status that speaks of the number would end the phone's call if it answered the REFER (RFC 5057 5.1).
            TransferProgress::Refused(_) => 403,
            TransferProgress::Begun => 100,
            TransferProgress::Ringing => 180,
            TransferProgress::Done => 200,
            TransferProgress::Failed(cause) => failure_status(cause),
        };
        self.order_sip(SipOrder::ReferProgress { dialog, status });
    }

    pub(super) fn call(&mut self, leg: LegId, call: OutgoingCall, terms: AudioTerms, now: Now) {
        self.insert(leg, LegState::Preparing(Box::new(call)), now);
        self.set_terms(leg, terms);
        self.open_port(leg);
    }

    fn open_browser(&mut self, leg: LegId, owner: BrowserOwner, session: SessionId, offer: Arc<str>, now: Now) {
        match self.get_mut(leg).map(|entry| &mut entry.state) {
            Some(LegState::Browser { owner: BrowserOwner::Console(agent), asked, .. }) if asked.len() >= BROWSER_OFFERS_MAX => {
                let agent = agent.clone();
                self.refuse_offer(agent, session, "too many media offers are waiting; try again in a moment".into());
                return;
            }
            Some(LegState::Browser { asked, session: last, .. }) => {
                asked.push_back(session);
                *last = session;
            }
            Some(_) | None => {
                let state = LegState::Browser { owner, asked: VecDeque::from([session]), session, was_up: false };
                self.insert(leg, state, now);
            }
        }
        self.order_media(MediaOrder::OpenBrowser { leg, offer });
    }

    /// Tells a console that its offer comes to nothing.
    pub(super) fn refuse_offer(&mut self, agent: AgentId, session: SessionId, reason: String) {
        self.show(LiveUpdate::MediaAnswer { agent, session, answer: Err(reason) });
    }

    fn hear_from_now(&mut self, leg: LegId, heard: Vec<Heard>) {
        let sources: Vec<Source> = heard.into_iter().map(source).collect();
        let Some(entry) = self.get_mut(leg) else { return };
        entry.heard.clone_from(&sources);
        self.order_media(MediaOrder::Hear { leg, sources });
    }

    fn order_media_of(&mut self, leg: LegId, order: MediaOrder) {
        if self.get(leg).is_some() {
            self.order_media(order);
        }
    }
}

fn source(heard: Heard) -> Source {
    match heard {
        Heard::Leg(leg) => Source::Leg(leg),
        Heard::Echo => Source::Echo,
        Heard::Music(clip) => Source::Music(clip),
    }
}

fn refusal_status(cause: EndCause) -> u16 {
    match cause {
        EndCause::Busy => 486,
        EndCause::UnknownNumber => 404,
        EndCause::Refused => 403,
        EndCause::Overload | EndCause::Shutdown => 503,
        EndCause::Fault => 500,
        EndCause::Hangup | EndCause::Finished | EndCause::NoAnswer | EndCause::Unreachable | EndCause::Lost => 480,
    }
}

/// The same of a call that the other party has refused.
fn failure_status(cause: EndCause) -> u16 {
    match cause {
        EndCause::Refused => 603,
        cause => refusal_status(cause),
    }
}
