//! Consoles and phones: the standing browser leg of each console, sockets that come and go, and whether an agent can ring.

use std::sync::Arc;

use super::{AudioState, Centre, LegUse, PhoneEffect, Refusal, Timer, Turn};
use crate::{
    domain::{
        agent::Presence,
        call::{EndCause, MissCause},
        directory::Device,
    },
    types::{AgentId, LegId, SessionId},
};

/// Consoles at a time.
const CONSOLES_MAX: usize = 5_000;
/// A console whose audio is not up by then counts as without audio.
const CONSOLE_UP_MS: u64 = 20_000;

/// A console: its newest socket and its standing media leg.
#[derive(Debug, Clone)]
pub(super) struct Console {
    pub(super) leg: Option<LegId>,
    pub(super) session: SessionId,
    /// The socket whose page owns the present media.
    media_session: Option<SessionId>,
    pub(super) is_session_up: bool,
    pub(super) audio: AudioState,
    /// Whether its page tells of each offer that it shows.
    pub(super) shows_offers: bool,
    /// Whether that page has failed to show one, and has not been heard of since.
    pub(super) is_blank: bool,
}

impl Centre {
    pub(super) fn console_session(&mut self, turn: &mut Turn<'_>, agent: &AgentId, session: SessionId, is_up: bool) {
        turn.by_agent(agent);
        if is_up {
            self.meet_console(agent, session);
        } else {
            let Some(console) = self.consoles.get_mut(agent).filter(|console| console.session == session) else { return };
            console.is_session_up = false;
            self.departed.insert(agent.clone());
            self.return_work_of(turn, agent);
        }
        self.work.is_review_due = true;
        self.tidy_console(turn, agent);
    }

    /// A socket is there: the first one, the same, or a newer one that replaces the older.
    fn meet_console(&mut self, agent: &AgentId, session: SessionId) {
        self.departed.remove(agent);
        if let Some(console) = self.consoles.get_mut(agent) {
            if console.session != session {
                (console.shows_offers, console.is_blank) = (false, false);
            }
            console.session = session;
            console.is_session_up = true;
        } else if self.consoles.len() < CONSOLES_MAX {
            let console = Console {
                leg: None,
                session,
                media_session: None,
                is_session_up: true,
                audio: AudioState::None,
                shows_offers: false,
                is_blank: false,
            };
            self.consoles.insert(agent.clone(), console);
        }
        self.published.touch_agent(agent.clone());
    }

    /// The console offers its media: the first time, or again after a reload, for another device, after a change of network.
    pub(super) fn media_offer(
        &mut self,
        turn: &mut Turn<'_>,
        agent: AgentId,
        session: SessionId,
        offer: Arc<str>,
    ) -> Result<(), Refusal> {
        self.meet_console(&agent, session);
        let Some(console) = self.consoles.get_mut(&agent) else { return Err(Refusal::TooManyCalls) };
        let is_new_page = console.media_session.replace(session) != Some(session);
        let leg = *console.leg.get_or_insert_with(|| turn.mint_leg());
        if is_new_page || console.audio != AudioState::Up {
            console.audio = AudioState::Connecting;
            self.timers.set(Timer::ConsoleUp(agent.clone()), Some(turn.now.mono + CONSOLE_UP_MS));
        }
        let is_connecting = console.audio == AudioState::Connecting;
        self.legs.insert(leg, LegUse::Console(agent.clone()));
        self.phone(PhoneEffect::OpenConsole { leg, agent: agent.clone(), session, offer });
        if is_connecting {
            self.console_audio_changed(turn, &agent, false);
        }
        Ok(())
    }

    pub(super) fn media_candidate(&mut self, agent: &AgentId, candidate: Arc<str>) -> Result<(), Refusal> {
        let leg = self.consoles.get(agent).and_then(|console| console.leg).ok_or(Refusal::NoDevice)?;
        self.phone(PhoneEffect::Candidate { leg, candidate });
        Ok(())
    }

    pub(super) fn console_audio(&mut self, turn: &mut Turn<'_>, agent: &AgentId, is_up: bool) {
        let Some(console) = self.consoles.get_mut(agent) else { return };
        console.audio = if is_up { AudioState::Up } else { AudioState::Lost };
        self.timers.set(Timer::ConsoleUp(agent.clone()), None);
        self.console_audio_changed(turn, agent, is_up);
    }

    /// Whether an agent has a console whose audio flows.
    pub(super) fn has_console_audio(&self, agent: &AgentId) -> bool {
        self.consoles.get(agent).is_some_and(|console| console.audio == AudioState::Up)
    }

    pub(super) fn console_elapsed(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        if self.consoles.get(agent).is_some_and(|console| console.audio == AudioState::Connecting) {
            self.console_audio(turn, agent, false);
        }
    }

    /// The media side has closed the leg: the next offer gets a new one.
    pub(super) fn console_leg_gone(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        let Some(console) = self.consoles.get_mut(agent) else { return };
        console.leg = None;
        self.console_audio(turn, agent, false);
        self.tidy_console(turn, agent);
    }

    fn console_audio_changed(&mut self, turn: &mut Turn<'_>, agent: &AgentId, is_up: bool) {
        if let Some(call) = self.agents.get(agent).and_then(|agent| agent.call()) {
            let is_by_console = self
                .calls
                .get(&call)
                .and_then(|call| call.stage().partner())
                .is_some_and(|with| with.agent == *agent && with.phone.is_none());
            if is_by_console {
                self.agent_audio(turn, call, agent, is_up);
                self.published.touch_call(call);
            }
        }
        // What a consulted colleague hears is told again to a leg that is new.
        if let Some(call) = self.agents.get(agent).and_then(|agent| agent.call()) {
            self.watch_party(turn, call, agent);
            self.published.touch_call(call);
        }
        // What a listener hears is told again to a leg that is new.
        if let Some(call) = self.listening.get(agent) {
            self.published.touch_call(*call);
        }
        self.refresh_device(turn, agent);
    }

    /// A console without a socket goes away as soon as no call needs its leg; a device that changed is noted.
    pub(super) fn tidy_console(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        self.published.touch_agent(agent.clone());
        let is_left = self.consoles.get(agent).is_some_and(|console| !console.is_session_up);
        let is_needed = self.agents.get(agent).is_some_and(|agent| matches!(agent.presence(), Presence::Busy { .. }));
        if is_left && !is_needed {
            self.end_supervision(turn, agent);
            if let Some(console) = self.consoles.remove(agent) {
                self.timers.set(Timer::ConsoleUp(agent.clone()), None);
                if let Some(leg) = console.leg {
                    self.close_leg(leg);
                }
            }
        }
        self.refresh_device(turn, agent);
    }

    pub(super) fn phone_reachable(&mut self, turn: &mut Turn<'_>, account: &Arc<str>, is_reachable: bool) {
        if is_reachable {
            self.phones_reachable.insert(account.clone());
        } else {
            self.phones_reachable.remove(account);
        }
        let directory = self.directory.clone();
        for agent in directory.agents.values().filter(|agent| agent.phone.as_deref() == Some(account.as_ref())) {
            self.refresh_device(turn, &agent.id);
        }
    }

    /// Whether the agent's device could ring now.
    pub(super) fn is_device_up(&self, agent: &AgentId) -> bool {
        let Some(profile) = self.directory.agents.get(agent) else { return false };
        match profile.device {
            Device::Browser => {
                let can_ring =
                    |console: &Console| console.is_session_up && console.audio == AudioState::Up && !console.is_blank;
                self.consoles.get(agent).is_some_and(can_ring)
            }
            Device::Sip => {
                let is_registered = profile.phone.as_deref().is_some_and(|account| self.phones_reachable.contains(account));
                is_registered && !self.departed.contains(agent)
            }
        }
    }

    /// Tells the agent's machine whether the device can ring; one that is being retried is left alone until its time.
    pub(super) fn refresh_device(&mut self, turn: &mut Turn<'_>, agent: &AgentId) {
        if self.timers.is_set(&Timer::DeviceRetry(agent.clone())) {
            return;
        }
        let is_up = self.is_device_up(agent);
        let Some(presence) = self.agents.get(agent).map(|agent| agent.presence()) else { return };
        let was_ready = presence == Presence::Ready;
        if let Presence::Offered { call } = presence
            && !is_up
            && self.is_consulted(agent, call)
            && self.calls.get(&call).and_then(|call| call.consult()).is_some_and(|consult| consult.leg.is_none())
        {
            return self.consulted_failed(turn, call, EndCause::Unreachable, MissCause::Device);
        }
        if let Presence::Offered { call } = presence
            && !is_up
            && self.calls.get(&call).and_then(|call| call.offer_to(agent)).is_some_and(|offer| offer.phone.is_none())
        {
            // A console that cannot be seen does not ring: the next agent gets the call now, not after the ringing time.
            return self.offer_missed(turn, call, agent, MissCause::Device);
        }
        self.on_agent(turn, agent, |agent, cx| agent.note_device(is_up, cx));
        if was_ready && !is_up {
            self.notify(agent, "device_lost");
        }
        if is_up {
            self.is_match_due = true;
        }
    }
}
