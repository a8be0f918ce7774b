//! A supervisor hears a call through the own console, and may speak to its agent or to everybody on it, or become its agent. The
//! ears follow the call through hold and transfer; they are closed with the call.

use super::{AudioState, Centre, Refusal, Turn};
use crate::{
    domain::{
        agent::Presence,
        call::{Call, Stage, Supervision},
        directory::MonitoringNotice,
    },
    types::{AgentId, CallId, LegId, QueueId},
};

/// Supervisors on one call.
const SUPERVISORS_MAX: usize = 5;

impl Centre {
    pub(super) fn supervise(
        &mut self,
        turn: &mut Turn<'_>,
        supervisor: &AgentId,
        id: CallId,
        mode: Supervision,
    ) -> Result<(), Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        let is_own = call.stage().partner().is_some_and(|with| with.agent == *supervisor);
        if is_own || !call.stage().is_conversation() {
            return Err(Refusal::WrongCallState);
        }
        // Ears that move to another call cost no more than they did.
        let is_spared = self.spares_audio && !self.listening.contains_key(supervisor);
        let has_room = !is_spared && call.supervisors.len() < SUPERVISORS_MAX;
        if !has_room && !call.supervisors.contains_key(supervisor) {
            return Err(Refusal::NoRoomToListen);
        }
        let is_working = self.agents.get(supervisor).is_some_and(|agent| {
            matches!(agent.presence(), Presence::Offered { .. } | Presence::Busy { .. } | Presence::WrappingUp { .. })
        });
        if is_working {
            return Err(Refusal::WrongPresence);
        }
        if self.consoles.get(supervisor).is_none_or(|console| console.audio != AudioState::Up) {
            return Err(if self.sip_phone_of(supervisor).is_some() { Refusal::ListenAtConsole } else { Refusal::NoDevice });
        }
        if self.listening.get(supervisor) != Some(&id) {
            self.end_supervision(turn, supervisor);
            self.listening.insert(supervisor.clone(), id);
            self.touch_queues_of(supervisor);
            // An item that is offered to who listens now goes to somebody else.
            self.work.is_review_due = true;
        }
        self.on_call(turn, id, |call, cx| call.supervise(supervisor.clone(), mode, cx));
        Ok(())
    }

    pub(super) fn stop_supervising(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId) -> Result<(), Refusal> {
        if !self.listening.contains_key(supervisor) {
            return Err(Refusal::WrongCallState);
        }
        self.end_supervision(turn, supervisor);
        Ok(())
    }

    /// A supervisor who hears the call becomes its agent without a ring or a pause; whoever was it wraps up.
    pub(super) fn take_over(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId, id: CallId) -> Result<(), Refusal> {
        if self.listening.get(supervisor) != Some(&id) {
            return Err(Refusal::WrongCallState);
        }
        self.agents.get(supervisor).ok_or(Refusal::NoSuchAgent)?;
        let Some(Some(before)) = self.on_call(turn, id, |call, cx| call.take_over(supervisor.clone(), cx)) else {
            return Err(Refusal::WrongCallState);
        };
        self.end_supervision(turn, supervisor);
        self.on_agent(turn, supervisor, |agent, cx| agent.take(id, cx));
        self.release_agent(turn, id, &before);
        self.notify(&before.agent, "call_taken_over");
        self.check_agent_audio(turn, id);
        Ok(())
    }

    /// Whether the agents of a queue, or of calls without one, are told that somebody listens.
    pub(super) fn is_monitoring_told(&self, queue: Option<&QueueId>) -> bool {
        let of_queue = queue.and_then(|id| self.directory.queues.get(id)?.monitoring_notice);
        of_queue.unwrap_or(self.directory.centre.monitoring_notice) == MonitoringNotice::Shown
    }

    /// Closes a supervisor's ears, if they are open.
    pub(super) fn end_supervision(&mut self, turn: &mut Turn<'_>, supervisor: &AgentId) {
        let Some(id) = self.listening.remove(supervisor) else { return };
        self.on_call(turn, id, |call, cx| call.end_supervision(supervisor, cx));
        self.touch_queues_of(supervisor);
        self.is_match_due = true;
    }

    /// The call is over for those who heard it.
    pub(super) fn end_all_supervision(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let supervisors: Vec<AgentId> =
            self.calls.get(&id).into_iter().flat_map(|call| call.supervisors.keys().cloned()).collect();
        for supervisor in supervisors {
            self.end_supervision(turn, &supervisor);
        }
    }

    /// The legs of the supervisors who speak to everybody on a call. Whom the agent has put on hold or asks meanwhile is spared it: then
    /// the agent alone hears them.
    pub(super) fn barging(&self, call: &Call) -> Vec<LegId> {
        let is_open = matches!(call.stage(), Stage::Talking { .. });
        self.supervisor_legs(call, |mode| mode == Supervision::Barge && is_open).collect()
    }

    /// The legs of the supervisors whom the agent hears.
    pub(super) fn heard_by_agent(&self, call: &Call) -> Vec<LegId> {
        self.supervisor_legs(call, |mode| mode != Supervision::Listen).collect()
    }

    /// The legs of those of a call's supervisors who speak to certain ones.
    pub(super) fn supervisor_legs(&self, call: &Call, is_meant: impl Fn(Supervision) -> bool) -> impl Iterator<Item = LegId> {
        let meant = call.supervisors.iter().filter(move |(_, mode)| is_meant(**mode));
        meant.filter_map(|(supervisor, _)| self.consoles.get(supervisor)?.leg)
    }
}
