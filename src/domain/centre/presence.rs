//! Presence asked for: by the agent, or by a supervisor for the agent.

use super::{AudioState, Centre, Refusal, Timer, Turn, WantedPresence};
use crate::{
    domain::{
        agent::{Presence, Rest},
        directory::Device,
        event::Actor,
    },
    types::{AgentId, UserId},
};

impl Centre {
    pub(super) fn set_presence(&mut self, turn: &mut Turn<'_>, agent: &AgentId, wanted: WantedPresence) -> Result<(), Refusal> {
        if matches!(&turn.actor, Actor::User { user } if *user == UserId::from(agent.clone())) {
            self.page_is_heard(turn, agent);
        }
        let known = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?;
        let is_active = self.directory.agents.get(agent).is_some_and(|profile| profile.is_active);
        let own = UserId::from(agent.clone());
        let supervisor = match &turn.actor {
            Actor::User { user } if *user != own => Some(user.clone()),
            Actor::User { .. } | Actor::Customer | Actor::System => None,
        };
        // What holds the agent for now; a supervisor's word ends a wrap-up.
        let is_held = match known.presence() {
            Presence::Offered { .. } | Presence::Busy { .. } => true,
            Presence::WrappingUp { .. } => supervisor.is_none(),
            Presence::Ready | Presence::Paused { .. } | Presence::Offline => false,
        };
        let (rest, key) = match wanted {
            WantedPresence::Ready if !is_active => return Err(Refusal::NoSuchAgent),
            WantedPresence::Ready if !is_held && !self.could_ring(agent) => return Err(Refusal::NoDevice),
            WantedPresence::Ready => (Rest::Ready, "supervisor_ready"),
            WantedPresence::Paused { reason } => {
                if !self.directory.pause_reasons.iter().any(|known| known.id == reason) {
                    return Err(Refusal::NoSuchReason);
                }
                (Rest::Paused { reason }, "supervisor_paused")
            }
            WantedPresence::Offline => (Rest::Offline, "supervisor_signed_out"),
        };
        let is_supervised = supervisor.is_some();
        if rest == Rest::Ready {
            // Ready without a console: the phone alone counts from now on.
            self.departed.remove(agent);
            // Who asks for calls need not wait until a phone that failed is tried again.
            self.timers.set(Timer::DeviceRetry(agent.clone()), None);
            self.refresh_device(turn, agent);
        }
        let ended = self.on_agent(turn, agent, |agent, cx| agent.ask(rest, supervisor, cx)).flatten();
        if let Some(call) = ended {
            self.wrapped_up(turn, agent, call);
        }
        if is_supervised {
            self.notify(agent, key);
        }
        Ok(())
    }

    /// Whether the device rings, or is about to: a console whose audio is being set up.
    fn could_ring(&self, agent: &AgentId) -> bool {
        let Some(profile) = self.directory.agents.get(agent) else { return false };
        self.is_device_up(agent)
            || match profile.device {
                Device::Browser => self.consoles.get(agent).is_some_and(|console| console.audio == AudioState::Connecting),
                // Signing in by hand counts even when the console went away: the phone is what rings.
                Device::Sip => profile.phone.as_deref().is_some_and(|account| self.phones_reachable.contains(account)),
            }
    }
}
