//! A supervisor listens to a call through the own console. The ears follow the call through hold and transfer; they are closed
//! with the call.

use super::{AudioState, Centre, Refusal, Turn};
use crate::{
    domain::agent::Presence,
    types::{AgentId, CallId},
};

/// Supervisors on one call.
const LISTENERS_MAX: usize = 5;

impl Centre {
    pub(super) fn listen(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        let is_own = call.stage().partner().is_some_and(|with| with.agent == *supervisor);
        if is_own || !call.stage().is_conversation() {
            return Err(Refusal::WrongCallState);
        }
        if call.listeners.len() >= LISTENERS_MAX && !call.listeners.contains(supervisor) {
            return Err(Refusal::TooManyCalls);
        }
        let is_working = self.agents.get(supervisor).is_some_and(|agent| {
            matches!(agent.presence(), Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. })
        });
        if is_working {
            return Err(Refusal::WrongPresence);
        }
        if self.consoles.get(supervisor).is_none_or(|console| console.audio != AudioState::Up) {
            return Err(Refusal::NoDevice);
        }
        if self.listening.get(supervisor) == Some(&id) {
            return Ok(());
        }
        self.end_listening(turn, supervisor);
        self.listening.insert(supervisor.clone(), id);
        self.touch_queues_of(supervisor);
        self.on_call(turn, id, |call, cx| call.listen(supervisor.clone(), true, cx));
        Ok(())
    }

    pub(super) fn stop_listening(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId) -> Result<(), Refusal> {
        if !self.listening.contains_key(supervisor) {
            return Err(Refusal::WrongCallState);
        }
        self.end_listening(turn, supervisor);
        Ok(())
    }

    /// Closes a supervisor's ears, if they are open.
    pub(super) fn end_listening(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId) {
        let Some(id) = self.listening.remove(supervisor) else { return };
        self.on_call(turn, id, |call, cx| call.listen(supervisor.clone(), false, cx));
        self.touch_queues_of(supervisor);
        self.is_match_due = true;
    }

    /// The call is over for those who listened.
    pub(super) fn stop_all_listening(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let listeners: Vec<AgentId> = self.calls.get(&id).into_iter().flat_map(|call| call.listeners.iter().cloned()).collect();
        for supervisor in listeners {
            self.end_listening(turn, &supervisor);
        }
    }
}
